// SPDX-License-Identifier: Apache-2.0
// Thin skin over one Verilated chip; see chip_model.h. Compiled once a model with these macros:
// CHIP_CLASS Verilated class, CHIP_HEADER its header, CHIP_SYMBOL name of the table, CHIP_NAME and
// CHIP_PROFILE strings, CHIP_DQ_BYTES (0: the profile's), CHIP_INIT_CLOCKS (< 0: the profile's),
// CHIP_SDR_PINS 1: mr_chip_sdr, 0: the DFI-like port.
#include <cstring>
#include <new>

#include CHIP_HEADER
#include "chip_model.h"
#include "verilated.h"

namespace {

struct Dut {
    VerilatedContext context;
    CHIP_CLASS top;
    Dut() : top{&context} {
        context.fatalOnError(false);
    }
};

CHIP_CLASS &top(void *dut) {
    return static_cast<Dut *>(dut)->top;
}

// Pins of any width from and to bytes, lowest first.
template <class Pin> void get(const Pin &pin, uint8_t *bytes) {
    std::memcpy(bytes, static_cast<const void *>(&pin), sizeof pin);
}

template <class Pin> void put(Pin &pin, const uint8_t *bytes) {
    std::memcpy(static_cast<void *>(&pin), bytes, sizeof pin);
}

void *open_dut() {
    return new (std::nothrow) Dut;
}

void close_dut(void *dut) {
    top(dut).final();
    delete static_cast<Dut *>(dut);
}

#if CHIP_SDR_PINS
constexpr auto dfi = nullptr;

void pins(void *dut, mr_dram_sdr_pins_t *p) {
    CHIP_CLASS &t = top(dut);
    *p = {t.sd_cke_o != 0,   t.sd_cs_no != 0, t.sd_ras_no != 0, t.sd_cas_no != 0, t.sd_we_no != 0,
          t.sd_dq_oe_o != 0, t.sd_ba_o,       t.sd_a_o,         t.sd_dqm_o,       {}};
    get(t.sd_dq_o, p->data);
}

void answer(void *dut, const mr_dram_dev_out_t *device) {
    put(top(dut).sd_dq_i, device->rd_data);
}
#else
constexpr auto pins = nullptr;

void dfi(void *dut, mr_dram_dev_in_t *in) {
    CHIP_CLASS &t = top(dut);
    in->port[0] = {t.dfi_cmd_o, t.dfi_bg_o, t.dfi_ba_o, t.dfi_a_o};
    in->port[1] = {t.dfi2_cmd_o, t.dfi2_bg_o, t.dfi2_ba_o, t.dfi2_a_o};
    in->wr_en = t.dfi_wrdata_en_o;
    in->wr_mask = t.dfi_wrmask_o;
    if (in->wr_en) {
        get(t.dfi_wrdata_o, in->wr_data);
    }
}

void answer(void *dut, const mr_dram_dev_out_t *device) {
    CHIP_CLASS &t = top(dut);
    t.dfi_rddata_valid_i = device->rd_valid;
    if (device->rd_valid) {
        put(t.dfi_rddata_i, device->rd_data);
    }
}
#endif

void reset(void *dut, bool active, uint32_t git_hash) {
    top(dut).rst_ni = !active;
    top(dut).git_hash_i = git_hash;
}

void request(void *dut, const mr_chip_request_t *r) {
    CHIP_CLASS &t = top(dut);
    t.req_valid_i = r->valid;
    t.req_write_i = r->write;
    t.req_addr_i = r->addr;
    t.req_wdata_i = r->data;
}

void response(const void *dut, mr_chip_response_t *r) {
    const CHIP_CLASS &t = static_cast<const Dut *>(dut)->top;
    *r = {t.req_ready_o != 0, t.rsp_valid_o != 0, t.rsp_error_o != 0, t.irq_o != 0, t.rsp_rdata_o};
}

bool edge(void *dut) {
    Dut &d = *static_cast<Dut *>(dut);
    d.top.clk_i = 1;
    d.top.eval();
    d.top.clk_i = 0;
    d.top.eval();
    return !d.context.gotFinish() && !d.context.gotError();
}

} // namespace

extern "C" const mr_chip_model_t CHIP_SYMBOL;
const mr_chip_model_t CHIP_SYMBOL = {
    CHIP_NAME, CHIP_PROFILE, CHIP_DQ_BYTES, CHIP_INIT_CLOCKS, open_dut, close_dut, dfi,
    pins,      answer,       reset,         request,          response, edge};
