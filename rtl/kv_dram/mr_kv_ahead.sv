// SPDX-License-Identifier: Apache-2.0
// Segments waiting in front of the scheduler, so that refresh per bank sees which banks are needed soon.
//
// BaBits  log2 banks of a group.   Width  bits of a segment; its lowest BaBits are the bank.   Depth  segments held, >= 1.
// in_peek_i / in_valid_i / in_ready_o and out_*: the seg_* handshake of mr_kv_split. Empty, it passes a segment on in the same clock
// (in_ready_o then takes it out of the splitter, while the scheduler still works on it). need_o: banks held, all but the first.
// Test: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_ahead #(
  parameter int BaBits = 2,
  parameter int Width = 40,
  parameter int Depth = 3,
  localparam int NB = 1 << BaBits
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              in_peek_i,
  input  wire              in_valid_i,
  output wire              in_ready_o,
  input  wire  [Width-1:0] in_seg_i,
  output wire              out_peek_o,
  output wire              out_valid_o,
  input  wire              out_ready_i,
  output wire  [Width-1:0] out_seg_o,
  output logic [NB-1:0]    need_o
);
  logic [Depth-1:0]       held_q;       // entry 0 is the first
  logic [Width*Depth-1:0] seg_q;
  logic                   take;

  assign in_ready_o  = !held_q[Depth-1];
  assign take        = in_valid_i && in_ready_o && !(out_ready_i && !held_q[0]);
  assign out_peek_o  = held_q[0] || in_peek_i;
  assign out_valid_o = held_q[0] || in_valid_i;
  assign out_seg_o   = held_q[0] ? seg_q[Width-1:0] : in_seg_i;

  always_comb begin
    need_o = '0;
    for (int i = 1; i < Depth; i = i + 1) begin
      if (held_q[i]) need_o[seg_q[i*Width +: BaBits]] = 1'b1;
    end
    if (held_q[0] && in_peek_i) need_o[in_seg_i[BaBits-1:0]] = 1'b1;
  end

  // After this clock's departure the entries move down; an arrival takes the first free place.
  logic [Depth-1:0] left;
  assign left = out_ready_i ? held_q >> 1 : held_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= '0;
    else held_q <= take ? (left << 1) | Depth'(1) : left;
  end
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Depth; i = i + 1) begin
      if (take && !left[i] && (i == 0 || left[(i == 0) ? 0 : i-1])) seg_q[i*Width +: Width] <= in_seg_i;
      else if (out_ready_i && i < Depth - 1) seg_q[i*Width +: Width] <= seg_q[((i < Depth - 1) ? i + 1 : i)*Width +: Width];
    end
  end
  `MR_ASSERT(Order, (held_q & (held_q + Depth'(1))) == '0)
endmodule
`default_nettype wire
