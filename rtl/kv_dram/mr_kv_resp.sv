// SPDX-License-Identifier: Apache-2.0
// Response side of the KV controller: puts SDRAM words together into blocks with their scales, in command order.
//
// DqBytes  2, 4 or 8.   MaxNbh  blocks of a head, 1..16.
// Job port (ready/valid): one entry a command. job_blocks_i > 0: a stream of that many blocks (up to 32 MaxNbh), whose
// scales, then data, arrive in this order on rdat_*; 0: one beat with job_status_i.
// data_room_o / scale_room_o: one more burst of 4 words can be read; rd_data_i / rd_scale_i reserve it. The rooms are registers
// that see a reservation two clocks later, so reservations are at least two clocks apart (a burst takes four).
// kr_*: R1-R6, valid and last from registers. kr_block is zero in a status beat: no block of an earlier stream shows there.
// One block takes 32 / DqBytes clocks. Reset drops everything. Test: tests/rtl/kv_dram.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_resp #(
  parameter int DqBytes = 8,
  parameter int MaxNbh = 4
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,

  input  wire                 job_valid_i,
  output wire                 job_ready_o,
  input  wire  [9:0]          job_blocks_i,
  input  wire  [3:0]          job_status_i,

  output logic                data_room_o,
  output logic                scale_room_o,
  input  wire                 rd_data_i,
  input  wire                 rd_scale_i,
  input  wire                 rdat_valid_i,
  input  wire                 rdat_scale_i,
  input  wire  [8*DqBytes-1:0] rdat_i,

  output wire                 kr_valid_o,
  input  wire                 kr_ready_i,
  output wire  [271:0]        kr_block_o,
  output wire                 kr_last_o,
  output wire  [3:0]          kr_status_o
);
  localparam int DqBits   = 8 * DqBytes;
  localparam int DataW    = 5;                                   // log2 words of the data buffer
  localparam int Halfs    = 2 * 32 * (1 << $clog2(MaxNbh));      // scales of two longest streams
  localparam int HalfW    = $clog2(Halfs);
  localparam int LaneW    = $clog2(DqBytes / 2);                 // scale within a word
  localparam int UnitW    = $clog2(2 * DqBytes);                 // scale within a burst
  localparam int WordsN   = 32 / DqBytes;
  localparam int WordW    = $clog2(WordsN);

  // --- commands in order -----------------------------------------------------------------------------------------
  logic        q_valid, q_pop;
  logic [13:0] q_data;
  logic        act_q;
  logic        full_q;     // a beat stands at the port
  logic        stream_q;   // the command is a STREAM
  logic        last_q;     // one block is left, or it is a status beat
  logic [9:0]  left_q;
  logic [3:0]  status_q;
  logic [WordW-1:0] word_q;
  logic        xfer, shift;

  mr_fifo #(.Width(14), .Depth(4)) u_jobs (
    .clk_i, .rst_ni,
    .in_valid_i(job_valid_i), .in_ready_o(job_ready_o), .in_data_i({job_blocks_i, job_status_i}),
    .out_valid_o(q_valid), .out_ready_i(q_pop), .out_data_o(q_data)
  );

  // --- data buffer -----------------------------------------------------------------------------------------------
  logic [DqBits-1:0] data_mem [1 << DataW];
  logic [DataW:0]    dw_q, dr_q;
  logic [DataW-2:0]  di_q;       // bursts reserved
  logic              d_have;

  assign d_have      = dw_q != dr_q;

  // --- scale buffer ----------------------------------------------------------------------------------------------
  logic [HalfW-LaneW-1:0] sw_q;
  logic [HalfW:0]         sr_q;  // in scales
  logic [HalfW-UnitW:0]   si_q;  // bursts reserved
  logic [HalfW:0]         sr_next;
  logic [DqBits-1:0]      s_word;
  logic [15:0]            scale;

  // The next stream's scales start at a burst boundary.
  assign sr_next = last_q ? {sr_q[HalfW:UnitW] + (HalfW-UnitW+1)'(1), UnitW'(0)} : sr_q + (HalfW+1)'(1);

  mr_ram_1r1w #(.Width(DqBits), .Depth(1 << (HalfW - LaneW))) u_scales (
    .clk_i,
    .re_i(act_q), .raddr_i(sr_q[HalfW-1:LaneW]), .rdata_o(s_word),
    .we_i(rdat_valid_i && rdat_scale_i), .waddr_i(sw_q), .wdata_i(rdat_i)
  );

  generate
    if (DqBytes == 2) begin : gen_scale_word
      assign scale = s_word;
    end else begin : gen_scale_lane
      assign scale = s_word[sr_q[LaneW-1:0]*16 +: 16];
    end
  endgenerate

  // --- block assembly --------------------------------------------------------------------------------------------
  logic [255:0] block_q;

  assign xfer   = full_q && kr_ready_i;
  assign shift  = act_q && stream_q && d_have && (!full_q || (kr_ready_i && !last_q));
  assign q_pop  = !act_q;

  assign kr_valid_o  = full_q;
  assign kr_last_o   = last_q;
  assign kr_status_o = status_q;
  assign kr_block_o  = {scale & {16{stream_q}}, block_q};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      act_q   <= 1'b0;
      full_q  <= 1'b0;
      left_q  <= 10'd0;
      stream_q <= 1'b0;
      last_q  <= 1'b0;
      status_q <= 4'd0;
      word_q  <= '0;
      dr_q    <= '0;
      sr_q    <= '0;
    end else if (act_q) begin
      if (shift) begin
        dr_q    <= dr_q + (DataW+1)'(1);
        word_q  <= word_q + WordW'(1);
      end
      if (shift && word_q == WordW'(WordsN - 1)) full_q <= 1'b1;
      else if (xfer) full_q <= 1'b0;
      if (xfer) begin
        act_q  <= !last_q;
        left_q <= left_q - 10'd1;
        last_q <= left_q[9:2] == 8'd0 && left_q[1:0] != 2'd3;
        if (stream_q) sr_q <= sr_next;
      end
    end else if (q_valid) begin
      act_q    <= 1'b1;
      full_q   <= q_data[13:4] == 10'd0;
      stream_q <= q_data[13:4] != 10'd0;
      last_q   <= q_data[13:5] == 9'd0;
      left_q   <= q_data[13:4];
      status_q <= q_data[3:0];
    end
  end

  // Cleared after a stream, so that a status beat shows zero.
  always_ff @(posedge clk_i) begin
    if (!rst_ni || (xfer && last_q)) block_q <= '0;
    else if (shift) block_q <= {data_mem[dr_q[DataW-1:0]], block_q[255:DqBits]};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      dw_q <= '0;
      di_q <= '0;
      sw_q <= '0;
      si_q <= '0;
      data_room_o  <= 1'b0;
      scale_room_o <= 1'b0;
    end else begin
      data_room_o  <= (DataW-1)'(di_q - dr_q[DataW:2]) < (DataW-1)'(1 << (DataW - 2));
      scale_room_o <= (HalfW-UnitW+1)'(si_q - sr_q[HalfW:UnitW]) < (HalfW-UnitW+1)'(1 << (HalfW - UnitW));
      if (rd_data_i) di_q <= di_q + (DataW-1)'(1);
      if (rd_scale_i) si_q <= si_q + (HalfW-UnitW+1)'(1);
      if (rdat_valid_i && !rdat_scale_i) dw_q <= dw_q + (DataW+1)'(1);
      if (rdat_valid_i && rdat_scale_i) sw_q <= sw_q + (HalfW-LaneW)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (rdat_valid_i && !rdat_scale_i) data_mem[dw_q[DataW-1:0]] <= rdat_i;
  end

  `MR_ASSERT(DataFits, (DataW+1)'(dw_q - dr_q) <= (DataW+1)'(1 << DataW))
endmodule
`default_nettype wire
