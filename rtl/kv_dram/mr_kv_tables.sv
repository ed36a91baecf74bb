// SPDX-License-Identifier: Apache-2.0
// Tables of the KV front end in synchronous RAM: blocks, written lengths, blocks and quota of each slot, page tags.
//
// block table  (slot, block): owner the page was taken for, page id, its rotation
// lengths      (slot, layer): complete positions; one bit a (head, kind) of the position being written
// slots        (slot): blocks, rotation of the next block; quota in pages (a write enable each)
// tags         (page): live, further references, owner it was taken for
// Parameters are the widths of the fields; Pairs = 2 x heads; a slot holds at most 2^BlkW blocks; legal: all >= 1.
// rd_i with slot, layer, block at t (nothing is written then): e_* (the block's entry, raw RAM output, held) at t + 1; len, bits, nblk,
// rotn, quota, own and stale_now_o (raw RAM output and one LUT; any bit set: stale) at t + 2; stale_o, extra_o at t + 3. Stale: the tag
// does not say that the page lives and belongs to the owner in the block table. Writes take effect in the next clock.
// clear_i (pulse) writes all lengths and slots, 2^(SlotW+LayerW) clocks, busy_o meanwhile; so does reset. From the second of these clocks
// on len_i, bits_i, nblk_i must be 0 (nblk_o is -1) and quota_i the full quota; rotn_i means nothing without a block. Test: tests/rtl/kv_cmd.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_tables #(
  parameter int SlotW = 3,
  parameter int LayerW = 3,
  parameter int BlkW = 4,
  parameter int PageW = 7,
  parameter int BaBits = 2,
  parameter int Pairs = 4,
  localparam int LenW = BlkW + 6,
  localparam int StaleW = SlotW / 2 + 1,
  localparam int NowW = BlkW + 1 + BaBits
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               clear_i,
  output logic              busy_o,

  input  wire               rd_i,
  input  wire  [SlotW-1:0]  rd_slot_i,
  input  wire  [LayerW-1:0] rd_layer_i,
  input  wire  [BlkW-1:0]   rd_blk_i,
  output wire  [PageW-1:0]  e_page_o,
  output wire  [BaBits-1:0] e_rot_o,
  output logic [LenW-1:0]   len_o,
  output logic [Pairs-1:0]  bits_o,
  output logic [BlkW:0]     nblk_o,
  output logic [BaBits-1:0] rotn_o,
  output logic [BlkW:0]     quota_o,
  output logic [SlotW-1:0]  own_o,
  output wire  [StaleW-1:0] stale_now_o,
  output wire               stale_o,
  output logic [SlotW-1:0]  extra_o,

  input  wire  [SlotW-1:0]  wr_slot_i,
  input  wire  [LayerW-1:0] wr_layer_i,
  input  wire  [BlkW-1:0]   wr_blk_i,
  input  wire               len_we_i,
  input  wire  [LenW-1:0]   len_i,
  input  wire  [Pairs-1:0]  bits_i,
  input  wire               blk_we_i,
  input  wire  [PageW-1:0]  page_i,        // of the entry and of the tag
  input  wire  [BaBits-1:0] rot_i,
  input  wire  [SlotW-1:0]  own_i,
  input  wire               slot_we_i,
  input  wire  [BlkW:0]     nblk_i,
  input  wire  [BaBits-1:0] rotn_i,
  input  wire               quota_we_i,
  input  wire  [BlkW:0]     quota_i,
  input  wire               tag_we_i,
  input  wire               tag_live_i,
  input  wire  [SlotW-1:0]  tag_extra_i,
  input  wire  [SlotW-1:0]  tag_own_i
);
  logic [SlotW+LayerW-1:0] clear_q;
  logic [SlotW-1:0]        clear_slot, slot_wa;
  logic                    rd_q, rd_q2;
  logic [SlotW-1:0]        e_own;
  logic [LenW-1:0]         len_rd;
  logic [Pairs-1:0]        bits_rd;
  logic [BlkW:0]           nblk_rd, quota_rd;
  logic [BaBits-1:0]       rotn_rd;
  logic                    tag_live;
  logic [SlotW-1:0]        tag_extra, tag_own;

  assign clear_slot  = clear_q[LayerW +: SlotW];
  assign slot_wa     = busy_o ? clear_slot : wr_slot_i;

  // One LUT behind the RAM: pairs of bits that differ.
  logic [StaleW-1:0]   stale_q;
  logic [2*StaleW-1:0] tag_diff;

  assign tag_diff = (2*StaleW)'({!tag_live, tag_own ^ own_o});
  assign stale_o  = stale_q != '0;
  genvar g;
  generate
    for (g = 0; g < StaleW; g = g + 1) begin : gen_stale
      assign stale_now_o[g] = tag_diff[2*g] || tag_diff[2*g+1];
    end
  endgenerate

  mr_kv_ram #(.Width(SlotW + PageW + BaBits), .Depth(1 << (SlotW + BlkW))) u_blk (
    .clk_i, .re_i(rd_i), .raddr_i({rd_slot_i, rd_blk_i}), .rdata_o({e_own, e_page_o, e_rot_o}),
    .we_i(blk_we_i), .waddr_i({wr_slot_i, wr_blk_i}), .wdata_i({own_i, page_i, rot_i})
  );
  mr_kv_ram #(.Width(LenW + Pairs), .Depth(1 << (SlotW + LayerW))) u_len (
    .clk_i, .re_i(rd_i), .raddr_i({rd_slot_i, rd_layer_i}), .rdata_o({len_rd, bits_rd}),
    .we_i(busy_o || len_we_i), .waddr_i(busy_o ? clear_q : {wr_slot_i, wr_layer_i}),
    .wdata_i({len_i, bits_i})
  );
  (* no_rw_check, ram_style = "block" *) logic [NowW+BlkW:0] slot_mem [1 << SlotW];
  logic [NowW+BlkW:0] slot_rd;
  assign {quota_rd, nblk_rd, rotn_rd} = slot_rd;
  always_ff @(posedge clk_i) begin
    if (rd_i) slot_rd <= slot_mem[rd_slot_i];
  end
  always_ff @(posedge clk_i) begin
    if (busy_o || slot_we_i) slot_mem[slot_wa][NowW-1:0] <= {nblk_i, rotn_i};
    if (busy_o || quota_we_i) slot_mem[slot_wa][NowW +: BlkW+1] <= quota_i;
  end
  mr_kv_ram #(.Width(1 + 2 * SlotW), .Depth(1 << PageW)) u_tag (
    .clk_i, .re_i(rd_q), .raddr_i(e_page_o), .rdata_o({tag_live, tag_extra, tag_own}),
    .we_i(tag_we_i), .waddr_i(page_i), .wdata_i({tag_live_i, tag_extra_i, tag_own_i})
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      busy_o  <= 1'b1;
      clear_q <= '0;
    end else if (busy_o) begin
      clear_q <= clear_q + (SlotW+LayerW)'(1);
      if (clear_q == '1) busy_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    rd_q  <= rd_i;
    rd_q2 <= rd_q;
    if (rd_q) begin
      len_o   <= len_rd;
      bits_o  <= bits_rd;
      rotn_o  <= rotn_rd;
      quota_o <= quota_rd;
      own_o   <= e_own;
    end
    if (busy_o) nblk_o <= '1;       // the front end writes one more
    else if (rd_q) nblk_o <= nblk_rd;
    if (rd_q2) begin
      stale_q <= stale_now_o;
      extra_o <= tag_extra;
    end
  end

  `MR_ASSERT(NoReadInClear, !(rd_i && busy_o))
  `MR_ASSERT(NoReadWrite, !(rd_i && (len_we_i || blk_we_i || slot_we_i || quota_we_i)))
  `MR_ASSERT(NoTagClash, !(rd_q && tag_we_i))
  `MR_ASSERT(OneAtATime, !(rd_i && (rd_q || rd_q2)))
endmodule
`default_nettype wire
