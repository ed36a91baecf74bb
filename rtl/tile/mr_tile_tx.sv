// SPDX-License-Identifier: Apache-2.0
// Sender of a tile: the SEND descriptor. Requests the group bus and streams n elements out of VMEM.
//
// VdW  bits of a VMEM element address.
// start_i with header and source stable in that cycle; busy_o until the last flit was taken by the bus.
// VMEM read: ready/valid request, data one cycle after the accepted request (held until the next accepted one).
// Throughput one flit (two elements) a cycle while the port of VMEM is free (two-entry output buffer); latency start to request
// 1 cycle, grant to first flit 3 cycles.
`default_nettype none
module mr_tile_tx #(
  parameter int VdW = 13
) (
  input  wire            clk_i,
  input  wire            rst_ni,
  input  wire            start_i,
  input  wire [127:0]    hdr_i,
  input  wire [VdW-1:0]  src_i,
  input  wire [19:0]     n_i,
  output logic           busy_o,
  output logic           wait_o,      // the bus has not granted yet
  // bus
  output logic           tx_req_o,
  output logic [127:0]   tx_hdr_o,
  output logic           tx_empty_o,
  input  wire            tx_grant_i,
  output logic           tx_valid_o,
  input  wire            tx_ready_i,
  output logic [63:0]    tx_data_o,
  output logic           tx_last_o,
  // VMEM read
  output logic           vr_valid_o,
  input  wire            vr_ready_i,
  output logic [VdW-2:0] vr_addr_o,
  input  wire [63:0]     vr_data_i
);
  logic           req_q;
  logic           data_q;        // granted, payload under way
  logic [127:0]   hdr_q;
  logic [18:0]    to_read_q;     // pairs still to read
  logic [18:0]    to_send_q;     // pairs still to send
  logic [VdW-2:0] addr_q;
  logic [VdW-2:0] addr1_q;       // addr_q + 1
  logic           fetch_q;       // a read was accepted last cycle: vr_data_i is new, to_read_q and addr_q do not know yet
  logic [63:0]    buf_q [2];     // two-entry output buffer
  logic [1:0]     cnt_q;
  logic           rd_q;
  logic           wr_q;

  wire unused_ok = &{1'b0, src_i[0], n_i[0]};  // both are even

  // At most two pairs are in the buffer or on their way to it.
  wire [1:0] in_flight = cnt_q + 2'(fetch_q);
  wire       pop = tx_valid_o && tx_ready_i;
  assign vr_valid_o = data_q && to_read_q != 19'(fetch_q) && (in_flight < 2'd2 || (in_flight == 2'd2 && pop));
  assign vr_addr_o = fetch_q ? addr1_q : addr_q;
  wire       fetch = vr_valid_o && vr_ready_i;

  assign tx_req_o = req_q;
  assign tx_hdr_o = hdr_q;
  assign tx_empty_o = to_send_q == '0;
  assign tx_valid_o = cnt_q != 2'd0;
  assign tx_data_o = buf_q[rd_q];
  assign tx_last_o = to_send_q == 19'd1;
  assign busy_o = req_q || data_q;
  assign wait_o = req_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
      data_q <= 1'b0;
      fetch_q <= 1'b0;
      cnt_q <= 2'd0;
      rd_q <= 1'b0;
      wr_q <= 1'b0;
    end else if (start_i || busy_o) begin
      fetch_q <= fetch;
      cnt_q <= cnt_q + 2'(fetch_q) - 2'(pop);
      if (fetch_q) wr_q <= !wr_q;
      if (pop) rd_q <= !rd_q;
      if (start_i) req_q <= 1'b1;
      if (tx_grant_i) begin
        req_q <= 1'b0;
        data_q <= to_send_q != '0;
      end
      if (pop && tx_last_o) data_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      hdr_q <= hdr_i;
      to_read_q <= n_i[19:1];
      to_send_q <= n_i[19:1];
      addr_q <= src_i[VdW-1:1];
      addr1_q <= src_i[VdW-1:1] + (VdW-1)'(1);
    end else begin
      if (fetch_q) begin
        to_read_q <= to_read_q - 19'd1;
        addr_q <= addr1_q;
        addr1_q <= addr1_q + (VdW-1)'(1);
      end
      if (pop) to_send_q <= to_send_q - 19'd1;
    end
    if (fetch_q) buf_q[wr_q] <= vr_data_i;
  end
endmodule
`default_nettype wire
