/* SPDX-License-Identifier: Apache-2.0 */
/* Many users at once: each hears what it hears alone, whatever the others do, and leaves no page
 * behind. With and without the token loop, in wide and narrow windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/kv.h"
#include "millrace/loop.h"
#include "millrace/regs.h"
#include "users.h"

#define CASES 48u
#define RUNS 1200u

static users_case_t cases[CASES];
static users_run_t runs[RUNS];

static void open_users(const users_shape_t *shape) {
    users_open(shape);
    memset(runs, 0, sizeof runs);
    u.run = runs;
}

static void make_cases(uint32_t n, uint32_t max_prompt, uint32_t max_tokens) {
    for (uint32_t i = 0; i < n; i++) {
        users_case(&cases[i], i + 1u, max_prompt, max_tokens);
    }
    users_restart();
}

static uint64_t loop_jobs(void) {
    mr_loop_stats_t stats;
    assert_int_equal(mr_loop_stats(&u.dev.io, &stats), MR_OK);
    return stats.jobs;
}

/* All 128 slots, arrivals one by one, some readers slow. */
static void together(const users_shape_t *shape, uint32_t chunk, bool loops) {
    mr_test_random_t rng = {77};
    bool busy;
    open_users(shape);
    make_cases(CASES, 120, 100);
    u.cfg.chunk = chunk;
    users_restart();
    const uint64_t before = loop_jobs();
    uint32_t n = 0;
    for (uint32_t user = 0; user < 3u * shape->slots / 2u;) {
        runs[user].deaf = mr_test_below(&rng, 4) == 0 ? mr_test_below(&rng, 200) : 0;
        const mr_status_t status = users_enqueue(user, &cases[user % CASES], 0);
        assert_true(status == MR_OK || status == MR_BUSY);
        user += status == MR_OK;
        n = user;
        for (uint32_t i = mr_test_below(&rng, 6); i > 0; i--) {
            assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
        }
    }
    users_drain(400000);
    for (uint32_t user = 0; user < n; user++) {
        users_check(user);
        assert_true(runs[user].why == MR_END_LENGTH || runs[user].why == MR_END_STOP);
    }
    assert_true((loop_jobs() > before) == loops);
    users_close();
}

static void test_together__wide_window_with_loop(void **state) {
    (void)state;
    const users_shape_t shape = {128, 128, 512, 1024, 200};
    together(&shape, 4, true);
}

static void test_together__narrow_window_with_loop(void **state) {
    (void)state;
    const users_shape_t shape = {128, 128, 160, 1024, 4};
    together(&shape, 1, true);
}

static void test_together__without_loop(void **state) {
    (void)state;
    const users_shape_t shape = {128, 0, 0, 1024, 32};
    together(&shape, 3, false);
}

/* Only some slots are known to the loop, and it parks nearly every token. */
static void test_together__small_loop(void **state) {
    (void)state;
    const users_shape_t shape = {24, 7, 8, 200, 24};
    together(&shape, 2, true);
}

/* Arrivals, cancels in every phase, deadlines, deaf readers, pages for a fraction of them. */
static void test_churn__leaves_no_page(void **state) {
    (void)state;
    const users_shape_t shape = {128, 128, 256, 150, 100};
    mr_test_random_t rng = {4711};
    uint32_t user = 0;
    uint64_t why[MR_END_REFUSED + 1] = {0};
    bool busy;
    open_users(&shape);
    make_cases(CASES, 200, 120);
    u.cfg.chunk = 4;
    users_restart();
    for (uint32_t step = 0; user < 1000u; step++) {
        assert_true(step < 200000u);
        if (mr_test_below(&rng, 3) == 0) {
            const uint64_t deadline =
                mr_test_below(&rng, 10) == 0 ? 1u + mr_test_below(&rng, 2000000) : 0;
            runs[user].deaf = mr_test_below(&rng, 8) == 0 ? 1000000u : mr_test_below(&rng, 20);
            const mr_status_t status =
                users_enqueue(user, &cases[mr_test_below(&rng, CASES)], deadline);
            assert_true(status == MR_OK || status == MR_BUSY);
            user += status == MR_OK;
        }
        if (user > 0 && mr_test_below(&rng, 8) == 0) {
            mr_sched_cancel_user(&u.sched, mr_test_below(&rng, user));
        }
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    for (uint32_t i = 0; i < user; i++) {
        if (runs[i].deaf > 1000u) {
            mr_sched_cancel_user(&u.sched, i);
        }
    }
    users_drain(400000);
    for (uint32_t i = 0; i < user; i++) {
        users_check(i);
        why[runs[i].why]++;
    }
    assert_true(why[MR_END_CANCEL] > 50u && why[MR_END_DEADLINE] > 20u && why[MR_END_STOP] > 50u &&
                why[MR_END_LENGTH] > 50u);
    assert_int_equal(why[MR_END_ERROR] + why[MR_END_REFUSED], 0);
    mr_kv_refused_t refused;
    assert_int_equal(mr_kv_refused(&u.dev.io, &refused), MR_OK);
    assert_int_equal(refused.pages + refused.pos + refused.who + refused.tag, 0);
    users_close();
}

/* ---- admission ---- */

/* A case of n prompt tokens that draws m greedily. */
static void plain_case(users_case_t *c, uint32_t n, uint32_t m, uint32_t salt) {
    memset(c, 0, sizeof *c);
    for (uint32_t i = 0; i < n; i++) {
        c->prompt[i] = (i * 7u + salt) % 64u;
    }
    c->request = (mr_request_t){
        .prompt = c->prompt, .n_prompt = n, .max_tokens = m, .sampling = {.top_p = 1.0f}};
    users_reference(c);
}

static void test_admit__waits_for_pages(void **state) {
    (void)state;
    const users_shape_t shape = {4, 4, 16, 8, 4};
    bool busy;
    open_users(&shape);
    plain_case(&cases[0], 100, 60, 1); /* 159 positions: 5 pages */
    plain_case(&cases[1], 10, 20, 2);  /* 1 page */
    users_restart();
    assert_int_equal(users_enqueue(0, &cases[0], 0), MR_OK);
    assert_int_equal(users_enqueue(1, &cases[0], 0), MR_OK); /* 10 pages are not there */
    assert_int_equal(users_enqueue(2, &cases[1], 0), MR_OK); /* waits behind it: no overtaking */
    assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    assert_int_equal(runs[0].starts, 1);
    assert_int_equal(runs[1].starts + runs[2].starts, 0);
    while (runs[0].ends == 0) {
        assert_int_equal(runs[1].starts, 0);
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    users_drain(10000);
    for (uint32_t i = 0; i < 3u; i++) {
        users_check(i);
        assert_int_equal(runs[i].why, MR_END_LENGTH);
    }
    users_close();
}

static void test_admit__refuses(void **state) {
    (void)state;
    const users_shape_t shape = {4, 4, 16, 8, 4};
    open_users(&shape);
    plain_case(&cases[0], 100, 60, 1);
    plain_case(&cases[1], 200, 56, 1); /* 255 positions: 8 pages, all there are */
    plain_case(&cases[2], 10, 23, 2);  /* 32 positions: 1 page */
    plain_case(&cases[3], 10, 24, 2);  /* 33 positions: 2 pages */
    u.cfg.refuse = true;
    users_restart();
    for (uint32_t i = 0; i < 4u; i++) {
        assert_int_equal(users_enqueue(i, &cases[i], 0), MR_OK);
    }
    users_drain(10000);
    assert_int_equal(runs[1].why, MR_END_REFUSED);
    assert_true(runs[1].dropped);
    users_check(0);
    users_check(2);
    users_check(3);
    u.cfg.refuse = false;
    u.cfg.max_pages = 1;
    memset(runs, 0, sizeof runs);
    users_restart();
    for (uint32_t i = 0; i < 4u; i++) {
        assert_int_equal(users_enqueue(i, &cases[i], 0), MR_OK);
    }
    users_drain(10000);
    for (uint32_t i = 0; i < 4u; i++) {
        assert_int_equal(runs[i].why, i == 2u ? MR_END_LENGTH : MR_END_REFUSED);
        users_check(i);
    }
    users_close();
}

static void test_enqueue__arguments(void **state) {
    (void)state;
    const users_shape_t shape = {2, 2, 16, 64, 4};
    open_users(&shape);
    plain_case(&cases[0], 4, 4, 3);
    users_restart();
    for (uint32_t i = 0; i < USERS_QUEUE; i++) {
        assert_int_equal(users_enqueue(i, &cases[0], 0), MR_OK);
    }
    assert_int_equal(users_enqueue(USERS_QUEUE, &cases[0], 0), MR_BUSY);
    users_drain(20000);
    mr_request_t r = cases[0].request;
    r.n_prompt = 0;
    assert_int_equal(mr_sched_enqueue(&u.sched, &r), MR_RANGE);
    r = cases[0].request;
    r.sampling.top_p = 0.0f;
    assert_int_equal(mr_sched_enqueue(&u.sched, &r), MR_RANGE);
    u.cfg.queue = NULL;
    users_restart();
    assert_int_equal(mr_sched_enqueue(&u.sched, &cases[0].request), MR_ARG);
    u.cfg.queue = u.queue;
    u.cfg.events.drop = NULL;
    users_restart();
    assert_int_equal(mr_sched_enqueue(&u.sched, &cases[0].request), MR_ARG);
    users_close();
}

/* ---- fairness ---- */

static uint32_t row_slot, row_length, row_most;

static void count_row(uint32_t slot) {
    row_length = slot == row_slot ? row_length + 1u : 1u;
    row_slot = slot;
    /* While the other prompts last. */
    if (u.slots[0].next_pos < 150u && u.slots[1].next_pos < 150u && u.slots[2].next_pos < 150u) {
        row_most = row_length > row_most ? row_length : row_most;
    }
}

static void test_prefill__at_most_chunk_in_a_row(void **state) {
    (void)state;
    const users_shape_t shape = {4, 0, 0, 64, 6};
    open_users(&shape);
    for (uint32_t i = 0; i < 3u; i++) {
        plain_case(&cases[i], 160, 2, 5u * i);
    }
    for (uint32_t chunk = 1; chunk <= 8u; chunk++) {
        memset(runs, 0, sizeof runs);
        u.cfg.chunk = chunk;
        users_restart();
        row_most = 0;
        row_length = 0;
        for (uint32_t i = 0; i < 3u; i++) {
            assert_int_equal(users_enqueue(i, &cases[i], 0), MR_OK);
        }
        u.injected = count_row;
        users_drain(20000);
        u.injected = NULL;
        assert_int_equal(row_most, chunk);
    }
    users_close();
}

/* Prompt tokens of the long user between two jobs of one that decodes. */
static uint32_t between, between_most;

static void count_between(uint32_t slot) {
    if (slot == 0) {
        between = 0;
    } else if (runs[0].n > 0 && runs[0].n + 2u < runs[0].of->n) {
        between++;
        between_most = between > between_most ? between : between_most;
    }
}

/* A sampled user decodes through firmware while a long prompt comes in: between two of its jobs
 * there is at most what the window holds and a chunk. */
static void test_prefill__decoding_user_goes_on(void **state) {
    (void)state;
    const users_shape_t shape = {4, 0, 0, 64, 6};
    bool busy;
    open_users(&shape);
    plain_case(&cases[0], 4, 60, 1);
    cases[0].request.sampling = (mr_sampling_t){.temperature = 1.0f, .top_p = 1.0f, .seed = 3};
    users_reference(&cases[0]);
    plain_case(&cases[1], 250, 4, 2);
    u.cfg.chunk = 4;
    users_restart();
    assert_int_equal(users_enqueue(0, &cases[0], 0), MR_OK);
    while (runs[0].n < 4u) {
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    between = 0;
    between_most = 0;
    u.injected = count_between;
    assert_int_equal(users_enqueue(1, &cases[1], 0), MR_OK);
    users_drain(20000);
    users_check(0);
    users_check(1);
    assert_true(between_most > 0 && between_most <= u.route.window + u.cfg.chunk);
    users_close();
}

/* ---- shared prefixes ---- */

static uint32_t injected[4];

static void count_injected(uint32_t slot) {
    injected[slot]++;
}

static void share(uint32_t steps_before, bool cancel_first, uint32_t want_jobs) {
    const users_shape_t shape = {4, 0, 0, 64, 3};
    bool busy;
    open_users(&shape);
    plain_case(&cases[0], 120, 40, 1);
    plain_case(&cases[1], 110, 40, 1); /* the same up to 110: 3 pages can be shared */
    cases[1].prompt[109] ^= 1u;
    users_reference(&cases[1]);
    users_restart();
    memset(injected, 0, sizeof injected);
    u.injected = count_injected;
    assert_int_equal(users_enqueue(0, &cases[0], 0), MR_OK);
    for (uint32_t i = 0; i < steps_before; i++) {
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    assert_int_equal(users_enqueue(1, &cases[1], 0), MR_OK);
    for (uint32_t i = 0; i < 4u; i++) {
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    if (cancel_first) {
        mr_sched_cancel_user(&u.sched, 0);
    }
    users_drain(20000);
    users_check(0);
    users_check(1);
    assert_int_equal(runs[1].n, 40);
    assert_int_equal(injected[1], want_jobs);
    users_close();
}

static void test_share__running_prefix(void **state) {
    (void)state;
    share(130, false, 110u - 96u + 39u); /* the first one decodes */
    share(2, false, 110u - 96u + 39u);   /* the first one is not that far: it is waited for */
}

static void test_share__source_goes(void **state) {
    (void)state;
    share(2, true, 110u + 39u);         /* before the prefix is there */
    share(140, true, 110u - 96u + 39u); /* after: the pages stay with the second one */
}

/* ---- readers, deadlines ---- */

static void test_reader__stops_only_itself(void **state) {
    (void)state;
    const users_shape_t shape = {4, 4, 64, 64, 4};
    bool busy;
    open_users(&shape);
    for (uint32_t i = 0; i < 3u; i++) {
        plain_case(&cases[i], 20, 60, i);
    }
    users_restart();
    runs[0].deaf = 1000000u;
    for (uint32_t i = 0; i < 3u; i++) {
        assert_int_equal(users_enqueue(i, &cases[i], 0), MR_OK);
    }
    for (uint32_t i = 0; runs[1].ends + runs[2].ends < 2u; i++) {
        assert_true(i < 5000u);
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    users_check(1);
    users_check(2);
    assert_int_equal(runs[0].n, 0);
    runs[0].deaf = 0; /* it reads again: nothing is missing */
    users_drain(5000);
    users_check(0);
    assert_int_equal(runs[0].n, 60);
    users_close();
}

static void test_deadline__in_slot_and_in_queue(void **state) {
    (void)state;
    const users_shape_t shape = {1, 1, 16, 64, 4};
    open_users(&shape);
    plain_case(&cases[0], 20, 60, 1);
    users_restart();
    runs[0].deaf = 1000000u;
    assert_int_equal(users_enqueue(0, &cases[0], 200000), MR_OK);
    assert_int_equal(users_enqueue(1, &cases[0], 100000), MR_OK); /* the slot is not free */
    assert_int_equal(users_enqueue(2, &cases[0], 0), MR_OK);
    users_drain(20000);
    assert_int_equal(runs[0].why, MR_END_DEADLINE);
    assert_int_equal(runs[1].why, MR_END_DEADLINE);
    assert_true(runs[1].dropped && !runs[0].dropped);
    users_check(2);
    assert_int_equal(runs[2].n, 60);
    users_close();
}

/* ---- faults ---- */

static mr_status_t run_some(uint32_t fail_access) {
    bool busy = true;
    open_users(&(users_shape_t){3, 3, 16, 64, 4});
    cases[0].request.user = 0;
    runs[0].of = &cases[0];
    runs[1].of = &cases[1];
    runs[1].deaf = 2;
    assert_int_equal(users_enqueue(0, &cases[0], 0), MR_OK);
    assert_int_equal(users_enqueue(1, &cases[1], 0), MR_OK);
    u.dev.accesses = 0;
    u.dev.fail_access = fail_access;
    u.dev.fail_status = MR_IO;
    while (busy) {
        MR_TRY(mr_sched_step(&u.sched, &busy));
    }
    return MR_OK;
}

static void test_bus__whichever_access_fails(void **state) {
    (void)state;
    open_users(&(users_shape_t){3, 3, 16, 64, 4});
    plain_case(&cases[0], 34, 3, 1);
    plain_case(&cases[1], 34, 3, 1);
    users_close();
    assert_int_equal(run_some(0), MR_OK);
    const uint32_t n = u.dev.accesses;
    users_close();
    assert_true(n > 100u && n < 3000u);
    for (uint32_t i = 1; i <= n; i += 1u + i / 8u) { /* every one at the start */
        assert_int_equal(run_some(i), MR_IO);
        assert_int_equal(u.dev.accesses, i);
        users_close();
    }
}

/* Entries of the token queue that cannot be. */
static void test_tokens__that_cannot_be(void **state) {
    (void)state;
    static const struct {
        uint32_t addr, and, or ;
    } bad[] = {
        {MR_HUB_BASE + MR_HUB_LOOP_TOKEN_OFFSET, ~MR_HUB_LOOP_TOKEN_SLOT_MASK,
         1u << MR_HUB_LOOP_TOKEN_SLOT_SHIFT},
        {MR_HUB_BASE + MR_HUB_LOOP_TOKEN_OFFSET, ~MR_HUB_LOOP_TOKEN_SLOT_MASK,
         200u << MR_HUB_LOOP_TOKEN_SLOT_SHIFT},
        {MR_HUB_BASE + MR_HUB_LOOP_TOKEN_OFFSET, ~MR_HUB_LOOP_TOKEN_TOKEN_MASK, 64},
        {MR_HUB_BASE + MR_HUB_LOOP_TOKEN_OFFSET, ~MR_HUB_LOOP_TOKEN_WHY_MASK,
         MR_HUB_LOOP_TOKEN_WHY_ERROR << MR_HUB_LOOP_TOKEN_WHY_SHIFT},
        {MR_HUB_BASE + MR_HUB_LOOP_POS_OFFSET, 0, 99},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mr_status_t status = MR_OK;
        bool busy = true;
        open_users(&(users_shape_t){3, 3, 16, 64, 4});
        plain_case(&cases[0], 4, 5, 1);
        users_restart();
        assert_int_equal(users_enqueue(0, &cases[0], 0), MR_OK);
        for (uint32_t step = 0; step < 4u; step++) {
            u.dev.force_addr = bad[i].addr;
            u.dev.force_and = bad[i].and;
            u.dev.force_or = bad[i].or ;
            status = status == MR_OK ? mr_sched_step(&u.sched, &busy) : status;
        }
        assert_int_equal(status, MR_DEVICE);
        users_close();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together__wide_window_with_loop),
        cmocka_unit_test(test_together__narrow_window_with_loop),
        cmocka_unit_test(test_together__without_loop),
        cmocka_unit_test(test_together__small_loop),
        cmocka_unit_test(test_churn__leaves_no_page),
        cmocka_unit_test(test_admit__waits_for_pages),
        cmocka_unit_test(test_admit__refuses),
        cmocka_unit_test(test_enqueue__arguments),
        cmocka_unit_test(test_prefill__at_most_chunk_in_a_row),
        cmocka_unit_test(test_prefill__decoding_user_goes_on),
        cmocka_unit_test(test_share__running_prefix),
        cmocka_unit_test(test_share__source_goes),
        cmocka_unit_test(test_reader__stops_only_itself),
        cmocka_unit_test(test_deadline__in_slot_and_in_queue),
        cmocka_unit_test(test_bus__whichever_access_fails),
        cmocka_unit_test(test_tokens__that_cannot_be),
    };
    return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
