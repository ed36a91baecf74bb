/* SPDX-License-Identifier: Apache-2.0 */
/* Front end of the model's KV controller: lengths, pages, refusals as in docs/interfaces.md 3. */
#include "millrace/regs.h"
#include "model.h"

static uint32_t kv_field(uint32_t reg, uint32_t mask, uint32_t shift) {
    return (reg & mask) >> shift;
}

/* Blocks of one page: K and V of all heads and layers for 32 tokens. */
static uint64_t kv_page_blocks(const model_kv_t *kv) {
    return (uint64_t)kv->layers * kv->heads * kv->nbh * 2 * MODEL_PAGE_TOKENS;
}

static bool kv_config_ok(const model_t *m) {
    const model_kv_t *kv = &m->kv;
    return kv->layers != 0 && kv->layers <= m->cfg.kv_layers && kv->heads != 0 &&
           kv->heads <= m->cfg.kv_heads && kv->nbh != 0 && kv->nbh <= m->cfg.kv_nbh;
}

void mr_model_kv_init(model_t *m) {
    model_kv_t *kv = &m->kv;
    kv->layers = kv_field(kv->config, MR_KV_CONFIG_LAYERS_MASK, MR_KV_CONFIG_LAYERS_SHIFT);
    kv->heads = kv_field(kv->config, MR_KV_CONFIG_HEADS_MASK, MR_KV_CONFIG_HEADS_SHIFT);
    kv->nbh = kv_field(kv->config, MR_KV_CONFIG_NBH_MASK, MR_KV_CONFIG_NBH_SHIFT);
    kv->pages = 0;
    if (kv_config_ok(m)) {
        const uint64_t fit = m->cfg.kv_dram_blocks / kv_page_blocks(kv);
        kv->pages = fit < m->cfg.kv_pages ? (uint32_t)fit : m->cfg.kv_pages;
    }
    for (uint32_t page = 0; page < kv->pages; page++) {
        kv->free_list[page] = kv->pages - 1 - page; /* page 0 is taken first */
    }
    kv->n_free = kv->pages;
    for (uint32_t slot = 0; slot < m->cfg.kv_slots; slot++) {
        kv->n_blocks[slot] = 0;
    }
    for (size_t i = 0; i < (size_t)m->cfg.kv_slots * m->cfg.kv_layers; i++) {
        kv->len[i] = (model_kv_len_t){0, {0, 0}};
    }
}

static uint8_t kv_refuse(model_t *m, uint8_t status) {
    m->kv.refused++;
    m->kv.error = true;
    m->status |= MR_CHIP_STATUS_KV_ERROR_MASK;
    return status;
}

static model_kv_len_t *kv_len(const model_t *m, uint32_t slot, uint32_t layer) {
    return &m->kv.len[(size_t)slot * m->cfg.kv_layers + layer];
}

static bool kv_known(const model_t *m, uint32_t slot, uint32_t layer, uint32_t head) {
    return kv_config_ok(m) && slot < m->cfg.kv_slots && layer < m->kv.layers && head < m->kv.heads;
}

mr_block_t *mr_model_kv_chunk(const model_t *m, uint32_t slot, uint32_t block, uint32_t layer,
                              uint32_t head, uint32_t kind) {
    const model_kv_t *kv = &m->kv;
    const uint64_t page = kv->table[(size_t)slot * m->cfg.kv_slot_blocks + block];
    const uint64_t chunk = ((page * kv->layers + layer) * kv->heads + head) * 2 + kind;
    return &kv->dram[chunk * kv->nbh * MODEL_PAGE_TOKENS];
}

uint8_t mr_model_kv_append(model_t *m, uint32_t slot, uint32_t layer, uint32_t head, uint32_t kind,
                           uint32_t pos, const mr_block_t *blocks) {
    model_kv_t *kv = &m->kv;
    if (!kv_known(m, slot, layer, head)) {
        return kv_refuse(m, MODEL_JOB_KV_WHO);
    }
    model_kv_len_t *len = kv_len(m, slot, layer);
    const uint64_t bit = (uint64_t)1 << head;
    if (pos != len->len || (len->bits[kind] & bit) != 0) {
        return kv_refuse(m, MODEL_JOB_KV_POS);
    }
    const uint32_t block = pos / MODEL_PAGE_TOKENS;
    const bool need_page = block == kv->n_blocks[slot];
    if (block >= m->cfg.kv_slot_blocks || (need_page && kv->n_free == 0)) {
        return kv_refuse(m, MODEL_JOB_KV_PAGES);
    }
    if (need_page) {
        kv->table[(size_t)slot * m->cfg.kv_slot_blocks + block] = kv->free_list[--kv->n_free];
        kv->n_blocks[slot]++;
    }
    mr_block_t *to = mr_model_kv_chunk(m, slot, block, layer, head, kind) +
                     (size_t)(pos % MODEL_PAGE_TOKENS) * kv->nbh;
    for (uint32_t b = 0; b < kv->nbh; b++) {
        to[b] = blocks[b];
    }
    const uint64_t all = kv->heads == 64 ? UINT64_MAX : ((uint64_t)1 << kv->heads) - 1;
    len->bits[kind] |= bit;
    if (len->bits[0] == all && len->bits[1] == all) {
        *len = (model_kv_len_t){len->len + 1, {0, 0}};
    }
    return MODEL_JOB_OK;
}

uint8_t mr_model_kv_check_stream(model_t *m, uint32_t slot, uint32_t layer, uint32_t head,
                                 uint32_t pos) {
    if (!kv_known(m, slot, layer, head)) {
        return kv_refuse(m, MODEL_JOB_KV_WHO);
    }
    const model_kv_len_t *len = kv_len(m, slot, layer);
    const uint32_t k = len->len + (uint32_t)((len->bits[0] >> head) & 1);
    const uint32_t v = len->len + (uint32_t)((len->bits[1] >> head) & 1);
    return pos >= k || pos >= v ? kv_refuse(m, MODEL_JOB_KV_POS) : (uint8_t)MODEL_JOB_OK;
}

void mr_model_kv_free(model_t *m, uint32_t slot) {
    model_kv_t *kv = &m->kv;
    if (slot >= m->cfg.kv_slots) {
        kv->refused++; /* counted, but no command of a tile: ERROR stays */
        return;
    }
    for (uint32_t i = kv->n_blocks[slot]; i > 0; i--) {
        kv->free_list[kv->n_free++] = kv->table[(size_t)slot * m->cfg.kv_slot_blocks + i - 1];
    }
    kv->n_blocks[slot] = 0;
    for (uint32_t layer = 0; layer < m->cfg.kv_layers; layer++) {
        *kv_len(m, slot, layer) = (model_kv_len_t){0, {0, 0}};
    }
}
