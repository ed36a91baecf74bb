/* SPDX-License-Identifier: Apache-2.0 */
/* How busy the data channels are at latencies of 20 to 200 clocks. The memory answers a word a
 * clock; what is below 100 % is lost by the device under test. */
#include <stdio.h>

#include "axi_world.h"

enum { CHUNK = 17, RUNS = 150, ROWS = 5 };

static const struct {
    unsigned min, max;
} latency[ROWS] = {{20, 20}, {50, 50}, {100, 100}, {200, 200}, {20, 200}};

/* Words on a channel by clocks, from about the first word to the last one, and the same for the
 * ideal device (axi_ideal_t). Both in per cent. */
typedef struct {
    double share, limit;
} use_t;

static void room_for(uint32_t words) {
    while (axi.rd.tail - axi.rd.head + axi.wr.tail - axi.wr.head + words > QUEUE / 2 &&
           !axi.failed) {
        axi_tick();
    }
}

static void give(bool wr, uint32_t page, uint32_t first, uint32_t n) {
    room_for(n * axi.shape.burst);
    axi_offer(wr, page % PAGES, first, n, n * axi.shape.burst);
    axi_wait_taken();
}

/* Whole pages read, whole pages written, chunks read in random order, and decode: a user's new
 * vector is appended, then all of its history is read. */
static void pages_read(unsigned i) {
    give(false, i * 7, 0, PAGE_BURSTS);
}

static void pages_written(unsigned i) {
    give(true, i * 7, 0, PAGE_BURSTS);
}

static void chunks(unsigned i) {
    (void)i;
    for (unsigned k = 0; k < 8; k++) {
        give(false, axi_rnd(PAGES), axi_rnd(PAGE_BURSTS / CHUNK) * CHUNK, CHUNK);
    }
}

static void decode(unsigned i) {
    give(true, 2 * i + 1, 3 + i % 100, 2);
    give(false, 2 * i, 0, PAGE_BURSTS);
    give(false, 2 * i + 1, 0, 3 + i % 100);
}

/* The channel is W for patterns that only write, else R. */
static use_t measure(void (*pattern)(unsigned i), bool wr, unsigned clocks) {
    axi_drain();
    const uint64_t *const words = wr ? &axi.w_words : &axi.r_words;
    axi_ideal_t *const ideal = wr ? &axi.ideal_wr : &axi.ideal_rd;
    uint64_t before = *words;
    const uint64_t all = before;
    *ideal =
        (axi_ideal_t){.depth = wr ? axi.shape.max_writes : axi.shape.max_reads, .latency = clocks};
    pattern(0);
    while (*words == before && !axi.failed) {
        axi_tick();
    }
    before = *words;
    const uint64_t from = axi.clock;
    for (unsigned i = 1; i < RUNS && !axi.failed; i++) {
        pattern(i);
    }
    while ((axi.rd.head != axi.rd.tail || axi.wr.head != axi.wr.tail) && !axi.failed) {
        axi_tick();
    }
    use_t use = {.share = 100.0 * (double)(*words - before) / (double)(axi.clock - from)};
    axi_drain();
    use.limit = 100.0 * (double)(*words - all) / (double)(ideal->data - (wr ? 0 : clocks));
    return use;
}

/* An isolated read. */
static void check_latency(unsigned memory) {
    axi_drain();
    axi.first_ar = axi.first_r = 0;
    const uint64_t start = axi.clock;
    axi_offer(false, 1, 0, 1, axi.shape.burst);
    axi_drain();
    const unsigned ar = (unsigned)(axi.first_ar - start),
                   r = (unsigned)(axi.first_r - axi.first_ar);
    printf("%s: run to ARVALID %u clocks, ARVALID to data %u (memory %u)\n", axi.shape.name, ar, r,
           memory + 1);
    if (ar > 5 || r > memory + 2) {
        axi_fail("an isolated read is too slow");
    }
}

static void check_use(const char *what, use_t use, double floor) {
    printf(", %s %.2f (%.2f)", what, use.share, use.limit);
    if (use.share < floor * use.limit) {
        axi_fail("a data channel is not as busy as it could be");
    }
}

void axi_speed_phase(const mr_axi_mem_mode_t *fast) {
    mr_axi_mem_mode_t mode = *fast;
    check_latency(mode.latency_min);
    printf("%s: %% of clocks with a word, in brackets the limit of %u reads and %u writes at the "
           "longest latency\n",
           axi.shape.name, axi.shape.max_reads, axi.shape.max_writes);
    for (unsigned i = 0; i < ROWS && !axi.failed; i++) {
        const unsigned longest = latency[i].max;
        mode.latency_min = latency[i].min;
        mode.latency_max = longest;
        mr_axi_mem_mode(axi.mem, &mode);
        printf("%s: latency %u..%u", axi.shape.name, latency[i].min, longest);
        check_use("pages", measure(pages_read, false, longest), 0.985);
        check_use("chunks", measure(chunks, false, longest), 0.985);
        check_use("writes", measure(pages_written, true, longest), 0.985);
        check_use("decode", measure(decode, false, longest), 0.95);
        printf("\n");
    }
    mr_axi_mem_mode(axi.mem, fast);
}
