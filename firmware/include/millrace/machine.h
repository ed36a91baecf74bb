/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine is: identity check and capabilities, read from the chip registers. */
#ifndef MR_MACHINE_H
#define MR_MACHINE_H

#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

#define MR_MACHINE_GROUPS_MAX 16u
#define MR_MACHINE_TILES_MAX 256u /* of all groups */
/* Of a group: a destination mask has 32 nodes, node 0 is the hub, and with several groups the one
 * behind the last tile is the link. */
#define MR_MACHINE_GROUP_TILES_MAX 31u
#define MR_MACHINE_LINKED_TILES_MAX 30u

typedef struct {
    uint32_t id;
    uint32_t version; /* major in 31:16, minor in 15:0 */
    uint32_t git_hash;
    uint32_t groups;
    uint32_t tiles; /* of a group */
    uint32_t lanes;
    uint32_t channels;     /* of a group */
    uint32_t wmem_words;   /* per tile; a word is lanes x 288 bits */
    uint32_t vmem_elems;   /* per tile */
    uint32_t xmem_blocks;  /* per tile */
    uint32_t pmem_descs;   /* per tile */
    uint32_t in_bufs;      /* per tile */
    uint32_t in_size_max;  /* elements */
    uint32_t result_bufs;  /* of the hub */
    uint32_t result_elems; /* of one */
    uint32_t kv_slots;
    uint32_t kv_layers; /* in a group */
    uint32_t kv_heads;
    uint32_t kv_nbh;
    uint32_t kv_pages;      /* of a channel */
    uint32_t kv_word_bytes; /* that a channel's DRAM moves in a clock; 0: no DRAM, no time */
    uint32_t clock_khz;
} mr_machine_t;

/* Tiles of all groups; tile t of group g has number g x tiles + t. */
static inline uint32_t mr_machine_tiles(const mr_machine_t *m) {
    return m->groups * m->tiles;
}

/* Whether this firmware can use a machine: 1 to 16 groups of 1 to 31 tiles (30 of several groups;
 * at most 256 in all) with 1, 2, 4 or 8 lanes, and at least one input buffer, result buffer and KV
 * slot. Sizes of memories are for placement to judge.
 * @return MR_OK; MR_UNSUPPORTED. */
MR_NODISCARD mr_status_t mr_machine_check(const mr_machine_t *machine);

/* Reads identity and capabilities.
 * @return MR_OK; MR_IDENTITY: the ID register or the major version is not Millrace's (id and
 * version are filled in, the rest is not touched); MR_UNSUPPORTED: mr_machine_check refuses it (out
 * is filled in); or the bus's status. */
MR_NODISCARD mr_status_t mr_machine_probe(const mr_mmio_t *mmio, mr_machine_t *out);

#endif
