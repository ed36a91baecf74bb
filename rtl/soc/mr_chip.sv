// SPDX-License-Identifier: Apache-2.0
// Chip of one group: register bus, hub, group network, tiles, KV-cache DRAM controller (docs/architecture.md).
//
// Tiles 1..31.   Lanes WDepth WSlice VDepth XDepth PDepth  see mr_tile.   KvMask  bit t: tile t has a KV port.
// ResBufs ResSize LoopSlots LoopDepth  see mr_hub.   KvSlots KvLayers KvHeads KvNbh KvPages KvSlotBlocks DqBytes Prof KvInitCycles KvEcc PinRegs  see mr_kv_channel.
// KvChannels 1, 2, 4, 8: channels side by side, each with KvPages pages; together they hold KvHeads heads.
// ClockGate  units at rest get no clock (mr_unit_clock).
// ClockKhz  stated clock, told to software.   git_hash_i  constant: source revision, told to software, 0 if unknown.
// Register bus: docs/interfaces.md section 4. irq_o is high while a result or a token waits.
// dfi_*: DRAM commands and data for a PHY or a device model, see mr_kv_channel; mr_chip_sdr has SDR pins instead.
// CONTROL.soft_reset resets everything but the CSRs of chip, hub and KV controller; memories keep their contents.
// Test: tests/cosim.
`default_nettype none
module mr_chip #(
  parameter int Tiles = 2,
  parameter int Lanes = 2,
  parameter int WDepth = 4096,
  parameter int WSlice = 288,
  parameter int VDepth = 4096,
  parameter int XDepth = 64,
  parameter int PDepth = 256,
  parameter logic [31:0] KvMask = 32'hFFFFFFFF,
  parameter int ResBufs = 4,
  parameter int ResSize = 1024,
  parameter int KvChannels = 1,
  parameter int KvSlots = 8,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int KvSlotBlocks = 64,
  parameter int MaxG = 16,
  parameter bit ClockGate = 1'b0,
  parameter int DqBytes = 8,
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int KvInitCycles = 0,
  parameter int KvEcc = 0,
  parameter bit PinRegs = 1'b1,
  parameter int ClockKhz = 100000,
  parameter int LoopSlots = KvSlots,
  parameter int LoopDepth = KvSlots <= 16 ? 32 : KvSlots < 128 ? 256 : 512,
  localparam int KvCodes = 8 * DqBytes / (KvEcc != 0 ? KvEcc : 16),
  localparam int KvChk = KvCodes * mr_kv_ecc_pkg::chk_bits(KvEcc != 0 ? KvEcc : 16)
) (
  input  wire                               clk_i,
  input  wire                               rst_ni,
  input  wire  [31:0]                       git_hash_i,
  input  wire                               req_valid_i,
  output logic                              req_ready_o,
  input  wire                               req_write_i,
  input  wire  [23:0]                       req_addr_i,
  input  wire  [31:0]                       req_wdata_i,
  output logic                              rsp_valid_o,
  output logic [31:0]                       rsp_rdata_o,
  output logic                              rsp_error_o,
  output logic                              irq_o,
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
  localparam int Nodes = Tiles + 1;
  localparam int InBufs = 4;           // mr_tile_rx
  localparam int ResElems = ResBufs * ResSize;
  localparam int ResW = $clog2(ResElems);
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]};
  localparam int BgBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]};
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]};
  localparam int ColBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]};
  localparam int BurstClks = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]};

  // ---- reset and register bus ----
  logic soft_reset_cmd;
  wire  run_ni = rst_ni && !soft_reset_cmd;

  logic                csr_write;
  logic [11:0]         csr_addr;
  logic [31:0]         csr_wdata;
  logic                chip_sel;
  logic [31:0]         chip_rdata;
  logic                chip_error;
  logic                hub_sel;
  logic [31:0]         hub_rdata;
  logic                hub_error;
  logic                kv_sel;
  logic [31:0]         kv_rdata;
  logic                kv_error;
  logic [KvChannels-1:0]    kv_ecc_sel;
  logic [KvChannels*32-1:0] kv_ecc_rdata;
  logic [KvChannels-1:0]    kv_ecc_error;
  logic [Tiles-1:0]    tile_sel;
  logic [Tiles*32-1:0] tile_rdata;
  logic [Tiles-1:0]    tile_error;
  logic                win_en;
  logic                win_write;
  logic [13:0]         win_word;
  logic [31:0]         win_wdata;
  logic                win_rvalid;
  logic [31:0]         win_rdata;
  logic                win_error;
  logic                win_write_error;

  mr_regbus #(.Tiles(Tiles), .Channels(KvChannels)) u_regbus (
    .clk_i, .rst_ni, .req_valid_i, .req_ready_o, .req_write_i, .req_addr_i, .req_wdata_i,
    .rsp_valid_o, .rsp_rdata_o, .rsp_error_o,
    .csr_write_o(csr_write), .csr_addr_o(csr_addr), .csr_wdata_o(csr_wdata),
    .chip_sel_o(chip_sel), .chip_rdata_i(chip_rdata), .chip_error_i(chip_error),
    .hub_sel_o(hub_sel), .hub_rdata_i(hub_rdata), .hub_error_i(hub_error),
    .kv_sel_o(kv_sel), .kv_rdata_i(kv_rdata), .kv_error_i(kv_error),
    .kv_ecc_sel_o(kv_ecc_sel), .kv_ecc_rdata_i(kv_ecc_rdata), .kv_ecc_error_i(kv_ecc_error),
    .tile_sel_o(tile_sel), .tile_rdata_i(tile_rdata), .tile_error_i(tile_error),
    .win_en_o(win_en), .win_write_o(win_write), .win_word_o(win_word), .win_wdata_o(win_wdata),
    .win_rvalid_i(win_rvalid), .win_rdata_i(win_rdata), .win_error_i(win_error)
  );

  // ---- chip registers ----
  logic [63:0] cycle_q;
  logic [3:0]  mem_kind;
  logic [7:0]  mem_tile;
  logic [31:0] mem_base;
  logic [31:0] crc_first;
  logic [31:0] crc_count;
  logic        crc_start;
  logic        crc_busy;
  logic        crc_error;
  logic [31:0] crc_value;
  logic [Tiles-1:0] tile_err_event;
  logic        kv_refused;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cycle_q <= '0;
    else cycle_q <= cycle_q + 64'd1;
  end

  mr_csr_chip u_csr_chip (
    .clk_i, .rst_ni, .sel_i(chip_sel), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata),
    .rdata_o(chip_rdata), .error_o(chip_error),
    .git_hash_i, .caps_groups_i(8'd1), .caps_tiles_i(8'(Tiles)), .caps_lanes_i(8'(Lanes)),
    .caps_channels_i(8'(KvChannels)), .caps_wmem_i(32'(WDepth)), .caps_vmem_i(32'(VDepth)), .caps_xmem_i(32'(XDepth)),
    .caps_pmem_i(32'(PDepth)), .caps_inbuf_bufs_i(8'(InBufs)),
    .caps_inbuf_size_i(VDepth > 65534 ? 16'd65534 : 16'(VDepth)),
    .caps_result_bufs_i(8'(ResBufs)), .caps_result_size_i(24'(ResSize)),
    .caps_kv_slots_i(9'(KvSlots)), .caps_kv_layers_i(9'(KvLayers)), .caps_kv_heads_i(8'(KvHeads)),
    .caps_kv_nbh_i(5'(KvNbh)), .caps_kv_ecc_i(KvEcc != 0), .caps_kv_pages_i(32'(KvPages)), .caps_clock_khz_i(32'(ClockKhz)),
    .caps_dram_dq_bytes_i(8'(DqBytes)), .caps_dram_banks_i(8'(1 << (BaBits + BgBits))),
    .caps_dram_row_bytes_i(16'(DqBytes * BurstClks << ColBits)),
    .caps_dram_rows_rows_i(20'(1 << RowBits)), .caps_dram_rows_burst_i(8'(BurstClks)), .caps_dram_rows_groups_i(4'(1 << BgBits)),
    .scratch_q(), .control_soft_reset_cmd(soft_reset_cmd),
    .status_bus_error_set_i((rsp_valid_o && rsp_error_o) || win_write_error), .status_bus_error_q(),
    .status_tile_error_set_i(|tile_err_event), .status_tile_error_q(),
    .status_kv_error_set_i(kv_refused), .status_kv_error_q(),
    .status_link_error_set_i(1'b0), .status_link_error_q(),
    .cycle_i(cycle_q), .mem_target_kind_q(mem_kind), .mem_target_tile_q(mem_tile), .mem_base_q(mem_base),
    .mem_crc_start_q(crc_first), .mem_crc_count_q(crc_count), .mem_crc_ctrl_start_cmd(crc_start),
    .mem_crc_status_busy_i(crc_busy), .mem_crc_status_error_i(crc_error), .mem_crc_value_i(crc_value)
  );

  // ---- memory window ----
  logic [Tiles-1:0]    cfg_en;
  logic                cfg_write;
  logic [1:0]          cfg_kind;
  logic [31:0]         cfg_index;
  logic [31:0]         cfg_wdata;
  logic [Tiles-1:0]    cfg_rvalid;
  logic [Tiles*32-1:0] cfg_rdata;
  logic [Tiles-1:0]    cfg_error;
  logic                res_en;
  logic [ResW-1:0]     res_addr;
  logic [31:0]         res_data;

  mr_window #(.Tiles(Tiles), .ResElems(ResElems)) u_window (
    .clk_i, .rst_ni, .kind_i(mem_kind), .tile_i(mem_tile),
    .win_en_i(win_en), .win_write_i(win_write), .win_index_i(mem_base + 32'(win_word)), .win_wdata_i(win_wdata),
    .win_rvalid_o(win_rvalid), .win_rdata_o(win_rdata), .win_error_o(win_error), .write_error_o(win_write_error),
    .crc_start_i(crc_start), .crc_first_i(crc_first), .crc_count_i(crc_count),
    .crc_busy_o(crc_busy), .crc_error_o(crc_error), .crc_value_o(crc_value),
    .cfg_en_o(cfg_en), .cfg_write_o(cfg_write), .cfg_kind_o(cfg_kind), .cfg_index_o(cfg_index), .cfg_wdata_o(cfg_wdata),
    .cfg_rvalid_i(cfg_rvalid), .cfg_rdata_i(cfg_rdata), .cfg_error_i(cfg_error),
    .res_en_o(res_en), .res_addr_o(res_addr), .res_data_i(res_data)
  );

  // ---- group network ----
  logic [Nodes-1:0]     tx_req;
  logic [Nodes*128-1:0] tx_hdr;
  logic [Nodes-1:0]     tx_empty;
  logic [Nodes-1:0]     tx_grant;
  logic [Nodes-1:0]     tx_valid;
  logic [Nodes-1:0]     tx_ready;
  logic [Nodes*64-1:0]  tx_data;
  logic [Nodes-1:0]     tx_last;
  logic [127:0]         rx_hdr;
  logic [Nodes-1:0]     rx_accept;
  logic [Nodes-1:0]     rx_commit;
  logic                 rx_empty;
  logic [Nodes-1:0]     rx_valid;
  logic [Nodes-1:0]     rx_ready;
  logic [63:0]          rx_data;
  logic                 rx_last;
  logic                 net_busy;
  logic [63:0]          msgs_q;
  logic [63:0]          net_busy_q;

  mr_group_bus #(.Nodes(Nodes)) u_bus (
    .clk_i, .rst_ni(run_ni), .tx_req_i(tx_req), .tx_hdr_i(tx_hdr), .tx_empty_i(tx_empty), .tx_grant_o(tx_grant),
    .tx_valid_i(tx_valid), .tx_ready_o(tx_ready), .tx_data_i(tx_data), .tx_last_i(tx_last),
    .rx_hdr_o(rx_hdr), .rx_accept_i(rx_accept), .rx_commit_o(rx_commit), .rx_empty_o(rx_empty),
    .rx_valid_o(rx_valid), .rx_ready_i(rx_ready), .rx_data_o(rx_data), .rx_last_o(rx_last), .busy_o(net_busy)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      msgs_q <= '0;
      net_busy_q <= '0;
    end else if (net_busy) begin
      net_busy_q <= net_busy_q + 64'd1;
      if (|tx_grant) msgs_q <= msgs_q + 64'd1;
    end
  end

  // ---- hub ----
  logic [31:0] inj_dest;
  logic [15:0] inj_pc;
  logic [3:0]  inj_flags;
  logic [3:0]  inj_parts;
  logic [17:0] inj_token;
  logic [17:0] inj_pos;
  logic [7:0]  inj_slot;
  logic        inj_push;
  logic        inj_ready;
  logic [7:0]  res_count;
  logic [7:0]  res_index;
  logic [7:0]  res_slot;
  logic [3:0]  res_status;
  logic [3:0]  res_flags;
  logic [15:0] res_pc;
  logic [17:0] res_pos;
  logic [17:0] res_token;
  logic [19:0] res_len;
  logic        res_pop;
  logic [31:0] loop_dest;
  logic [15:0] loop_pc;
  logic [7:0]  loop_pass;
  logic [17:0] loop_left;
  logic [75:0] loop_stop;
  logic [7:0]  loop_slot;
  logic        loop_arm;
  logic        loop_disarm;
  logic        loop_busy;
  logic        tok_valid;
  logic [17:0] tok_token;
  logic [7:0]  tok_slot;
  logic [2:0]  tok_why;
  logic [17:0] tok_pos;
  logic        tok_pop;
  logic [15:0] tok_count;
  logic [15:0] loop_parks;
  logic [15:0] loop_wait_max;
  logic [63:0] loop_jobs;

  mr_csr_hub u_csr_hub (
    .clk_i, .rst_ni, .sel_i(hub_sel), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata),
    .rdata_o(hub_rdata), .error_o(hub_error),
    .inj_dest_q(inj_dest), .inj_prog_pc_q(inj_pc), .inj_prog_flags_q(inj_flags), .inj_prog_parts_q(inj_parts),
    .inj_token_q(inj_token), .inj_pos_q(inj_pos), .inj_slot_q(inj_slot), .inj_ctrl_push_cmd(inj_push),
    .inj_status_ready_i(inj_ready), .res_status_count_i(res_count), .res_status_head_i(res_index),
    .res_hdr_slot_i(res_slot), .res_hdr_status_i(res_status), .res_hdr_flags_i(res_flags), .res_hdr_pc_i(res_pc),
    .res_pos_i(res_pos), .res_token_i(res_token), .res_len_i(32'(res_len)), .res_ctrl_pop_cmd(res_pop),
    .msgs_i(msgs_q), .net_busy_i(net_busy_q),
    .loop_caps_slots_i(9'(LoopSlots)), .loop_caps_depth_i(LoopSlots > 0 ? 16'(LoopDepth) : 16'd0), .loop_dest_q(loop_dest),
    .loop_pc_q(loop_pc), .loop_pass_q(loop_pass), .loop_left_q(loop_left), .loop_stop0_token_q(loop_stop[17:0]), .loop_stop0_valid_q(loop_stop[18]),
    .loop_stop1_token_q(loop_stop[36:19]), .loop_stop1_valid_q(loop_stop[37]), .loop_stop2_token_q(loop_stop[55:38]),
    .loop_stop2_valid_q(loop_stop[56]), .loop_stop3_token_q(loop_stop[74:57]), .loop_stop3_valid_q(loop_stop[75]),
    .loop_ctrl_slot_q(loop_slot), .loop_ctrl_arm_cmd(loop_arm), .loop_ctrl_disarm_cmd(loop_disarm),
    .loop_status_busy_i(loop_busy), .loop_status_count_i(tok_count), .loop_token_token_i(tok_token), .loop_token_slot_i(tok_slot),
    .loop_token_why_i(tok_why), .loop_token_valid_i(tok_valid), .loop_pos_i(tok_pos), .loop_pop_pop_cmd(tok_pop),
    .loop_parks_i(loop_parks), .loop_wait_max_i(loop_wait_max), .loop_jobs_i(loop_jobs)
  );
  mr_hub #(.ResBufs(ResBufs), .ResSize(ResSize), .LoopSlots(LoopSlots), .LoopDepth(LoopDepth)) u_hub (
    .clk_i, .rst_ni(run_ni), .inj_push_i(inj_push), .inj_dest_i(inj_dest), .inj_pc_i(inj_pc), .inj_flags_i(inj_flags),
    .inj_parts_i(inj_parts), .inj_token_i(inj_token), .inj_pos_i(inj_pos), .inj_slot_i(inj_slot),
    .inj_ready_o(inj_ready), .res_count_o(res_count), .res_index_o(res_index), .res_slot_o(res_slot),
    .res_status_o(res_status), .res_flags_o(res_flags), .res_pc_o(res_pc), .res_pos_o(res_pos),
    .res_token_o(res_token), .res_len_o(res_len), .res_pop_i(res_pop),
    .loop_dest_i(loop_dest), .loop_pc_i(loop_pc), .loop_pass_i(loop_pass), .loop_left_i(loop_left), .loop_stop_i(loop_stop), .loop_slot_i(loop_slot),
    .loop_arm_i(loop_arm), .loop_disarm_i(loop_disarm), .loop_busy_o(loop_busy), .tok_valid_o(tok_valid), .tok_token_o(tok_token),
    .tok_slot_o(tok_slot), .tok_why_o(tok_why), .tok_pos_o(tok_pos), .tok_pop_i(tok_pop), .tok_count_o(tok_count),
    .loop_parks_o(loop_parks), .loop_wait_max_o(loop_wait_max), .loop_jobs_o(loop_jobs),
    .rd_en_i(res_en), .rd_addr_i(res_addr), .rd_data_o(res_data),
    .tx_req_o(tx_req[0]), .tx_hdr_o(tx_hdr[127:0]), .tx_grant_i(tx_grant[0]), .rx_hdr_i(rx_hdr),
    .rx_accept_o(rx_accept[0]), .rx_commit_i(rx_commit[0]), .rx_empty_i(rx_empty), .rx_valid_i(rx_valid[0]),
    .rx_ready_o(rx_ready[0]), .rx_data_i(rx_data), .rx_last_i(rx_last)
  );
  assign tx_empty[0] = 1'b1;
  assign tx_valid[0] = 1'b0;
  assign tx_data[63:0] = '0;
  assign tx_last[0] = 1'b0;
  assign irq_o = res_count != 8'd0 || tok_valid;
  wire unused_hub = &{1'b0, tx_ready[0]};

  // ---- tiles ----
  logic [Tiles-1:0]     t_kc_valid;
  logic [Tiles-1:0]     t_kc_ready;
  logic [2*Tiles-1:0]   t_kc_op;
  logic [8*Tiles-1:0]   t_kc_slot;
  logic [8*Tiles-1:0]   t_kc_layer;
  logic [8*Tiles-1:0]   t_kc_head;
  logic [Tiles-1:0]     t_kc_kind;
  logic [18*Tiles-1:0]  t_kc_pos;
  logic [6*Tiles-1:0]   t_kc_count;
  logic [Tiles-1:0]     t_kw_valid;
  logic [Tiles-1:0]     t_kw_ready;
  logic [272*Tiles-1:0] t_kw_block;
  logic [Tiles-1:0]     t_kr_valid;
  logic [Tiles-1:0]     t_kr_ready;
  logic [4:0]           kv_nbh;
  logic [Tiles-1:0]     t_kv_drop;
  logic [272*Tiles-1:0] t_kr_block;
  logic [Tiles-1:0]     t_kr_last;
  logic [4*Tiles-1:0]   t_kr_status;

  genvar t;
  generate
    for (t = 0; t < Tiles; t = t + 1) begin : gen_tile
      mr_tile #(
        .Lanes(Lanes), .WDepth(WDepth), .WSlice(WSlice), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth), .HasKv(KvMask[t]),
        .MaxG(MaxG), .MaxNbh(KvNbh), .ClockGate(ClockGate)
      ) u_tile (
        .clk_i, .rst_ni(run_ni),
        .sel_i(tile_sel[t]), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata),
        .rdata_o(tile_rdata[t*32 +: 32]), .error_o(tile_error[t]), .err_event_o(tile_err_event[t]),
        .cfg_en_i(cfg_en[t]), .cfg_write_i(cfg_write), .cfg_kind_i(cfg_kind), .cfg_index_i(cfg_index),
        .cfg_wdata_i(cfg_wdata), .cfg_rvalid_o(cfg_rvalid[t]), .cfg_rdata_o(cfg_rdata[t*32 +: 32]),
        .cfg_error_o(cfg_error[t]),
        .tx_req_o(tx_req[t+1]), .tx_hdr_o(tx_hdr[(t+1)*128 +: 128]), .tx_empty_o(tx_empty[t+1]),
        .tx_grant_i(tx_grant[t+1]), .tx_valid_o(tx_valid[t+1]), .tx_ready_i(tx_ready[t+1]),
        .tx_data_o(tx_data[(t+1)*64 +: 64]), .tx_last_o(tx_last[t+1]),
        .rx_hdr_i(rx_hdr), .rx_accept_o(rx_accept[t+1]), .rx_commit_i(rx_commit[t+1]), .rx_empty_i(rx_empty),
        .rx_valid_i(rx_valid[t+1]), .rx_ready_o(rx_ready[t+1]), .rx_data_i(rx_data), .rx_last_i(rx_last),
        .kc_valid_o(t_kc_valid[t]), .kc_ready_i(t_kc_ready[t]), .kc_op_o(t_kc_op[t*2 +: 2]),
        .kc_slot_o(t_kc_slot[t*8 +: 8]), .kc_layer_o(t_kc_layer[t*8 +: 8]), .kc_head_o(t_kc_head[t*8 +: 8]),
        .kc_kind_o(t_kc_kind[t]), .kc_pos_o(t_kc_pos[t*18 +: 18]), .kc_count_o(t_kc_count[t*6 +: 6]),
        .kw_valid_o(t_kw_valid[t]), .kw_ready_i(t_kw_ready[t]), .kw_block_o(t_kw_block[t*272 +: 272]),
        .kr_valid_i(t_kr_valid[t]), .kr_ready_o(t_kr_ready[t]), .kr_block_i(t_kr_block[t*272 +: 272]),
        .kr_last_i(t_kr_last[t]), .kr_status_i(t_kr_status[t*4 +: 4]), .kv_nbh_i(kv_nbh), .kv_drop_o(t_kv_drop[t])
      );
    end
  endgenerate

  // ---- KV cache ----
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
        .clk_i, .rst_ni, .cfg_nbh_i(kv_nbh), .drop_i(t_kv_drop[t]), .hold_i(kv_hold), .idle_o(g_idle[t]),
        .t_kc_valid_i(t_kc_valid[t]), .t_kc_append_i(t_kc_op[t*2 +: 2] == 2'd1), .t_kw_valid_i(t_kw_valid[t]),
        .t_kw_ready_o(t_kw_ready[t]), .t_kr_valid_o(t_kr_valid[t]), .t_kr_ready_i(t_kr_ready[t]),
        .m_kc_valid_o(g_kc_valid[t]), .m_kc_ready_i(t_kc_ready[t]), .m_kw_valid_o(g_kw_valid[t]),
        .m_kw_ready_i(g_kw_ready[t]), .m_kr_valid_i(g_kr_valid[t]), .m_kr_ready_o(g_kr_ready[t]), .m_kr_last_i(t_kr_last[t])
      );
    end
  endgenerate

  mr_kv_xbar #(.Ports(Tiles), .Channels(KvChannels)) u_kv_xbar (
    .clk_i, .rst_ni, .cfg_nbh_i(kv_nbh),
    .t_kc_valid_i(g_kc_valid), .t_kc_ready_o(t_kc_ready), .t_kc_op_i(t_kc_op), .t_kc_slot_i(t_kc_slot),
    .t_kc_layer_i(t_kc_layer), .t_kc_head_i(t_kc_head), .t_kc_kind_i(t_kc_kind), .t_kc_pos_i(t_kc_pos),
    .t_kc_count_i(t_kc_count), .t_kw_valid_i(g_kw_valid), .t_kw_ready_o(g_kw_ready), .t_kw_block_i(t_kw_block),
    .t_kr_valid_o(g_kr_valid), .t_kr_ready_i(g_kr_ready), .t_kr_block_o(t_kr_block), .t_kr_last_o(t_kr_last),
    .t_kr_status_o(t_kr_status),
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

  assign kv_refused = |kv_refusals;
  // A soft reset empties the cache too; the SDRAM itself goes on being refreshed.
  mr_kv_regs #(.Prof(Prof), .Channels(KvChannels), .Heads(KvHeads)) u_kv_regs (
    .clk_i, .rst_ni, .reset_i(soft_reset_cmd),
    .sel_i(kv_sel), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata), .rdata_o(kv_rdata), .error_o(kv_error),
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
        .ecc_sel_i(kv_ecc_sel[c]), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata),
        .ecc_rdata_o(kv_ecc_rdata[c*32 +: 32]), .ecc_error_o(kv_ecc_error[c]),
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
