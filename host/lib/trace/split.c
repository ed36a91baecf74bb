/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles of tokens and tiles. */
#include "trace/split.h"

#include <stdlib.h>
#include <string.h>

enum { TILES = 256, GROUPS = 16, SLOTS = 256, POOL = 4096, NONE = -1 };

const uint8_t mr_split_order[MR_SPLIT_ORDER] = {
    MR_TRACE_GEMV,   MR_TRACE_ATTEND, MR_TRACE_DPU,     MR_TRACE_TOPK,   MR_TRACE_VEC,
    MR_TRACE_APPEND, MR_TRACE_SEND,   MR_TRACE_ASK,     MR_SPLIT_LINK,   MR_TRACE_KV_WAIT,
    MR_TRACE_ISSUE,  MR_TRACE_WAIT,   MR_TRACE_BLOCKED, MR_SPLIT_QUEUED, MR_SPLIT_HUB,
    MR_SPLIT_TURN,   MR_SPLIT_TRANSIT};

const char *const mr_split_part_keys[MR_SPLIT_PARTS] = {
    "compute", "weight_read", "kv", "on_chip", "inter_chip", "queueing", "sampling"};

static const struct {
    uint8_t part;
    bool unavoidable;
} states[MR_SPLIT_STATES] = {
    [MR_TRACE_ISSUE] = {MR_SPLIT_COMPUTE, false},  [MR_TRACE_GEMV] = {MR_SPLIT_WEIGHTS, true},
    [MR_TRACE_DPU] = {MR_SPLIT_COMPUTE, true},     [MR_TRACE_ATTEND] = {MR_SPLIT_COMPUTE, true},
    [MR_TRACE_VEC] = {MR_SPLIT_COMPUTE, true},     [MR_TRACE_TOPK] = {MR_SPLIT_SAMPLING, true},
    [MR_TRACE_APPEND] = {MR_SPLIT_KV, true},       [MR_TRACE_KV_WAIT] = {MR_SPLIT_KV, false},
    [MR_TRACE_ASK] = {MR_SPLIT_ON_CHIP, true},     [MR_TRACE_WAIT] = {MR_SPLIT_ON_CHIP, false},
    [MR_TRACE_BLOCKED] = {MR_SPLIT_QUEUE, false},  [MR_TRACE_SEND] = {MR_SPLIT_ON_CHIP, true},
    [MR_SPLIT_LINK] = {MR_SPLIT_LINKS, true},      [MR_SPLIT_QUEUED] = {MR_SPLIT_QUEUE, false},
    [MR_SPLIT_HUB] = {MR_SPLIT_QUEUE, false},      [MR_SPLIT_TURN] = {MR_SPLIT_SAMPLING, false},
    [MR_SPLIT_TRANSIT] = {MR_SPLIT_ON_CHIP, true},
};

mr_split_part_t mr_split_part(uint32_t state) {
    return (mr_split_part_t)states[state].part;
}

bool mr_split_unavoidable(uint32_t state) {
    return states[state].unavoidable;
}

/* A token on its way, or free. */
typedef struct {
    int next;        /* in its slot's list, or in the list of free ones */
    uint32_t serial; /* of the entry's use, so that who holds an old reference notices */
    bool coming;     /* a result has begun */
    bool result;     /* one is there */
    uint16_t at[MR_SPLIT_STATES]; /* how often each state applies */
    uint64_t since;               /* charged up to here */
    mr_split_token_t token;
    uint64_t result_cycle;
    uint64_t result_clocks[MR_SPLIT_STATES]; /* as of then */
} entry_t;

typedef struct {
    int index;
    uint32_t serial;
} ref_t;

typedef struct {
    uint8_t state;
    uint8_t slot;
    uint32_t pos;
    ref_t token;
    uint64_t since;
    uint64_t clocks[MR_TRACE_TILE_STATES];
} tile_t;

typedef struct {
    bool busy;
    uint64_t since;
    uint64_t clocks;
    ref_t waits; /* a message that came in by the link and is refused; index NONE: there is none */
} group_t;

struct mr_split {
    mr_split_config_t config;
    bool begun;
    tile_t tile[TILES];
    group_t group[GROUPS];
    int slot[SLOTS];          /* its tokens' list */
    uint32_t injected[SLOTS]; /* the position behind its last job */
    entry_t pool[POOL];
    int free;
    uint64_t lost;
};

mr_status_t mr_split_open(const mr_split_config_t *config, mr_split_t **out) {
    *out = NULL;
    if (config->tiles == 0 || config->tiles > TILES || config->groups == 0 ||
        config->groups > GROUPS) {
        return MR_ARG;
    }
    mr_split_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return MR_NO_MEMORY;
    }
    self->config = *config;
    for (int i = 0; i < POOL; i++) {
        self->pool[i].next = i + 1 < POOL ? i + 1 : NONE;
    }
    for (int i = 0; i < SLOTS; i++) {
        self->slot[i] = NONE;
    }
    for (int i = 0; i < TILES; i++) {
        self->tile[i].token.index = NONE;
    }
    for (int i = 0; i < GROUPS; i++) {
        self->group[i].waits.index = NONE;
    }
    *out = self;
    return MR_OK;
}

void mr_split_close(mr_split_t *self) {
    free(self);
}

/* ---- tokens ---- */

static entry_t *find(mr_split_t *self, uint32_t slot, uint32_t pos) {
    for (int i = self->slot[slot]; i != NONE; i = self->pool[i].next) {
        if (self->pool[i].token.pos == pos) {
            return &self->pool[i];
        }
    }
    return NULL;
}

static ref_t ref_of(const mr_split_t *self, const entry_t *e) {
    const ref_t none = {NONE, 0};
    return e != NULL ? (ref_t){(int)(e - self->pool), e->serial} : none;
}

static entry_t *deref(mr_split_t *self, ref_t ref) {
    entry_t *e = ref.index != NONE ? &self->pool[ref.index] : NULL;
    return e != NULL && e->serial == ref.serial ? e : NULL;
}

/* Charges the clocks since the last change to the state that held. */
static void charge(const mr_split_t *self, entry_t *e, uint64_t cycle) {
    uint32_t state = MR_SPLIT_TRANSIT;
    for (uint32_t i = 0; i < MR_SPLIT_ORDER; i++) {
        if (e->at[mr_split_order[i]] > 0) {
            state = mr_split_order[i];
            break;
        }
    }
    if (cycle > e->since && self->config.interval != NULL) {
        self->config.interval(self->config.ctx, e->token.slot, e->token.pos, state, e->since,
                              cycle);
    }
    e->token.clocks[state] += cycle - e->since;
    e->since = cycle;
}

static void enter(const mr_split_t *self, entry_t *e, uint32_t state, uint64_t cycle) {
    if (e != NULL) {
        charge(self, e, cycle);
        e->at[state]++;
    }
}

static void leave(const mr_split_t *self, entry_t *e, uint32_t state, uint64_t cycle) {
    if (e != NULL && e->at[state] > 0) {
        charge(self, e, cycle);
        e->at[state]--;
    }
}

/* Takes a token out of its slot's list. */
static void forget(mr_split_t *self, entry_t *e) {
    const int index = (int)(e - self->pool);
    int *link = &self->slot[e->token.slot];
    while (*link != index) {
        link = &self->pool[*link].next;
    }
    *link = e->next;
    e->serial++;
    e->next = self->free;
    self->free = index;
}

static void report(mr_split_t *self, entry_t *e) {
    const mr_split_token_t token = e->token;
    forget(self, e);
    if (self->config.token != NULL) {
        self->config.token(self->config.ctx, &token);
    }
}

/* The token's result was the end of it. */
static void end_with_result(mr_split_t *self, entry_t *e) {
    e->token.end = e->result_cycle;
    memcpy(e->token.clocks, e->result_clocks, sizeof e->token.clocks);
    report(self, e);
}

static void end_with_next(mr_split_t *self, entry_t *e, uint64_t cycle) {
    charge(self, e, cycle);
    e->token.end = cycle;
    e->token.chained = true;
    report(self, e);
}

/* What a new job means for the slot's other tokens: the one before it may end now, those from its
 * position on are made anew, others with a result have ended with that. */
static void succeed(mr_split_t *self, uint32_t slot, uint32_t pos, uint64_t cycle) {
    for (int i = self->slot[slot]; i != NONE;) {
        entry_t *e = &self->pool[i];
        i = e->next;
        if (e->token.pos + 1u == pos && (e->result || e->coming)) {
            end_with_next(self, e, cycle);
        } else if (e->result) {
            end_with_result(self, e);
        } else if (e->token.pos >= pos) {
            forget(self, e);
        }
    }
}

static void inject(mr_split_t *self, const mr_trace_record_t *r) {
    succeed(self, r->slot, r->pos, r->cycle);
    self->injected[r->slot] = r->pos + 1u;
    if (self->free == NONE) {
        self->lost++;
        return;
    }
    const int index = self->free;
    entry_t *e = &self->pool[index];
    const uint32_t serial = e->serial;
    self->free = e->next;
    memset(e, 0, sizeof *e);
    e->serial = serial;
    e->next = self->slot[r->slot];
    self->slot[r->slot] = index;
    e->token.slot = r->slot;
    e->token.pos = r->pos;
    e->token.begin = r->cycle;
    e->since = r->cycle;
    e->at[MR_SPLIT_HUB] = 1;
}

static void result(mr_split_t *self, const mr_trace_record_t *r) {
    entry_t *e = find(self, r->slot, r->pos);
    if (e == NULL) {
        return;
    }
    if (r->kind == MR_TRACE_RESULT) {
        e->coming = true;
        return;
    }
    charge(self, e, r->cycle);
    e->coming = false;
    e->result = true;
    e->at[MR_SPLIT_TURN] = 1;
    e->result_cycle = r->cycle;
    memcpy(e->result_clocks, e->token.clocks, sizeof e->result_clocks);
    if (self->injected[r->slot] > r->pos + 1u) {
        end_with_result(self, e);
    }
}

void mr_split_finish(mr_split_t *self) {
    for (int slot = 0; slot < SLOTS; slot++) {
        for (int i = self->slot[slot]; i != NONE;) {
            entry_t *e = &self->pool[i];
            i = e->next;
            if (e->result) {
                end_with_result(self, e);
            }
        }
    }
}

/* ---- tiles and groups ---- */

static bool has_job(uint32_t state) {
    return state >= MR_TRACE_ISSUE;
}

static void tile(mr_split_t *self, const mr_trace_record_t *r) {
    tile_t *t = &self->tile[r->unit % TILES];
    const bool same =
        has_job(t->state) && has_job(r->state) && t->slot == r->slot && t->pos == r->pos;
    t->clocks[t->state] += r->cycle - t->since;
    t->since = r->cycle;
    if (has_job(t->state)) {
        leave(self, deref(self, t->token), t->state, r->cycle);
    }
    t->state = r->state;
    t->slot = r->slot;
    t->pos = r->pos;
    if (!has_job(t->state)) {
        return;
    }
    if (!same) {
        entry_t *e = find(self, r->slot, r->pos);
        t->token = ref_of(self, e);
        leave(self, e, MR_SPLIT_QUEUED, r->cycle);
    }
    enter(self, deref(self, t->token), t->state, r->cycle);
}

static void network(mr_split_t *self, const mr_trace_record_t *r) {
    group_t *g = &self->group[r->unit % GROUPS];
    g->clocks += g->busy ? r->cycle - g->since : 0;
    g->since = r->cycle;
    g->busy = r->state != MR_TRACE_OFF;
}

static void link_in(mr_split_t *self, const mr_trace_record_t *r) {
    group_t *g = &self->group[r->unit % GROUPS];
    entry_t *e = find(self, r->slot, r->pos);
    if (r->kind == MR_TRACE_ARRIVED) {
        leave(self, e, MR_SPLIT_LINK, r->cycle);
    } else if (r->kind == MR_TRACE_REFUSED) {
        enter(self, e, MR_TRACE_BLOCKED, r->cycle);
        g->waits = ref_of(self, e);
    } else {
        leave(self, deref(self, g->waits), MR_TRACE_BLOCKED, r->cycle);
        g->waits.index = NONE;
    }
}

/* A job has left the hub, if it was there. */
static void into(mr_split_t *self, const mr_trace_record_t *r, uint32_t state) {
    entry_t *e = find(self, r->slot, r->pos);
    leave(self, e, MR_SPLIT_HUB, r->cycle);
    enter(self, e, state, r->cycle);
}

void mr_split_record(void *self_, const mr_trace_record_t *r) {
    mr_split_t *self = self_;
    if (!self->begun) {
        self->begun = true;
        mr_split_mark(self, r->cycle);
    }
    switch ((mr_trace_kind_t)r->kind) {
    case MR_TRACE_TILE:
        tile(self, r);
        break;
    case MR_TRACE_QUEUED:
        into(self, r, MR_SPLIT_QUEUED);
        break;
    case MR_TRACE_BUS:
        network(self, r);
        break;
    case MR_TRACE_LINK:
        into(self, r, MR_SPLIT_LINK);
        break;
    case MR_TRACE_ARRIVED:
    case MR_TRACE_REFUSED:
    case MR_TRACE_LEFT:
        link_in(self, r);
        break;
    case MR_TRACE_INJECT:
        inject(self, r);
        break;
    case MR_TRACE_RESULT:
    case MR_TRACE_RESULT_END:
        result(self, r);
        break;
    }
}

void mr_split_tile(const mr_split_t *self, uint32_t tile_index, uint64_t cycle,
                   uint64_t clocks[MR_TRACE_TILE_STATES]) {
    const tile_t *t = &self->tile[tile_index];
    memcpy(clocks, t->clocks, sizeof t->clocks);
    clocks[t->state] += cycle - t->since;
}

uint64_t mr_split_network(const mr_split_t *self, uint32_t group, uint64_t cycle) {
    const group_t *g = &self->group[group];
    return g->clocks + (g->busy ? cycle - g->since : 0);
}

void mr_split_mark(mr_split_t *self, uint64_t cycle) {
    for (uint32_t i = 0; i < TILES; i++) {
        memset(self->tile[i].clocks, 0, sizeof self->tile[i].clocks);
        self->tile[i].since = cycle;
    }
    for (uint32_t i = 0; i < GROUPS; i++) {
        self->group[i].clocks = 0;
        self->group[i].since = cycle;
    }
}

uint64_t mr_split_lost(const mr_split_t *self) {
    return self->lost;
}
