/* SPDX-License-Identifier: Apache-2.0 */
/* Users that come and go on a device: each gets exactly the tokens that it gets alone.
 *
 * usage: test_users DEVICE MODEL.gguf USERS TOKENS [SEED]
 * USERS requests with prompts of many lengths (a third of them begin alike), up to TOKENS tokens,
 * greedy or drawn with settings and a seed of their own, some with stop tokens. They arrive at
 * random, more than the device has slots for. One in eight is cancelled, in its prompt or later;
 * some readers are slow, one never reads at all; one has a deadline, one asks for more pages than a
 * request may have. The functional model tells what each gets alone. In the end no page is in use.
 * Exit status 0 and "PASS" only without a difference; 77 when the model file does not exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "session/session.h"

enum { PROMPT_MAX = 64, SHARED = 40, TOKENS_MAX = 128, SLOTS_MAX = 256, QUEUE = 16 };
enum { STALL_CYCLES = 8000000, DEADLINE_CYCLES = 20000, STEPS_MAX = 50000000 };

typedef enum { PLAIN, CANCEL_PROMPT, CANCEL_LATER, NEVER_READS, TOO_LATE, TOO_LARGE } kind_t;

typedef struct {
    kind_t kind;
    uint32_t prompt[PROMPT_MAX];
    uint32_t stops[3];
    mr_request_t request;
    uint32_t want[TOKENS_MAX];
    uint32_t n_want;
    uint32_t n;
    uint32_t cancel_at; /* tokens, or steps in its slot */
    uint32_t deaf;      /* so often the reader does not take a token */
    bool started;
    bool ended;
    mr_end_t why;
} user_t;

typedef struct {
    mr_session_t *session;
    const mr_mmio_t *io;
    mr_sched_t sched;
    mr_slot_t slots[SLOTS_MAX];
    mr_route_t route;
    mr_request_t queue[QUEUE];
    float *logits;
    uint32_t *order;
    uint32_t pages;
    user_t *user;
    uint32_t n_users;
    uint32_t next;
    uint32_t ends;
    uint64_t tokens;
    uint64_t drawn; /* of them not by the token loop's rule */
    bool alone;
    user_t *current; /* the one alone */
    uint64_t random;
} test_t;

static void fail(const char *what) {
    fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

static void must(mr_status_t status, const char *what) {
    if (status != MR_OK) {
        fprintf(stderr, "FAIL: %s: %s\n", what, mr_status_text(status));
        exit(1);
    }
}

/* Marsaglia's xorshift64 with 13, 7, 17. */
static uint32_t below(test_t *t, uint32_t n) {
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return (uint32_t)((t->random >> 32) % n);
}

/* ---- events ---------------------------------------------------------------------------------- */

static user_t *user_in(test_t *t, uint32_t slot) {
    return t->alone ? t->current : &t->user[mr_sched_user(&t->sched, slot)];
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    test_t *t = ctx;
    user_t *u = user_in(t, slot);
    if (t->alone) {
        u->want[u->n_want++] = token;
        return true;
    }
    if (u->kind == NEVER_READS) {
        return false;
    }
    if (u->deaf > 0 && u->n % 3u == 2u) {
        u->deaf--;
        return false;
    }
    if (u->n >= u->n_want || token != u->want[u->n] || pos != u->request.n_prompt + u->n) {
        fprintf(stderr,
                "FAIL: user %" PRIu32 ", token %" PRIu32 ": %" PRIu32 ", alone %" PRIu32 "\n",
                u->request.user, u->n, token, u->n < u->n_want ? u->want[u->n] : UINT32_MAX);
        exit(1);
    }
    u->n++;
    t->tokens++;
    t->drawn += u->request.sampling.temperature > 0.0f ? 1u : 0u;
    if (u->kind == CANCEL_LATER && u->n == u->cancel_at) {
        mr_sched_cancel(&t->sched, slot);
    }
    return true;
}

static void ended(test_t *t, user_t *u, mr_end_t why) {
    if (u->ended) {
        fail("a user ends twice");
    }
    u->ended = true;
    u->why = why;
    t->ends++;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    test_t *t = ctx;
    if (detail != 0) {
        fail("a job failed");
    }
    ended(t, user_in(t, slot), why);
}

static void on_start(void *ctx, uint32_t slot, uint32_t user) {
    test_t *t = ctx;
    (void)slot;
    t->user[user].started = true;
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    test_t *t = ctx;
    if (t->user[user].started) {
        fail("a user that runs is dropped");
    }
    ended(t, &t->user[user], why);
}

/* ---- users ----------------------------------------------------------------------------------- */

static test_t *open_device(const char *device, const char *model) {
    const mr_session_options_t options = {device, model, NULL, NULL};
    mr_session_error_t error;
    test_t *t = calloc(1, sizeof *t);
    if (t == NULL) {
        fail("out of memory");
    }
    if (mr_session_open(&options, &t->session, &error) != MR_OK) {
        fail(error.text);
    }
    const mr_placement_t *p = mr_session_placement(t->session);
    t->io = mr_session_mmio(t->session);
    t->logits = calloc(p->shape.vocab_pad, sizeof *t->logits);
    t->order = calloc(p->shape.vocab_pad, sizeof *t->order);
    if (t->logits == NULL || t->order == NULL || p->machine.kv_slots > SLOTS_MAX) {
        fail("device too large");
    }
    must(mr_kv_pages_free(t->io, &t->pages), "pages");
    return t;
}

static void make_sched(test_t *t, uint32_t max_pages) {
    const mr_placement_t *p = mr_session_placement(t->session);
    mr_route_of(&t->route, p);
    const mr_sched_config_t cfg = {
        .mmio = t->io,
        .route = &t->route,
        .slots = t->slots,
        .n_slots = p->machine.kv_slots,
        .logits = t->logits,
        .order = t->order,
        .stall_cycles = STALL_CYCLES,
        .events = {.token = on_token, .end = on_end, .ctx = t, .start = on_start, .drop = on_drop},
        .queue = t->queue,
        .n_queue = QUEUE,
        .max_pages = max_pages,
        .chunk = 4};
    must(mr_sched_init(&t->sched, &cfg), "scheduler");
}

static void close_device(test_t *t) {
    uint32_t pages;
    must(mr_kv_pages_free(t->io, &pages), "pages");
    if (pages != t->pages) {
        fprintf(stderr, "FAIL: %" PRIu32 " of %" PRIu32 " pages are still in use\n",
                t->pages - pages, t->pages);
        exit(1);
    }
    mr_session_close(t->session);
    free(t->logits);
    free(t->order);
    free(t);
}

static void make_request(test_t *t, user_t *u, const uint32_t *shared, uint32_t tokens,
                         const mr_model_shape_t *s) {
    mr_request_t *r = &u->request;
    uint32_t n = 1u + below(t, 20);
    if (below(t, 3) == 0) {
        n += SHARED;
        memcpy(u->prompt, shared, SHARED * sizeof *shared);
    }
    for (uint32_t i = n > SHARED ? SHARED : 0; i < n; i++) {
        u->prompt[i] = below(t, s->vocab);
    }
    *r = (mr_request_t){.prompt = u->prompt,
                        .n_prompt = n < s->context ? n : s->context,
                        .max_tokens = 1u + below(t, tokens),
                        .sampling = {.top_p = 1.0f}};
    if (below(t, 2) == 0) {
        r->sampling = (mr_sampling_t){.temperature = 0.25f + 0.25f * (float)below(t, 6),
                                      .top_k = below(t, 2) * (1u + below(t, 60)),
                                      .top_p = below(t, 2) == 0 ? 1.0f : 0.9f,
                                      .seed = t->random};
    }
    r->stops = u->stops;
    r->n_stops = below(t, 4) == 0 ? 3u : 0;
    for (uint32_t i = 0; i < r->n_stops; i++) {
        u->stops[i] = below(t, s->vocab);
    }
}

/* The functional model has no time to be late in. */
static kind_t kind_of(test_t *t, uint32_t i, bool timed) {
    if (i < 3u) {
        const kind_t kind = (kind_t)(NEVER_READS + i);
        return kind == TOO_LATE && !timed ? PLAIN : kind;
    }
    return below(t, 8) != 0 ? PLAIN : below(t, 2) == 0 ? CANCEL_PROMPT : CANCEL_LATER;
}

static void make_users(test_t *t, uint32_t tokens, bool timed) {
    const mr_model_shape_t *s = &mr_session_placement(t->session)->shape;
    uint32_t shared[SHARED];
    for (uint32_t i = 0; i < SHARED; i++) {
        shared[i] = below(t, s->vocab);
    }
    t->user = calloc(t->n_users, sizeof *t->user);
    if (t->user == NULL) {
        fail("out of memory");
    }
    for (uint32_t i = 0; i < t->n_users; i++) {
        user_t *u = &t->user[i];
        make_request(t, u, shared, tokens, s);
        u->kind = kind_of(t, i, timed);
        u->request.user = i;
        u->cancel_at = 1u + below(t, 6);
        u->deaf = below(t, 6) == 0 ? below(t, 30) : 0;
        if (u->kind == TOO_LARGE) {
            u->request.max_tokens = s->context;
        } else if (u->kind == TOO_LATE) {
            u->request.max_tokens = TOKENS_MAX;
        }
    }
}

/* What each user gets on the functional model, with nobody else there. */
static void run_alone(test_t *t, test_t *model) {
    make_sched(model, 0);
    model->alone = true;
    for (uint32_t i = 0; i < t->n_users; i++) {
        user_t *u = &t->user[i];
        bool busy = true;
        if (u->kind == TOO_LARGE) {
            continue;
        }
        model->current = u;
        mr_request_t r = u->request;
        r.stepwise = true;
        must(mr_sched_submit(&model->sched, 0, &r), "submit alone");
        while (busy) {
            must(mr_sched_step(&model->sched, &busy), "step alone");
        }
        u->ended = false;
    }
}

/* ---- all at once ----------------------------------------------------------------------------- */

static void arrive(test_t *t) {
    while (t->next < t->n_users && below(t, 4) != 0) {
        mr_request_t r = t->user[t->next].request;
        if (t->user[t->next].kind == TOO_LATE) {
            must(mr_chip_cycles(t->io, &r.deadline), "cycles");
            r.deadline += DEADLINE_CYCLES;
        }
        const mr_status_t status = mr_sched_enqueue(&t->sched, &r);
        if (status == MR_BUSY) {
            return;
        }
        must(status, "enqueue");
        t->next++;
    }
}

/* Cancels some while they wait or run their prompt, and in the end the one that never reads. */
static void cancel(test_t *t) {
    for (uint32_t i = 0; i < t->next; i++) {
        user_t *u = &t->user[i];
        if (u->ended) {
            continue;
        }
        if (u->kind == CANCEL_PROMPT && u->cancel_at > 0 && --u->cancel_at == 0) {
            mr_sched_cancel_user(&t->sched, i);
        }
        if (u->kind == NEVER_READS && t->ends + 1u == t->n_users) {
            mr_sched_cancel_user(&t->sched, i);
        }
    }
}

static void run_all(test_t *t) {
    bool busy = true;
    for (uint32_t steps = 0; busy || t->next < t->n_users; steps++) {
        if (steps == STEPS_MAX) {
            fail("it does not end");
        }
        arrive(t);
        cancel(t);
        const mr_status_t status = mr_sched_step(&t->sched, &busy);
        const char *fault = status != MR_OK ? mr_device_fault(t->io) : NULL;
        if (fault != NULL) {
            fail(fault);
        }
        must(status, "step");
    }
}

static void check(const test_t *t) {
    uint32_t whole = 0;
    for (uint32_t i = 0; i < t->n_users; i++) {
        const user_t *u = &t->user[i];
        bool good = u->ended;
        switch (u->kind) {
        case PLAIN:
            good = good && u->n == u->n_want && (u->why == MR_END_LENGTH || u->why == MR_END_STOP);
            whole++;
            break;
        case CANCEL_PROMPT:
        case CANCEL_LATER: /* it may have been done before */
            good = good && (u->why == MR_END_CANCEL || u->n == u->n_want);
            break;
        case NEVER_READS:
            good = good && u->why == MR_END_CANCEL && u->n == 0;
            break;
        case TOO_LATE:
            good = good && u->why == MR_END_DEADLINE && u->n < u->n_want;
            break;
        case TOO_LARGE:
            good = good && u->why == MR_END_REFUSED && u->n == 0;
            break;
        }
        if (!good) {
            fprintf(stderr,
                    "FAIL: user %" PRIu32 " of kind %d ended with %d after %" PRIu32 " of %" PRIu32
                    " tokens\n",
                    i, (int)u->kind, (int)u->why, u->n, u->n_want);
            exit(1);
        }
    }
    printf("RESULT users_identical %" PRIu64 " tokens of %" PRIu32 " users, %" PRIu32
           " of them to their end; %" PRIu64 " tokens drawn at random; 0 differences\n",
           t->tokens, t->n_users, whole, t->drawn);
}

int main(int argc, char **argv) {
    if (argc < 5 || argc > 6) {
        fail("usage: test_users DEVICE MODEL.gguf USERS TOKENS [SEED]");
    }
    if (access(argv[2], R_OK) != 0) {
        printf("SKIP no file %s\n", argv[2]);
        return 77;
    }
    test_t *t = open_device(argv[1], argv[2]);
    test_t *model = open_device("model", argv[2]);
    const uint32_t tokens = (uint32_t)strtoul(argv[4], NULL, 10);
    t->n_users = (uint32_t)strtoul(argv[3], NULL, 10);
    t->random = argc > 5 ? strtoull(argv[5], NULL, 10) : 1u;
    if (t->n_users < 4u || tokens == 0 || tokens > TOKENS_MAX || t->random == 0) {
        fail("USERS from 4, TOKENS from 1 to 128, SEED from 1");
    }
    make_users(t, tokens, strncmp(argv[1], "sim", 3) == 0);
    run_alone(t, model);
    make_sched(t, (PROMPT_MAX + TOKENS_MAX) / 32u);
    run_all(t);
    check(t);
    free(t->user);
    close_device(t);
    close_device(model);
    printf("PASS test_users %s\n", argv[1]);
    return 0;
}
