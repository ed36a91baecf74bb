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

/* mr_f32_canon and mr_f32_daz with masks for branches: chains of the originals end up as control
 * flow, which keeps the compiler from vectorising. */
KERNEL float canon(float x) {
    const uint32_t u = mr_f32_bits(x);
    const int32_t mag = (int32_t)(u & ~MR_F32_SIGN);
    const uint32_t keep = 0u - (uint32_t)(mag >= MR_F32_MIN_NORM);
    const uint32_t nan = 0u - (uint32_t)(mag > (int32_t)MR_F32_INF);
    return mr_f32_from_bits((u & (keep | MR_F32_SIGN) & ~nan) | (MR_F32_NAN & nan));
}

KERNEL float daz(float x) {
    const uint32_t u = mr_f32_bits(x);
    const int32_t mag = (int32_t)(u & ~MR_F32_SIGN);
    const uint32_t keep = 0u - (uint32_t)(mag >= MR_F32_MIN_NORM);
    return mr_f32_from_bits(u & (keep | MR_F32_SIGN));
}

/* add and mul of values that are no subnormals: results of other operations, converted integers. */
KERNEL float add(float a, float b) {
    return canon(a + b);
}

KERNEL float mul(float a, float b) {
    return canon(a * b);
}

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
        acc[r] = old ? daz(y[r]) : 0.0f;
    }
}

KERNEL void acc_store(float *y, const float *acc, uint32_t n) {
    for (uint32_t r = 0; r < n; r++) {
        y[r] = canon(acc[r]);
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

/* Folds the eight partial sums of reduce8. */
KERNEL float fold8(const float p[8]) {
    float a[4];
    for (int j = 0; j < 4; j++) {
        a[j] = add(p[j], p[j + 4]);
    }
    return add(add(a[0], a[2]), add(a[1], a[3]));
}

KERNEL float reduce8_32(const float v[32]) {
    float p[8] = {0};
    for (int i = 0; i < 32; i += 8) {
        for (int j = 0; j < 8; j++) {
            p[j] = add(p[j], v[i + j]);
        }
    }
    return fold8(p);
}

KERNEL float amax32(const float x[32]) {
    int32_t amax = 0;
    for (int i = 0; i < 32; i++) {
        const int32_t magnitude = (int32_t)(mr_f32_bits(x[i]) & ~MR_F32_SIGN);
        amax = magnitude > amax ? magnitude : amax;
    }
    return mr_f32_from_bits((uint32_t)amax);
}

/* mr_f32_to_i8 of x, with masks as above. */
KERNEL int8_t to_i8(float x) {
    const int32_t limit = 0x42FE0000; /* 127.0 */
    const uint32_t u = mr_f32_bits(x);
    const int32_t mag = (int32_t)(u & ~MR_F32_SIGN);
    const uint32_t number = 0u - (uint32_t)(mag <= (int32_t)MR_F32_INF);
    const uint32_t clipped = (uint32_t)(mag > limit ? limit : mag) & number;
    const float y = mr_f32_from_bits(clipped | (u & MR_F32_SIGN));
    /* 1.5 x 2^23: the unit of the sum is 1, so the addition rounds to an integer */
    return (int8_t)((int32_t)mr_f32_bits(y + 12582912.0f) - 0x4B400000);
}

/* The products need no flushing: inv is at most 2^126, what is below 2^-126 converts to 0 anyway.
 * With inv = +0 (d is 0) every product is 0 or NaN, and both convert to 0. */
KERNEL void scale_to_i8(const float x[32], float d, int8_t q[32]) {
    const bool zero = (mr_f32_bits(d) & ~MR_F32_SIGN) == 0;
    const float inv = zero ? 0.0f : mr_f32_recip(d);
    for (int i = 0; i < 32; i++) {
        q[i] = to_i8(x[i] * inv);
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
KERNEL void weigh(float sum[32], const int8_t wq[32], const mr_block_t *v, uint32_t count,
                  uint32_t nbh) {
    static const int8_t nothing[32] = {0};
    int32_t total[32] = {0};
    for (uint32_t p = 0; p < count; p += 2) {
        int16_t v0[32];
        int16_t v1[32];
        widen(v0, v[p * nbh].q);
        widen(v1, p + 1 < count ? v[(p + 1) * nbh].q : nothing);
        const int16_t w0 = wq[p];
        const int16_t w1 = p + 1 < count ? wq[p + 1] : 0;
        for (int j = 0; j < 32; j++) {
            const int16_t two = (int16_t)(w0 * v0[j] + w1 * v1[j]);
            total[j] += two;
        }
    }
    for (int j = 0; j < 32; j++) {
        sum[j] = (float)total[j];
    }
}

/* Scores of up to 32 positions (step 1). */
KERNEL void scores(float s[32], const mr_block_t *q, const mr_block_t *k, uint32_t count,
                   uint32_t nbh, float scale) {
    for (uint32_t p = 0; p < 32; p++) {
        s[p] = 0.0f;
    }
    const float flat = daz(scale);
    for (uint32_t b = 0; b < nbh; b++) {
        const float dq = mr_f16_to_f32(q[b].d);
        int16_t q16[32];
        uint16_t d[32] = {0};
        int32_t dot[32] = {0};
        widen(q16, q[b].q);
        for (uint32_t p = 0; p < count; p++) {
            dot[p] = dot32(k[p * nbh + b].q, q16);
            d[p] = k[p * nbh + b].d;
        }
        for (uint32_t p = 0; p < 32; p++) {
            s[p] = s[p] + (float)dot[p] * (mr_f16_to_f32(d[p]) * dq);
        }
    }
    for (uint32_t p = 0; p < 32; p++) {
        s[p] = mul(s[p], flat);
    }
}

/* Step 4 for one V block column. */
KERNEL void values(float *acc, const float e[32], const mr_block_t *v, uint32_t count, uint32_t nbh,
                   float corr) {
    uint16_t d[32] = {0};
    float w[32];
    float y[32];
    float sum[32];
    int8_t wq[32];
    for (uint32_t p = 0; p < count; p++) {
        d[p] = v[p * nbh].d;
    }
    for (uint32_t p = 0; p < 32; p++) {
        w[p] = mul(e[p], mr_f16_to_f32(d[p]));
    }
    const float dw = mr_f32_mul(amax32(w), mr_f32_from_bits(INV127_BITS));
    scale_to_i8(w, dw, wq);
    weigh(sum, wq, v, count, nbh);
    for (uint32_t j = 0; j < 32; j++) {
        y[j] = acc[j];
    }
    for (uint32_t j = 0; j < 32; j++) {
        y[j] = add(mul(y[j], corr), mul(sum[j], dw));
    }
    for (uint32_t j = 0; j < 32; j++) {
        acc[j] = y[j];
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
        values(acc + vb * 32, e, part->v + vb, count, nbh, corr);
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
            p[j] = add(p[j], mul(daz(x[i + j]), daz(x[i + j])));
        }
    }
    const float r = mr_f32_rsqrt(mr_f32_add(mr_f32_mul(fold8(p), inv_n), eps));
    for (uint32_t i = 0; i < n; i++) {
        y[i] = mul(mul(daz(x[i]), r), daz(w[i]));
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
