// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated mr_xrt_shell; see xrt_dut.h.
#include <cstring>
#include <new>

#include "Vxrt_shell.h"
#include "verilated.h"
#include "xrt_dut.h"

namespace {

struct Dut {
    VerilatedContext context;
    Vxrt_shell top;
    Dut() : top{&context} {
        context.fatalOnError(false);
    }
};

Vxrt_shell &top(void *dut) {
    return static_cast<Dut *>(dut)->top;
}

mr_axi_addr_t request(bool valid, bool ready, uint64_t addr, uint8_t len) {
    mr_axi_addr_t a = {};
    a.valid = valid;
    a.ready = ready;
    a.addr = addr;
    a.len = len;
    a.size = 2;
    a.burst = 1;
    return a;
}

} // namespace

extern "C" void *mr_xrt_dut_open(void) {
    return new (std::nothrow) Dut;
}

extern "C" void mr_xrt_dut_close(void *dut) {
    top(dut).final();
    delete static_cast<Dut *>(dut);
}

extern "C" void mr_xrt_dut_settle(void *dut, const mr_xrt_in_t *in, mr_axi_pins_t *pins,
                                  mr_xrt_out_t *out) {
    Vxrt_shell &t = top(dut);
    t.rst_ni = !in->reset;
    t.ctl_awvalid_i = in->write;
    t.ctl_wvalid_i = in->write;
    t.ctl_arvalid_i = in->read;
    t.ctl_awaddr_i = in->addr;
    t.ctl_araddr_i = in->addr;
    t.ctl_wdata_i = in->data;
    t.ctl_bready_i = 1;
    t.ctl_rready_i = 1;
    t.req_ready_i = in->req_ready;
    t.rsp_valid_i = in->rsp_valid;
    t.rsp_error_i = in->rsp_error;
    t.rsp_rdata_i = in->rsp_data;
    t.irq_i = in->irq;
    t.axi_arready_i = pins->ar.ready;
    t.axi_awready_i = pins->aw.ready;
    t.axi_wready_i = pins->w.ready;
    t.axi_rvalid_i = pins->r.valid;
    t.axi_rlast_i = pins->r.last;
    t.axi_rresp_i = pins->r.resp;
    std::memcpy(&t.axi_rdata_i, pins->r.data, sizeof t.axi_rdata_i);
    t.axi_bvalid_i = pins->b.valid;
    t.axi_bresp_i = pins->b.resp;
    t.eval();
    pins->ar = request(t.axi_arvalid_o, pins->ar.ready, t.axi_araddr_o, t.axi_arlen_o);
    pins->aw = request(t.axi_awvalid_o, pins->aw.ready, t.axi_awaddr_o, t.axi_awlen_o);
    pins->w.valid = t.axi_wvalid_o;
    pins->w.last = t.axi_wlast_o;
    pins->w.strb = t.axi_wstrb_o;
    std::memcpy(pins->w.data, &t.axi_wdata_o, sizeof t.axi_wdata_o);
    pins->r.ready = t.axi_rready_o;
    pins->b.ready = t.axi_bready_o;
    const bool read = t.ctl_rvalid_o;
    *out = {t.ctl_arready_o != 0,
            t.ctl_awready_o != 0,
            read,
            t.ctl_bvalid_o != 0,
            (read ? t.ctl_rresp_o : t.ctl_bresp_o) != 0,
            t.ctl_rdata_o,
            t.req_valid_o != 0,
            t.req_write_o != 0,
            t.req_addr_o,
            t.req_wdata_o};
}

extern "C" bool mr_xrt_dut_edge(void *dut) {
    Dut &d = *static_cast<Dut *>(dut);
    d.top.clk_i = 1;
    d.top.eval();
    d.top.clk_i = 0;
    d.top.eval();
    return !d.context.gotFinish() && !d.context.gotError();
}
