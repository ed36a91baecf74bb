/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: requests and steps. */
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/loop.h"
#include "sched_parts.h"

#define WAIT_CYCLES 4096u
#define RETRY_CYCLES 256u /* until the hub is asked again */
#define CLOCK_STEPS 16u   /* deadlines are looked at every so many steps */

mr_status_t mr_sched_init(mr_sched_t *self, const mr_sched_config_t *cfg) {
    if (cfg->mmio == NULL || cfg->placement == NULL || cfg->slots == NULL || cfg->logits == NULL ||
        cfg->order == NULL || cfg->n_slots == 0 ||
        cfg->n_slots > cfg->placement->machine.kv_slots || cfg->events.logits == NULL ||
        cfg->events.token == NULL || cfg->events.end == NULL) {
        return MR_ARG;
    }
    *self = (mr_sched_t){.cfg = *cfg};
    for (uint32_t i = 0; i < cfg->n_slots; i++) {
        cfg->slots[i] = (mr_slot_t){.active = false};
    }
    return MR_OK;
}

mr_status_t mr_sched_check(const mr_sched_t *self, const mr_request_t *r) {
    const mr_model_shape_t *s = &self->cfg.placement->shape;
    mr_sampler_t sampler;
    if (r->n_prompt == 0 || r->n_prompt > s->context || r->n_stops > MR_SCHED_STOPS_MAX) {
        return MR_RANGE;
    }
    for (uint32_t i = 0; i < r->n_prompt; i++) {
        if (r->prompt[i] >= s->vocab) {
            return MR_RANGE;
        }
    }
    return mr_sampler_init(&sampler, &r->sampling);
}

mr_status_t mr_sched_submit(mr_sched_t *self, uint32_t slot, const mr_request_t *r) {
    if (slot >= self->cfg.n_slots) {
        return MR_RANGE;
    }
    MR_TRY(mr_sched_check(self, r));
    mr_slot_t *t = &self->cfg.slots[slot];
    if (t->active) {
        return MR_STATE;
    }
    const uint32_t quota = t->quota;
    *t = (mr_slot_t){.active = true,
                     .request = *r,
                     .known = r->n_prompt,
                     .pages = mr_sched_pages(self, r),
                     .quota = quota,
                     .starting = quota != 0,
                     .serial = ++self->serial,
                     .share_slot = MR_SCHED_NO_SLOT};
    return mr_sampler_init(&t->sampler, &r->sampling);
}

uint32_t mr_sched_user(const mr_sched_t *self, uint32_t slot) {
    return self->cfg.slots[slot].request.user;
}

void mr_sched_finish(mr_slot_t *t, mr_end_t why, uint32_t detail) {
    if (!t->ending) {
        t->ending = true;
        t->why = why;
        t->detail = detail;
    }
}

void mr_sched_cancel(mr_sched_t *self, uint32_t slot) {
    if (slot < self->cfg.n_slots && self->cfg.slots[slot].active) {
        mr_sched_finish(&self->cfg.slots[slot], MR_END_CANCEL, 0);
    }
}

/* Asks once what the device has, and tells the loop where its jobs go. */
static mr_status_t probe(mr_sched_t *self) {
    const mr_visit_t *first = &self->cfg.placement->visit[0];
    mr_loop_caps_t caps;
    if (self->probed) {
        return MR_OK;
    }
    MR_TRY(mr_loop_caps(self->cfg.mmio, &caps));
    if (caps.slots > 0) {
        MR_TRY(mr_loop_route(self->cfg.mmio, first->tile, first->pc));
    }
    MR_TRY(mr_kv_pages_free(self->cfg.mmio, &self->total_pages));
    /* The loop takes a result's first candidate for the token; a head's shards send several. */
    self->loop_slots = mr_place_candidates(self->cfg.placement) == 1u ? caps.slots : 0;
    self->probed = true;
    return MR_OK;
}

/* Ends what is past its deadline. *now is 0 when nobody has one, or it is not time to look. */
static mr_status_t expire(mr_sched_t *self, uint64_t *now) {
    bool any = self->queue_count > 0;
    *now = 0;
    for (uint32_t slot = 0; slot < self->cfg.n_slots; slot++) {
        any = any || (self->cfg.slots[slot].active && self->cfg.slots[slot].request.deadline != 0);
    }
    if (!any || self->steps++ % CLOCK_STEPS != 0) {
        return MR_OK;
    }
    MR_TRY(mr_chip_cycles(self->cfg.mmio, now));
    for (uint32_t slot = 0; slot < self->cfg.n_slots; slot++) {
        mr_slot_t *t = &self->cfg.slots[slot];
        if (t->active && t->request.deadline != 0 && *now >= t->request.deadline) {
            mr_sched_finish(t, MR_END_DEADLINE, 0);
        }
    }
    return MR_OK;
}

/* Frees slots whose request is over and whose jobs are all back. */
static mr_status_t retire(mr_sched_t *self, bool *busy, bool *moved) {
    *busy = self->queue_count > 0;
    for (uint32_t slot = 0; slot < self->cfg.n_slots; slot++) {
        mr_slot_t *t = &self->cfg.slots[slot];
        if (t->active && t->ending && t->armed) {
            MR_TRY(mr_sched_disarm(self, slot));
        }
        if (t->active && t->ending && t->in_flight == 0) {
            MR_TRY(mr_kv_free(self->cfg.mmio, slot, MR_SCHED_ADMIN_CYCLES));
            t->active = false;
            *moved = true;
            self->cfg.events.end(self->cfg.events.ctx, slot, t->why, t->detail);
        }
        *busy = *busy || t->active;
    }
    return MR_OK;
}

/* Lets time pass when a step found nothing to do. */
static mr_status_t idle(mr_sched_t *self, bool refused) {
    const uint32_t cycles = refused ? RETRY_CYCLES : WAIT_CYCLES;
    if (self->in_flight > 0 || refused) {
        MR_TRY(mr_sched_find_link(self));
        if (self->silent >= self->cfg.stall_cycles) {
            MR_TRY(mr_sched_stalled(self));
        }
        self->silent += cycles;
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
    MR_TRY(retire(self, busy, &heard));
    return *busy && !injected && !heard ? idle(self, refused) : MR_OK;
}
