// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_link with a C interface; see link_dut.h. LINK_* are the
// parameters.
#include "link_dut.h"

#include "Vdut.h"
#include "verilated.h"

#define TEXT_(x_) #x_
#define TEXT(x_) TEXT_(x_)

static Vdut *dut;

extern "C" void link_dut_settle(const link_in_t *in, link_out_t *out) {
    dut->rst_ni = in->rst_n;
    dut->rx_hdr0_i = in->hdr[0];
    dut->rx_hdr1_i = in->hdr[1];
    dut->rx_commit_i = in->commit;
    dut->rx_empty_i = in->empty;
    dut->rx_valid_i = in->valid;
    dut->rx_data_i = in->data;
    dut->rx_last_i = in->last;
    dut->tx_grant_i = in->grant;
    dut->tx_ready_i = in->ready;
    dut->fwd_drop_i = in->fwd_drop;
    dut->fwd_flip_i = in->fwd_flip;
    dut->rev_drop_i = in->rev_drop;
    dut->rev_flip_i = in->rev_flip;
    dut->crc_i = in->crc;
    dut->crc_data_i = in->crc_data;
    dut->clk_i = 0;
    dut->eval();
    *out = link_out_t{
        dut->rx_accept_o != 0,
        dut->rx_ready_o != 0,
        dut->tx_req_o != 0,
        dut->tx_empty_o != 0,
        dut->tx_valid_o != 0,
        dut->tx_last_o != 0,
        {dut->tx_hdr0_o, dut->tx_hdr1_o},
        dut->tx_data_o,
        {dut->fwd_valid_o != 0, dut->fwd_got_o != 0, dut->fwd_data_o, dut->fwd_got_data_o},
        {dut->rev_valid_o != 0, dut->rev_got_o != 0, dut->rev_data_o, dut->rev_got_data_o},
        dut->out_down_o != 0,
        dut->out_idle_o != 0,
        dut->in_down_o != 0,
        dut->in_idle_o != 0,
        dut->out_messages_o,
        dut->out_frames_o,
        dut->out_replays_o,
        dut->out_rev_errors_o,
        dut->in_messages_o,
        dut->in_frames_o,
        dut->in_errors_o,
        dut->in_refused_o,
        dut->out_stall_o,
        dut->out_busy_o,
        dut->crc8_o,
        dut->crc32_o,
        dut->crc64_o};
}

extern "C" void link_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const link_config_t config = {TEXT(LINK_NAME),   LINK_Width,         LINK_RevWidth,
                                  LINK_Latency,      LINK_MaxFlits,      LINK_FrameFlits,
                                  LINK_TxFlits,      LINK_RxFlits,       LINK_Tries,
                                  LINK_ReplayCycles, LINK_TimeoutCycles, LINK_BeatCycles};
    const int status = link_bench_main(&config, argc, argv);
    dut->final();
    delete dut;
    return status;
}
