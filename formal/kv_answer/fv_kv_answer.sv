// SPDX-License-Identifier: Apache-2.0
// Proof harness of the KV controller's read path: each response beat carries the block that its command asked for, or nothing does.
//
// mr_kv_answer, mr_kv_unpack and mr_kv_wbuf as mr_kv_data connects them. WordBytes, BurstClks, BlockHalfs, FifoWords, Words, Depth
// as there.   Inner  1: also what holds between the registers, which makes the rest inductive.   Step  1: the induction's step, any state in which
// all of that holds, and the clock behind it.   Cover  1, 2: instead, an assertion that must fail when every
// situation has been seen.
// Free: jobs as the planner gives them (a stream of up to 4 positions, its last one perhaps in the append buffer; a beat; a token), blocks of a
// position (1 to MaxNbh, constant), when bursts are issued (there must be room, up to two clocks old) and words come back, their data and errors,
// what is written to the buffer, kr_ready_i, and pages that the engine reads in between. mark_i picks a job to follow, one at a time, and
// of_i, at_i a half-word of its answer (block, place in it); its value is taken where it enters, from the DRAM's words or the buffer's.
`default_nettype none
module fv_kv_answer #(
  parameter int WordBytes  = 16,
  parameter int BurstClks  = 2,
  parameter int BlockHalfs = 17,
  parameter int FifoWords  = 8,
  parameter int Words      = 16,
  parameter int Depth      = 2,
  parameter int MaxNbh     = 2,
  parameter bit Inner      = 1'b1,
  parameter bit Step       = 1'b0,
  parameter int Cover      = 0,
  localparam int WordHalfs = WordBytes / 2,
  localparam int WordBits  = 8 * WordBytes,
  localparam int AddrW     = $clog2(Words),
  localparam int RingBits  = WordBits + WordHalfs
) (
  input wire                 clk_i,
  input wire [1:0]           any_nbh_i,
  input wire                 in_valid_i,
  input wire [1:0]           in_kind_i,
  input wire [3:0]           in_num_i,
  input wire                 in_fwd_i,
  input wire [AddrW-1:0]     in_addr_i,
  input wire                 mark_i,
  input wire [2:0]           of_i,
  input wire [4:0]           at_i,
  input wire                 issue_i,
  input wire                 word_valid_i,
  input wire [WordBits-1:0]  word_i,
  input wire                 word_err_i,
  input wire                 we_i,
  input wire [WordBits-1:0]  wr_word_i,
  input wire                 page_i,
  input wire                 pop_i,
  input wire                 kr_ready_i
);
  localparam int LgBurst = $clog2(BurstClks);
  localparam int BaBits  = 1;
  localparam int Piece   = BurstClks << BaBits;       // words that the page engine reads at once
  localparam int BurstHalfs = WordHalfs * BurstClks;
  localparam logic [1:0] KindStream = 2'd0;
  localparam logic [1:0] KindBeat   = 2'd1;
  localparam logic [1:0] KindToken  = 2'd2;

  reg              rst_q;
  reg              step_q = 1'b0;
  generate
    if (!Step) begin : gen_reset
      initial rst_q = 1'b0;
    end
  endgenerate
  reg  [1:0]       nbh_q;
  wire             in_ready, act, from_buf, bound, last, out_free, clr, blk, err, fw_act, fw_hold, fw_re, fw_end, fw_have, fw_take;
  wire             tok, empty, rd_empty, piece, room, grant, drained, hit, hit_last, hit_way, kr_valid, kr_last, page_err, rd_issue, rd_valid;
  wire             pe_pop, in_valid;
  wire [AddrW-1:0] fw_addr, head;
  wire [3:0]       kr_status;
  wire [271:0]     kr_block;
  wire [WordBits-1:0]  fw_word, pe_word, wb_word;
  wire [WordHalfs-1:0] wb_be;
  wire [AddrW-LgBurst:0] used;
  wire [1:0]       ent_count;
  wire             ent_late, ent_run;
  wire             push = in_valid && in_ready;

  mr_kv_answer #(.AddrW(AddrW), .NbhW(2), .Depth(Depth)) u_answer (
    .clk_i, .rst_ni(rst_q), .cfg_nbh_i(nbh_q), .in_valid_i(in_valid), .in_ready_o(in_ready), .in_kind_i, .in_num_i({1'b0, in_num_i}),
    .in_fwd_i, .in_addr_i, .act_o(act), .buf_o(from_buf), .bound_o(bound), .last_o(last), .out_free_o(out_free), .clr_o(clr), .blk_i(blk),
    .err_i(err), .fw_act_o(fw_act), .fw_hold_o(fw_hold), .fw_addr_o(fw_addr), .fw_re_i(fw_re), .fw_end_o(fw_end), .tok_o(tok),
    .empty_o(empty), .kr_valid_o(kr_valid), .kr_ready_i, .kr_last_o(kr_last), .kr_status_o(kr_status)
  );
  mr_kv_unpack #(
    .WordBytes(WordBytes), .BurstClks(BurstClks), .BlockHalfs(BlockHalfs), .FifoWords(FifoWords), .PieceW(BaBits + LgBurst)
  ) u_unpack (
    .clk_i, .rst_ni(rst_q), .rd_issue_i(rd_issue), .rd_valid_i(rd_valid), .rd_word_i(word_i), .rd_err_i(word_err_i), .rd_room_o(room),
    .act_i(act), .buf_i(from_buf), .bound_i(bound), .last_i(last), .out_free_i(out_free), .clr_i(clr), .blk_o(blk), .err_o(err),
    .block_o(kr_block), .fw_have_i(fw_have), .fw_word_i(fw_word), .fw_take_o(fw_take),
    .pe_pop_i(pe_pop), .pe_word_o(pe_word), .pe_err_o(page_err), .piece_o(piece), .empty_o(rd_empty)
  );
  // Only its ring is used; space is free again at once.
  mr_kv_wbuf #(.WordBytes(WordBytes), .BurstClks(BurstClks), .Words(Words), .Entries(2), .KeyW(1), .BlkW(1), .RunW(1), .LateW(1)) u_wbuf (
    .clk_i, .rst_ni(rst_q), .ent_we_i(1'b0), .ent_key_i(1'b0), .ent_blk_i(1'b0), .ent_pos_i(6'd0), .ent_late_i(1'b0), .ent_run_i(1'b0),
    .ent_clear_i(1'b0), .ent_count_o(ent_count), .row_i(1'b0), .find_key_i(1'b0), .find_blk_i(1'b0), .find_pos_i(6'd0), .hit_o(hit),
    .hit_last_o(hit_last), .hit_way_o(hit_way), .idx_i(1'b0), .ent_late_o(ent_late), .run_re_i(1'b0), .run_o(ent_run),
    .we_i, .be_i({WordHalfs{1'b1}}), .word_i(wr_word_i), .grant_o(grant), .head_o(head), .used_o(used), .wd_pop_i(1'b0), .wd_be_o(wb_be),
    .wd_word_o(wb_word), .mark_i(1'b1), .drained_o(drained), .free_i(1'b1), .fw_act_i(fw_act), .fw_hold_i(fw_hold), .fw_addr_i(fw_addr),
    .fw_re_o(fw_re), .fw_take_i(fw_take), .fw_end_i(fw_end), .fw_have_o(fw_have), .fw_word_o(fw_word)
  );

  // --- what a job's answer is -----------------------------------------------------------------------------------------------
  // Half-words are counted from the stream's first one: those before in_split lie in its run of bursts, the others in the buffer.
  wire        in_stream = in_kind_i == KindStream;
  wire        in_answer = in_kind_i != KindToken;                       // it has beats
  wire [3:0]  in_pos    = {2'd0, in_num_i[1:0]} + 4'd1;
  wire [3:0]  in_blocks = in_pos * nbh_q;
  wire [7:0]  in_halfs  = 8'(in_blocks) * 8'(BlockHalfs);
  wire [7:0]  in_split  = in_fwd_i ? in_halfs - 8'(nbh_q) * 8'(BlockHalfs) : in_halfs;
  wire [7:0]  in_bursts = in_stream ? 8'((32'(in_split) + BurstHalfs - 1) / BurstHalfs) : 8'd0;

  // Reading by loops keeps the proof's net small.
  function automatic logic [WordBits-1:0] ring_word(input logic [AddrW-1:0] at);
    ring_word = '0;
    for (int i = 0; i < Words; i = i + 1)
      if (32'(at) == i) ring_word = ring[RingBits*i +: WordBits];
  endfunction
  function automatic logic [15:0] half_of(input logic [WordBits-1:0] word, input logic [7:0] at);
    half_of = '0;
    for (int i = 0; i < WordHalfs; i = i + 1)
      if (32'(at) % WordHalfs == i) half_of = word[16*i +: 16];
  endfunction

  // --- the followed job -----------------------------------------------------------------------------------------------------
  reg         watch_q, stream_q, token_q, fwd_q, got_q, bad_q, any_bad_q;
  reg  [3:0]  num_q, blocks_q;
  reg  [7:0]  split_q, half_q;
  reg  [3:0]  of_q;           // the half-word's block
  reg  [4:0]  at_q;           // its place there
  reg  [15:0] value_q;
  reg  [AddrW-1:0] addr_q;    // of its word in the buffer
  reg  [9:0]  words_q;        // words of runs before its own that have not come yet
  reg  [7:0]  word_q;         // words of its run that have, as far as it needs them
  reg  [4:0]  ahead_q;        // jobs before it that have beats and whose last one was not taken
  reg  [4:0]  toks_q;         // tokens before it
  reg  [3:0]  beat_q;         // beats taken
  reg  [4:0]  under_q, under_toks_q;
  reg  [7:0]  owed_q;         // bursts that are not issued yet
  reg  [7:0]  due_q;          // words of issued bursts that have not come
  reg  [1:0]  room_q;
  // Page engine: 0 nothing, 1 reads, 2 takes the words.
  reg  [1:0]  page_q;
  reg  [3:0]  popped_q;
  (* keep *) wire [RingBits*Words-1:0] ring;    // the buffer, connected by kv_answer.sby

  wire [7:0]  in_half  = 8'(of_i) * 8'(BlockHalfs) + 8'(at_i);
  wire        in_buf   = in_stream && in_half >= in_split;
  wire [7:0]  buf_word = in_half / 8'(WordHalfs) - in_split / 8'(WordHalfs);
  wire [AddrW-1:0]    at_buf   = in_addr_i + AddrW'(buf_word);
  wire [WordBits-1:0] there    = ring_word(at_buf);
  wire        taken    = kr_valid && kr_ready_i;
  wire        end_     = taken && kr_last;
  wire        mine     = watch_q && !token_q && ahead_q == 5'd0;
  wire        page     = page_i && !in_valid_i && page_q == 2'd0 && empty && rd_empty && owed_q == 8'd0 && due_q == 8'd0;
  wire [7:0]  first    = 8'(of_q) * 8'(BlockHalfs);                     // the block's half-words
  wire [7:0]  behind   = first + 8'(BlockHalfs);
  wire [7:0]  w_first  = word_q * 8'(WordHalfs);                        // the present word's
  wire [7:0]  w_behind = w_first + 8'(WordHalfs);
  wire        w_mine   = watch_q && stream_q && words_q == 10'd0 && w_first < split_q && rd_valid;

  assign in_valid = in_valid_i && page_q == 2'd0;
  assign rd_issue = issue_i && owed_q != 8'd0 && (room || room_q != 2'd0);
  assign rd_valid = word_valid_i && due_q != 8'd0;
  assign pe_pop   = page_q == 2'd2 && pop_i;
  wire        page_end = pe_pop && 32'(popped_q) == Piece - 1;

  always @(posedge clk_i) begin
    assume (in_kind_i != 2'd3);
    assume (!in_stream || in_num_i < 4'd4);
    assume (any_nbh_i != 2'd0 && 32'(any_nbh_i) <= MaxNbh);
    assume (32'(at_i) < BlockHalfs && (!in_stream || {1'b0, of_i} < in_blocks));
    // The word that is followed stays in the buffer: the planner frees no space that an answer needs.
    assume (!(we_i && grant) || !((push && mark_i && in_buf && head == at_buf) || (watch_q && stream_q && half_q >= split_q && head == addr_q)));
    assume (!Step || rst_q);
    rst_q   <= 1'b1;
    step_q  <= 1'b1;
    if (!rst_q) nbh_q <= any_nbh_i;
    room_q  <= {room_q[0], room};
    owed_q  <= owed_q + (push ? in_bursts : page ? 8'(1 << BaBits) : 8'd0) - 8'(rd_issue);
    due_q   <= due_q + (rd_issue ? 8'(BurstClks) : 8'd0) - 8'(rd_valid);
    under_q <= under_q + 5'(push && in_answer) - 5'(end_);
    under_toks_q <= under_toks_q + 5'(push && !in_answer) - 5'(tok);
    if (page) page_q <= 2'd1;
    else if (page_q == 2'd1 && piece) page_q <= 2'd2;
    else if (page_end) page_q <= 2'd0;
    popped_q <= (page_q != 2'd2 || page_end) ? 4'd0 : popped_q + 4'(pe_pop);
    if (push && mark_i && !watch_q) begin
      watch_q   <= 1'b1;
      stream_q  <= in_stream;
      token_q   <= !in_answer;
      fwd_q     <= in_fwd_i;
      num_q     <= in_num_i;
      blocks_q  <= in_stream ? in_blocks : 4'd1;
      split_q   <= in_split;
      half_q    <= in_half;
      of_q      <= {1'b0, of_i};
      at_q      <= at_i;
      got_q     <= in_buf;
      addr_q    <= at_buf;
      value_q   <= half_of(there, in_half);
      bad_q     <= 1'b0;
      any_bad_q <= 1'b0;
      words_q   <= 10'(owed_q * BurstClks) + 10'(due_q) - 10'(rd_valid);
      word_q    <= 8'd0;
      ahead_q   <= under_q - 5'(end_);
      toks_q    <= under_toks_q - 5'(tok);
      beat_q    <= 4'd0;
    end else if (watch_q) begin
      if (rd_valid && words_q != 10'd0) words_q <= words_q - 10'd1;
      if (w_mine) begin
        word_q    <= word_q + 8'd1;
        any_bad_q <= any_bad_q || word_err_i;
        // The block is lost with any word of it, and only such of the run.
        if (w_behind > first && w_first < behind && (!fwd_q || first < split_q)) bad_q <= bad_q || word_err_i;
        if (half_q >= w_first && half_q < w_behind && half_q < split_q) begin
          got_q   <= 1'b1;
          value_q <= half_of(word_i, half_q);
        end
      end
      if (end_) ahead_q <= ahead_q - 5'd1;
      if (tok) toks_q <= toks_q - 5'd1;
      if (mine && taken) beat_q <= beat_q + 4'd1;
      if ((mine && end_) || (token_q && tok && toks_q == 5'd0)) watch_q <= 1'b0;
    end
    if (!rst_q) begin
      room_q       <= 2'd0;
      owed_q       <= 8'd0;
      due_q        <= 8'd0;
      under_q      <= 5'd0;
      under_toks_q <= 5'd0;
      page_q       <= 2'd0;
      popped_q     <= 4'd0;
      watch_q      <= 1'b0;
    end
  end

  // --- properties -----------------------------------------------------------------------------------------------------------
  reg  [15:0]  answered;
  always @* begin
    answered = kr_block[271:256];
    for (int i = 1; i < BlockHalfs; i = i + 1)
      if (32'(at_q) == i) answered = kr_block[16*(i-1) +: 16];
  end
  reg          held_q, left_q;
  always @(posedge clk_i) begin
    held_q <= rst_q && kr_valid && !kr_ready_i;
    left_q <= rst_q && watch_q && token_q && tok && toks_q == 5'd0;
  end
  // A beat belongs to a job; a followed job's are as many as its blocks, the last one says so and has the status.
  wire p_asked = !kr_valid || under_q != 5'd0;
  wire p_stays = !held_q || kr_valid;
  wire p_last = !(kr_valid && mine) || kr_last == (beat_q + 4'd1 == blocks_q);
  wire p_status = !(kr_valid && mine) || kr_status == (stream_q ? ((kr_last && any_bad_q) ? 4'd7 : 4'd0) : num_q);
  // Each half-word is the one that entered at its place; of a poisoned block all are zero.
  wire p_entered = !(kr_valid && mine && stream_q && beat_q == of_q) || got_q;
  wire p_value = !(kr_valid && mine && stream_q && beat_q == of_q) || answered == (bad_q ? 16'd0 : value_q);
  wire p_zero = !(kr_valid && mine && !stream_q) || kr_block == 272'd0;
  wire p_short = !kr_valid || BlockHalfs == 17 || kr_block[255:128] == 128'd0;
  // A token leaves when nothing in front of it needs the buffer: a clock later at most a last beat waits to be taken.
  wire p_token = !left_q || ahead_q == 5'd0 || (ahead_q == 5'd1 && kr_valid && kr_last);
  wire p_tokens = !tok || under_toks_q != 5'd0;

  // --- registers, connected by kv_answer.sby --------------------------------------------------------------------------------
  localparam int PtrW   = $clog2(FifoWords);
  localparam int DepthW = $clog2(Depth);
  localparam int EntW   = 8 + AddrW;
  localparam int NeedW  = (WordHalfs == 1) ? BlockHalfs : $clog2(BlockHalfs + 1);
  (* keep *) wire [DepthW:0]        q_wr, q_rd;
  (* keep *) wire                   q_mid, q_valid, q_re, load, done, stream, beat, fwd, pos_one, pos_end, buf_now, blk_end, err_ans;
  (* keep *) wire [EntW-1:0]        q_out, q_next;
  (* keep *) wire [EntW*Depth-1:0]  q_mem;
  (* keep *) wire [4:0]             pos;
  (* keep *) wire [1:0]             blks, nbh_less;
  (* keep *) wire [AddrW-1:0]       addr;
  (* keep *) wire [PtrW:0]          f_wr, f_rd, f_next;
  (* keep *) wire [PtrW-LgBurst:0]  issued;
  (* keep *) wire                   out_valid, f_empty, align, err_now, fin;
  (* keep *) wire [WordBits-1:0]    out_word, fw_data;
  (* keep *) wire [WordBits*FifoWords-1:0] f_mem;
  (* keep *) wire [FifoWords-1:0]   f_err;
  (* keep *) wire [NeedW-1:0]       lanes_need;       // lanes that the present block needs, or which one comes next as one bit
  (* keep *) wire [16*(BlockHalfs-1)-1:0] acc;
  (* keep *) wire [AddrW-LgBurst:0] mark, tail;
  (* keep *) wire                   head_wrap;

  // An entry's kind, words of its run.
  function automatic logic answers(input logic [EntW-1:0] e);
    answers = e[EntW-1 -: 2] != KindToken;
  endfunction
  function automatic logic legal(input logic [EntW-1:0] e);
    legal = e[EntW-1 -: 2] != 2'd3 && e[EntW-3] == 1'b0 && (e[EntW-1 -: 2] != KindStream || e[EntW-3 -: 3] == 3'd0);
  endfunction
  function automatic logic [9:0] words_of(input logic [EntW-1:0] e, input logic [1:0] nbh);
    logic [9:0] halfs;
    halfs    = 10'(e[EntW-6 -: 2]) + (e[AddrW] ? 10'd0 : 10'd1);
    halfs    = 10'(halfs[2:0] * nbh) * 10'(BlockHalfs);
    words_of = (e[EntW-1 -: 2] != KindStream) ? 10'd0 : 10'(((32'(halfs) + BurstHalfs - 1) / BurstHalfs) * BurstClks);
  endfunction

  // The job that is answered now: what it still takes.
  reg  [4:0] need;
  always @* begin
    need = 5'(lanes_need);
    if (WordHalfs == 1) begin
      need = 5'd0;
      for (int i = 0; i < NeedW; i = i + 1)
        if (lanes_need[i]) need = 5'(BlockHalfs - i);
    end
  end
  wire [PtrW:0] fill   = f_wr - f_rd;
  wire [PtrW:0] f_ahead = f_next - f_rd - (PtrW+1)'(1);
  wire [3:0]  blocks   = 4'(pos[1:0]) * nbh_q + 4'(blks) + 4'd1;         // blocks, the present one too
  wire [7:0]  left     = 8'(blocks - 4'd1) * 8'(BlockHalfs) + 8'(need);  // half-words
  wire [7:0]  from_run = !fwd ? left : (pos == 5'd0) ? 8'd0 : left - 8'(nbh_q) * 8'(BlockHalfs);
  wire [7:0]  in_burst = 8'(f_rd[LgBurst-1:0]);
  wire [7:0]  dropped  = align ? 8'(BurstClks) - in_burst : 8'd0;
  wire [7:0]  since    = align ? 8'd0 : in_burst;
  wire [7:0]  run_left = (from_run + 8'(WordHalfs - 1)) / 8'(WordHalfs);
  wire [7:0]  present  = dropped + ((stream && from_run != 8'd0)
                         ? ((since + run_left + 8'(BurstClks - 1)) / 8'(BurstClks)) * 8'(BurstClks) - since : 8'd0);

  // Where the followed job is: 0 in the queue's memory, 1 and 2 in its registers, 3 answered now, 4 its last beat waits.
  reg  [2:0]      stage_q;
  reg  [DepthW:0] slot_q;
  reg  [EntW-1:0] job_q;
  // Places in the stream of words: how many were taken from the FIFO and asked for; each job's run's end; where the followed one's begins.
  reg  [9:0]      taken_q, asked_q, cur_end_q, next_end_q, mid_end_q, start_q;
  reg  [10*Depth-1:0] mem_end_q;
  wire [9:0]      asked = asked_q + 10'((push ? in_bursts : page ? 8'(1 << BaBits) : 8'd0) * BurstClks);
  wire [9:0]      run   = start_q - taken_q;      // words from the FIFO's head to it, while it needs some
  always @(posedge clk_i) begin
    if (push && mark_i && !watch_q) begin
      stage_q <= 3'd0;
      slot_q  <= q_wr;
      job_q   <= {in_kind_i, 1'b0, in_num_i, in_fwd_i, in_addr_i};
      start_q <= asked_q;
    end else begin
      if (stage_q == 3'd0 && q_re && q_rd == slot_q) stage_q <= 3'd1;
      if (stage_q == 3'd1) stage_q <= 3'd2;
      if (stage_q == 3'd2 && load) stage_q <= 3'd3;
      if (stage_q == 3'd3 && done) stage_q <= 3'd4;
    end
    taken_q <= rst_q ? taken_q + 10'(u_pop) : 10'd0;
    asked_q <= rst_q ? asked : 10'd0;
    for (int i = 0; i < Depth; i = i + 1) begin
      if (push && q_wr[DepthW-1:0] == DepthW'(i)) mem_end_q[10*i +: 10] <= asked;
      if (q_rd[DepthW-1:0] == DepthW'(i)) mid_end_q <= mem_end_q[10*i +: 10];
    end
    if (q_mid) next_end_q <= mid_end_q;
    if (!rst_q) cur_end_q <= 10'd0;
    else if (page) cur_end_q <= asked;
    else if (load && q_valid) cur_end_q <= next_end_q;
  end
  (* keep *) wire u_pop;

  // The queue: jobs with beats and tokens, all and those in front of the followed one; each run begins where the one before ends.
  reg  [4:0] n_all, n_ahead, t_all, t_ahead;
  reg        all_legal, chained;
  reg  [9:0] front_end, last_end, slot_end;
  reg  [EntW-1:0]   entry, slot_entry;
  reg  [DepthW-1:0] place, before;
  wire       out_last = kr_valid && kr_last;
  always @* begin
    n_all     = 5'(stream || beat) + 5'(out_last);
    t_all     = 5'd0;
    n_ahead   = n_all;
    t_ahead   = 5'd0;
    all_legal = 1'b1;
    chained   = 1'b1;
    front_end = cur_end_q;
    if (q_valid) begin
      n_all     = n_all + 5'(answers(q_next));
      t_all     = t_all + 5'(!answers(q_next));
      all_legal = legal(q_next);
      chained   = next_end_q == front_end + words_of(q_next, nbh_q);
      front_end = next_end_q;
    end
    if (q_mid) begin
      n_all     = n_all + 5'(answers(q_out));
      t_all     = t_all + 5'(!answers(q_out));
      all_legal = all_legal && legal(q_out);
      chained   = chained && mid_end_q == front_end + words_of(q_out, nbh_q);
      front_end = mid_end_q;
    end
    if (stage_q == 3'd0) {n_ahead, t_ahead} = {n_all, t_all};
    slot_entry = '0;
    slot_end   = '0;
    last_end   = front_end;
    for (int i = 0; i < Depth; i = i + 1) begin
      entry  = q_mem[EntW*i +: EntW];
      place  = DepthW'(i) - q_rd[DepthW-1:0];
      before = q_wr[DepthW-1:0] - DepthW'(1);
      if (DepthW'(i) == slot_q[DepthW-1:0]) {slot_entry, slot_end} = {entry, mem_end_q[10*i +: 10]};
      if (DepthW'(i) == before && q_wr != q_rd) last_end = mem_end_q[10*i +: 10];
      if ({1'b0, place} < (DepthW+1)'(q_wr - q_rd)) begin
        all_legal = all_legal && legal(entry);
        chained   = chained && mem_end_q[10*i +: 10] == words_of(entry, nbh_q)
                    + ((place == '0) ? front_end : mem_end_q[10*((i + Depth - 1) % Depth) +: 10]);
        n_all     = n_all + 5'(answers(entry));
        t_all     = t_all + 5'(!answers(entry));
        if (stage_q == 3'd0 && {1'b0, place} < (DepthW+1)'(slot_q - q_rd)) begin
          n_ahead = n_ahead + 5'(answers(entry));
          t_ahead = t_ahead + 5'(!answers(entry));
        end
      end
    end
    if (stage_q >= 3'd3) n_ahead = (stage_q == 3'd3) ? 5'(out_last) : 5'd0;
  end
  wire [9:0] waiting  = asked_q - taken_q;
  wire [9:0] cur_left = cur_end_q - taken_q;
  wire [9:0] my_end   = (stage_q == 3'd0) ? slot_end : (stage_q == 3'd1) ? mid_end_q : next_end_q;
  wire [9:0] my_start = my_end - words_of(job_q, nbh_q);

  // The followed job's progress.
  wire [7:0]  whole    = 8'(blocks_q) * 8'(BlockHalfs);
  wire [7:0]  took     = whole - left;                                  // half-words
  wire [3:0]  block    = blocks_q - blocks;                             // the present one
  wire        in_run   = stage_q < 3'd3 || (stage_q == 3'd3 && stream && took < split_q);
  wire [7:0]  run_uses = (split_q + 8'(WordHalfs - 1)) / 8'(WordHalfs);
  wire [7:0]  at_word  = half_q / 8'(WordHalfs);
  wire [9:0]  ahead    = run + 10'(at_word);                           // of the half-word's word
  wire [PtrW-1:0] f_at = f_rd[PtrW-1:0] + ahead[PtrW-1:0];
  wire [7:0]  fw_done  = (took / 8'(WordHalfs) > split_q / 8'(WordHalfs)) ? took / 8'(WordHalfs) - split_q / 8'(WordHalfs) : 8'd0;
  wire [7:0]  fw_at    = at_word - split_q / 8'(WordHalfs);
  wire [AddrW-1:0] fw_next = job_q[AddrW-1:0] + fw_done[AddrW-1:0] + AddrW'(fw_have);
  wire [AddrW-1:0] fw_mine = job_q[AddrW-1:0] + fw_at[AddrW-1:0];
  wire [WordBits-1:0] r_word = ring_word(addr_q);
  reg  [WordBits-1:0] f_word;
  reg  [15:0] acc_half;
  wire [7:0]  acc_at   = 8'(need) - 8'd1 + 8'(at_q);
  wire [7:0]  b_word   = first / 8'(WordHalfs);
  wire [7:0]  e_word   = (behind - 8'd1) / 8'(WordHalfs);
  reg         bad_in, any_in;               // errors of the block's, of all words of the job that wait in the FIFO
  reg  [9:0]  idx;
  reg  [PtrW-1:0] depth;
  always @* begin
    bad_in = 1'b0;
    any_in = 1'b0;
    idx    = '0;
    f_word = '0;
    for (int i = 0; i < FifoWords; i = i + 1) begin
      if (32'(f_at) == i) f_word = f_mem[WordBits*i +: WordBits];
      depth = PtrW'(i) - f_rd[PtrW-1:0];
      idx   = 10'(depth) - run;
      if ({1'b0, depth} < fill && f_err[i] && idx[9:8] == 2'd0) begin
        if (idx[7:0] < run_uses) any_in = 1'b1;
        if (first < split_q && idx[7:0] >= b_word && idx[7:0] <= e_word) bad_in = 1'b1;
      end
    end
    acc_half = '0;
    for (int i = 0; i < BlockHalfs - 1; i = i + 1)
      if (32'(acc_at) == i) acc_half = acc[16*i +: 16];
  end
  wire [AddrW-LgBurst:0] new_mark = {head_wrap, head[AddrW-1:LgBurst]} - mark;
  wire [AddrW-LgBurst:0] new_tail = mark - tail;
  wire [PtrW-LgBurst:0] held = issued - f_rd[PtrW:LgBurst];
  localparam int Bursts = FifoWords / BurstClks;

  wire p_shape = nbh_q != 2'd0 && 32'(nbh_q) <= MaxNbh && (nbh_less == nbh_q - 2'd1 || (empty && owed_q == 8'd0));
  wire p_ring = new_mark[AddrW-LgBurst:1] == '0 && new_tail[AddrW-LgBurst:1] == '0 && used <= 2;
  // Read FIFO.
  wire p_fifo = 32'(held) * BurstClks == 32'(fill) + 32'(due_q) + 32'(in_burst);
  wire p_room = 32'(held) <= Bursts && (!room || 32'(held) <= Bursts - 3) && (!room_q[0] || 32'(held) <= Bursts - 2)
      && (!room_q[1] || 32'(held) <= Bursts - 1);
  wire p_pointers = f_empty == (fill == '0) && f_ahead == '0;
  wire p_out_word = out_valid ? fill != '0 : fill <= 1;
  wire p_aligned = !align || in_burst != 8'd0;
  // Queue.
  wire p_queue = 32'((DepthW+1)'(q_wr - q_rd)) <= Depth && !(q_mid && q_valid) && !(stream && beat) && all_legal;
  wire p_waiting = waiting == 10'(fill) + 10'(due_q) + 10'(owed_q * BurstClks);
  wire p_chain = chained && last_end == asked_q;
  wire p_cur_left = cur_left == ((page_q == 2'd0) ? 10'(present) : 10'(Piece - 32'(popped_q)));
  wire p_counts = under_q == n_all && under_toks_q == t_all;
  wire p_page = page_q == 2'd0 || (page_q != 2'd3 && empty && !align && 32'(in_burst) == 32'(popped_q) % BurstClks);
  wire p_page_took = page_q == 2'd2 ? due_q == 8'd0 && owed_q == 8'd0 && out_valid && 32'(popped_q) < Piece : popped_q == 4'd0;
  // The present job.
  wire p_present = !stream || (32'(pos) < 4 && blks < nbh_q && need != 5'd0 && 32'(need) <= BlockHalfs && pos_one == (pos == 5'd1)
      && pos_end == (pos == 5'd0) && buf_now == (fwd && pos_end) && blk_end == (blks == 2'd0));
  wire p_one_hot = WordHalfs != 1 || (lanes_need != '0 && (lanes_need & (lanes_need - NeedW'(1))) == '0);
  wire p_gear = fin == (32'(need) <= WordHalfs) && (stream || 32'(need) == BlockHalfs);
  wire p_errors = (stream || !err_ans) && (32'(need) != BlockHalfs || !err_now) && (!buf_now || !stream || !err_now);
  wire p_between = !kr_valid || kr_last || stream;
  wire p_idle = stream && from_run != 8'd0 || align || in_burst == 8'd0 || page_q == 2'd2;
  wire p_reads = !fw_have || (stream && fwd);
  // The followed job.
  wire p_kept = !watch_q || (stage_q <= 3'd4 && legal(job_q) && token_q == !answers(job_q) && stream_q == (job_q[EntW-1 -: 2] == KindStream)
      && num_q == job_q[AddrW+4:AddrW+1] && fwd_q == job_q[AddrW]
      && blocks_q == (stream_q ? (4'(num_q[1:0]) + 4'd1) * nbh_q : 4'd1)
      && (!stream_q || (split_q == whole - (fwd_q ? 8'(nbh_q) * 8'(BlockHalfs) : 8'd0) && 32'(at_q) < BlockHalfs && of_q < blocks_q
      && half_q == first + 8'(at_q) && (half_q < split_q || addr_q == fw_mine))));
  wire p_in_queue = !watch_q || stage_q != 3'd0 || ((DepthW+1)'(slot_q - q_rd) < (DepthW+1)'(q_wr - q_rd) && slot_entry == job_q);
  wire p_in_mid = !watch_q || stage_q != 3'd1 || (q_mid && q_out == job_q);
  wire p_in_next = !watch_q || stage_q != 3'd2 || (q_valid && q_next == job_q);
  wire p_in_work = !watch_q || stage_q != 3'd3 || (!token_q && stream == stream_q && beat == !stream_q && (stream_q ? fwd == fwd_q : pos == {1'b0, num_q}));
  wire p_in_out = !watch_q || stage_q != 3'd4 || (!token_q && out_last && beat_q + 4'd1 == blocks_q);
  wire p_ahead = !watch_q || ahead_q == n_ahead;
  wire p_ahead_tok = !watch_q || stage_q > 3'd2 || toks_q == t_ahead;
  wire p_beats = !watch_q || stage_q > 3'd3 || (stage_q == 3'd3 && stream_q) || beat_q == 4'd0;
  wire p_through = !watch_q || stage_q != 3'd3 || !stream_q || (left <= whole && took % 8'(WordHalfs) == 8'd0
      && block == beat_q + 4'(kr_valid && !kr_last) && !(out_last && block != 4'd0));
  wire p_run = !watch_q || stage_q > 3'd2 || start_q == my_start;
  wire p_run_now = !watch_q || stage_q != 3'd3 || !in_run || run == 10'(dropped) - 10'(took / 8'(WordHalfs));
  wire p_run_since = !watch_q || stage_q != 3'd3 || !in_run || (align ? took == 8'd0 : in_burst == (took / 8'(WordHalfs)) % 8'(BurstClks));
  wire p_came = !watch_q || !stream_q || (word_q <= run_uses && !words_q[9] && (words_q == 10'd0 || word_q == 8'd0));
  wire p_came_run = !watch_q || !stream_q || !in_run || split_q == 8'd0
      || ((words_q != 10'd0) ? run == 10'(fill) + words_q
      : (word_q < run_uses) ? run == 10'(fill) - 10'(word_q)
      : 10'(fill) - run - 10'(run_uses) <= 10'(FifoWords));
  wire p_came_all = !watch_q || !stream_q || in_run || split_q == 8'd0 || (words_q == 10'd0 && word_q == run_uses);
  wire p_got = !watch_q || !stream_q || got_q == (half_q >= split_q || word_q > at_word);
  wire p_at_fifo = !watch_q || !stream_q || half_q >= split_q || !in_run || word_q <= at_word || (stage_q == 3'd3 && took > half_q)
      || half_of(f_word, half_q) == value_q;
  wire p_at_head = !watch_q || !stream_q || half_q >= split_q || !in_run || word_q <= at_word || (stage_q == 3'd3 && took > half_q) || ahead != 10'd0 || !out_valid
      || half_of(out_word, half_q) == value_q;
  wire p_at_ring = !watch_q || !stream_q || half_q < split_q || (stage_q > 3'd2 && (stage_q != 3'd3 || fw_done + 8'(fw_have) > fw_at))
      || half_of(r_word, half_q) == value_q;
  wire p_at_read = !watch_q || !stream_q || half_q < split_q || stage_q != 3'd3 || !fw_have || fw_done != fw_at
      || half_of(fw_data, half_q) == value_q;
  wire p_read_at = !watch_q || !stream_q || !fwd_q || stage_q != 3'd3 || addr == fw_next;
  wire p_at_gear = !watch_q || !stream_q || stage_q != 3'd3 || block != of_q || took <= half_q || acc_half == value_q;
  wire p_bad = !watch_q || !stream_q || !(in_run || stage_q == 3'd3) || (stage_q == 3'd3 && block > of_q)
      || bad_q == ((in_run && bad_in) || (stage_q == 3'd3 && block == of_q && err_now));
  wire p_bad_buf = !watch_q || !stream_q || first < split_q || !bad_q;
  wire p_any_bad = !watch_q || !stream_q || stage_q > 3'd3
      || any_bad_q == ((in_run && any_in) || (stage_q == 3'd3 && (err_ans || err_now)));

  // One assertion each; in a step's first clock all are assumed.
  localparam int Outer = 10;
  localparam int All   = 57;
  wire [Outer-1:0] outer = {
    p_asked, p_stays, p_last, p_status, p_entered, p_value, p_zero, p_short, p_token, p_tokens
  };
  wire [All-Outer-1:0] inner = {
    p_shape, p_ring, p_fifo, p_room, p_pointers, p_out_word, p_aligned, p_queue, p_waiting, p_chain, p_cur_left, p_counts,
    p_page, p_page_took, p_present, p_one_hot, p_gear, p_errors, p_between, p_idle, p_reads, p_kept, p_in_queue, p_in_mid, p_in_next,
    p_in_work, p_in_out, p_ahead, p_ahead_tok, p_beats, p_through, p_run, p_run_now, p_run_since, p_came, p_came_run, p_came_all,
    p_got, p_at_fifo, p_at_head, p_at_ring, p_at_read, p_read_at, p_at_gear, p_bad, p_bad_buf, p_any_bad
  };
  wire [All-1:0] holds = {Inner ? inner : '1, outer};
  genvar g;
  generate
    if (Cover == 0) begin : gen_prove
      always @(posedge clk_i) assume (!Step || step_q || holds == '1);
      for (g = 0; g < All; g = g + 1) begin : gen_holds
        always @(posedge clk_i) if (rst_q && (!Step || step_q)) assert (holds[g]);
      end
    end
  endgenerate

  // Cover: an assertion that fails once every situation has been seen: a half-word from the buffer behind a poisoned run, with status 7; a
  // poisoned one; a last beat that must wait while two jobs are behind it.   2: words for the page engine between two streams; a beat with a status.
  reg  [2:0] seen_q = 3'd0;
  wire       hit_beat = mine && taken && stream_q && beat_q == of_q;
  always @(posedge clk_i)
    if (rst_q) seen_q <= seen_q | ((Cover == 1)
      ? {hit_beat && half_q >= split_q && split_q != 8'd0 && kr_last && any_bad_q, hit_beat && bad_q, held_q && kr_last && under_q > 5'd2}
      : {pe_pop && stream_q, mine && end_ && !stream_q && num_q != 4'd0, hit_beat && popped_q == 4'd0 && seen_q[2]});
  generate
    if (Cover != 0) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
  wire unused_ok = &{1'b0, drained, hit, hit_last, hit_way, page_err, pe_word, wb_word, wb_be, used, ent_count, ent_late, ent_run};
endmodule
`default_nettype wire
