// SPDX-License-Identifier: Apache-2.0
// f32 to fp16: nearest even with fp16 subnormals; overflow and Inf saturate to +-65504, NaN gives +0.
//
// Latency 2, throughput 1: operand with valid_i in clock c, registered result with valid_o in clock c+2; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_f2h (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         valid_i,
  input  wire  [31:0] a_i,
  output logic        valid_o,
  output logic [15:0] y_o
);
  localparam int Latency = 2;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: exponents 102..112 (2^-25 up to 2^-14) are shifted to the unit of fp16 subnormals, 2^-24.
  logic        sub, tiny, high, nan;
  logic [3:0]  shift;
  logic [23:0] man, r8, r4, r2, r1;
  logic        lost;
  logic [4:0]  exp;
  assign tiny    = a_i[30:23] < 8'd102;
  assign sub     = a_i[30:23] < 8'd113;
  assign high   = a_i[30:23] > 8'd142;
  assign nan     = &a_i[30:23] && a_i[22:0] != 23'd0;
  assign shift   = sub ? 4'd1 - a_i[26:23] : 4'd0;          // 113 - exponent
  assign exp     = a_i[27:23] - 5'd16;                      // exponent - 112
  assign man     = {1'b1, a_i[22:0]};
  assign r8      = shift[3] ? {8'd0, man[23:8]} : man;
  assign r4      = shift[2] ? {4'd0, r8[23:4]} : r8;
  assign r2      = shift[1] ? {2'd0, r4[23:2]} : r4;
  assign r1      = shift[0] ? {1'd0, r2[23:1]} : r2;
  assign lost    = (shift[3] && man[7:0] != 8'd0)
                || (shift[2] && r8[3:0] != 4'd0)
                || (shift[1] && r4[1:0] != 2'd0)
                || (shift[0] && r2[0]);

  logic        sign_q1, high_q1, guard_q1, sticky_q1;
  logic [14:0] mag_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1  <= a_i[31] && !nan;
      high_q1 <= high && !nan;
      mag_q1   <= tiny || nan ? 15'd0 : {sub ? 5'd0 : exp, r1[22:13]};
      guard_q1 <= !tiny && !nan && r1[12];
      sticky_q1 <= r1[11:0] != 12'd0 || lost;
    end
  end

  // Stage 2: round (a carry moves into the exponent, out of the subnormals too) and saturate.
  logic [14:0] rounded;
  assign rounded = mag_q1 + 15'(guard_q1 && (sticky_q1 || mag_q1[0]));

  always_ff @(posedge clk_i) begin
    if (valid_q[0]) y_o <= {sign_q1, high_q1 || &rounded[14:10] ? 15'h7BFF : rounded};
  end

  logic unused_ok;
  assign unused_ok = &{1'b0, r1[23]};
endmodule

`default_nettype wire
