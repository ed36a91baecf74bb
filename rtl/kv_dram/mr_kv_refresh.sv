// SPDX-License-Identifier: Apache-2.0
// Initialisation and refresh planner of the DRAM scheduler.
//
// Prof  device profile.   InitCycles  clocks before the first command, rounded up to refresh intervals if longer than one; 0 takes the profile's.
// After reset: the wait, PREA, the device's initial refreshes, MRS; then ready_o. Refreshes owed are counted from then on.
//
// Refresh of all banks: owed ones are put off up to RefMax and issued back to back: when RefMax are owed, when RefMax intervals have
// passed since the last one. (Behind a write it would be no cheaper: tWR takes what the hidden turnaround saves.) In idle time
// (64 clocks of idle_i) they are paid one by one, up to RefMax ahead, and rows that are still open are closed, so that an isolated run
// waits for no PRE. hold_o stops all other commands from its first clock on; when it falls, rows may be opened so that the ACTIVATE
// comes exactly at the end of the refresh.
// Refresh per bank: a bank of this round that no queued segment (pend_i) and none behind them (seg_bank_i, ahead_i) needs is
// claimed, from Near owed on also one that only the latter need (claim_*): nobody else may open it; want_pre_o / want_refb_o ask
// for a command in the next clock, taken_i says that it was issued. When Force are owed a needed bank is taken, under hold_o,
// and dirty_o says that rows must be opened again. In idle time open banks are claimed for a PRE alone.
// A bank's index is group * banks of a group + bank. *_i flags of banks: legal in the next clock. All outputs from registers,
// except want_*. Tests: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_refresh #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int InitCycles = 0,
  localparam int BgBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]},
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int NB     = 1 << BaBits,
  localparam int NK     = NB << BgBits,
  localparam int KBits  = BgBits + BaBits
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               idle_i,
  input  wire  [NK-1:0]     open_i,
  input  wire  [NK-1:0]     may_pre_i,
  input  wire  [NK-1:0]     may_act_i,
  input  wire  [NB-1:0]     pend_i,
  input  wire  [NB-1:0]     ahead_i,      // banks of later segments
  input  wire               seg_valid_i,
  input  wire  [BaBits-1:0] seg_bank_i,
  input  wire               act_ok_i,     // the spacing of ACTIVATEs allows a REFB in the next clock
  input  wire               taken_i,

  output logic              ready_o,
  output wire               hold_o,
  output wire               dirty_o,      // one clock: rows of queued segments may be closed
  output wire               prea_o,       // commands issued in this clock
  output wire               refa_o,
  output wire               mrs_o,
  output wire               claim_valid_o,
  output wire  [KBits-1:0]  claim_o,
  output wire               want_pre_o,
  output wire               want_refb_o
);
  localparam int PerBank  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxPerBank +: 16]};
  localparam int TRfc     = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRfc +: 16]};
  localparam int TRpAll   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRpAll +: 16]};
  localparam int TMrd     = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTMrd +: 16]};
  localparam int TPbPb    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTPbPb +: 16]};
  localparam int RefMax   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRefMax +: 16]};
  localparam int TRasMax  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRasMax +: 16]};
  localparam int InitRefs = {16'd0, Prof[16*mr_kv_dev_pkg::IdxInitRefs +: 16]};
  localparam int TRefi    = (PerBank != 0) ? {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRefiPb +: 16]}
                          : {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRefi +: 16]};
  localparam int TInit    = (InitCycles != 0) ? InitCycles : {16'd0, Prof[16*mr_kv_dev_pkg::IdxInitNop +: 16]};
  localparam int WaitW    = $clog2(((TRfc > TMrd) ? TRfc : TMrd) + TRpAll + 1);
  localparam int RefiW    = $clog2(TRefi);
  // The initial wait is counted in refresh intervals, or a shorter one.
  localparam int InitInt  = (TInit < TRefi) ? TInit : TRefi;
  localparam int InitInts = (TInit + TRefi - 1) / TRefi;
  localparam int InitW    = $clog2(((InitInts > InitRefs) ? InitInts : InitRefs) + 1);
  // A row stays open between two refreshes of its bank: where that is close to tRAS max, less is put off and drawn ahead.
  localparam int Rounds   = TRasMax / TRefi - NK - 1;
  localparam int Slack    = (Rounds < 2) ? 1 : ((Rounds / 2 < RefMax) ? Rounds / 2 : RefMax);
  localparam int Ahead    = (PerBank != 0) ? Slack : RefMax;
  localparam int Force    = (PerBank == 0) ? RefMax : ((Slack < RefMax) ? Slack : RefMax - 1);
  localparam int Near     = (Force > 4) ? 4 : Force;

  typedef enum logic [2:0] {StPower, StPrea, StRef, StMrs, StWait, StRun, StHold} state_e;

  state_e           state_q, state_d, next_q, next_d;

  // --- what is owed -------------------------------------------------------------------------------------------------
  logic [RefiW-1:0] refi_q;
  logic             refi_end, tick_q;
  logic [5:0]       owed_q;         // + Ahead
  logic [3:0]       gap_q;          // intervals since the last refresh of all banks
  logic [6:0]       idle_q;
  logic             some_q, near_q, force_q, draw_q;
  logic             paid, shut;

  assign draw_q = idle_q[6] && owed_q != 6'd0;
  assign shut   = idle_q[6] && open_i != '0;
  assign refi_end = refi_q == '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) refi_q <= RefiW'(InitInt - 1);
    else if (refi_end || (!ready_o && state_q != StPower)) refi_q <= RefiW'(TRefi - 1);
    else refi_q <= refi_q - RefiW'(1);
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || !ready_o) begin
      tick_q  <= 1'b0;
      owed_q  <= 6'(Ahead);
      gap_q   <= 4'd0;
      idle_q  <= 7'd0;
      some_q  <= 1'b0;
      force_q <= 1'b0;
      near_q  <= 1'b0;
    end else begin
      tick_q  <= refi_end;
      owed_q  <= owed_q + 6'(tick_q) - 6'(paid);
      if (refa_o) gap_q <= 4'd0;
      else if (tick_q) gap_q <= gap_q + 4'd1;
      if (!idle_i) idle_q <= 7'd0;
      else if (!idle_q[6]) idle_q <= idle_q + 7'd1;
      some_q  <= owed_q > 6'(Ahead) && !(paid && owed_q == 6'(Ahead + 1));
      near_q  <= owed_q >= 6'(Ahead + Near);
      force_q <= owed_q >= 6'(Ahead + Force) || (PerBank == 0 && gap_q >= 4'(RefMax));
    end
  end

  // --- initialisation and refresh of all banks ----------------------------------------------------------------------
  logic [WaitW-1:0] wait_q, wait_d;
  logic [InitW-1:0] init_q;     // intervals of the initial wait, then refreshes, that are left
  logic             over;       // StRun follows
  logic             batch_q;    // all that are owed, not one in idle time
  logic             last;       // of the refreshes in a row
  logic             zero_q, one_q, zero_d, one_d;   // the wait is at 0, at 1

  assign over   = state_q == StWait && next_q == StRun && (zero_q || one_q);
  assign prea_o = state_q == StPrea;
  assign refa_o = state_q == StRef;
  assign mrs_o  = state_q == StMrs;
  assign last   = ready_o ? !batch_q || owed_q <= 6'(Ahead + 1) : init_q == InitW'(1);

  always_comb begin
    state_d = state_q;
    next_d  = next_q;
    wait_d  = wait_q - WaitW'(1);
    zero_d  = wait_q == WaitW'(1);
    one_d   = wait_q == WaitW'(2);
    case (state_q)
      StPower: if (refi_end && init_q == InitW'(1)) state_d = StPrea;
      StPrea: begin
        wait_d  = WaitW'((TRpAll > 2) ? TRpAll - 2 : 0);
        zero_d  = TRpAll <= 2;
        one_d   = TRpAll == 3;
        next_d  = StMrs;
        if (ready_o && owed_q == 6'd0) next_d = StRun;
        else if (ready_o || InitRefs != 0) next_d = StRef;
        state_d = StWait;
      end
      StRef: begin
        wait_d  = WaitW'((TRfc > 2) ? TRfc - 2 : 0);
        zero_d  = TRfc <= 2;
        one_d   = TRfc == 3;
        next_d  = StMrs;
        if (!last) next_d = StRef;
        else if (ready_o) next_d = StRun;
        state_d = StWait;
      end
      StMrs: begin
        wait_d  = WaitW'((TMrd > 2) ? TMrd - 2 : 0);
        zero_d  = TMrd <= 2;
        one_d   = TMrd == 3;
        next_d  = StRun;
        state_d = StWait;
      end
      StWait: begin
        // The scheduler takes a clock to choose, so it starts one clock early.
        if (zero_q || (one_q && next_q == StRun)) state_d = next_q;
      end
      StHold: begin
        if (open_i == '0 && (&may_act_i)) state_d = StRef;
        else if (open_i != '0 && (open_i & ~may_pre_i) == '0) state_d = StPrea;
      end
      StRun: begin
        if (PerBank == 0 && (force_q || draw_q || shut)) state_d = StHold;
      end
      default: state_d = StPower;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StPower;
      next_q  <= StPrea;
      wait_q  <= '0;
      zero_q  <= 1'b0;
      one_q   <= 1'b0;
      init_q  <= InitW'(InitInts);
      batch_q <= 1'b0;
      ready_o <= 1'b0;
    end else begin
      state_q <= state_d;
      next_q  <= next_d;
      wait_q  <= wait_d;
      zero_q  <= zero_d;
      one_q   <= one_d;
      if (prea_o) init_q <= InitW'(InitRefs);
      else if (refa_o || (state_q == StPower && refi_end)) init_q <= init_q - InitW'(1);
      if (over) ready_o <= 1'b1;
      if (state_q == StRun) batch_q <= force_q;
    end
  end

  // --- refresh per bank ---------------------------------------------------------------------------------------------
  generate
    if (PerBank != 0) begin : gen_pb
      localparam int NPbPb = (TPbPb > 2) ? TPbPb - 2 : 0;
      localparam int PbW   = $clog2(NPbPb + 2);
      logic [NK-1:0]    done_q, done_d, free_all, free_far;
      logic             claim_q, new_q, take_q, dirty_q;
      logic             shut_q;       // the claim is for a PRE only
      logic [KBits-1:0] bank_q, pick;
      logic             found, drop, refb, owing;
      logic [PbW-1:0]   pb_q;

      always_comb begin
        for (int k = 0; k < NK; k = k + 1) begin
          free_all[k] = !done_q[k] && (force_q || !pend_i[k % NB]);
          free_far[k] = free_all[k] && !(seg_valid_i && seg_bank_i == BaBits'(k % NB)) &&
                        !pend_i[k % NB] && !ahead_i[k % NB];
        end
        found = near_q ? free_all != '0 : free_far != '0;
        owing = found && pb_q == '0 && (some_q || draw_q);
        pick  = '0;
        for (int k = 0; k < NK; k = k + 1) begin
          if (owing ? free_all[k] && (free_far == '0 || free_far[k]) : open_i[k]) pick = KBits'(k);
        end
        done_d = done_q;
        done_d[bank_q] = 1'b1;
      end

      // A segment may have been queued for the bank in the clock of the choice.
      assign drop        = new_q && !take_q && pend_i[bank_q[BaBits-1:0]];
      assign refb        = taken_i && want_refb_o;
      assign want_pre_o  = claim_q && !new_q && may_pre_i[bank_q];
      assign want_refb_o = claim_q && !new_q && !shut_q && may_act_i[bank_q] && act_ok_i && pb_q == '0;
      assign claim_valid_o = claim_q;
      assign claim_o     = bank_q;
      assign hold_o      = state_q != StRun || take_q;
      assign dirty_o     = dirty_q;
      assign paid        = refb;

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          done_q  <= '0;
          claim_q <= 1'b0;
          new_q   <= 1'b0;
          take_q  <= 1'b0;
          dirty_q <= 1'b0;
          shut_q  <= 1'b0;
          pb_q    <= '0;
        end else begin
          dirty_q <= refb && take_q;
          new_q   <= 1'b0;
          if (refb) pb_q <= PbW'(NPbPb);
          else if (pb_q != '0) pb_q <= pb_q - PbW'(1);
          if (refb) done_q <= (&done_d) ? '0 : done_d;
          if (refb || drop || (shut_q && !new_q && !open_i[bank_q])) begin
            claim_q <= 1'b0;
            take_q  <= 1'b0;
            shut_q  <= 1'b0;
          end else if (state_q == StRun && !claim_q && (owing || shut)) begin
            claim_q <= 1'b1;
            new_q   <= 1'b1;
            take_q  <= force_q && owing;
            shut_q  <= !owing;
          end
        end
      end
      always_ff @(posedge clk_i) begin
        if (!claim_q) bank_q <= pick;
      end
      `MR_ASSERT(Owed, owed_q <= 6'(Ahead + RefMax))
    end else begin : gen_all
      assign want_pre_o    = 1'b0;
      assign want_refb_o   = 1'b0;
      assign claim_valid_o = 1'b0;
      assign claim_o       = '0;
      assign hold_o        = state_q != StRun;
      assign dirty_o       = over;
      assign paid          = refa_o;
      wire unused_pb = &{1'b0, pend_i, ahead_i, near_q, seg_valid_i, seg_bank_i, act_ok_i, taken_i, TPbPb[0], some_q};
      `MR_ASSERT(Owed, owed_q <= 6'(Ahead + RefMax))
    end
  endgenerate
endmodule
`default_nettype wire
