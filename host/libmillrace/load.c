/* SPDX-License-Identifier: Apache-2.0 */
/* Device and model, by the worker. */
#include <stdio.h>
#include <string.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "parts.h"

millrace_status_t mr_lib_open_device(millrace_t *m, mr_session_error_t *error) {
    const mr_status_t status = mr_device_open_quiet(m->device, &m->mmio, error);
    m->has_device = status == MR_OK;
    return (millrace_status_t)status;
}

void mr_lib_close_device(millrace_t *m) {
    if (m->has_device) {
        mr_mmio_close(&m->mmio);
        m->has_device = false;
    }
}

/* Has readers see the model, or none. */
static void show(millrace_t *m, mr_session_t *session) {
    (void)pthread_rwlock_wrlock(&m->text_lock);
    (void)pthread_mutex_lock(&m->lock);
    m->session = session;
    m->busy = false;
    m->busy_tokens = 0;
    m->stats.busy_cycles = 0;
    m->stats.cycles_per_token = 0.0;
    m->stats.slots = 0;
    m->stats.vocab = 0;
    m->stats.context = 0;
    m->stats.pages = 0;
    m->stats.pages_free = 0;
    if (session != NULL) {
        const mr_placement_t *p = mr_session_placement(session);
        mr_route_of(&m->route, p);
        m->n_stops = mr_session_stops(session, m->stops);
        m->stats.slots = p->machine.kv_slots;
        m->stats.vocab = p->shape.vocab;
        m->stats.context = p->shape.context;
        m->stats.clock_khz = p->machine.clock_khz;
    }
    (void)pthread_mutex_unlock(&m->lock);
    (void)pthread_rwlock_unlock(&m->text_lock);
}

void mr_lib_unload(millrace_t *m) {
    mr_session_t *session = m->session;
    m->runner = NULL;
    if (session != NULL) {
        show(m, NULL);
        mr_session_close(session);
    }
}

static void on_progress(void *ctx, uint64_t done, uint64_t total) {
    millrace_t *m = ctx;
    (void)pthread_mutex_lock(&m->lock);
    mr_lib_command_t *load = m->command;
    load->progressed = true;
    load->loaded = done;
    load->total = total;
    (void)pthread_cond_broadcast(&m->done);
    (void)pthread_mutex_unlock(&m->lock);
}

static uint32_t mode_of(uint32_t mode) {
    if (mode == MILLRACE_MODE_EFFICIENCY) {
        return MR_PLACE_EFFICIENCY;
    }
    return mode == MILLRACE_MODE_LATENCY ? MR_PLACE_LATENCY : mode;
}

_Static_assert(MILLRACE_MODE_TILES_MAX == MR_PLACE_SHARDS_MAX, "modes are those of the placement");

/* Starts the firmware where it is to run. */
static mr_status_t start(millrace_t *m, mr_session_t *session, const millrace_load_options_t *o,
                         mr_session_error_t *error) {
    const mr_session_policy_t policy = {o->refuse != 0, o->max_pages};
    const mr_sched_events_t events = mr_lib_events(m);
    mr_session_set_policy(session, &policy);
    if (o->firmware == MILLRACE_FIRMWARE_CORE) {
        MR_TRY(mr_session_use_core(session, m->device, o->firmware_image, error));
    }
    const mr_status_t status = mr_session_runner(session, &events, &m->runner);
    return status == MR_OK ? MR_OK
                           : mr_gguf_fail(error, status, NULL, "cannot start on device '%s': %s",
                                          m->device, mr_session_trouble(session, NULL, status));
}

/* All pages of the KV cache, while no request has one. */
static mr_status_t count_pages(millrace_t *m, mr_session_error_t *error) {
    uint32_t pages;
    const mr_status_t status = mr_kv_pages_free(&m->mmio, &pages);
    if (status != MR_OK) {
        return mr_gguf_fail(error, status, NULL, "device '%s': %s", m->device,
                            mr_status_text(status));
    }
    (void)pthread_mutex_lock(&m->lock);
    m->stats.pages = pages;
    m->stats.pages_free = pages;
    (void)pthread_mutex_unlock(&m->lock);
    return MR_OK;
}

millrace_status_t mr_lib_load(millrace_t *m, mr_lib_command_t *load) {
    const mr_session_options_t options = {m->device, load->path, on_progress, m};
    mr_session_t *session = NULL;
    mr_lib_unload(m);
    /* What broke may be more than a reset of the chip mends: a helper process or a line. */
    if (m->failed_with != MILLRACE_OK || !m->has_device) {
        mr_lib_close_device(m);
        const millrace_status_t opened = mr_lib_open_device(m, &load->error);
        if (opened != MILLRACE_OK) {
            return opened;
        }
        m->failed_with = MILLRACE_OK;
    }
    mr_status_t status = mr_session_open_on(&m->mmio, &options, mode_of(load->options->mode),
                                            &session, &load->error);
    if (status == MR_OK) {
        status = start(m, session, load->options, &load->error);
    }
    if (status != MR_OK) {
        m->runner = NULL;
        mr_session_close(session);
        /* A device that does not answer any more is opened anew with the next load. */
        if (mr_device_fault(&m->mmio) != NULL) {
            mr_lib_close_device(m);
        }
        return (millrace_status_t)status;
    }
    show(m, session);
    status = count_pages(m, &load->error);
    if (status != MR_OK) {
        mr_lib_unload(m);
        if (mr_device_fault(&m->mmio) != NULL) {
            mr_lib_close_device(m);
        }
    }
    return (millrace_status_t)status;
}

millrace_status_t mr_lib_measure(millrace_t *m, mr_session_error_t *error) {
    uint32_t pages = 0;
    uint64_t cycles = 0;
    mr_status_t status = mr_kv_pages_free(&m->mmio, &pages);
    if (status == MR_OK && m->stats.clock_khz != 0) {
        status = mr_chip_cycles(&m->mmio, &cycles);
    }
    if (status != MR_OK) {
        return (millrace_status_t)mr_gguf_fail(error, status, NULL, "device '%s': %s", m->device,
                                               mr_session_trouble(m->session, m->runner, status));
    }
    (void)pthread_mutex_lock(&m->lock);
    m->stats.pages_free = pages;
    m->stats.cycles = cycles;
    if (m->busy) {
        m->stats.busy_cycles += cycles - m->busy_from;
        m->busy_from = cycles;
    }
    m->stats.cycles_per_token =
        m->busy_tokens > 0 ? (double)m->stats.busy_cycles / (double)m->busy_tokens : 0.0;
    (void)pthread_mutex_unlock(&m->lock);
    return MILLRACE_OK;
}
