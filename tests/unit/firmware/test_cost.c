/* SPDX-License-Identifier: Apache-2.0 */
/* Cost model: descriptors against the clocks that the RTL benches assert, tokens against each
 * other, and what latency mode makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/cost.h"
#include "millrace/program.h"

static mr_placement_t p;
static mr_place_formats_t formats;
static mr_fit_t fit;

typedef struct {
    uint32_t words[8];
    uint32_t lanes;
    uint32_t pos;
    uint32_t clocks;
} row_t;

#define GEMV(rows_, cols_, lanes_, clocks_)                                                        \
    { {3, 0, 0, 0, rows_, (cols_) / 32, 0, 0}, lanes_, 0, clocks_ }
#define ATTEND(n_kv_, g_, nbh_, lanes_, positions_, clocks_)                                       \
    {                                                                                              \
        {10, 0, 0, (n_kv_) << 8 | (uint32_t)(nbh_) << 24, g_, 0, 0, 0}, lanes_, (positions_)-1,    \
            clocks_                                                                                \
    }
#define VEC(op_, n_, w5_, clocks_)                                                                 \
    { {op_, 0, 0, 0, n_, w5_, 0, 0}, 2, 0, clocks_ }

/* GEMV and ATTEND: lines `RESULT rtl_dpu` of docs/results.md; the rest: tests/rtl/vec. */
static void test_descriptors__as_in_the_benches(void **state) {
    (void)state;
    static const row_t rows[] = {GEMV(64, 64, 1, 144),
                                 GEMV(640, 64, 1, 1296),
                                 GEMV(64, 32, 2, 48),
                                 GEMV(640, 64, 2, 656),
                                 GEMV(64, 256, 4, 148),
                                 GEMV(256, 256, 4, 532),
                                 GEMV(64, 160, 8, 68),
                                 GEMV(256, 256, 8, 284),
                                 ATTEND(1, 1, 1, 1, 1, 289),
                                 ATTEND(1, 1, 1, 1, 32, 289),
                                 ATTEND(1, 1, 1, 1, 128, 728),
                                 ATTEND(1, 2, 1, 1, 32, 427),
                                 ATTEND(1, 2, 1, 1, 128, 1274),
                                 VEC(1, 64, 0, 105),
                                 VEC(2, 64, 0, 67),
                                 VEC(4, 64, 32, 47),
                                 VEC(5, 64, 0, 39),
                                 VEC(6, 64, 0, 87),
                                 VEC(7, 0, 2, 41),
                                 VEC(8, 64, 1, 36),
                                 /* KV_APPEND of two heads of two blocks; SEND; END */
                                 {{9, 2u << 8 | 2u << 24, 0, 0, 0, 0, 0, 0}, 2, 0, 34},
                                 VEC(11, 64, 0, 40),
                                 VEC(0, 64, 0, 0)};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint64_t clocks = mr_cost_descriptor(rows[i].words, rows[i].lanes, rows[i].pos);
        if (clocks != rows[i].clocks) {
            fail_msg("row %zu: %u clocks, not %u", i, (unsigned)clocks, rows[i].clocks);
        }
    }
    static const uint32_t acc[8] = {3 | 1u << 24, 0, 0, 0, 64, 2, 0, 0};
    assert_int_equal(mr_cost_descriptor(acc, 2, 0), 80);
    assert_int_equal(mr_cost_descriptor(acc, 4, 0), 56);
    assert_int_equal(mr_cost_descriptor(acc, 8, 0), 56);
}

static void place(uint32_t mode, const mr_machine_t *m) {
    mr_model_shape_t s = fixture_shape();
    s.n_ff = 512;
    s.vocab = s.vocab_pad = 256;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    assert_int_equal(mr_place_mode(&p, &s, &formats, m, mode, &fit), MR_OK);
}

static mr_machine_t machine(void) {
    mr_machine_t m = fixture_machine();
    m.tiles = 16;
    m.lanes = 1;
    m.wmem_words = 8192;
    m.in_size_max = 2048;
    return m;
}

/* The parts make the whole, and the visits the token. */
static void test_token__adds_up(void **state) {
    (void)state;
    const mr_machine_t m = machine();
    for (uint32_t k = 1; k <= 8u; k++) {
        mr_cost_t cost;
        uint64_t sum = 0;
        uint64_t visits = 0;
        place(k, &m);
        mr_cost_token(&p, &formats, 40, &cost);
        for (uint32_t i = 0; i < MR_COST_TAGS; i++) {
            sum += cost.tag[i];
        }
        assert_true(cost.total == sum + cost.network);
        for (uint32_t v = 0; v < p.n_visits; v++) {
            mr_cost_t visit;
            mr_cost_visit(&p, &formats, v, 40, &visit);
            assert_true(visit.total > 0);
            visits += visit.total;
        }
        assert_true(cost.total == visits);
    }
}

/* Rows over more tiles take less, messages more; a later position takes more. */
static void test_token__follows_shards_and_position(void **state) {
    (void)state;
    const mr_machine_t m = machine();
    mr_cost_t before;
    mr_cost_t cost;
    place(1, &m);
    mr_cost_token(&p, &formats, 40, &before);
    for (uint32_t k = 2; k <= 8u; k *= 2u) {
        place(k, &m);
        mr_cost_token(&p, &formats, 40, &cost);
        assert_true(cost.tag[4] < before.tag[4]);
        assert_true(cost.tag[6] < before.tag[6]);
        assert_true(cost.network > before.network);
        before = cost;
    }
    mr_cost_token(&p, &formats, 63, &cost);
    assert_true(cost.tag[2] == before.tag[2]); /* the same block of positions */
    mr_cost_token(&p, &formats, 64, &cost);
    assert_true(cost.tag[2] > before.tag[2]);
    assert_true(cost.tag[1] == before.tag[1]);
}

/* A slow DRAM: the two query heads of the one KV head are split only where data comes in time. */
static void test_token__slow_dram(void **state) {
    (void)state;
    mr_machine_t m = machine();
    mr_cost_t quick;
    mr_cost_t slow;
    place(4, &m);
    assert_true(p.split_kv);
    mr_cost_token(&p, &formats, 63, &quick);
    m.kv_word_bytes = 2;
    place(4, &m);
    assert_false(p.split_kv);
    mr_cost_token(&p, &formats, 63, &slow);
    /* Two layers, K and V of 64 positions, a block of 34 bytes each. */
    assert_true(slow.tag[2] >= 2u * 2u * 64u * 17u && slow.tag[2] > quick.tag[2]);
}

/* Latency mode takes the best of all numbers of shards. */
static void test_latency__is_the_quickest(void **state) {
    (void)state;
    const mr_machine_t m = machine();
    mr_cost_t cost;
    place(MR_PLACE_LATENCY, &m);
    const uint32_t shards = p.shards;
    mr_cost_token(&p, &formats, p.shape.context - 1u, &cost);
    const uint64_t best = cost.total;
    assert_true(shards > 1u);
    for (uint32_t k = 1; k <= MR_PLACE_SHARDS_MAX; k++) {
        place(k, &m);
        mr_cost_token(&p, &formats, p.shape.context - 1u, &cost);
        assert_true(k == shards ? cost.total == best : cost.total >= best);
    }
    mr_machine_t one = m;
    one.tiles = 1;
    place(MR_PLACE_LATENCY, &one);
    assert_int_equal(p.shards, 1);
}

#define AT 31u /* position of the jobs */

/* What each tile, bus and KV cache has to do for a token, from the visits. */
typedef struct {
    uint64_t tile;
    uint64_t bus;
    uint64_t kv;
    uint64_t token;
} busiest_t;

static busiest_t busiest(uint32_t pos) {
    uint64_t tile[MR_MACHINE_TILES_MAX] = {0};
    uint64_t bus[MR_MACHINE_GROUPS_MAX] = {0};
    uint64_t kv[MR_MACHINE_GROUPS_MAX] = {0};
    busiest_t b = {0};
    for (uint32_t v = 0; v < p.n_visits; v++) {
        const mr_visit_t *visit = &p.visit[v];
        const uint32_t group = visit->tile / p.machine.tiles;
        mr_cost_t cost;
        mr_cost_visit(&p, &formats, v, pos, &cost);
        for (uint32_t i = 0; i < mr_visit_tiles(visit); i++) {
            tile[visit->tile + i] += (cost.busy + visit->clones - 1u) / visit->clones;
            b.tile = tile[visit->tile + i] > b.tile ? tile[visit->tile + i] : b.tile;
        }
        bus[group] += cost.bus;
        kv[group] += cost.stream;
        b.token += cost.total;
        if (v > 0 && p.visit[v - 1u].tile / p.machine.tiles != group) {
            mr_cost_visit(&p, &formats, v - 1u, pos, &cost);
            bus[group] += cost.bus; /* one message, that comes in */
        }
        b.bus = bus[group] > b.bus ? bus[group] : b.bus;
        b.kv = kv[group] > b.kv ? kv[group] : b.kv;
    }
    return b;
}

static void expect_bound(mr_bound_kind_t kind, uint64_t clocks) {
    mr_bound_t bound;
    mr_cost_bound(&p, &formats, AT, &bound);
    if (bound.kind != kind || bound.clocks != clocks) {
        fail_msg("kind %d at %u with %u clocks, not kind %d with %u", (int)bound.kind, bound.at,
                 (unsigned)bound.clocks, (int)kind, (unsigned)clocks);
    }
}

/* What bounds many users: a tile; with a slow DRAM the KV cache; with few jobs in flight these; the
 * bus where tiles have next to nothing to do. */
static void test_bound__what_binds(void **state) {
    (void)state;
    mr_machine_t m = machine();
    m.kv_slots = 128;
    m.in_bufs = 64;
    m.vmem_elems = 1u << 18;
    place(1, &m);
    expect_bound(MR_BOUND_TILE, busiest(AT).tile);
    p.window = 1;
    expect_bound(MR_BOUND_WINDOW, busiest(AT).token);
    p.window = 64;
    p.machine.kv_slots = 3; /* the smaller of the two counts, rounded up */
    expect_bound(MR_BOUND_WINDOW, (busiest(AT).token + 2u) / 3u);
    m.kv_word_bytes = 1;
    mr_model_shape_t s = fixture_shape();
    s.n_layers = 6; /* in one group's cache, on tiles of their own */
    assert_int_equal(mr_place_mode(&p, &s, &formats, &m, 1, &fit), MR_OK);
    expect_bound(MR_BOUND_KV, busiest(AT).kv);
    m = machine();
    m.kv_slots = 128;
    m.in_bufs = 64;
    m.vmem_elems = 1u << 18;
    m.groups = 2;
    m.tiles = 8;
    place(1, &m);
    assert_true(p.visit[p.n_visits - 1u].tile >= m.tiles);
    const busiest_t two = busiest(AT);
    expect_bound(MR_BOUND_TILE, two.tile);
    /* Twelve shards: each visit sends twelve messages where it sent one. */
    m = machine();
    m.kv_slots = 128;
    m.in_bufs = 64;
    m.vmem_elems = 1u << 18;
    m.tiles = 30;
    m.lanes = 8;
    s.n_layers = 2;
    assert_int_equal(mr_place_mode(&p, &s, &formats, &m, 12, &fit), MR_OK);
    const busiest_t shards = busiest(AT);
    assert_true(shards.bus > shards.tile);
    expect_bound(MR_BOUND_BUS, shards.bus);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors__as_in_the_benches),
        cmocka_unit_test(test_token__adds_up),
        cmocka_unit_test(test_token__follows_shards_and_position),
        cmocka_unit_test(test_token__slow_dram),
        cmocka_unit_test(test_latency__is_the_quickest),
        cmocka_unit_test(test_bound__what_binds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
