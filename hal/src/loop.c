/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the token loop. */
#include "millrace/loop.h"

#include "millrace/regs.h"

#define TILE_MAX 30u
#define POLL_CYCLES 16u
#define POLLS 16u

static mr_status_t loop_write(const mr_mmio_t *mmio, uint32_t offset, uint32_t value) {
    return mr_mmio_write32(mmio, MR_HUB_BASE + offset, value);
}

static mr_status_t loop_read(const mr_mmio_t *mmio, uint32_t offset, uint32_t *value) {
    return mr_mmio_read32(mmio, MR_HUB_BASE + offset, value);
}

/* Waits until the last command is done. */
static mr_status_t settle(const mr_mmio_t *mmio) {
    uint32_t status;
    for (uint32_t i = 0; i < POLLS; i++) {
        MR_TRY(loop_read(mmio, MR_HUB_LOOP_STATUS_OFFSET, &status));
        if ((status & MR_HUB_LOOP_STATUS_BUSY_MASK) == 0) {
            return MR_OK;
        }
        MR_TRY(mr_mmio_wait(mmio, POLL_CYCLES));
    }
    return MR_TIMEOUT;
}

mr_status_t mr_loop_caps(const mr_mmio_t *mmio, mr_loop_caps_t *caps) {
    uint32_t v;
    MR_TRY(loop_read(mmio, MR_HUB_LOOP_CAPS_OFFSET, &v));
    caps->slots = (v & MR_HUB_LOOP_CAPS_SLOTS_MASK) >> MR_HUB_LOOP_CAPS_SLOTS_SHIFT;
    caps->depth = (v & MR_HUB_LOOP_CAPS_DEPTH_MASK) >> MR_HUB_LOOP_CAPS_DEPTH_SHIFT;
    return MR_OK;
}

mr_status_t mr_loop_route(const mr_mmio_t *mmio, uint32_t tile, uint32_t pc) {
    if (tile > TILE_MAX || pc > MR_HUB_LOOP_PC_MASK) {
        return MR_RANGE;
    }
    MR_TRY(loop_write(mmio, MR_HUB_LOOP_DEST_OFFSET, 2u << tile));
    return loop_write(mmio, MR_HUB_LOOP_PC_OFFSET, pc);
}

mr_status_t mr_loop_arm(const mr_mmio_t *mmio, uint32_t slot, uint32_t left, const uint32_t *stops,
                        uint32_t n_stops) {
    if (slot > MR_HUB_LOOP_CTRL_SLOT_MASK || left == 0 || left > MR_HUB_LOOP_LEFT_MASK ||
        n_stops > MR_LOOP_STOPS) {
        return MR_RANGE;
    }
    for (uint32_t i = 0; i < n_stops; i++) {
        if (stops[i] > MR_HUB_LOOP_STOP0_TOKEN_MASK) {
            return MR_RANGE;
        }
    }
    MR_TRY(settle(mmio));
    MR_TRY(loop_write(mmio, MR_HUB_LOOP_LEFT_OFFSET, left));
    for (uint32_t i = 0; i < MR_LOOP_STOPS; i++) {
        MR_TRY(loop_write(mmio, MR_HUB_LOOP_STOP0_OFFSET + 4u * i,
                          i < n_stops ? stops[i] | MR_HUB_LOOP_STOP0_VALID_MASK : 0));
    }
    MR_TRY(loop_write(mmio, MR_HUB_LOOP_CTRL_OFFSET,
                      slot << MR_HUB_LOOP_CTRL_SLOT_SHIFT | MR_HUB_LOOP_CTRL_ARM_MASK));
    return settle(mmio);
}

mr_status_t mr_loop_disarm(const mr_mmio_t *mmio, uint32_t slot) {
    if (slot > MR_HUB_LOOP_CTRL_SLOT_MASK) {
        return MR_RANGE;
    }
    MR_TRY(settle(mmio));
    MR_TRY(loop_write(mmio, MR_HUB_LOOP_CTRL_OFFSET,
                      slot << MR_HUB_LOOP_CTRL_SLOT_SHIFT | MR_HUB_LOOP_CTRL_DISARM_MASK));
    return settle(mmio);
}

mr_status_t mr_loop_pass(const mr_mmio_t *mmio, uint32_t jobs) {
    if (jobs > MR_HUB_LOOP_PASS_MASK) {
        return MR_RANGE;
    }
    return loop_write(mmio, MR_HUB_LOOP_PASS_OFFSET, jobs);
}

mr_status_t mr_loop_stats(const mr_mmio_t *mmio, mr_loop_stats_t *stats) {
    uint32_t lo;
    uint32_t hi;
    MR_TRY(loop_read(mmio, MR_HUB_LOOP_PARKS_OFFSET, &stats->parks));
    MR_TRY(loop_read(mmio, MR_HUB_LOOP_WAIT_MAX_OFFSET, &stats->wait_max));
    MR_TRY(loop_read(mmio, MR_HUB_LOOP_JOBS_LO_OFFSET, &lo));
    MR_TRY(loop_read(mmio, MR_HUB_LOOP_JOBS_HI_OFFSET, &hi));
    stats->jobs = (uint64_t)hi << 32 | lo;
    return MR_OK;
}
