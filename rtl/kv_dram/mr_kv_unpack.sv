// SPDX-License-Identifier: Apache-2.0
// Words of the KV controller's read runs to KV blocks: the word FIFO and the gearbox.
//
// WordBytes  2, 4, 8, 16, or 32 with blocks of 17.   BurstClks  words of a burst, a power of two >= 2.   BlockHalfs  half-words of a block, 9 or 17.
// FifoWords  power of two, at least 4 bursts.
// rd_*: rd_issue_i reserves a burst, its words follow in order. rd_room_o: one more burst fits, with two more as margin (so it may be
// used one clock late). A run starts at a burst boundary; what is left of its last burst is dropped.
// Control (mr_kv_answer, stable while act_i): buf_i the word comes from the append buffer, not from DRAM; bound_i the present block is the
// last one from DRAM before the buffer takes over (lanes behind its end come from the buffer already); last_i it is the stream's last;
// out_free_i the output register may be loaded. blk_o: a block is loaded in this clock, err_o: it was poisoned and is loaded as zero.
// clr_i (never with blk_o) loads zero. Block order in memory: half-word 0 is the scale, then the data.
// pe_pop_i takes the FIFO's head for the page engine, only while act_i is low. piece_o: a piece of 2^PieceW words that was read into the empty
// FIFO is complete.
// One word a clock; the block stands at block_o one clock after its last word's rd_valid_i if no word waits. The FIFO is block RAM; a word that
// finds it empty goes past it. Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_unpack #(
  parameter int WordBytes = 2,
  parameter int BurstClks = 4,
  parameter int BlockHalfs = 17,
  parameter int FifoWords = 32,
  parameter int PieceW = 4
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,

  input  wire                   rd_issue_i,
  input  wire                   rd_valid_i,
  input  wire [8*WordBytes-1:0] rd_word_i,
  input  wire                   rd_err_i,
  output logic                  rd_room_o,

  input  wire                   act_i,
  input  wire                   buf_i,
  input  wire                   bound_i,
  input  wire                   last_i,
  input  wire                   out_free_i,
  input  wire                   clr_i,
  output wire                   blk_o,
  output wire                   err_o,
  output wire [271:0]           block_o,

  input  wire                   fw_have_i,
  input  wire [8*WordBytes-1:0] fw_word_i,
  output wire                   fw_take_o,

  input  wire                   pe_pop_i,
  output wire [8*WordBytes-1:0] pe_word_o,
  output wire                   pe_err_o,
  output wire                   piece_o,
  output wire                   empty_o
);
  localparam int WordHalfs = WordBytes / 2;
  localparam int WordBits  = 8 * WordBytes;
  localparam int PtrW      = $clog2(FifoWords);
  localparam int LgBurst   = $clog2(BurstClks);
  localparam int BurstW    = PtrW - LgBurst + 1;
  localparam int AccBits   = 16 * (BlockHalfs - 1);

  // --- word FIFO -------------------------------------------------------------------------------------------------
  (* no_rw_check, ram_style = "block" *) logic [WordBits-1:0] mem [FifoWords];
  (* ram_style = "distributed" *) logic err_mem [FifoWords];    // what the error reaches is far behind a block RAM's output
  logic [WordBits-1:0] out_q, head;
  logic                head_err;
  logic [PtrW:0]       wr_q, rd_q, next_q;  // next_q = rd_q + 1
  logic [BurstW-1:0]   issued_q;    // bursts reserved
  logic [BurstW-1:0]   held;
  logic                pop;
  logic                out_valid_q; // word rd_q stands in out_q
  logic                empty_q;     // wr_q == rd_q: the word that arrives is word rd_q
  logic                have;        // word rd_q is there
  logic                more;        // a second word is inside
  logic                align_q;     // the rest of the last burst is being dropped

  assign have    = out_valid_q || (empty_q && rd_valid_i);
  assign head     = out_valid_q ? out_q : rd_word_i;
  assign head_err = out_valid_q ? err_mem[rd_q[PtrW-1:0]] : rd_err_i;
  assign more    = wr_q != next_q;
  assign piece_o = !empty_q && wr_q[PieceW-1:0] == rd_q[PieceW-1:0];
  assign held    = issued_q - rd_q[PtrW:LgBurst] + BurstW'(rd_issue_i);
  assign empty_o = issued_q == rd_q[PtrW:LgBurst] && rd_q[LgBurst-1:0] == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q        <= '0;
      rd_q        <= '0;
      next_q      <= (PtrW+1)'(1);
      issued_q    <= '0;
      rd_room_o   <= 1'b0;
      out_valid_q <= 1'b0;
      empty_q     <= 1'b1;
    end else begin
      out_valid_q <= !empty_q && (!pop || more);
      empty_q     <= empty_q ? pop == rd_valid_i : pop && !more && !rd_valid_i;
      rd_room_o   <= held <= BurstW'(FifoWords / BurstClks - 3);
      if (rd_issue_i) issued_q <= issued_q + BurstW'(1);
      if (rd_valid_i) wr_q <= wr_q + (PtrW+1)'(1);
      if (pop) begin
        rd_q   <= next_q;
        next_q <= next_q + (PtrW+1)'(1);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (rd_valid_i) mem[wr_q[PtrW-1:0]] <= rd_word_i;
  end
  always_ff @(posedge clk_i) begin
    if (rd_valid_i) err_mem[wr_q[PtrW-1:0]] <= rd_err_i;
  end
  always_ff @(posedge clk_i) out_q <= mem[pop ? next_q[PtrW-1:0] : rd_q[PtrW-1:0]];

  // --- gearbox: the words' lanes move through acc_q; a block ends in the present word ------------------
  logic                fin_q;            // this word completes the block
  logic                straddle;         // and has lanes of the next block
  logic                mix;              // this word's later lanes come from the append buffer
  logic [WordHalfs-1:0] mix_lane;
  logic                take, from_dram, dram_ok;
  logic                err_q;
  logic [WordBits-1:0] word;
  logic [AccBits-1:0]  acc_q;
  logic [AccBits+WordBits-1:0] lanes;
  logic [16*BlockHalfs-1:0]    block_q;

  assign from_dram = act_i && !buf_i;
  assign mix       = straddle && bound_i;
  assign dram_ok   = have && !align_q && (!mix || fw_have_i);
  assign take      = act_i && (buf_i ? fw_have_i : dram_ok) && (!fin_q || out_free_i);
  assign pop       = (take && from_dram) || (align_q && have) || pe_pop_i;
  assign fw_take_o = take && (buf_i || mix);
  assign blk_o     = take && fin_q;
  assign err_o     = err_q || (from_dram && head_err);
  assign pe_word_o = out_q;
  assign pe_err_o  = head_err;

  genvar l;
  generate
    for (l = 0; l < WordHalfs; l = l + 1) begin : gen_lane
      assign word[16*l +: 16] = buf_i || mix_lane[l] ? fw_word_i[16*l +: 16] : head[16*l +: 16];
    end
    if (WordHalfs == 1) begin : gen_plain
      // One bit goes round instead of a counter of half-words.
      logic [BlockHalfs-1:0] ring_q;
      assign fin_q    = ring_q[BlockHalfs-1];
      assign straddle = 1'b0;
      assign mix_lane = 1'b0;
      always_ff @(posedge clk_i) begin
        if (!rst_ni) ring_q <= BlockHalfs'(1);
        else if (take) ring_q <= {ring_q[BlockHalfs-2:0], ring_q[BlockHalfs-1]};
      end
      always_ff @(posedge clk_i) begin
        if (!rst_ni || clr_i || (blk_o && err_o)) block_q <= '0;
        else if (blk_o) block_q <= lanes;
      end
    end else begin : gen_shift
      localparam int NeedW  = $clog2(BlockHalfs + 1);
      localparam int ShiftW = $clog2(WordHalfs);
      logic [NeedW-1:0]  need_q, need_d;   // lanes that the present block still needs
      logic [ShiftW-1:0] shift;
      assign shift    = ShiftW'(need_q - NeedW'(1));
      assign straddle = fin_q && need_q != NeedW'(WordHalfs);
      for (l = 0; l < WordHalfs; l = l + 1) begin : gen_mix
        assign mix_lane[l] = mix && need_q < NeedW'(l + 1);
      end
      always_comb begin
        need_d = need_q - NeedW'(WordHalfs);
        if (fin_q) need_d = last_i ? NeedW'(BlockHalfs) : need_q + NeedW'(BlockHalfs - WordHalfs);
      end
      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          need_q <= NeedW'(BlockHalfs);
          fin_q  <= 1'b0;
        end else if (take) begin
          need_q <= need_d;
          fin_q  <= need_d <= NeedW'(WordHalfs);
        end
      end
      always_ff @(posedge clk_i) begin
        if (!rst_ni || clr_i || (blk_o && err_o)) block_q <= '0;
        else if (blk_o) block_q <= lanes[16*shift +: 16*BlockHalfs];
      end
    end
  endgenerate

  assign lanes = {word, acc_q};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      err_q   <= 1'b0;
      align_q <= 1'b0;
    end else begin
      if (take) begin
        if (!fin_q) err_q <= err_o;
        else err_q <= from_dram && head_err && straddle && !bound_i && !last_i;
      end
      if (blk_o && from_dram && (bound_i || last_i)) align_q <= rd_q[LgBurst-1:0] != LgBurst'(BurstClks - 1);
      else if (have && rd_q[LgBurst-1:0] == LgBurst'(BurstClks - 1)) align_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) acc_q <= lanes[AccBits+WordBits-1:WordBits];
  end

  generate
    if (BlockHalfs == 17) begin : gen_q8
      assign block_o = {block_q[15:0], block_q[271:16]};
    end else begin : gen_q4
      assign block_o = {block_q[15:0], 128'd0, block_q[143:16]};
    end
  endgenerate

  `MR_ASSERT(FifoFits, (PtrW+1)'(wr_q - rd_q) <= (PtrW+1)'(FifoWords))
  `MR_ASSERT(WordWasIssued, !rd_valid_i || wr_q[PtrW:LgBurst] != issued_q)
  `MR_ASSERT(IssueFits, BurstW'(issued_q - rd_q[PtrW:LgBurst]) <= BurstW'(FifoWords / BurstClks))
  `MR_ASSERT(EmptyIsRight, empty_q == (wr_q == rd_q))
  `MR_ASSERT(NextIsRight, next_q == rd_q + (PtrW+1)'(1))
  `MR_ASSERT(PopHas, !pop || have)
  `MR_ASSERT(PageAlone, !pe_pop_i || (!act_i && out_valid_q))
endmodule
`default_nettype wire
