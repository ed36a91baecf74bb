/* SPDX-License-Identifier: Apache-2.0 */
/* Real files, where they are at hand: the folder named by MILLRACE_SHARED_MODELS, or shared/models
 * beside the repository. Each test is skipped without them. Token ids are those of llama.cpp. */
#include "gguf/llama_model.h"
#include "gguf_test.h"
#include "tokenizer/tokenizer.h"

#define N_CUTS 200u
/* Behind the last tensor a file may have padding to its alignment, which nobody needs. */
#define MR_LAST_PADDING 32u

typedef struct {
    const char *file;
    uint32_t n_ff;
    uint32_t context;
    mr_gguf_type_t type; /* of the converted layers */
} expected_t;

static const expected_t models[] = {
    {"stories260K-f32-ctx512.gguf", 172, 512, MR_GGUF_TYPE_Q8_0},
    {"stories260K-ff192-Q8_0.gguf", 192, 128, MR_GGUF_TYPE_Q8_0},
    {"stories260K-ff192-Q4_0.gguf", 192, 128, MR_GGUF_TYPE_Q4_0},
};

#define N_MODELS (sizeof(models) / sizeof(models[0]))

/* Opens a model's file; skips the test when there is none. */
static mr_gguf_t *open_shared(const char *name) {
    const char *folder = getenv("MILLRACE_SHARED_MODELS");
    mr_gguf_error_t error = {{0}};
    mr_gguf_t *gguf = NULL;
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : MR_SHARED_MODELS, name);
    const mr_status_t status = mr_gguf_open(path, &gguf, &error);
    if (status == MR_IO) {
        print_message("skipped: %s\n", error.text);
        skip();
    }
    if (status != MR_OK) {
        fail_msg("%s", error.text);
    }
    return gguf;
}

/* Heads of 8 come out padded to 32, rows of q and columns of o, with the values of the file. */
static void check_heads(const mr_gguf_t *gguf, const mr_llama_layer_t *layer, mr_gguf_type_t type) {
    float stored[64];
    float row[256];

    assert_int_equal(layer->q.rows, 256);
    assert_int_equal(layer->q.cols, 64);
    assert_int_equal(layer->o.rows, 64);
    assert_int_equal(layer->o.cols, 256);
    assert_int_equal(layer->q.type, type);
    const mr_gguf_tensor_t *o = mr_gguf_find_tensor(gguf, "blk.4.attn_output.weight");
    assert_int_equal(layer->o.type, type);
    for (uint32_t r = 0; r < 64; r++) {
        assert_int_equal(mr_gguf_tensor_rows_f32(o, r, 1, stored), MR_OK);
        assert_int_equal(mr_llama_matrix_row_f32(&layer->o, r, row), MR_OK);
        for (uint32_t i = 0; i < 256; i++) {
            const float wanted = i % 32 < 8 ? stored[i / 32 * 8 + i % 32] : 0.0f;
            const float slack = o->type == MR_GGUF_TYPE_F32 ? 0.01f : 0.0f;
            assert_true(row[i] <= wanted + slack && row[i] >= wanted - slack);
        }
    }
}

static void test_shared__models_load(void **state) {
    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        mr_gguf_t *gguf = open_shared(models[i].file);
        mr_gguf_error_t error = {{0}};
        mr_llama_model_t *model = NULL;
        if (mr_llama_model_open(gguf, &model, &error) != MR_OK) {
            fail_msg("%s", error.text);
        }
        const mr_llama_hparams_t *h = mr_llama_model_hparams(model);
        assert_int_equal(h->n_layers, 5);
        assert_int_equal(h->d, 64);
        assert_int_equal(h->n_heads, 8);
        assert_int_equal(h->n_kv_heads, 4);
        assert_int_equal(h->head_dim, 8);
        assert_int_equal(h->n_ff, models[i].n_ff);
        assert_int_equal(h->n_ff_pad, 192);
        assert_int_equal(h->vocab, 512);
        assert_int_equal(h->context, models[i].context);
        assert_false(h->tied_output);
        assert_int_equal(mr_llama_model_output(model)->type, MR_GGUF_TYPE_Q8_0);
        check_heads(gguf, mr_llama_model_layer(model, 4), models[i].type);
        mr_llama_model_close(model);
        mr_gguf_close(gguf);
    }
}

typedef struct {
    const char *text;
    bool parse_special;
    uint32_t ids[32];
    size_t count;
} golden_t;

static const golden_t golden[] = {
    {"Once upon a time, there was a little girl named Lily.",
     false,
     {1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426},
     16},
    {"  Tom said: \"Let's go!\"\n\nThe end.",
     false,
     {1,   410, 410, 274, 287, 336, 467, 313, 438, 316, 439, 419,
      298, 414, 443, 436, 13,  13,  434, 260, 344, 264, 426},
     23},
    {"Zo\xC3\xAB \xE2\x80\x94 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x8E\x89 42%",
     false,
     {1,   410, 469, 414, 198, 174, 410, 481, 410, 233, 154, 168,
      233, 159, 175, 410, 243, 162, 145, 140, 410, 484, 479, 501},
     24},
    {"<s>Hello</s> <0x41>\tx",
     false,
     {1,   410, 504, 419, 505, 440, 411, 306, 414, 504, 492,
      419, 505, 410, 504, 477, 444, 484, 475, 505, 12,  444},
     22},
    {"<s>Hello</s> <0x41>\tx",
     true,
     {1, 1, 346, 306, 414, 2, 410, 410, 504, 477, 444, 484, 475, 505, 12, 444},
     16},
};

static void test_shared__token_ids(void **state) {
    (void)state;
    mr_gguf_t *gguf = open_shared(models[1].file);
    mr_gguf_error_t error = {{0}};
    mr_tokenizer_t *tokenizer = NULL;

    assert_int_equal(mr_tokenizer_open(gguf, &tokenizer, &error), MR_OK);
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        uint32_t ids[64];
        size_t count = 0;
        assert_int_equal(mr_tokenizer_encode(tokenizer, golden[i].text, strlen(golden[i].text),
                                             true, golden[i].parse_special, ids, 64, &count),
                         MR_OK);
        assert_int_equal(count, golden[i].count);
        assert_memory_equal(ids, golden[i].ids, count * sizeof(ids[0]));
        if (golden[i].parse_special) {
            continue; /* special tokens are not shown */
        }
        char text[MR_TOKENIZER_DECODE_BYTES];
        char all[128] = "";
        mr_tokenizer_decoder_t decoder;
        mr_tokenizer_decoder_init(&decoder, MR_DECODE_REPLACE, true);
        for (size_t k = 0; k < count; k++) {
            size_t length = 0;
            assert_int_equal(
                mr_tokenizer_decode(tokenizer, &decoder, ids[k], text, sizeof(text), &length),
                MR_OK);
            strncat(all, text, length);
        }
        assert_string_equal(all, golden[i].text);
    }
    mr_tokenizer_close(tokenizer);
    mr_gguf_close(gguf);
}

static void test_shared__truncated(void **state) {
    (void)state;
    uint64_t seed = 11;

    for (size_t i = 0; i < N_MODELS; i++) {
        mr_gguf_t *whole = open_shared(models[i].file);
        const size_t size = mr_gguf_size_bytes(whole);
        FILE *stream = fopen(mr_gguf_path(whole), "rb");
        uint8_t *file = malloc(size);
        assert_non_null(stream);
        assert_non_null(file);
        assert_int_equal(fread(file, 1, size, stream), size);
        assert_int_equal(fclose(stream), 0);
        mr_gguf_close(whole);
        for (unsigned k = 0; k < N_CUTS; k++) {
            mr_check_refused(file, mr_builder_random(&seed) % (size - MR_LAST_PADDING), MR_FORMAT,
                             "download");
        }
        free(file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared__models_load),
        cmocka_unit_test(test_shared__token_ids),
        cmocka_unit_test(test_shared__truncated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
