/* SPDX-License-Identifier: Apache-2.0 */
/* libmillrace: how requests end, wait and queue; statistics; text. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "library_test.h"

#define SLOTS 128u /* of the functional model */

/* A request that goes on until the context is full. */
static millrace_request_t endless(void) {
    const millrace_request_t r = {.size = sizeof r, .text = "Once upon a time", .ignore_end = 1};
    return r;
}

static millrace_request_t short_one(void) {
    const millrace_request_t r = {
        .size = sizeof r, .text = "One day", .max_tokens = 4, .ignore_end = 1};
    return r;
}

static void take_token(millrace_t *m, millrace_id_t id, story_t *story) {
    millrace_event_t event = {.size = sizeof event};
    assert_int_equal(millrace_poll(m, id, LINE_MS, &event), MILLRACE_OK);
    assert_int_equal(event.kind, MILLRACE_TOKEN);
    add_event(story, &event);
}

static millrace_stats_t stats_of(millrace_t *m) {
    millrace_stats_t stats = {.size = sizeof stats};
    if (millrace_stats(m, &stats) != MILLRACE_OK) {
        fail_msg("%s", millrace_last_error());
    }
    return stats;
}

/* Waits until the functional model has stopped making tokens for readers that are behind. */
static void wait_for_standstill(millrace_t *m) {
    const struct timespec pause = {0, 20000000};
    uint64_t before;
    uint64_t now = stats_of(m).tokens;
    do {
        before = now;
        (void)nanosleep(&pause, NULL);
        now = stats_of(m).tokens;
    } while (now != before || now == 0);
}

/* ---- ends ---- */

static void test_end__context(void **state) {
    (void)state;
    static story_t story;
    const millrace_request_t r = endless();
    millrace_t *m = open_brook("model", NULL);
    const uint32_t context = stats_of(m).context;
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &story));
    assert_int_equal(story.reason, MILLRACE_END_CONTEXT);
    assert_int_equal(story.status, MILLRACE_OK);
    /* The last token drawn stands behind the context. */
    assert_int_equal(story.position[story.n - 1u], context);
    assert_int_equal(story.position[0] + story.n, context + 1u);
    millrace_close(m);
}

static void test_end__stop(void **state) {
    (void)state;
    static story_t all;
    static story_t story;
    millrace_request_t r = endless();
    r.max_tokens = 30;
    alone("model", &r, &all);
    r.stops = &all.token[20];
    r.n_stops = 1;
    alone("model", &r, &story);
    uint32_t n = 0;
    while (all.token[n] != all.token[20]) {
        n++;
    }
    assert_int_equal(story.n, n + 1u);
    assert_int_equal(story.reason, MILLRACE_END_STOP);
    assert_memory_equal(story.token, all.token, story.n * sizeof story.token[0]);
}

static void test_end__cancel(void **state) {
    (void)state;
    static story_t all;
    static story_t story;
    millrace_event_t event = {.size = sizeof event};
    const millrace_request_t r = endless();
    alone("model", &r, &all);
    millrace_t *m = open_brook("model", NULL);
    const millrace_id_t id = submit(m, &r, MILLRACE_OK);
    memset(&story, 0, sizeof story);
    take_token(m, id, &story);
    take_token(m, id, &story);
    assert_int_equal(millrace_cancel(m, id), MILLRACE_OK);
    assert_int_equal(millrace_cancel(m, id), MILLRACE_OK); /* once more changes nothing */
    do {
        assert_int_equal(millrace_poll(m, id, LINE_MS, &event), MILLRACE_OK);
        add_event(&story, &event);
    } while (event.kind != MILLRACE_END);
    assert_int_equal(story.reason, MILLRACE_END_CANCEL);
    assert_int_equal(story.status, MILLRACE_CANCELLED);
    assert_true(story.n >= 2 && story.n < all.n);
    assert_memory_equal(story.token, all.token, story.n * sizeof story.token[0]);
    assert_int_equal(stats_of(m).cancelled, 1);
    millrace_close(m);
}

static void test_end__deadline(void **state) {
    (void)state;
    static story_t story;
    millrace_request_t r = endless();
    r.deadline_cycles = 200000;
    millrace_t *m = open_brook("model", NULL);
    /* Nobody reads: it ends in time all the same. */
    const millrace_id_t id = submit(m, &r, MILLRACE_OK);
    while (stats_of(m).ended == 0) {
    }
    assert_true(read_story(m, id, &story));
    assert_int_equal(story.reason, MILLRACE_END_DEADLINE);
    assert_int_equal(story.status, MILLRACE_TIMEOUT);
    millrace_close(m);
}

static void test_end__refused(void **state) {
    (void)state;
    static story_t story;
    const millrace_load_options_t o = {.size = sizeof o, .refuse = 1, .max_pages = 2};
    millrace_request_t r = endless();
    millrace_t *m = open_brook("model", &o);
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &story));
    assert_int_equal(story.n, 0);
    assert_int_equal(story.reason, MILLRACE_END_REFUSED);
    assert_int_equal(story.status, MILLRACE_NO_SPACE);
    assert_non_null(strstr(story.text, "ask for fewer tokens"));
    r.max_tokens = 40;
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &story));
    assert_int_equal(story.n, 40);
    assert_int_equal(story.reason, MILLRACE_END_LENGTH);
    millrace_close(m);
}

/* ---- readers that are behind ---- */

static void test_reader__stalls_its_own_request_only(void **state) {
    (void)state;
    static story_t all;
    static story_t story;
    const millrace_request_t slow = endless();
    alone("model", &slow, &all);
    millrace_t *m = open_brook("model", NULL);
    const millrace_id_t id = submit(m, &slow, MILLRACE_OK);
    for (uint32_t i = 0; i < 10u; i++) {
        const millrace_request_t r = varied(i);
        assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &story));
    }
    wait_for_standstill(m);
    const millrace_stats_t before = stats_of(m);
    assert_int_equal(before.running, 1);
    assert_true(before.tokens < 10u * 50u + all.n); /* it has not run to its end */
    assert_true(read_story(m, id, &story));
    assert_true(same(&all, &story));
    millrace_close(m);
}

static void test_reader__a_slot_is_not_needed_to_wait(void **state) {
    (void)state;
    static story_t story;
    static millrace_id_t slow[SLOTS + 4u];
    const millrace_request_t r = endless();
    const millrace_request_t quick = short_one();
    millrace_t *m = open_brook("model", NULL);
    for (uint32_t i = 0; i < SLOTS + 4u; i++) {
        slow[i] = submit(m, &r, MILLRACE_OK);
    }
    const millrace_id_t last = submit(m, &quick, MILLRACE_OK);
    wait_for_standstill(m);
    /* Whatever fits runs, the others wait in the order of arrival. */
    const millrace_stats_t stats = stats_of(m);
    assert_true(stats.running > 0 && stats.running <= SLOTS);
    assert_int_equal(stats.running + stats.waiting, SLOTS + 5u);
    for (uint32_t i = 0; i < SLOTS + 4u; i++) {
        assert_int_equal(millrace_release(m, slow[i]), MILLRACE_OK);
    }
    assert_true(read_story(m, last, &story));
    assert_int_equal(story.n, 4);
    assert_int_equal(stats_of(m).cancelled, SLOTS + 4u);
    millrace_close(m);
}

static double processor_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_reader__costs_no_processor_while_it_is_behind(void **state) {
    (void)state;
    const struct timespec second = {1, 0};
    const millrace_request_t r = endless();
    millrace_t *m = open_brook("model", NULL);
    (void)submit(m, &r, MILLRACE_OK);
    wait_for_standstill(m);
    const double before = processor_seconds();
    (void)nanosleep(&second, NULL);
    assert_true(processor_seconds() - before < 0.1);
    millrace_close(m);
}

/* ---- many ---- */

static void test_submit__more_than_slots_and_queue(void **state) {
    (void)state;
    enum { N = 400 };
    static story_t want;
    static story_t got;
    static millrace_id_t id[N];
    const millrace_request_t r = short_one();
    alone("model", &r, &want);
    millrace_t *m = open_brook("model", NULL);
    for (uint32_t i = 0; i < N; i++) {
        id[i] = submit(m, &r, MILLRACE_OK);
    }
    for (uint32_t i = N; i-- > 0;) {
        assert_true(read_story(m, id[i], &got));
        assert_true(same(&want, &got));
    }
    millrace_close(m);
}

static void test_submit__as_many_as_there_may_be(void **state) {
    (void)state;
    static millrace_id_t id[MILLRACE_REQUESTS_MAX];
    millrace_event_t event = {.size = sizeof event};
    const millrace_request_t r = short_one();
    millrace_t *m = open_brook("model", NULL);
    for (uint32_t i = 0; i < MILLRACE_REQUESTS_MAX; i++) {
        id[i] = submit(m, &r, MILLRACE_OK);
    }
    submit(m, &r, MILLRACE_BUSY);
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_BUSY);
    for (uint32_t i = 0; i < MILLRACE_REQUESTS_MAX; i += 2u) {
        assert_int_equal(millrace_release(m, id[i]), MILLRACE_OK);
        assert_int_equal(millrace_poll(m, id[i], 0, &event), MILLRACE_NOT_FOUND);
    }
    for (uint32_t i = 1; i < MILLRACE_REQUESTS_MAX; i += 2u) {
        do {
            assert_int_equal(millrace_poll(m, id[i], LINE_MS, &event), MILLRACE_OK);
        } while (event.kind != MILLRACE_END);
        assert_int_equal(event.reason, MILLRACE_END_LENGTH);
    }
    const millrace_stats_t stats = stats_of(m);
    assert_int_equal(stats.ended, MILLRACE_REQUESTS_MAX);
    assert_int_equal(stats.unread, 0);
    submit(m, &r, MILLRACE_OK);
    millrace_close(m); /* with a request */
}

/* ---- statistics ---- */

static void test_stats(void **state) {
    (void)state;
    static story_t story;
    millrace_t *m = NULL;
    millrace_event_t event = {.size = sizeof event};
    const millrace_request_t r = endless();
    const millrace_request_t quick = short_one();
    assert_int_equal(millrace_open("model:1x2", &m), MILLRACE_OK);
    assert_int_equal(millrace_stats(m, NULL), MILLRACE_ARG);
    assert_int_equal(millrace_stats(NULL, &(millrace_stats_t){.size = sizeof(millrace_stats_t)}),
                     MILLRACE_ARG);
    millrace_stats_t s = stats_of(m);
    assert_string_equal(s.device, "model:1x2");
    assert_int_equal(s.state, MILLRACE_STATE_OPEN);
    assert_true(s.slots == 0 && s.vocab == 0 && s.context == 0 && s.pages == 0);
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    s = stats_of(m);
    assert_int_equal(s.state, MILLRACE_STATE_READY);
    assert_int_equal(s.slots, SLOTS);
    assert_int_equal(s.vocab, 640);
    assert_int_equal(s.context, 512);
    assert_true(s.pages > 0 && s.pages_free == s.pages);
    assert_int_equal(s.tokens, 0);
    assert_true(read_story(m, submit(m, &quick, MILLRACE_OK), &story));
    const millrace_id_t id = submit(m, &r, MILLRACE_OK);
    wait_for_standstill(m);
    s = stats_of(m);
    assert_int_equal(s.running, 1);
    assert_int_equal(s.waiting, 0);
    assert_int_equal(s.ended, 1);
    assert_true(s.pages_free < s.pages);
    assert_true(s.prompt_tokens > 2u && s.tokens > 4u);
    assert_true(s.clock_khz == 0 && s.cycles == 0 && s.busy_cycles == 0);
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_BUSY);
    assert_int_equal(millrace_cancel(m, id), MILLRACE_OK);
    while (stats_of(m).unread == 0) {
    }
    s = stats_of(m);
    assert_true(s.running == 0 && s.cancelled == 1 && s.failed == 0);
    assert_int_equal(s.pages_free, s.pages);
    /* What was told before it was cancelled is there, and then its end. */
    assert_true(read_story(m, id, &story));
    assert_true(story.n > 0 && story.reason == MILLRACE_END_CANCEL);
    assert_int_equal(stats_of(m).unread, 0);
    assert_int_equal(millrace_poll(m, MILLRACE_ANY, 0, &event), MILLRACE_TIMEOUT);
    millrace_close(m);
}

/* ---- text ---- */

static void test_text__there_and_back(void **state) {
    (void)state;
    const char *const texts[] = {"Once upon a time", "Zo\xC3\xAB saw 3 \xE2\x82\xAC",
                                 "\xF0\x9F\x98\x80"};
    uint32_t ids[64];
    char text[64];
    size_t n;
    size_t length;
    millrace_t *m = open_brook("model", NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(millrace_tokenize(m, texts[i], 0, 0, ids, 64, &n), MILLRACE_OK);
        assert_int_equal(ids[0], 1); /* the model's start token, which has no text */
        assert_int_equal(millrace_detokenize(m, ids, n, text, sizeof text, &length), MILLRACE_OK);
        assert_string_equal(text, texts[i]);
        assert_int_equal(length, strlen(texts[i]));
    }
    /* The last token of U+1F600 is missing: one replacement for each byte. */
    assert_int_equal(millrace_detokenize(m, ids, n - 1u, text, sizeof text, &length), MILLRACE_OK);
    assert_non_null(strstr(text, "\xEF\xBF\xBD"));
    assert_int_equal(millrace_tokenize(m, "<s>", 0, 0, ids, 64, &n), MILLRACE_OK);
    assert_true(n > 2u);
    assert_int_equal(millrace_tokenize(m, "<s>", 0, 1, ids, 64, &n), MILLRACE_OK);
    assert_int_equal(n, 2);
    assert_int_equal(millrace_tokenize(m, "One day", 3, 0, ids, 64, &n), MILLRACE_OK);
    assert_int_equal(millrace_detokenize(m, ids, n, text, sizeof text, &length), MILLRACE_OK);
    assert_string_equal(text, "One");
    millrace_close(m);
}

static void test_text__errors(void **state) {
    (void)state;
    const uint32_t ids[] = {300, 999999};
    uint32_t few[2];
    char text[8];
    size_t n;
    size_t full;
    millrace_t *m = NULL;
    assert_int_equal(millrace_open("model", &m), MILLRACE_OK);
    assert_int_equal(millrace_tokenize(m, "a", 0, 0, few, 2, &n), MILLRACE_STATE);
    assert_int_equal(millrace_detokenize(m, ids, 1, text, 8, &n), MILLRACE_STATE);
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    assert_int_equal(millrace_tokenize(NULL, "a", 0, 0, few, 2, &n), MILLRACE_ARG);
    assert_int_equal(millrace_tokenize(m, NULL, 0, 0, few, 2, &n), MILLRACE_ARG);
    assert_int_equal(millrace_tokenize(m, "a", 0, 0, NULL, 2, &n), MILLRACE_ARG);
    assert_int_equal(millrace_tokenize(m, "a", 0, 0, few, 2, NULL), MILLRACE_ARG);
    assert_int_equal(millrace_tokenize(m, "Once upon a time", 0, 0, few, 2, &n), MILLRACE_NO_SPACE);
    assert_int_equal(millrace_tokenize(m, "Once upon a time", 0, 0, NULL, 0, &full),
                     MILLRACE_NO_SPACE);
    assert_true(n > 2u && n == full);
    assert_int_equal(millrace_detokenize(NULL, ids, 1, text, 8, &n), MILLRACE_ARG);
    assert_int_equal(millrace_detokenize(m, NULL, 1, text, 8, &n), MILLRACE_ARG);
    assert_int_equal(millrace_detokenize(m, ids, 1, NULL, 8, &n), MILLRACE_ARG);
    assert_int_equal(millrace_detokenize(m, ids, 1, text, 8, NULL), MILLRACE_ARG);
    assert_int_equal(millrace_detokenize(m, ids, 2, text, 8, &n), MILLRACE_RANGE);
    assert_int_equal(millrace_detokenize(m, ids, 1, text, 8, &full), MILLRACE_OK);
    assert_int_equal(millrace_detokenize(m, ids, 1, text, full, &n), MILLRACE_NO_SPACE);
    assert_int_equal(n, full);
    assert_int_equal(millrace_detokenize(m, ids, 0, text, 1, &n), MILLRACE_OK);
    assert_string_equal(text, "");
    millrace_close(m);
}

static void test_text__tokens_are_the_same_prompt(void **state) {
    (void)state;
    static story_t by_text;
    static story_t by_ids;
    uint32_t ids[64];
    size_t n;
    millrace_request_t r = varied(2);
    millrace_t *m = open_brook("model", NULL);
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &by_text));
    assert_int_equal(millrace_tokenize(m, r.text, 0, 0, ids, 64, &n), MILLRACE_OK);
    r.text = NULL;
    r.tokens = ids;
    r.n_tokens = n;
    const millrace_id_t id = submit(m, &r, MILLRACE_OK);
    memset(ids, 0xFF, sizeof ids); /* it has a copy */
    assert_true(read_story(m, id, &by_ids));
    assert_true(same(&by_text, &by_ids));
    millrace_close(m);
}

/* The length of the character that begins there; 0: no valid UTF-8. */
static size_t character(const unsigned char *at) {
    const size_t n = at[0] < 0x80   ? 1u
                     : at[0] < 0xC2 ? 0u
                     : at[0] < 0xE0 ? 2u
                     : at[0] < 0xF0 ? 3u
                     : at[0] < 0xF5 ? 4u
                                    : 0u;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xC0u) != 0x80u) {
            return 0;
        }
    }
    return n;
}

static void test_text__is_valid_whatever_the_model_says(void **state) {
    (void)state;
    static story_t story;
    millrace_request_t r = endless();
    r.temperature = 100.0f; /* any token of the vocabulary, lone bytes too */
    r.seed = 5;
    alone("model", &r, &story);
    size_t replaced = 0;
    for (size_t at = 0; at < story.length;) {
        const size_t n = character((const unsigned char *)story.text + at);
        assert_true(n > 0);
        replaced += memcmp(story.text + at, "\xEF\xBF\xBD", 3) == 0 ? 1u : 0u;
        at += n;
    }
    assert_true(replaced > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end__context),
        cmocka_unit_test(test_end__stop),
        cmocka_unit_test(test_end__cancel),
        cmocka_unit_test(test_end__deadline),
        cmocka_unit_test(test_end__refused),
        cmocka_unit_test(test_reader__stalls_its_own_request_only),
        cmocka_unit_test(test_reader__a_slot_is_not_needed_to_wait),
        cmocka_unit_test(test_reader__costs_no_processor_while_it_is_behind),
        cmocka_unit_test(test_submit__more_than_slots_and_queue),
        cmocka_unit_test(test_submit__as_many_as_there_may_be),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_text__there_and_back),
        cmocka_unit_test(test_text__errors),
        cmocka_unit_test(test_text__tokens_are_the_same_prompt),
        cmocka_unit_test(test_text__is_valid_whatever_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
