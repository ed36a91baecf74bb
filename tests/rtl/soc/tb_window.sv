// SPDX-License-Identifier: Apache-2.0
// mr_window: random window accesses and CRC runs over every memory, some of which do not exist, are out of range or belong to a tile
// with a job. Every access is answered in order and in time, with the right data or a refusal; a CRC is right and as fast as promised;
// a window access during a run is refused and does not disturb it; in the end the memories hold what was written, nothing else.
`default_nettype none
module tb_window;
  localparam int Tiles = 3;
  localparam int ResElems = 48;
  localparam int Depth = 512;       // words of the model's memories
  localparam int MaxAnswer = 9;     // clocks from an access to its answer
  localparam int CrcLatency = 8;
  localparam int Clocks = 40000;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic [3:0]          kind = '0;
  logic [7:0]          tile = '0;
  logic                en = 1'b0;
  logic                write = 1'b0;
  logic [31:0]         index = '0;
  logic [31:0]         wdata = '0;
  logic                rvalid;
  logic [31:0]         rdata;
  logic                rerror;
  logic                werror;
  logic                start = 1'b0;
  logic [31:0]         first = '0;
  logic [31:0]         count = '0;
  logic                busy;
  logic                crc_error;
  logic [31:0]         crc_value;
  logic [Tiles-1:0]    cfg_en;
  logic                cfg_write;
  logic [1:0]          cfg_kind;
  logic [31:0]         cfg_index;
  logic [31:0]         cfg_wdata;
  logic [Tiles-1:0]    cfg_rvalid = '0;
  logic [Tiles*32-1:0] cfg_rdata = '0;
  logic [Tiles-1:0]    cfg_error = '0;
  logic                res_en;
  logic [5:0]          res_addr;
  logic [31:0]         res_data = '0;

  mr_window #(.Tiles(Tiles), .ResElems(ResElems)) dut (
    .clk_i(clk), .rst_ni(rst_n), .kind_i(kind), .tile_i(tile), .win_en_i(en), .win_write_i(write), .win_index_i(index),
    .win_wdata_i(wdata), .win_rvalid_o(rvalid), .win_rdata_o(rdata), .win_error_o(rerror), .write_error_o(werror),
    .crc_start_i(start), .crc_first_i(first), .crc_count_i(count), .crc_busy_o(busy), .crc_error_o(crc_error),
    .crc_value_o(crc_value), .cfg_en_o(cfg_en), .cfg_write_o(cfg_write), .cfg_kind_o(cfg_kind), .cfg_index_o(cfg_index),
    .cfg_wdata_o(cfg_wdata), .cfg_rvalid_i(cfg_rvalid), .cfg_rdata_i(cfg_rdata), .cfg_error_i(cfg_error),
    .res_en_o(res_en), .res_addr_o(res_addr), .res_data_i(res_data)
  );

  int errors = 0;
  int now = 0;
  int reads = 0;
  int writes = 0;
  int refused = 0;
  int intruders = 0;                // window accesses during a run
  int runs = 0;
  int bad_runs = 0;

  task automatic fail(input string what);
    errors = errors + 1;
    if (errors < 10) $display("FAIL clock %0d: %s", now, what);
  endtask

  // ---- memories: what the tiles hold, and what they should hold ----
  logic [31:0] mem [Tiles*4*Depth];
  logic [31:0] want [Tiles*4*Depth];
  logic [31:0] results [ResElems];
  logic [Tiles-1:0] job = '0;       // tiles that have one

  function automatic int size_of(input int k);
    case (k)
      0: size_of = 20 * 16;
      1: size_of = 300;
      2: size_of = 12 * 16;
      default: size_of = 30 * 8;
    endcase
  endfunction
  function automatic int at(input int t, input int k, input int i);
    at = (t * 4 + k) * Depth + i;
  endfunction

  // Tiles: an access is answered three clocks later; one that is out of range or meets a job changes nothing.
  logic [Tiles-1:0]    en1 = '0;
  logic [Tiles-1:0]    bad1 = '0;
  logic [Tiles*32-1:0] data1 = '0;
  logic [Tiles-1:0]    en2 = '0;
  logic [Tiles-1:0]    bad2 = '0;
  logic [Tiles*32-1:0] data2 = '0;
  always @(posedge clk) begin
    if ((cfg_en & (cfg_en - 1'b1)) != '0) fail("an access to two tiles");
    for (int t = 0; t < Tiles; t = t + 1) begin
      en1[t] <= cfg_en[t];
      bad1[t] <= job[t] || cfg_index >= 32'(size_of(int'(cfg_kind)));
      data1[t*32 +: 32] <= $urandom;
      if (cfg_en[t] && !job[t] && cfg_index < 32'(size_of(int'(cfg_kind)))) begin
        if (cfg_write) mem[at(t, int'(cfg_kind), int'(cfg_index))] <= cfg_wdata;
        else data1[t*32 +: 32] <= mem[at(t, int'(cfg_kind), int'(cfg_index))];
      end
    end
    en2 <= en1;
    bad2 <= bad1;
    data2 <= data1;
    cfg_rvalid <= en2;
    cfg_error <= bad2;
    cfg_rdata <= data2;
    // Results: one clock.
    if (res_en && res_addr >= 6'(ResElems)) fail("a result that is not there");
    res_data <= res_en ? results[res_addr] : $urandom;
  end

  // ---- accesses under way, oldest first ----
  logic        q_write [$];
  logic        q_bad [$];
  logic [31:0] q_data [$];
  int          q_time [$];
  int          reading = 0;

  // Word of a memory as the window has to see it; bad: refused.
  task automatic look(input logic [3:0] k, input logic [7:0] t, input logic [31:0] i, output logic bad,
                      output logic [31:0] data);
    data = '0;
    if (k == 4'd4) begin
      bad = i >= ResElems;
      if (!bad) data = results[i[5:0]];
    end else begin
      bad = k > 4'd4 || t >= 8'(Tiles);
      if (!bad) bad = job[t[1:0]] || i >= 32'(size_of(int'(k)));
      if (!bad) data = want[at(int'(t), int'(k), int'(i))];
    end
  endtask

  task automatic pick_target;
    kind = $urandom % 16 == 0 ? 4'($urandom % 16) : 4'($urandom % 5);
    tile = $urandom % 12 == 0 ? 8'($urandom % 2 == 0 ? Tiles : $urandom % 256) : 8'($urandom % Tiles);
  endtask

  task automatic access;
    logic bad;
    logic [31:0] data;
    write = $urandom % 2 == 0;
    if (!write && reading != 0) write = 1'b1;
    index = $urandom % 24 == 0 ? $urandom : $urandom % (kind == 4'd4 ? ResElems + 4 : size_of(int'(kind[1:0])) + 8);
    if ($urandom % 24 == 0) index = index | 32'd1 << ($urandom % 32);
    wdata = $urandom;
    en = 1'b1;
    look(kind, tile, index, bad, data);
    bad = bad || busy || (write && kind == 4'd4);
    if (busy) intruders = intruders + 1;
    if (bad) refused = refused + 1;
    if (write) begin
      writes = writes + 1;
      if (!bad) want[at(int'(tile), int'(kind), int'(index))] = wdata;
    end else begin
      reads = reads + 1;
      reading = 1;
    end
    // A write that is taken has no answer to see.
    if (!write || bad) begin
      q_write.push_back(write);
      q_bad.push_back(bad);
      q_data.push_back(data);
      q_time.push_back(now);
    end
  endtask

  task automatic answered(input logic is_write);
    if (q_write.size() == 0) fail("an answer to nothing");
    else begin
      if (q_write[0] != is_write) fail("answers out of order");
      if (!is_write && rerror != q_bad[0]) fail(rerror ? "a read refused" : "a read not refused");
      if (!is_write && !q_bad[0] && rdata != q_data[0]) fail("data");
      if (!is_write) reading = 0;
      q_write.delete(0);
      q_bad.delete(0);
      q_data.delete(0);
      q_time.delete(0);
    end
  endtask

  // A refused write is told in the clock of the answer to a read just before it, or later.
  task automatic check_answers;
    if (rvalid) answered(1'b0);
    if (werror) answered(1'b1);
    if (q_time.size() != 0) begin
      if (now - q_time[0] > MaxAnswer) begin
        fail("no answer");
        drop_all();
      end
    end
  endtask

  task automatic drop_all;
    q_write.delete();
    q_bad.delete();
    q_data.delete();
    q_time.delete();
    reading = 0;
  endtask

  // ---- CRC runs ----
  logic        running = 1'b0;
  logic        run_bad = 1'b0;
  logic [31:0] run_crc = '0;
  int          run_end = 0;         // last clock in which it may be busy

  function automatic logic [31:0] crc_byte(input logic [31:0] crc, input logic [7:0] data);
    crc_byte = crc ^ {24'd0, data};
    for (int b = 0; b < 8; b = b + 1) crc_byte = crc_byte[0] ? (crc_byte >> 1) ^ 32'hEDB88320 : crc_byte >> 1;
  endfunction

  task automatic expect_run;
    int words;
    int stride;
    logic bad;
    logic [31:0] data;
    words = kind == 4'd0 || kind == 4'd2 ? 9 : kind == 4'd3 ? 8 : 1;
    stride = words == 9 ? 16 : words;
    run_bad = 1'b0;
    run_crc = 32'hFFFFFFFF;
    for (int r = 0; r < int'(count); r = r + 1) begin
      for (int k = 0; k < words; k = k + 1) begin
        look(kind, tile, (first + 32'(r)) * 32'(stride) + 32'(k), bad, data);
        run_bad = run_bad || bad;
        for (int b = 0; b < 4; b = b + 1) run_crc = crc_byte(run_crc, data[8*b +: 8]);
      end
    end
    run_crc = ~run_crc;
    run_end = now + int'(count) * words + CrcLatency + 1;
    running = count != 0;
    runs = runs + 1;
    if (run_bad) bad_runs = bad_runs + 1;
  endtask

  task automatic begin_run;
    first = $urandom % 20;
    count = $urandom % 8 == 0 ? 32'd0 : 1 + $urandom % 12;
    start = 1'b1;
    if (!busy) begin
      expect_run();
      if (count == 0) begin
        @(posedge clk);
        #1;
        start = 1'b0;
        if (busy || crc_error || crc_value != 32'd0) fail("a run over nothing");
      end
    end
  endtask

  task automatic check_run;
    if (busy && !running) fail("busy without a run");
    if (running && !busy) begin
      running = 1'b0;
      if (crc_error != run_bad) fail(run_bad ? "a bad run passed" : "a good run refused");
      if (!run_bad && crc_value != run_crc) fail("CRC");
    end
    if (running && now > run_end) begin
      fail("a run takes too long");
      running = 1'b0;
    end
  endtask

  // A reset in the middle: nothing comes out of it afterwards.
  task automatic do_reset;
    rst_n = 1'b0;
    en = 1'b0;
    start = 1'b0;
    repeat (5) @(posedge clk);
    #1;
    if (busy || rvalid || werror || cfg_en != '0 || res_en) fail("active after reset");
    rst_n = 1'b1;
    running = 1'b0;
    drop_all();
  endtask

  initial begin
    for (int i = 0; i < Tiles*4*Depth; i = i + 1) begin
      mem[i] = $urandom;
      want[i] = mem[i];
    end
    for (int i = 0; i < ResElems; i = i + 1) results[i] = $urandom;
    do_reset();
    while (now < Clocks) begin
      @(negedge clk);
      now = now + 1;
      en = 1'b0;
      start = 1'b0;
      check_answers();
      check_run();
      // A run keeps the target that it began with. Jobs change while nothing is under way.
      if (busy && $urandom % 8 == 0) pick_target();
      if (!busy && q_write.size() == 0 && !running && $urandom % 8 == 0) begin
        repeat (MaxAnswer) @(negedge clk);
        job = $urandom % 4 == 0 ? Tiles'($urandom) : '0;
        pick_target();
      end
      if ($urandom % 40 == 0) begin_run();
      else if (busy ? $urandom % 6 == 0 : $urandom % 3 != 0) begin
        if (running) run_end = run_end + 1;
        access();
      end
      if ($urandom % 3000 == 0) begin
        repeat (MaxAnswer) begin
          @(negedge clk);
          en = 1'b0;
          start = 1'b0;
        end
        do_reset();
      end
    end
    repeat (20) @(negedge clk);
    for (int i = 0; i < Tiles*4*Depth; i = i + 1) if (mem[i] !== want[i]) fail("a memory holds something else");
    if (reads < 2000 || writes < 5000 || refused < 1000 || intruders < 500 || runs < 300 || bad_runs < 50) fail("too little traffic");
    $display("reads %0d, writes %0d, refused %0d, during a run %0d, runs %0d, bad %0d", reads, writes, refused, intruders, runs,
             bad_runs);
    if (errors == 0) $display("PASS soc_window");
    $finish;
  end
endmodule
`default_nettype wire
