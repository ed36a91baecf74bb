// SPDX-License-Identifier: Apache-2.0
// GEMV control of the dot-product unit: weight stream in, one block product of every lane a cycle out.
//
// Lanes  1, 2, 4, 8.   WDepth words of WMEM, XDepth blocks of XMEM, VaW bits of a VMEM pair address.
// start_i with the fields (rows a multiple of 4 Lanes, >= 4 Lanes; nb >= 1) while active_o is low. The first product is issued
// (ld_w_o) three cycles later, the last one (after which active_o falls) rows / Lanes x nb cycles later if nothing stalls;
// products_o from the first to the last one.
// A product is held back only while a row's result would find no room in the result queue (q_full_i) or while a row's
// old value is still on its way (accumulating GEMV). Everything about a product is said in the cycle of ld_w_o:
// ld_x_o (its x block stands on XMEM's output), first_o, last_o (of its row), slot_o. q_claim_o reserves a result entry.
// Old values: VMEM reads (ready/valid, data one cycle later) go into a queue of 16 entries of init_o's width; init_pop_i
// takes one. XMEM is read in every cycle in which the next product may need a new block, so its output may be lent to
// others in between. Addresses wrap. Test: tests/rtl/dpu.
`default_nettype none
`include "mr_assert.vh"
module mr_gemv #(
  parameter int Lanes = 2,
  parameter int WDepth = 1024,
  parameter int XDepth = 64,
  parameter int VaW = 10,
  localparam int WaW = $clog2(WDepth),
  localparam int XaW = $clog2(XDepth),
  localparam int InitW = Lanes > 1 ? Lanes * 32 : 64
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  input  wire                   start_i,
  input  wire  [VaW-1:0]        dst_i,
  input  wire  [XaW-1:0]        x_i,
  input  wire  [WaW-1:0]        w_i,
  input  wire  [19:0]           rows_i,
  input  wire  [15:0]           nb_i,
  input  wire                   q4_i,
  input  wire                   acc_i,
  output logic                  active_o,
  output logic                  products_o,
  // memories
  output logic                  wm_en_o,
  output logic [WaW-1:0]        wm_addr_o,
  input  wire  [Lanes*288-1:0]  wm_data_i,
  output logic                  xm_en_o,
  output logic [XaW-1:0]        xm_addr_o,
  output logic                  vr_valid_o,
  input  wire                   vr_ready_i,
  output logic [VaW-1:0]        vr_addr_o,
  input  wire  [63:0]           vr_data_i,
  // products
  output logic                  ld_w_o,
  output logic                  ld_x_o,
  output logic [Lanes*272-1:0]  w_o,
  output logic                  first_o,
  output logic                  last_o,
  output logic [1:0]            slot_o,
  output logic                  q_claim_o,
  input  wire                   q_full_i,
  // old values
  input  wire                   init_pop_i,
  output logic [InitW-1:0]      init_o
);
  localparam int GroupLog2 = 2 + $clog2(Lanes);   // rows of a group
  localparam int InitDepth = 16;
  localparam int CntW = $clog2(InitDepth) + 1;
  localparam int Pairs = InitW / 64;

  logic           s_valid;
  logic [1:0]     s_row;
  logic           s_first;
  logic           s_last;
  logic           s_end;
  logic           acc_q;
  logic [XaW-1:0] x_first_q;
  logic [XaW-1:0] x_q;            // block of the present product
  logic [CntW-1:0] init_ready_q;  // old-value entries that no product has claimed yet

  mr_wfetch #(.Lanes(Lanes), .WDepth(WDepth)) u_fetch (
    .clk_i, .rst_ni, .start_i, .base_i(w_i), .groups_i(18'(rows_i >> GroupLog2)), .nb_i, .q4_i,
    .wm_en_o, .wm_addr_o, .wm_data_i,
    .s_valid_o(s_valid), .s_ready_i(ld_w_o), .s_data_o(w_o),
    .s_row_o(s_row), .s_first_o(s_first), .s_last_o(s_last), .s_end_o(s_end)
  );

  // With one lane two rows share an entry of 64 bits; the even one claims it.
  wire shares = Lanes == 1 && s_row[0];
  wire needs_q = s_last && !shares;
  wire needs_init = acc_q && s_first && !shares;
  assign ld_w_o = s_valid && !(needs_q && q_full_i) && !(needs_init && init_ready_q == '0);
  assign ld_x_o = ld_w_o && s_row == 2'd0;
  assign first_o = s_first;
  assign last_o = s_last;
  assign slot_o = s_row;
  assign q_claim_o = ld_w_o && needs_q;

  wire [XaW-1:0] x_next = s_last ? x_first_q : x_q + XaW'(1);
  wire x_step = ld_w_o && s_row == 2'd3;
  always_comb begin
    xm_en_o = active_o && (x_step || (s_row == 2'd0 && !ld_w_o));
    xm_addr_o = x_step ? x_next : x_q;
  end

  logic begun_q;                  // the first block has been there
  assign products_o = active_o && (s_valid || begun_q);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) active_o <= 1'b0;
    else if (start_i) active_o <= 1'b1;
    else if (ld_w_o && s_end) active_o <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    begun_q <= !start_i && (begun_q || s_valid);
    if (start_i) begin
      acc_q <= acc_i;
      x_first_q <= x_i;
      x_q <= x_i;
    end else if (x_step) begin
      x_q <= x_next;
    end
  end

  // ---- old values of an accumulating GEMV ----
  logic [18:0]      pairs_left_q;     // to request
  logic [VaW-1:0]   vr_addr_q;
  logic [CntW-1:0]  init_used_q;      // entries requested or queued
  logic             answer_q;         // vr_data_i is an answer
  logic             entry_done;       // it completes an entry
  logic [InitW-1:0] entry;
  logic             entry_first;      // the next request starts an entry
  logic             init_valid;
  logic             init_ready;

  wire request = vr_valid_o && vr_ready_i;
  wire take_entry = request && entry_first;
  wire push = answer_q && entry_done;
  wire claim = ld_w_o && needs_init;
  assign vr_valid_o = pairs_left_q != '0 && (!entry_first || init_used_q != CntW'(InitDepth));
  assign vr_addr_o = vr_addr_q;

  generate
    if (Pairs == 1) begin : gen_one
      assign entry_first = 1'b1;
      assign entry_done = 1'b1;
      assign entry = vr_data_i;
    end else begin : gen_more
      localparam int PairW = $clog2(Pairs);
      logic [PairW-1:0]       req_q;
      logic [PairW-1:0]       ans_q;
      logic [(Pairs-1)*64-1:0] low_q;
      assign entry_first = req_q == '0;
      assign entry_done = ans_q == PairW'(Pairs - 1);
      assign entry = {vr_data_i, low_q};
      always_ff @(posedge clk_i) begin
        if (start_i) begin
          req_q <= '0;
          ans_q <= '0;
        end else begin
          if (request) req_q <= req_q + PairW'(1);
          if (answer_q) ans_q <= ans_q + PairW'(1);
        end
        if (answer_q && !entry_done) low_q[64*ans_q +: 64] <= vr_data_i;
      end
    end
  endgenerate

  mr_fifo #(.Width(InitW), .Depth(InitDepth)) u_init (
    .clk_i, .rst_ni, .in_valid_i(push), .in_ready_o(init_ready), .in_data_i(entry),
    .out_valid_o(init_valid), .out_ready_i(init_pop_i), .out_data_o(init_o)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      pairs_left_q <= '0;
      init_used_q <= '0;
      init_ready_q <= '0;
      answer_q <= 1'b0;
    end else begin
      answer_q <= request;
      if (start_i) pairs_left_q <= acc_i ? rows_i[19:1] : '0;
      else if (request) pairs_left_q <= pairs_left_q - 19'd1;
      if (take_entry != init_pop_i) init_used_q <= take_entry ? init_used_q + CntW'(1) : init_used_q - CntW'(1);
      if (push != claim) init_ready_q <= push ? init_ready_q + CntW'(1) : init_ready_q - CntW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) vr_addr_q <= dst_i;
    else if (request) vr_addr_q <= vr_addr_q + VaW'(1);
  end
  wire unused_ok = &{1'b0, init_ready, init_valid, rows_i[0]};
  `MR_ASSERT(InitThere, !init_pop_i || init_valid)
endmodule
`default_nettype wire
