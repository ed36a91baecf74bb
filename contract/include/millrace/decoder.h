/* SPDX-License-Identifier: Apache-2.0 */
/* Reference decoder: a Llama forward pass in the contract's arithmetic, written straight down.
 *
 * It knows nothing of tiles, descriptors or placement; it reads row-major Q8_0 or Q4_0 matrices and
 * calls ops.h. Its logits are the golden values of every device. Slow and simple on purpose. No
 * heap: the caller provides one piece of storage for the KV cache and the work vectors. One thread
 * at a time per mr_decoder_t; the model is only read and may be shared.
 *
 * Order of operations for a token (each line an operation of ops.h):
 *   x = EMBED(token)
 *   every layer: h = QUANT(NORM(x, attn_norm)); q, k, v = GEMV(h); ROPE(q), ROPE(k); QUANT q, k, v
 *                and keep k, v; a = ATTEND of every head; x = ADD(x, GEMV(wo, QUANT(a)));
 *                h = QUANT(NORM(x, ffn_norm)); s = SILU_MUL(GEMV(gate, h), GEMV(up, h));
 *                x = ADD(x, GEMV(down, QUANT(s)))
 *   logits = GEMV(head, QUANT(NORM(x, out_norm)))
 */
#ifndef MR_DECODER_H
#define MR_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "millrace/ops.h"
#include "millrace/status.h"

/* Largest dimension (d, n_heads x hd, n_ff), vocabulary rows, positions and layers accepted. */
#define MR_DECODER_DIM_MAX 65536u
#define MR_DECODER_VOCAB_MAX 262144u
#define MR_DECODER_POS_MAX 131072u
#define MR_DECODER_LAYERS_MAX 256u

/* A matrix of rows x nb blocks, row-major. Exactly one of q8 and q4 is not NULL. */
typedef struct {
    const mr_block_t *q8; /* rows x nb blocks */
    const uint8_t *q4;    /* rows x nb Q4_0 blocks of MR_Q4_0_BYTES bytes, as in GGUF */
    uint32_t rows;
    uint32_t nb; /* blocks a row: columns / 32 */
} mr_decoder_matrix_t;

/* One layer. Shapes in (rows x columns): wq (n_heads hd x d), wk and wv (n_kv hd x d), wo (d x
 * n_heads hd), gate and up (n_ff x d), down (d x n_ff); the norms have d elements. */
typedef struct {
    const float *attn_norm;
    const float *ffn_norm;
    mr_decoder_matrix_t wq;
    mr_decoder_matrix_t wk;
    mr_decoder_matrix_t wv;
    mr_decoder_matrix_t wo;
    mr_decoder_matrix_t gate;
    mr_decoder_matrix_t up;
    mr_decoder_matrix_t down;
} mr_decoder_layer_t;

/* A model. d, hd and n_ff are padded to multiples of 32 with zeros (head by head for hd). */
typedef struct {
    uint32_t n_layers;
    uint32_t d;
    uint32_t n_heads; /* a multiple of n_kv */
    uint32_t n_kv;
    uint32_t hd;
    uint32_t n_ff;
    uint32_t vocab;   /* real number of tokens; embed and head may have more rows */
    uint32_t d_real;  /* dimension without padding: NORM's inv_n */
    uint32_t hd_real; /* head size without padding: ATTEND's scale */
    float eps;
    const uint32_t *rope_f; /* hd / 2 frequencies, turns x 2^32 a position; 0 does not rotate */
    const mr_decoder_layer_t *layers;
    mr_decoder_matrix_t embed; /* at least vocab rows x d */
    mr_decoder_matrix_t head;  /* at least vocab rows x d; the same as embed when tied */
    const float *out_norm;
} mr_decoder_model_t;

/* State of one sequence. Read nothing, write nothing; valid after mr_decoder_init. */
typedef struct {
    const mr_decoder_model_t *model;
    uint32_t max_pos;
    uint32_t len;    /* tokens in the KV cache */
    mr_block_t *k;   /* [layer][kv head][max_pos][hd / 32] */
    mr_block_t *v;   /* the same */
    mr_block_t *xq;  /* quantised input of a GEMV */
    mr_block_t *row; /* one expanded Q4_0 row */
    mr_block_t *qq;  /* quantised query */
    float *x;        /* residual stream, d */
    float *h;        /* normalised x, later the output of wo or down, d */
    float *q;        /* n_heads hd */
    float *kv;       /* n_kv hd */
    float *a;        /* attention output, n_heads hd */
    float *gate;     /* n_ff */
    float *up;       /* n_ff */
} mr_decoder_t;

/* Bytes of storage for sequences of up to max_pos tokens; 0 if the model's shapes or max_pos are
 * not legal (see mr_decoder_init) or the size does not fit size_t. */
size_t mr_decoder_storage_bytes(const mr_decoder_model_t *model, uint32_t max_pos);

/* Starts an empty sequence.
 *
 * @param[in] model shapes and pointers; must outlive self
 * @param[in] max_pos 1..MR_DECODER_POS_MAX
 * @param[in] storage at least mr_decoder_storage_bytes() bytes, any alignment; must outlive self
 * @return MR_OK; MR_ARG: a pointer is missing, a dimension is 0, too large or not a multiple of 32,
 *         a matrix has another shape than its place demands, or n_heads is no multiple of n_kv;
 *         MR_NO_SPACE: bytes is too small. On error nothing was touched. */
MR_NODISCARD mr_status_t mr_decoder_init(mr_decoder_t *self, const mr_decoder_model_t *model,
                                         uint32_t max_pos, void *storage, size_t bytes);

/* Tokens so far: the position that the next step will take. */
uint32_t mr_decoder_len(const mr_decoder_t *self);

/* Forgets every token from position len on.
 * @return MR_OK; MR_RANGE: len is larger than mr_decoder_len(). */
MR_NODISCARD mr_status_t mr_decoder_rewind(mr_decoder_t *self, uint32_t len);

/* Runs one token at position mr_decoder_len().
 *
 * @param[in] token below vocab
 * @param[out] logits vocab values, or NULL to leave the head out (prefill)
 * @param[out] layer_out n_layers x d values: x after every layer; or NULL
 * @return MR_OK; MR_RANGE: token is not below vocab; MR_NO_SPACE: max_pos tokens are in the cache.
 *         On error nothing was touched. */
MR_NODISCARD mr_status_t mr_decoder_step(mr_decoder_t *self, uint32_t token, float *logits,
                                         float *layer_out);

#endif
