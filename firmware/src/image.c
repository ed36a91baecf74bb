/* SPDX-License-Identifier: Apache-2.0 */
/* Packed model: parsing and checks. */
#include "millrace/image.h"

uint32_t mr_image_tensor_count(uint32_t n_layers) {
    return n_layers * MR_IMAGE_LAYER_KINDS + (MR_IMAGE_KINDS - MR_IMAGE_LAYER_KINDS);
}

uint32_t mr_image_tensor_index(uint32_t n_layers, mr_image_kind_t kind, uint32_t layer) {
    if (kind < MR_IMAGE_LAYER_KINDS) {
        return layer * MR_IMAGE_LAYER_KINDS + (uint32_t)kind;
    }
    return n_layers * MR_IMAGE_LAYER_KINDS + ((uint32_t)kind - MR_IMAGE_LAYER_KINDS);
}

void mr_image_tensor_dims(const mr_model_shape_t *shape, mr_image_kind_t kind, uint32_t *rows,
                          uint32_t *cols) {
    const uint32_t nq = shape->n_heads * shape->hd;
    const uint32_t nkv = shape->n_kv * shape->hd;
    *rows = 1;
    *cols = shape->d;
    switch (kind) {
    case MR_IMAGE_WQ:
        *rows = nq;
        break;
    case MR_IMAGE_WK:
    case MR_IMAGE_WV:
        *rows = nkv;
        break;
    case MR_IMAGE_WO:
        *rows = shape->d;
        *cols = nq;
        break;
    case MR_IMAGE_GATE:
    case MR_IMAGE_UP:
        *rows = shape->n_ff;
        break;
    case MR_IMAGE_DOWN:
        *rows = shape->d;
        *cols = shape->n_ff;
        break;
    case MR_IMAGE_EMBED:
    case MR_IMAGE_HEAD:
        *rows = shape->vocab_pad;
        break;
    case MR_IMAGE_ROPE_F:
        *cols = shape->hd / 2u;
        break;
    case MR_IMAGE_ATTN_NORM:
    case MR_IMAGE_FFN_NORM:
    case MR_IMAGE_OUT_NORM:
    case MR_IMAGE_KINDS:
        break;
    }
}

uint64_t mr_image_format_bytes(mr_image_format_t format, uint32_t rows, uint32_t cols) {
    const uint64_t n = (uint64_t)rows * cols;
    switch (format) {
    case MR_IMAGE_Q8_0:
        return cols % 32u == 0 ? n / 32u * 34u : 0;
    case MR_IMAGE_Q4_0:
        return cols % 32u == 0 ? n / 32u * 18u : 0;
    case MR_IMAGE_F32:
    case MR_IMAGE_U32:
        return n * 4u;
    }
    return 0;
}

static bool blocks(uint32_t v, uint32_t max) {
    return v != 0 && v % 32u == 0 && v <= max;
}

mr_status_t mr_model_shape_check(const mr_model_shape_t *s) {
    const bool ok = s->n_layers >= 1 && s->n_layers <= MR_IMAGE_LAYERS_MAX &&
                    blocks(s->d, MR_IMAGE_DIM_MAX) && s->d_real >= 1 && s->d_real <= s->d &&
                    blocks(s->hd, MR_IMAGE_HD_MAX) && s->hd_real >= 1 && s->hd_real <= s->hd &&
                    s->n_kv >= 1 && s->n_kv <= MR_IMAGE_KV_HEADS_MAX && s->n_heads >= s->n_kv &&
                    s->n_heads <= MR_IMAGE_DIM_MAX / s->hd && s->n_heads % s->n_kv == 0 &&
                    s->n_heads / s->n_kv <= MR_IMAGE_GROUP_MAX &&
                    blocks(s->n_ff, MR_IMAGE_DIM_MAX) && blocks(s->vocab_pad, MR_IMAGE_VOCAB_MAX) &&
                    s->vocab >= 1 && s->vocab <= s->vocab_pad && s->context >= 1 &&
                    s->context <= MR_IMAGE_CONTEXT_MAX;
    return ok ? MR_OK : MR_RANGE;
}

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void parse_shape(const uint8_t *h, mr_model_shape_t *s) {
    s->n_layers = get32(h + 12);
    s->d = get32(h + 16);
    s->d_real = get32(h + 20);
    s->n_heads = get32(h + 24);
    s->n_kv = get32(h + 28);
    s->hd = get32(h + 32);
    s->hd_real = get32(h + 36);
    s->n_ff = get32(h + 40);
    s->vocab = get32(h + 44);
    s->vocab_pad = get32(h + 48);
    s->context = get32(h + 52);
    s->eps_bits = get32(h + 56);
    s->inv_n_bits = get32(h + 60);
    s->scale_bits = get32(h + 64);
    s->tied = get32(h + 68) != 0;
}

static void parse_entry(const uint8_t *e, mr_image_tensor_t *t) {
    t->format = (mr_image_format_t)get32(e);
    t->rows = get32(e + 4);
    t->cols = get32(e + 8);
    t->crc = get32(e + 12);
    t->offset = get32(e + 16) | (uint64_t)get32(e + 20) << 32;
    t->bytes = get32(e + 24) | (uint64_t)get32(e + 28) << 32;
}

static mr_status_t check_entry(const mr_image_t *self, mr_image_kind_t kind,
                               const mr_image_tensor_t *t) {
    uint32_t rows;
    uint32_t cols;
    mr_image_tensor_dims(&self->shape, kind, &rows, &cols);
    const bool is_norm =
        kind == MR_IMAGE_ATTN_NORM || kind == MR_IMAGE_FFN_NORM || kind == MR_IMAGE_OUT_NORM;
    const bool format_ok = kind == MR_IMAGE_ROPE_F ? t->format == MR_IMAGE_U32
                           : is_norm               ? t->format == MR_IMAGE_F32
                                     : t->format == MR_IMAGE_Q8_0 || t->format == MR_IMAGE_Q4_0;
    if (!format_ok || t->rows != rows || t->cols != cols || t->offset % MR_IMAGE_ALIGN != 0 ||
        t->bytes != mr_image_format_bytes(t->format, rows, cols) ||
        t->offset > self->source.bytes || t->bytes > self->source.bytes - t->offset) {
        return MR_FORMAT;
    }
    return MR_OK;
}

static mr_status_t read_entry(const mr_image_t *self, uint32_t index, uint8_t *out) {
    const uint64_t at = (MR_IMAGE_HEADER_WORDS + (uint64_t)index * MR_IMAGE_ENTRY_WORDS) * 4u;
    return self->source.read(self->source.ctx, at, out, MR_IMAGE_ENTRY_WORDS * 4u);
}

mr_status_t mr_image_open(mr_image_t *self, const mr_image_source_t *source) {
    uint8_t header[MR_IMAGE_HEADER_WORDS * 4u];
    uint8_t entry[MR_IMAGE_ENTRY_WORDS * 4u];
    self->source = *source;
    if (source->bytes < sizeof header) {
        return MR_FORMAT;
    }
    MR_TRY(source->read(source->ctx, 0, header, sizeof header));
    if (get32(header) != MR_IMAGE_MAGIC || get32(header + 4) != MR_IMAGE_VERSION) {
        return MR_FORMAT;
    }
    parse_shape(header, &self->shape);
    MR_TRY(mr_model_shape_check(&self->shape));
    const uint32_t count = mr_image_tensor_count(self->shape.n_layers);
    if (get32(header + 68) > 1u || get32(header + 72) != count ||
        source->bytes < (MR_IMAGE_HEADER_WORDS + (uint64_t)count * MR_IMAGE_ENTRY_WORDS) * 4u) {
        return MR_FORMAT;
    }
    uint32_t crc = mr_crc32(0, header + 12, sizeof header - 12);
    mr_image_tensor_t embed = {.format = MR_IMAGE_Q8_0};
    for (uint32_t i = 0; i < count; i++) {
        mr_image_tensor_t t;
        const uint32_t layered = self->shape.n_layers * MR_IMAGE_LAYER_KINDS;
        const uint32_t kind =
            i < layered ? i % MR_IMAGE_LAYER_KINDS : MR_IMAGE_LAYER_KINDS + (i - layered);
        MR_TRY(read_entry(self, i, entry));
        crc = mr_crc32(crc, entry, sizeof entry);
        parse_entry(entry, &t);
        MR_TRY(check_entry(self, (mr_image_kind_t)kind, &t));
        if (kind == MR_IMAGE_EMBED) {
            embed = t;
        }
        /* A tied head reads the embedding's words on the tile, whatever its own entry says. */
        if (kind == MR_IMAGE_HEAD && self->shape.tied &&
            (t.format != embed.format || t.offset != embed.offset || t.crc != embed.crc)) {
            return MR_FORMAT;
        }
    }
    return crc == get32(header + 8) ? MR_OK : MR_CRC;
}

mr_status_t mr_image_tensor(const mr_image_t *self, mr_image_kind_t kind, uint32_t layer,
                            mr_image_tensor_t *out) {
    uint8_t entry[MR_IMAGE_ENTRY_WORDS * 4u];
    if (kind >= MR_IMAGE_KINDS || (kind < MR_IMAGE_LAYER_KINDS && layer >= self->shape.n_layers)) {
        return MR_RANGE;
    }
    MR_TRY(read_entry(self, mr_image_tensor_index(self->shape.n_layers, kind, layer), entry));
    parse_entry(entry, out);
    return check_entry(self, kind, out);
}
