// SPDX-License-Identifier: Apache-2.0
// mr_kv_ecc with a fixed port for the bench, for any profile and width of code word.
//
// Profile: 0 Sdr100, 1 Ddr4_2400, 2 Lpddr4_3200, 3 Hbm2Pc, 4 Sdr133.   Bytes  bytes of a word.   Words of a port are in its low bits.
`default_nettype none
module tb_kv_ecc #(
  parameter int Profile = 0,
  parameter int Bytes = 2,
  parameter int EccWord = 16,
  parameter int OutReg = 1,
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = Profile == 0 ? mr_kv_dev_pkg::Sdr100
    : Profile == 1 ? mr_kv_dev_pkg::Ddr4_2400 : Profile == 2 ? mr_kv_dev_pkg::Lpddr4_3200
    : Profile == 3 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Sdr133,
  localparam int Codes = 8 * Bytes / EccWord,
  localparam int ChkAll = Codes * mr_kv_ecc_pkg::chk_bits(EccWord)
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         en_i,
  input  wire  [3:0]  up_cmd_i,
  input  wire  [1:0]  up_bg_i,
  input  wire  [2:0]  up_ba_i,
  input  wire  [17:0] up_a_i,
  input  wire  [3:0]  up_cmd2_i,
  input  wire  [1:0]  up_bg2_i,
  input  wire  [2:0]  up_ba2_i,
  input  wire  [17:0] up_a2_i,
  input  wire         up_wrdata_en_i,
  input  wire  [127:0] up_wrdata_i,
  input  wire  [15:0] up_wrmask_i,
  input  wire         up_wrpoison_i,
  output wire         up_rddata_valid_o,
  output wire  [127:0] up_rddata_o,
  output wire         up_rderr_o,
  output wire         up_rdfix_o,
  output wire  [3:0]  dn_cmd_o,
  output wire  [1:0]  dn_bg_o,
  output wire  [2:0]  dn_ba_o,
  output wire  [17:0] dn_a_o,
  output wire  [3:0]  dn_cmd2_o,
  output wire  [1:0]  dn_bg2_o,
  output wire  [2:0]  dn_ba2_o,
  output wire  [17:0] dn_a2_o,
  output wire         dn_wrdata_en_o,
  output wire  [127:0] dn_wrdata_o,
  output wire  [15:0] dn_wrmask_o,
  output wire  [63:0] dn_wrchk_o,
  output wire  [7:0]  dn_wrchkmask_o,
  input  wire         dn_rddata_valid_i,
  input  wire  [127:0] dn_rddata_i,
  input  wire  [63:0] dn_rdchk_i,
  input  wire         inj_en_i,
  input  wire         inj_rd_i,
  input  wire         inj_match_i,
  input  wire  [31:0] inj_addr_i,
  input  wire  [2:0]  inj_beat_i,
  input  wire  [2:0]  inj_cw_i,
  input  wire  [63:0] inj_data_i,
  input  wire  [7:0]  inj_chk_i,
  input  wire  [15:0] inj_every_i,
  input  wire         log_clear_i,
  input  wire         log_pop_i,
  output wire         log_valid_o,
  output wire  [63:0] log_data_o,
  output wire  [4:0]  log_count_o,
  output wire  [7:0]  log_lost_o,
  output wire         first_valid_o,
  output wire  [63:0] first_data_o,
  input  wire         cnt_clear_i,
  output wire  [31:0] cnt_corrected_o,
  output wire  [31:0] cnt_detected_o,
  output wire  [31:0] cnt_poisoned_o,
  output wire  [31:0] cnt_injected_o
);
  wire [8*Bytes-1:0] up_rddata, dn_wrdata;
  wire [Bytes-1:0]   dn_wrmask;
  wire [ChkAll-1:0]  dn_wrchk;
  wire [Codes-1:0]   dn_wrchkmask;

  mr_kv_ecc #(
    .Prof(Prof), .WordBytes(Bytes), .EccWord(EccWord), .OutReg(OutReg != 0), .PhyExtra(6), .TimeLog2(3), .CntBits(9)
  ) u_dut (
    .clk_i, .rst_ni, .en_i,
    .up_cmd_i, .up_bg_i, .up_ba_i, .up_a_i, .up_cmd2_i, .up_bg2_i, .up_ba2_i, .up_a2_i,
    .up_wrdata_en_i, .up_wrdata_i(up_wrdata_i[8*Bytes-1:0]), .up_wrmask_i(up_wrmask_i[Bytes-1:0]), .up_wrpoison_i,
    .up_rddata_valid_o, .up_rddata_o(up_rddata), .up_rderr_o, .up_rdfix_o,
    .dn_cmd_o, .dn_bg_o, .dn_ba_o, .dn_a_o, .dn_cmd2_o, .dn_bg2_o, .dn_ba2_o, .dn_a2_o,
    .dn_wrdata_en_o, .dn_wrdata_o(dn_wrdata), .dn_wrmask_o(dn_wrmask), .dn_wrchk_o(dn_wrchk), .dn_wrchkmask_o(dn_wrchkmask),
    .dn_rddata_valid_i, .dn_rddata_i(dn_rddata_i[8*Bytes-1:0]), .dn_rdchk_i(dn_rdchk_i[ChkAll-1:0]),
    .inj_en_i, .inj_rd_i, .inj_match_i, .inj_addr_i, .inj_beat_i, .inj_cw_i, .inj_mask_i({inj_chk_i, inj_data_i}), .inj_every_i,
    .log_clear_i, .log_pop_i, .log_valid_o, .log_data_o, .log_count_o, .log_lost_o, .first_valid_o, .first_data_o,
    .cnt_clear_i, .cnt_corrected_o, .cnt_detected_o, .cnt_poisoned_o, .cnt_injected_o
  );
  assign up_rddata_o    = 128'(up_rddata);
  assign dn_wrdata_o    = 128'(dn_wrdata);
  assign dn_wrmask_o    = 16'(dn_wrmask);
  assign dn_wrchk_o     = 64'(dn_wrchk);
  assign dn_wrchkmask_o = 8'(dn_wrchkmask);
  wire unused_ok = &{1'b0, up_wrdata_i, up_wrmask_i, dn_rddata_i, dn_rdchk_i};
endmodule
`default_nettype wire
