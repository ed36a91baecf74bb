// SPDX-License-Identifier: Apache-2.0
// Turns one lane of a weight word into a block: passes a Q8_0 block through, unpacks one of the two Q4_0 blocks.
//
// Combinational. word_i and block_o: docs/tile_isa.md section 1; block_o has q_0 in 7:0 and the fp16 scale in 271:256.
// A Q4_0 nibble n means n - 8; byte j of the block holds element j in its low and j + 16 in its high nibble.
// Test: tests/rtl/dpu.
`default_nettype none
module mr_q4_unpack (
  input  wire         q4_i,      // the word holds two Q4_0 blocks
  input  wire         half_i,    // Q4_0: take the second one
  input  wire [287:0] word_i,
  output logic [271:0] block_o
);
  logic [143:0] half;
  always_comb begin
    half = '0;
    block_o = word_i[271:0];
    if (q4_i) begin
      half = half_i ? word_i[287:144] : word_i[143:0];
      block_o[271:256] = half[143:128];
      for (int j = 0; j < 16; j = j + 1) begin
        // n - 8 as int8: flip the top bit, then sign-extend it
        block_o[8*j +: 8] = {{5{!half[8*j+3]}}, half[8*j +: 3]};
        block_o[128+8*j +: 8] = {{5{!half[8*j+7]}}, half[8*j+4 +: 3]};
      end
    end
  end
  wire unused_ok = &{1'b0, word_i[287:272]};
endmodule
`default_nettype wire
