// SPDX-License-Identifier: Apache-2.0
// Unpacks a weight block of EMBED's row: two elements a cycle, as f32, and the block's scale.
//
// Lanes  lanes of the weight memory word: 1, 2, 4 or 8.
// valid_i with pair_i = 0..15 while the word that holds the block stands on wm_data_i (first_i with pair 0); lane_i, q4_i and
// half_i select the block (docs/tile_isa.md section 1). q_o (element 2 pair in 31:0) appears two cycles later, for one cycle;
// d_o, the fp16 scale, one cycle after pair 0, until the next block's. No back-pressure. No reset: nothing here is control. Test: tests/rtl/vec.
`default_nettype none
module mr_vec_embed #(
  parameter int Lanes = 2,
  localparam int LaneW = Lanes > 1 ? $clog2(Lanes) : 1
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  input  wire                   valid_i,
  input  wire                   first_i,
  input  wire  [3:0]            pair_i,
  input  wire  [LaneW-1:0]      lane_i,
  input  wire                   q4_i,
  input  wire                   half_i,
  input  wire  [Lanes*288-1:0]  wm_data_i,
  output logic [63:0]           q_o,
  output logic [15:0]           d_o
);
  // A lane's word is 18 pieces of 16 bits: Q8_0 has pair p in piece p and the scale in 16; Q4_0 has bytes 2 j and 2 j + 1 in piece
  // j (second block: j + 9), elements j and j + 16 in the low and high nibble of byte j, and the scale in piece 8 (17).
  function automatic [287:0] lane_word(input [Lanes*288-1:0] words, input [LaneW-1:0] lane);
    lane_word = '0;
    for (int l = 0; l < Lanes; l = l + 1) begin
      lane_word = lane_word | (words[l*288 +: 288] & {288{lane == LaneW'(l)}});
    end
  endfunction

  // The memory's word comes late in its cycle: of its pieces 0..7, 8..15 and 16..17 one each is registered, and the scale, before
  // anything else is done with them.
  logic [4:0]   idx;
  logic [287:0] word;
  always_comb begin
    idx = {1'b0, pair_i};
    if (q4_i) idx = {2'b00, pair_i[2:0]} + (half_i ? 5'd9 : 5'd0);
    word = 'x;
    if (valid_i) word = lane_word(wm_data_i, lane_i);
  end

  logic        valid_q;
  logic        upper_q;               // Q4_0: high nibbles
  logic [1:0]  group_q;
  logic [47:0] pieces_q;
  logic [15:0] scale_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      upper_q <= pair_i[3];
      group_q <= idx[4:3];
      pieces_q <= {word[{4'd0, 4'd8, idx[0]}*16 +: 16], word[{4'd0, 2'd1, idx[2:0]}*16 +: 16], word[{4'd0, 2'd0, idx[2:0]}*16 +: 16]};
      if (first_i) scale_q <= !q4_i ? word[271:256] : half_i ? word[287:272] : word[143:128];
    end
  end
  assign d_o = scale_q;
  wire [15:0] piece = group_q[1] ? pieces_q[47:32] : group_q[0] ? pieces_q[31:16] : pieces_q[15:0];

  // An element: a byte, or a nibble - 8, whose sign is the inverted top bit.
  function automatic [7:0] element(input [7:0] bits, input is_q4, input upper);
    logic [3:0] nib;
    begin
      nib = upper ? bits[7:4] : bits[3:0];
      element = is_q4 ? {{5{!nib[3]}}, nib[2:0]} : bits;
    end
  endfunction

  // Exact conversion.
  function automatic [31:0] to_f32(input [7:0] x);
    logic [7:0] mag;
    logic [2:0] lz;
    begin
      mag = x[7] ? -x : x;
      lz[2] = mag[7:4] == 4'd0;
      if (lz[2]) mag = {mag[3:0], 4'd0};
      lz[1] = mag[7:6] == 2'd0;
      if (lz[1]) mag = {mag[5:0], 2'd0};
      lz[0] = !mag[7];
      if (lz[0]) mag = {mag[6:0], 1'b0};
      to_f32 = x != 8'd0 ? {x[7], 8'd134 - {5'd0, lz}, mag[6:0], 16'd0} : 32'd0;
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (valid_q) q_o <= {to_f32(element(piece[15:8], q4_i, upper_q)), to_f32(element(piece[7:0], q4_i, upper_q))};
  end
endmodule
`default_nettype wire
