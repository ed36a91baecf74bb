/* SPDX-License-Identifier: Apache-2.0 */
/* The token loop on a device: users at once, token by token through firmware and then in the loop;
 * the tokens must be the same ones.
 *
 * usage: test_loop DEVICE MODEL.gguf TOKENS USERS
 * Half of the users stop at a token that their first run drew. Exit status 0 and "PASS" only
 * without a difference and with the loop at work; 77 when the model file does not exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/loop.h"
#include "session/session.h"

#define USERS_MAX 16u
#define TOKENS_MAX 256u
#define PROMPT_MAX 64u

typedef struct {
    uint32_t prompt[PROMPT_MAX];
    size_t n_prompt;
    uint32_t token[2][TOKENS_MAX]; /* by firmware, in the loop */
    uint32_t n[2];
    mr_end_t why[2];
} user_t;

typedef struct {
    user_t user[USERS_MAX];
    uint32_t run;
} test_t;

static void fail(const char *what) {
    fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    test_t *t = ctx;
    user_t *u = &t->user[slot];
    if (u->n[t->run] >= TOKENS_MAX || pos != u->n_prompt + u->n[t->run]) {
        fail("position");
    }
    u->token[t->run][u->n[t->run]++] = token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    test_t *t = ctx;
    (void)detail;
    t->user[slot].why[t->run] = why;
}

static void prompts(test_t *t, const mr_session_t *session, uint32_t users) {
    static const char *const texts[] = {"Once upon a time", "One day, Lily saw a big dog.", "The",
                                        "Tom and his mother went to the park"};
    for (uint32_t i = 0; i < users; i++) {
        const char *text = texts[i % 4u];
        if (mr_tokenizer_encode(mr_session_tokenizer(session), text, strlen(text), true, false,
                                t->user[i].prompt, PROMPT_MAX - 1u,
                                &t->user[i].n_prompt) != MR_OK) {
            fail("prompt");
        }
        t->user[i].prompt[t->user[i].n_prompt++] = 100u + i; /* every user another one */
    }
}

/* Runs all users; cycles from the first to the last step. */
static uint64_t run(test_t *t, mr_session_t *session, uint32_t users, uint32_t tokens) {
    const mr_sched_events_t events = {.token = on_token, .end = on_end, .ctx = t};
    const mr_mmio_t *mmio = mr_session_mmio(session);
    mr_sched_t *sched;
    uint64_t from;
    uint64_t to;
    bool busy = true;
    if (mr_session_sched(session, &events, &sched) != MR_OK ||
        mr_chip_cycles(mmio, &from) != MR_OK) {
        fail("scheduler");
    }
    for (uint32_t i = 0; i < users; i++) {
        mr_request_t r = {.prompt = t->user[i].prompt,
                          .n_prompt = (uint32_t)t->user[i].n_prompt,
                          .max_tokens = tokens,
                          .sampling = {.top_p = 1.0f},
                          .stepwise = t->run == 0};
        if (t->run == 1u && i % 2u == 1u && t->user[i].n[0] > 0) {
            r.stops = &t->user[i].token[0][t->user[i].n[0] / 2u];
            r.n_stops = 1;
        }
        if (mr_sched_submit(sched, i, &r) != MR_OK) {
            fail("submit");
        }
    }
    while (busy) {
        const mr_status_t status = mr_sched_step(sched, &busy);
        if (status != MR_OK) {
            const char *fault = mr_device_fault(mmio);
            fail(fault != NULL ? fault : mr_status_text(status));
        }
    }
    if (mr_chip_cycles(mmio, &to) != MR_OK) {
        fail("cycle counter");
    }
    return to - from;
}

static uint64_t compare(const test_t *t, uint32_t users) {
    uint64_t differing = 0;
    for (uint32_t i = 0; i < users; i++) {
        const user_t *u = &t->user[i];
        uint32_t want = u->n[0];
        if (i % 2u == 1u) { /* up to the stop token */
            for (want = 1; u->token[0][want - 1u] != u->token[0][u->n[0] / 2u];) {
                want++;
            }
        }
        differing += u->n[1] != want || u->why[1] != (i % 2u == 1u ? MR_END_STOP : MR_END_LENGTH) ||
                     u->why[0] != MR_END_LENGTH;
        for (uint32_t k = 0; k < u->n[1] && k < u->n[0]; k++) {
            differing += u->token[0][k] != u->token[1][k];
        }
    }
    return differing;
}

int main(int argc, char **argv) {
    static test_t test;
    mr_session_error_t error;
    mr_session_t *session;
    mr_loop_stats_t stats;
    uint32_t before;
    uint32_t after;
    if (argc != 5) {
        fail("usage: test_loop DEVICE MODEL.gguf TOKENS USERS");
    }
    if (access(argv[2], R_OK) != 0) {
        printf("SKIP: no %s\n", argv[2]);
        return 77;
    }
    const mr_session_options_t options = {argv[1], argv[2], NULL, NULL};
    if (mr_session_open(&options, &session, &error) != MR_OK) {
        fail(error.text);
    }
    const uint32_t tokens = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint32_t users = (uint32_t)strtoul(argv[4], NULL, 10);
    if (tokens == 0 || tokens > TOKENS_MAX || users == 0 || users > USERS_MAX) {
        fail("1 to 256 tokens, 1 to 16 users");
    }
    prompts(&test, session, users);
    if (mr_kv_pages_free(mr_session_mmio(session), &before) != MR_OK) {
        fail("pages");
    }
    uint64_t cycles[2];
    uint64_t count = 0;
    for (test.run = 0; test.run < 2u; test.run++) {
        cycles[test.run] = run(&test, session, users, tokens);
    }
    for (uint32_t i = 0; i < users; i++) {
        count += test.user[i].n[1];
    }
    if (mr_loop_stats(mr_session_mmio(session), &stats) != MR_OK ||
        mr_kv_pages_free(mr_session_mmio(session), &after) != MR_OK) {
        fail("counters");
    }
    const uint64_t differing = compare(&test, users);
    printf("RESULT %s_loop_tokens %" PRIu64 " tokens\n", argv[1], count);
    printf("RESULT %s_loop_differing %" PRIu64 " tokens\n", argv[1], differing);
    printf("RESULT %s_loop_jobs %" PRIu64 " jobs\n", argv[1], stats.jobs);
    printf("RESULT %s_loop_wait_max %" PRIu32 " cycles\n", argv[1], stats.wait_max);
    printf("RESULT %s_firmware_cycles %" PRIu64 " cycles\n", argv[1], cycles[0]);
    printf("RESULT %s_loop_cycles %" PRIu64 " cycles\n", argv[1], cycles[1]);
    if (differing != 0 || stats.jobs == 0 || before != after) {
        fail("the loop's tokens differ from firmware's, or pages are missing");
    }
    mr_session_close(session);
    printf("PASS test_loop %s %s\n", argv[1], argv[2]);
    return 0;
}
