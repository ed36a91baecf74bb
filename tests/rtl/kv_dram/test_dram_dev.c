/* SPDX-License-Identifier: Apache-2.0 */
/* Timing rules of the DRAM model and of the independent checker, for each profile: a pair of
 * commands one clock too close must be caught by the right rule of both, at the limit it must pass.
 */
#include <stdio.h>

#include "test_dram_harness.h"

enum { FAR = 300, STEPS_MAX = 16 };

/* Banks of a scenario: the same, another of its group, one of the next group. */
typedef enum { SAME, PEER, OTHER } which_t;

typedef struct {
    mr_dram_dev_rule_t model;
    mr_dram_rules_id_t rule;
    const char *what;
    unsigned first, second; /* commands; the first goes to bank 0 */
    which_t which;          /* bank of the second */
    mr_dram_lane_t lane;
    bool data;  /* the distance starts at the end of the write data */
    bool alone; /* at the limit nothing else is broken either */
} pair_case_t;

#define CASE_(model_, rule_, first_, second_, which_, lane_, data_, alone_)                        \
    {                                                                                              \
        MR_DRAM_DEV_RULE_##model_, MR_DRAM_RULES_##rule_, #rule_ " " #first_ "-" #second_, first_, \
            second_, which_, MR_DRAM_LANE_##lane_, data_, alone_                                   \
    }

static const pair_case_t CASES[] = {
    CASE_(RCD_RD, RCD_RD, ACT, RD, SAME, T_RCD_RD, false, true),
    CASE_(RCD_WR, RCD_WR, ACT, WR, SAME, T_RCD_WR, false, true),
    CASE_(RP, RP, PRE, ACT, SAME, T_RP, false, true),
    CASE_(RP, RP, PRE, REFB, SAME, T_RP, false, true),
    CASE_(RP, RP_REFA, PRE, REFA, SAME, T_RP, false, true),
    CASE_(RP, RP_REFA, PRE, MRS, SAME, T_RP, false, true),
    CASE_(RPAB, RP_ALL, PREA, ACT, SAME, T_RP_ALL, false, true),
    CASE_(RPAB, RP_ALL, PREA, REFA, SAME, T_RP_ALL, false, true),
    CASE_(RPAB, RP_ALL, PREA, REFB, SAME, T_RP_ALL, false, true),
    CASE_(RPAB, RP_ALL, PREA, MRS, SAME, T_RP_ALL, false, true),
    CASE_(RAS, RAS, ACT, PRE, SAME, T_RAS, false, true),
    CASE_(RAS, RAS_ALL, ACT, PREA, SAME, T_RAS, false, true),
    CASE_(RC, RC, ACT, ACT, SAME, T_RC, false, false),
    CASE_(RRD_S, RRD_S, ACT, ACT, OTHER, T_RRD_S, false, true),
    CASE_(RRD_L, RRD_L, ACT, ACT, PEER, T_RRD_L, false, true),
    CASE_(RRD_S, RRD_S, ACT, REFB, OTHER, T_RRD_S, false, true),
    CASE_(RRD_L, RRD_L, ACT, REFB, PEER, T_RRD_L, false, true),
    CASE_(CCD_S, CCD_S_RD, RD, RD, OTHER, T_CCD_S, false, true),
    CASE_(CCD_L, CCD_L_RD, RD, RD, PEER, T_CCD_L, false, true),
    CASE_(CCD_L, CCD_L_RD, RD, RD, SAME, T_CCD_L, false, true),
    CASE_(CCD_S, CCD_S_WR, WR, WR, OTHER, T_CCD_S, false, true),
    CASE_(CCD_L, CCD_L_WR, WR, WR, PEER, T_CCD_L, false, true),
    CASE_(DATA_BUS, BUS_RD, RD, RD, OTHER, BURST_CLKS, false, true),
    CASE_(DATA_BUS, BUS_WR, WR, WR, OTHER, BURST_CLKS, false, true),
    CASE_(DATA_BUS, BUS_RD, RD, RD, PEER, BURST_CLKS, false, false),
    CASE_(DATA_BUS, BUS_WR, WR, WR, PEER, BURST_CLKS, false, false),
    CASE_(WR, WR, WR, PRE, SAME, T_WR, true, true),
    CASE_(WR, WR_ALL, WR, PREA, SAME, T_WR, true, true),
    CASE_(WTR_S, WTR_S, WR, RD, OTHER, T_WTR_S, true, true),
    CASE_(WTR_L, WTR_L, WR, RD, PEER, T_WTR_L, true, true),
    CASE_(WTR_L, WTR_L, WR, RD, SAME, T_WTR_L, true, true),
    CASE_(RTP, RTP, RD, PRE, SAME, T_RTP, false, true),
    CASE_(RTP, RTP_ALL, RD, PREA, SAME, T_RTP, false, true),
    CASE_(RTW, RTW, RD, WR, SAME, T_RTW, false, true),
    CASE_(RTW, RTW, RD, WR, OTHER, T_RTW, false, true),
    CASE_(RFC, RFC, REFA, ACT, PEER, T_RFC, false, true),
    CASE_(RFC, RFC, REFA, REFA, SAME, T_RFC, false, true),
    CASE_(RFC, RFC, REFA, MRS, SAME, T_RFC, false, true),
    CASE_(RFC, RFC, REFA, REFB, SAME, T_RFC, false, true),
    CASE_(RFC, RFC, REFA, PREA, SAME, T_RFC, false, true),
    CASE_(RFCPB, RFC_PB, REFB, ACT, SAME, T_RFC_PB, false, true),
    CASE_(RFCPB, RFC_PB, REFB, REFB, SAME, T_RFC_PB, false, false),
    CASE_(RFCPB, RFC_PB_ALL, REFB, REFA, SAME, T_RFC_PB, false, true),
    CASE_(RFCPB, RFC_PB_ALL, REFB, MRS, SAME, T_RFC_PB, false, true),
    CASE_(PBPB, PB_PB, REFB, REFB, PEER, T_PB_PB, false, true),
    CASE_(PBPB, PB_PB, REFB, REFB, OTHER, T_PB_PB, false, true),
    CASE_(PBACT, PB_ACT, REFB, ACT, PEER, T_PB_ACT, false, true),
    CASE_(PBACT, PB_ACT, REFB, ACT, OTHER, T_PB_ACT, false, true),
    CASE_(MRD, MRD, MRS, ACT, SAME, T_MRD, false, true),
    CASE_(MRD, MRD, MRS, REFA, SAME, T_MRD, false, true),
};

static unsigned bank_of(const bench_t *b, which_t which) {
    return which == SAME ? 0U : which == PEER ? 1U : b->p->banks_per_group;
}

static bool is_column(unsigned cmd) {
    return cmd == RD || cmd == WR;
}

/* A row is open for column commands and precharges, closed for the others. */
static void prepare(bench_t *b, const pair_case_t *c) {
    const unsigned bank = bank_of(b, c->which);
    const bool close_first = c->first == PRE || c->first == PREA;

    if (is_column(c->first) || close_first) {
        bench_step(b, ACT, 0, 5);
        bench_until(b, b->now + FAR);
    }
    if (is_column(c->second) && bank != 0U) {
        bench_step(b, ACT, bank, 5);
        bench_until(b, b->now + FAR);
    }
}

static void run_pair(bench_t *b, const mr_dram_profile_t *p, const pair_case_t *c, int64_t gap) {
    bench_ready(b, p, 0);
    prepare(b, c);
    const int64_t start = b->now;
    bench_step(b, c->first, 0, 5);
    if (c->first == ACT && c->second == ACT && c->which == SAME) {
        bench_until(b, start + gap / 2); /* tRC: with a precharge between, itself too early */
        bench_step(b, PRE, 0, 0);
    }
    bench_until(b, start + gap);
    bench_step(b, c->second, bank_of(b, c->which), 5);
    bench_until(b, b->now + FAR);
}

static bool exists(const mr_dram_profile_t *p, const pair_case_t *c, int64_t gap) {
    const bool per_bank = c->first == REFB || c->second == REFB;

    return gap > 1 && (c->which != OTHER || p->bank_groups > 1U) && (!per_bank || p->per_bank);
}

static void test_pair(const mr_dram_profile_t *p, const pair_case_t *c) {
    static bench_t b;
    const int64_t gap = p->lane[c->lane] + (c->data ? (int64_t)p->wl + (int64_t)p->burst_clks : 0);

    if (!exists(p, c, gap)) {
        return;
    }
    run_pair(&b, p, c, gap - 1);
    bench_check(mr_dram_dev_stats(&b.dev)->hits[c->model] != 0U &&
                    mr_dram_rules_count(&b.rules, c->rule) != 0U,
                &b, c->what);
    bench_close(&b);
    run_pair(&b, p, c, gap);
    bench_check(mr_dram_dev_stats(&b.dev)->hits[c->model] == 0U &&
                    mr_dram_rules_count(&b.rules, c->rule) == 0U && (!c->alone || bench_clean(&b)),
                &b, c->what);
    bench_close(&b);
}

/* Four ACTs as close as tRRD allows, then the fifth; banks change group each time. */
static void run_window(bench_t *b, const mr_dram_profile_t *p, int64_t fifth, unsigned last) {
    const unsigned groups = p->bank_groups;
    const unsigned banks = groups * p->banks_per_group;
    const int64_t rrd = p->lane[groups > 1U ? MR_DRAM_LANE_T_RRD_S : MR_DRAM_LANE_T_RRD_L];

    bench_ready(b, p, 0);
    const int64_t start = b->now;
    for (unsigned i = 0; i < 5U; i++) {
        const unsigned bank = ((i % groups) * p->banks_per_group + i / groups) % banks;
        bench_until(b, start + (i < 4U ? (int64_t)i * rrd : fifth));
        bench_step(b, i < 4U ? ACT : last, bank, 1);
    }
}

static void test_window(const mr_dram_profile_t *p) {
    static bench_t b;
    const int64_t faw = p->lane[MR_DRAM_LANE_T_FAW];
    const unsigned lasts[2] = {ACT, REFB};

    for (unsigned i = 0; i < (p->per_bank ? 2U : 1U) && faw > 1; i++) {
        for (int64_t early = 0; early < 2; early++) {
            run_window(&b, p, faw - early, lasts[i]);
            const uint64_t want = early != 0 ? 1U : 0U;
            bench_check(mr_dram_dev_stats(&b.dev)->hits[MR_DRAM_DEV_RULE_FAW] == want &&
                            mr_dram_rules_count(&b.rules, MR_DRAM_RULES_FAW) == want,
                        &b, "FAW");
            if (early == 0 && p->bank_groups * p->banks_per_group > 4U) {
                bench_check(bench_clean(&b), &b, "FAW at the limit");
            }
            bench_close(&b);
        }
    }
}

typedef struct {
    unsigned first, second;
    mr_dram_lane_t lane;
    mr_dram_rules_id_t rule;
} bus_case_t;

/* Banks 1 and 2 are open; the commands have nothing to do with each other but the bus. */
static void test_command_bus(const mr_dram_profile_t *p) {
    static const bus_case_t BUS[] = {
        {ACT, RD, MR_DRAM_LANE_CMD_ACT, MR_DRAM_RULES_CMD_ACT},
        {ACT, PRE, MR_DRAM_LANE_CMD_ACT, MR_DRAM_RULES_CMD_ACT},
        {RD, PRE, MR_DRAM_LANE_CMD_COL, MR_DRAM_RULES_CMD_COL},
        {WR, PRE, MR_DRAM_LANE_CMD_COL, MR_DRAM_RULES_CMD_COL},
        {PRE, RD, MR_DRAM_LANE_CMD_PRE, MR_DRAM_RULES_CMD_PRE},
        {REFB, RD, MR_DRAM_LANE_CMD_REF, MR_DRAM_RULES_CMD_REF},
    };
    static bench_t b;

    for (unsigned i = 0; i < sizeof BUS / sizeof BUS[0]; i++) {
        const bus_case_t *c = &BUS[i];
        const bool both_row = !is_column(c->first) && !is_column(c->second);
        const bool shared = !p->row_col_bus || both_row;
        if (p->lane[c->lane] < 2U || (c->first == REFB && !p->per_bank)) {
            continue;
        }
        for (int64_t early = 0; early < 2; early++) {
            bench_ready(&b, p, 0);
            bench_step(&b, ACT, 1, 5);
            bench_until(&b, b.now + FAR);
            bench_step(&b, ACT, 2, 5);
            bench_until(&b, b.now + FAR);
            const int64_t start = b.now;
            bench_step(&b, c->first, c->first == PRE ? 2U : is_column(c->first) ? 1U : 0U, 5);
            bench_until(&b, start + (int64_t)p->lane[c->lane] - early);
            bench_step(&b, c->second, c->second == PRE ? 2U : 1U, 5);
            bench_until(&b, b.now + FAR);
            const uint64_t want = early != 0 && shared ? 1U : 0U;
            bench_check(mr_dram_dev_stats(&b.dev)->hits[MR_DRAM_DEV_RULE_CMD_BUS] == want &&
                            mr_dram_rules_count(&b.rules, c->rule) == want &&
                            (want != 0U || bench_clean(&b)),
                        &b, "command bus");
            bench_close(&b);
        }
    }
}

/* What the checker allows: its lane, or where the 16 bits are full nine refresh intervals. */
static int64_t checker_row_age(const mr_dram_profile_t *p) {
    const int64_t nine = 9 * (int64_t)p->lane[MR_DRAM_LANE_T_REFI];
    const int64_t lane = p->lane[MR_DRAM_LANE_T_RAS_MAX];

    return lane < UINT16_MAX || nine < lane ? lane : nine;
}

/* A row may stay open until tRAS max. */
static void test_row_age(const mr_dram_profile_t *p) {
    static bench_t b;
    const int64_t limit[2] = {p->time[MR_DRAM_T_RASMAX].ps * (int64_t)p->clock_mhz / 1000000,
                              checker_row_age(p)};

    for (int64_t late = 0; late < 2; late++) {
        for (unsigned who = 0; who < 2U; who++) {
            bench_ready(&b, p, 0);
            const int64_t start = b.now;
            bench_step(&b, ACT, 0, 5);
            bench_until(&b, start + limit[who] + late);
            bench_step(&b, PRE, 0, 0);
            const uint64_t hits = who == 0U
                                      ? mr_dram_dev_stats(&b.dev)->hits[MR_DRAM_DEV_RULE_RAS_MAX]
                                      : mr_dram_rules_count(&b.rules, MR_DRAM_RULES_RAS_MAX);
            bench_check(hits == (uint64_t)late, &b, "RAS_MAX at a PRE");
            bench_close(&b);
        }
    }
    bench_ready(&b, p, 0);
    bench_step(&b, ACT, 0, 5);
    bench_until(&b, b.now + limit[0] + 300);
    bench_check(mr_dram_dev_stats(&b.dev)->hits[MR_DRAM_DEV_RULE_RAS_MAX] == 1U, &b,
                "RAS_MAX without a PRE");
    bench_close(&b);
}

int main(void) {
    for (unsigned i = 0; i < MR_DRAM_PROFILE_COUNT; i++) {
        const mr_dram_profile_t *p = &mr_dram_profiles[i];
        for (unsigned c = 0; c < sizeof CASES / sizeof CASES[0]; c++) {
            test_pair(p, &CASES[c]);
        }
        test_window(p);
        test_command_bus(p);
        test_row_age(p);
    }
    if (bench_failures != 0U) {
        printf("FAIL test_dram_dev: %u of %u cases\n", bench_failures, bench_cases);
        return 1;
    }
    printf("PASS test_dram_dev: %u cases\n", bench_cases);
    return 0;
}
