// SPDX-License-Identifier: Apache-2.0
// Receiving end of a link between groups: checks frames, acknowledges or refuses them and puts their messages on the group bus
// (docs/interfaces.md, Link between groups). Partner: mr_link_out.
//
// Width RevWidth  bits of a forward and of a reverse beat: 16, 32 or 64.
// FrameFlits      as the partner's.
// RxFlits         buffer, flits: a power of two, 2 FrameFlits + 4 .. 4096. For full speed a round trip's worth more.
// TimeoutCycles   clocks without a good frame (empty ones count) before the link goes down; more than the partner's
//                 BeatCycles by far. Both ends leave reset within this time.
// BeatCycles      an idle link repeats its reverse word this often.
// CutFlits        flits that end a message whose end is missing: more than the largest buffer of a receiver has, so that it tells the job (status 9).
//
// Wire: no ready; reverse words registered. Bus: the sender side of a node of mr_group_bus. A message is requested as soon as its
// header is there and good; payload follows as its frames become good. Nothing of a bad frame is used.
// down_o is sticky until reset. The link then takes and sends nothing; what it has is still delivered, and a message whose end is missing
// ends with CutFlits flits of ones (no token either), so the bus does not hang. idle_o: no message waits or passes.
// Counters, from reset to down: messages granted by the bus, frames taken, bad frames (empty ones too), good frames that were refused because
// an earlier one is missing or because they were there already.
// Latency on a free bus: last beat of the first frame to tx_req_o 6 clocks, of a later one to tx_valid_o 4.
// Throughput one flit a clock. Test: tests/rtl/link.
`default_nettype none
`include "mr_assert.vh"
module mr_link_in #(
  parameter int Width = 64,
  parameter int RevWidth = 16,
  parameter int FrameFlits = 16,
  parameter int RxFlits = 256,
  parameter int TimeoutCycles = 16384,
  parameter int BeatCycles = 64,
  parameter int CutFlits = 513
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  // wire
  input  wire                 fwd_valid_i,
  input  wire  [Width-1:0]    fwd_data_i,
  output logic                rev_valid_o,
  output logic [RevWidth-1:0] rev_data_o,
  // bus
  output logic                tx_req_o,
  output logic [127:0]        tx_hdr_o,
  output logic                tx_empty_o,
  input  wire                 tx_grant_i,
  output logic                tx_valid_o,
  input  wire                 tx_ready_i,
  output logic [63:0]         tx_data_o,
  output logic                tx_last_o,
  // status
  output logic                down_o,
  output logic                idle_o,
  output logic [31:0]         messages_o,
  output logic [31:0]         frames_o,
  output logic [31:0]         errors_o,
  output logic [31:0]         refused_o
);
  localparam int PosW = 14;       // positions count flits, modulo 2^14
  localparam int AddrW = $clog2(RxFlits);
  localparam int QuietW = $clog2(TimeoutCycles + 1);
  localparam int BeatW = $clog2(BeatCycles + 1);
  localparam int CutW = $clog2(CutFlits + 1);

  initial begin
    if (RxFlits != 1 << AddrW || RxFlits > 4096 || RxFlits < 2 * FrameFlits + 4) $fatal(1, "%m: RxFlits");
    if (FrameFlits < 1 || FrameFlits > 64) $fatal(1, "%m: FrameFlits");
  end

  logic            down_q;
  logic [PosW-1:0] exp_q;         // first flit that is not there yet
  logic            start_q;       // a message begins at exp_q
  logic [PosW-1:0] rd_q;          // the buffer's next read
  assign down_o = down_q;

  // ---- frames into the buffer ----
  // The last two words are held back: the trailer is no flit, and the flit before it needs to know whether it ends its message.
  logic            word_valid;
  logic [63:0]     word;
  logic            run_end;
  logic            run_good;
  logic [1:0]      held_q;        // words held, at most 2
  logic [63:0]     old_q;
  logic [63:0]     new_q;
  logic [PosW-1:0] put_q;         // where the next flit goes
  logic [6:0]      flits_q;       // words so far, less one
  logic            over_q;        // the frame does not fit

  mr_link_des #(.Width(Width)) u_des (
    .clk_i, .rst_ni, .valid_i(fwd_valid_i), .data_i(fwd_data_i),
    .word_valid_o(word_valid), .word_o(word), .end_o(run_end), .good_o(run_good)
  );

  wire [PosW-1:0] f_pos = new_q[13:0];
  wire [6:0]      f_len = new_q[20:14];
  wire            f_first = new_q[21];
  wire            f_last = new_q[22];
  wire [3:0]      f_round = new_q[26:23];
  wire [PosW-1:0] delta = f_pos - exp_q;
  wire [PosW-1:0] fill = put_q - rd_q;
  wire            put = held_q == 2'd2 && (word_valid || run_end);
  wire            fits = !fill[PosW-1] && 32'(fill) < RxFlits;
  wire            good = run_end && run_good && held_q != 2'd0 && flits_q == f_len && !down_q;
  wire            fresh = delta == '0 && f_len != '0;
  wire            take = good && fresh && !over_q && fits;
  wire            gap = good && (f_len == '0 ? delta != '0 && !delta[PosW-1] : !take && !delta[PosW-1]);
  wire [PosW-1:0] limit = rd_q + PosW'(RxFlits);
  wire            unused_ok = &{1'b0, new_q[63:27], f_first, limit[1:0]};

  logic [3:0]        round_q;     // the partner's replay that the last good frame belongs to
  logic              nak_q;       // a frame is missing: refuse the rest of that replay
  logic [QuietW-1:0] quiet_q;
  wire               silent = 32'(quiet_q) == TimeoutCycles;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      down_q <= 1'b0;
      exp_q <= '0;
      start_q <= 1'b1;
      held_q <= 2'd0;
      put_q <= '0;
      flits_q <= '1;
      over_q <= 1'b0;
      round_q <= '0;
      nak_q <= 1'b0;
      quiet_q <= '0;
    end else begin
      if (run_end) begin
        held_q <= 2'd0;
        flits_q <= '1;
        over_q <= 1'b0;
        put_q <= take ? put_q + PosW'(1) : exp_q;
      end else if (word_valid) begin
        if (held_q != 2'd2) held_q <= held_q + 2'd1;
        if (flits_q != 7'd126) flits_q <= flits_q + 7'd1;
        if (put) put_q <= put_q + PosW'(1);
        if (put && !fits) over_q <= 1'b1;
      end
      if (take) begin
        exp_q <= put_q + PosW'(1);
        start_q <= f_last;
      end
      if (good) round_q <= f_round;
      if (run_end) nak_q <= !good || gap;
      quiet_q <= good ? '0 : silent ? quiet_q : quiet_q + QuietW'(1);
      if (silent) down_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (word_valid) begin
      old_q <= new_q;
      new_q <= word;
    end
  end

  // ---- reverse words ----
  logic             rev_gap;
  logic [31:0]      sent_q;
  logic [BeatW-1:0] beat_q;
  wire  [31:0]      rev_ctrl = {round_q, nak_q, limit[PosW-1:2], start_q, exp_q};
  wire              rev_send = rev_gap && !down_q && (rev_ctrl != sent_q || 32'(beat_q) == BeatCycles);
  mr_link_ser #(.Width(RevWidth)) u_ser (
    .clk_i, .rst_ni, .free_o(), .gap_o(rev_gap), .load_i(1'b0), .data_i(64'd0), .close_i(rev_send), .ctrl_i(rev_ctrl),
    .valid_o(rev_valid_o), .data_o(rev_data_o)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sent_q <= '0;           // no word is zero: the first one goes out at once
      beat_q <= '0;
    end else begin
      if (rev_send) sent_q <= rev_ctrl;
      beat_q <= rev_send ? '0 : 32'(beat_q) == BeatCycles ? beat_q : beat_q + BeatW'(1);
    end
  end

  // ---- messages to the bus ----
  localparam logic [1:0] StHead0 = 2'd0;
  localparam logic [1:0] StHead1 = 2'd1;
  localparam logic [1:0] StReq = 2'd2;
  localparam logic [1:0] StData = 2'd3;

  logic [1:0]  st_q;
  logic        have_q;            // the buffer's output is a flit that was not used yet
  logic [64:0] buf_rdata;         // {last of the message, flit}
  wire         pop = have_q && (st_q == StHead0 || st_q == StHead1 || (st_q == StData && tx_ready_i));
  wire         buf_re = rd_q != exp_q && (!have_q || pop);
  logic [CutW-1:0] cut_q;         // flits of the end that is made up
  wire         cut = down_q && st_q == StData && !have_q && rd_q == exp_q;    // nothing more will come

  mr_sram_1r1w #(.Width(65), .Depth(RxFlits)) u_buf (
    .clk_i, .re_i(buf_re), .raddr_i(rd_q[AddrW-1:0]), .rdata_o(buf_rdata),
    .we_i(put && fits && !down_q), .waddr_i(put_q[AddrW-1:0]), .wdata_i({run_end && f_last, old_q})
  );

  assign tx_req_o = st_q == StReq;
  assign tx_valid_o = st_q == StData && (have_q || cut);
  assign tx_data_o = cut ? '1 : buf_rdata[63:0];
  assign tx_last_o = cut ? 32'(cut_q) == CutFlits - 1 : buf_rdata[64];
  assign idle_o = st_q == StHead0 && !have_q && rd_q == exp_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StHead0;
      have_q <= 1'b0;
      rd_q <= '0;
      cut_q <= '0;
    end else begin
      cut_q <= st_q != StData ? '0 : cut && tx_ready_i ? cut_q + CutW'(1) : cut_q;
      if (buf_re) rd_q <= rd_q + PosW'(1);
      have_q <= buf_re || (have_q && !pop);
      case (st_q)
        StHead0: if (have_q) st_q <= StHead1;
        StHead1: if (have_q) st_q <= StReq;
        StReq: if (tx_grant_i) st_q <= tx_empty_o ? StHead0 : StData;
        StData: if (tx_valid_o && tx_ready_i && tx_last_o) st_q <= StHead0;
        default: st_q <= StHead0;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (st_q == StHead0 && have_q) tx_hdr_o[63:0] <= buf_rdata[63:0];
    if (st_q == StHead1 && have_q) {tx_empty_o, tx_hdr_o[127:64]} <= buf_rdata;
  end

  // ---- counters ----
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      messages_o <= '0;
      frames_o <= '0;
      errors_o <= '0;
      refused_o <= '0;
    end else begin
      messages_o <= messages_o + 32'(tx_grant_i);
      frames_o <= frames_o + 32'(take);
      errors_o <= errors_o + 32'(run_end && !good && !down_q);
      refused_o <= refused_o + 32'(good && f_len != '0 && !take);
    end
  end

  wire [PosW-1:0] stored = exp_q - rd_q;
  `MR_ASSERT(BufferBound, 32'(stored) <= RxFlits)
  `MR_ASSERT(CreditKept, !(good && fresh) || take)
  `MR_ASSERT(FirstFits, !take || f_first == start_q)
  `MR_ASSERT(ReadNotWrite, !(buf_re && put && fits && rd_q[AddrW-1:0] == put_q[AddrW-1:0]))
endmodule
`default_nettype wire
