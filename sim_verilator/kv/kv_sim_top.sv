// SPDX-License-Identifier: Apache-2.0
// mr_kv_top behind ports of fixed width, for any profile, so that one C++ skin fits all.
//
// Profile: 0 Sdr100, 1 Sdr133, 2 Sdr50, 3 Ddr4_2400, 4 Lpddr4_3200, 5 Hbm2Pc, 6 Stacked (the order of mr_dram_profiles).
// Bytes: bytes a clock, 0 for the profile's. The rest as in mr_kv_top. cfg_* and pages_* are wider than there; data sits in the low bits.
// Axi 1: with the AXI back end, 32 address bits, a time-out after 4096 clocks; a*rest: lock, cache, prot, qos from bit 0 up. dfi_*chk*: check bits of code word w in bits [8 w +: 8].
`default_nettype none
module kv_sim_top #(
  parameter int Profile = 0,
  parameter int Bytes = 0,
  parameter int BlockHalfs = 17,
  parameter int Slots = 128,
  parameter int Layers = 4,
  parameter int Heads = 2,
  parameter int MaxNbh = 32,
  parameter int Pages = 8192,
  parameter int SlotBlocks = 64,
  parameter int Entries = 16,
  parameter int Ways = 4,
  parameter int Words = 1024,
  parameter int HiEntries = (3 * Entries) / 4,
  parameter int HiWords = Words / 2,
  parameter int AgeMax = 4096,
  parameter int IdleDrain = 64,
  parameter int FifoWords = 64,
  parameter int AnsDepth = 8,
  parameter int Depth = 4,
  parameter int InitCycles = 400,
  parameter int Ecc = 0,
  parameter int EccWord = 16,
  parameter int Axi = 0,
  localparam int PW = 16 * mr_kv_dev_pkg::Lanes,
  localparam logic [PW-1:0] Prof = Profile == 0 ? mr_kv_dev_pkg::Sdr100 : Profile == 1 ? mr_kv_dev_pkg::Sdr133
    : Profile == 2 ? mr_kv_dev_pkg::Sdr50 : Profile == 3 ? mr_kv_dev_pkg::Ddr4_2400
    : Profile == 4 ? mr_kv_dev_pkg::Lpddr4_3200 : Profile == 5 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
  localparam int WordBytes = Bytes != 0 ? Bytes : {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  localparam int BaBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int BurstClks = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]},
  localparam int Codes = 8 * WordBytes / EccWord,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(EccWord),
  localparam int La = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                    + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]}
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         cfg_start_i,
  input  wire  [8:0]  cfg_layers_i,
  input  wire  [8:0]  cfg_heads_i,
  input  wire  [5:0]  cfg_nbh_i,
  input  wire  [16:0] cfg_pages_i,
  input  wire  [31:0] cfg_chunk_i,
  input  wire  [31:0] cfg_part_i,
  input  wire  [7:0]  cfg_step_i,
  input  wire         inj_owner_i,
  output wire         ready_o,
  output wire         idle_o,
  output wire         pe_err_o,
  output wire  [63:0] cnt_refused_o,
  output wire  [31:0] pages_used_o,
  output wire  [31:0] pages_dirty_o,
  input  wire         kc_valid_i,
  output wire         kc_ready_o,
  input  wire  [1:0]  kc_op_i,
  input  wire  [7:0]  kc_slot_i,
  input  wire  [7:0]  kc_layer_i,
  input  wire  [7:0]  kc_head_i,
  input  wire         kc_kind_i,
  input  wire  [17:0] kc_pos_i,
  input  wire  [5:0]  kc_count_i,
  input  wire         kw_valid_i,
  output wire         kw_ready_o,
  input  wire  [271:0] kw_block_i,
  output wire         kr_valid_o,
  input  wire         kr_ready_i,
  output wire  [271:0] kr_block_o,
  output wire         kr_last_o,
  output wire  [3:0]  kr_status_o,
  input  wire         ad_valid_i,
  output wire         ad_ready_o,
  input  wire  [1:0]  ad_op_i,
  input  wire  [7:0]  ad_slot_i,
  input  wire  [7:0]  ad_src_i,
  input  wire  [17:0] ad_len_i,
  output wire         ad_done_o,
  output wire  [3:0]  ad_status_o,
  output wire  [3:0]  dfi_cmd_o,
  output wire  [1:0]  dfi_bg_o,
  output wire  [2:0]  dfi_ba_o,
  output wire  [17:0] dfi_a_o,
  output wire  [3:0]  dfi2_cmd_o,
  output wire  [1:0]  dfi2_bg_o,
  output wire  [2:0]  dfi2_ba_o,
  output wire  [17:0] dfi2_a_o,
  output wire         dfi_wrdata_en_o,
  output wire  [127:0] dfi_wrdata_o,
  output wire  [15:0] dfi_wrmask_o,
  input  wire         dfi_rddata_valid_i,
  input  wire  [127:0] dfi_rddata_i,
  input  wire         dfi_rderr_i,
  output wire  [63:0] dfi_wrchk_o,
  output wire  [7:0]  dfi_wrchkmask_o,
  input  wire  [63:0] dfi_rdchk_i,
  input  wire         ecc_en_i,
  input  wire         ecc_inj_en_i,
  input  wire         ecc_inj_rd_i,
  input  wire         ecc_inj_match_i,
  input  wire  [31:0] ecc_inj_addr_i,
  input  wire  [2:0]  ecc_inj_beat_i,
  input  wire  [2:0]  ecc_inj_cw_i,
  input  wire  [63:0] ecc_inj_data_i,
  input  wire  [7:0]  ecc_inj_chk_i,
  input  wire  [15:0] ecc_inj_every_i,
  input  wire         ecc_log_clear_i,
  input  wire         ecc_log_pop_i,
  output wire         ecc_log_valid_o,
  output wire  [63:0] ecc_log_data_o,
  output wire  [4:0]  ecc_log_count_o,
  output wire  [7:0]  ecc_log_lost_o,
  output wire         ecc_first_valid_o,
  output wire  [63:0] ecc_first_data_o,
  input  wire         ecc_cnt_clear_i,
  output wire  [31:0] ecc_corrected_o,
  output wire  [31:0] ecc_detected_o,
  output wire  [31:0] ecc_poisoned_o,
  output wire  [31:0] ecc_injected_o,
  input  wire  [15:0] patrol_gap_i,
  output wire  [31:0] patrol_pages_o,
  output wire  [31:0] patrol_words_o,
  input  wire         axi_clear_i,
  input  wire  [31:0] axi_base_i,
  output wire         axi_busy_o,
  input  wire         axi_err_clear_i,
  output wire         axi_wr_err_o,
  output wire  [15:0] axi_wr_err_count_o,
  output wire  [31:0] axi_wr_err_addr_o,
  output wire         axi_proto_err_o,
  output wire         axi_timeout_o,
  output wire  [3:0]  axi_awid_o,
  output wire  [31:0] axi_awaddr_o,
  output wire  [7:0]  axi_awlen_o,
  output wire  [2:0]  axi_awsize_o,
  output wire  [1:0]  axi_awburst_o,
  output wire  [11:0] axi_awrest_o,
  output wire         axi_awvalid_o,
  input  wire         axi_awready_i,
  output wire  [127:0] axi_wdata_o,
  output wire  [15:0] axi_wstrb_o,
  output wire         axi_wlast_o,
  output wire         axi_wvalid_o,
  input  wire         axi_wready_i,
  input  wire  [3:0]  axi_bid_i,
  input  wire  [1:0]  axi_bresp_i,
  input  wire         axi_bvalid_i,
  output wire         axi_bready_o,
  output wire  [3:0]  axi_arid_o,
  output wire  [31:0] axi_araddr_o,
  output wire  [7:0]  axi_arlen_o,
  output wire  [2:0]  axi_arsize_o,
  output wire  [1:0]  axi_arburst_o,
  output wire  [11:0] axi_arrest_o,
  output wire         axi_arvalid_o,
  input  wire         axi_arready_i,
  input  wire  [3:0]  axi_rid_i,
  input  wire  [127:0] axi_rdata_i,
  input  wire  [1:0]  axi_rresp_i,
  input  wire         axi_rlast_i,
  input  wire         axi_rvalid_i,
  output wire         axi_rready_o,
  input  wire         cnt_snap_i,
  input  wire         cnt_rd_valid_i,
  input  wire  [6:0]  cnt_rd_addr_i,
  output wire         cnt_rd_done_o,
  output wire  [15:0] cnt_rd_data_o
);
  localparam int PageW = $clog2(Pages);
  wire [8*WordBytes-1:0] wrdata, wdata;
  wire [WordBytes-1:0]   wstrb;
  assign axi_wdata_o = 128'(wdata);
  assign axi_wstrb_o = 16'(wstrb);
  wire [WordBytes-1:0]   wrmask;
  wire [PageW:0]         used, dirty;
  assign dfi_wrdata_o  = 128'(wrdata);
  assign dfi_wrmask_o  = 16'(wrmask);
  assign pages_used_o  = 32'(used);
  assign pages_dirty_o = 32'(dirty);

  wire [Codes*ChkBits-1:0] wrchk, rdchk;
  wire [Codes-1:0]         wrchkmask, wrchk_now;
  wire [8*Codes-1:0]       wrchk_bytes;
  genvar w;
  generate
    for (w = 0; w < Codes; w = w + 1) begin : gen_chk
      assign wrchk_bytes[8*w +: 8] = 8'(wrchk[ChkBits*w +: ChkBits]);
      assign rdchk[ChkBits*w +: ChkBits] = dfi_rdchk_i[8*w +: ChkBits];
    end
  endgenerate
  assign dfi_wrchk_o     = 64'(wrchk_bytes);
  assign wrchk_now       = ~wrchkmask;
  assign dfi_wrchkmask_o = ~(8'(wrchk_now));

  mr_kv_top #(
    .Prof(Prof), .WordBytes(WordBytes), .BlockHalfs(BlockHalfs), .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh),
    .Pages(Pages), .SlotBlocks(SlotBlocks), .Entries(Entries), .Ways(Ways), .Words(Words), .HiEntries(HiEntries),
    .HiBursts(HiWords / BurstClks), .AgeMax(AgeMax), .IdleDrain(IdleDrain), .FifoWords(FifoWords), .AnsDepth(AnsDepth),
    .Depth(Depth), .InitCycles(InitCycles), .Ecc(Ecc), .EccWord(EccWord),
    .Axi(Axi), .AxiAddrW(32), .AxiTimeoutBits(12)
  ) u_kv (
    .clk_i, .rst_ni,
    .cfg_start_i, .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i, .cfg_pages_i, .cfg_chunk_i(cfg_chunk_i[La-1:0]),
    .cfg_part_i(cfg_part_i[La-1:0]), .cfg_step_i(cfg_step_i[BaBits-1:0]), .inj_owner_i,
    .ready_o, .idle_o, .pe_err_o, .cnt_refused_o, .pages_used_o(used), .pages_dirty_o(dirty),
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .kw_valid_i, .kw_ready_o, .kw_block_i, .kr_valid_o, .kr_ready_i, .kr_block_o, .kr_last_o, .kr_status_o,
    .ad_valid_i, .ad_ready_o, .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o, .ad_status_o,
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o(wrdata), .dfi_wrmask_o(wrmask),
    .dfi_rddata_valid_i, .dfi_rddata_i(dfi_rddata_i[8*WordBytes-1:0]), .dfi_rderr_i,
    .dfi_wrchk_o(wrchk), .dfi_wrchkmask_o(wrchkmask), .dfi_rdchk_i(rdchk),
    .ecc_en_i, .ecc_inj_en_i, .ecc_inj_rd_i, .ecc_inj_match_i, .ecc_inj_addr_i, .ecc_inj_beat_i, .ecc_inj_cw_i,
    .ecc_inj_mask_i({ecc_inj_chk_i, ecc_inj_data_i}), .ecc_inj_every_i, .ecc_log_clear_i, .ecc_log_pop_i, .ecc_log_valid_o,
    .ecc_log_data_o, .ecc_log_count_o, .ecc_log_lost_o, .ecc_first_valid_o, .ecc_first_data_o, .ecc_cnt_clear_i,
    .ecc_corrected_o, .ecc_detected_o, .ecc_poisoned_o, .ecc_injected_o,
    .patrol_gap_i, .patrol_pages_o, .patrol_words_o,
    .axi_clear_i, .axi_base_i, .axi_busy_o, .axi_err_clear_i, .axi_wr_err_o, .axi_wr_err_count_o, .axi_wr_err_addr_o,
    .axi_proto_err_o, .axi_timeout_o,
    .axi_awid_o, .axi_awaddr_o, .axi_awlen_o, .axi_awsize_o, .axi_awburst_o, .axi_awlock_o(axi_awrest_o[0]),
    .axi_awcache_o(axi_awrest_o[4:1]), .axi_awprot_o(axi_awrest_o[7:5]), .axi_awqos_o(axi_awrest_o[11:8]), .axi_awvalid_o,
    .axi_awready_i, .axi_wdata_o(wdata), .axi_wstrb_o(wstrb), .axi_wlast_o, .axi_wvalid_o, .axi_wready_i, .axi_bid_i, .axi_bresp_i,
    .axi_bvalid_i, .axi_bready_o,
    .axi_arid_o, .axi_araddr_o, .axi_arlen_o, .axi_arsize_o, .axi_arburst_o, .axi_arlock_o(axi_arrest_o[0]),
    .axi_arcache_o(axi_arrest_o[4:1]), .axi_arprot_o(axi_arrest_o[7:5]), .axi_arqos_o(axi_arrest_o[11:8]), .axi_arvalid_o,
    .axi_arready_i, .axi_rid_i, .axi_rdata_i(axi_rdata_i[8*WordBytes-1:0]), .axi_rresp_i, .axi_rlast_i, .axi_rvalid_i, .axi_rready_o,
    .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
  );
  wire unused_ok = &{1'b0, cfg_chunk_i, cfg_part_i, cfg_step_i, dfi_rddata_i, dfi_rdchk_i, axi_rdata_i};
endmodule
`default_nettype wire
