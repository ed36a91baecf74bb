// SPDX-License-Identifier: Apache-2.0
// The kernel "millrace" of an .xclbin: mr_xrt_shell in front of mr_chip_sdr.
//
// Ports with the names that a kernel's packager looks for: clock, reset, AXI4-Lite slave s_axi_control, AXI4 master m_axi_gmem (DMA alone:
// model image, firmware, results), interrupt. The KV cache stands at the SDRAM pins sd_*, as on the boards with such a device.
// Parameters: of mr_chip_sdr, which has the shapes' defaults.   Test: tests/host/xrt, where the simulator joins the Verilated shell and chip at the
// wires that join them here.
`default_nettype none
module mr_xrt_kernel #(
  parameter int Tiles = 2,
  parameter int Lanes = 2,
  parameter int WDepth = 4096,
  parameter int VDepth = 4096,
  parameter int PDepth = 256,
  parameter int ResSize = 1024,
  parameter int DqBytes = 8,
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter logic [31:0] GitHash = 32'd0,
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]}
) (
  input  wire                  ap_clk,
  input  wire                  ap_rst_n,
  output wire                  interrupt,
  input  wire  [15:0]          s_axi_control_awaddr,
  input  wire                  s_axi_control_awvalid,
  output wire                  s_axi_control_awready,
  input  wire  [31:0]          s_axi_control_wdata,
  input  wire  [3:0]           s_axi_control_wstrb,
  input  wire                  s_axi_control_wvalid,
  output wire                  s_axi_control_wready,
  output wire  [1:0]           s_axi_control_bresp,
  output wire                  s_axi_control_bvalid,
  input  wire                  s_axi_control_bready,
  input  wire  [15:0]          s_axi_control_araddr,
  input  wire                  s_axi_control_arvalid,
  output wire                  s_axi_control_arready,
  output wire  [31:0]          s_axi_control_rdata,
  output wire  [1:0]           s_axi_control_rresp,
  output wire                  s_axi_control_rvalid,
  input  wire                  s_axi_control_rready,
  output wire  [63:0]          m_axi_gmem_araddr,
  output wire  [7:0]           m_axi_gmem_arlen,
  output wire  [2:0]           m_axi_gmem_arsize,
  output wire  [1:0]           m_axi_gmem_arburst,
  output wire                  m_axi_gmem_arvalid,
  input  wire                  m_axi_gmem_arready,
  input  wire  [31:0]          m_axi_gmem_rdata,
  input  wire  [1:0]           m_axi_gmem_rresp,
  input  wire                  m_axi_gmem_rlast,
  input  wire                  m_axi_gmem_rvalid,
  output wire                  m_axi_gmem_rready,
  output wire  [63:0]          m_axi_gmem_awaddr,
  output wire  [7:0]           m_axi_gmem_awlen,
  output wire  [2:0]           m_axi_gmem_awsize,
  output wire  [1:0]           m_axi_gmem_awburst,
  output wire                  m_axi_gmem_awvalid,
  input  wire                  m_axi_gmem_awready,
  output wire  [31:0]          m_axi_gmem_wdata,
  output wire  [3:0]           m_axi_gmem_wstrb,
  output wire                  m_axi_gmem_wlast,
  output wire                  m_axi_gmem_wvalid,
  input  wire                  m_axi_gmem_wready,
  input  wire  [1:0]           m_axi_gmem_bresp,
  input  wire                  m_axi_gmem_bvalid,
  output wire                  m_axi_gmem_bready,
  output wire                  sd_cke,
  output wire                  sd_cs_n,
  output wire                  sd_ras_n,
  output wire                  sd_cas_n,
  output wire                  sd_we_n,
  output wire  [1:0]           sd_ba,
  output wire  [RowBits-1:0]   sd_a,
  output wire  [DqBytes-1:0]   sd_dqm,
  output wire  [8*DqBytes-1:0] sd_dq_out,
  output wire                  sd_dq_oe,
  input  wire  [8*DqBytes-1:0] sd_dq_in
);
  logic        req_valid, req_ready, req_write, rsp_valid, rsp_error, irq;
  logic [23:0] req_addr;
  logic [31:0] req_wdata, rsp_rdata;

  mr_xrt_shell #(.AxiAddrW(64)) u_shell (
    .clk_i(ap_clk), .rst_ni(ap_rst_n),
    .ctl_awaddr_i(s_axi_control_awaddr), .ctl_awvalid_i(s_axi_control_awvalid), .ctl_awready_o(s_axi_control_awready),
    .ctl_wdata_i(s_axi_control_wdata), .ctl_wvalid_i(s_axi_control_wvalid), .ctl_wready_o(s_axi_control_wready),
    .ctl_bresp_o(s_axi_control_bresp), .ctl_bvalid_o(s_axi_control_bvalid), .ctl_bready_i(s_axi_control_bready),
    .ctl_araddr_i(s_axi_control_araddr), .ctl_arvalid_i(s_axi_control_arvalid), .ctl_arready_o(s_axi_control_arready),
    .ctl_rdata_o(s_axi_control_rdata), .ctl_rresp_o(s_axi_control_rresp), .ctl_rvalid_o(s_axi_control_rvalid),
    .ctl_rready_i(s_axi_control_rready), .interrupt_o(interrupt),
    .req_valid_o(req_valid), .req_ready_i(req_ready), .req_write_o(req_write), .req_addr_o(req_addr), .req_wdata_o(req_wdata),
    .rsp_valid_i(rsp_valid), .rsp_rdata_i(rsp_rdata), .rsp_error_i(rsp_error), .irq_i(irq),
    .axi_araddr_o(m_axi_gmem_araddr), .axi_arlen_o(m_axi_gmem_arlen), .axi_arsize_o(m_axi_gmem_arsize),
    .axi_arburst_o(m_axi_gmem_arburst), .axi_arvalid_o(m_axi_gmem_arvalid), .axi_arready_i(m_axi_gmem_arready),
    .axi_rdata_i(m_axi_gmem_rdata), .axi_rresp_i(m_axi_gmem_rresp), .axi_rlast_i(m_axi_gmem_rlast), .axi_rvalid_i(m_axi_gmem_rvalid),
    .axi_rready_o(m_axi_gmem_rready), .axi_awaddr_o(m_axi_gmem_awaddr), .axi_awlen_o(m_axi_gmem_awlen),
    .axi_awsize_o(m_axi_gmem_awsize), .axi_awburst_o(m_axi_gmem_awburst), .axi_awvalid_o(m_axi_gmem_awvalid),
    .axi_awready_i(m_axi_gmem_awready), .axi_wdata_o(m_axi_gmem_wdata), .axi_wstrb_o(m_axi_gmem_wstrb), .axi_wlast_o(m_axi_gmem_wlast),
    .axi_wvalid_o(m_axi_gmem_wvalid), .axi_wready_i(m_axi_gmem_wready), .axi_bresp_i(m_axi_gmem_bresp),
    .axi_bvalid_i(m_axi_gmem_bvalid), .axi_bready_o(m_axi_gmem_bready)
  );

  mr_chip_sdr #(
    .Tiles(Tiles), .Lanes(Lanes), .WDepth(WDepth), .VDepth(VDepth), .PDepth(PDepth), .ResSize(ResSize), .DqBytes(DqBytes), .Prof(Prof)
  ) u_chip (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .git_hash_i(GitHash),
    .req_valid_i(req_valid), .req_ready_o(req_ready), .req_write_i(req_write), .req_addr_i(req_addr), .req_wdata_i(req_wdata),
    .rsp_valid_o(rsp_valid), .rsp_rdata_o(rsp_rdata), .rsp_error_o(rsp_error), .irq_o(irq),
    .sd_cke_o(sd_cke), .sd_cs_no(sd_cs_n), .sd_ras_no(sd_ras_n), .sd_cas_no(sd_cas_n), .sd_we_no(sd_we_n), .sd_ba_o(sd_ba),
    .sd_a_o(sd_a), .sd_dqm_o(sd_dqm), .sd_dq_o(sd_dq_out), .sd_dq_oe_o(sd_dq_oe), .sd_dq_i(sd_dq_in), .uart_rx_i(1'b1), .uart_tx_o()
  );
  wire unused_ok = &{1'b0, s_axi_control_wstrb};
endmodule
`default_nettype wire
