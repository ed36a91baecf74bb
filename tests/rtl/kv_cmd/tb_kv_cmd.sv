// SPDX-License-Identifier: Apache-2.0
// Frame of mr_kv_cmd for its bench: ports of fixed width, and its parameters as outputs.
`default_nettype none
module tb_kv_cmd #(
  parameter int Slots = 8,
  parameter int Layers = 4,
  parameter int Heads = 2,
  parameter int MaxNbh = 4,
  parameter int Pages = 37,
  parameter int SlotBlocks = 4,
  parameter int BaBits = 2,
  parameter int LA = 14
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         cfg_start_i,
  input  wire  [8:0]  cfg_layers_i,
  input  wire  [8:0]  cfg_heads_i,
  input  wire  [5:0]  cfg_nbh_i,
  input  wire  [16:0] cfg_pages_i,
  input  wire  [31:0] cfg_chunk_i,
  input  wire  [31:0] cfg_part_i,
  input  wire  [7:0]  cfg_step_i,
  input  wire         inj_owner_i,
  output wire         ready_o,
  output wire  [63:0] cnt_refused_o,
  output wire  [31:0] pages_used_o,
  output wire  [31:0] pages_dirty_o,
  output wire  [31:0] pages_clean_o,
  input  wire         kc_valid_i,
  output wire         kc_ready_o,
  input  wire  [1:0]  kc_op_i,
  input  wire  [7:0]  kc_slot_i,
  input  wire  [7:0]  kc_layer_i,
  input  wire  [7:0]  kc_head_i,
  input  wire         kc_kind_i,
  input  wire  [17:0] kc_pos_i,
  input  wire  [5:0]  kc_count_i,
  input  wire         ad_valid_i,
  output wire         ad_ready_o,
  input  wire  [1:0]  ad_op_i,
  input  wire  [7:0]  ad_slot_i,
  input  wire  [7:0]  ad_src_i,
  input  wire  [17:0] ad_len_i,
  output wire         ad_done_o,
  output wire  [3:0]  ad_status_o,
  output wire         job_valid_o,
  input  wire         job_ready_i,
  output wire         job_append_o,
  output wire  [3:0]  job_status_o,
  output wire  [31:0] job_key_o,
  output wire  [17:0] job_pos_o,
  output wire  [5:0]  job_count_o,
  output wire  [31:0] job_base_o,
  output wire  [7:0]  job_rot_o,
  output wire  [7:0]  job_part_o,
  output wire  [31:0] job_off_o,
  output wire         flush_req_o,
  input  wire         flush_done_i,
  output wire         pe_valid_o,
  input  wire         pe_ready_i,
  output wire         pe_copy_o,
  output wire  [31:0] pe_src_base_o,
  output wire  [7:0]  pe_src_rot_o,
  output wire  [31:0] pe_dst_base_o,
  output wire  [7:0]  pe_dst_rot_o,
  input  wire         pe_done_i,
  output wire         pe_urgent_o,
  output wire  [31:0] par_slots_o,
  output wire  [31:0] par_layers_o,
  output wire  [31:0] par_heads_o,
  output wire  [31:0] par_nbh_o,
  output wire  [31:0] par_pages_o,
  output wire  [31:0] par_blocks_o,
  output wire  [31:0] par_ba_o,
  output wire  [31:0] par_la_o
);
  localparam int SlotW = (Slots < 2) ? 1 : $clog2(Slots);
  localparam int LayerW = (Layers < 2) ? 1 : $clog2(Layers);
  localparam int HeadW = (Heads < 2) ? 1 : $clog2(Heads);
  localparam int PageW = (Pages < 2) ? 1 : $clog2(Pages);
  localparam int KeyW = SlotW + LayerW + HeadW + 1;

  logic [PageW:0]    used, dirty;
  logic [KeyW-1:0]   key;
  logic [LA-1:0]     base, off, src, dst;
  logic [BaBits-1:0] rot, part, src_rot, dst_rot;

  mr_kv_cmd #(
    .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages), .SlotBlocks(SlotBlocks), .BaBits(BaBits), .LA(LA)
  ) u_dut (
    .clk_i, .rst_ni, .cfg_start_i, .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i, .cfg_pages_i,
    .cfg_chunk_i(cfg_chunk_i[LA-1:0]), .cfg_part_i(cfg_part_i[LA-1:0]), .cfg_step_i(cfg_step_i[BaBits-1:0]),
    .inj_owner_i, .ready_o, .cnt_refused_o, .pages_used_o(used), .pages_dirty_o(dirty), .pages_ready_o(),
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .ad_valid_i, .ad_ready_o, .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o, .ad_status_o,
    .job_valid_o, .job_ready_i, .job_append_o, .job_status_o, .job_key_o(key), .job_pos_o, .job_count_o,
    .job_base_o(base), .job_rot_o(rot), .job_part_o(part), .job_off_o(off),
    .flush_req_o, .flush_done_i,
    .pe_valid_o, .pe_ready_i, .pe_copy_o, .pe_src_base_o(src), .pe_src_rot_o(src_rot), .pe_dst_base_o(dst),
    .pe_dst_rot_o(dst_rot), .pe_done_i, .pe_err_i(1'b0), .pe_urgent_o
  );

  assign pages_used_o  = 32'(used);
  assign pages_dirty_o = 32'(dirty);
  assign pages_clean_o = 32'(cfg_pages_i) - 32'(used) - 32'(dirty);
  // The key in fields of 8 bits, so that the bench need not know their widths.
  assign job_key_o     = {8'(key[1+HeadW+LayerW +: SlotW]), 8'(key[1+HeadW +: LayerW]), 8'(key[1 +: HeadW]), 8'(key[0])};
  assign job_base_o    = 32'(base);
  assign job_rot_o     = 8'(rot);
  assign job_part_o    = 8'(part);
  assign job_off_o     = 32'(off);
  assign pe_src_base_o = 32'(src);
  assign pe_src_rot_o  = 8'(src_rot);
  assign pe_dst_base_o = 32'(dst);
  assign pe_dst_rot_o  = 8'(dst_rot);
  assign par_slots_o   = Slots;
  assign par_layers_o  = Layers;
  assign par_heads_o   = Heads;
  assign par_nbh_o     = MaxNbh;
  assign par_pages_o   = Pages;
  assign par_blocks_o  = SlotBlocks;
  assign par_ba_o      = BaBits;
  assign par_la_o      = LA;

  wire unused_ok = &{1'b0, cfg_chunk_i, cfg_part_i, cfg_step_i};
endmodule
`default_nettype wire
