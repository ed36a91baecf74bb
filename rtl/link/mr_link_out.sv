// SPDX-License-Identifier: Apache-2.0
// Sending end of a link between groups: takes messages from the group bus, cuts them into frames and repeats these until the other
// end has them (docs/interfaces.md, Link between groups, has frames, reverse word and timing). Partner: mr_link_in.
//
// Width RevWidth  bits of a forward and of a reverse beat: 16, 32 or 64.
// MaxFlits        payload flits of the largest message. A message is accepted only when there is room for one of this size, so the
//                 bus does not wait for the link. (A longer one passes too, but the bus may wait; never for ever.)
// FrameFlits      payload flits of a frame, 1..64. A message's first frame has its two header flits only.
// TxFlits         flits that wait or are unacknowledged: a power of two, MaxFlits + 2 .. 4096. For full speed a round trip more.
// Tries           replays without progress before the link goes down, 1..255.
// ReplayCycles    clocks without an acknowledgement before a replay; more than a round trip:
//                 2 x latency + (FrameFlits + 2) 64 / Width + 128 / RevWidth + 20.
// TimeoutCycles   clocks without a good reverse word before the link goes down. Both ends leave reset within this time.
// BeatCycles      an idle link sends an empty frame this often: well below ReplayCycles and TimeoutCycles of the partner.
//
// Bus: the receiver side of a node of mr_group_bus. rx_accept_o comes from a register. Hops in header flit 1 (63:60) are counted
// down by one (0 stays 0). Wire: registered, no ready; credits come in the reverse words.
// down_o is sticky until reset: after TimeoutCycles of silence, or when Tries replays of a frame were in vain, at the latest
// (Tries + 1) (ReplayCycles + 2 F) clocks after it was first sent, F = (FrameFlits + 1) 64 / Width + 4 its time on the wire. The link then sends nothing and
// takes and drops what the bus brings. idle_o: no message waits or is unacknowledged (high when down).
// Counters, from reset: messages accepted (without those dropped when down), frames sent (with repeated, without empty ones), replays,
// bad reverse words, clocks with a frame ready but no credit, clocks with a beat on the wire.
// Latency commit to the first beat: 3 clocks. Throughput: a frame of n flits takes (n + 1) 64 / Width + 1 clocks.
// Test: tests/rtl/link.
`default_nettype none
`include "mr_assert.vh"
module mr_link_out #(
  parameter int Width = 64,
  parameter int RevWidth = 16,
  parameter int MaxFlits = 512,
  parameter int FrameFlits = 16,
  parameter int TxFlits = 1024,
  parameter int Tries = 8,
  parameter int ReplayCycles = 1024,
  parameter int TimeoutCycles = 16384,
  parameter int BeatCycles = 64
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  // bus
  input  wire  [127:0]        rx_hdr_i,
  output logic                rx_accept_o,
  input  wire                 rx_commit_i,
  input  wire                 rx_empty_i,
  input  wire                 rx_valid_i,
  output logic                rx_ready_o,
  input  wire  [63:0]         rx_data_i,
  input  wire                 rx_last_i,
  // wire
  output logic                fwd_valid_o,
  output logic [Width-1:0]    fwd_data_o,
  input  wire                 rev_valid_i,
  input  wire  [RevWidth-1:0] rev_data_i,
  // status
  output logic                down_o,
  output logic                idle_o,
  output logic [31:0]         messages_o,
  output logic [31:0]         frames_o,
  output logic [31:0]         replays_o,
  output logic [31:0]         rev_errors_o,
  output logic [63:0]         stall_cycles_o,
  output logic [63:0]         busy_cycles_o
);
  localparam int PosW = 14;       // positions count flits, modulo 2^14
  localparam int AddrW = $clog2(TxFlits);
  localparam int WaitW = $clog2(ReplayCycles + 1);
  localparam int QuietW = $clog2(TimeoutCycles + 1);
  localparam int BeatW = $clog2(BeatCycles + 1);

  initial begin
    if (TxFlits != 1 << AddrW || TxFlits > 4096 || TxFlits < MaxFlits + 2) $fatal(1, "%m: TxFlits");
    if (FrameFlits < 1 || FrameFlits > 64 || FrameFlits > TxFlits) $fatal(1, "%m: FrameFlits");
    if (Tries < 1 || Tries > 255) $fatal(1, "%m: Tries");
  end

  logic            down_q;
  logic [PosW-1:0] wr_q;          // behind the last flit from the bus
  logic [PosW-1:0] send_q;        // first flit of the next frame
  logic [PosW-1:0] ack_q;         // first flit that the partner does not have
  logic [PosW-1:0] free_q;        // first flit whose place is taken
  logic [PosW-1:0] limit_q;       // the partner has room for flits before this one
  logic            ack_first_q;   // a message begins at ack_q
  assign down_o = down_q;
  assign idle_o = down_q || wr_q == ack_q;

  // ---- from the bus into the buffer ----
  logic        second_q;          // the second header flit is still to be written, to wr_q - 1
  logic [63:0] hdr1_q;
  logic        empty_q;
  wire  [3:0]  hops = rx_hdr_i[127:124];
  wire  [PosW-1:0] used = wr_q - free_q;
  assign rx_ready_o = down_q || (!second_q && used != PosW'(TxFlits));
  wire commit = rx_commit_i && !down_q;
  wire flit = rx_valid_i && rx_ready_o && !down_q;

  logic             buf_we;
  logic [AddrW-1:0] buf_waddr;
  logic [64:0]      buf_wdata;    // {last of the message, flit}
  always_comb begin
    buf_we = commit || flit || second_q;
    buf_waddr = wr_q[AddrW-1:0];
    buf_wdata = {rx_last_i, rx_data_i};
    if (commit) buf_wdata = {1'b0, rx_hdr_i[63:0]};
    if (second_q) begin
      buf_waddr = wr_q[AddrW-1:0] - AddrW'(1);
      buf_wdata = {empty_q, hdr1_q};
    end
  end

  // The last end of a message in the buffer, as long as it is not acknowledged.
  logic            end_valid_q;
  logic [PosW-1:0] end_q;
  wire  [PosW-1:0] end_ack = end_q - ack_q;
  wire  [PosW-1:0] end_send = end_q - send_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q <= '0;
      second_q <= 1'b0;
      rx_accept_o <= 1'b0;
      end_valid_q <= 1'b0;
    end else begin
      second_q <= commit;
      rx_accept_o <= down_q || 32'(used) <= TxFlits - MaxFlits - 2;
      if (commit) wr_q <= wr_q + PosW'(2);
      if (flit) wr_q <= wr_q + PosW'(1);
      if ((commit && rx_empty_i) || (flit && rx_last_i)) end_valid_q <= 1'b1;
      else if (end_ack == '0 || end_ack[PosW-1]) end_valid_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (commit) begin
      hdr1_q <= {hops == 4'd0 ? 4'd0 : hops - 4'd1, rx_hdr_i[123:64]};
      empty_q <= rx_empty_i;
    end
    if (commit && rx_empty_i) end_q <= wr_q + PosW'(2);
    if (flit && rx_last_i) end_q <= wr_q + PosW'(1);
  end

  // ---- reverse words ----
  logic        rev_word;
  logic [63:0] rev_data;
  logic        rev_end;
  logic        rev_good;
  logic [31:0] rev_ctrl_q;
  logic [1:0]  rev_words_q;
  mr_link_des #(.Width(RevWidth)) u_des (
    .clk_i, .rst_ni, .valid_i(rev_valid_i), .data_i(rev_data_i),
    .word_valid_o(rev_word), .word_o(rev_data), .end_o(rev_end), .good_o(rev_good)
  );
  wire             unused_ok = &{1'b0, rev_data[63:32]};    // the CRC: mr_link_des has looked at it
  wire             rev_ok = rev_end && rev_good && rev_words_q == 2'd1;
  wire  [PosW-1:0] rev_ack = rev_ctrl_q[13:0];
  wire             rev_nak = rev_ctrl_q[27];
  wire             progress = rev_ok && rev_ack != ack_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) rev_words_q <= 2'd0;
    else if (rev_end) rev_words_q <= 2'd0;
    else if (rev_word && rev_words_q != 2'd2) rev_words_q <= rev_words_q + 2'd1;
  end
  always_ff @(posedge clk_i) if (rev_word) rev_ctrl_q <= rev_data[31:0];

  // ---- frames ----
  localparam logic [1:0] StIdle = 2'd0;
  localparam logic [1:0] StFlit = 2'd1;     // the buffer's output is the frame's next flit
  localparam logic [1:0] StClose = 2'd2;    // trailer

  logic [1:0]        st_q;
  logic              first_q;     // a message begins at send_q
  logic              last_q;      // the frame ends its message
  logic [6:0]        count_q;     // flits of the frame so far
  logic [PosW-1:0]   next_q;      // the buffer's next read
  logic [3:0]        round_q;     // number of the replay: refusals of an earlier one are void
  logic              replay_q;    // wanted
  logic [7:0]        tries_q;
  logic [WaitW-1:0]  wait_q;
  logic [QuietW-1:0] quiet_q;
  logic [BeatW-1:0]  beat_q;
  logic              ser_free;
  logic              ser_gap;
  logic [64:0]       buf_rdata;

  wire [6:0]      len = first_q ? 7'd2 : 7'(FrameFlits);
  wire [PosW-1:0] avail = wr_q - send_q;
  wire [PosW-1:0] credit = limit_q - send_q;
  wire [PosW-1:0] ahead = ack_q - send_q;
  wire            enough = avail >= PosW'(len) || (end_valid_q && !end_send[PosW-1] && end_send != '0);
  wire            allowed = credit >= PosW'(len);
  wire            behind = !ahead[PosW-1] && ahead != '0;     // the partner has more: an acknowledgement came after a replay began
  wire            steady = st_q == StIdle && !down_q && !replay_q && !behind;
  wire            start = steady && enough && allowed;
  wire            beat = steady && !start && 32'(beat_q) == BeatCycles;
  wire            judge = st_q == StIdle && !down_q && replay_q;
  wire            owing = send_q != ack_q && !behind;
  wire            rewind = judge && owing && tries_q != 8'(Tries);
  wire            fail = judge && owing && tries_q == 8'(Tries);
  wire            may = count_q == '0 ? ser_gap : ser_free;
  wire            load = st_q == StFlit && may;
  wire            close = st_q == StClose && may;
  wire            frame_end = buf_rdata[64] || count_q == len - 7'd1;
  wire            expired = 32'(wait_q) == ReplayCycles - 1;
  wire            silent = 32'(quiet_q) == TimeoutCycles;

  // A read behind the frame's end is harmless; one behind the last flit would meet its write.
  wire buf_re = start || (load && next_q != wr_q);
  mr_sram_1r1w #(.Width(65), .Depth(TxFlits)) u_buf (
    .clk_i, .re_i(buf_re), .raddr_i(start ? send_q[AddrW-1:0] : next_q[AddrW-1:0]), .rdata_o(buf_rdata),
    .we_i(buf_we), .waddr_i(buf_waddr), .wdata_i(buf_wdata)
  );
  wire [31:0] ctrl = {5'd0, round_q, last_q && count_q != '0, first_q, count_q, send_q};
  mr_link_ser #(.Width(Width)) u_ser (
    .clk_i, .rst_ni, .free_o(ser_free), .gap_o(ser_gap), .load_i(load), .data_i(buf_rdata[63:0]), .close_i(close),
    .ctrl_i(ctrl), .valid_o(fwd_valid_o), .data_o(fwd_data_o)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      down_q <= 1'b0;
      send_q <= '0;
      ack_q <= '0;
      free_q <= '0;
      limit_q <= '0;
      first_q <= 1'b1;
      ack_first_q <= 1'b1;
      round_q <= '0;
      replay_q <= 1'b0;
      tries_q <= '0;
      wait_q <= '0;
      quiet_q <= '0;
      beat_q <= '0;
      count_q <= '0;
    end else begin
      case (st_q)
        StIdle: begin
          count_q <= '0;
          free_q <= ack_q;      // not while a frame is read: it may be one that has just been acknowledged
          if (start) st_q <= StFlit;
          if (beat) st_q <= StClose;
        end
        StFlit: if (load) begin
          count_q <= count_q + 7'd1;
          if (frame_end) st_q <= StClose;
        end
        StClose: if (close) begin
          st_q <= StIdle;
          send_q <= send_q + PosW'(count_q);
          if (count_q != '0) first_q <= last_q;
        end
        default: st_q <= StIdle;
      endcase

      if (st_q == StIdle && (rewind || behind)) begin
        send_q <= ack_q;
        first_q <= ack_first_q;
      end
      if (rewind) begin
        round_q <= round_q + 4'd1;
        tries_q <= tries_q + 8'd1;
      end
      if (rev_ok) begin
        ack_q <= rev_ack;
        ack_first_q <= rev_ctrl_q[14];
        limit_q <= {rev_ctrl_q[26:15], 2'd0};
      end
      if (progress) tries_q <= '0;

      if (judge) replay_q <= 1'b0;
      else if (expired || (rev_ok && rev_nak && rev_ctrl_q[31:28] == round_q)) replay_q <= 1'b1;
      wait_q <= progress || judge || expired || send_q == ack_q ? '0 : wait_q + WaitW'(1);
      quiet_q <= rev_ok ? '0 : silent ? quiet_q : quiet_q + QuietW'(1);
      beat_q <= close ? '0 : 32'(beat_q) == BeatCycles ? beat_q : beat_q + BeatW'(1);
      if (silent || fail) down_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (start) next_q <= send_q + PosW'(1);
    else if (load) next_q <= next_q + PosW'(1);
    if (load) last_q <= buf_rdata[64];
  end

  // ---- counters ----
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      messages_o <= '0;
      frames_o <= '0;
      replays_o <= '0;
      rev_errors_o <= '0;
      stall_cycles_o <= '0;
      busy_cycles_o <= '0;
    end else begin
      messages_o <= messages_o + 32'(commit);
      frames_o <= frames_o + 32'(close && count_q != '0);
      replays_o <= replays_o + 32'(rewind);
      rev_errors_o <= rev_errors_o + 32'(rev_end && !rev_ok);
      stall_cycles_o <= stall_cycles_o + 64'(steady && enough && !allowed);
      busy_cycles_o <= busy_cycles_o + 64'(fwd_valid_o);
    end
  end

  wire [PosW-1:0] unacked = wr_q - ack_q;
  `MR_ASSERT(OneWriter, !(commit && second_q))
  `MR_ASSERT(ReadNotWrite, !(buf_re && buf_we && buf_waddr == (start ? send_q[AddrW-1:0] : next_q[AddrW-1:0])))
  `MR_ASSERT(BufferBound, 32'(used) <= TxFlits)
  `MR_ASSERT(CreditBound, 32'(credit) <= 4096)
  `MR_ASSERT(AckBound, 32'(unacked) <= TxFlits)
endmodule
`default_nettype wire
