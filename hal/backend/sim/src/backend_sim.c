/* SPDX-License-Identifier: Apache-2.0 */
/* Back end "sim": register accesses as bus cycles of the Verilated chip. */
#include "millrace/backend_sim.h"

#include <string.h>

#include "chip_sim.h"

#define DEFAULT_CHIP "sdr-100"

/* No access takes longer than this, or the chip hangs. */
#define ANSWER_CYCLES 1000u

static mr_status_t transfer(mr_chip_sim_t *sim, bool write, uint32_t addr, uint32_t in,
                            uint32_t *out) {
    uint32_t data = 0;
    bool error = false;
    bool taken = false;
    if (addr % 4u != 0) {
        return MR_ALIGN;
    }
    mr_chip_sim_request(sim, true, write, addr, in);
    for (uint32_t i = 0; i < ANSWER_CYCLES; i++) {
        const bool ready = mr_chip_sim_request_ready(sim);
        mr_chip_sim_clock(sim);
        if (!taken && ready) {
            taken = true;
            mr_chip_sim_request(sim, false, false, 0, 0);
        }
        if (mr_chip_sim_fault(sim) != NULL) {
            return MR_DEVICE;
        }
        if (taken && mr_chip_sim_response(sim, &data, &error)) {
            *out = data;
            return error ? MR_DEVICE : MR_OK;
        }
    }
    mr_chip_sim_request(sim, false, false, 0, 0);
    return MR_TIMEOUT;
}

static mr_status_t sim_read32(void *ctx, uint32_t addr, uint32_t *value) {
    return transfer(ctx, false, addr, 0, value);
}

static mr_status_t sim_write32(void *ctx, uint32_t addr, uint32_t value) {
    uint32_t ignored;
    return transfer(ctx, true, addr, value, &ignored);
}

static mr_status_t sim_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        MR_TRY(transfer(ctx, false, addr + (uint32_t)i * 4u, 0, words + i));
    }
    return MR_OK;
}

static mr_status_t sim_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    uint32_t ignored;
    for (size_t i = 0; i < n; i++) {
        MR_TRY(transfer(ctx, true, addr + (uint32_t)i * 4u, words[i], &ignored));
    }
    return MR_OK;
}

static mr_status_t sim_wait(void *ctx, uint32_t cycles) {
    mr_chip_sim_t *sim = ctx;
    for (uint32_t i = 0; i < cycles && !mr_chip_sim_irq(sim); i++) {
        mr_chip_sim_clock(sim);
        if (mr_chip_sim_fault(sim) != NULL) {
            return MR_DEVICE;
        }
    }
    return MR_OK;
}

static void sim_close(void *ctx) {
    mr_chip_sim_destroy(ctx);
}

static const mr_mmio_ops_t ops = {sim_read32,      sim_write32, sim_read_block,
                                  sim_write_block, sim_wait,    sim_close};

const char *mr_backend_sim_dram(uint32_t index) {
    return mr_chip_sim_dram(index);
}

bool mr_backend_sim_absent(const char *name) {
    return mr_chip_sim_absent(name);
}

mr_status_t mr_backend_sim_create(const char *dram, mr_mmio_t *mmio) {
    const char *name = dram != NULL ? dram : DEFAULT_CHIP;
    uint32_t index = 0;
    while (mr_chip_sim_dram(index) != NULL && strcmp(mr_chip_sim_dram(index), name) != 0) {
        index++;
    }
    if (mr_chip_sim_dram(index) == NULL) {
        return MR_NOT_FOUND;
    }
    mr_chip_sim_t *sim = mr_chip_sim_create(index);
    if (sim == NULL) {
        return MR_NO_MEMORY;
    }
    mmio->ops = &ops;
    mmio->ctx = sim;
    return MR_OK;
}

mr_status_t mr_backend_sim_link_noise(const mr_mmio_t *mmio, uint32_t links, uint32_t every) {
    const bool done = mmio->ops == &ops && mr_chip_sim_link_noise(mmio->ctx, links, every);
    return done ? MR_OK : MR_UNSUPPORTED;
}

mr_status_t mr_backend_sim_dram_mute(const mr_mmio_t *mmio, uint32_t channels) {
    const bool done = mmio->ops == &ops && mr_chip_sim_dram_mute(mmio->ctx, channels);
    return done ? MR_OK : MR_UNSUPPORTED;
}

mr_status_t mr_backend_sim_link_delay(const mr_mmio_t *mmio, uint32_t clocks) {
    const bool done = mmio->ops == &ops && mr_chip_sim_link_delay(mmio->ctx, clocks);
    return done ? MR_OK : MR_UNSUPPORTED;
}

mr_status_t mr_backend_sim_trace(const mr_mmio_t *mmio, mr_trace_sink_t sink, void *ctx) {
    if (mmio->ops != &ops || !mr_chip_sim_traceable(mmio->ctx)) {
        return MR_UNSUPPORTED;
    }
    return mr_chip_sim_trace(mmio->ctx, sink, ctx) ? MR_OK : MR_NO_MEMORY;
}

mr_status_t mr_backend_sim_fst(const mr_mmio_t *mmio, const char *path, uint64_t cycles) {
    return mmio->ops == &ops ? mr_chip_sim_fst(mmio->ctx, path, cycles) : MR_UNSUPPORTED;
}

bool mr_backend_sim_recording(const mr_mmio_t *mmio) {
    return mmio->ops == &ops && mr_chip_sim_recording(mmio->ctx);
}

bool mr_backend_sim_cycles(const mr_mmio_t *mmio, uint64_t *cycles) {
    if (mmio->ops != &ops) {
        return false;
    }
    *cycles = mr_chip_sim_cycles(mmio->ctx);
    return true;
}

const char *mr_backend_sim_fault(const mr_mmio_t *mmio) {
    return mmio->ops == &ops ? mr_chip_sim_fault(mmio->ctx) : NULL;
}
