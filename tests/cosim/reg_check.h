/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a device against the name table: reset values, what a write changes, what a soft
 * reset keeps, which addresses answer.
 *
 * Needs nothing but the table, so a new register is checked without a line of test. The device is
 * at rest and as after power-up; every check leaves it so. One thread.
 */
#ifndef MR_TESTS_COSIM_REG_CHECK_H
#define MR_TESTS_COSIM_REG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/machine.h"
#include "millrace/mmio.h"
#include "millrace/reg_table.h"

typedef struct {
    const mr_mmio_t *io;
    const mr_machine_t *machine;
    bool ecc;              /* there are blocks kv_ecc */
    uint32_t core_sram_kb; /* 0: there is no control core */
    bool quiet;            /* count only: a mutant is expected to fail */
    uint32_t checks;       /* comparisons so far */
    uint32_t failures;     /* of them */
} reg_check_t;

/* Prepares for a device; false if it does not answer. */
bool reg_check_open(reg_check_t *c, const mr_mmio_t *io, const mr_machine_t *machine);

/* Instances of a block that this machine has, numbered from 0; UINT32_MAX for a block of several
 * that the bench does not know. */
uint32_t reg_check_instances(const reg_check_t *c, const mr_reg_block_t *block);

/* Counts, and prints the line if it does not hold. */
void reg_check_that(reg_check_t *c, bool ok, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What all words of an instance show after reset. */
void reg_check_reset(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance);

/* Writes patterns to every word of an instance (commands as 0, live fields as after reset):
 * read/write fields take them, nothing else changes, here or in the other words of the instance. */
void reg_check_writes(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance);

/* Changes a bit of every read/write field of all instances, resets by software, and looks which
 * are still there. */
void reg_check_soft_reset(reg_check_t *c, const mr_reg_block_t *block);

/* Every address of an instance that the table does not name answers with an error. */
void reg_check_gaps(reg_check_t *c, const mr_reg_block_t *block, uint32_t instance);

/* Every 4 KiB of the address space that belong to no instance and to no memory: likewise. */
void reg_check_map(reg_check_t *c);

#endif
