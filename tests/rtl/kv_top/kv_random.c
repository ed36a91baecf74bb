/* SPDX-License-Identifier: Apache-2.0 */
/* Random operations on the whole KV controller of one model, every answer and every byte compared
 * with a golden store, both DRAM checkers beside it.
 *
 * usage: kv_random MODEL [OPERATIONS [SEED [streams]]]    (default: 12000, 1)
 *
 * Work is cut in rounds. Round r starts on a fresh controller from seed SEED + r, so a failure is
 * replayed by `kv_random MODEL 1 <that seed>`. A round is a row of page shapes, a shape a row of
 * traffic styles; after each style the controller is drained and the device's memory is read
 * behind the bus: freed pages must be zero, the rest must hold what the golden store holds.
 * With "streams" most operations are long STREAMs of wide vectors at full pace: many beats.
 * The last line is "PASS kv_random_MODEL". Exit status 1 when anything differed, 2 for bad usage.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kv_bench.h"
#include "kv_bound.h"
#include "kv_faults.h"
#include "mr_kv_content.h"

enum {
    HANG = 500000,       /* clocks without progress: a page copy takes far less */
    SETTLE = 256,        /* clocks until the last write is in the device */
    COVERED = 12000,     /* operations that must reach everything */
    SHAPES = 3,          /* a round */
    STYLES = 4,          /* a shape */
    STYLE_BLOCKS = 2000, /* operations of a style times blocks of a vector */
    GROW_MORE = 16,      /* with "streams", so many times that to fill the slots */
    STREAM_MORE = 64,    /* and to read them */
    PAGE_BLOCKS = 64,    /* most blocks of a position in a page */
    ALL_BLOCKS = 2048,   /* most such blocks of all pages */
    REFUSED_ID = 1 << 30 /* content of APPENDs that are refused */
};

void bench_fail(bench_t *b, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!b->failed) {
        printf("FAIL %s, seed %" PRIu64 ", operation %" PRIu64 ", clock %" PRIu64 ": %s\n",
               b->model, b->round_seed, b->total.ops, b->sim.clock, text);
    }
    b->failed = true;
    b->total.mismatches++;
}

/* ---- commands and their answers ---- */

static pending_t *pending(bench_t *b, uint32_t i) {
    return &b->pending[(b->head + i) % OUTSTANDING];
}

/* Whether this APPEND takes a page for sure, and so gets the wrong tag while injecting. */
static bool takes_page(const bench_t *b, const mr_kv_sim_cmd_t *c) {
    const golden_slot_t *s = &b->golden.slot[c->slot];
    return c->pos / 32U >= s->blocks || b->golden.page[s->page[c->pos / 32U]].refs > 1U;
}

/* Whether this APPEND may need a copy of a shared page. */
static bool may_copy(const bench_t *b, const mr_kv_sim_cmd_t *c) {
    const golden_slot_t *s = &b->golden.slot[c->slot];
    return c->op == MR_KV_SIM_APPEND && c->pos / 32U < s->blocks &&
           (b->golden.admin || b->golden.page[s->page[c->pos / 32U]].refs > 1U);
}

static void accept_command(bench_t *b) {
    const mr_kv_sim_cmd_t c = b->sim.in.kc;
    const golden_answer_t answer = golden_check(&b->golden, &c);
    pending_t *p = pending(b, b->count);
    *p = (pending_t){.cmd = c, .status = answer.status, .or_no_page = answer.or_no_page};
    p->beats = answer.status == 0U && c.op == MR_KV_SIM_STREAM ? c.count * b->sim.shape.nbh : 1U;
    p->or_bad = b->sim.axi && b->lossy && answer.status == 0U && may_copy(b, &c);
    p->append_id = answer.status == 0U ? b->golden.next_id + 1U : REFUSED_ID + b->count;
    if (answer.status == 0U && c.op == MR_KV_SIM_STREAM) {
        for (uint32_t i = 0; i < c.count; i++) {
            p->id[i] = golden_id(&b->golden, &c, c.pos + i);
        }
        const bool same = b->last.op == MR_KV_SIM_APPEND && b->last.slot == c.slot &&
                          b->last.layer == c.layer && b->last.head == c.head &&
                          b->last.kind == c.kind;
        b->total.read_after_append += same && c.pos + c.count == b->last.pos + 1U ? 1U : 0U;
    }
    if (answer.or_no_page || p->or_bad) {
        b->hold = true; /* what is right for the next one depends on this answer */
        b->total.either += answer.or_no_page ? 1U : 0U;
    } else if (answer.status == 0U && c.op == MR_KV_SIM_APPEND) {
        p->inject = b->injecting && !b->golden.admin && takes_page(b, &c) &&
                    (!b->injected || traffic_one_in(&b->rng, 8));
        b->injected = b->injected || p->inject;
        b->hold = b->hold || p->inject;
        (void)golden_append(&b->golden, &c, p->inject);
    }
    b->last = c;
    b->count++;
    b->total.ops++;
    b->ops_left -= b->ops_left > 0U ? 1U : 0U;
}

static void check_beat(bench_t *b, pending_t *p) {
    uint8_t block[MR_KV_SIM_BLOCK];
    const uint32_t nbh = b->sim.shape.nbh;
    mr_kv_content(p->id[p->beat / nbh], p->beat % nbh, b->sim.block_bytes, block);
    static const uint8_t zero[MR_KV_SIM_BLOCK];
    if (b->lossy && memcmp(zero, b->sim.out.kr_block, sizeof zero) == 0) {
        faults_lost(b, p->id[p->beat / nbh], p->beat % nbh);
        p->zeroed++;
    } else if (memcmp(block, b->sim.out.kr_block, sizeof block) != 0) {
        bench_fail(b, "wrong data: slot %u layer %u head %u kind %u position %u block %u",
                   p->cmd.slot, p->cmd.layer, p->cmd.head, p->cmd.kind, p->cmd.pos + p->beat / nbh,
                   p->beat % nbh);
    }
    b->total.blocks++;
}

static void finish_command(bench_t *b, const pending_t *p, uint8_t status) {
    bound_end(b, p);
    if ((p->or_no_page || p->or_bad) && status == 0U) {
        (void)golden_append(&b->golden, &p->cmd, false);
    }
    if (status >= 4U && status < 8U && p->zeroed == 0U) {
        b->refused[status - 4U]++;
    }
    b->total.lost_streams += p->zeroed != 0U ? 1U : 0U;
    b->total.by_status[status & 7U]++;
    b->total.copies_undone += p->or_bad && status == 7U ? 1U : 0U;
    b->hold = b->hold && !(p->or_no_page || p->or_bad || p->inject);
    b->head = (b->head + 1U) % OUTSTANDING;
    b->count--;
    b->words_at -= b->words_at > 0U ? 1U : 0U;
}

static void take_answer(bench_t *b) {
    const mr_kv_sim_out_t *out = &b->sim.out;
    pending_t *p = pending(b, 0);
    b->total.beats++;
    if (b->count == 0U) {
        bench_fail(b, "an answer that nobody asked for");
        return;
    }
    const bool stream = p->cmd.op == MR_KV_SIM_STREAM && p->status == 0U;
    if (stream) {
        check_beat(b, p);
    }
    const uint8_t right = p->zeroed != 0U && out->kr_last ? 7U : p->status;
    if (out->kr_status != right && !(p->or_no_page && out->kr_status == 6U) &&
        !(p->or_bad && out->kr_status == 7U)) {
        bench_fail(
            b, "status %u instead of %u: op %u slot %u layer %u head %u kind %u pos %u count %u",
            out->kr_status, right, p->cmd.op, p->cmd.slot, p->cmd.layer, p->cmd.head, p->cmd.kind,
            p->cmd.pos, p->cmd.count);
    }
    p->beat++;
    if (out->kr_last != (p->beat == p->beats)) {
        bench_fail(b, "the last beat is not where it belongs: beat %u of %u", p->beat, p->beats);
    }
    if (out->kr_last) {
        finish_command(b, p, out->kr_status);
    }
}

/* ---- one clock ---- */

/* Next blocks of APPENDs: also of those that are refused. */
static void drive_blocks(bench_t *b) {
    mr_kv_sim_in_t *in = &b->sim.in;
    while (b->words_at < b->count && pending(b, b->words_at)->cmd.op != MR_KV_SIM_APPEND) {
        b->words_at++;
    }
    if (!in->kw_valid && b->words_at < b->count && traffic_rnd(&b->rng, 8) < b->kw_pace) {
        in->kw_valid = true;
        mr_kv_content(pending(b, b->words_at)->append_id, b->words_for, b->sim.block_bytes,
                      in->kw_block);
    }
}

static void drive(bench_t *b) {
    mr_kv_sim_in_t *in = &b->sim.in;
    const bool may = b->issuing && !b->hold && b->ops_left > 0U;
    if (!in->kc_valid && may && b->count < OUTSTANDING - 1U &&
        traffic_rnd(&b->rng, 8) < b->kc_pace) {
        traffic_command(&b->rng, &b->style, &b->golden, &b->last, &in->kc);
        in->kc_valid = true;
        if (!in->ad_valid && !b->admin_busy && traffic_admin_due(&b->rng, &b->style, &b->golden)) {
            traffic_admin(&b->rng, &b->style, &b->golden, &in->ad);
            in->ad_valid = true;
        }
    }
    /* An answer that is still to come decides: a command must not be taken before it. */
    in->inj_owner = b->hold && b->count > 0U && pending(b, b->count - 1U)->inject;
    in->kr_ready = traffic_rnd(&b->rng, 8) < b->kr_pace;
    drive_blocks(b);
}

static void accept_admin(bench_t *b) {
    b->admin_op = b->sim.in.ad.op;
    b->admin_status = golden_admin(&b->golden, &b->sim.in.ad);
    b->admin_busy = true;
    b->sim.in.ad_valid = false;
    b->total.ops++;
    b->ops_left -= b->ops_left > 0U ? 1U : 0U;
}

static void finish_admin(bench_t *b) {
    const uint8_t status = b->sim.out.ad_status;
    if (!b->admin_busy || status != b->admin_status) {
        bench_fail(b, "administration: status %u instead of %u (op %u)", status, b->admin_status,
                   b->admin_op);
    }
    if (status >= 4U && status < 8U) {
        b->refused[status - 4U]++;
    }
    b->total.admin_by_status[b->admin_op & 3U][status & 7U]++;
    golden_admin_end(&b->golden);
    b->admin_busy = false;
}

void bench_tick(bench_t *b) {
    mr_kv_sim_in_t *in = &b->sim.in;
    const mr_kv_sim_out_t *out = &b->sim.out;
    drive(b);
    mr_kv_sim_clock(&b->sim);
    bound_tick(b);
    bool moved = false;
    if (in->kw_valid && out->kw_ready) {
        in->kw_valid = false;
        b->words_for = (b->words_for + 1U) % b->sim.shape.nbh;
        b->words_at += b->words_for == 0U ? 1U : 0U;
        moved = true;
    }
    if (out->kr_valid && in->kr_ready) {
        take_answer(b);
        moved = true;
    }
    if (in->kc_valid && out->kc_ready) {
        in->kc_valid = false;
        accept_command(b);
        moved = true;
    }
    if (in->ad_valid && out->ad_ready) {
        accept_admin(b);
        moved = true;
    }
    if (out->ad_done) {
        finish_admin(b);
        moved = true;
    }
    b->total.copied_poison += out->pe_err ? 1U : 0U;
    if (out->pe_err && !b->lossy) {
        bench_fail(b, "a page copy reports a bad word");
    }
    faults_tick(b);
    b->most_dirty = out->pages_dirty > b->most_dirty ? out->pages_dirty : b->most_dirty;
    const bool waits = b->count != 0U || b->admin_busy || in->kc_valid || in->ad_valid;
    b->progress = moved || !waits ? b->sim.clock : b->progress;
    if (b->sim.clock - b->progress > HANG) {
        bench_fail(b, "hang: %u commands outstanding, administration %s", b->count,
                   b->admin_busy ? "under way" : "idle");
    }
}

/* ---- quiet points ---- */

void bench_drain(bench_t *b) {
    const mr_kv_sim_in_t *in = &b->sim.in;
    b->issuing = false;
    while ((b->count != 0U || b->admin_busy || in->kc_valid || in->ad_valid) && !b->failed) {
        bench_tick(b);
    }
}

/* One administration command while all is quiet. */
void bench_administer(bench_t *b, uint8_t op, uint8_t slot, uint32_t len) {
    b->sim.in.ad = (mr_kv_sim_admin_t){.op = op, .slot = slot, .src = 0, .len = len};
    b->sim.in.ad_valid = true;
    bench_drain(b);
}

/* One command while no other is chosen. */
void bench_command(bench_t *b, const mr_kv_sim_cmd_t *c) {
    while ((b->count >= OUTSTANDING - 1U || b->sim.in.kc_valid) && !b->failed) {
        bench_tick(b);
    }
    b->sim.in.kc = *c;
    b->sim.in.kc_valid = true;
}

/* All chunks of a slot: APPEND of a position, or STREAM of its 32-position block up to it. */
void bench_chunks(bench_t *b, uint8_t op, uint32_t slot, uint32_t pos) {
    const mr_kv_sim_shape_t *s = &b->sim.shape;
    for (uint32_t i = 0; i < 2U * s->layers * s->heads && !b->failed; i++) {
        mr_kv_sim_cmd_t c = {.op = op,
                             .slot = (uint8_t)slot,
                             .layer = (uint8_t)(i / 2U / s->heads),
                             .head = (uint8_t)(i / 2U % s->heads),
                             .kind = (uint8_t)(i % 2U),
                             .count = 1,
                             .pos = pos};
        if (op == MR_KV_SIM_STREAM) {
            c.pos = pos / 32U * 32U;
            c.count = (uint8_t)(pos % 32U + 1U);
        }
        bench_command(b, &c);
    }
}

/* What random traffic may miss in a short run: a shared prefix, and its tail page copied on write
 * by both owners; TRUNCATE too long; a quota reached. */
static void run_shared(bench_t *b) {
    const uint32_t prefix = 35;
    for (uint32_t pos = 0; pos < prefix; pos++) {
        bench_chunks(b, MR_KV_SIM_APPEND, 0, pos);
    }
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_FORK, 1, prefix);
    for (uint32_t slot = 0; slot < 2U; slot++) {
        bench_chunks(b, MR_KV_SIM_APPEND, slot, prefix);
        bench_chunks(b, MR_KV_SIM_STREAM, slot, prefix);
        bench_chunks(b, MR_KV_SIM_STREAM, 1U - slot, prefix - 1U);
    }
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_TRUNCATE, 1, prefix + 2U);
    bench_administer(b, MR_KV_SIM_TRUNCATE, 1, prefix - 1U);
    bench_administer(b, MR_KV_SIM_QUOTA, 1, 2);
    for (uint32_t pos = prefix - 1U; pos <= 64U; pos++) {
        bench_chunks(b, MR_KV_SIM_APPEND, 1, pos); /* the last are beyond the quota */
    }
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_QUOTA, 1, b->sim.limits.slot_blocks);
}

/* Byte sum of a bank's share of the pages; bank: within its group. */
static uint64_t bank_bytes(bench_t *b, uint32_t bank) {
    const mr_dram_profile_t *p = b->sim.profile;
    const uint32_t burst = b->sim.word_bytes * p->burst_clks;
    const uint32_t row_bursts = p->row_bursts * p->bank_groups;
    const uint32_t end = b->sim.shape.pages * b->sim.shape.part;
    uint64_t sum = 0;
    for (uint32_t local = 0; local < end; local++) {
        const uint32_t col = local % row_bursts;
        for (uint32_t i = 0; i < burst; i++) {
            uint8_t value = 0;
            (void)mr_dram_dev_peek(&b->sim.dev, col % p->bank_groups, bank, local / row_bursts,
                                   col / p->bank_groups * burst + i, &value);
            sum += value;
        }
    }
    b->total.bytes_checked += (uint64_t)end * burst;
    return sum;
}

/* Flushes the append buffer, waits until freed pages are scrubbed, compares tables and memory. */
void bench_quiet(bench_t *b) {
    const mr_kv_sim_out_t *out = &b->sim.out;
    bench_drain(b);
    bench_administer(b, MR_KV_SIM_QUOTA, 0, b->golden.slot[0].quota);
    uint32_t dirty = out->pages_dirty;
    for (uint32_t since = 0, quiet = 0; quiet < SETTLE && !b->failed; since++) {
        bench_tick(b);
        quiet = out->pages_dirty == 0U && out->idle ? quiet + 1U : 0U;
        since = out->pages_dirty == dirty ? since : 0U;
        dirty = out->pages_dirty;
        if (since > HANG) {
            bench_fail(b, "freed pages are not scrubbed: %u left", dirty);
        }
    }
    if (out->pages_used != b->golden.used) {
        bench_fail(b, "%u pages in use instead of %u", out->pages_used, b->golden.used);
    }
    for (uint32_t i = 0; i < 4U; i++) {
        const uint16_t counted = (uint16_t)(out->refused >> (16U * i));
        if (counted != (uint16_t)b->refused[i]) {
            bench_fail(b, "%u refusals with status %u counted instead of %u", counted, 4U + i,
                       (unsigned)(uint16_t)b->refused[i]);
        }
    }
    uint64_t sum = 0;
    uint64_t bad = 0;
    if (b->sim.axi) {
        sum = faults_axi_bytes(b);
    } else if (b->sim.ecc_word != 0U && !b->golden.refuse_all) {
        bad = faults_memory(b, &sum);
    }
    for (uint32_t bank = 0;
         bank < b->sim.profile->banks_per_group && b->sim.ecc_word == 0U && !b->sim.axi; bank++) {
        sum += bank_bytes(b, bank);
    }
    const uint64_t right = golden_bytes(&b->golden, b->sim.block_bytes);
    if (sum != right && bad == 0U) {
        bench_fail(b,
                   "the pages' bytes add up to %" PRIu64 " instead of %" PRIu64
                   ": an append is lost, or a freed page is not zero",
                   sum, right);
    }
    if (mr_kv_sim_violations(&b->sim) != 0U) {
        char text[128];
        mr_kv_sim_violation_text(&b->sim, text, sizeof text);
        b->total.violations += mr_kv_sim_violations(&b->sim);
        bench_fail(b, "%s", text);
    }
    b->total.scrubs += b->most_dirty;
    b->most_dirty = 0;
    b->spoilt = bad != 0U;
}

/* ---- rounds ---- */

static bool open_sim(bench_t *b) {
    mr_kv_sim_close(&b->sim);
    b->head = 0;
    b->count = 0;
    b->words_at = 0;
    b->words_for = 0;
    b->hold = false;
    b->admin_busy = false;
    b->progress = 0;
    b->oldest_clocks = 0;
    memset(b->refused, 0, sizeof b->refused);
    /* A copy of a page takes along what was never written: as zero, the memory's sum is known. With
     * ECC all is written. */
    const bool opened = mr_kv_sim_open(&b->sim, b->model);
    b->sim.blank_zero = b->sim.ecc_word == 0U;
    return opened;
}

static void pick_shape(bench_t *b, mr_kv_sim_shape_t *shape) {
    static const uint32_t nbhs[] = {1, 1, 1, 2, 2, 3, 4, 5, 8, 32};
    static const uint32_t wide[] = {2, 4, 5, 8, 16, 32};
    static const uint32_t pages[] = {4, 12, 24, 60, 120, GOLDEN_PAGES};
    const mr_kv_sim_limits_t *l = &b->sim.limits;
    const uint32_t layers = traffic_one_in(&b->rng, 2) ? 1U : 1U + traffic_rnd(&b->rng, l->layers);
    const uint32_t heads = traffic_one_in(&b->rng, 2) ? 1U : 1U + traffic_rnd(&b->rng, l->heads);
    uint32_t nbh = b->streams ? wide[traffic_rnd(&b->rng, sizeof wide / sizeof wide[0])]
                              : nbhs[traffic_rnd(&b->rng, sizeof nbhs / sizeof nbhs[0])];
    const uint32_t room = PAGE_BLOCKS / (2U * layers * heads);
    nbh = nbh < room ? nbh : room;
    nbh = (nbh + faults_nbh_step(b) - 1U) / faults_nbh_step(b) * faults_nbh_step(b);
    const uint32_t fit = ALL_BLOCKS / (2U * layers * heads * nbh);
    const uint32_t any = pages[traffic_rnd(&b->rng, sizeof pages / sizeof pages[0])];
    const uint32_t wanted = b->streams ? GOLDEN_PAGES : any;
    if (!mr_kv_sim_shape(&b->sim, layers, heads, nbh, wanted < fit ? wanted : fit, shape)) {
        bench_fail(b, "no shape for %u layers, %u heads, %u blocks", layers, heads, nbh);
    }
}

/* Long STREAMs of few slots, hardly anything else. */
static void prefer_streams(bench_t *b) {
    b->style.slots = 2U + traffic_rnd(&b->rng, 6);
    b->style.stream_of_8 = 8;
    b->style.long_streams = true;
    b->style.one_bad_in = 1000;
    b->style.admin_one_in = 1000;
    b->kc_pace = 8;
    b->kr_pace = traffic_one_in(&b->rng, 4) ? 7U : 8U;
}

/* grow: mostly APPENDs, so that there is something to share and to cut. */
static void run_style(bench_t *b, uint64_t ops, bool grow) {
    static const uint32_t paces[] = {8, 8, 8, 7, 4, 1};
    traffic_style(&b->rng, b->sim.limits.slots, &b->style);
    b->kc_pace = paces[traffic_rnd(&b->rng, 6)];
    b->kw_pace = paces[traffic_rnd(&b->rng, 6)];
    b->kr_pace = paces[traffic_rnd(&b->rng, 6)];
    if (b->streams) {
        prefer_streams(b);
    }
    b->style.stream_of_8 = grow ? 0U : b->style.stream_of_8;
    b->style.admin_one_in *= grow ? 8U : 1U;
    b->ops_left = ops;
    faults_on(b);
    b->issuing = true;
    while (b->ops_left > 0U && !b->failed) {
        bench_tick(b);
    }
    bench_drain(b);
    faults_off(b);
    bench_quiet(b);
    b->lossy = false;
    if (b->spoilt) { /* bad words were copied: start again without them */
        bench_free_all(b);
    }
}

/* A configuration outside the limits: every command is refused with 4. */
static void run_refused(bench_t *b, const mr_kv_sim_shape_t *good) {
    mr_kv_sim_shape_t shape = *good;
    shape.layers = traffic_one_in(&b->rng, 2) ? b->sim.limits.layers + 1U : 0U;
    if (!mr_kv_sim_start(&b->sim, &shape)) {
        bench_fail(b, "a bad configuration hangs");
    }
    golden_start(&b->golden, &b->sim.limits, good);
    b->golden.refuse_all = true;
    run_style(b, 50, false);
    b->golden.refuse_all = false;
}

void bench_free_all(bench_t *b) {
    for (uint32_t s = 0; s < b->sim.limits.slots && !b->failed; s++) {
        if (b->golden.slot[s].blocks != 0U) {
            bench_administer(b, MR_KV_SIM_FREE, (uint8_t)s, 0);
        }
    }
    bench_quiet(b);
}

static void run_shape(bench_t *b, bool inject) {
    mr_kv_sim_shape_t shape;
    pick_shape(b, &shape);
    if (inject) {
        run_refused(b, &shape);
    }
    if (b->failed || !mr_kv_sim_start(&b->sim, &shape)) {
        bench_fail(b, "the controller does not get ready");
        return;
    }
    golden_start(&b->golden, &b->sim.limits, &shape);
    b->kw_pace = 8;
    b->kr_pace = 8;
    b->injecting = false;
    faults_poison(b);
    run_shared(b);
    b->injecting = inject;
    b->injected = false;
    for (uint32_t i = 0; i < STYLES && !b->failed; i++) {
        const uint32_t more = i == 0U ? GROW_MORE : STREAM_MORE;
        run_style(b, STYLE_BLOCKS * (b->streams ? more : 1U) / shape.nbh, i == 0U);
    }
    faults_sweep(b);
    faults_round(b);
    bench_free_all(b);
}

/* The second shape gets wrong tags, and a bad configuration before it. A lost page keeps its bytes,
 * so the next shape then starts on a fresh device. */
static void run_round(bench_t *b, uint64_t seed) {
    b->round_seed = seed;
    traffic_seed(&b->rng, seed);
    b->golden.leaked = true;
    for (uint32_t i = 0; i < SHAPES && !b->failed; i++) {
        b->total.clocks += b->golden.leaked ? b->sim.clock : 0U;
        if (b->golden.leaked && !open_sim(b)) {
            bench_fail(b, "the model does not start");
            return;
        }
        run_shape(b, i == 1U && !b->streams);
    }
    faults_silence(b);
}

/* ---- the whole ---- */

static void need(bench_t *b, uint64_t times, const char *what) {
    if (times == 0U && !b->failed) {
        bench_fail(b, "never happened: %s", what);
    }
}

/* Whether the traffic reached what it is there for. */
static void check_coverage(bench_t *b) {
    static const char *const ops[] = {"FREE", "TRUNCATE", "FORK", "QUOTA"};
    const totals_t *t = &b->total;
    char text[48];
    uint64_t refused = 0;
    for (uint32_t s = 0; s < 8U; s = s == 0U ? 4U : s + 1U) {
        (void)snprintf(text, sizeof text, "a command with status %u", s);
        need(b, t->by_status[s], text);
    }
    for (uint32_t op = 0; op < 4U; op++) {
        (void)snprintf(text, sizeof text, "a %s that is carried out", ops[op]);
        need(b, t->admin_by_status[op][0], text);
        refused += t->admin_by_status[op][4];
    }
    need(b, refused, "administration of an unknown slot");
    need(b, b->golden.copies, "a copy on write");
    need(b, b->golden.frees, "a page that came back");
    need(b, t->scrubs, "a scrub");
    need(b, t->read_after_append, "a read of what was just appended");
    if (b->sim.axi) {
        need(b, t->lost_streams, "a stream with a bad word");
        need(b, t->copies_undone, "a copy that was undone");
        need(b, t->write_errors, "a write error");
        need(b, t->silences, "a silent memory");
    }
    if (b->sim.ecc_word != 0U) {
        need(b, t->corrected, "a corrected word");
        need(b, t->lost_streams, "a stream with a bad word");
        need(b, t->copied_poison, "the copy of a bad word");
        need(b, t->swept, "a flipped bit in the log");
        need(b, t->patrol_words, "a word that the patrol corrected during traffic");
        need(b, t->rounds, "a round of the patrol over flipped bits");
    }
}

static void print_totals(const bench_t *b, double seconds) {
    const totals_t *t = &b->total;
    printf("RESULT operations %" PRIu64 " 1\nRESULT beats_compared %" PRIu64
           " 1\nRESULT memory_bytes_compared %" PRIu64 " 1\nRESULT mismatches %" PRIu64
           " 1\nRESULT violations %" PRIu64 " 1\n",
           t->ops, t->blocks, t->bytes_checked, t->mismatches, t->violations);
    printf("%s: %" PRIu64 " clocks; done %" PRIu64 ", refused %" PRIu64 " %" PRIu64 " %" PRIu64
           " %" PRIu64 "; %" PRIu64 " pages taken, %" PRIu64 " back, %" PRIu64 " forked, %" PRIu64
           " copied; %" PRIu64 " reads just after their append; %" PRIu64 " ambiguous; %.0f s\n",
           b->model, t->clocks, t->by_status[0], t->by_status[4], t->by_status[5], t->by_status[6],
           t->by_status[7], b->golden.takes, b->golden.frees, b->golden.forks, b->golden.copies,
           t->read_after_append, t->either, seconds);
    if (t->bound_of != 0U) {
        printf("closest to its bound: a command that took %" PRIu64 " of %" PRIu64 " clocks\n",
               t->bound_took, t->bound_of);
    }
    if (b->sim.axi) {
        printf("RESULT read_errors %" PRIu64 " 1\nRESULT write_errors %" PRIu64
               " 1\nRESULT streams_with_bad_words %" PRIu64 " 1\nRESULT blocks_lost %" PRIu64
               " 1\nRESULT copies_undone %" PRIu64 " 1\nRESULT silences %" PRIu64 " 1\n",
               t->read_errors, t->write_errors, t->lost_streams, t->lost_blocks, t->copies_undone,
               t->silences);
    }
    if (b->sim.ecc_word != 0U) {
        printf("RESULT words_corrected %" PRIu64 " 1\nRESULT streams_with_bad_words %" PRIu64
               " 1\nRESULT blocks_lost %" PRIu64 " 1\nRESULT copies_of_bad_words %" PRIu64
               " 1\nRESULT flips_found_in_log %" PRIu64 " 1\nRESULT pages_patrolled %" PRIu64
               " 1\nRESULT words_patrol_corrected %" PRIu64 " 1\nRESULT patrol_rounds %" PRIu64
               " 1\n",
               t->corrected, t->lost_streams, t->lost_blocks, t->copied_poison, t->swept,
               t->patrol_pages, t->patrol_words, t->rounds);
    }
}

static int run(bench_t *b, uint64_t ops, uint64_t seed) {
    const time_t start = time(NULL);
    for (uint64_t round = 0; b->total.ops < ops && !b->failed; round++) {
        run_round(b, seed + round);
        if (round % 16U == 15U) {
            fprintf(stderr, "%s: %" PRIu64 " operations, next seed %" PRIu64 "\n", b->model,
                    b->total.ops, seed + round + 1U);
        }
    }
    b->total.clocks += b->sim.clock;
    if (ops >= COVERED && !b->streams) {
        check_coverage(b);
    }
    print_totals(b, difftime(time(NULL), start));
    mr_kv_sim_close(&b->sim);
    if (!b->failed) {
        printf("PASS kv_random_%s\n", b->model);
    }
    return b->failed ? 1 : 0;
}

int main(int argc, char **argv) {
    const char *const model = argc > 1 ? argv[1] : "";
    uint64_t ops = COVERED;
    uint64_t seed = 1;
    bool known = false;
    for (size_t i = 0; mr_kv_sim_name(i) != NULL; i++) {
        known = known || strcmp(model, mr_kv_sim_name(i)) == 0;
    }
    char *end = NULL;
    ops = argc > 2 ? strtoull(argv[2], &end, 10) : ops;
    known = known && (end == NULL || *end == '\0');
    seed = argc > 3 ? strtoull(argv[3], &end, 10) : seed;
    const bool streams = argc > 4 && strcmp(argv[4], "streams") == 0;
    known = known && argc <= (streams ? 5 : 4);
    if (!known || (end != NULL && *end != '\0')) {
        fprintf(stderr, "usage: kv_random MODEL [OPERATIONS [SEED [streams]]]; models:");
        for (size_t i = 0; mr_kv_sim_name(i) != NULL; i++) {
            fprintf(stderr, " %s", mr_kv_sim_name(i));
        }
        fprintf(stderr, "\n");
        return 2;
    }
    bench_t *b = calloc(1, sizeof *b);
    if (b == NULL) {
        fprintf(stderr, "kv_random: out of memory\n");
        return 1;
    }
    b->model = model;
    b->streams = streams;
    printf("kv_random %s %" PRIu64 " %" PRIu64 "%s\n", model, ops, seed, streams ? " streams" : "");
    const int status = run(b, ops, seed);
    free(b);
    return status;
}
