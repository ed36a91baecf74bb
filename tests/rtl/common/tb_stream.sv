// SPDX-License-Identifier: Apache-2.0
// mr_fifo and mr_stage: what goes in comes out, in order, once; an offered entry stays (R2, R3); a full buffer takes nothing, an empty
// one offers nothing; one entry a cycle passes while both sides are willing; reset drops everything.
`default_nettype none
module tb_stream;
  localparam int Width = 9;
  localparam int Depth = 4;
  localparam int Clocks = 30000;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic             f_in_valid = 1'b0, s_in_valid = 1'b0;
  logic             f_in_ready, s_in_ready;
  logic [Width-1:0] f_in = '0, s_in = '0;
  logic             f_out_valid, s_out_valid;
  logic             f_out_ready = 1'b0, s_out_ready = 1'b0;
  logic [Width-1:0] f_out, s_out;

  mr_fifo #(.Width(Width), .Depth(Depth)) u_fifo (
    .clk_i(clk), .rst_ni(rst_n), .in_valid_i(f_in_valid), .in_ready_o(f_in_ready), .in_data_i(f_in),
    .out_valid_o(f_out_valid), .out_ready_i(f_out_ready), .out_data_o(f_out)
  );
  mr_stage #(.Width(Width)) u_stage (
    .clk_i(clk), .rst_ni(rst_n), .in_valid_i(s_in_valid), .in_ready_o(s_in_ready), .in_data_i(s_in),
    .out_valid_o(s_out_valid), .out_ready_i(s_out_ready), .out_data_o(s_out)
  );

  logic [Width-1:0] f_want [$];
  logic [Width-1:0] s_want [$];
  int errors = 0;
  int full = 0;
  int empty = 0;
  int passed = 0;
  int streak = 0;                   // cycles in which both sides of the FIFO were willing
  int best = 0;

  task automatic fail(input string what);
    errors = errors + 1;
    if (errors < 10) $display("FAIL %s", what);
  endtask

  initial begin
    int mood;
    mood = 0;
    for (int n = 0; n < Clocks; n = n + 1) begin
      @(negedge clk);
      if (n % 64 == 0) mood = $urandom % 3;
      rst_n = n > 2 && $urandom % 2000 != 0;
      // an offered entry stays until it is taken
      if (!f_in_valid) begin
        f_in_valid = mood != 1 || $urandom % 4 == 0;
        f_in = Width'($urandom);
      end
      if (!s_in_valid) begin
        s_in_valid = mood != 1 || $urandom % 4 == 0;
        s_in = Width'($urandom);
      end
      f_out_ready = mood != 2 || $urandom % 4 == 0;
      s_out_ready = mood != 2 || $urandom % 4 == 0;
      #1;
      if (rst_n) begin
        if (f_out_valid != (f_want.size() != 0)) fail("FIFO: entries and out_valid_o differ");
        if (s_out_valid != (s_want.size() != 0)) fail("stage: entry and out_valid_o differ");
        if (f_in_ready != (f_want.size() != Depth)) fail("FIFO: room and in_ready_o differ");
        if (s_in_ready != (s_want.size() == 0 || s_out_ready)) fail("stage: room and in_ready_o differ");
        if (f_out_valid && f_out !== f_want[0]) fail("FIFO: wrong entry");
        if (s_out_valid && s_out !== s_want[0]) fail("stage: wrong entry");
        if (!f_in_ready) full = full + 1;
        if (!f_out_valid) empty = empty + 1;
        streak = f_in_valid && f_in_ready && f_out_valid && f_out_ready ? streak + 1 : 0;
        if (streak > best) best = streak;
        if (f_out_valid && f_out_ready) begin
          f_want.delete(0);
          passed = passed + 1;
        end
        if (s_out_valid && s_out_ready) s_want.delete(0);
        if (f_in_valid && f_in_ready) f_want.push_back(f_in);
        if (s_in_valid && s_in_ready) s_want.push_back(s_in);
      end else begin
        f_want.delete();
        s_want.delete();
      end
      begin
        logic f_taken, s_taken;
        f_taken = f_in_valid && f_in_ready;
        s_taken = s_in_valid && s_in_ready;
        @(posedge clk);
        #1;
        if (f_taken || !rst_n) f_in_valid = 1'b0;
        if (s_taken || !rst_n) s_in_valid = 1'b0;
      end
    end
    if (full < 500 || empty < 500 || passed < 5000 || best < 40) fail("too little traffic");
    if (errors == 0) $display("PASS common_stream");
    $finish;
  end
endmodule
`default_nettype wire
