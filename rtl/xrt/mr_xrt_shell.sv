// SPDX-License-Identifier: Apache-2.0
// What XRT sees of the chip: an AP_CTRL_HS kernel whose run is a DMA transfer, and behind it the chip's register bus.
//
// AxiAddrW  address bits of the AXI4 master, 32..64.
// AXI4-Lite slave, 64 KiB, whole words (strobes are not looked at); one access at a time, write before read when both come in one cycle. READY
// depends on VALID (R4). Registers; what is not listed reads 0 and ignores writes:
//   0x0000 AP_CTRL  bit 0 start (W1S; 1 until the transfer ends), 1 done (cleared by a read), 2 idle, 3 ready (as done)
//   0x0004 GIE   0x0008 IER (bits 0 done, 1 ready)   0x000C ISR (bits toggle with the ones that are written)
//   0x0010, 0x0014 MEMORY   0x001C WORDS   0x0024 TARGET   0x002C MODE: the kernel's arguments, see mr_xrt_dma
//   0x0040 DMA_STATUS  bit 0 busy, 4..7 error_o of mr_xrt_dma   0x0044 DMA_MOVED
//   0x0048 PAGE  the 4 KiB of the register bus that are seen at 0x1000, bits 11:0 = its address 23:12
//   0x004C BUS_STATUS  sticky, write 1 to clear: bit 0 a chip access answered with an error, bit 1 it came while DMA was busy
//   0x0050 WAIT_CYCLES  0..1023   0x0054 WAIT  bit 31 irq_i, 30:0 clocks since reset; a read is answered when irq_i is high
//          or WAIT_CYCLES after it came
//   0x0058 KERNEL_ID "MRXK"   0x005C KERNEL_VERSION major.minor, 16 bits each
//   0x1000..0x1FFF  the chip's registers; an error answers SLVERR too. While DMA is busy they are refused.
// Latency: own registers 2 cycles, the chip's those of its bus and 3. interrupt_o: level, ISR and GIE. Reset stops everything.
// Test: tests/rtl/xrt, tests/host/xrt.
`default_nettype none
`include "mr_assert.vh"
module mr_xrt_shell #(
  parameter int AxiAddrW = 64
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire  [15:0]         ctl_awaddr_i,
  input  wire                 ctl_awvalid_i,
  output wire                 ctl_awready_o,
  input  wire  [31:0]         ctl_wdata_i,
  input  wire                 ctl_wvalid_i,
  output wire                 ctl_wready_o,
  output wire  [1:0]          ctl_bresp_o,
  output wire                 ctl_bvalid_o,
  input  wire                 ctl_bready_i,
  input  wire  [15:0]         ctl_araddr_i,
  input  wire                 ctl_arvalid_i,
  output wire                 ctl_arready_o,
  output wire  [31:0]         ctl_rdata_o,
  output wire  [1:0]          ctl_rresp_o,
  output wire                 ctl_rvalid_o,
  input  wire                 ctl_rready_i,
  output wire                 interrupt_o,
  // the chip's register bus
  output wire                 req_valid_o,
  input  wire                 req_ready_i,
  output wire                 req_write_o,
  output wire  [23:0]         req_addr_o,
  output wire  [31:0]         req_wdata_o,
  input  wire                 rsp_valid_i,
  input  wire  [31:0]         rsp_rdata_i,
  input  wire                 rsp_error_i,
  input  wire                 irq_i,
  // memory
  output wire  [AxiAddrW-1:0] axi_araddr_o,
  output wire  [7:0]          axi_arlen_o,
  output wire  [2:0]          axi_arsize_o,
  output wire  [1:0]          axi_arburst_o,
  output wire                 axi_arvalid_o,
  input  wire                 axi_arready_i,
  input  wire  [31:0]         axi_rdata_i,
  input  wire  [1:0]          axi_rresp_i,
  input  wire                 axi_rlast_i,
  input  wire                 axi_rvalid_i,
  output wire                 axi_rready_o,
  output wire  [AxiAddrW-1:0] axi_awaddr_o,
  output wire  [7:0]          axi_awlen_o,
  output wire  [2:0]          axi_awsize_o,
  output wire  [1:0]          axi_awburst_o,
  output wire                 axi_awvalid_o,
  input  wire                 axi_awready_i,
  output wire  [31:0]         axi_wdata_o,
  output wire  [3:0]          axi_wstrb_o,
  output wire                 axi_wlast_o,
  output wire                 axi_wvalid_o,
  input  wire                 axi_wready_i,
  input  wire  [1:0]          axi_bresp_i,
  input  wire                 axi_bvalid_i,
  output wire                 axi_bready_o
);
  localparam logic [31:0] KernelId = 32'h4B58524D;  // "MRXK"
  localparam logic [31:0] KernelVersion = 32'h0001_0000;

  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StLocal = 3'd1;   // own register
  localparam logic [2:0] StWait = 3'd2;    // read of WAIT
  localparam logic [2:0] StBus = 3'd3;     // request to the chip
  localparam logic [2:0] StAnswer = 3'd4;  // waits for the chip
  localparam logic [2:0] StDone = 3'd5;    // response to the host

  logic [2:0]  st_q;
  logic        write_q;
  logic [15:0] addr_q;
  logic [31:0] wdata_q;
  logic [31:0] rdata_q;
  logic        error_q;
  logic [9:0]  waited_q;

  logic        start_q, done_q, ready_q;
  logic        gie_q;
  logic [1:0]  ier_q, isr_q;
  logic [63:0] memory_q;
  logic [31:0] words_q, target_q, mode_q;
  logic [11:0] page_q;
  logic [1:0]  bus_status_q;
  logic [9:0]  wait_cycles_q;
  logic [30:0] clock_q;

  logic        dma_busy, dma_done;
  logic [3:0]  dma_error;
  logic [23:0] dma_moved;
  logic        dma_valid, dma_write;
  logic [23:0] dma_addr;
  logic [31:0] dma_wdata;

  wire take_write = st_q == StIdle && ctl_awvalid_i && ctl_wvalid_i;
  wire take_read = st_q == StIdle && ctl_arvalid_i && !take_write;
  wire [15:0] take_addr = take_write ? ctl_awaddr_i : ctl_araddr_i;
  wire to_chip = take_addr[15:12] == 4'h1;
  wire is_wait = take_read && take_addr[15:2] == 14'h0015;
  // The register bus belongs to the DMA from the start on.
  wire dma_owns = dma_busy || start_q;
  wire local_write = st_q == StLocal && write_q;
  wire local_read = st_q == StLocal && !write_q;
  wire [13:0] word = addr_q[15:2];
  wire bus_answer = st_q == StAnswer && rsp_valid_i;
  wire wait_ends = st_q == StWait && (irq_i || waited_q >= wait_cycles_q);

  assign ctl_awready_o = take_write;
  assign ctl_wready_o = take_write;
  assign ctl_arready_o = take_read;
  assign ctl_bvalid_o = st_q == StDone && write_q;
  assign ctl_rvalid_o = st_q == StDone && !write_q;
  assign ctl_bresp_o = {error_q, 1'b0};
  assign ctl_rresp_o = {error_q, 1'b0};
  assign ctl_rdata_o = rdata_q;
  assign interrupt_o = gie_q && isr_q != 2'b00;

  assign req_valid_o = dma_busy ? dma_valid : st_q == StBus;
  assign req_write_o = dma_busy ? dma_write : write_q;
  assign req_addr_o = dma_busy ? dma_addr : {page_q, addr_q[11:0]};
  assign req_wdata_o = dma_busy ? dma_wdata : wdata_q;
  assign axi_arsize_o = 3'd2;
  assign axi_awsize_o = 3'd2;
  assign axi_arburst_o = 2'd1;
  assign axi_awburst_o = 2'd1;

  logic [31:0] own;
  always_comb begin
    case (word)
      14'h0000: own = {28'd0, ready_q, !dma_owns, done_q, start_q};
      14'h0001: own = {31'd0, gie_q};
      14'h0002: own = {30'd0, ier_q};
      14'h0003: own = {30'd0, isr_q};
      14'h0004: own = memory_q[31:0];
      14'h0005: own = memory_q[63:32];
      14'h0007: own = words_q;
      14'h0009: own = target_q;
      14'h000B: own = mode_q;
      14'h0010: own = {24'd0, dma_error, 3'd0, dma_owns};
      14'h0011: own = {8'd0, dma_moved};
      14'h0012: own = {20'd0, page_q};
      14'h0013: own = {30'd0, bus_status_q};
      14'h0014: own = {22'd0, wait_cycles_q};
      14'h0016: own = KernelId;
      14'h0017: own = KernelVersion;
      default: own = '0;
    endcase
  end

  wire start = start_q && !dma_busy && !dma_done;
  wire [1:0] isr_events = dma_done ? ier_q : 2'b00;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      start_q <= 1'b0;
      done_q <= 1'b0;
      ready_q <= 1'b0;
      gie_q <= 1'b0;
      ier_q <= '0;
      isr_q <= '0;
      memory_q <= '0;
      words_q <= '0;
      target_q <= '0;
      mode_q <= '0;
      page_q <= '0;
      bus_status_q <= '0;
      wait_cycles_q <= '0;
      clock_q <= '0;
    end else begin
      clock_q <= clock_q + 31'd1;
      case (st_q)
        StIdle: if (take_write || take_read) begin
          st_q <= to_chip && dma_owns ? StDone : to_chip ? StBus : is_wait ? StWait : StLocal;
          if (to_chip && dma_owns) bus_status_q[1] <= 1'b1;
        end
        StLocal: st_q <= StDone;
        StWait: if (wait_ends) st_q <= StDone;
        StBus: if (req_ready_i) st_q <= StAnswer;
        StAnswer: if (bus_answer) begin
          st_q <= StDone;
          if (rsp_error_i) bus_status_q[0] <= 1'b1;
        end
        StDone: if (write_q ? ctl_bready_i : ctl_rready_i) st_q <= StIdle;
        default: st_q <= StIdle;
      endcase
      if (local_write) begin
        case (word)
          14'h0000: if (wdata_q[0]) start_q <= 1'b1;
          14'h0001: gie_q <= wdata_q[0];
          14'h0002: ier_q <= wdata_q[1:0];
          14'h0004: memory_q[31:0] <= wdata_q;
          14'h0005: memory_q[63:32] <= wdata_q;
          14'h0007: words_q <= wdata_q;
          14'h0009: target_q <= wdata_q;
          14'h000B: mode_q <= wdata_q;
          14'h0012: page_q <= wdata_q[11:0];
          14'h0013: bus_status_q <= bus_status_q & ~wdata_q[1:0];
          14'h0014: wait_cycles_q <= wdata_q[9:0];
          default: ;
        endcase
      end
      isr_q <= (isr_q ^ (local_write && word == 14'h0003 ? wdata_q[1:0] : 2'b00)) | isr_events;
      if (local_read && word == 14'h0000) begin
        done_q <= 1'b0;
        ready_q <= 1'b0;
      end
      if (dma_done) begin
        start_q <= 1'b0;
        done_q <= 1'b1;
        ready_q <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_write || take_read) begin
      write_q <= take_write;
      addr_q <= take_addr;
      wdata_q <= ctl_wdata_i;
      error_q <= to_chip && dma_owns;
      rdata_q <= '0;
      waited_q <= '0;
    end
    if (st_q == StWait) waited_q <= waited_q + 10'd1;
    if (local_read) rdata_q <= own;
    if (wait_ends) rdata_q <= {irq_i, clock_q};
    if (bus_answer) begin
      rdata_q <= rsp_rdata_i;
      error_q <= rsp_error_i;
    end
  end

  mr_xrt_dma #(.AddrW(AxiAddrW)) u_dma (
    .clk_i, .rst_ni, .start_i(start), .mode_i(mode_q[31:2] != '0 ? 2'd3 : mode_q[1:0]), .mem_i(memory_q[AxiAddrW-1:0]),
    .target_i(target_q[23:0]), .words_i(words_q), .busy_o(dma_busy), .done_o(dma_done), .error_o(dma_error), .moved_o(dma_moved),
    .req_valid_o(dma_valid), .req_ready_i(req_ready_i && dma_busy), .req_write_o(dma_write), .req_addr_o(dma_addr),
    .req_wdata_o(dma_wdata), .rsp_valid_i(rsp_valid_i && dma_busy), .rsp_rdata_i, .rsp_error_i,
    .axi_araddr_o, .axi_arlen_o, .axi_arvalid_o, .axi_arready_i, .axi_rdata_i, .axi_rresp_i, .axi_rlast_i, .axi_rvalid_i,
    .axi_rready_o, .axi_awaddr_o, .axi_awlen_o, .axi_awvalid_o, .axi_awready_i, .axi_wdata_o, .axi_wstrb_o, .axi_wlast_o,
    .axi_wvalid_o, .axi_wready_i, .axi_bresp_i, .axi_bvalid_i, .axi_bready_o
  );

  wire unused_ok = &{1'b0, ctl_awaddr_i[1:0], ctl_araddr_i[1:0], target_q[31:24]};
  // The chip is asked by one side at a time.
  `MR_ASSERT(OneSide, !(dma_busy && (st_q == StBus || st_q == StAnswer)))
endmodule
`default_nettype wire
