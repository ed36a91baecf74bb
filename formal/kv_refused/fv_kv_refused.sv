// SPDX-License-Identifier: Apache-2.0
// Proof harness of the counters of refusals: none is lost, whenever commands and administrations end.
//
// Free: both events, as close as the front end lets them come: two commands 4 clocks apart, two administrations 3, or 6 with a command in
// between. Cover  1: instead, an assertion that must fail when two events have come at once and been counted.
`default_nettype none
module fv_kv_refused #(
  parameter bit Cover = 1'b0
) (
  input wire       clk_i,
  input wire       cmd_i,
  input wire [2:0] cmd_status_i,
  input wire       ad_i,
  input wire [2:0] ad_status_i
);
  localparam int Late = 8;      // clocks behind the last event in which the counters are right

  reg         rst_q = 1'b0;
  reg  [2:0]  cmd_age_q, ad_age_q;      // clocks since the last one, at most 7
  reg         between_q;                // a command since the last administration, or with it
  reg  [3:0]  quiet_q;
  reg  [63:0] want_q;
  wire [63:0] count;
  wire        cmd = rst_q && cmd_i && cmd_age_q >= 3'd4;
  wire        ad  = rst_q && ad_i && ad_age_q >= ((between_q || cmd) ? 3'd6 : 3'd3);

  mr_kv_refused u_dut (
    .clk_i, .rst_ni(rst_q), .cmd_i(cmd), .cmd_status_i, .ad_i(ad), .ad_status_i, .count_o(count)
  );

  // One more for the counter of each event.
  function automatic logic [63:0] one(input logic hit, input logic [2:0] status);
    one = (hit && status[2]) ? 64'd1 << {status[1:0], 4'd0} : 64'd0;
  endfunction
  function automatic logic [2:0] older(input logic [2:0] age);
    older = (age == 3'd7) ? age : age + 3'd1;
  endfunction
  always @(posedge clk_i) begin
    rst_q <= 1'b1;
    if (!rst_q) begin
      cmd_age_q <= 3'd7;
      ad_age_q  <= 3'd7;
      between_q <= 1'b0;
      quiet_q   <= 4'd0;
      want_q    <= 64'd0;
    end else begin
      cmd_age_q <= cmd ? 3'd1 : older(cmd_age_q);
      ad_age_q  <= ad ? 3'd1 : older(ad_age_q);
      between_q <= cmd || (between_q && !ad);
      quiet_q   <= (cmd || ad) ? 4'd0 : (quiet_q == 4'd15) ? quiet_q : quiet_q + 4'd1;
      want_q    <= want_q + one(cmd, cmd_status_i) + one(ad, ad_status_i);
    end
  end

  always @(posedge clk_i) begin
    if (!Cover && rst_q) Counted: assert (32'(quiet_q) < Late || count == want_q);
  end

  // Cover: an assertion that fails once both have come in one clock and been counted.
  reg both_q = 1'b0;
  always @(posedge clk_i) begin
    if (rst_q) both_q <= both_q || (cmd && ad && cmd_status_i[2] && ad_status_i[2]);
    if (Cover && rst_q) Seen: assert (!both_q || 32'(quiet_q) < Late);
  end
endmodule
`default_nettype wire
