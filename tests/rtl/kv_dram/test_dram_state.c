/* SPDX-License-Identifier: Apache-2.0 */
/* DRAM model and checker: bank states, start-up, refresh account, ports, data, energy; and random
 * command streams on which the two must agree clock by clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_dram_harness.h"

enum { FAR = 300 };

static bench_t b;

static uint64_t model_hits(mr_dram_dev_rule_t rule) {
    return mr_dram_dev_stats(&b.dev)->hits[rule];
}

/* Both must have seen their rule want times; closes the device. */
static void expect(mr_dram_dev_rule_t model, mr_dram_rules_id_t rule, uint64_t want,
                   const char *what) {
    const uint64_t seen = mr_dram_rules_count(&b.rules, rule);

    bench_check(model_hits(model) == want && seen == want && (want != 0U || bench_clean(&b)), &b,
                what);
    bench_close(&b);
}

static void test_bank_states(const mr_dram_profile_t *p) {
    static const unsigned CLOSED_ONLY[] = {ACT, REFA, REFB, MRS};
    static const unsigned COLUMN[] = {RD, WR};

    for (unsigned i = 0; i < 4U; i++) {
        for (uint64_t open = 0; open < 2U; open++) {
            if (CLOSED_ONLY[i] == REFB && !p->per_bank) {
                continue;
            }
            bench_ready(&b, p, 0);
            bench_step(&b, ACT, 0, 1);
            bench_until(&b, b.now + FAR);
            bench_step(&b, open != 0U ? NOP : PRE, 0, 0);
            bench_until(&b, b.now + FAR);
            bench_step(&b, CLOSED_ONLY[i], 0, 1);
            expect(MR_DRAM_DEV_RULE_BANK_OPEN, MR_DRAM_RULES_CLOSED, open, "bank open");
        }
    }
    for (unsigned i = 0; i < 2U; i++) {
        for (uint64_t closed = 0; closed < 2U; closed++) {
            bench_ready(&b, p, 0);
            bench_step(&b, ACT, 0, 1);
            bench_until(&b, b.now + FAR);
            bench_step(&b, closed != 0U ? PRE : NOP, 0, 0);
            bench_until(&b, b.now + FAR);
            bench_step(&b, COLUMN[i], 0, 1);
            bench_until(&b, b.now + FAR);
            expect(MR_DRAM_DEV_RULE_BANK_CLOSED, MR_DRAM_RULES_OPEN, closed, "bank closed");
        }
    }
}

static void test_power_up_wait(const mr_dram_profile_t *p) {
    const int64_t wait = p->lane[MR_DRAM_LANE_INIT_NOP];

    for (int64_t low = 0; low < 200; low += 100) {
        for (uint64_t early = 0; early < 2U; early++) {
            bench_power(&b, p, 0, -1);
            for (int64_t i = 0; i < low; i++) {
                bench_step(&b, DES, 0, 0); /* the wait starts when CKE rises */
            }
            bench_until(&b, low + wait - (int64_t)early);
            bench_step(&b, PREA, 0, 0);
            expect(MR_DRAM_DEV_RULE_INIT_WAIT, MR_DRAM_RULES_START, early, "power-up wait");
        }
    }
}

/* Commands of the start-up, FAR apart; stop: a command of the list is left out. */
static void start_without(const mr_dram_profile_t *p, unsigned missing, uint32_t refreshes) {
    bench_power(&b, p, 0, INIT_CLOCKS);
    bench_until(&b, INIT_CLOCKS);
    bench_step(&b, missing == PREA ? NOP : PREA, 0, 0);
    bench_until(&b, b.now + FAR);
    for (uint32_t i = 0; i < refreshes; i++) {
        bench_step(&b, REFA, 0, 0);
        bench_until(&b, b.now + FAR + FAR);
    }
    bench_step(&b, missing == MRS ? NOP : MRS, 0, 0);
    bench_until(&b, b.now + FAR);
    bench_step(&b, ACT, 0, 0);
}

static void test_start_up_order(const mr_dram_profile_t *p) {
    start_without(p, NOP, p->init_refreshes);
    expect(MR_DRAM_DEV_RULE_INIT_ORDER, MR_DRAM_RULES_START, 0, "start-up");
    start_without(p, MRS, p->init_refreshes);
    expect(MR_DRAM_DEV_RULE_INIT_ORDER, MR_DRAM_RULES_START, 1, "start-up without MRS");
    start_without(p, PREA, p->init_refreshes);
    expect(MR_DRAM_DEV_RULE_INIT_ORDER, MR_DRAM_RULES_START,
           p->init_refreshes != 0U ? p->init_refreshes + 1U : 0U, "start-up without PREA");
    if (p->init_refreshes != 0U) {
        start_without(p, NOP, p->init_refreshes - 1U);
        expect(MR_DRAM_DEV_RULE_INIT_ORDER, MR_DRAM_RULES_START, 1, "one refresh short");
    }
    bench_ready(&b, p, 0);
    bench_step(&b, DES, 0, 0);
    expect(MR_DRAM_DEV_RULE_CKE, MR_DRAM_RULES_PORT, 1, "CKE low");
}

/* The command that pays the refresh account, on the banks in turn. */
static void refresh(uint64_t number) {
    const bool per_bank = b.p->per_bank;
    const unsigned banks = b.p->bank_groups * b.p->banks_per_group;

    bench_step(&b, per_bank ? REFB : REFA, per_bank ? (unsigned)(number % banks) : 0U, 0);
}

/* `ahead` refreshes at once, then none until the account is `after` mean distances old. */
static void run_account(const mr_dram_profile_t *p, unsigned ahead, int64_t due, int64_t late) {
    bench_ready(&b, p, 0);
    for (unsigned i = 0; i < ahead; i++) {
        refresh(i);
        bench_until(&b, b.now + p->lane[MR_DRAM_LANE_T_RFC]);
    }
    bench_until(&b, b.ready_at + due + late);
    refresh(ahead);
}

static void test_refresh_account(const mr_dram_profile_t *p) {
    const mr_dram_t_t time = p->per_bank ? MR_DRAM_T_REFIPB : MR_DRAM_T_REFI;
    const int64_t each = p->lane[p->per_bank ? MR_DRAM_LANE_T_REFI_PB : MR_DRAM_LANE_T_REFI];
    const unsigned ahead[3] = {0, 3, 8};

    for (unsigned i = 0; i < 3U; i++) {
        const int64_t intervals = (int64_t)p->postpone + 1 + (int64_t)ahead[i];
        const int64_t exact = intervals * p->time[time].ps * (int64_t)p->clock_mhz / 1000000;
        run_account(p, ahead[i], intervals * each, 0);
        expect(MR_DRAM_DEV_RULE_REF_DEBT, MR_DRAM_RULES_DEBT, 0, "refresh just in time");
        run_account(p, ahead[i], exact, 1);
        bench_check(model_hits(MR_DRAM_DEV_RULE_REF_DEBT) == 1U, &b, "refresh late, model");
        bench_close(&b);
        run_account(p, ahead[i], intervals * each, 1);
        bench_check(mr_dram_rules_count(&b.rules, MR_DRAM_RULES_DEBT) == 1U, &b,
                    "refresh late, checker");
        bench_close(&b);
    }
}

/* More than postpone + 1 in advance do not count. */
static void test_refresh_advance_is_bounded(const mr_dram_profile_t *p) {
    const mr_dram_t_t time = p->per_bank ? MR_DRAM_T_REFIPB : MR_DRAM_T_REFI;
    const int64_t ps = p->time[time].ps;
    const int64_t bound = (2 * (int64_t)p->postpone + 3) * ps * (int64_t)p->clock_mhz / 1000000;

    run_account(p, 64, 0, 0);
    const int64_t taken = b.now - b.ready_at;
    bench_until(&b, b.now + bound);
    bench_check(taken > 0 && model_hits(MR_DRAM_DEV_RULE_REF_DEBT) != 0U &&
                    mr_dram_rules_count(&b.rules, MR_DRAM_RULES_DEBT) != 0U,
                &b, "refresh far in advance");
    bench_close(&b);
}

static void test_refresh_round(const mr_dram_profile_t *p) {
    const unsigned banks = p->bank_groups * p->banks_per_group;

    if (!p->per_bank) {
        bench_ready(&b, p, 0);
        bench_step(&b, REFB, 0, 0);
        expect(MR_DRAM_DEV_RULE_COMMAND, MR_DRAM_RULES_PORT, 1, "REFB without per-bank refresh");
        return;
    }
    for (uint64_t again = 0; again < 2U; again++) {
        bench_ready(&b, p, 0);
        for (unsigned i = 0; i < banks - (unsigned)again; i++) {
            bench_step(&b, REFB, i, 0);
            bench_until(&b, b.now + FAR);
        }
        bench_step(&b, REFB, 0, 0);
        expect(MR_DRAM_DEV_RULE_REF_ROUND, MR_DRAM_RULES_ROUND, again, "round");
    }
    bench_ready(&b, p, 0);
    bench_step(&b, REFB, 2, 0);
    bench_until(&b, b.now + FAR);
    bench_step(&b, REFA, 0, 0);
    bench_until(&b, b.now + FAR + FAR);
    bench_step(&b, REFB, 2, 0);
    expect(MR_DRAM_DEV_RULE_REF_ROUND, MR_DRAM_RULES_ROUND, 0, "REFA starts a round");
}

static void one_command(const mr_dram_profile_t *p, unsigned port, mr_dram_cmd_t cmd, uint64_t want,
                        const char *what) {
    bench_ready(&b, p, 0);
    bench_step(&b, ACT, 0, p->rows - 1U);
    bench_until(&b, b.now + FAR);
    b.in.port[port] = cmd;
    bench_clock(&b);
    bench_until(&b, b.now + FAR);
    expect(MR_DRAM_DEV_RULE_COMMAND, MR_DRAM_RULES_PORT, want, what);
}

static void test_ports(const mr_dram_profile_t *p) {
    const unsigned row = p->row_col_bus ? 1U : 0U;
    const uint8_t groups = (uint8_t)p->bank_groups;
    const uint8_t banks = (uint8_t)p->banks_per_group;

    one_command(p, 0, (mr_dram_cmd_t){RD, 0, 0, p->row_bursts - 1U}, 0, "last column");
    one_command(p, 0, (mr_dram_cmd_t){RD, 0, 0, p->row_bursts}, 1, "column beyond the row");
    one_command(p, 0, (mr_dram_cmd_t){WR, 0, 0, p->row_bursts}, 1, "column beyond the row");
    one_command(p, row, (mr_dram_cmd_t){ACT, 0, 1, p->rows}, 1, "row beyond the bank");
    one_command(p, row, (mr_dram_cmd_t){PRE, groups, 0, 0}, 1, "bank group");
    one_command(p, row, (mr_dram_cmd_t){PRE, 0, banks, 0}, 1, "bank");
    one_command(p, row, (mr_dram_cmd_t){15, 0, 0, 0}, 1, "command code");
    one_command(p, 1U - row, (mr_dram_cmd_t){PRE, 0, 0, 0}, 1, "row command on the other port");
    one_command(p, 1, (mr_dram_cmd_t){RD, 0, 0, 0}, 1, "column command on the second port");
}

static void test_write_enable(const mr_dram_profile_t *p) {
    for (uint32_t k = 0; k < p->burst_clks; k++) {
        bench_ready(&b, p, 0);
        bench_step(&b, ACT, 0, 1);
        bench_until(&b, b.now + FAR);
        const int64_t start = b.now;
        bench_put(&b, WR, 0, 1);
        for (int64_t i = 0; i < FAR; i++) {
            b.flip_wr_en = i == (int64_t)p->wl + (int64_t)k;
            bench_clock(&b);
        }
        bench_check(b.now == start + FAR, &b, "clock");
        expect(MR_DRAM_DEV_RULE_WR_DATA, MR_DRAM_RULES_WR_DATA, 1, "write data missing");
    }
    bench_ready(&b, p, 0);
    b.flip_wr_en = true;
    bench_clock(&b);
    expect(MR_DRAM_DEV_RULE_WR_STRAY, MR_DRAM_RULES_WR_DATA, 1, "stray write data");
    bench_ready(&b, p, 0);
    b.out.rd_valid = true;
    mr_dram_rules_clock(&b.rules, &b.in, &b.out);
    bench_check(mr_dram_rules_count(&b.rules, MR_DRAM_RULES_RD_DATA) == 1U, &b, "stray read data");
    bench_close(&b);
}

static uint8_t pattern(unsigned bank, uint32_t row, uint32_t byte) {
    return (uint8_t)(bank * 37U + row * 11U + byte * 7U + byte / 256U);
}

/* Writes or reads (comparing) one burst of an open row; masked: odd bytes are not written. */
static void burst(bool write, unsigned bank, uint32_t row, uint32_t column, bool masked) {
    const uint32_t width = b.dev.cfg.word_bytes;
    const uint32_t latency = write ? b.p->wl : b.p->rl;
    bool good = true;

    bench_put(&b, write ? WR : RD, bank, column);
    for (uint32_t i = 0; i < latency + b.p->burst_clks; i++) {
        const uint32_t first = (column * b.p->burst_clks + (i - latency)) * width;
        b.in.wr_mask = masked ? UINT64_C(0xAAAAAAAAAAAAAAAA) : 0U;
        for (uint32_t k = 0; k < width; k++) {
            b.in.wr_data[k] = pattern(bank, row, first + k);
        }
        bench_clock(&b);
        good = good && b.out.rd_valid == (!write && i >= latency);
        if (b.out.rd_valid) {
            for (uint32_t k = 0; k < width; k++) {
                const bool written = ((b.out.rd_poison >> k) & 1U) == 0U;
                const uint8_t want = written ? pattern(bank, row, first + k) : 0xA5U;
                good = good && b.out.rd_data[k] == want && written == (!masked || k % 2U == 0U);
            }
        }
    }
    bench_check(good, &b, write ? "write burst" : "read burst");
    bench_until(&b, b.now + FAR);
}

static void test_data(const mr_dram_profile_t *p, uint32_t word_bytes) {
    const unsigned last = p->bank_groups * p->banks_per_group - 1U;
    const uint32_t row = p->rows - 1U;
    uint8_t value = 0;

    bench_ready(&b, p, word_bytes);
    bench_step(&b, ACT, last, row);
    bench_until(&b, b.now + FAR);
    burst(true, last, row, p->row_bursts - 1U, false);
    burst(true, last, row, 0, true);
    burst(false, last, row, p->row_bursts - 1U, false);
    burst(false, last, row, 0, true);
    bench_step(&b, RD, last, 1); /* never written */
    bench_until(&b, b.now + (int64_t)p->rl);
    const uint64_t all = UINT64_MAX >> (64U - b.dev.cfg.word_bytes);
    bench_check(b.out.rd_valid && b.out.rd_poison == all && b.out.rd_data[0] == 0xA5U, &b,
                "poison");
    const unsigned bg = last / p->banks_per_group;
    const unsigned ba = last % p->banks_per_group;
    bench_check(mr_dram_dev_peek(&b.dev, bg, ba, row, 2, &value) &&
                    value == pattern(last, row, 2) &&
                    !mr_dram_dev_peek(&b.dev, bg, ba, row, 1, &value) &&
                    !mr_dram_dev_peek(&b.dev, bg, ba, 0, 0, &value) &&
                    !mr_dram_dev_peek(&b.dev, bg, ba, p->rows, 0, &value) &&
                    !mr_dram_dev_peek(&b.dev, bg, ba, row, b.dev.row_bytes, &value),
                &b, "peek");
    bench_check(mr_dram_dev_flip(&b.dev, bg, ba, row, 19) &&
                    mr_dram_dev_peek(&b.dev, bg, ba, row, 2, &value) &&
                    value == (pattern(last, row, 2) ^ 8U) &&
                    !mr_dram_dev_flip(&b.dev, bg, ba, row, 8),
                &b, "flip");
    bench_check(bench_clean(&b), &b, "data");
    bench_close(&b);
}

static void test_counts_and_energy(const mr_dram_profile_t *p) {
    bench_ready(&b, p, 0);
    bench_step(&b, ACT, 0, 1);
    bench_until(&b, b.now + FAR);
    bench_step(&b, RD, 0, 1);
    bench_until(&b, b.now + FAR);
    bench_step(&b, WR, 0, 1);
    bench_until(&b, b.now + FAR);
    bench_step(&b, PRE, 0, 0);
    bench_until(&b, b.now + FAR);
    refresh(0);
    const mr_dram_dev_stats_t *s = mr_dram_dev_stats(&b.dev);
    bench_check(s->act == 1U && s->rd == 1U && s->wr == 1U && s->pre == 2U &&
                    s->ref_all + s->ref_bank == p->init_refreshes + 1U &&
                    s->data_clocks == 2U * p->burst_clks && s->open_clocks == 3U * (FAR + 1) &&
                    s->clocks == (uint64_t)b.now && bench_clean(&b),
                &b, "counts");
    const double ns = 1000.0 / (double)p->clock_mhz;
    const double want = p->act_pj + p->rd_pj + p->wr_pj + p->ref_pj * (double)s->ref_all +
                        p->refpb_pj * (double)s->ref_bank +
                        (double)s->open_clocks * ns * p->bg_open_mw +
                        (double)(s->clocks - s->open_clocks) * ns * p->bg_closed_mw;
    const double got = mr_dram_dev_energy_pj(&b.dev);
    bench_check(got > want * 0.999999 && got < want * 1.000001 && p->act_pj > 0.0 &&
                    p->rd_pj > 0.0 && p->wr_pj > 0.0,
                &b, "energy");
    bench_close(&b);
}

static void test_config(const mr_dram_profile_t *p) {
    mr_dram_dev_config_t cfg = {.profile = NULL, .init_clocks = -1};

    b.p = p;
    bench_check(!mr_dram_dev_init(&b.dev, &cfg), &b, "no profile");
    cfg.profile = p;
    cfg.word_bytes = 128;
    bench_check(!mr_dram_dev_init(&b.dev, &cfg), &b, "word too wide");
    cfg.word_bytes = p->word_bytes * 3U;
    bench_check(!mr_dram_dev_init(&b.dev, &cfg), &b, "word not a power of two");
    cfg.word_bytes = p->word_bytes / 2U;
    bench_check(!mr_dram_dev_init(&b.dev, &cfg), &b, "word too narrow");
    bench_check(mr_dram_profile(p->name) == p && mr_dram_profile("none") == NULL, &b, "by name");
}

typedef struct {
    mr_dram_t_t time;
    mr_dram_lane_t lane;
    int64_t least;
} lane_case_t;

/* Lanes are the table's times, minima rounded up, maxima rounded down and capped at 16 bits. */
static void test_lanes(const mr_dram_profile_t *p) {
    static const lane_case_t MINIMA[] = {
        {MR_DRAM_T_RCDRD, MR_DRAM_LANE_T_RCD_RD, 1}, {MR_DRAM_T_RCDWR, MR_DRAM_LANE_T_RCD_WR, 1},
        {MR_DRAM_T_RP, MR_DRAM_LANE_T_RP, 1},        {MR_DRAM_T_RPAB, MR_DRAM_LANE_T_RP_ALL, 1},
        {MR_DRAM_T_RAS, MR_DRAM_LANE_T_RAS, 1},      {MR_DRAM_T_RC, MR_DRAM_LANE_T_RC, 1},
        {MR_DRAM_T_RRDS, MR_DRAM_LANE_T_RRD_S, 1},   {MR_DRAM_T_RRDL, MR_DRAM_LANE_T_RRD_L, 1},
        {MR_DRAM_T_FAW, MR_DRAM_LANE_T_FAW, 1},      {MR_DRAM_T_CCDS, MR_DRAM_LANE_T_CCD_S, 1},
        {MR_DRAM_T_CCDL, MR_DRAM_LANE_T_CCD_L, 1},   {MR_DRAM_T_WR, MR_DRAM_LANE_T_WR, 0},
        {MR_DRAM_T_WTRS, MR_DRAM_LANE_T_WTR_S, 0},   {MR_DRAM_T_WTRL, MR_DRAM_LANE_T_WTR_L, 0},
        {MR_DRAM_T_RTP, MR_DRAM_LANE_T_RTP, 1},      {MR_DRAM_T_RFC, MR_DRAM_LANE_T_RFC, 1},
        {MR_DRAM_T_RFCPB, MR_DRAM_LANE_T_RFC_PB, 1}, {MR_DRAM_T_PBPB, MR_DRAM_LANE_T_PB_PB, 1},
        {MR_DRAM_T_PBACT, MR_DRAM_LANE_T_PB_ACT, 1}, {MR_DRAM_T_MRD, MR_DRAM_LANE_T_MRD, 1},
        {MR_DRAM_T_INIT, MR_DRAM_LANE_INIT_NOP, 0},
    };
    static const lane_case_t MAXIMA[] = {
        {MR_DRAM_T_REFI, MR_DRAM_LANE_T_REFI, 1},
        {MR_DRAM_T_REFIPB, MR_DRAM_LANE_T_REFI_PB, 1},
        {MR_DRAM_T_RASMAX, MR_DRAM_LANE_T_RAS_MAX, 1},
    };
    const int64_t mhz = p->clock_mhz;

    b.p = p;
    for (unsigned i = 0; i < sizeof MINIMA / sizeof MINIMA[0]; i++) {
        const mr_dram_time_t *t = &p->time[MINIMA[i].time];
        int64_t clocks = (t->ps * mhz + 999999) / 1000000;
        clocks = (clocks > t->ck ? clocks : t->ck) + t->add_ck;
        clocks = clocks > MINIMA[i].least ? clocks : MINIMA[i].least;
        bench_check(p->lane[MINIMA[i].lane] == clocks, &b, "minimum rounded up");
    }
    for (unsigned i = 0; i < sizeof MAXIMA / sizeof MAXIMA[0]; i++) {
        int64_t clocks = p->time[MAXIMA[i].time].ps * mhz / 1000000;
        clocks = clocks > MAXIMA[i].least ? clocks : MAXIMA[i].least;
        clocks = clocks < UINT16_MAX ? clocks : UINT16_MAX;
        bench_check(p->lane[MAXIMA[i].lane] == clocks, &b, "maximum rounded down");
    }
    const int64_t turn = (int64_t)p->rl + p->burst_clks - p->wl + p->time[MR_DRAM_T_RTWGAP].ck;
    bench_check(p->lane[MR_DRAM_LANE_T_RTW] == turn && p->lane[MR_DRAM_LANE_RL] == p->rl &&
                    p->lane[MR_DRAM_LANE_WL] == p->wl &&
                    p->lane[MR_DRAM_LANE_WORD_BYTES] == p->word_bytes &&
                    1U << p->lane[MR_DRAM_LANE_ROW_BITS] == p->rows &&
                    1U << p->lane[MR_DRAM_LANE_COL_BITS] == p->row_bursts,
                &b, "lanes agree with the geometry");
}

static uint32_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* Proposes a command for one port. */
static void propose(uint64_t *seed) {
    static const uint8_t MIX[16] = {RD,  RD,  RD,  RD,  WR,   WR,   WR,   ACT,
                                    ACT, ACT, ACT, PRE, PREA, REFB, REFA, MRS};
    const unsigned cmd = MIX[next_random(seed) % 16U];
    const unsigned banks = b.p->bank_groups * b.p->banks_per_group;

    if (cmd != REFB || b.p->per_bank) {
        bench_put(&b, cmd, next_random(seed) % banks, next_random(seed) % b.p->row_bursts);
    }
}

/* Whether the checker would take the command on this port now, without the other port's. */
static bool allowed(unsigned port) {
    static mr_dram_rules_t trial;
    mr_dram_dev_in_t in = b.in;
    const mr_dram_dev_out_t out = {.rd_valid = (b.rules.rd_due & 1U) != 0U};

    trial = b.rules;
    in.port[1U - port].cmd = NOP;
    in.wr_en = (b.wr_due & 1U) != 0U || (b.p->wl == 0U && in.port[0].cmd == WR);
    mr_dram_rules_clock(&trial, &in, &out);
    return trial.violations == 0U;
}

/* Streams of commands that the checker allows, now and then one that it does not: in each clock the
 * model must agree. The refresh accounts differ by rounding: a broken one ends the stream. */
static uint64_t random_stream(const mr_dram_profile_t *p, uint64_t seed) {
    const mr_dram_dev_stats_t *s = mr_dram_dev_stats(&b.dev);
    uint64_t state = seed;

    bench_ready(&b, p, 0);
    for (unsigned i = 0; i < 3000U && s->violations == 0U; i++) {
        propose(&state);
        if (p->row_col_bus) {
            propose(&state);
        }
        for (unsigned port = 0; port < 2U; port++) {
            if (!allowed(port) && next_random(&state) % 1500U != 0U) {
                b.in.port[port].cmd = NOP;
            }
        }
        bench_clock(&b);
        if (s->hits[MR_DRAM_DEV_RULE_REF_DEBT] != 0U ||
            mr_dram_rules_count(&b.rules, MR_DRAM_RULES_DEBT) != 0U) {
            break;
        }
        if ((s->violations != 0U) != (mr_dram_rules_violation(&b.rules) != NULL)) {
            printf("seed %llu clock %lld\n", (unsigned long long)seed, (long long)b.now);
            bench_check(false, &b, "model and checker disagree");
            break;
        }
    }
    const uint64_t commands = s->rd + s->wr + s->act + s->pre + s->ref_all + s->ref_bank;
    bench_close(&b);
    return commands;
}

static void test_random_agreement(const mr_dram_profile_t *p, uint64_t seed) {
    uint64_t commands = 0;

    for (uint64_t i = 0; i < 150U; i++) {
        commands += random_stream(p, seed + i);
    }
    b.p = p;
    bench_check(commands > 5000U, &b, "random streams too short");
}

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1U;

    for (unsigned i = 0; i < MR_DRAM_PROFILE_COUNT; i++) {
        const mr_dram_profile_t *p = &mr_dram_profiles[i];
        test_config(p);
        test_bank_states(p);
        test_power_up_wait(p);
        test_start_up_order(p);
        test_refresh_account(p);
        test_refresh_advance_is_bounded(p);
        test_refresh_round(p);
        test_ports(p);
        test_write_enable(p);
        test_data(p, 0);
        test_data(p, 64);
        test_counts_and_energy(p);
        test_lanes(p);
        test_random_agreement(p, seed);
    }
    test_data(mr_dram_profile("Sdr100"), 4);
    test_data(mr_dram_profile("Sdr133"), 8);
    if (bench_failures != 0U) {
        printf("FAIL test_dram_state: %u of %u cases\n", bench_failures, bench_cases);
        return 1;
    }
    printf("PASS test_dram_state: %u cases, seed %llu\n", bench_cases, (unsigned long long)seed);
    return 0;
}
