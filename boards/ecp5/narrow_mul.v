// SPDX-License-Identifier: Apache-2.0
// Synthesis map for ECP5: signed products of at most 9 x 9 bits, left-aligned in a MULT18X18D.
//
// The tool's own map extends the signs to 18 bits, which costs up to ten routed pins an operand of a device whose wires around
// the multipliers are its scarcest resource; here the low bits are constant and only the operands' own bits are routed.
(* techmap_celltype = "$mul" *)
module mr_narrow_mul (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  input  [A_WIDTH-1:0] A;
  input  [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam Fits = A_SIGNED && B_SIGNED && A_WIDTH <= 9 && B_WIDTH <= 9 && A_WIDTH >= 4 && B_WIDTH >= 4;
  localparam AW = A_WIDTH > 9 ? 9 : A_WIDTH;
  localparam BW = B_WIDTH > 9 ? 9 : B_WIDTH;
  wire _TECHMAP_FAIL_ = !Fits;

  // Operands at the top of nine bits: the product stands 18 - AW - BW bits higher.
  wire [8:0]  a = {A[AW-1:0], {(9-AW){1'b0}}};
  wire [8:0]  b = {B[BW-1:0], {(9-BW){1'b0}}};
  wire [17:0] p;
  wire signed [AW+BW-1:0] product = p[17:18-AW-BW];
  assign Y = product;

  MULT18X18D u_mul (
    .A0(1'b0), .A1(1'b0), .A2(1'b0), .A3(1'b0), .A4(1'b0), .A5(1'b0), .A6(1'b0), .A7(1'b0), .A8(1'b0), .A9(a[0]),
    .A10(a[1]), .A11(a[2]), .A12(a[3]), .A13(a[4]), .A14(a[5]), .A15(a[6]), .A16(a[7]), .A17(a[8]),
    .B0(1'b0), .B1(1'b0), .B2(1'b0), .B3(1'b0), .B4(1'b0), .B5(1'b0), .B6(1'b0), .B7(1'b0), .B8(1'b0), .B9(b[0]),
    .B10(b[1]), .B11(b[2]), .B12(b[3]), .B13(b[4]), .B14(b[5]), .B15(b[6]), .B16(b[7]), .B17(b[8]),
    .C0(1'b0), .C1(1'b0), .C2(1'b0), .C3(1'b0), .C4(1'b0), .C5(1'b0), .C6(1'b0), .C7(1'b0), .C8(1'b0), .C9(1'b0),
    .C10(1'b0), .C11(1'b0), .C12(1'b0), .C13(1'b0), .C14(1'b0), .C15(1'b0), .C16(1'b0), .C17(1'b0),
    .SIGNEDA(1'b1), .SIGNEDB(1'b1), .SOURCEA(1'b0), .SOURCEB(1'b0),
    .P18(p[0]), .P19(p[1]), .P20(p[2]), .P21(p[3]), .P22(p[4]), .P23(p[5]), .P24(p[6]), .P25(p[7]), .P26(p[8]), .P27(p[9]),
    .P28(p[10]), .P29(p[11]), .P30(p[12]), .P31(p[13]), .P32(p[14]), .P33(p[15]), .P34(p[16]), .P35(p[17])
  );
endmodule
