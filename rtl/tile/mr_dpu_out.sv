// SPDX-License-Identifier: Apache-2.0
// Results of the dot-product unit on their way to VMEM: collects, queues, writes pairs at ascending addresses.
//
// Lanes  1, 2, 4, 8.   VaW  bits of a pair address.   Depth  queue entries, a power of two.
// start_i sets the first pair address. row_v_i brings the results of Lanes consecutive rows (with Lanes = 1 two of them make
// an entry, the first with row_odd_i = 0); pair_v_i brings one finished pair instead (attention). An entry must be claimed before, with
// claim_i while full_o is low (with Lanes = 1 once for both rows); used_o counts claimed entries that are not written yet,
// so nothing can overflow. done_o: everything claimed is written, or its last write is accepted in this cycle.
// VMEM write: ready/valid (R1-R6). An entry appears at the port one cycle after it is complete; one pair a cycle.
`default_nettype none
`include "mr_assert.vh"
module mr_dpu_out #(
  parameter int Lanes = 2,
  parameter int VaW = 10,
  parameter int Depth = 16
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire                 start_i,
  input  wire  [VaW-1:0]      addr_i,
  input  wire                 claim_i,
  output logic                full_o,
  output logic                done_o,
  input  wire                 row_v_i,
  input  wire                 row_odd_i,
  input  wire  [Lanes*32-1:0] row_i,
  input  wire                 pair_v_i,
  input  wire  [63:0]         pair_i,
  output logic                vw_valid_o,
  input  wire                 vw_ready_i,
  output logic [VaW-1:0]      vw_addr_o,
  output logic [63:0]         vw_data_o
);
  localparam int Pairs = Lanes > 2 ? Lanes / 2 : 1;   // pairs of an entry
  localparam int UsedW = $clog2(Depth) + 1;

  logic                push;
  logic [Pairs*64-1:0] entry;
  logic [Pairs*64-1:0] head;
  logic                pop;
  logic                single_q;       // entries are single pairs (attention)
  logic [UsedW-1:0]    used_q;
  logic [VaW-1:0]      addr_q;
  logic                ready;

  generate
    if (Lanes == 1) begin : gen_collect
      logic [31:0] even_q;
      always_ff @(posedge clk_i) begin
        if (row_v_i && !row_odd_i) even_q <= row_i;
      end
      assign push = pair_v_i || (row_v_i && row_odd_i);
      assign entry = pair_v_i ? pair_i : {row_i, even_q};
    end else begin : gen_direct
      assign push = pair_v_i || row_v_i;
      assign entry = pair_v_i ? (Pairs*64)'(pair_i) : row_i;
      wire unused_ok = &{1'b0, row_odd_i};
    end
  endgenerate

  mr_fifo #(.Width(Pairs*64), .Depth(Depth)) u_fifo (
    .clk_i, .rst_ni, .in_valid_i(push), .in_ready_o(ready), .in_data_i(entry),
    .out_valid_o(vw_valid_o), .out_ready_i(pop), .out_data_o(head)
  );

  wire write = vw_valid_o && vw_ready_i;
  generate
    if (Pairs == 1) begin : gen_one
      assign vw_data_o = head;
      assign pop = vw_ready_i;
      wire unused_ok = &{1'b0, single_q};
    end else begin : gen_more
      localparam int PairW = $clog2(Pairs);
      logic [PairW-1:0] pair_q;
      assign vw_data_o = head[64*pair_q +: 64];
      assign pop = vw_ready_i && (single_q || pair_q == PairW'(Pairs - 1));
      always_ff @(posedge clk_i) begin
        if (!rst_ni || start_i) pair_q <= '0;
        else if (write) pair_q <= pop ? '0 : pair_q + PairW'(1);
      end
    end
  endgenerate

  wire pop_v = vw_valid_o && pop;
  assign vw_addr_o = addr_q;
  assign full_o = used_q == UsedW'(Depth);
  assign done_o = used_q == '0 || (used_q == UsedW'(1) && pop_v && !claim_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) used_q <= '0;
    else if (claim_i != pop_v) used_q <= claim_i ? used_q + UsedW'(1) : used_q - UsedW'(1);
  end
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      addr_q <= addr_i;
      single_q <= 1'b0;
    end else begin
      if (write) addr_q <= addr_q + VaW'(1);
      if (pair_v_i) single_q <= 1'b1;
    end
  end
  `MR_ASSERT(NoOverflow, !push || ready)
endmodule
`default_nettype wire
