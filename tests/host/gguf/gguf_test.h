/* SPDX-License-Identifier: Apache-2.0 */
/* What the GGUF tests share: CMocka with its headers, and checks of one-line error messages. */
#ifndef MR_TESTS_HOST_GGUF_GGUF_TEST_H
#define MR_TESTS_HOST_GGUF_GGUF_TEST_H

/* CMocka wants these four before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"
#include "gguf_builder.h"

/* Fails unless the message is one non-empty line that holds the part. */
static inline void mr_check_message(const mr_gguf_error_t *error, const char *part) {
    if (error->text[0] == '\0' || strpbrk(error->text, "\n\r") != NULL ||
        strstr(error->text, part) == NULL) {
        fail_msg("message \"%s\" is no line with \"%s\"", error->text, part);
    }
}

/* Fails unless opening the bytes gives that status and a message with the part. */
static inline void mr_check_refused(const void *data, size_t size, mr_status_t status,
                                    const char *part) {
    mr_gguf_error_t error = {{0}};
    mr_gguf_t *gguf = NULL;

    assert_int_equal(mr_gguf_open_memory(data, size, "test.gguf", &gguf, &error), status);
    assert_null(gguf);
    mr_check_message(&error, part);
    mr_check_message(&error, "test.gguf: ");
}

/* Opens bytes that must be right. */
static inline mr_gguf_t *mr_check_opens(const void *data, size_t size) {
    mr_gguf_error_t error = {{0}};
    mr_gguf_t *gguf = NULL;

    if (mr_gguf_open_memory(data, size, "test.gguf", &gguf, &error) != MR_OK) {
        fail_msg("%s", error.text);
    }
    return gguf;
}

#endif
