/* SPDX-License-Identifier: Apache-2.0 */
/* Memory window and CRC engine of the model (docs/interfaces.md section 4). */
#include "millrace/arith.h"
#include "millrace/crc.h"
#include "millrace/regs.h"
#include "model.h"

/* Words of a row in the window's numbering of WMEM and XMEM; those above WINDOW_LAST read 0. */
#define WINDOW_ROW_WORDS 16u
#define WINDOW_LAST 8u

typedef struct {
    uint32_t kind;
    model_tile_t *tile; /* NULL for RESULT */
} window_target_t;

/* The memory in MEM_TARGET; false if there is none or its tile has a job. */
static bool window_target(model_t *m, window_target_t *target) {
    const uint32_t tile =
        (m->mem_target & MR_CHIP_MEM_TARGET_TILE_MASK) >> MR_CHIP_MEM_TARGET_TILE_SHIFT;
    target->kind = (m->mem_target & MR_CHIP_MEM_TARGET_KIND_MASK) >> MR_CHIP_MEM_TARGET_KIND_SHIFT;
    target->tile = NULL;
    if (target->kind == MR_CHIP_MEM_TARGET_KIND_RESULT) {
        return true;
    }
    if (target->kind > MR_CHIP_MEM_TARGET_KIND_PMEM || tile >= mr_model_tiles(m)) {
        return false;
    }
    target->tile = &m->tiles[tile];
    return !mr_model_net_tile_has_job(m, target->tile);
}

/* Rows of a memory in the sense of the CRC engine. */
static uint64_t window_rows(const model_t *m, uint32_t kind) {
    switch (kind) {
    case MR_CHIP_MEM_TARGET_KIND_WMEM:
        return (uint64_t)m->cfg.wmem_words * m->cfg.lanes;
    case MR_CHIP_MEM_TARGET_KIND_VMEM:
        return m->cfg.vmem_elems;
    case MR_CHIP_MEM_TARGET_KIND_XMEM:
        return m->cfg.xmem_blocks;
    case MR_CHIP_MEM_TARGET_KIND_PMEM:
        return m->cfg.pmem_descs;
    default:
        return (uint64_t)m->cfg.res_bufs * m->cfg.res_size;
    }
}

/* Window words that stand for one row. */
static uint32_t window_stride(uint32_t kind) {
    switch (kind) {
    case MR_CHIP_MEM_TARGET_KIND_WMEM:
    case MR_CHIP_MEM_TARGET_KIND_XMEM:
        return WINDOW_ROW_WORDS;
    case MR_CHIP_MEM_TARGET_KIND_PMEM:
        return MODEL_DESC_WORDS;
    default:
        return 1;
    }
}

/* Word k of row r of an existing memory. */
static uint32_t window_get(const model_t *m, const window_target_t *target, size_t r, uint32_t k) {
    const model_tile_t *tile = target->tile;
    switch (target->kind) {
    case MR_CHIP_MEM_TARGET_KIND_WMEM:
        return k > WINDOW_LAST ? 0 : tile->wmem[r * MODEL_LANE_WORDS + k];
    case MR_CHIP_MEM_TARGET_KIND_VMEM:
        return mr_f32_bits(tile->vmem[r]);
    case MR_CHIP_MEM_TARGET_KIND_XMEM: {
        const int8_t *q = &tile->xmem[r].q[(k % 8) * 4];
        if (k >= WINDOW_LAST) {
            return k > WINDOW_LAST ? 0 : tile->xmem[r].d;
        }
        return (uint32_t)(uint8_t)q[0] | ((uint32_t)(uint8_t)q[1] << 8) |
               ((uint32_t)(uint8_t)q[2] << 16) | ((uint32_t)(uint8_t)q[3] << 24);
    }
    case MR_CHIP_MEM_TARGET_KIND_PMEM:
        return tile->pmem[r * MODEL_DESC_WORDS + k];
    default:
        return mr_f32_bits(m->hub.data[r]);
    }
}

static void window_put_weight(model_tile_t *tile, size_t r, uint32_t last) {
    uint32_t *w = &tile->wmem[r * MODEL_LANE_WORDS];
    for (uint32_t i = 0; i < 8; i++) {
        w[i] = tile->stage[i];
    }
    w[8] = last;
    tile->wscale[r] = mr_f16_to_f32((uint16_t)last);
}

static void window_put_block(model_tile_t *tile, size_t r, uint32_t last) {
    mr_block_t *block = &tile->xmem[r];
    for (uint32_t i = 0; i < MR_BLOCK_LEN; i++) {
        const uint32_t byte = (tile->stage[i / 4] >> (8 * (i % 4))) & 0xFFu;
        block->q[i] = (int8_t)(byte < 128 ? (int)byte : (int)byte - 256);
    }
    block->d = (uint16_t)last;
}

bool mr_model_window_read(model_t *m, uint32_t index, uint32_t *value) {
    window_target_t target;
    if (!window_target(m, &target)) {
        return false;
    }
    const uint32_t stride = window_stride(target.kind);
    if (index / stride >= window_rows(m, target.kind)) {
        return false;
    }
    *value = window_get(m, &target, index / stride, index % stride);
    return true;
}

bool mr_model_window_write(model_t *m, uint32_t index, uint32_t value) {
    window_target_t target;
    if (!window_target(m, &target) || target.tile == NULL) {
        return false;
    }
    const uint32_t stride = window_stride(target.kind);
    const size_t r = index / stride;
    const uint32_t k = index % stride;
    if (r >= window_rows(m, target.kind)) {
        return false;
    }
    if (target.kind == MR_CHIP_MEM_TARGET_KIND_VMEM) {
        target.tile->vmem[r] = mr_f32_from_bits(value);
    } else if (target.kind == MR_CHIP_MEM_TARGET_KIND_PMEM) {
        target.tile->pmem[index] = value;
    } else if (k < WINDOW_LAST) {
        target.tile->stage[k] = value;
    } else if (k == WINDOW_LAST && target.kind == MR_CHIP_MEM_TARGET_KIND_WMEM) {
        window_put_weight(target.tile, r, value);
    } else if (k == WINDOW_LAST) {
        window_put_block(target.tile, r, value);
    }
    return true;
}

void mr_model_window_crc(model_t *m) {
    window_target_t target;
    uint32_t crc = 0;
    m->crc_error =
        m->crc_count != 0 && (!window_target(m, &target) ||
                              (uint64_t)m->crc_start + m->crc_count > window_rows(m, target.kind));
    for (uint32_t i = 0; i < m->crc_count && !m->crc_error; i++) {
        const uint32_t stride = window_stride(target.kind);
        const uint32_t words = stride == WINDOW_ROW_WORDS ? MODEL_LANE_WORDS : stride;
        for (uint32_t k = 0; k < words; k++) {
            const uint32_t word = window_get(m, &target, (size_t)m->crc_start + i, k);
            crc = mr_crc32(crc, &word, sizeof word);
        }
    }
    m->crc_value = crc;
}
