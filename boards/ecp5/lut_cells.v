// SPDX-License-Identifier: Apache-2.0
// The ECP5's LUT4 and CCU2C as expressions, for comparing two netlists (equal.ys). INJECT1_i "YES" holds the carry into a bit at 0.
module LUT4 #(parameter [15:0] INIT = 0) (input A, B, C, D, output Z);
  assign Z = INIT[{D, C, B, A}];
endmodule

module CCU2C #(
  parameter [15:0] INIT0 = 0, INIT1 = 0,
  parameter INJECT1_0 = "YES", INJECT1_1 = "YES"
) (input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT);
  localparam Open0 = INJECT1_0 != "YES", Open1 = INJECT1_1 != "YES";
  // No wires: their names would count as the design's. The carry between the bits: INIT0[D0 C0 B0 A0] ? CIN : INIT0[0 0 B0 A0].
  assign S0   = INIT0[{D0, C0, B0, A0}] ^ (CIN && Open0);
  assign S1   = INIT1[{D1, C1, B1, A1}] ^ (Open1 && (INIT0[{D0, C0, B0, A0}] ? CIN : Open0 && INIT0[{2'b00, B0, A0}]));
  assign COUT = INIT1[{D1, C1, B1, A1}] ? (INIT0[{D0, C0, B0, A0}] ? CIN : Open0 && INIT0[{2'b00, B0, A0}])
                                        : Open1 && INIT1[{2'b00, B1, A1}];
endmodule
