// SPDX-License-Identifier: Apache-2.0
// Products that boards/ecp5/narrow_mul.v maps (8 x 8, widened, narrowed, 8 x 5), and one that it leaves alone (unsigned).
`default_nettype none
module products (
  input  wire signed [7:0]  a_i,
  input  wire signed [7:0]  b_i,
  output wire signed [15:0] same_o,
  output wire signed [17:0] wide_o,
  output wire signed [9:0]  narrow_o,
  output wire        [15:0] unsigned_o
);
  wire signed [4:0] short_b = b_i[4:0];
  assign same_o = a_i * b_i;
  assign wide_o = a_i * b_i + 18'sd1;
  assign narrow_o = a_i * short_b;
  assign unsigned_o = {8'd0, a_i} * {8'd0, b_i};
endmodule
`default_nettype wire
