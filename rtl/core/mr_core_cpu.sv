// SPDX-License-Identifier: Apache-2.0
// PicoRV32 (RV32IMC) with its boot ROM, its clock and its ways to the SRAM and to the register bus.
//
// Rom  file for $readmemh with the boot ROM, 32-bit words; "": it is empty (and traps).   RomWords  of it, a power of two.
// SramWords  of the SRAM, a power of two.   ClockGate  the processor gets no clock in reset and asleep (mr_unit_clock).
// Addresses: 0x00000000 ROM, 0x10000000 SRAM, 0x20000000 + a register bus address a. Interrupt vector 0x10000010.
// clock_i  the processor is not asleep and not at rest in reset; run_ni low, with clock_i high for 2 clocks, resets it.
// stall_i  asleep: the answer to the store that caused it is held back until a clock after stall_i has fallen.
// irq_i: levels.   trap_o: since the last reset.   fetch_o: address of the last instruction word that was fetched.
// fault_o for one clock with fault_store_o, fault_addr_o: an access is answered with an error; a load gives 0xFFFFFFFF. Errors: what is not
// mapped, a store to the ROM, and on the register bus a fetch, a store of less than a word and what the bus answers with an error.
// SRAM: ram_re_o or ram_we_o (byte enables) with ram_addr_o is done at the end of a clock with ram_ready_i, which does not depend on it;
// ram_rdata_i in the next clock.   Register bus: bus_valid_o holds until bus_ready_i, then one bus_rsp_i with bus_rdata_i, bus_error_i.
// A load from ROM or SRAM takes as many clocks as the PicoRV32 itself (its look-ahead port starts it), a store one, an access to the bus
// the bus's time. Outputs depend on ram_ready_i, bus_rsp_i, bus_error_i in the same clock (fault_o; ram_re_o, ram_addr_o).
// Test: tests/rtl/core.
`default_nettype none
module mr_core_cpu #(
  parameter Rom = "",
  parameter int RomWords = 1024,
  parameter int SramWords = 65536,
  parameter bit ClockGate = 1'b0,
  localparam int RamW = $clog2(SramWords),
  localparam int RomW = $clog2(RomWords)
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               clock_i,
  input  wire               run_ni,
  input  wire               stall_i,
  input  wire  [9:3]        irq_i,
  output wire               trap_o,
  output logic [31:0]       fetch_o,
  output wire               fault_o,
  output wire               fault_store_o,
  output wire  [29:0]       fault_addr_o,
  output wire               ram_re_o,
  output wire  [3:0]        ram_we_o,
  output wire  [RamW-1:0]   ram_addr_o,
  output wire  [31:0]       ram_wdata_o,
  input  wire               ram_ready_i,
  input  wire  [31:0]       ram_rdata_i,
  output wire               bus_valid_o,
  output wire               bus_write_o,
  output wire  [23:0]       bus_addr_o,
  output wire  [31:0]       bus_wdata_o,
  input  wire               bus_ready_i,
  input  wire               bus_rsp_i,
  input  wire  [31:0]       bus_rdata_i,
  input  wire               bus_error_i
);
  wire         clk;
  logic        mem_valid, mem_instr, mem_ready, la_read, trap;
  logic [31:0] mem_addr, mem_wdata, mem_rdata, la_addr;
  logic [3:0]  mem_wstrb;

  mr_unit_clock #(.Gate(ClockGate)) u_clock (.clk_i, .rst_ni, .start_i(clock_i), .busy_i(1'b0), .clk_o(clk));

  picorv32 #(
    .ENABLE_COUNTERS(1'b0), .ENABLE_COUNTERS64(1'b0), .TWO_STAGE_SHIFT(1'b0), .BARREL_SHIFTER(1'b1), .COMPRESSED_ISA(1'b1),
    .ENABLE_FAST_MUL(1'b1), .ENABLE_DIV(1'b1), .ENABLE_IRQ(1'b1), .ENABLE_IRQ_TIMER(1'b0), .LATCHED_IRQ(32'h00000007),
    .MASKED_IRQ(32'hFFFFFC01), .PROGADDR_RESET(32'h00000000), .PROGADDR_IRQ(32'h10000010)
  ) u_picorv32 (
    .clk, .resetn(run_ni), .trap,
    .mem_valid, .mem_instr, .mem_ready, .mem_addr, .mem_wdata, .mem_wstrb, .mem_rdata,
    .mem_la_read(la_read), .mem_la_write(), .mem_la_addr(la_addr), .mem_la_wdata(), .mem_la_wstrb(),
    .pcpi_valid(), .pcpi_insn(), .pcpi_rs1(), .pcpi_rs2(), .pcpi_wr(1'b0), .pcpi_rd(32'd0), .pcpi_wait(1'b0), .pcpi_ready(1'b0),
    .irq({22'd0, irq_i, 3'd0}), .eoi(), .trace_valid(), .trace_data()
  );
  assign trap_o = trap && run_ni;

  // ---- where an access goes ----
  wire valid = mem_valid && run_ni;
  wire store = mem_wstrb != 4'd0;
  wire in_rom = mem_addr[31:2+RomW] == '0 && !store;
  wire in_ram = mem_addr[31:28] == 4'h1 && mem_addr[27:2+RamW] == '0;
  wire in_bus = mem_addr[31:24] == 8'h20 && !mem_instr && (mem_wstrb == 4'h0 || mem_wstrb == 4'hF);
  wire bad = !in_rom && !in_ram && !in_bus;
  wire la_rom = la_addr[31:2+RomW] == '0;
  wire la_ram = la_addr[31:28] == 4'h1 && la_addr[27:2+RamW] == '0;

  // ---- ROM and SRAM: read when the look-ahead port says so, or again until the port of the SRAM was free ----
  logic [31:0] rom [RomWords];
  logic [31:0] rom_q;
  logic        have_q;     // what mem_addr names was read
  logic        from_rom_q;
  wire         again = valid && !store && !mem_ready;
  wire         rom_re = la_read ? la_rom : again && in_rom;
  wire [RomW-1:0] rom_addr = la_read ? la_addr[2 +: RomW] : mem_addr[2 +: RomW];

  initial begin
    if (Rom != "") $readmemh(Rom, rom);
  end
  always_ff @(posedge clk_i) begin
    if (rom_re) rom_q <= rom[rom_addr];
  end
  assign ram_re_o = la_read ? la_ram : again && in_ram;
  assign ram_we_o = valid && in_ram ? mem_wstrb : 4'd0;
  assign ram_addr_o = la_read ? la_addr[2 +: RamW] : mem_addr[2 +: RamW];
  assign ram_wdata_o = mem_wdata;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !run_ni) have_q <= 1'b0;
    else have_q <= rom_re || (ram_re_o && ram_ready_i);
  end
  always_ff @(posedge clk_i) begin
    from_rom_q <= rom_re;
  end

  // ---- register bus ----
  logic sent_q;   // a request was taken, its answer is to come
  logic stale_q;  // it is of before the processor's reset
  logic done_q;   // the answer came while the processor must not have it
  logic stall_q;
  wire  answer = bus_rsp_i && sent_q && !stale_q;

  assign bus_valid_o = valid && in_bus && !sent_q && !done_q;
  assign bus_write_o = store;
  assign bus_addr_o = mem_addr[23:0];
  assign bus_wdata_o = mem_wdata;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sent_q <= 1'b0;
      stale_q <= 1'b0;
      done_q <= 1'b0;
      stall_q <= 1'b0;
    end else begin
      sent_q <= sent_q ? !bus_rsp_i : bus_valid_o && bus_ready_i;
      stale_q <= sent_q && !bus_rsp_i && (stale_q || !run_ni);
      done_q <= run_ni && (answer || done_q) && !mem_ready;
      stall_q <= stall_i;
    end
  end

  // ---- answers ----
  assign mem_ready = valid && (bad || (in_bus ? (answer || done_q) && !stall_i && !stall_q : store ? ram_ready_i : have_q));
  assign mem_rdata = bad || (in_bus && bus_error_i) ? 32'hFFFFFFFF : in_bus ? bus_rdata_i : from_rom_q ? rom_q : ram_rdata_i;
  assign fault_o = (valid && bad) || (answer && bus_error_i);
  assign fault_store_o = store;
  assign fault_addr_o = mem_addr[31:2];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) fetch_o <= '0;
    else if (valid && mem_instr && mem_ready) fetch_o <= mem_addr;
  end

  // mem_addr names words.
  wire unused_ok = &{1'b0, la_addr[1:0], mem_addr[1:0]};
endmodule
`default_nettype wire
