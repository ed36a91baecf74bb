/* SPDX-License-Identifier: Apache-2.0 */
/* Where things stand in an .xclbin: little-endian, offsets in bytes. */
#ifndef MR_XCLBIN_LAYOUT_H
#define MR_XCLBIN_LAYOUT_H

#define XCLBIN_MAGIC "xclbin2"

enum {
    XCLBIN_SIGNATURE_AT = 8, /* -1: not signed */
    XCLBIN_RESERVED_AT = 12, /* ones up to XCLBIN_ID_AT */
    XCLBIN_ID_AT = 296,
    XCLBIN_LENGTH_AT = 304,
    XCLBIN_VERSION_AT = 330,
    XCLBIN_MODE_AT = 332,
    XCLBIN_PLATFORM_AT = 352,
    XCLBIN_UUID_AT = 416,
    XCLBIN_COUNT_AT = 448,
    XCLBIN_TABLE_AT = 456,
    XCLBIN_ENTRY_BYTES = 40,
    XCLBIN_ENTRY_NAME_AT = 4,
    XCLBIN_ENTRY_OFFSET_AT = 24,
    XCLBIN_ENTRY_SIZE_AT = 32,
    /* kinds of sections */
    XCLBIN_BITSTREAM = 0,
    XCLBIN_EMBEDDED_METADATA = 2,
    XCLBIN_MEM_TOPOLOGY = 6,
    XCLBIN_CONNECTIVITY = 7,
    XCLBIN_IP_LAYOUT = 8,
    XCLBIN_USER_METADATA = 16,
    /* lists inside sections */
    XCLBIN_IP_AT = 8,
    XCLBIN_IP_BYTES = 80,
    XCLBIN_IP_KERNEL = 1,
    XCLBIN_MEM_AT = 8,
    XCLBIN_MEM_BYTES = 40,
    XCLBIN_MEM_DDR4 = 1
};

/* USER_METADATA: our notes about the kernel, JSON: these four with 8 hex digits, 8 more and a name
 * between them. */
#define XCLBIN_NOTES_HASH "{\"millrace\": {\"git_hash\": \""
#define XCLBIN_NOTES_VERSION "\", \"version\": \""
#define XCLBIN_NOTES_CHIP "\", \"chip\": \""
#define XCLBIN_NOTES_END "\"}}\n"

#endif
