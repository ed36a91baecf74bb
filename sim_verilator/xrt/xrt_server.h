/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's side of XRT's socket: takes calls, runs the machine, answers.
 *
 * Between calls the kernel's clock goes on for MR_XRT_IDLE_CLOCKS, so that a host may poll
 * registers; then it stands until the next call, so that a quiet host costs nothing.
 */
#ifndef MR_SIM_XRT_SERVER_H
#define MR_SIM_XRT_SERVER_H

#include <signal.h>
#include <stdbool.h>

#include "xrt_machine.h"

#define MR_XRT_IDLE_CLOCKS 200000u

typedef struct {
    mr_xrt_machine_t *machine;
    int socket;           /* connected to XRT */
    const char *d2x_path; /* of the channel from the device to the host */
    long parent;          /* the process that has to live, or 0 */
} mr_xrt_server_t;

/* Serves until XRT closes (true) or something ends it early: then *why says what. SIGTERM and
 * SIGINT end it through *stop. */
bool mr_xrt_server_run(const mr_xrt_server_t *server, volatile const sig_atomic_t *stop,
                       const char **why);

#endif
