/* SPDX-License-Identifier: Apache-2.0 */
/* Second, independent checker of DRAM command streams: a list of rules "class A to class B, in this
 * scope, at least this many clocks", judged from the history of the last commands and the clock
 * counts of the generated profile. It shares no code or state with mr_dram_dev.c, only the port
 * structs; it looks at what both sides drive and stores no data. Run it beside the device model:
 * a controller error should trip both, and if only one speaks, one of them is wrong.
 *
 * Not thread safe; no heap.
 */
#ifndef MR_SIM_VERILATOR_DRAM_MR_DRAM_RULES_H
#define MR_SIM_VERILATOR_DRAM_MR_DRAM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "mr_dram_dev.h"
#include "mr_dram_profiles.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Command classes as letters: A ACT, R RD, W WR, P PRE, Q PREA, F REFA, B REFB, M MRS.
 * X(name, from, to, scope, lane, base): `to` at least lane + base clocks after the last `from` in
 * the scope; base DATA: Wl + BurstClks, the end of the write data. */
#define MR_DRAM_RULES_PAIRS(X)                                                                     \
    X(RCD_RD, "A", "R", BANK, T_RCD_RD, NONE)                                                      \
    X(RCD_WR, "A", "W", BANK, T_RCD_WR, NONE)                                                      \
    X(RP, "P", "AB", BANK, T_RP, NONE)                                                             \
    X(RP_REFA, "P", "FM", RANK, T_RP, NONE)                                                        \
    X(RP_ALL, "Q", "ABFM", RANK, T_RP_ALL, NONE)                                                   \
    X(RAS, "A", "P", BANK, T_RAS, NONE)                                                            \
    X(RAS_ALL, "A", "Q", RANK, T_RAS, NONE)                                                        \
    X(RC, "A", "AB", BANK, T_RC, NONE)                                                             \
    X(RRD_S, "A", "AB", OTHER_GROUP, T_RRD_S, NONE)                                                \
    X(RRD_L, "A", "AB", GROUP, T_RRD_L, NONE)                                                      \
    X(CCD_S_RD, "R", "R", OTHER_GROUP, T_CCD_S, NONE)                                              \
    X(CCD_L_RD, "R", "R", GROUP, T_CCD_L, NONE)                                                    \
    X(CCD_S_WR, "W", "W", OTHER_GROUP, T_CCD_S, NONE)                                              \
    X(CCD_L_WR, "W", "W", GROUP, T_CCD_L, NONE)                                                    \
    X(BUS_RD, "R", "R", RANK, BURST_CLKS, NONE)                                                    \
    X(BUS_WR, "W", "W", RANK, BURST_CLKS, NONE)                                                    \
    X(WR, "W", "P", BANK, T_WR, DATA)                                                              \
    X(WR_ALL, "W", "Q", RANK, T_WR, DATA)                                                          \
    X(WTR_S, "W", "R", OTHER_GROUP, T_WTR_S, DATA)                                                 \
    X(WTR_L, "W", "R", GROUP, T_WTR_L, DATA)                                                       \
    X(RTP, "R", "P", BANK, T_RTP, NONE)                                                            \
    X(RTP_ALL, "R", "Q", RANK, T_RTP, NONE)                                                        \
    X(RTW, "R", "W", RANK, T_RTW, NONE)                                                            \
    X(RFC, "F", "ARWPQFBM", RANK, T_RFC, NONE)                                                     \
    X(RFC_PB, "B", "AB", BANK, T_RFC_PB, NONE)                                                     \
    X(RFC_PB_ALL, "B", "FM", RANK, T_RFC_PB, NONE)                                                 \
    X(PB_PB, "B", "B", OTHER_BANK, T_PB_PB, NONE)                                                  \
    X(PB_ACT, "B", "A", OTHER_BANK, T_PB_ACT, NONE)                                                \
    X(MRD, "M", "ARWPQFBM", RANK, T_MRD, NONE)                                                     \
    X(CMD_ACT, "A", "ARWPQFBM", BUS, CMD_ACT, NONE)                                                \
    X(CMD_COL, "RW", "ARWPQFBM", BUS, CMD_COL, NONE)                                               \
    X(CMD_PRE, "PQ", "ARWPQFBM", BUS, CMD_PRE, NONE)                                               \
    X(CMD_REF, "FB", "ARWPQFBM", BUS, CMD_REF, NONE)

/* Rules of another shape. */
#define MR_DRAM_RULES_OTHERS(X)                                                                    \
    X(FAW, "fifth ACT or REFB inside tFAW")                                                        \
    X(RAS_MAX, "row open longer than tRAS max")                                                    \
    X(OPEN, "RD or WR to a closed bank")                                                           \
    X(CLOSED, "ACT, refresh or MRS to an open bank")                                               \
    X(DEBT, "refresh debt above the limit")                                                        \
    X(ROUND, "bank refreshed twice in a round")                                                    \
    X(START, "command in the power-up wait, or use before PREA, refreshes and MRS")                \
    X(PORT, "command, port or address that the device does not have")                              \
    X(WR_DATA, "write data not driven in exactly its clocks")                                      \
    X(RD_DATA, "device drives read data outside its clocks")

typedef enum {
#define MR_DRAM_RULES_ENUM_(name_, from_, to_, scope_, lane_, base_) MR_DRAM_RULES_##name_,
    MR_DRAM_RULES_PAIRS(MR_DRAM_RULES_ENUM_)
#undef MR_DRAM_RULES_ENUM_
#define MR_DRAM_RULES_ENUM_(name_, text_) MR_DRAM_RULES_##name_,
        MR_DRAM_RULES_OTHERS(MR_DRAM_RULES_ENUM_)
#undef MR_DRAM_RULES_ENUM_
            MR_DRAM_RULES_COUNT
} mr_dram_rules_id_t;

enum { MR_DRAM_RULES_CLASSES = 8, MR_DRAM_RULES_GROUPS = 4 };

typedef struct {
    mr_dram_rules_id_t rule;
    unsigned bank;  /* of the command that came too early */
    uint64_t clock; /* call number, from 0 */
} mr_dram_rules_violation_t;

/* Opaque to users: read through the functions only. */
typedef struct {
    const mr_dram_profile_t *profile;
    int64_t now, init_clocks, cke_high, owed_at, debt;
    int64_t bank_last[MR_DRAM_RULES_CLASSES][MR_DRAM_DEV_BANKS_MAX];
    int64_t group_last[MR_DRAM_RULES_CLASSES][MR_DRAM_RULES_GROUPS];
    int64_t rank_last[MR_DRAM_RULES_CLASSES];
    int64_t acts[4];         /* clocks of the last four ACT or REFB, oldest first */
    uint64_t wr_due, rd_due; /* bit k: data in k clocks */
    uint64_t round[MR_DRAM_DEV_BANKS_MAX];
    uint64_t violations, hits[MR_DRAM_RULES_COUNT];
    mr_dram_rules_violation_t first;
    uint64_t pairs_to[MR_DRAM_RULES_CLASSES]; /* bit = rule that ends in this class */
    uint32_t refa_seen;
    bool any_seen, ready;
} mr_dram_rules_t;

/* Starts with an empty history. init_clocks: power-up wait to enforce; < 0: the profile's. */
void mr_dram_rules_init(mr_dram_rules_t *self, const mr_dram_profile_t *profile,
                        int64_t init_clocks);

/* One clock, after mr_dram_dev_clock() of the same clock, with the same arguments. */
void mr_dram_rules_clock(mr_dram_rules_t *self, const mr_dram_dev_in_t *in,
                         const mr_dram_dev_out_t *out);

/* The first violation, or NULL. */
const mr_dram_rules_violation_t *mr_dram_rules_violation(const mr_dram_rules_t *self);

/* Violations so far: of one rule, or of all for MR_DRAM_RULES_COUNT. */
uint64_t mr_dram_rules_count(const mr_dram_rules_t *self, mr_dram_rules_id_t rule);

/* "RP: P to AB" for a rule. */
const char *mr_dram_rules_text(mr_dram_rules_id_t rule);

#ifdef __cplusplus
}
#endif

#endif
