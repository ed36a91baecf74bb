/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of the self-test: to any tile, with one result each. */
#include <inttypes.h>
#include <stdio.h>

#include "millrace/regs.h"
#include "selftest/selftest_internal.h"

#define POLLS 4000u
#define POLL_CYCLES 64u
#define OP_SEND 0x00Bu

bool mr_selftest_prepare(const mr_selftest_t *t, uint32_t tile) {
    mr_status_t status = mr_chip_soft_reset(t->mmio);
    if (status == MR_OK) {
        status = mr_tile_start(t->mmio, 0, MR_SELFTEST_IN_BASE, MR_SELFTEST_IN_SIZE);
    }
    if (status == MR_OK && tile != 0) {
        status = mr_tile_start(t->mmio, tile, MR_SELFTEST_IN_BASE, MR_SELFTEST_IN_SIZE);
    }
    if (status == MR_OK) {
        status = mr_chip_bus_error(t->mmio) == MR_IO ? MR_IO : MR_OK;
    }
    return status == MR_OK || mr_selftest_refused(t, "start", status);
}

bool mr_selftest_program(const mr_selftest_t *t, uint32_t tile, uint32_t pc,
                         const mr_selftest_desc_t *d, uint32_t n) {
    mr_status_t status =
        mr_window_write(t->mmio, MR_MEM_PMEM, tile, 8u * pc, d[0].w, (size_t)8 * n);
    if (status == MR_OK) {
        status = mr_chip_bus_error(t->mmio);
    }
    return status == MR_OK || mr_selftest_refused(t, "program", status);
}

uint32_t mr_selftest_hops_home(const mr_selftest_t *t, uint32_t tile) {
    const uint32_t group = tile / t->machine.tiles;
    return group == 0 ? 0 : t->machine.groups - group;
}

/* A job of tile 0 that sends a job to the tile over the links. */
static bool put_relay(const mr_selftest_t *t, uint32_t tile, uint32_t pc) {
    const uint32_t group = tile / t->machine.tiles;
    const mr_selftest_desc_t relay[] = {
        {{OP_SEND, 2u << tile % t->machine.tiles, 0, 0, 0, pc | 1u << 16, group, 0}},
        {{0, 0, 0, 0, 0, 0, 0, 0}},
    };
    return mr_selftest_program(t, 0, MR_SELFTEST_RELAY_PC, relay, 2);
}

static bool wait_result(const mr_selftest_t *t, mr_result_t *result) {
    mr_status_t status = MR_BUSY;
    for (uint32_t i = 0; i < POLLS && status == MR_BUSY; i++) {
        status = mr_hub_peek(t->mmio, result);
        if (status == MR_BUSY && mr_mmio_wait(t->mmio, POLL_CYCLES) != MR_OK) {
            return mr_selftest_refused(t, "wait", MR_DEVICE);
        }
    }
    return status == MR_OK ||
           (status == MR_BUSY
                ? mr_selftest_fail(t, "no result of a job within %u clocks", POLLS * POLL_CYCLES)
                : mr_selftest_refused(t, "result", status));
}

bool mr_selftest_job(const mr_selftest_t *t, uint32_t tile, uint32_t pc, uint32_t slot,
                     uint32_t pos, uint32_t *words, uint32_t n) {
    const bool far = tile >= t->machine.tiles;
    const mr_job_t job = {
        .tile = far ? 0 : tile, .pc = far ? MR_SELFTEST_RELAY_PC : pc, .slot = slot, .pos = pos};
    mr_result_t result;
    if (far && !put_relay(t, tile, pc)) {
        return false;
    }
    mr_status_t status = mr_hub_inject(t->mmio, &job);
    if (status != MR_OK) {
        return mr_selftest_refused(t, "injection", status);
    }
    if (!wait_result(t, &result)) {
        return false;
    }
    if (result.status != 0) {
        return mr_selftest_fail(
            t, "the job of slot %" PRIu32 ", position %" PRIu32 " ended with status %" PRIu32, slot,
            pos, result.status);
    }
    if (result.slot != slot || result.pos != pos || result.len < n) {
        return mr_selftest_fail(t,
                                "result of slot %" PRIu32 ", position %" PRIu32 ", %" PRIu32
                                " elements: expected slot %" PRIu32 ", position %" PRIu32
                                ", %" PRIu32,
                                result.slot, result.pos, result.len, slot, pos, n);
    }
    if (n != 0) {
        status = mr_hub_read(t->mmio, &result, t->machine.result_elems, words, n);
    }
    if (status == MR_OK) {
        status = mr_hub_pop(t->mmio);
    }
    return status == MR_OK || mr_selftest_refused(t, "result", status);
}

/* ---- RESULT: written by jobs only ---- */

/* Result i is the pattern of (element + i) under flip. */
static bool fill_results(const mr_selftest_t *t, uint32_t n, uint32_t flip) {
    for (uint32_t i = 0; i < t->machine.result_bufs; i++) {
        const mr_job_t job = {.slot = i % 256u};
        for (uint32_t e = 0; e < n; e++) {
            t->words[e] = mr_selftest_hash(e + i * n) ^ flip;
        }
        mr_status_t status = mr_window_write(t->mmio, MR_MEM_VMEM, 0, 0, t->words, n);
        if (status == MR_OK) {
            status = mr_hub_inject(t->mmio, &job);
        }
        if (status != MR_OK) {
            return mr_selftest_refused(t, "job", status);
        }
        /* The tile's memory is free again when the job is over. */
        uint32_t count = 0;
        for (uint32_t k = 0; k < POLLS && count != i + 1u; k++) {
            status = mr_mmio_read32(t->mmio, MR_HUB_BASE + MR_HUB_RES_STATUS_OFFSET, &count);
            count &= MR_HUB_RES_STATUS_COUNT_MASK;
            if (status != MR_OK || mr_mmio_wait(t->mmio, POLL_CYCLES) != MR_OK) {
                return mr_selftest_refused(t, "result", status);
            }
        }
        if (count != i + 1u) {
            return mr_selftest_fail(t, "%" PRIu32 " results wait: expected %" PRIu32, count,
                                    i + 1u);
        }
    }
    return true;
}

static bool check_results(const mr_selftest_t *t, uint32_t n, uint32_t flip) {
    for (uint32_t i = 0; i < t->machine.result_bufs; i++) {
        mr_result_t result;
        if (!wait_result(t, &result)) {
            return false;
        }
        mr_status_t status = mr_hub_read(t->mmio, &result, t->machine.result_elems, t->words, n);
        if (status == MR_OK) {
            status = mr_hub_pop(t->mmio);
        }
        if (status != MR_OK) {
            return mr_selftest_refused(t, "result", status);
        }
        for (uint32_t e = 0; e < n; e++) {
            const uint32_t want = mr_selftest_hash(e + i * n) ^ flip;
            if (t->words[e] != want) {
                return mr_selftest_fail(t,
                                        "buffer %" PRIu32 " element %" PRIu32
                                        ": expected 0x%08" PRIX32 ", got 0x%08" PRIX32,
                                        result.buffer, e, want, t->words[e]);
            }
        }
    }
    return true;
}

void mr_selftest_results(mr_selftest_t *t) {
    const mr_machine_t *m = &t->machine;
    const uint32_t n = (m->result_elems < m->vmem_elems ? m->result_elems : m->vmem_elems) & ~1u;
    const mr_selftest_desc_t send[] = {{{OP_SEND, 1, 0, 0, n, 1u << 16, 0, 0}},
                                       {{0, 0, 0, 0, 0, 0, 0, 0}}};
    if (mr_selftest_prepare(t, 0) && mr_selftest_program(t, 0, 0, send, 2) &&
        fill_results(t, n, 0) && check_results(t, n, 0) && fill_results(t, n, UINT32_MAX) &&
        check_results(t, n, UINT32_MAX)) {
        (void)snprintf(t->report->text, sizeof t->report->text,
                       "%" PRIu32 " buffers of %" PRIu32 " elements", m->result_bufs, n);
    }
}
