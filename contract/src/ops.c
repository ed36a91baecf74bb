/* SPDX-License-Identifier: Apache-2.0 */
/* Reference of the contract's blocks and of every vector operation except attention. */
#include "millrace/ops.h"

#include "millrace/arith.h"

/* f32 bits of 1/127 (docs/arithmetic.md section 2). */
#define MR_OPS_INV127_BITS 0x3C010204u

void mr_block_from_q4_0(const uint8_t src[MR_Q4_0_BYTES], mr_block_t *out) {
    out->d = (uint16_t)(src[0] | (src[1] << 8));
    for (size_t j = 0; j < MR_BLOCK_LEN / 2; j++) {
        out->q[j] = (int8_t)((src[2 + j] & 15) - 8);
        out->q[j + MR_BLOCK_LEN / 2] = (int8_t)((src[2 + j] >> 4) - 8);
    }
}

void mr_block_from_q8_0(const uint8_t src[MR_Q8_0_BYTES], mr_block_t *out) {
    out->d = (uint16_t)(src[0] | (src[1] << 8));
    for (size_t j = 0; j < MR_BLOCK_LEN; j++) {
        const int byte = src[2 + j];
        out->q[j] = (int8_t)(byte < 128 ? byte : byte - 256);
    }
}

float mr_op_inv(uint32_t n) {
    return 1.0f / (float)n;
}

float mr_op_inv_sqrt(uint32_t n) {
    /* root = floor(2^31 / sqrt(n)), bit by bit: the largest root with root^2 n <= 2^62. */
    uint64_t root = 0;
    for (int bit = 31; bit >= 0; bit--) {
        const uint64_t trial = root | ((uint64_t)1 << bit);
        if (trial <= UINT64_MAX / trial / n && trial * trial * n <= (uint64_t)1 << 62) {
            root = trial;
        }
    }
    /* root has 26 bits or more: a sticky bit below them makes the conversion round right. */
    const uint64_t sticky = root * root * n != (uint64_t)1 << 62;
    return mr_f32_mul((float)(root << 1 | sticky), mr_f32_from_bits(0x2F800000u));
}

/* Largest magnitude of a block, compared as integers: NaN is above infinity. */
static float ops_amax(const float x[MR_BLOCK_LEN]) {
    uint32_t amax = 0;
    for (size_t i = 0; i < MR_BLOCK_LEN; i++) {
        const uint32_t magnitude = mr_f32_bits(x[i]) & ~MR_F32_SIGN;
        amax = magnitude > amax ? magnitude : amax;
    }
    return mr_f32_from_bits(amax);
}

/* q = x / d for a scale d given as f32; all zero when d is 0. */
static void ops_scale_to_i8(const float x[MR_BLOCK_LEN], float d, int8_t q[MR_BLOCK_LEN]) {
    const bool zero = (mr_f32_bits(d) & ~MR_F32_SIGN) == 0;
    const float inv = zero ? 0.0f : mr_f32_recip(d);
    for (size_t i = 0; i < MR_BLOCK_LEN; i++) {
        q[i] = zero ? 0 : mr_f32_to_i8(mr_f32_mul(x[i], inv));
    }
}

void mr_op_quant(const float *x, size_t n, mr_block_t *out) {
    for (size_t b = 0; b < n / MR_BLOCK_LEN; b++) {
        const float *xb = x + b * MR_BLOCK_LEN;
        const float d = mr_f32_mul(ops_amax(xb), mr_f32_from_bits(MR_OPS_INV127_BITS));
        out[b].d = mr_f32_to_f16(d);
        ops_scale_to_i8(xb, mr_f16_to_f32(out[b].d), out[b].q);
    }
}

void mr_op_quantw(const float x[MR_BLOCK_LEN], int8_t q[MR_BLOCK_LEN], float *d) {
    *d = mr_f32_mul(ops_amax(x), mr_f32_from_bits(MR_OPS_INV127_BITS));
    ops_scale_to_i8(x, *d, q);
}

int32_t mr_op_dot(const mr_block_t *a, const mr_block_t *b) {
    int32_t sum = 0;
    for (size_t i = 0; i < MR_BLOCK_LEN; i++) {
        sum += (int32_t)a->q[i] * (int32_t)b->q[i];
    }
    return sum;
}

void mr_op_gemv(float *y, const mr_block_t *w, const mr_block_t *x, size_t rows, size_t nb,
                bool acc) {
    for (size_t r = 0; r < rows; r++) {
        float sum = acc ? y[r] : 0.0f;
        for (size_t b = 0; b < nb; b++) {
            const mr_block_t *wb = &w[r * nb + b];
            const float scale = mr_f16_mul(wb->d, x[b].d);
            sum = mr_f32_add(sum, mr_f32_mul(mr_f32_i2f(mr_op_dot(wb, &x[b])), scale));
        }
        y[r] = sum;
    }
}

/* reduce8 of the squares, without a buffer of n elements. */
static float ops_sum_of_squares(const float *x, size_t n) {
    float partial[8] = {0};
    for (size_t i = 0; i < n; i++) {
        partial[i % 8] = mr_f32_add(partial[i % 8], mr_f32_mul(x[i], x[i]));
    }
    /* Folding eight sums of squares once more from +0 changes none of them: none is -0. */
    return mr_f32_reduce8(partial, 8);
}

void mr_op_norm(float *y, const float *x, const float *w, size_t n, float inv_n, float eps) {
    const float mean = mr_f32_mul(ops_sum_of_squares(x, n), inv_n);
    const float r = mr_f32_rsqrt(mr_f32_add(mean, eps));
    for (size_t i = 0; i < n; i++) {
        y[i] = mr_f32_mul(mr_f32_mul(x[i], r), w[i]);
    }
}

void mr_op_rope(float *y, const float *x, const uint32_t *f, size_t n_heads, size_t hd,
                uint32_t pos) {
    for (size_t h = 0; h < n_heads; h++) {
        for (size_t i = 0; i < hd / 2; i++) {
            const float x0 = x[h * hd + 2 * i];
            const float x1 = x[h * hd + 2 * i + 1];
            float c;
            float s;
            mr_sincos(pos * f[i], &c, &s);
            y[h * hd + 2 * i] = mr_f32_add(mr_f32_mul(x0, c), mr_f32_neg(mr_f32_mul(x1, s)));
            y[h * hd + 2 * i + 1] = mr_f32_add(mr_f32_mul(x0, s), mr_f32_mul(x1, c));
        }
    }
}

void mr_op_add(float *y, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = mr_f32_add(a[i], b[i]);
    }
}

void mr_op_silu_mul(float *y, const float *g, const float *u, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const float sigmoid = mr_f32_recip(mr_f32_add(1.0f, mr_f32_exp(mr_f32_neg(g[i]))));
        y[i] = mr_f32_mul(mr_f32_mul(g[i], sigmoid), u[i]);
    }
}

void mr_op_embed(float *y, const mr_block_t *row, size_t nb) {
    for (size_t b = 0; b < nb; b++) {
        const float d = mr_f16_to_f32(row[b].d);
        for (size_t i = 0; i < MR_BLOCK_LEN; i++) {
            y[b * MR_BLOCK_LEN + i] = mr_f32_mul(mr_f32_i2f(row[b].q[i]), d);
        }
    }
}

void mr_op_topk(const float *x, size_t n, uint32_t base, size_t k, mr_topk_t *out) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        /* Insert below every entry whose key is at least as large: earlier indices win ties. */
        size_t at = count;
        while (at > 0 && mr_f32_key(out[at - 1].value) < mr_f32_key(x[i])) {
            at--;
        }
        if (at == k) {
            continue;
        }
        count = count < k ? count + 1 : k;
        for (size_t j = count - 1; j > at; j--) {
            out[j] = out[j - 1];
        }
        out[at].index = base + (uint32_t)i;
        out[at].value = x[i];
    }
}
