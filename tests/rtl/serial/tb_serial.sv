// SPDX-License-Identifier: Apache-2.0
// mr_serial between a host on its UART and a register bus: every status, time bound and malformed frame, then random requests over a line
// that corrupts, drops, repeats and adds bytes both ways. Each request must be obeyed exactly once, whatever happens to frames and answers.
`default_nettype none
module tb_serial;
  localparam int Divisor = 4;
  localparam int Byte = 10 * Divisor;
  localparam int Gap = 140;
  localparam int Bus = 100;
  localparam int Words = 64;     // of the device's memory
  localparam int Requests = 150;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic        rx = 1'b1;
  logic        tx;
  logic        busy;
  logic        rx_open;
  logic        work;
  logic        req_valid;
  logic        req_ready;
  logic        req_write;
  logic [23:0] req_addr;
  logic [31:0] req_wdata;
  logic        rsp_valid = 1'b0;
  logic [31:0] rsp_rdata = '0;
  logic        rsp_error = 1'b0;
  logic        irq = 1'b0;
  mr_serial #(.Divisor(Divisor), .GapCycles(Gap), .BusCycles(Bus)) dut (
    .clk_i(clk), .rst_ni(rst_n), .rx_i(rx), .tx_o(tx), .busy_o(busy), .rx_open_o(rx_open), .work_o(work),
    .req_valid_o(req_valid), .req_ready_i(req_ready), .req_write_o(req_write),
    .req_addr_o(req_addr), .req_wdata_o(req_wdata), .rsp_valid_i(rsp_valid), .rsp_rdata_i(rsp_rdata),
    .rsp_error_i(rsp_error), .irq_i(irq)
  );

  int errors = 0;
  int seed = 7;
  task automatic check(input logic ok, input string what);
    if (!ok) begin
      errors = errors + 1;
      $display("FAIL %0t: %s", $time, what);
      if (errors == 5) $finish;
    end
  endtask
  function automatic int rnd(input int n);
    rnd = $unsigned($random(seed)) % n;
  endfunction

  // ---- device: memory that answers late; a read adds 1 to its word, so that a second one shows; 0x800000 and above answer with an error ----
  logic [31:0] memory [Words];
  int          accesses = 0;
  int          delay = 0;        // of the answer on its way
  logic        pending = 1'b0;
  logic        deaf = 1'b0;      // takes nothing
  logic        mute = 1'b0;      // takes and does not answer
  logic        quick = 1'b0;
  logic        ready_q = 1'b1;
  logic        held_q = 1'b0;
  logic [56:0] held_req_q = '0;
  assign req_ready = ready_q && !pending && !deaf;
  always @(posedge clk) begin
    rsp_valid <= 1'b0;
    rsp_rdata <= 32'hDEADBEEF;
    rsp_error <= rnd(2) == 0;
    ready_q <= quick || rnd(3) != 0;
    if (held_q) check(req_valid && held_req_q == {req_write, req_addr, req_wdata}, "a request changes before it is taken");
    held_q <= req_valid && !req_ready && !deaf;
    held_req_q <= {req_write, req_addr, req_wdata};
    if (req_valid && req_ready) begin
      accesses <= accesses + 1;
      pending <= 1'b1;
      delay <= quick ? 0 : rnd(6);
    end
    if (pending && !mute) begin
      if (delay != 0) delay <= delay - 1;
      else begin
        pending <= 1'b0;
        rsp_valid <= 1'b1;
        rsp_error <= held_req_q[55];
        rsp_rdata <= memory[held_req_q[39:34]];
        if (!held_req_q[55]) memory[held_req_q[39:34]] <= held_req_q[56] ? held_req_q[31:0] : memory[held_req_q[39:34]] + 32'd1;
      end
    end
    if (pending) held_req_q <= held_req_q;
  end
  int busy_clocks = 0;
  always @(posedge clk) if (busy) busy_clocks <= busy_clocks + 1;

  // ---- host's UART ----
  task automatic idle(input int clocks);
    repeat (clocks) @(negedge clk);
  endtask
  task automatic put(input logic [7:0] b);
    logic [9:0] frame;
    frame = {1'b1, b, 1'b0};
    for (int i = 0; i < 10; i = i + 1) begin
      rx = frame[i];
      idle(Divisor);
    end
  endtask
  logic [7:0] got [1024];
  int         n_got = 0;
  logic [7:0] got_byte;
  initial begin
    forever begin
      @(negedge tx);
      repeat (Divisor + Divisor / 2) @(negedge clk);
      for (int i = 0; i < 8; i = i + 1) begin
        got_byte[i] = tx;
        repeat (Divisor) @(negedge clk);
      end
      check(tx === 1'b1, "a byte without a stop bit");
      got[n_got % 1024] = got_byte;
      n_got = n_got + 1;
    end
  end

  // ---- frames ----
  function automatic logic [15:0] crc16(input logic [15:0] crc, input logic [7:0] data);
    logic [15:0] c;
    c = crc;
    for (int i = 7; i >= 0; i = i - 1) c = {c[14:0], 1'b0} ^ (c[15] ^ data[i] ? 16'h1021 : 16'h0000);
    crc16 = c;
  endfunction

  logic [7:0]  frame [300];
  int          n_frame;
  logic [7:0]  pay [256];
  int          n_pay;
  logic [7:0]  seq = 8'd40;
  task automatic pay8(input logic [7:0] b);
    pay[n_pay] = b;
    n_pay = n_pay + 1;
  endtask
  task automatic pay32(input logic [31:0] w);
    for (int i = 0; i < 4; i = i + 1) pay8(w[8*i +: 8]);
  endtask
  task automatic make(input logic [7:0] cmd);
    logic [15:0] crc;
    frame[0] = 8'hA5;
    frame[1] = 8'(n_pay);
    frame[2] = seq;
    frame[3] = cmd;
    for (int i = 0; i < n_pay; i = i + 1) frame[4+i] = pay[i];
    crc = 16'hFFFF;
    for (int i = 1; i < 4 + n_pay; i = i + 1) crc = crc16(crc, frame[i]);
    frame[4+n_pay] = crc[15:8];
    frame[5+n_pay] = crc[7:0];
    n_frame = n_pay + 6;
    n_pay = 0;
  endtask
  task automatic send;
    for (int i = 0; i < n_frame; i = i + 1) put(frame[i]);
  endtask
  // Waits until nothing happened for a while; longer than any access, wait or gap takes.
  task automatic settle;
    int seen;
    seen = -1;
    while (seen != n_got + accesses) begin
      seen = n_got + accesses;
      idle(Gap + Bus + 3 * Byte);
    end
  endtask
  // The answer's status, or -1 when what came since `from` is not one whole good frame; its payload at got[from + 4].
  function automatic int answer(input int from, input logic [7:0] want_seq);
    logic [15:0] crc;
    int n;
    n = {24'd0, got[(from + 1) % 1024]};
    answer = -1;
    if (n_got - from == n + 6 && got[from % 1024] == 8'h5A && got[(from + 2) % 1024] == want_seq) begin
      crc = 16'hFFFF;
      for (int i = 1; i < n + 6; i = i + 1) crc = crc16(crc, got[(from + i) % 1024]);
      if (crc == 16'd0) answer = {24'd0, got[(from + 3) % 1024]};
    end
  endfunction
  function automatic logic [31:0] word_at(input int from, input int i);
    for (int k = 0; k < 4; k = k + 1) word_at[8*k +: 8] = got[(from + 4 + 4 * i + k) % 1024];
  endfunction

  int from;
  int count0;
  // Sends the frame as it is; the answer must have this status, length and number.
  task automatic expect_answer(input logic [7:0] cmd, input int status, input int bytes, input string what);
    make(cmd);
    from = n_got;
    send();
    settle();
    if (answer(from, seq) != status || {24'd0, got[(from + 1) % 1024]} != bytes) begin
      $display("%s: %0d bytes, status %0d", what, n_got - from, answer(from, seq));
      check(1'b0, what);
    end
  endtask
  task automatic next;
    seq = seq + 8'd1;
  endtask

  // ---- random ----
  logic [31:0] ref_memory [Words];
  logic [31:0] want [64];
  int          n_want;
  int          want_status;
  int          want_accesses;
  logic [7:0]  kind;
  task automatic segment;
    int at;
    int n;
    logic [31:0] w;
    at = rnd(Words);
    n = 1 + rnd(12);
    pay32({8'(n), 16'd0, 8'(4 * at)});
    for (int i = 0; i < n; i = i + 1) begin
      w = $random(seed);
      pay32(w);
      ref_memory[(at + i) % Words] = w;
    end
    want_accesses = want_accesses + n;
  endtask
  task automatic random_request;
    int at;
    n_want = 0;
    want_status = 0;
    want_accesses = 0;
    kind = 8'd1 + 8'(rnd(3));
    case (kind)
      8'd1: begin
        at = rnd(Words);
        n_want = 1 + rnd(rnd(4) == 0 ? 63 : 8);
        pay32({8'(n_want), 16'd0, 8'(4 * at)});
        want_accesses = n_want;
        for (int i = 0; i < n_want; i = i + 1) begin
          want[i] = ref_memory[(at + i) % Words];
          ref_memory[(at + i) % Words] = ref_memory[(at + i) % Words] + 32'd1;
        end
      end
      8'd2: repeat (1 + rnd(4)) segment();
      default: pay32(rnd(100));
    endcase
    make(kind);
  endtask
  // One try over the bad line. Garbage before a frame may look like the start of one; then the gap ends it.
  task automatic bad_send;
    int what;
    int at;
    logic [7:0] b;
    what = rnd(10);
    at = rnd(n_frame);
    if (what == 7) repeat (1 + rnd(12)) put(rnd(4) == 0 ? 8'hA5 : 8'(rnd(256)));
    for (int i = 0; i < n_frame; i = i + 1) begin
      b = frame[i];
      if (what == 0 && i == at) b = b ^ 8'(1 + rnd(255));
      if (!(what == 1 && i == at) && !(what == 2 && i >= at)) put(b);
      if (what == 3 && i == at) put(b);
    end
    if (what == 4) send();
    if (what == 8) idle(rnd(2 * Gap));
  endtask
  task automatic random_one;
    int tries;
    logic done;
    next();
    random_request();
    count0 = accesses;
    tries = 0;
    done = 1'b0;
    while (!done && tries < 40) begin
      from = n_got;
      bad_send();
      settle();
      tries = tries + 1;
      // What comes after a repeated frame or garbage may be several answers: only one alone counts; one in four is lost.
      done = answer(from, seq) == 0 && rnd(4) != 0;
    end
    check(done, "no answer in 40 tries");
    check(accesses - count0 == want_accesses, "not obeyed exactly once");
    check({24'd0, got[(from + 1) % 1024]} == 4 * n_want, "the answer's length");
    for (int i = 0; i < n_want; i = i + 1) check(word_at(from, i) == want[i], "a word that was read");
  endtask

  int start;
  initial begin
    for (int i = 0; i < Words; i = i + 1) begin
      memory[i] = $random(seed);
      ref_memory[i] = memory[i];
    end
    n_pay = 0;
    idle(3);
    rst_n = 1'b1;
    idle(3);
    check(tx === 1'b1 && req_valid === 1'b0, "at rest after reset");

    // Nothing was obeyed yet: the number of no request is repeated.
    seq = 8'd0;
    count0 = accesses;
    pay32(32'h01000010);
    expect_answer(8'd1, 0, 4, "first request, number 0");
    check(accesses == count0 + 1, "first request is obeyed");
    ref_memory[4] = ref_memory[4] + 32'd1;

    // PING: identity, version, largest read; afterwards the same number is a new request.
    seq = 8'd40;
    expect_answer(8'd0, 0, 6, "ping");
    check(word_at(from, 0) == 32'h4C53524D && got[(from+8)%1024] == 8'd1 && got[(from+9)%1024] == 8'd63, "ping's identity");
    count0 = accesses;
    pay32(32'h02000008);
    expect_answer(8'd1, 0, 8, "read after ping");
    check(accesses == count0 + 2, "a read behind a ping of its number");
    check(word_at(from, 0) == ref_memory[2] && word_at(from, 1) == ref_memory[3], "words read");
    pay32(32'h02000008);
    expect_answer(8'd1, 0, 8, "read repeated");
    check(accesses == count0 + 2 && word_at(from, 1) == ref_memory[3], "a repeated read is answered from the store");
    ref_memory[2] = ref_memory[2] + 32'd1;
    ref_memory[3] = ref_memory[3] + 32'd1;

    // A damaged frame: asked for again at once, with the number of the last good one; the stored answer survives a damaged write.
    count0 = accesses;
    pay32(32'h02000008);
    pay32(32'h11111111);
    pay32(32'h22222222);
    make(8'd2);
    frame[n_frame-1] = frame[n_frame-1] ^ 8'h01;
    from = n_got;
    send();
    idle(8 * Byte);
    check(answer(from, seq) == 4 && got[(from+1)%1024] == 8'd0, "a damaged frame is asked for again");
    pay32(32'h02000008);
    expect_answer(8'd1, 0, 8, "stored answer behind a damaged write");
    check(accesses == count0 && word_at(from, 0) == ref_memory[2] - 32'd1, "the store survives");

    // Bytes that begin no frame are passed over.
    next();
    pay32(32'h01000004);
    make(8'd1);
    from = n_got;
    put(8'h00);
    put(8'h5A);
    put(8'hFF);
    send();
    settle();
    check(answer(from, seq) == 0, "a frame behind other bytes");
    ref_memory[1] = ref_memory[1] + 32'd1;

    // Silence in a frame: just short of the gap it goes on, beyond it is asked for again.
    next();
    pay32(32'h01000008);
    make(8'd1);
    from = n_got;
    for (int i = 0; i < 5; i = i + 1) put(frame[i]);
    check(rx_open === 1'b1 && work === 1'b0, "a frame is open");
    idle(Gap - Byte - 10);
    for (int i = 5; i < n_frame; i = i + 1) put(frame[i]);
    settle();
    check(answer(from, seq) == 0, "a pause shorter than the gap");
    check(rx_open === 1'b0 && work === 1'b0, "no frame is open");
    ref_memory[2] = ref_memory[2] + 32'd1;
    for (int k = 1; k < n_frame; k = k + 1) begin
      from = n_got;
      for (int i = 0; i < k; i = i + 1) put(frame[i]);
      idle(Gap - Byte);
      check(n_got == from, "the gap is too short");
      idle(Byte + 8 * Byte);
      check(answer(from, seq) == 4, "a frame that breaks off");
    end
    settle();

    // Bad stop bit: that byte is lost. A short pulse is no start bit. A break is no byte.
    next();
    count0 = accesses;
    pay32(32'h01000004);
    make(8'd1);
    from = n_got;
    for (int i = 0; i < n_frame; i = i + 1) begin
      if (i == 4) begin
        rx = 1'b0;
        idle(11 * Divisor);
        rx = 1'b1;
        idle(Divisor);
        rx = 1'b0;
        idle(1);
        rx = 1'b1;
        idle(Byte);
      end
      put(frame[i]);
    end
    settle();
    check(answer(from, seq) == 0 && accesses == count0 + 1, "break and pulse in a frame");
    ref_memory[1] = ref_memory[1] + 32'd1;

    // Malformed: status 3, nothing touched (but segments before a bad one).
    count0 = accesses;
    next(); expect_answer(8'd9, 3, 0, "unknown command");
    next(); expect_answer(8'd1, 3, 0, "read without payload");
    next(); pay32(32'h01000000); pay8(8'd0); expect_answer(8'd1, 3, 0, "read with a byte too much");
    next(); pay32(32'h00000000); expect_answer(8'd1, 3, 0, "read of nothing");
    next(); pay32(32'h40000000); expect_answer(8'd1, 3, 0, "read of 64 words");
    next(); pay32(32'h80000000); expect_answer(8'd1, 3, 0, "read of 128 words");
    next(); expect_answer(8'd2, 3, 0, "write without payload");
    next(); pay32(32'h01000000); expect_answer(8'd2, 3, 0, "write without data");
    next(); pay32(32'h00000000); pay32(0); expect_answer(8'd2, 3, 0, "write of nothing");
    next(); pay32(32'h02000000); pay32(0); expect_answer(8'd2, 3, 0, "write of more than there is");
    next(); pay32(32'h41000000); pay32(0); expect_answer(8'd2, 3, 0, "write of 65 words");
    next(); pay8(8'd1); expect_answer(8'd3, 3, 0, "wait with one byte");
    check(accesses == count0, "malformed requests touch nothing");
    next(); pay32(32'h01000000); pay32(32'd77); pay32(32'h02000000); pay32(0); expect_answer(8'd2, 3, 0, "second segment too long");
    next(); pay32(32'h01000000); pay32(32'd77); pay8(8'd1); expect_answer(8'd2, 3, 0, "a byte behind the last segment");
    check(accesses == count0 + 2, "segments before a bad one");
    ref_memory[0] = 32'd77;

    // Bus error: the words so far; a write stops.
    next();
    pay32(32'h027FFFFC);
    expect_answer(8'd1, 1, 4, "bus error in a read");
    check(word_at(from, 0) == ref_memory[63], "the word before the bus error");
    ref_memory[63] = ref_memory[63] + 32'd1;
    next();
    count0 = accesses;
    pay32(32'h02800000); pay32(32'd1); pay32(32'd2);
    pay32(32'h01000000); pay32(32'd3);
    expect_answer(8'd2, 1, 0, "bus error in a write");
    check(accesses == count0 + 1, "a write ends at a bus error");
    next();
    pay32(32'h01000014); pay32(32'd5);
    expect_answer(8'd2, 0, 0, "a write behind a bus error");
    ref_memory[5] = 32'd5;

    // The bus hangs: nothing is taken; then taken and not answered until much later, beside the next request.
    next();
    deaf = 1'b1;
    pay32(32'h01000014);
    expect_answer(8'd1, 2, 0, "nothing is taken");
    check(!req_valid, "a request is given up");
    deaf = 1'b0;
    next();
    mute = 1'b1;
    busy_clocks = 0;
    pay32(32'h01000014);
    expect_answer(8'd1, 2, 0, "no answer");
    check(busy_clocks > Bus && busy_clocks < Bus + 40, "time until the bus is given up");
    ref_memory[5] = ref_memory[5] + 32'd1;
    next();
    pay32(32'h01000014);
    expect_answer(8'd1, 2, 0, "still no answer");
    next();
    pay32(32'h01000018);
    make(8'd1);
    from = n_got;
    send();
    idle(30);
    mute = 1'b0;
    settle();
    check(answer(from, seq) == 0 && word_at(from, 0) == ref_memory[6], "an old answer is not the next request's");
    ref_memory[6] = ref_memory[6] + 32'd1;

    // WAIT takes as many clocks, ends with the interrupt, and is not repeated.
    next();
    busy_clocks = 0;
    pay32(32'd200);
    expect_answer(8'd3, 0, 0, "wait");
    check(busy_clocks == 201, "clocks of a wait");
    expect_answer(8'd3, 0, 0, "the number alone decides: without it this wait would be malformed");
    next();
    pay32(32'h80000000);
    make(8'd3);
    from = n_got;
    busy_clocks = 0;
    send();
    // What comes meanwhile is lost.
    repeat (5) put(8'hA5);
    check(n_got == from && work === 1'b1 && rx_open === 1'b0, "a wait ended early");
    irq = 1'b1;
    settle();
    irq = 1'b0;
    check(answer(from, seq) == 0, "a wait that the interrupt ends");
    check(busy_clocks > 4 * Byte && busy_clocks < 8 * Byte, "clocks of that wait");

    // Frames without a pause: each behind the last bit of the answer before.
    quick = 1'b1;
    for (int k = 0; k < 8; k = k + 1) begin
      next();
      pay32(32'h01000020);
      make(8'd1);
      from = n_got;
      start = $time / 10;
      send();
      while (n_got - from < 10 && $time / 10 - start < 40 * Byte) idle(1);
      check(answer(from, seq) == 0 && word_at(from, 0) == ref_memory[8] + k, "frames one behind the other");
      check($time / 10 - start < 21 * Byte, "time of a read");
    end
    ref_memory[8] = ref_memory[8] + 32'd8;
    quick = 1'b0;

    // Any number, with the longest frames: 62 words written, 63 read.
    next();
    pay32(32'h3E000004);
    for (int i = 0; i < 62; i = i + 1) begin
      ref_memory[1+i] = $random(seed);
      pay32(ref_memory[1+i]);
    end
    expect_answer(8'd2, 0, 0, "a write of 62 words");
    next();
    pay32(32'h3F000004);
    expect_answer(8'd1, 0, 252, "a read of 63 words");
    for (int i = 0; i < 63; i = i + 1) begin
      check(word_at(from, i) == ref_memory[1+i], "63 words");
      ref_memory[1+i] = ref_memory[1+i] + 32'd1;
    end

    repeat (Requests) random_one();
    for (int i = 0; i < Words; i = i + 1) check(memory[i] == ref_memory[i], "memory at the end");
    if (errors == 0) $display("PASS serial");
    else $display("FAIL serial: %0d errors", errors);
    $finish;
  end
endmodule
`default_nettype wire
