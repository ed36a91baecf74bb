/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the KV controllers: the exact register sequences, their bounds, and every status, for
 * one group and several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/kv.h"
#include "mock.h"

/* CAPS, CAPS_DRAM and CAPS_DRAM_ROWS of devices. */
#define CAPS_CHANNELS(n_) ((n_) << MR_CHIP_CAPS_CHANNELS_SHIFT)
#define CAPS_DRAM(dq_, banks_, row_bytes_)                                                         \
    ((dq_) << MR_CHIP_CAPS_DRAM_DQ_BYTES_SHIFT | (banks_) << MR_CHIP_CAPS_DRAM_BANKS_SHIFT |       \
     (uint32_t)(row_bytes_) << MR_CHIP_CAPS_DRAM_ROW_BYTES_SHIFT)
#define CAPS_ROWS(rows_, burst_, groups_)                                                          \
    ((rows_) << MR_CHIP_CAPS_DRAM_ROWS_ROWS_SHIFT |                                                \
     (burst_) << MR_CHIP_CAPS_DRAM_ROWS_BURST_SHIFT |                                              \
     (uint32_t)(groups_) << MR_CHIP_CAPS_DRAM_ROWS_GROUPS_SHIFT)

static void test_kv_layout__devices(void **state) {
    (void)state;
    static const struct {
        uint32_t pages, dram, rows;
        uint32_t layers, heads, nbh;
        mr_status_t status;
        mr_kv_layout_t want;
    } cases[] = {
        /* x64 SDR, bursts of 32 bytes; x16 SDR: 64 blocks of 34 bytes over four banks */
        {1024,
         CAPS_DRAM(8u, 4u, 8192),
         CAPS_ROWS(8192u, 4u, 1),
         2,
         2,
         4,
         MR_OK,
         {1024, 136, 272, 1}},
        {99, CAPS_DRAM(2u, 4u, 2048), CAPS_ROWS(8192u, 4u, 1), 1, 1, 1, MR_OK, {99, 136, 68, 0}},
        /* bank groups: parts are whole bursts of all of them */
        {1u << 16,
         CAPS_DRAM(16u, 8u, 8192),
         CAPS_ROWS(65536u, 4u, 2),
         1,
         1,
         1,
         MR_OK,
         {1u << 16, 17, 10, 2}},
        /* eight banks to two chunks; a small device; one that ends with the only page; one burst
           less */
        {9, CAPS_DRAM(8u, 8u, 2048), CAPS_ROWS(64u, 8u, 1), 1, 1, 1, MR_OK, {9, 17, 5, 4}},
        {999, CAPS_DRAM(8u, 4u, 256), CAPS_ROWS(68u, 4u, 1), 2, 2, 4, MR_OK, {2, 136, 272, 1}},
        {999, CAPS_DRAM(8u, 4u, 256), CAPS_ROWS(34u, 4u, 1), 2, 2, 4, MR_OK, {1, 136, 272, 1}},
        {999,
         CAPS_DRAM(8u, 4u, 256),
         CAPS_ROWS(33u, 4u, 1),
         2,
         2,
         4,
         MR_NO_SPACE,
         {0, 136, 272, 1}},
        /* two chunks over four banks, even: parts of 34 rows, of less than four, of four */
        {99, CAPS_DRAM(8u, 4u, 256), CAPS_ROWS(8192u, 4u, 1), 1, 1, 16, MR_OK, {99, 544, 272, 2}},
        {99, CAPS_DRAM(8u, 4u, 2240), CAPS_ROWS(8192u, 4u, 1), 1, 1, 16, MR_OK, {99, 544, 272, 0}},
        {99, CAPS_DRAM(8u, 4u, 2176), CAPS_ROWS(8192u, 4u, 1), 1, 1, 16, MR_OK, {99, 544, 272, 2}},
        /* the largest shape on the narrowest bus, and a device whose bursts exceed 32 bits */
        {7,
         CAPS_DRAM(1u, 1u, 65535),
         CAPS_ROWS(0xFFFFFu, 1u, 1),
         256,
         255,
         16,
         MR_UNSUPPORTED,
         {1, 17408, 2272788480u, 1}},
        /* parts of 2^18 bursts of 34 bytes, and just below */
        {7,
         CAPS_DRAM(17u, 1u, 65518),
         CAPS_ROWS(1024u, 2u, 1),
         256,
         16,
         1,
         MR_UNSUPPORTED,
         {7, 32, 262144, 1}},
        {7,
         CAPS_DRAM(17u, 1u, 65518),
         CAPS_ROWS(1024u, 2u, 1),
         195,
         21,
         1,
         MR_OK,
         {7, 32, 262080, 1}},
        /* no DRAM */
        {55, 0, 0, 1, 1, 1, MR_OK, {55, 0, 0, 0}},
        /* impossible ones */
        {9, CAPS_DRAM(0u, 4u, 256), CAPS_ROWS(64u, 4u, 1), 1, 1, 1, MR_DEVICE, {0}},
        {9, CAPS_DRAM(8u, 4u, 256), CAPS_ROWS(64u, 0u, 1), 1, 1, 1, MR_DEVICE, {0}},
        {9, CAPS_DRAM(8u, 4u, 256), CAPS_ROWS(64u, 4u, 0), 1, 1, 1, MR_DEVICE, {0}},
        {9, CAPS_DRAM(8u, 1u, 256), CAPS_ROWS(64u, 4u, 2), 1, 1, 1, MR_DEVICE, {0}},
        {9, CAPS_DRAM(8u, 4u, 31), CAPS_ROWS(64u, 4u, 1), 1, 1, 1, MR_DEVICE, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t answers[] = {cases[i].pages, CAPS_CHANNELS(1u), cases[i].dram,
                                    cases[i].rows};
        mr_kv_layout_t got = {0};
        mock_t *m = fresh(answers, 4);
        assert_int_equal(mr_kv_layout(&m->io, cases[i].layers, cases[i].heads, cases[i].nbh, &got),
                         cases[i].status);
        EXPECT(m, {'R', CHIP(CAPS_KV_PAGES), 0}, {'R', CHIP(CAPS), 0}, {'R', CHIP(CAPS_DRAM), 0},
               {'R', CHIP(CAPS_DRAM_ROWS), 0});
        if (cases[i].status != MR_DEVICE) {
            assert_memory_equal(&got, &cases[i].want, sizeof got);
        }
    }
}

/* A channel has its share of the heads, rounded up; a device without a channel is impossible. */
static void test_kv_layout__channels(void **state) {
    (void)state;
    static const struct {
        uint32_t channels, heads;
        mr_status_t status;
        mr_kv_layout_t want;
    } cases[] = {
        {1, 4, MR_OK, {99, 136, 544, 1}}, {2, 4, MR_OK, {99, 136, 272, 1}},
        {2, 3, MR_OK, {99, 136, 272, 1}}, {4, 4, MR_OK, {99, 136, 136, 1}},
        {8, 4, MR_OK, {99, 136, 136, 1}}, {0, 4, MR_DEVICE, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t answers[] = {99, CAPS_CHANNELS(cases[i].channels), CAPS_DRAM(8u, 4u, 8192),
                                    CAPS_ROWS(8192u, 4u, 1)};
        mr_kv_layout_t got = {0};
        const mock_t *m = fresh(answers, 4);
        assert_int_equal(mr_kv_layout(&m->io, 2, cases[i].heads, 4, &got), cases[i].status);
        if (cases[i].status == MR_OK) {
            assert_memory_equal(&got, &cases[i].want, sizeof got);
        }
    }
}

static void test_kv_init__sequence(void **state) {
    (void)state;
    const uint32_t answers[] = {
        1000, CAPS_CHANNELS(1u),      CAPS_DRAM(2u, 4u, 2048), CAPS_ROWS(8192u, 4u, 1),
        0,    MR_KV_STATUS_READY_MASK};
    mock_t *m = fresh(answers, 6);
    assert_int_equal(mr_kv_init(&m->io, 0, 1, 1, 16, 1000), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS_KV_PAGES), 0}, {'R', CHIP(CAPS), 0}, {'R', CHIP(CAPS_DRAM), 0},
           {'R', CHIP(CAPS_DRAM_ROWS), 0}, {'W', KV(CONFIG), 0x10010001u}, {'W', KV(PAGES), 1000},
           {'W', KV(CHUNK), 2176}, {'W', KV(PART), 1088}, {'W', KV(STEP), 2},
           {'W', KV(CTRL), MR_KV_CTRL_INIT_MASK}, {'R', KV(STATUS), 0}, {'T', 0, 64},
           {'R', KV(STATUS), 0});
    m = fresh(NULL, 0); /* no layers: nothing but a note of it */
    assert_int_equal(mr_kv_init(&m->io, 0, 0, 1, 16, 1000), MR_OK);
    EXPECT(m, {'W', KV(CONFIG), 0});
    static const uint32_t bad[][3] = {{257, 1, 1}, {1, 0, 1}, {1, 256, 1}, {1, 1, 0}, {1, 1, 17}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m = fresh(NULL, 0);
        assert_int_equal(mr_kv_init(&m->io, 0, bad[i][0], bad[i][1], bad[i][2], 9), MR_RANGE);
        assert_int_equal(m->n, 0);
    }
    const uint32_t tiny[] = {1000, CAPS_CHANNELS(1u), CAPS_DRAM(2u, 4u, 8), CAPS_ROWS(1u, 4u, 1)};
    m = fresh(tiny, 4);
    assert_int_equal(mr_kv_init(&m->io, 0, 1, 1, 1, 9), MR_NO_SPACE);
    assert_int_equal(m->n, 4);
}

#define READY MR_KV_STATUS_READY_MASK
#define BUSY MR_KV_ADMIN_STATUS_BUSY_MASK
#define CODE(code_) ((uint32_t)(code_) << MR_KV_ADMIN_STATUS_CODE_SHIFT)

static void test_kv_free__sequence(void **state) {
    (void)state;
    const uint32_t answers[] = {1, 0, READY, BUSY, CODE(5), BUSY, 0};
    mock_t *m = fresh(answers, 7);
    assert_int_equal(mr_kv_free(&m->io, 255, 1000), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV(STATUS), 0}, {'T', 0, 64}, {'R', KV(STATUS), 0},
           {'R', KV(ADMIN_STATUS), 0}, {'T', 0, 64}, {'R', KV(ADMIN_STATUS), 0},
           {'W', KV(ADMIN_LEN), 0}, {'W', KV(ADMIN), 0x800000FFu}, {'R', KV(ADMIN_STATUS), 0},
           {'T', 0, 64}, {'R', KV(ADMIN_STATUS), 0});
}

static void test_kv_admin__commands(void **state) {
    (void)state;
    const uint32_t answers[] = {1, READY, 0};
    mock_t *m = fresh(answers, 3);
    assert_int_equal(mr_kv_truncate(&m->io, 3, 0x3FFFF, 1000), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0},
           {'W', KV(ADMIN_LEN), 0x3FFFF}, {'W', KV(ADMIN), 0x80010003u},
           {'R', KV(ADMIN_STATUS), 0});
    m = fresh(answers, 3);
    assert_int_equal(mr_kv_fork(&m->io, 3, 255, 33, 1000), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0},
           {'W', KV(ADMIN_LEN), 33}, {'W', KV(ADMIN), 0x8002FF03u}, {'R', KV(ADMIN_STATUS), 0});
    m = fresh(answers, 3);
    assert_int_equal(mr_kv_quota(&m->io, 0, 7, 1000), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0},
           {'W', KV(ADMIN_LEN), 7}, {'W', KV(ADMIN), 0x80030000u}, {'R', KV(ADMIN_STATUS), 0});
    m = fresh(NULL, 0);
    assert_int_equal(mr_kv_free(&m->io, 256, 1000), MR_RANGE);
    assert_int_equal(mr_kv_truncate(&m->io, 256, 0, 1000), MR_RANGE);
    assert_int_equal(mr_kv_truncate(&m->io, 0, 0x40000, 1000), MR_RANGE);
    assert_int_equal(mr_kv_fork(&m->io, 256, 0, 0, 1000), MR_RANGE);
    assert_int_equal(mr_kv_fork(&m->io, 0, 256, 0, 1000), MR_RANGE);
    assert_int_equal(mr_kv_fork(&m->io, 0, 1, 0x40000, 1000), MR_RANGE);
    assert_int_equal(mr_kv_quota(&m->io, 256, 0, 1000), MR_RANGE);
    assert_int_equal(mr_kv_quota(&m->io, 0, 0x40000, 1000), MR_RANGE);
    assert_int_equal(m->n, 0);
}

static void test_kv_admin__every_status(void **state) {
    (void)state;
    static const struct {
        uint32_t code;
        mr_status_t status;
    } cases[] = {{0, MR_OK},     {4, MR_NOT_FOUND}, {5, MR_STATE},  {6, MR_NO_SPACE},
                 {7, MR_DEVICE}, {1, MR_DEVICE},    {15, MR_DEVICE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t answers[] = {1, READY, 0, CODE(cases[i].code)};
        mock_t *m = fresh(answers, 4);
        assert_int_equal(mr_kv_fork(&m->io, 1, 0, 32, 1000), cases[i].status);
    }
}

/* The command is started everywhere before the first group is waited for; the first refusal counts,
 * and does not keep the driver from waiting for the others. The last group keeps no layer and is
 * left alone. */
static void test_kv_admin__several_groups(void **state) {
    (void)state;
    const uint32_t answers[] = {4,     7, 1,     1, 0,       READY,   0,
                                READY, 0, READY, 0, CODE(0), CODE(6), CODE(4)};
    mock_t *m = fresh(answers, 14);
    assert_int_equal(mr_kv_free(&m->io, 2, 1000), MR_NO_SPACE);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV_OF(0, CONFIG), 0}, {'R', KV_OF(1, CONFIG), 0},
           {'R', KV_OF(2, CONFIG), 0}, {'R', KV_OF(3, CONFIG), 0}, {'R', KV_OF(0, STATUS), 0},
           {'R', KV_OF(0, ADMIN_STATUS), 0}, {'W', KV_OF(0, ADMIN_LEN), 0},
           {'W', KV_OF(0, ADMIN), 0x80000002u}, {'R', KV_OF(1, STATUS), 0},
           {'R', KV_OF(1, ADMIN_STATUS), 0}, {'W', KV_OF(1, ADMIN_LEN), 0},
           {'W', KV_OF(1, ADMIN), 0x80000002u}, {'R', KV_OF(2, STATUS), 0},
           {'R', KV_OF(2, ADMIN_STATUS), 0}, {'W', KV_OF(2, ADMIN_LEN), 0},
           {'W', KV_OF(2, ADMIN), 0x80000002u}, {'R', KV_OF(0, ADMIN_STATUS), 0},
           {'R', KV_OF(1, ADMIN_STATUS), 0}, {'R', KV_OF(2, ADMIN_STATUS), 0});
}

static void test_kv__groups_that_cannot_be(void **state) {
    (void)state;
    static const uint32_t groups[] = {0, 17, 255};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        const uint32_t answers[] = {groups[i], 1};
        mr_kv_refused_t refused;
        uint32_t pages;
        mock_t *m = fresh(answers, 2);
        assert_int_equal(mr_kv_free(&m->io, 0, 64), MR_DEVICE);
        m = fresh(answers, 2);
        assert_int_equal(mr_kv_pages_free(&m->io, &pages), MR_DEVICE);
        m = fresh(answers, 2);
        assert_int_equal(mr_kv_refused(&m->io, &refused), MR_DEVICE);
        assert_int_equal(m->n, 1);
    }
    mr_kv_stats_t stats;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_kv_init(&m->io, 16, 1, 1, 1, 64), MR_RANGE);
    assert_int_equal(mr_kv_stats(&m->io, 16, 0, &stats), MR_RANGE);
    assert_int_equal(m->n, 0);
}

static void test_kv__bounds(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_kv_init(&m->io, 0, 1, 1, 1, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 10u + 2u * 11u);
    const uint32_t never[] = {1, 0}; /* never ready */
    m = fresh(never, 2);
    assert_int_equal(mr_kv_free(&m->io, 0, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 1u + 2u * 11u);
    const uint32_t before[] = {1, READY, BUSY}; /* a command before it never ends */
    m = fresh(before, 3);
    assert_int_equal(mr_kv_free(&m->io, 0, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 2u + 2u * 11u);        /* the slot's pages are not touched */
    const uint32_t after[] = {1, READY, 0, BUSY}; /* it never ends itself */
    m = fresh(after, 4);
    assert_int_equal(mr_kv_free(&m->io, 0, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 5u + 2u * 11u);
    const uint32_t never_counts[] = {MR_KV_COUNT_DATA_BUSY_MASK};
    mr_kv_stats_t stats;
    m = fresh(never_counts, 1);
    assert_int_equal(mr_kv_stats(&m->io, 0, 0, &stats), MR_TIMEOUT);
    assert_int_equal(m->n, 2u + 2u * 257u);
}

static void test_kv__pages_free_and_refused(void **state) {
    (void)state;
    const uint32_t answers[] = {1, 1234};
    uint32_t pages = 0;
    mock_t *m = fresh(answers, 2);
    assert_int_equal(mr_kv_pages_free(&m->io, &pages), MR_OK);
    assert_int_equal(pages, 1234);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV(PAGES_FREE), 0});
    const uint32_t more[] = {4, 2, 1, 0, 1, 1234, 1233, 1235}; /* group 2 keeps no layer */
    m = fresh(more, 8);
    assert_int_equal(mr_kv_pages_free(&m->io, &pages), MR_OK);
    assert_int_equal(pages, 1233);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV_OF(0, CONFIG), 0}, {'R', KV_OF(1, CONFIG), 0},
           {'R', KV_OF(2, CONFIG), 0}, {'R', KV_OF(3, CONFIG), 0}, {'R', KV_OF(0, PAGES_FREE), 0},
           {'R', KV_OF(1, PAGES_FREE), 0}, {'R', KV_OF(3, PAGES_FREE), 0});
    const uint32_t counts[] = {2, 0x00010001u, 0x80000001u, 0x00010000u, 0x7FFF0002u};
    mr_kv_refused_t refused;
    m = fresh(counts, 5);
    assert_int_equal(mr_kv_refused(&m->io, &refused), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS), 0}, {'R', KV_OF(0, REFUSED), 0}, {'R', KV_OF(0, REFUSED_PAGES), 0},
           {'R', KV_OF(1, REFUSED), 0}, {'R', KV_OF(1, REFUSED_PAGES), 0});
    assert_int_equal(refused.who, 1);
    assert_int_equal(refused.pos, 2);
    assert_int_equal(refused.pages, 3);
    assert_int_equal(refused.tag, 0xFFFF);
}

/* A device whose counter c has 16 bits of value c * 4 + q in quarter q. */
static mr_status_t count_read32(void *ctx, uint32_t addr, uint32_t *value) {
    const mock_t *m = ctx;
    assert_int_equal(addr, KV(COUNT_DATA));
    *value = m->log[m->n - 1u].value & 0x7Fu;
    return MR_OK;
}

static uint64_t counter_value(uint32_t counter) {
    uint64_t value = 0;
    for (uint32_t q = 0; q < 4u; q++) {
        value |= (uint64_t)(counter * 4u + q) << (16u * q);
    }
    return value;
}

static void test_kv_stats__every_counter(void **state) {
    (void)state;
    const mr_mmio_ops_t ops = {count_read32,     mock_write32, mock_read_block,
                               mock_write_block, mock_wait,    mock_close};
    mr_kv_stats_t stats;
    uint64_t open = 0;
    uint64_t all = 0;
    mock_t *m = fresh(NULL, 0);
    m->io.ops = &ops;
    assert_int_equal(mr_kv_stats(&m->io, 0, 0, &stats), MR_OK);
    assert_int_equal(m->n, 1u + 4u * 19u);
    assert_int_equal(m->log[1].value, MR_KV_COUNT_SEL_GO_MASK);
    assert_int_equal(m->log[0].addr, KV(CTRL));
    assert_int_equal(m->log[0].value, MR_KV_CTRL_SNAP_MASK);
    for (uint32_t i = 0; i < MR_KV_CAUSES; i++) {
        assert_true(stats.cause[i] == counter_value(i) + counter_value(8u + i));
        open += counter_value(8u + i);
        all += stats.cause[i];
    }
    assert_true(stats.open == open && stats.cycles == all);
    assert_true(stats.act == counter_value(17) && stats.rd == counter_value(18));
    assert_true(stats.wr == counter_value(19) && stats.pre == counter_value(20));
    assert_true(stats.ref == counter_value(21));
    m = fresh(NULL, 0);
    m->io.ops = &ops;
    assert_int_equal(mr_kv_stats(&m->io, 0, 7, &stats), MR_OK);
    assert_int_equal(m->log[1].value, MR_KV_COUNT_SEL_GO_MASK | 7u << 7);
    m = fresh(NULL, 0);
    assert_int_equal(mr_kv_stats(&m->io, 0, 8, &stats), MR_RANGE);
    assert_int_equal(m->n, 0);
}

/* The two counters of useful cycles alone. */
static void test_kv_useful__two_counters(void **state) {
    (void)state;
    const mr_mmio_ops_t ops = {count_read32,     mock_write32, mock_read_block,
                               mock_write_block, mock_wait,    mock_close};
    uint64_t useful = 0;
    mock_t *m = fresh(NULL, 0);
    m->io.ops = &ops;
    assert_int_equal(mr_kv_useful(&m->io, 0, 3, &useful), MR_OK);
    assert_true(useful == counter_value(0) + counter_value(8));
    assert_int_equal(m->n, 1u + 4u * 2u);
    assert_int_equal(m->log[0].value, MR_KV_CTRL_SNAP_MASK);
    assert_int_equal(m->log[1].value, MR_KV_COUNT_SEL_GO_MASK | 3u << 7);
    m = fresh(NULL, 0);
    assert_int_equal(mr_kv_useful(&m->io, 0, 8, &useful), MR_RANGE);
    assert_int_equal(mr_kv_useful(&m->io, 16, 0, &useful), MR_RANGE);
    assert_int_equal(m->n, 0);
}

/* A bound close to 2^32 must not wrap into an endless loop. */
static mr_status_t endless_read32(void *ctx, uint32_t addr, uint32_t *value) {
    (void)ctx;
    (void)addr;
    *value = 0;
    return MR_OK;
}

static mr_status_t endless_write32(void *ctx, uint32_t addr, uint32_t value) {
    (void)ctx;
    (void)addr;
    (void)value;
    return MR_OK;
}

static mr_status_t endless_wait(void *ctx, uint32_t cycles) {
    uint64_t *waited = ctx;
    *waited += cycles;
    return *waited > UINT64_C(0x100000000) ? MR_IO : MR_OK;
}

static void test_kv__bound_does_not_wrap(void **state) {
    (void)state;
    const mr_mmio_ops_t ops = {endless_read32,   endless_write32, mock_read_block,
                               mock_write_block, endless_wait,    mock_close};
    uint64_t waited = 0;
    const mr_mmio_t io = {&ops, &waited};
    assert_int_equal(mr_kv_init(&io, 0, 1, 1, 1, UINT32_MAX), MR_TIMEOUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kv_layout__devices),
        cmocka_unit_test(test_kv_layout__channels),
        cmocka_unit_test(test_kv_init__sequence),
        cmocka_unit_test(test_kv_free__sequence),
        cmocka_unit_test(test_kv_admin__commands),
        cmocka_unit_test(test_kv_admin__every_status),
        cmocka_unit_test(test_kv_admin__several_groups),
        cmocka_unit_test(test_kv__groups_that_cannot_be),
        cmocka_unit_test(test_kv__bounds),
        cmocka_unit_test(test_kv__pages_free_and_refused),
        cmocka_unit_test(test_kv_stats__every_counter),
        cmocka_unit_test(test_kv_useful__two_counters),
        cmocka_unit_test(test_kv__bound_does_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
