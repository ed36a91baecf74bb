// SPDX-License-Identifier: Apache-2.0
// AXI back end with ports of fixed width for the bench.
`default_nettype none
module tb_kv_axi #(
  parameter int WordBytes = 16,
  parameter int BurstClks = 4,
  parameter int MaxBurst = 64,
  parameter int MaxReads = 16,
  parameter int MaxWrites = 8,
  parameter int KeyBits = 6,
  parameter int TimeoutBits = 11,
  localparam int BaBits = 2,
  localparam int RowBits = 4,
  localparam int ColBits = 7,
  localparam int AddrW = 40,
  localparam int IdW = 4,
  localparam int La = RowBits + ColBits
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         clear_i,
  input  wire  [63:0] base_i,
  input  wire  [31:0] cfg_part_i,
  input  wire         run_valid_i,
  output wire         run_ready_o,
  input  wire         run_wr_i,
  input  wire  [31:0] run_base_i,
  input  wire  [7:0]  run_rot_i,
  input  wire  [7:0]  run_part_i,
  input  wire  [31:0] run_off_i,
  input  wire  [31:0] run_n_i,
  input  wire  [31:0] run_use_i,
  input  wire  [511:0] wd_word_i,
  input  wire  [63:0] wd_be_i,
  output wire         wd_pop_o,
  output wire         rd_issue_o,
  input  wire         rd_room_i,
  output wire         rd_valid_o,
  output wire  [511:0] rd_word_o,
  output wire         rd_err_o,
  output wire         idle_o,
  output wire         ready_o,
  output wire         busy_o,
  output wire  [15:0] rd_out_o,
  output wire  [15:0] wr_out_o,
  input  wire         err_clear_i,
  output wire         wr_err_o,
  output wire  [15:0] wr_err_count_o,
  output wire  [63:0] wr_err_addr_o,
  output wire         proto_err_o,
  output wire         timeout_o,
  output wire  [7:0]  awid_o,
  output wire  [63:0] awaddr_o,
  output wire  [7:0]  awlen_o,
  output wire  [2:0]  awsize_o,
  output wire  [1:0]  awburst_o,
  output wire  [11:0] awrest_o,      // qos, prot, cache, lock
  output wire         awvalid_o,
  input  wire         awready_i,
  output wire  [511:0] wdata_o,
  output wire  [63:0] wstrb_o,
  output wire         wlast_o,
  output wire         wvalid_o,
  input  wire         wready_i,
  input  wire  [7:0]  bid_i,
  input  wire  [1:0]  bresp_i,
  input  wire         bvalid_i,
  output wire         bready_o,
  output wire  [7:0]  arid_o,
  output wire  [63:0] araddr_o,
  output wire  [7:0]  arlen_o,
  output wire  [2:0]  arsize_o,
  output wire  [1:0]  arburst_o,
  output wire  [11:0] arrest_o,
  output wire         arvalid_o,
  input  wire         arready_i,
  input  wire  [7:0]  rid_i,
  input  wire  [511:0] rdata_i,
  input  wire  [1:0]  rresp_i,
  input  wire         rlast_i,
  input  wire         rvalid_i,
  output wire         rready_o,
  input  wire         cnt_snap_i,
  input  wire         cnt_rd_valid_i,
  input  wire  [6:0]  cnt_rd_addr_i,
  output wire         cnt_rd_done_o,
  output wire  [15:0] cnt_rd_data_o
);
  wire [8*WordBytes-1:0]     rd_word, wdata;
  wire [WordBytes-1:0]       wstrb;
  wire [AddrW-1:0]           awaddr, araddr, err_addr;
  wire [IdW-1:0]             awid, arid;
  wire [$clog2(MaxReads):0]  rd_out;
  wire [$clog2(MaxWrites):0] wr_out;
  assign rd_word_o     = 512'(rd_word);
  assign wdata_o       = 512'(wdata);
  assign wstrb_o       = 64'(wstrb);
  assign awaddr_o      = 64'(awaddr);
  assign araddr_o      = 64'(araddr);
  assign wr_err_addr_o = 64'(err_addr);
  assign awid_o        = 8'(awid);
  assign arid_o        = 8'(arid);
  assign rd_out_o      = 16'(rd_out);
  assign wr_out_o      = 16'(wr_out);

  mr_kv_axi #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BaBits(BaBits), .RowBits(RowBits), .ColBits(ColBits), .AddrW(AddrW), .IdW(IdW),
    .MaxBurst(MaxBurst), .MaxReads(MaxReads), .MaxWrites(MaxWrites), .KeyBits(KeyBits),
    .TimeoutBits(TimeoutBits)
  ) u_dut (
    .clk_i, .rst_ni, .clear_i, .base_i(base_i[AddrW-1:0]), .cfg_part_i(cfg_part_i[La-1:0]), .cfg_step_i(BaBits'(1)),
    .run_valid_i, .run_ready_o, .run_wr_i, .run_base_i(run_base_i[La-1:0]), .run_rot_i(run_rot_i[BaBits-1:0]),
    .run_part_i(run_part_i[BaBits-1:0]), .run_off_i(run_off_i[La-1:0]), .run_n_i(run_n_i[La-1:0]), .run_use_i(run_use_i[La+3:0]),
    .wd_word_i(wd_word_i[8*WordBytes-1:0]), .wd_be_i(wd_be_i[WordBytes-1:0]), .wd_pop_o, .rd_issue_o, .rd_room_i,
    .rd_valid_o, .rd_word_o(rd_word), .rd_err_o, .idle_o, .ready_o, .busy_o, .rd_out_o(rd_out), .wr_out_o(wr_out),
    .err_clear_i, .wr_err_o, .wr_err_count_o, .wr_err_addr_o(err_addr), .proto_err_o, .timeout_o,
    .axi_awid_o(awid), .axi_awaddr_o(awaddr), .axi_awlen_o(awlen_o), .axi_awsize_o(awsize_o), .axi_awburst_o(awburst_o),
    .axi_awlock_o(awrest_o[0]), .axi_awcache_o(awrest_o[4:1]), .axi_awprot_o(awrest_o[7:5]), .axi_awqos_o(awrest_o[11:8]),
    .axi_awvalid_o(awvalid_o), .axi_awready_i(awready_i),
    .axi_wdata_o(wdata), .axi_wstrb_o(wstrb), .axi_wlast_o(wlast_o), .axi_wvalid_o(wvalid_o), .axi_wready_i(wready_i),
    .axi_bid_i(bid_i[IdW-1:0]), .axi_bresp_i(bresp_i), .axi_bvalid_i(bvalid_i), .axi_bready_o(bready_o),
    .axi_arid_o(arid), .axi_araddr_o(araddr), .axi_arlen_o(arlen_o), .axi_arsize_o(arsize_o), .axi_arburst_o(arburst_o),
    .axi_arlock_o(arrest_o[0]), .axi_arcache_o(arrest_o[4:1]), .axi_arprot_o(arrest_o[7:5]), .axi_arqos_o(arrest_o[11:8]),
    .axi_arvalid_o(arvalid_o), .axi_arready_i(arready_i),
    .axi_rid_i(rid_i[IdW-1:0]), .axi_rdata_i(rdata_i[8*WordBytes-1:0]), .axi_rresp_i(rresp_i), .axi_rlast_i(rlast_i),
    .axi_rvalid_i(rvalid_i), .axi_rready_o(rready_o),
    .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
  );
  wire unused_ok = &{1'b0, base_i, cfg_part_i, run_base_i, run_rot_i, run_part_i, run_off_i, run_n_i, run_use_i, wd_word_i, wd_be_i,
                     bid_i, rid_i, rdata_i};
endmodule
`default_nettype wire
