/* SPDX-License-Identifier: Apache-2.0 */
/* Shared driver of the DRAM model tests; see test_dram_harness.h. */
#include "test_dram_harness.h"

#include <stdio.h>
#include <stdlib.h>

unsigned bench_cases, bench_failures;

int64_t bench_lane(const bench_t *b, mr_dram_lane_t lane) {
    return b->p->lane[lane];
}

void bench_check(bool holds, const bench_t *b, const char *what) {
    bench_cases++;
    if (!holds) {
        const mr_dram_dev_violation_t *v = mr_dram_dev_violation(&b->dev);
        const mr_dram_rules_violation_t *r = mr_dram_rules_violation(&b->rules);
        bench_failures++;
        printf("FAIL %s %s; model: %s, checker: %s\n", b->p->name, what,
               v != NULL ? mr_dram_dev_rule_text(v->rule) : "silent",
               r != NULL ? mr_dram_rules_text(r->rule) : "silent");
    }
}

bool bench_clean(const bench_t *b) {
    return mr_dram_dev_violation(&b->dev) == NULL && mr_dram_rules_violation(&b->rules) == NULL;
}

void bench_power(bench_t *b, const mr_dram_profile_t *p, uint32_t word_bytes, int64_t init_clocks) {
    const mr_dram_dev_config_t cfg = {
        .profile = p, .word_bytes = word_bytes, .init_clocks = init_clocks};

    *b = (bench_t){.p = p};
    if (!mr_dram_dev_init(&b->dev, &cfg)) {
        printf("FAIL %s: mr_dram_dev_init refuses a good configuration\n", p->name);
        exit(1);
    }
    mr_dram_rules_init(&b->rules, p, init_clocks);
}

void bench_close(bench_t *b) {
    mr_dram_dev_close(&b->dev);
}

static mr_dram_cmd_t command(const bench_t *b, unsigned cmd, unsigned bank, uint32_t a) {
    return (mr_dram_cmd_t){.cmd = (uint8_t)cmd,
                           .bg = (uint8_t)(bank / b->p->banks_per_group),
                           .ba = (uint8_t)(bank % b->p->banks_per_group),
                           .a = a};
}

void bench_clock(bench_t *b) {
    if (b->in.port[0].cmd == WR) {
        b->wr_due |= ((UINT64_C(1) << b->p->burst_clks) - 1U) << b->p->wl;
    }
    b->in.wr_en = ((b->wr_due & 1U) != 0U) != b->flip_wr_en;
    b->wr_due >>= 1;
    mr_dram_dev_clock(&b->dev, &b->in, &b->out);
    mr_dram_rules_clock(&b->rules, &b->in, &b->out);
    b->in.port[0] = b->in.port[1] = (mr_dram_cmd_t){.cmd = NOP};
    b->now++;
}

void bench_put(bench_t *b, unsigned cmd, unsigned bank, uint32_t a) {
    const bool column = cmd == RD || cmd == WR;

    b->in.port[b->p->row_col_bus && !column ? 1 : 0] = command(b, cmd, bank, a);
}

void bench_step(bench_t *b, unsigned cmd, unsigned bank, uint32_t a) {
    bench_put(b, cmd, bank, a);
    bench_clock(b);
}

void bench_until(bench_t *b, int64_t at) {
    while (b->now < at) {
        bench_step(b, NOP, 0, 0);
    }
}

void bench_ready(bench_t *b, const mr_dram_profile_t *p, uint32_t word_bytes) {
    bench_power(b, p, word_bytes, INIT_CLOCKS);
    bench_until(b, INIT_CLOCKS);
    bench_step(b, PREA, 0, 0);
    bench_until(b, b->now + bench_lane(b, MR_DRAM_LANE_T_RP_ALL));
    for (uint32_t i = 0; i < p->init_refreshes; i++) {
        bench_step(b, REFA, 0, 0);
        bench_until(b, b->now + bench_lane(b, MR_DRAM_LANE_T_RFC));
    }
    b->ready_at = b->now;
    bench_step(b, MRS, 0, 0);
    bench_until(b, b->now + bench_lane(b, MR_DRAM_LANE_T_MRD));
}
