// SPDX-License-Identifier: Apache-2.0
// Memory window and CRC engine: one requester towards the memories of tiles and hub (docs/interfaces.md section 4).
//
// Tiles  tiles of the group.   ResElems  elements of all result buffers.
// Window: win_en_i makes one access, one a cycle; reads are answered by win_rvalid_o, at most one read under way; a refused write gives
// write_error_o for one cycle, a cycle earlier than a read would be answered. Refused: no such tile or kind, index out of range, a
// tile with a job, a write to RESULT, any access while the CRC runs.
// CRC: crc_start_i latches kind, tile, first row and count; crc_busy_o until crc_value_o is valid; crc_error_o when a
// read was refused, which ends the run. One 32-bit word a cycle (less one for every window access meanwhile) and 8 cycles of latency.
`default_nettype none
module mr_window #(
  parameter int Tiles = 2,
  parameter int ResElems = 4096,
  localparam int ResW = $clog2(ResElems)
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire  [3:0]        kind_i,
  input  wire  [7:0]        tile_i,
  // window
  input  wire               win_en_i,
  input  wire               win_write_i,
  input  wire  [31:0]       win_index_i,
  input  wire  [31:0]       win_wdata_i,
  output logic              win_rvalid_o,
  output logic [31:0]       win_rdata_o,
  output logic              win_error_o,
  output logic              write_error_o,
  // CRC engine
  input  wire               crc_start_i,
  input  wire  [31:0]       crc_first_i,
  input  wire  [31:0]       crc_count_i,
  output logic              crc_busy_o,
  output logic              crc_error_o,
  output logic [31:0]       crc_value_o,
  // tiles: the answer comes three cycles after the access
  output logic [Tiles-1:0]  cfg_en_o,
  output logic              cfg_write_o,
  output logic [1:0]        cfg_kind_o,
  output logic [31:0]       cfg_index_o,
  output logic [31:0]       cfg_wdata_o,
  input  wire  [Tiles-1:0]  cfg_rvalid_i,
  input  wire  [Tiles*32-1:0] cfg_rdata_i,
  input  wire  [Tiles-1:0]  cfg_error_i,
  // results: data one cycle after res_en_o
  output logic              res_en_o,
  output logic [ResW-1:0]   res_addr_o,
  input  wire  [31:0]       res_data_i
);
  localparam logic [3:0] KindWmem = 4'd0;
  localparam logic [3:0] KindXmem = 4'd2;
  localparam logic [3:0] KindPmem = 4'd3;
  localparam logic [3:0] KindResult = 4'd4;

  // ---- the CRC engine's side of the request ----
  logic        run_q;           // rows are still to be requested
  logic [3:0]  ckind_q;
  logic [7:0]  ctile_q;
  logic [31:0] cindex_q;
  logic [31:0] rows_left_q;
  logic [31:0] answers_q;       // words requested and not answered
  logic        crc_q;           // busy
  logic        crc_error_q;
  logic [31:0] crc_value_q;

  wire nine = ckind_q == KindWmem || ckind_q == KindXmem;
  // A window access is refused while the CRC runs, but has its answer in turn: it takes the place of a word.
  wire crc_go = run_q && !win_en_i;
  wire row_end = nine ? cindex_q[3:0] == 4'd8 : ckind_q == KindPmem ? cindex_q[2:0] == 3'd7 : 1'b1;

  // ---- request stage ----
  logic        en_q;
  logic        reject_q;        // asked for by the window while the CRC runs
  logic        write_q;
  logic        byc_q;           // this access belongs to the CRC engine
  logic [3:0]  kind_q;
  logic [7:0]  tile_q;
  logic [31:0] index_q;
  logic [31:0] wdata_q;

  wire is_result = kind_q == KindResult;
  wire to_tile = en_q && !reject_q && kind_q <= KindPmem && tile_q < 8'(Tiles);
  wire to_result = en_q && !reject_q && is_result && !write_q && index_q < ResElems;

  always_comb begin
    cfg_en_o = '0;
    for (int t = 0; t < Tiles; t = t + 1) cfg_en_o[t] = to_tile && tile_q == 8'(t);
  end
  assign cfg_write_o = write_q;
  assign cfg_kind_o = kind_q[1:0];
  assign cfg_index_o = index_q;
  assign cfg_wdata_o = wdata_q;

  // ---- answer pipeline, three cycles like the tiles', and one in which the answer stands in registers ----
  logic [2:0]  pend_q;
  logic [2:0]  pend_tile_q;     // a tile will answer
  logic [2:0]  pend_bad_q;      // nobody will: refused here
  logic [2:0]  pend_write_q;
  logic [2:0]  pend_byc_q;
  logic [31:0] res_data_q;

  logic [31:0] t_rdata;
  logic        t_error;
  always_comb begin
    t_rdata = '0;
    t_error = 1'b0;
    for (int t = 0; t < Tiles; t = t + 1) begin
      if (cfg_rvalid_i[t]) begin
        t_rdata = cfg_rdata_i[t*32 +: 32];
        t_error = cfg_error_i[t];
      end
    end
  end
  logic        answer_q;
  logic        a_write_q;
  logic        a_byc_q;
  logic        a_error_q;
  logic [31:0] a_rdata_q;
  wire         fold = answer_q && a_byc_q;

  assign win_rvalid_o = answer_q && !a_byc_q && !a_write_q;
  assign win_rdata_o = a_rdata_q;
  assign win_error_o = a_error_q;
  // A cycle earlier than a read's answer: STATUS, read right after the write, has to show it.
  wire         bad = pend_bad_q[2] || (pend_tile_q[2] && t_error);
  assign write_error_o = pend_q[2] && !pend_byc_q[2] && pend_write_q[2] && bad;
  assign crc_busy_o = crc_q;
  assign crc_error_o = crc_error_q;
  assign crc_value_o = crc_value_q;

  // CRC-32 (IEEE 802.3, reflected) of one little-endian word on top of crc.
  function automatic [31:0] crc32_word(input [31:0] crc, input [31:0] data);
    crc32_word = crc ^ data;
    for (int b = 0; b < 32; b = b + 1) begin
      crc32_word = {1'b0, crc32_word[31:1]} ^ (crc32_word[0] ? 32'hEDB88320 : 32'd0);
    end
  endfunction

  wire start = crc_start_i && !crc_q;
  wire give_up = fold && a_error_q;
  wire last_answer = fold && (!run_q || (give_up && !crc_go)) && answers_q == 32'd1;
  // Rows whose words have no 32-bit index are in no memory.
  wire no_index = kind_i == KindPmem ? crc_first_i[31:29] != '0 : (kind_i == KindWmem || kind_i == KindXmem) && crc_first_i[31:28] != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
      crc_q <= 1'b0;
      en_q <= 1'b0;
      pend_q <= 3'b000;
      res_en_o <= 1'b0;
      answer_q <= 1'b0;
    end else begin
      en_q <= run_q || win_en_i;
      pend_q <= {pend_q[1:0], en_q};
      res_en_o <= to_result;
      answer_q <= pend_q[2];
      if (start) begin
        run_q <= crc_count_i != '0;
        crc_q <= crc_count_i != '0;
      end else if (crc_q) begin
        if (give_up || (crc_go && row_end && rows_left_q == 32'd1)) run_q <= 1'b0;
        if (last_answer) crc_q <= 1'b0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (start) begin
      ckind_q <= kind_i;
      ctile_q <= tile_i;
      cindex_q <= no_index ? 32'hFFFFFFF0 :
                  kind_i == KindWmem || kind_i == KindXmem ? {crc_first_i[27:0], 4'd0} :
                  kind_i == KindPmem ? {crc_first_i[28:0], 3'd0} : crc_first_i;
      rows_left_q <= crc_count_i;
      answers_q <= '0;
      crc_value_q <= crc_count_i == '0 ? 32'd0 : 32'hFFFFFFFF;
      crc_error_q <= 1'b0;
    end else if (crc_q) begin
      if (crc_go) begin
        cindex_q <= cindex_q + (row_end && nine ? 32'd8 : 32'd1);
        if (row_end) rows_left_q <= rows_left_q - 32'd1;
      end
      answers_q <= answers_q + 32'(crc_go) - 32'(fold);
      if (fold) begin
        crc_value_q <= crc32_word(crc_value_q, a_rdata_q) ^ (last_answer ? 32'hFFFFFFFF : 32'd0);
        if (a_error_q) crc_error_q <= 1'b1;
      end
    end
    if (run_q || win_en_i) begin
      reject_q <= win_en_i && crc_q;
      byc_q <= crc_go;
      write_q <= !crc_go && win_write_i;
      kind_q <= crc_go ? ckind_q : kind_i;
      tile_q <= crc_go ? ctile_q : tile_i;
      index_q <= crc_go ? cindex_q : win_index_i;
      wdata_q <= win_wdata_i;
    end
    res_addr_o <= index_q[ResW-1:0];
    if (en_q || pend_q[1:0] != 2'b00) begin
      pend_tile_q <= {pend_tile_q[1:0], to_tile};
      pend_bad_q <= {pend_bad_q[1:0], !to_tile && !to_result};
      pend_write_q <= {pend_write_q[1:0], write_q};
      pend_byc_q <= {pend_byc_q[1:0], byc_q};
    end
    if (pend_q[1]) res_data_q <= res_data_i;
    if (pend_q[2]) begin
      a_rdata_q <= pend_tile_q[2] ? t_rdata : res_data_q;
      a_error_q <= bad;
      a_write_q <= pend_write_q[2];
      a_byc_q <= pend_byc_q[2];
    end
  end
endmodule
`default_nettype wire
