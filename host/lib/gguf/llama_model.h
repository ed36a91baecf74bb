/* SPDX-License-Identifier: Apache-2.0 */
/* Llama model out of a GGUF file, checked and converted to what the tiles take.
 *
 * Conversion: every matrix becomes rows of blocks of 32 elements, Q8_0 (34 bytes: half d, int8
 * q[32]; value d*q) or, where the file holds Q4_0 and no padded block mixes two blocks of the file,
 * Q4_0 (18 bytes: half d, 16 bytes of nibbles, low nibbles first; value d*(n-8)). d is
 * little-endian, finite, and may be negative or subnormal; q may be -128. Padding is zero, exactly:
 *   d, n_ff and vocab are padded up to multiples of 32 (zeros at the end);
 *   each head is padded to head_dim_pad = head_dim rounded up to 32 (zeros at the end of the head).
 * Elements of Q8_0 and Q4_0 files keep their integers and scale bits wherever a padded block holds
 * elements of blocks of one scale; everything else is dequantised to float32 and requantised:
 *   d = half(amax / 127), rounded to nearest even; q = x / d rounded to nearest even, within +-127;
 *   all zeros if d is 0.
 *
 * Supported: general.architecture "llama" with the SPM tokenizer ("llama"), one file, dense, no
 * biases, rotary scaling "none" or "linear" and rope_freqs.weight (Llama 3). Anything else is
 * refused with the reason: unknown tensors, experts, fused or biased projections, other scalings,
 * and metadata of other llama variants that would change the arithmetic (attention.scale,
 * logit_scale, ...). Memory: one allocation of the converted size, at most 64 times the file's size
 * plus 1 MiB. Threading: a model is read-only after opening.
 */
#ifndef MR_HOST_LIB_GGUF_LLAMA_MODEL_H
#define MR_HOST_LIB_GGUF_LLAMA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"
#include "gguf/gguf_error.h"
#include "millrace/status.h"

/* What the descriptors' fields can carry. */
#define MR_LLAMA_MAX_DIM 16384u /* d, n_ff, n_heads * head_dim_pad */
#define MR_LLAMA_MAX_VOCAB 262144u
#define MR_LLAMA_MAX_CONTEXT 131072u
#define MR_LLAMA_MAX_LAYERS 256u

typedef struct {
    uint32_t n_layers;   /* 1 to 256 */
    uint32_t d;          /* embedding length, 1 to 16384 */
    uint32_t n_heads;    /* query heads */
    uint32_t n_kv_heads; /* divides n_heads */
    uint32_t head_dim;   /* even; n_heads * head_dim need not be d */
    uint32_t n_ff;       /* 1 to 16384 */
    uint32_t vocab;      /* 1 to 262144 */
    uint32_t context;    /* tokens, 1 to 131072 */
    uint32_t n_rot;      /* rotated dimensions of a head: even, 2 to head_dim */
    float eps;           /* of the RMS norms, > 0 */
    float rope_base;     /* angle(i) = position * rope_base^(-2i/n_rot) / rope_divisors[i] */
    bool tied_output;    /* the output matrix is the embedding matrix */
    /* Padded sizes, all multiples of 32. */
    uint32_t d_pad;
    uint32_t n_ff_pad;
    uint32_t vocab_pad;
    uint32_t head_dim_pad;
} mr_llama_hparams_t;

/* A converted matrix: row r is row_bytes bytes at blocks + r * row_bytes. */
typedef struct {
    mr_gguf_type_t type; /* Q8_0 or Q4_0 */
    uint32_t rows;       /* padded outputs, a multiple of 32 */
    uint32_t cols;       /* padded inputs, a multiple of 32 */
    uint32_t row_bytes;  /* cols / 32 * 34 or 18 */
    const uint8_t *blocks;
} mr_llama_matrix_t;

/* Norm weights have d_pad elements. q: [n_heads * head_dim_pad][d_pad]; k, v:
 * [n_kv_heads * head_dim_pad][d_pad]; o: [d_pad][n_heads * head_dim_pad]; gate, up:
 * [n_ff_pad][d_pad]; down: [d_pad][n_ff_pad]. Rotation pairs elements 2i and 2i+1 of a head. */
typedef struct {
    const float *attn_norm;
    const float *ffn_norm;
    mr_llama_matrix_t q;
    mr_llama_matrix_t k;
    mr_llama_matrix_t v;
    mr_llama_matrix_t o;
    mr_llama_matrix_t gate;
    mr_llama_matrix_t up;
    mr_llama_matrix_t down;
} mr_llama_layer_t;

typedef struct mr_llama_model mr_llama_model_t;

/* Checks and converts the model in an open file. The handle may be closed afterwards.
 * @param[out] out    for mr_llama_model_close(); NULL on error
 * @param[out] error  one line with the cause; may be NULL
 * @return MR_OK; MR_UNSUPPORTED (a kind of model that is not supported); MR_FORMAT (metadata or
 *         tensors missing, of wrong type or shape, not finite); MR_RANGE (beyond the limits above,
 * or values too large for Q8_0); MR_NO_MEMORY; MR_ARG. */
MR_NODISCARD mr_status_t mr_llama_model_open(const mr_gguf_t *gguf, mr_llama_model_t **out,
                                             mr_gguf_error_t *error);

/* Releases the model; NULL is allowed. */
void mr_llama_model_close(mr_llama_model_t *model);

const mr_llama_hparams_t *mr_llama_model_hparams(const mr_llama_model_t *model);

/* Layer i < n_layers. */
const mr_llama_layer_t *mr_llama_model_layer(const mr_llama_model_t *model, uint32_t i);

/* [vocab_pad][d_pad]. With tied output both give the same blocks. */
const mr_llama_matrix_t *mr_llama_model_embedding(const mr_llama_model_t *model);
const mr_llama_matrix_t *mr_llama_model_output(const mr_llama_model_t *model);

/* d_pad elements. */
const float *mr_llama_model_output_norm(const mr_llama_model_t *model);

/* n_rot / 2 divisors of the rotation angles (rope_freqs times the linear scaling factor), or NULL
 * when all are 1. */
const float *mr_llama_model_rope_divisors(const mr_llama_model_t *model);

/* Bytes of the converted matrices and vectors together. */
size_t mr_llama_model_size_bytes(const mr_llama_model_t *model);

/* Dequantises row r of a converted matrix into out[cols], exactly (d*q fits float32).
 * @return MR_OK; MR_RANGE (r >= rows; nothing written). */
MR_NODISCARD mr_status_t mr_llama_matrix_row_f32(const mr_llama_matrix_t *matrix, uint32_t r,
                                                 float *out);

#endif
