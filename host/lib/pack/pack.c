/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a loaded llama model into the firmware's image format. */
#include "pack/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/arith.h"
#include "millrace/ops.h"

#define TWO_PI 6.283185307179586476925286766559

/* What the table says of one tensor, and where its bytes are now. */
typedef struct {
    mr_image_format_t format;
    uint32_t rows;
    uint32_t cols;
    const void *data;
    size_t bytes;
} piece_t;

void mr_pack_shape(const mr_llama_hparams_t *h, mr_model_shape_t *s) {
    s->n_layers = h->n_layers;
    s->d = h->d_pad;
    s->d_real = h->d;
    s->n_heads = h->n_heads;
    s->n_kv = h->n_kv_heads;
    s->hd = h->head_dim_pad;
    s->hd_real = h->head_dim;
    s->n_ff = h->n_ff_pad;
    s->vocab = h->vocab;
    s->vocab_pad = h->vocab_pad;
    s->context = h->context;
    s->eps_bits = mr_f32_bits(h->eps);
    s->inv_n_bits = mr_f32_bits(mr_op_inv(h->d));
    s->scale_bits = mr_f32_bits(mr_op_inv_sqrt(h->head_dim));
    s->tied = h->tied_output;
}

void mr_pack_rope(const mr_llama_model_t *model, uint32_t *f) {
    const mr_llama_hparams_t *h = mr_llama_model_hparams(model);
    const float *divisors = mr_llama_model_rope_divisors(model);
    for (uint32_t i = 0; i < h->head_dim_pad / 2u; i++) {
        f[i] = 0;
        if (i < h->n_rot / 2u) {
            const double exponent = -2.0 * (double)i / (double)h->n_rot;
            double freq = pow((double)h->rope_base, exponent);
            freq /= divisors != NULL ? (double)divisors[i] : 1.0;
            /* Whole turns do not count. */
            const double turns = fmod(freq / TWO_PI, 1.0);
            f[i] = (uint32_t)(uint64_t)llround(turns * 4294967296.0);
        }
    }
}

static piece_t matrix(const mr_llama_matrix_t *m) {
    const piece_t p = {m->type == MR_GGUF_TYPE_Q4_0 ? MR_IMAGE_Q4_0 : MR_IMAGE_Q8_0, m->rows,
                       m->cols, m->blocks, (size_t)m->rows * m->row_bytes};
    return p;
}

static piece_t vector(const float *v, uint32_t n) {
    const piece_t p = {MR_IMAGE_F32, 1, n, v, (size_t)n * sizeof *v};
    return p;
}

static piece_t find(const mr_llama_model_t *model, const uint32_t *rope, mr_image_kind_t kind,
                    uint32_t layer) {
    const mr_llama_hparams_t *h = mr_llama_model_hparams(model);
    const mr_llama_layer_t *l =
        kind < MR_IMAGE_LAYER_KINDS ? mr_llama_model_layer(model, layer) : NULL;
    switch (kind) {
    case MR_IMAGE_ATTN_NORM:
        return vector(l->attn_norm, h->d_pad);
    case MR_IMAGE_WQ:
        return matrix(&l->q);
    case MR_IMAGE_WK:
        return matrix(&l->k);
    case MR_IMAGE_WV:
        return matrix(&l->v);
    case MR_IMAGE_WO:
        return matrix(&l->o);
    case MR_IMAGE_FFN_NORM:
        return vector(l->ffn_norm, h->d_pad);
    case MR_IMAGE_GATE:
        return matrix(&l->gate);
    case MR_IMAGE_UP:
        return matrix(&l->up);
    case MR_IMAGE_DOWN:
        return matrix(&l->down);
    case MR_IMAGE_EMBED:
        return matrix(mr_llama_model_embedding(model));
    case MR_IMAGE_HEAD:
        return matrix(mr_llama_model_output(model));
    case MR_IMAGE_OUT_NORM:
        return vector(mr_llama_model_output_norm(model), h->d_pad);
    case MR_IMAGE_ROPE_F:
    case MR_IMAGE_KINDS:
        break;
    }
    const piece_t p = {MR_IMAGE_U32, 1, h->head_dim_pad / 2u, rope,
                       (size_t)h->head_dim_pad / 2u * sizeof *rope};
    return p;
}

static void put32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static void put_header(uint8_t *image, const mr_model_shape_t *s, uint32_t n_tensors) {
    const uint32_t words[] = {MR_IMAGE_MAGIC, MR_IMAGE_VERSION, 0,           s->n_layers,
                              s->d,           s->d_real,        s->n_heads,  s->n_kv,
                              s->hd,          s->hd_real,       s->n_ff,     s->vocab,
                              s->vocab_pad,   s->context,       s->eps_bits, s->inv_n_bits,
                              s->scale_bits,  s->tied ? 1u : 0, n_tensors};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        put32(image + 4u * i, words[i]);
    }
}

static void put_entry(uint8_t *entry, const piece_t *p, uint64_t offset) {
    put32(entry, (uint32_t)p->format);
    put32(entry + 4, p->rows);
    put32(entry + 8, p->cols);
    put32(entry + 12, mr_crc32(0, p->data, p->bytes));
    put32(entry + 16, (uint32_t)offset);
    put32(entry + 20, (uint32_t)(offset >> 32));
    put32(entry + 24, (uint32_t)p->bytes);
    put32(entry + 28, (uint32_t)((uint64_t)p->bytes >> 32));
}

static uint64_t align(uint64_t n) {
    return (n + MR_IMAGE_ALIGN - 1u) / MR_IMAGE_ALIGN * MR_IMAGE_ALIGN;
}

/* Kind and layer of table entry i. */
static mr_image_kind_t kind_of(uint32_t n_layers, uint32_t i, uint32_t *layer) {
    const uint32_t layered = n_layers * MR_IMAGE_LAYER_KINDS;
    *layer = i < layered ? i / MR_IMAGE_LAYER_KINDS : 0;
    return (mr_image_kind_t)(i < layered ? i % MR_IMAGE_LAYER_KINDS
                                         : MR_IMAGE_LAYER_KINDS + (i - layered));
}

mr_status_t mr_pack_image(const mr_llama_model_t *model, uint8_t **image, size_t *bytes) {
    mr_model_shape_t shape;
    uint32_t rope[MR_IMAGE_HD_MAX / 2u] = {0};
    uint32_t layer;
    mr_pack_shape(mr_llama_model_hparams(model), &shape);
    MR_TRY(mr_model_shape_check(&shape));
    mr_pack_rope(model, rope);
    const uint32_t count = mr_image_tensor_count(shape.n_layers);
    const uint64_t table =
        (MR_IMAGE_HEADER_WORDS + (uint64_t)count * MR_IMAGE_ENTRY_WORDS) * sizeof(uint32_t);
    uint64_t total = align(table);
    for (uint32_t i = 0; i < count; i++) {
        const mr_image_kind_t kind = kind_of(shape.n_layers, i, &layer);
        if (kind != MR_IMAGE_HEAD || !shape.tied) {
            total += align(find(model, rope, kind, layer).bytes);
        }
    }
    uint8_t *out = total <= SIZE_MAX ? calloc(1, (size_t)total) : NULL;
    if (out == NULL) {
        return MR_NO_MEMORY;
    }
    put_header(out, &shape, count);
    uint64_t at = align(table);
    uint64_t embed_at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const mr_image_kind_t kind = kind_of(shape.n_layers, i, &layer);
        const piece_t p = find(model, rope, kind, layer);
        const bool shared = kind == MR_IMAGE_HEAD && shape.tied;
        embed_at = kind == MR_IMAGE_EMBED ? at : embed_at;
        put_entry(out + (MR_IMAGE_HEADER_WORDS + (size_t)i * MR_IMAGE_ENTRY_WORDS) * 4u, &p,
                  shared ? embed_at : at);
        if (!shared) {
            memcpy(out + at, p.data, p.bytes);
            at += align(p.bytes);
        }
    }
    put32(out + 8, mr_crc32(0, out + 12, (size_t)table - 12u));
    *image = out;
    *bytes = (size_t)total;
    return MR_OK;
}
