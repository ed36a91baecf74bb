/* SPDX-License-Identifier: Apache-2.0 */
/* Golden KV store: the rules of docs/interfaces.md section 3, told with one length per (slot,
 * layer, head, kind). */
#ifndef MR_TESTS_RTL_KV_DRAM_KV_GOLDEN_H
#define MR_TESTS_RTL_KV_DRAM_KV_GOLDEN_H

#include <stdint.h>

#include "kv_dut.h"

/* Limits of tb_kv_dram. */
#define KV_SLOTS 6U
#define KV_LAYERS 12U
#define KV_HEADS 3U
#define KV_NBH 3U
#define KV_PAGES 37U
#define KV_SLOT_BLOCKS 8U
#define KV_POSITIONS (32U * KV_SLOT_BLOCKS)

typedef struct {
    unsigned layers, heads, nbh, pages;             /* configuration */
    unsigned fit;                                   /* pages whose layer 0 lies inside the device */
    unsigned len[KV_SLOTS][KV_LAYERS][KV_HEADS][2]; /* positions written */
    unsigned blocks[KV_SLOTS];                      /* pages owned */
    unsigned owned;                                 /* pages owned by all slots */
    unsigned returning;                             /* pages of a slot that is being freed */
    uint8_t data[KV_SLOTS][KV_LAYERS][KV_HEADS][2][KV_POSITIONS][KV_NBH][KV_BLOCK_BYTES];
} kv_golden_t;

/* Status that cmd must get; free_pages: pages that can be given out now. */
unsigned kv_golden_status(const kv_golden_t *g, const kv_cmd_t *cmd, unsigned free_pages);
/* Carries a legal APPEND out. */
void kv_golden_append(kv_golden_t *g, const kv_cmd_t *cmd, uint8_t blocks[][KV_BLOCK_BYTES]);
/* Start of FREE: the slot is empty at once, its pages are returning until kv_golden_free_end. */
void kv_golden_free_begin(kv_golden_t *g, unsigned slot);
void kv_golden_free_end(kv_golden_t *g);

#endif
