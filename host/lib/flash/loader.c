/* SPDX-License-Identifier: Apache-2.0 */
/* openFPGALoader: how it is called, and what its report means. Older versions end with 0 after some
 * failures, so its words count too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PROGRAM "openFPGALoader"

enum {
    DETECT_MS = 30000,
    WRITE_S = 300, /* two megabytes, bit by bit through a USB chip */
    PERSIST_S = 1200
};

static const struct {
    uint32_t idcode;
    const char *device;
} devices[] = {{0x21111043, "LFE5U-12F"},    {0x41111043, "LFE5U-25F"},
               {0x41112043, "LFE5U-45F"},    {0x41113043, "LFE5U-85F"},
               {0x01111043, "LFE5UM-25F"},   {0x01112043, "LFE5UM-45F"},
               {0x01113043, "LFE5UM-85F"},   {0x81111043, "LFE5UM5G-25F"},
               {0x81112043, "LFE5UM5G-45F"}, {0x81113043, "LFE5UM5G-85F"}};

const char *mr_loader_device(uint32_t idcode) {
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (devices[i].idcode == idcode) {
            return devices[i].device;
        }
    }
    return "another device";
}

/* Known complaints: words of the report, and what to do. %s is the board's plug. */
static const struct {
    const char *words;
    const char *advice;
} complaints[] = {
    {"device not found", "no board on USB: plug in %s"},
    {"libusb_open() failed",
     "no permission for the board on USB: install openfpgaloader's udev rules, join the group "
     "plugdev and plug %s in again"},
    {"Make sure the default FTDI driver is not in use",
     "another program uses the board on USB: end it (a terminal on the serial line, say), or plug "
     "%s in again"},
    {"cannot find board", "this " PROGRAM " does not know the board: install version 0.10 or later "
                          "(with %s)"},
    {"no device found", "nothing answers on the board's JTAG chain: is it powered? plug in %s"},
    {"mismatch between target's idcode", "the device refused the file: it is for another one; "
                                         "check %s"},
};

/* The report's last line, or the last that speaks of a failure. */
static void last_words(const mr_child_t *child, char *line, size_t bytes) {
    const char *at = child->output;
    bool bad_found = false;
    line[0] = '\0';
    while (*at != '\0') {
        const size_t n = strcspn(at, "\r\n");
        char next[120];
        (void)snprintf(next, sizeof next, "%.*s", (int)(n < sizeof next ? n : sizeof next - 1u),
                       at);
        const bool bad = strstr(next, "rror") != NULL || strstr(next, "FAIL") != NULL ||
                         strstr(next, "ail") != NULL;
        if (next[strspn(next, " \t")] != '\0' && (bad || !bad_found)) {
            (void)snprintf(line, bytes, "%s", next + strspn(next, " \t"));
            bad_found = bad;
        }
        at += n;
        at += strspn(at, "\r\n");
    }
}

/* Says what a run that failed met. */
static mr_status_t tell(mr_status_t status, const mr_child_t *child, const mr_flash_board_t *board,
                        const char *doing, int limit_ms, char text[MR_FLASH_TEXT_BYTES]) {
    char words[128];
    char advice[256];
    if (status == MR_NOT_FOUND) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES,
                       PROGRAM " is not installed: install the Debian package openfpgaloader");
        return status;
    }
    if (status == MR_TIMEOUT) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES,
                       PROGRAM " did not end within %d s while %s and was ended; plug in %s again",
                       limit_ms / 1000, doing, board->plug);
        return status;
    }
    if (status == MR_CANCELLED) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES, "interrupted while %s", doing);
        return status;
    }
    if (status != MR_OK) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES, PROGRAM " cannot be started: %s",
                       mr_status_text(status));
        return status;
    }
    for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
        if (strstr(child->output, complaints[i].words) != NULL) {
            const char *plug = strstr(complaints[i].advice, "%s");
            (void)snprintf(advice, sizeof advice, "%.*s%s%s", (int)(plug - complaints[i].advice),
                           complaints[i].advice, board->plug, plug + 2);
            (void)snprintf(text, MR_FLASH_TEXT_BYTES, "%s", advice);
            return MR_IO;
        }
    }
    last_words(child, words, sizeof words);
    (void)snprintf(text, MR_FLASH_TEXT_BYTES, PROGRAM " failed while %s (exit status %d)%s%s",
                   doing, child->status, words[0] != '\0' ? ": " : "", words);
    return MR_IO;
}

/* All IDCODEs of the report of --detect; the last one. */
static uint32_t count_idcodes(const char *report, uint32_t *idcode) {
    static const char label[] = "idcode";
    uint32_t count = 0;
    for (const char *at = report; (at = strstr(at, label)) != NULL;) {
        at += strlen(label);
        at += strspn(at, " \t:");
        if (strncmp(at, "0x", 2) == 0) {
            *idcode = (uint32_t)strtoul(at + 2, NULL, 16);
            count++;
        }
    }
    return count;
}

mr_status_t mr_loader_detect(const mr_flash_job_t *job, const mr_flash_board_t *board,
                             uint32_t *idcode, char text[MR_FLASH_TEXT_BYTES]) {
    union {
        const char *in;
        char *out;
    } args[] = {{PROGRAM}, {"-b"}, {board->loader}, {"--detect"}};
    char *const argv[] = {args[0].out, args[1].out, args[2].out, args[3].out, NULL};
    static mr_child_t child;
    const mr_status_t status = mr_child_run(argv, DETECT_MS, job, &child);
    if (status != MR_OK || child.status != 0) {
        return tell(status, &child, board, "looking for the board", DETECT_MS, text);
    }
    const uint32_t count = count_idcodes(child.output, idcode);
    if (count == 1) {
        return MR_OK;
    }
    if (count == 0) {
        child.status = 0;
        return tell(MR_OK, &child, board, "looking for the board", DETECT_MS, text);
    }
    (void)snprintf(text, MR_FLASH_TEXT_BYTES,
                   "%u devices on the JTAG chain, but the board %s has one: unplug the others",
                   (unsigned)count, board->name);
    return MR_IDENTITY;
}

/* What a report has to hold after its file has been written. */
static bool went_well(const mr_child_t *child, mr_flash_file_t kind, bool persist) {
    static const char *const bad[] = {"FAIL",
                                      "Fail",
                                      "Error",
                                      "error:",
                                      "isn't the one expected",
                                      "Verification failed",
                                      "mismatch",
                                      "Flash is blank"};
    if (child->status != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (strstr(child->output, bad[i]) != NULL) {
            return false;
        }
    }
    if (kind == MR_FLASH_FILE_SVF) {
        return strstr(child->output, "end of SVF file") != NULL;
    }
    return persist ? strstr(child->output, "Verifying write") != NULL &&
                         strstr(child->output, "Refresh: DONE") != NULL
                   : strstr(child->output, "Disable configuration: DONE") != NULL;
}

mr_status_t mr_loader_write(const mr_flash_job_t *job, const mr_flash_board_t *board,
                            mr_flash_file_t kind, char text[MR_FLASH_TEXT_BYTES]) {
    const char *type = kind == MR_FLASH_FILE_SVF ? "svf" : "bit";
    union {
        const char *in;
        char *out;
    } args[] = {{PROGRAM},       {"-b"},      {board->loader},   {"--file-type"}, {type},
                {"--bitstream"}, {job->file}, {"--write-flash"}, {"--verify"}};
    char *const argv[] = {args[0].out,
                          args[1].out,
                          args[2].out,
                          args[3].out,
                          args[4].out,
                          args[5].out,
                          args[6].out,
                          job->persist ? args[7].out : NULL,
                          job->persist ? args[8].out : NULL,
                          NULL};
    static mr_child_t child;
    const uint32_t usual_s = job->persist ? PERSIST_S : WRITE_S;
    const int limit_ms = (int)(job->patience_s != 0 ? job->patience_s : usual_s) * 1000;
    const mr_status_t status = mr_child_run(argv, limit_ms, job, &child);
    if (status == MR_OK && went_well(&child, kind, job->persist)) {
        return MR_OK;
    }
    return tell(status, &child, board, "writing", limit_ms, text);
}
