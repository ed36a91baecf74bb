// SPDX-License-Identifier: Apache-2.0
// mr_chip for the simulation of any DRAM device, chosen by number; the simulated machine's shape stands in CMakeLists.txt.
//
// Profile: 0 Sdr100, 1 Sdr133, 2 Sdr50, 3 Ddr4_2400, 4 Lpddr4_3200, 5 Hbm2Pc, 6 Stacked (the order of mr_dram_profiles); one device wide.
// Everything else as in mr_chip.
`default_nettype none
module chip_sim_top #(
  parameter int Profile = 3,
  parameter int Tiles = 2,
  parameter int Lanes = 2,
  parameter int WDepth = 16384,
  parameter int VDepth = 8192,
  parameter int XDepth = 64,
  parameter int PDepth = 512,
  parameter int ResBufs = 4,
  parameter int ResSize = 4096,
  parameter int KvSlots = 16,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int KvSlotBlocks = 32,
  parameter int MaxG = 16,
  parameter int ClockKhz = 0,
  localparam int PW = 16 * mr_kv_dev_pkg::Lanes,
  localparam logic [PW-1:0] Prof = Profile == 0 ? mr_kv_dev_pkg::Sdr100 : Profile == 1 ? mr_kv_dev_pkg::Sdr133
    : Profile == 2 ? mr_kv_dev_pkg::Sdr50 : Profile == 3 ? mr_kv_dev_pkg::Ddr4_2400
    : Profile == 4 ? mr_kv_dev_pkg::Lpddr4_3200 : Profile == 5 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
  localparam int DqBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]}
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
  output wire                  dfi_ready_o,
  output wire  [3:0]           dfi_cmd_o,
  output wire  [1:0]           dfi_bg_o,
  output wire  [2:0]           dfi_ba_o,
  output wire  [17:0]          dfi_a_o,
  output wire  [3:0]           dfi2_cmd_o,
  output wire  [1:0]           dfi2_bg_o,
  output wire  [2:0]           dfi2_ba_o,
  output wire  [17:0]          dfi2_a_o,
  output wire                  dfi_wrdata_en_o,
  output wire  [8*DqBytes-1:0] dfi_wrdata_o,
  output wire  [DqBytes-1:0]   dfi_wrmask_o,
  input  wire                  dfi_rddata_valid_i,
  input  wire  [8*DqBytes-1:0] dfi_rddata_i
);
  mr_chip #(
    .Tiles(Tiles), .Lanes(Lanes), .WDepth(WDepth), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth), .ResBufs(ResBufs),
    .ResSize(ResSize), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh), .KvPages(KvPages),
    .KvSlotBlocks(KvSlotBlocks), .MaxG(MaxG), .DqBytes(DqBytes), .Prof(Prof), .ClockKhz(ClockKhz)
  ) u_chip (
    .clk_i, .rst_ni, .git_hash_i, .req_valid_i, .req_ready_o, .req_write_i, .req_addr_i, .req_wdata_i, .rsp_valid_o,
    .rsp_rdata_o, .rsp_error_o, .irq_o, .dfi_ready_o,
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o, .dfi_wrmask_o, .dfi_rddata_valid_i, .dfi_rddata_i
  );
endmodule
`default_nettype wire
