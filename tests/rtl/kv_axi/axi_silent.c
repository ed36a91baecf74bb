/* SPDX-License-Identifier: Apache-2.0 */
/* A memory that goes silent on one of its five channels, before or after clear_i: it is given up
 * in time, everything asked for ends, nothing is written that was dropped, and all of it is
 * reported; later the memory answers after all and the device comes back. */
#include <stdio.h>

#include "axi_world.h"

enum { CHANNELS = 5, ROUNDS = 40, LIMIT = 40 * TIMEOUT };

static uint64_t run(void) {
    const uint32_t n = 1 + axi_rnd(6);
    const bool wr = axi_rnd(2) != 0;
    axi_offer(wr, axi_rnd(PAGES), axi_rnd(PAGE_BURSTS - n), n, n * axi.shape.burst);
    axi_wait_taken();
    return wr ? n : 0;
}

static void mute(const mr_axi_mem_mode_t *fast, unsigned channel) {
    mr_axi_mem_mode_t mode = *fast;
    mode.latency_max = mode.latency_min = axi_rnd(60);
    unsigned *const pct[CHANNELS] = {&mode.ar_pct, &mode.aw_pct, &mode.w_pct, &mode.r_pct,
                                     &mode.b_pct};
    *pct[channel] = 0;
    mr_axi_mem_mode(axi.mem, &mode);
}

/* Until everything that the data path is owed has come. */
static void settle(void) {
    axi_tick();
    for (unsigned i = 0; i < HANG && !axi.failed &&
                         !(axi.io.idle && axi.rd.head == axi.rd.tail && axi.wr.head == axi.wr.tail);
         i++) {
        axi_tick();
    }
    if (!axi.io.idle || axi.rd.head != axi.rd.tail || axi.wr.head != axi.wr.tail ||
        axi.issued != axi.received) {
        axi_fail("what was owed did not come");
    }
    axi.ar.head = axi.ar.tail;
    axi.aw.head = axi.aw.tail;
}

/* Runs to a memory that was given up: all end, each burst of a write counts. */
static void check_dropping(void) {
    if (axi_rnd(2) != 0) {
        axi.io.err_clear = true;
        axi_tick();
        axi.io.err_clear = false;
    }
    const uint32_t before = axi.err_count;
    const bool first = !axi.err;
    uint64_t bursts = 0;
    uint32_t burst = 0;
    for (unsigned i = 0; i < 12 && !axi.failed; i++) {
        const uint64_t n = run();
        if (bursts == 0 && n != 0) {
            burst = axi.aw.burst[(axi.aw.tail - (unsigned)n) % QUEUE];
        }
        bursts += n;
    }
    for (unsigned i = 0; i < 10 && !axi.failed; i++) { /* more words than may be owed at a time */
        axi_offer(false, i, 0, PAGE_BURSTS, PAGE_BURSTS * axi.shape.burst);
        axi_wait_taken();
    }
    settle();
    if (axi.io.err_count - before != bursts ||
        (first && bursts != 0 && !axi_is_at(burst, axi.err_addr)) || !axi.io.timeout) {
        axi_fail("dropped writes are not reported");
    }
}

/* Nothing may end before the memory has answered what it was asked. */
static void recover(const mr_axi_mem_mode_t *fast) {
    for (unsigned i = 0; i < 700 && !axi.failed; i++) {
        if (axi.io.ready && axi.io.rd_out + axi.io.wr_out != 0) {
            axi_fail("ready with transactions that have no response");
        }
        axi_tick();
    }
    mr_axi_mem_mode(axi.mem, fast);
    for (unsigned i = 0; i < HANG && !axi.failed && !axi.io.ready; i++) {
        axi_tick();
    }
    if (!axi.io.ready || axi.io.timeout) {
        axi_fail("no way back from a silent memory");
    }
    axi_tick();
    mr_axi_check_memory();
    axi.io.err_clear = true;
    axi_tick();
    axi.io.err_clear = false;
    for (unsigned i = 0; i < 20 && !axi.failed; i++) {
        run();
    }
    axi_drain();
}

/* Silence while the device drains: reported; it comes back when the memory does. */
static bool silent_drain(void) {
    for (unsigned i = 0; i < 4; i++) {
        run();
    }
    axi_clear_pulse();
    for (unsigned i = 0; i < LIMIT && !axi.failed && !axi.io.timeout && !axi.io.ready; i++) {
        axi_tick();
    }
    return axi.io.timeout;
}

/* A response in the very clock in which the memory would be given up: it is not. */
static void last_moment(const mr_axi_mem_mode_t *fast, bool wr) {
    mute(fast, wr ? 4 : 3);
    axi_offer(wr, 1, 0, 2, 2 * axi.shape.burst);
    axi_wait_taken();
    for (unsigned i = 0; i < LIMIT && axi.rd_quiet + axi.wr_quiet != TIMEOUT; i++) {
        axi_tick();
    }
    mr_axi_mem_mode(axi.mem, fast);
    axi_drain();
    if (axi.io.timeout) {
        axi_fail("given up in spite of a response");
    }
}

void axi_silent_phase(const mr_axi_mem_mode_t *fast) {
    unsigned drains = 0;
    uint64_t longest = 0;
    last_moment(fast, false);
    last_moment(fast, true);
    for (unsigned round = 0; round < ROUNDS && !axi.failed; round++) {
        axi.room_pct = axi_rnd(2) != 0 ? 100 : 30;
        for (unsigned i = axi_rnd(20); i > 0; i--) {
            run();
        }
        mute(fast, round % CHANNELS);
        if (round % 4 == 3) {
            drains += silent_drain();
        } else {
            const uint64_t start = axi.clock;
            while (!axi.io.timeout && axi.clock - start < LIMIT && !axi.failed) {
                run();
            }
            if (!axi.io.timeout) {
                axi_fail("a silent memory is not noticed");
            }
            settle();
            longest = axi.clock - start > longest ? axi.clock - start : longest;
            if (axi_rnd(2) != 0) { /* it answers after all, but too late */
                mr_axi_mem_mode_t late = *fast;
                late.error_per_1000 = 500;
                mr_axi_mem_mode(axi.mem, &late);
            }
            check_dropping();
            axi_clear_pulse();
        }
        recover(fast);
    }
    axi.room_pct = 100;
    if (drains == 0 && !axi.failed) {
        axi_fail("the bench never saw silence while draining");
    }
    printf("%s: silent memory, %d rounds, %u while draining, all ended after %llu clocks at most\n",
           axi.shape.name, ROUNDS, drains, (unsigned long long)longest);
}
