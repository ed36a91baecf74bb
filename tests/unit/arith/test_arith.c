/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of millrace/arith.h: against exact integers (soft_ref.h), against libm in double, and
 * for the exact values the contract promises. Usage: test_arith [random pairs]; default 2,000,000.
 * Lines "RESULT name value unit" carry the measured errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fp_stimulus.h"
#include "millrace/arith.h"
#include "soft_ref.h"

static uint64_t pair_count = 2000000;

static void expect(const char *what, uint32_t a, uint32_t b, uint32_t got, uint32_t want) {
    if (got != want) {
        fail_msg("%s(0x%08" PRIX32 ", 0x%08" PRIX32 ") = 0x%08" PRIX32 ", expected 0x%08" PRIX32,
                 what, a, b, got, want);
    }
}

/* Everything that takes one or two operands, on the same bits. */
static void check_pair(uint32_t a, uint32_t b) {
    const float x = mr_f32_from_bits(a);
    const float y = mr_f32_from_bits(b);
    const uint16_t ha = (uint16_t)a;
    const uint16_t hb = (uint16_t)b;
    expect("add", a, b, mr_f32_bits(mr_f32_add(x, y)), soft_add(a, b));
    expect("mul", a, b, mr_f32_bits(mr_f32_mul(x, y)), soft_mul(a, b));
    expect("i2f", a, 0, mr_f32_bits(mr_f32_i2f((int32_t)a)), soft_i2f((int32_t)a));
    expect("f2i8", a, 0, (uint32_t)mr_f32_to_i8(x), (uint32_t)soft_f2i8(a));
    expect("f2h", a, 0, mr_f32_to_f16(x), soft_f2h(a));
    expect("hmul", ha, hb, mr_f32_bits(mr_f16_mul(ha, hb)), soft_hmul(ha, hb));
}

static void test_scalars__corner_pairs(void **state) {
    (void)state;
    const size_t n = fp_corner_count();
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            check_pair(fp_corner(i), fp_corner(j));
        }
    }
}

static void test_scalars__random_pairs(void **state) {
    (void)state;
    fp_rng_t rng = {.state = 0x9E3779B97F4A7C15u};
    for (uint64_t i = 0; i < pair_count; i++) {
        uint32_t a;
        uint32_t b;
        fp_random_pair(&rng, (uint32_t)(i % FP_MODES), &a, &b);
        check_pair(a, b);
    }
    printf("RESULT arith.random_pairs %" PRIu64 " pairs\n", pair_count);
}

static void test_f16__every_value(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x10000u; h++) {
        const float x = mr_f16_to_f32((uint16_t)h);
        expect("h2f", h, 0, mr_f32_bits(x), soft_h2f((uint16_t)h));
        const uint32_t back = (h & 0x7FFFu) > 0x7BFFu ? (h & 0x8000u) | 0x7BFFu : h;
        expect("f2h(h2f)", h, 0, mr_f32_to_f16(x), back);
        expect("hmul", h, 0x3C00, mr_f32_bits(mr_f16_mul((uint16_t)h, 0x3C00)), mr_f32_bits(x));
    }
}

static void test_f2h__around_every_tie(void **state) {
    (void)state;
    for (uint16_t h = 0; h < 0x7BFFu; h++) {
        const float low = mr_f16_to_f32(h);
        const float high = mr_f16_to_f32((uint16_t)(h + 1));
        const uint32_t tie = mr_f32_bits((low + high) * 0.5f);
        expect("f2h below tie", tie - 1u, 0, mr_f32_to_f16(mr_f32_from_bits(tie - 1u)), h);
        expect("f2h tie", tie, 0, mr_f32_to_f16(mr_f32_from_bits(tie)), (h + 1u) & ~1u);
        expect("f2h above tie", tie + 1u, 0, mr_f32_to_f16(mr_f32_from_bits(tie + 1u)), h + 1u);
    }
}

static void test_add__exact_opposites(void **state) {
    (void)state;
    const size_t n = fp_corner_count();
    for (size_t i = 0; i < n; i++) {
        const uint32_t a = fp_corner(i);
        if ((a & 0x7FFFFFFFu) < MR_F32_INF) {
            const float x = mr_f32_from_bits(a);
            expect("x + (-x)", a, 0, mr_f32_bits(mr_f32_add(x, mr_f32_neg(x))), 0u);
        }
    }
}

static void test_key__orders_like_reals(void **state) {
    (void)state;
    static const uint32_t rising[] = {
        0xFF800000u, 0xFF7FFFFFu, 0xBF800001u, 0xBF800000u, 0x80800000u, 0x80000000u, 0x00000000u,
        0x00800000u, 0x3F800000u, 0x3F800001u, 0x7F7FFFFFu, 0x7F800000u, 0x7FC00000u};
    for (size_t i = 1; i < sizeof rising / sizeof rising[0]; i++) {
        assert_true(mr_f32_key(mr_f32_from_bits(rising[i - 1])) <
                    mr_f32_key(mr_f32_from_bits(rising[i])));
    }
    fp_rng_t rng = {.state = 77};
    for (int i = 0; i < 100000; i++) {
        const float x = mr_f32_from_bits(fp_random(&rng));
        const float y = mr_f32_from_bits(fp_random(&rng));
        if (x < y) {
            assert_true(mr_f32_key(x) < mr_f32_key(y));
        }
    }
}

static void test_reduce8__follows_the_definition(void **state) {
    (void)state;
    float v[70];
    fp_rng_t rng = {.state = 5};
    for (size_t i = 0; i < 70; i++) {
        v[i] = (float)(int32_t)fp_random(&rng) * 0x1p-20f;
    }
    for (size_t n = 0; n <= 70; n++) {
        uint32_t p[8] = {0};
        for (size_t i = 0; i < n; i++) {
            p[i % 8] = soft_add(p[i % 8], mr_f32_bits(v[i]));
        }
        const uint32_t b0 = soft_add(soft_add(p[0], p[4]), soft_add(p[2], p[6]));
        const uint32_t b1 = soft_add(soft_add(p[1], p[5]), soft_add(p[3], p[7]));
        expect("reduce8", (uint32_t)n, 0, mr_f32_bits(mr_f32_reduce8(v, n)), soft_add(b0, b1));
    }
    expect("reduce8(nothing)", 0, 0, mr_f32_bits(mr_f32_reduce8(NULL, 0)), 0u);
}

/* ---- special functions --------------------------------------------------------------------- */

/* Error of y against the true value, in units of the last place of the true value. */
static double ulps(float y, double truth) {
    int e;
    (void)frexp(truth, &e);
    return fabs(ldexp((double)y - truth, 24 - (e < -125 ? -125 : e)));
}

static void report(const char *name, double worst, double bar) {
    printf("RESULT arith.%s %.3f ULP\n", name, worst);
    assert_true(worst <= bar);
}

static void test_recip__one_binade(void **state) {
    (void)state;
    double worst = 0.0;
    for (uint32_t m = 0; m < 1u << 23; m++) {
        const float x = mr_f32_from_bits(0x3F800000u + m);
        const float y = mr_f32_recip(x);
        worst = fmax(worst, ulps(y, 1.0 / (double)x));
        /* other binades and signs are the same significands: check one random one each */
        const uint32_t e = 2u + (m * 2654435761u >> 24) % 250u;
        const uint32_t other =
            mr_f32_bits(mr_f32_recip(mr_f32_from_bits(0x80000000u | e << 23 | m)));
        const uint32_t want = (mr_f32_bits(y) + ((127u - e) << 23)) | 0x80000000u;
        expect("recip", e << 23 | m, 0, other, want);
    }
    report("recip.max_error", worst, 1.0);
}

static void test_recip__edges(void **state) {
    (void)state;
    static const uint32_t pair[][2] = {
        {0x00000000u, 0x7F800000u}, {0x80000000u, 0xFF800000u}, {0x007FFFFFu, 0x7F800000u},
        {0x80000001u, 0xFF800000u}, {0x7F800000u, 0x00000000u}, {0xFF800000u, 0x80000000u},
        {0x7FC00000u, 0x7FC00000u}, {0xFFFFFFFFu, 0x7FC00000u}, {0x7F800001u, 0x7FC00000u},
        {0x3F800000u, 0x3F800000u}, {0xC0000000u, 0xBF000000u}, {0x7E800000u, 0x00800000u},
        {0x7E800001u, 0x00000000u}, {0xFF000000u, 0x80000000u}, {0x7F7FFFFFu, 0x00000000u},
        {0x00800000u, 0x7E800000u}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        expect("recip", pair[i][0], 0, mr_f32_bits(mr_f32_recip(mr_f32_from_bits(pair[i][0]))),
               pair[i][1]);
    }
}

static void test_rsqrt__two_binades(void **state) {
    (void)state;
    double worst = 0.0;
    for (uint32_t m = 0; m < 1u << 24; m++) {
        const float x = mr_f32_from_bits(0x3F800000u + m);
        const float y = mr_f32_rsqrt(x);
        worst = fmax(worst, ulps(y, 1.0 / sqrt((double)x)));
        if ((m & 7u) == 0u) { /* a factor of 4^k moves the exponent only */
            const int32_t k = (int32_t)(m % 125u) - 63;
            const uint32_t moved = 0x3F800000u + m + (uint32_t)(k * 0x01000000);
            const uint32_t want = mr_f32_bits(y) - (uint32_t)(k * 0x00800000);
            expect("rsqrt", moved, 0, mr_f32_bits(mr_f32_rsqrt(mr_f32_from_bits(moved))), want);
        }
    }
    report("rsqrt.max_error", worst, 1.0);
}

static void test_rsqrt__edges(void **state) {
    (void)state;
    static const uint32_t pair[][2] = {
        {0x00000000u, 0x7F800000u}, {0x80000000u, 0x7F800000u}, {0x007FFFFFu, 0x7F800000u},
        {0x807FFFFFu, 0x7F800000u}, {0x7F800000u, 0x00000000u}, {0xFF800000u, 0x7FC00000u},
        {0xBF800000u, 0x7FC00000u}, {0x80800000u, 0x7FC00000u}, {0x7FFFFFFFu, 0x7FC00000u},
        {0x3F800000u, 0x3F800000u}, {0x40800000u, 0x3F000000u}, {0x3E800000u, 0x40000000u},
        {0x00800000u, 0x5F000000u}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        expect("rsqrt", pair[i][0], 0, mr_f32_bits(mr_f32_rsqrt(mr_f32_from_bits(pair[i][0]))),
               pair[i][1]);
    }
}

static double exp_error(uint32_t bits) {
    const float x = mr_f32_from_bits(bits);
    const float y = mr_f32_exp(x);
    const double truth = exp((double)x);
    if (truth < 0x1p-126) { /* flushed, or rounded up to the smallest normal number */
        assert_true(y == 0.0f || truth > 0x1.FFFFFCp-127);
        return 0.0;
    }
    if (truth >= 0x1.FFFFFFp127) {
        expect("exp", bits, 0, mr_f32_bits(y), 0x7F800000u);
        return 0.0;
    }
    return ulps(y, truth);
}

static void test_exp__one_binade(void **state) {
    (void)state;
    double worst = 0.0;
    for (uint32_t m = 0; m < 1u << 23; m++) {
        worst = fmax(worst, exp_error(0x3F000000u + m));
    }
    report("exp.max_error", worst, 1.0);
}

static void test_exp__full_range(void **state) {
    (void)state;
    double worst = 0.0;
    for (uint32_t mag = 0x2F000000u; mag < 0x43400000u; mag += 89u) {
        worst = fmax(worst, exp_error(mag));
        worst = fmax(worst, exp_error(mag | 0x80000000u));
    }
    for (uint32_t mag = 0x42AE0000u; mag < 0x42B20000u; mag++) { /* overflow and underflow */
        worst = fmax(worst, exp_error(mag));
        worst = fmax(worst, exp_error(mag | 0x80000000u));
    }
    report("exp.max_error_full_range", worst, 1.0);
}

static void test_exp__edges(void **state) {
    (void)state;
    static const uint32_t pair[][2] = {
        {0x00000000u, 0x3F800000u}, {0x80000000u, 0x3F800000u}, {0x007FFFFFu, 0x3F800000u},
        {0x807FFFFFu, 0x3F800000u}, {0x80800000u, 0x3F800000u}, {0x7F800000u, 0x7F800000u},
        {0xFF800000u, 0x00000000u}, {0x7F800001u, 0x7FC00000u}, {0xFFFFFFFFu, 0x7FC00000u},
        {0x42B17218u, 0x7F800000u}, {0x43000000u, 0x7F800000u}, {0x42FFFFFFu, 0x7F800000u},
        {0xC2FFFFFFu, 0x00000000u}, {0xC3000000u, 0x00000000u}, {0xFF7FFFFFu, 0x00000000u},
        {0xC2AEAC51u, 0x00000000u}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        expect("exp", pair[i][0], 0, mr_f32_bits(mr_f32_exp(mr_f32_from_bits(pair[i][0]))),
               pair[i][1]);
    }
}

static void test_sincos__whole_turn(void **state) {
    (void)state;
    const double tau = 6.283185307179586476925;
    double worst = 0.0;
    for (uint32_t i = 0; i < 1u << 24; i++) {
        const uint32_t turn = (i << 8) + (i * 2654435761u >> 24);
        float c;
        float s;
        mr_sincos(turn, &c, &s);
        const double angle = (double)turn * 0x1p-32 * tau;
        worst = fmax(worst, fabs((double)c - cos(angle)));
        worst = fmax(worst, fabs((double)s - sin(angle)));
    }
    printf("RESULT arith.sincos.max_error %.3f 2^-23\n", worst * 0x1p23);
    assert_true(worst <= 0x1p-23);
}

static void test_sincos__quadrants_mirror(void **state) {
    (void)state;
    fp_rng_t rng = {.state = 12345};
    for (int i = 0; i < 1000000; i++) {
        const uint32_t t = i < 64 ? (uint32_t)i << 26 : fp_random(&rng);
        float c;
        float s;
        float c2;
        float s2;
        mr_sincos(t, &c, &s);
        mr_sincos(0u - t, &c2, &s2);
        assert_true(c2 == c && s2 == -s);
        mr_sincos(0x80000000u - t, &c2, &s2);
        assert_true(c2 == -c && s2 == s);
        mr_sincos(0x40000000u - t, &c2, &s2);
        assert_true(c2 == s && s2 == c);
    }
}

static void test_sincos__quarter_turns(void **state) {
    (void)state;
    static const uint32_t want[4][2] = {{0x3F800000u, 0x00000000u},
                                        {0x00000000u, 0x3F800000u},
                                        {0xBF800000u, 0x00000000u},
                                        {0x00000000u, 0xBF800000u}};
    for (uint32_t q = 0; q < 4; q++) {
        float c;
        float s;
        mr_sincos(q << 30, &c, &s);
        expect("cos", q << 30, 0, mr_f32_bits(c), want[q][0]);
        expect("sin", q << 30, 0, mr_f32_bits(s), want[q][1]);
    }
}

int main(int argc, char **argv) {
    if (argc > 1) {
        char *end;
        pair_count = strtoull(argv[1], &end, 10);
        if (*end != '\0' || pair_count == 0) {
            fprintf(stderr, "usage: test_arith [number of random pairs]\n");
            return 2;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars__corner_pairs),
        cmocka_unit_test(test_scalars__random_pairs),
        cmocka_unit_test(test_f16__every_value),
        cmocka_unit_test(test_f2h__around_every_tie),
        cmocka_unit_test(test_add__exact_opposites),
        cmocka_unit_test(test_key__orders_like_reals),
        cmocka_unit_test(test_reduce8__follows_the_definition),
        cmocka_unit_test(test_recip__one_binade),
        cmocka_unit_test(test_recip__edges),
        cmocka_unit_test(test_rsqrt__two_binades),
        cmocka_unit_test(test_rsqrt__edges),
        cmocka_unit_test(test_exp__one_binade),
        cmocka_unit_test(test_exp__full_range),
        cmocka_unit_test(test_exp__edges),
        cmocka_unit_test(test_sincos__whole_turn),
        cmocka_unit_test(test_sincos__quadrants_mirror),
        cmocka_unit_test(test_sincos__quarter_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
