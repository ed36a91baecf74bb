/* SPDX-License-Identifier: Apache-2.0 */
/* Front end of the model's KV controller: lengths, pages, sharing, refusals as in
 * docs/interfaces.md section 3, a set of pages for each channel. */
#include "millrace/regs.h"
#include "model.h"

static uint32_t kv_field(uint32_t reg, uint32_t mask, uint32_t shift) {
    return (reg & mask) >> shift;
}

/* Blocks of one page of a channel with so many heads: K and V of all layers for 32 tokens. */
static uint64_t kv_page_blocks(const model_kv_t *kv, uint32_t heads) {
    return (uint64_t)kv->layers * heads * kv->nbh * 2 * MODEL_PAGE_TOKENS;
}

static bool kv_shape_ok(const model_t *m, const model_kv_t *kv) {
    return kv->layers != 0 && kv->layers <= m->cfg.kv_layers && kv->heads != 0 &&
           kv->heads <= m->cfg.kv_heads && kv->nbh != 0 && kv->nbh <= m->cfg.kv_nbh &&
           kv->pages_max <= m->cfg.kv_pages;
}

static void kv_init_channel(const model_t *m, model_kv_channel_t *ch, uint32_t pages,
                            uint32_t heads) {
    ch->heads = heads;
    for (uint32_t page = 0; page < pages; page++) {
        ch->free_list[page] = pages - 1 - page; /* page 0 is taken first */
    }
    ch->n_free = pages;
    for (uint32_t slot = 0; slot < m->cfg.kv_slots; slot++) {
        ch->n_blocks[slot] = 0;
        ch->quota[slot] = m->cfg.kv_slot_blocks;
    }
    for (size_t i = 0; i < (size_t)m->cfg.kv_slots * m->cfg.kv_layers; i++) {
        ch->len[i] = (model_kv_len_t){0, {0, 0}};
    }
}

void mr_model_kv_init(model_t *m, uint32_t group) {
    model_kv_t *kv = &m->kv[group];
    const uint32_t channels = m->cfg.kv_channels;
    kv->layers = kv_field(kv->config, MR_KV_CONFIG_LAYERS_MASK, MR_KV_CONFIG_LAYERS_SHIFT);
    kv->heads = kv_field(kv->config, MR_KV_CONFIG_HEADS_MASK, MR_KV_CONFIG_HEADS_SHIFT);
    kv->nbh = kv_field(kv->config, MR_KV_CONFIG_NBH_MASK, MR_KV_CONFIG_NBH_SHIFT);
    kv->pages = 0;
    kv->usable = kv_shape_ok(m, kv);
    if (kv->usable) {
        /* Channel 0 has most heads, the others' pages are as large. */
        const uint32_t most = (kv->heads + channels - 1) / channels;
        const uint64_t fit = m->cfg.kv_dram_blocks / kv_page_blocks(kv, most);
        kv->pages = fit < kv->pages_max ? (uint32_t)fit : kv->pages_max;
    }
    for (uint32_t c = 0; c < channels; c++) {
        kv_init_channel(m, &kv->channel[c], kv->pages, (kv->heads + channels - 1 - c) / channels);
    }
}

/* Takes part in administration. */
static bool kv_in_use(const model_kv_t *kv, uint32_t channel) {
    return channel == 0 || kv->channel[channel].heads != 0;
}

uint32_t mr_model_kv_pages_free(const model_t *m, uint32_t group) {
    const model_kv_t *kv = &m->kv[group];
    uint32_t fewest = kv->channel[0].n_free;
    for (uint32_t c = 1; c < m->cfg.kv_channels; c++) {
        const uint32_t n = kv->channel[c].n_free;
        fewest = n < fewest ? n : fewest;
    }
    return fewest;
}

static void kv_count(model_kv_t *kv, uint8_t status) {
    kv->refused[status - MODEL_JOB_KV_WHO]++;
}

/* Refuses a tile's command. */
static uint8_t kv_refuse(model_t *m, model_kv_t *kv, uint8_t status) {
    kv_count(kv, status);
    kv->error = true;
    m->status |= MR_CHIP_STATUS_KV_ERROR_MASK;
    return status;
}

/* The channel of a head, and its number there. */
static model_kv_channel_t *kv_channel(const model_t *m, model_kv_t *kv, uint32_t *head) {
    model_kv_channel_t *ch = &kv->channel[*head % m->cfg.kv_channels];
    *head /= m->cfg.kv_channels;
    return ch;
}

static model_kv_len_t *kv_len(const model_t *m, const model_kv_channel_t *ch, uint32_t slot,
                              uint32_t layer) {
    return &ch->len[(size_t)slot * m->cfg.kv_layers + layer];
}

static bool kv_known(const model_t *m, const model_kv_t *kv, uint32_t slot, uint32_t layer,
                     uint32_t head) {
    return kv->usable && slot < m->cfg.kv_slots && layer < kv->layers && head < kv->heads;
}

static uint32_t *kv_entry(const model_t *m, const model_kv_channel_t *ch, uint32_t slot,
                          uint32_t block) {
    return &ch->table[(size_t)slot * m->cfg.kv_slot_blocks + block];
}

mr_block_t *mr_model_kv_chunk(model_t *m, uint32_t group, uint32_t slot, uint32_t block,
                              uint32_t layer, uint32_t head, uint32_t kind) {
    model_kv_t *kv = &m->kv[group];
    const model_kv_channel_t *ch = kv_channel(m, kv, &head);
    const uint64_t page = *kv_entry(m, ch, slot, block);
    const uint64_t chunk = ((page * kv->layers + layer) * ch->heads + head) * 2 + kind;
    return &ch->dram[chunk * kv->nbh * MODEL_PAGE_TOKENS];
}

static void kv_release(model_kv_channel_t *ch, uint32_t page) {
    if (--ch->refs[page] == 0) {
        ch->free_list[ch->n_free++] = page;
    }
}

/* Makes block `block` (there, or the next one) of a slot a page that no other slot reads: takes a
 * new one, or copies a shared one. @return false, and nothing changes, when there is none or the
 * quota forbids it. */
static bool kv_own_page(const model_t *m, const model_kv_t *kv, model_kv_channel_t *ch,
                        uint32_t slot, uint32_t block) {
    uint32_t *entry = kv_entry(m, ch, slot, block);
    const bool fresh = block == ch->n_blocks[slot];
    if (fresh && block >= ch->quota[slot]) {
        return false;
    }
    if (!fresh && ch->refs[*entry] == 1) {
        return true;
    }
    if (ch->n_free == 0) {
        return false;
    }
    const uint32_t page = ch->free_list[--ch->n_free];
    ch->refs[page] = 1;
    if (fresh) {
        ch->n_blocks[slot]++;
    } else {
        const uint64_t n = kv_page_blocks(kv, ch->heads);
        for (uint64_t i = 0; i < n; i++) {
            ch->dram[page * n + i] = ch->dram[*entry * n + i];
        }
        kv_release(ch, *entry);
    }
    *entry = page;
    return true;
}

uint8_t mr_model_kv_append(model_t *m, uint32_t group, uint32_t slot, uint32_t layer, uint32_t head,
                           uint32_t kind, uint32_t pos, const mr_block_t *blocks) {
    model_kv_t *kv = &m->kv[group];
    const uint32_t nbh = kv->nbh;
    uint32_t own = head; /* number in the channel */
    model_kv_channel_t *ch = kv_channel(m, kv, &own);
    if (!kv_known(m, kv, slot, layer, head)) {
        return kv_refuse(m, kv, MODEL_JOB_KV_WHO);
    }
    model_kv_len_t *len = kv_len(m, ch, slot, layer);
    const uint64_t bit = (uint64_t)1 << own;
    if (pos != len->len || (len->bits[kind] & bit) != 0) {
        return kv_refuse(m, kv, MODEL_JOB_KV_POS);
    }
    const uint32_t block = pos / MODEL_PAGE_TOKENS;
    if (!kv_own_page(m, kv, ch, slot, block)) {
        return kv_refuse(m, kv, MODEL_JOB_KV_PAGES);
    }
    mr_block_t *to = mr_model_kv_chunk(m, group, slot, block, layer, head, kind) +
                     (size_t)(pos % MODEL_PAGE_TOKENS) * nbh;
    for (uint32_t b = 0; b < nbh; b++) {
        to[b] = blocks[b];
    }
    const uint64_t all = ch->heads == 64 ? UINT64_MAX : ((uint64_t)1 << ch->heads) - 1;
    len->bits[kind] |= bit;
    if (len->bits[0] == all && len->bits[1] == all) {
        *len = (model_kv_len_t){len->len + 1, {0, 0}};
    }
    return MODEL_JOB_OK;
}

uint8_t mr_model_kv_check_stream(model_t *m, uint32_t group, uint32_t slot, uint32_t layer,
                                 uint32_t head, uint32_t pos) {
    model_kv_t *kv = &m->kv[group];
    uint32_t own = head;
    const model_kv_channel_t *ch = kv_channel(m, kv, &own);
    if (!kv_known(m, kv, slot, layer, head)) {
        return kv_refuse(m, kv, MODEL_JOB_KV_WHO);
    }
    const model_kv_len_t *len = kv_len(m, ch, slot, layer);
    const uint32_t k = len->len + (uint32_t)((len->bits[0] >> own) & 1);
    const uint32_t v = len->len + (uint32_t)((len->bits[1] >> own) & 1);
    return pos >= k || pos >= v ? kv_refuse(m, kv, MODEL_JOB_KV_POS) : (uint8_t)MODEL_JOB_OK;
}

/* ---- administration -------------------------------------------------------------------------- */

/* All layers of a slot have at least `len` complete positions. */
static bool kv_has(const model_t *m, const model_kv_t *kv, const model_kv_channel_t *ch,
                   uint32_t slot, uint32_t len) {
    for (uint32_t layer = 0; layer < kv->layers; layer++) {
        if (kv_len(m, ch, slot, layer)->len < len) {
            return false;
        }
    }
    return true;
}

static void kv_set_len(const model_t *m, const model_kv_t *kv, const model_kv_channel_t *ch,
                       uint32_t slot, uint32_t len) {
    for (uint32_t layer = 0; layer < kv->layers; layer++) {
        *kv_len(m, ch, slot, layer) = (model_kv_len_t){len, {0, 0}};
    }
}

static uint32_t kv_pages_of(uint32_t len) {
    return (len + MODEL_PAGE_TOKENS - 1) / MODEL_PAGE_TOKENS;
}

static uint8_t kv_truncate(const model_t *m, const model_kv_t *kv, model_kv_channel_t *ch,
                           uint32_t slot, uint32_t len) {
    if (!kv_has(m, kv, ch, slot, len)) {
        return MODEL_JOB_KV_POS;
    }
    kv_set_len(m, kv, ch, slot, len);
    while (ch->n_blocks[slot] > kv_pages_of(len)) {
        kv_release(ch, *kv_entry(m, ch, slot, --ch->n_blocks[slot]));
    }
    return MODEL_JOB_OK;
}

static uint8_t kv_fork(const model_t *m, const model_kv_t *kv, model_kv_channel_t *ch,
                       uint32_t slot, uint32_t src, uint32_t len) {
    const uint32_t pages = kv_pages_of(len);
    if (!kv_has(m, kv, ch, src, len) || ch->n_blocks[slot] != 0) {
        return MODEL_JOB_KV_POS;
    }
    if (pages > ch->quota[slot]) {
        return MODEL_JOB_KV_PAGES;
    }
    kv_set_len(m, kv, ch, slot, len);
    for (; ch->n_blocks[slot] < pages; ch->n_blocks[slot]++) {
        const uint32_t block = ch->n_blocks[slot];
        const uint32_t page = *kv_entry(m, ch, src, block);
        *kv_entry(m, ch, slot, block) = page;
        ch->refs[page]++;
    }
    return MODEL_JOB_OK;
}

static uint8_t kv_quota(const model_t *m, const model_kv_channel_t *ch, uint32_t slot,
                        uint32_t pages) {
    if (pages > m->cfg.kv_slot_blocks) {
        return MODEL_JOB_KV_POS;
    }
    ch->quota[slot] = pages;
    return MODEL_JOB_OK;
}

static uint8_t kv_admin(const model_t *m, const model_kv_t *kv, model_kv_channel_t *ch) {
    const uint32_t slot = kv_field(kv->admin, MR_KV_ADMIN_SLOT_MASK, MR_KV_ADMIN_SLOT_SHIFT);
    const uint32_t src = kv_field(kv->admin, MR_KV_ADMIN_SRC_MASK, MR_KV_ADMIN_SRC_SHIFT);
    const uint32_t op = kv_field(kv->admin, MR_KV_ADMIN_OP_MASK, MR_KV_ADMIN_OP_SHIFT);
    if (!kv->usable || slot >= m->cfg.kv_slots ||
        (op == MR_KV_ADMIN_OP_FORK && src >= m->cfg.kv_slots)) {
        return MODEL_JOB_KV_WHO;
    }
    switch (op) {
    case MR_KV_ADMIN_OP_FREE:
        return kv_truncate(m, kv, ch, slot, 0);
    case MR_KV_ADMIN_OP_TRUNCATE:
        return kv_truncate(m, kv, ch, slot, kv->admin_len);
    case MR_KV_ADMIN_OP_FORK:
        return kv_fork(m, kv, ch, slot, src, kv->admin_len);
    default:
        return kv_quota(m, ch, slot, kv->admin_len);
    }
}

void mr_model_kv_admin(model_t *m, uint32_t group) {
    model_kv_t *kv = &m->kv[group];
    kv->admin_code = MODEL_JOB_OK;
    for (uint32_t c = 0; c < m->cfg.kv_channels; c++) {
        const uint8_t status =
            kv_in_use(kv, c) ? kv_admin(m, kv, &kv->channel[c]) : (uint8_t)MODEL_JOB_OK;
        if (status != MODEL_JOB_OK) {
            kv_count(kv, status); /* counted, but no command of a tile: ERROR stays */
        }
        kv->admin_code = status > kv->admin_code ? status : kv->admin_code;
    }
}
