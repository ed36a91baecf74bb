// SPDX-License-Identifier: Apache-2.0
// Where the words on the data bus belong: follows the commands on their way to the device.
//
// Prof  device profile of mr_kv_dev_pkg.   PhyExtra  clocks that a PHY adds to Rl at most (sizes the queue of reads).
// cmd_*, cmd2_* (row commands, with RowColBus): commands as they enter. An ACT writes a table of open rows, a RD puts its address
// into a queue, a WR starts a delay line of Wl clocks.
// rd_valid_i: a read word; rd_addr_o, rd_beat_o, rd_match_o are its address, its place in the burst and whether its burst was matched.
// wr_valid_i: a write word, Wl + 0.. clocks behind its WR in the time of cmd_*; wr_beat_o and wr_match_o belong to it.
// Address: {bank group 2, bank 3, row 18, column in bursts 9}. Matched: match_i when the RD or WR entered. match_i must be stable for
// two clocks before the commands it is meant for.
// Queue overflow (a PHY slower than PhyExtra), a read word without a RD and a write word without a WR are assertions.
// Test: tests/rtl/kv_ecc.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_ecc_track #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int PhyExtra = 8
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire  [3:0]  cmd_i,
  input  wire  [1:0]  bg_i,
  input  wire  [2:0]  ba_i,
  input  wire  [17:0] a_i,
  input  wire  [3:0]  cmd2_i,
  input  wire  [1:0]  bg2_i,
  input  wire  [2:0]  ba2_i,
  input  wire  [17:0] a2_i,
  input  wire  [31:0] match_i,

  input  wire         rd_valid_i,
  output wire  [31:0] rd_addr_o,
  output wire  [2:0]  rd_beat_o,
  output wire         rd_match_o,
  input  wire         wr_valid_i,
  output wire  [2:0]  wr_beat_o,
  output wire         wr_match_o
);
  localparam int Burst   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]};
  localparam int BgBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]};
  localparam int BaBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]};
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]};
  localparam int ColBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]};
  localparam int Rl      = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRl +: 16]};
  localparam int Wl      = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWl +: 16]};
  localparam bit RowColBus = Prof[16*mr_kv_dev_pkg::IdxRowColBus];
  localparam int KBits   = BaBits + BgBits;
  localparam int BeatW   = $clog2(Burst);
  // A RD enters at most every Burst clocks and leaves with its last word.
  localparam int PtrW    = $clog2((Rl + PhyExtra + 2) / Burst + 2);
  localparam int Flight  = 1 << PtrW;
  localparam int EntW    = 1 + KBits + RowBits + ColBits;

  localparam logic [3:0] OpAct = 4'd1;
  localparam logic [3:0] OpRd  = 4'd2;
  localparam logic [3:0] OpWr  = 4'd3;

  // --- open rows ----------------------------------------------------------------------------------------------------
  logic [RowBits-1:0] row_mem [1 << KBits];
  logic [KBits-1:0]   col_k, act_k, match_k;
  logic [RowBits-1:0] act_row, row, match_row;
  logic               act, rd, wr, row_hit_q, match;

  assign act = (RowColBus ? cmd2_i : cmd_i) == OpAct;
  assign rd  = cmd_i == OpRd;
  assign wr  = cmd_i == OpWr;
  assign act_row   = RowColBus ? a2_i[RowBits-1:0] : a_i[RowBits-1:0];
  assign row       = row_mem[col_k];
  assign match_row = row_mem[match_k];
  generate
    if (BgBits == 0) begin : gen_one_group
      assign col_k   = ba_i[BaBits-1:0];
      assign act_k   = RowColBus ? ba2_i[BaBits-1:0] : col_k;
      assign match_k = match_i[27 +: BaBits];
    end else begin : gen_groups
      assign col_k   = {bg_i[BgBits-1:0], ba_i[BaBits-1:0]};
      assign act_k   = RowColBus ? {bg2_i[BgBits-1:0], ba2_i[BaBits-1:0]} : col_k;
      assign match_k = {match_i[30 +: BgBits], match_i[27 +: BaBits]};
    end
  endgenerate
  // row_hit_q: the row open in the bank of match_i is that of match_i.
  assign match = row_hit_q && col_k == match_k && a_i[ColBits-1:0] == match_i[ColBits-1:0];
  always_ff @(posedge clk_i) begin
    if (act) row_mem[act_k] <= act_row;
    row_hit_q <= ((act && act_k == match_k) ? act_row : match_row) == match_i[9 +: RowBits];
  end

  // --- reads under way ----------------------------------------------------------------------------------------------
  // A RD waits a clock, which takes the row table out of the path; its word comes later still.
  logic [EntW-1:0]  mem [Flight];
  logic [EntW-1:0]  in_q, head;
  logic             rd_q, pop;
  logic [PtrW:0]    wp_q, rp_q;
  logic [BeatW-1:0] rd_beat_q;

  assign head       = mem[rp_q[PtrW-1:0]];
  assign pop        = rd_valid_i && rd_beat_q == '1;
  assign rd_match_o = head[EntW-1];
  assign rd_beat_o  = 3'(rd_beat_q);
  generate
    if (BgBits == 0) begin : gen_addr
      assign rd_addr_o = {2'd0, 3'(head[ColBits+RowBits +: BaBits]), 18'(head[ColBits +: RowBits]), 9'(head[ColBits-1:0])};
    end else begin : gen_addr_groups
      assign rd_addr_o = {2'(head[ColBits+RowBits+BaBits +: BgBits]), 3'(head[ColBits+RowBits +: BaBits]),
                          18'(head[ColBits +: RowBits]), 9'(head[ColBits-1:0])};
    end
  endgenerate
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rd_q      <= 1'b0;
      wp_q      <= '0;
      rp_q      <= '0;
      rd_beat_q <= '0;
    end else begin
      rd_q <= rd;
      if (rd_q) wp_q <= wp_q + (PtrW+1)'(1);
      if (pop) rp_q <= rp_q + (PtrW+1)'(1);
      if (rd_valid_i) rd_beat_q <= rd_beat_q + BeatW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    in_q <= {match, col_k, row, a_i[ColBits-1:0]};
    if (rd_q) mem[wp_q[PtrW-1:0]] <= in_q;
  end

  // --- write words --------------------------------------------------------------------------------------------------
  logic             wr_start, start_match, wr_match_q;
  logic [BeatW-1:0] wr_beat_q;
  generate
    if (Wl == 0) begin : gen_wl0
      assign wr_start    = wr;
      assign start_match = match;
    end else begin : gen_wl
      logic [Wl-1:0] wr_pipe_q, match_pipe_q;
      assign wr_start    = wr_pipe_q[Wl-1];
      assign start_match = match_pipe_q[Wl-1];
      always_ff @(posedge clk_i) begin
        if (!rst_ni) wr_pipe_q <= '0;
        else wr_pipe_q <= (wr_pipe_q << 1) | Wl'(wr);
        match_pipe_q <= (match_pipe_q << 1) | Wl'(match);
      end
    end
  endgenerate
  assign wr_beat_o  = 3'(wr_beat_q);
  assign wr_match_o = wr_start ? start_match : wr_match_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) wr_beat_q <= '0;
    else if (wr_start || wr_beat_q != '0) wr_beat_q <= wr_beat_q + BeatW'(1);
    if (wr_start) wr_match_q <= start_match;
  end

  wire unused_ok = &{1'b0, bg_i, ba_i, a_i, cmd2_i, bg2_i, ba2_i, a2_i, match_i, wr_valid_i};

  initial if (RowBits > 18 || ColBits > 9 || Burst < 2 || Burst > 8) $fatal(1, "%m: the profile does not fit the address format");

  `MR_ASSERT(FlightFits, (PtrW+1)'(wp_q - rp_q) <= (PtrW+1)'(Flight))
  `MR_ASSERT(ReadHasRd, !rd_valid_i || wp_q != rp_q)
  `MR_ASSERT(WriteHasWr, wr_valid_i == (wr_start || wr_beat_q != '0))
  `MR_ASSERT(WriteAlone, !(wr_start && wr_beat_q != '0))
endmodule
`default_nettype wire
