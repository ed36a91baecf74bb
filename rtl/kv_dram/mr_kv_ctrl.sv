// SPDX-License-Identifier: Apache-2.0
// KV-cache DRAM controller: APPEND, STREAM and FREE over SDR SDRAM; in order; block table and free list in SRAM.
//
// Slots, Layers, Heads, MaxNbh, Pages, SlotBlocks: limits, see mr_kv_front. DqBytes, RowBits, ColBits, Timing, InitCycles,
// ReadExtra: device, see mr_kv_sdram. The page layout is in docs/kv_dram.md.
//
// kc_*, kw_*, kr_*: docs/interfaces.md section 3 (R1-R6; kc_ready_o and kw_ready_o depend on valid and payload, R4). A port that
// sent an accepted or refused APPEND must offer its nbh blocks, and responses must be taken: the controller works in order.
// First STREAM beat at an idle controller with closed rows, mr_kv_mux included: tRCD + CL + 18 + (64 nbh + 32) / DqBytes clocks
// (scales of 32 positions come first); then 32 / DqBytes clocks a block.
//
// Register block interface (flat, synchronous, for the CSR block):
//   cfg_layers_i 1..Layers, cfg_heads_i 1..Heads, cfg_nbh_i 1..MaxNbh, cfg_pages_i 1..Pages (larger values act as Pages): the
//     model's shape; change only while pages_free_o equals cfg_pages_i and no command is under way.
//   free_req_i (one clock), free_slot_i, free_busy_o: FREE(slot); a pulse while busy is counted as refused.
//   ready_o: initialisation done. pages_free_o: pages that no slot owns.
//   cnt_*_o: 32-bit counters since reset, modulo 2^32: clocks, useful data-bus words read and written, refreshes,
//     activates, refused commands.
// Reset: everything is forgotten, the device is initialised again. Test: tests/rtl/kv_dram.
`default_nettype none
module mr_kv_ctrl #(
  parameter int Slots = 8,
  parameter int Layers = 32,
  parameter int Heads = 8,
  parameter int MaxNbh = 4,
  parameter int Pages = 1024,
  parameter int SlotBlocks = 64,
  parameter int DqBytes = 8,
  parameter int RowBits = mr_kv_timing_pkg::RowBits,
  parameter int ColBits = mr_kv_timing_pkg::ColBits,
  parameter logic [16*mr_kv_timing_pkg::Lanes-1:0] Timing = mr_kv_timing_pkg::Sdr100,
  parameter int InitCycles = 0,
  parameter int ReadExtra = 0
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,

  input  wire  [8:0]           cfg_layers_i,
  input  wire  [8:0]           cfg_heads_i,
  input  wire  [4:0]           cfg_nbh_i,
  input  wire  [16:0]          cfg_pages_i,
  input  wire                  free_req_i,
  input  wire  [7:0]           free_slot_i,
  output wire                  free_busy_o,
  output wire                  ready_o,
  output wire  [16:0]          pages_free_o,
  output logic [31:0]          cnt_cycles_o,
  output logic [31:0]          cnt_rd_words_o,
  output logic [31:0]          cnt_wr_words_o,
  output logic [31:0]          cnt_refresh_o,
  output logic [31:0]          cnt_activate_o,
  output logic [31:0]          cnt_refused_o,

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
  localparam int AddrBits = RowBits + ColBits;
  localparam int RunBits  = ColBits - 1;
  localparam int SubBits  = $clog2(2 * DqBytes);
  localparam int PageCntW = $clog2(Pages + 1);
  localparam int LgWords  = $clog2(32 / DqBytes);
  localparam int LgLane   = $clog2(DqBytes / 2);

  logic                job_valid, job_ready, job_append;
  logic [3:0]          job_status;
  logic [AddrBits-1:0] job_base;
  logic [9:0]          job_cn;
  logic                rsp_valid, rsp_ready;
  logic [9:0]          rsp_blocks;
  logic [3:0]          rsp_status;
  logic                kw_drop, kw_take;
  logic                run_valid, run_ready, run_wr, run_scale, sd_idle;
  logic [AddrBits-1:0] run_addr;
  logic [RunBits-1:0]  run_n;
  logic [SubBits-1:0]  run_sub;
  logic                data_room, scale_room, rd_data, rd_scale, rdat_valid, rdat_scale;
  logic [8*DqBytes-1:0] rdat;
  logic                ev_start, ev_act, ev_ref, front_ready, sd_ready;
  logic [1:0]          ev_refused;
  logic [PageCntW-1:0] pages_free, cfg_pages;

  assign cfg_pages    = (32'(cfg_pages_i) > Pages) ? PageCntW'(Pages) : PageCntW'(cfg_pages_i);
  assign pages_free_o = 17'(pages_free);
  assign ready_o      = front_ready && sd_ready;
  assign kw_ready_o   = kw_drop || kw_take;

  mr_kv_front #(
    .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages), .SlotBlocks(SlotBlocks),
    .DqBytes(DqBytes), .RowBits(RowBits), .ColBits(ColBits)
  ) u_front (
    .clk_i, .rst_ni,
    .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i, .cfg_pages_i(cfg_pages),
    .free_req_i, .free_slot_i, .free_busy_o, .pages_free_o(pages_free),
    .ev_refused_o(ev_refused), .ready_o(front_ready),
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .job_valid_o(job_valid), .job_ready_i(job_ready), .job_append_o(job_append), .job_status_o(job_status),
    .job_base_o(job_base), .job_cn_o(job_cn)
  );

  mr_kv_seq #(.DqBytes(DqBytes), .RowBits(RowBits), .ColBits(ColBits)) u_seq (
    .clk_i, .rst_ni, .cfg_nbh_i,
    .job_valid_i(job_valid), .job_ready_o(job_ready), .job_append_i(job_append), .job_status_i(job_status),
    .job_base_i(job_base), .job_cn_i(job_cn),
    .rsp_valid_o(rsp_valid), .rsp_ready_i(rsp_ready), .rsp_blocks_o(rsp_blocks), .rsp_status_o(rsp_status),
    .kw_valid_i, .kw_drop_o(kw_drop),
    .run_valid_o(run_valid), .run_ready_i(run_ready), .run_wr_o(run_wr), .run_scale_o(run_scale),
    .run_addr_o(run_addr), .run_n_o(run_n), .run_sub_o(run_sub), .idle_i(sd_idle)
  );

  mr_kv_sdram #(
    .DqBytes(DqBytes), .RowBits(RowBits), .ColBits(ColBits), .Timing(Timing), .InitCycles(InitCycles),
    .ReadExtra(ReadExtra)
  ) u_sdram (
    .clk_i, .rst_ni,
    .run_valid_i(run_valid), .run_ready_o(run_ready), .run_wr_i(run_wr), .run_scale_i(run_scale),
    .run_addr_i(run_addr), .run_n_i(run_n), .run_sub_i(run_sub), .idle_o(sd_idle),
    .kw_valid_i, .kw_block_i, .kw_take_o(kw_take),
    .data_room_i(data_room), .scale_room_i(scale_room), .rd_data_o(rd_data), .rd_scale_o(rd_scale),
    .rdat_valid_o(rdat_valid), .rdat_scale_o(rdat_scale), .rdat_o(rdat),
    .ev_act_o(ev_act), .ev_ref_o(ev_ref), .ready_o(sd_ready),
    .cke_o(sd_cke_o), .cs_no(sd_cs_no), .ras_no(sd_ras_no), .cas_no(sd_cas_no), .we_no(sd_we_no),
    .ba_o(sd_ba_o), .a_o(sd_a_o), .dqm_o(sd_dqm_o), .dq_o(sd_dq_o), .dq_oe_o(sd_dq_oe_o), .dq_i(sd_dq_i)
  );

  mr_kv_resp #(.DqBytes(DqBytes), .MaxNbh(MaxNbh)) u_resp (
    .clk_i, .rst_ni,
    .job_valid_i(rsp_valid), .job_ready_o(rsp_ready), .job_blocks_i(rsp_blocks), .job_status_i(rsp_status),
    .data_room_o(data_room), .scale_room_o(scale_room), .rd_data_i(rd_data), .rd_scale_i(rd_scale),
    .rdat_valid_i(rdat_valid), .rdat_scale_i(rdat_scale), .rdat_i(rdat),
    .kr_valid_o, .kr_ready_i, .kr_block_o, .kr_last_o, .kr_status_o
  );

  // Useful words: the data, and the words that hold the scales asked for (not what a burst reads around them).
  assign ev_start = job_valid && job_ready && job_status == 4'd0;
  logic [13:0] rd_words;
  logic [8:0]  wr_words;
  assign rd_words = (14'(job_cn) << LgWords) + ((14'(job_cn) + 14'((1 << LgLane) - 1)) >> LgLane);
  assign wr_words = 9'(cfg_nbh_i) + (9'(cfg_nbh_i) << LgWords);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_cycles_o   <= 32'd0;
      cnt_rd_words_o <= 32'd0;
      cnt_wr_words_o <= 32'd0;
      cnt_refresh_o  <= 32'd0;
      cnt_activate_o <= 32'd0;
      cnt_refused_o  <= 32'd0;
    end else begin
      cnt_cycles_o <= cnt_cycles_o + 32'd1;
      if (ev_start && !job_append) cnt_rd_words_o <= cnt_rd_words_o + 32'(rd_words);
      if (ev_start && job_append) cnt_wr_words_o <= cnt_wr_words_o + 32'(wr_words);
      if (ev_ref) cnt_refresh_o <= cnt_refresh_o + 32'd1;
      if (ev_act) cnt_activate_o <= cnt_activate_o + 32'd1;
      if (ev_refused != 2'd0) cnt_refused_o <= cnt_refused_o + 32'(ev_refused[1]) + 32'(ev_refused[0]);
    end
  end
endmodule
`default_nettype wire
