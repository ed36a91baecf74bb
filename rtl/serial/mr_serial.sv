// SPDX-License-Identifier: Apache-2.0
// Serial bridge: frames from a UART become accesses of the register bus (docs/serial.md has the protocol).
//
// Divisor    clocks a bit of the UART, 4 .. 65535: clock / baud rate.
// GapCycles  silence in the middle of a frame that ends it, at least 20 Divisor, below 2^24.
// BusCycles  an access that was not answered after so many clocks failed, below 2^24.
// req_*: ready/valid, held until taken or BusCycles are over; one access at a time, answered by rsp_valid_i for one cycle, the earliest in
// the cycle after the request. irq_i ends WAIT. A frame is obeyed when all of it is there and its CRC is right; one that has the number of
// the last one gets that one's answer again and is not obeyed. Bytes that come while it works or answers are lost: a host waits for
// answers.
// busy_o: the bus may be in use or the device's time counts (WAIT). rx_open_o: a frame has begun. work_o: a request is obeyed or answered.   Test: tests/rtl/serial.
`default_nettype none
module mr_serial #(
  parameter int Divisor = 868,
  parameter int GapCycles = 1000000,
  parameter int BusCycles = 4096
) (
  input  wire         clk_i,
  input  wire         rst_ni,
  input  wire         rx_i,
  output wire         tx_o,
  output logic        busy_o,
  output logic        rx_open_o,
  output logic        work_o,
  output logic        req_valid_o,
  input  wire         req_ready_i,
  output logic        req_write_o,
  output logic [23:0] req_addr_o,
  output logic [31:0] req_wdata_o,
  input  wire         rsp_valid_i,
  input  wire  [31:0] rsp_rdata_i,
  input  wire         rsp_error_i,
  input  wire         irq_i
);
  localparam logic [7:0] SyncIn = 8'hA5;
  localparam logic [7:0] SyncOut = 8'h5A;
  localparam logic [7:0] Version = 8'd1;
  localparam logic [5:0] ReadMax = 6'd63;
  localparam logic [7:0] PingBytes = 8'd6;

  localparam logic [7:0] CmdPing = 8'd0;
  localparam logic [7:0] CmdRead = 8'd1;
  localparam logic [7:0] CmdWrite = 8'd2;
  localparam logic [7:0] CmdWait = 8'd3;

  localparam logic [2:0] StatusOk = 3'd0;
  localparam logic [2:0] StatusBus = 3'd1;
  localparam logic [2:0] StatusTimeout = 3'd2;
  localparam logic [2:0] StatusBad = 3'd3;
  localparam logic [2:0] StatusAgain = 3'd4;

  localparam logic [1:0] AnswerStored = 2'd0;
  localparam logic [1:0] AnswerAgain = 2'd1;
  localparam logic [1:0] AnswerPing = 2'd2;

  // Receiving
  localparam logic [4:0] StHunt = 5'd0;
  localparam logic [4:0] StLen = 5'd1;
  localparam logic [4:0] StSeq = 5'd2;
  localparam logic [4:0] StCmd = 5'd3;
  localparam logic [4:0] StPayload = 5'd4;
  localparam logic [4:0] StCrc1 = 5'd5;
  localparam logic [4:0] StCrc0 = 5'd6;
  // Working
  localparam logic [4:0] StJudge = 5'd7;
  localparam logic [4:0] StSegment = 5'd8;  // WRITE: is there another segment?
  localparam logic [4:0] StFetch = 5'd9;    // four bytes of the payload into word_q
  localparam logic [4:0] StHead = 5'd10;    // word_q holds address and count, or the cycles of WAIT
  localparam logic [4:0] StReq = 5'd11;
  localparam logic [4:0] StRsp = 5'd12;
  localparam logic [4:0] StStore = 5'd13;   // word_q into the answer
  localparam logic [4:0] StWait = 5'd14;
  // Answering
  localparam logic [4:0] StOutSync = 5'd16;
  localparam logic [4:0] StOutLen = 5'd17;
  localparam logic [4:0] StOutSeq = 5'd18;
  localparam logic [4:0] StOutStatus = 5'd19;
  localparam logic [4:0] StOutPayload = 5'd20;
  localparam logic [4:0] StOutCrc1 = 5'd21;
  localparam logic [4:0] StOutCrc0 = 5'd22;

  initial if (GapCycles < 20 * Divisor || GapCycles >= (1 << 24)) $fatal(1, "%m: GapCycles is 20 Divisor .. 2^24 - 1");
  initial if (BusCycles < 8 || BusCycles >= (1 << 24)) $fatal(1, "%m: BusCycles is 8 .. 2^24 - 1");

  // CRC-16/CCITT (polynomial 0x1021), one byte.
  function automatic logic [15:0] crc_step(input logic [15:0] crc, input logic [7:0] data);
    logic [15:0] c;
    c = crc ^ {data, 8'd0};
    for (int i = 0; i < 8; i = i + 1) c = c[15] ? {c[14:0], 1'b0} ^ 16'h1021 : {c[14:0], 1'b0};
    crc_step = c;
  endfunction

  logic [4:0]  st_q;
  logic [4:0]  st_d;
  logic [7:0]  len_q;      // bytes of the request's payload
  logic [7:0]  seq_q;
  logic [7:0]  cmd_q;
  logic [7:0]  at_q;       // byte of the payload that comes or goes
  logic [7:0]  pos_q;      // byte of the payload to fetch next
  logic [2:0]  step_q;     // of StFetch and StStore
  logic        head_q;     // what is fetched is a head
  logic [31:0] word_q;
  logic [23:0] addr_q;
  logic [5:0]  left_q;     // words of the read or segment
  logic [23:0] timer_q;
  logic [15:0] crc_q;
  logic        lost_q;     // the answer to an access that was given up may still come
  // The last request's answer, kept for a repetition; its payload is in the upper half of the memory.
  logic        kept_q;
  logic [7:0]  kept_seq_q;
  logic [2:0]  kept_status_q;
  logic [7:0]  kept_len_q;
  logic [1:0]  answer_q;   // which answer goes out

  logic        rx_valid;
  logic [7:0]  rx_data;
  logic        tx_valid;
  logic        tx_ready;
  logic [7:0]  tx_data;

  mr_uart_rx #(.Divisor(Divisor)) u_rx (.clk_i, .rst_ni, .rx_i, .valid_o(rx_valid), .data_o(rx_data));
  mr_uart_tx #(.Divisor(Divisor)) u_tx (.clk_i, .rst_ni, .valid_i(tx_valid), .ready_o(tx_ready), .data_i(tx_data), .tx_o);

  // ---- payload memory: request below, answer above ----
  logic [7:0] mem_q [512];
  logic [7:0] mem_rdata_q;
  wire        out = st_q[4];
  wire        store = st_q == StStore;
  wire        mem_we = store || (st_q == StPayload && rx_valid);
  always_ff @(posedge clk_i) begin
    if (mem_we) mem_q[store ? {1'b1, kept_len_q} : {1'b0, at_q}] <= store ? word_q[7:0] : rx_data;
    mem_rdata_q <= mem_q[out ? {1'b1, at_q} : {1'b0, pos_q}];
  end

  // ---- what comes next ----
  wire        receiving = st_q <= StCrc0 && st_q != StHunt;
  wire        gap = receiving && timer_q == 24'(GapCycles);
  wire        late = timer_q == 24'(BusCycles);
  wire        tx_take = tx_valid && tx_ready;
  wire        repeated = kept_q && seq_q == kept_seq_q;
  wire [7:0]  rest = len_q - pos_q;                     // bytes of the payload that are not fetched
  wire        head_bad = word_q[31:24] == '0 || (cmd_q == CmdRead ? word_q[31:30] != '0 : {word_q[31:24], 2'd0} > {2'd0, rest});
  wire        access_take = req_valid_o && req_ready_i;
  wire        access_end = st_q == StRsp && rsp_valid_i;
  wire        access_late = late && ((st_q == StReq && !access_take) || (st_q == StRsp && !rsp_valid_i));
  logic [7:0] out_len;
  logic [2:0] out_status;
  logic [7:0] ping;

  always_comb begin
    case (at_q[2:0])
      3'd0: ping = "M";
      3'd1: ping = "R";
      3'd2: ping = "S";
      3'd3: ping = "L";
      3'd4: ping = Version;
      default: ping = {2'd0, ReadMax};
    endcase
    case (answer_q)
      AnswerStored: begin
        out_len = kept_len_q;
        out_status = kept_status_q;
      end
      AnswerPing: begin
        out_len = PingBytes;
        out_status = StatusOk;
      end
      default: begin
        out_len = '0;
        out_status = StatusAgain;
      end
    endcase
  end

  always_comb begin
    st_d = st_q;
    case (st_q)
      StHunt: if (rx_valid && rx_data == SyncIn) st_d = StLen;
      StLen: if (rx_valid) st_d = StSeq;
      StSeq: if (rx_valid) st_d = StCmd;
      StCmd: if (rx_valid) st_d = len_q == '0 ? StCrc1 : StPayload;
      StPayload: if (rx_valid && at_q + 8'd1 == len_q) st_d = StCrc1;
      StCrc1: if (rx_valid) st_d = StCrc0;
      StCrc0: if (rx_valid) st_d = StJudge;
      StJudge: begin
        st_d = StOutSync;
        if (crc_q == '0 && cmd_q != CmdPing && !repeated) begin
          if (cmd_q == CmdWrite) st_d = StSegment;
          else if ((cmd_q == CmdRead || cmd_q == CmdWait) && len_q == 8'd4) st_d = StFetch;
        end
      end
      StSegment: st_d = rest < 8'd8 ? StOutSync : StFetch;
      StFetch: if (step_q == 3'd4) st_d = head_q ? StHead : StReq;
      StHead: begin
        if (cmd_q == CmdWait) st_d = StWait;
        else if (head_bad) st_d = StOutSync;
        else st_d = cmd_q == CmdWrite ? StFetch : StReq;
      end
      StReq: begin
        if (access_late) st_d = StOutSync;
        else if (access_take) st_d = StRsp;
      end
      StRsp: begin
        if (access_end) begin
          if (rsp_error_i) st_d = StOutSync;
          else if (cmd_q == CmdRead) st_d = StStore;
          else st_d = left_q == 6'd1 ? StSegment : StFetch;
        end else if (access_late) begin
          st_d = StOutSync;
        end
      end
      StStore: if (step_q == 3'd3) st_d = left_q == '0 ? StOutSync : StReq;
      StWait: if (irq_i || word_q == '0) st_d = StOutSync;
      StOutSync: if (tx_take) st_d = StOutLen;
      StOutLen: if (tx_take) st_d = StOutSeq;
      StOutSeq: if (tx_take) st_d = StOutStatus;
      StOutStatus: if (tx_take) st_d = out_len == '0 ? StOutCrc1 : StOutPayload;
      StOutPayload: if (tx_take && at_q + 8'd1 == out_len) st_d = StOutCrc1;
      StOutCrc1: if (tx_take) st_d = StOutCrc0;
      StOutCrc0: if (tx_take) st_d = StHunt;
      default: st_d = StHunt;
    endcase
    if (gap && !rx_valid) st_d = StOutSync;
  end

  // ---- the way out ----
  assign tx_valid = out;
  always_comb begin
    case (st_q)
      StOutSync: tx_data = SyncOut;
      StOutLen: tx_data = out_len;
      StOutSeq: tx_data = kept_seq_q;
      StOutStatus: tx_data = {5'd0, out_status};
      StOutPayload: tx_data = answer_q == AnswerPing ? ping : mem_rdata_q;
      StOutCrc1: tx_data = crc_q[15:8];
      default: tx_data = crc_q[7:0];
    endcase
  end

  assign req_valid_o = st_q == StReq && !lost_q;
  assign req_write_o = cmd_q == CmdWrite;
  assign req_addr_o = addr_q;
  assign req_wdata_o = word_q;
  assign busy_o = st_q == StReq || st_q == StRsp || st_q == StWait;
  assign rx_open_o = receiving;
  assign work_o = st_q > StCrc0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      st_q <= StHunt;
      kept_q <= 1'b0;
      kept_seq_q <= '0;
      lost_q <= 1'b0;
    end else begin
      st_q <= st_d;
      if (st_q == StJudge && crc_q == '0) begin
        kept_q <= cmd_q != CmdPing;
        kept_seq_q <= seq_q;
      end
      if (rsp_valid_i) lost_q <= 1'b0;
      else if (st_q == StRsp && access_late) lost_q <= 1'b1;
    end
  end

  wire crc_byte = (receiving && rx_valid) || (tx_take && st_q != StOutSync && st_q != StOutCrc1);
  always_ff @(posedge clk_i) begin
    if (st_q == StHunt || st_q == StOutSync) crc_q <= '1;
    else if (crc_byte) crc_q <= crc_step(crc_q, out ? tx_data : rx_data);
    if (st_q == StLen && rx_valid) len_q <= rx_data;
    if (st_q == StSeq && rx_valid) seq_q <= rx_data;
    if (st_q == StCmd && rx_valid) cmd_q <= rx_data;
    if (st_q == StHunt || st_q == StOutSync) at_q <= '0;
    else if ((st_q == StPayload && rx_valid) || (st_q == StOutPayload && tx_take)) at_q <= at_q + 8'd1;

    timer_q <= st_q != st_d || rx_valid ? '0 : timer_q + 24'd1;

    if (st_q == StJudge) begin
      answer_q <= crc_q != '0 ? AnswerAgain : cmd_q == CmdPing ? AnswerPing : AnswerStored;
    end else if (gap) begin
      answer_q <= AnswerAgain;
    end
    if (st_q == StJudge && crc_q == '0 && !repeated) begin
      kept_len_q <= '0;
      kept_status_q <= StatusBad;
    end else if (store) begin
      kept_len_q <= kept_len_q + 8'd1;
    end
    if (st_q == StHead) kept_status_q <= cmd_q == CmdWait || !head_bad ? StatusOk : StatusBad;
    else if (access_end && rsp_error_i) kept_status_q <= StatusBus;
    else if (access_late) kept_status_q <= StatusTimeout;
    else if (st_q == StSegment && rest != '0 && rest < 8'd8) kept_status_q <= StatusBad;

    if (st_q == StJudge) pos_q <= '0;
    else if (st_q == StFetch && step_q != 3'd4) pos_q <= pos_q + 8'd1;
    if (st_q != st_d) step_q <= '0;
    else step_q <= step_q + 3'd1;
    if (st_q == StJudge || st_q == StSegment) head_q <= 1'b1;
    else if (st_q == StHead) head_q <= 1'b0;

    if (st_q == StFetch && step_q != '0) word_q <= {mem_rdata_q, word_q[31:8]};
    else if (access_end) word_q <= rsp_rdata_i;
    else if (store) word_q <= {8'd0, word_q[31:8]};
    else if (st_q == StWait) word_q <= word_q - 32'd1;

    if (st_q == StHead) begin
      addr_q <= word_q[23:0];
      left_q <= word_q[29:24];
    end else if (access_end) begin
      addr_q <= addr_q + 24'd4;
      left_q <= left_q - 6'd1;
    end
  end
endmodule
`default_nettype wire
