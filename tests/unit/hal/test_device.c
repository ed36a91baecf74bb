/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers: the exact register sequences, their bounds, and every status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "mock.h"

static uint32_t buffer[40000];

static void test_window_write__splits_at_64_kib(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    for (uint32_t i = 0; i < 40000u; i++) {
        buffer[i] = i;
    }
    assert_int_equal(mr_window_write(&m->io, MR_MEM_VMEM, 5, 100, buffer, 40000), MR_OK);
    EXPECT(m, {'W', CHIP(MEM_TARGET), 0x501}, {'W', CHIP(MEM_BASE), 100},
           {'w', MR_WINDOW_BASE, 16384}, {'W', CHIP(MEM_BASE), 16484}, {'w', MR_WINDOW_BASE, 16384},
           {'W', CHIP(MEM_BASE), 32868}, {'w', MR_WINDOW_BASE, 7232});
    assert_int_equal(m->first_word[1], 16384);
    assert_int_equal(m->first_word[2], 32768);
}

static void test_window_write__one_window_exactly(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_window_write(&m->io, MR_MEM_PMEM, 30, 0, buffer, 16384), MR_OK);
    EXPECT(m, {'W', CHIP(MEM_TARGET), 0x1E03}, {'W', CHIP(MEM_BASE), 0},
           {'w', MR_WINDOW_BASE, 16384});
    m = fresh(NULL, 0);
    assert_int_equal(mr_window_write(&m->io, MR_MEM_PMEM, 0, 0, buffer, 0), MR_OK);
    EXPECT(m, {'W', CHIP(MEM_TARGET), 3});
}

static void test_window_read__splits_at_64_kib(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_window_read(&m->io, MR_MEM_RESULT, 0, 7, buffer, 16385), MR_OK);
    EXPECT(m, {'W', CHIP(MEM_TARGET), 4}, {'W', CHIP(MEM_BASE), 7}, {'r', MR_WINDOW_BASE, 16384},
           {'W', CHIP(MEM_BASE), 16391}, {'r', MR_WINDOW_BASE, 1});
    assert_int_equal(buffer[16383], 16383);
    assert_int_equal(buffer[16384], 0);
}

static void test_window_write_rows__nine_words_sixteen_apart(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    for (uint32_t i = 0; i < 1026u * 9u; i++) {
        buffer[i] = i;
    }
    assert_int_equal(mr_window_write_rows(&m->io, MR_MEM_WMEM, 2, 10, buffer, 1026), MR_OK);
    assert_int_equal(m->n, 1u + 1026u + 2u);
    assert_int_equal(m->log[0].value, 0x200);
    assert_int_equal(m->log[1].value, 160);
    for (uint32_t i = 0; i < 1024u; i++) {
        assert_int_equal(m->log[2u + i].addr, MR_WINDOW_BASE + 64u * i);
        assert_int_equal(m->log[2u + i].value, 9);
    }
    assert_int_equal(m->first_word[1], 9);
    assert_int_equal(m->log[1026].addr, CHIP(MEM_BASE));
    assert_int_equal(m->log[1026].value, (10u + 1024u) * 16u);
    assert_int_equal(m->log[1027].addr, MR_WINDOW_BASE);
    assert_int_equal(m->log[1028].addr, MR_WINDOW_BASE + 64u);
}

static void test_window_crc__sequence(void **state) {
    (void)state;
    const uint32_t answers[] = {MR_CHIP_MEM_CRC_STATUS_BUSY_MASK, 0, 0xCAFEF00Du};
    mock_t *m = fresh(answers, 3);
    uint32_t crc = 0;
    assert_int_equal(mr_window_crc(&m->io, MR_MEM_WMEM, 1, 3, 4, &crc), MR_OK);
    assert_int_equal(crc, 0xCAFEF00Du);
    EXPECT(m, {'W', CHIP(MEM_TARGET), 0x100}, {'W', CHIP(MEM_CRC_START), 3},
           {'W', CHIP(MEM_CRC_COUNT), 4}, {'W', CHIP(MEM_CRC_CTRL), 1},
           {'R', CHIP(MEM_CRC_STATUS), 0}, {'T', 0, 64}, {'R', CHIP(MEM_CRC_STATUS), 0},
           {'R', CHIP(MEM_CRC_VALUE), 0});
}

static void test_window_crc__refused(void **state) {
    (void)state;
    const uint32_t answers[] = {MR_CHIP_MEM_CRC_STATUS_ERROR_MASK};
    mock_t *m = fresh(answers, 1);
    uint32_t crc;
    assert_int_equal(mr_window_crc(&m->io, MR_MEM_WMEM, 0, 0, 1, &crc), MR_DEVICE);
}

static void test_window_crc__bound(void **state) {
    (void)state;
    const uint32_t answers[] = {MR_CHIP_MEM_CRC_STATUS_BUSY_MASK};
    mock_t *m = fresh(answers, 1);
    uint32_t crc;
    assert_int_equal(mr_window_crc(&m->io, MR_MEM_VMEM, 0, 0, 100, &crc), MR_TIMEOUT);
    uint64_t waited = 0;
    for (size_t i = 0; i < m->n; i++) {
        waited += m->log[i].what == 'T' ? m->log[i].value : 0;
    }
    assert_true(waited >= 6400u && waited <= 6400u + 1024u);
}

static void test_bus_error__reads_and_clears(void **state) {
    (void)state;
    const uint32_t set[] = {0xFFFFFFFFu};
    const uint32_t others[] = {MR_CHIP_STATUS_TILE_ERROR_MASK | MR_CHIP_STATUS_KV_ERROR_MASK};
    mock_t *m = fresh(others, 1);
    assert_int_equal(mr_chip_bus_error(&m->io), MR_OK);
    EXPECT(m, {'R', CHIP(STATUS), 0});
    m = fresh(set, 1);
    assert_int_equal(mr_chip_bus_error(&m->io), MR_DEVICE);
    EXPECT(m, {'R', CHIP(STATUS), 0}, {'W', CHIP(STATUS), MR_CHIP_STATUS_BUS_ERROR_MASK});
}

static void test_counters__low_word_first(void **state) {
    (void)state;
    const uint32_t answers[] = {0x89ABCDEFu, 0x01234567u};
    uint64_t v = 0;
    mock_t *m = fresh(answers, 2);
    assert_int_equal(mr_chip_cycles(&m->io, &v), MR_OK);
    assert_true(v == 0x0123456789ABCDEFu);
    EXPECT(m, {'R', CHIP(CYCLE_LO), 0}, {'R', CHIP(CYCLE_HI), 0});
    m = fresh(answers, 2);
    assert_int_equal(mr_tile_counter(&m->io, 3, MR_TILE_CYC_LANE_LO_OFFSET, &v), MR_OK);
    assert_true(v == 0x0123456789ABCDEFu);
    EXPECT(m, {'R', 0x103040u, 0}, {'R', 0x103044u, 0});
}

static void test_soft_reset__one_write(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_chip_soft_reset(&m->io), MR_OK);
    EXPECT(m, {'W', CHIP(CONTROL), MR_CHIP_CONTROL_SOFT_RESET_MASK});
}

static void test_inject__sequence(void **state) {
    (void)state;
    const uint32_t ready[] = {MR_HUB_INJ_STATUS_READY_MASK};
    const mr_job_t job = {
        .tile = 30, .pc = 0xFFFF, .flags = 0xF, .token = 0x3FFFF, .pos = 0x3FFFE, .slot = 255};
    mock_t *m = fresh(ready, 1);
    assert_int_equal(mr_hub_inject(&m->io, &job), MR_OK);
    EXPECT(m, {'R', HUB(INJ_STATUS), 0}, {'W', HUB(INJ_DEST), 0x80000000u},
           {'W', HUB(INJ_PROG), 0x1FFFFFu}, {'W', HUB(INJ_TOKEN), 0x3FFFF},
           {'W', HUB(INJ_POS), 0x3FFFE}, {'W', HUB(INJ_SLOT), 255},
           {'W', HUB(INJ_CTRL), MR_HUB_INJ_CTRL_PUSH_MASK});
    m = fresh(NULL, 0);
    assert_int_equal(mr_hub_inject(&m->io, &job), MR_BUSY);
    EXPECT(m, {'R', HUB(INJ_STATUS), 0});
}

static void test_inject__ranges(void **state) {
    (void)state;
    const mr_job_t bad[] = {{.tile = 31},        {.pc = 0x10000},   {.flags = 16},
                            {.token = 1u << 18}, {.pos = 1u << 18}, {.slot = 256}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mock_t *m = fresh(NULL, 0);
        assert_int_equal(mr_hub_inject(&m->io, &bad[i]), MR_RANGE);
        assert_int_equal(m->n, 0);
    }
}

static void test_peek__fields(void **state) {
    (void)state;
    const uint32_t answers[] = {0x0702u, 0xBEEF5612u, 77, 88, 99};
    mock_t *m = fresh(answers, 5);
    mr_result_t r;
    assert_int_equal(mr_hub_peek(&m->io, &r), MR_OK);
    EXPECT(m, {'R', HUB(RES_STATUS), 0}, {'R', HUB(RES_HDR), 0}, {'R', HUB(RES_POS), 0},
           {'R', HUB(RES_TOKEN), 0}, {'R', HUB(RES_LEN), 0});
    assert_int_equal(r.buffer, 7);
    assert_int_equal(r.slot, 0x12);
    assert_int_equal(r.status, 6);
    assert_int_equal(r.flags, 5);
    assert_int_equal(r.pos, 77);
    assert_int_equal(r.token, 88);
    assert_int_equal(r.len, 99);
    m = fresh(NULL, 0);
    assert_int_equal(mr_hub_peek(&m->io, &r), MR_BUSY);
    assert_int_equal(m->n, 1);
}

static void test_result__read_and_pop(void **state) {
    (void)state;
    const mr_result_t r = {.buffer = 3};
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_hub_read(&m->io, &r, 512, buffer, 512), MR_OK);
    EXPECT(m, {'W', CHIP(MEM_TARGET), 4}, {'W', CHIP(MEM_BASE), 1536}, {'r', MR_WINDOW_BASE, 512});
    m = fresh(NULL, 0);
    assert_int_equal(mr_hub_read(&m->io, &r, 512, buffer, 513), MR_RANGE);
    assert_int_equal(m->n, 0);
    assert_int_equal(mr_hub_pop(&m->io), MR_OK);
    EXPECT(m, {'W', HUB(RES_CTRL), MR_HUB_RES_CTRL_POP_MASK});
}

static void test_tile_start__enable_comes_last(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_tile_start(&m->io, 255, 4096, 0xFFFE), MR_OK);
    EXPECT(m, {'W', 0x1FF00Cu, 4096}, {'W', 0x1FF010u, 0xFFFE}, {'W', 0x1FF000u, 1});
    static const uint32_t bad[][3] = {{256, 0, 2}, {0, 1, 2}, {0, 0, 3}, {0, 0, 0x10000}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m = fresh(NULL, 0);
        assert_int_equal(mr_tile_start(&m->io, bad[i][0], bad[i][1], bad[i][2]), MR_RANGE);
        assert_int_equal(m->n, 0);
    }
}

#define READY MR_KV_STATUS_READY_MASK
#define BUSY MR_KV_ADMIN_STATUS_BUSY_MASK

/* Calls driver number `which`; the mock answers so that it would succeed. */
static mr_status_t call(mock_t *m, uint32_t which) {
    const mr_job_t job = {0};
    const mr_result_t result = {0};
    mr_result_t peeked;
    mr_kv_refused_t refused;
    mr_kv_stats_t stats;
    uint32_t word;
    uint64_t counter;
    switch (which) {
    case 0:
        return mr_window_write(&m->io, MR_MEM_VMEM, 0, 0, buffer, 20000);
    case 1:
        return mr_window_read(&m->io, MR_MEM_VMEM, 0, 0, buffer, 20000);
    case 2:
        return mr_window_write_rows(&m->io, MR_MEM_WMEM, 0, 0, buffer, 2);
    case 3:
        return mr_window_crc(&m->io, MR_MEM_WMEM, 0, 0, 1, &word);
    case 4:
        return mr_chip_bus_error(&m->io);
    case 5:
        return mr_chip_cycles(&m->io, &counter);
    case 6:
        return mr_chip_soft_reset(&m->io);
    case 7:
        return mr_hub_inject(&m->io, &job);
    case 8:
        return mr_hub_peek(&m->io, &peeked);
    case 9:
        return mr_hub_read(&m->io, &result, 4, buffer, 4);
    case 10:
        return mr_hub_pop(&m->io);
    case 11:
        return mr_kv_init(&m->io, 0, 1, 1, 1, 64);
    case 12:
        return mr_kv_free(&m->io, 0, 64);
    case 13:
        return mr_kv_pages_free(&m->io, &word);
    case 14:
        return mr_tile_start(&m->io, 0, 0, 2);
    case 15:
        return mr_kv_refused(&m->io, &refused);
    case 16:
        return mr_kv_stats(&m->io, 0, 0, &stats);
    default:
        return mr_tile_counter(&m->io, 0, 0x20, &counter);
    }
}

/* Whichever access fails, the driver stops there and hands on the status. */
static void test_all__stop_at_the_first_failure(void **state) {
    (void)state;
    for (uint32_t which = 0; which < 18u; which++) {
        /* 1 is ready, not busy elsewhere; CRC and bus_error want 0; KV init: no DRAM, ready;
         * KV free: one group, ready, not busy. */
        const uint32_t most = which == 3u || which == 4u ? 0 : 1u;
        const uint32_t kv = which == 11u || which == 12u ? 0 : most;
        const uint32_t answer[] = {most, which == 12u ? READY : kv, kv, kv,
                                   which == 12u ? 0 : most};
        mock_t *m = fresh(answer, 5);
        assert_int_equal(call(m, which), MR_OK);
        const size_t n = m->n;
        for (size_t at = 0; at < n; at++) {
            m = fresh(answer, 5);
            m->fail_at = at;
            assert_int_equal(call(m, which), MR_IO);
            assert_int_equal(m->n, at + 1u);
        }
    }
}

/* The same where the device makes the driver wait, or has an error to clear. */
static void test_polls__stop_at_the_first_failure(void **state) {
    (void)state;
    static const struct {
        uint32_t which;
        mr_status_t status;
        uint32_t answer[7];
    } cases[] = {{3, MR_OK, {MR_CHIP_MEM_CRC_STATUS_BUSY_MASK}},
                 {4, MR_DEVICE, {1, 1, 1, 1, 1, 1, 1}},
                 {11, MR_OK, {1, 0, 0, 0, 0, READY, READY}},
                 {12, MR_OK, {1, 0, READY, BUSY, 0, BUSY, 0}},
                 {16, MR_OK, {MR_KV_COUNT_DATA_BUSY_MASK}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mock_t *m = fresh(cases[i].answer, 7);
        assert_int_equal(call(m, cases[i].which), cases[i].status);
        const size_t n = m->n;
        for (size_t at = 0; at < n; at++) {
            m = fresh(cases[i].answer, 7);
            m->fail_at = at;
            assert_int_equal(call(m, cases[i].which), MR_IO);
            assert_int_equal(m->n, at + 1u);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_write__splits_at_64_kib),
        cmocka_unit_test(test_window_write__one_window_exactly),
        cmocka_unit_test(test_window_read__splits_at_64_kib),
        cmocka_unit_test(test_window_write_rows__nine_words_sixteen_apart),
        cmocka_unit_test(test_window_crc__sequence),
        cmocka_unit_test(test_window_crc__refused),
        cmocka_unit_test(test_window_crc__bound),
        cmocka_unit_test(test_bus_error__reads_and_clears),
        cmocka_unit_test(test_counters__low_word_first),
        cmocka_unit_test(test_soft_reset__one_write),
        cmocka_unit_test(test_inject__sequence),
        cmocka_unit_test(test_inject__ranges),
        cmocka_unit_test(test_peek__fields),
        cmocka_unit_test(test_result__read_and_pop),
        cmocka_unit_test(test_tile_start__enable_comes_last),
        cmocka_unit_test(test_all__stop_at_the_first_failure),
        cmocka_unit_test(test_polls__stop_at_the_first_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
