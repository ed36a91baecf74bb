/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: the queue, pages, shared prefixes. */
#include "millrace/kv.h"
#include "sched_parts.h"

#define PAGE MR_SCHED_PAGE

static uint32_t pages_of(uint32_t positions) {
    return positions / PAGE + (positions % PAGE != 0 ? 1u : 0u);
}

uint32_t mr_sched_pages(const mr_sched_t *self, const mr_request_t *r) {
    const uint32_t context = self->cfg.route->context;
    /* The last token drawn is not run. */
    const uint32_t more = r->max_tokens > 0 ? r->max_tokens - 1u : 0;
    return pages_of(more < context - r->n_prompt ? r->n_prompt + more : context);
}

/* ---- queue ---- */

static mr_request_t *queued(const mr_sched_t *self, uint32_t i) {
    return &self->cfg.queue[(self->queue_head + i) % self->cfg.n_queue];
}

mr_status_t mr_sched_enqueue(mr_sched_t *self, const mr_request_t *r) {
    if (self->cfg.queue == NULL || self->cfg.events.drop == NULL) {
        return MR_ARG;
    }
    MR_TRY(mr_request_check(r, self->cfg.route));
    if (self->queue_count == self->cfg.n_queue) {
        return MR_BUSY;
    }
    *queued(self, self->queue_count) = *r;
    self->queue_count++;
    return MR_OK;
}

/* An empty prompt marks a queued request as cancelled: events may cancel while the queue is walked.
 */
void mr_sched_cancel_user(mr_sched_t *self, uint32_t user) {
    const uint32_t n = self->cfg.n_slots;
    for (uint32_t slot = mr_set_next(&self->active, 0, n); slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->active, slot + 1u, n)) {
        if (self->cfg.slots[slot].user == user) {
            mr_sched_cancel(self, slot);
        }
    }
    for (uint32_t i = 0; i < self->queue_count; i++) {
        if (queued(self, i)->user == user) {
            queued(self, i)->n_prompt = 0;
        }
    }
}

/* Takes entry i out of the queue. */
static void take_out(mr_sched_t *self, uint32_t i) {
    for (; i + 1u < self->queue_count; i++) {
        *queued(self, i) = *queued(self, i + 1u);
    }
    self->queue_count--;
}

static void drop(mr_sched_t *self, uint32_t i, mr_end_t why) {
    const uint32_t user = queued(self, i)->user;
    take_out(self, i);
    self->cfg.events.drop(self->cfg.events.ctx, user, why);
}

/* ---- pages ---- */

/* Pages that are free and that no slot in use will ask for. A slot's jobs in flight may have taken
 * pages that it does not count as its own yet: the answer is never too large. */
static mr_status_t pages_left(const mr_sched_t *self, uint32_t *left) {
    const uint32_t n = self->cfg.n_slots;
    uint32_t owed = 0;
    for (uint32_t slot = mr_set_next(&self->active, 0, n); slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->active, slot + 1u, n)) {
        const mr_slot_t *t = &self->cfg.slots[slot];
        owed += t->pages - pages_of(t->done);
    }
    MR_TRY(mr_kv_pages_free(self->cfg.mmio, left));
    *left = *left > owed ? *left - owed : 0;
    return MR_OK;
}

/* ---- shared prefixes ---- */

/* Positions that a request could take over from an older one, in whole pages. At least one is run,
 * to draw from. */
static uint32_t shareable(const mr_slot_t *t, const mr_slot_t *of) {
    const uint32_t most = t->n_prompt - 1u < of->n_prompt ? t->n_prompt - 1u : of->n_prompt;
    uint32_t n = 0;
    while (n < most && t->prompt[n] == of->prompt[n]) {
        n++;
    }
    return n / PAGE * PAGE;
}

/* Looks for the older running request that shares most, the first of equals. */
static void find_share(mr_sched_t *self, mr_slot_t *t) {
    const uint32_t n = self->cfg.n_slots;
    const uint32_t most = t->prompt_logits ? 0 : (t->n_prompt - 1u) / PAGE * PAGE;
    t->share_slot = MR_SCHED_NO_SLOT;
    t->share_len = 0;
    for (uint32_t slot = mr_set_next(&self->active, 0, n);
         slot != MR_SCHED_NO_SLOT && t->share_len < most;
         slot = mr_set_next(&self->active, slot + 1u, n)) {
        const mr_slot_t *of = &self->cfg.slots[slot];
        const uint32_t len = of->ending || of->serial >= t->serial ? 0 : shareable(t, of);
        if (len > t->share_len) {
            t->share_slot = slot;
            t->share_len = len;
            t->share_serial = of->serial;
        }
    }
}

/* Brings a slot to its shared prefix; *wait: the other one is not that far yet. */
static mr_status_t share(mr_sched_t *self, uint32_t slot, bool *wait) {
    mr_slot_t *t = &self->cfg.slots[slot];
    *wait = false;
    while (t->share_slot != MR_SCHED_NO_SLOT) {
        const mr_slot_t *of = &self->cfg.slots[t->share_slot];
        if (!of->active || of->ending || of->serial != t->share_serial) {
            find_share(self, t); /* it has gone */
            continue;
        }
        if (of->done < t->share_len) {
            *wait = true;
            return MR_OK;
        }
        MR_TRY(
            mr_kv_fork(self->cfg.mmio, slot, t->share_slot, t->share_len, MR_SCHED_ADMIN_CYCLES));
        t->next_pos = t->share_len;
        mr_sched_set_done(self, t, t->share_len);
        t->share_slot = MR_SCHED_NO_SLOT;
    }
    return MR_OK;
}

mr_status_t mr_sched_prepare(mr_sched_t *self) {
    const uint32_t n = self->cfg.n_slots;
    if (!self->prepare_due) {
        return MR_OK;
    }
    self->prepare_due = false;
    for (uint32_t slot = mr_set_next(&self->starting, 0, n); slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->starting, slot + 1u, n)) {
        mr_slot_t *t = &self->cfg.slots[slot];
        bool wait;
        if (t->ending) {
            continue;
        }
        if (t->quota != t->pages) {
            const mr_status_t status =
                mr_kv_quota(self->cfg.mmio, slot, t->pages, MR_SCHED_ADMIN_CYCLES);
            if (status == MR_STATE) { /* more than a slot's table holds */
                mr_sched_finish(self, slot, MR_END_REFUSED, 0);
                continue;
            }
            MR_TRY(status);
            t->quota = t->pages;
        }
        MR_TRY(share(self, slot, &wait));
        if (!wait) {
            t->starting = false;
            mr_set_remove(&self->starting, slot);
            mr_sched_wake(self, slot);
        }
    }
    return MR_OK;
}

/* ---- admission ---- */

/* Drops what was cancelled or is too late, wherever it stands in the queue. */
static void sweep(mr_sched_t *self, uint64_t now) {
    for (uint32_t i = 0; i < self->queue_count;) {
        const mr_request_t *r = queued(self, i);
        if (r->n_prompt == 0) {
            drop(self, i, MR_END_CANCEL);
        } else if (r->deadline != 0 && now >= r->deadline) {
            drop(self, i, MR_END_DEADLINE);
        } else {
            i++;
        }
    }
}

static uint32_t free_slot(const mr_sched_t *self) {
    for (uint32_t w = 0; w * 32u < self->cfg.n_slots; w++) {
        const uint32_t free = ~(self->active.word[w] | self->barred.word[w]);
        const uint32_t slot = free != 0 ? w * 32u + (uint32_t)__builtin_ctz(free) : UINT32_MAX;
        if (slot < self->cfg.n_slots) {
            return slot;
        }
    }
    return MR_SCHED_NO_SLOT;
}

mr_status_t mr_sched_admit(mr_sched_t *self, uint64_t now) {
    const uint32_t most = self->cfg.max_pages != 0 && self->cfg.max_pages < self->total_pages
                              ? self->cfg.max_pages
                              : self->total_pages;
    sweep(self, now);
    while ((self->cut || self->n_barred == self->cfg.n_slots) && self->queue_count > 0) {
        drop(self, 0, MR_END_ERROR);
    }
    while (self->queue_count > 0) {
        const mr_request_t *r = queued(self, 0);
        const uint32_t slot = free_slot(self);
        const uint32_t pages = r->n_prompt != 0 ? mr_sched_pages(self, r) : 0;
        uint32_t left;
        if (r->n_prompt == 0) { /* cancelled by an event of this loop */
            drop(self, 0, MR_END_CANCEL);
            continue;
        }
        if (pages > most) {
            drop(self, 0, MR_END_REFUSED);
            continue;
        }
        if (slot == MR_SCHED_NO_SLOT) {
            return MR_OK;
        }
        MR_TRY(pages_left(self, &left));
        if (pages > left) {
            if (!self->cfg.refuse) {
                return MR_OK;
            }
            drop(self, 0, MR_END_REFUSED);
            continue;
        }
        MR_TRY(mr_sched_place(self, slot, r, true));
        find_share(self, &self->cfg.slots[slot]);
        self->queue_head = (self->queue_head + 1u) % self->cfg.n_queue;
        self->queue_count--;
        if (self->cfg.events.start != NULL) {
            self->cfg.events.start(self->cfg.events.ctx, slot, self->cfg.slots[slot].user);
        }
    }
    return MR_OK;
}
