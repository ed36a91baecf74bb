/* SPDX-License-Identifier: Apache-2.0 */
/* GGUF container: mapping a file, parsing and checking its header, closing it. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gguf/gguf_internal.h"

#define MR_GGUF_HEADER_BYTES 24u
#define MR_GGUF_DEFAULT_ALIGNMENT 32u
/* The least bytes that an entry can take in the file; they bound the counts before allocating. */
#define MR_GGUF_MIN_KV_BYTES 14u /* key length 8, key 1, type 4, value 1 */
#define MR_GGUF_MIN_TENSOR_BYTES                                                                   \
    33u /* name length 8, name 1, n_dims 4, dim 8, type 4, offset 8                                \
         */

#define MR_GGUF_TRUNCATED "the file is truncated or damaged, download it again"
#define MR_GGUF_DAMAGED "the file is damaged, download it again"

typedef struct {
    mr_gguf_t *gguf;
    size_t pos; /* <= gguf->size_bytes */
    mr_gguf_error_t *error;
} mr_reader_t;

static mr_status_t read_bytes(mr_reader_t *reader, uint64_t n, const char *what,
                              const uint8_t **out) {
    const mr_gguf_t *gguf = reader->gguf;

    if (n > gguf->size_bytes - reader->pos) {
        return mr_gguf_fail(reader->error, MR_FORMAT, gguf->path,
                            "the %s at byte %zu needs %llu bytes, but the file ends at byte "
                            "%zu; " MR_GGUF_TRUNCATED,
                            what, reader->pos, (unsigned long long)n, gguf->size_bytes);
    }
    *out = gguf->base + reader->pos;
    reader->pos += (size_t)n;
    return MR_OK;
}

static mr_status_t read_u32(mr_reader_t *reader, const char *what, uint32_t *out) {
    const uint8_t *p = NULL;

    MR_TRY(read_bytes(reader, 4, what, &p));
    *out = mr_gguf_le32(p);
    return MR_OK;
}

static mr_status_t read_u64(mr_reader_t *reader, const char *what, uint64_t *out) {
    const uint8_t *p = NULL;

    MR_TRY(read_bytes(reader, 8, what, &p));
    *out = mr_gguf_le64(p);
    return MR_OK;
}

static mr_status_t read_string(mr_reader_t *reader, const char *what, mr_gguf_string_t *out) {
    uint64_t length = 0;
    const uint8_t *p = NULL;

    MR_TRY(read_u64(reader, what, &length));
    MR_TRY(read_bytes(reader, length, what, &p));
    out->text = (const char *)p;
    out->length = (size_t)length;
    return MR_OK;
}

/* A name of 1 to max bytes. */
static mr_status_t read_name(mr_reader_t *reader, const char *what, size_t max,
                             mr_gguf_string_t *out) {
    const size_t at = reader->pos;

    MR_TRY(read_string(reader, what, out));
    if (out->length == 0 || out->length > max) {
        return mr_gguf_fail(
            reader->error, MR_FORMAT, reader->gguf->path,
            "the %s at byte %zu is %zu bytes long; 1 to %zu are allowed; " MR_GGUF_DAMAGED, what,
            at, out->length, max);
    }
    return MR_OK;
}

static mr_status_t check_bools(mr_reader_t *reader, mr_gguf_string_t key, const uint8_t *values,
                               uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        if (values[i] > 1) {
            return mr_gguf_fail(reader->error, MR_FORMAT, reader->gguf->path,
                                "metadata key '%s' holds a boolean of value %u; " MR_GGUF_DAMAGED,
                                mr_gguf_quote(key.text, key.length).text, (unsigned)values[i]);
        }
    }
    return MR_OK;
}

/* Reads count values of one non-array type, which ends a value and an array alike. */
static mr_status_t read_values(mr_reader_t *reader, mr_gguf_string_t key, uint32_t type,
                               uint64_t count, mr_gguf_array_t *out) {
    const size_t size = mr_gguf_value_size_bytes(type);
    uint64_t bytes = 0;

    out->type = (mr_gguf_value_type_t)type;
    out->count = count;
    out->data = reader->gguf->base + reader->pos;
    if (type == MR_GGUF_VALUE_STRING) {
        /* Each string takes 8 bytes at least, so this ends within the file whatever the count. */
        for (uint64_t i = 0; i < count; i++) {
            mr_gguf_string_t ignored;
            MR_TRY(read_string(reader, "metadata string", &ignored));
        }
    } else if (size == 0) {
        return mr_gguf_fail(reader->error, MR_FORMAT, reader->gguf->path,
                            "metadata key '%s' has %s type %u; " MR_GGUF_DAMAGED,
                            mr_gguf_quote(key.text, key.length).text,
                            type == MR_GGUF_VALUE_ARRAY ? "nested array" : "unknown", type);
    } else {
        const uint8_t *ignored = NULL;
        if (__builtin_mul_overflow(count, (uint64_t)size, &bytes)) {
            bytes = UINT64_MAX;
        }
        MR_TRY(read_bytes(reader, bytes, "metadata value", &ignored));
    }
    out->end = reader->gguf->base + reader->pos;
    if (type == MR_GGUF_VALUE_BOOL) {
        MR_TRY(check_bools(reader, key, out->data, count));
    }
    return MR_OK;
}

static mr_status_t read_kv(mr_reader_t *reader, mr_gguf_kv_t *kv) {
    uint32_t type = 0;
    uint64_t count = 1;

    MR_TRY(read_name(reader, "metadata key", MR_GGUF_MAX_KEY, &kv->key));
    MR_TRY(read_u32(reader, "metadata type", &type));
    kv->type = (mr_gguf_value_type_t)type;
    if (type == MR_GGUF_VALUE_ARRAY) {
        MR_TRY(read_u32(reader, "metadata array type", &type));
        MR_TRY(read_u64(reader, "metadata array length", &count));
    }
    return read_values(reader, kv->key, type, count, &kv->array);
}

int mr_gguf_string_compare(mr_gguf_string_t a, mr_gguf_string_t b) {
    const int order = memcmp(a.text, b.text, a.length < b.length ? a.length : b.length);

    if (order != 0) {
        return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

static int compare_kv(const void *a, const void *b) {
    const mr_gguf_kv_t *const *x = a;
    const mr_gguf_kv_t *const *y = b;

    return mr_gguf_string_compare((*x)->key, (*y)->key);
}

static int compare_tensors(const void *a, const void *b) {
    const mr_gguf_tensor_t *const *x = a;
    const mr_gguf_tensor_t *const *y = b;

    return mr_gguf_string_compare((*x)->name, (*y)->name);
}

static mr_status_t out_of_memory(const mr_reader_t *reader, size_t bytes) {
    return mr_gguf_fail(reader->error, MR_NO_MEMORY, reader->gguf->path,
                        "out of memory: %zu bytes more are needed to read the "
                        "header" MR_GGUF_NO_MEMORY_ADVICE,
                        bytes);
}

/* Allocates n records and n pointers to them. n is bounded by the file's size. */
static mr_status_t allocate_table(const mr_reader_t *reader, size_t n, size_t record_bytes,
                                  void **records, void **sorted) {
    size_t bytes = 0;

    if (n == 0) {
        return MR_OK;
    }
    if (__builtin_mul_overflow(n, record_bytes, &bytes)) {
        return out_of_memory(reader, SIZE_MAX);
    }
    *records = calloc(n, record_bytes);
    *sorted = calloc(n, sizeof(void *));
    if (*records == NULL || *sorted == NULL) {
        return out_of_memory(reader, bytes);
    }
    return MR_OK;
}

static mr_status_t parse_metadata(mr_reader_t *reader, uint64_t n_kv) {
    mr_gguf_t *gguf = reader->gguf;
    void *records = NULL;
    void *sorted = NULL;

    const mr_status_t status =
        allocate_table(reader, (size_t)n_kv, sizeof(*gguf->kv), &records, &sorted);
    gguf->kv = records;
    gguf->kv_sorted = sorted;
    MR_TRY(status);
    for (size_t i = 0; i < n_kv; i++) {
        MR_TRY(read_kv(reader, &gguf->kv[i]));
        gguf->kv_sorted[i] = &gguf->kv[i];
        gguf->n_kv = i + 1;
    }
    if (gguf->n_kv > 1) {
        qsort(gguf->kv_sorted, gguf->n_kv, sizeof(*gguf->kv_sorted), compare_kv);
    }
    for (size_t i = 1; i < gguf->n_kv; i++) {
        const mr_gguf_string_t key = gguf->kv_sorted[i]->key;
        if (mr_gguf_string_compare(key, gguf->kv_sorted[i - 1]->key) == 0) {
            return mr_gguf_fail(reader->error, MR_FORMAT, gguf->path,
                                "metadata key '%s' occurs twice; " MR_GGUF_DAMAGED,
                                mr_gguf_quote(key.text, key.length).text);
        }
    }
    return MR_OK;
}

/* Fills n_rows, row_bytes and size_bytes from type and dims. */
static mr_status_t measure_tensor(const mr_reader_t *reader, mr_gguf_tensor_t *tensor,
                                  uint32_t type) {
    const char *path = reader->gguf->path;
    const mr_gguf_quote_t name = mr_gguf_quote(tensor->name.text, tensor->name.length);
    const uint32_t elems = mr_gguf_block_elems(type);

    if (elems == 0) {
        return mr_gguf_fail(reader->error, MR_UNSUPPORTED, path,
                            "tensor '%s' has type %u (%s), which is not supported; supported are "
                            "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K",
                            name.text, type, mr_gguf_type_name(type));
    }
    if (tensor->dims[0] % elems != 0) {
        return mr_gguf_fail(reader->error, MR_FORMAT, path,
                            "tensor '%s' has rows of %llu elements, which is no multiple of %s's "
                            "block of %u; " MR_GGUF_DAMAGED,
                            name.text, (unsigned long long)tensor->dims[0], mr_gguf_type_name(type),
                            elems);
    }
    tensor->type = (mr_gguf_type_t)type;
    tensor->n_rows = 1;
    bool overflow = false;
    for (uint32_t i = 1; i < MR_GGUF_MAX_DIMS; i++) {
        overflow |= __builtin_mul_overflow(tensor->n_rows, tensor->dims[i], &tensor->n_rows);
    }
    overflow |= __builtin_mul_overflow(tensor->dims[0] / elems, (uint64_t)mr_gguf_block_bytes(type),
                                       &tensor->row_bytes);
    overflow |= __builtin_mul_overflow(tensor->n_rows, tensor->row_bytes, &tensor->size_bytes);
    if (overflow) {
        return mr_gguf_fail(reader->error, MR_FORMAT, path,
                            "the size of tensor '%s' overflows; " MR_GGUF_DAMAGED, name.text);
    }
    return MR_OK;
}

/* Reads one tensor's description; its offset goes to *offset. */
static mr_status_t read_tensor(mr_reader_t *reader, mr_gguf_tensor_t *tensor, uint64_t *offset) {
    uint32_t type = 0;

    MR_TRY(read_name(reader, "tensor name", MR_GGUF_MAX_TENSOR_NAME, &tensor->name));
    MR_TRY(read_u32(reader, "tensor description", &tensor->n_dims));
    if (tensor->n_dims < 1 || tensor->n_dims > MR_GGUF_MAX_DIMS) {
        return mr_gguf_fail(reader->error, MR_FORMAT, reader->gguf->path,
                            "tensor '%s' has %u dimensions; 1 to %u are allowed; " MR_GGUF_DAMAGED,
                            mr_gguf_quote(tensor->name.text, tensor->name.length).text,
                            tensor->n_dims, MR_GGUF_MAX_DIMS);
    }
    for (uint32_t i = 0; i < MR_GGUF_MAX_DIMS; i++) {
        tensor->dims[i] = 1;
        if (i < tensor->n_dims) {
            MR_TRY(read_u64(reader, "tensor description", &tensor->dims[i]));
        }
        if (tensor->dims[i] == 0) {
            return mr_gguf_fail(reader->error, MR_FORMAT, reader->gguf->path,
                                "dimension %u of tensor '%s' is 0; " MR_GGUF_DAMAGED, i,
                                mr_gguf_quote(tensor->name.text, tensor->name.length).text);
        }
    }
    MR_TRY(read_u32(reader, "tensor description", &type));
    MR_TRY(read_u64(reader, "tensor description", offset));
    return measure_tensor(reader, tensor, type);
}

/* Tensors follow one another, each at the next aligned offset. Anything else would let tensors
 * overlap, and so a small file claim any amount of data. */
static mr_status_t place_tensors(mr_reader_t *reader, const uint64_t *offsets, uint64_t alignment) {
    mr_gguf_t *gguf = reader->gguf;
    const uint64_t pad = alignment - 1;
    const uint64_t start = ((uint64_t)reader->pos + pad) & ~pad;
    uint64_t expected = 0;

    for (size_t i = 0; i < gguf->n_tensors; i++) {
        mr_gguf_tensor_t *tensor = &gguf->tensors[i];
        uint64_t end = 0;
        if (offsets[i] != expected) {
            return mr_gguf_fail(reader->error, MR_FORMAT, gguf->path,
                                "tensor '%s' has offset %llu, but %llu is where the one before it "
                                "ends, aligned to %llu bytes; " MR_GGUF_DAMAGED,
                                mr_gguf_quote(tensor->name.text, tensor->name.length).text,
                                (unsigned long long)offsets[i], (unsigned long long)expected,
                                (unsigned long long)alignment);
        }
        if (__builtin_add_overflow(start + expected, tensor->size_bytes, &end)) {
            end = UINT64_MAX;
        }
        if (end > gguf->size_bytes) {
            return mr_gguf_fail(
                reader->error, MR_FORMAT, gguf->path,
                "tensor '%s' ends at byte %llu, past the file's end at %zu; " MR_GGUF_TRUNCATED,
                mr_gguf_quote(tensor->name.text, tensor->name.length).text, (unsigned long long)end,
                gguf->size_bytes);
        }
        tensor->data = gguf->base + (size_t)(start + expected);
        expected = (expected + tensor->size_bytes + pad) & ~pad;
    }
    return MR_OK;
}

static mr_status_t check_tensor_names(mr_reader_t *reader) {
    const mr_gguf_t *gguf = reader->gguf;

    if (gguf->n_tensors > 1) {
        qsort(gguf->tensors_sorted, gguf->n_tensors, sizeof(*gguf->tensors_sorted),
              compare_tensors);
    }
    for (size_t i = 1; i < gguf->n_tensors; i++) {
        const mr_gguf_string_t name = gguf->tensors_sorted[i]->name;
        if (mr_gguf_string_compare(name, gguf->tensors_sorted[i - 1]->name) == 0) {
            return mr_gguf_fail(reader->error, MR_FORMAT, gguf->path,
                                "tensor '%s' occurs twice; " MR_GGUF_DAMAGED,
                                mr_gguf_quote(name.text, name.length).text);
        }
    }
    return MR_OK;
}

static mr_status_t read_tensors(mr_reader_t *reader, uint64_t *offsets, size_t n) {
    mr_gguf_t *gguf = reader->gguf;
    uint64_t alignment = MR_GGUF_DEFAULT_ALIGNMENT;

    const mr_status_t status = mr_gguf_get_u64(gguf, "general.alignment", &alignment);
    if ((status != MR_OK && status != MR_NOT_FOUND) || alignment == 0 || alignment > UINT32_MAX ||
        (alignment & (alignment - 1)) != 0) {
        return mr_gguf_fail(reader->error, MR_FORMAT, gguf->path,
                            "general.alignment is no power of two of type u32; " MR_GGUF_DAMAGED);
    }
    for (size_t i = 0; i < n; i++) {
        MR_TRY(read_tensor(reader, &gguf->tensors[i], &offsets[i]));
        gguf->tensors_sorted[i] = &gguf->tensors[i];
        gguf->n_tensors = i + 1;
    }
    MR_TRY(check_tensor_names(reader));
    return place_tensors(reader, offsets, alignment);
}

static mr_status_t parse_tensors(mr_reader_t *reader, uint64_t n_tensors) {
    mr_gguf_t *gguf = reader->gguf;
    const size_t n = (size_t)n_tensors;
    void *records = NULL;
    void *sorted = NULL;

    mr_status_t status = allocate_table(reader, n, sizeof(*gguf->tensors), &records, &sorted);
    gguf->tensors = records;
    gguf->tensors_sorted = sorted;
    MR_TRY(status);
    uint64_t *offsets = calloc(n + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return out_of_memory(reader, n * sizeof(*offsets));
    }
    status = read_tensors(reader, offsets, n);
    free(offsets);
    return status;
}

static mr_status_t check_count(const mr_reader_t *reader, const char *what, uint64_t count,
                               uint64_t min_bytes) {
    const size_t left = reader->gguf->size_bytes - reader->pos;

    if (count > left / min_bytes) {
        return mr_gguf_fail(
            reader->error, MR_FORMAT, reader->gguf->path,
            "the header claims %llu %s, but only %zu bytes follow it; " MR_GGUF_TRUNCATED,
            (unsigned long long)count, what, left);
    }
    return MR_OK;
}

static mr_status_t parse(mr_gguf_t *gguf, mr_gguf_error_t *error) {
    mr_reader_t reader = {.gguf = gguf, .pos = 0, .error = error};
    const uint8_t *magic = NULL;
    uint32_t version = 0;
    uint64_t n_tensors = 0;
    uint64_t n_kv = 0;

    if (gguf->size_bytes < MR_GGUF_HEADER_BYTES) {
        return mr_gguf_fail(
            error, MR_FORMAT, gguf->path,
            "the file has %zu bytes, but a GGUF header alone has %u; " MR_GGUF_TRUNCATED,
            gguf->size_bytes, MR_GGUF_HEADER_BYTES);
    }
    MR_TRY(read_bytes(&reader, 4, "magic", &magic));
    if (memcmp(magic, "GGUF", 4) != 0) {
        return mr_gguf_fail(error, MR_FORMAT, gguf->path,
                            "this is no GGUF file: it does not begin with \"GGUF\"");
    }
    MR_TRY(read_u32(&reader, "version", &version));
    if (version != 2 && version != 3) {
        const bool swapped = version != 0 && (version & 0xFFFFu) == 0;
        return mr_gguf_fail(error, MR_UNSUPPORTED, gguf->path,
                            "GGUF version %u%s is not supported; versions 2 and 3 (little-endian) "
                            "are, so convert the model again with a current converter",
                            swapped ? version >> 24 : version, swapped ? " (big-endian)" : "");
    }
    MR_TRY(read_u64(&reader, "tensor count", &n_tensors));
    MR_TRY(read_u64(&reader, "metadata count", &n_kv));
    MR_TRY(check_count(&reader, "metadata keys", n_kv, MR_GGUF_MIN_KV_BYTES));
    MR_TRY(check_count(&reader, "tensors", n_tensors, MR_GGUF_MIN_TENSOR_BYTES));
    MR_TRY(parse_metadata(&reader, n_kv));
    return parse_tensors(&reader, n_tensors);
}

/* Allocates a handle that holds a copy of the name. */
static mr_gguf_t *allocate_handle(const char *name) {
    mr_gguf_t *gguf = calloc(1, sizeof(*gguf));
    const size_t bytes = strlen(name) + 1;

    if (gguf == NULL) {
        return NULL;
    }
    gguf->path = malloc(bytes);
    if (gguf->path == NULL) {
        free(gguf);
        return NULL;
    }
    memcpy(gguf->path, name, bytes);
    return gguf;
}

mr_status_t mr_gguf_open_memory(const void *data, size_t size_bytes, const char *name,
                                mr_gguf_t **out, mr_gguf_error_t *error) {
    if (out == NULL || name == NULL || (data == NULL && size_bytes != 0)) {
        return mr_gguf_fail(error, MR_ARG, NULL, "no data, name or place for the handle was given");
    }
    *out = NULL;
    mr_gguf_t *gguf = allocate_handle(name);
    if (gguf == NULL) {
        return mr_gguf_fail(error, MR_NO_MEMORY, name, "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    gguf->base = data;
    gguf->size_bytes = size_bytes;
    const mr_status_t status = parse(gguf, error);
    if (status != MR_OK) {
        mr_gguf_close(gguf);
        return status;
    }
    *out = gguf;
    return MR_OK;
}

/* Maps the regular file behind fd into the handle. */
static mr_status_t map_file(mr_gguf_t *gguf, int fd, mr_gguf_error_t *error) {
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return mr_gguf_fail(error, MR_IO, gguf->path, "cannot be read: %s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return mr_gguf_fail(error, MR_IO, gguf->path, "this is %s; give the path of a GGUF file",
                            S_ISDIR(info.st_mode) ? "a directory" : "no regular file");
    }
    if ((uint64_t)info.st_size > SIZE_MAX) {
        return mr_gguf_fail(error, MR_RANGE, gguf->path, "too large for this machine's addresses");
    }
    gguf->size_bytes = (size_t)info.st_size;
    if (gguf->size_bytes == 0) {
        return mr_gguf_fail(error, MR_FORMAT, gguf->path, "the file is empty; download it again");
    }
    void *mapping = mmap(NULL, gguf->size_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping == MAP_FAILED) {
        return mr_gguf_fail(error, MR_IO, gguf->path, "cannot be mapped: %s", strerror(errno));
    }
    gguf->mapping = mapping;
    gguf->base = mapping;
    return MR_OK;
}

mr_status_t mr_gguf_open(const char *path, mr_gguf_t **out, mr_gguf_error_t *error) {
    if (out == NULL || path == NULL) {
        return mr_gguf_fail(error, MR_ARG, NULL, "no path or place for the handle was given");
    }
    *out = NULL;
    /* O_NONBLOCK: opening a named pipe must not wait for a writer. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return mr_gguf_fail(error, MR_IO, path, "cannot be opened: %s", strerror(errno));
    }
    mr_gguf_t *gguf = allocate_handle(path);
    mr_status_t status = MR_OK;
    if (gguf == NULL) {
        status = mr_gguf_fail(error, MR_NO_MEMORY, path, "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    } else {
        status = map_file(gguf, fd, error);
    }
    (void)close(fd);
    if (status == MR_OK) {
        status = parse(gguf, error);
    }
    if (status != MR_OK) {
        mr_gguf_close(gguf);
        return status;
    }
    *out = gguf;
    return MR_OK;
}

void mr_gguf_close(mr_gguf_t *gguf) {
    if (gguf == NULL) {
        return;
    }
    if (gguf->mapping != NULL) {
        (void)munmap(gguf->mapping, gguf->size_bytes);
    }
    free(gguf->kv);
    free(gguf->kv_sorted);
    free(gguf->tensors);
    free(gguf->tensors_sorted);
    free(gguf->path);
    free(gguf);
}
