/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a device, loads a model, runs one token and closes, so many times in one process. Each time
 * the token has to be the same, and no descriptor and no child process may be left.
 *
 * Usage: cycles DEVICE MODEL TIMES. Prints "PASS cycles" at the end.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "session/session.h"

enum { STEPS = 1000000, BOS = 1 };

typedef struct {
    uint32_t tokens, ends, token;
} events_t;

static void check(bool right, const char *what) {
    if (!right) {
        (void)fprintf(stderr, "cycles: %s\n", what);
        exit(1);
    }
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    events_t *e = ctx;
    (void)slot;
    (void)pos;
    e->tokens++;
    e->token = token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    events_t *e = ctx;
    (void)slot;
    check(why == MR_END_LENGTH && detail == 0, "the request did not end as it should");
    e->ends++;
}

static uint32_t descriptors(void) {
    uint32_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    check(folder != NULL, "cannot look at /proc/self/fd");
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static uint32_t one_token(const char *device, const char *model) {
    const mr_session_options_t options = {.device = device, .model_path = model};
    const uint32_t prompt[] = {BOS};
    const mr_request_t request = {
        .prompt = prompt, .n_prompt = 1, .sampling = {.top_p = 1.0f}, .max_tokens = 1};
    mr_session_error_t error;
    mr_session_t *session;
    mr_sched_t *sched;
    events_t e = {0};
    const mr_sched_events_t events = {.token = on_token, .end = on_end, .ctx = &e};
    const mr_status_t status = mr_session_open(&options, &session, &error);
    check(status == MR_OK, status == MR_OK ? "" : error.text);
    check(mr_session_sched(session, &events, &sched) == MR_OK, "no scheduler");
    check(mr_sched_submit(sched, 0, &request) == MR_OK, "the request is refused");
    bool busy = true;
    for (uint32_t i = 0; busy && i < STEPS; i++) {
        check(mr_sched_step(sched, &busy) == MR_OK, "the device failed");
    }
    check(!busy && e.tokens == 1 && e.ends == 1, "no token came");
    mr_session_close(session);
    return e.token;
}

int main(int argc, char **argv) {
    check(argc == 4, "usage: cycles DEVICE MODEL TIMES");
    const long times = strtol(argv[3], NULL, 10);
    const uint32_t before = descriptors();
    uint32_t first = 0;
    for (long i = 0; i < times; i++) {
        const uint32_t token = one_token(argv[1], argv[2]);
        first = i == 0 ? token : first;
        check(token == first, "the token is another one now");
        check(descriptors() == before, "a descriptor stayed open");
        check(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a child process stayed");
        (void)printf("cycle %ld: token %u\n", i + 1, (unsigned)token);
        (void)fflush(stdout);
    }
    (void)printf("PASS cycles\n");
    return 0;
}
