// SPDX-License-Identifier: Apache-2.0
// Total order of f32 by the contract's key: bits ^ (sign ? 0xFFFFFFFF : 0x80000000), compared as unsigned integers.
//
// less_o: key(a) < key(b). max_o: the operand with the larger key. -0 sorts below +0; the canonical NaN sorts above
// everything else that the units produce. Combinational. No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_fmaxkey (
  input  wire  [31:0] a_i,
  input  wire  [31:0] b_i,
  output logic        less_o,
  output logic [31:0] max_o
);
  logic lt, gt;
  assign lt     = a_i[30:0] < b_i[30:0];
  assign gt     = b_i[30:0] < a_i[30:0];
  assign less_o = a_i[31] != b_i[31] ? a_i[31] : a_i[31] ? gt : lt;
  assign max_o  = less_o ? b_i : a_i;
endmodule

`default_nettype wire
