// SPDX-License-Identifier: Apache-2.0
// The wire between mr_link_out of one group and mr_link_in of the next: register stages each way, and faults for simulation.
//
// Width RevWidth  bits of a forward and of a reverse beat.   Latency  register stages each way, 0..255 (0: plain wires).
// A fault acts on the beat that enters in the same clock: *_flip_i is xored into its data, *_drop_i takes it off the wire.
// Synthesis ties both to 0. Reset empties the wire. Test: tests/rtl/link.
`default_nettype none
module mr_link_wire #(
  parameter int Width = 64,
  parameter int RevWidth = 16,
  parameter int Latency = 0
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  // faults
  input  wire  [Width-1:0]    fwd_flip_i,
  input  wire                 fwd_drop_i,
  input  wire  [RevWidth-1:0] rev_flip_i,
  input  wire                 rev_drop_i,
  // mr_link_out
  input  wire                 out_fwd_valid_i,
  input  wire  [Width-1:0]    out_fwd_data_i,
  output logic                out_rev_valid_o,
  output logic [RevWidth-1:0] out_rev_data_o,
  // mr_link_in
  output logic                in_fwd_valid_o,
  output logic [Width-1:0]    in_fwd_data_o,
  input  wire                 in_rev_valid_i,
  input  wire  [RevWidth-1:0] in_rev_data_i
);
  mr_link_delay #(.Width(Width), .Latency(Latency)) u_fwd (
    .clk_i, .rst_ni,
    .valid_i(out_fwd_valid_i && !fwd_drop_i), .data_i(out_fwd_data_i ^ fwd_flip_i),
    .valid_o(in_fwd_valid_o), .data_o(in_fwd_data_o)
  );
  mr_link_delay #(.Width(RevWidth), .Latency(Latency)) u_rev (
    .clk_i, .rst_ni,
    .valid_i(in_rev_valid_i && !rev_drop_i), .data_i(in_rev_data_i ^ rev_flip_i),
    .valid_o(out_rev_valid_o), .data_o(out_rev_data_o)
  );
endmodule
`default_nettype wire
