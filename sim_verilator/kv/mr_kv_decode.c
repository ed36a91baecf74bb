/* SPDX-License-Identifier: Apache-2.0 */
/* Decode traffic: requester, checker of the answers and the measured window; see mr_kv_decode.h. */
#include "mr_kv_decode.h"

#include <stdlib.h>
#include <string.h>

#include "mr_kv_content.h"
#include "mr_kv_sim.h"

enum {
    OUTSTANDING = 8,
    BATCH = 8,
    LATENCY_MAX = 1 << 20,
    WARM_CLOCKS = 8192,
    UNDER_WAY = 4096, /* words in buffers at a window's ends */
    HANG = 200000,
    TRIALS = 33,
    GAP = 400,
    MIN_BATCHES = 10, /* refresh batches in a window, */
    WARM_BATCHES = 3  /* and before it */
};

typedef struct {
    mr_kv_sim_cmd_t cmd;
    uint64_t taken;
    uint32_t beat, beats;
} pending_t;

/* What the traffic does next: the appends of a group of users, then their streams. */
typedef struct {
    uint32_t at, group; /* first user of the group in the order; users in it */
    uint32_t step;      /* appends first, 2 a user, then streams */
    uint32_t user, kind, block;
} place_t;

struct mr_kv_decode {
    mr_kv_decode_config_t cfg;
    mr_kv_sim_t sim;
    uint32_t nbh, length[256], order[256];
    pending_t pending[OUTSTANDING];
    uint32_t head, count; /* ring of pending commands */
    uint32_t words_at,
        words_for; /* APPEND whose blocks go next: number since the head; block of it */
    place_t place;
    bool random, issuing, filling, stuck, full;
    uint64_t rng, accepted, rounds, last_answer, data_errors;
    uint32_t *latency;          /* how often each latency came, while measuring */
    uint64_t latencies, blocks; /* blocks: through the ports */
    bool measuring;
    mr_kv_decode_clock_t *record; /* ring of the last record_size clocks of the window, */
    size_t record_size, recorded; /* how many went into it, */
    size_t record_left;           /* and are still to: at first without end */
    char violation[128];
};

static uint64_t rnd(mr_kv_decode_t *d, uint64_t below) {
    d->rng ^= d->rng << 13;
    d->rng ^= d->rng >> 7;
    d->rng ^= d->rng << 17;
    return (d->rng >> 16) % below;
}

static uint64_t content_id(uint32_t user, uint32_t kind, uint32_t pos) {
    return ((uint64_t)user << 32 | (uint64_t)pos << 1) + kind + 1U;
}

/* ---- which command comes next ---- */

static void new_order(mr_kv_decode_t *d) {
    for (uint32_t i = 0; i < d->cfg.users; i++) {
        d->order[i] = i;
    }
    for (uint32_t i = d->cfg.users; d->random && i > 1U; i--) {
        const uint32_t j = (uint32_t)rnd(d, i);
        const uint32_t other = d->order[j];
        d->order[j] = d->order[i - 1U];
        d->order[i - 1U] = other;
    }
}

static void start_group(mr_kv_decode_t *d, uint32_t at) {
    const uint32_t left = d->cfg.users - at;
    const uint32_t most = d->cfg.batched ? BATCH : 1U;
    d->place = (place_t){.at = at, .group = left < most ? left : most};
}

static void start_round(mr_kv_decode_t *d) {
    new_order(d);
    start_group(d, 0);
    d->rounds++;
}

static void make_stream(const mr_kv_decode_t *d, mr_kv_sim_cmd_t *cmd) {
    const uint32_t user = d->order[d->place.at + d->place.user];
    const uint32_t rest = d->length[user] - 32U * d->place.block;
    *cmd = (mr_kv_sim_cmd_t){.op = MR_KV_SIM_STREAM,
                             .slot = (uint8_t)user,
                             .kind = (uint8_t)d->place.kind,
                             .pos = 32U * d->place.block,
                             .count = (uint8_t)(rest < 32U ? rest : 32U)};
}

static void make_append(const mr_kv_decode_t *d, uint32_t user, uint32_t kind,
                        mr_kv_sim_cmd_t *cmd) {
    *cmd = (mr_kv_sim_cmd_t){.op = MR_KV_SIM_APPEND,
                             .slot = (uint8_t)user,
                             .kind = (uint8_t)kind,
                             .pos = d->length[user],
                             .count = 1};
}

/* Command at the present place; false when there is none. */
static bool next_command(mr_kv_decode_t *d, mr_kv_sim_cmd_t *cmd) {
    const place_t *p = &d->place;
    if (!d->issuing) {
        return false;
    }
    if (d->filling) {
        make_append(d, p->user, p->kind, cmd);
        return true;
    }
    if (p->step < 2U * p->group) {
        const uint32_t user = d->order[p->at + p->step / 2U];
        if (d->length[user] >= 32U * d->sim.limits.slot_blocks) {
            d->full = true;
            return false;
        }
        make_append(d, user, p->step % 2U, cmd);
    } else {
        make_stream(d, cmd);
    }
    return true;
}

/* Filling: 32 positions of a user, then the next user. */
static void advance_fill(mr_kv_decode_t *d) {
    place_t *p = &d->place;
    const uint32_t goal = d->cfg.tokens - 1U;
    p->kind ^= 1U;
    if (p->kind != 0U) {
        return;
    }
    d->length[p->user]++;
    const bool turn = d->length[p->user] % 32U == 0U || d->length[p->user] == goal;
    if (turn) {
        p->user = (p->user + 1U) % d->cfg.users;
    }
    d->issuing = d->length[p->user] < goal;
}

static void advance(mr_kv_decode_t *d) {
    place_t *p = &d->place;
    if (d->filling) {
        advance_fill(d);
        return;
    }
    if (p->step < 2U * p->group) {
        d->length[d->order[p->at + p->step / 2U]] += p->step % 2U;
        p->step++;
        return;
    }
    p->block++;
    if (32U * p->block < d->length[d->order[p->at + p->user]]) {
        return;
    }
    p->block = 0;
    p->kind++;
    if (p->kind < 2U) {
        return;
    }
    p->kind = 0;
    p->user++;
    if (p->user < p->group) {
        return;
    }
    if (p->at + p->group < d->cfg.users) {
        start_group(d, p->at + p->group);
    } else {
        start_round(d);
    }
}

/* ---- one clock ---- */

static pending_t *pending(mr_kv_decode_t *d, uint32_t i) {
    return &d->pending[(d->head + i) % OUTSTANDING];
}

static void put_blocks(mr_kv_decode_t *d) {
    mr_kv_sim_in_t *in = &d->sim.in;
    while (d->words_at < d->count && pending(d, d->words_at)->cmd.op != MR_KV_SIM_APPEND) {
        d->words_at++;
    }
    in->kw_valid = d->words_at < d->count;
    if (in->kw_valid) {
        const mr_kv_sim_cmd_t *c = &pending(d, d->words_at)->cmd;
        mr_kv_content(content_id(c->slot, c->kind, c->pos), d->words_for, d->sim.block_bytes,
                      in->kw_block);
    }
}

static void took_block(mr_kv_decode_t *d) {
    d->words_for++;
    if (d->words_for == d->nbh) {
        d->words_for = 0;
        d->words_at++;
    }
}

static void note_latency(mr_kv_decode_t *d, uint64_t clocks) {
    d->latency[clocks < LATENCY_MAX ? clocks : LATENCY_MAX - 1]++;
    d->latencies++;
}

static void take_answer(mr_kv_decode_t *d) {
    const mr_kv_sim_out_t *out = &d->sim.out;
    pending_t *p = pending(d, 0);
    d->last_answer = d->sim.clock;
    d->full = d->full || out->kr_status == 6U;
    if (d->count == 0U || out->kr_status != 0U) {
        d->data_errors += out->kr_status == 6U ? 0U : 1U;
        if (d->count == 0U) {
            return;
        }
    } else if (p->cmd.op == MR_KV_SIM_STREAM) {
        uint8_t block[MR_KV_SIM_BLOCK];
        mr_kv_content(content_id(p->cmd.slot, p->cmd.kind, p->cmd.pos + p->beat / d->nbh),
                      p->beat % d->nbh, d->sim.block_bytes, block);
        d->data_errors += memcmp(block, out->kr_block, sizeof block) != 0;
        if (p->beat == 0U && d->measuring) {
            note_latency(d, d->sim.clock - 1U - p->taken);
        }
    }
    p->beat++;
    d->data_errors += out->kr_last != (p->beat == p->beats);
    if (out->kr_last) {
        d->head = (d->head + 1U) % OUTSTANDING;
        d->count--;
        d->words_at -= d->words_at > 0U ? 1U : 0U;
    }
}

static void record_clock(mr_kv_decode_t *d) {
    const uint32_t group = d->sim.profile->banks_per_group;
    mr_kv_decode_clock_t *c = &d->record[d->recorded++ % d->record_size];
    for (uint32_t i = 0; i < 2U; i++) {
        const mr_dram_cmd_t *cmd = &d->sim.dfi.port[i];
        c->command[i] = cmd->cmd;
        c->bank[i] = (uint8_t)(cmd->bg * group + cmd->ba);
    }
    c->read = d->sim.out.rd_valid;
    c->write = d->sim.dfi.wr_en;
    if (d->record_left != SIZE_MAX) {
        d->record_left--;
    } else if (c->write && d->recorded >= d->record_size) {
        d->record_left = d->record_size / 2U;
    }
}

static void reverse(mr_kv_decode_clock_t *clocks, size_t count) {
    for (size_t i = 0; i < count / 2U; i++) {
        const mr_kv_decode_clock_t other = clocks[i];
        clocks[i] = clocks[count - 1U - i];
        clocks[count - 1U - i] = other;
    }
}

/* The ring's oldest clock comes to its front. */
static void finish_record(mr_kv_decode_t *d) {
    const size_t oldest = d->recorded % d->record_size;
    reverse(d->record, oldest);
    reverse(d->record + oldest, d->record_size - oldest);
    reverse(d->record, d->record_size);
    d->record_left = 0;
}

static void tick(mr_kv_decode_t *d) {
    mr_kv_sim_in_t *in = &d->sim.in;
    in->kr_ready = true;
    in->kc_valid = d->count < OUTSTANDING && next_command(d, &in->kc);
    put_blocks(d);
    mr_kv_sim_clock(&d->sim);
    if (d->record_left != 0U && d->measuring) {
        record_clock(d);
    }
    const mr_kv_sim_out_t *out = &d->sim.out;
    if (in->kw_valid && out->kw_ready) {
        d->blocks++;
        took_block(d);
    }
    if (in->kc_valid && out->kc_ready) {
        const uint32_t beats = in->kc.op == MR_KV_SIM_STREAM ? in->kc.count * d->nbh : 1U;
        *pending(d, d->count) = (pending_t){in->kc, d->sim.clock - 1U, 0, beats};
        d->count++;
        d->accepted++;
        advance(d);
    }
    if (out->kr_valid) {
        d->blocks++;
        take_answer(d);
    }
    if (d->count == 0U) {
        d->last_answer = d->sim.clock;
    }
    d->stuck = d->stuck || d->sim.clock - d->last_answer > HANG;
}

static const char *trouble(const mr_kv_decode_t *d) {
    if (d->stuck) {
        return "the controller does not answer";
    }
    if (d->full) {
        return "the histories outgrow the device while measuring: more tokens or bytes, or fewer "
               "users";
    }
    return d->data_errors != 0U ? "an answer is wrong" : NULL;
}

static bool report(const mr_kv_decode_t *d, double share) {
    return d->cfg.progress == NULL || d->cfg.progress(d->cfg.ctx, share);
}

/* Clocks until no command is outstanding, then some idle ones. A K vector gets its V first. */
static void drain(mr_kv_decode_t *d) {
    while (d->place.step % 2U != 0U && trouble(d) == NULL) {
        tick(d);
    }
    d->issuing = false;
    while (d->count != 0U && trouble(d) == NULL) {
        tick(d);
    }
    for (uint32_t i = 0; i < GAP; i++) {
        tick(d);
    }
}

/* ---- opening ---- */

const char *mr_kv_decode_model(size_t i) {
    return mr_kv_sim_name(i);
}

const char *mr_kv_decode_check(const mr_kv_decode_config_t *cfg) {
    if (cfg->users < 1U || cfg->users > 128U) {
        return "users must be 1..128";
    }
    if (cfg->tokens < 1U || cfg->tokens > 2016U) {
        return "tokens must be 1..2016";
    }
    if (cfg->vector_bytes < 32U || cfg->vector_bytes > 1024U || cfg->vector_bytes % 32U != 0U) {
        return "the vector must be a multiple of 32, 32..1024";
    }
    return NULL;
}

static bool fill(mr_kv_decode_t *d) {
    d->filling = true;
    d->issuing = d->cfg.tokens > 1U;
    d->place = (place_t){0};
    const uint64_t all = 2U * (uint64_t)d->cfg.users * (d->cfg.tokens - 1U);
    uint64_t next = 0;
    while ((d->issuing || d->count != 0U) && trouble(d) == NULL) {
        tick(d);
        if (d->accepted >= next) {
            next = d->accepted + 1000U;
            if (!report(d, 0.5 * (double)d->accepted / (double)(all + 1U))) {
                return false;
            }
        }
    }
    d->filling = false;
    return true;
}

uint32_t mr_kv_decode_users_max(const mr_kv_decode_config_t *cfg) {
    mr_kv_sim_shape_t shape;
    mr_kv_sim_t *const sim = calloc(1, sizeof *sim);
    const bool known = sim != NULL && mr_kv_sim_describe(sim, cfg->model) &&
                       mr_kv_sim_shape(sim, 1, 1, cfg->vector_bytes / 32U, 0, &shape);
    free(sim);
    if (!known) {
        return 0;
    }
    /* One block more for what a measurement adds. */
    const uint32_t fit = shape.pages / ((cfg->tokens + 31U) / 32U + 1U);
    return fit < 128U ? fit : 128U;
}

static const char *set_up(mr_kv_decode_t *d) {
    mr_kv_sim_shape_t shape;
    const char *const wrong = mr_kv_decode_check(&d->cfg);
    if (wrong != NULL) {
        return wrong;
    }
    if (mr_kv_decode_users_max(&d->cfg) < d->cfg.users) {
        return "the histories do not fit the device: fewer users, tokens or bytes";
    }
    if (d->latency == NULL || !mr_kv_sim_open(&d->sim, d->cfg.model)) {
        return "cannot open the model: unknown profile or out of memory";
    }
    d->nbh = d->cfg.vector_bytes / 32U;
    (void)mr_kv_sim_shape(&d->sim, 1, 1, d->nbh, 0, &shape);
    return mr_kv_sim_start(&d->sim, &shape) ? NULL : "the controller does not get ready";
}

mr_kv_decode_t *mr_kv_decode_open(const mr_kv_decode_config_t *cfg, const char **error) {
    mr_kv_decode_t *d = calloc(1, sizeof *d);
    *error = "out of memory";
    if (d == NULL) {
        return NULL;
    }
    d->cfg = *cfg;
    d->rng = cfg->seed * 2U + 0x9E3779B97F4A7C15U;
    d->latency = calloc(LATENCY_MAX, sizeof *d->latency);
    *error = set_up(d);
    if (*error == NULL && fill(d)) {
        *error = trouble(d);
        if (*error == NULL) {
            return d;
        }
    }
    mr_kv_decode_close(d);
    return NULL;
}

void mr_kv_decode_close(mr_kv_decode_t *d) {
    if (d != NULL) {
        mr_kv_sim_close(&d->sim);
        free(d->latency);
        free(d);
    }
}

const char *mr_kv_decode_violation(const mr_kv_decode_t *d) {
    return d->violation;
}

/* ---- measuring ---- */

static double limit_of(const mr_dram_profile_t *p) {
    const uint16_t *l = p->lane;
    if (l[MR_DRAM_LANE_PER_BANK] != 0U) {
        return 1.0;
    }
    const double batch = l[MR_DRAM_LANE_REF_MAX];
    const double lost = (double)l[MR_DRAM_LANE_T_RTP] + l[MR_DRAM_LANE_T_RP_ALL] +
                        batch * l[MR_DRAM_LANE_T_RFC] + l[MR_DRAM_LANE_T_RCD_RD] -
                        l[MR_DRAM_LANE_BURST_CLKS];
    return 1.0 - lost / (batch * l[MR_DRAM_LANE_T_REFI]);
}

static uint64_t round_up(uint64_t a, uint64_t b) {
    return (a + b - 1U) / b * b;
}

/* Clocks of a batch of postponed refreshes: windows are whole multiples of it. */
static uint64_t refresh_batch(const mr_dram_profile_t *p) {
    const uint16_t *l = p->lane;
    const bool per_bank = l[MR_DRAM_LANE_PER_BANK] != 0U;
    return (uint64_t)l[MR_DRAM_LANE_REF_MAX] *
           l[per_bank ? MR_DRAM_LANE_T_REFI_PB : MR_DRAM_LANE_T_REFI];
}

/* Counters as of now; runs until they are in. */
static mr_kv_sim_counts_t snapshot(mr_kv_decode_t *d) {
    mr_kv_sim_snap(&d->sim);
    while (d->sim.snapping) {
        tick(d);
    }
    return d->sim.counts;
}

/* Clocks of the window: a round's commands, min_clocks, whole refresh batches and counter rounds.
 */
static bool run_window(mr_kv_decode_t *d, uint64_t start, uint64_t commands, uint64_t *clocks) {
    const uint64_t batch = refresh_batch(d->sim.profile);
    const uint64_t least =
        d->cfg.min_clocks > MIN_BATCHES * batch ? d->cfg.min_clocks : MIN_BATCHES * batch;
    const uint64_t first = d->accepted;
    uint64_t end = UINT64_MAX;
    while (d->sim.clock < end && trouble(d) == NULL) {
        const uint64_t gone = d->sim.clock - start;
        if (end == UINT64_MAX && d->accepted - first >= commands && gone >= least) {
            *clocks = round_up(round_up(gone, batch), MR_KV_SIM_ROUND);
            end = start + *clocks;
            continue;
        }
        if (gone % 16384U == 0U) {
            const double by_clocks = (double)gone / (double)least;
            const double by_commands = (double)(d->accepted - first) / (double)commands;
            const double share = by_clocks < by_commands ? by_clocks : by_commands;
            if (!report(d, 0.5 + 0.5 * (share < 1.0 ? share : 1.0))) {
                return false;
            }
        }
        tick(d);
    }
    return true;
}

static uint64_t percentile(const mr_kv_decode_t *d, double share) {
    uint64_t left = (uint64_t)(share * (double)d->latencies);
    for (uint32_t i = 0; i < LATENCY_MAX; i++) {
        if (d->latency[i] > left) {
            return i;
        }
        left -= d->latency[i];
    }
    return LATENCY_MAX;
}

static uint64_t longest(const mr_kv_decode_t *d) {
    for (uint32_t i = LATENCY_MAX; i-- > 0U;) {
        if (d->latency[i] != 0U) {
            return i;
        }
    }
    return 0;
}

static void fill_result(const mr_kv_decode_t *d, const mr_kv_sim_counts_t *before,
                        const mr_kv_sim_counts_t *after, double energy_pj,
                        mr_kv_decode_result_t *r) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MR_KV_DECODE_CAUSES; i++) {
        r->causes[i] = after->cause[i] - before->cause[i];
        sum += r->causes[i];
    }
    r->balanced = sum == r->clocks;
    r->act = after->act - before->act;
    r->rd = after->rd - before->rd;
    r->wr = after->wr - before->wr;
    r->pre = after->pre - before->pre;
    r->ref = after->ref - before->ref;
    r->ref_due = (double)r->clocks * (double)d->sim.profile->lane[MR_DRAM_LANE_REF_MAX] /
                 (double)refresh_batch(d->sim.profile);
    r->utilization = (double)r->causes[0] / (double)r->clocks;
    r->limit = limit_of(d->sim.profile);
    r->pj_per_bit = energy_pj / (8.0 * d->sim.word_bytes * (double)r->causes[0]);
    r->latency_p50 = percentile(d, 0.50);
    r->latency_p99 = percentile(d, 0.99);
    r->latency_max = longest(d);
    r->clock_mhz = d->sim.profile->clock_mhz;
    r->word_bytes = d->sim.word_bytes;
}

static int compare_u64(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* RD to the last word of a block. A block of more than a burst goes on in the next bank group,
 * whose row is opened tRRD behind the first one's. */
static uint64_t read_clocks(const mr_kv_decode_t *d, bool opened) {
    const mr_dram_profile_t *p = d->sim.profile;
    const uint32_t words = (d->sim.block_bytes + d->sim.word_bytes - 1U) / d->sim.word_bytes;
    const uint32_t spaced = p->lane[MR_DRAM_LANE_T_RRD_S] + words - p->burst_clks;
    const bool two = opened && p->bank_groups > 1U && words > p->burst_clks && spaced > words;
    return (uint64_t)p->lane[MR_DRAM_LANE_RL] + (two ? spaced : words) - 1U;
}

/* What a trial saw at the device: PRE, ACT of each bank before the first RD; refreshes. */
typedef struct {
    uint32_t pre, act; /* bit: bank group x 8 + bank */
    uint64_t least;    /* the device's share, once RD came */
    uint32_t quiet;    /* clocks since the last refresh */
    bool refreshed;
} seen_t;

static void watch(const mr_kv_decode_t *d, seen_t *seen) {
    const uint16_t *l = d->sim.profile->lane;
    seen->quiet++;
    for (uint32_t i = 0; i < 2U; i++) {
        const mr_dram_cmd_t *c = &d->sim.dfi.port[i];
        const uint32_t bank = 1U << ((c->bg & 3U) * 8U + (c->ba & 7U));
        seen->pre |= c->cmd == MR_DRAM_CMD_PRE ? bank : 0U;
        seen->act |= c->cmd == MR_DRAM_CMD_ACT ? bank : 0U;
        if (c->cmd == MR_DRAM_CMD_REFA || c->cmd == MR_DRAM_CMD_REFB ||
            c->cmd == MR_DRAM_CMD_PREA) {
            seen->refreshed = true;
            seen->quiet = 0;
        }
        if (c->cmd == MR_DRAM_CMD_RD && seen->least == 0U) {
            seen->least = read_clocks(d, (seen->act & bank) != 0U);
            seen->least += (seen->act & bank) != 0U ? l[MR_DRAM_LANE_T_RCD_RD] : 0U;
            seen->least += (seen->pre & bank) != 0U ? l[MR_DRAM_LANE_T_RP] : 0U;
        }
    }
}

/* One STREAM of a block on a controller that has been idle, and free of refreshes, for a while.
 * @return clocks to the first beat, 0 when a refresh came in between. */
static uint64_t isolated_stream(mr_kv_decode_t *d, uint32_t user, uint32_t kind, uint32_t block,
                                uint64_t *least) {
    const uint16_t *l = d->sim.profile->lane;
    const uint32_t rest =
        l[MR_DRAM_LANE_PER_BANK] != 0U ? l[MR_DRAM_LANE_T_RFC_PB] : l[MR_DRAM_LANE_T_RFC];
    const uint64_t accepted = d->accepted;
    seen_t seen = {0};
    d->issuing = false;
    for (uint32_t i = 0; i < GAP || (seen.quiet < rest + 8U && i < HANG); i++) {
        tick(d);
        watch(d, &seen);
    }
    seen = (seen_t){0};
    d->order[0] = user;
    d->place = (place_t){.group = 1, .step = 2, .kind = kind, .block = block};
    memset(d->latency, 0, LATENCY_MAX * sizeof *d->latency);
    d->issuing = true;
    d->measuring = true;
    while ((d->issuing || d->count != 0U) && trouble(d) == NULL) {
        tick(d);
        watch(d, &seen);
        d->issuing = d->accepted == accepted;
    }
    d->measuring = false;
    *least = seen.least;
    return seen.refreshed ? 0U : longest(d);
}

static void measure_isolated(mr_kv_decode_t *d, mr_kv_decode_result_t *r) {
    uint64_t first[TRIALS];
    uint32_t trials = 0;
    for (uint32_t i = 0; i < 4U * TRIALS && trials < TRIALS && trouble(d) == NULL; i++) {
        const uint32_t user = i % d->cfg.users;
        uint64_t least;
        first[trials] =
            isolated_stream(d, user, i / 2U % 2U, i * 7U % ((d->length[user] + 31U) / 32U), &least);
        if (first[trials] != 0U) {
            const uint64_t overhead = first[trials] - least;
            r->first_beat_overhead =
                overhead > r->first_beat_overhead ? overhead : r->first_beat_overhead;
            trials++;
        }
        for (uint32_t gap = 0; gap < 37U * (i % 32U); gap++) {
            tick(d);
        }
    }
    if (trials == 0U) {
        return;
    }
    qsort(first, trials, sizeof first[0], compare_u64);
    r->first_beat = first[trials / 2U];
    const uint16_t *l = d->sim.profile->lane;
    r->first_beat_device = l[MR_DRAM_LANE_T_RCD_RD] + read_clocks(d, true);
}

/* Commands of a round at the present lengths. */
static uint64_t round_commands(const mr_kv_decode_t *d) {
    uint64_t commands = 0;
    for (uint32_t u = 0; u < d->cfg.users; u++) {
        commands += 2U + 2U * ((d->length[u] + 32U) / 32U);
    }
    return commands;
}

bool mr_kv_decode_measure(mr_kv_decode_t *d, bool random, mr_kv_decode_result_t *r,
                          const char **error) {
    memset(r, 0, sizeof *r);
    memset(d->latency, 0, LATENCY_MAX * sizeof *d->latency);
    d->latencies = 0;
    d->random = random;
    d->rounds = 0;
    d->issuing = true;
    start_round(d);
    /* Until the refreshes come as regularly as they will: filling leaves pauses in which they are
     * pulled in. */
    const uint64_t warm = WARM_CLOCKS + WARM_BATCHES * refresh_batch(d->sim.profile);
    for (uint64_t i = 0; i < warm && trouble(d) == NULL; i++) {
        tick(d);
    }
    const uint64_t start = d->sim.clock;
    const double energy = mr_kv_sim_energy_pj(&d->sim);
    const uint64_t rounds = d->rounds;
    const uint64_t blocks = d->blocks;
    const uint64_t accepted = d->accepted;
    d->measuring = true;
    const mr_kv_sim_counts_t before = snapshot(d);
    *error = NULL;
    if (!run_window(d, start, round_commands(d), &r->clocks)) {
        return false;
    }
    d->measuring = false;
    if (d->record_size != 0U) {
        finish_record(d);
    }
    const double spent = mr_kv_sim_energy_pj(&d->sim) - energy;
    r->rounds_taken = d->rounds - rounds;
    r->useful_most = (d->blocks - blocks) * d->sim.block_bytes / d->sim.word_bytes +
                     2U * (d->accepted - accepted) + UNDER_WAY;
    r->tokens_last = d->length[d->order[0]];
    const mr_kv_sim_counts_t after = snapshot(d);
    fill_result(d, &before, &after, spent, r);
    drain(d);
    measure_isolated(d, r);
    r->violations = mr_kv_sim_violations(&d->sim);
    r->data_errors = d->data_errors;
    mr_kv_sim_violation_text(&d->sim, d->violation, sizeof d->violation);
    *error = trouble(d);
    return *error == NULL;
}

uint32_t mr_kv_decode_banks(const mr_kv_decode_t *d) {
    return d->sim.axi ? 0U : d->sim.profile->bank_groups * d->sim.profile->banks_per_group;
}

void mr_kv_decode_record(mr_kv_decode_t *d, mr_kv_decode_clock_t *clocks, size_t count) {
    d->record = clocks;
    d->record_size = count;
    d->recorded = 0;
    d->record_left = count != 0U ? SIZE_MAX : 0U;
}
