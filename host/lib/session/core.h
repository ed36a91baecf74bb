/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the firmware on a device's control core. */
#ifndef MR_HOST_LIB_SESSION_CORE_H
#define MR_HOST_LIB_SESSION_CORE_H

#include "gguf/gguf_error.h"
#include "millrace/mmio.h"
#include "session/client.h"

/* Boots an image on the core and opens its mailbox. image_path: a file of little-endian words as
 * the build makes it (firmware/core/millrace_fw.bin); NULL: the image that this build has.
 * @return MR_OK; MR_UNSUPPORTED: the device has no core; MR_NOT_FOUND: no image; MR_IO: the file
 * cannot be read; MR_CRC, MR_IDENTITY, MR_FORMAT, MR_NO_SPACE: the boot ROM does not take it;
 * MR_TIMEOUT; MR_NO_MEMORY; what mr_client_open returns. error has the line to show. */
MR_NODISCARD mr_status_t mr_core_start(const mr_mmio_t *mmio, const char *device,
                                       const char *image_path, mr_client_t **client,
                                       mr_gguf_error_t *error);

#endif
