/* SPDX-License-Identifier: Apache-2.0 */
/* Bitstreams of an ECP5 from any bytes, cards by name, and programs that are run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"
#include "mr_test_random.h"

/* A file as ecppack packs it, with one frame of four bytes. */
static const uint8_t whole[] = {
    0xFF, 0x00, 'P',  'a',  'r',  't',  ':',  ' ',  'L',  'F',  'E',  '5',  'U',  0x00, 0xFF,
    0xFF, 0xFF, 0xBD, 0xB3, 0xFF, 0xFF, 0xFF, 0xFF, 0x3B, 0x00, 0x00, 0x00, 0xE2, 0x00, 0x00,
    0x00, 0x41, 0x11, 0x30, 0x43, 0x22, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x46, 0x00,
    0x00, 0x00, 0x82, 0x91, 0x00, 0x01, 0x12, 0x34, 0x56, 0x78, 0xAA, 0xBB, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC2, 0x80, 0x00, 0x00, 0xDE, 0xAD,
    0xBE, 0xEF, 0xCC, 0xDD, 0x5E, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF};

static void test_bitstream__read(void **state) {
    (void)state;
    mr_bitstream_t b;
    const char *why;
    assert_int_equal(mr_bitstream_parse(whole, sizeof whole, &b, &why), MR_OK);
    assert_int_equal(b.kind, MR_FLASH_FILE_BIT);
    assert_string_equal(b.part, "LFE5U");
    assert_int_equal(b.idcode, 0x41113043);
    assert_int_equal(b.usercode, 0xDEADBEEF);
}

/* Only a lost dummy behind the last command is no loss. */
static void test_bitstream__truncated(void **state) {
    (void)state;
    mr_bitstream_t b;
    const char *why;
    for (size_t n = 0; n < sizeof whole; n++) {
        uint8_t *part = malloc(n + 1u);
        assert_non_null(part);
        memcpy(part, whole, n);
        const mr_status_t status = mr_bitstream_parse(part, n, &b, &why);
        assert_int_equal(status, n > sizeof whole - 4u ? MR_OK : MR_FORMAT);
        assert_true((why == NULL) == (status == MR_OK));
        free(part);
    }
}

static void test_bitstream__any_bytes(void **state) {
    (void)state;
    mr_test_random_t random = {7};
    uint8_t copy[sizeof whole];
    uint32_t refused = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        mr_bitstream_t b;
        const char *why;
        memcpy(copy, whole, sizeof whole);
        for (uint32_t change = 1u + mr_test_u32(&random) % 4u; change > 0; change--) {
            copy[mr_test_u32(&random) % sizeof whole] = (uint8_t)mr_test_u32(&random);
        }
        const size_t n = mr_test_u32(&random) % (sizeof whole + 1u);
        const mr_status_t status =
            mr_bitstream_parse(copy, i % 2u != 0 ? n : sizeof whole, &b, &why);
        assert_true(status == MR_OK ? why == NULL : why != NULL);
        refused += status != MR_OK ? 1u : 0u;
    }
    assert_in_range(refused, 10000, 90000);
}

static void test_same_card__names(void **state) {
    (void)state;
    static const struct {
        const char *platform, *card;
        bool same;
    } cases[] = {
        {"xilinx_u250_gen3x16_xdma_4_1_202210_1", "xilinx_u250_gen3x16_xdma_shell_4_1", true},
        {"xilinx_u200_xdma_201830_2", "xilinx:u200:xdma:201830_2", true},
        {"millrace_emulation_1", "millrace_emulation_1", true},
        {"xilinx_u250_gen3x16_xdma_4_1_202210_1", "xilinx_u200_gen3x16_xdma_2_202110_1", false},
        {"xilinx_u25_x", "xilinx_u250_x", false},
        {"xilinx_u250_x", "xilinx_u25_x", false},
        {"millrace_emulation_1", "xilinx:pcie-hw-em:7v3:1.0", false},
        {"millrace_emulation_1", "", false},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(mr_flash_same_card(cases[i].platform, cases[i].card), cases[i].same);
    }
}

/* sh -c text */
static mr_status_t shell(const char *text, int limit_ms, mr_child_t *child) {
    union {
        const char *in;
        char *out;
    } args[] = {{"sh"}, {"-c"}, {text}};
    char *const argv[] = {args[0].out, args[1].out, args[2].out, NULL};
    const mr_flash_job_t job = {0};
    return mr_child_run(argv, limit_ms, &job, child);
}

static void test_child__what_it_says_and_how_it_ends(void **state) {
    (void)state;
    static mr_child_t child;
    assert_int_equal(shell("echo out; echo err >&2; exit 3", 10000, &child), MR_OK);
    assert_int_equal(child.status, 3);
    assert_string_equal(child.output, "out\nerr\n");
    assert_int_equal(shell("kill -9 $$", 10000, &child), MR_OK);
    assert_int_equal(child.status, 128 + 9);
    assert_int_equal(shell("yes | head -c 300000; echo; echo end", 20000, &child), MR_OK);
    assert_true(child.length < MR_CHILD_OUTPUT_BYTES && child.length > 1000);
    assert_string_equal(child.output + child.length - 5u, "\nend\n");
}

/* Neither a program that waits, nor one that does not want to end, nor one whose child does. */
static void test_child__that_does_not_end(void **state) {
    (void)state;
    static mr_child_t child;
    assert_int_equal(shell("echo begun; sleep 100", 300, &child), MR_TIMEOUT);
    assert_string_equal(child.output, "begun\n");
    assert_int_equal(shell("trap '' TERM; while :; do sleep 1; done", 300, &child), MR_TIMEOUT);
    assert_int_equal(shell("sleep 100 & exit 0", 300, &child), MR_TIMEOUT);
    assert_int_equal(shell("exec >/dev/null 2>&1; sleep 100", 300, &child), MR_TIMEOUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitstream__read),
        cmocka_unit_test(test_bitstream__truncated),
        cmocka_unit_test(test_bitstream__any_bytes),
        cmocka_unit_test(test_same_card__names),
        cmocka_unit_test(test_child__what_it_says_and_how_it_ends),
        cmocka_unit_test(test_child__that_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
