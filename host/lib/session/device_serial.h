/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on a serial line by name. */
#ifndef MR_HOST_LIB_SESSION_DEVICE_SERIAL_H
#define MR_HOST_LIB_SESSION_DEVICE_SERIAL_H

#include "session/session.h"

#define MR_DEVICE_SERIAL "serial:"
#define MR_DEVICE_SERIAL_NAMES MR_DEVICE_SERIAL "TTY[,BAUD]"

/* Opens a device whose name begins with MR_DEVICE_SERIAL.
 * @return MR_OK; MR_ARG: no name of this kind; any status of mr_backend_serial_open. */
MR_NODISCARD mr_status_t mr_device_serial_open(const char *name, mr_mmio_t *mmio,
                                               mr_session_error_t *error);

#endif
