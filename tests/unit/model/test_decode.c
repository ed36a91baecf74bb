/* SPDX-License-Identifier: Apache-2.0 */
/* A whole decoder as one tile program, logits against the reference decoder, bit for bit.
 *
 * With --bench it prints RESULT model_tokens_per_s_estimate for a model of 250 K parameters
 * (dimension 64, 5 layers, 8 heads of 8 padded to 32, hidden size 192, 512 tokens): one thread,
 * mean over 256 positions of one sequence, everything included that a host does over the registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "device.h"
#include "millrace/decoder.h"
#include "millrace/regs.h"
#include "mr_test_random.h"

enum {
    LAYERS = 5,
    D = 64,
    HEADS = 8,
    KV_HEADS = 4,
    HD = 32,
    HD_REAL = 8,
    FF = 192,
    VOCAB = 512,
    Q_DIM = HEADS * HD,
    KV_DIM = KV_HEADS * HD,
    MAX_POS = 512,
    NB = D / 32,
    /* VMEM */
    V_X = 0,
    V_H = V_X + D,
    V_Q = V_H + D,
    V_K = V_Q + Q_DIM,
    V_V = V_K + KV_DIM,
    V_A = V_V + KV_DIM,
    V_GATE = V_A + Q_DIM,
    V_UP = V_GATE + FF,
    V_LOGITS = V_UP + FF,
    V_F = V_LOGITS + VOCAB,
    V_NORM = V_F + HD / 2,
    V_END = V_NORM + (2 * LAYERS + 1) * D,
    /* XMEM */
    X_IN = 0,
    X_Q = X_IN + Q_DIM / 32,
    X_K = X_Q + Q_DIM / 32,
    X_V = X_K + KV_DIM / 32,
    X_END = X_V + KV_DIM / 32
};

typedef struct {
    mr_decoder_model_t model;
    mr_decoder_layer_t layers[LAYERS];
    float norm[D];
    uint32_t f[HD / 2];
    mr_block_t *blocks; /* every matrix, one after the other */
    uint8_t *q4;
    size_t n_blocks;
    mr_decoder_t decoder;
    void *storage;
    /* placement */
    device_t dev;
    desc_t program[LAYERS * 24 + 8];
    size_t n_desc;
    uint32_t next_word;
} bench_t;

static void emit(bench_t *b, desc_t d) {
    b->program[b->n_desc++] = d;
}

/* A random matrix; the down projections are Q4_0. */
static mr_decoder_matrix_t make_matrix(bench_t *b, mr_test_random_t *rng, uint32_t rows,
                                       uint32_t cols, bool is_q4) {
    const size_t n = (size_t)rows * (cols / 32);
    const size_t at = b->n_blocks;
    b->n_blocks += n;
    if (!is_q4) {
        mr_test_blocks(rng, &b->blocks[at], n, 0.0015f, -128);
        return (mr_decoder_matrix_t){&b->blocks[at], NULL, rows, cols / 32};
    }
    for (size_t i = at * MR_Q4_0_BYTES; i < (at + n) * MR_Q4_0_BYTES; i++) {
        b->q4[i] = i % MR_Q4_0_BYTES == 1 ? 0x22 : (uint8_t)mr_test_u32(rng);
    }
    return (mr_decoder_matrix_t){NULL, &b->q4[at * MR_Q4_0_BYTES], rows, cols / 32};
}

static void make_model(bench_t *b) {
    mr_test_random_t rng = {0xB00C};
    const size_t most = (size_t)LAYERS * (2 * Q_DIM + 2 * KV_DIM + 3 * FF) * NB + 2 * VOCAB * NB;
    b->blocks = calloc(most, sizeof *b->blocks);
    b->q4 = calloc(most, MR_Q4_0_BYTES);
    assert_non_null(b->blocks);
    assert_non_null(b->q4);
    b->model = (mr_decoder_model_t){LAYERS,
                                    D,
                                    HEADS,
                                    KV_HEADS,
                                    HD,
                                    FF,
                                    VOCAB,
                                    D,
                                    HD_REAL,
                                    1e-5f,
                                    b->f,
                                    b->layers,
                                    {NULL, NULL, 0, 0},
                                    {NULL, NULL, 0, 0},
                                    b->norm};
    for (size_t i = 0; i < D; i++) {
        b->norm[i] = 1.0f + mr_test_float(&rng, 0.2f);
    }
    for (size_t i = 0; i < HD_REAL / 2; i++) {
        b->f[i] = mr_test_u32(&rng) >> (3 + 4 * i);
    }
    for (size_t i = 0; i < LAYERS; i++) {
        mr_decoder_layer_t *layer = &b->layers[i];
        layer->attn_norm = b->norm;
        layer->ffn_norm = b->norm;
        layer->wq = make_matrix(b, &rng, Q_DIM, D, false);
        layer->wk = make_matrix(b, &rng, KV_DIM, D, false);
        layer->wv = make_matrix(b, &rng, KV_DIM, D, false);
        layer->wo = make_matrix(b, &rng, D, Q_DIM, false);
        layer->gate = make_matrix(b, &rng, FF, D, false);
        layer->up = make_matrix(b, &rng, FF, D, false);
        layer->down = make_matrix(b, &rng, D, FF, i % 2 == 1);
    }
    b->model.embed = make_matrix(b, &rng, VOCAB, D, false);
    b->model.head = b->model.embed;
    const size_t bytes = mr_decoder_storage_bytes(&b->model, MAX_POS);
    b->storage = malloc(bytes);
    assert_non_null(b->storage);
    assert_int_equal(mr_decoder_init(&b->decoder, &b->model, MAX_POS, b->storage, bytes), MR_OK);
}

/* Stores m behind what is there and emits its GEMV. */
static void emit_gemv(bench_t *b, const mr_decoder_matrix_t *m, uint32_t dst, uint32_t x) {
    const uint32_t word = b->next_word;
    const uint32_t fmt = m->q4 != NULL ? DESC_Q4 : 0;
    b->next_word += m->q4 != NULL ? device_put_q4(&b->dev, 0, word, m->q4, m->rows, m->nb)
                                  : device_put_q8(&b->dev, 0, word, m->q8, m->rows, m->nb);
    emit(b, (desc_t){{OP_GEMV | fmt, dst, x, word, m->rows, m->nb}});
}

static void emit_norm(bench_t *b, uint32_t index, const float *w) {
    const uint32_t at = V_NORM + index * D;
    device_put_vmem(&b->dev, 0, at, w, D);
    emit(b, (desc_t){{OP_NORM, V_H, V_X, at, D, 0, mr_f32_bits(1e-5f), mr_f32_bits(mr_op_inv(D))}});
    emit(b, (desc_t){{OP_QUANT, X_IN, V_H, 0, D}});
}

static void emit_layer(bench_t *b, uint32_t index) {
    const mr_decoder_layer_t *layer = &b->layers[index];
    const uint32_t kv = KV_WORD(index, KV_HEADS, 0, HD / 32);
    emit_norm(b, 2 * index, layer->attn_norm);
    emit_gemv(b, &layer->wq, V_Q, X_IN);
    emit_gemv(b, &layer->wk, V_K, X_IN);
    emit_gemv(b, &layer->wv, V_V, X_IN);
    emit(b, (desc_t){{OP_ROPE, V_Q, V_Q, V_F, Q_DIM, HD}});
    emit(b, (desc_t){{OP_ROPE, V_K, V_K, V_F, KV_DIM, HD}});
    emit(b, (desc_t){{OP_QUANT, X_Q, V_Q, 0, Q_DIM}});
    emit(b, (desc_t){{OP_QUANT, X_K, V_K, 0, KV_DIM}});
    emit(b, (desc_t){{OP_QUANT, X_V, V_V, 0, KV_DIM}});
    emit(b, (desc_t){{OP_KV_APPEND, kv, X_K, X_V}});
    emit(b, (desc_t){{OP_ATTEND, V_A, X_Q, kv, HEADS / KV_HEADS, 0,
                      mr_f32_bits(mr_op_inv_sqrt(HD_REAL))}});
    emit(b, (desc_t){{OP_QUANT, X_IN, V_A, 0, Q_DIM}});
    emit_gemv(b, &layer->wo, V_H, X_IN);
    emit(b, (desc_t){{OP_ADD, V_X, V_X, V_H, D}});
    emit_norm(b, 2 * index + 1, layer->ffn_norm);
    emit_gemv(b, &layer->gate, V_GATE, X_IN);
    emit_gemv(b, &layer->up, V_UP, X_IN);
    emit(b, (desc_t){{OP_SILU_MUL, V_GATE, V_GATE, V_UP, FF}});
    emit(b, (desc_t){{OP_QUANT, X_IN, V_GATE, 0, FF}});
    emit_gemv(b, &layer->down, V_H, X_IN);
    emit(b, (desc_t){{OP_ADD, V_X, V_X, V_H, D}});
}

static void place(bench_t *b, uint32_t lanes) {
    mr_backend_model_config_t config;
    mr_backend_model_default_config(&config);
    config.tiles = 1;
    config.lanes = lanes;
    config.wmem_words = 16384;
    device_open(&b->dev, &config);
    device_kv_init(&b->dev, LAYERS, KV_HEADS, HD / 32);
    device_put(&b->dev, MR_CHIP_MEM_TARGET_KIND_VMEM, 0, V_F, b->f, HD / 2);
    /* The embedding comes first and serves as the head too. */
    const mr_decoder_matrix_t *m = &b->model.embed;
    b->n_desc = 0;
    b->next_word = device_put_q8(&b->dev, 0, 0, m->q8, m->rows, m->nb);
    emit(b, (desc_t){{OP_EMBED, V_X, 0, 0, VOCAB, NB}});
    for (uint32_t i = 0; i < LAYERS; i++) {
        emit_layer(b, i);
    }
    emit_norm(b, 2 * LAYERS, b->norm);
    emit(b, (desc_t){{OP_GEMV, V_LOGITS, X_IN, 0, VOCAB, NB}});
    emit(b, (desc_t){{OP_SEND, 1, V_LOGITS, 0, VOCAB, SEND_WORD(0, 1)}});
    emit(b, (desc_t){{OP_END}});
    device_put_program(&b->dev, 0, 0, b->program, b->n_desc);
    device_enable(&b->dev, 0, V_END, 0);
    assert_int_equal(device_read(&b->dev, MR_CHIP_STATUS_OFFSET), 0);
}

static void release(bench_t *b) {
    device_close(&b->dev);
    free(b->storage);
    free(b->blocks);
    free(b->q4);
}

static void test_decode__logits_equal_the_reference(void **state) {
    (void)state;
    for (uint32_t lanes = 1; lanes <= 8; lanes *= 2) {
        static bench_t b;
        static result_t result;
        mr_test_random_t rng = {77};
        memset(&b, 0, sizeof b);
        make_model(&b);
        place(&b, lanes);
        for (uint32_t pos = 0; pos < 40; pos++) {
            float want[VOCAB];
            const uint32_t token = mr_test_below(&rng, VOCAB);
            device_inject(&b.dev, 2, 0, 0, 3, pos, token);
            device_result(&b.dev, &result);
            assert_int_equal(result.status, 0);
            assert_int_equal(result.len, VOCAB);
            assert_int_equal(mr_decoder_step(&b.decoder, token, want, NULL), MR_OK);
            assert_memory_equal(result.data, want, sizeof want);
        }
        release(&b);
    }
}

/* Processor time: what the machine does besides does not count. */
static double seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Best of several sequences. */
static void bench(void) {
    enum { POSITIONS = 256, SEQUENCES = 8 };
    static bench_t b;
    static result_t result;
    double best = 0.0;
    make_model(&b);
    place(&b, 4);
    for (uint32_t s = 0; s < SEQUENCES; s++) {
        const double start = seconds();
        for (uint32_t pos = 0; pos < POSITIONS; pos++) {
            device_inject(&b.dev, 2, 0, 0, 0, pos, pos % VOCAB);
            device_result(&b.dev, &result);
        }
        const double rate = POSITIONS / (seconds() - start);
        best = rate > best ? rate : best;
        device_write(&b.dev, MR_KV_BASE + MR_KV_ADMIN_OFFSET, MR_KV_ADMIN_GO_MASK);
    }
    printf("RESULT model_tokens_per_s_estimate %.0f\n", best);
    release(&b);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__logits_equal_the_reference),
    };
    if (argc == 2 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    return cmocka_run_group_tests_name("model_decode", tests, NULL, NULL);
}
