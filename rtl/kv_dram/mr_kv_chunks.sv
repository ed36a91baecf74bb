// SPDX-License-Identifier: Apache-2.0
// Chunk table of the KV front end: where each (layer, head, kind) starts inside a page, built by adding, without a multiplier.
//
// Chunk number c = (layer heads + head) 2 + kind starts at burst c cfg_chunk of a page whose parts have cfg_part bursts: part =
// c cfg_chunk / cfg_part, off = the rest. Parameters: Layers, Heads >= 1; BaBits: log2 of the parts of a page; LA: bits of an offset.
// start_i (pulse, while !busy_o) builds the table: at most 4 layers heads + 2^BaBits + 2 clocks, busy_o meanwhile. range_bad_i: the
// shape is outside the limits, nothing is built. bad_o: the page is too small for its chunks (or the chunk is empty, or
// cfg_part + cfg_chunk exceeds LA bits).
// Read port: re_i with the key at t, part and offset at t + 1 (held). Test: tests/rtl/kv_cmd.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_chunks #(
  parameter int Layers = 8,
  parameter int Heads = 2,
  parameter int BaBits = 2,
  parameter int LA = 21,
  localparam int LayerW = (Layers < 2) ? 1 : $clog2(Layers),
  localparam int HeadW = (Heads < 2) ? 1 : $clog2(Heads)
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               start_i,
  input  wire               range_bad_i,
  input  wire  [8:0]        cfg_layers_i,
  input  wire  [8:0]        cfg_heads_i,
  input  wire  [LA-1:0]     cfg_chunk_i,
  input  wire  [LA-1:0]     cfg_part_i,
  output wire               busy_o,
  output logic              bad_o,

  input  wire               re_i,
  input  wire  [LayerW-1:0] layer_i,
  input  wire  [HeadW-1:0]  head_i,
  input  wire               kind_i,
  output wire  [BaBits-1:0] part_o,
  output wire  [LA-1:0]     off_o
);
  typedef enum logic [1:0] {StDone, StAdd, StNorm, StEnd} state_e;

  state_e            state_q, state_d;
  logic [LayerW-1:0] layer_q;
  logic [HeadW-1:0]  head_q;
  logic              kind_q, first_q, last_q, norm_q;    // norm_q: state_q == StNorm
  logic [BaBits-1:0] part_q;
  logic [LA-1:0]     off_q;
  logic              adding, head_end, last, zero, carry, bad;
  logic [LA:0]       sum;

  // One adder: the next chunk's start, or one part less.
  assign adding   = state_q == StAdd;
  assign sum      = {1'b0, off_q} + {1'b0, norm_q ? ~cfg_part_i : cfg_chunk_i} + (LA+1)'(norm_q);
  assign carry    = sum[LA];
  assign zero     = off_q == '0;
  assign head_end = (HeadW+1)'(head_q) + (HeadW+1)'(1) == (HeadW+1)'(cfg_heads_i);    // the shape is inside the limits
  assign last     = kind_q && head_end && (LayerW+1)'(layer_q) + (LayerW+1)'(1) == (LayerW+1)'(cfg_layers_i);
  assign busy_o   = state_q != StDone;

  // The start leaves LA bits; the first chunk is empty; the parts are used up and the page is not exactly full.
  assign bad = (adding && carry) || (norm_q && first_q && zero) || (state_q == StEnd && !(last_q && zero));

  always_comb begin
    state_d = state_q;
    case (state_q)
      StDone: if (start_i && !range_bad_i) state_d = StAdd;
      StAdd:  state_d = StNorm;
      StNorm: begin
        if (carry) begin
          if (part_q == '1) state_d = StEnd;
        end else begin
          state_d = StAdd;
          if (last_q) state_d = StDone;
        end
      end
      default: state_d = StDone;
    endcase
    if (bad) state_d = StDone;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StDone;
      norm_q  <= 1'b0;
      bad_o   <= 1'b0;
    end else begin
      state_q <= state_d;
      norm_q  <= state_d == StNorm;
      if (start_i) bad_o <= 1'b0;
      else if (bad) bad_o <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!busy_o) begin
      layer_q <= '0;
      head_q  <= '0;
      kind_q  <= 1'b0;
      part_q  <= '0;
      first_q <= 1'b1;
      last_q  <= 1'b0;
    end else if (adding) begin
      kind_q  <= !kind_q;
      if (kind_q) head_q <= head_end ? '0 : head_q + HeadW'(1);
      if (kind_q && head_end) layer_q <= layer_q + LayerW'(1);
      last_q  <= last;
    end else if (norm_q) begin
      first_q <= 1'b0;
      if (carry) part_q <= part_q + BaBits'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (!busy_o) off_q <= '0;
    else if (adding || (norm_q && carry)) off_q <= sum[LA-1:0];
  end

  mr_kv_ram #(.Width(BaBits + LA), .Depth(1 << (LayerW + HeadW + 1))) u_table (
    .clk_i, .re_i, .raddr_i({layer_i, head_i, kind_i}), .rdata_o({part_o, off_o}),
    .we_i(adding), .waddr_i({layer_q, head_q, kind_q}), .wdata_i({part_q, off_q})
  );

  wire unused_ok = ^{cfg_layers_i, cfg_heads_i};

  `MR_ASSERT(NoReadWhileBuilt, !(re_i && busy_o))
  `MR_ASSERT(StartIdle, !(start_i && busy_o))
  `MR_ASSERT(OffsetInPart, !adding || off_q < cfg_part_i)
endmodule
`default_nettype wire
