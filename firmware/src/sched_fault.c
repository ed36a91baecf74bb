/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: tiles that stop answering and links that go down. */
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/regs.h"
#include "sched_parts.h"

/* Nothing comes any more when a device with a dead link was silent for so long. */
#define SETTLE_CYCLES 262144u

static mr_status_t tile_read(const mr_sched_t *self, uint32_t tile, uint32_t offset, uint32_t *v) {
    return mr_mmio_read32(self->cfg.mmio, MR_TILE_BASE + tile * MR_TILE_STRIDE + offset, v);
}

static mr_status_t link_read(const mr_sched_t *self, uint32_t group, uint32_t *v) {
    return mr_mmio_read32(self->cfg.mmio,
                          MR_LINK_BASE + group * MR_LINK_STRIDE + MR_LINK_STATUS_OFFSET, v);
}

const mr_fault_t *mr_sched_fault(const mr_sched_t *self) {
    return &self->fault;
}

/* The first fault is the one that is told. */
static void note(mr_sched_t *self, mr_fault_kind_t kind, uint32_t index, uint32_t slot) {
    if (self->fault.kind == MR_FAULT_NONE || self->fault.kind == MR_FAULT_MESSAGE) {
        self->fault = (mr_fault_t){kind, index, slot};
    }
}

/* Notes a tile that was given up. */
static mr_status_t find_failed(mr_sched_t *self, bool *found) {
    uint32_t v;
    *found = false;
    for (uint32_t t = 0; t < self->cfg.route->tiles; t++) {
        MR_TRY(tile_read(self, t, MR_TILE_FAULT_OFFSET, &v));
        if ((v & MR_TILE_FAULT_FAILED_MASK) != 0) {
            note(self, MR_FAULT_TILE, t, (v & MR_TILE_FAULT_SLOT_MASK) >> MR_TILE_FAULT_SLOT_SHIFT);
            *found = true;
            return MR_OK;
        }
    }
    return MR_OK;
}

mr_status_t mr_sched_find_tile(mr_sched_t *self, uint32_t slot) {
    bool found;
    MR_TRY(find_failed(self, &found));
    if (!found) {
        note(self, MR_FAULT_MESSAGE, 0, slot);
    }
    return MR_OK;
}

mr_status_t mr_sched_find_link(mr_sched_t *self) {
    const mr_route_t *route = self->cfg.route;
    uint32_t v;
    MR_TRY(mr_mmio_read32(self->cfg.mmio, MR_CHIP_BASE + MR_CHIP_STATUS_OFFSET, &v));
    if ((v & MR_CHIP_STATUS_LINK_ERROR_MASK) == 0 || route->groups < 2u || self->cut) {
        return MR_OK;
    }
    for (uint32_t g = 0; g < route->groups; g++) {
        MR_TRY(link_read(self, g, &v));
        const bool down = (v & MR_LINK_STATUS_DOWN_MASK) != 0;
        MR_TRY(link_read(self, (g + 1u) % route->groups, &v));
        if (down || (v & MR_LINK_STATUS_RX_DOWN_MASK) != 0) {
            note(self, MR_FAULT_LINK, g, 0);
            self->cut = route->linked;
            return MR_OK;
        }
    }
    return MR_OK;
}

/* Ends everyone who waits for a job, and with a dead link everyone: nothing comes any more. */
static bool end_lost(mr_sched_t *self, uint32_t status) {
    bool any = false;
    const uint32_t n = self->cfg.n_slots;
    for (uint32_t slot = mr_set_next(&self->active, 0, n); slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->active, slot + 1u, n)) {
        mr_slot_t *t = &self->cfg.slots[slot];
        if (t->in_flight == 0 && !self->cut) {
            continue;
        }
        mr_sched_finish(self, slot, MR_END_ERROR, status);
        if (!self->cut && !mr_set_has(&self->barred, slot)) {
            mr_set_add(&self->barred, slot);
            self->n_barred++;
        }
        self->in_flight -= t->in_flight;
        t->in_flight = 0;
        any = true;
    }
    return any;
}

void mr_sched_cut(mr_sched_t *self, bool *moved) {
    if (self->cut && (self->in_flight == 0 || self->silent >= SETTLE_CYCLES)) {
        *moved = end_lost(self, MR_SCHED_STATUS_NETWORK) || *moved;
    }
}

mr_status_t mr_sched_stalled(mr_sched_t *self) {
    const mr_route_t *route = self->cfg.route;
    uint32_t v;
    bool found;
    self->silent = 0;
    /* A tile that was given up may have lost jobs: those whose program has no END. */
    MR_TRY(find_failed(self, &found));
    if (found) {
        return end_lost(self, MR_SCHED_STATUS_WATCHDOG) ? MR_OK : MR_TIMEOUT;
    }
    /* What stands before the tile that stopped waits for it: the last busy one is the culprit. */
    for (uint32_t i = 0; i < route->n_search; i++) {
        const uint32_t tile = route->search[i];
        const uint32_t ctrl = MR_TILE_BASE + tile * MR_TILE_STRIDE + MR_TILE_CTRL_OFFSET;
        MR_TRY(tile_read(self, tile, MR_TILE_STATUS_OFFSET, &v));
        if ((v & MR_TILE_STATUS_BUSY_MASK) != 0) {
            note(self, MR_FAULT_TILE, tile,
                 (v & MR_TILE_STATUS_SLOT_MASK) >> MR_TILE_STATUS_SLOT_SHIFT);
            return mr_mmio_write32(self->cfg.mmio, ctrl,
                                   MR_TILE_CTRL_ENABLE_MASK | MR_TILE_CTRL_FAIL_MASK);
        }
    }
    return MR_TIMEOUT;
}
