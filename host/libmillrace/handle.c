/* SPDX-License-Identifier: Apache-2.0 */
/* Handles: opening, loading, statistics, closing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

/* As a main program has it, which the parts are tested with. */
#define STACK_BYTES ((size_t)8 << 20)

static millrace_status_t null_argument(const char *function) {
    return mr_lib_fail(MILLRACE_ARG, "%s: a pointer is NULL", function);
}

static millrace_status_t no_memory(void) {
    return mr_lib_fail(MILLRACE_NO_MEMORY, "out of memory; close other programs");
}

static void free_handle(millrace_t *m) {
    (void)pthread_cond_destroy(&m->work);
    (void)pthread_cond_destroy(&m->done);
    (void)pthread_cond_destroy(&m->any);
    (void)pthread_rwlock_destroy(&m->text_lock);
    (void)pthread_mutex_destroy(&m->lock);
    free(m->table);
    free(m->device);
    free(m);
}

/* A lock whose writer gets its turn however many read: a model can be loaded while texts are
 * tokenised all the time. No thread reads under it twice. @return false: out of memory. */
static bool fair_lock(pthread_rwlock_t *lock) {
    pthread_rwlockattr_t attributes;
    if (pthread_rwlockattr_init(&attributes) != 0) {
        return false;
    }
    const bool good = pthread_rwlockattr_setkind_np(
                          &attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0 &&
                      pthread_rwlock_init(lock, &attributes) == 0;
    (void)pthread_rwlockattr_destroy(&attributes);
    return good;
}

/* A handle without its thread; NULL: out of memory. */
static millrace_t *new_handle(const char *device) {
    millrace_t *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return NULL;
    }
    m->device = strdup(device);
    m->table = calloc(MILLRACE_REQUESTS_MAX, sizeof *m->table);
    bool good = m->device != NULL && m->table != NULL;
    good &= pthread_mutex_init(&m->lock, NULL) == 0;
    good &= fair_lock(&m->text_lock);
    good &= mr_lib_condition(&m->work);
    good &= mr_lib_condition(&m->done);
    good &= mr_lib_condition(&m->any);
    if (!good) {
        free_handle(m);
        return NULL;
    }
    m->state = MILLRACE_STATE_OPEN;
    (void)snprintf(m->stats.device, sizeof m->stats.device, "%s", device);
    return m;
}

/* Starts the worker, which takes no signals: they are the program's. */
static bool start_worker(millrace_t *m) {
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    (void)sigfillset(&all);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&m->thread, &attributes, mr_lib_worker, m) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

millrace_status_t millrace_open(const char *device, millrace_t **out) {
    mr_lib_command_t open = {.kind = MR_LIB_OPEN};
    if (out == NULL) {
        return null_argument("millrace_open");
    }
    *out = NULL;
    if (device == NULL) {
        return null_argument("millrace_open");
    }
    millrace_t *m = new_handle(device);
    if (m == NULL) {
        return no_memory();
    }
    if (!start_worker(m)) {
        free_handle(m);
        return no_memory();
    }
    const millrace_status_t status = mr_lib_command(m, &open);
    if (status != MILLRACE_OK) {
        millrace_close(m);
        return mr_lib_fail(status, "%s", open.error.text);
    }
    *out = m;
    return MILLRACE_OK;
}

void millrace_close(millrace_t *m) {
    mr_lib_command_t command = {.kind = MR_LIB_CLOSE};
    if (m == NULL) {
        return;
    }
    (void)mr_lib_command(m, &command);
    (void)pthread_join(m->thread, NULL);
    for (uint32_t i = 0; i < MILLRACE_REQUESTS_MAX; i++) {
        if (m->table[i] != NULL) {
            m->table[i]->released = true;
            m->table[i]->phase = MR_LIB_OVER;
            mr_lib_drop(m, m->table[i]);
        }
    }
    free_handle(m);
}

/* ---- loading ---- */

static millrace_status_t check_options(const millrace_load_options_t *o) {
    if (o->mode != MILLRACE_MODE_LATENCY && o->mode > MILLRACE_MODE_TILES_MAX) {
        return mr_lib_fail(MILLRACE_RANGE,
                           "mode is %u; MILLRACE_MODE_EFFICIENCY, MILLRACE_MODE_LATENCY or 1 to %u "
                           "is possible",
                           (unsigned)o->mode, MILLRACE_MODE_TILES_MAX);
    }
    if (o->firmware > MILLRACE_FIRMWARE_CORE || o->refuse > 1u) {
        return mr_lib_fail(MILLRACE_RANGE, "%s is %u; 0 or 1 is possible",
                           o->refuse > 1u ? "refuse" : "firmware",
                           (unsigned)(o->refuse > 1u ? o->refuse : o->firmware));
    }
    return MILLRACE_OK;
}

millrace_status_t millrace_load(millrace_t *m, const char *path,
                                const millrace_load_options_t *options) {
    millrace_load_options_t o = {.size = sizeof o};
    mr_lib_command_t load = {.kind = MR_LIB_LOAD, .path = path, .options = &o};
    if (m == NULL || path == NULL) {
        return null_argument("millrace_load");
    }
    millrace_status_t status = MILLRACE_OK;
    if (options != NULL) {
        status = mr_lib_struct_in(&o, sizeof o, sizeof o, options, "millrace_load_options_t");
    }
    status = status == MILLRACE_OK ? check_options(&o) : status;
    if (status != MILLRACE_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&m->lock);
    const bool loading = m->state == MILLRACE_STATE_LOADING;
    const bool occupied = m->n_pending + m->n_inside > 0;
    if (!loading && !occupied) {
        m->state = MILLRACE_STATE_LOADING;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (loading || occupied) {
        return mr_lib_fail(MILLRACE_BUSY, "%s",
                           loading ? "another thread loads a model; wait for it"
                                   : "requests have not ended; cancel them or wait for them");
    }
    return mr_lib_command(m, &load);
}

/* ---- statistics ---- */

millrace_status_t millrace_stats(millrace_t *m, millrace_stats_t *stats) {
    mr_lib_command_t measure = {.kind = MR_LIB_STATS};
    if (m == NULL || stats == NULL) {
        return null_argument("millrace_stats");
    }
    millrace_status_t status =
        mr_lib_struct_out(stats, sizeof *stats, sizeof *stats, "millrace_stats_t");
    if (status != MILLRACE_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&m->lock);
    const bool ready = m->state == MILLRACE_STATE_READY;
    (void)pthread_mutex_unlock(&m->lock);
    status = ready ? mr_lib_command(m, &measure) : MILLRACE_OK;
    if (status != MILLRACE_OK) {
        return status;
    }
    const size_t size = stats->size;
    (void)pthread_mutex_lock(&m->lock);
    *stats = m->stats;
    stats->size = size;
    stats->state = m->state;
    stats->waiting = m->n_pending + m->n_inside - m->n_running;
    stats->running = m->n_running;
    (void)pthread_mutex_unlock(&m->lock);
    return MILLRACE_OK;
}
