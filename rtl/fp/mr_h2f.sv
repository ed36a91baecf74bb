// SPDX-License-Identifier: Apache-2.0
// fp16 to f32, exact: subnormals become normal numbers, exponent 31 is an ordinary exponent.
//
// Combinational. No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_h2f (
  input  wire  [15:0] h_i,
  output logic [31:0] y_o
);
  // A subnormal is m / 2^24 with m < 2^10: normalise m to bit 9. Which places are empty is found out beside the shifts.
  logic [9:0] n8, n4, n2, n1;
  logic       z2, z1, lz3, lz2, lz1, lz0;
  logic [3:0] lz;
  assign z2   = h_i[9:6] == 4'd0;
  assign z1   = h_i[5:2] == 4'd0;
  assign lz3  = z2 && z1;
  assign n8   = lz3 ? {h_i[1:0], 8'd0} : h_i[9:0];
  assign lz2  = z2 && !z1;
  assign n4   = lz2 ? {n8[5:0], 4'd0} : n8;
  assign lz1  = n4[9:8] == 2'd0;
  assign n2   = lz1 ? {n4[7:0], 2'd0} : n4;
  assign lz0  = lz1 ? !n4[7] : !n4[9];
  assign n1   = lz0 ? {n2[8:0], 1'b0} : n2;
  assign lz   = {lz3, lz2, lz1, lz0};

  // Exponents without carry chains: 112 + the exponent, 112 - lz (lz <= 9) or 0.
  logic normal, zero;
  assign normal     = h_i[14:10] != 5'd0;
  assign zero       = h_i[9:0] == 10'd0;
  assign y_o[31]    = h_i[15];
  assign y_o[30:23] = normal ? {h_i[14], {3{!h_i[14]}}, h_i[13:10]} : {3'b011, lz == 4'd0, -lz} & {8{!zero}};
  assign y_o[22:0]  = normal ? {h_i[9:0], 13'd0} : {n1[8:0], 14'd0};

  logic unused_ok;
  assign unused_ok = &{1'b0, n1[9]};
endmodule

`default_nettype wire
