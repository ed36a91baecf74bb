// SPDX-License-Identifier: Apache-2.0
// One register in a stream: cuts the path from valid and payload on.
//
// Width  bits of the payload.
// Both sides ready/valid (R1-R6); out_valid_o and out_data_o come from registers, in_ready_o follows out_ready_i in the same
// cycle. Latency 1 cycle, throughput one entry a cycle. Reset drops the entry and what
// is offered meanwhile. Test: tests/rtl/common.
`default_nettype none
module mr_stage #(
  parameter int Width = 8
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              in_valid_i,
  output logic             in_ready_o,
  input  wire [Width-1:0]  in_data_i,
  output logic             out_valid_o,
  input  wire              out_ready_i,
  output logic [Width-1:0] out_data_o
);
  assign in_ready_o = !out_valid_o || out_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (in_ready_o) out_valid_o <= in_valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (in_ready_o) out_data_o <= in_data_i;
  end
endmodule
`default_nettype wire
