/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the KV-cache DRAM controller. */
#include "millrace/kv.h"

#include <stdbool.h>

#include "millrace/regs.h"

#define POLL_CYCLES 64u
#define POSITIONS 32u         /* of a page */
#define BLOCK_BYTES 34u       /* Q8_0 */
#define PART_LIMIT (1u << 18) /* of the controller */
#define FEW_ROWS 4u           /* of a part: less than that is few */
/* A counter's quarter is there in 600 cycles. While a result waits in the hub nothing waits, so
 * that a poll is a read alone: 4 cycles. */
#define COUNT_POLLS 256u
#define COUNT_OPEN 8u /* counters of causes with a row open */
#define COUNT_COMMAND 17u
#define CHANNEL_MAX 7u

static mr_status_t kv_read(const mr_mmio_t *mmio, uint32_t group, uint32_t offset,
                           uint32_t *value) {
    return mr_mmio_read32(mmio, MR_KV_BASE + group * MR_KV_STRIDE + offset, value);
}

static mr_status_t kv_write(const mr_mmio_t *mmio, uint32_t group, uint32_t offset,
                            uint32_t value) {
    return mr_mmio_write32(mmio, MR_KV_BASE + group * MR_KV_STRIDE + offset, value);
}

/* Groups of the device; at most as many as the register map has blocks for. */
static mr_status_t read_groups(const mr_mmio_t *mmio, uint32_t *groups) {
    uint32_t caps;
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CAPS_OFFSET, &caps));
    *groups = (caps & MR_CHIP_CAPS_GROUPS_MASK) >> MR_CHIP_CAPS_GROUPS_SHIFT;
    return *groups >= 1u && *groups <= MR_KV_COUNT ? MR_OK : MR_DEVICE;
}

/* The groups that keep the cache of any layer, a bit each: on a chip of one group that one. */
static mr_status_t groups_in_use(const mr_mmio_t *mmio, uint32_t *used) {
    uint32_t groups;
    MR_TRY(read_groups(mmio, &groups));
    *used = groups == 1u ? 1u : 0u;
    for (uint32_t g = 0; groups > 1u && g < groups; g++) {
        uint32_t config;
        MR_TRY(kv_read(mmio, g, MR_KV_CONFIG_OFFSET, &config));
        *used |= (config & MR_KV_CONFIG_LAYERS_MASK) != 0 ? 1u << g : 0u;
    }
    return MR_OK;
}

/* Polls a register until (value & mask) == want; *value is what it was then. */
static mr_status_t kv_wait(const mr_mmio_t *mmio, uint32_t group, uint32_t offset, uint32_t mask,
                           uint32_t want, uint32_t max_cycles, uint32_t *value) {
    for (uint64_t spent = 0; spent <= max_cycles; spent += POLL_CYCLES) {
        MR_TRY(kv_read(mmio, group, offset, value));
        if ((*value & mask) == want) {
            return MR_OK;
        }
        MR_TRY(mr_mmio_wait(mmio, POLL_CYCLES));
    }
    return MR_TIMEOUT;
}

/* ---- shape ---- */

/* The DRAM of a channel. */
typedef struct {
    uint32_t channels;
    uint32_t burst_bytes;
    uint32_t groups;
    uint32_t banks;      /* of a group */
    uint32_t row_bursts; /* of a bank's row, and */
    uint32_t bursts;     /* of a bank, in all groups */
} kv_dram_t;

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return a / b + (a % b != 0u ? 1u : 0u);
}

static bool shape_ok(uint32_t layers, uint32_t heads, uint32_t nbh) {
    return layers >= 1u && layers <= 256u && heads >= 1u && heads <= 255u && nbh >= 1u &&
           nbh <= 16u;
}

/* *there: the device has a DRAM. */
static mr_status_t read_dram(const mr_mmio_t *mmio, kv_dram_t *dram, bool *there) {
    uint32_t caps;
    uint32_t more;
    uint32_t all;
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CAPS_OFFSET, &all));
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CAPS_DRAM_OFFSET, &caps));
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CAPS_DRAM_ROWS_OFFSET, &more));
    const uint32_t channels = (all & MR_CHIP_CAPS_CHANNELS_MASK) >> MR_CHIP_CAPS_CHANNELS_SHIFT;
    const uint32_t rows =
        (more & MR_CHIP_CAPS_DRAM_ROWS_ROWS_MASK) >> MR_CHIP_CAPS_DRAM_ROWS_ROWS_SHIFT;
    const uint32_t burst =
        (more & MR_CHIP_CAPS_DRAM_ROWS_BURST_MASK) >> MR_CHIP_CAPS_DRAM_ROWS_BURST_SHIFT;
    const uint32_t groups =
        (more & MR_CHIP_CAPS_DRAM_ROWS_GROUPS_MASK) >> MR_CHIP_CAPS_DRAM_ROWS_GROUPS_SHIFT;
    const uint32_t dq =
        (caps & MR_CHIP_CAPS_DRAM_DQ_BYTES_MASK) >> MR_CHIP_CAPS_DRAM_DQ_BYTES_SHIFT;
    const uint32_t banks = (caps & MR_CHIP_CAPS_DRAM_BANKS_MASK) >> MR_CHIP_CAPS_DRAM_BANKS_SHIFT;
    const uint32_t row_bytes =
        (caps & MR_CHIP_CAPS_DRAM_ROW_BYTES_MASK) >> MR_CHIP_CAPS_DRAM_ROW_BYTES_SHIFT;
    *there = rows != 0u;
    if (!*there) {
        return MR_OK;
    }
    if (channels == 0u || dq * burst == 0u || groups == 0u || banks < groups ||
        row_bytes < dq * burst) {
        return MR_DEVICE;
    }
    *dram = (kv_dram_t){
        channels, dq * burst, groups, banks / groups, row_bytes / (dq * burst) * groups, 0};
    /* At most 2^20 rows x 2^16 bytes / burst x 15 groups; saturates. */
    dram->bursts = rows > UINT32_MAX / dram->row_bursts ? UINT32_MAX : rows * dram->row_bursts;
    return MR_OK;
}

/* A chunk of several parts goes round the banks itself, if its parts lie in few rows; one of odd
 * length must alternate between the bank groups. */
static uint32_t step_of(const kv_dram_t *dram, uint32_t chunks, uint32_t chunk, uint32_t part) {
    if (chunks >= dram->banks) {
        return 1u;
    }
    const bool round = chunk % 2u == 0u && part / dram->row_bursts < FEW_ROWS;
    return round ? 0u : dram->banks / chunks;
}

mr_status_t mr_kv_layout(const mr_mmio_t *mmio, uint32_t layers, uint32_t heads, uint32_t nbh,
                         mr_kv_layout_t *layout) {
    kv_dram_t dram = {0};
    bool there = false;
    uint32_t most;
    if (!shape_ok(layers, heads, nbh)) {
        return MR_RANGE;
    }
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CAPS_KV_PAGES_OFFSET, &most));
    MR_TRY(read_dram(mmio, &dram, &there));
    *layout = (mr_kv_layout_t){most, 0, 0, 0};
    if (!there) {
        return MR_OK;
    }
    /* Channel 0 has as many heads as any. */
    const uint32_t chunks = 2u * layers * ceil_div(heads, dram.channels);
    const uint32_t chunk = ceil_div(POSITIONS * nbh * BLOCK_BYTES, dram.burst_bytes);
    /* At most 130,560 chunks of 17,408 bursts of a byte: below 2^32. */
    const uint32_t part = ceil_div(ceil_div(chunks * chunk, dram.banks), dram.groups) * dram.groups;
    const uint32_t fit = dram.bursts / part;
    const uint32_t step = step_of(&dram, chunks, chunk, part);
    *layout = (mr_kv_layout_t){fit < most ? fit : most, chunk, part, step};
    if (part >= PART_LIMIT) {
        return MR_UNSUPPORTED;
    }
    return fit == 0u ? MR_NO_SPACE : MR_OK;
}

mr_status_t mr_kv_init(const mr_mmio_t *mmio, uint32_t group, uint32_t layers, uint32_t heads,
                       uint32_t nbh, uint32_t max_cycles) {
    mr_kv_layout_t layout;
    uint32_t status;
    if (group >= MR_KV_COUNT) {
        return MR_RANGE;
    }
    if (layers == 0) {
        return kv_write(mmio, group, MR_KV_CONFIG_OFFSET, 0);
    }
    MR_TRY(mr_kv_layout(mmio, layers, heads, nbh, &layout));
    MR_TRY(kv_write(mmio, group, MR_KV_CONFIG_OFFSET,
                    layers << MR_KV_CONFIG_LAYERS_SHIFT | heads << MR_KV_CONFIG_HEADS_SHIFT |
                        nbh << MR_KV_CONFIG_NBH_SHIFT));
    MR_TRY(kv_write(mmio, group, MR_KV_PAGES_OFFSET, layout.pages));
    MR_TRY(kv_write(mmio, group, MR_KV_CHUNK_OFFSET, layout.chunk));
    MR_TRY(kv_write(mmio, group, MR_KV_PART_OFFSET, layout.part));
    MR_TRY(kv_write(mmio, group, MR_KV_STEP_OFFSET, layout.step));
    MR_TRY(kv_write(mmio, group, MR_KV_CTRL_OFFSET, MR_KV_CTRL_INIT_MASK));
    return kv_wait(mmio, group, MR_KV_STATUS_OFFSET, MR_KV_STATUS_READY_MASK,
                   MR_KV_STATUS_READY_MASK, max_cycles, &status);
}

/* ---- administration ---- */

static mr_status_t admin_status(uint32_t code) {
    switch (code) {
    case 0:
        return MR_OK;
    case 4:
        return MR_NOT_FOUND;
    case 5:
        return MR_STATE;
    case 6:
        return MR_NO_SPACE;
    default:
        return MR_DEVICE;
    }
}

/* A command of firmware's, the same for all groups. */
typedef struct {
    uint32_t op;
    uint32_t slot;
    uint32_t src;
    uint32_t len;
} kv_command_t;

static mr_status_t admin_start(const mr_mmio_t *mmio, uint32_t group, const kv_command_t *c,
                               uint32_t max_cycles) {
    uint32_t status;
    MR_TRY(kv_wait(mmio, group, MR_KV_STATUS_OFFSET, MR_KV_STATUS_READY_MASK,
                   MR_KV_STATUS_READY_MASK, max_cycles, &status));
    MR_TRY(kv_wait(mmio, group, MR_KV_ADMIN_STATUS_OFFSET, MR_KV_ADMIN_STATUS_BUSY_MASK, 0,
                   max_cycles, &status));
    MR_TRY(kv_write(mmio, group, MR_KV_ADMIN_LEN_OFFSET, c->len));
    return kv_write(mmio, group, MR_KV_ADMIN_OFFSET,
                    c->slot << MR_KV_ADMIN_SLOT_SHIFT | c->src << MR_KV_ADMIN_SRC_SHIFT |
                        c->op << MR_KV_ADMIN_OP_SHIFT | MR_KV_ADMIN_GO_MASK);
}

/* Starts a command in every group that keeps a cache, then waits for all of them. */
static mr_status_t admin(const mr_mmio_t *mmio, const kv_command_t *c, uint32_t max_cycles) {
    mr_status_t first = MR_OK;
    uint32_t used;
    if (c->slot > 255u || c->src > 255u || c->len > MR_KV_ADMIN_LEN_MASK) {
        return MR_RANGE;
    }
    MR_TRY(groups_in_use(mmio, &used));
    for (uint32_t g = 0; g < MR_KV_COUNT; g++) {
        MR_TRY((used >> g & 1u) != 0 ? admin_start(mmio, g, c, max_cycles) : MR_OK);
    }
    for (uint32_t g = 0; g < MR_KV_COUNT; g++) {
        uint32_t status;
        if ((used >> g & 1u) == 0) {
            continue;
        }
        MR_TRY(kv_wait(mmio, g, MR_KV_ADMIN_STATUS_OFFSET, MR_KV_ADMIN_STATUS_BUSY_MASK, 0,
                       max_cycles, &status));
        const mr_status_t outcome =
            admin_status((status & MR_KV_ADMIN_STATUS_CODE_MASK) >> MR_KV_ADMIN_STATUS_CODE_SHIFT);
        first = first == MR_OK ? outcome : first;
    }
    return first;
}

mr_status_t mr_kv_free(const mr_mmio_t *mmio, uint32_t slot, uint32_t max_cycles) {
    return admin(mmio, &(kv_command_t){MR_KV_ADMIN_OP_FREE, slot, 0, 0}, max_cycles);
}

mr_status_t mr_kv_truncate(const mr_mmio_t *mmio, uint32_t slot, uint32_t len,
                           uint32_t max_cycles) {
    return admin(mmio, &(kv_command_t){MR_KV_ADMIN_OP_TRUNCATE, slot, 0, len}, max_cycles);
}

mr_status_t mr_kv_fork(const mr_mmio_t *mmio, uint32_t slot, uint32_t src, uint32_t len,
                       uint32_t max_cycles) {
    return admin(mmio, &(kv_command_t){MR_KV_ADMIN_OP_FORK, slot, src, len}, max_cycles);
}

mr_status_t mr_kv_quota(const mr_mmio_t *mmio, uint32_t slot, uint32_t pages, uint32_t max_cycles) {
    return admin(mmio, &(kv_command_t){MR_KV_ADMIN_OP_QUOTA, slot, 0, pages}, max_cycles);
}

/* ---- statistics ---- */

mr_status_t mr_kv_pages_free(const mr_mmio_t *mmio, uint32_t *pages) {
    uint32_t used;
    MR_TRY(groups_in_use(mmio, &used));
    *pages = used != 0 ? UINT32_MAX : 0;
    for (uint32_t g = 0; g < MR_KV_COUNT; g++) {
        uint32_t n = *pages;
        MR_TRY((used >> g & 1u) != 0 ? kv_read(mmio, g, MR_KV_PAGES_FREE_OFFSET, &n) : MR_OK);
        *pages = n < *pages ? n : *pages;
    }
    return MR_OK;
}

mr_status_t mr_kv_refused(const mr_mmio_t *mmio, mr_kv_refused_t *refused) {
    uint32_t groups;
    MR_TRY(read_groups(mmio, &groups));
    *refused = (mr_kv_refused_t){0};
    for (uint32_t g = 0; g < groups; g++) {
        uint32_t low;
        uint32_t high;
        MR_TRY(kv_read(mmio, g, MR_KV_REFUSED_OFFSET, &low));
        MR_TRY(kv_read(mmio, g, MR_KV_REFUSED_PAGES_OFFSET, &high));
        refused->who = (uint16_t)(refused->who + low);
        refused->pos = (uint16_t)(refused->pos + (low >> 16));
        refused->pages = (uint16_t)(refused->pages + high);
        refused->tag = (uint16_t)(refused->tag + (high >> 16));
    }
    return MR_OK;
}

static mr_status_t read_counter(const mr_mmio_t *mmio, uint32_t group, uint32_t channel,
                                uint32_t counter, uint64_t *value) {
    uint32_t data;
    *value = 0;
    for (uint32_t quarter = 0; quarter < 4u; quarter++) {
        MR_TRY(kv_write(mmio, group, MR_KV_COUNT_SEL_OFFSET,
                        quarter << MR_KV_COUNT_SEL_QUARTER_SHIFT |
                            counter << MR_KV_COUNT_SEL_COUNTER_SHIFT |
                            channel << MR_KV_COUNT_SEL_CHANNEL_SHIFT | MR_KV_COUNT_SEL_GO_MASK));
        MR_TRY(kv_wait(mmio, group, MR_KV_COUNT_DATA_OFFSET, MR_KV_COUNT_DATA_BUSY_MASK, 0,
                       COUNT_POLLS * POLL_CYCLES, &data));
        *value |= (uint64_t)(data & MR_KV_COUNT_DATA_MASK) << (16u * quarter);
    }
    return MR_OK;
}

mr_status_t mr_kv_stats(const mr_mmio_t *mmio, uint32_t group, uint32_t channel,
                        mr_kv_stats_t *stats) {
    uint64_t *const commands[] = {&stats->act, &stats->rd, &stats->wr, &stats->pre, &stats->ref};
    if (group >= MR_KV_COUNT || channel > CHANNEL_MAX) {
        return MR_RANGE;
    }
    *stats = (mr_kv_stats_t){0};
    MR_TRY(kv_write(mmio, group, MR_KV_CTRL_OFFSET, MR_KV_CTRL_SNAP_MASK));
    for (uint32_t cause = 0; cause < MR_KV_CAUSES; cause++) {
        uint64_t closed;
        uint64_t open;
        MR_TRY(read_counter(mmio, group, channel, cause, &closed));
        MR_TRY(read_counter(mmio, group, channel, COUNT_OPEN + cause, &open));
        stats->cause[cause] = closed + open;
        stats->open += open;
        stats->cycles += closed + open;
    }
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        MR_TRY(read_counter(mmio, group, channel, COUNT_COMMAND + i, commands[i]));
    }
    return MR_OK;
}

mr_status_t mr_kv_useful(const mr_mmio_t *mmio, uint32_t group, uint32_t channel,
                         uint64_t *cycles) {
    uint64_t open;
    if (group >= MR_KV_COUNT || channel > CHANNEL_MAX) {
        return MR_RANGE;
    }
    MR_TRY(kv_write(mmio, group, MR_KV_CTRL_OFFSET, MR_KV_CTRL_SNAP_MASK));
    MR_TRY(read_counter(mmio, group, channel, MR_KV_USEFUL, cycles));
    MR_TRY(read_counter(mmio, group, channel, COUNT_OPEN + MR_KV_USEFUL, &open));
    *cycles += open;
    return MR_OK;
}
