// SPDX-License-Identifier: Apache-2.0
// Thin C++ skin over the Verilated chip: pins in, pins out, DRAM device model on its pins.
#include "chip_sim.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "Vmr_chip_sdr.h"
#include "git_hash.h"
#include "mr_dram_dev.h"
#include "mr_dram_rules.h"
#include "mr_dram_sdr.h"
#include "verilated.h"

struct mr_chip_sim {
    VerilatedContext context;
    std::unique_ptr<Vmr_chip_sdr> top;
    mr_dram_sdr_t pins{};
    mr_dram_dev_t dram{};
    mr_dram_rules_t rules{};
    uint64_t cycles = 0;
    char fault[256] = "";
};

namespace {

// Power-up wait that the device model enforces: the chip's KvInitCycles stands for the data sheet's
// 200 us.
constexpr int64_t InitClocks = MR_SIM_KV_INIT_CYCLES;

// First fault of the DRAM: of the pins, of the device model, of the independent checker.
void note_fault(mr_chip_sim *sim, const char *pins) {
    const mr_dram_dev_violation_t *device = mr_dram_dev_violation(&sim->dram);
    const mr_dram_rules_violation_t *rule = mr_dram_rules_violation(&sim->rules);
    if (pins != nullptr) {
        std::snprintf(sim->fault, sizeof sim->fault, "DRAM pins: %s, cycle %" PRIu64, pins,
                      sim->cycles);
    } else if (device != nullptr) {
        std::snprintf(sim->fault, sizeof sim->fault,
                      "DRAM device: %s, bank %u, cycle %" PRIu64 " of the DRAM",
                      mr_dram_dev_rule_text(device->rule), device->bank, device->clock);
    } else if (rule != nullptr) {
        std::snprintf(sim->fault, sizeof sim->fault,
                      "DRAM checker: %s, bank %u, cycle %" PRIu64 " of the DRAM",
                      mr_dram_rules_text(rule->rule), rule->bank, rule->clock);
    }
}

// The device's side of a rising edge: takes the pins before it and drives the data bus for it.
void dram_edge(mr_chip_sim *sim) {
    Vmr_chip_sdr &t = *sim->top;
    mr_dram_sdr_pins_t pins = {
        t.sd_cke_o != 0,   t.sd_cs_no != 0, t.sd_ras_no != 0, t.sd_cas_no != 0, t.sd_we_no != 0,
        t.sd_dq_oe_o != 0, t.sd_ba_o,       t.sd_a_o,         t.sd_dqm_o,       {}};
    std::memcpy(pins.data, &t.sd_dq_o, sizeof t.sd_dq_o);
    mr_dram_dev_in_t in;
    mr_dram_dev_out_t out = {};
    const char *fault = mr_dram_sdr_clock(&sim->pins, &pins, &in);
    mr_dram_dev_clock(&sim->dram, &in, &out);
    mr_dram_rules_clock(&sim->rules, &in, &out);
    std::memcpy(&t.sd_dq_i, out.rd_data, sizeof t.sd_dq_i);
    note_fault(sim, fault);
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
    sim->top.reset(new (std::nothrow) Vmr_chip_sdr(&sim->context));
    const mr_dram_profile_t *profile = mr_dram_profile(MR_SIM_DRAM_PROFILE);
    const mr_dram_dev_config_t config = {profile, MR_SIM_DQ_BYTES, InitClocks, nullptr, nullptr};
    if (sim->top == nullptr || profile == nullptr || !mr_dram_dev_init(&sim->dram, &config)) {
        return nullptr;
    }
    mr_dram_rules_init(&sim->rules, profile, InitClocks);
    mr_dram_sdr_init(&sim->pins, profile);
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
        mr_dram_dev_close(&sim->dram);
        delete sim;
    }
}

void mr_chip_sim_clock(mr_chip_sim_t *sim) {
    if (sim->fault[0] != '\0') {
        return;
    }
    dram_edge(sim);
    half_clock(sim, true);
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
