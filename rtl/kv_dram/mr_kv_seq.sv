// SPDX-License-Identifier: Apache-2.0
// Turns checked KV jobs into runs of SDRAM bursts inside one row, in order.
//
// DqBytes 2, 4 or 8; RowBits, ColBits device geometry.
// A chunk (one slot, layer, head, kind, 32 positions) starts at burst job_base_i and holds 32 nbh scales (fp16), then 32 nbh
// blocks of 32 bytes, both position by position. Burst = 4 words.
// Job port (ready/valid; fields hold until taken): job_append_i; job_status_i (not 0: refused, nothing is accessed, blocks of
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
  output logic                job_ready_o,
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
  input  wire                 idle_i,

  output wire                 ev_start_o   // STREAM or APPEND starts (counters)
);
  localparam int LgUnit  = $clog2(2 * DqBytes);    // scales in a burst
  localparam int LgBlock = $clog2(8 / DqBytes);    // bursts of a block's data
  localparam int LgScale = $clog2(16 / DqBytes);   // bursts of 32 scales
  localparam int RowLen  = 1 << (ColBits - 2);
  localparam int RemBits = 12;

  typedef enum logic [2:0] {StIdle, StScale, StData, StDrain, StDrop, StStatus} state_e;

  state_e              state_q, state_d;
  logic [AddrBits-1:0] addr_q, addr_d;
  logic [RemBits-1:0]  rem_q, rem_d;
  logic [9:0]          j_q, j_d;          // block index in the chunk (APPEND)
  logic [4:0]          left_q, left_d;    // blocks left (APPEND)
  logic [AddrBits-1:0] data_base;
  logic [RunBits-1:0]  row_left;
  logic                run_fire, seg_end;
  logic [10:0]         stream_units;
  logic [9:0]          j_next;

  assign data_base = job_base_i + AddrBits'({cfg_nbh_i, LgScale'(0)});
  assign row_left  = RunBits'(RowLen) - {1'b0, addr_q[ColBits-3:0]};
  assign stream_units = {1'b0, job_cn_i} + 11'(2 * DqBytes - 1);

  assign j_next       = j_q + 10'd1;

  assign run_valid_o = state_q == StScale || state_q == StData;
  assign run_wr_o    = job_append_i;
  assign run_scale_o = state_q == StScale;
  assign run_addr_o  = addr_q;
  assign run_n_o     = (rem_q > RemBits'(row_left)) ? row_left : rem_q[RunBits-1:0];
  assign run_sub_o   = j_q[SubBits-1:0];
  assign run_fire    = run_valid_o && run_ready_i;
  assign seg_end     = run_fire && rem_q == RemBits'(run_n_o);

  assign kw_drop_o    = state_q == StDrop && kw_valid_i;
  assign rsp_blocks_o = (job_append_i || job_status_i != 4'd0) ? 10'd0 : job_cn_i;
  assign rsp_status_o = job_status_i;
  assign ev_start_o   = state_q == StIdle && (state_d == StScale);

  always_comb begin
    state_d     = state_q;
    addr_d      = addr_q;
    rem_d       = rem_q;
    j_d         = j_q;
    left_d      = left_q;
    job_ready_o = 1'b0;
    rsp_valid_o = 1'b0;
    if (run_fire) begin
      addr_d = addr_q + AddrBits'(run_n_o);
      rem_d  = rem_q - RemBits'(run_n_o);
    end
    case (state_q)
      StIdle: begin
        if (job_valid_i) begin
          left_d = cfg_nbh_i;
          j_d    = job_cn_i;
          if (job_status_i != 4'd0) begin
            if (job_append_i && cfg_nbh_i != 5'd0) state_d = StDrop;
            else state_d = StStatus;
          end else if (job_append_i) begin
            addr_d  = job_base_i + (AddrBits'(job_cn_i) >> LgUnit);
            rem_d   = RemBits'(1);
            state_d = StScale;
          end else begin
            rsp_valid_o = 1'b1;
            addr_d      = job_base_i;
            rem_d       = RemBits'(stream_units) >> LgUnit;
            if (rsp_ready_i) state_d = StScale;
          end
        end
      end
      StScale: begin
        if (seg_end) begin
          addr_d  = job_append_i ? data_base + (AddrBits'(j_q) << LgBlock) : data_base;
          rem_d   = job_append_i ? RemBits'(1 << LgBlock) : RemBits'(job_cn_i) << LgBlock;
          state_d = StData;
        end
      end
      StData: begin
        if (seg_end) begin
          if (!job_append_i) begin
            job_ready_o = 1'b1;
            state_d     = StIdle;
          end else if (left_q == 5'd1) begin
            state_d = StDrain;
          end else begin
            left_d  = left_q - 5'd1;
            j_d     = j_next;
            addr_d  = job_base_i + (AddrBits'(j_next) >> LgUnit);
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
        if (rsp_ready_i) begin
          job_ready_o = 1'b1;
          state_d     = StIdle;
        end
      end
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= StIdle;
    else state_q <= state_d;
  end
  always_ff @(posedge clk_i) begin
    if (state_q != StIdle || job_valid_i) begin
      addr_q <= addr_d;
      rem_q  <= rem_d;
      j_q    <= j_d;
      left_q <= left_d;
    end
  end
endmodule
`default_nettype wire
