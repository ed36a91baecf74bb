// SPDX-License-Identifier: Apache-2.0
// KV_APPEND unit of a tile: sends the K and V blocks of one position for n_kv heads to the KV-cache DRAM controller.
//
// XDepth  XMEM blocks.
// start_i with the fields stable; busy_o until every APPEND was answered; err_o in the last busy cycle is the first non-zero
// status. Refused before any command is sent: 2 when K or V does not lie inside XMEM or nbh is not cfg_nbh_i (the
// controller takes that many blocks), 4 when cfg_nbh_i is 0 (not configured). n_kv = 0 or nbh = 0: nothing to do.
// KV port: docs/interfaces.md section 3. XMEM read: ready/valid request, data one cycle later.
// Cycles: n_kv + 1 + n_kv x 2 x (2 + 2 nbh) plus the controller's latency; APPENDs are pipelined (the controller takes up to 4).
`default_nettype none
module mr_kv_append #(
  parameter int XDepth = 64,
  localparam int XaW = $clog2(XDepth)
) (
  input  wire            clk_i,
  input  wire            rst_ni,
  input  wire            start_i,
  input  wire  [7:0]     layer_i,
  input  wire  [7:0]     n_kv_i,
  input  wire  [7:0]     first_i,
  input  wire  [7:0]     nbh_i,
  input  wire  [4:0]     cfg_nbh_i,
  input  wire  [XaW-1:0] k_block_i,
  input  wire  [XaW-1:0] v_block_i,
  input  wire  [7:0]     slot_i,
  input  wire  [17:0]    pos_i,
  output logic           busy_o,
  output logic [3:0]     err_o,
  // XMEM read
  output logic           xm_valid_o,
  input  wire            xm_ready_i,
  output logic [XaW-1:0] xm_addr_o,
  input  wire  [271:0]   xm_data_i,
  // KV port
  output logic           kc_valid_o,
  input  wire            kc_ready_i,
  output logic [7:0]     kc_slot_o,
  output logic [7:0]     kc_layer_o,
  output logic [7:0]     kc_head_o,
  output logic           kc_kind_o,
  output logic [17:0]    kc_pos_o,
  output logic           kw_valid_o,
  input  wire            kw_ready_i,
  output logic [271:0]   kw_block_o,
  input  wire            kr_valid_i,
  input  wire            kr_last_i,
  input  wire  [3:0]     kr_status_i
);
  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StCmd = 3'd1;
  localparam logic [2:0] StRead = 3'd2;
  localparam logic [2:0] StTake = 3'd3;   // XMEM's answer arrives
  localparam logic [2:0] StSend = 3'd4;
  localparam logic [2:0] StWait = 3'd5;   // for the answers
  localparam logic [2:0] StSpan = 3'd6;   // a head a cycle: does the last block lie inside XMEM?

  localparam logic [3:0] StatusRange = 4'd2;
  localparam logic [3:0] StatusWho = 4'd4;

  logic [2:0]     st_q;
  logic           busy_q;         // st_q is not StIdle
  logic [7:0]     layer_q;
  logic [7:0]     head_q;
  logic [7:0]     heads_left_q;
  logic [7:0]     nbh_q;
  logic [7:0]     blocks_left_q;
  logic           kind_q;
  logic [XaW-1:0] k_addr_q;
  logic [XaW-1:0] v_addr_q;
  logic [7:0]     slot_q;
  logic [17:0]    pos_q;
  logic [8:0]     answers_left_q;
  logic [3:0]     err_q;
  logic [271:0]   block_q;
  logic [17:0]    end_q;          // first block behind the heads seen so far, checked a cycle later
  logic [7:0]     seen_left_q;    // heads to add

  wire answer = kr_valid_i && kr_last_i && busy_o;
  wire sent = st_q == StSend && kw_ready_i;
  wire last_block = blocks_left_q == 8'd1;
  wire last_cmd = kind_q && heads_left_q == 8'd1;
  logic [3:0] span_err;
  always_comb begin
    span_err = 4'd0;
    if (end_q > 18'(XDepth)) span_err = StatusRange;
    else if (seen_left_q != 8'd0) span_err = 4'd0;
    else if (cfg_nbh_i == 5'd0) span_err = StatusWho;
    else if (nbh_q != {3'd0, cfg_nbh_i}) span_err = StatusRange;
  end

  wire begins = st_q == StIdle && start_i && n_kv_i != '0 && nbh_i != '0;
  wire ends = (st_q == StSpan && err_q != 4'd0) ||
              (st_q == StWait && (answers_left_q == '0 || (answers_left_q == 9'd1 && answer)));
  assign busy_o = busy_q;
  assign err_o = err_q == 4'd0 && answer ? kr_status_i : err_q;
  assign xm_valid_o = st_q == StRead;
  assign xm_addr_o = kind_q ? v_addr_q : k_addr_q;
  assign kc_valid_o = st_q == StCmd;
  assign kc_slot_o = slot_q;
  assign kc_layer_o = layer_q;
  assign kc_head_o = head_q;
  assign kc_kind_o = kind_q;
  assign kc_pos_o = pos_q;
  assign kw_valid_o = st_q == StSend;
  assign kw_block_o = block_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      busy_q <= 1'b0;
    end else begin
      if (begins) busy_q <= 1'b1;
      else if (ends) busy_q <= 1'b0;
      case (st_q)
        StIdle: if (begins) st_q <= StSpan;
        StSpan: if (ends) st_q <= StIdle;
                else if (seen_left_q == 8'd0 && span_err == 4'd0) st_q <= StCmd;
        StCmd: if (kc_ready_i) st_q <= StRead;
        StRead: if (xm_ready_i) st_q <= StTake;
        StTake: st_q <= StSend;
        StSend: if (kw_ready_i) st_q <= !last_block ? StRead : last_cmd ? StWait : StCmd;
        StWait: if (ends) st_q <= StIdle;
        default: begin
          st_q <= StIdle;
          busy_q <= 1'b0;
        end
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      layer_q <= layer_i;
      head_q <= first_i;
      heads_left_q <= n_kv_i;
      nbh_q <= nbh_i;
      blocks_left_q <= nbh_i;
      kind_q <= 1'b0;
      k_addr_q <= k_block_i;
      v_addr_q <= v_block_i;
      slot_q <= slot_i;
      pos_q <= pos_i;
      answers_left_q <= {n_kv_i, 1'b0};
      err_q <= 4'd0;
      end_q <= k_block_i > v_block_i ? 18'(k_block_i) : 18'(v_block_i);
      seen_left_q <= n_kv_i;
    end else if (busy_o) begin
      if (st_q == StSpan) begin
        end_q <= end_q + 18'(nbh_q);
        seen_left_q <= seen_left_q - 8'd1;
        if (err_q == 4'd0) err_q <= span_err;
      end
      if (st_q == StTake) block_q <= xm_data_i;
      if (sent) begin
        if (kind_q) v_addr_q <= v_addr_q + XaW'(1);
        else k_addr_q <= k_addr_q + XaW'(1);
        blocks_left_q <= last_block ? nbh_q : blocks_left_q - 8'd1;
        if (last_block) begin
          kind_q <= !kind_q;
          if (kind_q) begin
            head_q <= head_q + 8'd1;
            heads_left_q <= heads_left_q - 8'd1;
          end
        end
      end
      if (answer) begin
        answers_left_q <= answers_left_q - 9'd1;
        if (err_q == 4'd0) err_q <= kr_status_i;
      end
    end
  end
endmodule
`default_nettype wire
