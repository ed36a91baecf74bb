/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the control core over a fake one: what a boot writes, every answer of the boot ROM,
 * every status, every access that fails, crash records whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/core.h"
#include "millrace/crc.h"
#include "millrace/regs.h"

#define SRAM_KB 8u
#define SRAM_WORDS (SRAM_KB * 256u)
#define WORDS 40u
#define REGS 64u
#define NEVER UINT32_MAX

/* A core that takes `delay` cycles to answer with `answer`. */
typedef struct {
    mr_mmio_t io;
    uint32_t reg[REGS];
    uint32_t sram[SRAM_WORDS];
    uint32_t caps;
    uint32_t answer;
    uint32_t delay;
    uint32_t waited;
    uint32_t order; /* of what a boot may only do one behind the other */
    uint32_t run_at;
    uint32_t sram_at;
    uint32_t n;
    uint32_t fail_at;
    bool absent;
    uint32_t status_cleared;
} fake_t;

static fake_t fake;

static mr_status_t count(void) {
    return fake.n++ == fake.fail_at ? MR_IO : MR_OK;
}

static mr_status_t fake_read32(void *ctx, uint32_t addr, uint32_t *value) {
    (void)ctx;
    MR_TRY(count());
    assert_in_range(addr, MR_CORE_BASE, MR_CORE_BASE + 4u * REGS - 1u);
    if (fake.absent) {
        return MR_DEVICE;
    }
    *value = addr == MR_CORE_BASE + MR_CORE_CAPS_OFFSET ? fake.caps
                                                        : fake.reg[(addr - MR_CORE_BASE) / 4u];
    return MR_OK;
}

static mr_status_t fake_write32(void *ctx, uint32_t addr, uint32_t value) {
    (void)ctx;
    MR_TRY(count());
    if (addr == MR_CHIP_BASE + MR_CHIP_STATUS_OFFSET) {
        fake.status_cleared = value;
    } else if (addr >= MR_CORE_SRAM_BASE) {
        fake.sram[(addr - MR_CORE_SRAM_BASE) / 4u] = value;
    } else {
        assert_in_range(addr, MR_CORE_BASE, MR_CORE_BASE + 4u * REGS - 4u);
        fake.reg[(addr - MR_CORE_BASE) / 4u % REGS] = value;
        if (addr == MR_CORE_BASE + MR_CORE_CTRL_OFFSET && value == MR_CORE_CTRL_RUN_MASK) {
            fake.run_at = ++fake.order;
        }
    }
    return MR_OK;
}

static mr_status_t fake_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    (void)ctx;
    MR_TRY(count());
    memcpy(words, &fake.sram[(addr - MR_CORE_SRAM_BASE) / 4u], 4u * n);
    return MR_OK;
}

static mr_status_t fake_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    (void)ctx;
    MR_TRY(count());
    assert_int_equal(fake.reg[MR_CORE_CTRL_OFFSET / 4u], 0); /* in reset */
    memcpy(&fake.sram[(addr - MR_CORE_SRAM_BASE) / 4u], words, 4u * n);
    fake.sram_at = ++fake.order;
    return MR_OK;
}

static mr_status_t fake_wait(void *ctx, uint32_t cycles) {
    (void)ctx;
    MR_TRY(count());
    fake.waited += cycles;
    if (fake.waited >= fake.delay) {
        fake.reg[MR_CORE_BOOT_STATE_OFFSET / 4u] = fake.answer;
    }
    return MR_OK;
}

static void fake_close(void *ctx) {
    (void)ctx;
}

static const mr_mmio_ops_t fake_ops = {fake_read32,      fake_write32, fake_read_block,
                                       fake_write_block, fake_wait,    fake_close};
static uint32_t image[WORDS];

static const mr_mmio_t *fresh(uint32_t answer) {
    fake = (fake_t){.io = {.ops = &fake_ops},
                    .caps = MR_CORE_CAPS_PRESENT_MASK | MR_CORE_CAPS_UART_MASK |
                            SRAM_KB << MR_CORE_CAPS_SRAM_KB_SHIFT,
                    .answer = answer,
                    .delay = 200,
                    .fail_at = NEVER};
    for (uint32_t i = 0; i < WORDS; i++) {
        image[i] = 0x01010101u * i;
    }
    return &fake.io;
}

static uint32_t reg(uint32_t offset) {
    return fake.reg[offset / 4u];
}

/* ---- caps ---- */

static void test_caps__tells_what_is_there(void **state) {
    (void)state;
    mr_core_caps_t caps;
    assert_int_equal(mr_core_caps(fresh(0), &caps), MR_OK);
    assert_true(caps.present);
    assert_true(caps.uart);
    assert_int_equal(caps.sram_bytes, SRAM_KB * 1024u);
    fake.caps = 0;
    assert_int_equal(mr_core_caps(&fake.io, &caps), MR_OK);
    assert_false(caps.present);
    assert_int_equal(mr_core_halt(&fake.io), MR_UNSUPPORTED);
}

static void test_caps__no_block_is_no_core(void **state) {
    (void)state;
    mr_core_caps_t caps;
    mr_crash_t record;
    const mr_mmio_t *io = fresh(0);
    fake.absent = true;
    assert_int_equal(mr_core_caps(io, &caps), MR_OK);
    assert_false(caps.present);
    assert_int_equal(fake.status_cleared, MR_CHIP_STATUS_BUS_ERROR_MASK);
    assert_int_equal(mr_core_boot(io, image, WORDS, 1000, NULL), MR_UNSUPPORTED);
    assert_int_equal(mr_core_crash(io, &record), MR_UNSUPPORTED);
    assert_int_equal(mr_core_halt(io), MR_UNSUPPORTED);
}

/* ---- boot ---- */

static void test_boot__writes_the_image_and_its_claims(void **state) {
    (void)state;
    uint32_t end = 99;
    const mr_mmio_t *io = fresh(MR_CORE_BOOT_STATE_RUNNING);
    fake.sram[SRAM_WORDS - MR_CRASH_BYTES / 4u] = MR_CRASH_MAGIC;
    fake.reg[MR_CORE_CRASH_CAUSE_OFFSET / 4u] = MR_CORE_CRASH_CAUSE_BUS;
    assert_int_equal(mr_core_boot(io, image, WORDS, 1000, &end), MR_OK);
    assert_int_equal(end, MR_CORE_BOOT_STATE_RUNNING);
    assert_memory_equal(fake.sram, image, sizeof image);
    assert_int_equal(reg(MR_CORE_BOOT_SIZE_OFFSET), sizeof image);
    assert_int_equal(reg(MR_CORE_BOOT_VERSION_OFFSET), image[1]);
    assert_int_equal(reg(MR_CORE_BOOT_CRC_OFFSET), mr_crc32(0, image, WORDS * 4u));
    assert_int_equal(reg(MR_CORE_BOOT_CTRL_OFFSET), MR_CORE_BOOT_CTRL_GO_MASK);
    assert_int_equal(reg(MR_CORE_CTRL_OFFSET), MR_CORE_CTRL_RUN_MASK);
    assert_true(fake.sram_at < fake.run_at);
    /* The past is forgotten. */
    assert_int_equal(reg(MR_CORE_CRASH_CAUSE_OFFSET), MR_CORE_CRASH_CAUSE_NONE);
    assert_int_equal(reg(MR_CORE_STATUS_OFFSET),
                     MR_CORE_STATUS_TRAP_MASK | MR_CORE_STATUS_WATCHDOG_MASK);
    assert_int_equal(fake.sram[SRAM_WORDS - MR_CRASH_BYTES / 4u], 0);
}

static void test_boot__says_why_it_was_refused(void **state) {
    (void)state;
    static const struct {
        uint32_t state;
        mr_status_t status;
    } cases[] = {{MR_CORE_BOOT_STATE_BAD_CRC, MR_CRC},
                 {MR_CORE_BOOT_STATE_BAD_VERSION, MR_IDENTITY},
                 {MR_CORE_BOOT_STATE_BAD_SIZE, MR_FORMAT},
                 {MR_CORE_BOOT_STATE_BAD_MAGIC, MR_FORMAT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t end = 99;
        const mr_mmio_t *io = fresh(cases[i].state);
        assert_int_equal(mr_core_boot(io, image, WORDS, 1000, &end), cases[i].status);
        assert_int_equal(end, cases[i].state);
    }
}

static void test_boot__gives_up_in_time(void **state) {
    (void)state;
    const mr_mmio_t *io = fresh(MR_CORE_BOOT_STATE_RUNNING);
    fake.delay = 2000;
    assert_int_equal(mr_core_boot(io, image, WORDS, 1000, NULL), MR_TIMEOUT);
    assert_in_range(fake.waited, 1000, 1063);
    fresh(MR_CORE_BOOT_STATE_CHECKING);
    assert_int_equal(mr_core_boot(io, image, WORDS, 0, NULL), MR_TIMEOUT);
    assert_int_equal(fake.waited, 0);
}

static void test_boot__refuses_what_cannot_be_an_image(void **state) {
    (void)state;
    static uint32_t large[SRAM_WORDS];
    const mr_mmio_t *io = fresh(MR_CORE_BOOT_STATE_RUNNING);
    assert_int_equal(mr_core_boot(io, NULL, WORDS, 1000, NULL), MR_ARG);
    assert_int_equal(mr_core_boot(io, image, 1, 1000, NULL), MR_ARG);
    assert_int_equal(fake.n, 0);
    assert_int_equal(mr_core_boot(io, large, SRAM_WORDS - MR_CRASH_BYTES / 4u + 1u, 1000, NULL),
                     MR_NO_SPACE);
    assert_int_equal(fake.n, 1);
    assert_int_equal(mr_core_boot(io, large, SRAM_WORDS - MR_CRASH_BYTES / 4u, 1000, NULL), MR_OK);
}

static void test_boot__every_failing_access_ends_it(void **state) {
    (void)state;
    const mr_mmio_t *io = fresh(MR_CORE_BOOT_STATE_RUNNING);
    assert_int_equal(mr_core_boot(io, image, WORDS, 1000, NULL), MR_OK);
    const uint32_t n = fake.n;
    for (uint32_t i = 0; i < n; i++) {
        io = fresh(MR_CORE_BOOT_STATE_RUNNING);
        fake.fail_at = i;
        assert_int_equal(mr_core_boot(io, image, WORDS, 1000, NULL), MR_IO);
        assert_int_equal(fake.n, i + 1u);
    }
}

static void test_halt__holds_the_core(void **state) {
    (void)state;
    const mr_mmio_t *io = fresh(MR_CORE_BOOT_STATE_RUNNING);
    fake.reg[MR_CORE_CTRL_OFFSET / 4u] = MR_CORE_CTRL_RUN_MASK;
    assert_int_equal(mr_core_halt(io), MR_OK);
    assert_int_equal(reg(MR_CORE_CTRL_OFFSET), 0);
}

/* ---- crash record ---- */

static mr_crash_t *put_record(void) {
    mr_crash_t *r = (mr_crash_t *)(void *)&fake.sram[SRAM_WORDS - MR_CRASH_BYTES / 4u];
    *r = (mr_crash_t){.magic = MR_CRASH_MAGIC,
                      .bytes = sizeof *r,
                      .cause = MR_CORE_CRASH_CAUSE_ILLEGAL,
                      .pc = 0x10000123,
                      .n_events = 2};
    r->regs[1] = 77;
    r->crc = mr_crc32(0, r, sizeof *r - 4u);
    return r;
}

static void test_crash__reads_a_whole_record(void **state) {
    (void)state;
    mr_crash_t got = {.magic = 1};
    const mr_mmio_t *io = fresh(0);
    assert_int_equal(mr_core_crash(io, &got), MR_NOT_FOUND);
    const mr_crash_t *r = put_record();
    assert_int_equal(mr_core_crash(io, &got), MR_OK);
    assert_memory_equal(&got, r, sizeof got);
    fake.fail_at = fake.n + 1u;
    assert_int_equal(mr_core_crash(io, &got), MR_IO);
}

static void test_crash__refuses_a_damaged_one(void **state) {
    (void)state;
    mr_crash_t got = {.magic = 1};
    const mr_mmio_t *io = fresh(0);
    put_record()->pc++;
    assert_int_equal(mr_core_crash(io, &got), MR_CRC);
    put_record()->bytes = 8;
    assert_int_equal(mr_core_crash(io, &got), MR_CRC);
    mr_crash_t *r = put_record();
    r->n_events = MR_CRASH_EVENTS + 1u;
    r->crc = mr_crc32(0, r, sizeof *r - 4u);
    assert_int_equal(mr_core_crash(io, &got), MR_CRC);
    assert_int_equal(got.magic, 1);
}

static void test_cause_text__has_all(void **state) {
    (void)state;
    assert_string_equal(mr_core_cause_text(MR_CORE_CRASH_CAUSE_NONE), "none");
    assert_string_equal(mr_core_cause_text(MR_CORE_CRASH_CAUSE_WATCHDOG), "watchdog");
    assert_string_equal(mr_core_cause_text(MR_CORE_CRASH_CAUSE_WATCHDOG + 1u), "unknown cause");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caps__tells_what_is_there),
        cmocka_unit_test(test_caps__no_block_is_no_core),
        cmocka_unit_test(test_boot__writes_the_image_and_its_claims),
        cmocka_unit_test(test_boot__says_why_it_was_refused),
        cmocka_unit_test(test_boot__gives_up_in_time),
        cmocka_unit_test(test_boot__refuses_what_cannot_be_an_image),
        cmocka_unit_test(test_boot__every_failing_access_ends_it),
        cmocka_unit_test(test_halt__holds_the_core),
        cmocka_unit_test(test_crash__reads_a_whole_record),
        cmocka_unit_test(test_crash__refuses_a_damaged_one),
        cmocka_unit_test(test_cause_text__has_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
