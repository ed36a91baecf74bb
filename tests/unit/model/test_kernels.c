/* SPDX-License-Identifier: Apache-2.0 */
/* Every fast kernel of the model against the contract's reference, bit for bit, on random data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/ops.h"
#include "model_kernels.h"
#include "mr_test_random.h"

enum { ROUNDS = 300, ROWS_MAX = 96, NB_MAX = 5, LANE_WORDS = 9 };

static void assert_same(const float *got, const float *want, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (mr_f32_bits(got[i]) != mr_f32_bits(want[i])) {
            fail_msg("element %zu: got %08x, want %08x", i, mr_f32_bits(got[i]),
                     mr_f32_bits(want[i]));
        }
    }
}

static void wild(mr_test_random_t *rng, float *x, size_t n) {
    const bool tame = mr_test_below(rng, 2) == 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = tame ? mr_test_float(rng, 3.0f) : mr_test_wild_float(rng);
    }
}

/* WMEM's order for group = 4 x lanes rows. */
static void place_q8(const mr_block_t *w, uint32_t rows, uint32_t nb, uint32_t group,
                     uint32_t *words, float *scale) {
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t b = 0; b < nb; b++) {
            const size_t at = ((size_t)(r / group) * nb + b) * group + r % group;
            memcpy(&words[at * LANE_WORDS], w[r * nb + b].q, 32);
            words[at * LANE_WORDS + 8] = w[r * nb + b].d;
            scale[at] = mr_f16_to_f32(w[r * nb + b].d);
        }
    }
}

static void check_gemv_q8(const mr_model_kernels_t *kernels) {
    static mr_block_t w[ROWS_MAX * NB_MAX];
    static uint32_t words[ROWS_MAX * NB_MAX * LANE_WORDS];
    static float scale[ROWS_MAX * NB_MAX];
    mr_test_random_t rng = {0xABCDEF};
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t group = 4u << mr_test_below(&rng, 4);
        const uint32_t rows = 32 * (1 + mr_test_below(&rng, ROWS_MAX / 32));
        const uint32_t nb = 1 + mr_test_below(&rng, NB_MAX);
        const bool acc = mr_test_below(&rng, 2) == 1;
        mr_block_t x[NB_MAX];
        float got[ROWS_MAX];
        float want[ROWS_MAX];
        mr_test_wild_blocks(&rng, w, (size_t)rows * nb);
        mr_test_wild_blocks(&rng, x, nb);
        wild(&rng, got, rows);
        memcpy(want, got, sizeof want);
        place_q8(w, rows, nb, group, words, scale);
        kernels->gemv_q8(got, words, scale, x, rows, nb, group, acc);
        mr_op_gemv(want, w, x, rows, nb, acc);
        assert_same(got, want, rows);
    }
}

static void check_gemv_q4(const mr_model_kernels_t *kernels) {
    static mr_block_t w[ROWS_MAX * NB_MAX];
    static uint32_t words[ROWS_MAX * NB_MAX * LANE_WORDS];
    mr_test_random_t rng = {0x4444};
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t lanes = 1u << mr_test_below(&rng, 4);
        const uint32_t group = 4 * lanes;
        const uint32_t rows = 32 * (1 + mr_test_below(&rng, ROWS_MAX / 32));
        const uint32_t nb = 1 + mr_test_below(&rng, NB_MAX);
        const bool acc = mr_test_below(&rng, 2) == 1;
        mr_block_t x[NB_MAX];
        float got[ROWS_MAX];
        float want[ROWS_MAX];
        for (uint32_t r = 0; r < rows; r++) {
            for (uint32_t b = 0; b < nb; b++) {
                const uint32_t s = (r / group * nb + b) * 4 + r % group / lanes;
                const size_t lane_word = (size_t)(s / 2) * lanes + r % lanes;
                uint8_t *half = (uint8_t *)&words[lane_word * LANE_WORDS] + s % 2 * 18;
                uint8_t gguf[MR_Q4_0_BYTES];
                for (int i = 0; i < 18; i++) {
                    gguf[i] = (uint8_t)mr_test_u32(&rng);
                }
                memcpy(half, gguf + 2, 16);
                memcpy(half + 16, gguf, 2);
                mr_block_from_q4_0(gguf, &w[r * nb + b]);
            }
        }
        mr_test_wild_blocks(&rng, x, nb);
        wild(&rng, got, rows);
        memcpy(want, got, sizeof want);
        kernels->gemv_q4(got, words, x, rows, nb, group, acc);
        mr_op_gemv(want, w, x, rows, nb, acc);
        assert_same(got, want, rows);
    }
}

static void check_attend(const mr_model_kernels_t *kernels) {
    enum { LEN_MAX = 100, NBH_MAX = 4 };
    static mr_block_t k[LEN_MAX * NBH_MAX];
    static mr_block_t v[LEN_MAX * NBH_MAX];
    mr_test_random_t rng = {0xA77E4D};
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t len = 1 + mr_test_below(&rng, LEN_MAX);
        const uint32_t nbh = 1 + mr_test_below(&rng, NBH_MAX);
        const bool tame = mr_test_below(&rng, 3) != 0;
        const float scale = tame ? 0.2f : mr_test_wild_float(&rng);
        mr_block_t q[NBH_MAX];
        float got[NBH_MAX * 32] = {0};
        float want[NBH_MAX * 32];
        mr_model_softmax_t state = {0.0f, 0.0f, false};
        if (tame) {
            mr_test_blocks(&rng, q, nbh, 0.02f, -127);
            mr_test_blocks(&rng, k, (size_t)len * nbh, 0.02f, -127);
            mr_test_blocks(&rng, v, (size_t)len * nbh, 0.02f, -127);
        } else {
            mr_test_wild_blocks(&rng, q, nbh);
            mr_test_wild_blocks(&rng, k, (size_t)len * nbh);
            mr_test_wild_blocks(&rng, v, (size_t)len * nbh);
        }
        for (uint32_t first = 0; first < len; first += 32) {
            const mr_model_kv_part_t part = {k + first * nbh, v + first * nbh};
            kernels->attend(got, &state, q, &part, len - first < 32 ? len - first : 32, nbh, scale);
        }
        for (uint32_t j = 0; j < nbh * 32; j++) {
            got[j] = mr_f32_mul(got[j], mr_f32_recip(state.sum));
        }
        mr_op_attend(want, q, k, v, len, nbh, scale);
        assert_same(got, want, (size_t)nbh * 32);
    }
}

static void check_vectors(const mr_model_kernels_t *kernels) {
    enum { N_MAX = 256 };
    mr_test_random_t rng = {0x5EED};
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t n = 32 * (1 + mr_test_below(&rng, N_MAX / 32));
        float x[N_MAX];
        float w[N_MAX];
        float got[N_MAX];
        float want[N_MAX];
        mr_block_t got_q[N_MAX / 32];
        mr_block_t want_q[N_MAX / 32];
        wild(&rng, x, n);
        wild(&rng, w, n);
        const float inv_n = mr_op_inv(n);
        kernels->norm(got, x, w, n, inv_n, 1e-5f);
        mr_op_norm(want, x, w, n, inv_n, 1e-5f);
        assert_same(got, want, n);
        kernels->silu_mul(got, x, w, n);
        mr_op_silu_mul(want, x, w, n);
        assert_same(got, want, n);
        kernels->quant(x, n, got_q);
        mr_op_quant(x, n, want_q);
        assert_memory_equal(got_q, want_q, n / 32 * sizeof want_q[0]);
    }
}

static void check_rope(const mr_model_kernels_t *kernels) {
    enum { HEADS_MAX = 4, HD_MAX = 96 };
    mr_test_random_t rng = {0x0B0E};
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t heads = 1 + mr_test_below(&rng, HEADS_MAX);
        const uint32_t hd = 32 * (1 + mr_test_below(&rng, HD_MAX / 32));
        const uint32_t pos = mr_test_below(&rng, 1u << 18);
        float x[HEADS_MAX * HD_MAX];
        float want[HEADS_MAX * HD_MAX];
        float f[HD_MAX / 2];
        uint32_t f_raw[HD_MAX / 2];
        wild(&rng, x, (size_t)heads * hd);
        for (uint32_t i = 0; i < hd / 2; i++) {
            f_raw[i] = mr_test_u32(&rng);
            f[i] = mr_f32_from_bits(f_raw[i]);
        }
        mr_op_rope(want, x, f_raw, heads, hd, pos);
        kernels->rope(x, x, f, heads * hd, hd, pos);
        assert_same(x, want, (size_t)heads * hd);
    }
}

#define BOTH(what_)                                                                                \
    static void test_##what_##__portable(void **state) {                                           \
        (void)state;                                                                               \
        check_##what_(mr_model_kernels_portable());                                                \
    }                                                                                              \
    static void test_##what_##__best(void **state) {                                               \
        (void)state;                                                                               \
        check_##what_(mr_model_kernels_best());                                                    \
    }

BOTH(gemv_q8)
BOTH(gemv_q4)
BOTH(attend)
BOTH(vectors)
BOTH(rope)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemv_q8__portable), cmocka_unit_test(test_gemv_q8__best),
        cmocka_unit_test(test_gemv_q4__portable), cmocka_unit_test(test_gemv_q4__best),
        cmocka_unit_test(test_attend__portable),  cmocka_unit_test(test_attend__best),
        cmocka_unit_test(test_vectors__portable), cmocka_unit_test(test_vectors__best),
        cmocka_unit_test(test_rope__portable),    cmocka_unit_test(test_rope__best),
    };
    print_message("best kernels: %s\n", mr_model_kernels_best()->name);
    return cmocka_run_group_tests_name("model_kernels", tests, NULL, NULL);
}
