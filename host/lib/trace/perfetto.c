/* SPDX-License-Identifier: Apache-2.0 */
/* Trace records as Chrome trace JSON. */
#include "trace/perfetto.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/split.h"

enum { TILES = 256, GROUPS = 16, SLOTS = 256, NO_PART = MR_SPLIT_PARTS, NAME = 96 };
enum { TILE_LANES = 1, USER_LANES, NETWORK_LANES };

static const char *const state_names[MR_TRACE_TILE_STATES] = {
    [MR_TRACE_ISSUE] = "issue",       [MR_TRACE_GEMV] = "gemv",
    [MR_TRACE_DPU] = "gemv ends",     [MR_TRACE_ATTEND] = "attend",
    [MR_TRACE_VEC] = "vector",        [MR_TRACE_TOPK] = "top k",
    [MR_TRACE_APPEND] = "kv append",  [MR_TRACE_KV_WAIT] = "kv wait",
    [MR_TRACE_ASK] = "network asked", [MR_TRACE_WAIT] = "network busy",
    [MR_TRACE_BLOCKED] = "blocked",   [MR_TRACE_SEND] = "send"};

typedef struct {
    uint8_t state;
    uint8_t slot;
    uint32_t pos;
    bool shown;    /* the present job's slice is in the file */
    uint64_t from; /* its begin */
} tile_t;

typedef struct {
    bool shown; /* the present token's slice is in the file */
    uint32_t pos;
    uint8_t part;  /* the present inner slice, or NO_PART */
    uint64_t from; /* its begin, and, behind it, its end so far */
    uint64_t to;
    bool job;          /* the token's last job is in the file: */
    uint32_t job_tile; /* its lane, begin and end */
    uint64_t job_from;
    uint64_t job_to;
} user_t;

struct mr_perfetto {
    mr_perfetto_config_t config;
    bool open;
    bool over;
    bool first; /* no event yet */
    uint64_t limit;
    uint64_t flows;
    tile_t tile[TILES];
    user_t user[SLOTS];
    bool network[GROUPS]; /* a message's slice is open */
};

/* ---- events ---- */

static void event(mr_perfetto_t *self, const char *phase, uint32_t lanes, uint32_t lane,
                  uint64_t cycle) {
    fprintf(self->config.file,
            "%s\n{\"ph\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"ts\":%" PRIu64,
            self->first ? "" : ",", phase, lanes, lane + 1u, cycle);
    self->first = false;
}

static void begin(mr_perfetto_t *self, uint32_t lanes, uint32_t lane, uint64_t cycle,
                  const char *name) {
    event(self, "B", lanes, lane, cycle);
    fprintf(self->config.file, ",\"name\":\"%s\"}", name);
}

static void end(mr_perfetto_t *self, uint32_t lanes, uint32_t lane, uint64_t cycle) {
    event(self, "E", lanes, lane, cycle);
    fputs("}", self->config.file);
}

static void name_lane(mr_perfetto_t *self, const char *what, uint32_t lanes, uint32_t lane,
                      const char *name) {
    event(self, "M", lanes, lane, 0);
    fprintf(self->config.file, ",\"name\":\"%s\",\"args\":{\"name\":\"%s\"}}", what, name);
    event(self, "M", lanes, lane, 0);
    fprintf(self->config.file, ",\"name\":\"%s_sort_index\",\"args\":{\"sort_index\":%" PRIu32 "}}",
            strcmp(what, "process_name") == 0 ? "process" : "thread", lane + lanes);
}

/* An arrow from a token's last job to its next, which has just begun. */
static void flow(mr_perfetto_t *self, const user_t *u, uint32_t tile, uint64_t cycle) {
    const uint64_t from = u->job_to > u->job_from ? u->job_to - 1u : u->job_to;
    const uint64_t id = ++self->flows;
    event(self, "s", TILE_LANES, u->job_tile, from);
    fprintf(self->config.file, ",\"id\":%" PRIu64 ",\"name\":\"token\",\"cat\":\"token\"}", id);
    event(self, "f", TILE_LANES, tile, cycle);
    fprintf(self->config.file,
            ",\"id\":%" PRIu64 ",\"name\":\"token\",\"cat\":\"token\",\"bp\":\"e\"}", id);
}

static void name_lanes(mr_perfetto_t *self) {
    const mr_perfetto_config_t *c = &self->config;
    char name[NAME];
    name_lane(self, "process_name", TILE_LANES, 0, "tiles");
    for (uint32_t i = 0; i < c->tiles; i++) {
        c->tile_name(c->ctx, i, name, sizeof name);
        name_lane(self, "thread_name", TILE_LANES, i, name);
    }
    name_lane(self, "process_name", USER_LANES, 0, "users");
    for (uint32_t i = 0; i < c->users; i++) {
        (void)snprintf(name, sizeof name, "user %" PRIu32, i);
        name_lane(self, "thread_name", USER_LANES, i, name);
    }
    if (c->detail) {
        name_lane(self, "process_name", NETWORK_LANES, 0, "networks");
        for (uint32_t i = 0; i < c->groups; i++) {
            (void)snprintf(name, sizeof name, "group %" PRIu32, i);
            name_lane(self, "thread_name", NETWORK_LANES, i, name);
        }
    }
}

mr_status_t mr_perfetto_open(const mr_perfetto_config_t *config, mr_perfetto_t **out) {
    *out = NULL;
    if (config->tiles > TILES || config->users > SLOTS || config->groups > GROUPS) {
        return MR_ARG;
    }
    mr_perfetto_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return MR_NO_MEMORY;
    }
    self->config = *config;
    self->first = true;
    fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"unit\":\"a microsecond is a clock cycle\"},"
          "\"traceEvents\":[",
          config->file);
    name_lanes(self);
    *out = self;
    return MR_OK;
}

void mr_perfetto_close(mr_perfetto_t *self) {
    if (self != NULL) {
        fputs("\n]}\n", self->config.file);
        free(self);
    }
}

/* ---- users ---- */

static void end_part(mr_perfetto_t *self, uint32_t slot) {
    user_t *u = &self->user[slot];
    if (u->part != NO_PART) {
        begin(self, USER_LANES, slot, u->from, mr_split_part_keys[u->part]);
        end(self, USER_LANES, slot, u->to);
        u->part = NO_PART;
    }
}

static void end_token(mr_perfetto_t *self, uint32_t slot, uint64_t cycle) {
    user_t *u = &self->user[slot];
    if (u->shown) {
        end_part(self, slot);
        end(self, USER_LANES, slot, cycle);
        u->shown = false;
    }
}

static void inject(mr_perfetto_t *self, const mr_trace_record_t *r) {
    user_t *u = &self->user[r->slot];
    char name[NAME];
    end_token(self, r->slot, r->cycle);
    (void)snprintf(name, sizeof name, "pos %" PRIu32, r->pos);
    begin(self, USER_LANES, r->slot, r->cycle, name);
    *u = (user_t){.shown = true, .pos = r->pos, .part = NO_PART};
}

void mr_perfetto_interval(void *self_, uint8_t slot, uint32_t pos, uint32_t state, uint64_t from,
                          uint64_t to) {
    mr_perfetto_t *self = self_;
    user_t *u = &self->user[slot];
    const uint8_t part = (uint8_t)mr_split_part(state);
    if (!self->open || !self->config.detail || !u->shown || u->pos != pos || from >= self->limit) {
        return;
    }
    if (part != u->part) {
        end_part(self, slot);
        u->part = part;
        u->from = from;
    }
    u->to = to < self->limit ? to : self->limit;
}

/* ---- tiles ---- */

static bool works(uint32_t state) {
    return state >= MR_TRACE_ISSUE;
}

static void end_job(mr_perfetto_t *self, uint32_t unit, uint64_t cycle) {
    tile_t *t = &self->tile[unit];
    if (!t->shown) {
        return;
    }
    if (self->config.detail) {
        end(self, TILE_LANES, unit, cycle);
    }
    end(self, TILE_LANES, unit, cycle);
    t->shown = false;
    user_t *u = &self->user[t->slot];
    if (u->shown && u->pos == t->pos) {
        u->job = true;
        u->job_tile = unit;
        u->job_from = t->from;
        u->job_to = cycle;
    }
}

static void begin_job(mr_perfetto_t *self, const mr_trace_record_t *r) {
    tile_t *t = &self->tile[r->unit];
    const mr_perfetto_config_t *c = &self->config;
    char stage[NAME];
    char name[NAME + 32];
    c->job_name(c->ctx, r->unit, r->pc, stage, sizeof stage);
    (void)snprintf(name, sizeof name, "user %u pos %" PRIu32 "%s%s", r->slot, r->pos,
                   stage[0] != '\0' ? ": " : "", stage);
    begin(self, TILE_LANES, r->unit, r->cycle, name);
    t->shown = true;
    t->from = r->cycle;
    user_t *u = &self->user[r->slot];
    if (u->shown && u->pos == r->pos && u->job) {
        flow(self, u, r->unit, r->cycle);
        u->job = false;
    }
}

static void tile(mr_perfetto_t *self, const mr_trace_record_t *r) {
    tile_t *t = &self->tile[r->unit % TILES];
    const bool same = works(t->state) && works(r->state) && t->slot == r->slot && t->pos == r->pos;
    const bool shows = self->open;
    if (shows && !same) {
        end_job(self, r->unit, r->cycle);
    }
    if (shows && works(r->state) && !same) {
        begin_job(self, r);
    }
    if (shows && t->shown && self->config.detail && (!same || t->state != r->state)) {
        if (same) {
            end(self, TILE_LANES, r->unit, r->cycle);
        }
        begin(self, TILE_LANES, r->unit, r->cycle, state_names[r->state]);
    }
    t->state = r->state;
    t->slot = r->slot;
    t->pos = r->pos;
}

/* ---- networks ---- */

static void network(mr_perfetto_t *self, const mr_trace_record_t *r) {
    bool *shown = &self->network[r->unit % GROUPS];
    char name[NAME];
    if (*shown) {
        end(self, NETWORK_LANES, r->unit, r->cycle);
    }
    *shown = r->state == MR_TRACE_SEND;
    if (*shown) {
        (void)snprintf(name, sizeof name, "user %u pos %" PRIu32 " of node %u", r->slot, r->pos,
                       r->tag);
        begin(self, NETWORK_LANES, r->unit, r->cycle, name);
    }
}

/* ---- the window ---- */

void mr_perfetto_window(void *self_, bool open, uint64_t cycle) {
    mr_perfetto_t *self = self_;
    if (open && !self->over) {
        self->open = true;
        self->limit = self->config.cycles != 0 ? cycle + self->config.cycles : UINT64_MAX;
        return;
    }
    if (!self->open) {
        return;
    }
    for (uint32_t i = 0; i < TILES; i++) {
        end_job(self, i, cycle);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        end_token(self, i, cycle);
    }
    for (uint32_t i = 0; i < GROUPS; i++) {
        if (self->network[i]) {
            end(self, NETWORK_LANES, i, cycle);
        }
    }
    self->open = false;
    self->over = true;
}

void mr_perfetto_record(void *self_, const mr_trace_record_t *r) {
    mr_perfetto_t *self = self_;
    if (self->open && r->cycle >= self->limit) {
        mr_perfetto_window(self, false, self->limit);
    }
    if (r->kind == MR_TRACE_TILE) {
        tile(self, r);
    } else if (self->open && r->kind == MR_TRACE_INJECT) {
        inject(self, r);
    } else if (self->open && self->config.detail && r->kind == MR_TRACE_BUS) {
        network(self, r);
    }
}
