// SPDX-License-Identifier: Apache-2.0
// Thin skin over one Verilated kv_sim_top; see mr_kv_model.h. Compiled once a model with these
// macros: KV_CLASS Verilated class, KV_HEADER its header, KV_SYMBOL name of the table, KV_NAME and
// KV_PROFILE strings, KV_WORD_BYTES (0: the profile's), KV_BLOCK_BYTES, KV_ECC_WORD (0: no ECC),
// KV_AXI, KV_LIMITS {slots, layers, heads, nbh, pages, slot_blocks}.
#include <cstring>
#include <new>

#include KV_HEADER
#include "mr_kv_model.h"
#include "verilated.h"

namespace {

struct Dut {
    VerilatedContext context;
    KV_CLASS top;
    Dut() : top{&context} {
    }
};

KV_CLASS &top(void *dut) {
    return static_cast<Dut *>(dut)->top;
}

void *open_dut() {
    return new (std::nothrow) Dut;
}

void close_dut(void *dut) {
    top(dut).final();
    delete static_cast<Dut *>(dut);
}

void read_dfi(void *dut, mr_dram_dev_in_t *dfi, mr_dram_dev_in_t *chk) {
    KV_CLASS &t = top(dut);
    dfi->port[0] = {t.dfi_cmd_o, t.dfi_bg_o, t.dfi_ba_o, t.dfi_a_o};
    dfi->port[1] = {t.dfi2_cmd_o, t.dfi2_bg_o, t.dfi2_ba_o, t.dfi2_a_o};
    dfi->wr_en = t.dfi_wrdata_en_o;
    dfi->wr_mask = t.dfi_wrmask_o;
    if (dfi->wr_en) {
        std::memcpy(dfi->wr_data, &t.dfi_wrdata_o[0], 16);
    }
    if (KV_ECC_WORD != 0) {
        chk->port[0] = dfi->port[0];
        chk->port[1] = dfi->port[1];
        chk->wr_en = dfi->wr_en;
        chk->wr_mask = ~static_cast<uint64_t>(0xFF) | t.dfi_wrchkmask_o;
        std::memcpy(chk->wr_data, &t.dfi_wrchk_o, 8);
    }
}

void settle_ecc(KV_CLASS &t, const mr_kv_sim_ecc_in_t &in, mr_kv_sim_ecc_out_t *out) {
    t.ecc_en_i = !in.off;
    t.ecc_inj_en_i = in.inj_en;
    t.ecc_inj_rd_i = in.inj_rd;
    t.ecc_inj_match_i = in.inj_match;
    t.ecc_inj_addr_i = in.inj_addr;
    t.ecc_inj_beat_i = in.inj_beat & 7U;
    t.ecc_inj_cw_i = in.inj_cw & 7U;
    t.ecc_inj_data_i = in.inj_data;
    t.ecc_inj_chk_i = in.inj_chk;
    t.ecc_inj_every_i = in.inj_every;
    t.ecc_log_clear_i = in.log_clear;
    t.ecc_log_pop_i = in.log_pop;
    t.ecc_cnt_clear_i = in.cnt_clear;
    t.patrol_gap_i = in.patrol_gap;
    *out = {t.ecc_log_valid_o != 0, t.ecc_first_valid_o != 0, t.ecc_log_data_o,  t.ecc_first_data_o,
            t.ecc_log_count_o,      t.ecc_log_lost_o,         t.ecc_corrected_o, t.ecc_detected_o,
            t.ecc_poisoned_o,       t.ecc_injected_o,         t.patrol_pages_o,  t.patrol_words_o};
}

void read_axi(void *dut, mr_axi_pins_t *pins) {
    KV_CLASS &t = top(dut);
    pins->ar.valid = t.axi_arvalid_o;
    pins->ar.id = t.axi_arid_o;
    pins->ar.len = t.axi_arlen_o;
    pins->ar.size = t.axi_arsize_o;
    pins->ar.burst = t.axi_arburst_o;
    pins->ar.rest = t.axi_arrest_o;
    pins->ar.addr = t.axi_araddr_o;
    pins->aw.valid = t.axi_awvalid_o;
    pins->aw.id = t.axi_awid_o;
    pins->aw.len = t.axi_awlen_o;
    pins->aw.size = t.axi_awsize_o;
    pins->aw.burst = t.axi_awburst_o;
    pins->aw.rest = t.axi_awrest_o;
    pins->aw.addr = t.axi_awaddr_o;
    pins->w.valid = t.axi_wvalid_o;
    pins->w.last = t.axi_wlast_o;
    pins->w.strb = t.axi_wstrb_o;
    std::memcpy(pins->w.data, &t.axi_wdata_o[0], 16);
    pins->r.ready = t.axi_rready_o;
    pins->b.ready = t.axi_bready_o;
}

void settle_axi(KV_CLASS &t, const mr_kv_sim_in_t *in, const mr_axi_pins_t *pins,
                mr_kv_sim_out_t *out) {
    t.axi_clear_i = in->axi_clear;
    t.axi_base_i = KV_AXI_BASE;
    t.axi_err_clear_i = in->axi_err_clear;
    t.axi_arready_i = pins->ar.ready;
    t.axi_awready_i = pins->aw.ready;
    t.axi_wready_i = pins->w.ready;
    t.axi_bvalid_i = pins->b.valid;
    t.axi_bid_i = pins->b.id;
    t.axi_bresp_i = pins->b.resp;
    t.axi_rvalid_i = pins->r.valid;
    t.axi_rid_i = pins->r.id;
    t.axi_rresp_i = pins->r.resp;
    t.axi_rlast_i = pins->r.last;
    std::memcpy(&t.axi_rdata_i[0], pins->r.data, 16);
    out->axi_busy = t.axi_busy_o;
    out->axi_wr_err = t.axi_wr_err_o;
    out->axi_wr_errors = t.axi_wr_err_count_o;
    out->axi_wr_err_addr = t.axi_wr_err_addr_o;
    out->axi_proto_err = t.axi_proto_err_o;
    out->axi_timeout = t.axi_timeout_o;
}

void settle(void *dut, const mr_kv_sim_in_t *in, const mr_kv_sim_shape_t *shape,
            const mr_kv_model_in_t *more, mr_kv_sim_out_t *out) {
    KV_CLASS &t = top(dut);
    t.rst_ni = more->rst_n;
    t.cfg_start_i = in->cfg_start;
    t.cfg_layers_i = static_cast<uint16_t>(shape->layers);
    t.cfg_heads_i = static_cast<uint16_t>(shape->heads);
    t.cfg_nbh_i = static_cast<uint8_t>(shape->nbh);
    t.cfg_pages_i = shape->pages;
    t.cfg_chunk_i = shape->chunk;
    t.cfg_part_i = shape->part;
    t.cfg_step_i = static_cast<uint8_t>(shape->step);
    t.inj_owner_i = in->inj_owner;
    t.kc_valid_i = in->kc_valid;
    t.kc_op_i = in->kc.op & 3U;
    t.kc_slot_i = in->kc.slot;
    t.kc_layer_i = in->kc.layer;
    t.kc_head_i = in->kc.head;
    t.kc_kind_i = in->kc.kind & 1U;
    t.kc_pos_i = in->kc.pos & 0x3FFFFU;
    t.kc_count_i = in->kc.count & 63U;
    t.kw_valid_i = in->kw_valid;
    std::memcpy(&t.kw_block_i[0], in->kw_block, MR_KV_SIM_BLOCK);
    t.kr_ready_i = in->kr_ready;
    t.ad_valid_i = in->ad_valid;
    t.ad_op_i = in->ad.op & 3U;
    t.ad_slot_i = in->ad.slot;
    t.ad_src_i = in->ad.src;
    t.ad_len_i = in->ad.len & 0x3FFFFU;
    t.dfi_rddata_valid_i = more->rd_valid;
    std::memcpy(&t.dfi_rddata_i[0], more->rd_data, 16);
    t.dfi_rderr_i = more->rd_valid && in->rd_err;
    t.cnt_snap_i = more->snap;
    t.cnt_rd_valid_i = more->count_valid;
    t.cnt_rd_addr_i = more->count_addr & 127U;
    std::memcpy(&t.dfi_rdchk_i, more->rd_chk, 8);
    settle_ecc(t, in->ecc, &out->ecc);
    if (KV_AXI != 0) {
        settle_axi(t, in, more->axi, out);
    }
    t.clk_i = 0;
    t.eval();
    out->kc_ready = t.kc_ready_o;
    out->kw_ready = t.kw_ready_o;
    out->kr_valid = t.kr_valid_o;
    out->kr_last = t.kr_last_o;
    out->kr_status = t.kr_status_o;
    std::memcpy(out->kr_block, &t.kr_block_o[0], MR_KV_SIM_BLOCK);
    out->ad_ready = t.ad_ready_o;
    out->ad_done = t.ad_done_o;
    out->ad_status = t.ad_status_o;
    out->ready = t.ready_o;
    out->idle = t.idle_o;
    out->pe_err = t.pe_err_o;
    out->pages_used = t.pages_used_o;
    out->pages_dirty = t.pages_dirty_o;
    out->refused = t.cnt_refused_o;
}

bool read_count(void *dut, uint16_t *data) {
    *data = top(dut).cnt_rd_data_o;
    return top(dut).cnt_rd_done_o;
}

void edge(void *dut) {
    top(dut).clk_i = 1;
    top(dut).eval();
}

} // namespace

extern "C" const mr_kv_model_t KV_SYMBOL;
const mr_kv_model_t KV_SYMBOL = {
    KV_NAME,  KV_PROFILE, KV_WORD_BYTES, KV_BLOCK_BYTES, KV_ECC_WORD, KV_AXI != 0, KV_LIMITS,
    open_dut, close_dut,  read_dfi,      read_axi,       settle,      read_count,  edge};
