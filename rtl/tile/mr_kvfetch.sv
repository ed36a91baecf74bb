// SPDX-License-Identifier: Apache-2.0
// KV fetcher of ATTEND: asks for K and V of block after block of 32 positions and keeps two of them buffered.
//
// MaxNbh  most blocks of a head, a power of two.
// start_i with the fields while idle_o; for each of n_kv heads, for each block of 32 positions up to pos: STREAM K, STREAM V. Two
// buffers (0 and 1, used in turn) for each kind; a command leaves when its buffer is free, so at most 4 are open.
// k_full_o, v_full_o: this buffer holds a whole block; k_free_i, v_free_i hand it back (one cycle).
// Reading: kv_re_i with buffer, kind, position and block, data one cycle later and held; sc_* likewise for V's scales, as f32.
// KV port: docs/interfaces.md section 3; kr_ready_o is always high: what a command asked for has room. The first status other than 0, or 7 when an answer
// has the wrong length, stays on err_o until the next start; no further command is offered after it or after stop_i, and
// no further block becomes full. idle_o: no command on offer, no answer due, nothing more to ask for.
// Test: tests/rtl/dpu.
`default_nettype none
`include "mr_assert.vh"
module mr_kvfetch #(
  parameter int MaxNbh = 4,
  localparam int NbLog2 = $clog2(MaxNbh)
) (
  input  wire          clk_i,
  input  wire          rst_ni,
  input  wire          start_i,
  input  wire          stop_i,
  input  wire  [7:0]   slot_i,
  input  wire  [7:0]   layer_i,
  input  wire  [7:0]   kv_first_i,
  input  wire  [7:0]   n_kv_i,
  input  wire  [4:0]   nbh_i,
  input  wire  [17:0]  pos_i,
  output logic         idle_o,
  output logic [3:0]   err_o,
  // KV port
  output logic         kc_valid_o,
  input  wire          kc_ready_i,
  output logic [7:0]   kc_slot_o,
  output logic [7:0]   kc_layer_o,
  output logic [7:0]   kc_head_o,
  output logic         kc_kind_o,
  output logic [17:0]  kc_pos_o,
  output logic [5:0]   kc_count_o,
  input  wire          kr_valid_i,
  output logic         kr_ready_o,
  input  wire  [271:0] kr_block_i,
  input  wire          kr_last_i,
  input  wire  [3:0]   kr_status_i,
  // buffers
  output logic [1:0]   k_full_o,
  output logic [1:0]   v_full_o,
  input  wire  [1:0]   k_free_i,
  input  wire  [1:0]   v_free_i,
  input  wire          kv_re_i,
  input  wire          kv_buf_i,
  input  wire          kv_kind_i,
  input  wire  [4:0]   kv_pos_i,
  input  wire  [3:0]   kv_nb_i,
  output logic [271:0] kv_data_o,
  input  wire          sc_re_i,
  input  wire          sc_buf_i,
  input  wire  [4:0]   sc_pos_i,
  input  wire  [3:0]   sc_nb_i,
  output logic [31:0]  sc_data_o
);
  localparam int KvW = 7 + NbLog2;
  localparam int ScW = 6 + NbLog2;
  localparam logic [3:0] StatusIntegrity = 4'd7;

  function automatic [5:0] positions(input at_end, input [4:0] last_pos);
    positions = at_end ? {1'b0, last_pos} + 6'd1 : 6'd32;
  endfunction

  logic [7:0]  slot_q;
  logic [7:0]  layer_q;
  logic [4:0]  nbh_q;
  logic [17:0] pos_q;
  // commands
  logic        more_q;
  logic        offer_q;
  logic [7:0]  head_q;
  logic [7:0]  heads_left_q;
  logic        kind_q;
  logic [12:0] blk_q;
  logic        buf_q;
  logic [3:0]  taken_q;         // buffers with a command or content: {V1, V0, K1, K0}
  // answers
  logic [2:0]  due_q;
  logic        a_kind_q;
  logic        a_buf_q;
  logic [12:0] a_next_q;        // number of the block behind the one that arrives
  logic        a_end_q;         // the one that arrives is the head's last
  logic [4:0]  a_pos_q;
  logic [3:0]  a_nb_q;
  logic [3:0]  full_q;          // likewise
  logic [3:0]  err_q;

  wire sent = offer_q && kc_ready_i;
  wire at_end = blk_q == pos_q[17:5];
  wire last_cmd = kind_q && at_end && heads_left_q == 8'd1;
  wire failed = err_q != 4'd0 || stop_i;

  assign kc_valid_o = offer_q;
  assign kc_slot_o = slot_q;
  assign kc_layer_o = layer_q;
  assign kc_head_o = head_q;
  assign kc_kind_o = kind_q;
  assign kc_pos_o = {blk_q, 5'd0};
  assign kc_count_o = positions(at_end, pos_q[4:0]);

  wire beat = kr_valid_i;
  wire a_row_end = {1'b0, a_nb_q} == nbh_q - 5'd1;
  wire a_last = a_row_end && a_pos_q == (a_end_q ? pos_q[4:0] : 5'd31);
  wire bad_beat = kr_status_i != 4'd0 || kr_last_i != a_last;

  assign kr_ready_o = 1'b1;
  assign k_full_o = full_q[1:0];
  assign v_full_o = full_q[3:2];
  assign err_o = err_q;
  assign idle_o = !offer_q && due_q == 3'd0 && (!more_q || failed);

  wire [3:0] freed = {v_free_i, k_free_i};
  wire [3:0] now_taken = sent ? 4'd1 << {kind_q, buf_q} : 4'd0;
  wire [3:0] now_full = beat && kr_last_i && !bad_beat && !failed ? 4'd1 << {a_kind_q, a_buf_q} : 4'd0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      more_q <= 1'b0;
      offer_q <= 1'b0;
      due_q <= '0;
      taken_q <= '0;
      full_q <= '0;
      err_q <= '0;
    end else if (start_i) begin
      more_q <= 1'b1;
      offer_q <= 1'b1;
      taken_q <= '0;
      full_q <= '0;
      err_q <= '0;
    end else if (!idle_o || freed != '0) begin
      if (sent) begin
        offer_q <= 1'b0;
        if (last_cmd) more_q <= 1'b0;
      end else if (!offer_q && more_q && !failed && !taken_q[{kind_q, buf_q}]) begin
        offer_q <= 1'b1;
      end
      if (sent != (beat && kr_last_i)) due_q <= sent ? due_q + 3'd1 : due_q - 3'd1;
      taken_q <= (taken_q & ~freed) | now_taken;
      full_q <= (full_q & ~freed) | now_full;
      if (beat && bad_beat && err_q == '0) err_q <= kr_status_i != 4'd0 ? kr_status_i : StatusIntegrity;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      slot_q <= slot_i;
      layer_q <= layer_i;
      nbh_q <= nbh_i;
      pos_q <= pos_i;
      head_q <= kv_first_i;
      heads_left_q <= n_kv_i;
      kind_q <= 1'b0;
      blk_q <= '0;
      buf_q <= 1'b0;
      a_kind_q <= 1'b0;
      a_buf_q <= 1'b0;
      a_next_q <= 13'd1;
      a_end_q <= pos_i[17:5] == '0;
      a_pos_q <= '0;
      a_nb_q <= '0;
    end else begin
      if (sent) begin
        kind_q <= !kind_q;
        if (kind_q) begin
          buf_q <= !buf_q;
          blk_q <= at_end ? '0 : blk_q + 13'd1;
          if (at_end) begin
            head_q <= head_q + 8'd1;
            heads_left_q <= heads_left_q - 8'd1;
          end
        end
      end
      if (beat) begin
        a_nb_q <= a_row_end ? '0 : a_nb_q + 4'd1;
        if (a_row_end) a_pos_q <= a_pos_q + 5'd1;
        if (kr_last_i) begin
          a_nb_q <= '0;
          a_pos_q <= '0;
          a_kind_q <= !a_kind_q;
          if (a_kind_q) begin
            a_buf_q <= !a_buf_q;
            a_next_q <= a_end_q ? 13'd1 : a_next_q + 13'd1;
            a_end_q <= (a_end_q ? 13'd0 : a_next_q) == pos_q[17:5];
          end
        end
      end
    end
  end

  // A buffer is read while it is full and written while it is not.
  wire [KvW-1:0] kv_raddr = (KvW'({kv_buf_i, kv_kind_i, kv_pos_i}) << NbLog2) | KvW'(kv_nb_i);
  wire [KvW-1:0] kv_waddr = (KvW'({a_buf_q, a_kind_q, a_pos_q}) << NbLog2) | KvW'(a_nb_q);
  wire [ScW-1:0] sc_raddr = (ScW'({sc_buf_i, sc_pos_i}) << NbLog2) | ScW'(sc_nb_i);
  wire [ScW-1:0] sc_waddr = (ScW'({a_buf_q, a_pos_q}) << NbLog2) | ScW'(a_nb_q);
  mr_sram_1r1w #(.Width(272), .Depth(1 << KvW)) u_blocks (
    .clk_i, .re_i(kv_re_i), .raddr_i(kv_raddr), .rdata_o(kv_data_o), .we_i(beat), .waddr_i(kv_waddr), .wdata_i(kr_block_i)
  );
  logic [31:0] scale;
  mr_h2f u_h2f (.h_i(kr_block_i[271:256]), .y_o(scale));
  mr_sram_1r1w #(.Width(32), .Depth(1 << ScW)) u_scales (
    .clk_i, .re_i(sc_re_i), .raddr_i(sc_raddr), .rdata_o(sc_data_o), .we_i(beat && a_kind_q), .waddr_i(sc_waddr), .wdata_i(scale)
  );
  `MR_ASSERT(BlockReadOrWrite, !(kv_re_i && beat && kv_raddr == kv_waddr))
  `MR_ASSERT(ScaleReadOrWrite, !(sc_re_i && beat && a_kind_q && sc_raddr == sc_waddr))
  `MR_ASSERT(Due, due_q <= 3'd4)
  `MR_ASSERT(Asked, !kr_valid_i || due_q != 3'd0)
endmodule
`default_nettype wire
