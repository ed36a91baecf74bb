/* SPDX-License-Identifier: Apache-2.0 */
/* The DRAM checker itself: hand-driven pins break each rule by one clock and must be caught, and
 * keep it at the limit and must not. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mr_dram.h"

enum {
    MRS = 0,
    REF = 1,
    PRE = 2,
    ACT = 3,
    WR = 4,
    RD = 5,
    STOP = 6,
    NOP = 7,
    ALL = 0x400,
    CLOCK_PS = 6000
};

static mr_dram_t dram;
static mr_dram_pins_t pins;
static uint64_t dq;
static unsigned cases;
static unsigned failures;

static void clock_cmd(unsigned cmd, unsigned ba, unsigned a) {
    pins.ras_n = (cmd & 4U) != 0U;
    pins.cas_n = (cmd & 2U) != 0U;
    pins.we_n = (cmd & 1U) != 0U;
    pins.ba = (uint8_t)ba;
    pins.a = (uint16_t)a;
    dq = mr_dram_clock(&dram, &pins);
}

static void nop(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        clock_cmd(NOP, 0, 0);
    }
}

/* Second command comes gap clocks after the first. */
static void pair(unsigned c1, unsigned b1, unsigned a1, unsigned gap, unsigned c2, unsigned b2,
                 unsigned a2) {
    clock_cmd(c1, b1, a1);
    nop(gap - 1U);
    clock_cmd(c2, b2, a2);
}

static void power_up(int64_t clock_ps) {
    const mr_dram_config_t cfg = {.dq_bytes = 8, .clock_ps = clock_ps, .init_ps = 100 * clock_ps};

    mr_dram_close(&dram);
    if (!mr_dram_init(&dram, &cfg)) {
        printf("FAIL mr_dram_init refuses a good configuration\n");
        exit(1);
    }
    pins = (mr_dram_pins_t){.cke = true};
}

static void init_to_refresh(int64_t clock_ps) {
    power_up(clock_ps);
    nop(100);
    pair(PRE, 0, ALL, 10, NOP, 0, 0);
    for (unsigned i = 0; i < 8U; i++) {
        pair(REF, 0, 0, 10, NOP, 0, 0);
    }
}

static void ready(void) {
    init_to_refresh(CLOCK_PS);
    pair(MRS, 0, 0x32, 10, NOP, 0, 0);
}

static void write_burst(unsigned ba, unsigned col) {
    pins.dq_oe = true;
    clock_cmd(WR, ba, col);
    nop(3);
    pins.dq_oe = false;
}

static void read_and_wait(void) {
    clock_cmd(RD, 0, 0);
    nop(10);
}

/* ---- one function a rule; early: one clock too early (or the wrong thing), else just right ----
 */

static void t_init_wait(bool early) {
    power_up(CLOCK_PS);
    nop(early ? 98 : 99);
    clock_cmd(PRE, 0, ALL);
}

static void t_init_order(bool early) {
    init_to_refresh(CLOCK_PS);
    if (!early) {
        pair(MRS, 0, 0x32, 2, NOP, 0, 0);
    }
    clock_cmd(ACT, 0, 0);
}

static void t_mode(bool early) {
    init_to_refresh(CLOCK_PS);
    clock_cmd(MRS, 0, early ? 0x33 : 0x32);
}

static void t_cl_clock(bool early) {
    init_to_refresh(early ? 9000 : 10000);
    clock_cmd(MRS, 0, 0x22);
}

static void t_cke(bool early) {
    ready();
    pins.cke = !early;
    nop(1);
}

static void t_command(bool early) {
    ready();
    pair(ACT, 0, 0, 5, early ? RD : NOP, 0, ALL);
}

static void t_trcd(bool early) {
    ready();
    pair(ACT, 0, 0, early ? 2 : 3, RD, 0, 0);
}

static void t_trp(bool early) {
    ready();
    pair(ACT, 0, 0, 12, NOP, 0, 0);
    pair(PRE, 0, 0, early ? 2 : 3, ACT, 0, 1);
}

static void t_tras_min(bool early) {
    ready();
    pair(ACT, 0, 0, early ? 6 : 7, PRE, 0, 0);
}

static void t_tras_max(bool early) {
    ready();
    for (unsigned i = 0; i < 8U;
         i++) { /* refreshes in advance leave room for a row that stays open */
        pair(REF, 0, 0, 10, NOP, 0, 0);
    }
    pair(ACT, 0, 0, early ? 20001 : 20000, PRE, 0, 0);
}

static void t_trc(bool early) {
    ready();
    pair(ACT, 0, 0, early ? 6 : 7, PRE, 0, 0);
    nop(2);
    clock_cmd(ACT, 0, 1);
}

static void t_trrd(bool early) {
    ready();
    pair(ACT, 0, 0, early ? 1 : 2, ACT, 1, 0);
}

static void t_trfc(bool early) {
    ready();
    pair(REF, 0, 0, early ? 9 : 10, ACT, 0, 0);
}

static void t_twr(bool early) {
    ready();
    pair(ACT, 0, 0, 20, NOP, 0, 0);
    write_burst(0, 0);
    nop(early ? 0 : 1); /* last data one clock before the end of write_burst */
    clock_cmd(PRE, 0, 0);
}

static void t_tmrd(bool early) {
    init_to_refresh(CLOCK_PS);
    pair(MRS, 0, 0x32, early ? 1 : 2, REF, 0, 0);
}

static void t_refresh_debt(bool early) {
    ready();
    nop(9 * 1300 - (early ? 11 : 12)); /* ready() ends 10 clocks after MRS; "early" is late here */
    clock_cmd(REF, 0, 0);
}

static void t_bank_closed(bool early) {
    ready();
    pair(ACT, 0, 0, 4, RD, early ? 1 : 0, 0);
}

static void t_bank_open(bool early) {
    ready();
    pair(ACT, 0, 0, 12, ACT, early ? 0 : 1, 1);
}

static void t_refresh_open(bool early) {
    ready();
    pair(ACT, 0, 0, 12, early ? NOP : PRE, 0, 0);
    nop(5);
    clock_cmd(REF, 0, 0);
}

static void t_burst_read(bool early) {
    ready();
    pair(ACT, 0, 0, 4, NOP, 0, 0);
    pair(RD, 0, 0, early ? 3 : 4, RD, 0, 4);
}

static void t_burst_pre(bool early) {
    ready();
    pair(ACT, 0, 0, 12, NOP, 0, 0);
    pair(RD, 0, 0, early ? 3 : 4, PRE, 0, 0);
}

static void t_burst_write(bool early) {
    ready();
    pair(ACT, 0, 0, 4, NOP, 0, 0);
    pins.dq_oe = true;
    pair(WR, 0, 0, early ? 3 : 4, WR, 0, 4);
}

static void t_bus_turn(bool early) {
    ready();
    pair(ACT, 0, 0, 4, RD, 0, 0);
    nop(early ? 6 : 7); /* CL 3 + 4 beats + 1 */
    pins.dq_oe = true;
    clock_cmd(WR, 0, 0);
}

static void t_bus_undriven(bool early) {
    ready();
    pair(ACT, 0, 0, 4, NOP, 0, 0);
    pins.dq_oe = !early;
    clock_cmd(WR, 0, 0);
}

static void t_dqm(bool early) {
    ready();
    pair(ACT, 0, 0, 4, NOP, 0, 0);
    clock_cmd(RD, 0, 0);
    pins.dqm = early ? 1 : 0;
    nop(1); /* masks the beat two clocks later: the first one at CL 3 */
    pins.dqm = 0;
    nop(5);
}

static void check(const char *name, mr_dram_rule_t rule, void (*run)(bool)) {
    run(false);
    const mr_dram_violation_t *v = mr_dram_violation(&dram);
    if (v != NULL) {
        printf("FAIL %s: legal sequence refused: %s (cycle %llu)\n", name,
               mr_dram_rule_text(v->rule), (unsigned long long)v->cycle);
        failures++;
    }
    run(true);
    if ((mr_dram_rules_hit(&dram) >> (unsigned)rule & 1U) == 0U) {
        v = mr_dram_violation(&dram);
        printf("FAIL %s: not caught (%s)\n", name,
               (v != NULL) ? mr_dram_rule_text(v->rule) : "nothing reported");
        failures++;
    }
    cases++;
}

/* Data come back at CL, unwritten bytes are poison, masked bytes stay unwritten. */
static void test_data(void) {
    ready();
    pair(ACT, 2, 7, 4, NOP, 0, 0);
    pins.dq = 0x1122334455667788ULL;
    pins.dqm = 0xF0;
    pins.dq_oe = true;
    clock_cmd(WR, 2, 8);
    pins.dqm = 0xFF;
    nop(3);
    pins.dqm = 0;
    pins.dq_oe = false;
    clock_cmd(RD, 2, 8);
    nop(1);
    const bool quiet = dq == 0x5A5A5A5A5A5A5A5AULL;
    nop(1); /* edge 2 after READ: driven now, sampled at edge 3 = CL */
    const bool first = dq == 0xA5A5A5A555667788ULL && mr_dram_poison(&dram) == 0xF0;
    nop(1);
    const bool second = dq == 0xA5A5A5A5A5A5A5A5ULL && mr_dram_poison(&dram) == 0xFF;
    nop(3);
    const bool after = dq == 0x5A5A5A5A5A5A5A5AULL && mr_dram_poison(&dram) == 0;
    if (!quiet || !first || !second || !after || mr_dram_violation(&dram) != NULL) {
        printf("FAIL data and poison: %d %d %d %d\n", quiet, first, second, after);
        failures++;
    }
    cases++;
}

static void measure_idle(void) {
    const unsigned n = 20000000U;

    ready();
    const clock_t start = clock();
    for (unsigned i = 0; i < n; i++) {
        if (i % 1024U == 0U) {
            clock_cmd(REF, 0, 0);
        } else {
            clock_cmd(NOP, 0, 0);
        }
    }
    read_and_wait();
    printf("RESULT dram_model_idle_ns %.2f\n",
           (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC / n);
}

int main(void) {
    check("INIT_WAIT", MR_DRAM_RULE_INIT_WAIT, t_init_wait);
    check("INIT_ORDER", MR_DRAM_RULE_INIT_ORDER, t_init_order);
    check("MODE", MR_DRAM_RULE_MODE, t_mode);
    check("CL_CLOCK", MR_DRAM_RULE_CL_CLOCK, t_cl_clock);
    check("CKE", MR_DRAM_RULE_CKE, t_cke);
    check("COMMAND", MR_DRAM_RULE_COMMAND, t_command);
    check("TRCD", MR_DRAM_RULE_TRCD, t_trcd);
    check("TRP", MR_DRAM_RULE_TRP, t_trp);
    check("TRAS_MIN", MR_DRAM_RULE_TRAS_MIN, t_tras_min);
    check("TRAS_MAX", MR_DRAM_RULE_TRAS_MAX, t_tras_max);
    check("TRC", MR_DRAM_RULE_TRC, t_trc);
    check("TRRD", MR_DRAM_RULE_TRRD, t_trrd);
    check("TRFC", MR_DRAM_RULE_TRFC, t_trfc);
    check("TWR", MR_DRAM_RULE_TWR, t_twr);
    check("TMRD", MR_DRAM_RULE_TMRD, t_tmrd);
    check("REFRESH_DEBT", MR_DRAM_RULE_REFRESH_DEBT, t_refresh_debt);
    check("BANK_CLOSED", MR_DRAM_RULE_BANK_CLOSED, t_bank_closed);
    check("BANK_OPEN by ACTIVATE", MR_DRAM_RULE_BANK_OPEN, t_bank_open);
    check("BANK_OPEN by REFRESH", MR_DRAM_RULE_BANK_OPEN, t_refresh_open);
    check("BURST cut by READ", MR_DRAM_RULE_BURST, t_burst_read);
    check("BURST cut by PRECHARGE", MR_DRAM_RULE_BURST, t_burst_pre);
    check("BURST cut by WRITE", MR_DRAM_RULE_BURST, t_burst_write);
    check("BUS turnaround", MR_DRAM_RULE_BUS, t_bus_turn);
    check("BUS not driven", MR_DRAM_RULE_BUS, t_bus_undriven);
    check("DQM", MR_DRAM_RULE_DQM, t_dqm);
    test_data();
    measure_idle();
    mr_dram_close(&dram);
    if (failures != 0U) {
        printf("FAIL dram_rules: %u of %u cases\n", failures, cases);
        return 1;
    }
    printf("%u cases\nPASS dram_rules\n", cases);
    return 0;
}
