// SPDX-License-Identifier: Apache-2.0
// The order of the KV controller's answers: a queue with an entry a job, and the response port's valid, last and status.
//
// AddrW  bits of a word address in the append buffer.   NbhW  bits of cfg_nbh_i.   Depth  jobs that may wait, a power of two >= 2.
// in_*: ready/valid. in_kind_i 0 STREAM of in_num_i + 1 positions of cfg_nbh_i blocks; in_fwd_i: the last position lies in the append buffer
// from word in_addr_i on (fw_re_i: a word was read). 1 one beat with status in_num_i[3:0]. 2 release token: tok_o is high for the clock in which every answer before
// it has left the queue. 3 is not used.
// kr_*: R1-R6 from registers; the block itself is mr_kv_unpack's output register (a status beat clears it). A poisoned block
// makes the status of its stream's last beat 7. empty_o: no answer waits.
// Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_answer #(
  parameter int AddrW = 10,
  parameter int NbhW = 6,
  parameter int Depth = 8
) (
  input  wire             clk_i,
  input  wire             rst_ni,
  input  wire [NbhW-1:0]  cfg_nbh_i,

  input  wire             in_valid_i,
  output wire             in_ready_o,
  input  wire [1:0]       in_kind_i,
  input  wire [4:0]       in_num_i,
  input  wire             in_fwd_i,
  input  wire [AddrW-1:0] in_addr_i,

  output wire             act_o,
  output wire             buf_o,
  output wire             bound_o,
  output wire             last_o,
  output wire             out_free_o,
  output wire             clr_o,
  input  wire             blk_i,
  input  wire             err_i,

  output wire             fw_act_o,
  output wire             fw_hold_o,
  output wire [AddrW-1:0] fw_addr_o,
  input  wire             fw_re_i,
  output wire             fw_end_o,
  output wire             tok_o,
  output wire             empty_o,

  output wire             kr_valid_o,
  input  wire             kr_ready_i,
  output wire             kr_last_o,
  output wire [3:0]       kr_status_o
);
  localparam int DepthW = $clog2(Depth);

  localparam logic [1:0] KindStream = 2'd0;
  localparam logic [1:0] KindBeat   = 2'd1;
  localparam logic [1:0] KindToken  = 2'd2;

  logic             q_valid_q, q_mid_q, q_re, push;
  logic [DepthW:0]  wr_q, rd_q;
  logic [7+AddrW:0] q_out, q_next_q;
  logic             q_fwd;
  logic [1:0]       q_kind;
  logic [4:0]       q_num;
  logic [AddrW-1:0] q_addr;
  logic             load, done;
  // The job that is being answered.
  logic             stream_q, beat_q, fwd_q;
  logic [4:0]       pos_q;       // positions left behind the present one; a beat's status
  logic             pos_one_q, pos_end_q, buf_q;
  logic [NbhW-1:0]  blk_q;       // blocks left in the position behind the present one
  logic             blk_end_q;
  logic [AddrW-1:0] addr_q;      // next word of the append buffer
  logic [NbhW-1:0]  nbh_q;       // cfg_nbh_i - 1
  logic             valid_q, last_q, err_q;
  logic [3:0]       status_q;
  logic             beat;

  // The queue is block RAM; the next job is fetched into a register while the present one is under way.
  assign in_ready_o = !(wr_q[DepthW] != rd_q[DepthW] && wr_q[DepthW-1:0] == rd_q[DepthW-1:0]);
  assign push       = in_valid_i && in_ready_o;
  assign q_re       = !q_valid_q && !q_mid_q && wr_q != rd_q;
  assign {q_kind, q_num, q_fwd, q_addr} = q_next_q;
  mr_kv_ram #(.Width(8 + AddrW), .Depth(Depth)) u_queue (
    .clk_i, .re_i(q_re), .raddr_i(rd_q[DepthW-1:0]), .rdata_o(q_out),
    .we_i(push), .waddr_i(wr_q[DepthW-1:0]), .wdata_i({in_kind_i, in_num_i, in_fwd_i, in_addr_i})
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q      <= '0;
      rd_q      <= '0;
      q_valid_q <= 1'b0;
      q_mid_q   <= 1'b0;
    end else begin
      if (push) wr_q <= wr_q + (DepthW+1)'(1);
      if (q_re) rd_q <= rd_q + (DepthW+1)'(1);
      q_mid_q   <= q_re;
      q_valid_q <= q_mid_q || (q_valid_q && !load);
    end
  end
  always_ff @(posedge clk_i) begin
    if (q_mid_q) q_next_q <= q_out;
  end

  assign act_o   = stream_q;
  assign buf_o   = buf_q;
  assign bound_o = fwd_q && pos_one_q && blk_end_q;
  assign last_o  = pos_end_q && blk_end_q;
  assign out_free_o = !valid_q || kr_ready_i;
  assign beat    = beat_q && out_free_o;
  assign clr_o   = beat;
  assign done    = beat || (blk_i && last_o);
  assign load    = done || !(stream_q || beat_q);
  assign tok_o   = load && q_valid_q && q_kind == KindToken;

  assign fw_act_o  = stream_q && fwd_q;
  assign fw_hold_o = buf_q || bound_o;
  assign fw_addr_o = addr_q;
  assign fw_end_o  = done;
  assign empty_o   = !q_valid_q && !q_mid_q && wr_q == rd_q && !stream_q && !beat_q;

  assign kr_valid_o  = valid_q;
  assign kr_last_o   = last_q;
  assign kr_status_o = status_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q  <= 1'b0;
      stream_q <= 1'b0;
      beat_q   <= 1'b0;
      err_q    <= 1'b0;
    end else begin
      valid_q <= blk_i || beat || (valid_q && !kr_ready_i);
      if (blk_i) err_q <= (err_q || err_i) && !last_o;
      if (load) begin
        stream_q <= q_valid_q && q_kind == KindStream;
        beat_q   <= q_valid_q && q_kind == KindBeat;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    nbh_q <= cfg_nbh_i - NbhW'(1);
    if (load || fw_re_i) addr_q <= (load ? q_addr : addr_q) + AddrW'(!load);
    if (load || (blk_i && blk_end_q)) pos_q <= (load ? q_num : pos_q) + {5{!load}};
    if (load) begin
      fwd_q     <= q_fwd;
      pos_one_q <= q_num == 5'd1;
      pos_end_q <= q_num == 5'd0;
      buf_q     <= q_fwd && q_num == 5'd0;
    end else if (blk_i && blk_end_q) begin
      pos_one_q <= pos_q == 5'd2;
      pos_end_q <= pos_one_q;
      buf_q     <= fwd_q && pos_one_q;
    end
    if (load || (blk_i && blk_end_q)) begin
      blk_q     <= nbh_q;
      blk_end_q <= nbh_q == '0;
    end else if (blk_i) begin
      blk_q     <= blk_q - NbhW'(1);
      blk_end_q <= blk_q == NbhW'(1);
    end
    if (beat || blk_i) begin
      last_q   <= beat || last_o;
      status_q <= beat ? pos_q[3:0] : {4{last_o && (err_q || err_i)}} & 4'd7;
    end
  end

  `MR_ASSERT(LoadsWhenFree, !blk_i || (out_free_o && act_o))
  `MR_ASSERT(KnownKind, !q_valid_q || q_kind != 2'd3)
endmodule
`default_nettype wire
