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

/* The matrix of a stage: one GEMV for each run of tensors of one format. */
static void stage_gemv(builder_t *b, uint32_t step, uint32_t dst) {
    const mr_model_shape_t *s = &b->p->shape;
    const uint8_t *formats = b->f->tensor[mr_step_layer(step)];
    const mr_image_kind_t *kinds;
    const uint32_t n = mr_place_stage_kinds(mr_step_stage(step), &kinds);
    uint32_t wmem = b->p->step[step].wmem;
    uint32_t rows = 0;
    uint32_t cols = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t more;
        mr_image_tensor_dims(s, kinds[i], &more, &cols);
        rows += more;
        if (i + 1u < n && formats[kinds[i + 1u]] == formats[kinds[i]]) {
            continue;
        }
        const uint8_t format = formats[kinds[i]];
        gemv(b, WAIT_VEC, format, dst, wmem, rows, cols);
        wmem += mr_place_words((mr_image_format_t)format, rows, cols, b->p->machine.lanes);
        dst += rows;
        rows = 0;
    }
}

/* Links from a tile's group to another one, round the ring. */
static uint32_t hops(const builder_t *b, uint32_t group) {
    const mr_machine_t *m = &b->p->machine;
    return (group + m->groups - b->tile / m->tiles) % m->groups;
}

/* Sends n elements to the node of a group. */
static void send(builder_t *b, uint32_t wait, uint32_t group, uint32_t mask, uint32_t src,
                 uint32_t n, uint32_t pc) {
    const uint32_t w[7] = {mask, src, 0, n, pc | 1u << 16, hops(b, group), 0};
    put(b, OP_SEND, wait, w);
}

static void send_hub(builder_t *b, uint32_t wait, uint32_t src, uint32_t n) {
    send(b, wait, 0, HUB_MASK, src, n, 0);
}

static void stage_qkv(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const uint32_t nq = s->n_heads * s->hd;
    const uint32_t nkv = s->n_kv * s->hd;
    b->tag = TAG_QKV;
    norm(b, WAIT_DPU, t->scratch, REL, b->p->step[step].norm);
    vec(b, OP_QUANT, WAIT_VEC, 0, t->scratch, 0, s->d);
    stage_gemv(b, step, REL | s->d);
    const uint32_t w[7] = {REL | s->d, REL | s->d, t->rope_f, nq + nkv, s->hd, 0, 0};
    put(b, OP_ROPE, WAIT_DPU, w);
}

static void stage_attend(builder_t *b, const mr_step_place_t *at) {
    const mr_model_shape_t *s = &b->p->shape;
    const uint32_t nq = s->n_heads * s->hd;
    const uint32_t nkv = s->n_kv * s->hd;
    const uint32_t heads = at->kv_layer | s->n_kv << 8 | (s->hd / 32u) << 24;
    b->tag = TAG_ATTENTION;
    vec(b, OP_QUANT, WAIT_VEC | WAIT_DPU, 0, REL | s->d, 0, nq + 2u * nkv);
    const uint32_t append[7] = {heads, nq / 32u, (nq + nkv) / 32u, 0, 0, 0, 0};
    put(b, OP_KV_APPEND, WAIT_VEC, append);
    const uint32_t attend[7] = {REL | s->d, 0, heads, s->n_heads / s->n_kv, 0, s->scale_bits, 0};
    put(b, OP_ATTEND, WAIT_KV, attend);
}

static void stage_out(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const uint32_t nq = s->n_heads * s->hd;
    b->tag = TAG_OUT;
    vec(b, OP_QUANT, WAIT_DPU, 0, REL | s->d, 0, nq);
    stage_gemv(b, step, t->scratch);
    vec(b, OP_ADD, WAIT_DPU, REL, REL, t->scratch, s->d);
}

static void stage_gate_up(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const uint32_t gate = t->scratch + s->d;
    b->tag = TAG_GATE_UP;
    norm(b, WAIT_VEC, t->scratch, REL, b->p->step[step].norm);
    vec(b, OP_QUANT, WAIT_VEC, 0, t->scratch, 0, s->d);
    stage_gemv(b, step, gate);
    vec(b, OP_SILU_MUL, WAIT_DPU, REL | s->d, gate, gate + s->n_ff, s->n_ff);
}

static void stage_down(builder_t *b, uint32_t step) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    b->tag = TAG_DOWN;
    vec(b, OP_QUANT, WAIT_VEC, 0, REL | s->d, 0, s->n_ff);
    stage_gemv(b, step, t->scratch);
    vec(b, OP_ADD, WAIT_DPU, REL, REL, t->scratch, s->d);
}

static uint32_t pred(uint32_t flag, bool set) {
    return flag << 12 | (set ? flag << 16 : 0);
}

/* The head, and the results: every descriptor here depends on the job's flags. */
static void step_head(builder_t *b, const mr_step_place_t *at) {
    const mr_model_shape_t *s = &b->p->shape;
    const mr_tile_place_t *t = &b->p->tile[b->tile];
    const uint32_t logits = t->scratch + s->d;
    const uint32_t top = t->scratch + s->d + s->vocab_pad;
    b->tag = TAG_HEAD;
    b->pred = pred(MR_JOB_HEAD, true);
    norm(b, WAIT_VEC, t->scratch, REL, at->norm);
    vec(b, OP_QUANT, WAIT_VEC, 0, t->scratch, 0, s->d);
    gemv(b, WAIT_VEC, b->f->head, logits, at->wmem, s->vocab_pad, s->d);
    b->pred = pred(MR_JOB_TOP, true);
    /* TOP_K takes an even count; a padding row (logit 0) must not win. The scheduler asks for TOP
     * only when the vocabulary is even. */
    const uint32_t w[7] = {top, logits, 0, s->vocab & ~1u, 1, 0, 0};
    put(b, OP_TOP_K, WAIT_DPU, w);
    send_hub(b, WAIT_VEC, top, 2);
    b->pred = pred(MR_JOB_LOGITS, true);
    send_hub(b, WAIT_DPU, logits, s->vocab_pad);
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

static void build_visit(builder_t *b, uint32_t visit) {
    const mr_placement_t *p = b->p;
    const mr_visit_t *v = &p->visit[visit];
    const uint32_t head = p->n_steps - 1u;
    const uint32_t all = WAIT_VEC | WAIT_DPU;
    b->tile = v->tile;
    b->at = v->pc;
    b->pred = 0;
    for (uint32_t step = v->first; step <= v->last; step++) {
        if (step == head) {
            /* A job without HEAD is over: an empty message tells the hub. */
            b->tag = TAG_OTHER;
            b->pred = pred(MR_JOB_HEAD, false);
            send_hub(b, all, 0, 0);
            b->pred = 0;
        }
        build_step(b, step);
    }
    if (v->last != head) {
        const mr_visit_t *next = &p->visit[visit + 1u];
        const bool to_head = next->first == head;
        b->tag = TAG_OTHER;
        if (to_head) {
            b->pred = pred(MR_JOB_HEAD, false);
            send_hub(b, all, 0, 0);
            b->pred = pred(MR_JOB_HEAD, true);
        }
        send(b, all, next->tile / p->machine.tiles, 2u << next->tile % p->machine.tiles, REL,
             p->shape.d + extra_input(p, next->first), next->pc);
        b->pred = 0;
    }
    b->tag = TAG_OTHER;
    const uint32_t none[7] = {0};
    put(b, OP_END, WAIT_NONE, none);
}

uint32_t mr_program_visit_length(const mr_placement_t *p, const mr_place_formats_t *f,
                                 uint32_t visit) {
    builder_t b = {.p = p, .f = f, .sink = NULL, .status = MR_OK};
    build_visit(&b, visit);
    return b.at - p->visit[visit].pc;
}

mr_status_t mr_program_build(const mr_placement_t *p, const mr_place_formats_t *f,
                             const mr_program_sink_t *sink) {
    builder_t b = {.p = p, .f = f, .sink = sink, .status = MR_OK};
    for (uint32_t v = 0; v < p->n_visits && b.status == MR_OK; v++) {
        build_visit(&b, v);
    }
    return b.status;
}
