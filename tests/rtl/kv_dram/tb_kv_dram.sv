// SPDX-License-Identifier: Apache-2.0
// Bench top: mr_kv_mux in front of mr_kv_ctrl, pins open for the device model, and a view of the commands taken.
//
// Profile  0: 100 MHz CL2, 1: 133 MHz CL3, 2: 50 MHz CL2.   RowBits 11, ColBits 8: a device that is too small for all pages.
`default_nettype none
module tb_kv_dram #(
  parameter int Ports = 3,
  parameter int DqBytes = 8,
  parameter int Profile = 0,
  parameter int RowBits = 13,
  parameter int ColBits = 10,
  parameter int Slots = 6,
  parameter int Layers = 12,
  parameter int Heads = 3,
  parameter int MaxNbh = 3,
  parameter int Pages = 37,
  parameter int SlotBlocks = 8
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  input  wire  [8:0]           cfg_layers_i,
  input  wire  [8:0]           cfg_heads_i,
  input  wire  [4:0]           cfg_nbh_i,
  input  wire  [16:0]          cfg_pages_i,
  input  wire                  free_req_i,
  input  wire  [7:0]           free_slot_i,
  output wire                  free_busy_o,
  output wire                  ready_o,
  output wire  [16:0]          pages_free_o,
  output wire  [31:0]          cnt_cycles_o,
  output wire  [31:0]          cnt_rd_words_o,
  output wire  [31:0]          cnt_wr_words_o,
  output wire  [31:0]          cnt_refresh_o,
  output wire  [31:0]          cnt_activate_o,
  output wire  [31:0]          cnt_refused_o,
  input  wire  [Ports-1:0]     t_kc_valid_i,
  output wire  [Ports-1:0]     t_kc_ready_o,
  input  wire  [64*Ports-1:0]  t_kc_i,        // {count, pos, kind, head, layer, slot, op} at the bottom of each 64
  input  wire  [Ports-1:0]     t_kw_valid_i,
  output wire  [Ports-1:0]     t_kw_ready_o,
  input  wire  [288*Ports-1:0] t_kw_block_i,  // 272 used
  output wire  [Ports-1:0]     t_kr_valid_o,
  input  wire  [Ports-1:0]     t_kr_ready_i,
  output wire  [271:0]         t_kr_block_o,
  output wire                  t_kr_last_o,
  output wire  [3:0]           t_kr_status_o,
  output wire                  taken_o,       // the controller takes a command in this clock
  output wire                  sd_cke_o,
  output wire                  sd_cs_no,
  output wire                  sd_ras_no,
  output wire                  sd_cas_no,
  output wire                  sd_we_no,
  output wire  [1:0]           sd_ba_o,
  output wire  [12:0]          sd_a_o,
  output wire  [7:0]           sd_dqm_o,
  output wire  [63:0]          sd_dq_o,
  output wire                  sd_dq_oe_o,
  input  wire  [63:0]          sd_dq_i,
  output wire  [31:0]          dq_bytes_o,
  output wire  [31:0]          addr_bits_o,
  output wire  [31:0]          max_nbh_o,
  output wire  [31:0]          clock_ps_o
);
  localparam logic [16*mr_kv_timing_pkg::Lanes-1:0] Timing =
    (Profile == 0) ? mr_kv_timing_pkg::Sdr100 : (Profile == 1) ? mr_kv_timing_pkg::Sdr133 : mr_kv_timing_pkg::Sdr50;

  logic [2*Ports-1:0]   op;
  logic [8*Ports-1:0]   slot, layer, head;
  logic [Ports-1:0]     kind;
  logic [18*Ports-1:0]  pos;
  logic [6*Ports-1:0]   count;
  logic [272*Ports-1:0] block;

  genvar p;
  generate
    for (p = 0; p < Ports; p = p + 1) begin : gen_port
      assign op[2*p +: 2]        = t_kc_i[64*p +: 2];
      assign slot[8*p +: 8]      = t_kc_i[64*p+2 +: 8];
      assign layer[8*p +: 8]     = t_kc_i[64*p+10 +: 8];
      assign head[8*p +: 8]      = t_kc_i[64*p+18 +: 8];
      assign kind[p]             = t_kc_i[64*p+26];
      assign pos[18*p +: 18]     = t_kc_i[64*p+27 +: 18];
      assign count[6*p +: 6]     = t_kc_i[64*p+45 +: 6];
      assign block[272*p +: 272] = t_kw_block_i[288*p +: 272];
    end
  endgenerate

  logic         kc_valid, kc_ready, kc_kind, kw_valid, kw_ready, kr_valid, kr_ready, kr_last;
  logic [1:0]   kc_op;
  logic [7:0]   kc_slot, kc_layer, kc_head;
  logic [17:0]  kc_pos;
  logic [5:0]   kc_count;
  logic [271:0] kw_block, kr_block;
  logic [3:0]   kr_status;
  logic [DqBytes-1:0]   dqm;
  logic [8*DqBytes-1:0] dq_o;
  logic [RowBits-1:0]   row;

  assign taken_o    = kc_valid && kc_ready;
  // A smaller device lies in the low rows and columns of the model.
  assign sd_a_o     = 13'(row);
  assign sd_dqm_o   = 8'(dqm);
  assign sd_dq_o    = 64'(dq_o);
  assign dq_bytes_o = DqBytes;
  assign max_nbh_o  = MaxNbh;
  assign addr_bits_o = RowBits + ColBits;
  assign clock_ps_o = (Profile == 0) ? 10000 : (Profile == 1) ? 7519 : 20000;

  mr_kv_mux #(.Ports(Ports)) u_mux (
    .clk_i, .rst_ni, .cfg_nbh_i,
    .t_kc_valid_i, .t_kc_ready_o, .t_kc_op_i(op), .t_kc_slot_i(slot), .t_kc_layer_i(layer), .t_kc_head_i(head),
    .t_kc_kind_i(kind), .t_kc_pos_i(pos), .t_kc_count_i(count),
    .t_kw_valid_i, .t_kw_ready_o, .t_kw_block_i(block),
    .t_kr_valid_o, .t_kr_ready_i, .t_kr_block_o, .t_kr_last_o, .t_kr_status_o,
    .kc_valid_o(kc_valid), .kc_ready_i(kc_ready), .kc_op_o(kc_op), .kc_slot_o(kc_slot), .kc_layer_o(kc_layer),
    .kc_head_o(kc_head), .kc_kind_o(kc_kind), .kc_pos_o(kc_pos), .kc_count_o(kc_count),
    .kw_valid_o(kw_valid), .kw_ready_i(kw_ready), .kw_block_o(kw_block),
    .kr_valid_i(kr_valid), .kr_ready_o(kr_ready), .kr_block_i(kr_block), .kr_last_i(kr_last), .kr_status_i(kr_status)
  );

  mr_kv_ctrl #(
    .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages), .SlotBlocks(SlotBlocks),
    .DqBytes(DqBytes), .RowBits(RowBits), .ColBits(ColBits), .Timing(Timing), .InitCycles(100)
  ) u_ctrl (
    .clk_i, .rst_ni,
    .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i, .cfg_pages_i, .free_req_i, .free_slot_i, .free_busy_o, .ready_o,
    .pages_free_o, .cnt_cycles_o, .cnt_rd_words_o, .cnt_wr_words_o, .cnt_refresh_o, .cnt_activate_o, .cnt_refused_o,
    .kc_valid_i(kc_valid), .kc_ready_o(kc_ready), .kc_op_i(kc_op), .kc_slot_i(kc_slot), .kc_layer_i(kc_layer),
    .kc_head_i(kc_head), .kc_kind_i(kc_kind), .kc_pos_i(kc_pos), .kc_count_i(kc_count),
    .kw_valid_i(kw_valid), .kw_ready_o(kw_ready), .kw_block_i(kw_block),
    .kr_valid_o(kr_valid), .kr_ready_i(kr_ready), .kr_block_o(kr_block), .kr_last_o(kr_last), .kr_status_o(kr_status),
    .sd_cke_o, .sd_cs_no, .sd_ras_no, .sd_cas_no, .sd_we_no, .sd_ba_o, .sd_a_o(row), .sd_dqm_o(dqm), .sd_dq_o(dq_o),
    .sd_dq_oe_o, .sd_dq_i(sd_dq_i[8*DqBytes-1:0])
  );

  generate
    if (DqBytes < 8) begin : gen_narrow
      wire unused_ok = &{1'b0, sd_dq_i[63:8*DqBytes]};
    end
    for (p = 0; p < Ports; p = p + 1) begin : gen_unused
      wire unused_ok = &{1'b0, t_kc_i[64*p+51 +: 13], t_kw_block_i[288*p+272 +: 16]};
    end
  endgenerate
endmodule
`default_nettype wire
