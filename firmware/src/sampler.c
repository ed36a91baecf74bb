/* SPDX-License-Identifier: Apache-2.0 */
/* Sampler: temperature, top-k, top-p, min-p and a seeded draw. */
#include "millrace/sampler.h"

#include <stdbool.h>

#include "millrace/arith.h"

mr_status_t mr_sampler_init(mr_sampler_t *self, const mr_sampling_t *cfg) {
    const bool greedy = cfg->temperature >= 0.0f && cfg->temperature <= 0.0f; /* no NaN */
    const bool t_ok = greedy || (cfg->temperature >= 0.01f && cfg->temperature <= 100.0f);
    if (!t_ok || !(cfg->top_p > 0.0f && cfg->top_p <= 1.0f) ||
        !(cfg->min_p >= 0.0f && cfg->min_p <= 1.0f)) {
        return MR_RANGE;
    }
    *self = (mr_sampler_t){.temperature = cfg->temperature,
                           .top_k = cfg->top_k,
                           .top_p = cfg->top_p,
                           .min_p = cfg->min_p,
                           .state = cfg->seed};
    return MR_OK;
}

/* splitmix64 (Steele, Lea, Flood 2014): every seed is a good one. */
static uint64_t next_random(mr_sampler_t *self) {
    self->state += 0x9E3779B97F4A7C15u;
    uint64_t z = self->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Whether token a comes before token b: more probable, or as probable and smaller. */
static bool before(const float *p, uint32_t a, uint32_t b) {
    const uint32_t ka = mr_f32_key(p[a]);
    const uint32_t kb = mr_f32_key(p[b]);
    return ka > kb || (ka == kb && a < b);
}

/* Moves order[i] down its heap of n entries whose root comes before all others. */
static void sift(const float *p, uint32_t *order, uint32_t i, uint32_t n) {
    const uint32_t moving = order[i];
    while (2u * i + 1u < n) {
        uint32_t child = 2u * i + 1u;
        if (child + 1u < n && before(p, order[child + 1u], order[child])) {
            child++;
        }
        if (!before(p, order[child], moving)) {
            break;
        }
        order[i] = order[child];
        i = child;
    }
    order[i] = moving;
}

static uint32_t argmax(const float *logits, uint32_t n) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++) {
        if (before(logits, i, best)) {
            best = i;
        }
    }
    return best;
}

uint32_t mr_sampler_pick(mr_sampler_t *self, float *logits, uint32_t n, uint32_t *order) {
    const uint32_t top = argmax(logits, n);
    if (!(self->temperature > 0.0f)) {
        return top;
    }
    const float inv_t = mr_f32_recip(self->temperature);
    const float max = logits[top];
    float total = 0.0f;
    for (uint32_t i = 0; i < n; i++) {
        logits[i] = mr_f32_exp(mr_f32_mul(mr_f32_add(logits[i], -max), inv_t));
        total = mr_f32_add(total, logits[i]);
        order[i] = i;
    }
    /* The kept tokens are taken off a heap one by one and gather at the end of `order`, most
     * probable last. */
    const uint32_t limit = self->top_k != 0 && self->top_k < n ? self->top_k : n;
    const float reach = mr_f32_mul(total, self->top_p);
    const float least = mr_f32_mul(logits[top], self->min_p);
    uint32_t kept = 0;
    float mass = 0.0f;
    for (uint32_t i = n / 2u; i-- > 0;) {
        sift(logits, order, i, n);
    }
    while (kept < limit &&
           (kept == 0 || ((self->top_p >= 1.0f || mass < reach) && logits[order[0]] >= least))) {
        const uint32_t left = n - kept;
        const uint32_t token = order[0];
        order[0] = order[left - 1u];
        order[left - 1u] = token;
        sift(logits, order, 0, left - 1u);
        mass = mr_f32_add(mass, logits[token]);
        kept++;
    }
    /* 24 bits make an exact float in [0, 1). */
    const float u = mr_f32_mul((float)(next_random(self) >> 40), 0x1p-24f);
    const float want = mr_f32_mul(u, mass);
    float seen = 0.0f;
    for (uint32_t i = 0; i < kept; i++) {
        const uint32_t token = order[n - 1u - i];
        seen = mr_f32_add(seen, logits[token]);
        if (seen > want) {
            return token;
        }
    }
    return order[n - kept];
}
