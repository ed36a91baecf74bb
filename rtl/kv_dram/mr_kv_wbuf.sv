// SPDX-License-Identifier: Apache-2.0
// Append buffer of the KV controller: a ring of words with half-word enables, and a table of the APPENDs in it.
//
// WordBytes, BurstClks  as in mr_kv_unpack.   Words  power of two, a whole number of bursts.   Entries  2..64, a multiple of Ways.
// Ways  entries compared in one clock, a power of two.   KeyW, BlkW, RunW, LateW  bits of the key, of the block number and of an entry's parameters.
// Table, in block RAM: ent_we_i adds entry ent_count_o (key, block, position + 1, ent_late_i, ent_run_i; its words were written before).
// ent_clear_i empties it. row_i selects Ways entries; two clocks later hit_o is high if one of them has find_key_i and find_blk_i;
// hit_way_o says which, the oldest; hit_last_o: its position + 1 is find_pos_i. One clock after idx_i ent_late_o is that entry's, and run_o
// too if run_re_i was high, else zero.
// Ring: we_i writes a word at the head; a burst is complete at its last word. used_o: bursts between the oldest kept word and the head, a clock ago.
// wd_*: the words to be written to DRAM, fall-through, wd_pop_i takes one (two clocks after it was written at the earliest).
// mark_i: everything before the head will be popped; drained_o: it has been. free_i: the space before that mark is free again.
// fw_*: reading for a STREAM while fw_act_i: word fw_addr_i is read when fw_re_o is high, first of all and after each fw_take_i (only
// while fw_hold_i); fw_end_i ends it. we_i waits for
// grant_o while a read may come. Reset empties it. Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_wbuf #(
  parameter int WordBytes = 2,
  parameter int BurstClks = 4,
  parameter int Words = 1024,
  parameter int Entries = 8,
  parameter int Ways = 1,
  parameter int KeyW = 8,
  parameter int BlkW = 13,
  parameter int RunW = 46,
  parameter int LateW = 24,
  localparam int WordHalfs = WordBytes / 2,
  localparam int AddrW = $clog2(Words),
  localparam int LgBurst = $clog2(BurstClks),
  localparam int CountW = $clog2(Entries + 1),
  localparam int IdxW = $clog2(Entries),
  localparam int UsedW = AddrW - LgBurst + 1
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,

  input  wire                   ent_we_i,
  input  wire [KeyW-1:0]        ent_key_i,
  input  wire [BlkW-1:0]        ent_blk_i,
  input  wire [5:0]             ent_pos_i,
  input  wire [LateW-1:0]       ent_late_i,
  input  wire [RunW-1:0]        ent_run_i,
  input  wire                   ent_clear_i,
  output wire [CountW-1:0]      ent_count_o,

  input  wire [IdxW-1:0]        row_i,
  input  wire [KeyW-1:0]        find_key_i,
  input  wire [BlkW-1:0]        find_blk_i,
  input  wire [5:0]             find_pos_i,
  output wire                   hit_o,
  output wire                   hit_last_o,
  output logic [IdxW-1:0]       hit_way_o,
  input  wire [IdxW-1:0]        idx_i,
  output logic [LateW-1:0]      ent_late_o,
  input  wire                   run_re_i,
  output logic [RunW-1:0]       run_o,

  input  wire                   we_i,
  input  wire [WordHalfs-1:0]   be_i,
  input  wire [8*WordBytes-1:0] word_i,
  output wire                   grant_o,
  output wire [AddrW-1:0]       head_o,
  output logic [UsedW-1:0]      used_o,

  input  wire                   wd_pop_i,
  output wire [WordHalfs-1:0]   wd_be_o,
  output wire [8*WordBytes-1:0] wd_word_o,
  input  wire                   mark_i,
  output wire                   drained_o,
  input  wire                   free_i,

  input  wire                   fw_act_i,
  input  wire                   fw_hold_i,
  input  wire [AddrW-1:0]       fw_addr_i,
  output wire                   fw_re_o,
  input  wire                   fw_take_i,
  input  wire                   fw_end_i,
  output wire                   fw_have_o,
  output wire [8*WordBytes-1:0] fw_word_o
);
  localparam int RamW   = 8 * WordBytes + WordHalfs;
  localparam int LgWays = $clog2(Ways);
  localparam int Rows   = Entries / Ways;
  localparam int FindW  = KeyW + BlkW + 6;
  localparam int DiffW  = (KeyW + BlkW + 1) / 2;

  initial begin
    if (Entries % Ways != 0 || Entries < 2) $fatal(1, "%m: Entries must be a multiple of Ways");
    if (Words != 1 << AddrW) $fatal(1, "%m: Words must be a power of two");
  end

  // --- ring ------------------------------------------------------------------------------------------------------
  (* no_rw_check *) logic [RamW-1:0] mem [Words];
  logic [8*WordBytes-1:0] a_data_q;
  logic [RamW-1:0]    b_data_q;
  logic [AddrW-1:0]   a_addr, b_addr;
  logic [AddrW-1:0]   head_q, pop_q;
  logic [UsedW-1:0]   headb, mark_q, tail_q;    // bursts
  logic               head_wrap_q;
  logic               fw_re, fw_have_q;

  // One port writes at the head or reads for a STREAM, the other one reads what goes to DRAM.
  assign fw_re   = fw_act_i && (!fw_have_q || fw_take_i);
  assign fw_re_o = fw_re;
  assign a_addr  = fw_re ? fw_addr_i : head_q;
  assign b_addr  = pop_q + AddrW'(wd_pop_i);
  assign grant_o = !(fw_act_i && (!fw_have_q || fw_hold_i));

  always_ff @(posedge clk_i) begin
    if (fw_re) a_data_q <= mem[a_addr][8*WordBytes-1:0];
    else if (we_i && grant_o) mem[a_addr] <= {be_i, word_i};
  end
  always_ff @(posedge clk_i) begin
    b_data_q <= mem[b_addr];
  end

  assign head_o    = head_q;
  assign headb     = {head_wrap_q, head_q[AddrW-1:LgBurst]};
  assign drained_o = pop_q == {mark_q[UsedW-2:0], LgBurst'(0)};
  assign wd_be_o   = b_data_q[RamW-1 -: WordHalfs];
  assign wd_word_o = b_data_q[8*WordBytes-1:0];
  assign fw_have_o = fw_have_q;
  assign fw_word_o = a_data_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      head_q      <= '0;
      head_wrap_q <= 1'b0;
      pop_q       <= '0;
      mark_q      <= '0;
      tail_q      <= '0;
      fw_have_q   <= 1'b0;
    end else begin
      if (we_i && grant_o) {head_wrap_q, head_q} <= {head_wrap_q, head_q} + (AddrW+1)'(1);
      pop_q <= b_addr;
      if (mark_i) mark_q <= headb;
      if (free_i) tail_q <= mark_q;
      fw_have_q <= fw_act_i && !fw_end_i;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) used_o <= '0;
    else used_o <= headb - tail_q;
  end

  // --- table -----------------------------------------------------------------------------------------------------
  (* no_rw_check, ram_style = "block" *) logic [LateW-1:0] late_mem [Entries];
  (* no_rw_check, ram_style = "block" *) logic [RunW-1:0]  run_mem [Entries];
  logic [CountW-1:0] count_q;
  logic [Ways-1:0]   way_hit, way_last;

  assign ent_count_o = count_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || ent_clear_i) count_q <= '0;
    else if (ent_we_i) count_q <= count_q + CountW'(1);
  end
  always_ff @(posedge clk_i) begin
    if (ent_we_i) late_mem[count_q[IdxW-1:0]] <= ent_late_i;
  end
  always_ff @(posedge clk_i) begin
    if (ent_we_i) run_mem[count_q[IdxW-1:0]] <= ent_run_i;
  end
  always_ff @(posedge clk_i) ent_late_o <= late_mem[idx_i];
  always_ff @(posedge clk_i) begin
    if (!run_re_i) run_o <= '0;
    else run_o <= run_mem[idx_i];
  end

  genvar w, d;
  generate
    for (w = 0; w < Ways; w = w + 1) begin : gen_way
      // One LUT behind the RAM: pairs of bits that differ.
      (* no_rw_check, ram_style = "block" *) logic [FindW-1:0] find_mem [Rows];
      logic [FindW-1:0]   find_q;
      logic [2*DiffW-1:0] chunk_diff;
      logic [5:0]         pos_diff;
      logic [DiffW-1:0]   chunk_q;
      logic [2:0]         pos_q;
      logic               live_q;
      if (Ways == 1) begin : gen_one
        assign live_q = 1'b1;
        always_ff @(posedge clk_i) begin
          if (ent_we_i) find_mem[count_q[IdxW-1:0]] <= {ent_key_i, ent_blk_i, ent_pos_i};
        end
        always_ff @(posedge clk_i) find_q <= find_mem[row_i];
      end else begin : gen_many
        logic live0_q;
        assign live_q = live0_q;
        always_ff @(posedge clk_i) begin
          if (ent_we_i && count_q[LgWays-1:0] == LgWays'(w))
            find_mem[count_q[IdxW-1:LgWays]] <= {ent_key_i, ent_blk_i, ent_pos_i};
        end
        always_ff @(posedge clk_i) find_q <= find_mem[row_i[IdxW-LgWays-1:0]];
        logic live1_q;
        always_ff @(posedge clk_i) begin
          live1_q <= CountW'({row_i, LgWays'(w)}) < count_q;
          live0_q <= live1_q;
        end
      end
      assign chunk_diff  = (2*DiffW)'(find_q[FindW-1:6]) ^ (2*DiffW)'({find_key_i, find_blk_i});
      assign pos_diff    = find_q[5:0] ^ find_pos_i;
      assign way_hit[w]  = live_q && chunk_q == '0;
      assign way_last[w] = pos_q == '0;
      for (d = 0; d < DiffW; d = d + 1) begin : gen_diff
        always_ff @(posedge clk_i) chunk_q[d] <= chunk_diff[2*d] || chunk_diff[2*d+1];
      end
      for (d = 0; d < 3; d = d + 1) begin : gen_pos
        always_ff @(posedge clk_i) pos_q[d] <= pos_diff[2*d] || pos_diff[2*d+1];
      end
    end
  endgenerate

  // The lowest way wins: the oldest entry, and positions of a chunk come in rising order.
  integer i;
  always_comb begin
    hit_way_o = '0;
    for (i = Ways - 1; i >= 0; i = i - 1) if (way_hit[i]) hit_way_o = IdxW'(i);
  end
  assign hit_o      = |way_hit;
  assign hit_last_o = way_last[LgWays == 0 ? 0 : hit_way_o];

  `MR_ASSERT(RingFits, used_o <= UsedW'(Words / BurstClks))
  `MR_ASSERT(TableFits, !ent_we_i || count_q < CountW'(Entries))
  `MR_ASSERT(ReadsWithoutWrites, !fw_re || !grant_o)
  `MR_ASSERT(PopsOnlyMarked, !wd_pop_i || !drained_o)
endmodule
`default_nettype wire
