/* SPDX-License-Identifier: Apache-2.0 */
/* Operands for tests of the arithmetic: corner values, and random pairs that seek out the edges of
 * cancellation, alignment, rounding, overflow and underflow. The same numbers on every machine.
 */
#ifndef FP_STIMULUS_H
#define FP_STIMULUS_H

#include <stddef.h>
#include <stdint.h>

#define FP_MODES 12u /* kinds of random pairs */

typedef struct {
    uint64_t state; /* not 0 */
} fp_rng_t;

/** 32 random bits. */
uint32_t fp_random(fp_rng_t *rng);

/** Number of corner values. */
size_t fp_corner_count(void);

/** Bit pattern of f32 corner value i, 0..fp_corner_count()-1. */
uint32_t fp_corner(size_t i);

/** One random pair of bit patterns of kind mode (0..FP_MODES-1). */
void fp_random_pair(fp_rng_t *rng, uint32_t mode, uint32_t *a, uint32_t *b);

#endif
