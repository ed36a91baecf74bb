/* SPDX-License-Identifier: Apache-2.0 */
/* Pin-level SDR SDRAM device model with a checker for every rule of the data sheet.
 *
 * One mr_dram_t stands for 1, 2 or 4 x16 chips side by side (dq_bytes 2, 4, 8). mr_dram_clock() is
 * called once per rising clock edge with the pins as they are just before the edge; it returns what
 * the data bus carries until the next edge. The checker works in picoseconds from mr_dram_table.h
 * and the simulated clock, not in the controller's clocks. The first violation is kept (and
 * reported through on_violation); the caller must then stop the run with an error. Only whole
 * bursts of 4 without auto-precharge are supported; anything else is a violation, as are CKE low
 * after initialisation and masked read beats. Bytes that were never written read as 0xA5 and are
 * flagged.
 *
 * Storage: rows are allocated when first written (calloc), nothing else uses the heap. Not thread
 * safe; one owner.
 */
#ifndef MR_SIM_VERILATOR_DRAM_MR_DRAM_H
#define MR_SIM_VERILATOR_DRAM_MR_DRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mr_dram_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text) */
#define MR_DRAM_RULES(X)                                                                           \
    X(INIT_WAIT, "command before the power-up wait is over")                                       \
    X(INIT_ORDER, "access before PRECHARGE ALL, refreshes and MRS")                                \
    X(MODE, "mode register: burst 4, sequential, CL 2 or 3 expected")                              \
    X(CL_CLOCK, "clock too fast for this CAS latency")                                             \
    X(CKE, "CKE low after initialisation")                                                         \
    X(COMMAND, "unsupported command (burst stop, auto-precharge)")                                 \
    X(TRCD, "tRCD: ACTIVATE to READ/WRITE")                                                        \
    X(TRP, "tRP: PRECHARGE to ACTIVATE/REFRESH/MRS")                                               \
    X(TRAS_MIN, "tRAS min: ACTIVATE to PRECHARGE")                                                 \
    X(TRAS_MAX, "tRAS max: row open too long")                                                     \
    X(TRC, "tRC: ACTIVATE to ACTIVATE, same bank")                                                 \
    X(TRRD, "tRRD: ACTIVATE to ACTIVATE, other bank")                                              \
    X(TRFC, "tRFC: REFRESH to the next command")                                                   \
    X(TWR, "tWR: last data in to PRECHARGE")                                                       \
    X(TMRD, "tMRD: MRS to the next command")                                                       \
    X(REFRESH_DEBT, "more than 8 refreshes postponed")                                             \
    X(BANK_CLOSED, "READ/WRITE without an open row")                                               \
    X(BANK_OPEN, "ACTIVATE, REFRESH or MRS while a row is open")                                   \
    X(BURST, "burst cut short")                                                                    \
    X(BUS, "data bus: both sides drive, no turnaround clock, or write beat not driven")            \
    X(DQM, "DQM masks a read beat")                                                                \
    X(MEMORY, "host out of memory for a row")

typedef enum {
#define MR_DRAM_RULE_ENUM_(name_, text_) MR_DRAM_RULE_##name_,
    MR_DRAM_RULES(MR_DRAM_RULE_ENUM_)
#undef MR_DRAM_RULE_ENUM_
        MR_DRAM_RULE_COUNT
} mr_dram_rule_t;

/* Pins just before a rising edge; dq matters while dq_oe (the controller drives). */
typedef struct {
    bool cke, cs_n, ras_n, cas_n, we_n, dq_oe;
    uint8_t ba;
    uint8_t dqm; /* one bit a byte */
    uint16_t a;
    uint64_t dq;
} mr_dram_pins_t;

typedef struct {
    mr_dram_rule_t rule;
    unsigned bank;  /* the bank addressed; for rules of the whole device the bank on the pins */
    uint64_t cycle; /* clock edges since power-up */
} mr_dram_violation_t;

typedef struct {
    unsigned dq_bytes; /* 2, 4 or 8 */
    int64_t clock_ps;  /* clock period, > 0 */
    int64_t init_ps;   /* power-up wait to enforce; < 0: the data sheet's */
    void (*on_violation)(void *ctx, const mr_dram_violation_t *violation); /* may be NULL */
    void *ctx;
} mr_dram_config_t;

typedef struct {
    uint64_t activates, reads, writes, refreshes, precharges; /* commands */
} mr_dram_stats_t;

/* Opaque to users: read and write through the functions only. */
typedef struct {
    bool open;
    uint16_t row;
    int64_t act_ps, pre_ps, rd_end_ps, wr_end_ps;
} mr_dram_bank_t;

typedef struct {
    bool valid;
    uint8_t poison;
    uint64_t dq;
} mr_dram_beat_t;

typedef struct {
    uint64_t dq[MR_DRAM_COLUMNS];
    uint8_t written[MR_DRAM_COLUMNS]; /* one bit a byte */
} mr_dram_row_t;

typedef struct {
    mr_dram_config_t cfg;
    mr_dram_bank_t bank[MR_DRAM_BANKS];
    mr_dram_beat_t out[8];     /* read beats by edge, modulo 8 */
    mr_dram_violation_t first; /* valid while violated */
    uint32_t rules_hit;
    mr_dram_stats_t stats;
    uint64_t cycle;
    int64_t now_ps, act_any_ps, ref_ps, mrs_ps, refresh_deadline_ps;
    unsigned cl, init_refreshes, out_pending, write_left, write_bank;
    uint16_t write_col;
    uint8_t dqm_prev, poison;
    bool violated, precharged, mode_set, cke_seen, drove, drove_before;
    mr_dram_row_t *rows[MR_DRAM_BANKS * MR_DRAM_ROWS];
} mr_dram_t;

/* Powers the device up. @return false when cfg is out of range (nothing is touched). */
bool mr_dram_init(mr_dram_t *self, const mr_dram_config_t *cfg);

/* Frees all rows. */
void mr_dram_close(mr_dram_t *self);

/* One rising edge. @return the data bus until the next edge; 0x5A.. while the device does not drive
 * it. */
uint64_t mr_dram_clock(mr_dram_t *self, const mr_dram_pins_t *pins);

/* Bytes of the word returned last that were never written (one bit a byte; 0 while not driving). */
uint8_t mr_dram_poison(const mr_dram_t *self);

/* The first violation, or NULL. */
const mr_dram_violation_t *mr_dram_violation(const mr_dram_t *self);

/* All rules broken so far, bit = rule; for tests of rules that imply one another. */
uint32_t mr_dram_rules_hit(const mr_dram_t *self);

/* Commands seen since power-up. */
mr_dram_stats_t mr_dram_stats(const mr_dram_t *self);

/* "tRP: ..." for a rule. */
const char *mr_dram_rule_text(mr_dram_rule_t rule);

#ifdef __cplusplus
}
#endif

#endif
