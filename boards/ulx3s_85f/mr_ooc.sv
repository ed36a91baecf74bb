// SPDX-License-Identifier: Apache-2.0
// Frame for placing and routing mr_chip_sdr without a board: its ports hang on two serial scan registers, so that few pins remain.
//
// scan_i shifts into the register that drives the chip's inputs; capture_i loads all of its outputs into a
// second register, otherwise that one shifts out by scan_o. So every port starts or ends at a register, as it does on a board,
// and nothing can be optimised away. For size and speed only: a bitstream of it does nothing useful.
`default_nettype none
module mr_ooc #(
  parameter logic [31:0] GitHash = 32'd0
) (
  input  wire  clk_i,
  input  wire  scan_i,
  input  wire  capture_i,
  output logic scan_o
);
  `include "chip.vh"
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]};
  localparam int InW = 1 + 1 + 1 + 24 + 32 + 8*DqBytes;
  localparam int OutW = 1 + 1 + 32 + 1 + 1 + 5 + 2 + RowBits + DqBytes + 8*DqBytes + 1;

  logic [InW-1:0]  in_q;
  logic [OutW-1:0] out_q;
  logic [OutW-1:0] out;

  always_ff @(posedge clk_i) begin
    in_q <= {in_q[InW-2:0], scan_i};
    out_q <= capture_i ? out : {out_q[OutW-2:0], 1'b0};
  end
  assign scan_o = out_q[OutW-1];

  logic                 rst_n;
  logic                 req_valid;
  logic                 req_write;
  logic [23:0]          req_addr;
  logic [31:0]          req_wdata;
  logic [8*DqBytes-1:0] dq_in;
  assign {rst_n, req_valid, req_write, req_addr, req_wdata, dq_in} = in_q;

  logic                 req_ready;
  logic                 rsp_valid;
  logic [31:0]          rsp_rdata;
  logic                 rsp_error;
  logic                 irq;
  logic                 cke, cs_n, ras_n, cas_n, we_n;
  logic [1:0]           ba;
  logic [RowBits-1:0]   a;
  logic [DqBytes-1:0]   dqm;
  logic [8*DqBytes-1:0] dq;
  logic                 dq_oe;
  assign out = {req_ready, rsp_valid, rsp_rdata, rsp_error, irq, cke, cs_n, ras_n, cas_n, we_n, ba, a, dqm, dq, dq_oe};

  mr_chip_sdr #(
    .Tiles(Tiles), .Lanes(Lanes), .WDepth(WDepth), .WSlice(WSlice), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth),
    .ResBufs(ResBufs), .ResSize(ResSize), .MaxG(MaxG), .KvSlots(KvSlots), .KvLayers(KvLayers), .KvHeads(KvHeads), .KvNbh(KvNbh),
    .KvPages(KvPages), .KvSlotBlocks(KvSlotBlocks), .DqBytes(DqBytes), .Prof(Prof), .ClockKhz(ClockKhz)
  ) u_chip (
    .clk_i, .rst_ni(rst_n), .git_hash_i(GitHash), .req_valid_i(req_valid), .req_ready_o(req_ready), .req_write_i(req_write),
    .req_addr_i(req_addr), .req_wdata_i(req_wdata), .rsp_valid_o(rsp_valid), .rsp_rdata_o(rsp_rdata),
    .rsp_error_o(rsp_error), .irq_o(irq), .uart_tx_o(), .uart_rx_i(1'b1), .sd_cke_o(cke), .sd_cs_no(cs_n), .sd_ras_no(ras_n), .sd_cas_no(cas_n),
    .sd_we_no(we_n), .sd_ba_o(ba), .sd_a_o(a), .sd_dqm_o(dqm), .sd_dq_o(dq), .sd_dq_oe_o(dq_oe), .sd_dq_i(dq_in)
  );
endmodule
`default_nettype wire
