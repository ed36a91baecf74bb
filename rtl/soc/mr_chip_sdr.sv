// SPDX-License-Identifier: Apache-2.0
// The chip with SDR SDRAM pins: mr_chip and mr_kv_phy_sdr.
//
// Prof  an SDR profile.   ReadExtra  see mr_kv_phy_sdr; everything else as in mr_chip, which has no ECC here. Pins: mr_kv_phy_sdr.   Test: tests/cosim.
`default_nettype none
module mr_chip_sdr #(
  parameter int Tiles = 2,
  parameter int Lanes = 2,
  parameter int WDepth = 4096,
  parameter int WSlice = 288,
  parameter int VDepth = 4096,
  parameter int XDepth = 64,
  parameter int PDepth = 256,
  parameter logic [31:0] KvMask = 32'hFFFFFFFF,
  parameter int ResBufs = 4,
  parameter int ResSize = 1024,
  parameter int KvSlots = 8,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int KvSlotBlocks = 64,
  parameter int MaxG = 16,
  parameter bit ClockGate = 1'b0,
  parameter int DqBytes = 8,
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int KvInitCycles = 0,
  parameter int ReadExtra = 0,
  parameter int ClockKhz = 100000,
  parameter bit Core = 1'b0,
  parameter int CoreKb = 256,
  parameter bit CoreRun = 1'b0,
  parameter bit CoreUart = 1'b1,
  parameter CoreRom = "",
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]}
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  input  wire  [31:0]          git_hash_i,
  input  wire                  req_valid_i,
  output wire                  req_ready_o,
  input  wire                  req_write_i,
  input  wire  [23:0]          req_addr_i,
  input  wire  [31:0]          req_wdata_i,
  output wire                  rsp_valid_o,
  output wire  [31:0]          rsp_rdata_o,
  output wire                  rsp_error_o,
  output wire                  irq_o,
  output wire                  uart_tx_o,
  input  wire                  uart_rx_i,
  output wire                  sd_cke_o,
  output wire                  sd_cs_no,
  output wire                  sd_ras_no,
  output wire                  sd_cas_no,
  output wire                  sd_we_no,
  output wire  [1:0]           sd_ba_o,
  output wire  [RowBits-1:0]   sd_a_o,
  output wire  [DqBytes-1:0]   sd_dqm_o,
  output wire  [8*DqBytes-1:0] sd_dq_o,
  output wire                  sd_dq_oe_o,
  input  wire  [8*DqBytes-1:0] sd_dq_i
);
  logic                 dfi_ready, wrdata_en, rddata_valid;
  logic [3:0]           dfi_cmd, dfi2_cmd;
  logic [1:0]           dfi_bg, dfi2_bg;
  logic [2:0]           dfi_ba, dfi2_ba;
  logic [17:0]          dfi_a, dfi2_a;
  logic [8*DqBytes-1:0] wrdata, rddata;
  logic [DqBytes-1:0]   wrmask;

  mr_chip #(
    .Tiles(Tiles), .Lanes(Lanes), .WDepth(WDepth), .WSlice(WSlice), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth),
    .KvMask(KvMask), .ResBufs(ResBufs), .ResSize(ResSize), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads),
    .KvNbh(KvNbh), .KvPages(KvPages), .KvSlotBlocks(KvSlotBlocks), .MaxG(MaxG), .ClockGate(ClockGate), .DqBytes(DqBytes), .Prof(Prof),
    .KvInitCycles(KvInitCycles), .ClockKhz(ClockKhz), .PinRegs(1'b0),
    .Core(Core), .CoreKb(CoreKb), .CoreRun(CoreRun), .CoreUart(CoreUart), .CoreRom(CoreRom)
  ) u_chip (
    .clk_i, .rst_ni, .git_hash_i, .req_valid_i, .req_ready_o, .req_write_i, .req_addr_i, .req_wdata_i, .rsp_valid_o,
    .rsp_rdata_o, .rsp_error_o, .irq_o, .uart_tx_o, .uart_rx_i,
    .dfi_ready_o(dfi_ready), .dfi_cmd_o(dfi_cmd), .dfi_bg_o(dfi_bg), .dfi_ba_o(dfi_ba), .dfi_a_o(dfi_a),
    .dfi2_cmd_o(dfi2_cmd), .dfi2_bg_o(dfi2_bg), .dfi2_ba_o(dfi2_ba), .dfi2_a_o(dfi2_a),
    .dfi_wrdata_en_o(wrdata_en), .dfi_wrdata_o(wrdata), .dfi_wrmask_o(wrmask),
    .dfi_rddata_valid_i(rddata_valid), .dfi_rddata_i(rddata), .dfi_wrchk_o(), .dfi_wrchkmask_o(), .dfi_rdchk_i((3 * DqBytes)'(0)),
    .link_fault_i(4'd0)
  );

  mr_kv_phy_sdr #(.Prof(Prof), .WordBytes(DqBytes), .ReadExtra(ReadExtra)) u_phy (
    .clk_i, .rst_ni, .dfi_ready_i(dfi_ready), .dfi_cmd_i(dfi_cmd), .dfi_ba_i(dfi_ba), .dfi_a_i(dfi_a),
    .dfi_wrdata_en_i(wrdata_en), .dfi_wrdata_i(wrdata), .dfi_wrmask_i(wrmask),
    .dfi_rddata_valid_o(rddata_valid), .dfi_rddata_o(rddata),
    .cke_o(sd_cke_o), .cs_no(sd_cs_no), .ras_no(sd_ras_no), .cas_no(sd_cas_no), .we_no(sd_we_no), .ba_o(sd_ba_o), .a_o(sd_a_o),
    .dqm_o(sd_dqm_o), .dq_o(sd_dq_o), .dq_oe_o(sd_dq_oe_o), .dq_i(sd_dq_i)
  );
  // An SDR device has no bank groups and one command bus.
  wire unused_ok = &{1'b0, dfi_bg, dfi2_cmd, dfi2_bg, dfi2_ba, dfi2_a};
endmodule
`default_nettype wire
