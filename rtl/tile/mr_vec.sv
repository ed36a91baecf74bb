// SPDX-License-Identifier: Apache-2.0
// Vector unit of a tile: NORM, QUANT, ROPE, ADD, SILU_MUL, EMBED and TOP_K (docs/tile_isa.md), two f32 elements a cycle.
//
// Lanes       lanes of the weight memory word, 1, 2, 4 or 8: only EMBED's row order depends on it.
// VdW XaW WaW address bits of VMEM (elements, 7..20), XMEM (blocks, 1..16) and WMEM (words, 1..24).
// ClockGate   no clock at rest (mr_unit_clock).
//
// Command     (docs/interfaces.md section 2) start_i for one cycle while busy_o is low, with the fields of the descriptor:
//             addresses absolute, in elements (VMEM), blocks (XMEM) or words (WMEM). The sequencer has checked operation, spans
//             and lengths; address bits above a memory are ignored. busy_o rises in the next cycle and falls when everything is
//             written; err_o is valid in the last busy cycle: 0, or 3 for EMBED of a token >= rows, which is busy for one cycle and
//             writes nothing.
// VMEM        read ports A and B: data one cycle after *_en_o, used in that cycle only; write port with one enable an
//             element. Addresses count pairs. Never stalled.
// XMEM        write port, one block a cycle.   WMEM  read port for EMBED: data two cycles after wm_en_o, held until the next.
// Sources may be the destination (same address) in NORM, ROPE, ADD and SILU_MUL.
//
// Cycles from start_i to the first cycle with busy_o low, exact:
//   NORM n + 42, QUANT n/2 + 38, ROPE n/2 + 17, ADD n/2 + 8, SILU_MUL n + 24, EMBED 16 nb + 10, TOP_K k (n/2 + 2) + 4.
// How: pairs are issued back to back; bit t of a shift register says that a pair (SILU_MUL: an element) was issued t cycles
// ago, and every unit is started by one bit of it. Read enables are registered and what is read is registered again before
// it is used, as the memories are slow and far away. Reset clears the control state. Test: tests/rtl/vec.
`default_nettype none
`include "mr_assert.vh"
module mr_vec #(
  parameter int Lanes = 2,
  parameter int VdW = 13,
  parameter int XaW = 6,
  parameter int WaW = 12,
  parameter bit ClockGate = 1'b0
) (
  input  wire                  clk_i,
  input  wire                  rst_ni,
  // command
  input  wire                  start_i,
  input  wire  [3:0]           op_i,          // opcode
  input  wire                  fmt_i,         // EMBED: rows are Q4_0
  input  wire  [31:0]          dst_i,
  input  wire  [31:0]          a_i,           // x, a, g
  input  wire  [31:0]          b_i,           // weight, F, b, u, index base, WMEM word
  input  wire  [31:0]          n_i,           // elements (not EMBED)
  input  wire  [31:0]          rows_i,        // EMBED
  input  wire  [31:0]          nb_i,          // EMBED: blocks a row
  input  wire  [31:0]          hd_i,          // ROPE
  input  wire  [31:0]          k_i,           // TOP_K
  input  wire  [31:0]          imm0_i,        // NORM: eps
  input  wire  [31:0]          imm1_i,        // NORM: inv_n
  input  wire  [17:0]          token_i,
  input  wire  [17:0]          pos_i,
  output logic                 busy_o,
  output logic [3:0]           err_o,
  // VMEM
  output logic                 ra_en_o,
  output logic [VdW-2:0]       ra_addr_o,
  input  wire  [63:0]          ra_data_i,
  output logic                 rb_en_o,
  output logic [VdW-2:0]       rb_addr_o,
  input  wire  [63:0]          rb_data_i,
  output logic [1:0]           w_en_o,
  output logic [VdW-2:0]       w_addr_o,
  output logic [63:0]          w_data_o,
  // XMEM
  output logic                 xw_en_o,
  output logic [XaW-1:0]       xw_addr_o,
  output logic [271:0]         xw_data_o,
  // WMEM
  output logic                 wm_en_o,
  output logic [WaW-1:0]       wm_addr_o,
  input  wire  [Lanes*288-1:0] wm_data_i
);
  localparam int PairW = VdW - 1;
  localparam int LanesLog2 = $clog2(Lanes);
  localparam int LaneW = Lanes > 1 ? LanesLog2 : 1;
  localparam int CwW = PairW > XaW ? PairW : XaW;

  localparam logic [3:0] OpNorm = 4'd1;
  localparam logic [3:0] OpQuant = 4'd2;
  localparam logic [3:0] OpRope = 4'd4;
  localparam logic [3:0] OpAdd = 4'd5;
  localparam logic [3:0] OpSilu = 4'd6;
  localparam logic [3:0] OpEmbed = 4'd7;
  localparam logic [3:0] OpTopk = 4'd8;

  localparam logic [3:0] ErrToken = 4'd3;

  localparam logic [31:0] One = 32'h3F800000;
  localparam logic [31:0] Inv127 = 32'h3C010204;

  // Latencies of the arithmetic units in cycles.
  localparam int Mul = 3;
  localparam int Add = 4;                     // reduce8 needs exactly 4: two lanes of four partial sums
  localparam int Sfu = 5;
  localparam int Cvt = 2;                     // i2f, f2h, f2i8

  // Taps: cycles between the issue of a pair and the step. What a read that starts at tap t (registered: on the port at t + 1)
  // returns is on the port at t + Raw and in a register from t + Reg on.
  localparam int Raw = 2;
  localparam int Reg = 3;
  localparam int NormMul1 = Reg + Mul;
  localparam int NormAcc = Reg + Mul;
  localparam int NormEnd = NormMul1 + Mul;
  localparam int QuScale = Reg + 1;           // amax complete, into M1
  localparam int QuF2h = QuScale + Mul;
  localparam int QuRecip = QuF2h + Cvt + 1;   // the scale as f32 is in a register
  localparam int QuInv = QuRecip + Sfu;       // inv arrives, in a register one cycle later
  localparam int QuMul = QuInv + 16;          // the second pass starts when the block's inv is there
  localparam int QuCvt = QuMul + Mul;
  localparam int QuPack = QuCvt + Cvt;
  localparam int QuEnd = QuPack + 1;
  localparam int RoSfu = Reg + 1;             // after the phase product
  localparam int RoMul = RoSfu + Sfu;
  localparam int RoAdd = RoMul + Mul;
  localparam int RoEnd = RoAdd + Add;
  localparam int AdEnd = Reg + Add;
  localparam int SiAdd = Reg + Sfu;
  localparam int SiRecip = SiAdd + Add;
  localparam int SiMul0 = SiRecip + Sfu;
  localparam int SiMul1 = SiMul0 + Mul;
  localparam int SiEnd = SiMul1 + Mul;
  localparam int EmMul = Raw + 2;             // integers in one cycle, conversion in one
  localparam int EmEnd = EmMul + Mul;
  localparam int TkEnd = Reg + 2;
  localparam int TkIssue = TkEnd + 1 - Reg;   // the next pass starts: its first pair comes after the bound
  localparam int Taps = QuEnd;

  // NORM's scalar steps, in cycles after the last issue of the first pass.
  // The tree adds the adder's result to the one of two cycles ago. A result stays until the next one, so the last step
  // waits a cycle for the first of its two operands to get that old.
  localparam int NoTreeA = NormAcc + Add;     // of both lanes: partials 0 and 2 one cycle earlier, 1 and 3
  localparam int NoTreeB = NoTreeA + Add + 1;
  localparam int NoTreeC = NoTreeB + Add;
  localparam int NoMean = NoTreeC + Add;
  localparam int NoEps = NoMean + Mul;
  localparam int NoRsqrt = NoEps + Add;
  localparam int NoR = NoRsqrt + Sfu;         // r arrives, in a register one cycle later
  localparam int NoIssue = NoR + 1 - Reg;     // the second pass starts: its first pair meets r

  localparam logic [2:0] StIdle = 3'd0;
  localparam logic [2:0] StSetup = 3'd1;      // EMBED: address of the row, two cycles
  localparam logic [2:0] StIssue = 3'd2;
  localparam logic [2:0] StWait = 3'd3;       // between two passes
  localparam logic [2:0] StDrain = 3'd4;
  localparam logic [2:0] StErr = 3'd5;

  // ---- command -------------------------------------------------------------------------------------------------------
  wire clk;
  mr_unit_clock #(.Gate(ClockGate)) u_clock (.clk_i, .rst_ni, .start_i, .busy_i(busy_o), .clk_o(clk));

  logic [2:0]       st_q;
  logic [2:0]       st_d;
  logic [31:0]      phase;                    // phase product; EMBED: blocks before the token's group
  logic [31:0]      b_q;
  logic [PairW-1:0] a_q;
  logic [31:0]      imm0_q;                   // NORM: eps; SILU_MUL: 1
  logic [31:0]      imm1_q;                   // NORM: inv_n; QUANT: 1/127; EMBED: nb
  logic [17:0]      mul_a_q;                  // ROPE: pos; EMBED: row group of the token
  logic [6:0]       fwords_q;                 // ROPE: frequency words a head - 1
  logic             q4_q;
  logic [1:0]       row_q;                    // EMBED: row inside its lane's group of four
  logic [LaneW-1:0] lane_q;
  logic [VdW-1:0]   len_q;                    // issues a pass - 1
  logic [VdW-1:0]   left_q;                   // issues to come after this one
  logic [5:0]       passes_q;                 // passes to come after this one
  logic [5:0]       post_q;                   // cycles since the last issue
  logic [5:0]       drain_q;                  // its value in the last busy cycle
  logic [3:0]       c_q;                      // cycles since the first issue, mod 16
  logic             pass2_q;
  logic             acc_first_q;              // NORM's scalar steps
  logic             tree_q, tree_last_q, mean_q, eps_q;
  logic             norm_q, quant_q, rope_q, add_q, silu_q, embed_q, topk_q;
  logic [Taps:1]    v_q;

  wire busy = st_q != StIdle;
  wire issue = st_q == StIssue;
  wire last_issue = issue && left_q == '0;
  wire [Taps:0] v = {v_q, issue};
  assign busy_o = busy;
  assign err_o = st_q == StErr ? ErrToken : '0;

  wire token_bad = op_i == OpEmbed && {14'd0, token_i} >= rows_i;
  logic [VdW-1:0] issues;                     // a pass - 1
  always_comb begin
    case (op_i)
      OpSilu: issues = n_i[VdW-1:0] - VdW'(1);
      OpEmbed: issues = {nb_i[VdW-5:0], 4'd0} - VdW'(1);
      default: issues = n_i[VdW:1] - VdW'(1);
    endcase
  end
  logic [5:0] drain;
  always_comb begin
    case (op_i)
      OpNorm: drain = 6'(NormEnd);
      OpQuant: drain = 6'(QuEnd);
      OpRope: drain = 6'(RoEnd);
      OpAdd: drain = 6'(AdEnd);
      OpSilu: drain = 6'(SiEnd);
      OpEmbed: drain = 6'(EmEnd);
      default: drain = 6'(TkEnd);
    endcase
  end
  wire unused_ok = &{1'b0, dst_i, a_i, n_i, nb_i, k_i, hd_i, phase[31]};  // upper bits

  // ---- sequence ------------------------------------------------------------------------------------------------------
  wire resume = st_q == StWait && post_q == (norm_q ? 6'(NoIssue - 1) : 6'(TkIssue - 1));
  always_comb begin
    st_d = st_q;
    case (st_q)
      StIdle: if (start_i) st_d = token_bad ? StErr : op_i == OpEmbed ? StSetup : StIssue;
      StSetup: if (post_q == 6'd1) st_d = StIssue;
      StIssue: if (last_issue) st_d = passes_q != '0 ? StWait : StDrain;
      StWait: if (resume) st_d = StIssue;
      StDrain: if (post_q == drain_q) st_d = StIdle;
      default: st_d = StIdle;
    endcase
  end

  always_ff @(posedge clk) begin
    if (!rst_ni) begin
      st_q <= StIdle;
      v_q <= '0;
    end else begin
      st_q <= st_d;
      v_q <= busy ? v[Taps-1:0] : '0;
    end
  end

  // The fields are taken in every idle cycle, the one with start_i included: the start, which is late, enables st_q only.
  always_ff @(posedge clk) begin
    if (!busy) begin
      b_q <= b_i;
      a_q <= a_i[VdW-1:1];
      imm0_q <= op_i == OpSilu ? One : imm0_i;
      imm1_q <= op_i == OpEmbed ? nb_i : op_i == OpQuant ? Inv127 : imm1_i;
      mul_a_q <= op_i == OpEmbed ? token_i >> (LanesLog2 + 2) : pos_i;
      fwords_q <= 7'(hd_i[9:2] - 8'd1);
      q4_q <= fmt_i;
      row_q <= 2'(token_i >> LanesLog2);
      lane_q <= Lanes > 1 ? token_i[LaneW-1:0] : '0;
      len_q <= issues;
      left_q <= issues;
      passes_q <= op_i == OpNorm ? 6'd1 : op_i == OpTopk ? 6'(k_i - 32'd1) : 6'd0;
      post_q <= '0;
      c_q <= '0;
      pass2_q <= 1'b0;
      {acc_first_q, tree_q, tree_last_q, mean_q, eps_q} <= '0;
      norm_q <= op_i == OpNorm;
      quant_q <= op_i == OpQuant;
      rope_q <= op_i == OpRope;
      add_q <= op_i == OpAdd;
      silu_q <= op_i == OpSilu;
      embed_q <= op_i == OpEmbed;
      topk_q <= op_i == OpTopk;
      drain_q <= drain;
    end else begin
      if (st_q != StSetup) c_q <= c_q + 4'd1;
      if (issue) left_q <= left_q - VdW'(1);
      if (resume) begin
        left_q <= len_q;
        passes_q <= passes_q - 6'd1;
        pass2_q <= 1'b1;
      end
      if (issue || (st_q == StSetup && st_d != StSetup)) post_q <= {5'd0, last_issue};
      else post_q <= post_q + 6'd1;
      if (norm_q && !pass2_q) begin           // one cycle ahead, so that operand selects are registers
        acc_first_q <= v[NormAcc-1] && !v[NormAcc+Add-1];
        tree_q <= post_q == 6'(NoTreeA - 2) || post_q == 6'(NoTreeA - 1) || post_q == 6'(NoTreeB - 1);
        tree_last_q <= post_q == 6'(NoTreeC - 1);
        mean_q <= post_q == 6'(NoMean - 1);
        eps_q <= post_q == 6'(NoEps - 1);
      end
    end
  end

  // ---- strobes -------------------------------------------------------------------------------------------------------
  logic [1:0] m0_v;
  logic [1:0] m1_v;
  logic [1:0] add_v;
  logic       s0_v, s1_v, phase_v, r_v;
  logic       ra_en, rb_en, ru_en;            // ru: SILU_MUL's second stream on port B
  logic       ra_q, rb_q, ru_q, rb_any_q, wm_q;  // the same on the ports
  logic       ra_new_q, rb_new_q;             // new data on the ports
  logic       amax_v, amax_first, scale_v, q_v, pack_first;
  logic       emb_v, emb_first, tk_v;
  logic       take_d, take_q, block_d, block_q;
  logic [1:0] w_d, w_q;
  logic       wm_en;

  // Position of the stream in a block of 16 issues: is issue number i (mod 16) at this tap?
  function automatic is_at(input [3:0] c, input int tap, input int i);
    is_at = c == 4'(tap + i);
  endfunction
  function automatic is_odd(input c0, input int tap);
    is_odd = c0 ^ ((tap & 1) != 0);
  endfunction

  // The flags are one hot and cleared shift register bits need no look at the state: ANDs and ORs of registers.
  wire pass1 = norm_q && !pass2_q;
  wire norm2 = norm_q && pass2_q;
  always_comb begin
    // reads; ROPE's pair of frequencies serves two pairs of elements, SILU_MUL's pair two elements
    ra_en = (issue && (norm_q || add_q || topk_q)) || (quant_q && v[QuMul-Reg]) || (rope_q && v[RoMul-Reg])
         || (silu_q && v[SiMul0-Reg] && !is_odd(c_q[0], SiMul0 - Reg));
    rb_en = (issue && (quant_q || add_q || ((rope_q || silu_q) && !c_q[0]))) || (norm2 && v[NormMul1-Reg]);
    ru_en = silu_q && v[SiMul1-Reg] && !is_odd(c_q[0], SiMul1 - Reg);
    wm_en = embed_q && issue && c_q == 4'd0;
    // shared units
    m0_v[1] = (norm_q && v[Reg]) || (quant_q && v[QuMul]) || (rope_q && v[RoMul]) || (embed_q && v[EmMul]);
    m0_v[0] = m0_v[1] || (silu_q && v[SiMul0]);
    m1_v[1] = (norm2 && v[NormMul1]) || (rope_q && v[RoMul]);
    m1_v[0] = m1_v[1] || mean_q || (quant_q && v[QuScale] && is_at(c_q, QuScale, 15)) || (silu_q && v[SiMul1]);
    add_v[1] = tree_q || (pass1 && v[NormAcc]) || (rope_q && v[RoAdd]) || (add_q && v[Reg]);
    add_v[0] = add_v[1] || tree_last_q || eps_q || (silu_q && v[SiAdd]);
    s0_v = (rope_q && v[RoSfu]) || (silu_q && v[Reg]);
    s1_v = (pass1 && post_q == 6'(NoRsqrt)) || (quant_q && v[QuRecip] && is_at(c_q, QuRecip, 15)) || (rope_q && v[RoSfu])
        || (silu_q && v[SiRecip]);
    phase_v = (rope_q && v[Reg]) || st_q == StSetup;
    r_v = (norm2 && v[NoR-NoIssue] && !v[NoR-NoIssue+1]) || (quant_q && v[QuInv] && is_at(c_q, QuInv, 15))
       || (embed_q && v[EmMul-1] && is_at(c_q, EmMul - 1, 0));
    // QUANT, EMBED, TOP_K
    amax_v = quant_q && v[Reg];
    amax_first = is_at(c_q, Reg, 0);
    scale_v = quant_q && v[QuF2h] && is_at(c_q, QuF2h, 15);
    q_v = quant_q && v[QuCvt];
    pack_first = is_at(c_q, QuPack, 0);
    emb_v = embed_q && v[Raw];
    emb_first = is_at(c_q, Raw, 0);
    tk_v = topk_q && v[Reg];
    // results, a cycle ahead
    take_d = topk_q && v[TkEnd-1] && !v[TkEnd-2];
    block_d = quant_q && v[QuEnd-1] && is_at(c_q, QuEnd - 1, 15);
    w_d = {2{(norm2 && v[NormEnd-1]) || (rope_q && v[RoEnd-1]) || (add_q && v[AdEnd-1]) || (embed_q && v[EmEnd-1]) || take_d}}
        | ({is_odd(c_q[0], SiEnd - 1), !is_odd(c_q[0], SiEnd - 1)} & {2{silu_q && v[SiEnd-1]}});
  end
  always_ff @(posedge clk) begin
    if (!rst_ni) begin
      {ra_q, rb_q, ru_q, rb_any_q, wm_q, take_q, block_q, w_q} <= '0;
    end else begin
      ra_q <= ra_en;
      rb_q <= rb_en;
      ru_q <= ru_en;
      rb_any_q <= rb_en || ru_en;
      wm_q <= wm_en;
      take_q <= take_d;
      block_q <= block_d;
      w_q <= w_d;
    end
  end
  assign ra_en_o = ra_q;
  assign rb_en_o = rb_any_q;
  assign w_en_o = w_q;
  assign xw_en_o = block_q;
  assign wm_en_o = wm_en;

  // ---- addresses -----------------------------------------------------------------------------------------------------
  logic [PairW-1:0] ca_q;                     // port A
  logic [PairW-1:0] cb_q;                     // port B
  logic [PairW-1:0] cu_q;                     // port B, second stream
  logic [CwW-1:0]   cw_q;                     // VMEM or XMEM write
  logic [WaW-1:0]   cm_q;                     // WMEM
  logic [6:0]       cf_q;                     // ROPE: frequency words left in the head
  logic [PairW-1:0] ct_q;                     // TOP_K: pair index
  assign ra_addr_o = ca_q;
  assign rb_addr_o = ru_q ? cu_q : cb_q;
  assign w_addr_o = cw_q[PairW-1:0];
  assign xw_addr_o = cw_q[XaW-1:0];
  assign wm_addr_o = cm_q;

  always_ff @(posedge clk) begin
    if (!busy) begin
      ca_q <= a_i[VdW-1:1];
      cb_q <= op_i == OpQuant || op_i == OpSilu ? a_i[VdW-1:1] : b_i[VdW-1:1];
      cu_q <= b_i[VdW-1:1];
      cw_q <= op_i == OpQuant ? CwW'(dst_i[XaW-1:0]) : CwW'(dst_i[VdW-1:1]);
      cf_q <= 7'(hd_i[9:2] - 8'd1);
      ct_q <= '0;
    end else begin
      if (ra_q) ca_q <= ca_q + PairW'(1);
      if (resume) ca_q <= a_q;
      if (rb_q) cb_q <= cb_q + PairW'(1);
      if (rb_q && rope_q) begin
        cf_q <= cf_q - 7'd1;
        if (cf_q == '0) begin
          cf_q <= fwords_q;
          cb_q <= b_q[VdW-1:1];
        end
      end
      if (ru_q) cu_q <= cu_q + PairW'(1);
      if (w_q[1] || block_q) cw_q <= cw_q + CwW'(1);
      if (take_q) ct_q <= '0;
      else if (tk_v) ct_q <= ct_q + PairW'(1);
      if (st_q == StSetup) begin
        cm_q <= q4_q ? WaW'(b_q + {phase[30:0], 1'b0}) + WaW'(row_q[1])
                     : WaW'(b_q + {phase[29:0], 2'b00}) + WaW'(row_q);
      end else if (wm_q) begin
        cm_q <= cm_q + (q4_q ? WaW'(2) : WaW'(4));
      end
    end
  end
  always_ff @(posedge clk) begin
    ra_new_q <= ra_q;
    rb_new_q <= rb_any_q;
  end

  // ---- arithmetic ----------------------------------------------------------------------------------------------------
  logic [63:0] ra_pair;                       // pairs read last
  logic [61:0] b_mag;
  logic [63:0] m0_y;
  logic [63:0] m1_y;
  logic [63:0] add_y;
  logic [63:0] emb_q;
  logic [15:0] emb_d;
  logic [30:0] amax;
  logic [15:0] qd;
  logic        q_zero;
  logic [PairW:0] best_idx;
  logic [31:0] best_x;

  mr_vec_alu u_alu (
    .clk_i(clk), .rst_ni,
    .live_i(busy),
    .is_norm_i(norm_q),
    .is_quant_i(quant_q),
    .is_rope_i(rope_q),
    .is_add_i(add_q),
    .is_silu_i(silu_q),
    .is_embed_i(embed_q),
    .ra_i(ra_data_i),
    .rb_i(rb_data_i),
    .ra_new_i(ra_new_q),
    .rb_new_i(rb_new_q),
    .odd_i(is_odd(c_q[0], Reg)),
    .emb_q_i(emb_q),
    .amax_i(amax),
    .scale_i(embed_q ? emb_d : qd),
    .imm0_i(imm0_q),
    .imm1_i(imm1_q),
    .mul_a_i(mul_a_q),
    .m0_v_i(m0_v),
    .m1_v_i(m1_v),
    .add_v_i(add_v),
    .s0_v_i(s0_v),
    .s1_v_i(s1_v),
    .phase_v_i(phase_v),
    .r_v_i(r_v),
    .r_zero_i(quant_q && q_zero),
    .pass2_i(pass2_q),
    .acc_first_i(acc_first_q),
    .tree_i(tree_q),
    .tree_last_i(tree_last_q),
    .mean_i(mean_q),
    .eps_i(eps_q),
    .ra_o(ra_pair),
    .b_mag_o(b_mag),
    .m0_y_o(m0_y),
    .m1_y_o(m1_y),
    .add_y_o(add_y),
    .phase_o(phase)
  );

  mr_vec_quant u_quant (
    .clk_i(clk), .rst_ni,
    .amax_v_i(amax_v),
    .amax_first_i(amax_first),
    .mag_i(b_mag),
    .amax_o(amax),
    .scale_v_i(scale_v),
    .scale_i(m1_y[31:0]),
    .d_o(qd),
    .zero_o(q_zero),
    .q_v_i(q_v),
    .scaled_i(m0_y),
    .pack_first_i(pack_first),
    .block_o(xw_data_o)
  );

  mr_vec_embed #(.Lanes(Lanes)) u_embed (
    .clk_i(clk), .rst_ni,
    .valid_i(emb_v),
    .first_i(emb_first),
    .pair_i(c_q - 4'(Raw)),
    .lane_i(lane_q),
    .q4_i(q4_q),
    .half_i(row_q[0]),
    .wm_data_i,
    .q_o(emb_q),
    .d_o(emb_d)
  );

  mr_vec_topk #(.PairW(PairW)) u_topk (
    .clk_i(clk),
    .clear_i(!busy),
    .valid_i(tk_v),
    .idx_i(ct_q),
    .x_i(ra_pair),
    .take_i(take_q),
    .best_idx_o(best_idx),
    .best_x_o(best_x)
  );

  always_comb begin
    w_data_o = add_y;                         // ROPE, ADD
    if (norm_q) w_data_o = m1_y;
    if (silu_q) w_data_o = {m1_y[31:0], m1_y[31:0]};
    if (embed_q) w_data_o = m0_y;
    if (topk_q) w_data_o = {best_x, b_q + 32'(best_idx)};
  end

  `MR_ASSERT(StartWhenIdle, !(start_i && busy))
  `MR_ASSERT(StateLegal, st_q <= StErr)
  `MR_ASSERT(PortBOnce, !(rb_en && ru_en))
endmodule
`default_nettype wire
