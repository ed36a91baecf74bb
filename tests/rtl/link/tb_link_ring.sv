// SPDX-License-Identifier: Apache-2.0
// A ring of groups: each a mr_group_bus with Ends nodes for the bench and one link node, joined by links. End e = group * Ends + node.
`default_nettype none
module tb_link_ring #(
  parameter int Groups = 3,
  parameter int Ends = 3,
  parameter int Width = 64,
  parameter int Latency = 3,
  localparam int All = Groups * Ends
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  // senders
  input  wire [All-1:0]        tx_req_i,
  input  wire [All*128-1:0]    tx_hdr_i,
  input  wire [All-1:0]        tx_empty_i,
  output wire [All-1:0]        tx_grant_o,
  input  wire [All-1:0]        tx_valid_i,
  output wire [All-1:0]        tx_ready_o,
  input  wire [All*64-1:0]     tx_data_i,
  input  wire [All-1:0]        tx_last_i,
  // receivers; header, data and flags for each group
  output wire [Groups*128-1:0] rx_hdr_o,
  input  wire [All-1:0]        rx_accept_i,
  output wire [All-1:0]        rx_commit_o,
  output wire [Groups-1:0]     rx_empty_o,
  output wire [All-1:0]        rx_valid_o,
  input  wire [All-1:0]        rx_ready_i,
  output wire [Groups*64-1:0]  rx_data_o,
  output wire [Groups-1:0]     rx_last_o,
  // of the link that leaves group g; in_* of the link that comes into it
  input  wire [Groups-1:0]     fwd_flip_i,     // spoils bit 1 of the beat
  input  wire [Groups-1:0]     fwd_drop_i,
  input  wire [Groups-1:0]     rev_drop_i,
  output wire [Groups-1:0]     out_down_o,
  output wire [Groups-1:0]     in_down_o,
  output wire                  idle_o
);
  localparam int RevWidth = 16;
  localparam int Nodes = Ends + 1;

  logic [Groups-1:0]          fwd_valid;
  logic [Groups*Width-1:0]    fwd_data;
  logic [Groups-1:0]          rev_valid;
  logic [Groups*RevWidth-1:0] rev_data;
  logic [Groups-1:0]          in_fwd_valid;
  logic [Groups*Width-1:0]    in_fwd_data;
  logic [Groups-1:0]          in_rev_valid;
  logic [Groups*RevWidth-1:0] in_rev_data;
  logic [Groups-1:0]          busy;
  logic [Groups-1:0]          out_idle;
  logic [Groups-1:0]          in_idle;
  assign idle_o = busy == '0 && out_idle == '1 && in_idle == '1;

  genvar g;
  generate
    for (g = 0; g < Groups; g = g + 1) begin : gen_group
      localparam int Next = (g + 1) % Groups;
      wire         accept;
      wire         commit;
      wire         valid;
      wire         ready;
      wire         req;
      wire [127:0] hdr;
      wire         empty;
      wire         grant;
      wire         data_valid;
      wire         data_ready;
      wire [63:0]  data;
      wire         last;

      mr_group_bus #(.Nodes(Nodes), .LinkNode(Nodes - 1)) u_bus (
        .clk_i, .rst_ni,
        .tx_req_i({req, tx_req_i[g*Ends +: Ends]}), .tx_hdr_i({hdr, tx_hdr_i[g*Ends*128 +: Ends*128]}),
        .tx_empty_i({empty, tx_empty_i[g*Ends +: Ends]}), .tx_grant_o({grant, tx_grant_o[g*Ends +: Ends]}),
        .tx_valid_i({data_valid, tx_valid_i[g*Ends +: Ends]}), .tx_ready_o({data_ready, tx_ready_o[g*Ends +: Ends]}),
        .tx_data_i({data, tx_data_i[g*Ends*64 +: Ends*64]}), .tx_last_i({last, tx_last_i[g*Ends +: Ends]}),
        .rx_hdr_o(rx_hdr_o[g*128 +: 128]), .rx_accept_i({accept, rx_accept_i[g*Ends +: Ends]}),
        .rx_commit_o({commit, rx_commit_o[g*Ends +: Ends]}), .rx_empty_o(rx_empty_o[g]),
        .rx_valid_o({valid, rx_valid_o[g*Ends +: Ends]}), .rx_ready_i({ready, rx_ready_i[g*Ends +: Ends]}),
        .rx_data_o(rx_data_o[g*64 +: 64]), .rx_last_o(rx_last_o[g]), .busy_o(busy[g]), .trace_o()
      );
      mr_link_out #(
        .Width(Width), .RevWidth(RevWidth), .MaxFlits(40), .FrameFlits(8), .TxFlits(128), .Tries(20), .ReplayCycles(300),
        .TimeoutCycles(4000)
      ) u_out (
        .clk_i, .rst_ni, .rx_hdr_i(rx_hdr_o[g*128 +: 128]), .rx_accept_o(accept), .rx_commit_i(commit),
        .rx_empty_i(rx_empty_o[g]), .rx_valid_i(valid), .rx_ready_o(ready), .rx_data_i(rx_data_o[g*64 +: 64]),
        .rx_last_i(rx_last_o[g]), .fwd_valid_o(fwd_valid[g]), .fwd_data_o(fwd_data[g*Width +: Width]),
        .rev_valid_i(rev_valid[g]), .rev_data_i(rev_data[g*RevWidth +: RevWidth]), .down_o(out_down_o[g]),
        .idle_o(out_idle[g]), .messages_o(), .frames_o(), .replays_o(), .rev_errors_o(), .stall_cycles_o(), .busy_cycles_o()
      );
      // The wire to the next group.
      mr_link_wire #(.Width(Width), .RevWidth(RevWidth), .Latency(Latency)) u_wire (
        .clk_i, .rst_ni, .fwd_flip_i(Width'({fwd_flip_i[g], 1'b0})), .fwd_drop_i(fwd_drop_i[g]), .rev_flip_i('0),
        .rev_drop_i(rev_drop_i[g]), .out_fwd_valid_i(fwd_valid[g]), .out_fwd_data_i(fwd_data[g*Width +: Width]),
        .out_rev_valid_o(rev_valid[g]), .out_rev_data_o(rev_data[g*RevWidth +: RevWidth]),
        .in_fwd_valid_o(in_fwd_valid[Next]), .in_fwd_data_o(in_fwd_data[Next*Width +: Width]),
        .in_rev_valid_i(in_rev_valid[Next]), .in_rev_data_i(in_rev_data[Next*RevWidth +: RevWidth])
      );
      mr_link_in #(.Width(Width), .RevWidth(RevWidth), .FrameFlits(8), .RxFlits(64), .TimeoutCycles(4000)) u_in (
        .clk_i, .rst_ni, .fwd_valid_i(in_fwd_valid[g]), .fwd_data_i(in_fwd_data[g*Width +: Width]),
        .rev_valid_o(in_rev_valid[g]), .rev_data_o(in_rev_data[g*RevWidth +: RevWidth]),
        .tx_req_o(req), .tx_hdr_o(hdr), .tx_empty_o(empty), .tx_grant_i(grant), .tx_valid_o(data_valid),
        .tx_ready_i(data_ready), .tx_data_o(data), .tx_last_o(last), .down_o(in_down_o[g]), .idle_o(in_idle[g]),
        .messages_o(), .frames_o(), .errors_o(), .refused_o()
      );
    end
  endgenerate
endmodule
`default_nettype wire
