// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_kv_xbar with a C interface; see xbar_dut.h. XBAR_NAME is the
// test, XBAR_PORTS and XBAR_CHANNELS its size.
#include "xbar_dut.h"

#include <cstring>

#include "Vdut.h"
#include "verilated.h"

#define TEXT_(x_) #x_
#define TEXT(x_) TEXT_(x_)

static Vdut *dut;

namespace {

// A vector of any width as bytes: Verilator keeps bit 0 in the first one.
template <typename T> uint8_t *bytes(T &vector) {
    return reinterpret_cast<uint8_t *>(&vector);
}

template <typename T> void put(T &vector, int bit, bool value) {
    const auto mask = static_cast<uint8_t>(1u << bit);
    uint8_t &byte = *bytes(vector);
    byte = static_cast<uint8_t>(value ? byte | mask : byte & ~mask);
}

template <typename T> bool get(T &vector, int bit) {
    return (*bytes(vector) >> bit & 1) != 0;
}

template <typename T> uint32_t nibble(T &vector, int i) {
    return bytes(vector)[i / 2] >> (i % 2 * 4) & 15u;
}

uint64_t pack(const xbar_cmd_t &c) {
    return c.op | c.slot << 2 | c.layer << 10 | static_cast<uint64_t>(c.head) << 18 |
           static_cast<uint64_t>(c.kind) << 26 | static_cast<uint64_t>(c.pos) << 27 |
           static_cast<uint64_t>(c.count) << 45;
}

uint32_t field(uint64_t word, int shift, int width) {
    return static_cast<uint32_t>(word >> shift & ((1ull << width) - 1));
}

xbar_cmd_t unpack(uint64_t w) {
    return {field(w, 0, 2),  field(w, 2, 8),   field(w, 10, 8), field(w, 18, 8),
            field(w, 26, 1), field(w, 27, 18), field(w, 45, 6)};
}

void drive_port(const xbar_end_t &e, int i) {
    const uint64_t command = pack(e.cmd);
    put(dut->t_kc_valid_i, i, e.kc_valid);
    put(dut->t_kw_valid_i, i, e.kw_valid);
    put(dut->t_kr_ready_i, i, e.kr_ready);
    std::memcpy(bytes(dut->t_kc_i) + 8 * i, &command, 8);
    std::memcpy(bytes(dut->t_kw_block_i) + 36 * i, &e.kw, 36);
}

void drive_channel(const xbar_end_t &e, int i) {
    uint8_t &status = bytes(dut->kr_status_i)[i / 2];
    const int shift = i % 2 * 4;
    put(dut->kc_ready_i, i, e.kc_ready);
    put(dut->kw_ready_i, i, e.kw_ready);
    put(dut->kr_valid_i, i, e.kr_valid);
    put(dut->kr_last_i, i, e.kr_last);
    status = static_cast<uint8_t>((status & ~(15u << shift)) | e.status << shift);
    std::memcpy(bytes(dut->kr_block_i) + 36 * i, &e.kr, 36);
}

} // namespace

extern "C" void xbar_dut_settle(xbar_io_t *io) {
    dut->rst_ni = io->rst_n;
    dut->cfg_nbh_i = static_cast<CData>(io->nbh);
    for (int i = 0; i < XBAR_PORTS; i++) {
        drive_port(io->port[i], i);
    }
    for (int i = 0; i < XBAR_CHANNELS; i++) {
        drive_channel(io->channel[i], i);
    }
    dut->clk_i = 0;
    dut->eval();
    io->same = dut->same_o != 0;
    for (int i = 0; i < XBAR_PORTS; i++) {
        xbar_end_t &e = io->port[i];
        e.kc_ready = get(dut->t_kc_ready_o, i);
        e.kw_ready = get(dut->t_kw_ready_o, i);
        e.kr_valid = get(dut->t_kr_valid_o, i);
        e.kr_last = get(dut->t_kr_last_o, i);
        e.status = nibble(dut->t_kr_status_o, i);
        std::memcpy(&e.kr, bytes(dut->t_kr_block_o) + 36 * i, 36);
    }
    for (int i = 0; i < XBAR_CHANNELS; i++) {
        xbar_end_t &e = io->channel[i];
        uint64_t command = 0;
        e.kc_valid = get(dut->kc_valid_o, i);
        e.kw_valid = get(dut->kw_valid_o, i);
        e.kr_ready = get(dut->kr_ready_o, i);
        std::memcpy(&command, bytes(dut->kc_o) + 8 * i, 8);
        e.cmd = unpack(command);
        std::memcpy(&e.kw, bytes(dut->kw_block_o) + 36 * i, 36);
    }
}

extern "C" void xbar_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const int status = xbar_bench_main(TEXT(XBAR_NAME), XBAR_PORTS, XBAR_CHANNELS, argc, argv);
    dut->final();
    delete dut;
    return status;
}
