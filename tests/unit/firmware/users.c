/* SPDX-License-Identifier: Apache-2.0 */
/* Many users on the functional model. */
#include "users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/kv.h"
#include "millrace/load.h"
#include "millrace/regs.h"

#define STALL 4000000u
#define ALONE 0xFFFFFFFFu

users_t u;

static users_case_t *alone; /* the case that runs alone */

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    const uint32_t user = mr_sched_user(&u.sched, slot);
    (void)ctx;
    if (user == ALONE) {
        assert_int_equal(pos, alone->request.n_prompt + alone->n);
        alone->token[alone->n++] = token;
        return true;
    }
    users_run_t *r = &u.run[user];
    assert_int_equal(r->ends, 0);
    assert_int_equal(r->slot, slot);
    assert_int_equal(pos, r->of->request.n_prompt + r->n);
    assert_true(r->n < r->of->n);
    assert_int_equal(token, r->of->token[r->n]);
    if (r->deaf > 0) {
        r->deaf--;
        return false;
    }
    r->n++;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    const uint32_t user = mr_sched_user(&u.sched, slot);
    (void)ctx;
    assert_int_equal(detail, 0);
    if (user == ALONE) {
        alone->why = why;
        return;
    }
    u.run[user].ends++;
    u.run[user].why = why;
}

static void on_start(void *ctx, uint32_t slot, uint32_t user) {
    (void)ctx;
    u.run[user].starts++;
    u.run[user].slot = slot;
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    (void)ctx;
    assert_int_equal(u.run[user].starts, 0);
    u.run[user].ends++;
    u.run[user].dropped = true;
    u.run[user].why = why;
}

static mr_status_t tap_read32(void *ctx, uint32_t addr, uint32_t *value) {
    (void)ctx;
    return mr_mmio_read32(&u.dev.io, addr, value);
}

static mr_status_t tap_write32(void *ctx, uint32_t addr, uint32_t value) {
    (void)ctx;
    if (addr == MR_HUB_BASE + MR_HUB_INJ_SLOT_OFFSET) {
        u.slot_of_inj = value;
    } else if (addr == MR_HUB_BASE + MR_HUB_INJ_CTRL_OFFSET && u.injected != NULL) {
        u.injected(u.slot_of_inj);
    }
    return mr_mmio_write32(&u.dev.io, addr, value);
}

static mr_status_t tap_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    (void)ctx;
    return mr_mmio_read_block(&u.dev.io, addr, words, n);
}

static mr_status_t tap_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    (void)ctx;
    return mr_mmio_write_block(&u.dev.io, addr, words, n);
}

static mr_status_t tap_wait(void *ctx, uint32_t cycles) {
    (void)ctx;
    return mr_mmio_wait(&u.dev.io, cycles);
}

void users_restart(void) {
    assert_int_equal(mr_sched_init(&u.sched, &u.cfg), MR_OK);
}

void users_open(const users_shape_t *shape) {
    mr_backend_model_config_t hw;
    mr_place_formats_t formats;
    mr_machine_t machine;
    mr_image_t image;
    mr_fit_t fit;
    memset(&u, 0, sizeof u);
    mr_model_shape_t model = fixture_shape();
    model.context = USERS_CONTEXT;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&u.image, &model, &formats, 5);
    mr_backend_model_default_config(&hw);
    hw.kv_slots = shape->slots;
    hw.kv_pages = shape->kv_pages;
    hw.loop_slots = shape->loop_slots;
    hw.loop_depth = shape->loop_depth;
    hw.in_bufs = 64;
    hw.in_size_max = 1024;
    fixture_device_open(&u.dev, &hw);
    u.ops = (mr_mmio_ops_t){.read32 = tap_read32,
                            .write32 = tap_write32,
                            .read_block = tap_read_block,
                            .write_block = tap_write_block,
                            .wait = tap_wait};
    u.tap = (mr_mmio_t){&u.ops, NULL};
    const mr_load_config_t cfg = {NULL, NULL, malloc(MR_LOAD_WORK_BYTES)};
    assert_non_null(cfg.work);
    assert_int_equal(mr_image_open(&image, &u.image.source), MR_OK);
    assert_int_equal(mr_machine_probe(&u.dev.io, &machine), MR_OK);
    assert_int_equal(mr_load(&u.dev.io, &machine, &image, &cfg, &u.p, &fit), MR_OK);
    free(cfg.work);
    mr_route_of(&u.route, &u.p);
    u.route.window = shape->window != 0 ? shape->window : u.route.window;
    assert_int_equal(mr_kv_pages_free(&u.dev.io, &u.pages), MR_OK);
    u.cfg = (mr_sched_config_t){
        .mmio = &u.tap,
        .route = &u.route,
        .slots = u.slots,
        .n_slots = shape->slots,
        .logits = u.logits,
        .order = u.order,
        .stall_cycles = STALL,
        .events = {.token = on_token, .end = on_end, .start = on_start, .drop = on_drop},
        .queue = u.queue,
        .n_queue = USERS_QUEUE};
    users_restart();
}

void users_close(void) {
    fixture_device_close(&u.dev);
    fixture_image_free(&u.image);
}

void users_reference(users_case_t *c) {
    mr_request_t r = c->request;
    bool busy = true;
    r.user = ALONE;
    r.stepwise = true;
    alone = c;
    c->n = 0;
    assert_int_equal(mr_sched_submit(&u.sched, 0, &r), MR_OK);
    while (busy) {
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    assert_true(c->n > 0);
}

void users_case(users_case_t *c, uint64_t seed, uint32_t max_prompt, uint32_t max_tokens) {
    mr_test_random_t rng = {seed * 2654435761u + 1u};
    memset(c, 0, sizeof *c);
    (void)mr_test_u32(&rng);
    const uint32_t n = 1u + mr_test_below(&rng, max_prompt);
    for (uint32_t i = 0; i < n; i++) {
        c->prompt[i] = mr_test_below(&rng, 64);
    }
    c->request = (mr_request_t){.prompt = c->prompt,
                                .n_prompt = n,
                                .max_tokens = 1u + mr_test_below(&rng, max_tokens),
                                .sampling = {.top_p = 1.0f}};
    if (mr_test_below(&rng, 3) == 0) {
        c->request.sampling =
            (mr_sampling_t){.temperature = 1.0f, .top_k = 20, .top_p = 0.95f, .seed = seed};
    }
    c->request.stops = c->stops;
    c->request.n_stops = mr_test_below(&rng, 7);
    for (uint32_t i = 0; i < c->request.n_stops; i++) {
        c->stops[i] = mr_test_below(&rng, 64);
    }
    users_reference(c);
}

mr_status_t users_enqueue(uint32_t user, const users_case_t *c, uint64_t deadline) {
    mr_request_t r = c->request;
    r.user = user;
    r.deadline = deadline;
    const mr_status_t status = mr_sched_enqueue(&u.sched, &r);
    if (status == MR_OK) {
        u.run[user].of = c;
    }
    return status;
}

void users_drain(uint32_t steps) {
    bool busy = true;
    uint32_t pages;
    while (busy) {
        assert_true(steps-- > 0);
        assert_int_equal(mr_sched_step(&u.sched, &busy), MR_OK);
    }
    assert_int_equal(u.sched.in_flight, 0);
    assert_int_equal(mr_kv_pages_free(&u.dev.io, &pages), MR_OK);
    assert_int_equal(pages, u.pages);
}

void users_check(uint32_t user) {
    const users_run_t *r = &u.run[user];
    assert_int_equal(r->ends, 1);
    assert_int_equal(r->starts, r->dropped ? 0 : 1);
    if (r->why == MR_END_STOP || r->why == MR_END_LENGTH) {
        assert_int_equal(r->n, r->of->n);
        assert_int_equal(r->why, r->of->why);
    }
}
