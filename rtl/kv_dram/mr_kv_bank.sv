// SPDX-License-Identifier: Apache-2.0
// Tracker of one SDRAM bank: open row and the two waits that decide which command the bank can take.
//
// RowBits  row address bits.   TRcd, TRp, TRas, TRfc, TWr, Burst  clocks, 1..31; TRas covers tRC - tRP as well.
// Strobes say which command is issued in this cycle: act_i, rd_i, wr_i to this bank; pre_i to this bank or to all;
// ref_i to the device. cmd_ok_o: ACTIVATE (closed) or READ/WRITE (open) is legal now; pre_ok_o: PRECHARGE is legal now.
// en_i low freezes the waits; it may be low only when they are 0. Test: tests/rtl/kv_dram.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_bank #(
  parameter int RowBits = 13,
  parameter int TRcd = 2,
  parameter int TRp = 2,
  parameter int TRas = 5,
  parameter int TRfc = 6,
  parameter int TWr = 2,
  parameter int Burst = 4
) (
  input  wire                clk_i,
  input  wire                rst_ni,
  input  wire                en_i,
  input  wire                act_i,
  input  wire                pre_i,
  input  wire                ref_i,
  input  wire                rd_i,
  input  wire                wr_i,
  input  wire  [RowBits-1:0] row_i,
  output logic               open_o,
  output logic [RowBits-1:0] row_o,
  output wire                cmd_ok_o,
  output wire                pre_ok_o
);
  logic [4:0] cmd_q;
  logic [4:0] pre_q;
  logic [4:0] pre_left;

  assign cmd_ok_o = cmd_q == 5'd0;
  assign pre_ok_o = pre_q == 5'd0;
  assign pre_left = (pre_q == 5'd0) ? 5'd0 : pre_q - 5'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_o <= 1'b0;
      cmd_q  <= 5'd0;
      pre_q  <= 5'd0;
    end else if (en_i || act_i || pre_i || ref_i || rd_i || wr_i) begin
      if (act_i) open_o <= 1'b1;
      else if (pre_i) open_o <= 1'b0;

      if (act_i) cmd_q <= 5'(TRcd - 1);
      else if (pre_i) cmd_q <= 5'(TRp - 1);
      else if (ref_i) cmd_q <= 5'(TRfc - 1);
      else if (cmd_q != 5'd0) cmd_q <= cmd_q - 5'd1;

      if (act_i) pre_q <= 5'(TRas - 1);
      else if (rd_i && pre_left < 5'(Burst - 1)) pre_q <= 5'(Burst - 1);
      else if (wr_i && pre_left < 5'(Burst + TWr - 2)) pre_q <= 5'(Burst + TWr - 2);
      else pre_q <= pre_left;
    end
  end

  always_ff @(posedge clk_i) begin
    if (act_i) row_o <= row_i;
  end

  `MR_ASSERT(ActClosed, !(act_i && (open_o || !cmd_ok_o)))
  `MR_ASSERT(RwOpen, !((rd_i || wr_i) && (!open_o || !cmd_ok_o)))
  `MR_ASSERT(RefClosed, !(ref_i && (open_o || !cmd_ok_o)))
  `MR_ASSERT(PreLate, !(pre_i && open_o && !pre_ok_o))
endmodule
`default_nettype wire
