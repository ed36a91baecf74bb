// SPDX-License-Identifier: Apache-2.0
// Page allocator of the KV front end: never-used pages, clean and dirty list, background scrub, the page engine's port.
//
// Pages that come back are dirty; they wait in one ring in the order of their return: [head, mid) scrubbed, [mid, tail) dirty.
// Never-used pages come from a counter, up to cfg_pages_i or the device's end; they go first, so that dirty pages have time. One clean page
// is always held ready (spare). A page's base is its number times cfg_part_i. Parameters: Pages >= 1; LA: bits of a local burst address;
// PartW: bits of cfg_part_i. ZeroFresh 1: never-used pages join the dirty ones, one by one while none else is dirty, so that every word of a page
// was written before it is handed out (ECC); pages_dirty_o counts all that wait for it.
// pages_ready_o (ZeroFresh): pages 0 .. pages_ready_o - 1 have been zeroed since clear_i.
// clear_i (pulse, while idle_o): forgets everything. hold_i: start no new scrub. spare_*: the page that take_i takes; none_o: no
// page is left anywhere, nor will the page engine deliver one. A new spare follows within 6 clocks when a clean page exists.
// push_i: a page comes back. copy_i (level until copy_done_o): copy the caller's source page to the spare. UndoCopy 1: with copy_done_o
// copy_bad_o says that the copy read a bad word (pe_err_i beside pe_done_i); then the spare was zeroed again and must not be taken.
// pe_*: seam to the page engine, pe_valid_o and payload registered (R1-R5); pe_done_i comes after the clock of the handshake.
// Test: tests/rtl/kv_cmd.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_alloc #(
  parameter int Pages = 128,
  parameter int LA = 21,
  parameter int PartW = 18,
  parameter bit ZeroFresh = 1'b0,
  parameter bit UndoCopy = 1'b0,
  localparam int PageW = (Pages < 2) ? 1 : $clog2(Pages)
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              clear_i,
  input  wire              hold_i,
  output wire              idle_o,
  input  wire  [16:0]      cfg_pages_i,
  input  wire  [PartW-1:0] cfg_part_i,

  output logic             spare_valid_o,
  output logic [PageW-1:0] spare_page_o,
  output logic             none_o,
  input  wire              take_i,
  input  wire              push_i,
  input  wire  [PageW-1:0] push_page_i,
  input  wire              copy_i,
  output wire              copy_done_o,
  output wire              copy_bad_o,

  output wire              pe_valid_o,
  input  wire              pe_ready_i,
  output logic             pe_copy_o,
  output logic [LA-1:0]    pe_dst_base_o,
  input  wire              pe_done_i,
  input  wire              pe_err_i,

  output logic [PageW:0]   pages_used_o,
  output wire  [PageW:0]   pages_dirty_o,
  output wire  [PageW:0]   pages_ready_o
);
  localparam int EndW = PageW + 1 + PartW;

  typedef enum logic [2:0] {StIdle, StRead, StBase, StProd, StOffer, StRun} state_e;
  typedef enum logic [2:0] {BumpNone, BumpBase, BumpProd, BumpTest, BumpEnd} bump_e;

  state_e           state_q, state_d;
  logic [PageW:0]   head_q, mid_q, tail_q;
  logic             refill_q;               // the list's output is the next spare
  bump_e            bump_q;                 // a never-used page is being looked at
  logic [PageW:0]   bump_page_q;            // pages that were handed out
  logic             bump_end_q;             // no never-used page is left
  logic [PageW:0]   fact_q;                 // page whose base is wanted, or the page behind the one looked at
  logic [EndW-1:0]  prod_q;
  logic             over_q;                 // prod_q was beyond the device's end
  logic             list_re, clean, dirty, want, bump_take, refill, scrub, scrubbed, bump_free, fresh_push;
  logic [PageW:0]   unclean;                // pages in [mid, tail)
  logic             undo, undo_q;           // a bad copy: zero the spare again
  logic [PageW-1:0] list_page;

  assign clean     = head_q != mid_q;
  assign unclean   = tail_q - mid_q;
  assign dirty     = unclean != '0;
  assign want      = !spare_valid_o && !refill_q && bump_q == BumpNone;
  assign bump_take = bump_free && bump_q == BumpNone && !bump_end_q;
  assign refill    = want && (bump_end_q || ZeroFresh) && clean;
  assign scrub     = state_q == StIdle && !copy_i && dirty && !hold_i && !refill && !bump_take && bump_q == BumpNone;
  assign list_re   = refill || scrub;
  assign scrubbed  = state_q == StRun && pe_done_i && !pe_copy_o && !undo_q;
  assign undo      = UndoCopy && state_q == StRun && pe_done_i && pe_copy_o && pe_err_i;
  assign idle_o    = state_q == StIdle;

  assign pe_valid_o  = state_q == StOffer;
  assign copy_done_o = state_q == StRun && pe_done_i && ((pe_copy_o && !undo) || undo_q);
  assign copy_bad_o  = undo_q;

  // A never-used page is the next spare, or, to be zeroed, goes to the ring in a clock in which nothing comes back.
  generate
    if (ZeroFresh) begin : gen_fresh
      logic           fresh_q;      // the newest page is not zeroed yet
      logic [PageW:0] place_q;      // where it is in the ring
      logic [PageW:0] ready_q;
      assign bump_free  = !fresh_q && !dirty && !copy_i && !hold_i;
      assign fresh_push = bump_q == BumpEnd && !over_q && !push_i;
      always_ff @(posedge clk_i) begin
        if (!rst_ni || clear_i) begin
          fresh_q <= 1'b0;
          ready_q <= '0;
        end else begin
          if (fresh_push) fresh_q <= 1'b1;
          else if (scrubbed && mid_q == place_q) fresh_q <= 1'b0;
          if (scrubbed && fresh_q && mid_q == place_q) ready_q <= bump_page_q;
        end
        if (fresh_push) place_q <= tail_q;
      end
      assign pages_ready_o = ready_q;
      assign pages_dirty_o = (bump_end_q || hold_i) ? unclean : unclean + (PageW+1)'(cfg_pages_i) - bump_page_q;
    end else begin : gen_clean
      assign bump_free     = want;
      assign fresh_push    = 1'b0;
      assign pages_ready_o = '0;
      assign pages_dirty_o = unclean;
    end
  endgenerate

  mr_kv_ram #(.Width(PageW), .Depth(1 << PageW)) u_list (
    .clk_i, .re_i(list_re), .raddr_i(refill ? head_q[PageW-1:0] : mid_q[PageW-1:0]), .rdata_o(list_page),
    .we_i(push_i || fresh_push), .waddr_i(tail_q[PageW-1:0]), .wdata_i(fresh_push ? bump_page_q[PageW-1:0] : push_page_i)
  );

  always_comb begin
    state_d = state_q;
    case (state_q)
      StIdle:  if ((copy_i && (bump_q == BumpNone || !ZeroFresh)) || scrub) state_d = StRead;
      StRead:  state_d = StBase;
      StBase:  state_d = StProd;
      StProd:  state_d = StOffer;
      StOffer: if (pe_ready_i) state_d = StRun;
      StRun: begin
        if (undo) state_d = StOffer;
        else if (pe_done_i) state_d = StIdle;
      end
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q       <= StIdle;
      head_q        <= '0;
      mid_q         <= '0;
      tail_q        <= '0;
      refill_q      <= 1'b0;
      bump_page_q   <= '0;
      bump_q        <= BumpNone;
      bump_end_q    <= 1'b0;
      spare_valid_o <= 1'b0;
      pages_used_o  <= '0;
      undo_q        <= 1'b0;
    end else begin
      state_q    <= state_d;
      refill_q   <= refill;
      undo_q     <= undo || (undo_q && !pe_done_i);
      case (bump_q)
        BumpNone: begin
          if (bump_take && bump_page_q == (PageW+1)'(cfg_pages_i)) bump_end_q <= 1'b1;
          else if (bump_take) bump_q <= BumpBase;
        end
        BumpBase: bump_q <= BumpProd;
        BumpProd: bump_q <= BumpTest;
        BumpTest: bump_q <= BumpEnd;
        default: if (over_q || fresh_push || !ZeroFresh) begin
          bump_q <= BumpNone;
          if (over_q) bump_end_q <= 1'b1;
          else bump_page_q <= fact_q;
        end
      endcase
      if (refill_q || (bump_q == BumpEnd && !over_q && !ZeroFresh)) spare_valid_o <= 1'b1;
      else if (take_i) spare_valid_o <= 1'b0;
      if (refill_q) head_q <= head_q + (PageW+1)'(1);
      if (scrubbed) mid_q <= mid_q + (PageW+1)'(1);
      if (push_i || fresh_push) tail_q <= tail_q + (PageW+1)'(1);
      if (take_i || push_i) pages_used_o <= pages_used_o + {{PageW{push_i}}, 1'b1};
    end
  end

  // One multiplier: where the page ends that may be the next one, or where a page begins that the page engine shall write.
  always_ff @(posedge clk_i) begin
    if (bump_q == BumpNone || bump_q == BumpBase)
      fact_q <= (bump_q == BumpBase ? bump_page_q : {1'b0, pe_copy_o ? spare_page_o : list_page}) + (PageW+1)'(bump_q == BumpBase);
    prod_q <= EndW'(fact_q) * EndW'(cfg_part_i);
    over_q <= EndW > LA && (prod_q >> LA) != '0 && ((prod_q >> LA) != EndW'(1) || LA'(prod_q) != '0);
    none_o <= want && bump_end_q && !clean && !dirty;     // a clock late: nothing comes back between two commands' looks
    if (refill_q) spare_page_o <= list_page;
    else if (bump_q == BumpBase && !ZeroFresh) spare_page_o <= bump_page_q[PageW-1:0];
    if (state_q == StIdle || undo) pe_copy_o <= copy_i && !undo;
    if (state_q == StProd) pe_dst_base_o <= LA'(prod_q);
  end

`ifndef SYNTHESIS
  logic [LA:0] f_pe_q;
  logic        f_wait_q;

  always_ff @(posedge clk_i) begin
    f_wait_q <= rst_ni && (pe_valid_o || state_q == StRun) && !pe_done_i;
    f_pe_q   <= {pe_copy_o, pe_dst_base_o};
  end
  `MR_ASSERT(PageJobHolds, !f_wait_q || (state_q != StIdle && {pe_copy_o, pe_dst_base_o} == f_pe_q))
`endif
  `MR_ASSERT(TakeValid, !take_i || spare_valid_o)
  `MR_ASSERT(CopyValid, !copy_i || spare_valid_o)
  `MR_ASSERT(TakeOrPush, !(take_i && push_i))
  `MR_ASSERT(RingBound, (PageW+1)'(tail_q - head_q) <= (PageW+1)'(bump_page_q))
  `MR_ASSERT(RingOrder, (PageW+1)'(mid_q - head_q) <= (PageW+1)'(tail_q - head_q))
  `MR_ASSERT(PagesConserved, bump_page_q == (PageW+1)'(tail_q - head_q) + pages_used_o + (PageW+1)'(spare_valid_o))
  `MR_ASSERT(PagesBound, 17'(bump_page_q) <= cfg_pages_i || hold_i)
  `MR_ASSERT(ListNoClash, !(list_re && push_i && (refill ? head_q[PageW-1:0] : mid_q[PageW-1:0]) == tail_q[PageW-1:0]))
  `MR_ASSERT(DoneExpected, !pe_done_i || state_q == StRun)
endmodule
`default_nettype wire
