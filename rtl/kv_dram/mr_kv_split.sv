// SPDX-License-Identifier: Apache-2.0
// Cuts runs of bursts into segments that lie in one super-row (the same row of one bank in every bank group).
//
// Prof  device profile of mr_kv_dev_pkg (geometry only).   RunBits  run_n_i is below 2^RunBits.
// A run is run_n_i bursts from offset run_off_i in part run_part_i of the page at run_base_i with rotation run_rot_i. An offset beyond
// the part goes on in the next part (a clock a step). cfg_part_i bursts a part (>= 1); cfg_step_i rotation from one block of a slot to the
// next, a power of two or 0; cfg_odd_i: a chunk has an odd number of bursts. Then, if parts are even, every second block swaps the
// bank groups pairwise (seg_flip_o is added to bit 0 of the column): the last burst of one block and the first of the
// next meet in different groups. cfg_* are stable while runs are in the queue.
// run_*: ready/valid, run_ready_o from registers. seg_*: ready/valid, all from registers.
// seg_peek_o: bank, row and column of the next segment stand already, one clock before seg_valid_o (count) at the earliest.
// Latency: run to seg_peek_o 1 clock, to seg_valid_o 2; a segment every 3 clocks. Tests: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_split #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int RunBits = 64,
  localparam int BgBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]},
  localparam int BaBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]},
  localparam int ColW    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]} + BgBits,
  localparam int La      = RowBits + ColW,
  localparam int Burst   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]},
  localparam int TRas    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRas +: 16]},
  localparam int TRp     = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRp +: 16]},
  localparam int TRcd    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRcdRd +: 16]}
) (
  input  wire               clk_i,
  input  wire               rst_ni,

  input  wire  [La-1:0]     cfg_part_i,
  input  wire  [BaBits-1:0] cfg_step_i,
  input  wire               cfg_odd_i,

  input  wire               run_valid_i,
  output wire               run_ready_o,
  input  wire               run_wr_i,
  input  wire  [La-1:0]     run_base_i,
  input  wire  [BaBits-1:0] run_rot_i,
  input  wire  [BaBits-1:0] run_part_i,
  input  wire  [La-1:0]     run_off_i,
  input  wire  [La-1:0]     run_n_i,

  output wire               seg_peek_o,
  output logic              seg_valid_o,
  input  wire               seg_ready_i,
  output logic              seg_wr_o,
  output wire  [BaBits-1:0] seg_bank_o,
  output wire  [RowBits-1:0] seg_row_o,
  output wire  [ColW-1:0]   seg_col_o,
  output logic              seg_flip_o,
  output wire  [ColW-1:0]   seg_more_o    // bursts behind the first
);
  // Bursts left in the run and in the part, both less one: the sign says that nothing is left.
  localparam int NW = (RunBits > La) ? La : (RunBits > ColW) ? RunBits : ColW + 1;
  logic [NW:0]        n_q;
  logic [La:0]        left_q;
  logic [La-1:0]      loc_q;        // burst in the bank: {row, column}
  logic [BaBits-1:0]  part_q, turn_q, bank_q;
  logic [ColW-1:0]    len_q;        // bursts of the segment, less one
  logic               over, load, adv, norm;

  assign run_ready_o = n_q[NW];
  assign over        = left_q[La];
  assign load        = run_valid_i && run_ready_o;
  assign adv         = seg_valid_o && seg_ready_i;
  assign norm        = !run_ready_o && over;
  assign seg_peek_o  = !run_ready_o && !over;

  // --- the segment's length: the least of run, part and row ---------------------------------------------------------
  logic [ColW-1:0] row_left, len_d;
  logic [ColW-1:0] few;
  logic [ColW:0]   few_end;
  logic            n_low, left_low, left_first;
  assign row_left   = ~loc_q[ColW-1:0];
  assign n_low      = n_q[NW-1:ColW] == '0;
  assign left_low   = left_q[La-1:ColW] == '0;
  assign left_first = left_low && (!n_low || left_q[ColW-1:0] < n_q[ColW-1:0]);
  assign few        = left_first ? left_q[ColW-1:0] : n_q[ColW-1:0];
  // few < ~col is: few + col + 1 does not carry.
  assign few_end    = {1'b0, few} + {1'b0, loc_q[ColW-1:0]} + (ColW+1)'(1);
  assign len_d      = ((n_low || left_low) && !few_end[ColW]) ? few : row_left;

  // --- the three sums -----------------------------------------------------------------------------------------------
  // load: base + off, part - off - 1, n - 1.   norm: loc - part, left + part.   adv: loc + len, left - len, n - len.
  logic [La-ColW:0] left_high_q;    // high part of left_b: it is known a clock ahead which sum comes
  logic [La:0] loc_a, loc_b, loc_sum, left_a, left_b, left_sum;
  logic [NW:0] n_a, n_b, n_sum;
  assign loc_a    = {1'b0, load ? run_base_i : loc_q};
  assign loc_b    = {1'b0, load ? run_off_i : (norm ? ~cfg_part_i : La'(len_q))};
  assign loc_sum  = loc_a + loc_b + (La+1)'(!load);
  assign left_a   = load ? {1'b1, ~run_off_i} : left_q;
  assign left_b   = {left_high_q, seg_valid_o ? ~len_q : cfg_part_i[ColW-1:0]};
  assign left_sum = left_a + left_b;
  assign n_a      = load ? {1'b0, run_n_i[NW-1:0]} : n_q;
  assign n_b      = {{(NW+1-ColW){1'b1}}, ~len_q | {ColW{load}}};
  assign n_sum    = n_a + n_b;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      n_q         <= '1;
      seg_valid_o <= 1'b0;
    end else begin
      if (load || adv) n_q <= n_sum;
      seg_valid_o <= seg_peek_o && !adv;
    end
  end
  always_ff @(posedge clk_i) begin
    if (seg_peek_o && !adv) left_high_q <= '1;
    else left_high_q <= {1'b0, cfg_part_i[La-1:ColW]};
  end
  always_ff @(posedge clk_i) begin
    if (load || adv || norm) begin
      loc_q  <= loc_sum[La-1:0];
      left_q <= left_sum;
    end
    if (!seg_valid_o) len_q <= len_d;
    part_q <= part_d;
    if (load || adv || norm) bank_q <= bank_d;
    if (load) begin
      turn_q     <= turn_d;
      seg_wr_o   <= run_wr_i;
      seg_flip_o <= BgBits != 0 && cfg_odd_i && !cfg_part_i[0] && (run_rot_i & cfg_step_i) != '0;
    end
  end

  assign seg_row_o  = loc_q[La-1:ColW];
  assign seg_col_o  = loc_q[ColW-1:0];
  assign seg_more_o = len_q;
  // Each row lies two banks behind the row before, and neighbouring parts differ by an odd number, so that what follows each other
  // rarely meets in one bank. With rotation 0 rows count from the page's first one: where a page begins then makes no difference. In
  // long rows, where most parts lie in one, the last two parts swap places: V then does not begin where half a page of K ends.
  // Rows shorter than their bank's cycle go round all banks.
  localparam bit Short = (Burst << ColW) < TRas + TRp + TRcd;
  localparam bit Long  = (Burst << ColW) >= 1024;
  logic [BaBits-1:0] part_d, bank_d, turn_d, row_d, first;
  function automatic logic [BaBits-1:0] stride(input logic [BaBits-1:0] row);
    stride = Short ? row : {row[BaBits-2:0], 1'b0};
  endfunction
  assign part_d     = load ? run_part_i : part_q + BaBits'(norm);
  assign row_d      = stride(loc_sum[ColW +: BaBits]);
  assign first      = stride(run_base_i[ColW +: BaBits]) & {BaBits{!Short && cfg_step_i == '0}};
  assign turn_d     = load ? run_rot_i - first : turn_q;
  assign bank_d     = (part_d ^ BaBits'(Long && part_d[BaBits-1])) + turn_d + row_d;
  assign seg_bank_o = bank_q;

  wire unused_ok = &{1'b0, run_n_i, loc_sum[La], few_end[ColW-1:0]};

  `MR_ASSERT(RunEmpty, !(run_valid_i && run_n_i == '0))
  `MR_ASSERT(OneSum, !(seg_valid_o && (load || norm)))
  `MR_ASSERT(RunFits, !(run_valid_i && (run_n_i >> NW) != '0))
  `MR_ASSERT(InRow, !(seg_valid_o && 32'(seg_col_o) + 32'(seg_more_o) >= (1 << ColW)))
endmodule
`default_nettype wire
