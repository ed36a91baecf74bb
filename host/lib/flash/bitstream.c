/* SPDX-License-Identifier: Apache-2.0 */
/* Reads bitstreams of ECP5 devices: what they are for, and whether they are whole. Their content is
 * the chip's to check: it compares a CRC after each frame.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
    PREAMBLE_WITHIN = 4096, /* comments stand before it */
    TAIL_DUMMIES = 64,      /* bytes FF behind the last command, at most */
    DUMMIES = 8             /* bytes FF before the command with the user code, at least */
};

/* Commands; each has three bytes of operand, some have data behind them. */
enum {
    CMD_WRITE_COMP_DIC = 0x02,
    CMD_PROG_CNTRL0 = 0x22,
    CMD_RESET_CRC = 0x3B,
    CMD_INIT_ADDRESS = 0x46,
    CMD_PROGRAM_DONE = 0x5E,
    CMD_SPI_MODE = 0x79,
    CMD_USERCODE = 0xC2,
    CMD_VERIFY_ID = 0xE2,
    CMD_DUMMY = 0xFF
};

static uint32_t big(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Data bytes behind a command that may stand before the IDCODE; -1: it may not. */
static int data_bytes(uint8_t command) {
    switch (command) {
    case CMD_RESET_CRC:
    case CMD_INIT_ADDRESS:
    case CMD_SPI_MODE:
        return 0;
    case CMD_PROG_CNTRL0:
        return 4;
    case CMD_WRITE_COMP_DIC:
        return 8;
    default:
        return -1;
    }
}

/* Comments: FF 00, texts that end with 0, FF. Takes the one that names the part. */
static void read_comments(const uint8_t *bytes, size_t n, mr_bitstream_t *b) {
    static const char label[] = "Part: ";
    const size_t length = sizeof label - 1u;
    for (size_t i = 2; i + length < n && bytes[i] != 0xFF;) {
        const uint8_t *end = memchr(bytes + i, 0, n - i);
        if (end == NULL) {
            return;
        }
        const size_t text = (size_t)(end - (bytes + i));
        if (text > length && text - length < sizeof b->part &&
            memcmp(bytes + i, label, length) == 0) {
            memcpy(b->part, bytes + i + length, text - length);
            b->part[text - length] = '\0';
        }
        i += text + 1u;
    }
}

/* Behind the preamble FF FF BD B3; 0: there is none. */
static size_t find_start(const uint8_t *bytes, size_t n) {
    static const uint8_t preamble[] = {0xFF, 0xFF, 0xBD, 0xB3};
    for (size_t i = 0; i + sizeof preamble <= n && i < PREAMBLE_WITHIN; i++) {
        if (memcmp(bytes + i, preamble, sizeof preamble) == 0) {
            return i + sizeof preamble;
        }
    }
    return 0;
}

static bool read_idcode(const uint8_t *bytes, size_t n, size_t at, mr_bitstream_t *b) {
    while (at + 8u <= n) {
        if (bytes[at] == CMD_VERIFY_ID) {
            b->idcode = big(bytes + at + 4);
            return true;
        }
        const int data = data_bytes(bytes[at]);
        if (bytes[at] != CMD_DUMMY && data < 0) {
            return false;
        }
        at += bytes[at] == CMD_DUMMY ? 1u : 4u + (size_t)data;
    }
    return false;
}

/* The last command ends the configuration; only dummies stand behind it. */
static bool ends_whole(const uint8_t *bytes, size_t n) {
    size_t end = n;
    while (end > 0 && n - end < TAIL_DUMMIES && bytes[end - 1u] == CMD_DUMMY) {
        end--;
    }
    return end < n && end >= 4u && bytes[end - 4u] == CMD_PROGRAM_DONE && bytes[end - 2u] == 0 &&
           bytes[end - 1u] == 0;
}

/* The command stands behind the frames and a row of dummies; the last such place counts. */
static void read_usercode(const uint8_t *bytes, size_t n, mr_bitstream_t *b) {
    size_t dummies = 0;
    for (size_t i = 0; i + 8u <= n; i++) {
        if (dummies >= DUMMIES && bytes[i] == CMD_USERCODE && bytes[i + 2u] == 0 &&
            bytes[i + 3u] == 0) {
            b->usercode = big(bytes + i + 4);
        }
        dummies = bytes[i] == CMD_DUMMY ? dummies + 1u : 0;
    }
}

static const char *parse_bit(const uint8_t *bytes, size_t n, mr_bitstream_t *b) {
    const size_t start = find_start(bytes, n);
    if (start == 0) {
        return "it has no preamble: it is no bitstream, or is cut off";
    }
    read_comments(bytes, start, b);
    if (!read_idcode(bytes, n, start, b)) {
        return "it does not say which device it is for";
    }
    if (!ends_whole(bytes, n)) {
        return "it is cut off: its last command is missing";
    }
    read_usercode(bytes, n, b);
    return NULL;
}

/* ---- SVF ---- */

/* The text behind `word` at or after *at, in the file; NULL: none. */
static const char *behind(const char *at, const char *word) {
    const char *found = at != NULL ? strstr(at, word) : NULL;
    return found != NULL ? found + strlen(word) : NULL;
}

/* The player compares the device's IDCODE (instruction E0) with the one in the file first, and its
 * status (3C) after ISC_DISABLE (26) last. */
static const char *parse_svf(const char *text, mr_bitstream_t *b) {
    const char *expected = behind(behind(behind(text, "(E0)"), "TDO"), "(");
    const char *data = behind(text, "(7A)");
    const char *done = behind(text, "(26)");
    const char *last = strrchr(text, ';');
    char *end = NULL;
    if (expected == NULL || data == NULL || expected > data) {
        return "it compares no IDCODE before it writes: make it with ecppack --svf";
    }
    b->idcode = (uint32_t)strtoul(expected, &end, 16);
    if (end != expected + 8) {
        return "the IDCODE that it compares is none";
    }
    if (done == NULL || last == NULL || behind(behind(done, "(3C)"), "TDO") == NULL ||
        last[1 + strspn(last + 1, " \t\r\n")] != '\0') {
        return "it is cut off: its last check is missing";
    }
    return NULL;
}

mr_status_t mr_bitstream_parse(const uint8_t *bytes, size_t n, mr_bitstream_t *b,
                               const char **why) {
    memset(b, 0, sizeof *b);
    *why = NULL;
    if (n >= 2 && bytes[0] == 0xFF) {
        b->kind = MR_FLASH_FILE_BIT;
        *why = parse_bit(bytes, n, b);
        return *why == NULL ? MR_OK : MR_FORMAT;
    }
    char *text = malloc(n + 1u);
    if (text == NULL) {
        *why = "out of memory; close other programs";
        return MR_NO_MEMORY;
    }
    if (n > 0) {
        memcpy(text, bytes, n);
    }
    text[n] = '\0';
    b->kind = MR_FLASH_FILE_SVF;
    *why = strlen(text) == n ? parse_svf(text, b) : "it is neither a bitstream nor an SVF file";
    free(text);
    return *why == NULL ? MR_OK : MR_FORMAT;
}
