// SPDX-License-Identifier: Apache-2.0
// f32 adder: y = a + b by the arithmetic contract (nearest even, DAZ, FTZ, one NaN; x + (-x) = +0).
//
// Subtract by flipping the sign bit of b_i.
// Latency 4: operands with valid_i in clock c, registered result with valid_o in clock c+4, so that y_o can be
// wired straight back to an operand and four interleaved sums run at one addition per clock. Throughput 1; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_fadd (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         valid_i,
  input  wire  [31:0] a_i,
  input  wire  [31:0] b_i,
  output logic        valid_o,
  output logic [31:0] y_o
);
  localparam int Latency = 4;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: order by magnitude, exponent difference, special cases. The comparison is the long way: whatever it selects is
  // ready before.
  logic        swap;
  logic [23:0] a_man, b_man;
  logic [7:0]  diff_ab, diff_ba;
  logic [4:0]  shift_ab, shift_ba;
  logic        a_max, b_max, a_nan, b_nan, sub_d, nan_d;
  assign swap     = a_i[30:0] < b_i[30:0];
  assign a_man    = {1'b1, a_i[22:0]} & {24{a_i[30:23] != 8'd0}};
  assign b_man    = {1'b1, b_i[22:0]} & {24{b_i[30:23] != 8'd0}};
  assign diff_ab  = a_i[30:23] - b_i[30:23];
  assign diff_ba  = b_i[30:23] - a_i[30:23];
  assign shift_ab = diff_ab[4:0] | {5{|diff_ab[7:5]}};
  assign shift_ba = diff_ba[4:0] | {5{|diff_ba[7:5]}};
  assign a_max    = &a_i[30:23];
  assign b_max    = &b_i[30:23];
  assign a_nan    = a_max && a_i[22:0] != 23'd0;
  assign b_nan    = b_max && b_i[22:0] != 23'd0;
  assign sub_d    = a_i[31] ^ b_i[31];
  assign nan_d    = a_nan || b_nan || (a_max && b_max && sub_d);

  logic        sign_q1, sub_q1, nan_q1, inf_q1;
  logic [7:0]  exp_q1;
  logic [23:0] top_q1, low_q1;
  logic [4:0]  shift_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1  <= swap ? b_i[31] : a_i[31];
      sub_q1   <= sub_d;
      nan_q1   <= nan_d;
      inf_q1   <= a_max || b_max;
      exp_q1   <= swap ? b_i[30:23] : a_i[30:23];
      top_q1   <= swap ? b_man : a_man;
      low_q1   <= swap ? a_man : b_man;
      shift_q1 <= swap ? shift_ba : shift_ab;
    end
  end

  // Stage 2: align with guard, round and sticky bits, then add or subtract.
  logic [25:0] wide, r16, r8, r4, r2, r1;
  logic        lost;
  logic [27:0] addend;
  logic [28:0] sum_ext;
  assign wide    = {low_q1, 2'b00};
  assign r16     = shift_q1[4] ? {16'd0, wide[25:16]} : wide;
  assign r8      = shift_q1[3] ? {8'd0, r16[25:8]} : r16;
  assign r4      = shift_q1[2] ? {4'd0, r8[25:4]} : r8;
  assign r2      = shift_q1[1] ? {2'd0, r4[25:2]} : r4;
  assign r1      = shift_q1[0] ? {1'b0, r2[25:1]} : r2;
  assign lost    = (shift_q1[4] && wide[15:0] != 16'd0)
                || (shift_q1[3] && r16[7:0] != 8'd0)
                || (shift_q1[2] && r8[3:0] != 4'd0)
                || (shift_q1[1] && r4[1:0] != 2'd0)
                || (shift_q1[0] && r2[0]);
  assign addend  = {1'b0, r1, lost};
  assign sum_ext = {1'b0, top_q1, 3'b000, 1'b1} + {addend ^ {28{sub_q1}}, sub_q1};  // the last bit is a carry in

  logic        sign_q2, sub_q2, nan_q2, inf_q2;
  logic [7:0]  exp_q2;
  logic [27:0] sum_q2;
  always_ff @(posedge clk_i) begin
    if (valid_q[0]) begin
      sign_q2 <= sign_q1;
      sub_q2  <= sub_q1;
      nan_q2  <= nan_q1;
      inf_q2  <= inf_q1;
      exp_q2  <= exp_q1;
      sum_q2  <= sum_ext[28:1];
    end
  end

  // Stage 3: bring the leading one to bit 27. Which places are empty is found out in parallel, nibble by nibble, and not
  // behind the shifts.
  logic [6:0]  z;
  logic [27:0] n16, n8, n4, n2, n1;
  logic        lz4, lz3, lz2, lz1, lz0;
  logic [9:0]  exp_d;
  assign z[6] = sum_q2[27:24] == 4'd0;
  assign z[5] = sum_q2[23:20] == 4'd0;
  assign z[4] = sum_q2[19:16] == 4'd0;
  assign z[3] = sum_q2[15:12] == 4'd0;
  assign z[2] = sum_q2[11:8] == 4'd0;
  assign z[1] = sum_q2[7:4] == 4'd0;
  assign z[0] = sum_q2[3:0] == 4'd0;
  assign lz4 = &z[6:3];
  assign n16   = lz4 ? {sum_q2[11:0], 16'd0} : sum_q2;
  assign lz3 = lz4 ? z[2] && z[1] : z[6] && z[5];
  assign n8    = lz3 ? {n16[19:0], 8'd0} : n16;
  assign lz2 = lz4 ? (lz3 ? z[0] : z[2]) : (lz3 ? z[4] : z[6]);
  assign n4    = lz2 ? {n8[23:0], 4'd0} : n8;
  assign lz1 = n4[27:26] == 2'd0;
  assign n2    = lz1 ? {n4[25:0], 2'd0} : n4;
  assign lz0 = lz1 ? !n4[25] : !n4[27];
  assign n1    = lz0 ? {n2[26:0], 1'b0} : n2;
  assign exp_d = {2'b00, exp_q2} + 10'd1 - {5'd0, lz4, lz3, lz2, lz1, lz0};

  logic        sign_q3, nan_q3, inf_q3, zero_q3, up_q3;
  logic [9:0]  exp_q3;
  logic [22:0] man_q3;
  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      sign_q3 <= sign_q2 && !(sub_q2 && !n1[27]);
      nan_q3  <= nan_q2;
      inf_q3  <= inf_q2;
      zero_q3 <= !n1[27];
      exp_q3  <= exp_d;
      man_q3  <= n1[26:4];
      up_q3   <= n1[3] && (n1[2:0] != 3'd0 || n1[4]);
    end
  end

  // Stage 4: round and pack. A sum below 2^-126 is exact, so flushing needs no look at the rounding.
  logic [32:0] packed_sum;
  logic        over, under;
  assign packed_sum = {exp_q3, man_q3} + 33'(up_q3);
  assign over       = !packed_sum[32] && packed_sum[31:23] >= 9'd255;
  assign under      = zero_q3 || packed_sum[32] || packed_sum[31:23] == 9'd0;

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      if (nan_q3)              y_o <= 32'h7FC00000;
      else if (inf_q3 || over) y_o <= {sign_q3, 31'h7F800000};
      else if (under)          y_o <= {sign_q3, 31'd0};
      else                     y_o <= {sign_q3, packed_sum[30:0]};
    end
  end

  logic unused_ok;
  assign unused_ok = &{1'b0, sum_ext[0]};
endmodule

`default_nettype wire
