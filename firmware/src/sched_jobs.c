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
    const bool draws = pos + 1u >= t->n_prompt && t->max_tokens > 0;
    const bool wanted = pos < t->n_prompt ? t->prompt_logits : false;
    const bool greedy = !(t->sampler.temperature > 0.0f);
    if (wanted || (draws && (t->token_logits || !greedy || self->cfg.route->vocab % 2u != 0))) {
        return MR_JOB_HEAD | MR_JOB_LOGITS;
    }
    return draws ? MR_JOB_HEAD | MR_JOB_TOP : 0;
}

static bool ready(const mr_slot_t *t) {
    return t->active && !t->ending && !t->starting && !t->held &&
           (t->rewind ? t->in_flight == 0 : t->next_pos < t->known);
}

void mr_sched_wake(mr_sched_t *self, uint32_t slot) {
    if (ready(&self->cfg.slots[slot])) {
        mr_set_add(&self->ready, slot);
    }
}

/* Puts a slot into the loop if the job at its next position can decode there. */
static mr_status_t arm(mr_sched_t *self, uint32_t slot, uint32_t flags) {
    mr_slot_t *t = &self->cfg.slots[slot];
    const mr_route_t *route = self->cfg.route;
    if (t->armed || slot >= self->loop_slots || flags != (MR_JOB_HEAD | MR_JOB_TOP) ||
        t->stepwise || t->n_stops > MR_LOOP_STOPS) {
        return MR_OK;
    }
    const uint32_t quantum = self->cfg.quantum != 0 ? self->cfg.quantum : QUANTUM_DEFAULT;
    const uint32_t room = route->context - t->next_pos;
    uint32_t left = t->max_tokens - t->drawn;
    left = left < room ? left : room;
    if (route->window < self->cfg.n_slots && quantum < left) {
        left = quantum;
    }
    MR_TRY(mr_loop_arm(self->cfg.mmio, slot, left, t->stops, t->n_stops));
    t->armed = true;
    return MR_OK;
}

/* Injects a slot's next job. MR_BUSY: the hub has no room. */
static mr_status_t inject_one(mr_sched_t *self, uint32_t slot) {
    const mr_route_t *route = self->cfg.route;
    mr_slot_t *t = &self->cfg.slots[slot];
    if (t->rewind) {
        t->next_pos = t->known - 1u;
        MR_TRY(mr_kv_truncate(self->cfg.mmio, slot, t->next_pos, MR_SCHED_ADMIN_CYCLES));
        mr_sched_set_done(self, t, t->next_pos);
        t->rewind = false;
    }
    const mr_job_t job = {.tile = route->tile,
                          .pc = route->pc,
                          .flags = job_flags(self, t, t->next_pos),
                          .token = t->next_pos < t->n_prompt ? t->prompt[t->next_pos] : t->last,
                          .pos = t->next_pos,
                          .slot = slot};
    MR_TRY(arm(self, slot, job.flags));
    MR_TRY(mr_hub_inject(self->cfg.mmio, &job));
    t->next_pos++;
    t->in_flight++;
    self->in_flight++;
    return MR_OK;
}

/* The next slot behind `turn` that can inject, or MR_SCHED_NO_SLOT; those that can not any more
 * leave the set. `turn` itself comes last, and counts only if it can inject. */
static uint32_t next_ready(mr_sched_t *self, uint32_t turn) {
    const uint32_t n = self->cfg.n_slots;
    uint32_t from = turn + 1u;
    for (uint32_t round = 0; round < 2u; round++) {
        const uint32_t end = round == 0 ? n : turn + 1u;
        uint32_t slot = mr_set_next(&self->ready, from, end);
        while (slot < end) {
            if (ready(&self->cfg.slots[slot])) {
                return slot;
            }
            mr_set_remove(&self->ready, slot);
            slot = mr_set_next(&self->ready, slot + 1u, end);
        }
        from = 0;
    }
    return MR_SCHED_NO_SLOT;
}

/* Turns go round all slots: `left` of them are still to be looked at before the step is over. */
mr_status_t mr_sched_inject(mr_sched_t *self, bool *refused, bool *moved) {
    const uint32_t n = self->cfg.n_slots;
    const uint32_t chunk = self->cfg.chunk != 0 ? self->cfg.chunk : 1u;
    uint32_t left = n + 1u;
    *refused = false;
    if (self->cut) {
        return MR_OK;
    }
    while (left > 0 && self->in_flight < self->cfg.route->window) {
        const uint32_t slot = self->turn;
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
            self->streak = t->next_pos < t->n_prompt ? self->streak + 1u : chunk;
            left = n;
        } else {
            const uint32_t next = next_ready(self, slot);
            uint32_t skip = next == MR_SCHED_NO_SLOT ? left
                            : next > slot            ? next - slot
                                                     : next + n - slot;
            skip = skip < left ? skip : left;
            self->turn = (slot + skip) % n;
            self->streak = 0;
            left -= skip;
        }
    }
    return MR_OK;
}

mr_status_t mr_sched_disarm(mr_sched_t *self, uint32_t slot) {
    self->cfg.slots[slot].armed = false;
    return mr_loop_disarm(self->cfg.mmio, slot);
}

/* ---- tokens ---- */

static bool is_stop(const mr_slot_t *t, uint32_t token) {
    for (uint32_t i = 0; i < t->n_stops; i++) {
        if (t->stops[i] == token) {
            return true;
        }
    }
    return false;
}

/* Keeps a token that the reader does not take. */
static void hold(mr_sched_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_slot_t *t = &self->cfg.slots[slot];
    t->held = true;
    t->held_pos = pos;
    t->held_token = token;
    mr_set_add(&self->held, slot);
}

/* Tells a token that will stand at pos, and moves the slot on if the reader takes it. */
static void draw(mr_sched_t *self, uint32_t slot, uint32_t pos, uint32_t token) {
    mr_slot_t *t = &self->cfg.slots[slot];
    if (!self->cfg.events.token(self->cfg.events.ctx, slot, pos, token)) {
        hold(self, slot, pos, token);
        return;
    }
    t->last = token;
    t->drawn++;
    t->known = pos + 1u;
    if (is_stop(t, token)) {
        mr_sched_finish(self, slot, MR_END_STOP, 0);
    } else if (t->drawn >= t->max_tokens || pos + 1u > self->cfg.route->context) {
        mr_sched_finish(self, slot, MR_END_LENGTH, 0);
    } else if (t->next_pos < t->known) {
        mr_sched_wake(self, slot);
    }
}

void mr_sched_retry(mr_sched_t *self) {
    const uint32_t n = self->cfg.n_slots;
    for (uint32_t slot = mr_set_next(&self->held, 0, n); slot != MR_SCHED_NO_SLOT;
         slot = mr_set_next(&self->held, slot + 1u, n)) {
        mr_slot_t *t = &self->cfg.slots[slot];
        if (t->ending) {
            continue;
        }
        t->held = false;
        mr_set_remove(&self->held, slot);
        draw(self, slot, t->held_pos, t->held_token);
        if (!t->held) {
            t->rewind = t->lost && !t->ending;
            t->lost = false;
            mr_sched_wake(self, slot);
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

/* One job less in flight. */
static void job_back(mr_sched_t *self, uint32_t slot) {
    self->cfg.slots[slot].in_flight--;
    self->in_flight--;
    mr_sched_wake(self, slot);
}

/* Handles a token of the loop. */
static mr_status_t loop_token(mr_sched_t *self, const mr_loop_token_t *k) {
    if (k->slot >= self->cfg.n_slots || self->cfg.slots[k->slot].in_flight == 0 ||
        k->pos != self->cfg.slots[k->slot].next_pos || k->why > MR_LOOP_ERROR ||
        (k->why != MR_LOOP_ERROR && k->token >= self->cfg.route->vocab)) {
        /* Something may be left behind by a fault. */
        return self->fault.kind != MR_FAULT_NONE ? MR_OK : MR_DEVICE;
    }
    mr_slot_t *t = &self->cfg.slots[k->slot];
    if (k->why == MR_LOOP_ERROR) { /* cut off by a dead link */
        mr_sched_finish(self, k->slot, MR_END_ERROR, MR_SCHED_STATUS_NETWORK);
    }
    mr_sched_set_done(self, t, k->pos);
    if (k->why == MR_LOOP_INJECTED) {
        t->next_pos++;
    } else {
        t->armed = false;
        job_back(self, k->slot);
    }
    offer(self, k->slot, k->pos, k->token);
    return (t->ending || t->held) && t->armed ? mr_sched_disarm(self, k->slot) : MR_OK;
}

/* Nearly all tokens, the short way: the loop has injected the token's job, so that it is neither a
 * stop token nor the last one, and the slot waits for nothing. @return false: it is not like that,
 * or something is left to do. */
static inline bool usual_token(mr_sched_t *self, const mr_loop_token_t *k) {
    if (k->why != MR_LOOP_INJECTED || k->slot >= self->cfg.n_slots ||
        k->token >= self->cfg.route->vocab) {
        return false;
    }
    mr_slot_t *t = &self->cfg.slots[k->slot];
    if (k->pos != t->next_pos || t->in_flight == 0 || t->held || t->rewind || t->ending ||
        !self->cfg.events.token(self->cfg.events.ctx, k->slot, k->pos, k->token)) {
        return false;
    }
    mr_sched_set_done(self, t, k->pos);
    t->last = k->token;
    t->drawn++;
    t->known = k->pos + 1u;
    t->next_pos = k->pos + 1u;
    return true; /* a slot that the event has cancelled leaves the loop in retire */
}

mr_status_t mr_sched_tokens(mr_sched_t *self, bool *moved) {
    const uint32_t most = self->loop_slots > 0 ? TOKENS_AT_ONCE : 0;
    mr_status_t status = MR_OK;
    uint32_t n = 0;
    for (; n < most && status == MR_OK; n++) {
        mr_loop_token_t k;
        status = mr_loop_take(self->cfg.mmio, &k);
        if (status == MR_OK && !usual_token(self, &k)) {
            status = loop_token(self, &k);
        }
    }
    *moved = *moved || n > 1u || (n == 1u && status == MR_OK);
    return status == MR_BUSY ? MR_OK : status;
}

/* ---- results ---- */

/* The best of a TOP result's candidates, one for each shard of the head. The order is that of
 * TOP_K: the larger value, of equal ones the smaller index, and the candidates come by index. */
static mr_status_t best_of(const mr_sched_t *self, const mr_result_t *res, uint32_t *token) {
    const mr_route_t *route = self->cfg.route;
    const uint32_t n = route->candidates;
    uint32_t pairs[2u * MR_ROUTE_CANDIDATES_MAX];
    uint32_t best = 0;
    MR_TRY(mr_hub_read(self->cfg.mmio, res, route->result_elems, pairs, n == 1u ? 1u : 2u * n));
    for (uint32_t i = 1; i < n; i++) {
        if (mr_f32_key(mr_f32_from_bits(pairs[2u * i + 1u])) >
            mr_f32_key(mr_f32_from_bits(pairs[2u * best + 1u]))) {
            best = i;
        }
    }
    *token = pairs[2u * best];
    return *token < route->vocab ? MR_OK : MR_DEVICE;
}

/* Reads what a result without an error carries and moves its slot on. */
static mr_status_t take(mr_sched_t *self, const mr_result_t *res) {
    const uint32_t vocab = self->cfg.route->vocab;
    mr_slot_t *t = &self->cfg.slots[res->slot];
    const bool draws = res->pos + 1u >= t->n_prompt && t->max_tokens > 0;
    uint32_t token = 0;
    if ((res->flags & MR_JOB_LOGITS) != 0) {
        uint32_t *raw = self->cfg.order;
        MR_TRY(mr_hub_read(self->cfg.mmio, res, self->cfg.route->result_elems, raw, vocab));
        for (uint32_t i = 0; i < vocab; i++) {
            self->cfg.logits[i] = mr_f32_from_bits(raw[i]);
        }
        const bool told = res->pos < t->n_prompt ? t->prompt_logits || (draws && t->token_logits)
                                                 : t->token_logits;
        if (told && self->cfg.events.logits != NULL) {
            self->cfg.events.logits(self->cfg.events.ctx, res->slot, res->pos, self->cfg.logits,
                                    vocab);
        }
        if (draws && !t->ending) {
            token = mr_sampler_pick(&t->sampler, self->cfg.logits, vocab, self->cfg.order);
        }
    } else if ((res->flags & MR_JOB_TOP) != 0) {
        MR_TRY(best_of(self, res, &token));
    } else if (draws) {
        return MR_DEVICE;
    }
    if (draws) {
        offer(self, res->slot, res->pos + 1u, token);
    } else if (res->pos + 1u == t->n_prompt && t->max_tokens == 0) {
        mr_sched_finish(self, res->slot, MR_END_LENGTH, 0);
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
        mr_sched_finish(self, res.slot, MR_END_ERROR, res.status);
    } else if (!t->ending) {
        mr_sched_set_done(self, t, res.pos + 1u);
        MR_TRY(take(self, &res));
    }
    MR_TRY(mr_hub_pop(self->cfg.mmio));
    job_back(self, res.slot);
    return MR_OK;
}
