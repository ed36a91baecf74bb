// SPDX-License-Identifier: Apache-2.0
// UART transmitter, 8N1, least significant bit first.
//
// Divisor  clocks a bit, 4 .. 65535.
// valid_i/ready_o: ready only when the line is at rest, so a byte takes 10 Divisor clocks. tx_o is a register.   Test: tests/rtl/serial.
`default_nettype none
module mr_uart_tx #(
  parameter int Divisor = 868
) (
  input  wire        clk_i,
  input  wire        rst_ni,
  input  wire        valid_i,
  output logic       ready_o,
  input  wire  [7:0] data_i,
  output logic       tx_o
);
  localparam logic [15:0] Bit = 16'(Divisor - 1);

  initial if (Divisor < 4 || Divisor > 65535) $fatal(1, "%m: Divisor is 4 .. 65535");

  logic [3:0]  bits_q;   // still to send, the one on the line among them
  logic [8:0]  shift_q;
  logic [15:0] left_q;   // clocks to the next bit

  assign ready_o = bits_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      bits_q <= '0;
      tx_o <= 1'b1;
    end else if (ready_o) begin
      if (valid_i) begin
        bits_q <= 4'd10;
        tx_o <= 1'b0;
      end
    end else if (left_q == '0) begin
      bits_q <= bits_q - 4'd1;
      tx_o <= shift_q[0] || bits_q == 4'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (ready_o) begin
      shift_q <= {1'b1, data_i};
      left_q <= Bit;
    end else if (left_q == '0) begin
      shift_q <= {1'b1, shift_q[8:1]};
      left_q <= Bit;
    end else begin
      left_q <= left_q - 16'd1;
    end
  end
endmodule
`default_nettype wire
