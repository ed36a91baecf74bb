// SPDX-License-Identifier: Apache-2.0
// Thin C++ skin over the Verilated chip: pins in, pins out, DRAM device model on its pins.
#include "chip_sim.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "Vmr_chip.h"
#include "git_hash.h"
#include "mr_dram.h"
#include "verilated.h"

struct mr_chip_sim {
    VerilatedContext context;
    std::unique_ptr<Vmr_chip> top;
    std::unique_ptr<mr_dram_t> dram;
    uint64_t cycles = 0;
    char fault[256] = "";
};

namespace {

// Power-up wait that the device model enforces: the chip's KvInitCycles stands for the data sheet's
// 200 us.
constexpr int64_t InitPs = 1000 * static_cast<int64_t>(MR_SIM_KV_INIT_NS);
constexpr int64_t ClockPs = 1000000000 / static_cast<int64_t>(MR_SIM_CLOCK_KHZ);

// The device's side of a rising edge: takes the pins of before it; returns the data bus of after
// it.
uint64_t dram_edge(mr_chip_sim *sim) {
    const Vmr_chip &t = *sim->top;
    const mr_dram_pins_t pins = {t.sd_cke_o != 0,  t.sd_cs_no != 0, t.sd_ras_no != 0,
                                 t.sd_cas_no != 0, t.sd_we_no != 0, t.sd_dq_oe_o != 0,
                                 t.sd_ba_o,        t.sd_dqm_o,      static_cast<uint16_t>(t.sd_a_o),
                                 t.sd_dq_o};
    const uint64_t dq = mr_dram_clock(sim->dram.get(), &pins);
    const mr_dram_violation_t *v = mr_dram_violation(sim->dram.get());
    if (v != nullptr && sim->fault[0] == '\0') {
        std::snprintf(sim->fault, sizeof sim->fault, "DRAM rule %s, cycle %" PRIu64 ", bank %u",
                      mr_dram_rule_text(v->rule), v->cycle, v->bank);
    }
    return dq;
}

void half_clock(mr_chip_sim *sim, bool level) {
    sim->top->clk_i = level;
    sim->top->eval();
}

} // namespace

mr_chip_sim_t *mr_chip_sim_create(void) {
    std::unique_ptr<mr_chip_sim> sim(new (std::nothrow) mr_chip_sim);
    if (sim == nullptr) {
        return nullptr;
    }
    sim->top.reset(new (std::nothrow) Vmr_chip(&sim->context));
    sim->dram.reset(new (std::nothrow) mr_dram_t());
    const mr_dram_config_t config = {MR_SIM_DQ_BYTES, ClockPs, InitPs, nullptr, nullptr};
    if (sim->top == nullptr || sim->dram == nullptr || !mr_dram_init(sim->dram.get(), &config)) {
        return nullptr;
    }
    sim->context.fatalOnError(false);
    sim->top->rst_ni = 0;
    sim->top->git_hash_i = MR_GIT_HASH;
    sim->top->req_valid_i = 0;
    // Registers are undefined until the first clock under reset: the DRAM is powered after it.
    for (int i = 0; i < 4; i++) {
        half_clock(sim.get(), true);
        half_clock(sim.get(), false);
    }
    sim->top->rst_ni = 1;
    return sim.release();
}

void mr_chip_sim_destroy(mr_chip_sim_t *sim) {
    if (sim != nullptr) {
        sim->top->final();
        mr_dram_close(sim->dram.get());
        delete sim;
    }
}

void mr_chip_sim_clock(mr_chip_sim_t *sim) {
    if (sim->fault[0] != '\0') {
        return;
    }
    const uint64_t dq = dram_edge(sim);
    half_clock(sim, true);
    sim->top->sd_dq_i = dq;
    half_clock(sim, false);
    sim->cycles++;
    if (sim->context.gotFinish() || sim->context.gotError()) {
        std::snprintf(sim->fault, sizeof sim->fault, "RTL assertion failed, cycle %" PRIu64,
                      sim->cycles);
    }
}

void mr_chip_sim_request(mr_chip_sim_t *sim, bool valid, bool write, uint32_t addr, uint32_t data) {
    sim->top->req_valid_i = valid;
    sim->top->req_write_i = write;
    sim->top->req_addr_i = addr;
    sim->top->req_wdata_i = data;
}

bool mr_chip_sim_request_ready(const mr_chip_sim_t *sim) {
    return sim->top->req_ready_o != 0;
}

bool mr_chip_sim_response(const mr_chip_sim_t *sim, uint32_t *data, bool *error) {
    *data = sim->top->rsp_rdata_o;
    *error = sim->top->rsp_error_o != 0;
    return sim->top->rsp_valid_o != 0;
}

bool mr_chip_sim_irq(const mr_chip_sim_t *sim) {
    return sim->top->irq_o != 0;
}

uint64_t mr_chip_sim_cycles(const mr_chip_sim_t *sim) {
    return sim->cycles;
}

const char *mr_chip_sim_fault(const mr_chip_sim_t *sim) {
    return sim->fault[0] != '\0' ? sim->fault : nullptr;
}
