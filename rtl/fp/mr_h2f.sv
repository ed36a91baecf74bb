// SPDX-License-Identifier: Apache-2.0
// fp16 to f32, exact: subnormals become normal numbers, exponent 31 is an ordinary exponent.
//
// Combinational. No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_h2f (
  input  wire  [15:0] h_i,
  output logic [31:0] y_o
);
  // A subnormal is m / 2^24 with m < 2^10: normalise m to bit 9.
  logic [9:0] n8, n4, n2, n1;
  logic       lz3, lz2, lz1, lz0;
  logic [7:0] exp_sub;
  assign lz3     = h_i[9:2] == 8'd0;
  assign n8      = lz3 ? {h_i[1:0], 8'd0} : h_i[9:0];
  assign lz2     = n8[9:6] == 4'd0;
  assign n4      = lz2 ? {n8[5:0], 4'd0} : n8;
  assign lz1     = n4[9:8] == 2'd0;
  assign n2      = lz1 ? {n4[7:0], 2'd0} : n4;
  assign lz0     = !n2[9];
  assign n1      = lz0 ? {n2[8:0], 1'b0} : n2;
  assign exp_sub = 8'd112 - {4'd0, lz3, lz2, lz1, lz0};

  logic normal, zero;
  assign normal     = h_i[14:10] != 5'd0;
  assign zero       = !n1[9];
  assign y_o[31]    = h_i[15];
  assign y_o[30:23] = normal ? {3'd0, h_i[14:10]} + 8'd112 : exp_sub & {8{!zero}};
  assign y_o[22:0]  = normal ? {h_i[9:0], 13'd0} : {n1[8:0], 14'd0};
endmodule

`default_nettype wire
