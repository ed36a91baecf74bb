/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a GGUF handle, shared by the parser and the metadata getters only. */
#ifndef MR_HOST_LIB_GGUF_GGUF_INTERNAL_H
#define MR_HOST_LIB_GGUF_GGUF_INTERNAL_H

#include "gguf/gguf.h"

/* One metadata entry; its value was checked to lie inside the file. */
typedef struct {
    mr_gguf_string_t key;
    mr_gguf_value_type_t type;
    mr_gguf_array_t array; /* ARRAY: the array; otherwise one element: data is the value itself */
} mr_gguf_kv_t;

struct mr_gguf {
    char *path;
    const uint8_t *base;
    size_t size_bytes;
    void *mapping; /* NULL when the bytes are the caller's */
    size_t n_kv;
    mr_gguf_kv_t *kv;               /* file order */
    const mr_gguf_kv_t **kv_sorted; /* by key */
    size_t n_tensors;
    mr_gguf_tensor_t *tensors;               /* file order */
    const mr_gguf_tensor_t **tensors_sorted; /* by name */
};

/* The entry of that key, or NULL. O(log n). */
const mr_gguf_kv_t *mr_gguf_find_kv(const mr_gguf_t *gguf, const char *key);

/* Bytes of a metadata value of fixed size; 0 for STRING, ARRAY and unknown types. */
size_t mr_gguf_value_size_bytes(uint32_t type);

/* Byte order of strings as in memcmp, a prefix first. */
int mr_gguf_string_compare(mr_gguf_string_t a, mr_gguf_string_t b);

/* Little-endian reads from any address. */
static inline uint16_t mr_gguf_le16(const uint8_t *p) {
    return (uint16_t)(p[0] | (uint16_t)(p[1] << 8));
}

static inline uint32_t mr_gguf_le32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t mr_gguf_le64(const uint8_t *p) {
    return (uint64_t)mr_gguf_le32(p) | (uint64_t)mr_gguf_le32(p + 4) << 32;
}

#endif
