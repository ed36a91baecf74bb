// SPDX-License-Identifier: Apache-2.0
// UART: 8 data bits, no parity, 1 stop bit, least significant bit first; a FIFO of 16 bytes each way.
//
// div_i  clocks of a bit, 4..65535; less: off: tx_o is high, rx_i is ignored, what is in the FIFO to send is dropped. Changing it while a byte
//        is on the wire spoils that byte.
// send_i for one clock with data_i: byte to send; tx_lost_o in the same clock if there was no room. tx_free_o: room.
// rx_count_o bytes wait, the oldest in rx_data_o; take_i for one clock drops it (nothing if there is none). For one clock each:
// rx_lost_o  a byte came and there was no room; framing_o  a byte came without stop bit, it is dropped.
// rx_i may change at any time (two registers); a start bit shorter than half a bit is ignored; bits are sampled in their middle.
// Test: tests/rtl/core.
`default_nettype none
module mr_uart (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire  [15:0] div_i,
  input  wire         send_i,
  input  wire  [7:0]  data_i,
  output wire  [4:0]  tx_free_o,
  output wire         tx_busy_o,
  output wire         tx_lost_o,
  input  wire         take_i,
  output wire  [7:0]  rx_data_o,
  output wire  [4:0]  rx_count_o,
  output wire         rx_lost_o,
  output wire         framing_o,
  output logic        tx_o,
  input  wire         rx_i
);
  localparam logic [4:0] Room = 5'd16;
  wire off = div_i < 16'd4;

  // ---- send ----
  logic [7:0]  tx_mem [16];
  logic [4:0]  tx_wr_q;
  logic [4:0]  tx_rd_q;
  logic [3:0]  tx_bits_q;  // left to send with the one on the wire; 0: none
  logic [8:0]  tx_byte_q;  // data bits that are left, stop bit
  logic [15:0] tx_time_q;  // clocks left of the bit on the wire, less 1
  wire  [4:0]  tx_count = tx_wr_q - tx_rd_q;
  wire         tx_put = send_i && tx_count != Room;
  wire         tx_end = tx_time_q == '0;
  wire         tx_start = tx_count != '0 && (tx_bits_q == '0 || (tx_bits_q == 4'd1 && tx_end));

  assign tx_free_o = Room - tx_count;
  assign tx_busy_o = tx_count != '0 || tx_bits_q != '0;
  assign tx_lost_o = send_i && tx_count == Room;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || off) begin
      tx_wr_q <= '0;
      tx_rd_q <= '0;
      tx_bits_q <= '0;
      tx_o <= 1'b1;
    end else begin
      if (tx_put) tx_wr_q <= tx_wr_q + 5'd1;
      if (tx_start) begin
        tx_rd_q <= tx_rd_q + 5'd1;
        tx_bits_q <= 4'd10;
        tx_o <= 1'b0;
      end else if (tx_bits_q != '0 && tx_end) begin
        tx_bits_q <= tx_bits_q - 4'd1;
        tx_o <= tx_byte_q[0];
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (tx_put) tx_mem[tx_wr_q[3:0]] <= data_i;
    if (tx_start) tx_byte_q <= {1'b1, tx_mem[tx_rd_q[3:0]]};
    else if (tx_end) tx_byte_q <= {1'b1, tx_byte_q[8:1]};
    if (tx_start || (tx_end && tx_bits_q != '0)) tx_time_q <= div_i - 16'd1;
    else if (tx_bits_q != '0) tx_time_q <= tx_time_q - 16'd1;
  end

  // ---- receive ----
  logic [2:0]  rx_q;       // [2] is the line, two clocks late and one for its edge
  logic [7:0]  rx_mem [16];
  logic [4:0]  rx_wr_q;
  logic [4:0]  rx_rd_q;
  logic [3:0]  rx_bits_q;  // left to sample; 0: idle
  logic [15:0] rx_time_q;  // clocks until the next sample
  logic [7:0]  rx_byte_q;
  wire  [4:0]  rx_count = rx_wr_q - rx_rd_q;
  wire         rx_sample = rx_bits_q != '0 && rx_time_q == '0;
  wire         rx_false = rx_sample && rx_bits_q == 4'd10 && rx_q[1];  // no start bit after all
  wire         rx_end = rx_sample && rx_bits_q == 4'd1;
  wire         rx_put = rx_end && rx_q[1] && rx_count != Room;

  assign rx_data_o = rx_mem[rx_rd_q[3:0]];
  assign rx_count_o = rx_count;
  assign rx_lost_o = rx_end && rx_q[1] && rx_count == Room;
  assign framing_o = rx_end && !rx_q[1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || off) begin
      rx_q <= 3'b111;
      rx_wr_q <= '0;
      rx_rd_q <= '0;
      rx_bits_q <= '0;
    end else begin
      rx_q <= {rx_q[1:0], rx_i};
      if (rx_put) rx_wr_q <= rx_wr_q + 5'd1;
      if (take_i && rx_count != '0) rx_rd_q <= rx_rd_q + 5'd1;
      if (rx_bits_q == '0) rx_bits_q <= rx_q[2] && !rx_q[1] ? 4'd10 : 4'd0;
      else if (rx_false) rx_bits_q <= '0;
      else if (rx_sample) rx_bits_q <= rx_bits_q - 4'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (rx_put) rx_mem[rx_wr_q[3:0]] <= rx_byte_q;
    if (rx_sample) rx_byte_q <= {rx_q[1], rx_byte_q[7:1]};
    if (rx_bits_q == '0) rx_time_q <= div_i >> 1;
    else if (rx_sample) rx_time_q <= div_i - 16'd1;
    else rx_time_q <= rx_time_q - 16'd1;
  end
endmodule
`default_nettype wire
