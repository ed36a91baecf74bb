// SPDX-License-Identifier: Apache-2.0
// Frame for placing and routing mr_kv_top alone: SDR x16 at 100 MHz, Q8_0, 8 slots, 8 layers, 2 heads, 128 pages, 16 blocks a slot.
//
// scan_i shifts into the register that drives all inputs; every output ends in a register that is kept though nothing reads it. So each
// port starts or ends at a register, nothing can be optimised away, and the frame adds flip-flops but no LUT to the count.
// Ecc 1: with ECC (a second device holds the check bits), its registers between registers too.
// For size and speed only: a bitstream of it does nothing useful.
`default_nettype none
module mr_kv_ooc #(
  parameter int Ecc = 0
) (
  input wire clk_i,
  input wire scan_i
);
  localparam logic [16*mr_kv_dev_pkg::Lanes-1:0] Prof = mr_kv_dev_pkg::Sdr100;
  localparam int LA = {16'd0, Prof[16*mr_kv_dev_pkg::IdxRowBits +: 16]} + {16'd0, Prof[16*mr_kv_dev_pkg::IdxColBits +: 16]}
                      + {16'd0, Prof[16*mr_kv_dev_pkg::IdxBgBits +: 16]};
  localparam int InW  = 2 + 9 + 9 + 6 + 17 + 2*LA + 2 + 1 + (1 + 2 + 24 + 1 + 18 + 6) + (1 + 272) + 1 + (1 + 2 + 16 + 18) + (1 + 16 + 1) + (2 + 7);
  localparam int OutW = 3 + 64 + 8 + 8 + 2 + 1 + 272 + 1 + 4 + (1 + 1 + 4) + 2*(4 + 2 + 3 + 18) + (1 + 16 + 2) + (1 + 16);

  logic [InW-1:0]             in_q;
  (* keep *) logic [OutW-1:0] out_q;
  logic [OutW-1:0]            out;
  wire unused_ok = ^out_q;

  always_ff @(posedge clk_i) begin
    in_q  <= {in_q[InW-2:0], scan_i};
    out_q <= out;
  end

  logic          rst_n, start, inj_owner;
  logic [8:0]    layers, heads;
  logic [5:0]    nbh, count;
  logic [16:0]   pages;
  logic [LA-1:0] chunk, part;
  logic [1:0]    step, op, ad_op;
  logic          kc_valid, kind, kw_valid, kr_ready, ad_valid, rd_valid, rd_err, snap, cnt_valid;
  logic [7:0]    slot, layer, head, ad_slot, ad_src;
  logic [17:0]   pos, ad_len;
  logic [271:0]  kw_block;
  logic [15:0]   rd_word;
  logic [6:0]    cnt_addr;
  assign {rst_n, start, layers, heads, nbh, pages, chunk, part, step, inj_owner, kc_valid, op, slot, layer, head, kind, pos, count,
          kw_valid, kw_block, kr_ready, ad_valid, ad_op, ad_slot, ad_src, ad_len, rd_valid, rd_word, rd_err, snap, cnt_valid,
          cnt_addr} = in_q;

  logic         ready, idle, pe_err, kc_ready, kw_ready, kr_valid, kr_last, ad_ready, ad_done, wr_en, cnt_done;
  logic [63:0]  refused;
  logic [7:0]   used, dirty;
  logic [271:0] kr_block;
  logic [3:0]   kr_status, ad_status, cmd, cmd2;
  logic [1:0]   bg, bg2, mask;
  logic [2:0]   ba, ba2;
  logic [17:0]  a, a2;
  logic [15:0]  wr_word, cnt_data;
  assign out = {ready, idle, pe_err, refused, used, dirty, kc_ready, kw_ready, kr_valid, kr_block, kr_last, kr_status, ad_ready, ad_done,
                ad_status, cmd, bg, ba, a, cmd2, bg2, ba2, a2, wr_en, wr_word, mask, cnt_done, cnt_data};

  // --- ECC: registers only where there is one -------------------------------------------------------------------------
  logic        ecc_en, inj_en, inj_rd, inj_match, log_clear, log_pop, cnt_clear, log_valid, first_valid, chk_mask;
  logic [15:0] gap;
  logic [31:0] patrol_pages, patrol_words;
  logic [31:0] inj_addr, corrected, detected, poisoned, injected;
  logic [2:0]  inj_beat, inj_cw;
  logic [71:0] inj_mask;
  logic [15:0] inj_every;
  logic [63:0] log_data, first_data;
  logic [4:0]  log_count;
  logic [7:0]  log_lost;
  logic [5:0]  wr_chk, rd_chk;
  generate
    if (Ecc != 0) begin : gen_ecc
      localparam int EccIn  = 7 + 32 + 6 + 72 + 16 + 6 + 16;
      localparam int EccOut = 1 + 64 + 5 + 8 + 1 + 64 + 6*32 + 6 + 1;
      logic [EccIn-1:0]             ecc_q;
      (* keep *) logic [EccOut-1:0] ecc_out_q;
      always_ff @(posedge clk_i) begin
        ecc_q     <= {ecc_q[EccIn-2:0], in_q[InW-1]};
        ecc_out_q <= {log_valid, log_data, log_count, log_lost, first_valid, first_data, corrected, detected, poisoned, injected,
                      wr_chk, chk_mask, patrol_pages, patrol_words};
      end
      assign {ecc_en, inj_en, inj_rd, inj_match, log_clear, log_pop, cnt_clear, inj_addr, inj_beat, inj_cw, inj_mask, inj_every,
              rd_chk, gap} = ecc_q;
      wire unused_ecc = ^ecc_out_q;
    end else begin : gen_none
      assign {ecc_en, inj_en, inj_rd, inj_match, log_clear, log_pop, cnt_clear, inj_addr, inj_beat, inj_cw, inj_mask, inj_every,
              rd_chk, gap} = '0;
      wire unused_ecc = &{1'b0, log_valid, log_data, log_count, log_lost, first_valid, first_data, corrected, detected, poisoned,
                          injected, wr_chk, chk_mask, patrol_pages, patrol_words};
    end
  endgenerate

  mr_kv_top #(.Prof(Prof), .Ecc(Ecc)) u_kv (
    .clk_i, .rst_ni(rst_n), .cfg_start_i(start), .cfg_layers_i(layers), .cfg_heads_i(heads), .cfg_nbh_i(nbh), .cfg_pages_i(pages),
    .cfg_chunk_i(chunk), .cfg_part_i(part), .cfg_step_i(step), .inj_owner_i(inj_owner), .ready_o(ready), .idle_o(idle),
    .pe_err_o(pe_err), .cnt_refused_o(refused), .pages_used_o(used), .pages_dirty_o(dirty),
    .kc_valid_i(kc_valid), .kc_ready_o(kc_ready), .kc_op_i(op), .kc_slot_i(slot), .kc_layer_i(layer), .kc_head_i(head),
    .kc_kind_i(kind), .kc_pos_i(pos), .kc_count_i(count), .kw_valid_i(kw_valid), .kw_ready_o(kw_ready), .kw_block_i(kw_block),
    .kr_valid_o(kr_valid), .kr_ready_i(kr_ready), .kr_block_o(kr_block), .kr_last_o(kr_last), .kr_status_o(kr_status),
    .ad_valid_i(ad_valid), .ad_ready_o(ad_ready), .ad_op_i(ad_op), .ad_slot_i(ad_slot), .ad_src_i(ad_src), .ad_len_i(ad_len),
    .ad_done_o(ad_done), .ad_status_o(ad_status),
    .dfi_cmd_o(cmd), .dfi_bg_o(bg), .dfi_ba_o(ba), .dfi_a_o(a), .dfi2_cmd_o(cmd2), .dfi2_bg_o(bg2), .dfi2_ba_o(ba2),
    .dfi2_a_o(a2), .dfi_wrdata_en_o(wr_en), .dfi_wrdata_o(wr_word), .dfi_wrmask_o(mask), .dfi_rddata_valid_i(rd_valid),
    .dfi_rddata_i(rd_word), .dfi_rderr_i(rd_err), .dfi_wrchk_o(wr_chk), .dfi_wrchkmask_o(chk_mask), .dfi_rdchk_i(rd_chk),
    .ecc_en_i(ecc_en), .ecc_inj_en_i(inj_en), .ecc_inj_rd_i(inj_rd), .ecc_inj_match_i(inj_match), .ecc_inj_addr_i(inj_addr),
    .ecc_inj_beat_i(inj_beat), .ecc_inj_cw_i(inj_cw), .ecc_inj_mask_i(inj_mask), .ecc_inj_every_i(inj_every),
    .ecc_log_clear_i(log_clear), .ecc_log_pop_i(log_pop), .ecc_log_valid_o(log_valid), .ecc_log_data_o(log_data),
    .ecc_log_count_o(log_count), .ecc_log_lost_o(log_lost), .ecc_first_valid_o(first_valid), .ecc_first_data_o(first_data),
    .ecc_cnt_clear_i(cnt_clear), .ecc_corrected_o(corrected), .ecc_detected_o(detected), .ecc_poisoned_o(poisoned),
    .ecc_injected_o(injected), .patrol_gap_i(gap), .patrol_pages_o(patrol_pages), .patrol_words_o(patrol_words),
    .axi_clear_i(1'b0), .axi_base_i(40'd0), .axi_busy_o(), .axi_err_clear_i(1'b0), .axi_wr_err_o(), .axi_wr_err_count_o(),
    .axi_wr_err_addr_o(), .axi_proto_err_o(), .axi_timeout_o(), .axi_awid_o(), .axi_awaddr_o(), .axi_awlen_o(), .axi_awsize_o(),
    .axi_awburst_o(), .axi_awlock_o(), .axi_awcache_o(), .axi_awprot_o(), .axi_awqos_o(), .axi_awvalid_o(), .axi_awready_i(1'b0),
    .axi_wdata_o(), .axi_wstrb_o(), .axi_wlast_o(), .axi_wvalid_o(), .axi_wready_i(1'b0), .axi_bid_i(4'd0), .axi_bresp_i(2'd0),
    .axi_bvalid_i(1'b0), .axi_bready_o(), .axi_arid_o(), .axi_araddr_o(), .axi_arlen_o(), .axi_arsize_o(), .axi_arburst_o(),
    .axi_arlock_o(), .axi_arcache_o(), .axi_arprot_o(), .axi_arqos_o(), .axi_arvalid_o(), .axi_arready_i(1'b0), .axi_rid_i(4'd0),
    .axi_rdata_i(16'd0), .axi_rresp_i(2'd0), .axi_rlast_i(1'b0), .axi_rvalid_i(1'b0), .axi_rready_o(),
    .cnt_snap_i(snap), .cnt_rd_valid_i(cnt_valid), .cnt_rd_addr_i(cnt_addr),
    .cnt_rd_done_o(cnt_done), .cnt_rd_data_o(cnt_data)
  );
endmodule
`default_nettype wire
