// SPDX-License-Identifier: Apache-2.0
// Empties the KV cache on request: frees slot after slot, in front of the controller's FREE port.
//
// Slots  slots of the controller, 1..256.
// init_i (one clock) frees every slot; ready_o is low meanwhile and while the controller initialises. hold_o asks the tiles' ports
// to send no command; the first slot is freed when idle_i says that none is under way, so that no late APPEND survives; load_o
// (one clock) tells that the configuration may change now. Firmware's own FREE (free_go_i, free_slot_i) passes through
// and is ignored while ready_o is low. Cycles: what is under way + slots x (2 + the controller's FREE). Test: tests/rtl/soc.
`default_nettype none
module mr_kv_init #(
  parameter int Slots = 8
) (
  input  wire        clk_i,
  input  wire        rst_ni,
  input  wire        init_i,
  output logic       ready_o,
  output logic       hold_o,
  output logic       load_o,
  input  wire        idle_i,
  input  wire        free_go_i,
  input  wire  [7:0] free_slot_i,
  output logic       free_busy_o,
  // controller
  input  wire        ctrl_ready_i,
  output logic       ctrl_free_req_o,
  output logic [7:0] ctrl_free_slot_o,
  input  wire        ctrl_free_busy_i
);
  logic       run_q;
  logic       gap_q;        // one clock between a request and a look at busy
  logic [7:0] slot_q;

  wire step = run_q && ctrl_ready_i && idle_i && !gap_q && !ctrl_free_busy_i;

  assign ready_o = !run_q && ctrl_ready_i;
  assign hold_o = run_q;
  assign load_o = step && slot_q == 8'd0;
  assign ctrl_free_req_o = run_q ? step : free_go_i && ctrl_ready_i;
  assign ctrl_free_slot_o = run_q ? slot_q : free_slot_i;
  assign free_busy_o = ctrl_free_busy_i || run_q || gap_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
      gap_q <= 1'b0;
      slot_q <= '0;
    end else begin
      gap_q <= ctrl_free_req_o;
      if (init_i) begin
        run_q <= 1'b1;
        slot_q <= '0;
      end else if (step) begin
        slot_q <= slot_q + 8'd1;
        if (slot_q == 8'(Slots - 1)) run_q <= 1'b0;
      end
    end
  end
endmodule
`default_nettype wire
