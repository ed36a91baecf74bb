// SPDX-License-Identifier: Apache-2.0
// Tile KV ports to several KV channels: head h lives in channel h mod Channels as its head h / Channels.
//
// Ports 1..256.   Channels 1, 2, 4, 8.   Depth: commands under way, of a port and in a channel, a power of two >= 2.
// Tile side: port p uses bit p of the valid, ready and last vectors and slice p of the payload vectors. Channel side: channel c likewise;
// each is one KV port of docs/interfaces.md section 3. An mr_kv_mux a channel: a granted command is registered (one clock).
// A port gets its answers in the order of its commands, though channels run ahead of each other: a channel whose oldest answer is not
// its port's oldest waits. A port's next command is taken when the blocks of its APPEND have passed.
// No deadlock, if ports offer the blocks that they owe and take their answers: a port's commands go to the channels one after the other in
// the clocks of their grants, and a channel answers in the order of its grants. So the command of all that are under way which was granted
// first is the oldest of its port and of its channel: its answer waits for nobody, and after it the next one's. (Two grants in one
// clock differ in port and channel.) Channels = 1 is mr_kv_mux, clock for clock.
// R1-R6 on all streams; the ready outputs depend on valid (R4). Reset forgets commands under way. Test: tests/rtl/soc, tests/cosim.
`default_nettype none
module mr_kv_xbar #(
  parameter int Ports = 4,
  parameter int Channels = 2,
  parameter int Depth = 8
) (
  input  wire                     clk_i,
  input  wire                     rst_ni,
  input  wire  [4:0]              cfg_nbh_i,

  input  wire  [Ports-1:0]        t_kc_valid_i,
  output wire  [Ports-1:0]        t_kc_ready_o,
  input  wire  [2*Ports-1:0]      t_kc_op_i,
  input  wire  [8*Ports-1:0]      t_kc_slot_i,
  input  wire  [8*Ports-1:0]      t_kc_layer_i,
  input  wire  [8*Ports-1:0]      t_kc_head_i,
  input  wire  [Ports-1:0]        t_kc_kind_i,
  input  wire  [18*Ports-1:0]     t_kc_pos_i,
  input  wire  [6*Ports-1:0]      t_kc_count_i,
  input  wire  [Ports-1:0]        t_kw_valid_i,
  output wire  [Ports-1:0]        t_kw_ready_o,
  input  wire  [272*Ports-1:0]    t_kw_block_i,
  output wire  [Ports-1:0]        t_kr_valid_o,
  input  wire  [Ports-1:0]        t_kr_ready_i,
  output wire  [272*Ports-1:0]    t_kr_block_o,
  output wire  [Ports-1:0]        t_kr_last_o,
  output wire  [4*Ports-1:0]      t_kr_status_o,

  output wire  [Channels-1:0]     kc_valid_o,
  input  wire  [Channels-1:0]     kc_ready_i,
  output wire  [2*Channels-1:0]   kc_op_o,
  output wire  [8*Channels-1:0]   kc_slot_o,
  output wire  [8*Channels-1:0]   kc_layer_o,
  output wire  [8*Channels-1:0]   kc_head_o,
  output wire  [Channels-1:0]     kc_kind_o,
  output wire  [18*Channels-1:0]  kc_pos_o,
  output wire  [6*Channels-1:0]   kc_count_o,
  output wire  [Channels-1:0]     kw_valid_o,
  input  wire  [Channels-1:0]     kw_ready_i,
  output wire  [272*Channels-1:0] kw_block_o,
  input  wire  [Channels-1:0]     kr_valid_i,
  output wire  [Channels-1:0]     kr_ready_o,
  input  wire  [272*Channels-1:0] kr_block_i,
  input  wire  [Channels-1:0]     kr_last_i,
  input  wire  [4*Channels-1:0]   kr_status_i
);
  localparam int ChanLog2 = $clog2(Channels);
  localparam int ChanW = (Channels > 1) ? ChanLog2 : 1;

  initial if (Channels != 1 << ChanLog2 || Channels > 8) $fatal(1, "%m: Channels must be 1, 2, 4 or 8");

  // Of channel c's multiplexer: port p is bit c x Ports + p.
  logic [Channels*Ports-1:0] m_kc_valid, m_kr_ready;
  wire  [Channels*Ports-1:0] m_kc_ready, m_kw_ready, m_kw_owed, m_kr_valid;
  wire  [272*Channels-1:0]   m_kr_block;
  wire  [Channels-1:0]       m_kr_last;
  wire  [4*Channels-1:0]     m_kr_status;
  wire  [8*Ports-1:0]        head;          // inside the channel
  logic [Ports-1:0]          kc_taken, kw_taken, owed, may;
  wire  [ChanW*Ports-1:0]    to, from;      // channel of the command on offer, of the oldest one under way

  genvar c, p;
  generate
    for (c = 0; c < Channels; c = c + 1) begin : gen_channel
      mr_kv_mux #(.Ports(Ports), .Depth(Depth)) u_mux (
        .clk_i, .rst_ni, .cfg_nbh_i,
        .t_kc_valid_i(m_kc_valid[c*Ports +: Ports]), .t_kc_ready_o(m_kc_ready[c*Ports +: Ports]), .t_kc_op_i, .t_kc_slot_i, .t_kc_layer_i,
        .t_kc_head_i(head), .t_kc_kind_i, .t_kc_pos_i, .t_kc_count_i, .t_kw_valid_i, .t_kw_ready_o(m_kw_ready[c*Ports +: Ports]),
        .t_kw_owed_o(m_kw_owed[c*Ports +: Ports]), .t_kw_block_i, .t_kr_valid_o(m_kr_valid[c*Ports +: Ports]),
        .t_kr_ready_i(m_kr_ready[c*Ports +: Ports]), .t_kr_block_o(m_kr_block[c*272 +: 272]), .t_kr_last_o(m_kr_last[c]),
        .t_kr_status_o(m_kr_status[c*4 +: 4]),
        .kc_valid_o(kc_valid_o[c]), .kc_ready_i(kc_ready_i[c]), .kc_op_o(kc_op_o[c*2 +: 2]), .kc_slot_o(kc_slot_o[c*8 +: 8]),
        .kc_layer_o(kc_layer_o[c*8 +: 8]), .kc_head_o(kc_head_o[c*8 +: 8]), .kc_kind_o(kc_kind_o[c]),
        .kc_pos_o(kc_pos_o[c*18 +: 18]), .kc_count_o(kc_count_o[c*6 +: 6]), .kw_valid_o(kw_valid_o[c]), .kw_ready_i(kw_ready_i[c]),
        .kw_block_o(kw_block_o[c*272 +: 272]), .kr_valid_i(kr_valid_i[c]), .kr_ready_o(kr_ready_o[c]),
        .kr_block_i(kr_block_i[c*272 +: 272]), .kr_last_i(kr_last_i[c]), .kr_status_i(kr_status_i[c*4 +: 4])
      );
    end
    for (p = 0; p < Ports; p = p + 1) begin : gen_port
      wire [ChanW-1:0] from_p;

      assign head[p*8 +: 8] = t_kc_head_i[p*8 +: 8] >> ChanLog2;
      if (Channels == 1) begin : gen_one
        assign to[p*ChanW +: ChanW] = '0;
        assign from_p = '0;
        assign may[p] = 1'b1;
      end else begin : gen_order
        wire room;
        assign to[p*ChanW +: ChanW] = t_kc_head_i[p*8 +: ChanW];
        assign may[p] = room && !owed[p];
        mr_fifo #(.Width(ChanW), .Depth(Depth)) u_order (
          .clk_i, .rst_ni,
          .in_valid_i(kc_taken[p]), .in_ready_o(room), .in_data_i(to[p*ChanW +: ChanW]),
          .out_valid_o(), .out_ready_i(t_kr_valid_o[p] && t_kr_ready_i[p] && t_kr_last_o[p]), .out_data_o(from_p)
        );
      end
      assign from[p*ChanW +: ChanW] = from_p;   // a channel answers nobody without a command
      assign t_kr_valid_o[p] = m_kr_valid[32'(from_p) * Ports + p];
      assign t_kr_block_o[p*272 +: 272] = m_kr_block[32'(from_p) * 272 +: 272];
      assign t_kr_last_o[p] = m_kr_last[from_p];
      assign t_kr_status_o[p*4 +: 4] = m_kr_status[32'(from_p) * 4 +: 4];
    end
  endgenerate

  generate
    if (Channels == 1) begin : gen_straight
      assign kc_taken   = m_kc_ready;
      assign kw_taken   = m_kw_ready;
      assign owed       = m_kw_owed;
      assign m_kc_valid = t_kc_valid_i;
      assign m_kr_ready = t_kr_ready_i;
      wire unused_ok = &{1'b0, may, to, from, owed};
    end else begin : gen_select
      always_comb begin
        kc_taken = '0;
        kw_taken = '0;
        owed     = '0;
        for (int k = 0; k < Channels; k = k + 1) begin
          kc_taken = kc_taken | m_kc_ready[k*Ports +: Ports];
          kw_taken = kw_taken | m_kw_ready[k*Ports +: Ports];
          owed     = owed | m_kw_owed[k*Ports +: Ports];
          for (int q = 0; q < Ports; q = q + 1) begin
            m_kc_valid[k*Ports+q] = t_kc_valid_i[q] && may[q] && 32'(to[q*ChanW +: ChanW]) == k;
            m_kr_ready[k*Ports+q] = t_kr_ready_i[q] && 32'(from[q*ChanW +: ChanW]) == k;
          end
        end
      end
    end
  endgenerate
  assign t_kc_ready_o = kc_taken;
  assign t_kw_ready_o = kw_taken;
endmodule
`default_nettype wire
