// SPDX-License-Identifier: Apache-2.0
// Assertion macros. Immediate asserts for FORMAL, a fatal stop in simulation, nothing for SYNTHESIS.
`ifndef MR_ASSERT_VH
`define MR_ASSERT_VH
`ifdef SYNTHESIS
  `define MR_ASSERT(Name, Cond)
`elsif FORMAL
  `define MR_ASSERT(Name, Cond) always @(posedge clk_i) if (rst_ni) Name: assert (Cond);
`else
  `define MR_ASSERT(Name, Cond) always @(posedge clk_i) \
    if (rst_ni && !(Cond)) begin $display("%m: assertion %s failed", `"Name`"); $fatal(1); end
`endif
`endif
