/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of mr_flash. */
#ifndef MR_HOST_LIB_FLASH_INTERNAL_H
#define MR_HOST_LIB_FLASH_INTERNAL_H

#include <stddef.h>

#include "flash/flash.h"

/* ---- bitstream.c ---- */

typedef struct {
    mr_flash_file_t kind;
    char part[MR_FLASH_NAME_BYTES]; /* "LFE5U-85F-6CABGA381"; "": the file does not tell */
    uint32_t idcode;                /* of the device that the file is for */
    uint32_t usercode;              /* by convention the revision; 0: none */
} mr_bitstream_t;

/* Reads a bitstream of an ECP5. On error *why tells what is wrong with it.
 * @return MR_OK; MR_FORMAT: it is none, or is cut off. */
MR_NODISCARD mr_status_t mr_bitstream_parse(const uint8_t *bytes, size_t n, mr_bitstream_t *b,
                                            const char **why);

/* ---- child.c ---- */

enum { MR_CHILD_OUTPUT_BYTES = 65536 };

typedef struct {
    char output[MR_CHILD_OUTPUT_BYTES]; /* both streams; the end of it, if it is longer */
    size_t length;
    int status; /* exit status; 128 + signal */
} mr_child_t;

/* Runs a program of PATH with no input until it ends or limit_ms are over, when it is ended with
 * all of its group. job: progress with the last piece of a line, and stop.
 * @return MR_OK: it ended by itself; MR_NOT_FOUND: there is no such program; MR_TIMEOUT;
 * MR_CANCELLED; MR_IO: it cannot be started. */
MR_NODISCARD mr_status_t mr_child_run(char *const argv[], int limit_ms, const mr_flash_job_t *job,
                                      mr_child_t *child);

/* ---- loader.c: openFPGALoader ---- */

typedef struct {
    const char *name;   /* as in boards/ */
    const char *loader; /* openFPGALoader's name for it */
    const char *part;   /* device */
    const char *package;
    uint32_t idcode;
    const char *plug; /* what to plug in */
} mr_flash_board_t;

/* What is on the board's JTAG chain. @return MR_OK; on error text tells. */
MR_NODISCARD mr_status_t mr_loader_detect(const mr_flash_job_t *job, const mr_flash_board_t *board,
                                          uint32_t *idcode, char text[MR_FLASH_TEXT_BYTES]);

/* Writes job->file. @return MR_OK: openFPGALoader and its report say that it went well; on error
 * text tells. */
MR_NODISCARD mr_status_t mr_loader_write(const mr_flash_job_t *job, const mr_flash_board_t *board,
                                         mr_flash_file_t kind, char text[MR_FLASH_TEXT_BYTES]);

/* Device of an ECP5's IDCODE, or "another device". */
const char *mr_loader_device(uint32_t idcode);

#endif
