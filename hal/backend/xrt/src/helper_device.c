/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel through XRT's native C API. */
#include "helper_device.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <experimental/xrt_bo.h>
#include <experimental/xrt_device.h>
#include <experimental/xrt_kernel.h>
#include <xrt.h>

#include "millrace/regs.h"
#include "millrace/xrt_card.h"
#include "xrt_link.h"

enum {
    BUFFER_BYTES = 4 * MR_XRT_LINK_WORDS_MAX,
    DMA_WORDS_MIN = 12,   /* fewer are quicker one by one */
    DMA_CLOCKS_MIN = 4096 /* time for a transfer, beside that for its words */
};
#define NO_PAGE UINT32_MAX
#define DMA_CLOCKS_WORD 64u
#define ADDRESS_END 0x1000000u

static bool kernel_read(const mr_xrt_device_t *d, uint32_t offset, uint32_t *value) {
    return xrtKernelReadRegister(d->kernel, offset, value) == 0;
}

static bool kernel_write(const mr_xrt_device_t *d, uint32_t offset, uint32_t value) {
    return xrtKernelWriteRegister(d->kernel, offset, value) == 0;
}

/* Last line of what XRT printed. */
static void last_line(const char *folder, char *line, size_t n) {
    char path[PATH_MAX];
    char next[512];
    (void)snprintf(path, sizeof path, "%s/xrt.log", folder);
    FILE *log = fopen(path, "r");
    line[0] = '\0';
    while (log != NULL && fgets(next, sizeof next, log) != NULL) {
        next[strcspn(next, "\r\n")] = '\0';
        if (next[0] != '\0') {
            (void)snprintf(line, n, "%.*s", (int)n - 1, next);
        }
    }
    if (log != NULL) {
        (void)fclose(log);
    }
}

static mr_status_t failed(const mr_xrt_device_t *d, const char *folder, const char *what, char *why,
                          size_t why_bytes) {
    char line[128];
    (void)d;
    (void)fflush(NULL);
    last_line(folder, line, sizeof line);
    (void)snprintf(why, why_bytes, "XRT cannot %s%s%s", what, line[0] != '\0' ? ": " : "", line);
    return MR_IO;
}

mr_status_t mr_xrt_device_open(mr_xrt_device_t *d, const char *folder, char *why,
                               size_t why_bytes) {
    memset(d, 0, sizeof *d);
    d->page = NO_PAGE;
    d->wait_cycles = UINT32_MAX;
    mr_xrt_helper_progress("XRT opens the device");
    d->device = xrtDeviceOpen(0);
    if (d->device == NULL) {
        return failed(d, folder, "open a device", why, why_bytes);
    }
    return MR_OK;
}

/* XRT's C API has no call for a device's name; the library that drives the device has one. */
static void take_name(const mr_xrt_device_t *d, char name[MR_XRT_NAME_BYTES]) {
    struct xclDeviceInfo2 info;
    int (*get_info)(void *, struct xclDeviceInfo2 *) = NULL;
    void *const symbol = dlsym(RTLD_DEFAULT, "xclGetDeviceInfo2");
    memcpy(&get_info, &symbol, sizeof symbol);
    memset(&info, 0, sizeof info);
    name[0] = '\0';
    if (get_info != NULL && get_info(xrtDeviceToXclDevice(d->device), &info) == 0) {
        (void)snprintf(name, MR_XRT_NAME_BYTES, "%.*s", MR_XRT_NAME_BYTES - 1, info.mName);
    }
}

/* Reads the identity of a kernel of ours that is on the card already, if nobody else has it. */
static void look_at_kernel(mr_xrt_device_t *d, const xuid_t uuid, mr_xrt_present_t *present) {
    static const uint32_t at[] = {MR_CHIP_BASE + MR_CHIP_GIT_HASH_OFFSET,
                                  MR_CHIP_BASE + MR_CHIP_VERSION_OFFSET};
    uint32_t id = 0;
    uint32_t version = 0;
    d->kernel = xrtPLKernelOpenExclusive(d->device, uuid, MR_XRT_KERNEL_NAME);
    if (d->kernel == NULL) {
        return;
    }
    if (kernel_read(d, MR_XRT_KERNEL_ID, &id) && kernel_read(d, MR_XRT_KERNEL_VERSION, &version) &&
        id == MR_XRT_KERNEL_ID_VALUE && version >> 16 == MR_XRT_KERNEL_MAJOR) {
        present->identified = mr_xrt_device_read(d, at[0], &present->git_hash, 1) == MR_OK &&
                              mr_xrt_device_read(d, at[1], &present->version, 1) == MR_OK;
    }
    (void)xrtKernelClose(d->kernel);
    d->kernel = NULL;
    d->page = NO_PAGE;
}

void mr_xrt_device_look(mr_xrt_device_t *d, mr_xrt_present_t *present) {
    static const uint8_t none[sizeof present->uuid];
    xuid_t uuid;
    memset(present, 0, sizeof *present);
    take_name(d, present->name);
    if (xrtDeviceGetXclbinUUID(d->device, uuid) != 0 || memcmp(uuid, none, sizeof none) == 0) {
        return;
    }
    present->loaded = true;
    memcpy(present->uuid, uuid, sizeof present->uuid);
    look_at_kernel(d, uuid, present);
}

mr_status_t mr_xrt_device_load(mr_xrt_device_t *d, const char *folder, const char *xclbin,
                               char *why, size_t why_bytes) {
    xuid_t uuid;
    uint32_t id = 0;
    uint32_t version = 0;
    mr_xrt_helper_progress("XRT loads the .xclbin (in emulation it sleeps for 10 s here)");
    if (xrtDeviceLoadXclbinFile(d->device, xclbin) != 0 ||
        xrtDeviceGetXclbinUUID(d->device, uuid) != 0) {
        return failed(d, folder, "load the .xclbin", why, why_bytes);
    }
    d->kernel = xrtPLKernelOpenExclusive(d->device, uuid, MR_XRT_KERNEL_NAME);
    if (d->kernel == NULL) {
        return failed(d, folder, "open the kernel; does another program use it?", why, why_bytes);
    }
    d->buffer =
        xrtBOAlloc(d->device, BUFFER_BYTES, 0, (xrtMemoryGroup)xrtKernelArgGroupId(d->kernel, 0));
    d->memory = d->buffer != NULL ? xrtBOMap(d->buffer) : NULL;
    if (d->memory == NULL) {
        return failed(d, folder, "get memory of the card", why, why_bytes);
    }
    d->address = xrtBOAddress(d->buffer);
    if (!kernel_read(d, MR_XRT_KERNEL_ID, &id) ||
        !kernel_read(d, MR_XRT_KERNEL_VERSION, &version)) {
        return failed(d, folder, "read the kernel's registers", why, why_bytes);
    }
    if (id != MR_XRT_KERNEL_ID_VALUE || version >> 16 != MR_XRT_KERNEL_MAJOR) {
        (void)snprintf(why, why_bytes,
                       "the kernel's registers say %08x, version %u.%u: it is no "
                       "millrace kernel of version %d",
                       (unsigned)id, (unsigned)(version >> 16), (unsigned)(version & 0xFFFFu),
                       MR_XRT_KERNEL_MAJOR);
        return MR_IDENTITY;
    }
    return MR_OK;
}

void mr_xrt_device_close(mr_xrt_device_t *d) {
    if (d->buffer != NULL) {
        (void)xrtBOFree(d->buffer);
    }
    if (d->kernel != NULL) {
        (void)xrtKernelClose(d->kernel);
    }
    (void)xrtDeviceClose(d->device);
}

/* Makes the chip's register at addr visible; *offset: where in the kernel. */
static bool show(mr_xrt_device_t *d, uint32_t addr, uint32_t *offset) {
    const uint32_t page = addr / MR_XRT_CHIP_BYTES;
    *offset = MR_XRT_CHIP + addr % MR_XRT_CHIP_BYTES;
    if (page == d->page) {
        return true;
    }
    d->page = page;
    return kernel_write(d, MR_XRT_PAGE, page);
}

/* What the chip's bus answered since the last look. */
static mr_status_t bus_status(const mr_xrt_device_t *d) {
    uint32_t status;
    if (!kernel_read(d, MR_XRT_BUS_STATUS, &status)) {
        return MR_IO;
    }
    if (status == 0) {
        return MR_OK;
    }
    return kernel_write(d, MR_XRT_BUS_STATUS, status) ? MR_DEVICE : MR_IO;
}

/* Lets up to `cycles` pass; *irq: the interrupt came. */
static mr_status_t pass(mr_xrt_device_t *d, uint32_t cycles, uint32_t *clock, bool *irq) {
    const uint32_t part = cycles < MR_XRT_WAIT_CYCLES_MAX ? cycles : MR_XRT_WAIT_CYCLES_MAX;
    uint32_t wait;
    if (part != d->wait_cycles && !kernel_write(d, MR_XRT_WAIT_CYCLES, part)) {
        return MR_IO;
    }
    d->wait_cycles = part;
    if (!kernel_read(d, MR_XRT_WAIT, &wait)) {
        return MR_IO;
    }
    *irq = (wait & MR_XRT_WAIT_IRQ) != 0;
    *clock = wait & ~MR_XRT_WAIT_IRQ;
    return MR_OK;
}

/* Runs a transfer between the buffer and the chip to its end. */
static mr_status_t transfer(mr_xrt_device_t *d, uint32_t mode, uint32_t target, uint32_t words) {
    uint32_t first = 0;
    uint32_t clock = 0;
    uint32_t status = 0;
    uint32_t control = 0;
    bool irq;
    if (!kernel_write(d, MR_XRT_MEMORY, (uint32_t)d->address) ||
        !kernel_write(d, MR_XRT_MEMORY + 4, (uint32_t)(d->address >> 32)) ||
        !kernel_write(d, MR_XRT_WORDS, words) || !kernel_write(d, MR_XRT_TARGET, target) ||
        !kernel_write(d, MR_XRT_MODE, mode) ||
        !kernel_write(d, MR_XRT_AP_CTRL, MR_XRT_AP_CTRL_START)) {
        return MR_IO;
    }
    const uint64_t limit = DMA_CLOCKS_MIN + (uint64_t)words * DMA_CLOCKS_WORD;
    MR_TRY(pass(d, 0, &first, &irq));
    while ((control & MR_XRT_AP_CTRL_DONE) == 0) {
        MR_TRY(pass(d, MR_XRT_WAIT_CYCLES_MAX, &clock, &irq));
        if (!kernel_read(d, MR_XRT_AP_CTRL, &control)) {
            return MR_IO;
        }
        if ((control & MR_XRT_AP_CTRL_DONE) == 0 && ((clock - first) & ~MR_XRT_WAIT_IRQ) > limit) {
            return MR_TIMEOUT;
        }
    }
    if (!kernel_read(d, MR_XRT_DMA_STATUS, &status)) {
        return MR_IO;
    }
    if ((status & MR_XRT_DMA_STATUS_CHIP) != 0) {
        return MR_DEVICE;
    }
    return status == 0 ? MR_OK : MR_IO;
}

static bool sync(const mr_xrt_device_t *d, enum xclBOSyncDirection direction, uint32_t words) {
    return xrtBOSync(d->buffer, direction, words * sizeof *d->memory, 0) == 0;
}

mr_status_t mr_xrt_device_read(mr_xrt_device_t *d, uint32_t addr, uint32_t *words, uint32_t n) {
    if (addr >= ADDRESS_END || n > (ADDRESS_END - addr) / 4u) {
        return MR_DEVICE;
    }
    if (n >= DMA_WORDS_MIN) {
        MR_TRY(transfer(d, MR_XRT_MODE_GET, addr, n));
        if (!sync(d, XCL_BO_SYNC_BO_FROM_DEVICE, n)) {
            return MR_IO;
        }
        memcpy(words, d->memory, n * sizeof *words);
        return MR_OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t offset;
        if (!show(d, addr + 4u * i, &offset) || !kernel_read(d, offset, &words[i])) {
            return MR_IO;
        }
    }
    return bus_status(d);
}

mr_status_t mr_xrt_device_write(mr_xrt_device_t *d, uint32_t addr, const uint32_t *words,
                                uint32_t n) {
    if (addr >= ADDRESS_END || n > (ADDRESS_END - addr) / 4u) {
        return MR_DEVICE;
    }
    if (n >= DMA_WORDS_MIN) {
        memcpy(d->memory, words, n * sizeof *words);
        if (!sync(d, XCL_BO_SYNC_BO_TO_DEVICE, n)) {
            return MR_IO;
        }
        return transfer(d, MR_XRT_MODE_PUT, addr, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t offset;
        if (!show(d, addr + 4u * i, &offset) || !kernel_write(d, offset, words[i])) {
            return MR_IO;
        }
    }
    return bus_status(d);
}

mr_status_t mr_xrt_device_list(mr_xrt_device_t *d, const uint32_t *pairs, uint32_t n) {
    memcpy(d->memory, pairs, 2u * n * sizeof *pairs);
    if (!sync(d, XCL_BO_SYNC_BO_TO_DEVICE, 2u * n)) {
        return MR_IO;
    }
    return transfer(d, MR_XRT_MODE_LIST, 0, n);
}

mr_status_t mr_xrt_device_wait(mr_xrt_device_t *d, uint32_t cycles) {
    uint32_t left = cycles;
    bool irq = false;
    while (left > 0 && !irq) {
        uint32_t clock;
        MR_TRY(pass(d, left, &clock, &irq));
        left -= left < MR_XRT_WAIT_CYCLES_MAX ? left : MR_XRT_WAIT_CYCLES_MAX;
    }
    return MR_OK;
}
