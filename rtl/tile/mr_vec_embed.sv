// SPDX-License-Identifier: Apache-2.0
// Unpacks a weight block of EMBED's row: two elements a cycle, as f32, with the block's scale as f32.
//
// Lanes  lanes of the weight memory word: 1, 2, 4 or 8.
// valid_i with pair_i = 0..15 while the word that holds the block stands on wm_data_i; lane_i, q4_i and half_i select the
// block (docs/tile_isa.md section 1). q_o (element 2 pair in 31:0) and d_o belong to each other and appear two cycles
// later; they last one cycle. One pair a cycle, no back-pressure. No reset: nothing here is control. Test: tests/rtl/vec.
`default_nettype none
module mr_vec_embed #(
  parameter int Lanes = 2,
  localparam int LaneW = Lanes > 1 ? $clog2(Lanes) : 1
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  input  wire                   valid_i,
  input  wire  [3:0]            pair_i,
  input  wire  [LaneW-1:0]      lane_i,
  input  wire                   q4_i,
  input  wire                   half_i,
  input  wire  [Lanes*288-1:0]  wm_data_i,
  output logic [63:0]           q_o,
  output logic [31:0]           d_o
);
  logic [287:0] word;
  logic [143:0] half;
  logic [7:0]   nib;                  // two nibbles: elements 2 pair and 2 pair + 1 of a Q4_0 block
  logic [15:0]  pair8;
  logic [15:0]  scale;
  logic [7:0]   q0;
  logic [7:0]   q1;
  always_comb begin
    word = '0;
    half = '0;
    nib = '0;
    pair8 = '0;
    scale = '0;
    q0 = '0;
    q1 = '0;
    if (valid_i) begin
      for (int l = 0; l < Lanes; l = l + 1) begin
        if (lane_i == LaneW'(l)) word = wm_data_i[l*288 +: 288];
      end
      half = half_i ? word[287:144] : word[143:0];
      for (int p = 0; p < 16; p = p + 1) begin
        if (pair_i == 4'(p)) pair8 = word[p*16 +: 16];
      end
      // Byte j of a Q4_0 block has element j in its low and j + 16 in its high nibble.
      for (int p = 0; p < 8; p = p + 1) begin
        if (pair_i[2:0] == 3'(p)) begin
          nib = pair_i[3] ? {half[p*16+12 +: 4], half[p*16+4 +: 4]} : {half[p*16+8 +: 4], half[p*16 +: 4]};
        end
      end
      q0 = q4_i ? {4'd0, nib[3:0]} - 8'd8 : pair8[7:0];
      q1 = q4_i ? {4'd0, nib[7:4]} - 8'd8 : pair8[15:8];
      scale = q4_i ? half[143:128] : word[271:256];
    end
  end

  mr_i2f #(.Width(8)) u_i2f0 (.clk_i, .rst_ni, .valid_i, .n_i(q0), .valid_o(), .y_o(q_o[31:0]));
  mr_i2f #(.Width(8)) u_i2f1 (.clk_i, .rst_ni, .valid_i, .n_i(q1), .valid_o(), .y_o(q_o[63:32]));

  // The scale keeps step with the conversion.
  logic        valid_q;
  logic [15:0] scale_q;
  logic [15:0] scale_q2;
  always_ff @(posedge clk_i) begin
    valid_q <= valid_i;
    if (valid_i) scale_q <= scale;
    if (valid_q) scale_q2 <= scale_q;
  end
  mr_h2f u_h2f (.h_i(scale_q2), .y_o(d_o));
endmodule
`default_nettype wire
