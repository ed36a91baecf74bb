/* SPDX-License-Identifier: Apache-2.0 */
/* Balancing: cuts a chain of steps into visits and gives each visit 1, 2, 4 or 8 clones, so that
 * the most clocks that a job keeps any tile, any group's bus or any group's KV cache is smallest
 * for the tiles that there are.
 *
 * A visit's job takes the clocks of its steps and those of the message behind the last one; c
 * clones share the jobs, so a visit holds up the chain by a c-th of that. Visits fill the groups in
 * order, each on neighbouring tiles of one group. A group's bus carries what comes into the group
 * and what its visits send; its KV cache streams for each of its ATTENDs, whatever their clones.
 * Among placements with the smallest bound: first those whose buses and KV caches are busy least,
 * as far as they are for more than half of the time; then those whose tiles are; then those
 * with the fewest weight copies, then with the fewest visits. Where messages differ in length, or a
 * bus binds, the answer may be a little off the best: it is looked for among placements that give
 * each group as many steps as it can do.
 */
#ifndef MR_BALANCE_H
#define MR_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/image.h"
#include "millrace/machine.h"

#define MR_BALANCE_CLONES_MAX 8u
#define MR_BALANCE_STEPS_MAX (MR_IMAGE_LAYERS_MAX * 5u + 2u)
#define MR_BALANCE_GROUP_STEPS 160u /* that a group does, at most */

/* A step, or what a visit needs for it. */
typedef struct {
    uint32_t clocks;  /* of a job, without a message */
    uint32_t message; /* clocks of the message that a visit sends that ends with it */
    uint32_t words;   /* of WMEM */
    uint32_t descs;   /* of PMEM */
    uint32_t vmem;    /* elements of VMEM that it keeps */
    uint32_t scratch; /* elements of VMEM that it shares with the visit's other steps */
    bool attends;
} mr_balance_step_t;

/* A visit: steps first.. to the next one's first - 1. */
typedef struct {
    uint16_t first;
    uint8_t tile; /* of the first clone, numbered through all groups */
    uint8_t clones;
} mr_balance_visit_t;

/* The question, the answer, and room to work in. About 160 KB. */
typedef struct {
    uint32_t n_steps;
    mr_balance_step_t step[MR_BALANCE_STEPS_MAX];
    uint32_t groups;
    uint32_t tiles;     /* of a group, 1..31 */
    uint32_t kv_layers; /* of a group */
    uint32_t stream;    /* clocks of a group's KV cache for an ATTEND */
    uint32_t wmem_words;
    uint32_t pmem_descs;
    uint32_t vmem_elems; /* that step.vmem and step.scratch may take */

    uint32_t least; /* a bound below which tiles need not go */

    uint32_t bound; /* clocks from job to job that tiles, buses and KV caches keep */
    uint32_t tile;  /* those that tiles keep */
    uint32_t group; /* those that buses and KV caches keep */
    uint32_t n_visits;
    mr_balance_visit_t visit[MR_MACHINE_TILES_MAX];

    /* Best ways to a step with so many of a group's tiles, counted from the group's first step. */
    uint64_t best[MR_BALANCE_GROUP_STEPS + 1u][MR_MACHINE_GROUP_TILES_MAX + 1u];
    uint8_t from[MR_BALANCE_GROUP_STEPS + 1u][MR_MACHINE_GROUP_TILES_MAX + 1u];
    uint8_t clones[MR_BALANCE_GROUP_STEPS + 1u][MR_MACHINE_GROUP_TILES_MAX + 1u];
    /* Fewest copies up to a step before and behind a group, and where the group begins then. */
    uint64_t cost[2][MR_BALANCE_STEPS_MAX + 1u];
    uint16_t start[MR_MACHINE_GROUPS_MAX][MR_BALANCE_STEPS_MAX + 1u];
} mr_balance_t;

/* Finds the visits. Step 0 is never cloned: the hub sends it every job.
 * @param most  the largest bound that is of use
 * @return false when no placement keeps it; the answer is then not set */
bool mr_balance(mr_balance_t *self, uint32_t most);

#endif
