// SPDX-License-Identifier: Apache-2.0
// Frame of mr_kv_xbar for its bench: blocks on 32-bit boundaries (288 bits each). With one channel also an mr_kv_mux with the
// same inputs: same_o says that every output is the same.
`default_nettype none
module tb_kv_xbar #(
  parameter int Ports = 4,
  parameter int Channels = 2,
  parameter int Depth = 8
) (
  input  wire                     clk_i,
  input  wire                     rst_ni,
  input  wire  [4:0]              cfg_nbh_i,
  output logic                    same_o,
  input  wire  [Ports-1:0]        t_kc_valid_i,
  output wire  [Ports-1:0]        t_kc_ready_o,
  input  wire  [64*Ports-1:0]     t_kc_i,          // a command: count, pos, kind, head, layer, slot, op (LSB)
  input  wire  [Ports-1:0]        t_kw_valid_i,
  output wire  [Ports-1:0]        t_kw_ready_o,
  input  wire  [288*Ports-1:0]    t_kw_block_i,
  output wire  [Ports-1:0]        t_kr_valid_o,
  input  wire  [Ports-1:0]        t_kr_ready_i,
  output logic [288*Ports-1:0]    t_kr_block_o,
  output wire  [Ports-1:0]        t_kr_last_o,
  output wire  [4*Ports-1:0]      t_kr_status_o,
  output wire  [Channels-1:0]     kc_valid_o,
  input  wire  [Channels-1:0]     kc_ready_i,
  output logic [64*Channels-1:0]  kc_o,
  output wire  [Channels-1:0]     kw_valid_o,
  input  wire  [Channels-1:0]     kw_ready_i,
  output logic [288*Channels-1:0] kw_block_o,
  input  wire  [Channels-1:0]     kr_valid_i,
  output wire  [Channels-1:0]     kr_ready_o,
  input  wire  [288*Channels-1:0] kr_block_i,
  input  wire  [Channels-1:0]     kr_last_i,
  input  wire  [4*Channels-1:0]   kr_status_i
);
  logic [2*Ports-1:0]      t_op;
  logic [8*Ports-1:0]      t_slot, t_layer, t_head;
  logic [Ports-1:0]        t_kind;
  logic [18*Ports-1:0]     t_pos;
  logic [6*Ports-1:0]      t_count;
  logic [272*Ports-1:0]    t_kw, t_kr;
  logic [2*Channels-1:0]   op;
  logic [8*Channels-1:0]   slot, layer, head;
  logic [Channels-1:0]     kind;
  logic [18*Channels-1:0]  pos;
  logic [6*Channels-1:0]   count;
  logic [272*Channels-1:0] kw, kr;

  always_comb begin
    for (int p = 0; p < Ports; p = p + 1) begin
      {t_count[p*6 +: 6], t_pos[p*18 +: 18], t_kind[p], t_head[p*8 +: 8], t_layer[p*8 +: 8], t_slot[p*8 +: 8], t_op[p*2 +: 2]}
        = t_kc_i[p*64 +: 51];
      t_kw[p*272 +: 272] = t_kw_block_i[p*288 +: 272];
      t_kr_block_o[p*288 +: 288] = 288'(t_kr[p*272 +: 272]);
    end
    for (int c = 0; c < Channels; c = c + 1) begin
      kc_o[c*64 +: 64] = 64'({count[c*6 +: 6], pos[c*18 +: 18], kind[c], head[c*8 +: 8], layer[c*8 +: 8], slot[c*8 +: 8], op[c*2 +: 2]});
      kr[c*272 +: 272] = kr_block_i[c*288 +: 272];
      kw_block_o[c*288 +: 288] = 288'(kw[c*272 +: 272]);
    end
  end

  mr_kv_xbar #(.Ports(Ports), .Channels(Channels), .Depth(Depth)) u_dut (
    .clk_i, .rst_ni, .cfg_nbh_i, .t_kc_valid_i, .t_kc_ready_o, .t_kc_op_i(t_op), .t_kc_slot_i(t_slot), .t_kc_layer_i(t_layer),
    .t_kc_head_i(t_head), .t_kc_kind_i(t_kind), .t_kc_pos_i(t_pos), .t_kc_count_i(t_count), .t_kw_valid_i, .t_kw_ready_o,
    .t_kw_block_i(t_kw), .t_kr_valid_o, .t_kr_ready_i, .t_kr_block_o(t_kr), .t_kr_last_o, .t_kr_status_o,
    .kc_valid_o, .kc_ready_i, .kc_op_o(op), .kc_slot_o(slot), .kc_layer_o(layer), .kc_head_o(head), .kc_kind_o(kind),
    .kc_pos_o(pos), .kc_count_o(count), .kw_valid_o, .kw_ready_i, .kw_block_o(kw), .kr_valid_i, .kr_ready_o,
    .kr_block_i(kr), .kr_last_i, .kr_status_i
  );

  generate
    if (Channels == 1) begin : gen_mux
      wire [Ports-1:0] kc_ready, kw_ready, kr_valid;
      wire [271:0]     kw_block;
      wire [50:0]      cmd;
      wire             kc_valid, kw_valid, kr_ready;
      mr_kv_mux #(.Ports(Ports), .Depth(Depth)) u_mux (
        .clk_i, .rst_ni, .cfg_nbh_i, .t_kc_valid_i, .t_kc_ready_o(kc_ready), .t_kc_op_i(t_op), .t_kc_slot_i(t_slot),
        .t_kc_layer_i(t_layer), .t_kc_head_i(t_head), .t_kc_kind_i(t_kind), .t_kc_pos_i(t_pos), .t_kc_count_i(t_count),
        .t_kw_valid_i, .t_kw_ready_o(kw_ready), .t_kw_owed_o(), .t_kw_block_i(t_kw), .t_kr_valid_o(kr_valid), .t_kr_ready_i,
        .t_kr_block_o(), .t_kr_last_o(), .t_kr_status_o(),
        .kc_valid_o(kc_valid), .kc_ready_i, .kc_op_o(cmd[1:0]), .kc_slot_o(cmd[9:2]), .kc_layer_o(cmd[17:10]),
        .kc_head_o(cmd[25:18]), .kc_kind_o(cmd[26]), .kc_pos_o(cmd[44:27]), .kc_count_o(cmd[50:45]), .kw_valid_o(kw_valid),
        .kw_ready_i, .kw_block_o(kw_block), .kr_valid_i, .kr_ready_o(kr_ready), .kr_block_i(kr), .kr_last_i, .kr_status_i
      );
      always_comb begin
        same_o = {kc_ready, kw_ready, kr_valid, kc_valid, kw_valid, kr_ready} ==
                 {t_kc_ready_o, t_kw_ready_o, t_kr_valid_o, kc_valid_o, kw_valid_o, kr_ready_o};
        if (kc_valid && cmd != kc_o[50:0]) same_o = 1'b0;
        if (kw_valid && kw_block != kw) same_o = 1'b0;
      end
    end else begin : gen_none
      assign same_o = 1'b1;
    end
  endgenerate
  wire unused_ok = &{1'b0, t_kc_i, t_kw_block_i, kr_block_i};
endmodule
`default_nettype wire
