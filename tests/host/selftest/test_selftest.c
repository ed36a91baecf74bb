/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test over a functional model with one fault in it: finds it, names it, nothing else. */
#include "selftest/selftest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/backend_model.h"
#include "millrace/device.h"
#include "millrace/regs.h"

#define TEXTS 64
#define NONE 0xFFFFFFFFu

/* The model behind registers with a fault. */
typedef struct {
    mr_mmio_t model;
    uint32_t target, base; /* as last written */
    /* A bit that is stuck at 0 in a word of a memory (kind and tile as in MEM_TARGET). */
    uint32_t stuck_target, stuck_index, stuck_bit;
    uint32_t dead_tile;      /* its CTRL does not take writes */
    uint32_t read_at, reads; /* this register answers `reads` */
    uint32_t broken_after;   /* accesses until the bus fails; NONE: never */
} faulty_t;

static mr_status_t faulty_read32(void *ctx, uint32_t addr, uint32_t *value) {
    faulty_t *f = ctx;
    if (f->broken_after != NONE && f->broken_after-- == 0) {
        f->broken_after = 0;
        return MR_IO;
    }
    const mr_status_t status = mr_mmio_read32(&f->model, addr, value);
    *value = addr == f->read_at ? f->reads : *value;
    return status;
}

static mr_status_t faulty_write32(void *ctx, uint32_t addr, uint32_t value) {
    faulty_t *f = ctx;
    if (addr == MR_CHIP_BASE + MR_CHIP_MEM_TARGET_OFFSET) {
        f->target = value;
    } else if (addr == MR_CHIP_BASE + MR_CHIP_MEM_BASE_OFFSET) {
        f->base = value;
    } else if (addr == MR_TILE_BASE + f->dead_tile * MR_TILE_STRIDE + MR_TILE_CTRL_OFFSET) {
        return MR_OK;
    } else if (addr - MR_WINDOW_BASE < MR_WINDOW_SIZE && f->target == f->stuck_target &&
               f->base + (addr - MR_WINDOW_BASE) / 4u == f->stuck_index) {
        value &= ~(1u << f->stuck_bit);
    }
    return mr_mmio_write32(&f->model, addr, value);
}

static mr_status_t faulty_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        MR_TRY(faulty_read32(ctx, addr + 4u * (uint32_t)i, &words[i]));
    }
    return MR_OK;
}

static mr_status_t faulty_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        MR_TRY(faulty_write32(ctx, addr + 4u * (uint32_t)i, words[i]));
    }
    return MR_OK;
}

static mr_status_t faulty_wait(void *ctx, uint32_t cycles) {
    const faulty_t *f = ctx;
    return mr_mmio_wait(&f->model, cycles);
}

static void faulty_close(void *ctx) {
    const faulty_t *f = ctx;
    mr_mmio_close(&f->model);
}

static const mr_mmio_ops_t faulty_ops = {faulty_read32,      faulty_write32, faulty_read_block,
                                         faulty_write_block, faulty_wait,    faulty_close};

typedef struct {
    mr_selftest_report_t bad[TEXTS];
    uint32_t bad_count, good_count, skipped;
    uint32_t done, total;
    uint32_t stop_after;
} log_t;

static void on_report(void *ctx, const mr_selftest_report_t *report) {
    log_t *log = ctx;
    log->skipped += report->skipped ? 1u : 0u;
    if (report->ok) {
        log->good_count++;
    } else if (log->bad_count < TEXTS) {
        log->bad[log->bad_count++] = *report;
        print_message("%s: %s\n", report->unit, report->text);
    }
}

static void on_progress(void *ctx, uint32_t done, uint32_t total) {
    log_t *log = ctx;
    assert_int_equal(done, log->done + 1u);
    log->done = done;
    log->total = total;
}

static bool on_stop(void *ctx) {
    const log_t *log = ctx;
    return log->done == log->stop_after;
}

static const faulty_t good = {
    .stuck_target = NONE, .dead_tile = MR_TILE_COUNT - 1u, .read_at = NONE, .broken_after = NONE};

static mr_status_t run_on(faulty_t f, uint32_t parts, log_t *log, uint32_t pmem) {
    mr_backend_model_config_t config;
    mr_selftest_sum_t sum;
    const uint32_t stop_after = log->stop_after;
    mr_backend_model_default_config(&config);
    config.groups = 2;
    config.tiles = 2;
    config.wmem_words = 512;
    config.pmem_descs = pmem;
    assert_int_equal(mr_backend_model_create(&config, &f.model), MR_OK);
    const mr_mmio_t mmio = {&faulty_ops, &f};
    memset(log, 0, sizeof *log);
    log->stop_after = stop_after;
    const mr_selftest_events_t events = {on_report, on_progress, on_stop, log};
    const mr_status_t status = mr_selftest_run(&mmio, parts, &events, &sum);
    assert_int_equal(sum.units, log->done);
    assert_int_equal(sum.failed, log->bad_count);
    assert_int_equal(sum.skipped, log->skipped);
    mr_mmio_close(&mmio);
    return status;
}

static void run(faulty_t f, uint32_t parts, log_t *log) {
    log->stop_after = NONE;
    assert_int_equal(run_on(f, parts, log, 256), MR_OK);
    assert_int_equal(log->done, log->total);
}

/* One unit fails, with these words. */
static void expect(const log_t *log, const char *unit, const char *text) {
    assert_int_equal(log->bad_count, 1);
    assert_string_equal(log->bad[0].unit, unit);
    if (strstr(log->bad[0].text, text) == NULL) {
        fail_msg("'%s' does not say '%s'", log->bad[0].text, text);
    }
}

static void test_good(void **state) {
    log_t log = {0};
    (void)state;
    run(good, MR_SELFTEST_ALL, &log);
    assert_int_equal(log.bad_count, 0);
    assert_int_equal(log.skipped, 0);
    /* 4 tiles of 4 memories, RESULT, 4 tiles, 2 caches, 2 links. */
    assert_int_equal(log.good_count, 16 + 1 + 4 + 2 + 2);
}

static uint32_t target(mr_mem_kind_t kind, uint32_t tile) {
    return (uint32_t)kind << MR_CHIP_MEM_TARGET_KIND_SHIFT | tile << MR_CHIP_MEM_TARGET_TILE_SHIFT;
}

/* A stuck bit in each memory, at places that no other test of the march would reach by chance. */
static void test_memory__stuck_bit(void **state) {
    static const struct {
        mr_mem_kind_t kind;
        uint32_t tile, index, bit;
        const char *unit, *where;
    } cases[] = {
        {MR_MEM_WMEM, 3, (511 * 4 + 2) * 16 + 7, 31, "tile 3 WMEM", "word 511 lane 2 bits 255:224"},
        {MR_MEM_WMEM, 0, 8, 0, "tile 0 WMEM", "word 0 lane 0 bits 287:256"},
        {MR_MEM_VMEM, 1, 777, 13, "tile 1 VMEM", "element 777 word 0"},
        {MR_MEM_XMEM, 2, 5 * 16 + 8, 15, "tile 2 XMEM", "block 5 word 8"},
        {MR_MEM_PMEM, 2, 255 * 8 + 7, 1, "tile 2 PMEM", "descriptor 255 word 7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        faulty_t f = good;
        log_t log = {0};
        char text[64];
        f.stuck_target = target(cases[i].kind, cases[i].tile);
        f.stuck_index = cases[i].index;
        f.stuck_bit = cases[i].bit;
        run(f, MR_SELFTEST_MEMORIES, &log);
        /* A program or a vector of tile 0 serves RESULT, too: not hit here. */
        (void)snprintf(text, sizeof text, "%s: expected 0x", cases[i].where);
        expect(&log, cases[i].unit, text);
    }
}

static void test_results__wrong(void **state) {
    faulty_t f = good;
    log_t log = {0};
    (void)state;
    /* What comes out of the window at its word 9 while a result is looked at. */
    f.read_at = MR_WINDOW_BASE + 36u;
    f.reads = 0x1234;
    run(f, MR_SELFTEST_MEMORIES, &log);
    expect(&log, "hub RESULT", "buffer 0 element 9: expected 0x");
}

static void test_tile__wrong_arithmetic(void **state) {
    faulty_t f = good;
    log_t log = {0};
    (void)state;
    /* A bit of the first weights that is 1 in good ones. */
    f.stuck_target = target(MR_MEM_WMEM, 3);
    f.stuck_index = 0;
    for (uint32_t bit = 0; bit < 32 && log.bad_count == 0; bit++) {
        f.stuck_bit = bit;
        run(f, MR_SELFTEST_TILES, &log);
    }
    expect(&log, "tile 3", "GEMV row 0 (lane 0): expected 0x");
}

static void test_tile__dead(void **state) {
    faulty_t f = good;
    log_t log = {0};
    (void)state;
    f.dead_tile = 1;
    run(f, MR_SELFTEST_TILES, &log);
    expect(&log, "tile 1", "no result of a job within 256000 clocks");
}

static void test_kv__wrong_bit(void **state) {
    faulty_t f = good;
    log_t log = {0};
    (void)state;
    /* Values pass through block 1 of XMEM (behind the key) of the first tile of group 1. */
    f.stuck_target = target(MR_MEM_XMEM, 2);
    f.stuck_index = 2 * 16 + 3;
    f.stuck_bit = 6;
    run(f, MR_SELFTEST_KV, &log);
    expect(&log, "group 1 KV cache", "channel 0 slot 0 positions 0 to 39 head 0 element ");
}

static void test_kv__never_ready(void **state) {
    faulty_t f = good;
    log_t log = {0};
    (void)state;
    f.read_at = MR_KV_BASE + MR_KV_STATUS_OFFSET; /* never ready */
    f.reads = 0;
    run(f, MR_SELFTEST_KV, &log);
    expect(&log, "group 0 KV cache", "start of the KV cache: the device did not answer in time");
}

static void test_link__errors_and_down(void **state) {
    faulty_t f = good;
    log_t log = {0};
    (void)state;
    f.read_at = MR_LINK_BASE + MR_LINK_RX_ERRORS_OFFSET; /* of the receiver in group 0 */
    f.reads = 3;
    run(f, MR_SELFTEST_LINKS, &log);
    expect(&log, "link 1 to 0", "link[0].RX_ERRORS: expected 0, got 3");
    f.read_at = MR_LINK_BASE + MR_LINK_STATUS_OFFSET;
    f.reads = MR_LINK_STATUS_DOWN_MASK;
    run(f, MR_SELFTEST_LINKS, &log);
    expect(&log, "link 0 to 1", "down");
    f.read_at = MR_LINK_BASE + MR_LINK_MSGS_OFFSET;
    f.reads = 15;
    run(f, MR_SELFTEST_LINKS, &log);
    expect(&log, "link 0 to 1", "expected 16, 16, got 15, 16");
}

static void test_stop_and_broken_bus(void **state) {
    faulty_t f = good;
    log_t log = {.stop_after = 3};
    (void)state;
    assert_int_equal(run_on(f, MR_SELFTEST_ALL, &log, 256), MR_CANCELLED);
    assert_int_equal(log.done, 3);
    log.stop_after = NONE;
    f.broken_after = 40;
    assert_int_equal(run_on(f, MR_SELFTEST_ALL, &log, 256), MR_IO);
    assert_int_equal(log.bad_count, 1); /* the unit that noticed it */
}

static void test_arguments_and_small_machine(void **state) {
    log_t log = {.stop_after = NONE};
    (void)state;
    assert_int_equal(run_on(good, 0, &log, 256), MR_ARG);
    assert_int_equal(run_on(good, 16, &log, 256), MR_ARG);
    assert_int_equal(run_on(good, MR_SELFTEST_TILES | MR_SELFTEST_KV, &log, 16), MR_OK);
    assert_int_equal(log.skipped, 4 + 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_memory__stuck_bit),
        cmocka_unit_test(test_results__wrong),
        cmocka_unit_test(test_tile__wrong_arithmetic),
        cmocka_unit_test(test_tile__dead),
        cmocka_unit_test(test_kv__wrong_bit),
        cmocka_unit_test(test_kv__never_ready),
        cmocka_unit_test(test_link__errors_and_down),
        cmocka_unit_test(test_stop_and_broken_bus),
        cmocka_unit_test(test_arguments_and_small_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
