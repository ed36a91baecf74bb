/* SPDX-License-Identifier: Apache-2.0 */
/* Boot ROM: every image that it refuses, from the host and over the UART, and that it takes a good
 * one afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_chip.h"
#include "millrace/crc.h"

#define WORDS 16u
#define BYTES (4u * WORDS)
#define ENTRY (MR_CORE_SRAM + 0x20u)
#define IN_MAX 1024u
#define OUT_MAX 64u
#define MOST ((CHIP_SRAM_KB * 1024u - MR_CORE_CRASH_BYTES - 1024u) / 4u * 4u)

void mr_boot_main(void);

/* mem.c has the rest of what an image needs, fault.c too. */
void mr_core_last_words(uint32_t cause, uint32_t pc) {
    (void)cause;
    (void)pc;
}

static uint8_t in[IN_MAX]; /* what the UART brings */
static uint32_t in_n;
static uint32_t in_at;
static char out[OUT_MAX]; /* what it carried away */
static uint32_t out_n;
static uint32_t rounds_left;
static uint32_t busy_reads; /* of BOOT_CHECK */
static uint32_t spoil;      /* of BOOT_SUM */

static void on_write(uint32_t offset, uint32_t value) {
    if (offset == MR_CORE_BOOT_CTRL_OFFSET) {
        assert_int_equal(value, MR_CORE_BOOT_CTRL_PENDING_MASK);
        REG(BOOT_CTRL) = 0;
    } else if (offset == MR_CORE_BOOT_CHECK_OFFSET) {
        REG(BOOT_SUM) = mr_crc32(0, chip_word(MR_CORE_SRAM), REG(BOOT_SIZE)) ^ spoil;
    } else if (offset == MR_CORE_UART_DATA_OFFSET && (value & MR_CORE_UART_DATA_SEND_MASK) != 0) {
        assert_true(out_n < OUT_MAX - 1u);
        out[out_n++] = (char)value;
    } else if (offset == MR_CORE_UART_DATA_OFFSET) {
        assert_int_equal(value, MR_CORE_UART_DATA_TAKE_MASK);
        assert_true(in_at++ < in_n);
    } else if (offset == MR_CORE_WDOG_KICK_OFFSET && rounds_left-- == 0) {
        chip_leave();
    }
    chip.n_writes = 0; /* nobody asks for them */
}

static uint32_t on_read(uint32_t offset, uint32_t value) {
    switch (offset) {
    case MR_CORE_BOOT_CHECK_OFFSET:
        busy_reads -= busy_reads > 0 ? 1u : 0u;
        return busy_reads > 0 ? MR_CORE_BOOT_CHECK_BUSY_MASK : 0;
    case MR_CORE_UART_STATUS_OFFSET:
        return (in_at < in_n ? 1u : 0u) << MR_CORE_UART_STATUS_RX_COUNT_SHIFT;
    case MR_CORE_UART_DATA_OFFSET:
        return (uint32_t)in[in_at] << MR_CORE_UART_DATA_RX_SHIFT;
    default:
        return value;
    }
}

static int setup(void **state) {
    chip_reset(state);
    chip.on_write = on_write;
    chip.on_read = on_read;
    in_n = in_at = out_n = spoil = 0;
    busy_reads = 3;
    rounds_left = 4;
    memset(out, 0, sizeof out);
    return 0;
}

static chip_end_t run(void) {
    chip_end_t end;
    CHIP_RUN(end, mr_boot_main());
    return end;
}

/* ---- from the host ---- */

/* A good image in the SRAM, and its claims. */
static void put_image(void) {
    uint32_t *w = chip_word(MR_CORE_SRAM);
    const uint32_t head[] = {MR_IMAGE_MAGIC, MR_IMAGE_VERSION, BYTES, ENTRY};
    memcpy(w, head, sizeof head);
    for (uint32_t i = 4; i < WORDS; i++) {
        w[i] = 0x01010101u * i;
    }
    REG(BOOT_SIZE) = BYTES;
    REG(BOOT_VERSION) = MR_IMAGE_VERSION;
    REG(BOOT_CRC) = mr_crc32(0, w, BYTES);
    REG(BOOT_CTRL) = MR_CORE_BOOT_CTRL_PENDING_MASK;
}

static void expect_refused(uint32_t state) {
    rounds_left = 4;
    assert_int_equal(run(), CHIP_LEFT);
    assert_int_equal(REG(BOOT_STATE), state);
    assert_int_equal(REG(BOOT_CTRL), 0);
}

static void test_host__waits_and_starts(void **state) {
    (void)state;
    assert_int_equal(run(), CHIP_LEFT);
    assert_int_equal(REG(BOOT_STATE), MR_CORE_BOOT_STATE_WAITING);
    assert_int_equal(out_n, 0); /* no UART here */
    put_image();
    assert_int_equal(run(), CHIP_TRAPPED);
    assert_int_equal(REG(BOOT_STATE), MR_CORE_BOOT_STATE_CHECKING);
}

static void test_host__claims(void **state) {
    static const uint32_t sizes[] = {0, 28, BYTES + 2u, MOST + 4u, UINT32_MAX - 3u};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_image();
        REG(BOOT_SIZE) = sizes[i];
        expect_refused(MR_CORE_BOOT_STATE_BAD_SIZE);
    }
    put_image();
    REG(BOOT_VERSION) += 1u << 16;
    expect_refused(MR_CORE_BOOT_STATE_BAD_VERSION);
    put_image();
    REG(BOOT_CRC) ^= 1u;
    expect_refused(MR_CORE_BOOT_STATE_BAD_CRC);
    put_image(); /* the largest one, with nothing but its header */
    chip_word(MR_CORE_SRAM)[2] = REG(BOOT_SIZE) = MOST;
    REG(BOOT_CRC) = mr_crc32(0, chip_word(MR_CORE_SRAM), MOST);
    assert_int_equal(run(), CHIP_TRAPPED);
}

static void test_host__header(void **state) {
    static const struct {
        uint32_t word;
        uint32_t value;
        uint32_t state;
    } bad[] = {{0, 0, MR_CORE_BOOT_STATE_BAD_MAGIC},
               {1, MR_IMAGE_VERSION + 1, MR_CORE_BOOT_STATE_BAD_VERSION},
               {2, BYTES - 4u, MR_CORE_BOOT_STATE_BAD_SIZE},
               {3, ENTRY + 1u, MR_CORE_BOOT_STATE_BAD_MAGIC},
               {3, MR_CORE_SRAM + 14u, MR_CORE_BOOT_STATE_BAD_MAGIC},
               {3, MR_CORE_SRAM + BYTES, MR_CORE_BOOT_STATE_BAD_MAGIC},
               {3, 0, MR_CORE_BOOT_STATE_BAD_MAGIC}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_image();
        chip_word(MR_CORE_SRAM)[bad[i].word] = bad[i].value;
        REG(BOOT_CRC) = mr_crc32(0, chip_word(MR_CORE_SRAM), BYTES);
        expect_refused(bad[i].state);
    }
    put_image();
    assert_int_equal(run(), CHIP_TRAPPED);
}

/* A CRC engine that never ends is waited for no longer than an image has words. */
static void test_host__check_never_ends(void **state) {
    (void)state;
    put_image();
    busy_reads = UINT32_MAX;
    spoil = 1;
    expect_refused(MR_CORE_BOOT_STATE_BAD_CRC);
}

/* Only who finds no other cause says that it was the watchdog. */
static void test_cause__watchdog(void **state) {
    (void)state;
    assert_int_equal(run(), CHIP_LEFT);
    assert_int_equal(REG(CRASH_CAUSE), MR_CORE_CRASH_CAUSE_NONE);
    REG(STATUS) = MR_CORE_STATUS_WATCHDOG_MASK;
    REG(CRASH_CAUSE) = MR_CORE_CRASH_CAUSE_BUS;
    expect_refused(MR_CORE_BOOT_STATE_WAITING);
    assert_int_equal(REG(CRASH_CAUSE), MR_CORE_CRASH_CAUSE_BUS);
    REG(CRASH_CAUSE) = MR_CORE_CRASH_CAUSE_NONE;
    expect_refused(MR_CORE_BOOT_STATE_WAITING);
    assert_int_equal(REG(CRASH_CAUSE), MR_CORE_CRASH_CAUSE_WATCHDOG);
}

/* ---- over the UART ---- */

static int setup_uart(void **state) {
    setup(state);
    REG(CAPS) |= MR_CORE_CAPS_UART_MASK;
    chip_word(MR_CORE_BUS + MR_CHIP_BASE)[MR_CHIP_CAPS_CLOCK_KHZ_OFFSET / 4u] = 100000;
    return 0;
}

static void bring(const void *bytes, uint32_t n) {
    assert_true(in_n + n <= IN_MAX);
    memcpy(in + in_n, bytes, n);
    in_n += n;
}

/* A header with its claims, and the image behind it. */
static void bring_image(uint32_t size, uint32_t version, uint32_t crc_error, uint32_t magic) {
    uint32_t image[WORDS] = {magic, MR_IMAGE_VERSION, BYTES, ENTRY};
    const uint32_t head[] = {0x444C524Du, size, version, mr_crc32(0, image, BYTES) ^ crc_error};
    bring(head, sizeof head);
    bring(image, size == BYTES && version == MR_IMAGE_VERSION ? BYTES : 0);
}

static void bring_good(void) {
    bring_image(BYTES, MR_IMAGE_VERSION, 0, MR_IMAGE_MAGIC);
}

static chip_end_t hear(void) {
    rounds_left = in_n + 4u;
    return run();
}

static void test_uart__starts(void **state) {
    static const char noise[] = "xxM\0MRMRL";
    (void)state;
    bring(noise, sizeof noise);
    bring_good();
    assert_int_equal(hear(), CHIP_TRAPPED);
    assert_string_equal(out, "MRBOOT\r\nRK");
    assert_int_equal(REG(UART_DIV), 868);
    assert_int_equal(REG(BOOT_SIZE), BYTES);
    assert_int_equal(chip_word(MR_CORE_SRAM)[0], MR_IMAGE_MAGIC);
    assert_int_equal(chip_word(MR_CORE_SRAM)[3], ENTRY);
}

static void test_uart__refuses_and_takes_the_next(void **state) {
    (void)state;
    REG(UART_DIV) = 55; /* somebody has chosen */
    bring_image(30, MR_IMAGE_VERSION, 0, MR_IMAGE_MAGIC);
    bring_image(BYTES, 0x00050000u, 0, MR_IMAGE_MAGIC);
    bring_image(BYTES, MR_IMAGE_VERSION, 1, MR_IMAGE_MAGIC);
    bring_image(BYTES, MR_IMAGE_VERSION, 0, 0);
    bring_good();
    assert_int_equal(hear(), CHIP_TRAPPED);
    assert_string_equal(out, "MRBOOT\r\nSVRCRHRK");
    assert_int_equal(REG(UART_DIV), 55);
}

static void test_uart__sender_falls_silent(void **state) {
    (void)state;
    bring_good();
    in_n = 40; /* in the middle of the image */
    chip.tick = 1u << 20;
    rounds_left = 80;
    assert_int_equal(run(), CHIP_LEFT);
    assert_string_equal(out, "MRBOOT\r\nRT");
    chip.tick = 0;
    in_n = in_at = out_n = 0;
    bring_good();
    assert_int_equal(hear(), CHIP_TRAPPED);
    assert_string_equal(out, "MRBOOT\r\nRK");
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, setup)
#define U(name_) cmocka_unit_test_setup(name_, setup_uart)
    const struct CMUnitTest tests[] = {
        T(test_host__waits_and_starts),
        T(test_host__claims),
        T(test_host__header),
        T(test_host__check_never_ends),
        T(test_cause__watchdog),
        U(test_uart__starts),
        U(test_uart__refuses_and_takes_the_next),
        U(test_uart__sender_falls_silent),
    };
    return cmocka_run_group_tests_name("core boot", tests, NULL, NULL);
}
