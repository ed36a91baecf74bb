/* SPDX-License-Identifier: Apache-2.0 */
/* GGUF container: typed access to metadata and tensors of an open handle. */
#include <string.h>

#include "gguf/gguf_internal.h"

static const struct {
    const char *name;
    uint8_t bytes; /* 0: no fixed size */
} mr_value_types[] = {
    [MR_GGUF_VALUE_U8] = {"u8", 1},         [MR_GGUF_VALUE_I8] = {"i8", 1},
    [MR_GGUF_VALUE_U16] = {"u16", 2},       [MR_GGUF_VALUE_I16] = {"i16", 2},
    [MR_GGUF_VALUE_U32] = {"u32", 4},       [MR_GGUF_VALUE_I32] = {"i32", 4},
    [MR_GGUF_VALUE_F32] = {"f32", 4},       [MR_GGUF_VALUE_BOOL] = {"bool", 1},
    [MR_GGUF_VALUE_STRING] = {"string", 0}, [MR_GGUF_VALUE_ARRAY] = {"array", 0},
    [MR_GGUF_VALUE_U64] = {"u64", 8},       [MR_GGUF_VALUE_I64] = {"i64", 8},
    [MR_GGUF_VALUE_F64] = {"f64", 8},
};

#define MR_N_VALUE_TYPES (sizeof(mr_value_types) / sizeof(mr_value_types[0]))

size_t mr_gguf_value_size_bytes(uint32_t type) {
    return type < MR_N_VALUE_TYPES ? mr_value_types[type].bytes : 0;
}

const char *mr_gguf_value_type_name(uint32_t type) {
    return type < MR_N_VALUE_TYPES ? mr_value_types[type].name : "unknown";
}

const char *mr_gguf_path(const mr_gguf_t *gguf) {
    return gguf->path;
}

size_t mr_gguf_size_bytes(const mr_gguf_t *gguf) {
    return gguf->size_bytes;
}

size_t mr_gguf_entry_count(const mr_gguf_t *gguf) {
    return gguf->n_kv;
}

mr_gguf_entry_t mr_gguf_entry(const mr_gguf_t *gguf, size_t i) {
    return (mr_gguf_entry_t){.key = gguf->kv[i].key, .type = gguf->kv[i].type};
}

size_t mr_gguf_tensor_count(const mr_gguf_t *gguf) {
    return gguf->n_tensors;
}

const mr_gguf_tensor_t *mr_gguf_tensor(const mr_gguf_t *gguf, size_t i) {
    return &gguf->tensors[i];
}

const mr_gguf_kv_t *mr_gguf_find_kv(const mr_gguf_t *gguf, const char *key) {
    const mr_gguf_string_t wanted = {.text = key, .length = strlen(key)};
    size_t low = 0;
    size_t high = gguf->n_kv;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = mr_gguf_string_compare(gguf->kv_sorted[middle]->key, wanted);
        if (order == 0) {
            return gguf->kv_sorted[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const mr_gguf_tensor_t *mr_gguf_find_tensor(const mr_gguf_t *gguf, const char *name) {
    const mr_gguf_string_t wanted = {.text = name, .length = strlen(name)};
    size_t low = 0;
    size_t high = gguf->n_tensors;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = mr_gguf_string_compare(gguf->tensors_sorted[middle]->name, wanted);
        if (order == 0) {
            return gguf->tensors_sorted[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* Sign-extends or zero-extends an integer of any type. @return false for other types. */
static bool load_integer(const uint8_t *p, mr_gguf_value_type_t type, uint64_t *bits,
                         bool *negative) {
    int64_t value = 0;

    *negative = false;
    switch (type) {
    case MR_GGUF_VALUE_U8:
        *bits = *p;
        return true;
    case MR_GGUF_VALUE_U16:
        *bits = mr_gguf_le16(p);
        return true;
    case MR_GGUF_VALUE_U32:
        *bits = mr_gguf_le32(p);
        return true;
    case MR_GGUF_VALUE_U64:
        *bits = mr_gguf_le64(p);
        return true;
    case MR_GGUF_VALUE_I8:
        value = (int8_t)*p;
        break;
    case MR_GGUF_VALUE_I16:
        value = (int16_t)mr_gguf_le16(p);
        break;
    case MR_GGUF_VALUE_I32:
        value = (int32_t)mr_gguf_le32(p);
        break;
    case MR_GGUF_VALUE_I64:
        value = (int64_t)mr_gguf_le64(p);
        break;
    case MR_GGUF_VALUE_F32:
    case MR_GGUF_VALUE_BOOL:
    case MR_GGUF_VALUE_STRING:
    case MR_GGUF_VALUE_ARRAY:
    case MR_GGUF_VALUE_F64:
    default:
        return false;
    }
    *negative = value < 0;
    *bits = (uint64_t)value;
    return true;
}

static bool load_float(const uint8_t *p, mr_gguf_value_type_t type, double *out) {
    if (type == MR_GGUF_VALUE_F32) {
        const uint32_t bits = mr_gguf_le32(p);
        float value = 0.0f;
        memcpy(&value, &bits, sizeof(value));
        *out = (double)value;
        return true;
    }
    if (type == MR_GGUF_VALUE_F64) {
        const uint64_t bits = mr_gguf_le64(p);
        memcpy(out, &bits, sizeof(*out));
        return true;
    }
    return false;
}

mr_status_t mr_gguf_array_u64(const mr_gguf_array_t *array, uint64_t i, uint64_t *out) {
    uint64_t bits = 0;
    bool negative = false;

    if (i >= array->count) {
        return MR_RANGE;
    }
    const size_t size = mr_gguf_value_size_bytes(array->type);
    if (size == 0 || !load_integer(array->data + (size_t)i * size, array->type, &bits, &negative)) {
        return MR_FORMAT;
    }
    if (negative) {
        return MR_RANGE;
    }
    *out = bits;
    return MR_OK;
}

mr_status_t mr_gguf_array_f64(const mr_gguf_array_t *array, uint64_t i, double *out) {
    uint64_t bits = 0;
    bool negative = false;

    if (i >= array->count) {
        return MR_RANGE;
    }
    const size_t size = mr_gguf_value_size_bytes(array->type);
    if (size == 0) {
        return MR_FORMAT;
    }
    const uint8_t *p = array->data + (size_t)i * size;
    if (load_float(p, array->type, out)) {
        return MR_OK;
    }
    if (!load_integer(p, array->type, &bits, &negative)) {
        return MR_FORMAT;
    }
    *out = negative ? (double)(int64_t)bits : (double)bits;
    return MR_OK;
}

mr_status_t mr_gguf_array_next_string(mr_gguf_array_t *array, mr_gguf_string_t *out) {
    if (array->type != MR_GGUF_VALUE_STRING) {
        return MR_FORMAT;
    }
    if (array->count == 0) {
        return MR_RANGE;
    }
    const size_t length = (size_t)mr_gguf_le64(array->data);
    out->text = (const char *)(array->data + 8);
    out->length = length;
    array->data += 8 + length;
    array->count--;
    return MR_OK;
}

mr_status_t mr_gguf_get_type(const mr_gguf_t *gguf, const char *key, mr_gguf_value_type_t *out) {
    const mr_gguf_kv_t *kv = mr_gguf_find_kv(gguf, key);

    if (kv == NULL) {
        return MR_NOT_FOUND;
    }
    *out = kv->type;
    return MR_OK;
}

mr_status_t mr_gguf_get_u64(const mr_gguf_t *gguf, const char *key, uint64_t *out) {
    const mr_gguf_kv_t *kv = mr_gguf_find_kv(gguf, key);

    if (kv == NULL) {
        return MR_NOT_FOUND;
    }
    return kv->type == MR_GGUF_VALUE_ARRAY ? MR_FORMAT : mr_gguf_array_u64(&kv->array, 0, out);
}

mr_status_t mr_gguf_get_f64(const mr_gguf_t *gguf, const char *key, double *out) {
    const mr_gguf_kv_t *kv = mr_gguf_find_kv(gguf, key);

    if (kv == NULL) {
        return MR_NOT_FOUND;
    }
    return load_float(kv->array.data, kv->type, out) ? MR_OK : MR_FORMAT;
}

mr_status_t mr_gguf_get_bool(const mr_gguf_t *gguf, const char *key, bool *out) {
    const mr_gguf_kv_t *kv = mr_gguf_find_kv(gguf, key);

    if (kv == NULL) {
        return MR_NOT_FOUND;
    }
    if (kv->type != MR_GGUF_VALUE_BOOL) {
        return MR_FORMAT;
    }
    *out = kv->array.data[0] != 0;
    return MR_OK;
}

mr_status_t mr_gguf_get_string(const mr_gguf_t *gguf, const char *key, mr_gguf_string_t *out) {
    const mr_gguf_kv_t *kv = mr_gguf_find_kv(gguf, key);

    if (kv == NULL) {
        return MR_NOT_FOUND;
    }
    if (kv->type != MR_GGUF_VALUE_STRING) {
        return MR_FORMAT;
    }
    mr_gguf_array_t value = kv->array;
    return mr_gguf_array_next_string(&value, out);
}

mr_status_t mr_gguf_get_array(const mr_gguf_t *gguf, const char *key, mr_gguf_array_t *out) {
    const mr_gguf_kv_t *kv = mr_gguf_find_kv(gguf, key);

    if (kv == NULL) {
        return MR_NOT_FOUND;
    }
    if (kv->type != MR_GGUF_VALUE_ARRAY) {
        return MR_FORMAT;
    }
    *out = kv->array;
    return MR_OK;
}
