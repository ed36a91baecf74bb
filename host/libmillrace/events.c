/* SPDX-License-Identifier: Apache-2.0 */
/* The runner's events: what they mean for the requests. By the worker, without the lock. */
#include <string.h>

#include "parts.h"

/* The request in a slot, with the lock taken. */
static mr_lib_request_t *lock_slot(millrace_t *m, uint32_t slot) {
    const uint32_t user = mr_runner_user(m->runner, slot);
    (void)pthread_mutex_lock(&m->lock);
    return m->table[user];
}

static void on_start(void *ctx, uint32_t slot, uint32_t user) {
    millrace_t *m = ctx;
    (void)slot;
    (void)pthread_mutex_lock(&m->lock);
    mr_lib_request_t *r = m->table[user];
    m->heard = true;
    r->phase = MR_LIB_RUNNING;
    m->n_running++;
    m->stats.prompt_tokens += r->what.n_prompt;
    (void)pthread_mutex_unlock(&m->lock);
}

/* Keeps a token for the reader. There is room. */
static void keep(millrace_t *m, mr_lib_request_t *r, uint32_t pos, uint32_t token) {
    size_t length = 0;
    if (mr_tokenizer_decode(mr_session_tokenizer(m->session), &r->decoder, token,
                            r->text + r->text_end, MR_LIB_TEXT_BYTES - r->text_end,
                            &length) != MR_OK) {
        length = 0; /* outside the vocabulary: the device's business, it has no text */
    }
    r->tokens[(r->first + r->count) % MR_LIB_TOKENS] =
        (mr_lib_token_t){token, pos, (uint32_t)length};
    r->count++;
    r->text_end += length;
    mr_lib_news(m, r);
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    millrace_t *m = ctx;
    mr_lib_request_t *r = lock_slot(m, slot);
    const bool room = r->released || mr_lib_has_room(r);
    if (room) { /* a token that is told again and again is no news */
        m->heard = true;
        r->made++;
        m->stats.tokens++;
        m->busy_tokens++;
    }
    if (r->held == room) {
        r->held = !room;
        m->n_held += room ? UINT32_MAX : 1u; /* modulo 2^32: one less, or one more */
    }
    if (room && !r->released) {
        keep(m, r, pos, token);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return room;
}

/* Reason and status of an end, with the text that goes with it. */
static void over(millrace_t *m, mr_lib_request_t *r, mr_end_t why, uint32_t detail) {
    char text[MR_TOKENIZER_DECODE_BYTES + 1u] = "";
    size_t length = 0;
    if (why == MR_END_ERROR) {
        mr_session_job_text(detail, mr_runner_fault(m->runner), text, sizeof text);
        mr_lib_end(m, r, MILLRACE_END_ERROR, MILLRACE_DEVICE, text);
        return;
    }
    if (why == MR_END_REFUSED) {
        mr_lib_end(m, r, MILLRACE_END_REFUSED, MILLRACE_NO_SPACE,
                   "the device's KV cache, or the limit on a request's pages, does not hold prompt "
                   "and tokens; ask for fewer tokens");
        return;
    }
    if (mr_tokenizer_decode_end(&r->decoder, text, sizeof text - 1u, &length) == MR_OK) {
        text[length] = '\0';
    }
    if (why == MR_END_CANCEL) {
        mr_lib_end(m, r, MILLRACE_END_CANCEL, MILLRACE_CANCELLED, text);
    } else if (why == MR_END_DEADLINE) {
        mr_lib_end(m, r, MILLRACE_END_DEADLINE, MILLRACE_TIMEOUT, text);
    } else {
        const millrace_end_t full =
            r->made >= r->what.max_tokens ? MILLRACE_END_LENGTH : MILLRACE_END_CONTEXT;
        mr_lib_end(m, r, why == MR_END_STOP ? MILLRACE_END_STOP : full, MILLRACE_OK, text);
    }
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    millrace_t *m = ctx;
    mr_lib_request_t *r = lock_slot(m, slot);
    m->heard = true;
    over(m, r, why, detail);
    (void)pthread_mutex_unlock(&m->lock);
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    millrace_t *m = ctx;
    (void)pthread_mutex_lock(&m->lock);
    m->heard = true;
    over(m, m->table[user], why, 0);
    (void)pthread_mutex_unlock(&m->lock);
}

mr_sched_events_t mr_lib_events(millrace_t *m) {
    return (mr_sched_events_t){
        .token = on_token, .end = on_end, .ctx = m, .start = on_start, .drop = on_drop};
}
