/* SPDX-License-Identifier: Apache-2.0 */
/* Balancing of visits over tiles. */
#include "millrace/balance.h"

#define NONE UINT64_MAX

/* What best[][] adds up: a bus's clocks in its low bits, weight words and visits above, of which
 * the first count for the choice. */
#define BUS_BITS 24u
#define BUS_MAX ((1u << BUS_BITS) - 1u)
#define VISIT_BITS 8u

/* How a chain is cut. */
typedef struct {
    uint32_t tile;   /* clocks that a visit may take, times its clones */
    uint32_t group;  /* clocks that a bus or a KV cache may */
    bool few_copies; /* weight words and visits count, then the bus */
} limits_t;

/* Beyond BUS_MAX a bus's clocks would not fit beside the copies. */
static limits_t limits(uint32_t tile, uint32_t group, bool few_copies) {
    return (limits_t){tile, group < BUS_MAX ? group : BUS_MAX, few_copies};
}

static uint32_t bus_of(uint64_t way) {
    return (uint32_t)(way & BUS_MAX);
}

/* Clones that a visit of so many clocks needs; 0: more than there may be. */
static uint32_t clones_for(const limits_t *l, uint64_t clocks, uint32_t first) {
    for (uint32_t c = 1; c <= MR_BALANCE_CLONES_MAX && (c == 1u || first > 0); c *= 2u) {
        if (clocks <= (uint64_t)l->tile * c) {
            return c;
        }
    }
    return 0;
}

/* Continues all ways to step `first` by a visit first..last with c clones. */
static void extend(mr_balance_t *b, const limits_t *l, uint32_t base, uint32_t first, uint32_t last,
                   uint32_t c, uint32_t words) {
    const uint64_t cost =
        b->step[last].message +
        (l->few_copies ? ((uint64_t)words * c << VISIT_BITS | 1u) << BUS_BITS : 0);
    for (uint32_t t = 0; t + c <= b->tiles; t++) {
        const uint64_t way = b->best[first - base][t];
        uint64_t *next = &b->best[last + 1u - base][t + c];
        if (way != NONE && bus_of(way) + b->step[last].message <= l->group && way + cost < *next) {
            *next = way + cost;
            b->from[last + 1u - base][t + c] = (uint8_t)(first - base);
            b->clones[last + 1u - base][t + c] = (uint8_t)c;
        }
    }
}

/* All visits that begin with step `first` in a group that begins with step `base`, which has
 * `layers` ATTENDs before; none goes beyond `end`. */
static void visits_from(mr_balance_t *b, const limits_t *l, uint32_t base, uint32_t first,
                        uint32_t end, uint32_t layers) {
    mr_balance_step_t sum = {0};
    uint64_t clocks = 0;
    for (uint32_t i = first; i < end; i++) {
        const mr_balance_step_t *s = &b->step[i];
        clocks += s->clocks;
        sum.words += s->words;
        sum.descs += s->descs;
        sum.vmem += s->vmem;
        sum.scratch = s->scratch > sum.scratch ? s->scratch : sum.scratch;
        layers += s->attends ? 1u : 0;
        if (layers > b->kv_layers || (uint64_t)layers * b->stream > l->group ||
            sum.words > b->wmem_words || sum.descs > b->pmem_descs ||
            sum.vmem + sum.scratch > b->vmem_elems || clones_for(l, clocks, first) == 0) {
            return;
        }
        const uint32_t c = clones_for(l, clocks + s->message, first);
        if (c != 0) {
            extend(b, l, base, first, i, c, sum.words);
        }
    }
}

/* The ways through a group that begins with step `base`. Returns the step after the furthest one
 * that it can do up to `end`, and the tiles on the best way there. */
static uint32_t reach(mr_balance_t *b, const limits_t *l, uint32_t base, uint32_t end,
                      uint32_t *tiles) {
    end = end - base > MR_BALANCE_GROUP_STEPS ? base + MR_BALANCE_GROUP_STEPS : end;
    uint32_t layers = 0;
    uint32_t furthest = base;
    for (uint32_t i = base; i <= end; i++) {
        for (uint32_t t = 0; t <= b->tiles; t++) {
            b->best[i - base][t] = NONE;
        }
    }
    /* What comes in over the link is on the bus, too. */
    b->best[0][0] = base == 0 ? 0 : b->step[base - 1u].message;
    *tiles = 0;
    if (bus_of(b->best[0][0]) > l->group) {
        return base;
    }
    for (uint32_t i = base; i <= end; i++) {
        uint64_t least = NONE;
        for (uint32_t t = 0; t <= b->tiles; t++) {
            if (b->best[i - base][t] < least) {
                least = b->best[i - base][t];
                *tiles = t;
                furthest = i;
            }
        }
        if (i < end && least != NONE) {
            visits_from(b, l, base, i, end, layers);
        }
        layers += i < end && b->step[i].attends ? 1u : 0;
    }
    return furthest;
}

/* Whether the groups can do all steps: each as many as it can, since fewer are never harder. */
static bool feasible(mr_balance_t *b, uint32_t tile, uint32_t group) {
    const limits_t l = limits(tile, group, false);
    uint32_t at = 0;
    uint32_t ignored;
    for (uint32_t g = 0; g < b->groups && at < b->n_steps; g++) {
        at = reach(b, &l, at, b->n_steps, &ignored);
    }
    return at == b->n_steps;
}

/* Lists a group's visits from the way that reach() has found. */
static void list_group(mr_balance_t *b, uint32_t g, uint32_t base, uint32_t end, uint32_t tiles) {
    uint32_t n = 0;
    uint32_t t = tiles;
    for (uint32_t i = end - base; i > 0; n++) {
        const uint32_t c = b->clones[i][t];
        i = b->from[i][t];
        t -= c;
    }
    mr_balance_visit_t *visit = &b->visit[b->n_visits];
    b->n_visits += n;
    t = tiles;
    for (uint32_t i = end - base; n > 0; n--) {
        const uint32_t c = b->clones[i][t];
        i = b->from[i][t];
        t -= c;
        visit[n - 1u] = (mr_balance_visit_t){.first = (uint16_t)(base + i),
                                             .tile = (uint8_t)(g * b->tiles + t),
                                             .clones = (uint8_t)c};
    }
}

/* The best of the ways to a step, counted from the group's first one. */
static uint64_t best_of(const mr_balance_t *b, uint32_t step) {
    uint64_t least = NONE;
    for (uint32_t t = 0; t <= b->tiles; t++) {
        least = b->best[step][t] < least ? b->best[step][t] : least;
    }
    return least;
}

/* Notes in b->start[g + 1][] with which step group g begins on the best way that leads to a step at
 * its end, for groups that begin with any step. */
static void choose_group(mr_balance_t *b, const limits_t *l, uint32_t g) {
    const uint64_t *before = b->cost[g % 2u];
    uint64_t *after = b->cost[(g + 1u) % 2u];
    for (uint32_t i = 0; i <= b->n_steps; i++) { /* nothing in the group */
        after[i] = before[i];
        b->start[g][i] = (uint16_t)i;
    }
    for (uint32_t i = 0; i < b->n_steps; i++) {
        uint32_t ignored;
        const uint32_t end = before[i] == NONE ? i : reach(b, l, i, b->n_steps, &ignored);
        for (uint32_t k = i + 1u; k <= end; k++) {
            const uint64_t way = best_of(b, k - i);
            if (way != NONE && before[i] + (way >> BUS_BITS) < after[k]) {
                after[k] = before[i] + (way >> BUS_BITS);
                b->start[g][k] = (uint16_t)i;
            }
        }
    }
}

/* Divides the steps among the groups: b->start[g][0] is then the first one of group g. False when
 * that cannot be found, as a way with a less busy bus was shut out by one with fewer copies. */
static bool choose(mr_balance_t *b) {
    const limits_t l = limits(b->tile, b->group, true);
    for (uint32_t i = 0; i <= b->n_steps; i++) {
        b->cost[0][i] = i == 0 ? 0 : NONE;
    }
    for (uint32_t g = 0; g < b->groups; g++) {
        choose_group(b, &l, g);
    }
    if (b->cost[b->groups % 2u][b->n_steps] == NONE) {
        return false;
    }
    uint32_t end = b->n_steps;
    for (uint32_t g = b->groups; g-- > 0;) {
        end = b->start[g][end];
        b->start[g][0] = (uint16_t)end;
    }
    return true;
}

static void list(mr_balance_t *b) {
    limits_t l = limits(b->tile, b->group, false);
    uint32_t at = 0;
    l.few_copies = choose(b);
    b->n_visits = 0;
    for (uint32_t g = 0; g < b->groups && at < b->n_steps; g++) {
        uint32_t tiles;
        uint32_t end = b->n_steps;
        if (l.few_copies && g + 1u < b->groups) {
            end = b->start[g + 1u][0];
        }
        end = reach(b, &l, at, end, &tiles);
        list_group(b, g, at, end, tiles);
        at = end;
    }
}

/* The smallest limit from `low` to *limit, which is one of the two or both; *limit is feasible. */
static void tighten(mr_balance_t *b, uint32_t low, uint32_t *limit) {
    uint32_t high = *limit;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        const bool both = limit == &b->bound;
        const uint32_t tile = both || limit == &b->tile ? middle : b->tile;
        const uint32_t group = both || limit == &b->group ? middle : b->group;
        if (feasible(b, tile, group)) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    *limit = high;
}

bool mr_balance(mr_balance_t *self, uint32_t most) {
    if (most < self->least || !feasible(self, most, most)) {
        return false;
    }
    self->bound = most;
    tighten(self, self->least, &self->bound);
    self->tile = self->group = self->bound;
    tighten(self, self->bound / 2u, &self->group); /* less makes nobody wait */
    tighten(self, self->least, &self->tile);
    list(self);
    return true;
}
