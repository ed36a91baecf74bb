// SPDX-License-Identifier: Apache-2.0
// Weight fetcher of a tile: reads a GEMV's words from WMEM in order and offers them as a stream of Lanes blocks.
//
// Lanes   lanes of a weight word: 1, 2, 4, 8.   WDepth  words of WMEM.
// start_i (fetcher idle) with the matrix: first word, groups of 4 Lanes rows (>= 1), blocks a row (>= 1), format. The first
// read leaves in the same cycle. The stream is ready/valid (R1-R6); s_valid_o comes from a register, the payload from the
// memory's output through the unpacking gates. With a slot come its place in the row order of docs/tile_isa.md section 1:
// s_row_o (i), s_first_o (column block 0), s_last_o (the row's last column block), s_end_o (the matrix ends). s_row_o and the flags
// are already right while the slot is still being fetched.
// Latency 1 cycle from start_i to the first slot, then one slot a cycle. Nothing is read ahead of the slot offered, because the
// memory holds its output; a fetcher for slower memory puts a buffer behind the same stream. WMEM addresses wrap.
// Test: tests/rtl/dpu.
`default_nettype none
module mr_wfetch #(
  parameter int Lanes = 2,
  parameter int WDepth = 1024,
  localparam int WaW = $clog2(WDepth)
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  input  wire                   start_i,
  input  wire  [WaW-1:0]        base_i,
  input  wire  [17:0]           groups_i,
  input  wire  [15:0]           nb_i,
  input  wire                   q4_i,
  // WMEM
  output logic                  wm_en_o,
  output logic [WaW-1:0]        wm_addr_o,
  input  wire  [Lanes*288-1:0]  wm_data_i,
  // stream
  output logic                  s_valid_o,
  input  wire                   s_ready_i,
  output logic [Lanes*272-1:0]  s_data_o,
  output logic [1:0]            s_row_o,
  output logic                  s_first_o,
  output logic                  s_last_o,
  output logic                  s_end_o
);
  logic           valid_q;
  logic           q4_q;
  logic           half_q;
  logic [WaW-1:0] addr_q;         // next word
  logic [1:0]     row_q;
  logic [15:0]    col_q;          // column block
  logic [15:0]    last_col_q;
  logic [17:0]    groups_q;       // left, with the present one

  wire take = valid_q && s_ready_i;
  wire last_col = col_q == last_col_q;
  wire at_end = last_col && row_q == 2'd3 && groups_q == 18'd1;
  wire next_word = take && !at_end && (!q4_q || half_q);

  assign wm_en_o = start_i || next_word;
  assign wm_addr_o = start_i ? base_i : addr_q;
  assign s_valid_o = valid_q;
  assign s_row_o = row_q;
  assign s_first_o = col_q == '0;
  assign s_last_o = last_col;
  assign s_end_o = at_end;

  genvar l;
  generate
    for (l = 0; l < Lanes; l = l + 1) begin : gen_lane
      mr_q4_unpack u_unpack (
        .q4_i(q4_q), .half_i(half_q), .word_i(wm_data_i[l*288 +: 288]), .block_o(s_data_o[l*272 +: 272])
      );
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (start_i) valid_q <= 1'b1;
    else if (take && at_end) valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (wm_en_o) addr_q <= wm_addr_o + WaW'(1);
    if (start_i) begin
      q4_q <= q4_i;
      half_q <= 1'b0;
      row_q <= '0;
      col_q <= '0;
      last_col_q <= nb_i - 16'd1;
      groups_q <= groups_i;
    end else if (take) begin
      half_q <= !half_q && q4_q;
      row_q <= row_q + 2'd1;
      if (row_q == 2'd3) begin
        col_q <= last_col ? '0 : col_q + 16'd1;
        if (last_col) groups_q <= groups_q - 18'd1;
      end
    end
  end
endmodule
`default_nettype wire
