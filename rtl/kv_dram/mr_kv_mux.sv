// SPDX-License-Identifier: Apache-2.0
// Joins N tile KV ports into one: round robin by command, responses routed back in order.
//
// Ports 1..256 (a power of two is not needed). Depth: commands under way in all, a power of two >= 2.
// Tile side: port p uses bit p of the valid/ready vectors and slice p of the payload vectors; kr_block_o, kr_last_o and
// kr_status_o are shared, kr_valid_o[p] says for whom they are. Controller side: one KV port of docs/interfaces.md section 3.
// A granted command is registered (one clock). An APPEND holds the grant until its cfg_nbh_i blocks have passed; a port
// must offer them; t_kw_owed_o[p]: it still owes some. Responses come back in command order, so a port that does not take its
// response stalls all others. R1-R6 on all streams; the ready outputs depend on valid (R4). Reset forgets commands under way.
// Test: tests/rtl/soc (below mr_kv_xbar), tests/cosim.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_mux #(
  parameter int Ports = 4,
  parameter int Depth = 8
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire  [4:0]          cfg_nbh_i,

  input  wire  [Ports-1:0]     t_kc_valid_i,
  output logic [Ports-1:0]     t_kc_ready_o,
  input  wire  [2*Ports-1:0]   t_kc_op_i,
  input  wire  [8*Ports-1:0]   t_kc_slot_i,
  input  wire  [8*Ports-1:0]   t_kc_layer_i,
  input  wire  [8*Ports-1:0]   t_kc_head_i,
  input  wire  [Ports-1:0]     t_kc_kind_i,
  input  wire  [18*Ports-1:0]  t_kc_pos_i,
  input  wire  [6*Ports-1:0]   t_kc_count_i,
  input  wire  [Ports-1:0]     t_kw_valid_i,
  output logic [Ports-1:0]     t_kw_ready_o,
  output logic [Ports-1:0]     t_kw_owed_o,
  input  wire  [272*Ports-1:0] t_kw_block_i,
  output logic [Ports-1:0]     t_kr_valid_o,
  input  wire  [Ports-1:0]     t_kr_ready_i,
  output wire  [271:0]         t_kr_block_o,
  output wire                  t_kr_last_o,
  output wire  [3:0]           t_kr_status_o,

  output logic                 kc_valid_o,
  input  wire                  kc_ready_i,
  output logic [1:0]           kc_op_o,
  output logic [7:0]           kc_slot_o,
  output logic [7:0]           kc_layer_o,
  output logic [7:0]           kc_head_o,
  output logic                 kc_kind_o,
  output logic [17:0]          kc_pos_o,
  output logic [5:0]           kc_count_o,
  output wire                  kw_valid_o,
  input  wire                  kw_ready_i,
  output logic [271:0]         kw_block_o,
  input  wire                  kr_valid_i,
  output wire                  kr_ready_o,
  input  wire  [271:0]         kr_block_i,
  input  wire                  kr_last_i,
  input  wire  [3:0]           kr_status_i
);
  localparam int PortW = (Ports > 1) ? $clog2(Ports) : 1;

  logic [PortW-1:0] last_q, pick, w_port_q, r_port;
  logic             any, grant, order_ready, order_valid, data_q;
  logic [4:0]       left_q;

  // First requester after the last one granted.
  wire [Ports-1:0] behind = t_kc_valid_i & ~((Ports'(2) << last_q) - Ports'(1));
  wire [Ports-1:0] in_turn = behind != '0 ? behind : t_kc_valid_i;
  assign any = t_kc_valid_i != '0;
  always_comb begin
    pick = '0;
    if (any) begin
      for (int p = Ports - 1; p >= 0; p = p - 1) if (in_turn[p]) pick = PortW'(p);
    end
  end

  assign grant = any && !kc_valid_o && !data_q && order_ready;

  always_comb begin
    t_kc_ready_o = '0;
    t_kw_ready_o = '0;
    t_kw_owed_o  = '0;
    t_kr_valid_o = '0;
    t_kc_ready_o[pick]     = grant;
    t_kw_ready_o[w_port_q] = data_q && kw_ready_i;
    t_kw_owed_o[w_port_q]  = data_q;
    t_kr_valid_o[r_port]   = order_valid && kr_valid_i;
  end

  assign kw_valid_o    = data_q && t_kw_valid_i[w_port_q];
  assign kr_ready_o    = t_kr_ready_i[r_port];   // with an answer there is a requester (ResponseOwned)
  assign t_kr_block_o  = kr_block_i;
  assign t_kr_last_o   = kr_last_i;
  assign t_kr_status_o = kr_status_i;

  // Only while an APPEND passes: the wide selection costs nothing in a simulation's idle clocks.
  always_comb begin
    kw_block_o = 'x;
    if (data_q) kw_block_o = t_kw_block_i[w_port_q*272 +: 272];
  end

  mr_fifo #(.Width(PortW), .Depth(Depth)) u_order (
    .clk_i, .rst_ni,
    .in_valid_i(grant), .in_ready_o(order_ready), .in_data_i(pick),
    .out_valid_o(order_valid), .out_ready_i(kr_valid_i && kr_ready_o && kr_last_i), .out_data_o(r_port)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      kc_valid_o <= 1'b0;
      data_q     <= 1'b0;
      last_q     <= '0;
      w_port_q   <= '0;
      left_q     <= 5'd0;
    end else begin
      if (grant) begin
        kc_valid_o <= 1'b1;
        last_q     <= pick;
        w_port_q   <= pick;
        left_q     <= cfg_nbh_i;
        data_q     <= t_kc_op_i[pick*2 +: 2] == 2'd1 && cfg_nbh_i != 5'd0;
      end else begin
        if (kc_ready_i) kc_valid_o <= 1'b0;
        if (kw_valid_o && kw_ready_i) begin
          left_q <= left_q - 5'd1;
          data_q <= left_q != 5'd1;
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (grant) begin
      kc_op_o    <= t_kc_op_i[pick*2 +: 2];
      kc_slot_o  <= t_kc_slot_i[pick*8 +: 8];
      kc_layer_o <= t_kc_layer_i[pick*8 +: 8];
      kc_head_o  <= t_kc_head_i[pick*8 +: 8];
      kc_kind_o  <= t_kc_kind_i[pick];
      kc_pos_o   <= t_kc_pos_i[pick*18 +: 18];
      kc_count_o <= t_kc_count_i[pick*6 +: 6];
    end
  end

  `MR_ASSERT(ResponseOwned, !(kr_valid_i && !order_valid))
endmodule
`default_nettype wire
