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
#define MR_JOB_TOP 2u    /* the head returns {index, value} of the largest logit */
#define MR_JOB_HEAD 4u   /* the job goes on to the head; set with either of the above */

/* Takes one finished descriptor of a tile. */
typedef struct {
    mr_status_t (*put)(void *ctx, uint32_t tile, uint32_t index, const uint32_t *words);
    void *ctx;
} mr_program_sink_t;

/* Number of descriptors of a visit. */
uint32_t mr_program_visit_length(const mr_placement_t *p, const mr_place_formats_t *f,
                                 uint32_t visit);

/* Builds every visit's program in turn.
 * @return MR_OK or the first status of the sink. */
MR_NODISCARD mr_status_t mr_program_build(const mr_placement_t *p, const mr_place_formats_t *f,
                                          const mr_program_sink_t *sink);

#endif
