/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the token loop: the exact register sequences, their bounds, and every status. */
#include "millrace/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mock.h"

static const uint32_t stops[MR_LOOP_STOPS + 1u] = {1, 2, 3, 0x3FFFF, 5};

static void test_caps(void **state) {
    (void)state;
    const uint32_t answers[] = {512u << 16 | 256u};
    mr_loop_caps_t caps;
    mock_t *m = fresh(answers, 1);
    assert_int_equal(mr_loop_caps(&m->io, &caps), MR_OK);
    assert_int_equal(caps.slots, 256);
    assert_int_equal(caps.depth, 512);
    EXPECT(m, {'R', HUB(LOOP_CAPS), 0});
}

static void test_route(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_loop_route(&m->io, 30, 65535), MR_OK);
    EXPECT(m, {'W', HUB(LOOP_DEST), 0x80000000u}, {'W', HUB(LOOP_PC), 65535});
    m = fresh(NULL, 0);
    assert_int_equal(mr_loop_route(&m->io, 31, 0), MR_RANGE);
    assert_int_equal(mr_loop_route(&m->io, 0, 65536), MR_RANGE);
    assert_int_equal(m->n, 0);
}

static void test_arm(void **state) {
    (void)state;
    const uint32_t answers[] = {1, 0, 0}; /* busy, then not */
    mock_t *m = fresh(answers, 3);
    assert_int_equal(mr_loop_arm(&m->io, 255, 262143, stops, 2), MR_OK);
    EXPECT(m, {'R', HUB(LOOP_STATUS), 0}, {'T', 0, 16}, {'R', HUB(LOOP_STATUS), 0},
           {'W', HUB(LOOP_LEFT), 262143}, {'W', HUB(LOOP_STOP0), 0x80000001u},
           {'W', HUB(LOOP_STOP1), 0x80000002u}, {'W', HUB(LOOP_STOP2), 0},
           {'W', HUB(LOOP_STOP3), 0}, {'W', HUB(LOOP_CTRL), 0x100FFu}, {'R', HUB(LOOP_STATUS), 0});
}

static void test_arm__out_of_range(void **state) {
    (void)state;
    const uint32_t big = 0x40000;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_loop_arm(&m->io, 256, 1, NULL, 0), MR_RANGE);
    assert_int_equal(mr_loop_arm(&m->io, 0, 0, NULL, 0), MR_RANGE);
    assert_int_equal(mr_loop_arm(&m->io, 0, 262144, NULL, 0), MR_RANGE);
    assert_int_equal(mr_loop_arm(&m->io, 0, 1, stops, 5), MR_RANGE);
    assert_int_equal(mr_loop_arm(&m->io, 0, 1, &big, 1), MR_RANGE);
    assert_int_equal(mr_loop_disarm(&m->io, 256), MR_RANGE);
    assert_int_equal(mr_loop_pass(&m->io, 256), MR_RANGE);
    assert_int_equal(m->n, 0);
}

/* A command that never ends: 16 looks, 256 cycles. */
static void test_settle__times_out(void **state) {
    (void)state;
    const uint32_t busy = 1;
    mock_t *m = fresh(&busy, 1);
    assert_int_equal(mr_loop_arm(&m->io, 0, 1, NULL, 0), MR_TIMEOUT);
    assert_int_equal(m->n, 32);
    m = fresh(&busy, 1);
    assert_int_equal(mr_loop_disarm(&m->io, 0), MR_TIMEOUT);
    assert_int_equal(m->n, 32);
}

static void test_disarm_and_pass(void **state) {
    (void)state;
    const uint32_t idle = 0;
    mock_t *m = fresh(&idle, 1);
    assert_int_equal(mr_loop_disarm(&m->io, 7), MR_OK);
    EXPECT(m, {'R', HUB(LOOP_STATUS), 0}, {'W', HUB(LOOP_CTRL), 0x20007u},
           {'R', HUB(LOOP_STATUS), 0});
    m = fresh(NULL, 0);
    assert_int_equal(mr_loop_pass(&m->io, 255), MR_OK);
    EXPECT(m, {'W', HUB(LOOP_PASS), 255});
}

static void test_take(void **state) {
    (void)state;
    const uint32_t answers[] = {0x80000000u | 2u << 28 | 200u << 18 | 77u, 9};
    const uint32_t none = 0x7FFFFFFFu;
    mr_loop_token_t token;
    mock_t *m = fresh(answers, 2);
    assert_int_equal(mr_loop_take(&m->io, &token), MR_OK);
    assert_int_equal(token.slot, 200);
    assert_int_equal(token.token, 77);
    assert_int_equal(token.pos, 9);
    assert_int_equal(token.why, MR_LOOP_LENGTH);
    EXPECT(m, {'R', HUB(LOOP_TOKEN), 0}, {'R', HUB(LOOP_POS), 0}, {'W', HUB(LOOP_POP), 1});
    m = fresh(&none, 1);
    assert_int_equal(mr_loop_take(&m->io, &token), MR_BUSY);
    assert_int_equal(m->n, 1);
}

static void test_stats(void **state) {
    (void)state;
    const uint32_t answers[] = {3, 40, 5, 6};
    mr_loop_stats_t stats;
    mock_t *m = fresh(answers, 4);
    assert_int_equal(mr_loop_stats(&m->io, &stats), MR_OK);
    assert_int_equal(stats.parks, 3);
    assert_int_equal(stats.wait_max, 40);
    assert_true(stats.jobs == (UINT64_C(6) << 32 | 5u));
    EXPECT(m, {'R', HUB(LOOP_PARKS), 0}, {'R', HUB(LOOP_WAIT_MAX), 0}, {'R', HUB(LOOP_JOBS_LO), 0},
           {'R', HUB(LOOP_JOBS_HI), 0});
}

/* Each access of each function in turn fails: its status comes back, and nothing follows it. */
static mr_status_t call(const mr_mmio_t *io, uint32_t which) {
    mr_loop_caps_t caps;
    mr_loop_token_t token;
    mr_loop_stats_t stats;
    switch (which) {
    case 0:
        return mr_loop_caps(io, &caps);
    case 1:
        return mr_loop_route(io, 0, 0);
    case 2:
        return mr_loop_arm(io, 0, 1, stops, 1);
    case 3:
        return mr_loop_disarm(io, 0);
    case 4:
        return mr_loop_take(io, &token);
    case 5:
        return mr_loop_pass(io, 1);
    default:
        return mr_loop_stats(io, &stats);
    }
}

static void test_bus_errors(void **state) {
    (void)state;
    for (uint32_t which = 0; which < 7; which++) {
        /* Busy at first, so that the wait fails too; for LOOP_TOKEN: a token. */
        const uint32_t answers[] = {which == 4 ? 0x80000000u : 1u, 0};
        mock_t *m = fresh(answers, 2);
        assert_int_equal(call(&m->io, which), MR_OK);
        const size_t n = m->n;
        for (size_t at = 0; at < n; at++) {
            m = fresh(answers, 2);
            m->fail_at = at;
            assert_int_equal(call(&m->io, which), MR_IO);
            assert_true(m->n <= at + 1u);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_arm),
        cmocka_unit_test(test_arm__out_of_range),
        cmocka_unit_test(test_settle__times_out),
        cmocka_unit_test(test_disarm_and_pass),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_bus_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
