// SPDX-License-Identifier: Apache-2.0
// Front end of the KV-cache controller: checks commands, owns pages, makes jobs; no address ever comes from outside.
//
// Slots 1..256; Layers 1..256; Heads 1..64; MaxNbh 1..32 blocks a vector; Pages 1..65536; SlotBlocks: 32-position blocks of a slot, a power of
// two 2..4096; BaBits: log2 of a page's parts; LA: bits of a local burst address. docs/kv_dram.md has the page layout. ZeroFresh 1: pages are zeroed
// before their first use too, and pages_ready_o are by now (see mr_kv_alloc). UndoCopy 1: an APPEND whose page copy read a bad word (pe_err_i beside pe_done_i) is refused with 7.
// cfg_*: from cfg_start_i (pulse) on stable. It takes effect when the command, the administration and the page copy or scrub under way have
// ended (ready_o falls at once) and forgets everything, like reset: at most Slots Layers + 4 Layers Heads + 2^BaBits clocks (rounded to powers of two). A shape outside the limits,
// chunks that do not fit NB parts, or parts of 2^18 bursts, refuse every command with 4. Pages written before cfg_start_i count as never used.
// kc_*: R1-R5, kc_ready_o from registers; a command to a slot under administration waits for its end. ad_*: mr_kv_admin.
// job_*: R1-R6, two clocks after a STREAM is taken, four after an APPEND inside a page; then the next command. Base, rotation, part and offset
// are the chunk's start; they mean nothing when job_status_o != 0: 4 unknown slot, layer, head or operation, 5 position or count, 6 no page, over
// quota, 7 the page's tag does not belong to the block table's entry. A refused command changes nothing. Order of the checks: 4, 5, 6 (new page), 7, 6 (copy).
// Bound: a command is answered in 5 clocks, a command that needs a page in 34 (formal/kv_owner); plus two runs of the page engine (pe_*) when no clean page is left
// or a shared page must be copied, a step of administration (6 clocks) between commands, and the time that the job port and the flush take.
// pe_src_* are valid with pe_copy_o. The copy keeps the page's rotation. inj_owner_i: pages taken meanwhile get a wrong tag (to test status 7).
// cnt_refused_o: 16 bits (modulo) for each of status 7, 6, 5, 4, of commands and administration. Test: tests/rtl/kv_cmd.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_cmd #(
  parameter int Slots = 8,
  parameter int Layers = 8,
  parameter int Heads = 2,
  parameter int MaxNbh = 4,
  parameter int Pages = 128,
  parameter int SlotBlocks = 16,
  parameter int BaBits = 2,
  parameter int LA = 21,
  parameter bit ZeroFresh = 1'b0,
  parameter bit UndoCopy = 1'b0,
  localparam int SlotW = (Slots < 2) ? 1 : $clog2(Slots),
  localparam int LayerW = (Layers < 2) ? 1 : $clog2(Layers),
  localparam int HeadW = (Heads < 2) ? 1 : $clog2(Heads),
  localparam int PageW = (Pages < 2) ? 1 : $clog2(Pages),
  localparam int KeyW = SlotW + LayerW + HeadW + 1
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
  output wire  [63:0]       cnt_refused_o,
  output wire  [PageW:0]    pages_used_o,
  output wire  [PageW:0]    pages_dirty_o,
  output wire  [PageW:0]    pages_ready_o,

  input  wire               kc_valid_i,
  output wire               kc_ready_o,
  input  wire  [1:0]        kc_op_i,
  input  wire  [7:0]        kc_slot_i,
  input  wire  [7:0]        kc_layer_i,
  input  wire  [7:0]        kc_head_i,
  input  wire               kc_kind_i,
  input  wire  [17:0]       kc_pos_i,
  input  wire  [5:0]        kc_count_i,

  input  wire               ad_valid_i,
  output wire               ad_ready_o,
  input  wire  [1:0]        ad_op_i,
  input  wire  [7:0]        ad_slot_i,
  input  wire  [7:0]        ad_src_i,
  input  wire  [17:0]       ad_len_i,
  output wire               ad_done_o,
  output wire  [3:0]        ad_status_o,

  output logic              job_valid_o,
  input  wire               job_ready_i,
  output wire               job_append_o,
  output wire  [3:0]        job_status_o,
  output wire  [KeyW-1:0]   job_key_o,
  output wire  [17:0]       job_pos_o,
  output wire  [5:0]        job_count_o,
  output logic [LA-1:0]     job_base_o,
  output logic [BaBits-1:0] job_rot_o,
  output logic [BaBits-1:0] job_part_o,
  output logic [LA-1:0]     job_off_o,

  output wire               flush_req_o,
  input  wire               flush_done_i,
  output wire               pe_valid_o,
  input  wire               pe_ready_i,
  output wire               pe_copy_o,
  output wire  [LA-1:0]     pe_src_base_o,
  output wire  [BaBits-1:0] pe_src_rot_o,
  output wire  [LA-1:0]     pe_dst_base_o,
  output wire  [BaBits-1:0] pe_dst_rot_o,
  input  wire               pe_done_i,
  input  wire               pe_err_i,
  output wire               pe_urgent_o
);
  localparam int BlkW = $clog2(SlotBlocks);
  localparam int LenW = BlkW + 6;           // complete positions, 0..32 SlotBlocks
  localparam int PairW = $clog2(2 * Heads);
  localparam int PartW = (LA < 18) ? LA : 18;
  localparam int BaseW = (PageW + PartW > LA) ? PageW + PartW : LA;

  localparam logic [1:0] OpStream = 2'd0, OpAppend = 2'd1;
  localparam logic [2:0] StatusWho = 3'd4, StatusPos = 3'd5, StatusPages = 3'd6, StatusTag = 3'd7;

  // v > limit, without a carry chain for a constant limit.
  function automatic logic above(input logic [LA+16:0] v, input int limit);
    above = 1'b0;
    for (int i = 0; i < LA + 17; i = i + 1) above = (i < 31 && limit[i % 32]) ? v[i] && above : v[i] || above;
  endfunction

  typedef enum logic [3:0] {
    StInit, StIdle, StRd, StCheck, StTag, StPage, StCopy, StCommit, StStep1, StStep2, StStep3, StStep4
  } state_e;

  state_e state_q, state_d;

  // --- command being handled; slot to count are outputs of the job as well ------------------------------------------------
  logic [1:0]        op_q;
  logic [7:0]        slot_q, layer_q, head_q;
  logic              kind_q;
  logic [17:0]       pos_q;
  logic [5:0]        count_q;
  logic              bad_pos_q, bad_pages_q, bad_tag_q, refused;   // why the command is refused, with bad_who_q
  logic [2:0]        status;
  logic              push_q;
  logic [SlotW/2:0]  job_stale_q, stale_now;
  logic              need_q, fresh_q;       // a new block; the entry in page_q is to be written
  logic              append;

  logic start_q, cfg_bad_q, range_bad_q, clear, tab_busy, chunk_busy, chunk_bad;
  logic idle, quiet, seen_q, held_q, accept, step_ok, step, step3, turn_q, push, take;

  assign append = op_q == OpAppend;
  assign idle   = state_q == StIdle;
  assign quiet  = idle && !job_valid_o;
  assign step3  = state_q == StStep3;

  // --- administration ------------------------------------------------------------------------------------------------------
  logic              ad_act, ad_block, ad_want, ad_alone, ad_from;
  logic [7:0]        ad_slot, ad_src;
  logic [LayerW-1:0] ad_lay;
  logic [BlkW-1:0]   ad_rd_blk, ad_wr_blk;
  logic [LenW-1:0]   ad_len;
  logic              ad_high, ad_len_we, ad_quota_we, ad_fork, ad_release;
  logic [BlkW:0]     ad_nblk;
  logic              lt, eq, high_q;
  logic [LenW-1:0]   x_q;
  logic [LenW-1:0]   len;
  logic [2*Heads-1:0] bits;
  logic [BlkW:0]     nblk, quota;
  logic [BaBits-1:0] rotn, e_rot, rot_next;
  logic [SlotW-1:0]  own, extra;
  logic              stale;
  logic [PageW-1:0]  e_page, page_q;

  mr_kv_admin #(.Slots(Slots), .LayerW(LayerW), .BlkW(BlkW)) u_admin (
    .clk_i, .rst_ni, .ready_i(ready_o), .cfg_bad_i(cfg_bad_q), .cfg_layers_i,
    .init_i(tab_busy), .ad_valid_i, .ad_ready_o, .ad_op_i, .ad_slot_i, .ad_src_i, .ad_len_i, .ad_done_o,
    .ad_status_o(ad_status_o[2:0]),
    .flush_req_o, .flush_done_i,
    .act_o(ad_act), .block_o(ad_block), .slot_o(ad_slot), .from_o(ad_src), .idle_i(idle), .quiet_i(quiet),
    .want_o(ad_want), .alone_o(ad_alone), .rd_from_o(ad_from), .lay_o(ad_lay), .rd_blk_o(ad_rd_blk),
    .wr_blk_o(ad_wr_blk), .len_o(ad_len), .len_high_o(ad_high),
    .step_i(step3), .fits_i((lt || eq) && !high_q), .nblk_i(nblk), .quota_i(quota), .stale_i(stale),
    .len_we_o(ad_len_we), .quota_we_o(ad_quota_we), .fork_we_o(ad_fork), .release_o(ad_release), .nblk_o(ad_nblk)
  );
  assign ad_status_o[3] = 1'b0;

  // --- who may use the tables next -----------------------------------------------------
  // After each command a step goes first. During administration a command is looked at for a clock before it is taken.
  assign ready_o    = state_q != StInit && !start_q;
  assign step_ok    = ad_want && !(ad_alone && job_valid_o);
  assign kc_ready_o = quiet && !start_q && !ad_block && (!ad_act || (seen_q && !held_q)) && !(step_ok && turn_q);
  assign accept     = kc_valid_i && kc_ready_o;
  assign step       = idle && step_ok && !kc_ready_o;

  // --- tables ----------------------------------------------------------------------------------------------------------------
  logic               rd;
  logic [SlotW-1:0]   rd_slot, wr_slot, wr_own;
  logic [LayerW-1:0]  rd_layer;
  logic [BlkW-1:0]    rd_blk;
  logic [2*Heads-1:0] bits_new, mask_q;
  logic [PairW-1:0]   pair;
  logic               bit_set, full, commit, copied;
  logic               tag_live;
  logic [SlotW-1:0]   tag_extra;
  logic [BaBits-1:0]  c_part;
  logic [LA-1:0]      c_off;

  assign rd       = accept || step;
  assign rd_slot  = kc_ready_o ? kc_slot_i[SlotW-1:0] : (ad_from ? ad_src[SlotW-1:0] : ad_slot[SlotW-1:0]);
  assign rd_layer = kc_ready_o ? kc_layer_i[LayerW-1:0] : ad_lay;
  assign rd_blk   = kc_ready_o ? kc_pos_i[5 +: BlkW] : ad_rd_blk;
  assign wr_slot  = step3 ? ad_slot[SlotW-1:0] : slot_q[SlotW-1:0];
  assign wr_own   = commit ? slot_q[SlotW-1:0] : own;
  assign rot_next = job_rot_o + cfg_step_i;
  assign tag_live = !ad_release || extra != '0;
  assign tag_extra = commit ? '0 : (ad_fork ? extra + SlotW'(1) : extra - SlotW'(1));

  assign pair     = PairW'({head_q, kind_q});
  assign bits_new = bits | ((2*Heads)'(1) << pair);
  assign bit_set  = bits[pair];
  assign full     = bits_new == mask_q;

  mr_kv_tables #(
    .SlotW(SlotW), .LayerW(LayerW), .BlkW(BlkW), .PageW(PageW), .BaBits(BaBits), .Pairs(2 * Heads)
  ) u_tables (
    .clk_i, .rst_ni, .clear_i(clear), .busy_o(tab_busy),
    .rd_i(rd), .rd_slot_i(rd_slot), .rd_layer_i(rd_layer), .rd_blk_i(rd_blk),
    .e_page_o(e_page), .e_rot_o(e_rot),
    .len_o(len), .bits_o(bits), .nblk_o(nblk), .rotn_o(rotn), .quota_o(quota), .own_o(own),
    .stale_now_o(stale_now), .stale_o(stale), .extra_o(extra),
    .wr_slot_i(wr_slot), .wr_layer_i(step3 ? ad_lay : layer_q[LayerW-1:0]), .wr_blk_i(step3 ? ad_wr_blk : x_q[5 +: BlkW]),
    .len_we_i(commit || ad_len_we), .len_i(x_q + LenW'(full && commit)), .bits_i((commit && !full) ? bits_new : '0),
    .blk_we_i((commit && fresh_q) || ad_fork), .page_i(page_q), .rot_i(job_rot_o), .own_i(wr_own),
    .slot_we_i((commit && need_q) || ad_fork || ad_release), .nblk_i((step3 ? ad_nblk : nblk) + (BlkW+1)'(!step3)),
    .rotn_i(ad_release ? e_rot : rot_next),
    .quota_we_i(ad_quota_we), .quota_i(ad_len[BlkW:0]),
    .tag_we_i((commit && fresh_q) || copied || ((ad_fork || ad_release) && !stale)),
    .tag_live_i(tag_live), .tag_extra_i(tag_extra), .tag_own_i(wr_own ^ SlotW'(commit && inj_owner_i))
  );

  mr_kv_chunks #(.Layers(Layers), .Heads(Heads), .BaBits(BaBits), .LA(LA)) u_chunks (
    .clk_i, .rst_ni, .start_i(clear), .range_bad_i(range_bad_q), .cfg_layers_i, .cfg_heads_i, .cfg_chunk_i, .cfg_part_i,
    .busy_o(chunk_busy), .bad_o(chunk_bad),
    .re_i(accept), .layer_i(kc_layer_i[LayerW-1:0]), .head_i(kc_head_i[HeadW-1:0]), .kind_i(kc_kind_i),
    .part_o(c_part), .off_o(c_off)
  );

  // --- pages -----------------------------------------------------------------------------------------------------------------
  logic              spare_valid, none, pe_idle, copy_end, copy_bad;
  logic [PageW-1:0]  spare_page;

  assign commit = state_q == StCommit;
  assign take   = (state_q == StPage && spare_valid && need_q) || copied;

  assign copied = copy_end && !copy_bad;
  // Before a start only a page that a command waits for is zeroed; a refused shape has none to zero.
  logic hold_pages;
  assign hold_pages = ((start_q || cfg_start_i) && state_q != StPage) || (ZeroFresh && (state_q == StInit || cfg_bad_q));
  mr_kv_alloc #(.Pages(Pages), .LA(LA), .PartW(PartW), .ZeroFresh(ZeroFresh), .UndoCopy(UndoCopy)) u_alloc (
    .clk_i, .rst_ni, .clear_i(clear), .hold_i(hold_pages), .idle_o(pe_idle), .cfg_pages_i, .cfg_part_i(cfg_part_i[PartW-1:0]),
    .spare_valid_o(spare_valid), .spare_page_o(spare_page), .none_o(none), .take_i(take),
    .push_i(ad_release && !stale && extra == '0), .push_page_i(page_q),
    .copy_i(state_q == StCopy), .copy_done_o(copy_end), .copy_bad_o(copy_bad),
    .pe_valid_o, .pe_ready_i, .pe_copy_o, .pe_dst_base_o, .pe_done_i, .pe_err_i,
    .pages_used_o, .pages_dirty_o, .pages_ready_o
  );
  assign pe_src_base_o = job_base_o;
  assign pe_src_rot_o  = job_rot_o;
  assign pe_dst_rot_o  = pe_copy_o ? job_rot_o : '0;
  assign pe_urgent_o   = (state_q == StPage && !spare_valid) || state_q == StCopy;

  // --- checks ----------------------------------------------------------------------------------------------------------------
  logic       bad_who_q, bad_form_q, bad_pos, need;
  logic [4:0] last;
  assign last    = count_q[4:0] - 5'd1;
  assign lt      = x_q < len;
  assign eq      = x_q == len;
  assign bad_pos = bad_form_q || high_q || (append ? !eq || bit_set : !(lt || (eq && bit_set)));
  assign need    = append && x_q[5 +: BlkW+1] == nblk;

  // --- control ---------------------------------------------------------------------------------------------------------------
  assign clear = quiet && start_q && !ad_act && pe_idle;
  assign push  = (state_q == StCheck && !append) || (state_q == StTag && (refused || (!need_q && stale)))
                 || (state_q == StPage && none) || (copy_end && copy_bad) || commit;

  always_comb begin
    state_d = state_q;
    case (state_q)
      StInit:   if (!tab_busy && !chunk_busy) state_d = StIdle;
      StIdle: begin
        if (clear) state_d = StInit;
        else if (accept) state_d = StRd;
        else if (step) state_d = StStep1;
      end
      StRd:     state_d = StCheck;
      StCheck: begin
        state_d = StIdle;
        if (append) state_d = StTag;
      end
      StTag: begin
        state_d = StCommit;
        if (push) state_d = StIdle;
        else if (need_q || extra != '0) state_d = StPage;
      end
      StPage: begin
        if (spare_valid && need_q) state_d = StCommit;
        else if (spare_valid) state_d = StCopy;
        else if (none) state_d = StIdle;
      end
      StCopy: begin
        if (copied) state_d = StCommit;
        else if (copy_end) state_d = StIdle;
      end
      StCommit: state_d = StIdle;
      StStep1:  state_d = StStep2;
      StStep2:  state_d = StStep3;
      StStep3:  state_d = StStep4;
      StStep4:  state_d = StIdle;
      default:  state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= StIdle;
      start_q     <= 1'b1;
      turn_q      <= 1'b0;
      job_valid_o <= 1'b0;
      push_q      <= 1'b0;
      seen_q      <= 1'b0;
    end else begin
      state_q <= state_d;
      push_q  <= push;
      seen_q  <= kc_valid_i && !accept;
      start_q <= cfg_start_i || (start_q && !clear);
      turn_q  <= accept || (turn_q && !step);
      if (push) job_valid_o <= 1'b1;
      else if (job_ready_i) job_valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    held_q      <= (32'(kc_slot_i) >> SlotW) == 0 && (kc_slot_i[SlotW-1:0] == ad_slot[SlotW-1:0] || kc_slot_i[SlotW-1:0] == ad_src[SlotW-1:0]);
    range_bad_q <= cfg_layers_i == 9'd0 || above((LA+17)'(cfg_layers_i), Layers) || cfg_heads_i == 9'd0
                   || above((LA+17)'(cfg_heads_i), Heads) || cfg_nbh_i == 6'd0 || above((LA+17)'(cfg_nbh_i), MaxNbh)
                   || above((LA+17)'(cfg_pages_i), Pages) || (32'(cfg_part_i) >> PartW) != 0;
    cfg_bad_q   <= range_bad_q || chunk_bad;
    for (int h = 0; h < Heads; h = h + 1) mask_q[2*h +: 2] <= {2{above((LA+17)'(cfg_heads_i[HeadW:0]), h)}};

    if (accept) begin
      op_q    <= kc_op_i;
      slot_q  <= kc_slot_i;
      layer_q <= kc_layer_i;
      head_q  <= kc_head_i;
      kind_q  <= kc_kind_i;
      pos_q   <= kc_pos_i;
      count_q <= kc_count_i;
    end
    if (clear || state_q == StInit) x_q <= '0;      // which clears the table of lengths
    else if (state_q == StRd || state_q == StStep1)
      // What is compared with the layer's length: the last position asked for (of a form that is not refused), or the new length.
      x_q    <= (state_q == StStep1) ? ad_len : {pos_q[LenW-1:5], pos_q[4:0] | last};
    if (state_q == StRd || state_q == StStep1)
      high_q <= (state_q == StStep1) ? ad_high : (32'(pos_q) >> LenW) != 0;
    if (state_q == StRd) begin
      bad_who_q  <= op_q[1] || above((LA+17)'(slot_q), Slots - 1) || (32'(layer_q) >> LayerW) != 0 || (32'(head_q) >> HeadW) != 0
                    || {1'b0, layer_q[LayerW-1:0]} >= (LayerW+1)'(cfg_layers_i) || {1'b0, head_q[HeadW-1:0]} >= (HeadW+1)'(cfg_heads_i)
                    || cfg_bad_q;
      bad_form_q <= append ? count_q != 6'd1 : (pos_q[4:0] != 5'd0 || count_q == 6'd0 || (count_q[5] && count_q[4:0] != 5'd0));
      job_part_o <= c_part;
      job_off_o  <= c_off;
    end
    if (state_q == StCheck) begin
      need_q      <= need;
      fresh_q     <= 1'b0;
      job_stale_q <= stale_now;
      bad_pos_q   <= bad_pos;
      bad_pages_q <= need && nblk >= quota;
      bad_tag_q   <= 1'b0;
    end else if (state_q == StTag && !refused && !need_q && stale) begin
      bad_tag_q <= 1'b1;
    end else if (copy_end && copy_bad) begin
      bad_tag_q <= 1'b1;
    end else if (state_q == StPage && none) begin
      bad_pages_q <= 1'b1;
    end

    // The entry under work: read from the block table, or the spare page that replaces it.
    if (state_q == StRd || state_q == StStep1 || take) page_q <= take ? spare_page : e_page;
    if (state_q == StRd || (state_q == StStep1 && ad_alone)) job_rot_o <= e_rot;
    else if (take && need_q) job_rot_o <= (x_q[5 +: BlkW] == '0) ? '0 : rotn;
    if (take) fresh_q <= 1'b1;
    // Where the page begins; the job follows a clock later at the earliest.
    if (state_q == StCheck || commit) job_base_o <= LA'(BaseW'(page_q) * BaseW'(cfg_part_i[PartW-1:0]));
  end

  // The tag of a STREAM's page arrives with the job, so its result joins here.
  logic tag_refused;

  assign tag_refused  = bad_tag_q || (job_stale_q != '0 && op_q == OpStream);
  assign refused      = bad_who_q || bad_pos_q || bad_pages_q;
  always_comb begin
    status = tag_refused ? StatusTag : 3'd0;
    if (bad_pages_q) status = StatusPages;
    if (bad_pos_q) status = StatusPos;
    if (bad_who_q) status = StatusWho;
  end
  assign job_append_o = append;
  assign job_status_o = {1'b0, status};
  assign job_key_o    = {slot_q[SlotW-1:0], layer_q[LayerW-1:0], head_q[HeadW-1:0], kind_q};
  assign job_pos_o    = pos_q;
  assign job_count_o  = count_q;

  wire unused_ok = ^{ad_slot, ad_src};

  // --- counters --------------------------------------------------------------------------------------------------------------
  mr_kv_refused u_refused (
    .clk_i, .rst_ni, .cmd_i(push_q), .cmd_status_i(job_status_o[2:0]), .ad_i(ad_done_o), .ad_status_i(ad_status_o[2:0]),
    .count_o(cnt_refused_o)
  );

`ifndef SYNTHESIS
  logic [KeyW+2*LA+2*BaBits+28:0] f_job, f_job_q;
  logic                           f_wait_q;

  assign f_job = {job_append_o, job_status_o, job_key_o, job_pos_o, job_count_o, job_base_o, job_rot_o, job_part_o, job_off_o};
  always_ff @(posedge clk_i) begin
    f_wait_q <= rst_ni && job_valid_o && !job_ready_i;
    f_job_q  <= f_job;
  end
  `MR_ASSERT(JobHolds, !f_wait_q || (job_valid_o && f_job == f_job_q))
`endif
  `MR_ASSERT(JobFree, !(accept && job_valid_o))
  `MR_ASSERT(BlockBound, !(commit && need_q) || nblk < quota)
  `MR_ASSERT(ExtraBound, !ad_fork || stale || 32'(extra) + 1 < Slots)
  `MR_ASSERT(CopyShared, !copied || extra != '0)
  `MR_ASSERT(FlushQuiet, !(flush_req_o && (job_valid_o || accept)))
  `MR_ASSERT(CommitOwned, !commit || fresh_q || !stale)
endmodule
`default_nettype wire
