// SPDX-License-Identifier: Apache-2.0
// Weight fetcher of a tile: reads a GEMV's words from WMEM in order and offers them as a stream of Lanes blocks.
//
// Lanes   lanes of a weight word: 1, 2, 4, 8.   WDepth  words of WMEM.
// start_i (fetcher idle for two cycles) with the matrix: first word, groups of 4 Lanes rows (>= 1), blocks a row (>= 1), format. The stream is
// ready/valid (R1-R6). With a slot come its place in the row order of docs/tile_isa.md section 1: s_row_o (i), s_first_o (column
// block 0), s_last_o (the row's last column block), s_end_o (the matrix ends). s_row_o and the flags are already right while the
// slot is still being fetched.
// The memory answers two cycles after wm_en_o, and a buffer of Depth words stands behind it, because a large WMEM lies all over the
// chip: each way takes a cycle. Latency 3 cycles from start_i to the first slot, then one slot a cycle. Up to Depth words are
// requested ahead of the slot offered, and so up to Depth beyond the matrix's end (the last one in the cycle of the last slot),
// which are dropped. WMEM addresses wrap.
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
  localparam int Depth = 4;        // words: the loop request, memory, buffer, take has four cycles
  localparam int PtrW = $clog2(Depth);

  // ---- requests ----
  logic            run_q;
  logic            asked_q;
  logic            answer_q;       // wm_data_i is an answer
  logic [WaW-1:0]  next_q;         // next word to request
  logic [PtrW:0]   used_q;         // words requested and not taken
  logic            pop;            // the offered word is taken

  wire request = run_q && used_q != (PtrW+1)'(Depth);
  assign wm_en_o = start_i || request;
  assign wm_addr_o = start_i ? base_i : next_q;

  // ---- buffer ----
  (* ram_style = "distributed" *) logic [Lanes*288-1:0] mem [Depth];
  logic [PtrW:0]   wr_q;
  logic [PtrW:0]   rd_q;
  wire [Lanes*288-1:0] word = mem[rd_q[PtrW-1:0]];

  // ---- place of the offered slot ----
  logic            q4_q;
  logic            half_q;
  logic [1:0]      row_q;
  logic [15:0]     nb_q;
  logic [15:0]     cols_q;         // column blocks left, with the present one
  logic            first_q;        // the first of them
  logic            last_q;         // the last of them
  logic [17:0]     groups_q;       // groups left, with the present one
  logic            final_q;        // the last of them

  wire take = s_valid_o && s_ready_i;
  assign pop = take && (!q4_q || half_q);

  assign s_valid_o = run_q && rd_q != wr_q;
  assign s_row_o = row_q;
  assign s_first_o = first_q;
  assign s_last_o = last_q;
  assign s_end_o = last_q && final_q && row_q == 2'd3;

  genvar l;
  generate
    for (l = 0; l < Lanes; l = l + 1) begin : gen_lane
      mr_q4_unpack u_unpack (
        .q4_i(q4_q), .half_i(half_q), .word_i(word[l*288 +: 288]), .block_o(s_data_o[l*272 +: 272])
      );
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
      asked_q <= 1'b0;
      answer_q <= 1'b0;
      used_q <= '0;
      wr_q <= '0;
      rd_q <= '0;
    end else begin
      run_q <= start_i || (run_q && !(take && s_end_o));
      asked_q <= wm_en_o;
      answer_q <= asked_q;
      if (start_i) begin
        used_q <= (PtrW+1)'(1);
        wr_q <= '0;
        rd_q <= '0;
      end else begin
        if (request != pop) used_q <= request ? used_q + (PtrW+1)'(1) : used_q - (PtrW+1)'(1);
        if (answer_q) wr_q <= wr_q + (PtrW+1)'(1);
        if (pop) rd_q <= rd_q + (PtrW+1)'(1);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (wm_en_o) next_q <= wm_addr_o + WaW'(1);
    if (answer_q) mem[wr_q[PtrW-1:0]] <= wm_data_i;
    if (start_i) begin
      q4_q <= q4_i;
      half_q <= 1'b0;
      row_q <= '0;
      nb_q <= nb_i;
      cols_q <= nb_i;
      first_q <= 1'b1;
      last_q <= nb_i == 16'd1;
      groups_q <= groups_i;
      final_q <= groups_i == 18'd1;
    end else if (take) begin
      half_q <= !half_q && q4_q;
      row_q <= row_q + 2'd1;
      if (row_q == 2'd3) begin
        cols_q <= last_q ? nb_q : cols_q - 16'd1;
        first_q <= last_q;
        last_q <= last_q ? nb_q == 16'd1 : cols_q == 16'd2;
        if (last_q) begin
          groups_q <= groups_q - 18'd1;
          final_q <= groups_q == 18'd2;
        end
      end
    end
  end
endmodule
`default_nettype wire
