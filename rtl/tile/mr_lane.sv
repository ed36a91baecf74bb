// SPDX-License-Identifier: Apache-2.0
// Dot-product lane: 32 int8 multipliers, adder tree, scaling and fp32 accumulation; datapath only.
//
// HasKv     attention: outer-product accumulators, a second operand source, running results (AccDepth words).
// AccDepth  f32 words of the running results: passes x MaxNbh x 32; >= 2.
// All lanes of a tile run in step, so the strobes come from one controller (mr_dpu, mr_attend); every strobe is an enable
// of one register stage or unit and nothing moves without it. No reset: there is no control state here.
//
// Block product, c = cycle in which ld_w_i captures the weight block (an x block may stay for many products):
//   c+1 dot1_i products, partial sums | c+2 dot2_i sum | c+3 dot3_i to f32, scale product | c+5 mul_v_i (MulDot)
//   c+8 add_v_i: sum += (add_first_i: init_i + ...) in slot add_slot_i | c+12 out_v_i: y_o valid, slot out_slot_i kept
// The four slots interleave rows so that the adder's latency (4) never stalls; a later product of a slot may come any time
// from 4 cycles on.
//
// Attention: outer_i (in place of dot1_i) adds w_j x_j to integer accumulator j; copy_i takes all 32 to the drain registers
// and clears them (also needed before the first use), one cycle after the last outer_i. Draining element j: conv_i with
// conv_idx_i = j, three cycles later mul_v_i with MulConv (x coef_i); mul_v_i with MulRun (running result x coef_i) one cycle before that,
// the running result's read run_re_i another cycle earlier. hold_i keeps the product that came first, add_v_i with
// add_drain_i adds both (add_zero_i: adds 0 instead of the held one); y_o is written to the running results by run_we_i.
// MulScore: score_i x coef_i, result on m_o after LatMul. Test: tests/rtl/dpu.
`default_nettype none
module mr_lane #(
  parameter bit HasKv = 1'b1,
  parameter int AccDepth = 32,
  localparam int RunW = $clog2(AccDepth)
) (
  input  wire            clk_i,
  input  wire            rst_ni,
  // operands
  input  wire            ld_w_i,
  input  wire            ld_x_i,
  input  wire            src_kv_i,      // operands from the attention side
  input  wire            ld_wq_i,       // with ld_w_i: x <= 32 copies of wq_i
  input  wire  [271:0]   w_i,
  input  wire  [271:0]   x_i,
  input  wire  [271:0]   kv_i,
  input  wire  [271:0]   q_i,
  input  wire  [7:0]     wq_i,
  // block product
  input  wire            dot1_i,
  input  wire            dot2_i,
  input  wire            dot3_i,
  input  wire            add_first_i,
  input  wire  [1:0]     add_slot_i,
  input  wire  [31:0]    init_i,
  input  wire            add_fresh_i,   // the slot's value is y_o now (out_v_i with the same slot)
  input  wire            out_v_i,
  input  wire  [1:0]     out_slot_i,
  // multiplier and adder
  input  wire            mul_v_i,
  input  wire  [1:0]     mul_op_i,
  input  wire            add_v_i,
  output logic [31:0]    m_o,
  output logic [31:0]    y_o,
  // attention
  input  wire            outer_i,
  input  wire            copy_i,
  input  wire            conv_i,
  input  wire  [4:0]     conv_idx_i,
  input  wire  [31:0]    coef_i,
  input  wire  [31:0]    score_i,
  input  wire            run_re_i,
  input  wire  [RunW-1:0] run_raddr_i,
  input  wire            run_we_i,
  input  wire  [RunW-1:0] run_waddr_i,
  input  wire            hold_i,
  input  wire            add_drain_i,
  input  wire            add_zero_i
);
  localparam logic [1:0] MulDot = 2'd0;
  localparam logic [1:0] MulConv = 2'd1;
  localparam logic [1:0] MulRun = 2'd2;
  localparam logic [1:0] MulScore = 2'd3;

  function automatic signed [15:0] mul8(input signed [7:0] a, input signed [7:0] b);
    mul8 = a * b;
  endfunction

  // ---- operands, products, integer sums ----
  logic [255:0] w_q;
  logic [255:0] x_q;
  logic [15:0]  dw_q;
  logic [15:0]  dx_q;
  logic [15:0]  dw_q2;
  logic [15:0]  dx_q2;
  logic [15:0]  dw_q3;
  logic [15:0]  dx_q3;
  logic signed [17:0] part_q [8];     // sums of 4 products
  logic signed [20:0] elem;           // element conv_idx_i of the drain registers
  logic signed [20:0] sum_q;          // or the element that is drained

  always_ff @(posedge clk_i) begin
    if (ld_w_i) begin
      if (HasKv && src_kv_i) begin
        w_q <= kv_i[255:0];
        dw_q <= kv_i[271:256];
      end else begin
        w_q <= w_i[255:0];
        dw_q <= w_i[271:256];
      end
    end
    if (HasKv && ld_wq_i) begin
      x_q <= {32{wq_i}};
    end else if (ld_x_i) begin
      if (HasKv && src_kv_i) begin
        x_q <= q_i[255:0];
        dx_q <= q_i[271:256];
      end else begin
        x_q <= x_i[255:0];
        dx_q <= x_i[271:256];
      end
    end
    if (dot1_i) begin
      for (int k = 0; k < 8; k = k + 1) begin
        part_q[k] <= 18'(mul8(w_q[32*k +: 8], x_q[32*k +: 8])) + 18'(mul8(w_q[32*k+8 +: 8], x_q[32*k+8 +: 8])) +
                     18'(mul8(w_q[32*k+16 +: 8], x_q[32*k+16 +: 8])) + 18'(mul8(w_q[32*k+24 +: 8], x_q[32*k+24 +: 8]));
      end
      dw_q2 <= dw_q;
      dx_q2 <= dx_q;
    end
    if (dot2_i || (HasKv && conv_i)) begin
      sum_q <= HasKv && conv_i ? elem : ((21'(part_q[0]) + 21'(part_q[1])) + (21'(part_q[2]) + 21'(part_q[3]))) +
               ((21'(part_q[4]) + 21'(part_q[5])) + (21'(part_q[6]) + 21'(part_q[7])));
      dw_q3 <= dw_q2;
      dx_q3 <= dx_q2;
    end
  end

  // ---- conversion and scaling ----
  logic        conv_v;
  logic [31:0] conv_y;
  logic [31:0] scale_y;
  logic [31:0] run_y;
  logic [31:0] mul_a;
  logic [31:0] mul_b;

  mr_i2f #(.Width(21)) u_i2f (.clk_i, .rst_ni, .valid_i(conv_v), .n_i(sum_q), .valid_o(), .y_o(conv_y));
  mr_hmul u_scale (.clk_i, .rst_ni, .valid_i(dot3_i), .a_i(dw_q3), .b_i(dx_q3), .valid_o(), .y_o(scale_y));

  always_comb begin
    mul_a = conv_y;
    mul_b = scale_y;
    if (HasKv && mul_op_i != MulDot) begin
      mul_b = coef_i;
      case (mul_op_i)
        MulRun: mul_a = run_y;
        MulScore: mul_a = score_i;
        MulConv: mul_a = conv_y;
        default: mul_a = conv_y;
      endcase
    end
  end
  mr_fmul u_mul (.clk_i, .rst_ni, .valid_i(mul_v_i), .a_i(mul_a), .b_i(mul_b), .valid_o(), .y_o(m_o));

  // ---- accumulation ----
  logic [31:0] slot_q [4];
  logic [31:0] hold_q;
  logic [31:0] add_slot;
  logic [31:0] add_other;
  logic [31:0] add_a;

  always_comb begin
    add_slot = add_fresh_i ? y_o : slot_q[add_slot_i];
    add_other = !HasKv || !add_drain_i ? init_i : add_zero_i ? '0 : hold_q;
    add_a = add_first_i || (HasKv && add_drain_i) ? add_other : add_slot;
  end
  mr_fadd u_add (.clk_i, .rst_ni, .valid_i(add_v_i), .a_i(add_a), .b_i(m_o), .valid_o(), .y_o);

  always_ff @(posedge clk_i) begin
    if (out_v_i) slot_q[out_slot_i] <= y_o;
  end

  // ---- attention ----
  generate
    if (HasKv) begin : gen_kv
      logic signed [20:0] acc_q [32];     // outer-product accumulators
      logic [32*21-1:0] drain_q;
      logic conv_q;

      always_ff @(posedge clk_i) begin
        if (copy_i) begin
          for (int j = 0; j < 32; j = j + 1) begin
            drain_q[21*j +: 21] <= acc_q[j];
            acc_q[j] <= '0;
          end
        end else if (outer_i) begin
          for (int j = 0; j < 32; j = j + 1) acc_q[j] <= acc_q[j] + 21'(mul8(w_q[8*j +: 8], x_q[8*j +: 8]));
        end
        if (hold_i) hold_q <= m_o;
        conv_q <= conv_i;
      end
      assign elem = drain_q[21*conv_idx_i +: 21];
      assign conv_v = dot3_i || conv_q;
      // LUT RAM: a block RAM's output would come too late for the multiplier behind it.
      (* ram_style = "distributed" *) logic [31:0] run_mem [AccDepth];
      logic [31:0] run_q;
      always_ff @(posedge clk_i) begin
        if (run_we_i) run_mem[run_waddr_i] <= y_o;
        if (run_re_i) run_q <= run_mem[run_raddr_i];
      end
      assign run_y = run_q;
    end else begin : gen_no_kv
      assign elem = '0;
      assign conv_v = dot3_i;
      assign run_y = '0;
      assign hold_q = '0;
      wire unused_ok = &{1'b0, src_kv_i, ld_wq_i, kv_i, q_i, wq_i, outer_i, copy_i, conv_i, conv_idx_i, coef_i,
                         score_i, run_re_i, run_raddr_i, run_we_i, run_waddr_i, hold_i, add_drain_i, add_zero_i, mul_op_i};
    end
  endgenerate
endmodule
`default_nettype wire
