// SPDX-License-Identifier: Apache-2.0
// Simple dual-port RAM for large memories: as mr_ram_1r1w, but a word must not be read in the cycle in which it is written.
//
// Width  bits of a word, a multiple of Parts.   Depth  words, >= 2.   Parts  write enables.
// Slice  bits kept in one array: Width / Parts, or a divisor of it. Narrow slices make synthesis take deep, narrow block
//        RAMs, whose outputs need no multiplexer; one wide array is what simulates fast.
// Read latency 1; rdata_o holds until the next read. The user asserts that the forbidden case does not happen (its result is
// unspecified): block RAM then needs no bypass of Width registers and multiplexers around it, which mr_ram_1r1w costs.
// Test: tests/rtl/common.
`default_nettype none
module mr_sram_1r1w #(
  parameter int Width = 64,
  parameter int Depth = 512,
  parameter int Parts = 1,
  parameter int Slice = Width / Parts,
  localparam int AddrW = $clog2(Depth)
) (
  input  wire              clk_i,
  input  wire              re_i,
  input  wire [AddrW-1:0]  raddr_i,
  output logic [Width-1:0] rdata_o,
  input  wire [Parts-1:0]  we_i,
  input  wire [AddrW-1:0]  waddr_i,
  input  wire [Width-1:0]  wdata_i
);
  localparam int PartW = Width / Parts;

  genvar i;
  generate
    if (Slice == PartW) begin : gen_whole
      (* no_rw_check *) logic [Width-1:0] mem [Depth];
      always_ff @(posedge clk_i) begin
        if (re_i) rdata_o <= mem[raddr_i];
      end
      for (i = 0; i < Parts; i = i + 1) begin : gen_part
        always_ff @(posedge clk_i) begin
          if (we_i[i]) mem[waddr_i][i*PartW +: PartW] <= wdata_i[i*PartW +: PartW];
        end
      end
    end else begin : gen_sliced
      for (i = 0; i < Width / Slice; i = i + 1) begin : gen_slice
        (* no_rw_check *) logic [Slice-1:0] mem [Depth];
        logic [Slice-1:0] rdata_q;
        always_ff @(posedge clk_i) begin
          if (re_i) rdata_q <= mem[raddr_i];
          if (we_i[i*Slice/PartW]) mem[waddr_i] <= wdata_i[i*Slice +: Slice];
        end
        assign rdata_o[i*Slice +: Slice] = rdata_q;
      end
    end
  endgenerate
endmodule
`default_nettype wire
