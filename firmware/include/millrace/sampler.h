/* SPDX-License-Identifier: Apache-2.0 */
/* Sampler: a token out of logits. The only floating point of the firmware, in the contract's
 * arithmetic, so that the same logits and seed give the same token on every host.
 *
 * Order: temperature, softmax, top-k, top-p (the smallest set of most probable tokens whose
 * probability reaches top_p), min-p (those at least min_p times as probable as the most probable
 * one), then one draw. Ties go to the smaller id. temperature 0 is greedy and
 * draws nothing.
 */
#ifndef MR_SAMPLER_H
#define MR_SAMPLER_H

#include <stdint.h>

#include "millrace/status.h"

typedef struct {
    float temperature; /* 0 (greedy) or 0.01..100 */
    uint32_t top_k;    /* 0: no limit */
    float top_p;       /* (0, 1]; 1: no limit */
    uint64_t seed;
    float min_p; /* [0, 1]; 0: no limit */
} mr_sampling_t;

/* State of one user's generator and what it draws from; read nothing, write nothing. */
typedef struct {
    float temperature;
    uint32_t top_k;
    float top_p;
    float min_p;
    uint64_t state;
} mr_sampler_t;

/* @return MR_OK; MR_RANGE: a field is outside its range (self is untouched). */
MR_NODISCARD mr_status_t mr_sampler_init(mr_sampler_t *self, const mr_sampling_t *cfg);

/* Picks a token out of n logits (n >= 1). order is scratch for n entries. The logits are
 * overwritten by probabilities unless the sampler is greedy. O(n log n) for top-p without top-k,
 * O(n + k log n) otherwise. */
uint32_t mr_sampler_pick(mr_sampler_t *self, float *logits, uint32_t n, uint32_t *order);

#endif
