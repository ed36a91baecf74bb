// SPDX-License-Identifier: Apache-2.0
// Special functions of f32: exp, 1/x, 1/sqrt(x), and cosine and sine of a fraction of a turn.
//
// func_i selects: 0 exp, 1 recip, 2 rsqrt (a_i is an f32), 3 cos, 4 sin (a_i is an angle in turns / 2^32).
// FuncMask: bit f set means that function f is supported; logic that no supported function needs disappears.
// A function that is not supported, or func_i 5..7, gives an unspecified result.
// The bits are those of mr_f32_exp, _recip, _rsqrt and mr_sincos in contract/include/millrace/arith.h, where the
// method is explained: c0 +- d (c1 +- d c2) from a table of 512 segments, fixed point throughout.
//
// Latency 5, throughput 1: operand with valid_i in clock c, registered result with valid_o in clock c+5; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// Test: tests/rtl/fp/.
`default_nettype none

module mr_sfu #(
  parameter logic [4:0] FuncMask = 5'b11111
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         valid_i,
  input  wire  [2:0]  func_i,
  input  wire  [31:0] a_i,
  output logic        valid_o,
  output logic [31:0] y_o
);
  localparam int Latency = 5;
  localparam logic HasTurn = FuncMask[4:3] != 2'd0;

  // Results that need no evaluation
  localparam logic [1:0] SpecZero = 2'd0;
  localparam logic [1:0] SpecOne  = 2'd1;
  localparam logic [1:0] SpecInf  = 2'd2;
  localparam logic [1:0] SpecNan  = 2'd3;

  // log2(e) = (LogHi x 2^17 + LogLo) / 2^34
  localparam logic [17:0] LogHi = 18'd189096;
  localparam logic [16:0] LogLo = 17'd121163;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: reduce the argument; find the exponent and the special cases.
  logic is_exp, is_recip, is_rsqrt, is_turn;
  assign is_exp   = FuncMask[0] && func_i == 3'd0;
  assign is_recip = FuncMask[1] && func_i == 3'd1;
  assign is_rsqrt = FuncMask[2] && func_i == 3'd2;
  assign is_turn  = (FuncMask[3] && func_i == 3'd3) || (FuncMask[4] && func_i == 3'd4);

  logic [7:0]  exp;
  logic [23:0] man;
  logic        sign, zero, max, nan;
  assign exp  = a_i[30:23];
  assign man  = {1'b1, a_i[22:0]};
  assign sign = a_i[31];
  assign zero = exp == 8'd0;
  assign max  = &exp;
  assign nan  = max && a_i[22:0] != 23'd0;

  // exp: |a| log2(e), without the product of the two lowest parts
  logic [41:0] prod_hi;
  logic [34:0] prod_lo;
  logic [52:0] prod;
  assign prod_hi = 42'(man) * 42'(LogHi);
  assign prod_lo = 35'(man[23:6]) * 35'(LogLo);
  assign prod    = {prod_hi, 11'd0} + 53'(prod_lo);

  // sin, cos: angle inside the quadrant, mirrored in every other one; 2^30 is the whole quadrant
  logic [1:0]  quad;
  logic [29:0] turn;
  logic        flip, full, none_turn;
  assign quad = a_i[31:30] + {1'b0, func_i == 3'd3};
  assign flip = quad[1];
  assign none_turn = a_i[29:0] == 30'd0;
  assign full = quad[0] && none_turn;
  assign turn = (a_i[29:0] ^ {30{quad[0]}}) + 30'(quad[0]);  // without the bit of the whole quadrant

  // Common argument: table index and place in the segment; exp still has to shift its own.
  logic [27:0] arg_other;
  logic [34:0] arg_d;
  assign arg_other = is_turn ? {1'b0, turn[29:3]} : {man[22:0], 5'd0};
  assign arg_d     = is_exp ? prod[52:18] : {7'd0, arg_other};

  // Exponent 133 is 64 <= |a| < 128, the largest that does not overflow outright.
  logic [7:0] shift_all;
  logic [5:0] shift_d;
  assign shift_all = 8'd133 - exp;
  assign shift_d   = shift_all[5:0] | {6{|shift_all[7:6]}};

  // Biased exponent of the result; exp adds its own later. The last bit of the sum is a carry in.
  // recip: 253 - exp; rsqrt: 190 - (exp + 1) / 2; the others: 127.
  logic [8:0] base_a, base_b;
  logic [9:0] base_sum;
  assign base_a   = is_recip ? ~{1'b0, exp} : is_rsqrt ? ~{2'b00, exp[7:1]} : 9'd0;
  assign base_b   = is_recip ? 9'd254 : is_rsqrt ? 9'd190 : 9'd127;
  assign base_sum = {base_a, 1'b1} + {base_b, is_rsqrt && !exp[0]};

  logic       sign_d, spec_d;
  logic [1:0] what_d;
  always_comb begin
    sign_d = 1'b0;
    spec_d = 1'b0;
    what_d = SpecNan;
    if (is_exp) begin
      spec_d = exp >= 8'd134;
      if (!nan) what_d = sign ? SpecZero : SpecInf;
    end else if (is_recip) begin
      sign_d = sign && !nan;
      spec_d = zero || max;
      if (!nan) what_d = zero ? SpecInf : SpecZero;
    end else if (is_rsqrt) begin
      spec_d = zero || sign || max;
      if (zero) what_d = SpecInf;
      else if (!sign && !nan) what_d = SpecZero;
    end else begin
      sign_d = flip && (quad[0] || !none_turn);
      spec_d = none_turn;
      what_d = full ? SpecOne : SpecZero;
    end
  end

  logic        exp_q1, turn_q1, rsqrt_q1, odd_q1, neg_q1, sign_q1, spec_q1;
  logic [1:0]  what_q1;
  logic [5:0]  shift_q1;
  logic [8:0]  base_q1;
  logic [34:0] arg_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      exp_q1   <= is_exp;
      turn_q1  <= is_turn;
      rsqrt_q1 <= is_rsqrt;
      odd_q1   <= is_rsqrt && exp[0];
      neg_q1   <= is_exp && sign;
      sign_q1  <= sign_d;
      spec_q1  <= spec_d;
      what_q1  <= what_d;
      shift_q1 <= is_exp ? shift_d : 6'd0;
      base_q1  <= base_sum[9:1];
      arg_q1   <= arg_d;
    end
  end

  // Stage 2: finish the argument of exp; address the table.
  logic [34:0] arg;
  logic [8:0]  addr;
  logic        huge;
  assign arg  = (arg_q1 >> shift_q1) ^ {35{neg_q1}};
  assign addr = {rsqrt_q1, exp_q1 || turn_q1 || odd_q1, turn_q1 || (!exp_q1 && arg[27]), arg[26:21]};
  assign huge = exp_q1 && !neg_q1 && arg[34];       // 2^128 and above

  logic [63:0] coef;
  mr_sfu_rom u_rom (
    .clk_i,
    .en_i  (valid_q[0]),
    .addr_i(addr),
    .data_o(coef)
  );

  logic        sub1_q2, sub0_q2, turn_q2, sign_q2, spec_q2;
  logic [1:0]  what_q2;
  logic [9:0]  base_q2;
  logic [20:0] place_q2;
  always_ff @(posedge clk_i) begin
    if (valid_q[0]) begin
      sub1_q2  <= !exp_q1;
      sub0_q2  <= !exp_q1 && !turn_q1;
      turn_q2  <= turn_q1;
      sign_q2  <= sign_q1;
      spec_q2  <= spec_q1 || huge;
      what_q2  <= huge ? SpecInf : what_q1;
      base_q2  <= {base_q1[8], base_q1} + (exp_q1 ? {{2{neg_q1}}, arg[34:27]} : 10'd0);
      place_q2 <= arg[20:0];
    end
  end

  // Stage 3: slope. Magnitudes are multiplied; a minus sign is a bitwise inversion, which the table allows for:
  // c1 + ~x = ~(~c1 + x + 1), so that only the inversion of the result, which is stage 4's, comes behind the product.
  logic        left, down;
  logic [19:0] gap;
  logic [20:0] slope_ext;             // the last bit is a carry in
  logic [30:0] curve;
  assign left      = !place_q2[20];
  assign down      = left ^ sub1_q2;
  assign gap       = place_q2[19:0] ^ {20{left}};
  assign curve     = 31'(coef[14:0]) * 31'(gap[19:4]);
  assign slope_ext = {coef[34:15] ^ {20{down}}, 1'b1} + {7'd0, curve[30:18], down};

  logic        minus_q3, down_q3, turn_q3, sign_q3, spec_q3;
  logic [1:0]  what_q3;
  logic [9:0]  base_q3;
  logic [19:0] gap_q3, slope_inv_q3;
  logic [28:0] c0_q3;
  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      minus_q3 <= left ^ sub0_q2;
      turn_q3  <= turn_q2;
      sign_q3  <= sign_q2;
      spec_q3  <= spec_q2;
      what_q3  <= what_q2;
      base_q3  <= base_q2;
      gap_q3  <= gap;
      down_q3  <= down;
      slope_inv_q3 <= slope_ext[20:1];
      c0_q3    <= coef[63:35];
    end
  end

  // Stage 4: value, 28 fraction bits. A 20 x 20-bit product from one 18 x 18 multiplier and gated additions. With rise = a + b,
  // c0 + ~rise = c0 + ~a + ~b + 1: a row of full adders and one carry chain.
  logic [19:0] slope;
  logic [35:0] rise_hi;
  logic [21:0] rise_lo;
  logic [20:0] rise_mid;
  logic [47:0] rise_a, rise_b, base_c, add_s, add_c, total;
  assign slope    = slope_inv_q3 ^ {20{down_q3}};
  assign rise_hi  = 36'(slope[19:2]) * 36'(gap_q3[19:2]);
  assign rise_lo  = {1'b0, slope & {20{gap_q3[1]}}, 1'b0} + {2'b00, slope & {20{gap_q3[0]}}};
  assign rise_mid = {2'b00, gap_q3[19:2] & {18{slope[1]}}, 1'b0} + {3'd0, gap_q3[19:2] & {18{slope[0]}}};
  assign rise_a   = {8'd0, rise_hi, 4'd0} ^ {48{minus_q3}};
  assign rise_b   = {25'd0, {1'b0, rise_lo} + {rise_mid, 2'b00}} ^ {48{minus_q3}};
  assign base_c   = {1'b0, c0_q3, 18'd0};
  assign add_s    = rise_a ^ rise_b ^ base_c;
  assign add_c    = (rise_a & rise_b) | (rise_a & base_c) | (rise_b & base_c);
  assign total    = add_s + {add_c[46:0], minus_q3};

  logic        turn_q4, sign_q4, spec_q4, under_q4, edge_q4;
  logic [1:0]  what_q4;
  logic [7:0]  base_q4;
  logic [29:0] value_q4;
  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      turn_q4  <= turn_q3;
      sign_q4  <= sign_q3;
      spec_q4  <= spec_q3;
      what_q4  <= what_q3;
      base_q4  <= base_q3[7:0];
      value_q4 <= total[47:18];
      under_q4 <= base_q3[9];
      edge_q4  <= base_q3 == 10'd0;
    end
  end

  // Stage 5: normalise and pack. The table has rounded already. Which places are empty is found out in parallel, nibble by nibble,
  // and not behind the shifts. Only sine and cosine need it: the other values have bit 28, or bit 29 and less than 2^5 below it, and
  // there the mantissa is cleared.
  logic [6:0]  z;
  logic        lz4, lz3, lz2, lz1, lz0;
  logic [28:0] n16, n8, n4, n2, n1;
  logic [7:0]  exp_y;
  logic        none, clear;
  assign z[6]  = value_q4[28:25] == 4'd0;
  assign z[5]  = value_q4[24:21] == 4'd0;
  assign z[4]  = value_q4[20:17] == 4'd0;
  assign z[3]  = value_q4[16:13] == 4'd0;
  assign z[2]  = value_q4[12:9] == 4'd0;
  assign z[1]  = value_q4[8:5] == 4'd0;
  assign z[0]  = value_q4[4:1] == 4'd0;
  assign lz4   = HasTurn && (&z[6:3]);
  assign n16   = lz4 ? {value_q4[12:0], 16'd0} : value_q4[28:0];
  assign lz3   = HasTurn && (lz4 ? z[2] && z[1] : z[6] && z[5]);
  assign n8    = lz3 ? {n16[20:0], 8'd0} : n16;
  assign lz2   = HasTurn && (lz4 ? (lz3 ? z[0] : z[2]) : (lz3 ? z[4] : z[6]));
  assign n4    = lz2 ? {n8[24:0], 4'd0} : n8;
  assign lz1   = HasTurn && n4[28:27] == 2'd0;
  assign n2    = lz1 ? {n4[26:0], 2'd0} : n4;
  assign lz0   = HasTurn && !(lz1 ? n4[26] : n4[28]);
  assign n1    = lz0 ? {n2[27:0], 1'b0} : n2;
  // 127 - leading zeros, or the exponent + carry; below 1, or sine or cosine of 0: flushed.
  assign exp_y = turn_q4 ? {3'b011, ~{lz4, lz3, lz2, lz1, lz0}} : base_q4 + 8'(value_q4[29]);
  assign none  = turn_q4 ? lz4 && lz3 && z[0] && !value_q4[0] : under_q4 || (edge_q4 && !value_q4[29]);

  assign clear = spec_q4 || value_q4[29] || (!turn_q4 && none);

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      y_o[31] <= spec_q4 ? sign_q4 && what_q4 != SpecNan : sign_q4 && !(turn_q4 && none);
      if (spec_q4) begin
        case (what_q4)
          SpecZero: y_o[30:23] <= 8'd0;
          SpecOne: y_o[30:23] <= 8'd127;
          default: y_o[30:23] <= 8'd255;
        endcase
      end else begin
        y_o[30:23] <= none ? 8'd0 : exp_y;
      end
      y_o[22] <= (n1[27] && !clear) || (spec_q4 && what_q4 == SpecNan);
      y_o[21:0] <= n1[26:5] & {22{!clear}};
    end
  end

  logic unused_ok;
  assign unused_ok = &{1'b0, prod[17:0], turn[2:0], curve[17:0], slope_ext[0], total[17:0], n1[28], n1[4:0], base_sum[0], add_c[47]};
endmodule

`default_nettype wire
