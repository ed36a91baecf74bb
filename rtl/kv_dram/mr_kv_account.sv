// SPDX-License-Identifier: Apache-2.0
// Counters of the DRAM scheduler: every clock of the data bus has exactly one cause, and their sum is the clocks counted.
//
// Skew  clocks by which read data lags behind write data (Rl - Wl), >= 1.   UseW  width of use_i; what is still to come fits one bit
// more.   TwoBuses  1: a row and a column command in one clock.
// Per clock (commands' time): rd_slot_i / wr_slot_i a burst owns this clock; cause_i why not (1 refresh, 2 turnaround, 3 row,
// 4 bank group, 5 starvation, 6 back-pressure). use_valid_i, not in two clocks running, adds use_i to the words that count as useful;
// words of bursts beyond them are padding and count as starvation (a run's words count as useful before its padding does, so
// when all runs have ended all is exact). row_ev_i: 0 none, 1 ACT, 4 PRE, 5 REF; col_ev_i: 0 none, 2 RD, 3 WR. Counting runs while run_i,
// which must not rise before 300 clocks after reset.
// Counters (64 bits): 0 + c clocks of cause c with all rows closed, 8 + c with a row open (c = 0: useful); 17 ACT, 18 RD, 19 WR, 20 PRE, 21 REF.
// They stand in a memory of 16-bit quarters that is brought up to date every 128 clocks; all counters of one copy belong to the same
// clock. snap_i (a clock) freezes the copy of the last round for reading; rd_valid_i with rd_addr_i {counter, quarter} is
// answered by rd_done_o with rd_data_o within 500 clocks (hold both until then). Reset clears all counters.
// Test: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_account #(
  parameter int Skew = 2,
  parameter int UseW = 20,
  parameter bit TwoBuses = 1'b0
) (
  input  wire             clk_i,
  input  wire             rst_ni,
  input  wire             run_i,
  input  wire             rd_slot_i,
  input  wire             wr_slot_i,
  input  wire  [2:0]      cause_i,
  input  wire             use_valid_i,
  input  wire  [UseW-1:0] use_i,
  input  wire             open_i,
  input  wire  [2:0]      row_ev_i,
  input  wire  [2:0]      col_ev_i,
  input  wire             snap_i,
  input  wire             rd_valid_i,
  input  wire  [6:0]      rd_addr_i,
  output logic            rd_done_o,
  output logic [15:0]     rd_data_o
);
  // --- one cause a clock --------------------------------------------------------------------------------------------
  logic [Skew-1:0]   rd_q, run_q;
  logic [3*Skew-1:0] cause_q;
  logic              clash_q, wr_q, some_q, owe_q, count_q, open_q;
  logic [UseW:0]     use_q;         // useful words still to come
  logic [2:0]        code_q;
  logic              busy, useful;
  logic [1:0]        less;

  assign busy   = rd_q[Skew-1] || wr_q;
  assign useful = busy && some_q;
  assign less   = {1'b0, useful} + {1'b0, owe_q};
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rd_q    <= '0;
      run_q   <= '0;
      wr_q    <= 1'b0;
      use_q   <= '0;
      owe_q   <= 1'b0;
      some_q  <= 1'b0;
      clash_q <= 1'b0;
      count_q <= 1'b0;
    end else begin
      rd_q    <= (rd_q << 1) | Skew'(rd_slot_i);
      run_q   <= (run_q << 1) | Skew'(run_i);
      wr_q    <= wr_slot_i;
      clash_q <= rd_q[Skew-1] && wr_q;
      // One sum a clock: a word that is useful in the clock of a new run is taken off in the next.
      use_q   <= use_q + (use_valid_i ? {1'b0, use_i} : {{UseW{less != 2'd0}}, less[0]});
      owe_q   <= use_valid_i && less != 2'd0;
      some_q  <= use_q[UseW:2] != '0 || use_q[1:0] > less;
      count_q <= run_q[Skew-1];
    end
  end
  always_ff @(posedge clk_i) begin
    cause_q <= (3*Skew)'({cause_q, cause_i});
    code_q  <= useful ? 3'd0 : busy ? 3'd5 : cause_q[3*Skew-1 -: 3];
    open_q  <= open_i;
  end
  `MR_ASSERT(UseFits, !(use_valid_i && ((UseW+2)'(use_q) + (UseW+2)'(use_i)) >> (UseW + 1) != '0))
  `MR_ASSERT(OneBurst, !clash_q)
  `MR_ASSERT(Cause, !(count_q && code_q == 3'd7))
  `MR_ASSERT(UseTwice, !(use_valid_i && owe_q))

  // --- rounds of 128 clocks: small counters, whose values are added to the memory in the next round -----------------
  logic [6:0] step_q, at_q;
  logic       tick, phase_q, read;
  logic [7:0] cause_n, event_n, value_q;
  logic [2:0] row_q, col_q;
  logic       row_hit_q, col_hit_q, we_q;
  logic [1:0] fresh_q;      // rounds still to clear
  assign tick = step_q == 7'd127;
  assign read = step_q[6:5] != 2'b11;       // 24 counters, four quarters each

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q    <= 7'd0;
      phase_q   <= 1'b0;
      row_hit_q <= 1'b0;
      col_hit_q <= 1'b0;
    end else begin
      step_q    <= step_q + 7'd1;
      phase_q   <= phase_q ^ tick;
      row_hit_q <= run_i && (row_ev_i != 3'd0 || (!TwoBuses && col_ev_i != 3'd0));
      col_hit_q <= run_i && col_ev_i != 3'd0;
    end
    row_q <= TwoBuses ? row_ev_i : row_ev_i | col_ev_i;
    col_q <= col_ev_i;
  end

  logic clear_a, clear_b;
  assign clear_a = we_q && at_q[1:0] == 2'd0 && !at_q[6];
  assign clear_b = we_q && at_q[1:0] == 2'd0 && at_q[6];
  mr_kv_tally #(.Width(8), .Entries(16)) u_cause (
    .clk_i, .phase_i(phase_q), .hit_i(count_q), .idx_i({open_q, code_q}), .out_idx_i(at_q[5:2]), .clear_i(clear_a), .out_o(cause_n)
  );
  generate
    if (TwoBuses) begin : gen_two
      logic [7:0] row_n, col_n;
      mr_kv_tally #(.Width(8), .Entries(8)) u_row (
        .clk_i, .phase_i(phase_q), .hit_i(row_hit_q), .idx_i(row_q), .out_idx_i(at_q[4:2]), .clear_i(clear_b), .out_o(row_n)
      );
      mr_kv_tally #(.Width(8), .Entries(8)) u_col (
        .clk_i, .phase_i(phase_q), .hit_i(col_hit_q), .idx_i(col_q), .out_idx_i(at_q[4:2]), .clear_i(clear_b), .out_o(col_n)
      );
      assign event_n = (at_q[4:3] == 2'b01) ? col_n : row_n;
    end else begin : gen_one
      mr_kv_tally #(.Width(8), .Entries(8)) u_row (
        .clk_i, .phase_i(phase_q), .hit_i(row_hit_q), .idx_i(row_q), .out_idx_i(at_q[4:2]), .clear_i(clear_b), .out_o(event_n)
      );
      wire unused_col = &{1'b0, col_q, col_hit_q};
    end
  endgenerate

  // --- memory: two copies, written in turn only when a snapshot is taken --------------------------------------------
  // Clock by clock: read a quarter; keep it; add and write it back.
  logic        live_q, snap_q, turn_q;      // copy in use; this round writes the other one
  logic        user, we_q2, first_q, carry_q, user_q;
  logic [15:0] mem_data, old_q;
  logic [16:0] sum;
  logic [7:0]  raddr, waddr_q;

  assign user  = step_q[6:3] == 4'b1100 && rd_valid_i && !rd_done_o && !user_q && !snap_q && !turn_q && fresh_q == 2'd0;
  assign raddr = read ? {live_q, step_q} : {!live_q, rd_addr_i};
  assign sum   = {1'b0, old_q} + (first_q ? 17'(value_q) : 17'(carry_q));

  mr_kv_ram #(.Width(16), .Depth(256)) u_mem (
    .clk_i, .re_i(read || user), .raddr_i(raddr), .rdata_o(mem_data), .we_i(we_q2), .waddr_i(waddr_q), .wdata_i(sum[15:0])
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      live_q    <= 1'b0;
      turn_q    <= 1'b0;
      snap_q    <= 1'b0;
      fresh_q   <= 2'd3;
      we_q      <= 1'b0;
      we_q2     <= 1'b0;
      user_q    <= 1'b0;
      rd_done_o <= 1'b0;
    end else begin
      we_q      <= read;
      we_q2     <= we_q;
      user_q    <= user;
      rd_done_o <= user_q && rd_valid_i;
      snap_q    <= snap_i || (snap_q && !tick);
      if (tick) begin
        turn_q <= snap_q || fresh_q != 2'd0;
        live_q <= live_q ^ turn_q;
        if (fresh_q != 2'd0) fresh_q <= fresh_q - 2'd1;
      end
    end
  end
  // While fresh, what stands in the memories is ignored.
  always_ff @(posedge clk_i) begin
    at_q      <= step_q;
    waddr_q   <= {live_q ^ turn_q, at_q};
    first_q   <= at_q[1:0] == 2'd0;
    old_q     <= (fresh_q != 2'd0) ? 16'd0 : mem_data;
    value_q   <= (fresh_q != 2'd0) ? 8'd0 : (at_q[6] ? event_n : cause_n);
    carry_q   <= sum[16];
    rd_data_o <= mem_data;
  end
  `MR_ASSERT(Early, !(count_q && fresh_q != 2'd0))
endmodule
`default_nettype wire
