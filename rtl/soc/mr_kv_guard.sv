// SPDX-License-Identifier: Apache-2.0
// Keeps a tile's KV port honest: finishes for the tile what it has under way when it is reset or cleared.
//
// The controller works in order: an APPEND whose blocks never come, or an answer that nobody takes, would stall every tile. So
// after drop_i (one cycle, in which the tile is in reset) this module offers the blocks that an open APPEND still owes (their
// values are unspecified) and takes the answers to all commands sent before. Commands sent later are not affected.
// hold_i keeps further commands back; idle_o says that none is under way. Sits between a tile and mr_kv_mux; payloads pass
// outside. cfg_nbh_i: blocks of an APPEND. At most 15 commands are open. No cycle is added. Test: tests/rtl/soc.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_guard (
  input  wire        clk_i,
  input  wire        rst_ni,
  input  wire  [4:0] cfg_nbh_i,
  input  wire        drop_i,
  input  wire        hold_i,
  output logic       idle_o,
  // tile
  input  wire        t_kc_valid_i,
  input  wire        t_kc_append_i,
  input  wire        t_kw_valid_i,
  output logic       t_kw_ready_o,
  output logic       t_kr_valid_o,
  input  wire        t_kr_ready_i,
  // multiplexer
  output logic       m_kc_valid_o,
  input  wire        m_kc_ready_i,
  output logic       m_kw_valid_o,
  input  wire        m_kw_ready_i,
  input  wire        m_kr_valid_i,
  output logic       m_kr_ready_o,
  input  wire        m_kr_last_i
);
  logic [3:0] open_q;     // commands without a complete answer
  logic [3:0] drop_q;     // so many of them, the oldest, belong to nobody
  logic [4:0] owed_q;     // blocks of the present APPEND
  logic       fill_q;     // the tile will not send them

  wire swallow = drop_q != 4'd0;
  wire sent = m_kc_valid_o && m_kc_ready_i;
  wire block = m_kw_valid_o && m_kw_ready_i;
  wire answered = m_kr_valid_i && m_kr_ready_o && m_kr_last_i;
  wire [3:0] open_d = open_q + 4'(sent) - 4'(answered);
  wire [4:0] owed_d = sent && t_kc_append_i ? cfg_nbh_i : owed_q - 5'(block);

  assign idle_o = open_q == 4'd0;
  assign m_kc_valid_o = t_kc_valid_i && !hold_i && !drop_i;
  assign m_kw_valid_o = fill_q || t_kw_valid_i;
  assign t_kw_ready_o = m_kw_ready_i && !fill_q;
  assign t_kr_valid_o = m_kr_valid_i && !swallow;
  assign m_kr_ready_o = swallow || t_kr_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q <= '0;
      drop_q <= '0;
      owed_q <= '0;
      fill_q <= 1'b0;
    end else begin
      open_q <= open_d;
      owed_q <= owed_d;
      if (drop_i) begin
        drop_q <= open_d;
        fill_q <= owed_d != 5'd0;
      end else begin
        if (answered && swallow) drop_q <= drop_q - 4'd1;
        if (owed_d == 5'd0) fill_q <= 1'b0;
      end
    end
  end
  `MR_ASSERT(OpenBound, !(sent && open_q == 4'hF))
  `MR_ASSERT(OwedBound, !(block && owed_q == 5'd0))
endmodule
`default_nettype wire
