// SPDX-License-Identifier: Apache-2.0
// mr_chip for the simulation of any DRAM device, chosen by number; the simulated machine's shape stands in CMakeLists.txt.
//
// Profile: 0 Sdr100, 1 Sdr133, 2 Sdr50, 3 Ddr4_2400, 4 Lpddr4_3200, 5 Hbm2Pc, 6 Stacked (the order of mr_dram_profiles).
// Bytes  of the data bus, 0: one device wide. Channel c of group g has slice g KvChannels + c of the dfi ports
// in the words of dfi_words. Everything else as in mr_chip.
`default_nettype none
module chip_sim_top #(
  parameter int Profile = 3,
  parameter int Bytes = 0,
  parameter int Groups = 1,
  parameter int Tiles = 2,
  parameter int LinkWidth = 64,
  parameter int LinkLatency = 0,
  parameter int Lanes = 2,
  parameter int WDepth = 16384,
  parameter int VDepth = 8192,
  parameter int XDepth = 64,
  parameter int PDepth = 512,
  parameter int ResBufs = 4,
  parameter int ResSize = 4096,
  parameter int KvChannels = 1,
  parameter int KvSlots = 16,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int KvSlotBlocks = 32,
  parameter int MaxG = 16,
  parameter bit ClockGate = 1'b0,
  parameter int KvInitCycles = 0,
  parameter int KvEcc = 0,
  parameter int ClockKhz = 0,
  parameter bit Core = 1'b0,
  parameter int CoreKb = 256,
  parameter bit CoreRun = 1'b0,
  parameter bit CoreUart = 1'b1,
  parameter CoreRom = "",
  localparam int Channels = Groups * KvChannels,
  localparam int PW = 16 * mr_kv_dev_pkg::Lanes,
  localparam logic [PW-1:0] Prof = Profile == 0 ? mr_kv_dev_pkg::Sdr100 : Profile == 1 ? mr_kv_dev_pkg::Sdr133
    : Profile == 2 ? mr_kv_dev_pkg::Sdr50 : Profile == 3 ? mr_kv_dev_pkg::Ddr4_2400
    : Profile == 4 ? mr_kv_dev_pkg::Lpddr4_3200 : Profile == 5 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
  localparam int DqBytes = Bytes != 0 ? Bytes : {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  localparam int EccWord = KvEcc != 0 ? KvEcc : 16,
  localparam int Codes = 8 * DqBytes / EccWord,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(EccWord)
) (
  input  wire                             clk_i,
  input  wire                             rst_ni,
  input  wire  [31:0]                     git_hash_i,
  input  wire                             req_valid_i,
  output wire                             req_ready_o,
  input  wire                             req_write_i,
  input  wire  [23:0]                     req_addr_i,
  input  wire  [31:0]                     req_wdata_i,
  output wire                             rsp_valid_o,
  output wire  [31:0]                     rsp_rdata_o,
  output wire                             rsp_error_o,
  output wire                             irq_o,
  output wire                             uart_tx_o,
  input  wire                             uart_rx_i,
  output wire  [Channels-1:0]           dfi_ready_o,
  output wire  [32*Channels-1:0]        dfi_o,
  output wire  [32*Channels-1:0]        dfi2_o,
  output wire  [Channels-1:0]           dfi_wrdata_en_o,
  output wire  [8*DqBytes*Channels-1:0] dfi_wrdata_o,
  output wire  [32*Channels-1:0]        dfi_wrmask_o,
  input  wire  [Channels-1:0]           dfi_rddata_valid_i,
  input  wire  [8*DqBytes*Channels-1:0] dfi_rddata_i,
  output wire  [64*Channels-1:0]        dfi_wrchk_o,
  output wire  [32*Channels-1:0]        dfi_wrchkmask_o,
  input  wire  [64*Channels-1:0]        dfi_rdchk_i,
  input  wire  [4*Groups-1:0]           link_fault_i
);
  logic [Codes*ChkBits*Channels-1:0] wrchk, rdchk;
  logic [Codes*Channels-1:0]         chkmask;
  logic [4*Channels-1:0]       cmd, cmd2;
  logic [2*Channels-1:0]       bg, bg2;
  logic [3*Channels-1:0]       ba, ba2;
  logic [18*Channels-1:0]      a, a2;
  logic [DqBytes*Channels-1:0] mask;

  dfi_words #(.Channels(Channels), .DqBytes(DqBytes), .Codes(Codes), .ChkBits(ChkBits)) u_words (
    .cmd_i(cmd), .bg_i(bg), .ba_i(ba), .a_i(a), .cmd2_i(cmd2), .bg2_i(bg2), .ba2_i(ba2), .a2_i(a2), .mask_i(mask), .wrchk_i(wrchk),
    .chkmask_i(chkmask), .rdchk_o(rdchk), .dfi_o, .dfi2_o, .dfi_wrmask_o, .dfi_wrchk_o, .dfi_wrchkmask_o, .dfi_rdchk_i
  );

  mr_chip #(
    .Groups(Groups), .LinkWidth(LinkWidth), .LinkLatency(LinkLatency), .Tiles(Tiles), .Lanes(Lanes), .WDepth(WDepth), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth), .ResBufs(ResBufs),
    .ResSize(ResSize), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh), .KvPages(KvPages),
    .KvSlotBlocks(KvSlotBlocks), .MaxG(MaxG), .ClockGate(ClockGate), .KvChannels(KvChannels), .KvInitCycles(KvInitCycles), .DqBytes(DqBytes), .Prof(Prof),
    .KvEcc(KvEcc), .ClockKhz(ClockKhz),
    .Core(Core), .CoreKb(CoreKb), .CoreRun(CoreRun), .CoreUart(CoreUart), .CoreRom(CoreRom)
  ) u_chip (
    .clk_i, .rst_ni, .git_hash_i, .req_valid_i, .req_ready_o, .req_write_i, .req_addr_i, .req_wdata_i, .rsp_valid_o,
    .rsp_rdata_o, .rsp_error_o, .irq_o, .uart_tx_o, .uart_rx_i, .dfi_ready_o,
    .dfi_cmd_o(cmd), .dfi_bg_o(bg), .dfi_ba_o(ba), .dfi_a_o(a), .dfi2_cmd_o(cmd2), .dfi2_bg_o(bg2), .dfi2_ba_o(ba2),
    .dfi2_a_o(a2), .dfi_wrdata_en_o, .dfi_wrdata_o, .dfi_wrmask_o(mask), .dfi_rddata_valid_i, .dfi_rddata_i,
    .dfi_wrchk_o(wrchk), .dfi_wrchkmask_o(chkmask), .dfi_rdchk_i(rdchk), .link_fault_i
  );
endmodule
`default_nettype wire
