// SPDX-License-Identifier: Apache-2.0
// Two users of the register bus, the host and the control core, in turn: one access at a time, answers to whom they belong.
//
// host_* and core_*: register bus as of mr_regbus; core_valid_i must come from registers and may fall without a transfer. out_*: to mr_regbus.
// When both ask, who did not have the access before goes first. Without core_valid_i the host's bus is out_* itself, without a clock more.
// owner_o  the access under way, or the last one, is the core's.   Outputs depend on inputs in the same clock: out_valid_o, out_write_o,
// out_addr_o, out_wdata_o on both requests; host_ready_o, core_ready_o on core_valid_i, out_ready_i, host_valid_i (core_ready_o only).
// Test: tests/rtl/core.
`default_nettype none
module mr_bus_share (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         host_valid_i,
  output wire         host_ready_o,
  input  wire         host_write_i,
  input  wire  [23:0] host_addr_i,
  input  wire  [31:0] host_wdata_i,
  output wire         host_rsp_o,
  input  wire         core_valid_i,
  output wire         core_ready_o,
  input  wire         core_write_i,
  input  wire  [23:0] core_addr_i,
  input  wire  [31:0] core_wdata_i,
  output wire         core_rsp_o,
  output wire         owner_o,
  output wire         out_valid_o,
  input  wire         out_ready_i,
  output wire         out_write_o,
  output wire  [23:0] out_addr_o,
  output wire  [31:0] out_wdata_o,
  input  wire         out_rsp_i
);
  logic owner_q;
  wire  turn = core_valid_i && !owner_q;
  wire  core = turn || (core_valid_i && !host_valid_i);

  assign host_ready_o = out_ready_i && !turn;
  assign core_ready_o = out_ready_i && core;
  assign host_rsp_o = out_rsp_i && !owner_q;
  assign core_rsp_o = out_rsp_i && owner_q;
  assign owner_o = owner_q;
  assign out_valid_o = host_valid_i || core_valid_i;
  assign out_write_o = core ? core_write_i : host_write_i;
  assign out_addr_o = core ? core_addr_i : host_addr_i;
  assign out_wdata_o = core ? core_wdata_i : host_wdata_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) owner_q <= 1'b0;
    else if (out_valid_o && out_ready_i) owner_q <= core;
  end
endmodule
`default_nettype wire
