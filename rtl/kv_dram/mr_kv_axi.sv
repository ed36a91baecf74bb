// SPDX-License-Identifier: Apache-2.0
// AXI4 master back end of the KV controller, in place of mr_kv_backend where the board's memory controller is hard.
//
// WordBytes  bytes of a word = AXI data width, a power of two 4..64.   BurstClks  words of a burst, a power of two 2..16.
// BaBits (>= 2), RowBits, ColBits  geometry of the page layout: log2 of banks, rows, and bursts of a row (over its bank groups).
// AddrW  AXI address bits.   IdW  AXI ID bits (all transactions have ID 0).   MaxBurst  beats of an AXI burst at most, a power of two
// BurstClks..256 (4 KB at most are used).   Latency  clocks from ARVALID to the first word for which MaxReads is chosen: three times as
// many words as come in that time, since many bursts are shorter than a window.   MaxReads, MaxWrites  transactions without a response at
// most, powers of two >= 2.   KeyBits  1..12, bits of the hash of a window's number by which order is kept.   TimeoutBits  4..31, see below.
//
// run_*, cfg_*, wd_*, rd_*, cnt_* as in mr_kv_backend (run_use_i < 2^20). Byte address of a burst: base_i + {row, bank, column} * burst bytes;
// base_i (stable while busy_o) is a multiple of 4096, its low bits are not used. An AXI burst covers bursts of one segment inside
// one naturally aligned window of MaxBurst beats (4 KB if that is less), so it never crosses a window or 4 KB. A read goes out when rd_room_i (one
// clock old) was high for each of its bursts, and earlier with fewer bursts when room ends.
// AXI: all outputs from registers, no path from READY to VALID; AW and W start independently of each other's READY, W never before its
// AWVALID; RREADY and BREADY are always high. Order: an AXI burst waits while a transaction of the other direction with the same key
// (same window, or a hash collision) has no response; the same direction has one ID and so is in order.
// Errors: a read word whose RESP is not OKAY (EXOKAY too), with a wrong ID or RLAST, has rd_err_o. Writes: wr_err_o (sticky),
// wr_err_count_o (saturating), wr_err_addr_o (first failed burst); err_clear_i clears these and proto_err_o (sticky: wrong ID or
// RLAST, or a response that nobody waits for, which is dropped).
// clear_i (with the reset of what sits in front): drops all runs; what went out before is completed (missing words with strobes 0),
// its read words and responses are swallowed; ready_o is low until then, 512 clocks at least. clear_i resets the counters too. rst_ni is for
// power-up or together with the memory side: a response to something sent before it would be taken for a new one's.
// A silent memory: 2^TimeoutBits clocks with reads waiting and no R word, or with writes waiting and no AW, W or B transfer, raise
// timeout_o. From then on nothing new goes out; every read word that is owed or asked for comes as an error, write words are taken and
// dropped (wr_err_o, one count for all that waited, one for each burst after that), so nobody hangs. What went out before
// stays valid by AXI's rules and is completed as after clear_i. timeout_o falls when clear_i came and all responses have,
// or by rst_ni.
// idle_o: no run is queued or owed anything; busy_o: that or a transaction without a response; rd_out_o / wr_out_o: their numbers.
// Counters: useful words, starvation (nothing asked, memory latency, padding), back-pressure (no read room), RD and WR bursts. A word read and
// one written in the same clock count one after the other.
// Latency: run to ARVALID 4 clocks plus one a burst, R to rd_valid_o 1. Throughput a word a clock each way. Tests: tests/rtl/kv_axi.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_axi #(
  parameter int WordBytes = 16,
  parameter int BurstClks = 4,
  parameter int BaBits = 3,
  parameter int RowBits = 16,
  parameter int ColBits = 8,
  parameter int AddrW = 40,
  parameter int IdW = 4,
  parameter int MaxBurst = 64,
  parameter int Latency = 200,
  parameter int MaxReads = 1 << $clog2(3 * Latency / ((MaxBurst * WordBytes > 4096) ? 4096 / WordBytes : MaxBurst) + 2),
  parameter int MaxWrites = 8,
  parameter int KeyBits = 8,
  parameter int TimeoutBits = 16,
  localparam int La = RowBits + ColBits,
  localparam int ReadsW = $clog2(MaxReads) + 1,
  localparam int WritesW = $clog2(MaxWrites) + 1
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               clear_i,

  input  wire  [AddrW-1:0]  base_i,
  input  wire  [La-1:0]     cfg_part_i,
  input  wire  [BaBits-1:0] cfg_step_i,

  input  wire               run_valid_i,
  output wire               run_ready_o,
  input  wire               run_wr_i,
  input  wire  [La-1:0]     run_base_i,
  input  wire  [BaBits-1:0] run_rot_i,
  input  wire  [BaBits-1:0] run_part_i,
  input  wire  [La-1:0]     run_off_i,
  input  wire  [La-1:0]     run_n_i,
  input  wire  [La+3:0]     run_use_i,

  input  wire  [8*WordBytes-1:0] wd_word_i,
  input  wire  [WordBytes-1:0] wd_be_i,
  output wire               wd_pop_o,
  output logic              rd_issue_o,
  input  wire               rd_room_i,
  output logic              rd_valid_o,
  output logic [8*WordBytes-1:0] rd_word_o,
  output logic              rd_err_o,
  output wire               idle_o,
  output wire               ready_o,

  output wire               busy_o,
  output wire  [ReadsW-1:0] rd_out_o,
  output wire  [WritesW-1:0] wr_out_o,
  input  wire               err_clear_i,
  output logic              wr_err_o,
  output logic [15:0]       wr_err_count_o,
  output logic [AddrW-1:0]  wr_err_addr_o,
  output logic              proto_err_o,
  output wire               timeout_o,

  output wire  [IdW-1:0]    axi_awid_o,
  output wire  [AddrW-1:0]  axi_awaddr_o,
  output wire  [7:0]        axi_awlen_o,
  output wire  [2:0]        axi_awsize_o,
  output wire  [1:0]        axi_awburst_o,
  output wire               axi_awlock_o,
  output wire  [3:0]        axi_awcache_o,
  output wire  [2:0]        axi_awprot_o,
  output wire  [3:0]        axi_awqos_o,
  output wire               axi_awvalid_o,
  input  wire               axi_awready_i,
  output wire  [8*WordBytes-1:0] axi_wdata_o,
  output wire  [WordBytes-1:0] axi_wstrb_o,
  output wire               axi_wlast_o,
  output wire               axi_wvalid_o,
  input  wire               axi_wready_i,
  input  wire  [IdW-1:0]    axi_bid_i,
  input  wire  [1:0]        axi_bresp_i,
  input  wire               axi_bvalid_i,
  output wire               axi_bready_o,
  output wire  [IdW-1:0]    axi_arid_o,
  output wire  [AddrW-1:0]  axi_araddr_o,
  output wire  [7:0]        axi_arlen_o,
  output wire  [2:0]        axi_arsize_o,
  output wire  [1:0]        axi_arburst_o,
  output wire               axi_arlock_o,
  output wire  [3:0]        axi_arcache_o,
  output wire  [2:0]        axi_arprot_o,
  output wire  [3:0]        axi_arqos_o,
  output wire               axi_arvalid_o,
  input  wire               axi_arready_i,
  input  wire  [IdW-1:0]    axi_rid_i,
  input  wire  [8*WordBytes-1:0] axi_rdata_i,
  input  wire  [1:0]        axi_rresp_i,
  input  wire               axi_rlast_i,
  input  wire               axi_rvalid_i,
  output wire               axi_rready_o,

  input  wire               cnt_snap_i,
  input  wire               cnt_rd_valid_i,
  input  wire  [6:0]        cnt_rd_addr_i,
  output wire               cnt_rd_done_o,
  output wire  [15:0]       cnt_rd_data_o
);
  localparam int BurstBytes  = WordBytes * BurstClks;
  localparam int LgBurst     = $clog2(BurstClks);
  localparam int LgBytes     = $clog2(BurstBytes);
  localparam int WindowBytes = (MaxBurst * WordBytes > 4096) ? 4096 : MaxBurst * WordBytes;
  localparam int LgWindow    = $clog2(WindowBytes) - LgBytes;    // log2 bursts of a window
  localparam int LenW        = LgWindow + 1;
  localparam int BeatW       = LgWindow + LgBurst;
  localparam int AtW         = RowBits + BaBits + ColBits;
  localparam int LgKey       = (LgWindow < ColBits) ? LgWindow : ColBits;
  localparam int RdOwedW     = $clog2(MaxReads) + BeatW + 2;
  localparam int WrOwedW     = $clog2(MaxWrites) + BeatW + 2;
  localparam int WarmBits    = 9;
  localparam int UseW        = (La + 4 < 20) ? La + 4 : 20;
  localparam logic [2:0] CauseIdle = 3'd5;       // codes of mr_kv_account
  localparam logic [2:0] CauseRoom = 3'd6;
  localparam logic [2:0] EvRd      = 3'd2;
  localparam logic [2:0] EvWr      = 3'd3;

  // The splitter's profile: geometry only; column bits cover the bank groups.
  localparam int ProfW = 16 * mr_kv_dev_pkg::Lanes;
  localparam logic [ProfW-1:0] Geometry = (ProfW'(BaBits) << (16 * mr_kv_dev_pkg::IdxBaBits))
    | (ProfW'(RowBits) << (16 * mr_kv_dev_pkg::IdxRowBits)) | (ProfW'(ColBits) << (16 * mr_kv_dev_pkg::IdxColBits))
    | (ProfW'(BurstClks) << (16 * mr_kv_dev_pkg::IdxBurstClks));

  initial begin
    if (WordBytes < 4 || WordBytes > 64 || WordBytes != 1 << $clog2(WordBytes)) $fatal(1, "%m: WordBytes must be 4, 8, 16, 32 or 64");
    if (BurstClks < 2 || BurstClks > 16 || BurstClks != 1 << LgBurst) $fatal(1, "%m: BurstClks must be 2, 4, 8 or 16");
    if (MaxBurst < BurstClks || MaxBurst > 256 || MaxBurst != 1 << $clog2(MaxBurst)) $fatal(1, "%m: MaxBurst must be a power of two, BurstClks..256");
    if (MaxReads != 1 << $clog2(MaxReads) || MaxReads < 2) $fatal(1, "%m: MaxReads must be a power of two");
    if (MaxWrites != 1 << $clog2(MaxWrites) || MaxWrites < 2) $fatal(1, "%m: MaxWrites must be a power of two");
    if (AddrW < AtW + LgBytes || AddrW < 13) $fatal(1, "%m: AddrW is too small for the memory");
    if (Latency < 1) $fatal(1, "%m: Latency must be at least 1");
    if (KeyBits < 1 || KeyBits > 12 || BaBits < 2) $fatal(1, "%m: KeyBits must be 1..12, BaBits at least 2");
    if (TimeoutBits < 4 || TimeoutBits > 31) $fatal(1, "%m: TimeoutBits must be 4..31");
  end

  // --- segments -----------------------------------------------------------------------------------------------------
  logic               drain_q, lost_q, dead, live_n;
  logic               seg_valid, seg_ready, seg_wr, split_ready;
  logic [BaBits-1:0]  seg_bank;
  logic [RowBits-1:0] seg_row;
  logic [ColBits-1:0] seg_col;
  logic [ColBits-1:0] seg_more;

  assign dead        = drain_q || lost_q || clear_i;
  assign live_n      = rst_ni && !clear_i;
  assign run_ready_o = split_ready && !drain_q;

  mr_kv_split #(.Prof(Geometry)) u_split (
    .clk_i, .rst_ni(live_n), .cfg_part_i, .cfg_step_i, .cfg_odd_i(1'b0),
    .run_valid_i(run_valid_i && !drain_q), .run_ready_o(split_ready), .run_wr_i, .run_base_i, .run_rot_i, .run_part_i, .run_off_i,
    .run_n_i,
    .seg_peek_o(), .seg_valid_o(seg_valid), .seg_ready_i(seg_ready), .seg_wr_o(seg_wr), .seg_bank_o(seg_bank),
    .seg_row_o(seg_row), .seg_col_o(seg_col), .seg_flip_o(), .seg_more_o(seg_more)
  );

  // --- bursts of a segment, one a clock, gathered into an AXI burst -------------------------------------------------
  logic               s_v_q, s_wr_q;      // segment
  logic [AtW-1:0]     s_at_q;             // next burst
  logic [ColBits-1:0] s_left_q;           // bursts behind it
  logic               c_v_q, c_wr_q;      // AXI burst, complete
  logic [AtW-1:0]     c_at_q;
  logic [LenW-1:0]    c_n_q;              // bursts in it so far
  logic [KeyBits-1:0] c_key_q, s_key;
  logic               room, turn, step, last, at_edge, go_rd, go_wr, owed, lose;

  assign seg_ready = !s_v_q;
  assign room      = s_wr_q || rd_room_i;
  assign turn      = s_v_q && !c_v_q && !lose && !(lost_q && owed);
  assign step      = turn && room;
  assign last      = s_left_q == '0;
  generate
    if (LgWindow == 0) begin : gen_single
      assign at_edge = 1'b1;
    end else begin : gen_window
      assign at_edge = &s_at_q[LgWindow-1:0];
    end
  endgenerate

  integer k;
  always_comb begin
    s_key = '0;
    for (k = LgKey; k < AtW; k = k + 1) s_key[k % KeyBits] = s_key[k % KeyBits] ^ s_at_q[k];
  end

  always_ff @(posedge clk_i) begin
    if (!live_n) begin
      s_v_q      <= 1'b0;
      c_v_q      <= 1'b0;
      c_n_q      <= '0;
      rd_issue_o <= 1'b0;
    end else begin
      s_v_q      <= seg_ready ? seg_valid : !(step && last);
      c_v_q      <= !lost_q && (turn ? (step ? last || at_edge : c_n_q != '0) : c_v_q && !(go_rd || go_wr));
      if (lost_q || go_rd || go_wr) c_n_q <= '0;
      else if (step) c_n_q <= c_n_q + LenW'(1);
      rd_issue_o <= step && !s_wr_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (seg_ready) begin
      s_wr_q   <= seg_wr;
      s_at_q   <= {seg_row, seg_bank, seg_col};
      s_left_q <= seg_more;
    end else if (step) begin
      s_at_q[ColBits-1:0] <= s_at_q[ColBits-1:0] + ColBits'(1);
      s_left_q <= s_left_q - ColBits'(1);
    end
    if (step && c_n_q == '0) begin
      c_wr_q  <= s_wr_q;
      c_at_q  <= s_at_q;
      c_key_q <= s_key;
    end
  end

  // --- commands -----------------------------------------------------------------------------------------------------
  logic             ar_ready, aw_ready, wl_valid, wl_ready, wl_pop, rp_pop, wp_pop;
  logic             rp_hit, rp_full, rp_empty, wp_hit, wp_full, wp_empty;
  logic [BeatW-1:0] c_beats, rp_beats, wl_beats;    // beats less one
  logic [AddrW-1:0] c_offset, s_offset, c_addr, s_addr, wp_addr;

  assign c_beats  = BeatW'({c_n_q, LgBurst'(0)}) - BeatW'(1);
  assign c_offset = AddrW'({c_at_q, LgBytes'(0)});
  assign s_offset = AddrW'({s_at_q, LgBytes'(0)});
  assign c_addr   = {base_i[AddrW-1:12] + c_offset[AddrW-1:12], c_offset[11:0]};
  assign s_addr   = {base_i[AddrW-1:12] + s_offset[AddrW-1:12], s_offset[11:0]};
  assign go_rd    = c_v_q && !c_wr_q && ar_ready && !rp_full && !wp_hit && !dead;
  assign go_wr    = c_v_q && c_wr_q && aw_ready && !wp_full && !rp_hit && !dead;

  mr_kv_axi_pend #(.Depth(MaxReads), .KeyBits(KeyBits), .DataW(BeatW)) u_reads (
    .clk_i, .rst_ni, .push_i(go_rd), .key_i(c_key_q), .data_i(c_beats), .pop_i(rp_pop), .data_o(rp_beats),
    .hit_o(rp_hit), .full_o(rp_full), .empty_o(rp_empty), .count_o(rd_out_o)
  );
  mr_kv_axi_pend #(.Depth(MaxWrites), .KeyBits(KeyBits), .DataW(AddrW)) u_writes (
    .clk_i, .rst_ni, .push_i(go_wr), .key_i(c_key_q), .data_i(c_addr), .pop_i(wp_pop), .data_o(wp_addr),
    .hit_o(wp_hit), .full_o(wp_full), .empty_o(wp_empty), .count_o(wr_out_o)
  );

  logic [AddrW-1:0] ar_addr_q, aw_addr_q;
  logic [BeatW-1:0] ar_beats_q, aw_beats_q;
  logic             ar_v_q, aw_v_q;
  assign ar_ready = !ar_v_q;
  assign aw_ready = !aw_v_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ar_v_q <= 1'b0;
      aw_v_q <= 1'b0;
    end else begin
      ar_v_q <= go_rd || (ar_v_q && !axi_arready_i);
      aw_v_q <= go_wr || (aw_v_q && !axi_awready_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (go_rd) {ar_addr_q, ar_beats_q} <= {c_addr, c_beats};
    if (go_wr) {aw_addr_q, aw_beats_q} <= {c_addr, c_beats};
  end
  assign axi_arvalid_o = ar_v_q;
  assign axi_awvalid_o = aw_v_q;
  assign axi_araddr_o  = ar_addr_q;
  assign axi_awaddr_o  = aw_addr_q;
  assign axi_arlen_o   = 8'(ar_beats_q);
  assign axi_awlen_o   = 8'(aw_beats_q);
  assign axi_arid_o    = '0;
  assign axi_awid_o    = '0;
  assign axi_arsize_o  = 3'($clog2(WordBytes));
  assign axi_awsize_o  = 3'($clog2(WordBytes));
  assign axi_arburst_o = 2'b01;
  assign axi_awburst_o = 2'b01;
  assign axi_arlock_o  = 1'b0;
  assign axi_awlock_o  = 1'b0;
  assign axi_arcache_o = 4'b0011;      // normal memory, may be merged and buffered, not cached
  assign axi_awcache_o = 4'b0011;
  assign axi_arprot_o  = 3'b000;
  assign axi_awprot_o  = 3'b000;
  assign axi_arqos_o   = 4'd0;
  assign axi_awqos_o   = 4'd0;

  // --- write words --------------------------------------------------------------------------------------------------
  logic             w_ready, w_push, w_last;
  logic [WrOwedW-1:0] wr_owed_q;
  logic [BeatW-1:0] w_beat_q;

  // Lengths of the write bursts whose words are not all out; no more than u_writes has entries.
  mr_fifo #(.Width(BeatW), .Depth(MaxWrites)) u_lengths (
    .clk_i, .rst_ni, .in_valid_i(go_wr), .in_ready_o(wl_ready), .in_data_i(c_beats),
    .out_valid_o(wl_valid), .out_ready_i(wl_pop), .out_data_o(wl_beats)
  );
  assign w_push   = wl_valid && w_ready;
  assign w_last   = w_beat_q == wl_beats;
  assign wl_pop   = w_push && w_last;
  assign wd_pop_o = (w_push && !dead) || (lost_q && wr_owed_q != '0 && !drain_q && !clear_i);

  mr_fifo #(.Width(9 * WordBytes + 1), .Depth(2)) u_w (
    .clk_i, .rst_ni, .in_valid_i(w_push), .in_ready_o(w_ready), .in_data_i({w_last, dead ? '0 : wd_be_i, wd_word_i}),
    .out_valid_o(axi_wvalid_o), .out_ready_i(axi_wready_i), .out_data_o({axi_wlast_o, axi_wstrb_o, axi_wdata_o})
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) w_beat_q <= '0;
    else if (w_push) w_beat_q <= w_last ? '0 : w_beat_q + BeatW'(1);
  end

  logic             r_mine, r_last, r_odd, b_odd, b_bad, drained, w_fail;
  logic [WarmBits:0] warm_q;

  // --- a silent memory ----------------------------------------------------------------------------------------------
  // Words owed to the data path: read words announced and not delivered, write words of bursts taken on and not yet fetched.
  logic [RdOwedW-1:0]   rd_owed_q;
  logic [TimeoutBits:0] rd_wait_q, wr_wait_q;
  logic                 r_word, lost_rd, lose_wr, drop_wr;

  assign owed    = rd_owed_q != '0 || wr_owed_q != '0;
  assign lost_rd = lost_q && rd_owed_q != '0 && !drain_q && !clear_i;
  assign r_word  = (r_mine && !dead) || lost_rd;
  assign lose    = !lost_q && (rd_wait_q[TimeoutBits] || wr_wait_q[TimeoutBits]) && !axi_rvalid_i && !axi_bvalid_i;
  assign lose_wr = lose && !drain_q && !clear_i && (!wp_empty || (c_wr_q && c_n_q != '0));
  assign drop_wr = lost_q && step && s_wr_q;
  assign timeout_o = lost_q;

  always_ff @(posedge clk_i) begin
    if (!live_n) begin
      rd_owed_q <= '0;
      wr_owed_q <= '0;
    end else begin
      rd_owed_q <= rd_owed_q + ((step && !s_wr_q) ? RdOwedW'(BurstClks) : '0) - RdOwedW'(r_word);
      wr_owed_q <= wr_owed_q + ((step && s_wr_q) ? WrOwedW'(BurstClks) : '0) - WrOwedW'(wd_pop_o);
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      lost_q    <= 1'b0;
      rd_wait_q <= '0;
      wr_wait_q <= '0;
    end else begin
      lost_q <= lose || (lost_q && !drained);
      if (rp_empty || axi_rvalid_i) rd_wait_q <= '0;
      else if (!rd_wait_q[TimeoutBits]) rd_wait_q <= rd_wait_q + (TimeoutBits+1)'(1);
      if (wp_empty || axi_bvalid_i || (axi_awvalid_o && axi_awready_i) || (axi_wvalid_o && axi_wready_i)) wr_wait_q <= '0;
      else if (!wr_wait_q[TimeoutBits]) wr_wait_q <= wr_wait_q + (TimeoutBits+1)'(1);
    end
  end

  // --- responses ----------------------------------------------------------------------------------------------------
  logic [BeatW-1:0] r_beat_q;

  assign axi_rready_o = 1'b1;          // room was reserved
  assign axi_bready_o = 1'b1;
  assign r_mine = axi_rvalid_i && !rp_empty;
  assign r_last = r_beat_q == rp_beats;
  assign r_odd  = axi_rid_i != '0 || axi_rlast_i != r_last;
  assign rp_pop = r_mine && r_last;
  assign wp_pop = axi_bvalid_i && !wp_empty;
  assign b_odd  = axi_bid_i != '0;
  assign b_bad  = axi_bresp_i != 2'b00 || b_odd;
  assign drained = drain_q && !clear_i && rp_empty && wp_empty && warm_q[WarmBits];
  assign w_fail = (wp_pop && b_bad && !lost_q) || lose_wr || drop_wr;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rd_valid_o     <= 1'b0;
      r_beat_q       <= '0;
      drain_q        <= 1'b1;
      wr_err_o       <= 1'b0;
      wr_err_count_o <= 16'd0;
      proto_err_o    <= 1'b0;
    end else begin
      rd_valid_o <= r_word;
      if (r_mine) r_beat_q <= r_last ? '0 : r_beat_q + BeatW'(1);
      drain_q    <= clear_i || (drain_q && !drained);
      if (w_fail) begin
        wr_err_o <= 1'b1;
        if (err_clear_i) wr_err_count_o <= 16'd1;
        else if (wr_err_count_o != 16'hffff) wr_err_count_o <= wr_err_count_o + 16'd1;
      end else if (err_clear_i) begin
        wr_err_o       <= 1'b0;
        wr_err_count_o <= 16'd0;
      end
      if ((axi_rvalid_i && (rp_empty || r_odd)) || (axi_bvalid_i && (wp_empty || b_odd))) proto_err_o <= 1'b1;
      else if (err_clear_i) proto_err_o <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    rd_word_o <= axi_rdata_i;
    rd_err_o  <= axi_rresp_i != 2'b00 || r_odd || lost_q;
    if (w_fail && (!wr_err_o || err_clear_i)) wr_err_addr_o <= drop_wr ? s_addr : wp_empty ? c_addr : wp_addr;
  end

  assign ready_o = !drain_q;
  assign idle_o  = split_ready && !s_v_q && !c_v_q && !owed && !rd_valid_o && !drain_q && (lost_q || (rp_empty && wp_empty));
  assign busy_o  = !idle_o || !rp_empty || !wp_empty;

  // --- counters -----------------------------------------------------------------------------------------------------
  // They need 300 clocks after their reset.
  always_ff @(posedge clk_i) begin
    if (!live_n) warm_q <= '0;
    else if (!warm_q[WarmBits]) warm_q <= warm_q + (WarmBits+1)'(1);
  end

  logic        w_word, slot;
  logic [15:0] late_q;                 // words that moved in the same clock as another one and are still to be counted

  assign w_word = wd_pop_o;
  assign slot   = r_word || w_word || late_q != 16'd0;
  always_ff @(posedge clk_i) begin
    if (!live_n) late_q <= 16'd0;
    else if (r_word && w_word) late_q <= late_q + 16'(late_q != 16'hffff);
    else if (!r_word && !w_word && late_q != 16'd0) late_q <= late_q - 16'd1;
  end

  mr_kv_account #(.Skew(1), .UseW(UseW)) u_account (
    .clk_i, .rst_ni(live_n), .run_i(ready_o), .rd_slot_i(slot), .wr_slot_i(1'b0),
    .cause_i((turn && !room) ? CauseRoom : CauseIdle), .use_valid_i(run_valid_i && run_ready_o), .use_i(run_use_i[UseW-1:0]),
    .open_i(1'b0), .row_ev_i(3'd0), .col_ev_i(!step ? 3'd0 : s_wr_q ? EvWr : EvRd),
    .snap_i(cnt_snap_i), .rd_valid_i(cnt_rd_valid_i), .rd_addr_i(cnt_rd_addr_i), .rd_done_o(cnt_rd_done_o),
    .rd_data_o(cnt_rd_data_o)
  );

  wire unused_ok = &{1'b0, base_i[11:0], wl_ready};

  `MR_ASSERT(Use, !(run_valid_i && (run_use_i >> UseW) != '0))
  `MR_ASSERT(ReadsOwed, !(r_word && rd_owed_q == '0))
  `MR_ASSERT(WritesOwed, !(wd_pop_o && wr_owed_q == '0))
  `MR_ASSERT(LengthFits, !go_wr || wl_ready)
  `MR_ASSERT(OneWindow, !c_v_q || ((c_n_q - LenW'(1)) >> LgWindow) == '0)
endmodule
`default_nettype wire
