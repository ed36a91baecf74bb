/* SPDX-License-Identifier: Apache-2.0 */
/* A device with a model on it: opens the device, loads the GGUF file through the firmware, and
 * hands out the parts.
 *
 * Devices may be wrapped (reg/attach.h, reg/record.h); mr_device_* look through that. One thread at
 * a time per session. Errors come as a status and one line of text that says what to do.
 */
#ifndef MR_HOST_LIB_SESSION_SESSION_H
#define MR_HOST_LIB_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "gguf/gguf_error.h"
#include "gguf/llama_model.h"
#include "millrace/backend_serial.h"
#include "millrace/load.h"
#include "millrace/machine.h"
#include "millrace/mmio.h"
#include "millrace/place.h"
#include "millrace/sched.h"
#include "millrace/trace.h"
#include "session/runner.h"
#include "tokenizer/tokenizer.h"

typedef mr_gguf_error_t mr_session_error_t;

/* Names of the devices in this build, separated by ", ". */
const char *mr_device_names(void);

/* Whether "xrt" and "xrt:emu" are among them: XRT was installed where this was built. */
bool mr_device_has_xrt(void);

/* Opens a device by name: "model" (functional model), "model:GROUPSxTILES" (the same with so many
 * groups and tiles in each), "sim" (Verilated RTL; absent from builds without it), "sim:DRAM" (the
 * same with another DRAM device), "serial:TTY[,BAUD]" (a board on a serial line), "xrt" (device 0
 * of XRT), "xrt:emu" (XRT's emulation, which this sets up).
 * @return MR_OK; MR_NOT_FOUND: no such device in this build; MR_RANGE: no such shape of the model;
 * MR_NO_MEMORY; MR_IO; any status of mr_backend_serial_open. */
MR_NODISCARD mr_status_t mr_device_open(const char *name, mr_mmio_t *mmio,
                                        mr_session_error_t *error);

/* mr_device_open that never writes on standard error: XRT's progress is otherwise shown there if
 * that is a terminal. */
MR_NODISCARD mr_status_t mr_device_open_quiet(const char *name, mr_mmio_t *mmio,
                                              mr_session_error_t *error);

/* Why a device stopped answering, if the back end knows (a DRAM timing violation, say); otherwise
 * NULL. */
const char *mr_device_fault(const mr_mmio_t *mmio);

/* Clock cycles since power-up, without an access. @return false: the device has no time. */
bool mr_device_cycles(const mr_mmio_t *mmio, uint64_t *cycles);

/* Requests and retries of a device on a serial line. @return false: it is on none. */
bool mr_device_line(const mr_mmio_t *mmio, mr_serial_stats_t *stats);

/* The wires between the device's groups take so many clocks more each way from now on.
 * @return MR_OK; MR_UNSUPPORTED: more than 48, or the device cannot. */
MR_NODISCARD mr_status_t mr_device_link_delay(const mr_mmio_t *mmio, uint32_t clocks);

/* Gives trace records of every clock of the device to sink from now on, or ends that (NULL).
 * @return MR_OK; MR_UNSUPPORTED: it gives none; MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_device_trace(const mr_mmio_t *mmio, mr_trace_sink_t sink, void *ctx);

/* Writes all signals of the device in the next `cycles` clocks (0: all until the next call) into an
 * FST file, in place of the file before, or closes that (NULL).
 * @return MR_OK; MR_UNSUPPORTED: it cannot, in this build; MR_IO: the file cannot be opened. */
MR_NODISCARD mr_status_t mr_device_fst(const mr_mmio_t *mmio, const char *path, uint64_t cycles);

/* Whether mr_device_fst's file is still being written. */
bool mr_device_recording(const mr_mmio_t *mmio);

typedef struct mr_session mr_session_t;

typedef struct {
    const char *device;
    const char *model_path;
    mr_load_progress_t progress; /* may be NULL */
    void *progress_ctx;
} mr_session_options_t;

/* Opens the model file only: metadata, weights, tokenizer; no device. */
MR_NODISCARD mr_status_t mr_session_open_model(const char *model_path, mr_session_t **out,
                                               mr_session_error_t *error);

/* Opens model and device and loads the one onto the other, placed in a mode (MR_PLACE_*).
 * @return MR_OK; MR_NO_SPACE: the model does not fit, the text says what it needs and what there
 * is; MR_CRC; MR_IDENTITY; any status of the parts. On error *out is NULL. */
MR_NODISCARD mr_status_t mr_session_open_mode(const mr_session_options_t *options, uint32_t mode,
                                              mr_session_t **out, mr_session_error_t *error);

/* Puts wrappers around a device that was just opened, in place; on error it is as before. */
typedef mr_status_t (*mr_session_wrap_t)(void *ctx, mr_mmio_t *mmio, mr_session_error_t *error);

/* mr_session_open_mode on a device that wrap puts something around. */
MR_NODISCARD mr_status_t mr_session_open_wrapped(const mr_session_options_t *options, uint32_t mode,
                                                 mr_session_wrap_t wrap, void *ctx,
                                                 mr_session_t **out, mr_session_error_t *error);

/* mr_session_open_mode on a device that is open (options->device is its name) and stays the
 * caller's. Firmware on its core is halted first. */
MR_NODISCARD mr_status_t mr_session_open_on(const mr_mmio_t *mmio,
                                            const mr_session_options_t *options, uint32_t mode,
                                            mr_session_t **out, mr_session_error_t *error);

/* mr_session_open_mode for MR_PLACE_EFFICIENCY. */
MR_NODISCARD mr_status_t mr_session_open(const mr_session_options_t *options, mr_session_t **out,
                                         mr_session_error_t *error);

/* Resets the device and loads the model again, for use after a fault; schedulers of before are
 * void. @return as mr_session_open_mode; on error only mr_session_close is left. */
MR_NODISCARD mr_status_t mr_session_reload(mr_session_t *session,
                                           const mr_session_options_t *options,
                                           mr_session_error_t *error);

/* How the scheduler admits requests from its queue (mr_sched_config_t). */
typedef struct {
    bool refuse;        /* a request whose pages are not free is refused; else it waits */
    uint32_t max_pages; /* of one request; 0: all that there are */
} mr_session_policy_t;

/* For the next mr_session_sched; before the first: wait, no limit. */
void mr_session_set_policy(mr_session_t *session, const mr_session_policy_t *policy);

/* Ends the model, and the device if it is the session's own; NULL is allowed. */
void mr_session_close(mr_session_t *session);

const mr_llama_model_t *mr_session_model(const mr_session_t *session);
const mr_tokenizer_t *mr_session_tokenizer(const mr_session_t *session);

/* The model's end tokens, of which there may be more than fit: the first ones. @return their
 * number. */
uint32_t mr_session_stops(const mr_session_t *session, uint32_t stops[MR_SCHED_STOPS_MAX]);

/* Only for sessions with a device. */
const mr_mmio_t *mr_session_mmio(const mr_session_t *session);
const mr_placement_t *mr_session_placement(const mr_session_t *session);

/* The scheduler in this process with the given events; there is one, and a new call replaces the
 * old events (no request may be active). The reference stays valid until close.
 * @return MR_OK; MR_ARG: an event is missing; MR_NO_MEMORY (a later call may succeed). */
MR_NODISCARD mr_status_t mr_session_sched(mr_session_t *session, const mr_sched_events_t *events,
                                          mr_sched_t **out);

/* Boots the firmware on the device's control core; runners of the session run there from now on.
 * image_path: a file, or NULL for the image of this build; device: its name, for messages. Call it
 * once the model is loaded. @return MR_OK, or as mr_core_start (core.h). */
MR_NODISCARD mr_status_t mr_session_use_core(mr_session_t *session, const char *device,
                                             const char *image_path, mr_session_error_t *error);

/* The scheduler with the given events, wherever it runs: in this process, or on the core behind
 * mr_session_use_core. There is one, and a new call replaces the old events (no request may be
 * active). The reference stays valid until close.
 * @return MR_OK; MR_ARG: an event is missing; MR_NO_MEMORY; on the core as mr_client_setup. */
MR_NODISCARD mr_status_t mr_session_runner(mr_session_t *session, const mr_sched_events_t *events,
                                           mr_runner_t **out);

/* Why a step or a start failed with a status, as far as somebody knows. runner may be NULL. */
const char *mr_session_trouble(const mr_session_t *session, const mr_runner_t *runner,
                               mr_status_t status);

/* A line about a job that failed, with the part of the device that is to blame; detail as in the
 * end event. */
void mr_session_job_text(uint32_t detail, const mr_fault_t *fault, char *text, size_t size);

/* Places the session's model on a machine in a mode (MR_PLACE_*) without loading it; fills fit when
 * it does not fit. p is large: heap or static. */
MR_NODISCARD mr_status_t mr_session_fit_mode(const mr_session_t *session,
                                             const mr_machine_t *machine, uint32_t mode,
                                             mr_placement_t *p, mr_fit_t *fit);

/* mr_session_fit_mode for MR_PLACE_EFFICIENCY. */
MR_NODISCARD mr_status_t mr_session_fit(const mr_session_t *session, const mr_machine_t *machine,
                                        mr_placement_t *p, mr_fit_t *fit);

#endif
