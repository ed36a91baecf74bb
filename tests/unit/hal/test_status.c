/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes: the released numbers, and a text of its own for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/status.h"

#define CODES 17

/* Numbers are frozen; a change here breaks every program that was built before. */
static void test_numbers__frozen(void **state) {
    (void)state;
    static const mr_status_t in_order[CODES] = {
        MR_OK,    MR_ARG,         MR_BUSY,      MR_TIMEOUT,  MR_NO_SPACE, MR_RANGE,
        MR_ALIGN, MR_UNSUPPORTED, MR_DEVICE,    MR_STATE,    MR_IO,       MR_FORMAT,
        MR_CRC,   MR_NOT_FOUND,   MR_NO_MEMORY, MR_IDENTITY, MR_CANCELLED};
    for (int i = 0; i < CODES; i++) {
        assert_int_equal(in_order[i], -i);
    }
}

static void test_text__one_line_each(void **state) {
    (void)state;
    for (int i = 0; i < CODES; i++) {
        const char *text = mr_status_text((mr_status_t)-i);
        assert_true(strlen(text) > 3u && strpbrk(text, "\r\n") == NULL);
        assert_string_not_equal(text, "unknown status");
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(text, mr_status_text((mr_status_t)-k));
        }
    }
    assert_string_equal(mr_status_text((mr_status_t)-CODES), "unknown status");
    assert_string_equal(mr_status_text((mr_status_t)1), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers__frozen),
        cmocka_unit_test(test_text__one_line_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
