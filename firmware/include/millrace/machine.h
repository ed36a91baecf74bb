/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine is: identity check and capabilities, read from the chip registers. */
#ifndef MR_MACHINE_H
#define MR_MACHINE_H

#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

#define MR_MACHINE_TILES_MAX 31u /* a destination mask has 32 nodes, node 0 is the hub */

typedef struct {
    uint32_t id;
    uint32_t version; /* major in 31:16, minor in 15:0 */
    uint32_t git_hash;
    uint32_t groups;
    uint32_t tiles;
    uint32_t lanes;
    uint32_t channels;
    uint32_t wmem_words;   /* per tile; a word is lanes x 288 bits */
    uint32_t vmem_elems;   /* per tile */
    uint32_t xmem_blocks;  /* per tile */
    uint32_t pmem_descs;   /* per tile */
    uint32_t in_bufs;      /* per tile */
    uint32_t in_size_max;  /* elements */
    uint32_t result_bufs;  /* of the hub */
    uint32_t result_elems; /* of one */
    uint32_t kv_slots;
    uint32_t kv_layers;
    uint32_t kv_heads;
    uint32_t kv_nbh;
    uint32_t kv_pages;
    uint32_t clock_khz;
} mr_machine_t;

/* Whether this firmware can use a machine: one group of 1..MR_MACHINE_TILES_MAX tiles with 1, 2, 4
 * or 8 lanes, and at least one input buffer, result buffer and KV slot. Sizes of memories are for
 * placement to judge.
 * @return MR_OK; MR_UNSUPPORTED. */
MR_NODISCARD mr_status_t mr_machine_check(const mr_machine_t *machine);

/* Reads identity and capabilities.
 * @return MR_OK; MR_IDENTITY: the ID register or the major version is not Millrace's (id and
 * version are filled in, the rest is not touched); MR_UNSUPPORTED: mr_machine_check refuses it (out
 * is filled in); or the bus's status. */
MR_NODISCARD mr_status_t mr_machine_probe(const mr_mmio_t *mmio, mr_machine_t *out);

#endif
