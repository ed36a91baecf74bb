/* SPDX-License-Identifier: Apache-2.0 */
/* The model's hot loops: the contract's bits, computed fast (internal).
 *
 * Each kernel gives exactly what ops.c gives; tests/unit/model compares them on random data. The
 * AVX2 variant is chosen at run time; the portable one is what the compiler makes of the same
 * source.
 */
#ifndef MR_MODEL_KERNELS_H
#define MR_MODEL_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "millrace/ops.h"

/* Positions first..first + count - 1 (at most 32) of one KV head: count x nbh blocks each. */
typedef struct {
    const mr_block_t *k;
    const mr_block_t *v;
} mr_model_kv_part_t;

/* State of a query head's pass over the cache. */
typedef struct {
    float max;
    float sum;
    bool started;
} mr_model_softmax_t;

typedef struct {
    const char *name;
    /* y of `rows` rows (a multiple of 32) of a Q8_0 matrix in WMEM's order: w is the first lane
     * word, wscale its scale, group = 4 x lanes rows lie side by side. */
    void (*gemv_q8)(float *y, const uint32_t *w, const float *wscale, const mr_block_t *x,
                    uint32_t rows, uint32_t nb, uint32_t group, bool acc);
    /* The same for Q4_0: two blocks in a lane word. */
    void (*gemv_q4)(float *y, const uint32_t *w, const mr_block_t *x, uint32_t rows, uint32_t nb,
                    uint32_t group, bool acc);
    /* Steps 1 to 5 of ATTEND for one block of positions; acc has 32 nbh elements. */
    void (*attend)(float *acc, mr_model_softmax_t *state, const mr_block_t *q,
                   const mr_model_kv_part_t *part, uint32_t count, uint32_t nbh, float scale);
    /* ROPE of n elements in heads of hd; f holds hd / 2 raw words as f32 bits. */
    void (*rope)(float *y, const float *x, const float *f, uint32_t n, uint32_t hd, uint32_t pos);
    void (*norm)(float *y, const float *x, const float *w, uint32_t n, float inv_n, float eps);
    void (*quant)(const float *x, uint32_t n, mr_block_t *out);
    void (*silu_mul)(float *y, const float *g, const float *u, uint32_t n);
} mr_model_kernels_t;

/* The fastest kernels of this processor, or those that run on every processor. */
const mr_model_kernels_t *mr_model_kernels_best(void);
const mr_model_kernels_t *mr_model_kernels_portable(void);

#endif
