// SPDX-License-Identifier: Apache-2.0
// All fp units side by side on shared operands, each with its own valid bit; driven by fp_dut.cpp.
`default_nettype none

module tb_fp_top (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire  [9:0]  valid_i,
  input  wire  [2:0]  func_i,
  input  wire  [31:0] a_i,
  input  wire  [31:0] b_i,
  output logic [9:0]  valid_o,
  output logic [31:0] add_o,
  output logic [31:0] mul_o,
  output logic [31:0] i2f_o,
  output logic [31:0] i2f21_o,
  output logic [31:0] i2f26_o,
  output logic [7:0]  f2i8_o,
  output logic [15:0] f2h_o,
  output logic [31:0] hmul_o,
  output logic [31:0] sfu_o,
  output logic [31:0] sfu_few_o,
  output logic [31:0] h2f_o,
  output logic        less_o,
  output logic [31:0] max_o
);
  mr_fadd u_fadd (.clk_i, .rst_ni, .valid_i(valid_i[0]), .a_i, .b_i, .valid_o(valid_o[0]), .y_o(add_o));
  mr_fmul u_fmul (.clk_i, .rst_ni, .valid_i(valid_i[1]), .a_i, .b_i, .valid_o(valid_o[1]), .y_o(mul_o));
  mr_i2f  u_i2f (.clk_i, .rst_ni, .valid_i(valid_i[2]), .n_i(a_i), .valid_o(valid_o[2]), .y_o(i2f_o));
  mr_i2f #(.Width(21)) u_i2f21 (
    .clk_i, .rst_ni, .valid_i(valid_i[3]), .n_i(a_i[20:0]), .valid_o(valid_o[3]), .y_o(i2f21_o)
  );
  mr_i2f #(.Width(26)) u_i2f26 (
    .clk_i, .rst_ni, .valid_i(valid_i[4]), .n_i(a_i[25:0]), .valid_o(valid_o[4]), .y_o(i2f26_o)
  );
  mr_f2i8 u_f2i8 (.clk_i, .rst_ni, .valid_i(valid_i[5]), .a_i, .valid_o(valid_o[5]), .y_o(f2i8_o));
  mr_f2h  u_f2h (.clk_i, .rst_ni, .valid_i(valid_i[6]), .a_i, .valid_o(valid_o[6]), .y_o(f2h_o));
  mr_hmul u_hmul (
    .clk_i, .rst_ni, .valid_i(valid_i[7]), .a_i(a_i[15:0]), .b_i(b_i[15:0]), .valid_o(valid_o[7]), .y_o(hmul_o)
  );
  mr_sfu u_sfu (.clk_i, .rst_ni, .valid_i(valid_i[8]), .func_i, .a_i, .valid_o(valid_o[8]), .y_o(sfu_o));
  mr_sfu #(.FuncMask(5'b00011)) u_sfu_few (
    .clk_i, .rst_ni, .valid_i(valid_i[9]), .func_i, .a_i, .valid_o(valid_o[9]), .y_o(sfu_few_o)
  );
  mr_h2f     u_h2f (.h_i(a_i[15:0]), .y_o(h2f_o));
  mr_fmaxkey u_fmaxkey (.a_i, .b_i, .less_o, .max_o);
endmodule

`default_nettype wire
