// SPDX-License-Identifier: Apache-2.0
// mr_link_out, mr_link_wire and mr_link_in as one frame for the bench, with every signal of the wire; beats widened to 64 bits.
// The crc_* ports are three mr_link_crc of their own.
`default_nettype none
module tb_link #(
  parameter int Width = 64,
  parameter int RevWidth = 16,
  parameter int Latency = 0,
  parameter int MaxFlits = 200,
  parameter int FrameFlits = 16,
  parameter int TxFlits = 512,
  parameter int RxFlits = 256,
  parameter int Tries = 8,
  parameter int ReplayCycles = 512,
  parameter int TimeoutCycles = 4096,
  parameter int BeatCycles = 64
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  // bus to mr_link_out
  input  wire [63:0]  rx_hdr0_i,
  input  wire [63:0]  rx_hdr1_i,
  output wire         rx_accept_o,
  input  wire         rx_commit_i,
  input  wire         rx_empty_i,
  input  wire         rx_valid_i,
  output wire         rx_ready_o,
  input  wire [63:0]  rx_data_i,
  input  wire         rx_last_i,
  // mr_link_in to bus
  output wire         tx_req_o,
  output wire [63:0]  tx_hdr0_o,
  output wire [63:0]  tx_hdr1_o,
  output wire         tx_empty_o,
  input  wire         tx_grant_i,
  output wire         tx_valid_o,
  input  wire         tx_ready_i,
  output wire [63:0]  tx_data_o,
  output wire         tx_last_o,
  // wire: what mr_link_out and mr_link_in send, and what the other one gets
  input  wire [63:0]  fwd_flip_i,
  input  wire         fwd_drop_i,
  input  wire [63:0]  rev_flip_i,
  input  wire         rev_drop_i,
  output wire         fwd_valid_o,
  output wire [63:0]  fwd_data_o,
  output wire         fwd_got_o,
  output wire [63:0]  fwd_got_data_o,
  output wire         rev_valid_o,
  output wire [63:0]  rev_data_o,
  output wire         rev_got_o,
  output wire [63:0]  rev_got_data_o,
  // status
  output wire         out_down_o,
  output wire         out_idle_o,
  output wire [31:0]  out_messages_o,
  output wire [31:0]  out_frames_o,
  output wire [31:0]  out_replays_o,
  output wire [31:0]  out_rev_errors_o,
  output wire [63:0]  out_stall_o,
  output wire [63:0]  out_busy_o,
  output wire         in_down_o,
  output wire         in_idle_o,
  output wire [31:0]  in_messages_o,
  output wire [31:0]  in_frames_o,
  output wire [31:0]  in_errors_o,
  output wire [31:0]  in_refused_o,
  // mr_link_crc
  input  wire [31:0]  crc_i,
  input  wire [63:0]  crc_data_i,
  output wire [31:0]  crc8_o,
  output wire [31:0]  crc32_o,
  output wire [31:0]  crc64_o
);
  wire [Width-1:0]    fwd_data;
  wire [Width-1:0]    fwd_got_data;
  wire [RevWidth-1:0] rev_data;
  wire [RevWidth-1:0] rev_got_data;
  wire                unused_ok = &{1'b0, fwd_flip_i, rev_flip_i};
  assign fwd_data_o = 64'(fwd_data);
  assign fwd_got_data_o = 64'(fwd_got_data);
  assign rev_data_o = 64'(rev_data);
  assign rev_got_data_o = 64'(rev_got_data);

  mr_link_out #(
    .Width(Width), .RevWidth(RevWidth), .MaxFlits(MaxFlits), .FrameFlits(FrameFlits), .TxFlits(TxFlits), .Tries(Tries),
    .ReplayCycles(ReplayCycles), .TimeoutCycles(TimeoutCycles), .BeatCycles(BeatCycles)
  ) u_out (
    .clk_i, .rst_ni, .rx_hdr_i({rx_hdr1_i, rx_hdr0_i}), .rx_accept_o, .rx_commit_i, .rx_empty_i, .rx_valid_i, .rx_ready_o,
    .rx_data_i, .rx_last_i, .fwd_valid_o, .fwd_data_o(fwd_data), .rev_valid_i(rev_got_o), .rev_data_i(rev_got_data),
    .down_o(out_down_o), .idle_o(out_idle_o), .messages_o(out_messages_o), .frames_o(out_frames_o),
    .replays_o(out_replays_o), .rev_errors_o(out_rev_errors_o), .stall_cycles_o(out_stall_o), .busy_cycles_o(out_busy_o)
  );
  mr_link_wire #(.Width(Width), .RevWidth(RevWidth), .Latency(Latency)) u_wire (
    .clk_i, .rst_ni, .fwd_flip_i(fwd_flip_i[Width-1:0]), .fwd_drop_i, .rev_flip_i(rev_flip_i[RevWidth-1:0]), .rev_drop_i,
    .out_fwd_valid_i(fwd_valid_o), .out_fwd_data_i(fwd_data), .out_rev_valid_o(rev_got_o), .out_rev_data_o(rev_got_data),
    .in_fwd_valid_o(fwd_got_o), .in_fwd_data_o(fwd_got_data), .in_rev_valid_i(rev_valid_o), .in_rev_data_i(rev_data)
  );
  mr_link_in #(
    .Width(Width), .RevWidth(RevWidth), .FrameFlits(FrameFlits), .RxFlits(RxFlits), .TimeoutCycles(TimeoutCycles),
    .BeatCycles(BeatCycles)
  ) u_in (
    .clk_i, .rst_ni, .fwd_valid_i(fwd_got_o), .fwd_data_i(fwd_got_data), .rev_valid_o, .rev_data_o(rev_data),
    .tx_req_o, .tx_hdr_o({tx_hdr1_o, tx_hdr0_o}), .tx_empty_o, .tx_grant_i, .tx_valid_o, .tx_ready_i, .tx_data_o, .tx_last_o,
    .down_o(in_down_o), .idle_o(in_idle_o), .messages_o(in_messages_o), .frames_o(in_frames_o), .errors_o(in_errors_o),
    .refused_o(in_refused_o)
  );

  mr_link_crc #(.Width(8)) u_crc8 (.en_i(1'b1), .crc_i, .data_i(crc_data_i[7:0]), .crc_o(crc8_o));
  mr_link_crc #(.Width(32)) u_crc32 (.en_i(1'b1), .crc_i, .data_i(crc_data_i[31:0]), .crc_o(crc32_o));
  mr_link_crc #(.Width(64)) u_crc64 (.en_i(1'b1), .crc_i, .data_i(crc_data_i), .crc_o(crc64_o));
endmodule
`default_nettype wire
