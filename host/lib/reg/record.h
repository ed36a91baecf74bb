/* SPDX-License-Identifier: Apache-2.0 */
/* Records of register accesses: a wrapper around a device that writes a text file, and the reader
 * of that file. docs/reg.md has the format.
 *
 *   # text                   comment; the first line is MR_RECORD_FIRST
 *   WHEN r ADDR VALUE NAME   a word was read; WHEN is @CYCLE, or the microseconds where the device
 * has WHEN w ADDR VALUE NAME   no time; ADDR and VALUE are hexadecimal, NAME may be missing WHEN R
 * ADDR COUNT NAME   a block was read or written (W); its words follow on lines that start WHEN W
 * ADDR COUNT NAME   with a space, in hexadecimal, WORD*N for N equal ones WHEN r ADDR !STATUS NAME
 * the access failed (of a block: !STATUS in place of the COUNT of words) WHEN - CYCLES the device
 * was given time
 */
#ifndef MR_HOST_LIB_REG_RECORD_H
#define MR_HOST_LIB_REG_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "millrace/mmio.h"

#define MR_RECORD_FIRST "# millrace registers 1"

/* ---- writing ---- */

typedef struct mr_record {
    FILE *file;     /* opened for writing; the caller closes it */
    uint64_t count; /* accesses so far, a block as one */
    bool failed;    /* the file could not be written */
    bool (*cycles)(const mr_mmio_t *mmio, uint64_t *cycles); /* false: the device has no time */
} mr_record_t;

/* Puts a recorder around a device; mmio becomes the wrapper, whose close ends both (not the file).
 * record must live as long. @return MR_OK; MR_NO_MEMORY: mmio is as before. */
MR_NODISCARD mr_status_t mr_record_wrap(mr_mmio_t *mmio, mr_record_t *record);

/* What is inside a wrapper of this file; NULL for others. */
const mr_mmio_t *mr_record_inner(const mr_mmio_t *mmio);

/* ---- reading ---- */

typedef struct {
    char what; /* r w R W - as in the file */
    uint32_t address;
    uint32_t count;     /* words; of '-': cycles */
    mr_status_t status; /* of the access */
    uint32_t *words;    /* count of them; belongs to the reader */
    unsigned line;
} mr_record_access_t;

typedef struct mr_record_reader mr_record_reader_t;

/* @return NULL without memory. */
mr_record_reader_t *mr_record_open(FILE *file);

/* The next access. @return MR_OK; MR_NOT_FOUND: there is no more; MR_FORMAT: line access->line is
 * none of such a file; MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_record_next(mr_record_reader_t *reader, mr_record_access_t *access);

void mr_record_end(mr_record_reader_t *reader);

#endif
