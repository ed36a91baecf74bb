/* SPDX-License-Identifier: Apache-2.0 */
/* Client of the mailbox: requests and what is told about them. */
#include <stddef.h>
#include <string.h>

#include "millrace/arith.h"
#include "session/client_parts.h"

#define STEP_CYCLES 4096u /* that a step waits for news */

static mr_client_t *client_of(mr_runner_t *runner) {
    return (mr_client_t *)(void *)runner;
}

static mr_client_request_t *find_tag(mr_client_t *self, uint32_t tag) {
    for (uint32_t i = 0; i < self->n_requests; i++) {
        if (self->request[i].used && self->request[i].tag == tag) {
            return &self->request[i];
        }
    }
    return NULL;
}

/* ---- the arena ---- */

/* Whether bytes from `offset` on are free. */
static bool is_free(const mr_client_t *self, uint32_t offset, uint32_t bytes) {
    const mr_mailbox_t *h = &self->header;
    if (offset - h->arena > h->arena_bytes || h->arena_bytes - (offset - h->arena) < bytes) {
        return false;
    }
    for (uint32_t i = 0; i < self->n_requests; i++) {
        const mr_client_request_t *r = &self->request[i];
        if (r->used && r->bytes > 0 && offset < r->offset + r->bytes &&
            r->offset < offset + bytes) {
            return false;
        }
    }
    return true;
}

/* Finds room: at the arena's begin, or behind a request. @return its offset; 0: there is none. */
static uint32_t find_room(const mr_client_t *self, uint32_t bytes) {
    if (is_free(self, self->header.arena, bytes)) {
        return self->header.arena;
    }
    for (uint32_t i = 0; i < self->n_requests; i++) {
        const mr_client_request_t *r = &self->request[i];
        if (r->used && r->bytes > 0 && is_free(self, r->offset + r->bytes, bytes)) {
            return r->offset + r->bytes;
        }
    }
    return 0;
}

/* ---- sending ---- */

/* For calls that cannot fail: the next step does. */
static void send_later(mr_client_t *self, mr_msg_type_t type, uint32_t n, const uint32_t *words) {
    const mr_status_t status = mr_client_send(self, type, n, words);
    self->status = self->status != MR_OK ? self->status : status;
}

static mr_status_t write_request(mr_client_t *self, const mr_client_request_t *q,
                                 const mr_request_t *r) {
    mr_mailbox_request_t m = {.n_prompt = r->n_prompt,
                              .max_tokens = r->max_tokens,
                              .flags = (r->prompt_logits ? MR_MAILBOX_PROMPT_LOGITS : 0u) |
                                       (r->token_logits ? MR_MAILBOX_TOKEN_LOGITS : 0u) |
                                       (r->stepwise ? MR_MAILBOX_STEPWISE : 0u),
                              .temperature = mr_f32_bits(r->sampling.temperature),
                              .top_p = mr_f32_bits(r->sampling.top_p),
                              .min_p = mr_f32_bits(r->sampling.min_p),
                              .top_k = r->sampling.top_k,
                              .seed_lo = (uint32_t)r->sampling.seed,
                              .seed_hi = (uint32_t)(r->sampling.seed >> 32),
                              .deadline_lo = (uint32_t)r->deadline,
                              .deadline_hi = (uint32_t)(r->deadline >> 32),
                              .credit = q->limit,
                              .n_stops = r->n_stops};
    for (uint32_t i = 0; i < r->n_stops; i++) {
        m.stops[i] = r->stops[i];
    }
    MR_TRY(mr_client_write(self, q->offset, (const uint32_t *)(const void *)&m, sizeof m / 4u));
    return mr_client_write(self, q->offset + (uint32_t)sizeof m, r->prompt, r->n_prompt);
}

/* Hands a request over; slot is MR_MAILBOX_ANY_SLOT for the queue. */
static mr_status_t hand_over(mr_client_t *self, uint32_t slot, const mr_request_t *r) {
    const uint32_t bytes = (uint32_t)sizeof(mr_mailbox_request_t) + 4u * r->n_prompt;
    const uint32_t offset = find_room(self, bytes);
    uint32_t i = 0;
    while (i < self->n_requests && self->request[i].used) {
        i++;
    }
    if (i == self->n_requests) {
        return MR_BUSY;
    }
    if (offset == 0) {
        return self->n_used > 0 && slot == MR_MAILBOX_ANY_SLOT ? MR_BUSY : MR_NO_SPACE;
    }
    mr_client_request_t *q = &self->request[i];
    *q = (mr_client_request_t){.used = true,
                               .queued = slot == MR_MAILBOX_ANY_SLOT,
                               .stepwise = r->stepwise,
                               .tag = self->next_tag,
                               .user = r->user,
                               .slot = slot,
                               .offset = offset,
                               .bytes = bytes,
                               .limit = r->stepwise ? 1u : MR_CLIENT_CREDIT};
    const uint32_t words[3] = {q->tag, slot, offset};
    mr_status_t status = write_request(self, q, r);
    status = status == MR_OK ? mr_client_send(self, MR_MSG_SUBMIT, 3, words) : status;
    if (status != MR_OK) {
        q->used = false;
        return status;
    }
    self->next_tag++;
    self->n_used++;
    if (q->queued) {
        self->n_waiting++;
    } else {
        self->shown[slot] = i;
    }
    return MR_OK;
}

static mr_status_t client_submit(mr_runner_t *runner, uint32_t slot, const mr_request_t *r) {
    mr_client_t *self = client_of(runner);
    if (slot >= self->n_slots) {
        return MR_RANGE;
    }
    MR_TRY(mr_request_check(r, &self->route));
    if (self->shown[slot] != MR_CLIENT_NONE || self->heard[slot] != MR_CLIENT_NONE) {
        return MR_STATE;
    }
    return hand_over(self, slot, r);
}

static mr_status_t client_enqueue(mr_runner_t *runner, const mr_request_t *r) {
    mr_client_t *self = client_of(runner);
    if (self->events.drop == NULL) {
        return MR_ARG;
    }
    MR_TRY(mr_request_check(r, &self->route));
    return self->n_waiting < self->header.queue ? hand_over(self, MR_MAILBOX_ANY_SLOT, r) : MR_BUSY;
}

static void cancel(mr_client_t *self, mr_client_request_t *q) {
    if (!q->cancelled) {
        q->cancelled = true;
        self->behind = true; /* nothing that it has not taken is told any more */
        send_later(self, MR_MSG_CANCEL, 1, &q->tag);
    }
}

static void client_cancel(mr_runner_t *runner, uint32_t slot) {
    mr_client_t *self = client_of(runner);
    if (slot < self->n_slots && self->shown[slot] != MR_CLIENT_NONE) {
        cancel(self, &self->request[self->shown[slot]]);
    }
}

static void client_cancel_user(mr_runner_t *runner, uint32_t user) {
    mr_client_t *self = client_of(runner);
    for (uint32_t i = 0; i < self->n_requests; i++) {
        if (self->request[i].used && self->request[i].user == user) {
            cancel(self, &self->request[i]);
        }
    }
}

static uint32_t client_user(const mr_runner_t *runner, uint32_t slot) {
    const mr_client_t *self = (const void *)runner;
    return self->request[self->shown[slot]].user;
}

static const mr_fault_t *client_fault(const mr_runner_t *runner) {
    return &((const mr_client_t *)(const void *)runner)->fault;
}

static const char *client_trouble(const mr_runner_t *runner) {
    const mr_client_t *self = (const void *)runner;
    return self->trouble[0] != '\0' ? self->trouble : NULL;
}

static uint32_t client_in_flight(const mr_runner_t *runner) {
    const mr_client_t *self = (const void *)runner;
    uint32_t jobs;
    return mr_client_read(self, self->at + (uint32_t)offsetof(mr_mailbox_t, in_flight), &jobs, 1) ==
                   MR_OK
               ? jobs
               : 0;
}

/* ---- telling the caller ---- */

/* Lets the firmware go on behind a token that was taken. */
static void grant(mr_client_t *self, mr_client_request_t *q) {
    if (!q->stepwise && q->limit - q->taken > MR_CLIENT_CREDIT / 2u) {
        return;
    }
    q->limit = q->taken + (q->stepwise ? 1u : MR_CLIENT_CREDIT);
    if (!q->over && !q->cancelled) {
        send_later(self, MR_MSG_CREDIT, 3, (const uint32_t[]){q->tag, q->slot, q->limit});
    }
}

static void tell_logits(mr_client_t *self, const mr_client_request_t *q) {
    self->logits_for = MR_CLIENT_NONE;
    if (!q->cancelled && self->events.logits != NULL) {
        self->events.logits(self->events.ctx, q->slot, self->logits_pos, self->logits,
                            self->route.vocab);
    }
    send_later(self, MR_MSG_LOGITS_TAKEN, 0, NULL);
}

/* Tells tokens and logits in their order. @return false: the reader does not take a token. */
static bool tell_tokens(mr_client_t *self, uint32_t index) {
    mr_client_request_t *q = &self->request[index];
    for (;;) {
        const bool tokens = !q->cancelled && q->taken < q->told;
        const mr_client_token_t t = q->token[q->taken % MR_CLIENT_CREDIT];
        if (self->logits_for == index && (!tokens || t.pos > self->logits_pos)) {
            tell_logits(self, q);
        } else if (!tokens) {
            return true;
        } else if (!self->events.token(self->events.ctx, q->slot, t.pos, t.token)) {
            return false;
        } else {
            q->taken++;
            grant(self, q);
        }
    }
}

/* The request that comes first of those that started in a slot and are not over for the caller. */
static uint32_t first_in(const mr_client_t *self, uint32_t slot) {
    uint32_t first = self->shown[slot];
    for (uint32_t i = 0; first == MR_CLIENT_NONE && i < self->n_requests; i++) {
        const mr_client_request_t *q = &self->request[i];
        if (q->used && q->started && q->slot == slot &&
            (first == MR_CLIENT_NONE || q->order < self->request[first].order)) {
            first = i;
        }
    }
    return first;
}

/* Tells what there is of the requests in a slot, one after the other. */
static void tell_slot(mr_client_t *self, uint32_t slot) {
    for (;;) {
        const uint32_t index = first_in(self, slot);
        if (index == MR_CLIENT_NONE) {
            return;
        }
        mr_client_request_t *q = &self->request[index];
        self->shown[slot] = index;
        if (q->queued) {
            q->queued = false;
            if (self->events.start != NULL) {
                self->events.start(self->events.ctx, slot, q->user);
            }
        }
        if (!tell_tokens(self, index)) {
            self->behind = true;
            return;
        }
        if (!q->over) {
            return;
        }
        const bool early = q->cancelled && (q->why == MR_END_STOP || q->why == MR_END_LENGTH);
        self->events.end(self->events.ctx, slot, early ? MR_END_CANCEL : q->why, q->detail);
        self->shown[slot] = MR_CLIENT_NONE;
        q->used = false;
        self->n_used--;
    }
}

/* ---- hearing the firmware ---- */

static mr_status_t hear_start(mr_client_t *self, uint32_t tag, uint32_t slot) {
    mr_client_request_t *q = find_tag(self, tag);
    if (q == NULL || q->started || slot >= self->n_slots || self->heard[slot] != MR_CLIENT_NONE ||
        (!q->queued && q->slot != slot)) {
        return MR_FORMAT;
    }
    q->started = true;
    q->slot = slot;
    q->order = self->n_started++;
    self->n_waiting -= q->queued ? 1u : 0u;
    self->heard[slot] = (uint32_t)(q - self->request);
    tell_slot(self, slot);
    return MR_OK;
}

static mr_status_t hear_token(mr_client_t *self, uint32_t slot, uint32_t token, uint32_t pos) {
    if (slot >= self->n_slots || self->heard[slot] == MR_CLIENT_NONE ||
        token >= self->route.vocab) {
        return MR_FORMAT;
    }
    mr_client_request_t *q = &self->request[self->heard[slot]];
    if (q->cancelled) {
        return MR_OK;
    }
    if (q->told - q->taken == MR_CLIENT_CREDIT) {
        return MR_FORMAT;
    }
    q->token[q->told++ % MR_CLIENT_CREDIT] = (mr_client_token_t){pos, token};
    tell_slot(self, slot);
    return MR_OK;
}

static mr_status_t hear_logits(mr_client_t *self, uint32_t slot, uint32_t pos, uint32_t n) {
    if (slot >= self->n_slots || self->heard[slot] == MR_CLIENT_NONE || n != self->route.vocab ||
        self->logits_for != MR_CLIENT_NONE) {
        return MR_FORMAT;
    }
    MR_TRY(mr_client_read(self, self->header.logits, self->bits, n));
    for (uint32_t i = 0; i < n; i++) {
        self->logits[i] = mr_f32_from_bits(self->bits[i]);
    }
    self->logits_for = self->heard[slot];
    self->logits_pos = pos;
    tell_slot(self, slot);
    return MR_OK;
}

static mr_status_t hear_end(mr_client_t *self, const uint32_t *words) {
    mr_client_request_t *q = find_tag(self, words[1]);
    const uint32_t slot = words[2];
    if (q == NULL || !q->started || q->slot != slot || q->over || words[3] > MR_END_REFUSED) {
        return MR_FORMAT;
    }
    q->over = true;
    q->why = (mr_end_t)words[3];
    q->detail = words[4];
    q->bytes = 0;
    self->heard[slot] = MR_CLIENT_NONE;
    tell_slot(self, slot);
    return MR_OK;
}

static mr_status_t hear_drop(mr_client_t *self, uint32_t tag, uint32_t why) {
    mr_client_request_t *q = find_tag(self, tag);
    if (q == NULL || q->started || !q->queued || why > MR_END_REFUSED) {
        return MR_FORMAT;
    }
    const uint32_t user = q->user;
    q->used = false;
    self->n_used--;
    self->n_waiting--;
    self->events.drop(self->events.ctx, user, (mr_end_t)why);
    return MR_OK;
}

/* Words that a message to the host has at least; 0: no such message. */
static uint32_t least_words(uint32_t type) {
    switch (type) {
#define MR_MSG_WORDS_(name_, value_, words_)                                                       \
    case (value_):                                                                                 \
        return (words_);
        MR_MAILBOX_TO_HOST(MR_MSG_WORDS_)
#undef MR_MSG_WORDS_
    default:
        return 0;
    }
}

static mr_status_t hear_refused(mr_client_t *self, uint32_t first, uint32_t status) {
    const uint32_t type = (first & MR_MAILBOX_TYPE_MASK) >> MR_MAILBOX_TYPE_SHIFT;
    if (type == MR_MSG_HELLO || type == MR_MSG_SETUP || type == MR_MSG_DRAIN) {
        self->answer = MR_MSG_REFUSED;
        self->answer_value = status;
        return MR_OK;
    }
    return status != 0 ? (mr_status_t)(int32_t)status : MR_FORMAT;
}

mr_status_t mr_client_hear(mr_client_t *self, const uint32_t *words, uint32_t n) {
    const uint32_t type = (words[0] & MR_MAILBOX_TYPE_MASK) >> MR_MAILBOX_TYPE_SHIFT;
    const uint32_t least = least_words(type);
    if (least == 0 || n < least) {
        return MR_FORMAT;
    }
    switch (type) {
    case MR_MSG_HELLO_OK:
    case MR_MSG_SETUP_DONE:
    case MR_MSG_STOPPED:
        self->answer = type;
        return MR_OK;
    case MR_MSG_REFUSED:
        return hear_refused(self, words[1], words[3]);
    default:
        break;
    }
    if (self->n_requests == 0) { /* of an earlier host's requests */
        return MR_OK;
    }
    switch (type) {
    case MR_MSG_START:
        return hear_start(self, words[1], words[2]);
    case MR_MSG_TOKEN:
        return hear_token(self, words[1] >> MR_MAILBOX_TOKEN_BITS,
                          words[1] & ((1u << MR_MAILBOX_TOKEN_BITS) - 1u), words[2]);
    case MR_MSG_LOGITS:
        return hear_logits(self, words[1], words[2], words[3]);
    case MR_MSG_END:
        return hear_end(self, words);
    case MR_MSG_DROP:
        return hear_drop(self, words[1], words[2]);
    case MR_MSG_FAULT:
        self->fault = (mr_fault_t){(mr_fault_kind_t)words[1], words[2], words[3]};
        return words[1] <= MR_FAULT_MESSAGE ? MR_OK : MR_FORMAT;
    default: /* MR_MSG_FAILED: least_words knows no other */
        return words[1] != 0 ? (mr_status_t)(int32_t)words[1] : MR_FORMAT;
    }
}

/* ---- steps ---- */

static mr_status_t client_step(mr_runner_t *runner, bool *busy) {
    mr_client_t *self = client_of(runner);
    bool any;
    MR_TRY(self->status);
    if (self->behind) {
        self->behind = false;
        for (uint32_t slot = 0; slot < self->n_slots; slot++) {
            tell_slot(self, slot);
        }
    }
    if (self->n_used > 0) {
        MR_TRY(mr_client_poll(self, STEP_CYCLES, &any));
    }
    *busy = self->n_used > 0;
    return self->status;
}

const mr_runner_ops_t mr_client_ops = {client_submit,      client_enqueue, client_cancel,
                                       client_cancel_user, client_step,    client_user,
                                       client_fault,       client_trouble, client_in_flight};
