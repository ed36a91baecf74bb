/* SPDX-License-Identifier: Apache-2.0 */
/* Placement of a model on the tiles. */
#include "millrace/place.h"

#include "millrace/cost.h"
#include "millrace/program.h"
#include "place_parts.h"

const char *mr_fit_text(mr_fit_reason_t reason) {
    switch (reason) {
    case MR_FIT_OK:
        return "fits";
    case MR_FIT_WMEM:
        return "weight memory (words, all tiles)";
    case MR_FIT_WMEM_TILE:
        return "weight memory (words, one tile)";
    case MR_FIT_VMEM:
        return "vector memory (elements, one tile)";
    case MR_FIT_XMEM:
        return "activation memory (blocks, one tile)";
    case MR_FIT_PMEM:
        return "program memory (descriptors, one tile)";
    case MR_FIT_IN_SIZE:
        return "input buffer (elements)";
    case MR_FIT_RESULT:
        return "result buffer (elements)";
    case MR_FIT_KV_LAYERS:
        return "KV cache layers (all groups)";
    case MR_FIT_KV_HEADS:
        return "KV heads";
    case MR_FIT_KV_NBH:
        return "KV head size (blocks of 32)";
    case MR_FIT_TILES:
        return "tiles of a group (as many as shards)";
    case MR_FIT_IN_BUFS:
        return "input buffers of a tile";
    }
    return "unknown resource";
}

uint32_t mr_place_words(mr_image_format_t format, uint32_t rows, uint32_t cols, uint32_t lanes) {
    const uint32_t slots = (rows + 4u * lanes - 1u) / (4u * lanes) * 4u * (cols / 32u);
    return format == MR_IMAGE_Q4_0 ? slots / 2u : slots;
}

uint32_t mr_place_stage_kinds(uint32_t stage, const mr_image_kind_t **kinds) {
    static const mr_image_kind_t qkv[] = {MR_IMAGE_WQ, MR_IMAGE_WK, MR_IMAGE_WV};
    static const mr_image_kind_t out[] = {MR_IMAGE_WO};
    static const mr_image_kind_t gate_up[] = {MR_IMAGE_GATE, MR_IMAGE_UP};
    static const mr_image_kind_t down[] = {MR_IMAGE_DOWN};
    switch (stage) {
    case MR_STAGE_QKV:
        *kinds = qkv;
        return 3;
    case MR_STAGE_OUT:
        *kinds = out;
        return 1;
    case MR_STAGE_GATE_UP:
        *kinds = gate_up;
        return 2;
    case MR_STAGE_DOWN:
        *kinds = down;
        return 1;
    default:
        *kinds = NULL;
        return 0;
    }
}

static uint32_t max32(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static uint32_t min32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

mr_rows_t mr_place_split(uint32_t n, uint32_t unit, uint32_t shards, uint32_t shard) {
    const uint32_t each = n / unit / shards;
    const uint32_t more = n / unit % shards; /* shards with a unit more */
    const mr_rows_t rows = {(each * shard + min32(shard, more)) * unit,
                            (each + (shard < more ? 1u : 0)) * unit};
    return rows;
}

mr_rows_t mr_place_rows(const mr_model_shape_t *s, mr_image_kind_t kind, uint32_t shards,
                        uint32_t shard) {
    uint32_t rows;
    uint32_t cols;
    mr_image_tensor_dims(s, kind, &rows, &cols);
    if (kind == MR_IMAGE_EMBED) {
        return (mr_rows_t){0, shard == 0 ? rows : 0};
    }
    if (kind != MR_IMAGE_WQ && kind != MR_IMAGE_WK && kind != MR_IMAGE_WV) {
        return mr_place_split(rows, 32, shards, shard);
    }
    /* Where the tensor lies among the rows of all three, and the shard's part of it. */
    const uint32_t nq = s->n_heads * s->hd;
    const uint32_t nkv = s->n_kv * s->hd;
    const uint32_t base = kind == MR_IMAGE_WQ ? 0 : kind == MR_IMAGE_WK ? nq : nq + nkv;
    const mr_rows_t all = mr_place_split(nq + 2u * nkv, s->hd, shards, shard);
    const uint32_t low = max32(all.first, base);
    const uint32_t high = min32(all.first + all.n, base + rows);
    return low < high ? (mr_rows_t){low - base, high - low} : (mr_rows_t){0, 0};
}

mr_rows_t mr_place_heads(const mr_placement_t *p, uint32_t shard) {
    const uint32_t unit = p->split_kv ? 1u : p->shape.n_heads / p->shape.n_kv;
    return mr_place_split(p->shape.n_heads, unit, p->shards, shard);
}

uint32_t mr_place_candidates(const mr_placement_t *p) {
    return min32(p->shards, p->shape.vocab_pad / 32u);
}

static mr_status_t refuse(mr_fit_t *fit, mr_fit_reason_t reason, uint64_t needed,
                          uint64_t available) {
    fit->reason = reason;
    fit->needed = needed;
    fit->available = available;
    return MR_NO_SPACE;
}

/* Weight words of a stage's shard. */
static uint32_t shard_words(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t step,
                            uint32_t shard) {
    const mr_image_kind_t *kinds;
    const uint32_t n = mr_place_stage_kinds(mr_step_stage(step), &kinds);
    uint32_t words = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t rows;
        uint32_t cols;
        mr_image_tensor_dims(&p->shape, kinds[i], &rows, &cols);
        rows = mr_place_rows(&p->shape, kinds[i], p->shards, shard).n;
        const uint8_t format = f->tensor[mr_step_layer(step)][kinds[i]];
        words += mr_place_words((mr_image_format_t)format, rows, cols, p->machine.lanes);
    }
    return words;
}

uint32_t mr_place_step_words(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t step) {
    const mr_model_shape_t *s = &p->shape;
    const uint32_t lanes = p->machine.lanes;
    if (step == 0) {
        return mr_place_words((mr_image_format_t)f->embed, s->vocab_pad, s->d, lanes);
    }
    if (step == p->n_steps - 1u) {
        const uint32_t rows = mr_place_rows(s, MR_IMAGE_HEAD, p->shards, 0).n;
        return p->shared_head ? 0 : mr_place_words((mr_image_format_t)f->head, rows, s->d, lanes);
    }
    uint32_t words = 0;
    for (uint32_t shard = 0; shard < p->shards; shard++) {
        words = max32(words, shard_words(p, f, step, shard)); /* formats may differ */
    }
    return words;
}

/* Teams of a group, and the first tile of a team, which are numbered through all groups. */
static uint32_t teams(const mr_placement_t *p) {
    return p->machine.tiles / p->shards;
}

static uint32_t team_tile(const mr_placement_t *p, uint32_t team) {
    return team / teams(p) * p->machine.tiles + team % teams(p) * p->shards;
}

/* How deal() deals. */
typedef struct {
    uint32_t piece;    /* steps that stay together, 1 or a layer's */
    uint64_t target;   /* words with which a tile is left */
    uint64_t capacity; /* words that it may hold, at least the largest step */
    bool alone;        /* each step has a team of its own */
} deal_t;

/* Where deal() is. */
typedef struct {
    uint32_t team;
    uint32_t steps; /* that it has */
    uint64_t used;  /* words of each of its tiles */
} cursor_t;

/* Moves on to a team; false if there is none. */
static bool deal_next(const mr_placement_t *p, cursor_t *at, uint32_t team) {
    if (team >= teams(p) * p->machine.groups) {
        return false;
    }
    *at = (cursor_t){team, 0, 0};
    return true;
}

/* Finds the team for the steps first..end - 1, which hold `words` words; false if there is none. */
static bool deal_room(const mr_placement_t *p, const deal_t *d, cursor_t *at, uint32_t first,
                      uint32_t end, uint64_t words) {
    bool attends = false;
    for (uint32_t i = first; i < end && i + 1u < p->n_steps; i++) {
        attends = attends || mr_step_stage(i) == MR_STAGE_ATTEND;
    }
    const bool full = at->used + words > d->capacity || at->used + words / 2u > d->target;
    if (full || (d->alone && at->steps > 0)) {
        const bool next = deal_next(p, at, at->team + 1u);
        if (!next && d->alone) {
            return false;
        } /* otherwise the last team may have room all the same */
    }
    if (at->used + words > d->capacity) {
        return false;
    }
    const uint32_t group = at->team / teams(p);
    return !attends || p->kv_layers[group] < p->machine.kv_layers ||
           deal_next(p, at, (group + 1u) * teams(p));
}

/* With shards a layer stays in one group: if a step of it got another group than its QKV, the layer
 * begins again there. Returns the step to go on with. */
static uint32_t deal_layer(mr_placement_t *p, const cursor_t *at, uint32_t step) {
    if (p->shards == 1u || step == p->n_steps - 1u || mr_step_stage(step) == MR_STAGE_QKV) {
        return step;
    }
    const uint32_t first = step - mr_step_stage(step);
    const uint32_t group = p->step[first].tile / p->machine.tiles;
    if (at->team / teams(p) == group) {
        return step;
    }
    if (mr_step_stage(step) > MR_STAGE_ATTEND) {
        p->kv_layers[group]--;
    }
    return first;
}

/* Gives the steps *step..end - 1 to the team and moves *step on. */
static void deal_give(mr_placement_t *p, const mr_place_formats_t *f, cursor_t *at, uint32_t *step,
                      uint32_t end) {
    for (; *step < end; (*step)++) {
        mr_step_place_t *place = &p->step[*step];
        place->tile = (uint8_t)team_tile(p, at->team);
        place->wmem = (uint32_t)at->used;
        if (*step != p->n_steps - 1u && mr_step_stage(*step) == MR_STAGE_ATTEND) {
            uint16_t *layers = &p->kv_layers[at->team / teams(p)];
            place->kv_layer = (uint8_t)(*layers)++;
        }
        at->used += mr_place_step_words(p, f, *step);
        at->steps++;
    }
}

void mr_place_count_words(mr_placement_t *p, const mr_place_formats_t *f) {
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        p->tile[t].wmem_used = 0;
    }
    for (uint32_t step = 0; step < p->n_steps; step++) {
        const uint32_t end = p->step[step].wmem + mr_place_step_words(p, f, step);
        for (uint32_t i = 0; i < mr_step_tiles(p, step); i++) {
            mr_tile_place_t *tile = &p->tile[p->step[step].tile + i];
            tile->wmem_used = max32(tile->wmem_used, end);
        }
    }
}

/* Deals the steps out in order. A head that shares EMBED's matrix goes to its tile, otherwise it
 * ends the chain. */
static bool deal(mr_placement_t *p, const mr_place_formats_t *f, const deal_t *d) {
    const uint32_t last = p->n_steps - 1u;
    for (uint32_t g = 0; g < MR_MACHINE_GROUPS_MAX; g++) {
        p->kv_layers[g] = 0;
    }
    cursor_t at = {0, 1, mr_place_step_words(p, f, 0)};
    p->step[0].tile = 0;
    p->step[0].wmem = 0;
    for (uint32_t step = 1; step < p->n_steps;) {
        if (step == last && p->shared_head) {
            p->step[step].tile = p->step[0].tile;
            p->step[step].wmem = p->step[0].wmem;
            break;
        }
        const uint32_t end = step == last ? step + 1u : step + d->piece;
        uint64_t words = 0;
        for (uint32_t i = step; i < end; i++) {
            words += mr_place_step_words(p, f, i);
        }
        if (!deal_room(p, d, &at, step, end, words)) {
            return false;
        }
        const uint32_t first = deal_layer(p, &at, step);
        if (first != step) {
            step = first;
            continue;
        }
        deal_give(p, f, &at, &step, end);
    }
    mr_place_count_words(p, f);
    return true;
}

/* Words of all steps and of the largest one. */
static uint64_t total_words(const mr_placement_t *p, const mr_place_formats_t *f,
                            uint32_t *largest) {
    uint64_t total = 0;
    *largest = 0;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        const uint32_t words = mr_place_step_words(p, f, i);
        total += words;
        *largest = max32(*largest, words);
    }
    return total;
}

/* Whole layers evenly, single stages evenly, then as tight as they go. */
static bool deal_any(mr_placement_t *p, const mr_place_formats_t *f, uint64_t total) {
    const uint64_t capacity = p->machine.wmem_words;
    const uint32_t all = teams(p) * p->machine.groups;
    const uint64_t even = (total + all - 1u) / all;
    return (p->shards > 1u && deal(p, f, &(deal_t){1, capacity, capacity, true})) ||
           deal(p, f, &(deal_t){MR_STAGES, even, capacity, false}) ||
           deal(p, f, &(deal_t){1, even, capacity, false}) ||
           deal(p, f, &(deal_t){1, capacity, capacity, false});
}

static mr_status_t place_weights(mr_placement_t *p, const mr_place_formats_t *f, mr_fit_t *fit) {
    const uint64_t capacity = p->machine.wmem_words;
    const uint64_t all = capacity * teams(p) * p->machine.groups; /* of a shard */
    uint32_t largest;
    p->shared_head = false;
    uint64_t total = total_words(p, f, &largest);
    const bool may_copy = p->machine.groups > 1u || p->shards > 1u;
    if ((!p->shape.tied || may_copy) && largest <= capacity && deal_any(p, f, total)) {
        return MR_OK;
    }
    p->shared_head = p->shape.tied && p->shards == 1u;
    total = total_words(p, f, &largest);
    if (largest > capacity) {
        return refuse(fit, MR_FIT_WMEM_TILE, largest, capacity);
    }
    if (deal_any(p, f, total)) {
        return MR_OK;
    }
    if (total > all) {
        return refuse(fit, MR_FIT_WMEM, total, all);
    }
    /* Enough in all, but cut badly: the smallest tile on which it would go. */
    uint64_t low = capacity + 1u;
    uint64_t high = total;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2u;
        if (deal(p, f, &(deal_t){1, middle, middle, false})) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return refuse(fit, MR_FIT_WMEM_TILE, low, capacity);
}

/* What a step is: a stage, or MR_STAGES for the head and EMBED. */
static uint32_t stage_of(const mr_placement_t *p, uint32_t step) {
    return step == 0 || step == p->n_steps - 1u ? MR_STAGES : mr_step_stage(step);
}

void mr_place_step_vectors(const mr_placement_t *p, uint32_t step, uint32_t *kept,
                           uint32_t *scratch) {
    const mr_model_shape_t *s = &p->shape;
    const uint32_t stage = stage_of(p, step);
    *kept = 0;
    *scratch = s->d;
    if (step == p->n_steps - 1u) {
        *kept = s->d;
        *scratch = s->d + mr_place_rows(s, MR_IMAGE_HEAD, p->shards, 0).n + 2u;
    } else if (stage == MR_STAGE_QKV) {
        *kept = s->d + s->hd / 2u;
    } else if (stage == MR_STAGE_GATE_UP) {
        *kept = s->d;
        *scratch = s->d + 2u * mr_place_rows(s, MR_IMAGE_GATE, p->shards, 0).n;
    }
}

/* A tile's vectors; its step's other tiles find theirs at the same addresses. */
static void place_tile(mr_placement_t *p, uint32_t t) {
    const mr_model_shape_t *s = &p->shape;
    mr_tile_place_t *tile = &p->tile[t];
    uint32_t at = 0;
    uint32_t scratch = s->d;
    bool rope = false;
    for (uint32_t i = 1; i < p->n_steps; i++) {
        if (t < p->step[i].tile || t >= p->step[i].tile + mr_step_tiles(p, i)) {
            continue;
        }
        uint32_t kept;
        uint32_t shared;
        mr_place_step_vectors(p, i, &kept, &shared);
        if (kept > 0) {
            p->step[i].norm = at;
            at += s->d;
        }
        rope = rope || stage_of(p, i) == MR_STAGE_QKV;
        scratch = max32(scratch, shared);
    }
    tile->rope_f = at;
    at += rope ? s->hd / 2u : 0;
    tile->scratch = at;
    at += scratch;
    tile->in_base = at;
    tile->vmem_used = at + p->in_size * p->machine.in_bufs;
}

static mr_status_t place_vectors(mr_placement_t *p, mr_fit_t *fit) {
    const mr_model_shape_t *s = &p->shape;
    const uint32_t nq = s->n_heads * s->hd;
    const uint32_t qkv = nq + 2u * s->n_kv * s->hd;
    p->in_size = s->d + max32(qkv, s->n_ff);
    if (p->shards > 1u) {
        p->in_size = max32(p->in_size, s->vocab_pad); /* MERGE gathers logits */
    }
    if (p->in_size > p->machine.in_size_max) {
        return refuse(fit, MR_FIT_IN_SIZE, p->in_size, p->machine.in_size_max);
    }
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        place_tile(p, t);
        const uint32_t at = p->tile[t].vmem_used;
        if (at > p->machine.vmem_elems) {
            return refuse(fit, MR_FIT_VMEM, at, p->machine.vmem_elems);
        }
    }
    const uint32_t xmem = max32(max32(s->d, s->n_ff), qkv) / 32u;
    if (xmem > p->machine.xmem_blocks) {
        return refuse(fit, MR_FIT_XMEM, xmem, p->machine.xmem_blocks);
    }
    if (s->vocab_pad > p->machine.result_elems) {
        return refuse(fit, MR_FIT_RESULT, s->vocab_pad, p->machine.result_elems);
    }
    return MR_OK;
}

static void add_visit(mr_placement_t *p, mr_visit_kind_t kind, uint32_t tile, uint32_t shards,
                      uint32_t step) {
    const uint32_t clones = kind == MR_VISIT_STEPS ? p->step[step].clones : 1u;
    p->visit[p->n_visits++] = (mr_visit_t){.tile = (uint8_t)tile,
                                           .shards = (uint8_t)shards,
                                           .clones = (uint8_t)clones,
                                           .kind = (uint8_t)kind,
                                           .first = (uint16_t)step,
                                           .last = (uint16_t)step};
}

/* The tile that gathers behind a step: one of its group that has nothing else to do, or the step's
 * first one. */
static uint32_t gatherer(const mr_placement_t *p, uint32_t step) {
    const uint32_t first = p->step[step].tile / p->machine.tiles * p->machine.tiles;
    for (uint32_t t = first; t < first + p->machine.tiles; t++) {
        bool idle = true;
        for (uint32_t i = 0; i < p->n_steps && idle; i++) {
            idle = t < p->step[i].tile || t >= p->step[i].tile + mr_step_tiles(p, i);
        }
        if (idle) {
            return t;
        }
    }
    return p->step[step].tile;
}

/* Runs of steps on one tile, or single steps and what gathers between them. */
static void list_visits(mr_placement_t *p) {
    const uint32_t tiles = p->machine.tiles;
    p->n_visits = 0;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        const uint32_t tile = p->step[i].tile;
        const uint32_t before = i == 0 ? tile : p->step[i - 1u].tile;
        if (i > 0 && p->shards == 1u && tile == before) {
            p->visit[p->n_visits - 1u].last = (uint16_t)i;
            continue;
        }
        if (i > 1u && p->shards > 1u && tile / tiles != before / tiles) {
            add_visit(p, MR_VISIT_RELAY, gatherer(p, i - 1u), 1, i - 1u);
        }
        add_visit(p, MR_VISIT_STEPS, tile, mr_step_shards(p, i), i);
    }
    if (p->shards > 1u) {
        const uint32_t head = p->n_steps - 1u;
        add_visit(p, MR_VISIT_MERGE, gatherer(p, head), 1, head);
    }
}

/* Jobs in flight. A tile that a job visits more than once must always have a buffer for every job:
 * one, and with shards two, as parts of the next visit come in before this visit's buffer is free.
 * On a chain without such a tile the network's back-pressure is enough. */
static uint32_t window(const mr_placement_t *p) {
    uint32_t seen[MR_MACHINE_TILES_MAX] = {0};
    uint32_t tiles = 0;
    bool shared = false;
    for (uint32_t v = 0; v < p->n_visits; v++) {
        for (uint32_t i = 0; i < p->visit[v].shards; i++) {
            shared = ++seen[p->visit[v].tile + i] > 1u || shared;
        }
        tiles += p->visit[v].clones;
    }
    if (!shared) {
        return p->machine.in_bufs * tiles;
    }
    return p->shards > 1u ? p->machine.in_bufs / 2u : p->machine.in_bufs;
}

static mr_status_t place_visits(mr_placement_t *p, const mr_place_formats_t *f, mr_fit_t *fit) {
    list_visits(p);
    p->window = window(p);
    if (p->window == 0) {
        return refuse(fit, MR_FIT_IN_BUFS, 2, p->machine.in_bufs);
    }
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        p->tile[t].pmem_used = 0;
    }
    for (uint32_t v = 0; v < p->n_visits; v++) {
        mr_visit_t *visit = &p->visit[v];
        uint32_t pc = 0; /* the same on all tiles: a multicast has one pc */
        for (uint32_t i = 0; i < mr_visit_tiles(visit); i++) {
            pc = max32(pc, p->tile[visit->tile + i].pmem_used);
        }
        visit->pc = (uint16_t)pc;
        const uint32_t end = pc + mr_program_visit_length(p, f, v);
        for (uint32_t i = 0; i < mr_visit_tiles(visit); i++) {
            p->tile[visit->tile + i].pmem_used = end;
        }
        if (end > p->machine.pmem_descs) {
            return refuse(fit, MR_FIT_PMEM, end, p->machine.pmem_descs);
        }
    }
    return MR_OK;
}

/* Clocks of a token. */
static uint64_t clocks(const mr_placement_t *p, const mr_place_formats_t *f) {
    mr_cost_t cost;
    mr_cost_token(p, f, mr_cost_position(&p->shape), &cost);
    return cost.total;
}

/* Splits KV heads if that is quicker and the programs fit: more shards compute, but each streams
 * what it needs. */
static mr_status_t split_heads(mr_placement_t *p, const mr_place_formats_t *f, mr_fit_t *fit) {
    const uint64_t whole = clocks(p, f);
    mr_fit_t ignored;
    p->split_kv = true;
    if (place_visits(p, f, &ignored) == MR_OK && clocks(p, f) < whole) {
        return MR_OK;
    }
    p->split_kv = false;
    return place_visits(p, f, fit);
}

static mr_status_t place_shards(mr_placement_t *p, const mr_place_formats_t *f, uint32_t shards,
                                mr_fit_t *fit) {
    if (shards > p->machine.tiles) {
        return refuse(fit, MR_FIT_TILES, shards, p->machine.tiles);
    }
    p->shards = shards;
    p->split_kv = false;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        p->step[i].clones = 1;
    }
    MR_TRY(place_weights(p, f, fit));
    MR_TRY(place_vectors(p, fit));
    MR_TRY(place_visits(p, f, fit));
    return shards > 1u ? split_heads(p, f, fit) : MR_OK;
}

/* The number of shards with which a token is quickest; 1 if none fits. */
static uint32_t quickest(mr_placement_t *p, const mr_place_formats_t *f) {
    const uint32_t most = min32(p->machine.tiles, MR_PLACE_SHARDS_MAX);
    uint64_t least = UINT64_MAX;
    uint32_t best = 1;
    for (uint32_t shards = 1; shards <= most; shards++) {
        mr_fit_t ignored;
        if (place_shards(p, f, shards, &ignored) != MR_OK) {
            continue;
        }
        const uint64_t token = clocks(p, f);
        if (token < least) {
            least = token;
            best = shards;
        }
    }
    return best;
}

static bool place_clones(mr_placement_t *p, const mr_place_formats_t *f, uint64_t token) {
    mr_fit_t ignored;
    return mr_place_clones(p, f, token) && place_vectors(p, &ignored) == MR_OK &&
           place_visits(p, f, &ignored) == MR_OK;
}

/* Clones where they help, otherwise the placement without. More visits have more messages, so that
 * a token takes longer afterwards, and tiles may: a second time with that. */
static mr_status_t place_balanced(mr_placement_t *p, const mr_place_formats_t *f, mr_fit_t *fit) {
    const uint64_t alone = clocks(p, f);
    if (place_clones(p, f, alone)) {
        const uint64_t token = clocks(p, f);
        MR_TRY(place_shards(p, f, 1, fit));
        if (place_clones(p, f, token)) {
            return MR_OK;
        }
        MR_TRY(place_shards(p, f, 1, fit));
        if (place_clones(p, f, alone)) {
            return MR_OK;
        }
    }
    return place_shards(p, f, 1, fit);
}

mr_status_t mr_place_mode(mr_placement_t *self, const mr_model_shape_t *shape,
                          const mr_place_formats_t *formats, const mr_machine_t *machine,
                          uint32_t mode, mr_fit_t *fit) {
    fit->reason = MR_FIT_OK;
    fit->needed = 0;
    fit->available = 0;
    MR_TRY(mr_model_shape_check(shape));
    MR_TRY(mr_machine_check(machine));
    if (mode > MR_PLACE_SHARDS_MAX) {
        return MR_RANGE;
    }
    self->shape = *shape;
    self->machine = *machine;
    self->n_steps = shape->n_layers * MR_STAGES + 2u;
    const uint32_t kv_layers = machine->groups * machine->kv_layers;
    if (shape->n_layers > kv_layers) {
        return refuse(fit, MR_FIT_KV_LAYERS, shape->n_layers, kv_layers);
    }
    if (shape->n_kv > machine->kv_heads) {
        return refuse(fit, MR_FIT_KV_HEADS, shape->n_kv, machine->kv_heads);
    }
    if (shape->hd / 32u > machine->kv_nbh) {
        return refuse(fit, MR_FIT_KV_NBH, shape->hd / 32u, machine->kv_nbh);
    }
    const uint32_t shards = mode == MR_PLACE_LATENCY ? quickest(self, formats) : mode;
    MR_TRY(place_shards(self, formats, shards, fit));
    return mode == MR_PLACE_EFFICIENCY ? place_balanced(self, formats, fit) : MR_OK;
}

mr_status_t mr_place(mr_placement_t *self, const mr_model_shape_t *shape,
                     const mr_place_formats_t *formats, const mr_machine_t *machine,
                     mr_fit_t *fit) {
    return mr_place_mode(self, shape, formats, machine, MR_PLACE_EFFICIENCY, fit);
}
