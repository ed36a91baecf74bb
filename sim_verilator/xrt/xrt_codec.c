/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of XRT's hw_emu protocol. */
#include "xrt_codec.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };
enum { TAG_SIZE = 0x09, TAG_API = 0x15, API_AT = 9 };

/* Numbers of a call's fields; 0: it has no such field. */
typedef struct {
    uint8_t api;
    uint8_t addr, size, data, offset;
} layout_t;

static const layout_t layouts[] = {
    {MR_XRT_ALLOC, 1, 2, 0, 0},    {MR_XRT_FREE, 1, 0, 0, 0},      {MR_XRT_MEM_WRITE, 3, 5, 4, 6},
    {MR_XRT_MEM_READ, 4, 5, 0, 6}, {MR_XRT_RAM_WRITE, 2, 3, 4, 0}, {MR_XRT_REG_WRITE, 2, 3, 4, 0},
    {MR_XRT_RAM_READ, 2, 3, 0, 0}, {MR_XRT_REG_READ, 2, 3, 0, 0},
};

typedef struct {
    const uint8_t *at;
    size_t left;
} reader_t;

static uint64_t little(const uint8_t *bytes, size_t n) {
    uint64_t value = 0;
    for (size_t i = n; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

static bool take(reader_t *r, size_t n, const uint8_t **bytes) {
    if (n > r->left) {
        return false;
    }
    *bytes = r->at;
    r->at += n;
    r->left -= n;
    return true;
}

static bool take_varint(reader_t *r, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *byte;
        if (!take(r, 1, &byte)) {
            return false;
        }
        *value |= (uint64_t)(*byte & 0x7Fu) << shift;
        if ((*byte & 0x80u) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes a field: a number, or bytes. */
static bool take_field(reader_t *r, uint64_t *number, uint64_t *value, const uint8_t **bytes,
                       size_t *n) {
    uint64_t tag;
    *bytes = NULL;
    *n = 0;
    *value = 0;
    if (!take_varint(r, &tag)) {
        return false;
    }
    *number = tag >> 3;
    switch (tag & 7u) {
    case WIRE_VARINT:
        return take_varint(r, value);
    case WIRE_FIXED64:
    case WIRE_FIXED32: {
        const size_t width = (tag & 7u) == WIRE_FIXED64 ? 8 : 4;
        const uint8_t *fixed;
        if (!take(r, width, &fixed)) {
            return false;
        }
        *value = little(fixed, width);
        return true;
    }
    case WIRE_BYTES:
        if (!take_varint(r, value) || *value > r->left) {
            return false;
        }
        *n = (size_t)*value;
        return take(r, *n, bytes);
    default:
        return false;
    }
}

bool mr_xrt_decode_header(const uint8_t header[MR_XRT_CALL_HEADER], uint32_t *api,
                          size_t *payload_bytes) {
    const uint64_t size = little(header + 1, 8);
    *api = (uint32_t)little(header + API_AT + 1, 4);
    *payload_bytes = 0;
    if (header[0] != TAG_SIZE || header[API_AT] != TAG_API || size > MR_XRT_PAYLOAD_MAX) {
        return false;
    }
    *payload_bytes = (size_t)size;
    return true;
}

bool mr_xrt_decode_call(uint32_t api, const uint8_t *payload, size_t n, mr_xrt_call_t *call) {
    static const layout_t none = {0, 0, 0, 0, 0};
    const layout_t *layout = &none;
    reader_t r = {payload, n};
    *call = (mr_xrt_call_t){0, 0, 0, NULL, 0};
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        layout = layouts[i].api == api ? &layouts[i] : layout;
    }
    while (r.left > 0) {
        uint64_t number;
        uint64_t value;
        const uint8_t *bytes;
        size_t bytes_n;
        if (!take_field(&r, &number, &value, &bytes, &bytes_n) || number == 0) {
            return false;
        }
        if (number == layout->data) {
            call->data = bytes;
            call->data_bytes = bytes_n;
        } else if (number == layout->addr) {
            call->addr = value;
        } else if (number == layout->size) {
            call->size = value;
        } else if (number == layout->offset) {
            call->offset = value;
        }
    }
    return true;
}

static uint8_t *put_varint(uint8_t *out, uint64_t value) {
    while (value > 0x7Fu) {
        *out++ = (uint8_t)(value | 0x80u);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static uint8_t *put_little(uint8_t *out, uint64_t value, size_t n) {
    for (size_t i = 0; i < n; i++) {
        *out++ = (uint8_t)(value >> 8 * i);
    }
    return out;
}

size_t mr_xrt_encode_answer(uint32_t api, const mr_xrt_answer_t *answer, uint8_t *out) {
    uint8_t *const payload = out + MR_XRT_ANSWER_HEADER;
    uint8_t *at = payload;
    if (api != MR_XRT_MESSAGES) { /* that one is empty */
        *at++ = 1u << 3 | WIRE_VARINT;
        at = put_varint(at, answer->value);
    }
    if (answer->data != NULL) {
        *at++ = 2u << 3 | WIRE_BYTES;
        at = put_varint(at, answer->data_bytes);
        memcpy(at, answer->data, answer->data_bytes);
        at += answer->data_bytes;
    }
    out[0] = TAG_SIZE;
    (void)put_little(out + 1, (uint64_t)(at - payload), 8);
    return (size_t)(at - out);
}

void mr_xrt_encode_header(uint32_t api, uint8_t out[MR_XRT_CALL_HEADER]) {
    out[0] = TAG_SIZE;
    (void)put_little(out + 1, 0, 8);
    out[API_AT] = TAG_API;
    (void)put_little(out + API_AT + 1, api, 4);
}
