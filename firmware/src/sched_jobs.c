/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler: jobs in, results and tokens out. */
#include "millrace/arith.h"
#include "millrace/device.h"
#include "millrace/kv.h"
#include "millrace/loop.h"
#include "millrace/program.h"
#include "sched_parts.h"

#define QUANTUM_DEFAULT 16u
#define TOKENS_AT_ONCE 1024u /* of the loop's queue, in one step */

/* ---- jobs ---- */

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

static bool ready(const mr_slot_t *t) {
    return t->active && !t->ending && !t->starting && !t->held &&
           (t->rewind ? t->in_flight == 0 : t->next_pos < t->known);
}

/* Puts a slot into the loop if the job at its next position can decode there. */
static mr_status_t arm(mr_sched_t *self, uint32_t slot, uint32_t flags) {
    mr_slot_t *t = &self->cfg.slots[slot];
    const mr_request_t *r = &t->request;
    if (t->armed || slot >= self->loop_slots || flags != (MR_JOB_HEAD | MR_JOB_TOP) ||
        r->stepwise || r->n_stops > MR_LOOP_STOPS) {
        return MR_OK;
    }
    const uint32_t quantum = self->cfg.quantum != 0 ? self->cfg.quantum : QUANTUM_DEFAULT;
    const uint32_t room = self->cfg.placement->shape.context - t->next_pos;
    uint32_t left = r->max_tokens - t->drawn;
    left = left < room ? left : room;
    if (self->cfg.placement->window < self->cfg.n_slots && quantum < left) {
        left = quantum;
    }
    MR_TRY(mr_loop_arm(self->cfg.mmio, slot, left, r->stops, r->n_stops));
    t->armed = true;
    return MR_OK;
}

/* Injects a slot's next job. MR_BUSY: the hub has no room. */
static mr_status_t inject_one(mr_sched_t *self, uint32_t slot) {
    const mr_placement_t *p = self->cfg.placement;
    mr_slot_t *t = &self->cfg.slots[slot];
    if (t->rewind) {
        t->next_pos = t->known - 1u;
        MR_TRY(mr_kv_truncate(self->cfg.mmio, slot, t->next_pos, MR_SCHED_ADMIN_CYCLES));
        t->done = t->next_pos;
        t->rewind = false;
    }
    const mr_job_t job = {
        .tile = p->visit[0].tile,
        .pc = p->visit[0].pc,
        .flags = job_flags(self, t, t->next_pos),
        .token = t->next_pos < t->request.n_prompt ? t->request.prompt[t->next_pos] : t->last,
        .pos = t->next_pos,
        .slot = slot};
    MR_TRY(arm(self, slot, job.flags));
    MR_TRY(mr_hub_inject(self->cfg.mmio, &job));
    t->next_pos++;
    t->in_flight++;
    self->in_flight++;
    return MR_OK;
}

mr_status_t mr_sched_inject(mr_sched_t *self, bool *refused, bool *moved) {
    const uint32_t n = self->cfg.n_slots;
    const uint32_t chunk = self->cfg.chunk != 0 ? self->cfg.chunk : 1u;
    *refused = false;
    if (self->cut) {
        return MR_OK;
    }
    for (uint32_t idle = 0; idle <= n && self->in_flight < self->cfg.placement->window; idle++) {
        const uint32_t slot = self->turn % n;
        const mr_slot_t *t = &self->cfg.slots[slot];
        if (self->streak < chunk && ready(t)) {
            const mr_status_t status = inject_one(self, slot);
            if (status == MR_BUSY) {
                *refused = true;
                return MR_OK;
            }
            MR_TRY(status);
            *moved = true;
            /* A token drawn ends the turn. */
            self->streak = t->next_pos < t->request.n_prompt ? self->streak + 1u : chunk;
            idle = 0;
        } else {
            self->turn = (slot + 1u) % n;
            self->streak = 0;
        }
    }
    return MR_OK;
}

mr_status_t mr_sched_disarm(mr_sched_t *self, uint32_t slot) {
    self->cfg.slots[slot].armed = false;
    return mr_loop_disarm(self->cfg.mmio, slot);
}

/* ---- tokens ---- */

static bool is_stop(const mr_request_t *r, uint32_t token) {
    for (uint32_t i = 0; i < r->n_stops; i++) {
        if (r->stops[i] == token) {
            return true;
        }
    }
    return false;
}

/* Tells a token that will stand at pos, and moves the slot on if the reader takes it. */
static void draw(mr_sched_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_slot_t *t = &self->cfg.slots[slot];
    const mr_request_t *r = &t->request;
    if (!self->cfg.events.token(self->cfg.events.ctx, slot, pos, token)) {
        t->held = true;
        t->held_pos = pos;
        t->held_token = token;
        return;
    }
    t->last = token;
    t->drawn++;
    t->known = pos + 1u;
    if (is_stop(r, token)) {
        mr_sched_finish(t, MR_END_STOP, 0);
    } else if (t->drawn >= r->max_tokens || pos + 1u > self->cfg.placement->shape.context) {
        mr_sched_finish(t, MR_END_LENGTH, 0);
    }
}

void mr_sched_retry(mr_sched_t *self) {
    for (uint32_t slot = 0; slot < self->cfg.n_slots; slot++) {
        mr_slot_t *t = &self->cfg.slots[slot];
        if (!t->active || t->ending || !t->held) {
            continue;
        }
        t->held = false;
        draw(self, slot, t->held_pos, t->held_token);
        if (!t->held) {
            t->rewind = t->lost && !t->ending;
            t->lost = false;
        }
    }
}

/* A token for a slot; what a slot cannot use now is made again later. */
static void offer(mr_sched_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_slot_t *t = &self->cfg.slots[slot];
    if (t->held || t->rewind) {
        t->lost = t->held;
    } else if (!t->ending) {
        draw(self, slot, pos, token);
    }
}

mr_status_t mr_sched_tokens(mr_sched_t *self, bool *moved) {
    for (uint32_t i = 0; self->loop_slots > 0 && i < TOKENS_AT_ONCE; i++) {
        mr_loop_token_t k;
        const mr_status_t status = mr_loop_take(self->cfg.mmio, &k);
        if (status == MR_BUSY) {
            return MR_OK;
        }
        MR_TRY(status);
        *moved = true;
        if (k.slot >= self->cfg.n_slots || self->cfg.slots[k.slot].in_flight == 0 ||
            k.pos != self->cfg.slots[k.slot].next_pos || k.why > MR_LOOP_ERROR ||
            (k.why != MR_LOOP_ERROR && k.token >= self->cfg.placement->shape.vocab)) {
            if (self->fault.kind != MR_FAULT_NONE) {
                continue; /* left behind by a fault */
            }
            return MR_DEVICE;
        }
        mr_slot_t *t = &self->cfg.slots[k.slot];
        if (k.why == MR_LOOP_ERROR) { /* cut off by a dead link */
            mr_sched_finish(t, MR_END_ERROR, MR_SCHED_STATUS_NETWORK);
        }
        t->done = k.pos;
        if (k.why == MR_LOOP_INJECTED) {
            t->next_pos++;
        } else {
            t->armed = false;
            t->in_flight--;
            self->in_flight--;
        }
        offer(self, k.slot, k.pos, k.token);
        if ((t->ending || t->held) && t->armed) {
            MR_TRY(mr_sched_disarm(self, k.slot));
        }
    }
    return MR_OK;
}

/* ---- results ---- */

/* The best of a TOP result's candidates, one for each shard of the head. The order is that of
 * TOP_K: the larger value, of equal ones the smaller index, and the candidates come by index. */
static mr_status_t best_of(const mr_sched_t *self, const mr_result_t *res, uint32_t *token) {
    const mr_placement_t *p = self->cfg.placement;
    const uint32_t n = mr_place_candidates(p);
    uint32_t pairs[2u * MR_PLACE_SHARDS_MAX];
    uint32_t best = 0;
    MR_TRY(mr_hub_read(self->cfg.mmio, res, p->machine.result_elems, pairs, n == 1u ? 1u : 2u * n));
    for (uint32_t i = 1; i < n; i++) {
        if (mr_f32_key(mr_f32_from_bits(pairs[2u * i + 1u])) >
            mr_f32_key(mr_f32_from_bits(pairs[2u * best + 1u]))) {
            best = i;
        }
    }
    *token = pairs[2u * best];
    return *token < p->shape.vocab ? MR_OK : MR_DEVICE;
}

/* Reads what a result without an error carries and moves its slot on. */
static mr_status_t take(mr_sched_t *self, const mr_result_t *res) {
    const mr_model_shape_t *s = &self->cfg.placement->shape;
    mr_slot_t *t = &self->cfg.slots[res->slot];
    const mr_request_t *r = &t->request;
    const bool draws = res->pos + 1u >= r->n_prompt && r->max_tokens > 0;
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
        MR_TRY(best_of(self, res, &token));
    } else if (draws) {
        return MR_DEVICE;
    }
    if (draws) {
        offer(self, res->slot, res->pos + 1u, token);
    } else if (res->pos + 1u == r->n_prompt && r->max_tokens == 0) {
        mr_sched_finish(t, MR_END_LENGTH, 0);
    }
    return MR_OK;
}

mr_status_t mr_sched_result(mr_sched_t *self, bool *moved) {
    mr_result_t res;
    const mr_status_t status = mr_hub_peek(self->cfg.mmio, &res);
    if (status == MR_BUSY) {
        return MR_OK;
    }
    MR_TRY(status);
    *moved = true;
    /* Tokens that the slot drew in the loop come before its result. */
    MR_TRY(mr_sched_tokens(self, moved));
    if (res.status == MR_SCHED_STATUS_WATCHDOG) {
        MR_TRY(mr_sched_find_tile(self, res.slot));
    }
    if (res.slot >= self->cfg.n_slots || self->cfg.slots[res.slot].in_flight == 0 ||
        res.pos >= self->cfg.slots[res.slot].next_pos) {
        /* What a fault has left behind may still come. */
        return self->fault.kind != MR_FAULT_NONE ? mr_hub_pop(self->cfg.mmio) : MR_DEVICE;
    }
    mr_slot_t *t = &self->cfg.slots[res.slot];
    if (t->armed && (res.status != 0 || (res.flags & MR_JOB_TOP) != 0)) {
        MR_TRY(mr_sched_disarm(self, res.slot));
    }
    if (res.status != 0) {
        mr_sched_finish(t, MR_END_ERROR, res.status);
    } else if (!t->ending) {
        t->done = res.pos + 1u;
        MR_TRY(take(self, &res));
    }
    MR_TRY(mr_hub_pop(self->cfg.mmio));
    t->in_flight--;
    self->in_flight--;
    return MR_OK;
}
