// SPDX-License-Identifier: Apache-2.0
// Control core: processor with boot ROM (mr_core_cpu), SRAM, timer, watchdog, doorbells, UART and their registers (docs/interfaces.md section 11).
//
// SramKb  KiB of SRAM, a power of two, 4..512.   Run  1: the core runs after reset, without a host.   Uart  0: no UART, its registers read 0.
// Rom ClockGate  see mr_core_cpu.
// Registers: sel_i, write_i, addr_i, wdata_i, rdata_o, error_o as in mr_csr_core; own_i: the access of this and the next clock is the core's.
// SRAM from the register bus: ram_sel_i for one clock with write_i, ram_addr_i (bytes), wdata_i; ram_rdata_o, ram_error_o in the next clock.
// It goes before the processor's own access, which waits a clock.   bus_*: the processor's accesses to the register bus, see mr_core_cpu.
// cycle_i clocks since reset; hub_i a result or a token waits; status_i a bit of chip.STATUS is set.
// irq_o: interrupt of the chip: HOST_BELL, and hub_i unless CTRL.own_hub.
// Held in reset (CTRL.run 0) the processor is at rest; registers and SRAM work. Nothing else resets it but rst_ni and the watchdog.
// Outputs depend on no input in the same clock but irq_o on hub_i and bus_valid_o on no other than registers.   Test: tests/rtl/core.
`default_nettype none
module mr_core #(
  parameter int SramKb = 256,
  parameter bit Run = 1'b0,
  parameter bit Uart = 1'b1,
  parameter Rom = "",
  parameter bit ClockGate = 1'b0
) (
  input  wire          clk_i,
  input  wire          rst_ni,
  input  wire          sel_i,
  input  wire          own_i,
  input  wire          write_i,
  input  wire  [11:0]  addr_i,
  input  wire  [31:0]  wdata_i,
  output wire  [31:0]  rdata_o,
  output wire          error_o,
  input  wire          ram_sel_i,
  input  wire  [18:0]  ram_addr_i,
  output wire  [31:0]  ram_rdata_o,
  output logic         ram_error_o,
  output wire          bus_valid_o,
  output wire          bus_write_o,
  output wire  [23:0]  bus_addr_o,
  output wire  [31:0]  bus_wdata_o,
  input  wire          bus_ready_i,
  input  wire          bus_rsp_i,
  input  wire  [31:0]  bus_rdata_i,
  input  wire          bus_error_i,
  input  wire  [63:0]  cycle_i,
  input  wire          hub_i,
  input  wire          status_i,
  output wire          irq_o,
  output wire          uart_tx_o,
  input  wire          uart_rx_i
);
  `include "mr_csr_defs.vh"
  localparam int RomKb = 4;
  localparam int RamWords = SramKb * 256;
  localparam int RamW = $clog2(RamWords);

  // ---- registers ----
  logic        run, own_hub, trap_sticky, wdog_sticky, fault_valid, boot_go, boot_pending, bell_ring, bell, host_ring, host_bell;
  logic [31:0] boot_size, shared, timer_cmp, wdog_limit;
  logic        timer_en, wdog_kick, sleep, check_start;
  logic [9:3]  irq, wake;
  logic        asleep_q, trap, trap_q, expire, reset_now, check_q;
  logic        fault, fault_store;
  logic [29:0] fault_addr;
  logic [31:0] fetch, sum_q;
  logic [7:0]  tx_data, rx_data;
  logic        tx_send, rx_take, tx_busy, tx_lost, rx_lost, framing;
  logic [4:0]  tx_free, rx_count;
  logic [15:0] uart_div;

  // With Run, the first clock after reset writes CTRL.run; the register bus takes longer than that to get here.
  logic first_q;
  always_ff @(posedge clk_i) begin
    first_q <= !rst_ni && Run;
  end

  mr_csr_core u_csr (
    .clk_i, .rst_ni, .sel_i(sel_i || first_q), .write_i(write_i || first_q), .addr_i(first_q ? CsrCoreCtrl : addr_i),
    .wdata_i(first_q ? 32'd1 : wdata_i), .rdata_o, .error_o,
    .caps_present_i(1'b1), .caps_uart_i(Uart), .caps_rom_kb_i(8'(RomKb)), .caps_sram_kb_i(16'(SramKb)),
    .ctrl_run_q(run), .ctrl_own_hub_q(own_hub), .status_trap_set_i(trap && !trap_q), .status_trap_q(trap_sticky),
    .status_watchdog_set_i(expire), .status_watchdog_q(wdog_sticky), .status_stopped_i(trap), .status_asleep_i(asleep_q),
    .fault_valid_set_i(fault), .fault_valid_q(fault_valid), .fault_store_i(fault_store), .fault_addr_i(fault_addr), .fetch_i(fetch),
    .boot_size_q(boot_size), .boot_crc_q(), .boot_version_q(), .boot_ctrl_go_cmd(boot_go), .boot_ctrl_pending_set_i(boot_go),
    .boot_ctrl_pending_q(boot_pending), .boot_state_clear_i(reset_now), .boot_state_q(), .shared_clear_i(reset_now), .shared_q(shared),
    .bell_ring_cmd(bell_ring), .bell_pending_set_i(bell_ring), .bell_pending_q(bell),
    .host_bell_ring_cmd(host_ring), .host_bell_pending_set_i(host_ring || expire || (trap && !trap_q)), .host_bell_pending_q(host_bell),
    .timer_i(cycle_i), .timer_cmp_q(timer_cmp), .timer_ctrl_enable_clear_i(reset_now), .timer_ctrl_enable_q(timer_en),
    .wdog_limit_clear_i(reset_now), .wdog_limit_q(wdog_limit), .wdog_kick_kick_cmd(wdog_kick),
    .irq_bell_i(irq[3]), .irq_timer_i(irq[4]), .irq_uart_i(irq[5]), .irq_wdog_i(irq[6]), .irq_fault_i(irq[7]), .irq_hub_i(irq[8]),
    .irq_status_i(irq[9]), .wake_bell_q(wake[3]), .wake_timer_q(wake[4]), .wake_uart_q(wake[5]), .wake_wdog_q(wake[6]),
    .wake_fault_q(wake[7]), .wake_hub_q(wake[8]), .wake_status_q(wake[9]), .sleep_sleep_cmd(sleep),
    .boot_check_start_cmd(check_start), .boot_check_busy_i(check_q), .boot_sum_i(~sum_q),
    .uart_data_data_q(tx_data), .uart_data_rx_i(rx_data), .uart_data_send_cmd(tx_send), .uart_data_take_cmd(rx_take),
    .uart_status_tx_free_i(tx_free), .uart_status_tx_busy_i(tx_busy), .uart_status_rx_count_i(rx_count),
    .uart_status_tx_lost_set_i(tx_lost), .uart_status_tx_lost_q(), .uart_status_rx_lost_set_i(rx_lost), .uart_status_rx_lost_q(),
    .uart_status_framing_set_i(framing), .uart_status_framing_q(), .uart_div_q(uart_div), .crash_pc_q(), .crash_cause_q()
  );
  assign irq_o = host_bell || (hub_i && !own_hub);

  // ---- timer, interrupts, sleep ----
  wire [31:0] past = cycle_i[31:0] - timer_cmp;
  logic [31:0] wdog_left_q;
  assign irq[3] = bell;
  assign irq[4] = timer_en && !past[31];
  assign irq[5] = rx_count != '0;
  assign irq[6] = wdog_limit != '0 && wdog_left_q < wdog_limit >> 2;
  assign irq[7] = fault_valid;
  assign irq[8] = hub_i;
  assign irq[9] = status_i;

  // ---- reset of the processor: while CTRL.run is 0 and for some clocks behind that and behind the watchdog's end ----
  localparam logic [1:0] Hold = 2'd3;
  logic [1:0] hold_q;
  logic       run_q;
  logic       limit_new_q;
  wire        run_n = run && hold_q == '0;

  assign expire = run && wdog_limit != '0 && wdog_left_q == '0 && !limit_new_q && !wdog_kick;
  assign reset_now = expire || (run_q && !run);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
      hold_q <= Hold;
      asleep_q <= 1'b0;
      trap_q <= 1'b0;
      limit_new_q <= 1'b0;
    end else begin
      run_q <= run;
      hold_q <= !run || expire ? Hold : hold_q != '0 ? hold_q - 2'd1 : hold_q;
      asleep_q <= run_n && !expire && (asleep_q || (sleep && own_i)) && (irq & wake) == '0;
      trap_q <= trap;
      limit_new_q <= sel_i && write_i && addr_i == CsrCoreWdogLimit;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!run || wdog_kick || limit_new_q) wdog_left_q <= wdog_limit;
    else if (wdog_limit != '0 && wdog_left_q != '0) wdog_left_q <= wdog_left_q - 32'd1;
  end

  // ---- processor ----
  logic             cpu_re;
  logic [3:0]       cpu_we;
  logic [RamW-1:0]  cpu_addr;
  logic [31:0]      cpu_wdata;
  logic [31:0]      ram_q;

  mr_core_cpu #(.Rom(Rom), .RomWords(RomKb * 256), .SramWords(RamWords), .ClockGate(ClockGate)) u_cpu (
    .clk_i, .rst_ni, .clock_i(run && !asleep_q), .run_ni(run_n), .stall_i(asleep_q), .irq_i(irq), .trap_o(trap), .fetch_o(fetch),
    .fault_o(fault), .fault_store_o(fault_store), .fault_addr_o(fault_addr),
    .ram_re_o(cpu_re), .ram_we_o(cpu_we), .ram_addr_o(cpu_addr), .ram_wdata_o(cpu_wdata), .ram_ready_i(!ram_sel_i), .ram_rdata_i(ram_q),
    .bus_valid_o, .bus_write_o, .bus_addr_o, .bus_wdata_o, .bus_ready_i, .bus_rsp_i, .bus_rdata_i, .bus_error_i
  );

  // ---- SRAM: register bus first, then the processor, then the checksum ----
  logic [RamW:0]   left_q;    // words that the checksum has still to read
  logic [RamW-1:0] check_addr_q;
  logic            check_got_q;
  wire             ram_fits = ram_addr_i[1:0] == 2'd0 && 32'(ram_addr_i[18:2]) < RamWords;
  wire             host_re = ram_sel_i && !write_i && ram_fits;
  wire             check_re = left_q != '0 && !ram_sel_i && !cpu_re && cpu_we == '0;
  wire  [3:0]      ram_we = ram_sel_i ? {4{write_i && ram_fits}} : cpu_we;
  wire  [RamW-1:0] ram_addr = ram_sel_i ? ram_addr_i[2 +: RamW] : cpu_re || cpu_we != '0 ? cpu_addr : check_addr_q;

  mr_sram_1r1w #(.Width(32), .Depth(RamWords), .Parts(4)) u_ram (
    .clk_i, .re_i(host_re || (!ram_sel_i && cpu_re) || check_re), .raddr_i(ram_addr), .rdata_o(ram_q),
    .we_i(ram_we), .waddr_i(ram_addr), .wdata_i(ram_sel_i ? wdata_i : cpu_wdata)
  );
  assign ram_rdata_o = ram_error_o ? '0 : ram_q;
  always_ff @(posedge clk_i) begin
    if (ram_sel_i) ram_error_o <= !ram_fits;
  end

  // ---- checksum of the image ----
  logic [31:0] sum_d;
  mr_link_crc #(.Width(32), .Poly(32'hEDB88320)) u_crc (.en_i(check_got_q), .crc_i(sum_q), .data_i(ram_q), .crc_o(sum_d));
  wire [RamW:0] check_words = boot_size[31:2] > 30'(RamWords) ? (RamW+1)'(RamWords) : boot_size[2 +: RamW+1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
      check_q <= 1'b0;
      check_got_q <= 1'b0;
    end else begin
      check_got_q <= check_re;
      if (check_start && !check_q) left_q <= check_words;
      else if (check_re) left_q <= left_q - (RamW+1)'(1);
      check_q <= (check_start && !check_q) || left_q != '0 || check_re;
    end
  end
  always_ff @(posedge clk_i) begin
    if (check_start && !check_q) begin
      check_addr_q <= '0;
      sum_q <= '1;
    end else begin
      if (check_re) check_addr_q <= check_addr_q + RamW'(1);
      sum_q <= sum_d;
    end
  end

  // ---- UART ----
  generate
    if (Uart) begin : gen_uart
      mr_uart u_uart (
        .clk_i, .rst_ni, .div_i(uart_div), .send_i(tx_send), .data_i(tx_data), .tx_free_o(tx_free), .tx_busy_o(tx_busy), .tx_lost_o(tx_lost),
        .take_i(rx_take), .rx_data_o(rx_data), .rx_count_o(rx_count), .rx_lost_o(rx_lost), .framing_o(framing), .tx_o(uart_tx_o), .rx_i(uart_rx_i)
      );
    end else begin : gen_no_uart
      assign tx_free = '0;
      assign tx_busy = 1'b0;
      assign tx_lost = 1'b0;
      assign rx_data = '0;
      assign rx_count = '0;
      assign rx_lost = 1'b0;
      assign framing = 1'b0;
      assign uart_tx_o = 1'b1;
      wire unused_uart = &{1'b0, uart_div, tx_send, tx_data, rx_take, uart_rx_i};
    end
  endgenerate

  wire unused_ok = &{1'b0, trap_sticky, wdog_sticky, boot_pending, boot_size[1:0], shared, past[30:0]};
endmodule
`default_nettype wire
