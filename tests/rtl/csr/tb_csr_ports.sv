// SPDX-License-Identifier: Apache-2.0
// What the hardware side of the generated CSR modules sees: command pulses of one clock, sticky fields, the captured pc, and the latch of
// a 64-bit counter. Covers the tile and the KV block; all blocks come from the same generator.
`default_nettype none
`timescale 1ns/1ps
module tb_csr_ports;
  `include "mr_csr_defs.vh"

  logic        clk_i = 1'b0;
  logic        rst_ni = 1'b0;
  logic        tile_sel = 1'b0;
  logic        kv_sel = 1'b0;
  logic        write = 1'b0;
  logic [11:0] addr = '0;
  logic [31:0] wdata = '0;
  logic [3:0]  code_set = '0;
  logic [15:0] pc = '0;
  logic [63:0] jobs = '0;
  logic [511:0] tags = '0;
  logic        refused_set = 1'b0;
  wire  [31:0] tile_rdata;
  wire  [31:0] kv_rdata;
  wire         tile_error;
  wire         kv_error;
  wire         enable;
  wire         clear_cmd;
  wire         cnt_clear_cmd;
  wire  [3:0]  code;
  wire  [7:0]  admin_slot;
  wire         admin_go;
  wire         refused;
  integer      failures = 0;
  integer      clear_clocks = 0;
  integer      go_clocks = 0;

  always #5 clk_i = !clk_i;

  mr_csr_tile u_tile (
    .clk_i, .rst_ni, .sel_i(tile_sel), .write_i(write), .addr_i(addr), .wdata_i(wdata), .rdata_o(tile_rdata), .error_o(tile_error),
    .ctrl_enable_q(enable), .ctrl_clear_cmd(clear_cmd), .ctrl_fail_cmd(), .status_busy_i(1'b1), .status_queued_i(7'd5), .status_slot_i(8'hA6),
    .status_pc_i(16'h1234), .error_code_set_i(code_set), .error_code_q(code), .error_pc_i(pc), .in_base_q(), .in_size_q(),
    .cnt_ctrl_clear_cmd(cnt_clear_cmd), .watchdog_q(), .fault_failed_i(1'b0), .fault_slot_i(8'd0), .jobs_i(jobs), .descriptors_i(64'd0), .cyc_busy_i(64'd0), .cyc_gemv_i(64'd0),
    .cyc_lane_i(64'd0), .cyc_vec_i(64'd0), .cyc_kv_wait_i(64'd0), .cyc_net_wait_i(64'd0), .cyc_tag_i(tags));

  mr_csr_kv u_kv (
    .clk_i, .rst_ni, .sel_i(kv_sel), .write_i(write), .addr_i(addr), .wdata_i(wdata), .rdata_o(kv_rdata), .error_o(kv_error),
    .config_layers_q(), .config_heads_q(), .config_nbh_q(), .ctrl_init_cmd(), .ctrl_snap_cmd(), .status_ready_i(1'b0),
    .admin_slot_q(admin_slot), .admin_src_q(), .admin_op_q(), .admin_go_cmd(admin_go), .admin_len_q(), .admin_status_busy_i(1'b1),
    .admin_status_code_i(4'd6), .pages_free_i(32'd77), .pages_dirty_i(32'd5), .error_refused_set_i(refused_set),
    .error_refused_q(refused), .error_page_copy_set_i(1'b0), .error_page_copy_q(), .refused_who_i(16'd3), .refused_pos_i(16'd4),
    .refused_pages_pages_i(16'd0), .refused_pages_tag_i(16'd0), .pages_q(), .chunk_q(), .part_q(), .step_q(),
    .count_sel_quarter_q(), .count_sel_counter_q(), .count_sel_go_cmd(), .count_data_i(16'd0), .count_data_busy_i(1'b0));

  always @(posedge clk_i) begin
    if (clear_cmd) clear_clocks = clear_clocks + 1;
    if (admin_go) begin
      go_clocks = go_clocks + 1;
      expect_equal("slot at ADMIN.go", {24'd0, admin_slot}, 32'h5C);
    end
  end

  task expect_equal(input [8*40-1:0] what, input [31:0] got, input [31:0] want);
    if (got !== want) begin
      failures = failures + 1;
      $display("FAIL %0s: %h, expected %h", what, got, want);
    end
  endtask

  task bus_write(input is_kv, input [11:0] offset, input [31:0] value);
    begin
      @(negedge clk_i);
      tile_sel = !is_kv;
      kv_sel = is_kv;
      write = 1'b1;
      addr = offset;
      wdata = value;
      @(negedge clk_i);
      tile_sel = 1'b0;
      kv_sel = 1'b0;
      write = 1'b0;
    end
  endtask

  task expect_read(input [8*40-1:0] what, input is_kv, input [11:0] offset, input [31:0] want);
    begin
      @(negedge clk_i);
      tile_sel = !is_kv;
      kv_sel = is_kv;
      addr = offset;
      @(negedge clk_i);
      tile_sel = 1'b0;
      kv_sel = 1'b0;
      expect_equal(what, is_kv ? kv_rdata : tile_rdata, want);
      expect_equal("error flag", {31'd0, is_kv ? kv_error : tile_error}, 32'd0);
    end
  endtask

  // One clock of an event with the pc at which it happened.
  task tile_event(input [3:0] value, input [15:0] at);
    begin
      @(negedge clk_i);
      code_set = value;
      pc = at;
      @(negedge clk_i);
      code_set = '0;
      pc = 16'hDEAD;
    end
  endtask

  initial begin
    repeat (3) @(negedge clk_i);
    rst_ni = 1'b1;

    expect_read("STATUS fields", 1'b0, CsrTileStatus, 32'h1234A60B);
    expect_read("PAGES_FREE", 1'b1, CsrKvPagesFree, 32'd77);
    expect_read("ADMIN_STATUS", 1'b1, CsrKvAdminStatus, 32'h61);
    expect_read("REFUSED", 1'b1, CsrKvRefused, 32'h00040003);

    bus_write(1'b0, CsrTileCtrl, 32'h3);
    repeat (3) @(negedge clk_i);
    expect_equal("clocks of CTRL.clear", clear_clocks, 32'd1);
    expect_equal("CTRL.enable port", {31'd0, enable}, 32'd1);
    expect_read("CTRL hides the command", 1'b0, CsrTileCtrl, 32'h1);
    expect_equal("CNT_CTRL.clear stays low", {31'd0, cnt_clear_cmd}, 32'd0);

    bus_write(1'b1, CsrKvAdmin, 32'h8000005C);
    bus_write(1'b1, CsrKvAdmin, 32'h00000011);
    repeat (3) @(negedge clk_i);
    expect_equal("clocks of ADMIN.go", go_clocks, 32'd1);

    tile_event(4'd3, 16'h0042);
    tile_event(4'd9, 16'h0099);
    expect_read("first error stays", 1'b0, CsrTileError, 32'h00420003);
    expect_equal("ERROR.code port", {28'd0, code}, 32'd3);
    bus_write(1'b0, CsrTileError, 32'h0000000F);
    expect_read("error cleared", 1'b0, CsrTileError, 32'h00420000);
    tile_event(4'd6, 16'h0077);
    expect_read("next error", 1'b0, CsrTileError, 32'h00770006);

    refused_set = 1'b1;
    @(negedge clk_i);
    refused_set = 1'b0;
    expect_read("ERROR.refused set", 1'b1, CsrKvError, 32'd1);
    bus_write(1'b1, CsrKvError, 32'd0);
    expect_equal("writing 0 keeps it", {31'd0, refused}, 32'd1);
    refused_set = 1'b1;
    bus_write(1'b1, CsrKvError, 32'd1);
    refused_set = 1'b0;
    expect_equal("set wins over clear", {31'd0, refused}, 32'd1);
    bus_write(1'b1, CsrKvError, 32'd1);
    expect_equal("writing 1 clears it", {31'd0, refused}, 32'd0);

    jobs = 64'h00000001_FFFFFFFF;
    expect_read("counter LO", 1'b0, CsrTileJobsLo, 32'hFFFFFFFF);
    jobs = 64'h00000002_00000000;
    expect_read("counter HI is of the LO read", 1'b0, CsrTileJobsHi, 32'd1);
    tags[3*64 +: 64] = 64'h12345678_9ABCDEF0;
    expect_read("array element 3 LO", 1'b0, CsrTileCycTagLo + 12'd24, 32'h9ABCDEF0);
    expect_read("array element 3 HI", 1'b0, CsrTileCycTagHi + 12'd24, 32'h12345678);

    rst_ni = 1'b0;
    repeat (2) @(negedge clk_i);
    rst_ni = 1'b1;
    expect_read("reset clears CTRL.enable", 1'b0, CsrTileCtrl, 32'd0);
    expect_read("reset clears ERROR", 1'b0, CsrTileError, 32'd0);

    if (failures != 0) begin
      $display("%0d failures", failures);
      $finish_and_return(1);
    end
    $display("PASS csr_ports");
    $finish;
  end
endmodule
`default_nettype wire
