/* SPDX-License-Identifier: Apache-2.0 */
/* Cost model. */
#include "millrace/cost.h"

#include <stdbool.h>

#include "millrace/program.h"

enum {
    OP_END = 0,
    OP_NORM = 1,
    OP_QUANT = 2,
    OP_GEMV = 3,
    OP_ROPE = 4,
    OP_ADD = 5,
    OP_SILU_MUL = 6,
    OP_EMBED = 7,
    OP_TOP_K = 8,
    OP_KV_APPEND = 9,
    OP_ATTEND = 10,
    OP_SEND = 11
};

enum { UNIT_VEC, UNIT_DPU, UNIT_KV, UNIT_NET, UNITS };

#define ISSUE_CLOCKS 7u
#define KV_BLOCK_BYTES 34u
#define TAG_ATTENTION 2u
#define FLAGS (MR_JOB_HEAD | MR_JOB_TOP)

/* A tile at work on a visit. */
typedef struct {
    const mr_placement_t *p;
    uint32_t pos;
    uint64_t idle[UNITS]; /* clock from which a unit is idle */
    uint64_t issued;      /* clock of the last issue */
    uint32_t tag_now;     /* its tag */
    uint64_t tag[MR_COST_TAGS];
    uint64_t tag_sent[MR_COST_TAGS]; /* up to the last SEND's issue */
    uint32_t sends;
    uint64_t first_sent; /* clock in which the first message had arrived */
    uint64_t ready;      /* clock of issue of the last SEND, its clocks and its links */
    uint64_t send_clocks;
    uint32_t hops;
    uint64_t kv_blocks; /* that ATTENDs stream */
    uint64_t bus;       /* clocks of all messages */
} walk_t;

static uint64_t max64(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t gemv_clocks(const uint32_t *w, uint32_t lanes) {
    const bool acc = (w[0] >> 24 & 1u) != 0;
    const uint64_t drain = lanes <= 2u ? 16u : lanes == 4u ? 20u : 28u;
    const uint64_t old = lanes <= 2u ? 0u : lanes == 4u ? 4u : 12u;
    return (uint64_t)w[4] / lanes * w[5] + drain + (acc ? old : 0);
}

static uint64_t attend_clocks(const uint32_t *w, uint32_t lanes, uint32_t pos) {
    const uint64_t n_kv = w[3] >> 8 & 0xFFu;
    const uint64_t nbh = w[3] >> 24;
    const uint64_t g = w[4];
    const uint64_t h = g < lanes ? g : lanes;
    const uint64_t first_items = n_kv * ((g + lanes - 1u) / lanes);
    const uint64_t others = first_items * (pos / 32u);
    const uint64_t one = (99u + 110u * h) * nbh + 76u + h;
    const uint64_t softmax = h * (78u * nbh + 1u) + 2u;
    const uint64_t step = max64(93u * nbh + 43u, softmax);
    const uint64_t first = max64(62u * nbh + 43u, softmax);
    return one + (first_items - 1u) * first + others * step + (others > 0 ? 31u * nbh : 0) +
           32u * nbh * (n_kv * g - h) + n_kv * (g * nbh + 2u);
}

uint64_t mr_cost_descriptor(const uint32_t *w, uint32_t lanes, uint32_t pos) {
    const uint64_t n = w[4];
    switch (w[0] & 0xFFu) {
    case OP_NORM:
        return n + 41u;
    case OP_QUANT:
        return n / 2u + 35u;
    case OP_GEMV:
        return gemv_clocks(w, lanes);
    case OP_ROPE:
        return n / 2u + 15u;
    case OP_ADD:
        return n / 2u + 7u;
    case OP_SILU_MUL:
        return n + 23u;
    case OP_EMBED:
        return 16u * (uint64_t)w[5] + 9u;
    case OP_TOP_K:
        return w[5] * (n / 2u + 2u) + 2u;
    case OP_KV_APPEND:
        /* K and V of each head: its blocks and the answer. */
        return 2u * (uint64_t)(w[1] >> 8 & 0xFFu) * ((w[1] >> 24) + 4u) + 10u;
    case OP_ATTEND:
        return attend_clocks(w, lanes, pos);
    case OP_SEND:
        return MR_COST_MESSAGE + n / 2u;
    default:
        return 0;
    }
}

static uint32_t unit_of(uint32_t op) {
    switch (op) {
    case OP_GEMV:
    case OP_ATTEND:
        return UNIT_DPU;
    case OP_KV_APPEND:
        return UNIT_KV;
    case OP_SEND:
        return UNIT_NET;
    default:
        return UNIT_VEC;
    }
}

/* Clocks in which the DRAM of some channels brings blocks, at its peak. */
static uint64_t stream_clocks(const mr_placement_t *p, uint64_t blocks, uint32_t channels) {
    const uint64_t bytes = (uint64_t)p->machine.kv_word_bytes * channels;
    return bytes == 0 ? 0 : (blocks * KV_BLOCK_BYTES + bytes - 1u) / bytes;
}

/* Sink of a program: issues one descriptor. */
static mr_status_t walk(void *ctx, uint32_t tile, uint32_t index, const uint32_t *w) {
    walk_t *a = ctx;
    const uint32_t op = w[0] & 0xFFu;
    const uint32_t unit = unit_of(op);
    const uint32_t wait = (w[0] >> 8 & 15u) | 1u << unit | (op == OP_EMBED ? 1u << UNIT_DPU : 0);
    uint64_t at = a->issued + ISSUE_CLOCKS;
    (void)tile;
    (void)index;
    if (op == OP_END) {
        return MR_OK;
    }
    const bool keep = (FLAGS & (w[0] >> 12 & 15u)) == (w[0] >> 16 & 15u);
    for (uint32_t i = 0; i < UNITS && keep; i++) {
        at = (wait >> i & 1u) != 0 && a->idle[i] != 0 ? max64(at, a->idle[i] + 1u) : at;
    }
    a->tag[a->tag_now] += at - a->issued;
    a->issued = at;
    if (!keep) {
        return MR_OK;
    }
    a->tag_now = w[0] >> 20 & 7u;
    uint64_t clocks = mr_cost_descriptor(w, a->p->machine.lanes, a->pos);
    if (op == OP_ATTEND) {
        /* K and V of a tile's heads come one after the other, on one channel or another. */
        const uint64_t n = 2u * (uint64_t)(w[3] >> 8 & 0xFFu) * (w[3] >> 24) * (a->pos + 1u);
        clocks = max64(clocks, stream_clocks(a->p, n, 1));
        a->kv_blocks += n;
    }
    a->idle[unit] = at + clocks;
    if (op == OP_SEND) {
        a->first_sent = a->sends++ == 0 ? a->idle[unit] : a->first_sent;
        a->ready = at;
        for (uint32_t i = 0; i < MR_COST_TAGS; i++) {
            a->tag_sent[i] = a->tag[i];
        }
        a->send_clocks = clocks;
        a->bus += clocks;
        a->hops = w[6] & 15u;
    }
    return MR_OK;
}

void mr_cost_visit(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t visit,
                   uint32_t pos, mr_cost_t *cost) {
    const mr_visit_t *v = &p->visit[visit];
    const uint32_t channels =
        p->machine.channels < p->shape.n_kv ? p->machine.channels : p->shape.n_kv;
    const bool attends = p->shards > 1u && v->kind == MR_VISIT_STEPS && v->first > 0 &&
                         v->first + 1u < p->n_steps && mr_step_stage(v->first) == MR_STAGE_ATTEND;
    uint64_t bus = 0;  /* clock from which the bus is free */
    uint64_t work = 0; /* of the slowest shard */
    uint64_t go = 0;   /* clock in which K and V are in the cache, for the other shards */
    uint64_t blocks = 0;
    *cost = (mr_cost_t){0};
    for (uint32_t i = 0; i < v->shards; i++) {
        walk_t a = {.p = p, .pos = pos, .issued = go};
        const mr_program_sink_t sink = {walk, &a};
        a.tag[TAG_ATTENTION] = go;
        (void)mr_program_build_shard(p, f, visit, i, &sink); /* the sink refuses nothing */
        bus = max64(bus, a.ready) + a.send_clocks + a.hops * (uint64_t)MR_COST_LINK;
        cost->busy = max64(cost->busy, a.ready + a.send_clocks + MR_COST_JOB);
        cost->bus += a.bus;
        if (i == 0 || a.ready > work) {
            work = a.ready;
            for (uint32_t t = 0; t < MR_COST_TAGS; t++) {
                cost->tag[t] = a.tag_sent[t];
            }
        }
        blocks += a.kv_blocks;
        go = attends && i == 0 ? a.first_sent : go;
    }
    /* What all shards' streams together take longer than the slowest one. */
    cost->stream = stream_clocks(p, blocks, channels);
    const uint64_t stream = go + cost->stream;
    const uint64_t stall = attends && stream > work ? stream - work : 0;
    cost->tag[TAG_ATTENTION] += stall;
    cost->total = bus + stall;
    cost->network = bus - work;
}

void mr_cost_token(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t pos,
                   mr_cost_t *cost) {
    *cost = (mr_cost_t){0};
    for (uint32_t v = 0; v < p->n_visits; v++) {
        mr_cost_t visit;
        mr_cost_visit(p, f, v, pos, &visit);
        cost->total += visit.total;
        cost->network += visit.network;
        for (uint32_t t = 0; t < MR_COST_TAGS; t++) {
            cost->tag[t] += visit.tag[t];
        }
    }
}

/* Keeps the larger bound. */
static void bind(mr_bound_t *bound, mr_bound_kind_t kind, uint32_t at, uint64_t clocks) {
    if (clocks > bound->clocks) {
        *bound = (mr_bound_t){kind, at, clocks};
    }
}

void mr_cost_bound(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t pos,
                   mr_bound_t *bound) {
    const mr_machine_t *m = &p->machine;
    const uint64_t jobs = p->window < m->kv_slots ? p->window : m->kv_slots;
    uint64_t tile[MR_MACHINE_TILES_MAX] = {0};
    uint64_t bus[MR_MACHINE_GROUPS_MAX] = {0};
    uint64_t kv[MR_MACHINE_GROUPS_MAX] = {0};
    uint64_t token = 0;
    *bound = (mr_bound_t){MR_BOUND_TILE, 0, 0};
    for (uint32_t v = 0; v < p->n_visits; v++) {
        const mr_visit_t *visit = &p->visit[v];
        const uint32_t group = visit->tile / m->tiles;
        const uint32_t next = v + 1u < p->n_visits ? p->visit[v + 1u].tile / m->tiles : group;
        mr_cost_t cost;
        mr_cost_visit(p, f, v, pos, &cost);
        for (uint32_t i = 0; i < mr_visit_tiles(visit); i++) {
            tile[visit->tile + i] += (cost.busy + visit->clones - 1u) / visit->clones;
        }
        bus[group] += cost.bus;
        kv[group] += cost.stream;
        if (next > group) { /* a message of one part, which the next group's bus has once more */
            bus[next] += cost.network - (next - group) * (uint64_t)MR_COST_LINK;
        }
        token += cost.total;
    }
    for (uint32_t t = 0; t < mr_machine_tiles(m); t++) {
        bind(bound, MR_BOUND_TILE, t, tile[t]);
    }
    for (uint32_t g = 0; g < m->groups; g++) {
        bind(bound, MR_BOUND_BUS, g, bus[g]);
        bind(bound, MR_BOUND_KV, g, kv[g]);
    }
    bind(bound, MR_BOUND_WINDOW, 0, (token + jobs - 1u) / jobs);
}
