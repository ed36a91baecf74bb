// SPDX-License-Identifier: Apache-2.0
// Proof harness of the KV front end: who owns which page, and that a STREAM reads what APPENDs of its own slot wrote there.
//
// Slots 2; up to 2 layers, 1 head, 2 blocks a slot, 4 pages, a part of one burst (so a page's base is its number).   Ecc  1: pages are zeroed
// before their first use and bad copies are undone.   Inner  1: also what holds between the registers, which makes the rest inductive.
// Short  1: one layer, 2 pages, prompt surroundings, small numbers, without Ecc no new start; with Row  1 a given row of commands, too: for traces from reset.
// Cover  1: instead, an assertion that must fail when every situation has been seen.
// Free (f_*): all commands and operations, known or not; when jobs are taken, flushes and page jobs end; the number of layers and of pages
// (one too many, too) after reset; cfg_start_i at any time; one arbitrary (layer, kind, position of a block): its data is one bit a page.
`default_nettype none
module fv_kv_owner #(
  parameter int Slots = 2,
  parameter bit Ecc = 1'b0,
  parameter bit Inner = 1'b1,
  parameter bit Short = 1'b0,
  parameter bit Row = 1'b0,
  parameter bit Cover = 1'b0,
  localparam int SlotW = $clog2(Slots)
) (
  input wire        clk_i,
  input wire        f_cfg_start_i,
  input wire        f_alt_i,
  input wire        f_kc_valid_i,
  input wire [1:0]  f_kc_op_i,
  input wire [7:0]  f_kc_slot_i,
  input wire [7:0]  f_kc_layer_i,
  input wire [7:0]  f_kc_head_i,
  input wire        f_kc_kind_i,
  input wire [17:0] f_kc_pos_i,
  input wire [5:0]  f_kc_count_i,
  input wire        f_ad_valid_i,
  input wire [1:0]  f_ad_op_i,
  input wire [7:0]  f_ad_slot_i,
  input wire [7:0]  f_ad_src_i,
  input wire [17:0] f_ad_len_i,
  input wire        f_job_ready_i,
  input wire        f_flush_done_i,
  input wire        f_pe_ready_i,
  input wire        f_ask_done_i,
  input wire        ask_err_i,
  input wire        value_i,        // written by the APPEND that leaves now
  input wire        junk_i,
  input wire [1:0]  f_any_layers_i,
  input wire [2:0]  f_any_pages_i,
  input wire        f_any_layer_i,
  input wire        f_any_kind_i,
  input wire [4:0]  f_any_pos_i
);
  localparam int Layers = 2;
  localparam int Blocks = 2;
  localparam int Pages  = 4;
  localparam int PageW  = 2;
  localparam int BaBits = 2;
  localparam int LA     = 3;
  localparam int LenW   = 7;
  localparam int KeyW   = SlotW + 3;
  localparam int NS     = 1 << SlotW;

  // --- what is asked ----------------------------------------------------------------------------------------------------
  wire kc_ready, ad_ready;
  // Row: two APPENDs, STREAM, FORK, then either an APPEND to the fork and a STREAM from it, FREE; or FREE of the source, STREAM.
  reg  [2:0]  row_q = 3'd0;
  reg         alt_q;
  wire        row_ad  = row_q == 3'd3 || row_q == 3'd6 || (alt_q && row_q == 3'd4);
  wire        row_app = row_q <= 3'd1 || (!alt_q && row_q == 3'd4);
  always @(posedge clk_i) begin
    if (row_q == 3'd0) alt_q <= f_alt_i;
    if ((kc_valid_i && kc_ready) || (ad_valid_i && ad_ready)) row_q <= row_q + 3'd1;
  end
  wire        kc_valid_i = Row ? !row_ad && row_q != 3'd7 : f_kc_valid_i;
  wire [1:0]  kc_op_i    = Row ? {1'b0, row_app} : f_kc_op_i;
  wire        kc_kind_i  = Row ? row_q == 3'd1 : f_kc_kind_i;
  wire        ad_valid_i = Row ? row_ad : f_ad_valid_i;
  wire [1:0]  ad_op_i    = Row ? {row_q == 3'd3, 1'b0} : f_ad_op_i;
  wire [7:0]  kc_slot_i  = Short ? {7'd0, Row ? row_q > 3'd3 : f_kc_slot_i[0]} : f_kc_slot_i;
  wire [7:0]  kc_layer_i = Short ? {7'd0, !Row && f_kc_layer_i[0]} : f_kc_layer_i;
  wire [17:0] kc_pos_i   = Short ? {17'd0, Row ? row_q == 3'd4 : f_kc_pos_i[0]} : f_kc_pos_i;
  wire [7:0]  ad_slot_i  = Short ? {7'd0, Row ? row_q != 3'd4 : f_ad_slot_i[0]} : f_ad_slot_i;
  wire [7:0]  ad_src_i   = Short ? {7'd0, !Row && f_ad_src_i[0]} : f_ad_src_i;
  wire [17:0] ad_len_i   = Short ? {17'd0, Row || f_ad_len_i[0]} : f_ad_len_i;
  // With Short.
  wire        cfg_start_i  = (!Short || Ecc) && f_cfg_start_i;
  wire [7:0]  kc_head_i    = Short ? 8'd0 : f_kc_head_i;
  wire [5:0]  kc_count_i   = Short ? 6'd1 : f_kc_count_i;
  wire        job_ready_i  = Short || f_job_ready_i;
  wire        flush_done_i = Short || f_flush_done_i;
  wire        pe_ready_i   = Short || f_pe_ready_i;
  wire        ask_done_i   = Short || f_ask_done_i;
  wire [1:0]  any_layers_i = Short ? 2'd1 : f_any_layers_i;
  wire [2:0]  any_pages_i  = Short ? 3'd2 : f_any_pages_i;
  wire        any_layer_i  = !Short && f_any_layer_i;
  wire        any_kind_i   = !Row && f_any_kind_i;
  wire [4:0]  any_pos_i    = Short ? {4'd0, !Row && f_any_pos_i[0]} : f_any_pos_i;

  // --- configuration, chosen in reset -------------------------------------------------------------------------------------
  reg  [2:0] rst_cnt_q = 3'd0;
  reg  [1:0] layers_q;
  reg  [2:0] pages_q;
  reg        lay_sym, kind_sym;
  reg  [4:0] pos_sym;
  wire       rst_n = rst_cnt_q == 3'd4;
  always @(posedge clk_i) begin
    assume (any_layers_i != 2'd0 && any_layers_i != 2'd3 && any_pages_i <= 3'd5);
    if (!rst_n) rst_cnt_q <= rst_cnt_q + 3'd1;
    if (rst_cnt_q == 3'd0) begin
      layers_q <= any_layers_i;
      pages_q  <= any_pages_i;
      lay_sym  <= any_layer_i;
      kind_sym <= any_kind_i;
      pos_sym  <= any_pos_i;
    end
  end

  // --- the front end and what surrounds it --------------------------------------------------------------------------------
  wire              ready, ad_done, job_valid, job_append, flush_req, pe_valid, pe_copy, pe_urgent;
  wire [3:0]        ad_status, job_status;
  wire [KeyW-1:0]   job_key;
  wire [17:0]       job_pos;
  wire [5:0]        job_count;
  wire [LA-1:0]     job_base, job_off, pe_src, pe_dst;
  wire [BaBits-1:0] job_rot, job_part, pe_src_rot, pe_dst_rot;
  wire [PageW:0]    used, unused_dirty, unused_ready;
  wire [63:0]       unused_cnt;
  reg               run_q, run_copy_q;
  reg  [LA-1:0]     run_src_q, run_dst_q;
  wire              done = run_q && ask_done_i;
  wire              pe_err = Ecc && ask_err_i && run_copy_q;

  mr_kv_cmd #(
    .Slots(Slots), .Layers(Layers), .Heads(1), .MaxNbh(1), .Pages(Pages), .SlotBlocks(Blocks), .BaBits(BaBits), .LA(LA),
    .ZeroFresh(Ecc), .UndoCopy(Ecc)
  ) u_dut (
    .clk_i, .rst_ni(rst_n),
    .cfg_start_i, .cfg_layers_i(9'(layers_q)), .cfg_heads_i(9'd1), .cfg_nbh_i(6'd1), .cfg_pages_i(17'(pages_q)),
    .cfg_chunk_i(LA'(1)), .cfg_part_i(LA'(1)), .cfg_step_i(BaBits'(1)), .inj_owner_i(1'b0), .ready_o(ready),
    .cnt_refused_o(unused_cnt), .pages_used_o(used), .pages_dirty_o(unused_dirty), .pages_ready_o(unused_ready),
    .kc_valid_i, .kc_ready_o(kc_ready), .kc_op_i, .kc_slot_i, .kc_layer_i, .kc_head_i, .kc_kind_i, .kc_pos_i, .kc_count_i,
    .ad_valid_i, .ad_ready_o(ad_ready), .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o(ad_done), .ad_status_o(ad_status),
    .job_valid_o(job_valid), .job_ready_i, .job_append_o(job_append), .job_status_o(job_status), .job_key_o(job_key),
    .job_pos_o(job_pos), .job_count_o(job_count), .job_base_o(job_base), .job_rot_o(job_rot), .job_part_o(job_part),
    .job_off_o(job_off),
    .flush_req_o(flush_req), .flush_done_i,
    .pe_valid_o(pe_valid), .pe_ready_i, .pe_copy_o(pe_copy), .pe_src_base_o(pe_src), .pe_src_rot_o(pe_src_rot),
    .pe_dst_base_o(pe_dst), .pe_dst_rot_o(pe_dst_rot), .pe_done_i(done), .pe_err_i(pe_err), .pe_urgent_o(pe_urgent)
  );

  // A command on offer stays (R2).
  reg         kc_wait_q;
  reg  [44:0] kc_was_q;
  wire [44:0] kc_now = {kc_op_i, kc_slot_i, kc_layer_i, kc_head_i, kc_kind_i, kc_pos_i};
  reg  [5:0]  count_was_q;
  always @(posedge clk_i) begin
    assume (!rst_n || !kc_wait_q || (kc_valid_i && kc_now == kc_was_q && kc_count_i == count_was_q));
    kc_wait_q   <= rst_n && kc_valid_i && !kc_ready;
    kc_was_q    <= kc_now;
    count_was_q <= kc_count_i;
  end

  // --- what the front end is told and tells -------------------------------------------------------------------------------
  reg  [1:0]  op_q;
  reg  [7:0]  slot_q, src_q;
  reg  [17:0] len_q;
  always @(posedge clk_i)
    if (ad_valid_i && ad_ready) {op_q, slot_q, src_q, len_q} <= {ad_op_i, ad_slot_i, ad_src_i, ad_len_i};
  wire [17:0] len_end = (op_q == 2'd0) ? 18'd0 : len_q;

  // Registers and wires inside, connected by kv_owner.sby.
  (* keep *) wire             clear, take, push;
  (* keep *) wire [PageW-1:0] push_page, spare;
  (* keep *) wire             spare_valid;

  wire [SlotW-1:0] j_slot  = job_key[3 +: SlotW];
  wire             j_layer = job_key[2];
  wire             j_kind  = job_key[0];
  wire             j_blk   = job_pos[5];
  wire             j_ok    = job_valid && job_status == 4'd0;
  wire             j_key   = j_layer == lay_sym && j_kind == kind_sym;
  wire             j_here  = j_ok && job_append && j_key && job_pos[4:0] == pos_sym;       // writes the watched position
  wire             j_reads = j_ok && !job_append && j_key && 6'(pos_sym) < job_count;      // reads it
  wire             job     = job_valid && job_ready_i;
  wire [PageW-1:0] j_page  = job_base[PageW-1:0];

  // What the slots hold: golden_q as they were told, page_q as it lies in the pages.
  reg  [NS*Blocks-1:0] written_q, golden_q, written, golden;
  reg  [Pages-1:0]     owned_q, page_q;
  reg                  keep;
  wire                 applied = ad_done && ad_status == 4'd0 && op_q != 2'd3;
  wire [SlotW-1:0]     old_s   = (op_q == 2'd2) ? src_q[SlotW-1:0] : slot_q[SlotW-1:0];
  always @* begin
    written = written_q;
    golden  = golden_q;
    keep    = 1'b0;
    for (int b = 0; b < Blocks; b = b + 1) begin
      keep = 32'(len_end) > 32 * b + 32'(pos_sym);
      for (int s = 0; s < Slots; s = s + 1) begin
        if (applied && 32'(slot_q) == s) begin
          written[Blocks*s + b] = keep && written_q[32'(old_s) * Blocks + b];
          golden[Blocks*s + b]  = golden_q[32'(old_s) * Blocks + b];
        end
      end
    end
  end

  always @(posedge clk_i) begin
    written_q <= written;
    golden_q  <= golden;
    if (job && j_here) begin
      written_q[32'(j_slot) * Blocks + 32'(j_blk)] <= 1'b1;
      golden_q[32'(j_slot) * Blocks + 32'(j_blk)]  <= value_i;
      page_q[j_page] <= value_i;
    end
    if (done) page_q[run_dst_q[PageW-1:0]] <= (run_copy_q && !pe_err) ? page_q[run_src_q[PageW-1:0]] : junk_i;
    if (pe_valid && pe_ready_i) {run_copy_q, run_src_q, run_dst_q} <= {pe_copy, pe_src, pe_dst};
    run_q <= rst_n && ((pe_valid && pe_ready_i) || (run_q && !done));
    if (take) owned_q[spare] <= 1'b1;
    if (push) owned_q[push_page] <= 1'b0;
    if (!rst_n || clear) begin
      written_q <= '0;
      owned_q   <= '0;
    end
  end

  // --- the tables, connected by kv_owner.sby --------------------------------------------------------------------------------
  localparam int BlkB = SlotW + PageW + BaBits;
  localparam int LenB = LenW + 2;
  localparam int SltB = 2 + BaBits;
  localparam int TagB = 1 + 2 * SlotW;
  (* keep *) wire [NS*Blocks*BlkB-1:0] t_blk;
  (* keep *) wire [NS*Layers*LenB-1:0] t_len;
  (* keep *) wire [NS*SltB-1:0]        t_slot;
  (* keep *) wire [NS*2-1:0]           t_quota;
  (* keep *) wire [Pages*TagB-1:0]     t_tag;
  (* keep *) wire [3:0]                state;
  (* keep *) wire                      tab_busy, fresh, need, start;
  (* keep *) wire [PageW-1:0]          entry;
  (* keep *) wire [LenW-1:0]           x;
  (* keep *) wire [7:0]                c_slot;
  localparam int StInit = 0, StIdle = 1, StRd = 2, StCheck = 3, StTag = 4, StPage = 5, StCopy = 6, StCommit = 7;
  localparam int StStep1 = 8, StStep2 = 9, StStep3 = 10, StStep4 = 11;

  wire live = rst_n && state != 4'(StInit) && !tab_busy;

  // Entries that name page p: tab_refs. limbo: taken, not yet in the table. late: its copy replaces it in the table in this clock.
  reg  [3*Pages-1:0] refs;
  reg  [Pages-1:0]   limbo, late, tag_ok, one_blk;
  reg                all_own;           // the owner in the table is the tag's
  reg  [NS*2-1:0]    nblk;
  reg  [PageW-1:0]   ep;
  always @* begin
    refs    = '0;
    limbo   = '0;
    late    = '0;
    all_own = 1'b1;
    ep      = '0;
    nblk    = '0;
    for (int s = 0; s < Slots; s = s + 1) begin
      nblk[2*s +: 2] = t_slot[SltB*s + BaBits +: 2];
      for (int b = 0; b < Blocks; b = b + 1) begin
        ep = t_blk[BlkB*(Blocks*s + b) + BaBits +: PageW];
        if (b < 32'(nblk[2*s +: 2])) begin
          refs[3*ep +: 3] = refs[3*ep +: 3] + 3'd1;
          if (t_blk[BlkB*(Blocks*s + b) + BaBits + PageW +: SlotW] != t_tag[TagB*ep +: SlotW]) all_own = 1'b0;
        end
        if (state == 4'(StCommit) && fresh && !need && 32'(c_slot) == s && 32'(x[5]) == b) late[ep] = 1'b1;
      end
    end
    if (state == 4'(StCommit) && fresh) limbo[entry] = 1'b1;
    for (int p = 0; p < Pages; p = p + 1)
      tag_ok[p] = owned_q[p] ? (limbo[p] ? refs[3*p +: 3] == 3'd0
                    : t_tag[TagB*p + 2*SlotW] && 32'(t_tag[TagB*p + SlotW +: SlotW]) + 1 + 32'(late[p]) == 32'(refs[3*p +: 3]))
                  : refs[3*p +: 3] == 3'd0;
  end

  // --- properties ---------------------------------------------------------------------------------------------------------
  // The job's entry in the block table and the length of its layer.
  wire [PageW-1:0] je_page = t_blk[BlkB*(Blocks*32'(j_slot) + 32'(j_blk)) + BaBits +: PageW];
  wire [LenB-1:0]  je_len  = t_len[LenB*(Layers*32'(j_slot) + 32'(j_layer)) +: LenB];
  wire [7:0]       je_last = 8'(job_pos[LenW-1:0]) + 8'(job_count) - 8'd1;
  wire             j_index = 32'(j_slot) < Slots;

  always @(posedge clk_i) begin
    if (!Cover && live) begin
      // References in the tables = the page's count; an owned page's first owner is in its tag; a free page is in no table.
      RefCount:   assert (&tag_ok);
      OwnerTag:   assert (all_own);
      SpareFree:  assert (!spare_valid || !owned_q[spare]);
      // A job that is not refused: known, in its slot's own page.
      JobKnown:   assert (!j_ok || (j_index && 32'(j_layer) < 32'(layers_q) && job_key[1] == 1'b0 && 32'(job_pos) < 32 * Blocks));
      JobPage:    assert (!j_ok || (32'(j_blk) < 32'(nblk[2*j_slot +: 2]) && job_base == LA'(je_page) && owned_q[j_page]));
      JobAlone:   assert (!(j_ok && job_append) || refs[3*j_page +: 3] == 3'd1);
      JobChunk:   assert (!j_ok || (job_part == {j_layer, j_kind} && job_off == '0));
      // A STREAM ends before the first position that was not written, and finds what its slot wrote last (or what it was forked from).
      Written:    assert (!j_reads || written_q[32'(j_slot) * Blocks + 32'(j_blk)]);
      OwnData:    assert (!j_reads || page_q[j_page] == golden_q[32'(j_slot) * Blocks + 32'(j_blk)]);
      StreamForm: assert (!(j_ok && !job_append) || (job_pos[4:0] == 5'd0 && job_count != 6'd0 && job_count <= 6'd32));
      // The page engine works on no page in use; it copies a page in use to one that will be.
      ScrubFree:  assert (!(run_q && !run_copy_q) || !owned_q[run_dst_q[PageW-1:0]]);
      CopyFree:   assert (!(run_q && run_copy_q) || (!owned_q[run_dst_q[PageW-1:0]] && owned_q[run_src_q[PageW-1:0]]));
      // Every command ends: one that needs no page leaves as a job 5 clocks after it was taken at the latest.
      InTime:     assert (!cmd || 32'(time_q) <= TimeMax);
      Soon:       assert (!cmd || state == 4'(StPage) || state == 4'(StCopy) || fresh || time_q <= 6'd4);
      NoFault:    assert (!job_valid || job_status != 4'd7 || Ecc);
      NoFaultAd:  assert (!ad_done || ad_status != 4'd7);
    end
  end

  // --- registers, connected by kv_owner.sby ---------------------------------------------------------------------------------
  // What holds between them makes the properties inductive. Command under way:
  (* keep *) wire [1:0]            c_op;
  (* keep *) wire [7:0]            c_layer, c_head;
  (* keep *) wire                  c_kind, bad_who, bad_form, bad_pos, bad_pages, bad_tag, high, seen, held, cfg_bad, range_bad;
  (* keep *) wire [17:0]           c_pos;
  (* keep *) wire [5:0]            c_count;
  (* keep *) wire [SlotW/2:0]      job_stale, stale;
  (* keep *) wire [1:0]            mask;
  // Reads of the tables: raw, and a clock later.
  (* keep *) wire [BlkB-1:0]       r_blk;
  (* keep *) wire [LenB-1:0]       r_len;
  (* keep *) wire [SltB-1:0]       r_slot;
  (* keep *) wire [1:0]            r_quota, quota, q_nblk, bits;
  (* keep *) wire [TagB-1:0]       r_tag;
  (* keep *) wire [LenW-1:0]       len;
  (* keep *) wire [SlotW-1:0]      own, extra;
  (* keep *) wire [SlotW:0]        tab_clear;
  (* keep *) wire                  rd_q, rd_q2;
  // Administration. PhNone, PhFlush, PhCheck, PhSlot, PhLen, PhBlk = 0 to 5.
  (* keep *) wire [2:0]            ph;
  (* keep *) wire [1:0]            d_op, d_need, d_lay, d_blk;
  (* keep *) wire [7:0]            d_slot, d_src;
  (* keep *) wire [17:0]           d_len;
  (* keep *) wire                  d_bad, lay_end, blk_end, want, fits, q_big, s_pos, s_pages;
  // Chunk table. StDone, StAdd, StNorm, StEnd = 0 to 3.
  (* keep *) wire [1:0]            k_state, k_part;
  (* keep *) wire                  k_bad, k_layer, k_head, k_kind, k_last, k_first, k_norm;
  (* keep *) wire [LA-1:0]         k_off;
  (* keep *) wire [8*(BaBits+LA)-1:0] t_chunk;
  (* keep *) wire [BaBits+LA-1:0]  r_chunk;
  // Allocator, as in kv_alloc.
  (* keep *) wire [2:0]            a_state, bump;
  (* keep *) wire [PageW:0]        head, mid, tail, next, fact, place;
  (* keep *) wire [PageW+LA:0]     prod;
  (* keep *) wire                  refill, bump_end, over, undo, none, a_fresh;
  (* keep *) wire [PageW-1:0]      read_page;
  (* keep *) wire [PageW*Pages-1:0] list;

  wire [PageW:0]   in_ring   = tail - head;
  wire [PageW-1:0] head_page = list[PageW*head[PageW-1:0] +: PageW];
  wire [PageW-1:0] mid_page  = list[PageW*mid[PageW-1:0] +: PageW];
  wire [PageW-1:0] job_page  = (pe_copy || undo) ? spare : mid_page;
  wire             working   = a_state != 3'd0;
  wire             chosen    = rst_cnt_q != 3'd0;
  wire             alloc_on  = rst_n && !range_bad;
  reg  [PageW:0]   at, places;
  reg              one_place;
  always @* begin
    one_place = 1'b1;
    at        = '0;
    places    = '0;
    for (int p = 0; p < Pages; p = p + 1) begin
      places = (PageW+1)'(spare_valid && 32'(spare) == p) + (PageW+1)'(owned_q[p]);
      for (int i = 0; i < Pages; i = i + 1) begin
        at = {1'b0, PageW'(i) - head[PageW-1:0]};
        if (at < in_ring && 32'(list[PageW*i +: PageW]) == p) places = places + (PageW+1)'(1);
      end
      if (places != (PageW+1)'(p < 32'(next))) one_place = 1'b0;
    end
  end

  // The slot under administration, its layers and blocks done so far.
  wire fork     = d_op == 2'd2;
  wire [SlotW-1:0] ad_s = d_slot[SlotW-1:0], ad_f = d_src[SlotW-1:0];
  wire [2:0]  need_f = 3'(d_len[6:5]) + 3'(d_len[4:0] != 5'd0);    // blocks of d_len, when that fits
  reg         tab_len, tab_blk, tab_zero, tab_data, tab_wr, lens_ok, chunks_ok, mine, tabw, pend;
  reg  [8:0]  pos9, l_len;
  reg  [1:0]  l_bits;
  always @* begin
    tab_len   = 1'b1;       // a layer's positions lie in the slot's blocks
    tab_blk   = 1'b1;       // blocks and quota are legal
    tab_zero  = 1'b1;       // while the tables are cleared
    tab_data  = 1'b1;       // what was written lies in the slot's page
    tab_wr    = 1'b1;       // the lengths say what was written
    lens_ok   = 1'b1;       // the operation's length is one that each layer looked at has
    chunks_ok = 1'b1;
    pos9      = 9'd0;
    l_len     = 9'd0;
    l_bits    = 2'd0;
    mine      = 1'b0;
    tabw      = 1'b0;
    pend      = 1'b0;
    for (int s = 0; s < Slots; s = s + 1) begin
      mine = ph >= 3'd4 && 32'(ad_s) == s;
      if (nblk[2*s +: 2] > 2'd2 || t_quota[2*s +: 2] > 2'd2) tab_blk = 1'b0;
      if ((!tab_busy || 2*s + 1 < 32'(tab_clear)) && (nblk[2*s +: 2] != 2'd0 || t_quota[2*s +: 2] > 2'd2)) tab_zero = 1'b0;
      for (int l = 0; l < Layers; l = l + 1) begin
        {l_len, l_bits} = {2'd0, t_len[LenB*(Layers*s + l) +: LenB]};
        if ((!tab_busy || 2*s + l < 32'(tab_clear)) && {l_len, l_bits} != '0) tab_zero = 1'b0;
        if (l >= 32'(layers_q) && {l_len, l_bits} != '0) tab_len = 1'b0;
        if (l_bits == 2'd3) tab_len = 1'b0;
        if (32'(l_len) + 32'(l_bits != 2'd0) > 32 * ((mine && fork) ? 32'(d_need) : 32'(nblk[2*s +: 2]))) tab_len = 1'b0;
        if (mine && l < 32'(layers_q) && (ph == 3'd5 || l < 32'(d_lay)) && {l_len, l_bits} != {9'(d_len), 2'd0}) tab_len = 1'b0;
        if (mine && fork && ph == 3'd4 && l >= 32'(d_lay) && {l_len, l_bits} != '0) tab_len = 1'b0;
        if (ph >= 3'd2 && (d_op == 2'd1 || fork) && 32'(ad_f) == s && l < 32'(layers_q) && (ph >= 3'd3 || l < 32'(d_lay))
            && 32'(l_len) < 32'(d_len)) lens_ok = 1'b0;
        for (int b = 0; b < Blocks; b = b + 1) begin
          pos9 = 9'(32 * b) + 9'(pos_sym);
          tabw = pos9 < l_len || (pos9 == l_len && l_bits[kind_sym]);
          pend = j_here && 32'(j_slot) == s && 32'(j_blk) == b;
          if (l == 32'(lay_sym)) begin
            if (mine && fork) begin
              if (written[Blocks*s + b] || pend) tab_wr = 1'b0;
            end else if (mine && (ph == 3'd5 || l < 32'(d_lay))) begin
              if (tabw != (written[Blocks*s + b] && 32'(pos9) < 32'(d_len))) tab_wr = 1'b0;
            end else if (tabw != (written[Blocks*s + b] || pend)) tab_wr = 1'b0;
            if (l >= 32'(layers_q) && written[Blocks*s + b]) tab_wr = 1'b0;
          end
        end
      end
      for (int b = 0; b < Blocks; b = b + 1) begin
        if (written[Blocks*s + b] && !(mine && ph == 3'd5 && 32 * b + 32'(pos_sym) >= 32'(d_len))
            && (b >= 32'(nblk[2*s +: 2]) || page_q[t_blk[BlkB*(Blocks*s + b) + BaBits +: PageW]] != golden[Blocks*s + b]))
          tab_data = 1'b0;
        if (ph == 3'd5 && fork && 32'(ad_s) == s && b < 32'(d_blk)
            && t_blk[BlkB*(Blocks*s + b) + BaBits +: PageW] != t_blk[BlkB*(Blocks*32'(ad_f) + b) + BaBits +: PageW]) tab_data = 1'b0;
      end
    end
    for (int i = 0; i < 4; i = i + 1)
      if (i < 2 * 32'(layers_q) && (k_state == 2'd0 || k_last || i < 32'({k_layer, k_kind}))
          && t_chunk[5*(4*(i/2) + i%2) +: 5] != {2'(i), 3'd0}) chunks_ok = 1'b0;
  end

  // Every page is in the same block of each slot that has it.
  reg [Pages-1:0] in_0, in_1;
  always @* begin
    in_0 = '0;
    in_1 = '0;
    for (int s = 0; s < Slots; s = s + 1) begin
      if (nblk[2*s +: 2] >= 2'd1) in_0[t_blk[BlkB*(Blocks*s) + BaBits +: PageW]] = 1'b1;
      if (nblk[2*s +: 2] >= 2'd2) in_1[t_blk[BlkB*(Blocks*s + 1) + BaBits +: PageW]] = 1'b1;
    end
  end

  // How long a command takes: clocks since it was taken, without those in which the page engine has a job; most of them that are left.
  localparam int TimeMax = 33;
  reg  [5:0]      time_q;
  wire [2:0]      bump_left = 3'd5 - bump;
  wire [5:0]      to_clean  = (head != mid) ? 6'd2 : (mid == tail) ? 6'd2 : (a_state >= 3'd4) ? 6'd3 : 6'd7 - 6'(a_state);
  wire [5:0]      to_spare  = (spare_valid || none) ? 6'd0 : refill ? 6'd1 : (bump != 3'd0) ? 6'(bump_left) + 6'd8
                              : (!bump_end && (!Ecc || (head == mid && mid == tail))) ? 6'd14 : to_clean;
  wire [5:0]      to_copy   = (a_state == 3'd0) ? ((Ecc && bump != 3'd0) ? 6'd4 + 6'(bump_left) : 6'd4)
                              : (pe_copy || undo) ? ((a_state < 3'd4) ? 6'd4 - 6'(a_state) : 6'd0) : (a_state < 3'd4) ? 6'd14 - 6'(a_state) : 6'd10;
  always @(posedge clk_i) begin
    if (state == 4'(StIdle)) time_q <= 6'd1;
    else if (cmd && !pe_valid && !run_q && time_q != '1) time_q <= time_q + 6'd1;
  end

  // What a command or a step read.
  wire             cmd     = state >= 4'(StRd) && state <= 4'(StCommit);
  wire             stepping = state >= 4'(StStep1) && state <= 4'(StStep3);
  wire             from    = ph == 3'd2 || ph == 3'd5;
  wire [SlotW-1:0] x_slot  = cmd ? c_slot[SlotW-1:0] : (from ? ad_f : ad_s);
  wire             x_layer = cmd ? c_layer[0] : d_lay[0];
  wire             x_blk   = cmd ? c_pos[5] : (fork ? d_blk[0] : ~d_blk[0]);
  wire [BlkB-1:0]  x_e     = t_blk[BlkB*(Blocks*32'(x_slot) + 32'(x_blk)) +: BlkB];
  wire [LenB-1:0]  x_l     = t_len[LenB*(Layers*32'(x_slot) + 32'(x_layer)) +: LenB];
  wire [SltB-1:0]  x_s     = t_slot[SltB*x_slot +: SltB];
  wire [1:0]       x_q     = t_quota[2*x_slot +: 2];
  wire [TagB-1:0]  x_t     = t_tag[TagB*entry +: TagB];
  wire             raw     = state == 4'(StRd) || state == 4'(StStep1);
  wire             known   = (cmd && !raw) || state == 4'(StStep2) || state == 4'(StStep3);
  wire             entered = state == 4'(StCheck) || state == 4'(StTag) || state == 4'(StPage) || state == 4'(StCopy) || state == 4'(StStep2)
                             || state == 4'(StStep3) || (state == 4'(StCommit) && !fresh);
  wire             tagged  = state == 4'(StTag) || state == 4'(StPage) || state == 4'(StCopy) || state == 4'(StStep3)
                             || (state == 4'(StCommit) && !fresh);
  wire             append  = c_op == 2'd1;
  wire             past    = cmd && state >= 4'(StTag);        // checked
  wire             page_ok = cmd && state >= 4'(StPage);
  wire [4:0]       c_last  = c_count[4:0] - 5'd1;
  wire [LenW-1:0]  c_x     = {c_pos[LenW-1:5], c_pos[4:0] | c_last};
  wire             is_bad_pos = bad_form || high || (append ? x != len || bits[c_kind] : !(x < len || (x == len && bits[c_kind])));
  wire             is_bad_form = append ? c_count != 6'd1
                                 : (c_pos[4:0] != 5'd0 || c_count == 6'd0 || (c_count[5] && c_count[4:0] != 5'd0));
  wire             is_stale = !x_t[2*SlotW] || x_t[SlotW-1:0] != own;
  wire             held_now = (32'(kc_slot_i) >> SlotW) == 0 && (kc_slot_i[SlotW-1:0] == ad_s || kc_slot_i[SlotW-1:0] == ad_f);

  always @(posedge clk_i) begin
    if (Inner && !Cover && chosen) begin
      Legal:      assert ((layers_q == 2'd1 || layers_q == 2'd2) && pages_q <= 3'd5
                          && (rst_cnt_q == 3'd1 || (mask == 2'd3 && range_bad == (pages_q > 3'd4))));
      InReset:    assert (rst_n ? rst_cnt_q == 3'd4 : (state == 4'(StIdle) && start && tab_busy && ph == 3'd0 && !ad_done
                          && !flush_req && !job_valid && written_q == '0 && owned_q == '0 && rst_cnt_q <= 3'd4
                          && (rst_cnt_q == 3'd1 || (!want && (rst_cnt_q == 3'd2 || (!rd_q && (rst_cnt_q == 3'd3 || !rd_q2)))))));
    end
    if (Inner && !Cover && rst_n) begin
      States:     assert (state <= 4'd11 && ph <= 3'd5);
      Clearing:   assert (!tab_busy || state == 4'(StInit) || clear);
      InitZero:   assert (state != 4'(StInit) || (x == '0 && ph == 3'd0 && !job_valid && tab_zero && written_q == '0 && owned_q == '0));
      InitNext:   assert (state != 4'(StInit) || !tab_busy || tab_clear == '0 || (q_nblk == 2'd3 && d_len == 18'd2));
      ReadPipe:   assert (rd_q == raw && rd_q2 == (state == 4'(StCheck) || state == 4'(StStep2)));
      Want:       assert (state == 4'(StStep4) || cmd || !want || ph == 3'd3 || ((ph == 3'd2 || ph == 3'd4) && d_lay < layers_q)
                          || (ph == 3'd5 && d_blk != d_need));
      InitRead:   assert (state != 4'(StInit) || (!rd_q && !rd_q2 && !ad_done && !flush_req));
      AStates:    assert (a_state <= 3'd5 && run_q == (a_state == 3'd5));
      CopyState:  assert (!(working && (pe_copy || undo)) || (state == 4'(StCopy) && spare_valid));
      None:       assert (!none || !spare_valid);
      UndoState:  assert (!undo || (Ecc && a_state >= 3'd4 && !pe_copy));
      Run:        assert (!run_q || (run_copy_q == pe_copy && run_dst_q == pe_dst && (!pe_copy || run_src_q == LA'(entry))));
      ChunkState: assert ((k_state == 2'd0 || state == 4'(StInit)) && !k_bad);
      ChunkStep:  assert (k_norm == (k_state == 2'd2));
      ChunkKey:   assert (k_state == 2'd0 || !k_head);
      ChunkAdd:   assert (k_state != 2'd1 || (k_off == '0 && k_part == {k_layer, k_kind} && !k_last && 32'(k_layer) < 32'(layers_q)));
      ChunkNorm:  assert (k_state != 2'd2 || (k_off <= 3'd1 && 2'(k_part + k_off[1:0]) == {k_layer, k_kind}
                          && (k_last || (32'(k_layer) < 32'(layers_q) && {k_layer, k_kind} != 2'd0))));
      ChunkFirst: assert (k_state != 2'd2 || !k_first || k_off == 3'd1);
      ChunkEnd:   assert (k_state != 2'd3 || (k_off == '0 && k_last && layers_q == 2'd2));
      ChunkLast:  assert (k_state == 2'd0 || !k_last || {k_layer, k_kind} == {layers_q == 2'd1, 1'b0});
      ChunkTable: assert (range_bad || !(live || state == 4'(StInit)) || chunks_ok);
    end
    if (Inner && !Cover && live) begin
      CfgBad:     assert (cfg_bad == range_bad);
      TabLen:     assert (tab_len);
      TabBlk:     assert (tab_blk);
      TabData:    assert (tab_data);
      TabWritten: assert (tab_wr);
      BadShape:   assert (!range_bad || (owned_q == '0 && nblk == '0 && ph < 3'd2));
      OneBlock:   assert ((in_0 & in_1) == '0);
      // Command.
      CmdKey:     assert (!((cmd && !raw) || job_valid) || bad_who || (c_op <= 2'd1 && 32'(c_slot) < Slots
                          && c_layer < 8'(layers_q) && c_head == 8'd0 && !cfg_bad));
      CmdPos:     assert (!(cmd && !raw) || (x == c_x && high == (c_pos[17:LenW] != '0) && bad_form == is_bad_form));
      CmdChunk:   assert (!((cmd && !raw) || job_valid) || bad_who || {job_part, job_off} == {c_layer[0], c_kind, LA'(0)});
      ChunkRead:  assert (state != 4'(StRd) || c_head != 8'd0 || c_layer >= 8'(layers_q) || range_bad
                          || r_chunk == {c_layer[0], c_kind, LA'(0)});
      ReadRaw:    assert (!raw || (r_blk == x_e && r_len == x_l && r_slot == x_s && r_quota == x_q));
      ReadKnown:  assert (!known || ({len, bits} == x_l && q_nblk == x_s[SltB-1:BaBits] && quota == x_q && own == x_e[BlkB-1 -: SlotW]));
      ReadEntry:  assert (!entered || entry == x_e[BaBits +: PageW]);
      ReadTag:    assert (!rd_q2 || r_tag == x_t);
      TagKnown:   assert (!tagged || (extra == x_t[SlotW +: SlotW] && (stale != '0) == is_stale));
      Checked:    assert (!past || (append && bad_pos == is_bad_pos && need == (x[6:5] == q_nblk) && (bad_pages || !need || q_nblk < quota)
                          && !bad_tag));
      NotFresh:   assert (!(cmd && tagged) || !fresh);
      Accepted:   assert (!page_ok || !(bad_who || bad_pos || bad_pages));
      PageWhy:    assert (!(state == 4'(StPage) || state == 4'(StCopy)) || need || (extra != '0 && stale == '0));
      Copying:    assert (state != 4'(StCopy) || (!need && spare_valid));
      Base:       assert (!(cmd && tagged) || job_base == LA'(entry));
      Committing: assert (state != 4'(StCommit) || (fresh ? owned_q[entry] && (need || (extra != '0 && entry != x_e[BaBits +: PageW]
                          && page_q[entry] == page_q[x_e[BaBits +: PageW]]))
                          : !need && extra == '0 && stale == '0));
      JobState:   assert (!job_valid || !cmd);
      JobForm:    assert (!j_ok || (32'(c_slot) < Slots && (append ? job_count == 6'd1 : c_op == 2'd0)));
      JobLength:  assert (!j_ok || je_last < {1'b0, je_len[LenB-1:2]} || (je_last == {1'b0, je_len[LenB-1:2]} && je_len[j_kind]));
      JobStale:   assert (!(job_valid && c_op == 2'd0 && !bad_who && !bad_pos && !bad_pages) || job_stale == '0);
      JobTag:     assert (!job_valid || !bad_tag || Ecc);
      Time:       assert (!cmd || 32'(time_q) + 32'((state == 4'(StPage)) ? to_spare + (need ? 6'd1 : 6'd15) : (state == 4'(StCopy)) ? to_copy + 6'd1
                          : (state == 4'(StCommit)) ? (fresh ? 6'd0 : 6'd29) : (state == 4'(StTag)) ? 6'd30 : (state == 4'(StCheck)) ? 6'd31 : 6'd32) <= 33);
      // Administration.
      Told:       assert (!(ph != 3'd0 || ad_done) || (d_op == op_q && d_slot == slot_q && d_src == (fork ? src_q : slot_q) && d_len == len_end));
      Flushing:   assert (!flush_req || (ph == 3'd1 && state == 4'(StIdle) && !job_valid && d_lay == 2'd0));
      Known:      assert (ph < 3'd2 || (32'(d_slot) < Slots && 32'(d_src) < Slots && !d_bad && q_big == (d_len > 18'd2)));
      PhaseOp:    assert ((ph != 3'd2 || d_op == 2'd1 || fork) && (ph < 3'd4 || d_op != 2'd3));
      Need:       assert (!(ph >= 3'd2 || flush_req) || d_need == need_f[1:0]);
      Apart:      assert (ph < 3'd2 || !(cmd || job_valid) || (32'(c_slot) >> SlotW) != 0 ||
                          (c_slot[SlotW-1:0] != ad_s && c_slot[SlotW-1:0] != ad_f));
      Seen:       assert (seen == kc_wait_q && (!seen || ph < 3'd2 || held == held_now));
      Lengths:    assert (lens_ok);
      StepPhase:  assert (!stepping || (ph >= 3'd2 && want));
      LayEnd:     assert (state == 4'(StStep4) || !(ph == 3'd2 || ph == 3'd4) || (d_lay <= layers_q && lay_end == (d_lay == layers_q)));
      LayBound:   assert (!(ph == 3'd2 || ph == 3'd4) || d_lay <= layers_q);
      LayZero:    assert (ph != 3'd3 || !(stepping || want) || d_lay == 2'd0);
      BlkEnd:     assert (state == 4'(StStep4) || ph != 3'd5 || blk_end == (d_blk == d_need));
      BlkCount:   assert (ph < 3'd4 || (d_blk == nblk[2*ad_s +: 2] && d_need <= 2'd2 && d_len <= 18'd64));
      BlkFork:    assert (ph < 3'd4 || !fork || (d_blk <= d_need && d_need <= nblk[2*ad_f +: 2] && (ph == 3'd5 || d_blk == 2'd0)
                          && (ad_s != ad_f || d_len == 18'd0)));
      BlkTrunc:   assert (ph < 3'd4 || fork || d_blk >= d_need);
      Fits:       assert (!(state == 4'(StStep3) && ph == 3'd2) || fits == ({12'd0, x} <= {12'd0, len} && !high));
      StepLen:    assert (!(state == 4'(StStep2) || state == 4'(StStep3)) || (x == d_len[LenW-1:0] && high == (d_len[17:LenW] != '0)));
      SlotCheck:  assert (!(state == 4'(StStep3) && ph == 3'd3) || (s_pos == ((d_op == 2'd3) ? q_big : (fork && q_nblk != 2'd0))
                          && s_pages == (fork && d_need > quota)));
    end
    if (Inner && !Cover && alloc_on) begin
      OnePlace:   assert (one_place);
      RingFits:   assert (32'(in_ring) <= Pages && mid - head <= in_ring);
      NextBound:  assert (32'(next) <= Pages && next <= pages_q && (!bump_end || next == pages_q));
      Bumping:    assert (bump <= 3'd4 && (bump == 3'd0 || (!bump_end && next < pages_q)));
      BumpAlone:  assert (Ecc || bump == 3'd0 || (!spare_valid && !refill));
      BumpPage:   assert (Ecc || bump < 3'd2 || 32'(spare) == 32'(next));
      BumpFact:   assert (bump < 3'd2 || fact == next + (PageW+1)'(1));
      BumpProd:   assert (bump != 3'd3 || 32'(prod) == 32'(next) + 1);
      BumpOver:   assert (bump != 3'd4 || !over);
      Refill:     assert (!refill || (read_page == head_page && head != mid && !spare_valid));
      ScrubMid:   assert (!working || pe_copy || undo || mid != tail);
      ScrubRead:  assert (a_state != 3'd1 || pe_copy || (read_page == mid_page && bump == 3'd0));
      CopyRead:   assert (!Ecc || a_state == 3'd0 || a_state > 3'd3 || bump == 3'd0);
      FreshPlace: assert (!Ecc || !a_fresh || (place - mid < tail - mid && bump == 3'd0));
      JobFact:    assert (a_state != 3'd2 || 32'(fact) == 32'(job_page));
      JobProd:    assert (a_state != 3'd3 || 32'(prod) == 32'(job_page));
      JobDst:     assert (a_state < 3'd4 || 32'(pe_dst) == 32'(job_page));
    end
  end

  // Cover: an assertion that fails once every situation has been seen.
  reg  [4:0] seen_q = 5'd0;
  wire [4:0] now = {
    job && j_reads && j_slot[0] && seen_q[2],                // the copy is read
    push && op_q == 2'd0,                                    // FREE returns a page
    take && state == 4'(StCopy),                             // copy on write
    applied && op_q == 2'd2 && written != '0,                // FORK shares the watched position
    job && j_reads
  };
  always @(posedge clk_i) if (rst_n) seen_q <= seen_q | now;
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
  wire unused_ok = &{1'b0, ready, pe_urgent, job_rot, pe_src_rot, pe_dst_rot, used, unused_dirty, unused_ready, unused_cnt, c_kind};

endmodule
`default_nettype wire
