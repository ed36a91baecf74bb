/* SPDX-License-Identifier: Apache-2.0 */
/* Integer reference of the scalars, see soft_ref.h: exact value first, one rounding routine after.
 */
#include "soft_ref.h"

#include <stdbool.h>

__extension__ typedef unsigned __int128 u128_t;

/* A finite value: (-1)^neg x mag x 2^exp, mag exact but for a sticky lowest bit. */
typedef struct {
    bool neg;
    u128_t mag;
    int32_t exp;
} exact_t;

static int32_t top_bit(u128_t x) {
    int32_t n = -1;
    while (x != 0) {
        x >>= 1;
        n++;
    }
    return n;
}

/* mag x 2^exp as a multiple of 2^quantum, to nearest, ties to even. */
static u128_t to_quantum(exact_t v, int32_t quantum) {
    const int32_t drop = quantum - v.exp;
    if (drop <= 0) {
        return v.mag << -drop;
    }
    if (drop > 120) {
        return 0; /* less than half: callers keep mag below 2^119 */
    }
    const u128_t one = 1;
    const u128_t keep = v.mag >> drop;
    const u128_t rest = v.mag & ((one << drop) - 1);
    const u128_t half = one << (drop - 1);
    return rest > half || (rest == half && (keep & 1) != 0) ? keep + one : keep;
}

/* IEEE binary32 with gradual underflow, then the contract's flush. */
static uint32_t to_f32(exact_t v) {
    const uint32_t sign = v.neg ? 0x80000000u : 0u;
    if (v.mag == 0) {
        return sign;
    }
    const int32_t unit = top_bit(v.mag) + v.exp - 23;
    const int32_t quantum = unit < -149 ? -149 : unit;
    const u128_t n = to_quantum(v, quantum);
    if (n < 0x800000u) {
        return sign; /* subnormal */
    }
    const uint32_t carry = n == 0x1000000u ? 1u : 0u;
    const int32_t biased = quantum + 150 + (int32_t)carry;
    if (biased >= 255) {
        return sign | 0x7F800000u;
    }
    return sign | (uint32_t)biased << 23 | ((uint32_t)(n >> carry) & 0x7FFFFFu);
}

static bool is_nan(uint32_t a) {
    return (a & 0x7FFFFFFFu) > 0x7F800000u;
}

static bool is_inf(uint32_t a) {
    return (a & 0x7FFFFFFFu) == 0x7F800000u;
}

static exact_t from_f32(uint32_t a) {
    const uint32_t e = a >> 23 & 0xFFu;
    const exact_t v = {.neg = a >> 31 != 0u,
                       .mag = e == 0u ? 0u : 0x800000u | (a & 0x7FFFFFu),
                       .exp = (int32_t)e - 150};
    return v;
}

uint32_t soft_add(uint32_t a, uint32_t b) {
    if (is_nan(a) || is_nan(b) || (is_inf(a) && is_inf(b) && a != b)) {
        return 0x7FC00000u;
    }
    if (is_inf(a) || is_inf(b)) {
        return is_inf(a) ? a : b;
    }
    exact_t x = from_f32(a);
    exact_t y = from_f32(b);
    if (x.mag == 0 && y.mag == 0) {
        return x.neg && y.neg ? 0x80000000u : 0u;
    }
    if (x.mag == 0 || (y.mag != 0 && x.exp < y.exp)) {
        const exact_t t = x;
        x = y;
        y = t;
    }
    /* x has the larger exponent: bring it down to y's, or let y shrink to a sticky bit */
    const int32_t apart = y.mag == 0 ? 0 : x.exp - y.exp;
    const int32_t lift = apart > 60 ? 60 : apart;
    x.mag <<= lift;
    x.exp -= lift;
    if (apart > 60) {
        y.mag = 1; /* far below half a unit of x, above nothing */
    }
    if (x.neg == y.neg) {
        x.mag += y.mag;
    } else if (x.mag >= y.mag) {
        x.mag -= y.mag;
    } else {
        x.mag = y.mag - x.mag;
        x.neg = y.neg;
    }
    if (x.mag == 0) {
        return 0;
    }
    return to_f32(x);
}

uint32_t soft_mul(uint32_t a, uint32_t b) {
    const uint32_t sign = (a ^ b) & 0x80000000u;
    const exact_t x = from_f32(a);
    const exact_t y = from_f32(b);
    const bool inf = is_inf(a) || is_inf(b);
    if (is_nan(a) || is_nan(b) || (inf && (x.mag == 0 || y.mag == 0))) {
        return 0x7FC00000u;
    }
    if (inf) {
        return sign | 0x7F800000u;
    }
    const exact_t p = {.neg = sign != 0u, .mag = x.mag * y.mag, .exp = x.exp + y.exp};
    return to_f32(p);
}

uint32_t soft_i2f(int32_t n) {
    const int64_t wide = n;
    const exact_t v = {.neg = n < 0, .mag = (u128_t)(wide < 0 ? -wide : wide), .exp = 0};
    return n == 0 ? 0u : to_f32(v);
}

int32_t soft_f2i8(uint32_t a) {
    if (is_nan(a)) {
        return 0;
    }
    const exact_t v = from_f32(a);
    int32_t n = 127;
    if (!is_inf(a) && v.exp < 0) {
        const u128_t r = to_quantum(v, 0);
        n = r > 127 ? 127 : (int32_t)r;
    }
    return v.neg ? -n : n;
}

static exact_t from_f16(uint16_t h) {
    const uint32_t e = (uint32_t)h >> 10 & 31u;
    const uint32_t m = h & 0x3FFu;
    const exact_t v = {.neg = h >> 15 != 0,
                       .mag = e == 0u ? m : m | 0x400u,
                       .exp = e == 0u ? -24 : (int32_t)e - 25};
    return v;
}

uint32_t soft_h2f(uint16_t h) {
    return to_f32(from_f16(h));
}

uint16_t soft_f2h(uint32_t a) {
    if (is_nan(a)) {
        return 0;
    }
    const uint32_t sign = a >> 16 & 0x8000u;
    const exact_t v = from_f32(a);
    const int32_t unit = top_bit(v.mag) + v.exp - 10;
    const int32_t quantum = unit < -24 ? -24 : unit;
    if (is_inf(a) || quantum > 5) {
        return (uint16_t)(sign | 0x7BFFu);
    }
    const uint32_t n = (uint32_t)to_quantum(v, quantum);
    const uint32_t mag =
        ((uint32_t)(quantum + 24) << 10) + n; /* the implied bit adds the exponent's one */
    return (uint16_t)(sign | (mag > 0x7BFFu ? 0x7BFFu : mag));
}

uint32_t soft_hmul(uint16_t a, uint16_t b) {
    const exact_t x = from_f16(a);
    const exact_t y = from_f16(b);
    const exact_t p = {.neg = x.neg != y.neg, .mag = x.mag * y.mag, .exp = x.exp + y.exp};
    return to_f32(p);
}
