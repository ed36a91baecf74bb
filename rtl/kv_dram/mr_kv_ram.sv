// SPDX-License-Identifier: Apache-2.0
// Table RAM: mr_sram_1r1w with one write enable, always in block RAM.
//
// Width  bits of a word.   Depth  words, >= 2.   Read latency 1; rdata_o holds until the next read.
// A word must not be read in the clock in which it is written (the user asserts it).
`default_nettype none
module mr_kv_ram #(
  parameter int Width = 8,
  parameter int Depth = 64,
  localparam int AddrW = $clog2(Depth)
) (
  input  wire              clk_i,
  input  wire              re_i,
  input  wire [AddrW-1:0]  raddr_i,
  output logic [Width-1:0] rdata_o,
  input  wire              we_i,
  input  wire [AddrW-1:0]  waddr_i,
  input  wire [Width-1:0]  wdata_i
);
  (* no_rw_check, ram_style = "block" *) logic [Width-1:0] mem [Depth];
  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
  end
  always_ff @(posedge clk_i) begin
    if (we_i) mem[waddr_i] <= wdata_i;
  end
endmodule
`default_nettype wire
