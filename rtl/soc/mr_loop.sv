// SPDX-License-Identifier: Apache-2.0
// Token loop of the hub: a drawn token becomes its slot's next job without firmware (docs/interfaces.md section 8).
//
// Slots  that the loop knows, 1..256.   Depth  entries of the token queue, a power of two, > Slots, at most 32768.
// Commands: arm_i or disarm_i for one clock with cmd_slot_i (ignored while busy_o); left_i and stop_i ({valid, token} four times) hold
// until busy_o falls. A command is carried out between two tokens: within 8 clocks, or as soon as the message under way has brought its token.
// Receiving: take_o tells, from the clock after the header rx_hdr_i came on, whether the message is the loop's: flag TOPK alone, status 0, a
// payload, its slot armed, room in the queue. ready_o: it can be taken now; commit_i then takes it. The first flit brings the token,
// further ones are ignored.
// Each token is queued with a reason: 0 also injected, else the slot is disarmed: 1 a stop token, 2 the last of left_i, 3 parked (at most
// Slots entries of the queue are free, or the injections are full), 4 not a token id. So a slot that is not parked never waits
// for firmware, and one that is waits alone: the queue has room for each slot's last entry.
// Injection: inj_valid_o with the header until inj_grant_i; inj_any_o: one is or will be there. Arrival to inj_valid_o: 5 clocks when
// nothing waits.
// trace_o: a job comes into the injections: {pos, slot, it does}.
// Token queue: tok_* show the oldest entry while tok_valid_o; tok_pop_i drops it, the next one shows 3 clocks later.
// Reset empties everything and disarms all slots. Test: tests/rtl/hub.
`default_nettype none
module mr_loop #(
  parameter int Slots = 16,
  parameter int Depth = 256,
  localparam int SlotW = Slots > 1 ? $clog2(Slots) : 1,
  localparam int DepthW = $clog2(Depth)
) (
  input  wire          clk_i,
  input  wire          rst_ni,
  input  wire  [31:0]  dest_i,
  input  wire  [15:0]  pc_i,
  input  wire  [17:0]  left_i,
  input  wire  [75:0]  stop_i,
  input  wire  [7:0]   cmd_slot_i,
  input  wire          arm_i,
  input  wire          disarm_i,
  output logic         busy_o,
  // messages to the hub
  input  wire  [127:0] rx_hdr_i,
  input  wire          rx_empty_i,
  output logic         take_o,
  output logic         ready_o,
  input  wire          commit_i,
  input  wire          flit_valid_i,
  input  wire  [31:0]  flit_i,
  // jobs
  output logic         inj_any_o,
  output logic         inj_valid_o,
  output logic [127:0] inj_hdr_o,
  input  wire          inj_grant_i,
  // tokens
  output logic         tok_valid_o,
  output logic [17:0]  tok_token_o,
  output logic [7:0]   tok_slot_o,
  output logic [2:0]   tok_why_o,
  output logic [17:0]  tok_pos_o,
  input  wire          tok_pop_i,
  output logic [15:0]  count_o,
  // counters
  output logic [15:0]  parks_o,
  output logic [15:0]  wait_max_o,
  output logic [63:0]  jobs_o,
  output logic [26:0]  trace_o
);
  localparam int Known = 1 << SlotW;       // entries of the slots' table and of the injections
  localparam logic [1:0] StIdle = 2'd0;
  localparam logic [1:0] StRead = 2'd1;    // the slot's entry is read
  localparam logic [1:0] StWait = 2'd2;    // for the token
  localparam logic [1:0] StDecide = 2'd3;
  localparam logic [2:0] WhyInjected = 3'd0;
  localparam logic [2:0] WhyStop = 3'd1;
  localparam logic [2:0] WhyLength = 3'd2;
  localparam logic [2:0] WhyParked = 3'd3;
  localparam logic [2:0] WhyError = 3'd4;

  logic [1:0]       st_q;
  logic             settled_q;             // idle in the clock before, when take_o was made
  logic [Known-1:0] armed_q;
  logic [Known-1:0] armed_d;
  logic [SlotW-1:0] slot_q;
  logic [17:0]      pos_q;
  logic [3:0]       flags_q;
  logic             got_q;
  logic [31:0]      token_q;
  logic [15:0]      now_q;
  logic [15:0]      since_q;               // when the token came

  // ---- commands ----
  logic       cmd_q;
  logic       cmd_arm_q;
  logic [7:0] cmd_slot_q;
  wire        cmd_run = cmd_q && st_q == StIdle && !commit_i;
  wire        cmd_known = 32'(cmd_slot_q) < Slots;
  wire [SlotW-1:0] cmd_at = cmd_slot_q[SlotW-1:0];
  assign busy_o = cmd_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) cmd_q <= 1'b0;
    else if (cmd_run) cmd_q <= 1'b0;
    else if (arm_i || disarm_i) cmd_q <= 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if ((arm_i || disarm_i) && !cmd_q) begin
      cmd_arm_q <= arm_i;
      cmd_slot_q <= cmd_slot_i;
    end
  end

  // ---- the slots' table: {stop tokens, tokens left} ----
  logic [93:0] entry;
  wire         cmd_write = cmd_run && cmd_arm_q && cmd_known;
  wire         decide = st_q == StDecide;
  wire [17:0]  left = entry[17:0];
  wire [75:0]  stops = entry[93:18];
  mr_sram_1r1w #(.Width(94), .Depth(Known)) u_table (
    .clk_i, .re_i(st_q == StRead), .raddr_i(slot_q), .rdata_o(entry),
    .we_i(cmd_write || decide), .waddr_i(decide ? slot_q : cmd_at),
    .wdata_i(decide ? {stops, left - 18'd1} : {stop_i, left_i})
  );

  // ---- which messages are the loop's ----
  wire [7:0]   rx_slot = rx_hdr_i[64+36 +: 8];
  wire         rx_known = 32'(rx_slot) < Slots;
  logic [15:0] count_q;
  wire         full = count_q == 16'(Depth);
  assign ready_o = settled_q && st_q == StIdle;
  always_ff @(posedge clk_i) begin
    take_o <= rx_known && armed_d[rx_slot[SlotW-1:0]] && rx_hdr_i[49:48] == 2'b10 && rx_hdr_i[55:52] == 4'd0 && !rx_empty_i && !full;
  end
  wire unused_ok = &{1'b0, rx_hdr_i[47:0], rx_hdr_i[63:56], rx_hdr_i[81:64], rx_hdr_i[127:108]};

  // ---- a token ----
  wire inj_full;
  wire bad = token_q[31:18] != '0;
  wire [15:0] room = 16'(Depth) - count_q;
  logic       stop;
  logic [2:0] why;
  always_comb begin
    stop = 1'b0;
    for (int k = 0; k < 4; k = k + 1) begin
      if (stops[19*k+18] && stops[19*k +: 18] == token_q[17:0]) stop = 1'b1;
    end
    why = WhyInjected;
    if (bad) why = WhyError;
    else if (stop) why = WhyStop;
    else if (left <= 18'd1) why = WhyLength;
    else if (room <= 16'(Slots) || inj_full) why = WhyParked;
  end
  wire again = decide && why == WhyInjected;
  assign trace_o = {pos_q, 8'(slot_q), again};

  always_comb begin
    armed_d = armed_q;
    if (cmd_run && cmd_known) armed_d[cmd_at] = cmd_arm_q;
    if (decide && why != WhyInjected) armed_d[slot_q] = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      settled_q <= 1'b0;
      armed_q <= '0;
      got_q <= 1'b0;
    end else begin
      settled_q <= st_q == StIdle;
      armed_q <= armed_d;
      got_q <= (st_q == StRead || st_q == StWait) && (got_q || flit_valid_i);
      case (st_q)
        StIdle: if (commit_i) st_q <= StRead;
        StRead: st_q <= StWait;
        StWait: if (got_q || flit_valid_i) st_q <= StDecide;
        StDecide: st_q <= StIdle;
        default: st_q <= StIdle;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (st_q == StIdle && commit_i) begin
      slot_q <= rx_slot[SlotW-1:0];
      pos_q <= rx_hdr_i[64+18 +: 18] + 18'd1;
      flags_q <= rx_hdr_i[51:48];
    end
    if (flit_valid_i && (st_q == StRead || st_q == StWait) && !got_q) begin
      token_q <= flit_i;
      since_q <= now_q;
    end
  end

  // ---- jobs to inject ----
  logic [SlotW:0] inj_wr_q;
  logic [SlotW:0] inj_rd_q;                // of the next entry to show
  logic           inj_show_q;
  logic [63:0]    inj;
  wire            inj_fetch = inj_wr_q != inj_rd_q && !inj_show_q;
  assign inj_full = inj_wr_q[SlotW] != inj_rd_q[SlotW] && inj_wr_q[SlotW-1:0] == inj_rd_q[SlotW-1:0];
  mr_sram_1r1w #(.Width(64), .Depth(Known)) u_inj (
    .clk_i, .re_i(inj_fetch), .raddr_i(inj_rd_q[SlotW-1:0]), .rdata_o(inj),
    .we_i(again), .waddr_i(inj_wr_q[SlotW-1:0]), .wdata_i({since_q, flags_q, 8'(slot_q), pos_q, token_q[17:0]})
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inj_wr_q <= '0;
      inj_rd_q <= '0;
      inj_show_q <= 1'b0;
    end else begin
      if (again) inj_wr_q <= inj_wr_q + (SlotW+1)'(1);
      if (inj_fetch) inj_rd_q <= inj_rd_q + (SlotW+1)'(1);
      inj_show_q <= inj_fetch || (inj_show_q && !inj_grant_i);
    end
  end
  assign inj_valid_o = inj_show_q;
  assign inj_any_o = inj_show_q || inj_wr_q != inj_rd_q;
  assign inj_hdr_o = {4'd0, 16'd0, inj[43:36], inj[35:18], inj[17:0], 4'd0, 4'd1, 4'd0, inj[47:44], pc_i, dest_i};

  // ---- tokens for firmware ----
  logic [DepthW:0] tok_wr_q;
  logic [DepthW:0] tok_rd_q;
  logic            tok_show_q;
  wire             tok_fetch = tok_wr_q != tok_rd_q && !tok_show_q;
  wire             tok_pop = tok_pop_i && tok_show_q;
  mr_sram_1r1w #(.Width(47), .Depth(Depth)) u_tokens (
    .clk_i, .re_i(tok_fetch), .raddr_i(tok_rd_q[DepthW-1:0]), .rdata_o({tok_why_o, tok_slot_o, tok_pos_o, tok_token_o}),
    .we_i(decide), .waddr_i(tok_wr_q[DepthW-1:0]), .wdata_i({why, 8'(slot_q), pos_q, token_q[17:0]})
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tok_wr_q <= '0;
      tok_rd_q <= '0;
      tok_show_q <= 1'b0;
      count_q <= '0;
    end else begin
      if (decide) tok_wr_q <= tok_wr_q + (DepthW+1)'(1);
      if (tok_fetch) tok_rd_q <= tok_rd_q + (DepthW+1)'(1);
      tok_show_q <= tok_fetch || (tok_show_q && !tok_pop);
      count_q <= count_q + 16'(decide) - 16'(tok_pop);
    end
  end
  assign tok_valid_o = tok_show_q;
  assign count_o = count_q;

  // ---- counters ----
  wire [15:0] waited = now_q - inj[63:48];
  wire        granted = inj_grant_i && inj_show_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      now_q <= '0;
      parks_o <= '0;
      wait_max_o <= '0;
      jobs_o <= '0;
    end else begin
      now_q <= now_q + 16'd1;
      if (decide && why == WhyParked) parks_o <= parks_o + 16'd1;
      if (granted && waited > wait_max_o) wait_max_o <= waited;
      if (granted) jobs_o <= jobs_o + 64'd1;
    end
  end

`include "mr_assert.vh"
  `MR_ASSERT(QueueBound, count_q <= 16'(Depth))
  `MR_ASSERT(TakenWhenReady, !commit_i || ready_o)
endmodule
`default_nettype wire
