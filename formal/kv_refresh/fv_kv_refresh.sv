// SPDX-License-Identifier: Apache-2.0
// Proof harness of the refresh planner, refresh of all banks: debt, spacing, and that it has the banks for itself.
//
// The table is sdr at 50 MHz with short times, so that RefMax intervals are few clocks.   Cover  1: instead, an assertion that must
// fail when every situation has been seen.   Inner  1: also what holds between the planner's registers, which makes the rest inductive.
// Free: traffic (idle_i; rows open and close at any time while hold_o is low and idle_i was in the clock before, which kv_banks proves of
// the scheduler), when PRECHARGE and ACTIVATE are legal: at the latest PreMax and ActMax clocks after the last command to the banks.
`default_nettype none
module fv_kv_refresh #(
  parameter int RefMax = {16'd0, mr_kv_dev_pkg::Sdr50[16*mr_kv_dev_pkg::IdxRefMax +: 16]},
  parameter bit Inner = 1'b1,
  parameter bit Cover = 1'b0
) (
  input wire       clk_i,
  input wire       idle_i,
  input wire [3:0] ask_open_i,
  input wire [3:0] ask_close_i,
  input wire [3:0] ok_pre_i,
  input wire [3:0] ok_act_i
);
  localparam int TRefi  = 48;
  localparam int TRfc   = 4;
  localparam int TRpAll = 3;
  localparam int PreMax = 6;
  localparam int ActMax = 3;

  function automatic logic [16*mr_kv_dev_pkg::Lanes-1:0] small_table(input int unused);
    small_table = mr_kv_dev_pkg::Sdr50;
    small_table[16*mr_kv_dev_pkg::IdxTRefi +: 16]    = 16'(TRefi);
    small_table[16*mr_kv_dev_pkg::IdxTRfc +: 16]     = 16'(TRfc);
    small_table[16*mr_kv_dev_pkg::IdxTRpAll +: 16]   = 16'(TRpAll);
    small_table[16*mr_kv_dev_pkg::IdxInitRefs +: 16] = 16'd2;
    small_table[16*mr_kv_dev_pkg::IdxRefMax +: 16]   = 16'(RefMax);
  endfunction
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = small_table(0);

  reg        rst_q = 1'b0;
  reg  [3:0] open_q;
  reg  [2:0] still_q;       // clocks without a command to the banks
  reg  [3:0] ref_age_q, pre_age_q;
  reg        pre_ok_q, act_ok_q;        // in the clock before: every open bank could be closed, every bank opened
  reg        alone_q;                   // the last command was a PREA or REFA
  wire [3:0] may_pre = open_q & (ok_pre_i | {4{32'(still_q) >= PreMax}});
  wire [3:0] may_act = ~open_q & (ok_act_i | {4{32'(still_q) >= ActMax}});
  wire       ready, hold, dirty, prea, refa, mrs, claim_valid, want_pre, want_refb;
  wire [1:0] claim;
  reg        busy_q;        // not idle in the clock before
  wire       may     = busy_q && !hold;
  wire [3:0] to_open = may ? ask_open_i & ~open_q : 4'd0;
  wire [3:0] to_close = may ? ask_close_i & open_q : 4'd0;
  wire       quiet = to_open == 4'd0 && to_close == 4'd0 && !prea;

  mr_kv_refresh #(.Prof(Prof), .InitCycles(4)) u_dut (
    .clk_i, .rst_ni(rst_q), .idle_i, .open_i(open_q),
    .may_pre_i(may_pre), .may_act_i(may_act),
    .pend_i(4'd0), .ahead_i(4'd0), .seg_valid_i(1'b0), .seg_bank_i(2'd0), .act_ok_i(1'b0), .taken_i(1'b0),
    .ready_o(ready), .hold_o(hold), .dirty_o(dirty), .prea_o(prea), .refa_o(refa), .mrs_o(mrs),
    .claim_valid_o(claim_valid), .claim_o(claim), .want_pre_o(want_pre), .want_refb_o(want_refb)
  );

  // --- what the device is owed ----------------------------------------------------------------------------------------
  localparam int GapMax = (RefMax + 1) * TRefi;
  reg        [6:0] time_q;      // of this interval
  reg signed [5:0] debt_q;
  reg        [9:0] gap_q;       // clocks since the last refresh
  always @(posedge clk_i) begin
    rst_q <= 1'b1;
    busy_q <= !idle_i;
    pre_ok_q <= (open_q & ~may_pre) == 4'd0;
    act_ok_q <= &may_act;
    alone_q  <= prea || refa || (alone_q && to_open == 4'd0 && to_close == 4'd0);
    if (!rst_q) begin
      open_q    <= 4'd0;
      still_q   <= 3'd0;
      ref_age_q <= '1;
      pre_age_q <= '1;
    end else begin
      open_q    <= prea ? 4'd0 : (open_q | to_open) & ~to_close;
      still_q   <= !quiet ? 3'd0 : (still_q == '1) ? still_q : still_q + 3'd1;
      ref_age_q <= refa ? 4'd1 : (ref_age_q == '1) ? ref_age_q : ref_age_q + 4'd1;
      pre_age_q <= prea ? 4'd1 : (pre_age_q == '1) ? pre_age_q : pre_age_q + 4'd1;
    end
    if (!rst_q || !ready) begin
      time_q <= 7'd0;
      debt_q <= 6'sd0;
      gap_q  <= 10'd0;
    end else begin
      time_q <= (32'(time_q) == TRefi - 1) ? 7'd0 : time_q + 7'd1;
      debt_q <= debt_q + 6'(32'(time_q) == TRefi - 1) - 6'(refa);
      gap_q  <= refa ? 10'd0 : (gap_q == '1) ? gap_q : gap_q + 10'd1;
    end
  end

  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      Postponed: assert (32'(debt_q) <= RefMax);
      PulledIn:  assert (32'(debt_q) >= -RefMax);
      Gap:       assert (32'(gap_q) <= GapMax);
      RefClosed: assert (!refa || open_q == 4'd0);
      RefReady:  assert (!refa || act_ok_q || alone_q);
      PreReady:  assert (!prea || !ready || pre_ok_q);
      RefRp:     assert (!refa || 32'(pre_age_q) >= TRpAll);
      RefRef:    assert (!refa || 32'(ref_age_q) >= TRfc);
      Alone:     assert (!(prea || refa || mrs) || hold);
      OneOf:     assert (!(prea && refa) && !(refa && mrs) && !(prea && mrs));
      // The scheduler's first command comes a clock after hold_o fell.
      AfterRef:  assert (hold || 32'(ref_age_q) + 1 >= TRfc);
      AfterPre:  assert (hold || 32'(pre_age_q) + 1 >= TRpAll);
      ReadyHold: assert (ready || hold);
    end
  end

  // --- the planner's registers, connected by kv_refresh.sby ---------------------------------------------------------------
  // StPower, StPrea, StRef, StMrs, StWait, StRun, StHold = 0 to 6.
  (* keep *) wire [2:0] state, next;
  (* keep *) wire [2:0] left;
  (* keep *) wire       zero, one, tick;
  (* keep *) wire [5:0] refi, owed;
  (* keep *) wire [3:0] gap;
  (* keep *) wire [6:0] idle;
  wire [9:0] phase = (32'(refi) == TRefi - 1) ? 10'(TRefi) : 10'(TRefi - 1 - 32'(refi));

  always @(posedge clk_i) begin
    if (Inner && !Cover && rst_q) begin
      States:   assert (state <= 3'd6);
      Waiting:  assert (state != 3'd4 || (zero == (left == 3'd0) && one == (left == 3'd1) && left <= 3'd5
                        && (next == 3'd1 || next == 3'd2 || next == 3'd3 || next == 3'd5)));
      Started:  assert (!ready || (state != 3'd0 && state != 3'd3 && (state != 3'd4 || (next != 3'd1 && next != 3'd3))));
      NotYet:   assert (ready || (state != 3'd5 && state != 3'd6 && open_q == 4'd0));
      Holding:  assert (hold == (state != 3'd5));
      Interval: assert (!ready || (32'(refi) + 32'(time_q) == TRefi - 1 && (!tick || time_q == 7'd0)));
      Owed:     assert (!ready || 32'(owed) == 32'(debt_q) - 32'(tick) + RefMax);
      GapCount: assert (!ready || (32'(gap) <= RefMax + 1 && 32'(gap_q) <= 32'(gap) * TRefi + 32'(phase)));
      OwedGap:  assert (!ready || 32'(owed) >= 32'(gap));
      Idle:     assert (!ready || !busy_q || idle == 7'd0);
      HoldWhy:  assert (state != 3'd6 || owed != 6'd0 || open_q != 4'd0);
      RefWhy:   assert (!ready || !(state == 3'd2 || (state == 3'd4 && next == 3'd2)) || owed != 6'd0);
      WaitGap:  assert (!ready || state != 3'd4 || next != 3'd5 || gap <= 4'd1);
      WaitRef:  assert (state != 3'd4 || next != 3'd2 || (open_q == 4'd0 && alone_q));
      AgeRef:   assert (state != 3'd4 || 32'(ref_age_q) + 32'(left) + 1 >= TRfc);
      AgePre:   assert (state != 3'd4 || 32'(pre_age_q) + 32'(left) + 1 >= TRpAll);
    end
  end

  // Cover: an assertion that fails once every situation has been seen.
  reg  [4:0] seen_q = 5'd0;
  always @(posedge clk_i)
    if (rst_q) seen_q <= seen_q | {debt_q == -6'sd2, 32'(gap_q) > 2 * TRefi && refa, debt_q == 6'sd3, dirty, prea && ready};
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
  wire unused_ok = &{1'b0, claim_valid, claim, want_pre, want_refb};
endmodule
`default_nettype wire
