// SPDX-License-Identifier: Apache-2.0
// The tile's watchdogs. mr_tile_seq: a KV unit that never ends, one that is slow but moves, a network that waits, a program without END,
// CTRL.fail, watchdog off. mr_tile_rx: jobs whose missing messages never come, beside others, with late ones.
`default_nettype none
module tb_tile_watchdog;
  localparam int Watchdog = 200;
  localparam int Base = 64;
  localparam int Size = 16;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  int errors = 0;
  task automatic check(input logic ok, input string what);
    if (!ok) begin
      errors = errors + 1;
      if (errors < 10) $display("FAIL %0t: %s", $time, what);
    end
  endtask

  // ---- sequencer ----
  logic [23:0] limit = 24'(Watchdog);
  logic        clear = 1'b0;
  logic        fail = 1'b0;
  logic        valid = 1'b0;
  logic        take;
  logic        free;
  logic [3:0]  status_in = '0;
  logic        pm_en;
  logic [5:0]  pm_addr;
  logic [63:0] pm_data;
  logic        kv_start;
  logic        net_start;
  logic        kv_busy = 1'b0;
  logic        net_busy = 1'b0;
  logic        moves = 1'b0;
  logic        abort;
  logic        dead;
  logic [7:0]  dead_slot;
  logic [3:0]  status;
  logic        busy;
  logic        done;
  logic        err_set;
  logic [3:0]  err_code;
  logic [7:0]  slot = 8'd0;
  mr_tile_seq #(.VdW(8), .VDepth(256), .XDepth(16), .PDepth(16)) u_seq (
    .clk_i(clk), .rst_ni(rst_n), .enable_i(1'b1), .clear_i(clear), .fail_i(fail), .watchdog_i(limit),
    .job_valid_i(valid), .job_take_o(take), .job_free_o(free), .job_buf_i(8'd0), .job_slot_i(slot), .job_pos_i(18'd0), .job_token_i(18'd0),
    .job_flags_i(4'd0), .job_status_i(status_in), .job_pc_i(16'd0), .pm_en_o(pm_en), .pm_addr_o(pm_addr), .pm_data_i(pm_data),
    .vec_start_o(), .dpu_start_o(), .kv_start_o(kv_start), .net_start_o(net_start), .op_o(), .q4_o(), .acc_o(), .w1_o(), .w2_o(), .w3_o(),
    .w4_o(), .w5_o(), .w6_o(), .w7_o(), .slot_o(), .pos_o(), .token_o(), .flags_o(), .status_o(status), .vec_busy_i(1'b0), .vec_err_i(4'd0),
    .dpu_busy_i(1'b0), .dpu_err_i(4'd0), .kv_busy_i(kv_busy), .kv_err_i(4'd0), .net_busy_i(net_busy), .kv_moves_i(moves), .abort_o(abort),
    .busy_o(busy), .pc_o(), .tag_o(), .dead_o(dead), .dead_slot_o(dead_slot), .issue_o(), .job_done_o(done), .err_set_o(err_set),
    .err_code_o(err_code)
  );

  // Descriptor 0 KV_APPEND, 1 SEND behind it, 2 END; or nothing but descriptors that the flags forbid, and perhaps a SEND.
  logic with_end = 1'b1;
  logic with_send = 1'b0;
  always_ff @(posedge clk) begin
    if (pm_en) begin
      pm_data <= '0;
      if (!with_end && with_send && pm_addr == 6'd0) pm_data <= 64'h0000_0001_0000_040B;
      else if (!with_end) pm_data <= pm_addr[1:0] == 2'd0 ? 64'h0000_0000_0001_1005 : '0;
      else if (pm_addr == 6'd0) pm_data <= 64'h0000_0000_0000_0009;
      else if (pm_addr == 6'd4) pm_data <= 64'h0000_0001_0000_040B;
    end
  end

  // Units. kv_for clocks of KV, 0: for ever; net_for of the network.
  int kv_for = 0;
  int net_for = 3;
  int kv_left = 0;
  int net_left = 0;
  int sent = 0;
  int sent_status = 0;
  int ended = 0;
  int failed = 0;
  always @(posedge clk) begin
    if (!rst_n || abort) kv_busy <= 1'b0;
    else if (kv_start) begin
      kv_busy <= 1'b1;
      kv_left <= kv_for;
    end else if (kv_busy && kv_for != 0) begin
      kv_left <= kv_left - 1;
      kv_busy <= kv_left > 1;
    end
    if (net_start) begin
      net_busy <= 1'b1;
      net_left <= net_for;
      sent = sent + 1;
      sent_status = int'(status);
    end else if (net_busy) begin
      net_left <= net_left - 1;
      net_busy <= net_left > 1;
    end
    if (done) ended = ended + 1;
    if (err_set && err_code == 4'd8) failed = failed + 1;
  end

  // One job; most clocks that it may take, least that it has to. Gives the clocks.
  task automatic job(input [7:0] of, input int most, output int took);
    @(negedge clk);
    slot = of;
    valid = 1'b1;
    sent = 0;
    ended = 0;
    failed = 0;
    took = 0;
    do @(negedge clk); while (!busy);
    valid = 1'b0;
    while (busy && took < most) begin
      @(negedge clk);
      took = took + 1;
    end
    check(!busy, "the job does not end");
  endtask

  task automatic pulse_clear;
    @(negedge clk);
    clear = 1'b1;
    @(negedge clk);
    clear = 1'b0;
    check(!dead, "CTRL.clear leaves the tile given up");
  endtask

  task automatic test_seq;
    int took;
    // Within its time.
    kv_for = Watchdog - 20;
    job(8'd1, 1000, took);
    check(!dead && ended == 1 && sent == 1 && sent_status == 0, "a job in time");
    // For ever: status 8 goes out, the tile is given up, and later jobs do not wait.
    kv_for = 0;
    job(8'd2, 1000, took);
    check(dead && dead_slot == 8'd2 && failed == 1, "no watchdog");
    check(ended == 1 && sent == 1 && sent_status == 8, "status of a job that hangs");
    check(took > Watchdog && took < Watchdog + 60, "time of the watchdog");
    job(8'd3, 100, took);
    check(ended == 1 && sent == 1 && sent_status == 8 && dead_slot == 8'd2 && failed == 0, "a later job");
    status_in = 4'd5;
    job(8'd3, 100, took);
    check(sent_status == 5, "an earlier status");
    status_in = 4'd0;
    pulse_clear;
    // Slow, but it moves.
    kv_for = 5 * Watchdog;
    fork
      job(8'd4, 10 * Watchdog, took);
      repeat (12) begin
        repeat (Watchdog / 2) @(negedge clk);
        moves = 1'b1;
        @(negedge clk);
        moves = 1'b0;
      end
    join
    check(!dead && sent_status == 0 && took > 4 * Watchdog, "a slow job that moves");
    // A network that waits is not the tile's fault.
    kv_for = 5;
    net_for = 5 * Watchdog;
    job(8'd5, 10 * Watchdog, took);
    check(!dead && sent_status == 0 && took > 5 * Watchdog, "a job that waits for the network");
    net_for = 3;
    // No END: the job ends without one.
    with_end = 1'b0;
    job(8'd6, 10 * Watchdog, took);
    check(dead && dead_slot == 8'd6 && ended == 0, "a program without END");
    with_send = 1'b1;
    job(8'd6, 20 * Watchdog, took);
    check(dead && sent > 1, "a program of SENDs without END");
    with_end = 1'b1;
    pulse_clear;
    // Off.
    limit = '0;
    kv_for = 20 * Watchdog;
    job(8'd7, 40 * Watchdog, took);
    check(!dead && sent_status == 0, "a watchdog of 0");
    // By hand, in a job and without one.
    kv_for = 0;
    fork
      job(8'd8, 1000, took);
      begin
        repeat (300) @(negedge clk);
        fail = 1'b1;
        @(negedge clk);
        fail = 1'b0;
      end
    join
    check(dead && dead_slot == 8'd8 && failed == 1 && sent_status == 8 && took < 400, "CTRL.fail in a job");
    pulse_clear;
    fail = 1'b1;
    @(negedge clk);
    fail = 1'b0;
    job(8'd9, 100, took);
    check(dead && sent_status == 8 && ended == 1, "CTRL.fail before a job");
    limit = 24'(Watchdog);
  endtask

  // ---- receiver ----
  logic [127:0] hdr = '0;
  logic         accept;
  logic         commit = 1'b0;
  logic         job_valid;
  logic         job_take = 1'b0;
  logic         job_free = 1'b0;
  logic [7:0]   job_slot;
  logic [3:0]   job_status;
  logic         idle;
  mr_tile_rx #(.VdW(8)) u_rx (
    .clk_i(clk), .rst_ni(rst_n), .clear_i(1'b0), .in_base_i(8'(Base)), .in_size_i(16'(Size)), .watchdog_i(limit), .rx_hdr_i(hdr),
    .rx_accept_o(accept), .rx_commit_i(commit), .rx_empty_i(1'b1), .rx_valid_i(1'b0), .rx_ready_o(), .rx_data_i(64'd0), .rx_last_i(1'b0),
    .vw_valid_o(), .vw_ready_i(1'b1), .vw_addr_o(), .vw_data_o(), .job_valid_o(job_valid), .job_take_i(job_take), .job_free_i(job_free),
    .job_buf_o(), .job_slot_o(job_slot), .job_pos_o(), .job_token_o(), .job_flags_o(), .job_status_o(job_status), .job_pc_o(),
    .queued_o(), .idle_o(idle)
  );

  // A message without payload, of `parts`.
  task automatic message(input [7:0] of, input [3:0] parts);
    int waited;
    @(negedge clk);
    hdr = '0;
    hdr[59:56] = parts;
    hdr[64+43:64+36] = of;
    waited = 0;
    @(negedge clk);
    while (!accept && waited < 10 * Watchdog) begin
      @(negedge clk);
      waited = waited + 1;
    end
    check(accept, "the receiver takes nothing any more");
    commit = 1'b1;
    @(negedge clk);
    commit = 1'b0;
  endtask

  task automatic expect_job(input [7:0] of, input [3:0] with_status, input int most);
    int waited;
    waited = 0;
    while (!job_valid && waited < most) begin
      @(negedge clk);
      waited = waited + 1;
    end
    check(job_valid && job_slot == of && job_status == with_status, "a job of the receiver");
    job_take = 1'b1;
    @(negedge clk);
    job_take = 1'b0;
    @(negedge clk);
    job_free = 1'b1;
    @(negedge clk);
    job_free = 1'b0;
  endtask

  task automatic test_rx;
    // In time: the second message comes late, but not too late.
    message(8'd1, 4'd2);
    repeat (Watchdog - 20) @(negedge clk);
    check(!job_valid, "half a job runs");
    message(8'd1, 4'd2);
    expect_job(8'd1, 4'd0, 5);
    // Never: each of four, after 1 to 2 times the limit; others could not get in meanwhile, and do then.
    for (int k = 0; k < 4; k = k + 1) message(8'(10 + k), 4'd3);
    repeat (Watchdog - 40) @(negedge clk);
    check(!job_valid, "half a job ends before its time");
    for (int k = 0; k < 4; k = k + 1) expect_job(8'(10 + k), 4'd8, 2 * Watchdog + 20);
    check(idle, "buffers stay in use");
    message(8'd20, 4'd1);
    expect_job(8'd20, 4'd0, 5);
    // One waits, others pass, and the rest of it begins anew.
    message(8'd30, 4'd2);
    for (int k = 0; k < 8; k = k + 1) begin
      repeat (Watchdog / 10) @(negedge clk);
      message(8'(40 + k), 4'd1);
      expect_job(8'(40 + k), 4'd0, 5);
    end
    expect_job(8'd30, 4'd8, 2 * Watchdog + 20);
    message(8'd30, 4'd2);
    expect_job(8'd30, 4'd8, 2 * Watchdog + 20);
    check(idle, "buffers stay in use");
    // Off.
    limit = '0;
    message(8'd50, 4'd2);
    repeat (10 * Watchdog) @(negedge clk);
    check(!job_valid, "a watchdog of 0 ends half a job");
    message(8'd50, 4'd2);
    expect_job(8'd50, 4'd0, 5);
  endtask

  initial begin
    repeat (3) @(negedge clk);
    rst_n = 1'b1;
    test_seq;
    test_rx;
    if (errors == 0) $display("PASS tile_watchdog");
    $finish;
  end
endmodule
`default_nettype wire
