// SPDX-License-Identifier: Apache-2.0
// f32 to int8: nearest even, clipped to [-127, 127], NaN gives 0.
//
// Latency 2, throughput 1: operand with valid_i in clock c, registered result with valid_o in clock c+2; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_f2i8 (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         valid_i,
  input  wire  [31:0] a_i,
  output logic        valid_o,
  output logic [7:0]  y_o
);
  localparam int Latency = 2;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: seven integer bits and a guard bit out of the significand. Exponents 126..133 are [0.5, 128).
  logic        low, high, nan;
  logic [2:0]  shift;
  logic [23:0] man, r4, r2, r1;
  logic        lost;
  assign low   = a_i[30:23] < 8'd126;
  assign high   = a_i[30:23] > 8'd133;
  assign nan     = &a_i[30:23] && a_i[22:0] != 23'd0;
  assign shift   = 3'd5 - a_i[25:23];            // 133 - exponent
  assign man     = {1'b1, a_i[22:0]};
  assign r4      = shift[2] ? {4'd0, man[23:4]} : man;
  assign r2      = shift[1] ? {2'd0, r4[23:2]} : r4;
  assign r1      = shift[0] ? {1'd0, r2[23:1]} : r2;
  assign lost    = (shift[2] && man[3:0] != 4'd0)
                || (shift[1] && r4[1:0] != 2'd0)
                || (shift[0] && r2[0]);

  logic       sign_q1, high_q1, up_q1;
  logic [6:0] int_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1  <= a_i[31];
      high_q1 <= high && !nan;
      int_q1   <= low || nan ? 7'd0 : r1[23:17];
      up_q1    <= !low && !nan && r1[16] && (r1[17] || r1[15:0] != 16'd0 || lost);
    end
  end

  // Stage 2: round, clip, apply the sign.
  logic [7:0] rounded;
  logic [6:0] clipped;
  assign rounded = {1'b0, int_q1} + 8'(up_q1);
  assign clipped = high_q1 || rounded[7] ? 7'd127 : rounded[6:0];

  always_ff @(posedge clk_i) begin
    if (valid_q[0]) y_o <= sign_q1 ? -{1'b0, clipped} : {1'b0, clipped};
  end
endmodule

`default_nettype wire
