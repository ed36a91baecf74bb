// SPDX-License-Identifier: Apache-2.0
// Proof harness of the scheduler's shared resources: data bus, command buses, distances between commands of different banks.
//
// Device  0 sdr 133 MHz, 1 ddr4-2400, 2 lpddr4-3200, 3 hbm2-pc, 4 stacked.   Cover  1: instead, an assertion that must fail when every
// situation has been seen.   Inner  1: also what holds between the scheduler's registers, which makes the rest inductive.
// Initialisation and the refresh interval are short. Free: segments (any, also such as the splitter never offers), room for reads.
`default_nettype none
module fv_kv_bus #(
  parameter int Device = 0,
  parameter bit Inner = 1'b1,
  parameter bit Cover = 1'b0,
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Table =
      (Device == 0) ? mr_kv_dev_pkg::Sdr133 : (Device == 1) ? mr_kv_dev_pkg::Ddr4_2400 : (Device == 2) ? mr_kv_dev_pkg::Lpddr4_3200
    : (Device == 3) ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
  localparam int BgBits  = {16'd0, Table[16*mr_kv_dev_pkg::IdxBgBits +: 16]},
  localparam int BaBits  = {16'd0, Table[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int RowBits = {16'd0, Table[16*mr_kv_dev_pkg::IdxRowBits +: 16]},
  localparam int ColW    = {16'd0, Table[16*mr_kv_dev_pkg::IdxColBits +: 16]} + BgBits,
  localparam int NB      = 1 << BaBits
) (
  input wire               clk_i,
  input wire               seg_peek_i,
  input wire               seg_valid_i,
  input wire               seg_wr_i,
  input wire [BaBits-1:0]  seg_bank_i,
  input wire [RowBits-1:0] seg_row_i,
  input wire [ColW-1:0]    seg_col_i,
  input wire               seg_flip_i,
  input wire [ColW-1:0]    seg_more_i,
  input wire [NB-1:0]      ahead_i,
  input wire               rd_room_i
);
  localparam int NG     = 1 << BgBits;
  localparam int GW     = (BgBits == 0) ? 1 : BgBits;
  localparam int Burst  = {16'd0, Table[16*mr_kv_dev_pkg::IdxBurstClks +: 16]};
  localparam int Rl     = {16'd0, Table[16*mr_kv_dev_pkg::IdxRl +: 16]};
  localparam int Wl     = {16'd0, Table[16*mr_kv_dev_pkg::IdxWl +: 16]};
  localparam int TRrdS  = {16'd0, Table[16*mr_kv_dev_pkg::IdxTRrdS +: 16]};
  localparam int TRrdL  = {16'd0, Table[16*mr_kv_dev_pkg::IdxTRrdL +: 16]};
  localparam int TFaw   = {16'd0, Table[16*mr_kv_dev_pkg::IdxTFaw +: 16]};
  localparam int TCcdS  = {16'd0, Table[16*mr_kv_dev_pkg::IdxTCcdS +: 16]};
  localparam int TCcdL  = {16'd0, Table[16*mr_kv_dev_pkg::IdxTCcdL +: 16]};
  localparam int TRtw   = {16'd0, Table[16*mr_kv_dev_pkg::IdxTRtw +: 16]};
  localparam int WrRdS  = Wl + Burst + {16'd0, Table[16*mr_kv_dev_pkg::IdxTWtrS +: 16]};
  localparam int WrRdL  = Wl + Burst + {16'd0, Table[16*mr_kv_dev_pkg::IdxTWtrL +: 16]};
  localparam int TPbAct = {16'd0, Table[16*mr_kv_dev_pkg::IdxTPbAct +: 16]};
  localparam int TPbPb  = {16'd0, Table[16*mr_kv_dev_pkg::IdxTPbPb +: 16]};
  localparam int CmdAct = {16'd0, Table[16*mr_kv_dev_pkg::IdxCmdAct +: 16]};
  localparam int CmdCol = {16'd0, Table[16*mr_kv_dev_pkg::IdxCmdCol +: 16]};
  localparam int CmdPre = {16'd0, Table[16*mr_kv_dev_pkg::IdxCmdPre +: 16]};
  localparam int CmdRef = {16'd0, Table[16*mr_kv_dev_pkg::IdxCmdRef +: 16]};
  localparam bit TwoBus = Table[16*mr_kv_dev_pkg::IdxRowColBus];
  localparam bit PerBank = Table[16*mr_kv_dev_pkg::IdxPerBank];
  // Clocks that matter for column commands.
  localparam int WrRdX  = (WrRdS > WrRdL - TCcdS) ? WrRdS : WrRdL - TCcdS;
  localparam int HistA  = (WrRdL > TRtw) ? WrRdL : TRtw;
  localparam int HistB  = (Rl + Burst > Wl + Burst) ? Rl + Burst : Wl + Burst;
  localparam int H      = (HistA > HistB) ? HistA : HistB;

  function automatic logic [16*mr_kv_dev_pkg::Lanes-1:0] small_table(input int unused);
    small_table = Table;
    small_table[16*mr_kv_dev_pkg::IdxTRefi +: 16]    = 16'd120;
    small_table[16*mr_kv_dev_pkg::IdxTRefiPb +: 16]  = 16'd30;
    small_table[16*mr_kv_dev_pkg::IdxTRasMax +: 16]  = 16'd4000;
    small_table[16*mr_kv_dev_pkg::IdxTRfc +: 16]     = 16'd8;
    small_table[16*mr_kv_dev_pkg::IdxInitRefs +: 16] = 16'd0;
    small_table[16*mr_kv_dev_pkg::IdxTMrd +: 16]     = 16'd2;
  endfunction
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = small_table(0);

  reg         rst_q = 1'b0;
  wire [3:0]  cmd, cmd2;
  wire [1:0]  bg, bg2;
  wire        en, seg_ready, pop, issue, idle, ready, rd_slot, wr_slot, open;
  wire [2:0]  ba, ba2, cause, row_ev, col_ev;
  wire [17:0] a, a2;
  wire [15:0] data;
  wire [1:0]  mask;

  mr_kv_sched #(.Prof(Prof), .WordBytes(2), .Depth(2), .InitCycles(2), .PinRegs(1'b0)) u_dut (
    .clk_i, .rst_ni(rst_q), .seg_peek_i, .seg_valid_i, .seg_ready_o(seg_ready), .seg_wr_i, .seg_bank_i, .seg_row_i, .seg_col_i,
    .seg_flip_i, .seg_more_i, .ahead_i, .wd_word_i(16'd0), .wd_be_i(2'd0), .wd_pop_o(pop), .rd_issue_o(issue), .rd_room_i,
    .dfi_cmd_o(cmd), .dfi_bg_o(bg), .dfi_ba_o(ba), .dfi_a_o(a), .dfi2_cmd_o(cmd2), .dfi2_bg_o(bg2), .dfi2_ba_o(ba2), .dfi2_a_o(a2),
    .dfi_wrdata_en_o(en), .dfi_wrdata_o(data), .dfi_wrmask_o(mask),
    .idle_o(idle), .ready_o(ready), .rd_slot_o(rd_slot), .wr_slot_o(wr_slot), .cause_o(cause), .row_ev_o(row_ev), .col_ev_o(col_ev),
    .open_o(open)
  );

  // --- commands as the device sees them -------------------------------------------------------------------------------------
  wire [3:0]    row_cmd = TwoBus ? cmd2 : cmd;
  wire [GW-1:0] row_g   = (BgBits == 0) ? 1'b0 : TwoBus ? bg2[GW-1:0] : bg[GW-1:0];
  wire [GW-1:0] col_g   = (BgBits == 0) ? 1'b0 : bg[GW-1:0];
  wire rd   = cmd == 4'd2;
  wire wr   = cmd == 4'd3;
  wire act  = row_cmd == 4'd1;
  wire refb = row_cmd == 4'd7;
  wire pre  = row_cmd == 4'd4;
  wire row  = act || refb || pre;
  wire [BgBits+BaBits-1:0] row_k = (BgBits+BaBits)'({TwoBus ? bg2 : bg, BaBits'(TwoBus ? ba2 : ba)});

  // Banks refreshed in this round.
  reg  [NB*NG-1:0] round_q;
  wire [NB*NG-1:0] round = round_q | ((NB*NG)'(refb) << row_k);
  always @(posedge clk_i) round_q <= (!rst_q || round == '1) ? '0 : round;

  // Bit i: such a command i + 1 clocks ago; NG groups.
  reg  [NG*H-1:0] rd_q, wr_q;
  reg  [H-1:0]    rds, wrs;
  always @* begin
    rds = '0;
    wrs = '0;
    for (int g = 0; g < NG; g = g + 1) begin
      rds = rds | rd_q[g*H +: H];
      wrs = wrs | wr_q[g*H +: H];
    end
  end
  // Ages of ACTIVATEs and refreshes of a bank: of each group's last one, of the last four (a refresh counts, too), of the last refresh.
  localparam logic [7:0] Old = 8'd200;
  reg  [8*NG-1:0] act_q;
  reg  [7:0]      a1_q, a2_q, a3_q, a4_q, ref_q;
  reg  [2:0]      bus_q, bus2_q;       // clocks for which a command still has the bus
  function automatic logic [7:0] older(input logic [7:0] age);
    older = (age == Old) ? Old : age + 8'd1;
  endfunction
  wire [2:0] row_len = act ? 3'(CmdAct) : refb ? 3'(CmdRef) : 3'(CmdPre);
  always @(posedge clk_i) begin
    rst_q <= 1'b1;
    for (int g = 0; g < NG; g = g + 1) begin
      rd_q[g*H +: H]  <= {rd_q[g*H +: H-1], rd && 32'(col_g) == g};
      wr_q[g*H +: H]  <= {wr_q[g*H +: H-1], wr && 32'(col_g) == g};
      act_q[8*g +: 8] <= (act && 32'(row_g) == g) ? 8'd1 : older(act_q[8*g +: 8]);
    end
    ref_q <= refb ? 8'd1 : older(ref_q);
    if (act || refb) {a4_q, a3_q, a2_q, a1_q} <= {older(a3_q), older(a2_q), older(a1_q), 8'd1};
    else {a4_q, a3_q, a2_q, a1_q} <= {older(a4_q), older(a3_q), older(a2_q), older(a1_q)};
    bus_q  <= (rd || wr) ? 3'(CmdCol - 1) : (row && !TwoBus) ? row_len - 3'd1 : (bus_q != 3'd0) ? bus_q - 3'd1 : 3'd0;
    bus2_q <= (row && TwoBus) ? row_len - 3'd1 : (bus2_q != 3'd0) ? bus2_q - 3'd1 : 3'd0;
    if (!rst_q) begin
      rd_q   <= '0;
      wr_q   <= '0;
      act_q  <= {NG{Old}};
      {a4_q, a3_q, a2_q, a1_q, ref_q} <= {5{Old}};
      bus_q  <= 3'd0;
      bus2_q <= 3'd0;
    end
  end

  // No command of h in the last n - 1 clocks.
  function automatic logic clear(input logic [H-1:0] h, input int n);
    clear = (h & ~({H{1'b1}} << (n - 1))) == '0;
  endfunction
  function automatic logic may_rd(input logic [NG*H-1:0] r, input logic [NG*H-1:0] w, input logic [H-1:0] ra, input logic [H-1:0] wa,
                                  input logic [GW-1:0] g);
    may_rd = clear(ra, TCcdS) && clear(wa, WrRdS) && clear(r[g*H +: H], TCcdL) && clear(w[g*H +: H], WrRdL);
  endfunction
  function automatic logic may_wr(input logic [NG*H-1:0] w, input logic [H-1:0] ra, input logic [H-1:0] wa, input logic [GW-1:0] g);
    may_wr = clear(wa, TCcdS) && clear(ra, TRtw) && clear(w[g*H +: H], TCcdL);
  endfunction

  // --- properties -----------------------------------------------------------------------------------------------------------
  wire reading = (rds & (H'((1 << Burst) - 1) << (Rl - 1))) != '0;                       // words of a READ on the bus
  wire [H:0] wr_now = {wrs, wr};
  wire writing = (wr_now & ((H+1)'((1 << Burst) - 1) << Wl)) != '0;
  wire ok_rrd  = 32'(a1_q) >= TRrdS || 32'(ref_q) == 32'(a1_q);
  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      RdLegal:  assert (!rd || may_rd(rd_q, wr_q, rds, wrs, col_g));
      WrLegal:  assert (!wr || may_wr(wr_q, rds, wrs, col_g));
      OneBurst: assert (!(rd || wr) || (clear(rds, Burst) && clear(wrs, Burst)));
      // The data bus: the controller's words stand Wl behind each WRITE, for a burst, and never while a READ's words do.
      Words:    assert (en == writing && pop == en);
      Contend:  assert (!(en && reading));
      Rrd:      assert (!(act || refb) || ok_rrd);
      RrdL:     assert (!act || 32'(act_q[8*row_g +: 8]) >= TRrdL);
      Faw:      assert (!(act || refb) || 32'(a4_q) >= TFaw);
      PbAct:    assert (!PerBank || !act || 32'(ref_q) >= TPbAct);
      PbPb:     assert (!PerBank || !refb || 32'(ref_q) >= TPbPb);
      Round:    assert (!refb || !round_q[row_k]);
      Bus:      assert (!(rd || wr || (row && !TwoBus)) || bus_q == 3'd0);
      RowBus:   assert (!(row && TwoBus) || bus2_q == 3'd0);
    end
  end

  // --- the scheduler's registers, connected by kv_bus.sby ---------------------------------------------------------------------
  localparam int SinceMax = (WrRdL > TRtw) ? WrRdL : TRtw;
  localparam int NRrdS = (TRrdS > 2) ? TRrdS - 2 : 0;
  localparam int NRrdL = (TRrdL > 2) ? TRrdL - 2 : 0;
  localparam int NPbA  = (TPbAct > 2) ? TPbAct - 2 : 0;
  localparam int NPbPb = (TPbPb > 2) ? TPbPb - 2 : 0;
  localparam int RrdM  = (NRrdL > NPbA) ? NRrdL : NPbA;
  (* keep *) wire [$clog2(SinceMax+1)-1:0] since;
  (* keep *) wire                          last_wr, elig, h_v, h_wr, want, is_act, is_ref, w_seg, hold, claim, fresh, want_refb;
  (* keep *) wire [GW-1:0]                 h_g, last_g, w_g, act_g;
  (* keep *) wire [$clog2(RrdM+2)-1:0]     rrds, rrdl;
  (* keep *) wire [$clog2(NPbPb+2)-1:0]    pb;
  (* keep *) wire [((TFaw > 4 * TRrdS) ? TFaw - 2 : 1)-1:0] faw_acts;
  (* keep *) wire [2:0]                    faw, busy;
  (* keep *) wire [$clog2(Burst)-1:0]      beat;
  (* keep *) wire [((Wl > 0) ? Wl : 1)-1:0] pipe;
  (* keep *) wire [NB*NG-1:0]              opens, done;
  (* keep *) wire                          shut;
  (* keep *) wire [BgBits+BaBits-1:0]      w_k, bank;
  (* keep *) wire [2:0]                    planner;      // 5: running
  localparam int Close = (PerBank && TPbAct < TRrdS) ? TPbAct : TRrdS;
  localparam bit OneClk = CmdAct == 1 && CmdCol == 1 && CmdPre == 1 && CmdRef == 1;
  function automatic logic [7:0] rest(input int t, input logic [7:0] age);
    rest = (t - 1 > 32'(age)) ? 8'(t - 1 - 32'(age)) : 8'd0;
  endfunction
  function automatic logic far(input logic [7:0] age, input logic [7:0] newer, input int t);
    far = age == Old || 32'(age) >= 32'(newer) + t;
  endfunction
  wire last_ref = ref_q == a1_q && a1_q != Old;
  wire [H-1:0] cols = rds | wrs;
  reg          at_last, apart, age_ok, beat_ok, faw_is;
  reg  [63:0]  acts;
  reg  [H-1:0] once;
  always @* begin
    at_last = clear(cols, 32'(since) + 1);
    if (32'(since) < SinceMax)
      at_last = at_last && cols[since] && wrs[since] == last_wr && (rd_q[32'(last_g)*H + 32'(since)] || wr_q[32'(last_g)*H + 32'(since)]);
    apart = (rds & wrs) == '0;
    once  = '0;
    for (int g = 0; g < NG; g = g + 1) begin
      if ((once & (rd_q[g*H +: H] | wr_q[g*H +: H])) != '0) apart = 1'b0;
      once = once | rd_q[g*H +: H] | wr_q[g*H +: H];
    end
    for (int d = 1; d < H; d = d + 1) begin
      if (d < TCcdS && (cols & (cols >> d)) != '0) apart = 1'b0;
      if (d < WrRdX && (rds & (wrs >> d)) != '0) apart = 1'b0;
      if (d < TRtw && (wrs & (rds >> d)) != '0) apart = 1'b0;
    end
    age_ok = a1_q != 8'd0 && ref_q != 8'd0 && ref_q >= a1_q && ref_q <= Old && (PerBank || ref_q == Old)
             && (!PerBank || last_ref || far(ref_q, a1_q, TPbAct))
             && far(a2_q, a1_q, Close) && far(a3_q, a2_q, Close) && far(a4_q, a3_q, Close) && a1_q <= Old && a2_q <= Old && a3_q <= Old && a4_q <= Old;
    for (int g = 0; g < NG; g = g + 1) begin
      if (act_q[8*g +: 8] > Old || act_q[8*g +: 8] < a1_q) age_ok = 1'b0;
      if (last_ref && !far(act_q[8*g +: 8], a1_q, TRrdL)) age_ok = 1'b0;
      if (!last_ref && 32'(act_g) == g && act_q[8*g +: 8] != a1_q) age_ok = 1'b0;
      if (!last_ref && 32'(act_g) != g && !far(act_q[8*g +: 8], a1_q, Close)) age_ok = 1'b0;
    end
    acts = '0;
    for (int i = 0; i < 64; i = i + 1)
      if (32'(a1_q) == i + 1 || 32'(a2_q) == i + 1 || 32'(a3_q) == i + 1 || 32'(a4_q) == i + 1) acts[i] = 1'b1;
    faw_is = 32'(faw) == 32'(32'(a1_q) <= TFaw - 2) + 32'(32'(a2_q) <= TFaw - 2) + 32'(32'(a3_q) <= TFaw - 2) + 32'(32'(a4_q) <= TFaw - 2);
    beat_ok = 1'b1;
    for (int i = 0; i < Burst; i = i + 1)
      if (i > 0 && (32'(beat) == i) != wrs[Wl + i - 1]) beat_ok = 1'b0;
  end

  always @(posedge clk_i) begin
    if (Inner && !Cover && rst_q) begin
      Last:     assert (at_last && 32'(since) <= SinceMax);
      Apart:    assert (apart);
      Chosen:   assert (!elig || (h_v && (h_wr ? may_wr(wr_q, rds, wrs, h_g) : may_rd(rd_q, wr_q, rds, wrs, h_g) && clear(wrs, WrRdX))));
      Pipe:     assert (Wl == 0 || pipe == wrs[((Wl > 0) ? Wl : 1)-1:0]);
      Beat:     assert (beat_ok);
      Ages:     assert (age_ok);
      RrdCount: assert (8'(rrds) == rest(last_ref ? TPbAct : TRrdS, a1_q) && 8'(rrdl) == rest(last_ref ? TPbAct : TRrdL, a1_q));
      PbCount:  assert (!PerBank || 8'(pb) == rest(TPbPb, ref_q));
      FawBits:  assert (TFaw <= 4 * TRrdS || (64'(faw_acts) == (acts & ((64'd1 << (TFaw - 2)) - 64'd1)) && faw_is));
      Planner:  assert (hold || planner == 3'd5);
      Running:  assert (!PerBank || (ready ? planner == 3'd5 : (!claim && planner != 3'd5)));
      Rounds:   assert (!PerBank || (done == round_q && round_q != '1 && (!claim || shut || !done[bank])));
      RowOwner: assert (!want || w_seg || (PerBank && ready && claim && w_k == bank && (is_ref ? want_refb : opens[w_k])));
      BusCount: assert (OneClk ? bus_q == 3'd0 && bus2_q == 3'd0 : TwoBus ? bus2_q == busy && bus_q == 3'd0 : bus_q == busy && bus2_q == 3'd0);
      ChosenA:  assert (!(want && is_act) || (32'(a1_q) >= (last_ref ? TPbAct : TRrdS) && 32'(act_q[8*w_g +: 8]) >= TRrdL
                        && (!PerBank || 32'(ref_q) >= TPbAct) && 32'(a4_q) >= TFaw));
      ChosenG:  assert (!(want && is_act) || NG == 1 || 32'(w_g) == 32'(w_k) >> BaBits);
      ChosenR:  assert (!(want && is_ref) || (PerBank && 32'(a1_q) >= (last_ref ? TPbAct : TRrdL) && 32'(ref_q) >= TPbPb && 32'(a4_q) >= TFaw));
      ChosenX:  assert (!want || (w_seg ? !is_ref : (!is_act && !fresh)));
    end
  end

  // Cover: an assertion that fails once every situation has been seen.
  reg  [4:0] seen_q = 5'd0;
  always @(posedge clk_i)
    if (rst_q) seen_q <= seen_q | {rd && wrs != '0, wr && rds != '0, reading, en, act && 32'(a1_q) <= TRrdL};
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
  wire unused_ok = &{1'b0, ba, ba2, a, a2, data, mask, seg_ready, issue, idle, rd_slot, wr_slot, cause, row_ev, col_ev, open, bg2, pb, faw_acts,
                     faw, pipe};
endmodule
`default_nettype wire
