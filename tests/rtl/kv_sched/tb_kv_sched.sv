// SPDX-License-Identifier: Apache-2.0
// DRAM back end with a fixed port for the bench, for any profile. Profile: 0 Sdr100, 1 Sdr133, 2 Sdr50, 3 Ddr4_2400, 4 Lpddr4_3200,
// 5 Hbm2Pc, 6 Stacked (the order of mr_dram_profiles).
`default_nettype none
module tb_kv_sched #(
  parameter int Profile = 0,
  parameter int InitCycles = 400,
  localparam int PW = 16 * mr_kv_dev_pkg::Lanes,
  localparam logic [PW-1:0] Prof = Profile == 0 ? mr_kv_dev_pkg::Sdr100 : Profile == 1 ? mr_kv_dev_pkg::Sdr133
    : Profile == 2 ? mr_kv_dev_pkg::Sdr50 : Profile == 3 ? mr_kv_dev_pkg::Ddr4_2400
    : Profile == 4 ? mr_kv_dev_pkg::Lpddr4_3200 : Profile == 5 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
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
  assign rd_word_o    = 128'(rd_word);
  assign dfi_wrdata_o = 128'(wrdata);
  assign dfi_wrmask_o = 16'(wrmask);
  wire rd_err;

  mr_kv_backend #(.Prof(Prof), .InitCycles(InitCycles)) u_dut (
    .clk_i, .rst_ni, .cfg_part_i(cfg_part_i[La-1:0]), .cfg_step_i(cfg_step_i[BaBits-1:0]), .cfg_odd_i,
    .run_valid_i, .run_ready_o, .run_wr_i, .run_base_i(run_base_i[La-1:0]), .run_rot_i(run_rot_i[BaBits-1:0]),
    .run_part_i(run_part_i[BaBits-1:0]), .run_off_i(run_off_i[La-1:0]), .run_n_i(run_n_i[La-1:0]), .run_use_i(run_use_i[La+3:0]),
    .wd_word_i(wd_word_i[8*WordBytes-1:0]), .wd_be_i(wd_be_i[WordBytes-1:0]), .wd_pop_o, .rd_issue_o, .rd_room_i,
    .rd_valid_o, .rd_word_o(rd_word), .rd_err_o(rd_err), .idle_o, .ready_o,
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o(wrdata), .dfi_wrmask_o(wrmask),
    .dfi_rddata_valid_i, .dfi_rddata_i(dfi_rddata_i[8*WordBytes-1:0]), .dfi_rderr_i(1'b0),
    .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
  );
  wire unused_ok = &{1'b0, rd_err, cfg_part_i, cfg_step_i, run_base_i, run_rot_i, run_part_i, run_off_i, run_n_i, run_use_i,
                     wd_word_i, wd_be_i, dfi_rddata_i};
endmodule
`default_nettype wire
