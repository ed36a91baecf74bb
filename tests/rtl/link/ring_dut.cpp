// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_link_ring with a C interface; see ring_dut.h. RING_NAME is the
// test.
#include "ring_dut.h"

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
    const auto mask = static_cast<uint8_t>(1u << bit % 8);
    uint8_t &byte = bytes(vector)[bit / 8];
    byte = static_cast<uint8_t>(value ? byte | mask : byte & ~mask);
}

template <typename T> bool get(T &vector, int bit) {
    return (bytes(vector)[bit / 8] >> bit % 8 & 1) != 0;
}

void drive_end(const ring_end_t &e, int i) {
    put(dut->tx_req_i, i, e.req);
    put(dut->tx_empty_i, i, e.empty);
    put(dut->tx_valid_i, i, e.valid);
    put(dut->tx_last_i, i, e.last);
    put(dut->rx_accept_i, i, e.accept);
    put(dut->rx_ready_i, i, e.rx_ready);
    std::memcpy(bytes(dut->tx_hdr_i) + 16 * i, e.hdr, 16);
    std::memcpy(bytes(dut->tx_data_i) + 8 * i, &e.data, 8);
}

void read_group(ring_group_t &g, int i) {
    std::memcpy(g.hdr, bytes(dut->rx_hdr_o) + 16 * i, 16);
    std::memcpy(&g.data, bytes(dut->rx_data_o) + 8 * i, 8);
    g.empty = get(dut->rx_empty_o, i);
    g.last = get(dut->rx_last_o, i);
    g.out_down = get(dut->out_down_o, i);
    g.in_down = get(dut->in_down_o, i);
}

} // namespace

extern "C" void ring_dut_settle(ring_io_t *io) {
    dut->rst_ni = io->rst_n;
    for (int i = 0; i < RING_ALL; i++) {
        drive_end(io->end[i], i);
    }
    for (int i = 0; i < RING_GROUPS; i++) {
        put(dut->fwd_flip_i, i, io->group[i].fwd_flip);
        put(dut->fwd_drop_i, i, io->group[i].fwd_drop);
        put(dut->rev_drop_i, i, io->group[i].rev_drop);
    }
    dut->clk_i = 0;
    dut->eval();
    io->idle = dut->idle_o != 0;
    for (int i = 0; i < RING_ALL; i++) {
        ring_end_t &e = io->end[i];
        e.grant = get(dut->tx_grant_o, i);
        e.ready = get(dut->tx_ready_o, i);
        e.commit = get(dut->rx_commit_o, i);
        e.rx_valid = get(dut->rx_valid_o, i);
    }
    for (int i = 0; i < RING_GROUPS; i++) {
        read_group(io->group[i], i);
    }
}

extern "C" void ring_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const int status = ring_bench_main(TEXT(RING_NAME), argc, argv);
    dut->final();
    delete dut;
    return status;
}
