/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on their way in; text and tokens. */
#include <stdlib.h>
#include <string.h>

#include "parts.h"

static millrace_status_t no_memory(void) {
    return mr_lib_fail(MILLRACE_NO_MEMORY, "out of memory; close other programs");
}

static millrace_status_t no_model(void) {
    return mr_lib_fail(MILLRACE_STATE, "no model is loaded; call millrace_load first");
}

/* The session's tokenizer; NULL: no model is loaded. Between text_lock and its release. */
static const mr_tokenizer_t *tokenizer_of(const millrace_t *m) {
    return m->session != NULL ? mr_session_tokenizer(m->session) : NULL;
}

/* ---- submitting ---- */

/* Token ids of a request's prompt, in memory of its own. */
static millrace_status_t read_prompt(const millrace_t *m, const millrace_request_t *in,
                                     mr_lib_request_t *r) {
    size_t n = in->n_tokens;
    if (in->text != NULL) {
        const size_t length = in->text_length != 0 ? in->text_length : strlen(in->text);
        const mr_status_t status = mr_tokenizer_encode_all(tokenizer_of(m), in->text, length, true,
                                                           in->parse_special != 0, &r->prompt, &n);
        if (status != MR_OK) {
            return mr_lib_fail((millrace_status_t)status, "cannot tokenise the text: %s",
                               mr_status_text(status));
        }
    } else if (n <= m->route.context) {
        r->prompt = calloc(n + 1u, sizeof *r->prompt);
        if (r->prompt == NULL) {
            return no_memory();
        }
        memcpy(r->prompt, in->tokens, n * sizeof *r->prompt);
    }
    if (n == 0 || n > m->route.context) {
        return mr_lib_fail(MILLRACE_RANGE,
                           "the prompt has %zu tokens; the model's context takes 1 to %u", n,
                           (unsigned)m->route.context);
    }
    r->what.prompt = r->prompt;
    r->what.n_prompt = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        if (r->prompt[i] >= m->route.vocab) {
            return mr_lib_fail(MILLRACE_RANGE,
                               "token %zu of the prompt is %u; the vocabulary has %u", i,
                               (unsigned)r->prompt[i], (unsigned)m->route.vocab);
        }
    }
    return MILLRACE_OK;
}

static millrace_status_t read_stops(const millrace_t *m, const millrace_request_t *in,
                                    mr_lib_request_t *r) {
    uint32_t n = in->ignore_end == 0 ? m->n_stops : 0;
    memcpy(r->stops, m->stops, n * sizeof *r->stops);
    if (in->n_stops > MR_SCHED_STOPS_MAX - n) {
        return mr_lib_fail(MILLRACE_RANGE,
                           "%zu stop tokens and %u end tokens of the model; at most %u in all",
                           in->n_stops, (unsigned)n, MILLRACE_STOPS_MAX);
    }
    for (size_t i = 0; i < in->n_stops; i++) {
        if (in->stops[i] >= m->route.vocab) {
            return mr_lib_fail(MILLRACE_RANGE, "stop token %zu is %u; the vocabulary has %u", i,
                               (unsigned)in->stops[i], (unsigned)m->route.vocab);
        }
        r->stops[n++] = in->stops[i];
    }
    r->what.stops = r->stops;
    r->what.n_stops = n;
    return MILLRACE_OK;
}

/* Fills in what the runner gets. A model is loaded. */
static millrace_status_t read_request(const millrace_t *m, const millrace_request_t *in,
                                      mr_lib_request_t *r) {
    millrace_status_t status = read_prompt(m, in, r);
    status = status == MILLRACE_OK ? read_stops(m, in, r) : status;
    if (status != MILLRACE_OK) {
        return status;
    }
    r->what.max_tokens = in->max_tokens != 0 ? in->max_tokens : UINT32_MAX;
    r->what.sampling = (mr_sampling_t){.temperature = in->temperature,
                                       .top_k = in->top_k,
                                       .top_p = in->top_p != 0.0f ? in->top_p : 1.0f,
                                       .min_p = in->min_p,
                                       .seed = in->seed};
    r->deadline_cycles = in->deadline_cycles;
    if (mr_request_check(&r->what, &m->route) != MR_OK) {
        return mr_lib_fail(MILLRACE_RANGE,
                           "temperature is 0 or 0.01 to 100, top_p 0 to 1 and min_p "
                           "0 to 1");
    }
    return MILLRACE_OK;
}

/* Gives a request its place in the table and the queue. Under the lock. */
static millrace_status_t enter(millrace_t *m, mr_lib_request_t *r) {
    if (m->state == MILLRACE_STATE_FAILED) {
        return mr_lib_fail(MILLRACE_DEVICE, "%s; load the model again", m->failure);
    }
    if (m->state != MILLRACE_STATE_READY) {
        return no_model();
    }
    if (m->n_used == MILLRACE_REQUESTS_MAX) {
        return mr_lib_fail(MILLRACE_BUSY,
                           "%u requests are there, as many as there may be; poll "
                           "their ends",
                           MILLRACE_REQUESTS_MAX);
    }
    while (m->table[m->next_index] != NULL) {
        m->next_index = (m->next_index + 1u) % MILLRACE_REQUESTS_MAX;
    }
    r->index = m->next_index;
    r->what.user = r->index;
    r->id = ++m->serial * MILLRACE_REQUESTS_MAX + r->index;
    m->table[r->index] = r;
    m->n_used++;
    m->next_index = (m->next_index + 1u) % MILLRACE_REQUESTS_MAX;
    mr_lib_append(m, r);
    (void)pthread_cond_signal(&m->work);
    return MILLRACE_OK;
}

static millrace_status_t check_request(const millrace_request_t *in) {
    if ((in->text != NULL) == (in->tokens != NULL)) {
        return mr_lib_fail(MILLRACE_ARG, "give the prompt as text or as tokens, not %s",
                           in->text != NULL ? "both" : "neither");
    }
    if (in->n_stops > 0 && in->stops == NULL) {
        return mr_lib_fail(MILLRACE_ARG, "n_stops is set but stops is NULL");
    }
    if (in->ignore_end > 1u || in->parse_special > 1u) {
        return mr_lib_fail(MILLRACE_RANGE, "%s takes 0 or 1",
                           in->ignore_end > 1u ? "ignore_end" : "parse_special");
    }
    return MILLRACE_OK;
}

millrace_status_t millrace_submit(millrace_t *m, const millrace_request_t *request,
                                  millrace_id_t *id) {
    millrace_request_t in;
    if (m == NULL || request == NULL || id == NULL) {
        return mr_lib_fail(MILLRACE_ARG, "millrace_submit: a pointer is NULL");
    }
    *id = 0;
    millrace_status_t status =
        mr_lib_struct_in(&in, sizeof in, sizeof in, request, "millrace_request_t");
    status = status == MILLRACE_OK ? check_request(&in) : status;
    if (status != MILLRACE_OK) {
        return status;
    }
    mr_lib_request_t *r = calloc(1, sizeof *r);
    if (r == NULL || !mr_lib_condition(&r->news)) {
        free(r);
        return no_memory();
    }
    mr_tokenizer_decoder_init(&r->decoder, MR_DECODE_REPLACE, false);
    /* The model may not go between the look at it and the request's entry. */
    (void)pthread_rwlock_rdlock(&m->text_lock);
    if (m->session != NULL) {
        status = read_request(m, &in, r);
    }
    if (status == MILLRACE_OK) {
        (void)pthread_mutex_lock(&m->lock);
        status = enter(m, r);
        *id = status == MILLRACE_OK ? r->id : 0;
        (void)pthread_mutex_unlock(&m->lock);
    }
    (void)pthread_rwlock_unlock(&m->text_lock);
    if (status != MILLRACE_OK) {
        (void)pthread_cond_destroy(&r->news);
        free(r->prompt);
        free(r);
    }
    return status;
}

/* ---- text ---- */

millrace_status_t millrace_tokenize(millrace_t *m, const char *text, size_t length,
                                    int parse_special, uint32_t *tokens, size_t capacity,
                                    size_t *count) {
    if (m == NULL || text == NULL || count == NULL || (tokens == NULL && capacity > 0)) {
        return mr_lib_fail(MILLRACE_ARG, "millrace_tokenize: a pointer is NULL");
    }
    *count = 0;
    (void)pthread_rwlock_rdlock(&m->text_lock);
    const mr_tokenizer_t *tokenizer = tokenizer_of(m);
    const mr_status_t status =
        tokenizer != NULL
            ? mr_tokenizer_encode(tokenizer, text, length != 0 ? length : strlen(text), true,
                                  parse_special != 0, tokens, capacity, count)
            : MR_STATE;
    (void)pthread_rwlock_unlock(&m->text_lock);
    if (status == MR_STATE) {
        return no_model();
    }
    if (status == MR_NO_SPACE) {
        return mr_lib_fail(MILLRACE_NO_SPACE, "the text has %zu tokens, room is for %zu", *count,
                           capacity);
    }
    return status == MR_OK ? MILLRACE_OK
                           : mr_lib_fail((millrace_status_t)status, "cannot tokenise the text: %s",
                                         mr_status_text(status));
}

/* Adds a piece to a text as far as it has room. */
static void add(char *text, size_t capacity, size_t *length, const char *piece, size_t n) {
    if (*length < capacity) {
        memcpy(text + *length, piece, n < capacity - *length ? n : capacity - *length);
    }
    *length += n;
}

static mr_status_t decode(const mr_tokenizer_t *tokenizer, const uint32_t *tokens, size_t count,
                          char *text, size_t capacity, size_t *length) {
    char piece[MR_TOKENIZER_DECODE_BYTES];
    mr_tokenizer_decoder_t decoder;
    size_t n;
    mr_tokenizer_decoder_init(&decoder, MR_DECODE_REPLACE, true);
    for (size_t i = 0; i < count; i++) {
        MR_TRY(mr_tokenizer_decode(tokenizer, &decoder, tokens[i], piece, sizeof piece, &n));
        add(text, capacity, length, piece, n);
    }
    MR_TRY(mr_tokenizer_decode_end(&decoder, piece, sizeof piece, &n));
    add(text, capacity, length, piece, n);
    return MR_OK;
}

millrace_status_t millrace_detokenize(millrace_t *m, const uint32_t *tokens, size_t count,
                                      char *text, size_t capacity, size_t *length) {
    if (m == NULL || length == NULL || (tokens == NULL && count > 0) ||
        (text == NULL && capacity > 0)) {
        return mr_lib_fail(MILLRACE_ARG, "millrace_detokenize: a pointer is NULL");
    }
    *length = 0;
    (void)pthread_rwlock_rdlock(&m->text_lock);
    const mr_tokenizer_t *tokenizer = tokenizer_of(m);
    const mr_status_t status =
        tokenizer != NULL ? decode(tokenizer, tokens, count, text, capacity, length) : MR_STATE;
    (void)pthread_rwlock_unlock(&m->text_lock);
    if (status == MR_STATE) {
        return no_model();
    }
    if (status != MR_OK) {
        return mr_lib_fail(MILLRACE_RANGE, "a token is outside the model's vocabulary");
    }
    if (*length >= capacity) {
        return mr_lib_fail(MILLRACE_NO_SPACE, "the text has %zu bytes and a NUL, room is for %zu",
                           *length, capacity);
    }
    text[*length] = '\0';
    return MILLRACE_OK;
}
