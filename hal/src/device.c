/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers of the hub, the memory window and the tiles. */
#include "millrace/device.h"

#include "millrace/regs.h"

#define WINDOW_WORDS (MR_WINDOW_SIZE / 4u)
#define ROW_STRIDE 16u /* words from one nine-word row to the next in the window */
#define ROW_WORDS 9u
#define POLL_CYCLES 64u

static mr_status_t chip_write(const mr_mmio_t *mmio, uint32_t offset, uint32_t value) {
    return mr_mmio_write32(mmio, MR_CHIP_BASE + offset, value);
}

static mr_status_t hub_write(const mr_mmio_t *mmio, uint32_t offset, uint32_t value) {
    return mr_mmio_write32(mmio, MR_HUB_BASE + offset, value);
}

static mr_status_t hub_read(const mr_mmio_t *mmio, uint32_t offset, uint32_t *value) {
    return mr_mmio_read32(mmio, MR_HUB_BASE + offset, value);
}

static mr_status_t select_memory(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile) {
    return chip_write(mmio, MR_CHIP_MEM_TARGET_OFFSET,
                      (uint32_t)kind << MR_CHIP_MEM_TARGET_KIND_SHIFT |
                          tile << MR_CHIP_MEM_TARGET_TILE_SHIFT);
}

mr_status_t mr_window_write(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile,
                            uint32_t index, const uint32_t *words, size_t n) {
    MR_TRY(select_memory(mmio, kind, tile));
    while (n > 0) {
        const size_t part = n < WINDOW_WORDS ? n : WINDOW_WORDS;
        MR_TRY(chip_write(mmio, MR_CHIP_MEM_BASE_OFFSET, index));
        MR_TRY(mr_mmio_write_block(mmio, MR_WINDOW_BASE, words, part));
        index += (uint32_t)part;
        words += part;
        n -= part;
    }
    return MR_OK;
}

mr_status_t mr_window_read(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile, uint32_t index,
                           uint32_t *words, size_t n) {
    MR_TRY(select_memory(mmio, kind, tile));
    while (n > 0) {
        const size_t part = n < WINDOW_WORDS ? n : WINDOW_WORDS;
        MR_TRY(chip_write(mmio, MR_CHIP_MEM_BASE_OFFSET, index));
        MR_TRY(mr_mmio_read_block(mmio, MR_WINDOW_BASE, words, part));
        index += (uint32_t)part;
        words += part;
        n -= part;
    }
    return MR_OK;
}

mr_status_t mr_window_write_rows(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile,
                                 uint32_t first, const uint32_t *words, size_t rows) {
    const size_t window_rows = WINDOW_WORDS / ROW_STRIDE;
    MR_TRY(select_memory(mmio, kind, tile));
    for (size_t i = 0; i < rows; i++) {
        if (i % window_rows == 0) {
            MR_TRY(chip_write(mmio, MR_CHIP_MEM_BASE_OFFSET, (first + (uint32_t)i) * ROW_STRIDE));
        }
        const uint32_t at = (uint32_t)(i % window_rows) * ROW_STRIDE * 4u;
        MR_TRY(mr_mmio_write_block(mmio, MR_WINDOW_BASE + at, words + i * ROW_WORDS, ROW_WORDS));
    }
    return MR_OK;
}

mr_status_t mr_window_crc(const mr_mmio_t *mmio, mr_mem_kind_t kind, uint32_t tile, uint32_t first,
                          uint32_t count, uint32_t *crc) {
    uint32_t status;
    MR_TRY(select_memory(mmio, kind, tile));
    MR_TRY(chip_write(mmio, MR_CHIP_MEM_CRC_START_OFFSET, first));
    MR_TRY(chip_write(mmio, MR_CHIP_MEM_CRC_COUNT_OFFSET, count));
    MR_TRY(chip_write(mmio, MR_CHIP_MEM_CRC_CTRL_OFFSET, MR_CHIP_MEM_CRC_CTRL_START_MASK));
    for (uint64_t left = (uint64_t)count * 64u / POLL_CYCLES + 16u; left > 0; left--) {
        MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_MEM_CRC_STATUS_OFFSET, &status));
        if ((status & MR_CHIP_MEM_CRC_STATUS_BUSY_MASK) == 0) {
            if ((status & MR_CHIP_MEM_CRC_STATUS_ERROR_MASK) != 0) {
                return MR_DEVICE;
            }
            return mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_MEM_CRC_VALUE_OFFSET, crc);
        }
        MR_TRY(mr_mmio_wait(mmio, POLL_CYCLES));
    }
    return MR_TIMEOUT;
}

mr_status_t mr_chip_bus_error(const mr_mmio_t *mmio) {
    uint32_t status;
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_STATUS_OFFSET, &status));
    if ((status & MR_CHIP_STATUS_BUS_ERROR_MASK) == 0) {
        return MR_OK;
    }
    MR_TRY(chip_write(mmio, MR_CHIP_STATUS_OFFSET, MR_CHIP_STATUS_BUS_ERROR_MASK));
    return MR_DEVICE;
}

mr_status_t mr_chip_cycles(const mr_mmio_t *mmio, uint64_t *cycles) {
    uint32_t lo;
    uint32_t hi;
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CYCLE_LO_OFFSET, &lo));
    MR_TRY(mr_mmio_read32(mmio, MR_CHIP_BASE + MR_CHIP_CYCLE_HI_OFFSET, &hi));
    *cycles = (uint64_t)hi << 32 | lo;
    return MR_OK;
}

mr_status_t mr_chip_soft_reset(const mr_mmio_t *mmio) {
    return chip_write(mmio, MR_CHIP_CONTROL_OFFSET, MR_CHIP_CONTROL_SOFT_RESET_MASK);
}

mr_status_t mr_hub_inject(const mr_mmio_t *mmio, const mr_job_t *job) {
    uint32_t status;
    if (job->tile > 30u || job->pc > 0xFFFFu || job->flags > 0xFu || job->token > 0x3FFFFu ||
        job->pos > 0x3FFFFu || job->slot > 0xFFu) {
        return MR_RANGE;
    }
    MR_TRY(hub_read(mmio, MR_HUB_INJ_STATUS_OFFSET, &status));
    if ((status & MR_HUB_INJ_STATUS_READY_MASK) == 0) {
        return MR_BUSY;
    }
    MR_TRY(hub_write(mmio, MR_HUB_INJ_DEST_OFFSET, 2u << job->tile));
    MR_TRY(hub_write(mmio, MR_HUB_INJ_PROG_OFFSET,
                     job->pc << MR_HUB_INJ_PROG_PC_SHIFT |
                         job->flags << MR_HUB_INJ_PROG_FLAGS_SHIFT |
                         1u << MR_HUB_INJ_PROG_PARTS_SHIFT));
    MR_TRY(hub_write(mmio, MR_HUB_INJ_TOKEN_OFFSET, job->token));
    MR_TRY(hub_write(mmio, MR_HUB_INJ_POS_OFFSET, job->pos));
    MR_TRY(hub_write(mmio, MR_HUB_INJ_SLOT_OFFSET, job->slot));
    return hub_write(mmio, MR_HUB_INJ_CTRL_OFFSET, MR_HUB_INJ_CTRL_PUSH_MASK);
}

mr_status_t mr_hub_peek(const mr_mmio_t *mmio, mr_result_t *result) {
    uint32_t v;
    MR_TRY(hub_read(mmio, MR_HUB_RES_STATUS_OFFSET, &v));
    if ((v & MR_HUB_RES_STATUS_COUNT_MASK) == 0) {
        return MR_BUSY;
    }
    result->buffer = (v & MR_HUB_RES_STATUS_HEAD_MASK) >> MR_HUB_RES_STATUS_HEAD_SHIFT;
    MR_TRY(hub_read(mmio, MR_HUB_RES_HDR_OFFSET, &v));
    result->slot = (v & MR_HUB_RES_HDR_SLOT_MASK) >> MR_HUB_RES_HDR_SLOT_SHIFT;
    result->status = (v & MR_HUB_RES_HDR_STATUS_MASK) >> MR_HUB_RES_HDR_STATUS_SHIFT;
    result->flags = (v & MR_HUB_RES_HDR_FLAGS_MASK) >> MR_HUB_RES_HDR_FLAGS_SHIFT;
    MR_TRY(hub_read(mmio, MR_HUB_RES_POS_OFFSET, &result->pos));
    MR_TRY(hub_read(mmio, MR_HUB_RES_TOKEN_OFFSET, &result->token));
    return hub_read(mmio, MR_HUB_RES_LEN_OFFSET, &result->len);
}

mr_status_t mr_hub_read(const mr_mmio_t *mmio, const mr_result_t *result, uint32_t result_elems,
                        uint32_t *words, uint32_t n) {
    if (n > result_elems) {
        return MR_RANGE;
    }
    return mr_window_read(mmio, MR_MEM_RESULT, 0, result->buffer * result_elems, words, n);
}

mr_status_t mr_hub_pop(const mr_mmio_t *mmio) {
    return hub_write(mmio, MR_HUB_RES_CTRL_OFFSET, MR_HUB_RES_CTRL_POP_MASK);
}

mr_status_t mr_tile_start(const mr_mmio_t *mmio, uint32_t tile, uint32_t in_base,
                          uint32_t in_size) {
    const uint32_t base = MR_TILE_BASE + tile * MR_TILE_STRIDE;
    if (tile >= MR_TILE_COUNT || in_base % 2u != 0 || in_size % 2u != 0 || in_size > 0xFFFFu) {
        return MR_RANGE;
    }
    MR_TRY(mr_mmio_write32(mmio, base + MR_TILE_IN_BASE_OFFSET, in_base));
    MR_TRY(mr_mmio_write32(mmio, base + MR_TILE_IN_SIZE_OFFSET, in_size));
    return mr_mmio_write32(mmio, base + MR_TILE_CTRL_OFFSET, MR_TILE_CTRL_ENABLE_MASK);
}

mr_status_t mr_tile_counter(const mr_mmio_t *mmio, uint32_t tile, uint32_t offset,
                            uint64_t *value) {
    const uint32_t base = MR_TILE_BASE + tile * MR_TILE_STRIDE + offset;
    uint32_t lo;
    uint32_t hi;
    MR_TRY(mr_mmio_read32(mmio, base, &lo));
    MR_TRY(mr_mmio_read32(mmio, base + 4u, &hi));
    *value = (uint64_t)hi << 32 | lo;
    return MR_OK;
}
