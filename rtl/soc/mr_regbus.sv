// SPDX-License-Identifier: Apache-2.0
// Register bus: decodes one access at a time to the CSR blocks and the memory window (docs/interfaces.md section 4).
//
// Groups  each with a block for its KV controllers and, if there are several, one for its link.   Tiles  of all groups.
// Channels  KV channels that have a block for their ECC.   Core  there is a control core: its registers and its SRAM.
// req_*: ready/valid; then rsp_valid_o for one cycle. CSR access: answer 3 cycles after the request was taken. Window read: when the
// window answers (bounded). Window write: posted, one a cycle, answered at once; a refused one sets STATUS.bus_error.
// Unmapped addresses answer with rsp_error_o.
`default_nettype none
module mr_regbus #(
  parameter int Groups = 1,
  parameter int Tiles = 2,
  parameter int Channels = 1,
  parameter bit Core = 1'b0
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire                 req_valid_i,
  output logic                req_ready_o,
  input  wire                 req_write_i,
  input  wire  [23:0]         req_addr_i,
  input  wire  [31:0]         req_wdata_i,
  output logic                rsp_valid_o,
  output logic [31:0]         rsp_rdata_o,
  output logic                rsp_error_o,
  // CSR blocks
  output logic                csr_write_o,
  output logic [11:0]         csr_addr_o,
  output logic [31:0]         csr_wdata_o,
  output logic                chip_sel_o,
  input  wire  [31:0]         chip_rdata_i,
  input  wire                 chip_error_i,
  output logic                hub_sel_o,
  input  wire  [31:0]         hub_rdata_i,
  input  wire                 hub_error_i,
  output logic                core_sel_o,
  input  wire  [31:0]         core_rdata_i,
  input  wire                 core_error_i,
  output logic                ram_sel_o,     // SRAM of the core
  output logic [18:0]         ram_addr_o,
  input  wire  [31:0]         ram_rdata_i,
  input  wire                 ram_error_i,
  output logic [Groups-1:0]   kv_sel_o,
  input  wire  [Groups*32-1:0] kv_rdata_i,
  input  wire  [Groups-1:0]   kv_error_i,
  output logic [Groups-1:0]   link_sel_o,
  input  wire  [Groups*32-1:0] link_rdata_i,
  input  wire  [Groups-1:0]   link_error_i,
  output logic [Channels-1:0] kv_ecc_sel_o,
  input  wire  [Channels*32-1:0] kv_ecc_rdata_i,
  input  wire  [Channels-1:0] kv_ecc_error_i,
  output logic [Tiles-1:0]    tile_sel_o,
  input  wire  [Tiles*32-1:0] tile_rdata_i,
  input  wire  [Tiles-1:0]    tile_error_i,
  // window
  output logic                win_en_o,      // one access, posted when it is a write
  output logic                win_write_o,
  output logic [13:0]         win_word_o,
  output logic [31:0]         win_wdata_o,
  input  wire                 win_rvalid_i,  // answer to a read
  input  wire  [31:0]         win_rdata_i,
  input  wire                 win_error_i
);
  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StSel = 3'd1;
  localparam logic [2:0] StRead = 3'd2;
  localparam logic [2:0] StWindow = 3'd3;
  localparam logic [2:0] StAnswer = 3'd4;

  logic [2:0]  st_q;
  logic        write_q;
  logic [23:0] addr_q;
  logic [31:0] wdata_q;
  logic [31:0] rdata_q;
  logic        error_q;
  logic        posted_q;     // a window write was taken last cycle
  logic        read_q;       // a window read was taken last cycle
  logic [3:0]  under_way_q;  // posted writes on their way through the window

  wire [11:0] page = addr_q[23:12];
  wire        is_chip = page == 12'h000;
  wire        is_hub = page == 12'h001;
  wire        is_core = Core && page == 12'h002;
  wire        is_ram = Core && page[11:7] == 5'h01;
  wire        is_window = page[11:4] == 8'h20;

  assign req_ready_o = st_q == StIdle;
  assign rsp_valid_o = st_q == StAnswer || posted_q;
  assign rsp_rdata_o = rdata_q;
  assign rsp_error_o = error_q && !posted_q;
  assign csr_write_o = write_q;
  assign csr_addr_o = addr_q[11:0];
  assign csr_wdata_o = wdata_q;
  // A register access waits until the window has answered the posted writes before it, so that STATUS.bus_error is complete.
  wire        sel = st_q == StSel && under_way_q == '0;
  assign chip_sel_o = sel && is_chip;
  assign hub_sel_o = sel && is_hub;
  assign core_sel_o = sel && is_core;
  assign ram_sel_o = sel && is_ram;
  assign ram_addr_o = addr_q[18:0];
  assign win_en_o = posted_q || read_q;
  assign win_write_o = write_q;
  assign win_word_o = addr_q[15:2];
  assign win_wdata_o = wdata_q;

  logic [31:0] sel_rdata;
  logic        sel_error;
  always_comb begin
    tile_sel_o = '0;
    kv_sel_o = '0;
    link_sel_o = '0;
    kv_ecc_sel_o = '0;
    sel_rdata = '0;
    sel_error = 1'b1;
    if (is_chip) begin
      sel_rdata = chip_rdata_i;
      sel_error = chip_error_i;
    end else if (is_hub) begin
      sel_rdata = hub_rdata_i;
      sel_error = hub_error_i;
    end else if (is_core) begin
      sel_rdata = core_rdata_i;
      sel_error = core_error_i;
    end else if (is_ram) begin
      sel_rdata = ram_rdata_i;
      sel_error = ram_error_i;
    end
    for (int g = 0; g < Groups; g = g + 1) begin
      if (page == 12'h040 + 12'(g)) begin
        kv_sel_o[g] = sel;
        sel_rdata = kv_rdata_i[g*32 +: 32];
        sel_error = kv_error_i[g];
      end
      if (Groups > 1 && page == 12'h060 + 12'(g)) begin
        link_sel_o[g] = sel;
        sel_rdata = link_rdata_i[g*32 +: 32];
        sel_error = link_error_i[g];
      end
    end
    for (int c = 0; c < Channels; c = c + 1) begin
      if (page == 12'h010 + 12'(c)) begin
        kv_ecc_sel_o[c] = sel;
        sel_rdata = kv_ecc_rdata_i[c*32 +: 32];
        sel_error = kv_ecc_error_i[c];
      end
    end
    for (int t = 0; t < Tiles; t = t + 1) begin
      if (page == 12'h100 + 12'(t)) begin
        tile_sel_o[t] = sel;
        sel_rdata = tile_rdata_i[t*32 +: 32];
        sel_error = tile_error_i[t];
      end
    end
  end

  wire take = st_q == StIdle && req_valid_i;
  wire to_window = req_addr_i[23:16] == 8'h20 && req_addr_i[1:0] == 2'd0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      posted_q <= 1'b0;
      read_q <= 1'b0;
      under_way_q <= '0;
    end else begin
      posted_q <= take && to_window && req_write_i;
      read_q <= take && to_window && !req_write_i;
      under_way_q <= {under_way_q[2:0], posted_q};
      case (st_q)
        StIdle: if (take) st_q <= !to_window ? StSel : req_write_i ? StIdle : StWindow;
        StSel: if (sel) st_q <= StRead;
        StRead: st_q <= StAnswer;
        StWindow: if (win_rvalid_i) st_q <= StAnswer;
        default: st_q <= StIdle;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      write_q <= req_write_i;
      addr_q <= req_addr_i;
      wdata_q <= req_wdata_i;
    end
    if (st_q == StRead) begin
      rdata_q <= sel_rdata;
      error_q <= sel_error || is_window;
    end
    if (st_q == StWindow && win_rvalid_i) begin
      rdata_q <= win_rdata_i;
      error_q <= win_error_i;
    end
  end
endmodule
`default_nettype wire
