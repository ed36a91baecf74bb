/* SPDX-License-Identifier: Apache-2.0 */
/* Client of the mailbox: finding it, its rings, setting up. */
#include "session/client.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/core.h"
#include "millrace/regs.h"
#include "session/client_parts.h"

#define POLL_CYCLES 256u        /* while the mailbox is looked for */
#define ANSWER_CYCLES 20000000u /* bound of an answer: the firmware may be drawing a token */
#define LIFE_CYCLES 20000000u   /* without a heartbeat: the firmware hangs */
#define HEADER(field_) ((uint32_t)offsetof(mr_mailbox_t, field_))

/* ---- memory and registers ---- */

mr_status_t mr_client_write(const mr_client_t *self, uint32_t offset, const uint32_t *words,
                            size_t n) {
    return mr_mmio_write_block(&self->mmio, MR_MAILBOX_WINDOW + offset, words, n);
}

mr_status_t mr_client_read(const mr_client_t *self, uint32_t offset, uint32_t *words, size_t n) {
    return mr_mmio_read_block(&self->mmio, MR_MAILBOX_WINDOW + offset, words, n);
}

static mr_status_t read_header(const mr_client_t *self, uint32_t field, uint32_t *value) {
    return mr_mmio_read32(&self->mmio, MR_MAILBOX_WINDOW + self->at + field, value);
}

static mr_status_t write_header(const mr_client_t *self, uint32_t field, uint32_t value) {
    return mr_mmio_write32(&self->mmio, MR_MAILBOX_WINDOW + self->at + field, value);
}

static mr_status_t ring_bell(const mr_client_t *self) {
    return mr_mmio_write32(&self->mmio, MR_CORE_BASE + MR_CORE_BELL_OFFSET, MR_CORE_BELL_RING_MASK);
}

/* ---- ring to the core ---- */

/* Shows the firmware what was put into the ring. */
static mr_status_t publish(mr_client_t *self) {
    if (self->published == self->put) {
        return MR_OK;
    }
    MR_TRY(write_header(self, HEADER(to_core.put), self->put));
    self->published = self->put;
    return ring_bell(self);
}

/* Waits until the ring has room for so many words. */
static mr_status_t make_room(mr_client_t *self, uint32_t words) {
    uint32_t got;
    for (uint32_t waited = 0; waited < ANSWER_CYCLES; waited += POLL_CYCLES) {
        MR_TRY(read_header(self, HEADER(to_core.got), &got));
        if (self->put - got + words <= self->header.to_core.words) {
            self->header.to_core.got = got;
            return MR_OK;
        }
        MR_TRY(publish(self));
        MR_TRY(mr_mmio_wait(&self->mmio, POLL_CYCLES));
    }
    return MR_TIMEOUT;
}

mr_status_t mr_client_send(mr_client_t *self, mr_msg_type_t type, uint32_t n,
                           const uint32_t *words) {
    const mr_mailbox_ring_t *ring = &self->header.to_core;
    uint32_t message[MR_MAILBOX_MESSAGE_MAX];
    if (self->put - ring->got + n + 1u > ring->words) {
        MR_TRY(make_room(self, n + 1u));
    }
    message[0] =
        (n + 1u) | (uint32_t)type << MR_MAILBOX_TYPE_SHIFT | self->seq_out << MR_MAILBOX_SEQ_SHIFT;
    for (uint32_t i = 0; i < n; i++) {
        message[1u + i] = words[i];
    }
    const uint32_t at = self->put % ring->words;
    const uint32_t part = n + 1u < ring->words - at ? n + 1u : ring->words - at;
    MR_TRY(mr_client_write(self, ring->offset + 4u * at, message, part));
    if (part < n + 1u) {
        MR_TRY(mr_client_write(self, ring->offset, message + part, n + 1u - part));
    }
    self->put += n + 1u;
    self->seq_out = (self->seq_out + 1u) % 256u;
    return MR_OK;
}

/* ---- ring to the host ---- */

static mr_status_t nonsense(mr_client_t *self, const char *what, uint32_t value) {
    (void)snprintf(self->trouble, sizeof self->trouble,
                   "the firmware on the core sent nonsense (%s 0x%08" PRIX32
                   "); host and firmware do not fit together, or its memory is damaged",
                   what, value);
    return MR_FORMAT;
}

/* Takes `used` words off the ring and tells them, message by message. */
static mr_status_t tell(mr_client_t *self, uint32_t used) {
    const mr_mailbox_ring_t *ring = &self->header.to_host;
    const uint32_t at = self->got % ring->words;
    const uint32_t part = used < ring->words - at ? used : ring->words - at;
    MR_TRY(mr_client_read(self, ring->offset + 4u * at, self->words, part));
    if (part < used) {
        MR_TRY(mr_client_read(self, ring->offset, self->words + part, used - part));
    }
    self->got += used;
    MR_TRY(write_header(self, HEADER(to_host.got), self->got));
    if (used > ring->words / 2u) {
        MR_TRY(ring_bell(self)); /* it may have been waiting for room */
    }
    for (uint32_t i = 0; i < used;) {
        const uint32_t first = self->words[i];
        const uint32_t n = first & MR_MAILBOX_WORDS_MASK;
        if (n == 0 || n > used - i) {
            return nonsense(self, "message", first);
        }
        if (self->greeted && first >> MR_MAILBOX_SEQ_SHIFT != self->seq_in) {
            return nonsense(self, "sequence of", first);
        }
        self->seq_in = ((first >> MR_MAILBOX_SEQ_SHIFT) + 1u) % 256u;
        const mr_status_t status = mr_client_hear(self, self->words + i, n);
        if (status == MR_FORMAT) {
            return nonsense(self, "message", first);
        }
        MR_TRY(status);
        i += n;
    }
    return MR_OK;
}

/* Nothing has come: looks whether the firmware is still there. */
static mr_status_t check_life(mr_client_t *self, uint32_t cycles) {
    uint32_t shared;
    uint32_t heartbeat;
    mr_crash_t crash;
    MR_TRY(mr_mmio_read32(&self->mmio, MR_CORE_BASE + MR_CORE_SHARED_OFFSET, &shared));
    if (shared != self->at) {
        const bool known = mr_core_crash(&self->mmio, &crash) == MR_OK;
        (void)snprintf(
            self->trouble, sizeof self->trouble,
            "the firmware on the core died: %s at 0x%08" PRIX32 "; reset the device and load again",
            known ? mr_core_cause_text(crash.cause) : "no crash record", known ? crash.pc : 0u);
        return MR_DEVICE;
    }
    self->silent += cycles;
    if (self->silent < LIFE_CYCLES) {
        return MR_OK;
    }
    self->silent = 0;
    MR_TRY(read_header(self, HEADER(heartbeat), &heartbeat));
    if (heartbeat == self->heartbeat) {
        (void)snprintf(self->trouble, sizeof self->trouble,
                       "the firmware on the core hangs: no sign of life for %u cycles; reset the "
                       "device and load again",
                       LIFE_CYCLES);
        return MR_TIMEOUT;
    }
    self->heartbeat = heartbeat;
    return MR_OK;
}

mr_status_t mr_client_poll(mr_client_t *self, uint32_t cycles, bool *any) {
    uint32_t put;
    *any = false;
    MR_TRY(publish(self));
    if (cycles > 0) {
        MR_TRY(mr_mmio_wait(&self->mmio, cycles));
    }
    /* Cleared before the ring is looked at: what comes later rings again. */
    MR_TRY(mr_mmio_write32(&self->mmio, MR_CORE_BASE + MR_CORE_HOST_BELL_OFFSET,
                           MR_CORE_HOST_BELL_PENDING_MASK));
    MR_TRY(read_header(self, HEADER(to_host.put), &put));
    const uint32_t used = put - self->got;
    if (used == 0) {
        return check_life(self, cycles);
    }
    if (used > self->header.to_host.words) {
        return nonsense(self, "index", put);
    }
    *any = true;
    self->silent = 0;
    return tell(self, used);
}

/* ---- conversation ---- */

/* Sends a message and waits for its answer, or for a REFUSED: then returns the status in it. */
static mr_status_t ask(mr_client_t *self, mr_msg_type_t type, uint32_t n, const uint32_t *words) {
    bool any;
    self->answer = 0;
    MR_TRY(mr_client_send(self, type, n, words));
    for (uint32_t waited = 0; waited < ANSWER_CYCLES; waited += POLL_CYCLES) {
        MR_TRY(mr_client_poll(self, POLL_CYCLES, &any));
        if (self->answer == MR_MSG_REFUSED) {
            return (mr_status_t)(int32_t)self->answer_value;
        }
        if (self->answer != 0) {
            return MR_OK;
        }
    }
    return MR_TIMEOUT;
}

static bool ring_ok(const mr_mailbox_ring_t *r) {
    return r->words >= 64u && r->words <= 65536u && (r->words & (r->words - 1u)) == 0 &&
           r->offset % 4u == 0 && r->offset < MR_MAILBOX_WINDOW_BYTES &&
           4u * r->words <= MR_MAILBOX_WINDOW_BYTES - r->offset;
}

/* Waits for the mailbox and reads its header. */
static mr_status_t find(mr_client_t *self, uint32_t max_cycles) {
    uint32_t at = 0;
    for (uint32_t waited = 0; at == 0; waited += POLL_CYCLES) {
        MR_TRY(mr_mmio_read32(&self->mmio, MR_CORE_BASE + MR_CORE_SHARED_OFFSET, &at));
        if (at == 0 && waited >= max_cycles) {
            return MR_TIMEOUT;
        }
        MR_TRY(at == 0 ? mr_mmio_wait(&self->mmio, POLL_CYCLES) : MR_OK);
    }
    if (at % 4u != 0 || at > MR_MAILBOX_WINDOW_BYTES - sizeof self->header) {
        return MR_IDENTITY;
    }
    self->at = at;
    MR_TRY(mr_client_read(self, at, (uint32_t *)(void *)&self->header, sizeof self->header / 4u));
    const mr_mailbox_t *h = &self->header;
    if (h->magic != MR_MAILBOX_MAGIC || !ring_ok(&h->to_core) || !ring_ok(&h->to_host) ||
        h->slots == 0 || h->slots > MR_SCHED_SLOTS_MAX || h->queue == 0 || h->queue > 65535u) {
        return MR_IDENTITY;
    }
    self->put = h->to_core.put;
    self->published = self->put;
    self->got = h->to_host.put; /* what an earlier host has left unread is not ours */
    return write_header(self, HEADER(to_host.got), self->got);
}

static mr_status_t greet(mr_client_t *self, uint32_t max_cycles) {
    const uint32_t versions[2] = {MR_MAILBOX_OLDEST, MR_MAILBOX_VERSION};
    const uint32_t now = 1;
    MR_TRY(find(self, max_cycles));
    self->words = calloc(self->header.to_host.words, sizeof *self->words);
    if (self->words == NULL) {
        return MR_NO_MEMORY;
    }
    mr_status_t status = ask(self, MR_MSG_HELLO, 2, versions);
    if (status == MR_BUSY) { /* an earlier host has left its requests */
        MR_TRY(ask(self, MR_MSG_DRAIN, 1, &now));
        status = ask(self, MR_MSG_HELLO, 2, versions);
    }
    self->greeted = status == MR_OK;
    return status;
}

mr_status_t mr_client_open(const mr_mmio_t *mmio, uint32_t max_cycles, mr_client_t **out) {
    *out = NULL;
    mr_client_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return MR_NO_MEMORY;
    }
    self->base.ops = &mr_client_ops;
    self->mmio = *mmio;
    const mr_status_t status = greet(self, max_cycles);
    if (status != MR_OK) {
        mr_client_close(self);
        return status;
    }
    *out = self;
    return MR_OK;
}

static void free_setup(mr_client_t *self) {
    free(self->request);
    free(self->heard);
    free(self->shown);
    free(self->logits);
    free(self->bits);
    self->request = NULL;
    self->heard = NULL;
    self->shown = NULL;
    self->logits = NULL;
    self->bits = NULL;
    self->n_requests = 0;
}

void mr_client_close(mr_client_t *self) {
    if (self != NULL) {
        free_setup(self);
        free(self->words);
        free(self);
    }
}

/* Room for the requests of a setup. */
static mr_status_t allocate(mr_client_t *self) {
    free_setup(self);
    self->n_requests = self->n_slots + self->header.queue;
    self->request = calloc(self->n_requests, sizeof *self->request);
    self->heard = calloc(self->n_slots, sizeof *self->heard);
    self->shown = calloc(self->n_slots, sizeof *self->shown);
    self->logits = calloc(self->route.vocab, sizeof *self->logits);
    self->bits = calloc(self->route.vocab, sizeof *self->bits);
    if (self->request == NULL || self->heard == NULL || self->shown == NULL ||
        self->logits == NULL || self->bits == NULL) {
        free_setup(self);
        return MR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < self->n_slots; i++) {
        self->heard[i] = MR_CLIENT_NONE;
        self->shown[i] = MR_CLIENT_NONE;
    }
    return MR_OK;
}

mr_status_t mr_client_setup(mr_client_t *self, const mr_route_t *route,
                            const mr_client_config_t *cfg, const mr_sched_events_t *events,
                            mr_runner_t **runner) {
    enum { FIELDS = sizeof(mr_mailbox_setup_t) / sizeof(uint32_t) };
    uint32_t words[FIELDS + MR_ROUTE_TILES_MAX / 4u] = {0};
    *runner = NULL;
    if (events->token == NULL || events->end == NULL) {
        return MR_ARG;
    }
    if (self->n_used > 0) {
        return MR_BUSY;
    }
    self->n_slots = cfg->n_slots < self->header.slots ? cfg->n_slots : self->header.slots;
    const mr_mailbox_setup_t s = {.tile = route->tile,
                                  .pc = route->pc,
                                  .window = route->window,
                                  .candidates = route->candidates,
                                  .vocab = route->vocab,
                                  .context = route->context,
                                  .result_elems = route->result_elems,
                                  .slots = self->n_slots,
                                  .tiles = route->tiles,
                                  .groups = route->groups,
                                  .linked = route->linked ? 1u : 0u,
                                  .stall_cycles = cfg->stall_cycles,
                                  .max_pages = cfg->max_pages,
                                  .refuse = cfg->refuse ? 1u : 0u,
                                  .chunk = cfg->chunk,
                                  .quantum = cfg->quantum,
                                  .n_tiles = route->n_search};
    memcpy(words, &s, sizeof s);
    for (uint32_t i = 0; i < route->n_search; i++) {
        words[FIELDS + i / 4u] |= (uint32_t)route->search[i] << (8u * (i % 4u));
    }
    self->route = *route;
    self->events = *events;
    self->fault = (mr_fault_t){.kind = MR_FAULT_NONE};
    self->n_waiting = 0;
    self->behind = false;
    self->logits_for = MR_CLIENT_NONE;
    self->status = MR_OK;
    MR_TRY(allocate(self));
    MR_TRY(ask(self, MR_MSG_SETUP, FIELDS + (route->n_search + 3u) / 4u, words));
    MR_TRY(mr_client_read(self, self->at, (uint32_t *)(void *)&self->header,
                          sizeof self->header / 4u));
    const mr_mailbox_t *h = &self->header;
    if (h->arena % 4u != 0 || h->logits % 4u != 0 || h->arena >= MR_MAILBOX_WINDOW_BYTES ||
        h->arena_bytes > MR_MAILBOX_WINDOW_BYTES - h->arena ||
        h->logits >= MR_MAILBOX_WINDOW_BYTES || h->logits_words < route->vocab) {
        return MR_FORMAT;
    }
    *runner = &self->base;
    return MR_OK;
}

const mr_mailbox_t *mr_client_header(const mr_client_t *self) {
    return &self->header;
}
