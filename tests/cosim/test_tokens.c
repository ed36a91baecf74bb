/* SPDX-License-Identifier: Apache-2.0 */
/* Runs prompts on a device and compares every logit, bit for bit, with the reference decoder.
 *
 * usage: test_tokens DEVICE MODEL.gguf TOKENS [PROMPT...]
 * Each prompt is prefilled through the pipeline and TOKENS tokens are drawn greedily; the logits of
 * every position (prompt and drawn) are compared with tolerance 0. All prompts run at once, one
 * slot each. Exit status 0 and "PASS" only without a difference; 77 when the model file does not
 * exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/arith.h"
#include "millrace/decoder.h"
#include "millrace/device.h"
#include "pack/pack.h"
#include "session/session.h"

#define PROMPTS_MAX 8u
#define TOKENS_MAX 512u

typedef struct {
    uint32_t ids[TOKENS_MAX];
    size_t n_prompt;
    size_t n;
    mr_decoder_t decoder;
    void *storage;
    float *want;
} stream_t;

typedef struct {
    stream_t stream[PROMPTS_MAX];
    uint64_t compared;
    uint64_t differing;
    bool ended_badly;
} test_t;

static void fail(const char *what) {
    fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    test_t *t = ctx;
    stream_t *s = &t->stream[slot];
    if (mr_decoder_len(&s->decoder) != pos) {
        fail("positions out of order");
    }
    if (mr_decoder_step(&s->decoder, s->ids[pos], s->want, NULL) != MR_OK) {
        fail("reference decoder");
    }
    for (uint32_t i = 0; i < n; i++) {
        if (mr_f32_bits(logits[i]) != mr_f32_bits(s->want[i])) {
            if (t->differing++ == 0) {
                fprintf(stderr,
                        "slot %" PRIu32 " pos %" PRIu32 " logit %" PRIu32
                        ": device %a, reference %a\n",
                        slot, pos, i, (double)logits[i], (double)s->want[i]);
            }
        }
    }
    t->compared += n;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    stream_t *s = &((test_t *)ctx)->stream[slot];
    s->ids[pos] = token;
    s->n = pos + 1u;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    if (why != MR_END_LENGTH) {
        fprintf(stderr, "slot %" PRIu32 " ended: reason %d detail %" PRIu32 "\n", slot, (int)why,
                detail);
        ((test_t *)ctx)->ended_badly = true;
    }
}

static mr_decoder_matrix_t matrix(const mr_llama_matrix_t *m) {
    const bool q4 = m->type == MR_GGUF_TYPE_Q4_0;
    const mr_decoder_matrix_t out = {.q8 = q4 ? NULL : (const void *)m->blocks,
                                     .q4 = q4 ? m->blocks : NULL,
                                     .rows = m->rows,
                                     .nb = m->cols / 32u};
    return out;
}

/* The reference's view of the model. */
static void describe(const mr_llama_model_t *model, mr_decoder_model_t *out, uint32_t *rope) {
    const mr_llama_hparams_t *h = mr_llama_model_hparams(model);
    mr_decoder_layer_t *layers = calloc(h->n_layers, sizeof *layers);
    if (layers == NULL) {
        fail("out of memory");
    }
    for (uint32_t i = 0; i < h->n_layers; i++) {
        const mr_llama_layer_t *l = mr_llama_model_layer(model, i);
        layers[i].attn_norm = l->attn_norm;
        layers[i].ffn_norm = l->ffn_norm;
        layers[i].wq = matrix(&l->q);
        layers[i].wk = matrix(&l->k);
        layers[i].wv = matrix(&l->v);
        layers[i].wo = matrix(&l->o);
        layers[i].gate = matrix(&l->gate);
        layers[i].up = matrix(&l->up);
        layers[i].down = matrix(&l->down);
    }
    mr_pack_rope(model, rope);
    const mr_decoder_model_t m = {.n_layers = h->n_layers,
                                  .d = h->d_pad,
                                  .n_heads = h->n_heads,
                                  .n_kv = h->n_kv_heads,
                                  .hd = h->head_dim_pad,
                                  .n_ff = h->n_ff_pad,
                                  .vocab = h->vocab,
                                  .d_real = h->d,
                                  .hd_real = h->head_dim,
                                  .eps = h->eps,
                                  .rope_f = rope,
                                  .layers = layers,
                                  .embed = matrix(mr_llama_model_embedding(model)),
                                  .head = matrix(mr_llama_model_output(model)),
                                  .out_norm = mr_llama_model_output_norm(model)};
    *out = m;
}

static void start(test_t *t, mr_session_t *session, mr_sched_t *sched, uint32_t slot,
                  const char *prompt, uint32_t tokens, const mr_decoder_model_t *reference) {
    stream_t *s = &t->stream[slot];
    if (mr_tokenizer_encode(mr_session_tokenizer(session), prompt, strlen(prompt), true, false,
                            s->ids, TOKENS_MAX, &s->n_prompt) != MR_OK ||
        s->n_prompt + tokens > TOKENS_MAX) {
        fail("prompt too long");
    }
    const size_t bytes = mr_decoder_storage_bytes(reference, TOKENS_MAX);
    s->storage = malloc(bytes);
    s->want = calloc(reference->vocab, sizeof *s->want);
    if (s->storage == NULL || s->want == NULL ||
        mr_decoder_init(&s->decoder, reference, TOKENS_MAX, s->storage, bytes) != MR_OK) {
        fail("reference decoder does not start");
    }
    const mr_request_t request = {.prompt = s->ids,
                                  .n_prompt = (uint32_t)s->n_prompt,
                                  .max_tokens = tokens,
                                  .sampling = {.top_p = 1.0f},
                                  .prompt_logits = true,
                                  .token_logits = true};
    if (mr_sched_submit(sched, slot, &request) != MR_OK) {
        fail("submit");
    }
}

int main(int argc, char **argv) {
    static const char *const defaults[] = {"Once upon a time", "One day, Lily saw a big dog.",
                                           "The"};
    static test_t test;
    static uint32_t rope[MR_IMAGE_HD_MAX];
    mr_session_error_t error;
    mr_session_t *session;
    mr_sched_t *sched;
    mr_decoder_model_t reference;
    if (argc < 4) {
        fail("usage: test_tokens DEVICE MODEL.gguf TOKENS [PROMPT...]");
    }
    if (access(argv[2], R_OK) != 0) {
        printf("SKIP: no %s\n", argv[2]);
        return 77;
    }
    const mr_session_options_t options = {argv[1], argv[2], NULL, NULL};
    if (mr_session_open(&options, &session, &error) != MR_OK) {
        fail(error.text);
    }
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = &test};
    if (mr_session_sched(session, &events, &sched) != MR_OK) {
        fail("scheduler");
    }
    describe(mr_session_model(session), &reference, rope);
    const uint32_t tokens = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint32_t n = argc > 4 ? (uint32_t)argc - 4u : 3u;
    for (uint32_t i = 0; i < n && i < PROMPTS_MAX; i++) {
        start(&test, session, sched, i, argc > 4 ? argv[4 + i] : defaults[i], tokens, &reference);
    }
    bool busy = true;
    while (busy) {
        const mr_status_t status = mr_sched_step(sched, &busy);
        if (status != MR_OK) {
            const char *fault = mr_device_fault(mr_session_mmio(session));
            fail(fault != NULL ? fault : mr_status_text(status));
        }
    }
    uint64_t cycles = 0;
    if (mr_chip_cycles(mr_session_mmio(session), &cycles) != MR_OK) {
        fail("cycle counter");
    }
    printf("RESULT %s_logits_compared %" PRIu64 " logits\n", argv[1], test.compared);
    printf("RESULT %s_logits_differing %" PRIu64 " logits\n", argv[1], test.differing);
    printf("RESULT %s_cycles %" PRIu64 " cycles\n", argv[1], cycles);
    if (test.differing != 0 || test.compared == 0 || test.ended_badly) {
        fail("the device differs from the reference");
    }
    mr_session_close(session);
    for (uint32_t i = 0; i < PROMPTS_MAX; i++) {
        free(test.stream[i].storage);
        free(test.stream[i].want);
    }
    free((void *)(uintptr_t)reference.layers);
    printf("PASS test_tokens %s %s\n", argv[1], argv[2]);
    return 0;
}
