/* SPDX-License-Identifier: Apache-2.0 */
/* Back end "serial": a board behind a UART, or a simulated one behind a pseudo-terminal.
 *
 * Speaks the protocol of docs/serial.md with mr_serial: every access is a request that is repeated
 * until its answer is there, and obeyed once. Writes to the memory window are gathered and go with
 * the next access. One thread. When the line is gone, or nothing answers for
 * MR_SERIAL_PATIENCE_MS, that access and every later one fails and mr_backend_serial_fault tells
 * why.
 */
#ifndef MR_BACKEND_SERIAL_H
#define MR_BACKEND_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

#define MR_SERIAL_BAUD 1000000u /* unless told */
#define MR_SERIAL_PATIENCE_MS 5000

/* Whether a line can have this rate: those that termios has from 115200 to 3000000. */
bool mr_backend_serial_baud(uint32_t baud);

/* Their list, for messages. */
const char *mr_backend_serial_bauds(void);

/* Opens the line, locks it against others and asks who is there. On error, why holds one line
 * without the end of line that says what to do.
 * @param size of why, at least 1.
 * @return MR_OK; MR_ARG: no such rate; MR_NOT_FOUND: no such device, or it is no terminal; MR_BUSY:
 * another process has it; MR_TIMEOUT: nothing answers; MR_IDENTITY: something else does, or another
 * version; MR_NO_MEMORY; MR_IO. */
MR_NODISCARD mr_status_t mr_backend_serial_open(const char *path, uint32_t baud, mr_mmio_t *mmio,
                                                char *why, size_t size);

typedef struct {
    uint64_t requests;  /* each counted once */
    uint64_t retries;   /* frames that were sent again */
    uint64_t sent;      /* bytes */
    uint64_t received;  /* bytes */
    uint32_t words_max; /* words of a block that go in a frame now: fewer on a bad line */
} mr_serial_stats_t;

/* @return MR_OK; MR_UNSUPPORTED: mmio belongs to another back end. */
MR_NODISCARD mr_status_t mr_backend_serial_stats(const mr_mmio_t *mmio, mr_serial_stats_t *stats);

/* Why the line failed: one line, or NULL when it has not or mmio belongs to another back end. */
const char *mr_backend_serial_fault(const mr_mmio_t *mmio);

#endif
