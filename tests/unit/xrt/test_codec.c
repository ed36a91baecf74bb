/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of XRT's hw_emu protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mr_test_random.h"
#include "xrt_codec.h"

/* Decodes from a block of just that size, so that a sanitizer sees any byte behind it. */
static bool decode(uint32_t api, const uint8_t *bytes, size_t n, mr_xrt_call_t *call) {
    static uint8_t *copy;
    free(copy);
    copy = malloc(n + 1u);
    assert_non_null(copy);
    uint8_t *exact = copy + 1; /* ends where the block does */
    if (n > 0) {
        memcpy(exact, bytes, n);
    }
    const bool sound = mr_xrt_decode_call(api, exact, n, call);
    if (sound && call->data != NULL) {
        assert_true(call->data >= exact && call->data_bytes <= n);
        assert_true(call->data + call->data_bytes <= exact + n);
    }
    return sound;
}

static void test_header__size_and_call(void **state) {
    (void)state;
    uint8_t header[MR_XRT_CALL_HEADER] = {9, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 0x15, 11, 0, 0, 0};
    uint32_t api;
    size_t n;
    assert_true(mr_xrt_decode_header(header, &api, &n));
    assert_int_equal(api, MR_XRT_REG_READ);
    assert_int_equal(n, 0x1234);
    header[4] = 0x10; /* 256 MiB */
    assert_false(mr_xrt_decode_header(header, &api, &n));
    header[4] = 0;
    header[0] = 8;
    assert_false(mr_xrt_decode_header(header, &api, &n));
    header[0] = 9;
    header[9] = 0x14;
    assert_false(mr_xrt_decode_header(header, &api, &n));
}

static void test_header__of_the_simulator(void **state) {
    (void)state;
    static const uint8_t expected[MR_XRT_CALL_HEADER] = {9, 0, 0,    0, 0, 0, 0,
                                                         0, 0, 0x15, 1, 0, 0, 0};
    uint8_t header[MR_XRT_CALL_HEADER];
    mr_xrt_encode_header(MR_XRT_CLOSE, header);
    assert_memory_equal(header, expected, sizeof header);
}

/* A register write, as XRT 2.13 sends it: fields 2 to 7, 5 with a message inside. */
static void test_call__register_write(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x10, 0xD0, 0x80, 0x80, 0x0C, 0x18, 4,   0x22, 4, 0x78, 0x56,
                                    0x34, 0x12, 0x2A, 3,    0x0A, 1,    'k', 0x30, 0, 0x38, 1};
    mr_xrt_call_t call;
    assert_true(decode(MR_XRT_REG_WRITE, bytes, sizeof bytes, &call));
    assert_int_equal(call.addr, 0x1800050);
    assert_int_equal(call.size, 4);
    assert_int_equal(call.data_bytes, 4);
    assert_memory_equal(call.data, "\x78\x56\x34\x12", 4);
}

static void test_call__memory_write_with_offset(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x12, 1,    'h',  0x18, 0x80, 0x80, 0x01, 0x22, 2,
                                    0xAA, 0xBB, 0x28, 2,    0x30, 0x80, 0x20, 0x38, 0};
    mr_xrt_call_t call;
    assert_true(decode(MR_XRT_MEM_WRITE, bytes, sizeof bytes, &call));
    assert_int_equal(call.addr, 0x4000);
    assert_int_equal(call.size, 2);
    assert_int_equal(call.offset, 0x1000);
    assert_memory_equal(call.data, "\xAA\xBB", 2);
}

/* Numbers may come as varints of any length, or fixed. */
static void test_call__widest_numbers(void **state) {
    (void)state;
    static const uint8_t varint[] = {0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1};
    static const uint8_t fixed[] = {0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 9, 0, 0, 0x80};
    mr_xrt_call_t call;
    assert_true(decode(MR_XRT_ALLOC, varint, sizeof varint, &call));
    assert_true(call.addr == UINT64_MAX);
    assert_true(decode(MR_XRT_ALLOC, fixed, sizeof fixed, &call));
    assert_true(call.addr == UINT64_C(0x0807060504030201));
    assert_int_equal(call.size, 0x80000009);
}

static void test_call__malformed(void **state) {
    (void)state;
    static const uint8_t endless[] = {0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1};
    static const uint8_t cut_varint[] = {0x08, 0x80};
    static const uint8_t cut_bytes[] = {0x22, 5, 1, 2};
    static const uint8_t huge[] = {0x22, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1};
    static const uint8_t group[] = {0x0B, 0x0C};
    static const uint8_t field_0[] = {0x00, 0};
    static const uint8_t cut_fixed[] = {0x09, 1, 2};
    mr_xrt_call_t call;
    assert_false(decode(MR_XRT_ALLOC, endless, sizeof endless, &call));
    assert_false(decode(MR_XRT_ALLOC, cut_varint, sizeof cut_varint, &call));
    assert_false(decode(MR_XRT_REG_WRITE, cut_bytes, sizeof cut_bytes, &call));
    assert_false(decode(MR_XRT_REG_WRITE, huge, sizeof huge, &call));
    assert_false(decode(MR_XRT_ALLOC, group, sizeof group, &call));
    assert_false(decode(MR_XRT_ALLOC, field_0, sizeof field_0, &call));
    assert_false(decode(MR_XRT_ALLOC, cut_fixed, sizeof cut_fixed, &call));
    assert_true(decode(MR_XRT_ALLOC, NULL, 0, &call));
    assert_true(decode(77, cut_fixed, 0, &call));
}

static void test_answer__read_data(void **state) {
    (void)state;
    static const uint8_t data[200] = {1, 2, 3};
    uint8_t out[sizeof data + MR_XRT_ANSWER_EXTRA];
    const mr_xrt_answer_t answer = {200, data, sizeof data};
    const size_t n = mr_xrt_encode_answer(MR_XRT_MEM_READ, &answer, out);
    static const uint8_t head[] = {9, 206, 0, 0, 0, 0, 0, 0, 0, 0x08, 0xC8, 1, 0x12, 0xC8, 1, 1, 2};
    assert_int_equal(n, MR_XRT_ANSWER_HEADER + 206);
    assert_memory_equal(out, head, sizeof head);
}

static void test_answer__without_data(void **state) {
    (void)state;
    uint8_t out[MR_XRT_ANSWER_EXTRA];
    const mr_xrt_answer_t one = {1, NULL, 0};
    const mr_xrt_answer_t widest = {UINT64_MAX, NULL, 0};
    assert_int_equal(mr_xrt_encode_answer(MR_XRT_ALLOC, &one, out), MR_XRT_ANSWER_HEADER + 2);
    assert_int_equal(out[MR_XRT_ANSWER_HEADER], 0x08);
    assert_int_equal(out[MR_XRT_ANSWER_HEADER + 1], 1);
    assert_int_equal(mr_xrt_encode_answer(MR_XRT_MESSAGES, &one, out), MR_XRT_ANSWER_HEADER);
    assert_int_equal(out[1], 0);
    assert_int_equal(mr_xrt_encode_answer(MR_XRT_TIMESTAMP, &widest, out),
                     MR_XRT_ANSWER_HEADER + 11);
}

/* Random bytes, and messages with a few bytes changed or cut: nothing is read outside. */
static void test_call__any_bytes(void **state) {
    (void)state;
    static const uint8_t seed_message[] = {0x12, 1,    'h', 0x18, 0x80, 0x80, 0x01, 0x22,
                                           8,    1,    2,   3,    4,    5,    6,    7,
                                           8,    0x28, 8,   0x30, 0x80, 0x20, 0x38, 0};
    static const uint32_t apis[] = {1, 4, 5, 6, 7, 8, 9, 10, 11, 17, 19, 20, 99};
    mr_test_random_t random = {7};
    uint32_t sound = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        uint8_t bytes[64];
        size_t n = mr_test_u32(&random) % sizeof bytes;
        for (size_t b = 0; b < sizeof bytes; b++) {
            bytes[b] = (uint8_t)mr_test_u32(&random);
        }
        if (i % 2 == 0) {
            n = sizeof seed_message;
            memcpy(bytes, seed_message, n);
            for (uint32_t change = mr_test_u32(&random) % 4u; change > 0; change--) {
                bytes[mr_test_u32(&random) % n] = (uint8_t)mr_test_u32(&random);
            }
            n -= mr_test_u32(&random) % 3u;
        }
        mr_xrt_call_t call;
        const uint32_t api = apis[mr_test_u32(&random) % (sizeof apis / sizeof apis[0])];
        sound += decode(api, bytes, n, &call) ? 1u : 0u;
    }
    /* Both outcomes are common. */
    assert_in_range(sound, 20000, 180000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header__size_and_call),
        cmocka_unit_test(test_header__of_the_simulator),
        cmocka_unit_test(test_call__register_write),
        cmocka_unit_test(test_call__memory_write_with_offset),
        cmocka_unit_test(test_call__widest_numbers),
        cmocka_unit_test(test_call__malformed),
        cmocka_unit_test(test_answer__read_data),
        cmocka_unit_test(test_answer__without_data),
        cmocka_unit_test(test_call__any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
