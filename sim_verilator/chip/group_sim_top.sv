// SPDX-License-Identifier: Apache-2.0
// mr_group for a simulation that joins groups and tiles itself (composed_dut.cpp): tile ports in whole bytes, DRAM ports in words.
//
// Profile, Bytes and the dfi ports as in chip_sim_top. A slice of a tile's kc_op, kc_count and kr_status is 8 bits, of kc_pos 32,
// kr_block_o is for all tiles, which is right with one channel. Everything else as in mr_group.
`default_nettype none
module group_sim_top #(
  parameter int Profile = 0,
  parameter int Bytes = 0,
  parameter int Tiles = 2,
  parameter bit Linked = 1'b0,
  parameter int LinkWidth = 64,
  parameter int LinkFlits = 2048,
  parameter int LinkLatency = 0,
  parameter int KvChannels = 1,
  parameter int KvSlots = 16,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int KvSlotBlocks = 32,
  parameter int KvInitCycles = 0,
  parameter int KvEcc = 0,
  localparam int PW = 16 * mr_kv_dev_pkg::Lanes,
  localparam logic [PW-1:0] Prof = Profile == 0 ? mr_kv_dev_pkg::Sdr100 : Profile == 1 ? mr_kv_dev_pkg::Sdr133
    : Profile == 2 ? mr_kv_dev_pkg::Sdr50 : Profile == 3 ? mr_kv_dev_pkg::Ddr4_2400
    : Profile == 4 ? mr_kv_dev_pkg::Lpddr4_3200 : Profile == 5 ? mr_kv_dev_pkg::Hbm2Pc : mr_kv_dev_pkg::Stacked,
  localparam int DqBytes = Bytes != 0 ? Bytes : {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  localparam int EccWord = KvEcc != 0 ? KvEcc : 16,
  localparam int Codes = 8 * DqBytes / EccWord,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(EccWord)
) (
  input  wire                            clk_i,
  input  wire                            rst_ni,
  input  wire                            run_ni,
  input  wire                            reset_i,
  output wire  [63:0]                    trace_o,
  input  wire                            csr_write_i,
  input  wire  [11:0]                    csr_addr_i,
  input  wire  [31:0]                    csr_wdata_i,
  input  wire                            kv_sel_i,
  output wire  [31:0]                    kv_rdata_o,
  output wire                            kv_error_o,
  input  wire  [KvChannels-1:0]          ecc_sel_i,
  output wire  [32*KvChannels-1:0]       ecc_rdata_o,
  output wire  [KvChannels-1:0]          ecc_error_o,
  input  wire                            link_sel_i,
  output wire  [31:0]                    link_rdata_o,
  output wire                            link_error_o,
  output wire                            kv_refused_o,
  output wire                            link_down_o,
  output wire                            net_grant_o,
  output wire                            net_busy_o,
  input  wire                            hub_req_i,
  input  wire  [127:0]                   hub_hdr_i,
  output wire                            hub_grant_o,
  output wire  [127:0]                   rx_hdr_o,
  input  wire                            hub_accept_i,
  output wire                            hub_commit_o,
  output wire                            rx_empty_o,
  output wire                            hub_valid_o,
  input  wire                            hub_ready_i,
  output wire  [63:0]                    rx_data_o,
  output wire                            rx_last_o,
  input  wire  [Tiles-1:0]               tx_req_i,
  input  wire  [Tiles-1:0]               tx_empty_i,
  output wire  [Tiles-1:0]               tx_grant_o,
  input  wire  [Tiles-1:0]               tx_valid_i,
  output wire  [Tiles-1:0]               tx_ready_o,
  input  wire  [Tiles-1:0]               tx_last_i,
  input  wire  [Tiles-1:0]               rx_accept_i,
  output wire  [Tiles-1:0]               rx_commit_o,
  output wire  [Tiles-1:0]               rx_valid_o,
  input  wire  [Tiles-1:0]               rx_ready_i,
  input  wire  [Tiles-1:0]               kc_valid_i,
  output wire  [Tiles-1:0]               kc_ready_o,
  input  wire  [Tiles-1:0]               kc_kind_i,
  input  wire  [Tiles-1:0]               kw_valid_i,
  output wire  [Tiles-1:0]               kw_ready_o,
  output wire  [Tiles-1:0]               kr_valid_o,
  input  wire  [Tiles-1:0]               kr_ready_i,
  output wire  [Tiles-1:0]               kr_last_o,
  input  wire  [Tiles-1:0]               kv_drop_i,
  input  wire  [128*Tiles-1:0]           tx_hdr_i,
  input  wire  [64*Tiles-1:0]            tx_data_i,
  input  wire  [8*Tiles-1:0]             kc_op_i,
  input  wire  [8*Tiles-1:0]             kc_slot_i,
  input  wire  [8*Tiles-1:0]             kc_layer_i,
  input  wire  [8*Tiles-1:0]             kc_head_i,
  input  wire  [32*Tiles-1:0]            kc_pos_i,
  input  wire  [8*Tiles-1:0]             kc_count_i,
  input  wire  [272*Tiles-1:0]           kw_block_i,
  output wire  [271:0]                   kr_block_o,
  output wire  [8*Tiles-1:0]             kr_status_o,
  output wire  [4:0]                     kv_nbh_o,
  input  wire  [3:0]                     link_fault_i,
  output wire                            out_valid_o,
  output wire  [LinkWidth-1:0]           out_data_o,
  input  wire                            out_rev_valid_i,
  input  wire  [15:0]                    out_rev_data_i,
  input  wire                            in_valid_i,
  input  wire  [LinkWidth-1:0]           in_data_i,
  output wire                            in_rev_valid_o,
  output wire  [15:0]                    in_rev_data_o,
  output wire  [KvChannels-1:0]          dfi_ready_o,
  output wire  [32*KvChannels-1:0]       dfi_o,
  output wire  [32*KvChannels-1:0]       dfi2_o,
  output wire  [KvChannels-1:0]          dfi_wrdata_en_o,
  output wire  [8*DqBytes*KvChannels-1:0] dfi_wrdata_o,
  output wire  [32*KvChannels-1:0]       dfi_wrmask_o,
  input  wire  [KvChannels-1:0]          dfi_rddata_valid_i,
  input  wire  [8*DqBytes*KvChannels-1:0] dfi_rddata_i,
  output wire  [64*KvChannels-1:0]       dfi_wrchk_o,
  output wire  [32*KvChannels-1:0]       dfi_wrchkmask_o,
  input  wire  [64*KvChannels-1:0]       dfi_rdchk_i
);
  logic [Codes*ChkBits*KvChannels-1:0] wrchk, rdchk;
  logic [Codes*KvChannels-1:0]         chkmask;
  logic [4*KvChannels-1:0]             cmd, cmd2;
  logic [2*KvChannels-1:0]             bg, bg2;
  logic [3*KvChannels-1:0]             ba, ba2;
  logic [18*KvChannels-1:0]            a, a2;
  logic [DqBytes*KvChannels-1:0]       mask;
  logic [2*Tiles-1:0] kc_op;
  logic [18*Tiles-1:0] kc_pos;
  logic [6*Tiles-1:0] kc_count;
  logic [272*Tiles-1:0] kr_block;
  logic [4*Tiles-1:0] kr_status;

  genvar t;
  generate
    for (t = 0; t < Tiles; t = t + 1) begin : gen_tile
      assign kc_op[2*t +: 2] = kc_op_i[8*t +: 2];
      assign kc_pos[18*t +: 18] = kc_pos_i[32*t +: 18];
      assign kc_count[6*t +: 6] = kc_count_i[8*t +: 6];
      assign kr_status_o[8*t +: 8] = 8'(kr_status[4*t +: 4]);
    end
  endgenerate
  assign kr_block_o = kr_block[271:0];
  wire unused_ok = &{1'b0, kc_op_i, kc_pos_i, kc_count_i, kr_block};

  dfi_words #(.Channels(KvChannels), .DqBytes(DqBytes), .Codes(Codes), .ChkBits(ChkBits)) u_words (
    .cmd_i(cmd), .bg_i(bg), .ba_i(ba), .a_i(a), .cmd2_i(cmd2), .bg2_i(bg2), .ba2_i(ba2), .a2_i(a2), .mask_i(mask), .wrchk_i(wrchk),
    .chkmask_i(chkmask), .rdchk_o(rdchk), .dfi_o, .dfi2_o, .dfi_wrmask_o, .dfi_wrchk_o, .dfi_wrchkmask_o, .dfi_rdchk_i
  );

  mr_group #(
    .Tiles(Tiles), .Linked(Linked), .LinkWidth(LinkWidth), .LinkFlits(LinkFlits), .LinkLatency(LinkLatency), .KvChannels(KvChannels),
    .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh), .KvPages(KvPages), .KvSlotBlocks(KvSlotBlocks),
    .DqBytes(DqBytes), .Prof(Prof), .KvInitCycles(KvInitCycles), .KvEcc(KvEcc)
  ) u_group (
    .clk_i, .rst_ni, .run_ni, .reset_i, .trace_o, .csr_write_i, .csr_addr_i, .csr_wdata_i, .kv_sel_i, .kv_rdata_o, .kv_error_o,
    .ecc_sel_i, .ecc_rdata_o, .ecc_error_o, .link_sel_i, .link_rdata_o, .link_error_o, .kv_refused_o, .link_down_o,
    .net_grant_o, .net_busy_o, .hub_req_i, .hub_hdr_i, .hub_grant_o, .rx_hdr_o, .hub_accept_i, .hub_commit_o, .rx_empty_o,
    .hub_valid_o, .hub_ready_i, .rx_data_o, .rx_last_o, .tx_req_i, .tx_empty_i, .tx_grant_o, .tx_valid_i, .tx_ready_o,
    .tx_last_i, .rx_accept_i, .rx_commit_o, .rx_valid_o, .rx_ready_i, .kc_valid_i, .kc_ready_o, .kc_kind_i, .kw_valid_i,
    .kw_ready_o, .kr_valid_o, .kr_ready_i, .kr_last_o, .kv_drop_i, .tx_hdr_i, .tx_data_i, .kc_op_i(kc_op), .kc_slot_i,
    .kc_layer_i, .kc_head_i, .kc_pos_i(kc_pos), .kc_count_i(kc_count), .kw_block_i, .kr_block_o(kr_block),
    .kr_status_o(kr_status), .kv_nbh_o, .link_fault_i, .out_valid_o, .out_data_o, .out_rev_valid_i, .out_rev_data_i,
    .in_valid_i, .in_data_i, .in_rev_valid_o, .in_rev_data_o, .dfi_ready_o, .dfi_cmd_o(cmd), .dfi_bg_o(bg), .dfi_ba_o(ba),
    .dfi_a_o(a), .dfi2_cmd_o(cmd2), .dfi2_bg_o(bg2), .dfi2_ba_o(ba2), .dfi2_a_o(a2), .dfi_wrdata_en_o, .dfi_wrdata_o,
    .dfi_wrmask_o(mask), .dfi_rddata_valid_i, .dfi_rddata_i, .dfi_wrchk_o(wrchk), .dfi_wrchkmask_o(chkmask),
    .dfi_rdchk_i(rdchk)
  );
endmodule
`default_nettype wire
