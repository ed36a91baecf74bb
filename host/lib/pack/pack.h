/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a loaded llama model into the firmware's image format (firmware/include/millrace/image.h).
 */
#ifndef MR_HOST_LIB_PACK_PACK_H
#define MR_HOST_LIB_PACK_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "gguf/llama_model.h"
#include "millrace/image.h"
#include "millrace/status.h"

/* Shape of the image that the model becomes. */
void mr_pack_shape(const mr_llama_hparams_t *h, mr_model_shape_t *shape);

/* Fills f[hd / 2] with the RoPE frequencies in turns x 2^32 a position (docs/arithmetic.md), 0
 * where nothing rotates. */
void mr_pack_rope(const mr_llama_model_t *model, uint32_t *f);

/* Builds the image.
 * @param[out] image  heap memory of *bytes bytes; free() it
 * @return MR_OK; MR_NO_MEMORY; MR_RANGE: the shape is beyond the firmware's limits (a KV head with
 * more than MR_IMAGE_GROUP_MAX query heads, heads larger than MR_IMAGE_HD_MAX). */
MR_NODISCARD mr_status_t mr_pack_image(const mr_llama_model_t *model, uint8_t **image,
                                       size_t *bytes);

#endif
