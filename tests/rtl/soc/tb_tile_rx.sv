// SPDX-License-Identifier: Apache-2.0
// mr_tile_rx: random messages (parts, offsets, lengths past the buffer, statuses, stalls of VMEM, clear) against a plain model of
// input buffers and job queue: acceptance, every VMEM write, every job's header and order.
`default_nettype none
module tb_tile_rx;
  localparam int VdW = 10;
  localparam int Base = 128;
  localparam int Size = 24;         // elements of a buffer
  localparam int Clocks = 60000;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic           clear = 1'b0;
  logic [127:0]   hdr = '0;
  logic           accept;
  logic           commit = 1'b0;
  logic           empty = 1'b0;
  logic           rx_valid = 1'b0;
  logic           rx_ready;
  logic [63:0]    rx_data = '0;
  logic           rx_last = 1'b0;
  logic           vw_valid;
  logic           vw_ready = 1'b0;
  logic [VdW-2:0] vw_addr;
  logic [63:0]    vw_data;
  logic           job_valid;
  logic           job_take = 1'b0;
  logic           job_free = 1'b0;
  logic [VdW-1:0] job_buf;
  logic [7:0]     job_slot;
  logic [17:0]    job_pos;
  logic [17:0]    job_token;
  logic [3:0]     job_flags;
  logic [3:0]     job_status;
  logic [15:0]    job_pc;
  logic [2:0]     queued;
  logic           idle;

  mr_tile_rx #(.VdW(VdW)) dut (
    .clk_i(clk), .rst_ni(rst_n), .clear_i(clear), .in_base_i(VdW'(Base)), .in_size_i(16'(Size)), .watchdog_i(24'd0),
    .rx_hdr_i(hdr), .rx_accept_o(accept), .rx_commit_i(commit), .rx_empty_i(empty),
    .rx_valid_i(rx_valid), .rx_ready_o(rx_ready), .rx_data_i(rx_data), .rx_last_i(rx_last),
    .vw_valid_o(vw_valid), .vw_ready_i(vw_ready), .vw_addr_o(vw_addr), .vw_data_o(vw_data),
    .job_valid_o(job_valid), .job_take_i(job_take), .job_free_i(job_free), .job_buf_o(job_buf), .job_slot_o(job_slot),
    .job_pos_o(job_pos), .job_token_o(job_token), .job_flags_o(job_flags), .job_status_o(job_status),
    .job_pc_o(job_pc), .queued_o(queued), .newest_o(), .idle_o(idle)
  );

  int errors = 0;
  int now = 0;
  int jobs = 0;
  int joined = 0;
  int overlong = 0;

  // The model's buffers.
  logic         used [4];
  int           left [4];
  int           status [4];
  logic [127:0] first [4];      // header of the job's first message
  int           queue [$];
  int           running = -1;

  // The message under way.
  int   cur = 0;
  int   len = 0;
  int   idx = 0;
  int   off = 0;
  logic counts = 1'b0;          // it still belongs to a job
  logic stalled = 1'b0;
  logic offered = 1'b0;         // its header stands on the bus since the last clock
  int   parts = 0;
  logic complete;
  int   ended = -1;             // job that the last flit completed: in the queue a clock later

  task automatic fail(input string what);
    errors = errors + 1;
    if (errors < 10) $display("FAIL clock %0d: %s", now, what);
  endtask

  // Buffer that the model would use for this header; -1: none.
  function automatic int choose(input [127:0] h);
    choose = -1;
    for (int k = 3; k >= 0; k = k - 1) if (!used[k]) choose = k;
    for (int k = 3; k >= 0; k = k - 1) begin
      if (used[k] && left[k] > 0 && first[k][47:32] == h[47:32] && first[k][64+43:64+18] == h[64+43:64+18]) choose = k;
    end
  endfunction

  task automatic clock;
    @(negedge clk);
    vw_ready = $urandom % 4 != 0;
    #1;
  endtask

  task automatic finish_part(output logic complete);
    complete = 1'b0;
    if (counts) begin
      left[cur] = left[cur] - 1;
      complete = left[cur] == 0;
    end
  endtask

  task automatic do_clear;
    for (int k = 0; k < 4; k = k + 1) begin
      used[k] = 1'b0;
      left[k] = 0;
    end
    queue.delete();
    running = -1;
    counts = 1'b0;
    if (offered) cur = -1;
    ended = -1;
  endtask

  // Takes, checks and frees jobs at random; one clock.
  task automatic job_side;
    int k;
    job_take = 1'b0;
    job_free = 1'b0;
    if (int'(queued) != queue.size() || job_valid != (queue.size() != 0)) fail("queue length");
    if (running >= 0 && $urandom % 6 == 0) begin
      job_free = 1'b1;
    end else if (running < 0 && queue.size() != 0 && $urandom % 4 == 0) begin
      k = queue.pop_front();
      jobs = jobs + 1;
      if (int'(job_buf) != Base + k * Size) fail("buffer address");
      if (job_pc != first[k][47:32] || job_flags != first[k][51:48] || job_token != first[k][64+17:64] ||
          job_pos != first[k][64+35:64+18] || job_slot != first[k][64+43:64+36]) fail("job header");
      if (int'(job_status) != status[k]) fail("job status");
      running = k;
      job_take = 1'b1;
    end
  endtask

  // Puts a header on the bus; the receiver answers in the next clock.
  task automatic offer;
    logic [15:0] pc;
    pc = 16'($urandom % 3);
    parts = $urandom % 4;
    hdr = {$urandom, $urandom, $urandom, $urandom};
    hdr[47:32] = pc;
    hdr[59:56] = 4'(parts);
    hdr[55:52] = $urandom % 8 == 0 ? hdr[55:52] : 4'd0;
    hdr[64+35:64+18] = 18'($urandom % 2);
    hdr[64+43:64+36] = 8'd5;
    hdr[64+59:64+44] = 16'(2 * ($urandom % (Size / 2 + 2)));
    if ($urandom % 30 == 0) hdr[64+59:64+44] = 16'hFFFE;
    cur = choose(hdr);
    offered = 1'b1;
  endtask

  // The answer to the header of the last clock; a clear in that clock takes it back.
  task automatic try_commit;
    offered = 1'b0;
    if (accept != (cur >= 0)) fail("accept");
    if (cur >= 0) start_message();
  endtask

  task automatic start_message;
    commit = 1'b1;
    len = $urandom % 8;
    empty = len == 0;
    counts = 1'b1;
    idx = 0;
    off = hdr[64+59:64+44];
    if (!used[cur]) begin
      used[cur] = 1'b1;
      left[cur] = parts == 0 ? 1 : parts;
      first[cur] = hdr;
      status[cur] = hdr[55:52];
    end else begin
      joined = joined + 1;
      if (status[cur] == 0) status[cur] = hdr[55:52];
    end
    if (len == 0) begin
      finish_part(complete);
      if (complete) queue.push_back(cur);
    end
  endtask

  initial begin
    do_clear();
    repeat (3) @(posedge clk);
    rst_n <= 1'b1;
    while (now < Clocks) begin
      clock();
      now = now + 1;
      commit = 1'b0;
      clear = 1'b0;
      if (idle != (!used[0] && !used[1] && !used[2] && !used[3] && idx >= len)) fail("idle");
      job_side();
      if (idx < len) begin
        if (!rx_valid) begin
          rx_valid = $urandom % 3 != 0;
          rx_data = {$urandom, $urandom};
          rx_last = idx == len - 1;
        end
        #1;
        if (rx_valid) begin
          if (vw_valid != (off < Size)) fail("write beyond the buffer, or none inside");
          if (vw_valid && (int'(vw_addr) != (Base + cur * Size + off) / 2 || vw_data != rx_data)) fail("VMEM write");
          if (rx_ready != (vw_ready || off >= Size)) fail("ready");
        end
        stalled = !(rx_valid && rx_ready);
      end else begin
        rx_valid = 1'b0;
        stalled = 1'b1;
        if (offered) try_commit();
        else if ($urandom % 3 == 0) offer();
        #1;
        if (vw_valid) fail("write without a flit");
      end
      if ($urandom % 400 == 0) clear = 1'b1;
      @(posedge clk);
      #1;
      if (ended >= 0) queue.push_back(ended);
      ended = -1;
      if (!stalled) begin
        if (off >= Size && counts && status[cur] == 0) begin
          status[cur] = 9;
          overlong = overlong + 1;
        end
        off = off < Size ? off + 2 : off;
        idx = idx + 1;
        rx_valid = 1'b0;
        if (idx == len) begin
          finish_part(complete);
          if (complete) ended = cur;
        end
      end
      if (job_free) begin
        used[running] = 1'b0;
        running = -1;
      end
      if (clear) do_clear();
    end
    if (jobs < 1000 || joined < 200 || overlong < 50) fail("too little traffic");
    $display("jobs %0d, joined messages %0d, too long %0d", jobs, joined, overlong);
    if (errors == 0) $display("PASS soc_tile_rx");
    $finish;
  end
endmodule
`default_nettype wire
