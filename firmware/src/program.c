/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the stages. */
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

enum { WAIT_NONE = 0, WAIT_VEC = 1, WAIT_DPU = 2, WAIT_KV = 4, WAIT_NET = 8 };

enum { TAG_OTHER, TAG_QKV, TAG_ATTENTION, TAG_OUT, TAG_GATE_UP, TAG_DOWN, TAG_HEAD, TAG_EMBED };

#define REL 0x80000000u /* address relative to the job's input buffer */
#define HUB_MASK 1u

/* Where descriptors go: counted when sink is NULL. */
typedef struct {
    const mr_placement_t *p;
    const mr_place_formats_t *f;
    const mr_program_sink_t *sink;
    mr_status_t status;
    uint32_t visit;
    uint32_t shard;
    uint32_t tile;
    uint32_t at;
    uint32_t tag;
    uint32_t pred; /* pred_mask and pred_value in place, 0 for none */
} builder_t;

static void put(builder_t *b, uint32_t op, uint32_t wait, const uint32_t operands[7]) {
    if (b->sink != NULL && b->status == MR_OK) {
        uint32_t words[MR_DESC_WORDS];
        words[0] = op | wait << 8 | b->pred | b->tag << 20;
        for (uint32_t i = 0; i < 7u; i++) {
            words[i + 1u] = operands[i];
        }
        b->status = b->sink->put(b->sink->ctx, b->tile, b->at, words);
    }
    b->at++;
}

static void vec(builder_t *b, uint32_t op, uint32_t wait, uint32_t dst, uint32_t a, uint32_t c,
                uint32_t n) {
    const uint32_t w[7] = {dst, a, c, n, 0, 0, 0};
    put(b, op, wait, w);
}

static void norm(builder_t *b, uint32_t wait, uint32_t dst, uint32_t x, uint32_t weight) {
    const mr_model_shape_t *s = &b->p->shape;
    const uint32_t w[7] = {dst, x, weight, s->d, 0, s->eps_bits, s->inv_n_bits};
    put(b, OP_NORM, wait, w);
}

static void gemv(builder_t *b, uint32_t wait, uint8_t format, uint32_t dst, uint32_t wmem,
                 uint32_t rows, uint32_t cols) {
    const uint32_t w[7] = {dst, 0, wmem, rows, cols / 32u, 0, 0};
    const uint32_t q4 = format == MR_IMAGE_Q4_0 ? 1u << 23 : 0;
    put(b, OP_GEMV | q4, wait, w);
}

/* The shard's rows of a stage's matrix: one GEMV for each run of tensors of one format. */
static void stage_gemv(builder_t *b, uint32_t step, uint32_t dst) {
    const mr_model_shape_t *s = &b->p->shape;
    const uint8_t *formats = b->f->tensor[mr_step_layer(step)];
    const mr_image_kind_t *kinds;
    const uint32_t n = mr_place_stage_kinds(mr_step_stage(step), &kinds);
    uint32_t wmem = b->p->step[step].wmem;
    uint32_t rows = 0;
    uint32_t all;
    uint32_t cols = 0;
    for (uint32_t i = 0; i < n; i++) {
        mr_image_tensor_dims(s, kinds[i], &all, &cols);
        rows += mr_place_rows(s, kinds[i], b->p->shards, b->shard).n;
        if (rows == 0 || (i + 1u < n && formats[kinds[i + 1u]] == formats[kinds[i]])) {
            continue;
        }
        const uint8_t format = formats[kinds[i]];
        gemv(b, WAIT_VEC, format, dst, wmem, rows, cols);
        wmem += mr_place_words((mr_image_format_t)format, rows, cols, b->p->machine.lanes);
        dst += rows;
        rows = 0;
    }
}

/* The shard's part of n rows. */
static mr_rows_t part(const builder_t *b, uint32_t n, uint32_t unit) {
    return mr_place_split(n, unit, b->p->shards, b->shard);
}

/* Links from a tile's group to another one, round the ring. */
static uint32_t hops(const builder_t *b, uint32_t group) {
    const mr_machine_t *m = &b->p->machine;
    return (group + m->groups - b->tile / m->tiles) % m->groups;
}

/* Sends n elements to nodes of a group, as one of `parts` messages. */
static void send_part(builder_t *b, uint32_t wait, uint32_t group, uint32_t mask, uint32_t src,
                      mr_rows_t to, uint32_t pc, uint32_t parts) {
    const uint32_t w[7] = {mask, src, to.first, to.n, pc | parts << 16, hops(b, group), 0};
    put(b, OP_SEND, wait, w);
}

/* The logarithm of a visit's clones. */
static uint32_t clones_log2(const mr_visit_t *v) {
    return v->clones > 4u ? 3u : v->clones / 2u;
}

static void send_hub(builder_t *b, uint32_t wait, uint32_t src, uint32_t n) {
    send_part(b, wait, 0, HUB_MASK, src, (mr_rows_t){0, n}, 0, 1);
}

/* Nodes of a visit. */
static uint32_t mask_of(const builder_t *b, const mr_visit_t *v) {
    return ((1u << v->shards) - 1u) << (1u + v->tile % b->p->machine.tiles);
}

/* To a visit's tiles, the part that lies at its own place in the input buffer. */
static void send_visit(builder_t *b, uint32_t wait, const mr_visit_t *v, mr_rows_t rows,
                       uint32_t parts) {
    const uint32_t way = hops(b, v->tile / b->p->machine.tiles) | clones_log2(v) << 4;
    const uint32_t w[7] = {
        mask_of(b, v), REL | rows.first, rows.first, rows.n, v->pc | parts << 16, way, 0};
    put(b, OP_SEND, wait, w);
}

/* x to the next visit, before its time: shard 0 adds it to the gather of the others' results. */
static void send_x(builder_t *b) {
    if (b->p->shards > 1u && b->shard == 0) {
        mr_visit_t next = b->p->visit[b->visit + 1u];
        if (b->p->visit[b->visit].first + 1u == next.first &&
            mr_step_stage(next.first) == MR_STAGE_ATTEND) {
            next.shards = 1; /* the others begin with the word that K and V are there */
        }
        send_visit(b, WAIT_NONE, &next, (mr_rows_t){0, b->p->shape.d}, b->p->shards + 1u);
    }
}

static void stage_qkv(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const mr_rows_t q = mr_place_rows(s, MR_IMAGE_WQ, b->p->shards, b->shard);
    const mr_rows_t k = mr_place_rows(s, MR_IMAGE_WK, b->p->shards, b->shard);
    const mr_rows_t all = part(b, (s->n_heads + 2u * s->n_kv) * s->hd, s->hd);
    const uint32_t at = REL | (s->d + all.first);
    b->tag = TAG_QKV;
    send_x(b);
    if (all.n == 0) {
        return;
    }
    norm(b, WAIT_DPU, t->scratch, REL, b->p->step[step].norm);
    vec(b, OP_QUANT, WAIT_VEC, 0, t->scratch, 0, s->d);
    stage_gemv(b, step, at);
    if (q.n + k.n > 0) {
        const uint32_t w[7] = {at, at, t->rope_f, q.n + k.n, s->hd, 0, 0};
        put(b, OP_ROPE, WAIT_DPU, w);
    }
}

/* Attention of query heads first..first + n - 1, which are all of a run of KV heads or some of one;
 * their q lies in XMEM at the place that all heads together would give it. */
static void attend(builder_t *b, const mr_step_place_t *at, uint32_t wait, uint32_t first,
                   uint32_t n) {
    const mr_model_shape_t *s = &b->p->shape;
    const uint32_t group = s->n_heads / s->n_kv;
    const uint32_t kv = n < group ? 1u : n / group;
    const uint32_t heads = at->kv_layer | kv << 8 | first / group << 16 | (s->hd / 32u) << 24;
    const uint32_t w[7] = {
        REL | (s->d + first * s->hd), first * (s->hd / 32u), heads, n / kv, 0, s->scale_bits, 0};
    put(b, OP_ATTEND, wait, w);
}

/* The shard's query heads: the end of a KV head, whole ones, the beginning of another. */
static void attend_part(builder_t *b, const mr_step_place_t *at, uint32_t wait, mr_rows_t heads) {
    const uint32_t group = b->p->shape.n_heads / b->p->shape.n_kv;
    while (heads.n > 0) {
        const uint32_t whole = heads.n / group * group;
        const uint32_t left = group - heads.first % group; /* of the KV head */
        uint32_t n = heads.n < left ? heads.n : left;
        if (heads.first % group == 0 && whole > 0) {
            n = whole;
        }
        attend(b, at, wait, heads.first, n);
        heads.first += n;
        heads.n -= n;
    }
}

/* Shard 0 appends K and V of all heads, as the cache wants a position complete before the next one,
 * and tells the others, whose jobs count its word as a part. */
static void stage_attend(builder_t *b, const mr_step_place_t *at) {
    const mr_model_shape_t *s = &b->p->shape;
    const uint32_t nq = s->n_heads * s->hd;
    const uint32_t nkv = s->n_kv * s->hd;
    const uint32_t shards = b->p->shards;
    const mr_rows_t heads = mr_place_heads(b->p, b->shard);
    const mr_rows_t q = {heads.first * s->hd, heads.n * s->hd};
    const uint32_t append[7] = {
        at->kv_layer | s->n_kv << 8 | (s->hd / 32u) << 24, nq / 32u, (nq + nkv) / 32u, 0, 0, 0, 0};
    b->tag = TAG_ATTENTION;
    if (shards == 1u) {
        vec(b, OP_QUANT, WAIT_VEC | WAIT_DPU, 0, REL | s->d, 0, nq + 2u * nkv);
        put(b, OP_KV_APPEND, WAIT_VEC, append);
    } else if (b->shard == 0) {
        mr_visit_t others = b->p->visit[b->visit];
        others.tile++;
        others.shards--;
        vec(b, OP_QUANT, WAIT_NONE, nq / 32u, REL | (s->d + nq), 0, 2u * nkv);
        put(b, OP_KV_APPEND, WAIT_VEC, append);
        vec(b, OP_QUANT, WAIT_NONE, 0, REL | s->d, 0, q.n);
        send_visit(b, WAIT_KV, &others, (mr_rows_t){0, 0}, shards + 1u);
    } else if (q.n > 0) {
        vec(b, OP_QUANT, WAIT_NONE, q.first / 32u, REL | (s->d + q.first), 0, q.n);
    }
    attend_part(b, at, shards == 1u ? WAIT_KV : WAIT_VEC, heads);
    send_x(b);
}

static void stage_out(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const uint32_t nq = s->n_heads * s->hd;
    const mr_rows_t rows = part(b, s->d, 32);
    b->tag = TAG_OUT;
    if (rows.n == 0) {
        return;
    }
    vec(b, OP_QUANT, WAIT_DPU, 0, REL | s->d, 0, nq);
    stage_gemv(b, step, t->scratch);
    vec(b, OP_ADD, WAIT_DPU, REL | rows.first, REL | rows.first, t->scratch, rows.n);
}

static void stage_gate_up(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const uint32_t gate = t->scratch + s->d;
    const mr_rows_t rows = part(b, s->n_ff, 32);
    b->tag = TAG_GATE_UP;
    send_x(b);
    if (rows.n == 0) {
        return;
    }
    norm(b, WAIT_VEC, t->scratch, REL, b->p->step[step].norm);
    vec(b, OP_QUANT, WAIT_VEC, 0, t->scratch, 0, s->d);
    stage_gemv(b, step, gate);
    vec(b, OP_SILU_MUL, WAIT_DPU, REL | (s->d + rows.first), gate, gate + rows.n, rows.n);
}

static void stage_down(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const mr_rows_t rows = part(b, s->d, 32);
    b->tag = TAG_DOWN;
    if (rows.n == 0) {
        return;
    }
    vec(b, OP_QUANT, WAIT_VEC, 0, REL | s->d, 0, s->n_ff);
    stage_gemv(b, step, t->scratch);
    vec(b, OP_ADD, WAIT_DPU, REL | rows.first, REL | rows.first, t->scratch, rows.n);
}

static uint32_t pred(uint32_t flag, bool set) {
    return flag << 12 | (set ? flag << 16 : 0);
}

/* The head, and the results: every descriptor here depends on the job's flags. */
static void step_head(builder_t *b, const mr_step_place_t *at) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const mr_visit_t *merge = &b->p->visit[b->p->n_visits - 1u];
    const uint32_t shards = b->p->shards;
    const mr_rows_t rows = mr_place_rows(s, MR_IMAGE_HEAD, shards, b->shard);
    const uint32_t logits = t->scratch + s->d;
    const uint32_t top = logits + rows.n;
    /* TOP_K takes an even count; a padding row (logit 0) must not win. The scheduler asks for TOP
     * only when the vocabulary is even. */
    const uint32_t end = s->vocab & ~1u;
    const uint32_t n = rows.first + rows.n < end ? rows.n : end - rows.first;
    b->tag = TAG_HEAD;
    b->pred = pred(MR_JOB_HEAD, true);
    if (rows.n == 0) {
        send_visit(b, WAIT_NONE, merge, (mr_rows_t){0, 0}, shards);
        b->pred = 0;
        return;
    }
    norm(b, WAIT_VEC, t->scratch, REL, at->norm);
    vec(b, OP_QUANT, WAIT_VEC, 0, t->scratch, 0, s->d);
    gemv(b, WAIT_VEC, b->f->head, logits, at->wmem, rows.n, s->d);
    b->pred = pred(MR_JOB_TOP, true);
    const uint32_t w[7] = {top, logits, rows.first, n, 1, 0, 0};
    put(b, OP_TOP_K, WAIT_DPU, w);
    if (shards == 1u) {
        send_hub(b, WAIT_VEC, top, 2);
        b->pred = pred(MR_JOB_LOGITS, true);
        send_hub(b, WAIT_DPU, logits, rows.n);
    } else {
        const uint32_t group = merge->tile / b->p->machine.tiles;
        const uint32_t mask = mask_of(b, merge);
        send_part(b, WAIT_VEC, group, mask, top, (mr_rows_t){2u * b->shard, 2}, merge->pc, shards);
        b->pred = pred(MR_JOB_LOGITS, true);
        send_part(b, WAIT_DPU, group, mask, logits, rows, merge->pc, shards);
    }
    b->pred = 0;
}

/* Elements that the first step of a visit expects behind x. */
static uint32_t extra_input(const mr_placement_t *p, uint32_t step) {
    const mr_model_shape_t *s = &p->shape;
    if (step == p->n_steps - 1u) {
        return 0;
    }
    switch (mr_step_stage(step)) {
    case MR_STAGE_ATTEND:
        return (s->n_heads + 2u * s->n_kv) * s->hd;
    case MR_STAGE_OUT:
        return s->n_heads * s->hd;
    case MR_STAGE_DOWN:
        return s->n_ff;
    default:
        return 0;
    }
}

static void build_step(builder_t *b, uint32_t step) {
    const mr_placement_t *p = b->p;
    const mr_step_place_t *at = &p->step[step];
    if (step == 0) {
        const uint32_t q4 = b->f->embed == MR_IMAGE_Q4_0 ? 1u << 23 : 0;
        const uint32_t w[7] = {REL, 0, at->wmem, p->shape.vocab, p->shape.d / 32u, 0, 0};
        b->tag = TAG_EMBED;
        put(b, OP_EMBED | q4, WAIT_NONE, w);
        return;
    }
    if (step == p->n_steps - 1u) {
        step_head(b, at);
        return;
    }
    switch (mr_step_stage(step)) {
    case MR_STAGE_QKV:
        stage_qkv(b, step);
        break;
    case MR_STAGE_ATTEND:
        stage_attend(b, at);
        break;
    case MR_STAGE_OUT:
        stage_out(b, step);
        break;
    case MR_STAGE_GATE_UP:
        stage_gate_up(b, step);
        break;
    default:
        stage_down(b, step);
        break;
    }
}

/* A job without HEAD is over: an empty message tells the hub. */
static void end_early(builder_t *b, uint32_t wait) {
    b->tag = TAG_OTHER;
    b->pred = pred(MR_JOB_HEAD, false);
    send_hub(b, wait, 0, 0);
    b->pred = 0;
}

/* A run of steps on one tile. */
static void build_run(builder_t *b, const mr_visit_t *v) {
    const mr_placement_t *p = b->p;
    const uint32_t head = p->n_steps - 1u;
    const uint32_t all = WAIT_VEC | WAIT_DPU;
    for (uint32_t step = v->first; step <= v->last; step++) {
        if (step == head) {
            end_early(b, all);
        }
        build_step(b, step);
    }
    if (v->last != head) {
        const mr_visit_t *next = &p->visit[b->visit + 1u];
        b->tag = TAG_OTHER;
        if (next->first == head) {
            end_early(b, all);
            b->pred = pred(MR_JOB_HEAD, true);
        }
        send_visit(b, all, next, (mr_rows_t){0, p->shape.d + extra_input(p, next->first)}, 1);
        b->pred = 0;
    }
}

/* What a shard of a step hands on; the head has done so itself. */
static void send_results(builder_t *b, uint32_t step) {
    const mr_placement_t *p = b->p;
    const mr_model_shape_t *s = &p->shape;
    const mr_visit_t *next = &p->visit[b->visit + 1u];
    const uint32_t head = p->n_steps - 1u;
    mr_rows_t rows = part(b, s->d, 32);
    uint32_t parts = p->shards;
    if (step == 0) {
        send_visit(b, WAIT_VEC, next, (mr_rows_t){0, s->d}, 1);
        return;
    }
    switch (step == head ? MR_STAGES : mr_step_stage(step)) {
    case MR_STAGES:
        return;
    case MR_STAGE_QKV:
        rows = part(b, (s->n_heads + 2u * s->n_kv) * s->hd, s->hd);
        break;
    case MR_STAGE_ATTEND:
        rows = mr_place_heads(p, b->shard);
        rows.first *= s->hd;
        rows.n *= s->hd;
        break;
    case MR_STAGE_GATE_UP:
        rows = part(b, s->n_ff, 32);
        break;
    default:
        if (next->kind == MR_VISIT_STEPS && next->first == head) {
            /* A job without HEAD goes to MERGE, which tells the hub when all shards are done. */
            b->pred = pred(MR_JOB_HEAD, false);
            send_visit(b, WAIT_VEC | WAIT_DPU, &p->visit[p->n_visits - 1u], (mr_rows_t){0, 0},
                       parts);
            b->pred = pred(MR_JOB_HEAD, true);
        }
        send_visit(b, WAIT_VEC | WAIT_DPU, next, rows, parts);
        b->pred = 0;
        return;
    }
    /* These stages leave their results behind x, and shard 0 has sent x. */
    rows.first += s->d;
    send_visit(b, WAIT_VEC | WAIT_DPU, next, rows, parts + 1u);
}

/* x, gathered behind a group's last layer, to the next group: one message. */
static void build_relay(builder_t *b) {
    const mr_placement_t *p = b->p;
    const mr_visit_t *next = &p->visit[b->visit + 1u];
    if (next->first == p->n_steps - 1u) {
        end_early(b, WAIT_NONE);
        b->pred = pred(MR_JOB_HEAD, true);
    }
    send_visit(b, WAIT_NONE, next, (mr_rows_t){0, p->shape.d}, 1);
    b->pred = 0;
}

static void build_merge(builder_t *b) {
    end_early(b, WAIT_NONE);
    b->tag = TAG_HEAD;
    b->pred = pred(MR_JOB_TOP, true);
    send_hub(b, WAIT_NONE, REL, 2u * mr_place_candidates(b->p));
    b->pred = pred(MR_JOB_LOGITS, true);
    send_hub(b, WAIT_NONE, REL, b->p->shape.vocab_pad);
    b->pred = 0;
}

static void put_end(builder_t *b) {
    const uint32_t none[7] = {0};
    b->tag = TAG_OTHER;
    put(b, OP_END, WAIT_NONE, none);
}

static void build_shard(builder_t *b, uint32_t visit, uint32_t shard) {
    const mr_visit_t *v = &b->p->visit[visit];
    b->visit = visit;
    b->shard = v->clones > 1u ? 0 : shard;
    b->tile = v->tile + shard;
    b->at = v->pc;
    b->pred = 0;
    b->tag = TAG_OTHER;
    if (v->kind == MR_VISIT_RELAY) {
        build_relay(b);
    } else if (v->kind == MR_VISIT_MERGE) {
        build_merge(b);
    } else if (b->p->shards == 1u) {
        build_run(b, v);
    } else {
        build_step(b, v->first);
        send_results(b, v->first);
    }
    put_end(b);
}

uint32_t mr_program_visit_length(const mr_placement_t *p, const mr_place_formats_t *f,
                                 uint32_t visit) {
    builder_t b = {.p = p, .f = f, .sink = NULL, .status = MR_OK};
    uint32_t length = 0;
    for (uint32_t shard = 0; shard < p->visit[visit].shards; shard++) {
        build_shard(&b, visit, shard);
        const uint32_t n = b.at - p->visit[visit].pc;
        length = n > length ? n : length;
    }
    return length;
}

mr_status_t mr_program_build_shard(const mr_placement_t *p, const mr_place_formats_t *f,
                                   uint32_t visit, uint32_t shard, const mr_program_sink_t *sink) {
    builder_t b = {.p = p, .f = f, .sink = sink, .status = MR_OK};
    build_shard(&b, visit, shard);
    return b.status;
}

/* Fills a tile's program up to a descriptor. */
static void fill(builder_t *b, uint32_t tile, uint32_t from, uint32_t to) {
    b->tile = tile;
    b->pred = 0;
    for (b->at = from; b->at < to;) {
        put_end(b);
    }
}

mr_status_t mr_program_build(const mr_placement_t *p, const mr_place_formats_t *f,
                             const mr_program_sink_t *sink) {
    builder_t b = {.p = p, .f = f, .sink = sink, .status = MR_OK};
    uint16_t filled[MR_MACHINE_TILES_MAX] = {0};
    for (uint32_t v = 0; v < p->n_visits && b.status == MR_OK; v++) {
        const mr_visit_t *visit = &p->visit[v];
        const uint32_t end = visit->pc + mr_program_visit_length(p, f, v);
        for (uint32_t shard = 0; shard < mr_visit_tiles(visit); shard++) {
            const uint32_t tile = visit->tile + shard;
            fill(&b, tile, filled[tile], visit->pc);
            build_shard(&b, v, shard);
            fill(&b, tile, b.at, end);
            filled[tile] = (uint16_t)end;
        }
    }
    return b.status;
}
