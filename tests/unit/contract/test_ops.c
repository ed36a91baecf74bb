/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's vector operations: corner cases, invariants and distance from float64. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/ops.h"
#include "mr_test_random.h"

#define NAN_BITS 0x7FC00000u

static double value_of(const mr_block_t *b, size_t i) {
    return (double)b->q[i] * (double)mr_f16_to_f32(b->d);
}

static void assert_close(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.9g, want %.9g, tolerance %.3g", got, want, tolerance);
    }
}

static void assert_bits(float got, float want) {
    assert_int_equal(mr_f32_bits(got), mr_f32_bits(want));
}

static void test_block_from_q4_0__maps_nibbles(void **state) {
    (void)state;
    uint8_t src[MR_Q4_0_BYTES] = {0x34, 0x92};
    mr_block_t b;
    for (size_t j = 0; j < 16; j++) {
        src[2 + j] = (uint8_t)(j | ((15 - j) << 4));
    }
    mr_block_from_q4_0(src, &b);
    assert_int_equal(b.d, 0x9234);
    for (int j = 0; j < 16; j++) {
        assert_int_equal(b.q[j], j - 8);
        assert_int_equal(b.q[j + 16], 7 - j);
    }
}

static void test_block_from_q8_0__reads_little_endian(void **state) {
    (void)state;
    uint8_t src[MR_Q8_0_BYTES] = {0x01, 0xFE, 0x80, 0x7F, 0xFF};
    mr_block_t b;
    mr_block_from_q8_0(src, &b);
    assert_int_equal(b.d, 0xFE01);
    assert_int_equal(b.q[0], -128);
    assert_int_equal(b.q[1], 127);
    assert_int_equal(b.q[2], -1);
    assert_int_equal(b.q[31], 0);
}

static void test_inv__is_the_nearest_float(void **state) {
    (void)state;
    for (uint32_t n = 1; n <= 4096; n++) {
        assert_bits(mr_op_inv(n), (float)(1.0L / n));
        assert_bits(mr_op_inv_sqrt(n), (float)(1.0L / sqrtl((long double)n)));
    }
}

static void test_quant__zero_and_tiny_give_zero(void **state) {
    (void)state;
    float x[64] = {0};
    mr_block_t b[2];
    x[32 + 5] = 1e-39f; /* subnormal: counts as zero */
    x[32 + 6] = 1e-9f;  /* below half of the smallest fp16 */
    mr_op_quant(x, 64, b);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(b[i].d, 0);
        for (size_t j = 0; j < 32; j++) {
            assert_int_equal(b[i].q[j], 0);
        }
    }
}

static void test_quant__extremes(void **state) {
    (void)state;
    float x[32] = {0};
    mr_block_t b;
    x[0] = 127.0f;
    x[1] = -127.0f;
    x[2] = 63.5f; /* tie: to even, 64 */
    x[3] = 62.5f; /* tie: to even, 62 */
    mr_op_quant(x, 32, &b);
    assert_int_equal(b.d, 0x3C00);
    assert_int_equal(b.q[0], 127);
    assert_int_equal(b.q[1], -127);
    assert_int_equal(b.q[2], 64);
    assert_int_equal(b.q[3], 62);
    x[0] = mr_f32_from_bits(0x7F800000u); /* infinity: the scale saturates, the value clips */
    mr_op_quant(x, 32, &b);
    assert_int_equal(b.d, 0x7BFF);
    assert_int_equal(b.q[0], 127);
    assert_int_equal(b.q[1], 0);
    x[1] = mr_f32_from_bits(NAN_BITS); /* NaN: everything is zero */
    mr_op_quant(x, 32, &b);
    assert_int_equal(b.d, 0);
    assert_int_equal(b.q[0], 0);
}

static void test_quant__error_at_most_half_a_step(void **state) {
    (void)state;
    mr_test_random_t rng = {0x1234567};
    for (int round = 0; round < 2000; round++) {
        float x[32];
        mr_block_t b;
        int8_t q[32];
        float d;
        mr_test_floats(&rng, x, 32, ldexpf(1.0f, (int)mr_test_below(&rng, 20) - 8));
        mr_op_quant(x, 32, &b);
        mr_op_quantw(x, q, &d);
        const double step = (double)mr_f16_to_f32(b.d);
        for (size_t j = 0; j < 32; j++) {
            /* The rounded fp16 scale may clip the largest values: 2^-11 of 127 more. */
            assert_close(value_of(&b, j), (double)x[j], step * (0.5 + 127.0 / 2048 + 1e-4));
            assert_close((double)q[j] * (double)d, (double)x[j], (double)d * 0.5001);
        }
    }
}

static void test_quantw__corners(void **state) {
    (void)state;
    float x[32] = {0};
    int8_t q[32];
    float d = 1.0f;
    mr_op_quantw(x, q, &d);
    assert_bits(d, 0.0f);
    assert_int_equal(q[0], 0);
    x[0] = 1e-30f; /* far below fp16, still exact here */
    mr_op_quantw(x, q, &d);
    assert_int_equal(q[0], 127);
    assert_true(d > 7.8e-33f && d < 7.9e-33f);
    x[1] = mr_f32_from_bits(NAN_BITS);
    mr_op_quantw(x, q, &d);
    assert_int_equal(mr_f32_bits(d), NAN_BITS);
    assert_int_equal(q[0], 0);
}

static void test_dot__extremes(void **state) {
    (void)state;
    mr_block_t a;
    mr_block_t b;
    memset(&a, 0x80, sizeof a);
    memset(&b, 0x80, sizeof b);
    assert_int_equal(mr_op_dot(&a, &b), 524288);
    memset(b.q, 127, sizeof b.q);
    assert_int_equal(mr_op_dot(&a, &b), -520192);
}

static void test_gemv__close_to_float64_and_shards_agree(void **state) {
    (void)state;
    enum { ROWS = 40, NB = 7 };
    static mr_block_t w[ROWS * NB];
    mr_block_t x[NB];
    float y[ROWS];
    float sharded[ROWS];
    mr_test_random_t rng = {99};
    mr_test_blocks(&rng, w, ROWS * NB, 0.01f, -128);
    mr_test_blocks(&rng, x, NB, 0.02f, -127);
    mr_op_gemv(y, w, x, ROWS, NB, false);
    for (size_t r = 0; r < ROWS; r++) {
        double want = 0.0;
        double magnitude = 0.0;
        for (size_t b = 0; b < NB; b++) {
            for (size_t j = 0; j < 32; j++) {
                const double term = value_of(&w[r * NB + b], j) * value_of(&x[b], j);
                want += term;
                magnitude += fabs(term);
            }
        }
        assert_close((double)y[r], want, magnitude * NB * 0x1p-23);
        mr_op_gemv(&sharded[r], &w[r * NB], x, 1, 3, false);
        mr_op_gemv(&sharded[r], &w[r * NB + 3], x + 3, 1, NB - 3, true);
        assert_bits(sharded[r], y[r]);
    }
}

static void test_gemv__acc_follows_the_scalar_rules(void **state) {
    (void)state;
    mr_block_t zero = {0x3C00, {0}};
    float y = mr_f32_from_bits(0x80000000u);
    mr_op_gemv(&y, &zero, &zero, 1, 1, true); /* -0 + 0 = +0 */
    assert_int_equal(mr_f32_bits(y), 0);
    y = mr_f32_from_bits(0x00000123u);
    mr_op_gemv(&y, &zero, &zero, 1, 1, true); /* subnormal start counts as zero */
    assert_int_equal(mr_f32_bits(y), 0);
    y = mr_f32_from_bits(0xFFC12345u);
    mr_op_gemv(&y, &zero, &zero, 1, 1, true);
    assert_int_equal(mr_f32_bits(y), NAN_BITS);
}

static void test_norm__close_to_float64(void **state) {
    (void)state;
    enum { N = 96, REAL = 70 };
    float x[N] = {0};
    float w[N];
    float y[N];
    mr_test_random_t rng = {7};
    mr_test_floats(&rng, x, REAL, 3.0f);
    mr_test_floats(&rng, w, N, 2.0f);
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += (double)x[i] * (double)x[i];
    }
    const double r = 1.0 / sqrt(sum / REAL + 1e-5);
    mr_op_norm(y, x, w, N, mr_op_inv(REAL), 1e-5f);
    for (size_t i = 0; i < N; i++) {
        const double want = (double)x[i] * r * (double)w[i];
        assert_close((double)y[i], want, fabs(want) * 2e-6);
    }
    mr_op_norm(x, x, w, N, mr_op_inv(REAL), 1e-5f); /* in place */
    assert_memory_equal(x, y, sizeof y);
}

static void test_rope__close_to_float64(void **state) {
    (void)state;
    enum { HEADS = 3, HD = 32 };
    float x[HEADS * HD];
    float y[HEADS * HD];
    uint32_t f[HD / 2];
    mr_test_random_t rng = {31};
    mr_test_floats(&rng, x, HEADS * HD, 1.0f);
    for (size_t i = 0; i < HD / 2; i++) {
        f[i] = (uint32_t)llround(pow(1e-4, (double)i / 16.0) / (2.0 * acos(-1.0)) * 0x1p32);
    }
    f[15] = 0;
    const uint32_t positions[] = {0, 1, 511, 131071};
    for (size_t p = 0; p < 4; p++) {
        mr_op_rope(y, x, f, HEADS, HD, positions[p]);
        for (size_t i = 0; i < HEADS * HD / 2; i++) {
            const uint32_t turn = positions[p] * f[i % (HD / 2)];
            const double t = (double)turn * 0x1p-32 * 2.0 * acos(-1.0);
            const double x0 = (double)x[2 * i];
            const double x1 = (double)x[2 * i + 1];
            assert_close((double)y[2 * i], x0 * cos(t) - x1 * sin(t), 5e-7);
            assert_close((double)y[2 * i + 1], x0 * sin(t) + x1 * cos(t), 5e-7);
            if (turn == 0) {
                assert_bits(y[2 * i], x[2 * i]);
                assert_bits(y[2 * i + 1], x[2 * i + 1]);
            }
        }
    }
    mr_op_rope(x, x, f, HEADS, HD, 131071); /* in place */
    assert_memory_equal(x, y, sizeof y);
}

static void test_add_silu__close_to_float64(void **state) {
    (void)state;
    float g[64];
    float u[64];
    float sum[64];
    float y[64];
    mr_test_random_t rng = {77};
    mr_test_floats(&rng, g, 64, 20.0f);
    mr_test_floats(&rng, u, 64, 2.0f);
    g[0] = 200.0f;  /* exp(-g) flushes to 0 */
    g[1] = -200.0f; /* exp(-g) is infinite, its reciprocal 0 */
    mr_op_add(sum, g, u, 64);
    mr_op_silu_mul(y, g, u, 64);
    for (size_t i = 0; i < 64; i++) {
        const double want = (double)g[i] / (1.0 + exp(-(double)g[i])) * (double)u[i];
        assert_bits(sum[i], g[i] + u[i]);
        assert_close((double)y[i], want, fabs(want) * 1e-6 + 1e-37);
    }
    assert_true(y[1] == 0.0f);
}

static void test_embed__is_exact(void **state) {
    (void)state;
    mr_block_t row[2];
    float y[64];
    mr_test_random_t rng = {5};
    mr_test_blocks(&rng, row, 2, 0.003f, -128);
    row[1].d = 0x8001; /* subnormal, negative */
    mr_op_embed(y, row, 2);
    for (size_t i = 0; i < 64; i++) {
        assert_true((double)y[i] == value_of(&row[i / 32], i % 32));
    }
}

enum { SORT_COUNT = 300 };
static float sort_values[SORT_COUNT]; /* qsort has no context argument */

static int by_key(const void *a, const void *b) {
    const uint32_t ia = *(const uint32_t *)a;
    const uint32_t ib = *(const uint32_t *)b;
    const uint32_t ka = mr_f32_key(sort_values[ia]);
    const uint32_t kb = mr_f32_key(sort_values[ib]);
    if (ka != kb) {
        return ka < kb ? 1 : -1;
    }
    return ia > ib ? 1 : -1;
}

static void test_topk__agrees_with_a_sort(void **state) {
    (void)state;
    float *x = sort_values;
    uint32_t order[SORT_COUNT];
    mr_topk_t best[MR_TOPK_MAX];
    mr_test_random_t rng = {2026};
    for (int round = 0; round < 200; round++) {
        const size_t n = 1 + mr_test_below(&rng, SORT_COUNT);
        const size_t k = 1 + mr_test_below(&rng, (uint32_t)(n < MR_TOPK_MAX ? n : MR_TOPK_MAX));
        for (size_t i = 0; i < n; i++) {
            /* Few distinct values, so that ties are the rule; some rounds with anything at all. */
            x[i] = round % 2 == 0 ? (float)mr_test_below(&rng, 9) - 4.0f : mr_test_wild_float(&rng);
            order[i] = (uint32_t)i;
        }
        qsort(order, n, sizeof order[0], by_key);
        mr_op_topk(x, n, 1000, k, best);
        for (size_t i = 0; i < k; i++) {
            assert_int_equal(best[i].index, 1000 + order[i]);
            assert_bits(best[i].value, x[order[i]]);
        }
    }
}

static void test_topk__negative_zero_is_below_zero(void **state) {
    (void)state;
    const float x[2] = {mr_f32_from_bits(0x80000000u), 0.0f};
    mr_topk_t best;
    mr_op_topk(x, 2, 0, 1, &best);
    assert_int_equal(best.index, 1);
}

enum { ATT_LEN = 100, ATT_NBH = 2 };

typedef struct {
    mr_block_t q[ATT_NBH];
    mr_block_t k[ATT_LEN * ATT_NBH];
    mr_block_t v[ATT_LEN * ATT_NBH];
} attention_t;

static void attention_init(attention_t *t, uint64_t seed, float q_scale) {
    mr_test_random_t rng = {seed};
    mr_test_blocks(&rng, t->q, ATT_NBH, q_scale, -127);
    mr_test_blocks(&rng, t->k, ATT_LEN * ATT_NBH, 0.01f, -127);
    mr_test_blocks(&rng, t->v, ATT_LEN * ATT_NBH, 0.01f, -127);
}

/* float64 attention; bound[j] is how far the 8-bit weights may move out[j]. */
static void attention_float64(const attention_t *t, size_t len, double scale, double *out,
                              double *bound) {
    double s[ATT_LEN];
    double max = -1e300;
    double l = 0.0;
    for (size_t p = 0; p < len; p++) {
        s[p] = 0.0;
        for (size_t i = 0; i < ATT_NBH * 32; i++) {
            s[p] += value_of(&t->q[i / 32], i % 32) * value_of(&t->k[p * ATT_NBH + i / 32], i % 32);
        }
        s[p] *= scale;
        max = s[p] > max ? s[p] : max;
    }
    for (size_t p = 0; p < len; p++) {
        s[p] = exp(s[p] - max);
        l += s[p];
    }
    for (size_t i = 0; i < ATT_NBH * 32; i++) {
        out[i] = 0.0;
        bound[i] = 1e-6;
        for (size_t first = 0; first < len; first += 32) {
            double largest = 0.0;
            double sum_q = 0.0;
            for (size_t p = first; p < len && p < first + 32; p++) {
                const mr_block_t *v = &t->v[p * ATT_NBH + i / 32];
                const double w = s[p] * (double)mr_f16_to_f32(v->d);
                out[i] += w * (double)v->q[i % 32] / l;
                largest = w > largest ? w : largest;
                sum_q += fabs((double)v->q[i % 32]);
            }
            bound[i] += largest / 127.0 * 0.501 * sum_q / l;
        }
    }
}

static void test_attend__close_to_float64(void **state) {
    (void)state;
    static attention_t t;
    const size_t lens[] = {1, 2, 31, 32, 33, 64, 65, 96, 100};
    for (size_t n = 0; n < sizeof lens / sizeof lens[0]; n++) {
        for (int sharp = 0; sharp < 2; sharp++) {
            float y[ATT_NBH * 32];
            double want[ATT_NBH * 32];
            double bound[ATT_NBH * 32];
            const float scale = mr_op_inv_sqrt(64);
            attention_init(&t, 100 + n, sharp ? 0.3f : 0.01f);
            mr_op_attend(y, t.q, t.k, t.v, lens[n], ATT_NBH, scale);
            attention_float64(&t, lens[n], (double)scale, want, bound);
            for (size_t i = 0; i < ATT_NBH * 32; i++) {
                assert_close((double)y[i], want[i], bound[i] + fabs(want[i]) * 2e-5);
            }
        }
    }
}

static void test_attend__reads_nothing_beyond_len(void **state) {
    (void)state;
    static attention_t t;
    float before[ATT_NBH * 32];
    float after[ATT_NBH * 32];
    attention_init(&t, 4711, 0.02f);
    mr_op_attend(before, t.q, t.k, t.v, 45, ATT_NBH, 0.125f);
    memset(&t.k[45 * ATT_NBH], 0x7F, (ATT_LEN - 45) * ATT_NBH * sizeof t.k[0]);
    memset(&t.v[45 * ATT_NBH], 0x7F, (ATT_LEN - 45) * ATT_NBH * sizeof t.v[0]);
    mr_op_attend(after, t.q, t.k, t.v, 45, ATT_NBH, 0.125f);
    assert_memory_equal(before, after, sizeof before);
}

static void test_attend__equal_scores_average_the_values(void **state) {
    (void)state;
    static attention_t t;
    float y[ATT_NBH * 32];
    attention_init(&t, 1, 0.02f);
    memset(t.k, 0, sizeof t.k);
    for (size_t p = 0; p < ATT_LEN * ATT_NBH; p++) {
        t.v[p].d = 0x3C00;
        memset(t.v[p].q, (int)(p / ATT_NBH) % 2 == 0 ? 100 : 50, 32);
    }
    mr_op_attend(y, t.q, t.k, t.v, 64, ATT_NBH, 0.125f);
    assert_close((double)y[0], 75.0, 1e-4);
    assert_bits(y[63], y[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_from_q4_0__maps_nibbles),
        cmocka_unit_test(test_block_from_q8_0__reads_little_endian),
        cmocka_unit_test(test_inv__is_the_nearest_float),
        cmocka_unit_test(test_quant__zero_and_tiny_give_zero),
        cmocka_unit_test(test_quant__extremes),
        cmocka_unit_test(test_quant__error_at_most_half_a_step),
        cmocka_unit_test(test_quantw__corners),
        cmocka_unit_test(test_dot__extremes),
        cmocka_unit_test(test_gemv__close_to_float64_and_shards_agree),
        cmocka_unit_test(test_gemv__acc_follows_the_scalar_rules),
        cmocka_unit_test(test_norm__close_to_float64),
        cmocka_unit_test(test_rope__close_to_float64),
        cmocka_unit_test(test_add_silu__close_to_float64),
        cmocka_unit_test(test_embed__is_exact),
        cmocka_unit_test(test_topk__agrees_with_a_sort),
        cmocka_unit_test(test_topk__negative_zero_is_below_zero),
        cmocka_unit_test(test_attend__close_to_float64),
        cmocka_unit_test(test_attend__reads_nothing_beyond_len),
        cmocka_unit_test(test_attend__equal_scores_average_the_values),
    };
    return cmocka_run_group_tests_name("contract_ops", tests, NULL, NULL);
}
