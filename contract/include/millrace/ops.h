/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic contract's vector operations on plain arrays: the reference for every descriptor.
 *
 * docs/arithmetic.md sections 2 and 3 in C, written to be obviously right rather than fast. The
 * functional model and the RTL must give the same bits. All functions are pure (no state, safe in
 * any thread), never fail, and read or write exactly the stated shapes. Vectors are f32. "May
 * alias" says which arguments may be the same array; partial overlap is never legal. Arithmetic on
 * f32 goes through arith.h only, so that subnormals, NaN and rounding follow the contract.
 */
#ifndef MR_OPS_H
#define MR_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values in a block. */
#define MR_BLOCK_LEN 32

/* Bytes of one block in a GGUF file. */
#define MR_Q8_0_BYTES 34
#define MR_Q4_0_BYTES 18

/* Largest k of mr_op_topk. */
#define MR_TOPK_MAX 64

/* A block: 32 integers and their fp16 scale. Has the size, alignment 2 and order of GGUF's Q8_0. */
typedef struct {
    uint16_t d;
    int8_t q[MR_BLOCK_LEN];
} mr_block_t;

_Static_assert(sizeof(mr_block_t) == MR_Q8_0_BYTES, "mr_block_t is GGUF's Q8_0 block");

/* One result of mr_op_topk. */
typedef struct {
    uint32_t index;
    float value;
} mr_topk_t;

/* Expands GGUF's Q4_0 block (little-endian scale, 16 bytes with element j in the low and j + 16 in
 * the high nibble) to q = nibble - 8 with the same scale. */
void mr_block_from_q4_0(const uint8_t src[MR_Q4_0_BYTES], mr_block_t *out);

/* Reads GGUF's Q8_0 block on a host of any byte order. */
void mr_block_from_q8_0(const uint8_t src[MR_Q8_0_BYTES], mr_block_t *out);

/* f32(1 / n), the inv_n of mr_op_norm; 1 <= n <= 2^24. */
float mr_op_inv(uint32_t n);

/* f32(1 / sqrt(n)) correctly rounded, the scale of mr_op_attend; 1 <= n <= 4096. */
float mr_op_inv_sqrt(uint32_t n);

/* quant of n / 32 blocks. n is a multiple of 32; out has n / 32 blocks. */
void mr_op_quant(const float *x, size_t n, mr_block_t *out);

/* quantw of one block: like quant, but the scale stays f32 and is not rounded. */
void mr_op_quantw(const float x[MR_BLOCK_LEN], int8_t q[MR_BLOCK_LEN], float *d);

/* Exact sum of the 32 products; |result| <= 2^19. */
int32_t mr_op_dot(const mr_block_t *a, const mr_block_t *b);

/* y[r] = sum over b, in order, of dot(w[r * nb + b], x[b]) scaled by both scales.
 * w has rows x nb blocks, row-major; x has nb; y has rows. With acc the sum starts at the old y[r],
 * otherwise at +0. */
void mr_op_gemv(float *y, const mr_block_t *w, const mr_block_t *x, size_t rows, size_t nb,
                bool acc);

/* RMS norm: y = x * rsqrt(sum(x^2) * inv_n + eps) * w. n elements each; y may alias x or w.
 * inv_n is f32(1 / dimension without padding). */
void mr_op_norm(float *y, const float *x, const float *w, size_t n, float inv_n, float eps);

/* Rotary embedding of n_heads heads of hd elements (hd even); f has hd / 2 frequencies in turns x
 * 2^32 a position. y may alias x. */
void mr_op_rope(float *y, const float *x, const uint32_t *f, size_t n_heads, size_t hd,
                uint32_t pos);

/* y = a + b, n elements. y may alias a and b. */
void mr_op_add(float *y, const float *a, const float *b, size_t n);

/* y = silu(g) * u, n elements. y may alias g and u. */
void mr_op_silu_mul(float *y, const float *g, const float *u, size_t n);

/* y = the nb blocks of a token's embedding row as f32 (exact); y has 32 nb elements. */
void mr_op_embed(float *y, const mr_block_t *row, size_t nb);

/* The k largest of x[0..n-1] by key(value), best first, ties by the smaller index. out has k
 * entries with index = base + position in x. 1 <= k <= min(n, MR_TOPK_MAX). */
void mr_op_topk(const float *x, size_t n, uint32_t base, size_t k, mr_topk_t *out);

/* Attention of one query head over positions 0..len-1 of its KV head, len >= 1.
 * q has nbh blocks; k and v have len x nbh blocks, position by position; out has 32 nbh elements
 * and serves as the accumulator (aliases nothing). scale is f32(1 / sqrt(head size without
 * padding)). */
void mr_op_attend(float *out, const mr_block_t *q, const mr_block_t *k, const mr_block_t *v,
                  size_t len, size_t nbh, float scale);

#endif
