/* SPDX-License-Identifier: Apache-2.0 */
/* Client: the host's end of the mailbox (millrace/mailbox.h), as a runner.
 *
 * The firmware is up and waits: core.h starts it. All access goes through the device's register
 * bus. Every wait is bounded.
 */
#ifndef MR_HOST_LIB_SESSION_CLIENT_H
#define MR_HOST_LIB_SESSION_CLIENT_H

#include <stdint.h>

#include "millrace/mailbox.h"
#include "millrace/mmio.h"
#include "session/runner.h"

typedef struct mr_client mr_client_t;

/* Finds the mailbox (CORE_SHARED, written within max_cycles) and agrees on a version.
 * @return MR_OK; MR_TIMEOUT: no mailbox, or no answer; MR_IDENTITY: what CORE_SHARED points to is
 * no mailbox; MR_UNSUPPORTED: no version that both speak; MR_BUSY: requests of someone else run,
 * and do not end; MR_NO_MEMORY; any status of a register access. On error *out is NULL. */
MR_NODISCARD mr_status_t mr_client_open(const mr_mmio_t *mmio, uint32_t max_cycles,
                                        mr_client_t **out);

/* NULL is allowed. The firmware is left as it is. */
void mr_client_close(mr_client_t *self);

typedef struct {
    uint32_t n_slots; /* that are wanted; the firmware may have room for less */
    uint32_t stall_cycles;
    uint32_t max_pages;
    bool refuse;
    uint32_t chunk;
    uint32_t quantum;
} mr_client_config_t;

/* Sets the firmware up for a model's route, with the events of millrace/sched.h. No request may be
 * active. *runner is valid until close; a new call replaces the old events.
 * @return MR_OK; MR_ARG: an event is missing; MR_NO_SPACE: the core's memory is too small for the
 * vocabulary and context; MR_BUSY: a request is active; MR_RANGE: the firmware does not take the
 * route; MR_NO_MEMORY; MR_TIMEOUT; MR_FORMAT; any status of a register access. */
MR_NODISCARD mr_status_t mr_client_setup(mr_client_t *self, const mr_route_t *route,
                                         const mr_client_config_t *cfg,
                                         const mr_sched_events_t *events, mr_runner_t **runner);

/* The mailbox's header as it was after the setup. */
const mr_mailbox_t *mr_client_header(const mr_client_t *self);

#endif
