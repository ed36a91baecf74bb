// SPDX-License-Identifier: Apache-2.0
// Memory window and CRC engine: one requester towards the memories of tiles and hub (docs/interfaces.md section 4).
//
// Tiles  tiles of the group.   ResElems  elements of all result buffers.
// Window access: win_valid_i with address and data held until win_done_o (one cycle), then win_rdata_o / win_error_o are valid.
// Refused (error): no such tile or kind, index out of range, a tile with a job, a write to RESULT, any access while the CRC runs.
// CRC: crc_start_i latches kind, tile, first row and count; crc_busy_o until crc_value_o is valid; crc_error_o when a read
// was refused (the CRC then ends at once). About 4 cycles a 32-bit word.
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
  input  wire               win_valid_i,
  input  wire               win_write_i,
  input  wire  [31:0]       win_index_i,
  input  wire  [31:0]       win_wdata_i,
  output logic              win_done_o,
  output logic [31:0]       win_rdata_o,
  output logic              win_error_o,
  // CRC engine
  input  wire               crc_start_i,
  input  wire  [31:0]       crc_first_i,
  input  wire  [31:0]       crc_count_i,
  output logic              crc_busy_o,
  output logic              crc_error_o,
  output logic [31:0]       crc_value_o,
  // tiles
  output logic [Tiles-1:0]  cfg_valid_o,
  output logic              cfg_write_o,
  output logic [1:0]        cfg_kind_o,
  output logic [31:0]       cfg_index_o,
  output logic [31:0]       cfg_wdata_o,
  input  wire  [Tiles-1:0]  cfg_done_i,
  input  wire  [Tiles*32-1:0] cfg_rdata_i,
  input  wire  [Tiles-1:0]  cfg_error_i,
  // results
  output logic              res_en_o,
  output logic [ResW-1:0]   res_addr_o,
  input  wire  [31:0]       res_data_i
);
  localparam logic [3:0] KindWmem = 4'd0;
  localparam logic [3:0] KindXmem = 4'd2;
  localparam logic [3:0] KindPmem = 4'd3;
  localparam logic [3:0] KindResult = 4'd4;

  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StTile = 3'd1;     // waits for the tile's answer
  localparam logic [2:0] StResult = 3'd2;   // RESULT read under way
  localparam logic [2:0] StAnswer = 3'd3;
  localparam logic [2:0] StCrc = 3'd4;      // folds a word into the CRC

  logic [2:0]  st_q;
  logic        crc_q;            // the access under way belongs to the CRC engine
  logic [3:0]  kind_q;
  logic [7:0]  tile_q;
  logic        write_q;
  logic [31:0] index_q;
  logic [31:0] wdata_q;
  logic [31:0] rdata_q;
  logic        error_q;
  logic [31:0] rows_left_q;
  logic [31:0] crc_value_q;
  logic        crc_error_q;
  logic        crc_run_q;

  wire is_result = kind_q == KindResult;
  wire tile_ok = kind_q <= KindPmem && tile_q < 8'(Tiles);

  logic        t_done;
  logic [31:0] t_rdata;
  logic        t_error;
  always_comb begin
    t_done = 1'b0;
    t_rdata = '0;
    t_error = 1'b0;
    for (int t = 0; t < Tiles; t = t + 1) begin
      if (tile_q == 8'(t)) begin
        t_done = cfg_done_i[t];
        t_rdata = cfg_rdata_i[t*32 +: 32];
        t_error = cfg_error_i[t];
      end
    end
  end

  always_comb begin
    cfg_valid_o = '0;
    for (int t = 0; t < Tiles; t = t + 1) begin
      cfg_valid_o[t] = st_q == StTile && tile_ok && tile_q == 8'(t);
    end
  end
  assign cfg_write_o = write_q;
  assign cfg_kind_o = kind_q[1:0];
  assign cfg_index_o = index_q;
  assign cfg_wdata_o = wdata_q;
  assign res_en_o = st_q == StTile && is_result;
  assign res_addr_o = index_q[ResW-1:0];

  assign win_done_o = st_q == StAnswer && !crc_q;
  assign win_rdata_o = rdata_q;
  assign win_error_o = error_q;
  assign crc_busy_o = crc_run_q;
  assign crc_error_o = crc_error_q;
  assign crc_value_o = crc_value_q;

  // CRC-32 (IEEE 802.3, reflected) of one little-endian word on top of crc.
  function automatic [31:0] crc32_word(input [31:0] crc, input [31:0] data);
    crc32_word = crc ^ data;
    for (int b = 0; b < 32; b = b + 1) begin
      crc32_word = {1'b0, crc32_word[31:1]} ^ (crc32_word[0] ? 32'hEDB88320 : 32'd0);
    end
  endfunction

  // The word behind index_q in the order of the CRC: rows of 9 words lie 16 apart.
  wire nine = kind_q == KindWmem || kind_q == KindXmem;
  wire row_end = nine ? index_q[3:0] == 4'd8 : kind_q == KindPmem ? index_q[2:0] == 3'd7 : 1'b1;
  wire crc_last = row_end && rows_left_q == 32'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      crc_run_q <= 1'b0;
      crc_q <= 1'b0;
    end else begin
      case (st_q)
        StIdle: begin
          if (crc_start_i && crc_count_i != '0) begin
            crc_run_q <= 1'b1;
            crc_q <= 1'b1;
            st_q <= StTile;
          end else if (win_valid_i) begin
            crc_q <= 1'b0;
            st_q <= StTile;
          end
        end
        StTile: st_q <= is_result && !write_q && index_q < ResElems ? StResult :
                        !tile_ok ? StAnswer : t_done ? StAnswer : StTile;
        StResult: st_q <= StAnswer;
        StAnswer: begin
          if (!crc_q) begin
            st_q <= StIdle;
          end else if (error_q) begin
            st_q <= StIdle;
            crc_run_q <= 1'b0;
          end else begin
            st_q <= StCrc;
          end
        end
        StCrc: begin
          st_q <= crc_last ? StIdle : StTile;
          if (crc_last) crc_run_q <= 1'b0;
        end
        default: st_q <= StIdle;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (st_q == StIdle) begin
      kind_q <= kind_i;
      tile_q <= tile_i;
      if (crc_start_i) begin
        write_q <= 1'b0;
        index_q <= kind_i == KindWmem || kind_i == KindXmem ? {crc_first_i[27:0], 4'd0} :
                   kind_i == KindPmem ? {crc_first_i[28:0], 3'd0} : crc_first_i;
        rows_left_q <= crc_count_i;
        crc_value_q <= crc_count_i == '0 ? 32'd0 : 32'hFFFFFFFF;
        crc_error_q <= 1'b0;
      end else begin
        write_q <= win_write_i;
        index_q <= win_index_i;
        wdata_q <= win_wdata_i;
      end
    end
    if (st_q == StTile) begin
      rdata_q <= t_rdata;
      error_q <= is_result ? write_q || index_q >= ResElems : !tile_ok || t_error;
    end
    if (st_q == StResult) rdata_q <= res_data_i;
    if (st_q == StAnswer && crc_q && error_q) crc_error_q <= 1'b1;
    if (st_q == StCrc) begin
      crc_value_q <= crc32_word(crc_value_q, rdata_q) ^ (crc_last ? 32'hFFFFFFFF : 32'd0);
      index_q <= index_q + (row_end && nine ? 32'd8 : 32'd1);
      if (row_end) rows_left_q <= rows_left_q - 32'd1;
    end
  end
  wire unused_ok = &{1'b0, crc_first_i[31:29]};
endmodule
`default_nettype wire
