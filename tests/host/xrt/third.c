/* SPDX-License-Identifier: Apache-2.0 */
/* A program that knows XRT's public headers and the kernel's register map (docs/host.md), and
 * nothing else of this project. It loads the .xclbin so many times in one process, and each time
 * moves words through the chip's vector memory, by XRT's kernel run there and by registers back.
 *
 * Usage: third XCLBIN TIMES. Prints "PASS third" at the end.
 */
#include "kernel.h"

enum { WORDS = 1000 };

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
    check(xrtRunClose(run) == 0 && get(kernel, DMA_STATUS) == 0, "the transfer there failed");
    transfer(kernel, xrtBOAddress(back), WORDS, WINDOW, MODE_GET);
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
