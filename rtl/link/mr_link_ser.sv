// SPDX-License-Identifier: Apache-2.0
// Sender of frames: 64-bit words to beats, closed by a trailer with the CRC (docs/interfaces.md, Link between groups).
//
// Width  bits of a beat: 16, 32 or 64.
// A frame is a run of beats without a gap. In a clock with free_o the next word may be given: data_i by load_i, or the
// trailer {CRC of the frame's words and of ctrl_i, ctrl_i} by close_i. Words of one frame must follow in every clock with free_o;
// the first word of a frame (its trailer, if it has no other) waits for gap_o, which makes one clock between frames.
// Latency: a word's first beat is on the wire one clock later, 64 / Width clocks a word. Test: tests/rtl/link.
`default_nettype none
module mr_link_ser #(
  parameter int Width = 64
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  output logic             free_o,
  output logic             gap_o,
  input  wire              load_i,
  input  wire  [63:0]      data_i,
  input  wire              close_i,
  input  wire  [31:0]      ctrl_i,
  output logic             valid_o,
  output logic [Width-1:0] data_o
);
  localparam int Beats = 64 / Width;

  logic [31:0] crc_q;
  logic [31:0] crc_data;
  logic [31:0] crc_ctrl;
  logic [1:0]  left_q;      // beats of the word behind the one on the wire
  logic [63:0] word_q;

  mr_link_crc #(.Width(64)) u_data (.en_i(load_i), .crc_i(crc_q), .data_i, .crc_o(crc_data));
  mr_link_crc #(.Width(32)) u_ctrl (.en_i(close_i), .crc_i(crc_q), .data_i(ctrl_i), .crc_o(crc_ctrl));

  assign free_o = left_q == 2'd0;
  assign gap_o = !valid_o;
  assign data_o = word_q[Width-1:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_o <= 1'b0;
      left_q <= 2'd0;
      crc_q <= '1;
    end else if (load_i || close_i) begin
      valid_o <= 1'b1;
      left_q <= 2'(Beats - 1);
      crc_q <= load_i ? crc_data : '1;
    end else if (free_o) begin
      valid_o <= 1'b0;
    end else begin
      left_q <= left_q - 2'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (load_i) word_q <= data_i;
    else if (close_i) word_q <= {~crc_ctrl, ctrl_i};
    else word_q <= word_q >> Width;
  end
endmodule
`default_nettype wire
