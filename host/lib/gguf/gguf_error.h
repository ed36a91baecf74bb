/* SPDX-License-Identifier: Apache-2.0 */
/* One-line error messages of the GGUF loader, the model loader and the tokenizer.
 *
 * The caller owns the buffer. A message never holds a line break or control byte, also where it
 * quotes names from the file, and is always NUL-terminated (cut at the buffer's end).
 */
#ifndef MR_HOST_LIB_GGUF_GGUF_ERROR_H
#define MR_HOST_LIB_GGUF_GGUF_ERROR_H

#include <stddef.h>

#include "millrace/status.h"

#define MR_GGUF_ERROR_SIZE 768u

/* How every message about memory ends. */
#define MR_GGUF_NO_MEMORY_ADVICE "; close other programs or use a smaller model"

typedef struct {
    char text[MR_GGUF_ERROR_SIZE];
} mr_gguf_error_t;

/* Writes "path: message" and returns status, so that a caller can `return mr_gguf_fail(...)`.
 * @param error  may be NULL
 * @param path   may be NULL: no prefix */
__attribute__((format(printf, 4, 5))) mr_status_t
mr_gguf_fail(mr_gguf_error_t *error, mr_status_t status, const char *path, const char *format, ...);

#define MR_GGUF_QUOTE_SIZE 100u

typedef struct {
    char text[MR_GGUF_QUOTE_SIZE];
} mr_gguf_quote_t;

/* A printable copy of a string from the file, for "%s" in a message: control bytes and bytes over
 * 0x7E become '?', and a long string is cut and ends in "...". */
mr_gguf_quote_t mr_gguf_quote(const char *text, size_t length);

#endif
