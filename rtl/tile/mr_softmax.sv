// SPDX-License-Identifier: Apache-2.0
// One-pass softmax of ATTEND: turns the scores of a block of 32 positions into int8 weights, one query head after the other.
//
// Lanes   query heads of an item.   MaxG  query heads whose running maximum and sum are kept.
// Steps 2, 3 and the weights of step 4 of docs/arithmetic.md section 3, in the contract's order of operations. start_i resets
// the buffer that comes first. An item is taken when todo_i (its scores stand in the score memory) and v_ready_i (its V
// scales are there): fields of buffer ib_o; first_i / last_i tell the first and the last block of the KV head, count_i its positions
// (1..32), head_i the running state's index of lane 0, lanes_i how many lanes work. take_o pulses when the item is taken; its fields
// stay until done_o. done_o pulses when its first weight that has been missing is written: every result before it stands, the rest
// follows in the order of positions, one a cycle; rl_* comes at most 20 cycles later.
// The memories answer one cycle after their enable and hold: scores of the lane lane_o (sc_*, position), V scales (vs_*, position and
// block). Results: weights (wq_*: lane, block, position), their scale (dw_*), corr, and with the last block 1 / sum (rl_*).
// idle_o: no item in work. Cycles of an item with 32 positions: 78 a head of one block (1 more for the last head), + 77 for each
// further block.
// Test: tests/rtl/dpu.
`default_nettype none
module mr_softmax #(
  parameter int Lanes = 2,
  parameter int MaxG = 16,
  localparam int LaneW = Lanes > 1 ? $clog2(Lanes) : 1
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire                 start_i,
  output logic                idle_o,
  // item
  input  wire                 todo_i,
  input  wire                 v_ready_i,
  output logic                ib_o,
  input  wire                 first_i,
  input  wire                 last_i,
  input  wire  [5:0]          count_i,
  input  wire  [3:0]          head_i,
  input  wire  [3:0]          lanes_i,
  input  wire  [4:0]          nbh_i,
  input  wire  [Lanes*32-1:0] bmax_i,
  output logic                take_o,
  output logic                done_o,
  output logic                done_ib_o,     // buffer of the weights that are written now
  // memories
  output logic                sc_re_o,
  output logic [4:0]          sc_pos_o,
  output logic [LaneW-1:0]    lane_o,
  input  wire  [31:0]         score_i,
  output logic                vs_re_o,
  output logic [4:0]          vs_pos_o,
  output logic [3:0]          vs_nb_o,
  input  wire  [31:0]         vs_i,
  // results
  output logic [Lanes-1:0]    wq_we_o,
  output logic [4:0]          wq_pos_o,
  output logic [3:0]          wq_nb_o,
  output logic [7:0]          wq_o,
  output logic [Lanes-1:0]    dw_we_o,
  output logic [3:0]          dw_nb_o,
  output logic [31:0]         dw_o,
  output logic [Lanes-1:0]    corr_we_o,
  output logic [31:0]         corr_o,
  output logic [Lanes-1:0]    rl_we_o,
  output logic                rl_ib_o,
  output logic [31:0]         rl_o
);
  localparam logic [31:0] Inv127 = 32'h3C010204;
  localparam int LatAdd = 4;
  localparam int LatMul = 3;
  localparam int LatExp = 6;              // one in which the operand stands in a register, and the unit's
  localparam int LatI8 = 2;
  // Pass A, cycles after its issue: score registered, exp's operand, e, weight.
  localparam int AtSub = 2;
  localparam int AtExp = AtSub + LatAdd;
  localparam int AtE = AtExp + LatExp;
  localparam int AtW = AtE + LatMul;
  // Pass E (further blocks: weights from the stored e), pass B (quantisation), scale.
  localparam int AtW2 = 2 + LatMul;
  localparam int AtI8 = 1 + LatMul;
  localparam int AtQ = AtI8 + LatI8;
  localparam int AtD = LatMul;
  localparam int AtInv = AtD + LatExp;
  // A head's pass A may start when at most this many issues of the last pass B are left: its multiplications come later.
  localparam int Early = AtE + 1;

  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StLoad = 3'd1;
  localparam logic [2:0] StA = 3'd2;      // score - m', exp, weights of block 0, sum
  localparam logic [2:0] StE = 3'd3;      // weights of a further block
  localparam logic [2:0] StW = 3'd4;      // last weight on its way; then the scale
  localparam logic [2:0] StD = 3'd5;      // scale and its inverse on their way
  localparam logic [2:0] StB = 3'd6;      // quantisation; what comes next may begin before its end

  logic [2:0]       st_q;
  logic             ib_q;
  logic [LaneW-1:0] lane_q;
  logic [3:0]       vb_q;
  logic [5:0]       idx_q;                // pass A: 0 is corr, then positions; pass E: positions
  logic [31:0]      m_q [MaxG];           // running maximum and sum of every query head
  logic [31:0]      l_q [MaxG];
  logic [31:0]      m_old_q;
  logic [31:0]      m_new_q;
  logic [31:0]      l_old_q;
  logic [30:0]      amax_q;
  logic [31:0]      d_q;
  logic [31:0]      inv_q;
  logic [31:0]      lc_q;                 // l x corr

  localparam int HeadW = $clog2(MaxG > 1 ? MaxG : 2);
  wire [HeadW-1:0] head = HeadW'(head_i + 4'(lane_q));
  wire last_lane = 4'(lane_q) == lanes_i - 4'd1;
  wire last_vb = {1'b0, vb_q} == nbh_i - 5'd1;
  wire [5:0] a_len = count_i < 6'd8 ? 6'd8 : count_i;   // every partial sum gets at least one (possibly zero) term
  wire take = st_q == StIdle && todo_i && v_ready_i;
  wire [Lanes-1:0] lane_hot = Lanes'(1) << lane_q;

  assign ib_o = ib_q;
  assign lane_o = lane_q;

  // ---- shared units ----
  logic        sub_v, exp_v, mul_v, i8_v;
  logic [31:0] sub_a, sub_y, exp_a, exp_y, mul_a, mul_b, mul_y;
  logic [2:0]  exp_fn;
  logic        exp_v_q;
  logic [31:0] exp_a_q;
  logic [2:0]  exp_fn_q;
  logic [7:0]  i8_y;
  mr_fadd u_sub (.clk_i, .rst_ni, .valid_i(sub_v), .a_i(sub_a), .b_i({~m_new_q[31], m_new_q[30:0]}), .valid_o(), .y_o(sub_y));
  mr_sfu #(.FuncMask(5'b00011)) u_sfu (.clk_i, .rst_ni, .valid_i(exp_v_q), .func_i(exp_fn_q), .a_i(exp_a_q), .valid_o(), .y_o(exp_y));
  mr_fmul u_mul (.clk_i, .rst_ni, .valid_i(mul_v), .a_i(mul_a), .b_i(mul_b), .valid_o(), .y_o(mul_y));
  mr_f2i8 u_i8 (.clk_i, .rst_ni, .valid_i(i8_v), .a_i(mul_y), .valid_o(), .y_o(i8_y));

  // ---- pass A and E: tags beside the pipeline ----
  logic [AtW:1] a_v_q;
  logic [AtW:1] a_corr_q;
  logic [AtE:1] a_dead_q;                 // a position that does not exist, or corr of the first block
  logic [AtW:1] a_last_q;
  logic [AtW2:1] e_v_q;
  logic [AtW2:1] e_last_q;
  logic [31:0]   sub_a_q;
  logic [31:0]   vs_q;
  logic [4:0]    e_idx_q;

  wire a_issue = st_q == StA;
  wire a_corr = idx_q == '0;
  wire a_last = idx_q == a_len;
  wire a_dead = a_corr ? first_i : idx_q > count_i;
  wire e_issue = st_q == StE;
  wire e_last = idx_q == count_i - 6'd1;
  assign sc_re_o = a_issue;
  assign sc_pos_o = idx_q[4:0] - 5'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      a_v_q <= '0;
      e_v_q <= '0;
    end else begin
      a_v_q <= {a_v_q[AtW-1:1], a_issue};
      e_v_q <= {e_v_q[AtW2-1:1], e_issue};
    end
  end
  always_ff @(posedge clk_i) begin
    if (st_q != StIdle) begin
      sub_a_q <= a_corr_q[1] ? m_old_q : score_i;
      e_idx_q <= idx_q[4:0];
      a_corr_q <= {a_corr_q[AtW-1:1], a_corr};
      a_dead_q <= {a_dead_q[AtE-1:1], a_dead};
      a_last_q <= {a_last_q[AtW-1:1], a_last};
      e_last_q <= {e_last_q[AtW2-1:1], e_last};
    end
  end

  wire e_there = a_v_q[AtE] && !a_corr_q[AtE];        // e of a position
  wire corr_there = a_v_q[AtE] && a_corr_q[AtE];
  wire lc_there = a_v_q[AtW] && a_corr_q[AtW];
  wire w_there = (a_v_q[AtW] && !a_corr_q[AtW]) || e_v_q[AtW2];
  wire w_end = (a_v_q[AtW] && a_last_q[AtW]) || (e_v_q[AtW2] && e_last_q[AtW2]);
  wire [31:0] e = a_dead_q[AtE] ? '0 : exp_y;

  assign sub_v = a_v_q[AtSub];
  assign sub_a = sub_a_q;

  // ---- stored e and weights ----
  logic        b_issue;
  logic [4:0]  b_idx_q;
  logic [4:0]  e_pos_q;                   // next e, next weight
  logic [4:0]  w_pos_q;
  logic [31:0] e_rd;
  logic [31:0] w_rd;
  mr_ram_1r1w #(.Width(32), .Depth(32)) u_e (
    .clk_i, .re_i(e_v_q[1]), .raddr_i(e_idx_q), .rdata_o(e_rd), .we_i(e_there), .waddr_i(e_pos_q), .wdata_i(e)
  );
  mr_ram_1r1w #(.Width(32), .Depth(32)) u_w (
    .clk_i, .re_i(b_issue), .raddr_i(b_idx_q), .rdata_o(w_rd), .we_i(w_there), .waddr_i(w_pos_q), .wdata_i(mul_y)
  );

  // V's scale, converted when it came: read two cycles before e (pass A) or one before the stored e (pass E), then registered.
  wire vs_a = a_v_q[AtE-2] && !a_corr_q[AtE-2];
  logic [4:0] vs_idx_q;
  assign vs_re_o = vs_a || e_issue;
  assign vs_pos_o = e_issue ? idx_q[4:0] : vs_idx_q;
  assign vs_nb_o = vb_q;

  // ---- scale, quantisation ----
  logic [AtInv:1] d_v_q;
  logic [AtQ:1]   b_v_q;
  logic           b_busy;
  logic [5:0]     b_left_q;               // issues of pass B that are left
  logic [LaneW-1:0] b_lane_q;             // pass B's lane and block: the next head may have begun
  logic [3:0]     b_vb_q;
  logic           b_ib_q;
  logic           b_final_q;              // the item's last pass
  logic           b_zero_q;
  logic [4:0]     q_pos_q;

  logic d_go_q;                           // the largest weight is known
  wire d_issue = d_go_q;
  wire d_there = d_v_q[AtD];
  wire inv_there = d_v_q[AtInv];
  assign b_issue = b_left_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      d_v_q <= '0;
      b_v_q <= '0;
      d_go_q <= 1'b0;
      b_left_q <= '0;
    end else begin
      d_v_q <= {d_v_q[AtInv-1:1], d_issue};
      b_v_q <= {b_v_q[AtQ-1:1], b_issue};
      d_go_q <= w_end;
      if (inv_there) b_left_q <= count_i;
      else if (b_issue) b_left_q <= b_left_q - 6'd1;
    end
  end
  assign b_busy = b_issue || b_v_q != '0;

  // ---- sum of the e: eight partial sums, then a tree; then l = l corr + sum ----
  localparam logic [4:0] SumA = 5'd4;     // first cycle of each level after the last e (0: the cycle after it)
  localparam logic [4:0] SumB = 5'd11;
  localparam logic [4:0] SumC = 5'd17;
  localparam logic [4:0] SumL = 5'd22;
  logic [31:0] part_q [8];
  logic        tree_q;                    // the tree is running
  logic [4:0]  step_q;
  logic [2:0]  term_q;                    // partial sum of the next e; in the tree the first operand
  logic        tree_v, tree_l;            // what the tree adds in the next cycle
  logic [2:0]  tree_ia, tree_ib;
  logic        tree_v_q, tree_l_q;
  logic [2:0]  tree_ib_q;
  logic        term_new_q;                // ... which has none yet
  logic        sum_v;
  logic [31:0] sum_a, sum_b, sum_y;
  logic [LatAdd:1] sum_v_q;
  logic [3*LatAdd-1:0] sum_dst_q;
  logic [LatAdd:1] sum_l_q;
  logic        sum_l;
  logic [HeadW-1:0] sum_head_q;
  logic [LaneW-1:0] sum_lane_q;
  logic        sum_ib_q;
  logic        sum_last_q;
  logic        recip_q;                   // 1 / l waits for the special function unit
  logic [LatExp:1] rl_v_q;
  wire sum_busy = tree_q || recip_q || rl_v_q != '0;
  wire l_there = sum_v_q[LatAdd] && sum_l_q[LatAdd];

  always_comb begin
    tree_v = 1'b0;
    tree_l = 1'b0;
    tree_ia = step_q[2:0] - 3'(SumA - 5'd1);
    tree_ib = tree_ia + 3'd4;
    case (step_q + 5'd1)
      SumA, SumA + 5'd1, SumA + 5'd2, SumA + 5'd3: tree_v = 1'b1;
      SumB, SumB + 5'd1: begin
        tree_v = 1'b1;
        tree_ia = {2'd0, step_q[0] == SumB[0]};
        tree_ib = tree_ia + 3'd2;
      end
      SumC: begin
        tree_v = 1'b1;
        tree_ia = 3'd0;
        tree_ib = 3'd1;
      end
      SumL: begin
        tree_v = 1'b1;
        tree_l = 1'b1;
        tree_ia = 3'd0;
      end
      default: tree_v = 1'b0;
    endcase
    sum_v = tree_q ? tree_v_q : e_there;
    sum_l = tree_q && tree_l_q;
    sum_a = term_new_q ? '0 : part_q[term_q];
    sum_b = !tree_q ? e : tree_l_q ? lc_q : part_q[tree_ib_q];
  end
  mr_fadd u_sum (.clk_i, .rst_ni, .valid_i(sum_v), .a_i(sum_a), .b_i(sum_b), .valid_o(), .y_o(sum_y));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tree_q <= 1'b0;
      recip_q <= 1'b0;
      sum_v_q <= '0;
      rl_v_q <= '0;
    end else begin
      sum_v_q <= {sum_v_q[LatAdd-1:1], sum_v};
      rl_v_q <= {rl_v_q[LatExp-1:1], recip_q && !a_v_q[AtExp] && !d_there};
      if (e_there && a_last_q[AtE]) tree_q <= 1'b1;
      else if (l_there) tree_q <= 1'b0;
      if (l_there && sum_last_q) recip_q <= 1'b1;
      else if (!a_v_q[AtExp] && !d_there) recip_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!idle_o) begin
      sum_dst_q <= {sum_dst_q[3*LatAdd-4:0], term_q};
      sum_l_q <= {sum_l_q[LatAdd-1:1], sum_l};
      if (sum_v_q[LatAdd]) part_q[sum_dst_q[3*LatAdd-1 -: 3]] <= sum_y;
      if (e_there) begin
        term_q <= term_q + 3'd1;
        if (term_q == 3'd7) term_new_q <= 1'b0;
      end
      if (tree_q) term_q <= tree_ia;
      step_q <= tree_q ? step_q + 5'd1 : '0;
      tree_v_q <= tree_v && tree_q;
      tree_l_q <= tree_l;
      tree_ib_q <= tree_ib;
      if (corr_there) begin
        sum_head_q <= head;
        sum_lane_q <= lane_q;
        sum_ib_q <= ib_q;
        sum_last_q <= last_i;
        term_q <= '0;
        term_new_q <= 1'b1;
      end
      if (l_there) l_q[sum_head_q] <= sum_y;
    end
  end

  // ---- operands of the shared units ----
  always_comb begin
    exp_v = a_v_q[AtExp] || d_there || recip_q;
    exp_fn = a_v_q[AtExp] ? 3'd0 : 3'd1;
    exp_a = a_v_q[AtExp] ? sub_y : d_there ? mul_y : part_q[0];
    mul_v = a_v_q[AtE] || e_v_q[2] || d_issue || b_v_q[1];
    // At most one of them needs the multiplier. vs_q is V's scale, or the old sum for the first e (corr).
    mul_a = e;
    mul_b = vs_q;
    if (d_issue) begin
      mul_a = {1'b0, amax_q};
      mul_b = Inv127;
    end else if (b_v_q[1]) begin
      mul_a = w_rd;
      mul_b = inv_q;
    end else if (e_v_q[2]) begin
      mul_a = e_rd;
    end
    i8_v = b_v_q[AtI8];
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) exp_v_q <= 1'b0;
    else exp_v_q <= exp_v;
  end
  always_ff @(posedge clk_i) begin
    if (exp_v) begin
      exp_fn_q <= exp_fn;
      exp_a_q <= exp_a;
    end
  end

  // ---- results ----
  assign wq_we_o = b_v_q[AtQ] ? Lanes'(1) << b_lane_q : '0;
  assign done_ib_o = b_ib_q;
  assign wq_pos_o = q_pos_q;
  assign wq_nb_o = b_vb_q;
  assign wq_o = b_zero_q ? 8'd0 : i8_y;
  assign dw_we_o = d_there ? lane_hot : '0;
  assign dw_nb_o = vb_q;
  assign dw_o = mul_y;
  assign corr_we_o = corr_there ? lane_hot : '0;
  assign corr_o = e;
  assign rl_we_o = rl_v_q[LatExp] ? Lanes'(1) << sum_lane_q : '0;
  assign rl_ib_o = sum_ib_q;
  assign rl_o = exp_y;

  // ---- sequence ----
  logic [31:0] bmax;
  logic [31:0] m_max;
  always_comb begin
    bmax = bmax_i[31:0];
    for (int i = 1; i < Lanes; i = i + 1) begin
      if (lane_q == LaneW'(i)) bmax = bmax_i[32*i +: 32];
    end
  end
  mr_fmaxkey u_max (.a_i(m_q[head]), .b_i(bmax), .less_o(), .max_o(m_max));

  wire next_block = st_q == StB && !last_vb && b_left_q <= 6'd2;   // pass E multiplies a cycle later than pass B
  wire next_lane = st_q == StB && last_vb && !last_lane && b_left_q <= 6'(Early);
  wire item_over = st_q == StB && last_vb && last_lane && b_left_q <= 6'(Early);
  assign idle_o = st_q == StIdle && !b_busy && !sum_busy;
  assign take_o = take;
  assign done_o = b_v_q[AtQ] && q_pos_q == '0 && b_final_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
    end else begin
      case (st_q)
        StIdle: if (take) st_q <= StLoad;
        StLoad: if (!sum_busy) st_q <= StA;
        StA: if (a_last) st_q <= StW;
        StE: if (e_last) st_q <= StW;
        StW: if (d_go_q) st_q <= StD;
        StD: if (inv_there) st_q <= StB;
        StB: begin
          if (next_block) st_q <= StE;
          else if (next_lane) st_q <= StLoad;
          else if (item_over) st_q <= StIdle;
        end
        default: st_q <= StIdle;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) ib_q <= 1'b0;
    else if (item_over) ib_q <= !ib_q;
    if (take) begin
      lane_q <= '0;
      vb_q <= '0;
    end
    if (!idle_o) begin
      case (st_q)
        StLoad: begin
          idx_q <= '0;
          m_old_q <= m_q[head];
          l_old_q <= first_i ? '0 : l_q[head];
          m_new_q <= first_i ? bmax : m_max;
          amax_q <= '0;
          vs_idx_q <= '0;
          e_pos_q <= '0;
          w_pos_q <= '0;
          if (!sum_busy) m_q[head] <= first_i ? bmax : m_max;
        end
        StA, StE: idx_q <= idx_q + 6'd1;
        StB: begin
          idx_q <= '0;
          if (next_block) begin
            vb_q <= vb_q + 4'd1;
            amax_q <= '0;
            w_pos_q <= '0;
          end
          if (next_lane) begin
            vb_q <= '0;
            lane_q <= lane_q + LaneW'(1);
          end
        end
        default: begin
        end
      endcase
      if (a_v_q[AtE-1] || e_v_q[1]) vs_q <= a_v_q[AtE-1] && a_corr_q[AtE-1] ? l_old_q : vs_i;
      if (vs_a) vs_idx_q <= vs_idx_q + 5'd1;
      if (e_there) e_pos_q <= e_pos_q + 5'd1;
      if (lc_there) lc_q <= mul_y;
      if (w_there) begin
        w_pos_q <= w_pos_q + 5'd1;
        if (mul_y[30:0] > amax_q) amax_q <= mul_y[30:0];
      end
      if (d_there) d_q <= mul_y;
      if (inv_there) begin
        inv_q <= exp_y;
        b_idx_q <= '0;
        q_pos_q <= '0;
        b_lane_q <= lane_q;
        b_ib_q <= ib_q;
        b_final_q <= last_vb && last_lane;
        b_vb_q <= vb_q;
        b_zero_q <= d_q[30:0] == '0;
      end
      if (b_issue) b_idx_q <= b_idx_q + 5'd1;
      if (b_v_q[AtQ]) q_pos_q <= q_pos_q + 5'd1;
    end
  end
  wire unused_ok = &{1'b0, d_q[31]};
endmodule
`default_nettype wire
