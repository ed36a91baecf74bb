/* SPDX-License-Identifier: Apache-2.0 */
/* Service: what the host sends. Nothing of it is trusted. */
#include <stddef.h>

#include "millrace/arith.h"
#include "service_parts.h"

#define IN_MASK (MR_SERVICE_TO_CORE_WORDS - 1u)
#define AT_ONCE 8u /* messages in one round */

#define SETUP_WORDS (1u + (uint32_t)sizeof(mr_mailbox_setup_t) / 4u)

/* Bounds of a SETUP. */
#define TILE_MAX 30u
#define PC_MAX 0xFFFFu
#define WINDOW_MAX 0xFFFFu
#define TOKENS_MAX (1u << MR_MAILBOX_TOKEN_BITS)
#define GROUPS_MAX 16u

#define MR_MSG_WORDS_(name_, value_, words_)                                                       \
    _Static_assert((words_) <= MR_MAILBOX_MESSAGE_MAX, "too long");
MR_MAILBOX_TO_CORE(MR_MSG_WORDS_)
#undef MR_MSG_WORDS_
_Static_assert(SETUP_WORDS + MR_ROUTE_TILES_MAX / 4u <= MR_MAILBOX_MESSAGE_MAX, "too long");

/* Word i of the message that is being read. The host could change it between two reads. */
static uint32_t word(const mr_service_t *self, uint32_t i) {
    return mr_shared_load(&self->in[(self->in_got + i) & IN_MASK]);
}

/* Words that a message has at least; 0: no such message. */
static uint32_t least_words(uint32_t type) {
    switch (type) {
#define MR_MSG_WORDS_(name_, value_, words_)                                                       \
    case (value_):                                                                                 \
        return (words_);
        MR_MAILBOX_TO_CORE(MR_MSG_WORDS_)
#undef MR_MSG_WORDS_
    default:
        return 0;
    }
}

static void refuse(mr_service_t *self, uint32_t first, uint32_t second, mr_status_t status) {
    mr_log(&self->log, MR_LOG_REFUSED, first, (uint32_t)status);
    mr_service_send(self, MR_MSG_REFUSED, 3, (const uint32_t[]){first, second, (uint32_t)status});
}

/* ---- messages ---- */

static mr_status_t hello(mr_service_t *self) {
    const uint32_t oldest = word(self, 1);
    const uint32_t newest = word(self, 2);
    const uint32_t version = newest < MR_MAILBOX_VERSION ? newest : MR_MAILBOX_VERSION;
    mr_log(&self->log, MR_LOG_HELLO, oldest, newest);
    if (mr_service_busy(self)) {
        return MR_BUSY;
    }
    if (version < oldest || version < MR_MAILBOX_OLDEST) {
        return MR_UNSUPPORTED;
    }
    self->version = version;
    self->state = MR_MAILBOX_GREETED;
    self->shared->version = version;
    mr_service_send(self, MR_MSG_HELLO_OK, 1, &version);
    return MR_OK;
}

static bool in_range(uint32_t value, uint32_t least, uint32_t most) {
    return value >= least && value <= most;
}

/* Takes the route out of a SETUP of so many words. */
static mr_status_t take_route(mr_service_t *self, uint32_t words) {
    mr_mailbox_setup_t s = {0};
    uint32_t *const raw = (uint32_t *)&s;
    for (uint32_t i = 0; i < sizeof s / 4u; i++) {
        raw[i] = word(self, 1u + i);
    }
    if (s.tile > TILE_MAX || s.pc > PC_MAX || !in_range(s.window, 1, WINDOW_MAX) ||
        !in_range(s.candidates, 1, MR_ROUTE_CANDIDATES_MAX) || !in_range(s.vocab, 1, TOKENS_MAX) ||
        !in_range(s.context, 1, TOKENS_MAX) || s.result_elems < s.vocab ||
        !in_range(s.slots, 1, MR_SERVICE_SLOTS) || !in_range(s.tiles, 1, MR_ROUTE_TILES_MAX) ||
        !in_range(s.groups, 1, GROUPS_MAX) || s.stall_cycles == 0 ||
        s.n_tiles > MR_ROUTE_TILES_MAX || words < SETUP_WORDS + (s.n_tiles + 3u) / 4u) {
        return MR_RANGE;
    }
    self->route = (mr_route_t){.tile = s.tile,
                               .pc = s.pc,
                               .window = s.window,
                               .candidates = s.candidates,
                               .vocab = s.vocab,
                               .context = s.context,
                               .result_elems = s.result_elems,
                               .kv_slots = s.slots,
                               .tiles = s.tiles,
                               .groups = s.groups,
                               .linked = s.linked != 0,
                               .n_search = (uint16_t)s.n_tiles};
    for (uint32_t i = 0; i < s.n_tiles; i++) {
        const uint32_t tile = word(self, SETUP_WORDS + i / 4u) >> (8u * (i % 4u)) & 0xFFu;
        if (tile >= s.tiles) {
            return MR_RANGE;
        }
        self->route.search[i] = (uint8_t)tile;
    }
    const mr_sched_config_t cfg = {.n_slots = s.slots,
                                   .stall_cycles = s.stall_cycles,
                                   .max_pages = s.max_pages,
                                   .refuse = s.refuse != 0,
                                   .chunk = s.chunk,
                                   .quantum = s.quantum};
    return mr_service_start(self, &cfg);
}

static mr_status_t setup(mr_service_t *self, uint32_t words) {
    if (self->version == 0) {
        return MR_STATE;
    }
    if (mr_service_busy(self)) {
        return MR_BUSY;
    }
    self->state = MR_MAILBOX_GREETED; /* the old setup is gone either way */
    MR_TRY(take_route(self, words));
    mr_log(&self->log, MR_LOG_SETUP, self->route.kv_slots, self->route.vocab);
    self->state = MR_MAILBOX_SERVING;
    mr_service_send(self, MR_MSG_SETUP_DONE, 0, NULL);
    return MR_OK;
}

/* Makes a request of what lies at an offset. Each word is read once. */
static mr_status_t take_request(const mr_service_t *self, uint32_t offset, mr_request_t *r,
                                mr_service_queued_t *q) {
    const uint32_t head = (uint32_t)sizeof(mr_mailbox_request_t);
    const uint32_t at = offset - self->pool; /* huge when it lies before the arena */
    if (offset % 4u != 0 || at > self->arena_bytes || self->arena_bytes - at < head) {
        return MR_RANGE;
    }
    const mr_mailbox_request_t *m = (const void *)mr_service_at(self, offset);
    const uint32_t n_prompt = mr_shared_load(&m->n_prompt);
    const uint32_t n_stops = mr_shared_load(&m->n_stops);
    const uint32_t flags = mr_shared_load(&m->flags);
    if (n_prompt > (self->arena_bytes - at - head) / 4u || n_stops > MR_SCHED_STOPS_MAX ||
        flags > (MR_MAILBOX_PROMPT_LOGITS | MR_MAILBOX_TOKEN_LOGITS | MR_MAILBOX_STEPWISE)) {
        return MR_RANGE;
    }
    *r = (mr_request_t){
        .prompt = mr_service_at(self, offset + head),
        .n_prompt = n_prompt,
        .max_tokens = mr_shared_load(&m->max_tokens),
        .sampling = {.temperature = mr_f32_from_bits(mr_shared_load(&m->temperature)),
                     .top_k = mr_shared_load(&m->top_k),
                     .top_p = mr_f32_from_bits(mr_shared_load(&m->top_p)),
                     .seed =
                         (uint64_t)mr_shared_load(&m->seed_hi) << 32 | mr_shared_load(&m->seed_lo),
                     .min_p = mr_f32_from_bits(mr_shared_load(&m->min_p))},
        .stops = m->stops,
        .n_stops = n_stops,
        .deadline =
            (uint64_t)mr_shared_load(&m->deadline_hi) << 32 | mr_shared_load(&m->deadline_lo),
        .prompt_logits = (flags & MR_MAILBOX_PROMPT_LOGITS) != 0,
        .token_logits = (flags & MR_MAILBOX_TOKEN_LOGITS) != 0,
        .stepwise = (flags & MR_MAILBOX_STEPWISE) != 0};
    q->credit = mr_shared_load(&m->credit);
    q->stepwise = r->stepwise;
    return MR_OK;
}

static mr_status_t submit(mr_service_t *self) {
    mr_service_queued_t q = {.tag = word(self, 1)};
    const uint32_t slot = word(self, 2);
    mr_request_t r;
    mr_log(&self->log, MR_LOG_SUBMIT, q.tag, slot);
    if (self->state != MR_MAILBOX_SERVING || self->draining) {
        return MR_STATE;
    }
    MR_TRY(take_request(self, word(self, 3), &r, &q));
    r.user = q.tag;
    if (slot != MR_MAILBOX_ANY_SLOT) {
        MR_TRY(mr_sched_submit(&self->sched, slot, &r));
        mr_service_admit(self, slot, &q);
        return MR_OK;
    }
    MR_TRY(mr_sched_enqueue(&self->sched, &r));
    self->waiting[self->n_waiting++] = q; /* as long as the queue */
    return MR_OK;
}

static void cancel(mr_service_t *self) {
    const uint32_t tag = word(self, 1);
    mr_log(&self->log, MR_LOG_CANCEL, tag, 0);
    if (self->state == MR_MAILBOX_SERVING) {
        mr_sched_cancel_user(&self->sched, tag);
    }
}

static void credit(mr_service_t *self) {
    const uint32_t tag = word(self, 1);
    const uint32_t slot = word(self, 2);
    if (self->state == MR_MAILBOX_SERVING && slot < self->route.kv_slots &&
        mr_sched_user(&self->sched, slot) == tag) {
        self->user[slot].limit = word(self, 3);
    }
}

static void drain(mr_service_t *self) {
    self->draining = true;
    self->logits_out = false; /* whoever was told is gone, or wants no more */
    for (uint32_t slot = 0; word(self, 1) != 0 && slot < self->route.kv_slots; slot++) {
        mr_sched_cancel(&self->sched, slot);
    }
    for (uint32_t i = 0; word(self, 1) != 0 && i < self->n_waiting; i++) {
        mr_sched_cancel_user(&self->sched, self->waiting[i].tag);
    }
}

/* ---- ring ---- */

/* Carries out the message at the ring's end. */
static mr_status_t carry_out(mr_service_t *self, uint32_t type, uint32_t words) {
    switch (type) {
    case MR_MSG_HELLO:
        return hello(self);
    case MR_MSG_SETUP:
        return setup(self, words);
    case MR_MSG_SUBMIT:
        return submit(self);
    case MR_MSG_CANCEL:
        cancel(self);
        return MR_OK;
    case MR_MSG_CREDIT:
        credit(self);
        return MR_OK;
    case MR_MSG_DRAIN:
        if (self->state == MR_MAILBOX_SERVING) {
            drain(self);
            return MR_OK;
        }
        return MR_STATE;
    default: /* MR_MSG_LOGITS_TAKEN: least_words knows no other */
        self->logits_out = false;
        return MR_OK;
    }
}

static void set_got(mr_service_t *self, uint32_t got) {
    self->in_got = got;
    mr_shared_store(&self->shared->to_core.got, got);
}

/* Takes one message. @return false: there is none. */
static bool take_message(mr_service_t *self) {
    const uint32_t put = mr_shared_load(&self->shared->to_core.put);
    const uint32_t used = put - self->in_got;
    if (used == 0) {
        return false;
    }
    if (used > MR_SERVICE_TO_CORE_WORDS) {
        mr_log(&self->log, MR_LOG_BAD_RING, put, self->in_got);
        refuse(self, 0, put, MR_FORMAT);
        set_got(self, put);
        return true;
    }
    const uint32_t first = word(self, 0);
    const uint32_t words = first & MR_MAILBOX_WORDS_MASK;
    const uint32_t type = (first & MR_MAILBOX_TYPE_MASK) >> MR_MAILBOX_TYPE_SHIFT;
    const uint32_t seq = first >> MR_MAILBOX_SEQ_SHIFT;
    if (words == 0 || words > MR_MAILBOX_MESSAGE_MAX || words > used) {
        refuse(self, first, 0, MR_FORMAT); /* nobody knows where the next one begins */
        set_got(self, put);
        return true;
    }
    const bool in_turn = seq == self->in_seq % 256u || type == MR_MSG_HELLO;
    const uint32_t least = least_words(type);
    mr_status_t status = MR_FORMAT;
    self->in_seq = seq + 1u;
    if (least == 0) {
        status = MR_UNSUPPORTED;
    } else if (in_turn && words >= least) {
        status = carry_out(self, type, words);
    }
    if (status != MR_OK) {
        refuse(self, first, words > 1u ? word(self, 1) : 0, status);
    }
    set_got(self, self->in_got + words);
    return true;
}

bool mr_service_listen(mr_service_t *self) {
    bool any = false;
    for (uint32_t i = 0;
         i < AT_ONCE && mr_service_room(self) >= MR_SERVICE_ANSWER_WORDS && take_message(self);
         i++) {
        any = true;
    }
    return any;
}
