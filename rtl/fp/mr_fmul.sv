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

  // Stage 1: the four products of 18- and 6-bit pieces and the sum of the two middle ones, exponent sum, special cases.
  logic a_zero, b_zero, a_max, b_max, a_nan, b_nan;
  assign a_zero = a_i[30:23] == 8'd0;
  assign b_zero = b_i[30:23] == 8'd0;
  assign a_max  = &a_i[30:23];
  assign b_max  = &b_i[30:23];
  assign a_nan  = a_max && a_i[22:0] != 23'd0;
  assign b_nan  = b_max && b_i[22:0] != 23'd0;

  logic [23:0] a_man, b_man;
  assign a_man = {1'b1, a_i[22:0]};
  assign b_man = {1'b1, b_i[22:0]};

  logic        sign_q1, nan_q1, inf_q1, zero_q1;
  logic [9:0]  exp_q1;
  logic [47:0] outer_q1;
  logic [24:0] mid_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1 <= a_i[31] ^ b_i[31];
      nan_q1  <= a_nan || b_nan || (a_max && b_zero) || (b_max && a_zero);
      inf_q1  <= a_max || b_max;
      zero_q1 <= a_zero || b_zero;
      exp_q1  <= {2'b00, a_i[30:23]} + {2'b00, b_i[30:23]} - 10'd127;
      outer_q1[47:36] <= 12'(a_man[23:18]) * 12'(b_man[23:18]);
      outer_q1[35:0]  <= 36'(a_man[17:0]) * 36'(b_man[17:0]);
      mid_q1 <= 25'(24'(a_man[23:18]) * 24'(b_man[17:0])) + 25'(24'(a_man[17:0]) * 24'(b_man[23:18]));
    end
  end

  // Stage 2: complete the product, normalise by one place at most, decide the rounding. With exponent 0 the number lies in
  // [2^-127, 2^-126): gradual underflow rounds it up to 2^-126 exactly if its 24 bits are all ones, which is what
  // adding one does; everything else with exponent 0 is flushed.
  logic [47:18] high;
  logic         sticky;               // of the bits below, which are final in stage 1
  logic         exp_zero;
  logic [5:0]   guard;                // normalised: last bit, guard bit, sticky bits
  assign high     = outer_q1[47:18] + {5'd0, mid_q1};
  assign sticky   = outer_q1[17:0] != 18'd0;
  assign exp_zero = exp_q1 == (high[47] ? 10'h3FF : 10'd0);
  assign guard    = high[47] ? high[24:19] : high[23:18];

  logic        sign_q2, nan_q2, inf_q2, zero_q2, up_q2;
  logic [9:0]  exp_q2;
  logic [22:0] man_q2;
  always_ff @(posedge clk_i) begin
    if (valid_q[0]) begin
      sign_q2 <= sign_q1;
      nan_q2  <= nan_q1;
      inf_q2  <= inf_q1;
      zero_q2 <= zero_q1;
      exp_q2  <= exp_q1 + 10'(high[47]);
      man_q2  <= high[47] ? high[46:24] : high[45:23];
      up_q2   <= (guard[4] && (guard[3:0] != 4'd0 || guard[5] || (high[47] && high[18]) || sticky)) || exp_zero;
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
