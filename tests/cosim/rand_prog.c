/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs: legal operands, wait masks that cover every dependency, mistakes on purpose. */
#include "rand_prog.h"

enum { UNIT_VEC = 0, UNIT_DPU = 1, UNIT_KV = 2, UNIT_NET = 3 };
enum { SPAN_VMEM, SPAN_INPUT, SPAN_XMEM, SPAN_BAD };

#define RELATIVE 0x80000000u
#define FMT_Q4 0x00800000u
#define ACC 0x01000000u
#define BLOCK 32u
#define N_MAX 256u

void prog_begin(prog_t *p, gen_t *g, gen_scenario_t *s, gen_program_t *out, const pair_job_t *job,
                uint32_t lo, uint32_t hi, prog_kv_t kv) {
    *p = (prog_t){
        .g = g, .s = s, .out = out, .job = job, .kv = kv, .payload_lo = lo, .payload_hi = hi};
}

/* ---- spans --------------------------------------------------------------------------------- */

static bool overlap(const prog_span_t *a, const prog_span_t *b) {
    return a->kind == b->kind && a->lo < b->hi && b->lo < a->hi;
}

static void touch(prog_t *p, uint32_t kind, uint32_t lo, uint32_t n, bool write) {
    p->span[p->n_spans++] = (prog_span_t){kind, lo, lo + n, write, false};
}

static uint32_t operand(gen_t *g, uint32_t kind, uint32_t at) {
    const uint32_t ignored = gen_chance(g, 10) ? gen_u32(g) & 0x7F000000u : 0;
    return at | ignored | (kind == SPAN_INPUT ? RELATIVE : 0);
}

/* A random even place for n elements in the operand area or, when it has them, the payload. */
static prog_span_t place(prog_t *p, uint32_t n, bool write) {
    gen_t *g = p->g;
    const uint32_t hi = write ? p->s->in_size : p->payload_hi;
    const uint32_t lo = write ? 0 : p->payload_lo;
    if (hi >= lo + n && hi != 0 && p->payload_hi != 0 && gen_chance(g, 35)) {
        const uint32_t at = lo + 2 * gen_below(g, (hi - lo - n) / 2 + 1);
        return (prog_span_t){SPAN_INPUT, at, at + n, write, false};
    }
    const uint32_t at = 2 * gen_below(g, (GEN_DATA - n) / 2 + 1);
    return (prog_span_t){SPAN_VMEM, at, at + n, write, false};
}

static uint32_t source(prog_t *p, uint32_t n, bool strict) {
    prog_span_t span = place(p, n, false);
    span.strict = strict;
    p->span[p->n_spans++] = span;
    return operand(p->g, span.kind, span.lo);
}

/* A destination is one of the sources or overlaps none of them. */
static bool destination_ok(const prog_t *p, const prog_span_t *d) {
    for (uint32_t i = 0; i < p->n_spans; i++) {
        const prog_span_t *s = &p->span[i];
        const bool same = !s->strict && s->kind == d->kind && s->lo == d->lo && s->hi == d->hi;
        if (overlap(s, d) && !same) {
            return false;
        }
    }
    return true;
}

static uint32_t destination(prog_t *p, uint32_t n) {
    prog_span_t span;
    uint32_t tries = 0;
    do {
        if (tries++ == 100) {
            p->no_room = true;
            return 0;
        }
        span = place(p, n, true);
        if (p->n_spans != 0 && gen_chance(p->g, 40)) {
            const prog_span_t *s = &p->span[gen_below(p->g, p->n_spans)];
            if ((s->kind == SPAN_VMEM || s->kind == SPAN_INPUT) && s->hi - s->lo == n) {
                span.kind = s->kind;
                span.lo = s->lo;
                span.hi = s->hi;
            }
        }
    } while (!destination_ok(p, &span));
    p->span[p->n_spans++] = span;
    return operand(p->g, span.kind, span.lo);
}

static uint32_t blocks(prog_t *p, uint32_t n, bool write) {
    const uint32_t at = gen_below(p->g, p->g->machine->xmem_blocks - n + 1);
    touch(p, SPAN_XMEM, at, n, write);
    return at;
}

/* ---- emission ------------------------------------------------------------------------------ */

static uint32_t unit_of(uint32_t op) {
    switch (op) {
    case PROG_GEMV:
    case PROG_ATTEND:
        return UNIT_DPU;
    case PROG_KV_APPEND:
        return UNIT_KV;
    case PROG_SEND:
        return UNIT_NET;
    default:
        return UNIT_VEC;
    }
}

/* Units with something under way that the new descriptor must not overtake. */
static uint32_t conflicts(const prog_t *p) {
    uint32_t mask = p->may_fail;
    for (uint32_t u = 0; u < PROG_UNITS; u++) {
        for (uint32_t i = 0; i < p->n_pend[u]; i++) {
            for (uint32_t k = 0; k < p->n_spans; k++) {
                const prog_span_t *a = &p->pend[u][i];
                const prog_span_t *b = &p->span[k];
                if (overlap(a, b) && (a->write || b->write)) {
                    mask |= 1u << u;
                }
            }
        }
    }
    return mask;
}

static void settle(prog_t *p, uint32_t units) {
    for (uint32_t u = 0; u < PROG_UNITS; u++) {
        if (((units >> u) & 1u) != 0) {
            p->n_pend[u] = 0;
        }
    }
    p->may_fail &= ~units;
}

/* Adds a descriptor that will be executed; may_fail: its unit may refuse it. */
static void emit(prog_t *p, uint32_t op, const uint32_t w[8], bool may_fail) {
    gen_t *g = p->g;
    const uint32_t unit = unit_of(op);
    if (p->no_room) {
        return;
    }
    uint32_t waits = conflicts(p) & ~(1u << unit);
    for (uint32_t u = 0; u < PROG_UNITS; u++) {
        waits |= gen_chance(g, 15) ? 1u << u : 0;
    }
    const uint32_t mask = gen_chance(g, 20) ? gen_below(g, 16) : 0;
    gen_desc_t *d = &p->out->d[p->out->n++];
    for (uint32_t i = 1; i < 8; i++) {
        d->w[i] = w[i];
    }
    d->w[0] = w[0] | op | (waits << 8) | (mask << 12) | ((p->job->flags & mask) << 16) |
              (gen_below(g, 8) << 20);
    /* The sequencer itself never runs KV_APPEND beside DPU work, nor ATTEND beside KV_APPEND. */
    settle(p, waits | (1u << unit) | (op == PROG_KV_APPEND ? 1u << UNIT_DPU : 0) |
                  (op == PROG_ATTEND ? 1u << UNIT_KV : 0) |
                  (op == PROG_EMBED ? 1u << UNIT_DPU : 0));
    for (uint32_t i = 0; i < p->n_spans; i++) {
        p->pend[unit][i] = p->span[i];
    }
    p->n_pend[unit] = p->n_spans;
    p->may_fail |= may_fail ? 1u << unit : 0;
    p->n_spans = 0;
}

/* A descriptor that the predicate skips: any content. */
static void emit_skipped(prog_t *p) {
    gen_t *g = p->g;
    gen_desc_t *d = &p->out->d[p->out->n++];
    for (uint32_t i = 0; i < 8; i++) {
        d->w[i] = gen_u32(g);
    }
    const uint32_t mask = gen_below(g, 16);
    const uint32_t value = (p->job->flags & mask) ^ (1u + gen_below(g, 15));
    const uint32_t op = gen_chance(g, 70) ? gen_below(g, 12) : gen_below(g, 256);
    d->w[0] = (d->w[0] & 0xFFF00F00u) | op | (mask << 12) | (value << 16);
}

/* ---- legal descriptors --------------------------------------------------------------------- */

static uint32_t length(gen_t *g) {
    return BLOCK * (1 + gen_below(g, gen_chance(g, 70) ? 3 : N_MAX / BLOCK));
}

static uint32_t one_float(gen_t *g) {
    uint32_t bits;
    gen_floats(g, gen_chance(g, 20), &bits, 1);
    return gen_chance(g, 50) ? bits & 0x7FFFFFFFu : bits;
}

static void norm(prog_t *p) {
    const uint32_t n = length(p->g);
    uint32_t w[8] = {0, 0, source(p, n, false), source(p, n, false),
                     n, 0, one_float(p->g),     one_float(p->g)};
    w[1] = destination(p, n);
    emit(p, PROG_NORM, w, false);
}

static void quant(prog_t *p) {
    const uint32_t n = length(p->g);
    const uint32_t w[8] = {0, blocks(p, n / BLOCK, true), source(p, n, false), 0, n, 0, 0, 0};
    emit(p, PROG_QUANT, w, false);
}

static void gemv(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t lanes = g->machine->lanes;
    const bool q4 = gen_chance(g, 40);
    const bool acc = gen_chance(g, 40);
    const uint32_t rows = BLOCK * (1 + gen_below(g, gen_chance(g, 80) ? 3 : 10));
    const uint32_t nb = 1 + gen_below(g, gen_chance(g, 80) ? 4 : 12);
    const uint32_t words = (rows + lanes - 1) / lanes * nb / (q4 ? 2 : 1);
    if (words > GEN_WMEM) {
        return;
    }
    uint32_t w[8] = {(q4 ? FMT_Q4 : 0) | (acc ? ACC : 0),
                     0,
                     blocks(p, nb, false),
                     gen_below(g, GEN_WMEM - words + 1),
                     rows,
                     nb,
                     0,
                     0};
    if (acc) { /* the old values have to be there */
        const prog_span_t span = place(p, rows, false);
        w[1] = operand(g, span.kind, span.lo);
        touch(p, span.kind, span.lo, rows, true);
    } else {
        w[1] = destination(p, rows);
    }
    emit(p, PROG_GEMV, w, false);
}

static void rope(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t hd = BLOCK * (1 + gen_below(g, gen_chance(g, 70) ? 2 : 16));
    const uint32_t heads = 1 + gen_below(g, hd <= 64 ? 4 : 1);
    uint32_t w[8] = {0, 0, source(p, heads * hd, false), source(p, hd / 2, true), heads * hd, hd,
                     0, 0};
    w[1] = destination(p, heads * hd);
    emit(p, PROG_ROPE, w, false);
}

static void two_sources(prog_t *p, uint32_t op) {
    const uint32_t n = length(p->g);
    uint32_t w[8] = {0, 0, source(p, n, false), source(p, n, false), n, 0, 0, 0};
    w[1] = destination(p, n);
    emit(p, op, w, false);
}

static void embed(prog_t *p, bool known_token) {
    gen_t *g = p->g;
    const bool q4 = gen_chance(g, 40);
    const uint32_t nb = 1 + gen_below(g, 4);
    const uint32_t token = p->job->token;
    const uint32_t group = 4 * g->machine->lanes;
    const uint32_t words = (token + group) / group * nb * 4 / (q4 ? 2 : 1);
    const uint32_t rows = known_token ? token + 1 + gen_below(g, 100) : gen_below(g, token + 1);
    const uint32_t w[8] = {q4 ? FMT_Q4 : 0,
                           destination(p, nb * BLOCK),
                           0,
                           gen_below(g, GEN_WMEM - words + 1),
                           rows,
                           nb,
                           0,
                           0};
    emit(p, PROG_EMBED, w, !known_token);
}

static void top_k(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t n = 2 * (1 + gen_below(g, N_MAX / 2));
    const uint32_t most = gen_chance(g, 80) ? 8 : 64;
    const uint32_t k = 1 + gen_below(g, n < most ? n : most);
    uint32_t w[8] = {0, 0, source(p, n, true), gen_u32(g), n, k, 0, 0};
    w[1] = destination(p, 2 * k);
    emit(p, PROG_TOP_K, w, false);
}

static uint32_t kv_word(uint32_t layer, uint32_t heads, uint32_t first, uint32_t nbh) {
    return layer | (heads << 8) | (first << 16) | (nbh << 24);
}

static void append_heads(prog_t *p, uint32_t layer, uint32_t first, uint32_t heads) {
    const uint32_t nbh = p->g->kv_nbh;
    const uint32_t w[8] = {0,
                           kv_word(layer, heads, first, nbh),
                           blocks(p, heads * nbh, false),
                           blocks(p, heads * nbh, false),
                           gen_u32(p->g),
                           gen_u32(p->g),
                           0,
                           0};
    emit(p, PROG_KV_APPEND, w, false);
}

/* The next layer, all heads, in one or two descriptors. */
static void append_layer(prog_t *p) {
    const uint32_t heads = p->g->kv_heads;
    const uint32_t cut = gen_chance(p->g, 40) ? gen_below(p->g, heads) : 0;
    uint32_t layer = gen_below(p->g, p->g->kv_layers);
    while (((p->appended >> layer) & 1u) != 0) {
        layer = (layer + 1) % p->g->kv_layers;
    }
    if (cut != 0) {
        append_heads(p, layer, cut, heads - cut);
    }
    append_heads(p, layer, 0, cut != 0 ? cut : heads);
    p->appended |= 1u << layer;
}

static bool all_appended(const prog_t *p) {
    return p->appended == (1u << p->g->kv_layers) - 1u;
}

static void attend(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t layer = gen_below(g, g->kv_layers);
    if (p->kv == PROG_KV_NONE ||
        (p->kv == PROG_KV_APPEND_ALL && ((p->appended >> layer) & 1u) == 0)) {
        return;
    }
    const uint32_t first = gen_below(g, g->kv_heads);
    const uint32_t heads = 1 + gen_below(g, g->kv_heads - first);
    const uint32_t most = g->machine->xmem_blocks / (heads * g->kv_nbh);
    uint32_t group = 1 + gen_below(g, gen_chance(g, 50) ? 2 : 8);
    group = group < most ? group : most;
    if (heads * group * g->kv_nbh * BLOCK > GEN_DATA / 2) {
        return;
    }
    const uint32_t n = heads * group * g->kv_nbh;
    const uint32_t w[8] = {0,
                           destination(p, n * BLOCK),
                           blocks(p, n, false),
                           kv_word(layer, heads, first, g->kv_nbh),
                           group,
                           0,
                           one_float(g),
                           0};
    emit(p, PROG_ATTEND, w, false);
}

static void kv(prog_t *p) {
    if (p->kv == PROG_KV_APPEND_ALL && !all_appended(p) && gen_chance(p->g, 60)) {
        append_layer(p);
    } else {
        attend(p);
    }
}

void prog_send_hub(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t n = 2 * gen_below(g, gen_chance(g, 70) ? 33 : N_MAX / 2 + 1);
    const uint32_t nobody = gen_chance(g, 10) ? 1u << 30 : 0;
    const uint32_t id = g->next_id++;
    const uint32_t w[8] = {0,
                           1u | nobody,
                           source(p, n, false),
                           gen_u32(g) & 0xFFFFu,
                           n,
                           id | (gen_below(g, 16) << 16),
                           0,
                           0};
    emit(p, PROG_SEND, w, false);
}

void prog_send_tiles(prog_t *p, uint32_t tiles, uint32_t pc, uint32_t parts, uint32_t offset,
                     uint32_t n) {
    const uint32_t dest = (tiles << 1) | (tiles >> 31);
    /* As if the first of some clones were so far below that the job's own one is `tiles`: any
     * number of clones when the slot's low bits are 0, otherwise only such that lose no bit of the
     * mask. */
    const uint32_t clones = gen_chance(p->g, 50) ? gen_below(p->g, 16) : 0;
    const uint32_t shift = p->job->slot & ((1u << (clones < 3 ? clones : 3)) - 1u);
    const bool exact = ((dest >> shift) << shift) == dest;
    const uint32_t w[8] = {0, exact ? dest >> shift : dest, source(p, n, false),     offset,
                           n, pc | (parts << 16),           exact ? clones << 4 : 0, 0};
    /* A job on another tile relies on all that this one has done so far. */
    p->may_fail |= 0xFu & ~(1u << UNIT_NET);
    emit(p, PROG_SEND, w, false);
}

/* ---- mistakes ------------------------------------------------------------------------------ */

static void bad_span(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t vmem = g->machine->vmem_elems;
    const uint32_t n = length(g);
    static const uint32_t ops[] = {PROG_NORM, PROG_ADD, PROG_SILU_MUL};
    uint32_t w[8] = {0, 0, 64, 128, n, 0, 0, 0};
    w[1 + gen_below(g, 3)] =
        gen_chance(g, 50) ? 2 * gen_below(g, 500) + 1 : vmem - 2 * gen_below(g, n / 2);
    emit(p, ops[gen_below(g, 3)], w, true);
}

static void bad_length(prog_t *p) {
    gen_t *g = p->g;
    static const uint32_t ops[] = {PROG_NORM, PROG_QUANT, PROG_GEMV,
                                   PROG_ROPE, PROG_ADD,   PROG_SILU_MUL};
    const uint32_t n = gen_chance(g, 30) ? 0 : 32 * gen_below(g, 4) + 1 + gen_below(g, 31);
    const uint32_t w[8] = {0, 0, 0, 0, n, 32, 0, 0};
    emit(p, ops[gen_below(g, 6)], w, true);
}

static void bad_operands(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t x = g->machine->xmem_blocks;
    const uint32_t odd = 2 * gen_below(g, 20) + 1;
    const struct {
        uint32_t op;
        uint32_t w[8];
    } bad[] = {
        {PROG_GEMV, {0, 0, 0, 0, 32, 0, 0, 0}},
        {PROG_GEMV, {0, 0, x - 1, 0, 32, 2, 0, 0}},
        {PROG_GEMV, {0, odd, 0, 0, 32, 1, 0, 0}},
        {PROG_QUANT, {0, x - 1, 0, 0, 64, 0, 0, 0}},
        {PROG_QUANT, {0, x, 0, 0, 32, 0, 0, 0}},
        {PROG_ROPE, {0, 0, 0, 0, 64, 33, 0, 0}},
        {PROG_ROPE, {0, 0, 0, odd, 64, 64, 0, 0}},
        {PROG_EMBED, {0, odd, 0, 0, 999, 1, 0, 0}},
        {PROG_EMBED, {0, 0, 0, 0, 999, 0, 0, 0}},
        {PROG_TOP_K, {0, 0, 64, 0, 32, 0, 0, 0}},
        {PROG_TOP_K, {0, 0, 64, 0, 32, 33, 0, 0}},
        {PROG_TOP_K, {0, 0, 256, 0, 128, 65, 0, 0}},
        {PROG_TOP_K, {0, 0, 64, 0, odd, 1, 0, 0}},
        {PROG_SEND, {0, 1, 0, 0, odd, 7, 0, 0}},
        {PROG_SEND, {0, 1, odd, 0, 32, 7, 0, 0}},
        {PROG_SEND, {0, 1, 8190, 0, 4, 7, 0, 0}},
        {PROG_SEND, {0, 1, 0x00FFFFFE, 0, 4, 7, 0, 0}},
        {PROG_KV_APPEND, {0, kv_word(0, 1, 0, 1), x, 0, 0, 0, 0, 0}},
        {PROG_ATTEND, {0, GEN_DATA, x, kv_word(0, 1, 0, 1), 1, 0, 0, 0}},
        {PROG_ATTEND, {0, GEN_DATA, 0, kv_word(0, 1, 0, 1), 0, 0, 0, 0}},
        {PROG_ATTEND, {0, GEN_DATA, 0, kv_word(0, 1, 0, 1), 17, 0, 0, 0}},
        {PROG_ATTEND, {0, GEN_DATA, 0, kv_word(0, 0, 0, 1), 1, 0, 0, 0}},
        {PROG_ATTEND, {0, GEN_DATA, 0, kv_word(0, 1, 0, 0), 1, 0, 0, 0}},
    };
    const uint32_t i = gen_below(g, sizeof bad / sizeof bad[0]);
    emit(p, bad[i].op, bad[i].w, true);
}

/* Commands that the KV controller or the unit in front of it refuses. */
static void bad_append(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t heads = 1 + gen_below(g, g->kv_heads);
    uint32_t w[8] = {0, kv_word(0, heads, 0, g->kv_nbh), 0, 0, 0, 0, 0, 0};
    const bool next = p->kv == PROG_KV_APPEND_ALL ? (p->appended & 1u) == 0
                                                  : p->job->pos == g->kv_len[p->job->slot];
    switch (gen_below(g, next ? 4 : 5)) {
    case 0: /* layer */
        w[1] = kv_word(g->kv_layers + gen_below(g, 3), heads, 0, g->kv_nbh);
        break;
    case 1: /* head */
        w[1] = kv_word(0, heads, g->kv_heads - gen_below(g, heads), g->kv_nbh);
        break;
    case 2: /* blocks */
        w[1] = kv_word(0, heads, 0, g->kv_nbh % 8 + 1);
        break;
    case 3: /* the end of XMEM */
        w[2 + gen_below(g, 2)] = g->machine->xmem_blocks - heads * g->kv_nbh + 1;
        break;
    default: /* position */
        break;
    }
    emit(p, PROG_KV_APPEND, w, true);
}

static void bad_attend(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t nbh = g->kv_nbh;
    const uint32_t x = g->machine->xmem_blocks;
    uint32_t w[8] = {0, GEN_DATA, 0, kv_word(0, 1, 0, nbh), 1, 0, 0x3F800000u, 0};
    const bool there = p->kv == PROG_KV_READ || (p->kv == PROG_KV_APPEND_ALL && all_appended(p));
    switch (there ? gen_below(g, 6) : gen_below(g, 2)) {
    case 0:
        w[3] = kv_word(g->kv_layers, 1, 0, nbh);
        break;
    case 1:
        w[3] = kv_word(0, 1, g->kv_heads, nbh);
        break;
    case 2: /* answers of another length */
        w[3] = kv_word(0, 1, 0, nbh == 1 ? 2 : nbh - 1);
        break;
    case 3: /* the second query head is not there */
        w[2] = x - nbh;
        w[4] = 2;
        break;
    case 4: /* nor is there room for its result */
        w[1] = g->machine->vmem_elems - nbh * BLOCK;
        w[4] = 2;
        break;
    default: /* a later head is unknown */
        w[3] = kv_word(0, 2, g->kv_heads - 1, nbh);
        break;
    }
    p->s->attend_refused = true;
    emit(p, PROG_ATTEND, w, true);
}

static void mistake(prog_t *p) {
    gen_t *g = p->g;
    const uint32_t nothing[8] = {0};
    switch (gen_below(g, 8)) {
    case 0:
        emit(p, 12 + gen_below(g, 244), nothing, true);
        break;
    case 1:
        bad_span(p);
        break;
    case 2:
        bad_length(p);
        break;
    case 3:
        embed(p, false);
        break;
    case 4:
        bad_append(p);
        break;
    case 5:
        bad_attend(p);
        break;
    default:
        bad_operands(p);
        break;
    }
}

/* ---- programs ------------------------------------------------------------------------------ */

static void any_descriptor(prog_t *p) {
    const uint32_t pick = gen_below(p->g, 100);
    if (pick < 10) {
        norm(p);
    } else if (pick < 25) {
        quant(p);
    } else if (pick < 45) {
        gemv(p);
    } else if (pick < 53) {
        rope(p);
    } else if (pick < 62) {
        two_sources(p, PROG_ADD);
    } else if (pick < 70) {
        two_sources(p, PROG_SILU_MUL);
    } else if (pick < 77) {
        embed(p, true);
    } else if (pick < 81) {
        top_k(p);
    } else if (pick < 92) {
        kv(p);
    } else if (pick < 96) {
        emit_skipped(p);
    } else {
        prog_send_hub(p);
    }
    p->n_spans = 0;
    p->no_room = false;
}

void prog_body(prog_t *p, uint32_t n, bool with_mistake) {
    const uint32_t at = with_mistake ? gen_below(p->g, n + 1) : n + 1;
    for (uint32_t i = 0; i < n; i++) {
        if (i == at) {
            mistake(p);
            p->n_spans = 0;
        }
        any_descriptor(p);
    }
    while (p->kv == PROG_KV_APPEND_ALL && !all_appended(p)) {
        append_layer(p);
    }
    if (p->kv != PROG_KV_NONE && gen_chance(p->g, 70)) {
        attend(p);
        p->n_spans = 0;
        p->no_room = false;
    }
    if (at == n) {
        mistake(p);
        p->n_spans = 0;
    }
}

static void count_position(prog_t *p) {
    if (p->kv == PROG_KV_APPEND_ALL) {
        p->g->kv_len[p->job->slot]++;
    }
}

void prog_end(prog_t *p) {
    const uint32_t w[8] = {0};
    emit(p, PROG_END, w, false);
    count_position(p);
}

void prog_run_over(prog_t *p) {
    p->out->pc = p->g->machine->pmem_descs - p->out->n;
    count_position(p);
}
