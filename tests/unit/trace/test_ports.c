/* SPDX-License-Identifier: Apache-2.0 */
/* Trace ports, clock by clock, into records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chip_trace.h"

enum { TILES = 3, RECORDS_MAX = 64 };

/* Bits of the ports, as in the RTL (mr_tile, mr_group, mr_root). */
enum {
    BUSY = 26,
    GEMV,
    DPU,
    ATTEND,
    KV_WAIT,
    VEC,
    TOPK,
    APPEND,
    NET_WAIT,
    NET_BUSY,
    COUNT,
    NEW_SLOT = 38,
    NEW_POS = 46,
    TAG = 64,
    JOB = 67,
    PC
};
enum { PICK, MATCH, OFFER, DATA };

typedef struct {
    mr_chip_trace_t trace;
    uint64_t cycle;
    uint32_t n;
    mr_trace_record_t record[RECORDS_MAX];
} fixture_t;

static void on_record(void *ctx, const mr_trace_record_t *record) {
    fixture_t *f = ctx;
    assert_true(f->n < RECORDS_MAX);
    f->record[f->n++] = *record;
}

static int setup(void **state) {
    static fixture_t fixture;
    memset(&fixture, 0, sizeof fixture);
    mr_chip_trace_init(&fixture.trace, TILES, on_record, &fixture);
    *state = &fixture;
    return 0;
}

static void next_clock(fixture_t *f) {
    mr_chip_trace_begin(&f->trace, ++f->cycle);
    f->n = 0;
}

/* A port of tile 0 with job {slot 5, pos 9}; bits: those of BUSY .. NET_BUSY that are set. */
static void tile_port(fixture_t *f, uint64_t bits, uint32_t high) {
    const uint64_t low = bits | 5u | 9u << 8;
    const uint32_t port[3] = {(uint32_t)low, (uint32_t)(low >> 32), high};
    mr_chip_trace_tile(&f->trace, 0, port);
}

static uint64_t b(uint32_t bit) {
    return UINT64_C(1) << bit;
}

static void expect_tile(const fixture_t *f, uint32_t index, uint32_t state) {
    assert_true(index < f->n);
    const mr_trace_record_t *r = &f->record[index];
    assert_int_equal(r->kind, MR_TRACE_TILE);
    assert_int_equal(r->state, state);
    assert_int_equal(r->cycle, f->cycle);
    assert_true(r->slot == 5 && r->pos == 9 && r->unit == 0);
}

/* Every state by the bits that make it; together the strongest shows. */
static void test_tile__states(void **state) {
    fixture_t *f = *state;
    static const struct {
        uint64_t bits;
        uint32_t high;
        uint32_t state;
    } steps[] = {
        {1ull << BUSY, 0, MR_TRACE_ISSUE},
        {1ull << BUSY | 1ull << DPU, 0, MR_TRACE_DPU},
        {1ull << BUSY | 1ull << DPU | 1ull << GEMV | 1ull << VEC, 0, MR_TRACE_GEMV},
        {1ull << BUSY | 1ull << DPU | 1ull << ATTEND, 0, MR_TRACE_ATTEND},
        {1ull << BUSY | 1ull << DPU | 1ull << ATTEND | 1ull << KV_WAIT, 0, MR_TRACE_KV_WAIT},
        {1ull << BUSY | 1ull << DPU | 1ull << ATTEND | 1ull << KV_WAIT | 1ull << VEC, 0,
         MR_TRACE_VEC},
        {1ull << BUSY | 1ull << VEC | 1ull << TOPK, 0, MR_TRACE_TOPK},
        {1ull << BUSY | 1ull << TOPK | 1ull << APPEND | 1ull << NET_BUSY, 0, MR_TRACE_APPEND},
        {1ull << BUSY | 1ull << NET_BUSY, 0, MR_TRACE_SEND},
        {1ull << BUSY | 1ull << NET_BUSY | 1ull << NET_WAIT, 0, MR_TRACE_ASK},
        {1ull << BUSY, 0, MR_TRACE_ISSUE},
        {0, 1u << (JOB - TAG), MR_TRACE_TAKE},
        {0, 0, MR_TRACE_OFF},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        next_clock(f);
        tile_port(f, steps[i].bits, steps[i].high);
        assert_int_equal(f->n, 1);
        expect_tile(f, 0, steps[i].state);
        next_clock(f);
        tile_port(f, steps[i].bits, steps[i].high);
        assert_int_equal(f->n, 0);
    }
}

/* A record a change of the tag or of the job, none of the descriptor's number. */
static void test_tile__tag_and_job(void **state) {
    fixture_t *f = *state;
    next_clock(f);
    tile_port(f, b(BUSY), 3u | 17u << (PC - TAG));
    assert_int_equal(f->n, 1);
    assert_true(f->record[0].tag == 3 && f->record[0].pc == 17);
    next_clock(f);
    tile_port(f, b(BUSY), 3u | 18u << (PC - TAG));
    assert_int_equal(f->n, 0);
    next_clock(f);
    tile_port(f, b(BUSY), 4u | 18u << (PC - TAG));
    assert_int_equal(f->n, 1);
    assert_int_equal(f->record[0].tag, 4);
    next_clock(f);
    const uint32_t other[3] = {1u << BUSY | 6u, 0, 4u};
    mr_chip_trace_tile(&f->trace, 0, other);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->record[0].slot, 6);
}

/* Jobs are counted modulo 4; those before the first clock do not show. */
static void test_tile__queued(void **state) {
    fixture_t *f = *state;
    for (uint64_t i = 0; i < 9u; i++) {
        next_clock(f);
        tile_port(f, (i + 3u) % 4u << COUNT | (20u + i) << NEW_SLOT | (i & 3u) << NEW_POS,
                  (uint32_t)(0));
        assert_int_equal(f->n, i == 0 ? 0 : 1);
        if (i > 0) {
            const mr_trace_record_t *r = &f->record[0];
            assert_true(r->kind == MR_TRACE_QUEUED && r->slot == 20u + i && r->pos == (i & 3u));
        }
    }
}

static uint64_t bus(uint32_t st, uint32_t node, uint32_t slot, uint32_t pos) {
    return st | (uint64_t)node << 2 | (uint64_t)slot << 11 | (uint64_t)pos << 19;
}

/* A SEND waits for others, asks, finds no room, asks again: it stays blocked until it is granted.
 */
static void test_tile__blocked(void **state) {
    fixture_t *f = *state;
    const uint64_t waits = b(BUSY) | b(NET_BUSY) | b(NET_WAIT);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(DATA, 2, 1, 1));
    tile_port(f, waits, 0);
    expect_tile(f, 1, MR_TRACE_WAIT);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(PICK, 2, 1, 1));
    tile_port(f, waits, 0);
    expect_tile(f, 1, MR_TRACE_ASK);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(MATCH, 1, 5, 9));
    tile_port(f, waits, 0);
    assert_int_equal(f->n, 1); /* the network's */
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(OFFER, 1, 5, 9) | 1u << 7);
    tile_port(f, waits, 0);
    expect_tile(f, 0, MR_TRACE_BLOCKED);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(PICK, 1, 5, 9));
    tile_port(f, waits, 0);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(OFFER, 1, 5, 9));
    tile_port(f, waits, 0);
    assert_int_equal(f->n, 1);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(DATA, 1, 5, 9));
    tile_port(f, b(BUSY) | b(NET_BUSY), 0);
    expect_tile(f, 1, MR_TRACE_SEND);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(PICK, 1, 5, 9));
    tile_port(f, waits, 0);
    expect_tile(f, 1, MR_TRACE_ASK); /* the next SEND has not been refused */
}

/* Another node's refusal is not this tile's. */
static void test_tile__refusal_of_another(void **state) {
    fixture_t *f = *state;
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(OFFER, 2, 1, 1) | 1u << 7);
    tile_port(f, b(BUSY) | b(NET_BUSY) | b(NET_WAIT), 0);
    expect_tile(f, 1, MR_TRACE_WAIT);
}

static void expect_kind(const fixture_t *f, uint32_t index, uint32_t kind, uint32_t slot,
                        uint32_t pos) {
    assert_true(index < f->n);
    const mr_trace_record_t *r = &f->record[index];
    assert_true(r->kind == kind && r->slot == slot && r->pos == pos);
}

/* Results with and without payload, in group 0 alone. */
static void test_group__results(void **state) {
    fixture_t *f = *state;
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(OFFER, 1, 4, 100) | 1u << 9);
    expect_kind(f, 1, MR_TRACE_RESULT, 4, 100);
    assert_int_equal(f->n, 2);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(DATA, 1, 4, 100));
    assert_int_equal(f->n, 1);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(PICK, 1, 4, 100));
    expect_kind(f, 0, MR_TRACE_RESULT_END, 4, 100);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(OFFER, 1, 4, 101) | 1u << 9 | 1u << 10);
    expect_kind(f, 1, MR_TRACE_RESULT, 4, 101);
    expect_kind(f, 2, MR_TRACE_RESULT_END, 4, 101);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 1, bus(OFFER, 1, 4, 102) | 1u << 9);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->record[0].kind, MR_TRACE_BUS);
}

/* Into a link, out of it, refused once although asked twice, and two messages without a pause. */
static void test_group__links(void **state) {
    fixture_t *f = *state;
    const uint64_t in = UINT64_C(1) << 37 | UINT64_C(7) << 38 | UINT64_C(1000) << 46;
    const uint32_t node = TILES + 1u;
    next_clock(f);
    mr_chip_trace_group(&f->trace, 0, bus(OFFER, 1, 7, 1000) | 1u << 8);
    expect_kind(f, 1, MR_TRACE_LINK, 7, 1000);
    next_clock(f);
    mr_chip_trace_group(&f->trace, 1, in);
    assert_int_equal(f->n, 1);
    expect_kind(f, 0, MR_TRACE_ARRIVED, 7, 1000);
    for (int i = 0; i < 2; i++) {
        next_clock(f);
        mr_chip_trace_group(&f->trace, 1, in | bus(OFFER, node, 7, 1000) | 1u << 7);
        assert_int_equal(f->n, i == 0 ? 2 : 1);
        assert_int_equal(f->record[0].kind, MR_TRACE_BUS);
        next_clock(f);
        mr_chip_trace_group(&f->trace, 1, in);
    }
    next_clock(f);
    mr_chip_trace_group(&f->trace, 1, bus(DATA, node, 7, 1000));
    expect_kind(f, 1, MR_TRACE_LEFT, 7, 1000);
}

static void test_root__two_jobs_in_a_clock(void **state) {
    fixture_t *f = *state;
    const uint64_t firmware = 1u | 3u << 1 | 0x3FFFFu << 9;
    const uint64_t loop = 1u | 255u << 1 | 1u << 9;
    next_clock(f);
    mr_chip_trace_root(&f->trace, firmware | loop << 27);
    assert_int_equal(f->n, 2);
    expect_kind(f, 0, MR_TRACE_INJECT, 3, 0x3FFFF);
    expect_kind(f, 1, MR_TRACE_INJECT, 255, 1);
    next_clock(f);
    mr_chip_trace_root(&f->trace, loop << 27);
    assert_int_equal(f->n, 1);
    mr_chip_trace_root(&f->trace, 0);
    assert_int_equal(f->n, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tile__states, setup),
        cmocka_unit_test_setup(test_tile__tag_and_job, setup),
        cmocka_unit_test_setup(test_tile__queued, setup),
        cmocka_unit_test_setup(test_tile__blocked, setup),
        cmocka_unit_test_setup(test_tile__refusal_of_another, setup),
        cmocka_unit_test_setup(test_group__results, setup),
        cmocka_unit_test_setup(test_group__links, setup),
        cmocka_unit_test_setup(test_root__two_jobs_in_a_clock, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
