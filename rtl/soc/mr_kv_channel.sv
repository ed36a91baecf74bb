// SPDX-License-Identifier: Apache-2.0
// One KV channel of the chip: the controller with DRAM back end and the registers of its ECC, down to the DFI-like port.
//
// Prof, DqBytes  device profile of mr_kv_dev_pkg and bytes of its data bus a clock (the profile's times 2^n: devices side by side).
// Slots, Layers, Heads, MaxNbh (1..16), Pages, SlotBlocks, InitCycles, PinRegs  see mr_kv_top; the model's blocks are Q8_0.
// Ecc  0, or the data bits of a code word: 16, 32 (nbh even), 64 (nbh a multiple of 4): see mr_kv_ecc.
// ecc_sel_i, write_i, addr_i, wdata_i, ecc_rdata_o, ecc_error_o: mr_csr_kv_ecc; without ECC every access is an error.
// cfg_start_i ... cnt_rd_data_o: mr_kv_regs.   refused_o (one clock): a tile's command was refused.   kc_*, kw_*, kr_*: docs/interfaces.md section 3.
// dfi_*: see mr_kv_sched. dfi_ready_o: the device has been initialised; it stays in use while the tables are built anew. Tests: tests/cosim.
`default_nettype none
module mr_kv_channel #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int DqBytes = 8,
  parameter int Slots = 8,
  parameter int Layers = 32,
  parameter int Heads = 8,
  parameter int MaxNbh = 4,
  parameter int Pages = 1024,
  parameter int SlotBlocks = 64,
  parameter int InitCycles = 0,
  parameter int Ecc = 0,
  parameter bit PinRegs = 1'b1,
  localparam int EccWord = Ecc != 0 ? Ecc : 16,
  localparam int Codes = 8 * DqBytes / EccWord,
  localparam int CodeChk = mr_kv_ecc_pkg::chk_bits(EccWord),
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int La = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                    + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]}
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  input  wire                  ecc_sel_i,
  input  wire                  write_i,
  input  wire  [11:0]          addr_i,
  input  wire  [31:0]          wdata_i,
  output wire  [31:0]          ecc_rdata_o,
  output wire                  ecc_error_o,
  input  wire                  cfg_start_i,
  input  wire  [8:0]           cfg_layers_i,
  input  wire  [8:0]           cfg_heads_i,
  input  wire  [4:0]           cfg_nbh_i,
  input  wire  [16:0]          cfg_pages_i,
  input  wire  [La-1:0]        cfg_chunk_i,
  input  wire  [La-1:0]        cfg_part_i,
  input  wire  [BaBits-1:0]    cfg_step_i,
  output wire                  ready_o,
  output wire                  idle_o,
  output wire                  pe_err_o,
  output wire                  refused_o,
  output wire  [63:0]          cnt_refused_o,
  output wire  [16:0]          pages_used_o,
  output wire  [16:0]          pages_dirty_o,
  input  wire                  ad_valid_i,
  output wire                  ad_ready_o,
  input  wire  [1:0]           ad_op_i,
  input  wire  [7:0]           ad_slot_i,
  input  wire  [7:0]           ad_src_i,
  input  wire  [17:0]          ad_len_i,
  output wire                  ad_done_o,
  output wire  [3:0]           ad_status_o,
  input  wire                  cnt_snap_i,
  input  wire                  cnt_rd_valid_i,
  input  wire  [6:0]           cnt_rd_addr_i,
  output wire                  cnt_rd_done_o,
  output wire  [15:0]          cnt_rd_data_o,

  input  wire                  kc_valid_i,
  output wire                  kc_ready_o,
  input  wire  [1:0]           kc_op_i,
  input  wire  [7:0]           kc_slot_i,
  input  wire  [7:0]           kc_layer_i,
  input  wire  [7:0]           kc_head_i,
  input  wire                  kc_kind_i,
  input  wire  [17:0]          kc_pos_i,
  input  wire  [5:0]           kc_count_i,
  input  wire                  kw_valid_i,
  output wire                  kw_ready_o,
  input  wire  [271:0]         kw_block_i,
  output wire                  kr_valid_o,
  input  wire                  kr_ready_i,
  output wire  [271:0]         kr_block_o,
  output wire                  kr_last_o,
  output wire  [3:0]           kr_status_o,

  output logic                 dfi_ready_o,
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
  input  wire  [8*DqBytes-1:0] dfi_rddata_i,
  output wire  [Codes*CodeChk-1:0] dfi_wrchk_o,
  output wire  [Codes-1:0]     dfi_wrchkmask_o,
  input  wire  [Codes*CodeChk-1:0] dfi_rdchk_i
);
  // The read FIFO holds the device's latency, the way there and back, and bursts of margin, so that reads never wait for room.
  localparam int FifoWords = 1 << $clog2(3 * {16'd0, Prof[16*mr_kv_dev_pkg::IdxRl +: 16]}
                                         + 4 * {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]} + 8);
  // mr_kv_account needs three rounds of 128 clocks to start; some devices' initial wait is shorter.
  localparam int Wait = (InitCycles == 0 && Prof[16*mr_kv_dev_pkg::IdxInitNop +: 16] < 16'd400) ? 400 : InitCycles;
  localparam int PageW = (Pages < 2) ? 1 : $clog2(Pages);

  logic [PageW:0] used, dirty;

  assign refused_o     = kr_valid_o && kr_ready_i && kr_last_o && kr_status_o != 4'd0;
  assign pages_used_o  = 17'(used);
  assign pages_dirty_o = 17'(dirty);

  // ---- registers of the ECC ----
  logic        ecc_en, inj_en, inj_rd, inj_match, log_clear, log_pop, log_valid, first_valid, cnt_clear;
  logic [31:0] inj_addr, corrected, detected, poisoned, injected, patrol_pages, patrol_words;
  logic [2:0]  inj_beat, inj_cw;
  logic [71:0] inj_mask;
  logic [15:0] inj_every, patrol_gap;
  logic [63:0] log_data, first_data;
  logic [4:0]  log_count;
  logic [7:0]  log_lost;
  generate
    if (Ecc != 0) begin : gen_ecc
      mr_csr_kv_ecc u_csr (
        .clk_i, .rst_ni, .sel_i(ecc_sel_i), .write_i, .addr_i, .wdata_i, .rdata_o(ecc_rdata_o), .error_o(ecc_error_o),
        .caps_word_i(8'(EccWord)), .caps_codes_i(4'(Codes)), .caps_check_i(4'(CodeChk)), .ctrl_enable_q(ecc_en),
        .command_log_clear_cmd(log_clear), .command_log_pop_cmd(log_pop), .command_cnt_clear_cmd(cnt_clear),
        .log_status_valid_i(log_valid), .log_status_first_valid_i(first_valid), .log_status_count_i(log_count),
        .log_status_lost_i(log_lost), .log_lo_i(log_data[31:0]), .log_hi_beat_i(log_data[34:32]), .log_hi_cw_i(log_data[37:35]),
        .log_hi_syndrome_i(log_data[45:38]), .log_hi_kind_i(log_data[47:46]), .log_hi_time_i(log_data[63:48]),
        .first_lo_i(first_data[31:0]), .first_hi_i(first_data[63:32]), .corrected_i(corrected), .detected_i(detected),
        .poisoned_i(poisoned), .injected_i(injected), .inj_read_q(inj_rd), .inj_match_q(inj_match), .inj_beat_q(inj_beat),
        .inj_cw_q(inj_cw), .inj_every_q(inj_every), .inj_addr_q(inj_addr), .inj_mask_lo_q(inj_mask[31:0]),
        .inj_mask_hi_q(inj_mask[63:32]), .inj_check_q(inj_mask[71:64]), .inj_enable_q(inj_en), .patrol_gap_q(patrol_gap),
        .patrol_pages_i(patrol_pages), .patrol_words_i(patrol_words)
      );
    end else begin : gen_plain
      assign ecc_rdata_o = '0;
      assign ecc_error_o = 1'b1;
      assign {ecc_en, inj_en, inj_rd, inj_match, inj_addr, inj_beat, inj_cw, inj_mask, inj_every} = '0;
      assign {log_clear, log_pop, cnt_clear, patrol_gap} = '0;
      wire unused_ok = &{1'b0, ecc_sel_i, write_i, addr_i, wdata_i, log_valid, log_data, log_count, log_lost, first_valid,
                         first_data, corrected, detected, poisoned, injected, patrol_pages, patrol_words};
    end
  endgenerate

  // ---- controller ----
  mr_kv_top #(
    .Prof(Prof), .WordBytes(DqBytes), .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages),
    .SlotBlocks(SlotBlocks), .FifoWords(FifoWords), .InitCycles(Wait), .PinRegs(PinRegs),
    .Ecc(Ecc != 0 ? 1 : 0), .EccWord(EccWord)
  ) u_kv (
    .clk_i, .rst_ni,
    .cfg_start_i, .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i({1'b0, cfg_nbh_i}), .cfg_pages_i, .cfg_chunk_i, .cfg_part_i, .cfg_step_i,
    .inj_owner_i(1'b0), .ready_o, .idle_o, .pe_err_o, .cnt_refused_o, .pages_used_o(used), .pages_dirty_o(dirty),
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .kw_valid_i, .kw_ready_o, .kw_block_i, .kr_valid_o, .kr_ready_i, .kr_block_o, .kr_last_o, .kr_status_o,
    .ad_valid_i, .ad_ready_o, .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o, .ad_status_o,
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o, .dfi_wrmask_o, .dfi_rddata_valid_i, .dfi_rddata_i, .dfi_rderr_i(1'b0),
    .dfi_wrchk_o, .dfi_wrchkmask_o, .dfi_rdchk_i,
    .ecc_en_i(ecc_en), .ecc_inj_en_i(inj_en), .ecc_inj_rd_i(inj_rd), .ecc_inj_match_i(inj_match), .ecc_inj_addr_i(inj_addr),
    .ecc_inj_beat_i(inj_beat), .ecc_inj_cw_i(inj_cw), .ecc_inj_mask_i(inj_mask), .ecc_inj_every_i(inj_every),
    .ecc_log_clear_i(log_clear), .ecc_log_pop_i(log_pop), .ecc_log_valid_o(log_valid), .ecc_log_data_o(log_data),
    .ecc_log_count_o(log_count), .ecc_log_lost_o(log_lost), .ecc_first_valid_o(first_valid), .ecc_first_data_o(first_data),
    .ecc_cnt_clear_i(cnt_clear), .ecc_corrected_o(corrected), .ecc_detected_o(detected), .ecc_poisoned_o(poisoned),
    .ecc_injected_o(injected), .patrol_gap_i(patrol_gap), .patrol_pages_o(patrol_pages), .patrol_words_o(patrol_words),
    .axi_clear_i(1'b0), .axi_base_i(40'd0), .axi_busy_o(), .axi_err_clear_i(1'b0), .axi_wr_err_o(), .axi_wr_err_count_o(),
    .axi_wr_err_addr_o(), .axi_proto_err_o(), .axi_timeout_o(), .axi_awid_o(), .axi_awaddr_o(), .axi_awlen_o(), .axi_awsize_o(),
    .axi_awburst_o(), .axi_awlock_o(), .axi_awcache_o(), .axi_awprot_o(), .axi_awqos_o(), .axi_awvalid_o(), .axi_awready_i(1'b0),
    .axi_wdata_o(), .axi_wstrb_o(), .axi_wlast_o(), .axi_wvalid_o(), .axi_wready_i(1'b0), .axi_bid_i(4'd0), .axi_bresp_i(2'd0),
    .axi_bvalid_i(1'b0), .axi_bready_o(), .axi_arid_o(), .axi_araddr_o(), .axi_arlen_o(), .axi_arsize_o(), .axi_arburst_o(),
    .axi_arlock_o(), .axi_arcache_o(), .axi_arprot_o(), .axi_arqos_o(), .axi_arvalid_o(), .axi_arready_i(1'b0), .axi_rid_i(4'd0),
    .axi_rdata_i((8 * DqBytes)'(0)), .axi_rresp_i(2'd0), .axi_rlast_i(1'b0), .axi_rvalid_i(1'b0), .axi_rready_o(),
    .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) dfi_ready_o <= 1'b0;
    else if (ready_o) dfi_ready_o <= 1'b1;
  end
endmodule
`default_nettype wire
