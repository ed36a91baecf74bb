// SPDX-License-Identifier: Apache-2.0
// ATTEND control of the dot-product unit: KV stream, scores, softmax, weighted sum of V, results.
//
// Lanes 1, 2, 4, 8.   MaxG  most query heads of a KV head, 1..16.   MaxNbh  most blocks of a head, a power of two.
// XDepth blocks of XMEM.   VaW bits of a VMEM pair address.   VPairs pairs of VMEM.
// An item is 32 positions of a KV head for Lanes of its query heads. It goes through three steps, each overlapping with
// another item's: scores (QK, block products, then x scale), softmax (mr_softmax), weighted sum (PV, outer products, then
// their conversion onto the running results). The lanes take turns: QK of an item, then PV of the one before, so the softmax of an
// item runs beside both. After the last block of a KV head its results are divided by the sum and leave in pairs.
// start_i with the fields; err_o is valid while busy_o: 0, 2 operand out of range, or the KV port's status (answers that
// were due are taken first). Lane strobes: mr_lane. Scores come back by dot_v_i (12 cycles after the last product of a position)
// and lane_m_i. Results: claim_o reserves a place while full_i is low, pair_v_o brings the pair.
// Cycles: docs/tile_isa.md section 5. Test: tests/rtl/dpu.
`default_nettype none
`include "mr_assert.vh"
module mr_attend #(
  parameter int Lanes = 2,
  parameter int MaxG = 16,
  parameter int MaxNbh = 4,
  parameter int XDepth = 64,
  parameter int VaW = 10,
  parameter int VPairs = 1024,
  localparam int XaW = $clog2(XDepth),
  localparam int NbLog2 = $clog2(MaxNbh),
  localparam int Passes = (MaxG + Lanes - 1) / Lanes,
  localparam int RunW = $clog2(Passes * MaxNbh * 32)
) (
  input  wire                   clk_i,
  input  wire                   rst_ni,
  input  wire                   start_i,
  input  wire  [VaW-1:0]        dst_i,
  input  wire  [XaW-1:0]        q_i,
  input  wire  [7:0]            layer_i,
  input  wire  [7:0]            n_kv_i,
  input  wire  [7:0]            kv_first_i,
  input  wire  [7:0]            nbh_i,
  input  wire  [7:0]            g_i,
  input  wire  [31:0]           scale_i,
  input  wire  [7:0]            slot_i,
  input  wire  [17:0]           pos_i,
  output logic                  busy_o,
  output logic [3:0]            err_o,
  output logic                  xm_en_o,
  output logic [XaW-1:0]        xm_addr_o,
  input  wire  [271:0]          xm_data_i,
  // KV port
  output logic                  kc_valid_o,
  input  wire                   kc_ready_i,
  output logic [7:0]            kc_slot_o,
  output logic [7:0]            kc_layer_o,
  output logic [7:0]            kc_head_o,
  output logic                  kc_kind_o,
  output logic [17:0]           kc_pos_o,
  output logic [5:0]            kc_count_o,
  input  wire                   kr_valid_i,
  output logic                  kr_ready_o,
  input  wire  [271:0]          kr_block_i,
  input  wire                   kr_last_i,
  input  wire  [3:0]            kr_status_i,
  output logic                  kv_wait_o,
  // lanes
  output logic                  ld_w_o,
  output logic                  ld_x_o,
  output logic                  ld_wq_o,
  output logic                  dot_o,
  output logic                  first_o,
  output logic                  last_o,
  output logic [1:0]            slot_o,
  output logic [271:0]          kv_o,
  output logic [Lanes*272-1:0]  q_o,
  output logic [Lanes*8-1:0]    wq_o,
  output logic                  outer_o,
  output logic                  copy_o,
  output logic                  conv_o,
  output logic [4:0]            conv_idx_o,
  output logic                  mul_v_o,
  output logic [1:0]            mul_op_o,
  output logic [Lanes*32-1:0]   coef_o,
  output logic [Lanes*32-1:0]   score_o,
  output logic                  run_re_o,
  output logic [RunW-1:0]       run_raddr_o,
  output logic                  run_we_o,
  output logic [RunW-1:0]       run_waddr_o,
  output logic                  hold_o,
  output logic                  add_o,
  output logic                  add_zero_o,
  input  wire                   dot_v_i,
  input  wire                   dot_last_i,
  input  wire  [Lanes*32-1:0]   lane_y_i,
  input  wire  [Lanes*32-1:0]   lane_m_i,
  // results
  output logic                  claim_o,
  input  wire                   full_i,
  output logic                  pair_v_o,
  output logic [63:0]           pair_o
);
  localparam int LaneW = Lanes > 1 ? $clog2(Lanes) : 1;
  localparam int QDepth = Passes * MaxNbh > 1 ? Passes * MaxNbh : 2;
  localparam int QaW = $clog2(QDepth);
  localparam int WqW = 6 + NbLog2;
  localparam logic [3:0] StatusRange = 4'd2;
  localparam logic [1:0] MulConv = 2'd1;
  localparam logic [1:0] MulRun = 2'd2;
  localparam logic [1:0] MulScore = 2'd3;

  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StLoadQ = 3'd1;  // q blocks of a KV head: XMEM to the lanes' q buffers
  localparam logic [2:0] StPick = 3'd2;   // choose the next step
  localparam logic [2:0] StQk = 3'd3;
  localparam logic [2:0] StPv = 3'd4;
  localparam logic [2:0] StCopy = 3'd5;   // sums on their way to the drain registers
  localparam logic [2:0] StFinal = 3'd6;  // results of the item leave
  localparam logic [2:0] StEnd = 3'd7;    // everything in flight ends

  localparam logic [1:0] BackIdle = 2'd0;
  localparam logic [1:0] BackScale = 2'd1;
  localparam logic [1:0] BackDrain = 2'd2;
  localparam logic [1:0] BackFinal = 2'd3;

  // ---- command ----
  logic [2:0]      st_q;
  logic [3:0]      err_q;
  logic            bad_q;               // refused at once
  logic [31:0]     scale_q;
  logic [4:0]      nbh_q;
  logic [4:0]      g_q;
  logic [17:0]     pos_q;
  logic [3:0]      last_pass_q;

  wire bad = g_i == '0 || g_i > 8'(MaxG) || nbh_i == '0 || nbh_i > 8'(MaxNbh) || n_kv_i == '0;
  wire go = start_i && !bad;
  logic [3:0] fetch_err;
  logic failed;                         // the last cycle's error: it crosses the unit
  always_ff @(posedge clk_i) failed <= !start_i && (fetch_err != '0 || err_q != '0);
  assign busy_o = st_q != StIdle || bad_q;
  assign err_o = err_q != '0 ? err_q : fetch_err;

  // ---- items: fields of the two in work, by buffer ----
  logic            more_q;              // an item is left for QK
  logic            need_q_q;            // the q of its KV head are not loaded yet
  logic [7:0]      kv_left_q;           // KV heads left, with the present one
  logic [12:0]     blk_q;
  logic [3:0]      pass_q;
  logic            kv_buf_q;
  logic [1:0]      ahead_q;             // items between the start of QK and the end of PV
  logic            qk_ib_q;
  logic            pv_ib_q;
  logic            it_first_q [2];
  logic            it_last_q [2];       // last block of the KV head
  logic            it_free_q [2];       // last pass: V's buffer is free after it
  logic            it_buf_q [2];
  logic [5:0]      it_count_q [2];
  logic [3:0]      it_pass_q [2];
  logic [3:0]      it_lanes_q [2];

  wire       blk_last = blk_q == pos_q[17:5];
  wire [5:0] count = blk_last ? {1'b0, pos_q[4:0]} + 6'd1 : 6'd32;
  wire [4:0] heads_done = 5'(5'(pass_q) << $clog2(Lanes));
  wire [4:0] heads_left = g_q - heads_done;
  wire [3:0] lanes = heads_left > 5'(Lanes) ? 4'(Lanes) : heads_left[3:0];

  // ---- KV buffers ----
  logic [1:0]   k_full, v_full, k_free, v_free;
  logic         fetch_idle;
  logic         kv_re, kv_kind, kv_buf;
  logic [4:0]   kv_pos;
  logic [3:0]   kv_nb;
  logic         vs_re;
  logic [4:0]   vs_pos;
  logic [3:0]   vs_nb;
  logic [31:0]  vs;
  logic         sm_ib;

  mr_kvfetch #(.MaxNbh(MaxNbh)) u_fetch (
    .clk_i, .rst_ni, .start_i(go), .stop_i(err_q != '0), .slot_i, .layer_i, .kv_first_i, .n_kv_i, .nbh_i(nbh_i[4:0]), .pos_i,
    .idle_o(fetch_idle), .err_o(fetch_err),
    .kc_valid_o, .kc_ready_i, .kc_slot_o, .kc_layer_o, .kc_head_o, .kc_kind_o, .kc_pos_o, .kc_count_o,
    .kr_valid_i, .kr_ready_o, .kr_block_i, .kr_last_i, .kr_status_i,
    .k_full_o(k_full), .v_full_o(v_full), .k_free_i(k_free), .v_free_i(v_free),
    .kv_re_i(kv_re), .kv_buf_i(kv_buf), .kv_kind_i(kv_kind), .kv_pos_i(kv_pos), .kv_nb_i(kv_nb), .kv_data_o(kv_o),
    .sc_re_i(vs_re), .sc_buf_i(it_buf_q[sm_ib]), .sc_pos_i(vs_pos), .sc_nb_i(vs_nb), .sc_data_o(vs)
  );

  // ---- front: issue of products ----
  logic [1:0]  i_q;                     // QK: position in its group of 4
  logic [2:0]  grp_q;
  logic [3:0]  nb_q;                    // QK: block; PV: V block
  logic [4:0]  p_q;                     // PV: position
  logic [1:0]  wait_q;                  // StCopy: cycles since the last issue, up to 2
  logic        back_free;               // QK may start: the multipliers are free when its products reach them
  logic        back_idle;
  logic        scale_due_q;             // QK was issued, its scaling has not begun
  logic        final_done;
  logic [1:0]  sm_todo_q;               // items with scores that wait for the softmax
  logic [1:0]  pv_todo_q;               // items with weights
  logic        sm_idle, sm_take, sm_done;

  wire [5:0] qk_count = it_count_q[qk_ib_q];    // of the item in QK (qk_ib_q names it while it runs)
  wire [2:0] last_grp = 3'((qk_count - 6'd1) >> 2);
  wire nb_end = {1'b0, nb_q} == nbh_q - 5'd1;
  wire qk_issue = st_q == StQk;
  wire qk_end = qk_issue && i_q == 2'd3 && nb_end && grp_q == last_grp;
  wire pv_issue = st_q == StPv;
  wire pv_end = pv_issue && {1'b0, p_q} == it_count_q[pv_ib_q] - 6'd1;

  wire want_qk = more_q && ahead_q != 2'd2 && !failed;
  wire load_q = st_q == StPick && want_qk && need_q_q;
  wire start_qk = st_q == StPick && want_qk && !need_q_q && k_full[kv_buf_q] && back_free;
  wire start_pv = st_q == StPick && !(want_qk && (need_q_q || k_full[kv_buf_q])) && pv_todo_q != '0;
  wire all_done = !more_q && ahead_q == '0;
  // Nothing in work can move any more: the data that it waits for will not come.
  wire stuck = failed && pv_todo_q == '0 && sm_idle && (sm_todo_q == '0 || !v_full[it_buf_q[sm_ib]]) &&
               !scale_due_q && back_idle && sc_v_q == '0;
  wire copy = st_q == StCopy && wait_q == 2'd2 && back_idle && !scale_due_q;
  wire pv_over = (copy && nb_end && !it_last_q[pv_ib_q]) || (st_q == StFinal && final_done);

  // A cycle after the issue the operands stand at the memories' outputs.
  logic       dot_q, pv_q, first_q, last_q, ldx_q, outer_q;
  logic [1:0] slot_q;
  assign kv_re = qk_issue || pv_issue;
  assign kv_kind = pv_issue;
  assign kv_buf = pv_issue ? it_buf_q[pv_ib_q] : it_buf_q[qk_ib_q];
  assign kv_pos = pv_issue ? p_q : {grp_q, i_q};
  assign kv_nb = nb_q;
  assign ld_w_o = dot_q || pv_q;
  assign ld_x_o = ldx_q;
  assign ld_wq_o = pv_q;
  assign dot_o = dot_q;
  assign first_o = first_q;
  assign last_o = last_q;
  assign slot_o = slot_q;
  assign outer_o = outer_q;
  assign copy_o = copy || start_i;      // the first use needs cleared accumulators

  always_comb begin
    k_free = '0;
    v_free = '0;
    if (qk_end && it_free_q[qk_ib_q]) k_free[it_buf_q[qk_ib_q]] = 1'b1;
    if (copy && nb_end && it_free_q[pv_ib_q]) v_free[it_buf_q[pv_ib_q]] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      bad_q <= 1'b0;
      dot_q <= 1'b0;
      pv_q <= 1'b0;
      ldx_q <= 1'b0;
      outer_q <= 1'b0;
    end else begin
      bad_q <= start_i && bad;
      dot_q <= qk_issue;
      pv_q <= pv_issue;
      ldx_q <= qk_issue && i_q == 2'd0;
      outer_q <= pv_q;
      case (st_q)
        StIdle: if (go) st_q <= StLoadQ;
        StLoadQ: if (q_end || failed) st_q <= StPick;
        StPick: begin
          if (load_q) st_q <= StLoadQ;
          else if (start_qk) st_q <= StQk;
          else if (start_pv) st_q <= StPv;
          else if (all_done || stuck) st_q <= StEnd;
        end
        StQk: if (qk_end) st_q <= StPick;
        StPv: if (pv_end) st_q <= StCopy;
        StCopy: if (copy) st_q <= !nb_end ? StPv : it_last_q[pv_ib_q] ? StFinal : StPick;
        StFinal: if (final_done) st_q <= StPick;
        StEnd: if (fetch_idle && cv_v_q == '0 && fi_v_q == '0) st_q <= StIdle;
        default: st_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      err_q <= bad ? StatusRange : 4'd0;
      scale_q <= scale_i;
      nbh_q <= nbh_i[4:0];
      g_q <= g_i[4:0];
      pos_q <= pos_i;
      last_pass_q <= 4'((g_i - 8'd1) >> $clog2(Lanes));
      more_q <= !bad;
      need_q_q <= 1'b1;
      kv_left_q <= n_kv_i;
      blk_q <= '0;
      pass_q <= '0;
      kv_buf_q <= 1'b0;
      ahead_q <= '0;
      qk_ib_q <= 1'b1;
      pv_ib_q <= 1'b0;
      sm_todo_q <= '0;
      pv_todo_q <= '0;
      scale_due_q <= 1'b0;
    end else if (busy_o) begin
      if (start_qk) begin
        qk_ib_q <= !qk_ib_q;
        it_first_q[!qk_ib_q] <= blk_q == '0;
        it_last_q[!qk_ib_q] <= blk_last;
        it_free_q[!qk_ib_q] <= pass_q == last_pass_q;
        it_buf_q[!qk_ib_q] <= kv_buf_q;
        it_count_q[!qk_ib_q] <= count;
        it_pass_q[!qk_ib_q] <= pass_q;
        it_lanes_q[!qk_ib_q] <= lanes;
        scale_due_q <= 1'b1;
        // the cursor moves to the next item
        pass_q <= pass_q == last_pass_q ? '0 : pass_q + 4'd1;
        if (pass_q == last_pass_q) begin
          kv_buf_q <= !kv_buf_q;
          blk_q <= blk_last ? '0 : blk_q + 13'd1;
          if (blk_last) begin
            need_q_q <= 1'b1;
            kv_left_q <= kv_left_q - 8'd1;
            if (kv_left_q == 8'd1) more_q <= 1'b0;
          end
        end
      end
      if (st_q == StLoadQ && q_end) need_q_q <= 1'b0;
      if (q_over) err_q <= StatusRange;
      if (scale_start) scale_due_q <= 1'b0;
      if (start_qk != pv_over) ahead_q <= start_qk ? ahead_q + 2'd1 : ahead_q - 2'd1;
      if (pv_over) pv_ib_q <= !pv_ib_q;
      if (scale_over != sm_take) sm_todo_q <= scale_over ? sm_todo_q + 2'd1 : sm_todo_q - 2'd1;
      if (sm_done != pv_over) pv_todo_q <= sm_done ? pv_todo_q + 2'd1 : pv_todo_q - 2'd1;

      i_q <= qk_issue ? i_q + 2'd1 : '0;
      case (st_q)
        StQk: if (i_q == 2'd3) begin
          nb_q <= nb_end ? '0 : nb_q + 4'd1;
          if (nb_end) grp_q <= grp_q + 3'd1;
        end
        StPv: p_q <= p_q + 5'd1;
        StCopy: begin
          p_q <= '0;
          if (copy) nb_q <= nb_q + 4'd1;
        end
        StLoadQ, StPick: begin
          nb_q <= '0;
          grp_q <= '0;
          p_q <= '0;
        end
        default: begin
        end
      endcase
      wait_q <= st_q != StCopy ? '0 : wait_q == 2'd2 ? 2'd2 : wait_q + 2'd1;
      first_q <= nb_q == '0;
      last_q <= nb_end;
      slot_q <= i_q;
    end
  end

  // ---- q buffers ----
  logic [XaW:0]        q_addr_q;        // next block in XMEM
  logic [VaW+4:0]      v_end_q;         // VMEM pairs up to the results of the next query head's block
  logic [4:0]          q_head_q;        // query head and block that are read now
  logic [3:0]          q_nb_q;
  logic                q_we_q;          // ... that arrive now
  logic [4:0]          q_head_q2;
  logic [3:0]          q_nb_q2;
  logic                q_left_q;        // reads are left
  wire q_read = st_q == StLoadQ && q_left_q;
  wire q_over = q_read && (q_addr_q >= (XaW+1)'(XDepth) || v_end_q > (VaW+5)'(VPairs));
  wire q_nb_end = {1'b0, q_nb_q} == nbh_q - 5'd1;
  wire q_last = q_nb_end && q_head_q == g_q - 5'd1;
  wire q_end = !q_left_q && st_q == StLoadQ;
  assign xm_en_o = q_read && !q_over;
  assign xm_addr_o = q_addr_q[XaW-1:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) q_we_q <= 1'b0;
    else q_we_q <= xm_en_o;
  end
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      q_addr_q <= {1'b0, q_i};
      v_end_q <= (VaW+5)'(dst_i) + (VaW+5)'(16);
    end else if (q_read) begin
      q_addr_q <= q_addr_q + (XaW+1)'(1);
      v_end_q <= v_end_q + (VaW+5)'(16);
    end
    if (q_read) begin
      q_nb_q <= q_nb_end ? '0 : q_nb_q + 4'd1;
      if (q_nb_end) q_head_q <= q_head_q + 5'd1;
      if (q_last) q_left_q <= 1'b0;
      q_head_q2 <= q_head_q;
      q_nb_q2 <= q_nb_q;
    end else if (go || load_q) begin
      q_left_q <= 1'b1;
      q_head_q <= '0;
      q_nb_q <= '0;
    end
  end
  wire [3:0] q_pass = 4'(q_head_q2 >> $clog2(Lanes));
  wire [QaW-1:0] q_waddr = (QaW'(q_pass) << NbLog2) | QaW'(q_nb_q2);
  wire [QaW-1:0] q_raddr = (QaW'(it_pass_q[qk_ib_q]) << NbLog2) | QaW'(nb_q);

  // ---- back: scaling of the scores, conversion of the sums, results ----
  logic [1:0]       back_q;
  logic [6:0]       k_q;                // cycle within the step
  logic             bk_ib_q;            // item, V block and lane of the step
  logic             bk_first_q;         // the item's fields may change before the drain ends: QK of the next but one starts
  logic [3:0]       bk_pass_q;
  logic             bk_add_zero_q;      // ... and QK or another drain before its last addition
  logic [3:0]       bk_nb_q;
  logic [LaneW-1:0] bk_lane_q;
  logic [4:0]       raw_pos_q;          // next position whose raw score arrives
  logic [4:1]       sc_v_q;
  logic             sc_last_q, sc_last_q2, sc_last_q3, sc_last_q4;
  logic [4:0]       sc_pos_q;
  logic [10:1]      cv_v_q;
  logic [4:0]       cv_idx_q;
  logic [4:0]       wr_idx_q;
  logic [RunW-1:0]  wr_base_q;
  logic [4:1]       fi_v_q;
  logic [4:1]       fi_odd_q;
  logic [LaneW-1:0] fi_lane_q, fi_lane_q2, fi_lane_q3, fi_lane_q4;
  logic [31:0]      fi_even_q;
  logic             mul_v_q;            // decided a cycle ahead, with the coefficients
  logic [1:0]       mul_op_q;

  wire raw_v = dot_v_i && dot_last_i;
  wire scale_start = raw_v && raw_pos_q == {last_grp, 2'd0};
  wire sc_issue = back_q == BackScale;
  wire sc_last = k_q[5:0] == qk_count - 6'd1;
  wire scale_over = sc_v_q[4] && sc_last_q4;
  // A first block has no running result to scale and add to: an element a cycle instead of every other one.
  wire cv_issue = back_q == BackDrain && (bk_first_q ? !k_q[5] : !k_q[0] && !k_q[6]);
  wire [4:0] cv_idx = bk_first_q ? k_q[4:0] : k_q[5:1];
  wire cv_end = k_q == (bk_first_q ? 7'd33 : 7'd64);
  wire cv_ending = k_q >= (bk_first_q ? 7'd28 : 7'd59);
  wire [RunW-1:0] run_base = (RunW'(bk_pass_q) << (NbLog2 + 5)) | (RunW'(bk_nb_q) << 5);
  wire fi_odd = k_q[0];
  wire fi_issue = back_q == BackFinal && (fi_odd || !full_i);
  wire fi_nb_end = k_q[4:0] == 5'd31;
  wire fi_lane_end = fi_nb_end && {1'b0, bk_nb_q} == nbh_q - 5'd1;
  wire fi_end = fi_issue && fi_lane_end && 4'(bk_lane_q) == it_lanes_q[bk_ib_q] - 4'd1;

  assign back_idle = back_q == BackIdle;
  assign back_free = (back_idle || (back_q == BackDrain && cv_ending)) && sc_v_q == '0 && !scale_due_q;
  assign final_done = fi_end;
  assign conv_o = cv_issue;
  assign conv_idx_o = cv_idx;
  assign run_re_o = (cv_v_q[1] && !bk_first_q) || fi_issue;
  assign run_raddr_o = run_base | (fi_issue ? RunW'(k_q[4:0]) : RunW'(cv_idx_q));
  assign run_we_o = cv_v_q[10];
  assign run_waddr_o = wr_base_q | RunW'(wr_idx_q);
  assign hold_o = cv_v_q[5];
  assign add_o = cv_v_q[6];
  assign add_zero_o = bk_add_zero_q;
  assign mul_v_o = mul_v_q;
  assign mul_op_o = mul_op_q;
  assign claim_o = fi_issue && !fi_odd;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      back_q <= BackIdle;
      sc_v_q <= '0;
      cv_v_q <= '0;
      fi_v_q <= '0;
      mul_v_q <= 1'b0;
    end else begin
      sc_v_q <= {sc_v_q[3:1], sc_issue};
      cv_v_q <= {cv_v_q[9:1], cv_issue};
      mul_v_q <= sc_issue || (cv_v_q[1] && !bk_first_q) || cv_v_q[2] || fi_issue;
      fi_v_q <= {fi_v_q[3:1], fi_issue};
      case (back_q)
        BackIdle: begin
          if (scale_start) back_q <= BackScale;
          else if (copy) back_q <= BackDrain;
          else if (st_q == StFinal) back_q <= BackFinal;
        end
        BackScale: if (sc_last) back_q <= BackIdle;
        BackDrain: if (cv_end) back_q <= BackIdle;
        BackFinal: if (fi_end) back_q <= BackIdle;
        default: back_q <= BackIdle;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (st_q != StIdle) begin
      k_q <= back_idle ? '0 : back_q == BackFinal ? (fi_issue ? {2'd0, k_q[4:0] + 5'd1} : k_q) : k_q + 7'd1;
      if (back_idle) begin
        bk_ib_q <= pv_ib_q;
        bk_first_q <= it_first_q[pv_ib_q];
        bk_pass_q <= it_pass_q[pv_ib_q];
        bk_nb_q <= st_q == StFinal ? '0 : nb_q;
        bk_lane_q <= '0;
      end else if (fi_issue && fi_nb_end) begin
        bk_nb_q <= fi_lane_end ? '0 : bk_nb_q + 4'd1;
        if (fi_lane_end) bk_lane_q <= bk_lane_q + LaneW'(1);
      end
      // scores
      if (start_qk) raw_pos_q <= '0;
      else if (raw_v) raw_pos_q <= raw_pos_q + 5'd1;
      sc_last_q <= sc_last;
      sc_last_q2 <= sc_last_q;
      sc_last_q3 <= sc_last_q2;
      sc_last_q4 <= sc_last_q3;
      if (scale_start) sc_pos_q <= '0;
      else if (sc_v_q[4]) sc_pos_q <= sc_pos_q + 5'd1;
      // running results
      mul_op_q <= sc_issue ? MulScore : cv_v_q[2] ? MulConv : MulRun;
      cv_idx_q <= cv_idx;
      if (cv_v_q[2]) bk_add_zero_q <= bk_first_q;
      if (cv_v_q[9] && wr_idx_q == '0) wr_base_q <= run_base;
      if (cv_v_q[10]) wr_idx_q <= wr_idx_q + 5'd1;
      // results
      fi_odd_q <= {fi_odd_q[3:1], fi_odd};
      fi_lane_q <= bk_lane_q;
      fi_lane_q2 <= fi_lane_q;
      fi_lane_q3 <= fi_lane_q2;
      fi_lane_q4 <= fi_lane_q3;
      if (fi_v_q[4] && !fi_odd_q[4]) fi_even_q <= fi_m;
    end else if (start_i) begin
      wr_idx_q <= '0;
    end
  end
  logic [31:0] fi_m;
  always_comb begin
    fi_m = lane_m_i[31:0];
    for (int i = 1; i < Lanes; i = i + 1) begin
      if (fi_lane_q4 == LaneW'(i)) fi_m = lane_m_i[32*i +: 32];
    end
  end
  assign pair_v_o = fi_v_q[4] && fi_odd_q[4];
  assign pair_o = {fi_m, fi_even_q};

  // ---- softmax and the lanes' memories ----
  logic [Lanes*32-1:0] bmax;
  logic                sc_re;
  logic [4:0]          sc_pos;
  logic [LaneW-1:0]    sm_lane;
  logic [Lanes*32-1:0] scaled;
  logic [31:0]         sm_score;
  logic [Lanes-1:0]    wq_we, dw_we, corr_we, rl_we;
  logic [4:0]          wq_pos;
  logic [3:0]          wq_nb, dw_nb;
  logic [7:0]          wq;
  logic                wq_ib, rl_ib;
  logic [31:0]         dw, corr, rl;

  mr_softmax #(.Lanes(Lanes), .MaxG(Passes * Lanes)) u_softmax (
    .clk_i, .rst_ni, .start_i, .idle_o(sm_idle), .todo_i(sm_todo_q != '0), .v_ready_i(v_full[it_buf_q[sm_ib]]), .ib_o(sm_ib),
    .first_i(it_first_q[sm_ib]), .last_i(it_last_q[sm_ib]), .count_i(it_count_q[sm_ib]),
    .head_i(4'(it_pass_q[sm_ib] << $clog2(Lanes))), .lanes_i(it_lanes_q[sm_ib]), .nbh_i(nbh_q), .bmax_i(bmax), .take_o(sm_take),
    .done_o(sm_done), .done_ib_o(wq_ib),
    .sc_re_o(sc_re), .sc_pos_o(sc_pos), .lane_o(sm_lane), .score_i(sm_score),
    .vs_re_o(vs_re), .vs_pos_o(vs_pos), .vs_nb_o(vs_nb), .vs_i(vs),
    .wq_we_o(wq_we), .wq_pos_o(wq_pos), .wq_nb_o(wq_nb), .wq_o(wq), .dw_we_o(dw_we), .dw_nb_o(dw_nb), .dw_o(dw),
    .corr_we_o(corr_we), .corr_o(corr), .rl_we_o(rl_we), .rl_ib_o(rl_ib), .rl_o(rl)
  );
  always_comb begin
    sm_score = scaled[31:0];
    for (int i = 1; i < Lanes; i = i + 1) begin
      if (sm_lane == LaneW'(i)) sm_score = scaled[32*i +: 32];
    end
  end

  wire [WqW-1:0] wq_waddr = (WqW'({wq_ib, wq_pos}) << NbLog2) | WqW'(wq_nb);
  wire [WqW-1:0] wq_raddr = (WqW'({pv_ib_q, p_q}) << NbLog2) | WqW'(nb_q);
  genvar l;
  generate
    for (l = 0; l < Lanes; l = l + 1) begin : gen_lane
      logic [31:0] bmax_q [2];
      logic [31:0] corr_q [2];
      logic [31:0] rl_q [2];
      logic [31:0] dw_q [2 * MaxNbh];
      logic [31:0] larger;
      wire [31:0]  m = lane_m_i[32*l +: 32];

      mr_ram_1r1w #(.Width(272), .Depth(QDepth)) u_q (
        .clk_i, .re_i(qk_issue), .raddr_i(q_raddr), .rdata_o(q_o[272*l +: 272]),
        .we_i(q_we_q && (Lanes == 1 || q_head_q2[LaneW-1:0] == LaneW'(l))), .waddr_i(q_waddr), .wdata_i(xm_data_i)
      );
      mr_ram_1r1w #(.Width(32), .Depth(32)) u_raw (
        .clk_i, .re_i(sc_issue), .raddr_i(k_q[4:0]), .rdata_o(score_o[32*l +: 32]),
        .we_i(raw_v), .waddr_i(raw_pos_q), .wdata_i(lane_y_i[32*l +: 32])
      );
      // Read while the item's scores are whole, written before: never the same word.
      mr_sram_1r1w #(.Width(32), .Depth(64)) u_scaled (
        .clk_i, .re_i(sc_re), .raddr_i({sm_ib, sc_pos}), .rdata_o(scaled[32*l +: 32]),
        .we_i(sc_v_q[4]), .waddr_i({qk_ib_q, sc_pos_q}), .wdata_i(m)
      );
      mr_ram_1r1w #(.Width(8), .Depth(1 << WqW)) u_wq (
        .clk_i, .re_i(pv_issue), .raddr_i(wq_raddr), .rdata_o(wq_o[8*l +: 8]),
        .we_i(wq_we[l]), .waddr_i(wq_waddr), .wdata_i(wq)
      );
      mr_fmaxkey u_max (.a_i(bmax_q[qk_ib_q]), .b_i(m), .less_o(), .max_o(larger));
      assign bmax[32*l +: 32] = bmax_q[sm_ib];
      always_ff @(posedge clk_i) begin
        if (sc_v_q[4]) bmax_q[qk_ib_q] <= sc_pos_q == '0 ? m : larger;
        if (corr_we[l]) corr_q[sm_ib] <= corr;
        if (rl_we[l]) rl_q[rl_ib] <= rl;
        if (dw_we[l]) dw_q[((NbLog2+1)'(sm_ib) << NbLog2) | (NbLog2+1)'(dw_nb)] <= dw;
      end
      always_ff @(posedge clk_i) begin
        if (fi_issue) coef_o[32*l +: 32] <= rl_q[bk_ib_q];
        else if (cv_v_q[2]) coef_o[32*l +: 32] <= dw_q[((NbLog2+1)'(bk_ib_q) << NbLog2) | (NbLog2+1)'(bk_nb_q)];
        else if (cv_v_q[1]) coef_o[32*l +: 32] <= corr_q[bk_ib_q];
        else if (sc_issue) coef_o[32*l +: 32] <= scale_q;
      end
    end
  endgenerate

  assign kv_wait_o = st_q == StPick && back_idle && !scale_due_q && sm_idle && pv_todo_q == '0 &&
                     ((want_qk && !need_q_q && !k_full[kv_buf_q]) || (sm_todo_q != '0 && !v_full[it_buf_q[sm_ib]]));
  wire unused_ok = &{1'b0, dw_nb, wq_nb, q_nb_q2, q_pass};
  `MR_ASSERT(NoClash, !(sc_issue && (cv_v_q[1] || cv_v_q[2])))
  `MR_ASSERT(ScoreReadOrWrite, !(sc_re && sc_v_q[4] && {sm_ib, sc_pos} == {qk_ib_q, sc_pos_q}))
  `MR_ASSERT(ScaleFinds, !scale_start || back_idle)
endmodule
`default_nettype wire
