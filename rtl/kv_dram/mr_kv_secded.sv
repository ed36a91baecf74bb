// SPDX-License-Identifier: Apache-2.0
// Check bits of one code word (mr_kv_ecc_pkg): the encoder, and with the stored check bits XORed on, the syndrome.
//
// DataBits  16, 32 or 64.   Combinational: 2 levels of LUT4 for 16 data bits, 3 for 64. Test: tests/rtl/kv_ecc. Proof: formal/kv_ecc.
`default_nettype none
module mr_kv_secded #(
  parameter int DataBits = 16,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(DataBits)
) (
  input  wire  [DataBits-1:0] data_i,
  output wire  [ChkBits-1:0]  chk_o
);
  localparam logic [511:0] Cols = mr_kv_ecc_pkg::columns(DataBits);

  genvar i, k;
  generate
    for (i = 0; i < ChkBits; i = i + 1) begin : gen_chk
      wire [DataBits-1:0] row;
      for (k = 0; k < DataBits; k = k + 1) begin : gen_bit
        assign row[k] = Cols[8*k + i];
      end
      assign chk_o[i] = ^(data_i & row);
    end
  endgenerate
endmodule
`default_nettype wire
