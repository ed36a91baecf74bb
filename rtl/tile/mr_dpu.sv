// SPDX-License-Identifier: Apache-2.0
// Dot-product unit of a tile: executes GEMV and ATTEND (docs/tile_isa.md) on Lanes lanes of 32 int8 multipliers.
//
// Lanes    1, 2, 4, 8.   HasKv  ATTEND is there (otherwise it ends with status 1).
// MaxG     most query heads of a KV head that ATTEND takes, 1..16.   MaxNbh  most blocks of a head, a power of two.
// WDepth words of WMEM, VDepth elements of VMEM, XDepth blocks of XMEM.   ClockGate  no clock at rest (mr_unit_clock).
// Command: start_i for one cycle while busy_o is low, with the fields; VMEM addresses are pair indices. busy_o rises in the
// next cycle and falls when every result is written; err_o is valid in the last busy cycle (0 fine, 1 no ATTEND
// here, 2 operand out of range, 4..8 from the KV port). WMEM and XMEM: enable and address, data two cycles later and one; nobody else may read
// WMEM while busy_o; XMEM's output may be lent out in cycles without xm_en_o. VMEM write and read: ready/valid requests
// (R1-R6); read data one cycle after the accepted request. KV port: docs/interfaces.md section 3, STREAM commands.
// Cycles of a GEMV from start_i to the first cycle with busy_o low: rows / Lanes x nb + 16 (Lanes <= 2), + 20 (4), + 28 (8);
// acc adds 0 (Lanes <= 2), 4 (4), 12 (8). This holds while VMEM takes every write and nb >= Lanes / 2 (a pair a cycle).
// Counter events: gemv_active_o from first to last product of a GEMV, lane_busy_o a product is issued (every lane),
// kv_wait_o ATTEND waits for KV data and nothing else. Test: tests/rtl/dpu.
`default_nettype none
`include "mr_assert.vh"
module mr_dpu #(
  parameter int Lanes = 2,
  parameter bit HasKv = 1'b1,
  parameter int MaxG = 16,
  parameter int MaxNbh = 4,
  parameter int WDepth = 1024,
  parameter int VDepth = 2048,
  parameter int XDepth = 64,
  parameter bit ClockGate = 1'b0,
  localparam int WaW = $clog2(WDepth),
  localparam int VaW = $clog2(VDepth) - 1,
  localparam int XaW = $clog2(XDepth)
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  // command
  input  wire                   start_i,
  input  wire                   is_attend_i,
  input  wire  [VaW-1:0]        dst_i,
  input  wire  [XaW-1:0]        x_i,          // GEMV: x, ATTEND: q
  input  wire  [WaW-1:0]        w_i,
  input  wire  [19:0]           rows_i,
  input  wire  [15:0]           nb_i,
  input  wire                   q4_i,
  input  wire                   acc_i,
  input  wire  [7:0]            layer_i,
  input  wire  [7:0]            n_kv_i,
  input  wire  [7:0]            kv_first_i,
  input  wire  [7:0]            nbh_i,
  input  wire  [7:0]            g_i,
  input  wire  [31:0]           scale_i,
  input  wire  [7:0]            slot_i,
  input  wire  [17:0]           pos_i,
  output logic                  busy_o,
  output logic [3:0]            err_o,
  // WMEM, XMEM
  output logic                  wm_en_o,
  output logic [WaW-1:0]        wm_addr_o,
  input  wire  [Lanes*288-1:0]  wm_data_i,
  output logic                  xm_en_o,
  output logic [XaW-1:0]        xm_addr_o,
  input  wire  [271:0]          xm_data_i,
  // VMEM
  output logic                  vw_valid_o,
  input  wire                   vw_ready_i,
  output logic [1:0]            vw_en_o,
  output logic [VaW-1:0]        vw_addr_o,
  output logic [63:0]           vw_data_o,
  output logic                  vr_valid_o,
  input  wire                   vr_ready_i,
  output logic [VaW-1:0]        vr_addr_o,
  input  wire  [63:0]           vr_data_i,
  // KV port, STREAM
  output logic                  kc_valid_o,
  input  wire                   kc_ready_i,
  output logic [7:0]            kc_slot_o,
  output logic [7:0]            kc_layer_o,
  output logic [7:0]            kc_head_o,
  output logic                  kc_kind_o,
  output logic [17:0]           kc_pos_o,
  output logic [5:0]            kc_count_o,
  input  wire                   kr_valid_i,
  output logic                  kr_ready_o,
  input  wire  [271:0]          kr_block_i,
  input  wire                   kr_last_i,
  input  wire  [3:0]            kr_status_i,
  // counter events
  output logic                  gemv_active_o,
  output logic                  lane_busy_o,
  output logic                  kv_wait_o
);
  localparam logic [3:0] StatusOpcode = 4'd1;
  localparam logic [3:0] StatusRange = 4'd2;

  // Cycle of a block product (0 = operands captured) in which each unit takes it: mr_lane, rtl/fp/README.md.
  localparam int LatConv = 2;
  localparam int LatMul = 3;
  localparam int LatAdd = 4;
  localparam int AtConv = 3;
  localparam int AtMul = AtConv + LatConv;
  localparam int AtAdd = AtMul + LatMul;
  localparam int AtOut = AtAdd + LatAdd;
  localparam int InitW = Lanes > 1 ? Lanes * 32 : 64;
  localparam int RowsLog2 = 2 + $clog2(Lanes);
  localparam int Passes = (MaxG + Lanes - 1) / Lanes;
  localparam int RunDepth = HasKv ? Passes * MaxNbh * 32 : 2;
  localparam int RunW = $clog2(RunDepth);

  // ---- clock ----
  logic busy_q;
  wire  clk;
  mr_unit_clock #(.Gate(ClockGate)) u_clock (.clk_i, .rst_ni, .start_i, .busy_i(busy_q), .clk_o(clk));

  // ---- command ----
  logic attend_q;
  logic [3:0] err_q;
  logic gemv_active;
  logic gemv_products;
  logic attend_busy;
  logic [3:0] attend_err;
  logic out_done;

  wire bad_rows = rows_i == '0 || rows_i[RowsLog2-1:0] != '0 || nb_i == '0;
  wire start_gemv = start_i && !is_attend_i && !bad_rows;
  wire start_attend = start_i && is_attend_i && HasKv;
  wire done = busy_q && !gemv_active && !attend_busy && out_done;

  assign busy_o = busy_q;
  assign err_o = attend_q ? attend_err : err_q;
  always_ff @(posedge clk) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (start_i) busy_q <= 1'b1;
    else if (done) busy_q <= 1'b0;
  end
  always_ff @(posedge clk) begin
    if (start_i) begin
      attend_q <= start_attend;
      err_q <= 4'd0;
      if (is_attend_i && !HasKv) err_q <= StatusOpcode;
      else if (!is_attend_i && bad_rows) err_q <= StatusRange;
    end
  end

  // ---- GEMV ----
  logic                   g_ld_w, g_ld_x, g_first, g_last;
  logic [1:0]             g_slot;
  logic [Lanes*272-1:0]   g_w;
  logic                   g_xm_en;
  logic [XaW-1:0]         g_xm_addr;
  logic                   g_claim;
  logic                   out_full;
  logic [InitW-1:0]       init;
  logic                   init_pop;

  mr_gemv #(.Lanes(Lanes), .WDepth(WDepth), .XDepth(XDepth), .VaW(VaW)) u_gemv (
    .clk_i(clk), .rst_ni, .start_i(start_gemv), .dst_i, .x_i, .w_i, .rows_i, .nb_i, .q4_i, .acc_i,
    .active_o(gemv_active), .products_o(gemv_products),
    .wm_en_o, .wm_addr_o, .wm_data_i, .xm_en_o(g_xm_en), .xm_addr_o(g_xm_addr),
    .vr_valid_o, .vr_ready_i, .vr_addr_o, .vr_data_i,
    .ld_w_o(g_ld_w), .ld_x_o(g_ld_x), .w_o(g_w), .first_o(g_first), .last_o(g_last), .slot_o(g_slot),
    .q_claim_o(g_claim), .q_full_i(out_full), .init_pop_i(init_pop), .init_o(init)
  );

  // ---- attention ----
  logic                 a_ld_w, a_ld_x, a_ld_wq, a_dot, a_first, a_last;
  logic [1:0]           a_slot;
  logic [271:0]         a_kv;
  logic [Lanes*272-1:0] a_q;
  logic [Lanes*8-1:0]   a_wq;
  logic                 a_outer, a_copy, a_conv;
  logic [4:0]           a_conv_idx;
  logic                 a_mul_v;
  logic [1:0]           a_mul_op;
  logic [Lanes*32-1:0]  a_coef;
  logic [Lanes*32-1:0]  a_score;
  logic                 a_run_re, a_run_we;
  logic [RunW-1:0]      a_run_raddr, a_run_waddr;
  logic                 a_hold, a_add, a_add_zero;
  logic                 a_claim, a_pair_v;
  logic [63:0]          a_pair;
  logic                 a_xm_en;
  logic [XaW-1:0]       a_xm_addr;
  logic [Lanes*32-1:0]  lane_m;
  logic [Lanes*32-1:0]  lane_y;
  logic                 out_v;
  logic                 out_last;

  generate
    if (HasKv) begin : gen_attend
      wire attend_clk;
      mr_unit_clock #(.Gate(ClockGate)) u_clock (
        .clk_i, .rst_ni, .start_i(start_attend), .busy_i(attend_busy), .clk_o(attend_clk)
      );
      mr_attend #(.Lanes(Lanes), .MaxG(MaxG), .MaxNbh(MaxNbh), .XDepth(XDepth), .VaW(VaW), .VPairs(VDepth / 2)) u_attend (
        .clk_i(attend_clk), .rst_ni, .start_i(start_attend), .dst_i, .q_i(x_i), .layer_i, .n_kv_i, .kv_first_i, .nbh_i, .g_i, .scale_i,
        .slot_i, .pos_i, .busy_o(attend_busy), .err_o(attend_err),
        .xm_en_o(a_xm_en), .xm_addr_o(a_xm_addr), .xm_data_i,
        .kc_valid_o, .kc_ready_i, .kc_slot_o, .kc_layer_o, .kc_head_o, .kc_kind_o, .kc_pos_o, .kc_count_o,
        .kr_valid_i, .kr_ready_o, .kr_block_i, .kr_last_i, .kr_status_i, .kv_wait_o,
        .ld_w_o(a_ld_w), .ld_x_o(a_ld_x), .ld_wq_o(a_ld_wq), .dot_o(a_dot), .first_o(a_first), .last_o(a_last),
        .slot_o(a_slot), .kv_o(a_kv), .q_o(a_q), .wq_o(a_wq), .outer_o(a_outer), 
        .copy_o(a_copy), .conv_o(a_conv), .conv_idx_o(a_conv_idx), .mul_v_o(a_mul_v), .mul_op_o(a_mul_op),
        .coef_o(a_coef), .score_o(a_score), .run_re_o(a_run_re), .run_raddr_o(a_run_raddr),
        .run_we_o(a_run_we), .run_waddr_o(a_run_waddr), .hold_o(a_hold), .add_o(a_add), .add_zero_o(a_add_zero),
        .dot_v_i(out_v && attend_q), .dot_last_i(out_last), .lane_y_i(lane_y), .lane_m_i(lane_m),
        .claim_o(a_claim), .full_i(out_full), .pair_v_o(a_pair_v), .pair_o(a_pair)
      );
    end else begin : gen_no_attend
      assign attend_busy = 1'b0;
      assign attend_err = 4'd0;
      assign {a_xm_en, a_ld_w, a_ld_x, a_ld_wq, a_dot, a_first, a_last, a_slot, a_outer, a_copy, a_conv} = '0;
      assign {a_conv_idx, a_mul_v, a_mul_op, a_run_re, a_run_we, a_hold, a_add, a_add_zero, a_claim, a_pair_v} = '0;
      assign {a_xm_addr, a_run_raddr, a_run_waddr, a_coef, a_score, a_wq, a_q, a_kv, a_pair} = '0;
      assign {kc_valid_o, kc_slot_o, kc_layer_o, kc_head_o, kc_kind_o, kc_pos_o, kc_count_o, kr_ready_o, kv_wait_o} = '0;
      wire unused_ok = &{1'b0, layer_i, n_kv_i, kv_first_i, nbh_i, g_i, scale_i, slot_i, pos_i, kc_ready_i, kr_valid_i,
                         kr_block_i, kr_last_i, kr_status_i, lane_m};
    end
  endgenerate

  // ---- a product's way through the lanes ----
  logic [AtOut:1] valid_q;
  logic [AtAdd:1] first_q;
  logic [AtOut:1] last_q;
  logic [AtOut:1] slot0_q;
  logic [AtOut:1] slot1_q;
  logic           fresh_q;            // the slot to be added to leaves the adder in this cycle

  wire dot = g_ld_w || a_dot;
  wire first = attend_q ? a_first : g_first;
  wire last = attend_q ? a_last : g_last;
  wire [1:0] slot = attend_q ? a_slot : g_slot;
  always_ff @(posedge clk) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[AtOut-1:1], dot};
  end
  always_ff @(posedge clk) begin
    if (busy_q) begin
      first_q <= {first_q[AtAdd-1:1], first};
      last_q <= {last_q[AtOut-1:1], last};
      slot0_q <= {slot0_q[AtOut-1:1], slot[0]};
      slot1_q <= {slot1_q[AtOut-1:1], slot[1]};
      fresh_q <= valid_q[AtOut-1] && slot0_q[AtOut-1] == slot0_q[AtAdd-1] && slot1_q[AtOut-1] == slot1_q[AtAdd-1];
    end
  end
  assign out_v = valid_q[AtOut];
  assign out_last = last_q[AtOut];
  assign init_pop = valid_q[AtAdd] && first_q[AtAdd] && init_on_q && (Lanes > 1 || slot0_q[AtAdd]);

  logic init_on_q;                    // an accumulating GEMV
  always_ff @(posedge clk) begin
    if (start_i) init_on_q <= start_gemv && acc_i;
  end

  genvar l;
  generate
    for (l = 0; l < Lanes; l = l + 1) begin : gen_lane
      logic [31:0] lane_init;
      if (Lanes == 1) begin : gen_half
        assign lane_init = !init_on_q ? '0 : slot0_q[AtAdd] ? init[63:32] : init[31:0];
      end else begin : gen_word
        assign lane_init = init_on_q ? init[l*32 +: 32] : '0;
      end
      mr_lane #(.HasKv(HasKv), .AccDepth(RunDepth)) u_lane (
        .clk_i(clk), .rst_ni, .ld_w_i(g_ld_w || a_ld_w), .ld_x_i(g_ld_x || a_ld_x), .src_kv_i(attend_q), .ld_wq_i(a_ld_wq),
        .w_i(g_w[l*272 +: 272]), .x_i(xm_data_i), .kv_i(a_kv), .q_i(a_q[l*272 +: 272]), .wq_i(a_wq[l*8 +: 8]),
        .dot1_i(valid_q[1]), .dot2_i(valid_q[2]), .dot3_i(valid_q[AtConv]),
        .add_first_i(first_q[AtAdd]), .add_slot_i({slot1_q[AtAdd], slot0_q[AtAdd]}), .init_i(lane_init),
        .add_fresh_i(fresh_q), .out_v_i(out_v), .out_slot_i({slot1_q[AtOut], slot0_q[AtOut]}),
        .mul_v_i(valid_q[AtMul] || a_mul_v), .mul_op_i(a_mul_v ? a_mul_op : 2'd0), .add_v_i(valid_q[AtAdd] || a_add),
        .m_o(lane_m[l*32 +: 32]), .y_o(lane_y[l*32 +: 32]),
        .outer_i(a_outer), .copy_i(a_copy), .conv_i(a_conv), .conv_idx_i(a_conv_idx),
        .coef_i(a_coef[l*32 +: 32]), .score_i(a_score[l*32 +: 32]),
        .run_re_i(a_run_re), .run_raddr_i(a_run_raddr),
        .run_we_i(a_run_we), .run_waddr_i(a_run_waddr), .hold_i(a_hold), .add_drain_i(a_add), .add_zero_i(a_add_zero)
      );
    end
  endgenerate

  // ---- results, memory ports, events ----
  mr_dpu_out #(.Lanes(Lanes), .VaW(VaW), .Depth(16)) u_out (
    .clk_i(clk), .rst_ni, .start_i, .addr_i(dst_i), .claim_i(g_claim || a_claim), .full_o(out_full), .done_o(out_done),
    .row_v_i(out_v && out_last && !attend_q), .row_odd_i(slot0_q[AtOut]), .row_i(lane_y),
    .pair_v_i(a_pair_v), .pair_i(a_pair), .vw_valid_o, .vw_ready_i, .vw_addr_o, .vw_data_o
  );
  assign vw_en_o = 2'b11;
  assign xm_en_o = g_xm_en || a_xm_en;
  assign xm_addr_o = a_xm_en ? a_xm_addr : g_xm_addr;
  assign gemv_active_o = gemv_products;
  assign lane_busy_o = dot || a_ld_wq;

  `MR_ASSERT(OneUser, !(gemv_active && attend_busy))
  `MR_ASSERT(StartIdle, !(start_i && busy_q))
endmodule
`default_nettype wire
