// SPDX-License-Identifier: Apache-2.0
// mr_group_bus: random senders and receivers. Every message arrives once, whole, in order, at the nodes of its mask only, and
// only when all of them accept; a free bus serves everybody within a bound.
`default_nettype none
module tb_group_bus;
  localparam int Nodes = 5;
  localparam int MaxLen = 6;
  localparam int Busy = 40000;      // clocks with new messages
  localparam int Calm = 4000;       // then: everybody accepts, all has to arrive
  localparam int MaxWait = Nodes * (MaxLen + 8);

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #5 clk = !clk;

  logic [Nodes-1:0]     req = '0;
  logic [Nodes*128-1:0] hdr = '0;
  logic [Nodes-1:0]     empty = '0;
  logic [Nodes-1:0]     grant;
  logic [Nodes-1:0]     tx_valid = '0;
  logic [Nodes-1:0]     tx_ready;
  logic [Nodes*64-1:0]  tx_data = '0;
  logic [Nodes-1:0]     tx_last = '0;
  logic [127:0]         rx_hdr;
  logic [Nodes-1:0]     accept = '0;
  logic [Nodes-1:0]     commit;
  logic                 rx_empty;
  logic [Nodes-1:0]     rx_valid;
  logic [Nodes-1:0]     rx_ready = '0;
  logic [63:0]          rx_data;
  logic                 rx_last;
  logic                 busy;

  mr_group_bus #(.Nodes(Nodes)) dut (
    .clk_i(clk), .rst_ni(rst_n), .tx_req_i(req), .tx_hdr_i(hdr), .tx_empty_i(empty), .tx_grant_o(grant),
    .tx_valid_i(tx_valid), .tx_ready_o(tx_ready), .tx_data_i(tx_data), .tx_last_i(tx_last),
    .rx_hdr_o(rx_hdr), .rx_accept_i(accept), .rx_commit_o(commit), .rx_empty_o(rx_empty),
    .rx_valid_o(rx_valid), .rx_ready_i(rx_ready), .rx_data_o(rx_data), .rx_last_o(rx_last), .busy_o(busy), .trace_o()
  );

  // Header of a message here: mask in 31:0, number of the sender's message in 63:32, length in 95:64, sender in 127:96.
  int          errors = 0;
  int          now = 0;
  int          messages = 0;
  int          seq [Nodes];
  int          len [Nodes];
  int          idx [Nodes];
  int          waited [Nodes];
  logic        sending [Nodes];
  int          due [Nodes*Nodes];       // messages from s that d still has to get
  int          last_seq [Nodes*Nodes];
  logic        in_msg [Nodes];          // receivers
  logic [127:0] in_hdr [Nodes];
  int          in_idx [Nodes];

  task automatic fail(input string what, input int node);
    errors = errors + 1;
    if (errors < 10) $display("FAIL clock %0d node %0d: %s", now, node, what);
  endtask

  // The next flit, if there is one and its sender feels like it.
  task automatic flit(input int n, input int odds);
    tx_data[n*64 +: 64] <= {8'(n), 24'(seq[n]), 32'(idx[n])};
    tx_last[n] <= idx[n] == len[n] - 1;
    tx_valid[n] <= sending[n] && $urandom % odds != 0;
  endtask

  task automatic offer(input int n);
    logic [31:0] mask;
    mask = $urandom;
    mask = $urandom % 3 == 0 ? mask & 32'h1F : 32'd1 << ($urandom % Nodes);
    if ($urandom % 20 == 0) mask = 32'h80000000;    // nobody: dropped
    seq[n] = seq[n] + 1;
    len[n] = $urandom % (MaxLen + 1);
    idx[n] = 0;
    waited[n] = 0;
    for (int d = 0; d < Nodes; d = d + 1) if (mask[d]) due[n*Nodes+d] = due[n*Nodes+d] + 1;
    hdr[n*128 +: 128] <= {32'(n), 32'(len[n]), 32'(seq[n]), mask};
    empty[n] <= len[n] == 0;
    req[n] <= 1'b1;
    messages = messages + 1;
  endtask

  task automatic sender(input int n);
    if (req[n]) begin
      waited[n] = waited[n] + 1;
      if (now > Busy + 1000 && waited[n] > MaxWait) fail("waits too long on a free bus", n);
      if (grant[n]) begin
        if (commit !== hdr[n*128 +: Nodes]) fail("commit is not the mask", n);
        if ((commit & ~accept) != '0) fail("commit without accept", n);
        req[n] <= 1'b0;
        sending[n] = len[n] != 0;
        flit(n, 2);
      end
    end else if (sending[n]) begin
      if (tx_valid[n] && tx_ready[n]) begin
        sending[n] = !tx_last[n];
        idx[n] = idx[n] + 1;
        flit(n, 3);
      end else if (!tx_valid[n]) begin
        flit(n, 2);
      end
    end else if (now < Busy && $urandom % 8 == 0) begin
      offer(n);
    end
  endtask

  task automatic receiver(input int n);
    int from;
    if (commit[n]) begin
      from = rx_hdr[127:96];
      if (in_msg[n]) fail("a message begins inside another", n);
      if (!rx_hdr[n]) fail("not in the mask", n);
      if (rx_empty != (rx_hdr[95:64] == 32'd0)) fail("empty flag", n);
      if (int'(rx_hdr[63:32]) <= last_seq[from*Nodes+n]) fail("out of order", n);
      last_seq[from*Nodes+n] = rx_hdr[63:32];
      due[from*Nodes+n] = due[from*Nodes+n] - 1;
      in_msg[n] = !rx_empty;
      in_hdr[n] = rx_hdr;
      in_idx[n] = 0;
    end else if (rx_valid[n] && rx_ready[n]) begin
      if (!in_msg[n]) fail("a flit without a message", n);
      if (rx_data != {in_hdr[n][103:96], in_hdr[n][55:32], 32'(in_idx[n])}) fail("payload", n);
      in_idx[n] = in_idx[n] + 1;
      if (rx_last != (in_idx[n] == int'(in_hdr[n][95:64]))) fail("last flag", n);
      if (rx_last) in_msg[n] = 1'b0;
    end
  endtask

  initial begin
    for (int n = 0; n < Nodes; n = n + 1) begin
      seq[n] = 0;
      len[n] = 0;
      idx[n] = 0;
      waited[n] = 0;
      sending[n] = 1'b0;
      in_msg[n] = 1'b0;
      for (int d = 0; d < Nodes; d = d + 1) begin
        due[n*Nodes+d] = 0;
        last_seq[n*Nodes+d] = 0;
      end
    end
    repeat (3) @(posedge clk);
    rst_n <= 1'b1;
    while (now < Busy + Calm) begin
      @(posedge clk);
      now = now + 1;
      for (int n = 0; n < Nodes; n = n + 1) receiver(n);
      for (int n = 0; n < Nodes; n = n + 1) sender(n);
      accept <= now > Busy ? '1 : Nodes'($urandom | $urandom);
      rx_ready <= now > Busy ? '1 : Nodes'($urandom | $urandom);
    end
    for (int n = 0; n < Nodes; n = n + 1) begin
      if (req[n] || sending[n] || in_msg[n]) fail("not finished", n);
      for (int d = 0; d < Nodes; d = d + 1) if (due[n*Nodes+d] != 0) fail("messages lost or doubled", d);
    end
    if (busy) fail("bus busy at the end", 0);
    if (messages < 1000) fail("too little traffic", 0);
    $display("messages %0d", messages);
    if (errors == 0) $display("PASS soc_group_bus");
    $finish;
  end
endmodule
`default_nettype wire
