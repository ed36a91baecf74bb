/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles of tokens and tiles from records: every kind of record, odd orders, and sums that are
 * always exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mr_test_random.h"
#include "trace/split.h"

enum { TILES = 4, GROUPS = 2, ENDS_MAX = 4096 };

typedef struct {
    mr_split_t *split;
    uint32_t n;
    mr_split_token_t end[ENDS_MAX];
} fixture_t;

static void on_token(void *ctx, const mr_split_token_t *token) {
    fixture_t *f = ctx;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MR_SPLIT_STATES; i++) {
        sum += token->clocks[i];
    }
    assert_int_equal(sum, token->end - token->begin);
    assert_true(f->n < ENDS_MAX);
    f->end[f->n++] = *token;
}

static int setup(void **state) {
    static fixture_t fixture;
    const mr_split_config_t config = {TILES, GROUPS, on_token, &fixture, NULL};
    memset(&fixture, 0, sizeof fixture);
    assert_int_equal(mr_split_open(&config, &fixture.split), MR_OK);
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    const fixture_t *f = *state;
    assert_int_equal(mr_split_lost(f->split), 0);
    mr_split_close(f->split);
    return 0;
}

static void job(fixture_t *f, uint64_t cycle, mr_trace_kind_t kind, uint32_t unit, uint32_t slot,
                uint32_t pos) {
    const mr_trace_record_t r = {.cycle = cycle,
                                 .kind = (uint8_t)kind,
                                 .unit = (uint16_t)unit,
                                 .slot = (uint8_t)slot,
                                 .pos = pos};
    mr_split_record(f->split, &r);
}

static void tile(fixture_t *f, uint64_t cycle, uint32_t unit, uint32_t what, uint32_t slot,
                 uint32_t pos) {
    const mr_trace_record_t r = {.cycle = cycle,
                                 .kind = MR_TRACE_TILE,
                                 .state = (uint8_t)what,
                                 .unit = (uint16_t)unit,
                                 .slot = (uint8_t)slot,
                                 .pos = pos};
    mr_split_record(f->split, &r);
}

static void expect(const mr_split_token_t *t, const uint64_t clocks[MR_SPLIT_STATES]) {
    for (uint32_t i = 0; i < MR_SPLIT_STATES; i++) {
        assert_int_equal(t->clocks[i], clocks[i]);
    }
}

/* A token's whole way: hub, tile 0, link, tile 2, back, and its successor at once. */
static void test_token__whole_way(void **state) {
    fixture_t *f = *state;
    job(f, 100, MR_TRACE_INJECT, 0, 3, 7);
    job(f, 104, MR_TRACE_QUEUED, 0, 3, 7);
    tile(f, 110, 0, MR_TRACE_ISSUE, 3, 7);
    tile(f, 117, 0, MR_TRACE_VEC, 3, 7);
    tile(f, 137, 0, MR_TRACE_ISSUE, 3, 7);
    tile(f, 140, 0, MR_TRACE_GEMV, 3, 7);
    tile(f, 240, 0, MR_TRACE_DPU, 3, 7);
    tile(f, 256, 0, MR_TRACE_ASK, 3, 7);
    tile(f, 259, 0, MR_TRACE_SEND, 3, 7);
    job(f, 259, MR_TRACE_LINK, 0, 3, 7);
    tile(f, 300, 0, MR_TRACE_OFF, 3, 7);
    job(f, 333, MR_TRACE_ARRIVED, 1, 3, 7);
    job(f, 336, MR_TRACE_LEFT, 1, 3, 7);
    job(f, 380, MR_TRACE_QUEUED, 2, 3, 7);
    tile(f, 381, 2, MR_TRACE_APPEND, 3, 7);
    tile(f, 391, 2, MR_TRACE_KV_WAIT, 3, 7);
    tile(f, 402, 2, MR_TRACE_ATTEND, 3, 7);
    tile(f, 502, 2, MR_TRACE_TOPK, 3, 7);
    tile(f, 552, 2, MR_TRACE_SEND, 3, 7);
    tile(f, 560, 2, MR_TRACE_OFF, 3, 7);
    job(f, 562, MR_TRACE_RESULT, 0, 3, 7);
    job(f, 565, MR_TRACE_RESULT_END, 0, 3, 7);
    assert_int_equal(f->n, 0);
    job(f, 575, MR_TRACE_INJECT, 0, 3, 8);
    assert_int_equal(f->n, 1);
    const mr_split_token_t *t = &f->end[0];
    assert_true(t->chained && t->slot == 3 && t->pos == 7 && t->begin == 100 && t->end == 575);
    const uint64_t clocks[MR_SPLIT_STATES] = {
        [MR_SPLIT_HUB] = 4,          [MR_SPLIT_QUEUED] = 6 + 1, [MR_TRACE_ISSUE] = 7 + 3,
        [MR_TRACE_VEC] = 20,         [MR_TRACE_GEMV] = 100,     [MR_TRACE_DPU] = 16,
        [MR_TRACE_ASK] = 3,          [MR_TRACE_SEND] = 41 + 8,  [MR_SPLIT_LINK] = 33,
        [MR_SPLIT_TRANSIT] = 47 + 5, [MR_TRACE_APPEND] = 10,    [MR_TRACE_KV_WAIT] = 11,
        [MR_TRACE_ATTEND] = 100,     [MR_TRACE_TOPK] = 50,      [MR_SPLIT_TURN] = 10};
    expect(t, clocks);
    uint64_t part[MR_SPLIT_PARTS] = {0};
    uint64_t unavoidable = 0;
    for (uint32_t i = 0; i < MR_SPLIT_STATES; i++) {
        part[mr_split_part(i)] += clocks[i];
        unavoidable += mr_split_unavoidable(i) ? clocks[i] : 0;
    }
    assert_int_equal(part[MR_SPLIT_COMPUTE], 10 + 20 + 16 + 100);
    assert_int_equal(part[MR_SPLIT_WEIGHTS], 100);
    assert_int_equal(part[MR_SPLIT_KV], 21);
    assert_int_equal(part[MR_SPLIT_ON_CHIP], 3 + 49 + 52);
    assert_int_equal(part[MR_SPLIT_LINKS], 33);
    assert_int_equal(part[MR_SPLIT_QUEUE], 4 + 7);
    assert_int_equal(part[MR_SPLIT_SAMPLING], 60);
    assert_int_equal(unavoidable, 475 - 10 - 11 - 11 - 10); /* no issue, KV wait, queue, turn */
}

/* Tokens of a prompt overlap: each ends with its own result. The last one waits for its successor
 * until the records end. */
static void test_token__prompt(void **state) {
    fixture_t *f = *state;
    for (uint32_t pos = 0; pos < 3u; pos++) {
        job(f, 10u + pos, MR_TRACE_INJECT, 0, 0, pos);
    }
    for (uint32_t pos = 0; pos < 3u; pos++) {
        job(f, 100u + 10u * pos, MR_TRACE_RESULT, 0, 0, pos);
        job(f, 105u + 10u * pos, MR_TRACE_RESULT_END, 0, 0, pos);
    }
    assert_int_equal(f->n, 2);
    mr_split_finish(f->split);
    assert_int_equal(f->n, 3);
    for (uint32_t pos = 0; pos < 3u; pos++) {
        assert_int_equal(f->end[pos].pos, pos);
        assert_false(f->end[pos].chained);
        assert_int_equal(f->end[pos].end, 105u + 10u * pos);
    }
}

/* The loop injects while the rest of the result is still on its way. */
static void test_token__next_before_result_ends(void **state) {
    fixture_t *f = *state;
    job(f, 10, MR_TRACE_INJECT, 0, 1, 5);
    job(f, 50, MR_TRACE_RESULT, 0, 1, 5);
    job(f, 55, MR_TRACE_INJECT, 0, 1, 6);
    job(f, 60, MR_TRACE_RESULT_END, 0, 1, 5);
    assert_int_equal(f->n, 1);
    assert_true(f->end[0].chained && f->end[0].end == 55);
}

/* A token whose result came, then the slot starts anew with another user: it ends with its result,
 * and what the tiles still did for it is not charged. */
static void test_token__slot_starts_anew(void **state) {
    fixture_t *f = *state;
    job(f, 10, MR_TRACE_INJECT, 0, 1, 5);
    job(f, 50, MR_TRACE_RESULT, 0, 1, 5);
    job(f, 60, MR_TRACE_RESULT_END, 0, 1, 5);
    job(f, 500, MR_TRACE_INJECT, 0, 1, 0);
    assert_int_equal(f->n, 1);
    assert_true(!f->end[0].chained && f->end[0].end == 60);
    assert_int_equal(f->end[0].clocks[MR_SPLIT_TURN], 0);
}

/* A position that is made anew replaces the token that got no result; the tile that had worked for
 * that one leaves the new one alone. */
static void test_token__made_anew(void **state) {
    fixture_t *f = *state;
    job(f, 10, MR_TRACE_INJECT, 0, 1, 5);
    tile(f, 12, 0, MR_TRACE_VEC, 1, 5);
    job(f, 20, MR_TRACE_INJECT, 0, 1, 5);
    tile(f, 30, 0, MR_TRACE_OFF, 1, 5);
    job(f, 40, MR_TRACE_QUEUED, 0, 1, 5);
    tile(f, 45, 0, MR_TRACE_GEMV, 1, 5);
    job(f, 60, MR_TRACE_RESULT_END, 0, 1, 5);
    mr_split_finish(f->split);
    assert_int_equal(f->n, 1);
    const uint64_t clocks[MR_SPLIT_STATES] = {
        [MR_SPLIT_HUB] = 20, [MR_SPLIT_QUEUED] = 5, [MR_TRACE_GEMV] = 15};
    assert_int_equal(f->end[0].begin, 20);
    expect(&f->end[0], clocks);
}

/* Two tiles at once: the stronger state counts, whoever has it. */
static void test_token__shards(void **state) {
    fixture_t *f = *state;
    job(f, 0, MR_TRACE_INJECT, 0, 2, 9);
    job(f, 2, MR_TRACE_QUEUED, 0, 2, 9);
    tile(f, 3, 0, MR_TRACE_VEC, 2, 9);
    tile(f, 5, 1, MR_TRACE_ISSUE, 2, 9); /* weaker */
    tile(f, 10, 1, MR_TRACE_GEMV, 2, 9); /* stronger */
    tile(f, 20, 0, MR_TRACE_GEMV, 2, 9);
    tile(f, 25, 1, MR_TRACE_OFF, 2, 9);
    tile(f, 40, 0, MR_TRACE_OFF, 2, 9);
    job(f, 44, MR_TRACE_RESULT_END, 0, 2, 9);
    mr_split_finish(f->split);
    const uint64_t clocks[MR_SPLIT_STATES] = {[MR_SPLIT_HUB] = 2,
                                              [MR_SPLIT_QUEUED] = 1,
                                              [MR_TRACE_VEC] = 7,
                                              [MR_TRACE_GEMV] = 30,
                                              [MR_SPLIT_TRANSIT] = 4};
    assert_int_equal(f->n, 1);
    expect(&f->end[0], clocks);
}

/* What finds no room queues, in front of a tile and behind a link alike. */
static void test_token__refused(void **state) {
    fixture_t *f = *state;
    job(f, 0, MR_TRACE_INJECT, 0, 2, 9);
    job(f, 1, MR_TRACE_QUEUED, 0, 2, 9);
    tile(f, 1, 0, MR_TRACE_WAIT, 2, 9);
    tile(f, 11, 0, MR_TRACE_BLOCKED, 2, 9);
    job(f, 31, MR_TRACE_LINK, 0, 2, 9);
    tile(f, 31, 0, MR_TRACE_OFF, 2, 9);
    job(f, 40, MR_TRACE_ARRIVED, 1, 2, 9);
    job(f, 45, MR_TRACE_REFUSED, 1, 2, 9);
    job(f, 65, MR_TRACE_LEFT, 1, 2, 9);
    job(f, 70, MR_TRACE_RESULT_END, 0, 2, 9);
    mr_split_finish(f->split);
    const uint64_t clocks[MR_SPLIT_STATES] = {[MR_SPLIT_HUB] = 1,
                                              [MR_TRACE_WAIT] = 10,
                                              [MR_TRACE_BLOCKED] = 20 + 20,
                                              [MR_SPLIT_LINK] = 9,
                                              [MR_SPLIT_TRANSIT] = 5 + 5};
    assert_int_equal(f->n, 1);
    expect(&f->end[0], clocks);
}

/* Tokens that were on their way before the records began are left out, and hurt nobody. */
static void test_token__unknown(void **state) {
    fixture_t *f = *state;
    tile(f, 5, 0, MR_TRACE_GEMV, 2, 9);
    job(f, 6, MR_TRACE_QUEUED, 1, 4, 1);
    job(f, 7, MR_TRACE_LINK, 0, 4, 2);
    job(f, 8, MR_TRACE_ARRIVED, 1, 4, 2);
    job(f, 8, MR_TRACE_REFUSED, 1, 4, 2);
    job(f, 9, MR_TRACE_LEFT, 1, 4, 2);
    job(f, 10, MR_TRACE_RESULT, 0, 2, 9);
    job(f, 11, MR_TRACE_RESULT_END, 0, 2, 9);
    mr_split_finish(f->split);
    assert_int_equal(f->n, 0);
}

static void tile_clocks(const fixture_t *f, uint32_t unit, uint64_t cycle, uint64_t sum,
                        uint64_t *clocks) {
    uint64_t all = 0;
    mr_split_tile(f->split, unit, cycle, clocks);
    for (uint32_t i = 0; i < MR_TRACE_TILE_STATES; i++) {
        all += clocks[i];
    }
    assert_int_equal(all, sum);
}

static void test_tile__since_mark(void **state) {
    fixture_t *f = *state;
    uint64_t clocks[MR_TRACE_TILE_STATES];
    tile(f, 100, 1, MR_TRACE_GEMV, 0, 0);
    tile(f, 150, 1, MR_TRACE_OFF, 0, 0);
    tile(f, 160, 1, MR_TRACE_TAKE, 0, 0);
    tile(f, 161, 1, MR_TRACE_BLOCKED, 1, 0);
    tile_clocks(f, 1, 170, 70, clocks);
    assert_int_equal(clocks[MR_TRACE_GEMV], 50);
    assert_int_equal(clocks[MR_TRACE_OFF], 10);
    assert_int_equal(clocks[MR_TRACE_TAKE], 1);
    assert_int_equal(clocks[MR_TRACE_BLOCKED], 9);
    tile_clocks(f, 0, 170, 70, clocks);
    assert_int_equal(clocks[MR_TRACE_OFF], 70);
    mr_split_mark(f->split, 175);
    tile(f, 180, 1, MR_TRACE_SEND, 1, 0);
    tile_clocks(f, 1, 200, 25, clocks);
    assert_int_equal(clocks[MR_TRACE_BLOCKED], 5);
    assert_int_equal(clocks[MR_TRACE_SEND], 20);
}

static void test_network__clocks_in_use(void **state) {
    fixture_t *f = *state;
    mr_trace_record_t r = {.cycle = 10, .kind = MR_TRACE_BUS, .unit = 1, .state = MR_TRACE_ASK};
    mr_split_record(f->split, &r);
    r.cycle = 12;
    r.state = MR_TRACE_SEND;
    mr_split_record(f->split, &r);
    assert_int_equal(mr_split_network(f->split, 1, 20), 10);
    r.cycle = 30;
    r.state = MR_TRACE_OFF;
    mr_split_record(f->split, &r);
    assert_int_equal(mr_split_network(f->split, 1, 50), 20);
    assert_int_equal(mr_split_network(f->split, 0, 50), 0);
}

static void test_open__refused(void **state) {
    (void)state;
    mr_split_t *split;
    static const mr_split_config_t bad[] = {{0, 1, NULL, NULL, NULL},
                                            {257, 1, NULL, NULL, NULL},
                                            {1, 0, NULL, NULL, NULL},
                                            {1, 17, NULL, NULL, NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mr_split_open(&bad[i], &split), MR_ARG);
        assert_null(split);
    }
    mr_split_close(NULL);
}

/* More tokens than can be followed are counted, and the others go on. */
static void test_lost(void **state) {
    const mr_split_config_t config = {1, 1, NULL, NULL, NULL};
    fixture_t f = {.split = NULL};
    (void)state;
    assert_int_equal(mr_split_open(&config, &f.split), MR_OK);
    for (uint32_t i = 0; i < 4100u; i++) {
        job(&f, i, MR_TRACE_INJECT, 0, i % 256u, i / 256u);
    }
    assert_int_equal(mr_split_lost(f.split), 4);
    mr_split_close(f.split);
}

/* Every state of a token is in the order once, and belongs to a part. */
static void test_order__complete(void **state) {
    (void)state;
    bool seen[MR_SPLIT_STATES] = {false};
    for (uint32_t i = 0; i < MR_SPLIT_ORDER; i++) {
        assert_false(seen[mr_split_order[i]]);
        seen[mr_split_order[i]] = true;
        assert_true(mr_split_part(mr_split_order[i]) < MR_SPLIT_PARTS);
    }
    for (uint32_t i = MR_TRACE_ISSUE; i < MR_SPLIT_STATES; i++) {
        assert_true(seen[i]);
    }
    for (uint32_t i = 0; i < MR_SPLIT_PARTS; i++) {
        assert_non_null(mr_split_part_keys[i]);
    }
}

/* Records in any order and of any jobs: each token's clocks add up (on_token), and each tile's. */
static void test_random__sums_exact(void **state) {
    fixture_t *f = *state;
    uint64_t cycle = 0;
    mr_test_random_t random = {1};
    tile(f, 0, 0, MR_TRACE_OFF, 0, 0);
    for (uint32_t i = 0; i < 20000u; i++) {
        const uint32_t bits = mr_test_u32(&random);
        const mr_trace_kind_t kind = (mr_trace_kind_t)(bits % (MR_TRACE_RESULT_END + 1u));
        const uint32_t slot = bits >> 8 & 3u;
        const uint32_t pos = bits >> 12 & 3u;
        const uint32_t unit = bits >> 16 & 1u;
        cycle += bits >> 20 & 7u;
        if (kind == MR_TRACE_TILE) {
            tile(f, cycle, unit, (bits >> 24) % MR_TRACE_TILE_STATES, slot, pos);
        } else {
            job(f, cycle, kind, unit, slot, pos);
        }
        f->n = f->n > ENDS_MAX / 2u ? 1u : f->n;
    }
    assert_true(f->n > 0);
    for (uint32_t i = 0; i < TILES; i++) {
        uint64_t clocks[MR_TRACE_TILE_STATES];
        tile_clocks(f, i, cycle + 5u, cycle + 5u, clocks);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_token__whole_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__prompt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__next_before_result_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__slot_starts_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__shards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_token__unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tile__since_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_network__clocks_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random__sums_exact, setup, teardown),
        cmocka_unit_test(test_open__refused),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_order__complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
