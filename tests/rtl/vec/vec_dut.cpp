/* SPDX-License-Identifier: Apache-2.0 */
/* Thin skin over the Verilated bench top. */
#include "vec_dut.h"

#include "Vdut.h"
#include "verilated.h"

struct vec_dut {
    VerilatedContext context;
    Vdut top{&context};
};

vec_dut_t *vec_dut_open(void) {
    return new vec_dut;
}

void vec_dut_clock(vec_dut_t *dut, vec_pins_t *pins) {
    Vdut &top = dut->top;
    top.rst_ni = !pins->reset;
    top.sel_i = static_cast<unsigned char>(pins->lanes_log2);
    top.start_i = pins->start;
    top.op_i = static_cast<unsigned char>(pins->cmd.op);
    top.fmt_i = static_cast<unsigned char>(pins->cmd.fmt);
    top.dst_i = pins->cmd.dst;
    top.a_i = pins->cmd.a;
    top.b_i = pins->cmd.b;
    top.n_i = pins->cmd.n;
    top.rows_i = pins->cmd.rows;
    top.nb_i = pins->cmd.nb;
    top.hd_i = pins->cmd.hd;
    top.k_i = pins->cmd.k;
    top.imm0_i = pins->cmd.imm0;
    top.imm1_i = pins->cmd.imm1;
    top.token_i = pins->cmd.token;
    top.pos_i = pins->cmd.pos;
    top.ra_data_i = pins->ra_data;
    top.rb_data_i = pins->rb_data;
    for (unsigned i = 0; i < 9u << pins->lanes_log2; i++) {
        top.wm_data_i[i] = pins->wm_data[i];
    }
    top.clk_i = 0;
    top.eval();
    pins->busy = top.busy_o;
    pins->err = top.err_o;
    pins->ra_en = top.ra_en_o;
    pins->ra_addr = top.ra_addr_o;
    pins->rb_en = top.rb_en_o;
    pins->rb_addr = top.rb_addr_o;
    pins->w_en = top.w_en_o;
    pins->w_addr = top.w_addr_o;
    pins->w_data = top.w_data_o;
    pins->xw_en = top.xw_en_o;
    pins->xw_addr = top.xw_addr_o;
    for (unsigned i = 0; i < 9; i++) {
        pins->xw_data[i] = top.xw_data_o[i];
    }
    pins->wm_en = top.wm_en_o;
    pins->wm_addr = top.wm_addr_o;
    top.clk_i = 1;
    top.eval();
}

void vec_dut_close(vec_dut_t *dut) {
    delete dut;
}
