// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the vector unit: two lanes of two multipliers (M0, M1) and one adder, two special-function units.
//
// Latencies: multiplier 3, adder 4, special functions 5, phase product 1. All units take one operation a cycle and
// have no back-pressure; mr_vec knows when a result arrives and strobes its user in that cycle:
//   m0_v_i, m1_v_i, add_v_i   start the units of both lanes (SILU_MUL and scalar steps use lane 0 only)
//   s0_v_i, s1_v_i            start SFU0 (EXP, COS) and SFU1 (RECIP, RSQRT, SIN)
//   phase_v_i                 phase register <= mul_a_i x (EMBED: mul_b_i, else the frequency on port B) mod 2^32
//   r_v_i                     scalar register <= result of SFU1 (NORM: the factor r; QUANT: 1 / scale, or 0 with r_zero_i)
// op_i selects the operands and is stable while a command runs; NORM's scalar steps have their own selects. odd_*_i: the
// element (M0) or frequency used now is the upper half of the pair that was on the port one cycle ago. In SILU_MUL port B
// carries pairs of g and u in turns, so M1 takes a lower half exactly when M0 takes an upper one.
// No reset of data. Test: tests/rtl/vec.
`default_nettype none
module mr_vec_alu (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire  [3:0]  op_i,
  // operands
  input  wire  [63:0] ra_i,           // port A: pair
  input  wire  [63:0] rb_i,           // port B: pair
  input  wire         ra_new_i,       // the pair on the port is one cycle old
  input  wire         rb_new_i,
  input  wire         odd_a_i,
  input  wire         odd_b_i,
  input  wire  [63:0] emb_q_i,
  input  wire  [31:0] emb_d_i,
  input  wire  [30:0] amax_i,
  input  wire  [31:0] qd_i,
  input  wire  [31:0] imm0_i,         // NORM: eps
  input  wire  [31:0] imm1_i,         // NORM: 1 / dimension
  input  wire  [17:0] mul_a_i,
  input  wire  [31:0] mul_b_i,
  // strobes
  input  wire  [1:0]  m0_v_i,
  input  wire  [1:0]  m1_v_i,
  input  wire  [1:0]  add_v_i,
  input  wire         s0_v_i,
  input  wire         s1_v_i,
  input  wire         phase_v_i,
  input  wire         r_v_i,
  input  wire         r_zero_i,
  // NORM's scalar steps
  input  wire         pass2_i,        // multiply by r, then by the weight
  input  wire         acc_first_i,    // partial sums start
  input  wire         tree_a_i,       // partial j + partial j + 4
  input  wire         tree_b_i,
  input  wire         tree_c_i,
  input  wire         mean_i,         // M1: sum x inv_n
  input  wire         eps_i,          // adder: mean + eps
  // results
  output logic [63:0] m0_y_o,
  output logic [63:0] m1_y_o,
  output logic [63:0] add_y_o,
  output logic [31:0] phase_o
);
  localparam logic [3:0] OpNorm = 4'd1;
  localparam logic [3:0] OpQuant = 4'd2;
  localparam logic [3:0] OpRope = 4'd4;
  localparam logic [3:0] OpSilu = 4'd6;
  localparam logic [3:0] OpEmbed = 4'd7;

  localparam logic [31:0] One = 32'h3F800000;
  localparam logic [31:0] Inv127 = 32'h3C010204;
  localparam logic [2:0]  FnExp = 3'd0;
  localparam logic [2:0]  FnRecip = 3'd1;
  localparam logic [2:0]  FnRsqrt = 3'd2;
  localparam logic [2:0]  FnCos = 3'd3;
  localparam logic [2:0]  FnSin = 3'd4;

  // ---- registers beside the units ------------------------------------------------------------------------------------
  logic [31:0] hold_a_q;              // upper half of the last pair of port A (B): used one cycle after the lower half
  logic [31:0] hold_b_q;
  logic [31:0] phase_q;
  logic [31:0] r_q;
  logic [63:0] sum_q;                 // NORM's tree: adder results one and two cycles ago
  logic [63:0] sum_q2;

  wire [31:0] elem_a = odd_a_i ? hold_a_q : ra_i[31:0];
  wire [31:0] elem_b = odd_b_i ? hold_b_q : rb_i[31:0];

  logic [31:0] m0_a0, m0_b0, m0_a1, m0_b1;
  logic [31:0] m1_a0, m1_b0, m1_a1, m1_b1;
  logic [31:0] ad_a0, ad_b0, ad_a1, ad_b1;
  logic [63:0] m0_y, m1_y, add_y;
  logic [31:0] s0_x, s0_y, s1_x, s1_y;
  logic [2:0]  s0_fn, s1_fn;

  assign m0_y_o = m0_y;
  assign m1_y_o = m1_y;
  assign add_y_o = add_y;
  assign phase_o = phase_q;

  // ---- operands ------------------------------------------------------------------------------------------------------
  always_comb begin
    m0_a0 = ra_i[31:0];
    m0_a1 = ra_i[63:32];
    m0_b0 = r_q;
    m0_b1 = r_q;
    if (m0_v_i != 2'b00) begin
      case (op_i)
        OpNorm: begin
          if (!pass2_i) begin
            m0_b0 = ra_i[31:0];
            m0_b1 = ra_i[63:32];
          end
        end
        OpQuant: begin
          m0_a0 = rb_i[31:0];
          m0_a1 = rb_i[63:32];
        end
        OpRope: begin                 // x0 cos, x0 sin
          m0_a1 = ra_i[31:0];
          m0_b0 = s0_y;
          m0_b1 = s1_y;
        end
        OpSilu: begin
          m0_a0 = elem_b;
          m0_b0 = s1_y;
        end
        default: begin                // EMBED
          m0_a0 = emb_q_i[31:0];
          m0_a1 = emb_q_i[63:32];
          m0_b0 = emb_d_i;
          m0_b1 = emb_d_i;
        end
      endcase
    end
  end

  always_comb begin
    m1_a0 = m0_y[31:0];
    m1_a1 = m0_y[63:32];
    m1_b0 = rb_i[31:0];
    m1_b1 = rb_i[63:32];
    if (m1_v_i != 2'b00) begin
      case (op_i)
        OpQuant: begin
          m1_a0 = {1'b0, amax_i};
          m1_b0 = Inv127;
        end
        OpRope: begin                 // x1 sin, x1 cos
          m1_a0 = ra_i[63:32];
          m1_a1 = ra_i[63:32];
          m1_b0 = s1_y;
          m1_b1 = s0_y;
        end
        OpSilu: m1_b0 = odd_b_i ? rb_i[31:0] : hold_b_q;
        default: begin                // NORM
          if (mean_i) begin
            m1_a0 = add_y[31:0];
            m1_b0 = imm1_i;
          end
        end
      endcase
    end
  end

  always_comb begin
    ad_a0 = ra_i[31:0];
    ad_a1 = ra_i[63:32];
    ad_b0 = rb_i[31:0];
    ad_b1 = rb_i[63:32];
    if (add_v_i != 2'b00) begin
      case (op_i)
        OpNorm: begin
          ad_a0 = m0_y[31:0];
          ad_a1 = m0_y[63:32];
          ad_b0 = acc_first_i ? '0 : add_y[31:0];
          ad_b1 = acc_first_i ? '0 : add_y[63:32];
          if (tree_a_i) begin
            ad_a0 = sum_q2[31:0];
            ad_a1 = sum_q2[63:32];
          end
          if (tree_b_i) begin
            ad_a0 = sum_q[31:0];
            ad_a1 = sum_q[63:32];
          end
          if (tree_c_i) ad_a0 = add_y[63:32];
          if (eps_i) begin
            ad_a0 = m1_y[31:0];
            ad_b0 = imm0_i;
          end
        end
        OpRope: begin
          ad_a0 = m0_y[31:0];
          ad_a1 = m0_y[63:32];
          ad_b0 = {~m1_y[31], m1_y[30:0]};
          ad_b1 = m1_y[63:32];
        end
        OpSilu: begin
          ad_a0 = One;
          ad_b0 = s0_y;
        end
        default: begin                // ADD: the ports
        end
      endcase
    end
  end

  always_comb begin
    s0_x = phase_q;
    s0_fn = FnCos;
    s1_x = add_y[31:0];
    s1_fn = FnRecip;
    if (s0_v_i && op_i == OpSilu) begin
      s0_x = {~elem_a[31], elem_a[30:0]};
      s0_fn = FnExp;
    end
    if (s1_v_i) begin
      case (op_i)
        OpNorm: s1_fn = FnRsqrt;
        OpQuant: s1_x = qd_i;
        OpRope: begin
          s1_x = phase_q;
          s1_fn = FnSin;
        end
        default: begin                // SILU_MUL: 1 / (1 + exp(-g))
        end
      endcase
    end
  end

  // ---- units ---------------------------------------------------------------------------------------------------------
  mr_fmul u_m00 (.clk_i, .rst_ni, .valid_i(m0_v_i[0]), .a_i(m0_a0), .b_i(m0_b0), .valid_o(), .y_o(m0_y[31:0]));
  mr_fmul u_m01 (.clk_i, .rst_ni, .valid_i(m0_v_i[1]), .a_i(m0_a1), .b_i(m0_b1), .valid_o(), .y_o(m0_y[63:32]));
  mr_fmul u_m10 (.clk_i, .rst_ni, .valid_i(m1_v_i[0]), .a_i(m1_a0), .b_i(m1_b0), .valid_o(), .y_o(m1_y[31:0]));
  mr_fmul u_m11 (.clk_i, .rst_ni, .valid_i(m1_v_i[1]), .a_i(m1_a1), .b_i(m1_b1), .valid_o(), .y_o(m1_y[63:32]));
  mr_fadd u_add0 (.clk_i, .rst_ni, .valid_i(add_v_i[0]), .a_i(ad_a0), .b_i(ad_b0), .valid_o(), .y_o(add_y[31:0]));
  mr_fadd u_add1 (.clk_i, .rst_ni, .valid_i(add_v_i[1]), .a_i(ad_a1), .b_i(ad_b1), .valid_o(), .y_o(add_y[63:32]));
  mr_sfu #(.FuncMask(5'b01001)) u_sfu0 (.clk_i, .rst_ni, .valid_i(s0_v_i), .func_i(s0_fn), .a_i(s0_x), .valid_o(), .y_o(s0_y));
  mr_sfu #(.FuncMask(5'b10110)) u_sfu1 (.clk_i, .rst_ni, .valid_i(s1_v_i), .func_i(s1_fn), .a_i(s1_x), .valid_o(), .y_o(s1_y));

  always_ff @(posedge clk_i) begin
    if (ra_new_i) hold_a_q <= ra_i[63:32];
    if (rb_new_i) hold_b_q <= rb_i[63:32];
    if (phase_v_i) phase_q <= 32'(mul_a_i * (op_i == OpEmbed ? mul_b_i : elem_b));
    if (r_v_i) r_q <= r_zero_i ? '0 : s1_y;
    if (op_i == OpNorm && !pass2_i) begin
      sum_q <= add_y;
      sum_q2 <= sum_q;
    end
  end
endmodule
`default_nettype wire
