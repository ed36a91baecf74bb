// SPDX-License-Identifier: Apache-2.0
// First-in first-out buffer in registers.
//
// Width  bits of an entry.   Depth  entries, a power of two >= 2.
// Both sides ready/valid (R1-R6); in_ready_o and out_valid_o come from registers; an entry appears at the output one
// cycle after it was taken. Throughput one entry a cycle. Test: tests/rtl/common.
`default_nettype none
module mr_fifo #(
  parameter int Width = 8,
  parameter int Depth = 4
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
  localparam int PtrW = $clog2(Depth);

  logic [Width-1:0] mem [Depth];
  logic [PtrW:0]    wr_q;
  logic [PtrW:0]    rd_q;

  assign in_ready_o  = !((wr_q[PtrW] != rd_q[PtrW]) && (wr_q[PtrW-1:0] == rd_q[PtrW-1:0]));
  assign out_valid_o = wr_q != rd_q;
  assign out_data_o  = mem[rd_q[PtrW-1:0]];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q <= '0;
      rd_q <= '0;
    end else begin
      if (in_valid_i && in_ready_o) wr_q <= wr_q + (PtrW+1)'(1);
      if (out_valid_o && out_ready_i) rd_q <= rd_q + (PtrW+1)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (in_valid_i && in_ready_o) mem[wr_q[PtrW-1:0]] <= in_data_i;
  end
endmodule
`default_nettype wire
