// SPDX-License-Identifier: Apache-2.0
// Tracker of one SDRAM bank: open row and the two waits that decide which command the bank can take.
//
// RowBits  row address bits.   TRcd, TRp, TRas, TRfc, TWr, Burst  clocks, 1..31; TRas covers tRC - tRP as well.
// Strobes say which command is issued in this cycle: act_i, rd_i, wr_i to this bank; pre_i to this bank or to all;
// ref_i to the device. cmd_ok_o: ACTIVATE (closed) or READ/WRITE (open) is legal now; pre_ok_o: PRECHARGE is legal now.
// All outputs come from registers. Test: tests/rtl/kv_dram.
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
  input  wire                act_i,
  input  wire                pre_i,
  input  wire                ref_i,
  input  wire                rd_i,
  input  wire                wr_i,
  input  wire  [RowBits-1:0] row_i,
  output logic               open_o,
  output logic [RowBits-1:0] row_o,
  output logic               cmd_ok_o,
  output logic               pre_ok_o
);
  localparam logic [4:0] NAct = 5'(TRcd - 1);   // clocks to wait behind each command, less one
  localparam logic [4:0] NPre = 5'(TRp - 1);
  localparam logic [4:0] NRef = 5'(TRfc - 1);
  localparam logic [4:0] NRas = 5'(TRas - 1);
  localparam logic [4:0] NRd  = 5'(Burst - 1);
  localparam logic [4:0] NWr  = 5'(Burst + TWr - 2);

  logic [4:0] cmd_q;    // cmd_ok_o and pre_ok_o say that these are 0
  logic [4:0] pre_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_o   <= 1'b0;
      cmd_q    <= 5'd0;
      pre_q    <= 5'd0;
      cmd_ok_o <= 1'b1;
      pre_ok_o <= 1'b1;
    end else begin
      if (act_i) open_o <= 1'b1;
      else if (pre_i) open_o <= 1'b0;

      if (act_i) begin
        cmd_q    <= NAct;
        cmd_ok_o <= NAct == 5'd0;
      end else if (pre_i) begin
        cmd_q    <= NPre;
        cmd_ok_o <= NPre == 5'd0;
      end else if (ref_i) begin
        cmd_q    <= NRef;
        cmd_ok_o <= NRef == 5'd0;
      end else if (!cmd_ok_o) begin
        cmd_q    <= cmd_q - 5'd1;
        cmd_ok_o <= cmd_q == 5'd1;
      end

      if (act_i) begin
        pre_q    <= NRas;
        pre_ok_o <= NRas == 5'd0;
      end else if (rd_i && pre_q <= NRd) begin
        pre_q    <= NRd;
        pre_ok_o <= NRd == 5'd0;
      end else if (wr_i && pre_q <= NWr) begin
        pre_q    <= NWr;
        pre_ok_o <= NWr == 5'd0;
      end else if (!pre_ok_o) begin
        pre_q    <= pre_q - 5'd1;
        pre_ok_o <= pre_q == 5'd1;
      end
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
