/* SPDX-License-Identifier: Apache-2.0 */
/* What the .xclbin tells XRT about the emulated card, and its simulator answers to (one kernel, one
 * memory bank; addresses and sizes in bytes), and the kernel's registers (rtl/xrt/mr_xrt_shell.sv).
 */
#ifndef MR_XRT_CARD_H
#define MR_XRT_CARD_H

#include <stdint.h>

#define MR_XRT_PLATFORM "millrace_emulation_1"
#define MR_XRT_KERNEL_NAME "millrace"
#define MR_XRT_KERNEL_INSTANCE "millrace_1"
#define MR_XRT_KERNEL_BASE UINT64_C(0x1800000)
#define MR_XRT_KERNEL_BYTES 0x10000u
#define MR_XRT_MEMORY_BASE UINT64_C(0x400000000)
#define MR_XRT_MEMORY_BYTES 0x4000000u

enum {
    MR_XRT_AP_CTRL = 0x00,
    MR_XRT_AP_CTRL_START = 1,
    MR_XRT_AP_CTRL_DONE = 2,
    MR_XRT_AP_CTRL_IDLE = 4,
    MR_XRT_MEMORY = 0x10, /* two words */
    MR_XRT_WORDS = 0x1C,
    MR_XRT_TARGET = 0x24,
    MR_XRT_MODE = 0x2C,
    MR_XRT_MODE_PUT = 0,  /* memory to the chip's registers */
    MR_XRT_MODE_GET = 1,  /* the chip's registers to memory */
    MR_XRT_MODE_LIST = 2, /* pairs {address, data} in memory to the chip's registers */
    MR_XRT_DMA_STATUS = 0x40,
    MR_XRT_DMA_STATUS_BUSY = 1,
    MR_XRT_DMA_STATUS_JOB = 0x10,
    MR_XRT_DMA_STATUS_READ = 0x20,
    MR_XRT_DMA_STATUS_WRITE = 0x40,
    MR_XRT_DMA_STATUS_CHIP = 0x80,
    MR_XRT_DMA_MOVED = 0x44,
    MR_XRT_PAGE = 0x48,
    MR_XRT_BUS_STATUS = 0x4C,
    MR_XRT_WAIT_CYCLES = 0x50,
    MR_XRT_WAIT_CYCLES_MAX = 1023,
    MR_XRT_WAIT = 0x54,
    MR_XRT_KERNEL_ID = 0x58,
    MR_XRT_KERNEL_ID_VALUE = 0x4B58524D, /* "MRXK" */
    MR_XRT_KERNEL_VERSION = 0x5C,
    MR_XRT_KERNEL_MAJOR = 1, /* bits 31:16; another one is not compatible */
    MR_XRT_CHIP = 0x1000,    /* a page of the chip's registers */
    MR_XRT_CHIP_BYTES = 0x1000
};

#define MR_XRT_WAIT_IRQ 0x80000000u /* of MR_XRT_WAIT; below it clocks */

#endif
