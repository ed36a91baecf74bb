/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: requests and steps. */
#include <stddef.h>

#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/loop.h"
#include "sched_parts.h"

#define WAIT_CYCLES 4096u
#define RETRY_CYCLES 256u /* until the hub is asked again */
#define CLOCK_STEPS 16u   /* deadlines are looked at every so many steps */

uint32_t mr_set_next(const mr_slot_set_t *set, uint32_t from, uint32_t n) {
    for (uint32_t w = from / 32u; w * 32u < n; w++) {
        uint32_t bits = set->word[w];
        if (w == from / 32u) {
            bits &= UINT32_MAX << (from % 32u);
        }
        if (bits != 0) {
            return w * 32u + (uint32_t)__builtin_ctz(bits);
        }
    }
    return MR_SCHED_NO_SLOT;
}

mr_status_t mr_sched_init(mr_sched_t *self, const mr_sched_config_t *cfg) {
    if (cfg->mmio == NULL || cfg->route == NULL || cfg->slots == NULL || cfg->logits == NULL ||
        cfg->order == NULL || cfg->n_slots == 0 || cfg->n_slots > cfg->route->kv_slots ||
        cfg->n_slots > MR_SCHED_SLOTS_MAX || cfg->events.token == NULL || cfg->events.end == NULL) {
        return MR_ARG;
    }
    *self = (mr_sched_t){.cfg = *cfg};
    for (uint32_t i = 0; i < cfg->n_slots; i++) {
        cfg->slots[i] = (mr_slot_t){.active = false};
    }
    return MR_OK;
}

mr_status_t mr_request_check(const mr_request_t *r, const mr_route_t *route) {
    mr_sampler_t sampler;
    if (r->n_prompt == 0 || r->n_prompt > route->context || r->n_stops > MR_SCHED_STOPS_MAX ||
        (r->n_stops > 0 && r->stops == NULL)) {
        return MR_RANGE;
    }
    for (uint32_t i = 0; i < r->n_prompt; i++) {
        if (r->prompt[i] >= route->vocab) {
            return MR_RANGE;
        }
    }
    return mr_sampler_init(&sampler, &r->sampling);
}

mr_status_t mr_sched_submit(mr_sched_t *self, uint32_t slot, const mr_request_t *r) {
    if (slot >= self->cfg.n_slots) {
        return MR_RANGE;
    }
    MR_TRY(mr_request_check(r, self->cfg.route));
    if (self->cfg.slots[slot].active) {
        return MR_STATE;
    }
    MR_TRY(mr_sched_place(self, slot, r, self->cfg.slots[slot].quota != 0));
    if (mr_set_has(&self->barred, slot)) {
        mr_sched_finish(self, slot, MR_END_ERROR, MR_SCHED_STATUS_WATCHDOG);
    }
    return MR_OK;
}

mr_status_t mr_sched_place(mr_sched_t *self, uint32_t slot, const mr_request_t *r, bool starting) {
    mr_slot_t *t = &self->cfg.slots[slot];
    const uint16_t quota = t->quota;
    *t = (mr_slot_t){.active = true,
                     .starting = starting,
                     .prompt = r->prompt,
                     .stops = r->stops,
                     .n_prompt = r->n_prompt,
                     .max_tokens = r->max_tokens,
                     .user = r->user,
                     .n_stops = (uint8_t)r->n_stops,
                     .prompt_logits = r->prompt_logits,
                     .token_logits = r->token_logits,
                     .stepwise = r->stepwise,
                     .deadline = r->deadline,
                     .known = r->n_prompt,
                     .pages = (uint16_t)mr_sched_pages(self, r),
                     .quota = quota,
                     .serial = ++self->serial,
                     .share_slot = MR_SCHED_NO_SLOT};
    mr_set_add(&self->active, slot);
    self->n_active++;
    self->n_timed += r->deadline != 0 ? 1u : 0u;
    if (starting) {
        mr_set_add(&self->starting, slot);
        self->prepare_due = true;
    }
    mr_sched_wake(self, slot);
    return mr_sampler_init(&t->sampler, &r->sampling);
}

uint32_t mr_sched_user(const mr_sched_t *self, uint32_t slot) {
    return self->cfg.slots[slot].user;
}

void mr_sched_finish(mr_sched_t *self, uint32_t slot, mr_end_t why, uint32_t detail) {
    mr_slot_t *t = &self->cfg.slots[slot];
    if (!t->ending) {
        t->ending = true;
        t->why = (uint8_t)why;
        t->detail = (uint16_t)detail;
        mr_set_add(&self->ending, slot);
        self->prepare_due = true;
    }
}

void mr_sched_cancel(mr_sched_t *self, uint32_t slot) {
    if (slot < self->cfg.n_slots && self->cfg.slots[slot].active) {
        mr_sched_finish(self, slot, MR_END_CANCEL, 0);
    }
}

/* Asks once what the device has, and tells the loop where its jobs go. */
static mr_status_t probe(mr_sched_t *self) {
    const mr_route_t *route = self->cfg.route;
    mr_loop_caps_t caps;
    if (self->probed) {
        return MR_OK;
    }
    MR_TRY(mr_loop_caps(self->cfg.mmio, &caps));
    if (caps.slots > 0) {
        MR_TRY(mr_loop_route(self->cfg.mmio, route->tile, route->pc));
    }
    MR_TRY(mr_kv_pages_free(self->cfg.mmio, &self->total_pages));
    /* The loop takes a result's first candidate for the token; a head's shards send several. */
    self->loop_slots = route->candidates == 1u ? caps.slots : 0;
    self->probed = true;
    return MR_OK;
}

/* Ends what is past its deadline. *now is 0 when nobody has one, or it is not time to look. */
static mr_status_t expire(mr_sched_t *self, uint64_t *now) {
    const uint32_t n = self->cfg.n_slots;
    *now = 0;
    if ((self->queue_count == 0 && self->n_timed == 0) || self->steps++ % CLOCK_STEPS != 0) {
        return MR_OK;
    }
    MR_TRY(mr_chip_cycles(self->cfg.mmio, now));
    for (uint32_t slot = mr_set_next(&self->active, 0, n);
         self->n_timed > 0 && slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->active, slot + 1u, n)) {
        const uint64_t deadline = self->cfg.slots[slot].deadline;
        if (deadline != 0 && *now >= deadline) {
            mr_sched_finish(self, slot, MR_END_DEADLINE, 0);
        }
    }
    return MR_OK;
}

/* Takes a slot whose jobs are all back from its request. */
static mr_status_t release(mr_sched_t *self, uint32_t slot) {
    mr_slot_t *t = &self->cfg.slots[slot];
    MR_TRY(mr_kv_free(self->cfg.mmio, slot, MR_SCHED_ADMIN_CYCLES));
    t->active = false;
    mr_set_remove(&self->active, slot);
    mr_set_remove(&self->starting, slot);
    mr_set_remove(&self->held, slot);
    mr_set_remove(&self->ending, slot);
    self->n_active--;
    self->n_timed -= t->deadline != 0 ? 1u : 0u;
    self->cfg.events.end(self->cfg.events.ctx, slot, (mr_end_t)t->why, t->detail);
    return MR_OK;
}

/* Frees slots whose request is over and whose jobs are all back. */
static mr_status_t retire(mr_sched_t *self, bool *moved) {
    const uint32_t n = self->cfg.n_slots;
    for (uint32_t slot = mr_set_next(&self->ending, 0, n); slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->ending, slot + 1u, n)) {
        const mr_slot_t *t = &self->cfg.slots[slot];
        if (t->armed) {
            MR_TRY(mr_sched_disarm(self, slot));
        }
        if (t->in_flight == 0) {
            MR_TRY(release(self, slot));
            *moved = true;
        }
    }
    return MR_OK;
}

/* Counts the silence while nothing is heard. */
static void count_silence(mr_sched_t *self, uint32_t cycles) {
    if (self->cfg.now != NULL) {
        const uint32_t now = self->cfg.now(self->cfg.events.ctx);
        cycles = self->silent != 0 ? now - self->silent_at : 1u;
        self->silent_at = now;
    }
    self->silent += cycles;
}

/* Lets time pass when a step found nothing to do. */
static mr_status_t idle(mr_sched_t *self, bool refused) {
    const uint32_t cycles = refused ? RETRY_CYCLES : WAIT_CYCLES;
    if (self->in_flight > 0 || refused) {
        MR_TRY(mr_sched_find_link(self));
        if (self->silent >= self->cfg.stall_cycles) {
            MR_TRY(mr_sched_stalled(self));
        }
        count_silence(self, cycles);
    }
    return mr_mmio_wait(self->cfg.mmio, cycles);
}

mr_status_t mr_sched_step(mr_sched_t *self, bool *busy) {
    bool refused;
    bool injected = false;
    bool heard = false;
    uint64_t now;
    MR_TRY(probe(self));
    MR_TRY(expire(self, &now));
    mr_sched_cut(self, &heard);
    MR_TRY(mr_sched_admit(self, now));
    MR_TRY(mr_sched_prepare(self));
    mr_sched_retry(self);
    MR_TRY(mr_sched_inject(self, &refused, &injected));
    MR_TRY(mr_sched_tokens(self, &heard));
    MR_TRY(mr_sched_result(self, &heard));
    self->silent = heard ? 0 : self->silent;
    MR_TRY(retire(self, &heard));
    *busy = self->queue_count > 0 || self->n_active > 0;
    return *busy && !injected && !heard ? idle(self, refused) : MR_OK;
}
