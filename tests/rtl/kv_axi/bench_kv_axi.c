/* SPDX-License-Identifier: Apache-2.0 */
/* Bench of the AXI back end: random runs, a memory that takes every liberty AXI gives it, a golden
 * copy, an independent protocol checker.
 *
 * Usage: bench_kv_axi_NAME [seed [runs]]. Random runs under changing latencies, READY patterns,
 * errors, read room and now and then clear_i; every word read, every address, error flag and
 * counter compared, the whole memory at the end; then responses that nobody asked for, the error
 * counter at its end, and streams from a fast memory, whose utilisation has a floor. Any fault ends
 * the run with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axi_check.h"
#include "axi_dut.h"
#include "axi_mem.h"

enum {
    LG_BANKS = 2,
    LG_ROWS = 4,
    LG_COLS = 7,
    BANKS = 1 << LG_BANKS,
    LOCALS = 1 << (LG_ROWS + LG_COLS),
    PART = 45,
    PAGES = LOCALS / PART,
    PAGE_BURSTS = PART * BANKS,
    QUEUE = 1 << 14,
    HANG = 20000,
    COUNTERS = 24
};

static const uint64_t base_port = 0x1234567abcU; /* the low bits are not used */

typedef struct {
    uint32_t page, word;                     /* word within the page */
    uint8_t data[AXI_BYTES], old[AXI_BYTES]; /* old: what a write replaces */
    uint64_t strobes;
} item_t;

typedef struct {
    item_t item[QUEUE];
    unsigned head, tail;
} items_t;

typedef struct {
    uint64_t addr[QUEUE];
    unsigned head, tail;
} places_t;

static struct {
    axi_dut_t io;
    axi_shape_t shape;
    axi_mem_t *mem;
    axi_check_t check;
    uint32_t burst_bytes;
    uint64_t base, clock, random, last_progress, runs, ready_at;
    bool failed, offered, was_ready, after_clear;
    unsigned room_pct, room_run, room_words;
    bool room_luck, room_was;
    uint8_t *gold;   /* PAGES pages, byte by byte */
    items_t rd, wr;  /* words to be read; words of writes not yet taken */
    places_t ar, aw; /* bursts whose requests are to come */
    bool bad[QUEUE]; /* read responses on their way through */
    unsigned bad_head, bad_tail;
    uint64_t issued, received, asked_from; /* words */
    uint64_t useful, rd_bursts, wr_bursts; /* what the counters must show */
    bool err, proto, err_d, proto_d;
    uint64_t err_addr, err_addr_d;
    uint32_t err_count, err_count_d;
    uint64_t first_ar, first_r, words_moved, clears;
} s;

static uint32_t rnd(uint32_t below) {
    s.random = s.random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((s.random >> 33) % below);
}

static void fail(const char *what) {
    if (!s.failed) {
        fprintf(stderr, "FAIL clock %llu: %s\n", (unsigned long long)s.clock, what);
    }
    s.failed = true;
}

static size_t gold_at(uint32_t page, uint32_t word) {
    return ((size_t)page * PAGE_BURSTS * s.shape.burst + word) * s.shape.word;
}

static uint32_t page_rot(uint32_t page) {
    return page * 5 / 3 % BANKS;
}

/* Where burst `at` of a page stands in the memory, as the documentation says. */
static uint64_t place(uint32_t page, uint32_t at) {
    const uint32_t part = at / PART, local = page * PART + at % PART;
    const uint32_t row = local >> LG_COLS, col = local % (1U << LG_COLS);
    const uint32_t bank = ((part ^ part >> 1) + page_rot(page) + 2 * row) % BANKS;
    return (uint64_t)((row << LG_BANKS | bank) << LG_COLS | col) * s.burst_bytes;
}

/* A new request must be the next bursts in the order of the runs. */
static void check_place(places_t *list, const axi_addr_t *addr) {
    const unsigned bursts = (addr->len + 1U) / s.shape.burst;
    if ((addr->len + 1U) % s.shape.burst != 0) {
        fail("a request for half a burst");
    }
    for (unsigned i = 0; i < bursts; i++) {
        if (list->head == list->tail ||
            list->addr[list->head++ % QUEUE] != addr->addr - s.base + i * s.burst_bytes) {
            fail("a request at the wrong address");
            return;
        }
    }
}

static void check_word(void) {
    if (s.bad_head == s.bad_tail || s.rd.head == s.rd.tail) {
        fail("a read word that nobody asked for");
        return;
    }
    const bool bad = s.bad[s.bad_head++ % QUEUE];
    const item_t *item = &s.rd.item[s.rd.head++ % QUEUE];
    s.received++;
    if (s.received > s.issued) {
        fail("a read word without rd_issue");
    }
    if (s.io.rd_err != bad) {
        fail("rd_err is wrong");
    }
    for (uint32_t i = 0; !bad && i < s.shape.word; i++) {
        if (item->data[i] != s.io.rd_word[i]) {
            fail("wrong read data");
            return;
        }
    }
}

/* What the device under test shows in this clock; outputs of registers. */
static void check_outputs(void) {
    const axi_pins_t *pins = &s.io.pins, *was = &s.check.was;
    if (pins->ar.valid && !(was->ar.valid && !was->ar.ready)) {
        check_place(&s.ar, &pins->ar);
        s.first_ar = s.first_ar == 0 ? s.clock : s.first_ar;
    }
    if (pins->aw.valid && !(was->aw.valid && !was->aw.ready)) {
        check_place(&s.aw, &pins->aw);
    }
    if (s.io.wr_err != s.err_d || s.io.err_count != s.err_count_d || s.io.proto_err != s.proto_d ||
        (s.err_d && s.io.err_addr != s.err_addr_d)) {
        fail("the error report is wrong");
    }
    if (s.io.clear) {
        return;
    }
    if (s.io.rd_issue) {
        s.issued += s.shape.burst;
        s.rd_bursts++;
        if (!s.room_was) {
            fail("rd_issue without room");
        }
    }
    if (s.io.rd_valid) {
        s.first_r = s.first_r == 0 ? s.clock : s.first_r;
        check_word();
        s.words_moved++;
        s.last_progress = s.clock;
    }
    if (s.io.wd_pop) {
        if (s.wr.head == s.wr.tail) {
            fail("a write word taken that nobody offered");
        } else {
            s.wr.head++;
        }
        s.words_moved++;
        s.last_progress = s.clock;
    }
    if (!s.io.ready && (s.io.run_ready || s.io.wd_pop || s.io.rd_valid || s.io.rd_issue)) {
        fail("something moves while not ready");
    }
    if (s.io.ready && s.after_clear) { /* nothing is left of what was before */
        s.after_clear = false;
        s.ready_at = s.clock;
        s.ar.head = s.ar.tail;
        s.aw.head = s.aw.tail;
        s.asked_from = s.check.words_asked;
        if (axi_mem_waiting(s.mem) != 0 || s.io.rd_out != 0 || s.io.wr_out != 0) {
            fail("ready before all is drained");
        }
    }
    if (!s.after_clear && s.check.words_asked - s.asked_from > s.issued) {
        fail("a read request beyond the room that was granted");
    }
    if (s.io.busy == s.io.idle || (s.io.idle && axi_mem_waiting(s.mem) != 0)) {
        fail("idle or busy is wrong");
    }
}

/* No VALID, no payload and no pop may depend on this clock's READY. */
static void check_paths(void) {
    axi_dut_t twin = s.io;
    twin.pins.ar.ready = !twin.pins.ar.ready;
    twin.pins.aw.ready = !twin.pins.aw.ready;
    twin.pins.w.ready = !twin.pins.w.ready;
    axi_dut_settle(&twin);
    if (twin.pins.ar.valid != s.io.pins.ar.valid || twin.pins.aw.valid != s.io.pins.aw.valid ||
        twin.pins.w.valid != s.io.pins.w.valid || twin.pins.w.last != s.io.pins.w.last ||
        twin.pins.ar.addr != s.io.pins.ar.addr || twin.pins.aw.addr != s.io.pins.aw.addr ||
        twin.wd_pop != s.io.wd_pop || twin.run_ready != s.io.run_ready ||
        memcmp(twin.pins.w.data, s.io.pins.w.data, AXI_BYTES) != 0) {
        fail("an output depends on READY in the same clock");
    }
}

/* What err_clear_i and this clock's responses make of the error report. */
static void expect_errors(const axi_mem_event_t *event) {
    s.err_d = s.err && !s.io.err_clear;
    s.err_count_d = s.io.err_clear ? 0 : s.err_count;
    s.proto_d = (s.proto && !s.io.err_clear) || event->odd;
    s.err_addr_d = s.err_addr;
    if (event->b && event->b_bad) {
        s.err_addr_d = s.err_d ? s.err_addr : event->b_addr;
        s.err_d = true;
        s.err_count_d += s.err_count_d != 0xffff;
    }
    s.err = s.err_d;
    s.err_count = s.err_count_d;
    s.proto = s.proto_d;
    s.err_addr = s.err_addr_d;
}

/* clear_i: all runs are gone; write words that were not taken are not written. */
static void forget(void) {
    while (s.wr.tail != s.wr.head) {
        const item_t *item = &s.wr.item[--s.wr.tail % QUEUE];
        memcpy(s.gold + gold_at(item->page, item->word), item->old, s.shape.word);
    }
    s.rd.head = s.rd.tail;
    s.bad_head = s.bad_tail;
    s.issued = s.received = s.useful = s.rd_bursts = s.wr_bursts = 0;
    s.offered = false;
    s.after_clear = true;
    s.last_progress = s.clock;
}

/* One clock; the run in s.io is offered while s.offered. */
static void tick(void) {
    axi_mem_event_t event = {0};
    s.io.run_valid = s.offered;
    memcpy(s.io.wd_word, s.wr.item[s.wr.head % QUEUE].data, AXI_BYTES);
    s.io.wd_be = s.wr.item[s.wr.head % QUEUE].strobes;
    if (s.wr.head == s.wr.tail) { /* nothing is there: whoever takes it writes nonsense */
        s.io.wd_be = ~0ULL;
    }
    if (s.room_run-- == 0) {
        s.room_luck = rnd(100) < s.room_pct;
        s.room_run = rnd(s.room_pct == 100 ? 1 : 12);
    }
    s.io.rd_room = s.room_luck && s.issued - s.received < s.room_words;
    axi_dut_settle(&s.io); /* outputs of registers, for a memory that looks at VALID */
    axi_mem_drive(s.mem, &s.io.pins);
    if (s.clock % 8 == 3) {
        check_paths();
    }
    axi_dut_settle(&s.io);
    if (s.io.rst_n) {
        check_outputs();
    }
    const char *rule = axi_check_clock(&s.check, &s.io.pins, !s.io.rst_n);
    if (rule != NULL) {
        fail(rule);
    }
    const bool taken = s.io.run_valid && s.io.run_ready && s.io.rst_n && !s.io.clear;
    if (taken) {
        s.offered = false;
        s.runs++;
        s.useful += s.io.run_use;
        s.last_progress = s.clock;
    }
    const char *fault = axi_mem_clock(s.mem, &s.io.pins, &event);
    if (fault != NULL) {
        fail(fault);
    }
    if (event.r && s.io.ready && !s.io.clear) {
        s.bad[s.bad_tail++ % QUEUE] = event.r_bad;
    }
    expect_errors(&event);
    if (s.io.clear) {
        forget();
    }
    if (s.clock - s.last_progress > HANG && (s.offered || s.rd.head != s.rd.tail)) {
        fail("nothing moves");
    }
    s.room_was = s.io.rd_room;
    axi_dut_edge();
    s.clock++;
}

/* Offers a run and, for writes, makes its words; changes the golden copy. */
static void offer(bool wr, uint32_t page, uint32_t first, uint32_t n, uint32_t use) {
    s.io.run_wr = wr;
    s.io.run_base = page * PART;
    s.io.run_rot = (uint8_t)page_rot(page);
    s.io.run_part = (uint8_t)(first / PART);
    s.io.run_off = first % PART;
    if (s.io.run_part != 0 && rnd(3) == 0) { /* the offset may lie beyond the part */
        s.io.run_part--;
        s.io.run_off += PART;
    }
    s.io.run_n = n;
    s.io.run_use = use;
    places_t *places = wr ? &s.aw : &s.ar;
    for (uint32_t i = 0; i < n; i++) {
        places->addr[places->tail++ % QUEUE] = place(page, first + i);
    }
    items_t *list = wr ? &s.wr : &s.rd;
    for (uint32_t i = 0; i < n * s.shape.burst; i++) {
        item_t *item = &list->item[list->tail++ % QUEUE];
        item->page = page;
        item->word = first * s.shape.burst + i;
        uint8_t *gold = s.gold + gold_at(page, item->word);
        const unsigned kind = rnd(8);
        const uint64_t strobes = (uint64_t)rnd(1U << 31) << 33 ^ (uint64_t)rnd(1U << 31) << 16;
        item->strobes = kind == 0 ? 0 : kind < 3 ? strobes | strobes >> 17 : ~0ULL;
        memcpy(item->old, gold, s.shape.word);
        for (uint32_t k = 0; k < s.shape.word; k++) {
            item->data[k] = wr ? (uint8_t)rnd(256) : gold[k];
            if (wr && (item->strobes >> k & 1) != 0) {
                gold[k] = item->data[k];
            }
        }
    }
    s.wr_bursts += wr ? n : 0;
    s.offered = true;
}

static void wait_taken(void) {
    while (s.offered && !s.failed) {
        tick();
    }
}

static void drain(void) {
    wait_taken();
    tick();
    for (unsigned i = 0; i < HANG && !s.failed && !(s.io.idle && s.rd.head == s.rd.tail); i++) {
        tick();
    }
    if (!s.failed && (!s.io.idle || s.rd.head != s.rd.tail || s.wr.head != s.wr.tail ||
                      s.ar.head != s.ar.tail || s.aw.head != s.aw.tail || s.io.rd_out != 0 ||
                      s.io.wr_out != 0 || s.issued != s.received)) {
        fail("the back end does not come to rest");
    }
}

static void clear(void) {
    s.clears++;
    s.io.clear = true;
    for (unsigned i = 0; i < 1 + rnd(3); i++) {
        tick();
    }
    s.io.clear = false;
    tick();
    for (unsigned i = 0; i < HANG && !s.failed && !s.io.ready; i++) {
        tick();
    }
    if (!s.io.ready) {
        fail("never ready");
    }
}

static const axi_mem_mode_t fast = {.style = AXI_MEM_FREE,
                                    .ar_pct = 100,
                                    .aw_pct = 100,
                                    .w_pct = 100,
                                    .r_pct = 100,
                                    .b_pct = 100,
                                    .latency_min = 40,
                                    .latency_max = 40};

static void random_mode(void) {
    axi_mem_mode_t mode = fast;
    mode.style = (axi_mem_style_t)rnd(AXI_MEM_STYLES);
    mode.latency_min = rnd(8);
    mode.latency_max = mode.latency_min + (rnd(2) != 0 ? rnd(10) : rnd(150));
    if (rnd(3) != 0) {
        mode.ar_pct = 10 + rnd(91);
        mode.aw_pct = 10 + rnd(91);
        mode.w_pct = 10 + rnd(91);
        mode.r_pct = 20 + rnd(81);
        mode.b_pct = 5 + rnd(96);
    }
    if (rnd(3) == 0) {
        mode.error_per_1000 = rnd(2) != 0 ? 5 : 200;
        mode.odd_per_1000 = rnd(2) != 0 ? 0 : 10;
    }
    s.room_pct = rnd(2) != 0 ? 100 : 20 + rnd(80);
    s.room_words = (rnd(2) != 0 ? 1 + rnd(8) : 1000) * s.shape.burst;
    axi_mem_mode(s.mem, &mode);
}

static void random_phase(uint64_t runs) {
    const uint64_t end = s.runs + runs;
    while (s.runs < end && !s.failed) {
        if (rnd(60) == 0) {
            random_mode();
        }
        if (rnd(40) == 0) {
            s.io.err_clear = true;
            tick();
            s.io.err_clear = false;
        }
        if (rnd(100) == 0) {
            for (unsigned i = rnd(300); i > 0 && !s.failed; i--) {
                tick();
            }
        }
        if (rnd(1500) == 0) {
            clear();
        }
        uint32_t n = 1 + rnd(rnd(8) != 0 ? 4 : 24);
        if (rnd(200) == 0) {
            n = 1 + rnd(PAGE_BURSTS);
        }
        const uint32_t page = rnd(2) == 0 ? rnd(2) : rnd(PAGES);
        const uint32_t span = rnd(2) == 0 && n < 60 ? 60 : PAGE_BURSTS; /* hot spots */
        const uint32_t words = n * s.shape.burst;
        while (s.rd.tail - s.rd.head + words > QUEUE && !s.failed) {
            tick();
        }
        offer(rnd(100) < 45, page, rnd(span - n + 1), n, words - rnd(s.shape.burst));
        if (rnd(1000) == 0) { /* the run on offer is withdrawn by clear_i */
            clear();
        }
        wait_taken();
    }
    axi_mem_mode(s.mem, &fast);
    s.room_pct = 100;
    s.room_words = QUEUE;
    drain();
}

static void check_memory(void) {
    const uint8_t *bytes = axi_mem_bytes(s.mem);
    for (uint32_t page = 0; page < PAGES && !s.failed; page++) {
        for (uint32_t i = 0; i < PAGE_BURSTS * s.burst_bytes; i++) {
            const size_t at = gold_at(page, 0) + i;
            if (s.gold[at] != bytes[place(page, i / s.burst_bytes) + i % s.burst_bytes]) {
                fail("the memory is not what was written");
                return;
            }
        }
    }
}

static uint64_t counter(unsigned index) {
    uint64_t value = 0;
    for (unsigned quarter = 0; quarter < 4; quarter++) {
        s.io.cnt_addr = (uint8_t)(4 * index + quarter);
        s.io.cnt_valid = true;
        tick();
        for (unsigned i = 0; i < 600 && !s.io.cnt_done; i++) {
            tick();
        }
        if (!s.io.cnt_done) {
            fail("a counter does not answer");
        }
        value |= (uint64_t)s.io.cnt_data << (16 * quarter);
        s.io.cnt_valid = false;
        tick();
    }
    return value;
}

/* Since the last clear; the copy that is read is up to four rounds old. 1000 clocks without room,
 * 600 clocks at rest. */
static void check_counters(void) {
    uint64_t count[COUNTERS], sum = 0;
    s.room_pct = 0;
    tick();
    offer(false, 2, 0, 4, 4 * s.shape.burst);
    for (unsigned i = 0; i < 1000; i++) {
        tick();
    }
    s.room_pct = 100;
    drain();
    for (unsigned i = 0; i < 600; i++) {
        tick();
    }
    const uint64_t clocks = s.clock - s.ready_at;
    s.io.snap = true;
    tick();
    s.io.snap = false;
    for (unsigned i = 0; i < COUNTERS; i++) {
        count[i] = counter(i);
        sum += i < 16 ? count[i] : 0;
    }
    if (sum > clocks + 256 || sum + 512 < clocks || count[0] != s.useful ||
        count[18] != s.rd_bursts || count[19] != s.wr_bursts ||
        sum != count[0] + count[5] + count[6] || count[5] < 500 || count[6] < 900) {
        fprintf(stderr, "sum %llu of %llu, useful %llu of %llu, RD %llu of %llu, WR %llu of %llu\n",
                (unsigned long long)sum, (unsigned long long)clocks, (unsigned long long)count[0],
                (unsigned long long)s.useful, (unsigned long long)count[18],
                (unsigned long long)s.rd_bursts, (unsigned long long)count[19],
                (unsigned long long)s.wr_bursts);
        fail("the counters are wrong");
    }
}

/* Responses that nobody asked for are dropped and reported; the bench's own checks see them. */
static void spurious_phase(void) {
    for (unsigned i = 0; i < 8 && !s.failed; i++) {
        s.io.err_clear = true;
        tick();
        s.io.err_clear = false;
        if (s.proto) {
            fail("the report cannot be cleared");
        }
        axi_mem_spurious(s.mem, i % 2 == 0);
        for (unsigned k = 0; k < 6; k++) {
            tick();
        }
        if (!s.proto) {
            fail("the memory did not send its spurious response");
        }
        offer(i % 3 == 0, i, 0, 9, 9 * s.shape.burst);
        drain();
    }
}

/* The error counter stops at its largest value. */
static void saturate_phase(void) {
    axi_mem_mode_t mode = fast;
    mode.latency_min = mode.latency_max = 2;
    mode.error_per_1000 = 1000;
    axi_mem_mode(s.mem, &mode);
    for (unsigned i = 0; i < 0x10100 && !s.failed; i++) {
        offer(true, 3, i % 40, 1, 1);
        wait_taken();
    }
    drain();
    axi_mem_mode(s.mem, &fast);
    if (s.err_count != 0xffff) {
        fail("the bench did not fill the error counter");
    }
    s.io.err_clear = true;
    tick();
    s.io.err_clear = false;
}

/* Isolated read latency and streams of whole pages with a small write now and then. */
static void stream_phase(void) {
    s.first_ar = s.first_r = 0;
    const uint64_t start = s.clock;
    offer(false, 1, 0, 1, s.shape.burst);
    drain();
    const unsigned ar = (unsigned)(s.first_ar - start), r = (unsigned)(s.first_r - s.first_ar);
    const uint64_t from = s.clock, words = s.words_moved;
    for (unsigned i = 0; i < 200 && !s.failed; i++) {
        while (s.rd.tail - s.rd.head + PAGE_BURSTS * s.shape.burst > QUEUE && !s.failed) {
            tick();
        }
        offer(false, i * 7 % PAGES, 0, PAGE_BURSTS, PAGE_BURSTS * s.shape.burst);
        wait_taken();
        if (i % 8 == 7) {
            offer(true, (i * 7 + 20) % PAGES, 3, 4, 4 * s.shape.burst);
            wait_taken();
        }
    }
    const uint64_t moved = s.words_moved - words + s.rd.tail - s.rd.head;
    drain();
    const double utilisation = 100.0 * (double)moved / (double)(s.clock - from);
    printf("%s: run to ARVALID %u clocks, ARVALID to data %u (memory %u), streams %.2f %%\n",
           s.shape.name, ar, r, fast.latency_min + 1, utilisation);
    if (ar > 5 || r > fast.latency_min + 2) {
        fail("an isolated read is too slow");
    }
    if (utilisation < 97.0) {
        fail("the streams are too slow");
    }
}

static bool set_up(const axi_shape_t *shape) {
    s.shape = *shape;
    s.burst_bytes = shape->word * shape->burst;
    s.base = base_port & ~4095ULL;
    const uint32_t size = (uint32_t)LOCALS * BANKS * s.burst_bytes;
    s.mem = axi_mem_new(s.base, size, shape->word, s.random ^ 77);
    s.gold = calloc(PAGES, (size_t)PAGE_BURSTS * s.burst_bytes);
    if (s.mem == NULL || s.gold == NULL) {
        fprintf(stderr, "bench_kv_axi: out of memory\n");
        return false;
    }
    s.check.base = s.base;
    s.check.size = size;
    s.check.word = shape->word;
    s.check.max_burst =
        shape->max_burst * shape->word > 4096 ? 4096 / shape->word : shape->max_burst;
    s.check.max_reads = shape->max_reads;
    s.check.max_writes = shape->max_writes;
    s.io.base = base_port;
    s.io.cfg_part = PART;
    s.room_pct = 100;
    s.room_words = QUEUE;
    s.after_clear = true;
    axi_mem_mode(s.mem, &fast);
    for (unsigned i = 0; i < 4; i++) {
        tick();
    }
    s.io.rst_n = true;
    for (unsigned i = 0; i < 1000 && !s.io.ready; i++) {
        tick();
    }
    if (!s.io.ready) {
        fail("never ready");
    }
    return true;
}

int axi_bench_main(const axi_shape_t *shape, int argc, char **argv) {
    s.random = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t runs = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;
    printf("%s seed %llu\n", shape->name, (unsigned long long)s.random);
    if (set_up(shape)) {
        random_phase(runs);
        check_memory();
        if (!s.failed) {
            check_counters();
        }
        spurious_phase();
        if (shape->word == 8) {
            saturate_phase();
        }
        stream_phase();
        printf("%llu runs, %llu words, %llu clears, %llu clocks\n", (unsigned long long)s.runs,
               (unsigned long long)s.words_moved, (unsigned long long)s.clears,
               (unsigned long long)s.clock);
    } else {
        s.failed = true;
    }
    axi_mem_free(s.mem);
    free(s.gold);
    if (!s.failed) {
        printf("PASS %s\n", shape->name);
    }
    return s.failed ? 1 : 0;
}
