/* SPDX-License-Identifier: Apache-2.0 */
/* The reference decoder: distance from a float64 forward pass, invariants and every refusal. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "millrace/decoder.h"
#include "mr_test_random.h"

/* A small model with everything that pads: dimension 48 of 64, head size 8 of 32, 37 of 40 tokens.
 */
enum {
    LAYERS = 2,
    D = 64,
    D_REAL = 48,
    HEADS = 4,
    KV_HEADS = 2,
    HD = 32,
    HD_REAL = 8,
    FF = 96,
    VOCAB = 37,
    VOCAB_ROWS = 40,
    Q_DIM = HEADS * HD,
    KV_DIM = KV_HEADS * HD,
    MAX_POS = 70,
    N_MATRICES = LAYERS * 7 + 2
};

typedef struct {
    mr_decoder_model_t model;
    mr_decoder_layer_t layers[LAYERS];
    float norm[D];
    uint32_t f[HD / 2];
    mr_block_t *owned[N_MATRICES];
    size_t n_owned;
    void *storage;
    mr_decoder_t decoder;
} fixture_t;

/* Random rows x cols matrix whose rows and columns beyond the real ones are zero. A row or column
 * is real if its index modulo `*_period` is below `*_real`. */
static mr_decoder_matrix_t make_matrix(fixture_t *fx, mr_test_random_t *rng, uint32_t rows,
                                       uint32_t cols, uint32_t row_period, uint32_t row_real,
                                       uint32_t col_period, uint32_t col_real) {
    const size_t nb = cols / 32;
    mr_block_t *blocks = malloc(rows * nb * sizeof *blocks);
    assert_non_null(blocks);
    mr_test_blocks(rng, blocks, rows * nb, 0.002f, -128);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < cols; c++) {
            if (r % row_period >= row_real || c % col_period >= col_real) {
                blocks[r * nb + c / 32].q[c % 32] = 0;
            }
        }
    }
    fx->owned[fx->n_owned++] = blocks;
    return (mr_decoder_matrix_t){blocks, NULL, rows, (uint32_t)nb};
}

static void make_layer(fixture_t *fx, mr_test_random_t *rng, mr_decoder_layer_t *layer) {
    layer->attn_norm = fx->norm;
    layer->ffn_norm = fx->norm;
    layer->wq = make_matrix(fx, rng, Q_DIM, D, HD, HD_REAL, D, D_REAL);
    layer->wk = make_matrix(fx, rng, KV_DIM, D, HD, HD_REAL, D, D_REAL);
    layer->wv = make_matrix(fx, rng, KV_DIM, D, HD, HD_REAL, D, D_REAL);
    layer->wo = make_matrix(fx, rng, D, Q_DIM, D, D_REAL, HD, HD_REAL);
    layer->gate = make_matrix(fx, rng, FF, D, FF, FF, D, D_REAL);
    layer->up = make_matrix(fx, rng, FF, D, FF, FF, D, D_REAL);
    layer->down = make_matrix(fx, rng, D, FF, D, D_REAL, FF, FF);
}

static void set_dimensions(fixture_t *fx) {
    fx->model.n_layers = LAYERS;
    fx->model.d = D;
    fx->model.n_heads = HEADS;
    fx->model.n_kv = KV_HEADS;
    fx->model.hd = HD;
    fx->model.n_ff = FF;
    fx->model.vocab = VOCAB;
    fx->model.d_real = D_REAL;
    fx->model.hd_real = HD_REAL;
    fx->model.eps = 1e-5f;
    fx->model.rope_f = fx->f;
    fx->model.layers = fx->layers;
    fx->model.out_norm = fx->norm;
}

static int setup(void **state) {
    mr_test_random_t rng = {0xFEED};
    fixture_t *fx = calloc(1, sizeof *fx);
    assert_non_null(fx);
    set_dimensions(fx);
    for (size_t i = 0; i < D_REAL; i++) {
        fx->norm[i] = 1.0f + mr_test_float(&rng, 0.3f);
    }
    for (size_t i = 0; i < HD_REAL / 2; i++) {
        fx->f[i] = (uint32_t)llround(pow(1e-4, (double)i / 4.0) / (2.0 * acos(-1.0)) * 0x1p32);
    }
    for (size_t i = 0; i < LAYERS; i++) {
        make_layer(fx, &rng, &fx->layers[i]);
    }
    fx->model.embed = make_matrix(fx, &rng, VOCAB_ROWS, D, VOCAB_ROWS, VOCAB, D, D_REAL);
    fx->model.head = make_matrix(fx, &rng, VOCAB_ROWS, D, VOCAB_ROWS, VOCAB, D, D_REAL);
    const size_t bytes = mr_decoder_storage_bytes(&fx->model, MAX_POS);
    assert_true(bytes > 0);
    fx->storage = malloc(bytes);
    assert_non_null(fx->storage);
    assert_int_equal(mr_decoder_init(&fx->decoder, &fx->model, MAX_POS, fx->storage, bytes), MR_OK);
    *state = fx;
    return 0;
}

static int teardown(void **state) {
    fixture_t *fx = *state;
    for (size_t i = 0; i < fx->n_owned; i++) {
        free(fx->owned[i]);
    }
    free(fx->storage);
    free(fx);
    return 0;
}

/* ---- float64 forward pass on the dequantised weights ----------------------------------------- */

typedef struct {
    double x[D];
    double k[LAYERS][MAX_POS][KV_DIM];
    double v[LAYERS][MAX_POS][KV_DIM];
} float64_t;

static void f64_gemv(double *y, const mr_decoder_matrix_t *m, const double *x) {
    for (size_t r = 0; r < m->rows; r++) {
        y[r] = 0.0;
        for (size_t c = 0; c < (size_t)m->nb * 32; c++) {
            const mr_block_t *b = &m->q8[r * m->nb + c / 32];
            y[r] += (double)b->q[c % 32] * (double)mr_f16_to_f32(b->d) * x[c];
        }
    }
}

static void f64_norm(double *y, const double *x, const float *w) {
    double sum = 0.0;
    for (size_t i = 0; i < D; i++) {
        sum += x[i] * x[i];
    }
    for (size_t i = 0; i < D; i++) {
        y[i] = x[i] / sqrt(sum / D_REAL + 1e-5) * (double)w[i];
    }
}

static void f64_rope(double *x, const uint32_t *f, size_t n, uint32_t pos) {
    for (size_t i = 0; i < n / 2; i++) {
        const double t = (double)(uint32_t)(pos * f[i % (HD / 2)]) * 0x1p-32 * 2.0 * acos(-1.0);
        const double x0 = x[2 * i];
        const double x1 = x[2 * i + 1];
        x[2 * i] = x0 * cos(t) - x1 * sin(t);
        x[2 * i + 1] = x0 * sin(t) + x1 * cos(t);
    }
}

static void f64_attend(double *y, const double *q, const float64_t *s, size_t layer, size_t kv_head,
                       uint32_t pos) {
    double weight[MAX_POS];
    double l = 0.0;
    for (uint32_t p = 0; p <= pos; p++) {
        double dot = 0.0;
        for (size_t i = 0; i < HD; i++) {
            dot += q[i] * s->k[layer][p][kv_head * HD + i];
        }
        weight[p] = exp(dot / sqrt((double)HD_REAL));
        l += weight[p];
    }
    for (size_t i = 0; i < HD; i++) {
        y[i] = 0.0;
        for (uint32_t p = 0; p <= pos; p++) {
            y[i] += weight[p] / l * s->v[layer][p][kv_head * HD + i];
        }
    }
}

static void f64_layer(const fixture_t *fx, float64_t *s, size_t index, uint32_t pos) {
    const mr_decoder_layer_t *layer = &fx->layers[index];
    double h[D];
    double q[Q_DIM];
    double a[Q_DIM];
    double gate[FF];
    double up[FF];
    f64_norm(h, s->x, layer->attn_norm);
    f64_gemv(q, &layer->wq, h);
    f64_gemv(s->k[index][pos], &layer->wk, h);
    f64_gemv(s->v[index][pos], &layer->wv, h);
    f64_rope(q, fx->f, Q_DIM, pos);
    f64_rope(s->k[index][pos], fx->f, KV_DIM, pos);
    for (size_t head = 0; head < HEADS; head++) {
        f64_attend(a + head * HD, q + head * HD, s, index, head / (HEADS / KV_HEADS), pos);
    }
    f64_gemv(h, &layer->wo, a);
    for (size_t i = 0; i < D; i++) {
        s->x[i] += h[i];
    }
    f64_norm(h, s->x, layer->ffn_norm);
    f64_gemv(gate, &layer->gate, h);
    f64_gemv(up, &layer->up, h);
    for (size_t i = 0; i < FF; i++) {
        gate[i] = gate[i] / (1.0 + exp(-gate[i])) * up[i];
    }
    f64_gemv(h, &layer->down, gate);
    for (size_t i = 0; i < D; i++) {
        s->x[i] += h[i];
    }
}

static void f64_step(const fixture_t *fx, float64_t *s, uint32_t token, uint32_t pos,
                     double *logits) {
    double h[D];
    for (size_t i = 0; i < D; i++) {
        const mr_block_t *b = &fx->model.embed.q8[token * 2 + i / 32];
        s->x[i] = (double)b->q[i % 32] * (double)mr_f16_to_f32(b->d);
    }
    for (size_t i = 0; i < LAYERS; i++) {
        f64_layer(fx, s, i, pos);
    }
    f64_norm(h, s->x, fx->norm);
    f64_gemv(logits, &fx->model.head, h);
}

/* Seven quantisations a layer add noise of about 0.5 % each, which random weights do not average
 * away: the error stays below 4 % of the logits' root mean square, and below 20 % everywhere. Any
 * mistake in the forward pass moves it to 100 %. */
static void test_step__close_to_float64(void **state) {
    fixture_t *fx = *state;
    static float64_t s;
    double square = 0.0;
    double error = 0.0;
    double worst = 0.0;
    mr_test_random_t rng = {3};
    for (uint32_t pos = 0; pos < MAX_POS; pos++) {
        float logits[VOCAB];
        double want[VOCAB_ROWS];
        const uint32_t token = mr_test_below(&rng, VOCAB);
        assert_int_equal(mr_decoder_step(&fx->decoder, token, logits, NULL), MR_OK);
        f64_step(fx, &s, token, pos, want);
        for (size_t i = 0; i < VOCAB; i++) {
            const double e = (double)logits[i] - want[i];
            square += want[i] * want[i];
            error += e * e;
            worst = fabs(e) > worst ? fabs(e) : worst;
        }
    }
    const double rms = sqrt(square / (MAX_POS * VOCAB));
    print_message("logits rms %.4f, error rms %.5f, worst %.5f\n", rms,
                  sqrt(error / (MAX_POS * VOCAB)), worst);
    assert_true(sqrt(error / (MAX_POS * VOCAB)) < 0.04 * rms);
    assert_true(worst < 0.2 * rms);
}

static void test_step__layer_outputs_end_in_the_logits(void **state) {
    fixture_t *fx = *state;
    float logits[VOCAB];
    float want[VOCAB];
    float layer_out[LAYERS * D];
    float h[D];
    mr_block_t hq[D / 32];
    assert_int_equal(mr_decoder_step(&fx->decoder, 5, logits, layer_out), MR_OK);
    mr_op_norm(h, layer_out + (LAYERS - 1) * D, fx->norm, D, mr_op_inv(D_REAL), 1e-5f);
    mr_op_quant(h, D, hq);
    mr_op_gemv(want, fx->model.head.q8, hq, VOCAB, D / 32, false);
    assert_memory_equal(logits, want, sizeof want);
    assert_memory_not_equal(layer_out, layer_out + D, D * sizeof layer_out[0]);
    for (size_t i = D_REAL; i < D; i++) { /* padding stays zero */
        assert_int_equal(mr_f32_bits(layer_out[i]) & 0x7FFFFFFFu, 0);
    }
}

static void test_rewind__repeats_the_same_bits(void **state) {
    fixture_t *fx = *state;
    float first[VOCAB];
    float second[VOCAB];
    for (uint32_t t = 0; t < 40; t++) {
        assert_int_equal(mr_decoder_step(&fx->decoder, t % VOCAB, t == 39 ? first : NULL, NULL),
                         MR_OK);
    }
    assert_int_equal(mr_decoder_len(&fx->decoder), 40);
    assert_int_equal(mr_decoder_rewind(&fx->decoder, 41), MR_RANGE);
    assert_int_equal(mr_decoder_rewind(&fx->decoder, 33), MR_OK);
    for (uint32_t t = 33; t < 40; t++) {
        assert_int_equal(mr_decoder_step(&fx->decoder, t % VOCAB, second, NULL), MR_OK);
    }
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(mr_decoder_rewind(&fx->decoder, 0), MR_OK);
    assert_int_equal(mr_decoder_step(&fx->decoder, 1, second, NULL), MR_OK);
    assert_memory_not_equal(first, second, sizeof first);
}

/* A Q4_0 matrix gives the bits of the Q8_0 matrix that it expands to. */
static void test_step__q4_0_equals_its_expansion(void **state) {
    fixture_t *fx = *state;
    enum { BLOCKS = FF * D / 32 };
    static uint8_t packed[BLOCKS * MR_Q4_0_BYTES];
    static mr_block_t expanded[BLOCKS];
    float with_q4[VOCAB];
    float with_q8[VOCAB];
    mr_test_random_t rng = {17};
    for (size_t b = 0; b < BLOCKS; b++) {
        uint8_t *src = &packed[b * MR_Q4_0_BYTES];
        src[1] = 0x1C; /* scales around 2^-8 */
        for (size_t i = 2; i < MR_Q4_0_BYTES; i++) {
            src[i] = (uint8_t)mr_test_u32(&rng);
        }
        mr_block_from_q4_0(src, &expanded[b]);
    }
    fx->layers[0].up = (mr_decoder_matrix_t){expanded, NULL, FF, D / 32};
    assert_int_equal(mr_decoder_step(&fx->decoder, 3, with_q8, NULL), MR_OK);
    assert_int_equal(mr_decoder_rewind(&fx->decoder, 0), MR_OK);
    fx->layers[0].up = (mr_decoder_matrix_t){NULL, packed, FF, D / 32};
    assert_int_equal(mr_decoder_step(&fx->decoder, 3, with_q4, NULL), MR_OK);
    assert_memory_equal(with_q4, with_q8, sizeof with_q8);
}

static void test_step__refusals_touch_nothing(void **state) {
    fixture_t *fx = *state;
    float logits[VOCAB];
    assert_int_equal(mr_decoder_step(&fx->decoder, VOCAB, logits, NULL), MR_RANGE);
    assert_int_equal(mr_decoder_len(&fx->decoder), 0);
    for (uint32_t t = 0; t < MAX_POS; t++) {
        assert_int_equal(mr_decoder_step(&fx->decoder, 0, NULL, NULL), MR_OK);
    }
    assert_int_equal(mr_decoder_step(&fx->decoder, 0, logits, NULL), MR_NO_SPACE);
    assert_int_equal(mr_decoder_len(&fx->decoder), MAX_POS);
}

static void test_init__refuses_bad_arguments(void **state) {
    fixture_t *fx = *state;
    mr_decoder_t other;
    const size_t bytes = mr_decoder_storage_bytes(&fx->model, MAX_POS);
    assert_int_equal(mr_decoder_init(NULL, &fx->model, MAX_POS, fx->storage, bytes), MR_ARG);
    assert_int_equal(mr_decoder_init(&other, NULL, MAX_POS, fx->storage, bytes), MR_ARG);
    assert_int_equal(mr_decoder_init(&other, &fx->model, MAX_POS, NULL, bytes), MR_ARG);
    assert_int_equal(mr_decoder_init(&other, &fx->model, 0, fx->storage, bytes), MR_ARG);
    assert_int_equal(mr_decoder_init(&other, &fx->model, MAX_POS, fx->storage, bytes - 1),
                     MR_NO_SPACE);
    assert_int_equal(mr_decoder_storage_bytes(&fx->model, MR_DECODER_POS_MAX + 1), 0);
}

/* Every field of the model in turn gets a value that must be refused. */
static void test_init__refuses_bad_models(void **state) {
    fixture_t *fx = *state;
    const mr_decoder_model_t good = fx->model;
    const mr_decoder_layer_t good_layer = fx->layers[1];
    const uint32_t huge = 0x80000000u;
    uint32_t *const fields[] = {&fx->model.n_layers, &fx->model.d,      &fx->model.n_heads,
                                &fx->model.n_kv,     &fx->model.hd,     &fx->model.n_ff,
                                &fx->model.vocab,    &fx->model.d_real, &fx->model.hd_real};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i] = 0;
        assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
        *fields[i] = huge;
        assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
        fx->model = good;
    }
    fx->model.n_heads = 3; /* no multiple of n_kv */
    assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
    fx->model = good;
    fx->model.head.rows = VOCAB - 1;
    assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
    fx->model = good;
    fx->model.rope_f = NULL;
    assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
    fx->model = good;
    fx->layers[1].wo.nb++;
    assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
    fx->layers[1] = good_layer;
    fx->layers[1].down.q8 = NULL;
    assert_int_equal(mr_decoder_storage_bytes(&fx->model, MAX_POS), 0);
    fx->layers[1] = good_layer;
    assert_true(mr_decoder_storage_bytes(&fx->model, MAX_POS) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_step__close_to_float64, setup, teardown),
        cmocka_unit_test_setup_teardown(test_step__layer_outputs_end_in_the_logits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_rewind__repeats_the_same_bits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_step__q4_0_equals_its_expansion, setup, teardown),
        cmocka_unit_test_setup_teardown(test_step__refusals_touch_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_init__refuses_bad_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_init__refuses_bad_models, setup, teardown),
    };
    return cmocka_run_group_tests_name("contract_decoder", tests, NULL, NULL);
}
