/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions for commands. */
#include "engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 30u

const char *mr_cli_default_device(void) {
    return strstr(mr_device_names(), "sim") != NULL ? "sim" : "model";
}

typedef struct {
    bool shown; /* standard error is a terminal */
    uint32_t percent;
} bar_t;

static void bar_clear(const bar_t *bar) {
    if (bar->shown) {
        fputs("\r\033[K", stderr);
    }
}

static void on_progress(void *ctx, uint64_t done, uint64_t total) {
    bar_t *bar = ctx;
    if (mr_cli_interrupted()) {
        /* The loader cannot be stopped from here; nothing of the device outlives this process. */
        bar_clear(bar);
        exit(MR_CLI_INTERRUPTED);
    }
    const uint32_t percent = total != 0 ? (uint32_t)(done * 100u / total) : 100u;
    if (!bar->shown || percent == bar->percent) {
        return;
    }
    char filled[BAR_WIDTH + 1u];
    for (uint32_t i = 0; i < BAR_WIDTH; i++) {
        filled[i] = i * 100u < percent * BAR_WIDTH ? '#' : '.';
    }
    filled[BAR_WIDTH] = '\0';
    bar->percent = percent;
    fprintf(stderr, "\rloading the model [%s] %3" PRIu32 " %%", filled, percent);
}

bool mr_cli_parse_mode(const mr_cli_t *cli, const char *text, uint32_t *mode) {
    if (strcmp(text, "latency") == 0 || strcmp(text, "efficiency") == 0) {
        *mode = text[0] == 'l' ? MR_PLACE_LATENCY : MR_PLACE_EFFICIENCY;
        return true;
    }
    if (text[0] < '0' || text[0] > '9') {
        (void)mr_cli_usage(cli, "--mode is latency, efficiency or 1 to %u, not '%s'",
                           MR_PLACE_SHARDS_MAX, text);
        return false;
    }
    return mr_cli_parse_u32(cli, "--mode", text, 1, MR_PLACE_SHARDS_MAX, mode);
}

int mr_cli_open_session(const char *device, const char *model, uint32_t mode,
                        mr_session_t **session) {
    bar_t bar = {isatty(STDERR_FILENO) == 1, UINT32_MAX};
    mr_session_error_t error;
    const mr_session_options_t options = {device, model, on_progress, &bar};
    const mr_status_t status = mr_session_open_mode(&options, mode, session, &error);
    bar_clear(&bar);
    return status == MR_OK ? MR_CLI_OK : mr_cli_fail("%s", error.text);
}

int mr_cli_open_model(const char *model, mr_session_t **session) {
    mr_session_error_t error;
    const mr_status_t status = mr_session_open_model(model, session, &error);
    return status == MR_OK ? MR_CLI_OK : mr_cli_fail("%s", error.text);
}

int mr_cli_open_device(const char *device, mr_mmio_t *mmio) {
    mr_session_error_t error;
    const mr_status_t status = mr_device_open(device, mmio, &error);
    return status == MR_OK ? MR_CLI_OK : mr_cli_fail("%s", error.text);
}

int mr_cli_encode(const mr_session_t *session, const mr_cli_text_t *text, bool add_special,
                  bool parse_special, uint32_t **ids, size_t *count) {
    const mr_tokenizer_t *tokenizer = mr_session_tokenizer(session);
    /* A token is at least a byte; two more for the start and the end, one for the added space. */
    const size_t capacity = text->length + 3u;
    *ids = mr_cli_alloc(capacity, sizeof **ids);
    mr_status_t status = mr_tokenizer_encode(tokenizer, text->bytes, text->length, add_special,
                                             parse_special, *ids, capacity, count);
    if (status == MR_NO_SPACE) { /* a space became three byte tokens */
        free(*ids);
        *ids = mr_cli_alloc(*count, sizeof **ids);
        status = mr_tokenizer_encode(tokenizer, text->bytes, text->length, add_special,
                                     parse_special, *ids, *count, count);
    }
    if (status != MR_OK) {
        free(*ids);
        *ids = NULL;
        return mr_cli_fail("cannot tokenise the text: %s", mr_status_text(status));
    }
    return MR_CLI_OK;
}

int mr_cli_drive(const mr_session_t *session, mr_sched_t *sched, const bool *may_cancel) {
    bool busy = true;
    while (busy) {
        if (*may_cancel && mr_cli_interrupted()) {
            mr_sched_cancel(sched, MR_CLI_SLOT);
        }
        const mr_status_t status = mr_sched_step(sched, &busy);
        if (status != MR_OK) {
            const char *fault = mr_device_fault(mr_session_mmio(session));
            return mr_cli_fail("the device stopped: %s",
                               fault != NULL ? fault : mr_status_text(status));
        }
    }
    return MR_CLI_OK;
}

/* Which part of the device is to blame, for a message. */
static void describe(const mr_fault_t *fault, char *text, size_t size) {
    text[0] = '\0';
    switch (fault->kind) {
    case MR_FAULT_TILE:
        (void)snprintf(text, size,
                       ": tile %" PRIu32 " stopped in a job of slot %" PRIu32
                       "; reset the device and load again",
                       fault->index, fault->slot);
        break;
    case MR_FAULT_LINK:
        (void)snprintf(text, size,
                       ": the link from group %" PRIu32
                       " to the next one is down; reset the device and load again",
                       fault->index);
        break;
    case MR_FAULT_MESSAGE:
        (void)snprintf(text, size, ": a message for a job of slot %" PRIu32 " never came",
                       fault->slot);
        break;
    case MR_FAULT_NONE:
        break;
    }
}

int mr_cli_job_failed(uint32_t detail, const mr_fault_t *fault) {
    static const char *const texts[] = {"no error",
                                        "unknown opcode",
                                        "operand out of range",
                                        "token out of range",
                                        "KV cache: unknown slot or layer",
                                        "KV cache: position out of order",
                                        "KV cache: out of pages; use a shorter text",
                                        "KV cache: data damaged",
                                        "watchdog",
                                        "network message too long or cut off"};
    const size_t n = sizeof texts / sizeof texts[0];
    char where[160];
    describe(fault, where, sizeof where);
    return mr_cli_fail("a job failed on the device: status %" PRIu32 " (%s)%s", detail,
                       detail < n ? texts[detail] : "unknown", where);
}
