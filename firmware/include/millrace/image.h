/* SPDX-License-Identifier: Apache-2.0 */
/* Packed model: what the host hands to the firmware.
 *
 * Little-endian. Header of MR_IMAGE_HEADER_WORDS words, then one table entry of
 * MR_IMAGE_ENTRY_WORDS words for each tensor, then the tensors, each at a multiple of 64 bytes.
 * Matrices are row-major GGUF blocks (Q8_0: 34 bytes, Q4_0: 18 bytes); norms are f32; RoPE
 * frequencies are uint32 (arithmetic.md). All dimensions are padded to multiples of 32 already.
 *
 * header word  0 magic "MRIM", 1 format version, 2 CRC-32 of words 3.. of the header and of the
 * whole table, 3 n_layers, 4 d, 5 d_real, 6 n_heads, 7 n_kv, 8 hd, 9 hd_real, 10 n_ff, 11 vocab, 12
 * vocab_pad, 13 context, 14 eps (f32), 15 inv_n (f32), 16 scale (f32), 17 tied (0 or 1), 18
 * n_tensors, 19..31 zero entry word   0 format, 1 rows, 2 columns, 3 CRC-32 of the data, 4..5
 * offset in bytes, 6..7 length in bytes
 *
 * Tensor order: layer by layer the nine kinds of mr_image_kind_t up to DOWN, then EMBED, HEAD (same
 * entry as EMBED when tied), OUT_NORM, ROPE_F. A vector has rows = 1.
 */
#ifndef MR_IMAGE_H
#define MR_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/crc.h"
#include "millrace/status.h"

#define MR_IMAGE_MAGIC 0x4D49524Du /* "MRIM" in memory */
#define MR_IMAGE_VERSION 1u
#define MR_IMAGE_HEADER_WORDS 32u
#define MR_IMAGE_ENTRY_WORDS 8u
#define MR_IMAGE_ALIGN 64u

#define MR_IMAGE_DIM_MAX 16384u
#define MR_IMAGE_VOCAB_MAX 262144u
#define MR_IMAGE_CONTEXT_MAX 131072u
#define MR_IMAGE_LAYERS_MAX 256u
#define MR_IMAGE_HD_MAX 512u
#define MR_IMAGE_KV_HEADS_MAX 255u
#define MR_IMAGE_GROUP_MAX 16u /* query heads of one KV head (ATTEND's g) */

typedef enum {
    MR_IMAGE_ATTN_NORM,
    MR_IMAGE_WQ,
    MR_IMAGE_WK,
    MR_IMAGE_WV,
    MR_IMAGE_WO,
    MR_IMAGE_FFN_NORM,
    MR_IMAGE_GATE,
    MR_IMAGE_UP,
    MR_IMAGE_DOWN,
    MR_IMAGE_LAYER_KINDS, /* kinds above repeat for each layer */
    MR_IMAGE_EMBED = MR_IMAGE_LAYER_KINDS,
    MR_IMAGE_HEAD,
    MR_IMAGE_OUT_NORM,
    MR_IMAGE_ROPE_F,
    MR_IMAGE_KINDS
} mr_image_kind_t;

typedef enum {
    MR_IMAGE_Q8_0 = 0,
    MR_IMAGE_Q4_0 = 1,
    MR_IMAGE_F32 = 2,
    MR_IMAGE_U32 = 3,
} mr_image_format_t;

/* Shape of a model; the field meanings stand at the top of this file. */
typedef struct {
    uint32_t n_layers;
    uint32_t d;
    uint32_t d_real;
    uint32_t n_heads;
    uint32_t n_kv;
    uint32_t hd;
    uint32_t hd_real;
    uint32_t n_ff;
    uint32_t vocab;
    uint32_t vocab_pad;
    uint32_t context;
    uint32_t eps_bits;
    uint32_t inv_n_bits;
    uint32_t scale_bits;
    bool tied;
} mr_model_shape_t;

typedef struct {
    mr_image_format_t format;
    uint32_t rows;
    uint32_t cols;
    uint32_t crc;
    uint64_t offset;
    uint64_t bytes;
} mr_image_tensor_t;

/* Where the image's bytes come from. read returns MR_OK only when all n bytes were delivered. */
typedef struct {
    mr_status_t (*read)(void *ctx, uint64_t offset, void *out, size_t n);
    void *ctx;
    uint64_t bytes; /* total length */
} mr_image_source_t;

/* An opened image. Read shape, write nothing. */
typedef struct {
    mr_image_source_t source;
    mr_model_shape_t shape;
} mr_image_t;

/* Number of tensors of a model with n_layers layers. */
uint32_t mr_image_tensor_count(uint32_t n_layers);

/* Index of a tensor in the table; layer is ignored for the kinds that occur once. */
uint32_t mr_image_tensor_index(uint32_t n_layers, mr_image_kind_t kind, uint32_t layer);

/* Rows, columns of a tensor as the shape demands them. */
void mr_image_tensor_dims(const mr_model_shape_t *shape, mr_image_kind_t kind, uint32_t *rows,
                          uint32_t *cols);

/* Bytes of rows x cols in a format; 0 if the format is unknown or cols is no multiple of its block.
 */
uint64_t mr_image_format_bytes(mr_image_format_t format, uint32_t rows, uint32_t cols);

/* Checks a shape against the limits above.
 * @return MR_OK; MR_RANGE when a field is illegal or inconsistent. */
MR_NODISCARD mr_status_t mr_model_shape_check(const mr_model_shape_t *shape);

/* Opens an image: checks magic, version, CRC of header and table, shape, and every table entry.
 * @return MR_OK; MR_FORMAT (not an image, other version, inconsistent); MR_CRC; MR_RANGE; MR_IO
 * (source). */
MR_NODISCARD mr_status_t mr_image_open(mr_image_t *self, const mr_image_source_t *source);

/* Reads a table entry of an opened image. */
MR_NODISCARD mr_status_t mr_image_tensor(const mr_image_t *self, mr_image_kind_t kind,
                                         uint32_t layer, mr_image_tensor_t *out);

#endif
