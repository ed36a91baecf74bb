// SPDX-License-Identifier: Apache-2.0
// Sequencer of a tile: takes jobs, fetches descriptors, issues them to the units, keeps status and cycle counters.
//
// VdW VDepth   VMEM element address bits and elements.   XDepth  XMEM blocks.   PDepth  descriptors.
// Descriptor semantics: docs/tile_isa.md. A descriptor costs 7 cycles from the issue (or skip) of the one before it when its
// unit is free: 5 to fetch (4 reads of 64 bits), 1 to check, 1 to issue; this overlaps with the units' work. A unit that
// it waits for is idle for one cycle before the issue.
// Checked here: opcode, VMEM spans (range and evenness), XMEM spans of QUANT and GEMV, first XMEM block of the others. WMEM
// spans are checked by the firmware that places the weights. A program that passes the end of PMEM gets status 1
// and goes on at descriptor 0, where the error makes it skip to the next END.
// Watchdog: a job that issues nothing and moves nothing at the KV port for watchdog_i clocks (those in which SEND is busy do not count; 0: for ever)
// gets status 8 and goes on to its SENDs and END; abort_o resets the other units for one clock. A job that has an error already and does not
// come to its END ends there. Then, and by fail_i, the tile is given up until reset or clear_i: every job gets status 8.
// Unit side: start pulses with the decoded fields stable; busy inputs; err inputs sampled in the last busy cycle.
`default_nettype none
module mr_tile_seq #(
  parameter int VdW = 13,
  parameter int VDepth = 8192,
  parameter int XDepth = 64,
  parameter int PDepth = 256,
  localparam int PdW = $clog2(PDepth)
) (
  input  wire             clk_i,
  input  wire             rst_ni,
  input  wire             enable_i,
  input  wire             clear_i,       // stops the present job
  input  wire             fail_i,        // gives the tile up
  input  wire  [23:0]     watchdog_i,
  // jobs
  input  wire             job_valid_i,
  output logic            job_take_o,
  output logic            job_free_o,
  input  wire  [VdW-1:0]  job_buf_i,
  input  wire  [7:0]      job_slot_i,
  input  wire  [17:0]     job_pos_i,
  input  wire  [17:0]     job_token_i,
  input  wire  [3:0]      job_flags_i,
  input  wire  [3:0]      job_status_i,
  input  wire  [15:0]     job_pc_i,
  // PMEM, 64-bit words
  output logic            pm_en_o,
  output logic [PdW+1:0]  pm_addr_o,
  input  wire  [63:0]     pm_data_i,
  // decoded descriptor and job, stable while a start is high
  output logic            vec_start_o,
  output logic            dpu_start_o,
  output logic            kv_start_o,
  output logic            net_start_o,
  output logic [7:0]      op_o,
  output logic            q4_o,
  output logic            acc_o,
  output logic [31:0]     w1_o,          // VMEM operands are absolute here
  output logic [31:0]     w2_o,
  output logic [31:0]     w3_o,
  output logic [31:0]     w4_o,
  output logic [31:0]     w5_o,
  output logic [31:0]     w6_o,
  output logic [31:0]     w7_o,
  output logic [7:0]      slot_o,
  output logic [17:0]     pos_o,
  output logic [17:0]     token_o,
  output logic [3:0]      flags_o,
  output logic [3:0]      status_o,
  input  wire             vec_busy_i,
  input  wire  [3:0]      vec_err_i,
  input  wire             dpu_busy_i,
  input  wire  [3:0]      dpu_err_i,
  input  wire             kv_busy_i,
  input  wire  [3:0]      kv_err_i,
  input  wire             net_busy_i,
  input  wire             kv_moves_i,    // a command or a beat passes the KV port
  output logic            abort_o,
  // state for registers and counters
  output logic            busy_o,        // a job runs
  output logic [15:0]     pc_o,
  output logic [2:0]      tag_o,         // tag of the descriptor issued last
  output logic            dead_o,        // given up
  output logic [7:0]      dead_slot_o,   // slot that ran then
  output logic            issue_o,       // a descriptor was issued in this cycle
  output logic            job_done_o,
  output logic            err_set_o,     // a job got an error, code in err_code_o
  output logic [3:0]      err_code_o
);
  localparam logic [7:0] OpEnd = 8'd0;
  localparam logic [7:0] OpNorm = 8'd1;
  localparam logic [7:0] OpQuant = 8'd2;
  localparam logic [7:0] OpGemv = 8'd3;
  localparam logic [7:0] OpRope = 8'd4;
  localparam logic [7:0] OpAdd = 8'd5;
  localparam logic [7:0] OpSiluMul = 8'd6;
  localparam logic [7:0] OpEmbed = 8'd7;
  localparam logic [7:0] OpTopK = 8'd8;
  localparam logic [7:0] OpKvAppend = 8'd9;
  localparam logic [7:0] OpAttend = 8'd10;
  localparam logic [7:0] OpSend = 8'd11;

  localparam logic [3:0] StatusOpcode = 4'd1;
  localparam logic [3:0] StatusRange = 4'd2;
  localparam logic [3:0] StatusWatchdog = 4'd8;

  localparam logic [1:0] StIdle = 2'd0;
  localparam logic [1:0] StFetch = 2'd1;
  localparam logic [1:0] StCheck = 2'd2;
  localparam logic [1:0] StIssue = 2'd3;

  logic [1:0]     st_q;
  logic [2:0]     cnt_q;
  logic [15:0]    pc_q;
  logic [255:0]   d_q;
  logic [VdW-1:0] buf_q;
  logic [7:0]     slot_q;
  logic [17:0]    pos_q;
  logic [17:0]    token_q;
  logic [3:0]     flags_q;
  logic [3:0]     status_q;
  logic [2:0]     tag_q;
  // Decoded while the descriptor comes in, a cycle behind its words (docs/tile_isa.md section 2): stable from the check on.
  logic [24:0]    a1_q;           // operands 1 to 3 as VMEM addresses
  logic [24:0]    a2_q;
  logic [24:0]    a3_q;
  logic           v1_q;           // ... which they are
  logic           v2_q;
  logic           v3_q;
  logic [25:0]    end1_q;         // ends of their spans, and of the span in XMEM
  logic [25:0]    end2_q;
  logic [25:0]    end3_q;
  logic [25:0]    xend_q;
  logic           x1_q;           // operand 1, 2, 3 is an XMEM block
  logic           x2_q;
  logic           x3_q;
  logic           blocks_q;       // n has to be whole blocks
  logic           unpred_q;       // the predicate forbids it
  logic           n_zero_q;       // n, w5 and what is wrong with them
  logic           w5_zero_q;
  logic           topk_bad_q;
  logic           attend_bad_q;
  logic           always_q;       // SEND, END: even after an error
  logic [3:0]     need_q;         // units that must be idle
  logic           need_embed_q;   // no EMBED may run
  logic           to_vec_q;
  logic           to_dpu_q;
  logic           to_kv_q;
  logic           to_net_q;
  logic           past_end_q;     // pc beyond PMEM
  logic           bad_op_q;
  logic           bad_q;          // that, or an operand out of range
  logic           ok_q;           // neither that nor forbidden by the predicate
  logic           failed_q;       // status_q is not 0
  logic           embed_q;        // VEC's present or last descriptor is EMBED
  logic           vec_busy_q;
  logic           dpu_busy_q;
  logic           kv_busy_q;
  logic           net_busy_q;
  logic [3:0]     vec_err_q;
  logic [3:0]     dpu_err_q;
  logic [3:0]     kv_err_q;
  logic           vec_bad_q;      // these are not 0
  logic           dpu_bad_q;
  logic           kv_bad_q;

  // ---- decode ----
  wire [31:0] w0 = d_q[31:0];
  wire [7:0]  op = w0[7:0];
  wire [3:0]  wait_mask = w0[11:8];
  wire [3:0]  pred_mask = w0[15:12];
  wire [3:0]  pred_value = w0[19:16];

  wire unused_ok = &{1'b0, w0[31:25]};  // reserved

  function automatic [24:0] resolve(input rel, input [23:0] w, input [VdW-1:0] base);
    resolve = {1'b0, w} + (rel ? 25'(base) : 25'd0);
  endfunction

  wire is_vec2 = op == OpAdd || op == OpSiluMul;
  wire [19:0] n = d_q[128+19:128];
  wire [15:0] w5 = d_q[160+15:160];
  wire [20:0] len1 = op == OpEmbed ? {w5, 5'd0} : op == OpTopK ? {4'd0, w5, 1'b0} : op == OpAttend ? 21'd32 : {1'b0, n};
  wire [20:0] len3 = op == OpRope ? {6'd0, w5[15:1]} : {1'b0, n};
  wire [20:0] xlen = op == OpQuant ? {6'd0, n[19:5]} : op == OpGemv ? {5'd0, w5} : 21'd1;
  wire [23:0] x_first = x1_q ? d_q[32+23:32] : d_q[64+23:64];
  logic [3:0] own;                // the units of the operation
  always_comb begin
    case (op)
      OpEnd:      own = 4'b1111;
      OpGemv:     own = 4'b0010;
      OpEmbed:    own = 4'b0011;
      OpKvAppend: own = 4'b0110;
      OpAttend:   own = 4'b0110;
      OpSend:     own = 4'b1000;
      default:    own = 4'b0001;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (st_q == StFetch) begin
      a1_q <= resolve(d_q[63], d_q[55:32], buf_q);
      a2_q <= resolve(d_q[95], d_q[87:64], buf_q);
      a3_q <= resolve(d_q[127], d_q[119:96], buf_q);
      v1_q <= op == OpNorm || op == OpGemv || op == OpRope || is_vec2 || op == OpEmbed || op == OpTopK || op == OpAttend;
      v2_q <= op == OpNorm || op == OpQuant || op == OpRope || is_vec2 || op == OpTopK || op == OpSend;
      v3_q <= op == OpNorm || op == OpRope || is_vec2;
      end1_q <= 26'(a1_q) + 26'(len1);
      end2_q <= 26'(a2_q) + 26'(n);
      end3_q <= 26'(a3_q) + 26'(len3);
      xend_q <= 26'(x_first) + 26'(xlen);
      x1_q <= op == OpQuant;
      x2_q <= op == OpGemv || op == OpKvAppend || op == OpAttend;
      x3_q <= op == OpKvAppend;
      blocks_q <= op == OpNorm || op == OpQuant || op == OpRope || is_vec2 || op == OpGemv;
      n_zero_q <= n == '0;
      w5_zero_q <= w5 == '0;
      topk_bad_q <= n[0] || w5 > 16'd64 || {4'd0, w5} > n;
      attend_bad_q <= n > 20'd16;
      unpred_q <= (flags_q & pred_mask) != pred_value;
      always_q <= op == OpSend || op == OpEnd;
      need_q <= own | wait_mask;
      need_embed_q <= op == OpGemv || op == OpAttend;
      to_vec_q <= op >= OpNorm && op <= OpTopK && op != OpGemv;
      to_dpu_q <= op == OpGemv || op == OpAttend;
      to_kv_q <= op == OpKvAppend;
      to_net_q <= op == OpSend;
    end
  end

  wire bad_v = (v1_q && (a1_q[0] || end1_q > 26'(VDepth))) || (v2_q && (a2_q[0] || end2_q > 26'(VDepth))) ||
               (v3_q && (a3_q[0] || end3_q > 26'(VDepth)));
  wire bad_x = ((x1_q || x2_q) && xend_q > 26'(XDepth)) || (x3_q && d_q[96+23:96] >= 24'(XDepth));
  // Lengths that a unit could not finish or that have no meaning.
  wire bad_len = (blocks_q && (n_zero_q || n[4:0] != '0)) ||
                 ((op == OpGemv || op == OpRope || op == OpEmbed || op == OpTopK) && w5_zero_q) ||
                 (op == OpRope && w5[4:0] != '0) ||
                 (op == OpTopK && (n_zero_q || topk_bad_q)) ||
                 (op == OpAttend && (n_zero_q || attend_bad_q)) ||
                 (op == OpSend && n[0]);

  wire bad = op > OpSend || pc_q >= 16'(PDepth) || bad_v || bad_x || bad_len;

  // ---- issue ----
  wire skip = !past_end_q && (unpred_q || (failed_q && !always_q));
  // By the last cycle's busy signals, because they cross the tile; so a descriptor sees the error of a unit that it waited for.
  wire [3:0] busy_mask = {net_busy_q, kv_busy_q, dpu_busy_q, vec_busy_q};
  wire units_idle = (need_q & busy_mask) == 4'd0 && !(need_embed_q && vec_busy_q && embed_q);
  wire at_issue = st_q == StIssue;
  wire vec_fell = vec_busy_q && !vec_busy_i;
  wire dpu_fell = dpu_busy_q && !dpu_busy_i;
  wire kv_fell = kv_busy_q && !kv_busy_i;
  // A unit has just fallen idle with an error, which stands in status_q in the next cycle.
  wire late_err = (vec_fell && vec_bad_q) || (dpu_fell && dpu_bad_q) || (kv_fell && kv_bad_q);
  wire fault = at_issue && !late_err && !skip && bad_q;
  wire go = at_issue && ok_q && !(failed_q && !always_q) && units_idle;
  wire next = (at_issue && skip) || fault || (go && op != OpEnd);
  wire finish = go && op == OpEnd;

  // ---- watchdog ----
  logic           dead_q;
  logic [7:0]     dead_slot_q;
  logic [23:0]    quiet_q;        // clocks without progress
  logic           late_q;
  wire moves = (go && !failed_q) || kv_moves_i || !busy_o;
  wire abort = busy_o && (late_q || fail_i);
  wire give_up = busy_o && late_q && failed_q;    // no END either
  assign abort_o = abort;
  assign dead_o = dead_q;
  assign dead_slot_o = dead_slot_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      dead_q <= 1'b0;
      quiet_q <= '0;
      late_q <= 1'b0;
    end else begin
      if (abort || fail_i) dead_q <= 1'b1;
      if (moves || abort) quiet_q <= '0;
      else if (!net_busy_q && quiet_q != '1) quiet_q <= quiet_q + 24'd1;
      late_q <= !moves && !abort && watchdog_i != '0 && quiet_q >= watchdog_i;
    end
    if (!rst_ni) dead_slot_q <= '0;
    else if ((abort || fail_i) && !dead_q) dead_slot_q <= slot_q;
  end

  assign issue_o = go;
  assign vec_start_o = go && to_vec_q;
  assign dpu_start_o = go && to_dpu_q;
  assign kv_start_o = go && to_kv_q;
  assign net_start_o = go && to_net_q;
  assign op_o = op;
  assign q4_o = w0[23];
  assign acc_o = w0[24];
  assign w1_o = v1_q ? 32'(a1_q) : d_q[63:32];
  assign w2_o = v2_q ? 32'(a2_q) : d_q[95:64];
  assign w3_o = v3_q ? 32'(a3_q) : d_q[127:96];
  assign w4_o = d_q[159:128];
  assign w5_o = d_q[191:160];
  assign w6_o = d_q[223:192];
  assign w7_o = d_q[255:224];
  assign slot_o = slot_q;
  assign pos_o = pos_q;
  assign token_o = token_q;
  assign flags_o = flags_q;
  assign status_o = status_q;
  assign busy_o = st_q != StIdle;
  assign pc_o = pc_q;
  assign tag_o = tag_q;
  assign job_take_o = st_q == StIdle && job_valid_i && enable_i;
  assign job_free_o = finish || give_up || (clear_i && busy_o);
  assign job_done_o = finish;
  assign pm_en_o = st_q == StFetch && cnt_q < 3'd4;
  assign pm_addr_o = {pc_q[PdW-1:0], cnt_q[1:0]};

  // First error of the job: from the check, or from a unit in its last busy cycle.
  always_comb begin
    err_code_o = 4'd0;
    if (abort) err_code_o = StatusWatchdog;
    else if (fault) err_code_o = bad_op_q ? StatusOpcode : StatusRange;
    else if (vec_fell && vec_bad_q) err_code_o = vec_err_q;
    else if (dpu_fell && dpu_bad_q) err_code_o = dpu_err_q;
    else if (kv_fell && kv_bad_q) err_code_o = kv_err_q;
  end
  assign err_set_o = (fault || late_err || abort) && !failed_q && busy_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      st_q <= StIdle;
      cnt_q <= '0;
      vec_busy_q <= 1'b0;
      dpu_busy_q <= 1'b0;
      kv_busy_q <= 1'b0;
      net_busy_q <= 1'b0;
    end else begin
      vec_busy_q <= vec_busy_i;
      dpu_busy_q <= dpu_busy_i;
      kv_busy_q <= kv_busy_i;
      net_busy_q <= net_busy_i;
      case (st_q)
        StIdle: if (job_take_o) st_q <= StFetch;
        StFetch: begin
          cnt_q <= cnt_q + 3'd1;
          if (cnt_q == 3'd4) begin
            cnt_q <= '0;
            st_q <= StCheck;
          end
        end
        StCheck: st_q <= StIssue;
        StIssue: begin
          if (next) st_q <= StFetch;
          if (finish) st_q <= StIdle;
        end
        default: st_q <= StIdle;
      endcase
      if (give_up) begin
        st_q <= StIdle;
        cnt_q <= '0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (job_take_o) begin
      pc_q <= job_pc_i;
      buf_q <= job_buf_i;
      slot_q <= job_slot_i;
      pos_q <= job_pos_i;
      token_q <= job_token_i;
      flags_q <= job_flags_i;
      status_q <= job_status_i == 4'd0 && (dead_q || fail_i) ? StatusWatchdog : job_status_i;
      failed_q <= job_status_i != 4'd0 || dead_q || fail_i;
      tag_q <= 3'd0;
      embed_q <= 1'b0;
    end else if (busy_o) begin
      if (next) pc_q <= past_end_q ? '0 : pc_q + 16'd1;
      if (err_set_o) begin
        status_q <= err_code_o;
        failed_q <= 1'b1;
      end
      if (go) tag_q <= w0[22:20];
      if (vec_start_o) embed_q <= op == OpEmbed;
      vec_err_q <= vec_err_i;
      dpu_err_q <= dpu_err_i;
      kv_err_q <= kv_err_i;
      vec_bad_q <= vec_err_i != 4'd0;
      dpu_bad_q <= dpu_err_i != 4'd0;
      kv_bad_q <= kv_err_i != 4'd0;
    end
    case ({st_q == StFetch, cnt_q})
      {1'b1, 3'd1}: d_q[63:0] <= pm_data_i;
      {1'b1, 3'd2}: d_q[127:64] <= pm_data_i;
      {1'b1, 3'd3}: d_q[191:128] <= pm_data_i;
      {1'b1, 3'd4}: d_q[255:192] <= pm_data_i;
      default: begin
      end
    endcase
    if (st_q == StCheck) begin
      past_end_q <= pc_q >= 16'(PDepth);
      bad_op_q <= op > OpSend || pc_q >= 16'(PDepth);
      bad_q <= bad;
      ok_q <= !bad && !unpred_q;
    end
  end
endmodule
`default_nettype wire
