// SPDX-License-Identifier: Apache-2.0
// C functions over the Verilated mr_serial.
#include "serial_dut.h"

#include <new>

#include "Vserial.h"
#include "verilated.h"

struct mr_serial_dut {
    VerilatedContext context;
    Vserial dut{&context};
};

extern "C" mr_serial_dut_t *mr_serial_dut_create(void) {
    auto *self = new (std::nothrow) mr_serial_dut;
    if (self == nullptr) {
        return nullptr;
    }
    const mr_serial_in_t rest = {true, false, false, false, false, 0};
    self->dut.rst_ni = 0;
    for (int i = 0; i < 4; i++) {
        mr_serial_dut_clock(self, &rest);
    }
    self->dut.rst_ni = 1;
    self->dut.eval();
    return self;
}

extern "C" void mr_serial_dut_destroy(mr_serial_dut_t *self) {
    if (self != nullptr) {
        self->dut.final();
        delete self;
    }
}

extern "C" void mr_serial_dut_look(const mr_serial_dut_t *self, mr_serial_out_t *out) {
    const Vserial &dut = self->dut;
    out->tx = dut.tx_o != 0;
    out->busy = dut.busy_o != 0;
    out->rx_open = dut.rx_open_o != 0;
    out->work = dut.work_o != 0;
    out->req_valid = dut.req_valid_o != 0;
    out->req_write = dut.req_write_o != 0;
    out->req_addr = dut.req_addr_o;
    out->req_data = dut.req_wdata_o;
}

extern "C" void mr_serial_dut_clock(mr_serial_dut_t *self, const mr_serial_in_t *in) {
    Vserial &dut = self->dut;
    dut.rx_i = in->rx ? 1 : 0;
    dut.req_ready_i = in->req_ready ? 1 : 0;
    dut.rsp_valid_i = in->rsp_valid ? 1 : 0;
    dut.rsp_error_i = in->rsp_error ? 1 : 0;
    dut.irq_i = in->irq ? 1 : 0;
    dut.rsp_rdata_i = in->rsp_data;
    dut.clk_i = 0;
    dut.eval();
    dut.clk_i = 1;
    dut.eval();
}
