// SPDX-License-Identifier: Apache-2.0
// Counts refusals by status with one adder of eight bits, which takes the halves of a counter in turn.
//
// cmd_i: a command ended with cmd_status_i; ad_i: an administration with ad_status_i; 4..7 are counted, others are not. Two cmd_i
// are 4 clocks apart at least, two ad_i 3, or 6 with a cmd_i in between.
// count_o: 16 bits (modulo) for each of status 7, 6, 5, 4, both halves of a counter at once, up to 8 clocks late. Test: tests/rtl/kv_cmd, proof: formal/kv_refused.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_refused (
  input  wire        clk_i,
  input  wire        rst_ni,
  input  wire        cmd_i,
  input  wire [2:0]  cmd_status_i,
  input  wire        ad_i,
  input  wire [2:0]  ad_status_i,
  output logic [63:0] count_o
);
  logic       cmd_wait_q, ad_wait_q;    // one to be counted
  logic [1:0] cmd_num_q, ad_num_q, num_q;
  logic       busy_q, high_q, carry_q;  // counter num_q is under way; its second half
  logic       cmd, ad, free;
  logic [7:0] half, sum;
  logic       carry;
  logic [63:0] ring_q;                  // the counters, halves swapped while under way

  assign cmd  = cmd_i && cmd_status_i[2];
  assign ad   = ad_i && ad_status_i[2];
  assign free = !busy_q || high_q;
  assign half = ring_q[16*num_q +: 8];
  assign {carry, sum} = {1'b0, half} + 9'(carry_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cmd_wait_q <= 1'b0;
      ad_wait_q  <= 1'b0;
      busy_q     <= 1'b0;
      high_q     <= 1'b0;
    end else begin
      cmd_wait_q <= cmd || (cmd_wait_q && !free);
      ad_wait_q  <= ad || (ad_wait_q && !(free && !cmd_wait_q));
      busy_q     <= !free || cmd_wait_q || ad_wait_q;
      high_q     <= !free;
    end
  end
  always_ff @(posedge clk_i) begin
    if (cmd) cmd_num_q <= cmd_status_i[1:0];
    if (ad) ad_num_q <= ad_status_i[1:0];
    if (free) num_q <= cmd_wait_q ? cmd_num_q : ad_num_q;
    carry_q <= free || carry;
  end

  genvar r;
  generate
    for (r = 0; r < 4; r = r + 1) begin : gen_count
      always_ff @(posedge clk_i) begin
        if (!rst_ni) ring_q[16*r +: 16] <= '0;
        else if (busy_q && num_q == 2'(r)) ring_q[16*r +: 16] <= {sum, ring_q[16*r+8 +: 8]};
      end
    end
  endgenerate
  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_o <= '0;
    else if (!busy_q) count_o <= ring_q;
  end

  `MR_ASSERT(CmdCounted, !(cmd && cmd_wait_q && !free))
  `MR_ASSERT(AdCounted, !(ad && ad_wait_q && !(free && !cmd_wait_q)))
endmodule
`default_nettype wire
