/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a handle: table, lists, what waits for their readers. All under the handle's lock. */
#include <stdlib.h>
#include <string.h>

#include "parts.h"

#define INDEX_BITS 12u

_Static_assert(MILLRACE_REQUESTS_MAX == 1u << INDEX_BITS, "an id holds the index");
_Static_assert(MILLRACE_STOPS_MAX == MR_SCHED_STOPS_MAX, "stop tokens are the scheduler's");
_Static_assert(MILLRACE_TEXT_BYTES > MR_TOKENIZER_DECODE_BYTES, "a token's text fits an event");

mr_lib_request_t *mr_lib_find(const millrace_t *m, millrace_id_t id) {
    mr_lib_request_t *r = m->table[id % MILLRACE_REQUESTS_MAX];
    return r != NULL && r->id == id && !r->released ? r : NULL;
}

/* ---- those that the worker has to take ---- */

void mr_lib_append(millrace_t *m, mr_lib_request_t *r) {
    r->next_pending = NULL;
    if (m->pending_last != NULL) {
        m->pending_last->next_pending = r;
    } else {
        m->pending_first = r;
    }
    m->pending_last = r;
    m->n_pending++;
}

void mr_lib_prepend(millrace_t *m, mr_lib_request_t *r) {
    r->next_pending = m->pending_first;
    m->pending_first = r;
    m->pending_last = m->pending_last != NULL ? m->pending_last : r;
    m->n_pending++;
}

mr_lib_request_t *mr_lib_take_pending(millrace_t *m) {
    mr_lib_request_t *r = m->pending_first;
    if (r != NULL) {
        m->pending_first = r->next_pending;
        m->pending_last = m->pending_first != NULL ? m->pending_last : NULL;
        m->n_pending--;
    }
    return r;
}

static void remove_pending(millrace_t *m, const mr_lib_request_t *r) {
    mr_lib_request_t *before = NULL;
    for (mr_lib_request_t *at = m->pending_first; at != NULL; at = at->next_pending) {
        if (at == r) {
            *(before != NULL ? &before->next_pending : &m->pending_first) = r->next_pending;
            m->pending_last = m->pending_last == r ? before : m->pending_last;
            m->n_pending--;
            return;
        }
        before = at;
    }
}

/* ---- those with events ---- */

static void add_ready(millrace_t *m, mr_lib_request_t *r) {
    r->ready = true;
    r->next_ready = NULL;
    r->prev_ready = m->ready_last;
    *(m->ready_last != NULL ? &m->ready_last->next_ready : &m->ready_first) = r;
    m->ready_last = r;
}

static void remove_ready(millrace_t *m, mr_lib_request_t *r) {
    if (r->ready) {
        *(r->prev_ready != NULL ? &r->prev_ready->next_ready : &m->ready_first) = r->next_ready;
        *(r->next_ready != NULL ? &r->next_ready->prev_ready : &m->ready_last) = r->prev_ready;
        r->ready = false;
    }
}

void mr_lib_news(millrace_t *m, mr_lib_request_t *r) {
    if (r->released) {
        return;
    }
    if (!r->ready) {
        add_ready(m, r);
    }
    if (r->waiters > 0) {
        (void)pthread_cond_broadcast(&r->news);
    }
    (void)pthread_cond_signal(&m->any);
}

bool mr_lib_has_room(mr_lib_request_t *r) {
    if (r->count == MR_LIB_TOKENS) {
        return false;
    }
    if (MR_LIB_TEXT_BYTES - r->text_end < MR_TOKENIZER_DECODE_BYTES) {
        memmove(r->text, r->text + r->text_first, r->text_end - r->text_first);
        r->text_end -= r->text_first;
        r->text_first = 0;
    }
    return MR_LIB_TEXT_BYTES - r->text_end >= MR_TOKENIZER_DECODE_BYTES;
}

static bool has_events(const mr_lib_request_t *r) {
    return r->count > 0 || r->phase == MR_LIB_OVER;
}

/* Takes the next event of a request that has one. */
static void take(millrace_t *m, mr_lib_request_t *r, millrace_event_t *event) {
    const size_t size = event->size;
    memset(event, 0, offsetof(millrace_event_t, text));
    event->size = size;
    event->id = r->id;
    remove_ready(m, r);
    if (r->count == 0) {
        event->kind = MILLRACE_END;
        event->reason = r->reason;
        event->status = r->status;
        event->length = (uint32_t)r->end_length;
        memcpy(event->text, r->end_text, r->end_length + 1u);
        r->released = true;
        (void)pthread_cond_broadcast(&r->news);
        m->stats.unread--;
        mr_lib_drop(m, r);
        return;
    }
    const mr_lib_token_t *t = &r->tokens[r->first];
    event->kind = MILLRACE_TOKEN;
    event->token = t->token;
    event->position = t->position;
    event->length = t->length;
    memcpy(event->text, r->text + r->text_first, t->length);
    event->text[t->length] = '\0';
    r->text_first += t->length;
    r->first = (r->first + 1u) % MR_LIB_TOKENS;
    r->count--;
    if (r->held) { /* the runner tells its token again */
        r->held = false;
        m->n_held--;
        (void)pthread_cond_signal(&m->work);
    }
    if (has_events(r)) {
        add_ready(m, r);
    }
}

/* ---- ends ---- */

void mr_lib_end(millrace_t *m, mr_lib_request_t *r, millrace_end_t reason, millrace_status_t status,
                const char *text) {
    const size_t most = sizeof r->end_text - 1u;
    const size_t length = strlen(text);
    r->end_length = length < most ? length : most;
    memcpy(r->end_text, text, r->end_length);
    r->end_text[r->end_length] = '\0';
    r->reason = reason;
    r->status = status;
    m->n_inside -= r->phase != MR_LIB_PENDING ? 1u : 0u;
    m->n_running -= r->phase == MR_LIB_RUNNING ? 1u : 0u;
    m->n_held -= r->held ? 1u : 0u;
    m->n_cancelled -= r->cancelled ? 1u : 0u;
    r->held = false;
    r->cancelled = false;
    r->phase = MR_LIB_OVER;
    m->stats.ended++;
    m->stats.cancelled += reason == MILLRACE_END_CANCEL ? 1u : 0u;
    m->stats.failed += reason == MILLRACE_END_ERROR ? 1u : 0u;
    m->stats.unread += r->released ? 0u : 1u;
    mr_lib_news(m, r);
    mr_lib_drop(m, r);
}

void mr_lib_drop(millrace_t *m, mr_lib_request_t *r) {
    if (!r->released || r->waiters > 0 || r->phase != MR_LIB_OVER) {
        return;
    }
    m->table[r->index] = NULL;
    m->n_used--;
    (void)pthread_cond_destroy(&r->news);
    free(r->prompt);
    free(r);
}

/* ---- the public functions ---- */

millrace_status_t millrace_poll(millrace_t *m, millrace_id_t id, uint32_t timeout_ms,
                                millrace_event_t *event) {
    struct timespec until;
    mr_lib_request_t *r = NULL;
    int late = 0;
    if (m == NULL || event == NULL) {
        return mr_lib_fail(MILLRACE_ARG, "millrace_poll: a pointer is NULL");
    }
    const millrace_status_t status =
        mr_lib_struct_out(event, sizeof *event, sizeof *event, "millrace_event_t");
    if (status != MILLRACE_OK) {
        return status;
    }
    mr_lib_until(&until, timeout_ms);
    (void)pthread_mutex_lock(&m->lock);
    if (id == MILLRACE_ANY) {
        while ((r = m->ready_first) == NULL && timeout_ms > 0 && late == 0) {
            late = pthread_cond_timedwait(&m->any, &m->lock, &until);
        }
    } else if ((r = mr_lib_find(m, id)) != NULL) {
        r->waiters++;
        while (!has_events(r) && !r->released && timeout_ms > 0 && late == 0) {
            late = pthread_cond_timedwait(&r->news, &m->lock, &until);
        }
        r->waiters--;
        if (r->released) {
            mr_lib_drop(m, r);
            r = NULL;
        }
    }
    const bool known = r != NULL || id == MILLRACE_ANY;
    const bool some = r != NULL && has_events(r);
    if (some) {
        take(m, r, event);
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (!known) {
        return mr_lib_fail(MILLRACE_NOT_FOUND, "no such request, or its end was polled before");
    }
    return some ? MILLRACE_OK
                : mr_lib_fail(MILLRACE_TIMEOUT, "no event within %u ms", (unsigned)timeout_ms);
}

/* Has a request that is not over end. */
static void stop(millrace_t *m, mr_lib_request_t *r) {
    if (r->phase == MR_LIB_PENDING) {
        remove_pending(m, r);
        mr_lib_end(m, r, MILLRACE_END_CANCEL, MILLRACE_CANCELLED, "");
    } else if (!r->cancelled) {
        r->cancelled = true;
        m->n_cancelled++;
        (void)pthread_cond_signal(&m->work);
    }
}

static millrace_status_t stop_by_id(millrace_t *m, millrace_id_t id, bool release) {
    if (m == NULL) {
        return mr_lib_fail(MILLRACE_ARG, "the handle is NULL");
    }
    (void)pthread_mutex_lock(&m->lock);
    mr_lib_request_t *r = mr_lib_find(m, id);
    if (r != NULL && release) {
        m->stats.unread -= r->phase == MR_LIB_OVER ? 1u : 0u;
        remove_ready(m, r);
        r->released = true;
        (void)pthread_cond_broadcast(&r->news);
    }
    if (r != NULL && r->phase != MR_LIB_OVER) {
        stop(m, r);
    } else if (r != NULL) {
        mr_lib_drop(m, r);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return r != NULL
               ? MILLRACE_OK
               : mr_lib_fail(MILLRACE_NOT_FOUND, "no such request, or its end was polled before");
}

millrace_status_t millrace_cancel(millrace_t *m, millrace_id_t id) {
    return stop_by_id(m, id, false);
}

millrace_status_t millrace_release(millrace_t *m, millrace_id_t id) {
    return stop_by_id(m, id, true);
}
