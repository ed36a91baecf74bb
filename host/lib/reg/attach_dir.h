/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of attach sockets, and what is in it. */
#ifndef MR_HOST_LIB_REG_ATTACH_DIR_H
#define MR_HOST_LIB_REG_ATTACH_DIR_H

#include <stdbool.h>

#include "reg/attach.h"

/* Whether somebody listens at a socket. */
typedef enum {
    MR_ATTACH_ALIVE,
    MR_ATTACH_STALE,
    MR_ATTACH_NO_SOCKET,
    MR_ATTACH_NOTHING
} mr_attach_state_t;

mr_attach_state_t mr_attach_probe(const char *path);

/* Makes the folder, if it is not there, and checks that it is the user's alone.
 * @return false when it is not, or cannot be made; why has one line. */
bool mr_attach_folder(char why[MR_ATTACH_TEXT_BYTES]);

#endif
