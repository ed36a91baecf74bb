/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an image: every guard, one broken thing at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

static fixture_image_t image;
static mr_image_t opened;

static int setup(void **state) {
    (void)state;
    mr_place_formats_t formats;
    const mr_model_shape_t shape = fixture_shape();
    fixture_formats(&formats, MR_IMAGE_Q8_0);
    fixture_image_build(&image, &shape, &formats, 1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_image_free(&image);
    return 0;
}

/* Status of opening the image with one word changed and the CRC made right again. */
static mr_status_t with_word(size_t byte, uint32_t value) {
    const uint32_t crc = fixture_get(&image, 8);
    const uint32_t old = fixture_get(&image, byte);
    fixture_set(&image, byte, value);
    if (byte != 72) {
        fixture_seal(&image);
    }
    const mr_status_t status = mr_image_open(&opened, &image.source);
    fixture_set(&image, byte, old);
    fixture_set(&image, 8, crc);
    return status;
}

static void test_crc32__known_answer(void **state) {
    (void)state;
    assert_int_equal(mr_crc32(0, "123456789", 9), 0xCBF43926u);
    assert_int_equal(mr_crc32(mr_crc32(0, "1234", 4), "56789", 5), 0xCBF43926u);
    assert_int_equal(mr_crc32(0, "", 0), 0);
}

static void test_open__good(void **state) {
    (void)state;
    const mr_model_shape_t want = fixture_shape();
    assert_int_equal(mr_image_open(&opened, &image.source), MR_OK);
    assert_memory_equal(&opened.shape, &want, offsetof(mr_model_shape_t, tied));
    assert_true(opened.shape.tied);
}

static void test_open__magic_and_version(void **state) {
    (void)state;
    assert_int_equal(with_word(0, MR_IMAGE_MAGIC ^ 1u), MR_FORMAT);
    assert_int_equal(with_word(4, MR_IMAGE_VERSION + 1u), MR_FORMAT);
}

/* Any flipped bit of header or table is noticed: by a check of its field or by the CRC. */
static void test_open__every_bit_counts(void **state) {
    (void)state;
    const size_t table =
        (MR_IMAGE_HEADER_WORDS + (size_t)mr_image_tensor_count(2) * MR_IMAGE_ENTRY_WORDS) * 4u;
    for (size_t bit = 0; bit < table * 8u; bit++) {
        image.bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        const mr_status_t status = mr_image_open(&opened, &image.source);
        image.bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_true(status == MR_FORMAT || status == MR_CRC || status == MR_RANGE);
    }
    image.bytes[60] ^= 1u; /* inv_n: any value is legal, so only the CRC can tell */
    assert_int_equal(mr_image_open(&opened, &image.source), MR_CRC);
    image.bytes[60] ^= 1u;
}

static void test_open__shape_limits(void **state) {
    (void)state;
    static const struct {
        size_t byte;
        uint32_t value;
    } bad[] = {{12, 0},   {12, 257}, {16, 0},  {16, 33},     {16, 16416}, {20, 0},     {20, 65},
               {24, 0},   {24, 513}, {28, 0},  {28, 3},      {28, 256},   {32, 0},     {32, 48},
               {32, 544}, {36, 0},   {36, 33}, {40, 0},      {40, 100},   {40, 16416}, {44, 0},
               {44, 65},  {48, 0},   {48, 65}, {48, 262176}, {52, 0},     {52, 131073}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(with_word(bad[i].byte, bad[i].value), MR_RANGE);
    }
}

static void test_shape__extremes(void **state) {
    (void)state;
    mr_model_shape_t s = {.n_layers = 256,
                          .d = 16384,
                          .d_real = 16384,
                          .n_heads = 32,
                          .n_kv = 32,
                          .hd = 512,
                          .hd_real = 512,
                          .n_ff = 16384,
                          .vocab = 262144,
                          .vocab_pad = 262144,
                          .context = 131072};
    assert_int_equal(mr_model_shape_check(&s), MR_OK);
    s.n_kv = 2;
    assert_int_equal(mr_model_shape_check(&s), MR_OK); /* 16 query heads a KV head */
    s.n_kv = 1;
    assert_int_equal(mr_model_shape_check(&s), MR_RANGE);
    s.n_kv = 5;
    assert_int_equal(mr_model_shape_check(&s), MR_RANGE);
    s.hd = 32;
    s.hd_real = 1;
    s.n_heads = 255;
    s.n_kv = 255;
    assert_int_equal(mr_model_shape_check(&s), MR_OK);
    s.n_heads = 256;
    s.n_kv = 256;
    assert_int_equal(mr_model_shape_check(&s), MR_RANGE);
    s.n_heads = 2;
    s.n_kv = 4;
    assert_int_equal(mr_model_shape_check(&s), MR_RANGE);
}

static void test_open__tensor_count(void **state) {
    (void)state;
    assert_int_equal(with_word(72, mr_image_tensor_count(2) + 1u), MR_FORMAT);
}

static void test_open__entries_must_match_the_shape(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    for (uint32_t kind = 0; kind < MR_IMAGE_KINDS; kind++) {
        const size_t e = fixture_entry(&s, (mr_image_kind_t)kind, kind == MR_IMAGE_WO ? 1 : 0);
        assert_int_equal(with_word(e, 4), MR_FORMAT); /* no such format */
        const uint32_t format = fixture_get(&image, e);
        assert_int_equal(with_word(e, format == MR_IMAGE_F32 ? MR_IMAGE_U32 : MR_IMAGE_F32),
                         MR_FORMAT);
        for (size_t word = 1; word <= 2; word++) {
            const uint32_t v = fixture_get(&image, e + 4 * word);
            assert_int_equal(with_word(e + 4 * word, v + 32u), MR_FORMAT);
        }
        const uint32_t length = fixture_get(&image, e + 24);
        assert_int_equal(with_word(e + 24, length - 2u), MR_FORMAT);
        assert_int_equal(with_word(e + 28, 1), MR_FORMAT);
        assert_int_equal(with_word(e + 16, (uint32_t)image.size), MR_FORMAT); /* beyond the end */
        assert_int_equal(with_word(e + 20, 0xFFFFFFFFu), MR_FORMAT);
    }
}

static void test_open__offset_alignment(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    const size_t e = fixture_entry(&s, MR_IMAGE_WQ, 0);
    assert_int_equal(with_word(e + 16, fixture_get(&image, e + 16) + 32u), MR_FORMAT);
}

/* The head of a tied model is the embedding on the tile, so nothing else may be asked for. */
static void test_open__tied_head_is_the_embedding(void **state) {
    (void)state;
    const mr_model_shape_t s = fixture_shape();
    const size_t head = fixture_entry(&s, MR_IMAGE_HEAD, 0);
    const size_t other = fixture_entry(&s, MR_IMAGE_WQ, 0);
    assert_int_equal(with_word(head + 16, fixture_get(&image, other + 16)), MR_FORMAT);
    assert_int_equal(with_word(head + 12, fixture_get(&image, other + 12)), MR_FORMAT);
}

static void test_open__tied_is_zero_or_one(void **state) {
    (void)state;
    assert_int_equal(with_word(68, 2), MR_FORMAT);
    assert_int_equal(with_word(68, 0), MR_OK);
}

static void test_open__truncated(void **state) {
    (void)state;
    const uint64_t table =
        (MR_IMAGE_HEADER_WORDS + (uint64_t)mr_image_tensor_count(2) * MR_IMAGE_ENTRY_WORDS) * 4u;
    const uint64_t sizes[] = {0, 127, 128, table - 1u, table, image.size - 64u};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mr_image_source_t source = image.source;
        source.bytes = sizes[i];
        assert_int_equal(mr_image_open(&opened, &source), MR_FORMAT);
    }
}

static void test_open__short_reads(void **state) {
    (void)state;
    const uint32_t reads = 1u + mr_image_tensor_count(2);
    for (uint32_t i = 0; i < reads; i++) {
        image.reads = 0;
        image.fail_at = i;
        assert_int_equal(mr_image_open(&opened, &image.source), MR_IO);
    }
    image.reads = 0;
    image.fail_at = reads;
    assert_int_equal(mr_image_open(&opened, &image.source), MR_OK);
    mr_image_tensor_t t;
    assert_int_equal(mr_image_tensor(&opened, MR_IMAGE_WQ, 0, &t), MR_IO);
    image.fail_at = UINT32_MAX;
}

static void test_tensor__lookup(void **state) {
    (void)state;
    mr_image_tensor_t t;
    assert_int_equal(mr_image_open(&opened, &image.source), MR_OK);
    assert_int_equal(mr_image_tensor(&opened, MR_IMAGE_DOWN, 1, &t), MR_OK);
    assert_int_equal(t.rows, 64);
    assert_int_equal(t.cols, 96);
    assert_int_equal(t.bytes, 64 * 3 * 34);
    assert_int_equal(t.crc, mr_crc32(0, image.bytes + t.offset, (size_t)t.bytes));
    assert_int_equal(mr_image_tensor(&opened, MR_IMAGE_ROPE_F, 99, &t), MR_OK);
    assert_int_equal(t.cols, 16);
    assert_int_equal(mr_image_tensor(&opened, MR_IMAGE_DOWN, 2, &t), MR_RANGE);
    assert_int_equal(mr_image_tensor(&opened, MR_IMAGE_KINDS, 0, &t), MR_RANGE);
}

static void test_format_bytes(void **state) {
    (void)state;
    assert_true(mr_image_format_bytes(MR_IMAGE_Q8_0, 262144, 16384) == UINT64_C(4563402752));
    assert_true(mr_image_format_bytes(MR_IMAGE_Q4_0, 2, 64) == 72);
    assert_true(mr_image_format_bytes(MR_IMAGE_F32, 3, 5) == 60);
    assert_true(mr_image_format_bytes(MR_IMAGE_Q8_0, 1, 33) == 0);
    assert_true(mr_image_format_bytes(MR_IMAGE_Q4_0, 1, 48) == 0);
    assert_true(mr_image_format_bytes((mr_image_format_t)9, 1, 32) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32__known_answer),
        cmocka_unit_test(test_open__good),
        cmocka_unit_test(test_open__magic_and_version),
        cmocka_unit_test(test_open__every_bit_counts),
        cmocka_unit_test(test_open__shape_limits),
        cmocka_unit_test(test_shape__extremes),
        cmocka_unit_test(test_open__tensor_count),
        cmocka_unit_test(test_open__entries_must_match_the_shape),
        cmocka_unit_test(test_open__offset_alignment),
        cmocka_unit_test(test_open__tied_head_is_the_embedding),
        cmocka_unit_test(test_open__tied_is_zero_or_one),
        cmocka_unit_test(test_open__truncated),
        cmocka_unit_test(test_open__short_reads),
        cmocka_unit_test(test_tensor__lookup),
        cmocka_unit_test(test_format_bytes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
