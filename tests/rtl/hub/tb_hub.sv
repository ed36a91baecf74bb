// SPDX-License-Identifier: Apache-2.0
// mr_hub with its token loop between a random pipeline and a random firmware. Each message to the hub must come out where a small model
// says: in a result buffer, or as an entry of the token queue and, if it goes on, as a job. Phases: prompt firmware, slow firmware
// (slots are parked), firmware that injects more than one job a slot (queue and injections fill up).
`default_nettype none
module tb_hub #(
  parameter int Slots = 5,
  parameter int Depth = 8
);
  localparam int Clocks = 240000;
  localparam int Bufs = 2;
  localparam int Size = 8;
  localparam int Msgs = 24;          // that the pipeline holds
  localparam int Known = Slots > 4 ? 8 : Slots > 2 ? 4 : 2;
  localparam int List = 4096;
  localparam logic [31:0] LoopDest = 32'h00000002;
  localparam logic [15:0] LoopPc = 16'h0123;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic         inj_push = 1'b0;
  logic [31:0]  inj_dest = '0;
  logic [15:0]  inj_pc = '0;
  logic [3:0]   inj_flags = '0;
  logic [17:0]  inj_token = '0;
  logic [17:0]  inj_pos = '0;
  logic [7:0]   inj_slot = '0;
  logic         inj_ready;
  logic [7:0]   res_count, res_index, res_slot;
  logic [3:0]   res_status, res_flags;
  logic [15:0]  res_pc;
  logic [17:0]  res_pos, res_token;
  logic [19:0]  res_len;
  logic         res_pop = 1'b0;
  logic [7:0]   pass = 8'd4;
  logic [17:0]  left = '0;
  logic [75:0]  stops = '0;
  logic [7:0]   cmd_slot = '0;
  logic         arm = 1'b0;
  logic         disarm = 1'b0;
  logic         busy;
  logic         tok_valid;
  logic [17:0]  tok_token, tok_pos;
  logic [7:0]   tok_slot;
  logic [2:0]   tok_why;
  logic         tok_pop = 1'b0;
  logic [15:0]  count, parks, wait_max;
  logic [63:0]  jobs;
  logic         rd_en = 1'b0;
  logic [3:0]   rd_addr = '0;
  logic [31:0]  rd_data;
  logic         tx_req;
  logic [127:0] tx_hdr;
  logic         tx_grant = 1'b0;
  logic [127:0] rx_hdr = '0;
  logic         rx_accept;
  logic         offer = 1'b0;
  logic         rx_empty = 1'b0;
  logic         rx_valid = 1'b0;
  logic         rx_ready;
  logic [63:0]  rx_data = '0;
  logic         rx_last = 1'b0;
  wire          rx_commit = offer && rx_accept;

  mr_hub #(.ResBufs(Bufs), .ResSize(Size), .LoopSlots(Slots), .LoopDepth(Depth)) dut (
    .clk_i(clk), .rst_ni(rst_n), .inj_push_i(inj_push), .inj_dest_i(inj_dest), .inj_pc_i(inj_pc), .inj_flags_i(inj_flags),
    .inj_parts_i(4'd1), .inj_token_i(inj_token), .inj_pos_i(inj_pos), .inj_slot_i(inj_slot), .inj_ready_o(inj_ready),
    .res_count_o(res_count), .res_index_o(res_index), .res_slot_o(res_slot), .res_status_o(res_status), .res_flags_o(res_flags),
    .res_pc_o(res_pc), .res_pos_o(res_pos), .res_token_o(res_token), .res_len_o(res_len), .res_pop_i(res_pop),
    .loop_dest_i(LoopDest), .loop_pc_i(LoopPc), .loop_pass_i(pass), .loop_left_i(left), .loop_stop_i(stops), .loop_slot_i(cmd_slot),
    .loop_arm_i(arm), .loop_disarm_i(disarm), .loop_busy_o(busy), .tok_valid_o(tok_valid), .tok_token_o(tok_token),
    .tok_slot_o(tok_slot), .tok_why_o(tok_why), .tok_pos_o(tok_pos), .tok_pop_i(tok_pop), .tok_count_o(count),
    .loop_parks_o(parks), .loop_wait_max_o(wait_max), .loop_jobs_o(jobs),
    .rd_en_i(rd_en), .rd_addr_i(rd_addr), .rd_data_o(rd_data),
    .tx_req_o(tx_req), .tx_hdr_o(tx_hdr), .tx_grant_i(tx_grant), .rx_hdr_i(rx_hdr), .rx_accept_o(rx_accept),
    .rx_commit_i(rx_commit), .rx_empty_i(rx_empty), .rx_valid_i(rx_valid), .rx_ready_o(rx_ready), .rx_data_i(rx_data), .rx_last_i(rx_last), .trace_o()
  );

  int errors = 0;
  int now = 0;
  task automatic fail(input string what);
    errors = errors + 1;
    if (errors < 10) $display("FAIL clock %0d: %s", now, what);
  endtask

  // ---- the pipeline: messages on their way to the hub ----
  logic         m_used [Msgs];
  logic [127:0] m_hdr [Msgs];
  int           m_flits [Msgs];
  logic [31:0]  m_word [Msgs];         // low word of the first flit; flit i of others: i
  int           m_many = 0;

  task automatic add_message(input logic [127:0] hdr, input int flits, input logic [31:0] word);
    int at;
    at = Msgs;
    for (int k = 0; k < Msgs; k = k + 1) if (!m_used[k]) at = k;
    if (at == Msgs) fail("bench: no room for a message");
    else begin
      m_used[at] = 1'b1;
      m_hdr[at] = hdr;
      m_flits[at] = flits;
      m_word[at] = word;
      m_many = m_many + 1;
    end
  endtask

  // A job comes back: mostly with one small token; sometimes with an error, with a word that is no token, with a second flit.
  task automatic come_back(input logic [127:0] job);
    logic [127:0] h;
    logic [31:0] word;
    h = job;
    h[31:0] = 32'd1;
    h[47:32] = 16'($urandom);
    if ($urandom % 40 == 0) h[55:52] = 4'(1 + $urandom % 15);
    word = $urandom % 12;
    if ($urandom % 40 == 0) word = 32'h00040000 << ($urandom % 14);
    if ($urandom % 200 == 0) word = 32'h0003FFFF;
    add_message(h, $urandom % 60 == 0 ? 0 : $urandom % 10 == 0 ? 2 : 1, word);
  endtask

  // ---- model ----
  logic        armed [256];
  logic [17:0] m_left [256];
  logic [75:0] m_stops [256];
  logic        c_arm;                  // command under way
  logic [7:0]  c_slot;
  logic [17:0] c_left;
  logic [75:0] c_stops;
  logic        busy_prev = 1'b0;
  int          count_prev = 0;
  int          popped_prev = 0;
  // the loop's message under way
  logic        p_on = 1'b0;
  logic        p_got = 1'b0;
  logic [7:0]  p_slot;
  logic [17:0] p_pos;
  logic [3:0]  p_flags;
  logic [31:0] p_word;
  int          p_since;
  // expected: tokens, jobs, firmware's jobs, results
  logic [46:0]  t_list [List];
  int           t_wr = 0, t_rd = 0;
  logic [127:0] j_list [List];
  int           j_since [List], j_from [List];
  int           j_wr = 0, j_rd = 0;
  logic [127:0] f_list [List];
  int           f_wr = 0, f_rd = 0;
  logic [127:0] r_hdr [List];
  int           r_flits [List];
  logic [31:0]  r_word [List];
  int           r_wr = 0, r_rd = 0, r_done = 0;
  int           req_since = 0;
  logic         req_prev = 1'b0;
  logic [127:0] hdr_prev = '0;
  int           granted = 0;           // when the bus took a job last
  int           granted_loop = 0;      // one of the loop
  int           most = 0, n_parks = 0, n_jobs = 0;
  int           seen [8];
  int           n_error = 0, n_disarmed = 0, n_full = 0, n_plain = 0, n_disarms = 0, n_pushed_full = 0, n_held = 0, n_turns = 0, passed = 0, late = 0, f_from = 0;

  task automatic model_command;
    if (32'(c_slot) < Slots) begin
      if (p_on && c_slot == p_slot) fail("a command between a message and its token");
      if (!c_arm && armed[c_slot]) n_disarms = n_disarms + 1;
      armed[c_slot] = c_arm;
      if (c_arm) begin
        m_left[c_slot] = c_left;
        m_stops[c_slot] = c_stops;
      end
    end
  endtask

  // The loop has queued a token: what it must be.
  task automatic model_token;
    logic [2:0] why;
    logic [127:0] job;
    int waiting;
    if (!p_on || !p_got) fail("a token without a message");
    why = 3'd0;
    waiting = j_wr - j_rd + (now - granted_loop <= 2 ? 1 : 0);   // the next job is still on its way to the port
    for (int k = 0; k < 4; k = k + 1) if (m_stops[p_slot][19*k+18] && m_stops[p_slot][19*k +: 18] == p_word[17:0]) why = 3'd1;
    if (p_word[31:18] != '0) why = 3'd4;
    else if (why == 3'd0) begin
      if (m_left[p_slot] <= 18'd1) why = 3'd2;
      else if (Depth - count_prev <= Slots) why = 3'd3;
      else if (waiting > Known) begin
        why = 3'd3;
        n_pushed_full = n_pushed_full + 1;
      end
    end
    t_list[t_wr % List] = {why, p_slot, p_pos + 18'd1, p_word[17:0]};
    t_wr = t_wr + 1;
    seen[why] = seen[why] + 1;
    if (why == 3'd0) begin
      m_left[p_slot] = m_left[p_slot] - 18'd1;
      job = {4'd0, 16'd0, p_slot, p_pos + 18'd1, p_word[17:0], 4'd0, 4'd1, 4'd0, p_flags, LoopPc, LoopDest};
      j_list[j_wr % List] = job;
      j_since[j_wr % List] = p_since;
      j_from[j_wr % List] = now;
      j_wr = j_wr + 1;
    end else armed[p_slot] = 1'b0;
    if (why == 3'd3) n_parks = n_parks + 1;
    p_on = 1'b0;
    p_got = 1'b0;
  endtask

  logic took = 1'b0;
  int cur = 0;                         // message that the bus shows
  int cur_flit = 0;
  int flits = 0;                       // of the message under way, and its first word
  logic [31:0] word = '0;
  logic bus_data = 1'b0;
  int bus_wait = 0;

  // Whether the message shown is the loop's; top: it would be if its slot were armed and its status 0.
  logic [7:0] slot;
  logic top, mine;
  task automatic look;
    slot = rx_hdr[64+36 +: 8];
    top = 32'(slot) < Slots && rx_hdr[49:48] == 2'b10 && m_flits[cur] != 0;
    mine = top && rx_hdr[55:52] == 4'd0 && armed[slot] && count_prev != Depth;
  endtask

  // A message waits for nothing but a buffer, or the end of the loop's last token.
  task automatic check_accept;
    look();
    if (mine && !rx_accept && !p_on && now - pushed_at > 3) fail("the loop's message is not accepted");
    if (!mine && rx_accept != (r_wr - r_rd < Bufs)) fail("accepted without a buffer, or refused with one");
  endtask

  task automatic model_commit;
    look();
    if (top && rx_hdr[55:52] != 4'd0 && armed[slot]) n_error = n_error + 1;
    if (mine) begin
      p_on = 1'b1;
      p_got = 1'b0;
      p_slot = slot;
      p_pos = rx_hdr[64+18 +: 18];
      p_flags = rx_hdr[51:48];
    end else begin
      if (top && armed[slot] && rx_hdr[55:52] == 4'd0) n_full = n_full + 1;
      else if (top && !armed[slot]) n_disarmed = n_disarmed + 1;
      else if (!top) n_plain = n_plain + 1;
      r_hdr[r_wr % List] = rx_hdr;
      r_flits[r_wr % List] = m_flits[cur];
      r_word[r_wr % List] = m_word[cur];
      r_wr = r_wr + 1;
      if (m_flits[cur] == 0) r_done = r_done + 1;
    end
  endtask

  task automatic model_grant;
    if (f_rd != f_wr && tx_hdr == f_list[f_rd % List]) begin
      f_rd = f_rd + 1;
      if (j_rd != j_wr && j_from[j_rd % List] < req_since && passed < 32'(pass)) fail("firmware's job went before the loop's");
      if (passed > 32'(pass) && (pass != 8'd0 || late != 0)) fail("firmware's job was passed by too many");
      if (passed == 32'(pass)) n_turns = n_turns + 1;
      passed = 0;
      late = 0;
    end else if (j_rd != j_wr && tx_hdr == j_list[j_rd % List]) begin
      if (now - j_since[j_rd % List] > most) most = now - j_since[j_rd % List];
      j_rd = j_rd + 1;
      n_jobs = n_jobs + 1;
      granted_loop = now;
      if (f_rd != f_wr && f_from <= now) begin
        passed = passed + 1;
        if (req_since >= f_from) late = late + 1;
      end
    end else fail("a job that nobody ordered, or out of order");
    granted = now;
    if (tx_hdr[51:48] != 4'd0) come_back(tx_hdr);
  endtask

  // ---- what the outputs say at this clock ----
  int pushed_at = 0;
  task automatic observe;
    int pushed;
    if (rst_n) begin
      if (32'(res_count) != r_done - r_rd) fail("count of the results");
      pushed = 32'(count) - count_prev + popped_prev;
      if (pushed == 1) begin
        pushed_at = now;
        model_token();
      end else if (pushed != 0) fail("count of the token queue");
      if (busy_prev && !busy) model_command();
      if (p_on && p_got && now - p_since > 4) fail("a token is not queued in time");
      if (offer) check_accept();
      took = rx_commit;
      if (rx_commit) model_commit();
      if (rx_valid) begin
        if (!rx_ready) fail("a flit is not taken");
        if (p_on && !p_got && !bus_res) begin
          p_got = 1'b1;
          p_word = rx_data[31:0];
          p_since = now;
        end
        if (rx_last && bus_res) r_done = r_done + 1;
      end
      if (req_prev && (!tx_req || tx_hdr != hdr_prev)) fail("a request changed before it was granted");
      if (tx_req && !req_prev) req_since = now;
      if (tx_req && j_rd == j_wr && f_rd == f_wr) fail("a request out of nothing");
      if (!tx_req && now - granted > 3 && ((j_rd != j_wr && now - j_from[j_rd % List] > 3) || (f_rd != f_wr && now > f_from + 3))) fail("no request for a job");
      if (tx_grant) model_grant();
      req_prev = tx_req && !tx_grant;
      hdr_prev = tx_hdr;
      if (tok_valid && (t_rd == t_wr || {tok_why, tok_slot, tok_pos, tok_token} != t_list[t_rd % List])) fail("token");
      if (tok_pop && tok_valid) t_rd = t_rd + 1;
      if (res_count != 8'd0) check_result();
      if (rd_en_prev && rd_data != want_word) fail("an element of a result");
      rd_en_prev = rd_en;
      want_word = rd_addr[2:0] == 3'd0 ? r_word[r_rd % List] : 32'(rd_addr[2:0]) + r_word[r_rd % List];
      if (res_pop && res_count != 8'd0) r_rd = r_rd + 1;
      busy_prev = busy;
      count_prev = 32'(count);
      popped_prev = tok_pop && tok_valid ? 1 : 0;
    end
  endtask

  logic        bus_res = 1'b0;
  logic        rd_en_prev = 1'b0;
  logic [31:0] want_word = '0;
  task automatic check_result;
    logic [127:0] h;
    int elems;
    logic [3:0] status;
    h = r_hdr[r_rd % List];
    elems = 2 * r_flits[r_rd % List];
    status = h[55:52] == 4'd0 && elems > Size ? 4'd9 : h[55:52];
    if (res_slot != h[107:100] || res_pos != h[99:82] || res_token != h[81:64] || res_flags != h[51:48] || res_pc != h[47:32] ||
        res_status != status || 32'(res_len) != (elems > Size ? Size : elems)) fail("header of a result");
  endtask

  // ---- inputs for the next clock ----
  int phase = 0;
  int speed = 4;
  int owing [256];                      // jobs of a slot that firmware has injected and not seen the end of
  task automatic send_flit;
    rx_valid = 1'b1;
    rx_last = cur_flit == flits - 1;
    rx_data[31:0] = cur_flit == 0 ? word : word + 2 * cur_flit;
    rx_data[63:32] = word + 2 * cur_flit + 1;
    cur_flit = cur_flit + 1;
    bus_wait = $urandom % 2;
    if (rx_last) begin
      bus_data = 1'b0;
      bus_wait = $urandom % 2;
    end
  endtask

  task automatic drive_bus;
    rx_valid = 1'b0;
    rx_last = 1'b0;
    if (took) begin
      m_used[cur] = 1'b0;
      m_many = m_many - 1;
      bus_res = !mine;
      bus_data = m_flits[cur] != 0;
      flits = m_flits[cur];
      word = m_word[cur];
      cur_flit = 0;
      bus_wait = $urandom % 3;
      offer = 1'b0;
      if (bus_data && $urandom % 3 == 0) send_flit();
    end else if (offer) begin
      n_held = n_held + 1;
      offer = 1'b0;
      bus_wait = 1;
    end else if (bus_data && bus_wait == 0) send_flit();
    else if (bus_wait != 0) bus_wait = bus_wait - 1;
    else if (shown) begin
      offer = 1'b1;
      shown = 1'b0;
    end else if (m_many != 0 && $urandom % speed == 0) begin
      cur = $urandom % Msgs;
      if (m_used[cur]) begin
        rx_hdr = m_hdr[cur];
        rx_empty = m_flits[cur] == 0;
        shown = 1'b1;
      end
    end
  endtask
  logic shown = 1'b0;

  task automatic drive_firmware;
    logic [7:0] slot;
    // commands; also for slots that the loop does not know, and while one waits
    arm = 1'b0;
    disarm = 1'b0;
    if (!busy && !busy_prev && !armed_now && $urandom % 8 == 0) begin
      slot = any_slot(Slots + 2);
      if ($urandom % 4 != 0) arm = 1'b1;
      else disarm = 1'b1;
      cmd_slot = slot;
      left = 18'($urandom % 9);
      for (int k = 0; k < 4; k = k + 1) stops[19*k +: 19] = {1'($urandom % 3 == 0), 18'($urandom % 16)};
      if ($urandom % 16 == 0) stops[18:0] = 19'h7FFFF;
      c_arm = arm;
      c_slot = slot;
      c_left = left;
      c_stops = stops;
    end
    armed_now = arm || disarm;
    // jobs, and now and then a plain message of the pipeline
    inj_push = 1'b0;
    if (inj_ready && !pushed_now && m_many + (j_wr - j_rd) + (f_wr - f_rd) < Msgs - 3 && $urandom % (phase == 3 ? 3 : 8) == 0) begin
      slot = any_slot(Slots + 1);
      if (phase == 3 || !under_way(slot)) begin
        inj_push = 1'b1;
        inj_dest = 32'h4 << ($urandom % 8);
        inj_pc = 16'($urandom);
        inj_flags = {2'b01, 1'b1, 1'($urandom % 12 == 0)};
        inj_token = 18'($urandom);
        inj_pos = 18'($urandom % 64 == 0 ? 262143 : $urandom % 100000);
        inj_slot = slot;
        f_list[f_wr % List] = {4'd0, 16'd0, inj_slot, inj_pos, inj_token, 4'd0, 4'd1, 4'd0, inj_flags, inj_pc, inj_dest};
        f_wr = f_wr + 1;
        f_from = now + 2;
      end
    end
    pushed_now = inj_push;
    if (m_many < Msgs / 2 && $urandom % 40 == 0)
      add_message({4'd0, 16'd0, 8'($urandom % (Slots + 1)), 18'($urandom), 18'($urandom), 8'd1, 4'($urandom % 3), 2'b01, 1'b0, 1'($urandom),
                   16'($urandom), 32'd1}, $urandom % 3 == 0 ? 0 : 1 + $urandom % 6, $urandom);
    // tokens and results are read at the phase's pace
    tok_pop = $urandom % (phase == 1 ? 60 : phase == 3 && Depth < 32 ? 200 : 5) == 0;
    res_pop = $urandom % (phase == 2 ? 100 : 8) == 0;
    rd_en = res_count != 8'd0 && !res_pop && res_len != 20'd0 && $urandom % 3 == 0;
    rd_addr = {res_index[0], 3'(32'($urandom) % (res_len == 20'd0 ? 1 : 32'(res_len)))};
    tx_grant = tx_req && req_prev && m_many < Msgs - 2 && $urandom % (phase == 3 ? 40 : 6) == 0;
  endtask
  logic armed_now = 1'b0;
  logic pushed_now = 1'b0;

  // Also slots that the loop does not know and that look like one that it does.
  function automatic logic [7:0] any_slot(input int most_slot);
    any_slot = 8'($urandom % most_slot);
    if ($urandom % 12 == 0) any_slot = any_slot + 8'(Known);
  endfunction

  function automatic logic under_way(input logic [7:0] slot);
    under_way = p_on && p_slot == slot;
    for (int k = 0; k < Msgs; k = k + 1) if (m_used[k] && m_hdr[k][107:100] == slot) under_way = 1'b1;
    for (int k = j_rd; k < j_wr; k = k + 1) if (j_list[k % List][107:100] == slot) under_way = 1'b1;
    for (int k = f_rd; k < f_wr; k = k + 1) if (f_list[k % List][107:100] == slot) under_way = 1'b1;
  endfunction

  initial begin
    for (int k = 0; k < Msgs; k = k + 1) m_used[k] = 1'b0;
    for (int k = 0; k < 8; k = k + 1) seen[k] = 0;
    for (int k = 0; k < 256; k = k + 1) begin
      armed[k] = 1'b0;
      m_left[k] = '0;
      m_stops[k] = '0;
    end
    repeat (3) @(posedge clk);
    rst_n <= 1'b1;
    @(posedge clk);
    #1;
    while (now < Clocks && errors < 10) begin
      @(negedge clk);
      now = now + 1;
      phase = (now / 3000) % 4;
      if (f_rd == f_wr) pass = 8'((now / 12000) % 4);
      speed = phase == 0 ? 1 : 3;
      observe();
      @(posedge clk);
      #1;
      drive_bus();
      drive_firmware();
    end
    if (parks != 16'(n_parks) || jobs != 64'(n_jobs) || wait_max != 16'(most)) fail("counters");
    $display("tokens %0d: injected %0d stop %0d length %0d parked %0d (injections full %0d) no token %0d; results: error %0d disarmed %0d queue full %0d plain %0d",
             t_wr, seen[0], seen[1], seen[2], seen[3], n_pushed_full, seen[4], n_error, n_disarmed, n_full, n_plain);
    $display("jobs %0d, disarms of an armed slot %0d, offers refused %0d, firmware's turns %0d, longest way %0d", n_jobs, n_disarms, n_held, n_turns, most);
    if (Slots > 0 && (seen[1] < 50 || seen[2] < 50 || seen[3] < (Slots == 4 ? 4 : 20) || seen[4] < 10 || n_error < 10 || n_disarmed < 50 || n_disarms < 50)) fail("too little traffic");
    if (Slots > 1 && (seen[0] < 500 || (Slots == 5 && n_full < 20) || (Slots == 4 && n_pushed_full == 0))) fail("too little traffic in the loop");
    if (n_plain < 200 || n_held < 100) fail("too few results");
    if (errors == 0) $display("PASS hub_%0dx%0d", Slots, Depth);
    $finish;
  end
endmodule
`default_nettype wire
