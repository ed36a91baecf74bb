// SPDX-License-Identifier: Apache-2.0
// Beats of a wire, Latency clocks later.
//
// Width  bits of a beat.   Latency  clocks, 0..255; 0: plain wires.
// No ready: a beat enters and leaves in every clock. Reset empties it (valid_o low). Test: tests/rtl/link.
`default_nettype none
module mr_link_delay #(
  parameter int Width = 64,
  parameter int Latency = 0
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              valid_i,
  input  wire  [Width-1:0] data_i,
  output logic             valid_o,
  output logic [Width-1:0] data_o
);
  generate
    if (Latency == 0) begin : gen_none
      wire unused_ok = &{1'b0, clk_i, rst_ni};
      assign valid_o = valid_i;
      assign data_o = data_i;
    end else if (Latency == 1) begin : gen_one
      always_ff @(posedge clk_i) begin
        if (!rst_ni) valid_o <= 1'b0;
        else valid_o <= valid_i;
      end
      always_ff @(posedge clk_i) data_o <= data_i;
    end else begin : gen_many
      // The data go round in a memory, which simulates faster than Latency registers; the last stage is a register.
      localparam int PtrW = Latency > 2 ? $clog2(Latency - 1) : 1;
      logic [Latency-1:0] valid_q;
      logic [Width-1:0]   mem [Latency-1];
      logic [PtrW-1:0]    ptr_q;
      assign valid_o = valid_q[Latency-1];
      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          valid_q <= '0;
          ptr_q <= '0;
        end else begin
          valid_q <= {valid_q[Latency-2:0], valid_i};
          ptr_q <= 32'(ptr_q) == Latency - 2 ? '0 : ptr_q + PtrW'(1);
        end
      end
      always_ff @(posedge clk_i) begin
        data_o <= mem[ptr_q];
        mem[ptr_q] <= data_i;
      end
    end
  endgenerate
endmodule
`default_nettype wire
