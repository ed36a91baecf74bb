/* SPDX-License-Identifier: Apache-2.0 */
/* The same requests with the firmware in this process and on the chip's control core: the same
 * tokens, logits and ends.
 *
 * usage: test_firmware_core DEVICE MODEL.gguf USERS TOKENS
 * Users are greedy; the second one draws at a temperature, the third one goes step by step with all
 * its logits, the fourth one leaves after three tokens. The core injects its first job within a
 * bound, counted from the first access of the boot on. Exit status 0 and "PASS" only without a
 * difference; 77 when the device has no core.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/arith.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/regs.h"
#include "session/session.h"

#define USERS_MAX 128u
#define TOKENS_MAX 128u
#define DRAWN 2u /* tokens of the user who draws: the core takes a million clocks for each */
#define STAYS 3u /* tokens of the user who leaves */
#define FIRST_JOB_CYCLES 200000u

typedef struct {
    uint32_t prompt[16];
    uint32_t token[TOKENS_MAX];
    uint32_t n;
    uint32_t logits; /* events */
    uint64_t digest; /* of their positions and bits */
    uint32_t ends;
    mr_end_t why;
} user_t;

typedef struct {
    mr_session_t *session;
    mr_runner_t *runner;
    user_t user[2][USERS_MAX]; /* hosted, core */
    uint32_t users;
    uint32_t home;
    uint64_t boot;      /* cycle in which the core's boot began; 0: its first job was seen */
    uint32_t boot_msgs; /* messages that the network had carried then */
} test_t;

static void fail(const char *what) {
    fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

static user_t *user_in(test_t *t, uint32_t slot) {
    return &t->user[t->home][mr_runner_user(t->runner, slot)];
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    user_t *u = user_in(ctx, slot);
    u->logits++;
    u->digest = (u->digest ^ pos) * 1099511628211u;
    for (uint32_t i = 0; i < n; i++) {
        u->digest = (u->digest ^ mr_f32_bits(logits[i])) * 1099511628211u;
    }
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    test_t *t = ctx;
    user_t *u = user_in(t, slot);
    (void)pos;
    if (u->n == TOKENS_MAX || u->ends != 0) {
        fail("too many tokens");
    }
    u->token[u->n++] = token;
    if (mr_runner_user(t->runner, slot) % 4u == 3u && u->n == STAYS) {
        mr_runner_cancel(t->runner, slot);
    }
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    user_t *u = user_in(ctx, slot);
    u->ends++;
    u->why = why;
    if (detail != 0) {
        fail("a job failed");
    }
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    (void)ctx;
    (void)user;
    (void)why;
    fail("a request was dropped");
}

static mr_status_t enqueue(test_t *t, uint32_t i, uint32_t tokens) {
    const mr_model_shape_t *s = &mr_session_placement(t->session)->shape;
    user_t *u = &t->user[t->home][i];
    const uint32_t n = 1u + i % 12u;
    for (uint32_t k = 0; k < n; k++) {
        u->prompt[k] = (1u + (k + 7u * i) * 389u) % s->vocab;
    }
    mr_request_t r = {.prompt = u->prompt,
                      .n_prompt = n,
                      .max_tokens = tokens,
                      .sampling = {.top_p = 1.0f},
                      .user = i};
    if (i == 1u) {
        r.max_tokens = DRAWN;
        r.sampling = (mr_sampling_t){.temperature = 0.8f, .top_k = 40, .top_p = 0.9f, .seed = 11};
    } else if (i == 2u) {
        r.stepwise = true;
        r.prompt_logits = true;
        r.token_logits = true;
    }
    return mr_runner_enqueue(t->runner, &r);
}

static uint64_t cycles(const test_t *t) {
    uint64_t now;
    if (mr_chip_cycles(mr_session_mmio(t->session), &now) != MR_OK) {
        fail("cycles");
    }
    return now;
}

static uint32_t messages(const test_t *t) {
    uint32_t n;
    if (mr_mmio_read32(mr_session_mmio(t->session), MR_HUB_BASE + MR_HUB_MSGS_LO_OFFSET, &n) !=
        MR_OK) {
        fail("messages");
    }
    return n;
}

/* The first message since the boot carries the first job. */
static void look_for_first_job(test_t *t) {
    if (t->boot == 0 || messages(t) == t->boot_msgs) {
        return;
    }
    const uint64_t took = cycles(t) - t->boot;
    t->boot = 0;
    printf("RESULT core_first_job_cycles %" PRIu64 " clocks\n", took);
    if (took > FIRST_JOB_CYCLES) {
        fail("the core takes too long to its first job");
    }
}

static void run(test_t *t, uint32_t tokens) {
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .drop = on_drop, .ctx = t};
    uint32_t next = 0;
    uint32_t before;
    uint32_t after;
    bool busy = true;
    if (mr_session_runner(t->session, &events, &t->runner) != MR_OK ||
        mr_kv_pages_free(mr_session_mmio(t->session), &before) != MR_OK) {
        fail("start");
    }
    while (busy || next < t->users) {
        const mr_status_t queued = next < t->users ? enqueue(t, next, tokens) : MR_BUSY;
        next += queued == MR_OK ? 1u : 0u;
        if (queued != MR_OK && queued != MR_BUSY) {
            fail(mr_status_text(queued));
        }
        const mr_status_t status = mr_runner_step(t->runner, &busy);
        if (status != MR_OK) {
            const char *why = mr_runner_trouble(t->runner);
            fail(why != NULL ? why : mr_status_text(status));
        }
        look_for_first_job(t);
    }
    if (mr_kv_pages_free(mr_session_mmio(t->session), &after) != MR_OK || after != before) {
        fail("pages are lost");
    }
}

int main(int argc, char **argv) {
    static test_t t;
    mr_session_error_t error;
    uint64_t tokens = 0;
    if (argc != 5) {
        fail("usage: test_firmware_core DEVICE MODEL.gguf USERS TOKENS");
    }
    const mr_session_options_t options = {argv[1], argv[2], NULL, NULL};
    t.users = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint32_t n = (uint32_t)strtoul(argv[4], NULL, 10);
    if (t.users == 0 || t.users > USERS_MAX || n <= STAYS || n > TOKENS_MAX) {
        fail("1 to 128 users, 4 to 128 tokens");
    }
    if (mr_session_open(&options, &t.session, &error) != MR_OK) {
        fail(error.text);
    }
    run(&t, n);
    t.boot_msgs = messages(&t);
    t.boot = cycles(&t);
    const mr_status_t status = mr_session_use_core(t.session, argv[1], NULL, &error);
    if (status == MR_UNSUPPORTED) {
        printf("SKIP: %s\n", error.text);
        return 77;
    }
    if (status != MR_OK) {
        fail(error.text);
    }
    t.home = 1;
    run(&t, n);
    for (uint32_t i = 0; i < t.users; i++) {
        const user_t *a = &t.user[0][i];
        const user_t *b = &t.user[1][i];
        if (a->n != b->n || memcmp(a->token, b->token, a->n * sizeof *a->token) != 0 ||
            a->logits != b->logits || a->digest != b->digest || a->ends != 1 || b->ends != 1 ||
            a->why != b->why) {
            fprintf(stderr, "user %" PRIu32 ": %" PRIu32 " and %" PRIu32 " tokens\n", i, a->n,
                    b->n);
            fail("hosted and core differ");
        }
        tokens += a->n;
    }
    if (t.boot != 0) {
        fail("the core injected no job");
    }
    mr_session_close(t.session);
    printf("PASS %" PRIu32 " users, %" PRIu64 " tokens, hosted and core alike\n", t.users, tokens);
    return 0;
}
