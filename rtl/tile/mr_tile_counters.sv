// SPDX-License-Identifier: Apache-2.0
// Event and cycle counters of a tile (docs/registers.md, tile). 40 bits each: 3 hours at 100 MHz.
//
// All inputs are one-cycle events or levels; counting stops while the tile has nothing to do. clear_i zeroes all.
`default_nettype none
module mr_tile_counters (
  input  wire          clk_i,
  input  wire          rst_ni,
  input  wire          clear_i,
  input  wire          busy_i,        // a job runs
  input  wire          job_done_i,
  input  wire          issue_i,
  input  wire  [2:0]   tag_i,
  input  wire          gemv_i,
  input  wire          lane_i,
  input  wire          vec_i,
  input  wire          kv_wait_i,
  input  wire          net_wait_i,
  output logic [63:0]  jobs_o,
  output logic [63:0]  descriptors_o,
  output logic [63:0]  cyc_busy_o,
  output logic [63:0]  cyc_gemv_o,
  output logic [63:0]  cyc_lane_o,
  output logic [63:0]  cyc_vec_o,
  output logic [63:0]  cyc_kv_wait_o,
  output logic [63:0]  cyc_net_wait_o,
  output logic [511:0] cyc_tag_o
);
  localparam int CntW = 40;
  localparam int Events = 8;

  logic [CntW-1:0] ev_q [Events];
  logic [CntW-1:0] tag_q [8];
  // The events come from all over the tile: they are counted from registers, a cycle later.
  logic [Events-1:0] event_q;
  logic [2:0]        at_tag_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || !busy_i) event_q <= '0;
    else event_q <= {net_wait_i, kv_wait_i, vec_i, lane_i, gemv_i, 1'b1, issue_i, job_done_i};
    at_tag_q <= tag_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      for (int k = 0; k < Events; k = k + 1) ev_q[k] <= '0;
      for (int k = 0; k < 8; k = k + 1) tag_q[k] <= '0;
    end else begin
      for (int k = 0; k < Events; k = k + 1) begin
        if (event_q[k]) ev_q[k] <= ev_q[k] + CntW'(1);
      end
      if (event_q[2]) tag_q[at_tag_q] <= tag_q[at_tag_q] + CntW'(1);
    end
  end

  assign jobs_o = 64'(ev_q[0]);
  assign descriptors_o = 64'(ev_q[1]);
  assign cyc_busy_o = 64'(ev_q[2]);
  assign cyc_gemv_o = 64'(ev_q[3]);
  assign cyc_lane_o = 64'(ev_q[4]);
  assign cyc_vec_o = 64'(ev_q[5]);
  assign cyc_kv_wait_o = 64'(ev_q[6]);
  assign cyc_net_wait_o = 64'(ev_q[7]);
  genvar t;
  generate
    for (t = 0; t < 8; t = t + 1) begin : gen_tag
      assign cyc_tag_o[t*64 +: 64] = 64'(tag_q[t]);
    end
  endgenerate
endmodule
`default_nettype wire
