// SPDX-License-Identifier: Apache-2.0
// Bench top: mr_vec for one, two and four lanes (they differ in EMBED only) behind one set of pins; sel_i picks one.
// Gate  their clocks are gated at rest, as a tile may do it.
`default_nettype none
module tb_vec #(
  parameter bit Gate = 1'b0
) (
  input  wire           clk_i,
  input  wire           rst_ni,
  input  wire  [1:0]    sel_i,         // log2 of the lanes
  input  wire           start_i,
  input  wire  [3:0]    op_i,
  input  wire           fmt_i,
  input  wire  [31:0]   dst_i,
  input  wire  [31:0]   a_i,
  input  wire  [31:0]   b_i,
  input  wire  [31:0]   n_i,
  input  wire  [31:0]   rows_i,
  input  wire  [31:0]   nb_i,
  input  wire  [31:0]   hd_i,
  input  wire  [31:0]   k_i,
  input  wire  [31:0]   imm0_i,
  input  wire  [31:0]   imm1_i,
  input  wire  [17:0]   token_i,
  input  wire  [17:0]   pos_i,
  output logic          busy_o,
  output logic [3:0]    err_o,
  output logic          ra_en_o,
  output logic [31:0]   ra_addr_o,
  input  wire  [63:0]   ra_data_i,
  output logic          rb_en_o,
  output logic [31:0]   rb_addr_o,
  input  wire  [63:0]   rb_data_i,
  output logic [1:0]    w_en_o,
  output logic [31:0]   w_addr_o,
  output logic [63:0]   w_data_o,
  output logic          xw_en_o,
  output logic [31:0]   xw_addr_o,
  output logic [271:0]  xw_data_o,
  output logic          wm_en_o,
  output logic [31:0]   wm_addr_o,
  input  wire  [1151:0] wm_data_i
);
  localparam int VdW = 13;
  localparam int XaW = 7;
  localparam int WaW = 10;

  logic [2:0]       busy, ra_en, rb_en, xw_en, wm_en;
  logic [3*4-1:0]   err;
  logic [3*12-1:0]  ra_addr, rb_addr, w_addr;
  logic [3*2-1:0]   w_en;
  logic [3*64-1:0]  w_data;
  logic [3*7-1:0]   xw_addr;
  logic [3*272-1:0] xw_data;
  logic [3*10-1:0]  wm_addr;

  genvar g;
  generate
    for (g = 0; g < 3; g = g + 1) begin : gen_lanes
      mr_vec #(.Lanes(1 << g), .VdW(VdW), .XaW(XaW), .WaW(WaW), .ClockGate(Gate)) u_vec (
        .clk_i, .rst_ni,
        .start_i(start_i && sel_i == 2'(g)),
        .op_i, .fmt_i, .dst_i, .a_i, .b_i, .n_i, .rows_i, .nb_i, .hd_i, .k_i, .imm0_i, .imm1_i, .token_i, .pos_i,
        .busy_o(busy[g]),
        .err_o(err[g*4 +: 4]),
        .ra_en_o(ra_en[g]),
        .ra_addr_o(ra_addr[g*12 +: 12]),
        .ra_data_i,
        .rb_en_o(rb_en[g]),
        .rb_addr_o(rb_addr[g*12 +: 12]),
        .rb_data_i,
        .w_en_o(w_en[g*2 +: 2]),
        .w_addr_o(w_addr[g*12 +: 12]),
        .w_data_o(w_data[g*64 +: 64]),
        .xw_en_o(xw_en[g]),
        .xw_addr_o(xw_addr[g*7 +: 7]),
        .xw_data_o(xw_data[g*272 +: 272]),
        .wm_en_o(wm_en[g]),
        .wm_addr_o(wm_addr[g*10 +: 10]),
        .wm_data_i(wm_data_i[(288 << g)-1:0])
      );
    end
  endgenerate

  assign busy_o = busy != '0;
  assign ra_en_o = ra_en[sel_i];
  assign rb_en_o = rb_en[sel_i];
  assign xw_en_o = xw_en[sel_i];
  assign wm_en_o = wm_en[sel_i];
  assign err_o = err[32'(sel_i)*4 +: 4];
  assign ra_addr_o = 32'(ra_addr[32'(sel_i)*12 +: 12]);
  assign rb_addr_o = 32'(rb_addr[32'(sel_i)*12 +: 12]);
  assign w_addr_o = 32'(w_addr[32'(sel_i)*12 +: 12]);
  assign w_en_o = w_en[32'(sel_i)*2 +: 2];
  assign w_data_o = w_data[32'(sel_i)*64 +: 64];
  assign xw_addr_o = 32'(xw_addr[32'(sel_i)*7 +: 7]);
  assign xw_data_o = xw_data[32'(sel_i)*272 +: 272];
  assign wm_addr_o = 32'(wm_addr[32'(sel_i)*10 +: 10]);
endmodule
`default_nettype wire
