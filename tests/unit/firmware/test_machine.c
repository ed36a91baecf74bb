/* SPDX-License-Identifier: Apache-2.0 */
/* Probe over a fake device that records every access: every field, every status, no access too
 * many; and placement on machines that a probe would refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "millrace/machine.h"

#define REGS 16u /* words from the start of the map; the probe reads nothing behind them */
#define READS_MAX 32u

/* Offsets and contents as docs/registers.md has them, kept apart from regs.h. */
enum {
    ID = 0,
    VERSION = 1,
    GIT_HASH = 2,
    CAPS = 4,
    CAPS_WMEM,
    CAPS_VMEM,
    CAPS_XMEM,
    CAPS_PMEM,
    CAPS_INBUF,
    CAPS_RESULT,
    CAPS_KV,
    CAPS_KV_PAGES,
    CAPS_CLOCK
};

typedef struct {
    mr_mmio_t io;
    uint32_t reg[REGS];
    uint32_t all_ones; /* what is or-ed to every answer */
    uint32_t reads[READS_MAX];
    uint32_t n_reads;
    uint32_t others; /* accesses that are no read32 */
    uint32_t fail_at;
    mr_status_t fail_status;
} fake_t;

static mr_status_t fake_read32(void *ctx, uint32_t addr, uint32_t *value) {
    fake_t *f = ctx;
    assert_int_equal(addr % 4u, 0);
    assert_true(f->n_reads < READS_MAX);
    f->reads[f->n_reads] = addr;
    if (f->n_reads++ == f->fail_at) {
        return f->fail_status;
    }
    *value = (addr / 4u < REGS ? f->reg[addr / 4u] : 0) | f->all_ones;
    return MR_OK;
}

static mr_status_t fake_write32(void *ctx, uint32_t addr, uint32_t value) {
    fake_t *f = ctx;
    (void)addr;
    (void)value;
    f->others++;
    return MR_OK;
}

static mr_status_t fake_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    fake_t *f = ctx;
    (void)addr;
    (void)words;
    (void)n;
    f->others++;
    return MR_OK;
}

static mr_status_t fake_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    fake_t *f = ctx;
    (void)addr;
    (void)words;
    (void)n;
    f->others++;
    return MR_OK;
}

static mr_status_t fake_wait(void *ctx, uint32_t cycles) {
    fake_t *f = ctx;
    (void)cycles;
    f->others++;
    return MR_OK;
}

static void fake_close(void *ctx) {
    fake_t *f = ctx;
    f->others++;
}

static fake_t fake;
static mr_machine_t m;

static int setup(void **state) {
    static const mr_mmio_ops_t ops = {fake_read32,      fake_write32, fake_read_block,
                                      fake_write_block, fake_wait,    fake_close};
    (void)state;
    memset(&fake, 0, sizeof fake);
    memset(&m, 0xA5, sizeof m);
    fake.io = (mr_mmio_t){&ops, &fake};
    fake.fail_at = UINT32_MAX;
    fake.reg[ID] = 0x4D524345u; /* MRCE */
    fake.reg[VERSION] = 0x00020000u;
    fake.reg[GIT_HASH] = 0xC0FFEE01u;
    fake.reg[CAPS] = 0x03081F01u; /* 3 channels, 8 lanes, 31 tiles, 1 group */
    fake.reg[CAPS_WMEM] = 1001;
    fake.reg[CAPS_VMEM] = 2002;
    fake.reg[CAPS_XMEM] = 303;
    fake.reg[CAPS_PMEM] = 404;
    fake.reg[CAPS_INBUF] = 0xFFFE0005u;
    fake.reg[CAPS_RESULT] = 0x12345606u;
    fake.reg[CAPS_KV] = 256u | 255u << 9 | 64u << 18 | 16u << 26;
    fake.reg[CAPS_KV_PAGES] = 777;
    fake.reg[CAPS_CLOCK] = 50000;
    return 0;
}

static mr_status_t probe(void) {
    fake.n_reads = 0;
    return mr_machine_probe(&fake.io, &m);
}

static void test_probe__every_field(void **state) {
    (void)state;
    assert_int_equal(probe(), MR_OK);
    assert_int_equal(m.id, 0x4D524345u);
    assert_int_equal(m.version, 0x00020000u);
    assert_int_equal(m.git_hash, 0xC0FFEE01u);
    assert_int_equal(m.groups, 1);
    assert_int_equal(m.tiles, 31);
    assert_int_equal(m.lanes, 8);
    assert_int_equal(m.channels, 3);
    assert_int_equal(m.wmem_words, 1001);
    assert_int_equal(m.vmem_elems, 2002);
    assert_int_equal(m.xmem_blocks, 303);
    assert_int_equal(m.pmem_descs, 404);
    assert_int_equal(m.in_bufs, 5);
    assert_int_equal(m.in_size_max, 0xFFFE);
    assert_int_equal(m.result_bufs, 6);
    assert_int_equal(m.result_elems, 0x123456);
    assert_int_equal(m.kv_slots, 256);
    assert_int_equal(m.kv_layers, 255);
    assert_int_equal(m.kv_heads, 64);
    assert_int_equal(m.kv_nbh, 16);
    assert_int_equal(m.kv_pages, 777);
    assert_int_equal(m.clock_khz, 50000);
    assert_int_equal(fake.others, 0);
}

/* Nothing is read from a device that is something else, and nothing of m but its identity set. */
static void expect_stranger(uint32_t id, uint32_t version) {
    mr_machine_t untouched;
    memset(&m, 0xA5, sizeof m);
    untouched = m;
    assert_int_equal(probe(), MR_IDENTITY);
    assert_int_equal(fake.n_reads, 2);
    assert_int_equal(fake.reads[0], 0);
    assert_int_equal(fake.reads[1], 4);
    assert_int_equal(fake.others, 0);
    untouched.id = id;
    untouched.version = version;
    assert_memory_equal(&m, &untouched, sizeof m);
}

static void test_probe__another_id(void **state) {
    (void)state;
    for (uint32_t bit = 0; bit < 32u; bit++) {
        fake.reg[ID] = 0x4D524345u ^ 1u << bit;
        expect_stranger(fake.reg[ID], 0x00020000u);
    }
}

static void test_probe__another_version(void **state) {
    (void)state;
    fake.reg[VERSION] = 0x00000001u;
    expect_stranger(0x4D524345u, 0x00000001u);
    fake.reg[VERSION] = 0x00010000u; /* one block for the KV controllers of one group */
    expect_stranger(0x4D524345u, 0x00010000u);
    fake.reg[VERSION] = 0x80020001u;
    expect_stranger(0x4D524345u, 0x80020001u);
    fake.reg[VERSION] = 0x0002FFFFu; /* a later minor version only adds */
    assert_int_equal(probe(), MR_OK);
}

static void test_probe__a_bus_without_a_device(void **state) {
    (void)state;
    fake.all_ones = UINT32_MAX;
    expect_stranger(UINT32_MAX, UINT32_MAX);
    fake.all_ones = 0;
    memset(fake.reg, 0, sizeof fake.reg);
    expect_stranger(0, 0);
}

static void test_probe__absurd_capabilities(void **state) {
    (void)state;
    static const struct {
        uint32_t reg;
        uint32_t value;
    } bad[] = {{CAPS, 0},
               {CAPS, UINT32_MAX},
               {CAPS, 0x01040400u}, /* no group */
               {CAPS, 0x01040411u}, /* 17 */
               {CAPS, 0x01041F02u}, /* 2 of 31 tiles: no node is left for the link */
               {CAPS, 0x01041D09u}, /* 261 tiles in all */
               {CAPS, 0x01040001u}, /* no tile */
               {CAPS, 0x01042001u}, /* 32 tiles */
               {CAPS, 0x0104FF01u},
               {CAPS, 0x01000401u}, /* lanes */
               {CAPS, 0x01030401u},
               {CAPS, 0x01100401u},
               {CAPS_INBUF, 0x04000000u},  /* no input buffer */
               {CAPS_RESULT, 0x00010000u}, /* no result buffer */
               {CAPS_KV, 64u << 9 | 4u << 18 | 4u << 26} /* no slot */};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setup(NULL);
        fake.reg[bad[i].reg] = bad[i].value;
        if (probe() != MR_UNSUPPORTED) {
            fail_msg("register %u = 0x%08x is taken", bad[i].reg, bad[i].value);
        }
        assert_int_equal(fake.others, 0);
    }
}

/* Whichever read fails, and how: the probe stops there and hands on the status. */
static void test_probe__statuses_of_the_bus(void **state) {
    (void)state;
    static const mr_status_t statuses[] = {MR_TIMEOUT, MR_DEVICE, MR_IO, MR_ALIGN};
    assert_int_equal(probe(), MR_OK);
    const uint32_t n = fake.n_reads;
    assert_int_equal(n, 14);
    for (uint32_t i = 0; i < n * 4u; i++) {
        fake.fail_at = i / 4u;
        fake.fail_status = statuses[i % 4u];
        assert_int_equal(probe(), statuses[i % 4u]);
        assert_int_equal(fake.n_reads, i / 4u + 1u);
    }
    assert_int_equal(fake.others, 0);
}

/* A machine need not come from a probe; placement refuses what it would divide by or run past. */
static void test_place__machines_that_a_probe_refuses(void **state) {
    (void)state;
    static mr_placement_t p;
    static mr_place_formats_t formats;
    const mr_model_shape_t s = fixture_shape();
    const mr_machine_t good = fixture_machine();
    mr_machine_t bad[] = {good, good, good, good, good, good, good, good, good};
    mr_fit_t fit;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    bad[0].tiles = 0;
    bad[1].tiles = MR_MACHINE_TILES_MAX + 1u;
    bad[2].lanes = 0;
    bad[3].lanes = 3;
    bad[4].lanes = 16;
    bad[5].in_bufs = 0;
    bad[6].groups = 17;
    bad[7].result_bufs = 0;
    bad[8].kv_slots = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&fit, 0xA5, sizeof fit);
        assert_int_equal(mr_place(&p, &s, &formats, &bad[i], &fit), MR_UNSUPPORTED);
        assert_int_equal(fit.reason, MR_FIT_OK);
        assert_true(fit.needed == 0 && fit.available == 0);
    }
    assert_int_equal(mr_place(&p, &s, &formats, &good, &fit), MR_OK);
}

static void test_probe__largest_machines(void **state) {
    (void)state;
    static const uint32_t good[] = {0x01041F01u, 0x01041E08u, 0x01041010u, 0x01040110u};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        fake.reg[CAPS] = good[i];
        assert_int_equal(probe(), MR_OK);
        assert_int_equal(mr_machine_tiles(&m), (good[i] & 0xFFu) * (good[i] >> 8 & 0xFFu));
    }
}

static void test_place__memories_of_no_size(void **state) {
    (void)state;
    static mr_placement_t p;
    static mr_place_formats_t formats;
    const mr_model_shape_t s = fixture_shape();
    mr_machine_t bad = fixture_machine();
    mr_fit_t fit;
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    bad.wmem_words = 0;
    assert_int_equal(mr_place(&p, &s, &formats, &bad, &fit), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_WMEM_TILE);
    bad.wmem_words = UINT32_MAX; /* the largest that CAPS_WMEM can tell */
    bad.vmem_elems = UINT32_MAX;
    bad.pmem_descs = UINT32_MAX;
    bad.in_bufs = 255;
    assert_int_equal(mr_place(&p, &s, &formats, &bad, &fit), MR_OK);
    bad.pmem_descs = 0;
    assert_int_equal(mr_place(&p, &s, &formats, &bad, &fit), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_PMEM);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, setup)
    const struct CMUnitTest tests[] = {
        T(test_probe__every_field),         T(test_probe__another_id),
        T(test_probe__another_version),     T(test_probe__a_bus_without_a_device),
        T(test_probe__absurd_capabilities), T(test_probe__largest_machines),
        T(test_probe__statuses_of_the_bus), T(test_place__machines_that_a_probe_refuses),
        T(test_place__memories_of_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
