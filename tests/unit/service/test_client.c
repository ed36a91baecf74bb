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

/* ---- what goes wrong ---- */

static const mr_client_config_t plain = {.chunk = 4};

/* Case 0 runs in slot 0, with tokens to come. */
static void start_one(const shape_t *shape) {
    open_bench(shape);
    use_hosted();
    make_case(&cases[0], 3, 20, 100);
    cases[0].request.max_tokens = 200;
    cases[0].request.n_stops = 0;
    cases[0].request.stepwise = true;
    cases[0].request.token_logits = false;
    run_alone(&cases[0]);
    use_core(&plain);
    b.run[0] = (run_t){.of = &cases[0], .starts = 1};
    mr_request_t r = cases[0].request;
    r.user = 0;
    assert_int_equal(mr_runner_submit(b.runner, 0, &r), MR_OK);
    bool busy;
    while (b.run[0].n < 3u) {
        assert_int_equal(mr_runner_step(b.runner, &busy), MR_OK);
    }
    assert_null(mr_runner_trouble(b.runner));
}

static mr_status_t step_until_error(void) {
    mr_status_t status = MR_OK;
    bool busy;
    for (uint32_t i = 0; status == MR_OK; i++) {
        assert_true(i < STEPS_MAX);
        status = mr_runner_step(b.runner, &busy);
    }
    return status;
}

static void test_open__no_mailbox(void **state) {
    mr_client_t *other;
    (void)state;
    open_bench(&wide);
    b.core.shared = 0;
    assert_int_equal(mr_client_open(&b.core.io, 10000, &other), MR_TIMEOUT);
    const uint32_t bad[] = {2, MR_MAILBOX_WINDOW_BYTES - 4u, 0x40};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        b.core.shared = bad[i];
        assert_int_equal(mr_client_open(&b.core.io, 10000, &other), MR_IDENTITY);
    }
    b.core.shared = FAKE_CORE_WORK;
    mr_mailbox_t *h = fake_core_header(&b.core);
    const mr_mailbox_t good = *h;
#define BAD_(field_, value_)                                                                       \
    h->field_ = (value_);                                                                          \
    assert_int_equal(mr_client_open(&b.core.io, 10000, &other), MR_IDENTITY);                      \
    *h = good
    BAD_(magic, 0);
    BAD_(to_core.words, 1000);
    BAD_(to_core.offset, MR_MAILBOX_WINDOW_BYTES - 64u);
    BAD_(to_host.words, 32);
    BAD_(to_host.words, 131072);
    BAD_(to_host.offset, 2);
    BAD_(slots, 0);
    BAD_(slots, 257);
    BAD_(queue, 0);
#undef BAD_
    assert_null(other);
    close_bench(&wide);
}

/* The firmware answers, but with a version that this host does not speak. */
static void test_open__no_common_version(void **state) {
    mr_client_t *other;
    (void)state;
    open_bench(&wide);
    b.core.hangs = true;
    mr_mailbox_t *h = fake_core_header(&b.core);
    /* Its answer lies in the ring as soon as `put` is looked at. */
    const uint32_t answer[] = {4u | MR_MSG_REFUSED << MR_MAILBOX_TYPE_SHIFT,
                               3u | MR_MSG_HELLO << MR_MAILBOX_TYPE_SHIFT, 0,
                               (uint32_t)MR_UNSUPPORTED};
    b.core.on_bell_words = answer;
    b.core.on_bell_n = 4;
    assert_int_equal(h->state, MR_MAILBOX_GREETED);
    assert_int_equal(mr_client_open(&b.core.io, 10000, &other), MR_UNSUPPORTED);
    assert_null(other);
    close_bench(&wide);
}

static void test_open__ends_what_another_host_has_left(void **state) {
    mr_client_t *other;
    (void)state;
    start_one(&wide);
    assert_int_equal(mr_client_open(&b.core.io, 10000, &other), MR_OK);
    mr_client_close(b.client);
    b.client = other;
    use_core(&plain);
    assert_int_equal(enqueue(1, &cases[0], 0), MR_OK);
    drive();
    check(1);
    assert_int_equal(b.run[1].why, MR_END_LENGTH);
    close_bench(&wide);
}

static void test_logits__nobody_hears(void **state) {
    const mr_client_config_t cfg = {.n_slots = SLOTS, .stall_cycles = STALL, .chunk = 4};
    mr_sched_events_t e = events;
    (void)state;
    e.logits = NULL;
    open_bench(&wide);
    make_cases(20, 100);
    use_core(&cfg);
    assert_int_equal(mr_client_setup(b.client, &b.route, &cfg, &e, &b.runner), MR_OK);
    cases[0].request.prompt_logits = true;
    cases[0].request.token_logits = true;
    assert_int_equal(enqueue(0, &cases[0], 0), MR_OK);
    drive();
    assert_int_equal(b.run[0].n, cases[0].n);
    assert_int_equal(b.run[0].why, cases[0].why);
    assert_int_equal(b.run[0].n_logits, 0);
    close_bench(&wide);
}

static void test_setup__refusals(void **state) {
    mr_sched_events_t e = events;
    mr_route_t route;
    mr_runner_t *runner;
    mr_client_config_t cfg = {.n_slots = SLOTS, .stall_cycles = STALL};
    (void)state;
    start_one(&wide);
    assert_int_equal(mr_client_setup(b.client, &b.route, &cfg, &e, &runner), MR_BUSY);
    e.token = NULL;
    assert_int_equal(mr_client_setup(b.client, &b.route, &cfg, &e, &runner), MR_ARG);
    mr_runner_cancel(b.runner, 0);
    drive();
    assert_int_equal(b.run[0].why, MR_END_CANCEL);
    route = b.route;
    route.vocab = 65536;
    route.result_elems = 65536;
    assert_int_equal(mr_client_setup(b.client, &route, &cfg, &events, &runner), MR_NO_SPACE);
    route = b.route;
    route.window = 0;
    assert_int_equal(mr_client_setup(b.client, &route, &cfg, &events, &runner), MR_RANGE);
    assert_null(runner);
    close_bench(&wide);
}

static void test_requests__refusals(void **state) {
    const shape_t shape = {16, 32, 512, 16, MR_SERVICE_WORK_MIN + 12u * VOCAB + 1200u};
    (void)state;
    open_bench(&shape);
    use_hosted();
    make_case(&cases[0], 1, 20, 100);
    run_alone(&cases[0]);
    use_core(&plain);
    mr_request_t r = cases[0].request;
    assert_int_equal(mr_runner_submit(b.runner, SLOTS, &r), MR_RANGE);
    r.n_prompt = 0;
    assert_int_equal(mr_runner_submit(b.runner, 0, &r), MR_RANGE);
    assert_int_equal(mr_runner_enqueue(b.runner, &r), MR_RANGE);
    r = cases[0].request;
    uint32_t n = 0;
    mr_status_t status = MR_OK;
    while (status == MR_OK) { /* until the arena is full */
        r.user = n;
        b.run[n].of = &cases[0];
        status = mr_runner_enqueue(b.runner, &r);
        n += status == MR_OK ? 1u : 0u;
    }
    assert_int_equal(status, MR_BUSY);
    assert_int_equal(mr_runner_submit(b.runner, 5, &r), MR_NO_SPACE);
    drive();
    for (uint32_t i = 0; i < n; i++) {
        check(i);
    }
    mr_sched_events_t e = events;
    e.drop = NULL;
    assert_int_equal(mr_client_setup(b.client, &b.route,
                                     &(mr_client_config_t){.n_slots = 4, .stall_cycles = 1}, &e,
                                     &b.runner),
                     MR_OK);
    assert_int_equal(mr_runner_enqueue(b.runner, &r), MR_ARG);
    close_bench(&shape);
}

static void test_policy__refuses_what_never_fits(void **state) {
    const mr_client_config_t small = {.max_pages = 1};
    (void)state;
    open_bench(&wide);
    use_hosted();
    make_case(&cases[0], 1, 20, 100);
    cases[0].request.max_tokens = 150;
    run_alone(&cases[0]);
    use_core(&small);
    assert_int_equal(enqueue(0, &cases[0], 0), MR_OK);
    drive();
    check(0);
    assert_true(b.run[0].dropped);
    assert_int_equal(b.run[0].why, MR_END_REFUSED);
    close_bench(&wide);
}

static void test_firmware__dies(void **state) {
    (void)state;
    start_one(&wide);
    b.core.hangs = true;
    b.core.shared = 0; /* as after the watchdog's reset */
    assert_int_equal(step_until_error(), MR_DEVICE);
    assert_non_null(strstr(mr_runner_trouble(b.runner), "died"));
    close_bench(&wide);
}

static void test_firmware__hangs(void **state) {
    (void)state;
    start_one(&wide);
    b.core.hangs = true;
    assert_int_equal(step_until_error(), MR_TIMEOUT);
    assert_non_null(strstr(mr_runner_trouble(b.runner), "hangs"));
    close_bench(&wide);
}

/* Words in the ring that no firmware sends. */
static void nonsense(const uint32_t *words, uint32_t n) {
    start_one(&wide);
    mr_mailbox_t *h = fake_core_header(&b.core);
    bool busy;
    /* Until it waits for credit that comes with the next step. */
    assert_int_equal(mr_runner_step(b.runner, &busy), MR_OK);
    b.core.hangs = true;
    const uint32_t seq = b.core.service.out_seq << MR_MAILBOX_SEQ_SHIFT;
    for (uint32_t i = 0; i < n; i++) {
        b.core.sram[h->to_host.offset / 4u + (h->to_host.put + i) % h->to_host.words] =
            words[i] ^ (i == 0 ? seq : 0u);
    }
    h->to_host.put += n;
    assert_int_equal(step_until_error(), MR_FORMAT);
    assert_non_null(strstr(mr_runner_trouble(b.runner), "nonsense"));
    close_bench(&wide);
}

static void test_firmware__sends_nonsense(void **state) {
#define FIRST_(type_, n_) ((n_) | (uint32_t)(type_) << MR_MAILBOX_TYPE_SHIFT)
    static const uint32_t bad[][5] = {
        {FIRST_(MR_MSG_TOKEN, 0)},
        {FIRST_(MR_MSG_TOKEN, 6)},
        {FIRST_(MR_MSG_CANCEL, 5)},
        {FIRST_(MR_MSG_END, 4)},
        {FIRST_(MR_MSG_START, 5), 99, 1},
        {FIRST_(MR_MSG_START, 5), 0, 0},
        {FIRST_(MR_MSG_TOKEN, 5), SLOTS << MR_MAILBOX_TOKEN_BITS},
        {FIRST_(MR_MSG_TOKEN, 5), 3u << MR_MAILBOX_TOKEN_BITS},
        {FIRST_(MR_MSG_TOKEN, 5), VOCAB},
        {FIRST_(MR_MSG_LOGITS, 5), 0, 1, VOCAB + 1u},
        {FIRST_(MR_MSG_LOGITS, 5), 7, 1, VOCAB},
        {FIRST_(MR_MSG_END, 5), 99, 0, 0, 0},
        {FIRST_(MR_MSG_END, 5), 0, 0, 77, 0},
        {FIRST_(MR_MSG_DROP, 5), 0, 0},
        {FIRST_(MR_MSG_FAULT, 5), 9, 0, 0},
        {FIRST_(MR_MSG_FAILED, 5), 0},
        {FIRST_(MR_MSG_REFUSED, 5), FIRST_(MR_MSG_CANCEL, 2), 0, 0},
        {FIRST_(MR_MSG_FAILED, 5) ^ 1u << MR_MAILBOX_SEQ_SHIFT, 1},
    };
#undef FIRST_
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nonsense(bad[i], 5);
    }
}

/* A failing device ends the runner, with its status. */
static void test_device__fails(void **state) {
    (void)state;
    start_one(&wide);
    b.dev.fail_access = b.dev.accesses + 3u;
    b.dev.fail_status = MR_IO;
    assert_int_equal(step_until_error(), MR_IO);
    close_bench(&wide);
}

/* A tile that stops in a job: the fault is known when the request ends. */
static void test_fault__is_told(void **state) {
    (void)state;
    start_one(&wide);
    b.core.service.sched.fault = (mr_fault_t){MR_FAULT_TILE, 2, 0};
    mr_runner_cancel(b.runner, 0);
    drive();
    assert_int_equal(mr_runner_fault(b.runner)->kind, MR_FAULT_TILE);
    assert_int_equal(mr_runner_fault(b.runner)->index, 2);
    assert_int_equal(mr_runner_in_flight(b.runner), 0);
    close_bench(&wide);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one__tells_what_hosted_tells),
        cmocka_unit_test(test_many__wide_window),
        cmocka_unit_test(test_many__narrow_window_and_few_pages),
        cmocka_unit_test(test_many__small_arena),
        cmocka_unit_test(test_churn__everybody_ends_once),
        cmocka_unit_test(test_open__no_mailbox),
        cmocka_unit_test(test_open__no_common_version),
        cmocka_unit_test(test_open__ends_what_another_host_has_left),
        cmocka_unit_test(test_logits__nobody_hears),
        cmocka_unit_test(test_setup__refusals),
        cmocka_unit_test(test_requests__refusals),
        cmocka_unit_test(test_policy__refuses_what_never_fits),
        cmocka_unit_test(test_firmware__dies),
        cmocka_unit_test(test_firmware__hangs),
        cmocka_unit_test(test_firmware__sends_nonsense),
        cmocka_unit_test(test_device__fails),
        cmocka_unit_test(test_fault__is_told),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
