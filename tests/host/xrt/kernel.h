/* SPDX-License-Identifier: Apache-2.0 */
/* What programs of someone else's know of the kernel: the tables of docs/host.md and of
 * docs/registers.md, and XRT's public headers. Nothing else of this project is used. */
#ifndef MR_TEST_XRT_KERNEL_H
#define MR_TEST_XRT_KERNEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <experimental/xrt_bo.h>
#include <experimental/xrt_device.h>
#include <experimental/xrt_kernel.h>

enum {
    /* the kernel */
    AP_CTRL = 0x00,
    AP_START = 1,
    AP_DONE = 2,
    MEMORY = 0x10,
    WORDS_AT = 0x1C,
    TARGET = 0x24,
    MODE = 0x2C,
    MODE_PUT = 0,
    MODE_GET = 1,
    MODE_LIST = 2,
    DMA_STATUS = 0x40,
    PAGE = 0x48,
    KERNEL_ID = 0x58,
    CHIP = 0x1000,
    CHIP_BYTES = 0x1000,
    /* the chip */
    CHIP_ID = 0x00,
    CHIP_MEM_TARGET = 0x60,
    CHIP_MEM_BASE = 0x64,
    VMEM = 1,
    WINDOW = 0x200000
};

static inline void check(int right, const char *what) {
    if (!right) {
        (void)fprintf(stderr, "third: %s\n", what);
        exit(1);
    }
}

static inline uint32_t get(xrtKernelHandle kernel, uint32_t offset) {
    uint32_t value = 0;
    check(xrtKernelReadRegister(kernel, offset, &value) == 0, "cannot read a register");
    return value;
}

static inline void put(xrtKernelHandle kernel, uint32_t offset, uint32_t value) {
    check(xrtKernelWriteRegister(kernel, offset, value) == 0, "cannot write a register");
}

/* Runs a transfer by the kernel's registers, without XRT's scheduler, which sleeps for a second. */
static inline void transfer(xrtKernelHandle kernel, uint64_t memory, uint32_t words,
                            uint32_t target, uint32_t mode) {
    uint32_t polls = 0;
    put(kernel, MEMORY, (uint32_t)memory);
    put(kernel, MEMORY + 4, (uint32_t)(memory >> 32));
    put(kernel, WORDS_AT, words);
    put(kernel, TARGET, target);
    put(kernel, MODE, mode);
    put(kernel, AP_CTRL, AP_START);
    while ((get(kernel, AP_CTRL) & AP_DONE) == 0) {
        check(++polls < 1000000u, "a transfer does not end");
    }
    check(get(kernel, DMA_STATUS) == 0, "a transfer failed");
}

#endif
