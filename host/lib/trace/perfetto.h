/* SPDX-License-Identifier: Apache-2.0 */
/* Writes trace records as Chrome trace JSON, which Perfetto (ui.perfetto.dev) opens.
 *
 * Process 1 has a lane for each tile, with a slice for each job; process 2 a lane for each user
 * (slot), with a slice for each token. Arrows (flows) lead from each job of a token to its next.
 * With detail: within a job what the tile did, within a token what its cycles went into, and
 * process 3 with a lane for each group's network and its messages. A cycle is a microsecond of the
 * file. In each lane events come in order of time, and slices nest.
 *
 * Memory is taken in open alone. One thread. Failed writes show in ferror of the file.
 */
#ifndef MR_HOST_LIB_TRACE_PERFETTO_H
#define MR_HOST_LIB_TRACE_PERFETTO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "millrace/status.h"
#include "millrace/trace.h"

typedef struct {
    FILE *file; /* open for writing; stays the caller's */
    uint32_t tiles;
    uint32_t groups;
    uint32_t users;
    bool detail;
    uint64_t cycles; /* after so many the file ends; 0: no limit */
    /* Names of a tile and of its job that starts at descriptor pc; no quotes, no backslashes. */
    void (*tile_name)(const void *ctx, uint32_t tile, char *text, size_t size);
    void (*job_name)(const void *ctx, uint32_t tile, uint32_t pc, char *text, size_t size);
    const void *ctx;
} mr_perfetto_config_t;

typedef struct mr_perfetto mr_perfetto_t;

/* Writes the lanes' names. @return MR_OK; MR_ARG: more than 256 tiles or users or 16 groups;
 * MR_NO_MEMORY. */
MR_NODISCARD mr_status_t mr_perfetto_open(const mr_perfetto_config_t *config, mr_perfetto_t **out);

/* Writes the end of the file; NULL is allowed. */
void mr_perfetto_close(mr_perfetto_t *self);

/* From `open` on jobs and tokens that begin are written; after that, nothing more. */
void mr_perfetto_window(void *self, bool open, uint64_t cycle);

/* All records, also before the window; behind mr_split_record of the same one. */
void mr_perfetto_record(void *self, const mr_trace_record_t *record);

/* A token's time in a state (split.h), in order for each token. */
void mr_perfetto_interval(void *self, uint8_t slot, uint32_t pos, uint32_t state, uint64_t from,
                          uint64_t to);

#endif
