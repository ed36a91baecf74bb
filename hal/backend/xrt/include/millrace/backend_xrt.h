/* SPDX-License-Identifier: Apache-2.0 */
/* Back end "xrt": the kernel `millrace` behind XRT, on a card or in XRT's hw_emu emulation.
 *
 * XRT lives in a process of its own, the helper millrace-xrt, since its library may spin, raise
 * signals for the whole process group or end the process when a simulator dies. Every operation has
 * a time limit; a helper or simulator that ends is noticed at once. The helper's folder, processes
 * and sockets are gone after close, and soon after this process ends in any other way.
 *
 * Writes to the memory window, MEM_TARGET and MEM_BASE are collected and go as one DMA list before
 * the next other access; blocks of reads go by DMA too. One thread per device.
 */
#ifndef MR_BACKEND_XRT_H
#define MR_BACKEND_XRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

enum { MR_XRT_NAME_BYTES = 128 };

/* A card before anything is loaded. */
typedef struct {
    char name[MR_XRT_NAME_BYTES]; /* of its platform, as XRT tells it; "": XRT does not tell */
    bool loaded;                  /* an .xclbin is on the card: */
    bool identified;              /* and is one of ours that could be asked */
    uint8_t uuid[16];             /* of that .xclbin */
    uint32_t git_hash, version;   /* of its chip, where identified */
} mr_xrt_present_t;

typedef struct {
    bool emulation; /* set hw_emu up with the simulator in the .xclbin; else use the environment */
    /* Files; NULL: MILLRACE_XRT_HELPER and MILLRACE_XCLBIN of the environment, or millrace-xrt and
     * millrace-emu.xclbin (with emulation), millrace.xclbin beside the program, in ../lib/millrace
     * from there, or likewise for the library with this code: beside it, in millrace below its
     * folder or in ../millrace from there. */
    const char *helper;
    const char *xclbin;
    /* Called with one line about what takes long, while create waits; may be NULL. */
    void (*progress)(void *ctx, const char *text);
    void *ctx;
    /* Called with ctx before anything is loaded; false: create ends with MR_CANCELLED, the card as
     * it was. May be NULL. */
    bool (*before)(void *ctx, const mr_xrt_present_t *present);
} mr_backend_xrt_config_t;

/* Opens device 0 of XRT, loads the .xclbin and compares the chip's revision with the file's. On
 * error why tells in one line what is wrong and what to do.
 * @return MR_OK; MR_NOT_FOUND: helper or .xclbin; MR_FORMAT, MR_IDENTITY: the .xclbin is damaged,
 * is another kernel's, or the device is not what it says; MR_IO: XRT failed; MR_TIMEOUT;
 * MR_NO_MEMORY; MR_CANCELLED: config->before refused; why is empty. */
MR_NODISCARD mr_status_t mr_backend_xrt_create(const mr_backend_xrt_config_t *config,
                                               mr_mmio_t *mmio, char *why, size_t why_bytes);

/* Why a device stopped answering: one line, or NULL when it has not or mmio belongs to another back
 * end. */
const char *mr_backend_xrt_fault(const mr_mmio_t *mmio);

#endif
