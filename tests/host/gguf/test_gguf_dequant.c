/* SPDX-License-Identifier: Apache-2.0 */
/* Every dequantiser against a plain element-by-element reading of the format in float64, which is
 * exact, so that rounding it once to float32 must give the same bits. */
#include <math.h>

#include "gguf_test.h"

#define ROWS 40u
#define COLS 512u

static unsigned bit(const uint8_t *p, unsigned i) {
    return (unsigned)p[i / 8] >> (i % 8) & 1u;
}

/* An IEEE half by its definition. */
static double half(const uint8_t *p) {
    const unsigned bits = p[0] + 256u * p[1];
    const double sign = bits >= 0x8000u ? -1.0 : 1.0;
    const int exponent = (int)(bits >> 10 & 31u);
    const double mantissa = (double)(bits & 1023u);

    return exponent == 0 ? sign * ldexp(mantissa, -24)
                         : sign * ldexp(1024.0 + mantissa, exponent - 25);
}

static double element_q4q5(uint32_t type, const uint8_t *block, unsigned i) {
    const bool has_min = type == MR_GGUF_TYPE_Q4_1 || type == MR_GGUF_TYPE_Q5_1;
    const bool has_fifth = type == MR_GGUF_TYPE_Q5_0 || type == MR_GGUF_TYPE_Q5_1;
    const uint8_t *p = block + (has_min ? 4 : 2);
    unsigned n = 0;

    if (has_fifth) {
        n = 16 * bit(p, i);
        p += 4;
    }
    n += i < 16 ? p[i] % 16u : p[i - 16] / 16u;
    if (has_min) {
        return half(block) * n + half(block + 2);
    }
    return half(block) * ((double)n - (has_fifth ? 16.0 : 8.0));
}

static double element_k45(uint32_t type, const uint8_t *block, unsigned i) {
    const uint8_t *s = block + 4;
    const uint8_t *q = block + (type == MR_GGUF_TYPE_Q5_K ? 48 : 16);
    const unsigned j = i / 32;
    const unsigned l = i % 32;
    const unsigned scale = j < 4 ? s[j] % 64u : s[j + 4] % 16u + 16u * (s[j - 4] / 64u);
    const unsigned minimum = j < 4 ? s[j + 4] % 64u : s[j + 4] / 16u + 16u * (s[j] / 64u);
    const uint8_t packed = q[32 * (j / 2) + l];
    unsigned n = j % 2 == 0 ? packed % 16u : packed / 16u;

    if (type == MR_GGUF_TYPE_Q5_K) {
        n += 16 * bit(block + 16 + l, j);
    }
    return half(block) * scale * n - half(block + 2) * minimum;
}

static double element_q6k(const uint8_t *block, unsigned i) {
    const unsigned h = i / 128;
    const unsigned quarter = i % 128 / 32;
    const unsigned l = i % 32;
    const uint8_t low = block[64 * h + l + (quarter % 2 == 1 ? 32 : 0)];
    const unsigned n = (quarter < 2 ? low % 16u : low / 16u) +
                       16 * bit(&block[128 + 32 * h + l], 2 * quarter) +
                       32 * bit(&block[128 + 32 * h + l], 2 * quarter + 1);
    const int scale = (int8_t)block[192 + 8 * h + l / 16 + 2 * quarter];

    return half(block + 208) * scale * ((double)n - 32.0);
}

static double element(uint32_t type, const uint8_t *block, unsigned i) {
    uint8_t word[4] = {0};
    float value = 0.0f;

    switch (type) {
    case MR_GGUF_TYPE_F16:
        return half(block);
    case MR_GGUF_TYPE_Q8_0:
        return half(block) * (int8_t)block[2 + i];
    case MR_GGUF_TYPE_Q4_K:
    case MR_GGUF_TYPE_Q5_K:
        return element_k45(type, block, i);
    case MR_GGUF_TYPE_Q6_K:
        return element_q6k(block, i);
    case MR_GGUF_TYPE_F32:
        memcpy(&value, block, 4);
        return (double)value;
    case MR_GGUF_TYPE_BF16:
        memcpy(word + 2, block, 2);
        memcpy(&value, word, 4);
        return (double)value;
    default:
        return element_q4q5(type, block, i);
    }
}

static const uint32_t types[] = {
    MR_GGUF_TYPE_F32,  MR_GGUF_TYPE_F16,  MR_GGUF_TYPE_BF16, MR_GGUF_TYPE_Q8_0,
    MR_GGUF_TYPE_Q4_0, MR_GGUF_TYPE_Q4_1, MR_GGUF_TYPE_Q5_0, MR_GGUF_TYPE_Q5_1,
    MR_GGUF_TYPE_Q4_K, MR_GGUF_TYPE_Q5_K, MR_GGUF_TYPE_Q6_K,
};

/* A file with one tensor of random blocks. */
static mr_gguf_t *open_random(uint32_t type, uint64_t seed, uint8_t **file) {
    const uint64_t dims[2] = {COLS, ROWS};
    size_t bytes = 0;
    size_t size = 0;
    mr_builder_t b;
    uint8_t *data = mr_builder_random_blocks(type, COLS * ROWS, &seed, &bytes);

    mr_builder_init(&b);
    mr_builder_tensor(&b, "t", type, 2, dims, data, bytes);
    *file = mr_builder_finish(&b, &size, NULL);
    free(data);
    return mr_check_opens(*file, size);
}

static void test_rows_f32__exact_for_every_type(void **state) {
    (void)state;
    float *out = malloc(COLS * ROWS * sizeof(*out));

    assert_non_null(out);
    for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
        const unsigned elems = mr_gguf_block_elems(types[k]);
        uint8_t *file = NULL;
        mr_gguf_t *gguf = open_random(types[k], 100 + k, &file);
        const mr_gguf_tensor_t *tensor = mr_gguf_find_tensor(gguf, "t");
        assert_int_equal(mr_gguf_tensor_rows_f32(tensor, 0, ROWS, out), MR_OK);
        for (unsigned i = 0; i < COLS * ROWS; i++) {
            const uint8_t *block = tensor->data + i / elems * mr_gguf_block_bytes(types[k]);
            const float expected = (float)element(types[k], block, i % elems);
            if (!(out[i] <= expected && out[i] >= expected)) {
                fail_msg("%s element %u is %.9g instead of %.9g", mr_gguf_type_name(types[k]), i,
                         (double)out[i], (double)expected);
            }
        }
        /* Rows in the middle are found at their place. */
        float row[COLS];
        assert_int_equal(mr_gguf_tensor_rows_f32(tensor, 17, 1, row), MR_OK);
        assert_memory_equal(row, out + 17 * COLS, sizeof(row));
        mr_gguf_close(gguf);
        free(file);
    }
    free(out);
}

/* Sets each 16-bit word of the tensor's last block to an infinity in turn: exactly those that are
 * scales (or part of a float element) are noticed. */
static unsigned count_noticed(uint32_t type) {
    const unsigned block = mr_gguf_block_bytes(type);
    uint8_t *file = NULL;
    mr_gguf_t *gguf = open_random(type, 9, &file);
    const mr_gguf_tensor_t *tensor = mr_gguf_find_tensor(gguf, "t");
    uint8_t *last = file + (tensor->data - file) + (tensor->size_bytes - block);
    uint64_t row = UINT64_MAX;
    unsigned noticed = 0;

    assert_int_equal(mr_gguf_tensor_check_finite(tensor, &row), MR_OK);
    assert_true(row == UINT64_MAX);
    for (unsigned i = 0; i + 1 < block; i += 2) {
        const uint8_t saved[2] = {last[i], last[i + 1]};
        last[i] = 0x80;
        last[i + 1] = type == MR_GGUF_TYPE_F32 || type == MR_GGUF_TYPE_BF16 ? 0x7F : 0x7C;
        if (mr_gguf_tensor_check_finite(tensor, &row) != MR_OK) {
            assert_int_equal(row, ROWS - 1);
            noticed++;
        }
        last[i] = saved[0];
        last[i + 1] = saved[1];
    }
    mr_gguf_close(gguf);
    free(file);
    return noticed;
}

static void test_check_finite__each_scale(void **state) {
    (void)state;
    assert_int_equal(count_noticed(MR_GGUF_TYPE_F32), 1);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_F16), 1);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_BF16), 1);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q8_0), 1);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q4_0), 1);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q4_1), 2);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q5_0), 1);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q5_1), 2);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q4_K), 2);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q5_K), 2);
    assert_int_equal(count_noticed(MR_GGUF_TYPE_Q6_K), 1);
}

static void test_half__all_values_and_their_midpoints(void **state) {
    (void)state;
    for (unsigned bits = 0; bits < 0x7C00u; bits++) {
        const uint8_t here[2] = {(uint8_t)bits, (uint8_t)(bits >> 8)};
        const uint8_t above[2] = {(uint8_t)(bits + 1), (uint8_t)((bits + 1) >> 8)};
        const double low = half(here);
        const double high = half(above); /* 65536 above the largest, as IEEE rounding has it */
        const float middle = (float)((low + high) / 2.0);
        const unsigned even = bits % 2 == 0 ? bits : bits + 1;

        assert_true((double)mr_gguf_half_to_float((uint16_t)bits) <= low);
        assert_true((double)mr_gguf_half_to_float((uint16_t)bits) >= low);
        assert_int_equal(mr_gguf_float_to_half((float)low), bits);
        assert_int_equal(mr_gguf_float_to_half(-(float)low), bits | 0x8000u);
        assert_int_equal(mr_gguf_float_to_half(middle), even);
        assert_int_equal(mr_gguf_float_to_half(nextafterf(middle, 0.0f)), bits);
        assert_int_equal(mr_gguf_float_to_half(nextafterf(middle, 1e9f)), bits + 1);
    }
    assert_int_equal(mr_gguf_float_to_half(INFINITY), 0x7C00);
    assert_int_equal(mr_gguf_float_to_half(3e38f), 0x7C00);
    assert_true(isnan(mr_gguf_half_to_float(mr_gguf_float_to_half(NAN))));
    assert_true(isinf(mr_gguf_half_to_float(0xFC00)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_f32__exact_for_every_type),
        cmocka_unit_test(test_check_finite__each_scale),
        cmocka_unit_test(test_half__all_values_and_their_midpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
