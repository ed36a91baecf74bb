/* SPDX-License-Identifier: Apache-2.0 */
/* Front end of the model's KV controller: lengths, pages, sharing, refusals as in
 * docs/interfaces.md section 3. */
#include "millrace/regs.h"
#include "model.h"

static uint32_t kv_field(uint32_t reg, uint32_t mask, uint32_t shift) {
    return (reg & mask) >> shift;
}

/* Blocks of one page: K and V of all heads and layers for 32 tokens. */
static uint64_t kv_page_blocks(const model_kv_t *kv) {
    return (uint64_t)kv->layers * kv->heads * kv->nbh * 2 * MODEL_PAGE_TOKENS;
}

static bool kv_shape_ok(const model_t *m) {
    const model_kv_t *kv = &m->kv;
    return kv->layers != 0 && kv->layers <= m->cfg.kv_layers && kv->heads != 0 &&
           kv->heads <= m->cfg.kv_heads && kv->nbh != 0 && kv->nbh <= m->cfg.kv_nbh &&
           kv->pages_max <= m->cfg.kv_pages;
}

void mr_model_kv_init(model_t *m) {
    model_kv_t *kv = &m->kv;
    kv->layers = kv_field(kv->config, MR_KV_CONFIG_LAYERS_MASK, MR_KV_CONFIG_LAYERS_SHIFT);
    kv->heads = kv_field(kv->config, MR_KV_CONFIG_HEADS_MASK, MR_KV_CONFIG_HEADS_SHIFT);
    kv->nbh = kv_field(kv->config, MR_KV_CONFIG_NBH_MASK, MR_KV_CONFIG_NBH_SHIFT);
    kv->pages = 0;
    kv->usable = kv_shape_ok(m);
    if (kv->usable) {
        const uint64_t fit = m->cfg.kv_dram_blocks / kv_page_blocks(kv);
        kv->pages = fit < kv->pages_max ? (uint32_t)fit : kv->pages_max;
    }
    for (uint32_t page = 0; page < kv->pages; page++) {
        kv->free_list[page] = kv->pages - 1 - page; /* page 0 is taken first */
    }
    kv->n_free = kv->pages;
    for (uint32_t slot = 0; slot < m->cfg.kv_slots; slot++) {
        kv->n_blocks[slot] = 0;
        kv->quota[slot] = m->cfg.kv_slot_blocks;
    }
    for (size_t i = 0; i < (size_t)m->cfg.kv_slots * m->cfg.kv_layers; i++) {
        kv->len[i] = (model_kv_len_t){0, {0, 0}};
    }
}

static void kv_count(model_t *m, uint8_t status) {
    m->kv.refused[status - MODEL_JOB_KV_WHO]++;
}

/* Refuses a tile's command. */
static uint8_t kv_refuse(model_t *m, uint8_t status) {
    kv_count(m, status);
    m->kv.error = true;
    m->status |= MR_CHIP_STATUS_KV_ERROR_MASK;
    return status;
}

static model_kv_len_t *kv_len(const model_t *m, uint32_t slot, uint32_t layer) {
    return &m->kv.len[(size_t)slot * m->cfg.kv_layers + layer];
}

static bool kv_known(const model_t *m, uint32_t slot, uint32_t layer, uint32_t head) {
    return m->kv.usable && slot < m->cfg.kv_slots && layer < m->kv.layers && head < m->kv.heads;
}

static uint32_t *kv_entry(const model_t *m, uint32_t slot, uint32_t block) {
    return &m->kv.table[(size_t)slot * m->cfg.kv_slot_blocks + block];
}

mr_block_t *mr_model_kv_chunk(const model_t *m, uint32_t slot, uint32_t block, uint32_t layer,
                              uint32_t head, uint32_t kind) {
    const model_kv_t *kv = &m->kv;
    const uint64_t page = *kv_entry(m, slot, block);
    const uint64_t chunk = ((page * kv->layers + layer) * kv->heads + head) * 2 + kind;
    return &kv->dram[chunk * kv->nbh * MODEL_PAGE_TOKENS];
}

static void kv_release(model_kv_t *kv, uint32_t page) {
    if (--kv->refs[page] == 0) {
        kv->free_list[kv->n_free++] = page;
    }
}

/* Makes block `block` (there, or the next one) of a slot a page that no other slot reads: takes a
 * new one, or copies a shared one. @return false, and nothing changes, when there is none or the
 * quota forbids it. */
static bool kv_own_page(model_t *m, uint32_t slot, uint32_t block) {
    model_kv_t *kv = &m->kv;
    uint32_t *entry = kv_entry(m, slot, block);
    const bool fresh = block == kv->n_blocks[slot];
    if (fresh && block >= kv->quota[slot]) {
        return false;
    }
    if (!fresh && kv->refs[*entry] == 1) {
        return true;
    }
    if (kv->n_free == 0) {
        return false;
    }
    const uint32_t page = kv->free_list[--kv->n_free];
    kv->refs[page] = 1;
    if (fresh) {
        kv->n_blocks[slot]++;
    } else {
        const uint64_t n = kv_page_blocks(kv);
        for (uint64_t i = 0; i < n; i++) {
            kv->dram[page * n + i] = kv->dram[*entry * n + i];
        }
        kv_release(kv, *entry);
    }
    *entry = page;
    return true;
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
    if (!kv_own_page(m, slot, block)) {
        return kv_refuse(m, MODEL_JOB_KV_PAGES);
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

/* ---- administration -------------------------------------------------------------------------- */

/* All layers of a slot have at least `len` complete positions. */
static bool kv_has(const model_t *m, uint32_t slot, uint32_t len) {
    for (uint32_t layer = 0; layer < m->kv.layers; layer++) {
        if (kv_len(m, slot, layer)->len < len) {
            return false;
        }
    }
    return true;
}

static void kv_set_len(const model_t *m, uint32_t slot, uint32_t len) {
    for (uint32_t layer = 0; layer < m->kv.layers; layer++) {
        *kv_len(m, slot, layer) = (model_kv_len_t){len, {0, 0}};
    }
}

static uint8_t kv_truncate(model_t *m, uint32_t slot, uint32_t len, uint32_t pages) {
    model_kv_t *kv = &m->kv;
    if (!kv_has(m, slot, len)) {
        return MODEL_JOB_KV_POS;
    }
    kv_set_len(m, slot, len);
    while (kv->n_blocks[slot] > pages) {
        kv_release(kv, *kv_entry(m, slot, --kv->n_blocks[slot]));
    }
    return MODEL_JOB_OK;
}

static uint8_t kv_fork(model_t *m, uint32_t slot, uint32_t src, uint32_t len, uint32_t pages) {
    model_kv_t *kv = &m->kv;
    if (!kv_has(m, src, len) || kv->n_blocks[slot] != 0) {
        return MODEL_JOB_KV_POS;
    }
    if (pages > kv->quota[slot]) {
        return MODEL_JOB_KV_PAGES;
    }
    kv_set_len(m, slot, len);
    for (; kv->n_blocks[slot] < pages; kv->n_blocks[slot]++) {
        const uint32_t block = kv->n_blocks[slot];
        const uint32_t page = *kv_entry(m, src, block);
        *kv_entry(m, slot, block) = page;
        kv->refs[page]++;
    }
    return MODEL_JOB_OK;
}

static uint8_t kv_quota(model_t *m, uint32_t slot, uint32_t pages) {
    if (pages > m->cfg.kv_slot_blocks) {
        return MODEL_JOB_KV_POS;
    }
    m->kv.quota[slot] = pages;
    return MODEL_JOB_OK;
}

static uint8_t kv_admin(model_t *m) {
    const model_kv_t *kv = &m->kv;
    const uint32_t slot = kv_field(kv->admin, MR_KV_ADMIN_SLOT_MASK, MR_KV_ADMIN_SLOT_SHIFT);
    const uint32_t src = kv_field(kv->admin, MR_KV_ADMIN_SRC_MASK, MR_KV_ADMIN_SRC_SHIFT);
    const uint32_t op = kv_field(kv->admin, MR_KV_ADMIN_OP_MASK, MR_KV_ADMIN_OP_SHIFT);
    const uint32_t pages = (kv->admin_len + MODEL_PAGE_TOKENS - 1) / MODEL_PAGE_TOKENS;
    if (!kv->usable || slot >= m->cfg.kv_slots ||
        (op == MR_KV_ADMIN_OP_FORK && src >= m->cfg.kv_slots)) {
        return MODEL_JOB_KV_WHO;
    }
    switch (op) {
    case MR_KV_ADMIN_OP_FREE:
        return kv_truncate(m, slot, 0, 0);
    case MR_KV_ADMIN_OP_TRUNCATE:
        return kv_truncate(m, slot, kv->admin_len, pages);
    case MR_KV_ADMIN_OP_FORK:
        return kv_fork(m, slot, src, kv->admin_len, pages);
    default:
        return kv_quota(m, slot, kv->admin_len);
    }
}

void mr_model_kv_admin(model_t *m) {
    const uint8_t status = kv_admin(m);
    m->kv.admin_code = status;
    if (status != MODEL_JOB_OK) {
        kv_count(m, status); /* counted, but no command of a tile: ERROR stays */
    }
}
