/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler over the functional model: turns, ends, errors, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/load.h"
#include "millrace/regs.h"
#include "millrace/sched.h"

#define SLOTS 4u
#define LOG_MAX 128u
#define STALL 100000u
#define STEPS_MAX 20000u
#define HUB(reg_) (MR_HUB_BASE + MR_HUB_##reg_##_OFFSET)

/* What the events of a slot told. */
typedef struct {
    uint32_t token[LOG_MAX];
    uint32_t n;
    uint32_t logits;
    uint32_t ends;
    mr_end_t why;
    uint32_t detail;
    uint32_t last_pos;
} heard_t;

typedef struct {
    fixture_image_t image;
    fixture_device_t dev;
    mr_placement_t p;
    mr_route_t route;
    mr_slot_t slots[SLOTS];
    float logits[64];
    uint32_t order[64];
    mr_sched_t sched;
    heard_t heard[SLOTS];
    uint32_t pages;
    uint32_t cancel_at;      /* a token event with this position cancels its slot; 0: never */
    bool cancel_from_logits; /* any logits event cancels its slot */
} bench_t;

static bench_t b;

static const uint32_t prompt[64] = {3, 14, 15, 9, 26, 53, 58, 9, 7, 9, 32, 38, 46, 26, 43, 38};

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    (void)ctx;
    (void)logits;
    assert_int_equal(n, b.route.vocab);
    b.heard[slot].logits++;
    b.heard[slot].last_pos = pos;
    if (b.cancel_from_logits) {
        mr_sched_cancel(&b.sched, slot);
    }
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    (void)ctx;
    heard_t *h = &b.heard[slot];
    assert_true(h->n < LOG_MAX);
    h->token[h->n++] = token;
    h->last_pos = pos;
    if (pos == b.cancel_at && pos != 0) {
        mr_sched_cancel(&b.sched, slot);
    }
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    (void)ctx;
    b.heard[slot].ends++;
    b.heard[slot].why = why;
    b.heard[slot].detail = detail;
}

static mr_sched_config_t config(void) {
    const mr_sched_config_t cfg = {
        .mmio = &b.dev.io,
        .route = &b.route,
        .slots = b.slots,
        .n_slots = SLOTS,
        .logits = b.logits,
        .order = b.order,
        .stall_cycles = STALL,
        .events = {.logits = on_logits, .token = on_token, .end = on_end, .ctx = NULL}};
    return cfg;
}

static int setup(void **state) {
    (void)state;
    mr_backend_model_config_t hw;
    mr_place_formats_t formats;
    mr_machine_t machine;
    mr_image_t image;
    mr_fit_t fit;
    memset(&b, 0, sizeof b);
    mr_model_shape_t shape = fixture_shape();
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&b.image, &shape, &formats, 5);
    mr_backend_model_default_config(&hw);
    hw.kv_slots = SLOTS;
    hw.loop_slots = 0; /* test_loop.c has the token loop */
    fixture_device_open(&b.dev, &hw);
    const mr_load_config_t cfg = {NULL, NULL, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    assert_int_equal(mr_image_open(&image, &b.image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&b.dev.io, &machine), MR_OK);
    assert_int_equal(mr_load(&b.dev.io, &machine, &image, &cfg, &b.p, &fit), MR_OK);
    free(cfg.work);
    assert_int_equal(mr_kv_pages_free(&b.dev.io, &b.pages), MR_OK);
    mr_route_of(&b.route, &b.p);
    memset(b.slots, 0xA5, sizeof b.slots); /* the caller's storage may hold anything */
    const mr_sched_config_t sched = config();
    assert_int_equal(mr_sched_init(&b.sched, &sched), MR_OK);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_device_close(&b.dev);
    fixture_image_free(&b.image);
    return 0;
}

static mr_request_t request(uint32_t first, uint32_t n_prompt, uint32_t max_tokens) {
    const mr_request_t r = {.prompt = prompt + first,
                            .n_prompt = n_prompt,
                            .max_tokens = max_tokens,
                            .sampling = {.top_p = 1.0f}};
    return r;
}

static void submit(uint32_t slot, const mr_request_t *r) {
    memset(&b.heard[slot], 0, sizeof b.heard[slot]);
    assert_int_equal(mr_sched_submit(&b.sched, slot, r), MR_OK);
}

/* Steps until nothing is left to do, or the status of the step that failed. */
static mr_status_t drive(void) {
    bool busy = true;
    for (uint32_t i = 0; busy; i++) {
        assert_true(i < STEPS_MAX);
        MR_TRY(mr_sched_step(&b.sched, &busy));
    }
    return MR_OK;
}

static void run(void) {
    uint32_t pages;
    assert_int_equal(drive(), MR_OK);
    assert_int_equal(b.sched.in_flight, 0);
    assert_int_equal(mr_kv_pages_free(&b.dev.io, &pages), MR_OK);
    assert_int_equal(pages, b.pages);
}

static void expect_end(uint32_t slot, mr_end_t why, uint32_t detail, uint32_t tokens) {
    assert_int_equal(b.heard[slot].ends, 1);
    assert_int_equal(b.heard[slot].why, why);
    assert_int_equal(b.heard[slot].detail, detail);
    assert_int_equal(b.heard[slot].n, tokens);
}

static void force(uint32_t addr, uint32_t and, uint32_t or, uint32_t skip) {
    b.dev.force_addr = addr;
    b.dev.force_and = and;
    b.dev.force_or = or ;
    b.dev.force_skip = skip;
}

/* Every tile that has a visit is searched once, and the tile of the last visit first. */
static void test_route__searches_from_the_end(void **state) {
    (void)state;
    const mr_route_t *r = &b.route;
    bool seen[MR_ROUTE_TILES_MAX] = {false};
    uint32_t at = 0;
    assert_int_equal(r->tile, b.p.visit[0].tile);
    assert_int_equal(r->pc, b.p.visit[0].pc);
    assert_int_equal(r->tiles, mr_machine_tiles(&b.p.machine));
    assert_int_equal(r->candidates, 1);
    assert_false(r->linked);
    for (uint32_t i = b.p.n_visits; i-- > 0;) {
        const mr_visit_t *v = &b.p.visit[i];
        for (uint32_t k = 0; k < mr_visit_tiles(v); k++) {
            if (!seen[v->tile + k]) {
                seen[v->tile + k] = true;
                assert_int_equal(r->search[at++], v->tile + k);
            }
        }
    }
    assert_int_equal(r->n_search, at);
}

static void test_init__arguments(void **state) {
    (void)state;
    mr_sched_t s;
    for (uint32_t i = 0; i < 9; i++) {
        mr_sched_config_t c = config();
        c.mmio = i == 0 ? NULL : c.mmio;
        c.route = i == 1 ? NULL : c.route;
        c.slots = i == 2 ? NULL : c.slots;
        c.logits = i == 3 ? NULL : c.logits;
        c.order = i == 4 ? NULL : c.order;
        c.n_slots = i == 5 ? 0 : i == 6 ? SLOTS + 1u : c.n_slots;
        c.events.token = i == 7 ? NULL : c.events.token;
        c.events.end = i == 8 ? NULL : c.events.end;
        assert_int_equal(mr_sched_init(&s, &c), MR_ARG);
    }
}

static void test_submit__ranges_and_state(void **state) {
    (void)state;
    static const uint32_t unknown[] = {1, 64};
    mr_request_t r = request(0, 0, 1);
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_RANGE);
    r.n_prompt = 65;
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_RANGE);
    r.n_prompt = 1;
    assert_int_equal(mr_sched_submit(&b.sched, SLOTS, &r), MR_RANGE);
    r.n_stops = MR_SCHED_STOPS_MAX + 1u;
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_RANGE);
    r.n_stops = 0;
    r.sampling.top_p = 0.0f;
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_RANGE);
    r.sampling.top_p = 1.0f;
    r.prompt = unknown;
    r.n_prompt = 2;
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_RANGE);
    r = request(0, 3, 2);
    submit(0, &r);
    assert_int_equal(mr_sched_submit(&b.sched, 0, &r), MR_STATE);
    run();
    expect_end(0, MR_END_LENGTH, 0, 2);
}

/* Greedy and sampled requests of several lengths: together as alone, window kept. */
static void test_slots__together_as_alone(void **state) {
    (void)state;
    heard_t alone[SLOTS];
    mr_request_t r[SLOTS];
    for (uint32_t i = 0; i < SLOTS; i++) {
        r[i] = request(i, 1u + 3u * i, 20u + i);
        if (i % 2u == 1u) {
            r[i].sampling = (mr_sampling_t){1.0f, 20, 0.95f, i, 0.0f};
        }
        submit(i, &r[i]);
        run();
        expect_end(i, MR_END_LENGTH, 0, 20u + i);
        alone[i] = b.heard[i];
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        submit(i, &r[i]);
    }
    run();
    for (uint32_t i = 0; i < SLOTS; i++) {
        expect_end(i, MR_END_LENGTH, 0, 20u + i);
        assert_memory_equal(b.heard[i].token, alone[i].token, sizeof alone[i].token);
    }
    assert_true(b.dev.most_in_flight <= b.route.window);
    assert_true(b.dev.most_in_flight > 1);
}

static void test_window__never_exceeded(void **state) {
    (void)state;
    mr_request_t r = request(0, 16, 0);
    for (b.route.window = 1; b.route.window <= 3; b.route.window++) {
        b.dev.most_in_flight = 0;
        for (uint32_t i = 0; i < SLOTS; i++) {
            submit(i, &r);
        }
        run();
        assert_int_equal(b.dev.most_in_flight, b.route.window);
    }
}

/* One pass injects for every slot that has something to say. */
static void test_turns__every_slot_in_one_step(void **state) {
    (void)state;
    mr_request_t r = request(0, 8, 0);
    bool busy;
    b.route.window = SLOTS;
    for (uint32_t i = 0; i < SLOTS; i++) {
        submit(i, &r);
    }
    assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_int_equal(b.slots[i].next_pos, 1);
    }
    run();
}

static void test_scoring__prompt_only(void **state) {
    (void)state;
    mr_request_t r = request(0, 16, 0);
    r.prompt_logits = true;
    submit(1, &r);
    run();
    expect_end(1, MR_END_LENGTH, 0, 0);
    assert_int_equal(b.heard[1].logits, 16);
    assert_int_equal(b.heard[1].last_pos, 15);
    r.prompt_logits = false;
    submit(1, &r);
    run();
    assert_int_equal(b.heard[1].logits, 0);
}

static void test_logits__only_where_asked_for(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 5);
    r.token_logits = true;
    submit(0, &r);
    run();
    assert_int_equal(b.heard[0].logits, 5);
    r.token_logits = false;
    r.sampling.temperature = 1.0f; /* read for the sampler, not told */
    submit(0, &r);
    run();
    assert_int_equal(b.heard[0].logits, 0);
    expect_end(0, MR_END_LENGTH, 0, 5);
}

static void test_logits__nobody_hears(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 5);
    mr_sched_config_t c = config();
    submit(0, &r);
    run();
    const uint32_t last = b.heard[0].token[4];
    c.events.logits = NULL;
    assert_int_equal(mr_sched_init(&b.sched, &c), MR_OK);
    r.prompt_logits = true;
    r.token_logits = true;
    submit(0, &r);
    run();
    expect_end(0, MR_END_LENGTH, 0, 5);
    assert_int_equal(b.heard[0].logits, 0);
    assert_int_equal(b.heard[0].token[4], last);
}

static void test_stop__token_is_told_first(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 30);
    submit(0, &r);
    run();
    const uint32_t stop = b.heard[0].token[5];
    uint32_t first = 0;
    while (b.heard[0].token[first] != stop) {
        first++;
    }
    uint32_t stops[] = {63u - stop % 2u, stop}; /* the second one is drawn */
    stops[0] = stop == stops[0] ? 0 : stops[0];
    r.stops = stops;
    r.n_stops = 2;
    submit(0, &r);
    run();
    assert_int_equal(b.heard[0].why, MR_END_STOP);
    assert_true(b.heard[0].n <= first + 1u);
}

static void test_context__full(void **state) {
    (void)state;
    mr_request_t r = request(0, 60, 1000);
    submit(0, &r);
    run();
    expect_end(0, MR_END_LENGTH, 0, 5); /* positions 60..64; the last one is not run any more */
    assert_int_equal(b.heard[0].last_pos, 64);
    r.n_prompt = 64;
    submit(0, &r);
    run();
    expect_end(0, MR_END_LENGTH, 0, 1);
}

static void test_cancel__in_prefill(void **state) {
    (void)state;
    mr_request_t r = request(0, 40, 10);
    bool busy;
    submit(0, &r);
    submit(1, &r);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    }
    mr_sched_cancel(&b.sched, 0);
    mr_sched_cancel(&b.sched, 0);     /* once more: nothing */
    mr_sched_cancel(&b.sched, 2);     /* not active: nothing */
    mr_sched_cancel(&b.sched, SLOTS); /* no such slot: nothing */
    run();
    expect_end(0, MR_END_CANCEL, 0, 0);
    expect_end(1, MR_END_LENGTH, 0, 10);
    submit(0, &r); /* the slot is as new */
    run();
    assert_memory_equal(b.heard[0].token, b.heard[1].token, sizeof b.heard[0].token);
}

static void test_cancel__in_decode_and_from_events(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 30);
    b.cancel_at = 9;
    submit(3, &r);
    run();
    expect_end(3, MR_END_CANCEL, 0, 6);
    b.cancel_from_logits = true;
    r.token_logits = true;
    submit(3, &r);
    run();
    expect_end(3, MR_END_CANCEL, 0, 0);
}

/* A job that the device refuses (token beyond the table, status 3) ends its slot alone. */
static void test_error__ends_only_its_slot(void **state) {
    (void)state;
    mr_request_t good = request(0, 4, 30);
    submit(1, &good);
    run();
    const heard_t alone = b.heard[1];
    mr_request_t r = request(0, 4, 30);
    submit(0, &r);
    submit(1, &good);
    /* Slot 0's sixth token is drawn as one that does not exist in the device's table. */
    bool busy = true;
    while (b.heard[0].n < 6u) {
        assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    }
    b.slots[0].last = 64;
    run();
    expect_end(0, MR_END_ERROR, 3, b.heard[0].n);
    assert_true(b.heard[0].n < 30u);
    expect_end(1, MR_END_LENGTH, 0, 30);
    assert_memory_equal(b.heard[1].token, alone.token, sizeof alone.token);
}

static void test_silence__times_out_within_the_bound(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 4);
    submit(0, &r);
    force(HUB(RES_STATUS), 0, 0, 0);
    b.dev.waited = 0;
    assert_int_equal(drive(), MR_TIMEOUT);
    assert_true(b.dev.waited >= STALL && b.dev.waited < STALL + 8192u);
}

static void test_hub__never_ready_times_out(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 4);
    submit(0, &r);
    force(HUB(INJ_STATUS), 0, 0, 0);
    assert_int_equal(drive(), MR_TIMEOUT);
    assert_int_equal(b.dev.injected, 0);
}

static void test_hub__busy_for_a_while(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 4);
    bool busy;
    submit(0, &r);
    force(HUB(INJ_STATUS), 0, 0, 0);
    assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    assert_true(busy);
    force(0xFFFFFFFFu, 0, 0, 0);
    run();
    expect_end(0, MR_END_LENGTH, 0, 4);
}

static void test_result__of_an_idle_or_unknown_slot(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 4);
    submit(0, &r);
    force(HUB(RES_HDR), 0xFFFFFF00u, 1, 0);
    assert_int_equal(drive(), MR_DEVICE);
}

static void test_result__of_a_slot_beyond(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 4);
    submit(0, &r);
    force(HUB(RES_HDR), 0xFFFFFF00u, SLOTS, 0);
    assert_int_equal(drive(), MR_DEVICE);
}

static void test_result__of_a_position_not_sent(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 4);
    submit(0, &r);
    force(HUB(RES_POS), 0, 50, 0);
    assert_int_equal(drive(), MR_DEVICE);
}

static void test_result__without_the_token_asked_for(void **state) {
    (void)state;
    mr_request_t r = request(0, 1, 4);
    submit(0, &r);
    force(HUB(RES_HDR), ~MR_HUB_RES_HDR_FLAGS_MASK, 0, 0);
    assert_int_equal(drive(), MR_DEVICE);
}

/* TOP_K takes an even count, so that an odd vocabulary's largest logit is looked for here. */
static void test_greedy__odd_vocabulary(void **state) {
    (void)state;
    mr_request_t r = request(0, 4, 6);
    submit(0, &r);
    run();
    const heard_t even = b.heard[0];
    assert_int_equal(b.dev.block_words, 1);
    b.route.vocab = 63;
    submit(0, &r);
    run();
    expect_end(0, MR_END_LENGTH, 0, 6);
    assert_int_equal(b.dev.block_words, 63);
    for (uint32_t i = 0; i < 6u && even.token[i] != 63u; i++) {
        assert_int_equal(b.heard[0].token[i], even.token[i]);
    }
}

static void test_step__nothing_to_do(void **state) {
    (void)state;
    bool busy = true;
    b.dev.waited = 0;
    assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    assert_false(busy);
    assert_true(b.dev.waited == 0);
}

/* A device that is slow to answer is waited for, unless waiting itself fails. */
static void test_wait__fails(void **state) {
    (void)state;
    mr_request_t r = request(0, 1, 1);
    bool busy;
    submit(0, &r);
    force(HUB(RES_STATUS), 0, 0, 0);
    assert_int_equal(mr_sched_step(&b.sched, &busy), MR_OK);
    b.dev.accesses = 0;
    b.dev.fail_access = 2; /* after the look for a result */
    b.dev.fail_status = MR_CANCELLED;
    assert_int_equal(mr_sched_step(&b.sched, &busy), MR_CANCELLED);
    b.dev.fail_access = 0;
    force(0xFFFFFFFFu, 0, 0, 0);
    run();
    expect_end(0, MR_END_LENGTH, 0, 1);
}

/* A token outside the vocabulary is never handed on. */
static void test_result__token_beyond_the_vocabulary(void **state) {
    (void)state;
    mr_request_t r = request(0, 1, 4);
    submit(0, &r);
    force(MR_WINDOW_BASE, 0, b.route.vocab, 0);
    assert_int_equal(drive(), MR_DEVICE);
    assert_int_equal(b.heard[0].n, 0);
}

/* A greedy slot and a drawing one, run until nothing is left; counts from the first step on. */
static mr_status_t run_two(uint32_t fail_access) {
    mr_request_t greedy = request(0, 2, 2);
    mr_request_t drawn = request(4, 2, 2);
    drawn.sampling.temperature = 1.0f;
    submit(0, &greedy);
    submit(1, &drawn);
    b.dev.accesses = 0;
    b.dev.fail_access = fail_access;
    b.dev.fail_status = MR_IO;
    return drive();
}

static void test_bus__whichever_access_fails(void **state) {
    assert_int_equal(run_two(0), MR_OK);
    const uint32_t n = b.dev.accesses;
    assert_true(n > 50u && n < 1000u);
    for (uint32_t i = 1; i <= n; i++) {
        teardown(state);
        setup(state);
        assert_int_equal(run_two(i), MR_IO);
        assert_int_equal(b.dev.accesses, i);
    }
}

int main(void) {
#define T(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_route__searches_from_the_end),
        T(test_init__arguments),
        T(test_submit__ranges_and_state),
        T(test_slots__together_as_alone),
        T(test_window__never_exceeded),
        T(test_turns__every_slot_in_one_step),
        T(test_scoring__prompt_only),
        T(test_logits__only_where_asked_for),
        T(test_logits__nobody_hears),
        T(test_stop__token_is_told_first),
        T(test_context__full),
        T(test_cancel__in_prefill),
        T(test_cancel__in_decode_and_from_events),
        T(test_error__ends_only_its_slot),
        T(test_silence__times_out_within_the_bound),
        T(test_hub__never_ready_times_out),
        T(test_hub__busy_for_a_while),
        T(test_result__of_an_idle_or_unknown_slot),
        T(test_result__of_a_slot_beyond),
        T(test_result__of_a_position_not_sent),
        T(test_result__without_the_token_asked_for),
        T(test_greedy__odd_vocabulary),
        T(test_step__nothing_to_do),
        T(test_wait__fails),
        T(test_result__token_beyond_the_vocabulary),
        T(test_bus__whichever_access_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
