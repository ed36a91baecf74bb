// SPDX-License-Identifier: Apache-2.0
// Blocks of an APPEND to words as they lie in DRAM: whole bursts, with an enable for each half-word.
//
// WordBytes  2, 4, 8, 16, or 32 with blocks of 17.   BurstClks  words of a burst.   BlockHalfs  half-words of a block, 9 or 17.   NbhW  bits of nbh_i.
// go_i is held until done_o (one clock). nbh_i blocks are taken from kw_*; drop_i: and dropped, nothing is written. Otherwise words come out
// at we_o when grant_i (the buffer's port is free): from the start of the burst in which the vector begins (word lead_i of it, half-word
// lane_i of that word; both valid from the clock after go_i rises) to the end of its last burst. low_i: number in its burst of the word
// that is written next. bursts_o and used_o: bursts and words with an enabled half, valid with done_o.
// kw_ready_o depends on kw_valid_i and grant_i. One word a clock (WordBytes 2: and a clock in front of a vector). Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_pack #(
  parameter int WordBytes = 2,
  parameter int BurstClks = 4,
  parameter int BlockHalfs = 17,
  parameter int NbhW = 6,
  parameter int BurstsW = 9,
  parameter int UsedW = 11,
  localparam int WordHalfs = WordBytes / 2,
  localparam int LgBurst = $clog2(BurstClks),
  localparam int LaneW = WordHalfs > 1 ? $clog2(WordHalfs) : 1
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,

  input  wire                   go_i,
  input  wire                   drop_i,
  input  wire [NbhW-1:0]        nbh_i,
  input  wire [LgBurst-1:0]     lead_i,
  input  wire [LaneW-1:0]       lane_i,
  output logic                  done_o,
  output wire [BurstsW-1:0]     bursts_o,
  output wire [UsedW-1:0]       used_o,

  input  wire                   kw_valid_i,
  output wire                   kw_ready_o,
  input  wire [271:0]           kw_block_i,

  input  wire                   grant_i,
  input  wire [LgBurst-1:0]     low_i,
  output wire                   we_o,
  output wire [WordHalfs-1:0]   be_o,
  output wire [8*WordBytes-1:0] word_o
);

  typedef enum logic [2:0] {StIdle, StLead, StData, StPart, StTail, StDrop} state_e;

  state_e             state_q, state_d;
  logic [NbhW-1:0]    left_q, left_d;   // blocks left, less one
  logic               first_q, first_d; // the vector's first word comes next
  logic [BurstsW-1:0] bursts_q;
  logic [UsedW-1:0]   used_q;
  logic               block_end, last_block, low_end, word_end, ready, vec_end, done;
  logic               have, fetch;      // there is a word to give; a block may come in
  logic [WordHalfs-1:0]          be;
  logic [16*BlockHalfs-1:0]      block;

  generate
    if (BlockHalfs == 17) begin : gen_q8
      assign block = {kw_block_i[255:0], kw_block_i[271:256]};
    end else begin : gen_q4
      wire unused_ok = ^kw_block_i[255:128];
      assign block = {kw_block_i[127:0], kw_block_i[271:256]};
    end
    if (WordHalfs == 1) begin : gen_plain
      wire unused_ok = ^lane_i;
      // Block RAM written as wide as a block and read by half-words does without a multiplexer: RAM s holds bits s Slice .. of each of
      // the block's data half-words, the scale waits in a register. A new block comes in while the last half-word of the one before leaves.
      localparam int Data  = BlockHalfs - 1;
      localparam int LgDat = $clog2(Data);
      localparam int Slice = 32 / Data;
      logic             blk_q;         // a block is inside
      logic             half_q;        // in which half (which no block RAM would need, but synthesis does not know RAM of one wide word)
      logic [LgDat:0]   idx_q;         // half-word that leaves next; 0 is the scale
      logic             scale_q;       // it is the scale
      logic [15:0]      head_q, data_q;
      genvar r;
      assign have      = blk_q;
      assign fetch     = !blk_q || (block_end && grant_i && !last_block);
      assign be        = state_q == StData;
      assign word_end  = 1'b1;
      assign block_end = idx_q[LgDat];
      assign word_o    = scale_q ? head_q : data_q;
      always_ff @(posedge clk_i) begin
        blk_q <= (kw_ready_o && state_q == StData) || (blk_q && !(ready && block_end) && state_q == StData);
        if (state_q == StIdle || (ready && state_q == StData)) begin
          idx_q   <= (state_q == StIdle || block_end) ? '0 : idx_q + (LgDat+1)'(1);
          scale_q <= state_q == StIdle || block_end;
        end
        if (kw_ready_o) head_q <= block[15:0];
        half_q <= rst_ni && (half_q ^ kw_ready_o);
      end
      for (r = 0; r < 16 / Slice; r = r + 1) begin : gen_slice
        (* no_rw_check, ram_style = "block" *) logic [Slice-1:0] mem [2*Data];
        integer h;
        always_ff @(posedge clk_i) begin
          if (kw_ready_o) for (h = 0; h < Data; h = h + 1) mem[{!half_q, h[LgDat-1:0]}] <= block[16*(h+1) + Slice*r +: Slice];
        end
        always_ff @(posedge clk_i) begin
          if (ready) data_q[Slice*r +: Slice] <= mem[{half_q, idx_q[LgDat-1:0]}];
        end
      end
    end else begin : gen_shift
      // The last lanes of the block before stand in front of the block.
      localparam int IdxW = $clog2(BlockHalfs + WordHalfs);
      logic [16*(WordHalfs-1)-1:0] before_q;
      logic [IdxW-1:0] idx_q, idx_d;    // lane of {block, earlier lanes} at which the word starts
      logic [16*(BlockHalfs+WordHalfs-1)-1:0] lanes;
      genvar l;
      always_ff @(posedge clk_i) begin
        if (kw_valid_i && kw_ready_o) before_q <= block[16*BlockHalfs-1 -: 16*(WordHalfs-1)];
      end
      for (l = 0; l < WordHalfs; l = l + 1) begin : gen_be
        assign be[l] = (state_q == StData && (!first_q || (LaneW+1)'(lane_i) < (LaneW+1)'(l + 1))) ||
                       (state_q == StPart && idx_q + IdxW'(l + 1) < IdxW'(WordHalfs));
      end
      assign have      = kw_valid_i;
      assign fetch     = grant_i && block_end;
      assign lanes     = {block, before_q};
      assign word_o    = lanes[16*idx_q +: 16*WordHalfs];
      assign block_end = idx_q + IdxW'(WordHalfs) >= IdxW'(BlockHalfs);
      assign word_end  = idx_d == IdxW'(WordHalfs - 1);
      always_comb begin
        idx_d = idx_q;
        if (state_q == StLead) idx_d = IdxW'(WordHalfs - 1) - IdxW'(lane_i);
        else if (state_q == StData && ready) idx_d = idx_q + IdxW'(WordHalfs) - (block_end ? IdxW'(BlockHalfs) : IdxW'(0));
      end
      always_ff @(posedge clk_i) idx_q <= idx_d;
    end
  endgenerate

  assign last_block = left_q == '0;
  assign low_end    = low_i == LgBurst'(BurstClks - 1);
  always_comb begin
    ready = 1'b0;
    case (state_q)
      StLead: ready = grant_i && low_i != lead_i;
      StData: ready = grant_i && have;
      StPart, StTail: ready = grant_i;
      default: ready = 1'b0;
    endcase
  end

  assign we_o       = ready;
  assign be_o       = be;
  assign kw_ready_o = kw_valid_i && (state_q == StDrop || (state_q == StData && fetch));
  assign vec_end    = last_block && (state_q == StDrop ? kw_ready_o : ready && block_end);
  assign done       = (vec_end && (state_q == StDrop || (word_end && low_end))) ||
                      ((state_q == StPart || state_q == StTail) && grant_i && low_end);
  assign bursts_o   = bursts_q;
  assign used_o     = used_q;

  always_comb begin
    state_d = state_q;
    left_d  = left_q;
    first_d = first_q;
    case (state_q)
      StIdle: begin
        left_d  = nbh_i - NbhW'(1);
        first_d = 1'b1;
        if (go_i && !done_o && drop_i) state_d = StDrop;
        else if (go_i && !done_o) state_d = StLead;
      end
      StLead: begin
        if (low_i == lead_i) state_d = StData;
      end
      StData: begin
        if (ready) begin
          first_d = 1'b0;
          if (block_end) left_d = left_q - NbhW'(1);
          if (vec_end) begin
            state_d = StTail;
            if (!word_end) state_d = StPart;
            else if (low_end) state_d = StIdle;
          end
        end
      end
      StPart, StTail: begin
        if (ready && low_end) state_d = StIdle;
        else if (ready) state_d = StTail;
      end
      StDrop: begin
        if (kw_valid_i) begin
          left_d = left_q - NbhW'(1);
          if (last_block) state_d = StIdle;
        end
      end
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      done_o  <= 1'b0;
    end else begin
      state_q <= state_d;
      done_o  <= done;
    end
  end
  always_ff @(posedge clk_i) begin
    left_q  <= left_d;
    first_q <= first_d;
    if (state_q == StIdle) begin
      bursts_q <= '0;
      used_q   <= '0;
    end else if (ready) begin
      if (|be) used_q <= used_q + UsedW'(1);
      if (low_end) bursts_q <= bursts_q + BurstsW'(1);
    end
  end

  `MR_ASSERT(TakesOnlyOffered, !kw_ready_o || kw_valid_i)
endmodule
`default_nettype wire
