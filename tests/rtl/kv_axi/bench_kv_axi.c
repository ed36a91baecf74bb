/* SPDX-License-Identifier: Apache-2.0 */
/* Bench of the AXI back end: random runs, a memory that takes every liberty AXI gives it, a golden
 * copy, an independent protocol checker.
 *
 * Usage: bench_kv_axi_NAME [seed [runs]]. Random runs under changing latencies, READY patterns,
 * errors, read room and now and then clear_i; every word read, every address, error flag and
 * counter compared, the whole memory at the end; then responses that nobody asked for, the error
 * counter at its end, utilisation against latency with floors, and a memory that goes silent. Any
 * fault ends the run with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axi_world.h"

static const uint64_t base_port = 0x1234567abcU; /* the low bits are not used */

static const mr_axi_mem_mode_t fast = {.style = MR_AXI_MEM_FREE,
                                       .ar_pct = 100,
                                       .aw_pct = 100,
                                       .w_pct = 100,
                                       .r_pct = 100,
                                       .b_pct = 100,
                                       .latency_min = 40,
                                       .latency_max = 40};

static void random_mode(void) {
    mr_axi_mem_mode_t mode = fast;
    mode.style = (mr_axi_mem_style_t)axi_rnd(MR_AXI_MEM_STYLES);
    mode.latency_min = axi_rnd(8);
    mode.latency_max = mode.latency_min + (axi_rnd(2) != 0 ? axi_rnd(10) : axi_rnd(150));
    if (axi_rnd(3) != 0) {
        mode.ar_pct = 10 + axi_rnd(91);
        mode.aw_pct = 10 + axi_rnd(91);
        mode.w_pct = 10 + axi_rnd(91);
        mode.r_pct = 20 + axi_rnd(81);
        mode.b_pct = 5 + axi_rnd(96);
    }
    if (axi_rnd(3) == 0) {
        mode.error_per_1000 = axi_rnd(2) != 0 ? 5 : 200;
        mode.odd_per_1000 = axi_rnd(2) != 0 ? 0 : 10;
    }
    axi.room_pct = axi_rnd(2) != 0 ? 100 : 20 + axi_rnd(80);
    axi.room_words = (axi_rnd(2) != 0 ? 1 + axi_rnd(8) : 1000) * axi.shape.burst;
    mr_axi_mem_mode(axi.mem, &mode);
}

static void random_phase(uint64_t runs) {
    const uint64_t end = axi.runs + runs;
    while (axi.runs < end && !axi.failed) {
        if (axi_rnd(60) == 0) {
            random_mode();
        }
        if (axi_rnd(40) == 0) { /* at times so long that a write fails meanwhile */
            axi.io.err_clear = true;
            for (unsigned i = axi_rnd(4) != 0 ? 1 : 1 + axi_rnd(60); i > 0 && !axi.failed; i--) {
                axi_tick();
            }
            axi.io.err_clear = false;
        }
        if (axi_rnd(100) == 0) {
            for (unsigned i = axi_rnd(300); i > 0 && !axi.failed; i--) {
                axi_tick();
            }
        }
        if (axi_rnd(1500) == 0) {
            axi_clear();
        }
        uint32_t n = 1 + axi_rnd(axi_rnd(8) != 0 ? 4 : 24);
        if (axi_rnd(200) == 0) {
            n = 1 + axi_rnd(PAGE_BURSTS);
        }
        const uint32_t page = axi_rnd(2) == 0 ? axi_rnd(2) : axi_rnd(PAGES);
        const uint32_t span = axi_rnd(2) == 0 && n < 60 ? 60 : PAGE_BURSTS; /* hot spots */
        const uint32_t words = n * axi.shape.burst;
        while (axi.rd.tail - axi.rd.head + words > QUEUE && !axi.failed) {
            axi_tick();
        }
        axi_offer(axi_rnd(100) < 45, page, axi_rnd(span - n + 1), n,
                  words - axi_rnd(axi.shape.burst));
        if (axi_rnd(1000) == 0) { /* the run on offer is withdrawn by clear_i */
            axi_clear();
        }
        axi_wait_taken();
    }
    mr_axi_mem_mode(axi.mem, &fast);
    axi.room_pct = 100;
    axi.room_words = QUEUE;
    axi_drain();
}

static uint64_t counter(unsigned index) {
    uint64_t value = 0;
    for (unsigned quarter = 0; quarter < 4; quarter++) {
        axi.io.cnt_addr = (uint8_t)(4 * index + quarter);
        axi.io.cnt_valid = true;
        axi_tick();
        for (unsigned i = 0; i < 600 && !axi.io.cnt_done; i++) {
            axi_tick();
        }
        if (!axi.io.cnt_done) {
            axi_fail("a counter does not answer");
        }
        value |= (uint64_t)axi.io.cnt_data << (16 * quarter);
        axi.io.cnt_valid = false;
        axi_tick();
    }
    return value;
}

static void rest(unsigned clocks) {
    for (unsigned i = 0; i < clocks && !axi.failed; i++) {
        axi_tick();
    }
}

/* Since the last clear; the copy that is read is up to four rounds old. At rest first, while words
 * that moved in the same clock as another one are counted; then 2000 clocks without room, half of
 * them with a read that needs it, then 600 at rest. */
static void check_counters(void) {
    uint64_t count[COUNTERS], sum = 0;
    rest(5000);
    axi.room_pct = 0;
    axi_tick();
    axi_offer(true, 4, 0, 9, 9 * axi.shape.burst); /* a write needs none */
    rest(1000);
    if (axi.offered || axi.wr.head != axi.wr.tail) {
        axi_fail("a write waits for read room");
    }
    axi_offer(false, 2, 0, 4, 4 * axi.shape.burst);
    rest(1000);
    axi.room_pct = 100;
    axi_drain();
    rest(600);
    const uint64_t clocks = axi.clock - axi.ready_at;
    axi.io.snap = true;
    axi_tick();
    axi.io.snap = false;
    for (unsigned i = 0; i < COUNTERS; i++) {
        count[i] = counter(i);
        sum += i < 16 ? count[i] : 0;
    }
    if (sum > clocks + 256 || sum + 512 < clocks || count[0] != axi.useful ||
        count[18] != axi.rd_bursts || count[19] != axi.wr_bursts ||
        sum != count[0] + count[5] + count[6] || count[5] < 500 || count[6] < 900) {
        fprintf(stderr, "sum %llu of %llu, useful %llu of %llu, RD %llu of %llu, WR %llu of %llu\n",
                (unsigned long long)sum, (unsigned long long)clocks, (unsigned long long)count[0],
                (unsigned long long)axi.useful, (unsigned long long)count[18],
                (unsigned long long)axi.rd_bursts, (unsigned long long)count[19],
                (unsigned long long)axi.wr_bursts);
        axi_fail("the counters are wrong");
    }
}

/* Responses that nobody asked for are dropped and reported; the bench's own checks see them. */
static void spurious_phase(void) {
    for (unsigned i = 0; i < 8 && !axi.failed; i++) {
        axi.io.err_clear = true;
        axi_tick();
        axi.io.err_clear = false;
        if (axi.proto) {
            axi_fail("the report cannot be cleared");
        }
        mr_axi_mem_spurious(axi.mem, i % 2 == 0);
        for (unsigned k = 0; k < 6; k++) {
            axi_tick();
        }
        if (!axi.proto) {
            axi_fail("the memory did not send its spurious response");
        }
        axi_offer(i % 3 == 0, i, 0, 9, 9 * axi.shape.burst);
        axi_drain();
    }
}

/* The error counter stops at its largest value. */
static void saturate_phase(void) {
    mr_axi_mem_mode_t mode = fast;
    mode.latency_min = mode.latency_max = 2;
    mode.error_per_1000 = 1000;
    mr_axi_mem_mode(axi.mem, &mode);
    for (unsigned i = 0; i < 0x10100 && !axi.failed; i++) {
        axi_offer(true, 3, i % 40, 1, 1);
        axi_wait_taken();
    }
    axi_drain();
    mr_axi_mem_mode(axi.mem, &fast);
    if (axi.err_count != 0xffff) {
        axi_fail("the bench did not fill the error counter");
    }
    axi.io.err_clear = true;
    axi_tick();
    axi.io.err_clear = false;
}

static bool set_up(const axi_shape_t *shape) {
    axi.shape = *shape;
    axi.burst_bytes = shape->word * shape->burst;
    axi.base = base_port & ~4095ULL;
    const uint32_t size = (uint32_t)LOCALS * BANKS * axi.burst_bytes;
    axi.mem = mr_axi_mem_new(axi.base, size, shape->word, axi.random ^ 77);
    axi.gold = calloc(PAGES, (size_t)PAGE_BURSTS * axi.burst_bytes);
    if (axi.mem == NULL || axi.gold == NULL) {
        fprintf(stderr, "bench_kv_axi: out of memory\n");
        return false;
    }
    axi.check.base = axi.base;
    axi.check.size = size;
    axi.check.word = shape->word;
    axi.check.max_burst =
        shape->max_burst * shape->word > 4096 ? 4096 / shape->word : shape->max_burst;
    axi.check.max_reads = shape->max_reads;
    axi.check.max_writes = shape->max_writes;
    axi.io.base = base_port;
    axi.io.cfg_part = PART;
    axi.room_pct = 100;
    axi.room_words = QUEUE;
    axi.after_clear = true;
    mr_axi_mem_mode(axi.mem, &fast);
    for (unsigned i = 0; i < 4; i++) {
        axi_tick();
    }
    axi.io.rst_n = true;
    for (unsigned i = 0; i < 1000 && !axi.io.ready; i++) {
        axi_tick();
    }
    if (!axi.io.ready) {
        axi_fail("never ready");
    }
    return true;
}

int axi_bench_main(const axi_shape_t *shape, int argc, char **argv) {
    axi.random = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t runs = argc > 2 ? strtoull(argv[2], NULL, 0) : 50000;
    printf("%s seed %llu\n", shape->name, (unsigned long long)axi.random);
    if (set_up(shape)) {
        random_phase(runs);
        mr_axi_check_memory();
        if (!axi.failed) {
            check_counters();
        }
        spurious_phase();
        if (shape->word == 8) {
            saturate_phase();
        }
        axi_speed_phase(&fast);
        axi_silent_phase(&fast);
        printf("%llu runs, %llu words, %llu clears, %llu clocks\n", (unsigned long long)axi.runs,
               (unsigned long long)axi.words_moved, (unsigned long long)axi.clears,
               (unsigned long long)axi.clock);
    } else {
        axi.failed = true;
    }
    mr_axi_mem_free(axi.mem);
    free(axi.gold);
    if (!axi.failed) {
        printf("PASS %s\n", shape->name);
    }
    return axi.failed ? 1 : 0;
}
