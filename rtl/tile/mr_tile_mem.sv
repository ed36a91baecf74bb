// SPDX-License-Identifier: Apache-2.0
// Memories of a tile, their port arbitration, and the loader's access to them (memory window, docs/interfaces.md 4).
//
// Lanes 1, 2, 4, 8.   WDepth words of Lanes x 288 bits.   VDepth elements (even).   XDepth blocks.   PDepth descriptors.
// WSlice  bits of WMEM kept in one array (Slice of mr_sram_1r1w).
// VMEM: two read ports (A: VEC; B: VEC, then DPU, then NET out), one write port (VEC, then DPU, then NET in). VEC is never
// stalled; the others have ready/valid. Every read answers one cycle after it was accepted and holds; WMEM's two cycles after it.
// Loader: one access a cycle by cfg_en_i; its answer (reads and writes) comes with cfg_rvalid_o three cycles later; an access while
// a job is here or out of range changes nothing and answers cfg_error_o.
`default_nettype none
`include "mr_assert.vh"
module mr_tile_mem #(
  parameter int Lanes = 2,
  parameter int WDepth = 1024,
  parameter int WSlice = 288,
  parameter int VDepth = 2048,
  parameter int XDepth = 64,
  parameter int PDepth = 128,
  localparam int WaW = $clog2(WDepth),
  localparam int VaW = $clog2(VDepth) - 1,   // pair index
  localparam int XaW = $clog2(XDepth),
  localparam int PaW = $clog2(PDepth) + 2    // 64-bit words
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  input  wire                  idle_i,       // no job: the loader may touch the memories
  // loader
  input  wire                  cfg_en_i,
  input  wire                  cfg_write_i,
  input  wire  [1:0]           cfg_kind_i,   // 0 WMEM, 1 VMEM, 2 XMEM, 3 PMEM
  input  wire  [31:0]          cfg_index_i,
  input  wire  [31:0]          cfg_wdata_i,
  output logic                 cfg_rvalid_o,
  output logic [31:0]          cfg_rdata_o,
  output logic                 cfg_error_o,
  // VMEM
  input  wire                  va_en_i,
  input  wire  [VaW-1:0]       va_addr_i,
  output logic [63:0]          va_data_o,
  input  wire                  vb_en_i,
  input  wire  [VaW-1:0]       vb_addr_i,
  input  wire                  vd_valid_i,
  output logic                 vd_ready_o,
  input  wire  [VaW-1:0]       vd_addr_i,
  input  wire                  vt_valid_i,
  output logic                 vt_ready_o,
  input  wire  [VaW-1:0]       vt_addr_i,
  output logic [63:0]          vb_data_o,    // port B, whoever read
  input  wire  [1:0]           vw_en_i,      // VEC
  input  wire  [VaW-1:0]       vw_addr_i,
  input  wire  [63:0]          vw_data_i,
  input  wire                  dw_valid_i,   // DPU
  output logic                 dw_ready_o,
  input  wire  [1:0]           dw_en_i,
  input  wire  [VaW-1:0]       dw_addr_i,
  input  wire  [63:0]          dw_data_i,
  input  wire                  rw_valid_i,   // NET in
  output logic                 rw_ready_o,
  input  wire  [VaW-1:0]       rw_addr_i,
  input  wire  [63:0]          rw_data_i,
  // XMEM
  input  wire                  xw_en_i,
  input  wire  [XaW-1:0]       xw_addr_i,
  input  wire  [271:0]         xw_data_i,
  input  wire                  xd_en_i,      // DPU
  input  wire  [XaW-1:0]       xd_addr_i,
  input  wire                  xk_valid_i,   // KV append
  output logic                 xk_ready_o,
  input  wire  [XaW-1:0]       xk_addr_i,
  output logic [271:0]         x_data_o,
  // WMEM
  input  wire                  wd_en_i,      // DPU
  input  wire  [WaW-1:0]       wd_addr_i,
  input  wire                  wv_en_i,      // VEC (EMBED)
  input  wire  [WaW-1:0]       wv_addr_i,
  output logic [Lanes*288-1:0] w_data_o,
  // PMEM
  input  wire                  pm_en_i,
  input  wire  [PaW-1:0]       pm_addr_i,
  output logic [63:0]          pm_data_o
);
  localparam logic [1:0] KindW = 2'd0;
  localparam logic [1:0] KindV = 2'd1;
  localparam logic [1:0] KindX = 2'd2;
  localparam logic [1:0] KindP = 2'd3;
  localparam int LaneW = Lanes > 1 ? $clog2(Lanes) : 1;

  // ---- loader ----
  // Cycle 1: the access stands in registers. Cycle 2: the memories answer. Cycle 3: the answer stands in registers.
  logic         en_q;
  logic         write_q;
  logic [1:0]   kind_q;
  logic [31:0]  index_q;
  logic [31:0]  wdata_q;
  logic         ok_q;          // in range, no job
  logic         rd_w_q;        // WMEM is read; a whole block of it is written
  logic         wr_w_q;
  logic         answer_q;
  logic         error_q;
  // Word that answers the legal read of the last cycle, one-hot.
  logic [Lanes*9-1:0] w_sel_q;
  logic [8:0]   x_sel_q;
  logic [1:0]   v_sel_q;
  logic [1:0]   p_sel_q;
  logic [31:0]  w_pick_q [Lanes];
  logic [31:0]  o_pick;        // of the other memories
  logic [31:0]  o_pick_q;
  logic [255:0] stage_q;

  logic in_range;
  always_comb begin
    case (cfg_kind_i)
      KindW: in_range = cfg_index_i[31:4] < 28'(WDepth * Lanes);
      KindV: in_range = cfg_index_i < VDepth;
      KindX: in_range = cfg_index_i[31:4] < 28'(XDepth);
      default: in_range = cfg_index_i < PDepth * 8;
    endcase
  end
  wire        wmem_ok = cfg_en_i && cfg_kind_i == KindW && in_range && idle_i;
  wire [3:0]  k = index_q[3:0];
  wire [27:0] row = index_q[31:4];
  wire [1:0]  cfg_half = index_q[0] ? 2'b10 : 2'b01;
  wire [VaW-1:0] cfg_pair = index_q[VaW:1];
  // A job that comes meanwhile begins with PMEM, a message with VMEM.
  wire legal = en_q && ok_q && (idle_i || kind_q == KindW || kind_q == KindX);
  wire wr = legal && write_q;
  wire rd = legal && !write_q;
  wire wr_v = wr && kind_q == KindV;
  wire wr_x = wr && kind_q == KindX && k == 4'd8;
  wire wr_p = wr && kind_q == KindP;
  wire rd_v = rd && kind_q == KindV;
  wire rd_x = rd && kind_q == KindX;
  wire rd_p = rd && kind_q == KindP;
  wire [LaneW-1:0] lane = Lanes > 1 ? row[LaneW-1:0] : '0;
  wire [WaW-1:0]   word = WaW'(row >> $clog2(Lanes));

  // The chosen one of nine words; 0 if none is.
  function automatic [31:0] pick(input [287:0] words, input [8:0] sel);
    pick = '0;
    for (int i = 0; i < 9; i = i + 1) pick = pick | (words[32*i +: 32] & {32{sel[i]}});
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      en_q <= 1'b0;
      rd_w_q <= 1'b0;
      wr_w_q <= 1'b0;
      answer_q <= 1'b0;
      cfg_rvalid_o <= 1'b0;
    end else begin
      en_q <= cfg_en_i;
      rd_w_q <= wmem_ok && !cfg_write_i;
      wr_w_q <= wmem_ok && cfg_write_i && cfg_index_i[3:0] == 4'd8;
      answer_q <= en_q;
      cfg_rvalid_o <= answer_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (cfg_en_i) begin
      write_q <= cfg_write_i;
      kind_q <= cfg_kind_i;
      index_q <= cfg_index_i;
      wdata_q <= cfg_wdata_i;
      ok_q <= in_range && idle_i;
    end
    if (en_q) begin
      error_q <= !legal;
      for (int i = 0; i < Lanes * 9; i = i + 1) w_sel_q[i] <= rd_w_q && 32'(lane) * 9 + 32'(k) == i && k < 4'd9;
      for (int i = 0; i < 9; i = i + 1) x_sel_q[i] <= rd_x && k == 4'(i);
      v_sel_q <= rd_v ? cfg_half : 2'b00;
      p_sel_q <= rd_p ? cfg_half : 2'b00;
      if (wr && (kind_q == KindW || kind_q == KindX) && k < 4'd8) stage_q[k[2:0]*32 +: 32] <= wdata_q;
    end
    if (answer_q) cfg_error_o <= error_q;
    if (answer_q) begin
      for (int i = 0; i < Lanes; i = i + 1) w_pick_q[i] <= pick(w_data_o[288*i +: 288], w_sel_q[9*i +: 9]);
      o_pick_q <= o_pick;
    end
  end
  always_comb begin
    o_pick = pick({16'd0, x_data_o}, x_sel_q);
    for (int i = 0; i < 2; i = i + 1) begin
      o_pick = o_pick | (va_data_o[32*i +: 32] & {32{v_sel_q[i]}}) | (pm_data_o[32*i +: 32] & {32{p_sel_q[i]}});
    end
    cfg_rdata_o = o_pick_q;
    for (int i = 0; i < Lanes; i = i + 1) cfg_rdata_o = cfg_rdata_o | w_pick_q[i];
  end

  // ---- VMEM: two copies, so that two reads and a write fit in a cycle ----
  assign vd_ready_o = !vb_en_i;
  assign vt_ready_o = !vb_en_i && !vd_valid_i;
  wire            b_en = vb_en_i || vd_valid_i || vt_valid_i;
  wire [VaW-1:0]  b_addr = vb_en_i ? vb_addr_i : vd_valid_i ? vd_addr_i : vt_addr_i;
  wire            vec_writes = vw_en_i != 2'b00;
  assign dw_ready_o = !vec_writes;
  assign rw_ready_o = !vec_writes && !dw_valid_i;
  logic [1:0]     v_we;
  logic [VaW-1:0] v_waddr;
  logic [63:0]    v_wdata;
  always_comb begin
    v_we = vw_en_i;
    v_waddr = vw_addr_i;
    v_wdata = vw_data_i;
    if (!vec_writes && dw_valid_i) begin
      v_we = dw_en_i;
      v_waddr = dw_addr_i;
      v_wdata = dw_data_i;
    end else if (!vec_writes && rw_valid_i) begin
      v_we = 2'b11;
      v_waddr = rw_addr_i;
      v_wdata = rw_data_i;
    end else if (wr_v) begin
      v_we = cfg_half;
      v_waddr = cfg_pair;
      v_wdata = {2{wdata_q}};
    end
  end

  mr_ram_1r1w #(.Width(64), .Depth(VDepth / 2), .Parts(2)) u_vmem_a (
    .clk_i, .re_i(va_en_i || rd_v), .raddr_i(va_en_i ? va_addr_i : cfg_pair), .rdata_o(va_data_o),
    .we_i(v_we), .waddr_i(v_waddr), .wdata_i(v_wdata)
  );
  mr_ram_1r1w #(.Width(64), .Depth(VDepth / 2), .Parts(2)) u_vmem_b (
    .clk_i, .re_i(b_en), .raddr_i(b_addr), .rdata_o(vb_data_o),
    .we_i(v_we), .waddr_i(v_waddr), .wdata_i(v_wdata)
  );

  // ---- XMEM ----
  assign xk_ready_o = !xd_en_i;
  mr_ram_1r1w #(.Width(272), .Depth(XDepth)) u_xmem (
    .clk_i, .re_i(xd_en_i || xk_valid_i || rd_x),
    .raddr_i(xd_en_i ? xd_addr_i : xk_valid_i ? xk_addr_i : row[XaW-1:0]), .rdata_o(x_data_o),
    .we_i(xw_en_i || wr_x), .waddr_i(xw_en_i ? xw_addr_i : row[XaW-1:0]),
    .wdata_i(xw_en_i ? xw_data_i : {wdata_q[15:0], stage_q})
  );

  // ---- WMEM ----
  // Its block RAMs lie all over the chip: request and address come to them straight from registers.
  logic           w_re_q;
  logic [WaW-1:0] w_raddr_q;
  always_ff @(posedge clk_i) begin
    w_re_q <= wd_en_i || wv_en_i || (wmem_ok && !cfg_write_i);
    w_raddr_q <= wd_en_i ? wd_addr_i : wv_en_i ? wv_addr_i : WaW'(cfg_index_i[31:4] >> $clog2(Lanes));
  end
  genvar l;
  generate
    for (l = 0; l < Lanes; l = l + 1) begin : gen_wmem
      mr_sram_1r1w #(.Width(288), .Depth(WDepth), .Slice(WSlice)) u_wmem (
        .clk_i, .re_i(w_re_q), .raddr_i(w_raddr_q), .rdata_o(w_data_o[l*288 +: 288]),
        .we_i(wr_w_q && lane == LaneW'(l)), .waddr_i(word), .wdata_i({wdata_q, stage_q})
      );
    end
  endgenerate

  // ---- PMEM ----
  mr_sram_1r1w #(.Width(64), .Depth(PDepth * 4), .Parts(2)) u_pmem (
    .clk_i, .re_i(pm_en_i || rd_p), .raddr_i(pm_en_i ? pm_addr_i : index_q[PaW:1]), .rdata_o(pm_data_o),
    .we_i(wr_p ? cfg_half : 2'b00), .waddr_i(index_q[PaW:1]), .wdata_i({2{wdata_q}})
  );

  // The loader writes only while no job runs.
  `MR_ASSERT(WmemReadOrWrite, !(w_re_q && wr_w_q))
  `MR_ASSERT(PmemReadOrWrite, !((pm_en_i || rd_p) && wr_p))
endmodule
`default_nettype wire
