// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_kv_dram with a C interface; see kv_dut.h.
#include "kv_dut.h"

#include <cstring>

#include "Vdut.h"
#include "verilated.h"

static Vdut *dut;

extern "C" void kv_dut_settle(kv_dut_t *io) {
    dut->rst_ni = io->rst_n;
    dut->free_req_i = io->free_req;
    dut->free_slot_i = io->free_slot;
    dut->cfg_layers_i = static_cast<SData>(io->cfg_layers);
    dut->cfg_heads_i = static_cast<SData>(io->cfg_heads);
    dut->cfg_nbh_i = static_cast<CData>(io->cfg_nbh);
    dut->cfg_pages_i = io->cfg_pages;
    dut->t_kc_valid_i = 0;
    dut->t_kw_valid_i = 0;
    dut->t_kr_ready_i = 0;
    for (int p = 0; p < KV_PORTS; p++) {
        const kv_cmd_t &c = io->kc[p];
        const uint64_t word = uint64_t(c.op) | uint64_t(c.slot) << 2 | uint64_t(c.layer) << 10 |
                              uint64_t(c.head) << 18 | uint64_t(c.kind) << 26 |
                              uint64_t(c.pos) << 27 | uint64_t(c.count) << 45;
        dut->t_kc_i[2 * p] = static_cast<uint32_t>(word);
        dut->t_kc_i[2 * p + 1] = static_cast<uint32_t>(word >> 32);
        std::memcpy(&dut->t_kw_block_i[9 * p], io->kw_block[p], KV_BLOCK_BYTES);
        dut->t_kc_valid_i |= static_cast<CData>(io->kc_valid[p] << p);
        dut->t_kw_valid_i |= static_cast<CData>(io->kw_valid[p] << p);
        dut->t_kr_ready_i |= static_cast<CData>(io->kr_ready[p] << p);
    }
    dut->sd_dq_i = io->dq_in;
    dut->clk_i = 0;
    dut->eval();
    for (int p = 0; p < KV_PORTS; p++) {
        io->kc_ready[p] = (dut->t_kc_ready_o >> p) & 1;
        io->kw_ready[p] = (dut->t_kw_ready_o >> p) & 1;
        io->kr_valid[p] = (dut->t_kr_valid_o >> p) & 1;
    }
    io->kr_last = dut->t_kr_last_o;
    io->kr_status = dut->t_kr_status_o;
    std::memcpy(io->kr_block, &dut->t_kr_block_o[0], KV_BLOCK_BYTES);
    io->taken = dut->taken_o;
    io->free_busy = dut->free_busy_o;
    io->ready = dut->ready_o;
    io->pages_free = dut->pages_free_o;
    io->cycles = dut->cnt_cycles_o;
    io->rd_words = dut->cnt_rd_words_o;
    io->wr_words = dut->cnt_wr_words_o;
    io->refreshes = dut->cnt_refresh_o;
    io->activates = dut->cnt_activate_o;
    io->refused = dut->cnt_refused_o;
    io->cke = dut->sd_cke_o;
    io->cs_n = dut->sd_cs_no;
    io->ras_n = dut->sd_ras_no;
    io->cas_n = dut->sd_cas_no;
    io->we_n = dut->sd_we_no;
    io->ba = dut->sd_ba_o;
    io->a = dut->sd_a_o;
    io->dqm = dut->sd_dqm_o;
    io->dq_oe = dut->sd_dq_oe_o;
    io->dq_out = dut->sd_dq_o;
    io->dq_bytes = dut->dq_bytes_o;
    io->clock_ps = dut->clock_ps_o;
    io->max_nbh = dut->max_nbh_o;
    io->addr_bits = dut->addr_bits_o;
}

extern "C" void kv_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const int status = kv_bench_main(argc, argv);
    dut->final();
    delete dut;
    return status;
}
