/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers: the exact register sequences, their bounds, and every status, over a device that records
 * each access in order and plays back scripted answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/regs.h"

#define LOG_MAX 40000u
#define ANSWERS_MAX 16u
#define CHIP(reg_) (MR_CHIP_BASE + MR_CHIP_##reg_##_OFFSET)
#define HUB(reg_) (MR_HUB_BASE + MR_HUB_##reg_##_OFFSET)
#define KV(reg_) (MR_KV_BASE + MR_KV_##reg_##_OFFSET)

/* R read, W write, r and w a block (value is its length), T wait (value is cycles). */
typedef struct {
    char what;
    uint32_t addr;
    uint32_t value;
} access_t;

typedef struct {
    mr_mmio_t io;
    access_t log[LOG_MAX];
    size_t n;
    uint32_t answer[ANSWERS_MAX]; /* of the reads, in turn; the last one repeats */
    size_t n_answers;
    size_t next_answer;
    size_t fail_at; /* access that fails with MR_IO; 0 based */
    uint32_t first_word[8];
    size_t n_blocks;
} mock_t;

static mr_status_t record(mock_t *m, char what, uint32_t addr, uint32_t value) {
    const bool fails = m->n == m->fail_at;
    assert_true(m->n < LOG_MAX);
    m->log[m->n++] = (access_t){what, addr, value};
    return fails ? MR_IO : MR_OK;
}

static mr_status_t mock_read32(void *ctx, uint32_t addr, uint32_t *value) {
    mock_t *m = ctx;
    *value = m->n_answers == 0 ? 0 : m->answer[m->next_answer];
    if (m->next_answer + 1u < m->n_answers) {
        m->next_answer++;
    }
    return record(m, 'R', addr, 0);
}

static mr_status_t mock_write32(void *ctx, uint32_t addr, uint32_t value) {
    return record(ctx, 'W', addr, value);
}

static mr_status_t mock_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        words[i] = (uint32_t)i;
    }
    return record(ctx, 'r', addr, (uint32_t)n);
}

static mr_status_t mock_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    mock_t *m = ctx;
    if (m->n_blocks < 8u) {
        m->first_word[m->n_blocks++] = words[0];
    }
    return record(m, 'w', addr, (uint32_t)n);
}

static mr_status_t mock_wait(void *ctx, uint32_t cycles) {
    return record(ctx, 'T', 0, cycles);
}

static void mock_close(void *ctx) {
    (void)ctx;
}

static const mr_mmio_ops_t mock_ops = {mock_read32,      mock_write32, mock_read_block,
                                       mock_write_block, mock_wait,    mock_close};

static mock_t mock;
static uint32_t buffer[40000];

static mock_t *fresh(const uint32_t *answers, size_t n) {
    memset(&mock, 0, sizeof mock);
    mock.io.ops = &mock_ops;
    mock.io.ctx = &mock;
    mock.fail_at = LOG_MAX;
    mock.n_answers = n;
    for (size_t i = 0; i < n; i++) {
        mock.answer[i] = answers[i];
    }
    return &mock;
}

static void expect(const mock_t *m, const access_t *want, size_t n) {
    for (size_t i = 0; i < n && i < m->n; i++) {
        if (m->log[i].what != want[i].what || m->log[i].addr != want[i].addr ||
            m->log[i].value != want[i].value) {
            fail_msg("access %zu: %c %06x %x, expected %c %06x %x", i, m->log[i].what,
                     m->log[i].addr, m->log[i].value, want[i].what, want[i].addr, want[i].value);
        }
    }
    assert_int_equal(m->n, n);
}

#define EXPECT(mock_, ...)                                                                         \
    do {                                                                                           \
        const access_t want_[] = {__VA_ARGS__};                                                    \
        expect(mock_, want_, sizeof want_ / sizeof want_[0]);                                      \
    } while (0)

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
    assert_int_equal(mr_kv_init(&m->io, 1, 1, 16, 1000), MR_OK);
    EXPECT(m, {'R', CHIP(CAPS_KV_PAGES), 0}, {'R', CHIP(CAPS), 0}, {'R', CHIP(CAPS_DRAM), 0},
           {'R', CHIP(CAPS_DRAM_ROWS), 0}, {'W', KV(CONFIG), 0x10010001u}, {'W', KV(PAGES), 1000},
           {'W', KV(CHUNK), 2176}, {'W', KV(PART), 1088}, {'W', KV(STEP), 2},
           {'W', KV(CTRL), MR_KV_CTRL_INIT_MASK}, {'R', KV(STATUS), 0}, {'T', 0, 64},
           {'R', KV(STATUS), 0});
    static const uint32_t bad[][3] = {{0, 1, 1},   {257, 1, 1}, {1, 0, 1},
                                      {1, 256, 1}, {1, 1, 0},   {1, 1, 17}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m = fresh(NULL, 0);
        assert_int_equal(mr_kv_init(&m->io, bad[i][0], bad[i][1], bad[i][2], 9), MR_RANGE);
        assert_int_equal(m->n, 0);
    }
    const uint32_t tiny[] = {1000, CAPS_CHANNELS(1u), CAPS_DRAM(2u, 4u, 8), CAPS_ROWS(1u, 4u, 1)};
    m = fresh(tiny, 4);
    assert_int_equal(mr_kv_init(&m->io, 1, 1, 1, 9), MR_NO_SPACE);
    assert_int_equal(m->n, 4);
}

#define READY MR_KV_STATUS_READY_MASK
#define BUSY MR_KV_ADMIN_STATUS_BUSY_MASK
#define CODE(code_) ((uint32_t)(code_) << MR_KV_ADMIN_STATUS_CODE_SHIFT)

static void test_kv_free__sequence(void **state) {
    (void)state;
    const uint32_t answers[] = {0, READY, BUSY, CODE(5), BUSY, 0};
    mock_t *m = fresh(answers, 6);
    assert_int_equal(mr_kv_free(&m->io, 255, 1000), MR_OK);
    EXPECT(m, {'R', KV(STATUS), 0}, {'T', 0, 64}, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0},
           {'T', 0, 64}, {'R', KV(ADMIN_STATUS), 0}, {'W', KV(ADMIN_LEN), 0},
           {'W', KV(ADMIN), 0x800000FFu}, {'R', KV(ADMIN_STATUS), 0}, {'T', 0, 64},
           {'R', KV(ADMIN_STATUS), 0});
}

static void test_kv_admin__commands(void **state) {
    (void)state;
    const uint32_t answers[] = {READY, 0};
    mock_t *m = fresh(answers, 2);
    assert_int_equal(mr_kv_truncate(&m->io, 3, 0x3FFFF, 1000), MR_OK);
    EXPECT(m, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0}, {'W', KV(ADMIN_LEN), 0x3FFFF},
           {'W', KV(ADMIN), 0x80010003u}, {'R', KV(ADMIN_STATUS), 0});
    m = fresh(answers, 2);
    assert_int_equal(mr_kv_fork(&m->io, 3, 255, 33, 1000), MR_OK);
    EXPECT(m, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0}, {'W', KV(ADMIN_LEN), 33},
           {'W', KV(ADMIN), 0x8002FF03u}, {'R', KV(ADMIN_STATUS), 0});
    m = fresh(answers, 2);
    assert_int_equal(mr_kv_quota(&m->io, 0, 7, 1000), MR_OK);
    EXPECT(m, {'R', KV(STATUS), 0}, {'R', KV(ADMIN_STATUS), 0}, {'W', KV(ADMIN_LEN), 7},
           {'W', KV(ADMIN), 0x80030000u}, {'R', KV(ADMIN_STATUS), 0});
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
        const uint32_t answers[] = {READY, 0, CODE(cases[i].code)};
        mock_t *m = fresh(answers, 3);
        assert_int_equal(mr_kv_fork(&m->io, 1, 0, 32, 1000), cases[i].status);
    }
}

static void test_kv__bounds(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_kv_init(&m->io, 1, 1, 1, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 10u + 2u * 11u);
    m = fresh(NULL, 0); /* never ready */
    assert_int_equal(mr_kv_free(&m->io, 0, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 2u * 11u);
    const uint32_t before[] = {READY, BUSY}; /* a command before it never ends */
    m = fresh(before, 2);
    assert_int_equal(mr_kv_free(&m->io, 0, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 1u + 2u * 11u);     /* the slot's pages are not touched */
    const uint32_t after[] = {READY, 0, BUSY}; /* it never ends itself */
    m = fresh(after, 3);
    assert_int_equal(mr_kv_free(&m->io, 0, 640), MR_TIMEOUT);
    assert_int_equal(m->n, 4u + 2u * 11u);
    const uint32_t never_counts[] = {MR_KV_COUNT_DATA_BUSY_MASK};
    mr_kv_stats_t stats;
    m = fresh(never_counts, 1);
    assert_int_equal(mr_kv_stats(&m->io, 0, &stats), MR_TIMEOUT);
    assert_int_equal(m->n, 2u + 2u * 17u);
}

static void test_kv__pages_free_and_refused(void **state) {
    (void)state;
    const uint32_t answers[] = {1234};
    uint32_t pages = 0;
    mock_t *m = fresh(answers, 1);
    assert_int_equal(mr_kv_pages_free(&m->io, &pages), MR_OK);
    assert_int_equal(pages, 1234);
    EXPECT(m, {'R', KV(PAGES_FREE), 0});
    const uint32_t counts[] = {0x00020001u, 0xFFFF0003u};
    mr_kv_refused_t refused;
    m = fresh(counts, 2);
    assert_int_equal(mr_kv_refused(&m->io, &refused), MR_OK);
    EXPECT(m, {'R', KV(REFUSED), 0}, {'R', KV(REFUSED_PAGES), 0});
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
    assert_int_equal(mr_kv_stats(&m->io, 0, &stats), MR_OK);
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
    assert_int_equal(mr_kv_stats(&m->io, 7, &stats), MR_OK);
    assert_int_equal(m->log[1].value, MR_KV_COUNT_SEL_GO_MASK | 7u << 7);
    m = fresh(NULL, 0);
    assert_int_equal(mr_kv_stats(&m->io, 8, &stats), MR_RANGE);
    assert_int_equal(m->n, 0);
}

static void test_tile_start__enable_comes_last(void **state) {
    (void)state;
    mock_t *m = fresh(NULL, 0);
    assert_int_equal(mr_tile_start(&m->io, 30, 4096, 0xFFFE), MR_OK);
    EXPECT(m, {'W', 0x11E00Cu, 4096}, {'W', 0x11E010u, 0xFFFE}, {'W', 0x11E000u, 1});
    static const uint32_t bad[][3] = {{31, 0, 2}, {0, 1, 2}, {0, 0, 3}, {0, 0, 0x10000}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m = fresh(NULL, 0);
        assert_int_equal(mr_tile_start(&m->io, bad[i][0], bad[i][1], bad[i][2]), MR_RANGE);
        assert_int_equal(m->n, 0);
    }
}

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
        return mr_kv_init(&m->io, 1, 1, 1, 64);
    case 12:
        return mr_kv_free(&m->io, 0, 64);
    case 13:
        return mr_kv_pages_free(&m->io, &word);
    case 14:
        return mr_tile_start(&m->io, 0, 0, 2);
    case 15:
        return mr_kv_refused(&m->io, &refused);
    case 16:
        return mr_kv_stats(&m->io, 0, &stats);
    default:
        return mr_tile_counter(&m->io, 0, 0x20, &counter);
    }
}

/* Whichever access fails, the driver stops there and hands on the status. */
static void test_all__stop_at_the_first_failure(void **state) {
    (void)state;
    for (uint32_t which = 0; which < 18u; which++) {
        /* 1 is ready, not busy elsewhere; CRC and bus_error want 0; KV init: no DRAM, ready;
         * KV free: ready, not busy. */
        const uint32_t most = which == 3u || which == 4u ? 0 : 1u;
        const uint32_t kv = which == 11u || which == 12u ? 0 : most;
        const uint32_t answer[] = {most, kv, kv, kv, which == 12u ? 0 : most};
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
        uint32_t answer[6];
    } cases[] = {{3, MR_OK, {MR_CHIP_MEM_CRC_STATUS_BUSY_MASK}},
                 {4, MR_DEVICE, {1, 1, 1, 1, 1, 1}},
                 {11, MR_OK, {1, 0, 0, 0, 0, READY}},
                 {12, MR_OK, {0, READY, BUSY, 0, BUSY, 0}},
                 {16, MR_OK, {MR_KV_COUNT_DATA_BUSY_MASK}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mock_t *m = fresh(cases[i].answer, 6);
        assert_int_equal(call(m, cases[i].which), cases[i].status);
        const size_t n = m->n;
        for (size_t at = 0; at < n; at++) {
            m = fresh(cases[i].answer, 6);
            m->fail_at = at;
            assert_int_equal(call(m, cases[i].which), MR_IO);
            assert_int_equal(m->n, at + 1u);
        }
    }
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
    assert_int_equal(mr_kv_init(&io, 1, 1, 1, UINT32_MAX), MR_TIMEOUT);
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
        cmocka_unit_test(test_kv_layout__devices),
        cmocka_unit_test(test_kv_layout__channels),
        cmocka_unit_test(test_kv_init__sequence),
        cmocka_unit_test(test_kv_free__sequence),
        cmocka_unit_test(test_kv_admin__commands),
        cmocka_unit_test(test_kv_admin__every_status),
        cmocka_unit_test(test_kv__bounds),
        cmocka_unit_test(test_kv__pages_free_and_refused),
        cmocka_unit_test(test_kv_stats__every_counter),
        cmocka_unit_test(test_tile_start__enable_comes_last),
        cmocka_unit_test(test_all__stop_at_the_first_failure),
        cmocka_unit_test(test_polls__stop_at_the_first_failure),
        cmocka_unit_test(test_kv__bound_does_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
