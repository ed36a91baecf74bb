/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps callers of other versions compatible: version, statuses, structs that grow. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"

#define SAME_(name_, value_, text_)                                                                \
    _Static_assert((int)MILLRACE_##name_ == (value_), "the statuses are those of the firmware");
MR_STATUS_LIST(SAME_)
#undef SAME_

static _Thread_local char last_error[MR_GGUF_ERROR_SIZE];

millrace_status_t mr_lib_fail(millrace_status_t status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    return status;
}

const char *millrace_last_error(void) {
    return last_error;
}

const char *millrace_version(void) {
    return MILLRACE_VERSION_TEXT;
}

const char *millrace_devices(void) {
    return mr_device_names();
}

const char *millrace_status_text(millrace_status_t status) {
    return mr_status_text((mr_status_t)status);
}

static size_t size_of(const void *from) {
    size_t size;
    memcpy(&size, from, sizeof size);
    return size;
}

static millrace_status_t too_small(size_t size, size_t least, const char *name) {
    return mr_lib_fail(MILLRACE_ARG, "%s.size is %zu, at least %zu is needed; set it to sizeof %s",
                       name, size, least, name);
}

millrace_status_t mr_lib_struct_in(void *to, size_t known, size_t least, const void *from,
                                   const char *name) {
    const size_t size = size_of(from);
    const uint8_t *bytes = from;
    if (size < least) {
        return too_small(size, least, name);
    }
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0) {
            return mr_lib_fail(MILLRACE_UNSUPPORTED,
                               "%s sets something that version %s of the library does not know; "
                               "use a newer one",
                               name, MILLRACE_VERSION_TEXT);
        }
    }
    memset(to, 0, known);
    memcpy(to, from, size < known ? size : known);
    return MILLRACE_OK;
}

millrace_status_t mr_lib_struct_out(void *to, size_t known, size_t least, const char *name) {
    const size_t size = size_of(to);
    uint8_t *bytes = to;
    if (size < least) {
        return too_small(size, least, name);
    }
    if (size > known) {
        memset(bytes + known, 0, size - known);
    }
    return MILLRACE_OK;
}
