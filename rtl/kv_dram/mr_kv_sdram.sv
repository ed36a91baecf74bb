// SPDX-License-Identifier: Apache-2.0
// In-order SDR SDRAM back end: takes runs of bursts inside one row, opens rows ahead, refreshes, initialises.
//
// DqBytes     bytes of the data bus, 2, 4 or 8 (x16 chips side by side).
// RowBits, ColBits  device geometry; 4 banks.   Timing  profile of mr_kv_timing_pkg (clocks).
// InitCycles  NOP clocks after reset before the first command; 0 takes the profile's.
// ReadExtra   extra clocks between the pins and dq_i (registers of a PHY), 0..4.
//
// Run port (ready/valid, run_ready_o from registers): run_n_i bursts of 4 words from burst address run_addr_i
// (bank and row are derived from it), which must not leave the row. Kinds: read or write, scales or data. Two runs are
// held: the current one and the next, whose row is opened early. A scale write has run_n_i = 1 and stores kw_block_i[271:256]
// at half-word run_sub_i of the burst, everything else masked; a data write stores kw_block_i[255:0] and ends with
// kw_take_o (from registers, only while kw_valid_i; the block must hold until then). A write waits for kw_valid_i (seen a
// clock later), a read burst for data_room_i / scale_room_i; rd_data_o / rd_scale_o tell that a burst of the kind was
// issued. Its 4 words follow in order at rdat_valid_o, CL + 2 + ReadExtra clocks later. While a run waits, refreshes go on.
// Refresh: a counter of tREFI raises the debt; it is paid at the end of a run, in idle time or stalls, and at debt 4 at
// once, so it stays below 8. All pins are registered. The device samples them at the following clock edge.
// Reset: pins go to NOP with CKE low; initialisation starts again. Test: tests/rtl/kv_dram.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_sdram #(
  parameter int DqBytes = 8,
  parameter int RowBits = mr_kv_timing_pkg::RowBits,
  parameter int ColBits = mr_kv_timing_pkg::ColBits,
  parameter logic [16*mr_kv_timing_pkg::Lanes-1:0] Timing = mr_kv_timing_pkg::Sdr100,
  parameter int InitCycles = 0,
  parameter int ReadExtra = 0,
  localparam int AddrBits = RowBits + ColBits,
  localparam int RunBits = ColBits - 1,
  localparam int SubBits = $clog2(2 * DqBytes)
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,

  input  wire                 run_valid_i,
  output wire                 run_ready_o,
  input  wire                 run_wr_i,
  input  wire                 run_scale_i,
  input  wire  [AddrBits-1:0] run_addr_i,
  input  wire  [RunBits-1:0]  run_n_i,
  input  wire  [SubBits-1:0]  run_sub_i,
  output wire                 idle_o,

  input  wire                 kw_valid_i,
  input  wire  [271:0]        kw_block_i,
  output wire                 kw_take_o,

  input  wire                 data_room_i,
  input  wire                 scale_room_i,
  output wire                 rd_data_o,
  output wire                 rd_scale_o,
  output wire                 rdat_valid_o,
  output wire                 rdat_scale_o,
  output logic [8*DqBytes-1:0] rdat_o,

  output wire                 ev_act_o,
  output wire                 ev_ref_o,
  output logic                ready_o,    // initialisation done

  output logic                cke_o,
  output logic                cs_no,
  output logic                ras_no,
  output logic                cas_no,
  output logic                we_no,
  output logic [1:0]          ba_o,
  output logic [RowBits-1:0]  a_o,
  output logic [DqBytes-1:0]  dqm_o,
  output logic [8*DqBytes-1:0] dq_o,
  output logic                dq_oe_o,
  input  wire  [8*DqBytes-1:0] dq_i
);
  localparam int Burst    = 4;
  localparam int TCl      = {16'd0, Timing[16*mr_kv_timing_pkg::IdxCl +: 16]};
  localparam int TRcd     = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTRcd +: 16]};
  localparam int TRp      = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTRp +: 16]};
  localparam int TRas     = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTRas +: 16]};
  localparam int TRrd     = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTRrd +: 16]};
  localparam int TRfc     = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTRfc +: 16]};
  localparam int TWr      = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTWr +: 16]};
  localparam int TMrd     = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTMrd +: 16]};
  localparam int TRefi    = {16'd0, Timing[16*mr_kv_timing_pkg::IdxTRefi +: 16]};
  localparam int InitRefs = {16'd0, Timing[16*mr_kv_timing_pkg::IdxInitRefs +: 16]};
  localparam int TInit    = (InitCycles != 0) ? InitCycles
                          : {16'd0, Timing[16*mr_kv_timing_pkg::IdxInitNop +: 16]};
  localparam int TRtw     = TCl + Burst + 1;  // READ to WRITE: last word read, then one clock of bus turnaround
  localparam int WordsN   = 32 / DqBytes;     // words of a block's data
  localparam int WordW    = $clog2(WordsN);
  localparam int PipeN    = TCl + 2 + ReadExtra;
  localparam int DebtUrgent = 4;

  typedef enum logic [2:0] {
    StPower, StInitPre, StInitRef, StMrs, StRun, StRefPre, StRef
  } state_e;

  localparam logic [2:0] CmdMrs = 3'b000;  // {ras_n, cas_n, we_n}
  localparam logic [2:0] CmdRef = 3'b001;
  localparam logic [2:0] CmdPre = 3'b010;
  localparam logic [2:0] CmdAct = 3'b011;
  localparam logic [2:0] CmdWr  = 3'b100;
  localparam logic [2:0] CmdRd  = 3'b101;
  localparam logic [2:0] CmdNop = 3'b111;

  // --- runs held -------------------------------------------------------------------------------------------------
  logic               cur_v_q, nxt_v_q;
  logic               cur_wr_q, nxt_wr_q;
  logic               cur_scale_q, nxt_scale_q;
  logic [RowBits-1:0] cur_row_q, nxt_row_q;
  logic [1:0]         cur_bank_q, nxt_bank_q;
  logic [ColBits-3:0] cur_col_q, nxt_col_q;
  logic [RunBits-1:0] cur_n_q, nxt_n_q;
  logic [SubBits-1:0] cur_sub_q, nxt_sub_q;
  logic               cur_done, run_take, nxt_move;
  logic [RowBits-1:0] in_row;
  logic [1:0]         in_bank;

  // Rows follow one another on different banks; the row number is folded in so that power-of-two strides rotate too.
  assign in_row   = run_addr_i[ColBits +: RowBits];
  assign in_bank  = run_addr_i[ColBits-2 +: 2] + in_row[1:0] + in_row[3:2];
  assign run_ready_o = !nxt_v_q;
  assign run_take = run_valid_i && !nxt_v_q;
  assign nxt_move = nxt_known_q && (!cur_v_q || cur_done);

  // --- banks -----------------------------------------------------------------------------------------------------
  state_e             state_q, state_d;
  logic [3:0]         bk_act, bk_pre, bk_rd, bk_wr;
  logic               bk_ref;
  logic [3:0]         bk_open, bk_cmd_ok, bk_pre_ok;
  logic [4*RowBits-1:0] bk_row;
  logic               live_q;     // a command was given in the last 63 clocks: gates what changes only then
  logic [2:0]         cmd_d;
  logic [1:0]         ba_d;
  logic [RowBits-1:0] a_d, act_row;

  genvar b;
  generate
    for (b = 0; b < 4; b = b + 1) begin : gen_bank
      mr_kv_bank #(
        .RowBits(RowBits), .TRcd(TRcd), .TRp(TRp), .TRas(TRas), .TRfc(TRfc), .TWr(TWr), .Burst(Burst)
      ) u_bank (
        .clk_i, .rst_ni,
        .act_i(bk_act[b]), .pre_i(bk_pre[b]), .ref_i(bk_ref), .rd_i(bk_rd[b]), .wr_i(bk_wr[b]), .row_i(act_row),
        .open_o(bk_open[b]), .row_o(bk_row[b*RowBits +: RowBits]),
        .cmd_ok_o(bk_cmd_ok[b]), .pre_ok_o(bk_pre_ok[b])
      );
    end
  endgenerate

  // --- device-wide waits -----------------------------------------------------------------------------------------
  localparam logic [4:0] NRrd = 5'(TRrd - 1);
  localparam logic [4:0] NRd  = 5'(Burst - 1);
  localparam logic [4:0] NRtw = 5'(TRtw - 1);
  logic [4:0]  rrd_q, rd_wait_q, wr_wait_q;
  logic        rrd_ok_q, rd_ok_q, wr_ok_q, wait_ok_q;    // these and wait_q are 0
  logic [5:0]  tail_q;      // clocks left of live_q
  logic [15:0] wait_q;      // initialisation waits
  logic [15:0] refi_q;
  logic [3:0]  debt_q;
  logic        debt_some_q, debt_urgent_q;
  logic [3:0]  init_left_q;
  logic        refi_tick;
  logic        wait_load;
  logic [15:0] wait_d;

  // --- command choice --------------------------------------------------------------------------------------------
  // What stands in the banks of the two runs is known a clock ahead: of the next run it is looked up anew in every clock, and
  // holds (nxt_known_q) unless that bank's row was opened or closed in the clock before; the current run takes it over and
  // follows its own bank.
  logic cur_open_q, cur_hit_q, nxt_open_q, nxt_hit_q, nxt_known_q;
  logic kw_have_q;          // a block stands at the port, and it is not the one just taken
  logic cur_room, cur_stall, can_burst, spare, same_bank, nxt_stale, pre_all;
  logic act_cur, act_nxt, pre_cur, pre_nxt, go;
  logic do_rd, do_wr;

  assign cur_room  = cur_wr_q ? kw_have_q : (cur_scale_q ? scale_room_i : data_room_i);
  assign cur_stall = cur_v_q && !cur_room;
  assign go        = state_q == StRun && wait_ok_q && !(debt_urgent_q || (debt_some_q && (!cur_v_q || cur_stall)));
  assign can_burst = cur_v_q && cur_hit_q && cur_room && bk_cmd_ok[cur_bank_q] && (cur_wr_q ? wr_ok_q : rd_ok_q);
  assign do_rd     = go && can_burst && !cur_wr_q;
  assign do_wr     = go && can_burst && cur_wr_q;
  assign pre_cur   = go && cur_v_q && cur_open_q && !cur_hit_q && bk_pre_ok[cur_bank_q];
  assign act_cur   = go && cur_v_q && !cur_open_q && bk_cmd_ok[cur_bank_q] && rrd_ok_q;
  assign same_bank = nxt_bank_q == cur_bank_q;
  assign spare     = go && cur_v_q && cur_hit_q && !can_burst && nxt_known_q && !same_bank;
  assign pre_nxt   = spare && nxt_open_q && !nxt_hit_q && bk_pre_ok[nxt_bank_q];
  assign act_nxt   = spare && !nxt_open_q && bk_cmd_ok[nxt_bank_q] && rrd_ok_q;
  assign pre_all   = (state_q == StInitPre || state_q == StRefPre) && bk_pre_ok == 4'hF;
  assign nxt_stale = ((pre_cur || act_cur) && same_bank) || pre_nxt || act_nxt || pre_all;
  assign act_row   = cur_open_q ? nxt_row_q : cur_row_q;
  assign cur_done  = (do_rd || do_wr) && cur_n_q == RunBits'(1);
  assign rd_data_o = do_rd && !cur_scale_q;
  assign rd_scale_o = do_rd && cur_scale_q;
  assign ev_act_o  = bk_act != 4'd0;
  assign ev_ref_o  = bk_ref && ready_o;

  always_comb begin
    bk_act = 4'd0;
    bk_pre = {4{pre_all}};
    bk_rd  = 4'd0;
    bk_wr  = 4'd0;
    bk_rd[cur_bank_q] = do_rd;
    bk_wr[cur_bank_q] = do_wr;
    if (act_cur) bk_act[cur_bank_q] = 1'b1;
    if (act_nxt) bk_act[nxt_bank_q] = 1'b1;
    if (pre_cur) bk_pre[cur_bank_q] = 1'b1;
    if (pre_nxt) bk_pre[nxt_bank_q] = 1'b1;
  end

  always_comb begin
    state_d   = state_q;
    bk_ref    = 1'b0;
    wait_load = 1'b0;
    wait_d    = 16'd0;
    case (state_q)
      StPower:   if (wait_ok_q) state_d = StInitPre;
      StInitPre: if (pre_all) state_d = StInitRef;
      StInitRef: begin
        if (bk_cmd_ok == 4'hF) begin
          bk_ref = 1'b1;
          if (init_left_q == 4'd1) state_d = StMrs;
        end
      end
      StMrs: begin
        if (bk_cmd_ok == 4'hF && wait_ok_q) begin
          wait_load = 1'b1;
          wait_d    = 16'(TMrd);
          state_d   = StRun;
        end
      end
      StRefPre: if (pre_all) state_d = StRef;
      StRef: begin
        if (bk_cmd_ok == 4'hF) begin
          bk_ref = 1'b1;
          if (debt_q == 4'd1) state_d = StRun;
        end
      end
      StRun: begin
        if (wait_ok_q && !go) state_d = StRefPre;
        else if (debt_some_q && cur_done) state_d = StRefPre;
      end
      default: state_d = StPower;
    endcase
  end

  // The pins. Address and bank hold without a command.
  always_comb begin
    cmd_d = CmdNop;
    ba_d  = ba_o;
    a_d   = a_o;
    if (wait_load) begin
      cmd_d = CmdMrs;
      ba_d  = 2'd0;
      a_d   = RowBits'({TCl[2:0], 4'b0010});  // sequential bursts of 4, writes burst as well
    end
    if (bk_ref) cmd_d = CmdRef;
    if (do_rd || do_wr) begin
      cmd_d = cur_wr_q ? CmdWr : CmdRd;
      ba_d  = cur_bank_q;
      a_d   = RowBits'({cur_col_q, 2'b00});
    end
    if (act_cur || act_nxt) begin
      cmd_d = CmdAct;
      ba_d  = act_cur ? cur_bank_q : nxt_bank_q;
      a_d   = act_row;
    end
    if (pre_cur || pre_nxt || pre_all) begin
      cmd_d   = CmdPre;
      ba_d    = pre_nxt ? nxt_bank_q : cur_bank_q;
      a_d[10] = pre_all;
    end
  end

  // --- run registers ---------------------------------------------------------------------------------------------
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cur_v_q     <= 1'b0;
      nxt_v_q     <= 1'b0;
      nxt_known_q <= 1'b0;
      kw_have_q   <= 1'b0;
    end else begin
      nxt_known_q <= nxt_v_q && !nxt_move && !nxt_stale;
      kw_have_q   <= kw_valid_i && !kw_take_o;
      if (nxt_move) cur_v_q <= 1'b1;
      else if (cur_done) cur_v_q <= 1'b0;
      if (run_take) nxt_v_q <= 1'b1;
      else if (nxt_move) nxt_v_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (run_take) begin
      nxt_wr_q    <= run_wr_i;
      nxt_scale_q <= run_scale_i;
      nxt_row_q   <= in_row;
      nxt_bank_q  <= in_bank;
      nxt_col_q   <= run_addr_i[ColBits-3:0];
      nxt_n_q     <= run_n_i;
      nxt_sub_q   <= run_sub_i;
    end
    if (nxt_move) begin
      cur_wr_q    <= nxt_wr_q;
      cur_scale_q <= nxt_scale_q;
      cur_row_q   <= nxt_row_q;
      cur_bank_q  <= nxt_bank_q;
      cur_col_q   <= nxt_col_q;
      cur_n_q     <= nxt_n_q;
      cur_sub_q   <= nxt_sub_q;
      cur_open_q  <= nxt_open_q && !pre_all;
      cur_hit_q   <= nxt_hit_q && !pre_all;
    end else if (do_rd || do_wr) begin
      cur_col_q <= cur_col_q + (ColBits-2)'(1);
      cur_n_q   <= cur_n_q - RunBits'(1);
    end else if (pre_cur || pre_all) begin
      cur_open_q <= 1'b0;
      cur_hit_q  <= 1'b0;
    end else if (act_cur) begin
      cur_open_q <= 1'b1;
      cur_hit_q  <= 1'b1;
    end
    if (nxt_v_q) begin
      nxt_open_q <= bk_open[nxt_bank_q];
      nxt_hit_q  <= bk_open[nxt_bank_q] && bk_row[nxt_bank_q*RowBits +: RowBits] == nxt_row_q;
    end
  end

  // --- waits, refresh timer, state -------------------------------------------------------------------------------
  logic [3:0] debt_d;
  assign refi_tick = ready_o && refi_q == 16'd0;
  assign debt_d    = debt_q + 4'(refi_tick) - 4'(bk_ref);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= StPower;
      ready_o     <= 1'b0;
      wait_q      <= 16'(TInit);
      wait_ok_q   <= 1'b0;
      refi_q      <= 16'(TRefi - 1);
      debt_q      <= 4'd0;
      debt_some_q   <= 1'b0;
      debt_urgent_q <= 1'b0;
      init_left_q <= 4'(InitRefs);
    end else begin
      state_q <= state_d;
      if (wait_load) wait_q <= wait_d;
      else if (!wait_ok_q) wait_q <= wait_q - 16'd1;
      wait_ok_q <= !wait_load && (wait_ok_q || wait_q == 16'd1);
      if (state_q == StInitRef && bk_ref) init_left_q <= init_left_q - 4'd1;
      if (wait_load) ready_o <= 1'b1;
      if (ready_o) begin
        refi_q <= refi_tick ? 16'(TRefi - 1) : refi_q - 16'd1;
        debt_q        <= debt_d;
        debt_some_q   <= debt_d != 4'd0;
        debt_urgent_q <= debt_d >= 4'(DebtUrgent);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rrd_q     <= 5'd0;
      rd_wait_q <= 5'd0;
      wr_wait_q <= 5'd0;
      tail_q    <= 6'd0;
      rrd_ok_q  <= 1'b1;
      rd_ok_q   <= 1'b1;
      wr_ok_q   <= 1'b1;
      live_q    <= 1'b0;
    end else begin
      if (cmd_d != CmdNop) begin
        tail_q <= 6'd63;
        live_q <= 1'b1;
      end else if (live_q) begin
        tail_q <= tail_q - 6'd1;
        live_q <= tail_q != 6'd1;
      end
      if (act_cur || act_nxt) begin
        rrd_q    <= NRrd;
        rrd_ok_q <= NRrd == 5'd0;
      end else if (!rrd_ok_q) begin
        rrd_q    <= rrd_q - 5'd1;
        rrd_ok_q <= rrd_q == 5'd1;
      end
      if (do_rd || do_wr) begin
        rd_wait_q <= NRd;
        rd_ok_q   <= NRd == 5'd0;
      end else if (!rd_ok_q) begin
        rd_wait_q <= rd_wait_q - 5'd1;
        rd_ok_q   <= rd_wait_q == 5'd1;
      end
      if (do_rd || do_wr) begin
        wr_wait_q <= cur_wr_q ? NRd : NRtw;
        wr_ok_q   <= cur_wr_q ? NRd == 5'd0 : NRtw == 5'd0;
      end else if (!wr_ok_q) begin
        wr_wait_q <= wr_wait_q - 5'd1;
        wr_ok_q   <= wr_wait_q == 5'd1;
      end
    end
  end

  // --- write beats -----------------------------------------------------------------------------------------------
  logic [1:0]         beat, wbeat_q;
  logic               wr_on, w_scale, w_scale_q;
  logic [SubBits-1:0] w_sub, w_sub_q;
  logic [WordW-1:0]   word_q;
  logic [8*DqBytes-1:0] w_word;
  logic [DqBytes-1:0] w_mask;
  logic [15:0]        w_scale_half;

  assign w_scale_half = kw_block_i[271:256];
  assign wr_on   = do_wr || wbeat_q != 2'd0;
  assign beat    = do_wr ? 2'd0 : wbeat_q;
  assign w_scale = do_wr ? cur_scale_q : w_scale_q;
  assign w_sub   = do_wr ? cur_sub_q : w_sub_q;
  assign kw_take_o = wbeat_q == 2'd3 && !w_scale_q && word_q == WordW'(WordsN - 1);
  assign idle_o  = !cur_v_q && !nxt_v_q && wbeat_q == 2'd0;

  always_comb begin
    w_mask = '0;
    w_word = {(DqBytes/2){w_scale_half}};
    if (wr_on && !w_scale) begin
      w_word = kw_block_i[word_q*(8*DqBytes) +: 8*DqBytes];
    end else if (wr_on) begin
      w_mask = '1;
      for (int h = 0; h < DqBytes/2; h = h + 1) begin
        if (w_sub == SubBits'(32'(beat) * (DqBytes/2) + h)) w_mask[2*h +: 2] = 2'b00;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wbeat_q <= 2'd0;
      word_q  <= '0;
      dq_oe_o <= 1'b0;
      dqm_o   <= '1;
    end else begin
      if (wr_on) wbeat_q <= beat + 2'd1;
      if (wr_on && !w_scale) word_q <= word_q + WordW'(1);
      dq_oe_o <= wr_on;
      dqm_o   <= wr_on ? w_mask : {DqBytes{!ready_o}};
    end
  end
  always_ff @(posedge clk_i) begin
    if (wr_on) dq_o <= w_word;
    if (do_wr) begin
      w_scale_q <= cur_scale_q;
      w_sub_q   <= cur_sub_q;
    end
  end

  // --- read beats ------------------------------------------------------------------------------------------------
  logic [1:0]       rbeat_q;
  logic             r_scale_q, rd_on;
  logic [PipeN-1:0] pipe_q, pipe_sc_q;

  assign rd_on        = do_rd || rbeat_q != 2'd0;
  assign rdat_valid_o = pipe_q[PipeN-1];
  assign rdat_scale_o = pipe_sc_q[PipeN-1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rbeat_q <= 2'd0;
      pipe_q  <= '0;
    end else begin
      if (rd_on) rbeat_q <= do_rd ? 2'd1 : rbeat_q + 2'd1;
      pipe_q <= {pipe_q[PipeN-2:0], rd_on};
    end
  end
  always_ff @(posedge clk_i) begin
    if (do_rd) r_scale_q <= cur_scale_q;
    if (live_q || do_rd) pipe_sc_q <= {pipe_sc_q[PipeN-2:0], do_rd ? cur_scale_q : r_scale_q};
    if (live_q) rdat_o <= dq_i;
  end

  // --- pins ------------------------------------------------------------------------------------------------------
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cke_o <= 1'b0;
      cs_no <= 1'b1;
      {ras_no, cas_no, we_no} <= CmdNop;
      ba_o  <= 2'd0;
      a_o   <= '0;
    end else begin
      cke_o <= 1'b1;
      cs_no <= 1'b0;
      {ras_no, cas_no, we_no} <= cmd_d;
      ba_o  <= ba_d;
      a_o   <= a_d;
    end
  end

  `MR_ASSERT(Debt, debt_q <= 4'd8)
  `MR_ASSERT(RowEnd, !(run_take && 32'(run_addr_i[ColBits-3:0]) + 32'(run_n_i) > (1 << (ColBits-2))))
  `MR_ASSERT(WriteHeld, !(wr_on && !kw_valid_i))
endmodule
`default_nettype wire
