/* SPDX-License-Identifier: Apache-2.0 */
/* Back end "xrt": register accesses as requests to the helper process. */
#include "millrace/backend_xrt.h"

#include <stdlib.h>
#include <string.h>

#include "helper_process.h"
#include "millrace/regs.h"
#include "millrace/xclbin.h"

enum {
    ANSWER_MS = 30000, /* of a request; a transfer of 64 Ki words in emulation takes some seconds */
    WAIT_CYCLES_MAX = 65536
};
#define WINDOW_BYTES 0x10000u

typedef struct {
    mr_xrt_process_t process;
    uint32_t pairs; /* collected */
    uint32_t list[2u * MR_XRT_LINK_LIST_PAIRS];
} xrt_t;

static mr_status_t request(xrt_t *x, mr_xrt_link_op_t op, uint32_t addr, const uint32_t *words,
                           uint32_t n, uint32_t *out) {
    const mr_xrt_link_head_t head = {op, addr, n, 0};
    return mr_xrt_process_request(&x->process, &head, words, out, ANSWER_MS);
}

/* Sends what was collected. */
static mr_status_t flush(xrt_t *x) {
    const uint32_t pairs = x->pairs;
    x->pairs = 0;
    if (pairs == 0) {
        return MR_OK;
    }
    return request(x, MR_XRT_LINK_LIST, 0, x->list, 2u * pairs, NULL);
}

/* Writes that cannot be refused, or only in STATUS.bus_error: they need no answer of their own. */
static bool posted(uint32_t addr) {
    return (addr >= MR_WINDOW_BASE && addr - MR_WINDOW_BASE < WINDOW_BYTES) ||
           addr == MR_CHIP_BASE + MR_CHIP_MEM_TARGET_OFFSET ||
           addr == MR_CHIP_BASE + MR_CHIP_MEM_BASE_OFFSET;
}

static mr_status_t xrt_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    xrt_t *x = ctx;
    if (addr % 4u != 0) {
        return MR_ALIGN;
    }
    MR_TRY(flush(x));
    while (n > 0) {
        const uint32_t part = n < MR_XRT_LINK_WORDS_MAX ? (uint32_t)n : MR_XRT_LINK_WORDS_MAX;
        MR_TRY(request(x, MR_XRT_LINK_READ, addr, NULL, part, words));
        addr += 4u * part;
        words += part;
        n -= part;
    }
    return MR_OK;
}

static mr_status_t xrt_read32(void *ctx, uint32_t addr, uint32_t *value) {
    return xrt_read_block(ctx, addr, value, 1);
}

static mr_status_t xrt_write32(void *ctx, uint32_t addr, uint32_t value) {
    xrt_t *x = ctx;
    if (addr % 4u != 0) {
        return MR_ALIGN;
    }
    if (!posted(addr)) {
        MR_TRY(flush(x));
        return request(x, MR_XRT_LINK_WRITE, addr, &value, 1, NULL);
    }
    if (x->pairs == MR_XRT_LINK_LIST_PAIRS) {
        MR_TRY(flush(x));
    }
    x->list[2u * x->pairs] = addr;
    x->list[2u * x->pairs + 1u] = value;
    x->pairs++;
    return MR_OK;
}

static mr_status_t xrt_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        MR_TRY(xrt_write32(ctx, addr + 4u * (uint32_t)i, words[i]));
    }
    return MR_OK;
}

static mr_status_t xrt_wait(void *ctx, uint32_t cycles) {
    xrt_t *x = ctx;
    MR_TRY(flush(x));
    return request(x, MR_XRT_LINK_WAIT, cycles < WAIT_CYCLES_MAX ? cycles : WAIT_CYCLES_MAX, NULL,
                   0, NULL);
}

static void xrt_close(void *ctx) {
    xrt_t *x = ctx;
    mr_xrt_process_close(&x->process);
    free(x);
}

static const mr_mmio_ops_t ops = {xrt_read32,      xrt_write32, xrt_read_block,
                                  xrt_write_block, xrt_wait,    xrt_close};

/* The file has to be a kernel of ours before XRT gets it. */
static mr_status_t check_file(const char *path, bool emulation, mr_xclbin_info_t *info, char *why,
                              size_t why_bytes) {
    const char *wrong;
    const mr_status_t status = mr_xclbin_read(path, info, &wrong);
    if (status != MR_OK) {
        mr_xrt_text(why, why_bytes, "%s: %s", path, wrong);
        return status;
    }
    if (!mr_xclbin_ours(info, &wrong)) {
        mr_xrt_text(why, why_bytes, "%s: %s; give one that was built for millrace", path, wrong);
        return MR_IDENTITY;
    }
    if (emulation && (info->mode != MR_XCLBIN_MODE_HW_EMU || info->bitstream_bytes == 0)) {
        mr_xrt_text(why, why_bytes,
                    "%s holds no simulator: use --device xrt for a card or for emulation that was "
                    "set up by hand",
                    path);
        return MR_IDENTITY;
    }
    return MR_OK;
}

/* The chip has to be the one that the file promised. */
static mr_status_t check_chip(xrt_t *x, const char *path, const mr_xclbin_info_t *info, char *why,
                              size_t why_bytes) {
    uint32_t hash = 0;
    uint32_t version = 0;
    mr_status_t status = xrt_read32(x, MR_CHIP_BASE + MR_CHIP_GIT_HASH_OFFSET, &hash);
    if (status == MR_OK) {
        status = xrt_read32(x, MR_CHIP_BASE + MR_CHIP_VERSION_OFFSET, &version);
    }
    if (status != MR_OK) {
        const char *fault = mr_xrt_process_fault(&x->process);
        mr_xrt_text(why, why_bytes, "%s", fault != NULL ? fault : mr_status_text(status));
        return status;
    }
    if (hash != info->git_hash) {
        mr_xrt_text(why, why_bytes,
                    "the chip is of revision %08x, but %s promises %08x; load the right file",
                    (unsigned)hash, path, (unsigned)info->git_hash);
        return MR_IDENTITY;
    }
    if (version != info->version) {
        mr_xrt_text(why, why_bytes,
                    "the chip's registers are of version %u.%u, but %s promises %u.%u; load the "
                    "right file",
                    (unsigned)(version >> 16), (unsigned)(version & 0xFFFFu), path,
                    (unsigned)(info->version >> 16), (unsigned)(info->version & 0xFFFFu));
        return MR_IDENTITY;
    }
    return MR_OK;
}

mr_status_t mr_backend_xrt_create(const mr_backend_xrt_config_t *config, mr_mmio_t *mmio, char *why,
                                  size_t why_bytes) {
    mr_xclbin_info_t info;
    mr_xrt_files_t files;
    MR_TRY(mr_xrt_find_files(config, &files, why, why_bytes));
    MR_TRY(check_file(files.xclbin, config->emulation, &info, why, why_bytes));
    xrt_t *x = calloc(1, sizeof *x);
    if (x == NULL) {
        mr_xrt_text(why, why_bytes, "out of memory; close other programs");
        return MR_NO_MEMORY;
    }
    mr_status_t status = mr_xrt_process_open(&x->process, config, &files, why, why_bytes);
    if (status == MR_OK) {
        status = check_chip(x, files.xclbin, &info, why, why_bytes);
        if (status != MR_OK) {
            mr_xrt_process_close(&x->process);
        }
    }
    if (status != MR_OK) {
        free(x);
        return status;
    }
    *mmio = (mr_mmio_t){&ops, x};
    return MR_OK;
}

const char *mr_backend_xrt_fault(const mr_mmio_t *mmio) {
    return mmio->ops == &ops ? mr_xrt_process_fault(&((const xrt_t *)mmio->ctx)->process) : NULL;
}
