/* SPDX-License-Identifier: Apache-2.0 */
/* Self-test of a device: every memory, tile, KV cache and link, by registers and jobs alone.
 *
 * Destroys what is loaded, and leaves the device reset by software. Every wait is bounded. One
 * thread.
 */
#ifndef MR_HOST_LIB_SELFTEST_SELFTEST_H
#define MR_HOST_LIB_SELFTEST_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/machine.h"
#include "millrace/mmio.h"

enum {
    MR_SELFTEST_MEMORIES = 1, /* march over WMEM, VMEM, XMEM, PMEM and RESULT */
    MR_SELFTEST_TILES = 2,    /* a program on each tile against the contract's arithmetic */
    MR_SELFTEST_KV = 4,       /* keys and values of many pages, written and read back by jobs */
    MR_SELFTEST_LINKS = 8,    /* a message through every link, their counters and heartbeat */
    MR_SELFTEST_ALL = 15
};

/* One unit's verdict. */
typedef struct {
    char unit[48]; /* "tile 3 WMEM" */
    bool ok;
    bool skipped;   /* not tested; text says why; ok is true */
    char text[192]; /* of a failure: where, expected, got; else what was covered */
} mr_selftest_report_t;

/* Called from mr_selftest_run; each may be NULL. */
typedef struct {
    void (*report)(void *ctx, const mr_selftest_report_t *report);
    void (*progress)(void *ctx, uint32_t done, uint32_t total); /* units */
    bool (*stop)(void *ctx); /* asked between units: true ends the test */
    void *ctx;
} mr_selftest_events_t;

typedef struct {
    uint32_t units;
    uint32_t failed;
    uint32_t skipped;
} mr_selftest_sum_t;

/* Runs the parts (MR_SELFTEST_x, or-ed) in the order above and fills sum in. A unit that fails ends
 * nothing; a device whose chip registers do not answer ends everything.
 * @return MR_OK when everything ran, whatever it found; MR_ARG: no such part; MR_CANCELLED by stop;
 * MR_NO_MEMORY; what mr_machine_probe gives; the bus's status. */
MR_NODISCARD mr_status_t mr_selftest_run(const mr_mmio_t *mmio, uint32_t parts,
                                         const mr_selftest_events_t *events,
                                         mr_selftest_sum_t *sum);

#endif
