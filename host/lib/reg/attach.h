/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a running device from another process: a server around the device's mr_mmio_t, a
 * client that is an mr_mmio_t itself, and a Unix socket between them.
 *
 * The server is a wrapper: it passes every access on and, at most every few milliseconds, between
 * accesses and while the device waits, answers clients. Nothing else in the process knows of it,
 * and there is no thread. What it guarantees to the process that runs the device: its reads of a
 * 64-bit counter and its use of the memory window are never torn (MEM_TARGET and MEM_BASE are put
 * back).
 *
 * Sockets are in $XDG_RUNTIME_DIR/millrace (without that variable in /tmp/millrace-UID), named
 * PID.sock, and belong to the user alone; other users are refused. One thread.
 */
#ifndef MR_HOST_LIB_REG_ATTACH_H
#define MR_HOST_LIB_REG_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/mmio.h"

#define MR_ATTACH_PATH_BYTES 108u /* of sun_path */
#define MR_ATTACH_TEXT_BYTES 256u

/* ---- server ---- */

typedef struct {
    const char *path;   /* of the socket; NULL: PID.sock in the user's folder */
    const char *device; /* name of the device, for clients */
    const char *command;
    const char *(*fault)(const mr_mmio_t *mmio); /* why the device stopped, or NULL */
} mr_attach_config_t;

/* Puts a server around a device; mmio becomes the wrapper, whose close ends both and removes the
 * socket. Sockets that dead processes left are removed on the way.
 * @return MR_OK; MR_ARG: path too long; MR_BUSY: another process serves there; MR_IO: the socket
 * cannot be made; MR_NO_MEMORY. On error mmio is as before and why has one line. */
MR_NODISCARD mr_status_t mr_attach_serve(mr_mmio_t *mmio, const mr_attach_config_t *config,
                                         char why[MR_ATTACH_TEXT_BYTES]);

/* Removes the socket of a wrapper, for a process that ends without close; nothing for others. */
void mr_attach_remove(const mr_mmio_t *mmio);

/* What is inside a wrapper of this file; NULL for others. */
const mr_mmio_t *mr_attach_inner(const mr_mmio_t *mmio);

/* ---- client ---- */

typedef struct {
    int pid; /* 0: not named after one */
    char path[MR_ATTACH_PATH_BYTES];
} mr_attach_place_t;

/* Sockets in the user's folder behind which somebody listens; dead ones are removed. At most max
 * are written, those of the lowest PIDs. @return how many there are. */
size_t mr_attach_list(mr_attach_place_t *places, size_t max);

/* The socket of a process, in the user's folder. */
mr_status_t mr_attach_place(int pid, mr_attach_place_t *place);

/* Connects. While connected, the device runs only while the client is released (mr_attach_hold).
 * Every call of the table answers within a second: MR_TIMEOUT: the other process does not;
 * MR_IO: it has gone. wait lets the device run for a millisecond or more.
 * @return MR_OK; MR_NOT_FOUND: nobody listens; MR_TIMEOUT; MR_IO; MR_UNSUPPORTED: not this
 * protocol; MR_NO_MEMORY. On error why has one line. */
MR_NODISCARD mr_status_t mr_attach_connect(const char *path, mr_mmio_t *mmio,
                                           char why[MR_ATTACH_TEXT_BYTES]);

/* Lets the device of a client run (false) or stand still (true), which ends by itself when no
 * access comes for a second. MR_OK for other devices. */
MR_NODISCARD mr_status_t mr_attach_hold(const mr_mmio_t *mmio, bool held);

/* "device, command" of the server; NULL if mmio is no client. */
const char *mr_attach_about(const mr_mmio_t *mmio);

/* Why the last access failed, if it was the connection's or the device's fault: one line, or NULL.
 */
const char *mr_attach_problem(const mr_mmio_t *mmio);

#endif
