/* SPDX-License-Identifier: Apache-2.0 */
/* Names and values of registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those above. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "millrace/regs.h"
#include "reg/reg_name.h"
#include "reg/reg_value.h"

static const mr_reg_counts_t machine = {.groups = 1, .tiles = 4, .channels = 1, .core = true};

static mr_reg_ref_t parsed(const char *name) {
    mr_reg_ref_t ref;
    char why[MR_REG_WHY_BYTES];
    assert_true(mr_reg_parse(name, &machine, &ref, why));
    return ref;
}

static void refused(const char *name, const char *word) {
    mr_reg_ref_t ref;
    char why[MR_REG_WHY_BYTES] = "";
    assert_false(mr_reg_parse(name, &machine, &ref, why));
    if (strstr(why, word) == NULL) {
        fail_msg("'%s' is not in: %s", word, why);
    }
}

/* Each register's name leads to it, and so does its address; both words of 64 bits. */
static void test_every_register__by_name_and_address(void **state) {
    const mr_reg_counts_t all = {.all = true};
    mr_reg_ref_t ref = {NULL, NULL, NULL, 0, 0};
    unsigned n = 0;
    (void)state;
    while (mr_reg_next("*", &all, &ref)) {
        char name[MR_REG_NAME_BYTES];
        char why[MR_REG_WHY_BYTES];
        mr_reg_ref_t other;
        bool high = true;
        mr_reg_format(&ref, name);
        assert_true(mr_reg_parse(name, &all, &other, why));
        assert_memory_equal(&other, &ref, sizeof ref);
        assert_true(mr_reg_at(mr_reg_address(&ref), &other, &high));
        assert_false(high);
        assert_memory_equal(&other, &ref, sizeof ref);
        assert_int_equal(mr_reg_at(mr_reg_address(&ref) + 4u, &other, &high) && high,
                         ref.reg->width_bits == 64);
        n++;
    }
    assert_true(n > 5000);
}

static void test_parse__fields_indexes_and_case(void **state) {
    (void)state;
    assert_int_equal(mr_reg_address(&(mr_reg_ref_t){parsed("TILE[3].status.BUSY").block,
                                                    parsed("tile[3].STATUS").reg, NULL, 3, 0}),
                     MR_TILE_BASE + 3u * MR_TILE_STRIDE + MR_TILE_STATUS_OFFSET);
    assert_string_equal(parsed("tile[0].STATUS.busy").field->name, "busy");
    assert_int_equal(parsed("tile[2].CYC_TAG[5]").element, 5);
    assert_ptr_equal(parsed("kv.CONFIG").block, parsed("kv[0].CONFIG").block);
}

static void test_parse__says_what_is_wrong(void **state) {
    (void)state;
    refused("tile.STATUS", "which tile");
    refused("tile[4].STATUS", "the last is tile[3]");
    refused("link[0].STATUS", "no link");
    refused("kv_ecc[0].CAPS", "no kv_ecc");
    refused("", "no register name");
    refused("tile[0", "no register name");
    refused("tile[x].STATUS", "no register name");
    refused("chip.STATUS.", "no such register");
    refused("tile[0].CYC_TAG[8]", "CYC_TAG[7]");
    refused("tile[0].CYC_TAG", "which CYC_TAG");
    refused("chip.CAPS.lans", "did you mean chip.CAPS.lanes");
    refused("chip.SCRTACH", "did you mean chip.SCRATCH?");
    refused("titel[3].STATUS", "tile[0].STATUS");
    refused("tile[3].STATSU", "did you mean tile[3].STATUS");
    refused("PAGES_FREE", "did you mean kv[0].PAGES_FREE");
    refused("chip.XYZZY", "no such register as in 'chip.XYZZY'");
}

/* Long and odd names find their end. */
static void test_parse__long_names(void **state) {
    char name[600];
    (void)state;
    memset(name, 'a', sizeof name - 1u);
    name[sizeof name - 1u] = '\0';
    refused(name, "no register name");
    memcpy(name, "chip.", 5);
    refused(name, "no such register");
    memcpy(name, "tile[99999999999999999999999999].STATUS", 40);
    refused(name, "the last is tile[3]");
    memset(name, '[', sizeof name - 1u);
    refused(name, "no register name");
}

static void test_parse__no_machine(void **state) {
    const mr_reg_counts_t all = {.all = true};
    mr_reg_ref_t ref;
    char why[MR_REG_WHY_BYTES];
    (void)state;
    assert_true(mr_reg_parse("tile.STATUS", &all, &ref, why));
    assert_true(mr_reg_parse("tile[255].CYC_TAG", &all, &ref, why));
    assert_false(mr_reg_parse("tile[256].STATUS", &all, &ref, why));
}

static void test_counts__from_caps(void **state) {
    const mr_reg_counts_t c = mr_reg_counts(1, 2u | 3u << 8 | 4u << 16 | 5u << 24, 1u << 31);
    (void)state;
    assert_int_equal(c.groups, 2);
    assert_int_equal(c.tiles, 3);
    assert_int_equal(c.channels, 5);
    assert_true(c.ecc);
    assert_true(c.core);
    assert_false(mr_reg_counts(0, 1, 0).core);
    assert_int_equal(mr_reg_instances(parsed("tile[0].STATUS").block, &c), 6);
    assert_false(mr_reg_counts(0, 1, 0).ecc);
}

static void test_match(void **state) {
    (void)state;
    assert_true(mr_reg_match("tile[*].cyc*", "tile[3].CYC_TAG[2]"));
    assert_true(mr_reg_match("*b*c*", "aXbXcX"));
    assert_true(mr_reg_match("?hip.ID", "chip.ID"));
    assert_false(mr_reg_match("chip", "chip.ID"));
    assert_false(mr_reg_match("chip.ID?", "chip.ID"));
    assert_true(mr_reg_match("**", ""));
}

typedef struct {
    char text[4096];
} found_t;

static void take(void *ctx, const char *text) {
    found_t *f = ctx;
    (void)snprintf(f->text + strlen(f->text), sizeof f->text - strlen(f->text), "%s ", text);
}

static void completes(const char *start, const char *want) {
    found_t f = {""};
    mr_reg_complete(start, take, &f);
    assert_string_equal(f.text, want);
}

static void test_complete(void **state) {
    (void)state;
    completes("ti", "tile[ ");
    completes("chip.MEM_T", "chip.MEM_TARGET ");
    completes("chip.mem_target.", "chip.mem_target.kind chip.mem_target.tile ");
    completes("chip.MEM_TARGET.kind=v", "chip.MEM_TARGET.kind=VMEM ");
    completes("tile[3].CYC_T", "tile[3].CYC_TAG[ ");
    completes("tile[3].STATUS.b", "tile[3].STATUS.busy ");
    completes("tile[3].CYC_TAG[2].v", "tile[3].CYC_TAG[2].value ");
    completes("nothing", "");
    completes("chip.CAPS.lanes=", "");
}

static void test_number(void **state) {
    uint64_t v = 0;
    (void)state;
    assert_true(mr_reg_number("0x1F", &v) && v == 31);
    assert_true(mr_reg_number("0b1010_0000", &v) && v == 160);
    assert_true(mr_reg_number("1_000", &v) && v == 1000);
    assert_true(mr_reg_number("010", &v) && v == 10);
    assert_true(mr_reg_number("18446744073709551615", &v) && v == UINT64_MAX);
    static const char *const bad[] = {
        "", "0x", "-1", " 1", "1 ", "0b2", "1_", "_1", "1a", "18446744073709551616", "0x_1", "+1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mr_reg_number(bad[i], &v));
    }
}

static void test_value_parse__names_and_limits(void **state) {
    char why[MR_REG_WHY_BYTES] = "";
    uint64_t v = 0;
    const mr_reg_field_t *kind = parsed("chip.MEM_TARGET.kind").field;
    (void)state;
    assert_true(mr_reg_value_parse("k", "pmem", kind, 32, &v, why) && v == 3);
    assert_true(mr_reg_value_parse("k", "15", kind, 32, &v, why) && v == 15);
    assert_false(mr_reg_value_parse("k", "16", kind, 32, &v, why));
    assert_non_null(strstr(why, "0 to 15"));
    assert_non_null(strstr(why, "VMEM"));
    assert_true(mr_reg_value_parse("k", "0xFFFFFFFF", NULL, 32, &v, why));
    assert_false(mr_reg_value_parse("k", "0x100000000", NULL, 32, &v, why));
    assert_true(mr_reg_value_parse("k", "0x100000000", NULL, 64, &v, why));
}

static void test_value_text(void **state) {
    char text[MR_REG_VALUE_BYTES];
    (void)state;
    mr_reg_value_text(parsed("chip.MEM_TARGET.kind").field, 1, text);
    assert_string_equal(text, "1 VMEM");
    mr_reg_value_text(parsed("chip.MEM_TARGET.tile").field, 12, text);
    assert_string_equal(text, "12 (0xC)");
    mr_reg_value_text(parsed("chip.CAPS_VMEM.value").field, 512, text);
    assert_string_equal(text, "512 elements");
}

/* What dump skips, what replay does not compare. */
static void test_kinds_of_registers(void **state) {
    const mr_reg_field_t reads = {.name = "x",
                                  .desc = "x",
                                  .unit = "-",
                                  .effect = "reading takes a byte",
                                  .width_bits = 8,
                                  .access = MR_REG_RW};
    const mr_reg_block_t block = {.name = "x", .count = 1};
    const mr_reg_t reg = {
        .name = "X", .desc = "x", .fields = &reads, .field_count = 1, .width_bits = 32};
    (void)state;
    assert_non_null(mr_reg_read_effect(&(mr_reg_ref_t){&block, &reg, NULL, 0, 0}));
    const mr_reg_ref_t cycle = parsed("chip.CYCLE");
    const mr_reg_ref_t control = parsed("chip.CONTROL");
    const mr_reg_ref_t timer = parsed("core.TIMER");
    assert_null(mr_reg_read_effect(&cycle));
    assert_null(mr_reg_read_effect(&control));
    assert_non_null(mr_reg_read_effect(&timer));
    assert_true(mr_reg_only_commands(parsed("chip.CONTROL").reg));
    assert_false(mr_reg_only_commands(parsed("tile[0].CTRL").reg));
    assert_true(mr_reg_volatile(parsed("chip.CYCLE").reg));
    assert_true(mr_reg_volatile(parsed("hub.LOOP_WAIT_MAX").reg));
    assert_false(mr_reg_volatile(parsed("tile[0].WATCHDOG").reg));
    assert_false(mr_reg_volatile(parsed("tile[0].STATUS").reg));
    assert_int_equal(mr_reg_field_of(parsed("tile[0].STATUS.pc").field, 0x00350001u), 0x35);
    assert_string_equal(mr_reg_access_text(MR_REG_W1C), "write 1 to clear");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_register__by_name_and_address),
        cmocka_unit_test(test_parse__fields_indexes_and_case),
        cmocka_unit_test(test_parse__says_what_is_wrong),
        cmocka_unit_test(test_parse__long_names),
        cmocka_unit_test(test_parse__no_machine),
        cmocka_unit_test(test_counts__from_caps),
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_value_parse__names_and_limits),
        cmocka_unit_test(test_value_text),
        cmocka_unit_test(test_kinds_of_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
