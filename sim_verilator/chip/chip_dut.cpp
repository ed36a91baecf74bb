// SPDX-License-Identifier: Apache-2.0
// Thin skin over one Verilated chip; see chip_model.h. Compiled once a model with these macros:
// CHIP_CLASS Verilated class, CHIP_HEADER its header, CHIP_SYMBOL name of the table, CHIP_NAME and
// CHIP_PROFILE strings, CHIP_DQ_BYTES (0: the profile's), CHIP_INIT_CLOCKS (< 0: the profile's),
// CHIP_GROUPS, CHIP_CHANNELS of all groups, CHIP_ECC 1: check bits, CHIP_SDR_PINS 1: mr_chip_sdr,
// 0: chip_sim_top with its DFI-like ports; CHIP_FST 1: the class can record waveforms.
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

#include CHIP_HEADER
#include "chip_model.h"
#include "verilated.h"
#if CHIP_FST
#include "verilated_fst_c.h"
#endif

namespace {

struct Dut {
    VerilatedContext context;
    CHIP_CLASS top;
#if CHIP_FST
    std::unique_ptr<VerilatedFstC> file; // null: nothing is recorded
    uint64_t left = 0;                   // clocks to record; 0: no limit
#endif
    Dut() : top{&context} {
        context.fatalOnError(false);
#if CHIP_FST
        context.traceEverOn(true);
#endif
    }
};

CHIP_CLASS &top(void *dut) {
    return static_cast<Dut *>(dut)->top;
}

// Bytes of a channel's data bus, of all channels' pins: lowest first.
template <class Pin> constexpr size_t Share = sizeof(Pin) / CHIP_CHANNELS;

template <class Pin> void get(const Pin &pin, uint32_t channel, uint8_t *bytes) {
    std::memcpy(bytes, reinterpret_cast<const uint8_t *>(&pin) + channel * Share<Pin>, Share<Pin>);
}

template <class Pin> void put(Pin &pin, uint32_t channel, const uint8_t *bytes) {
    std::memcpy(reinterpret_cast<uint8_t *>(&pin) + channel * Share<Pin>, bytes, Share<Pin>);
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
    get(t.sd_dq_o, 0, p->data);
}

void answer(void *dut, uint32_t channel, const mr_dram_dev_out_t *device,
            const mr_dram_dev_out_t *) {
    put(top(dut).sd_dq_i, channel, device->rd_data);
}
#else
constexpr auto pins = nullptr;

// A command of chip_sim_top: row or column, bank, bank group, command.
mr_dram_cmd_t command(uint32_t word) {
    return {static_cast<uint8_t>(word & 15), static_cast<uint8_t>(word >> 4 & 3),
            static_cast<uint8_t>(word >> 6 & 7), word >> 9};
}

void dfi(const void *dut, uint32_t channel, mr_dram_dev_in_t *in, mr_dram_dev_in_t *chk) {
    const CHIP_CLASS &t = static_cast<const Dut *>(dut)->top;
    const auto word = [channel](const auto &pin) {
        uint32_t value = 0;
        get(pin, channel, reinterpret_cast<uint8_t *>(&value));
        return value;
    };
    in->port[0] = command(word(t.dfi_o));
    in->port[1] = command(word(t.dfi2_o));
    in->wr_en = (t.dfi_wrdata_en_o >> channel & 1) != 0;
    if (in->wr_en) {
        in->wr_mask = word(t.dfi_wrmask_o);
        get(t.dfi_wrdata_o, channel, in->wr_data);
    }
    if (CHIP_ECC != 0) {
        *chk = *in;
        chk->wr_mask = ~static_cast<uint64_t>(0xFF) | word(t.dfi_wrchkmask_o);
        get(t.dfi_wrchk_o, channel, chk->wr_data);
    }
}

void answer(void *dut, uint32_t channel, const mr_dram_dev_out_t *device,
            const mr_dram_dev_out_t *chk) {
    CHIP_CLASS &t = top(dut);
    using Bits = std::remove_reference_t<decltype(t.dfi_rddata_valid_i)>;
    const auto bit = static_cast<Bits>(1u << channel);
    t.dfi_rddata_valid_i = static_cast<Bits>(device->rd_valid ? t.dfi_rddata_valid_i | bit
                                                              : t.dfi_rddata_valid_i & ~bit);
    if (device->rd_valid) {
        put(t.dfi_rddata_i, channel, device->rd_data);
        put(t.dfi_rdchk_i, channel, chk->rd_data);
    }
}
#endif

#if CHIP_GROUPS > 1
void link_fault(void *dut, uint64_t bits) {
    auto &faults = top(dut).link_fault_i;
    faults = static_cast<std::remove_reference_t<decltype(faults)>>(bits);
}
#else
constexpr auto link_fault = nullptr;
#endif

void reset(void *dut, bool active, uint32_t git_hash) {
    top(dut).rst_ni = !active;
    top(dut).git_hash_i = git_hash;
    top(dut).uart_rx_i = 1; // an idle line
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

#if CHIP_FST
constexpr uint64_t HalfClock = 5; // ns of the file

// What changed comes half a clock after the last time.
void record(Dut &d) {
    d.context.timeInc(HalfClock);
    if (d.file) {
        d.file->dump(d.context.time());
    }
}

// The chip's inputs for a clock are all there: the file shows them from the falling edge before.
void record_inputs(Dut &d) {
    if (d.file) {
        d.top.eval();
    }
    record(d);
}

void record_clock(Dut &d) {
    record(d);
    if (d.left != 0 && --d.left == 0) {
        d.file.reset();
    }
}

bool fst(void *dut, const char *path, uint64_t clocks) {
    Dut &d = *static_cast<Dut *>(dut);
    d.file.reset();
    d.left = path != nullptr ? clocks : 0;
    if (path != nullptr) {
        constexpr int AllLevels = 99;
        d.file = std::make_unique<VerilatedFstC>();
        d.file->set_time_resolution("1ns");
        d.top.trace(d.file.get(), AllLevels);
        d.file->open(path);
    }
    return path == nullptr || d.file->isOpen();
}

bool recording(const void *dut) {
    return static_cast<const Dut *>(dut)->file != nullptr;
}
#else
constexpr auto fst = nullptr;
constexpr auto recording = nullptr;

void record_inputs(const Dut &) {
}

void record_clock(const Dut &) {
}
#endif

bool edge(void *dut, void (*before)(void *ctx, uint32_t channel), void *ctx) {
    Dut &d = *static_cast<Dut *>(dut);
    for (uint32_t c = 0; c < CHIP_CHANNELS; c++) {
        before(ctx, c);
    }
    record_inputs(d);
    d.top.clk_i = 1;
    d.top.eval();
    record_clock(d);
    d.top.clk_i = 0;
    d.top.eval();
    return !d.context.gotFinish() && !d.context.gotError();
}

} // namespace

extern "C" const mr_chip_model_t CHIP_SYMBOL;
const mr_chip_model_t CHIP_SYMBOL = {CHIP_NAME,   CHIP_PROFILE,  CHIP_DQ_BYTES, CHIP_INIT_CLOCKS,
                                     CHIP_GROUPS, CHIP_CHANNELS, CHIP_ECC != 0, open_dut,
                                     close_dut,   dfi,           pins,          answer,
                                     link_fault,  reset,         request,       response,
                                     edge,        nullptr,       nullptr,       0,
                                     fst,         recording};
