// SPDX-License-Identifier: Apache-2.0
// mr_sram_1r1w and mr_ram_1r1w: random reads and writes of parts of a word against an array. The output holds without a read; in
// mr_ram_1r1w a read meets the old word; an mr_sram_1r1w of narrow slices is the same as one of whole words.
`default_nettype none
module tb_memory;
  localparam int Width = 24;
  localparam int Parts = 2;
  localparam int PartW = Width / Parts;
  localparam int Depth = 20;
  localparam int AddrW = 5;
  localparam int Clocks = 20000;

  logic clk = 1'b0;
  always #5 clk = !clk;

  logic             re = 1'b0;
  logic [AddrW-1:0] raddr = '0;
  logic [Parts-1:0] we = '0;
  logic [AddrW-1:0] waddr = '0;
  logic [Width-1:0] wdata = '0;
  logic [Width-1:0] whole;
  logic [Width-1:0] parts;
  logic [Width-1:0] slices;
  logic [Width-1:0] ram;
  wire              clash = re && raddr == waddr;      // forbidden for mr_sram_1r1w

  mr_sram_1r1w #(.Width(Width), .Depth(Depth)) u_whole (
    .clk_i(clk), .re_i(re), .raddr_i(raddr), .rdata_o(whole), .we_i(we == 2'b11 && !clash), .waddr_i(waddr), .wdata_i(wdata)
  );
  mr_sram_1r1w #(.Width(Width), .Depth(Depth), .Parts(Parts)) u_parts (
    .clk_i(clk), .re_i(re), .raddr_i(raddr), .rdata_o(parts), .we_i(clash ? '0 : we), .waddr_i(waddr), .wdata_i(wdata)
  );
  mr_sram_1r1w #(.Width(Width), .Depth(Depth), .Parts(Parts), .Slice(3)) u_slices (
    .clk_i(clk), .re_i(re), .raddr_i(raddr), .rdata_o(slices), .we_i(clash ? '0 : we), .waddr_i(waddr), .wdata_i(wdata)
  );
  mr_ram_1r1w #(.Width(Width), .Depth(Depth), .Parts(Parts)) u_ram (
    .clk_i(clk), .re_i(re), .raddr_i(raddr), .rdata_o(ram), .we_i(we), .waddr_i(waddr), .wdata_i(wdata)
  );

  logic [Width-1:0] m_whole [Depth];
  logic [Width-1:0] m_parts [Depth];
  logic [Width-1:0] m_ram [Depth];
  logic [Width-1:0] want_whole, want_parts, want_ram;
  logic             have = 1'b0;
  int               errors = 0;
  int               clashes = 0;
  int               held = 0;

  task automatic check(input string what, input logic [Width-1:0] got, input logic [Width-1:0] want);
    if (got !== want) begin
      errors = errors + 1;
      if (errors < 10) $display("FAIL %s: %h, expected %h", what, got, want);
    end
  endtask

  initial begin
    // every word is written before it is read
    for (int i = 0; i < Depth; i = i + 1) begin
      @(negedge clk);
      we = '1;
      waddr = AddrW'(i);
      wdata = Width'($urandom);
      m_whole[i] = wdata;
      m_parts[i] = wdata;
      m_ram[i] = wdata;
    end
    for (int n = 0; n < Clocks; n = n + 1) begin
      @(negedge clk);
      re = $urandom % 4 != 0;
      raddr = AddrW'($urandom % Depth);
      we = Parts'($urandom);
      waddr = $urandom % 4 == 0 ? raddr : AddrW'($urandom % Depth);
      wdata = Width'($urandom);
      #1;
      if (re) begin
        want_whole = m_whole[raddr];
        want_parts = m_parts[raddr];
        want_ram = m_ram[raddr];
        have = 1'b1;
      end else held = held + 1;
      if (clash && we != '0) clashes = clashes + 1;
      for (int p = 0; p < Parts; p = p + 1) begin
        if (we[p]) m_ram[waddr][p*PartW +: PartW] = wdata[p*PartW +: PartW];
        if (we[p] && !clash) m_parts[waddr][p*PartW +: PartW] = wdata[p*PartW +: PartW];
      end
      if (we == 2'b11 && !clash) m_whole[waddr] = wdata;
      @(posedge clk);
      #1;
      if (have) begin
        check("whole words", whole, want_whole);
        check("parts", parts, want_parts);
        check("slices", slices, want_parts);
        check("mr_ram_1r1w", ram, want_ram);
      end
    end
    if (clashes < 1000 || held < 1000) begin
      errors = errors + 1;
      $display("FAIL too little traffic");
    end
    if (errors == 0) $display("PASS common_memory");
    $finish;
  end
endmodule
`default_nettype wire
