// SPDX-License-Identifier: Apache-2.0
// Arg-max pass of TOP_K: the largest element that comes strictly after the previous pass's winner.
//
// Order: key(x) descending, index ascending. One pass: `valid_i` for each pair of elements in ascending order (idx_i =
// index of the pair), then, two cycles after the last pair, `take_i` for one cycle: best_*_o is the winner in that cycle, and
// it becomes the bound of the next pass, whose first pair may come in the next cycle. `clear_i` (before a TOP_K) removes
// the bound. As k <= n every pass finds a winner. Registered outputs, one pair a cycle. Test: tests/rtl/vec.
`default_nettype none
module mr_vec_topk #(
  parameter int PairW = 13            // bits of a pair index
) (
  input  wire              clk_i,
  input  wire              clear_i,
  input  wire              valid_i,
  input  wire [PairW-1:0]  idx_i,
  input  wire [63:0]       x_i,
  input  wire              take_i,
  output logic [PairW:0]   best_idx_o,
  output logic [31:0]      best_x_o
);
  function automatic [31:0] key(input [31:0] x);
    key = x ^ {1'b1, {31{x[31]}}};
  endfunction

  // Bound of this pass: an element is a candidate if {key, ~index} is below it.
  logic             prev_v_q;
  logic [PairW+32:0] prev_q;
  logic             cand_v_q;         // stage 1: better element of the pair
  logic [31:0]      cand_k_q;
  logic [PairW:0]   cand_i_q;
  logic             best_v_q;         // stage 2: best of the pass; earlier indices win ties
  logic [31:0]      best_k_q;
  logic [PairW:0]   best_i_q;

  logic [31:0]      k0;
  logic [31:0]      k1;
  logic             ok0;
  logic             ok1;
  logic             sel1;
  always_comb begin
    {k0, k1, ok0, ok1, sel1} = 'x;
    if (valid_i) begin
      k0 = key(x_i[31:0]);
      k1 = key(x_i[63:32]);
      ok0 = !prev_v_q || {k0, ~idx_i, 1'b1} < prev_q;
      ok1 = !prev_v_q || {k1, ~idx_i, 1'b0} < prev_q;
      sel1 = !ok0 || (ok1 && k1 > k0);
    end
  end

  assign best_idx_o = best_i_q;
  assign best_x_o = best_k_q ^ {1'b1, {31{!best_k_q[31]}}};

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      prev_v_q <= 1'b0;
      cand_v_q <= 1'b0;
      best_v_q <= 1'b0;
    end else begin
      if (valid_i) begin
        cand_v_q <= ok0 || ok1;
        cand_k_q <= sel1 ? k1 : k0;
        cand_i_q <= {idx_i, sel1};
      end else begin
        cand_v_q <= 1'b0;
      end
      if (take_i) begin
        prev_v_q <= 1'b1;
        prev_q <= {best_k_q, ~best_i_q};
        best_v_q <= 1'b0;
      end else if (cand_v_q && (!best_v_q || cand_k_q > best_k_q)) begin
        best_v_q <= 1'b1;
        best_k_q <= cand_k_q;
        best_i_q <= cand_i_q;
      end
    end
  end
endmodule
`default_nettype wire
