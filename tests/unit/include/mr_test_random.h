/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded random data for unit tests: the same numbers on every machine. */
#ifndef MR_TEST_RANDOM_H
#define MR_TEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/arith.h"
#include "millrace/ops.h"

typedef struct {
    uint64_t state; /* not 0 */
} mr_test_random_t;

static inline uint32_t mr_test_u32(mr_test_random_t *rng) {
    rng->state ^= rng->state << 13;
    rng->state ^= rng->state >> 7;
    rng->state ^= rng->state << 17;
    return (uint32_t)(rng->state >> 32);
}

/* 0..n-1 */
static inline uint32_t mr_test_below(mr_test_random_t *rng, uint32_t n) {
    return (uint32_t)(((uint64_t)mr_test_u32(rng) * n) >> 32);
}

/* Uniform in [-limit, limit]. */
static inline float mr_test_float(mr_test_random_t *rng, float limit) {
    return ((float)mr_test_below(rng, 1u << 24) / 8388608.0f - 1.0f) * limit;
}

static inline void mr_test_floats(mr_test_random_t *rng, float *x, size_t n, float limit) {
    for (size_t i = 0; i < n; i++) {
        x[i] = mr_test_float(rng, limit);
    }
}

/* Any bit pattern, with zeros, infinities, NaN and subnormals far more often than by chance. */
static inline float mr_test_wild_float(mr_test_random_t *rng) {
    static const uint32_t corner[] = {0u,          0x80000000u, 0x7F800000u, 0xFF800000u,
                                      0x7FC00000u, 0xFFC00001u, 0x00000001u, 0x807FFFFFu,
                                      0x00800000u, 0x7F7FFFFFu, 0x3F800000u, 0xBF800000u};
    const uint32_t pick = mr_test_below(rng, 4);
    if (pick == 0) {
        return mr_f32_from_bits(corner[mr_test_below(rng, sizeof corner / sizeof corner[0])]);
    }
    return pick == 1 ? mr_f32_from_bits(mr_test_u32(rng)) : mr_test_float(rng, 4.0f);
}

/* Blocks with q in [-127, 127] (or -128 too) and positive scales of about `scale`. */
static inline void mr_test_blocks(mr_test_random_t *rng, mr_block_t *b, size_t n, float scale,
                                  int lowest) {
    for (size_t i = 0; i < n; i++) {
        const float d = scale * (0.5f + (float)mr_test_below(rng, 1024) / 1024.0f);
        b[i].d = mr_f32_to_f16(d);
        for (size_t j = 0; j < MR_BLOCK_LEN; j++) {
            b[i].q[j] = (int8_t)(lowest + (int)mr_test_below(rng, (uint32_t)(128 - lowest)));
        }
    }
}

/* Blocks of any value and any scale, subnormal, zero and negative ones included. */
static inline void mr_test_wild_blocks(mr_test_random_t *rng, mr_block_t *b, size_t n) {
    mr_test_blocks(rng, b, n, 0.01f, -128);
    for (size_t i = 0; i < n; i++) {
        if (mr_test_below(rng, 2) == 0) {
            b[i].d = (uint16_t)mr_test_u32(rng);
        }
        if (mr_test_below(rng, 8) == 0) {
            b[i].d &= 0x83FFu;
        }
    }
}

#endif
