/* SPDX-License-Identifier: Apache-2.0 */
/* Service: layout of the shared memory, events to the host, rounds. */
#include "millrace/service.h"

#include <stddef.h>

#include "millrace/arith.h"
#include "service_parts.h"

#define OUT_MASK (MR_SERVICE_TO_HOST_WORDS - 1u)

/* Words that one step of the scheduler and one message may need besides tokens: START and END of
 * every slot, DROP of everyone who waits, LOGITS, FAULT, FAILED, an answer, STOPPED. */
#define RESERVE_WORDS                                                                              \
    ((3u + 5u) * MR_SERVICE_SLOTS + 3u * MR_SERVICE_QUEUE + 4u + 4u + 2u + 4u + 1u)
#define TOKEN_WORDS 3u

_Static_assert((MR_SERVICE_TO_HOST_WORDS & OUT_MASK) == 0, "a ring has a power of two of words");
_Static_assert((MR_SERVICE_TO_CORE_WORDS & (MR_SERVICE_TO_CORE_WORDS - 1u)) == 0, "as above");
_Static_assert((MR_SERVICE_LOG_ENTRIES & (MR_SERVICE_LOG_ENTRIES - 1u)) == 0, "as above");
_Static_assert(MR_SERVICE_TO_HOST_WORDS > 2u * RESERVE_WORDS, "tokens need room, too");
_Static_assert(MR_SERVICE_SLOTS <= MR_SCHED_SLOTS_MAX, "the scheduler has so many slots");

/* ---- ring to the host ---- */

uint32_t mr_service_room(const mr_service_t *self) {
    const uint32_t used = self->out_put - mr_shared_load(&self->shared->to_host.got);
    return used <= MR_SERVICE_TO_HOST_WORDS ? MR_SERVICE_TO_HOST_WORDS - used : 0;
}

static uint32_t first_word(mr_service_t *self, mr_msg_type_t type, uint32_t words) {
    return words | (uint32_t)type << MR_MAILBOX_TYPE_SHIFT |
           self->out_seq++ << MR_MAILBOX_SEQ_SHIFT;
}

void mr_service_send(mr_service_t *self, mr_msg_type_t type, uint32_t n, const uint32_t *words) {
    const uint32_t put = self->out_put;
    self->out[put & OUT_MASK] = first_word(self, type, n + 1u);
    for (uint32_t i = 0; i < n; i++) {
        self->out[(put + 1u + i) & OUT_MASK] = words[i];
    }
    self->out_put = put + 1u + n;
    mr_shared_store(&self->shared->to_host.put, self->out_put);
}

/* ---- events of the scheduler ---- */

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    mr_service_t *self = ctx;
    uint32_t *out = mr_service_at(self, self->shared_logits);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = mr_f32_bits(logits[i]);
    }
    self->logits_out = true;
    mr_service_send(self, MR_MSG_LOGITS, 3, (const uint32_t[]){slot, pos, n});
}

/* Whether there is room for one more token; looks at the host's index. */
static bool room_for_token(mr_service_t *self) {
    const uint32_t room = mr_service_room(self);
    if (room < RESERVE_WORDS + TOKEN_WORDS) {
        self->full = true;
        return false;
    }
    self->token_until = self->out_put + (room - RESERVE_WORDS - TOKEN_WORDS);
    return true;
}

/* Puts a token into the ring. @pre there is room. */
static inline void put_token(mr_service_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    const uint32_t put = self->out_put;
    const uint32_t at = put & OUT_MASK;
    uint32_t *out = &self->out[at];
    out[0] = first_word(self, MR_MSG_TOKEN, TOKEN_WORDS);
    if (at <= MR_SERVICE_TO_HOST_WORDS - TOKEN_WORDS) {
        out[1] = slot << MR_MAILBOX_TOKEN_BITS | token;
        out[2] = pos;
    } else {
        self->out[(put + 1u) & OUT_MASK] = slot << MR_MAILBOX_TOKEN_BITS | token;
        self->out[(put + 2u) & OUT_MASK] = pos;
    }
    self->out_put = put + TOKEN_WORDS;
    mr_shared_store(&self->shared->to_host.put, put + TOKEN_WORDS);
}

/* A stepwise one is taken when the host says so, not when it was told. */
static bool stepwise_token(mr_service_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_service_slot_t *u = &self->user[slot];
    if (u->sent) { /* the host has heard of it */
        u->sent = u->told >= u->limit;
        return !u->sent;
    }
    if (u->told < u->limit && room_for_token(self)) {
        put_token(self, slot, pos, token);
        u->told++;
        u->sent = true;
    }
    return false;
}

/* The way of every token: kept short. */
static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_service_t *self = ctx;
    mr_service_slot_t *u = &self->user[slot];
    const uint32_t told = u->told;
    if (u->stepwise) {
        return stepwise_token(self, slot, pos, token);
    }
    if (told >= u->limit ||
        ((int32_t)(self->token_until - self->out_put) < 0 && !room_for_token(self))) {
        return false;
    }
    u->told = told + 1u;
    put_token(self, slot, pos, token);
    return true;
}

/* The first fault, and a graver one that replaces it. */
static void tell_fault(mr_service_t *self) {
    const mr_fault_t *f = mr_sched_fault(&self->sched);
    if (f->kind != self->told_fault) {
        self->told_fault = f->kind;
        mr_log(&self->log, MR_LOG_FAULT, (uint32_t)f->kind, f->index);
        mr_service_send(self, MR_MSG_FAULT, 3,
                        (const uint32_t[]){(uint32_t)f->kind, f->index, f->slot});
    }
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    mr_service_t *self = ctx;
    const uint32_t tag = mr_sched_user(&self->sched, slot);
    tell_fault(self);
    mr_log(&self->log, MR_LOG_END, tag, (uint32_t)why);
    mr_service_send(self, MR_MSG_END, 4, (const uint32_t[]){tag, slot, (uint32_t)why, detail});
}

/* Takes a request off the list of those that wait. */
static mr_service_queued_t no_longer_waiting(mr_service_t *self, uint32_t tag) {
    mr_service_queued_t q = {.tag = tag};
    for (uint32_t i = 0; i < self->n_waiting; i++) {
        if (self->waiting[i].tag == tag) {
            q = self->waiting[i];
            self->waiting[i] = self->waiting[--self->n_waiting];
            break;
        }
    }
    return q;
}

void mr_service_admit(mr_service_t *self, uint32_t slot, const mr_service_queued_t *q) {
    self->user[slot] = (mr_service_slot_t){.limit = q->credit != 0 ? q->credit : UINT32_MAX,
                                           .stepwise = q->stepwise};
    mr_log(&self->log, MR_LOG_START, q->tag, slot);
    mr_service_send(self, MR_MSG_START, 2, (const uint32_t[]){q->tag, slot});
}

static void on_start(void *ctx, uint32_t slot, uint32_t tag) {
    mr_service_t *self = ctx;
    const mr_service_queued_t q = no_longer_waiting(self, tag);
    mr_service_admit(self, slot, &q);
}

static void on_drop(void *ctx, uint32_t tag, mr_end_t why) {
    mr_service_t *self = ctx;
    (void)no_longer_waiting(self, tag);
    mr_log(&self->log, MR_LOG_DROP, tag, (uint32_t)why);
    mr_service_send(self, MR_MSG_DROP, 2, (const uint32_t[]){tag, (uint32_t)why});
}

static uint32_t on_now(void *ctx) {
    const mr_service_t *self = ctx;
    return self->cfg.now(self->cfg.ctx);
}

/* ---- start ---- */

mr_status_t mr_service_init(mr_service_t *self, const mr_service_config_t *cfg) {
    if (cfg->chip == NULL || cfg->sram == NULL || cfg->work == 0 || cfg->work % 4u != 0) {
        return MR_ARG;
    }
    if (cfg->work_bytes < MR_SERVICE_WORK_MIN) {
        return MR_NO_SPACE;
    }
    *self = (mr_service_t){.cfg = *cfg, .state = MR_MAILBOX_UP};
    const uint32_t to_core = cfg->work + (uint32_t)sizeof(mr_mailbox_t);
    const uint32_t to_host = to_core + 4u * MR_SERVICE_TO_CORE_WORDS;
    const uint32_t log = to_host + 4u * MR_SERVICE_TO_HOST_WORDS;
    self->pool = log + (uint32_t)sizeof(mr_mailbox_log_t) * MR_SERVICE_LOG_ENTRIES;
    self->pool_bytes = (cfg->work_bytes - (self->pool - cfg->work)) / 4u * 4u;
    self->in = mr_service_at(self, to_core);
    self->out = mr_service_at(self, to_host);
    self->shared = (mr_mailbox_t *)(void *)mr_service_at(self, cfg->work);
    *self->shared = (mr_mailbox_t){.version = MR_MAILBOX_VERSION,
                                   .oldest = MR_MAILBOX_OLDEST,
                                   .state = MR_MAILBOX_UP,
                                   .firmware = cfg->firmware,
                                   .to_core = {to_core, MR_SERVICE_TO_CORE_WORDS, 0, 0},
                                   .to_host = {to_host, MR_SERVICE_TO_HOST_WORDS, 0, 0},
                                   .log = log,
                                   .log_entries = MR_SERVICE_LOG_ENTRIES,
                                   .crash = cfg->crash,
                                   .slots = MR_SERVICE_SLOTS,
                                   .queue = MR_SERVICE_QUEUE};
    self->log = (mr_log_t){(mr_mailbox_log_t *)(void *)mr_service_at(self, log),
                           &self->shared->log_put, cfg->now, cfg->ctx};
    mr_shared_store(&self->shared->magic, MR_MAILBOX_MAGIC);
    return MR_OK;
}

mr_log_t *mr_service_log(mr_service_t *self) {
    return &self->log;
}

void mr_service_crashed(mr_service_t *self) {
    self->state = MR_MAILBOX_CRASHED;
    mr_shared_store(&self->shared->state, MR_MAILBOX_CRASHED);
}

/* Memory for logits at the pool's end, what is before it for the host's requests. */
mr_status_t mr_service_start(mr_service_t *self, const mr_sched_config_t *cfg) {
    const uint32_t vocab = self->route.vocab;
    const uint64_t logits = 3u * 4u * (uint64_t)vocab;
    const uint64_t least = sizeof(mr_mailbox_request_t) + 4u * (uint64_t)self->route.context;
    mr_sched_config_t c = *cfg;
    if (logits + least > self->pool_bytes) {
        return MR_NO_SPACE;
    }
    self->arena_bytes = self->pool_bytes - (uint32_t)logits;
    self->shared_logits = self->pool + self->arena_bytes;
    c.mmio = self->cfg.chip;
    c.route = &self->route;
    c.slots = self->slot;
    c.logits = (float *)(void *)mr_service_at(self, self->shared_logits + 4u * vocab);
    c.order = mr_service_at(self, self->shared_logits + 8u * vocab);
    c.events = (mr_sched_events_t){.logits = on_logits,
                                   .token = on_token,
                                   .end = on_end,
                                   .ctx = self,
                                   .start = on_start,
                                   .drop = on_drop};
    c.queue = self->queue;
    c.n_queue = MR_SERVICE_QUEUE;
    c.now = self->cfg.now != NULL ? on_now : NULL;
    self->n_waiting = 0;
    self->told_fault = MR_FAULT_NONE;
    self->logits_out = false;
    self->draining = false;
    self->full = false;
    self->shared->arena = self->pool;
    self->shared->arena_bytes = self->arena_bytes;
    self->shared->logits = self->shared_logits;
    self->shared->logits_words = vocab;
    return mr_sched_init(&self->sched, &c);
}

/* ---- rounds ---- */

bool mr_service_busy(const mr_service_t *self) {
    return self->state == MR_MAILBOX_SERVING &&
           (self->sched.n_active > 0 || self->sched.queue_count > 0);
}

/* One step of the scheduler. @return false: there is nothing to do until the host does something.
 */
static bool work(mr_service_t *self) {
    bool busy;
    if (!mr_service_busy(self) || self->logits_out) {
        return false;
    }
    if (mr_service_room(self) < RESERVE_WORDS + TOKEN_WORDS) {
        self->full = true;
        return false;
    }
    self->full = false;
    const mr_status_t status = mr_sched_step(&self->sched, &busy);
    if (status != MR_OK) {
        self->state = MR_MAILBOX_FAILED;
        mr_log(&self->log, MR_LOG_FAILED, (uint32_t)status, 0);
        tell_fault(self);
        mr_service_send(self, MR_MSG_FAILED, 1, (const uint32_t[]){(uint32_t)status});
        return false;
    }
    return busy;
}

bool mr_service_step(mr_service_t *self) {
    const bool was_full = self->full;
    const bool heard = mr_service_listen(self);
    const bool going = work(self);
    if (self->full && !was_full) {
        mr_log(&self->log, MR_LOG_FULL, mr_service_room(self), 0);
    }
    if (self->draining && !mr_service_busy(self) &&
        mr_service_room(self) >= MR_SERVICE_ANSWER_WORDS) {
        self->draining = false;
        self->state = self->state == MR_MAILBOX_SERVING ? MR_MAILBOX_GREETED : self->state;
        mr_service_send(self, MR_MSG_STOPPED, 0, NULL);
    }
    self->shared->state = self->state;
    self->shared->in_flight = self->sched.in_flight;
    mr_shared_store(&self->shared->heartbeat, self->shared->heartbeat + 1u);
    if (self->out_put != self->out_rung) {
        self->out_rung = self->out_put;
        if (self->cfg.bell != NULL) {
            self->cfg.bell(self->cfg.ctx);
        }
    }
    return heard || going;
}
