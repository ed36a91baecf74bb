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
// ready_o: the device is initialised and the tables are clear.   idle_o: no run is queued and all write words are out.
// pe_err_o: a page copy read a poisoned word.   cnt_refused_o, pages_*: see mr_kv_cmd.   cnt_*: see mr_kv_account.
// dfi_*: seam to the PHY or device, see mr_kv_sched. Words of reads come back in order, dfi_rderr_i marks one known to be bad.
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
  parameter int FifoWords = 32,
  parameter int AnsDepth = 8,
  parameter int Depth = 4,
  parameter int InitCycles = 0,
  parameter bit PinRegs = 1'b1,
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
  logic                   wd_pop, rd_issue, rd_room, rd_valid, rd_err, cmd_ready, dram_ready;

  assign ready_o = cmd_ready && dram_ready;

  mr_kv_cmd #(
    .Slots(Slots), .Layers(Layers), .Heads(Heads), .MaxNbh(MaxNbh), .Pages(Pages), .SlotBlocks(SlotBlocks), .BaBits(BaBits), .LA(LA)
  ) u_cmd (
    .clk_i, .rst_ni,
    .cfg_start_i, .cfg_layers_i, .cfg_heads_i, .cfg_nbh_i, .cfg_pages_i, .cfg_chunk_i, .cfg_part_i, .cfg_step_i, .inj_owner_i,
    .ready_o(cmd_ready), .cnt_refused_o, .pages_used_o, .pages_dirty_o,
    .kc_valid_i, .kc_ready_o, .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .ad_valid_i, .ad_ready_o, .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o, .ad_status_o,
    .job_valid_o(job_valid), .job_ready_i(job_ready), .job_append_o(job_append), .job_status_o(job_status), .job_key_o(job_key),
    .job_pos_o(job_pos), .job_count_o(job_count), .job_base_o(job_base), .job_rot_o(job_rot), .job_part_o(job_part),
    .job_off_o(job_off),
    .flush_req_o(flush_req), .flush_done_i(flush_done),
    .pe_valid_o(pe_valid), .pe_ready_i(pe_ready), .pe_copy_o(pe_copy), .pe_src_base_o(pe_src_base), .pe_src_rot_o(pe_src_rot),
    .pe_dst_base_o(pe_dst_base), .pe_dst_rot_o(pe_dst_rot), .pe_done_i(pe_done), .pe_urgent_o(pe_urgent)
  );

  mr_kv_data #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BlockHalfs(BlockHalfs), .La(LA), .BaBits(BaBits), .KeyW(KeyW),
    .BlkW($clog2(SlotBlocks)), .MaxNbh(MaxNbh), .Entries(Entries), .Ways(Ways), .Words(Words), .HiEntries(HiEntries),
    .HiBursts(HiBursts), .AgeMax(AgeMax), .IdleDrain(IdleDrain), .FifoWords(FifoWords), .AnsDepth(AnsDepth)
  ) u_data (
    .clk_i, .rst_ni, .cfg_nbh_i, .cfg_part_i,
    .job_valid_i(job_valid), .job_ready_o(job_ready), .job_append_i(job_append), .job_status_i(job_status), .job_key_i(job_key),
    .job_pos_i(job_pos), .job_count_i(job_count), .job_base_i(job_base), .job_rot_i(job_rot), .job_part_i(job_part),
    .job_off_i(job_off),
    .flush_req_i(flush_req), .flush_done_o(flush_done),
    .pe_valid_i(pe_valid), .pe_ready_o(pe_ready), .pe_urgent_i(pe_urgent), .pe_copy_i(pe_copy), .pe_src_base_i(pe_src_base),
    .pe_src_rot_i(pe_src_rot), .pe_dst_base_i(pe_dst_base), .pe_dst_rot_i(pe_dst_rot), .pe_done_o(pe_done), .pe_err_o,
    .kw_valid_i, .kw_ready_o, .kw_block_i, .kr_valid_o, .kr_ready_i, .kr_block_o, .kr_last_o, .kr_status_o,
    .run_valid_o(run_valid), .run_ready_i(run_ready), .run_wr_o(run_wr), .run_base_o(run_base), .run_rot_o(run_rot),
    .run_part_o(run_part), .run_off_o(run_off), .run_n_o(run_n), .run_use_o(run_use),
    .wd_word_o(wd_word), .wd_be_o(wd_be), .wd_pop_i(wd_pop), .rd_issue_i(rd_issue), .rd_valid_i(rd_valid), .rd_word_i(rd_word),
    .rd_err_i(rd_err), .rd_room_o(rd_room)
  );

  mr_kv_backend #(
    .Prof(Prof), .WordBytes(WordBytes), .Depth(Depth), .InitCycles(InitCycles), .PinRegs(PinRegs)
  ) u_backend (
    .clk_i, .rst_ni, .cfg_part_i, .cfg_step_i, .cfg_odd_i(cfg_chunk_i[0]),
    .run_valid_i(run_valid), .run_ready_o(run_ready), .run_wr_i(run_wr), .run_base_i(run_base), .run_rot_i(run_rot),
    .run_part_i(run_part), .run_off_i(run_off), .run_n_i(run_n), .run_use_i(run_use),
    .wd_word_i(wd_word), .wd_be_i(wd_be), .wd_pop_o(wd_pop), .rd_issue_o(rd_issue), .rd_room_i(rd_room), .rd_valid_o(rd_valid),
    .rd_word_o(rd_word), .rd_err_o(rd_err), .idle_o, .ready_o(dram_ready),
    .dfi_cmd_o, .dfi_bg_o, .dfi_ba_o, .dfi_a_o, .dfi2_cmd_o, .dfi2_bg_o, .dfi2_ba_o, .dfi2_a_o,
    .dfi_wrdata_en_o, .dfi_wrdata_o, .dfi_wrmask_o, .dfi_rddata_valid_i, .dfi_rddata_i, .dfi_rderr_i,
    .cnt_snap_i, .cnt_rd_valid_i, .cnt_rd_addr_i, .cnt_rd_done_o, .cnt_rd_data_o
  );
endmodule
`default_nettype wire
