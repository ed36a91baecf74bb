/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an .xclbin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/xclbin.h"
#include "millrace/xrt_card.h"
#include "xclbin_layout.h"

typedef struct {
    const uint8_t *bytes;
    size_t n;
} span_t;

static uint64_t little(const uint8_t *bytes, unsigned n) {
    uint64_t value = 0;
    while (n > 0) {
        value = value << 8 | bytes[--n];
    }
    return value;
}

static uint32_t u32(const uint8_t *bytes) {
    return (uint32_t)little(bytes, 4);
}

/* Takes a text field that may fill all of its bytes. */
static void text(char out[MR_XCLBIN_NAME_BYTES], const uint8_t *bytes, size_t n) {
    memcpy(out, bytes, n);
    out[n] = '\0';
}

static bool find(span_t file, uint32_t kind, span_t *section) {
    const uint32_t count = u32(file.bytes + XCLBIN_COUNT_AT);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = file.bytes + XCLBIN_TABLE_AT + (size_t)i * XCLBIN_ENTRY_BYTES;
        if (u32(entry) == kind) {
            section->bytes = file.bytes + little(entry + XCLBIN_ENTRY_OFFSET_AT, 8);
            section->n = (size_t)little(entry + XCLBIN_ENTRY_SIZE_AT, 8);
            return true;
        }
    }
    return false;
}

static const char *check_table(span_t file) {
    if (file.n < XCLBIN_TABLE_AT || memcmp(file.bytes, XCLBIN_MAGIC, 8) != 0) {
        return "this is no .xclbin file";
    }
    const uint32_t count = u32(file.bytes + XCLBIN_COUNT_AT);
    if (little(file.bytes + XCLBIN_LENGTH_AT, 8) != file.n) {
        return "the file is truncated, or something was added: its length is not the one it states";
    }
    if (count == 0 || count > (file.n - XCLBIN_TABLE_AT) / XCLBIN_ENTRY_BYTES) {
        return "its table of sections does not fit into the file";
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = file.bytes + XCLBIN_TABLE_AT + (size_t)i * XCLBIN_ENTRY_BYTES;
        const uint64_t offset = little(entry + XCLBIN_ENTRY_OFFSET_AT, 8);
        const uint64_t size = little(entry + XCLBIN_ENTRY_SIZE_AT, 8);
        if (offset > file.n || size > file.n - offset) {
            return "a section lies outside the file";
        }
    }
    return NULL;
}

/* First kernel of the IP_LAYOUT. */
static const char *read_kernel(span_t file, mr_xclbin_info_t *info) {
    span_t s;
    if (!find(file, XCLBIN_IP_LAYOUT, &s)) {
        return NULL;
    }
    if (s.n < XCLBIN_IP_AT || u32(s.bytes) > (s.n - XCLBIN_IP_AT) / XCLBIN_IP_BYTES) {
        return "its list of kernels is cut off";
    }
    for (uint32_t i = 0; i < u32(s.bytes); i++) {
        const uint8_t *ip = s.bytes + XCLBIN_IP_AT + (size_t)i * XCLBIN_IP_BYTES;
        if (u32(ip) == XCLBIN_IP_KERNEL) {
            info->kernel_base = little(ip + 8, 8);
            text(info->kernel, ip + 16, 64);
            return NULL;
        }
    }
    return NULL;
}

/* First bank in use of the MEM_TOPOLOGY. */
static const char *read_bank(span_t file, mr_xclbin_info_t *info) {
    span_t s;
    if (!find(file, XCLBIN_MEM_TOPOLOGY, &s)) {
        return NULL;
    }
    if (s.n < XCLBIN_MEM_AT || u32(s.bytes) > (s.n - XCLBIN_MEM_AT) / XCLBIN_MEM_BYTES) {
        return "its list of memory banks is cut off";
    }
    for (uint32_t i = 0; i < u32(s.bytes); i++) {
        const uint8_t *bank = s.bytes + XCLBIN_MEM_AT + (size_t)i * XCLBIN_MEM_BYTES;
        if (bank[1] != 0) {
            info->memory_bytes = little(bank + 8, 8) * 1024u;
            info->memory_base = little(bank + 16, 8);
            text(info->bank, bank + 24, 16);
            return NULL;
        }
    }
    return NULL;
}

/* Takes a text off *at; false: something else stands there. */
static bool skip(const char **at, const char *expected) {
    const size_t n = strlen(expected);
    const bool there = strncmp(*at, expected, n) == 0;
    *at += there ? n : 0;
    return there;
}

/* Takes eight hex digits off *at, between two texts; false: something else stands there. */
static bool take_word(const char **at, const char *before, uint32_t *word) {
    char *end;
    if (!skip(at, before)) {
        return false;
    }
    const unsigned long value = strtoul(*at, &end, 16);
    const bool whole = end == *at + 8;
    *at = end;
    *word = (uint32_t)value;
    return whole;
}

/* Our own notes, in the form in which xclbin_write.c has them. */
static void read_notes(span_t file, mr_xclbin_info_t *info) {
    span_t s;
    char notes[256];
    const char *at = notes;
    uint32_t hash;
    uint32_t version;
    if (!find(file, XCLBIN_USER_METADATA, &s) || s.n >= sizeof notes) {
        return;
    }
    memcpy(notes, s.bytes, s.n);
    notes[s.n] = '\0';
    if (!take_word(&at, XCLBIN_NOTES_HASH, &hash) ||
        !take_word(&at, XCLBIN_NOTES_VERSION, &version) || !skip(&at, XCLBIN_NOTES_CHIP)) {
        return;
    }
    const size_t n = strcspn(at, "\"");
    if (n == 0 || n >= MR_XCLBIN_NAME_BYTES) {
        return;
    }
    text(info->chip, (const uint8_t *)at, n);
    at += n;
    info->millrace = skip(&at, XCLBIN_NOTES_END) && *at == '\0';
    info->git_hash = info->millrace ? hash : 0;
    info->version = info->millrace ? version : 0;
}

mr_status_t mr_xclbin_parse(const uint8_t *bytes, size_t n, mr_xclbin_info_t *info,
                            const char **why) {
    const span_t file = {bytes, n};
    span_t bitstream;
    memset(info, 0, sizeof *info);
    *why = check_table(file);
    if (*why != NULL) {
        return MR_FORMAT;
    }
    memcpy(info->uuid, bytes + XCLBIN_UUID_AT, sizeof info->uuid);
    info->mode = (uint16_t)little(bytes + XCLBIN_MODE_AT, 2);
    text(info->platform, bytes + XCLBIN_PLATFORM_AT, 64);
    info->sections = u32(bytes + XCLBIN_COUNT_AT);
    if (find(file, XCLBIN_BITSTREAM, &bitstream)) {
        info->bitstream_bytes = bitstream.n;
    }
    *why = read_kernel(file, info);
    *why = *why != NULL ? *why : read_bank(file, info);
    read_notes(file, info);
    return *why == NULL ? MR_OK : MR_FORMAT;
}

static mr_status_t read_all(FILE *file, uint8_t **bytes, size_t *n, const char **why) {
    long end = -1;
    *why = "the file cannot be read";
    if (fseek(file, 0, SEEK_END) == 0) {
        end = ftell(file);
    }
    if (end < 0 || fseek(file, 0, SEEK_SET) != 0) {
        return MR_IO;
    }
    *n = (size_t)end;
    *bytes = malloc(*n + 1u);
    if (*bytes == NULL) {
        *why = "out of memory";
        return MR_NO_MEMORY;
    }
    return fread(*bytes, 1, *n, file) == *n ? MR_OK : MR_IO;
}

mr_status_t mr_xclbin_read(const char *path, mr_xclbin_info_t *info, const char **why) {
    uint8_t *bytes = NULL;
    size_t n = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        *why = "the file cannot be opened";
        return MR_IO;
    }
    mr_status_t status = read_all(file, &bytes, &n, why);
    (void)fclose(file);
    if (status == MR_OK) {
        status = mr_xclbin_parse(bytes, n, info, why);
    }
    free(bytes);
    return status;
}

bool mr_xclbin_ours(const mr_xclbin_info_t *info, const char **why) {
    const size_t n = strlen(MR_XRT_KERNEL_NAME);
    *why = NULL;
    if (info->kernel[0] == '\0') {
        *why = "it has no kernel";
    } else if (strncmp(info->kernel, MR_XRT_KERNEL_NAME, n) != 0 || info->kernel[n] != ':') {
        *why = "it has another kernel than " MR_XRT_KERNEL_NAME;
    } else if (!info->millrace) {
        *why = "it does not say which revision of " MR_XRT_KERNEL_NAME " it holds";
    } else if (info->bank[0] == '\0') {
        *why = "it has no memory";
    }
    return *why == NULL;
}
