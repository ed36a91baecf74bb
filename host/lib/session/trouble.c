/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong while requests ran, in words. */
#include <inttypes.h>
#include <stdio.h>

#include "session/session.h"

const char *mr_session_trouble(const mr_session_t *session, const mr_runner_t *runner,
                               mr_status_t status) {
    const char *fault = mr_device_fault(mr_session_mmio(session));
    if (fault == NULL && runner != NULL) {
        fault = mr_runner_trouble(runner);
    }
    return fault != NULL ? fault : mr_status_text(status);
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

void mr_session_job_text(uint32_t detail, const mr_fault_t *fault, char *text, size_t size) {
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
    (void)snprintf(text, size, "a job failed on the device: status %" PRIu32 " (%s)%s", detail,
                   detail < n ? texts[detail] : "unknown", where);
}
