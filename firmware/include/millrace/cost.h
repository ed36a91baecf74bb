/* SPDX-License-Identifier: Apache-2.0 */
/* Cost model: clocks of a token on a placement, from the formulae of docs/tile_isa.md section 3.
 *
 * A tile's sequencer is followed descriptor by descriptor: 7 clocks from issue to issue, a unit
 * that is waited for has been idle for one, units work beside each other. The slowest shard of a
 * visit decides; then the shards' results cross the group's bus one after another. What is
 * estimated instead of derived: MR_COST_* below and the clocks of KV_APPEND. A single job, no
 * queueing; the DRAM at its peak (machine.kv_word_bytes a clock and channel), for all shards
 * together.
 */
#ifndef MR_COST_H
#define MR_COST_H

#include <stdint.h>

#include "millrace/place.h"

/* Positions with which placement reckons (or the model's context, if that is shorter). */
#define MR_COST_CONTEXT 128u

/* The last of them. */
static inline uint32_t mr_cost_position(const mr_model_shape_t *s) {
    return (s->context < MR_COST_CONTEXT ? s->context : MR_COST_CONTEXT) - 1u;
}

/* Clocks of a message besides its payload: request, grant, two header flits, start of the job. */
#define MR_COST_MESSAGE 8u
/* Clocks from the end of a job to the first issue of a waiting one. */
#define MR_COST_JOB 6u
/* Clocks more for each link on its way. */
#define MR_COST_LINK 40u

/* Tags of docs/tile_isa.md section 2. */
#define MR_COST_TAGS 8u

typedef struct {
    uint64_t total;
    uint64_t tag[MR_COST_TAGS]; /* work on the slowest way through */
    uint64_t network;           /* messages on it: total less the tags */
    uint64_t busy;              /* that it keeps its slowest tile, links not counted */
    uint64_t bus;               /* that its messages keep its group's bus */
    uint64_t stream;            /* that it keeps its group's KV cache, with the DRAM at its peak */
} mr_cost_t;

/* Clocks of one descriptor that runs alone, from issue to idle, at a position of the job; for SEND
 * without links, for END 0. */
uint64_t mr_cost_descriptor(const uint32_t *words, uint32_t lanes, uint32_t pos);

/* A visit of a job with flags HEAD and TOP, from the arrival of its last part to the arrival of its
 * results. */
void mr_cost_visit(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t visit,
                   uint32_t pos, mr_cost_t *cost);

/* What bounds the tokens of many users. */
typedef enum {
    MR_BOUND_TILE,   /* number `at`, with a job of each of its visits for each token */
    MR_BOUND_BUS,    /* that of group `at` */
    MR_BOUND_KV,     /* the KV cache of group `at`, its DRAM at its peak */
    MR_BOUND_WINDOW, /* jobs in flight: the placement's window, or as many slots as there are */
} mr_bound_kind_t;

typedef struct {
    mr_bound_kind_t kind;
    uint32_t at;
    uint64_t clocks; /* from token to token, rounded up */
} mr_bound_t;

/* The slowest of all, for jobs with flags HEAD and TOP at a position. */
void mr_cost_bound(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t pos,
                   mr_bound_t *bound);

/* All visits: from injection to result, without the hub's and the firmware's time. */
void mr_cost_token(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t pos,
                   mr_cost_t *cost);

#endif
