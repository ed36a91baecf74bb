// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the vector unit: two lanes of two multipliers (M0, M1) and one adder, two special-function units.
//
// Latencies: multiplier 3, adder 4, special functions 5, phase product 1. All units take one operation a cycle and
// have no back-pressure; mr_vec knows when a result arrives and strobes its user in that cycle:
//   m0_v_i, m1_v_i, add_v_i   start the units of both lanes (SILU_MUL and scalar steps use lane 0 only)
//   s0_v_i, s1_v_i            start SFU0 (EXP, SIN) and SFU1 (RECIP, RSQRT, COS)
//   phase_v_i                 phase register <= mul_a_i x (EMBED: imm1_i, else the frequency from port B) mod 2^32
//   r_v_i                     scalar register: NORM the factor r; QUANT 1 / scale, or 0 with r_zero_i; EMBED the scale
// scale_i is used at once by EMBED, in the next cycle by QUANT.
// The is_*_i flags (registers, one hot) select the operands; NORM's scalar steps have their own selects. The ports' data is
// registered here first (ra_new_i, rb_new_i: there is a new pair on the port), so that the memory's and the multipliers' delays
// do not add up; ra_o and b_mag_o are these registers. odd_i says which half of a pair is used now: SILU_MUL's EXP (port B) and
// M0 (port A) and the frequency (port B) are the upper one when it is high; M1, whose u shares port B with g in turns, when it is
// low.
// Operands are undefined while live_i is low. No reset of data. Test: tests/rtl/vec.
`default_nettype none
module mr_vec_alu (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         live_i,         // a command runs
  input  wire         is_norm_i,
  input  wire         is_quant_i,
  input  wire         is_rope_i,
  input  wire         is_add_i,
  input  wire         is_silu_i,
  input  wire         is_embed_i,
  // operands
  input  wire  [63:0] ra_i,           // port A: pair
  input  wire  [63:0] rb_i,           // port B: pair
  input  wire         ra_new_i,       // read in the previous cycle
  input  wire         rb_new_i,
  input  wire         odd_i,
  input  wire  [63:0] emb_q_i,
  input  wire  [30:0] amax_i,
  input  wire  [15:0] scale_i,        // QUANT, EMBED: a block's scale
  input  wire  [31:0] imm0_i,         // NORM: eps; SILU_MUL: 1
  input  wire  [31:0] imm1_i,         // NORM: 1 / dimension; QUANT: 1 / 127; EMBED: blocks a row
  input  wire  [17:0] mul_a_i,
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
  input  wire         tree_i,         // add the sum of two cycles ago
  input  wire         tree_last_i,    // add the sums of both lanes
  input  wire         mean_i,         // M1: sum x inv_n
  input  wire         eps_i,          // adder: mean + eps
  // results
  output logic [63:0] ra_o,
  output logic [61:0] b_mag_o,        // without the signs
  output logic [63:0] m0_y_o,
  output logic [63:0] m1_y_o,
  output logic [63:0] add_y_o,
  output logic [31:0] phase_o
);
  localparam logic [2:0]  FnExp = 3'd0;
  localparam logic [2:0]  FnRecip = 3'd1;
  localparam logic [2:0]  FnRsqrt = 3'd2;
  localparam logic [2:0]  FnCos = 3'd3;
  localparam logic [2:0]  FnSin = 3'd4;

  // ---- registers beside the units ------------------------------------------------------------------------------------
  logic [63:0] ra_q;                  // pairs read last
  logic [63:0] rb_q;
  logic [31:0] hold_b_q;              // upper half of rb_q one cycle ago
  logic [31:0] phase_q;
  logic [31:0] r_q;
  logic [63:0] sum_q;                 // NORM's tree: adder results one and two cycles ago
  logic [63:0] sum_q2;

  logic [31:0] m0_a0, m0_b0, m0_a1, m0_b1;
  logic [31:0] m1_a0, m1_b0, m1_a1, m1_b1;
  logic [31:0] ad_a0, ad_b0, ad_a1, ad_b1;
  logic [63:0] m0_y, m1_y, add_y;
  logic [31:0] s0_x, s0_y, s1_x, s1_y;
  logic [31:0] mul_b;
  logic [31:0] scale_f32;
  logic [31:0] scale_q;               // of the block, normalised
  logic [2:0]  s0_fn, s1_fn;

  assign ra_o = ra_q;
  assign b_mag_o = {rb_q[62:32], rb_q[30:0]};
  assign m0_y_o = m0_y;
  assign m1_y_o = m1_y;
  assign add_y_o = add_y;
  assign phase_o = phase_q;

  // ---- operands ------------------------------------------------------------------------------------------------------
  // Undefined values when nothing runs: free for synthesis, and simulation skips the rest.
  always_comb begin
    {m0_a0, m0_b0, m0_a1, m0_b1} = 'x;
    {m1_a0, m1_b0, m1_a1, m1_b1} = 'x;
    if (live_i) begin
      // M0: x x or x r (NORM), x r (QUANT), x cos (ROPE), g sigmoid (SILU_MUL), q d (EMBED)
      m0_a0 = ra_q[31:0];
      m0_a1 = ra_q[63:32];
      if (is_silu_i && odd_i) m0_a0 = ra_q[63:32];
      if (is_embed_i) {m0_a1, m0_a0} = emb_q_i;
      m0_b0 = r_q;
      m0_b1 = r_q;
      if (is_norm_i && !pass2_i) {m0_b1, m0_b0} = ra_q;
      if (is_rope_i || is_silu_i) begin
        m0_b0 = s1_y;
        m0_b1 = s1_y;
      end
      // M1: .. w or sum inv_n (NORM), amax / 127 (QUANT), other x sin (ROPE), .. u (SILU_MUL)
      m1_a0 = m0_y[31:0];
      m1_a1 = m0_y[63:32];
      m1_b0 = rb_q[31:0];
      m1_b1 = rb_q[63:32];
      if (is_rope_i) begin
        m1_a0 = ra_q[63:32];
        m1_a1 = ra_q[31:0];
        m1_b0 = s0_y;
        m1_b1 = s0_y;
      end
      if (mean_i) m1_a0 = add_y[31:0];
      if (is_quant_i) m1_a0 = {1'b0, amax_i};
      if (is_quant_i || mean_i) m1_b0 = imm1_i;
      if (is_silu_i && !odd_i) m1_b0 = hold_b_q;
    end
  end

  always_comb begin
    {ad_a0, ad_b0, ad_a1, ad_b1} = 'x;
    {s0_x, s1_x, mul_b} = 'x;
    {s0_fn, s1_fn} = 'x;
    if (live_i) begin
      // Adders: ADD; running sums and tree (NORM); x0 cos - x1 sin, x1 cos + x0 sin (ROPE); 1 + exp (SILU_MUL)
      ad_a0 = m0_y[31:0];
      ad_a1 = m0_y[63:32];
      ad_b0 = {m1_y[31] ^ is_rope_i, m1_y[30:0]};
      ad_b1 = m1_y[63:32];
      if (is_norm_i && !eps_i) begin
        ad_b0 = acc_first_i ? '0 : add_y[31:0];
        ad_b1 = acc_first_i ? '0 : add_y[63:32];
      end
      if (is_add_i) begin
        {ad_a1, ad_a0} = ra_q;
        {ad_b1, ad_b0} = rb_q;
      end
      if (tree_i) {ad_a1, ad_a0} = sum_q2;
      if (tree_last_i) ad_a0 = add_y[63:32];
      if (is_silu_i || eps_i) ad_a0 = imm0_i;
      if (is_silu_i) ad_b0 = s0_y;

      // Special functions and the phase
      mul_b = odd_i ? rb_q[63:32] : rb_q[31:0];
      if (is_embed_i) mul_b = imm1_i;
      s0_x = phase_q;
      s0_fn = FnSin;
      if (is_silu_i) begin
        s0_x = odd_i ? hold_b_q : rb_q[31:0];
        s0_x[31] = !s0_x[31];
        s0_fn = FnExp;
      end
      s1_x = add_y[31:0];
      s1_fn = is_norm_i ? FnRsqrt : FnRecip;
      if (is_quant_i) s1_x = scale_q;
      if (is_rope_i) begin
        s1_x = phase_q;
        s1_fn = FnCos;
      end
    end
  end

  // ---- units ---------------------------------------------------------------------------------------------------------
  mr_fmul u_m00 (.clk_i, .rst_ni, .valid_i(m0_v_i[0]), .a_i(m0_a0), .b_i(m0_b0), .valid_o(), .y_o(m0_y[31:0]));
  mr_fmul u_m01 (.clk_i, .rst_ni, .valid_i(m0_v_i[1]), .a_i(m0_a1), .b_i(m0_b1), .valid_o(), .y_o(m0_y[63:32]));
  mr_fmul u_m10 (.clk_i, .rst_ni, .valid_i(m1_v_i[0]), .a_i(m1_a0), .b_i(m1_b0), .valid_o(), .y_o(m1_y[31:0]));
  mr_fmul u_m11 (.clk_i, .rst_ni, .valid_i(m1_v_i[1]), .a_i(m1_a1), .b_i(m1_b1), .valid_o(), .y_o(m1_y[63:32]));
  mr_fadd u_add0 (.clk_i, .rst_ni, .valid_i(add_v_i[0]), .a_i(ad_a0), .b_i(ad_b0), .valid_o(), .y_o(add_y[31:0]));
  mr_fadd u_add1 (.clk_i, .rst_ni, .valid_i(add_v_i[1]), .a_i(ad_a1), .b_i(ad_b1), .valid_o(), .y_o(add_y[63:32]));
  mr_h2f u_h2f (.h_i(scale_i), .y_o(scale_f32));
  mr_sfu #(.FuncMask(5'b10001)) u_sfu0 (.clk_i, .rst_ni, .valid_i(s0_v_i), .func_i(s0_fn), .a_i(s0_x), .valid_o(), .y_o(s0_y));
  mr_sfu #(.FuncMask(5'b01110)) u_sfu1 (.clk_i, .rst_ni, .valid_i(s1_v_i), .func_i(s1_fn), .a_i(s1_x), .valid_o(), .y_o(s1_y));

  always_ff @(posedge clk_i) begin
    if (ra_new_i) ra_q <= ra_i;
    if (rb_new_i) rb_q <= rb_i;
    if (live_i && is_silu_i) hold_b_q <= rb_q[63:32];
    scale_q <= scale_f32;
    if (phase_v_i) phase_q <= 32'(mul_a_i * mul_b);
    if (r_v_i) r_q <= r_zero_i ? '0 : is_embed_i ? scale_f32 : s1_y;
    if (live_i && is_norm_i && !pass2_i) begin
      sum_q <= add_y;
      sum_q2 <= sum_q;
    end
  end
endmodule
`default_nettype wire
