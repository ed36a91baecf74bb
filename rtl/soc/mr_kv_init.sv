// SPDX-License-Identifier: Apache-2.0
// Start of the KV cache and way of firmware's administration: in front of mr_kv_top's ad_* port and cfg_start_i.
//
// init_i (one clock): takes a new shape over and forgets every slot. hold_o asks the tiles' ports to send no command; when idle_i says that
// none is under way, the append buffer is emptied (by a FREE of slot 0, if used_i: some page is owned), the controller is
// started once with the old shape, so that page engine and back end come to rest, then load_o (one clock) lets the shape
// change and it is started again. ready_o is low meanwhile and while the controller initialises.
// go_i with op_i.. (held while busy_o): FREE, TRUNCATE, FORK, QUOTA as in mr_kv_admin; ignored while busy_o or while ready_o is low.
// code_o: status of the last one, valid when busy_o has fallen. Cycles: what the controller takes + 3, for init_i three
// times that. Test: tests/cosim (test_chip_rules), tests/rtl/soc.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_init (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         init_i,
  output wire         ready_o,
  output wire         hold_o,
  output wire         load_o,
  input  wire         idle_i,
  input  wire         go_i,
  input  wire  [1:0]  op_i,
  input  wire  [7:0]  slot_i,
  input  wire  [7:0]  src_i,
  input  wire  [17:0] len_i,
  output wire         busy_o,
  output logic [3:0]  code_o,
  // controller
  input  wire         ctrl_ready_i,
  input  wire         ctrl_idle_i,
  input  wire         used_i,
  output wire         cfg_start_o,
  output wire         ad_valid_o,
  input  wire         ad_ready_i,
  output logic [1:0]  ad_op_o,
  output logic [7:0]  ad_slot_o,
  output logic [7:0]  ad_src_o,
  output logic [17:0] ad_len_o,
  input  wire         ad_done_i,
  input  wire  [3:0]  ad_status_i
);
  typedef enum logic [2:0] {StIdle, StAsk, StWait, StRest, StStop, StLoad, StStart} state_e;

  state_e state_q, state_d;
  logic   init_q;       // a new start is wanted
  logic   flush_q;      // the command under way is the start's
  logic   take, flush, quiet;

  assign quiet       = ctrl_ready_i && ctrl_idle_i;
  assign flush       = init_q && idle_i && ctrl_ready_i;
  assign take        = go_i && ready_o && !busy_o;
  assign ready_o     = !init_q && ctrl_ready_i;
  assign hold_o      = init_q;
  assign busy_o      = state_q != StIdle || init_q;
  assign load_o      = state_q == StLoad && quiet;
  assign ad_valid_o  = state_q == StAsk;
  assign cfg_start_o = state_q == StStop || state_q == StStart;

  // After a start ready falls with the next clock, so StLoad and ready_o look at it no earlier.
  always_comb begin
    state_d = state_q;
    case (state_q)
      StIdle:  if (flush && !used_i) state_d = StRest;
               else if (flush || take) state_d = StAsk;
      StAsk:   if (ad_ready_i) state_d = StWait;
      StWait:  if (ad_done_i && flush_q) state_d = StRest;
               else if (ad_done_i) state_d = StIdle;
      StRest:  if (quiet) state_d = StStop;
      StStop:  state_d = StLoad;
      StLoad:  if (quiet) state_d = StStart;
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      init_q  <= 1'b0;
    end else begin
      state_q <= state_d;
      init_q  <= init_i || (init_q && state_q != StStart);
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q == StIdle) begin
      flush_q   <= flush;
      ad_op_o   <= flush ? 2'd0 : op_i;
      ad_slot_o <= flush ? 8'd0 : slot_i;
      ad_src_o  <= src_i;
      ad_len_o  <= len_i;
    end
    if (state_q == StWait && ad_done_i && !flush_q) code_o <= ad_status_i;
  end
  `MR_ASSERT(DoneExpected, !ad_done_i || state_q == StWait)
endmodule
`default_nettype wire
