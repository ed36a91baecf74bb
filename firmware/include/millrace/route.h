/* SPDX-License-Identifier: Apache-2.0 */
/* Route: the little of a placement that the scheduler needs, so that it runs where the placement
 * has no room. */
#ifndef MR_ROUTE_H
#define MR_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#define MR_ROUTE_TILES_MAX 256u     /* of all groups */
#define MR_ROUTE_CANDIDATES_MAX 14u /* of a TOP result */

typedef struct {
    uint32_t tile;         /* of the first job, 0..30 */
    uint32_t pc;           /* its program, 0..65535 */
    uint32_t window;       /* jobs that may be in flight, from 1 */
    uint32_t candidates;   /* pairs of a TOP result, 1..MR_ROUTE_CANDIDATES_MAX */
    uint32_t vocab;        /* tokens */
    uint32_t context;      /* positions */
    uint32_t result_elems; /* of a result buffer */
    uint32_t kv_slots;     /* of the device */
    uint32_t tiles;        /* of all groups, 1..MR_ROUTE_TILES_MAX */
    uint32_t groups;       /* 1..16 */
    bool linked;           /* jobs pass links between groups */
    /* Tiles that jobs come to, in the order in which a device that hangs is searched: of tiles that
     * wait for one another the last one is to blame. */
    uint16_t n_search; /* 0..MR_ROUTE_TILES_MAX */
    uint8_t search[MR_ROUTE_TILES_MAX];
} mr_route_t;

struct mr_placement;

/* The route of a placement. */
void mr_route_of(mr_route_t *self, const struct mr_placement *p);

#endif
