/* SPDX-License-Identifier: Apache-2.0 */
#include "kv_bound.h"

#include <inttypes.h>

enum {
    FRONT = 64,          /* clocks of the front end and of the ways through the modules */
    BUFFER_WORDS = 4096, /* at least those of the append buffer of every model */
    BUFFER_ROWS = 64     /* its entries, each in two rows */
};

/* Clocks of a burst that needs a row of its own and a change of direction. */
static uint64_t trip(const mr_dram_profile_t *p) {
    const uint16_t *l = p->lane;
    return (uint64_t)l[MR_DRAM_LANE_T_RC] + l[MR_DRAM_LANE_RL] + l[MR_DRAM_LANE_WL] +
           l[MR_DRAM_LANE_BURST_CLKS] + l[MR_DRAM_LANE_T_WR] + l[MR_DRAM_LANE_T_RTW];
}

static uint64_t bound_clocks(const bench_t *b, const pending_t *p) {
    const mr_dram_profile_t *d = b->sim.profile;
    const mr_kv_sim_shape_t *s = &b->sim.shape;
    const uint32_t burst = b->sim.word_bytes * d->burst_clks;
    const uint64_t row = trip(d);
    const uint64_t banks = d->banks_per_group;
    const uint64_t bursts = (uint64_t)p->cmd.count * s->nbh * b->sim.block_bytes / burst + 2U;
    const uint64_t rows = 2U + bursts / d->row_bursts + bursts / s->part;
    const uint64_t ccd = d->lane[MR_DRAM_LANE_T_CCD_L];
    const uint64_t piece = banks * ccd + 2U * row; /* of a page: read or written */
    uint64_t work = FRONT + bursts * ccd + rows * row;
    work += BUFFER_WORDS / d->burst_clks * ccd + BUFFER_ROWS * row; /* the buffer goes first */
    work += 2U * piece; /* one that has begun; then a page that is zeroed, one that is copied */
    work += p->cmd.op == MR_KV_SIM_APPEND ? 4U * s->part * piece : 0U;
    work *=
        b->sim.ecc_word != 0U ? 4U : 2U; /* check bits; refresh has less than half of the time */
    const uint32_t refresh = d->lane[MR_DRAM_LANE_PER_BANK] != 0U ? d->lane[MR_DRAM_LANE_T_RFC_PB]
                                                                  : d->lane[MR_DRAM_LANE_T_RFC];
    return work + (uint64_t)d->lane[MR_DRAM_LANE_REF_MAX] * refresh;
}

void bound_tick(bench_t *b) {
    const bool untaken = b->sim.out.kr_valid && !b->sim.in.kr_ready;
    const bool owed = b->words_at == 0U && b->count != 0U && !b->sim.in.kw_valid &&
                      b->pending[b->head].cmd.op == MR_KV_SIM_APPEND;
    b->oldest_clocks += b->count != 0U && !untaken && !owed ? 1U : 0U;
}

void bound_end(bench_t *b, const pending_t *p) {
    const uint64_t most = bound_clocks(b, p);
    const uint64_t took = b->oldest_clocks;
    b->oldest_clocks = 0;
    if (b->sim.axi) {
        return;
    }
    if (took > most) {
        bench_fail(b, "command took %" PRIu64 " clocks, its bound is %" PRIu64, took, most);
    }
    if (took * b->total.bound_of > b->total.bound_took * most || b->total.bound_of == 0U) {
        b->total.bound_took = took;
        b->total.bound_of = most;
    }
}
