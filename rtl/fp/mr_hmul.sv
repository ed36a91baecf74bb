// SPDX-License-Identifier: Apache-2.0
// fp16 x fp16 to f32, exact (22-bit significand, never subnormal); exponent 31 is an ordinary exponent.
//
// Latency 2, throughput 1: operands with valid_i in clock c, registered result with valid_o in clock c+2; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_hmul (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         valid_i,
  input  wire  [15:0] a_i,
  input  wire  [15:0] b_i,
  output logic        valid_o,
  output logic [31:0] y_o
);
  localparam int Latency = 2;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: product of the significands as they are, subnormals unnormalised (their exponent counts as 1).
  logic       a_norm, b_norm;
  logic [5:0] exp_sum;
  assign a_norm  = a_i[14:10] != 5'd0;
  assign b_norm  = b_i[14:10] != 5'd0;
  assign exp_sum = {1'b0, a_i[14:10]} + {1'b0, b_i[14:10]} + 6'(!a_norm) + 6'(!b_norm);

  logic        sign_q1;
  logic [5:0]  exp_q1;
  logic [21:0] prod_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1 <= a_i[15] ^ b_i[15];
      exp_q1  <= exp_sum;
      prod_q1 <= 22'({a_norm, a_i[9:0]}) * 22'({b_norm, b_i[9:0]});
    end
  end

  // Stage 2: normalise. The value is prod x 2^(exp_sum - 50).
  logic [21:0] n16, n8, n4, n2, n1;
  logic        lz4, lz3, lz2, lz1, lz0;
  logic [7:0]  exp;
  assign lz4 = prod_q1[21:6] == 16'd0;
  assign n16   = lz4 ? {prod_q1[5:0], 16'd0} : prod_q1;
  assign lz3 = n16[21:14] == 8'd0;
  assign n8    = lz3 ? {n16[13:0], 8'd0} : n16;
  assign lz2 = n8[21:18] == 4'd0;
  assign n4    = lz2 ? {n8[17:0], 4'd0} : n8;
  assign lz1 = n4[21:20] == 2'd0;
  assign n2    = lz1 ? {n4[19:0], 2'd0} : n4;
  assign lz0 = !n2[21];
  assign n1    = lz0 ? {n2[20:0], 1'b0} : n2;
  assign exp   = {2'b00, exp_q1} + 8'd98 - {3'd0, lz4, lz3, lz2, lz1, lz0};

  always_ff @(posedge clk_i) begin
    if (valid_q[0]) y_o <= n1[21] ? {sign_q1, exp, n1[20:0], 2'b00} : {sign_q1, 31'd0};
  end
endmodule

`default_nettype wire
