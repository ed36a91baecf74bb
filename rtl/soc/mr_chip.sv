// SPDX-License-Identifier: Apache-2.0
// Chip: register bus, memory window, hub and groups of tiles, each with a network and a KV cache (docs/architecture.md).
//
// Groups 1..16.   Tiles of a group: 1..31, of several groups 1..30; 256 in all.   Lanes WDepth WSlice VDepth XDepth PDepth  see mr_tile.
// KvMask  bit t: tile t of each group has a KV port.   ResBufs ResSize LoopSlots LoopDepth  see mr_hub.
// LinkWidth 16, 32, 64  bits a clock of the links between groups; LinkLatency 0..255  register stages of their wires, each way.
// KvSlots KvLayers KvHeads KvNbh KvPages KvSlotBlocks DqBytes Prof KvInitCycles KvEcc PinRegs  see mr_kv_channel; layers are those of a group.
// KvChannels 1, 2, 4, 8: channels of a group side by side, each with KvPages pages; together they hold KvHeads heads. ECC: 32 channels in all.
// ClockGate  units at rest get no clock (mr_unit_clock).
// ClockKhz  stated clock, told to software.   git_hash_i  constant: source revision, told to software, 0 if unknown.
// Register bus: docs/interfaces.md section 4. irq_o is high while a result or a token waits.
// dfi_*: DRAM commands and data for a PHY or a device model, see mr_kv_channel; channel c of group g has slice g KvChannels + c; mr_chip_sdr has SDR pins instead.
// link_fault_i: faults for simulation, else 0; bits 4 g + 3 .. 4 g: on the link from group g, drop an answer, change one, drop a beat, change one.
// CONTROL.soft_reset resets everything but the CSRs of chip, hub and KV controllers; memories keep their contents.
// Test: tests/cosim.
`default_nettype none
module mr_chip #(
  parameter int Groups = 1,
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
  parameter int LinkWidth = 64,
  parameter int LinkLatency = 0,
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
  localparam int Channels = Groups * KvChannels,
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
  output wire  [Channels-1:0]             dfi_ready_o,
  output wire  [4*Channels-1:0]           dfi_cmd_o,
  output wire  [2*Channels-1:0]           dfi_bg_o,
  output wire  [3*Channels-1:0]           dfi_ba_o,
  output wire  [18*Channels-1:0]          dfi_a_o,
  output wire  [4*Channels-1:0]           dfi2_cmd_o,
  output wire  [2*Channels-1:0]           dfi2_bg_o,
  output wire  [3*Channels-1:0]           dfi2_ba_o,
  output wire  [18*Channels-1:0]          dfi2_a_o,
  output wire  [Channels-1:0]             dfi_wrdata_en_o,
  output wire  [8*DqBytes*Channels-1:0]   dfi_wrdata_o,
  output wire  [DqBytes*Channels-1:0]     dfi_wrmask_o,
  input  wire  [Channels-1:0]             dfi_rddata_valid_i,
  input  wire  [8*DqBytes*Channels-1:0]   dfi_rddata_i,
  output wire  [KvChk*Channels-1:0]       dfi_wrchk_o,
  output wire  [KvCodes*Channels-1:0]     dfi_wrchkmask_o,
  input  wire  [KvChk*Channels-1:0]       dfi_rdchk_i,
  input  wire  [4*Groups-1:0]               link_fault_i
);
  localparam int AllTiles = Groups * Tiles;
  localparam int EccBlocks = Channels < 32 ? Channels : 32;  // that have registers
  localparam bit Linked = Groups > 1;
  localparam int RevWidth = 16;
  // Payload of the largest message over a link, in flits: a result. Jobs are kept to that by CAPS_INBUF.size.
  localparam int LinkFlits = ResSize / 2;
  localparam int InSize = VDepth > 65534 ? 65534 : VDepth;
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
  logic [Groups-1:0]      kv_sel;
  logic [Groups*32-1:0]   kv_rdata;
  logic [Groups-1:0]      kv_error;
  logic [EccBlocks-1:0]   kv_ecc_sel;
  logic [Channels*32-1:0] kv_ecc_rdata;
  logic [Channels-1:0]    kv_ecc_error;
  logic [Groups-1:0]      link_sel;
  logic [Groups*32-1:0]   link_rdata;
  logic [Groups-1:0]      link_error;
  logic [AllTiles-1:0]    tile_sel;
  logic [AllTiles*32-1:0] tile_rdata;
  logic [AllTiles-1:0]    tile_error;
  logic                win_en;
  logic                win_write;
  logic [13:0]         win_word;
  logic [31:0]         win_wdata;
  logic                win_rvalid;
  logic [31:0]         win_rdata;
  logic                win_error;
  logic                win_write_error;

  mr_regbus #(.Groups(Groups), .Tiles(AllTiles), .Channels(EccBlocks)) u_regbus (
    .clk_i, .rst_ni, .req_valid_i, .req_ready_o, .req_write_i, .req_addr_i, .req_wdata_i,
    .rsp_valid_o, .rsp_rdata_o, .rsp_error_o,
    .csr_write_o(csr_write), .csr_addr_o(csr_addr), .csr_wdata_o(csr_wdata),
    .chip_sel_o(chip_sel), .chip_rdata_i(chip_rdata), .chip_error_i(chip_error),
    .hub_sel_o(hub_sel), .hub_rdata_i(hub_rdata), .hub_error_i(hub_error),
    .kv_sel_o(kv_sel), .kv_rdata_i(kv_rdata), .kv_error_i(kv_error),
    .kv_ecc_sel_o(kv_ecc_sel), .kv_ecc_rdata_i(kv_ecc_rdata[EccBlocks*32-1:0]), .kv_ecc_error_i(kv_ecc_error[EccBlocks-1:0]),
    .link_sel_o(link_sel), .link_rdata_i(link_rdata), .link_error_i(link_error),
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
  logic [Groups-1:0] tile_err_event;
  logic [Groups-1:0] kv_refused;
  logic [Groups-1:0] link_down;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cycle_q <= '0;
    else cycle_q <= cycle_q + 64'd1;
  end

  mr_csr_chip u_csr_chip (
    .clk_i, .rst_ni, .sel_i(chip_sel), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata),
    .rdata_o(chip_rdata), .error_o(chip_error),
    .git_hash_i, .caps_groups_i(8'(Groups)), .caps_tiles_i(8'(Tiles)), .caps_lanes_i(8'(Lanes)),
    .caps_channels_i(8'(KvChannels)), .caps_wmem_i(32'(WDepth)), .caps_vmem_i(32'(VDepth)), .caps_xmem_i(32'(XDepth)),
    .caps_pmem_i(32'(PDepth)), .caps_inbuf_bufs_i(8'(InBufs)),
    .caps_inbuf_size_i(16'(Linked && 2 * LinkFlits < InSize ? 2 * LinkFlits : InSize)),
    .caps_result_bufs_i(8'(ResBufs)), .caps_result_size_i(24'(ResSize)),
    .caps_kv_slots_i(9'(KvSlots)), .caps_kv_layers_i(9'(KvLayers)), .caps_kv_heads_i(8'(KvHeads)),
    .caps_kv_nbh_i(5'(KvNbh)), .caps_kv_ecc_i(KvEcc != 0), .caps_kv_pages_i(32'(KvPages)), .caps_clock_khz_i(32'(ClockKhz)),
    .caps_dram_dq_bytes_i(8'(DqBytes)), .caps_dram_banks_i(8'(1 << (BaBits + BgBits))),
    .caps_dram_row_bytes_i(16'(DqBytes * BurstClks << ColBits)),
    .caps_dram_rows_rows_i(20'(1 << RowBits)), .caps_dram_rows_burst_i(8'(BurstClks)), .caps_dram_rows_groups_i(4'(1 << BgBits)),
    .scratch_q(), .control_soft_reset_cmd(soft_reset_cmd),
    .status_bus_error_set_i((rsp_valid_o && rsp_error_o) || win_write_error), .status_bus_error_q(),
    .status_tile_error_set_i(|tile_err_event), .status_tile_error_q(),
    .status_kv_error_set_i(|kv_refused), .status_kv_error_q(),
    .status_link_error_set_i(|link_down), .status_link_error_q(),
    .cycle_i(cycle_q), .mem_target_kind_q(mem_kind), .mem_target_tile_q(mem_tile), .mem_base_q(mem_base),
    .mem_crc_start_q(crc_first), .mem_crc_count_q(crc_count), .mem_crc_ctrl_start_cmd(crc_start),
    .mem_crc_status_busy_i(crc_busy), .mem_crc_status_error_i(crc_error), .mem_crc_value_i(crc_value)
  );

  // ---- memory window ----
  logic [AllTiles-1:0] cfg_en;
  logic                cfg_write;
  logic [1:0]          cfg_kind;
  logic [31:0]         cfg_index;
  logic [31:0]         cfg_wdata;
  logic [AllTiles-1:0] cfg_rvalid;
  logic [AllTiles*32-1:0] cfg_rdata;
  logic [AllTiles-1:0] cfg_error;
  logic                res_en;
  logic [ResW-1:0]     res_addr;
  logic [31:0]         res_data;

  mr_window #(.Tiles(AllTiles), .ResElems(ResElems)) u_window (
    .clk_i, .rst_ni, .kind_i(mem_kind), .tile_i(mem_tile),
    .win_en_i(win_en), .win_write_i(win_write), .win_index_i(mem_base + 32'(win_word)), .win_wdata_i(win_wdata),
    .win_rvalid_o(win_rvalid), .win_rdata_o(win_rdata), .win_error_o(win_error), .write_error_o(win_write_error),
    .crc_start_i(crc_start), .crc_first_i(crc_first), .crc_count_i(crc_count),
    .crc_busy_o(crc_busy), .crc_error_o(crc_error), .crc_value_o(crc_value),
    .cfg_en_o(cfg_en), .cfg_write_o(cfg_write), .cfg_kind_o(cfg_kind), .cfg_index_o(cfg_index), .cfg_wdata_o(cfg_wdata),
    .cfg_rvalid_i(cfg_rvalid), .cfg_rdata_i(cfg_rdata), .cfg_error_i(cfg_error),
    .res_en_o(res_en), .res_addr_o(res_addr), .res_data_i(res_data)
  );

  // ---- node 0 of each group: the hub in group 0, nobody in the others ----
  logic [Groups-1:0]     tx_req;
  logic [Groups*128-1:0] tx_hdr;
  logic [Groups-1:0]     tx_grant;
  logic [Groups*128-1:0] rx_hdr;
  logic [Groups-1:0]     rx_accept;
  logic [Groups-1:0]     rx_commit;
  logic [Groups-1:0]     rx_empty;
  logic [Groups-1:0]     rx_valid;
  logic [Groups-1:0]     rx_ready;
  logic [Groups*64-1:0]  rx_data;
  logic [Groups-1:0]     rx_last;
  logic [Groups-1:0]     net_busy;
  logic [Groups-1:0]     net_grant;
  logic [63:0]           msgs_q;
  logic [63:0]           net_busy_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      msgs_q <= '0;
      net_busy_q <= '0;
    end else if (net_busy[0]) begin
      net_busy_q <= net_busy_q + 64'd1;
      if (net_grant[0]) msgs_q <= msgs_q + 64'd1;
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
    .tx_req_o(tx_req[0]), .tx_hdr_o(tx_hdr[127:0]), .tx_grant_i(tx_grant[0]), .rx_hdr_i(rx_hdr[127:0]),
    .rx_accept_o(rx_accept[0]), .rx_commit_i(rx_commit[0]), .rx_empty_i(rx_empty[0]), .rx_valid_i(rx_valid[0]),
    .rx_ready_o(rx_ready[0]), .rx_data_i(rx_data[63:0]), .rx_last_i(rx_last[0])
  );
  assign irq_o = res_count != 8'd0 || tok_valid;

  // ---- groups, in a ring ----
  logic [Groups-1:0]           out_valid, in_valid, out_rev_valid, in_rev_valid;
  logic [Groups*LinkWidth-1:0] out_data, in_data;
  logic [Groups*RevWidth-1:0]  out_rev_data, in_rev_data;

  genvar g;
  generate
    for (g = 0; g < Groups; g = g + 1) begin : gen_group
      if (g != 0) begin : gen_no_hub
        assign tx_req[g] = 1'b0;
        assign tx_hdr[g*128 +: 128] = '0;
        assign rx_accept[g] = 1'b1;
        assign rx_ready[g] = 1'b1;
        wire unused_ok = &{1'b0, tx_grant[g], rx_hdr[g*128 +: 128], rx_commit[g], rx_empty[g], rx_valid[g],
                           rx_data[g*64 +: 64], rx_last[g], net_busy[g], net_grant[g]};
      end
      mr_group #(
        .Tiles(Tiles), .Linked(Linked), .LinkWidth(LinkWidth), .LinkFlits(LinkFlits), .LinkLatency(LinkLatency), .Lanes(Lanes),
        .WDepth(WDepth), .WSlice(WSlice), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth), .KvMask(KvMask),
        .KvChannels(KvChannels), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh), .KvPages(KvPages),
        .KvSlotBlocks(KvSlotBlocks), .MaxG(MaxG), .ClockGate(ClockGate), .DqBytes(DqBytes), .Prof(Prof), .KvInitCycles(KvInitCycles), .KvEcc(KvEcc),
        .PinRegs(PinRegs)
      ) u_group (
        .clk_i, .rst_ni, .run_ni, .reset_i(soft_reset_cmd),
        .csr_write_i(csr_write), .csr_addr_i(csr_addr), .csr_wdata_i(csr_wdata),
        .tile_sel_i(tile_sel[g*Tiles +: Tiles]), .tile_rdata_o(tile_rdata[g*Tiles*32 +: Tiles*32]),
        .tile_error_o(tile_error[g*Tiles +: Tiles]),
        .kv_sel_i(kv_sel[g]), .kv_rdata_o(kv_rdata[g*32 +: 32]), .kv_error_o(kv_error[g]),
        .ecc_sel_i(KvChannels'(kv_ecc_sel >> (g * KvChannels))), .ecc_rdata_o(kv_ecc_rdata[g*KvChannels*32 +: KvChannels*32]),
        .ecc_error_o(kv_ecc_error[g*KvChannels +: KvChannels]),
        .link_sel_i(link_sel[g]), .link_rdata_o(link_rdata[g*32 +: 32]), .link_error_o(link_error[g]),
        .tile_err_o(tile_err_event[g]), .kv_refused_o(kv_refused[g]), .link_down_o(link_down[g]),
        .net_grant_o(net_grant[g]), .net_busy_o(net_busy[g]),
        .cfg_en_i(cfg_en[g*Tiles +: Tiles]), .cfg_write_i(cfg_write), .cfg_kind_i(cfg_kind), .cfg_index_i(cfg_index),
        .cfg_wdata_i(cfg_wdata), .cfg_rvalid_o(cfg_rvalid[g*Tiles +: Tiles]),
        .cfg_rdata_o(cfg_rdata[g*Tiles*32 +: Tiles*32]), .cfg_error_o(cfg_error[g*Tiles +: Tiles]),
        .hub_req_i(tx_req[g]), .hub_hdr_i(tx_hdr[g*128 +: 128]), .hub_grant_o(tx_grant[g]), .rx_hdr_o(rx_hdr[g*128 +: 128]),
        .hub_accept_i(rx_accept[g]), .hub_commit_o(rx_commit[g]), .rx_empty_o(rx_empty[g]), .hub_valid_o(rx_valid[g]),
        .hub_ready_i(rx_ready[g]), .rx_data_o(rx_data[g*64 +: 64]), .rx_last_o(rx_last[g]),
        .out_valid_o(out_valid[g]), .out_data_o(out_data[g*LinkWidth +: LinkWidth]),
        .out_rev_valid_i(out_rev_valid[g]), .out_rev_data_i(out_rev_data[g*RevWidth +: RevWidth]),
        .in_valid_i(in_valid[g]), .in_data_i(in_data[g*LinkWidth +: LinkWidth]),
        .in_rev_valid_o(in_rev_valid[g]), .in_rev_data_o(in_rev_data[g*RevWidth +: RevWidth]),
        .dfi_ready_o(dfi_ready_o[g*KvChannels +: KvChannels]), .dfi_cmd_o(dfi_cmd_o[g*4*KvChannels +: 4*KvChannels]),
        .dfi_bg_o(dfi_bg_o[g*2*KvChannels +: 2*KvChannels]), .dfi_ba_o(dfi_ba_o[g*3*KvChannels +: 3*KvChannels]),
        .dfi_a_o(dfi_a_o[g*18*KvChannels +: 18*KvChannels]), .dfi2_cmd_o(dfi2_cmd_o[g*4*KvChannels +: 4*KvChannels]),
        .dfi2_bg_o(dfi2_bg_o[g*2*KvChannels +: 2*KvChannels]), .dfi2_ba_o(dfi2_ba_o[g*3*KvChannels +: 3*KvChannels]),
        .dfi2_a_o(dfi2_a_o[g*18*KvChannels +: 18*KvChannels]), .dfi_wrdata_en_o(dfi_wrdata_en_o[g*KvChannels +: KvChannels]),
        .dfi_wrdata_o(dfi_wrdata_o[g*8*DqBytes*KvChannels +: 8*DqBytes*KvChannels]), .dfi_wrmask_o(dfi_wrmask_o[g*DqBytes*KvChannels +: DqBytes*KvChannels]),
        .dfi_rddata_valid_i(dfi_rddata_valid_i[g*KvChannels +: KvChannels]), .dfi_rddata_i(dfi_rddata_i[g*8*DqBytes*KvChannels +: 8*DqBytes*KvChannels]),
        .dfi_wrchk_o(dfi_wrchk_o[g*KvChk*KvChannels +: KvChk*KvChannels]), .dfi_wrchkmask_o(dfi_wrchkmask_o[g*KvCodes*KvChannels +: KvCodes*KvChannels]),
        .dfi_rdchk_i(dfi_rdchk_i[g*KvChk*KvChannels +: KvChk*KvChannels])
      );
      if (Linked) begin : gen_wire
        localparam int To = (g + 1) % Groups;
        mr_link_wire #(.Width(LinkWidth), .RevWidth(RevWidth), .Latency(LinkLatency)) u_wire (
          .clk_i, .rst_ni(run_ni),
          .fwd_flip_i(LinkWidth'(link_fault_i[4*g])), .fwd_drop_i(link_fault_i[4*g+1]),
          .rev_flip_i(RevWidth'(link_fault_i[4*g+2])), .rev_drop_i(link_fault_i[4*g+3]),
          .out_fwd_valid_i(out_valid[g]), .out_fwd_data_i(out_data[g*LinkWidth +: LinkWidth]),
          .out_rev_valid_o(out_rev_valid[g]), .out_rev_data_o(out_rev_data[g*RevWidth +: RevWidth]),
          .in_fwd_valid_o(in_valid[To]), .in_fwd_data_o(in_data[To*LinkWidth +: LinkWidth]),
          .in_rev_valid_i(in_rev_valid[To]), .in_rev_data_i(in_rev_data[To*RevWidth +: RevWidth])
        );
      end else begin : gen_no_wire
        assign in_valid[g] = 1'b0;
        assign in_data[g*LinkWidth +: LinkWidth] = '0;
        assign out_rev_valid[g] = 1'b0;
        assign out_rev_data[g*RevWidth +: RevWidth] = '0;
        wire unused_ok = &{1'b0, link_fault_i, out_valid[g], out_data[g*LinkWidth +: LinkWidth],
                           in_rev_valid[g], in_rev_data[g*RevWidth +: RevWidth]};
      end
    end
  endgenerate
endmodule
`default_nettype wire
