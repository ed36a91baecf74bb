/* SPDX-License-Identifier: Apache-2.0 */
/* Balancing against every possible placement of small chains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "millrace/balance.h"
#include "mr_test_random.h"

#define CASES 1500u

static mr_balance_t b;
static uint32_t copies; /* of the answer that was checked last */

static uint32_t max32(uint32_t x, uint32_t y) {
    return x > y ? x : y;
}

/* Where a placement under trial stands. */
typedef struct {
    uint32_t step; /* the next one */
    uint32_t group;
    uint32_t tile; /* the next one of the group */
    uint32_t layers;
    uint32_t bus;
    uint32_t bound;  /* so far */
    uint32_t load;   /* the largest of buses and KV caches so far */
    uint32_t tiles;  /* the largest of tiles so far */
    uint32_t copies; /* weight words of all tiles x 256 + visits */
} at_t;

/* Clocks from job to job that steps first..last - 1 allow on c tiles; UINT32_MAX: no room. */
static uint32_t visit_clocks(uint32_t first, uint32_t last, uint32_t c) {
    mr_balance_step_t sum = {0};
    for (uint32_t i = first; i < last; i++) {
        sum.clocks += b.step[i].clocks;
        sum.words += b.step[i].words;
        sum.descs += b.step[i].descs;
        sum.vmem += b.step[i].vmem;
        sum.scratch = max32(sum.scratch, b.step[i].scratch);
    }
    if (sum.words > b.wmem_words || sum.descs > b.pmem_descs ||
        sum.vmem + sum.scratch > b.vmem_elems || (first == 0 && c > 1u)) {
        return UINT32_MAX;
    }
    return (sum.clocks + b.step[last - 1u].message + c - 1u) / c;
}

/* The state after a visit; bound is UINT32_MAX when it cannot be. */
static at_t after(at_t at, uint32_t last, uint32_t c) {
    at.tiles = max32(at.tiles, visit_clocks(at.step, last, c));
    for (uint32_t i = at.step; i < last; i++) {
        at.layers += b.step[i].attends ? 1u : 0;
        at.copies += b.step[i].words * c * 256u;
    }
    at.copies++;
    at.bus += b.step[last - 1u].message;
    at.tile += c;
    at.step = last;
    at.load = max32(at.load, max32(at.bus, at.layers * b.stream));
    at.bound = max32(at.tiles, at.load);
    if (at.tile > b.tiles || at.layers > b.kv_layers) {
        at.bound = UINT32_MAX;
    }
    return at;
}

static at_t next_group(at_t at) {
    at.group++;
    at.tile = at.layers = 0;
    at.bus = at.step == 0 ? 0 : b.step[at.step - 1u].message;
    return at;
}

/* The smallest bound of all placements that go on from here. */
static uint32_t least(at_t at) { /* NOLINT(misc-no-recursion): steps are few */
    if (at.step == b.n_steps || at.bound == UINT32_MAX) {
        return at.bound;
    }
    uint32_t best = UINT32_MAX;
    for (uint32_t last = at.step + 1u; last <= b.n_steps; last++) {
        for (uint32_t c = 1; c <= MR_BALANCE_CLONES_MAX; c *= 2u) {
            const uint32_t here = least(after(at, last, c));
            best = here < best ? here : best;
        }
    }
    if (at.group + 1u < b.groups) {
        const uint32_t there = least(next_group(at));
        best = there < best ? there : best;
    }
    return best;
}

/* The fewest copies of all placements that go on from here and keep the answer's limits. */
static uint32_t fewest(at_t at) { /* NOLINT(misc-no-recursion): steps are few */
    if (at.bound == UINT32_MAX || at.tiles > b.tile || at.load > b.group) {
        return UINT32_MAX;
    }
    if (at.step == b.n_steps) {
        return at.copies;
    }
    uint32_t best = UINT32_MAX;
    for (uint32_t last = at.step + 1u; last <= b.n_steps; last++) {
        for (uint32_t c = 1; c <= MR_BALANCE_CLONES_MAX; c *= 2u) {
            const uint32_t here = fewest(after(at, last, c));
            best = here < best ? here : best;
        }
    }
    if (at.group + 1u < b.groups) {
        const uint32_t there = fewest(next_group(at));
        best = there < best ? there : best;
    }
    return best;
}

/* The answer is a placement, in order, that keeps the bounds that it says, and exactly. */
static void check_answer(bool exactly) {
    at_t at = {0};
    uint32_t group = 0;
    for (uint32_t v = 0; v < b.n_visits; v++) {
        const mr_balance_visit_t *visit = &b.visit[v];
        const uint32_t last = v + 1u < b.n_visits ? b.visit[v + 1u].first : b.n_steps;
        const uint32_t c = visit->clones;
        assert_true(c == 1u || c == 2u || c == 4u || c == 8u);
        assert_int_equal(visit->first, at.step);
        assert_true(visit->tile / b.tiles >= at.group);
        while (visit->tile / b.tiles > at.group) {
            at = next_group(at);
        }
        assert_true(visit->tile % b.tiles >= at.tile);
        at.tile = visit->tile % b.tiles;
        at = after(at, last, c);
        group = max32(group, max32(at.bus, at.layers * b.stream));
    }
    assert_int_equal(at.step, b.n_steps);
    copies = at.copies;
    assert_true(at.bound <= b.bound && (!exactly || at.bound == b.bound));
    assert_true(group <= b.group && b.group <= b.bound);
}

static void random_case(mr_test_random_t *rng, bool equal_messages) {
    const uint32_t message = mr_test_below(rng, 60);
    b.n_steps = 1u + mr_test_below(rng, 6);
    b.groups = 1u + mr_test_below(rng, 3);
    b.tiles = 1u + mr_test_below(rng, 8);
    b.kv_layers = 1u + mr_test_below(rng, 3);
    b.stream = mr_test_below(rng, 3) == 0 ? mr_test_below(rng, 400) : 0;
    b.wmem_words = 100u + mr_test_below(rng, 200);
    b.pmem_descs = 20u + mr_test_below(rng, 60);
    b.vmem_elems = 40u + mr_test_below(rng, 100);
    for (uint32_t i = 0; i < b.n_steps; i++) {
        b.step[i] = (mr_balance_step_t){
            .clocks = 1u + mr_test_below(rng, 1000),
            .message = equal_messages ? message : mr_test_below(rng, 200),
            .words = mr_test_below(rng, 100),
            .descs = mr_test_below(rng, 20),
            .vmem = mr_test_below(rng, 30),
            .scratch = mr_test_below(rng, 40),
            .attends = mr_test_below(rng, 3) == 0,
        };
    }
}

/* Compares with the best of all; returns how many answers were as good. */
static uint32_t compare(uint64_t seed, bool equal_messages, uint32_t *solved) {
    mr_test_random_t rng = {seed};
    uint32_t best = 0;
    uint32_t lean = 0; /* without a copy too many */
    *solved = 0;
    for (uint32_t i = 0; i < CASES; i++) {
        random_case(&rng, equal_messages);
        const uint32_t want = least((at_t){0});
        if (!mr_balance(&b, 1u << 20)) {
            best += want == UINT32_MAX ? 1u : 0;
            continue;
        }
        check_answer(equal_messages);
        assert_true(b.bound >= want);
        best += b.bound == want ? 1u : 0;
        (*solved)++;
        lean += copies == fewest((at_t){0}) ? 1u : 0;
        assert_true(copies >= fewest((at_t){0}));
        assert_true(!equal_messages || !mr_balance(&b, b.bound - 1u));
    }
    print_message("%u of %u have the fewest copies\n", lean, *solved);
    assert_true(lean > *solved - *solved / 20u);
    return best;
}

static void test_balance__best_of_all(void **state) {
    (void)state;
    uint32_t solved;
    assert_int_equal(compare(11, true, &solved), CASES);
    assert_true(solved > CASES / 2u);
}

/* A group that begins later may have to take in a longer message, which is not looked for. */
static void test_balance__unequal_messages(void **state) {
    (void)state;
    uint32_t solved;
    const uint32_t best = compare(12, false, &solved);
    print_message("%u of %u are the best\n", best, CASES);
    assert_true(best > CASES - CASES / 50u && solved > CASES / 2u);
}

/* Among equals the fewest copies of weights, and then the fewest visits. */
static void test_balance__fewest_copies(void **state) {
    (void)state;
    b = (mr_balance_t){.n_steps = 4,
                       .groups = 1,
                       .tiles = 8,
                       .kv_layers = 4,
                       .wmem_words = 100,
                       .pmem_descs = 100,
                       .vmem_elems = 100};
    static const uint32_t clocks[] = {400, 200, 200, 100};
    for (uint32_t i = 0; i < 4u; i++) {
        b.step[i] = (mr_balance_step_t){.clocks = clocks[i], .words = 10};
    }
    /* Step 0 cannot be cloned, so 400 is the bound: steps 1 and 2 go together, and so they copy
     * nothing. */
    assert_true(mr_balance(&b, 1000));
    assert_int_equal(b.bound, 400);
    assert_int_equal(b.n_visits, 3);
    for (uint32_t v = 0; v < 3u; v++) {
        assert_int_equal(b.visit[v].clones, 1);
    }
    /* Half of it: step 0 alone bounds. */
    b.step[0].clocks = 150;
    assert_true(mr_balance(&b, 1000));
    assert_int_equal(b.bound, 150);
    assert_false(mr_balance(&b, 149));
    assert_false(mr_balance(&b, 0));
}

/* The limit of buses was once not cut where it does not fit beside the copies any more: the clocks
 * of the messages ran over, and a bus got more than the answer said. */
static void test_balance__buses_of_16_million_clocks(void **state) {
    (void)state;
    mr_test_random_t rng = {13};
    uint32_t solved = 0;
    for (uint32_t i = 0; i < CASES; i++) {
        random_case(&rng, i % 2u == 0);
        b.stream = 0;
        for (uint32_t k = 0; k < b.n_steps; k++) {
            b.step[k].clocks <<= 16;
            b.step[k].message <<= 16;
        }
        if (mr_balance(&b, UINT32_MAX)) {
            check_answer(false);
            solved++;
        }
    }
    assert_true(solved > CASES / 3u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balance__best_of_all),
        cmocka_unit_test(test_balance__unequal_messages),
        cmocka_unit_test(test_balance__fewest_copies),
        cmocka_unit_test(test_balance__buses_of_16_million_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
