// SPDX-License-Identifier: Apache-2.0
// The KV-cache DRAM controller: front end, data path and DRAM back end as one module.
//
// Prof, WordBytes  device profile of mr_kv_dev_pkg and bytes a clock (default: the profile's; else times 2^n).   BlockHalfs  17 (Q8_0), 9 (Q4_0).
// Slots, Layers, Heads, MaxNbh, Pages, SlotBlocks  limits of the front end, see mr_kv_cmd.
// Entries, Words, Ways, HiEntries, HiBursts, AgeMax, IdleDrain  append buffer; FifoWords, AnsDepth  read side: see mr_kv_data, mr_kv_plan.
// Depth, InitCycles, PinRegs  scheduler: see mr_kv_sched.
// kc_*, kw_*, kr_*: docs/interfaces.md section 3 (R1-R6), answers in the order of commands.   ad_*: FREE, TRUNCATE, FORK, QUOTA, see mr_kv_admin.
// cfg_*: stable from cfg_start_i (pulse) on. cfg_chunk_i bursts of a chunk (32 vectors: 32 nbh BlockHalfs half-words), cfg_part_i bursts of
// a page in each bank, cfg_step_i rotation from block to block: docs/kv_dram.md. Pulse cfg_start_i only while idle_o.
// Ecc 1: mr_kv_ecc stands between the back end and dfi_*, with code words of EccWord data bits (docs/kv_ecc.md): dfi_*chk* are the check
// bits, ecc_* its registers, PhyExtra clocks that a PHY adds to the profile's Rl at most; FifoWords for 3 clocks more. Pages are zeroed before their
// first use, and mr_kv_patrol reads all pages in turn and writes them back corrected, a piece each 64 patrol_gap_i clocks (0, or ecc_en_i low:
// not at all). A word that cannot be corrected makes the stream's status 7 and stays bad when its page is copied. Ecc 0: dfi_rderr_i marks a
// word of a read known to be bad, a copy of it is good, and ecc_* and dfi_*chk* do nothing.
// Axi 1: mr_kv_axi takes the place of the DRAM back end (docs/kv_axi.md). Prof gives the page layout only (banks, rows, columns, burst), WordBytes
// the AXI data width, 4..16; dfi_* and ecc_* do nothing, axi_* are its ports. AxiAddrW, AxiIdW, AxiMaxBurst, AxiLatency, AxiMaxWrites,
// AxiTimeoutBits: its parameters without Axi; FifoWords covers the latency and a burst. A copy that reads a bad word is undone: its APPEND is refused
// with 7. axi_clear_i (pulse): forget everything, as reset does, but complete what is under way at the memory; ready_o is low until then.
// ready_o: the device is initialised and the tables are clear.   idle_o: no run is queued and all write words are out.
// pe_err_o: a page copy read a poisoned word.   cnt_refused_o, pages_*: see mr_kv_cmd.   cnt_*: see mr_kv_account.
// dfi_*: seam to the PHY or device, see mr_kv_sched. Words of reads come back in order.
// Reset forgets everything and initialises the device again. Tests: tests/rtl/kv_top.
`default_nettype none
module mr_kv_top #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int WordBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  parameter int BlockHalfs = 17,
  parameter int Slots = 8,
  parameter int Layers = 8,
  parameter int Heads = 2,
  parameter int MaxNbh = 4,
  parameter int Pages = 128,
  parameter int SlotBlocks = 16,
  parameter int Entries = 8,
  parameter int Ways = 1,
  parameter int Words = 1024,
  parameter int HiEntries = (3 * Entries) / 4,
  parameter int HiBursts = Words / {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]} / 2,
  parameter int AgeMax = 4096,
  parameter int IdleDrain = 64,
  parameter int Axi = 0,
  parameter int AxiAddrW = 40,
  parameter int AxiIdW = 4,
  parameter int AxiMaxBurst = 64,
  parameter int AxiLatency = 200,
  parameter int AxiMaxWrites = 8,
  parameter int AxiTimeoutBits = 16,
  parameter int FifoWords = (Axi != 0) ? 1 << $clog2(AxiLatency + AxiMaxBurst) : 32,
  parameter int AnsDepth = 8,
  parameter int Depth = 4,
  parameter int InitCycles = 0,
  parameter bit PinRegs = 1'b1,
  parameter int Ecc = 0,
  parameter int EccWord = 16,
  parameter int PhyExtra = 8,
  localparam int Codes = 8 * WordBytes / EccWord,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(EccWord),
  localparam int BurstClks = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBurstClks +: 16]},
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int LA = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                      + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]},
  localparam int PageW = (Pages < 2) ? 1 : $clog2(Pages)
) (
  input  wire               clk_i,
  input  wire               rst_ni,

  input  wire               cfg_start_i,
  input  wire  [8:0]        cfg_layers_i,
  input  wire  [8:0]        cfg_heads_i,
  input  wire  [5:0]        cfg_nbh_i,
  input  wire  [16:0]       cfg_pages_i,
  input  wire  [LA-1:0]     cfg_chunk_i,
  input  wire  [LA-1:0]     cfg_part_i,
  input  wire  [BaBits-1:0] cfg_step_i,
  input  wire               inj_owner_i,
  output wire               ready_o,
  output wire               idle_o,
  output wire               pe_err_o,
  output wire  [63:0]       cnt_refused_o,
  output wire  [PageW:0]    pages_used_o,
  output wire  [PageW:0]    pages_dirty_o,

  input  wire               kc_valid_i,
  output wire               kc_ready_o,
  input  wire  [1:0]        kc_op_i,
  input  wire  [7:0]        kc_slot_i,
  input  wire  [7:0]        kc_layer_i,
  input  wire  [7:0]        kc_head_i,
  input  wire               kc_kind_i,
  input  wire  [17:0]       kc_pos_i,
  input  wire  [5:0]        kc_count_i,
  input  wire               kw_valid_i,
  output wire               kw_ready_o,
  input  wire  [271:0]      kw_block_i,
  output wire               kr_valid_o,
  input  wire               kr_ready_i,
  output wire  [271:0]      kr_block_o,
  output wire               kr_last_o,
  output wire  [3:0]        kr_status_o,

  input  wire               ad_valid_i,
  output wire               ad_ready_o,
  input  wire  [1:0]        ad_op_i,
  input  wire  [7:0]        ad_slot_i,
  input  wire  [7:0]        ad_src_i,
  input  wire  [17:0]       ad_len_i,
  output wire               ad_done_o,
  output wire  [3:0]        ad_status_o,

  output wire  [3:0]        dfi_cmd_o,
  output wire  [1:0]        dfi_bg_o,
  output wire  [2:0]        dfi_ba_o,
  output wire  [17:0]       dfi_a_o,
  output wire  [3:0]        dfi2_cmd_o,
  output wire  [1:0]        dfi2_bg_o,
  output wire  [2:0]        dfi2_ba_o,
  output wire  [17:0]       dfi2_a_o,
  output wire               dfi_wrdata_en_o,
  output wire  [8*WordBytes-1:0] dfi_wrdata_o,
  output wire  [WordBytes-1:0] dfi_wrmask_o,
  input  wire               dfi_rddata_valid_i,
  input  wire  [8*WordBytes-1:0] dfi_rddata_i,
  input  wire               dfi_rderr_i,
  output wire  [Codes*ChkBits-1:0] dfi_wrchk_o,
  output wire  [Codes-1:0]  dfi_wrchkmask_o,
  input  wire  [Codes*ChkBits-1:0] dfi_rdchk_i,

  input  wire               ecc_en_i,
  input  wire               ecc_inj_en_i,
  input  wire               ecc_inj_rd_i,
  input  wire               ecc_inj_match_i,
  input  wire  [31:0]       ecc_inj_addr_i,
  input  wire  [2:0]        ecc_inj_beat_i,
  input  wire  [2:0]        ecc_inj_cw_i,
  input  wire  [71:0]       ecc_inj_mask_i,
  input  wire  [15:0]       ecc_inj_every_i,
  input  wire               ecc_log_clear_i,
  input  wire               ecc_log_pop_i,
  output wire               ecc_log_valid_o,
  output wire  [63:0]       ecc_log_data_o,
  output wire  [4:0]        ecc_log_count_o,
  output wire  [7:0]        ecc_log_lost_o,
  output wire               ecc_first_valid_o,
  output wire  [63:0]       ecc_first_data_o,
  input  wire               ecc_cnt_clear_i,
  output wire  [31:0]       ecc_corrected_o,
  output wire  [31:0]       ecc_detected_o,
  output wire  [31:0]       ecc_poisoned_o,
  output wire  [31:0]       ecc_injected_o,
  input  wire  [15:0]       patrol_gap_i,
  output wire  [31:0]       patrol_pages_o,
  output wire  [31:0]       patrol_words_o,

  input  wire               axi_clear_i,
  input  wire  [AxiAddrW-1:0] axi_base_i,
  output wire               axi_busy_o,
  input  wire               axi_err_clear_i,
  output wire               axi_wr_err_o,
  output wire  [15:0]       axi_wr_err_count_o,
  output wire  [AxiAddrW-1:0] axi_wr_err_addr_o,
  output wire               axi_proto_err_o,
  output wire               axi_timeout_o,
  output wire  [AxiIdW-1:0] axi_awid_o,
  output wire  [AxiAddrW-1:0] axi_awaddr_o,
  output wire  [7:0]        axi_awlen_o,
  output wire  [2:0]        axi_awsize_o,
  output wire  [1:0]        axi_awburst_o,
  output wire               axi_awlock_o,
  output wire  [3:0]        axi_awcache_o,
  output wire  [2:0]        axi_awprot_o,
  output wire  [3:0]        axi_awqos_o,
  output wire               axi_awvalid_o,
  input  wire               axi_awready_i,
  output wire  [8*WordBytes-1:0] axi_wdata_o,
  output wire  [WordBytes-1:0] axi_wstrb_o,
  output wire               axi_wlast_o,
  output wire               axi_wvalid_o,
  input  wire               axi_wready_i,
  input  wire  [AxiIdW-1:0] axi_bid_i,
  input  wire  [1:0]        axi_bresp_i,
  input  wire               axi_bvalid_i,
  output wire               axi_bready_o,
  output wire  [AxiIdW-1:0] axi_arid_o,
  output wire  [AxiAddrW-1:0] axi_araddr_o,
  output wire  [7:0]        axi_arlen_o,
  output wire  [2:0]        axi_arsize_o,
  output wire  [1:0]        axi_arburst_o,
  output wire               axi_arlock_o,
  output wire  [3:0]        axi_arcache_o,
  output wire  [2:0]        axi_arprot_o,
  output wire  [3:0]        axi_arqos_o,
  output wire               axi_arvalid_o,
  input  wire               axi_arready_i,
  input  wire  [AxiIdW-1:0] axi_rid_i,
  input  wire  [8*WordBytes-1:0] axi_rdata_i,
  input  wire  [1:0]        axi_rresp_i,
  input  wire               axi_rlast_i,
  input  wire               axi_rvalid_i,
  output wire               axi_rready_o,

  input  wire               cnt_snap_i,
  input  wire               cnt_rd_valid_i,
  input  wire  [6:0]        cnt_rd_addr_i,
  output wire               cnt_rd_done_o,
  output wire  [15:0]       cnt_rd_data_o
);
  localparam int SlotW  = (Slots < 2) ? 1 : $clog2(Slots);
  localparam int LayerW = (Layers < 2) ? 1 : $clog2(Layers);
  localparam int HeadW  = (Heads < 2) ? 1 : $clog2(Heads);
  localparam int KeyW   = SlotW + LayerW + HeadW + 1;

  logic                   job_valid, job_ready, job_append, flush_req, flush_done;
  logic [3:0]             job_status;
  logic [KeyW-1:0]        job_key;
  logic [17:0]            job_pos;
  logic [5:0]             job_count;
  logic [LA-1:0]          job_base, job_off;
  logic [BaBits-1:0]      job_rot, job_part;
  logic                   pe_valid, pe_ready, pe_copy, pe_done, pe_urgent;
  logic [LA-1:0]          pe_src_base, pe_dst_base;
  logic [BaBits-1:0]      pe_src_rot, pe_dst_rot;
  logic                   run_valid, run_ready, run_wr;
  logic [LA-1:0]          run_base, run_off, run_n;
  logic [BaBits-1:0]      run_rot, run_part;
  logic [LA+3:0]          run_use;
  logic [8*WordBytes-1:0] wd_word, rd_word;
  logic [WordBytes-1:0]   wd_be;
  logic                   wd_bad;
  logic                   wd_pop, rd_issue, rd_room, rd_valid, rd_err, cmd_ready, dram_ready;

  // The page engine's port: the front end's, or the patrol's in between.
  logic                   en_valid, en_ready, en_copy, en_done, en_urgent, en_one, en_free, en_fill, en_swap, en_pause;
  logic [LA-1:0]          en_src_base, en_dst_base;
  logic [BaBits-1:0]      en_src_rot, en_dst_rot;
  logic [LA-BaBits-1:0]   en_piece;
  logic [PageW:0]         pages_ready;
  logic                   rest, bk_rd_fix;

  assign ready_o = cmd_ready && dram_ready && rest;

  // What stands in front of the AXI back end forgets with it.
  logic front_n;
  assign front_n = rst_ni && !(Axi != 0 && axi_clear_i);

  mr_kv_cmd #(
    .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages), .SlotBlocks(SlotBlocks), .BaBits(BaBits), .LA(LA),
    .ZeroFresh(Ecc != 0), .UndoCopy(Axi != 0)
  ) u_cmd (
    .clk_i, .rst_ni(front_n),
    .cfg_start_i, .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i, .cfg_pages_i, .cfg_chunk_i, .cfg_part_i, .cfg_step_i, .inj_owner_i,
    .ready_o(cmd_ready), .cnt_refused_o, .pages_used_o, .pages_dirty_o, .pages_ready_o(pages_ready),
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .ad_valid_i, .ad_ready_o, .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o, .ad_status_o,
    .job_valid_o(job_valid), .job_ready_i(job_ready), .job_append_o(job_append), .job_status_o(job_status), .job_key_o(job_key),
    .job_pos_o(job_pos), .job_count_o(job_count), .job_base_o(job_base), .job_rot_o(job_rot), .job_part_o(job_part),
    .job_off_o(job_off),
    .flush_req_o(flush_req), .flush_done_i(flush_done),
    .pe_valid_o(pe_valid), .pe_ready_i(pe_ready), .pe_copy_o(pe_copy), .pe_src_base_o(pe_src_base), .pe_src_rot_o(pe_src_rot),
    .pe_dst_base_o(pe_dst_base), .pe_dst_rot_o(pe_dst_rot), .pe_done_i(pe_done), .pe_err_i(pe_err_o), .pe_urgent_o(pe_urgent)
  );

  mr_kv_data #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BlockHalfs(BlockHalfs), .La(LA), .BaBits(BaBits), .KeyW(KeyW),
    .BlkW($clog2(SlotBlocks)), .MaxNbh(MaxNbh), .Entries(Entries), .Ways(Ways), .Words(Words), .HiEntries(HiEntries),
    .HiBursts(HiBursts), .AgeMax(AgeMax), .IdleDrain(IdleDrain), .FifoWords(FifoWords), .AnsDepth(AnsDepth)
  ) u_data (
    .clk_i, .rst_ni(front_n), .cfg_nbh_i, .cfg_part_i,
    .job_valid_i(job_valid), .job_ready_o(job_ready), .job_append_i(job_append), .job_status_i(job_status), .job_key_i(job_key),
    .job_pos_i(job_pos), .job_count_i(job_count), .job_base_i(job_base), .job_rot_i(job_rot), .job_part_i(job_part),
    .job_off_i(job_off),
    .flush_req_i(flush_req), .flush_done_o(flush_done),
    .pe_valid_i(en_valid), .pe_ready_o(en_ready), .pe_urgent_i(en_urgent), .pe_copy_i(en_copy), .pe_src_base_i(en_src_base),
    .pe_src_rot_i(en_src_rot), .pe_dst_base_i(en_dst_base), .pe_dst_rot_i(en_dst_rot), .pe_done_o(en_done), .pe_err_o,
    .pe_one_i(en_one), .pe_piece_i(en_piece), .pe_swap_i(en_swap), .pe_pause_i(en_pause), .pe_free_o(en_free), .pe_fill_o(en_fill),
    .kw_valid_i, .kw_ready_o, .kw_block_i, .kr_valid_o, .kr_ready_i, .kr_block_o, .kr_last_o, .kr_status_o,
    .run_valid_o(run_valid), .run_ready_i(run_ready), .run_wr_o(run_wr), .run_base_o(run_base), .run_rot_o(run_rot),
    .run_part_o(run_part), .run_off_o(run_off), .run_n_o(run_n), .run_use_o(run_use),
    .wd_word_o(wd_word), .wd_be_o(wd_be), .wd_bad_o(wd_bad), .wd_pop_i(wd_pop), .rd_issue_i(rd_issue), .rd_valid_i(rd_valid), .rd_word_i(rd_word),
    .rd_err_i(rd_err), .rd_room_o(rd_room)
  );

  // --- back end's port, and the ECC filter behind it -----------------------------------------------------------------
  logic [3:0]             bk_cmd, bk_cmd2;
  logic [1:0]             bk_bg, bk_bg2;
  logic [2:0]             bk_ba, bk_ba2;
  logic [17:0]            bk_a, bk_a2;
  logic                   bk_wr_en, bk_rd_valid, bk_rd_err;
  logic [8*WordBytes-1:0] bk_wrdata, bk_rddata;
  logic [WordBytes-1:0]   bk_wrmask;

  generate
    if (Axi != 0) begin : gen_axi
      localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]};
      mr_kv_axi #(
        .WordBytes(WordBytes), .BurstClks(BurstClks), .BaBits(BaBits), .RowBits(RowBits), .ColBits(LA - RowBits), .AddrW(AxiAddrW),
        .IdW(AxiIdW), .MaxBurst(AxiMaxBurst), .Latency(AxiLatency), .MaxWrites(AxiMaxWrites), .TimeoutBits(AxiTimeoutBits)
      ) u_axi (
        .clk_i, .rst_ni, .clear_i(axi_clear_i), .base_i(axi_base_i), .cfg_part_i, .cfg_step_i,
        .run_valid_i(run_valid), .run_ready_o(run_ready), .run_wr_i(run_wr), .run_base_i(run_base), .run_rot_i(run_rot),
        .run_part_i(run_part), .run_off_i(run_off), .run_n_i(run_n), .run_use_i(run_use),
        .wd_word_i(wd_word), .wd_be_i(wd_be), .wd_pop_o(wd_pop), .rd_issue_o(rd_issue), .rd_room_i(rd_room), .rd_valid_o(rd_valid),
        .rd_word_o(rd_word), .rd_err_o(rd_err), .idle_o, .ready_o(dram_ready), .busy_o(axi_busy_o), .rd_out_o(), .wr_out_o(),
        .err_clear_i(axi_err_clear_i), .wr_err_o(axi_wr_err_o), .wr_err_count_o(axi_wr_err_count_o),
        .wr_err_addr_o(axi_wr_err_addr_o), .proto_err_o(axi_proto_err_o), .timeout_o(axi_timeout_o),
        .axi_awid_o, .axi_awaddr_o, .axi_awlen_o, .axi_awsize_o, .axi_awburst_o, .axi_awlock_o, .axi_awcache_o, .axi_awprot_o,
        .axi_awqos_o, .axi_awvalid_o, .axi_awready_i, .axi_wdata_o, .axi_wstrb_o, .axi_wlast_o, .axi_wvalid_o, .axi_wready_i,
        .axi_bid_i, .axi_bresp_i, .axi_bvalid_i, .axi_bready_o,
        .axi_arid_o, .axi_araddr_o, .axi_arlen_o, .axi_arsize_o, .axi_arburst_o, .axi_arlock_o, .axi_arcache_o, .axi_arprot_o,
        .axi_arqos_o, .axi_arvalid_o, .axi_arready_i, .axi_rid_i, .axi_rdata_i, .axi_rresp_i, .axi_rlast_i, .axi_rvalid_i,
        .axi_rready_o,
        .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
      );
      assign {bk_cmd, bk_bg, bk_ba, bk_a, bk_cmd2, bk_bg2, bk_ba2, bk_a2, bk_wr_en, bk_wrdata, bk_wrmask} = '0;
      wire unused_axi = &{1'b0, bk_rd_valid, bk_rddata, bk_rd_err};
      initial if (Ecc != 0) $fatal(1, "%m: with Axi the ECC is the memory's");
    end else begin : gen_dram
    // The longest run: a whole chunk, or the page engine's piece. Less than 16 of them are under way.
    localparam int RunHalfs = 32 * MaxNbh * BlockHalfs;
    localparam int RunMax   = RunHalfs / (WordBytes / 2 * BurstClks) + 1;
    localparam int RunBits  = $clog2(((RunMax > 1 << BaBits) ? RunMax : 1 << BaBits) + 1);
    localparam int UseBits  = $clog2(RunHalfs / (WordBytes / 2) + 2) + 3;
    mr_kv_backend #(
      .Prof(Prof), .WordBytes(WordBytes), .Depth(Depth), .InitCycles(InitCycles), .PinRegs(PinRegs), .RunBits(RunBits),
      .UseBits(UseBits)
    ) u_backend (
      .clk_i, .rst_ni, .cfg_part_i, .cfg_step_i, .cfg_odd_i(cfg_chunk_i[0]),
      .run_valid_i(run_valid), .run_ready_o(run_ready), .run_wr_i(run_wr), .run_base_i(run_base), .run_rot_i(run_rot),
      .run_part_i(run_part), .run_off_i(run_off), .run_n_i(run_n), .run_use_i(run_use),
      .wd_word_i(wd_word), .wd_be_i(wd_be), .wd_pop_o(wd_pop), .rd_issue_o(rd_issue), .rd_room_i(rd_room), .rd_valid_o(rd_valid),
      .rd_word_o(rd_word), .rd_err_o(rd_err), .idle_o, .ready_o(dram_ready),
      .dfi_cmd_o(bk_cmd), .dfi_bg_o(bk_bg), .dfi_ba_o(bk_ba), .dfi_a_o(bk_a), .dfi2_cmd_o(bk_cmd2), .dfi2_bg_o(bk_bg2),
      .dfi2_ba_o(bk_ba2), .dfi2_a_o(bk_a2), .dfi_wrdata_en_o(bk_wr_en), .dfi_wrdata_o(bk_wrdata), .dfi_wrmask_o(bk_wrmask),
      .dfi_rddata_valid_i(bk_rd_valid), .dfi_rddata_i(bk_rddata), .dfi_rderr_i(bk_rd_err),
      .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
    );
      assign {axi_busy_o, axi_wr_err_o, axi_wr_err_count_o, axi_wr_err_addr_o, axi_proto_err_o, axi_timeout_o} = '0;
      assign {axi_awid_o, axi_awaddr_o, axi_awlen_o, axi_awsize_o, axi_awburst_o, axi_awlock_o, axi_awcache_o, axi_awprot_o,
              axi_awqos_o, axi_awvalid_o, axi_wdata_o, axi_wstrb_o, axi_wlast_o, axi_wvalid_o, axi_bready_o} = '0;
      assign {axi_arid_o, axi_araddr_o, axi_arlen_o, axi_arsize_o, axi_arburst_o, axi_arlock_o, axi_arcache_o, axi_arprot_o,
              axi_arqos_o, axi_arvalid_o, axi_rready_o} = '0;
      wire unused_axi = &{1'b0, axi_clear_i, axi_base_i, axi_err_clear_i, axi_awready_i, axi_wready_i, axi_bid_i, axi_bresp_i,
                          axi_bvalid_i, axi_arready_i, axi_rid_i, axi_rdata_i, axi_rresp_i, axi_rlast_i, axi_rvalid_i};
    end

    if (Ecc != 0) begin : gen_ecc
      // Whether the word is bad goes the way of the word itself.
      logic wr_bad;
      if (PinRegs) begin : gen_bad_reg
        logic bad_q;
        always_ff @(posedge clk_i) bad_q <= wd_bad;
        assign wr_bad = bad_q;
      end else begin : gen_bad
        assign wr_bad = wd_bad;
      end
      mr_kv_ecc #(.Prof(Prof), .WordBytes(WordBytes), .EccWord(EccWord), .PhyExtra(PhyExtra)) u_ecc (
        .clk_i, .rst_ni, .en_i(ecc_en_i),
        .up_cmd_i(bk_cmd), .up_bg_i(bk_bg), .up_ba_i(bk_ba), .up_a_i(bk_a), .up_cmd2_i(bk_cmd2), .up_bg2_i(bk_bg2),
        .up_ba2_i(bk_ba2), .up_a2_i(bk_a2), .up_wrdata_en_i(bk_wr_en), .up_wrdata_i(bk_wrdata), .up_wrmask_i(bk_wrmask),
        .up_wrpoison_i(wr_bad), .up_rddata_valid_o(bk_rd_valid), .up_rddata_o(bk_rddata), .up_rderr_o(bk_rd_err),
        .up_rdfix_o(bk_rd_fix),
        .dn_cmd_o(dfi_cmd_o), .dn_bg_o(dfi_bg_o), .dn_ba_o(dfi_ba_o), .dn_a_o(dfi_a_o), .dn_cmd2_o(dfi2_cmd_o),
        .dn_bg2_o(dfi2_bg_o), .dn_ba2_o(dfi2_ba_o), .dn_a2_o(dfi2_a_o), .dn_wrdata_en_o(dfi_wrdata_en_o),
        .dn_wrdata_o(dfi_wrdata_o), .dn_wrmask_o(dfi_wrmask_o), .dn_wrchk_o(dfi_wrchk_o), .dn_wrchkmask_o(dfi_wrchkmask_o),
        .dn_rddata_valid_i(dfi_rddata_valid_i), .dn_rddata_i(dfi_rddata_i), .dn_rdchk_i(dfi_rdchk_i),
        .inj_en_i(ecc_inj_en_i), .inj_rd_i(ecc_inj_rd_i), .inj_match_i(ecc_inj_match_i), .inj_addr_i(ecc_inj_addr_i),
        .inj_beat_i(ecc_inj_beat_i), .inj_cw_i(ecc_inj_cw_i), .inj_mask_i(ecc_inj_mask_i), .inj_every_i(ecc_inj_every_i),
        .log_clear_i(ecc_log_clear_i), .log_pop_i(ecc_log_pop_i), .log_valid_o(ecc_log_valid_o), .log_data_o(ecc_log_data_o),
        .log_count_o(ecc_log_count_o), .log_lost_o(ecc_log_lost_o), .first_valid_o(ecc_first_valid_o),
        .first_data_o(ecc_first_data_o), .cnt_clear_i(ecc_cnt_clear_i), .cnt_corrected_o(ecc_corrected_o),
        .cnt_detected_o(ecc_detected_o), .cnt_poisoned_o(ecc_poisoned_o), .cnt_injected_o(ecc_injected_o)
      );
      mr_kv_patrol #(.La(LA), .BaBits(BaBits), .PageW(PageW)) u_patrol (
        .clk_i, .rst_ni, .hold_i(!cmd_ready), .gap_i(patrol_gap_i & {16{ecc_en_i}}), .cfg_part_i, .pages_i(pages_ready), .rest_o(rest),
        .in_valid_i(pe_valid), .in_ready_o(pe_ready), .in_copy_i(pe_copy), .in_urgent_i(pe_urgent), .in_src_base_i(pe_src_base),
        .in_src_rot_i(pe_src_rot), .in_dst_base_i(pe_dst_base), .in_dst_rot_i(pe_dst_rot), .in_done_o(pe_done),
        .pe_valid_o(en_valid), .pe_ready_i(en_ready), .pe_copy_o(en_copy), .pe_urgent_o(en_urgent), .pe_src_base_o(en_src_base),
        .pe_src_rot_o(en_src_rot), .pe_dst_base_o(en_dst_base), .pe_dst_rot_o(en_dst_rot), .pe_done_i(en_done),
        .pe_one_o(en_one), .pe_piece_o(en_piece), .pe_free_i(en_free), .swap_o(en_swap), .pause_o(en_pause),
        .fill_i(en_fill), .fix_i(bk_rd_valid && bk_rd_fix), .cnt_clear_i(ecc_cnt_clear_i), .cnt_pages_o(patrol_pages_o),
        .cnt_words_o(patrol_words_o)
      );
      wire unused_ok = &{1'b0, dfi_rderr_i};
    end else begin : gen_plain
      assign dfi_cmd_o       = bk_cmd;
      assign dfi_bg_o        = bk_bg;
      assign dfi_ba_o        = bk_ba;
      assign dfi_a_o         = bk_a;
      assign dfi2_cmd_o      = bk_cmd2;
      assign dfi2_bg_o       = bk_bg2;
      assign dfi2_ba_o       = bk_ba2;
      assign dfi2_a_o        = bk_a2;
      assign dfi_wrdata_en_o = bk_wr_en;
      assign dfi_wrdata_o    = bk_wrdata;
      assign dfi_wrmask_o    = bk_wrmask;
      assign bk_rd_valid     = dfi_rddata_valid_i;
      assign bk_rddata       = dfi_rddata_i;
      assign bk_rd_err       = dfi_rderr_i;
      assign dfi_wrchk_o     = '0;
      assign dfi_wrchkmask_o = '1;
      assign {ecc_log_valid_o, ecc_log_data_o, ecc_log_count_o, ecc_log_lost_o, ecc_first_valid_o, ecc_first_data_o} = '0;
      assign {ecc_corrected_o, ecc_detected_o, ecc_poisoned_o, ecc_injected_o, patrol_pages_o, patrol_words_o} = '0;
      assign rest        = 1'b1;
      assign bk_rd_fix   = 1'b0;
      assign en_valid    = pe_valid;
      assign pe_ready    = en_ready;
      assign en_copy     = pe_copy;
      assign en_urgent   = pe_urgent;
      assign en_src_base = pe_src_base;
      assign en_src_rot  = pe_src_rot;
      assign en_dst_base = pe_dst_base;
      assign en_dst_rot  = pe_dst_rot;
      assign pe_done     = en_done;
      assign {en_one, en_piece, en_swap, en_pause} = '0;
      wire unused_ok = &{1'b0, wd_bad, dfi_rdchk_i, ecc_en_i, ecc_inj_en_i, ecc_inj_rd_i, ecc_inj_match_i, ecc_inj_addr_i,
                         ecc_inj_beat_i, ecc_inj_cw_i, ecc_inj_mask_i, ecc_inj_every_i, ecc_log_clear_i, ecc_log_pop_i,
                         ecc_cnt_clear_i, patrol_gap_i, pages_ready, en_free, en_fill, bk_rd_fix};
    end
  endgenerate
endmodule
`default_nettype wire
