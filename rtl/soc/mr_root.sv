// SPDX-License-Identifier: Apache-2.0
// Root of the chip: register bus, chip registers, memory window, hub and control core; groups and tiles hang at its ports (mr_chip).
//
// Parameters: see mr_chip.
// With a control core, req_ready_o falls for the core's accesses too, in turn with the host's; CONTROL.soft_reset leaves the core alone.
// run_no  reset of tiles, networks, links and hub; reset_o  soft reset for one clock.
// csr_*_o with *_sel_o for one clock, answers in the next; cfg_*: loader's port of each tile, see mr_tile_mem. Tile t of group g has bit or
// slice g Tiles + t, channel c of group g has g KvChannels + c.   Events for one clock: tile_err_i, kv_refused_i, link_down_i.
// trace_o: see mr_hub, for simulation; open elsewhere.
// net_grant_i, net_busy_i and the hub's node (hub_*, rx_*: mr_group_bus): of group 0.
// Which outputs depend on inputs in the same clock: run_no on rst_ni, no other.   Test: tests/cosim.
`default_nettype none
module mr_root #(
  parameter int Groups = 1,
  parameter int Tiles = 2,
  parameter int Lanes = 2,
  parameter int WDepth = 4096,
  parameter int VDepth = 4096,
  parameter int XDepth = 64,
  parameter int PDepth = 256,
  parameter int ResBufs = 4,
  parameter int ResSize = 1024,
  parameter int KvChannels = 1,
  parameter int KvSlots = 8,
  parameter int KvLayers = 32,
  parameter int KvHeads = 8,
  parameter int KvNbh = 4,
  parameter int KvPages = 1024,
  parameter int DqBytes = 8,
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int KvEcc = 0,
  parameter int ClockKhz = 100000,
  parameter int LoopSlots = KvSlots,
  parameter int LoopDepth = KvSlots <= 16 ? 32 : KvSlots < 128 ? 256 : 512,
  parameter bit Core = 1'b0,
  parameter int CoreKb = 256,
  parameter bit CoreRun = 1'b0,
  parameter bit CoreUart = 1'b1,
  parameter CoreRom = "",
  parameter bit ClockGate = 1'b0,
  localparam int AllTiles = Groups * Tiles,
  localparam int Channels = Groups * KvChannels
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
  output wire                               run_no,
  output wire                               reset_o,
  output logic [53:0]                       trace_o,
  // registers
  output logic                              csr_write_o,
  output logic [11:0]                       csr_addr_o,
  output logic [31:0]                       csr_wdata_o,
  output logic [AllTiles-1:0]               tile_sel_o,
  input  wire  [AllTiles*32-1:0]            tile_rdata_i,
  input  wire  [AllTiles-1:0]               tile_error_i,
  output logic [Groups-1:0]                 kv_sel_o,
  input  wire  [Groups*32-1:0]              kv_rdata_i,
  input  wire  [Groups-1:0]                 kv_error_i,
  output wire  [Channels-1:0]               ecc_sel_o,
  input  wire  [Channels*32-1:0]            ecc_rdata_i,
  input  wire  [Channels-1:0]               ecc_error_i,
  output logic [Groups-1:0]                 link_sel_o,
  input  wire  [Groups*32-1:0]              link_rdata_i,
  input  wire  [Groups-1:0]                 link_error_i,
  // events
  input  wire  [AllTiles-1:0]               tile_err_i,
  input  wire  [Groups-1:0]                 kv_refused_i,
  input  wire  [Groups-1:0]                 link_down_i,
  // loader
  output logic [AllTiles-1:0]               cfg_en_o,
  output logic                              cfg_write_o,
  output logic [1:0]                        cfg_kind_o,
  output logic [31:0]                       cfg_index_o,
  output logic [31:0]                       cfg_wdata_o,
  input  wire  [AllTiles-1:0]               cfg_rvalid_i,
  input  wire  [AllTiles*32-1:0]            cfg_rdata_i,
  input  wire  [AllTiles-1:0]               cfg_error_i,
  // node 0 of group 0
  input  wire                               net_grant_i,
  input  wire                               net_busy_i,
  output logic                              hub_req_o,
  output logic [127:0]                      hub_hdr_o,
  input  wire                               hub_grant_i,
  input  wire  [127:0]                      rx_hdr_i,
  output logic                              hub_accept_o,
  input  wire                               hub_commit_i,
  input  wire                               rx_empty_i,
  input  wire                               hub_valid_i,
  output logic                              hub_ready_o,
  input  wire  [63:0]                       rx_data_i,
  input  wire                               rx_last_i
);
  localparam int EccBlocks = Channels < 32 ? Channels : 32;  // that have registers
  localparam bit Linked = Groups > 1;
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
  assign run_no = run_ni;
  assign reset_o = soft_reset_cmd;

  logic                chip_sel;
  logic [31:0]         chip_rdata;
  logic                chip_error;
  logic                hub_sel;
  logic [31:0]         hub_rdata;
  logic                hub_error;
  logic [EccBlocks-1:0]   kv_ecc_sel;
  logic                win_en;
  logic                win_write;
  logic [13:0]         win_word;
  logic [31:0]         win_wdata;
  logic                win_rvalid;
  logic [31:0]         win_rdata;
  logic                win_error;
  logic                win_write_error;

  // Host and control core in turn.
  logic                bus_valid, bus_ready, bus_write, bus_rsp;
  logic [23:0]         bus_addr;
  logic [31:0]         bus_wdata;
  logic                core_sel, core_error, ram_sel, ram_error, core_irq, chip_status, hub_irq;
  logic [18:0]         ram_addr;
  logic [31:0]         core_rdata, ram_rdata;

  mr_regbus #(.Groups(Groups), .Tiles(AllTiles), .Channels(EccBlocks), .Core(Core)) u_regbus (
    .clk_i, .rst_ni, .req_valid_i(bus_valid), .req_ready_o(bus_ready), .req_write_i(bus_write), .req_addr_i(bus_addr),
    .req_wdata_i(bus_wdata), .rsp_valid_o(bus_rsp), .rsp_rdata_o, .rsp_error_o,
    .core_sel_o(core_sel), .core_rdata_i(core_rdata), .core_error_i(core_error),
    .ram_sel_o(ram_sel), .ram_addr_o(ram_addr), .ram_rdata_i(ram_rdata), .ram_error_i(ram_error),
    .csr_write_o(csr_write_o), .csr_addr_o(csr_addr_o), .csr_wdata_o(csr_wdata_o),
    .chip_sel_o(chip_sel), .chip_rdata_i(chip_rdata), .chip_error_i(chip_error),
    .hub_sel_o(hub_sel), .hub_rdata_i(hub_rdata), .hub_error_i(hub_error),
    .kv_sel_o(kv_sel_o), .kv_rdata_i(kv_rdata_i), .kv_error_i(kv_error_i),
    .kv_ecc_sel_o(kv_ecc_sel), .kv_ecc_rdata_i(ecc_rdata_i[EccBlocks*32-1:0]), .kv_ecc_error_i(ecc_error_i[EccBlocks-1:0]),
    .link_sel_o(link_sel_o), .link_rdata_i(link_rdata_i), .link_error_i(link_error_i),
    .tile_sel_o(tile_sel_o), .tile_rdata_i(tile_rdata_i), .tile_error_i(tile_error_i),
    .win_en_o(win_en), .win_write_o(win_write), .win_word_o(win_word), .win_wdata_o(win_wdata),
    .win_rvalid_i(win_rvalid), .win_rdata_i(win_rdata), .win_error_i(win_error)
  );

  logic [63:0] cycle_q;
  generate
    if (Core) begin : gen_core
      logic        core_valid, core_ready, core_write, core_rsp, owner;
      logic [23:0] core_addr;
      logic [31:0] core_wdata;
      mr_bus_share u_share (
        .clk_i, .rst_ni, .host_valid_i(req_valid_i), .host_ready_o(req_ready_o), .host_write_i(req_write_i), .host_addr_i(req_addr_i),
        .host_wdata_i(req_wdata_i), .host_rsp_o(rsp_valid_o), .core_valid_i(core_valid), .core_ready_o(core_ready), .core_write_i(core_write),
        .core_addr_i(core_addr), .core_wdata_i(core_wdata), .core_rsp_o(core_rsp), .owner_o(owner), .out_valid_o(bus_valid),
        .out_ready_i(bus_ready), .out_write_o(bus_write), .out_addr_o(bus_addr), .out_wdata_o(bus_wdata), .out_rsp_i(bus_rsp)
      );
      mr_core #(.SramKb(CoreKb), .Run(CoreRun), .Uart(CoreUart), .Rom(CoreRom), .ClockGate(ClockGate)) u_core (
        .clk_i, .rst_ni, .sel_i(core_sel), .own_i(owner), .write_i(csr_write_o), .addr_i(csr_addr_o), .wdata_i(csr_wdata_o),
        .rdata_o(core_rdata), .error_o(core_error), .ram_sel_i(ram_sel), .ram_addr_i(ram_addr), .ram_rdata_o(ram_rdata),
        .ram_error_o(ram_error), .bus_valid_o(core_valid), .bus_write_o(core_write), .bus_addr_o(core_addr), .bus_wdata_o(core_wdata),
        .bus_ready_i(core_ready), .bus_rsp_i(core_rsp), .bus_rdata_i(rsp_rdata_o), .bus_error_i(rsp_error_o), .cycle_i(cycle_q),
        .hub_i(hub_irq), .status_i(chip_status), .irq_o(core_irq), .uart_tx_o, .uart_rx_i
      );
    end else begin : gen_no_core
      assign bus_valid = req_valid_i;
      assign req_ready_o = bus_ready;
      assign bus_write = req_write_i;
      assign bus_addr = req_addr_i;
      assign bus_wdata = req_wdata_i;
      assign rsp_valid_o = bus_rsp;
      assign core_rdata = '0;
      assign core_error = 1'b1;
      assign ram_rdata = '0;
      assign ram_error = 1'b1;
      assign core_irq = hub_irq;
      assign uart_tx_o = 1'b1;
      wire unused_core = &{1'b0, core_sel, ram_sel, ram_addr, chip_status, uart_rx_i};
    end
  endgenerate

  // ---- chip registers ----
  logic [3:0]  mem_kind;
  logic [7:0]  mem_tile;
  logic [31:0] mem_base;
  logic [31:0] crc_first;
  logic [31:0] crc_count;
  logic        crc_start;
  logic        crc_busy;
  logic        crc_error;
  logic [31:0] crc_value;
  logic [3:0]  sticky;

  assign chip_status = sticky != '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) cycle_q <= '0;
    else cycle_q <= cycle_q + 64'd1;
  end

  mr_csr_chip u_csr_chip (
    .clk_i, .rst_ni, .sel_i(chip_sel), .write_i(csr_write_o), .addr_i(csr_addr_o), .wdata_i(csr_wdata_o),
    .rdata_o(chip_rdata), .error_o(chip_error),
    .git_hash_i, .features_core_i(Core), .caps_groups_i(8'(Groups)), .caps_tiles_i(8'(Tiles)), .caps_lanes_i(8'(Lanes)),
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
    .status_bus_error_set_i((bus_rsp && rsp_error_o) || win_write_error), .status_bus_error_q(sticky[0]),
    .status_tile_error_set_i(|tile_err_i), .status_tile_error_q(sticky[1]),
    .status_kv_error_set_i(|kv_refused_i), .status_kv_error_q(sticky[2]),
    .status_link_error_set_i(|link_down_i), .status_link_error_q(sticky[3]),
    .cycle_i(cycle_q), .mem_target_kind_q(mem_kind), .mem_target_tile_q(mem_tile), .mem_base_q(mem_base),
    .mem_crc_start_q(crc_first), .mem_crc_count_q(crc_count), .mem_crc_ctrl_start_cmd(crc_start),
    .mem_crc_status_busy_i(crc_busy), .mem_crc_status_error_i(crc_error), .mem_crc_value_i(crc_value)
  );

  // ---- memory window ----
  logic                res_en;
  logic [ResW-1:0]     res_addr;
  logic [31:0]         res_data;

  mr_window #(.Tiles(AllTiles), .ResElems(ResElems)) u_window (
    .clk_i, .rst_ni, .kind_i(mem_kind), .tile_i(mem_tile),
    .win_en_i(win_en), .win_write_i(win_write), .win_index_i(mem_base + 32'(win_word)), .win_wdata_i(win_wdata),
    .win_rvalid_o(win_rvalid), .win_rdata_o(win_rdata), .win_error_o(win_error), .write_error_o(win_write_error),
    .crc_start_i(crc_start), .crc_first_i(crc_first), .crc_count_i(crc_count),
    .crc_busy_o(crc_busy), .crc_error_o(crc_error), .crc_value_o(crc_value),
    .cfg_en_o(cfg_en_o), .cfg_write_o(cfg_write_o), .cfg_kind_o(cfg_kind_o), .cfg_index_o(cfg_index_o), .cfg_wdata_o(cfg_wdata_o),
    .cfg_rvalid_i(cfg_rvalid_i), .cfg_rdata_i(cfg_rdata_i), .cfg_error_i(cfg_error_i),
    .res_en_o(res_en), .res_addr_o(res_addr), .res_data_i(res_data)
  );

  // ---- network counters, of group 0 ----
  logic [63:0]           msgs_q;
  logic [63:0]           net_busy_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      msgs_q <= '0;
      net_busy_q <= '0;
    end else if (net_busy_i) begin
      net_busy_q <= net_busy_q + 64'd1;
      if (net_grant_i) msgs_q <= msgs_q + 64'd1;
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
    .clk_i, .rst_ni, .sel_i(hub_sel), .write_i(csr_write_o), .addr_i(csr_addr_o), .wdata_i(csr_wdata_o),
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
    .tx_req_o(hub_req_o), .tx_hdr_o(hub_hdr_o), .tx_grant_i(hub_grant_i), .rx_hdr_i, .rx_accept_o(hub_accept_o),
    .rx_commit_i(hub_commit_i), .rx_empty_i, .rx_valid_i(hub_valid_i), .rx_ready_o(hub_ready_o), .rx_data_i, .rx_last_i,
    .trace_o
  );
  assign ecc_sel_o = Channels'(kv_ecc_sel);
  assign hub_irq = res_count != 8'd0 || tok_valid;
  assign irq_o = core_irq;

endmodule
`default_nettype wire
