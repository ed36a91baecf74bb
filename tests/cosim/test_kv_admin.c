/* SPDX-License-Identifier: Apache-2.0 */
/* Administration of the KV cache on the Verilated chip and on the functional model: random decode
 * steps of both tiles with FREE, TRUNCATE, FORK and QUOTA between and beside them, few pages, and a
 * new start of the cache here and there. Every status, every attention result, the free pages and
 * the counts of refusals have to agree; at the end the chip's cycle accounting has to add up.
 *
 * usage: test_kv_admin SEED STEPS [DRAM]      DRAM of the simulated chip, as in --device sim:DRAM
 * Exit status 0 and "PASS" only without a difference; replay with the same arguments.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/regs.h"
#include "pair.h"
#include "rand_gen.h"
#include "rand_prog.h"

enum { TILES = 2, LAYERS = 2, HEADS = 2, SLOTS = 6, FEW_PAGES = 9, MAX_CYCLES = 100000 };
enum { STEP_PC = 16, HALF_PC = 32, OUT = 512, HEAD_ELEMS = 32, K_BLOCK = 0, V_BLOCK = 8 };
enum { Q_BLOCK = 16, XMEM_BLOCKS = 24 };
#define KV_WORD(heads_, layer_) ((uint32_t)(layer_) | (uint32_t)(heads_) << 8 | 1u << 24)
#define SCALE 0x3E350000u /* about 1 / sqrt(32) */
#define WAIT_ALL 0xF00u

typedef struct {
    pair_t pair;
    gen_t gen;
    uint32_t len[SLOTS]; /* complete positions, as far as the status 0 of jobs tells */
    uint32_t step, ok, refused[8], admin_ok[4], admin_refused[4];
    char replay[64];
} test_t;

static void differ(test_t *t, const char *what, uint64_t sim, uint64_t model) {
    pair_die(&t->pair, "step %" PRIu32 ", %s: sim %#" PRIx64 ", model %#" PRIx64, t->step, what,
             sim, model);
}

/* One decode step: in each layer append, then attend to everything; then the results of both. */
static void put_programs(const test_t *t) {
    gen_desc_t step[2 * LAYERS + 2];
    const gen_desc_t half[] = {{{PROG_KV_APPEND, KV_WORD(1, 0), K_BLOCK, V_BLOCK, 0, 0, 0, 0}},
                               {{PROG_SEND | WAIT_ALL, 1, OUT, 0, 0, 1u << 16, 0, 0}},
                               {{PROG_END, 0, 0, 0, 0, 0, 0, 0}}};
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        const uint32_t kv = KV_WORD(HEADS, layer);
        const uint32_t out = OUT + layer * HEADS * HEAD_ELEMS;
        step[2 * layer] = (gen_desc_t){
            {PROG_KV_APPEND | WAIT_ALL, kv, K_BLOCK + 2 * layer, V_BLOCK + 2 * layer, 0, 0, 0, 0}};
        step[2 * layer + 1] =
            (gen_desc_t){{PROG_ATTEND | WAIT_ALL, out, Q_BLOCK, kv, 1, 0, SCALE, 0}};
    }
    step[2 * LAYERS] = (gen_desc_t){
        {PROG_SEND | WAIT_ALL, 1, OUT, 0, LAYERS * HEADS * HEAD_ELEMS, 1u << 16, 0, 0}};
    step[2 * LAYERS + 1] = (gen_desc_t){{PROG_END, 0, 0, 0, 0, 0, 0, 0}};
    for (uint32_t tile = 0; tile < TILES; tile++) {
        pair_put(&t->pair, MR_CHIP_MEM_TARGET_KIND_PMEM, tile, STEP_PC * 8, step[0].w,
                 (2 * LAYERS + 2) * 8);
        pair_put(&t->pair, MR_CHIP_MEM_TARGET_KIND_PMEM, tile, HALF_PC * 8, half[0].w, 3 * 8);
    }
}

static void start_cache(test_t *t) {
    const uint32_t pages = gen_chance(&t->gen, 70) ? FEW_PAGES : t->pair.machine.kv_pages;
    pair_kv_init(&t->pair, LAYERS, HEADS, 1);
    pair_write(&t->pair, MR_KV_BASE + MR_KV_PAGES_OFFSET, pages);
    pair_write(&t->pair, MR_KV_BASE + MR_KV_CTRL_OFFSET, MR_KV_CTRL_INIT_MASK);
    for (uint32_t i = 0; (pair_read(&t->pair, PAIR_SIM, MR_KV_BASE + MR_KV_STATUS_OFFSET) &
                          MR_KV_STATUS_READY_MASK) == 0;
         i++) {
        if (i == 1000 || mr_mmio_wait(&t->pair.io[PAIR_SIM], 64) != MR_OK) {
            pair_die(&t->pair, "step %" PRIu32 ": the cache does not start", t->step);
        }
    }
    memset(t->len, 0, sizeof t->len);
}

static uint32_t free_pages(const test_t *t) {
    return pair_read(&t->pair, PAIR_SIM, MR_KV_BASE + MR_KV_PAGES_FREE_OFFSET);
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static void inject_step(test_t *t, uint32_t tile, uint32_t slot) {
    gen_t *g = &t->gen;
    uint32_t words[XMEM_BLOCKS * 9];
    const bool half = gen_chance(g, 1);
    const uint32_t wrong = gen_chance(g, 2) ? gen_below(g, 40) : 0;
    gen_blocks(g, false, words, XMEM_BLOCKS);
    pair_put_rows(&t->pair, MR_CHIP_MEM_TARGET_KIND_XMEM, tile, 0, words, XMEM_BLOCKS);
    const pair_job_t job = {.dest = 2u << tile,
                            .pc = half ? HALF_PC : STEP_PC,
                            .parts = 1,
                            .slot = slot,
                            .pos = t->len[slot] + wrong};
    pair_inject(&t->pair, &job);
}

static const pair_result_t *result_of(test_t *t, int device, uint32_t slot) {
    for (uint32_t i = 0; i < t->pair.n_results[device]; i++) {
        const pair_result_t *r = &t->pair.results[device][i];
        if ((r->hdr & MR_HUB_RES_HDR_SLOT_MASK) >> MR_HUB_RES_HDR_SLOT_SHIFT == slot) {
            return r;
        }
    }
    pair_die(&t->pair, "step %" PRIu32 ": no result of slot %" PRIu32, t->step, slot);
}

static void compare_result(test_t *t, uint32_t slot) {
    const pair_result_t *s = result_of(t, PAIR_SIM, slot);
    const pair_result_t *m = result_of(t, PAIR_MODEL, slot);
    const uint32_t status = (s->hdr & MR_HUB_RES_HDR_STATUS_MASK) >> MR_HUB_RES_HDR_STATUS_SHIFT;
    if (s->hdr != m->hdr || s->len != m->len || s->pos != m->pos) {
        differ(t, "result header", s->hdr, m->hdr);
    }
    t->refused[status % 8]++;
    if (status == 0 && s->len != 0) {
        for (uint32_t i = 0; i < s->len; i++) {
            if (s->data[i] != m->data[i]) {
                differ(t, "attention", s->data[i], m->data[i]);
            }
        }
        t->len[slot]++;
        t->ok++;
    }
}

/* ---- administration ------------------------------------------------------------------------ */

static mr_status_t admin_on(const mr_mmio_t *io, uint32_t op, uint32_t slot, uint32_t src,
                            uint32_t len) {
    switch (op) {
    case MR_KV_ADMIN_OP_FREE:
        return mr_kv_free(io, slot, MAX_CYCLES);
    case MR_KV_ADMIN_OP_TRUNCATE:
        return mr_kv_truncate(io, slot, len, MAX_CYCLES);
    case MR_KV_ADMIN_OP_FORK:
        return mr_kv_fork(io, slot, src, len, MAX_CYCLES);
    default:
        return mr_kv_quota(io, slot, len, MAX_CYCLES);
    }
}

/* A slot that no job uses at the moment; sometimes one that does not exist. */
static uint32_t idle_slot(test_t *t, uint32_t busy) {
    uint32_t slot;
    if (gen_chance(&t->gen, 3)) {
        return t->pair.machine.kv_slots + gen_below(&t->gen, 3);
    }
    do {
        slot = gen_below(&t->gen, SLOTS);
    } while ((busy >> slot & 1u) != 0);
    return slot;
}

static uint32_t new_length(test_t *t, uint32_t op, uint32_t slot) {
    gen_t *g = &t->gen;
    if (op == MR_KV_ADMIN_OP_QUOTA) {
        return gen_chance(g, 80) ? 1 + gen_below(g, 3) : gen_below(g, 40);
    }
    const uint32_t len = slot < SLOTS ? t->len[slot] : 0;
    return gen_chance(g, 10) ? gen_below(g, 200) : gen_below(g, len + 1);
}

static void administer(test_t *t, uint32_t busy) {
    const uint32_t op = gen_below(&t->gen, 4);
    uint32_t slot = idle_slot(t, busy);
    /* Most forks should find an empty slot. */
    for (uint32_t i = 0; op == MR_KV_ADMIN_OP_FORK && i < SLOTS && gen_chance(&t->gen, 90); i++) {
        slot = (busy >> i & 1u) == 0 && t->len[i] == 0 ? i : slot;
    }
    const uint32_t src = idle_slot(t, busy);
    const uint32_t len = new_length(t, op, op == MR_KV_ADMIN_OP_FORK ? src : slot);
    mr_status_t status[PAIR_DEVICES];
    for (int d = 0; d < PAIR_DEVICES; d++) {
        status[d] = admin_on(&t->pair.io[d], op, slot, src, len);
    }
    if (status[PAIR_SIM] != status[PAIR_MODEL]) {
        printf("op %" PRIu32 ", slot %" PRIu32 ", src %" PRIu32 ", len %" PRIu32 "\n", op, slot,
               src, len);
        differ(t, "administration", (uint64_t)-status[PAIR_SIM], (uint64_t)-status[PAIR_MODEL]);
    }
    if (status[PAIR_SIM] != MR_OK) {
        t->admin_refused[op]++;
        return;
    }
    t->admin_ok[op]++;
    if (op != MR_KV_ADMIN_OP_QUOTA) {
        t->len[slot] = op == MR_KV_ADMIN_OP_FREE ? 0 : len;
    }
}

/* ---- comparing ----------------------------------------------------------------------------- */

static void compare_state(test_t *t) {
    const uint32_t pages[] = {
        free_pages(t), pair_read(&t->pair, PAIR_MODEL, MR_KV_BASE + MR_KV_PAGES_FREE_OFFSET)};
    mr_kv_refused_t r[PAIR_DEVICES];
    for (int d = 0; d < PAIR_DEVICES; d++) {
        if (mr_kv_refused(&t->pair.io[d], &r[d]) != MR_OK) {
            pair_die(&t->pair, "counts of refusals");
        }
    }
    if (pages[PAIR_SIM] != pages[PAIR_MODEL]) {
        differ(t, "free pages", pages[PAIR_SIM], pages[PAIR_MODEL]);
    }
    if (memcmp(&r[PAIR_SIM], &r[PAIR_MODEL], sizeof r[0]) != 0) {
        printf("who, pos, pages, tag: sim %u %u %u %u, model %u %u %u %u\n", r[0].who, r[0].pos,
               r[0].pages, r[0].tag, r[1].who, r[1].pos, r[1].pages, r[1].tag);
        differ(t, "refusals", r[0].pos, r[1].pos);
    }
}

/* One step: a job on each tile (on one when pages are short: who gets the last one depends on
 * time), administration of other slots meanwhile or afterwards. */
static void run_step(test_t *t) {
    gen_t *g = &t->gen;
    const bool two = free_pages(t) >= 4;
    const uint32_t first = gen_below(g, SLOTS);
    const uint32_t second = (first + 1 + gen_below(g, SLOTS - 1)) % SLOTS;
    const uint32_t busy = 1u << first | (two ? 1u << second : 0u);
    const bool beside = gen_chance(g, 20);
    t->pair.n_results[PAIR_SIM] = 0;
    t->pair.n_results[PAIR_MODEL] = 0;
    inject_step(t, 0, first);
    if (two) {
        inject_step(t, 1, second);
    }
    if (beside) {
        administer(t, busy);
    }
    pair_settle(&t->pair);
    compare_result(t, first);
    if (two) {
        compare_result(t, second);
    }
    if (!beside && gen_chance(g, 12)) {
        administer(t, 0);
    }
    compare_state(t);
}

/* Each cycle of the chip's data bus is counted once, and commands have happened. */
static void check_accounting(test_t *t, uint32_t channel) {
    mr_kv_stats_t a;
    mr_kv_stats_t b;
    uint64_t before;
    uint64_t after;
    const mr_mmio_t *io = &t->pair.io[PAIR_SIM];
    if (mr_kv_stats(io, 0, channel, &a) != MR_OK || mr_chip_cycles(io, &before) != MR_OK ||
        mr_mmio_wait(io, 100000) != MR_OK || mr_chip_cycles(io, &after) != MR_OK ||
        mr_kv_stats(io, 0, channel, &b) != MR_OK) {
        pair_die(&t->pair, "statistics");
    }
    if (b.cycles - a.cycles < after - before || b.cycles > after + 100000 ||
        b.cause[MR_KV_USEFUL] != a.cause[MR_KV_USEFUL] || a.cause[MR_KV_USEFUL] == 0 ||
        a.act == 0 || a.rd == 0 || a.wr == 0 || a.pre == 0 || b.ref <= a.ref) {
        differ(t, "cycle accounting", b.cycles, after);
    }
    printf("RESULT kv_admin_useful %.1f %%\n",
           100.0 * (double)a.cause[MR_KV_USEFUL] / (double)a.cycles);
}

/* A run that never came to a refusal or an operation shows nothing. */
static void check_coverage(test_t *t, uint32_t steps) {
    bool seen = t->ok >= steps / 2;
    for (uint32_t op = 0; op < 4; op++) {
        seen = seen && t->admin_ok[op] != 0 &&
               (t->admin_refused[op] != 0 || op == MR_KV_ADMIN_OP_FREE);
        printf("op %" PRIu32 ": done %" PRIu32 ", refused %" PRIu32 "\n", op, t->admin_ok[op],
               t->admin_refused[op]);
    }
    printf("jobs done %" PRIu32 ", status 5 %" PRIu32 ", status 6 %" PRIu32 "\n", t->ok,
           t->refused[5], t->refused[6]);
    if (!seen || t->refused[5] == 0 || t->refused[6] == 0) {
        pair_die(&t->pair, "too little of everything in %" PRIu32 " steps", steps);
    }
}

int main(int argc, char **argv) {
    static test_t t;
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: %s SEED STEPS [DRAM]\n", argv[0]);
        return 2;
    }
    const uint32_t steps = (uint32_t)strtoul(argv[2], NULL, 0);
    const char *dram = argc == 4 ? argv[3] : NULL;
    snprintf(t.replay, sizeof t.replay, "test_kv_admin %s %s %s", argv[1], argv[2],
             dram != NULL ? dram : "");
    pair_open(&t.pair, dram);
    t.pair.context = t.replay;
    gen_seed(&t.gen, strtoull(argv[1], NULL, 0), &t.pair.machine);
    for (uint32_t tile = 0; tile < TILES; tile++) {
        pair_start_tile(&t.pair, tile, GEN_IN_BASE, 64);
    }
    put_programs(&t);
    for (t.step = 0; t.step < steps; t.step++) {
        if (t.step % 300 == 0) {
            start_cache(&t);
        }
        run_step(&t);
    }
    for (uint32_t c = 0; c < t.pair.machine.channels && c < HEADS; c++) {
        check_accounting(&t, c);
    }
    check_coverage(&t, steps);
    pair_close(&t.pair);
    printf("PASS %s\n", t.replay);
    return 0;
}
