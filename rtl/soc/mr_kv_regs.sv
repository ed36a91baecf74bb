// SPDX-License-Identifier: Apache-2.0
// What firmware sees of the KV channels: one block of registers, one shape, one administration for all of them.
//
// Prof  device profile of mr_kv_dev_pkg.   Channels 1, 2, 4, 8.   Heads  of all channels.
// Bus side (sel_i ... error_o): mr_csr_kv.   reset_i (one clock)  empties the cache like CTRL.init; the DRAM goes on being refreshed.
// hold_o, idle_i: send no command, none is under way (mr_kv_guard).   Channel c: bit c, slice c; see mr_kv_top. cfg_*_o are shared but heads.
// Head h is in channel h mod Channels, so channel c has ceil((heads - c) / Channels); one without heads refuses what tiles
// ask and takes no part in administration (channel 0 always does). An administration command goes to all channels at
// once and ends with the last of them, with the largest status; what one channel refuses another may have done.
// Tests: tests/cosim.
`default_nettype none
module mr_kv_regs #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int Channels = 1,
  parameter int Heads = 8,
  localparam int BaBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxBaBits +: 16]},
  localparam int La = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                    + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]}
) (
  input  wire                    clk_i,
  input  wire                    rst_ni,
  input  wire                    reset_i,
  input  wire                    sel_i,
  input  wire                    write_i,
  input  wire  [11:0]            addr_i,
  input  wire  [31:0]            wdata_i,
  output wire  [31:0]            rdata_o,
  output wire                    error_o,
  output wire                    hold_o,
  input  wire                    idle_i,
  // channels
  output wire                    cfg_start_o,
  output logic [8:0]             cfg_layers_o,
  output logic [9*Channels-1:0]  cfg_heads_o,
  output logic [4:0]             cfg_nbh_o,
  output logic [16:0]            cfg_pages_o,
  output logic [La-1:0]          cfg_chunk_o,
  output logic [La-1:0]          cfg_part_o,
  output logic [BaBits-1:0]      cfg_step_o,
  input  wire  [Channels-1:0]    ready_i,
  input  wire  [Channels-1:0]    idle_ctrl_i,
  input  wire  [Channels-1:0]    pe_err_i,
  input  wire  [Channels-1:0]    refused_i,       // one clock: a tile's command was refused
  input  wire  [64*Channels-1:0] cnt_refused_i,
  input  wire  [17*Channels-1:0] pages_used_i,
  input  wire  [17*Channels-1:0] pages_dirty_i,
  output logic [Channels-1:0]    ad_valid_o,
  input  wire  [Channels-1:0]    ad_ready_i,
  output wire  [1:0]             ad_op_o,
  output wire  [7:0]             ad_slot_o,
  output wire  [7:0]             ad_src_o,
  output wire  [17:0]            ad_len_o,
  input  wire  [Channels-1:0]    ad_done_i,
  input  wire  [4*Channels-1:0]  ad_status_i,
  output wire                    cnt_snap_o,
  output logic [Channels-1:0]    cnt_rd_valid_o,
  output wire  [6:0]             cnt_rd_addr_o,
  input  wire  [Channels-1:0]    cnt_rd_done_i,
  input  wire  [16*Channels-1:0] cnt_rd_data_i
);
  // ---- registers ----
  logic [8:0]  layers;
  logic [7:0]  heads;
  logic [4:0]  nbh;
  logic [16:0] pages;
  logic [31:0] chunk, part;
  logic [7:0]  step;
  logic        init, ready, load;
  logic        admin_go, admin_busy;
  logic [1:0]  admin_op;
  logic [7:0]  admin_slot, admin_src;
  logic [17:0] admin_len;
  logic [3:0]  admin_code;
  logic        count_go, count_done, count_busy_q;
  logic [2:0]  count_channel;
  logic [15:0] count_data, count_q;
  logic [16:0] most_used, most_dirty;
  logic [63:0] refused;

  mr_csr_kv u_csr (
    .clk_i, .rst_ni, .sel_i, .write_i, .addr_i, .wdata_i, .rdata_o, .error_o,
    .config_layers_q(layers), .config_heads_q(heads), .config_nbh_q(nbh), .pages_q(pages),
    .chunk_q(chunk), .part_q(part), .step_q(step),
    .ctrl_init_cmd(init), .ctrl_snap_cmd(cnt_snap_o), .status_ready_i(ready),
    .admin_slot_q(admin_slot), .admin_src_q(admin_src), .admin_op_q(admin_op), .admin_go_cmd(admin_go), .admin_len_q(admin_len),
    .admin_status_busy_i(admin_busy), .admin_status_code_i(admin_code),
    .pages_free_i(32'(cfg_pages_o) - 32'(most_used)), .pages_dirty_i(32'(most_dirty)),
    .error_refused_set_i(|refused_i), .error_refused_q(), .error_page_copy_set_i(|pe_err_i), .error_page_copy_q(),
    .refused_who_i(refused[15:0]), .refused_pos_i(refused[31:16]),
    .refused_pages_pages_i(refused[47:32]), .refused_pages_tag_i(refused[63:48]),
    .count_sel_quarter_q(cnt_rd_addr_o[1:0]), .count_sel_counter_q(cnt_rd_addr_o[6:2]), .count_sel_channel_q(count_channel),
    .count_sel_go_cmd(count_go), .count_data_i(count_q), .count_data_busy_i(count_busy_q)
  );

  always_comb begin
    most_used      = '0;
    most_dirty     = '0;
    refused        = '0;
    count_data     = '0;
    count_done     = 1'b1;             // no such channel: 0 at once
    cnt_rd_valid_o = '0;
    for (int c = 0; c < Channels; c = c + 1) begin
      if (pages_used_i[c*17 +: 17] > most_used) most_used = pages_used_i[c*17 +: 17];
      if (pages_dirty_i[c*17 +: 17] > most_dirty) most_dirty = pages_dirty_i[c*17 +: 17];
      for (int k = 0; k < 4; k = k + 1) begin
        refused[k*16 +: 16] = refused[k*16 +: 16] + cnt_refused_i[c*64+k*16 +: 16];
      end
      if (32'(count_channel) == c) begin
        count_data        = cnt_rd_data_i[c*16 +: 16];
        count_done        = cnt_rd_done_i[c];
        cnt_rd_valid_o[c] = count_busy_q;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_busy_q <= 1'b0;
    else count_busy_q <= count_go || (count_busy_q && !count_done);
    if (count_busy_q && count_done) count_q <= count_data;
  end

  // ---- start: the shape in use is what the registers held at the last CTRL.init or soft reset ----
  logic       ad_valid, ad_ready, ad_done;
  logic [3:0] ad_status;

  mr_kv_init u_init (
    .clk_i, .rst_ni, .init_i(init || reset_i), .ready_o(ready), .hold_o, .load_o(load), .idle_i,
    .go_i(admin_go), .op_i(admin_op), .slot_i(admin_slot), .src_i(admin_src), .len_i(admin_len), .busy_o(admin_busy),
    .code_o(admin_code),
    .ctrl_ready_i(&ready_i), .ctrl_idle_i(&idle_ctrl_i), .used_i(most_used != '0), .cfg_start_o,
    .ad_valid_o(ad_valid), .ad_ready_i(ad_ready), .ad_op_o, .ad_slot_o, .ad_src_o, .ad_len_o,
    .ad_done_i(ad_done), .ad_status_i(ad_status)
  );

  // What does not fit the controller becomes 0 blocks or layers, so that it refuses every command.
  logic fits;
  assign fits = (chunk >> La) == '0 && (part >> La) == '0 && 32'(heads) <= Heads;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cfg_layers_o <= '0;
      cfg_heads_o  <= '0;
      cfg_nbh_o    <= '0;
      cfg_pages_o  <= '0;
      cfg_chunk_o  <= '0;
      cfg_part_o   <= '0;
      cfg_step_o   <= '0;
    end else if (load) begin
      cfg_layers_o <= fits ? layers : '0;
      cfg_nbh_o    <= nbh;
      cfg_pages_o  <= pages;
      cfg_chunk_o  <= chunk[La-1:0];
      cfg_part_o   <= part[La-1:0];
      cfg_step_o   <= step[BaBits-1:0];
      for (int c = 0; c < Channels; c = c + 1) begin
        cfg_heads_o[c*9 +: 9] <= ({1'b0, heads} + 9'(Channels - 1 - c)) >> $clog2(Channels);
      end
    end
  end

  // ---- administration: out to the channels, and back when all have done it ----
  logic [Channels-1:0] part_of, asked_q, asked, done_q, done;
  logic [3:0]          worst_q;

  always_comb begin
    for (int c = 0; c < Channels; c = c + 1) part_of[c] = c == 0 || cfg_heads_o[c*9 +: 9] != '0;
    ad_valid_o = {Channels{ad_valid}} & part_of & ~asked_q;
    asked      = ~part_of | asked_q | ad_ready_i;
    done       = ~part_of | done_q | ad_done_i;
    ad_status  = worst_q;
    for (int c = 0; c < Channels; c = c + 1) begin
      if (ad_done_i[c] && ad_status_i[c*4 +: 4] > ad_status) ad_status = ad_status_i[c*4 +: 4];
    end
  end
  assign ad_ready = &asked;
  assign ad_done  = &done;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      asked_q <= '0;
      done_q  <= '0;
      worst_q <= '0;
    end else begin
      asked_q <= ad_valid && !ad_ready ? asked & part_of : '0;
      done_q  <= ad_done ? '0 : done & part_of;
      worst_q <= ad_done ? '0 : ad_status;
    end
  end
  wire unused_ok = &{1'b0, step};
endmodule
`default_nettype wire
