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

  // Leading zeros of a significand that is not 0.
  function automatic [3:0] lead(input [10:0] m);
    logic [2:0] top;
    logic       z2, z1;
    begin
      z2 = m[10:7] == 4'd0;
      z1 = m[6:3] == 4'd0;
      top = !z2 ? m[10:8] : !z1 ? m[6:4] : m[2:0];
      lead = {z2 && z1, z2 && !z1, top[2:1] == 2'd0, !(top[2] || (top[0] && !top[1]))};
    end
  endfunction

  // Stage 1: product of the significands as they are, subnormals unnormalised (their exponent counts as 1). The places by which
  // it has to be normalised, but for one, are known from the operands.
  logic       a_norm, b_norm;
  logic [5:0] exp_sum;
  assign a_norm  = a_i[14:10] != 5'd0;
  assign b_norm  = b_i[14:10] != 5'd0;
  assign exp_sum = {1'b0, a_i[14:10]} + {1'b0, b_i[14:10]} + 6'(!a_norm) + 6'(!b_norm);

  logic        sign_q1;
  logic [7:0]  exp_q1;
  logic [4:0]  lead_q1;
  logic [21:0] prod_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1 <= a_i[15] ^ b_i[15];
      exp_q1  <= {2'b00, exp_sum} + 8'd98;
      lead_q1 <= {1'b0, lead({a_norm, a_i[9:0]})} + {1'b0, lead({b_norm, b_i[9:0]})};
      prod_q1 <= 22'({a_norm, a_i[9:0]}) * 22'({b_norm, b_i[9:0]});
    end
  end

  // Stage 2: normalise. The value is prod x 2^(exp_sum - 50). The last bit of the exponent's sum is a carry in.
  logic [21:0] norm;
  logic [8:0]  exp_ext;
  assign norm    = prod_q1 << lead_q1;
  assign exp_ext = {exp_q1, 1'b1} + {3'b111, ~lead_q1, norm[21]};

  logic [20:0] frac;
  assign frac = norm[21] ? norm[20:0] : {norm[19:0], 1'b0};

  always_ff @(posedge clk_i) begin
    if (valid_q[0]) y_o <= norm[21:20] != 2'd0 ? {sign_q1, exp_ext[8:1], frac, 2'b00} : {sign_q1, 31'd0};
  end

  logic unused_ok;
  assign unused_ok = &{1'b0, exp_ext[0]};
endmodule

`default_nettype wire
