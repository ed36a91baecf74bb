/* SPDX-License-Identifier: Apache-2.0 */
/* libmillrace when the device fails: every request ends with an error, and a load brings it back.
 */
#include <string.h>

#include "faults.h"
#include "library_test.h"
#include "millrace/regs.h"

#define RES_STATUS (MR_HUB_BASE + MR_HUB_RES_STATUS_OFFSET)

static int setup(void **state) {
    (void)state;
    faults_clear();
    return 0;
}

static void expect_text(const char *what) {
    if (strstr(millrace_last_error(), what) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", millrace_last_error(), what);
    }
}

static void test_open__device_does_not_open(void **state) {
    (void)state;
    millrace_t *m = NULL;
    faults.open_status = MR_IO;
    assert_int_equal(millrace_open("model", &m), MILLRACE_IO);
    assert_null(m);
    expect_text("cannot open device 'model'");
}

static void test_load__memory_is_faulty(void **state) {
    (void)state;
    millrace_t *m = NULL;
    assert_int_equal(millrace_open("model", &m), MILLRACE_OK);
    faults.flip = true;
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_CRC);
    expect_text("memory is faulty");
    faults.flip = false;
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    millrace_close(m);
}

static void test_load__other_device(void **state) {
    (void)state;
    millrace_t *m = NULL;
    assert_int_equal(millrace_open("model", &m), MILLRACE_OK);
    faults.addr = MR_CHIP_BASE + MR_CHIP_ID_OFFSET;
    faults.value = 0x12345678;
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_IDENTITY);
    expect_text("not a Millrace chip");
    millrace_close(m);
}

/* The device fails in the middle of three requests; a fourth one has ended before. */
static void test_run__device_fails(void **state) {
    (void)state;
    static story_t story;
    millrace_id_t id[3];
    millrace_event_t event = {.size = sizeof event};
    millrace_stats_t stats = {.size = sizeof stats};
    const millrace_request_t r = {.size = sizeof r, .text = "Once upon a time", .ignore_end = 1};
    const millrace_request_t quick = {.size = sizeof r, .text = "One day", .max_tokens = 3};
    millrace_t *m = open_brook("model", NULL);
    const millrace_id_t before = submit(m, &quick, MILLRACE_OK);
    do {
        assert_int_equal(millrace_stats(m, &stats), MILLRACE_OK);
    } while (stats.unread == 0);
    faults.status = MR_IO;
    __atomic_store_n(&faults.addr, RES_STATUS, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < 3u; i++) {
        /* The first one may have met it by the time of the next. */
        const millrace_status_t status = millrace_submit(m, &r, &id[i]);
        assert_true(status == MILLRACE_OK || (i > 0 && status == MILLRACE_DEVICE));
    }
    for (uint32_t i = 0; i < 3u && id[i] != 0; i++) {
        assert_true(read_story(m, id[i], &story));
        assert_int_equal(story.reason, MILLRACE_END_ERROR);
        assert_int_equal(story.status, MILLRACE_IO);
        assert_non_null(strstr(story.text, "the device stopped: input/output error"));
    }
    assert_int_equal(millrace_stats(m, &stats), MILLRACE_OK);
    assert_int_equal(stats.state, MILLRACE_STATE_FAILED);
    assert_true(stats.failed > 0 && stats.running == 0 && stats.waiting == 0);
    submit(m, &r, MILLRACE_DEVICE);
    expect_text("load the model again");
    /* What was told before is still there. */
    assert_true(read_story(m, before, &story));
    assert_int_equal(story.reason, MILLRACE_END_LENGTH);
    /* The device stays dead, then comes back. */
    assert_int_equal(millrace_poll(m, MILLRACE_ANY, 0, &event), MILLRACE_TIMEOUT);
    faults.open_status = MR_IO;
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_IO);
    expect_text("cannot open device 'model'");
    submit(m, &r, MILLRACE_STATE);
    faults_clear();
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    assert_true(read_story(m, submit(m, &quick, MILLRACE_OK), &story));
    assert_int_equal(story.n, 3);
    millrace_close(m);
}

/* A job fails (status 7 in its result): its request alone ends, and the handle goes on. */
static void test_run__job_fails(void **state) {
    (void)state;
    static story_t story;
    /* Drawn tokens come through the hub's results, not its token loop. */
    const millrace_request_t r = {
        .size = sizeof r, .text = "Once", .max_tokens = 3, .temperature = 1.0f};
    millrace_stats_t stats = {.size = sizeof stats};
    millrace_t *m = open_brook("model", NULL);
    faults.value = 7u << MR_HUB_RES_HDR_STATUS_SHIFT;
    __atomic_store_n(&faults.addr, MR_HUB_BASE + MR_HUB_RES_HDR_OFFSET, __ATOMIC_SEQ_CST);
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &story));
    assert_int_equal(story.reason, MILLRACE_END_ERROR);
    assert_int_equal(story.status, MILLRACE_DEVICE);
    assert_string_equal(story.text,
                        "a job failed on the device: status 7 (KV cache: data damaged)");
    assert_int_equal(millrace_stats(m, &stats), MILLRACE_OK);
    assert_true(stats.state == MILLRACE_STATE_READY && stats.failed == 1);
    faults_clear();
    assert_true(read_story(m, submit(m, &r, MILLRACE_OK), &story));
    assert_int_equal(story.reason, MILLRACE_END_LENGTH);
    millrace_close(m);
}

static void test_stats__device_fails(void **state) {
    (void)state;
    millrace_stats_t stats = {.size = sizeof stats};
    millrace_t *m = open_brook("model", NULL);
    faults.status = MR_IO;
    __atomic_store_n(&faults.addr, MR_KV_BASE + MR_KV_PAGES_FREE_OFFSET, __ATOMIC_SEQ_CST);
    assert_int_equal(millrace_stats(m, &stats), MILLRACE_IO);
    expect_text("input/output error");
    faults_clear();
    assert_int_equal(millrace_stats(m, &stats), MILLRACE_OK);
    millrace_close(m);
}

/* Wherever memory runs out, the call says so, and the next one works. */
static void test_memory__runs_out(void **state) {
    (void)state;
    millrace_t *m = NULL;
    uint32_t n = 0;
    for (; n < 100u; n++) {
        faults_clear();
        faults.fail_alloc = n;
        const millrace_status_t status = millrace_open("model", &m);
        if (status == MILLRACE_OK) {
            break;
        }
        assert_int_equal(status, MILLRACE_NO_MEMORY);
        assert_null(m);
    }
    assert_true(n >= 3u && n < 100u);
    faults_clear();
    assert_int_equal(millrace_load(m, BROOK, NULL), MILLRACE_OK);
    const millrace_request_t r = {.size = sizeof r, .text = "Once", .max_tokens = 1};
    millrace_id_t id = 0;
    for (n = 0; n < 100u && id == 0; n++) {
        faults_clear();
        faults.fail_alloc = n;
        const millrace_status_t status = millrace_submit(m, &r, &id);
        assert_true(status == MILLRACE_OK || status == MILLRACE_NO_MEMORY);
    }
    faults_clear();
    assert_true(n > 3u && id != 0);
    static story_t story;
    assert_true(read_story(m, id, &story));
    assert_int_equal(story.n, 1);
    millrace_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_open__device_does_not_open, setup),
        cmocka_unit_test_setup(test_load__memory_is_faulty, setup),
        cmocka_unit_test_setup(test_load__other_device, setup),
        cmocka_unit_test_setup(test_run__device_fails, setup),
        cmocka_unit_test_setup(test_run__job_fails, setup),
        cmocka_unit_test_setup(test_stats__device_fails, setup),
        cmocka_unit_test_setup(test_memory__runs_out, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
