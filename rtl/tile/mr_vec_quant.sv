// SPDX-License-Identifier: Apache-2.0
// QUANT's part outside the shared multipliers: largest magnitude, fp16 scale, rounding to int8, packing into a block.
//
// Everything is strobed by mr_vec with fixed delays; a strobe every cycle is legal, so a block takes 16 cycles.
//   amax_v_i   magnitude bits of a pair on mag_i, amax_first_i on the first of a block; amax_o is right one cycle after the last
//   scale_v_i  amax / 127 on scale_i; two cycles later d_o is the fp16 scale, until the next block's; from the cycle after that
//              until the next block's, zero_o says that the scale is 0
//   q_v_i      a pair of scaled elements on scaled_i; pack_first_i two cycles after the first of a block; three cycles
//              after the last one block_o is complete, for one cycle
// No reset: nothing here is control. Test: tests/rtl/vec.
`default_nettype none
module mr_vec_quant (
  input  wire          clk_i,
  input  wire          rst_ni,
  input  wire          amax_v_i,
  input  wire          amax_first_i,
  input  wire  [61:0]  mag_i,
  output logic [30:0]  amax_o,
  input  wire          scale_v_i,
  input  wire  [31:0]  scale_i,
  output logic [15:0]  d_o,
  output logic         zero_o,
  input  wire          q_v_i,
  input  wire  [63:0]  scaled_i,
  input  wire          pack_first_i,
  output logic [271:0] block_o
);
  // Largest magnitude of the block so far.
  logic [30:0] amax_q;
  logic [1:0]  above;                 // elements of the pair above it; in parallel with the comparison of the pair
  logic        upper;                 // the pair's larger one
  always_comb begin
    upper = 1'b0;
    above = '0;
    if (amax_v_i) begin
      upper = mag_i[61:31] > mag_i[30:0];
      above = {mag_i[61:31] > amax_q, mag_i[30:0] > amax_q};
    end
  end
  always_ff @(posedge clk_i) begin
    if (amax_v_i && (amax_first_i || above != '0)) amax_q <= upper ? mag_i[61:31] : mag_i[30:0];
  end
  assign amax_o = amax_q;

  // The scale waits in d_q for the quantised elements of its block, in d_q2 for the block's completion.
  logic        d_valid;
  logic [15:0] d_new;
  logic [15:0] d_q;
  logic [15:0] d_q2;
  mr_f2h u_f2h (.clk_i, .rst_ni, .valid_i(scale_v_i), .a_i(scale_i), .valid_o(d_valid), .y_o(d_new));
  assign d_o = d_new;
  assign zero_o = d_q[14:0] == 15'd0;

  // Elements are shifted in at the top: after 16 pairs the first one has reached bits 15:0.
  logic         q_valid;
  logic [7:0]   q0;
  logic [7:0]   q1;
  logic [255:0] pack_q;
  mr_f2i8 u_f2i8_0 (.clk_i, .rst_ni, .valid_i(q_v_i), .a_i(scaled_i[31:0]), .valid_o(q_valid), .y_o(q0));
  mr_f2i8 u_f2i8_1 (.clk_i, .rst_ni, .valid_i(q_v_i), .a_i(scaled_i[63:32]), .valid_o(), .y_o(q1));
  always_ff @(posedge clk_i) begin
    if (d_valid) d_q <= d_new;
    if (q_valid) begin
      if (pack_first_i) d_q2 <= d_q;
      pack_q <= {q1, q0, pack_q[255:16]};
    end
  end
  assign block_o = {d_q2, pack_q};
endmodule
`default_nettype wire
