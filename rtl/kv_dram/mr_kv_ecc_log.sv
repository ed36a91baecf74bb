// SPDX-License-Identifier: Apache-2.0
// Error log and counters of mr_kv_ecc: the first event, the last 16, and how many of each kind.
//
// TimeLog2  log2 of the clocks of a unit of the time stamp.   CntBits  width of the counters, <= 32.
// ev_valid_i with ev_data_i {kind 2, syndrome 8, code word 3, word in burst 3, address 32}: an event; the log puts 16 bits of time in
// front. Beside it ev_single_i, ev_double_i, ev_poisoned_i, injected_i: count these (each at most one a clock).
// log_pop_i (pulse): in the next clock log_data_o is the oldest event and log_valid_o is high, or low when there was none; both hold until
// the next pulse. An event into a full log pushes out the oldest, counted by log_lost_o. log_count_o: events held.
// first_valid_o, first_data_o: the first event since log_clear_i (pulse), which also empties the log and clears log_lost_o.
// cnt_*: saturating at 2^CntBits - 1; cnt_clear_i (pulse) clears them. What comes in the clock of a clear is forgotten.
// Latency: an event is in the log two clocks later. Test: tests/rtl/kv_ecc.
`default_nettype none
module mr_kv_ecc_log #(
  parameter int TimeLog2 = 16,
  parameter int CntBits = 32
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         ev_valid_i,
  input  wire  [47:0] ev_data_i,
  input  wire         ev_single_i,
  input  wire         ev_double_i,
  input  wire         ev_poisoned_i,
  input  wire         injected_i,

  input  wire         log_clear_i,
  input  wire         log_pop_i,
  output logic        log_valid_o,
  output logic [63:0] log_data_o,
  output wire  [4:0]  log_count_o,
  output logic [7:0]  log_lost_o,
  output logic        first_valid_o,
  output logic [63:0] first_data_o,

  input  wire         cnt_clear_i,
  output wire  [31:0] cnt_corrected_o,
  output wire  [31:0] cnt_detected_o,
  output wire  [31:0] cnt_poisoned_o,
  output wire  [31:0] cnt_injected_o
);
  // --- time ---------------------------------------------------------------------------------------------------------
  logic [TimeLog2+15:0] time_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) time_q <= '0;
    else time_q <= time_q + (TimeLog2+16)'(1);
  end

  // --- log ----------------------------------------------------------------------------------------------------------
  logic [63:0] mem [16];
  logic [63:0] head, event_q;
  logic [3:0]  wp_q;
  logic [4:0]  n_q;
  logic        ev_q, full, take;

  assign full        = n_q[4];
  assign take        = log_pop_i && n_q != 5'd0;
  assign head        = mem[wp_q - n_q[3:0]];
  assign log_count_o = n_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || log_clear_i) begin
      ev_q          <= 1'b0;
      wp_q          <= 4'd0;
      n_q           <= 5'd0;
      log_valid_o   <= 1'b0;
      log_lost_o    <= 8'd0;
      first_valid_o <= 1'b0;
    end else begin
      ev_q <= ev_valid_i;
      if (ev_q) begin
        wp_q          <= wp_q + 4'd1;
        first_valid_o <= 1'b1;
      end
      if (ev_q && !take && !full) n_q <= n_q + 5'd1;
      if (!ev_q && take) n_q <= n_q - 5'd1;
      if (ev_q && !take && full && log_lost_o != 8'hff) log_lost_o <= log_lost_o + 8'd1;
      if (log_pop_i) log_valid_o <= take;
    end
  end
  always_ff @(posedge clk_i) begin
    event_q <= {time_q[TimeLog2 +: 16], ev_data_i};
    if (ev_q) mem[wp_q] <= event_q;
    if (ev_q && !first_valid_o) first_data_o <= event_q;
    if (log_pop_i) log_data_o <= head;
  end

  // --- counters -----------------------------------------------------------------------------------------------------
  logic [3:0]   hit;
  logic [127:0] cnt;
  assign hit = {injected_i, ev_poisoned_i, ev_double_i, ev_single_i};
  assign {cnt_injected_o, cnt_poisoned_o, cnt_detected_o, cnt_corrected_o} = cnt;
  genvar c;
  generate
    for (c = 0; c < 4; c = c + 1) begin : gen_cnt
      logic [CntBits-1:0] cnt_q;
      logic [CntBits:0]   sum;
      assign sum = {1'b0, cnt_q} + (CntBits+1)'(1);
      assign cnt[32*c +: 32] = 32'(cnt_q);
      always_ff @(posedge clk_i) begin
        if (!rst_ni || cnt_clear_i) cnt_q <= '0;
        else if (hit[c] && !sum[CntBits]) cnt_q <= sum[CntBits-1:0];
      end
    end
  endgenerate
endmodule
`default_nettype wire
