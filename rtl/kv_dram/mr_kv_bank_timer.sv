// SPDX-License-Identifier: Apache-2.0
// Waits of one DRAM bank: which command it can take in the NEXT clock.
//
// TRcd, TRp, TRas, TRtp, TWrPre (WR to PRE), TRfcPb  clocks between commands, >= 1 (1 acts as 2). TRas covers tRC - tRP.
// Strobes say which command is issued in this clock: act_i, pre_i, rd_i, wr_i, refb_i to this bank.
// open_o: a row is open. may_act_o: closed, and ACTIVATE or REFB is legal in the next clock. may_col_o: open, and READ or WRITE
// is. may_pre_o: open, and PRECHARGE is. ref_o: waits for the end of a REFB. All outputs come from registers.
// A device-wide refresh keeps its own wait. Tests: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_bank_timer #(
  parameter int TRcd = 2,
  parameter int TRp = 2,
  parameter int TRas = 5,
  parameter int TRtp = 4,
  parameter int TWrPre = 5,
  parameter int TRfcPb = 1
) (
  input  wire  clk_i,
  input  wire  rst_ni,
  input  wire  act_i,
  input  wire  pre_i,
  input  wire  rd_i,
  input  wire  wr_i,
  input  wire  refb_i,
  output logic open_o,
  output wire  may_act_o,
  output wire  may_col_o,
  output wire  may_pre_o,
  output logic ref_o
);
  // Clocks to count behind a command: the flag rises one clock before the next command, and loading takes one.
  localparam int NRcd = (TRcd > 2) ? TRcd - 2 : 0;
  localparam int NRp  = (TRp > 2) ? TRp - 2 : 0;
  localparam int NRef = (TRfcPb > 2) ? TRfcPb - 2 : 0;
  localparam int NRas = (TRas > 2) ? TRas - 2 : 0;
  localparam int NRtp = (TRtp > 2) ? TRtp - 2 : 0;
  localparam int NWr  = (TWrPre > 2) ? TWrPre - 2 : 0;
  localparam int MaxC = (NRcd > NRp) ? ((NRcd > NRef) ? NRcd : NRef) : ((NRp > NRef) ? NRp : NRef);
  localparam int MaxP = (NRas > NWr) ? ((NRas > NRtp) ? NRas : NRtp) : ((NWr > NRtp) ? NWr : NRtp);
  localparam int CntW = (MaxC < 1) ? 1 : $clog2(MaxC + 1);
  localparam int PreW = (MaxP < 1) ? 1 : $clog2(MaxP + 1);

  logic [CntW-1:0] cnt_q;       // the row's wait: to a column command when open, to ACTIVATE when closed
  logic [PreW-1:0] pre_q;       // to PRECHARGE; 0 when it is legal
  logic            cnt_ok_q, pre_ok_q;

  // The new wait is no shorter than what is left.
  logic wr_longer, rd_longer;
  generate
    if (NWr >= (1 << PreW) - 1) begin : gen_wr_longest
      assign wr_longer = 1'b1;
    end else begin : gen_wr
      assign wr_longer = pre_q <= PreW'(NWr);
    end
    if (NRtp >= (1 << PreW) - 1) begin : gen_rd_longest
      assign rd_longer = 1'b1;
    end else begin : gen_rd
      assign rd_longer = pre_q <= PreW'(NRtp);
    end
  endgenerate

  assign may_act_o = !open_o && cnt_ok_q;
  assign may_col_o = open_o && cnt_ok_q;
  assign may_pre_o = open_o && pre_ok_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_o   <= 1'b0;
      ref_o    <= 1'b0;
      cnt_q    <= '0;
      cnt_ok_q <= 1'b1;
      pre_q    <= '0;
      pre_ok_q <= 1'b1;
    end else begin
      if (act_i) open_o <= 1'b1;
      else if (pre_i) open_o <= 1'b0;

      if (refb_i) ref_o <= 1'b1;
      else if (cnt_ok_q) ref_o <= 1'b0;

      if (act_i || pre_i || refb_i) begin
        cnt_q    <= act_i ? CntW'(NRcd) : (pre_i ? CntW'(NRp) : CntW'(NRef));
        cnt_ok_q <= act_i ? NRcd == 0 : (pre_i ? NRp == 0 : NRef == 0);
      end else if (!cnt_ok_q) begin
        cnt_q    <= cnt_q - CntW'(1);
        cnt_ok_q <= cnt_q == CntW'(1);
      end

      if (act_i) begin
        pre_q    <= PreW'(NRas);
        pre_ok_q <= NRas == 0;
      end else if (wr_i && wr_longer) begin
        pre_q    <= PreW'(NWr);
        pre_ok_q <= NWr == 0;
      end else if (rd_i && rd_longer) begin
        pre_q    <= PreW'(NRtp);
        pre_ok_q <= NRtp == 0;
      end else if (!pre_ok_q) begin
        pre_q    <= pre_q - PreW'(1);
        pre_ok_q <= pre_q == PreW'(1);
      end
    end
  end

  `MR_ASSERT(ActClosed, !(act_i && open_o))
  `MR_ASSERT(RefClosed, !(refb_i && open_o))
  `MR_ASSERT(ColOpen, !((rd_i || wr_i) && !open_o))
endmodule
`default_nettype wire
