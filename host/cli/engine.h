/* SPDX-License-Identifier: Apache-2.0 */
/* A session for a command: opened with a progress bar, driven until its request is over. */
#ifndef MR_HOST_CLI_ENGINE_H
#define MR_HOST_CLI_ENGINE_H

#include <limits.h>
#include <stdbool.h>

#include "cli.h"
#include "session/session.h"

/* The slot that commands use. */
#define MR_CLI_SLOT 0u

/* "sim" where the build has it, otherwise "model". */
const char *mr_cli_default_device(void);

/* Help for --mode, and its argument: "latency", "efficiency" or a number of shards. @return false
 * when it is none of them; the message is out. */
#define MR_CLI_MODE_HELP                                                                           \
    "efficiency: for many users (default); latency: as many tiles for each stage as make a token " \
    "quickest; or that number"
bool mr_cli_parse_mode(const mr_cli_t *cli, const char *text, uint32_t *mode);

/* The file of a model. A name without a slash that is no file here is looked for as NAME.gguf in
 * the folder MILLRACE_MODELS, or else where the tool's own models are. @return model itself, where
 * it is not found either, or the path, which is in *path. */
typedef struct {
    char text[PATH_MAX];
} mr_cli_path_t;
#define MR_CLI_MODEL_HELP                                                                          \
    "model file (GGUF), or the name of one that came with the tool: brook, gorge"
const char *mr_cli_model_path(const char *model, mr_cli_path_t *path);

/* Opens model and device, placed in a mode (MR_PLACE_*), with a bar on standard error while it
 * loads if that is a terminal. Accesses are recorded if the tool was told to; others can attach
 * (cli->attach; where that is the default and cannot be, silently nobody can).
 * @return an exit code; the message is out, *session is NULL on failure. */
int mr_cli_open_session(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                        mr_session_t **session);

/* Opens the model file only. */
int mr_cli_open_model(const char *model, mr_session_t **session);

/* Opens a device without a model, recorded likewise; close it with mr_mmio_close on MR_CLI_OK. */
int mr_cli_open_device(mr_cli_t *cli, const char *device, mr_mmio_t *mmio);

/* Where the firmware runs. */
typedef struct {
    bool core;         /* on the device's control core; else in this process */
    const char *image; /* file, or NULL: the image of this build */
    bool log;          /* print its event log at the end */
} mr_cli_firmware_t;

/* Help for --firmware and --firmware-image, and the argument of the first: "hosted" or "core".
 * @return false when it is none of them; the message is out. */
#define MR_CLI_FIRMWARE_HELP                                                                       \
    "hosted: the firmware runs in this process (default); core: on the chip's control core"
#define MR_CLI_FIRMWARE_IMAGE_HELP "image for the core (default: that of this build)"
#define MR_CLI_FIRMWARE_LOG_HELP "with --firmware core: print its event log at the end"
bool mr_cli_parse_firmware(const mr_cli_t *cli, const char *text, mr_cli_firmware_t *firmware);

/* "hosted" or "core". */
const char *mr_cli_firmware_text(const mr_cli_firmware_t *firmware);

/* Opens a session as mr_cli_open_session does and starts the firmware where it is to run. */
int mr_cli_open_firmware(mr_cli_t *cli, const char *device, const char *model, uint32_t mode,
                         const mr_cli_firmware_t *firmware, mr_session_t **session);

/* Prints the event log of the firmware on the core on standard error, if it runs there. */
void mr_cli_firmware_log(const mr_session_t *session, const mr_cli_firmware_t *firmware);

/* Tells that a step or a start failed with a status, and why as far as somebody knows. runner may
 * be NULL. @return MR_CLI_FAILED. */
int mr_cli_stopped(const mr_session_t *session, const mr_runner_t *runner, mr_status_t status);

/* Encodes a text with its start-of-sequence token. Free *ids. */
int mr_cli_encode(const mr_session_t *session, const mr_cli_text_t *text, bool add_special,
                  bool parse_special, uint32_t **ids, size_t *count);

/* Steps the runner until no request is left. Once *may_cancel is true it cancels the request
 * after an interruption.
 * @return MR_CLI_OK, or MR_CLI_FAILED with the message out when the device fails. */
int mr_cli_drive(const mr_session_t *session, mr_runner_t *runner, const bool *may_cancel);

/* Message for a job that failed, with the part of the device that is to blame; detail as in the end
 * event. @return MR_CLI_FAILED. */
int mr_cli_job_failed(uint32_t detail, const mr_fault_t *fault);

#endif
