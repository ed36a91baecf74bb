/* SPDX-License-Identifier: Apache-2.0 */
/* Constrained-random bench of the KV controller: several ports against a golden store and the
 * checked device model.
 *
 * Usage: bench_kv_dram [seed]. Every response is compared beat for beat, every refusal with the
 * golden status; a rule violation of the device, a lost response or wrong data (poison) ends the
 * run with status 1. Last, utilisation and latencies are measured. The RESULT lines of x64, the
 * default configuration, carry no suffix.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv_golden.h"
#include "mr_dram.h"

enum { STREAM = 0, APPEND = 1, QUEUE = 64, OUTSTANDING = 4, HANG_CYCLES = 60000 };

typedef struct {
    kv_cmd_t cmd;
    unsigned port;
    unsigned blocks_before; /* blocks that this port must have handed over before the response */
    uint8_t blocks[KV_NBH][KV_BLOCK_BYTES]; /* APPEND */
} sent_t;

typedef struct {
    unsigned port, status, beats, blocks_before;
    uint8_t data[32U * KV_NBH][KV_BLOCK_BYTES];
} expect_t;

typedef struct {
    bool active; /* a command is offered */
    sent_t next;
    unsigned under_way; /* commands granted and not answered */
    uint8_t blocks[QUEUE][KV_BLOCK_BYTES];
    unsigned block_head, block_tail;
    bool prev_stalled; /* kr was valid and not taken */
    uint8_t prev_block[KV_BLOCK_BYTES];
} port_t;

typedef struct {
    unsigned append_pct, illegal_pct, ready_pct, data_pct, offer_pct, free_period;
} mood_t;

static struct {
    kv_dut_t io;
    mr_dram_t dram;
    kv_golden_t gold;
    port_t port[KV_PORTS];
    sent_t granted[QUEUE]; /* between the multiplexer and the controller */
    unsigned granted_head, granted_tail;
    expect_t expect[QUEUE];
    unsigned expect_head, expect_tail, beat;
    unsigned plan[KV_SLOTS][KV_LAYERS][KV_HEADS][2];
    mood_t mood;
    uint64_t cycle, last_progress, free_since, random;
    uint64_t commands, beats, refused[8];
    unsigned free_refused, free_steps;
    uint64_t rd_words;
    bool offering, failed;
} tb;

static uint32_t rnd(uint32_t n) {
    tb.random ^= tb.random << 13;
    tb.random ^= tb.random >> 7;
    tb.random ^= tb.random << 17;
    return (uint32_t)((tb.random >> 20) % n);
}

static bool chance(unsigned percent) {
    return rnd(100) < percent;
}

static void fail(const char *what) {
    if (!tb.failed) {
        printf("FAIL cycle %llu: %s\n", (unsigned long long)tb.cycle, what);
    }
    tb.failed = true;
}

/* ---- command generation -------------------------------------------------------------------- */

static void plan_sync(void) {
    memcpy(tb.plan, tb.gold.len, sizeof tb.plan);
}

static void make_append(kv_cmd_t *c, unsigned port) {
    unsigned low = ~0U;
    unsigned n = 0;

    c->op = APPEND;
    c->count = 1;
    c->slot =
        (uint8_t)(chance(60) ? port : port + KV_PORTS); /* few refusals by order between ports */
    c->layer = (uint8_t)rnd(tb.gold.layers);
    for (unsigned pair = 0; pair < 2U * tb.gold.heads; pair++) {
        const unsigned len = tb.plan[c->slot][c->layer][pair / 2U][pair & 1U];
        n = (len < low) ? 1U : (len == low) ? n + 1U : n;
        low = (len < low) ? len : low;
    }
    unsigned pick = rnd(n);
    for (unsigned pair = 0; pair < 2U * tb.gold.heads; pair++) {
        if (tb.plan[c->slot][c->layer][pair / 2U][pair & 1U] == low && pick-- == 0U) {
            c->head = (uint8_t)(pair / 2U);
            c->kind = (uint8_t)(pair & 1U);
        }
    }
    c->pos = low;
    tb.plan[c->slot][c->layer][c->head][c->kind]++;
}

static void make_stream(kv_cmd_t *c) {
    c->op = STREAM;
    c->slot = (uint8_t)rnd(KV_SLOTS);
    c->layer = (uint8_t)rnd(tb.gold.layers);
    c->head = (uint8_t)rnd(tb.gold.heads);
    c->kind = (uint8_t)rnd(2);
    const unsigned len = tb.gold.len[c->slot][c->layer][c->head][c->kind];
    c->pos = 32U * rnd(len / 32U + 1U);
    const unsigned left = len - c->pos;
    const unsigned most = (left > 32U) ? 32U : left;
    c->count = (uint8_t)((most == 0U) ? 1U : chance(60) ? most : 1U + rnd(most));
}

/* An index that is too large, mostly just so. */
static uint8_t beyond(unsigned limit) {
    return (uint8_t)(limit + (chance(60) ? rnd(2) : rnd(256U - limit)));
}

static void spoil(kv_cmd_t *c) {
    switch (rnd(10)) {
    case 0:
        c->slot = beyond(KV_SLOTS);
        break;
    case 1:
        c->layer = beyond(tb.gold.layers);
        break;
    case 2:
        c->head = beyond(tb.gold.heads);
        break;
    case 3:
        c->op = (uint8_t)(2U + rnd(2));
        break;
    case 4:
        c->count = (uint8_t)(chance(50) ? 0U : 33U + rnd(31));
        break;
    case 5:
        c->pos += 1U + rnd(31);
        break;
    case 6:
        c->pos = (c->pos > 0U) ? c->pos - 1U : rnd(1U << 18);
        break;
    case 7:
        c->pos += 32U;
        break;
    case 8:
        c->pos = rnd(1U << 18);
        break;
    default:
        c->count = 32;
        break;
    }
}

static void generate(unsigned p) {
    port_t *port = &tb.port[p];
    kv_cmd_t *c = &port->next.cmd;

    memset(c, 0, sizeof *c);
    if (chance(tb.mood.append_pct)) {
        make_append(c, p);
    } else {
        make_stream(c);
    }
    if (chance(tb.mood.illegal_pct)) {
        spoil(c);
    }
    for (unsigned b = 0; b < KV_NBH; b++) {
        for (unsigned i = 0; i < KV_BLOCK_BYTES; i++) {
            port->next.blocks[b][i] = (uint8_t)rnd(256);
        }
    }
    port->next.port = p;
    port->active = true;
}

/* ---- one clock ----------------------------------------------------------------------------- */

static void drive_port(unsigned p) {
    port_t *port = &tb.port[p];

    if (!port->active && tb.offering && port->under_way < OUTSTANDING &&
        chance(tb.mood.offer_pct)) {
        generate(p);
    }
    tb.io.kc_valid[p] = port->active;
    tb.io.kc[p] = port->next.cmd;
    const bool have = port->block_head != port->block_tail;
    tb.io.kw_valid[p] = have && (tb.io.kw_valid[p] || chance(tb.mood.data_pct));
    memcpy(tb.io.kw_block[p], port->blocks[port->block_head % QUEUE], KV_BLOCK_BYTES);
    tb.io.kr_ready[p] = chance(tb.mood.ready_pct);
}

static void drive_free(void) {
    tb.io.free_req = false;
    if (tb.mood.free_period != 0U && tb.offering && rnd(tb.mood.free_period) == 0U) {
        tb.io.free_req = true;
        tb.io.free_slot = (uint8_t)(chance(10) ? KV_SLOTS + rnd(10) : rnd(KV_SLOTS));
    }
}

static void observe_free_request(void) {
    if (!tb.io.free_req) {
        return;
    }
    if (tb.io.free_busy || tb.io.free_slot >= KV_SLOTS) {
        tb.free_refused++;
        return;
    }
    tb.free_steps = 16U + 2U * tb.gold.blocks[tb.io.free_slot];
    tb.free_since = tb.cycle;
    kv_golden_free_begin(&tb.gold, tb.io.free_slot);
}

static void observe_free_busy(void) {
    static bool busy_before;

    if (busy_before && !tb.io.free_busy) {
        kv_golden_free_end(&tb.gold);
    }
    busy_before = tb.io.free_busy;
    const unsigned settled = tb.gold.pages - tb.gold.owned;
    if (!tb.io.free_busy && tb.io.pages_free != settled) {
        /* an allocation of a command taken in the last clocks is not in the table yet */
        if (tb.io.pages_free != settled + 1U || tb.cycle > tb.last_progress + 10U) {
            fail("pages_free differs from the golden store");
        }
    }
    if (tb.io.free_busy && tb.cycle > tb.free_since + 12U * tb.free_steps) {
        fail("FREE takes longer than its bound");
    }
}

/* The controller takes a command: from here on its outcome is decided. */
static void observe_taken(void) {
    if (!tb.io.taken) {
        return;
    }
    if (tb.granted_head == tb.granted_tail) {
        fail("the controller takes a command that no port sent");
        return;
    }
    const sent_t *s = &tb.granted[tb.granted_head++ % QUEUE];
    expect_t *e = &tb.expect[tb.expect_tail++ % QUEUE];
    e->port = s->port;
    e->blocks_before = s->blocks_before;
    e->status = kv_golden_status(&tb.gold, &s->cmd, tb.io.pages_free);
    e->beats = 1;
    tb.refused[e->status]++;
    if (e->status != 0U) {
        plan_sync();
    } else if (s->cmd.op == APPEND) {
        uint8_t blocks[KV_NBH][KV_BLOCK_BYTES];
        memcpy(blocks, s->blocks, sizeof blocks);
        kv_golden_append(&tb.gold, &s->cmd, blocks);
    } else {
        e->beats = s->cmd.count * tb.gold.nbh;
        for (unsigned i = 0; i < e->beats; i++) {
            memcpy(e->data[i],
                   tb.gold.data[s->cmd.slot][s->cmd.layer][s->cmd.head][s->cmd.kind]
                               [s->cmd.pos + i / tb.gold.nbh][i % tb.gold.nbh],
                   KV_BLOCK_BYTES);
        }
        const unsigned lanes = tb.io.dq_bytes / 2U;
        tb.rd_words += e->beats * 32U / tb.io.dq_bytes + (e->beats + lanes - 1U) / lanes;
    }
    e->status |= (s->cmd.op == STREAM && e->status == 0U) ? 0x100U : 0U; /* a stream */
    tb.commands++;
    tb.last_progress = tb.cycle;
}

static void observe_beat(unsigned p) {
    static const uint8_t zero[KV_BLOCK_BYTES];
    const expect_t *e = &tb.expect[tb.expect_head % QUEUE];

    if (tb.expect_head == tb.expect_tail || e->port != p) {
        fail("response to the wrong port");
        return;
    }
    if (tb.io.kr_status != (e->status & 0xFU)) {
        printf("status %u, expected %u\n", tb.io.kr_status, e->status & 0xFU);
        fail("wrong status");
    }
    const uint8_t *want = (e->status & 0x100U) ? e->data[tb.beat] : zero;
    if (memcmp(want, tb.io.kr_block, KV_BLOCK_BYTES) != 0) {
        fail("wrong data");
    }
    if (tb.port[p].block_head - e->blocks_before > QUEUE) {
        fail("response before the blocks of the APPEND were taken");
    }
    if (tb.io.kr_last != (tb.beat + 1U == e->beats)) {
        fail("last at the wrong beat");
    }
    tb.beats++;
    tb.beat++;
    tb.last_progress = tb.cycle;
    if (tb.beat == e->beats) {
        tb.beat = 0;
        tb.expect_head++;
        tb.port[p].under_way--;
    }
}

static void observe_port(unsigned p) {
    port_t *port = &tb.port[p];

    if (port->active && tb.io.kc_ready[p]) {
        if (port->next.cmd.op == APPEND) {
            for (unsigned b = 0; b < tb.gold.nbh; b++) {
                memcpy(port->blocks[port->block_tail++ % QUEUE], port->next.blocks[b],
                       KV_BLOCK_BYTES);
            }
        }
        port->next.blocks_before = port->block_tail;
        tb.granted[tb.granted_tail++ % QUEUE] = port->next;
        port->active = false;
        port->under_way++;
    }
    if (tb.io.kw_valid[p] && tb.io.kw_ready[p]) {
        port->block_head++;
        tb.io.kw_valid[p] = false;
    }
    if (port->prev_stalled &&
        (!tb.io.kr_valid[p] || memcmp(port->prev_block, tb.io.kr_block, KV_BLOCK_BYTES) != 0)) {
        fail("R2: a response changed before it was taken");
    }
    port->prev_stalled = tb.io.kr_valid[p] && !tb.io.kr_ready[p];
    memcpy(port->prev_block, tb.io.kr_block, KV_BLOCK_BYTES);
    if (tb.io.kr_valid[p] && tb.io.kr_ready[p]) {
        observe_beat(p);
    }
}

static void on_violation(void *ctx, const mr_dram_violation_t *v) {
    (void)ctx;
    printf("DRAM violation: %s (bank %u, device cycle %llu)\n", mr_dram_rule_text(v->rule), v->bank,
           (unsigned long long)v->cycle);
    fail("DRAM rule violated");
}

static void step(void) {
    for (unsigned p = 0; p < KV_PORTS; p++) {
        drive_port(p);
    }
    drive_free();
    kv_dut_settle(&tb.io);
    const mr_dram_pins_t pins = {
        .cke = tb.io.cke,
        .cs_n = tb.io.cs_n,
        .ras_n = tb.io.ras_n,
        .cas_n = tb.io.cas_n,
        .we_n = tb.io.we_n,
        .dq_oe = tb.io.dq_oe,
        .ba = tb.io.ba,
        .dqm = tb.io.dqm,
        .a = tb.io.a,
        .dq = tb.io.dq_out,
    };
    if (tb.io.rst_n) {
        observe_free_busy();
        const bool append_now = tb.io.taken && tb.granted[tb.granted_head % QUEUE].cmd.op == APPEND;
        if (append_now) {
            observe_taken(); /* an APPEND taken in the clock of a FREE comes before it, a STREAM
                                after */
        }
        observe_free_request();
        if (!append_now) {
            observe_taken();
        }
        for (unsigned p = 0; p < KV_PORTS; p++) {
            observe_port(p);
        }
    }
    tb.io.dq_in = mr_dram_clock(&tb.dram, &pins);
    kv_dut_edge();
    tb.cycle++;
    if (tb.expect_head != tb.expect_tail && tb.cycle > tb.last_progress + HANG_CYCLES) {
        fail("no progress: the controller hangs");
    }
}

static bool busy(void) {
    bool any =
        tb.expect_head != tb.expect_tail || tb.granted_head != tb.granted_tail || tb.io.free_busy;
    for (unsigned p = 0; p < KV_PORTS; p++) {
        any = any || tb.port[p].active || tb.port[p].under_way != 0U;
    }
    return any;
}

static void drain(void) {
    tb.offering = false;
    for (unsigned i = 0; i < 400000U && !tb.failed && (i < 20U || busy()); i++) {
        step();
    }
    if (!tb.failed && busy()) {
        fail("responses missing at the end");
    }
}

static void run_random(const mood_t *mood, unsigned cycles) {
    tb.mood = *mood;
    tb.offering = true;
    for (unsigned i = 0; i < cycles && !tb.failed; i++) {
        if ((i & 0xFFFU) ==
            0U) { /* now and then the plan is brought up to date in a quiet moment */
            drain();
            tb.mood = *mood;
            plan_sync();
            tb.offering = true;
        }
        step();
    }
    drain();
}

static void free_slot(unsigned slot) {
    const unsigned period = tb.mood.free_period;

    tb.mood.free_period = 0;
    kv_dut_settle(&tb.io);
    tb.io.free_slot = (uint8_t)slot;
    tb.free_steps = 16U + 2U * tb.gold.blocks[slot];
    tb.free_since = tb.cycle;
    kv_golden_free_begin(&tb.gold, slot);
    tb.io.free_req = true;
    kv_dut_settle(&tb.io);
    const mr_dram_pins_t nop = {.cke = tb.io.cke,
                                .cs_n = tb.io.cs_n,
                                .ras_n = tb.io.ras_n,
                                .cas_n = tb.io.cas_n,
                                .we_n = tb.io.we_n,
                                .dq_oe = tb.io.dq_oe,
                                .ba = tb.io.ba,
                                .dqm = tb.io.dqm,
                                .a = tb.io.a,
                                .dq = tb.io.dq_out};
    tb.io.dq_in = mr_dram_clock(&tb.dram, &nop);
    kv_dut_edge();
    tb.cycle++;
    drain();
    tb.mood.free_period = period;
}

/* Empties all slots, checks that every page came back, and sets the next shape. */
static void configure(unsigned layers, unsigned heads, unsigned nbh, unsigned pages) {
    for (unsigned s = 0; s < KV_SLOTS && !tb.failed; s++) {
        free_slot(s);
    }
    if (tb.io.pages_free != tb.gold.pages || tb.gold.owned != 0U) {
        fail("pages lost after FREE of all slots");
    }
    tb.gold.layers = tb.io.cfg_layers = layers;
    tb.gold.heads = tb.io.cfg_heads = heads;
    tb.gold.nbh = tb.io.cfg_nbh = nbh;
    tb.gold.pages = tb.io.cfg_pages = pages;
    tb.gold.fit = pages;
    plan_sync();
}

/* ---- measurements -------------------------------------------------------------------------- */

/* Offers one command on port p and waits until the multiplexer took it. */
static void send(unsigned p, const kv_cmd_t *cmd) {
    port_t *port = &tb.port[p];

    port->next.cmd = *cmd;
    port->next.port = p;
    for (unsigned b = 0; b < KV_NBH; b++) {
        for (unsigned i = 0; i < KV_BLOCK_BYTES; i++) {
            port->next.blocks[b][i] = (uint8_t)rnd(256);
        }
    }
    port->active = true;
    while (port->active && !tb.failed) {
        step();
    }
}

static const mood_t quick = {.ready_pct = 100, .data_pct = 100};

/* Fills every slot with n positions. @return clocks per APPEND. */
static double fill(unsigned n) {
    const uint64_t start = tb.cycle;
    unsigned appends = 0;

    tb.mood = quick;
    for (unsigned slot = 0; slot < KV_SLOTS; slot++) {
        for (unsigned pos = 0; pos < n; pos++) {
            for (unsigned i = 0; i < tb.gold.layers * tb.gold.heads * 2U; i++) {
                const kv_cmd_t c = {.op = APPEND,
                                    .slot = (uint8_t)slot,
                                    .count = 1,
                                    .pos = pos,
                                    .layer = (uint8_t)(i / (2U * tb.gold.heads)),
                                    .head = (uint8_t)(i / 2U % tb.gold.heads),
                                    .kind = i & 1U};
                send(0, &c);
                appends++;
            }
        }
    }
    drain();
    return (double)(tb.cycle - start) / appends;
}

/* Streams everything in the order of ATTEND, or of random single streams. @return % of bus clocks
 * with useful words. */
static double stream_all(unsigned n, unsigned rounds, bool shuffled) {
    uint64_t start = 0;
    uint32_t words = 0;
    unsigned sent = 0;

    tb.mood = quick;
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned j = 0; j < n / 32U * 2U; j++) {
            const unsigned k = shuffled ? rnd(n / 32U * 2U) : j;
            const unsigned who = shuffled ? rnd(rounds) : i;
            const kv_cmd_t c = {.op = STREAM,
                                .slot = (uint8_t)(who % KV_SLOTS),
                                .count = 32,
                                .layer = (uint8_t)(who / KV_SLOTS % tb.gold.layers),
                                .head = (uint8_t)(who / 7U % tb.gold.heads),
                                .kind = k & 1U,
                                .pos = 32U * (k / 2U)};
            send(sent % KV_PORTS, &c);
            if (++sent == 8U) { /* the pipe is full */
                start = tb.cycle;
                words = tb.io.rd_words;
            }
        }
    }
    const double util = 100.0 * (double)(tb.io.rd_words - words) / (double)(tb.cycle - start);
    drain();
    return util;
}

/* Name of the build under test. */
static const char *variant(void) {
    if (tb.io.dq_bytes == 8U) {
        return (tb.io.max_nbh > 1U) ? "_x64" : "_x64_n1";
    }
    return (tb.io.dq_bytes == 4U) ? "_x32" : "_x16";
}

static void measure(void) {
    const char *tag = (tb.io.dq_bytes == 8U && tb.io.max_nbh > 1U) ? "" : variant();

    configure(1, 1, 1, KV_PAGES);
    printf("RESULT kv_append_cycles%s %.1f\n", tag, fill(128));
    const kv_cmd_t one = {.op = STREAM, .slot = 1, .count = 32};
    drain();
    const uint64_t before = tb.beats;
    const uint64_t start = tb.cycle;
    send(0, &one);
    while (tb.beats == before && !tb.failed) {
        step();
    }
    printf("RESULT kv_first_beat_cycles%s %llu\n", tag, (unsigned long long)(tb.cycle - start));
    drain();
    const double order = stream_all(128, 60, false);
    const double shuffled = stream_all(128, 60, true);
    configure(5, KV_HEADS, 1, KV_PAGES);
    (void)fill(64);
    const double wide = stream_all(64, 90, true);
    printf("RESULT kv_stream_util%s %.2f\n", tag, order);
    printf("RESULT kv_stream_util_shuffled%s %.2f\n", tag, shuffled);
    printf("RESULT kv_stream_util_wide%s %.2f\n", tag, wide);
    if (order < 85.0 || shuffled < 85.0 || wide < 85.0) {
        fail("stream utilisation below 85 %");
    }
}

/* A slot takes all its blocks and not one more. */
static void test_slot_full(void) {
    configure(1, 1, 1, KV_PAGES);
    const uint64_t before = tb.refused[6];
    tb.mood = quick;
    for (unsigned i = 0; i <= 2U * KV_POSITIONS && !tb.failed; i++) {
        const kv_cmd_t c = {.op = APPEND, .slot = 3, .count = 1, .pos = i / 2U, .kind = i & 1U};
        send(i % KV_PORTS, &c);
    }
    drain();
    if (!tb.failed && tb.refused[6] != before + 1U) {
        fail("the end of a slot's table is not where it should be");
    }
}

/* More pages are configured than the device holds: the first page beyond its end is refused,
 * nothing is overwritten. */
static void test_device_end(void) {
    const unsigned chunks = (1U << tb.io.addr_bits) / (34U * 8U / tb.io.dq_bytes);
    const unsigned page = KV_LAYERS * KV_HEADS * 2U * KV_NBH;
    const unsigned fit = (chunks + page - KV_HEADS * 2U * KV_NBH) / page;

    if (fit >= KV_PAGES) {
        return;
    }
    configure(KV_LAYERS, KV_HEADS, KV_NBH, KV_PAGES);
    tb.gold.fit = fit;
    const uint64_t before = tb.refused[6];
    tb.mood = quick;
    for (unsigned i = 0; i < (KV_PAGES * 32U) * KV_HEADS * 2U && !tb.failed; i++) {
        const unsigned pos = i / (KV_HEADS * 2U);
        const kv_cmd_t c = {.op = APPEND,
                            .slot = (uint8_t)(pos / KV_POSITIONS),
                            .count = 1,
                            .pos = pos % KV_POSITIONS,
                            .head = (uint8_t)(i / 2U % KV_HEADS),
                            .kind = i & 1U};
        send(i % KV_PORTS, &c);
    }
    for (unsigned block = 0; block < KV_PAGES && !tb.failed; block++) {
        const kv_cmd_t c = {.op = STREAM,
                            .slot = (uint8_t)(block / KV_SLOT_BLOCKS),
                            .count = 32,
                            .pos = block % KV_SLOT_BLOCKS * 32U,
                            .head = 1};
        send(block % KV_PORTS, &c);
    }
    drain();
    printf("device ends after %u pages: %llu refused\n", fit,
           (unsigned long long)(tb.refused[6] - before));
    if (!tb.failed && tb.refused[6] == before) {
        fail("nothing was refused at the end of the device");
    }
}

static bool start_up(void) {
    tb.io.cfg_layers = tb.gold.layers = 1;
    tb.io.cfg_heads = tb.gold.heads = 1;
    tb.io.cfg_nbh = tb.gold.nbh = 1;
    tb.io.cfg_pages = tb.gold.pages = tb.gold.fit = KV_PAGES;
    kv_dut_settle(&tb.io);
    kv_dut_edge(); /* the reset reaches the pins before the device powers up */
    kv_dut_settle(&tb.io);
    const mr_dram_config_t cfg = {.dq_bytes = tb.io.dq_bytes,
                                  .clock_ps = tb.io.clock_ps,
                                  .init_ps = 100LL * tb.io.clock_ps,
                                  .on_violation = on_violation};
    if (!mr_dram_init(&tb.dram, &cfg)) {
        printf("FAIL device model: bad configuration\n");
        return false;
    }
    for (unsigned i = 0; i < 4U; i++) {
        step();
    }
    tb.io.rst_n = true;
    for (unsigned i = 0; i < 2000U && !tb.io.ready && !tb.failed; i++) {
        step();
    }
    if (!tb.io.ready) {
        fail("initialisation does not end");
    }
    return !tb.failed;
}

static void random_suite(void) {
    static const struct {
        unsigned layers, heads, nbh, pages, cycles;
        mood_t mood;
    } runs[] = {
        {1, 1, 1, 37, 180000, {70, 5, 100, 100, 100, 0}},
        {1, 1, 2, 30, 120000, {40, 10, 60, 50, 80, 3000}},
        {5, 3, 3, 37, 120000, {60, 3, 90, 90, 100, 20000}},
        {2, 2, 1, 5, 80000, {70, 5, 100, 100, 100, 900}},
        {3, 1, 3, 9, 80000, {60, 10, 20, 20, 30, 4000}},
        {1, 2, 1, 37, 80000, {20, 2, 3, 100, 100, 2500}},
        {2, 3, 2, 37, 80000, {50, 40, 100, 100, 100, 200}},
        {2, 2, 1, 37, 20000, {0, 100, 100, 100, 100, 500}}, /* refusals must not starve FREE */
        {12, 3, 1, 37, 200000, {95, 2, 100, 6, 100, 0}},    /* refresh of rows that wait open */
    };

    for (unsigned i = 0; i < sizeof runs / sizeof runs[0] && !tb.failed; i++) {
        const unsigned nbh = (runs[i].nbh < tb.io.max_nbh) ? runs[i].nbh : tb.io.max_nbh;
        configure(runs[i].layers, runs[i].heads, nbh, runs[i].pages);
        run_random(&runs[i].mood, runs[i].cycles);
        if (i % 3U == 0U) { /* nobody takes responses for longer than eight refresh intervals */
            static const mood_t stuck = {.append_pct = 30, .data_pct = 100, .offer_pct = 100};
            tb.mood = stuck;
            tb.offering = true;
            for (unsigned k = 0; k < 12000U && !tb.failed; k++) {
                step();
            }
            tb.mood = quick;
            drain();
        }
    }
}

int kv_bench_main(int argc, char **argv) {
    const unsigned long long seed = (argc > 1) ? strtoull(argv[1], NULL, 0) : 20261121ULL;

    tb.random = seed * 2654435761ULL + 88172645463325252ULL;
    printf("seed %llu\n", seed);
    if (start_up()) {
        random_suite();
        if (!tb.failed) {
            test_slot_full();
            test_device_end();
        }
        if (!tb.failed) {
            measure();
        }
    }
    uint64_t refused = tb.free_refused;
    for (unsigned s = 1; s < 8U; s++) {
        refused += tb.refused[s];
    }
    const mr_dram_stats_t st = mr_dram_stats(&tb.dram);
    if (!tb.failed && (tb.io.refused != refused || tb.io.rd_words != (uint32_t)tb.rd_words ||
                       tb.io.activates != st.activates)) {
        printf("refused %u/%llu, rd_words %u/%llu, activates %u/%llu\n", tb.io.refused,
               (unsigned long long)refused, tb.io.rd_words, (unsigned long long)tb.rd_words,
               tb.io.activates, (unsigned long long)st.activates);
        fail("counters differ");
    }
    if (!tb.failed && (tb.refused[4] == 0U || tb.refused[5] == 0U || tb.refused[6] == 0U)) {
        fail("a kind of refusal was never exercised");
    }
    printf("%llu commands, %llu beats, refused %llu/%llu/%llu, free refused %u, %llu cycles, %llu "
           "refreshes\n",
           (unsigned long long)tb.commands, (unsigned long long)tb.beats,
           (unsigned long long)tb.refused[4], (unsigned long long)tb.refused[5],
           (unsigned long long)tb.refused[6], tb.free_refused, (unsigned long long)tb.cycle,
           (unsigned long long)st.refreshes);
    mr_dram_close(&tb.dram);
    if (!tb.failed) {
        printf("PASS kv_dram%s\n", variant());
    }
    return tb.failed ? 1 : 0;
}
