// SPDX-License-Identifier: Apache-2.0
// Proof harness of the SECDED code: any data, any flips, for one width of the code word.
//
// DataBits  16, 32 or 64.   Cover  1: instead, an assertion that must fail when every situation is reachable.
// The inputs are free: data_i, up to two different flips at a_i and b_i (data bits, then check bits), and whether
// the writer poisoned the code word.
`default_nettype none
module fv_kv_ecc #(
  parameter int DataBits = 16,
  parameter bit Cover = 1'b0,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(DataBits),
  localparam int All     = DataBits + ChkBits
) (
  input wire                clk_i,
  input wire [DataBits-1:0] data_i,
  input wire [6:0]          a_i,
  input wire [6:0]          b_i,
  input wire [1:0]          flips_i,
  input wire                poison_i
);
  localparam logic [7:0] Bad = mr_kv_ecc_pkg::poison(DataBits);

  wire [ChkBits-1:0]  enc, dec;
  wire [DataBits-1:0] fixed;
  wire [1:0]          kind;
  wire [All-1:0]      one    = All'(1);
  wire [All-1:0]      flip_a = (flips_i != 2'd0) ? one << a_i : '0;
  wire [All-1:0]      flip_b = (flips_i == 2'd2) ? one << b_i : '0;
  wire [All-1:0]      stored = {enc ^ (poison_i ? Bad[ChkBits-1:0] : '0), data_i};
  wire [All-1:0]      read   = stored ^ flip_a ^ flip_b;

  mr_kv_secded #(.DataBits(DataBits)) u_enc (.data_i, .chk_o(enc));
  mr_kv_secded #(.DataBits(DataBits)) u_dec (.data_i(read[DataBits-1:0]), .chk_o(dec));
  mr_kv_secded_fix #(.DataBits(DataBits)) u_fix (
    .data_i(read[DataBits-1:0]), .syn_i(dec ^ read[All-1:DataBits]), .data_o(fixed), .kind_o(kind)
  );

  wire legal = flips_i != 2'd3 && {25'd0, a_i} < All && {25'd0, b_i} < All && a_i != b_i;
  wire none     = kind == mr_kv_ecc_pkg::KindNone;
  wire single   = kind == mr_kv_ecc_pkg::KindSingle;
  wire double   = kind == mr_kv_ecc_pkg::KindDouble;
  wire poisoned = kind == mr_kv_ecc_pkg::KindPoisoned;

  always @(posedge clk_i) begin
    assume (legal);
    if (Cover) begin
    end else if (!poison_i) begin
      if (flips_i == 2'd0) Clean: assert (none && fixed == data_i);
      if (flips_i == 2'd1) Corrected: assert (single && fixed == data_i);
      if (flips_i == 2'd2) Detected: assert (double || poisoned);
    end else begin
      if (flips_i == 2'd0) Poisoned: assert (poisoned);
      if (flips_i == 2'd1) NotClean: assert (single || double);
      if (flips_i == 2'd2) StillBad: assert (none || double || poisoned);
    end
  end

  // Cover: an assertion that fails once every situation has been seen, one a clock.
  reg  [7:0] seen_q = 8'd0;
  wire [7:0] seen   = {
    double && poison_i && flips_i == 2'd1,              // a further flip in a poisoned word
    single && poison_i,                                 // the same, but one that looks like a good word with one flip
    poisoned && poison_i && flips_i == 2'd0,
    poisoned && !poison_i,                              // two flips that look poisoned
    double && !poison_i,
    single && !poison_i && {25'd0, a_i} == All - 1,     // the last check bit
    single && !poison_i && a_i == 7'd1,
    none && !poison_i && data_i != '0
  };
  always @(posedge clk_i) seen_q <= seen_q | seen;
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != 8'hff);
    end
  endgenerate
endmodule
`default_nettype wire
