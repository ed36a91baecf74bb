/* SPDX-License-Identifier: Apache-2.0 */
/* The model's descriptors: operand checks as in docs/tile_isa.md, then the kernels. */
#include "millrace/arith.h"
#include "model.h"

#define OPS_ADDR_MASK 0x00FFFFFFu
#define OPS_RELATIVE 0x80000000u
#define OPS_FMT_Q4 0x00800000u
#define OPS_ACC 0x01000000u
#define OPS_GROUP_MAX 16u

typedef struct {
    model_t *m;
    model_tile_t *tile;
    const model_job_t *job;
    const uint32_t *w; /* the descriptor */
    bool *issued;      /* set when the KV unit or ATTEND refuses what the sequencer lets pass */
} ops_ctx_t;

bool mr_model_vmem_span(const model_t *m, const model_tile_t *tile, uint32_t w, uint64_t len,
                        uint32_t *addr) {
    uint64_t at = w & OPS_ADDR_MASK;
    if ((w & OPS_RELATIVE) != 0) {
        at += tile->in_base + (uint64_t)tile->running * tile->in_size;
    }
    *addr = (uint32_t)at;
    return at % 2 == 0 && at + len <= m->cfg.vmem_elems;
}

/* VMEM operand in word `word` of the descriptor; NULL if it is out of range. */
static float *ops_vmem(const ops_ctx_t *c, uint32_t word, uint64_t len) {
    uint32_t addr;
    return mr_model_vmem_span(c->m, c->tile, c->w[word], len, &addr) ? &c->tile->vmem[addr] : NULL;
}

static mr_block_t *ops_xmem(const ops_ctx_t *c, uint32_t word, uint64_t len) {
    const uint32_t addr = c->w[word] & OPS_ADDR_MASK;
    return addr + len <= c->m->cfg.xmem_blocks ? &c->tile->xmem[addr] : NULL;
}

static uint32_t ops_n(const ops_ctx_t *c) {
    return c->w[4] & 0xFFFFFu;
}

static uint32_t ops_w5(const ops_ctx_t *c) {
    return c->w[5] & 0xFFFFu;
}

static bool ops_n_ok(uint32_t n) {
    return n != 0 && n % MR_BLOCK_LEN == 0;
}

static bool ops_q4(const ops_ctx_t *c) {
    return (c->w[0] & OPS_FMT_Q4) != 0;
}

/* First lane word of a matrix of rows x nb blocks at the WMEM word in w3; false if it is not there.
 */
static bool ops_matrix(const ops_ctx_t *c, uint32_t rows, uint32_t nb, size_t *lane_word) {
    const uint64_t group = 4u * c->m->cfg.lanes;
    const uint64_t slots = (rows + group - 1) / group * nb * 4;
    const uint64_t words = ops_q4(c) ? slots / 2 : slots;
    *lane_word = (size_t)c->w[3] * c->m->cfg.lanes;
    return c->w[3] + words <= c->m->cfg.wmem_words;
}

static uint8_t ops_norm(const ops_ctx_t *c) {
    const uint32_t n = ops_n(c);
    float *y = ops_vmem(c, 1, n);
    const float *x = ops_vmem(c, 2, n);
    const float *w = ops_vmem(c, 3, n);
    if (!ops_n_ok(n) || y == NULL || x == NULL || w == NULL) {
        return MODEL_JOB_RANGE;
    }
    c->m->kernels->norm(y, x, w, n, mr_f32_from_bits(c->w[7]), mr_f32_from_bits(c->w[6]));
    return MODEL_JOB_OK;
}

static uint8_t ops_quant(const ops_ctx_t *c) {
    const uint32_t n = ops_n(c);
    mr_block_t *y = ops_xmem(c, 1, n / MR_BLOCK_LEN);
    const float *x = ops_vmem(c, 2, n);
    if (!ops_n_ok(n) || y == NULL || x == NULL) {
        return MODEL_JOB_RANGE;
    }
    c->m->kernels->quant(x, n, y);
    return MODEL_JOB_OK;
}

static uint8_t ops_gemv(const ops_ctx_t *c) {
    const uint32_t rows = ops_n(c);
    const uint32_t nb = ops_w5(c);
    const uint32_t group = 4u * c->m->cfg.lanes;
    const bool acc = (c->w[0] & OPS_ACC) != 0;
    float *y = ops_vmem(c, 1, rows);
    const mr_block_t *x = ops_xmem(c, 2, nb);
    size_t at;
    if (!ops_n_ok(rows) || nb == 0 || y == NULL || x == NULL || !ops_matrix(c, rows, nb, &at)) {
        return MODEL_JOB_RANGE;
    }
    const uint32_t *w = &c->tile->wmem[at * MODEL_LANE_WORDS];
    if (ops_q4(c)) {
        c->m->kernels->gemv_q4(y, w, x, rows, nb, group, acc);
    } else {
        c->m->kernels->gemv_q8(y, w, &c->tile->wscale[at], x, rows, nb, group, acc);
    }
    return MODEL_JOB_OK;
}

static uint8_t ops_rope(const ops_ctx_t *c) {
    const uint32_t n = ops_n(c);
    const uint32_t hd = ops_w5(c);
    float *y = ops_vmem(c, 1, n);
    const float *x = ops_vmem(c, 2, n);
    const float *f = ops_vmem(c, 3, hd / 2);
    if (!ops_n_ok(n) || !ops_n_ok(hd) || y == NULL || x == NULL || f == NULL) {
        return MODEL_JOB_RANGE;
    }
    c->m->kernels->rope(y, x, f, n, hd, c->job->pos);
    return MODEL_JOB_OK;
}

static uint8_t ops_add(const ops_ctx_t *c) {
    const uint32_t n = ops_n(c);
    float *y = ops_vmem(c, 1, n);
    const float *a = ops_vmem(c, 2, n);
    const float *b = ops_vmem(c, 3, n);
    if (!ops_n_ok(n) || y == NULL || a == NULL || b == NULL) {
        return MODEL_JOB_RANGE;
    }
    mr_op_add(y, a, b, n);
    return MODEL_JOB_OK;
}

static uint8_t ops_silu_mul(const ops_ctx_t *c) {
    const uint32_t n = ops_n(c);
    float *y = ops_vmem(c, 1, n);
    const float *g = ops_vmem(c, 2, n);
    const float *u = ops_vmem(c, 3, n);
    if (!ops_n_ok(n) || y == NULL || g == NULL || u == NULL) {
        return MODEL_JOB_RANGE;
    }
    c->m->kernels->silu_mul(y, g, u, n);
    return MODEL_JOB_OK;
}

/* Block (row, b) of a matrix, taken out of its lane word (docs/tile_isa.md section 1). */
static mr_block_t ops_weight(const ops_ctx_t *c, size_t first, uint32_t row, uint32_t b,
                             uint32_t nb) {
    const uint32_t lanes = c->m->cfg.lanes;
    const uint32_t i = row % (4 * lanes) / lanes;
    const size_t slot = ((size_t)(row / (4 * lanes)) * nb + b) * 4 + i;
    const size_t word = ops_q4(c) ? slot / 2 : slot;
    const uint32_t *w = &c->tile->wmem[(first + word * lanes + row % lanes) * MODEL_LANE_WORDS];
    const uint8_t *bytes = (const uint8_t *)w;
    mr_block_t block;
    if (ops_q4(c)) {
        const uint8_t *half = bytes + (slot % 2) * MR_Q4_0_BYTES;
        uint8_t gguf[MR_Q4_0_BYTES] = {half[16], half[17]}; /* GGUF has the scale first */
        for (uint32_t j = 0; j < 16; j++) {
            gguf[2 + j] = half[j];
        }
        mr_block_from_q4_0(gguf, &block);
    } else {
        block.d = (uint16_t)w[8];
        for (uint32_t j = 0; j < MR_BLOCK_LEN; j++) {
            block.q[j] = ((const int8_t *)w)[j];
        }
    }
    return block;
}

static uint8_t ops_embed(const ops_ctx_t *c) {
    const uint32_t rows = ops_n(c);
    const uint32_t nb = ops_w5(c);
    float *y = ops_vmem(c, 1, (uint64_t)nb * MR_BLOCK_LEN);
    size_t at;
    if (nb == 0 || y == NULL) {
        return MODEL_JOB_RANGE;
    }
    if (c->job->token >= rows) {
        return MODEL_JOB_TOKEN;
    }
    if (!ops_matrix(c, c->job->token + 1, nb, &at)) {
        return MODEL_JOB_RANGE;
    }
    for (uint32_t b = 0; b < nb; b++) {
        const mr_block_t block = ops_weight(c, at, c->job->token, b, nb);
        mr_op_embed(y + (size_t)b * MR_BLOCK_LEN, &block, 1);
    }
    return MODEL_JOB_OK;
}

static uint8_t ops_topk(const ops_ctx_t *c) {
    const uint32_t n = ops_n(c);
    const uint32_t k = ops_w5(c);
    float *y = ops_vmem(c, 1, 2ull * k);
    const float *x = ops_vmem(c, 2, n);
    mr_topk_t best[MR_TOPK_MAX];
    if (n == 0 || n % 2 != 0 || k == 0 || k > MR_TOPK_MAX || k > n || y == NULL || x == NULL) {
        return MODEL_JOB_RANGE;
    }
    mr_op_topk(x, n, c->w[3], k, best);
    for (uint32_t i = 0; i < k; i++) {
        y[2 * i] = mr_f32_from_bits(best[i].index);
        y[2 * i + 1] = best[i].value;
    }
    return MODEL_JOB_OK;
}

typedef struct {
    uint32_t layer;
    uint32_t heads;
    uint32_t first;
    uint32_t nbh;
} ops_kv_t;

static ops_kv_t ops_kv(uint32_t w) {
    return (ops_kv_t){w & 0xFFu, (w >> 8) & 0xFFu, (w >> 16) & 0xFFu, w >> 24};
}

static uint8_t ops_kv_append(const ops_ctx_t *c) {
    const ops_kv_t kv = ops_kv(c->w[1]);
    const uint64_t len = (uint64_t)kv.heads * kv.nbh;
    const mr_block_t *k = ops_xmem(c, 2, len);
    const mr_block_t *v = ops_xmem(c, 3, len);
    uint8_t first_error = MODEL_JOB_OK;
    *c->issued = ops_xmem(c, 2, 1) != NULL && ops_xmem(c, 3, 1) != NULL;
    if (!*c->issued) {
        return MODEL_JOB_RANGE;
    }
    if (len != 0 && (k == NULL || v == NULL)) {
        return MODEL_JOB_RANGE;
    }
    const uint32_t nbh = c->m->kv[c->tile->group].nbh;
    if (len != 0 && nbh == 0) {
        return MODEL_JOB_KV_WHO;
    }
    /* The controller takes CONFIG.nbh blocks a command; a descriptor of another shape is a mistake.
     */
    if (len != 0 && kv.nbh != nbh) {
        return MODEL_JOB_RANGE;
    }
    for (uint32_t i = 0; len != 0 && i < 2 * kv.heads; i++) {
        const mr_block_t *from = (i % 2 == 0 ? k : v) + (size_t)(i / 2) * kv.nbh;
        const uint8_t status = mr_model_kv_append(c->m, c->tile->group, c->job->slot, kv.layer,
                                                  kv.first + i / 2, i % 2, c->job->pos, from);
        first_error = first_error == MODEL_JOB_OK ? status : first_error;
    }
    return first_error;
}

/* One query head over its KV head. */
static void ops_attend_head(const ops_ctx_t *c, float *y, const mr_block_t *q, const ops_kv_t *kv,
                            uint32_t head) {
    const uint32_t len = c->job->pos + 1;
    const float scale = mr_f32_from_bits(c->w[6]);
    mr_model_softmax_t state = {0.0f, 0.0f, false};
    for (uint32_t j = 0; j < kv->nbh * MR_BLOCK_LEN; j++) {
        y[j] = 0.0f;
    }
    for (uint32_t first = 0; first < len; first += MODEL_PAGE_TOKENS) {
        const uint32_t block = first / MODEL_PAGE_TOKENS;
        const uint32_t count = len - first < MODEL_PAGE_TOKENS ? len - first : MODEL_PAGE_TOKENS;
        const mr_model_kv_part_t part = {
            mr_model_kv_chunk(c->m, c->tile->group, c->job->slot, block, kv->layer, head, 0),
            mr_model_kv_chunk(c->m, c->tile->group, c->job->slot, block, kv->layer, head, 1)};
        c->m->kernels->attend(y, &state, q, &part, count, kv->nbh, scale);
    }
    const float inv = mr_f32_recip(state.sum);
    for (uint32_t j = 0; j < kv->nbh * MR_BLOCK_LEN; j++) {
        y[j] = mr_f32_mul(y[j], inv);
    }
}

static uint8_t ops_attend(const ops_ctx_t *c) {
    const ops_kv_t kv = ops_kv(c->w[3]);
    const uint32_t group = c->w[4] & 0xFFFFFu;
    const uint64_t blocks = (uint64_t)kv.heads * group * kv.nbh;
    float *y = ops_vmem(c, 1, blocks * MR_BLOCK_LEN);
    const mr_block_t *q = ops_xmem(c, 2, blocks);
    *c->issued = group != 0 && group <= OPS_GROUP_MAX && ops_vmem(c, 1, MR_BLOCK_LEN) != NULL &&
                 ops_xmem(c, 2, 1) != NULL;
    if (blocks == 0 || group > OPS_GROUP_MAX || y == NULL || q == NULL) {
        return MODEL_JOB_RANGE;
    }
    for (uint32_t j = 0; j < kv.heads; j++) {
        const uint8_t status = mr_model_kv_check_stream(c->m, c->tile->group, c->job->slot,
                                                        kv.layer, kv.first + j, c->job->pos);
        if (status != MODEL_JOB_OK) {
            return status;
        }
        if (kv.nbh != c->m->kv[c->tile->group].nbh) {
            return MODEL_JOB_KV_INTEGRITY; /* the answer has another length than expected */
        }
        for (uint32_t i = 0; i < group; i++) {
            const size_t h = (size_t)(j * group + i) * kv.nbh;
            ops_attend_head(c, y + h * MR_BLOCK_LEN, q + h, &kv, kv.first + j);
        }
    }
    return MODEL_JOB_OK;
}

uint8_t mr_model_op(model_t *m, model_tile_t *tile, const uint32_t *w, bool *issued) {
    static uint8_t (*const table[])(const ops_ctx_t *) = {
        NULL,         ops_norm,  ops_quant, ops_gemv,      ops_rope,   ops_add,
        ops_silu_mul, ops_embed, ops_topk,  ops_kv_append, ops_attend,
    };
    bool passed = false;
    const ops_ctx_t ctx = {m, tile, &tile->jobs[tile->running], w, &passed};
    const uint32_t op = w[0] & 0xFFu;
    *issued = false;
    if (op >= sizeof table / sizeof table[0] || table[op] == NULL) {
        return MODEL_JOB_OPCODE;
    }
    const uint8_t status = table[op](&ctx);
    *issued = passed || status != MODEL_JOB_RANGE;
    return status;
}
