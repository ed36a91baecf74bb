// SPDX-License-Identifier: Apache-2.0
// Signed integer to f32, nearest even (exact up to 25 bits of Width).
//
// Width: bits of the integer, 2..32.
// Latency 2, throughput 1: operand with valid_i in clock c, registered result with valid_o in clock c+2; no
// back-pressure. Reset clears the valid bits only; payload registers move only with their stage's valid bit.
// No illegal inputs. Test: tests/rtl/fp/.
`default_nettype none

module mr_i2f #(
  parameter int Width = 32
) (
  input  wire              clk_i,
  input  wire              rst_ni,
  input  wire              valid_i,
  input  wire  [Width-1:0] n_i,
  output logic             valid_o,
  output logic [31:0]      y_o
);
  localparam int Latency = 2;

  initial if (Width < 2 || Width > 32) $fatal(1, "%m: Width must be 2..32");

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else         valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // Stage 1: magnitude, left-justified in 32 bits, and the coarse half of the normalisation. The byte with the leading one is
  // looked for in the bits of the magnitude - 1 (for a negative number), beside the carry chain; if the carry leaves that byte
  // (bit 32 of the window), what is left is a single bit, the lowest of the byte above.
  logic [31:0] ones, mag;
  logic [1:0]  coarse;
  logic        z3, z2, z1;
  logic [32:0] window;
  assign ones   = (32'(n_i) << (32 - Width)) ^ {32{n_i[Width-1]}};
  assign mag    = ones + 32'(n_i[Width-1]);
  assign z3     = ones[31:24] == 8'd0;
  assign z2     = ones[23:16] == 8'd0;
  assign z1     = ones[15:8] == 8'd0;
  assign coarse = {z3 && z2, z3 && (!z2 || z1)};
  always_comb begin
    case (coarse)
      2'd0: window = {1'b0, mag};
      2'd1: window = {mag[24:0], 8'd0};
      2'd2: window = {mag[16:0], 16'd0};
      default: window = {mag[8:0], 24'd0};
    endcase
  end

  logic        sign_q1;
  logic [1:0]  lz_q1;
  logic [31:0] n_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1 <= n_i[Width-1];
      lz_q1   <= coarse - {1'b0, window[32]};
      n_q1    <= {window[31:25], window[24] || window[32], window[23:0]};
    end
  end

  // Stage 2: fine normalisation, round and pack.
  logic [31:0] n4, n2, n1;
  logic        lz2, lz1, lz0;
  logic [7:0]  exp;
  logic        up;
  logic [30:0] packed_int;
  assign lz2      = n_q1[31:28] == 4'd0;
  assign n4         = lz2 ? {n_q1[27:0], 4'd0} : n_q1;
  assign lz1      = n4[31:30] == 2'd0;
  assign n2         = lz1 ? {n4[29:0], 2'd0} : n4;
  assign lz0      = !n2[31];
  assign n1         = lz0 ? {n2[30:0], 1'b0} : n2;
  assign exp        = 8'(127 + Width - 1) - {3'd0, lz_q1, lz2, lz1, lz0};
  assign up         = n1[7] && (n1[6:0] != 7'd0 || n1[8]);
  assign packed_int = {exp, n1[30:8]} + 31'(up);

  always_ff @(posedge clk_i) begin
    if (valid_q[0]) y_o <= n1[31] ? {sign_q1, packed_int} : 32'd0;
  end
endmodule

`default_nettype wire
