/* SPDX-License-Identifier: Apache-2.0 */
/* Creation and release of the functional device model: the only place that uses the heap. */
#include "model.h"

#include <stdlib.h>

#include "millrace/regs.h"

void mr_backend_model_default_config(mr_backend_model_config_t *config) {
    *config = (mr_backend_model_config_t){
        .groups = 1,
        .tiles = 8,
        .lanes = 4,
        .wmem_words = 4096,
        .vmem_elems = 16384,
        .xmem_blocks = 256,
        .pmem_descs = 1024,
        .in_bufs = 4,
        .in_size_max = 2048,
        .res_bufs = 8,
        .res_size = 8192,
        .loop_slots = 8,
        .loop_depth = 32,
        .kv_channels = 1,
        .kv_slots = 8,
        .kv_layers = 64,
        .kv_heads = 16,
        .kv_nbh = 4,
        .kv_pages = 1024,
        .kv_slot_blocks = 64,
        .kv_dram_blocks = 1u << 21,
    };
}

static bool config_in(uint32_t value, uint32_t low, uint32_t high) {
    return value >= low && value <= high;
}

static bool config_ok(const mr_backend_model_config_t *c) {
    const bool lanes = c->lanes == 1 || c->lanes == 2 || c->lanes == 4 || c->lanes == 8;
    const bool channels = c->kv_channels == 1 || c->kv_channels == 2 || c->kv_channels == 4 ||
                          c->kv_channels == MODEL_CHANNELS_MAX;
    const bool even = (c->vmem_elems | c->in_size_max | c->res_size) % 2 == 0;
    /* The link of a group is a node of its network. */
    const uint32_t tiles_max = MR_BACKEND_MODEL_TILES_MAX - (c->groups > 1 ? 1u : 0u);
    return lanes && channels && even && config_in(c->groups, 1, MR_BACKEND_MODEL_GROUPS_MAX) &&
           config_in(c->tiles, 1, tiles_max) &&
           c->groups * c->tiles <= MR_BACKEND_MODEL_CHIP_TILES_MAX &&
           config_in(c->wmem_words, 1, 1u << 20) && config_in(c->vmem_elems, 64, 1u << 20) &&
           config_in(c->xmem_blocks, 1, 1u << 16) && config_in(c->pmem_descs, 1, 65535) &&
           config_in(c->in_bufs, 1, MR_BACKEND_MODEL_BUFS_MAX) &&
           config_in(c->in_size_max, 2, 65534) &&
           config_in(c->res_bufs, 1, MR_BACKEND_MODEL_RESULTS_MAX) &&
           config_in(c->res_size, 2, 1u << 20) &&
           config_in(c->loop_slots, 0, MR_BACKEND_MODEL_SLOTS_MAX) &&
           (c->loop_slots == 0 ||
            config_in(c->loop_depth, c->loop_slots + 1u, MR_BACKEND_MODEL_TOKENS_MAX)) &&
           config_in(c->kv_slots, 1, MR_BACKEND_MODEL_SLOTS_MAX) &&
           config_in(c->kv_layers, 1, 256) && config_in(c->kv_heads, 1, 64) &&
           config_in(c->kv_nbh, 1, 16) && config_in(c->kv_pages, 1, 65536) &&
           config_in(c->kv_slot_blocks, 1, 4096) && config_in(c->kv_dram_blocks, 1, 1u << 26);
}

static bool tile_create(const mr_backend_model_config_t *c, model_tile_t *tile) {
    const size_t lane_words = (size_t)c->wmem_words * c->lanes;
    tile->wmem = calloc(lane_words * MODEL_LANE_WORDS, sizeof *tile->wmem);
    tile->wscale = calloc(lane_words, sizeof *tile->wscale);
    tile->vmem = calloc(c->vmem_elems, sizeof *tile->vmem);
    tile->xmem = calloc(c->xmem_blocks, sizeof *tile->xmem);
    tile->pmem = calloc((size_t)c->pmem_descs * MODEL_DESC_WORDS, sizeof *tile->pmem);
    return tile->wmem != NULL && tile->wscale != NULL && tile->vmem != NULL && tile->xmem != NULL &&
           tile->pmem != NULL;
}

static bool kv_channel_create(const mr_backend_model_config_t *c, model_kv_channel_t *kv) {
    kv->free_list = calloc(c->kv_pages, sizeof *kv->free_list);
    kv->refs = calloc(c->kv_pages, sizeof *kv->refs);
    kv->quota = calloc(c->kv_slots, sizeof *kv->quota);
    kv->table = calloc((size_t)c->kv_slots * c->kv_slot_blocks, sizeof *kv->table);
    kv->n_blocks = calloc(c->kv_slots, sizeof *kv->n_blocks);
    kv->len = calloc((size_t)c->kv_slots * c->kv_layers, sizeof *kv->len);
    kv->dram = calloc(c->kv_dram_blocks, sizeof *kv->dram);
    return kv->free_list != NULL && kv->refs != NULL && kv->quota != NULL && kv->table != NULL &&
           kv->n_blocks != NULL && kv->len != NULL && kv->dram != NULL;
}

static bool kv_create(const model_t *m, model_kv_t *kv) {
    for (uint32_t c = 0; c < m->cfg.kv_channels; c++) {
        if (!kv_channel_create(&m->cfg, &kv->channel[c])) {
            return false;
        }
    }
    return true;
}

static bool model_create(model_t *m) {
    m->tiles = calloc(mr_model_tiles(m), sizeof *m->tiles);
    m->kv = calloc(m->cfg.groups, sizeof *m->kv);
    m->hub.data = calloc((size_t)m->cfg.res_bufs * m->cfg.res_size, sizeof *m->hub.data);
    if (m->tiles == NULL || m->kv == NULL || m->hub.data == NULL) {
        return false;
    }
    for (uint32_t g = 0; g < m->cfg.groups; g++) {
        if (!kv_create(m, &m->kv[g])) {
            return false;
        }
    }
    for (uint32_t t = 0; t < mr_model_tiles(m); t++) {
        m->tiles[t].group = t / m->cfg.tiles;
        if (!tile_create(&m->cfg, &m->tiles[t])) {
            return false;
        }
    }
    return true;
}

static void kv_channel_close(const model_kv_channel_t *kv) {
    free(kv->free_list);
    free(kv->refs);
    free(kv->quota);
    free(kv->table);
    free(kv->n_blocks);
    free(kv->len);
    free(kv->dram);
}

void mr_model_close(void *ctx) {
    model_t *m = ctx;
    for (uint32_t t = 0; m->tiles != NULL && t < mr_model_tiles(m); t++) {
        free(m->tiles[t].wmem);
        free(m->tiles[t].wscale);
        free(m->tiles[t].vmem);
        free(m->tiles[t].xmem);
        free(m->tiles[t].pmem);
    }
    free(m->tiles);
    free(m->hub.data);
    for (uint32_t g = 0; m->kv != NULL && g < m->cfg.groups; g++) {
        for (uint32_t c = 0; c < m->cfg.kv_channels; c++) {
            kv_channel_close(&m->kv[g].channel[c]);
        }
    }
    free(m->kv);
    free(m);
}

mr_status_t mr_backend_model_create(const mr_backend_model_config_t *config, mr_mmio_t *mmio) {
    if (config == NULL || mmio == NULL) {
        return MR_ARG;
    }
    if (!config_ok(config)) {
        return MR_RANGE;
    }
    model_t *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return MR_NO_MEMORY;
    }
    m->cfg = *config;
    m->kernels = mr_model_kernels_best();
    m->hub.inj_prog = MR_HUB_INJ_PROG_RESET;
    m->hub.loop.pass = MR_HUB_LOOP_PASS_RESET;
    if (!model_create(m)) {
        mr_model_close(m);
        return MR_NO_MEMORY;
    }
    for (uint32_t g = 0; g < m->cfg.groups; g++) {
        mr_model_kv_init(m, g);
    }
    *mmio = (mr_mmio_t){&mr_model_mmio_ops, m};
    return MR_OK;
}
