// SPDX-License-Identifier: Apache-2.0
// SDR SDRAM pins for mr_kv_backend with PinRegs = 0: every pin from a register, sampled by the device at the following clock edge.
//
// Prof  an SDR profile (Wl 0, bursts of 4).   WordBytes  bytes of the data bus (x16 devices side by side share the address).
// ReadExtra  extra clocks between the pins and dq_i (input registers of a board), 0..4.
// dfi_*: the back end's port. MRS programs sequential bursts of 4, bursts of writes and CAS latency Rl. PREA sets a[10].
// dfi_rddata_*: registered; a burst's first word comes Rl + 2 + ReadExtra clocks behind its RD at dfi_cmd_i.
// CKE is low in reset and rises one clock behind it; DQM is high while the device is not in use (dfi_ready_i low).
// Test: tests/rtl/kv_sched.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_phy_sdr #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int WordBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  parameter int ReadExtra = 0,
  localparam int RowBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]},
  localparam int ColBits = {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               dfi_ready_i,
  input  wire  [3:0]        dfi_cmd_i,
  input  wire  [2:0]        dfi_ba_i,
  input  wire  [17:0]       dfi_a_i,
  input  wire               dfi_wrdata_en_i,
  input  wire  [8*WordBytes-1:0] dfi_wrdata_i,
  input  wire  [WordBytes-1:0] dfi_wrmask_i,
  output wire               dfi_rddata_valid_o,
  output logic [8*WordBytes-1:0] dfi_rddata_o,

  output logic              cke_o,
  output logic              cs_no,
  output logic              ras_no,
  output logic              cas_no,
  output logic              we_no,
  output logic [1:0]        ba_o,
  output logic [RowBits-1:0] a_o,
  output logic [WordBytes-1:0] dqm_o,
  output logic [8*WordBytes-1:0] dq_o,
  output logic              dq_oe_o,
  input  wire  [8*WordBytes-1:0] dq_i
);
  localparam int Rl    = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRl +: 16]};
  localparam int PipeN = Rl + 2 + ReadExtra;

  localparam logic [3:0] OpAct  = 4'd1;
  localparam logic [3:0] OpRd   = 4'd2;
  localparam logic [3:0] OpWr   = 4'd3;
  localparam logic [3:0] OpPre  = 4'd4;
  localparam logic [3:0] OpPrea = 4'd5;
  localparam logic [3:0] OpRefa = 4'd6;
  localparam logic [3:0] OpMrs  = 4'd8;

  logic is_col, is_rd, mrs;
  logic [2:0] pins;         // {ras_n, cas_n, we_n}
  assign is_rd  = dfi_cmd_i == OpRd;
  assign is_col = is_rd || dfi_cmd_i == OpWr;
  assign mrs    = dfi_cmd_i == OpMrs;
  always_comb begin
    case (dfi_cmd_i)
      OpAct:         pins = 3'b011;
      OpRd:          pins = 3'b101;
      OpWr:          pins = 3'b100;
      OpPre, OpPrea: pins = 3'b010;
      OpRefa:        pins = 3'b001;
      OpMrs:         pins = 3'b000;
      default:       pins = 3'b111;
    endcase
  end

  logic [RowBits-1:0] a_d;
  always_comb begin
    a_d = dfi_a_i[RowBits-1:0];
    if (is_col) a_d = RowBits'({dfi_a_i[ColBits-1:0], 2'b00});
    if (mrs) a_d = RowBits'({Rl[2:0], 4'b0010});
    if (dfi_cmd_i == OpPre) a_d[10] = 1'b0;
    if (dfi_cmd_i == OpPrea) a_d[10] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cke_o   <= 1'b0;
      cs_no   <= 1'b1;
      {ras_no, cas_no, we_no} <= 3'b111;
      dq_oe_o <= 1'b0;
      dqm_o   <= '1;
    end else begin
      cke_o   <= 1'b1;
      cs_no   <= 1'b0;
      {ras_no, cas_no, we_no} <= pins;
      dq_oe_o <= dfi_wrdata_en_i;
      dqm_o   <= dfi_wrdata_en_i ? dfi_wrmask_i : {WordBytes{!dfi_ready_i}};
    end
  end
  always_ff @(posedge clk_i) begin
    if (dfi_cmd_i != 4'd0) begin
      ba_o <= mrs ? 2'd0 : dfi_ba_i[1:0];
      a_o  <= a_d;
    end
    dq_o         <= dfi_wrdata_i;
    dfi_rddata_o <= dq_i;
  end

  logic [1:0]       beat_q;
  logic [PipeN-1:0] pipe_q;
  logic             on;
  assign on = is_rd || beat_q != 2'd0;
  assign dfi_rddata_valid_o = pipe_q[PipeN-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= 2'd0;
      pipe_q <= '0;
    end else begin
      if (on) beat_q <= is_rd ? 2'd1 : beat_q + 2'd1;
      pipe_q <= {pipe_q[PipeN-2:0], on};
    end
  end

  wire unused_ok = &{1'b0, dfi_ba_i[2], dfi_a_i};
  `MR_ASSERT(SdrOnly, dfi_cmd_i != 4'd7 && Prof[16*mr_kv_dev_pkg::IdxWl +: 16] == 16'd0)
endmodule
`default_nettype wire
