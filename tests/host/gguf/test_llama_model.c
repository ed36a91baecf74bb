/* SPDX-License-Identifier: Apache-2.0 */
/* The llama model: hyperparameters, padding and conversion of every matrix, and refusals by reason.
 */
#include <math.h>

#include "gguf/llama_model.h"
#include "gguf_test.h"

typedef struct {
    uint8_t *file;
    mr_gguf_t *gguf;
    mr_llama_model_t *model;
} context_t;

static void open_model(context_t *c, uint8_t *file, size_t size) {
    mr_gguf_error_t error = {{0}};

    c->file = file;
    c->gguf = mr_check_opens(file, size);
    if (mr_llama_model_open(c->gguf, &c->model, &error) != MR_OK) {
        fail_msg("%s", error.text);
    }
}

static void open_fixture(context_t *c, const mr_fixture_t *fixture) {
    size_t size = 0;
    uint8_t *file = mr_fixture_file(fixture, &size, NULL);

    open_model(c, file, size);
}

static void close_model(context_t *c) {
    mr_llama_model_close(c->model);
    mr_gguf_close(c->gguf);
    free(c->file);
}

/* Expects a finished file to be refused by the model loader, but not by the container. */
static void check_file_refused(uint8_t *file, size_t size, mr_status_t status, const char *part) {
    mr_gguf_error_t error = {{0}};
    mr_llama_model_t *model = NULL;
    mr_gguf_t *gguf = mr_check_opens(file, size);

    assert_int_equal(mr_llama_model_open(gguf, &model, &error), status);
    assert_null(model);
    mr_check_message(&error, part);
    mr_gguf_close(gguf);
    free(file);
}

static void check_fixture_refused(const mr_fixture_t *fixture, mr_status_t status,
                                  const char *part) {
    size_t size = 0;
    uint8_t *file = mr_fixture_file(fixture, &size, NULL);

    check_file_refused(file, size, status, part);
}

/* Groups of elements, each padded with zeros at its end. */
typedef struct {
    uint32_t groups;
    uint32_t size;
    uint32_t padded;
} pad_t;

static pad_t plain(uint32_t size) {
    return (pad_t){1, size, (size + 31) / 32 * 32};
}

/* The element of the source that a padded index stands for, or -1. */
static int64_t source_index(pad_t pad, uint32_t i) {
    return i % pad.padded < pad.size ? (int64_t)(i / pad.padded) * pad.size + i % pad.padded : -1;
}

/* Scale bits of block b in a row of Q8_0 or Q4_0. */
static unsigned scale_bits(const uint8_t *row, mr_gguf_type_t type, size_t b) {
    const uint8_t *p = row + b * (type == MR_GGUF_TYPE_Q8_0 ? 34u : 18u);

    return p[0] + 256u * p[1];
}

/* Checks the elements of one padded block against the source's row as floats. exact: the source's
 * own values and scale; otherwise what requantising must give. */
static void check_block(const float *out, const uint8_t *blocks, size_t b, mr_gguf_type_t type,
                        const float *expected, bool exact) {
    float amax = 0.0f;

    for (size_t i = 0; i < 32; i++) {
        amax = fmaxf(amax, fabsf(expected[i]));
    }
    const float d = mr_gguf_half_to_float(mr_gguf_float_to_half(amax / 127.0f));
    if (!exact) {
        assert_int_equal(type, MR_GGUF_TYPE_Q8_0);
        assert_int_equal(scale_bits(blocks, type, b), mr_gguf_float_to_half(amax / 127.0f));
    }
    for (size_t i = 0; i < 32; i++) {
        float wanted = expected[i];
        if (!exact) {
            const float q = d > 0.0f ? rintf(expected[i] / d) : 0.0f;
            wanted = d * fminf(fmaxf(q, -127.0f), 127.0f);
        }
        if (!(out[32 * b + i] <= wanted && out[32 * b + i] >= wanted)) {
            fail_msg("element %zu is %.9g instead of %.9g", 32 * b + i, (double)out[32 * b + i],
                     (double)wanted);
        }
    }
}

/* Whether all source elements of a padded block have one scale in the source. */
static bool one_scale(const mr_gguf_tensor_t *source, const uint8_t *row, pad_t cols, size_t b) {
    unsigned first = 0;
    bool any = false;

    if (source->type != MR_GGUF_TYPE_Q8_0 && source->type != MR_GGUF_TYPE_Q4_0) {
        return false;
    }
    for (uint32_t i = 0; i < 32; i++) {
        const int64_t at = source_index(cols, (uint32_t)(32 * b) + i);
        if (at < 0) {
            continue;
        }
        const unsigned bits = scale_bits(row, source->type, (size_t)at / 32);
        if (any && bits != first) {
            return false;
        }
        first = bits;
        any = true;
    }
    return any;
}

/* Compares every element of a converted matrix with the tensor as stored. */
static void check_matrix(const mr_gguf_t *gguf, const char *name, const mr_llama_matrix_t *matrix,
                         pad_t cols, pad_t rows) {
    const mr_gguf_tensor_t *source = mr_gguf_find_tensor(gguf, name);
    const size_t n_cols = cols.groups * cols.padded;
    float *stored = malloc((size_t)source->dims[0] * sizeof(float));
    float *expected = malloc(n_cols * sizeof(float));
    float *out = malloc(n_cols * sizeof(float));

    assert_int_equal(matrix->rows, rows.groups * rows.padded);
    assert_int_equal(matrix->cols, n_cols);
    assert_int_equal(matrix->row_bytes, n_cols / 32 * mr_gguf_block_bytes(matrix->type));
    for (uint32_t r = 0; r < matrix->rows; r++) {
        const int64_t from = source_index(rows, r);
        const uint8_t *blocks = matrix->blocks + (size_t)r * matrix->row_bytes;
        if (from >= 0) {
            assert_int_equal(mr_gguf_tensor_rows_f32(source, (uint64_t)from, 1, stored), MR_OK);
        }
        for (uint32_t i = 0; i < n_cols; i++) {
            const int64_t at = source_index(cols, i);
            expected[i] = from < 0 || at < 0 ? 0.0f : stored[at];
        }
        assert_int_equal(mr_llama_matrix_row_f32(matrix, r, out), MR_OK);
        for (size_t b = 0; b < n_cols / 32; b++) {
            if (from < 0) {
                assert_int_equal(scale_bits(blocks, matrix->type, b), 0);
                check_block(out, blocks, b, matrix->type, expected + 32 * b, true);
                continue;
            }
            const uint8_t *row = source->data + (size_t)from * source->row_bytes;
            const bool exact = one_scale(source, row, cols, b);
            if (exact) {
                const size_t block = (size_t)source_index(cols, (uint32_t)(32 * b)) / 32;
                assert_int_equal(scale_bits(blocks, matrix->type, b),
                                 scale_bits(row, source->type, block));
            }
            check_block(out, blocks, b, matrix->type, expected + 32 * b, exact);
        }
    }
    assert_int_equal(mr_llama_matrix_row_f32(matrix, matrix->rows, out), MR_RANGE);
    free(stored);
    free(expected);
    free(out);
}

static void check_norm(const mr_gguf_t *gguf, const char *name, const float *norm, uint32_t d) {
    const mr_gguf_tensor_t *source = mr_gguf_find_tensor(gguf, name);

    assert_memory_equal(norm, source->data, d * sizeof(float));
    for (uint32_t i = d; i < (d + 31) / 32 * 32; i++) {
        assert_memory_equal(&norm[i], "\0\0\0\0", 4);
    }
}

/* Checks every tensor of a fixture. o_type and down_type: what attn_output and ffn_down become. */
static void check_model(const mr_fixture_t *f, mr_gguf_type_t other_type, mr_gguf_type_t o_type,
                        mr_gguf_type_t down_type) {
    const uint32_t hd_pad = (f->head_dim + 31) / 32 * 32;
    const pad_t q = {f->n_heads, f->head_dim, hd_pad};
    const pad_t kv = {f->n_kv_heads, f->head_dim, hd_pad};
    context_t c;
    char name[64];

    open_fixture(&c, f);
    check_matrix(c.gguf, "token_embd.weight", mr_llama_model_embedding(c.model), plain(f->d),
                 plain(f->vocab));
    check_matrix(c.gguf, f->tied ? "token_embd.weight" : "output.weight",
                 mr_llama_model_output(c.model), plain(f->d), plain(f->vocab));
    check_norm(c.gguf, "output_norm.weight", mr_llama_model_output_norm(c.model), f->d);
    for (uint32_t i = 0; i < f->n_layers; i++) {
        const mr_llama_layer_t *layer = mr_llama_model_layer(c.model, i);
        const struct {
            const char *name;
            const mr_llama_matrix_t *matrix;
            pad_t cols;
            pad_t rows;
            mr_gguf_type_t type;
        } matrices[] = {
            {"attn_q", &layer->q, plain(f->d), q, other_type},
            {"attn_k", &layer->k, plain(f->d), kv, other_type},
            {"attn_v", &layer->v, plain(f->d), kv, other_type},
            {"attn_output", &layer->o, q, plain(f->d), o_type},
            {"ffn_gate", &layer->gate, plain(f->d), plain(f->n_ff), other_type},
            {"ffn_up", &layer->up, plain(f->d), plain(f->n_ff), other_type},
            {"ffn_down", &layer->down, plain(f->n_ff), plain(f->d), down_type},
        };
        for (size_t k = 0; k < sizeof(matrices) / sizeof(matrices[0]); k++) {
            (void)snprintf(name, sizeof(name), "blk.%u.%s.weight", i, matrices[k].name);
            assert_int_equal(matrices[k].matrix->type, matrices[k].type);
            check_matrix(c.gguf, name, matrices[k].matrix, matrices[k].cols, matrices[k].rows);
        }
        (void)snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", i);
        check_norm(c.gguf, name, layer->attn_norm, f->d);
        (void)snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", i);
        check_norm(c.gguf, name, layer->ffn_norm, f->d);
    }
    close_model(&c);
}

static void test_open__hyperparameters(void **state) {
    (void)state;
    const mr_fixture_t f = mr_fixture_default();
    context_t c;

    open_fixture(&c, &f);
    const mr_llama_hparams_t *h = mr_llama_model_hparams(c.model);
    assert_int_equal(h->n_layers, 2);
    assert_int_equal(h->d, 64);
    assert_int_equal(h->d_pad, 64);
    assert_int_equal(h->n_heads, 8);
    assert_int_equal(h->n_kv_heads, 4);
    assert_int_equal(h->head_dim, 8);
    assert_int_equal(h->head_dim_pad, 32);
    assert_int_equal(h->n_rot, 8);
    assert_int_equal(h->n_ff, 96);
    assert_int_equal(h->n_ff_pad, 96);
    assert_int_equal(h->vocab, 300);
    assert_int_equal(h->vocab_pad, 320);
    assert_int_equal(h->context, 128);
    assert_false(h->tied_output);
    const float eps = 1e-5f;
    const float base = 10000.0f;
    assert_memory_equal(&h->eps, &eps, sizeof(eps));
    assert_memory_equal(&h->rope_base, &base, sizeof(base));
    assert_null(mr_llama_model_rope_divisors(c.model));
    assert_true(mr_llama_model_size_bytes(c.model) > 300 * 68);
    close_model(&c);
}

static void test_open__optional_keys_have_defaults(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();
    context_t c;

    f.n_kv_heads = f.n_heads;
    f.skip = "llama.attention.head_count_kv";
    open_fixture(&c, &f);
    assert_int_equal(mr_llama_model_hparams(c.model)->n_kv_heads, 8);
    close_model(&c);
    f.skip = "llama.attention.key_length";
    open_fixture(&c, &f);
    assert_int_equal(mr_llama_model_hparams(c.model)->head_dim, 8);
    close_model(&c);
}

static void test_convert__q8_0_keeps_integers(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();

    check_model(&f, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
    f.head_dim = 32;
    f.n_heads = 3;
    f.n_kv_heads = 1;
    f.tied = true;
    check_model(&f, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
}

static void test_convert__q4_0_stays_q4_0(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();

    f.type = MR_GGUF_TYPE_Q4_0;
    f.down_type = MR_GGUF_TYPE_Q4_0;
    check_model(&f, MR_GGUF_TYPE_Q4_0, MR_GGUF_TYPE_Q4_0, MR_GGUF_TYPE_Q4_0);
}

static void test_convert__blocks_that_mix_scales_are_requantised(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();

    /* Heads of 40: the second one starts 8 elements into a block. */
    f.head_dim = 40;
    f.n_heads = 4;
    f.n_kv_heads = 2;
    check_model(&f, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
    f.type = MR_GGUF_TYPE_Q4_0;
    check_model(&f, MR_GGUF_TYPE_Q4_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
}

static void test_convert__every_type_and_odd_dimensions(void **state) {
    (void)state;
    static const uint32_t small[] = {MR_GGUF_TYPE_F32, MR_GGUF_TYPE_F16, MR_GGUF_TYPE_BF16};
    static const uint32_t blocks[] = {MR_GGUF_TYPE_Q4_1, MR_GGUF_TYPE_Q5_0, MR_GGUF_TYPE_Q5_1};
    static const uint32_t k[] = {MR_GGUF_TYPE_Q4_K, MR_GGUF_TYPE_Q5_K, MR_GGUF_TYPE_Q6_K};
    mr_fixture_t f = mr_fixture_default();

    f.n_layers = 1;
    for (size_t i = 0; i < 3; i++) {
        f.type = blocks[i];
        f.down_type = blocks[i];
        check_model(&f, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
    }
    f.d = 40;
    f.head_dim = 10;
    f.n_heads = 4;
    f.n_kv_heads = 2;
    f.n_ff = 50;
    for (size_t i = 0; i < 3; i++) {
        f.type = small[i];
        f.down_type = small[i];
        check_model(&f, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
    }
    f.d = 256;
    f.head_dim = 64;
    f.n_ff = 512;
    for (size_t i = 0; i < 3; i++) {
        f.type = k[i];
        f.down_type = k[i];
        check_model(&f, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0, MR_GGUF_TYPE_Q8_0);
    }
}

static void test_convert__values_too_large_for_q8_0(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();
    mr_builder_t b;
    size_t size = 0;

    f.skip = "output.weight";
    f.type = MR_GGUF_TYPE_F32;
    mr_builder_init(&b);
    mr_fixture_build(&b, &f);
    const uint64_t dims[2] = {f.d, f.vocab};
    float *data = calloc((size_t)f.d * f.vocab, sizeof(*data));
    assert_non_null(data);
    data[7 * f.d + 3] = -127.0f * 65504.0f; /* just fits */
    data[9 * f.d] = 127.0f * 65530.0f;      /* its scale rounds to infinity */
    mr_builder_tensor(&b, "output.weight", MR_GGUF_TYPE_F32, 2, dims, data,
                      (size_t)f.d * f.vocab * sizeof(*data));
    free(data);
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    check_file_refused(file, size, MR_RANGE, "row 9 of tensor 'output.weight'");
}

/* The default fixture with rope_freqs of n floats, the rest as add does. */
static uint8_t *with_freqs(const float *freqs, uint64_t n, size_t *size) {
    const mr_fixture_t f = mr_fixture_default();
    mr_builder_t b;

    mr_builder_init(&b);
    mr_fixture_build(&b, &f);
    mr_builder_string(&b, "llama.rope.scaling.type", "linear");
    mr_builder_f32(&b, "llama.rope.scaling.factor", 2.0f);
    mr_builder_f32(&b, "llama.rope.freq_base", 500000.0f);
    mr_builder_u32(&b, "llama.rope.dimension_count", 6);
    if (freqs != NULL) {
        mr_builder_tensor(&b, "rope_freqs.weight", MR_GGUF_TYPE_F32, 1, &n, freqs, 4 * n);
    }
    return mr_builder_finish(&b, size, NULL);
}

static void test_rope__divisors(void **state) {
    (void)state;
    const float freqs[4] = {1.0f, 4.0f, 32.0f, 0.0f};
    const float expected[3] = {2.0f, 8.0f, 64.0f};
    const float linear[3] = {2.0f, 2.0f, 2.0f};
    const float base = 500000.0f;
    size_t size = 0;
    context_t c;

    uint8_t *file = with_freqs(freqs, 3, &size);
    open_model(&c, file, size);
    assert_int_equal(mr_llama_model_hparams(c.model)->n_rot, 6);
    assert_memory_equal(&mr_llama_model_hparams(c.model)->rope_base, &base, sizeof(base));
    assert_memory_equal(mr_llama_model_rope_divisors(c.model), expected, sizeof(expected));
    close_model(&c);
    file = with_freqs(NULL, 0, &size);
    open_model(&c, file, size);
    assert_memory_equal(mr_llama_model_rope_divisors(c.model), linear, sizeof(linear));
    close_model(&c);
    file = with_freqs(freqs, 4, &size);
    check_file_refused(file, size, MR_FORMAT, "rope_freqs.weight");
    file = with_freqs(freqs + 1, 3, &size);
    check_file_refused(file, size, MR_FORMAT, "divisor 2 is 0");
}

/* The fixture with one more key or tensor, which is put by the caller. */
static void start(mr_builder_t *b, const char *skip) {
    mr_fixture_t f = mr_fixture_default();

    f.skip = skip;
    mr_builder_init(b);
    mr_fixture_build(b, &f);
}

static void finish_refused(mr_builder_t *b, mr_status_t status, const char *part) {
    size_t size = 0;
    uint8_t *file = mr_builder_finish(b, &size, NULL);

    check_file_refused(file, size, status, part);
}

static void test_refuse__other_kinds_of_models(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();
    mr_builder_t b;

    f.architecture = "qwen2";
    check_fixture_refused(&f, MR_UNSUPPORTED, "\"qwen2\"");
    f = mr_fixture_default();
    f.tokenizer = "gpt2";
    check_fixture_refused(&f, MR_UNSUPPORTED, "\"gpt2\"");
    start(&b, NULL);
    mr_builder_u32(&b, "llama.expert_count", 8);
    finish_refused(&b, MR_UNSUPPORTED, "mixture-of-experts");
    start(&b, NULL);
    mr_builder_u32(&b, "split.count", 3);
    finish_refused(&b, MR_UNSUPPORTED, "split over several files");
    start(&b, NULL);
    mr_builder_string(&b, "general.type", "adapter");
    finish_refused(&b, MR_UNSUPPORTED, "\"adapter\"");
    start(&b, NULL);
    mr_builder_string(&b, "llama.rope.scaling.type", "yarn");
    finish_refused(&b, MR_UNSUPPORTED, "\"yarn\"");
    start(&b, NULL);
    mr_builder_f32(&b, "llama.rope.scaling.factor", -1.0f);
    finish_refused(&b, MR_RANGE, "llama.rope.scaling.factor");
    start(&b, NULL);
    mr_builder_f32(&b, "llama.logit_scale", 0.5f);
    finish_refused(&b, MR_UNSUPPORTED, "llama.logit_scale");
    start(&b, NULL);
    mr_builder_bool(&b, "llama.attention.causal", false);
    finish_refused(&b, MR_UNSUPPORTED, "causal");
    start(&b, NULL);
    mr_builder_u32(&b, "llama.attention.sliding_window", 64);
    finish_refused(&b, MR_UNSUPPORTED, "sliding_window' is 64");
    start(&b, "llama.attention.value_length");
    mr_builder_u32(&b, "llama.attention.value_length", 16);
    finish_refused(&b, MR_UNSUPPORTED, "values of 16");
    start(&b, "llama.feed_forward_length");
    mr_builder_array(&b, "llama.feed_forward_length", MR_GGUF_VALUE_U32, 2);
    mr_builder_put_u32(&b.kv, 96);
    mr_builder_put_u32(&b.kv, 64);
    finish_refused(&b, MR_UNSUPPORTED, "differs from layer to layer");
}

static void test_open__per_layer_arrays_of_equal_values(void **state) {
    (void)state;
    mr_builder_t b;
    context_t c;
    size_t size = 0;

    start(&b, "llama.feed_forward_length");
    mr_builder_array(&b, "llama.feed_forward_length", MR_GGUF_VALUE_U32, 2);
    mr_builder_put_u32(&b.kv, 96);
    mr_builder_put_u32(&b.kv, 96);
    mr_builder_f32(&b, "llama.logit_scale", 1.0f);
    mr_builder_u32(&b, "llama.attention.sliding_window", 128);
    mr_builder_u32(&b, "split.count", 1);
    mr_builder_string(&b, "llama.rope.scaling.type", "none");
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    open_model(&c, file, size);
    assert_int_equal(mr_llama_model_hparams(c.model)->n_ff, 96);
    assert_null(mr_llama_model_rope_divisors(c.model));
    close_model(&c);
    start(&b, "llama.feed_forward_length");
    mr_builder_array(&b, "llama.feed_forward_length", MR_GGUF_VALUE_U32, 1);
    mr_builder_put_u32(&b.kv, 96);
    finish_refused(&b, MR_FORMAT, "llama.feed_forward_length");
}

static void test_refuse__unknown_tensors(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *part;
    } extra[] = {
        {"blk.0.attn_q.bias", "biases"},
        {"blk.0.ffn_gate_inp.weight", "mixture-of-experts"},
        {"blk.0.ffn_up_exps.weight", "mixture-of-experts"},
        {"blk.0.attn_qkv.weight", "fused"},
        {"blk.0.attn_q_norm.weight", "norms of queries"},
        {"blk.2.attn_q.weight", "not part of a llama model of 2 layers"},
        {"surprise", "'surprise' is not part"},
    };
    const uint64_t dims[1] = {8};
    const uint8_t data[32] = {0};

    for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
        mr_builder_t b;
        start(&b, NULL);
        mr_builder_tensor(&b, extra[i].name, MR_GGUF_TYPE_F32, 1, dims, data, sizeof(data));
        finish_refused(&b, MR_UNSUPPORTED, extra[i].part);
    }
}

static void test_refuse__missing_tensors_and_wrong_shapes(void **state) {
    (void)state;
    static const char *const names[] = {
        "token_embd.weight",        "output_norm.weight",    "blk.0.attn_norm.weight",
        "blk.1.attn_q.weight",      "blk.0.attn_k.weight",   "blk.0.attn_v.weight",
        "blk.0.attn_output.weight", "blk.0.ffn_norm.weight", "blk.1.ffn_gate.weight",
        "blk.0.ffn_up.weight",      "blk.1.ffn_down.weight",
    };
    const uint64_t square[2] = {32, 32};
    const uint64_t cube[3] = {64, 2, 2};
    uint64_t seed = 4;
    size_t bytes = 0;
    uint8_t *data = mr_builder_random_blocks(MR_GGUF_TYPE_F32, 1024, &seed, &bytes);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        mr_fixture_t f = mr_fixture_default();
        mr_builder_t b;
        f.skip = names[i];
        check_fixture_refused(&f, MR_FORMAT, names[i]);
        start(&b, names[i]);
        mr_builder_tensor(&b, names[i], MR_GGUF_TYPE_F32, 2, square, data, 4096);
        finish_refused(&b, MR_FORMAT, i == 0 ? "must agree" : names[i]);
    }
    mr_builder_t b;
    start(&b, "blk.0.attn_k.weight");
    mr_builder_tensor(&b, "blk.0.attn_k.weight", MR_GGUF_TYPE_F32, 3, cube, data, 1024);
    finish_refused(&b, MR_FORMAT, "64 x 4");
    const uint64_t norm[1] = {64};
    start(&b, "output_norm.weight");
    mr_builder_tensor(&b, "output_norm.weight", MR_GGUF_TYPE_F16, 1, norm, data, 128);
    finish_refused(&b, MR_FORMAT, "F32 is needed");
    free(data);
}

static void test_refuse__values_that_are_not_finite(void **state) {
    (void)state;
    static const char *const names[] = {"token_embd.weight", "blk.1.attn_norm.weight",
                                        "blk.0.ffn_down.weight", "output.weight"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        mr_fixture_t f = mr_fixture_default();
        f.nan_tensor = names[i];
        check_fixture_refused(&f, MR_FORMAT, "infinity or NaN");
        check_fixture_refused(&f, MR_FORMAT, names[i]);
    }
}

static void test_refuse__missing_and_mistyped_keys(void **state) {
    (void)state;
    static const struct {
        const char *key;
        bool optional;
    } keys[] = {
        {"general.architecture", false},         {"llama.block_count", false},
        {"llama.embedding_length", false},       {"llama.feed_forward_length", false},
        {"llama.context_length", false},         {"llama.attention.head_count", false},
        {"llama.attention.head_count_kv", true}, {"llama.attention.key_length", true},
        {"llama.attention.value_length", true},  {"llama.attention.layer_norm_rms_epsilon", false},
        {"tokenizer.ggml.model", false},         {"tokenizer.ggml.tokens", false},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        mr_fixture_t f = mr_fixture_default();
        const bool is_text = i == 0 || i == 10;
        if (!keys[i].optional) {
            f.skip = keys[i].key;
            check_fixture_refused(&f, MR_FORMAT, keys[i].key);
            f.skip = NULL;
        }
        f.as_string = keys[i].key;
        check_fixture_refused(&f, is_text ? MR_UNSUPPORTED : MR_FORMAT, keys[i].key);
        /* A text key that is a number. */
        if (is_text) {
            mr_builder_t b;
            start(&b, keys[i].key);
            mr_builder_u32(&b, keys[i].key, 1);
            finish_refused(&b, MR_FORMAT, "a string is needed");
        }
    }
    static const char *const extra[] = {"llama.vocab_size",
                                        "llama.rope.freq_base",
                                        "llama.rope.dimension_count",
                                        "llama.attention.causal",
                                        "llama.attention.sliding_window",
                                        "llama.logit_scale",
                                        "split.count",
                                        "llama.expert_count",
                                        "llama.rope.scaling.factor"};
    for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
        mr_builder_t b;
        start(&b, NULL);
        mr_builder_string(&b, extra[i], "text");
        finish_refused(&b, MR_FORMAT, extra[i]);
    }
}

/* Replaces a key by a number that the model loader must refuse. */
static void check_value(const char *key, uint32_t value, mr_status_t status, const char *part) {
    mr_builder_t b;

    start(&b, key);
    mr_builder_u32(&b, key, value);
    finish_refused(&b, status, part);
}

static void test_refuse__values_out_of_range(void **state) {
    (void)state;
    mr_builder_t b;

    check_value("llama.block_count", 0, MR_RANGE, "'llama.block_count' is 0");
    check_value("llama.block_count", 257, MR_RANGE, "1 to 256");
    check_value("llama.embedding_length", UINT32_MAX, MR_RANGE, "1 to 16384");
    check_value("llama.feed_forward_length", 16385, MR_RANGE, "1 to 16384");
    check_value("llama.context_length", 131073, MR_RANGE, "1 to 131072");
    check_value("llama.attention.head_count", 0, MR_RANGE, "head_count");
    check_value("llama.attention.head_count_kv", 3, MR_FORMAT, "8 query heads");
    check_value("llama.attention.key_length", 7, MR_FORMAT, "even head size");
    check_value("llama.attention.head_count", 1024, MR_RANGE, "exceed");
    check_value("llama.rope.dimension_count", 10, MR_FORMAT, "dimension_count' is 10");
    check_value("llama.rope.dimension_count", 3, MR_FORMAT, "dimension_count' is 3");
    check_value("llama.vocab_size", 299, MR_FORMAT, "must agree");
    start(&b, "llama.block_count");
    mr_builder_key(&b, "llama.block_count", MR_GGUF_VALUE_I32);
    mr_builder_put_u32(&b.kv, 0xFFFFFFFFu);
    finish_refused(&b, MR_RANGE, "is negative");
    start(&b, "llama.attention.layer_norm_rms_epsilon");
    mr_builder_f32(&b, "llama.attention.layer_norm_rms_epsilon", 0.0f);
    finish_refused(&b, MR_RANGE, "epsilon");
    start(&b, NULL);
    mr_builder_f32(&b, "llama.rope.freq_base", (float)INFINITY);
    finish_refused(&b, MR_RANGE, "freq_base");
    mr_gguf_error_t error = {{0}};
    mr_llama_model_t *model = NULL;
    assert_int_equal(mr_llama_model_open(NULL, &model, &error), MR_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open__hyperparameters),
        cmocka_unit_test(test_open__optional_keys_have_defaults),
        cmocka_unit_test(test_open__per_layer_arrays_of_equal_values),
        cmocka_unit_test(test_convert__q8_0_keeps_integers),
        cmocka_unit_test(test_convert__q4_0_stays_q4_0),
        cmocka_unit_test(test_convert__blocks_that_mix_scales_are_requantised),
        cmocka_unit_test(test_convert__every_type_and_odd_dimensions),
        cmocka_unit_test(test_convert__values_too_large_for_q8_0),
        cmocka_unit_test(test_rope__divisors),
        cmocka_unit_test(test_refuse__other_kinds_of_models),
        cmocka_unit_test(test_refuse__unknown_tensors),
        cmocka_unit_test(test_refuse__missing_tensors_and_wrong_shapes),
        cmocka_unit_test(test_refuse__values_that_are_not_finite),
        cmocka_unit_test(test_refuse__missing_and_mistyped_keys),
        cmocka_unit_test(test_refuse__values_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
