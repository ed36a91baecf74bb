/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a chip onto hardware: an .xclbin onto a card through XRT, a bitstream onto an open board
 * through the program openFPGALoader. What can be checked is checked before anything is written,
 * and again after it. One thread. Every wait is bounded.
 */
#ifndef MR_HOST_LIB_FLASH_FLASH_H
#define MR_HOST_LIB_FLASH_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/status.h"

enum { MR_FLASH_TEXT_BYTES = 512, MR_FLASH_NAME_BYTES = 128 };

/* What a file begins like. */
typedef enum {
    MR_FLASH_FILE_UNKNOWN,
    MR_FLASH_FILE_XCLBIN,
    MR_FLASH_FILE_BIT, /* of an ECP5 */
    MR_FLASH_FILE_SVF
} mr_flash_file_t;

typedef struct {
    const char *file;
    const char *target;  /* mr_flash_card: "xrt" or "xrt:emu"; mr_flash_board: the board's name */
    bool dry_run;        /* all checks, no writing */
    bool persist;        /* into the board's flash memory, which it loads from at power-up */
    const char *verify;  /* "serial:TTY[,BAUD]": ask the chip there afterwards; NULL: do not */
    uint32_t patience_s; /* for openFPGALoader's writing; 0: the usual */
    /* What takes long: one line, replaced by the next; may be NULL. */
    void (*progress)(void *ctx, const char *text);
    bool (*stop)(void *ctx); /* whether to give up; may be NULL */
    void *ctx;
} mr_flash_job_t;

/* The identity of a chip. */
typedef struct {
    bool known;
    uint32_t git_hash; /* of a file: 0 says that the file does not tell */
    uint32_t version;  /* register VERSION; 0: the file does not tell */
} mr_flash_identity_t;

typedef struct {
    mr_flash_file_t kind;
    char made_for[MR_FLASH_NAME_BYTES]; /* card or part that the file names */
    char found[MR_FLASH_NAME_BYTES];    /* card or part that is there */
    mr_flash_identity_t file;
    bool loaded_before; /* the card had an .xclbin (boards: never known) */
    mr_flash_identity_t before;
    bool written;
    mr_flash_identity_t after;      /* as the chip's registers say */
    char text[MR_FLASH_TEXT_BYTES]; /* when it failed: one line */
} mr_flash_result_t;

/* MR_FLASH_FILE_UNKNOWN also when the file cannot be read; *readable tells. */
mr_flash_file_t mr_flash_file_kind(const char *path, bool *readable);

/* Names of the boards, separated by ", ". */
const char *mr_flash_board_names(void);

/* @return MR_OK: written, and what can be asked gave the file's identity, or a dry run found
 * nothing wrong. Otherwise result->text tells, and result->written whether the hardware has
 * changed: MR_FORMAT, MR_IDENTITY: the file is damaged or is for something else; MR_UNSUPPORTED:
 * no XRT in this build; MR_NOT_FOUND, MR_IO, MR_TIMEOUT, MR_NO_MEMORY: as said there; MR_CANCELLED:
 * job->stop said so. */
MR_NODISCARD mr_status_t mr_flash_card(const mr_flash_job_t *job, mr_flash_result_t *result);
MR_NODISCARD mr_status_t mr_flash_board(const mr_flash_job_t *job, mr_flash_result_t *result);

/* Whether an .xclbin's platform and a card's name are of the same vendor's same board. Names
 * differ in their separators and in the platform's version, which XRT itself checks. */
bool mr_flash_same_card(const char *platform, const char *card);

#endif
