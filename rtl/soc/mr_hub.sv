// SPDX-License-Identifier: Apache-2.0
// Hub: node 0 of the group network, firmware's side. Injects jobs, keeps results, and closes the token loop (mr_loop).
//
// ResBufs  result buffers, a power of two >= 2.   ResSize  elements of a buffer, even.
// LoopSlots  slots that the token loop knows, 0 (no loop) to 256.   LoopDepth  its token queue, a power of two > LoopSlots.
// Injection: inj_push_i with the fields stable makes a message without payload; inj_ready_o is low until the bus took it (a push
// while it is low is ignored). Results: messages to node 0 land in the buffers in order; res_* describe the oldest complete
// one; res_pop_i frees it. Payload past ResSize is dropped and the result gets status 9. A full hub makes senders
// wait; nothing is lost. Messages of the loop take no buffer; its jobs go before firmware's,
// but a job of firmware that waits lets only loop_pass_i of them go first. loop_* ports: see mr_loop.
// trace_o: {pos, slot, valid} twice: a job that the loop, and one that firmware puts in line, for simulation.
// Window read port: element index of a buffer, data one cycle later.
`default_nettype none
module mr_hub #(
  parameter int ResBufs = 4,
  parameter int ResSize = 1024,
  parameter int LoopSlots = 8,
  parameter int LoopDepth = 256,
  localparam int BufW = $clog2(ResBufs),
  localparam int ElemW = $clog2(ResBufs * ResSize)
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  // injection
  input  wire              inj_push_i,
  input  wire  [31:0]      inj_dest_i,
  input  wire  [15:0]      inj_pc_i,
  input  wire  [3:0]       inj_flags_i,
  input  wire  [3:0]       inj_parts_i,
  input  wire  [17:0]      inj_token_i,
  input  wire  [17:0]      inj_pos_i,
  input  wire  [7:0]       inj_slot_i,
  output logic             inj_ready_o,
  // results
  output logic [7:0]       res_count_o,
  output logic [7:0]       res_index_o,
  output logic [7:0]       res_slot_o,
  output logic [3:0]       res_status_o,
  output logic [3:0]       res_flags_o,
  output logic [15:0]      res_pc_o,
  output logic [17:0]      res_pos_o,
  output logic [17:0]      res_token_o,
  output logic [19:0]      res_len_o,
  input  wire              res_pop_i,
  // token loop
  input  wire  [31:0]      loop_dest_i,
  input  wire  [15:0]      loop_pc_i,
  input  wire  [7:0]       loop_pass_i,
  input  wire  [17:0]      loop_left_i,
  input  wire  [75:0]      loop_stop_i,
  input  wire  [7:0]       loop_slot_i,
  input  wire              loop_arm_i,
  input  wire              loop_disarm_i,
  output logic             loop_busy_o,
  output logic             tok_valid_o,
  output logic [17:0]      tok_token_o,
  output logic [7:0]       tok_slot_o,
  output logic [2:0]       tok_why_o,
  output logic [17:0]      tok_pos_o,
  input  wire              tok_pop_i,
  output logic [15:0]      tok_count_o,
  output logic [15:0]      loop_parks_o,
  output logic [15:0]      loop_wait_max_o,
  output logic [63:0]      loop_jobs_o,
  // window
  input  wire              rd_en_i,
  input  wire  [ElemW-1:0] rd_addr_i,
  output logic [31:0]      rd_data_o,
  // bus
  output logic             tx_req_o,
  output logic [127:0]     tx_hdr_o,
  input  wire              tx_grant_i,
  input  wire  [127:0]     rx_hdr_i,
  output logic             rx_accept_o,
  input  wire              rx_commit_i,
  input  wire              rx_empty_i,
  input  wire              rx_valid_i,
  output logic             rx_ready_o,
  input  wire  [63:0]      rx_data_i,
  input  wire              rx_last_i,
  output logic [53:0]      trace_o
);
  // ---- token loop ----
  logic         take;                  // the message offered is the loop's
  logic         take_ready;
  logic         cur_q;                 // the message under way is
  logic         loop_valid;
  logic         loop_any;
  logic [127:0] loop_hdr;
  wire          commit_loop = rx_commit_i && take;
  wire          commit_res = rx_commit_i && !take;
  wire          grant_loop;
  generate
    if (LoopSlots > 0) begin : gen_loop
      mr_loop #(.Slots(LoopSlots), .Depth(LoopDepth)) u_loop (
        .clk_i, .rst_ni, .dest_i(loop_dest_i), .pc_i(loop_pc_i), .left_i(loop_left_i), .stop_i(loop_stop_i),
        .cmd_slot_i(loop_slot_i), .arm_i(loop_arm_i), .disarm_i(loop_disarm_i), .busy_o(loop_busy_o),
        .rx_hdr_i, .rx_empty_i, .take_o(take), .ready_o(take_ready), .commit_i(commit_loop),
        .flit_valid_i(rx_valid_i && cur_q), .flit_i(rx_data_i[31:0]),
        .inj_any_o(loop_any), .inj_valid_o(loop_valid), .inj_hdr_o(loop_hdr), .inj_grant_i(grant_loop),
        .tok_valid_o, .tok_token_o, .tok_slot_o, .tok_why_o, .tok_pos_o, .tok_pop_i, .count_o(tok_count_o),
        .parks_o(loop_parks_o), .wait_max_o(loop_wait_max_o), .jobs_o(loop_jobs_o), .trace_o(trace_o[53:27])
      );
    end else begin : gen_no_loop
      assign take = 1'b0;
      assign take_ready = 1'b0;
      assign loop_valid = 1'b0;
      assign loop_any = 1'b0;
      assign loop_hdr = '0;
      assign loop_busy_o = 1'b0;
      assign tok_valid_o = 1'b0;
      assign tok_token_o = '0;
      assign tok_slot_o = '0;
      assign tok_why_o = '0;
      assign tok_pos_o = '0;
      assign tok_count_o = '0;
      assign loop_parks_o = '0;
      assign loop_wait_max_o = '0;
      assign loop_jobs_o = '0;
      assign trace_o[53:27] = '0;
      wire unused_loop = &{1'b0, loop_dest_i, loop_pc_i, loop_left_i, loop_stop_i, loop_slot_i, loop_arm_i, loop_disarm_i, tok_pop_i,
                           commit_loop, grant_loop};
    end
  endgenerate
  always_ff @(posedge clk_i) begin
    if (!rst_ni) cur_q <= 1'b0;
    else if (rx_commit_i) cur_q <= take;
  end

  // ---- injection: a request keeps its header until the bus took it ----
  logic         req_q;                 // firmware's message waits
  logic [127:0] hdr_inj_q;
  logic [7:0]   passed_q;              // jobs of the loop that went before it
  logic         held_q;
  logic         held_loop_q;
  wire          turn = req_q && passed_q >= loop_pass_i;
  wire          pick_loop = held_q ? held_loop_q : loop_valid && !turn;
  assign inj_ready_o = !req_q;
  assign trace_o[26:0] = {inj_pos_i, inj_slot_i, inj_push_i && !req_q};
  assign tx_req_o = held_q || (loop_valid && !turn) || (req_q && (turn || !loop_any));
  assign tx_hdr_o = pick_loop ? loop_hdr : hdr_inj_q;
  assign grant_loop = tx_grant_i && pick_loop;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
      held_q <= 1'b0;
      passed_q <= '0;
    end else begin
      if (tx_grant_i && !pick_loop) req_q <= 1'b0;
      else if (inj_push_i) req_q <= 1'b1;
      if (!req_q) passed_q <= '0;
      else if (grant_loop && !turn) passed_q <= passed_q + 8'd1;
      held_q <= tx_req_o && !tx_grant_i;
    end
  end
  always_ff @(posedge clk_i) begin
    held_loop_q <= pick_loop;
    if (inj_push_i && !req_q) begin
      hdr_inj_q <= {4'd0, 16'd0, inj_slot_i, inj_pos_i, inj_token_i,
                    4'd0, inj_parts_i, 4'd0, inj_flags_i, inj_pc_i, inj_dest_i};
    end
  end

  // ---- results ----
  logic [BufW:0] wr_q;          // next buffer to fill
  logic [BufW:0] done_q;        // first incomplete buffer
  logic [BufW:0] rd_q;          // oldest complete buffer
  logic          half_q;
  logic [127:0]  hdr_q [ResBufs];
  logic [19:0]   len_q [ResBufs];
  logic [3:0]    status_q [ResBufs];
  logic [19:0]   pos_q;         // elements received of the present message
  logic [63:0]   rd_pair;

  wire [BufW-1:0] cur = done_q[BufW-1:0];
  wire [BufW-1:0] head = rd_q[BufW-1:0];
  wire [127:0]    head_hdr = hdr_q[head];
  wire            flit = rx_valid_i && !cur_q;
  wire            fits = pos_q < 20'(ResSize);
  wire            complete = (commit_res && rx_empty_i) || (flit && rx_last_i);

  wire            res_full = (wr_q[BufW] != rd_q[BufW]) && (wr_q[BufW-1:0] == rd_q[BufW-1:0]);
  assign rx_accept_o = take ? take_ready : !res_full;
  assign rx_ready_o = 1'b1;
  wire [BufW:0] complete_cnt = done_q - rd_q;
  assign res_count_o = 8'(complete_cnt);
  assign res_index_o = 8'(head);
  assign res_pc_o = head_hdr[47:32];
  assign res_flags_o = head_hdr[51:48];
  assign res_status_o = status_q[head];
  assign res_token_o = head_hdr[64+17:64];
  assign res_pos_o = head_hdr[64+35:64+18];
  assign res_slot_o = head_hdr[64+43:64+36];
  assign res_len_o = len_q[head];
  wire unused_ok = &{1'b0, head_hdr[31:0], head_hdr[63:52], head_hdr[127:108]};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q <= '0;
      done_q <= '0;
      rd_q <= '0;
    end else begin
      if (commit_res) wr_q <= wr_q + (BufW+1)'(1);
      if (complete) done_q <= done_q + (BufW+1)'(1);
      if (res_pop_i && res_count_o != 8'd0) rd_q <= rd_q + (BufW+1)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (commit_res) begin
      hdr_q[wr_q[BufW-1:0]] <= rx_hdr_i;
      status_q[wr_q[BufW-1:0]] <= rx_hdr_i[55:52];
      len_q[wr_q[BufW-1:0]] <= '0;
      pos_q <= '0;
    end
    if (flit) begin
      if (fits) begin
        pos_q <= pos_q + 20'd2;
        len_q[cur] <= pos_q + 20'd2;
      end else if (status_q[cur] == 4'd0) begin
        status_q[cur] <= 4'd9;
      end
    end
    if (rd_en_i) half_q <= rd_addr_i[0];
  end

  mr_ram_1r1w #(.Width(64), .Depth(ResBufs * ResSize / 2)) u_res (
    .clk_i, .re_i(rd_en_i), .raddr_i(rd_addr_i[ElemW-1:1]), .rdata_o(rd_pair),
    .we_i(flit && fits), .waddr_i((ElemW-1)'(32'(cur) * (ResSize / 2) + 32'(pos_q[19:1]))), .wdata_i(rx_data_i)
  );
  assign rd_data_o = half_q ? rd_pair[63:32] : rd_pair[31:0];
endmodule
`default_nettype wire
