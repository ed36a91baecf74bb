/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel through XRT's native C API, as the helper uses it. Statuses as in mmio.h; MR_IO: XRT
 * failed. One thread. */
#ifndef MR_XRT_HELPER_DEVICE_H
#define MR_XRT_HELPER_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/backend_xrt.h"
#include "millrace/status.h"

typedef struct {
    void *device, *kernel, *buffer; /* XRT's handles */
    uint32_t *memory;               /* the buffer's words in this process */
    uint64_t address;               /* and in the card's memory */
    uint32_t page;                  /* of the chip's registers, as the kernel has it */
    uint32_t wait_cycles;
} mr_xrt_device_t;

/* What takes long, told to the back end. */
void mr_xrt_helper_progress(const char *text);

/* Opens device 0 of XRT; nothing is loaded. */
mr_status_t mr_xrt_device_open(mr_xrt_device_t *d, const char *folder, char *why, size_t why_bytes);

/* What the device is, and what it has before anything is loaded. */
void mr_xrt_device_look(mr_xrt_device_t *d, mr_xrt_present_t *present);

mr_status_t mr_xrt_device_load(mr_xrt_device_t *d, const char *folder, const char *xclbin,
                               char *why, size_t why_bytes);
void mr_xrt_device_close(mr_xrt_device_t *d);
mr_status_t mr_xrt_device_read(mr_xrt_device_t *d, uint32_t addr, uint32_t *words, uint32_t n);
mr_status_t mr_xrt_device_write(mr_xrt_device_t *d, uint32_t addr, const uint32_t *words,
                                uint32_t n);
/* n pairs {address, data}. */
mr_status_t mr_xrt_device_list(mr_xrt_device_t *d, const uint32_t *pairs, uint32_t n);
mr_status_t mr_xrt_device_wait(mr_xrt_device_t *d, uint32_t cycles);

#endif
