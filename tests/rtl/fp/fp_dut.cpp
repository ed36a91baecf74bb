// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_fp_top.
#include "fp_dut.h"

#include "Vdut.h"
#include "verilated.h"

struct fp_dut {
    VerilatedContext context;
    Vdut top{&context};
};

fp_dut_t *fp_dut_open(void) {
    return new fp_dut;
}

void fp_dut_clock(fp_dut_t *dut, const fp_in_t *in, fp_out_t *out) {
    Vdut &t = dut->top;
    t.rst_ni = !in->reset;
    t.valid_i = static_cast<uint16_t>(in->valid);
    t.func_i = static_cast<uint8_t>(in->func);
    t.a_i = in->a;
    t.b_i = in->b;
    t.clk_i = 1;
    t.eval();
    out->valid = t.valid_o;
    const uint32_t y[FP_UNITS] = {t.add_o,  t.mul_o, t.i2f_o,  t.i2f21_o, t.i2f26_o,
                                  t.f2i8_o, t.f2h_o, t.hmul_o, t.sfu_o,   t.sfu_few_o};
    for (unsigned i = 0; i < FP_UNITS; i++) {
        out->y[i] = y[i];
    }
    out->h2f = t.h2f_o;
    out->less = t.less_o;
    out->max = t.max_o;
    t.clk_i = 0;
    t.eval();
}

void fp_dut_close(fp_dut_t *dut) {
    dut->top.final();
    delete dut;
}
