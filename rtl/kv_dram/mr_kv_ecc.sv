// SPDX-License-Identifier: Apache-2.0
// SECDED between mr_kv_backend and the PHY or device: a filter on the DFI port that widens every word by its check bits.
//
// Prof, WordBytes  as mr_kv_sched.   EccWord  data bits of a code word: 16, 32 or 64, at most 8 WordBytes; the word's code words lie side
// by side, code word w in bits [w EccWord +: EccWord] and check bits [w ChkBits +: ChkBits] (6, 7 or 8: mr_kv_ecc_pkg).
// OutReg  1: read words leave through a register.   PhyExtra  clocks a PHY adds to Rl at most.   TimeLog2, CntBits: mr_kv_ecc_log.
//
// up_*: the back end's dfi_* port, dn_*: the same port of the device. Commands and write words are one clock later on dn_*, read words 2
// clocks (OutReg 0: 1) later on up_*, in order; nothing stalls. The back end counts on the order of read words alone, so its timing stays
// as it is; only its FIFO of read words holds a burst longer. With PinRegs = 0 in the back end these registers are the pins' ones.
// dn_wrchkmask_o, a bit a code word: check bits not to be written. A code word is written whole or not at all (assertion): given for
// EccWord 16 always, 32 where nbh is even, 64 where it is a multiple of 4. up_wrpoison_i: the code words written by this word decode as
// poisoned, whatever their data. up_rderr_o: the word has a code word that cannot be corrected, its data is not to be used; up_rdfix_o: it
// has one that was corrected.
// Every word that can be read must have been written: pages are zeroed before their first use when ECC is on.
// en_i low: read words pass uncorrected, without errors or events; check bits are written all the same.
//
// Injection (registers, changed only while inj_en_i is low): inj_mask_i {check bits 8, data bits 64} is flipped in code word inj_cw_i of
// read words (inj_rd_i) or write words on their way: the first one behind the rise of inj_en_i and then each inj_every_i-th (0: no
// more). Counted are words that write (read) this code word and, with inj_match_i, stand at inj_addr_i (format of the log), word inj_beat_i
// of the burst; an address counts for commands that come two clocks behind its setting or later.
// log_*, first_*, cnt_*: mr_kv_ecc_log; an event is a word with errors, named by its worst code word (poisoned, double, single; then the
// lowest). A word counts as corrected, detected and poisoned once each, if any code word is. Tied-off ports cost nothing.
// Reset: as the back end's. Test: tests/rtl/kv_ecc. Proof of the code: formal/kv_ecc. See docs/kv_ecc.md.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_ecc #(
  parameter logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100,
  parameter int WordBytes = {16'd0, Prof[16*mr_kv_dev_pkg::IdxWordBytes +: 16]},
  parameter int EccWord = 16,
  parameter bit OutReg = 1'b1,
  parameter int PhyExtra = 8,
  parameter int TimeLog2 = 16,
  parameter int CntBits = 32,
  localparam int Bits  = 8 * WordBytes,
  localparam int Codes = Bits / EccWord,
  localparam int ChkBits = mr_kv_ecc_pkg::chk_bits(EccWord)
) (
  input  wire               clk_i,
  input  wire               rst_ni,
  input  wire               en_i,

  input  wire  [3:0]        up_cmd_i,
  input  wire  [1:0]        up_bg_i,
  input  wire  [2:0]        up_ba_i,
  input  wire  [17:0]       up_a_i,
  input  wire  [3:0]        up_cmd2_i,
  input  wire  [1:0]        up_bg2_i,
  input  wire  [2:0]        up_ba2_i,
  input  wire  [17:0]       up_a2_i,
  input  wire               up_wrdata_en_i,
  input  wire  [Bits-1:0]   up_wrdata_i,
  input  wire  [WordBytes-1:0] up_wrmask_i,
  input  wire               up_wrpoison_i,
  output logic              up_rddata_valid_o,
  output logic [Bits-1:0]   up_rddata_o,
  output logic              up_rderr_o,
  output logic              up_rdfix_o,

  output logic [3:0]        dn_cmd_o,
  output logic [1:0]        dn_bg_o,
  output logic [2:0]        dn_ba_o,
  output logic [17:0]       dn_a_o,
  output logic [3:0]        dn_cmd2_o,
  output logic [1:0]        dn_bg2_o,
  output logic [2:0]        dn_ba2_o,
  output logic [17:0]       dn_a2_o,
  output logic              dn_wrdata_en_o,
  output logic [Bits-1:0]   dn_wrdata_o,
  output logic [WordBytes-1:0] dn_wrmask_o,
  output logic [Codes*ChkBits-1:0] dn_wrchk_o,
  output logic [Codes-1:0]  dn_wrchkmask_o,
  input  wire               dn_rddata_valid_i,
  input  wire  [Bits-1:0]   dn_rddata_i,
  input  wire  [Codes*ChkBits-1:0] dn_rdchk_i,

  input  wire               inj_en_i,
  input  wire               inj_rd_i,
  input  wire               inj_match_i,
  input  wire  [31:0]       inj_addr_i,
  input  wire  [2:0]        inj_beat_i,
  input  wire  [2:0]        inj_cw_i,
  input  wire  [71:0]       inj_mask_i,
  input  wire  [15:0]       inj_every_i,

  input  wire               log_clear_i,
  input  wire               log_pop_i,
  output wire               log_valid_o,
  output wire  [63:0]       log_data_o,
  output wire  [4:0]        log_count_o,
  output wire  [7:0]        log_lost_o,
  output wire               first_valid_o,
  output wire  [63:0]       first_data_o,
  input  wire               cnt_clear_i,
  output wire  [31:0]       cnt_corrected_o,
  output wire  [31:0]       cnt_detected_o,
  output wire  [31:0]       cnt_poisoned_o,
  output wire  [31:0]       cnt_injected_o
);
  localparam logic [7:0] Bad = mr_kv_ecc_pkg::poison(EccWord);
  localparam logic [1:0] KindNone     = mr_kv_ecc_pkg::KindNone;
  localparam logic [1:0] KindSingle   = mr_kv_ecc_pkg::KindSingle;
  localparam logic [1:0] KindDouble   = mr_kv_ecc_pkg::KindDouble;
  localparam logic [1:0] KindPoisoned = mr_kv_ecc_pkg::KindPoisoned;
  localparam int ChunkBytes = EccWord / 8;

  // --- addresses of the words ---------------------------------------------------------------------------------------
  logic [31:0] rd_addr;
  logic [2:0]  rd_beat, wr_beat;
  logic        rd_match, wr_match;
  mr_kv_ecc_track #(.Prof(Prof), .PhyExtra(PhyExtra)) u_track (
    .clk_i, .rst_ni, .cmd_i(up_cmd_i), .bg_i(up_bg_i), .ba_i(up_ba_i), .a_i(up_a_i),
    .cmd2_i(up_cmd2_i), .bg2_i(up_bg2_i), .ba2_i(up_ba2_i), .a2_i(up_a2_i), .match_i(inj_addr_i),
    .rd_valid_i(dn_rddata_valid_i), .rd_addr_o(rd_addr), .rd_beat_o(rd_beat), .rd_match_o(rd_match),
    .wr_valid_i(up_wrdata_en_i), .wr_beat_o(wr_beat), .wr_match_o(wr_match)
  );

  // --- injection ----------------------------------------------------------------------------------------------------
  logic [Codes-1:0]  wr_code;           // code words that this write word writes
  logic [Codes-1:0]  cw_hot;
  logic              wr_here, rd_here, inj_wr, inj_rd, inj_now, due_q;
  logic [15:0]       left_q;
  assign wr_here = up_wrdata_en_i && (wr_code & cw_hot) != '0 && (!inj_match_i || (wr_match && wr_beat == inj_beat_i));
  assign rd_here = dn_rddata_valid_i && cw_hot != '0 && (!inj_match_i || (rd_match && rd_beat == inj_beat_i));
  assign inj_wr  = inj_en_i && due_q && !inj_rd_i && wr_here;
  assign inj_rd  = inj_en_i && due_q && inj_rd_i && rd_here;
  assign inj_now = inj_wr || inj_rd;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || !inj_en_i) begin
      due_q  <= 1'b1;
      left_q <= 16'd0;
    end else if (inj_now) begin
      due_q  <= inj_every_i == 16'd1;
      left_q <= (inj_every_i == 16'd0) ? 16'd0 : inj_every_i - 16'd1;
    end else if (left_q != 16'd0 && (inj_rd_i ? rd_here : wr_here)) begin
      due_q  <= left_q == 16'd1;
      left_q <= left_q - 16'd1;
    end
  end

  // --- code words ---------------------------------------------------------------------------------------------------
  logic [Bits-1:0]          wr_data, rd_data, data1_q, fixed;
  logic [Codes*ChkBits-1:0] wr_chk, rd_chk, syn, syn1_q;
  logic [Codes-1:0]         half;       // code words that this write word writes in part
  logic [2*Codes-1:0]       kinds;
  genvar w;
  generate
    for (w = 0; w < Codes; w = w + 1) begin : gen_code
      logic [ChunkBytes-1:0] mask;
      logic [ChkBits-1:0]    enc, dec;
      logic                  flip_wr, flip_rd;
      assign mask      = up_wrmask_i[ChunkBytes*w +: ChunkBytes];
      assign wr_code[w] = !mask[0];
      assign half[w]   = mask != {ChunkBytes{mask[0]}};
      assign cw_hot[w] = inj_cw_i == 3'(w);
      assign flip_wr   = inj_wr && cw_hot[w];
      assign flip_rd   = inj_rd && cw_hot[w];

      mr_kv_secded #(.DataBits(EccWord)) u_enc (.data_i(up_wrdata_i[EccWord*w +: EccWord]), .chk_o(enc));
      assign wr_data[EccWord*w +: EccWord] = up_wrdata_i[EccWord*w +: EccWord] ^ (inj_mask_i[EccWord-1:0] & {EccWord{flip_wr}});
      assign wr_chk[ChkBits*w +: ChkBits]  = enc ^ (Bad[ChkBits-1:0] & {ChkBits{up_wrpoison_i}})
                                                 ^ (inj_mask_i[64 +: ChkBits] & {ChkBits{flip_wr}});

      assign rd_data[EccWord*w +: EccWord] = dn_rddata_i[EccWord*w +: EccWord] ^ (inj_mask_i[EccWord-1:0] & {EccWord{flip_rd}});
      assign rd_chk[ChkBits*w +: ChkBits]  = dn_rdchk_i[ChkBits*w +: ChkBits] ^ (inj_mask_i[64 +: ChkBits] & {ChkBits{flip_rd}});
      mr_kv_secded #(.DataBits(EccWord)) u_dec (.data_i(rd_data[EccWord*w +: EccWord]), .chk_o(dec));
      assign syn[ChkBits*w +: ChkBits] = (dec ^ rd_chk[ChkBits*w +: ChkBits]) & {ChkBits{en_i}};
      mr_kv_secded_fix #(.DataBits(EccWord)) u_fix (
        .data_i(data1_q[EccWord*w +: EccWord]), .syn_i(syn1_q[ChkBits*w +: ChkBits]),
        .data_o(fixed[EccWord*w +: EccWord]), .kind_o(kinds[2*w +: 2])
      );
    end
  endgenerate

  // --- down ---------------------------------------------------------------------------------------------------------
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      dn_cmd_o       <= 4'd0;
      dn_cmd2_o      <= 4'd0;
      dn_wrdata_en_o <= 1'b0;
    end else begin
      dn_cmd_o       <= up_cmd_i;
      dn_cmd2_o      <= up_cmd2_i;
      dn_wrdata_en_o <= up_wrdata_en_i;
    end
    dn_bg_o  <= up_bg_i;
    dn_ba_o  <= up_ba_i;
    dn_a_o   <= up_a_i;
    dn_bg2_o <= up_bg2_i;
    dn_ba2_o <= up_ba2_i;
    dn_a2_o  <= up_a2_i;
    dn_wrdata_o    <= wr_data;
    dn_wrchk_o     <= wr_chk;
    dn_wrmask_o    <= up_wrmask_i;
    dn_wrchkmask_o <= ~wr_code;
  end

  // --- up: syndromes, then corrections ------------------------------------------------------------------------------
  logic        valid1_q, any_single, any_double, any_poisoned;
  logic [31:0] addr1_q;
  logic [2:0]  beat1_q, worst;
  logic [1:0]  worst_kind;
  logic [7:0]  worst_syn;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid1_q <= 1'b0;
    else valid1_q <= dn_rddata_valid_i;
    data1_q <= rd_data;
    syn1_q  <= syn;
    addr1_q <= rd_addr;
    beat1_q <= rd_beat;
  end

  always_comb begin
    any_single   = 1'b0;
    any_double   = 1'b0;
    any_poisoned = 1'b0;
    worst        = 3'd0;
    worst_kind   = KindNone;
    worst_syn    = 8'd0;
    for (int c = Codes - 1; c >= 0; c = c - 1) begin
      if (kinds[2*c +: 2] == KindSingle) any_single = 1'b1;
      if (kinds[2*c +: 2] == KindDouble) any_double = 1'b1;
      if (kinds[2*c +: 2] == KindPoisoned) any_poisoned = 1'b1;
      if (kinds[2*c +: 2] >= worst_kind) begin
        worst      = 3'(c);
        worst_kind = kinds[2*c +: 2];
        worst_syn  = 8'(syn1_q[ChkBits*c +: ChkBits]);
      end
    end
  end

  logic        ev_valid_q, ev_single_q, ev_double_q, ev_poisoned_q, injected_q;
  logic [47:0] ev_data_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {ev_valid_q, ev_single_q, ev_double_q, ev_poisoned_q, injected_q} <= '0;
    end else begin
      ev_valid_q    <= valid1_q && worst_kind != KindNone;
      ev_single_q   <= valid1_q && any_single;
      ev_double_q   <= valid1_q && any_double;
      ev_poisoned_q <= valid1_q && any_poisoned;
      injected_q    <= inj_now;
    end
    ev_data_q <= {worst_kind, worst_syn, worst, beat1_q, addr1_q};
  end

  generate
    if (OutReg) begin : gen_reg
      always_ff @(posedge clk_i) begin
        if (!rst_ni) up_rddata_valid_o <= 1'b0;
        else up_rddata_valid_o <= valid1_q;
        up_rddata_o <= fixed;
        up_rderr_o  <= any_double || any_poisoned;
        up_rdfix_o  <= any_single;
      end
    end else begin : gen_wires
      always_comb begin
        up_rddata_valid_o = valid1_q;
        up_rddata_o = fixed;
        up_rderr_o  = any_double || any_poisoned;
        up_rdfix_o  = any_single;
      end
    end
  endgenerate

  mr_kv_ecc_log #(.TimeLog2(TimeLog2), .CntBits(CntBits)) u_log (
    .clk_i, .rst_ni, .ev_valid_i(ev_valid_q), .ev_data_i(ev_data_q), .ev_single_i(ev_single_q), .ev_double_i(ev_double_q),
    .ev_poisoned_i(ev_poisoned_q), .injected_i(injected_q),
    .log_clear_i, .log_pop_i, .log_valid_o, .log_data_o, .log_count_o, .log_lost_o, .first_valid_o, .first_data_o,
    .cnt_clear_i, .cnt_corrected_o, .cnt_detected_o, .cnt_poisoned_o, .cnt_injected_o
  );

  wire unused_ok = &{1'b0, inj_mask_i, half};

  initial if (EccWord > Bits || WordBytes > 16) $fatal(1, "%m: a word must hold a whole code word and at most 16 bytes");

  `MR_ASSERT(WholeCodeWords, !(up_wrdata_en_i && half != '0))
endmodule
`default_nettype wire
