// SPDX-License-Identifier: Apache-2.0
// The DFI-like ports of KV channels in words for software: a command is {a, ba, bg, cmd} in 32 bits, a mask 32 bits; check bits of code
// word w stand in bits [8 w +: 8] of 64.
`default_nettype none
module dfi_words #(
  parameter int Channels = 1,
  parameter int DqBytes = 8,
  parameter int Codes = 4,
  parameter int ChkBits = 6
) (
  input  wire  [4*Channels-1:0]             cmd_i,
  input  wire  [2*Channels-1:0]             bg_i,
  input  wire  [3*Channels-1:0]             ba_i,
  input  wire  [18*Channels-1:0]            a_i,
  input  wire  [4*Channels-1:0]             cmd2_i,
  input  wire  [2*Channels-1:0]             bg2_i,
  input  wire  [3*Channels-1:0]             ba2_i,
  input  wire  [18*Channels-1:0]            a2_i,
  input  wire  [DqBytes*Channels-1:0]       mask_i,
  input  wire  [Codes*ChkBits*Channels-1:0] wrchk_i,
  input  wire  [Codes*Channels-1:0]         chkmask_i,
  output logic [Codes*ChkBits*Channels-1:0] rdchk_o,
  output logic [32*Channels-1:0]            dfi_o,
  output logic [32*Channels-1:0]            dfi2_o,
  output logic [32*Channels-1:0]            dfi_wrmask_o,
  output logic [64*Channels-1:0]            dfi_wrchk_o,
  output logic [32*Channels-1:0]            dfi_wrchkmask_o,
  input  wire  [64*Channels-1:0]            dfi_rdchk_i
);
  always_comb begin
    for (int c = 0; c < Channels; c = c + 1) begin
      dfi_o[c*32 +: 32]        = 32'({a_i[c*18 +: 18], ba_i[c*3 +: 3], bg_i[c*2 +: 2], cmd_i[c*4 +: 4]});
      dfi2_o[c*32 +: 32]       = 32'({a2_i[c*18 +: 18], ba2_i[c*3 +: 3], bg2_i[c*2 +: 2], cmd2_i[c*4 +: 4]});
      dfi_wrmask_o[c*32 +: 32] = 32'(mask_i[c*DqBytes +: DqBytes]);
      dfi_wrchkmask_o[c*32 +: 32] = 32'(chkmask_i[c*Codes +: Codes]);
    end
    dfi_wrchk_o = '0;
    for (int c = 0; c < Channels; c = c + 1) begin
      for (int w = 0; w < Codes; w = w + 1) begin
        dfi_wrchk_o[c*64 + 8*w +: 8] = 8'(wrchk_i[(c*Codes+w)*ChkBits +: ChkBits]);
        rdchk_o[(c*Codes+w)*ChkBits +: ChkBits] = dfi_rdchk_i[c*64 + 8*w +: ChkBits];
      end
    end
  end
  wire unused_ok = &{1'b0, dfi_rdchk_i};
endmodule
`default_nettype wire
