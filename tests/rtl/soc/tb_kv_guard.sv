// SPDX-License-Identifier: Apache-2.0
// mr_kv_guard with mr_kv_init: a tile that is dropped at random in front of a controller that works in order. The controller never waits
// for long, the tile gets exactly the answers to what it sent since its last drop. A start flushes, starts, loads and starts again, with
// no command under way; firmware's administration passes with its fields and its status comes back.
`default_nettype none
module tb_kv_guard;
  localparam int Clocks = 60000;
  localparam int Nbh = 3;
  localparam int MaxWait = 200;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic       drop = 1'b0;
  logic       hold;
  logic       idle;
  logic       kc_valid = 1'b0;
  logic       kc_append = 1'b0;
  logic       kw_valid = 1'b0;
  logic       kw_ready;
  logic       kr_valid;
  logic       kr_ready = 1'b0;
  logic       m_kc_valid;
  logic       m_kc_ready = 1'b0;
  logic       m_kw_valid;
  logic       m_kw_ready = 1'b0;
  logic       m_kr_valid = 1'b0;
  logic       m_kr_ready;
  logic       m_kr_last = 1'b0;
  logic       init = 1'b0;
  logic       ready;
  logic       load;
  logic       go = 1'b0;
  logic [35:0] ask = '0;             // op, slot, src, len
  logic       busy;
  logic [3:0] code;
  logic       ctrl_ready = 1'b0;
  logic       ctrl_idle = 1'b1;
  logic       used = 1'b0;
  logic       start;
  logic       ad_valid;
  logic       ad_ready = 1'b0;
  logic [35:0] ad;
  logic       ad_done = 1'b0;
  logic [3:0] ad_status = '0;

  mr_kv_guard dut (
    .clk_i(clk), .rst_ni(rst_n), .cfg_nbh_i(5'(Nbh)), .drop_i(drop), .hold_i(hold), .idle_o(idle),
    .t_kc_valid_i(kc_valid), .t_kc_append_i(kc_append), .t_kw_valid_i(kw_valid), .t_kw_ready_o(kw_ready),
    .t_kr_valid_o(kr_valid), .t_kr_ready_i(kr_ready),
    .m_kc_valid_o(m_kc_valid), .m_kc_ready_i(m_kc_ready && m_kc_valid), .m_kw_valid_o(m_kw_valid),
    .m_kw_ready_i(m_kw_ready), .m_kr_valid_i(m_kr_valid), .m_kr_ready_o(m_kr_ready), .m_kr_last_i(m_kr_last)
  );
  mr_kv_init u_init (
    .clk_i(clk), .rst_ni(rst_n), .init_i(init), .ready_o(ready), .hold_o(hold), .load_o(load), .idle_i(idle),
    .go_i(go), .op_i(ask[35:34]), .slot_i(ask[33:26]), .src_i(ask[25:18]), .len_i(ask[17:0]), .busy_o(busy), .code_o(code),
    .ctrl_ready_i(ctrl_ready), .ctrl_idle_i(ctrl_idle), .used_i(used), .cfg_start_o(start),
    .ad_valid_o(ad_valid), .ad_ready_i(ad_ready), .ad_op_o(ad[35:34]), .ad_slot_o(ad[33:26]), .ad_src_o(ad[25:18]),
    .ad_len_o(ad[17:0]), .ad_done_i(ad_done), .ad_status_i(ad_status)
  );

  int errors = 0;
  int now = 0;
  int commands = 0;
  int drops = 0;
  int dropped_busy = 0;
  int inits = 0;

  // Tile: at most 4 open commands; blocks owed of its present APPEND; commands whose answers it awaits.
  int   owed = 0;
  int   awaiting = 0;
  // Controller: blocks it still takes, answers (beats left of each, oldest first), clocks without progress.
  int   takes = 0;
  int   n_answers = 0;
  int   answers [16];
  int   stuck = 0;
  int   orphans = 0;            // oldest answers that belong to nobody
  int   init_wait = 0;
  // Start and administration: what this start has done so far; firmware's command (1 given, 2 with the controller); clocks that the
  // controller still needs for a start, for a command.
  int   starts = 0;
  int   loads = 0;
  int   flushes = 0;
  int   given = 0;
  int   admins = 0;
  logic [3:0] want_code = '0;
  int   start_left = 40;
  int   ad_left = 0;
  logic flushing = 1'b0;
  logic was_idle = 1'b0;

  task automatic fail(input string what);
    errors = errors + 1;
    if (errors < 10) $display("FAIL clock %0d: %s", now, what);
  endtask

  // What happens at the coming edge, by the present values.
  logic sent, block, beat, issued, taken, started;
  task automatic observe;
    sent = m_kc_valid && m_kc_ready;
    block = m_kw_valid && m_kw_ready;
    beat = m_kr_valid && m_kr_ready;
    issued = ad_valid && ad_ready;
    taken = go && ready && !busy;
    started = start;
    if (idle != (n_answers == 0)) fail("idle");
    if (kr_valid != (m_kr_valid && orphans == 0)) fail("an answer for somebody else, or none for the tile");
    if (sent && hold) fail("a command while held");
    if (sent && drop) fail("a command while dropped");
    if (block && takes == 0) fail("a block that nobody asked for");
    if (kw_valid && kw_ready && owed == 0) fail("a block taken from the tile that it did not owe");
    if ((start || load) && (n_answers != 0 || !hold)) fail("a start or load with a command under way");
    if ((start || load) && ad_left != 0) fail("a start or load while the controller administers");
    if (load && (!ctrl_ready || !ctrl_idle || starts != 1)) fail("load before the controller is at rest");
    if (start && starts == 0 && !was_idle) fail("first start while runs are under way");
    was_idle = ctrl_idle;
    if (start && starts == 0 && (!ctrl_ready || flushes != int'(used))) fail("a start without a flush, or a flush for nothing");
    if (start && starts == 1 && loads != 1) fail("second start before load");
    if (start) starts = starts + 1;
    if (load) loads = loads + 1;
    if (ad_valid && ad_ready) begin
      if (given == 1) begin
        if (ad != ask) fail("firmware's command changed");
      end else if (!hold || ad[35:26] != '0 || n_answers != 0) fail("a command that nobody gave");
      else flushes = flushes + 1;
    end
    if (!busy && given != 0) fail("not busy before the command has ended");
    if (!busy && code !== want_code && admins != 0) fail("status");
  endtask

  task automatic advance;
    if (kw_valid && kw_ready) owed = owed - 1;
    if (block) takes = takes - 1;
    if (beat) begin
      answers[0] = answers[0] - 1;
      if (answers[0] == 0) begin
        for (int k = 0; k < 15; k = k + 1) answers[k] = answers[k+1];
        n_answers = n_answers - 1;
        if (orphans != 0) orphans = orphans - 1;
        else awaiting = awaiting - 1;
      end
    end
    if (sent) begin
      commands = commands + 1;
      takes = kc_append ? Nbh : 0;
      owed = takes;
      awaiting = awaiting + 1;
      answers[n_answers] = kc_append ? 1 : 1 + $urandom % 6;
      n_answers = n_answers + 1;
    end
    // start and administration
    if (ad_done) given = flushing ? given : 0;
    ad_done = 1'b0;
    if (ad_left != 0) begin
      ad_left = ad_left - 1;
      if (ad_left == 0) begin
        ad_done = 1'b1;
        ad_status = 4'($urandom % 8);
        if (!flushing) want_code = ad_status;
      end
    end
    if (issued) begin
      ad_left = 1 + $urandom % 12;
      flushing = given != 1;
      if (given == 1) given = 2;
    end
    if (taken) begin
      given = 1;
      admins = admins + 1;
    end
    ad_ready = ad_left == 0 && ctrl_ready && $urandom % 2 == 0;
    if (started) start_left = 2 + $urandom % 20;
    else if (start_left != 0) start_left = start_left - 1;
    ctrl_ready = start_left == 0;
    ctrl_idle = $urandom % 4 != 0;
    if (drop) begin
      drops = drops + 1;
      if (takes != 0) dropped_busy = dropped_busy + 1;
      orphans = n_answers;
      awaiting = 0;
      owed = 0;
    end
    stuck = (takes != 0 && !block) || (m_kr_valid && !beat) ? stuck + 1 : 0;
    if (stuck > MaxWait) fail("the controller waits for the tile");
  endtask

  task automatic drive;
    // tile
    if (sent || drop) kc_valid = 1'b0;
    else if (!kc_valid && awaiting < 4 && owed == 0 && $urandom % 4 == 0) begin
      kc_valid = 1'b1;
      kc_append = $urandom % 2 == 0;
    end
    kw_valid = owed != 0 && (kw_valid && !block || $urandom % 3 == 0);
    kr_ready = awaiting != 0 && $urandom % 2 == 0;
    drop = $urandom % 60 == 0;
    // controller: an APPEND is answered after its blocks
    m_kc_ready = takes == 0 && n_answers < 8 && $urandom % 2 == 0;
    m_kw_ready = takes != 0 && $urandom % 2 == 0;
    m_kr_valid = n_answers != 0 && !(takes != 0 && n_answers == 1) &&
                 (m_kr_valid && !beat || $urandom % 3 == 0);
    m_kr_last = n_answers != 0 && answers[0] == 1;
    // init
    init = ready && $urandom % 300 == 0;
    if (init) begin
      inits = inits + 1;
      starts = 0;
      loads = 0;
      flushes = 0;
      init_wait = 0;
    end else if (ready) used = $urandom % 2 == 0;
    go = (given == 0 || $urandom % 8 == 0) && $urandom % 20 == 0;
    if (go && given == 0) ask = {$urandom, $urandom} >> 28;
    if (!ready) init_wait = init_wait + 1;
    if (init_wait > 1000) fail("init does not end");
  endtask

  initial begin
    repeat (3) @(posedge clk);
    rst_n <= 1'b1;
    while (now < Clocks) begin
      @(negedge clk);
      now = now + 1;
      observe();
      @(posedge clk);
      #1;
      advance();
      drive();
      if (ready && inits != 0 && !init && starts != 2) fail("ready before the second start");
    end
    if (commands < 2000 || drops < 500 || dropped_busy < 100 || inits < 50 || admins < 500) fail("too little traffic");
    $display("commands %0d, drops %0d, of them inside an APPEND %0d, inits %0d, admin %0d", commands, drops, dropped_busy, inits, admins);
    if (errors == 0) $display("PASS soc_kv_guard");
    $finish;
  end
endmodule
`default_nettype wire
