/* SPDX-License-Identifier: Apache-2.0 */
/* Token loop of the hub and its driver: a tile that answers every job with a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/device.h"
#include "millrace/loop.h"
#include "millrace/regs.h"

#define SLOTS 3u
#define DEPTH 8u
#define RES_BUFS 2u
#define TOP 6u /* flags TOPK and bit 2 */
#define TOKEN 5u

/* The model behind accesses that can be made to fail. */
typedef struct {
    device_t dev;
    mr_mmio_t io;
    mr_mmio_ops_t ops;
    bool busy;      /* LOOP_STATUS says so for ever */
    uint32_t count; /* accesses so far */
    uint32_t fail;  /* this one (from 1) fails */
} fixture_t;

static fixture_t fx;

static mr_status_t attempt(void) {
    return ++fx.count == fx.fail ? MR_IO : MR_OK;
}

static mr_status_t read32(void *ctx, uint32_t addr, uint32_t *value) {
    (void)ctx;
    MR_TRY(attempt());
    MR_TRY(mr_mmio_read32(&fx.dev.io, addr, value));
    *value |= fx.busy && addr == MR_HUB_BASE + MR_HUB_LOOP_STATUS_OFFSET ? 1u : 0;
    return MR_OK;
}

static mr_status_t write32(void *ctx, uint32_t addr, uint32_t value) {
    (void)ctx;
    MR_TRY(attempt());
    return mr_mmio_write32(&fx.dev.io, addr, value);
}

static mr_status_t wait_cycles(void *ctx, uint32_t cycles) {
    (void)ctx;
    MR_TRY(attempt());
    return mr_mmio_wait(&fx.dev.io, cycles);
}

/* What the tile says to every job: element 0 of its VMEM, as it is. */
static void answer(uint32_t word) {
    device_put(&fx.dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 0, 0, &word, 1);
}

static int setup(void **state) {
    (void)state;
    mr_backend_model_config_t config;
    const desc_t program[] = {
        {{OP_SEND | DESC_PRED(2, 2), 1, 0, 0, 2, SEND_WORD(7, 1)}}, /* TOPK */
        {{OP_SEND | DESC_PRED(2, 0), 1, 0, 0, 0, SEND_WORD(7, 1)}}, /* not */
        {{OP_END}},
    };
    mr_backend_model_default_config(&config);
    config.loop_slots = SLOTS;
    config.loop_depth = DEPTH;
    config.res_bufs = RES_BUFS;
    fx = (fixture_t){.ops = {.read32 = read32, .write32 = write32, .wait = wait_cycles}};
    fx.io = (mr_mmio_t){&fx.ops, NULL};
    device_open(&fx.dev, &config);
    device_put_program(&fx.dev, 0, 3, program, 3);
    device_enable(&fx.dev, 0, 64, 2);
    answer(TOKEN);
    assert_int_equal(mr_loop_route(&fx.io, 0, 3), MR_OK);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    device_close(&fx.dev);
    return 0;
}

static void inject(uint32_t slot, uint32_t pos, uint32_t flags) {
    const mr_job_t job = {.tile = 0, .pc = 3, .flags = flags, .token = 1, .pos = pos, .slot = slot};
    assert_int_equal(mr_hub_inject(&fx.io, &job), MR_OK);
}

static void arm(uint32_t slot, uint32_t left, const uint32_t *stops, uint32_t n) {
    assert_int_equal(mr_loop_arm(&fx.io, slot, left, stops, n), MR_OK);
}

static void expect_token(uint32_t slot, uint32_t pos, uint32_t token, mr_loop_why_t why) {
    mr_loop_token_t t;
    assert_int_equal(mr_loop_take(&fx.io, &t), MR_OK);
    assert_int_equal(t.slot, slot);
    assert_int_equal(t.pos, pos);
    assert_int_equal(t.token, token);
    assert_int_equal(t.why, why);
}

static void expect_none(void) {
    mr_loop_token_t t;
    assert_int_equal(mr_loop_take(&fx.io, &t), MR_BUSY);
}

static void expect_result(uint32_t slot, uint32_t pos) {
    mr_result_t r;
    assert_int_equal(mr_hub_peek(&fx.io, &r), MR_OK);
    assert_int_equal(r.slot, slot);
    assert_int_equal(r.pos, pos);
    assert_int_equal(mr_hub_pop(&fx.io), MR_OK);
}

static void expect_no_result(void) {
    mr_result_t r;
    assert_int_equal(mr_hub_peek(&fx.io, &r), MR_BUSY);
}

static void test_caps(void **state) {
    (void)state;
    mr_loop_caps_t caps;
    assert_int_equal(mr_loop_caps(&fx.io, &caps), MR_OK);
    assert_int_equal(caps.slots, SLOTS);
    assert_int_equal(caps.depth, DEPTH);
}

static void test_length__ends_and_disarms(void **state) {
    (void)state;
    mr_loop_stats_t stats;
    arm(1, 3, NULL, 0);
    inject(1, 10, TOP);
    expect_token(1, 11, TOKEN, MR_LOOP_INJECTED);
    expect_token(1, 12, TOKEN, MR_LOOP_INJECTED);
    expect_token(1, 13, TOKEN, MR_LOOP_LENGTH);
    expect_none();
    expect_no_result();
    inject(1, 13, TOP);
    expect_none();
    expect_result(1, 13);
    assert_int_equal(mr_loop_stats(&fx.io, &stats), MR_OK);
    assert_int_equal(stats.jobs, 2);
    assert_int_equal(stats.parks, 0);
}

static void test_stop__each_of_four(void **state) {
    (void)state;
    for (uint32_t i = 0; i < MR_LOOP_STOPS; i++) {
        uint32_t stops[MR_LOOP_STOPS] = {100, 101, 0x3FFFF, 103};
        stops[i] = TOKEN;
        arm(0, 1, stops, MR_LOOP_STOPS); /* a stop token counts before the length */
        inject(0, 0, TOP);
        expect_token(0, 1, TOKEN, MR_LOOP_STOP);
        arm(0, 1, stops, i); /* not among the first i */
        inject(0, 0, TOP);
        expect_token(0, 1, TOKEN, MR_LOOP_LENGTH);
    }
}

/* Of DEPTH entries the last SLOTS are kept; a parked slot goes on when armed anew. */
static void test_full__parks(void **state) {
    (void)state;
    mr_loop_stats_t stats;
    arm(2, 100, NULL, 0);
    inject(2, 0, TOP);
    for (uint32_t i = 1; i <= DEPTH - SLOTS; i++) {
        expect_token(2, i, TOKEN, MR_LOOP_INJECTED);
        if (i == 1u) { /* the queue filled up before anything was read */
            assert_int_equal(mr_loop_stats(&fx.io, &stats), MR_OK);
            assert_int_equal(stats.parks, 1);
        }
    }
    expect_token(2, DEPTH - SLOTS + 1u, TOKEN, MR_LOOP_PARKED);
    expect_none();
    arm(2, 1, NULL, 0);
    inject(2, DEPTH, TOP);
    expect_token(2, DEPTH + 1u, TOKEN, MR_LOOP_LENGTH);
}

/* A queue without any room: results go to the buffers, the slot stays armed. */
static void test_overfull__results(void **state) {
    (void)state;
    for (uint32_t i = 0; i < DEPTH; i++) {
        arm(0, 1, NULL, 0);
        inject(0, i, TOP);
    }
    arm(0, 1, NULL, 0);
    inject(0, DEPTH, TOP);
    expect_result(0, DEPTH);
    for (uint32_t i = 0; i < DEPTH; i++) {
        expect_token(0, i + 1u, TOKEN, MR_LOOP_LENGTH);
    }
    inject(0, DEPTH, TOP);
    expect_token(0, DEPTH + 1u, TOKEN, MR_LOOP_LENGTH);
}

/* Only flag TOPK alone, status 0 and a known slot go round; the rest goes to the buffers. */
static void test_others__are_results(void **state) {
    (void)state;
    for (uint32_t slot = 0; slot < SLOTS + 2u; slot++) {
        arm(slot, 5, NULL, 0);
    }
    inject(0, 1, TOP | 1u);
    expect_result(0, 1);
    inject(0, 2, 4);
    expect_result(0, 2);
    inject(SLOTS, 3, TOP);
    expect_result(SLOTS, 3);
    const desc_t bad[] = {{{200}}, {{OP_SEND, 1, 0, 0, 2, SEND_WORD(7, 1)}}, {{OP_END}}};
    device_put_program(&fx.dev, 0, 3, bad, 3);
    inject(1, 4, TOP);
    expect_result(1, 4);
    expect_none();
}

static void test_token__that_is_none(void **state) {
    (void)state;
    answer(0x40007u);
    arm(0, 5, NULL, 0);
    inject(0, 0, TOP);
    expect_token(0, 1, 7, MR_LOOP_ERROR);
    expect_none();
}

static void test_disarm__and_reset(void **state) {
    (void)state;
    arm(0, 5, NULL, 0);
    assert_int_equal(mr_loop_disarm(&fx.io, 0), MR_OK);
    inject(0, 1, TOP);
    expect_result(0, 1);
    arm(0, 2, NULL, 0);
    inject(0, 1, TOP);
    assert_int_equal(mr_chip_soft_reset(&fx.io), MR_OK);
    expect_none();
    device_enable(&fx.dev, 0, 64, 2);
    inject(0, 1, TOP);
    expect_result(0, 1); /* no longer armed */
    assert_int_equal(device_read(&fx.dev, MR_HUB_BASE + MR_HUB_LOOP_PC_OFFSET), 3);
}

static void test_driver__ranges(void **state) {
    (void)state;
    const uint32_t bad[] = {0x40000u};
    fx.count = 0;
    assert_int_equal(mr_loop_route(&fx.io, 31, 0), MR_RANGE);
    assert_int_equal(mr_loop_route(&fx.io, 0, 0x10000u), MR_RANGE);
    assert_int_equal(mr_loop_arm(&fx.io, 256, 1, NULL, 0), MR_RANGE);
    assert_int_equal(mr_loop_arm(&fx.io, 0, 0, NULL, 0), MR_RANGE);
    assert_int_equal(mr_loop_arm(&fx.io, 0, 0x40000u, NULL, 0), MR_RANGE);
    assert_int_equal(mr_loop_arm(&fx.io, 0, 1, bad, 1), MR_RANGE);
    assert_int_equal(mr_loop_arm(&fx.io, 0, 1, bad, MR_LOOP_STOPS + 1u), MR_RANGE);
    assert_int_equal(mr_loop_disarm(&fx.io, 256), MR_RANGE);
    assert_int_equal(mr_loop_pass(&fx.io, 256), MR_RANGE);
    assert_int_equal(fx.count, 0);
    assert_int_equal(mr_loop_pass(&fx.io, 255), MR_OK);
    assert_int_equal(device_read(&fx.dev, MR_HUB_BASE + MR_HUB_LOOP_PASS_OFFSET), 255);
}

static void test_driver__busy_for_ever(void **state) {
    (void)state;
    fx.busy = true;
    assert_int_equal(mr_loop_arm(&fx.io, 0, 1, NULL, 0), MR_TIMEOUT);
    assert_int_equal(mr_loop_disarm(&fx.io, 0), MR_TIMEOUT);
}

static mr_status_t everything(void) {
    mr_loop_caps_t caps;
    mr_loop_stats_t stats;
    mr_loop_token_t token;
    MR_TRY(mr_loop_caps(&fx.io, &caps));
    MR_TRY(mr_loop_route(&fx.io, 0, 3));
    MR_TRY(mr_loop_arm(&fx.io, 0, 1, NULL, 0));
    MR_TRY(mr_loop_disarm(&fx.io, 0));
    MR_TRY(mr_loop_pass(&fx.io, 4));
    MR_TRY(mr_loop_take(&fx.io, &token));
    return mr_loop_stats(&fx.io, &stats);
}

static void test_driver__whichever_access_fails(void **state) {
    (void)state;
    for (uint32_t i = 1;; i++) {
        arm(1, 1, NULL, 0);
        inject(1, 0, TOP); /* a token to take */
        fx.count = 0;
        fx.fail = i;
        const mr_status_t status = everything();
        if (fx.count < i) {
            assert_int_equal(status, MR_OK);
            assert_int_equal(i, 23);
            break;
        }
        assert_int_equal(status, MR_IO);
        assert_int_equal(fx.count, i);
        fx.fail = 0;
        mr_loop_token_t token;
        while (mr_loop_take(&fx.io, &token) == MR_OK) {
        }
    }
}

int main(void) {
#define T(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_caps),
        T(test_length__ends_and_disarms),
        T(test_stop__each_of_four),
        T(test_full__parks),
        T(test_overfull__results),
        T(test_others__are_results),
        T(test_token__that_is_none),
        T(test_disarm__and_reset),
        T(test_driver__ranges),
        T(test_driver__busy_for_ever),
        T(test_driver__whichever_access_fails),
    };
    return cmocka_run_group_tests_name("model_loop", tests, NULL, NULL);
}
