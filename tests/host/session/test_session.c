/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: what goes wrong between a path and a running scheduler, with the status and a line that
 * says what to do, and nothing left behind. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "faults.h"
#include "gguf_test.h"
#include "millrace/regs.h"
#include "session/session.h"

#define CHIP(reg_) (MR_CHIP_BASE + MR_CHIP_##reg_##_OFFSET)

static char path[] = "/tmp/millrace_session_XXXXXX";
static uint8_t *file;
static size_t file_bytes;

static void write_file(const void *bytes, size_t n) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void write_fixture(const mr_fixture_t *f) {
    size_t n = 0;
    uint8_t *bytes = mr_fixture_file(f, &n, NULL);
    write_file(bytes, n);
    free(bytes);
}

static int setup_all(void **state) {
    const mr_fixture_t f = mr_fixture_default();
    (void)state;
    faults_clear();
    const int fd = mkstemp(path);
    if (fd < 0) {
        return -1;
    }
    file = mr_fixture_file(&f, &file_bytes, NULL);
    return close(fd);
}

static int teardown_all(void **state) {
    (void)state;
    free(file);
    return unlink(path);
}

static int setup(void **state) {
    (void)state;
    faults_clear();
    write_file(file, file_bytes);
    return 0;
}

static mr_status_t open_on(const char *device, mr_session_t **session, mr_session_error_t *error) {
    const mr_session_options_t options = {device, path, NULL, NULL};
    memset(error->text, 'x', sizeof error->text - 1u);
    error->text[sizeof error->text - 1u] = '\0';
    return mr_session_open(&options, session, error);
}

/* Opening must give that status, no session, and one line with both parts. */
static void expect_refused(mr_status_t status, const char *what, const char *advice) {
    static int mark;
    mr_session_t *session = (mr_session_t *)(void *)&mark;
    mr_session_error_t error;
    const mr_status_t got = open_on("model", &session, &error);
    assert_null(session);
    mr_check_message(&error, what);
    mr_check_message(&error, advice);
    assert_int_equal(got, status);
}

static mr_session_t *open_good(void) {
    mr_session_t *session = NULL;
    mr_session_error_t error;
    if (open_on("model", &session, &error) != MR_OK) {
        fail_msg("%s", error.text);
    }
    return session;
}

static void test_open__each_allocation_fails(void **state) {
    (void)state;
    mr_session_t *session = NULL;
    mr_session_error_t error;
    uint32_t n = 0;
    for (; n < 1000u; n++) {
        faults_clear();
        faults.fail_alloc = n;
        const mr_status_t status = open_on("model", &session, &error);
        if (status == MR_OK) {
            break;
        }
        assert_null(session);
        mr_check_message(&error, "out of ");
        mr_check_message(&error, "; close other programs");
        assert_int_equal(status, MR_NO_MEMORY);
    }
    print_message("%u allocations\n", n);
    assert_true(n > 50u && n < 1000u);
    mr_session_close(session);
    mr_session_close(NULL);
}

static void test_open__unknown_device(void **state) {
    (void)state;
    mr_session_t *session;
    mr_session_error_t error;
    assert_int_equal(open_on("abacus", &session, &error), MR_NOT_FOUND);
    assert_null(session);
    mr_check_message(&error, "no device 'abacus' in this build; choose one of: model");
    assert_int_equal(open_on("", &session, &error), MR_NOT_FOUND);
}

static void test_open__device_does_not_open(void **state) {
    (void)state;
    faults.open_status = MR_IO;
    expect_refused(MR_IO, "cannot open device 'model'", "input/output error");
    faults.open_status = MR_NO_MEMORY;
    expect_refused(MR_NO_MEMORY, "cannot open device 'model'", "close other programs");
}

static void test_open__not_a_millrace_chip(void **state) {
    (void)state;
    faults.addr = CHIP(ID);
    faults.value = UINT32_MAX;
    expect_refused(MR_IDENTITY, "device 'model' is not a Millrace chip", "ID 0xFFFFFFFF");
    faults.addr = CHIP(VERSION);
    faults.value = 0x00030003u;
    expect_refused(MR_IDENTITY, "VERSION 0x00030003", "check which device");
}

static void test_open__absurd_machine(void **state) {
    (void)state;
    faults.addr = CHIP(CAPS);
    faults.value = 0x01040001u;
    expect_refused(MR_UNSUPPORTED, "1 groups of 0 tiles with 4 lanes", "is supported");
    faults.value = UINT32_MAX;
    expect_refused(MR_UNSUPPORTED, "255 groups of 255 tiles with 255 lanes", "1 to 31 tiles");
}

static void test_open__device_gives_no_answer(void **state) {
    (void)state;
    faults.addr = CHIP(ID);
    faults.status = MR_TIMEOUT;
    expect_refused(MR_TIMEOUT, "device 'model': the device did not answer in time", "reset it");
    faults.addr = CHIP(MEM_CRC_VALUE);
    faults.status = MR_DEVICE;
    expect_refused(MR_DEVICE, "device 'model': the device reported an error", "reset it");
    faults.addr = MR_KV_BASE + MR_KV_STATUS_OFFSET;
    faults.status = MR_OK;
    faults.value = 0; /* never ready */
    expect_refused(MR_TIMEOUT, "did not answer in time", "try again");
}

static void test_open__memory_that_does_not_hold(void **state) {
    (void)state;
    faults.flip = true;
    expect_refused(MR_CRC, path, "memory is faulty; do not use it");
}

static void test_open__model_too_large_for_the_machine(void **state) {
    (void)state;
    faults.wmem_words = 8;
    expect_refused(MR_NO_SPACE, "does not fit device 'model': weight memory", "needs ");
    expect_refused(MR_NO_SPACE, ", has 8;", "use a smaller model or a larger machine");
}

static void test_open__heads_beyond_the_tiles(void **state) {
    (void)state;
    static const uint32_t bad[][3] = {{17, 1, 2}, {1, 1, 514}, {256, 256, 2}};
    static const char *const what[] = {"17 query heads on 1 KV heads of size 2",
                                       "1 query heads on 1 KV heads of size 514",
                                       "256 query heads on 256 KV heads of size 2"};
    for (size_t i = 0; i < 3; i++) {
        mr_fixture_t f = mr_fixture_default();
        f.type = MR_GGUF_TYPE_F16;
        f.n_heads = bad[i][0];
        f.n_kv_heads = bad[i][1];
        f.head_dim = bad[i][2];
        write_fixture(&f);
        expect_refused(MR_RANGE, what[i],
                       "at most 16 query heads a KV head, 255 KV heads and heads of 512");
    }
}

/* Every length of the file that is cut in its header, and some in its data. */
static void test_open__truncated_file(void **state) {
    (void)state;
    for (size_t n = 0; n < file_bytes; n += n < 64u ? 1u : file_bytes / 61u) {
        write_file(file, n);
        expect_refused(MR_FORMAT, path, "download it again");
    }
    write_file(file, file_bytes - 1u);
    expect_refused(MR_FORMAT, path, "download it again");
}

static void test_open__no_file(void **state) {
    (void)state;
    mr_session_t *session;
    mr_session_error_t error = {{0}};
    assert_int_equal(mr_session_open_model("/nonexistent/x.gguf", &session, &error), MR_IO);
    assert_null(session);
    mr_check_message(&error, "/nonexistent/x.gguf: cannot be opened: No such file");
}

typedef struct {
    uint32_t tokens;
    uint32_t ends;
    mr_end_t why;
} events_t;

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    (void)ctx;
    (void)slot;
    (void)pos;
    (void)logits;
    (void)n;
    fail_msg("nobody asked for logits");
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    events_t *e = ctx;
    (void)slot;
    (void)pos;
    (void)token;
    e->tokens++;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    events_t *e = ctx;
    assert_int_equal(slot, 0);
    assert_int_equal(detail, 0);
    e->ends++;
    e->why = why;
}

static mr_sched_events_t collect(events_t *e) {
    *e = (events_t){0};
    return (mr_sched_events_t){.logits = on_logits, .token = on_token, .end = on_end, .ctx = e};
}

static void drive(mr_sched_t *sched) {
    bool busy = true;
    for (uint32_t i = 0; busy && i < 10000u; i++) {
        assert_int_equal(mr_sched_step(sched, &busy), MR_OK);
    }
    assert_false(busy);
}

/* What a prompt may not be; the slot stays free for the next. */
static void test_prompts(void **state) {
    (void)state;
    mr_session_t *session = open_good();
    events_t e;
    const mr_sched_events_t events = collect(&e);
    mr_sched_t *sched = NULL;
    static uint32_t prompt[129]; /* the context is 128 */
    mr_request_t r = {.prompt = prompt, .sampling = {.top_p = 1.0f}, .max_tokens = 3};
    assert_int_equal(mr_session_sched(session, &events, &sched), MR_OK);
    r.n_prompt = 0;
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_RANGE);
    r.n_prompt = 129;
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_RANGE);
    r.n_prompt = 1;
    prompt[0] = 300; /* the vocabulary's size */
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_RANGE);
    prompt[0] = 299;
    assert_int_equal(mr_sched_submit(sched, 128, &r), MR_RANGE);
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_OK);
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_STATE);
    drive(sched);
    assert_int_equal(e.tokens, 3);
    assert_int_equal(e.ends, 1);
    /* n = 0: only the prompt runs. */
    e = (events_t){0};
    r.max_tokens = 0;
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_OK);
    drive(sched);
    assert_int_equal(e.tokens, 0);
    assert_int_equal(e.ends, 1);
    assert_int_equal(e.why, MR_END_LENGTH);
    /* A prompt as long as the context leaves room for one token. */
    e = (events_t){0};
    r.max_tokens = 3;
    r.n_prompt = 128;
    assert_int_equal(mr_sched_submit(sched, 0, &r), MR_OK);
    drive(sched);
    assert_int_equal(e.tokens, 1);
    assert_int_equal(e.why, MR_END_LENGTH);
    mr_session_close(session);
}

/* A failure leaves the session as it was: a later call succeeds. */
static void test_sched__each_allocation_fails(void **state) {
    (void)state;
    events_t e;
    const mr_sched_events_t events = collect(&e);
    for (uint32_t i = 0; i < 4u; i++) {
        mr_session_t *session = open_good();
        mr_sched_t *sched = NULL;
        faults.allocs = 0;
        faults.fail_alloc = i;
        assert_int_equal(mr_session_sched(session, &events, &sched), MR_NO_MEMORY);
        assert_null(sched);
        faults_clear();
        assert_int_equal(mr_session_sched(session, &events, &sched), MR_OK);
        assert_non_null(sched);
        mr_session_close(session);
    }
}

static void test_sched__missing_event(void **state) {
    (void)state;
    mr_session_t *session = open_good();
    events_t e;
    mr_sched_events_t events = collect(&e);
    mr_sched_t *sched = NULL;
    events.token = NULL;
    assert_int_equal(mr_session_sched(session, &events, &sched), MR_ARG);
    events = collect(&e);
    assert_int_equal(mr_session_sched(session, &events, &sched), MR_OK);
    mr_session_close(session);
}

static void test_fit__other_machines(void **state) {
    (void)state;
    static mr_placement_t p;
    mr_session_t *session = open_good();
    mr_machine_t m = mr_session_placement(session)->machine;
    mr_fit_t fit;
    assert_int_equal(mr_session_fit(session, &m, &p, &fit), MR_OK);
    m.tiles = 0;
    assert_int_equal(mr_session_fit(session, &m, &p, &fit), MR_UNSUPPORTED);
    m.tiles = 1;
    m.wmem_words = 1;
    assert_int_equal(mr_session_fit(session, &m, &p, &fit), MR_NO_SPACE);
    assert_int_equal(fit.reason, MR_FIT_WMEM_TILE);
    assert_true(fit.available == 1);
    assert_null(mr_device_fault(mr_session_mmio(session)));
    mr_session_close(session);
}

int main(void) {
#define T(name_) cmocka_unit_test_setup(name_, setup)
    const struct CMUnitTest tests[] = {
        T(test_open__each_allocation_fails),
        T(test_open__unknown_device),
        T(test_open__device_does_not_open),
        T(test_open__not_a_millrace_chip),
        T(test_open__absurd_machine),
        T(test_open__device_gives_no_answer),
        T(test_open__memory_that_does_not_hold),
        T(test_open__model_too_large_for_the_machine),
        T(test_open__heads_beyond_the_tiles),
        T(test_open__truncated_file),
        T(test_open__no_file),
        T(test_prompts),
        T(test_sched__each_allocation_fails),
        T(test_sched__missing_event),
        T(test_fit__other_machines),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
