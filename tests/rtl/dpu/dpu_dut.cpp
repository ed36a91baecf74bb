/* SPDX-License-Identifier: Apache-2.0 */
/* Thin skin over the Verilated bench top. */
#include "dpu_dut.h"

#include "Vdut.h"
#include "verilated.h"

struct dpu_dut {
    VerilatedContext context;
    Vdut top{&context};
};

dpu_dut_t *dpu_dut_open(void) {
    return new dpu_dut;
}

static void drive(Vdut &top, const dpu_pins_t &pins) {
    top.rst_ni = !pins.reset;
    top.sel_i = static_cast<unsigned char>(pins.lanes_log2);
    top.start_i = pins.start;
    top.is_attend_i = pins.cmd.is_attend;
    top.dst_i = static_cast<unsigned short>(pins.cmd.dst);
    top.x_i = static_cast<unsigned char>(pins.cmd.x);
    top.w_i = static_cast<unsigned short>(pins.cmd.w);
    top.rows_i = pins.cmd.rows;
    top.nb_i = static_cast<unsigned short>(pins.cmd.nb);
    top.q4_i = pins.cmd.q4;
    top.acc_i = pins.cmd.acc;
    top.layer_i = static_cast<unsigned char>(pins.cmd.layer);
    top.n_kv_i = static_cast<unsigned char>(pins.cmd.n_kv);
    top.kv_first_i = static_cast<unsigned char>(pins.cmd.kv_first);
    top.nbh_i = static_cast<unsigned char>(pins.cmd.nbh);
    top.g_i = static_cast<unsigned char>(pins.cmd.g);
    top.scale_i = pins.cmd.scale;
    top.slot_i = static_cast<unsigned char>(pins.cmd.slot);
    top.pos_i = pins.cmd.pos;
    for (unsigned i = 0; i < 9u << pins.lanes_log2; i++) {
        top.wm_data_i[i] = pins.wm_data[i];
    }
    for (unsigned i = 0; i < 9; i++) {
        const uint32_t mask = i == 8 ? 0xFFFFu : 0xFFFFFFFFu;
        top.xm_data_i[i] = pins.xm_data[i] & mask;
        top.kr_block_i[i] = pins.kr_block[i] & mask;
    }
    top.vw_ready_i = pins.vw_ready;
    top.vr_ready_i = pins.vr_ready;
    top.vr_data_i = pins.vr_data;
    top.kc_ready_i = pins.kc_ready;
    top.kr_valid_i = pins.kr_valid;
    top.kr_last_i = pins.kr_last;
    top.kr_status_i = static_cast<unsigned char>(pins.kr_status);
}

static void sample(const Vdut &top, dpu_pins_t &pins) {
    pins.busy = top.busy_o;
    pins.err = top.err_o;
    pins.wm_en = top.wm_en_o;
    pins.wm_addr = top.wm_addr_o;
    pins.xm_en = top.xm_en_o;
    pins.xm_addr = top.xm_addr_o;
    pins.vw_valid = top.vw_valid_o;
    pins.vw_en = top.vw_en_o;
    pins.vw_addr = top.vw_addr_o;
    pins.vw_data = top.vw_data_o;
    pins.vr_valid = top.vr_valid_o;
    pins.vr_addr = top.vr_addr_o;
    pins.kc_valid = top.kc_valid_o;
    pins.kc_slot = top.kc_slot_o;
    pins.kc_layer = top.kc_layer_o;
    pins.kc_head = top.kc_head_o;
    pins.kc_kind = top.kc_kind_o;
    pins.kc_pos = top.kc_pos_o;
    pins.kc_count = top.kc_count_o;
    pins.kr_ready = top.kr_ready_o;
    pins.gemv_active = top.gemv_active_o;
    pins.lane_busy = top.lane_busy_o;
    pins.kv_wait = top.kv_wait_o;
}

void dpu_dut_clock(dpu_dut_t *dut, dpu_pins_t *pins) {
    drive(dut->top, *pins);
    dut->top.clk_i = 0;
    dut->top.eval();
    sample(dut->top, *pins);
    dut->top.clk_i = 1;
    dut->top.eval();
}

void dpu_dut_close(dpu_dut_t *dut) {
    delete dut;
}
