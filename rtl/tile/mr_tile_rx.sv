// SPDX-License-Identifier: Apache-2.0
// Receiver of a tile: input buffers, joining of multi-part jobs, queue of complete jobs.
//
// VdW  bits of a VMEM element address.
// Four input buffers lie in VMEM from in_base_i, in_size_i elements each (even). A message joins the buffer that waits for
// the same (slot, pos, pc), or takes a free one; when `parts` messages are there the job is queued. Payload that would
// pass the buffer's end is dropped and the job gets status 9. The first non-zero status of a job's messages is kept.
// A job whose missing messages do not come for watchdog_i to 2 watchdog_i + 8 clocks after its last one (0: for ever) is queued with status 8; what comes
// afterwards is the begin of another one.
// Bus side: mr_group_bus; rx_accept_o and the buffer that it speaks of are registered: they belong to the header of the
// cycle before, which must still stand when it is committed (clear_i takes the acceptance back). VMEM write side: ready/valid, one pair of elements a cycle.
// Job side: job_valid_o with the oldest complete job; job_take_i marks it running; job_free_i frees the running one.
// Test: tests/rtl/soc.
`default_nettype none
module mr_tile_rx #(
  parameter int VdW = 13
) (
  input  wire            clk_i,
  input  wire            rst_ni,
  input  wire            clear_i,      // drops everything
  input  wire [VdW-1:0]  in_base_i,
  input  wire [15:0]     in_size_i,
  input  wire [23:0]     watchdog_i,   // clocks, see below
  // bus
  input  wire [127:0]    rx_hdr_i,
  output logic           rx_accept_o,
  input  wire            rx_commit_i,
  input  wire            rx_empty_i,
  input  wire            rx_valid_i,
  output logic           rx_ready_o,
  input  wire [63:0]     rx_data_i,
  input  wire            rx_last_i,
  // VMEM write
  output logic           vw_valid_o,
  input  wire            vw_ready_i,
  output logic [VdW-2:0] vw_addr_o,    // pair index
  output logic [63:0]    vw_data_o,
  // jobs
  output logic           job_valid_o,
  input  wire            job_take_i,
  input  wire            job_free_i,
  output logic [VdW-1:0] job_buf_o,    // element address of the input buffer
  output logic [7:0]     job_slot_o,
  output logic [17:0]    job_pos_o,
  output logic [17:0]    job_token_o,
  output logic [3:0]     job_flags_o,
  output logic [3:0]     job_status_o,
  output logic [15:0]    job_pc_o,
  output logic [2:0]     queued_o,     // complete jobs that wait
  output logic [27:0]    newest_o,     // trace: {pos, slot} of the job completed last, jobs completed modulo 4
  output logic           idle_o        // no buffer in use and no message under way
);
  localparam int Bufs = 4;

  // Header fields (docs/interfaces.md section 1).
  wire [15:0] h_pc = rx_hdr_i[47:32];
  wire [3:0]  h_flags = rx_hdr_i[51:48];
  wire [3:0]  h_status = rx_hdr_i[55:52];
  wire [3:0]  h_parts = rx_hdr_i[59:56];
  wire [17:0] h_token = rx_hdr_i[64+17:64];
  wire [17:0] h_pos = rx_hdr_i[64+35:64+18];
  wire [7:0]  h_slot = rx_hdr_i[64+43:64+36];
  wire [41:0] h_key = {h_pos, h_slot, h_pc};
  wire [15:0] h_offset = rx_hdr_i[64+59:64+44];

  logic [Bufs-1:0] used_q;
  logic [Bufs-1:0] partial_q;
  logic [3:0]      left_q [Bufs];
  logic [3:0]      status_q [Bufs];
  logic [3:0]      flags_q [Bufs];
  logic [41:0]     key_q [Bufs];     // what the parts of a message have in common: {pos, slot, pc}
  logic [17:0]     token_q [Bufs];

  wire unused_ok = &{1'b0, rx_hdr_i[31:0], rx_hdr_i[63:60], rx_hdr_i[127:124]};  // mask: the bus's; hops: the links'

  logic       expire;           // buffer expire_idx waits no longer
  logic [1:0] expire_idx;

  // Which buffer the offered header would use: found in one cycle, used in the next. Nothing but a commit takes a free or a
  // partial buffer away in between, apart from clear_i.
  logic       accept_q;
  logic       hit_q;
  logic [1:0] sel_q;
  logic       hit;
  logic [1:0] hit_idx;
  logic       has_free;
  logic [1:0] free_idx;
  logic [Bufs-1:0] hits;
  always_comb begin
    for (int k = 0; k < Bufs; k = k + 1) hits[k] = partial_q[k] && key_q[k] == h_key;
  end
  assign hit = hits != '0;
  assign has_free = used_q != '1;
  always_comb begin
    hit_idx = 2'd0;
    free_idx = 2'd0;
    for (int k = Bufs - 1; k >= 0; k = k - 1) begin
      if (hits[k]) hit_idx = 2'(k);
      if (!used_q[k]) free_idx = 2'(k);
    end
  end
  assign rx_accept_o = accept_q;
  wire [3:0] sel_left = (hit_q ? left_q[sel_q] : (h_parts == 4'd0 ? 4'd1 : h_parts)) - 4'd1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || expire) accept_q <= 1'b0;
    else accept_q <= hit || has_free;
  end
  always_ff @(posedge clk_i) begin
    hit_q <= hit;
    sel_q <= hit ? hit_idx : free_idx;
  end

  function automatic [VdW-1:0] buf_base(input [1:0] idx);
    buf_base = in_base_i + (idx[0] ? VdW'(in_size_i) : '0) + (idx[1] ? VdW'({in_size_i, 1'b0}) : '0);
  endfunction

  // The message being received.
  logic [1:0]     cur_q;
  logic           payload_q;      // its payload is under way, after clear_i too
  logic           cur_done_q;     // this message completes the job
  logic [16:0]    off_q;          // element offset of the next pair in the buffer
  logic [VdW-1:0] addr_q;         // its element address
  wire            fits = off_q < {1'b0, in_size_i};

  assign vw_valid_o = rx_valid_i && fits;
  assign vw_addr_o = addr_q[VdW-1:1];
  assign vw_data_o = rx_data_i;
  assign rx_ready_o = vw_ready_i || !fits;
  wire flit = rx_valid_i && rx_ready_o;

  // Queue of complete jobs (buffer indices), in order of completion.
  logic [1:0] q_idx_q [Bufs];
  logic [2:0] q_wr_q;
  logic [2:0] q_rd_q;
  wire        complete_empty = rx_commit_i && rx_empty_i && sel_left == 4'd0;
  logic       complete_data_q;    // the last flit came in the cycle before; no commit can follow so soon
  wire [1:0]  head = q_idx_q[q_rd_q[1:0]];
  logic [1:0] run_q;

  assign job_valid_o = q_wr_q != q_rd_q;
  assign queued_o = q_wr_q - q_rd_q;
  wire [1:0] newest = q_idx_q[q_wr_q[1:0] - 2'd1];
  wire [41:0] head_key = key_q[head];
  assign newest_o = {key_q[newest][41:16], q_wr_q[1:0]};
  assign job_buf_o = buf_base(head);
  assign job_slot_o = head_key[23:16];
  assign job_pos_o = head_key[41:24];
  assign job_token_o = token_q[head];
  assign job_flags_o = flags_q[head];
  assign job_status_o = status_q[head];
  assign job_pc_o = head_key[15:0];
  assign idle_o = used_q == '0 && !payload_q;

  // ---- messages that never come ----
  // A buffer that a tick finds old is queued as soon as no message is under way; with it goes the acceptance, which may be for this buffer.
  logic [23:0]     age_q;
  logic [Bufs-1:0] old_q;       // nothing came since the last tick
  logic [Bufs-1:0] over_q;
  wire             tick = partial_q != '0 && watchdog_i != '0 && age_q >= watchdog_i;
  wire [Bufs-1:0]  touched = rx_commit_i ? Bufs'(1) << sel_q : '0;
  assign expire = over_q != '0 && !rx_commit_i && !payload_q && !complete_data_q;
  always_comb begin
    expire_idx = 2'd0;
    for (int k = Bufs - 1; k >= 0; k = k - 1) if (over_q[k]) expire_idx = 2'(k);
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      age_q <= '0;
      old_q <= '0;
      over_q <= '0;
    end else begin
      age_q <= partial_q == '0 || tick ? '0 : age_q + 24'd1;
      old_q <= (tick ? partial_q : old_q) & ~touched;
      over_q <= ((tick ? partial_q & old_q : '0) | over_q) & ~touched & ~(expire ? Bufs'(1) << expire_idx : '0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) payload_q <= 1'b0;
    else if (rx_commit_i) payload_q <= !rx_empty_i;
    else if (flit && rx_last_i) payload_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      used_q <= '0;
      partial_q <= '0;
      q_wr_q <= '0;
      q_rd_q <= '0;
      complete_data_q <= 1'b0;
    end else begin
      complete_data_q <= flit && rx_last_i && cur_done_q;
      if (rx_commit_i) begin
        used_q[sel_q] <= 1'b1;
        partial_q[sel_q] <= sel_left != 4'd0;
      end
      if (expire) partial_q[expire_idx] <= 1'b0;
      if (complete_empty || complete_data_q || expire) q_wr_q <= q_wr_q + 3'd1;
      if (job_take_i) q_rd_q <= q_rd_q + 3'd1;
      if (job_free_i) used_q[run_q] <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (rx_commit_i) begin
      cur_q <= sel_q;
      cur_done_q <= sel_left == 4'd0;
      off_q <= {1'b0, h_offset};
      addr_q <= buf_base(sel_q) + VdW'(h_offset);
      left_q[sel_q] <= sel_left;
      if (!hit_q) begin
        key_q[sel_q] <= h_key;
        token_q[sel_q] <= h_token;
        flags_q[sel_q] <= h_flags;
        status_q[sel_q] <= h_status;
      end else if (status_q[sel_q] == 4'd0) begin
        status_q[sel_q] <= h_status;
      end
    end
    if (flit) begin
      addr_q <= addr_q + VdW'(2);
      if (fits) off_q <= off_q + 17'd2;
      else if (status_q[cur_q] == 4'd0) status_q[cur_q] <= 4'd9;
    end
    if (complete_empty) q_idx_q[q_wr_q[1:0]] <= sel_q;
    if (complete_data_q) q_idx_q[q_wr_q[1:0]] <= cur_q;
    if (expire) q_idx_q[q_wr_q[1:0]] <= expire_idx;
    if (expire && status_q[expire_idx] == 4'd0) status_q[expire_idx] <= 4'd8;
    if (job_take_i) run_q <= head;
    if (clear_i) cur_done_q <= 1'b0;   // the rest of a message under way completes nothing
  end
endmodule
`default_nettype wire
