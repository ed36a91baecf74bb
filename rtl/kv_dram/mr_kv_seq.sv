// SPDX-License-Identifier: Apache-2.0
// Turns checked KV jobs into runs of SDRAM bursts inside one row, in order.
//
// DqBytes 2, 4 or 8; RowBits, ColBits device geometry.
// A chunk (one slot, layer, head, kind, 32 positions) starts at burst job_base_i and holds 32 nbh scales (fp16), then 32 nbh
// blocks of 32 bytes, both position by position. Burst = 4 words.
// Job port (ready/valid, job_ready_o from registers, one job under way): job_append_i; job_status_i (not 0: refused, nothing is accessed, blocks of
// a refused APPEND are taken and dropped); job_cn_i = count x nbh for STREAM, first block index (pos mod 32) x nbh for APPEND.
// Response port: one entry a job, at the start of a STREAM, after the last write beat of an APPEND.
// kw_drop_o: a block of a refused APPEND is dropped when kw_valid_i. Test: tests/rtl/kv_dram.
`default_nettype none
module mr_kv_seq #(
  parameter int DqBytes = 8,
  parameter int RowBits = 13,
  parameter int ColBits = 10,
  localparam int AddrBits = RowBits + ColBits,
  localparam int RunBits = ColBits - 1,
  localparam int SubBits = $clog2(2 * DqBytes)
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire  [4:0]          cfg_nbh_i,

  input  wire                 job_valid_i,
  output wire                 job_ready_o,
  input  wire                 job_append_i,
  input  wire  [3:0]          job_status_i,
  input  wire  [AddrBits-1:0] job_base_i,
  input  wire  [9:0]          job_cn_i,

  output logic                rsp_valid_o,
  input  wire                 rsp_ready_i,
  output wire  [9:0]          rsp_blocks_o,
  output wire  [3:0]          rsp_status_o,

  input  wire                 kw_valid_i,
  output wire                 kw_drop_o,

  output wire                 run_valid_o,
  input  wire                 run_ready_i,
  output wire                 run_wr_o,
  output wire                 run_scale_o,
  output wire  [AddrBits-1:0] run_addr_o,
  output wire  [RunBits-1:0]  run_n_o,
  output wire  [SubBits-1:0]  run_sub_o,
  input  wire                 idle_i
);
  localparam int LgUnit  = $clog2(2 * DqBytes);    // scales in a burst
  localparam int LgBlock = $clog2(8 / DqBytes);    // bursts of a block's data
  localparam int LgScale = $clog2(16 / DqBytes);   // bursts of 32 scales
  localparam int RowLen  = 1 << (ColBits - 2);
  localparam int RemBits = 12;

  typedef enum logic [2:0] {StIdle, StStart, StScale, StData, StDrain, StDrop, StStatus} state_e;

  logic                append_q;          // the job under way
  logic [3:0]          status_q;
  logic [AddrBits-1:0] base_q;
  logic [9:0]          cn_q;

  state_e              state_q, state_d;
  logic [AddrBits-1:0] addr_q, addr_d;
  logic [RemBits-1:0]  rem_q, rem_d;
  logic [9:0]          j_q, j_d;          // block index in the chunk (APPEND)
  logic [4:0]          left_q, left_d;    // blocks left (APPEND)
  logic [AddrBits-1:0] data_base;
  logic [RunBits-1:0]  row_left;
  logic                run_fire, seg_end, fits;
  logic [10:0]         stream_units;
  logic [9:0]          j_next;

  assign data_base = base_q + AddrBits'({cfg_nbh_i, LgScale'(0)});
  assign row_left  = RunBits'(RowLen) - {1'b0, addr_q[ColBits-3:0]};
  assign stream_units = {1'b0, cn_q} + 11'(2 * DqBytes - 1);

  assign j_next       = j_q + 10'd1;

  assign job_ready_o = state_q == StIdle;
  assign run_valid_o = state_q == StScale || state_q == StData;
  assign run_wr_o    = append_q;
  assign run_scale_o = state_q == StScale;
  assign run_addr_o  = addr_q;
  assign fits        = rem_q <= RemBits'(row_left);
  assign run_n_o     = fits ? rem_q[RunBits-1:0] : row_left;
  assign run_sub_o   = j_q[SubBits-1:0];
  assign run_fire    = run_valid_o && run_ready_i;
  assign seg_end     = run_fire && fits;

  assign kw_drop_o    = state_q == StDrop && kw_valid_i;
  assign rsp_blocks_o = (append_q || status_q != 4'd0) ? 10'd0 : cn_q;
  assign rsp_status_o = status_q;

  always_comb begin
    state_d     = state_q;
    addr_d      = addr_q;
    rem_d       = rem_q;
    j_d         = j_q;
    left_d      = left_q;
    rsp_valid_o = 1'b0;
    // Goes on at the start of the next row; the end of a segment loads the next one below.
    if (run_fire) begin
      addr_d = {addr_q[AddrBits-1:ColBits-2] + (RowBits+2)'(1), (ColBits-2)'(0)};
      rem_d  = rem_q - RemBits'(row_left);
    end
    case (state_q)
      StIdle: if (job_valid_i) state_d = StStart;
      StStart: begin
        left_d = cfg_nbh_i;
        j_d    = cn_q;
        if (status_q != 4'd0) begin
          if (append_q && cfg_nbh_i != 5'd0) state_d = StDrop;
          else state_d = StStatus;
        end else if (append_q) begin
          addr_d  = base_q + (AddrBits'(cn_q) >> LgUnit);
          rem_d   = RemBits'(1);
          state_d = StScale;
        end else begin
          rsp_valid_o = 1'b1;
          addr_d      = base_q;
          rem_d       = RemBits'(stream_units) >> LgUnit;
          if (rsp_ready_i) state_d = StScale;
        end
      end
      StScale: begin
        if (seg_end) begin
          addr_d  = append_q ? data_base + (AddrBits'(j_q) << LgBlock) : data_base;
          rem_d   = append_q ? RemBits'(1 << LgBlock) : RemBits'(cn_q) << LgBlock;
          state_d = StData;
        end
      end
      StData: begin
        if (seg_end) begin
          if (!append_q) begin
            state_d = StIdle;
          end else if (left_q == 5'd1) begin
            state_d = StDrain;
          end else begin
            left_d  = left_q - 5'd1;
            j_d     = j_next;
            addr_d  = base_q + (AddrBits'(j_next) >> LgUnit);
            rem_d   = RemBits'(1);
            state_d = StScale;
          end
        end
      end
      StDrain: if (idle_i) state_d = StStatus;
      StDrop: begin
        if (kw_valid_i) begin
          left_d = left_q - 5'd1;
          if (left_q == 5'd1) state_d = StStatus;
        end
      end
      StStatus: begin
        rsp_valid_o = 1'b1;
        if (rsp_ready_i) state_d = StIdle;
      end
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= StIdle;
    else state_q <= state_d;
  end
  always_ff @(posedge clk_i) begin
    if (job_ready_o && job_valid_i) begin
      append_q <= job_append_i;
      status_q <= job_status_i;
      base_q   <= job_base_i;
      cn_q     <= job_cn_i;
    end
    if (!job_ready_o) begin
      addr_q <= addr_d;
      rem_q  <= rem_d;
      j_q    <= j_d;
      left_q <= left_d;
    end
  end
endmodule
`default_nettype wire
