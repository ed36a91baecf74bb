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

/* Positions with which latency mode reckons (or the model's context, if that is shorter). */
#define MR_COST_CONTEXT 128u

/* Clocks of a message besides its payload: request, grant, two header flits, start of the job. */
#define MR_COST_MESSAGE 8u
/* Clocks more for each link on its way. */
#define MR_COST_LINK 40u

/* Tags of docs/tile_isa.md section 2. */
#define MR_COST_TAGS 8u

typedef struct {
    uint64_t total;
    uint64_t tag[MR_COST_TAGS]; /* work on the slowest way through */
    uint64_t network;           /* messages on it: total less the tags */
} mr_cost_t;

/* Clocks of one descriptor that runs alone, from issue to idle, at a position of the job; for SEND
 * without links, for END 0. */
uint64_t mr_cost_descriptor(const uint32_t *words, uint32_t lanes, uint32_t pos);

/* A visit of a job with flags HEAD and TOP, from the arrival of its last part to the arrival of its
 * results. */
void mr_cost_visit(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t visit,
                   uint32_t pos, mr_cost_t *cost);

/* All visits: from injection to result, without the hub's and the firmware's time. */
void mr_cost_token(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t pos,
                   mr_cost_t *cost);

#endif
