/* SPDX-License-Identifier: Apache-2.0 */
/* GGUF tensor types: block geometry, dequantisation as stored, and the check for finite scales. */
#include <string.h>

#include "gguf/gguf_internal.h"

#define MR_K_ELEMS 256u /* elements of a K-quant block */

/* Dequantises one block into its elements. */
typedef void (*mr_dequant_fn_t)(const uint8_t *block, float *out);

typedef struct {
    const char *name;
    uint16_t elems;
    uint16_t bytes;
    uint8_t n_scales;     /* half-precision scales in the block; 0: the element is the float */
    uint8_t scale_offset; /* byte offset of the first */
    mr_dequant_fn_t dequant;
} mr_type_info_t;

static float bits_to_float(uint32_t bits) {
    float value = 0.0f;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t float_to_bits(float value) {
    uint32_t bits = 0;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

float mr_gguf_half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t exponent = (half >> 10) & 0x1Fu;
    const uint32_t mantissa = half & 0x3FFu;

    if (exponent == 0x1F) {
        return bits_to_float(sign | 0x7F800000u | mantissa << 13);
    }
    if (exponent == 0) {
        /* Subnormal: mantissa * 2^-24, exact in float. */
        const float value = (float)mantissa * 0x1p-24f;
        return bits_to_float(sign | float_to_bits(value));
    }
    return bits_to_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t mr_gguf_float_to_half(float value) {
    const uint32_t bits = float_to_bits(value);
    const uint32_t sign = bits >> 16 & 0x8000u;
    const uint32_t magnitude = bits & 0x7FFFFFFFu;

    if (magnitude > 0x7F800000u) {
        return (uint16_t)(sign | 0x7E00u | (magnitude >> 13 & 0x3FFu));
    }
    if (magnitude >= 0x477FF000u) { /* 65520 and more round to infinity */
        return (uint16_t)(sign | 0x7C00u);
    }
    if (magnitude < 0x33000001u) { /* up to 2^-25 rounds to zero (the tie goes to even) */
        return (uint16_t)sign;
    }
    const uint32_t exponent = magnitude >> 23;
    uint32_t significand = (magnitude & 0x7FFFFFu) | 0x800000u;
    uint32_t shift = 13;
    uint32_t base = 0;
    if (exponent < 113) { /* subnormal half: no implicit bit, a further shift */
        shift += 113 - exponent;
    } else {
        base = (exponent - 113) << 10; /* the implicit bit adds one to the exponent */
    }
    const uint32_t half_ulp = 1u << (shift - 1);
    const uint32_t odd = significand >> shift & 1u;
    significand += half_ulp - 1 + odd;
    return (uint16_t)(sign | (base + (significand >> shift)));
}

static float block_scale(const uint8_t *p) {
    return mr_gguf_half_to_float(mr_gguf_le16(p));
}

static void dequant_f32(const uint8_t *block, float *out) {
    *out = bits_to_float(mr_gguf_le32(block));
}

static void dequant_f16(const uint8_t *block, float *out) {
    *out = block_scale(block);
}

static void dequant_bf16(const uint8_t *block, float *out) {
    *out = bits_to_float((uint32_t)mr_gguf_le16(block) << 16);
}

static void dequant_q8_0(const uint8_t *block, float *out) {
    const float d = block_scale(block);

    for (size_t i = 0; i < 32; i++) {
        out[i] = d * (float)(int8_t)block[2 + i];
    }
}

static void dequant_q4_0(const uint8_t *block, float *out) {
    const float d = block_scale(block);

    for (size_t i = 0; i < 16; i++) {
        out[i] = d * (float)((block[2 + i] & 0x0F) - 8);
        out[i + 16] = d * (float)((block[2 + i] >> 4) - 8);
    }
}

static void dequant_q4_1(const uint8_t *block, float *out) {
    const float d = block_scale(block);
    const float m = block_scale(block + 2);

    for (size_t i = 0; i < 16; i++) {
        out[i] = d * (float)(block[4 + i] & 0x0F) + m;
        out[i + 16] = d * (float)(block[4 + i] >> 4) + m;
    }
}

/* The fifth bit of element i, in its place. */
static int fifth_bit(uint32_t high_bits, size_t i) {
    return (int)(high_bits >> i & 1u) << 4;
}

static void dequant_q5_0(const uint8_t *block, float *out) {
    const float d = block_scale(block);
    const uint32_t high = mr_gguf_le32(block + 2);

    for (size_t i = 0; i < 16; i++) {
        out[i] = d * (float)(((block[6 + i] & 0x0F) | fifth_bit(high, i)) - 16);
        out[i + 16] = d * (float)(((block[6 + i] >> 4) | fifth_bit(high, i + 16)) - 16);
    }
}

static void dequant_q5_1(const uint8_t *block, float *out) {
    const float d = block_scale(block);
    const float m = block_scale(block + 2);
    const uint32_t high = mr_gguf_le32(block + 4);

    for (size_t i = 0; i < 16; i++) {
        out[i] = d * (float)((block[8 + i] & 0x0F) | fifth_bit(high, i)) + m;
        out[i + 16] = d * (float)((block[8 + i] >> 4) | fifth_bit(high, i + 16)) + m;
    }
}

/* The 6-bit scale and minimum of sub-block j (0 to 7) of a Q4_K or Q5_K block. */
static void k_scale_min(const uint8_t *s, size_t j, uint32_t *scale, uint32_t *minimum) {
    if (j < 4) {
        *scale = s[j] & 63u;
        *minimum = s[j + 4] & 63u;
    } else {
        *scale = (s[j + 4] & 15u) | (uint32_t)(s[j - 4] >> 6) << 4;
        *minimum = (uint32_t)(s[j + 4] >> 4) | (uint32_t)(s[j] >> 6) << 4;
    }
}

/* Q4_K and Q5_K differ only in the fifth bit: high is NULL for Q4_K. Bit j of high[l] belongs to
 * element l of sub-block j. */
static void dequant_k45(const uint8_t *block, const uint8_t *high, const uint8_t *low, float *out) {
    const float d = block_scale(block);
    const float dmin = block_scale(block + 2);

    for (size_t j = 0; j < 8; j++) {
        uint32_t scale = 0;
        uint32_t minimum = 0;
        k_scale_min(block + 4, j, &scale, &minimum);
        const float sub_d = d * (float)scale;
        const float sub_min = dmin * (float)minimum;
        const uint8_t *nibbles = low + 32 * (j / 2);
        for (size_t l = 0; l < 32; l++) {
            uint32_t n = j % 2 == 0 ? nibbles[l] & 15u : (uint32_t)nibbles[l] >> 4;
            if (high != NULL) {
                n |= (high[l] >> j & 1u) << 4;
            }
            out[32 * j + l] = sub_d * (float)n - sub_min;
        }
    }
}

static void dequant_q4_k(const uint8_t *block, float *out) {
    dequant_k45(block, NULL, block + 16, out);
}

static void dequant_q5_k(const uint8_t *block, float *out) {
    dequant_k45(block, block + 16, block + 48, out);
}

static void dequant_q6_k(const uint8_t *block, float *out) {
    const float d = block_scale(block + 208);

    for (size_t h = 0; h < 2; h++) {
        const uint8_t *ql = block + 64 * h;
        const uint8_t *qh = block + 128 + 32 * h;
        const uint8_t *sc = block + 192 + 8 * h;
        for (size_t l = 0; l < 32; l++) {
            /* Quarter k of the half: nibble k/2 of ql[l + 32*(k%2)], bits 2k of qh[l]. */
            for (size_t k = 0; k < 4; k++) {
                const uint8_t packed = ql[l + 32 * (k % 2)];
                const int low = k < 2 ? packed & 15 : packed >> 4;
                const int q = (low | (qh[l] >> (2 * k) & 3) << 4) - 32;
                const float scale = d * (float)(int8_t)sc[l / 16 + 2 * k];
                out[128 * h + 32 * k + l] = scale * (float)q;
            }
        }
    }
}

static const mr_type_info_t mr_types[] = {
    [MR_GGUF_TYPE_F32] = {"F32", 1, 4, 0, 0, dequant_f32},
    [MR_GGUF_TYPE_F16] = {"F16", 1, 2, 1, 0, dequant_f16},
    [MR_GGUF_TYPE_Q4_0] = {"Q4_0", 32, 18, 1, 0, dequant_q4_0},
    [MR_GGUF_TYPE_Q4_1] = {"Q4_1", 32, 20, 2, 0, dequant_q4_1},
    [4] = {"Q4_2, retired", 0, 0, 0, 0, NULL},
    [5] = {"Q4_3, retired", 0, 0, 0, 0, NULL},
    [MR_GGUF_TYPE_Q5_0] = {"Q5_0", 32, 22, 1, 0, dequant_q5_0},
    [MR_GGUF_TYPE_Q5_1] = {"Q5_1", 32, 24, 2, 0, dequant_q5_1},
    [MR_GGUF_TYPE_Q8_0] = {"Q8_0", 32, 34, 1, 0, dequant_q8_0},
    [9] = {"Q8_1", 0, 0, 0, 0, NULL},
    [10] = {"Q2_K", 0, 0, 0, 0, NULL},
    [11] = {"Q3_K", 0, 0, 0, 0, NULL},
    [MR_GGUF_TYPE_Q4_K] = {"Q4_K", MR_K_ELEMS, 144, 2, 0, dequant_q4_k},
    [MR_GGUF_TYPE_Q5_K] = {"Q5_K", MR_K_ELEMS, 176, 2, 0, dequant_q5_k},
    [MR_GGUF_TYPE_Q6_K] = {"Q6_K", MR_K_ELEMS, 210, 1, 208, dequant_q6_k},
    [15] = {"Q8_K", 0, 0, 0, 0, NULL},
    [16] = {"IQ2_XXS", 0, 0, 0, 0, NULL},
    [17] = {"IQ2_XS", 0, 0, 0, 0, NULL},
    [18] = {"IQ3_XXS", 0, 0, 0, 0, NULL},
    [19] = {"IQ1_S", 0, 0, 0, 0, NULL},
    [20] = {"IQ4_NL", 0, 0, 0, 0, NULL},
    [21] = {"IQ3_S", 0, 0, 0, 0, NULL},
    [22] = {"IQ2_S", 0, 0, 0, 0, NULL},
    [23] = {"IQ4_XS", 0, 0, 0, 0, NULL},
    [24] = {"I8", 0, 0, 0, 0, NULL},
    [25] = {"I16", 0, 0, 0, 0, NULL},
    [26] = {"I32", 0, 0, 0, 0, NULL},
    [27] = {"I64", 0, 0, 0, 0, NULL},
    [28] = {"F64", 0, 0, 0, 0, NULL},
    [29] = {"IQ1_M", 0, 0, 0, 0, NULL},
    [MR_GGUF_TYPE_BF16] = {"BF16", 1, 2, 0, 0, dequant_bf16},
    [34] = {"TQ1_0", 0, 0, 0, 0, NULL},
    [35] = {"TQ2_0", 0, 0, 0, 0, NULL},
    [39] = {"MXFP4", 0, 0, 0, 0, NULL},
};

static const mr_type_info_t mr_unknown_type = {"unknown", 0, 0, 0, 0, NULL};

static const mr_type_info_t *type_info(uint32_t type) {
    if (type >= sizeof(mr_types) / sizeof(mr_types[0]) || mr_types[type].name == NULL) {
        return &mr_unknown_type;
    }
    return &mr_types[type];
}

const char *mr_gguf_type_name(uint32_t type) {
    return type_info(type)->name;
}

uint32_t mr_gguf_block_elems(uint32_t type) {
    return type_info(type)->elems;
}

uint32_t mr_gguf_block_bytes(uint32_t type) {
    return type_info(type)->bytes;
}

mr_status_t mr_gguf_tensor_rows_f32(const mr_gguf_tensor_t *tensor, uint64_t first, uint64_t n_rows,
                                    float *out) {
    const mr_type_info_t *info = type_info(tensor->type);

    if (first > tensor->n_rows || n_rows > tensor->n_rows - first) {
        return MR_RANGE;
    }
    const size_t n_blocks = (size_t)(n_rows * (tensor->dims[0] / info->elems));
    const uint8_t *block = tensor->data + (size_t)(first * tensor->row_bytes);
    for (size_t i = 0; i < n_blocks; i++) {
        info->dequant(block, out);
        block += info->bytes;
        out += info->elems;
    }
    return MR_OK;
}

/* Whether all scales of a block, or the one element of a float type, are finite. */
static bool block_is_finite(const mr_type_info_t *info, mr_gguf_type_t type, const uint8_t *block) {
    if (type == MR_GGUF_TYPE_F32) {
        return (mr_gguf_le32(block) & 0x7F800000u) != 0x7F800000u;
    }
    if (type == MR_GGUF_TYPE_BF16) {
        return (mr_gguf_le16(block) & 0x7F80u) != 0x7F80u;
    }
    for (size_t i = 0; i < info->n_scales; i++) {
        if ((mr_gguf_le16(block + info->scale_offset + 2 * i) & 0x7C00u) == 0x7C00u) {
            return false;
        }
    }
    return true;
}

mr_status_t mr_gguf_tensor_check_finite(const mr_gguf_tensor_t *tensor, uint64_t *bad_row) {
    const mr_type_info_t *info = type_info(tensor->type);
    const size_t n_blocks = (size_t)(tensor->size_bytes / info->bytes);
    const uint8_t *block = tensor->data;

    for (size_t i = 0; i < n_blocks; i++, block += info->bytes) {
        if (!block_is_finite(info, tensor->type, block)) {
            *bad_row = i / (size_t)(tensor->dims[0] / info->elems);
            return MR_FORMAT;
        }
    }
    return MR_OK;
}
