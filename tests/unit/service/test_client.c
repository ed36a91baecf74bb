/* SPDX-License-Identifier: Apache-2.0 */
/* Client and service over the functional model: everybody hears what the hosted scheduler tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_core.h"
#include "fixture.h"
#include "millrace/kv.h"
#include "millrace/load.h"
#include "millrace/regs.h"
#include "mr_test_random.h"
#include "session/client.h"

#define CONTEXT 256u
#define VOCAB 64u
#define SLOTS 128u
#define CASES 32u
#define RUNS 600u
#define ALONE 0xFFFFFFFFu
#define STALL 4000000u
#define WORK_BYTES (128u * 1024u)
#define STEPS_MAX 400000u

/* A request and what the hosted scheduler tells of it, alone. */
typedef struct {
    mr_request_t request;
    uint32_t prompt[CONTEXT];
    uint32_t stops[MR_SCHED_STOPS_MAX];
    uint32_t token[CONTEXT];
    uint32_t n;
    uint32_t n_logits;
    uint64_t logits; /* digest of positions and values */
    mr_end_t why;
} case_t;

typedef struct {
    const case_t *of;
    uint32_t slot;
    uint32_t n;
    uint32_t n_logits;
    uint64_t logits;
    uint32_t starts;
    uint32_t ends;
    bool dropped;
    bool cancelled;
    mr_end_t why;
    uint32_t detail;
    uint32_t deaf;      /* calls in which it does not take a token */
    uint32_t cancel_at; /* tokens after which it cancels itself; 0: never */
} run_t;

typedef struct {
    fixture_image_t image;
    fixture_device_t dev;
    mr_placement_t p;
    mr_route_t route;
    uint32_t pages;
    mr_slot_t slots[SLOTS];
    float logits[VOCAB];
    uint32_t order[VOCAB];
    mr_sched_t sched;
    mr_hosted_t hosted;
    fake_core_t core;
    mr_client_t *client;
    mr_runner_t *runner; /* whose events come */
    case_t *alone;
    run_t run[RUNS];
    bool may_cancel;
} bench_t;

static bench_t b;
static case_t cases[CASES];

static uint64_t digest(uint64_t d, const void *bytes, size_t n) {
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        d = (d ^ p[i]) * 1099511628211u;
    }
    return d;
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    const uint32_t user = mr_runner_user(b.runner, slot);
    (void)ctx;
    assert_int_equal(n, VOCAB);
    uint64_t *d = user == ALONE ? &b.alone->logits : &b.run[user].logits;
    uint32_t *count = user == ALONE ? &b.alone->n_logits : &b.run[user].n_logits;
    *d = digest(digest(*d, &pos, sizeof pos), logits, n * sizeof *logits);
    ++*count;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    const uint32_t user = mr_runner_user(b.runner, slot);
    (void)ctx;
    if (user == ALONE) {
        b.alone->token[b.alone->n++] = token;
        return true;
    }
    run_t *r = &b.run[user];
    assert_int_equal(r->ends, 0);
    assert_false(r->cancelled);
    assert_int_equal(r->slot, slot);
    assert_int_equal(pos, r->of->request.n_prompt + r->n);
    assert_true(r->n < r->of->n);
    assert_int_equal(token, r->of->token[r->n]);
    if (r->deaf > 0) {
        r->deaf--;
        return false;
    }
    r->n++;
    if (r->n == r->cancel_at) {
        r->cancelled = true;
        mr_runner_cancel(b.runner, slot);
    }
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    const uint32_t user = mr_runner_user(b.runner, slot);
    (void)ctx;
    if (user == ALONE) {
        b.alone->why = why;
        return;
    }
    b.run[user].ends++;
    b.run[user].why = why;
    b.run[user].detail = detail;
}

static void on_start(void *ctx, uint32_t slot, uint32_t user) {
    (void)ctx;
    b.run[user].starts++;
    b.run[user].slot = slot;
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    (void)ctx;
    assert_int_equal(b.run[user].starts, 0);
    b.run[user].ends++;
    b.run[user].dropped = true;
    b.run[user].why = why;
}

static const mr_sched_events_t events = {
    .logits = on_logits, .token = on_token, .end = on_end, .start = on_start, .drop = on_drop};

static void drive(void) {
    bool busy = true;
    uint32_t pages;
    for (uint32_t i = 0; busy; i++) {
        assert_true(i < STEPS_MAX);
        assert_int_equal(mr_runner_step(b.runner, &busy), MR_OK);
    }
    assert_int_equal(mr_kv_pages_free(&b.dev.io, &pages), MR_OK);
    assert_int_equal(pages, b.pages);
}

/* Whatever the requests were, the device is left as it was and works with the hosted scheduler. */
static void use_hosted(void) {
    const mr_sched_config_t cfg = {.mmio = &b.dev.io,
                                   .route = &b.route,
                                   .slots = b.slots,
                                   .n_slots = SLOTS,
                                   .logits = b.logits,
                                   .order = b.order,
                                   .stall_cycles = STALL,
                                   .events = events};
    assert_int_equal(mr_sched_init(&b.sched, &cfg), MR_OK);
    b.runner = mr_hosted_init(&b.hosted, &b.sched);
}

static void use_core(const mr_client_config_t *more) {
    mr_client_config_t cfg = *more;
    cfg.n_slots = SLOTS;
    cfg.stall_cycles = STALL;
    assert_int_equal(mr_client_setup(b.client, &b.route, &cfg, &events, &b.runner), MR_OK);
}

typedef struct {
    uint32_t loop_slots;
    uint32_t loop_depth;
    uint32_t kv_pages;
    uint32_t window; /* 0: the placement's own */
    uint32_t work_bytes;
} shape_t;

static void open_bench(const shape_t *shape) {
    mr_backend_model_config_t hw;
    mr_place_formats_t formats;
    mr_machine_t machine;
    mr_image_t image;
    mr_fit_t fit;
    memset(&b, 0, sizeof b);
    mr_model_shape_t model = fixture_shape();
    model.context = CONTEXT;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&b.image, &model, &formats, 5);
    mr_backend_model_default_config(&hw);
    hw.kv_slots = SLOTS;
    hw.kv_pages = shape->kv_pages;
    hw.loop_slots = shape->loop_slots;
    hw.loop_depth = shape->loop_depth;
    hw.in_bufs = 64;
    hw.in_size_max = 1024;
    fixture_device_open(&b.dev, &hw);
    const mr_load_config_t cfg = {NULL, NULL, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    assert_int_equal(mr_image_open(&image, &b.image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&b.dev.io, &machine), MR_OK);
    assert_int_equal(mr_load(&b.dev.io, &machine, &image, &cfg, &b.p, &fit), MR_OK);
    free(cfg.work);
    mr_route_of(&b.route, &b.p);
    b.route.window = shape->window != 0 ? shape->window : b.route.window;
    assert_int_equal(mr_kv_pages_free(&b.dev.io, &b.pages), MR_OK);
    fake_core_open(&b.core, &b.dev.io, shape->work_bytes);
    assert_int_equal(mr_client_open(&b.core.io, 100000, &b.client), MR_OK);
}

static void close_bench(const shape_t *shape) {
    assert_true(fake_core_intact(&b.core, shape->work_bytes));
    mr_client_close(b.client);
    fixture_device_close(&b.dev);
    fixture_image_free(&b.image);
}

/* ---- cases ---- */

static void run_alone(case_t *c) {
    mr_request_t r = c->request;
    r.user = ALONE;
    c->n = 0;
    c->n_logits = 0;
    c->logits = 0;
    b.alone = c;
    assert_int_equal(mr_runner_submit(b.runner, 0, &r), MR_OK);
    drive();
}

static void make_case(case_t *c, uint64_t seed, uint32_t max_prompt, uint32_t max_tokens) {
    mr_test_random_t rng = {seed * 2654435761u + 1u};
    memset(c, 0, sizeof *c);
    (void)mr_test_u32(&rng);
    const uint32_t n = 1u + mr_test_below(&rng, max_prompt);
    for (uint32_t i = 0; i < n; i++) {
        c->prompt[i] = mr_test_below(&rng, VOCAB);
    }
    c->request = (mr_request_t){.prompt = c->prompt,
                                .n_prompt = n,
                                .max_tokens = 1u + mr_test_below(&rng, max_tokens),
                                .sampling = {.top_p = 1.0f},
                                .stops = c->stops,
                                .n_stops = mr_test_below(&rng, 7)};
    if (mr_test_below(&rng, 3) == 0) {
        c->request.sampling = (mr_sampling_t){.temperature = 0.5f + 0.25f * (float)(seed % 4u),
                                              .top_k = 20,
                                              .top_p = 0.95f,
                                              .min_p = seed % 2u != 0 ? 0.01f : 0.0f,
                                              .seed = seed << 33 | seed};
    }
    for (uint32_t i = 0; i < c->request.n_stops; i++) {
        c->stops[i] = mr_test_below(&rng, VOCAB);
    }
    c->request.stepwise = mr_test_below(&rng, 5) == 0;
    c->request.token_logits = mr_test_below(&rng, 6) == 0;
    c->request.prompt_logits = mr_test_below(&rng, 12) == 0;
}

static void make_cases(uint32_t max_prompt, uint32_t max_tokens) {
    use_hosted();
    for (uint32_t i = 0; i < CASES; i++) {
        make_case(&cases[i], i + 1u, max_prompt, max_tokens);
        run_alone(&cases[i]);
    }
}

static mr_status_t enqueue(uint32_t user, const case_t *c, uint64_t deadline) {
    mr_request_t r = c->request;
    r.user = user;
    r.deadline = deadline;
    const mr_status_t status = mr_runner_enqueue(b.runner, &r);
    b.run[user].of = status == MR_OK ? c : b.run[user].of;
    return status;
}

static void check(uint32_t user) {
    const run_t *r = &b.run[user];
    assert_int_equal(r->ends, 1);
    assert_int_equal(r->starts, r->dropped ? 0 : 1);
    assert_int_equal(r->detail, 0);
    if (r->why == MR_END_STOP || r->why == MR_END_LENGTH) {
        assert_int_equal(r->n, r->of->n);
        assert_int_equal(r->why, r->of->why);
        assert_int_equal(r->n_logits, r->of->n_logits);
        assert_true(r->logits == r->of->logits);
    }
}

/* ---- tests ---- */

static const shape_t wide = {128, 512, 1024, 200, WORK_BYTES};

/* One user after the other, through the queue and by slot. */
static void test_one__tells_what_hosted_tells(void **state) {
    const mr_client_config_t plain = {.chunk = 4};
    (void)state;
    open_bench(&wide);
    make_cases(120, 100);
    use_core(&plain);
    for (uint32_t i = 0; i < CASES; i++) {
        if (i % 2u == 0) {
            assert_int_equal(enqueue(i, &cases[i], 0), MR_OK);
        } else {
            mr_request_t r = cases[i].request;
            r.user = i;
            b.run[i] = (run_t){.of = &cases[i], .starts = 1, .slot = i};
            assert_int_equal(mr_runner_submit(b.runner, i, &r), MR_OK);
            assert_int_equal(mr_runner_submit(b.runner, i, &r), MR_STATE);
        }
        drive();
        check(i);
        assert_true(b.run[i].why == MR_END_LENGTH || b.run[i].why == MR_END_STOP);
    }
    close_bench(&wide);
}

/* Arrivals one by one, all slots in use, some readers slow. */
static void together(const shape_t *shape, uint32_t users, uint32_t max_prompt) {
    const mr_client_config_t cfg = {.chunk = 4};
    mr_test_random_t rng = {77};
    bool busy;
    open_bench(shape);
    make_cases(max_prompt, 100);
    use_core(&cfg);
    for (uint32_t user = 0; user < users;) {
        b.run[user].deaf = mr_test_below(&rng, 4) == 0 ? mr_test_below(&rng, 100) : 0;
        const mr_status_t status = enqueue(user, &cases[user % CASES], 0);
        assert_true(status == MR_OK || status == MR_BUSY);
        user += status == MR_OK;
        for (uint32_t i = mr_test_below(&rng, 4); i > 0; i--) {
            assert_int_equal(mr_runner_step(b.runner, &busy), MR_OK);
        }
    }
    drive();
    for (uint32_t user = 0; user < users; user++) {
        check(user);
        assert_true(b.run[user].why == MR_END_LENGTH || b.run[user].why == MR_END_STOP);
    }
    assert_true(b.core.slept < b.core.rounds / 2u);
    close_bench(shape);
}

static void test_many__wide_window(void **state) {
    (void)state;
    together(&wide, 300, 120);
}

static void test_many__narrow_window_and_few_pages(void **state) {
    const shape_t shape = {128, 160, 150, 4, WORK_BYTES};
    (void)state;
    together(&shape, 150, 120);
}

/* The arena has room for a prompt or two only: the others wait outside. */
static void test_many__small_arena(void **state) {
    const shape_t shape = {16, 32, 512, 16, MR_SERVICE_WORK_MIN + 12u * VOCAB + 2200u};
    (void)state;
    together(&shape, 60, 200);
}

/* Cancels in every phase, deadlines, readers that never take anything. */
static void test_churn__everybody_ends_once(void **state) {
    const shape_t shape = {128, 256, 150, 100, WORK_BYTES};
    const mr_client_config_t cfg = {.chunk = 4};
    mr_test_random_t rng = {4711};
    uint32_t user = 0;
    uint32_t why[MR_END_REFUSED + 1] = {0};
    bool busy;
    (void)state;
    open_bench(&shape);
    make_cases(200, 50);
    use_core(&cfg);
    for (uint32_t step = 0; user < 500u; step++) {
        assert_true(step < STEPS_MAX);
        if (mr_test_below(&rng, 2) == 0) {
            const uint64_t deadline =
                mr_test_below(&rng, 10) == 0 ? 1u + mr_test_below(&rng, 20000) : 0;
            b.run[user].deaf = mr_test_below(&rng, 8) == 0 ? 1000000u : mr_test_below(&rng, 20);
            b.run[user].cancel_at = mr_test_below(&rng, 8) == 0 ? 1u + mr_test_below(&rng, 20) : 0;
            const mr_status_t status = enqueue(user, &cases[mr_test_below(&rng, CASES)], deadline);
            assert_true(status == MR_OK || status == MR_BUSY);
            user += status == MR_OK;
        }
        if (user > 0 && mr_test_below(&rng, 8) == 0) {
            const uint32_t who = mr_test_below(&rng, user);
            b.run[who].cancelled = b.run[who].ends == 0;
            mr_runner_cancel_user(b.runner, who);
        }
        assert_int_equal(mr_runner_step(b.runner, &busy), MR_OK);
    }
    for (uint32_t i = 0; i < user; i++) {
        if (b.run[i].deaf > 1000u) {
            mr_runner_cancel_user(b.runner, i);
        }
    }
    drive();
    for (uint32_t i = 0; i < user; i++) {
        check(i);
        why[b.run[i].why]++;
    }
    assert_true(why[MR_END_CANCEL] > 30u && why[MR_END_STOP] > 30u && why[MR_END_LENGTH] > 10u);
    assert_int_equal(why[MR_END_ERROR] + why[MR_END_REFUSED], 0);
    close_bench(&shape);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one__tells_what_hosted_tells),
        cmocka_unit_test(test_many__wide_window),
        cmocka_unit_test(test_many__narrow_window_and_few_pages),
        cmocka_unit_test(test_many__small_arena),
        cmocka_unit_test(test_churn__everybody_ends_once),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
