// SPDX-License-Identifier: Apache-2.0
// Chip: root (registers, memory window, hub), groups with a network and a KV cache each, in a ring, and their tiles (docs/architecture.md).
//
// Groups 1..16.   Tiles of a group: 1..31, of several groups 1..30; 256 in all.   Lanes WDepth WSlice VDepth XDepth PDepth  see mr_tile.
// KvMask  bit t: tile t of each group has a KV port.   ResBufs ResSize LoopSlots LoopDepth  see mr_hub.
// LinkWidth 16, 32, 64  bits a clock of the links between groups; LinkLatency 0..255  register stages of their wires, each way.
// KvSlots KvLayers KvHeads KvNbh KvPages KvSlotBlocks DqBytes Prof KvInitCycles KvEcc PinRegs  see mr_kv_channel; layers are those of a group.
// KvChannels 1, 2, 4, 8: channels of a group side by side, each with KvPages pages; together they hold KvHeads heads. ECC: 32 channels in all.
// ClockGate  units at rest get no clock (mr_unit_clock).
// Core  1: there is a control core, with CoreKb KiB of SRAM, boot ROM from the file CoreRom, a UART unless CoreUart is 0; CoreRun: it runs after
// reset (mr_core).   uart_*: of the control core; without one uart_tx_o is high.
// ClockKhz  stated clock, told to software.   git_hash_i  constant: source revision, told to software, 0 if unknown.
// Register bus: docs/interfaces.md section 4. irq_o is high while a result or a token waits, or as the control core says.
// dfi_*: DRAM commands and data for a PHY or a device model, see mr_kv_channel; channel c of group g has slice g KvChannels + c; mr_chip_sdr has SDR pins instead.
// link_fault_i: faults for simulation, else 0; bits 4 g + 3 .. 4 g: on the link from group g, drop an answer, change one, drop a beat, change one.
// CONTROL.soft_reset resets everything but the control core and the CSRs of chip, hub and KV controllers; memories keep their contents.
// Nothing but wires here: sim_verilator/chip joins root, groups and tiles the same way for chips of many tiles. Outputs of a tile depend on
// no input in the same clock but kv_drop_o on rst_ni; those of a group on its tiles' and on the hub's.   Test: tests/cosim.
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
  parameter bit Core = 1'b0,
  parameter int CoreKb = 256,
  parameter bit CoreRun = 1'b0,
  parameter bit CoreUart = 1'b1,
  parameter CoreRom = "",
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
  output wire                               uart_tx_o,
  input  wire                               uart_rx_i,
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
  localparam bit Linked = Groups > 1;
  localparam int RevWidth = 16;
  // Payload of the largest message over a link, in flits: a result. mr_root keeps jobs to that by CAPS_INBUF.size.
  localparam int LinkFlits = ResSize / 2;

  // ---- root ----
  logic                   run_ni, reset, csr_write, cfg_write;
  logic [11:0]            csr_addr;
  logic [31:0]            csr_wdata;
  logic [1:0]             cfg_kind;
  logic [31:0]            cfg_index, cfg_wdata;
  logic [AllTiles-1:0]    tile_sel, tile_error, tile_err, cfg_en, cfg_rvalid, cfg_error;
  logic [AllTiles*32-1:0] tile_rdata, cfg_rdata;
  logic [Groups-1:0]      kv_sel, kv_error, link_sel, link_error, kv_refused, link_down, net_grant, net_busy;
  logic [Groups*32-1:0]   kv_rdata, link_rdata;
  logic [Channels-1:0]    ecc_sel, ecc_error;
  logic [Channels*32-1:0] ecc_rdata;
  logic                   hub_req, hub_accept, hub_ready;
  logic [127:0]           hub_hdr;
  // Node 0 of each group, and what all nodes of a group see.
  logic [Groups-1:0]      hub_grant, hub_commit, hub_valid, rx_empty, rx_last;
  logic [Groups*128-1:0]  rx_hdr;
  logic [Groups*64-1:0]   rx_data;

  mr_root #(
    .Groups(Groups), .Tiles(Tiles), .Lanes(Lanes), .WDepth(WDepth), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth), .ResBufs(ResBufs),
    .ResSize(ResSize), .KvChannels(KvChannels), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh), .KvPages(KvPages),
    .DqBytes(DqBytes), .Prof(Prof), .KvEcc(KvEcc), .ClockKhz(ClockKhz), .LoopSlots(LoopSlots), .LoopDepth(LoopDepth),
    .Core(Core), .CoreKb(CoreKb), .CoreRun(CoreRun), .CoreUart(CoreUart), .CoreRom(CoreRom), .ClockGate(ClockGate)
  ) u_root (
    .clk_i, .rst_ni, .git_hash_i, .req_valid_i, .req_ready_o, .req_write_i, .req_addr_i, .req_wdata_i, .rsp_valid_o, .rsp_rdata_o,
    .rsp_error_o, .irq_o, .uart_tx_o, .uart_rx_i, .run_no(run_ni), .reset_o(reset), .trace_o(), .csr_write_o(csr_write), .csr_addr_o(csr_addr), .csr_wdata_o(csr_wdata),
    .tile_sel_o(tile_sel), .tile_rdata_i(tile_rdata), .tile_error_i(tile_error), .kv_sel_o(kv_sel), .kv_rdata_i(kv_rdata),
    .kv_error_i(kv_error), .ecc_sel_o(ecc_sel), .ecc_rdata_i(ecc_rdata), .ecc_error_i(ecc_error), .link_sel_o(link_sel),
    .link_rdata_i(link_rdata), .link_error_i(link_error), .tile_err_i(tile_err), .kv_refused_i(kv_refused), .link_down_i(link_down),
    .cfg_en_o(cfg_en), .cfg_write_o(cfg_write), .cfg_kind_o(cfg_kind), .cfg_index_o(cfg_index), .cfg_wdata_o(cfg_wdata),
    .cfg_rvalid_i(cfg_rvalid), .cfg_rdata_i(cfg_rdata), .cfg_error_i(cfg_error), .net_grant_i(net_grant[0]), .net_busy_i(net_busy[0]),
    .hub_req_o(hub_req), .hub_hdr_o(hub_hdr), .hub_grant_i(hub_grant[0]), .rx_hdr_i(rx_hdr[127:0]), .hub_accept_o(hub_accept),
    .hub_commit_i(hub_commit[0]), .rx_empty_i(rx_empty[0]), .hub_valid_i(hub_valid[0]), .hub_ready_o(hub_ready), .rx_data_i(rx_data[63:0]),
    .rx_last_i(rx_last[0])
  );
  wire unused_hub = &{1'b0, hub_grant, hub_commit, hub_valid, net_grant, net_busy};

  // ---- groups, in a ring ----
  logic [AllTiles-1:0] tx_req, tx_empty, tx_grant, tx_valid, tx_ready, tx_last, rx_accept, rx_commit, rx_valid, rx_ready;
  logic [AllTiles-1:0] kc_valid, kc_ready, kc_kind, kw_valid, kw_ready, kr_valid, kr_ready, kr_last, kv_drop;
  logic [AllTiles*128-1:0] tx_hdr;
  logic [AllTiles*64-1:0] tx_data;
  logic [AllTiles*2-1:0] kc_op;
  logic [AllTiles*8-1:0] kc_slot;
  logic [AllTiles*8-1:0] kc_layer;
  logic [AllTiles*8-1:0] kc_head;
  logic [AllTiles*18-1:0] kc_pos;
  logic [AllTiles*6-1:0] kc_count;
  logic [AllTiles*272-1:0] kw_block;
  logic [AllTiles*272-1:0] kr_block;
  logic [AllTiles*4-1:0] kr_status;
  logic [5*Groups-1:0]         kv_nbh;
  logic [Groups-1:0]           fwd_valid, rev_valid;
  logic [Groups*LinkWidth-1:0] fwd_data;
  logic [Groups*RevWidth-1:0]  rev_data;

  genvar g, t;
  generate
    for (g = 0; g < Groups; g = g + 1) begin : gen_group
      localparam int To = (g + 1) % Groups;
      localparam int From = (g + Groups - 1) % Groups;
      mr_group #(
        .Tiles(Tiles), .Linked(Linked), .LinkWidth(LinkWidth), .LinkFlits(LinkFlits), .LinkLatency(LinkLatency),
        .KvChannels(KvChannels), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh), .KvPages(KvPages),
        .KvSlotBlocks(KvSlotBlocks), .DqBytes(DqBytes), .Prof(Prof), .KvInitCycles(KvInitCycles), .KvEcc(KvEcc),
        .PinRegs(PinRegs)
      ) u_group (
        .clk_i, .rst_ni, .run_ni, .reset_i(reset), .trace_o(),
        .csr_write_i(csr_write), .csr_addr_i(csr_addr), .csr_wdata_i(csr_wdata),
        .kv_sel_i(kv_sel[g]), .kv_rdata_o(kv_rdata[g*32 +: 32]), .kv_error_o(kv_error[g]),
        .ecc_sel_i(ecc_sel[g*KvChannels +: KvChannels]), .ecc_rdata_o(ecc_rdata[g*KvChannels*32 +: KvChannels*32]),
        .ecc_error_o(ecc_error[g*KvChannels +: KvChannels]),
        .link_sel_i(link_sel[g]), .link_rdata_o(link_rdata[g*32 +: 32]), .link_error_o(link_error[g]),
        .kv_refused_o(kv_refused[g]), .link_down_o(link_down[g]),
        .net_grant_o(net_grant[g]), .net_busy_o(net_busy[g]),
        .hub_req_i(g == 0 && hub_req), .hub_hdr_i(g == 0 ? hub_hdr : 128'd0), .hub_grant_o(hub_grant[g]), .rx_hdr_o(rx_hdr[g*128 +: 128]),
        .hub_accept_i(g != 0 || hub_accept), .hub_commit_o(hub_commit[g]), .rx_empty_o(rx_empty[g]), .hub_valid_o(hub_valid[g]),
        .hub_ready_i(g != 0 || hub_ready), .rx_data_o(rx_data[g*64 +: 64]), .rx_last_o(rx_last[g]),
        .tx_req_i(tx_req[g*Tiles +: Tiles]), .tx_empty_i(tx_empty[g*Tiles +: Tiles]), .tx_grant_o(tx_grant[g*Tiles +: Tiles]),
        .tx_valid_i(tx_valid[g*Tiles +: Tiles]), .tx_ready_o(tx_ready[g*Tiles +: Tiles]), .tx_last_i(tx_last[g*Tiles +: Tiles]),
        .rx_accept_i(rx_accept[g*Tiles +: Tiles]), .rx_commit_o(rx_commit[g*Tiles +: Tiles]),
        .rx_valid_o(rx_valid[g*Tiles +: Tiles]), .rx_ready_i(rx_ready[g*Tiles +: Tiles]),
        .kc_valid_i(kc_valid[g*Tiles +: Tiles]), .kc_ready_o(kc_ready[g*Tiles +: Tiles]), .kc_kind_i(kc_kind[g*Tiles +: Tiles]),
        .kw_valid_i(kw_valid[g*Tiles +: Tiles]), .kw_ready_o(kw_ready[g*Tiles +: Tiles]),
        .kr_valid_o(kr_valid[g*Tiles +: Tiles]), .kr_ready_i(kr_ready[g*Tiles +: Tiles]), .kr_last_o(kr_last[g*Tiles +: Tiles]),
        .kv_drop_i(kv_drop[g*Tiles +: Tiles]), .tx_hdr_i(tx_hdr[g*Tiles*128 +: Tiles*128]),
        .tx_data_i(tx_data[g*Tiles*64 +: Tiles*64]), .kc_op_i(kc_op[g*Tiles*2 +: Tiles*2]),
        .kc_slot_i(kc_slot[g*Tiles*8 +: Tiles*8]), .kc_layer_i(kc_layer[g*Tiles*8 +: Tiles*8]),
        .kc_head_i(kc_head[g*Tiles*8 +: Tiles*8]), .kc_pos_i(kc_pos[g*Tiles*18 +: Tiles*18]),
        .kc_count_i(kc_count[g*Tiles*6 +: Tiles*6]), .kw_block_i(kw_block[g*Tiles*272 +: Tiles*272]),
        .kr_block_o(kr_block[g*Tiles*272 +: Tiles*272]), .kr_status_o(kr_status[g*Tiles*4 +: Tiles*4]),
        .kv_nbh_o(kv_nbh[g*5 +: 5]),
        .link_fault_i(link_fault_i[4*g +: 4]),
        .out_valid_o(fwd_valid[g]), .out_data_o(fwd_data[g*LinkWidth +: LinkWidth]),
        .out_rev_valid_i(rev_valid[To]), .out_rev_data_i(rev_data[To*RevWidth +: RevWidth]),
        .in_valid_i(fwd_valid[From]), .in_data_i(fwd_data[From*LinkWidth +: LinkWidth]),
        .in_rev_valid_o(rev_valid[g]), .in_rev_data_o(rev_data[g*RevWidth +: RevWidth]),
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
    end
    for (t = 0; t < AllTiles; t = t + 1) begin : gen_tile
      mr_tile #(
        .Lanes(Lanes), .WDepth(WDepth), .WSlice(WSlice), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth), .HasKv(KvMask[t % Tiles]),
        .MaxG(MaxG), .MaxNbh(KvNbh), .ClockGate(ClockGate), .Linked(Linked)
      ) u_tile (
        .clk_i, .rst_ni(run_ni),
        .sel_i(tile_sel[t]), .write_i(csr_write), .addr_i(csr_addr), .wdata_i(csr_wdata),
        .rdata_o(tile_rdata[t*32 +: 32]), .error_o(tile_error[t]), .err_event_o(tile_err[t]),
        .awake_o(), .trace_o(), .cfg_en_i(cfg_en[t]), .cfg_write_i(cfg_write), .cfg_kind_i(cfg_kind), .cfg_index_i(cfg_index),
        .cfg_wdata_i(cfg_wdata), .cfg_rvalid_o(cfg_rvalid[t]), .cfg_rdata_o(cfg_rdata[t*32 +: 32]),
        .cfg_error_o(cfg_error[t]),
        .tx_req_o(tx_req[t]), .tx_hdr_o(tx_hdr[t*128 +: 128]), .tx_empty_o(tx_empty[t]),
        .tx_grant_i(tx_grant[t]), .tx_valid_o(tx_valid[t]), .tx_ready_i(tx_ready[t]),
        .tx_data_o(tx_data[t*64 +: 64]), .tx_last_o(tx_last[t]),
        .rx_hdr_i(rx_hdr[t/Tiles*128 +: 128]), .rx_accept_o(rx_accept[t]), .rx_commit_i(rx_commit[t]), .rx_empty_i(rx_empty[t/Tiles]),
        .rx_valid_i(rx_valid[t]), .rx_ready_o(rx_ready[t]), .rx_data_i(rx_data[t/Tiles*64 +: 64]), .rx_last_i(rx_last[t/Tiles]),
        .kc_valid_o(kc_valid[t]), .kc_ready_i(kc_ready[t]), .kc_op_o(kc_op[t*2 +: 2]),
        .kc_slot_o(kc_slot[t*8 +: 8]), .kc_layer_o(kc_layer[t*8 +: 8]), .kc_head_o(kc_head[t*8 +: 8]),
        .kc_kind_o(kc_kind[t]), .kc_pos_o(kc_pos[t*18 +: 18]), .kc_count_o(kc_count[t*6 +: 6]),
        .kw_valid_o(kw_valid[t]), .kw_ready_i(kw_ready[t]), .kw_block_o(kw_block[t*272 +: 272]),
        .kr_valid_i(kr_valid[t]), .kr_ready_o(kr_ready[t]), .kr_block_i(kr_block[t*272 +: 272]),
        .kr_last_i(kr_last[t]), .kr_status_i(kr_status[t*4 +: 4]), .kv_nbh_i(kv_nbh[t/Tiles*5 +: 5]), .kv_drop_o(kv_drop[t])
      );
    end
  endgenerate
endmodule
`default_nettype wire
