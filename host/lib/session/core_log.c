/* SPDX-License-Identifier: Apache-2.0 */
/* Event log of the firmware on the core, as text. */
#include "session/core_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "millrace/log_events.h"
#include "millrace/regs.h"

static const char *format_of(uint32_t id) {
    switch (id) {
#define MR_LOG_TEXT_(name_, value_, text_)                                                         \
    case (value_):                                                                                 \
        return (text_);
        MR_LOG_EVENTS(MR_LOG_TEXT_)
#undef MR_LOG_TEXT_
    default:
        return NULL;
    }
}

static void append(char *text, size_t size, const char *more, size_t n) {
    const size_t used = strlen(text);
    const size_t room = size - used - 1u;
    n = n < room ? n : room;
    memcpy(text + used, more, n);
    text[used + n] = '\0';
}

/* Puts a number where a format wants it: %u, %d or %x. */
static void append_number(char *text, size_t size, char kind, uint32_t value) {
    char number[16];
    const int n = kind == 'd'   ? snprintf(number, sizeof number, "%" PRId32, (int32_t)value)
                  : kind == 'x' ? snprintf(number, sizeof number, "0x%08" PRIX32, value)
                                : snprintf(number, sizeof number, "%" PRIu32, value);
    append(text, size, number, (size_t)n);
}

void mr_core_log_text(const mr_mailbox_log_t *entry, char *text, size_t size) {
    const char *format = format_of(entry->id);
    const uint32_t values[2] = {entry->a, entry->b};
    uint32_t next = 0;
    (void)snprintf(text, size, "%10" PRIu32 "  ", entry->time);
    if (format == NULL) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "event %" PRIu32 ": %" PRIu32 ", %" PRIu32,
                       entry->id, entry->a, entry->b);
        return;
    }
    while (*format != '\0') {
        const size_t plain = strcspn(format, "%");
        append(text, size, format, plain);
        format += plain;
        if (*format == '%') {
            append_number(text, size, format[1], values[next]);
            next = 1;
            format += 2;
        }
    }
}

mr_status_t mr_core_log_read(const mr_mmio_t *mmio, mr_mailbox_log_t *entries, uint32_t n,
                             uint32_t *count, uint32_t *lost) {
    mr_mailbox_t h;
    uint32_t at;
    *count = 0;
    *lost = 0;
    MR_TRY(mr_mmio_read32(mmio, MR_CORE_BASE + MR_CORE_SHARED_OFFSET, &at));
    if (at == 0) {
        return MR_NOT_FOUND;
    }
    if (at % 4u != 0 || at > MR_MAILBOX_WINDOW_BYTES - sizeof h) {
        return MR_IDENTITY;
    }
    MR_TRY(mr_mmio_read_block(mmio, MR_MAILBOX_WINDOW + at, (uint32_t *)(void *)&h, sizeof h / 4u));
    if (h.magic != MR_MAILBOX_MAGIC || h.log % 4u != 0 || h.log >= MR_MAILBOX_WINDOW_BYTES ||
        h.log_entries > (MR_MAILBOX_WINDOW_BYTES - h.log) / sizeof *entries) {
        return MR_IDENTITY;
    }
    if (h.log_entries == 0) {
        return MR_NOT_FOUND;
    }
    uint32_t kept = h.log_put < h.log_entries ? h.log_put : h.log_entries;
    kept = kept < n ? kept : n;
    *lost = h.log_put - kept;
    for (; *count < kept; ++*count) {
        const uint32_t i = (*lost + *count) % h.log_entries;
        MR_TRY(mr_mmio_read_block(mmio, MR_MAILBOX_WINDOW + h.log + i * (uint32_t)sizeof *entries,
                                  (uint32_t *)(void *)&entries[*count], sizeof *entries / 4u));
    }
    return MR_OK;
}
