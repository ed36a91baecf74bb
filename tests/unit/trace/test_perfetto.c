/* SPDX-License-Identifier: Apache-2.0 */
/* The trace file, character by character; the format's rules on real runs are tested with the tool
 * (tests/host/cli/test_trace.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "trace/perfetto.h"
#include "trace/split.h"

static void tile_name(const void *ctx, uint32_t tile, char *text, size_t size) {
    (void)snprintf(text, size, "%s%u", (const char *)ctx, tile);
}

static void job_name(const void *ctx, uint32_t tile, uint32_t pc, char *text, size_t size) {
    (void)ctx;
    (void)tile;
    (void)snprintf(text, size, "%s", pc == 40u ? "head" : "");
}

static void tile(mr_perfetto_t *p, uint64_t cycle, uint32_t unit, uint32_t what, uint32_t pos,
                 uint32_t pc) {
    const mr_trace_record_t r = {.cycle = cycle,
                                 .kind = MR_TRACE_TILE,
                                 .state = (uint8_t)what,
                                 .unit = (uint16_t)unit,
                                 .slot = 0,
                                 .pos = pos,
                                 .pc = (uint16_t)pc};
    mr_perfetto_record(p, &r);
}

static void inject(mr_perfetto_t *p, uint64_t cycle, uint32_t pos) {
    const mr_trace_record_t r = {.cycle = cycle, .kind = MR_TRACE_INJECT, .pos = pos};
    mr_perfetto_record(p, &r);
}

/* What is on its way when the window opens stays out; what is when it closes is ended. */
static void play(mr_perfetto_t *p) {
    tile(p, 5, 0, MR_TRACE_GEMV, 6, 0);
    inject(p, 10, 6);
    mr_perfetto_window(p, true, 20);
    tile(p, 21, 0, MR_TRACE_VEC, 6, 0);
    tile(p, 22, 0, MR_TRACE_OFF, 6, 0);
    inject(p, 30, 7);
    tile(p, 32, 0, MR_TRACE_ISSUE, 7, 0);
    mr_perfetto_interval(p, 0, 6, MR_TRACE_VEC, 20, 30); /* of a token that is not shown */
    mr_perfetto_interval(p, 0, 7, MR_SPLIT_HUB, 30, 31);
    mr_perfetto_interval(p, 0, 7, MR_SPLIT_QUEUED, 31, 32); /* the same part */
    tile(p, 35, 0, MR_TRACE_GEMV, 7, 3);
    mr_perfetto_interval(p, 0, 7, MR_TRACE_ISSUE, 32, 35);
    tile(p, 40, 0, MR_TRACE_OFF, 7, 3);
    tile(p, 44, 1, MR_TRACE_TOPK, 7, 40);
    mr_perfetto_interval(p, 0, 7, MR_TRACE_GEMV, 35, 50);
    mr_perfetto_window(p, false, 50);
    tile(p, 60, 1, MR_TRACE_OFF, 7, 40);
    inject(p, 61, 8);
    mr_perfetto_window(p, true, 70);
    inject(p, 71, 9);
}

/* The file of play, without its first line. */
static void expect(const mr_perfetto_config_t *how, const char *want) {
    static char text[8192];
    mr_perfetto_config_t config = *how;
    mr_perfetto_t *p;
    config.file = tmpfile();
    assert_non_null(config.file);
    config.tile_name = tile_name;
    config.job_name = job_name;
    config.ctx = "T";
    assert_int_equal(mr_perfetto_open(&config, &p), MR_OK);
    play(p);
    mr_perfetto_close(p);
    rewind(config.file);
    const size_t n = fread(text, 1, sizeof text - 1u, config.file);
    text[n] = '\0';
    assert_int_equal(fclose(config.file), 0);
    const char *events = strstr(text, "{\"ph\":\"B\"");
    assert_non_null(events);
    assert_string_equal(events, want);
    assert_non_null(strstr(text, "\"name\":\"thread_name\",\"args\":{\"name\":\"T1\"}"));
}

static void test_plain(void **state) {
    const mr_perfetto_config_t config = {.tiles = 2, .groups = 1, .users = 1};
    (void)state;
    expect(&config,
           "{\"ph\":\"B\",\"pid\":2,\"tid\":1,\"ts\":30,\"name\":\"pos 7\"},\n"
           "{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":32,\"name\":\"user 0 pos 7\"},\n"
           "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":40},\n"
           "{\"ph\":\"B\",\"pid\":1,\"tid\":2,\"ts\":44,\"name\":\"user 0 pos 7: head\"},\n"
           "{\"ph\":\"s\",\"pid\":1,\"tid\":1,\"ts\":39,\"id\":1,\"name\":\"token\",\"cat\":"
           "\"token\"},\n"
           "{\"ph\":\"f\",\"pid\":1,\"tid\":2,\"ts\":44,\"id\":1,\"name\":\"token\",\"cat\":"
           "\"token\",\"bp\":\"e\"},\n"
           "{\"ph\":\"E\",\"pid\":1,\"tid\":2,\"ts\":50},\n"
           "{\"ph\":\"E\",\"pid\":2,\"tid\":1,\"ts\":50}\n]}\n");
}

/* The window ends after 18 cycles, in the middle of an interval. */
static void test_detail_and_limit(void **state) {
    const mr_perfetto_config_t config = {
        .tiles = 2, .groups = 1, .users = 1, .detail = true, .cycles = 18};
    (void)state;
    expect(&config, "{\"ph\":\"B\",\"pid\":2,\"tid\":1,\"ts\":30,\"name\":\"pos 7\"},\n"
                    "{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":32,\"name\":\"user 0 pos 7\"},\n"
                    "{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":32,\"name\":\"issue\"},\n"
                    "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":35},\n"
                    "{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":35,\"name\":\"gemv\"},\n"
                    "{\"ph\":\"B\",\"pid\":2,\"tid\":1,\"ts\":30,\"name\":\"queueing\"},\n"
                    "{\"ph\":\"E\",\"pid\":2,\"tid\":1,\"ts\":32},\n"
                    "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":38},\n"
                    "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":38},\n"
                    "{\"ph\":\"B\",\"pid\":2,\"tid\":1,\"ts\":32,\"name\":\"compute\"},\n"
                    "{\"ph\":\"E\",\"pid\":2,\"tid\":1,\"ts\":35},\n"
                    "{\"ph\":\"E\",\"pid\":2,\"tid\":1,\"ts\":38}\n]}\n");
}

static void test_open__refused(void **state) {
    (void)state;
    mr_perfetto_t *p;
    static const mr_perfetto_config_t bad[] = {{.tiles = 257}, {.groups = 17}, {.users = 257}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mr_perfetto_open(&bad[i], &p), MR_ARG);
        assert_null(p);
    }
    mr_perfetto_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_detail_and_limit),
        cmocka_unit_test(test_open__refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
