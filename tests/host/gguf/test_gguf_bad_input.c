/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged files through the container, the model loader and the tokenizer: cut at every byte of the
 * header and in the data, and with random bytes changed. Every refusal carries a message; nothing
 * crashes, reads outside the file (under AddressSanitizer) or takes long. */
#define _POSIX_C_SOURCE 200809L

#include <time.h>

#include "gguf/llama_model.h"
#include "gguf_test.h"
#include "tokenizer/tokenizer.h"

#define N_DATA_CUTS 200u
#define N_MUTATIONS 3000u
#define MAX_SECONDS 1.0 /* for one file */

static double seconds(void) {
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A file whose header has all kinds of entries. */
static uint8_t *build(uint64_t seed, size_t *size, size_t *header_bytes) {
    const float freqs[4] = {1.0f, 2.0f, 3.0f, 4.0f};
    const uint64_t dims[1] = {4};
    mr_fixture_t f = mr_fixture_default();
    mr_builder_t b;

    f.seed = seed;
    f.n_layers = 1;
    mr_builder_init(&b);
    mr_builder_u32(&b, "general.alignment", 32);
    mr_builder_bool(&b, "tokenizer.ggml.add_bos_token", true);
    mr_builder_f32(&b, "llama.rope.freq_base", 10000.0f);
    mr_fixture_build(&b, &f);
    mr_builder_tensor(&b, "rope_freqs.weight", MR_GGUF_TYPE_F32, 1, dims, freqs, sizeof(freqs));
    return mr_builder_finish(&b, size, header_bytes);
}

/* Loads the file, its model and its tokenizer and uses what opened. @return the first status that
 * is not MR_OK. */
static mr_status_t load(const uint8_t *file, size_t size, mr_gguf_error_t *error) {
    mr_gguf_t *gguf = NULL;
    mr_llama_model_t *model = NULL;
    mr_tokenizer_t *tokenizer = NULL;
    mr_gguf_error_t second = {{0}};
    const double start = seconds();

    error->text[0] = '\0';
    mr_status_t status = mr_gguf_open_memory(file, size, "bad.gguf", &gguf, error);
    if (status != MR_OK) {
        assert_true(seconds() - start < MAX_SECONDS);
        return status;
    }
    status = mr_llama_model_open(gguf, &model, error);
    const mr_status_t vocabulary = mr_tokenizer_open(gguf, &tokenizer, &second);
    if (vocabulary == MR_OK) {
        uint32_t ids[64];
        size_t count = 0;
        const mr_status_t encoded =
            mr_tokenizer_encode(tokenizer, "abc <tool> \xFF de", 14, true, true, ids, 64, &count);
        assert_true(encoded == MR_OK || encoded == MR_NO_SPACE);
        for (size_t i = 0; i < count && i < 64; i++) {
            assert_true(ids[i] < mr_tokenizer_vocab(tokenizer) || ids[i] == MR_TOKEN_NONE);
        }
    } else {
        mr_check_message(&second, "bad.gguf: ");
        if (status == MR_OK) {
            *error = second;
            status = vocabulary;
        }
    }
    mr_tokenizer_close(tokenizer);
    mr_llama_model_close(model);
    mr_gguf_close(gguf);
    assert_true(seconds() - start < MAX_SECONDS);
    return status;
}

/* Expects a file cut to size bytes to be refused. The copy is no longer than that, so that a read
 * past it is noticed. */
static void check_cut(const uint8_t *file, size_t size) {
    mr_gguf_error_t error = {{0}};
    uint8_t *cut = malloc(size + 1); /* malloc(0) may be NULL */

    assert_non_null(cut);
    memcpy(cut + 1, file, size);
    const mr_status_t status = load(cut + 1, size, &error);
    if (status != MR_FORMAT) {
        fail_msg("cut to %zu bytes: status %d, \"%s\"", size, (int)status, error.text);
    }
    mr_check_message(&error, "bad.gguf: ");
    free(cut);
}

static void test_truncated__at_every_byte_of_the_header(void **state) {
    (void)state;
    size_t size = 0;
    size_t header = 0;
    mr_gguf_error_t error = {{0}};
    uint8_t *file = build(1, &size, &header);

    assert_int_equal(load(file, size, &error), MR_OK);
    for (size_t i = 0; i <= header; i++) {
        check_cut(file, i);
    }
    free(file);
}

static void test_truncated__in_the_data(void **state) {
    (void)state;
    size_t size = 0;
    size_t header = 0;
    uint64_t seed = 2;
    uint8_t *file = build(1, &size, &header);

    for (unsigned i = 0; i < N_DATA_CUTS; i++) {
        check_cut(file, header + mr_builder_random(&seed) % (size - header));
    }
    check_cut(file, size - 1);
    free(file);
}

/* Changes a few bytes: to any value, to 0xFF (which makes lengths and counts huge) or to 0. */
static void mutate(uint8_t *file, size_t n, uint64_t *seed) {
    const uint64_t changes = 1 + mr_builder_random(seed) % 4;

    for (uint64_t i = 0; i < changes; i++) {
        const uint64_t r = mr_builder_random(seed);
        const uint8_t values[4] = {(uint8_t)(r >> 8), 0xFF, 0x00, (uint8_t)(1u << (r >> 16 & 7))};
        file[mr_builder_random(seed) % n] = values[r & 3];
    }
}

static void test_mutated__header(void **state) {
    (void)state;
    size_t size = 0;
    size_t header = 0;
    unsigned refused = 0;
    uint64_t seed = 3;
    uint8_t *file = build(1, &size, &header);
    uint8_t *copy = malloc(size);

    assert_non_null(copy);
    for (unsigned i = 0; i < N_MUTATIONS; i++) {
        mr_gguf_error_t error = {{0}};
        memcpy(copy, file, size);
        /* Half of the changes among the metadata's beginning and the tensor descriptions, where one
         * byte matters most. */
        if (i % 2 == 0) {
            mutate(copy, header, &seed);
        } else {
            mutate(copy + header - 1000, 1000, &seed);
        }
        if (load(copy, size, &error) != MR_OK) {
            mr_check_message(&error, "bad.gguf: ");
            refused++;
        }
    }
    assert_true(refused > N_MUTATIONS / 4);
    free(copy);
    free(file);
}

static void test_mutated__data(void **state) {
    (void)state;
    size_t size = 0;
    size_t header = 0;
    unsigned accepted = 0;
    uint64_t seed = 4;
    uint8_t *file = build(1, &size, &header);
    uint8_t *copy = malloc(size);

    assert_non_null(copy);
    for (unsigned i = 0; i < N_MUTATIONS / 10; i++) {
        mr_gguf_error_t error = {{0}};
        memcpy(copy, file, size);
        mutate(copy + header, size - header, &seed);
        if (load(copy, size, &error) == MR_OK) {
            accepted++;
        } else {
            mr_check_message(&error, "infinity or NaN");
        }
    }
    assert_true(accepted > N_MUTATIONS / 20);
    free(copy);
    free(file);
}

/* Many tensors with one claim each: the sum of their sizes is checked, not only each one. */
static void test_tensors__cannot_share_data(void **state) {
    (void)state;
    const uint64_t dims[2] = {1024, 64};
    mr_builder_t b;
    size_t size = 0;
    uint8_t *data = calloc(1, 1024 * 64 * 4);

    assert_non_null(data);
    mr_builder_init(&b);
    mr_builder_tensor(&b, "first", MR_GGUF_TYPE_F32, 2, dims, data, 1024 * 64 * 4);
    mr_builder_put_string(&b.infos, "second");
    mr_builder_put_u32(&b.infos, 2);
    mr_builder_put_u64(&b.infos, dims[0]);
    mr_builder_put_u64(&b.infos, dims[1]);
    mr_builder_put_u32(&b.infos, MR_GGUF_TYPE_F32);
    mr_builder_put_u64(&b.infos, 0); /* the first one's data */
    b.n_tensors++;
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    mr_check_refused(file, size, MR_FORMAT, "tensor 'second' has offset 0");
    free(file);
    free(data);
}

/* Tiny dimensions, padded to 32 x 32 each, must not make a small file large. */
static void test_padding__is_bounded_by_the_file(void **state) {
    (void)state;
    mr_fixture_t f = mr_fixture_default();
    mr_gguf_error_t error = {{0}};
    size_t size = 0;

    f.type = MR_GGUF_TYPE_F16;
    f.down_type = MR_GGUF_TYPE_F16;
    f.d = 1;
    f.n_heads = 512;
    f.n_kv_heads = 512;
    f.head_dim = 2;
    f.n_ff = 1;
    f.n_layers = 20;
    uint8_t *file = mr_fixture_file(&f, &size, NULL);
    mr_gguf_t *gguf = mr_check_opens(file, size);
    mr_llama_model_t *model = NULL;
    assert_int_equal(mr_llama_model_open(gguf, &model, &error), MR_RANGE);
    mr_check_message(&error, "over 64 times the file");
    mr_gguf_close(gguf);
    free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated__at_every_byte_of_the_header),
        cmocka_unit_test(test_truncated__in_the_data),
        cmocka_unit_test(test_mutated__header),
        cmocka_unit_test(test_mutated__data),
        cmocka_unit_test(test_tensors__cannot_share_data),
        cmocka_unit_test(test_padding__is_bounded_by_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
