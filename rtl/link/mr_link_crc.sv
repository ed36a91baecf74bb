// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, polynomial 0x1EDC6F41; reflected 0x82F63B78) of Width more bits, in one clock and without registers.
//
// Width  bits of data_i, 1..64; bit 0 is first, so bytes are little-endian.   Poly  another polynomial, reflected (0xEDB88320: IEEE 802.3).
// crc_i is the register before, crc_o the one behind data_i, or crc_i without en_i (which saves a simulation the work).
// A CRC starts with all ones and ends with an inversion: nine instances of Width 8 over "123456789" give 0xE3069283.
// A register that has passed over data and their CRC is 0xB798B438.
// Test: tests/rtl/link.
`default_nettype none
module mr_link_crc #(
  parameter int Width = 64,
  parameter logic [31:0] Poly = 32'h82F63B78
) (
  input  wire              en_i,
  input  wire  [31:0]      crc_i,
  input  wire  [Width-1:0] data_i,
  output logic [31:0]      crc_o
);
  always_comb begin
    crc_o = crc_i;
    if (en_i) begin
      for (int i = 0; i < Width; i = i + 1) begin
        crc_o = {1'b0, crc_o[31:1]} ^ (crc_o[0] ^ data_i[i] ? Poly : 32'd0);
      end
    end
  end
endmodule
`default_nettype wire
