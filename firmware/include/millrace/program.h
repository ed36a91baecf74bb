/* SPDX-License-Identifier: Apache-2.0 */
/* Tile programs: the descriptors of each visit (docs/tile_isa.md), built from a placement. */
#ifndef MR_PROGRAM_H
#define MR_PROGRAM_H

#include <stdint.h>

#include "millrace/place.h"
#include "millrace/status.h"

#define MR_DESC_WORDS 8u

/* Job flags (docs/interfaces.md section 1). */
#define MR_JOB_LOGITS 1u /* the head returns every logit */
#define MR_JOB_TOP 2u    /* it returns {index, value} of each shard's largest logit */
#define MR_JOB_HEAD 4u   /* the job goes on to the head; set with either of the above */

/* Takes one finished descriptor of a tile. */
typedef struct {
    mr_status_t (*put)(void *ctx, uint32_t tile, uint32_t index, const uint32_t *words);
    void *ctx;
} mr_program_sink_t;

/* Largest number of descriptors of a visit's shards; shorter ones are filled up with END. */
uint32_t mr_program_visit_length(const mr_placement_t *p, const mr_place_formats_t *f,
                                 uint32_t visit);

/* Builds one shard's program of a visit, or one clone's, not filled up.
 * @return MR_OK or the first status of the sink. */
mr_status_t mr_program_build_shard(const mr_placement_t *p, const mr_place_formats_t *f,
                                   uint32_t visit, uint32_t shard, const mr_program_sink_t *sink);

/* Builds every visit's program in turn. A tile's descriptors come in order without gaps.
 * @return MR_OK or the first status of the sink. */
MR_NODISCARD mr_status_t mr_program_build(const mr_placement_t *p, const mr_place_formats_t *f,
                                          const mr_program_sink_t *sink);

#endif
