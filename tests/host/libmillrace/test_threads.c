/* SPDX-License-Identifier: Apache-2.0 */
/* libmillrace from 16 threads: on one handle and on a handle each, with the tokens of the same
 * requests alone. Runs under ThreadSanitizer too (scripts/check.sh). */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "library_test.h"

enum { THREADS = 16, EACH = 2, REQUESTS = THREADS * EACH };

static story_t want[REQUESTS];

/* A thread of a test. cmocka's assertions are the main thread's. */
typedef struct {
    pthread_t thread;
    millrace_t *m; /* NULL: a handle of its own */
    uint32_t number;
    int good;
    story_t story;
} worker_t;

static int run_all(worker_t *threads, millrace_t *m, void *(*work)(void *)) {
    int good = 1;
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i].m = m;
        threads[i].number = i;
        threads[i].good = 0;
        assert_int_equal(pthread_create(&threads[i].thread, NULL, work, &threads[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
        good = good && threads[i].good;
    }
    return good;
}

static int setup(void **state) {
    (void)state;
    int good = 1;
    millrace_t *m = open_brook("model", NULL);
    for (uint32_t i = 0; i < REQUESTS; i++) { /* one at a time: each is alone */
        const millrace_request_t r = varied(i);
        good = good && read_story(m, submit(m, &r, MILLRACE_OK), &want[i]);
    }
    millrace_close(m);
    return good ? 0 : -1;
}

/* Runs the thread's requests one after the other, with calls of all kinds between them. */
static void *tell_stories(void *arg) {
    worker_t *w = arg;
    millrace_stats_t stats = {.size = sizeof stats};
    uint32_t ids[64];
    size_t n;
    w->good = 1;
    for (uint32_t i = 0; i < EACH; i++) {
        const uint32_t number = w->number * EACH + i;
        const millrace_request_t r = varied(number);
        millrace_id_t id;
        w->good = w->good && millrace_submit(w->m, &r, &id) == MILLRACE_OK &&
                  millrace_tokenize(w->m, r.text, 0, 0, ids, 64, &n) == MILLRACE_OK &&
                  millrace_stats(w->m, &stats) == MILLRACE_OK &&
                  stats.running + stats.waiting <= THREADS && read_story(w->m, id, &w->story) &&
                  same(&want[number], &w->story);
    }
    return NULL;
}

static worker_t threads[THREADS];

static void test_one_handle(void **state) {
    (void)state;
    millrace_t *m = open_brook("model", NULL);
    assert_true(run_all(threads, m, tell_stories));
    millrace_close(m);
}

static void *open_and_tell(void *arg) {
    worker_t *w = arg;
    if (millrace_open("model", &w->m) == MILLRACE_OK) {
        if (millrace_load(w->m, BROOK, NULL) == MILLRACE_OK) {
            (void)tell_stories(w);
        }
        millrace_close(w->m);
    }
    return NULL;
}

static void test_a_handle_each(void **state) {
    (void)state;
    assert_true(run_all(threads, NULL, open_and_tell));
}

/* ---- any request to any thread ---- */

static millrace_id_t id_of[REQUESTS];
static uint32_t token_count[REQUESTS];
static uint32_t ends;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *poll_any(void *arg) {
    worker_t *w = arg;
    millrace_event_t event = {.size = sizeof event};
    millrace_status_t status;
    uint32_t seen = 0;
    w->good = 1;
    while (seen < REQUESTS) {
        status = millrace_poll(w->m, MILLRACE_ANY, 100, &event);
        (void)pthread_mutex_lock(&lock);
        for (uint32_t i = 0; status == MILLRACE_OK && i < REQUESTS; i++) {
            if (id_of[i] == event.id) {
                token_count[i] += event.kind == MILLRACE_TOKEN ? 1u : 0u;
                ends += event.kind == MILLRACE_END ? 1u : 0u;
            }
        }
        seen = ends;
        (void)pthread_mutex_unlock(&lock);
        w->good = w->good && (status == MILLRACE_OK || status == MILLRACE_TIMEOUT);
    }
    return NULL;
}

static void test_any_request_to_any_thread(void **state) {
    (void)state;
    millrace_t *m = open_brook("model", NULL);
    (void)pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        const millrace_request_t r = varied(i);
        id_of[i] = submit(m, &r, MILLRACE_OK);
    }
    (void)pthread_mutex_unlock(&lock);
    assert_true(run_all(threads, m, poll_any));
    for (uint32_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(token_count[i], want[i].n);
    }
    millrace_close(m);
}

/* ---- against each other ---- */

static millrace_id_t shared_id;

/* Cancels and releases what others wait for; loads that come at the wrong time. */
static void *disturb(void *arg) {
    worker_t *w = arg;
    millrace_event_t event = {.size = sizeof event};
    const millrace_request_t r = varied(w->number);
    millrace_status_t status = MILLRACE_OK;
    w->good = 1;
    for (uint32_t i = 0; i < 8u; i++) {
        millrace_id_t id;
        if (w->number % 4u == 0 && i % 4u == 0) {
            status = millrace_load(w->m, BROOK, NULL);
            w->good = w->good && (status == MILLRACE_OK || status == MILLRACE_BUSY);
        }
        status = millrace_submit(w->m, &r, &id);
        if (status != MILLRACE_OK) {
            w->good = w->good && status == MILLRACE_STATE; /* another thread loads */
            continue;
        }
        status = w->number % 2u == 0 ? millrace_cancel(w->m, id) : millrace_release(w->m, id);
        w->good = w->good && status == MILLRACE_OK;
        while (w->number % 2u == 0 && millrace_poll(w->m, id, LINE_MS, &event) == MILLRACE_OK &&
               event.kind != MILLRACE_END) {
        }
        w->good = w->good && millrace_poll(w->m, id, 0, &event) == MILLRACE_NOT_FOUND;
    }
    /* All wait for the same request, which one of them releases if it is not over by then. */
    if (w->number == 0) {
        status = millrace_release(w->m, shared_id);
        w->good = w->good && (status == MILLRACE_OK || status == MILLRACE_NOT_FOUND);
    } else {
        do {
            status = millrace_poll(w->m, shared_id, LINE_MS, &event);
        } while (status == MILLRACE_OK && event.kind != MILLRACE_END);
        w->good = w->good && (status == MILLRACE_NOT_FOUND || event.kind == MILLRACE_END);
    }
    return NULL;
}

static void test_against_each_other(void **state) {
    (void)state;
    const millrace_request_t r = {.size = sizeof r, .text = "Once", .ignore_end = 1};
    millrace_t *m = open_brook("model", NULL);
    shared_id = submit(m, &r, MILLRACE_OK);
    assert_true(run_all(threads, m, disturb));
    millrace_close(m);
}

/* ---- a load while others read the model ---- */

static atomic_bool loaded;

/* Tokenises until the model has been loaded; not good if that did not come. */
static void *tokenize(void *arg) {
    worker_t *w = arg;
    static const char text[] = "a text that takes a while to be cut into tokens, word by word";
    uint32_t ids[64];
    size_t n;
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    const time_t end = t.tv_sec + 100; /* far more than a load takes */
    w->good = 1;
    while (w->good && !atomic_load(&loaded)) {
        const millrace_status_t status = millrace_tokenize(w->m, text, 0, 0, ids, 64, &n);
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        w->good = (status == MILLRACE_OK || status == MILLRACE_STATE) && t.tv_sec < end;
    }
    return NULL;
}

static void *load_once(void *m) {
    const millrace_status_t status = millrace_load(m, BROOK, NULL);
    atomic_store(&loaded, status == MILLRACE_OK);
    return NULL;
}

static void test_a_load_comes_through(void **state) {
    (void)state;
    pthread_t loader;
    millrace_t *m = open_brook("model", NULL);
    atomic_store(&loaded, false);
    assert_int_equal(pthread_create(&loader, NULL, load_once, m), 0);
    const int good = run_all(threads, m, tokenize);
    assert_int_equal(pthread_join(loader, NULL), 0);
    assert_true(good);
    millrace_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_handle),
        cmocka_unit_test(test_a_handle_each),
        cmocka_unit_test(test_any_request_to_any_thread),
        cmocka_unit_test(test_against_each_other),
        cmocka_unit_test(test_a_load_comes_through),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
