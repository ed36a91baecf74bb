/* SPDX-License-Identifier: Apache-2.0 */
/* Model of a DRAM device at the DFI boundary, for every profile of mr_dram_profiles.h, with a
 * checker of its timing, bus, refresh and initialisation rules.
 *
 * mr_dram_dev_clock() is called once a clock, before the rising edge: `in` is what the controller
 * drives (registered, so settled), `out` what it samples at this same edge. RD in call n gives its
 * first word in call n + Rl; WR in call n takes its words in calls n + Wl + k (the same call for
 * Wl 0). Rules are checked in picoseconds from the data-sheet times, not in the controller's
 * rounded clocks. A broken rule is counted and the first one kept; the access is then carried out
 * as far as it makes sense. Bytes never written read as 0xA5 and are flagged as poison.
 *
 * Storage: rows are allocated when first written; nothing else uses the heap after init. Not thread
 * safe; one owner. No dependence on the simulator.
 */
#ifndef MR_SIM_VERILATOR_DRAM_MR_DRAM_DEV_H
#define MR_SIM_VERILATOR_DRAM_MR_DRAM_DEV_H

#include <stdbool.h>
#include <stdint.h>

#include "mr_dram_profiles.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MR_DRAM_DEV_WORD_MAX = 64, /* bytes of the widest data word */
    MR_DRAM_DEV_BANKS_MAX = 32,
    MR_DRAM_DEV_SLOTS = 128 /* clocks of data bus kept in advance; > latency + burst */
};

/* Command codes of the DFI port. */
typedef enum {
    MR_DRAM_CMD_NOP = 0,
    MR_DRAM_CMD_ACT = 1,
    MR_DRAM_CMD_RD = 2,
    MR_DRAM_CMD_WR = 3,
    MR_DRAM_CMD_PRE = 4,
    MR_DRAM_CMD_PREA = 5,
    MR_DRAM_CMD_REFA = 6,
    MR_DRAM_CMD_REFB = 7,
    MR_DRAM_CMD_MRS = 8,
    MR_DRAM_CMD_DES = 9, /* CKE low: only before initialisation */
    MR_DRAM_CMD_COUNT
} mr_dram_cmd_code_t;

/* X(name, text) */
#define MR_DRAM_DEV_RULES(X)                                                                       \
    X(INIT_WAIT, "command before the power-up wait is over")                                       \
    X(INIT_ORDER, "access before PREA, refreshes and MRS")                                         \
    X(CKE, "CKE low after the first command")                                                      \
    X(COMMAND, "command, port or address that the device does not have")                           \
    X(CMD_BUS, "command bus still busy with the command before")                                   \
    X(RCD_RD, "tRCD: ACT to RD")                                                                   \
    X(RCD_WR, "tRCD: ACT to WR")                                                                   \
    X(RP, "tRP: PRE to ACT, refresh or MRS")                                                       \
    X(RPAB, "tRPab: PREA to ACT, refresh or MRS")                                                  \
    X(RAS, "tRAS: ACT to PRE")                                                                     \
    X(RAS_MAX, "tRAS max: row open too long")                                                      \
    X(RC, "tRC: ACT to ACT, same bank")                                                            \
    X(RRD_S, "tRRD_S: ACT to ACT, other bank group")                                               \
    X(RRD_L, "tRRD_L: ACT to ACT, same bank group")                                                \
    X(FAW, "tFAW: five ACTs in the window")                                                        \
    X(CCD_S, "tCCD_S: column command to the same kind, other bank group")                          \
    X(CCD_L, "tCCD_L: column command to the same kind, same bank group")                           \
    X(WR, "tWR: write data to PRE")                                                                \
    X(WTR_S, "tWTR_S: write data to RD, other bank group")                                         \
    X(WTR_L, "tWTR_L: write data to RD, same bank group")                                          \
    X(RTP, "tRTP: RD to PRE")                                                                      \
    X(RTW, "RD to WR: no idle clocks between read and write data")                                 \
    X(RFC, "tRFC: REFA to the next command")                                                       \
    X(RFCPB, "tRFCpb: REFB to the same bank")                                                      \
    X(PBPB, "REFB to REFB of another bank")                                                        \
    X(PBACT, "REFB to ACT of another bank")                                                        \
    X(MRD, "tMRD: MRS to the next command")                                                        \
    X(REF_DEBT, "too many refreshes postponed")                                                    \
    X(REF_ROUND, "bank refreshed twice before all banks were refreshed once")                      \
    X(BANK_OPEN, "ACT, refresh or MRS while a row is open")                                        \
    X(BANK_CLOSED, "RD or WR without an open row")                                                 \
    X(DATA_BUS, "two bursts on the data bus in one clock")                                         \
    X(WR_DATA, "write data not driven in its clock")                                               \
    X(WR_STRAY, "write data driven outside a write burst")                                         \
    X(MEMORY, "host out of memory for a row")

typedef enum {
#define MR_DRAM_DEV_RULE_ENUM_(name_, text_) MR_DRAM_DEV_RULE_##name_,
    MR_DRAM_DEV_RULES(MR_DRAM_DEV_RULE_ENUM_)
#undef MR_DRAM_DEV_RULE_ENUM_
        MR_DRAM_DEV_RULE_COUNT
} mr_dram_dev_rule_t;

/* One command; a: row, or column in bursts. */
typedef struct {
    uint8_t cmd, bg, ba;
    uint32_t a;
} mr_dram_cmd_t;

/* What the controller drives. port[0] is the only port, or the column port (RD, WR, MRS) of devices
 * with row_col_bus, whose row commands come on port[1]; unused: NOP. */
typedef struct {
    mr_dram_cmd_t port[2];
    bool wr_en;
    uint64_t wr_mask; /* bit i = 1: byte i is not written */
    uint8_t wr_data[MR_DRAM_DEV_WORD_MAX];
} mr_dram_dev_in_t;

/* What the device drives; data and poison (bit i: byte i was never written) matter while valid. */
typedef struct {
    bool rd_valid;
    uint64_t rd_poison;
    uint8_t rd_data[MR_DRAM_DEV_WORD_MAX];
} mr_dram_dev_out_t;

typedef struct {
    mr_dram_dev_rule_t rule;
    unsigned bank;  /* bank group * banks of a group + bank; for rules of the device the bank on the
                       port */
    uint64_t clock; /* call number, from 0 */
} mr_dram_dev_violation_t;

typedef struct {
    const mr_dram_profile_t *profile;
    uint32_t word_bytes; /* 0: the profile's; else that times 2^n (side by side), <= 64 */
    int64_t init_clocks; /* power-up wait to enforce; < 0: the profile's */
    void (*on_violation)(void *ctx, const mr_dram_dev_violation_t *violation); /* may be NULL */
    void *ctx;
} mr_dram_dev_config_t;

typedef struct {
    uint64_t act, rd, wr, pre, ref_all, ref_bank;      /* commands; PREA counts as one PRE */
    uint64_t clocks, data_clocks, open_clocks;         /* all; data bus busy; any row open */
    uint64_t violations, hits[MR_DRAM_DEV_RULE_COUNT]; /* all broken rules; each */
} mr_dram_dev_stats_t;

struct mr_dram_dev_row; /* bytes of a row and a written flag each */

/* Opaque to users: read and write through the functions only. */
typedef struct {
    bool open, pre_all, late; /* late: tRAS max reported */
    uint32_t row;
    int64_t act, pre, rd, wr, ref; /* clock of the last one; far in the past when none */
} mr_dram_dev_bank_t;

typedef struct {
    bool used, write;
    uint8_t bank;
    uint32_t row, offset; /* offset: byte in the row */
} mr_dram_dev_slot_t;

typedef struct {
    mr_dram_dev_config_t cfg;
    mr_dram_dev_bank_t bank[MR_DRAM_DEV_BANKS_MAX];
    mr_dram_dev_slot_t slot[MR_DRAM_DEV_SLOTS];
    mr_dram_dev_violation_t first;
    mr_dram_dev_stats_t stats;
    int64_t now, started, init_clocks, refa, mrs, rd_end, faw[4], bus_free[2];
    int64_t refresh_base, refresh_due, refreshes;
    uint32_t banks, row_bytes, init_refs, open_banks, faw_at, round;
    bool prea_seen, mrs_seen, commanded, running;
    struct mr_dram_dev_row **rows, *chain; /* banks x rows; all allocated rows */
} mr_dram_dev_t;

/* Powers the device up. @return false when cfg is out of range or memory is short (nothing is
 * kept). */
bool mr_dram_dev_init(mr_dram_dev_t *self, const mr_dram_dev_config_t *cfg);

/* Frees all storage; a closed device may be initialised again. */
void mr_dram_dev_close(mr_dram_dev_t *self);

/* One clock, see above. */
void mr_dram_dev_clock(mr_dram_dev_t *self, const mr_dram_dev_in_t *in, mr_dram_dev_out_t *out);

/* The first violation, or NULL. */
const mr_dram_dev_violation_t *mr_dram_dev_violation(const mr_dram_dev_t *self);

/* Counts since power-up. The pointer stays valid until the device is closed. */
const mr_dram_dev_stats_t *mr_dram_dev_stats(const mr_dram_dev_t *self);

/* Energy since power-up in pJ: events and background, by the profile's figures. */
double mr_dram_dev_energy_pj(const mr_dram_dev_t *self);

/* Reads a byte of a row behind the bus. @return false when it was never written (value untouched).
 */
bool mr_dram_dev_peek(const mr_dram_dev_t *self, unsigned bg, unsigned ba, uint32_t row,
                      uint32_t byte, uint8_t *value);

/* Flips a stored bit behind the bus. @return false when its byte was never written. */
bool mr_dram_dev_flip(mr_dram_dev_t *self, unsigned bg, unsigned ba, uint32_t row, uint32_t bit);

/* "tRP: ..." for a rule. */
const char *mr_dram_dev_rule_text(mr_dram_dev_rule_t rule);

#ifdef __cplusplus
}
#endif

#endif
