/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions for commands. */
#include "engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/core_log.h"

#include "reg/attach.h"
#include "reg/record.h"

#define LOG_ENTRIES 256u
#define BAR_WIDTH 30u

const char *mr_cli_default_device(void) {
    return strstr(mr_device_names(), "sim") != NULL ? "sim" : "model";
}

typedef struct {
    bool shown; /* standard error is a terminal */
    uint32_t percent;
    mr_cli_t *cli;
    const char *device;
    mr_mmio_t mmio; /* wrapped; ops NULL before the device is open */
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
        mr_attach_remove(&bar->mmio);
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

/* Records a device's accesses, if the tool was told to. */
static mr_status_t wrap_record(const mr_cli_t *cli, const char *device, mr_mmio_t *mmio) {
    if (cli->record == NULL) {
        return MR_OK;
    }
    (void)fprintf(cli->record->file, "# device %s\n", device);
    return mr_record_wrap(mmio, cli->record);
}

/* Lets others attach to a device; only a socket that was asked for must be there. A record is of
 * this process' accesses alone, unless asked otherwise. */
static mr_status_t wrap_attach(const mr_cli_t *cli, const char *device, mr_mmio_t *mmio,
                               mr_session_error_t *error) {
    char why[MR_ATTACH_TEXT_BYTES] = "";
    const bool by_default = cli->attach == NULL;
    const mr_attach_config_t config = {cli->attach, device, cli->command, mr_device_fault};
    if (by_default ? cli->record != NULL : strcmp(cli->attach, "none") == 0) {
        return MR_OK;
    }
    const mr_status_t status = mr_attach_serve(mmio, &config, why);
    return status == MR_OK || by_default
               ? MR_OK
               : mr_gguf_fail(error, status, NULL, "--attach-socket: %s", why);
}

static mr_status_t wrap_device(void *ctx, mr_mmio_t *mmio, mr_session_error_t *error) {
    bar_t *bar = ctx;
    if (wrap_record(bar->cli, bar->device, mmio) != MR_OK) {
        return mr_gguf_fail(error, MR_NO_MEMORY, NULL, "out of memory");
    }
    const mr_status_t status = wrap_attach(bar->cli, bar->device, mmio, error);
    bar->mmio = *mmio;
    return status;
}

int mr_cli_open_session(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                        mr_session_t **session) {
    bar_t bar = {isatty(STDERR_FILENO) == 1, UINT32_MAX, cli, device, {NULL, NULL}};
    mr_session_error_t error;
    mr_cli_path_t path;
    const mr_session_options_t options = {device, mr_cli_model_path(model, &path), on_progress,
                                          &bar};
    const mr_status_t status =
        mr_session_open_wrapped(&options, mode, wrap_device, &bar, session, &error);
    bar_clear(&bar);
    return status == MR_OK ? MR_CLI_OK : mr_cli_fail("%s", error.text);
}

bool mr_cli_parse_firmware(const mr_cli_t *cli, const char *text, mr_cli_firmware_t *firmware) {
    firmware->core = strcmp(text, "core") == 0;
    if (!firmware->core && strcmp(text, "hosted") != 0) {
        (void)mr_cli_usage(cli, "--firmware is hosted or core, not '%s'", text);
        return false;
    }
    return true;
}

const char *mr_cli_firmware_text(const mr_cli_firmware_t *firmware) {
    return firmware->core ? "core" : "hosted";
}

int mr_cli_open_firmware(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                         const mr_cli_firmware_t *firmware, mr_session_t **session) {
    mr_session_error_t error;
    const int code = mr_cli_open_session(cli, device, model, mode, session);
    if (code != MR_CLI_OK || !firmware->core ||
        mr_session_use_core(*session, device, firmware->image, &error) == MR_OK) {
        return code;
    }
    mr_session_close(*session);
    *session = NULL;
    return mr_cli_fail("%s", error.text);
}

void mr_cli_firmware_log(const mr_session_t *session, const mr_cli_firmware_t *firmware) {
    static mr_mailbox_log_t entries[LOG_ENTRIES];
    char text[MR_CORE_LOG_TEXT];
    uint32_t count;
    uint32_t lost;
    if (session == NULL || !firmware->core || !firmware->log) {
        return;
    }
    const mr_status_t status =
        mr_core_log_read(mr_session_mmio(session), entries, LOG_ENTRIES, &count, &lost);
    if (status != MR_OK) {
        fprintf(stderr, "no event log: %s\n", mr_status_text(status));
        return;
    }
    if (lost > 0) {
        fprintf(stderr, "(%" PRIu32 " older events)\n", lost);
    }
    for (uint32_t i = 0; i < count; i++) {
        mr_core_log_text(&entries[i], text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
}

int mr_cli_stopped(const mr_session_t *session, const mr_runner_t *runner, mr_status_t status) {
    return mr_cli_fail("the device stopped: %s", mr_session_trouble(session, runner, status));
}

int mr_cli_open_model(const char *model, mr_session_t **session) {
    mr_session_error_t error;
    mr_cli_path_t path;
    const mr_status_t status =
        mr_session_open_model(mr_cli_model_path(model, &path), session, &error);
    return status == MR_OK ? MR_CLI_OK : mr_cli_fail("%s", error.text);
}

int mr_cli_open_device(mr_cli_t *cli, const char *device, mr_mmio_t *mmio) {
    mr_session_error_t error;
    if (mr_device_open(device, mmio, &error) != MR_OK) {
        return mr_cli_fail("%s", error.text);
    }
    if (wrap_record(cli, device, mmio) != MR_OK) {
        mr_mmio_close(mmio);
        return mr_cli_fail("out of memory");
    }
    return MR_CLI_OK;
}

int mr_cli_encode(const mr_session_t *session, const mr_cli_text_t *text, bool add_special,
                  bool parse_special, uint32_t **ids, size_t *count) {
    const mr_status_t status =
        mr_tokenizer_encode_all(mr_session_tokenizer(session), text->bytes, text->length,
                                add_special, parse_special, ids, count);
    if (status != MR_OK) {
        return mr_cli_fail("cannot tokenise the text: %s", mr_status_text(status));
    }
    return MR_CLI_OK;
}

int mr_cli_drive(const mr_session_t *session, mr_runner_t *runner, const bool *may_cancel) {
    bool busy = true;
    while (busy) {
        if (*may_cancel && mr_cli_interrupted()) {
            mr_runner_cancel(runner, MR_CLI_SLOT);
        }
        const mr_status_t status = mr_runner_step(runner, &busy);
        if (status != MR_OK) {
            return mr_cli_stopped(session, runner, status);
        }
    }
    return MR_CLI_OK;
}

int mr_cli_job_failed(uint32_t detail, const mr_fault_t *fault) {
    char text[320];
    mr_session_job_text(detail, fault, text, sizeof text);
    return mr_cli_fail("%s", text);
}
