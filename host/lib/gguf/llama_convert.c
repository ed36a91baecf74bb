/* SPDX-License-Identifier: Apache-2.0 */
/* Llama model: conversion of tensors to padded rows of Q8_0 or Q4_0 blocks. */
#include <math.h>
#include <string.h>

#include "gguf/llama_internal.h"

#define MR_Q4_ZERO_NIBBLES 0x88u /* two elements of value d * (8 - 8) */

/* One conversion under way. */
typedef struct {
    const mr_gguf_tensor_t *source;
    mr_llama_pad_t cols;
    mr_gguf_type_t type;
    uint32_t block_bytes;
    float *scratch; /* the row as floats, once scratch_valid */
    bool scratch_valid;
    uint64_t row;            /* of the source */
    const uint8_t *row_data; /* of the source */
} mr_conversion_t;

static bool is_block_type(mr_gguf_type_t type) {
    return type == MR_GGUF_TYPE_Q8_0 || type == MR_GGUF_TYPE_Q4_0;
}

/* The elements that block b of a padded row takes: *count >= 1 from *first on. */
static void source_range(mr_llama_pad_t cols, uint32_t b, uint32_t *first, uint32_t *count) {
    const uint32_t blocks_per_group = cols.padded / MR_LLAMA_BLOCK;
    const uint32_t start = b % blocks_per_group * MR_LLAMA_BLOCK;
    const uint32_t left = cols.size - start;

    *first = b / blocks_per_group * cols.size + start;
    *count = left < MR_LLAMA_BLOCK ? left : MR_LLAMA_BLOCK;
}

mr_gguf_type_t mr_llama_converted_type(const mr_gguf_tensor_t *source, mr_llama_pad_t cols) {
    if (source->type != MR_GGUF_TYPE_Q4_0) {
        return MR_GGUF_TYPE_Q8_0;
    }
    const uint32_t n_blocks = cols.n_groups * (cols.padded / MR_LLAMA_BLOCK);
    for (uint32_t b = 0; b < n_blocks; b++) {
        uint32_t first = 0;
        uint32_t count = 0;
        source_range(cols, b, &first, &count);
        if (first / MR_LLAMA_BLOCK != (first + count - 1) / MR_LLAMA_BLOCK) {
            return MR_GGUF_TYPE_Q8_0;
        }
    }
    return MR_GGUF_TYPE_Q4_0;
}

/* The stored integer of element i of a Q8_0 or Q4_0 row, and its block. */
static int stored_integer(const mr_conversion_t *c, uint32_t i, const uint8_t **block) {
    const uint32_t lane = i % MR_LLAMA_BLOCK;
    const uint8_t *p =
        c->row_data + (size_t)(i / MR_LLAMA_BLOCK) * mr_gguf_block_bytes(c->source->type);

    *block = p;
    if (c->source->type == MR_GGUF_TYPE_Q8_0) {
        return (int8_t)p[2 + lane];
    }
    return (lane < 16 ? p[2 + lane] & 15 : p[2 + lane - 16] >> 4) - 8;
}

static void store_integer(const mr_conversion_t *c, uint8_t *block, uint32_t lane, int q) {
    if (c->type == MR_GGUF_TYPE_Q8_0) {
        block[2 + lane] = (uint8_t)(int8_t)q;
        return;
    }
    uint8_t *p = &block[2 + lane % 16];
    const uint8_t nibble = (uint8_t)(q + 8);
    *p = (uint8_t)(lane < 16 ? (*p & 0xF0u) | nibble : (*p & 0x0Fu) | (unsigned)nibble << 4);
}

static void clear_block(mr_gguf_type_t type, uint8_t *block) {
    block[0] = 0;
    block[1] = 0;
    if (type == MR_GGUF_TYPE_Q8_0) {
        memset(block + 2, 0, 32);
    } else {
        memset(block + 2, MR_Q4_ZERO_NIBBLES, 16);
    }
}

/* Copies integers and scale of the file if the elements share one scale. */
static bool copy_block(const mr_conversion_t *c, uint32_t first, uint32_t count, uint8_t *block) {
    const uint8_t *from = NULL;
    const uint8_t *last = NULL;

    if (!is_block_type(c->source->type)) {
        return false;
    }
    (void)stored_integer(c, first, &from);
    (void)stored_integer(c, first + count - 1, &last);
    if (memcmp(from, last, 2) != 0) {
        return false;
    }
    if (c->source->type == c->type && first % MR_LLAMA_BLOCK == 0 && count == MR_LLAMA_BLOCK) {
        memcpy(block, from, c->block_bytes); /* the usual case, many times faster */
        return true;
    }
    memcpy(block, from, 2);
    for (uint32_t i = 0; i < count; i++) {
        store_integer(c, block, i, stored_integer(c, first + i, &from));
    }
    return true;
}

/* Requantises count floats to a cleared Q8_0 block. */
static mr_status_t quantise_block(const float *x, uint32_t count, uint8_t *block) {
    float amax = 0.0f;

    for (uint32_t i = 0; i < count; i++) {
        amax = fmaxf(amax, fabsf(x[i]));
    }
    const uint16_t half = mr_gguf_float_to_half(amax / 127.0f);
    const float d = mr_gguf_half_to_float(half);
    if (isinf(d)) {
        return MR_RANGE;
    }
    if (half == 0) {
        return MR_OK;
    }
    block[0] = (uint8_t)(half & 0xFF);
    block[1] = (uint8_t)(half >> 8);
    for (uint32_t i = 0; i < count; i++) {
        const float q = nearbyintf(x[i] / d);
        block[2 + i] = (uint8_t)(int8_t)fminf(fmaxf(q, -127.0f), 127.0f);
    }
    return MR_OK;
}

static mr_status_t convert_row(mr_conversion_t *c, uint8_t *out) {
    const uint32_t n_blocks = c->cols.n_groups * (c->cols.padded / MR_LLAMA_BLOCK);

    c->scratch_valid = false;
    c->row_data = c->source->data + (size_t)(c->row * c->source->row_bytes);
    for (uint32_t b = 0; b < n_blocks; b++, out += c->block_bytes) {
        uint32_t first = 0;
        uint32_t count = 0;
        source_range(c->cols, b, &first, &count);
        clear_block(c->type, out);
        if (copy_block(c, first, count, out)) {
            continue;
        }
        if (!c->scratch_valid) {
            MR_TRY(mr_gguf_tensor_rows_f32(c->source, c->row, 1, c->scratch));
            c->scratch_valid = true;
        }
        MR_TRY(quantise_block(c->scratch + first, count, out));
    }
    return MR_OK;
}

static void clear_row(const mr_conversion_t *c, uint32_t row_bytes, uint8_t *out) {
    for (uint32_t i = 0; i < row_bytes; i += c->block_bytes) {
        clear_block(c->type, out + i);
    }
}

mr_status_t mr_llama_convert(const mr_gguf_tensor_t *source, mr_llama_pad_t rows,
                             mr_llama_pad_t cols, const mr_llama_matrix_t *target, uint8_t *blocks,
                             float *scratch, uint64_t *bad_row) {
    mr_conversion_t c = {
        .source = source,
        .cols = cols,
        .type = target->type,
        .block_bytes = mr_gguf_block_bytes(target->type),
        .scratch = scratch,
    };

    for (uint32_t group = 0; group < rows.n_groups; group++) {
        for (uint32_t i = 0; i < rows.padded; i++, blocks += target->row_bytes) {
            if (i >= rows.size) {
                clear_row(&c, target->row_bytes, blocks);
                continue;
            }
            c.row = (uint64_t)group * rows.size + i;
            const mr_status_t status = convert_row(&c, blocks);
            if (status != MR_OK) {
                *bad_row = c.row;
                return status;
            }
        }
    }
    return MR_OK;
}

mr_status_t mr_llama_matrix_row_f32(const mr_llama_matrix_t *matrix, uint32_t r, float *out) {
    if (r >= matrix->rows) {
        return MR_RANGE;
    }
    /* A converted matrix is a tensor of the same block format. */
    const mr_gguf_tensor_t view = {
        .name = {.text = "", .length = 0},
        .type = matrix->type,
        .n_dims = 2,
        .dims = {matrix->cols, matrix->rows, 1, 1},
        .n_rows = matrix->rows,
        .row_bytes = matrix->row_bytes,
        .size_bytes = (uint64_t)matrix->rows * matrix->row_bytes,
        .data = matrix->blocks,
    };
    return mr_gguf_tensor_rows_f32(&view, r, 1, out);
}
