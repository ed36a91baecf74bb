// SPDX-License-Identifier: Apache-2.0
// Receiver of frames: beats to 64-bit words; at the end of a run of beats says whether its CRC is good.
//
// Width  bits of a beat: 16, 32 or 64.
// word_valid_o with word_o: the next word of the frame, the trailer included, one clock or more after its last beat. end_o, at the
// earliest one clock after the last word: the run is over; good_o then: whole words, and the CRC fits. A lost beat ends a run
// early, so a frame is found again at the next gap. Test: tests/rtl/link.
`default_nettype none
module mr_link_des #(
  parameter int Width = 64
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              valid_i,
  input  wire  [Width-1:0] data_i,
  output logic             word_valid_o,
  output logic [63:0]      word_o,
  output logic             end_o,
  output logic             good_o
);
  localparam int Beats = 64 / Width;
  localparam logic [31:0] Residue = 32'hB798B438;   // of the CRC register behind data and their CRC

  logic             valid_q;
  logic             run_q;
  logic [1:0]       have_q;      // beats of the word before the one in data_q
  logic [Width-1:0] data_q;
  logic [31:0]      crc_q;
  logic [31:0]      crc_word;

  generate
    if (Beats == 1) begin : gen_whole
      assign word_o = data_q;
    end else begin : gen_parts
      logic [63-Width:0] part_q;
      assign word_o = {data_q, part_q};
      always_ff @(posedge clk_i) begin
        if (valid_q) part_q <= word_o[63:Width];
      end
    end
  endgenerate

  mr_link_crc #(.Width(64)) u_crc (.en_i(word_valid_o), .crc_i(crc_q), .data_i(word_o), .crc_o(crc_word));

  assign word_valid_o = valid_q && have_q == 2'(Beats - 1);
  assign end_o = run_q && !valid_q;
  assign good_o = have_q == 2'd0 && crc_q == Residue;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      run_q <= 1'b0;
      have_q <= 2'd0;
      crc_q <= '1;
    end else begin
      valid_q <= valid_i;
      run_q <= valid_q;
      if (!valid_q) begin
        have_q <= 2'd0;
        crc_q <= '1;
      end else begin
        have_q <= word_valid_o ? 2'd0 : have_q + 2'd1;
        crc_q <= crc_word;
      end
    end
  end
  always_ff @(posedge clk_i) data_q <= data_i;
endmodule
`default_nettype wire
