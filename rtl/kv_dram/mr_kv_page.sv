// SPDX-License-Identifier: Apache-2.0
// Page engine of the KV controller: zeroes a page or copies a page, NB = 2^BaBits bursts at a time.
//
// La  bits of a burst number inside a bank.   BurstClks  words of a burst.
// A page is NB parts of cfg_part_i bursts; the device must hold at least NB pages, so that NB x cfg_part_i fits La bits.
// pe_*: ready/valid, the request stays until it is done: pe_ready_o is high in the clock in which it ends, pe_done_o in the next one; then
// pe_err_o says that a copied word was poisoned (the copy holds it as it was read). pe_one_i: only piece pe_piece_i, and no pe_err_o; such a
// request may come in the middle of another one, which goes on after it: swap_i is high in the clock before, only while free_o (no run
// and no word is under way). pause_i: begin no piece. fill_o: read words belong to a request with pe_one_i.
// want_o (while the planner is idle, idle_i, and has been for a clock): a run may be offered, wr_o and off_o describe it; took_i: it was accepted. wr_clear_i: no other write words are under way;
// rd_clear_i: no other read words are. piece_i: all words of a read run
// stand in the read FIFO. lock_o: no other reads or writes may start. words_o: words of write runs are not popped yet
// (pop_i); src_o: the words are those of the read FIFO, else zero. Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_page #(
  parameter int La = 21,
  parameter int BaBits = 2,
  parameter int BurstClks = 4
) (
  input  wire          clk_i,
  input  wire          rst_ni,
  input  wire [La-1:0] cfg_part_i,

  input  wire          pe_valid_i,
  output wire          pe_ready_o,
  input  wire          pe_copy_i,
  output logic         pe_done_o,
  output logic         pe_err_o,
  input  wire          pe_one_i,
  input  wire [La-BaBits-1:0] pe_piece_i,
  input  wire          swap_i,
  input  wire          pause_i,
  output wire          free_o,
  output wire          fill_o,

  input  wire          idle_i,
  output logic         want_o,
  output wire          wr_o,
  output wire [La-1:0] off_o,
  input  wire          took_i,
  input  wire          wr_clear_i,
  input  wire          rd_clear_i,
  output wire          lock_o,
  output wire          words_o,
  output wire          src_o,

  input  wire          piece_i,
  input  wire          pop_i,
  input  wire          pop_err_i
);
  localparam int Piece  = (1 << BaBits) * BurstClks;     // words
  localparam int PieceW = $clog2(Piece);
  localparam int PartW  = (La - BaBits < 18) ? La - BaBits : 18;     // parts are below 2^18 bursts

  typedef enum logic [1:0] {StIdle, StFill, StWrite} state_e;

  state_e            state_q;
  logic [PartW-1:0]  piece_q;      // pieces accepted
  logic [1:0]        runs_q;       // write runs whose words are not popped yet
  logic [PieceW-1:0] word_q;       // word of the first of them
  logic              run_end;
  logic              none_left, all_q, one_q, err_q, want, idle_q;

  assign none_left = runs_q == 2'd0;
  assign run_end   = pop_i && word_q == PieceW'(Piece - 1);

  // A zero run may follow while the words of the one before are still on their way; a copy needs the FIFO to itself.
  assign want = pe_valid_i && !all_q && wr_clear_i &&
                  (pe_copy_i ? none_left && (state_q == StWrite || (state_q == StIdle && rd_clear_i))
                             : runs_q != 2'd2);
  assign wr_o    = !pe_copy_i || state_q == StWrite;
  assign off_o   = {pe_one_i ? pe_piece_i : (La-BaBits)'(piece_q), BaBits'(0)};
  assign lock_o  = state_q != StIdle || (pe_copy_i && !none_left);
  assign words_o = !none_left;
  assign src_o   = pe_copy_i;
  assign pe_ready_o = pe_valid_i && all_q && none_left;
  assign free_o  = idle_i && state_q == StIdle && none_left && !want_o && !all_q;
  assign fill_o  = pe_one_i && state_q == StFill;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q   <= StIdle;
      piece_q   <= '0;
      runs_q    <= 2'd0;
      word_q    <= '0;
      pe_done_o <= 1'b0;
      want_o    <= 1'b0;
      idle_q    <= 1'b0;
      all_q     <= 1'b0;
      pe_err_o  <= 1'b0;
      err_q     <= 1'b0;
      one_q     <= 1'b0;
    end else begin
      pe_done_o <= pe_ready_o;
      idle_q    <= idle_i;
      want_o    <= want && idle_i && idle_q && !swap_i && !(pause_i && state_q == StIdle);
      // A clock late: a run's end and the next want_o are two apart.
      all_q     <= !pe_ready_o && !swap_i && (pe_one_i ? one_q : piece_q == cfg_part_i[PartW-1:0]);
      one_q     <= !pe_ready_o && (one_q || (took_i && wr_o && pe_one_i));
      pe_err_o  <= pe_ready_o && err_q && !pe_one_i;
      err_q     <= (!pe_ready_o || pe_one_i) && (err_q || (pop_i && pop_err_i && src_o && !pe_one_i));
      word_q    <= word_q + PieceW'(pop_i);
      runs_q    <= runs_q + 2'(took_i && wr_o) - 2'(run_end);
      if (pe_ready_o && !pe_one_i) piece_q <= '0;
      else if (took_i && wr_o && !pe_one_i) piece_q <= piece_q + PartW'(1);
      case (state_q)
        StIdle: if (took_i && pe_copy_i) state_q <= StFill;
        StFill: if (piece_i) state_q <= StWrite;
        StWrite: if (took_i) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  wire unused_ok = ^cfg_part_i;

  `MR_ASSERT(PopsOnlyOffered, !pop_i || !none_left)
endmodule
`default_nettype wire
