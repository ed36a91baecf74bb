/* SPDX-License-Identifier: Apache-2.0 */
/* Route of a placement. */
#include "millrace/route.h"

#include "millrace/place.h"

_Static_assert(MR_ROUTE_TILES_MAX == MR_MACHINE_TILES_MAX, "a route has every tile");
_Static_assert(MR_ROUTE_CANDIDATES_MAX == MR_PLACE_SHARDS_MAX, "a shard has a candidate");

/* Adds a tile to the search unless it is there. */
static void add(mr_route_t *self, uint32_t tile) {
    for (uint32_t i = 0; i < self->n_search; i++) {
        if (self->search[i] == tile) {
            return;
        }
    }
    self->search[self->n_search++] = (uint8_t)tile;
}

void mr_route_of(mr_route_t *self, const mr_placement_t *p) {
    *self = (mr_route_t){.tile = p->visit[0].tile,
                         .pc = p->visit[0].pc,
                         .window = p->window,
                         .candidates = mr_place_candidates(p),
                         .vocab = p->shape.vocab,
                         .context = p->shape.context,
                         .result_elems = p->machine.result_elems,
                         .kv_slots = p->machine.kv_slots,
                         .tiles = mr_machine_tiles(&p->machine),
                         .groups = p->machine.groups};
    for (uint32_t i = p->n_visits; i-- > 0;) {
        const mr_visit_t *v = &p->visit[i];
        self->linked = self->linked || v->tile >= p->machine.tiles;
        for (uint32_t k = 0; k < mr_visit_tiles(v); k++) {
            add(self, v->tile + k);
        }
    }
}
