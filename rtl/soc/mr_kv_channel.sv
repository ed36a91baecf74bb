// SPDX-License-Identifier: Apache-2.0
// One KV channel of the chip: registers, start and controller, down to the DFI-like port.
//
// Prof, DqBytes  device profile of mr_kv_dev_pkg and bytes of its data bus a clock (the profile's times 2^n: devices side by side).
// Slots, Layers, Heads, MaxNbh (1..16), Pages, SlotBlocks, InitCycles, PinRegs  see mr_kv_top; the model's blocks are Q8_0.
// Bus side (sel_i ... error_o): mr_csr_kv.   reset_i (one clock)  empties the cache like CTRL.init; the DRAM goes on being refreshed.
// kc_*, kw_*, kr_*: docs/interfaces.md section 3.   hold_o, idle_i: send no command, none is under way (mr_kv_guard).
// nbh_o: blocks of a vector in use.   refused_o (one clock): a command was refused.
// dfi_*: see mr_kv_sched. dfi_ready_o: the device has been initialised; it stays in use while the tables are built anew. Tests: tests/cosim.
`default_nettype none
module mr_kv_channel #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int DqBytes = 8,
  parameter int Slots = 8,
  parameter int Layers = 32,
  parameter int Heads = 8,
  parameter int MaxNbh = 4,
  parameter int Pages = 1024,
  parameter int SlotBlocks = 64,
  parameter int InitCycles = 0,
  parameter bit PinRegs = 1'b1
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  input  wire                  reset_i,
  input  wire                  sel_i,
  input  wire                  write_i,
  input  wire  [11:0]          addr_i,
  input  wire  [31:0]          wdata_i,
  output wire  [31:0]          rdata_o,
  output wire                  error_o,
  output wire                  hold_o,
  input  wire                  idle_i,
  output logic [4:0]           nbh_o,
  output wire                  refused_o,

  input  wire                  kc_valid_i,
  output wire                  kc_ready_o,
  input  wire  [1:0]           kc_op_i,
  input  wire  [7:0]           kc_slot_i,
  input  wire  [7:0]           kc_layer_i,
  input  wire  [7:0]           kc_head_i,
  input  wire                  kc_kind_i,
  input  wire  [17:0]          kc_pos_i,
  input  wire  [5:0]           kc_count_i,
  input  wire                  kw_valid_i,
  output wire                  kw_ready_o,
  input  wire  [271:0]         kw_block_i,
  output wire                  kr_valid_o,
  input  wire                  kr_ready_i,
  output wire  [271:0]         kr_block_o,
  output wire                  kr_last_o,
  output wire  [3:0]           kr_status_o,

  output logic                 dfi_ready_o,
  output wire  [3:0]           dfi_cmd_o,
  output wire  [1:0]           dfi_bg_o,
  output wire  [2:0]           dfi_ba_o,
  output wire  [17:0]          dfi_a_o,
  output wire  [3:0]           dfi2_cmd_o,
  output wire  [1:0]           dfi2_bg_o,
  output wire  [2:0]           dfi2_ba_o,
  output wire  [17:0]          dfi2_a_o,
  output wire                  dfi_wrdata_en_o,
  output wire  [8*DqBytes-1:0] dfi_wrdata_o,
  output wire  [DqBytes-1:0]   dfi_wrmask_o,
  input  wire                  dfi_rddata_valid_i,
  input  wire  [8*DqBytes-1:0] dfi_rddata_i
);
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]};
  localparam int La = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                    + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]};
  // The read FIFO holds the device's latency, the way there and back, and bursts of margin, so that reads never wait for room.
  localparam int FifoWords = 1 << $clog2(3 * {16'd0, Prof[16*mr_kv_dev_pkg::IdxRl +: 16]}
                                         + 4 * {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]} + 8);
  // mr_kv_account needs three rounds of 128 clocks to start; some devices' initial wait is shorter.
  localparam int Wait = (InitCycles == 0 && Prof[16*mr_kv_dev_pkg::IdxInitNop +: 16] < 16'd400) ? 400 : InitCycles;
  localparam int PageW = (Pages < 2) ? 1 : $clog2(Pages);

  // ---- registers ----
  logic [8:0]      cfg_layers;
  logic [7:0]      cfg_heads;
  logic [4:0]      cfg_nbh;
  logic [16:0]     cfg_pages;
  logic [31:0]     cfg_chunk, cfg_part;
  logic [7:0]      cfg_step;
  logic            init, snap, ready, load;
  logic            admin_go, admin_busy;
  logic [1:0]      admin_op;
  logic [7:0]      admin_slot, admin_src;
  logic [17:0]     admin_len;
  logic [3:0]      admin_code;
  logic            count_go, count_done;
  logic [6:0]      count_addr;
  logic [15:0]     count_data, count_q;
  logic            count_busy_q;
  logic [PageW:0]  pages_used, pages_dirty;
  logic [16:0]     pages_q;
  logic [63:0]     cnt_refused;
  logic            page_err;

  assign refused_o = kr_valid_o && kr_ready_i && kr_last_o && kr_status_o != 4'd0;

  mr_csr_kv u_csr (
    .clk_i, .rst_ni, .sel_i, .write_i, .addr_i, .wdata_i, .rdata_o, .error_o,
    .config_layers_q(cfg_layers), .config_heads_q(cfg_heads), .config_nbh_q(cfg_nbh), .pages_q(cfg_pages),
    .chunk_q(cfg_chunk), .part_q(cfg_part), .step_q(cfg_step),
    .ctrl_init_cmd(init), .ctrl_snap_cmd(snap), .status_ready_i(ready),
    .admin_slot_q(admin_slot), .admin_src_q(admin_src), .admin_op_q(admin_op), .admin_go_cmd(admin_go), .admin_len_q(admin_len),
    .admin_status_busy_i(admin_busy), .admin_status_code_i(admin_code),
    .pages_free_i(32'(pages_q) - 32'(pages_used)), .pages_dirty_i(32'(pages_dirty)),
    .error_refused_set_i(refused_o), .error_refused_q(), .error_page_copy_set_i(page_err), .error_page_copy_q(),
    .refused_who_i(cnt_refused[15:0]), .refused_pos_i(cnt_refused[31:16]),
    .refused_pages_pages_i(cnt_refused[47:32]), .refused_pages_tag_i(cnt_refused[63:48]),
    .count_sel_quarter_q(count_addr[1:0]), .count_sel_counter_q(count_addr[6:2]), .count_sel_go_cmd(count_go),
    .count_data_i(count_q), .count_data_busy_i(count_busy_q)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_busy_q <= 1'b0;
    else count_busy_q <= count_go || (count_busy_q && !count_done);
    if (count_busy_q && count_done) count_q <= count_data;
  end

  // ---- start: the shape in use is what the registers held at the last CTRL.init or soft reset ----
  logic [8:0]        layers_q;
  logic [7:0]        heads_q;
  logic [La-1:0]     chunk_q, part_q;
  logic [BaBits-1:0] step_q;
  logic              ctrl_ready, ctrl_idle, cfg_start, ad_valid, ad_ready, ad_done;
  logic [1:0]        ad_op;
  logic [7:0]        ad_slot, ad_src;
  logic [17:0]       ad_len;
  logic [3:0]        ad_status;

  mr_kv_init u_init (
    .clk_i, .rst_ni, .init_i(init || reset_i), .ready_o(ready), .hold_o, .load_o(load), .idle_i,
    .go_i(admin_go), .op_i(admin_op), .slot_i(admin_slot), .src_i(admin_src), .len_i(admin_len), .busy_o(admin_busy),
    .code_o(admin_code),
    .ctrl_ready_i(ctrl_ready), .ctrl_idle_i(ctrl_idle), .used_i(pages_used != '0), .cfg_start_o(cfg_start),
    .ad_valid_o(ad_valid), .ad_ready_i(ad_ready), .ad_op_o(ad_op), .ad_slot_o(ad_slot), .ad_src_o(ad_src), .ad_len_o(ad_len),
    .ad_done_i(ad_done), .ad_status_i(ad_status)
  );

  // What does not fit the controller becomes 0 blocks or layers, so that it refuses every command.
  logic fits;
  assign fits = (cfg_chunk >> La) == '0 && (cfg_part >> La) == '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      layers_q <= '0;
      heads_q  <= '0;
      nbh_o    <= '0;
      pages_q  <= '0;
      chunk_q  <= '0;
      part_q   <= '0;
      step_q   <= '0;
    end else if (load) begin
      layers_q <= fits ? cfg_layers : '0;
      heads_q  <= cfg_heads;
      nbh_o    <= cfg_nbh;
      pages_q  <= cfg_pages;
      chunk_q  <= cfg_chunk[La-1:0];
      part_q   <= cfg_part[La-1:0];
      step_q   <= cfg_step[BaBits-1:0];
    end
  end

  // ---- controller ----
  mr_kv_top #(
    .Prof(Prof), .WordBytes(DqBytes), .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages),
    .SlotBlocks(SlotBlocks), .FifoWords(FifoWords), .InitCycles(Wait), .PinRegs(PinRegs)
  ) u_kv (
    .clk_i, .rst_ni,
    .cfg_start_i(cfg_start), .cfg_layers_i(layers_q), .cfg_heads_i({1'b0, heads_q}), .cfg_nbh_i({1'b0, nbh_o}),
    .cfg_pages_i(pages_q), .cfg_chunk_i(chunk_q), .cfg_part_i(part_q), .cfg_step_i(step_q), .inj_owner_i(1'b0),
    .ready_o(ctrl_ready), .idle_o(ctrl_idle), .pe_err_o(page_err), .cnt_refused_o(cnt_refused),
    .pages_used_o(pages_used), .pages_dirty_o(pages_dirty),
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .kw_valid_i, .kw_ready_o, .kw_block_i, .kr_valid_o, .kr_ready_i, .kr_block_o, .kr_last_o, .kr_status_o,
    .ad_valid_i(ad_valid), .ad_ready_o(ad_ready), .ad_op_i(ad_op), .ad_slot_i(ad_slot), .ad_src_i(ad_src), .ad_len_i(ad_len),
    .ad_done_o(ad_done), .ad_status_o(ad_status),
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o, .dfi_wrmask_o, .dfi_rddata_valid_i, .dfi_rddata_i, .dfi_rderr_i(1'b0),
    .dfi_wrchk_o(), .dfi_wrchkmask_o(), .dfi_rdchk_i((3 * DqBytes)'(0)),
    .ecc_en_i(1'b0), .ecc_inj_en_i(1'b0), .ecc_inj_rd_i(1'b0), .ecc_inj_match_i(1'b0), .ecc_inj_addr_i(32'd0), .ecc_inj_beat_i(3'd0),
    .ecc_inj_cw_i(3'd0), .ecc_inj_mask_i(72'd0), .ecc_inj_every_i(16'd0), .ecc_log_clear_i(1'b0), .ecc_log_pop_i(1'b0),
    .ecc_log_valid_o(), .ecc_log_data_o(), .ecc_log_count_o(), .ecc_log_lost_o(), .ecc_first_valid_o(), .ecc_first_data_o(),
    .ecc_cnt_clear_i(1'b0), .ecc_corrected_o(), .ecc_detected_o(), .ecc_poisoned_o(), .ecc_injected_o(),
    .patrol_gap_i(16'd0), .patrol_pages_o(), .patrol_words_o(),
    .axi_clear_i(1'b0), .axi_base_i(40'd0), .axi_busy_o(), .axi_err_clear_i(1'b0), .axi_wr_err_o(), .axi_wr_err_count_o(),
    .axi_wr_err_addr_o(), .axi_proto_err_o(), .axi_timeout_o(), .axi_awid_o(), .axi_awaddr_o(), .axi_awlen_o(), .axi_awsize_o(),
    .axi_awburst_o(), .axi_awlock_o(), .axi_awcache_o(), .axi_awprot_o(), .axi_awqos_o(), .axi_awvalid_o(), .axi_awready_i(1'b0),
    .axi_wdata_o(), .axi_wstrb_o(), .axi_wlast_o(), .axi_wvalid_o(), .axi_wready_i(1'b0), .axi_bid_i(4'd0), .axi_bresp_i(2'd0),
    .axi_bvalid_i(1'b0), .axi_bready_o(), .axi_arid_o(), .axi_araddr_o(), .axi_arlen_o(), .axi_arsize_o(), .axi_arburst_o(),
    .axi_arlock_o(), .axi_arcache_o(), .axi_arprot_o(), .axi_arqos_o(), .axi_arvalid_o(), .axi_arready_i(1'b0), .axi_rid_i(4'd0),
    .axi_rdata_i((8 * DqBytes)'(0)), .axi_rresp_i(2'd0), .axi_rlast_i(1'b0), .axi_rvalid_i(1'b0), .axi_rready_o(),
    .cnt_snap_i(snap), .cnt_rd_valid_i(count_busy_q), .cnt_rd_addr_i(count_addr), .cnt_rd_done_o(count_done),
    .cnt_rd_data_o(count_data)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) dfi_ready_o <= 1'b0;
    else if (ctrl_ready) dfi_ready_o <= 1'b1;
  end
  wire unused_ok = &{1'b0, cfg_step};
endmodule
`default_nettype wire
