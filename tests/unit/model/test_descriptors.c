/* SPDX-License-Identifier: Apache-2.0 */
/* Random descriptors through the registers against the contract's reference, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/regs.h"
#include "mr_test_random.h"

/* One tile; VMEM: operands below IN_BASE, one input buffer of IN_SIZE from there. */
enum {
    VMEM = 4096,
    XMEM = 64,
    IN_BASE = 3072,
    IN_SIZE = 256,
    DST = 0,
    SRC_A = 1024,
    SRC_B = 2048,
    WMEM = 512,
    N_MAX = 512,
    ROUNDS = 60
};

typedef struct {
    device_t dev;
    mr_test_random_t rng;
} fixture_t;

static mr_backend_model_config_t small_config(uint32_t lanes) {
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.tiles = 1;
    config.lanes = lanes;
    config.wmem_words = WMEM;
    config.vmem_elems = VMEM;
    config.xmem_blocks = XMEM;
    config.pmem_descs = 64;
    config.kv_dram_blocks = 1u << 16;
    return config;
}

static void fixture_open(fixture_t *fx, uint32_t lanes) {
    const mr_backend_model_config_t config = small_config(lanes);
    device_open(&fx->dev, &config);
    device_enable(&fx->dev, 0, IN_BASE, IN_SIZE);
    fx->rng.state = 0x1000 + lanes;
}

/* Runs one descriptor, then SEND of nothing to the hub and END; returns the job's status. */
static uint32_t run(const device_t *dev, const desc_t *d, uint32_t pos, uint32_t token) {
    static result_t result;
    const desc_t program[3] = {*d, {{OP_SEND, 1, 0, 0, 0, SEND_WORD(9, 1)}}, {{OP_END}}};
    device_put_program(dev, 0, 5, program, 3);
    device_inject(dev, 2, 5, 3, 1, pos, token);
    device_result(dev, &result);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.slot, 1);
    assert_int_equal(result.flags, 3);
    assert_int_equal(result.pc, 9);
    assert_int_equal(result.pos, pos);
    assert_int_equal(result.token, token);
    assert_int_equal(result.len, 0);
    return result.status;
}

static void assert_vmem(const device_t *dev, uint32_t at, const float *want, size_t n) {
    static float got[VMEM];
    device_get_vmem(dev, 0, at, got, n);
    for (size_t i = 0; i < n; i++) {
        if (mr_f32_bits(got[i]) != mr_f32_bits(want[i])) {
            fail_msg("element %zu: got %08x, want %08x", i, mr_f32_bits(got[i]),
                     mr_f32_bits(want[i]));
        }
    }
}

static uint32_t random_n(fixture_t *fx) {
    return 32 * (1 + mr_test_below(&fx->rng, N_MAX / 32));
}

static void random_vector(fixture_t *fx, uint32_t at, float *x, size_t n) {
    const bool tame = mr_test_below(&fx->rng, 2) == 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = tame ? mr_test_float(&fx->rng, 2.0f) : mr_test_wild_float(&fx->rng);
    }
    device_put_vmem(&fx->dev, 0, at, x, n);
}

static void check_vector_ops(fixture_t *fx) {
    static float a[N_MAX];
    static float b[N_MAX];
    static float want[N_MAX];
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t n = random_n(fx);
        const uint32_t eps = mr_f32_bits(1e-5f);
        const uint32_t inv_n = mr_f32_bits(mr_op_inv(n));
        random_vector(fx, SRC_A, a, n);
        random_vector(fx, SRC_B, b, n);
        desc_t d = {{OP_NORM, DST, SRC_A, SRC_B, n, 0, eps, inv_n}};
        assert_int_equal(run(&fx->dev, &d, 0, 0), 0);
        mr_op_norm(want, a, b, n, mr_op_inv(n), 1e-5f);
        assert_vmem(&fx->dev, DST, want, n);
        d = (desc_t){{OP_ADD, DST, SRC_A, SRC_B, n}};
        assert_int_equal(run(&fx->dev, &d, 0, 0), 0);
        mr_op_add(want, a, b, n);
        assert_vmem(&fx->dev, DST, want, n);
        d = (desc_t){{OP_SILU_MUL, SRC_A, SRC_A, SRC_B, n}}; /* in place */
        assert_int_equal(run(&fx->dev, &d, 0, 0), 0);
        mr_op_silu_mul(want, a, b, n);
        assert_vmem(&fx->dev, SRC_A, want, n);
    }
}

static void check_quant_rope_topk(fixture_t *fx) {
    static float x[N_MAX];
    static float want[N_MAX];
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t n = random_n(fx);
        mr_block_t got_q[N_MAX / 32];
        mr_block_t want_q[N_MAX / 32];
        random_vector(fx, SRC_A, x, n);
        desc_t d = {{OP_QUANT, 7, SRC_A, 0, n}};
        assert_int_equal(run(&fx->dev, &d, 0, 0), 0);
        mr_op_quant(x, n, want_q);
        device_get_xmem(&fx->dev, 0, 7, got_q, n / 32);
        assert_memory_equal(got_q, want_q, n / 32 * sizeof want_q[0]);

        uint32_t f[16];
        const uint32_t pos = mr_test_below(&fx->rng, 1u << 18);
        for (size_t i = 0; i < 16; i++) {
            f[i] = mr_test_u32(&fx->rng);
        }
        device_put(&fx->dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 0, SRC_B, f, 16);
        d = (desc_t){{OP_ROPE, DST, SRC_A, SRC_B, n, 32}};
        assert_int_equal(run(&fx->dev, &d, pos, 0), 0);
        mr_op_rope(want, x, f, n / 32, 32, pos);
        assert_vmem(&fx->dev, DST, want, n);

        mr_topk_t best[MR_TOPK_MAX];
        const uint32_t k = 1 + mr_test_below(&fx->rng, n < MR_TOPK_MAX ? n : MR_TOPK_MAX);
        d = (desc_t){{OP_TOP_K, DST, SRC_A, 5000, n, k}};
        assert_int_equal(run(&fx->dev, &d, 0, 0), 0);
        mr_op_topk(x, n, 5000, k, best);
        for (uint32_t i = 0; i < k; i++) {
            want[2 * i] = mr_f32_from_bits(best[i].index);
            want[2 * i + 1] = best[i].value;
        }
        assert_vmem(&fx->dev, DST, want, (size_t)2 * k);
    }
}

/* GEMV and EMBED in both formats, matrices at random places. */
static void check_matrices(fixture_t *fx) {
    enum { ROWS_MAX = 96, NB_MAX = 4 };
    static mr_block_t w[ROWS_MAX * NB_MAX];
    static uint8_t q4[ROWS_MAX * NB_MAX * MR_Q4_0_BYTES];
    static float y[ROWS_MAX];
    static float row[NB_MAX * 32];
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t rows = 32 * (1 + mr_test_below(&fx->rng, ROWS_MAX / 32));
        const uint32_t nb = 1 + mr_test_below(&fx->rng, NB_MAX);
        const uint32_t word = mr_test_below(&fx->rng, 64);
        const uint32_t acc = mr_test_below(&fx->rng, 2) * DESC_ACC;
        const bool is_q4 = round % 2 == 1;
        const uint32_t token = mr_test_below(&fx->rng, rows);
        mr_block_t x[NB_MAX];
        if (is_q4) {
            for (size_t i = 0; i < (size_t)rows * nb * MR_Q4_0_BYTES; i++) {
                q4[i] = (uint8_t)mr_test_u32(&fx->rng);
            }
            for (size_t i = 0; i < (size_t)rows * nb; i++) {
                mr_block_from_q4_0(&q4[i * MR_Q4_0_BYTES], &w[i]);
            }
            device_put_q4(&fx->dev, 0, word, q4, rows, nb);
        } else {
            mr_test_wild_blocks(&fx->rng, w, (size_t)rows * nb);
            device_put_q8(&fx->dev, 0, word, w, rows, nb);
        }
        mr_test_wild_blocks(&fx->rng, x, nb);
        device_put_xmem(&fx->dev, 0, 3, x, nb);
        random_vector(fx, DST, y, rows);
        const uint32_t fmt = is_q4 ? DESC_Q4 : 0;
        desc_t d = {{OP_GEMV | fmt | acc, DST, 3, word, rows, nb}};
        assert_int_equal(run(&fx->dev, &d, 0, 0), 0);
        mr_op_gemv(y, w, x, rows, nb, acc != 0);
        assert_vmem(&fx->dev, DST, y, rows);
        d = (desc_t){{OP_EMBED | fmt, SRC_A, 0, word, rows, nb}};
        assert_int_equal(run(&fx->dev, &d, 0, token), 0);
        mr_op_embed(row, &w[token * nb], nb);
        assert_vmem(&fx->dev, SRC_A, row, (size_t)nb * 32);
        assert_int_equal(run(&fx->dev, &d, 0, rows), 3); /* token out of range */
        assert_vmem(&fx->dev, SRC_A, row, (size_t)nb * 32);
    }
}

/* Appends a cache position by position and attends at each. */
static void check_attention(fixture_t *fx) {
    enum { LEN = 70, NBH = 2, KV = 3, GROUP = 2, FIRST = 1, HEADS = KV * GROUP };
    static mr_block_t k[KV][LEN][NBH];
    static mr_block_t v[KV][LEN][NBH];
    static float want[HEADS * NBH * 32];
    const uint32_t scale = mr_f32_bits(mr_op_inv_sqrt(NBH * 32));
    const uint32_t kv_word = KV_WORD(2, KV, FIRST, NBH);
    /* Heads FIRST..FIRST+KV-1 are used; head 0 is appended too, so that positions complete. */
    device_kv_init(&fx->dev, 4, FIRST + KV, NBH);
    for (uint32_t pos = 0; pos < LEN; pos++) {
        mr_block_t q[HEADS * NBH];
        mr_block_t zero[NBH] = {{0, {0}}};
        mr_test_blocks(&fx->rng, q, HEADS * NBH, 0.05f, -127);
        device_put_xmem(&fx->dev, 0, 40, zero, NBH);
        for (uint32_t h = 0; h < KV; h++) {
            mr_test_wild_blocks(&fx->rng, k[h][pos], NBH);
            mr_test_blocks(&fx->rng, v[h][pos], NBH, 0.05f, -127);
            device_put_xmem(&fx->dev, 0, 20 + h * NBH, k[h][pos], NBH);
            device_put_xmem(&fx->dev, 0, 30 + h * NBH, v[h][pos], NBH);
        }
        device_put_xmem(&fx->dev, 0, 0, q, HEADS * NBH);
        desc_t d = {{OP_KV_APPEND, kv_word, 20, 30}};
        assert_int_equal(run(&fx->dev, &d, pos, 0), 0);
        d = (desc_t){{OP_KV_APPEND, KV_WORD(2, 1, 0, NBH), 40, 40}};
        assert_int_equal(run(&fx->dev, &d, pos, 0), 0);
        d = (desc_t){{OP_ATTEND, DST, 0, kv_word, GROUP, 0, scale}};
        assert_int_equal(run(&fx->dev, &d, pos, 0), 0);
        for (uint32_t h = 0; h < HEADS; h++) {
            mr_op_attend(&want[h * NBH * 32], &q[h * NBH], k[h / GROUP][0], v[h / GROUP][0],
                         pos + 1, NBH, mr_f32_from_bits(scale));
        }
        assert_vmem(&fx->dev, DST, want, HEADS * NBH * 32);
    }
}

/* Each of these must set status 2 (operand out of range) and change nothing. */
static void check_range_errors(fixture_t *fx) {
    const desc_t bad[] = {
        {{OP_NORM, DST, SRC_A, SRC_B, 0, 0, 0, 0}},
        {{OP_NORM, DST, SRC_A, SRC_B, 40, 0, 0, 0}},
        {{OP_NORM, VMEM - 32, SRC_A, SRC_B, 64, 0, 0, 0}},
        {{OP_NORM, 1, SRC_A, SRC_B, 64, 0, 0, 0}},
        {{OP_NORM, DST, SRC_A, VMEM, 64, 0, 0, 0}},
        {{OP_QUANT, XMEM - 1, SRC_A, 0, 64}},
        {{OP_QUANT, 0, VMEM - 32, 0, 64}},
        {{OP_QUANT, 0, SRC_A, 0, 16}},
        {{OP_GEMV, DST, 0, 0, 31, 1}},
        {{OP_GEMV, DST, 0, 0, 32, 0}},
        {{OP_GEMV, DST, XMEM - 1, 0, 32, 2}},
        {{OP_GEMV, DST, 0, WMEM, 32, 1}},
        {{OP_GEMV, VMEM - 30, 0, 0, 32, 1}},
        {{OP_ROPE, DST, SRC_A, SRC_B, 64, 0}},
        {{OP_ROPE, DST, SRC_A, SRC_B, 64, 48}},
        {{OP_ROPE, DST, SRC_A, VMEM - 8, 64, 32}},
        {{OP_ADD, DST, SRC_A, 3, 32}},
        {{OP_SILU_MUL, DST, SRC_A, SRC_B, 33}},
        {{OP_EMBED, DST, 0, 0, 32, 0}},
        {{OP_EMBED, VMEM - 30, 0, 0, 32, 1}},
        {{OP_EMBED, DST, 0, WMEM, 32, 1}},
        {{OP_TOP_K, DST, SRC_A, 0, 32, 0}},
        {{OP_TOP_K, DST, SRC_A, 0, 128, 65}},
        {{OP_TOP_K, DST, SRC_A, 0, 4, 5}},
        {{OP_TOP_K, DST, SRC_A, 0, 5, 2}},
        {{OP_TOP_K, VMEM - 2, SRC_A, 0, 32, 2}},
        {{OP_KV_APPEND, KV_WORD(0, 1, 0, 1), XMEM, 0}},
        {{OP_KV_APPEND, KV_WORD(0, 2, 0, 1), 0, XMEM - 1}},
        {{OP_ATTEND, DST, 0, KV_WORD(0, 1, 0, 1), 0, 0, 0}},
        {{OP_ATTEND, DST, 0, KV_WORD(0, 1, 0, 1), 17, 0, 0}},
        {{OP_ATTEND, VMEM - 32, 0, KV_WORD(0, 1, 0, 1), 2, 0, 0}},
        {{OP_ATTEND, DST, XMEM - 1, KV_WORD(0, 1, 0, 1), 2, 0, 0}},
        {{OP_SEND, 1, VMEM - 2, 0, 4, SEND_WORD(0, 1)}},
        {{OP_SEND, 1, 0, 0, 3, SEND_WORD(0, 1)}},
    };
    static float before[VMEM];
    random_vector(fx, 0, before, VMEM);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(run(&fx->dev, &bad[i], 0, 0), 2);
        assert_vmem(&fx->dev, 0, before, VMEM);
        /* The tile remembers the first error and where it was. */
        assert_int_equal(device_tile_read(&fx->dev, 0, MR_TILE_ERROR_OFFSET), 2u | (5u << 16));
        device_tile_write(&fx->dev, 0, MR_TILE_ERROR_OFFSET, 15);
        assert_int_equal(device_tile_read(&fx->dev, 0, MR_TILE_ERROR_OFFSET), 5u << 16);
    }
    for (uint32_t op = 12; op < 256; op += 61) {
        const desc_t d = {{op}};
        assert_int_equal(run(&fx->dev, &d, 0, 0), 1);
        device_tile_write(&fx->dev, 0, MR_TILE_ERROR_OFFSET, 15);
    }
    const uint32_t events = device_read(&fx->dev, MR_CHIP_STATUS_OFFSET);
    assert_int_equal(events & MR_CHIP_STATUS_TILE_ERROR_MASK, MR_CHIP_STATUS_TILE_ERROR_MASK);
}

static void all_lanes(void (*check)(fixture_t *)) {
    for (uint32_t lanes = 1; lanes <= 8; lanes *= 2) {
        fixture_t fx;
        fixture_open(&fx, lanes);
        check(&fx);
        device_close(&fx.dev);
    }
}

static void test_vector_ops__random(void **state) {
    (void)state;
    all_lanes(check_vector_ops);
}

static void test_quant_rope_topk__random(void **state) {
    (void)state;
    all_lanes(check_quant_rope_topk);
}

static void test_matrices__random(void **state) {
    (void)state;
    all_lanes(check_matrices);
}

static void test_attention__every_position(void **state) {
    (void)state;
    all_lanes(check_attention);
}

static void test_operands__out_of_range(void **state) {
    (void)state;
    all_lanes(check_range_errors);
}

/* A predicate keeps a descriptor when (flags & mask) == value; flags are 3 here. */
static void test_predicates__keep_or_skip(void **state) {
    (void)state;
    fixture_t fx;
    float a[32];
    float want[32];
    fixture_open(&fx, 2);
    for (uint32_t mask = 0; mask < 16; mask++) {
        for (uint32_t value = 0; value < 16; value++) {
            const float zero[32] = {0};
            random_vector(&fx, SRC_A, a, 32);
            device_put_vmem(&fx.dev, 0, DST, zero, 32);
            const desc_t d = {{OP_ADD | DESC_PRED(mask, value), DST, SRC_A, SRC_A, 32}};
            assert_int_equal(run(&fx.dev, &d, 0, 0), 0);
            mr_op_add(want, a, a, 32);
            assert_vmem(&fx.dev, DST, (3 & mask) == value ? want : zero, 32);
        }
    }
    device_close(&fx.dev);
}

/* After an error only SEND and END act; the error reaches the hub. */
static void test_errors__skip_the_rest(void **state) {
    (void)state;
    fixture_t fx;
    static result_t result;
    float a[32];
    const float zero[32] = {0};
    fixture_open(&fx, 2);
    random_vector(&fx, SRC_A, a, 32);
    device_put_vmem(&fx.dev, 0, DST, zero, 32);
    const desc_t program[] = {
        {{77}},
        {{OP_ADD, DST, SRC_A, SRC_A, 32}},
        {{OP_SEND, 1, DST, 0, 2, SEND_WORD(4, 1)}},
        {{OP_QUANT, 0, SRC_A, 0, 31}}, /* a second error does not replace the first */
        {{OP_SEND, 1, DST, 0, 0, SEND_WORD(5, 1)}},
        {{OP_END}},
    };
    device_put_program(&fx.dev, 0, 0, program, 6);
    device_inject(&fx.dev, 2, 0, 0, 7, 8, 9);
    device_result(&fx.dev, &result);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.status, 1);
    assert_int_equal(result.pc, 4);
    assert_int_equal(result.len, 2);
    device_result(&fx.dev, &result);
    assert_int_equal(result.status, 1);
    assert_int_equal(result.pc, 5);
    assert_vmem(&fx.dev, DST, zero, 32);
    assert_int_equal(device_tile_read(&fx.dev, 0, MR_TILE_JOBS_LO_OFFSET), 1);
    assert_int_equal(device_tile_read(&fx.dev, 0, MR_TILE_DESCRIPTORS_LO_OFFSET), 3);
    device_close(&fx.dev);
}

/* A program without END runs into the end of PMEM: status 1, then from descriptor 0 to an END. */
static void test_program__past_the_end(void **state) {
    (void)state;
    fixture_t fx;
    static result_t result;
    fixture_open(&fx, 2);
    const desc_t start[] = {{{OP_SEND, 1, 0, 0, 0, SEND_WORD(1, 1)}}, {{OP_END}}};
    const desc_t last = {{OP_ADD, DST, DST, DST, 32}};
    device_put_program(&fx.dev, 0, 0, start, 2);
    device_put_program(&fx.dev, 0, 63, &last, 1);
    device_inject(&fx.dev, 2, 63, 0, 0, 0, 0);
    device_result(&fx.dev, &result);
    assert_int_equal(result.status, 1);
    assert_int_equal(device_tile_read(&fx.dev, 0, MR_TILE_STATUS_OFFSET) & 1u, 0);
    device_close(&fx.dev);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_ops__random),
        cmocka_unit_test(test_quant_rope_topk__random),
        cmocka_unit_test(test_matrices__random),
        cmocka_unit_test(test_attention__every_position),
        cmocka_unit_test(test_operands__out_of_range),
        cmocka_unit_test(test_predicates__keep_or_skip),
        cmocka_unit_test(test_errors__skip_the_rest),
        cmocka_unit_test(test_program__past_the_end),
    };
    return cmocka_run_group_tests_name("model_descriptors", tests, NULL, NULL);
}
