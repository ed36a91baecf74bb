// SPDX-License-Identifier: Apache-2.0
// Proof harness of the page allocator: any commands, any page engine, one arbitrary page watched.
//
// Pages 2..8; LA, PartW: as in mr_kv_alloc.   Ecc  1: ZeroFresh and UndoCopy.   Cover  1: instead, an assertion that must fail when
// every situation is reachable.   Bounded  1: also NotLost, which is not inductive.
// Free: what the front end asks for (take, push of a page that it owns, copy, hold, clear while idle; never take and push at once), when the page
// engine takes a job, when it ends and whether a copy read a bad word, and after each clear_i another number of pages and another size.
`default_nettype none
module fv_kv_alloc #(
  parameter int Pages = 4,
  parameter int LA = 4,
  parameter int PartW = 3,
  parameter bit Ecc = 1'b0,
  parameter bit Bounded = 1'b0,
  parameter bit Cover = 1'b0,
  localparam int PageW = $clog2(Pages)
) (
  input wire             clk_i,
  input wire [PageW-1:0] any_page_i,
  input wire             ask_take_i,
  input wire             ask_push_i,
  input wire             ask_copy_i,
  input wire             ask_clear_i,
  input wire             hold_i,
  input wire [PageW-1:0] push_page_i,
  input wire             pe_ready_i,
  input wire             ask_done_i,
  input wire             pe_err_i,
  input wire [PageW:0]   new_pages_i,
  input wire [PartW-1:0] new_part_i
);
  // Clocks without a spare and without a job of the page engine until one of the free pages is there.
  localparam int WaitMax = Ecc ? 24 : 16;

  reg              rst_q = 1'b0;
  reg  [PageW:0]   pages_q;
  reg  [PartW-1:0] part_q;
  reg  [Pages-1:0] owned_q;
  reg              copy_q, run_q, run_copy_q, run_here_q;
  wire             idle, spare_valid, none, copy_done, copy_bad, pe_valid, pe_copy;
  wire [PageW-1:0] spare;
  wire [LA-1:0]    base;
  wire [PageW:0]   used, ready, unused_dirty;

  // --- the front end and the page engine ----------------------------------------------------------------------------
  wire copy  = copy_q || (ask_copy_i && spare_valid);
  wire take  = copy ? copy_done && !copy_bad : ask_take_i && spare_valid;
  wire push  = ask_push_i && !take && !copy && owned_q[push_page_i];
  wire clear = ask_clear_i && idle && !copy && !take && !push;
  wire done  = run_q && ask_done_i;
  wire job   = pe_valid && pe_ready_i;

  mr_kv_alloc #(.Pages(Pages), .LA(LA), .PartW(PartW), .ZeroFresh(Ecc), .UndoCopy(Ecc)) u_dut (
    .clk_i, .rst_ni(rst_q), .clear_i(clear), .hold_i, .idle_o(idle), .cfg_pages_i(17'(pages_q)), .cfg_part_i(part_q),
    .spare_valid_o(spare_valid), .spare_page_o(spare), .none_o(none), .take_i(take), .push_i(push), .push_page_i,
    .copy_i(copy), .copy_done_o(copy_done), .copy_bad_o(copy_bad),
    .pe_valid_o(pe_valid), .pe_ready_i, .pe_copy_o(pe_copy), .pe_dst_base_o(base), .pe_done_i(done), .pe_err_i,
    .pages_used_o(used), .pages_dirty_o(unused_dirty), .pages_ready_o(ready)
  );

  always @(posedge clk_i) begin
    assume (new_part_i != '0 && 32'(new_pages_i) <= Pages);
    rst_q <= 1'b1;
    if (!rst_q || clear) begin
      pages_q <= new_pages_i;
      part_q  <= new_part_i;
      owned_q <= '0;
      copy_q  <= 1'b0;
      run_q   <= 1'b0;
    end else begin
      if (take) owned_q[spare] <= 1'b1;
      if (push) owned_q[push_page_i] <= 1'b0;
      copy_q <= copy && !copy_done;
      run_q  <= job || (run_q && !done);
    end
    if (job) run_copy_q <= pe_copy;
  end

  // --- one arbitrary page -------------------------------------------------------------------------------------------
  reg  [PageW-1:0] page;
  reg  dirty_q;         // somebody's data may be in it
  reg  zeroed_q;        // zeroed since the start
  wire owned      = owned_q[page];
  wire here       = spare_valid && spare == page;
  wire job_here   = base == LA'(32'(page) * 32'(part_q));

  always @(posedge clk_i) begin
    if (!rst_q) page <= any_page_i;
    if (job) run_here_q <= job_here;
    if (!rst_q || clear) begin
      dirty_q  <= Ecc;
      zeroed_q <= 1'b0;
    end else if ((take && here) || (job && pe_copy && job_here)) dirty_q <= 1'b1;
    else if (done && !run_copy_q && run_here_q) begin
      dirty_q  <= 1'b0;
      zeroed_q <= 1'b1;
    end
  end

  // --- all pages ----------------------------------------------------------------------------------------------------
  integer         p;
  reg [PageW:0]   fit, count;     // pages that there are; pages with an owner
  reg             is_base;
  always @* begin
    fit     = '0;
    count   = '0;
    is_base = 1'b0;
    for (p = 0; p < Pages; p = p + 1) begin
      if (p < 32'(pages_q) && (p + 1) * 32'(part_q) <= (1 << LA)) begin
        fit = fit + (PageW+1)'(1);
        if (32'(base) == p * 32'(part_q)) is_base = 1'b1;
      end
      count = count + (PageW+1)'(owned_q[p]);
    end
  end

  reg [5:0] wait_q;
  reg       all_owned_q;          // none_o is a clock old
  always @(posedge clk_i) begin
    all_owned_q <= count == fit || !rst_q || clear;
    if (!rst_q || clear || spare_valid || hold_i || count == fit) wait_q <= 6'd0;
    else if (!pe_valid && !run_q && wait_q != '1) wait_q <= wait_q + 6'd1;
  end

  // --- the allocator's registers, connected by kv_alloc.sby -----------------------------------------------------------
  // What holds between them makes the properties inductive. StIdle, StRead, StBase, StProd, StOffer, StRun = 0 to 5; BumpNone .. End = 0 to 4.
  (* keep *) wire [2:0]               state, bump;
  (* keep *) wire [PageW:0]           head, mid, tail, next, fact;      // next: pages below were handed out or wait in the ring
  (* keep *) wire [PageW+PartW:0]     prod;
  (* keep *) wire                     refill, bump_end, over, undo, fresh;
  (* keep *) wire [PageW-1:0]         read_page;                        // output of the list
  (* keep *) wire [PageW:0]           place;
  (* keep *) wire [PageW*Pages-1:0]   list;

  wire [PageW:0]   in_ring = tail - head;
  wire [PageW-1:0] head_page = list[PageW*head[PageW-1:0] +: PageW];
  wire [PageW-1:0] mid_page  = list[PageW*mid[PageW-1:0] +: PageW];
  wire [PageW-1:0] job_page  = (pe_copy || undo) ? spare : mid_page;
  wire             working   = state != 3'd0;
  wire             newest    = fresh && 32'(page) + 1 == 32'(next);

  integer         i, j;
  reg [PageW:0]   at, places;     // a place's distance to the ring's head; places of page j: in the ring, the spare, with an owner
  reg             one_place;
  reg             in_clean;       // the watched page is in the ring and counts as clean
  always @* begin
    one_place = 1'b1;
    in_clean  = 1'b0;
    at        = '0;
    for (j = 0; j < Pages; j = j + 1) begin
      places = (PageW+1)'(spare_valid && 32'(spare) == j) + (PageW+1)'(owned_q[j]);
      for (i = 0; i < Pages; i = i + 1) begin
        at = {1'b0, PageW'(i) - head[PageW-1:0]};
        if (at < in_ring && 32'(list[PageW*i +: PageW]) == j) begin
          places = places + (PageW+1)'(1);
          if (at < mid - head && 32'(page) == j) in_clean = 1'b1;
        end
      end
      if (places != (PageW+1)'(j < 32'(next))) one_place = 1'b0;
    end
  end

  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      Legal:      assert (part_q != '0 && 32'(pages_q) <= Pages);
      OnePlace:   assert (one_place);
      RingFits:   assert (32'(in_ring) <= Pages && mid - head <= in_ring);
      RingClean:  assert (!in_clean || !dirty_q);
      NeverUsed:  assert (32'(page) < 32'(next) || dirty_q == Ecc);
      NextBound:  assert (next <= fit && (!bump_end || next == fit));
      Bumping:    assert (bump <= 3'd4 && (bump == 3'd0 || (!bump_end && next < pages_q)));
      BumpAlone:  assert (Ecc || bump == 3'd0 || (!spare_valid && !refill));
      BumpPage:   assert (Ecc || bump < 3'd2 || 32'(spare) == 32'(next));
      BumpFact:   assert (bump < 3'd2 || fact == next + (PageW+1)'(1));
      BumpProd:   assert (bump != 3'd3 || 32'(prod) == (32'(next) + 1) * 32'(part_q));
      BumpOver:   assert (bump != 3'd4 || over == ((32'(next) + 1) * 32'(part_q) > (1 << LA)));
      Refill:     assert (!refill || (read_page == head_page && head != mid && !spare_valid));
      States:     assert (state <= 3'd5 && run_q == (state == 3'd5));
      CopyState:  assert (!(working && (pe_copy || undo)) || (copy_q && spare_valid));
      CopyHolds:  assert (!copy_q || spare_valid);
      UndoState:  assert (!undo || (Ecc && state >= 3'd4 && !pe_copy));
      RunCopy:    assert (!run_q || (run_copy_q == pe_copy && run_here_q == job_here));
      ScrubMid:   assert (!working || pe_copy || undo || mid != tail);
      ScrubRead:  assert (state != 3'd1 || pe_copy || (read_page == mid_page && bump == 3'd0));
      CopyRead:   assert (!Ecc || state == 3'd0 || state > 3'd3 || bump == 3'd0);
      JobFact:    assert (state != 3'd2 || 32'(fact) == 32'(job_page));
      JobProd:    assert (state != 3'd3 || 32'(prod) == 32'(job_page) * 32'(part_q));
      JobBase:    assert (state < 3'd4 || 32'(base) == 32'(job_page) * 32'(part_q));
      FreshPlace: assert (!Ecc || !fresh || (place - mid < tail - mid && next != '0
                          && 32'(list[PageW*place[PageW-1:0] +: PageW]) + 1 == 32'(next)));
      Zeroed:     assert (!Ecc || 32'(page) >= 32'(next) || newest || zeroed_q);
      ReadyBound: assert (!Ecc || ready + (PageW+1)'(fresh) <= next);
      OneFresh:   assert (!Ecc || !fresh || bump == 3'd0);
    end
  end

  // --- properties ---------------------------------------------------------------------------------------------------
  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      OneOwner:   assert (!here || !owned);
      InDevice:   assert (!(here || owned) || 32'(page) < 32'(fit));
      Clean:      assert (!here || copy_q || !dirty_q);
      CleanTaken: assert (!(take && here && !copy) || !dirty_q);
      JobFree:    assert (!((pe_valid || run_q) && job_here && 32'(page) < 32'(fit)) || !owned);
      JobIsPage:  assert (!pe_valid || is_base);
      CopyHere:   assert (!(pe_valid && pe_copy && copy && here) || job_here);
      UsedCount:  assert (used == count);
      NoneLeft:   assert (!none || all_owned_q);
      NotLost:    assert (!Bounded || 32'(wait_q) < WaitMax);
      Ready:      assert (!Ecc || 32'(page) >= 32'(ready) || zeroed_q);
    end
  end

  // Cover: an assertion that fails once every situation has been seen since the start.
  reg        back_q;              // the page came back
  reg  [4:0] seen_q = 5'd0;
  wire [4:0] seen   = {
    clear && count != '0,
    Ecc ? copy_done && copy_bad : copy_done,
    none && 32'(fit) < 32'(pages_q) && fit != '0,   // the device ends before the last page
    take && here && back_q && 32'(page) == 1,       // the page serves another owner
    none && 32'(fit) == Pages
  };
  always @(posedge clk_i) begin
    if (!rst_q || clear) back_q <= 1'b0;
    else if (push && push_page_i == page) back_q <= 1'b1;
    if (rst_q) seen_q <= seen_q | seen;
  end
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
endmodule
`default_nettype wire
