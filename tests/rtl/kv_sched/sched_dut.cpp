// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_kv_sched with a C interface; see sched_dut.h. SCHED_PROFILE is
// the profile, SCHED_NAME the test.
#include "sched_dut.h"

#include <cstring>

#include "Vdut.h"
#include "verilated.h"

#define TEXT_(x_) #x_
#define TEXT(x_) TEXT_(x_)

static Vdut *dut;

static void outputs(sched_dut_t *io) {
    io->run_ready = dut->run_ready_o;
    io->wd_pop = dut->wd_pop_o;
    io->rd_issue = dut->rd_issue_o;
    io->rd_valid = dut->rd_valid_o;
    io->idle = dut->idle_o;
    io->ready = dut->ready_o;
    io->cnt_done = dut->cnt_rd_done_o;
    io->cnt_data = dut->cnt_rd_data_o;
    std::memcpy(io->rd_word, &dut->rd_word_o[0], sizeof io->rd_word);
    io->dfi.port[0] = {dut->dfi_cmd_o, dut->dfi_bg_o, dut->dfi_ba_o, dut->dfi_a_o};
    io->dfi.port[1] = {dut->dfi2_cmd_o, dut->dfi2_bg_o, dut->dfi2_ba_o, dut->dfi2_a_o};
    io->dfi.wr_en = dut->dfi_wrdata_en_o;
    io->dfi.wr_mask = dut->dfi_wrmask_o;
    std::memcpy(io->dfi.wr_data, &dut->dfi_wrdata_o[0], 16);
}

extern "C" void sched_dut_settle(sched_dut_t *io) {
    dut->rst_ni = io->rst_n;
    dut->cfg_part_i = io->cfg_part;
    dut->cfg_step_i = io->cfg_step;
    dut->cfg_odd_i = io->cfg_odd;
    dut->run_valid_i = io->run_valid;
    dut->run_wr_i = io->run_wr;
    dut->run_base_i = io->run_base;
    dut->run_rot_i = io->run_rot;
    dut->run_part_i = io->run_part;
    dut->run_off_i = io->run_off;
    dut->run_n_i = io->run_n;
    dut->run_use_i = io->run_use;
    std::memcpy(&dut->wd_word_i[0], io->wd_word, sizeof io->wd_word);
    dut->wd_be_i = io->wd_be;
    dut->rd_room_i = io->rd_room;
    dut->dfi_rddata_valid_i = io->dfi_rd_valid;
    std::memcpy(&dut->dfi_rddata_i[0], io->dfi_rd_data, sizeof io->dfi_rd_data);
    dut->cnt_snap_i = io->snap;
    dut->cnt_rd_valid_i = io->cnt_valid;
    dut->cnt_rd_addr_i = io->cnt_addr;
    dut->clk_i = 0;
    dut->eval();
    outputs(io);
}

extern "C" void sched_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const int status = sched_bench_main(TEXT(SCHED_PROFILE), TEXT(SCHED_NAME), argc, argv);
    dut->final();
    delete dut;
    return status;
}
