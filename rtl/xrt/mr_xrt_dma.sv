// SPDX-License-Identifier: Apache-2.0
// DMA of the XRT kernel: moves words between memory (AXI4 master) and the chip's register bus.
//
// AddrW  AXI address bits, 32..64.
// start_i for one cycle while busy_o is low, with the job stable in that cycle:
//   mode_i    0: memory -> bus, consecutive words; 1: bus -> memory, consecutive words; 2: memory -> bus, a list of pairs {bus address, data}
//   mem_i     byte address in memory, a multiple of 4
//   target_i  first bus address, a multiple of 4 (modes 0 and 1)
//   words_i   words, in mode 2 pairs; < 2^24; 0 ends at once
// done_o for one cycle at the end; busy_o falls with it. error_o, of the last job: bit 0 bad job (nothing moved), 1 memory answered a read with an
// error (no word of that burst behind it was moved), 2 memory answered a write with an error, 3 the bus answered with an error. moved_o: words,
// pairs in mode 2, that the bus has taken or given.
// Bus: as docs/interfaces.md section 4; writes are sent back to back, so window writes take a cycle each; reads go one by one.
// AXI: 32-bit data, INCR bursts of at most 256 beats inside 4 KB, one at a time, ID 0; all VALID outputs from registers; RREADY follows
// req_ready_i. A memory that does not answer leaves busy_o high: only rst_ni ends that.
// Test: tests/rtl/xrt.
`default_nettype none
`include "mr_assert.vh"
module mr_xrt_dma #(
  parameter int AddrW = 64
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               start_i,
  input  wire  [1:0]        mode_i,
  input  wire  [AddrW-1:0]  mem_i,
  input  wire  [23:0]       target_i,
  input  wire  [31:0]       words_i,
  output wire               busy_o,
  output logic              done_o,
  output logic [3:0]        error_o,
  output logic [23:0]       moved_o,
  // register bus
  output logic              req_valid_o,
  input  wire               req_ready_i,
  output logic              req_write_o,
  output logic [23:0]       req_addr_o,
  output logic [31:0]       req_wdata_o,
  input  wire               rsp_valid_i,
  input  wire  [31:0]       rsp_rdata_i,
  input  wire               rsp_error_i,
  // memory
  output logic [AddrW-1:0]  axi_araddr_o,
  output logic [7:0]        axi_arlen_o,
  output logic              axi_arvalid_o,
  input  wire               axi_arready_i,
  input  wire  [31:0]       axi_rdata_i,
  input  wire  [1:0]        axi_rresp_i,
  input  wire               axi_rlast_i,
  input  wire               axi_rvalid_i,
  output wire               axi_rready_o,
  output logic [AddrW-1:0]  axi_awaddr_o,
  output logic [7:0]        axi_awlen_o,
  output logic              axi_awvalid_o,
  input  wire               axi_awready_i,
  output logic [31:0]       axi_wdata_o,
  output logic [3:0]        axi_wstrb_o,
  output logic              axi_wlast_o,
  output logic              axi_wvalid_o,
  input  wire               axi_wready_i,
  input  wire  [1:0]        axi_bresp_i,
  input  wire               axi_bvalid_i,
  output wire               axi_bready_o
);
  localparam logic [1:0] ModeRead = 2'd1;
  localparam logic [1:0] ModeList = 2'd2;

  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StBurst = 3'd1;  // asks for the next burst
  localparam logic [2:0] StR = 3'd2;      // takes read data
  localparam logic [2:0] StGet = 3'd3;    // reads a word of the bus
  localparam logic [2:0] StPut = 3'd4;    // gives it to the memory
  localparam logic [2:0] StB = 3'd5;      // waits for the write's response
  localparam logic [2:0] StDrain = 3'd6;  // waits for the bus

  logic [2:0]       st_q;
  logic [1:0]       mode_q;
  logic [AddrW-1:0] mem_q;      // of the next burst
  logic [23:0]      target_q;   // of the next bus access
  logic [24:0]      left_q;     // beats of further bursts
  logic [8:0]       beats_q;    // beats left of this burst
  logic             odd_q;      // a pair's address stands in target_q
  logic [8:0]       owed_q;     // bus accesses without an answer
  logic [3:0]       error_q;

  wire list = mode_q == ModeList;
  // Beats to the next 4 KB boundary, 256 at most.
  wire [10:0] room = 11'd1024 - {1'b0, mem_q[11:2]};
  wire [8:0]  cap = room > 11'd256 ? 9'd256 : room[8:0];
  wire [8:0]  burst = left_q < {16'd0, cap} ? left_q[8:0] : cap;

  wire bus_go = req_valid_o && req_ready_i;
  wire ar_go = axi_arvalid_o && axi_arready_i;
  wire aw_go = axi_awvalid_o && axi_awready_i;
  wire r_go = axi_rvalid_i && axi_rready_o;
  wire w_go = axi_wvalid_o && axi_wready_i;
  wire b_go = axi_bvalid_i && axi_bready_o;
  wire r_bad = axi_rresp_i != 2'b00;
  wire b_bad = axi_bresp_i != 2'b00;
  wire job_bad = mode_i == 2'd3 || mem_i[1:0] != 2'd0 || words_i[31:24] != 8'd0 ||
                 (mode_i != ModeList && target_i[1:0] != 2'd0);
  // Words behind a read error are dropped.
  wire use_word = r_go && !r_bad && !error_q[1];
  wire send = use_word && (!list || odd_q);
  wire fetch = st_q == StGet && !req_valid_o && owed_q == '0;
  wire last_beat = beats_q == 9'd1;
  wire drained = st_q == StDrain && !req_valid_o && owed_q == '0;

  assign busy_o = st_q != StIdle;
  assign error_o = error_q;
  // The bus register is free, or will be; few enough answers are owed.
  assign axi_rready_o = st_q == StR && (!req_valid_o || req_ready_i) && !owed_q[8];
  assign axi_bready_o = st_q == StB;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      done_o <= 1'b0;
      req_valid_o <= 1'b0;
      axi_arvalid_o <= 1'b0;
      axi_awvalid_o <= 1'b0;
      axi_wvalid_o <= 1'b0;
      owed_q <= '0;
      error_q <= '0;
      moved_o <= '0;
    end else begin
      done_o <= drained || (start_i && !busy_o && job_bad);
      owed_q <= owed_q + 9'(bus_go) - 9'(rsp_valid_i && busy_o);
      if (bus_go) begin
        req_valid_o <= 1'b0;
        moved_o <= moved_o + 24'd1;
      end
      if (send || fetch) req_valid_o <= 1'b1;
      if (ar_go) axi_arvalid_o <= 1'b0;
      if (aw_go) axi_awvalid_o <= 1'b0;
      if (w_go) axi_wvalid_o <= 1'b0;
      if (r_go && r_bad) error_q[1] <= 1'b1;
      if (b_go && b_bad) error_q[2] <= 1'b1;
      if (rsp_valid_i && rsp_error_i && busy_o) error_q[3] <= 1'b1;
      case (st_q)
        StIdle: if (start_i) begin
          error_q <= {3'd0, job_bad};
          moved_o <= '0;
          if (!job_bad) st_q <= words_i == '0 ? StDrain : StBurst;
        end
        StBurst: begin
          st_q <= mode_q == ModeRead ? StGet : StR;
          axi_arvalid_o <= mode_q != ModeRead;
          axi_awvalid_o <= mode_q == ModeRead;
        end
        StR: if (r_go && last_beat) st_q <= left_q == '0 || error_q[1] || r_bad ? StDrain : StBurst;
        // With the answer come the data; the burst is finished also behind an error, with strobes 0.
        StGet: if (rsp_valid_i) begin
          st_q <= StPut;
          axi_wvalid_o <= 1'b1;
        end
        StPut: if (w_go) st_q <= axi_wlast_o ? StB : StGet;
        StB: if (b_go) st_q <= left_q == '0 || error_q != '0 || b_bad ? StDrain : StBurst;
        StDrain: if (drained) st_q <= StIdle;
        default: st_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (st_q == StIdle && start_i) begin
      mode_q <= mode_i;
      mem_q <= mem_i;
      target_q <= target_i;
      left_q <= mode_i == ModeList ? {words_i[23:0], 1'b0} : {1'b0, words_i[23:0]};
      odd_q <= 1'b0;
    end
    if (st_q == StBurst) begin
      axi_araddr_o <= mem_q;
      axi_awaddr_o <= mem_q;
      axi_arlen_o <= 8'(burst - 9'd1);
      axi_awlen_o <= 8'(burst - 9'd1);
      beats_q <= burst;
      left_q <= left_q - {16'd0, burst};
      mem_q <= mem_q + {{(AddrW-11){1'b0}}, burst, 2'b00};
    end
    if (r_go || w_go) beats_q <= beats_q - 9'd1;
    if (use_word) begin
      odd_q <= list && !odd_q;
      if (list && !odd_q) target_q <= axi_rdata_i[23:0];
    end
    if (send || fetch) begin
      req_write_o <= send;
      req_addr_o <= target_q;
      req_wdata_o <= axi_rdata_i;
      if (!list) target_q <= target_q + 24'd4;
    end
    if (st_q == StGet && rsp_valid_i) begin
      axi_wdata_o <= rsp_rdata_i;
      axi_wstrb_o <= rsp_error_i || error_q[3] ? 4'h0 : 4'hF;
      axi_wlast_o <= last_beat;
    end
  end

  wire unused_ok = &{1'b0, axi_rlast_i};

`ifndef SYNTHESIS
  // The memory's LAST comes with the beat that was counted.
  `MR_ASSERT(LastInStep, !r_go || axi_rlast_i == last_beat)
  logic        f_held_q, f_ar_q, f_w_q;
  logic [55:0] f_bus_q;
  logic [7:0]  f_len_q;
  logic [31:0] f_wdata_q;
  always_ff @(posedge clk_i) begin
    f_held_q <= rst_ni && req_valid_o && !req_ready_i;
    f_ar_q <= rst_ni && axi_arvalid_o && !axi_arready_i;
    f_w_q <= rst_ni && axi_wvalid_o && !axi_wready_i;
    f_bus_q <= {req_addr_o, req_wdata_o};
    f_len_q <= axi_arlen_o;
    f_wdata_q <= axi_wdata_o;
  end
  `MR_ASSERT(BusHolds, !f_held_q || (req_valid_o && f_bus_q == {req_addr_o, req_wdata_o}))
  `MR_ASSERT(ArHolds, !f_ar_q || (axi_arvalid_o && f_len_q == axi_arlen_o))
  `MR_ASSERT(WHolds, !f_w_q || (axi_wvalid_o && f_wdata_q == axi_wdata_o))
`endif
endmodule
`default_nettype wire
