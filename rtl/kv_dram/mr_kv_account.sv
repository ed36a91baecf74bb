// SPDX-License-Identifier: Apache-2.0
// Counters of the DRAM scheduler: every clock of the data bus has exactly one cause, and their sum is the clocks counted.
//
// Skew  clocks by which read data lags behind write data (Rl - Wl), >= 1.   UseW  width of use_i.
// Per clock (commands' time): rd_slot_i / wr_slot_i a burst owns this clock; cause_i why not (1 refresh, 2 turnaround, 3 row,
// 4 bank group, 5 starvation, 6 back-pressure). use_valid_i adds use_i to the words that count as useful; words of bursts beyond them
// are padding and count as starvation (a run's words count as useful before its padding does, so after a run has ended all is
// exact). ev_i: events {open, REF, PRE, WR, RD, ACT}. Counting runs while run_i.
// Counters (64 bits): 0 useful, 1..6 the causes, 7 ACT, 8 RD, 9 WR, 10 PRE, 11 REF, 12 clocks with a row open (closed: sum less 12).
// They stand in a memory of 16-bit quarters that is brought up to date every 63 clocks; all counters of one copy belong to the same
// clock. snap_i (a clock) freezes the copy of the last round for reading; rd_valid_i with rd_addr_i {counter, quarter} is
// answered by rd_done_o with rd_data_o within 200 clocks (hold both until then). Reset clears all counters.
// Test: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_account #(
  parameter int Skew = 2,
  parameter int UseW = 25
) (
  input  wire             clk_i,
  input  wire             rst_ni,
  input  wire             run_i,
  input  wire             rd_slot_i,
  input  wire             wr_slot_i,
  input  wire  [2:0]      cause_i,
  input  wire             use_valid_i,
  input  wire  [UseW-1:0] use_i,
  input  wire  [5:0]      ev_i,
  input  wire             snap_i,
  input  wire             rd_valid_i,
  input  wire  [5:0]      rd_addr_i,
  output logic            rd_done_o,
  output wire  [15:0]     rd_data_o
);
  localparam int N = 13;

  // --- one cause a clock --------------------------------------------------------------------------------------------
  logic [Skew-1:0]   rd_q, run_q;
  logic [3*Skew-1:0] cause_q;
  logic              wr_q, some_q;
  logic [UseW:0]     use_q;         // useful words still to come
  logic [2:0]        code_q;
  logic              count_q;
  logic [5:0]        ev_q;
  logic              busy, useful;

  assign busy   = rd_q[Skew-1] || wr_slot_i;
  assign useful = busy && some_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rd_q    <= '0;
      run_q   <= '0;
      use_q   <= '0;
      some_q  <= 1'b0;
      wr_q    <= 1'b0;
      count_q <= 1'b0;
      ev_q    <= 6'd0;
    end else begin
      rd_q    <= (rd_q << 1) | Skew'(rd_slot_i);
      run_q   <= (run_q << 1) | Skew'(run_i);
      wr_q    <= rd_q[Skew-1] && wr_slot_i;
      use_q   <= use_q + (use_valid_i ? {1'b0, use_i} : '0) - (UseW+1)'(useful);
      some_q  <= use_q[UseW:1] != '0 || (use_q[0] && !useful);
      count_q <= run_q[Skew-1];
      ev_q    <= run_i ? ev_i : 6'd0;
    end
  end
  always_ff @(posedge clk_i) begin
    cause_q <= (3*Skew)'({cause_q, cause_i});
    code_q  <= useful ? 3'd0 : busy ? 3'd5 : cause_q[3*Skew-1 -: 3];
  end
  `MR_ASSERT(OneBurst, !wr_q)
  `MR_ASSERT(Cause, !(count_q && code_q == 3'd7))

  // --- rounds of 63 clocks ------------------------------------------------------------------------------------------
  // Small counters run for one round; then their values are added to the memory, a quarter a clock, while the next ones run.
  logic [6*N-1:0] small_q, shadow_q;
  logic [N-1:0]   hit;
  logic [5:0]     step_q;
  logic           tick;
  assign tick = step_q == 6'd62;
  always_comb begin
    for (int i = 0; i < N; i = i + 1) begin
      hit[i] = (i < 7) ? count_q && code_q == 3'(i) : ev_q[(i < 7) ? 0 : i - 7];
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) step_q <= 6'd0;
    else step_q <= tick ? 6'd0 : step_q + 6'd1;
  end
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < N; i = i + 1) begin
      if (!rst_ni) small_q[6*i +: 6] <= 6'd0;
      else small_q[6*i +: 6] <= (tick ? 6'd0 : small_q[6*i +: 6]) + 6'(hit[i]);
    end
    if (!rst_ni) shadow_q <= '0;
    else if (tick) shadow_q <= small_q;
    else if (step_q[1:0] == 2'd2) shadow_q <= shadow_q >> 6;      // the next counter's turn
  end

  // --- memory: two copies, written in turn only when a snapshot is taken --------------------------------------------
  // Clock by clock: read a quarter; keep it; add and write it back.
  logic        live_q, snap_q, turn_q;     // copy in use; this round writes the other one
  logic [1:0]  fresh_q;                            // rounds still to clear
  logic        read, user, we_q, we_q2, first_q, carry_q, user_q;
  logic [5:0]  at_q, at_q2;
  logic [15:0] mem_data, old_q;
  logic [16:0] sum;
  logic [6:0]  raddr;

  assign read  = 32'(step_q) < 4 * N;
  assign user  = !read && rd_valid_i && !rd_done_o && !user_q && step_q < 6'd60 && !snap_q && !turn_q && fresh_q == 2'd0;
  assign raddr = user ? {!live_q, rd_addr_i} : {live_q, step_q};
  assign sum   = {1'b0, (fresh_q != 2'd0) ? 16'd0 : old_q} + (first_q ? 17'(shadow_q[5:0]) : 17'(carry_q));
  assign rd_data_o = mem_data;

  mr_ram_1r1w #(.Width(16), .Depth(128)) u_mem (
    .clk_i, .re_i(read || user), .raddr_i(raddr), .rdata_o(mem_data),
    .we_i(we_q2), .waddr_i({live_q ^ turn_q, at_q2}), .wdata_i(sum[15:0])
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      live_q    <= 1'b0;
      turn_q    <= 1'b0;
      snap_q    <= 1'b0;
      fresh_q   <= 2'd2;
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
        turn_q <= snap_q || fresh_q == 2'd2;
        live_q <= live_q ^ turn_q;
        if (fresh_q != 2'd0) fresh_q <= fresh_q - 2'd1;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    at_q    <= step_q;
    at_q2   <= at_q;
    first_q <= at_q[1:0] == 2'd0;
    old_q   <= mem_data;
    carry_q <= sum[16];
  end
endmodule
`default_nettype wire
