// SPDX-License-Identifier: Apache-2.0
// Proof harness of the bank timer: any commands that it allows, against the rules of a device's table.
//
// Device  0 sdr 133 MHz, 1 ddr4-2400, 2 lpddr4-3200, 3 hbm2-pc, 4 stacked.   Cover  1: instead, an assertion that must fail when every command
// has been seen.   Inner  1: also what holds between the timer's registers, which makes the rules inductive.
// Free: in each clock at most one command to the bank, one that the timer allowed in the clock before; no command was issued in that clock.
`default_nettype none
module fv_kv_bank_timer #(
  parameter int Device = 0,
  parameter bit Inner = 1'b1,
  parameter bit Cover = 1'b0
) (
  input wire clk_i,
  input wire ask_act_i,
  input wire ask_pre_i,
  input wire ask_rd_i,
  input wire ask_wr_i,
  input wire ask_refb_i
);
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof =
      (Device == 0) ? mr_kv_dev_pkg::Sdr133 : (Device == 1) ? mr_kv_dev_pkg::Ddr4_2400 : (Device == 2) ? mr_kv_dev_pkg::Lpddr4_3200
    : (Device == 3) ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked;
  localparam int TRcdRd = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRcdRd +: 16]};
  localparam int TRcdWr = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRcdWr +: 16]};
  localparam int TRp    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRp +: 16]};
  localparam int TRas   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRas +: 16]};
  localparam int TRc    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRc +: 16]};
  localparam int TRtp   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRtp +: 16]};
  localparam int TWrPre = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWl +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]}
                        + {16'd0, Prof[16*mr_kv_dev_pkg::IdxTWr +: 16]};
  localparam int TRfcPb = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRfcPb +: 16]};
  // As mr_kv_sched sets them.
  localparam int TRcd   = (TRcdRd > TRcdWr) ? TRcdRd : TRcdWr;
  localparam int TRasC  = (TRas > TRc - TRp) ? TRas : TRc - TRp;

  // Clocks since the last command of each kind; Old: long ago, or never.
  localparam logic [8:0] Old = 9'd500;
  reg        rst_q = 1'b0;
  reg        open_q;
  reg  [8:0] act_q, pre_q, rd_q, wr_q, ref_q;
  reg        ok_act_q, ok_col_q, ok_pre_q;
  wire       open, may_act, may_col, may_pre, ref_busy;

  wire act  = ok_act_q && ask_act_i;
  wire refb = ok_act_q && ask_refb_i && !act;
  wire pre  = ok_pre_q && ask_pre_i;
  wire rd   = ok_col_q && ask_rd_i && !pre;
  wire wr   = ok_col_q && ask_wr_i && !pre && !rd;
  wire any  = act || refb || pre || rd || wr;

  mr_kv_bank_timer #(.TRcd(TRcd), .TRp(TRp), .TRas(TRasC), .TRtp(TRtp), .TWrPre(TWrPre), .TRfcPb(TRfcPb)) u_dut (
    .clk_i, .rst_ni(rst_q), .act_i(act), .pre_i(pre), .rd_i(rd), .wr_i(wr), .refb_i(refb),
    .open_o(open), .may_act_o(may_act), .may_col_o(may_col), .may_pre_o(may_pre), .ref_o(ref_busy)
  );

  function automatic logic [8:0] older(input logic [8:0] age, input logic now);
    older = now ? 9'd1 : (age == Old) ? Old : age + 9'd1;
  endfunction

  always @(posedge clk_i) begin
    rst_q <= 1'b1;
    if (!rst_q) begin
      open_q <= 1'b0;
      act_q  <= Old;
      pre_q  <= Old;
      rd_q   <= Old;
      wr_q   <= Old;
      ref_q  <= Old;
      {ok_act_q, ok_col_q, ok_pre_q} <= 3'b000;
    end else begin
      open_q <= act || (open_q && !pre);
      act_q  <= older(act_q, act);
      pre_q  <= older(pre_q, pre);
      rd_q   <= older(rd_q, rd);
      wr_q   <= older(wr_q, wr);
      ref_q  <= older(ref_q, refb);
      ok_act_q <= may_act && !any;
      ok_col_q <= may_col && !any;
      ok_pre_q <= may_pre && !any;
    end
  end

  // --- the rules, and that the timer is no slower ----------------------------------------------------------------------
  // A command in the next clock is one clock further away; 1 acts as 2.
  wire ready_act = !open_q && (32'(pre_q) + 1 >= TRp || pre_q >= 9'd1 && TRp <= 2) && (32'(ref_q) + 1 >= TRfcPb);
  wire ready_col = open_q && 32'(act_q) + 1 >= TRcd;
  wire ready_pre = open_q && 32'(act_q) + 1 >= TRasC && 32'(rd_q) + 1 >= TRtp && 32'(wr_q) + 1 >= TWrPre;

  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      ActRp:     assert (!act || 32'(pre_q) >= TRp);
      ActRc:     assert (!act || 32'(act_q) >= TRc);
      ActRfc:    assert (!act || 32'(ref_q) >= TRfcPb);
      ActClosed: assert (!act || !open_q);
      RefRp:     assert (!refb || (32'(pre_q) >= TRp && !open_q));
      RefRc:     assert (!refb || 32'(act_q) >= TRc);
      RefRef:    assert (!refb || 32'(ref_q) >= TRfcPb);
      RdRcd:     assert (!rd || (32'(act_q) >= TRcdRd && open_q));
      WrRcd:     assert (!wr || (32'(act_q) >= TRcdWr && open_q));
      PreRas:    assert (!pre || (32'(act_q) >= TRas && open_q));
      PreRtp:    assert (!pre || 32'(rd_q) >= TRtp);
      PreWr:     assert (!pre || 32'(wr_q) >= TWrPre);
      Exact:     assert ({may_act, may_col, may_pre} == {ready_act, ready_col, ready_pre});
    end
  end

  // --- the timer's counters, connected by kv_timing.sby ------------------------------------------------------------------
  localparam int MaxC = (TRcd > TRp) ? ((TRcd > TRfcPb) ? TRcd : TRfcPb) : ((TRp > TRfcPb) ? TRp : TRfcPb);
  localparam int MaxP = (TRasC > TWrPre) ? ((TRasC > TRtp) ? TRasC : TRtp) : ((TWrPre > TRtp) ? TWrPre : TRtp);
  (* keep *) wire [((MaxC > 2) ? $clog2(MaxC - 1) : 1)-1:0] cnt;
  (* keep *) wire [((MaxP > 2) ? $clog2(MaxP - 1) : 1)-1:0] wait_pre;
  (* keep *) wire cnt_ok, pre_ok;
  // What a counter still has to count that was loaded for distance t.
  function automatic logic [8:0] rest(input int t, input logic [8:0] age);
    rest = (t - 1 > 32'(age)) ? 9'(t - 1 - 32'(age)) : 9'd0;
  endfunction
  wire [8:0] r_rp = rest(TRp, pre_q), r_ref = rest(TRfcPb, ref_q), r_ras = rest(TRasC, act_q), r_rtp = rest(TRtp, rd_q);
  wire [8:0] r_wr = rest(TWrPre, wr_q);
  wire [8:0] r_closed = (r_rp > r_ref) ? r_rp : r_ref;
  wire [8:0] r_col = (r_rtp > r_wr) ? r_rtp : r_wr;

  always @(posedge clk_i) begin
    if (Inner && !Cover && rst_q) begin
      Open:     assert (open == open_q);
      CountRow: assert (9'(cnt) == (open_q ? rest(TRcd, act_q) : r_closed) && cnt_ok == (cnt == '0));
      CountPre: assert (9'(wait_pre) == ((r_ras > r_col) ? r_ras : r_col) && pre_ok == (wait_pre == '0));
      NotZero:  assert (act_q != 9'd0 && pre_q != 9'd0 && ref_q != 9'd0 && rd_q != 9'd0 && wr_q != 9'd0);
      NotOver:  assert (act_q <= Old && pre_q <= Old && ref_q <= Old && rd_q <= Old && wr_q <= Old);
      Closed:   assert (open_q || (r_ras == 9'd0 && r_col == 9'd0));
      CycleOpen: assert (!open_q || (r_closed == 9'd0 && act_q <= pre_q && act_q <= ref_q));
      Cycle:    assert (open_q || 32'(act_q) >= 32'(pre_q) + TRasC || act_q == Old);
      OkAct:    assert (!ok_act_q || (!open_q && cnt == '0 && 32'(pre_q) >= TRp && 32'(ref_q) >= TRfcPb && 32'(act_q) >= TRc));
      OkCol:    assert (!ok_col_q || (open_q && cnt == '0 && 32'(act_q) >= TRcd));
      OkPre:    assert (!ok_pre_q || (open_q && wait_pre == '0 && 32'(act_q) >= TRasC && 32'(rd_q) >= TRtp && 32'(wr_q) >= TWrPre));
    end
  end

  // Cover: an assertion that fails once every command has been seen.
  reg  [4:0] seen_q = 5'd0;
  always @(posedge clk_i) if (rst_q) seen_q <= seen_q | {refb && pre_q != Old, act && pre_q != Old, pre && wr_q < act_q, pre && rd_q < act_q, wr};
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
  wire unused_ok = &{1'b0, ref_busy};
endmodule
`default_nettype wire
