/* SPDX-License-Identifier: Apache-2.0 */
/* A model file in every placement mode on a device: the same logits and tokens as with one tile a
 * stage, bit for bit. Usage: test_shard_models DEVICE MODEL.gguf; skips (77) without the file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"

#define TOKENS 40u
#define CRCS (2u * TOKENS)

/* A run: a CRC of each position's logits, then tokens that the head's shards found. */
typedef struct {
    uint32_t n_logits;
    uint32_t n_tokens;
    uint32_t crc[CRCS];
    uint32_t token[TOKENS];
    uint32_t failed; /* requests */
} heard_t;

static _Noreturn void fail(const char *text) {
    printf("FAIL test_shard_models: %s\n", text);
    exit(1);
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    heard_t *h = ctx;
    (void)slot;
    (void)pos;
    if (h->n_logits < CRCS) {
        h->crc[h->n_logits++] = mr_crc32(0, logits, n * sizeof *logits);
    }
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    heard_t *h = ctx;
    (void)slot;
    (void)pos;
    if (h->n_tokens < TOKENS) {
        h->token[h->n_tokens++] = token;
    }
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    heard_t *h = ctx;
    (void)slot;
    (void)detail;
    h->failed += why == MR_END_ERROR ? 1u : 0;
}

/* One request, with the logits of its prompt (nothing drawn) or with tokens. */
static void request(mr_sched_t *sched, const uint32_t *prompt, uint32_t n, bool logits) {
    const mr_request_t r = {.prompt = prompt,
                            .n_prompt = n,
                            .max_tokens = logits ? 0 : TOKENS,
                            .sampling = {.top_p = 1.0f},
                            .prompt_logits = logits};
    bool busy = true;
    if (mr_sched_submit(sched, 0, &r) != MR_OK) {
        fail("submit");
    }
    while (busy) {
        if (mr_sched_step(sched, &busy) != MR_OK) {
            fail("the device stopped");
        }
    }
}

/* False when the model does not fit with so many shards. */
static bool run(const mr_session_options_t *options, uint32_t mode, heard_t *h) {
    static const char text[] = "Once upon a time, there was a curious girl named Mia. One day";
    uint32_t prompt[sizeof text + 3];
    size_t n;
    mr_session_error_t error;
    mr_session_t *session;
    mr_sched_t *sched;
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = h};
    memset(h, 0, sizeof *h);
    const mr_status_t status = mr_session_open_mode(options, mode, &session, &error);
    if (status == MR_NO_SPACE) {
        return false;
    }
    if (status != MR_OK) {
        fail(error.text);
    }
    if (mr_session_sched(session, &events, &sched) != MR_OK ||
        mr_tokenizer_encode(mr_session_tokenizer(session), text, sizeof text - 1u, true, false,
                            prompt, sizeof prompt / sizeof prompt[0], &n) != MR_OK) {
        fail("scheduler or prompt");
    }
    request(sched, prompt, (uint32_t)n, true);
    request(sched, prompt, 4, false);
    mr_session_close(session);
    return true;
}

int main(int argc, char **argv) {
    static const uint32_t modes[] = {2, 3, 4, 8, MR_PLACE_LATENCY};
    static heard_t want;
    static heard_t heard;
    uint32_t ran = 0;
    if (argc != 3) {
        fail("usage: test_shard_models DEVICE MODEL.gguf");
    }
    FILE *file = fopen(argv[2], "rb");
    if (file == NULL) {
        printf("SKIP: no %s\n", argv[2]);
        return 77;
    }
    (void)fclose(file);
    const mr_session_options_t options = {argv[1], argv[2], NULL, NULL};
    if (!run(&options, MR_PLACE_EFFICIENCY, &want) || want.failed != 0 || want.n_logits < 8u ||
        want.n_tokens == 0) {
        fail("one tile a stage gives no logits or tokens");
    }
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (run(&options, modes[i], &heard)) {
            if (memcmp(&heard, &want, sizeof want) != 0) {
                printf("mode %" PRIu32 " ", modes[i]);
                fail("differs from one tile a stage");
            }
            ran++;
        }
    }
    if (ran < 2u) {
        fail("fits with fewer than two numbers of tiles a stage");
    }
    printf("PASS test_shard_models %s %s: %" PRIu32 " modes, %" PRIu32 " positions\n", argv[1],
           argv[2], ran, want.n_logits);
    return 0;
}
