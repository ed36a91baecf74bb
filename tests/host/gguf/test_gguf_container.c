/* SPDX-License-Identifier: Apache-2.0 */
/* The GGUF container: typed metadata, tensor lookup, files on disk, and the refusal of each defect.
 */
#define _POSIX_C_SOURCE 200809L

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gguf_test.h"

#define MANY_KEYS (1u << 18)

static void put_u8(mr_builder_t *b, uint8_t value) {
    mr_builder_put(&b->kv, &value, 1);
}

static void put_u16(mr_builder_t *b, uint16_t value) {
    put_u8(b, (uint8_t)value);
    put_u8(b, (uint8_t)(value >> 8));
}

static void check_u64(const mr_gguf_t *gguf, const char *key, mr_status_t status,
                      uint64_t expected) {
    uint64_t value = 77;

    assert_int_equal(mr_gguf_get_u64(gguf, key, &value), status);
    assert_true(value == (status == MR_OK ? expected : 77));
}

static void test_get_u64__every_integer_type(void **state) {
    (void)state;
    mr_builder_t b;
    size_t size = 0;

    mr_builder_init(&b);
    mr_builder_key(&b, "u8", MR_GGUF_VALUE_U8);
    put_u8(&b, 200);
    mr_builder_key(&b, "i8", MR_GGUF_VALUE_I8);
    put_u8(&b, 0xFF);
    mr_builder_key(&b, "u16", MR_GGUF_VALUE_U16);
    put_u16(&b, 0xFEDC);
    mr_builder_key(&b, "i16", MR_GGUF_VALUE_I16);
    put_u16(&b, 0x7EDC);
    mr_builder_u32(&b, "u32", 0xFEDCBA98u);
    mr_builder_key(&b, "i32", MR_GGUF_VALUE_I32);
    mr_builder_put_u32(&b.kv, 0x80000000u);
    mr_builder_key(&b, "u64", MR_GGUF_VALUE_U64);
    mr_builder_put_u64(&b.kv, UINT64_MAX);
    mr_builder_key(&b, "i64", MR_GGUF_VALUE_I64);
    mr_builder_put_u64(&b.kv, 5);
    mr_builder_string(&b, "string", "5");
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    mr_gguf_t *gguf = mr_check_opens(file, size);

    check_u64(gguf, "u8", MR_OK, 200);
    check_u64(gguf, "i8", MR_RANGE, 0);
    check_u64(gguf, "u16", MR_OK, 0xFEDC);
    check_u64(gguf, "i16", MR_OK, 0x7EDC);
    check_u64(gguf, "u32", MR_OK, 0xFEDCBA98u);
    check_u64(gguf, "i32", MR_RANGE, 0);
    check_u64(gguf, "u64", MR_OK, UINT64_MAX);
    check_u64(gguf, "i64", MR_OK, 5);
    check_u64(gguf, "string", MR_FORMAT, 0);
    check_u64(gguf, "none", MR_NOT_FOUND, 0);
    assert_int_equal(mr_gguf_entry_count(gguf), 9);
    assert_int_equal(mr_gguf_entry(gguf, 8).type, MR_GGUF_VALUE_STRING);
    assert_memory_equal(mr_gguf_entry(gguf, 8).key.text, "string", 6);
    mr_gguf_close(gguf);
    free(file);
}

static void test_get__other_types(void **state) {
    (void)state;
    mr_builder_t b;
    size_t size = 0;
    double real = 0.0;
    bool flag = false;
    mr_gguf_string_t string;
    mr_gguf_array_t array;
    mr_gguf_value_type_t type = MR_GGUF_VALUE_U8;

    mr_builder_init(&b);
    b.version = 2;
    mr_builder_f32(&b, "f32", 0.5f);
    mr_builder_key(&b, "f64", MR_GGUF_VALUE_F64);
    mr_builder_put_u64(&b.kv, 0xC000000000000000u); /* -2.0 */
    mr_builder_bool(&b, "bool", true);
    mr_builder_string(&b, "string", "text");
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    mr_gguf_t *gguf = mr_check_opens(file, size);

    assert_int_equal(mr_gguf_get_f64(gguf, "f32", &real), MR_OK);
    assert_true(real >= 0.5 && real <= 0.5);
    assert_int_equal(mr_gguf_get_f64(gguf, "f64", &real), MR_OK);
    assert_true(real >= -2.0 && real <= -2.0);
    assert_int_equal(mr_gguf_get_f64(gguf, "string", &real), MR_FORMAT);
    assert_int_equal(mr_gguf_get_f64(gguf, "none", &real), MR_NOT_FOUND);
    assert_int_equal(mr_gguf_get_bool(gguf, "bool", &flag), MR_OK);
    assert_true(flag);
    assert_int_equal(mr_gguf_get_bool(gguf, "f32", &flag), MR_FORMAT);
    assert_int_equal(mr_gguf_get_bool(gguf, "none", &flag), MR_NOT_FOUND);
    assert_int_equal(mr_gguf_get_string(gguf, "string", &string), MR_OK);
    assert_int_equal(string.length, 4);
    assert_memory_equal(string.text, "text", 4);
    assert_int_equal(mr_gguf_get_string(gguf, "f32", &string), MR_FORMAT);
    assert_int_equal(mr_gguf_get_string(gguf, "none", &string), MR_NOT_FOUND);
    assert_int_equal(mr_gguf_get_array(gguf, "f32", &array), MR_FORMAT);
    assert_int_equal(mr_gguf_get_array(gguf, "none", &array), MR_NOT_FOUND);
    assert_int_equal(mr_gguf_get_type(gguf, "f64", &type), MR_OK);
    assert_int_equal(type, MR_GGUF_VALUE_F64);
    assert_int_equal(mr_gguf_get_type(gguf, "none", &type), MR_NOT_FOUND);
    mr_gguf_close(gguf);
    free(file);
}

static void test_array__numbers_and_strings(void **state) {
    (void)state;
    mr_builder_t b;
    size_t size = 0;
    uint64_t value = 0;
    double real = 0.0;
    mr_gguf_string_t string;
    mr_gguf_array_t array;

    mr_builder_init(&b);
    mr_builder_array(&b, "ints", MR_GGUF_VALUE_I16, 2);
    put_u16(&b, 3);
    put_u16(&b, 0xFFFE);
    mr_builder_array(&b, "strings", MR_GGUF_VALUE_STRING, 2);
    mr_builder_put_string(&b.kv, "");
    mr_builder_put_string(&b.kv, "two");
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    mr_gguf_t *gguf = mr_check_opens(file, size);

    check_u64(gguf, "ints", MR_FORMAT, 0);
    assert_int_equal(mr_gguf_get_f64(gguf, "ints", &real), MR_FORMAT);
    assert_int_equal(mr_gguf_get_string(gguf, "strings", &string), MR_FORMAT);
    assert_int_equal(mr_gguf_get_array(gguf, "ints", &array), MR_OK);
    assert_int_equal(mr_gguf_array_u64(&array, 0, &value), MR_OK);
    assert_int_equal(value, 3);
    assert_int_equal(mr_gguf_array_u64(&array, 1, &value), MR_RANGE);
    assert_int_equal(mr_gguf_array_u64(&array, 2, &value), MR_RANGE);
    assert_int_equal(mr_gguf_array_f64(&array, 2, &real), MR_RANGE);
    assert_int_equal(mr_gguf_array_f64(&array, 1, &real), MR_OK);
    assert_true(real >= -2.0 && real <= -2.0);
    assert_int_equal(mr_gguf_array_next_string(&array, &string), MR_FORMAT);
    assert_int_equal(mr_gguf_get_array(gguf, "strings", &array), MR_OK);
    assert_int_equal(mr_gguf_array_u64(&array, 0, &value), MR_FORMAT);
    assert_int_equal(mr_gguf_array_f64(&array, 0, &real), MR_FORMAT);
    assert_int_equal(mr_gguf_array_next_string(&array, &string), MR_OK);
    assert_int_equal(string.length, 0);
    assert_int_equal(mr_gguf_array_next_string(&array, &string), MR_OK);
    assert_int_equal(string.length, 3);
    assert_memory_equal(string.text, "two", 3);
    assert_int_equal(mr_gguf_array_next_string(&array, &string), MR_RANGE);
    mr_gguf_close(gguf);
    free(file);
}

static void test_tensor__lookup_and_sizes(void **state) {
    (void)state;
    mr_builder_t b;
    size_t size = 0;
    size_t header = 0;
    const uint64_t dims[3] = {64, 3, 2};
    const uint64_t small[1] = {5};
    uint64_t seed = 3;
    size_t bytes = 0;
    uint8_t *data = mr_builder_random_blocks(MR_GGUF_TYPE_Q8_0, 64 * 6, &seed, &bytes);

    mr_builder_init(&b);
    b.alignment = 128;
    mr_builder_u32(&b, "general.alignment", 128);
    mr_builder_tensor(&b, "z", MR_GGUF_TYPE_Q8_0, 3, dims, data, bytes);
    mr_builder_tensor(&b, "a", MR_GGUF_TYPE_F32, 1, small, data, 20);
    uint8_t *file = mr_builder_finish(&b, &size, &header);
    mr_gguf_t *gguf = mr_check_opens(file, size);

    assert_int_equal(mr_gguf_tensor_count(gguf), 2);
    const mr_gguf_tensor_t *z = mr_gguf_find_tensor(gguf, "z");
    assert_ptr_equal(z, mr_gguf_tensor(gguf, 0));
    assert_int_equal(z->type, MR_GGUF_TYPE_Q8_0);
    assert_int_equal(z->n_dims, 3);
    assert_int_equal(z->dims[2], 2);
    assert_int_equal(z->dims[3], 1);
    assert_int_equal(z->n_rows, 6);
    assert_int_equal(z->row_bytes, 68);
    assert_int_equal(z->size_bytes, bytes);
    assert_ptr_equal(z->data, file + header);
    assert_memory_equal(z->data, data, bytes);
    const mr_gguf_tensor_t *a = mr_gguf_find_tensor(gguf, "a");
    assert_ptr_equal(a->data, file + header + 512);
    assert_null(mr_gguf_find_tensor(gguf, "b"));
    float row[64];
    assert_int_equal(mr_gguf_tensor_rows_f32(z, 6, 1, row), MR_RANGE);
    assert_int_equal(mr_gguf_tensor_rows_f32(z, UINT64_MAX, 2, row), MR_RANGE);
    assert_int_equal(mr_gguf_tensor_rows_f32(z, 5, 1, row), MR_OK);
    mr_gguf_close(gguf);
    free(file);
    free(data);
}

static void test_open__file_on_disk(void **state) {
    (void)state;
    const mr_fixture_t fixture = mr_fixture_default();
    char path[] = "/tmp/mr_gguf_test_XXXXXX";
    mr_gguf_error_t error = {{0}};
    mr_gguf_t *gguf = NULL;
    size_t size = 0;
    uint8_t *file = mr_fixture_file(&fixture, &size, NULL);
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(mr_gguf_open(path, &gguf, &error), MR_FORMAT);
    mr_check_message(&error, "empty");
    assert_int_equal(write(fd, file, size), size);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_gguf_open(path, &gguf, NULL), MR_OK);
    assert_string_equal(mr_gguf_path(gguf), path);
    assert_int_equal(mr_gguf_size_bytes(gguf), size);
    mr_gguf_close(gguf);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mr_gguf_open(path, &gguf, &error), MR_IO);
    assert_null(gguf);
    mr_check_message(&error, "No such file");
    assert_int_equal(mr_gguf_open("/tmp", &gguf, &error), MR_IO);
    mr_check_message(&error, "directory");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(mr_gguf_open(path, &gguf, &error), MR_IO); /* and does not wait */
    mr_check_message(&error, "no regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mr_gguf_open(NULL, &gguf, &error), MR_ARG);
    assert_int_equal(mr_gguf_open_memory(NULL, 1, "x", &gguf, &error), MR_ARG);
    free(file);
}

static void test_open__header_defects(void **state) {
    (void)state;
    uint8_t header[24] = {'G', 'G', 'U', 'F', 3};

    mr_check_refused(header, 0, MR_FORMAT, "0 bytes");
    mr_check_refused(header, 23, MR_FORMAT, "23 bytes");
    mr_gguf_close(mr_check_opens(header, 24));
    header[4] = 1;
    mr_check_refused(header, 24, MR_UNSUPPORTED, "version 1 ");
    header[4] = 4;
    mr_check_refused(header, 24, MR_UNSUPPORTED, "version 4 ");
    header[4] = 0;
    header[7] = 3;
    mr_check_refused(header, 24, MR_UNSUPPORTED, "big-endian");
    header[4] = 3;
    header[7] = 0;
    header[15] = 0x80;
    mr_check_refused(header, 24, MR_FORMAT, "9223372036854775808 tensors");
    header[15] = 0;
    header[23] = 0x80;
    mr_check_refused(header, 24, MR_FORMAT, "9223372036854775808 metadata keys");
    header[23] = 0;
    header[16] = 1;
    mr_check_refused(header, 24, MR_FORMAT, "1 metadata keys");
    header[0] = 'g';
    mr_check_refused(header, 24, MR_FORMAT, "no GGUF file");
}

/* Finishes a file with one defect and expects its refusal. */
static void check_defect(mr_builder_t *b, mr_status_t status, const char *part) {
    size_t size = 0;
    uint8_t *file = mr_builder_finish(b, &size, NULL);

    mr_check_refused(file, size, status, part);
    free(file);
}

static void test_open__metadata_defects(void **state) {
    (void)state;
    mr_builder_t b;

    mr_builder_init(&b);
    mr_builder_u32(&b, "same", 1);
    mr_builder_u32(&b, "other", 1);
    mr_builder_u32(&b, "same", 1);
    check_defect(&b, MR_FORMAT, "'same' occurs twice");
    mr_builder_u32(&b, "", 1);
    check_defect(&b, MR_FORMAT, "0 bytes long");
    mr_builder_key(&b, "k", 13);
    mr_builder_put_u64(&b.kv, 0);
    check_defect(&b, MR_FORMAT, "unknown type 13");
    mr_builder_array(&b, "k", MR_GGUF_VALUE_ARRAY, 0);
    check_defect(&b, MR_FORMAT, "nested array");
    mr_builder_key(&b, "k", MR_GGUF_VALUE_BOOL);
    put_u8(&b, 2);
    check_defect(&b, MR_FORMAT, "boolean of value 2");
    mr_builder_array(&b, "k", MR_GGUF_VALUE_U64, UINT64_C(1) << 61);
    check_defect(&b, MR_FORMAT, "needs 18446744073709551615 bytes");
    mr_builder_array(&b, "k", MR_GGUF_VALUE_STRING, UINT64_C(1) << 63);
    mr_builder_put_u64(&b.kv, 0);
    check_defect(&b, MR_FORMAT, "metadata string");
    mr_builder_key(&b, "k", MR_GGUF_VALUE_STRING);
    mr_builder_put_u64(&b.kv, UINT64_MAX);
    check_defect(&b, MR_FORMAT, "needs 18446744073709551615 bytes");
    mr_builder_u32(&b, "general.alignment", 24);
    check_defect(&b, MR_FORMAT, "general.alignment");
    mr_builder_u32(&b, "general.alignment", 0);
    check_defect(&b, MR_FORMAT, "general.alignment");
    mr_builder_string(&b, "general.alignment", "32");
    check_defect(&b, MR_FORMAT, "general.alignment");
    mr_builder_u32(&b, "line\nbreak\x1B[2J", 1);
    mr_builder_u32(&b, "line\nbreak\x1B[2J", 1);
    check_defect(&b, MR_FORMAT, "'line?break?[2J' occurs twice");
}

/* One tensor without data, of the given dims and offset. */
static void check_tensor(uint32_t type, uint32_t n_dims, const uint64_t *dims, uint64_t offset,
                         mr_status_t status, const char *part) {
    mr_builder_t b;

    mr_builder_init(&b);
    mr_builder_put_string(&b.infos, "t");
    mr_builder_put_u32(&b.infos, n_dims);
    for (uint32_t i = 0; i < n_dims && i < 8; i++) {
        mr_builder_put_u64(&b.infos, dims[i]);
    }
    mr_builder_put_u32(&b.infos, type);
    mr_builder_put_u64(&b.infos, offset);
    b.n_tensors = 1;
    const uint8_t data[64] = {0};
    mr_builder_put(&b.data, data, sizeof(data));
    check_defect(&b, status, part);
}

static void test_open__tensor_defects(void **state) {
    (void)state;
    const uint64_t ok[1] = {16};
    const uint64_t one_more[1] = {17};
    const uint64_t zero[2] = {4, 0};
    const uint64_t huge[2] = {UINT64_C(1) << 62, 8};
    const uint64_t wraps[3] = {4, UINT64_C(1) << 32, UINT64_C(1) << 32}; /* to 0 rows */
    const uint64_t huge_row[1] = {UINT64_C(1) << 63};
    const uint64_t half_block[1] = {48};
    const uint64_t many[8] = {1, 1, 1, 1, 1, 1, 1, 1};

    check_tensor(0, 1, one_more, 0, MR_FORMAT, "past the file's end");
    check_tensor(0, 1, ok, 1, MR_FORMAT, "offset 1,");
    check_tensor(0, 1, ok, 32, MR_FORMAT, "offset 32,");
    check_tensor(0, 1, ok, UINT64_MAX, MR_FORMAT, "offset 18446744073709551615,");
    check_tensor(0, 2, zero, 0, MR_FORMAT, "dimension 1 of tensor 't' is 0");
    check_tensor(0, 2, huge, 0, MR_FORMAT, "overflows");
    check_tensor(0, 3, wraps, 0, MR_FORMAT, "overflows");
    check_tensor(0, 1, huge_row, 0, MR_FORMAT, "overflows");
    check_tensor(8, 1, half_block, 0, MR_FORMAT, "no multiple");
    check_tensor(0, 0, NULL, 0, MR_FORMAT, "0 dimensions");
    check_tensor(0, 5, many, 0, MR_FORMAT, "5 dimensions");
    check_tensor(0, UINT32_MAX, many, 0, MR_FORMAT, "4294967295 dimensions");
    check_tensor(10, 1, ok, 0, MR_UNSUPPORTED, "type 10 (Q2_K)");
    check_tensor(4, 1, ok, 0, MR_UNSUPPORTED, "retired");
    check_tensor(31, 1, ok, 0, MR_UNSUPPORTED, "type 31 (unknown)");
    check_tensor(UINT32_MAX, 1, ok, 0, MR_UNSUPPORTED, "4294967295");
}

static void test_open__duplicate_and_long_tensor_names(void **state) {
    (void)state;
    const uint64_t dims[1] = {8};
    const uint8_t data[32] = {0};
    char name[65];
    mr_builder_t b;

    mr_builder_init(&b);
    mr_builder_tensor(&b, "same", MR_GGUF_TYPE_F32, 1, dims, data, 32);
    mr_builder_tensor(&b, "same", MR_GGUF_TYPE_F32, 1, dims, data, 32);
    check_defect(&b, MR_FORMAT, "'same' occurs twice");
    memset(name, 'n', sizeof(name));
    name[64] = '\0';
    mr_builder_tensor(&b, name, MR_GGUF_TYPE_F32, 1, dims, data, 32);
    check_defect(&b, MR_FORMAT, "64 bytes long; 1 to 63");
}

static double seconds(void) {
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void test_open__many_keys_in_linear_time(void **state) {
    (void)state;
    mr_builder_t b;
    char key[80];
    size_t size = 0;

    mr_builder_init(&b);
    for (uint32_t i = 0; i < MANY_KEYS; i++) {
        /* A long shared beginning, in an order that is neither rising nor falling. */
        (void)snprintf(key, sizeof(key), "a.key.with.a.long.shared.beginning.%08x",
                       i * 2654435761u);
        mr_builder_u32(&b, key, i);
    }
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    const double start = seconds();
    mr_gguf_t *gguf = mr_check_opens(file, size);
    for (uint32_t i = 0; i < MANY_KEYS; i++) {
        uint64_t value = 0;
        (void)snprintf(key, sizeof(key), "a.key.with.a.long.shared.beginning.%08x",
                       i * 2654435761u);
        assert_int_equal(mr_gguf_get_u64(gguf, key, &value), MR_OK);
        assert_int_equal(value, i);
    }
    /* Quadratic time would take minutes. */
    assert_true(seconds() - start < 10.0);
    mr_gguf_close(gguf);
    free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_u64__every_integer_type),
        cmocka_unit_test(test_get__other_types),
        cmocka_unit_test(test_array__numbers_and_strings),
        cmocka_unit_test(test_tensor__lookup_and_sizes),
        cmocka_unit_test(test_open__file_on_disk),
        cmocka_unit_test(test_open__header_defects),
        cmocka_unit_test(test_open__metadata_defects),
        cmocka_unit_test(test_open__tensor_defects),
        cmocka_unit_test(test_open__duplicate_and_long_tensor_names),
        cmocka_unit_test(test_open__many_keys_in_linear_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
