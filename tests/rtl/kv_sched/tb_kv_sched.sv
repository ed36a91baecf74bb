// SPDX-License-Identifier: Apache-2.0
// DRAM back end with a fixed port for the bench, for any profile.
//
// Profile: 0 Sdr100, 1 Sdr133, 2 Sdr50, 3 Ddr4_2400, 4 Lpddr4_3200, 5 Hbm2Pc, 6 Stacked (the order of mr_dram_profiles).
// Phy: 1 puts mr_kv_phy_sdr behind it and decodes its pins. MutLane, MutLane2: lanes to which MutDelta is added (mutants.py), or -1.
`default_nettype none
`include "mr_assert.vh"
module tb_kv_sched #(
  parameter int Profile = 0,
  parameter int InitCycles = 400,
  parameter int Phy = 0,
  parameter int MutLane = -1,
  parameter int MutLane2 = -1,
  parameter int MutDelta = -1,
  localparam int PW = 16 * mr_kv_dev_pkg::Lanes,
  localparam logic [PW-1:0] Real = Profile == 0 ? mr_kv_dev_pkg::Sdr100 : Profile == 1 ? mr_kv_dev_pkg::Sdr133
    : Profile == 2 ? mr_kv_dev_pkg::Sdr50 : Profile == 3 ? mr_kv_dev_pkg::Ddr4_2400
    : Profile == 4 ? mr_kv_dev_pkg::Lpddr4_3200 : Profile == 5 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
  localparam logic [PW-1:0] Delta  = PW'(16'(MutDelta)),
  localparam logic [PW-1:0] Mask   = PW'(16'hFFFF),
  localparam logic [PW-1:0] Prof1  = MutLane < 0 ? Real
    : (Real & ~(Mask << 16 * MutLane)) | ((((Real >> 16 * MutLane) + Delta) & Mask) << 16 * MutLane),
  localparam logic [PW-1:0] Prof   = MutLane2 < 0 ? Prof1
    : (Prof1 & ~(Mask << 16 * MutLane2)) | ((((Prof1 >> 16 * MutLane2) + Delta) & Mask) << 16 * MutLane2),
  localparam int WordBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  localparam int BaBits  = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int La = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                    + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]}
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire  [31:0] cfg_part_i,
  input  wire  [7:0]  cfg_step_i,
  input  wire         cfg_odd_i,
  input  wire         run_valid_i,
  output wire         run_ready_o,
  input  wire         run_wr_i,
  input  wire  [31:0] run_base_i,
  input  wire  [7:0]  run_rot_i,
  input  wire  [7:0]  run_part_i,
  input  wire  [31:0] run_off_i,
  input  wire  [31:0] run_n_i,
  input  wire  [31:0] run_use_i,
  input  wire  [127:0] wd_word_i,
  input  wire  [15:0] wd_be_i,
  output wire         wd_pop_o,
  output wire         rd_issue_o,
  input  wire         rd_room_i,
  output wire         rd_valid_o,
  output wire  [127:0] rd_word_o,
  output wire         idle_o,
  output wire         ready_o,
  output wire  [3:0]  dfi_cmd_o,
  output wire  [1:0]  dfi_bg_o,
  output wire  [2:0]  dfi_ba_o,
  output wire  [17:0] dfi_a_o,
  output wire  [3:0]  dfi2_cmd_o,
  output wire  [1:0]  dfi2_bg_o,
  output wire  [2:0]  dfi2_ba_o,
  output wire  [17:0] dfi2_a_o,
  output wire         dfi_wrdata_en_o,
  output wire  [127:0] dfi_wrdata_o,
  output wire  [15:0] dfi_wrmask_o,
  input  wire         dfi_rddata_valid_i,
  input  wire  [127:0] dfi_rddata_i,
  input  wire         cnt_snap_i,
  input  wire         cnt_rd_valid_i,
  input  wire  [6:0]  cnt_rd_addr_i,
  output wire         cnt_rd_done_o,
  output wire  [15:0] cnt_rd_data_o
);
  wire [8*WordBytes-1:0] rd_word, wrdata;
  wire [WordBytes-1:0]   wrmask;
  wire [3:0]  cmd;
  wire [1:0]  bg;
  wire [2:0]  ba;
  wire [17:0] a;
  wire        wren, rd_valid;
  wire [8*WordBytes-1:0] rd_data;
  assign rd_word_o    = 128'(rd_word);
  wire rd_err;

  mr_kv_backend #(.Prof(Prof), .InitCycles(InitCycles), .PinRegs(Phy == 0)) u_dut (
    .clk_i, .rst_ni, .cfg_part_i(cfg_part_i[La-1:0]), .cfg_step_i(cfg_step_i[BaBits-1:0]), .cfg_odd_i,
    .run_valid_i, .run_ready_o, .run_wr_i, .run_base_i(run_base_i[La-1:0]), .run_rot_i(run_rot_i[BaBits-1:0]),
    .run_part_i(run_part_i[BaBits-1:0]), .run_off_i(run_off_i[La-1:0]), .run_n_i(run_n_i[La-1:0]), .run_use_i(run_use_i[La+3:0]),
    .wd_word_i(wd_word_i[8*WordBytes-1:0]), .wd_be_i(wd_be_i[WordBytes-1:0]), .wd_pop_o, .rd_issue_o, .rd_room_i,
    .rd_valid_o, .rd_word_o(rd_word), .rd_err_o(rd_err), .idle_o, .ready_o,
    .dfi_cmd_o(cmd), .dfi_bg_o(bg), .dfi_ba_o(ba), .dfi_a_o(a), .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o(wren), .dfi_wrdata_o(wrdata), .dfi_wrmask_o(wrmask),
    .dfi_rddata_valid_i(rd_valid), .dfi_rddata_i(rd_data), .dfi_rderr_i(1'b0),
    .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
  );

  generate
    if (Phy != 0) begin : gen_phy
      localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]};
      localparam int Rl = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRl +: 16]};
      wire cke, cs_n, ras_n, cas_n, we_n, oe;
      wire [1:0] pin_ba;
      wire [RowBits-1:0] pin_a;
      wire [WordBytes-1:0] dqm;
      wire [8*WordBytes-1:0] dq;
      logic [3:0] code;
      mr_kv_phy_sdr #(.Prof(Prof)) u_phy (
        .clk_i, .rst_ni, .dfi_ready_i(ready_o), .dfi_cmd_i(cmd), .dfi_ba_i(ba), .dfi_a_i(a), .dfi_wrdata_en_i(wren),
        .dfi_wrdata_i(wrdata), .dfi_wrmask_i(wrmask), .dfi_rddata_valid_o(rd_valid), .dfi_rddata_o(rd_data),
        .cke_o(cke), .cs_no(cs_n), .ras_no(ras_n), .cas_no(cas_n), .we_no(we_n), .ba_o(pin_ba), .a_o(pin_a),
        .dqm_o(dqm), .dq_o(dq), .dq_oe_o(oe), .dq_i(dfi_rddata_i[8*WordBytes-1:0])
      );
      always_comb begin
        case ({cs_n, ras_n, cas_n, we_n})
          4'b0011: code = 4'd1;
          4'b0101: code = 4'd2;
          4'b0100: code = 4'd3;
          4'b0010: code = pin_a[10] ? 4'd5 : 4'd4;
          4'b0001: code = 4'd6;
          4'b0000: code = 4'd8;
          default: code = 4'd0;
        endcase
      end
      wire is_col = code == 4'd2 || code == 4'd3;
      assign dfi_cmd_o = cke ? code : 4'd9;
      assign dfi_bg_o  = bg & 2'd0;
      assign dfi_ba_o  = {1'b0, pin_ba};
      assign dfi_a_o   = is_col ? 18'(pin_a[9:2]) : 18'(pin_a);
      assign dfi_wrdata_en_o = oe;
      assign dfi_wrdata_o = 128'(dq);
      assign dfi_wrmask_o = 16'(dqm);
      logic late_q, valid_q;    // words are taken a clock behind the pins
      always_ff @(posedge clk_i) begin
        valid_q <= dfi_rddata_valid_i;
        late_q  <= !rst_ni;
      end
      `MR_ASSERT(Mode, code != 4'd8 || pin_a == RowBits'({Rl[2:0], 4'b0010}))
      `MR_ASSERT(Column, !(is_col && pin_a[1:0] != 2'd0))
      `MR_ASSERT(InTime, late_q || rd_valid == valid_q)
    end else begin : gen_dfi
      assign dfi_cmd_o = cmd;
      assign dfi_bg_o  = bg;
      assign dfi_ba_o  = ba;
      assign dfi_a_o   = a;
      assign dfi_wrdata_en_o = wren;
      assign dfi_wrdata_o = 128'(wrdata);
      assign dfi_wrmask_o = 16'(wrmask);
      assign rd_valid = dfi_rddata_valid_i;
      assign rd_data  = dfi_rddata_i[8*WordBytes-1:0];
    end
  endgenerate
  wire unused_ok = &{1'b0, rd_err, cfg_part_i, cfg_step_i, run_base_i, run_rot_i, run_part_i, run_off_i, run_n_i, run_use_i,
                     wd_word_i, wd_be_i, dfi_rddata_i};
endmodule
`default_nettype wire
