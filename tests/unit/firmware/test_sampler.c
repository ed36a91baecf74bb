/* SPDX-License-Identifier: Apache-2.0 */
/* Sampler: ranges, ties, the exact set of candidates, seeds, and the distribution. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/arith.h"
#include "millrace/sampler.h"

#define N 8u
#define DRAWS 20000u

/* Natural logarithms of probabilities 0.4 0.2 0.2 0.1 0.05 0.03 0.015 0.005, shuffled. */
static const double probability[N] = {0.05, 0.4, 0.1, 0.2, 0.015, 0.2, 0.005, 0.03};

static void logits_of(float *logits) {
    for (uint32_t i = 0; i < N; i++) {
        logits[i] = (float)log(probability[i]) + 3.0f;
    }
}

static void histogram(const mr_sampling_t *cfg, uint32_t *count) {
    mr_sampler_t s;
    float logits[N];
    uint32_t order[N];
    memset(count, 0, N * sizeof *count);
    assert_int_equal(mr_sampler_init(&s, cfg), MR_OK);
    for (uint32_t i = 0; i < DRAWS; i++) {
        logits_of(logits);
        const uint32_t token = mr_sampler_pick(&s, logits, N, order);
        assert_true(token < N);
        count[token]++;
    }
}

/* Bit i: token i was drawn. */
static uint32_t drawn(const mr_sampling_t *cfg) {
    uint32_t count[N];
    uint32_t set = 0;
    histogram(cfg, count);
    for (uint32_t i = 0; i < N; i++) {
        set |= count[i] > 0 ? 1u << i : 0;
    }
    return set;
}

static void test_init__ranges(void **state) {
    (void)state;
    const float nan = mr_f32_from_bits(MR_F32_NAN);
    const mr_sampling_t bad[] = {
        {-1.0f, 0, 1.0f, 0, 0.0f},   {0.0099f, 0, 1.0f, 0, 0.0f}, {100.1f, 0, 1.0f, 0, 0.0f},
        {nan, 0, 1.0f, 0, 0.0f},     {1.0f, 0, 0.0f, 0, 0.0f},    {1.0f, 0, -0.5f, 0, 0.0f},
        {1.0f, 0, 1.0001f, 0, 0.0f}, {1.0f, 0, nan, 0, 0.0f},     {0.0f, 0, 0.0f, 0, 0.0f},
        {1.0f, 0, 1.0f, 0, -0.1f},   {1.0f, 0, 1.0f, 0, 1.01f},   {1.0f, 0, 1.0f, 0, nan}};
    const mr_sampling_t good[] = {{0.0f, 0, 1.0f, 0, 0.0f},
                                  {-0.0f, 0, 1.0f, 0, 0.0f},
                                  {0.01f, 0, 1.0f, 0, 0.0f},
                                  {100.0f, 0, 0.001f, 0, 0.0f}};
    mr_sampler_t s = {.state = 42};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mr_sampler_init(&s, &bad[i]), MR_RANGE);
        assert_true(s.state == 42);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(mr_sampler_init(&s, &good[i]), MR_OK);
    }
}

static void test_greedy__smallest_of_equals_and_no_draw(void **state) {
    (void)state;
    mr_sampler_t s;
    float logits[] = {-1.0f, 2.5f, 0.0f, 2.5f, 2.0f};
    const float before[] = {-1.0f, 2.5f, 0.0f, 2.5f, 2.0f};
    uint32_t order[5];
    assert_int_equal(mr_sampler_init(&s, &(mr_sampling_t){0.0f, 3, 0.5f, 9, 0.0f}), MR_OK);
    assert_int_equal(mr_sampler_pick(&s, logits, 5, order), 1);
    assert_memory_equal(logits, before, sizeof before);
    assert_true(s.state == 9);
    assert_int_equal(mr_sampler_pick(&s, logits, 1, order), 0);
}

static void test_top_k__exact_sets(void **state) {
    (void)state;
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 1, 1.0f, 1, 0.0f}), 0x02);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 2, 1.0f, 1, 0.0f}),
                     0x0A); /* tie 3, 5: the smaller */
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 3, 1.0f, 1, 0.0f}), 0x2A);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 8, 1.0f, 1, 0.0f}), 0xFF);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 99, 1.0f, 1, 0.0f}), 0xFF);
}

static void test_top_p__exact_sets(void **state) {
    (void)state;
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 0.001f, 1, 0.0f}), 0x02);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 0.39f, 1, 0.0f}), 0x02);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 0.41f, 1, 0.0f}), 0x0A);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 0.79f, 1, 0.0f}), 0x2A);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 0.85f, 1, 0.0f}), 0x2E);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 2, 0.85f, 1, 0.0f}), 0x0A); /* both limits */
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 1.0f, 1, 1.0f}), 0x02);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 0, 1.0f, 1, 0.4f}), 0x2A);
    assert_int_equal(drawn(&(mr_sampling_t){1.0f, 2, 1.0f, 1, 0.4f}), 0x0A); /* with top-k */
}

static void test_temperature__low_is_nearly_greedy(void **state) {
    (void)state;
    assert_int_equal(drawn(&(mr_sampling_t){0.01f, 0, 1.0f, 1, 0.0f}), 0x02);
}

static void test_seed__reproducible(void **state) {
    (void)state;
    uint32_t a[200];
    for (uint32_t run = 0; run < 3; run++) {
        mr_sampler_t s;
        uint32_t differing = 0;
        assert_int_equal(
            mr_sampler_init(&s, &(mr_sampling_t){1.0f, 0, 1.0f, run < 2 ? 7 : 8, 0.0f}), MR_OK);
        for (uint32_t i = 0; i < 200; i++) {
            float logits[N];
            uint32_t order[N];
            logits_of(logits);
            const uint32_t token = mr_sampler_pick(&s, logits, N, order);
            a[i] = run == 0 ? token : a[i];
            differing += a[i] != token;
        }
        assert_true(run < 2 ? differing == 0 : differing > 50);
    }
}

/* Chi-square against the wanted probabilities; 24.3 is the 0.1 % point of 7 degrees of freedom. */
static void check_distribution(const mr_sampling_t *cfg, double power) {
    uint32_t count[N];
    double sum = 0;
    double chi = 0;
    histogram(cfg, count);
    for (uint32_t i = 0; i < N; i++) {
        sum += pow(probability[i], power);
    }
    for (uint32_t i = 0; i < N; i++) {
        const double want = pow(probability[i], power) / sum * DRAWS;
        chi += (count[i] - want) * (count[i] - want) / want;
    }
    assert_true(chi < 24.3);
}

static void test_distribution__chi_square(void **state) {
    (void)state;
    check_distribution(&(mr_sampling_t){1.0f, 0, 1.0f, 1, 0.0f}, 1.0);
    check_distribution(&(mr_sampling_t){1.0f, 0, 1.0f, 0, 0.0f}, 1.0);
    check_distribution(&(mr_sampling_t){2.0f, 0, 1.0f, 3, 0.0f}, 0.5);
}

/* A device that computes nonsense gets a token of the vocabulary all the same. */
static void test_not_numbers__give_a_token(void **state) {
    (void)state;
    const uint32_t bits[] = {0x7FC00000u, 0xFFC00000u, 0x7F800000u, 0xFF800000u};
    for (uint32_t i = 0; i < 4u * N; i++) {
        mr_sampler_t s;
        float logits[N];
        uint32_t order[N];
        const mr_sampling_t cfg = {1.0f, 0, i % 2u == 0 ? 1.0f : 0.5f, i, 0.0f};
        assert_int_equal(mr_sampler_init(&s, &cfg), MR_OK);
        logits_of(logits);
        for (uint32_t k = 0; k <= i / 4u; k++) {
            logits[k] = mr_f32_from_bits(bits[i % 4u]);
        }
        assert_true(mr_sampler_pick(&s, logits, N, order) < N);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init__ranges),
        cmocka_unit_test(test_greedy__smallest_of_equals_and_no_draw),
        cmocka_unit_test(test_top_k__exact_sets),
        cmocka_unit_test(test_top_p__exact_sets),
        cmocka_unit_test(test_temperature__low_is_nearly_greedy),
        cmocka_unit_test(test_seed__reproducible),
        cmocka_unit_test(test_distribution__chi_square),
        cmocka_unit_test(test_not_numbers__give_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
