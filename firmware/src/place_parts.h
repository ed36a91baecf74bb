/* SPDX-License-Identifier: Apache-2.0 */
/* What placement's parts have of each other (internal). */
#ifndef MR_PLACE_PARTS_H
#define MR_PLACE_PARTS_H

#include "millrace/place.h"

/* ---- place.c ---- */

/* Weight words of a step on each of its tiles; a head that shares EMBED's matrix has none. */
uint32_t mr_place_step_words(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t step);

/* Notes how far each tile is filled. */
void mr_place_count_words(mr_placement_t *p, const mr_place_formats_t *f);

/* Elements of VMEM that a step keeps on a tile, and those that it shares with other steps. */
void mr_place_step_vectors(const mr_placement_t *p, uint32_t step, uint32_t *kept,
                           uint32_t *scratch);

/* ---- place_clones.c ---- */

/* Gives the steps of a whole placement of one shard other tiles, with clones, if that shortens the
 * busiest tile's time by a quarter; vectors and visits are then to be placed again. When false, all
 * of the placement is. token: clocks of a token, which tell how busy a tile can be at most. */
bool mr_place_clones(mr_placement_t *p, const mr_place_formats_t *f, uint64_t token);

#endif
