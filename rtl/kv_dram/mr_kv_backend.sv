// SPDX-License-Identifier: Apache-2.0
// DRAM back end: runs of bursts in, DFI commands out. Splitter, look-ahead, scheduler and counters.
//
// Prof, WordBytes, Depth, InitCycles, PinRegs: see mr_kv_sched.   RunBits, UseBits  a run has less than 2^RunBits bursts and
// 2^UseBits words that somebody wants, those under way together less than twice that.   Ports: run_* and cfg_* see mr_kv_split; wd_*, rd_issue_o, rd_room_i,
// dfi_* see mr_kv_sched; cnt_* see mr_kv_account. Read words pass through: dfi_rddata_* to rd_*_o in the same clock, in the order of the
// runs, run_use_i the words of a run that somebody wants; dfi_rderr_i marks a word that the device knows to be bad. idle_o: no run is queued and all write words are out.
// Latency: run to ACT in the dfi registers 3 clocks. Tests: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_backend #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int WordBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  parameter int Depth = 4,
  parameter int InitCycles = 0,
  parameter bit PinRegs = 1'b1,
  parameter int RunBits = 64,
  parameter int UseBits = 20,
  localparam int BgBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]},
  localparam int BaBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]},
  localparam int ColW    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]} + BgBits,
  localparam int La      = RowBits + ColW
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
  input  wire  [La+3:0]     run_use_i,

  input  wire  [8*WordBytes-1:0] wd_word_i,
  input  wire  [WordBytes-1:0] wd_be_i,
  output wire               wd_pop_o,
  output wire               rd_issue_o,
  input  wire               rd_room_i,
  output wire               rd_valid_o,
  output wire  [8*WordBytes-1:0] rd_word_o,
  output wire               rd_err_o,
  output wire               idle_o,
  output wire               ready_o,

  output wire  [3:0]        dfi_cmd_o,
  output wire  [1:0]        dfi_bg_o,
  output wire  [2:0]        dfi_ba_o,
  output wire  [17:0]       dfi_a_o,
  output wire  [3:0]        dfi2_cmd_o,
  output wire  [1:0]        dfi2_bg_o,
  output wire  [2:0]        dfi2_ba_o,
  output wire  [17:0]       dfi2_a_o,
  output wire               dfi_wrdata_en_o,
  output wire  [8*WordBytes-1:0] dfi_wrdata_o,
  output wire  [WordBytes-1:0] dfi_wrmask_o,
  input  wire               dfi_rddata_valid_i,
  input  wire  [8*WordBytes-1:0] dfi_rddata_i,
  input  wire               dfi_rderr_i,

  input  wire               cnt_snap_i,
  input  wire               cnt_rd_valid_i,
  input  wire  [6:0]        cnt_rd_addr_i,
  output wire               cnt_rd_done_o,
  output wire  [15:0]       cnt_rd_data_o
);
  localparam int Rl = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRl +: 16]};
  localparam bit RowColBus = Prof[16*mr_kv_dev_pkg::IdxRowColBus];
  localparam int UseW = (La + 4 < UseBits) ? La + 4 : UseBits;
  localparam int PerBank = {16'd0, Prof[16*mr_kv_dev_pkg::IdxPerBank +: 16]};
  localparam int Wl = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWl +: 16]};

  logic               seg_peek, seg_valid, seg_ready, seg_wr, seg_flip, sched_idle;
  logic [BaBits-1:0]  seg_bank;
  logic [RowBits-1:0] seg_row;
  logic [ColW-1:0]    seg_col;
  logic [ColW-1:0]    seg_more;
  logic               in_peek, in_valid, in_ready, in_wr, in_flip;
  logic [BaBits-1:0]  in_bank;
  logic [RowBits-1:0] in_row;
  logic [ColW-1:0]    in_col;
  logic [ColW-1:0]    in_more;
  logic [(1<<BaBits)-1:0] ahead;
  logic               rd_slot, wr_slot, row_open;
  logic [2:0]         row_ev, col_ev;
  logic [2:0]         cause;

  mr_kv_split #(.Prof(Prof), .RunBits(RunBits)) u_split (
    .clk_i, .rst_ni, .cfg_part_i, .cfg_step_i, .cfg_odd_i,
    .run_valid_i, .run_ready_o, .run_wr_i, .run_base_i, .run_rot_i, .run_part_i, .run_off_i, .run_n_i,
    .seg_peek_o(in_peek), .seg_valid_o(in_valid), .seg_ready_i(in_ready), .seg_wr_o(in_wr), .seg_bank_o(in_bank),
    .seg_row_o(in_row), .seg_col_o(in_col), .seg_flip_o(in_flip), .seg_more_o(in_more)
  );

  // Refresh per bank chooses better when it sees more segments.
  generate
    if (PerBank != 0) begin : gen_ahead
      mr_kv_ahead #(.BaBits(BaBits), .Width(BaBits + RowBits + 2 * ColW + 2), .Depth(3)) u_ahead (
        .clk_i, .rst_ni, .in_peek_i(in_peek), .in_valid_i(in_valid), .in_ready_o(in_ready),
        .in_seg_i({in_wr, in_flip, in_more, in_col, in_row, in_bank}),
        .out_peek_o(seg_peek), .out_valid_o(seg_valid), .out_ready_i(seg_ready),
        .out_seg_o({seg_wr, seg_flip, seg_more, seg_col, seg_row, seg_bank}), .need_o(ahead)
      );
    end else begin : gen_direct
      assign seg_peek  = in_peek;
      assign seg_valid = in_valid;
      assign in_ready  = seg_ready;
      assign {seg_wr, seg_flip, seg_more, seg_col, seg_row, seg_bank} = {in_wr, in_flip, in_more, in_col, in_row, in_bank};
      assign ahead     = '0;
    end
  endgenerate

  mr_kv_sched #(
    .Prof(Prof), .WordBytes(WordBytes), .Depth(Depth), .InitCycles(InitCycles), .PinRegs(PinRegs)
  ) u_sched (
    .clk_i, .rst_ni,
    .seg_peek_i(seg_peek), .seg_valid_i(seg_valid), .seg_ready_o(seg_ready), .seg_wr_i(seg_wr), .seg_bank_i(seg_bank),
    .seg_row_i(seg_row), .seg_col_i(seg_col), .seg_flip_i(seg_flip), .seg_more_i(seg_more),
    .ahead_i(ahead),
    .wd_word_i, .wd_be_i, .wd_pop_o, .rd_issue_o, .rd_room_i,
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o, .dfi_wrmask_o,
    .idle_o(sched_idle), .ready_o, .rd_slot_o(rd_slot), .wr_slot_o(wr_slot), .cause_o(cause),
    .row_ev_o(row_ev), .col_ev_o(col_ev), .open_o(row_open)
  );

  mr_kv_account #(.Skew(Rl - Wl), .UseW(UseW), .TwoBuses(RowColBus)) u_account (
    .clk_i, .rst_ni, .run_i(ready_o), .rd_slot_i(rd_slot), .wr_slot_i(wr_slot), .cause_i(cause),
    .use_valid_i(run_valid_i && run_ready_o), .use_i(run_use_i[UseW-1:0]), .open_i(row_open),
    .row_ev_i(row_ev), .col_ev_i(col_ev),
    .snap_i(cnt_snap_i), .rd_valid_i(cnt_rd_valid_i), .rd_addr_i(cnt_rd_addr_i), .rd_done_o(cnt_rd_done_o),
    .rd_data_o(cnt_rd_data_o)
  );

  `MR_ASSERT(Use, !(run_valid_i && (run_use_i >> UseW) != '0))

  assign rd_valid_o = dfi_rddata_valid_i;
  assign rd_word_o  = dfi_rddata_i;
  assign rd_err_o   = dfi_rderr_i;
  assign idle_o     = sched_idle && run_ready_o;
endmodule
`default_nettype wire
