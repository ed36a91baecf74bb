/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a handle: takes commands and requests, drives the runner. */
#include <stdio.h>
#include <string.h>

#include "millrace/device.h"
#include "parts.h"

#define HELD_MS 5u /* between two looks while all readers are behind */

bool mr_lib_condition(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    const bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(condition, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return good;
}

void mr_lib_until(struct timespec *until, uint32_t ms) {
    (void)clock_gettime(CLOCK_MONOTONIC, until);
    until->tv_sec += (time_t)(ms / 1000u);
    until->tv_nsec += (long)(ms % 1000u) * 1000000L;
    if (until->tv_nsec >= 1000000000L) {
        until->tv_nsec -= 1000000000L;
        until->tv_sec++;
    }
}

/* ---- commands ---- */

/* Runs the caller's progress function, if there is news. Under the lock, which it leaves. */
static void tell_progress(millrace_t *m, mr_lib_command_t *command) {
    const millrace_load_options_t *o = command->options;
    const uint64_t loaded = command->loaded;
    const uint64_t total = command->total;
    command->progressed = false;
    if (o->progress != NULL) {
        (void)pthread_mutex_unlock(&m->lock);
        o->progress(o->progress_ctx, loaded, total);
        (void)pthread_mutex_lock(&m->lock);
    }
}

millrace_status_t mr_lib_command(millrace_t *m, mr_lib_command_t *command) {
    command->error.text[0] = '\0';
    (void)pthread_mutex_lock(&m->lock);
    mr_lib_command_t **last = &m->command;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = command;
    (void)pthread_cond_signal(&m->work);
    while (!command->done || command->progressed) {
        if (command->progressed) {
            tell_progress(m, command);
        } else {
            (void)pthread_cond_wait(&m->done, &m->lock);
        }
    }
    (void)pthread_mutex_unlock(&m->lock);
    return command->status == MILLRACE_OK ? MILLRACE_OK
                                          : mr_lib_fail(command->status, "%s", command->error.text);
}

/* Runs the first command. Under the lock, which it leaves. @return false: it was the last one. */
static bool obey(millrace_t *m) {
    mr_lib_command_t *c = m->command;
    const mr_lib_command_kind_t kind = c->kind;
    const bool ready = m->state == MILLRACE_STATE_READY;
    (void)pthread_mutex_unlock(&m->lock);
    millrace_status_t status = MILLRACE_OK;
    switch (kind) {
    case MR_LIB_OPEN:
        status = mr_lib_open_device(m, &c->error);
        break;
    case MR_LIB_LOAD:
        status = mr_lib_load(m, c);
        break;
    case MR_LIB_STATS:
        status = ready ? mr_lib_measure(m, &c->error) : MILLRACE_OK;
        break;
    case MR_LIB_CLOSE:
        mr_lib_unload(m);
        mr_lib_close_device(m);
        break;
    }
    (void)pthread_mutex_lock(&m->lock);
    if (kind == MR_LIB_LOAD) {
        m->state = status == MILLRACE_OK ? MILLRACE_STATE_READY : MILLRACE_STATE_OPEN;
    }
    m->command = c->next;
    c->status = status;
    c->done = true; /* c is gone once the lock is free */
    (void)pthread_cond_broadcast(&m->done);
    return kind != MR_LIB_CLOSE;
}

/* ---- requests: all of these under the lock, which they leave while the device is talked to ----
 */

/* The device has failed: every request ends. */
static void give_up(millrace_t *m, mr_status_t status) {
    (void)snprintf(m->failure, sizeof m->failure, "the device stopped: %s",
                   mr_session_trouble(m->session, m->runner, status));
    if (m->state != MILLRACE_STATE_LOADING) { /* else it is about to be mended */
        m->state = MILLRACE_STATE_FAILED;
    }
    m->failed_with = (millrace_status_t)status;
    m->runner = NULL;
    m->busy = false;
    while (mr_lib_take_pending(m) != NULL) {
        /* They end below, with the others. */
    }
    for (uint32_t i = 0; i < MILLRACE_REQUESTS_MAX; i++) {
        if (m->table[i] != NULL && m->table[i]->phase != MR_LIB_OVER) {
            mr_lib_end(m, m->table[i], MILLRACE_END_ERROR, m->failed_with, m->failure);
        }
    }
}

static mr_status_t read_cycles(millrace_t *m, uint64_t *cycles) {
    *cycles = 0;
    return m->stats.clock_khz != 0 ? mr_chip_cycles(&m->mmio, cycles) : MR_OK;
}

/* Counts the cycles in which there are requests. */
static mr_status_t clock_busy(millrace_t *m) {
    const bool busy = m->n_pending + m->n_inside > 0;
    uint64_t cycles;
    if (busy == m->busy) {
        return MR_OK;
    }
    (void)pthread_mutex_unlock(&m->lock);
    const mr_status_t status = read_cycles(m, &cycles);
    (void)pthread_mutex_lock(&m->lock);
    MR_TRY(status);
    m->stats.busy_cycles += busy ? 0 : cycles - m->busy_from;
    m->busy_from = cycles;
    m->busy = busy;
    return MR_OK;
}

static mr_status_t hand_over(millrace_t *m, mr_lib_request_t *r) {
    if (r->deadline_cycles != 0) {
        MR_TRY(mr_chip_cycles(&m->mmio, &r->what.deadline));
        const uint64_t left = UINT64_MAX - r->what.deadline;
        r->what.deadline += r->deadline_cycles < left ? r->deadline_cycles : left;
    }
    return mr_runner_enqueue(m->runner, &r->what);
}

/* Gives the runner requests as long as it takes them. */
static mr_status_t feed(millrace_t *m) {
    for (mr_lib_request_t *r; (r = mr_lib_take_pending(m)) != NULL;) {
        r->phase = MR_LIB_QUEUED;
        m->n_inside++;
        (void)pthread_mutex_unlock(&m->lock);
        const mr_status_t status = hand_over(m, r);
        (void)pthread_mutex_lock(&m->lock);
        if (status == MR_BUSY && !r->cancelled) {
            r->phase = MR_LIB_PENDING;
            m->n_inside--;
            mr_lib_prepend(m, r);
            return MR_OK;
        }
        if (status == MR_BUSY) {
            mr_lib_end(m, r, MILLRACE_END_CANCEL, MILLRACE_CANCELLED, "");
        } else if (status == MR_NO_SPACE) {
            mr_lib_end(m, r, MILLRACE_END_REFUSED, MILLRACE_NO_SPACE,
                       "the memory of the device's core does not hold the prompt; shorten it");
        } else if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

/* Tells the runner of requests that were cancelled. */
static void cancel(millrace_t *m) {
    for (uint32_t i = 0; m->n_cancelled > 0 && i < MILLRACE_REQUESTS_MAX; i++) {
        mr_lib_request_t *r = m->table[i];
        if (r != NULL && r->cancelled) {
            r->cancelled = false;
            m->n_cancelled--;
            (void)pthread_mutex_unlock(&m->lock);
            mr_runner_cancel_user(m->runner, i);
            (void)pthread_mutex_lock(&m->lock);
        }
    }
}

/* One step of the runner, with what goes before and behind it. */
static mr_status_t advance(millrace_t *m) {
    bool busy;
    MR_TRY(clock_busy(m));
    MR_TRY(feed(m));
    cancel(m);
    m->heard = false;
    (void)pthread_mutex_unlock(&m->lock);
    const mr_status_t status = mr_runner_step(m->runner, &busy);
    (void)pthread_mutex_lock(&m->lock);
    MR_TRY(status);
    MR_TRY(clock_busy(m));
    /* While every reader is behind there is nothing to do but to look at deadlines. */
    if (!m->heard && m->n_running > 0 && m->n_held == m->n_running && m->n_cancelled == 0 &&
        m->command == NULL) {
        struct timespec until;
        mr_lib_until(&until, HELD_MS);
        (void)pthread_cond_timedwait(&m->work, &m->lock, &until);
    }
    return MR_OK;
}

void *mr_lib_worker(void *handle) {
    millrace_t *m = handle;
    bool more = true;
    (void)pthread_mutex_lock(&m->lock);
    while (more) {
        /* In turns: threads that ask for statistics all the time may not keep requests waiting. */
        const bool asked = m->command != NULL;
        if (asked) {
            more = obey(m);
        }
        if (more && m->runner != NULL && m->n_pending + m->n_inside > 0) {
            const mr_status_t status = advance(m);
            if (status != MR_OK) {
                give_up(m, status);
            }
        } else if (!asked) {
            (void)pthread_cond_wait(&m->work, &m->lock);
        }
    }
    (void)pthread_mutex_unlock(&m->lock);
    return NULL;
}
