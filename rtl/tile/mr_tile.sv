// SPDX-License-Identifier: Apache-2.0
// Tile: memories, sequencer, vector unit, dot-product unit, KV append, network ports and registers (docs/tile_isa.md).
//
// Lanes 1, 2, 4, 8.   WDepth WMEM words.   VDepth VMEM elements.   XDepth XMEM blocks.   PDepth descriptors.   WSlice  see mr_tile_mem.
// HasKv  the tile has a KV port; otherwise KV_APPEND is refused (status 1) and so is ATTEND.
// MaxG MaxNbh  limits of ATTEND (mr_dpu).   ClockGate  units at rest get no clock (mr_unit_clock).
// Linked  there are links to other groups: SEND has hops.
// Registers: sel_i with address and data for one cycle, answer in the next (rtl/csr). Loader: mr_tile_mem. Bus: mr_group_bus.
// awake_o: a job is here, or a message, or a unit works. Low for 32 clocks, without sel_i, cfg_en_i, rx_commit_i, rx_valid_i, kr_valid_i and
//          reset meanwhile: whatever the other inputs do, no state that matters and no output changes until one of these comes. So a
//          simulator need not look at the tile until then (sim_verilator/chip).
// Outputs come from registers, apart from kv_drop_o, which follows rst_ni in the same clock.
// KV port: docs/interfaces.md section 3. Reset clears all state but the memories; soft reset does the same.
// trace_o: what the tile does, for simulation (sim_verilator/chip/chip_trace.h reads the fields); open elsewhere, and then it costs nothing.
// Test: tests/cosim.
`default_nettype none
module mr_tile #(
  parameter int Lanes = 2,
  parameter int WDepth = 1024,
  parameter int WSlice = 288,
  parameter int VDepth = 2048,
  parameter int XDepth = 64,
  parameter int PDepth = 128,
  parameter bit HasKv = 1'b1,
  parameter int MaxG = 16,
  parameter int MaxNbh = 4,
  parameter bit ClockGate = 1'b0,
  parameter bit Linked = 1'b0
) (
  input  wire          clk_i,
  input  wire          rst_ni,
  // registers
  input  wire          sel_i,
  input  wire          write_i,
  input  wire  [11:0]  addr_i,
  input  wire  [31:0]  wdata_i,
  output logic [31:0]  rdata_o,
  output logic         error_o,
  output logic         err_event_o,    // a job got an error
  output logic         awake_o,
  output logic [83:0]  trace_o,
  // loader
  input  wire          cfg_en_i,
  input  wire          cfg_write_i,
  input  wire  [1:0]   cfg_kind_i,
  input  wire  [31:0]  cfg_index_i,
  input  wire  [31:0]  cfg_wdata_i,
  output logic         cfg_rvalid_o,
  output logic [31:0]  cfg_rdata_o,
  output logic         cfg_error_o,
  // bus
  output logic         tx_req_o,
  output logic [127:0] tx_hdr_o,
  output logic         tx_empty_o,
  input  wire          tx_grant_i,
  output logic         tx_valid_o,
  input  wire          tx_ready_i,
  output logic [63:0]  tx_data_o,
  output logic         tx_last_o,
  input  wire  [127:0] rx_hdr_i,
  output logic         rx_accept_o,
  input  wire          rx_commit_i,
  input  wire          rx_empty_i,
  input  wire          rx_valid_i,
  output logic         rx_ready_o,
  input  wire  [63:0]  rx_data_i,
  input  wire          rx_last_i,
  // KV port
  output logic         kc_valid_o,
  input  wire          kc_ready_i,
  output logic [1:0]   kc_op_o,
  output logic [7:0]   kc_slot_o,
  output logic [7:0]   kc_layer_o,
  output logic [7:0]   kc_head_o,
  output logic         kc_kind_o,
  output logic [17:0]  kc_pos_o,
  output logic [5:0]   kc_count_o,
  output logic         kw_valid_o,
  input  wire          kw_ready_i,
  output logic [271:0] kw_block_o,
  input  wire          kr_valid_i,
  output logic         kr_ready_o,
  input  wire  [271:0] kr_block_i,
  input  wire          kr_last_i,
  input  wire  [3:0]   kr_status_i,
  input  wire  [4:0]   kv_nbh_i,       // blocks of an APPEND, 0: the controller is not configured
  output logic         kv_drop_o       // the tile forgets its commands (mr_kv_guard)
);
  /*verilator no_inline_module*/
  localparam int VdW = $clog2(VDepth);
  localparam int VaW = VdW - 1;
  localparam int XaW = $clog2(XDepth);
  localparam int WaW = $clog2(WDepth);
  localparam int PaW = $clog2(PDepth) + 2;

  localparam logic [1:0] KvStream = 2'd0;
  localparam logic [1:0] KvAppend = 2'd1;
  localparam logic [3:0] StatusOpcode = 4'd1;
  localparam logic [7:0] OpTopK = 8'd8;
  localparam logic [7:0] OpAttend = 8'd10;

  // ---- registers ----
  logic        enable;
  logic        clear_cmd;
  logic        fail_cmd;
  logic        abort;
  logic        dead;
  logic [7:0]  dead_slot;
  logic [23:0] watchdog;
  logic        cnt_clear_cmd;
  logic [23:0] in_base;
  logic [15:0] in_size;
  logic [2:0]  queued;
  logic        busy;
  logic [15:0] pc;
  logic [7:0]  slot;
  logic        err_set;
  logic [3:0]  err_code;
  logic [63:0] jobs;
  logic [63:0] descriptors;
  logic [63:0] cyc_busy;
  logic [63:0] cyc_gemv;
  logic [63:0] cyc_lane;
  logic [63:0] cyc_vec;
  logic [63:0] cyc_kv_wait;
  logic [63:0] cyc_net_wait;
  logic [511:0] cyc_tag;

  mr_csr_tile u_csr (
    .clk_i, .rst_ni, .sel_i, .write_i, .addr_i, .wdata_i, .rdata_o, .error_o,
    .ctrl_enable_q(enable), .ctrl_clear_cmd(clear_cmd), .ctrl_fail_cmd(fail_cmd),
    .status_busy_i(busy), .status_queued_i(7'(queued)), .status_slot_i(slot), .status_pc_i(pc),
    .error_code_set_i(err_set ? err_code : 4'd0), .error_code_q(), .error_pc_i(pc),
    .in_base_q(in_base), .in_size_q(in_size), .cnt_ctrl_clear_cmd(cnt_clear_cmd),
    .watchdog_q(watchdog), .fault_failed_i(dead), .fault_slot_i(dead_slot),
    .jobs_i(jobs), .descriptors_i(descriptors), .cyc_busy_i(cyc_busy), .cyc_gemv_i(cyc_gemv), .cyc_lane_i(cyc_lane),
    .cyc_vec_i(cyc_vec), .cyc_kv_wait_i(cyc_kv_wait), .cyc_net_wait_i(cyc_net_wait), .cyc_tag_i(cyc_tag)
  );
  assign err_event_o = err_set;
  wire unused_ok = &{1'b0, in_base[23:VdW]};  // addresses beyond VMEM: firmware's mistake, wraps

  // CTRL.clear resets what runs in the tile, but neither memories nor registers, nor a message that the bus has under way.
  // The watchdog does the same with the units other than the network's.
  wire run_ni = rst_ni && !clear_cmd && !abort;
  assign kv_drop_o = !run_ni;

  // ---- receiver and sequencer ----
  wire            kv_moves = (kc_valid_o && kc_ready_i) || (kw_valid_o && kw_ready_i) || (kr_valid_i && kr_ready_o);
  logic           job_valid;
  logic           job_take;
  logic           job_free;
  logic [VdW-1:0] job_buf;
  logic [7:0]     job_slot;
  logic [17:0]    job_pos;
  logic [17:0]    job_token;
  logic [3:0]     job_flags;
  logic [3:0]     job_status;
  logic [15:0]    job_pc;
  logic           rx_idle;
  logic [27:0]    newest;
  logic           rw_valid;
  logic           rw_ready;
  logic [VaW-1:0] rw_addr;
  logic [63:0]    rw_data;

  mr_tile_rx #(.VdW(VdW)) u_rx (
    .clk_i, .rst_ni, .clear_i(clear_cmd), .in_base_i(in_base[VdW-1:0]), .in_size_i(in_size), .watchdog_i(watchdog),
    .rx_hdr_i, .rx_accept_o, .rx_commit_i, .rx_empty_i, .rx_valid_i, .rx_ready_o, .rx_data_i, .rx_last_i,
    .vw_valid_o(rw_valid), .vw_ready_i(rw_ready), .vw_addr_o(rw_addr), .vw_data_o(rw_data),
    .job_valid_o(job_valid), .job_take_i(job_take), .job_free_i(job_free), .job_buf_o(job_buf), .job_slot_o(job_slot),
    .job_pos_o(job_pos), .job_token_o(job_token), .job_flags_o(job_flags), .job_status_o(job_status), .job_pc_o(job_pc),
    .queued_o(queued), .newest_o(newest), .idle_o(rx_idle)
  );

  logic           pm_en;
  logic [PaW-1:0] pm_addr;
  logic [63:0]    pm_data;
  logic           vec_start;
  logic           dpu_start;
  logic           kv_start;
  logic           net_start;
  logic [7:0]     op;
  logic           w_q4;
  logic           acc;
  logic [31:0]    w1;
  logic [31:0]    w2;
  logic [31:0]    w3;
  logic [31:0]    w4;
  logic [31:0]    w5;
  logic [31:0]    w6;
  logic [31:0]    w7;
  logic [17:0]    pos;
  logic [17:0]    token;
  logic [3:0]     flags;
  logic [3:0]     status;
  logic           vec_busy;
  logic [3:0]     vec_err;
  logic           dpu_busy;
  logic [3:0]     dpu_err;
  logic           kv_busy;
  logic [3:0]     kv_err;
  logic           net_busy;
  logic           net_wait;
  logic [2:0]     tag;
  logic           issue;
  logic           job_done;

  mr_tile_seq #(.VdW(VdW), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth)) u_seq (
    .clk_i, .rst_ni, .enable_i(enable), .clear_i(clear_cmd), .fail_i(fail_cmd), .watchdog_i(watchdog),
    .job_valid_i(job_valid), .job_take_o(job_take), .job_free_o(job_free), .job_buf_i(job_buf), .job_slot_i(job_slot),
    .job_pos_i(job_pos), .job_token_i(job_token), .job_flags_i(job_flags), .job_status_i(job_status), .job_pc_i(job_pc),
    .pm_en_o(pm_en), .pm_addr_o(pm_addr), .pm_data_i(pm_data),
    .vec_start_o(vec_start), .dpu_start_o(dpu_start), .kv_start_o(kv_start), .net_start_o(net_start),
    .op_o(op), .q4_o(w_q4), .acc_o(acc), .w1_o(w1), .w2_o(w2), .w3_o(w3), .w4_o(w4), .w5_o(w5), .w6_o(w6), .w7_o(w7),
    .slot_o(slot), .pos_o(pos), .token_o(token), .flags_o(flags), .status_o(status),
    .vec_busy_i(vec_busy), .vec_err_i(vec_err), .dpu_busy_i(dpu_busy), .dpu_err_i(dpu_err),
    .kv_busy_i(kv_busy), .kv_err_i(kv_err), .net_busy_i(net_busy),
    .kv_moves_i(kv_moves), .abort_o(abort), .dead_o(dead), .dead_slot_o(dead_slot),
    .busy_o(busy), .pc_o(pc), .tag_o(tag), .issue_o(issue), .job_done_o(job_done),
    .err_set_o(err_set), .err_code_o(err_code)
  );

  // ---- memories ----
  logic           va_en;
  logic [VaW-1:0] va_addr;
  logic [63:0]    va_data;
  logic           vb_en;
  logic [VaW-1:0] vb_addr;
  logic [63:0]    vb_data;
  logic [1:0]     vw_en;
  logic [VaW-1:0] vw_addr;
  logic [63:0]    vw_data;
  logic           vd_valid;
  logic           vd_ready;
  logic [VaW-1:0] vd_addr;
  logic           vt_valid;
  logic           vt_ready;
  logic [VaW-1:0] vt_addr;
  logic           dw_valid;
  logic           dw_ready;
  logic [1:0]     dw_en;
  logic [VaW-1:0] dw_addr;
  logic [63:0]    dw_data;
  logic           xw_en;
  logic [XaW-1:0] xw_addr;
  logic [271:0]   xw_data;
  logic           xd_en;
  logic [XaW-1:0] xd_addr;
  logic           xk_valid;
  logic           xk_ready;
  logic [XaW-1:0] xk_addr;
  logic [271:0]   x_data;
  logic           wd_en;
  logic [WaW-1:0] wd_addr;
  logic           wv_en;
  logic [WaW-1:0] wv_addr;
  logic [Lanes*288-1:0] w_data;

  mr_tile_mem #(.Lanes(Lanes), .WDepth(WDepth), .WSlice(WSlice), .VDepth(VDepth), .XDepth(XDepth), .PDepth(PDepth)) u_mem (
    .clk_i, .rst_ni, .idle_i(!busy && rx_idle && !net_busy),
    .cfg_en_i, .cfg_write_i, .cfg_kind_i, .cfg_index_i, .cfg_wdata_i, .cfg_rvalid_o, .cfg_rdata_o, .cfg_error_o,
    .va_en_i(va_en), .va_addr_i(va_addr), .va_data_o(va_data), .vb_en_i(vb_en), .vb_addr_i(vb_addr),
    .vd_valid_i(vd_valid), .vd_ready_o(vd_ready), .vd_addr_i(vd_addr),
    .vt_valid_i(vt_valid), .vt_ready_o(vt_ready), .vt_addr_i(vt_addr), .vb_data_o(vb_data),
    .vw_en_i(vw_en), .vw_addr_i(vw_addr), .vw_data_i(vw_data),
    .dw_valid_i(dw_valid), .dw_ready_o(dw_ready), .dw_en_i(dw_en), .dw_addr_i(dw_addr), .dw_data_i(dw_data),
    .rw_valid_i(rw_valid), .rw_ready_o(rw_ready), .rw_addr_i(rw_addr), .rw_data_i(rw_data),
    .xw_en_i(xw_en), .xw_addr_i(xw_addr), .xw_data_i(xw_data), .xd_en_i(xd_en), .xd_addr_i(xd_addr),
    .xk_valid_i(xk_valid), .xk_ready_o(xk_ready), .xk_addr_i(xk_addr), .x_data_o(x_data),
    .wd_en_i(wd_en), .wd_addr_i(wd_addr), .wv_en_i(wv_en), .wv_addr_i(wv_addr), .w_data_o(w_data),
    .pm_en_i(pm_en), .pm_addr_i(pm_addr), .pm_data_o(pm_data)
  );

  // ---- units ----
  mr_vec #(.Lanes(Lanes), .VdW(VdW), .XaW(XaW), .WaW(WaW), .ClockGate(ClockGate)) u_vec (
    .clk_i, .rst_ni(run_ni), .start_i(vec_start), .op_i(op[3:0]), .fmt_i(w_q4),
    .dst_i(w1), .a_i(w2), .b_i(w3), .n_i(w4), .rows_i(w4), .nb_i(w5), .hd_i(w5), .k_i(w5), .imm0_i(w6), .imm1_i(w7),
    .token_i(token), .pos_i(pos), .busy_o(vec_busy), .err_o(vec_err),
    .ra_en_o(va_en), .ra_addr_o(va_addr), .ra_data_i(va_data), .rb_en_o(vb_en), .rb_addr_o(vb_addr), .rb_data_i(vb_data),
    .w_en_o(vw_en), .w_addr_o(vw_addr), .w_data_o(vw_data),
    .xw_en_o(xw_en), .xw_addr_o(xw_addr), .xw_data_o(xw_data),
    .wm_en_o(wv_en), .wm_addr_o(wv_addr), .wm_data_i(w_data)
  );

  // Answers of the KV port are registered here; a reset of the tile drops the one that stands (mr_kv_guard counts it as taken).
  logic         kr_valid;
  logic         kr_ready;
  logic [271:0] kr_block;
  logic         kr_last;
  logic [3:0]   kr_status;
  logic         dkc_valid;
  logic [7:0]  dkc_slot;
  logic [7:0]  dkc_layer;
  logic [7:0]  dkc_head;
  logic        dkc_kind;
  logic [17:0] dkc_pos;
  logic [5:0]  dkc_count;
  logic        dkr_ready;
  logic        gemv_active;
  logic        lane_busy;
  logic        kv_wait;

  mr_dpu #(
    .Lanes(Lanes), .HasKv(HasKv), .MaxG(MaxG), .MaxNbh(MaxNbh), .WDepth(WDepth), .VDepth(VDepth), .XDepth(XDepth), .ClockGate(ClockGate)
  ) u_dpu (
    .clk_i, .rst_ni(run_ni), .start_i(dpu_start), .is_attend_i(op == OpAttend),
    .dst_i(w1[VaW:1]), .x_i(w2[XaW-1:0]), .w_i(w3[WaW-1:0]), .rows_i(w4[19:0]), .nb_i(w5[15:0]), .q4_i(w_q4), .acc_i(acc),
    .layer_i(w3[7:0]), .n_kv_i(w3[15:8]), .kv_first_i(w3[23:16]), .nbh_i(w3[31:24]), .g_i(w4[7:0]), .scale_i(w6),
    .slot_i(slot), .pos_i(pos), .busy_o(dpu_busy), .err_o(dpu_err),
    .wm_en_o(wd_en), .wm_addr_o(wd_addr), .wm_data_i(w_data), .xm_en_o(xd_en), .xm_addr_o(xd_addr), .xm_data_i(x_data),
    .vw_valid_o(dw_valid), .vw_ready_i(dw_ready), .vw_en_o(dw_en), .vw_addr_o(dw_addr), .vw_data_o(dw_data),
    .vr_valid_o(vd_valid), .vr_ready_i(vd_ready), .vr_addr_o(vd_addr), .vr_data_i(vb_data),
    .kc_valid_o(dkc_valid), .kc_ready_i(kc_ready_i && !kv_busy), .kc_slot_o(dkc_slot), .kc_layer_o(dkc_layer),
    .kc_head_o(dkc_head), .kc_kind_o(dkc_kind), .kc_pos_o(dkc_pos), .kc_count_o(dkc_count),
    .kr_valid_i(kr_valid && !kv_busy), .kr_ready_o(dkr_ready), .kr_block_i(kr_block), .kr_last_i(kr_last),
    .kr_status_i(kr_status),
    .gemv_active_o(gemv_active), .lane_busy_o(lane_busy), .kv_wait_o(kv_wait)
  );

  // The sequencer never runs KV_APPEND and ATTEND at the same time, so the KV port needs no arbiter.
  logic        akc_valid;
  logic [7:0]  akc_slot;
  logic [7:0]  akc_layer;
  logic [7:0]  akc_head;
  logic        akc_kind;
  logic [17:0] akc_pos;
  generate
    if (HasKv) begin : gen_kv
      mr_kv_append #(.XDepth(XDepth)) u_append (
        .clk_i, .rst_ni(run_ni), .start_i(kv_start), .layer_i(w1[7:0]), .n_kv_i(w1[15:8]), .first_i(w1[23:16]),
        .nbh_i(w1[31:24]), .cfg_nbh_i(kv_nbh_i), .k_block_i(w2[XaW-1:0]), .v_block_i(w3[XaW-1:0]), .slot_i(slot), .pos_i(pos),
        .busy_o(kv_busy), .err_o(kv_err),
        .xm_valid_o(xk_valid), .xm_ready_i(xk_ready), .xm_addr_o(xk_addr), .xm_data_i(x_data),
        .kc_valid_o(akc_valid), .kc_ready_i(kc_ready_i), .kc_slot_o(akc_slot), .kc_layer_o(akc_layer),
        .kc_head_o(akc_head), .kc_kind_o(akc_kind), .kc_pos_o(akc_pos),
        .kw_valid_o, .kw_ready_i, .kw_block_o, .kr_valid_i(kr_valid), .kr_last_i(kr_last), .kr_status_i(kr_status)
      );
    end else begin : gen_no_kv
      // Refuses KV_APPEND: busy for one cycle with status 1.
      always_ff @(posedge clk_i) kv_busy <= run_ni && kv_start;
      assign kv_err = StatusOpcode;
      assign xk_valid = 1'b0;
      assign xk_addr = '0;
      assign akc_valid = 1'b0;
      assign akc_slot = '0;
      assign akc_layer = '0;
      assign akc_head = '0;
      assign akc_kind = 1'b0;
      assign akc_pos = '0;
      assign kw_valid_o = 1'b0;
      assign kw_block_o = '0;
      wire unused_kv = &{1'b0, kw_ready_i, xk_ready, kv_nbh_i, 1'b0};
    end
  endgenerate
  assign kc_valid_o = kv_busy ? akc_valid : dkc_valid;
  assign kc_op_o = kv_busy ? KvAppend : KvStream;
  assign kc_slot_o = kv_busy ? akc_slot : dkc_slot;
  assign kc_layer_o = kv_busy ? akc_layer : dkc_layer;
  assign kc_head_o = kv_busy ? akc_head : dkc_head;
  assign kc_kind_o = kv_busy ? akc_kind : dkc_kind;
  assign kc_pos_o = kv_busy ? akc_pos : dkc_pos;
  assign kc_count_o = kv_busy ? 6'd1 : dkc_count;
  assign kr_ready = kv_busy || dkr_ready;
  mr_stage #(.Width(277)) u_kr (
    .clk_i, .rst_ni(run_ni), .in_valid_i(kr_valid_i), .in_ready_o(kr_ready_o), .in_data_i({kr_status_i, kr_last_i, kr_block_i}),
    .out_valid_o(kr_valid), .out_ready_i(kr_ready), .out_data_o({kr_status, kr_last, kr_block})
  );

  // A destination of 2, 4 or 8 clones: the mask names the first one, the slot decides how far on the job's own clone is.
  wire [2:0]   tx_clone = slot[2:0] & {w6[7:4] > 4'd2, w6[7:4] > 4'd1, w6[7:4] != 4'd0};
  wire [31:0]  tx_mask = w1 << tx_clone;
  wire [127:0] tx_hdr = {Linked ? w6[3:0] : 4'd0, w3[15:0], slot, pos, token, 4'd0, w5[19:16], status, flags, w5[15:0], tx_mask};
  mr_tile_tx #(.VdW(VdW)) u_tx (
    .clk_i, .rst_ni, .start_i(net_start), .hdr_i(tx_hdr), .src_i(w2[VdW-1:0]), .n_i(w4[19:0]),
    .busy_o(net_busy), .wait_o(net_wait),
    .tx_req_o, .tx_hdr_o, .tx_empty_o, .tx_grant_i, .tx_valid_o, .tx_ready_i, .tx_data_o, .tx_last_o,
    .vr_valid_o(vt_valid), .vr_ready_i(vt_ready), .vr_addr_o(vt_addr), .vr_data_i(vb_data)
  );

  assign awake_o = busy || !rx_idle || vec_busy || dpu_busy || kv_busy || net_busy;

  // ---- trace: everything from registers ----
  logic attend_q;     // what the units work on
  logic topk_q;
  always_ff @(posedge clk_i) begin
    if (dpu_start) attend_q <= op == OpAttend;
    if (vec_start) topk_q <= op == OpTopK;
  end
  assign trace_o = {pc, job_valid, tag,
                    newest, net_busy, net_wait, kv_busy, topk_q,
                    vec_busy, kv_wait, attend_q, dpu_busy, gemv_active, busy, pos, slot};

  mr_tile_counters u_cnt (
    .clk_i, .rst_ni, .clear_i(cnt_clear_cmd), .busy_i(busy), .job_done_i(job_done), .issue_i(issue), .tag_i(tag),
    .gemv_i(gemv_active), .lane_i(lane_busy), .vec_i(vec_busy), .kv_wait_i(kv_wait || kv_busy), .net_wait_i(net_wait),
    .jobs_o(jobs), .descriptors_o(descriptors), .cyc_busy_o(cyc_busy), .cyc_gemv_o(cyc_gemv), .cyc_lane_o(cyc_lane),
    .cyc_vec_o(cyc_vec), .cyc_kv_wait_o(cyc_kv_wait), .cyc_net_wait_o(cyc_net_wait), .cyc_tag_o(cyc_tag)
  );
endmodule
`default_nettype wire
