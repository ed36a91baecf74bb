/* SPDX-License-Identifier: Apache-2.0 */
/* One-line error messages of the GGUF loader, the model loader and the tokenizer. */
#include "gguf/gguf_error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Longest part of a path that is shown; the end of a path tells more than its beginning. */
#define MR_GGUF_ERROR_PATH_MAX 200u

static char mr_printable(char c) {
    return (c < 0x20 || c > 0x7E) ? '?' : c;
}

mr_gguf_quote_t mr_gguf_quote(const char *text, size_t length) {
    mr_gguf_quote_t quote;
    const size_t limit = sizeof(quote.text) - 4;
    const size_t shown = length < limit ? length : limit;

    for (size_t i = 0; i < shown; i++) {
        quote.text[i] = mr_printable(text[i]);
    }
    if (shown < length) {
        memcpy(&quote.text[shown], "...", 4);
    } else {
        quote.text[shown] = '\0';
    }
    return quote;
}

mr_status_t mr_gguf_fail(mr_gguf_error_t *error, mr_status_t status, const char *path,
                         const char *format, ...) {
    if (error == NULL) {
        return status;
    }

    size_t used = 0;
    error->text[0] = '\0';
    if (path != NULL) {
        const size_t length = strlen(path);
        const bool cut = length > MR_GGUF_ERROR_PATH_MAX;
        const char *tail = cut ? path + (length - MR_GGUF_ERROR_PATH_MAX) : path;
        const int n = snprintf(error->text, sizeof(error->text), "%s%s: ", cut ? "..." : "", tail);
        used = n > 0 ? (size_t)n : 0;
        for (size_t i = 0; i < used; i++) {
            /* A path is the user's own, so bytes over 0x7E (UTF-8) stay. */
            if ((unsigned char)error->text[i] < 0x20 || error->text[i] == 0x7F) {
                error->text[i] = '?';
            }
        }
    }

    va_list args;
    va_start(args, format);
    (void)vsnprintf(error->text + used, sizeof(error->text) - used, format, args);
    va_end(args);
    return status;
}
