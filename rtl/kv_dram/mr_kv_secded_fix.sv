// SPDX-License-Identifier: Apache-2.0
// Correction of one code word (mr_kv_ecc_pkg) by its syndrome.
//
// DataBits  16, 32 or 64.   data_i  data bits as read.   syn_i  their check bits XOR the check bits read.
// kind_o  KindNone, KindSingle (data_o is right again), KindDouble, KindPoisoned. With the last two data_o may have further bits
// flipped: nobody may use it. Three flips that look like one are miscorrected, as in every SECDED code.
// Combinational. Test: tests/rtl/kv_ecc. Proof: formal/kv_ecc.
`default_nettype none
module mr_kv_secded_fix #(
  parameter int DataBits = 16,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(DataBits)
) (
  input  wire  [DataBits-1:0] data_i,
  input  wire  [ChkBits-1:0]  syn_i,
  output wire  [DataBits-1:0] data_o,
  output logic [1:0]          kind_o
);
  localparam logic [511:0] Cols = mr_kv_ecc_pkg::columns(DataBits);
  localparam logic [7:0]   Bad  = mr_kv_ecc_pkg::poison(DataBits);

  // Bit s: syndrome s is a column.
  function automatic logic [255:0] column_set(input logic [511:0] cols);
    column_set = '0;
    for (int i = 0; i < ChkBits; i = i + 1) column_set[1 << i] = 1'b1;
    for (int k = 0; k < DataBits; k = k + 1) column_set[cols[8*k +: 8]] = 1'b1;
  endfunction
  localparam logic [255:0] Set = column_set(Cols);

  // A column's ones are enough to know it among the odd syndromes that are columns: one with three ones has no other with three
  // inside it. Those with five ones have, so a hit there keeps the others from flipping.
  logic [DataBits-1:0] hit;
  logic                heavy;
  genvar k;
  generate
    for (k = 0; k < DataBits; k = k + 1) begin : gen_hit
      assign hit[k] = (syn_i & Cols[8*k +: ChkBits]) == Cols[8*k +: ChkBits];
    end
    if (DataBits == 64) begin : gen_heavy
      assign heavy  = hit[63:56] != '0;
      assign data_o = data_i ^ {hit[63:56], hit[55:0] & ~{56{heavy}}};
    end else begin : gen_light
      assign heavy  = 1'b0;
      assign data_o = data_i ^ hit;
      wire unused_heavy = heavy;
    end
  endgenerate

  always_comb begin
    kind_o = mr_kv_ecc_pkg::KindDouble;
    if (syn_i == '0) kind_o = mr_kv_ecc_pkg::KindNone;
    if (syn_i == Bad[ChkBits-1:0]) kind_o = mr_kv_ecc_pkg::KindPoisoned;
    if (Set[8'(syn_i)]) kind_o = mr_kv_ecc_pkg::KindSingle;
  end

  initial if (DataBits != 16 && DataBits != 32 && DataBits != 64) $fatal(1, "%m: DataBits must be 16, 32 or 64");
endmodule
`default_nettype wire
