/* SPDX-License-Identifier: Apache-2.0 */
/* Reference decoder: a straight-line Llama forward pass over ops.h. */
#include "millrace/decoder.h"

/* Storage is handed out in pieces of this alignment. */
#define DECODER_ALIGN 64u

static size_t decoder_blocks(uint32_t n) {
    return n / MR_BLOCK_LEN;
}

static uint32_t decoder_max(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* A padded dimension that a block format can hold. */
static bool decoder_dim_ok(uint32_t n) {
    return n != 0 && n <= MR_DECODER_DIM_MAX && n % MR_BLOCK_LEN == 0;
}

static bool decoder_matrix_ok(const mr_decoder_matrix_t *m, uint32_t rows, uint32_t cols) {
    return (m->q8 != NULL) != (m->q4 != NULL) && m->rows == rows && m->nb == decoder_blocks(cols);
}

static bool decoder_vocab_matrix_ok(const mr_decoder_model_t *model, const mr_decoder_matrix_t *m) {
    return m->rows >= model->vocab && decoder_matrix_ok(m, m->rows, model->d);
}

static bool decoder_layer_ok(const mr_decoder_model_t *model, const mr_decoder_layer_t *layer) {
    const uint32_t d = model->d;
    const uint32_t q_dim = model->n_heads * model->hd;
    const uint32_t kv_dim = model->n_kv * model->hd;
    return layer->attn_norm != NULL && layer->ffn_norm != NULL &&
           decoder_matrix_ok(&layer->wq, q_dim, d) && decoder_matrix_ok(&layer->wk, kv_dim, d) &&
           decoder_matrix_ok(&layer->wv, kv_dim, d) && decoder_matrix_ok(&layer->wo, d, q_dim) &&
           decoder_matrix_ok(&layer->gate, model->n_ff, d) &&
           decoder_matrix_ok(&layer->up, model->n_ff, d) &&
           decoder_matrix_ok(&layer->down, d, model->n_ff);
}

static bool decoder_heads_ok(const mr_decoder_model_t *model) {
    return decoder_dim_ok(model->hd) && model->hd <= 512 && model->n_kv != 0 &&
           model->n_heads != 0 && model->n_heads <= MR_DECODER_DIM_MAX / model->hd &&
           model->n_heads % model->n_kv == 0 && model->hd_real != 0 &&
           model->hd_real <= model->hd && model->rope_f != NULL;
}

static bool decoder_model_ok(const mr_decoder_model_t *model) {
    if (model == NULL || !decoder_dim_ok(model->d) || !decoder_dim_ok(model->n_ff) ||
        !decoder_heads_ok(model) || model->n_layers == 0 ||
        model->n_layers > MR_DECODER_LAYERS_MAX || model->vocab == 0 ||
        model->vocab > MR_DECODER_VOCAB_MAX || model->d_real == 0 || model->d_real > model->d ||
        model->layers == NULL || model->out_norm == NULL ||
        !decoder_vocab_matrix_ok(model, &model->embed) ||
        !decoder_vocab_matrix_ok(model, &model->head)) {
        return false;
    }
    for (uint32_t i = 0; i < model->n_layers; i++) {
        if (!decoder_layer_ok(model, &model->layers[i])) {
            return false;
        }
    }
    return true;
}

/* Hands out pieces of the storage; with base NULL it only counts. */
typedef struct {
    uint8_t *base;
    uint64_t used;
} decoder_arena_t;

static void *decoder_take(decoder_arena_t *arena, uint64_t count, size_t size) {
    uint8_t *piece = arena->base == NULL ? NULL : arena->base + arena->used;
    arena->used += (count * size + DECODER_ALIGN - 1) / DECODER_ALIGN * DECODER_ALIGN;
    return piece;
}

/* Lays out every array of self; at most 2^58 bytes, so 64 bits never overflow. */
static void decoder_layout(mr_decoder_t *self, const mr_decoder_model_t *model, uint32_t max_pos,
                           decoder_arena_t *arena) {
    const uint32_t q_dim = model->n_heads * model->hd;
    const uint32_t kv_dim = model->n_kv * model->hd;
    const uint32_t widest = decoder_max(decoder_max(model->d, q_dim), model->n_ff);
    const uint64_t kv_blocks = (uint64_t)model->n_layers * max_pos * decoder_blocks(kv_dim);

    self->k = decoder_take(arena, kv_blocks, sizeof *self->k);
    self->v = decoder_take(arena, kv_blocks, sizeof *self->v);
    self->xq = decoder_take(arena, decoder_blocks(widest), sizeof *self->xq);
    self->row = decoder_take(arena, decoder_blocks(widest), sizeof *self->row);
    self->qq = decoder_take(arena, decoder_blocks(q_dim), sizeof *self->qq);
    self->x = decoder_take(arena, model->d, sizeof *self->x);
    self->h = decoder_take(arena, model->d, sizeof *self->h);
    self->q = decoder_take(arena, q_dim, sizeof *self->q);
    self->kv = decoder_take(arena, kv_dim, sizeof *self->kv);
    self->a = decoder_take(arena, q_dim, sizeof *self->a);
    self->gate = decoder_take(arena, model->n_ff, sizeof *self->gate);
    self->up = decoder_take(arena, model->n_ff, sizeof *self->up);
}

size_t mr_decoder_storage_bytes(const mr_decoder_model_t *model, uint32_t max_pos) {
    mr_decoder_t layout;
    decoder_arena_t arena = {NULL, 0};
    if (!decoder_model_ok(model) || max_pos == 0 || max_pos > MR_DECODER_POS_MAX) {
        return 0;
    }
    decoder_layout(&layout, model, max_pos, &arena);
    const uint64_t bytes = arena.used + DECODER_ALIGN;
    return bytes > SIZE_MAX ? 0 : (size_t)bytes;
}

mr_status_t mr_decoder_init(mr_decoder_t *self, const mr_decoder_model_t *model, uint32_t max_pos,
                            void *storage, size_t bytes) {
    const size_t need = mr_decoder_storage_bytes(model, max_pos);
    if (self == NULL || storage == NULL || need == 0) {
        return MR_ARG;
    }
    if (bytes < need) {
        return MR_NO_SPACE;
    }
    const size_t skew = (DECODER_ALIGN - (uintptr_t)storage % DECODER_ALIGN) % DECODER_ALIGN;
    decoder_arena_t arena = {(uint8_t *)storage + skew, 0};
    decoder_layout(self, model, max_pos, &arena);
    self->model = model;
    self->max_pos = max_pos;
    self->len = 0;
    return MR_OK;
}

uint32_t mr_decoder_len(const mr_decoder_t *self) {
    return self->len;
}

mr_status_t mr_decoder_rewind(mr_decoder_t *self, uint32_t len) {
    if (len > self->len) {
        return MR_RANGE;
    }
    self->len = len;
    return MR_OK;
}

/* Row r of a matrix as blocks: in place, or expanded into self->row. */
static const mr_block_t *decoder_row(mr_decoder_t *self, const mr_decoder_matrix_t *m, size_t r) {
    if (m->q8 != NULL) {
        return m->q8 + r * m->nb;
    }
    for (size_t b = 0; b < m->nb; b++) {
        mr_block_from_q4_0(m->q4 + (r * m->nb + b) * MR_Q4_0_BYTES, &self->row[b]);
    }
    return self->row;
}

/* y = the first `rows` rows of m times x, where x has m->nb x 32 elements. */
static void decoder_gemv(mr_decoder_t *self, float *y, const mr_decoder_matrix_t *m, uint32_t rows,
                         const mr_block_t *x) {
    for (size_t r = 0; r < rows; r++) {
        mr_op_gemv(&y[r], decoder_row(self, m, r), x, 1, m->nb, false);
    }
}

/* Quantises x (as wide as m) and multiplies. */
static void decoder_linear(mr_decoder_t *self, float *y, const mr_decoder_matrix_t *m,
                           const float *x) {
    mr_op_quant(x, (size_t)m->nb * MR_BLOCK_LEN, self->xq);
    decoder_gemv(self, y, m, m->rows, self->xq);
}

/* Where the cache of a layer's KV head starts, in blocks. */
static size_t decoder_cache(const mr_decoder_t *self, uint32_t layer, uint32_t head) {
    const mr_decoder_model_t *model = self->model;
    return ((size_t)layer * model->n_kv + head) * self->max_pos * decoder_blocks(model->hd);
}

/* Projects, rotates if `rotate`, quantises and keeps the K or V of this position. */
static void decoder_append(mr_decoder_t *self, uint32_t layer, const mr_decoder_matrix_t *m,
                           mr_block_t *cache, bool rotate) {
    const mr_decoder_model_t *model = self->model;
    decoder_gemv(self, self->kv, m, m->rows, self->xq);
    if (rotate) {
        mr_op_rope(self->kv, self->kv, model->rope_f, model->n_kv, model->hd, self->len);
    }
    for (uint32_t head = 0; head < model->n_kv; head++) {
        const size_t at = decoder_cache(self, layer, head) + self->len * decoder_blocks(model->hd);
        mr_op_quant(self->kv + (size_t)head * model->hd, model->hd, &cache[at]);
    }
}

/* x += attention(x) of one layer. */
static void decoder_attention(mr_decoder_t *self, uint32_t index) {
    const mr_decoder_model_t *model = self->model;
    const mr_decoder_layer_t *layer = &model->layers[index];
    const uint32_t group = model->n_heads / model->n_kv;
    const size_t nbh = decoder_blocks(model->hd);
    const float scale = mr_op_inv_sqrt(model->hd_real);

    mr_op_norm(self->h, self->x, layer->attn_norm, model->d, mr_op_inv(model->d_real), model->eps);
    decoder_linear(self, self->q, &layer->wq, self->h);
    decoder_append(self, index, &layer->wk, self->k, true);
    decoder_append(self, index, &layer->wv, self->v, false);
    mr_op_rope(self->q, self->q, model->rope_f, model->n_heads, model->hd, self->len);
    mr_op_quant(self->q, (size_t)model->n_heads * model->hd, self->qq);
    for (uint32_t head = 0; head < model->n_heads; head++) {
        const size_t cache = decoder_cache(self, index, head / group);
        mr_op_attend(self->a + (size_t)head * model->hd, self->qq + head * nbh, self->k + cache,
                     self->v + cache, (size_t)self->len + 1, nbh, scale);
    }
    decoder_linear(self, self->h, &layer->wo, self->a);
    mr_op_add(self->x, self->x, self->h, model->d);
}

/* x += feed-forward(x) of one layer. */
static void decoder_feed_forward(mr_decoder_t *self, uint32_t index) {
    const mr_decoder_model_t *model = self->model;
    const mr_decoder_layer_t *layer = &model->layers[index];

    mr_op_norm(self->h, self->x, layer->ffn_norm, model->d, mr_op_inv(model->d_real), model->eps);
    decoder_linear(self, self->gate, &layer->gate, self->h);
    decoder_gemv(self, self->up, &layer->up, layer->up.rows, self->xq);
    mr_op_silu_mul(self->gate, self->gate, self->up, model->n_ff);
    decoder_linear(self, self->h, &layer->down, self->gate);
    mr_op_add(self->x, self->x, self->h, model->d);
}

mr_status_t mr_decoder_step(mr_decoder_t *self, uint32_t token, float *logits, float *layer_out) {
    const mr_decoder_model_t *model = self->model;
    if (token >= model->vocab) {
        return MR_RANGE;
    }
    if (self->len >= self->max_pos) {
        return MR_NO_SPACE;
    }
    mr_op_embed(self->x, decoder_row(self, &model->embed, token), model->embed.nb);
    for (uint32_t i = 0; i < model->n_layers; i++) {
        decoder_attention(self, i);
        decoder_feed_forward(self, i);
        for (uint32_t j = 0; layer_out != NULL && j < model->d; j++) {
            layer_out[(size_t)i * model->d + j] = self->x[j];
        }
    }
    if (logits != NULL) {
        mr_op_norm(self->h, self->x, model->out_norm, model->d, mr_op_inv(model->d_real),
                   model->eps);
        mr_op_quant(self->h, model->d, self->xq);
        decoder_gemv(self, logits, &model->head, model->vocab, self->xq);
    }
    self->len++;
    return MR_OK;
}
