// SPDX-License-Identifier: Apache-2.0
// Simple dual-port RAM: one synchronous read port, one write port with enables for equal parts of the word.
//
// Width  bits of a word, a multiple of Parts.   Depth  words, >= 2.   Parts  write enables.
// Read latency 1; rdata_o holds until the next read. Reading the word that is written in the same cycle
// returns the old content. Maps to block RAM on FPGA. Test: tests/rtl/common.
`default_nettype none
module mr_ram_1r1w #(
  parameter int Width = 64,
  parameter int Depth = 512,
  parameter int Parts = 1,
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

  logic [Width-1:0] mem [Depth];

  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
  end

  genvar p;
  generate
    for (p = 0; p < Parts; p = p + 1) begin : gen_part
      always_ff @(posedge clk_i) begin
        if (we_i[p]) mem[waddr_i][p*PartW +: PartW] <= wdata_i[p*PartW +: PartW];
      end
    end
  endgenerate
endmodule
`default_nettype wire
