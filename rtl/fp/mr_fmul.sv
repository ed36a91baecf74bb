// SPDX-License-Identifier: Apache-2.0
// f32 multiplier: y = a * b by the arithmetic contract (nearest even, DAZ, FTZ after rounding, one NaN).
//
// Latency 3, throughput 1: operands with valid_i in clock c, registered result with valid_o in clock c+3; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_fmul (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         valid_i,
  input  wire  [31:0] a_i,
  input  wire  [31:0] b_i,
  output logic        valid_o,
  output logic [31:0] y_o
);
  localparam int Latency = 3;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: significand product, exponent sum, special cases.
  logic a_zero, b_zero, a_max, b_max, a_nan, b_nan;
  assign a_zero = a_i[30:23] == 8'd0;
  assign b_zero = b_i[30:23] == 8'd0;
  assign a_max  = &a_i[30:23];
  assign b_max  = &b_i[30:23];
  assign a_nan  = a_max && a_i[22:0] != 23'd0;
  assign b_nan  = b_max && b_i[22:0] != 23'd0;

  logic        sign_q1, nan_q1, inf_q1, zero_q1;
  logic [9:0]  exp_q1;
  logic [47:0] prod_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1 <= a_i[31] ^ b_i[31];
      nan_q1  <= a_nan || b_nan || (a_max && b_zero) || (b_max && a_zero);
      inf_q1  <= a_max || b_max;
      zero_q1 <= a_zero || b_zero;
      exp_q1  <= {2'b00, a_i[30:23]} + {2'b00, b_i[30:23]} - 10'd127;
      prod_q1 <= 48'({1'b1, a_i[22:0]}) * 48'({1'b1, b_i[22:0]});
    end
  end

  // Stage 2: normalise by one place at most, decide the rounding. With exponent 0 the number lies in
  // [2^-127, 2^-126): gradual underflow rounds it up to 2^-126 exactly if its 24 bits are all ones, which is what
  // adding one does; everything else with exponent 0 is flushed.
  logic [9:0]  exp_d;
  logic [46:0] norm;
  assign norm  = prod_q1[47] ? prod_q1[46:0] : {prod_q1[45:0], 1'b0};
  assign exp_d = exp_q1 + 10'(prod_q1[47]);

  logic        sign_q2, nan_q2, inf_q2, zero_q2, up_q2;
  logic [9:0]  exp_q2;
  logic [22:0] man_q2;
  always_ff @(posedge clk_i) begin
    if (valid_q[0]) begin
      sign_q2 <= sign_q1;
      nan_q2  <= nan_q1;
      inf_q2  <= inf_q1;
      zero_q2 <= zero_q1;
      exp_q2  <= exp_d;
      man_q2  <= norm[46:24];
      up_q2   <= (norm[23] && (norm[22:0] != 23'd0 || norm[24])) || exp_d == 10'd0;
    end
  end

  // Stage 3: round and pack.
  logic [32:0] packed_prod;
  logic        over, under;
  assign packed_prod = {exp_q2, man_q2} + 33'(up_q2);
  assign over        = !packed_prod[32] && packed_prod[31:23] >= 9'd255;
  assign under       = zero_q2 || packed_prod[32] || packed_prod[31:23] == 9'd0;

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      if (nan_q2)                           y_o <= 32'h7FC00000;
      else if (inf_q2 || (over && !zero_q2)) y_o <= {sign_q2, 31'h7F800000};
      else if (under)                       y_o <= {sign_q2, 31'd0};
      else                                  y_o <= {sign_q2, packed_prod[30:0]};
    end
  end
endmodule

`default_nettype wire
