// SPDX-License-Identifier: Apache-2.0
// Sixteen small counters in two distributed RAMs that change roles: one counts, the other is read out and cleared.
//
// Width  bits of a counter.   Entries  counters, a power of two.
// hit_i: counter idx_i of RAM phase_i counts one. out_o: counter out_idx_i of the other RAM, in the same clock; clear_i zeroes it.
// Contents are undefined until every counter of both RAMs was cleared. Test: tests/rtl/kv_sched.
`default_nettype none
module mr_kv_tally #(
  parameter int Width = 8,
  parameter int Entries = 16,
  localparam int IdxW = $clog2(Entries)
) (
  input  wire             clk_i,
  input  wire             phase_i,
  input  wire             hit_i,
  input  wire  [IdxW-1:0] idx_i,
  input  wire  [IdxW-1:0] out_idx_i,
  input  wire             clear_i,
  output wire  [Width-1:0] out_o
);
  logic [Width-1:0] mem_a [Entries];
  logic [Width-1:0] mem_b [Entries];
  logic [IdxW-1:0]  at_a, at_b;
  logic [Width-1:0] old_a, old_b, next_a, next_b;    // the next ones are zero in the role of the other RAM

  assign at_a  = phase_i ? out_idx_i : idx_i;
  assign at_b  = phase_i ? idx_i : out_idx_i;
  assign old_a = mem_a[at_a];
  assign old_b = mem_b[at_b];
  assign next_a = (old_a & {Width{!phase_i}}) + Width'(!phase_i);
  assign next_b = (old_b & {Width{phase_i}}) + Width'(phase_i);
  assign out_o = phase_i ? old_a : old_b;

  always_ff @(posedge clk_i) begin
    if (phase_i ? clear_i : hit_i) mem_a[at_a] <= next_a;
    if (phase_i ? hit_i : clear_i) mem_b[at_b] <= next_b;
  end
endmodule
`default_nettype wire
