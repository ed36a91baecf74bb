/* SPDX-License-Identifier: Apache-2.0 */
/* State and clock of the AXI back end's bench; see axi_world.h. */
#include "axi_world.h"

#include <stdio.h>
#include <string.h>

axi_world_t axi;

uint32_t axi_rnd(uint32_t below) {
    axi.random = axi.random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((axi.random >> 33) % below);
}

void axi_fail(const char *what) {
    if (!axi.failed) {
        fprintf(stderr, "FAIL clock %llu: %s\n", (unsigned long long)axi.clock, what);
    }
    axi.failed = true;
}

size_t axi_gold_at(uint32_t page, uint32_t word) {
    return ((size_t)page * PAGE_BURSTS * axi.shape.burst + word) * axi.shape.word;
}

static uint32_t page_rot(uint32_t page) {
    return page * 5 / 3 % BANKS;
}

/* Its place, less the base, if it is in this bank. */
static uint64_t place(uint32_t burst, uint32_t bank) {
    const uint32_t at = burst % PAGE_BURSTS;
    const uint32_t local = burst / PAGE_BURSTS * PART + at % PART;
    const uint32_t row = local >> LG_COLS, col = local % (1U << LG_COLS);
    return (uint64_t)((row << LG_BANKS | bank) << LG_COLS | col) * axi.burst_bytes;
}

static uint32_t bank_of(uint64_t at) {
    return (uint32_t)(at / axi.burst_bytes >> LG_COLS) % BANKS;
}

bool axi_is_at(uint32_t burst, uint64_t addr) {
    const uint64_t at = addr - axi.base;
    const uint32_t bank = bank_of(at);
    return at == place(burst, bank) && (axi.bank[burst] == 0 || axi.bank[burst] == bank + 1);
}

/* A new request must be the next bursts in the order of the runs. */
static void check_place(places_t *list, const mr_axi_addr_t *addr) {
    const unsigned bursts = (addr->len + 1U) / axi.shape.burst;
    if ((addr->len + 1U) % axi.shape.burst != 0) {
        axi_fail("a request for half a burst");
    }
    for (unsigned i = 0; i < bursts && !axi.failed; i++) {
        const uint64_t at = addr->addr + (uint64_t)i * axi.burst_bytes;
        if (list->head == list->tail || !axi_is_at(list->burst[list->head % QUEUE], at)) {
            axi_fail("a request at the wrong address");
            return;
        }
        const uint32_t burst = list->burst[list->head++ % QUEUE];
        uint32_t *const owner = &axi.owner[(at - axi.base) / axi.burst_bytes];
        if (*owner != 0 && *owner != burst + 1) {
            axi_fail("two bursts at one address");
        }
        *owner = burst + 1;
        axi.bank[burst] = bank_of(at - axi.base) + 1;
    }
}

static void check_word(void) {
    const bool owed = axi.bad_head == axi.bad_tail && axi.io.timeout;
    if (axi.rd.head == axi.rd.tail || (axi.bad_head == axi.bad_tail && !owed)) {
        axi_fail("a read word that nobody asked for");
        return;
    }
    const bool bad = owed || axi.bad[axi.bad_head++ % QUEUE];
    const item_t *item = &axi.rd.item[axi.rd.head++ % QUEUE];
    axi.received++;
    if (axi.received > axi.issued) {
        axi_fail("a read word without rd_issue");
    }
    if (axi.io.rd_err != bad) {
        axi_fail("rd_err is wrong");
    }
    for (uint32_t i = 0; !bad && i < axi.shape.word; i++) {
        if (item->data[i] != axi.io.rd_word[i]) {
            axi_fail("wrong read data");
            return;
        }
    }
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* Two clocks from a response to the next request and its data, three for writes: the registers on
 * the way. A write's latency counts from its address, so its words lie inside. */
static void ideal(axi_ideal_t *list, unsigned beats, bool wr) {
    const unsigned i = list->count++;
    const uint64_t free =
        i < list->depth ? 0 : list->done[(i - list->depth) % MR_AXI_CHECK_TXNS] + 1;
    list->data = later(wr ? free : free + list->latency + 1, list->data) + beats;
    const uint64_t done = wr ? later(free + list->latency, list->data) + 2 : list->data;
    list->done[i % MR_AXI_CHECK_TXNS] =
        i == 0 ? done : later(done, list->done[(i - 1) % MR_AXI_CHECK_TXNS]);
}

static void check_requests(void) {
    const mr_axi_pins_t *pins = &axi.io.pins, *was = &axi.check.was;
    const mr_axi_check_list_t *rd = &axi.check.rd, *wr = &axi.check.wr;
    const bool read = pins->ar.valid && !(was->ar.valid && !was->ar.ready);
    const bool write = pins->aw.valid && !(was->aw.valid && !was->aw.ready);
    if (read) {
        check_place(&axi.ar, &pins->ar);
        ideal(&axi.ideal_rd, pins->ar.len + 1U, false);
        axi.first_ar = axi.first_ar == 0 ? axi.clock : axi.first_ar;
    }
    if (write) {
        check_place(&axi.aw, &pins->aw);
        ideal(&axi.ideal_wr, pins->aw.len + 1U, true);
    }
    if ((read || write) && axi.lost_for > 1) {
        axi_fail("a new request to a memory that was given up");
    }
    if (axi.io.rd_out != rd->tail - rd->head + read ||
        axi.io.wr_out != wr->tail - wr->head + write) {
        axi_fail("rd_out or wr_out is wrong");
    }
    if (axi.io.busy != (!axi.io.idle || axi.io.rd_out != 0 || axi.io.wr_out != 0) ||
        (axi.io.idle && axi.io.rd_out + axi.io.wr_out != 0 && !axi.io.timeout)) {
        axi_fail("idle or busy is wrong");
    }
}

/* A burst of a write run whose request has not come. */
static bool is_asked(uint64_t addr) {
    bool found = axi.err; /* the address is that of an earlier one */
    for (unsigned i = axi.aw.head; i != axi.aw.tail; i++) {
        found = found || axi_is_at(axi.aw.burst[i % QUEUE], addr);
    }
    return found && axi.aw.head != axi.aw.tail;
}

/* While the memory is given up, a dropped burst may count in any clock; how many in all is
 * axi_silent_phase()'s to check. */
static void check_report(void) {
    if (axi.io.timeout != axi.lost) {
        axi_fail("timeout is wrong");
    }
    if (axi.lost && axi.io.err_count == axi.err_count + 1 && is_asked(axi.io.err_addr)) {
        axi.err_addr = axi.err ? axi.err_addr : axi.io.err_addr;
        axi.err = true;
        axi.err_count++;
    }
    if (axi.io.wr_err != axi.err || axi.io.err_count != axi.err_count ||
        axi.io.proto_err != axi.proto || (axi.err && axi.io.err_addr != axi.err_addr)) {
        axi_fail("the error report is wrong");
    }
}

/* What the device under test shows in this clock; outputs of registers. */
static void check_outputs(void) {
    if (axi.io.ready && axi.after_clear) {
        axi.lost = false;
    }
    axi.lost_for = axi.lost ? axi.lost_for + 1 : 0;
    if (axi.lost_for == 1) {
        axi.lost_from = axi.wr.head;
    }
    check_report();
    check_requests();
    if (axi.io.clear) {
        return;
    }
    if (axi.io.rd_issue) {
        axi.issued += axi.shape.burst;
        axi.rd_bursts++;
        if (!axi.room_was) {
            axi_fail("rd_issue without room");
        }
    }
    if (axi.io.rd_valid) {
        axi.first_r = axi.first_r == 0 ? axi.clock : axi.first_r;
        check_word();
        axi.words_moved++;
        axi.last_progress = axi.clock;
    }
    if (axi.io.wd_pop) {
        if (axi.wr.head == axi.wr.tail) {
            axi_fail("a write word taken that nobody offered");
        } else {
            axi.wr.head++;
        }
        axi.words_moved++;
        axi.last_progress = axi.clock;
    }
    if (!axi.io.ready &&
        (axi.io.run_ready || axi.io.wd_pop || axi.io.rd_valid || axi.io.rd_issue)) {
        axi_fail("something moves while not ready");
    }
    if (axi.io.ready && axi.after_clear) { /* nothing is left of what was before */
        axi.after_clear = false;
        axi.ready_at = axi.clock;
        axi.ar.head = axi.ar.tail;
        axi.aw.head = axi.aw.tail;
        axi.asked_from = axi.check.words_asked;
        if (mr_axi_mem_waiting(axi.mem) != 0 || axi.io.rd_out != 0 || axi.io.wr_out != 0) {
            axi_fail("ready before all is drained");
        }
    }
    if (!axi.after_clear && axi.check.words_asked - axi.asked_from > axi.issued) {
        axi_fail("a read request beyond the room that was granted");
    }
}

/* No VALID, no payload and no pop may depend on this clock's READY. */
static void check_paths(void) {
    axi_dut_t twin = axi.io;
    twin.pins.ar.ready = !twin.pins.ar.ready;
    twin.pins.aw.ready = !twin.pins.aw.ready;
    twin.pins.w.ready = !twin.pins.w.ready;
    axi_dut_settle(&twin);
    if (twin.pins.ar.valid != axi.io.pins.ar.valid || twin.pins.aw.valid != axi.io.pins.aw.valid ||
        twin.pins.w.valid != axi.io.pins.w.valid || twin.pins.w.last != axi.io.pins.w.last ||
        twin.pins.ar.addr != axi.io.pins.ar.addr || twin.pins.aw.addr != axi.io.pins.aw.addr ||
        twin.wd_pop != axi.io.wd_pop || twin.run_ready != axi.io.run_ready ||
        memcmp(twin.pins.w.data, axi.io.pins.w.data, MR_AXI_BYTES) != 0) {
        axi_fail("an output depends on READY in the same clock");
    }
}

/* What err_clear_i and this clock's responses make of the error report, and when a silent memory is
 * given up. */
static void expect_report(const mr_axi_mem_event_t *event) {
    const mr_axi_pins_t *pins = &axi.io.pins;
    const mr_axi_check_list_t *rd = &axi.check.rd, *wr = &axi.check.wr;
    const bool lose = !axi.lost && (axi.rd_quiet == TIMEOUT || axi.wr_quiet == TIMEOUT) &&
                      !pins->r.valid && !pins->b.valid;
    const bool waits = lose && axi.io.ready && !axi.io.clear && wr->head != wr->tail;
    if (axi.io.err_clear) {
        axi.err = axi.proto = false;
        axi.err_count = 0;
    }
    axi.proto = axi.proto || event->odd;
    if (waits || (event->b && event->b_bad && !axi.lost)) {
        axi.err_addr = axi.err ? axi.err_addr
                       : waits ? wr->first[wr->head % MR_AXI_CHECK_TXNS]
                               : event->b_addr;
        axi.err = true;
        axi.err_count += axi.err_count != 0xffff;
    }
    axi.lost = axi.lost || lose;
    axi.rd_quiet =
        rd->head == rd->tail || pins->r.valid ? 0 : axi.rd_quiet + (axi.rd_quiet != TIMEOUT);
    const bool moves =
        pins->b.valid || (pins->aw.valid && pins->aw.ready) || (pins->w.valid && pins->w.ready);
    axi.wr_quiet = wr->head == wr->tail || moves ? 0 : axi.wr_quiet + (axi.wr_quiet != TIMEOUT);
}

/* clear_i: all runs are gone; write words that were not taken, or were dropped, are not written. */
static void forget(void) {
    const unsigned first = axi.lost_for != 0 ? axi.lost_from : axi.wr.head;
    while (axi.wr.tail != first) {
        const item_t *item = &axi.wr.item[--axi.wr.tail % QUEUE];
        memcpy(axi.gold + axi_gold_at(item->page, item->word), item->old, axi.shape.word);
    }
    axi.wr.head = axi.lost_from = axi.wr.tail;
    axi.rd.head = axi.rd.tail;
    axi.bad_head = axi.bad_tail;
    axi.issued = axi.received = axi.useful = axi.rd_bursts = axi.wr_bursts = 0;
    axi.offered = false;
    axi.after_clear = true;
    axi.last_progress = axi.clock;
}

/* One clock; the run in axi.io is offered while axi.offered. */
void axi_tick(void) {
    mr_axi_mem_event_t event = {0};
    axi.io.run_valid = axi.offered;
    memcpy(axi.io.wd_word, axi.wr.item[axi.wr.head % QUEUE].data, MR_AXI_BYTES);
    axi.io.wd_be = axi.wr.item[axi.wr.head % QUEUE].strobes;
    if (axi.wr.head == axi.wr.tail) { /* nothing is there: whoever takes it writes nonsense */
        axi.io.wd_be = ~0ULL;
    }
    if (axi.room_run-- == 0) {
        axi.room_luck = axi_rnd(100) < axi.room_pct;
        axi.room_run = axi_rnd(axi.room_pct == 100 ? 1 : 12);
    }
    axi.io.rd_room = axi.room_luck && axi.issued - axi.received < axi.room_words;
    axi_dut_settle(&axi.io); /* outputs of registers, for a memory that looks at VALID */
    mr_axi_mem_drive(axi.mem, &axi.io.pins);
    if (axi.clock % 8 == 3) {
        check_paths();
    }
    axi_dut_settle(&axi.io);
    if (axi.io.rst_n) {
        check_outputs();
    }
    const char *rule = mr_axi_check_clock(&axi.check, &axi.io.pins, !axi.io.rst_n);
    if (rule != NULL) {
        axi_fail(rule);
    }
    const bool taken = axi.io.run_valid && axi.io.run_ready && axi.io.rst_n && !axi.io.clear;
    if (taken) {
        axi.offered = false;
        axi.runs++;
        axi.useful += axi.io.run_use;
        axi.last_progress = axi.clock;
    }
    const char *fault = mr_axi_mem_clock(axi.mem, &axi.io.pins, &event);
    if (fault != NULL) {
        axi_fail(fault);
    }
    if (event.r && axi.io.ready && !axi.io.clear && !axi.io.timeout) {
        axi.bad[axi.bad_tail++ % QUEUE] = event.r_bad;
    }
    axi.r_words += event.r;
    axi.w_words += axi.io.pins.w.valid && axi.io.pins.w.ready;
    expect_report(&event);
    if (axi.io.clear) {
        forget();
    }
    if (axi.clock - axi.last_progress > HANG && (axi.offered || axi.rd.head != axi.rd.tail)) {
        axi_fail("nothing moves");
    }
    axi.room_was = axi.io.rd_room;
    axi_dut_edge();
    axi.clock++;
}

/* Offers a run and, for writes, makes its words; changes the golden copy. */
void axi_offer(bool wr, uint32_t page, uint32_t first, uint32_t n, uint32_t use) {
    axi.io.run_wr = wr;
    axi.io.run_base = page * PART;
    axi.io.run_rot = (uint8_t)page_rot(page);
    axi.io.run_part = (uint8_t)(first / PART);
    axi.io.run_off = first % PART;
    if (axi.io.run_part != 0 && axi_rnd(3) == 0) { /* the offset may lie beyond the part */
        axi.io.run_part--;
        axi.io.run_off += PART;
    }
    axi.io.run_n = n;
    axi.io.run_use = use;
    places_t *places = wr ? &axi.aw : &axi.ar;
    for (uint32_t i = 0; i < n; i++) {
        places->burst[places->tail++ % QUEUE] = page * PAGE_BURSTS + first + i;
    }
    items_t *list = wr ? &axi.wr : &axi.rd;
    for (uint32_t i = 0; i < n * axi.shape.burst; i++) {
        item_t *item = &list->item[list->tail++ % QUEUE];
        item->page = page;
        item->word = first * axi.shape.burst + i;
        uint8_t *gold = axi.gold + axi_gold_at(page, item->word);
        const unsigned kind = axi_rnd(8);
        const uint64_t strobes = (uint64_t)axi_rnd(1U << 31) << 33 ^ (uint64_t)axi_rnd(1U << 31)
                                                                         << 16;
        item->strobes = kind == 0 ? 0 : kind < 3 ? strobes | strobes >> 17 : ~0ULL;
        memcpy(item->old, gold, axi.shape.word);
        for (uint32_t k = 0; k < axi.shape.word; k++) {
            item->data[k] = wr ? (uint8_t)axi_rnd(256) : gold[k];
            if (wr && (item->strobes >> k & 1) != 0) {
                gold[k] = item->data[k];
            }
        }
    }
    axi.wr_bursts += wr ? n : 0;
    axi.offered = true;
}

void axi_wait_taken(void) {
    while (axi.offered && !axi.failed) {
        axi_tick();
    }
}

void axi_drain(void) {
    axi_wait_taken();
    axi_tick();
    for (unsigned i = 0; i < HANG && !axi.failed && !(axi.io.idle && axi.rd.head == axi.rd.tail);
         i++) {
        axi_tick();
    }
    if (!axi.failed && (!axi.io.idle || axi.rd.head != axi.rd.tail || axi.wr.head != axi.wr.tail ||
                        axi.ar.head != axi.ar.tail || axi.aw.head != axi.aw.tail ||
                        axi.io.rd_out != 0 || axi.io.wr_out != 0 || axi.issued != axi.received)) {
        axi_fail("the back end does not come to rest");
    }
}

void axi_clear_pulse(void) {
    axi.clears++;
    axi.io.clear = true;
    for (unsigned i = 0; i < 1 + axi_rnd(3); i++) {
        axi_tick();
    }
    axi.io.clear = false;
    axi_tick();
}

void axi_clear(void) {
    axi_clear_pulse();
    for (unsigned i = 0; i < HANG && !axi.failed && !axi.io.ready; i++) {
        axi_tick();
    }
    if (!axi.io.ready) {
        axi_fail("never ready");
    }
}

void mr_axi_check_memory(void) {
    const uint8_t *bytes = mr_axi_mem_bytes(axi.mem);
    for (uint32_t burst = 0; burst < PAGES * PAGE_BURSTS && !axi.failed; burst++) {
        const uint8_t *gold = axi.gold + (size_t)burst * axi.burst_bytes;
        if (axi.bank[burst] != 0 &&
            memcmp(gold, bytes + place(burst, axi.bank[burst] - 1), axi.burst_bytes) != 0) {
            axi_fail("the memory is not what was written");
        }
    }
}
