// SPDX-License-Identifier: Apache-2.0
// Clock of a unit that rests most of the time: runs in reset, from start_i on while busy_i, and Rest clocks longer, in which the
// unit's pipelines run dry.
//
// Gate  1: a real gate. What it decides is taken on the falling edge (start_i, busy_i and rst_ni are stable by then) and says
//       whether the next rising edge is passed on. 0: clk_o is clk_i (FPGA targets, whose few gated clocks serve better elsewhere).
// Rest  1..15 clocks.
// The unit owes: with start_i low, busy_i low and Rest clocks past, its outputs and all state that it uses later stay as they are. Then
// both settings behave alike, clock for clock; the benches of the units run with both. Gates do not nest: clk_i is the free clock.
// A gated unit burns no clock power at rest, and a simulator need not look at it: two thirds of a tile's work.
// Test: tests/rtl/vec, tests/rtl/dpu (Gate = 1), tests/cosim.
`default_nettype none
module mr_unit_clock #(
  parameter bit Gate = 1'b0,
  parameter int Rest = 15
) (
  input  wire  clk_i,
  input  wire  rst_ni,
  input  wire  start_i,
  input  wire  busy_i,
  output wire  clk_o
);
  generate
    if (Gate) begin : gen_gate
      logic [3:0] rest_q;
      logic       en_q;
      always_ff @(posedge clk_i) begin
        if (!rst_ni || start_i || busy_i) rest_q <= 4'(Rest);
        else if (rest_q != 4'd0) rest_q <= rest_q - 4'd1;
      end
      always_ff @(negedge clk_i) en_q <= !rst_ni || start_i || rest_q != 4'd0;
      assign clk_o = clk_i & en_q;
    end else begin : gen_through
      assign clk_o = clk_i;
      wire unused_ok = &{1'b0, rst_ni, start_i, busy_i};
    end
  endgenerate
endmodule
`default_nettype wire
