/* SPDX-License-Identifier: Apache-2.0 */
/* Records of accesses: what is written is read again; files that are no records are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those above. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "reg/record.h"

/* A device that answers with its address, and with an error at 0x900. */
typedef struct {
    uint64_t clock;
    bool timed;
    unsigned closed;
} fake_t;

static mr_status_t fake_read32(void *ctx, uint32_t addr, uint32_t *value) {
    ((fake_t *)ctx)->clock += 4;
    *value = addr * 3u;
    return addr == 0x900u ? MR_DEVICE : MR_OK;
}

static mr_status_t fake_write32(void *ctx, uint32_t addr, uint32_t value) {
    (void)value;
    ((fake_t *)ctx)->clock += 4;
    return addr == 0x900u ? MR_DEVICE : MR_OK;
}

static mr_status_t fake_read_block(void *ctx, uint32_t addr, uint32_t *words, size_t n) {
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        words[i] = i < n / 2u ? 7u : (uint32_t)i;
    }
    return addr == 0x900u ? MR_TIMEOUT : MR_OK;
}

static mr_status_t fake_write_block(void *ctx, uint32_t addr, const uint32_t *words, size_t n) {
    (void)ctx;
    (void)words;
    (void)n;
    return addr == 0x900u ? MR_DEVICE : MR_OK;
}

static mr_status_t fake_wait(void *ctx, uint32_t cycles) {
    ((fake_t *)ctx)->clock += cycles;
    return MR_OK;
}

static void fake_close(void *ctx) {
    ((fake_t *)ctx)->closed++;
}

static const mr_mmio_ops_t fake_ops = {fake_read32,      fake_write32, fake_read_block,
                                       fake_write_block, fake_wait,    fake_close};

static bool fake_cycles(const mr_mmio_t *mmio, uint64_t *cycles) {
    const fake_t *f = mmio->ctx;
    *cycles = f->clock;
    return f->timed;
}

static char *text_of(FILE *file) {
    static char text[4096];
    rewind(file);
    text[fread(text, 1, sizeof text - 1u, file)] = '\0';
    return text;
}

static void make(FILE *file, fake_t *fake) {
    mr_mmio_t io = {&fake_ops, fake};
    mr_record_t record = {.file = file, .cycles = fake_cycles};
    uint32_t words[20];
    const uint32_t data[3] = {1, 1, 0xFFFFFFFFu};
    uint32_t v;
    fputs(MR_RECORD_FIRST "\n", file);
    assert_int_equal(mr_record_wrap(&io, &record), MR_OK);
    assert_ptr_equal(mr_record_inner(&io)->ctx, fake);
    assert_null(mr_record_inner(mr_record_inner(&io)));
    assert_int_equal(mr_mmio_read32(&io, 0x40, &v), MR_OK);
    assert_int_equal(v, 0xC0);
    assert_int_equal(mr_mmio_write32(&io, 0x101004, 5), MR_OK);
    assert_int_equal(mr_mmio_wait(&io, 64), MR_OK);
    assert_int_equal(mr_mmio_read32(&io, 0x900, &v), MR_DEVICE);
    assert_int_equal(mr_mmio_write32(&io, 0x900, 9), MR_DEVICE);
    assert_int_equal(mr_mmio_read_block(&io, 0x200000, words, 20), MR_OK);
    assert_int_equal(mr_mmio_write_block(&io, 0x54, data, 3), MR_OK);
    assert_int_equal(mr_mmio_read_block(&io, 0x900, words, 4), MR_TIMEOUT);
    assert_int_equal(mr_mmio_write_block(&io, 0x900, data, 3), MR_DEVICE);
    assert_int_equal(mr_mmio_write_block(&io, 0x44, data, 1), MR_OK);
    assert_int_equal(record.count, 9);
    assert_false(record.failed);
    mr_mmio_close(&io);
    assert_int_equal(fake->closed, 1);
}

static void test_record__as_people_read_it(void **state) {
    FILE *file = tmpfile();
    fake_t fake = {.timed = true};
    (void)state;
    make(file, &fake);
    assert_string_equal(
        text_of(file), MR_RECORD_FIRST
        "\n"
        "@4 r 000040 000000C0 chip.SCRATCH\n"
        "@8 w 101004 00000005 tile[1].STATUS\n"
        "@8 - 64\n"
        "@76 r 000900 !-8\n"
        "@80 W 000900 !-8*1\n"
        " 00000009\n"
        "@80 R 200000 20 window\n"
        " 00000007*10 0000000A 0000000B 0000000C 0000000D 0000000E 0000000F 00000010\n"
        " 00000011 00000012 00000013\n"
        "@80 W 000054 3 chip.CYCLE_HI\n"
        " 00000001*2 FFFFFFFF\n"
        "@80 R 000900 !-3*4\n"
        "@80 W 000900 !-8*3\n"
        " 00000001*2 FFFFFFFF\n"
        "@80 w 000044 00000001 chip.CONTROL\n");
    (void)fclose(file);
}

static void expect(mr_record_reader_t *r, char what, uint32_t address, uint32_t count,
                   mr_status_t status, uint32_t last) {
    mr_record_access_t a;
    assert_int_equal(mr_record_next(r, &a), MR_OK);
    assert_int_equal(a.what, what);
    assert_int_equal(a.address, address);
    assert_int_equal(a.count, count);
    assert_int_equal(a.status, status);
    if (what != '-') {
        assert_int_equal(a.words[count - 1u], last);
    }
}

static void test_reader__gives_it_back(void **state) {
    FILE *file = tmpfile();
    fake_t fake = {.timed = false};
    mr_record_access_t a;
    (void)state;
    make(file, &fake);
    rewind(file);
    mr_record_reader_t *r = mr_record_open(file);
    assert_non_null(r);
    expect(r, 'r', 0x40, 1, MR_OK, 0xC0);
    expect(r, 'w', 0x101004, 1, MR_OK, 5);
    expect(r, '-', 0, 64, MR_OK, 0);
    expect(r, 'r', 0x900, 1, MR_DEVICE, 0);
    expect(r, 'W', 0x900, 1, MR_DEVICE, 9);
    expect(r, 'R', 0x200000, 20, MR_OK, 19);
    expect(r, 'W', 0x54, 3, MR_OK, 0xFFFFFFFFu);
    assert_int_equal(mr_record_next(r, &a), MR_OK);
    assert_int_equal(a.status, MR_TIMEOUT);
    assert_int_equal(a.count, 4);
    expect(r, 'W', 0x900, 3, MR_DEVICE, 0xFFFFFFFFu);
    expect(r, 'w', 0x44, 1, MR_OK, 1);
    assert_int_equal(mr_record_next(r, &a), MR_NOT_FOUND);
    mr_record_end(r);
    (void)fclose(file);
}

static void test_reader__refuses(void **state) {
    static const char *const bad[] = {"",
                                      "@1 r 40 0\n",
                                      MR_RECORD_FIRST "\n@1 r 40\n",
                                      MR_RECORD_FIRST "\n@1 q 40 0\n",
                                      MR_RECORD_FIRST "\n@1\n",
                                      MR_RECORD_FIRST "\n\n",
                                      MR_RECORD_FIRST "\n@1 r xyz 0\n",
                                      MR_RECORD_FIRST "\n@1 r 40 123456789\n",
                                      MR_RECORD_FIRST "\n@1 r 40 !3\n",
                                      MR_RECORD_FIRST "\n@1 - x\n",
                                      MR_RECORD_FIRST "\n@1 R 40 2\n 1\n",
                                      MR_RECORD_FIRST "\n@1 R 40 2\n 1*3\n",
                                      MR_RECORD_FIRST "\n@1 R 40 2\n 1*0 2\n",
                                      MR_RECORD_FIRST "\n@1 R 40 2\n 1 z\n",
                                      MR_RECORD_FIRST "\n@1 R 40 2\n@2 r 40 0\n",
                                      MR_RECORD_FIRST "\n@1 R 40 4294967295\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        FILE *file = tmpfile();
        mr_record_access_t a;
        fputs(bad[i], file);
        rewind(file);
        mr_record_reader_t *r = mr_record_open(file);
        assert_int_equal(mr_record_next(r, &a), MR_FORMAT);
        assert_true(a.line <= 3);
        mr_record_end(r);
        (void)fclose(file);
    }
}

/* A line longer than any of a record, and a file that ends without a line break. */
static void test_reader__lines(void **state) {
    FILE *file = tmpfile();
    mr_record_access_t a;
    (void)state;
    fputs(MR_RECORD_FIRST "\n# a comment\n@1 r 40 1 chip.SCRATCH", file);
    rewind(file);
    mr_record_reader_t *r = mr_record_open(file);
    expect(r, 'r', 0x40, 1, MR_OK, 1);
    assert_int_equal(mr_record_next(r, &a), MR_NOT_FOUND);
    mr_record_end(r);
    (void)fclose(file);
    file = tmpfile();
    fputs(MR_RECORD_FIRST "\n@1 r 40 1 ", file);
    for (int i = 0; i < 1000; i++) {
        fputs("x", file);
    }
    fputs("\n", file);
    rewind(file);
    r = mr_record_open(file);
    assert_int_equal(mr_record_next(r, &a), MR_FORMAT);
    mr_record_end(r);
    (void)fclose(file);
}

static void test_record__full_disk(void **state) {
    FILE *file = fopen("/dev/full", "w");
    fake_t fake = {.timed = true};
    mr_mmio_t io = {&fake_ops, &fake};
    mr_record_t record = {.file = file, .cycles = fake_cycles};
    uint32_t v;
    (void)state;
    if (file == NULL) {
        skip();
    }
    assert_int_equal(setvbuf(file, NULL, _IONBF, 0), 0);
    assert_int_equal(mr_record_wrap(&io, &record), MR_OK);
    assert_int_equal(mr_mmio_read32(&io, 0x40, &v), MR_OK);
    assert_true(record.failed);
    mr_mmio_close(&io);
    (void)fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__as_people_read_it),
        cmocka_unit_test(test_reader__gives_it_back),
        cmocka_unit_test(test_reader__refuses),
        cmocka_unit_test(test_reader__lines),
        cmocka_unit_test(test_record__full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
