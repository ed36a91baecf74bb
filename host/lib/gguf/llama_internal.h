/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the llama model loader that its own files share. */
#ifndef MR_HOST_LIB_GGUF_LLAMA_INTERNAL_H
#define MR_HOST_LIB_GGUF_LLAMA_INTERNAL_H

#include "gguf/llama_model.h"

#define MR_LLAMA_BLOCK 32u /* elements of a converted block */

/* How a dimension is padded: n_groups groups of size elements, each padded to padded elements
 * (a multiple of 32) with zeros at its end. A plain dimension is one group; heads are groups. */
typedef struct {
    uint32_t n_groups;
    uint32_t size;
    uint32_t padded;
} mr_llama_pad_t;

/* Reads and checks all metadata but the vocabulary's size.
 * @param[out] rope_factor  the linear scaling factor; 1 without scaling */
MR_NODISCARD mr_status_t mr_llama_read_hparams(const mr_gguf_t *gguf, mr_llama_hparams_t *hparams,
                                               double *rope_factor, mr_gguf_error_t *error);

/* The type a source tensor is converted to: Q4_0 only if the padding of its columns keeps the
 * file's blocks apart. */
mr_gguf_type_t mr_llama_converted_type(const mr_gguf_tensor_t *source, mr_llama_pad_t cols);

/* Converts source into target->blocks, which the caller allocated; target's other fields are set.
 * @param scratch      floats for one row of the source
 * @param[out] bad_row the source row that cannot be represented, on MR_RANGE
 * @return MR_OK; MR_RANGE (a value too large for Q8_0). */
MR_NODISCARD mr_status_t mr_llama_convert(const mr_gguf_tensor_t *source, mr_llama_pad_t rows,
                                          mr_llama_pad_t cols, const mr_llama_matrix_t *target,
                                          uint8_t *blocks, float *scratch, uint64_t *bad_row);

static inline uint32_t mr_llama_round_up(uint32_t n) {
    return (n + MR_LLAMA_BLOCK - 1) / MR_LLAMA_BLOCK * MR_LLAMA_BLOCK;
}

#endif
