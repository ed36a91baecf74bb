/* SPDX-License-Identifier: Apache-2.0 */
/* Functional device model: a chip of one or more groups behind the register map, bit-exact, without
 * time.
 *
 * Holds the memories of tiles, hub and KV controller in the RTL's layout and executes the jobs'
 * descriptors with the contract's arithmetic (docs/arithmetic.md, docs/tile_isa.md). Everything
 * that software can see of results, statuses and refusals follows the RTL; time does not exist:
 * CYCLE counts register accesses and waited cycles, the CYC_ and KV counters of cycles, beats and
 * DRAM commands read 0, CAPS_CLOCK_KHZ reads 0, links hold nothing and never fail, and the order in
 * which independent jobs finish is the model's own. Descriptors of a job run one after another, so
 * a program that lacks a `wait` may work here and fail on hardware.
 *
 * Work is done inside the register accesses that cause it (injection, a result freed, a tile
 * enabled) and inside the wait operation and status reads; there are no threads. A single access
 * executes a bounded number of descriptors; what is left continues with the next one.
 *
 * Not thread-safe. The heap is used in create and close only.
 */
#ifndef MR_BACKEND_MODEL_H
#define MR_BACKEND_MODEL_H

#include <stdint.h>

#include "millrace/mmio.h"
#include "millrace/status.h"

#define MR_BACKEND_MODEL_GROUPS_MAX 16u
#define MR_BACKEND_MODEL_TILES_MAX 31u       /* destination masks have 32 bits, the hub takes one */
#define MR_BACKEND_MODEL_CHIP_TILES_MAX 256u /* tiles of all groups */
#define MR_BACKEND_MODEL_BUFS_MAX 64u        /* input buffers a tile */
#define MR_BACKEND_MODEL_RESULTS_MAX 128u
#define MR_BACKEND_MODEL_SLOTS_MAX 256u
#define MR_BACKEND_MODEL_TOKENS_MAX 1024u

/* Shape of the machine; the CAPS registers repeat it. */
typedef struct {
    uint32_t groups;         /* 1..16 */
    uint32_t tiles;          /* of a group, 1..31 (30 of several groups); 256 in all */
    uint32_t lanes;          /* 1, 2, 4 or 8 */
    uint32_t wmem_words;     /* a tile, words of lanes x 288 bits, 1..2^20 */
    uint32_t vmem_elems;     /* a tile, even, 64..2^20 */
    uint32_t xmem_blocks;    /* a tile, 1..2^16 */
    uint32_t pmem_descs;     /* a tile, 1..65535 */
    uint32_t in_bufs;        /* input buffers a tile, 1..64 */
    uint32_t in_size_max;    /* largest IN_SIZE, elements, even, 2..65534 */
    uint32_t res_bufs;       /* result buffers of the hub, 1..128 */
    uint32_t res_size;       /* elements of one, even, 2..2^20 */
    uint32_t loop_slots;     /* slots that the token loop knows, 0 (no loop)..256 */
    uint32_t loop_depth;     /* entries of its token queue, loop_slots + 1..1024 */
    uint32_t kv_channels;    /* of a group, 1, 2, 4 or 8 */
    uint32_t kv_slots;       /* 1..256 */
    uint32_t kv_layers;      /* largest CONFIG.layers, 1..256 */
    uint32_t kv_heads;       /* largest CONFIG.heads, 1..64 */
    uint32_t kv_nbh;         /* largest CONFIG.nbh, 1..16 */
    uint32_t kv_pages;       /* entries of a channel's page table, 1..65536 */
    uint32_t kv_slot_blocks; /* 32-token blocks that one slot may hold, 1..4096 */
    uint32_t kv_dram_blocks; /* blocks of 32 values that a channel's DRAM holds, 1..2^26 */
} mr_backend_model_config_t;

/* A machine with room for about 4 million parameters: one group of 8 tiles of 4 lanes, 8 slots of
 * 2048 tokens. */
void mr_backend_model_default_config(mr_backend_model_config_t *config);

/* Creates a device in its reset state (memories zero).
 *
 * @param[in] config shape; copied
 * @param[out] mmio the device; mr_mmio_close releases it
 * @return MR_OK; MR_ARG: a pointer is NULL; MR_RANGE: a value of config is outside its range;
 *         MR_NO_MEMORY. On error *mmio is untouched. */
MR_NODISCARD mr_status_t mr_backend_model_create(const mr_backend_model_config_t *config,
                                                 mr_mmio_t *mmio);

#endif
