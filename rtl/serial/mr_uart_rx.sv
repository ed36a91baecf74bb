// SPDX-License-Identifier: Apache-2.0
// UART receiver, 8N1, least significant bit first.
//
// Divisor  clocks a bit, 4 .. 65535.
// valid_o: for one cycle with data_o, in the middle of the stop bit; no back pressure. A start bit that is gone in its middle is ignored; a byte
// whose stop bit is low is dropped, and the line must be high once before the next. rx_i may be asynchronous.   Test: tests/rtl/serial.
`default_nettype none
module mr_uart_rx #(
  parameter int Divisor = 868
) (
  input  wire        clk_i,
  input  wire        rst_ni,
  input  wire        rx_i,
  output logic       valid_o,
  output logic [7:0] data_o
);
  localparam logic [15:0] Bit = 16'(Divisor - 1);
  localparam logic [15:0] Half = 16'(Divisor / 2 - 1);
  localparam logic [3:0] Stop = 4'd9;

  initial if (Divisor < 4 || Divisor > 65535) $fatal(1, "%m: Divisor is 4 .. 65535");

  logic [1:0]  sync_q;
  logic        busy_q;
  logic        wait_high_q;  // after a bad stop bit
  logic [3:0]  at_q;         // 0 start bit, 1 .. 8 data, 9 stop bit
  logic [15:0] left_q;       // clocks to the next sample
  wire         line = sync_q[1];
  wire         sample = busy_q && left_q == '0;

  assign valid_o = sample && at_q == Stop && line;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sync_q <= 2'b11;
      busy_q <= 1'b0;
      wait_high_q <= 1'b0;
    end else begin
      sync_q <= {sync_q[0], rx_i};
      if (line) wait_high_q <= 1'b0;
      if (!busy_q) busy_q <= !line && !wait_high_q;
      else if (sample && (at_q == Stop || (at_q == '0 && line))) busy_q <= 1'b0;
      if (sample && at_q == Stop && !line) wait_high_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!busy_q) begin
      at_q <= '0;
      left_q <= Half;
    end else if (sample) begin
      at_q <= at_q + 4'd1;
      left_q <= Bit;
      if (at_q != Stop) data_o <= {line, data_o[7:1]};
    end else begin
      left_q <= left_q - 16'd1;
    end
  end
endmodule
`default_nettype wire
