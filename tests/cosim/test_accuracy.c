/* SPDX-License-Identifier: Apache-2.0 */
/* How far the contract's arithmetic is from float64 on the same dequantised weights.
 *
 * usage: test_accuracy DEVICE MODEL.gguf TEXTFILE|self POSITIONS
 * Scores POSITIONS tokens teacher-forced on the device and in a float64 forward pass of its own (no
 * block formats for activations or KV cache). The text is a file's, or, with "self", drawn from the
 * model at temperature 1 (a model trained by others is measured on its own kind of text). Fails
 * unless the mean difference of log-probabilities is <= 0.05, the most likely token agrees in >= 97
 * % of the positions and the perplexities are within 1 %. 77 when the model file does not exist.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/session.h"

#define TEXT_MAX 65536u
#define TWO_PI 6.283185307179586476925286766559

static void fail(const char *what) {
    fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

static void *must_alloc(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (p == NULL) {
        fail("out of memory");
    }
    return p;
}

/* ---- float64 forward pass ---- */

typedef struct {
    const mr_llama_model_t *model;
    const mr_llama_hparams_t *h;
    uint32_t max_pos;
    double *k; /* [layer][pos][n_kv * head_dim_pad] */
    double *v;
    float *row;
} f64_t;

static void matvec(const f64_t *f, double *y, const mr_llama_matrix_t *m, const double *x) {
    for (uint32_t r = 0; r < m->rows; r++) {
        double sum = 0.0;
        if (mr_llama_matrix_row_f32(m, r, f->row) != MR_OK) {
            fail("row");
        }
        for (uint32_t i = 0; i < m->cols; i++) {
            sum += (double)f->row[i] * x[i];
        }
        y[r] = sum;
    }
}

static void rmsnorm(const f64_t *f, double *y, const double *x, const float *w) {
    double sum = 0.0;
    for (uint32_t i = 0; i < f->h->d; i++) {
        sum += x[i] * x[i];
    }
    const double r = 1.0 / sqrt(sum / (double)f->h->d + (double)f->h->eps);
    for (uint32_t i = 0; i < f->h->d_pad; i++) {
        y[i] = x[i] * r * (double)w[i];
    }
}

static void rope(const f64_t *f, double *x, uint32_t heads, uint32_t pos) {
    const float *div = mr_llama_model_rope_divisors(f->model);
    for (uint32_t head = 0; head < heads; head++) {
        double *p = x + (size_t)head * f->h->head_dim_pad;
        for (uint32_t i = 0; i < f->h->n_rot / 2u; i++) {
            double freq = pow((double)f->h->rope_base, -2.0 * (double)i / (double)f->h->n_rot);
            freq /= div != NULL ? (double)div[i] : 1.0;
            const double c = cos((double)pos * freq);
            const double s = sin((double)pos * freq);
            const double a = p[2u * i];
            const double b = p[2u * i + 1u];
            p[2u * i] = a * c - b * s;
            p[2u * i + 1u] = a * s + b * c;
        }
    }
}

static void attend(const f64_t *f, double *out, const double *q, uint32_t layer, uint32_t pos) {
    const uint32_t hd = f->h->head_dim_pad;
    const uint32_t nkv = f->h->n_kv_heads * hd;
    const uint32_t group = f->h->n_heads / f->h->n_kv_heads;
    double *p = must_alloc(pos + 1u, sizeof *p);
    for (uint32_t head = 0; head < f->h->n_heads; head++) {
        const size_t at = (size_t)layer * f->max_pos * nkv + (size_t)(head / group) * hd;
        double max = -INFINITY;
        double sum = 0.0;
        for (uint32_t t = 0; t <= pos; t++) {
            double dot = 0.0;
            for (uint32_t i = 0; i < hd; i++) {
                dot += q[(size_t)head * hd + i] * f->k[at + (size_t)t * nkv + i];
            }
            p[t] = dot / sqrt((double)f->h->head_dim);
            max = p[t] > max ? p[t] : max;
        }
        for (uint32_t t = 0; t <= pos; t++) {
            p[t] = exp(p[t] - max);
            sum += p[t];
        }
        for (uint32_t i = 0; i < hd; i++) {
            double y = 0.0;
            for (uint32_t t = 0; t <= pos; t++) {
                y += p[t] * f->v[at + (size_t)t * nkv + i];
            }
            out[(size_t)head * hd + i] = y / sum;
        }
    }
    free(p);
}

static void layer_forward(const f64_t *f, double *x, uint32_t i, uint32_t pos, double *t) {
    const mr_llama_hparams_t *h = f->h;
    const mr_llama_layer_t *l = mr_llama_model_layer(f->model, i);
    const uint32_t nq = h->n_heads * h->head_dim_pad;
    const uint32_t nkv = h->n_kv_heads * h->head_dim_pad;
    double *norm = t;
    double *a = norm + h->d_pad;
    double *b = a + nq + h->n_ff_pad;
    double *c = b + nq + h->n_ff_pad;
    double *k = f->k + ((size_t)i * f->max_pos + pos) * nkv;
    rmsnorm(f, norm, x, l->attn_norm);
    matvec(f, a, &l->q, norm);
    matvec(f, k, &l->k, norm);
    matvec(f, f->v + ((size_t)i * f->max_pos + pos) * nkv, &l->v, norm);
    rope(f, a, h->n_heads, pos);
    rope(f, k, h->n_kv_heads, pos);
    attend(f, b, a, i, pos);
    matvec(f, c, &l->o, b);
    for (uint32_t j = 0; j < h->d_pad; j++) {
        x[j] += c[j];
    }
    rmsnorm(f, norm, x, l->ffn_norm);
    matvec(f, a, &l->gate, norm);
    matvec(f, b, &l->up, norm);
    for (uint32_t j = 0; j < h->n_ff_pad; j++) {
        a[j] = a[j] / (1.0 + exp(-a[j])) * b[j];
    }
    matvec(f, c, &l->down, a);
    for (uint32_t j = 0; j < h->d_pad; j++) {
        x[j] += c[j];
    }
}

static void forward(const f64_t *f, uint32_t token, uint32_t pos, double *logits) {
    const mr_llama_hparams_t *h = f->h;
    const size_t work =
        4u * (size_t)h->d_pad + 3u * ((size_t)h->n_heads * h->head_dim_pad + h->n_ff_pad);
    double *x = must_alloc(h->d_pad, sizeof *x);
    double *t = must_alloc(work, sizeof *t);
    if (mr_llama_matrix_row_f32(mr_llama_model_embedding(f->model), token, f->row) != MR_OK) {
        fail("token");
    }
    for (uint32_t i = 0; i < h->d_pad; i++) {
        x[i] = (double)f->row[i];
    }
    for (uint32_t i = 0; i < h->n_layers; i++) {
        layer_forward(f, x, i, pos, t);
    }
    rmsnorm(f, t, x, mr_llama_model_output_norm(f->model));
    matvec(f, logits, mr_llama_model_output(f->model), t);
    free(x);
    free(t);
}

/* ---- comparison ---- */

typedef struct {
    f64_t f;
    double *want;   /* logits of the float64 pass */
    uint32_t *text; /* the text's tokens */
    uint32_t *ids;  /* of the window being scored */
    uint32_t n;
    double sum_diff;
    double nll_device;
    double nll_f64;
    uint32_t same;
    uint32_t scored;
} test_t;

/* log-softmax of entry id; *best is the most likely entry. */
static double log_prob(const double *logits, uint32_t n, uint32_t id, uint32_t *best) {
    uint32_t top = 0;
    double sum = 1.0; /* the most likely entry itself */
    for (uint32_t i = 1; i < n; i++) {
        top = logits[i] > logits[top] ? i : top;
    }
    for (uint32_t i = 0; i < n; i++) {
        sum += i == top ? 0.0 : exp(logits[i] - logits[top]);
    }
    *best = top;
    return logits[id] - logits[top] - log(sum);
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    test_t *t = ctx;
    (void)slot;
    forward(&t->f, t->ids[pos], pos, t->want);
    if (pos + 1u >= t->n) {
        return;
    }
    double *got = must_alloc(n, sizeof *got);
    for (uint32_t i = 0; i < n; i++) {
        got[i] = (double)logits[i];
    }
    uint32_t best_got;
    uint32_t best_want;
    const double a = log_prob(got, n, t->ids[pos + 1u], &best_got);
    const double b = log_prob(t->want, n, t->ids[pos + 1u], &best_want);
    t->sum_diff += fabs(a - b);
    t->nll_device -= a;
    t->nll_f64 -= b;
    t->same += best_got == best_want ? 1u : 0u;
    t->scored++;
    free(got);
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    test_t *t = ctx;
    (void)slot;
    t->ids[pos] = token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    (void)ctx;
    (void)slot;
    (void)detail;
    if (why != MR_END_LENGTH) {
        fail("the device refused a job");
    }
}

/* Tokens of the text, without the start token. */
static size_t read_text(test_t *t, mr_session_t *session, const char *path) {
    static char text[TEXT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail("cannot open the text");
    }
    const size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    size_t count = 0;
    t->text = must_alloc(TEXT_MAX, sizeof *t->text);
    if (mr_tokenizer_encode(mr_session_tokenizer(session), text, length, false, false, t->text,
                            TEXT_MAX, &count) != MR_OK) {
        fail("cannot encode the text");
    }
    return count;
}

static void run(mr_sched_t *sched, const mr_request_t *request) {
    bool busy = true;
    if (mr_sched_submit(sched, 0, request) != MR_OK) {
        fail("submit");
    }
    while (busy) {
        const mr_status_t status = mr_sched_step(sched, &busy);
        if (status != MR_OK) {
            fail(mr_status_text(status));
        }
    }
}

/* Fills ids[1..n-1] with tokens that the model itself draws. */
static void draw_window(test_t *t, mr_sched_t *sched, uint32_t n, uint64_t seed) {
    const mr_request_t request = {.prompt = t->ids,
                                  .n_prompt = 1,
                                  .max_tokens = n - 1u,
                                  .sampling = {.temperature = 1.0f, .top_p = 1.0f, .seed = seed}};
    run(sched, &request);
}

/* Scores the n tokens in ids. */
static void score_window(test_t *t, mr_sched_t *sched, uint32_t n) {
    t->n = n;
    const mr_request_t request = {.prompt = t->ids,
                                  .n_prompt = n,
                                  .max_tokens = 0,
                                  .sampling = {.top_p = 1.0f},
                                  .prompt_logits = true};
    run(sched, &request);
}

int main(int argc, char **argv) {
    static test_t test;
    mr_session_error_t error;
    mr_session_t *session;
    mr_sched_t *sched;
    if (argc != 5) {
        fail("usage: test_accuracy DEVICE MODEL.gguf TEXTFILE POSITIONS");
    }
    if (access(argv[2], R_OK) != 0) {
        printf("SKIP: no %s\n", argv[2]);
        return 77;
    }
    const mr_session_options_t options = {argv[1], argv[2], NULL, NULL};
    if (mr_session_open(&options, &session, &error) != MR_OK) {
        fail(error.text);
    }
    const uint32_t positions = (uint32_t)strtoul(argv[4], NULL, 10);
    const bool self = strcmp(argv[3], "self") == 0;
    const size_t available = self ? positions : read_text(&test, session, argv[3]);
    test.f.model = mr_session_model(session);
    test.f.h = mr_llama_model_hparams(test.f.model);
    test.f.max_pos = test.f.h->context < positions ? test.f.h->context : positions;
    test.ids = must_alloc(test.f.max_pos, sizeof *test.ids);
    const size_t cache =
        (size_t)test.f.h->n_layers * test.f.max_pos * test.f.h->n_kv_heads * test.f.h->head_dim_pad;
    test.f.k = must_alloc(cache, sizeof(double));
    test.f.v = must_alloc(cache, sizeof(double));
    test.f.row = must_alloc(MR_LLAMA_MAX_DIM, sizeof(float));
    test.want = must_alloc(test.f.h->vocab_pad, sizeof(double));
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = &test};
    if (mr_session_sched(session, &events, &sched) != MR_OK) {
        fail("scheduler");
    }
    /* A model with a short context takes the text in windows, each behind a start token. */
    uint32_t seen = 0;
    for (size_t first = 0; seen < positions;) {
        const uint32_t left = positions - seen;
        const uint32_t n = left < test.f.max_pos ? left : test.f.max_pos;
        if (n < 2u || (!self && first + n > available)) {
            break;
        }
        test.ids[0] = mr_tokenizer_bos(mr_session_tokenizer(session));
        if (self) {
            draw_window(&test, sched, n, first + 1u);
        } else {
            memcpy(test.ids + 1, test.text + first, (n - 1u) * sizeof *test.ids);
        }
        score_window(&test, sched, n);
        first += n - 1u;
        seen += n;
    }
    if (seen + 1u < positions) {
        fail("the text has too few tokens");
    }
    const double n = (double)test.scored;
    const double diff = test.sum_diff / n;
    const double same = 100.0 * (double)test.same / n;
    const double ppl_device = exp(test.nll_device / n);
    const double ppl_f64 = exp(test.nll_f64 / n);
    const char *name = strrchr(argv[2], '/') != NULL ? strrchr(argv[2], '/') + 1 : argv[2];
    printf("RESULT %s_logprob_mean_difference %.5f nat\n", name, diff);
    printf("RESULT %s_argmax_equal %.2f %%\n", name, same);
    printf("RESULT %s_perplexity_device %.4f 1\n", name, ppl_device);
    printf("RESULT %s_perplexity_float64 %.4f 1\n", name, ppl_f64);
    if (!(diff <= 0.05) || !(same >= 97.0) || !(fabs(ppl_device / ppl_f64 - 1.0) <= 0.01)) {
        fail("too far from float64");
    }
    mr_session_close(session);
    free(test.f.k);
    free(test.f.v);
    free(test.f.row);
    free(test.want);
    free(test.ids);
    free(test.text);
    printf("PASS test_accuracy %s %s\n", argv[1], argv[2]);
    return 0;
}
