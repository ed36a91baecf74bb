// SPDX-License-Identifier: Apache-2.0
// Compares the mapped products with the language's own, for every pair of bytes.
`default_nettype none
module tb_products;
  logic signed [7:0]  a;
  logic signed [7:0]  b;
  wire signed  [15:0] same;
  wire signed  [17:0] wide;
  wire signed  [9:0]  narrow;
  wire         [15:0] plain;
  integer             errors;
  integer             i;
  logic signed [4:0]  short_b;
  logic signed [9:0]  narrow_ref;
  logic signed [15:0] same_ref;
  logic        [15:0] plain_ref;

  products u_dut (.a_i(a), .b_i(b), .same_o(same), .wide_o(wide), .narrow_o(narrow), .unsigned_o(plain));

  initial begin
    errors = 0;
    for (i = 0; i < 65536; i = i + 1) begin
      {a, b} = i[15:0];
      short_b = b[4:0];
      same_ref = a * b;
      narrow_ref = a * short_b;
      plain_ref = {8'd0, a} * {8'd0, b};
      #1;
      if (same !== same_ref || wide !== same_ref + 18'sd1 || narrow !== narrow_ref || plain !== plain_ref) errors = errors + 1;
    end
    if (errors == 0) $display("PASS narrow_mul: 65536 pairs");
    else $display("FAIL narrow_mul: %0d of 65536 pairs differ", errors);
    $finish;
  end
endmodule
`default_nettype wire
