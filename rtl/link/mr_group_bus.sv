// SPDX-License-Identifier: Apache-2.0
// Group network: one message at a time, multicast to every node of its destination mask (docs/interfaces.md section 1).
//
// Nodes     nodes of the group, 2..32 (node 0 is the hub).
// LinkNode  node that leads to the next group, 1..Nodes-1, or -1: none. With one, a message whose hops (header flit 1, 63:60) are
//           not 0 goes to that node alone, whatever its mask; a mask with hops 0 never reaches it, so no message circles.
//
// Sender n:   tx_req_i[n] with the 128-bit header (flits 0 and 1) and tx_empty_i (no payload); both hold until
//             tx_grant_o[n] (one cycle: the message was accepted). Then payload flits by tx_valid_i / tx_ready_o / tx_last_i.
// Receiver n: rx_hdr_o is broadcast; rx_accept_i[n] says, in the cycle after the first one with that header (so it may come
//             from a register), whether node n can take the message; rx_commit_o[n] (that cycle, if all accept) hands it over,
//             with rx_empty_o when no payload follows. Then
//             rx_valid_o[n] / rx_ready_i[n] / rx_data_o / rx_last_o (registered, eager fork: each node takes a flit once).
// A message is granted only when all its destinations accept, so it always finishes. Round robin; a message that
// cannot be taken now does not hold up the others. Latency request to first payload flit at the receiver: 6 cycles on a
// free bus; throughput one flit a cycle. A mask with no node in range is granted and dropped.
// trace_o: {the message offered finds no room, its sender, state: 0 idle, 1 and 2 a message is offered, 3 payload}, for simulation.
// Test: tests/rtl/soc, with LinkNode tests/rtl/link.
`default_nettype none
module mr_group_bus #(
  parameter int Nodes = 3,
  parameter int LinkNode = -1
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  input  wire  [Nodes-1:0]     tx_req_i,
  input  wire  [Nodes*128-1:0] tx_hdr_i,
  input  wire  [Nodes-1:0]     tx_empty_i,
  output logic [Nodes-1:0]     tx_grant_o,
  input  wire  [Nodes-1:0]     tx_valid_i,
  output logic [Nodes-1:0]     tx_ready_o,
  input  wire  [Nodes*64-1:0]  tx_data_i,
  input  wire  [Nodes-1:0]     tx_last_i,
  output logic [127:0]         rx_hdr_o,
  input  wire  [Nodes-1:0]     rx_accept_i,
  output logic [Nodes-1:0]     rx_commit_o,
  output logic                 rx_empty_o,
  output logic [Nodes-1:0]     rx_valid_o,
  input  wire  [Nodes-1:0]     rx_ready_i,
  output logic [63:0]          rx_data_o,
  output logic                 rx_last_o,
  output logic                 busy_o,
  output logic [7:0]           trace_o
);
  localparam int NodeW = $clog2(Nodes);

  localparam logic [1:0] StPick = 2'd0;
  localparam logic [1:0] StMatch = 2'd1;    // the receivers look at the header
  localparam logic [1:0] StOffer = 2'd2;
  localparam logic [1:0] StData = 2'd3;

  logic [1:0]       st_q;
  logic [NodeW-1:0] src_q;
  logic [NodeW-1:0] next_src;
  logic             any_req;
  logic             empty_q;
  logic [127:0]     hdr_q;
  logic [Nodes-1:0] pend_q;
  logic [63:0]      data_q;
  logic             last_q;

  // Nodes that get the message, from StOffer on.
  logic [Nodes-1:0] mask;
  generate
    if (LinkNode < 0) begin : gen_mask
      assign mask = hdr_q[Nodes-1:0];
    end else begin : gen_link_mask
      always_ff @(posedge clk_i) begin
        mask <= hdr_q[127:124] != '0 ? '0 : hdr_q[Nodes-1:0];
        mask[LinkNode] <= hdr_q[127:124] != '0;
      end
    end
  endgenerate
  wire             all_accept = &(rx_accept_i | ~mask);
  wire             flit_taken = (pend_q & ~rx_ready_i) == '0;
  wire             take = st_q == StData && !last_q && flit_taken && tx_valid_i[src_q];
  wire             done = st_q == StData && last_q && flit_taken;

  // The requester closest behind the last one in round-robin order.
  wire [Nodes-1:0] behind = tx_req_i & ~((Nodes'(2) << src_q) - Nodes'(1));
  wire [Nodes-1:0] in_turn = behind != '0 ? behind : tx_req_i;
  assign any_req = tx_req_i != '0;
  always_comb begin
    next_src = src_q;
    if (any_req) begin
      for (int k = Nodes - 1; k >= 0; k = k - 1) if (in_turn[k]) next_src = NodeW'(k);
    end
  end

  always_comb begin
    tx_grant_o = '0;
    rx_commit_o = '0;
    tx_ready_o = '0;
    if (st_q == StOffer && all_accept) begin
      tx_grant_o[src_q] = 1'b1;
      rx_commit_o = mask;
    end
    if (st_q == StData && !last_q && flit_taken) tx_ready_o[src_q] = 1'b1;
  end

  assign rx_hdr_o = hdr_q;
  assign rx_empty_o = empty_q;
  assign rx_valid_o = pend_q;
  assign rx_data_o = data_q;
  assign rx_last_o = last_q;
  assign busy_o = st_q != StPick;
  assign trace_o = {st_q == StOffer && !all_accept, 5'(src_q), st_q};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StPick;
      src_q <= '0;
      pend_q <= '0;
      last_q <= 1'b0;
    end else begin
      case (st_q)
        StPick: if (any_req) begin
          src_q <= next_src;
          st_q <= StMatch;
        end
        StMatch: st_q <= StOffer;
        StOffer: st_q <= all_accept && !empty_q ? StData : StPick;
        StData: begin
          if (take) begin
            pend_q <= mask;
            last_q <= tx_last_i[src_q];
          end else begin
            pend_q <= pend_q & ~rx_ready_i;
          end
          if (done) begin
            st_q <= StPick;
            last_q <= 1'b0;
          end
        end
        default: st_q <= StPick;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (st_q == StPick && any_req) begin
      hdr_q <= tx_hdr_i[next_src*128 +: 128];
      empty_q <= tx_empty_i[next_src];
    end
    if (take) data_q <= tx_data_i[src_q*64 +: 64];
  end
endmodule
`default_nettype wire
