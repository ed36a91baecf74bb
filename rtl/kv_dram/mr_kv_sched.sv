// SPDX-License-Identifier: Apache-2.0
// DRAM command scheduler, in order: column commands back to back, rows opened ahead, refresh, initialisation.
//
// Prof  device profile of mr_kv_dev_pkg; everything a device does not have folds away.   WordBytes  bytes of a word (a clock).
// Depth  segments behind the head, a power of two.   InitCycles  0, or the initial wait in clocks.
// PinRegs  1: dfi_* come from registers; 0: one clock earlier, for a PHY that has them.
//
// seg_* (from mr_kv_split): seg_ready_o takes a segment when its rows are open or being opened in this clock, so the segment on offer
// is the one whose rows are opened; the ones taken wait in a queue for their bursts. A row is closed only when no queued
// segment needs its bank. One row number a bank holds for all its bank groups.
// Writes: wd_word_i / wd_be_i show the next word; wd_pop_o takes it in the clock in which it goes to the PHY, Wl clocks behind the
// command. Reads: rd_issue_o, a clock behind the choice of a RD; rd_room_i (one clock old at most) must hold for one burst.
// dfi_*: one command a clock; with RowColBus dfi_* has RD, WR and MRS and dfi2_* the rest. Words of a burst follow Wl behind WR.
// For the counters: rd_slot_o / wr_slot_o a burst of that kind owns this clock (commands' time); cause_o why no burst does (codes of
// mr_kv_account); row_ev_o / col_ev_o commands issued; open_o some row is open. idle_o: nothing queued or on its way out.
// Latency: seg_peek_i to ACT in the dfi registers 2 clocks. Tests: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_sched #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int WordBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  parameter int Depth = 4,
  parameter int InitCycles = 0,
  parameter bit PinRegs = 1'b1,
  localparam int BgBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]},
  localparam int BaBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]},
  localparam int ColW    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]} + BgBits
) (
  input  wire               clk_i,
  input  wire               rst_ni,

  input  wire               seg_peek_i,
  input  wire               seg_valid_i,
  output wire               seg_ready_o,
  input  wire               seg_wr_i,
  input  wire  [BaBits-1:0] seg_bank_i,
  input  wire  [RowBits-1:0] seg_row_i,
  input  wire  [ColW-1:0]   seg_col_i,
  input  wire               seg_flip_i,
  input  wire  [ColW-1:0]   seg_more_i,   // bursts behind the first
  input  wire  [(1<<BaBits)-1:0] ahead_i,   // banks of segments behind the one on offer

  input  wire  [8*WordBytes-1:0] wd_word_i,
  input  wire  [WordBytes-1:0] wd_be_i,
  output wire               wd_pop_o,
  output logic              rd_issue_o,
  input  wire               rd_room_i,

  output logic [3:0]        dfi_cmd_o,
  output logic [1:0]        dfi_bg_o,
  output logic [2:0]        dfi_ba_o,
  output logic [17:0]       dfi_a_o,
  output logic [3:0]        dfi2_cmd_o,
  output logic [1:0]        dfi2_bg_o,
  output logic [2:0]        dfi2_ba_o,
  output logic [17:0]       dfi2_a_o,
  output logic              dfi_wrdata_en_o,
  output logic [8*WordBytes-1:0] dfi_wrdata_o,
  output logic [WordBytes-1:0] dfi_wrmask_o,

  output wire               idle_o,
  output wire               ready_o,
  output wire               rd_slot_o,
  output wire               wr_slot_o,
  output wire  [2:0]        cause_o,
  output wire  [2:0]        row_ev_o,
  output wire  [2:0]        col_ev_o,
  output wire               open_o
);
  localparam int Burst  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]};
  localparam int Wl     = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWl +: 16]};
  localparam int TRcdRd = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRcdRd +: 16]};
  localparam int TRcdWr = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRcdWr +: 16]};
  localparam int TRp    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRp +: 16]};
  localparam int TRas   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRas +: 16]};
  localparam int TRc    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRc +: 16]};
  localparam int TRrdS  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRrdS +: 16]};
  localparam int TRrdL  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRrdL +: 16]};
  localparam int TFaw   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTFaw +: 16]};
  localparam int TCcdS  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTCcdS +: 16]};
  localparam int TCcdL  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTCcdL +: 16]};
  localparam int TWr    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTWr +: 16]};
  localparam int TWtrS  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTWtrS +: 16]};
  localparam int TWtrL  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTWtrL +: 16]};
  localparam int TRtp   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRtp +: 16]};
  localparam int TRtw   = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRtw +: 16]};
  localparam int TRfcPb = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTRfcPb +: 16]};
  localparam int TPbAct = {16'd0, Prof[16*mr_kv_dev_pkg::IdxTPbAct +: 16]};
  localparam int CmdAct = {16'd0, Prof[16*mr_kv_dev_pkg::IdxCmdAct +: 16]};
  localparam int CmdCol = {16'd0, Prof[16*mr_kv_dev_pkg::IdxCmdCol +: 16]};
  localparam int CmdPre = {16'd0, Prof[16*mr_kv_dev_pkg::IdxCmdPre +: 16]};
  localparam int CmdRef = {16'd0, Prof[16*mr_kv_dev_pkg::IdxCmdRef +: 16]};
  localparam bit RowColBus = Prof[16*mr_kv_dev_pkg::IdxRowColBus];
  localparam int NB     = 1 << BaBits;
  localparam int NG     = 1 << BgBits;
  localparam int NK     = NB * NG;
  localparam int KBits  = BaBits + BgBits;
  localparam int GW     = (BgBits == 0) ? 1 : BgBits;
  // WR to RD. The bank groups take turns, so the last write to the RD's own group is one write older than the last one.
  localparam int WrRdL  = Wl + Burst + TWtrL;
  localparam int WrRdS  = (TWtrS > TWtrL - TCcdS) ? Wl + Burst + TWtrS : WrRdL - TCcdS;
  // A row closes and opens again no sooner than TRc.
  localparam int TRasC  = (TRas > TRc - TRp) ? TRas : TRc - TRp;

  localparam logic [3:0] CmdNop  = 4'd0;
  localparam logic [3:0] OpAct   = 4'd1;
  localparam logic [3:0] OpRd    = 4'd2;
  localparam logic [3:0] OpWr    = 4'd3;
  localparam logic [3:0] OpPre   = 4'd4;
  localparam logic [3:0] OpPrea  = 4'd5;
  localparam logic [3:0] OpRefa  = 4'd6;
  localparam logic [3:0] OpRefb  = 4'd7;
  localparam logic [3:0] OpMrs   = 4'd8;

  localparam logic [2:0] CauseNone = 3'd0;
  localparam logic [2:0] CauseRef  = 3'd1;
  localparam logic [2:0] CauseTurn = 3'd2;
  localparam logic [2:0] CauseRow  = 3'd3;
  localparam logic [2:0] CauseBg   = 3'd4;
  localparam logic [2:0] CauseIdle = 3'd5;
  localparam logic [2:0] CauseRoom = 3'd6;

  // --- refresh ------------------------------------------------------------------------------------------------------
  logic [NK-1:0]    bk_open, may_act, may_col, may_pre, bk_ref;
  logic [NB-1:0]    pend;
  logic             hold, dirty_set, prea, refa, mrs, claim_valid, want_rpre, want_refb, act_ok_all;
  logic [KBits-1:0] claim;
  logic             row_go, row_is_act, row_is_pre, row_is_ref, refresh_taken;

  mr_kv_refresh #(.Prof(Prof), .InitCycles(InitCycles)) u_refresh (
    .clk_i, .rst_ni, .idle_i(idle_o),
    .open_i(bk_open), .may_pre_i(may_pre), .may_act_i(may_act), .pend_i(pend), .ahead_i,
    .seg_valid_i(seg_peek_i), .seg_bank_i, .act_ok_i(act_ok_all), .taken_i(refresh_taken),
    .ready_o, .hold_o(hold), .dirty_o(dirty_set), .prea_o(prea), .refa_o(refa), .mrs_o(mrs),
    .claim_valid_o(claim_valid), .claim_o(claim), .want_pre_o(want_rpre), .want_refb_o(want_refb)
  );

  // --- queue --------------------------------------------------------------------------------------------------------
  localparam int EntW = 2 + BaBits + 2 * ColW;
  localparam int PtrW = $clog2(Depth);
  logic [EntW-1:0]   mem [Depth];
  logic [PtrW:0]     wp_q, rp_q;
  logic              h_v_q, h_wr_q, h_flip_q, h_last_q;
  logic [BaBits-1:0] h_bank_q;
  logic [ColW-1:0]   h_col_q, h_left_q;     // next burst; bursts behind it
  logic              empty, full, push, pop, col_go, head_free, load_mem, load_seg;
  logic [EntW-1:0]   entry, head_d;

  assign empty     = wp_q == rp_q;
  assign full      = wp_q[PtrW] != rp_q[PtrW] && wp_q[PtrW-1:0] == rp_q[PtrW-1:0];
  assign entry     = {seg_wr_i, seg_flip_i, seg_bank_i, seg_col_i, seg_more_i};
  assign pop       = col_go && h_last_q;
  assign head_free = !h_v_q || pop;
  assign load_mem  = head_free && !empty;
  assign load_seg  = head_free && empty && push;
  assign head_d    = empty ? entry : mem[rp_q[PtrW-1:0]];
  assign seg_ready_o = push;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wp_q  <= '0;
      rp_q  <= '0;
      h_v_q <= 1'b0;
    end else begin
      if (push && !load_seg) wp_q <= wp_q + (PtrW+1)'(1);
      if (load_mem) rp_q <= rp_q + (PtrW+1)'(1);
      h_v_q <= load_mem || load_seg || (h_v_q && !pop);
    end
  end
  always_ff @(posedge clk_i) begin
    if (push && !load_seg) mem[wp_q[PtrW-1:0]] <= entry;
    if (head_free) {h_wr_q, h_flip_q, h_bank_q} <= head_d[EntW-1:2*ColW];
    if (head_free || col_go) begin
      h_col_q  <= (head_free ? head_d[2*ColW-1:ColW] : h_col_q) + ColW'(!head_free);
      h_left_q <= (head_free ? head_d[ColW-1:0] : h_left_q) + {ColW{!head_free}};
    end
    h_last_q <= h_left_q == '0;
  end

  // Segments in the queue for each bank.
  localparam int PendW = $clog2(Depth + 2);
  genvar b, k;
  generate
    for (b = 0; b < NB; b = b + 1) begin : gen_pend
      logic [PendW-1:0] pend_q;
      logic             in, out;
      assign in  = push && seg_bank_i == BaBits'(b);
      assign out = pop && h_bank_q == BaBits'(b);
      assign pend[b] = pend_q != '0;
      always_ff @(posedge clk_i) begin
        if (!rst_ni) pend_q <= '0;
        else if (in != out) pend_q <= pend_q + {{(PendW-1){out}}, 1'b1};
      end
    end
  endgenerate

  // --- column commands ----------------------------------------------------------------------------------------------
  // Decided one clock ahead: elig_q says that the head's next burst may go now.
  localparam int SinceMax = (WrRdL > TRtw) ? WrRdL : TRtw;
  localparam int SinceW   = $clog2(SinceMax + 1);
  logic [SinceW-1:0] since_q;       // clocks behind the last column command, less one
  logic              last_wr_q, elig_q, ccd_ok, same_g, col_free, bank_ok, rd_s, rd_l, cc_s, cc_l, wr_r;
  logic [GW-1:0]     h_g, last_g_q;
  logic [KBits-1:0]  h_k;

  generate
    if (BgBits == 0) begin : gen_one_group
      assign h_g = 1'b0;
      assign h_k = h_bank_q;
      wire unused_group = &{1'b0, h_flip_q, same_g, cc_l, rd_l};
    end else begin : gen_groups
      assign h_g = h_col_q[BgBits-1:0] ^ BgBits'(h_flip_q);
      assign h_k = {h_g, h_bank_q};
    end
  endgenerate

  assign cc_s    = TCcdS <= 2 || since_q >= SinceW'(TCcdS - 2);
  assign cc_l    = TCcdL <= 2 || since_q >= SinceW'(TCcdL - 2);
  assign wr_r    = since_q >= SinceW'(TRtw - 2);
  assign rd_s    = since_q >= SinceW'(WrRdS - 2);
  assign rd_l    = since_q >= SinceW'(WrRdL - 2);
  assign same_g  = BgBits != 0 && h_g == last_g_q;
  assign ccd_ok  = (h_wr_q == last_wr_q) ? (same_g ? cc_l : cc_s) : (h_wr_q ? wr_r : (same_g ? rd_l : rd_s));
  assign bank_ok = may_col[h_k];
  assign col_go  = elig_q && !hold && col_free;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      elig_q     <= 1'b0;
      since_q    <= SinceW'(SinceMax);
      last_wr_q  <= 1'b0;
      rd_issue_o <= 1'b0;
    end else begin
      elig_q <= h_v_q && !col_go && !hold && bank_ok && ccd_ok && (h_wr_q || rd_room_i);
      if (col_go) since_q <= '0;
      else if (since_q != SinceW'(SinceMax)) since_q <= since_q + SinceW'(1);
      if (col_go) last_wr_q <= h_wr_q;
      rd_issue_o <= col_go && !h_wr_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (col_go) last_g_q <= h_g;
  end

  // --- rows ---------------------------------------------------------------------------------------------------------
  // The segment on offer, or with dirty_q the banks of all queued segments, the head's first.
  logic [RowBits-1:0] row_mem [NB];
  logic [RowBits-1:0] w_row, row_rd, row_rd_q;
  logic [BaBits-1:0]  w_bank, rs_q;
  logic [NG-1:0]      w_open, w_mask, w_act, w_pre, n_mask;
  logic [GW-1:0]      w_g;
  logic               dirty_q, rs_head_q, rs_done, same_q, cmp_ok, cmp0_q, cmp_q, blocked, want_act, want_pre;
  logic               want_q, w_is_act_q, w_is_ref_q, act_ok;
  logic [KBits-1:0]   w_k, w_k_q;
  logic [GW-1:0]      w_g_q;
  logic               w_seg_q;      // the command is for the segment on offer
  logic               row_free, row_fits;

  assign w_bank  = !dirty_q ? seg_bank_i : (rs_head_q ? h_bank_q : rs_q);
  assign row_rd  = row_mem[w_bank];
  assign w_row   = dirty_q ? row_rd : seg_row_i;
  // same_q: the segment's row is the bank's, two clocks after both were known.
  assign cmp_ok  = seg_peek_i && !push && !dirty_q && !(row_go && row_is_act);
  assign blocked = hold || (claim_valid && claim[BaBits-1:0] == w_bank);

  generate
    if (BgBits == 0) begin : gen_mask_one
      assign n_mask  = 1'b1;
      assign w_k     = w_bank;
      assign w_open  = bk_open[w_bank];
      assign w_g     = 1'b0;
    end else begin : gen_mask
      logic [BgBits-1:0] g_first;
      // Groups of the segment: all, or the first few from the first burst's on.
      always_comb begin
        for (int g = 0; g < NG; g = g + 1) begin
          w_open[g] = bk_open[{BgBits'(g), w_bank}];
          n_mask[g] = BgBits'(g) == g_first ||
                      (seg_valid_i && (32'(seg_more_i) >= NG - 1 ||
                                       ((BgBits'(g) ^ BgBits'(seg_flip_i)) - seg_col_i[BgBits-1:0]) <= seg_more_i[BgBits-1:0]));
        end
      end
      assign g_first = seg_col_i[BgBits-1:0] ^ BgBits'(seg_flip_i);
      assign w_k     = {w_g, w_bank};
      always_comb begin
        w_g = '0;
        for (int g = NG - 1; g >= 0; g = g - 1) begin
          if (w_act[g] || w_pre[g]) w_g = GW'(g);
        end
        if (w_act[dirty_q ? h_g : g_first]) w_g = dirty_q ? h_g : g_first;
      end
    end
  endgenerate

  always_comb begin
    w_mask = n_mask;
    w_act  = '0;
    w_pre  = '0;
    if (dirty_q) begin
      if (pend[w_bank]) w_act = ~w_open;
    end else if (seg_peek_i) begin
      if (w_open == '0 || (cmp_q && same_q)) w_act = w_mask & ~w_open;
      else if (cmp_q && !pend[w_bank]) w_pre = w_open;
    end
  end

  assign want_act = w_act != '0 && may_act[w_k] && act_ok;
  assign want_pre = w_pre != '0 && may_pre[w_k];
  assign rs_done  = !pend[w_bank] || w_open == '1;

  // A row command issued in this clock is the segment's last when it opens the only group still closed.
  logic last_act;
  assign last_act = row_go && row_is_act && w_seg_q && (w_mask & ~w_open & ~(NG'(1) << w_g_q)) == '0;
  assign push     = seg_valid_i && !full && !dirty_q && !blocked &&
                    (last_act || (cmp_q && same_q && (w_mask & ~w_open) == '0));

  assign refresh_taken = row_go && !w_seg_q;
  assign row_is_act = w_is_act_q;
  assign row_is_ref = w_is_ref_q;
  assign row_is_pre = !w_is_act_q && !w_is_ref_q;
  assign row_go     = want_q && row_free && (RowColBus || !col_go) && row_fits &&
                      !(hold && w_seg_q) && !(w_seg_q && blocked);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      dirty_q   <= 1'b0;
      rs_head_q <= 1'b0;
      rs_q      <= '0;
      cmp0_q    <= 1'b0;
      cmp_q     <= 1'b0;
      want_q    <= 1'b0;
    end else begin
      cmp0_q <= cmp_ok;
      cmp_q  <= cmp0_q && cmp_ok;
      if (dirty_set) begin
        dirty_q   <= 1'b1;
        rs_head_q <= h_v_q;
        rs_q      <= '0;
      end else if (dirty_q && !hold && !want_q && rs_done) begin
        rs_head_q <= 1'b0;
        if (!rs_head_q) rs_q <= rs_q + BaBits'(1);
        if (!rs_head_q && rs_q == '1) dirty_q <= 1'b0;
      end
      // A chosen command stays until it is issued; the refresh's own go first.
      if (row_go || dirty_set) want_q <= 1'b0;
      else if (want_q && !(w_seg_q && (hold || blocked))) want_q <= 1'b1;
      else want_q <= want_rpre || want_refb || (!blocked && (want_act || want_pre));
    end
  end
  always_ff @(posedge clk_i) begin
    row_rd_q <= row_rd;
    same_q <= row_rd_q == seg_row_i;
    if (row_go && row_is_act) row_mem[w_bank] <= w_row;
    if (!want_q || (w_seg_q && (hold || blocked))) begin
      w_seg_q    <= !(want_rpre || want_refb);
      w_is_ref_q <= want_refb;
      w_is_act_q <= !(want_rpre || want_refb) && want_act;
      w_k_q      <= (want_rpre || want_refb) ? claim : w_k;
      w_g_q      <= w_g;
    end
  end

  // --- spacing of ACTIVATEs (a REFB counts as one) ------------------------------------------------------------------
  localparam int NRrdS = (TRrdS > 2) ? TRrdS - 2 : 0;
  localparam int NRrdL = (TRrdL > 2) ? TRrdL - 2 : 0;
  localparam int NPbA  = (TPbAct > 2) ? TPbAct - 2 : 0;
  localparam int RrdM  = (NRrdL > NPbA) ? NRrdL : NPbA;
  localparam int RrdW  = $clog2(RrdM + 2);
  logic [RrdW-1:0] rrds_q, rrdl_q;
  logic [GW-1:0]   act_g_q;
  logic            faw_ok, act_any;

  assign act_any    = row_go && (row_is_act || row_is_ref);
  assign act_ok     = faw_ok && ((BgBits != 0 && w_g == act_g_q) ? rrdl_q == '0 : rrds_q == '0);
  assign act_ok_all = faw_ok && rrdl_q == '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rrds_q <= '0;
      rrdl_q <= '0;
    end else if (act_any) begin
      rrds_q <= row_is_act ? RrdW'(NRrdS) : RrdW'(NPbA);
      rrdl_q <= row_is_act ? RrdW'(NRrdL) : RrdW'(NPbA);
    end else begin
      if (rrds_q != '0) rrds_q <= rrds_q - RrdW'(1);
      if (rrdl_q != '0) rrdl_q <= rrdl_q - RrdW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (act_any) act_g_q <= w_g_q;
  end

  generate
    if (TFaw > 4 * TRrdS) begin : gen_faw
      logic [TFaw-3:0] act_q;       // ACTIVATEs of the clocks before this one
      logic [2:0]      faw_q;       // how many
      assign faw_ok = faw_q < 3'd4;
      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          act_q <= '0;
          faw_q <= 3'd0;
        end else begin
          act_q <= {act_q[TFaw-4:0], act_any};
          faw_q <= faw_q + 3'(act_any) - 3'(act_q[TFaw-3]);
        end
      end
    end else begin : gen_no_faw
      assign faw_ok = 1'b1;
    end
  endgenerate

  // --- command bus --------------------------------------------------------------------------------------------------
  generate
    if (CmdAct == 1 && CmdCol == 1 && CmdPre == 1 && CmdRef == 1) begin : gen_bus_one
      assign col_free = 1'b1;
      assign row_free = 1'b1;
      assign row_fits = 1'b1;
    end else begin : gen_bus
      // Row commands take the clocks between two column commands, or any while the head waits for something else.
      logic [2:0] row_len, bus_q;
      assign row_len  = row_is_act ? 3'(CmdAct) : (row_is_ref ? 3'(CmdRef) : 3'(CmdPre));
      assign row_free = bus_q == 3'd0;
      assign col_free = RowColBus || bus_q == 3'd0;
      assign row_fits = RowColBus || 32'(since_q) + 32'd1 + 32'(row_len) <= TCcdS ||
                        (32'(since_q) + 32'd1 >= TCcdS && !elig_q);
      always_ff @(posedge clk_i) begin
        if (!rst_ni) bus_q <= 3'd0;
        else if (row_go) bus_q <= row_len - 3'd1;
        else if (col_go && !RowColBus) bus_q <= 3'(CmdCol - 1);
        else if (bus_q != 3'd0) bus_q <= bus_q - 3'd1;
      end
    end
  endgenerate

  // --- banks --------------------------------------------------------------------------------------------------------
  generate
    for (k = 0; k < NK; k = k + 1) begin : gen_bank
      wire row_here = row_go && w_k_q == KBits'(k);
      wire col_here = col_go && h_k == KBits'(k);
      mr_kv_bank_timer #(
        .TRcd((TRcdRd > TRcdWr) ? TRcdRd : TRcdWr), .TRp(TRp), .TRas(TRasC), .TRtp(TRtp), .TWrPre(Wl + Burst + TWr), .TRfcPb(TRfcPb)
      ) u_timer (
        .clk_i, .rst_ni,
        .act_i(row_here && row_is_act), .pre_i(prea || (row_here && row_is_pre)), .refb_i(row_here && row_is_ref),
        .rd_i(col_here && !h_wr_q), .wr_i(col_here && h_wr_q),
        .open_o(bk_open[k]), .may_act_o(may_act[k]), .may_col_o(may_col[k]), .may_pre_o(may_pre[k]), .ref_o(bk_ref[k])
      );
    end
  endgenerate

  // --- commands out -------------------------------------------------------------------------------------------------
  logic [3:0]  c_cmd, r_cmd;
  logic [1:0]  c_bg, r_bg;
  logic [17:0] c_a, r_a;
  logic [2:0]  r_ba;
  always_comb begin
    c_cmd = CmdNop;
    if (mrs) c_cmd = OpMrs;
    if (col_go) c_cmd = h_wr_q ? OpWr : OpRd;
    c_bg  = (BgBits == 0) ? 2'd0 : 2'(h_g);
    c_a   = 18'(h_col_q[ColW-1:BgBits]);
    r_cmd = CmdNop;
    if (prea) r_cmd = OpPrea;
    if (refa) r_cmd = OpRefa;
    if (row_go) r_cmd = row_is_act ? OpAct : (row_is_ref ? OpRefb : OpPre);
    r_bg  = (BgBits == 0) ? 2'd0 : 2'(w_k_q >> BaBits);
    r_ba  = 3'(w_k_q[BaBits-1:0]);
    r_a   = 18'(w_row);
  end

  logic [3:0]  x_cmd, x2_cmd;
  logic [1:0]  x_bg;
  logic [2:0]  x_ba;
  logic [17:0] x_a;
  always_comb begin
    x_cmd  = c_cmd;
    x_bg   = c_bg;
    x_ba   = 3'(h_bank_q);
    x_a    = c_a;
    x2_cmd = r_cmd;
    if (!RowColBus) begin
      x2_cmd = CmdNop;
      if (!col_go) begin
        x_bg = r_bg;
        x_ba = r_ba;
        x_a  = r_a;
        if (!mrs) x_cmd = r_cmd;
      end
    end
  end

  // --- write words --------------------------------------------------------------------------------------------------
  localparam int BeatW = $clog2(Burst);
  logic [BeatW-1:0] beat_q;
  logic             wr_start, wr_idle;
  assign wd_pop_o = wr_start || beat_q != '0;
  generate
    if (Wl == 0) begin : gen_wl0
      assign wr_start = col_go && h_wr_q;
      assign wr_idle  = beat_q == '0;
    end else begin : gen_wl
      logic [Wl-1:0] pipe_q;
      assign wr_start = pipe_q[Wl-1];
      assign wr_idle  = beat_q == '0 && pipe_q == '0;
      always_ff @(posedge clk_i) begin
        if (!rst_ni) pipe_q <= '0;
        else pipe_q <= (pipe_q << 1) | Wl'(col_go && h_wr_q);
      end
    end
  endgenerate
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= '0;
    else if (wd_pop_o) beat_q <= beat_q + BeatW'(1);
  end

  generate
    if (PinRegs) begin : gen_regs
      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          dfi_cmd_o       <= CmdNop;
          dfi2_cmd_o      <= CmdNop;
          dfi_wrdata_en_o <= 1'b0;
        end else begin
          dfi_cmd_o       <= x_cmd;
          dfi2_cmd_o      <= x2_cmd;
          dfi_wrdata_en_o <= wd_pop_o;
        end
        dfi_bg_o  <= x_bg;
        dfi_ba_o  <= x_ba;
        dfi_a_o   <= x_a;
        dfi2_bg_o <= r_bg;
        dfi2_ba_o <= r_ba;
        dfi2_a_o  <= r_a;
        dfi_wrdata_o <= wd_word_i;
        dfi_wrmask_o <= ~wd_be_i;
      end
    end else begin : gen_wires
      always_comb begin
        dfi_cmd_o  = x_cmd;
        dfi_bg_o   = x_bg;
        dfi_ba_o   = x_ba;
        dfi_a_o    = x_a;
        dfi2_cmd_o = x2_cmd;
        dfi2_bg_o  = r_bg;
        dfi2_ba_o  = r_ba;
        dfi2_a_o   = r_a;
        dfi_wrdata_en_o = wd_pop_o;
        dfi_wrdata_o = wd_word_i;
        dfi_wrmask_o = ~wd_be_i;
      end
    end
  endgenerate

  // --- for the counters ---------------------------------------------------------------------------------------------
  logic       slot, ref_q;    // ref_q: a refresh came since the last burst
  logic [2:0] cause_q;        // why no burst was chosen for this clock
  assign slot      = col_go || 32'(since_q) < Burst - 1;
  assign rd_slot_o = slot && !(col_go ? h_wr_q : last_wr_q);
  assign wr_slot_o = slot && (col_go ? h_wr_q : last_wr_q);
  assign cause_o   = slot ? CauseTurn : (cause_q != CauseNone) ? cause_q : hold ? CauseRef : CauseRow;
  assign col_ev_o  = col_go ? {2'b01, h_wr_q} : 3'd0;
  assign row_ev_o  = (row_go && row_is_act) ? 3'd1 : ((row_go && row_is_ref) || refa) ? 3'd5 : (row_go || prea) ? 3'd4 : 3'd0;
  assign open_o    = bk_open != '0;
  assign idle_o    = !seg_peek_i && !h_v_q && empty && wr_idle;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || col_go) ref_q <= 1'b0;
    else if (hold) ref_q <= 1'b1;
    if (!h_v_q && !seg_peek_i && empty) cause_q <= CauseIdle;
    else if (ref_q || hold) cause_q <= CauseRef;
    else if (!h_v_q) cause_q <= bk_ref[w_k] ? CauseRef : CauseRow;
    else if (!bank_ok) cause_q <= bk_ref[h_k] ? CauseRef : CauseRow;
    else if (!ccd_ok) cause_q <= (h_wr_q != last_wr_q) ? CauseTurn : CauseBg;
    else if (!h_wr_q && !rd_room_i) cause_q <= CauseRoom;
    else cause_q <= CauseNone;
  end

  `MR_ASSERT(NoClash, RowColBus || !(col_go && row_go))
  `MR_ASSERT(FsmAlone, !((prea || refa || mrs) && (col_go || row_go)))
  `MR_ASSERT(QueueBank, !(pop && !pend[h_bank_q]))
endmodule
`default_nettype wire
