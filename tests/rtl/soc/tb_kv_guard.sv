// SPDX-License-Identifier: Apache-2.0
// mr_kv_guard with mr_kv_init: a tile that is dropped at random in front of a controller that works in order. The controller never waits
// for long, the tile gets exactly the answers to what it sent since its last drop, and slots are freed only with no command under way.
`default_nettype none
module tb_kv_guard;
  localparam int Clocks = 60000;
  localparam int Slots = 6;
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
  logic       free_req;
  logic [7:0] free_slot;
  logic       free_busy = 1'b0;

  mr_kv_guard dut (
    .clk_i(clk), .rst_ni(rst_n), .cfg_nbh_i(5'(Nbh)), .drop_i(drop), .hold_i(hold), .idle_o(idle),
    .t_kc_valid_i(kc_valid), .t_kc_append_i(kc_append), .t_kw_valid_i(kw_valid), .t_kw_ready_o(kw_ready),
    .t_kr_valid_o(kr_valid), .t_kr_ready_i(kr_ready),
    .m_kc_valid_o(m_kc_valid), .m_kc_ready_i(m_kc_ready && m_kc_valid), .m_kw_valid_o(m_kw_valid),
    .m_kw_ready_i(m_kw_ready), .m_kr_valid_i(m_kr_valid), .m_kr_ready_o(m_kr_ready), .m_kr_last_i(m_kr_last)
  );
  mr_kv_init #(.Slots(Slots)) u_init (
    .clk_i(clk), .rst_ni(rst_n), .init_i(init), .ready_o(ready), .hold_o(hold), .load_o(load), .idle_i(idle),
    .free_go_i(1'b0), .free_slot_i(8'd0), .free_busy_o(), .ctrl_ready_i(1'b1), .ctrl_free_req_o(free_req),
    .ctrl_free_slot_o(free_slot), .ctrl_free_busy_i(free_busy)
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
  int   next_slot = 0;
  int   init_wait = 0;

  task automatic fail(input string what);
    errors = errors + 1;
    if (errors < 10) $display("FAIL clock %0d: %s", now, what);
  endtask

  // What happens at the coming edge, by the present values.
  logic sent, block, beat;
  task automatic observe;
    sent = m_kc_valid && m_kc_ready;
    block = m_kw_valid && m_kw_ready;
    beat = m_kr_valid && m_kr_ready;
    if (idle != (n_answers == 0)) fail("idle");
    if (kr_valid != (m_kr_valid && orphans == 0)) fail("an answer for somebody else, or none for the tile");
    if (sent && hold) fail("a command while held");
    if (sent && drop) fail("a command while dropped");
    if (block && takes == 0) fail("a block that nobody asked for");
    if (kw_valid && kw_ready && owed == 0) fail("a block taken from the tile that it did not owe");
    if (free_req && n_answers != 0) fail("a slot is freed while a command is under way");
    if (free_req && int'(free_slot) != next_slot) fail("order of the slots");
    if (load != (free_req && next_slot == 0)) fail("load");
    if (free_req) next_slot = next_slot + 1;
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
      next_slot = 0;
      init_wait = 0;
    end
    free_busy = free_req || (free_busy && $urandom % 4 != 0);
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
      if (ready && inits != 0 && !init && next_slot != Slots) fail("not every slot was freed");
    end
    if (commands < 2000 || drops < 500 || dropped_busy < 100 || inits < 50) fail("too little traffic");
    $display("commands %0d, drops %0d, of them inside an APPEND %0d, inits %0d", commands, drops, dropped_busy, inits);
    if (errors == 0) $display("PASS soc_kv_guard");
    $finish;
  end
endmodule
`default_nettype wire
