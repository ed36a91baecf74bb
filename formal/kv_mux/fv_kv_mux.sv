// SPDX-License-Identifier: Apache-2.0
// Proof harness of the KV port's multiplexer: each port gets the answers of its own commands, whole and in order.
//
// Ports, Depth: as in mr_kv_mux.   Inner  1: also what holds between the registers, which makes the rest inductive.
// Cover  1: instead, an assertion that must fail when every situation has been seen.
// Free: what the ports offer and take; when the controller takes a command or a block and answers (only commands that it took, in order, any
// number of beats); blocks of a vector (constant). mark_i picks commands to follow, one at a time; port_sym is any port.
`default_nettype none
module fv_kv_mux #(
  parameter int Ports = 3,
  parameter int Depth = 4,
  parameter bit Inner = 1'b1,
  parameter bit Cover = 1'b0,
  localparam int PortW = $clog2(Ports),
  localparam int CntW = $clog2(Depth) + 1
) (
  input wire                 clk_i,
  input wire [4:0]           any_nbh_i,
  input wire [PortW-1:0]     any_port_i,
  input wire                 mark_i,
  input wire [Ports-1:0]     kc_valid_i,
  input wire [2*Ports-1:0]   kc_op_i,
  input wire [8*Ports-1:0]   kc_slot_i,
  input wire [8*Ports-1:0]   kc_layer_i,
  input wire [8*Ports-1:0]   kc_head_i,
  input wire [Ports-1:0]     kc_kind_i,
  input wire [18*Ports-1:0]  kc_pos_i,
  input wire [6*Ports-1:0]   kc_count_i,
  input wire [Ports-1:0]     kw_valid_i,
  input wire [272*Ports-1:0] kw_block_i,
  input wire [Ports-1:0]     kr_ready_i,
  input wire                 ctrl_kc_ready_i,
  input wire                 ctrl_kw_ready_i,
  input wire                 ctrl_kr_valid_i,
  input wire [271:0]         ctrl_kr_block_i,
  input wire                 ctrl_kr_last_i,
  input wire [3:0]           ctrl_kr_status_i
);
  reg              rst_q = 1'b0;
  reg  [4:0]       nbh_q;
  reg  [PortW-1:0] port_sym;
  wire [Ports-1:0] kc_ready, kw_ready, kr_valid;
  wire [271:0]     kr_block, kw_block;
  wire             kr_last, kc_valid, kc_kind, kw_valid, kr_ready;
  wire [3:0]       kr_status;
  wire [1:0]       kc_op;
  wire [7:0]       kc_slot, kc_layer, kc_head;
  wire [17:0]      kc_pos;
  wire [5:0]       kc_count;

  mr_kv_mux #(.Ports(Ports), .Depth(Depth)) u_dut (
    .clk_i, .rst_ni(rst_q), .cfg_nbh_i(nbh_q),
    .t_kc_valid_i(kc_valid_i), .t_kc_ready_o(kc_ready), .t_kc_op_i(kc_op_i), .t_kc_slot_i(kc_slot_i), .t_kc_layer_i(kc_layer_i),
    .t_kc_head_i(kc_head_i), .t_kc_kind_i(kc_kind_i), .t_kc_pos_i(kc_pos_i), .t_kc_count_i(kc_count_i),
    .t_kw_valid_i(kw_valid_i), .t_kw_ready_o(kw_ready), .t_kw_block_i(kw_block_i),
    .t_kr_valid_o(kr_valid), .t_kr_ready_i(kr_ready_i), .t_kr_block_o(kr_block), .t_kr_last_o(kr_last), .t_kr_status_o(kr_status),
    .kc_valid_o(kc_valid), .kc_ready_i(ctrl_kc_ready_i), .kc_op_o(kc_op), .kc_slot_o(kc_slot), .kc_layer_o(kc_layer), .kc_head_o(kc_head),
    .kc_kind_o(kc_kind), .kc_pos_o(kc_pos), .kc_count_o(kc_count),
    .kw_valid_o(kw_valid), .kw_ready_i(ctrl_kw_ready_i), .kw_block_o(kw_block),
    .kr_valid_i(ctrl_kr_valid_i), .kr_ready_o(kr_ready), .kr_block_i(ctrl_kr_block_i), .kr_last_i(ctrl_kr_last_i),
    .kr_status_i(ctrl_kr_status_i)
  );

  // --- commands under way -------------------------------------------------------------------------------------------------
  reg  [CntW-1:0]  under_q;     // taken from a port, not answered
  reg  [CntW-1:0]  open_q;      // of these, taken by the controller
  reg              watch_q, sent_q, app_q;
  reg  [PortW-1:0] port_q;      // the followed command's port
  reg  [CntW-1:0]  ahead_q;     // commands before it
  reg  [51:0]      cmd_q;
  reg  [4:0]       blocks_q;    // passed since the last command was taken
  reg  [PortW:0]   passed_q;    // commands taken from others while port_sym waits
  wire             grant = (kc_valid_i & kc_ready) != '0;
  wire             take  = kc_valid && ctrl_kc_ready_i;
  wire             end_  = ctrl_kr_valid_i && kr_ready && ctrl_kr_last_i;
  wire             mine  = watch_q && ahead_q == '0;
  wire [Ports-1:0] port_bit = Ports'(1) << port_q;
  reg  [PortW-1:0] from;
  always @* begin
    from = '0;
    for (int p = 0; p < Ports; p = p + 1)
      if (kc_ready[p]) from = PortW'(p);
  end
  wire [51:0] cmd = {kc_op_i[2*from +: 2], kc_slot_i[8*from +: 8], kc_layer_i[8*from +: 8], kc_head_i[8*from +: 8], kc_kind_i[from],
                     kc_pos_i[18*from +: 18], kc_count_i[6*from +: 6], 1'b0};

  always @(posedge clk_i) begin
    assume (32'(any_port_i) < Ports);
    assume (!ctrl_kr_valid_i || open_q != '0);
    rst_q <= 1'b1;
    if (!rst_q) begin
      nbh_q    <= any_nbh_i;
      port_sym <= any_port_i;
    end
    under_q  <= under_q + CntW'(grant) - CntW'(end_);
    open_q   <= open_q + CntW'(take) - CntW'(end_);
    if (grant) app_q <= cmd[51:50] == 2'd1;
    blocks_q <= grant ? 5'd0 : blocks_q + 5'(kw_valid && ctrl_kw_ready_i);
    passed_q <= (!kc_valid_i[port_sym] || kc_ready[port_sym]) ? '0 : passed_q + (PortW+1)'(grant);
    if (grant && mark_i && !watch_q) begin
      watch_q <= 1'b1;
      sent_q  <= 1'b0;
      port_q  <= from;
      ahead_q <= under_q - CntW'(end_);
      cmd_q   <= cmd;
    end else if (watch_q) begin
      if (take) sent_q <= 1'b1;
      if (end_) ahead_q <= ahead_q - CntW'(1);
      if (end_ && mine) watch_q <= 1'b0;
    end
    if (!rst_q) begin
      under_q  <= '0;
      open_q   <= '0;
      watch_q  <= 1'b0;
      app_q    <= 1'b0;
      blocks_q <= 5'd0;
      passed_q <= '0;
    end
  end

  // --- properties ---------------------------------------------------------------------------------------------------------
  wire one_grant = (kc_ready & (kc_ready - Ports'(1))) == '0;
  wire one_data  = (kw_ready & (kw_ready - Ports'(1))) == '0;
  always @(posedge clk_i) begin
    if (!Cover && rst_q) begin
      Granted:   assert (one_grant && (kc_ready & ~kc_valid_i) == '0);
      Command:   assert (!(watch_q && !sent_q) || (kc_valid
                         && {kc_op, kc_slot, kc_layer, kc_head, kc_kind, kc_pos, kc_count, 1'b0} == cmd_q));
      // The answer reaches the port that asked, and no other; its beats are the controller's.
      Answer:    assert (!(ctrl_kr_valid_i && mine) || (kr_valid == port_bit && kr_ready == kr_ready_i[port_q]));
      Silence:   assert (ctrl_kr_valid_i || kr_valid == '0);
      Beat:      assert ({kr_block, kr_last, kr_status} == {ctrl_kr_block_i, ctrl_kr_last_i, ctrl_kr_status_i});
      Owned:     assert (!ctrl_kr_valid_i || kr_valid != '0);
      // Blocks come from the port whose APPEND was taken last, as many as belong to it.
      Source:    assert (!(kw_valid && watch_q && ahead_q + CntW'(1) == under_q)
                         || (kw_valid_i[port_q] && kw_block == kw_block_i[272*port_q +: 272] && (!ctrl_kw_ready_i || kw_ready == port_bit)));
      Taken:     assert (one_data && (kw_ready == '0 || ctrl_kw_ready_i) && (!(kw_valid && ctrl_kw_ready_i) || kw_ready != '0));
      Blocks:    assert (!grant || blocks_q == (app_q ? nbh_q : 5'd0));
      Fair:      assert (32'(passed_q) < Ports);
    end
  end

  // --- registers, connected by kv_mux.sby -----------------------------------------------------------------------------------
  (* keep *) wire [CntW-1:0]        wr, rd;
  (* keep *) wire [PortW*Depth-1:0] ports;
  (* keep *) wire                   data;
  (* keep *) wire [PortW-1:0]       last, w_port;
  (* keep *) wire [4:0]             left;
  reg             known;        // every waiting command's port is one
  always @* begin
    known = 1'b1;
    for (int i = 0; i < Depth; i = i + 1)
      if ({1'b0, (CntW-1)'(i) - rd[CntW-2:0]} < wr - rd && 32'(ports[PortW*i +: PortW]) >= Ports) known = 1'b0;
  end
  wire [CntW-2:0] at       = rd[CntW-2:0] + ahead_q[CntW-2:0];
  wire [CntW-2:0] newest   = wr[CntW-2:0] - (CntW-1)'(1);
  wire [5:0]      distance = (32'(port_sym) > 32'(last)) ? 6'(port_sym) - 6'(last) : 6'(Ports) + 6'(port_sym) - 6'(last);
  always @(posedge clk_i) begin
    if (Inner && !Cover && rst_q) begin
      Legal:     assert (32'(port_sym) < Ports && 32'(last) < Ports && 32'(w_port) < Ports);
      Count:     assert (under_q == wr - rd && 32'(under_q) <= Depth && open_q <= under_q && under_q == open_q + CntW'(kc_valid));
      Known:     assert (known);
      Place:     assert (!watch_q || (ahead_q < under_q && ports[PortW*at +: PortW] == port_q && 32'(port_q) < Ports));
      Sent:      assert (!watch_q || sent_q == !(kc_valid && ahead_q + CntW'(1) == under_q));
      Writer:    assert (under_q == '0 || ports[PortW*newest +: PortW] == w_port);
      Passing:   assert (!data || (app_q && left != 5'd0));
      Left:      assert (blocks_q + (data ? left : 5'd0) == (app_q ? nbh_q : 5'd0));
      Waiting:   assert (passed_q == '0 || 32'(passed_q) + 32'(distance) <= Ports);
    end
  end

  // Cover: an assertion that fails once every situation has been seen.
  reg  [3:0] seen_q = 4'd0;
  always @(posedge clk_i)
    if (rst_q) seen_q <= seen_q | {
      32'(passed_q) == Ports - 1, 32'(under_q) == Depth, end_ && mine && port_q == 2'd2 && app_q, watch_q && 32'(ahead_q) == Depth - 1
    };
  generate
    if (Cover) begin : gen_cover
      always @(posedge clk_i) AllSeen: assert (seen_q != '1);
    end
  endgenerate
endmodule
`default_nettype wire
