/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs on the Verilated chip and on the functional model: every bit that is defined has
 * to agree.
 *
 * usage: test_random_programs SEED COUNT [DRAM]      DRAM of the simulated chip, as in --device
 * sim:DRAM Runs COUNT scenarios (rand_gen.h) on both devices through registers and compares after
 * each: results (slot, status, flags, pc, pos, token, length, payload), VMEM operands and input
 * buffers, XMEM, KV pages in use, refused KV commands, each tile's ERROR code, JOBS, DESCRIPTORS,
 * the hub's MSGS; and on the chip alone that CYC_BUSY is the sum of CYC_TAG and bounds every other
 * counter.
 *
 * Not compared, because docs/tile_isa.md leaves it open: the payload of a job with an error; the
 * order of results (they are matched by their pc, which is unique here); ERROR.pc; what an ATTEND
 * that is refused half way has written, and how many of its commands were refused (it asks ahead);
 * which of several free input buffers a job gets while others run, so the buffers' contents after
 * jobs that ran in a pipeline. WMEM spans stay inside WMEM: the hardware does not check them.
 *
 * A difference prints seed, scenario and the first differing word; exit status 1. Replay: the same
 * SEED and COUNT. Exit status 0 and "PASS" only without one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/regs.h"
#include "rand_gen.h"

#define SHAPE_EVERY 24u
#define UNUSED_VMEM (GEN_IN_BASE + 4u * GEN_IN_SIZE_MAX)

typedef struct {
    pair_t pair;
    gen_t gen;
    gen_scenario_t scenario;
    uint32_t number;
    uint32_t pages; /* free ones after CTRL.init, per device */
    uint32_t model_pages;
    uint32_t refused[PAIR_DEVICES]; /* commands until the last comparison, modulo 2^16 */
    bool refused_differs;           /* counts of refused commands parted (a refused ATTEND) */
    bool buffers_differ;
    uint64_t descriptors;
    uint64_t with_error;
    char replay[128];
} test_t;

_Noreturn static void differ(test_t *t, const char *what, uint32_t tile, uint64_t sim,
                             uint64_t model) {
    gen_print(&t->scenario);
    pair_die(&t->pair,
             "scenario %" PRIu32 ", tile %" PRIu32 ", %s: sim %#" PRIx64 ", model %#" PRIx64,
             t->number, tile, what, sim, model);
}

/* ---- loading ------------------------------------------------------------------------------- */

static void load_vmem(test_t *t, uint32_t tile, uint32_t at, uint32_t n, bool wild) {
    uint32_t words[GEN_DATA + 4 * GEN_IN_SIZE_MAX];
    gen_floats(&t->gen, wild, words, n);
    pair_put(&t->pair, MR_CHIP_MEM_TARGET_KIND_VMEM, tile, at, words, n);
}

static void load_xmem(test_t *t, uint32_t tile, uint32_t at, uint32_t n, bool wild) {
    uint32_t words[64 * 9];
    gen_blocks(&t->gen, wild, words, n);
    pair_put_rows(&t->pair, MR_CHIP_MEM_TARGET_KIND_XMEM, tile, at, words, n);
}

static void load_program(test_t *t, const gen_program_t *p) {
    pair_put(&t->pair, MR_CHIP_MEM_TARGET_KIND_PMEM, p->tile, p->pc * 8, p->d[0].w, p->n * 8);
}

static void load_everything(test_t *t) {
    const uint32_t rows = GEN_WMEM * t->pair.machine.lanes;
    uint32_t *weights = malloc((size_t)rows * 9 * sizeof *weights);
    gen_program_t safe;
    if (weights == NULL) {
        pair_die(&t->pair, "out of memory");
    }
    gen_safe_program(&safe);
    for (uint32_t tile = 0; tile < t->pair.machine.tiles; tile++) {
        gen_weights(&t->gen, weights, rows);
        pair_put_rows(&t->pair, MR_CHIP_MEM_TARGET_KIND_WMEM, tile, 0, weights, rows);
        load_vmem(t, tile, 0, GEN_DATA, true);
        load_vmem(t, tile, GEN_IN_BASE, 4 * GEN_IN_SIZE_MAX, true);
        load_xmem(t, tile, 0, 64, true);
        safe.tile = tile;
        load_program(t, &safe);
    }
    free(weights);
}

static uint32_t kv_reg(const test_t *t, int device, uint32_t offset) {
    return pair_read(&t->pair, device, MR_KV_BASE + offset);
}

static void new_kv_shape(test_t *t) {
    gen_t *g = &t->gen;
    gen_kv_shape(g);
    pair_kv_init(&t->pair, g->kv_layers, g->kv_heads, g->kv_nbh);
    t->pages = kv_reg(t, PAIR_SIM, MR_KV_PAGES_FREE_OFFSET);
    t->model_pages = kv_reg(t, PAIR_MODEL, MR_KV_PAGES_FREE_OFFSET);
}

/* Fresh operands here and there, so that NaN does not eat everything. */
static void refresh(test_t *t) {
    gen_t *g = &t->gen;
    for (uint32_t tile = 0; tile < t->pair.machine.tiles; tile++) {
        const uint32_t n = 2 * gen_below(g, 200);
        const uint32_t blocks = gen_below(g, 20);
        const bool wild = gen_chance(g, 25);
        load_vmem(t, tile, 2 * gen_below(g, (GEN_DATA - n) / 2 + 1), n, wild);
        load_xmem(t, tile, gen_below(g, 64 - blocks + 1), blocks, wild);
        if (t->buffers_differ) {
            load_vmem(t, tile, GEN_DATA, UNUSED_VMEM - GEN_DATA, false);
        }
    }
    t->buffers_differ = false;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static uint32_t status_of(const pair_result_t *r) {
    return (r->hdr & MR_HUB_RES_HDR_STATUS_MASK) >> MR_HUB_RES_HDR_STATUS_SHIFT;
}

static int by_pc(const void *a, const void *b) {
    const uint32_t pc_a = ((const pair_result_t *)a)->hdr >> MR_HUB_RES_HDR_PC_SHIFT;
    const uint32_t pc_b = ((const pair_result_t *)b)->hdr >> MR_HUB_RES_HDR_PC_SHIFT;
    return (pc_a > pc_b) - (pc_a < pc_b);
}

static void compare_results(test_t *t) {
    pair_t *p = &t->pair;
    if (p->n_results[PAIR_SIM] != p->n_results[PAIR_MODEL]) {
        differ(t, "results", 0, p->n_results[PAIR_SIM], p->n_results[PAIR_MODEL]);
    }
    const uint32_t n = p->n_results[PAIR_SIM];
    for (int d = 0; d < PAIR_DEVICES; d++) {
        qsort(p->results[d], n, sizeof p->results[d][0], by_pc);
    }
    for (uint32_t i = 0; i < n; i++) {
        const pair_result_t *s = &p->results[PAIR_SIM][i];
        const pair_result_t *m = &p->results[PAIR_MODEL][i];
        if (s->hdr != m->hdr) {
            differ(t, "result header", 0, s->hdr, m->hdr);
        }
        if (s->pos != m->pos || s->token != m->token) {
            differ(t, "result pos or token", 0, s->pos, m->pos);
        }
        if (s->len != m->len) {
            differ(t, "result length", 0, s->len, m->len);
        }
        for (uint32_t k = 0; k < s->len && k < PAIR_RESULT_ELEMS && status_of(s) == 0; k++) {
            if (s->data[k] != m->data[k]) {
                fprintf(stderr, "result with pc %#" PRIx32 ", element %" PRIu32 " of %" PRIu32 "\n",
                        s->hdr >> MR_HUB_RES_HDR_PC_SHIFT, k, s->len);
                differ(t, "result payload", 0, s->data[k], m->data[k]);
            }
        }
    }
}

static void compare_memory(test_t *t, uint32_t kind, uint32_t tile, uint32_t first, uint32_t rows,
                           const char *name) {
    const bool nine = kind == MR_CHIP_MEM_TARGET_KIND_XMEM || kind == MR_CHIP_MEM_TARGET_KIND_WMEM;
    if (pair_same(&t->pair, kind, tile, first, rows)) {
        return;
    }
    const uint32_t stride = nine ? 16 : kind == MR_CHIP_MEM_TARGET_KIND_PMEM ? 8 : 1;
    for (uint32_t i = first * stride; i < (first + rows) * stride; i++) {
        uint32_t word[PAIR_DEVICES];
        for (int d = 0; d < PAIR_DEVICES; d++) {
            pair_get(&t->pair, d, kind, tile, i, &word[d], 1);
        }
        if (word[PAIR_SIM] != word[PAIR_MODEL]) {
            fprintf(stderr, "%s word %" PRIu32 "\n", name, i);
            differ(t, name, tile, word[PAIR_SIM], word[PAIR_MODEL]);
        }
    }
    differ(t, "CRC of equal contents", tile, first, rows);
}

static void compare_counter(test_t *t, uint32_t tile, uint32_t offset, const char *name) {
    const uint64_t sim = pair_tile_counter(&t->pair, PAIR_SIM, tile, offset);
    const uint64_t model = pair_tile_counter(&t->pair, PAIR_MODEL, tile, offset);
    if (sim != model) {
        differ(t, name, tile, sim, model);
    }
}

/* Cycle counters of the chip: the tags add up, nothing counts beyond the busy cycles. */
static void check_cycles(test_t *t, uint32_t tile) {
    static const uint32_t bounded[] = {MR_TILE_CYC_GEMV_LO_OFFSET, MR_TILE_CYC_LANE_LO_OFFSET,
                                       MR_TILE_CYC_VEC_LO_OFFSET, MR_TILE_CYC_KV_WAIT_LO_OFFSET,
                                       MR_TILE_CYC_NET_WAIT_LO_OFFSET};
    const uint64_t busy = pair_tile_counter(&t->pair, PAIR_SIM, tile, MR_TILE_CYC_BUSY_LO_OFFSET);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MR_TILE_CYC_TAG_COUNT; i++) {
        sum += pair_tile_counter(&t->pair, PAIR_SIM, tile,
                                 MR_TILE_CYC_TAG_LO_OFFSET + i * MR_TILE_CYC_TAG_STRIDE);
    }
    if (sum != busy) {
        differ(t, "CYC_BUSY is not the sum of CYC_TAG", tile, busy, sum);
    }
    for (size_t i = 0; i < sizeof bounded / sizeof bounded[0]; i++) {
        const uint64_t n = pair_tile_counter(&t->pair, PAIR_SIM, tile, bounded[i]);
        if (n > busy) {
            differ(t, "a cycle counter exceeds CYC_BUSY", tile, n, busy);
        }
    }
}

static uint32_t error_code(const test_t *t, int device, uint32_t tile) {
    return pair_tile_read(&t->pair, device, tile, MR_TILE_ERROR_OFFSET) & MR_TILE_ERROR_CODE_MASK;
}

/* Commands refused since the last call. */
static uint32_t new_refused(test_t *t, int device) {
    const uint32_t a = kv_reg(t, device, MR_KV_REFUSED_OFFSET);
    const uint32_t b = kv_reg(t, device, MR_KV_REFUSED_PAGES_OFFSET);
    const uint32_t now = (a + (a >> 16) + b + (b >> 16)) & 0xFFFFu;
    const uint32_t more = (now - t->refused[device]) & 0xFFFFu;
    t->refused[device] = now;
    return more;
}

static void compare_kv(test_t *t) {
    const uint32_t used = t->pages - kv_reg(t, PAIR_SIM, MR_KV_PAGES_FREE_OFFSET);
    const uint32_t want = t->model_pages - kv_reg(t, PAIR_MODEL, MR_KV_PAGES_FREE_OFFSET);
    const uint32_t refused = new_refused(t, PAIR_SIM);
    const uint32_t refused_want = new_refused(t, PAIR_MODEL);
    if (used != want) {
        differ(t, "KV pages in use", 0, used, want);
    }
    if (!t->scenario.attend_refused && refused != refused_want) {
        differ(t, "refused KV commands", 0, refused, refused_want);
    }
    if (t->scenario.attend_refused && (refused == 0) != (refused_want == 0)) {
        differ(t, "refused KV commands of an ATTEND", 0, refused, refused_want);
    }
}

/* True when a job of the scenario had an error. */
static bool compare(test_t *t) {
    pair_t *p = &t->pair;
    bool failed = false;
    compare_results(t);
    for (uint32_t tile = 0; tile < p->machine.tiles; tile++) {
        const uint32_t code = error_code(t, PAIR_SIM, tile);
        if (code != error_code(t, PAIR_MODEL, tile)) {
            differ(t, "ERROR.code", tile, code, error_code(t, PAIR_MODEL, tile));
        }
        failed = failed || code != 0;
        compare_counter(t, tile, MR_TILE_JOBS_LO_OFFSET, "JOBS");
        compare_counter(t, tile, MR_TILE_DESCRIPTORS_LO_OFFSET, "DESCRIPTORS");
        t->descriptors += pair_tile_counter(p, PAIR_SIM, tile, MR_TILE_DESCRIPTORS_LO_OFFSET);
        check_cycles(t, tile);
        compare_memory(t, MR_CHIP_MEM_TARGET_KIND_XMEM, tile, 0, p->machine.xmem_blocks, "XMEM");
        compare_memory(t, MR_CHIP_MEM_TARGET_KIND_VMEM, tile, 0, GEN_DATA, "VMEM");
    }
    for (uint32_t i = 0; i < p->n_results[PAIR_SIM]; i++) {
        failed = failed || status_of(&p->results[PAIR_SIM][i]) != 0;
    }
    t->buffers_differ = t->scenario.pipelined || failed;
    for (uint32_t tile = 0; tile < p->machine.tiles && !t->buffers_differ; tile++) {
        compare_memory(t, MR_CHIP_MEM_TARGET_KIND_VMEM, tile, GEN_IN_BASE,
                       UNUSED_VMEM - GEN_IN_BASE, "input buffer");
    }
    compare_kv(t);
    const uint32_t msgs = MR_HUB_BASE + MR_HUB_MSGS_LO_OFFSET;
    if (pair_read(p, PAIR_SIM, msgs) != pair_read(p, PAIR_MODEL, msgs)) {
        differ(t, "MSGS", 0, pair_read(p, PAIR_SIM, msgs), pair_read(p, PAIR_MODEL, msgs));
    }
    return failed;
}

/* ---- running ------------------------------------------------------------------------------- */

static void forget_slots(test_t *t, uint32_t slots) {
    for (uint32_t s = 0; s < GEN_SLOTS; s++) {
        if (((slots >> s) & 1u) != 0) {
            pair_kv_free(&t->pair, s);
            t->gen.kv_len[s] = 0;
        }
    }
}

static void run_scenario(test_t *t) {
    pair_t *p = &t->pair;
    gen_scenario_t *s = &t->scenario;
    refresh(t);
    gen_scenario(&t->gen, s);
    for (uint32_t i = 0; i < s->n_programs; i++) {
        load_program(t, &s->program[i]);
    }
    for (uint32_t tile = 0; tile < p->machine.tiles; tile++) {
        pair_start_tile(p, tile, GEN_IN_BASE, s->in_size);
    }
    p->n_results[PAIR_SIM] = 0;
    p->n_results[PAIR_MODEL] = 0;
    for (uint32_t i = 0; i < s->n_jobs; i++) {
        pair_inject(p, &s->job[i]);
    }
    pair_settle(p);
    const bool failed = compare(t);
    t->with_error += failed ? 1 : 0;
    if (failed && !s->mistake) {
        differ(t, "an error nobody made", 0, error_code(t, PAIR_SIM, 0),
               error_code(t, PAIR_SIM, 1));
    }
    if (failed || s->mistake) {
        forget_slots(t, s->slots);
    }
}

int main(int argc, char **argv) {
    static test_t t;
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: test_random_programs SEED COUNT [DRAM]\n");
        return 2;
    }
    const uint64_t seed = strtoull(argv[1], NULL, 10);
    const uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
    const char *dram = argc == 4 ? argv[3] : NULL;
    pair_open(&t.pair, dram);
    snprintf(t.replay, sizeof t.replay, "test_random_programs %" PRIu64 " %" PRIu32 "%s%s", seed,
             count, dram != NULL ? " " : "", dram != NULL ? dram : "");
    t.pair.context = t.replay;
    if (t.pair.machine.tiles != 2 || t.pair.machine.vmem_elems < UNUSED_VMEM) {
        pair_die(&t.pair, "made for the machine of sim_verilator/chip");
    }
    printf("seed %" PRIu64 ", %" PRIu32 " scenarios\n", seed, count);
    gen_seed(&t.gen, seed, &t.pair.machine);
    load_everything(&t);
    for (t.number = 0; t.number < count; t.number++) {
        if (t.number % SHAPE_EVERY == 0) {
            new_kv_shape(&t);
        }
        run_scenario(&t);
    }
    for (uint32_t tile = 0; tile < t.pair.machine.tiles; tile++) {
        compare_memory(&t, MR_CHIP_MEM_TARGET_KIND_WMEM, tile, 0, GEN_WMEM * t.pair.machine.lanes,
                       "WMEM");
    }
    printf("RESULT random_descriptors %" PRIu64 " descriptors\n", t.descriptors);
    printf("RESULT random_scenarios_with_error %" PRIu64 " scenarios\n", t.with_error);
    if (count >= 100 && t.with_error == 0) {
        pair_die(&t.pair, "no mistake was ever made");
    }
    pair_close(&t.pair);
    printf("PASS test_random_programs %" PRIu64 "\n", seed);
    return 0;
}
