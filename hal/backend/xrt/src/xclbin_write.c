/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the .xclbin of the emulated card. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/crc.h"
#include "millrace/regs.h"
#include "millrace/xclbin.h"
#include "millrace/xrt_card.h"
#include "xclbin_layout.h"

#define BANK "bank0"
#define SIMULATOR "behav_waveform/xsim/launch_hw_emu.sh"

enum { SECTIONS_MAX = 6, TEXT_BYTES = 4096, ZIP_LOCAL = 30, ZIP_CENTRAL = 46, ZIP_END = 22 };

typedef struct {
    uint32_t kind;
    const char *name;
    uint8_t *bytes;
    size_t n;
} section_t;

static void put(uint8_t *out, uint64_t value, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        out[i] = (uint8_t)(value >> 8 * i);
    }
}

/* What local and central headers of a zip have in common, from the version on. */
static void zip_fields(uint8_t *out, uint32_t crc, size_t n) {
    memset(out, 0, 26);
    put(out, 10, 2);         /* version 1.0; stored, no flags */
    put(out + 8, 0x0021, 2); /* the first day that a zip can name */
    put(out + 10, crc, 4);
    put(out + 14, n, 4);
    put(out + 18, n, 4);
    put(out + 22, strlen(SIMULATOR), 2);
}

/* A zip of one stored, executable file. */
static bool make_zip(const uint8_t *bytes, size_t n, section_t *s) {
    const size_t name = strlen(SIMULATOR);
    const size_t central = ZIP_LOCAL + name + n;
    const uint32_t crc = mr_crc32(0, bytes, n);
    s->n = central + ZIP_CENTRAL + name + ZIP_END;
    s->bytes = calloc(1, s->n);
    if (s->bytes == NULL) {
        return false;
    }
    uint8_t *at = s->bytes;
    put(at, 0x04034B50, 4);
    zip_fields(at + 4, crc, n);
    memcpy(at + ZIP_LOCAL, SIMULATOR, name);
    memcpy(at + ZIP_LOCAL + name, bytes, n);
    at += central;
    put(at, 0x02014B50, 4);
    put(at + 4, 0x031E, 2); /* made on Unix */
    zip_fields(at + 6, crc, n);
    put(at + 38, UINT64_C(0100755) << 16, 4); /* a file that all may run */
    memcpy(at + ZIP_CENTRAL, SIMULATOR, name);
    at += ZIP_CENTRAL + name;
    put(at, 0x06054B50, 4);
    put(at + 8, 1, 2);
    put(at + 10, 1, 2);
    put(at + 12, ZIP_CENTRAL + name, 4);
    put(at + 16, central, 4);
    return true;
}

static bool make_bank(section_t *s) {
    s->n = XCLBIN_MEM_AT + XCLBIN_MEM_BYTES;
    s->bytes = calloc(1, s->n);
    if (s->bytes != NULL) {
        uint8_t *bank = s->bytes + XCLBIN_MEM_AT;
        put(s->bytes, 1, 4);
        bank[0] = XCLBIN_MEM_DDR4;
        bank[1] = 1;
        put(bank + 8, MR_XRT_MEMORY_BYTES / 1024u, 8);
        put(bank + 16, MR_XRT_MEMORY_BASE, 8);
        memcpy(bank + 24, BANK, strlen(BANK));
    }
    return s->bytes != NULL;
}

/* Argument 0 of kernel 0 stands in bank 0: all zeros behind the count. */
static bool make_connection(section_t *s) {
    s->n = 16;
    s->bytes = calloc(1, s->n);
    if (s->bytes != NULL) {
        put(s->bytes, 1, 4);
    }
    return s->bytes != NULL;
}

static bool make_kernel(section_t *s) {
    static const char name[] = MR_XRT_KERNEL_NAME ":" MR_XRT_KERNEL_INSTANCE;
    s->n = XCLBIN_IP_AT + XCLBIN_IP_BYTES;
    s->bytes = calloc(1, s->n);
    if (s->bytes != NULL) {
        uint8_t *ip = s->bytes + XCLBIN_IP_AT;
        put(s->bytes, 1, 4);
        put(ip, XCLBIN_IP_KERNEL, 4);
        put(ip + 8, MR_XRT_KERNEL_BASE, 8);
        memcpy(ip + 16, name, sizeof name);
    }
    return s->bytes != NULL;
}

static int print_argument(char *out, size_t n, const char *name, int id, const char *port,
                          unsigned offset, bool pointer) {
    return snprintf(out, n,
                    "<arg name=\"%s\" addressQualifier=\"%d\" id=\"%d\" port=\"%s\" size=\"0x%x\" "
                    "offset=\"0x%x\" hostOffset=\"0x0\" hostSize=\"0x%x\" type=\"%s\"/>\n",
                    name, pointer ? 1 : 0, id, port, pointer ? 8u : 4u, offset, pointer ? 8u : 4u,
                    pointer ? "void*" : "unsigned int");
}

/* The kernel as XRT's metadata describes it. */
static bool make_xml(section_t *s) {
    static const char control[] = "S_AXI_CONTROL";
    static const char gmem[] = "M_AXI_GMEM";
    char *text = malloc(TEXT_BYTES);
    if (text == NULL) {
        return false;
    }
    int n = snprintf(text, TEXT_BYTES,
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<project name=\"millrace\">\n"
                     "<platform vendor=\"millrace\" boardid=\"emulation\" name=\"millrace\" "
                     "featureRomTime=\"0\">\n<version major=\"1\" minor=\"0\"/>\n"
                     "<device name=\"fpga0\" fpgaDevice=\"millrace\" addrWidth=\"0\">\n"
                     "<core name=\"OCL_REGION_0\" target=\"hw_em\" type=\"clc_region\" "
                     "clockFreq=\"100MHz\" numComputeUnits=\"1\">\n"
                     "<kernel name=\"" MR_XRT_KERNEL_NAME "\" language=\"ip_c\">\n"
                     "<port name=\"%s\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" "
                     "dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n"
                     "<port name=\"%s\" mode=\"slave\" range=\"0x%x\" dataWidth=\"32\" "
                     "portType=\"addressable\" base=\"0x0\"/>\n",
                     gmem, control, MR_XRT_KERNEL_BYTES);
    n += print_argument(text + n, (size_t)(TEXT_BYTES - n), "memory", 0, gmem, MR_XRT_MEMORY, true);
    n += print_argument(text + n, (size_t)(TEXT_BYTES - n), "words", 1, control, MR_XRT_WORDS,
                        false);
    n += print_argument(text + n, (size_t)(TEXT_BYTES - n), "target", 2, control, MR_XRT_TARGET,
                        false);
    n += print_argument(text + n, (size_t)(TEXT_BYTES - n), "mode", 3, control, MR_XRT_MODE, false);
    n += snprintf(text + n, (size_t)(TEXT_BYTES - n),
                  "<instance name=\"" MR_XRT_KERNEL_INSTANCE "\"><addrRemap base=\"0x%" PRIx64
                  "\" port=\"%s\"/></instance>\n"
                  "</kernel>\n</core>\n</device>\n</platform>\n</project>\n",
                  MR_XRT_KERNEL_BASE, control);
    s->bytes = (uint8_t *)text;
    s->n = (size_t)n;
    return true;
}

static bool make_notes(const mr_xclbin_config_t *config, section_t *s) {
    char *text = malloc(TEXT_BYTES);
    if (text == NULL) {
        return false;
    }
    s->n = (size_t)snprintf(text, TEXT_BYTES, "%s%08x%s%08x%s%.63s%s", XCLBIN_NOTES_HASH,
                            (unsigned)config->git_hash, XCLBIN_NOTES_VERSION, MR_CHIP_VERSION_RESET,
                            XCLBIN_NOTES_CHIP, config->chip, XCLBIN_NOTES_END);
    s->bytes = (uint8_t *)text;
    return true;
}

/* FNV-1a of all sections, 64 bits from a start value. */
static uint64_t hash(const section_t *sections, size_t count, uint64_t start) {
    uint64_t h = start;
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sections[s].n; i++) {
            h = (h ^ sections[s].bytes[i]) * UINT64_C(0x100000001B3);
        }
    }
    return h;
}

static uint8_t *assemble(const section_t *sections, size_t count, size_t *n) {
    size_t at = XCLBIN_TABLE_AT + count * XCLBIN_ENTRY_BYTES;
    *n = at;
    for (size_t s = 0; s < count; s++) {
        *n = (*n + 7u) / 8u * 8u + sections[s].n;
    }
    uint8_t *file = calloc(1, *n);
    if (file == NULL) {
        return NULL;
    }
    memcpy(file, XCLBIN_MAGIC, sizeof XCLBIN_MAGIC);
    memset(file + XCLBIN_SIGNATURE_AT, 0xFF, XCLBIN_ID_AT - XCLBIN_SIGNATURE_AT);
    put(file + XCLBIN_LENGTH_AT, *n, 8);
    file[XCLBIN_VERSION_AT] = 2;
    put(file + XCLBIN_MODE_AT, MR_XCLBIN_MODE_HW_EMU, 2);
    memcpy(file + XCLBIN_PLATFORM_AT, MR_XRT_PLATFORM, strlen(MR_XRT_PLATFORM));
    /* A UUID of the kind that is made in a way of one's own (version 8). */
    put(file + XCLBIN_UUID_AT, hash(sections, count, UINT64_C(0xCBF29CE484222325)), 8);
    put(file + XCLBIN_UUID_AT + 8, hash(sections, count, UINT64_C(0x6D696C6C72616365)), 8);
    file[XCLBIN_UUID_AT + 6] = (uint8_t)(0x80u | (file[XCLBIN_UUID_AT + 6] & 0x0Fu));
    file[XCLBIN_UUID_AT + 8] = (uint8_t)(0x80u | (file[XCLBIN_UUID_AT + 8] & 0x3Fu));
    memcpy(file + XCLBIN_ID_AT, file + XCLBIN_UUID_AT, 8);
    put(file + XCLBIN_COUNT_AT, count, 4);
    for (size_t s = 0; s < count; s++) {
        uint8_t *entry = file + XCLBIN_TABLE_AT + s * XCLBIN_ENTRY_BYTES;
        at = (at + 7u) / 8u * 8u;
        put(entry, sections[s].kind, 4);
        memcpy(entry + XCLBIN_ENTRY_NAME_AT, sections[s].name, strlen(sections[s].name));
        put(entry + XCLBIN_ENTRY_OFFSET_AT, at, 8);
        put(entry + XCLBIN_ENTRY_SIZE_AT, sections[s].n, 8);
        memcpy(file + at, sections[s].bytes, sections[s].n);
        at += sections[s].n;
    }
    return file;
}

mr_status_t mr_xclbin_build(const mr_xclbin_config_t *config, uint8_t **out, size_t *n) {
    section_t s[SECTIONS_MAX] = {{XCLBIN_MEM_TOPOLOGY, "mem_topology", NULL, 0},
                                 {XCLBIN_CONNECTIVITY, "connectivity", NULL, 0},
                                 {XCLBIN_IP_LAYOUT, "ip_layout", NULL, 0},
                                 {XCLBIN_EMBEDDED_METADATA, "metadata", NULL, 0},
                                 {XCLBIN_USER_METADATA, "millrace", NULL, 0},
                                 {XCLBIN_BITSTREAM, "simulator", NULL, 0}};
    const size_t count = config->simulator != NULL ? SECTIONS_MAX : SECTIONS_MAX - 1u;
    *out = NULL;
    if (make_bank(&s[0]) && make_connection(&s[1]) && make_kernel(&s[2]) && make_xml(&s[3]) &&
        make_notes(config, &s[4]) &&
        (config->simulator == NULL ||
         make_zip(config->simulator, config->simulator_bytes, &s[5]))) {
        *out = assemble(s, count, n);
    }
    for (size_t i = 0; i < SECTIONS_MAX; i++) {
        free(s[i].bytes);
    }
    return *out != NULL ? MR_OK : MR_NO_MEMORY;
}
