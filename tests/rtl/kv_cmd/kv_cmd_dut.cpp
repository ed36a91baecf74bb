// SPDX-License-Identifier: Apache-2.0
// Thin skin over the Verilated tb_kv_cmd with a C interface; see kv_cmd_dut.h.
#include "kv_cmd_dut.h"

#include "Vdut.h"
#include "verilated.h"

static Vdut *dut;

static void drive(const kv_cmd_io_t *io) {
    dut->rst_ni = io->rst_n;
    dut->cfg_start_i = io->cfg_start;
    dut->inj_owner_i = io->inject;
    dut->cfg_layers_i = static_cast<SData>(io->cfg.layers);
    dut->cfg_heads_i = static_cast<SData>(io->cfg.heads);
    dut->cfg_nbh_i = static_cast<CData>(io->cfg.nbh);
    dut->cfg_pages_i = io->cfg.pages;
    dut->cfg_chunk_i = io->cfg.chunk;
    dut->cfg_part_i = io->cfg.part;
    dut->cfg_step_i = static_cast<CData>(io->cfg.step);
    dut->kc_valid_i = io->kc_valid;
    dut->kc_op_i = static_cast<CData>(io->kc.op);
    dut->kc_slot_i = static_cast<CData>(io->kc.slot);
    dut->kc_layer_i = static_cast<CData>(io->kc.layer);
    dut->kc_head_i = static_cast<CData>(io->kc.head);
    dut->kc_kind_i = static_cast<CData>(io->kc.kind);
    dut->kc_pos_i = io->kc.pos;
    dut->kc_count_i = static_cast<CData>(io->kc.count);
    dut->ad_valid_i = io->ad_valid;
    dut->ad_op_i = static_cast<CData>(io->ad.op);
    dut->ad_slot_i = static_cast<CData>(io->ad.slot);
    dut->ad_src_i = static_cast<CData>(io->ad.src);
    dut->ad_len_i = io->ad.len;
    dut->job_ready_i = io->job_ready;
    dut->flush_done_i = io->flush_done;
    dut->pe_ready_i = io->pe_ready;
    dut->pe_done_i = io->pe_done;
}

extern "C" void kv_cmd_dut_settle(kv_cmd_io_t *io) {
    drive(io);
    dut->clk_i = 0;
    dut->eval();
    io->ready = dut->ready_o;
    io->kc_ready = dut->kc_ready_o;
    io->ad_ready = dut->ad_ready_o;
    io->ad_done = dut->ad_done_o;
    io->ad_status = dut->ad_status_o;
    io->job_valid = dut->job_valid_o;
    io->flush_req = dut->flush_req_o;
    io->pe_valid = dut->pe_valid_o;
    io->pe_urgent = dut->pe_urgent_o;
    io->used = dut->pages_used_o;
    io->dirty = dut->pages_dirty_o;
    io->clean = dut->pages_clean_o;
    for (int s = 0; s < 4; s++) {
        io->refused[s] = (dut->cnt_refused_o >> (16 * s)) & 0xFFFF;
    }
    io->job = {dut->job_append_o,
               dut->job_status_o,
               dut->job_key_o >> 24,
               (dut->job_key_o >> 16) & 0xFF,
               (dut->job_key_o >> 8) & 0xFF,
               dut->job_key_o & 1,
               dut->job_pos_o,
               dut->job_count_o,
               dut->job_base_o,
               dut->job_rot_o,
               dut->job_part_o,
               dut->job_off_o};
    io->pe = {dut->pe_copy_o, dut->pe_src_base_o, dut->pe_src_rot_o, dut->pe_dst_base_o,
              dut->pe_dst_rot_o};
    io->params = {dut->par_slots_o, dut->par_layers_o, dut->par_heads_o, dut->par_nbh_o,
                  dut->par_pages_o, dut->par_blocks_o, dut->par_ba_o,    dut->par_la_o};
}

extern "C" void kv_cmd_dut_edge(void) {
    dut->clk_i = 1;
    dut->eval();
}

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    dut = new Vdut{&context};
    const int status = kv_cmd_bench_main(argc, argv);
    dut->final();
    delete dut;
    return status;
}
