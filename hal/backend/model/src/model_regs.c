/* SPDX-License-Identifier: Apache-2.0 */
/* The model's register map: what hal/regs/millrace.rdl says, without time. */
#include "millrace/regs.h"
#include "model.h"

#define REGS_PAGE 0x1000u
#define REGS_TILE_ERROR_CODE 15u

static uint32_t regs_bit(bool set, uint32_t mask) {
    return set ? mask : 0;
}

/* LO of a 64-bit counter: latches HI in the block's latch. */
static uint32_t regs_lo(uint64_t counter, uint32_t *latch) {
    *latch = (uint32_t)(counter >> 32);
    return (uint32_t)counter;
}

/* ---- chip ------------------------------------------------------------------------------------ */

static bool chip_caps(const model_t *m, uint32_t offset, uint32_t *value) {
    const mr_backend_model_config_t *cfg = &m->cfg;
    switch (offset) {
    case MR_CHIP_ID_OFFSET:
        *value = MR_CHIP_ID_RESET;
        return true;
    case MR_CHIP_VERSION_OFFSET:
        *value = MR_CHIP_VERSION_RESET;
        return true;
    case MR_CHIP_CAPS_OFFSET:
        *value = (cfg->groups << MR_CHIP_CAPS_GROUPS_SHIFT) |
                 (cfg->tiles << MR_CHIP_CAPS_TILES_SHIFT) |
                 (cfg->lanes << MR_CHIP_CAPS_LANES_SHIFT) |
                 (cfg->kv_channels << MR_CHIP_CAPS_CHANNELS_SHIFT);
        return true;
    case MR_CHIP_CAPS_WMEM_OFFSET:
        *value = cfg->wmem_words;
        return true;
    case MR_CHIP_CAPS_VMEM_OFFSET:
        *value = cfg->vmem_elems;
        return true;
    case MR_CHIP_CAPS_XMEM_OFFSET:
        *value = cfg->xmem_blocks;
        return true;
    case MR_CHIP_CAPS_PMEM_OFFSET:
        *value = cfg->pmem_descs;
        return true;
    case MR_CHIP_CAPS_INBUF_OFFSET:
        *value = (cfg->in_bufs << MR_CHIP_CAPS_INBUF_BUFS_SHIFT) |
                 (cfg->in_size_max << MR_CHIP_CAPS_INBUF_SIZE_SHIFT);
        return true;
    case MR_CHIP_CAPS_RESULT_OFFSET:
        *value = (cfg->res_bufs << MR_CHIP_CAPS_RESULT_BUFS_SHIFT) |
                 (cfg->res_size << MR_CHIP_CAPS_RESULT_SIZE_SHIFT);
        return true;
    case MR_CHIP_CAPS_KV_OFFSET:
        *value = (cfg->kv_slots << MR_CHIP_CAPS_KV_SLOTS_SHIFT) |
                 (cfg->kv_layers << MR_CHIP_CAPS_KV_LAYERS_SHIFT) |
                 (cfg->kv_heads << MR_CHIP_CAPS_KV_HEADS_SHIFT) |
                 (cfg->kv_nbh << MR_CHIP_CAPS_KV_NBH_SHIFT);
        return true;
    case MR_CHIP_CAPS_KV_PAGES_OFFSET:
        *value = cfg->kv_pages;
        return true;
    case MR_CHIP_GIT_HASH_OFFSET:       /* no hardware behind it */
    case MR_CHIP_FEATURES_OFFSET:       /* no core */
    case MR_CHIP_CAPS_CLOCK_KHZ_OFFSET: /* no clock */
    case MR_CHIP_CAPS_DRAM_OFFSET:      /* no DRAM device */
    case MR_CHIP_CAPS_DRAM_ROWS_OFFSET:
        *value = 0;
        return true;
    default:
        return false;
    }
}

static bool chip_read(model_t *m, uint32_t offset, uint32_t *value) {
    switch (offset) {
    case MR_CHIP_SCRATCH_OFFSET:
        *value = m->scratch;
        return true;
    case MR_CHIP_CONTROL_OFFSET:
    case MR_CHIP_MEM_CRC_CTRL_OFFSET:
        *value = 0;
        return true;
    case MR_CHIP_STATUS_OFFSET:
        *value = m->status;
        return true;
    case MR_CHIP_CYCLE_LO_OFFSET:
        *value = regs_lo(m->cycles, &m->latch);
        return true;
    case MR_CHIP_CYCLE_HI_OFFSET:
        *value = m->latch;
        return true;
    case MR_CHIP_MEM_TARGET_OFFSET:
        *value = m->mem_target;
        return true;
    case MR_CHIP_MEM_BASE_OFFSET:
        *value = m->mem_base;
        return true;
    case MR_CHIP_MEM_CRC_START_OFFSET:
        *value = m->crc_start;
        return true;
    case MR_CHIP_MEM_CRC_COUNT_OFFSET:
        *value = m->crc_count;
        return true;
    case MR_CHIP_MEM_CRC_STATUS_OFFSET:
        *value = regs_bit(m->crc_error, MR_CHIP_MEM_CRC_STATUS_ERROR_MASK);
        return true;
    case MR_CHIP_MEM_CRC_VALUE_OFFSET:
        *value = m->crc_value;
        return true;
    default:
        return chip_caps(m, offset, value);
    }
}

static void tile_reset(model_tile_t *tile);

/* Everything but the registers of chip, hub and KV controller; memories keep their contents. */
static void chip_soft_reset(model_t *m) {
    for (uint32_t t = 0; t < mr_model_tiles(m); t++) {
        tile_reset(&m->tiles[t]);
    }
    m->hub.pending = false;
    m->hub.head = 0;
    m->hub.count = 0;
    mr_model_loop_reset(m);
    for (uint32_t g = 0; g < m->cfg.groups; g++) {
        mr_model_kv_init(m, g);
        m->link_msgs[g] = 0;
    }
}

static bool chip_write(model_t *m, uint32_t offset, uint32_t value) {
    uint32_t ignored;
    switch (offset) {
    case MR_CHIP_SCRATCH_OFFSET:
        m->scratch = value;
        return true;
    case MR_CHIP_CONTROL_OFFSET:
        if ((value & MR_CHIP_CONTROL_SOFT_RESET_MASK) != 0) {
            chip_soft_reset(m);
        }
        return true;
    case MR_CHIP_STATUS_OFFSET:
        m->status &= ~value;
        return true;
    case MR_CHIP_MEM_TARGET_OFFSET:
        m->mem_target = value & (MR_CHIP_MEM_TARGET_KIND_MASK | MR_CHIP_MEM_TARGET_TILE_MASK);
        return true;
    case MR_CHIP_MEM_BASE_OFFSET:
        m->mem_base = value;
        return true;
    case MR_CHIP_MEM_CRC_START_OFFSET:
        m->crc_start = value;
        return true;
    case MR_CHIP_MEM_CRC_COUNT_OFFSET:
        m->crc_count = value;
        return true;
    case MR_CHIP_MEM_CRC_CTRL_OFFSET:
        if ((value & MR_CHIP_MEM_CRC_CTRL_START_MASK) != 0) {
            mr_model_window_crc(m);
        }
        return true;
    default:
        return chip_read(m, offset, &ignored); /* read-only registers ignore writes */
    }
}

/* ---- hub ------------------------------------------------------------------------------------- */

static bool hub_read(model_t *m, uint32_t offset, uint32_t *value) {
    model_hub_t *hub = &m->hub;
    const model_result_t *oldest = &hub->results[hub->head];
    switch (offset) {
    case MR_HUB_INJ_DEST_OFFSET:
        *value = hub->inj_dest;
        return true;
    case MR_HUB_INJ_PROG_OFFSET:
        *value = hub->inj_prog;
        return true;
    case MR_HUB_INJ_TOKEN_OFFSET:
        *value = hub->inj_token;
        return true;
    case MR_HUB_INJ_POS_OFFSET:
        *value = hub->inj_pos;
        return true;
    case MR_HUB_INJ_SLOT_OFFSET:
        *value = hub->inj_slot;
        return true;
    case MR_HUB_INJ_STATUS_OFFSET:
        mr_model_run(m);
        *value = regs_bit(!hub->pending, MR_HUB_INJ_STATUS_READY_MASK);
        return true;
    case MR_HUB_RES_STATUS_OFFSET:
        mr_model_run(m);
        *value = (hub->count << MR_HUB_RES_STATUS_COUNT_SHIFT) |
                 (hub->head << MR_HUB_RES_STATUS_HEAD_SHIFT);
        return true;
    case MR_HUB_RES_HDR_OFFSET:
        *value = ((uint32_t)oldest->hdr.slot << MR_HUB_RES_HDR_SLOT_SHIFT) |
                 ((uint32_t)oldest->hdr.status << MR_HUB_RES_HDR_STATUS_SHIFT) |
                 ((uint32_t)oldest->hdr.flags << MR_HUB_RES_HDR_FLAGS_SHIFT) |
                 ((uint32_t)oldest->hdr.pc << MR_HUB_RES_HDR_PC_SHIFT);
        return true;
    case MR_HUB_RES_POS_OFFSET:
        *value = oldest->hdr.pos;
        return true;
    case MR_HUB_RES_TOKEN_OFFSET:
        *value = oldest->hdr.token;
        return true;
    case MR_HUB_RES_LEN_OFFSET:
        *value = oldest->len;
        return true;
    case MR_HUB_MSGS_LO_OFFSET:
        *value = regs_lo(hub->msgs, &hub->latch);
        return true;
    case MR_HUB_NET_BUSY_LO_OFFSET:
        *value = regs_lo(0, &hub->latch);
        return true;
    case MR_HUB_MSGS_HI_OFFSET:
    case MR_HUB_NET_BUSY_HI_OFFSET:
        *value = hub->latch;
        return true;
    case MR_HUB_INJ_CTRL_OFFSET:
    case MR_HUB_RES_CTRL_OFFSET:
        *value = 0;
        return true;
    default:
        return mr_model_loop_read(m, offset, value);
    }
}

static void hub_push(model_t *m) {
    model_hub_t *hub = &m->hub;
    if (hub->pending) {
        return;
    }
    hub->msg = (model_msg_t){
        .dest = hub->inj_dest,
        .token = hub->inj_token,
        .pos = hub->inj_pos,
        .offset = 0,
        .pc = (uint16_t)(hub->inj_prog & MR_HUB_INJ_PROG_PC_MASK),
        .slot = (uint8_t)hub->inj_slot,
        .flags =
            (uint8_t)((hub->inj_prog & MR_HUB_INJ_PROG_FLAGS_MASK) >> MR_HUB_INJ_PROG_FLAGS_SHIFT),
        .status = MODEL_JOB_OK,
        .parts =
            (uint8_t)((hub->inj_prog & MR_HUB_INJ_PROG_PARTS_MASK) >> MR_HUB_INJ_PROG_PARTS_SHIFT),
    };
    hub->pending = true;
    mr_model_run(m);
}

static void hub_pop(model_t *m) {
    if (m->hub.count != 0) {
        m->hub.head = (m->hub.head + 1) % m->cfg.res_bufs;
        m->hub.count--;
        mr_model_run(m);
    }
}

static bool hub_write(model_t *m, uint32_t offset, uint32_t value) {
    uint32_t ignored;
    switch (offset) {
    case MR_HUB_INJ_DEST_OFFSET:
        m->hub.inj_dest = value;
        return true;
    case MR_HUB_INJ_PROG_OFFSET:
        m->hub.inj_prog = value & (MR_HUB_INJ_PROG_PC_MASK | MR_HUB_INJ_PROG_FLAGS_MASK |
                                   MR_HUB_INJ_PROG_PARTS_MASK);
        return true;
    case MR_HUB_INJ_TOKEN_OFFSET:
        m->hub.inj_token = value & MR_HUB_INJ_TOKEN_MASK;
        return true;
    case MR_HUB_INJ_POS_OFFSET:
        m->hub.inj_pos = value & MR_HUB_INJ_POS_MASK;
        return true;
    case MR_HUB_INJ_SLOT_OFFSET:
        m->hub.inj_slot = value & MR_HUB_INJ_SLOT_MASK;
        return true;
    case MR_HUB_INJ_CTRL_OFFSET:
        if ((value & MR_HUB_INJ_CTRL_PUSH_MASK) != 0) {
            hub_push(m);
        }
        return true;
    case MR_HUB_RES_CTRL_OFFSET:
        if ((value & MR_HUB_RES_CTRL_POP_MASK) != 0) {
            hub_pop(m);
        }
        return true;
    default:
        return mr_model_loop_write(m, offset, value) || hub_read(m, offset, &ignored);
    }
}

/* ---- KV controllers -------------------------------------------------------------------------- */

static bool kv_read(const model_t *m, uint32_t group, uint32_t offset, uint32_t *value) {
    const model_kv_t *kv = &m->kv[group];
    switch (offset) {
    case MR_KV_CONFIG_OFFSET:
        *value = kv->config;
        return true;
    case MR_KV_STATUS_OFFSET:
        *value = MR_KV_STATUS_READY_MASK;
        return true;
    case MR_KV_PAGES_FREE_OFFSET:
        *value = mr_model_kv_pages_free(m, group);
        return true;
    case MR_KV_ERROR_OFFSET:
        *value = regs_bit(kv->error, MR_KV_ERROR_REFUSED_MASK);
        return true;
    case MR_KV_REFUSED_OFFSET:
        *value = kv->refused[0] | (uint32_t)kv->refused[1] << MR_KV_REFUSED_POS_SHIFT;
        return true;
    case MR_KV_REFUSED_PAGES_OFFSET:
        *value = kv->refused[2] | (uint32_t)kv->refused[3] << MR_KV_REFUSED_PAGES_TAG_SHIFT;
        return true;
    case MR_KV_ADMIN_OFFSET:
        *value = kv->admin;
        return true;
    case MR_KV_ADMIN_LEN_OFFSET:
        *value = kv->admin_len;
        return true;
    case MR_KV_ADMIN_STATUS_OFFSET:
        *value = kv->admin_code << MR_KV_ADMIN_STATUS_CODE_SHIFT;
        return true;
    case MR_KV_PAGES_OFFSET:
        *value = kv->pages_max;
        return true;
    case MR_KV_CHUNK_OFFSET:
        *value = kv->chunk;
        return true;
    case MR_KV_PART_OFFSET:
        *value = kv->part;
        return true;
    case MR_KV_STEP_OFFSET:
        *value = kv->step;
        return true;
    case MR_KV_COUNT_SEL_OFFSET:
        *value = kv->count_sel;
        return true;
    case MR_KV_CTRL_OFFSET:
    case MR_KV_COUNT_DATA_OFFSET: /* the model has neither cycles nor a DRAM */
    case MR_KV_PAGES_DIRTY_OFFSET:
        *value = 0;
        return true;
    default:
        return false;
    }
}

static bool kv_write(model_t *m, uint32_t group, uint32_t offset, uint32_t value) {
    model_kv_t *kv = &m->kv[group];
    uint32_t ignored;
    switch (offset) {
    case MR_KV_CONFIG_OFFSET:
        kv->config =
            value & (MR_KV_CONFIG_LAYERS_MASK | MR_KV_CONFIG_HEADS_MASK | MR_KV_CONFIG_NBH_MASK);
        return true;
    case MR_KV_CTRL_OFFSET:
        if ((value & MR_KV_CTRL_INIT_MASK) != 0) {
            mr_model_kv_init(m, group);
        }
        return true;
    case MR_KV_PAGES_OFFSET:
        kv->pages_max = value & MR_KV_PAGES_MASK;
        return true;
    case MR_KV_CHUNK_OFFSET:
        kv->chunk = value;
        return true;
    case MR_KV_PART_OFFSET:
        kv->part = value;
        return true;
    case MR_KV_STEP_OFFSET:
        kv->step = value & MR_KV_STEP_MASK;
        return true;
    case MR_KV_ADMIN_LEN_OFFSET:
        kv->admin_len = value & MR_KV_ADMIN_LEN_MASK;
        return true;
    case MR_KV_ADMIN_OFFSET:
        kv->admin = value & (MR_KV_ADMIN_SLOT_MASK | MR_KV_ADMIN_SRC_MASK | MR_KV_ADMIN_OP_MASK);
        if ((value & MR_KV_ADMIN_GO_MASK) != 0) {
            mr_model_kv_admin(m, group);
        }
        return true;
    case MR_KV_COUNT_SEL_OFFSET:
        kv->count_sel = value & (MR_KV_COUNT_SEL_QUARTER_MASK | MR_KV_COUNT_SEL_COUNTER_MASK |
                                 MR_KV_COUNT_SEL_CHANNEL_MASK);
        return true;
    case MR_KV_ERROR_OFFSET:
        kv->error = kv->error && (value & MR_KV_ERROR_REFUSED_MASK) == 0;
        return true;
    default:
        return kv_read(m, group, offset, &ignored);
    }
}

/* ---- links ----------------------------------------------------------------------------------- */

/* Links without time and without errors: messages count, everything else reads 0. */
static bool link_read(const model_t *m, uint32_t group, uint32_t offset, uint32_t *value) {
    const uint32_t before = (group + m->cfg.groups - 1) % m->cfg.groups;
    *value = 0;
    if (offset == MR_LINK_MSGS_OFFSET) {
        *value = m->link_msgs[group];
    } else if (offset == MR_LINK_RX_MSGS_OFFSET) {
        *value = m->link_msgs[before];
    }
    return offset <= MR_LINK_STALL_HI_OFFSET;
}

/* ---- tile ------------------------------------------------------------------------------------ */

static void tile_reset(model_tile_t *tile) {
    mr_model_net_clear(tile);
    tile->enable = false;
    tile->in_base = MR_TILE_IN_BASE_RESET;
    tile->in_size = MR_TILE_IN_SIZE_RESET;
    tile->watchdog = MR_TILE_WATCHDOG_RESET;
    tile->failed = false;
    tile->fault_slot = 0;
    tile->error_code = 0;
    tile->error_pc = 0;
    tile->n_jobs = 0;
    tile->n_descriptors = 0;
}

static uint32_t tile_status(const model_tile_t *tile) {
    const model_job_t *job = &tile->jobs[tile->running];
    return regs_bit(tile->busy, MR_TILE_STATUS_BUSY_MASK) |
           (tile->queued << MR_TILE_STATUS_QUEUED_SHIFT) |
           ((uint32_t)job->slot << MR_TILE_STATUS_SLOT_SHIFT) |
           ((uint32_t)job->pc << MR_TILE_STATUS_PC_SHIFT);
}

static bool tile_read(model_t *m, model_tile_t *tile, uint32_t offset, uint32_t *value) {
    switch (offset) {
    case MR_TILE_CTRL_OFFSET:
        *value = regs_bit(tile->enable, MR_TILE_CTRL_ENABLE_MASK);
        return true;
    case MR_TILE_STATUS_OFFSET:
        mr_model_run(m);
        *value = tile_status(tile);
        return true;
    case MR_TILE_ERROR_OFFSET:
        *value = (tile->error_code << MR_TILE_ERROR_CODE_SHIFT) |
                 (tile->error_pc << MR_TILE_ERROR_PC_SHIFT);
        return true;
    case MR_TILE_IN_BASE_OFFSET:
        *value = tile->in_base;
        return true;
    case MR_TILE_IN_SIZE_OFFSET:
        *value = tile->in_size;
        return true;
    case MR_TILE_WATCHDOG_OFFSET:
        *value = tile->watchdog;
        return true;
    case MR_TILE_FAULT_OFFSET:
        *value = regs_bit(tile->failed, MR_TILE_FAULT_FAILED_MASK) |
                 ((uint32_t)tile->fault_slot << MR_TILE_FAULT_SLOT_SHIFT);
        return true;
    case MR_TILE_CNT_CTRL_OFFSET:
        *value = 0;
        return true;
    case MR_TILE_JOBS_LO_OFFSET:
        *value = regs_lo(tile->n_jobs, &tile->latch);
        return true;
    case MR_TILE_DESCRIPTORS_LO_OFFSET:
        *value = regs_lo(tile->n_descriptors, &tile->latch);
        return true;
    default:
        break;
    }
    const uint32_t end = MR_TILE_CYC_TAG_LO_OFFSET + MR_TILE_CYC_TAG_COUNT * MR_TILE_CYC_TAG_STRIDE;
    if (offset < MR_TILE_JOBS_HI_OFFSET || offset >= end) {
        return false;
    }
    /* High words, and the cycle counters, which the model leaves at 0. */
    *value = offset % 8 == 0 ? regs_lo(0, &tile->latch) : tile->latch;
    return true;
}

static bool tile_write(model_t *m, model_tile_t *tile, uint32_t offset, uint32_t value) {
    uint32_t ignored;
    switch (offset) {
    case MR_TILE_CTRL_OFFSET:
        tile->enable = (value & MR_TILE_CTRL_ENABLE_MASK) != 0;
        if ((value & MR_TILE_CTRL_CLEAR_MASK) != 0) {
            mr_model_net_clear(tile);
            tile->failed = false;
        }
        if ((value & MR_TILE_CTRL_FAIL_MASK) != 0) {
            mr_model_tile_give_up(m, tile);
        }
        mr_model_run(m);
        return true;
    case MR_TILE_ERROR_OFFSET:
        tile->error_code &= ~(value & REGS_TILE_ERROR_CODE);
        return true;
    case MR_TILE_IN_BASE_OFFSET:
        tile->in_base = value & MR_TILE_IN_BASE_MASK;
        return true;
    case MR_TILE_IN_SIZE_OFFSET:
        tile->in_size = value & MR_TILE_IN_SIZE_MASK;
        return true;
    case MR_TILE_WATCHDOG_OFFSET:
        tile->watchdog = value & MR_TILE_WATCHDOG_MASK;
        return true;
    case MR_TILE_CNT_CTRL_OFFSET:
        if ((value & MR_TILE_CNT_CTRL_CLEAR_MASK) != 0) {
            tile->n_jobs = 0;
            tile->n_descriptors = 0;
        }
        return true;
    default:
        return tile_read(m, tile, offset, &ignored);
    }
}

/* ---- the bus --------------------------------------------------------------------------------- */

static bool regs_in_window(uint32_t addr) {
    return addr >= MR_WINDOW_BASE && addr < MR_WINDOW_BASE + MR_WINDOW_SIZE;
}

static model_tile_t *regs_tile(model_t *m, uint32_t addr) {
    const uint32_t t = (addr - MR_TILE_BASE) / MR_TILE_STRIDE;
    return addr >= MR_TILE_BASE && t < mr_model_tiles(m) ? &m->tiles[t] : NULL;
}

/* Instance of a block that there is one of for each group, at an address; false: not there. */
static bool regs_group(const model_t *m, uint32_t addr, uint32_t base, uint32_t *group) {
    *group = (addr - base) / REGS_PAGE;
    return addr >= base && *group < m->cfg.groups;
}

static bool regs_link(const model_t *m, uint32_t addr, uint32_t *group) {
    return regs_group(m, addr, MR_LINK_BASE, group) && m->cfg.groups > 1;
}

static bool regs_read(model_t *m, uint32_t addr, uint32_t *value) {
    model_tile_t *tile = regs_tile(m, addr);
    const uint32_t offset = addr % REGS_PAGE;
    uint32_t group;
    if (regs_in_window(addr)) {
        return mr_model_window_read(m, m->mem_base + (addr - MR_WINDOW_BASE) / 4, value);
    }
    if (tile != NULL) {
        return tile_read(m, tile, offset, value);
    }
    if (regs_group(m, addr, MR_KV_BASE, &group)) {
        return kv_read(m, group, offset, value);
    }
    if (regs_link(m, addr, &group)) {
        return link_read(m, group, offset, value);
    }
    switch (addr - offset) {
    case MR_CHIP_BASE:
        return chip_read(m, offset, value);
    case MR_HUB_BASE:
        return hub_read(m, offset, value);
    default:
        return false;
    }
}

static bool regs_write(model_t *m, uint32_t addr, uint32_t value) {
    model_tile_t *tile = regs_tile(m, addr);
    const uint32_t offset = addr % REGS_PAGE;
    uint32_t group;
    uint32_t ignored;
    if (tile != NULL) {
        return tile_write(m, tile, offset, value);
    }
    if (regs_group(m, addr, MR_KV_BASE, &group)) {
        return kv_write(m, group, offset, value);
    }
    if (regs_link(m, addr, &group)) {
        return link_read(m, group, offset, &ignored); /* read only */
    }
    switch (addr - offset) {
    case MR_CHIP_BASE:
        return chip_write(m, offset, value);
    case MR_HUB_BASE:
        return hub_write(m, offset, value);
    default:
        return false;
    }
}

static mr_status_t regs_answer(model_t *m, bool ok) {
    m->cycles++;
    if (!ok) {
        m->status |= MR_CHIP_STATUS_BUS_ERROR_MASK;
        return MR_DEVICE;
    }
    return MR_OK;
}

static mr_status_t model_read32(void *ctx, uint32_t addr, uint32_t *value) {
    model_t *m = ctx;
    *value = 0;
    return addr % 4 != 0 ? MR_ALIGN : regs_answer(m, regs_read(m, addr, value));
}

static mr_status_t model_write32(void *ctx, uint32_t addr, uint32_t value) {
    model_t *m = ctx;
    if (addr % 4 != 0) {
        return MR_ALIGN;
    }
    if (regs_in_window(addr)) {
        /* Posted, as in the RTL: a refusal shows in STATUS.bus_error only. */
        const uint32_t index = m->mem_base + (addr - MR_WINDOW_BASE) / 4;
        (void)regs_answer(m, mr_model_window_write(m, index, value));
        return MR_OK;
    }
    return regs_answer(m, regs_write(m, addr, value));
}

static mr_status_t model_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n_words) {
    for (size_t i = 0; i < n_words; i++) {
        MR_TRY(model_read32(ctx, addr + (uint32_t)i * 4, &words[i]));
    }
    return MR_OK;
}

static mr_status_t model_write_block(void *ctx, uint32_t addr, const uint32_t *words,
                                     size_t n_words) {
    for (size_t i = 0; i < n_words; i++) {
        MR_TRY(model_write32(ctx, addr + (uint32_t)i * 4, words[i]));
    }
    return MR_OK;
}

static mr_status_t model_wait(void *ctx, uint32_t cycles) {
    model_t *m = ctx;
    bool late = false;
    m->cycles += cycles;
    mr_model_run(m);
    for (uint32_t t = 0; t < mr_model_tiles(m); t++) {
        late = mr_model_net_expire(m, &m->tiles[t]) || late;
    }
    if (late) {
        mr_model_run(m);
    }
    return MR_OK;
}

const mr_mmio_ops_t mr_model_mmio_ops = {
    .read32 = model_read32,
    .write32 = model_write32,
    .read_block = model_read_block,
    .write_block = model_write_block,
    .wait = model_wait,
    .close = mr_model_close,
};
