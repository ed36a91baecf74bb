/* SPDX-License-Identifier: Apache-2.0 */
/* The model's hot loops. Plain C that compilers vectorise; compiled twice on x86-64 (SSE2, AVX2).
 *
 * Why the bits stay: sums of integer products are exact in any order; float operations keep the
 * contract's order in each element. GEMV needs no flushing inside its loop: a product of two fp16
 * scales is at least 2^-48 and finite, so products and partial sums are zero or far from subnormal,
 * and only the old value that ACC starts from can be subnormal, NaN or infinite.
 */
#include "model_kernels.h"

#include "millrace/arith.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model reads lane words as bytes: it needs a little-endian host"
#endif

/* Everything below is inlined into the variants at the end, which choose the instruction set. */
#define KERNEL static inline __attribute__((always_inline))

#define LANE_WORDS 9u
#define Q4_HALF_BYTES 18u
#define GROUP_MAX 32u
#define NBH_MAX 16u
#define INV127_BITS 0x3C010204u

KERNEL void widen(int16_t out[32], const int8_t q[32]) {
    for (int j = 0; j < 32; j++) {
        out[j] = q[j];
    }
}

KERNEL int32_t dot32(const int8_t q[32], const int16_t x[32]) {
    int32_t sum = 0;
    for (int j = 0; j < 32; j++) {
        sum += (int32_t)q[j] * (int32_t)x[j];
    }
    return sum;
}

KERNEL void acc_load(float *acc, const float *y, uint32_t n, bool old) {
    for (uint32_t r = 0; r < n; r++) {
        acc[r] = old ? mr_f32_daz(y[r]) : 0.0f;
    }
}

KERNEL void acc_store(float *y, const float *acc, uint32_t n) {
    for (uint32_t r = 0; r < n; r++) {
        y[r] = mr_f32_canon(acc[r]);
    }
}

KERNEL void gemv_q8(float *y, const uint32_t *w, const float *wscale, const mr_block_t *x,
                    uint32_t rows, uint32_t nb, uint32_t group, bool acc) {
    for (uint32_t first = 0; first < rows; first += group) {
        float sum[GROUP_MAX];
        acc_load(sum, y + first, group, acc);
        for (uint32_t b = 0; b < nb; b++) {
            const float dx = mr_f16_to_f32(x[b].d);
            int16_t x16[32];
            widen(x16, x[b].q);
            for (uint32_t r = 0; r < group; r += 4) {
                float dot[4];
                for (uint32_t i = 0; i < 4; i++) {
                    dot[i] = (float)dot32((const int8_t *)(w + (r + i) * LANE_WORDS), x16);
                }
                for (uint32_t i = 0; i < 4; i++) {
                    sum[r + i] = sum[r + i] + dot[i] * (wscale[r + i] * dx);
                }
            }
            w += (size_t)group * LANE_WORDS;
            wscale += group;
        }
        acc_store(y + first, sum, group);
    }
}

/* Block of row r (of a group) and column block b in Q4_0: half i % 2 of word base + i / 2. */
KERNEL const uint8_t *q4_half(const uint32_t *w, uint32_t r, uint32_t b, uint32_t group) {
    const uint32_t lanes = group / 4;
    const uint32_t i = r / lanes;
    const size_t lane_word = ((size_t)b * 2 + i / 2) * lanes + r % lanes;
    return (const uint8_t *)(w + lane_word * LANE_WORDS) + (i % 2) * Q4_HALF_BYTES;
}

KERNEL void gemv_q4(float *y, const uint32_t *w, const mr_block_t *x, uint32_t rows, uint32_t nb,
                    uint32_t group, bool acc) {
    for (uint32_t first = 0; first < rows; first += group) {
        float sum[GROUP_MAX];
        acc_load(sum, y + first, group, acc);
        for (uint32_t b = 0; b < nb; b++) {
            const float dx = mr_f16_to_f32(x[b].d);
            int16_t x16[32];
            widen(x16, x[b].q);
            for (uint32_t r = 0; r < group; r++) {
                const uint8_t *src = q4_half(w, r, b, group);
                int8_t q[32];
                for (int j = 0; j < 16; j++) {
                    q[j] = (int8_t)((src[j] & 15) - 8);
                    q[j + 16] = (int8_t)((src[j] >> 4) - 8);
                }
                const float dw = mr_f16_to_f32((uint16_t)(src[16] | (src[17] << 8)));
                sum[r] = sum[r] + (float)dot32(q, x16) * (dw * dx);
            }
        }
        w += (size_t)(group / 2) * nb * LANE_WORDS;
        acc_store(y + first, sum, group);
    }
}

KERNEL float reduce8_32(const float v[32]) {
    float p[8] = {0};
    for (int i = 0; i < 32; i += 8) {
        for (int j = 0; j < 8; j++) {
            p[j] = mr_f32_add(p[j], v[i + j]);
        }
    }
    return mr_f32_reduce8(p, 8); /* exact repetition: +0 + p = p, and p is never -0 here */
}

KERNEL float amax32(const float x[32]) {
    int32_t amax = 0;
    for (int i = 0; i < 32; i++) {
        const int32_t magnitude = (int32_t)(mr_f32_bits(x[i]) & ~MR_F32_SIGN);
        amax = magnitude > amax ? magnitude : amax;
    }
    return mr_f32_from_bits((uint32_t)amax);
}

KERNEL void scale_to_i8(const float x[32], float d, int8_t q[32]) {
    const bool zero = (mr_f32_bits(d) & ~MR_F32_SIGN) == 0;
    /* With inv = +0 every product is 0 or NaN, and both convert to 0. */
    const float inv = zero ? 0.0f : mr_f32_recip(d);
    for (int i = 0; i < 32; i++) {
        q[i] = mr_f32_to_i8(mr_f32_mul(x[i], inv));
    }
}

KERNEL void quant(const float *x, uint32_t n, mr_block_t *out) {
    for (uint32_t b = 0; b < n / 32; b++) {
        const float d = mr_f32_mul(amax32(x + b * 32), mr_f32_from_bits(INV127_BITS));
        out[b].d = mr_f32_to_f16(d);
        scale_to_i8(x + b * 32, mr_f16_to_f32(out[b].d), out[b].q);
    }
}

/* sum[j] = sum over positions of wq[p] * v[p].q[j]. Two products at a time fit 16 bits:
 * |wq| <= 127 and |v| <= 128. */
KERNEL void weigh(int32_t sum[32], const int8_t wq[32], const mr_block_t *v, uint32_t count,
                  uint32_t nbh) {
    static const int8_t nothing[32] = {0};
    for (int j = 0; j < 32; j++) {
        sum[j] = 0;
    }
    for (uint32_t p = 0; p < count; p += 2) {
        const int8_t *v0 = v[p * nbh].q;
        const int8_t *v1 = p + 1 < count ? v[(p + 1) * nbh].q : nothing;
        const int16_t w0 = wq[p];
        const int16_t w1 = wq[p + 1];
        for (int j = 0; j < 32; j++) {
            sum[j] += (int16_t)(w0 * v0[j] + w1 * v1[j]);
        }
    }
}

/* Scores of up to 32 positions (step 1). */
KERNEL void scores(float s[32], const mr_block_t *q, const mr_block_t *k, uint32_t count,
                   uint32_t nbh, float scale) {
    for (uint32_t p = 0; p < 32; p++) {
        s[p] = 0.0f;
    }
    for (uint32_t b = 0; b < nbh; b++) {
        const float dq = mr_f16_to_f32(q[b].d);
        int16_t q16[32];
        widen(q16, q[b].q);
        for (uint32_t p = 0; p < count; p++) {
            const mr_block_t *kb = &k[p * nbh + b];
            s[p] = s[p] + (float)dot32(kb->q, q16) * (mr_f16_to_f32(kb->d) * dq);
        }
    }
    for (uint32_t p = 0; p < 32; p++) {
        s[p] = mr_f32_mul(s[p], scale);
    }
}

KERNEL void attend(float *acc, mr_model_softmax_t *state, const mr_block_t *q,
                   const mr_model_kv_part_t *part, uint32_t count, uint32_t nbh, float scale) {
    float s[32];
    float e[32] = {0};
    scores(s, q, part->k, count, nbh, scale);
    float max = state->started ? state->max : s[0];
    for (uint32_t p = 0; p < count; p++) {
        max = mr_f32_key(s[p]) > mr_f32_key(max) ? s[p] : max;
    }
    const float neg_max = mr_f32_neg(max);
    const float corr = state->started ? mr_f32_exp(mr_f32_add(state->max, neg_max)) : 0.0f;
    for (uint32_t p = 0; p < count; p++) {
        e[p] = mr_f32_exp(mr_f32_add(s[p], neg_max));
    }
    state->sum = mr_f32_add(mr_f32_mul(state->sum, corr), reduce8_32(e));
    state->max = max;
    state->started = true;
    for (uint32_t vb = 0; vb < nbh; vb++) {
        float w[32] = {0};
        int8_t wq[32];
        int32_t sum[32];
        for (uint32_t p = 0; p < count; p++) {
            w[p] = mr_f32_mul(e[p], mr_f16_to_f32(part->v[p * nbh + vb].d));
        }
        const float dw = mr_f32_mul(amax32(w), mr_f32_from_bits(INV127_BITS));
        scale_to_i8(w, dw, wq);
        weigh(sum, wq, part->v + vb, count, nbh);
        for (uint32_t j = 0; j < 32; j++) {
            float *y = &acc[vb * 32 + j];
            *y = mr_f32_add(mr_f32_mul(*y, corr), mr_f32_mul((float)sum[j], dw));
        }
    }
}

KERNEL void rope(float *y, const float *x, const float *f, uint32_t n, uint32_t hd, uint32_t pos) {
    for (uint32_t i = 0; i < hd / 2; i++) {
        float c;
        float s;
        mr_sincos(pos * mr_f32_bits(f[i]), &c, &s);
        for (uint32_t at = 2 * i; at < n; at += hd) {
            const float x0 = x[at];
            const float x1 = x[at + 1];
            y[at] = mr_f32_add(mr_f32_mul(x0, c), mr_f32_neg(mr_f32_mul(x1, s)));
            y[at + 1] = mr_f32_add(mr_f32_mul(x0, s), mr_f32_mul(x1, c));
        }
    }
}

KERNEL void norm(float *y, const float *x, const float *w, uint32_t n, float inv_n, float eps) {
    float p[8] = {0};
    for (uint32_t i = 0; i < n; i += 8) {
        for (uint32_t j = 0; j < 8; j++) {
            p[j] = mr_f32_add(p[j], mr_f32_mul(x[i + j], x[i + j]));
        }
    }
    const float r = mr_f32_rsqrt(mr_f32_add(mr_f32_mul(mr_f32_reduce8(p, 8), inv_n), eps));
    for (uint32_t i = 0; i < n; i++) {
        y[i] = mr_f32_mul(mr_f32_mul(x[i], r), w[i]);
    }
}

KERNEL void silu_mul(float *y, const float *g, const float *u, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        const float sigmoid = mr_f32_recip(mr_f32_add(1.0f, mr_f32_exp(mr_f32_neg(g[i]))));
        y[i] = mr_f32_mul(mr_f32_mul(g[i], sigmoid), u[i]);
    }
}

/* One set of kernels: external signatures around the inlined bodies. */
#define KERNEL_SET(suffix_, attribute_)                                                            \
    attribute_ static void gemv_q8_##suffix_(float *y, const uint32_t *w, const float *wscale,     \
                                             const mr_block_t *x, uint32_t rows, uint32_t nb,      \
                                             uint32_t group, bool acc) {                           \
        gemv_q8(y, w, wscale, x, rows, nb, group, acc);                                            \
    }                                                                                              \
    attribute_ static void gemv_q4_##suffix_(float *y, const uint32_t *w, const mr_block_t *x,     \
                                             uint32_t rows, uint32_t nb, uint32_t group,           \
                                             bool acc) {                                           \
        gemv_q4(y, w, x, rows, nb, group, acc);                                                    \
    }                                                                                              \
    attribute_ static void attend_##suffix_(float *acc, mr_model_softmax_t *state,                 \
                                            const mr_block_t *q, const mr_model_kv_part_t *part,   \
                                            uint32_t count, uint32_t nbh, float scale) {           \
        attend(acc, state, q, part, count, nbh, scale);                                            \
    }                                                                                              \
    attribute_ static void rope_##suffix_(float *y, const float *x, const float *f, uint32_t n,    \
                                          uint32_t hd, uint32_t pos) {                             \
        rope(y, x, f, n, hd, pos);                                                                 \
    }                                                                                              \
    attribute_ static void norm_##suffix_(float *y, const float *x, const float *w, uint32_t n,    \
                                          float inv_n, float eps) {                                \
        norm(y, x, w, n, inv_n, eps);                                                              \
    }                                                                                              \
    attribute_ static void quant_##suffix_(const float *x, uint32_t n, mr_block_t *out) {          \
        quant(x, n, out);                                                                          \
    }                                                                                              \
    attribute_ static void silu_mul_##suffix_(float *y, const float *g, const float *u,            \
                                              uint32_t n) {                                        \
        silu_mul(y, g, u, n);                                                                      \
    }                                                                                              \
    static const mr_model_kernels_t kernels_##suffix_ = {                                          \
        #suffix_,       gemv_q8_##suffix_, gemv_q4_##suffix_, attend_##suffix_,                    \
        rope_##suffix_, norm_##suffix_,    quant_##suffix_,   silu_mul_##suffix_};

KERNEL_SET(portable, )

#if defined(__x86_64__)
KERNEL_SET(avx2, __attribute__((target("avx2"))))
#endif

const mr_model_kernels_t *mr_model_kernels_best(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        return &kernels_avx2;
    }
#endif
    return &kernels_portable;
}

const mr_model_kernels_t *mr_model_kernels_portable(void) {
    return &kernels_portable;
}
