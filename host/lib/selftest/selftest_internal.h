/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the self-test share. Each mr_selftest_x tests one unit and fills report in;
 * statuses other than MR_OK mean that the device does not answer. */
#ifndef MR_HOST_LIB_SELFTEST_SELFTEST_INTERNAL_H
#define MR_HOST_LIB_SELFTEST_SELFTEST_INTERNAL_H

#include "millrace/device.h"
#include "millrace/ops.h"
#include "selftest/selftest.h"

#define MR_SELFTEST_IN_BASE 1024u
#define MR_SELFTEST_IN_SIZE 64u
#define MR_SELFTEST_RELAY_PC 32u
#define MR_SELFTEST_ELEMS 512u /* of a result, at most */

typedef struct {
    const mr_mmio_t *mmio;
    mr_machine_t machine;
    bool ecc;
    uint32_t *words; /* as many as the largest memory has */
    mr_selftest_report_t *report;
} mr_selftest_t;

typedef struct {
    uint32_t w[8];
} mr_selftest_desc_t;

/* Notes the unit's failure; the first one stays. @return false. */
__attribute__((format(printf, 2, 3))) bool mr_selftest_fail(const mr_selftest_t *t,
                                                            const char *format, ...);

/* Notes a status of the bus as the unit's failure; doing: "write of VMEM", say. @return false. */
bool mr_selftest_refused(const mr_selftest_t *t, const char *doing, mr_status_t status);

/* Pseudo-random bits of a number. */
uint32_t mr_selftest_hash(uint32_t x);

/* A value between -1 and 1 from it. */
float mr_selftest_float(uint32_t x);

/* A block as the nine words of a window row: values, then scale. */
void mr_selftest_block_words(const mr_block_t *b, uint32_t words[9]);

/* ---- jobs (jobs.c) ---- */

/* Soft reset, and tile 0 as well as `tile` ready for jobs; false: failed. */
bool mr_selftest_prepare(const mr_selftest_t *t, uint32_t tile);

/* Writes a program at pc of a tile. */
bool mr_selftest_program(const mr_selftest_t *t, uint32_t tile, uint32_t pc,
                         const mr_selftest_desc_t *d, uint32_t n);

/* Word 6 of a SEND from a tile to the hub. */
uint32_t mr_selftest_hops_home(const mr_selftest_t *t, uint32_t tile);

/* Lets `tile` run its program at pc, by way of tile 0 if it is in another group, and waits for a
 * result of n elements, as raw bits; n 0: status alone. */
bool mr_selftest_job(const mr_selftest_t *t, uint32_t tile, uint32_t pc, uint32_t slot,
                     uint32_t pos, uint32_t *words, uint32_t n);

/* ---- units ---- */

void mr_selftest_memory(mr_selftest_t *t, mr_mem_kind_t kind, uint32_t tile);
void mr_selftest_results(mr_selftest_t *t);
void mr_selftest_tile(mr_selftest_t *t, uint32_t tile);
void mr_selftest_kv(mr_selftest_t *t, uint32_t group);
void mr_selftest_link(mr_selftest_t *t, uint32_t group);

#endif
