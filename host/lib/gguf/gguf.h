/* SPDX-License-Identifier: Apache-2.0 */
/* GGUF container: opens a model file, checks all of it, and gives access to metadata and tensors.
 *
 * Nothing in the file is trusted: every count, length, offset, dimension and product is checked
 * before use, duplicates are refused, and the memory used is bounded by a small multiple of the
 * file's size. Checking takes O(n log n) for n metadata keys and tensors.
 *
 * Threading: a handle is read-only after opening; any number of threads may read it.
 * Ownership: names, strings, arrays and tensor data that the functions hand out lie inside the
 * handle and live until mr_gguf_close(). Strings have a length and no terminating NUL.
 * A file opened by path is mapped, so it must not be cut short while the handle is open.
 */
#ifndef MR_HOST_LIB_GGUF_GGUF_H
#define MR_HOST_LIB_GGUF_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf_error.h"
#include "millrace/status.h"

#define MR_GGUF_MAX_DIMS 4u
#define MR_GGUF_MAX_TENSOR_NAME 63u /* bytes */
#define MR_GGUF_MAX_KEY 65535u      /* bytes */

typedef struct mr_gguf mr_gguf_t;

/* Metadata value types, numbered as in the file. */
typedef enum {
    MR_GGUF_VALUE_U8 = 0,
    MR_GGUF_VALUE_I8 = 1,
    MR_GGUF_VALUE_U16 = 2,
    MR_GGUF_VALUE_I16 = 3,
    MR_GGUF_VALUE_U32 = 4,
    MR_GGUF_VALUE_I32 = 5,
    MR_GGUF_VALUE_F32 = 6,
    MR_GGUF_VALUE_BOOL = 7,
    MR_GGUF_VALUE_STRING = 8,
    MR_GGUF_VALUE_ARRAY = 9,
    MR_GGUF_VALUE_U64 = 10,
    MR_GGUF_VALUE_I64 = 11,
    MR_GGUF_VALUE_F64 = 12
} mr_gguf_value_type_t;

/* Tensor types that can be read, numbered as in the file. */
typedef enum {
    MR_GGUF_TYPE_F32 = 0,
    MR_GGUF_TYPE_F16 = 1,
    MR_GGUF_TYPE_Q4_0 = 2,
    MR_GGUF_TYPE_Q4_1 = 3,
    MR_GGUF_TYPE_Q5_0 = 6,
    MR_GGUF_TYPE_Q5_1 = 7,
    MR_GGUF_TYPE_Q8_0 = 8,
    MR_GGUF_TYPE_Q4_K = 12,
    MR_GGUF_TYPE_Q5_K = 13,
    MR_GGUF_TYPE_Q6_K = 14,
    MR_GGUF_TYPE_BF16 = 30
} mr_gguf_type_t;

typedef struct {
    const char *text; /* not NUL-terminated, any bytes */
    size_t length;    /* bytes */
} mr_gguf_string_t;

/* One tensor as stored. dims[0] is the row length (innermost); a matrix has dims[1] rows. */
typedef struct {
    mr_gguf_string_t name;
    mr_gguf_type_t type;
    uint32_t n_dims;                 /* 1 to 4 */
    uint64_t dims[MR_GGUF_MAX_DIMS]; /* >= 1; 1 beyond n_dims */
    uint64_t n_rows;                 /* product of dims[1..3] */
    uint64_t row_bytes;              /* bytes of one row */
    uint64_t size_bytes;             /* n_rows * row_bytes */
    const uint8_t *data;             /* size_bytes bytes; may lie at any address */
} mr_gguf_tensor_t;

/* An array value. Elements of number types are read with mr_gguf_array_u64/_f64, strings in order
 * with mr_gguf_array_next_string. */
typedef struct {
    mr_gguf_value_type_t type; /* of the elements; never ARRAY */
    uint64_t count;
    const uint8_t *data; /* elements as stored, little-endian */
    const uint8_t *end;  /* one past the last */
} mr_gguf_array_t;

/* One metadata entry, for listing. */
typedef struct {
    mr_gguf_string_t key;
    mr_gguf_value_type_t type;
} mr_gguf_entry_t;

/* Opens and checks the file at path.
 * @param[out] out    the handle, for mr_gguf_close(); NULL on error
 * @param[out] error  one line naming the file, the cause and the remedy; may be NULL
 * @return MR_OK; MR_IO (cannot be opened, is no regular file, cannot be mapped); MR_FORMAT (broken
 * or truncated); MR_UNSUPPORTED (version or tensor type); MR_RANGE (too large for this machine);
 *         MR_NO_MEMORY; MR_ARG. */
MR_NODISCARD mr_status_t mr_gguf_open(const char *path, mr_gguf_t **out, mr_gguf_error_t *error);

/* As mr_gguf_open() on bytes in memory, which stay the caller's and must outlive the handle.
 * @param name  stands for the file's path in messages; copied */
MR_NODISCARD mr_status_t mr_gguf_open_memory(const void *data, size_t size_bytes, const char *name,
                                             mr_gguf_t **out, mr_gguf_error_t *error);

/* Releases the handle; NULL is allowed. */
void mr_gguf_close(mr_gguf_t *gguf);

/* The path or name given at opening; never NULL. */
const char *mr_gguf_path(const mr_gguf_t *gguf);

/* The file's size in bytes. */
size_t mr_gguf_size_bytes(const mr_gguf_t *gguf);

/* Number of metadata entries, and entry i (file order, i < count). */
size_t mr_gguf_entry_count(const mr_gguf_t *gguf);
mr_gguf_entry_t mr_gguf_entry(const mr_gguf_t *gguf, size_t i);

/* Typed metadata. key is NUL-terminated; out is written on MR_OK only. O(log n).
 * @return MR_OK; MR_NOT_FOUND; MR_FORMAT (another type); MR_RANGE (_u64: a negative number).
 * _u64 takes every integer type, _f64 takes F32 and F64. */
MR_NODISCARD mr_status_t mr_gguf_get_u64(const mr_gguf_t *gguf, const char *key, uint64_t *out);
MR_NODISCARD mr_status_t mr_gguf_get_f64(const mr_gguf_t *gguf, const char *key, double *out);
MR_NODISCARD mr_status_t mr_gguf_get_bool(const mr_gguf_t *gguf, const char *key, bool *out);
MR_NODISCARD mr_status_t mr_gguf_get_string(const mr_gguf_t *gguf, const char *key,
                                            mr_gguf_string_t *out);
MR_NODISCARD mr_status_t mr_gguf_get_array(const mr_gguf_t *gguf, const char *key,
                                           mr_gguf_array_t *out);

/* Type of a metadata value. @return MR_OK or MR_NOT_FOUND. */
MR_NODISCARD mr_status_t mr_gguf_get_type(const mr_gguf_t *gguf, const char *key,
                                          mr_gguf_value_type_t *out);

/* Element i of an array of numbers. _u64 takes integers, _f64 integers and floats.
 * @return MR_OK; MR_FORMAT (elements of another type); MR_RANGE (i >= count, or negative). */
MR_NODISCARD mr_status_t mr_gguf_array_u64(const mr_gguf_array_t *array, uint64_t i, uint64_t *out);
MR_NODISCARD mr_status_t mr_gguf_array_f64(const mr_gguf_array_t *array, uint64_t i, double *out);

/* Takes the first string off an array of strings: *array then holds the rest.
 * @return MR_OK; MR_FORMAT (elements of another type); MR_RANGE (none left). */
MR_NODISCARD mr_status_t mr_gguf_array_next_string(mr_gguf_array_t *array, mr_gguf_string_t *out);

/* Number of tensors, and tensor i (file order, i < count). */
size_t mr_gguf_tensor_count(const mr_gguf_t *gguf);
const mr_gguf_tensor_t *mr_gguf_tensor(const mr_gguf_t *gguf, size_t i);

/* The tensor of that NUL-terminated name, or NULL. O(log n). */
const mr_gguf_tensor_t *mr_gguf_find_tensor(const mr_gguf_t *gguf, const char *name);

/* Name of a tensor type or metadata type, for messages; never NULL. */
const char *mr_gguf_type_name(uint32_t type);
const char *mr_gguf_value_type_name(uint32_t type);

/* Elements and bytes of one block of a type; both 0 for a type that cannot be read. */
uint32_t mr_gguf_block_elems(uint32_t type);
uint32_t mr_gguf_block_bytes(uint32_t type);

/* Dequantises rows [first, first + n_rows) as stored into out[n_rows * dims[0]], in float32:
 * products are exact, each sum is rounded once (round to nearest even). Infinities and NaN pass
 * through.
 * @return MR_OK; MR_RANGE (rows outside the tensor; nothing written). O(elements). */
MR_NODISCARD mr_status_t mr_gguf_tensor_rows_f32(const mr_gguf_tensor_t *tensor, uint64_t first,
                                                 uint64_t n_rows, float *out);

/* Checks that every scale (quantised types) or element (float types) is finite.
 * @param[out] bad_row  the first row that holds an infinity or NaN, written on MR_FORMAT
 * @return MR_OK; MR_FORMAT. O(blocks). */
MR_NODISCARD mr_status_t mr_gguf_tensor_check_finite(const mr_gguf_tensor_t *tensor,
                                                     uint64_t *bad_row);

/* IEEE binary16 <-> binary32; the second rounds to nearest even, overflow gives infinity. */
float mr_gguf_half_to_float(uint16_t half);
uint16_t mr_gguf_float_to_half(float value);

#endif
