// SPDX-License-Identifier: Apache-2.0
// Patrol of the KV controller with ECC: goes round all pages, reads them and writes them back corrected.
//
// La  bits of a burst number inside a bank.   BaBits  log2 banks of a group.   PageW  pages_i has PageW + 1 bits.
// A step is one piece of a page (2^BaBits bursts), which the page engine copies onto itself: single errors vanish, poison stays poison. A page
// has cfg_part_i steps. A step is due gap_i x 64 clocks after the end of the one before (gap_i 0: no patrol) and waits until no job does; after as many
// clocks more it is urgent: jobs wait for it. So a round over P pages takes P x cfg_part_i x (64 to 128 gap_i clocks and a step), and jobs
// have at least 128 gap_i clocks between two steps that they wait for.
// hold_i: the front end starts anew, begin no step; rest_o low: one that was under way then still is. pages_i: pages 0 .. pages_i - 1 have been
// written as a whole; a round begins anew where it falls.
// in_*: the front end's port to the page engine, pe_*: the engine's (mr_kv_data). A step goes first, or, when it is late, between two pieces
// of a page under way: pause_o lets it come to a rest, pe_free_i says that it has, swap_o: the port changes with the next clock.
// pe_one_o, pe_piece_o: the request is that piece only. fill_i: read words belong to a step; fix_i: such a word came and was corrected.
// cnt_pages_o: pages gone through, cnt_words_o: words corrected, both modulo 2^32, cleared by cnt_clear_i.
// Test: tests/rtl/kv_top.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_patrol #(
  parameter int La = 21,
  parameter int BaBits = 2,
  parameter int PageW = 7
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              hold_i,
  input  wire  [15:0]      gap_i,
  input  wire  [La-1:0]    cfg_part_i,
  input  wire  [PageW:0]   pages_i,
  output wire              rest_o,

  input  wire              in_valid_i,
  output wire              in_ready_o,
  input  wire              in_copy_i,
  input  wire              in_urgent_i,
  input  wire  [La-1:0]    in_src_base_i,
  input  wire  [BaBits-1:0] in_src_rot_i,
  input  wire  [La-1:0]    in_dst_base_i,
  input  wire  [BaBits-1:0] in_dst_rot_i,
  output wire              in_done_o,

  output wire              pe_valid_o,
  input  wire              pe_ready_i,
  output wire              pe_copy_o,
  output wire              pe_urgent_o,
  output wire  [La-1:0]    pe_src_base_o,
  output wire  [BaBits-1:0] pe_src_rot_o,
  output wire  [La-1:0]    pe_dst_base_o,
  output wire  [BaBits-1:0] pe_dst_rot_o,
  input  wire              pe_done_i,
  output wire              pe_one_o,
  output wire  [La-BaBits-1:0] pe_piece_o,
  input  wire              pe_free_i,
  output wire              swap_o,
  output wire              pause_o,

  input  wire              fill_i,
  input  wire              fix_i,
  input  wire              cnt_clear_i,
  output logic [31:0]      cnt_pages_o,
  output logic [31:0]      cnt_words_o
);
  logic [21:0]          time_q;
  logic                 off_q;
  logic                 due_q, late_q;     // a step is due; it is urgent
  logic                 sel_q, valid_q;    // the step has the engine; and is not over
  logic [PageW:0]       page_q;
  logic [La-1:0]        base_q;            // where page_q begins
  logic [La-BaBits-1:0] piece_q;
  logic                 last_piece_q, beyond_q, end_q, stop_q, end_piece, tick;

  assign tick      = time_q == 22'd1;
  assign swap_o    = due_q && !sel_q && !end_q && !hold_i && !beyond_q && pe_free_i && (late_q || !in_valid_i);
  assign pause_o   = late_q && !sel_q && !hold_i;
  assign end_piece = sel_q && pe_done_i;
  assign rest_o    = !stop_q;

  assign pe_valid_o    = sel_q ? valid_q : in_valid_i;
  assign pe_copy_o     = sel_q || in_copy_i;
  assign pe_urgent_o   = in_urgent_i || late_q;
  assign pe_src_base_o = sel_q ? base_q : in_src_base_i;
  assign pe_dst_base_o = sel_q ? base_q : in_dst_base_i;
  assign pe_src_rot_o  = in_src_rot_i & {BaBits{!sel_q}};
  assign pe_dst_rot_o  = in_dst_rot_i & {BaBits{!sel_q}};
  assign pe_one_o      = sel_q;
  assign pe_piece_o    = piece_q;
  assign in_ready_o    = pe_ready_i && !sel_q;
  assign in_done_o     = pe_done_i && !sel_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      time_q  <= '0;
      due_q   <= 1'b0;
      late_q  <= 1'b0;
      sel_q   <= 1'b0;
      valid_q <= 1'b0;
      end_q   <= 1'b0;
      stop_q  <= 1'b0;
    end else begin
      time_q  <= (end_piece || time_q <= 22'd1) ? {gap_i, 6'd0} : time_q - 22'd1;
      due_q   <= !off_q && (tick || (due_q && !end_piece));
      late_q  <= !off_q && !end_piece && !beyond_q && (late_q || (tick && due_q));
      sel_q   <= swap_o || (sel_q && !pe_done_i);
      valid_q <= swap_o || (valid_q && !pe_ready_i);
      end_q   <= end_piece;      // beyond_q follows a clock later
      stop_q  <= sel_q && (hold_i || stop_q);
    end
  end

  // The round goes on where it stood; pages that come to be join it in their turn.
  always_ff @(posedge clk_i) begin
    off_q        <= gap_i == 16'd0;
    last_piece_q <= La'(piece_q) + La'(1) == cfg_part_i;
    beyond_q     <= page_q >= pages_i;
    if (!rst_ni || (beyond_q && !sel_q)) begin
      page_q  <= '0;
      base_q  <= '0;
      piece_q <= '0;
    end else if (end_piece && !last_piece_q) begin
      piece_q <= piece_q + (La-BaBits)'(1);
    end else if (end_piece) begin
      piece_q <= '0;
      page_q  <= page_q + (PageW+1)'(1);
      base_q  <= base_q + cfg_part_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || cnt_clear_i) begin
      cnt_pages_o <= '0;
      cnt_words_o <= '0;
    end else begin
      if (end_piece && last_piece_q) cnt_pages_o <= cnt_pages_o + 32'd1;
      if (fill_i && fix_i) cnt_words_o <= cnt_words_o + 32'd1;
    end
  end

  `MR_ASSERT(SwapWhileFree, !swap_o || pe_free_i)
  `MR_ASSERT(DoneExpected, !(sel_q && pe_done_i) || !valid_q)
endmodule
`default_nettype wire
