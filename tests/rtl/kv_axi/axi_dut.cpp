// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_kv_axi with a C interface; see axi_dut.h. AXI_*: the parameters.
#include "axi_dut.h"

#include <cstring>

#include "Vdut.h"
#include "verilated.h"

#define TEXT_(x_) #x_
#define TEXT(x_) TEXT_(x_)

static Vdut *dut;

static void outputs(axi_dut_t *io) {
    io->run_ready = dut->run_ready_o;
    io->wd_pop = dut->wd_pop_o;
    io->rd_issue = dut->rd_issue_o;
    io->rd_valid = dut->rd_valid_o;
    io->rd_err = dut->rd_err_o;
    io->idle = dut->idle_o;
    io->ready = dut->ready_o;
    io->busy = dut->busy_o;
    io->wr_err = dut->wr_err_o;
    io->proto_err = dut->proto_err_o;
    io->timeout = dut->timeout_o;
    io->cnt_done = dut->cnt_rd_done_o;
    io->rd_out = dut->rd_out_o;
    io->wr_out = dut->wr_out_o;
    io->err_count = dut->wr_err_count_o;
    io->cnt_data = dut->cnt_rd_data_o;
    io->err_addr = dut->wr_err_addr_o;
    std::memcpy(io->rd_word, &dut->rd_word_o[0], MR_AXI_BYTES);
    mr_axi_pins_t *pins = &io->pins;
    pins->ar.valid = dut->arvalid_o;
    pins->ar.id = dut->arid_o;
    pins->ar.len = dut->arlen_o;
    pins->ar.size = dut->arsize_o;
    pins->ar.burst = dut->arburst_o;
    pins->ar.rest = dut->arrest_o;
    pins->ar.addr = dut->araddr_o;
    pins->aw.valid = dut->awvalid_o;
    pins->aw.id = dut->awid_o;
    pins->aw.len = dut->awlen_o;
    pins->aw.size = dut->awsize_o;
    pins->aw.burst = dut->awburst_o;
    pins->aw.rest = dut->awrest_o;
    pins->aw.addr = dut->awaddr_o;
    pins->w.valid = dut->wvalid_o;
    pins->w.last = dut->wlast_o;
    pins->w.strb = dut->wstrb_o;
    std::memcpy(pins->w.data, &dut->wdata_o[0], MR_AXI_BYTES);
    pins->r.ready = dut->rready_o;
    pins->b.ready = dut->bready_o;
}

extern "C" void axi_dut_settle(axi_dut_t *io) {
    dut->rst_ni = io->rst_n;
    dut->clear_i = io->clear;
    dut->base_i = io->base;
    dut->cfg_part_i = io->cfg_part;
    dut->run_valid_i = io->run_valid;
    dut->run_wr_i = io->run_wr;
    dut->run_base_i = io->run_base;
    dut->run_rot_i = io->run_rot;
    dut->run_part_i = io->run_part;
    dut->run_off_i = io->run_off;
    dut->run_n_i = io->run_n;
    dut->run_use_i = io->run_use;
    std::memcpy(&dut->wd_word_i[0], io->wd_word, MR_AXI_BYTES);
    dut->wd_be_i = io->wd_be;
    dut->rd_room_i = io->rd_room;
    dut->err_clear_i = io->err_clear;
    dut->cnt_snap_i = io->snap;
    dut->cnt_rd_valid_i = io->cnt_valid;
    dut->cnt_rd_addr_i = io->cnt_addr;
    dut->arready_i = io->pins.ar.ready;
    dut->awready_i = io->pins.aw.ready;
    dut->wready_i = io->pins.w.ready;
    dut->bvalid_i = io->pins.b.valid;
    dut->bid_i = io->pins.b.id;
    dut->bresp_i = io->pins.b.resp;
    dut->rvalid_i = io->pins.r.valid;
    dut->rid_i = io->pins.r.id;
    dut->rresp_i = io->pins.r.resp;
    dut->rlast_i = io->pins.r.last;
    std::memcpy(&dut->rdata_i[0], io->pins.r.data, MR_AXI_BYTES);
    dut->clk_i = 0;
    dut->eval();
    outputs(io);
}

extern "C" void axi_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const axi_shape_t shape = {TEXT(AXI_NAME), AXI_WORD, AXI_BURST, AXI_MAX, AXI_READS, AXI_WRITES};
    const int status = axi_bench_main(&shape, argc, argv);
    dut->final();
    delete dut;
    return status;
}
