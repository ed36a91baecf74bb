/* SPDX-License-Identifier: Apache-2.0 */
/* Placement of a model on the tiles. */
#include "millrace/place.h"

#include "millrace/program.h"

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

static mr_status_t refuse(mr_fit_t *fit, mr_fit_reason_t reason, uint64_t needed,
                          uint64_t available) {
    fit->reason = reason;
    fit->needed = needed;
    fit->available = available;
    return MR_NO_SPACE;
}

/* Weight words of a step; a head that shares EMBED's matrix has none. */
static uint32_t step_words(const mr_placement_t *p, const mr_place_formats_t *f, uint32_t step) {
    const mr_model_shape_t *s = &p->shape;
    const uint32_t lanes = p->machine.lanes;
    if (step == 0) {
        return mr_place_words((mr_image_format_t)f->embed, s->vocab_pad, s->d, lanes);
    }
    if (step == p->n_steps - 1u) {
        return p->shared_head
                   ? 0
                   : mr_place_words((mr_image_format_t)f->head, s->vocab_pad, s->d, lanes);
    }
    const mr_image_kind_t *kinds;
    const uint32_t n = mr_place_stage_kinds(mr_step_stage(step), &kinds);
    uint32_t words = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t rows;
        uint32_t cols;
        mr_image_tensor_dims(s, kinds[i], &rows, &cols);
        const uint8_t format = f->tensor[mr_step_layer(step)][kinds[i]];
        words += mr_place_words((mr_image_format_t)format, rows, cols, lanes);
    }
    return words;
}

/* How deal() deals. */
typedef struct {
    uint32_t piece;    /* steps that stay together, 1 or a layer's */
    uint64_t target;   /* words with which a tile is left */
    uint64_t capacity; /* words that it may hold, at least the largest step */
} deal_t;

/* Where deal() is. */
typedef struct {
    uint32_t tile;
    uint64_t used; /* words of it */
} cursor_t;

/* Moves on to a tile; false if there is none. */
static bool deal_next(mr_placement_t *p, cursor_t *at, uint32_t tile) {
    if (tile >= mr_machine_tiles(&p->machine)) {
        return false;
    }
    p->tile[at->tile].wmem_used = (uint32_t)at->used;
    *at = (cursor_t){tile, 0};
    return true;
}

/* Finds the tile for the steps first..end - 1, which hold `words` words; false if there is none. */
static bool deal_room(mr_placement_t *p, const deal_t *d, cursor_t *at, uint32_t first,
                      uint32_t end, uint64_t words) {
    bool attends = false;
    for (uint32_t i = first; i < end && i + 1u < p->n_steps; i++) {
        attends = attends || mr_step_stage(i) == MR_STAGE_ATTEND;
    }
    const bool full = at->used + words > d->capacity || at->used + words / 2u > d->target;
    if (full) {
        (void)deal_next(p, at, at->tile + 1u); /* the last tile may have room all the same */
    }
    if (at->used + words > d->capacity) {
        return false;
    }
    const uint32_t group = at->tile / p->machine.tiles;
    return !attends || p->kv_layers[group] < p->machine.kv_layers ||
           deal_next(p, at, (group + 1u) * p->machine.tiles);
}

/* Deals the steps out in order. A head that shares EMBED's matrix goes to its tile, otherwise it
 * ends the chain. */
static bool deal(mr_placement_t *p, const mr_place_formats_t *f, const deal_t *d) {
    const uint32_t last = p->n_steps - 1u;
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        p->tile[t].wmem_used = 0;
    }
    for (uint32_t g = 0; g < MR_MACHINE_GROUPS_MAX; g++) {
        p->kv_layers[g] = 0;
    }
    cursor_t at = {0, step_words(p, f, 0)};
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
            words += step_words(p, f, i);
        }
        if (!deal_room(p, d, &at, step, end, words)) {
            return false;
        }
        for (; step < end; step++) {
            p->step[step].tile = (uint8_t)at.tile;
            p->step[step].wmem = (uint32_t)at.used;
            if (step != last && mr_step_stage(step) == MR_STAGE_ATTEND) {
                uint16_t *layers = &p->kv_layers[at.tile / p->machine.tiles];
                p->step[step].kv_layer = (uint8_t)(*layers)++;
            }
            at.used += step_words(p, f, step);
        }
    }
    p->tile[at.tile].wmem_used = (uint32_t)at.used;
    return true;
}

/* Words of all steps and of the largest one. */
static uint64_t total_words(const mr_placement_t *p, const mr_place_formats_t *f,
                            uint32_t *largest) {
    uint64_t total = 0;
    *largest = 0;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        const uint32_t words = step_words(p, f, i);
        total += words;
        *largest = max32(*largest, words);
    }
    return total;
}

/* Whole layers evenly, single stages evenly, then as tight as they go. */
static bool deal_any(mr_placement_t *p, const mr_place_formats_t *f, uint64_t total) {
    const uint64_t capacity = p->machine.wmem_words;
    const uint32_t tiles = mr_machine_tiles(&p->machine);
    const uint64_t even = (total + tiles - 1u) / tiles;
    return deal(p, f, &(deal_t){MR_STAGES, even, capacity}) ||
           deal(p, f, &(deal_t){1, even, capacity}) || deal(p, f, &(deal_t){1, capacity, capacity});
}

static mr_status_t place_weights(mr_placement_t *p, const mr_place_formats_t *f, mr_fit_t *fit) {
    const uint64_t capacity = p->machine.wmem_words;
    const uint64_t all = capacity * mr_machine_tiles(&p->machine);
    uint32_t largest;
    p->shared_head = false;
    uint64_t total = total_words(p, f, &largest);
    if ((!p->shape.tied || p->machine.groups > 1u) && largest <= capacity &&
        deal_any(p, f, total)) {
        return MR_OK;
    }
    p->shared_head = p->shape.tied;
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
        if (deal(p, f, &(deal_t){1, middle, middle})) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return refuse(fit, MR_FIT_WMEM_TILE, low, capacity);
}

static mr_status_t place_vectors(mr_placement_t *p, mr_fit_t *fit) {
    const mr_model_shape_t *s = &p->shape;
    const uint32_t nq = s->n_heads * s->hd;
    const uint32_t qkv = nq + 2u * s->n_kv * s->hd;
    p->in_size = s->d + max32(qkv, s->n_ff);
    if (p->in_size > p->machine.in_size_max) {
        return refuse(fit, MR_FIT_IN_SIZE, p->in_size, p->machine.in_size_max);
    }
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        mr_tile_place_t *tile = &p->tile[t];
        uint32_t at = 0;
        uint32_t scratch = s->d;
        bool rope = false;
        for (uint32_t i = 1; i < p->n_steps; i++) {
            if (p->step[i].tile != t) {
                continue;
            }
            const bool head = i == p->n_steps - 1u;
            const uint32_t stage = head ? MR_STAGES : mr_step_stage(i);
            if (head || stage == MR_STAGE_QKV || stage == MR_STAGE_GATE_UP) {
                p->step[i].norm = at;
                at += s->d;
            }
            rope = rope || stage == MR_STAGE_QKV;
            if (head) {
                scratch = max32(scratch, s->d + s->vocab_pad + 2u);
            } else if (stage == MR_STAGE_GATE_UP) {
                scratch = max32(scratch, s->d + 2u * s->n_ff);
            }
        }
        tile->rope_f = at;
        at += rope ? s->hd / 2u : 0;
        tile->scratch = at;
        at += scratch;
        tile->in_base = at;
        at += p->in_size * p->machine.in_bufs;
        tile->vmem_used = at;
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

static mr_status_t place_visits(mr_placement_t *p, const mr_place_formats_t *f, mr_fit_t *fit) {
    uint32_t seen[MR_MACHINE_TILES_MAX] = {0};
    bool shared = false;
    p->n_visits = 0;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        if (i == 0 || p->step[i].tile != p->step[i - 1u].tile) {
            mr_visit_t *v = &p->visit[p->n_visits++];
            v->tile = p->step[i].tile;
            v->first = (uint16_t)i;
            seen[v->tile]++;
            shared = shared || seen[v->tile] > 1u;
        }
        p->visit[p->n_visits - 1u].last = (uint16_t)i;
    }
    /* A tile that a job visits more than once must always have a buffer for every job in flight; on
     * a chain without such a tile the network's back-pressure is enough. */
    p->window = shared ? p->machine.in_bufs : p->machine.in_bufs * p->n_visits;
    for (uint32_t t = 0; t < mr_machine_tiles(&p->machine); t++) {
        p->tile[t].pmem_used = 0;
    }
    for (uint32_t v = 0; v < p->n_visits; v++) {
        mr_tile_place_t *tile = &p->tile[p->visit[v].tile];
        p->visit[v].pc = (uint16_t)tile->pmem_used;
        tile->pmem_used += mr_program_visit_length(p, f, v);
        if (tile->pmem_used > p->machine.pmem_descs) {
            return refuse(fit, MR_FIT_PMEM, tile->pmem_used, p->machine.pmem_descs);
        }
    }
    return MR_OK;
}

mr_status_t mr_place(mr_placement_t *self, const mr_model_shape_t *shape,
                     const mr_place_formats_t *formats, const mr_machine_t *machine,
                     mr_fit_t *fit) {
    fit->reason = MR_FIT_OK;
    fit->needed = 0;
    fit->available = 0;
    MR_TRY(mr_model_shape_check(shape));
    MR_TRY(mr_machine_check(machine));
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
    MR_TRY(place_weights(self, formats, fit));
    MR_TRY(place_vectors(self, fit));
    return place_visits(self, formats, fit);
}
