/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler. */
#include "millrace/sched.h"

#include "millrace/arith.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/program.h"

#define WAIT_CYCLES 4096u
#define FREE_CYCLES 4000000u

mr_status_t mr_sched_init(mr_sched_t *self, const mr_sched_config_t *cfg) {
    if (cfg->mmio == NULL || cfg->placement == NULL || cfg->slots == NULL || cfg->logits == NULL ||
        cfg->order == NULL || cfg->n_slots == 0 ||
        cfg->n_slots > cfg->placement->machine.kv_slots || cfg->events.logits == NULL ||
        cfg->events.token == NULL || cfg->events.end == NULL) {
        return MR_ARG;
    }
    self->cfg = *cfg;
    self->in_flight = 0;
    self->turn = 0;
    self->silent = 0;
    for (uint32_t i = 0; i < cfg->n_slots; i++) {
        cfg->slots[i].active = false;
        cfg->slots[i].in_flight = 0;
    }
    return MR_OK;
}

mr_status_t mr_sched_submit(mr_sched_t *self, uint32_t slot, const mr_request_t *r) {
    const mr_model_shape_t *s = &self->cfg.placement->shape;
    if (slot >= self->cfg.n_slots || r->n_prompt == 0 || r->n_prompt > s->context ||
        r->n_stops > MR_SCHED_STOPS_MAX) {
        return MR_RANGE;
    }
    for (uint32_t i = 0; i < r->n_prompt; i++) {
        if (r->prompt[i] >= s->vocab) {
            return MR_RANGE;
        }
    }
    mr_slot_t *t = &self->cfg.slots[slot];
    if (t->active) {
        return MR_STATE;
    }
    MR_TRY(mr_sampler_init(&t->sampler, &r->sampling));
    t->request = *r;
    t->active = true;
    t->ending = false;
    t->next_pos = 0;
    t->known = r->n_prompt;
    t->drawn = 0;
    t->in_flight = 0;
    return MR_OK;
}

static void finish(mr_slot_t *t, mr_end_t why, uint32_t detail) {
    if (!t->ending) {
        t->ending = true;
        t->why = why;
        t->detail = detail;
    }
}

void mr_sched_cancel(mr_sched_t *self, uint32_t slot) {
    if (slot < self->cfg.n_slots && self->cfg.slots[slot].active) {
        finish(&self->cfg.slots[slot], MR_END_CANCEL, 0);
    }
}

/* What the job at a position has to bring back. */
static uint32_t job_flags(const mr_sched_t *self, const mr_slot_t *t, uint32_t pos) {
    const mr_request_t *r = &t->request;
    const bool draws = pos + 1u >= r->n_prompt && r->max_tokens > 0;
    const bool wanted = pos < r->n_prompt ? r->prompt_logits : false;
    const bool greedy = !(r->sampling.temperature > 0.0f);
    if (wanted ||
        (draws && (r->token_logits || !greedy || self->cfg.placement->shape.vocab % 2u != 0))) {
        return MR_JOB_HEAD | MR_JOB_LOGITS;
    }
    return draws ? MR_JOB_HEAD | MR_JOB_TOP : 0;
}

/* Lets every slot that has a known token inject one, in turn. *refused tells whether the hub had no
 * room for a job. */
static mr_status_t inject(mr_sched_t *self, bool *refused) {
    const mr_placement_t *p = self->cfg.placement;
    const uint32_t first = self->turn;
    *refused = false;
    for (uint32_t i = 0; i < self->cfg.n_slots && self->in_flight < p->window; i++) {
        const uint32_t slot = (first + i) % self->cfg.n_slots;
        mr_slot_t *t = &self->cfg.slots[slot];
        if (!t->active || t->ending || t->next_pos >= t->known) {
            continue;
        }
        const mr_job_t job = {
            .tile = p->visit[0].tile,
            .pc = p->visit[0].pc,
            .flags = job_flags(self, t, t->next_pos),
            .token = t->next_pos < t->request.n_prompt ? t->request.prompt[t->next_pos] : t->last,
            .pos = t->next_pos,
            .slot = slot};
        const mr_status_t status = mr_hub_inject(self->cfg.mmio, &job);
        if (status == MR_BUSY) {
            *refused = true;
            return MR_OK;
        }
        MR_TRY(status);
        t->next_pos++;
        t->in_flight++;
        self->in_flight++;
        self->turn = slot + 1u;
    }
    return MR_OK;
}

static bool is_stop(const mr_request_t *r, uint32_t token) {
    for (uint32_t i = 0; i < r->n_stops; i++) {
        if (r->stops[i] == token) {
            return true;
        }
    }
    return false;
}

static void draw(mr_sched_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_slot_t *t = &self->cfg.slots[slot];
    const mr_request_t *r = &t->request;
    t->last = token;
    t->drawn++;
    t->known = pos + 2u;
    self->cfg.events.token(self->cfg.events.ctx, slot, pos + 1u, token);
    if (is_stop(r, token)) {
        finish(t, MR_END_STOP, 0);
    } else if (t->drawn >= r->max_tokens || pos + 2u > self->cfg.placement->shape.context) {
        finish(t, MR_END_LENGTH, 0);
    }
}

/* Reads what a result carries and moves its slot on. */
static mr_status_t take(mr_sched_t *self, const mr_result_t *res) {
    const mr_model_shape_t *s = &self->cfg.placement->shape;
    mr_slot_t *t = &self->cfg.slots[res->slot];
    const mr_request_t *r = &t->request;
    const bool draws = res->pos + 1u >= r->n_prompt && r->max_tokens > 0;
    if (res->status != 0) {
        finish(t, MR_END_ERROR, res->status);
        return MR_OK;
    }
    if (t->ending) {
        return MR_OK;
    }
    uint32_t token = 0;
    if ((res->flags & MR_JOB_LOGITS) != 0) {
        uint32_t *raw = self->cfg.order;
        MR_TRY(mr_hub_read(self->cfg.mmio, res, self->cfg.placement->machine.result_elems, raw,
                           s->vocab));
        for (uint32_t i = 0; i < s->vocab; i++) {
            self->cfg.logits[i] = mr_f32_from_bits(raw[i]);
        }
        if (res->pos < r->n_prompt ? r->prompt_logits || (draws && r->token_logits)
                                   : r->token_logits) {
            self->cfg.events.logits(self->cfg.events.ctx, res->slot, res->pos, self->cfg.logits,
                                    s->vocab);
        }
        if (draws && !t->ending) {
            token = mr_sampler_pick(&t->sampler, self->cfg.logits, s->vocab, self->cfg.order);
        }
    } else if ((res->flags & MR_JOB_TOP) != 0) {
        MR_TRY(
            mr_hub_read(self->cfg.mmio, res, self->cfg.placement->machine.result_elems, &token, 1));
        if (token >= s->vocab) {
            return MR_DEVICE;
        }
    } else if (draws) {
        return MR_DEVICE;
    }
    if (draws && !t->ending) {
        draw(self, res->slot, res->pos, token);
    } else if (res->pos + 1u == r->n_prompt && r->max_tokens == 0) {
        finish(t, MR_END_LENGTH, 0);
    }
    return MR_OK;
}

/* Frees slots whose request is over and whose jobs are all back. */
static mr_status_t retire(mr_sched_t *self, bool *busy) {
    *busy = false;
    for (uint32_t slot = 0; slot < self->cfg.n_slots; slot++) {
        mr_slot_t *t = &self->cfg.slots[slot];
        if (t->active && t->ending && t->in_flight == 0) {
            MR_TRY(mr_kv_free(self->cfg.mmio, slot, FREE_CYCLES));
            t->active = false;
            self->cfg.events.end(self->cfg.events.ctx, slot, t->why, t->detail);
        }
        *busy = *busy || t->active;
    }
    return MR_OK;
}

mr_status_t mr_sched_step(mr_sched_t *self, bool *busy) {
    mr_result_t res;
    bool refused;
    MR_TRY(inject(self, &refused));
    const mr_status_t status = mr_hub_peek(self->cfg.mmio, &res);
    if (status == MR_OK) {
        self->silent = 0;
        if (res.slot >= self->cfg.n_slots || self->cfg.slots[res.slot].in_flight == 0 ||
            res.pos >= self->cfg.slots[res.slot].next_pos) {
            return MR_DEVICE;
        }
        MR_TRY(take(self, &res));
        MR_TRY(mr_hub_pop(self->cfg.mmio));
        self->cfg.slots[res.slot].in_flight--;
        self->in_flight--;
    } else if (status != MR_BUSY) {
        return status;
    } else if (self->in_flight > 0 || refused) {
        if (self->silent >= self->cfg.stall_cycles) {
            return MR_TIMEOUT;
        }
        MR_TRY(mr_mmio_wait(self->cfg.mmio, WAIT_CYCLES));
        self->silent += WAIT_CYCLES;
    }
    return retire(self, busy);
}
