/* SPDX-License-Identifier: Apache-2.0 */
/* A program that knows XRT's public headers and the kernel's register map (docs/host.md), and
 * nothing else of this project. It loads the .xclbin so many times in one process, and each time
 * moves words through the chip's vector memory, by XRT's kernel run there and by registers back.
 *
 * Usage: third XCLBIN TIMES. Prints "PASS third" at the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <experimental/xrt_bo.h>
#include <experimental/xrt_device.h>
#include <experimental/xrt_kernel.h>

enum {
    WORDS = 1000,
    AP_CTRL = 0x00,
    MEMORY = 0x10,
    WORDS_AT = 0x1C,
    TARGET = 0x24,
    MODE = 0x2C,
    STATUS = 0x40,
    PAGE = 0x48,
    KERNEL_ID = 0x58,
    CHIP = 0x1000,
    MODE_PUT = 0,
    MODE_GET = 1,
    WINDOW = 0x200000,
    /* of the chip, page 0 */
    CHIP_ID = 0x00,
    CHIP_MEM_TARGET = 0x60,
    CHIP_MEM_BASE = 0x64,
    VMEM = 1
};

static void check(int right, const char *what) {
    if (!right) {
        (void)fprintf(stderr, "third: %s\n", what);
        exit(1);
    }
}

static uint32_t get(xrtKernelHandle kernel, uint32_t offset) {
    uint32_t value = 0;
    check(xrtKernelReadRegister(kernel, offset, &value) == 0, "cannot read a register");
    return value;
}

static void put(xrtKernelHandle kernel, uint32_t offset, uint32_t value) {
    check(xrtKernelWriteRegister(kernel, offset, value) == 0, "cannot write a register");
}

static void move_words(xrtDeviceHandle device, xrtKernelHandle kernel, uint32_t seed) {
    const xrtMemoryGroup bank = (xrtMemoryGroup)xrtKernelArgGroupId(kernel, 0);
    xrtBufferHandle there = xrtBOAlloc(device, WORDS * 4, 0, bank);
    xrtBufferHandle back = xrtBOAlloc(device, WORDS * 4, 0, bank);
    check(there != NULL && back != NULL, "no memory");
    uint32_t *out = xrtBOMap(there);
    uint32_t *in = xrtBOMap(back);
    for (uint32_t i = 0; i < WORDS; i++) {
        out[i] = (i + 1u) * 2654435761u + seed;
        in[i] = 0;
    }
    check(xrtBOSync(there, XCL_BO_SYNC_BO_TO_DEVICE, WORDS * 4, 0) == 0, "cannot sync");
    put(kernel, PAGE, 0);
    put(kernel, CHIP + CHIP_MEM_TARGET, VMEM);
    put(kernel, CHIP + CHIP_MEM_BASE, 0);
    xrtRunHandle run = xrtKernelRun(kernel, there, WORDS, WINDOW, MODE_PUT);
    check(run != NULL && xrtRunWait(run) == ERT_CMD_STATE_COMPLETED, "no run");
    check(xrtRunClose(run) == 0 && get(kernel, STATUS) == 0, "the transfer there failed");
    const uint64_t address = xrtBOAddress(back);
    put(kernel, MEMORY, (uint32_t)address);
    put(kernel, MEMORY + 4, (uint32_t)(address >> 32));
    put(kernel, WORDS_AT, WORDS);
    put(kernel, TARGET, WINDOW);
    put(kernel, MODE, MODE_GET);
    put(kernel, AP_CTRL, 1);
    uint32_t polls = 0;
    while ((get(kernel, AP_CTRL) & 2u) == 0) {
        check(++polls < 1000000u, "the transfer back does not end");
    }
    check(get(kernel, STATUS) == 0, "the transfer back failed");
    check(xrtBOSync(back, XCL_BO_SYNC_BO_FROM_DEVICE, WORDS * 4, 0) == 0, "cannot sync back");
    for (uint32_t i = 0; i < WORDS; i++) {
        check(in[i] == out[i], "a word came back changed");
    }
    check(xrtBOFree(there) == 0 && xrtBOFree(back) == 0, "cannot free");
}

int main(int argc, char **argv) {
    check(argc == 3, "usage: third XCLBIN TIMES");
    const long times = strtol(argv[2], NULL, 10);
    xrtDeviceHandle device = xrtDeviceOpen(0);
    check(device != NULL, "no device");
    for (long i = 0; i < times; i++) {
        xuid_t uuid;
        check(xrtDeviceLoadXclbinFile(device, argv[1]) == 0, "cannot load");
        check(xrtDeviceGetXclbinUUID(device, uuid) == 0, "no uuid");
        xrtKernelHandle kernel = xrtPLKernelOpenExclusive(device, uuid, "millrace");
        check(kernel != NULL, "no kernel");
        check(get(kernel, KERNEL_ID) == 0x4B58524Du, "another kernel");
        put(kernel, PAGE, 0);
        (void)printf("load %ld: chip %08x\n", i + 1, (unsigned)get(kernel, CHIP + CHIP_ID));
        (void)fflush(stdout);
        move_words(device, kernel, (uint32_t)i);
        check(xrtKernelClose(kernel) == 0, "cannot close the kernel");
    }
    check(xrtDeviceClose(device) == 0, "cannot close the device");
    (void)printf("PASS third\n");
    return 0;
}
