// SPDX-License-Identifier: Apache-2.0
// Administration of the KV front end: FREE, TRUNCATE, FORK and QUOTA as a row of table steps between the commands.
//
// Each operation first asks the data path for a flush (commands are held back, block_o), then checks, then walks the layers (lengths),
// then the blocks. FREE is TRUNCATE to 0. A step is one read of the tables and one write, done by mr_kv_cmd when want_o is 1; the results
// come with step_i. Parameters as in mr_kv_cmd. ad_*: ready/valid, R1-R5; ad_done_o one clock with ad_status_o:
// 4  unknown slot (FORK: either), or the configuration is bad        5  TRUNCATE, FORK: ad_len_i exceeds the complete positions of
// a layer of the slot (source); FORK: the destination has pages; QUOTA: more than SlotBlocks
// 6  FORK: the pages exceed the destination's quota                  7  done, but a page's tag did not match: it was left alone
// With 4, 5, 6 nothing was changed. Steps: at most 2 + 2 cfg_layers + blocks, after the flush. Test: tests/rtl/kv_cmd.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_admin #(
  parameter int Slots = 8,
  parameter int LayerW = 3,
  parameter int BlkW = 4,
  localparam int LenW = BlkW + 6,
  localparam int SlotW = (Slots < 2) ? 1 : $clog2(Slots)
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               ready_i,       // new operations may start
  input  wire               cfg_bad_i,
  input  wire  [8:0]        cfg_layers_i,
  input  wire               init_i,        // no operation is under way, len_o is SlotBlocks

  input  wire               ad_valid_i,
  output wire               ad_ready_o,
  input  wire  [1:0]        ad_op_i,
  input  wire  [7:0]        ad_slot_i,
  input  wire  [7:0]        ad_src_i,
  input  wire  [17:0]       ad_len_i,
  output logic              ad_done_o,
  output logic [2:0]        ad_status_o,
  output logic              flush_req_o,
  input  wire               flush_done_i,

  output wire               act_o,         // under way: commands to slot_o and from_o wait
  output wire               block_o,       // all commands wait
  output logic [7:0]        slot_o,
  output logic [7:0]        from_o,
  input  wire               idle_i,        // no step and no command is in the tables
  input  wire               quiet_i,       // idle_i and no job waits to leave
  output wire               want_o,        // a step is wanted
  output wire               alone_o,       // it uses the job's registers
  output wire               rd_from_o,     // it reads from_o's tables, else slot_o's
  output wire  [LayerW-1:0] lay_o,
  output wire  [BlkW-1:0]   rd_blk_o,
  output wire  [BlkW-1:0]   wr_blk_o,
  output wire  [LenW-1:0]   len_o,
  output wire               len_high_o,    // the length exceeds LenW bits

  input  wire               step_i,        // a step's results are there, the writes are done now; two clocks later idle_i may rise
  input  wire               fits_i,        // len_o <= the layer's length; with nblk_i and quota_i valid a clock before step_i
  input  wire  [BlkW:0]     nblk_i,
  input  wire  [BlkW:0]     quota_i,
  input  wire               stale_i,
  output wire               len_we_o,
  output wire               quota_we_o,
  output wire               fork_we_o,     // copy the entry, one more reference
  output wire               release_o,     // one reference less
  output wire  [BlkW:0]     nblk_o
);
  localparam logic [1:0] OpFree = 2'd0, OpTruncate = 2'd1, OpFork = 2'd2, OpQuota = 2'd3;
  localparam logic [2:0] StatusWho = 3'd4, StatusPos = 3'd5, StatusPages = 3'd6, StatusTag = 3'd7;

  typedef enum logic [2:0] {PhNone, PhFlush, PhCheck, PhSlot, PhLen, PhBlk} phase_e;

  phase_e          phase_q, phase_d;
  logic [1:0]      op_q;
  logic [17:0]     len_q;
  logic [BlkW:0]   need_q;              // blocks of len_q positions
  logic [LayerW:0] lay_q;
  logic [BlkW:0]   blk_q;               // FORK: the next block; else the blocks left
  logic            bad_tag_q;
  // Registered, for they feed the table's addresses; the clocks of a step give them time.
  logic            lay_end_q, blk_end_q, want_q, quota_big_q, slot_pos_q, slot_pages_q, fits_q;
  logic            fork_op, take, bad_who;
  logic [2:0]      status_d;
  logic            done_d;

  assign fork_op    = op_q == OpFork;
  assign ad_ready_o = phase_q == PhNone && ready_i;
  assign take       = ad_valid_i && ad_ready_o;
  assign act_o      = phase_q != PhNone;
  assign block_o    = phase_q == PhFlush;

  // A slot number with bits above SlotW is unknown; the rest is compared only where Slots is no power of two.
  assign bad_who    = (32'(slot_o) >> SlotW) != 0 || (32'(from_o) >> SlotW) != 0 || cfg_bad_i
                      || (Slots != (1 << SlotW) && (32'(slot_o) >= Slots || 32'(from_o) >= Slots));
  assign want_o     = want_q;
  assign alone_o    = phase_q == PhBlk && fork_op;
  assign rd_from_o  = phase_q == PhCheck || phase_q == PhBlk;
  assign lay_o      = lay_q[LayerW-1:0];
  assign wr_blk_o   = blk_q[BlkW-1:0];
  assign nblk_o     = blk_q + {{BlkW{!fork_op}}, 1'b1};
  assign rd_blk_o   = fork_op ? blk_q[BlkW-1:0] : nblk_o[BlkW-1:0];
  assign len_o      = len_q[LenW-1:0];
  assign len_high_o = (32'(len_q) >> LenW) != 0;

  assign len_we_o   = step_i && phase_q == PhLen;
  assign quota_we_o = step_i && phase_q == PhSlot && op_q == OpQuota && !quota_big_q;
  assign fork_we_o  = step_i && phase_q == PhBlk && fork_op;
  assign release_o  = step_i && phase_q == PhBlk && !fork_op;

  always_comb begin
    phase_d  = phase_q;
    done_d   = 1'b0;
    status_d = 3'd0;
    case (phase_q)
      PhNone: if (take) phase_d = PhFlush;
      PhFlush: if (flush_req_o && flush_done_i) begin
        phase_d  = PhSlot;
        if (op_q == OpTruncate || fork_op) phase_d = PhCheck;
        done_d   = bad_who;
        status_d = StatusWho;
      end
      PhCheck: begin
        done_d   = step_i && !fits_q;
        status_d = StatusPos;
        if (idle_i && lay_end_q) phase_d = PhSlot;
      end
      PhSlot: if (step_i) begin
        phase_d  = PhLen;
        done_d   = op_q == OpQuota || slot_pos_q || slot_pages_q;
        status_d = slot_pos_q ? StatusPos : (slot_pages_q ? StatusPages : 3'd0);
      end
      PhLen: if (idle_i && lay_end_q) phase_d = PhBlk;
      PhBlk: begin
        done_d   = idle_i && blk_end_q;
        status_d = bad_tag_q ? StatusTag : 3'd0;
      end
      default: phase_d = PhNone;
    endcase
    if (done_d) phase_d = PhNone;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      phase_q     <= PhNone;
      flush_req_o <= 1'b0;
      ad_done_o   <= 1'b0;
    end else begin
      phase_q     <= phase_d;
      ad_done_o   <= done_d;
      flush_req_o <= block_o && (flush_req_o || quiet_i) && !(flush_req_o && flush_done_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      op_q   <= ad_op_i;
      slot_o <= ad_slot_i;
      from_o <= (ad_op_i == OpFork) ? ad_src_i : ad_slot_i;
    end
    if (init_i) len_q <= 18'd1 << BlkW;
    else if (take) len_q <= (ad_op_i == OpFree) ? 18'd0 : ad_len_i;
    lay_end_q    <= lay_q == (LayerW+1)'(cfg_layers_i);
    blk_end_q    <= blk_q == need_q;
    want_q       <= phase_q == PhSlot || ((phase_q == PhCheck || phase_q == PhLen) && lay_q != (LayerW+1)'(cfg_layers_i))
                    || (phase_q == PhBlk && blk_q != need_q);
    quota_big_q  <= (32'(len_q) >> (BlkW + 1)) != 0 || (len_q[BlkW] && len_q[BlkW-1:0] != '0);
    slot_pos_q   <= (op_q == OpQuota) ? quota_big_q : (fork_op && nblk_i != '0);
    slot_pages_q <= fork_op && need_q > quota_i;
    fits_q       <= fits_i;
    need_q       <= len_q[5 +: BlkW+1] + (BlkW+1)'(len_q[4:0] != 5'd0);
    ad_status_o  <= status_d;
    if (phase_q == PhFlush || phase_q == PhSlot) lay_q <= '0;
    else if (step_i) lay_q <= lay_q + (LayerW+1)'(1);
    if (step_i && phase_q == PhSlot) blk_q <= nblk_i;
    else if (step_i && phase_q == PhBlk) blk_q <= nblk_o;
    if (phase_q == PhFlush) bad_tag_q <= 1'b0;
    else if (step_i && phase_q == PhBlk && stale_i) bad_tag_q <= 1'b1;
  end

  wire unused_ok = ^cfg_layers_i;

  `MR_ASSERT(StepWanted, !step_i || want_o)
  `MR_ASSERT(BlocksBound, !(release_o && blk_q == '0))
  `MR_ASSERT(FlushBlocks, !flush_req_o || block_o)
endmodule
`default_nettype wire
