// SPDX-License-Identifier: Apache-2.0
// Bench top: four dot-product units (1, 2, 4 and 8 lanes) behind one set of pins; sel_i picks the one that is driven. Their
// limits for ATTEND differ, so that small and uneven ones are tried too (dpu_max_g, dpu_max_nbh in dpu_bench.c).
// Gate  their clocks are gated at rest, as a tile may do it.
// Their memories and the KV controller are models in dpu_bench.c.
`default_nettype none
module tb_dpu #(
  parameter int WDepth = 8192,
  parameter int VDepth = 2048,
  parameter int XDepth = 128,
  parameter bit Gate = 1'b0
) (
  input  wire           clk_i,
  input  wire           rst_ni,
  input  wire  [1:0]    sel_i,         // log2 of the lanes
  input  wire           start_i,
  input  wire           is_attend_i,
  input  wire  [9:0]    dst_i,
  input  wire  [6:0]    x_i,
  input  wire  [12:0]   w_i,
  input  wire  [19:0]   rows_i,
  input  wire  [15:0]   nb_i,
  input  wire           q4_i,
  input  wire           acc_i,
  input  wire  [7:0]    layer_i,
  input  wire  [7:0]    n_kv_i,
  input  wire  [7:0]    kv_first_i,
  input  wire  [7:0]    nbh_i,
  input  wire  [7:0]    g_i,
  input  wire  [31:0]   scale_i,
  input  wire  [7:0]    slot_i,
  input  wire  [17:0]   pos_i,
  output logic          busy_o,
  output logic [3:0]    err_o,
  output logic          wm_en_o,
  output logic [12:0]   wm_addr_o,
  input  wire  [2303:0] wm_data_i,
  output logic          xm_en_o,
  output logic [6:0]    xm_addr_o,
  input  wire  [271:0]  xm_data_i,
  output logic          vw_valid_o,
  input  wire           vw_ready_i,
  output logic [1:0]    vw_en_o,
  output logic [9:0]    vw_addr_o,
  output logic [63:0]   vw_data_o,
  output logic          vr_valid_o,
  input  wire           vr_ready_i,
  output logic [9:0]    vr_addr_o,
  input  wire  [63:0]   vr_data_i,
  output logic          kc_valid_o,
  input  wire           kc_ready_i,
  output logic [7:0]    kc_slot_o,
  output logic [7:0]    kc_layer_o,
  output logic [7:0]    kc_head_o,
  output logic          kc_kind_o,
  output logic [17:0]   kc_pos_o,
  output logic [5:0]    kc_count_o,
  input  wire           kr_valid_i,
  output logic          kr_ready_o,
  input  wire  [271:0]  kr_block_i,
  input  wire           kr_last_i,
  input  wire  [3:0]    kr_status_i,
  output logic          gemv_active_o,
  output logic          lane_busy_o,
  output logic          kv_wait_o
);
  localparam int OutW = 1 + 4 + 1 + 13 + 1 + 7 + 1 + 2 + 10 + 64 + 1 + 10 + 1 + 8 + 8 + 8 + 1 + 18 + 6 + 1 + 1 + 1 + 1;

  logic [4*OutW-1:0] outs;
  genvar i;
  generate
    for (i = 0; i < 4; i = i + 1) begin : gen_dut
      localparam int Lanes = 1 << i;
      localparam int MaxG = i == 0 ? 8 : i == 1 ? 3 : i == 2 ? 6 : 16;
      localparam int MaxNbh = i == 0 ? 4 : i == 2 ? 2 : 1;
      wire on = sel_i == 2'(i);
      logic          busy, wm_en, xm_en, vw_valid, vr_valid, kc_valid, kc_kind, kr_ready, gemv_active, lane_busy, kv_wait;
      logic [3:0]    err;
      logic [12:0]   wm_addr;
      logic [6:0]    xm_addr;
      logic [1:0]    vw_en;
      logic [9:0]    vw_addr, vr_addr;
      logic [63:0]   vw_data;
      logic [7:0]    kc_slot, kc_layer, kc_head;
      logic [17:0]   kc_pos;
      logic [5:0]    kc_count;
      mr_dpu #(.Lanes(Lanes), .HasKv(1'b1), .MaxG(MaxG), .MaxNbh(MaxNbh), .WDepth(WDepth), .VDepth(VDepth), .XDepth(XDepth), .ClockGate(Gate)) u_dut (
        .clk_i, .rst_ni, .start_i(start_i && on), .is_attend_i, .dst_i, .x_i, .w_i, .rows_i, .nb_i, .q4_i, .acc_i,
        .layer_i, .n_kv_i, .kv_first_i, .nbh_i, .g_i, .scale_i, .slot_i, .pos_i, .busy_o(busy), .err_o(err),
        .wm_en_o(wm_en), .wm_addr_o(wm_addr), .wm_data_i(wm_data_i[Lanes*288-1:0]),
        .xm_en_o(xm_en), .xm_addr_o(xm_addr), .xm_data_i,
        .vw_valid_o(vw_valid), .vw_ready_i(vw_ready_i && on), .vw_en_o(vw_en), .vw_addr_o(vw_addr), .vw_data_o(vw_data),
        .vr_valid_o(vr_valid), .vr_ready_i(vr_ready_i && on), .vr_addr_o(vr_addr), .vr_data_i,
        .kc_valid_o(kc_valid), .kc_ready_i(kc_ready_i && on), .kc_slot_o(kc_slot), .kc_layer_o(kc_layer),
        .kc_head_o(kc_head), .kc_kind_o(kc_kind), .kc_pos_o(kc_pos), .kc_count_o(kc_count),
        .kr_valid_i(kr_valid_i && on), .kr_ready_o(kr_ready), .kr_block_i, .kr_last_i, .kr_status_i,
        .gemv_active_o(gemv_active), .lane_busy_o(lane_busy), .kv_wait_o(kv_wait)
      );
      assign outs[i*OutW +: OutW] = {busy, err, wm_en, wm_addr, xm_en, xm_addr, vw_valid, vw_en, vw_addr, vw_data, vr_valid, vr_addr,
        kc_valid, kc_slot, kc_layer, kc_head, kc_kind, kc_pos, kc_count, kr_ready, gemv_active, lane_busy, kv_wait};
    end
  endgenerate
  assign {busy_o, err_o, wm_en_o, wm_addr_o, xm_en_o, xm_addr_o, vw_valid_o, vw_en_o, vw_addr_o, vw_data_o, vr_valid_o, vr_addr_o,
    kc_valid_o, kc_slot_o, kc_layer_o, kc_head_o, kc_kind_o, kc_pos_o, kc_count_o, kr_ready_o, gemv_active_o, lane_busy_o,
    kv_wait_o} = outs[32'(sel_i)*OutW +: OutW];
endmodule
`default_nettype wire
