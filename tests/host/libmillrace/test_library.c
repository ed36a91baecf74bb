/* SPDX-License-Identifier: Apache-2.0 */
/* libmillrace from one thread: every function, every error of the caller's. */
#include <stdio.h>
#include <string.h>

#include "library_test.h"

static const uint32_t prompt_ids[] = {1, 300, 301};

static millrace_request_t tokens_request(void) {
    const millrace_request_t r = {
        .size = sizeof r, .tokens = prompt_ids, .n_tokens = 3, .max_tokens = 8};
    return r;
}

static void expect_error(millrace_status_t got, millrace_status_t status, const char *what) {
    assert_int_equal(got, status);
    if (strstr(millrace_last_error(), what) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", millrace_last_error(), what);
    }
    assert_null(strchr(millrace_last_error(), '\n'));
}

/* ---- about the library ---- */

static void test_texts(void **state) {
    (void)state;
    assert_string_equal(millrace_version(), VERSION);
    assert_non_null(strstr(millrace_devices(), "model, model:GROUPSxTILES"));
    assert_string_equal(millrace_status_text(MILLRACE_OK), "success");
    for (int status = MILLRACE_CANCELLED; status <= 0; status++) {
        assert_true(strlen(millrace_status_text((millrace_status_t)status)) > 3u);
    }
    assert_non_null(millrace_status_text((millrace_status_t)12345));
}

/* ---- open and load ---- */

static void test_open__errors(void **state) {
    (void)state;
    millrace_t *m = (millrace_t *)(void *)&m;
    expect_error(millrace_open("abacus", &m), MILLRACE_NOT_FOUND, "no device 'abacus'");
    assert_null(m);
    expect_error(millrace_open("model:99x99", &m), MILLRACE_RANGE, "model:GROUPSxTILES");
    expect_error(millrace_open("serial:/nonexistent", &m), MILLRACE_NOT_FOUND, "/nonexistent");
    expect_error(millrace_open(NULL, &m), MILLRACE_ARG, "NULL");
    expect_error(millrace_open("model", NULL), MILLRACE_ARG, "NULL");
    millrace_close(NULL);
}

static void test_load__errors(void **state) {
    (void)state;
    millrace_t *m = NULL;
    const millrace_load_options_t slow = {.size = sizeof slow, .mode = 15};
    const millrace_load_options_t where = {.size = sizeof where, .firmware = 2};
    const millrace_load_options_t refuse = {.size = sizeof refuse, .refuse = 2};
    const millrace_load_options_t core = {.size = sizeof core, .firmware = MILLRACE_FIRMWARE_CORE};
    const millrace_load_options_t small = {.size = 8};
    assert_int_equal(millrace_open("model", &m), MILLRACE_OK);
    expect_error(millrace_load(m, "/nonexistent.gguf", NULL), MILLRACE_IO, "/nonexistent.gguf");
    expect_error(millrace_load(m, MODELS "/README.md", NULL), MILLRACE_FORMAT, "README.md");
    expect_error(millrace_load(m, NULL, NULL), MILLRACE_ARG, "NULL");
    expect_error(millrace_load(NULL, BROOK, NULL), MILLRACE_ARG, "NULL");
    expect_error(millrace_load(m, BROOK, &slow), MILLRACE_RANGE, "mode is 15");
    expect_error(millrace_load(m, BROOK, &where), MILLRACE_RANGE, "firmware is 2");
    expect_error(millrace_load(m, BROOK, &refuse), MILLRACE_RANGE, "refuse is 2");
    expect_error(millrace_load(m, BROOK, &small), MILLRACE_ARG,
                 "millrace_load_options_t.size is 8");
    expect_error(millrace_load(m, BROOK, &core), MILLRACE_UNSUPPORTED, "no control core");
    /* None of that spoils the handle. */
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    /* A load that fails leaves no model. */
    assert_int_equal(millrace_load(m, "/nonexistent.gguf", NULL), MILLRACE_IO);
    millrace_id_t id;
    const millrace_request_t r = tokens_request();
    expect_error(millrace_submit(m, &r, &id), MILLRACE_STATE, "no model is loaded");
    millrace_close(m);
}

static void test_load__does_not_fit(void **state) {
    (void)state;
    millrace_t *m = NULL;
    assert_int_equal(millrace_open("model:1x1", &m), MILLRACE_OK);
    expect_error(millrace_load(m, MODELS "/gorge.gguf", NULL), MILLRACE_NO_SPACE, "does not fit");
    millrace_close(m);
}

static void test_load__again_and_in_all_modes(void **state) {
    (void)state;
    static story_t first;
    static story_t other;
    const uint32_t modes[] = {MILLRACE_MODE_EFFICIENCY, 2, MILLRACE_MODE_LATENCY};
    const millrace_request_t r = varied(1);
    millrace_t *m = open_brook("model", NULL);
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &first));
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const millrace_load_options_t o = {.size = sizeof o, .mode = modes[i]};
        assert_int_equal(millrace_load(m, BROOK, &o), MILLRACE_OK);
        assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &other));
        assert_true(same(&first, &other));
    }
    millrace_close(m);
}

typedef struct {
    millrace_t *m;
    uint32_t calls;
    uint64_t last;
    uint64_t total;
    int good;
} progress_t;

static void on_progress(void *ctx, uint64_t done, uint64_t total) {
    progress_t *p = ctx;
    millrace_stats_t stats = {.size = sizeof stats};
    const int asked = millrace_stats(p->m, &stats) == MILLRACE_OK &&
                      (stats.state == MILLRACE_STATE_LOADING || done == total);
    p->good = asked && done >= p->last && done <= total;
    p->last = done;
    p->total = total;
    p->calls++;
}

static void test_load__progress(void **state) {
    (void)state;
    progress_t p = {.good = 0};
    const millrace_load_options_t o = {
        .size = sizeof o, .progress = on_progress, .progress_ctx = &p};
    assert_int_equal(millrace_open("model", &p.m), MILLRACE_OK);
    assert_int_equal(millrace_load(p.m, BROOK, &o), MILLRACE_OK);
    assert_true(p.calls > 0 && p.good);
    assert_true(p.total > 0 && p.last == p.total);
    millrace_close(p.m);
}

/* Under AddressSanitizer also: nothing is left of a handle. */
static void test_open__load_and_close_many_times(void **state) {
    (void)state;
    const millrace_request_t r = tokens_request();
    millrace_event_t event = {.size = sizeof event};
    for (uint32_t i = 0; i < 100u; i++) {
        millrace_t *m = open_brook("model", NULL);
        const millrace_id_t id = submit(m, &r, MILLRACE_OK);
        if (i % 2u == 0) { /* otherwise it is closed with the request */
            assert_int_equal(millrace_poll(m, id, LINE_MS, &event), MILLRACE_OK);
        }
        millrace_close(m);
    }
}

/* ---- requests ---- */

static void test_submit__errors(void **state) {
    (void)state;
    static uint32_t many[100000];
    static const uint32_t beyond[] = {1, 999999};
    static const uint32_t stops[17] = {5};
    millrace_id_t id;
    millrace_t *m = NULL;
    millrace_request_t r = tokens_request();
    assert_int_equal(millrace_open("model", &m), MILLRACE_OK);
    submit(m, &r, MILLRACE_STATE);
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    expect_error(millrace_submit(NULL, &r, &id), MILLRACE_ARG, "NULL");
    expect_error(millrace_submit(m, NULL, &id), MILLRACE_ARG, "NULL");
    expect_error(millrace_submit(m, &r, NULL), MILLRACE_ARG, "NULL");
#define BAD(status_, text_, ...)                                                                   \
    do {                                                                                           \
        const millrace_request_t bad_ = {.size = sizeof bad_, __VA_ARGS__};                        \
        submit(m, &bad_, status_);                                                                 \
        assert_non_null(strstr(millrace_last_error(), text_));                                     \
    } while (0)
    BAD(MILLRACE_ARG, "neither", .max_tokens = 1);
    BAD(MILLRACE_ARG, "both", .text = "a", .tokens = prompt_ids, .n_tokens = 1);
    BAD(MILLRACE_ARG, "stops is NULL", .text = "a", .n_stops = 1);
    BAD(MILLRACE_RANGE, "0 tokens", .tokens = prompt_ids);
    BAD(MILLRACE_RANGE, "100000 tokens", .tokens = many, .n_tokens = 100000);
    BAD(MILLRACE_RANGE, "token 1 of the prompt is 999999", .tokens = beyond, .n_tokens = 2);
    BAD(MILLRACE_RANGE, "stop tokens", .text = "a", .stops = stops, .n_stops = 16);
    BAD(MILLRACE_RANGE, "stop tokens", .text = "a", .stops = stops, .n_stops = 17, .ignore_end = 1);
    BAD(MILLRACE_RANGE, "stop token 1", .text = "a", .stops = beyond, .n_stops = 2);
    BAD(MILLRACE_RANGE, "temperature", .text = "a", .temperature = -1.0f);
    BAD(MILLRACE_RANGE, "temperature", .text = "a", .temperature = 1e9f);
    BAD(MILLRACE_RANGE, "top_p", .text = "a", .temperature = 1.0f, .top_p = 1.5f);
    BAD(MILLRACE_RANGE, "min_p", .text = "a", .temperature = 1.0f, .min_p = -0.5f);
    BAD(MILLRACE_RANGE, "ignore_end", .text = "a", .ignore_end = 2);
    BAD(MILLRACE_RANGE, "parse_special", .text = "a", .parse_special = 7);
#undef BAD
    millrace_close(m);
}

/* A caller of a later version, whose struct is longer. */
typedef struct {
    millrace_request_t known;
    uint64_t later;
} later_request_t;

static void test_structs__of_other_versions(void **state) {
    (void)state;
    static union {
        millrace_event_t known;
        char bytes[sizeof(millrace_event_t) + 16u];
    } event;
    millrace_stats_t small = {.size = 16};
    millrace_t *m = open_brook("model", NULL);
    later_request_t r = {.known = tokens_request()};
    r.known.size = sizeof r;
    const millrace_id_t id = submit(m, &r.known, MILLRACE_OK);
    r.later = 1;
    submit(m, &r.known, MILLRACE_UNSUPPORTED);
    r.known.size = sizeof r.known - 1u;
    submit(m, &r.known, MILLRACE_ARG);
    memset(event.bytes, 'x', sizeof event.bytes);
    event.known.size = sizeof event.bytes;
    assert_int_equal(millrace_poll(m, id, LINE_MS, &event.known), MILLRACE_OK);
    assert_int_equal(event.known.size, sizeof event.bytes);
    assert_int_equal(event.bytes[sizeof event.bytes - 1u], 0);
    event.known.size = 4;
    expect_error(millrace_poll(m, id, 0, &event.known), MILLRACE_ARG, "millrace_event_t.size is 4");
    expect_error(millrace_stats(m, &small), MILLRACE_ARG, "millrace_stats_t.size is 16");
    millrace_close(m);
}

static void test_poll__errors(void **state) {
    (void)state;
    millrace_event_t event = {.size = sizeof event};
    millrace_t *m = open_brook("model", NULL);
    expect_error(millrace_poll(NULL, 1, 0, &event), MILLRACE_ARG, "NULL");
    expect_error(millrace_poll(m, 1, 0, NULL), MILLRACE_ARG, "NULL");
    expect_error(millrace_poll(m, 4711, 0, &event), MILLRACE_NOT_FOUND, "no such request");
    expect_error(millrace_poll(m, MILLRACE_ANY, 0, &event), MILLRACE_TIMEOUT, "no event");
    expect_error(millrace_poll(m, MILLRACE_ANY, 20, &event), MILLRACE_TIMEOUT, "20 ms");
    expect_error(millrace_cancel(m, 4711), MILLRACE_NOT_FOUND, "no such request");
    expect_error(millrace_release(m, 4711), MILLRACE_NOT_FOUND, "no such request");
    expect_error(millrace_cancel(NULL, 1), MILLRACE_ARG, "NULL");
    expect_error(millrace_release(NULL, 1), MILLRACE_ARG, "NULL");
    millrace_close(m);
}

static void test_poll__end_voids_the_id(void **state) {
    (void)state;
    static story_t story;
    millrace_event_t event = {.size = sizeof event};
    const millrace_request_t r = tokens_request();
    millrace_t *m = open_brook("model", NULL);
    const millrace_id_t id = submit(m, &r, MILLRACE_OK);
    assert_true(read_story(m, id, &story));
    assert_int_equal(story.n, 8);
    assert_int_equal(story.position[0], 3);
    assert_int_equal(story.position[7], 10);
    assert_int_equal(story.reason, MILLRACE_END_LENGTH);
    assert_int_equal(story.status, MILLRACE_OK);
    assert_int_equal(millrace_poll(m, id, LINE_MS, &event), MILLRACE_NOT_FOUND);
    assert_int_equal(millrace_cancel(m, id), MILLRACE_NOT_FOUND);
    assert_true(submit(m, &r, MILLRACE_OK) != id);
    millrace_close(m);
}

static void test_poll__any(void **state) {
    (void)state;
    enum { N = 20 };
    static story_t want[N];
    static story_t got[N];
    millrace_id_t id[N];
    millrace_event_t event = {.size = sizeof event};
    uint32_t ends = 0;
    for (uint32_t i = 0; i < N; i++) {
        const millrace_request_t r = varied(i);
        alone("model", &r, &want[i]);
    }
    millrace_t *m = open_brook("model", NULL);
    for (uint32_t i = 0; i < N; i++) {
        const millrace_request_t r = varied(i);
        id[i] = submit(m, &r, MILLRACE_OK);
        memset(&got[i], 0, sizeof got[i]);
    }
    while (ends < N) {
        assert_int_equal(millrace_poll(m, MILLRACE_ANY, LINE_MS, &event), MILLRACE_OK);
        uint32_t i = 0;
        while (i < N && id[i] != event.id) {
            i++;
        }
        assert_true(i < N);
        add_event(&got[i], &event);
        ends += event.kind == MILLRACE_END ? 1u : 0u;
    }
    for (uint32_t i = 0; i < N; i++) {
        assert_true(same(&want[i], &got[i]));
    }
    assert_int_equal(millrace_poll(m, MILLRACE_ANY, 0, &event), MILLRACE_TIMEOUT);
    millrace_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_open__errors),
        cmocka_unit_test(test_load__errors),
        cmocka_unit_test(test_load__does_not_fit),
        cmocka_unit_test(test_load__again_and_in_all_modes),
        cmocka_unit_test(test_load__progress),
        cmocka_unit_test(test_open__load_and_close_many_times),
        cmocka_unit_test(test_submit__errors),
        cmocka_unit_test(test_structs__of_other_versions),
        cmocka_unit_test(test_poll__errors),
        cmocka_unit_test(test_poll__end_voids_the_id),
        cmocka_unit_test(test_poll__any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
