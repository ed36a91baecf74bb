/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar arithmetic of the contract (docs/arithmetic.md section 1), bit for bit what rtl/fp
 * computes.
 *
 * Everything is pure: no state, no errors, every bit pattern is a legal input; safe from any thread
 * or interrupt. `float` is binary32 evaluated natively, with the contract's flushing and NaN rules
 * applied in integer code, so the default environment is required and nothing else: round to
 * nearest, gradual underflow on (MXCSR as the ABI leaves it), no contraction into fused operations
 * (-ffp-contract=off) and no -ffast-math. fp16 values travel as uint16_t, see mr_f16_to_f32.
 *
 * Flushing and NaN rules, once:
 *   subnormal inputs count as zero of the same sign; results that IEEE-754 rounds to a subnormal
 *   become zero of the same sign; every NaN result is 0x7FC00000.
 */
#ifndef MR_MILLRACE_ARITH_H
#define MR_MILLRACE_ARITH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __FAST_MATH__
#error "the arithmetic contract needs exact IEEE-754: build without -ffast-math"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "the arithmetic contract needs float evaluated as float (on x86: SSE, not x87)"
#endif
_Static_assert(sizeof(float) == 4, "float must be IEEE-754 binary32");

#define MR_F32_NAN 0x7FC00000u     /* the only NaN that is ever produced */
#define MR_F32_INF 0x7F800000u     /* +infinity */
#define MR_F32_SIGN 0x80000000u    /* sign bit */
#define MR_F32_MIN_NORM 0x00800000 /* bits of 2^-126, the smallest number that is not flushed */

/* ---- bits ------------------------------------------------------------------------------------ */

/** Float with the given binary32 encoding. */
static inline float mr_f32_from_bits(uint32_t bits) {
    union {
        uint32_t u;
        float f;
    } v = {.u = bits};
    return v.f;
}

/** Binary32 encoding of x. */
static inline uint32_t mr_f32_bits(float x) {
    union {
        float f;
        uint32_t u;
    } v = {.f = x};
    return v.u;
}

/** x with its sign inverted (NaN included; no flushing). */
static inline float mr_f32_neg(float x) {
    return mr_f32_from_bits(mr_f32_bits(x) ^ MR_F32_SIGN);
}

/* All ones if a < b, else 0; both below 2^31. A comparison would let GCC make a branch of it. */
static inline uint32_t mr_less_mask_(uint32_t a, uint32_t b) {
    return (uint32_t)((int32_t)(a - b) >> 31);
}

/** Input rule: subnormal becomes zero of the same sign, everything else passes. */
static inline float mr_f32_daz(float x) {
    uint32_t u = mr_f32_bits(x);
    int32_t mag = (int32_t)(u & 0x7FFFFFFFu);
    return mr_f32_from_bits(mag < MR_F32_MIN_NORM ? u & MR_F32_SIGN : u);
}

/** Result rule: flush subnormals, make NaN canonical. Loops over it vectorise. */
static inline float mr_f32_canon(float x) {
    uint32_t u = mr_f32_bits(x);
    int32_t mag = (int32_t)(u & 0x7FFFFFFFu);
    uint32_t r = mag < MR_F32_MIN_NORM ? u & MR_F32_SIGN : u;
    return mr_f32_from_bits(mag > (int32_t)MR_F32_INF ? MR_F32_NAN : r);
}

/* ---- add, multiply, convert, compare --------------------------------------------------------- */

/** a + b, nearest even, flushing rules. x + (-x) = +0. */
static inline float mr_f32_add(float a, float b) {
    return mr_f32_canon(mr_f32_daz(a) + mr_f32_daz(b));
}

/** a * b, nearest even, flushing rules. */
static inline float mr_f32_mul(float a, float b) {
    return mr_f32_canon(mr_f32_daz(a) * mr_f32_daz(b));
}

/** int32 to f32, nearest even. */
static inline float mr_f32_i2f(int32_t n) {
    return (float)n;
}

/** f32 to int8: nearest even, clipped to [-127, 127], NaN gives 0. Branch-free. */
static inline int8_t mr_f32_to_i8(float x) {
    const float magic =
        12582912.0f; /* 1.5 x 2^23: its unit is 1, so the addition rounds to integer */
    uint32_t u = mr_f32_bits(x);
    uint32_t mag = u & 0x7FFFFFFFu;
    uint32_t number = mr_less_mask_(mag, MR_F32_INF + 1u);
    uint32_t below = mr_less_mask_(mag, 0x42FE0000u); /* 127 */
    mag = ((mag & below) | (0x42FE0000u & ~below)) & number;
    float y = mr_f32_from_bits(mag | (u & MR_F32_SIGN));
    return (int8_t)((int32_t)mr_f32_bits(y + magic) - (int32_t)0x4B400000);
}

/** fp16 to f32, exact; subnormals are ordinary and exponent 31 is too (no Inf, no NaN). */
static inline float mr_f16_to_f32(uint16_t h) {
    uint32_t mag = (uint32_t)(h & 0x7FFFu) << 13;
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t normal = mag + 0x38000000u;
    /* 2^-14 + m 2^-24 - 2^-14: all three are exact, so this is the subnormal's value */
    uint32_t sub = mr_f32_bits(mr_f32_from_bits(mag + 0x38800000u) - mr_f32_from_bits(0x38800000u));
    uint32_t is_sub = mr_less_mask_(mag, 0x00800000u);
    return mr_f32_from_bits((sub & is_sub) | (normal & ~is_sub) | sign);
}

/** f32 to fp16, nearest even with subnormals; overflow and Inf give +-65504, NaN gives +0. */
static inline uint16_t mr_f32_to_f16(float x) {
    uint32_t u = mr_f32_bits(x);
    uint32_t mag = u & 0x7FFFFFFFu;
    uint32_t sign = (u >> 16) & 0x8000u;
    uint32_t normal = (mag + 0x0FFFu + ((mag >> 13) & 1u) - 0x38000000u) >> 13;
    /* the unit of 0.5 is 2^-24, the unit of fp16 subnormals: the addition rounds for us */
    uint32_t is_sub = mr_less_mask_(mag, 0x38800000u);
    uint32_t sub = mr_f32_bits(mr_f32_from_bits(mag & is_sub) + 0.5f) - 0x3F000000u;
    uint32_t r = (sub & is_sub) | (normal & ~is_sub);
    uint32_t below = mr_less_mask_(mag, 0x477FE000u); /* 65504 */
    r = (r & below) | (0x7BFFu & ~below);
    return (uint16_t)((r | sign) & mr_less_mask_(mag, MR_F32_INF + 1u));
}

/** Order of floats as unsigned integers: a < b exactly if key(a) < key(b); -0 sorts below +0. */
static inline uint32_t mr_f32_key(float x) {
    uint32_t u = mr_f32_bits(x);
    return u ^ ((uint32_t)((int32_t)u >> 31) | MR_F32_SIGN);
}

/** fp16 x fp16, exact in f32 (22-bit significand, never subnormal). */
static inline float mr_f16_mul(uint16_t a, uint16_t b) {
    return mr_f16_to_f32(a) * mr_f16_to_f32(b);
}

/**
 * Sum of v[0..n-1] in the contract's order: eight interleaved partial sums, then a tree.
 * @param[in] v n values; may be NULL if n is 0
 * @return the sum; +0 for n = 0
 */
float mr_f32_reduce8(const float *v, size_t n);

/* ---- special functions ----------------------------------------------------------------------- */

/* Piecewise quadratics in fixed point, one table (made by contract/gen_sfu_tables.py) for all four.
 * An argument is cut into a table address and d21, the 21-bit place inside the segment. With
 * d = (d21 - 2^20 + 1/2) / 2^21 the value is c0 +- d (c1 +- d c2); the signs are fixed for each
 * function, so the multipliers see magnitudes only, and -x is computed as ~x throughout (the table
 * is fitted to this very datapath). Everything fits 18 x 18-bit multipliers plus four single bits.
 */
#define MR_SFU_ENTRIES 512
extern const uint64_t mr_sfu_table[MR_SFU_ENTRIES];

#define MR_SFU_BASE_RECIP 0u   /* 128 segments of 2/x, x in [1,2) */
#define MR_SFU_BASE_EXP 128u   /* 64 segments of 2^x, x in [0,1) */
#define MR_SFU_BASE_SIN 192u   /* 64 segments of sin(pi x / 2), x in [0,1) */
#define MR_SFU_BASE_RSQRT 256u /* 128 segments of 2/sqrt(x), x in [2,4), then 128, x in [1,2) */

/**
 * One segment's quadratic.
 * @param addr table address
 * @param d21  place in the segment, 21 bits
 * @param sub1 1 if slope and curvature have opposite signs, else 0
 * @param sub0 1 if the slope is negative, else 0
 * @return the value in units of 2^-28
 */
static inline uint32_t mr_sfu_eval_(uint32_t addr, uint32_t d21, uint32_t sub1, uint32_t sub0) {
    uint64_t e = mr_sfu_table[addr];
    uint32_t neg = (d21 >> 20) ^ 1u;
    uint32_t d = (d21 ^ (0u - neg)) & 0xFFFFFu;
    uint32_t q = ((uint32_t)(e & 0x7FFFu) * (d >> 4)) >> 18;
    uint32_t h = ((uint32_t)(e >> 15) & 0xFFFFFu) + (q ^ (0u - (neg ^ sub1)));
    uint32_t p = (uint32_t)(((uint64_t)h * d) >> 18);
    return (uint32_t)(e >> 35) + (p ^ (0u - (neg ^ sub0)));
}

/* Float with biased exponent exp and the value r / 2^28 in [1,2] as significand, cut to 24 bits
 * (the table holds the rounding); +0 below 2^-126. exp <= 254. */
static inline float mr_sfu_pack_(int32_t exp, uint32_t r) {
    int32_t v = exp * 0x00800000 + ((int32_t)(r >> 5) - 0x00800000);
    return mr_f32_from_bits(v < MR_F32_MIN_NORM ? 0u : (uint32_t)v);
}

/** e^x, at most 1 ULP off (docs/arithmetic.md section 4). exp(+-0) = 1, overflow +Inf, underflow
 * +0. */
static inline float mr_f32_exp(float x) {
    uint32_t u = mr_f32_bits(x);
    uint32_t e = (u >> 23) & 0xFFu;
    if (e >= 134u) { /* |x| >= 128, Inf, NaN */
        uint32_t big = (u >> 31) != 0u ? 0u : MR_F32_INF;
        return mr_f32_from_bits((u & 0x7FFFFFFFu) > MR_F32_INF ? MR_F32_NAN : big);
    }
    /* x log2(e): 24 x 35 bits without the product of the two lowest parts; log2(e) is
     * 24785312075 / 2^34 = (189096 x 2^17 + 121163) / 2^34 */
    uint32_t m = (u & 0x007FFFFFu) | 0x00800000u;
    uint64_t prod = (((uint64_t)m * 189096u) << 11) + (uint64_t)(m >> 6) * 121163u;
    uint32_t shift = 151u - e;
    uint64_t mag = prod >> (shift > 63u ? 63u : shift);
    int64_t t = (int64_t)(mag ^ (0u - (uint64_t)(u >> 31))); /* units of 2^-27, cut downwards */
    int32_t k = (int32_t)(t >> 27);
    uint32_t frac = (uint32_t)t & 0x07FFFFFFu;
    uint32_t r = mr_sfu_eval_(MR_SFU_BASE_EXP + (frac >> 21), frac & 0x1FFFFFu, 0u, 0u);
    return k >= 128 ? mr_f32_from_bits(MR_F32_INF) : mr_sfu_pack_(k + 127, r);
}

/** 1/x, at most 1 ULP off; exact for powers of two. recip(+-0) = +-Inf, recip(+-Inf) = +-0. */
static inline float mr_f32_recip(float x) {
    uint32_t u = mr_f32_bits(x);
    uint32_t e = (u >> 23) & 0xFFu;
    uint32_t m = u & 0x007FFFFFu;
    if (e - 1u >= 254u) {
        if (e != 0u && m != 0u) {
            return mr_f32_from_bits(MR_F32_NAN);
        }
        return mr_f32_from_bits((u & MR_F32_SIGN) | (e != 0u ? 0u : MR_F32_INF));
    }
    uint32_t r = mr_sfu_eval_(MR_SFU_BASE_RECIP + (m >> 16), (m & 0xFFFFu) << 5, 1u, 1u);
    float y = mr_sfu_pack_(253 - (int32_t)e, r);
    return mr_f32_from_bits(mr_f32_bits(y) | (u & MR_F32_SIGN));
}

/** 1/sqrt(x), at most 1 ULP off; exact for powers of four. rsqrt(+-0) = +Inf, rsqrt(x < 0) = NaN.
 */
static inline float mr_f32_rsqrt(float x) {
    uint32_t u = mr_f32_bits(x);
    uint32_t e = (u >> 23) & 0xFFu;
    uint32_t m = u & 0x007FFFFFu;
    if (e == 0u) {
        return mr_f32_from_bits(MR_F32_INF);
    }
    if (u >= MR_F32_INF) { /* +Inf, NaN or negative */
        return mr_f32_from_bits(u == MR_F32_INF ? 0u : MR_F32_NAN);
    }
    uint32_t addr = MR_SFU_BASE_RSQRT + ((e & 1u) << 7) + (m >> 16);
    uint32_t r = mr_sfu_eval_(addr, (m & 0xFFFFu) << 5, 1u, 1u);
    return mr_sfu_pack_(190 - (int32_t)((e + 1u) >> 1), r);
}

/**
 * Sine of an angle, absolute error at most 2^-23.
 * @param turn angle as a fraction of a turn, units of 2^-32
 * @return the sine; zeros are +0; quadrants are exact mirror images of one another
 */
static inline float mr_f32_sin_turn(uint32_t turn) {
    uint32_t u = turn & 0x3FFFFFFFu;
    uint32_t v = (turn & 0x40000000u) != 0u ? 0x40000000u - u : u;
    uint32_t addr = MR_SFU_BASE_SIN + ((v >> 24) & 63u);
    uint32_t r = mr_sfu_eval_(addr, (v >> 3) & 0x1FFFFFu, 1u, 0u);
    r = v == 0u ? 0u : r;
    r = v == 0x40000000u ? 0x10000000u : r;
    /* cut to 24 significant bits: the conversion and the scaling below are then exact */
    uint32_t over = r >> 24;
    r &= ~(over | (over >> 1) | (over >> 2) | (over >> 3) | (over >> 4));
    float y = (float)(int32_t)r * 0x1p-28f;
    return mr_f32_from_bits(mr_f32_bits(y) | (r != 0u ? turn & MR_F32_SIGN : 0u));
}

/**
 * Cosine and sine of turn / 2^32 of a full turn.
 * @param turn angle, units of 2^-32 of a turn
 * @param[out] c cosine, absolute error at most 2^-23
 * @param[out] s sine, likewise; sincos(0) = (1, +0)
 */
static inline void mr_sincos(uint32_t turn, float *c, float *s) {
    *c = mr_f32_sin_turn(turn + 0x40000000u);
    *s = mr_f32_sin_turn(turn);
}

#endif
