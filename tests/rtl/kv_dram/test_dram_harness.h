/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the DRAM device model and the independent rule checker with the same hand-made commands.
 */
#ifndef MR_TESTS_RTL_KV_DRAM_TEST_DRAM_HARNESS_H
#define MR_TESTS_RTL_KV_DRAM_TEST_DRAM_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "mr_dram_dev.h"
#include "mr_dram_rules.h"

enum {
    NOP = MR_DRAM_CMD_NOP,
    ACT = MR_DRAM_CMD_ACT,
    RD = MR_DRAM_CMD_RD,
    WR = MR_DRAM_CMD_WR,
    PRE = MR_DRAM_CMD_PRE,
    PREA = MR_DRAM_CMD_PREA,
    REFA = MR_DRAM_CMD_REFA,
    REFB = MR_DRAM_CMD_REFB,
    MRS = MR_DRAM_CMD_MRS,
    DES = MR_DRAM_CMD_DES,
    INIT_CLOCKS = 10
};

typedef struct {
    mr_dram_dev_t dev;
    mr_dram_rules_t rules;
    mr_dram_dev_in_t in;
    mr_dram_dev_out_t out;
    const mr_dram_profile_t *p;
    uint64_t wr_due; /* bit k: write data in k clocks */
    int64_t now, ready_at;
    bool flip_wr_en; /* true: drive write data exactly where it is not due */
} bench_t;

extern unsigned bench_cases, bench_failures;

/* Powers up without initialising; word_bytes 0: the profile's. */
void bench_power(bench_t *b, const mr_dram_profile_t *p, uint32_t word_bytes, int64_t init_clocks);

/* Powers up, initialises and waits until all start-up times are over. */
void bench_ready(bench_t *b, const mr_dram_profile_t *p, uint32_t word_bytes);

/* Puts a command on the port where it belongs, for the next bench_clock(). */
void bench_put(bench_t *b, unsigned cmd, unsigned bank, uint32_t a);

/* One clock; write enables follow the WR commands, data and mask are those of b->in. */
void bench_clock(bench_t *b);

/* One clock with a command to a bank (bank group * banks of a group + bank); NOP: none. */
void bench_step(bench_t *b, unsigned cmd, unsigned bank, uint32_t a);

/* NOPs until the clock `at` is next. */
void bench_until(bench_t *b, int64_t at);

void bench_close(bench_t *b);

/* Value of a lane in clocks. */
int64_t bench_lane(const bench_t *b, mr_dram_lane_t lane);

/* Counts a case; prints the text when it does not hold. */
void bench_check(bool holds, const bench_t *b, const char *what);

/* Both checkers silent. */
bool bench_clean(const bench_t *b);

#endif
