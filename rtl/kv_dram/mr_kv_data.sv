// SPDX-License-Identifier: Apache-2.0
// Data path of the KV controller: jobs of the front end in, runs of bursts out, blocks in and out, in order.
//
// WordBytes  bytes that the data bus moves in a clock: 2, 4, 8, 16, or 32 with Q8_0.   BurstClks  words of a burst, a power of two >= 2.
// BlockHalfs  half-words of a block: 17 (Q8_0) or 9 (Q4_0).   La  bits of a burst number in a bank.   BaBits  log2 banks of a group.
// KeyW  bits of {slot, layer, head, kind}.   BlkW  bits of the block number pos / 32, 1..13.   MaxNbh  1..32.
// Entries, Words  append buffer: APPENDs (2..64) and words (power of two; two longest vectors and 4 bursts at least).   Ways  entries
// compared in a clock.   HiEntries, HiBursts, AgeMax, IdleDrain  when it is emptied (mr_kv_plan).   FifoWords  read FIFO, power of two, 2^BaBits + 3
// bursts at least, more where latency x bandwidth asks for it.   AnsDepth  jobs whose answers may wait, a power of two.
//
// job_*, flush_*, pe_*: docs/kv_dram.md, seam of the front end; pe_one_i to pe_fill_o: see mr_kv_page, 0 without patrol. A job is held until job_ready_o; job_ready_o depends on run_ready_i.
//   STREAM: job_pos_i mod 32 = 0, job_count_i 1..32. APPEND: one position. job_status_i not 0: one beat with that status; blocks of an APPEND dropped.
// kw_*: blocks of APPENDs, taken in the order of jobs; kw_ready_o depends on kw_valid_i. kr_*: responses, from registers.
// run_*, wd_*, rd_*: seam of the back end. Write words change in the clock after wd_pop_i, the first stands when its run is offered. wd_bad_o
// (with wd_pop_i): the word is the copy of one that was read as poisoned.
// An APPEND is answered when its blocks are in the buffer; a later STREAM sees them. Nothing else is reordered. A poisoned read word
// (rd_err_i) zeroes its block and makes the status of the stream's last beat 7. Reset forgets everything. Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_data #(
  parameter int WordBytes = 2,
  parameter int BurstClks = 4,
  parameter int BlockHalfs = 17,
  parameter int La = 21,
  parameter int BaBits = 2,
  parameter int KeyW = 8,
  parameter int BlkW = 13,
  parameter int MaxNbh = 8,
  parameter int Entries = 8,
  parameter int Ways = 1,
  parameter int Words = 1024,
  parameter int HiEntries = (3 * Entries) / 4,
  parameter int HiBursts = Words / BurstClks / 2,
  parameter int AgeMax = 4096,
  parameter int IdleDrain = 64,
  parameter int FifoWords = 32,
  parameter int AnsDepth = 8
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  input  wire [5:0]             cfg_nbh_i,
  input  wire [La-1:0]          cfg_part_i,

  input  wire                   job_valid_i,
  output wire                   job_ready_o,
  input  wire                   job_append_i,
  input  wire [3:0]             job_status_i,
  input  wire [KeyW-1:0]        job_key_i,
  input  wire [17:0]            job_pos_i,
  input  wire [5:0]             job_count_i,
  input  wire [La-1:0]          job_base_i,
  input  wire [BaBits-1:0]      job_rot_i,
  input  wire [BaBits-1:0]      job_part_i,
  input  wire [La-1:0]          job_off_i,
  input  wire                   flush_req_i,
  output wire                   flush_done_o,
  input  wire                   pe_valid_i,
  output wire                   pe_ready_o,
  input  wire                   pe_urgent_i,
  input  wire                   pe_copy_i,
  input  wire [La-1:0]          pe_src_base_i,
  input  wire [BaBits-1:0]      pe_src_rot_i,
  input  wire [La-1:0]          pe_dst_base_i,
  input  wire [BaBits-1:0]      pe_dst_rot_i,
  output wire                   pe_done_o,
  output wire                   pe_err_o,
  input  wire                   pe_one_i,
  input  wire [La-BaBits-1:0]   pe_piece_i,
  input  wire                   pe_swap_i,
  input  wire                   pe_pause_i,
  output wire                   pe_free_o,
  output wire                   pe_fill_o,

  input  wire                   kw_valid_i,
  output wire                   kw_ready_o,
  input  wire [271:0]           kw_block_i,
  output wire                   kr_valid_o,
  input  wire                   kr_ready_i,
  output wire [271:0]           kr_block_o,
  output wire                   kr_last_o,
  output wire [3:0]             kr_status_o,

  output wire                   run_valid_o,
  input  wire                   run_ready_i,
  output wire                   run_wr_o,
  output wire [La-1:0]          run_base_o,
  output wire [BaBits-1:0]      run_rot_o,
  output wire [BaBits-1:0]      run_part_o,
  output wire [La-1:0]          run_off_o,
  output wire [La-1:0]          run_n_o,
  output wire [La+3:0]          run_use_o,
  output wire [8*WordBytes-1:0] wd_word_o,
  output wire [WordBytes-1:0]   wd_be_o,
  output wire                   wd_bad_o,
  input  wire                   wd_pop_i,
  input  wire                   rd_issue_i,
  input  wire                   rd_valid_i,
  input  wire [8*WordBytes-1:0] rd_word_i,
  input  wire                   rd_err_i,
  output wire                   rd_room_o
);
  localparam int WordHalfs = WordBytes / 2;
  localparam int WordBits  = 8 * WordBytes;
  localparam int AddrW     = $clog2(Words);
  localparam int LgHalfs   = $clog2(WordHalfs);
  localparam int LgBurst   = $clog2(BurstClks);
  localparam int LaneW     = WordHalfs > 1 ? LgHalfs : 1;
  localparam int CountW    = $clog2(Entries + 1);
  localparam int IdxW      = $clog2(Entries);
  localparam int UsedW     = AddrW - LgBurst + 1;
  localparam int HalfW     = $clog2(32 * MaxNbh * BlockHalfs + 1);
  localparam int WordsW    = HalfW - LgHalfs;
  localparam int NbhW      = $clog2(MaxNbh + 1);
  localparam int NeedW     = $clog2(MaxNbh * BlockHalfs / (WordHalfs * BurstClks) + 2 + (1 << BaBits));
  localparam int RunW      = 2 * La + 2 * BaBits;
  localparam int LateW     = AddrW + NeedW + WordsW;

  initial begin
    if (Words / BurstClks < 2 * (MaxNbh * BlockHalfs / (WordHalfs * BurstClks) + 2))
      $fatal(1, "%m: Words holds less than two longest vectors");
    if (FifoWords / BurstClks < (1 << BaBits) + 3) $fatal(1, "%m: FifoWords is too small for the page engine's pieces");
    if (BlockHalfs != 9 && BlockHalfs != 17) $fatal(1, "%m: BlockHalfs must be 9 or 17");
  end

  logic                 hit, hit_last, ent_we, ent_clear, mark, drained, free, grant, pk_we;
  logic [IdxW-1:0]      idx, hit_way;
  logic [CountW-1:0]    ent_count;
  logic [AddrW-1:0]     ans_addr, head, fw_addr;
  logic [LateW-1:0]     ent_late, new_late;
  logic [RunW-1:0]      tab_new, tab_run;
  logic                 tab_re;
  logic [UsedW-1:0]     used;
  logic [NeedW-1:0]     pk_bursts;
  logic [WordsW-1:0]    pk_used;
  logic [WordHalfs-1:0] pk_be, wb_be;
  logic [WordBits-1:0]  pk_word, wb_word, fw_word, pe_word;
  logic                 pk_go, pk_drop, pk_done;
  logic [LgBurst-1:0]   pk_lead;
  logic [LaneW-1:0]     pk_lane;
  logic                 ans_valid, ans_ready, ans_fwd, ans_empty, rd_empty, tok;
  logic [1:0]           ans_kind;
  logic [4:0]           ans_num;
  logic                 act, from_buf, bound, last, out_free, clr, blk, err, fw_act, fw_hold, fw_re, fw_end, fw_have, fw_take;
  logic                 pg_want, pg_wr, pg_took, pg_lock, pg_words, pg_src, pg_run, pg_idle, pe_sel, pe_word_err, piece;
  logic [La-1:0]        pg_off;

  mr_kv_plan #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BlockHalfs(BlockHalfs), .La(La), .BaBits(BaBits), .MaxNbh(MaxNbh),
    .Words(Words), .Entries(Entries), .Ways(Ways), .HiEntries(HiEntries), .HiBursts(HiBursts), .AgeMax(AgeMax), .IdleDrain(IdleDrain)
  ) u_plan (
    .clk_i, .rst_ni, .cfg_nbh_i(cfg_nbh_i[NbhW-1:0]),
    .job_valid_i, .job_ready_o, .job_append_i, .job_status_i, .job_pos_i, .job_count_i, .job_base_i, .job_rot_i,
    .job_part_i, .job_off_i, .flush_req_i, .flush_done_o,
    .run_valid_o, .run_ready_i, .run_wr_o, .run_base_o, .run_rot_o, .run_part_o, .run_off_o, .run_n_o, .run_use_o,
    .idx_o(idx), .hit_i(hit), .hit_last_i(hit_last), .hit_way_i(hit_way),
    .ent_count_i(ent_count), .ent_late_i(ent_late), .ent_we_o(ent_we), .ent_late_o(new_late),
    .ent_run_o(tab_new), .tab_re_o(tab_re), .tab_run_i(tab_run),
    .ent_clear_o(ent_clear), .head_i(head), .used_i(used), .mark_o(mark), .drained_i(drained), .free_o(free),
    .pk_go_o(pk_go), .pk_drop_o(pk_drop), .pk_lead_o(pk_lead), .pk_lane_o(pk_lane), .pk_done_i(pk_done),
    .pk_bursts_i(pk_bursts), .pk_used_i(pk_used),
    .ans_valid_o(ans_valid), .ans_ready_i(ans_ready), .ans_kind_o(ans_kind), .ans_num_o(ans_num), .ans_fwd_o(ans_fwd),
    .ans_addr_o(ans_addr),
    .tok_i(tok),
    .pe_urgent_i, .pe_src_base_i, .pe_src_rot_i, .pe_dst_base_i, .pe_dst_rot_i,
    .pg_valid_i(pe_valid_i), .pg_want_i(pg_want), .pg_wr_i(pg_wr), .pg_off_i(pg_off), .pg_lock_i(pg_lock),
    .pg_words_i(pg_words), .pg_took_o(pg_took), .pg_run_o(pg_run), .pg_idle_o(pg_idle)
  );

  mr_kv_pack #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BlockHalfs(BlockHalfs), .NbhW(NbhW), .BurstsW(NeedW), .UsedW(WordsW)
  ) u_pack (
    .clk_i, .rst_ni,
    .go_i(pk_go), .drop_i(pk_drop), .nbh_i(cfg_nbh_i[NbhW-1:0]), .lead_i(pk_lead), .lane_i(pk_lane), .done_o(pk_done),
    .bursts_o(pk_bursts), .used_o(pk_used),
    .kw_valid_i, .kw_ready_o, .kw_block_i,
    .grant_i(grant), .low_i(head[LgBurst-1:0]), .we_o(pk_we), .be_o(pk_be), .word_o(pk_word)
  );

  mr_kv_wbuf #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .Words(Words), .Entries(Entries), .Ways(Ways), .KeyW(KeyW), .BlkW(BlkW),
    .RunW(RunW), .LateW(LateW)
  ) u_wbuf (
    .clk_i, .rst_ni,
    .ent_we_i(ent_we), .ent_key_i(job_key_i), .ent_blk_i(job_pos_i[5 +: BlkW]), .ent_pos_i(6'(job_pos_i[4:0]) + 6'd1),
    .ent_late_i(new_late), .ent_run_i(tab_new), .ent_clear_i(ent_clear), .ent_count_o(ent_count),
    .row_i(idx), .find_key_i(job_key_i), .find_blk_i(job_pos_i[5 +: BlkW]), .find_pos_i(job_count_i),
    .hit_o(hit), .hit_last_o(hit_last), .hit_way_o(hit_way), .idx_i(idx), .ent_late_o(ent_late),
    .run_re_i(tab_re), .run_o(tab_run),
    .we_i(pk_we), .be_i(pk_be), .word_i(pk_word), .grant_o(grant), .head_o(head), .used_o(used),
    .wd_pop_i(wd_pop_i && !pg_words), .wd_be_o(wb_be), .wd_word_o(wb_word), .mark_i(mark), .drained_o(drained), .free_i(free),
    .fw_act_i(fw_act), .fw_hold_i(fw_hold), .fw_addr_i(fw_addr), .fw_re_o(fw_re), .fw_take_i(fw_take), .fw_end_i(fw_end), .fw_have_o(fw_have), .fw_word_o(fw_word)
  );

  mr_kv_answer #(.AddrW(AddrW), .NbhW(NbhW), .Depth(AnsDepth)) u_answer (
    .clk_i, .rst_ni, .cfg_nbh_i(cfg_nbh_i[NbhW-1:0]),
    .in_valid_i(ans_valid), .in_ready_o(ans_ready), .in_kind_i(ans_kind), .in_num_i(ans_num), .in_fwd_i(ans_fwd),
    .in_addr_i(ans_addr),
    .act_o(act), .buf_o(from_buf), .bound_o(bound), .last_o(last), .out_free_o(out_free), .clr_o(clr), .blk_i(blk), .err_i(err),
    .fw_act_o(fw_act), .fw_hold_o(fw_hold), .fw_addr_o(fw_addr), .fw_re_i(fw_re), .fw_end_o(fw_end), .tok_o(tok), .empty_o(ans_empty),
    .kr_valid_o, .kr_ready_i, .kr_last_o, .kr_status_o
  );

  mr_kv_unpack #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BlockHalfs(BlockHalfs), .FifoWords(FifoWords),
    .PieceW(BaBits + LgBurst)
  ) u_unpack (
    .clk_i, .rst_ni,
    .rd_issue_i, .rd_valid_i, .rd_word_i, .rd_err_i, .rd_room_o,
    .act_i(act), .buf_i(from_buf), .bound_i(bound), .last_i(last), .out_free_i(out_free), .clr_i(clr), .blk_o(blk), .err_o(err),
    .block_o(kr_block_o),
    .fw_have_i(fw_have), .fw_word_i(fw_word), .fw_take_o(fw_take),
    .pe_pop_i(wd_pop_i && pg_words && pg_src), .pe_word_o(pe_word), .pe_err_o(pe_word_err), .piece_o(piece), .empty_o(rd_empty)
  );

  mr_kv_page #(.La(La), .BaBits(BaBits), .BurstClks(BurstClks)) u_page (
    .clk_i, .rst_ni, .cfg_part_i,
    .pe_valid_i, .pe_ready_o, .pe_copy_i, .pe_done_o, .pe_err_o,
    .pe_one_i, .pe_piece_i, .swap_i(pe_swap_i), .pause_i(pe_pause_i), .free_o(pe_free_o), .fill_o(pe_fill_o),
    .idle_i(pg_idle), .want_o(pg_want), .wr_o(pg_wr), .off_o(pg_off), .took_i(pg_took), .wr_clear_i(drained),
    .rd_clear_i(ans_empty && rd_empty), .lock_o(pg_lock), .words_o(pg_words), .src_o(pg_src),
    .piece_i(piece), .pop_i(wd_pop_i && pg_words), .pop_err_i(pe_word_err)
  );

  // Write words: the append buffer's, those just read (copy), or zero.
  assign pe_sel    = pg_words || pg_run;
  assign wd_word_o = (wb_word & {WordBits{!pe_sel}}) | (pe_word & {WordBits{pe_sel && pg_src}});
  assign wd_bad_o  = pg_words && pg_src && pe_word_err;
  genvar l;
  generate
    for (l = 0; l < WordHalfs; l = l + 1) begin : gen_be
      assign wd_be_o[2*l +: 2] = {2{wb_be[l] || pe_sel}};
    end
  endgenerate

  `MR_ASSERT(NbhInRange, !job_valid_i || (cfg_nbh_i != 6'd0 && cfg_nbh_i <= 6'(MaxNbh)))

`ifndef SYNTHESIS
  // R2 at the ports that depend on several parts.
  logic         f_run_q, f_kr_q;
  logic [4*La+2*BaBits+4:0] f_run_load_q, f_run_load;
  logic [276:0] f_kr_load_q;
  assign f_run_load = {run_wr_o, run_base_o, run_rot_o, run_part_o, run_off_o, run_n_o, run_use_o};
  always_ff @(posedge clk_i) begin
    f_run_q      <= rst_ni && run_valid_o && !run_ready_i;
    f_kr_q       <= rst_ni && kr_valid_o && !kr_ready_i;
    f_run_load_q <= f_run_load;
    f_kr_load_q  <= {kr_block_o, kr_last_o, kr_status_o};
  end
`endif
  `MR_ASSERT(RunHolds, !f_run_q || (run_valid_o && f_run_load == f_run_load_q))
  `MR_ASSERT(AnswerHolds, !f_kr_q || (kr_valid_o && f_kr_load_q == {kr_block_o, kr_last_o, kr_status_o}))
endmodule
`default_nettype wire
