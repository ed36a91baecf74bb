/* SPDX-License-Identifier: Apache-2.0 */
/* Bitstreams onto open boards. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"
#include "millrace/regs.h"
#include "session/device_serial.h"

enum {
    FILE_BYTES_MAX = 64 << 20,
    LINE_S = 15, /* until a serial line that shares its USB chip with JTAG is there again */
    LINE_LOOK_MS = 250
};

static const mr_flash_board_t boards[] = {
    {"ulx3s_85f", "ulx3s", "LFE5U-85F", "CABGA381", 0x41113043, "the ULX3S by its port US1"}};

#define BOARD_NAMES "ulx3s_85f"

const char *mr_flash_board_names(void) {
    return BOARD_NAMES;
}

static const mr_flash_board_t *find_board(const char *name) {
    for (size_t i = 0; i < sizeof boards / sizeof boards[0]; i++) {
        if (strcmp(boards[i].name, name) == 0 || strcmp(boards[i].loader, name) == 0) {
            return &boards[i];
        }
    }
    return NULL;
}

static bool read_whole(const char *path, uint8_t **bytes, size_t *n) {
    long end = -1;
    errno = 0;
    *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        end = ftell(file);
    }
    *n = end > 0 ? (size_t)end : 0;
    if (end >= 0 && end <= FILE_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0) {
        *bytes = malloc(*n + 1u);
    }
    const bool whole = *bytes != NULL && fread(*bytes, 1, *n, file) == *n;
    if (file != NULL) {
        (void)fclose(file);
    }
    return whole;
}

mr_flash_file_t mr_flash_file_kind(const char *path, bool *readable) {
    char head[16] = "";
    FILE *file = fopen(path, "rb");
    const size_t n = file != NULL ? fread(head, 1, sizeof head - 1u, file) : 0;
    *readable = file != NULL && ferror(file) == 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (n >= 8 && memcmp(head, "xclbin2", 8) == 0) {
        return MR_FLASH_FILE_XCLBIN;
    }
    if (n >= 2 && (unsigned char)head[0] == 0xFF) {
        return MR_FLASH_FILE_BIT;
    }
    return n >= 3 && (strncmp(head, "HDR", 3) == 0 || strncmp(head, "HIR", 3) == 0 ||
                      strncmp(head, "TRST", 3) == 0 || head[0] == '!')
               ? MR_FLASH_FILE_SVF
               : MR_FLASH_FILE_UNKNOWN;
}

/* The file, and whether it is for this board. */
static mr_status_t check_file(const mr_flash_job_t *job, const mr_flash_board_t *board,
                              mr_flash_result_t *r) {
    uint8_t *bytes;
    size_t n;
    mr_bitstream_t b;
    const char *why = NULL;
    if (!read_whole(job->file, &bytes, &n)) {
        free(bytes);
        (void)snprintf(r->text, sizeof r->text, "%s cannot be read: %s", job->file,
                       errno != 0 ? strerror(errno) : "it is too large for a bitstream");
        return MR_IO;
    }
    const mr_status_t status = mr_bitstream_parse(bytes, n, &b, &why);
    free(bytes);
    if (status != MR_OK) {
        (void)snprintf(r->text, sizeof r->text, "%s: %s; give a whole bitstream", job->file, why);
        return status;
    }
    r->kind = b.kind;
    r->file = (mr_flash_identity_t){b.usercode != 0, b.usercode, 0};
    (void)snprintf(r->made_for, sizeof r->made_for, "%s",
                   b.part[0] != '\0' ? b.part : mr_loader_device(b.idcode));
    const bool named_right =
        b.part[0] == '\0' || (strncmp(b.part, board->part, strlen(board->part)) == 0 &&
                              strstr(b.part, board->package) != NULL);
    if (b.idcode != board->idcode || !named_right) {
        (void)snprintf(r->text, sizeof r->text,
                       "%s is for %s (IDCODE %08x), the board %s has %s in %s; build it for that",
                       job->file, r->made_for, (unsigned)b.idcode, board->name, board->part,
                       board->package);
        return MR_IDENTITY;
    }
    return MR_OK;
}

/* What cannot work is refused before anything is looked for. */
static mr_status_t check_job(const mr_flash_job_t *job, const mr_flash_result_t *r, char *text) {
    if (job->persist && r->kind == MR_FLASH_FILE_SVF) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES,
                       "%s is an SVF file, which cannot go into the board's flash memory; give the "
                       ".bit file",
                       job->file);
        return MR_UNSUPPORTED;
    }
    if (job->verify != NULL && !r->file.known) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES,
                       "%s names no revision (USERCODE) that --verify could compare: pack it with "
                       "ecppack --usercode, or leave --verify away",
                       job->file);
        return MR_FORMAT;
    }
    return MR_OK;
}

static mr_status_t check_board(const mr_flash_job_t *job, const mr_flash_board_t *board,
                               mr_flash_result_t *r) {
    uint32_t idcode = 0;
    MR_TRY(mr_loader_detect(job, board, &idcode, r->text));
    (void)snprintf(r->found, sizeof r->found, "%s", mr_loader_device(idcode));
    if (idcode != board->idcode) {
        (void)snprintf(r->text, sizeof r->text,
                       "wrong board: it has %s (IDCODE %08x), %s has %s; nothing was written",
                       r->found, (unsigned)idcode, board->name, board->part);
        return MR_IDENTITY;
    }
    return MR_OK;
}

/* ---- the chip on the serial line ---- */

static mr_status_t read_identity(const mr_mmio_t *mmio, mr_flash_identity_t *identity) {
    uint32_t id = 0;
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_ID_OFFSET, &id));
    if (id != MR_CHIP_ID_RESET) {
        return MR_IDENTITY;
    }
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_GIT_HASH_OFFSET, &identity->git_hash));
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_VERSION_OFFSET, &identity->version));
    identity->known = true;
    return MR_OK;
}

/* Asks the chip; text tells why it cannot be asked. */
static mr_status_t ask(const char *device, mr_flash_identity_t *identity, char *text) {
    mr_session_error_t error;
    mr_mmio_t mmio;
    mr_status_t status = mr_device_serial_open(device, &mmio, &error);
    if (status != MR_OK) {
        (void)snprintf(text, MR_FLASH_TEXT_BYTES, "%.500s", error.text);
        return status;
    }
    status = read_identity(&mmio, identity);
    if (status != MR_OK) {
        const char *fault = mr_device_fault(&mmio);
        (void)snprintf(text, MR_FLASH_TEXT_BYTES, "%s: %s", device,
                       fault != NULL ? fault : mr_status_text(status));
    }
    mr_mmio_close(&mmio);
    return status;
}

/* Before: the line has to be there, the chip need not. */
static mr_status_t ask_before(const mr_flash_job_t *job, mr_flash_result_t *r) {
    const mr_status_t status = ask(job->verify, &r->before, r->text);
    return status == MR_TIMEOUT || status == MR_IDENTITY ? MR_OK : status;
}

static mr_status_t ask_after(const mr_flash_job_t *job, mr_flash_result_t *r) {
    const struct timespec pause = {0, LINE_LOOK_MS * 1000000L};
    char why[MR_FLASH_TEXT_BYTES] = "";
    const time_t begin = time(NULL);
    mr_status_t status;
    do {
        status = ask(job->verify, &r->after, why);
        if (status == MR_OK || status == MR_ARG || status == MR_IDENTITY) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    } while (time(NULL) - begin < LINE_S && !(job->stop != NULL && job->stop(job->ctx)));
    if (status != MR_OK) {
        (void)snprintf(r->text, sizeof r->text,
                       "written, but the chip cannot be asked what it is: %.400s", why);
        return status;
    }
    if (r->after.git_hash != r->file.git_hash) {
        (void)snprintf(r->text, sizeof r->text,
                       "written, but the chip is of revision %08x and %s of %08x: does %s lead to "
                       "the board that was written?",
                       (unsigned)r->after.git_hash, job->file, (unsigned)r->file.git_hash,
                       job->verify);
        return MR_IDENTITY;
    }
    return MR_OK;
}

static mr_status_t write_board(const mr_flash_job_t *job, const mr_flash_board_t *board,
                               mr_flash_result_t *r) {
    char why[MR_FLASH_TEXT_BYTES];
    r->written = true; /* from here on the board is another than before */
    const mr_status_t status = mr_loader_write(job, board, r->kind, why);
    if (status != MR_OK) {
        r->written = status != MR_NOT_FOUND;
        (void)snprintf(r->text, sizeof r->text,
                       "%.400s; the board may hold no whole bitstream now: flash it again", why);
        return status;
    }
    if (check_board(job, board, r) != MR_OK) {
        (void)snprintf(why, sizeof why, "%s", r->text);
        (void)snprintf(r->text, sizeof r->text, "written, but then: %.480s", why);
        return MR_IO;
    }
    return job->verify != NULL ? ask_after(job, r) : MR_OK;
}

mr_status_t mr_flash_board(const mr_flash_job_t *job, mr_flash_result_t *result) {
    char path[PATH_MAX];
    mr_flash_job_t whole = *job;
    const mr_flash_board_t *board = find_board(job->target);
    memset(result, 0, sizeof *result);
    if (board == NULL) {
        (void)snprintf(result->text, sizeof result->text, "no board '%s'; choose one of: %s",
                       job->target, BOARD_NAMES);
        return MR_NOT_FOUND;
    }
    MR_TRY(check_file(job, board, result));
    MR_TRY(check_job(job, result, result->text));
    MR_TRY(check_board(job, board, result));
    if (job->verify != NULL) {
        MR_TRY(ask_before(job, result));
    }
    if (job->dry_run) {
        return MR_OK;
    }
    /* So that no name looks like an option. */
    if (realpath(job->file, path) == NULL) {
        (void)snprintf(result->text, sizeof result->text, "%s: %s", job->file, strerror(errno));
        return MR_IO;
    }
    whole.file = path;
    return write_board(&whole, board, result);
}
