/* SPDX-License-Identifier: Apache-2.0 */
/* .xclbin files: what the packer writes, and what the reader refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/regs.h"
#include "millrace/xclbin.h"
#include "millrace/xrt_card.h"
#include "mr_test_random.h"

static const uint8_t simulator[] = "#!/bin/sh\nexit 0\n";

static uint8_t *build(uint32_t hash, bool with_simulator, size_t *n) {
    const mr_xclbin_config_t config = {"sdr-100", hash, with_simulator ? simulator : NULL,
                                       sizeof simulator - 1u};
    uint8_t *file;
    assert_int_equal(mr_xclbin_build(&config, &file, n), MR_OK);
    return file;
}

static void test_build__read_back(void **state) {
    (void)state;
    size_t n;
    mr_xclbin_info_t info;
    const char *why;
    uint8_t *file = build(0xDEADBEEF, true, &n);
    assert_int_equal(mr_xclbin_parse(file, n, &info, &why), MR_OK);
    assert_int_equal(info.mode, MR_XCLBIN_MODE_HW_EMU);
    assert_string_equal(info.kernel, MR_XRT_KERNEL_NAME ":" MR_XRT_KERNEL_INSTANCE);
    assert_true(info.kernel_base == MR_XRT_KERNEL_BASE);
    assert_string_equal(info.bank, "bank0");
    assert_true(info.memory_base == MR_XRT_MEMORY_BASE);
    assert_true(info.memory_bytes == MR_XRT_MEMORY_BYTES);
    assert_true(info.millrace);
    assert_int_equal(info.git_hash, 0xDEADBEEF);
    assert_int_equal(info.version, MR_CHIP_VERSION_RESET);
    assert_string_equal(info.chip, "sdr-100");
    assert_true(info.bitstream_bytes > sizeof simulator);
    assert_true(mr_xclbin_ours(&info, &why));
    free(file);
}

static void test_build__uuid_of_the_content(void **state) {
    (void)state;
    size_t n;
    mr_xclbin_info_t info[4];
    const char *why;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *file = build(i == 1 ? 2 : 1, i != 2, &n);
        assert_int_equal(mr_xclbin_parse(file, n, &info[i], &why), MR_OK);
        free(file);
    }
    assert_memory_not_equal(info[0].uuid, info[1].uuid, 16);
    assert_memory_not_equal(info[0].uuid, info[2].uuid, 16);
    assert_memory_equal(info[0].uuid, info[3].uuid, 16);
    assert_true(info[2].bitstream_bytes == 0);
}

static void test_parse__truncated(void **state) {
    (void)state;
    size_t n;
    mr_xclbin_info_t info;
    const char *why;
    uint8_t *file = build(1, true, &n);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *part = malloc(cut + 1u);
        assert_non_null(part);
        memcpy(part, file, cut);
        assert_int_equal(mr_xclbin_parse(part, cut, &info, &why), MR_FORMAT);
        assert_non_null(why);
        free(part);
    }
    free(file);
}

/* Changed bytes are refused or read; never is anything outside the file. */
static void test_parse__any_change(void **state) {
    (void)state;
    size_t n;
    mr_xclbin_info_t info;
    const char *why;
    uint32_t refused = 0;
    mr_test_random_t random = {3};
    uint8_t *file = build(1, true, &n);
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    for (uint32_t i = 0; i < 50000; i++) {
        memcpy(copy, file, n);
        for (uint32_t change = 1u + mr_test_u32(&random) % 4u; change > 0; change--) {
            copy[mr_test_u32(&random) % n] = (uint8_t)mr_test_u32(&random);
        }
        const mr_status_t status = mr_xclbin_parse(copy, n, &info, &why);
        assert_true(status == MR_OK || (status == MR_FORMAT && why != NULL));
        refused += status != MR_OK ? 1u : 0u;
    }
    assert_in_range(refused, 500, 49500);
    free(copy);
    free(file);
}

static void test_ours__another_kernel(void **state) {
    (void)state;
    mr_xclbin_info_t info = {.kernel = "vadd:vadd_1", .millrace = true, .bank = "bank0"};
    const char *why;
    assert_false(mr_xclbin_ours(&info, &why));
    assert_non_null(strstr(why, "another kernel"));
    memcpy(info.kernel, "millrace2:x", 12);
    assert_false(mr_xclbin_ours(&info, &why));
    memcpy(info.kernel, "millrace:x", 11);
    assert_true(mr_xclbin_ours(&info, &why));
    info.millrace = false;
    assert_false(mr_xclbin_ours(&info, &why));
    info.kernel[0] = '\0';
    assert_false(mr_xclbin_ours(&info, &why));
    assert_non_null(strstr(why, "no kernel"));
}

static void test_read__no_file(void **state) {
    (void)state;
    mr_xclbin_info_t info;
    const char *why;
    assert_int_equal(mr_xclbin_read("/nonexistent/a.xclbin", &info, &why), MR_IO);
    assert_non_null(why);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build__read_back),
        cmocka_unit_test(test_build__uuid_of_the_content),
        cmocka_unit_test(test_parse__truncated),
        cmocka_unit_test(test_parse__any_change),
        cmocka_unit_test(test_ours__another_kernel),
        cmocka_unit_test(test_read__no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
