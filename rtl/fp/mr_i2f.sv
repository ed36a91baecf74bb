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

  // Stage 1: magnitude, left-justified in 32 bits, and the coarse half of the normalisation.
  logic [Width-1:0] mag;
  logic [31:0]      n0, n16, n8;
  logic             lz4, lz3;
  assign mag       = n_i[Width-1] ? ~n_i + Width'(1) : n_i;
  assign n0        = 32'(mag) << (32 - Width);
  assign lz4   = n0[31:16] == 16'd0;
  assign n16       = lz4 ? {n0[15:0], 16'd0} : n0;
  assign lz3   = n16[31:24] == 8'd0;
  assign n8        = lz3 ? {n16[23:0], 8'd0} : n16;

  logic        sign_q1;
  logic [1:0]  lz_q1;
  logic [31:0] n_q1;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      sign_q1 <= n_i[Width-1];
      lz_q1   <= {lz4, lz3};
      n_q1    <= n8;
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
