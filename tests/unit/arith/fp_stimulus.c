/* SPDX-License-Identifier: Apache-2.0 */
/* Corner values and random operand pairs, see fp_stimulus.h. */
#include "fp_stimulus.h"

/* Magnitudes; each appears with both signs. */
static const uint32_t corner_mag[] = {0x00000000, 0x00000001, 0x00000002,
                                      0x00400000, 0x007FFFFE, 0x007FFFFF, /* zero, subnormals */
                                      0x00800000, 0x00800001, 0x00FFFFFF,
                                      0x01000000, 0x01000001, 0x01800000, /* around 2^-126 */
                                      0x0C000000, 0x0BFFFFFF, 0x1F800000,
                                      0x1FFFFFFF, 0x20000000, 0x20000001, /* squares near 2^-126 */
                                      0x32FFFFFF, 0x33000000, 0x33000001,
                                      0x33800000, 0x33C00000, 0x33C00001, /* fp16: 2^-25, 2^-24 */
                                      0x387FDFFF, 0x387FE000, 0x387FF000,
                                      0x38800000, 0x38801000, 0x38801001, /* fp16: around 2^-14 */
                                      0x3EFFFFFF, 0x3F000000, 0x3F000001,
                                      0x3F7FFFFF, 0x3F800000, 0x3F800001, /* 1/2, 1 */
                                      0x3F801000, 0x3F803000, 0x3F807FFF,
                                      0x3FBFFFFF, 0x3FC00000, 0x3FC00001, /* fp16 ties, 1.5 */
                                      0x3FFFFFFF, 0x40000000, 0x40000001,
                                      0x40200000, 0x40490FDB, 0x407FFFFF, /* 2, 2.5, pi, 4- */
                                      0x42B17217, 0x42B17218, 0x42AEAC4F,
                                      0x42AEAC50, 0x42AEAC51, 0x42CFF1B4, /* limits of exp */
                                      0x42FCFFFF, 0x42FD0000, 0x42FDFFFF,
                                      0x42FE0000, 0x42FF0000, 0x42FF0001, /* 126.5, 127, 127.5 */
                                      0x42FFFFFF, 0x43000000, 0x43000001,
                                      0x447FFFFF, 0x44800000, 0x477FDFFF, /* 128, 1024 */
                                      0x477FE000, 0x477FEFFF, 0x477FF000,
                                      0x477FFFFF, 0x47800000, 0x47800001, /* 65504 .. 65536 */
                                      0x4AFFFFFF, 0x4B000000, 0x4B000001,
                                      0x4B7FFFFF, 0x4B800000, 0x4B800001, /* 2^23, 2^24 */
                                      0x4C000000, 0x4EFFFFFF, 0x4F000000,
                                      0x5F7FFFFF, 0x5F800000, 0x5F800001, /* 2^25, 2^31, 2^64 */
                                      0x7E7FFFFF, 0x7E800000, 0x7E800001,
                                      0x7EFFFFFF, 0x7F000000, 0x7F000001, /* 1/x near 2^-126 */
                                      0x7F7FFFFE, 0x7F7FFFFF, 0x7F800000,
                                      0x7F800001, 0x7FBFFFFF, 0x7FC00000, /* max, Inf, NaN */
                                      0x7FFFFFFF};

enum { CORNER_MAGS = sizeof corner_mag / sizeof corner_mag[0] };

uint32_t fp_random(fp_rng_t *rng) {
    rng->state ^= rng->state << 13;
    rng->state ^= rng->state >> 7;
    rng->state ^= rng->state << 17;
    return (uint32_t)((rng->state * 0x2545F4914F6CDD1Du) >> 32);
}

size_t fp_corner_count(void) {
    return 2u * CORNER_MAGS;
}

uint32_t fp_corner(size_t i) {
    return corner_mag[i / 2u] | ((i & 1u) != 0u ? 0x80000000u : 0u);
}

static uint32_t make(uint32_t sign, int32_t exp, uint32_t man) {
    const int32_t e = exp < 0 ? 0 : exp > 255 ? 255 : exp;
    return (sign & 0x80000000u) | (uint32_t)e << 23 | (man & 0x7FFFFFu);
}

/* Fractions with long runs of equal bits, where roundings carry and sums cancel. */
static uint32_t run_fraction(fp_rng_t *rng) {
    const uint32_t r = fp_random(rng);
    const uint32_t low = (1u << (r % 24u)) - 1u;
    switch ((r >> 8) % 6u) {
    case 0:
        return low;
    case 1:
        return ~low;
    case 2:
        return low + 1u;
    case 3:
        return low - 1u;
    case 4:
        return ~low - 1u;
    default:
        return 0x555555u ^ low;
    }
}

static uint32_t fraction(fp_rng_t *rng) {
    const uint32_t r = fp_random(rng);
    return (r & 3u) == 0u ? run_fraction(rng) : r >> 8;
}

/* Exponent of b so that the exponent of the product a b is about `want` (biased). */
static int32_t partner(int32_t exp_a, int32_t want) {
    return want + 127 - exp_a;
}

/* Pairs for the conversions: halves of integers, fp16 ties, integers of every width. */
static void convert_pair(fp_rng_t *rng, uint32_t mode, uint32_t *a, uint32_t *b) {
    const uint32_t r = fp_random(rng);
    const uint32_t s = fp_random(rng);
    *b = fp_random(rng);
    if (mode == 8u) { /* k + 1/2 and its neighbours, |k| <= 130 */
        const uint32_t twice = 1u + 2u * (r % 131u);
        int32_t top = 0;
        while (twice >> (top + 1) != 0u) {
            top++;
        }
        *a = make(s, 126 + top, twice << (23 - top));
        *a += (s >> 8) % 5u - 2u;
    } else if (mode == 9u) { /* near the middle of two fp16 numbers */
        *a = make(s, 98 + (int32_t)(r % 48u), (r >> 6 & 0x7FE000u) | (0x1000u + (s & 3u) - 1u));
        if ((s & 0x70u) == 0u) {
            *a = make(s, 100 + (int32_t)(r % 14u), run_fraction(rng));
        }
    } else { /* integers of 1..32 bits, with runs below the rounding position */
        const uint32_t width = 1u + s % 32u;
        *a = (r | 0x80000000u) >> (32u - width);
        if ((s & 0x100u) != 0u) {
            *a = (*a & ~0xFFu) | ((s & 0x200u) != 0u ? 0x80u : 0x7Fu + (s >> 10 & 3u));
        }
        *a = (s & 0x8000u) != 0u ? 0u - *a : *a;
        *b = (r << 16 | r >> 16) ^ s;
    }
}

void fp_random_pair(fp_rng_t *rng, uint32_t mode, uint32_t *a, uint32_t *b) {
    const uint32_t r = fp_random(rng);
    const uint32_t s = fp_random(rng);
    const int32_t ea = (int32_t)(r >> 23 & 0xFFu);
    const int32_t near = (int32_t)(s % 7u) - 3;
    *a = (mode & 1u) != 0u ? make(r, ea, run_fraction(rng)) : make(r, ea, fraction(rng));
    switch (mode) {
    case 0: /* any bits */
        *a = r;
        *b = s;
        break;
    case 1: /* near exponents: cancellation */
    case 2:
        *b = make(s, ea + near, fraction(rng));
        break;
    case 3: /* the smaller one reaches the guard, round and sticky bits */
        *b = make(s, ea + ((s & 8u) != 0u ? 1 : -1) * (21 + (int32_t)(s >> 4 & 7u)), fraction(rng));
        break;
    case 4: /* a few units apart */
        *b = (*a ^ 0x80000000u) + (s & 15u) - 8u;
        break;
    case 5: /* products around the smallest normal number */
        *b = make(s, partner(ea, near), fraction(rng));
        break;
    case 6: { /* products within a few units of 2^-126 */
        const uint64_t ma = 0x800000u | (*a & 0x7FFFFFu);
        const uint64_t mb = ((uint64_t)1 << 47) / ma + (s & 3u);
        *b = make(s, partner(ea, 0), (uint32_t)(mb < 0x1000000u ? mb : 0xFFFFFFu));
        break;
    }
    case 7: /* products around overflow */
        *b = make(s, partner(ea, 254 + near), fraction(rng));
        break;
    case 8:
    case 9:
    case 10:
        convert_pair(rng, mode, a, b);
        break;
    default: /* corner with anything */
        *b = fp_corner(s % fp_corner_count());
        break;
    }
    if ((s & 0x100000u) != 0u && (mode < 8u || mode > 10u)) {
        const uint32_t t = *a;
        *a = *b;
        *b = t;
    }
}
