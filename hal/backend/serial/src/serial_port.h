/* SPDX-License-Identifier: Apache-2.0 */
/* A serial line: 8N1, raw, locked against other processes. One thread. */
#ifndef MR_SERIAL_PORT_H
#define MR_SERIAL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/status.h"

bool mr_serial_port_baud(uint32_t baud);
const char *mr_serial_port_bauds(void);

/* @return MR_OK; MR_ARG: no such rate; MR_NOT_FOUND: no such device or no terminal; MR_BUSY; MR_IO.
 * On error why says what to do. */
MR_NODISCARD mr_status_t mr_serial_port_open(const char *path, uint32_t baud, int *port, char *why,
                                             size_t size);
void mr_serial_port_close(int port);

/* Forgets what came and was not read. */
void mr_serial_port_flush(int port);

/* @return MR_OK; MR_TIMEOUT: the line takes nothing; MR_IO: it is gone. */
MR_NODISCARD mr_status_t mr_serial_port_write(int port, const uint8_t *bytes, size_t n,
                                              int timeout_ms);

/* Waits until there is something. @return MR_OK, *got bytes, 0 when nothing came in time; MR_IO:
 * the line is gone. */
MR_NODISCARD mr_status_t mr_serial_port_read(int port, uint8_t *bytes, size_t size, int timeout_ms,
                                             size_t *got);

/* A clock that only goes forward. */
int64_t mr_serial_port_now_us(void);
int64_t mr_serial_port_now_ms(void);

#endif
