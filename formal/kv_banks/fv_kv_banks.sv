// SPDX-License-Identifier: Apache-2.0
// Proof harness of the scheduler's commands to each bank: only those that the bank's timer allows, and refreshes only when legal.
//
// Device  0 sdr 133 MHz, 1 ddr4-2400, 2 lpddr4-3200, 3 hbm2-pc, 4 stacked.   Cover  1: instead, an assertion that must fail when every
// situation has been seen.   Inner  1: also what holds between the registers, which makes the rest inductive.
// Initialisation and the refresh interval are short, few refreshes are put off. Free: segments (any; one stands until it is taken, as
// mr_kv_split keeps it), banks of later ones, room for reads.
`default_nettype none
module fv_kv_banks #(
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
  localparam int KBits   = BaBits + BgBits;
  localparam int NK      = 1 << KBits;
  localparam int TRfc    = 8;
  localparam int TRpAll  = {16'd0, Table[16*mr_kv_dev_pkg::IdxTRpAll +: 16]};
  localparam bit TwoBus  = Table[16*mr_kv_dev_pkg::IdxRowColBus];
  localparam bit PerBank = Table[16*mr_kv_dev_pkg::IdxPerBank];

  function automatic logic [16*mr_kv_dev_pkg::Lanes-1:0] small_table(input int unused);
    small_table = Table;
    small_table[16*mr_kv_dev_pkg::IdxTRefi +: 16]    = 16'd40;
    small_table[16*mr_kv_dev_pkg::IdxTRefiPb +: 16]  = 16'd30;
    small_table[16*mr_kv_dev_pkg::IdxTRasMax +: 16]  = 16'd4000;
    small_table[16*mr_kv_dev_pkg::IdxTRfc +: 16]     = 16'(TRfc);
    small_table[16*mr_kv_dev_pkg::IdxRefMax +: 16]   = PerBank ? 16'd2 : 16'd1;
    small_table[16*mr_kv_dev_pkg::IdxInitRefs +: 16] = PerBank ? 16'd0 : 16'd1;
    small_table[16*mr_kv_dev_pkg::IdxTMrd +: 16]     = 16'd2;
  endfunction
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = small_table(0);

  // --- a segment stands until it is taken -------------------------------------------------------------------------------------
  localparam int SegW = 2 + BaBits + RowBits + ColW;
  reg             rst_q = 1'b0;
  reg             held_q, valid_q;
  reg  [SegW-1:0] seg_q;
  reg  [ColW-1:0] more_q;
  wire            seg_ready;
  wire            peek  = held_q || seg_peek_i;
  wire            valid = peek && (valid_q || seg_valid_i);
  wire [SegW-1:0] seg   = held_q ? seg_q : {seg_wr_i, seg_flip_i, seg_bank_i, seg_row_i, seg_col_i};
  wire [ColW-1:0] more  = valid_q ? more_q : seg_more_i;
  wire            seg_wr, seg_flip;
  wire [BaBits-1:0]  seg_bank;
  wire [RowBits-1:0] seg_row;
  wire [ColW-1:0]    seg_col;
  assign {seg_wr, seg_flip, seg_bank, seg_row, seg_col} = seg;
  always @(posedge clk_i) begin
    rst_q   <= 1'b1;
    held_q  <= rst_q && peek && !seg_ready;
    valid_q <= rst_q && valid && !seg_ready;
    seg_q   <= seg;
    more_q  <= more;
  end

  wire [3:0]  cmd, cmd2;
  wire [1:0]  bg, bg2;
  wire        en, pop, issue, idle, ready, rd_slot, wr_slot, open;
  wire [2:0]  ba, ba2, cause, row_ev, col_ev;
  wire [17:0] a, a2;
  wire [15:0] data;
  wire [1:0]  mask;

  mr_kv_sched #(.Prof(Prof), .WordBytes(2), .Depth(2), .InitCycles(2), .PinRegs(1'b0)) u_dut (
    .clk_i, .rst_ni(rst_q), .seg_peek_i(peek), .seg_valid_i(valid), .seg_ready_o(seg_ready), .seg_wr_i(seg_wr), .seg_bank_i(seg_bank),
    .seg_row_i(seg_row), .seg_col_i(seg_col), .seg_flip_i(seg_flip), .seg_more_i(more), .ahead_i, .wd_word_i(16'd0), .wd_be_i(2'd0),
    .wd_pop_o(pop), .rd_issue_o(issue), .rd_room_i,
    .dfi_cmd_o(cmd), .dfi_bg_o(bg), .dfi_ba_o(ba), .dfi_a_o(a), .dfi2_cmd_o(cmd2), .dfi2_bg_o(bg2), .dfi2_ba_o(ba2), .dfi2_a_o(a2),
    .dfi_wrdata_en_o(en), .dfi_wrdata_o(data), .dfi_wrmask_o(mask),
    .idle_o(idle), .ready_o(ready), .rd_slot_o(rd_slot), .wr_slot_o(wr_slot), .cause_o(cause), .row_ev_o(row_ev), .col_ev_o(col_ev),
    .open_o(open)
  );

  // --- commands as the device sees them -------------------------------------------------------------------------------------
  wire [3:0] row_cmd = TwoBus ? cmd2 : cmd;
  wire col  = cmd == 4'd2 || cmd == 4'd3;
  wire act  = row_cmd == 4'd1;
  wire pre  = row_cmd == 4'd4;
  wire prea = row_cmd == 4'd5;
  wire refa = row_cmd == 4'd6;
  wire refb = row_cmd == 4'd7;
  wire [KBits-1:0] col_k = KBits'({bg, BaBits'(ba)});
  wire [KBits-1:0] row_k = KBits'({TwoBus ? bg2 : bg, BaBits'(TwoBus ? ba2 : ba)});
  wire [NK-1:0] any = (NK'(col) << col_k) | (NK'(act || pre || refb) << row_k) | {NK{prea || refa}};

  // The timers' flags (connected by kv_banks.sby), and what they allowed in the clock before, if no command went to the bank then.
  (* keep *) wire [NK-1:0] may_act, may_col, may_pre, opens;
  reg  [NK-1:0] ok_act_q, ok_col_q, ok_pre_q;
  reg           alone_q;            // the last command was a PREA or REFA
  reg           busy_q;             // the scheduler was not idle in the clock before
  localparam logic [7:0] Old = 8'd200;
  reg  [7:0]    prea_q, refa_q;     // clocks since the last one
  function automatic logic [7:0] older(input logic [7:0] age);
    older = (age == Old) ? Old : age + 8'd1;
  endfunction
  always @(posedge clk_i) begin
    ok_act_q <= rst_q ? may_act & ~any : '0;
    ok_col_q <= rst_q ? may_col & ~any : '0;
    ok_pre_q <= rst_q ? may_pre & ~any : '0;
    busy_q   <= rst_q && !idle;
    alone_q  <= rst_q && (prea || refa || (alone_q && any == '0));
    prea_q   <= !rst_q ? Old : prea ? 8'd1 : older(prea_q);
    refa_q   <= !rst_q ? Old : refa ? 8'd1 : older(refa_q);
  end

  // --- properties -----------------------------------------------------------------------------------------------------------
  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      Act:      assert (!act || ok_act_q[row_k]);
      Pre:      assert (!pre || ok_pre_q[row_k]);
      Col:      assert (!col || ok_col_q[col_k]);
      Refb:     assert (!refb || ok_act_q[row_k]);
      Prea:     assert (!prea || (ok_pre_q | ~opens) == '1);
      Refa:     assert (!refa || (opens == '0 && (ok_act_q == '1 || alone_q) && 32'(prea_q) >= TRpAll && 32'(refa_q) >= TRfc));
      // What kv_refresh assumes: no ACT or PRE behind the first clock of idle (in that one a row may be opened again that nobody needs any more).
      Late:     assert (PerBank || !(act || pre) || busy_q);
      AfterAll: assert (!(act || pre || refb || col) || (32'(prea_q) >= TRpAll && 32'(refa_q) >= TRfc));
    end
  end

  // --- the registers of scheduler and planner, connected by kv_banks.sby -------------------------------------------------------
  localparam int EntW  = 2 + BaBits + 2 * ColW;
  localparam int WaitW = $clog2(TRfc + TRpAll + 1);
  (* keep *) wire                  want, is_act, is_ref, w_seg, elig, h_v, hold, dirty, cmp0, cmp, same, claim, fresh, take, shut, zero, one;
  (* keep *) wire [KBits-1:0]      w_k, h_k, bank;
  (* keep *) wire [BaBits-1:0]     h_bank;
  (* keep *) wire [NB-1:0]         pend;
  (* keep *) wire [2*NB-1:0]       counts;         // segments in the queue for each bank
  (* keep *) wire [EntW-1:0]       ent0, ent1;
  (* keep *) wire [1:0]            wp, rp;
  (* keep *) wire [RowBits*NB-1:0] rows;
  (* keep *) wire [RowBits-1:0]    row_rd;
  (* keep *) wire [2:0]            state, next;    // StPower, StPrea, StRef, StMrs, StWait, StRun, StHold = 0 to 6
  (* keep *) wire [WaitW-1:0]      left;
  wire [BaBits-1:0] w_b  = w_k[BaBits-1:0];
  wire [BaBits-1:0] c_b  = bank[BaBits-1:0];
  wire [BaBits-1:0] b0   = ent0[2*ColW +: BaBits];
  wire [BaBits-1:0] b1   = ent1[2*ColW +: BaBits];
  wire [1:0]        n    = wp - rp;
  wire              quiet = state != 3'd5 && state != 3'd6;
  reg               counted;
  always @* begin
    counted = 1'b1;
    for (int b = 0; b < NB; b = b + 1)
      if (32'(counts[2*b +: 2]) != 32'(h_v && 32'(h_bank) == b) + 32'((n == 2'd2 || (n == 2'd1 && !rp[0])) && 32'(b0) == b)
                                   + 32'((n == 2'd2 || (n == 2'd1 && rp[0])) && 32'(b1) == b)
          || pend[b] != (counts[2*b +: 2] != 2'd0)) counted = 1'b0;
  end

  always @(posedge clk_i) begin
    if (Inner && !Cover && rst_q) begin
      Timers:   assert ((ok_act_q & ~may_act) == '0 && (ok_col_q & ~may_col) == '0 && (ok_pre_q & ~may_pre) == '0);
      TimersO:  assert ((may_act & opens) == '0 && (may_col & ~opens) == '0 && (may_pre & ~opens) == '0);
      Queue:    assert (counted && n <= 2'd2 && (h_v || n == 2'd0));
      Wanted:   assert (!want || ((is_act || is_ref) ? ok_act_q[w_k] : ok_pre_q[w_k]));
      WantLate: assert (PerBank || !want || busy_q);
      Head:     assert (!elig || (h_v && ok_col_q[h_k]));
      HeadBank: assert (h_k[BaBits-1:0] == h_bank);
      RowKnown: assert (!cmp0 || dirty || row_rd == rows[RowBits*seg_bank +: RowBits]);
      RowSame:  assert (!cmp || (cmp0 && (dirty || same == (rows[RowBits*seg_bank +: RowBits] == seg_row))));
      Compared: assert (!cmp0 || held_q);
      SegPre:   assert (!(want && w_seg && !is_act) || (!dirty && peek && seg_bank == w_b && cmp && !same && !pend[w_b] && !is_ref));
      Owner:    assert (!want || w_seg || (PerBank && ready && claim && w_k == bank && !fresh && !is_act && !(is_ref && shut)));
      Holding:  assert (hold == (state != 3'd5 || take));
      Taken:    assert (PerBank ? (claim || (!take && !shut && !fresh)) && (ready || !claim) : !take && !claim);
      Claimed:  assert (!(claim && !fresh) || (take ? !elig : !pend[c_b]));
      Quiet:    assert (!quiet || (!want && !elig));
      Started:  assert (ready ? state != 3'd0 && state != 3'd3 && (state != 3'd4 || (next != 3'd1 && next != 3'd3)) : quiet && opens == '0);
      Waiting:  assert (state <= 3'd6 && (state != 3'd4 || (zero == (left == '0) && one == (32'(left) == 1)
                        && (next == 3'd1 || next == 3'd2 || next == 3'd3 || next == 3'd5))));
      NoRefa:   assert (!PerBank || (state != 3'd2 && state != 3'd6 && (!ready || state == 3'd5) && (state != 3'd4 || next != 3'd2)));
      WaitRef:  assert (state != 3'd4 || next != 3'd2 || (opens == '0 && alone_q));
      NotOver:  assert (prea_q <= Old && refa_q <= Old);
      Ages:     assert (state != 3'd4 || (32'(refa_q) + 32'(left) + 1 >= TRfc && 32'(prea_q) + 32'(left) + 1 >= TRpAll));
      AgesRun:  assert (quiet || (32'(refa_q) + 1 >= TRfc && 32'(prea_q) + 1 >= TRpAll));
      AgesAll:  assert (state > 3'd3 || (32'(refa_q) >= TRfc && (state == 3'd1 || 32'(prea_q) >= TRpAll)));
      AgesWant: assert (!(want || opens != '0) || (32'(refa_q) >= TRfc && 32'(prea_q) >= TRpAll));
    end
  end

  // Cover: an assertion that fails once every situation has been seen: a row changed for a segment, a row opened again behind a refresh,
  // a refresh with rows that were open, a column command to a bank while another one waits for its row command.
  reg  [3:0] seen_q = 4'd0;
  reg        closed_q = 1'b0;           // the last PRE of the planner closed a row
  always @(posedge clk_i)
    if (rst_q) begin
      closed_q <= (prea && opens != '0) || (pre && !w_seg) || closed_q;
      seen_q   <= seen_q | {pre && w_seg, act && dirty, (refa || refb) && closed_q, col && want};
    end
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
  wire unused_ok = &{1'b0, a, a2, data, mask, issue, rd_slot, wr_slot, cause, row_ev, col_ev, open, en, pop, bg2};
endmodule
`default_nettype wire
