// SPDX-License-Identifier: Apache-2.0
// Transactions of one direction that wait for their response, oldest first, with a search by key. Part of mr_kv_axi.
//
// Depth  entries, a power of two >= 2.   KeyBits, DataW  bits of an entry's key and of what else it keeps.
// push_i adds {key_i, data_i} (never while full_o); pop_i removes the oldest (never while empty_o), whose data stand at data_o.
// hit_o: a waiting entry has key_i. All outputs from registers, hit_o through the comparison. Reset empties it. Test: tests/rtl/kv_axi.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_axi_pend #(
  parameter int Depth = 8,
  parameter int KeyBits = 6,
  parameter int DataW = 8,
  localparam int PtrW = $clog2(Depth)
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               push_i,
  input  wire [KeyBits-1:0] key_i,
  input  wire [DataW-1:0]   data_i,
  input  wire               pop_i,
  output wire [DataW-1:0]   data_o,
  output wire               hit_o,
  output wire               full_o,
  output wire               empty_o,
  output wire [PtrW:0]      count_o
);
  logic [DataW-1:0] mem [Depth];
  logic [PtrW:0]    wr_q, rd_q;
  logic [Depth-1:0] live_q, same;

  assign count_o = wr_q - rd_q;
  assign full_o  = wr_q[PtrW] != rd_q[PtrW] && wr_q[PtrW-1:0] == rd_q[PtrW-1:0];
  assign empty_o = wr_q == rd_q;
  assign data_o  = mem[rd_q[PtrW-1:0]];
  assign hit_o   = same != '0;

  genvar e;
  generate
    for (e = 0; e < Depth; e = e + 1) begin : gen_entry
      logic [KeyBits-1:0] key_q;
      assign same[e] = live_q[e] && key_q == key_i;
      always_ff @(posedge clk_i) begin
        if (push_i && wr_q[PtrW-1:0] == PtrW'(e)) key_q <= key_i;
      end
      always_ff @(posedge clk_i) begin
        if (!rst_ni) live_q[e] <= 1'b0;
        else if (push_i && wr_q[PtrW-1:0] == PtrW'(e)) live_q[e] <= 1'b1;
        else if (pop_i && rd_q[PtrW-1:0] == PtrW'(e)) live_q[e] <= 1'b0;
      end
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q <= '0;
      rd_q <= '0;
    end else begin
      if (push_i) wr_q <= wr_q + (PtrW+1)'(1);
      if (pop_i) rd_q <= rd_q + (PtrW+1)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (push_i) mem[wr_q[PtrW-1:0]] <= data_i;
  end

  `MR_ASSERT(PushFits, !push_i || !full_o)
  `MR_ASSERT(PopHas, !pop_i || !empty_o)
endmodule
`default_nettype wire
