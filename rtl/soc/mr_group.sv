// SPDX-License-Identifier: Apache-2.0
// One group of the chip without its tiles: their network, the KV cache of the layers whose attention is here, and the links.
//
// Tiles 1..31, with Linked 1..30.   Linked  the group has a link to the next one and one from the group before it.
// LinkWidth LinkFlits LinkLatency  bits of a forward beat; payload flits of the largest message; register stages of the wire each way.
// All others as in mr_chip, of this group.
//
// run_ni: reset of tiles, network and links, also by software; rst_ni and reset_i: the KV cache's, see mr_kv_regs.
// Registers: *_sel_i for one clock with csr_*_i, answers in the next (rtl/csr).
// hub_*: node 0 of the network, without payload in this direction; a group without a hub ties request low, accept and ready high, so what
// is sent to it goes nowhere. Events for one clock: kv_refused_o, link_down_o, net_grant_o (the network took a message).
// tx_*, rx_*: nodes 1.. of the network, bit or slice t: tile t (mr_group_bus); rx_hdr_o, rx_empty_o, rx_data_o and rx_last_o are for all.
// kc_*, kw_*, kr_*: the tiles' KV ports (docs/interfaces.md section 3); kv_nbh_o and kv_drop_i as in mr_tile.
// out_*: to the next group's in_*, behind the wire (mr_link_wire), which is here; link_fault_i: its faults, see mr_chip.
// trace_o: what network and link do, for simulation (sim_verilator/chip/chip_trace.h reads the fields); open elsewhere.
// dfi_*: see mr_kv_channel, one slice a channel.   Test: tests/cosim.
`default_nettype none
module mr_group #(
  parameter int Tiles = 2,
  parameter bit Linked = 1'b0,
  parameter int LinkWidth = 64,
  parameter int LinkFlits = 512,
  parameter int LinkLatency = 0,
  parameter int KvChannels = 1,
  parameter int KvSlots = 8,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int KvSlotBlocks = 64,
  parameter int DqBytes = 8,
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int KvInitCycles = 0,
  parameter int KvEcc = 0,
  parameter bit PinRegs = 1'b1,
  localparam int RevWidth = 16,
  localparam int KvCodes = 8 * DqBytes / (KvEcc != 0 ? KvEcc : 16),
  localparam int KvChk = KvCodes * mr_kv_ecc_pkg::chk_bits(KvEcc != 0 ? KvEcc : 16)
) (
  input  wire                      clk_i,
  input  wire                      rst_ni,
  input  wire                      run_ni,
  input  wire                      reset_i,
  output wire  [63:0]              trace_o,
  // registers
  input  wire                      csr_write_i,
  input  wire  [11:0]              csr_addr_i,
  input  wire  [31:0]              csr_wdata_i,
  input  wire                      kv_sel_i,
  output wire  [31:0]              kv_rdata_o,
  output wire                      kv_error_o,
  input  wire  [KvChannels-1:0]    ecc_sel_i,
  output wire  [KvChannels*32-1:0] ecc_rdata_o,
  output wire  [KvChannels-1:0]    ecc_error_o,
  input  wire                      link_sel_i,
  output wire  [31:0]              link_rdata_o,
  output wire                      link_error_o,
  // events
  output wire                      kv_refused_o,
  output wire                      link_down_o,
  output wire                      net_grant_o,
  output wire                      net_busy_o,
  // node 0
  input  wire                      hub_req_i,
  input  wire  [127:0]             hub_hdr_i,
  output wire                      hub_grant_o,
  output wire  [127:0]             rx_hdr_o,
  input  wire                      hub_accept_i,
  output wire                      hub_commit_o,
  output wire                      rx_empty_o,
  output wire                      hub_valid_o,
  input  wire                      hub_ready_i,
  output wire  [63:0]              rx_data_o,
  output wire                      rx_last_o,
  // tiles
  input  wire  [Tiles-1:0]         tx_req_i,
  input  wire  [Tiles*128-1:0]     tx_hdr_i,
  input  wire  [Tiles-1:0]         tx_empty_i,
  output wire  [Tiles-1:0]         tx_grant_o,
  input  wire  [Tiles-1:0]         tx_valid_i,
  output wire  [Tiles-1:0]         tx_ready_o,
  input  wire  [Tiles*64-1:0]      tx_data_i,
  input  wire  [Tiles-1:0]         tx_last_i,
  input  wire  [Tiles-1:0]         rx_accept_i,
  output wire  [Tiles-1:0]         rx_commit_o,
  output wire  [Tiles-1:0]         rx_valid_o,
  input  wire  [Tiles-1:0]         rx_ready_i,
  input  wire  [Tiles-1:0]         kc_valid_i,
  output wire  [Tiles-1:0]         kc_ready_o,
  input  wire  [2*Tiles-1:0]       kc_op_i,
  input  wire  [8*Tiles-1:0]       kc_slot_i,
  input  wire  [8*Tiles-1:0]       kc_layer_i,
  input  wire  [8*Tiles-1:0]       kc_head_i,
  input  wire  [Tiles-1:0]         kc_kind_i,
  input  wire  [18*Tiles-1:0]      kc_pos_i,
  input  wire  [6*Tiles-1:0]       kc_count_i,
  input  wire  [Tiles-1:0]         kw_valid_i,
  output wire  [Tiles-1:0]         kw_ready_o,
  input  wire  [272*Tiles-1:0]     kw_block_i,
  output wire  [Tiles-1:0]         kr_valid_o,
  input  wire  [Tiles-1:0]         kr_ready_i,
  output wire  [272*Tiles-1:0]     kr_block_o,
  output wire  [Tiles-1:0]         kr_last_o,
  output wire  [4*Tiles-1:0]       kr_status_o,
  output wire  [4:0]               kv_nbh_o,
  input  wire  [Tiles-1:0]         kv_drop_i,
  // links
  input  wire  [3:0]               link_fault_i,
  output wire                      out_valid_o,
  output wire  [LinkWidth-1:0]     out_data_o,
  input  wire                      out_rev_valid_i,
  input  wire  [RevWidth-1:0]      out_rev_data_i,
  input  wire                      in_valid_i,
  input  wire  [LinkWidth-1:0]     in_data_i,
  output wire                      in_rev_valid_o,
  output wire  [RevWidth-1:0]      in_rev_data_o,
  output wire  [KvChannels-1:0]             dfi_ready_o,
  output wire  [4*KvChannels-1:0]           dfi_cmd_o,
  output wire  [2*KvChannels-1:0]           dfi_bg_o,
  output wire  [3*KvChannels-1:0]           dfi_ba_o,
  output wire  [18*KvChannels-1:0]          dfi_a_o,
  output wire  [4*KvChannels-1:0]           dfi2_cmd_o,
  output wire  [2*KvChannels-1:0]           dfi2_bg_o,
  output wire  [3*KvChannels-1:0]           dfi2_ba_o,
  output wire  [18*KvChannels-1:0]          dfi2_a_o,
  output wire  [KvChannels-1:0]             dfi_wrdata_en_o,
  output wire  [8*DqBytes*KvChannels-1:0]   dfi_wrdata_o,
  output wire  [DqBytes*KvChannels-1:0]     dfi_wrmask_o,
  input  wire  [KvChannels-1:0]             dfi_rddata_valid_i,
  input  wire  [8*DqBytes*KvChannels-1:0]   dfi_rddata_i,
  output wire  [KvChk*KvChannels-1:0]       dfi_wrchk_o,
  output wire  [KvCodes*KvChannels-1:0]     dfi_wrchkmask_o,
  input  wire  [KvChk*KvChannels-1:0]       dfi_rdchk_i
);
  localparam int LinkNode = Linked ? Tiles + 1 : -1;
  localparam int Nodes = Tiles + (Linked ? 2 : 1);
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]};
  localparam int BgBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]};
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]};
  localparam int ColBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]};

  // ---- network ----
  logic [Nodes-1:0]     tx_req;
  logic [Nodes*128-1:0] tx_hdr;
  logic [Nodes-1:0]     tx_empty;
  logic [Nodes-1:0]     tx_grant;
  logic [Nodes-1:0]     tx_valid;
  logic [Nodes-1:0]     tx_ready;
  logic [Nodes*64-1:0]  tx_data;
  logic [Nodes-1:0]     tx_last;
  logic [Nodes-1:0]     rx_accept;
  logic [Nodes-1:0]     rx_commit;
  logic [Nodes-1:0]     rx_valid;
  logic [Nodes-1:0]     rx_ready;

  // Of a message: {pos, slot}.
  logic [7:0] bus_trace;
  wire [25:0] bus_who = {rx_hdr_o[64+18 +: 18], rx_hdr_o[64+36 +: 8]};

  mr_group_bus #(.Nodes(Nodes), .LinkNode(LinkNode)) u_bus (
    .clk_i, .rst_ni(run_ni), .tx_req_i(tx_req), .tx_hdr_i(tx_hdr), .tx_empty_i(tx_empty), .tx_grant_o(tx_grant),
    .tx_valid_i(tx_valid), .tx_ready_o(tx_ready), .tx_data_i(tx_data), .tx_last_i(tx_last),
    .rx_hdr_o, .rx_accept_i(rx_accept), .rx_commit_o(rx_commit), .rx_empty_o,
    .rx_valid_o(rx_valid), .rx_ready_i(rx_ready), .rx_data_o, .rx_last_o, .busy_o(net_busy_o), .trace_o(bus_trace)
  );
  assign net_grant_o = |tx_grant;
  assign tx_req[0] = hub_req_i;
  assign tx_hdr[127:0] = hub_hdr_i;
  assign tx_empty[0] = 1'b1;
  assign tx_valid[0] = 1'b0;
  assign tx_data[63:0] = '0;
  assign tx_last[0] = 1'b0;
  assign rx_accept[0] = hub_accept_i;
  assign rx_ready[0] = hub_ready_i;
  assign tx_req[Tiles:1] = tx_req_i;
  assign tx_hdr[Tiles*128+127:128] = tx_hdr_i;
  assign tx_empty[Tiles:1] = tx_empty_i;
  assign tx_grant_o = tx_grant[Tiles:1];
  assign tx_valid[Tiles:1] = tx_valid_i;
  assign tx_ready_o = tx_ready[Tiles:1];
  assign tx_data[Tiles*64+63:64] = tx_data_i;
  assign tx_last[Tiles:1] = tx_last_i;
  assign rx_accept[Tiles:1] = rx_accept_i;
  assign rx_commit_o = rx_commit[Tiles:1];
  assign rx_valid_o = rx_valid[Tiles:1];
  assign rx_ready[Tiles:1] = rx_ready_i;
  assign hub_grant_o = tx_grant[0];
  assign hub_commit_o = rx_commit[0];
  assign hub_valid_o = rx_valid[0];
  wire unused_hub = &{1'b0, tx_ready[0]};

  // ---- links ----
  generate
    if (Linked) begin : gen_link
      localparam int N = Tiles + 1;
      // The sender repeats what has no answer after a round trip; the reset of both ends is the same.
      localparam int ReplayCycles = 2 * LinkLatency + 18 * 64 / LinkWidth + 128 / RevWidth + 128;
      localparam int TxFlits = LinkFlits < 14 ? 16 : 1 << $clog2(LinkFlits + 2);
      logic        out_down, in_down, down_q;
      logic        fwd_valid, rev_valid;
      logic [LinkWidth-1:0] fwd_data;
      logic [RevWidth-1:0]  rev_data;
      logic [31:0] messages, frames, replays, rev_errors, rx_messages, rx_frames, rx_errors, rx_refused;
      logic [63:0] stall, busy;

      mr_link_out #(
        .Width(LinkWidth), .RevWidth(RevWidth), .MaxFlits(LinkFlits), .TxFlits(TxFlits), .ReplayCycles(ReplayCycles)
      ) u_out (
        .clk_i, .rst_ni(run_ni),
        .rx_hdr_i(rx_hdr_o), .rx_accept_o(rx_accept[N]), .rx_commit_i(rx_commit[N]), .rx_empty_i(rx_empty_o),
        .rx_valid_i(rx_valid[N]), .rx_ready_o(rx_ready[N]), .rx_data_i(rx_data_o), .rx_last_i(rx_last_o),
        .fwd_valid_o(fwd_valid), .fwd_data_o(fwd_data), .rev_valid_i(rev_valid), .rev_data_i(rev_data),
        .down_o(out_down), .idle_o(), .messages_o(messages), .frames_o(frames), .replays_o(replays),
        .rev_errors_o(rev_errors), .stall_cycles_o(stall), .busy_cycles_o(busy)
      );
      mr_link_wire #(.Width(LinkWidth), .RevWidth(RevWidth), .Latency(LinkLatency)) u_wire (
        .clk_i, .rst_ni(run_ni),
        .fwd_flip_i(LinkWidth'(link_fault_i[0])), .fwd_drop_i(link_fault_i[1]),
        .rev_flip_i(RevWidth'(link_fault_i[2])), .rev_drop_i(link_fault_i[3]),
        .out_fwd_valid_i(fwd_valid), .out_fwd_data_i(fwd_data), .out_rev_valid_o(rev_valid), .out_rev_data_o(rev_data),
        .in_fwd_valid_o(out_valid_o), .in_fwd_data_o(out_data_o), .in_rev_valid_i(out_rev_valid_i), .in_rev_data_i(out_rev_data_i)
      );
      mr_link_in #(.Width(LinkWidth), .RevWidth(RevWidth), .CutFlits(LinkFlits + 1)) u_in (
        .clk_i, .rst_ni(run_ni),
        .fwd_valid_i(in_valid_i), .fwd_data_i(in_data_i), .rev_valid_o(in_rev_valid_o), .rev_data_o(in_rev_data_o),
        .tx_req_o(tx_req[N]), .tx_hdr_o(tx_hdr[N*128 +: 128]), .tx_empty_o(tx_empty[N]), .tx_grant_i(tx_grant[N]),
        .tx_valid_o(tx_valid[N]), .tx_ready_i(tx_ready[N]), .tx_data_o(tx_data[N*64 +: 64]), .tx_last_o(tx_last[N]),
        .down_o(in_down), .idle_o(), .messages_o(rx_messages), .frames_o(rx_frames), .errors_o(rx_errors), .refused_o(rx_refused)
      );
      mr_csr_link u_csr_link (
        .clk_i, .rst_ni, .sel_i(link_sel_i), .write_i(csr_write_i), .addr_i(csr_addr_i), .wdata_i(csr_wdata_i),
        .rdata_o(link_rdata_o), .error_o(link_error_o),
        .caps_width_i(8'(LinkWidth)), .caps_reverse_i(8'(RevWidth)), .caps_frame_i(8'd16),
        .status_down_i(out_down), .status_rx_down_i(in_down), .msgs_i(messages), .frames_i(frames), .replays_i(replays),
        .answer_errors_i(rev_errors), .rx_msgs_i(rx_messages), .rx_frames_i(rx_frames), .rx_errors_i(rx_errors),
        .rx_refused_i(rx_refused), .busy_i(busy), .stall_i(stall)
      );
      always_ff @(posedge clk_i) begin
        if (!run_ni) down_q <= 1'b0;
        else down_q <= out_down || in_down;
      end
      assign link_down_o = (out_down || in_down) && !down_q;
      assign trace_o = {tx_hdr[N*128+64+18 +: 18], tx_hdr[N*128+64+36 +: 8], tx_req[N], bus_who, rx_empty_o, rx_commit[0], rx_commit[N], bus_trace};
    end else begin : gen_no_link
      assign out_valid_o = 1'b0;
      assign out_data_o = '0;
      assign in_rev_valid_o = 1'b0;
      assign in_rev_data_o = '0;
      assign link_rdata_o = '0;
      assign link_error_o = 1'b1;
      assign link_down_o = 1'b0;
      assign trace_o = {27'd0, bus_who, rx_empty_o, rx_commit[0], 1'b0, bus_trace};
      wire unused_ok = &{1'b0, link_sel_i, link_fault_i, out_rev_valid_i, out_rev_data_i, in_valid_i, in_data_i};
    end
  endgenerate

  genvar t;

  // ---- KV cache ----
  logic [4:0]                kv_nbh;
  logic                      kv_hold;
  logic [KvChannels-1:0]     kc_valid, kc_ready, kc_kind, kw_valid, kw_ready, kr_valid, kr_ready, kr_last, kv_refusals;
  logic [2*KvChannels-1:0]   kc_op;
  logic [8*KvChannels-1:0]   kc_slot, kc_layer, kc_head;
  logic [18*KvChannels-1:0]  kc_pos;
  logic [6*KvChannels-1:0]   kc_count;
  logic [272*KvChannels-1:0] kw_block, kr_block;
  logic [4*KvChannels-1:0]   kr_status;
  logic [Tiles-1:0] g_kc_valid;     // behind the guards
  logic [Tiles-1:0] g_kw_valid;
  logic [Tiles-1:0] g_kw_ready;
  logic [Tiles-1:0] g_kr_valid;
  logic [Tiles-1:0] g_kr_ready;
  logic [Tiles-1:0] g_idle;

  generate
    for (t = 0; t < Tiles; t = t + 1) begin : gen_guard
      mr_kv_guard u_guard (
        .clk_i, .rst_ni, .cfg_nbh_i(kv_nbh), .drop_i(kv_drop_i[t]), .hold_i(kv_hold), .idle_o(g_idle[t]),
        .t_kc_valid_i(kc_valid_i[t]), .t_kc_append_i(kc_op_i[t*2 +: 2] == 2'd1), .t_kw_valid_i(kw_valid_i[t]),
        .t_kw_ready_o(kw_ready_o[t]), .t_kr_valid_o(kr_valid_o[t]), .t_kr_ready_i(kr_ready_i[t]),
        .m_kc_valid_o(g_kc_valid[t]), .m_kc_ready_i(kc_ready_o[t]), .m_kw_valid_o(g_kw_valid[t]),
        .m_kw_ready_i(g_kw_ready[t]), .m_kr_valid_i(g_kr_valid[t]), .m_kr_ready_o(g_kr_ready[t]), .m_kr_last_i(kr_last_o[t])
      );
    end
  endgenerate

  mr_kv_xbar #(.Ports(Tiles), .Channels(KvChannels)) u_kv_xbar (
    .clk_i, .rst_ni, .cfg_nbh_i(kv_nbh),
    .t_kc_valid_i(g_kc_valid), .t_kc_ready_o(kc_ready_o), .t_kc_op_i(kc_op_i), .t_kc_slot_i(kc_slot_i),
    .t_kc_layer_i(kc_layer_i), .t_kc_head_i(kc_head_i), .t_kc_kind_i(kc_kind_i), .t_kc_pos_i(kc_pos_i),
    .t_kc_count_i(kc_count_i), .t_kw_valid_i(g_kw_valid), .t_kw_ready_o(g_kw_ready), .t_kw_block_i(kw_block_i),
    .t_kr_valid_o(g_kr_valid), .t_kr_ready_i(g_kr_ready), .t_kr_block_o(kr_block_o), .t_kr_last_o(kr_last_o),
    .t_kr_status_o(kr_status_o),
    .kc_valid_o(kc_valid), .kc_ready_i(kc_ready), .kc_op_o(kc_op), .kc_slot_o(kc_slot), .kc_layer_o(kc_layer),
    .kc_head_o(kc_head), .kc_kind_o(kc_kind), .kc_pos_o(kc_pos), .kc_count_o(kc_count),
    .kw_valid_o(kw_valid), .kw_ready_i(kw_ready), .kw_block_o(kw_block),
    .kr_valid_i(kr_valid), .kr_ready_o(kr_ready), .kr_block_i(kr_block), .kr_last_i(kr_last),
    .kr_status_i(kr_status)
  );

  localparam int La = RowBits + ColBits + BgBits;
  logic                     cfg_start, cnt_snap;
  logic [8:0]               cfg_layers;
  logic [9*KvChannels-1:0]  cfg_heads;
  logic [16:0]              cfg_pages;
  logic [La-1:0]            cfg_chunk, cfg_part;
  logic [BaBits-1:0]        cfg_step;
  logic [KvChannels-1:0]    ch_ready, ch_idle, pe_err, ad_valid, ad_ready, ad_done, cnt_rd_valid, cnt_rd_done;
  logic [64*KvChannels-1:0] cnt_refused;
  logic [17*KvChannels-1:0] pages_used, pages_dirty;
  logic [1:0]               ad_op;
  logic [7:0]               ad_slot, ad_src;
  logic [17:0]              ad_len;
  logic [4*KvChannels-1:0]  ad_status;
  logic [6:0]               cnt_rd_addr;
  logic [16*KvChannels-1:0] cnt_rd_data;

  assign kv_nbh_o = kv_nbh;
  assign kv_refused_o = |kv_refusals;
  // A soft reset empties the cache too; the SDRAM itself goes on being refreshed.
  mr_kv_regs #(.Prof(Prof), .Channels(KvChannels), .Heads(KvHeads)) u_kv_regs (
    .clk_i, .rst_ni, .reset_i,
    .sel_i(kv_sel_i), .write_i(csr_write_i), .addr_i(csr_addr_i), .wdata_i(csr_wdata_i), .rdata_o(kv_rdata_o), .error_o(kv_error_o),
    .hold_o(kv_hold), .idle_i(&g_idle),
    .cfg_start_o(cfg_start), .cfg_layers_o(cfg_layers), .cfg_heads_o(cfg_heads), .cfg_nbh_o(kv_nbh), .cfg_pages_o(cfg_pages),
    .cfg_chunk_o(cfg_chunk), .cfg_part_o(cfg_part), .cfg_step_o(cfg_step),
    .ready_i(ch_ready), .idle_ctrl_i(ch_idle), .pe_err_i(pe_err), .refused_i(kv_refusals), .cnt_refused_i(cnt_refused),
    .pages_used_i(pages_used), .pages_dirty_i(pages_dirty),
    .ad_valid_o(ad_valid), .ad_ready_i(ad_ready), .ad_op_o(ad_op), .ad_slot_o(ad_slot), .ad_src_o(ad_src), .ad_len_o(ad_len),
    .ad_done_i(ad_done), .ad_status_i(ad_status),
    .cnt_snap_o(cnt_snap), .cnt_rd_valid_o(cnt_rd_valid), .cnt_rd_addr_o(cnt_rd_addr), .cnt_rd_done_i(cnt_rd_done),
    .cnt_rd_data_i(cnt_rd_data)
  );

  genvar c;
  generate
    for (c = 0; c < KvChannels; c = c + 1) begin : gen_kv
      mr_kv_channel #(
        .Prof(Prof), .DqBytes(DqBytes), .Slots(KvSlots), .Layers(KvLayers), .Heads((KvHeads + KvChannels - 1) / KvChannels),
        .MaxNbh(KvNbh), .Pages(KvPages), .SlotBlocks(KvSlotBlocks), .InitCycles(KvInitCycles), .Ecc(KvEcc),
        .PinRegs(PinRegs)
      ) u_channel (
        .clk_i, .rst_ni,
        .ecc_sel_i(ecc_sel_i[c]), .write_i(csr_write_i), .addr_i(csr_addr_i), .wdata_i(csr_wdata_i),
        .ecc_rdata_o(ecc_rdata_o[c*32 +: 32]), .ecc_error_o(ecc_error_o[c]),
        .cfg_start_i(cfg_start), .cfg_layers_i(cfg_layers), .cfg_heads_i(cfg_heads[c*9 +: 9]), .cfg_nbh_i(kv_nbh),
        .cfg_pages_i(cfg_pages), .cfg_chunk_i(cfg_chunk), .cfg_part_i(cfg_part), .cfg_step_i(cfg_step),
        .ready_o(ch_ready[c]), .idle_o(ch_idle[c]), .pe_err_o(pe_err[c]), .refused_o(kv_refusals[c]),
        .cnt_refused_o(cnt_refused[c*64 +: 64]), .pages_used_o(pages_used[c*17 +: 17]), .pages_dirty_o(pages_dirty[c*17 +: 17]),
        .ad_valid_i(ad_valid[c]), .ad_ready_o(ad_ready[c]), .ad_op_i(ad_op), .ad_slot_i(ad_slot), .ad_src_i(ad_src),
        .ad_len_i(ad_len), .ad_done_o(ad_done[c]), .ad_status_o(ad_status[c*4 +: 4]),
        .cnt_snap_i(cnt_snap), .cnt_rd_valid_i(cnt_rd_valid[c]), .cnt_rd_addr_i(cnt_rd_addr), .cnt_rd_done_o(cnt_rd_done[c]),
        .cnt_rd_data_o(cnt_rd_data[c*16 +: 16]),
        .kc_valid_i(kc_valid[c]), .kc_ready_o(kc_ready[c]), .kc_op_i(kc_op[c*2 +: 2]), .kc_slot_i(kc_slot[c*8 +: 8]),
        .kc_layer_i(kc_layer[c*8 +: 8]), .kc_head_i(kc_head[c*8 +: 8]), .kc_kind_i(kc_kind[c]), .kc_pos_i(kc_pos[c*18 +: 18]),
        .kc_count_i(kc_count[c*6 +: 6]), .kw_valid_i(kw_valid[c]), .kw_ready_o(kw_ready[c]), .kw_block_i(kw_block[c*272 +: 272]),
        .kr_valid_o(kr_valid[c]), .kr_ready_i(kr_ready[c]), .kr_block_o(kr_block[c*272 +: 272]), .kr_last_o(kr_last[c]),
        .kr_status_o(kr_status[c*4 +: 4]),
        .dfi_ready_o(dfi_ready_o[c]), .dfi_cmd_o(dfi_cmd_o[c*4 +: 4]), .dfi_bg_o(dfi_bg_o[c*2 +: 2]),
        .dfi_ba_o(dfi_ba_o[c*3 +: 3]), .dfi_a_o(dfi_a_o[c*18 +: 18]), .dfi2_cmd_o(dfi2_cmd_o[c*4 +: 4]),
        .dfi2_bg_o(dfi2_bg_o[c*2 +: 2]), .dfi2_ba_o(dfi2_ba_o[c*3 +: 3]), .dfi2_a_o(dfi2_a_o[c*18 +: 18]),
        .dfi_wrdata_en_o(dfi_wrdata_en_o[c]), .dfi_wrdata_o(dfi_wrdata_o[c*8*DqBytes +: 8*DqBytes]),
        .dfi_wrmask_o(dfi_wrmask_o[c*DqBytes +: DqBytes]), .dfi_rddata_valid_i(dfi_rddata_valid_i[c]),
        .dfi_rddata_i(dfi_rddata_i[c*8*DqBytes +: 8*DqBytes]), .dfi_wrchk_o(dfi_wrchk_o[c*KvChk +: KvChk]),
        .dfi_wrchkmask_o(dfi_wrchkmask_o[c*KvCodes +: KvCodes]), .dfi_rdchk_i(dfi_rdchk_i[c*KvChk +: KvChk])
      );
    end
  endgenerate
endmodule
`default_nettype wire
