// SPDX-License-Identifier: Apache-2.0
// Front end of the KV controller: checks commands, owns block table, free list and written lengths, makes addresses.
//
// Slots 1..256; Layers 1..256; Heads 1..64 (KV heads); MaxNbh 1..16; Pages 1..65536; SlotBlocks: 32-token blocks a slot can
// hold, a power of two 1..4096. RowBits, ColBits, DqBytes: device. A page holds 32 tokens of one slot: K and V of all heads
// and layers. Its chunks (layer, head, kind) follow one another at 1088 nbh bytes each.
//
// Written lengths: per (slot, layer) the number of complete positions and one bit per (head, kind) of the position being
// written; this is enough to enforce the order of docs/interfaces.md section 3.
// kc_*: R1-R3; kc_ready_o depends on kc_valid_i and the payload (R4). One command takes 8 clocks; the next one is taken when
// its job has left. Refusals: status 4 (slot, layer, head or operation unknown, or configuration out of range), 5 (position),
// 6 (no page left, the slot's table is full, or the page lies beyond the device). A refused command changes nothing.
// FREE: free_req_i for one clock while free_busy_o is 0 (a pulse while busy, or for an unknown slot, is counted as refused).
// From the next clock on the slot has length 0; pages return in the background, one step after each command at the
// latest; an APPEND to the slot waits for the end. At most 2 + 2^ceil(log2(Layers)) + 2 blocks steps.
// cfg_*: change only while all pages are free. When the last page returns, the allocator starts afresh.
// Reset: all lengths are cleared (Slots x Layers clocks, no command is taken before). Test: tests/rtl/kv_dram.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_front #(
  parameter int Slots = 8,
  parameter int Layers = 32,
  parameter int Heads = 8,
  parameter int MaxNbh = 4,
  parameter int Pages = 1024,
  parameter int SlotBlocks = 64,
  parameter int DqBytes = 8,
  parameter int RowBits = 13,
  parameter int ColBits = 10,
  localparam int AddrBits = RowBits + ColBits,
  localparam int PageCntW = $clog2(Pages + 1)
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,

  input  wire  [8:0]          cfg_layers_i,
  input  wire  [8:0]          cfg_heads_i,
  input  wire  [4:0]          cfg_nbh_i,
  input  wire  [PageCntW-1:0] cfg_pages_i,

  input  wire                 free_req_i,
  input  wire  [7:0]          free_slot_i,
  output logic                free_busy_o,
  output wire  [PageCntW-1:0] pages_free_o,
  output wire  [1:0]          ev_refused_o,   // a FREE, a command was refused
  output wire                 ready_o,

  input  wire                 kc_valid_i,
  output logic                kc_ready_o,
  input  wire  [1:0]          kc_op_i,
  input  wire  [7:0]          kc_slot_i,
  input  wire  [7:0]          kc_layer_i,
  input  wire  [7:0]          kc_head_i,
  input  wire                 kc_kind_i,
  input  wire  [17:0]         kc_pos_i,
  input  wire  [5:0]          kc_count_i,

  output logic                job_valid_o,
  input  wire                 job_ready_i,
  output logic                job_append_o,
  output logic [3:0]          job_status_o,
  output logic [AddrBits-1:0] job_base_o,
  output logic [9:0]          job_cn_o
);
  function automatic int at_least_1(input int n);
    at_least_1 = (n < 1) ? 1 : n;
  endfunction

  localparam int SlotW  = at_least_1($clog2(Slots));
  localparam int LayerW = at_least_1($clog2(Layers));
  localparam int BlkW   = at_least_1($clog2(SlotBlocks));
  localparam int PageW  = at_least_1($clog2(Pages));
  localparam int LenW   = $clog2(SlotBlocks) + 6;     // complete positions, 0..32 SlotBlocks
  localparam int PairW  = at_least_1($clog2(2 * Heads));
  localparam int WalkW  = (LayerW > BlkW + 1) ? LayerW : BlkW + 1;
  localparam int ChunkBursts = 34 * (8 / DqBytes);    // bursts of 1088 bytes
  localparam int MaxChunks = (1 << AddrBits) / ChunkBursts;
  localparam int AccW   = 19;

  localparam logic [3:0] StatusWho = 4'd4, StatusPos = 4'd5, StatusPages = 4'd6;
  localparam logic [1:0] OpStream = 2'd0, OpAppend = 2'd1;

  typedef enum logic [3:0] {
    StClear, StIdle, StWalk, StCheck, StMulLayer, StMulHead, StMulNbh, StMulCount, StRange, StPush
  } state_e;

  state_e state_q, state_d;

  // --- command being handled -------------------------------------------------------------------------------------
  logic [1:0]  op_q;
  logic [7:0]  slot_q, layer_q, head_q;
  logic        kind_q;
  logic [17:0] pos_q;
  logic [5:0]  count_q;
  logic [3:0]  status_q;
  logic        alloc_q;            // a new page is taken
  logic [PageW-1:0] page_q;

  // --- tables ----------------------------------------------------------------------------------------------------
  logic                    tab_re, walk_sel, accept, commit;
  logic [SlotW-1:0]        rd_slot;
  logic [BlkW-1:0]         rd_blk;
  logic [LenW+2*Heads-1:0] len_rd, len_wd;
  logic [BlkW:0]           nblk_rd, nblk_wd;
  logic [PageW-1:0]        blk_rd, free_rd;
  logic                    len_we, nblk_we, free_we;
  logic [SlotW+LayerW-1:0] len_wa;
  logic [SlotW-1:0]        nblk_wa;
  logic [WalkW-1:0]        walk_q;
  logic                    walk_blk_q;
  logic [SlotW-1:0]        free_slot_q;
  logic [PageCntW-1:0]     sp_q, bump_q;   // entries of the free stack; pages ever taken since the last fresh start
  logic [SlotW+LayerW-1:0] clear_q;

  assign rd_slot = walk_sel ? free_slot_q : kc_slot_i[SlotW-1:0];
  assign rd_blk  = walk_sel ? walk_q[BlkW-1:0] : kc_pos_i[5 +: BlkW];
  assign tab_re  = walk_sel || accept;

  mr_ram_1r1w #(.Width(LenW + 2*Heads), .Depth(1 << (SlotW + LayerW))) u_len (
    .clk_i, .re_i(accept), .raddr_i({kc_slot_i[SlotW-1:0], kc_layer_i[LayerW-1:0]}), .rdata_o(len_rd),
    .we_i(len_we), .waddr_i(len_wa), .wdata_i(len_wd)
  );
  mr_ram_1r1w #(.Width(BlkW + 1), .Depth(1 << SlotW)) u_nblk (
    .clk_i, .re_i(tab_re), .raddr_i(rd_slot), .rdata_o(nblk_rd),
    .we_i(nblk_we), .waddr_i(nblk_wa), .wdata_i(nblk_wd)
  );
  mr_ram_1r1w #(.Width(PageW), .Depth(1 << (SlotW + BlkW))) u_blk (
    .clk_i, .re_i(tab_re), .raddr_i({rd_slot, rd_blk}), .rdata_o(blk_rd),
    .we_i(commit && alloc_q), .waddr_i({slot_q[SlotW-1:0], pos_q[5 +: BlkW]}), .wdata_i(page_q)
  );
  mr_ram_1r1w #(.Width(PageW), .Depth(1 << PageW)) u_free (
    .clk_i, .re_i(accept), .raddr_i(PageW'(sp_q - PageCntW'(1))), .rdata_o(free_rd),
    .we_i(free_we), .waddr_i(PageW'(sp_q)), .wdata_i(blk_rd)
  );

  // --- checks: StCheck takes what the tables say, StMulLayer judges ------------------------------------------------
  logic [PairW-1:0]   pair;
  logic [2*Heads-1:0] bits, bits_new, bits_all;
  logic [LenW-1:0]    len, len_q;
  logic               bit_q, freeing_q, bad_who, bad_stream, bad_append, no_page, need_page, full_set;
  logic [3:0]         check_status;

  assign pair     = PairW'({head_q, kind_q});
  assign len      = len_rd[2*Heads +: LenW];
  assign bits     = len_rd[2*Heads-1:0];
  assign bad_who  = op_q[1] || 32'(slot_q) >= Slots || 32'(layer_q) >= Layers || {1'b0, layer_q} >= cfg_layers_i
                    || 32'(head_q) >= Heads || {1'b0, head_q} >= cfg_heads_i
                    || cfg_nbh_i == 5'd0 || 32'(cfg_nbh_i) > MaxNbh;
  assign bad_stream = pos_q[4:0] != 5'd0 || count_q == 6'd0 || count_q > 6'd32 || freeing_q
                    || {1'b0, pos_q} + 19'(count_q) > 19'(len_q) + 19'(bit_q);
  assign bad_append = count_q != 6'd1 || pos_q != 18'(len_q) || bit_q;
  assign need_page  = 18'(pos_q[17:5]) == 18'(nblk_rd);
  assign no_page    = 18'(pos_q[17:5]) >= 18'(SlotBlocks) || (need_page && pages_free_o == '0);

  always_comb begin
    check_status = 4'd0;
    if (bad_who) check_status = StatusWho;
    else if (op_q == OpStream) check_status = bad_stream ? StatusPos : 4'd0;
    else if (bad_append) check_status = StatusPos;
    else if (no_page) check_status = StatusPages;
  end

  always_comb begin
    bits_all = '0;
    for (int h = 0; h < Heads; h = h + 1) begin
      if (32'(cfg_heads_i) > h) bits_all[2*h +: 2] = 2'b11;
    end
    bits_new       = bits;
    bits_new[pair] = 1'b1;
    full_set       = bits_new == bits_all;
  end

  // --- address: chunk = ((page layers + layer) heads + head) 2 + kind) nbh, one multiplication a clock -----------
  // The operands of each product are registers; its bits that are too many are looked at one clock later.
  logic [AccW-1:0] acc_q;
  logic [8:0]      mul_b_q, mul_c_q;
  logic [27:0]     mul_p;
  logic [9:0]      high_q;         // of the last product, from bit AccW - 1 on
  logic            over_q;
  logic [AccW-1:0] chunk_q;
  logic [AccW:0]   end_q;          // first chunk behind this one
  logic [AddrBits-1:0] base_q;

  assign mul_p = 28'(acc_q) * 28'(mul_b_q) + 28'(mul_c_q);

  // --- control ---------------------------------------------------------------------------------------------------
  logic can_accept, walk_end;
  logic [SlotW+LayerW-1:0] len_walk, len_cmd;
  logic [SlotW-1:0] clear_slot, cmd_slot;

  assign ready_o      = state_q != StClear;
  assign can_accept   = kc_valid_i && !job_valid_o
                        && !(free_busy_o && kc_op_i == OpAppend && kc_slot_i == 8'(free_slot_q));
  assign accept       = state_q == StIdle && can_accept && !walk_sel;
  // The job register is full in the clock after StPush, so the walk gets a step after each command.
  assign walk_sel     = state_q == StIdle && free_busy_o && !can_accept;
  assign kc_ready_o   = accept;
  assign commit       = state_q == StPush && status_q == 4'd0 && !over_q && op_q == OpAppend;
  assign pages_free_o = cfg_pages_i - (bump_q - sp_q);
  assign ev_refused_o = {free_req_i && (free_busy_o || 32'(free_slot_i) >= Slots),
                         state_q == StPush && (status_q != 4'd0 || over_q)};

  always_comb begin
    state_d = state_q;
    case (state_q)
      StClear: if (clear_q == '1) state_d = StIdle;
      StIdle: begin
        if (walk_sel && walk_blk_q) state_d = StWalk;
        else if (accept) state_d = StCheck;
      end
      StWalk:     state_d = StIdle;
      StCheck:    state_d = StMulLayer;  // refused or not: keeps the tables' outputs off the state's path
      StMulLayer: state_d = StMulHead;
      StMulHead:  state_d = StMulNbh;
      StMulNbh:   state_d = StMulCount;
      StMulCount: state_d = StRange;
      StRange:    state_d = StPush;
      StPush:     state_d = StIdle;
      default:    state_d = StIdle;
    endcase
  end

  assign walk_end = walk_q[BlkW:0] == nblk_rd;
  assign len_walk = {free_slot_q, walk_q[LayerW-1:0]};
  assign len_cmd  = {slot_q[SlotW-1:0], layer_q[LayerW-1:0]};
  assign clear_slot = clear_q[LayerW +: SlotW];
  assign cmd_slot = slot_q[SlotW-1:0];

  // Table writes: clear after reset, first half of FREE (lengths), commit of an APPEND.
  always_comb begin
    len_we  = 1'b0;
    len_wa  = len_cmd;
    len_wd  = full_set ? {len + LenW'(1), (2*Heads)'(0)} : {len, bits_new};
    nblk_we = 1'b0;
    nblk_wa = cmd_slot;
    nblk_wd = nblk_rd + (BlkW+1)'(1);
    free_we = 1'b0;
    if (state_q == StClear) begin
      len_we  = 1'b1;
      len_wa  = clear_q;
      len_wd  = '0;
      nblk_we = 1'b1;
      nblk_wa = clear_slot;
      nblk_wd = '0;
    end else if (walk_sel && !walk_blk_q) begin
      len_we = 1'b1;
      len_wa = len_walk;
      len_wd = '0;
    end else if (state_q == StWalk) begin
      if (walk_end) begin
        nblk_we = 1'b1;
        nblk_wa = free_slot_q;
        nblk_wd = '0;
      end else begin
        free_we = 1'b1;
      end
    end else if (commit) begin
      len_we  = 1'b1;
      nblk_we = alloc_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= StClear;
      clear_q     <= '0;
      free_busy_o <= 1'b0;
      walk_q      <= '0;
      walk_blk_q  <= 1'b0;
      sp_q        <= '0;
      bump_q      <= '0;
      job_valid_o <= 1'b0;
    end else begin
      state_q <= state_d;
      if (state_q == StClear) clear_q <= clear_q + (SlotW+LayerW)'(1);

      if (state_q == StPush) job_valid_o <= 1'b1;
      else if (job_ready_i) job_valid_o <= 1'b0;

      if (free_req_i && !free_busy_o && 32'(free_slot_i) < Slots) begin
        free_busy_o <= 1'b1;
        walk_q      <= '0;
        walk_blk_q  <= 1'b0;
      end else if (walk_sel && !walk_blk_q) begin
        walk_q <= walk_q + WalkW'(1);
        if (walk_q[LayerW-1:0] == LayerW'(Layers - 1)) begin
          walk_q     <= '0;
          walk_blk_q <= 1'b1;
        end
      end else if (state_q == StWalk) begin
        walk_q <= walk_q + WalkW'(1);
        if (!free_we) free_busy_o <= 1'b0;
      end

      if (free_we) begin
        if (bump_q - sp_q == PageCntW'(1)) begin
          sp_q   <= '0;
          bump_q <= '0;
        end else begin
          sp_q <= sp_q + PageCntW'(1);
        end
      end else if (commit && alloc_q) begin
        if (sp_q != '0) sp_q <= sp_q - PageCntW'(1);
        else bump_q <= bump_q + PageCntW'(1);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (free_req_i && !free_busy_o) free_slot_q <= free_slot_i[SlotW-1:0];
    if (accept) begin
      op_q    <= kc_op_i;
      slot_q  <= kc_slot_i;
      layer_q <= kc_layer_i;
      head_q  <= kc_head_i;
      kind_q  <= kc_kind_i;
      pos_q   <= kc_pos_i;
      count_q <= kc_count_i;
    end
    if (state_q == StCheck) begin
      len_q    <= len;
      bit_q    <= bits[pair];
      freeing_q <= free_busy_o && slot_q == 8'(free_slot_q);
      alloc_q  <= need_page && op_q == OpAppend;
      page_q   <= (sp_q != '0) ? free_rd : PageW'(bump_q);
      acc_q    <= !(need_page && op_q == OpAppend) ? AccW'(blk_rd)
                : (sp_q != '0) ? AccW'(free_rd) : AccW'(bump_q);
      mul_b_q  <= cfg_layers_i;
      mul_c_q  <= {1'b0, layer_q};
      over_q   <= 1'b0;
    end
    high_q <= mul_p[27:AccW-1];
    case (state_q)
      StMulLayer: begin
        status_q <= check_status;
        acc_q   <= mul_p[AccW-1:0];
        mul_b_q <= cfg_heads_i;
        mul_c_q <= {1'b0, head_q};
      end
      StMulHead: begin
        acc_q   <= {mul_p[AccW-2:0], kind_q};
        mul_b_q <= {4'd0, cfg_nbh_i};
        mul_c_q <= 9'd0;
        if (high_q[9:1] != '0) over_q <= 1'b1;
      end
      StMulNbh: begin
        chunk_q <= mul_p[AccW-1:0];
        acc_q   <= (op_q == OpAppend) ? {14'd0, pos_q[4:0]} : {13'd0, count_q};
        if (high_q != '0) over_q <= 1'b1;
      end
      StMulCount: begin
        acc_q  <= mul_p[AccW-1:0];
        base_q <= AddrBits'(32'(chunk_q) * ChunkBursts);
        end_q  <= {1'b0, chunk_q} + (AccW+1)'(cfg_nbh_i);
        if (high_q[9:1] != '0) over_q <= 1'b1;
      end
      StRange: if (32'(end_q) > MaxChunks) over_q <= 1'b1;
      default: high_q <= '0;
    endcase
    if (state_q == StPush) begin
      job_append_o <= op_q == OpAppend;
      job_status_o <= (status_q != 4'd0) ? status_q : (over_q ? StatusPages : 4'd0);
      job_base_o   <= base_q;
      job_cn_o     <= acc_q[9:0];
    end
  end

  `MR_ASSERT(PagesBound, bump_q <= cfg_pages_i || !commit)
  `MR_ASSERT(StackBound, sp_q <= bump_q)
endmodule
`default_nettype wire
