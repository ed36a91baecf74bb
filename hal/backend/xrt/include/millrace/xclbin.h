/* SPDX-License-Identifier: Apache-2.0 */
/* The container .xclbin of XRT: writes one for the emulated card, and reads what any says about its
 * kernel. Independent of XRT's own libraries and headers. No state.
 */
#ifndef MR_XCLBIN_H
#define MR_XCLBIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/status.h"

enum { MR_XCLBIN_MODE_HW_EMU = 4, MR_XCLBIN_NAME_BYTES = 65 };

/* What a file says; texts end with 0. */
typedef struct {
    uint8_t uuid[16];
    uint16_t mode; /* XRT's number: 4 is hw_emu, 0 a board */
    char platform[MR_XCLBIN_NAME_BYTES];
    char kernel[MR_XCLBIN_NAME_BYTES]; /* "kernel:instance" of the first kernel; "": none */
    uint64_t kernel_base;
    char bank[MR_XCLBIN_NAME_BYTES]; /* the first memory bank in use; "": none */
    uint64_t memory_base, memory_bytes;
    bool millrace;     /* the file is one of ours: the next three tell something */
    uint32_t git_hash; /* source revision of the kernel; 0: not known */
    uint32_t version;  /* register VERSION of its chip */
    char chip[MR_XCLBIN_NAME_BYTES];
    uint64_t bitstream_bytes; /* bitstream, or simulator of an emulation; 0: none */
    uint32_t sections;
} mr_xclbin_info_t;

/* Reads a file's bytes. On error *why tells what is wrong.
 * @return MR_OK; MR_FORMAT: not an .xclbin, truncated, or inconsistent. */
MR_NODISCARD mr_status_t mr_xclbin_parse(const uint8_t *bytes, size_t n, mr_xclbin_info_t *info,
                                         const char **why);

/* mr_xclbin_parse of a file. @return as there, and MR_IO, MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_xclbin_read(const char *path, mr_xclbin_info_t *info, const char **why);

/* Whether a file is for this software: its kernel is ours. *why tells when not. */
bool mr_xclbin_ours(const mr_xclbin_info_t *info, const char **why);

typedef struct {
    const char *chip; /* name of the simulated chip */
    uint32_t git_hash;
    const uint8_t *simulator; /* program for emulation; NULL: XRT finds it elsewhere */
    size_t simulator_bytes;
} mr_xclbin_config_t;

/* Writes the file of the emulated card (xrt_card.h). The same config gives the same bytes; the UUID
 * is a hash of what the file holds. *out is the caller's, to be freed.
 * @return MR_OK; MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_xclbin_build(const mr_xclbin_config_t *config, uint8_t **out,
                                         size_t *n);

#endif
