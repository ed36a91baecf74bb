/* SPDX-License-Identifier: Apache-2.0 */
/* Builds GGUF files in memory for tests. */
#include "gguf_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"

const mr_fixture_piece_t mr_fixture_pieces[MR_FIXTURE_N_PIECES] = {
    {"\xE2\x96\x81", -100.0f, 1},
    {"a", -101.0f, 1},
    {"b", -102.0f, 1},
    {"c", -103.0f, 1},
    {"d", -104.0f, 1},
    {"e", -105.0f, 1},
    {"\xC3\xA9", -106.0f, 1},
    {"ab", -1.0f, 1},
    {"bc", -2.0f, 1},
    {"cd", -2.0f, 1},
    {"abc", -3.0f, 1},
    {"bcd", -4.0f, 1},
    {"\xE2\x96\x81"
     "a",
     -5.0f, 1},
    {"\xE2\x96\x81"
     "ab",
     -6.0f, 1},
    {"aa", -7.0f, 1},
    {"aaa", -8.0f, 1},
    {"aaaa", -7.5f, 1},
    {"\xE2\x96\x81\xE2\x96\x81", -9.0f, 1},
    {"de", -10.0f, 1},
    {"\xC3\xA9"
     "a",
     -11.0f, 1},
    {"<tool>", 0.0f, 4},
    {"<to", 0.0f, 4},
    {"<|im_end|>", 0.0f, 3},
    {"<gap>", 0.0f, 5},
    {"ea", -12.0f, 1},
    {"eb", -12.0f, 1},
    {"ee", -12.0f, 1},
    {"dd", -13.0f, 1},
    {"ddd", -13.0f, 1},
    {"<s", -14.0f, 1},
    {">", -15.0f, 1},
};

void mr_builder_put(mr_builder_buffer_t *buffer, const void *bytes, size_t size) {
    if (buffer->size + size > buffer->capacity) {
        buffer->capacity = 2 * (buffer->size + size);
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (buffer->bytes == NULL) {
            abort();
        }
    }
    if (size != 0) {
        memcpy(buffer->bytes + buffer->size, bytes, size);
    }
    buffer->size += size;
}

void mr_builder_put_u32(mr_builder_buffer_t *buffer, uint32_t value) {
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 24)};

    mr_builder_put(buffer, bytes, sizeof(bytes));
}

void mr_builder_put_u64(mr_builder_buffer_t *buffer, uint64_t value) {
    mr_builder_put_u32(buffer, (uint32_t)value);
    mr_builder_put_u32(buffer, (uint32_t)(value >> 32));
}

void mr_builder_put_f32(mr_builder_buffer_t *buffer, float value) {
    uint32_t bits = 0;

    memcpy(&bits, &value, sizeof(bits));
    mr_builder_put_u32(buffer, bits);
}

void mr_builder_put_string(mr_builder_buffer_t *buffer, const char *text) {
    mr_builder_put_u64(buffer, strlen(text));
    mr_builder_put(buffer, text, strlen(text));
}

void mr_builder_init(mr_builder_t *b) {
    *b = (mr_builder_t){.alignment = 32, .version = 3};
}

void mr_builder_key(mr_builder_t *b, const char *key, uint32_t type) {
    mr_builder_put_string(&b->kv, key);
    mr_builder_put_u32(&b->kv, type);
    b->n_kv++;
}

void mr_builder_array(mr_builder_t *b, const char *key, uint32_t type, uint64_t count) {
    mr_builder_key(b, key, MR_GGUF_VALUE_ARRAY);
    mr_builder_put_u32(&b->kv, type);
    mr_builder_put_u64(&b->kv, count);
}

void mr_builder_u32(mr_builder_t *b, const char *key, uint32_t value) {
    mr_builder_key(b, key, MR_GGUF_VALUE_U32);
    mr_builder_put_u32(&b->kv, value);
}

void mr_builder_f32(mr_builder_t *b, const char *key, float value) {
    mr_builder_key(b, key, MR_GGUF_VALUE_F32);
    mr_builder_put_f32(&b->kv, value);
}

void mr_builder_bool(mr_builder_t *b, const char *key, bool value) {
    const uint8_t byte = value ? 1 : 0;

    mr_builder_key(b, key, MR_GGUF_VALUE_BOOL);
    mr_builder_put(&b->kv, &byte, 1);
}

void mr_builder_string(mr_builder_t *b, const char *key, const char *value) {
    mr_builder_key(b, key, MR_GGUF_VALUE_STRING);
    mr_builder_put_string(&b->kv, value);
}

static void pad_to(mr_builder_buffer_t *buffer, size_t alignment) {
    static const uint8_t zero = 0;

    while (buffer->size % alignment != 0) {
        mr_builder_put(buffer, &zero, 1);
    }
}

void mr_builder_tensor(mr_builder_t *b, const char *name, uint32_t type, uint32_t n_dims,
                       const uint64_t *dims, const void *data, size_t bytes) {
    pad_to(&b->data, b->alignment);
    mr_builder_put_string(&b->infos, name);
    mr_builder_put_u32(&b->infos, n_dims);
    for (uint32_t i = 0; i < n_dims; i++) {
        mr_builder_put_u64(&b->infos, dims[i]);
    }
    mr_builder_put_u32(&b->infos, type);
    mr_builder_put_u64(&b->infos, b->data.size);
    mr_builder_put(&b->data, data, bytes);
    b->n_tensors++;
}

uint8_t *mr_builder_finish(mr_builder_t *b, size_t *size, size_t *header_bytes) {
    mr_builder_buffer_t file = {0};

    mr_builder_put(&file, "GGUF", 4);
    mr_builder_put_u32(&file, b->version);
    mr_builder_put_u64(&file, b->n_tensors);
    mr_builder_put_u64(&file, b->n_kv);
    mr_builder_put(&file, b->kv.bytes, b->kv.size);
    mr_builder_put(&file, b->infos.bytes, b->infos.size);
    pad_to(&file, b->alignment);
    if (header_bytes != NULL) {
        *header_bytes = file.size;
    }
    mr_builder_put(&file, b->data.bytes, b->data.size);
    free(b->kv.bytes);
    free(b->infos.bytes);
    free(b->data.bytes);
    mr_builder_init(b);
    *size = file.size;
    return file.bytes;
}

uint64_t mr_builder_random(uint64_t *state) {
    /* splitmix64: any seed, also 0, gives a good sequence. */
    *state += 0x9E3779B97F4A7C15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* A finite half of about 2^-7 with random sign and mantissa. */
static void put_scale(uint8_t *p, uint64_t *state) {
    const uint32_t bits = (uint32_t)mr_builder_random(state);
    const uint32_t half = (bits & 0x8000u) | (7u + (bits >> 10 & 1u)) << 10 | (bits & 0x3FFu);

    p[0] = (uint8_t)half;
    p[1] = (uint8_t)(half >> 8);
}

/* Makes the scales of a block, or the element of a float type, finite and small. */
static void fix_scales(uint32_t type, uint8_t *block, uint64_t *state) {
    switch (type) {
    case MR_GGUF_TYPE_F32:
    case MR_GGUF_TYPE_BF16:
        /* Exponent 0x3C..0x3D with the top mantissa bits as they are. */
        block[type == MR_GGUF_TYPE_F32 ? 3 : 1] =
            (uint8_t)((block[type == MR_GGUF_TYPE_F32 ? 3 : 1] & 0x80u) | 0x3Cu);
        break;
    case MR_GGUF_TYPE_Q6_K:
        put_scale(block + 208, state);
        break;
    case MR_GGUF_TYPE_Q4_1:
    case MR_GGUF_TYPE_Q5_1:
    case MR_GGUF_TYPE_Q4_K:
    case MR_GGUF_TYPE_Q5_K:
        put_scale(block, state);
        put_scale(block + 2, state);
        break;
    default:
        put_scale(block, state);
        break;
    }
}

uint8_t *mr_builder_random_blocks(uint32_t type, size_t elems, uint64_t *state, size_t *bytes) {
    const size_t block = mr_gguf_block_bytes(type);
    const size_t n = elems / mr_gguf_block_elems(type);
    uint8_t *data = malloc(n * block + 1);

    if (data == NULL) {
        abort();
    }
    for (size_t i = 0; i < n * block; i++) {
        data[i] = (uint8_t)mr_builder_random(state);
    }
    for (size_t i = 0; i < n; i++) {
        fix_scales(type, data + i * block, state);
    }
    *bytes = n * block;
    return data;
}

mr_fixture_t mr_fixture_default(void) {
    return (mr_fixture_t){
        .n_layers = 2,
        .d = 64,
        .n_heads = 8,
        .n_kv_heads = 4,
        .head_dim = 8,
        .n_ff = 96,
        .vocab = 300,
        .context = 128,
        .type = MR_GGUF_TYPE_Q8_0,
        .down_type = MR_GGUF_TYPE_Q8_0,
        .architecture = "llama",
        .tokenizer = "llama",
        .seed = 1,
    };
}

static bool is_name(const char *a, const char *b) {
    return a != NULL && strcmp(a, b) == 0;
}

/* Whether the key is to be written as usual; writes the string instead of it if asked for. */
static bool wanted(mr_builder_t *b, const mr_fixture_t *f, const char *key) {
    if (is_name(f->skip, key)) {
        return false;
    }
    if (is_name(f->as_string, key)) {
        mr_builder_string(b, key, "not a number");
        return false;
    }
    return true;
}

static void add_u32(mr_builder_t *b, const mr_fixture_t *f, const char *key, uint32_t value) {
    if (wanted(b, f, key)) {
        mr_builder_u32(b, key, value);
    }
}

static void add_vocabulary(mr_builder_t *b, const mr_fixture_t *f) {
    char text[24];

    if (wanted(b, f, "tokenizer.ggml.tokens")) {
        mr_builder_array(b, "tokenizer.ggml.tokens", MR_GGUF_VALUE_STRING, f->vocab);
        mr_builder_put_string(&b->kv, "<unk>");
        mr_builder_put_string(&b->kv, "<s>");
        mr_builder_put_string(&b->kv, "</s>");
        for (uint32_t i = 0; i < 256; i++) {
            (void)snprintf(text, sizeof(text), "<0x%02X>", i);
            mr_builder_put_string(&b->kv, text);
        }
        for (uint32_t i = 0; i < f->vocab - MR_FIXTURE_FIRST_PIECE; i++) {
            (void)snprintf(text, sizeof(text), "filler%u", i);
            mr_builder_put_string(&b->kv,
                                  i < MR_FIXTURE_N_PIECES ? mr_fixture_pieces[i].text : text);
        }
    }
    if (wanted(b, f, "tokenizer.ggml.scores")) {
        mr_builder_array(b, "tokenizer.ggml.scores", MR_GGUF_VALUE_F32, f->vocab);
        for (uint32_t i = 0; i < f->vocab; i++) {
            const uint32_t piece = i - MR_FIXTURE_FIRST_PIECE;
            mr_builder_put_f32(&b->kv,
                               piece < MR_FIXTURE_N_PIECES ? mr_fixture_pieces[piece].score : 0.0f);
        }
    }
    if (wanted(b, f, "tokenizer.ggml.token_type")) {
        static const uint32_t first[3] = {2, 3, 3};
        mr_builder_array(b, "tokenizer.ggml.token_type", MR_GGUF_VALUE_I32, f->vocab);
        for (uint32_t i = 0; i < f->vocab; i++) {
            const uint32_t piece = i - MR_FIXTURE_FIRST_PIECE;
            uint32_t type = piece < MR_FIXTURE_N_PIECES ? mr_fixture_pieces[piece].type : 1;
            if (i < MR_FIXTURE_FIRST_PIECE) {
                type = i < 3 ? first[i] : 6;
            }
            mr_builder_put_u32(&b->kv, type);
        }
    }
}

static void add_metadata(mr_builder_t *b, const mr_fixture_t *f) {
    if (wanted(b, f, "general.architecture")) {
        mr_builder_string(b, "general.architecture", f->architecture);
    }
    add_u32(b, f, "llama.block_count", f->n_layers);
    add_u32(b, f, "llama.embedding_length", f->d);
    add_u32(b, f, "llama.feed_forward_length", f->n_ff);
    add_u32(b, f, "llama.context_length", f->context);
    add_u32(b, f, "llama.attention.head_count", f->n_heads);
    add_u32(b, f, "llama.attention.head_count_kv", f->n_kv_heads);
    add_u32(b, f, "llama.attention.key_length", f->head_dim);
    add_u32(b, f, "llama.attention.value_length", f->head_dim);
    if (wanted(b, f, "llama.attention.layer_norm_rms_epsilon")) {
        mr_builder_f32(b, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    }
    if (wanted(b, f, "tokenizer.ggml.model")) {
        mr_builder_string(b, "tokenizer.ggml.model", f->tokenizer);
    }
    add_vocabulary(b, f);
    add_u32(b, f, "tokenizer.ggml.bos_token_id", 1);
    add_u32(b, f, "tokenizer.ggml.eos_token_id", 2);
    add_u32(b, f, "tokenizer.ggml.unknown_token_id", 0);
}

static void add_tensor(mr_builder_t *b, const mr_fixture_t *f, const char *name, uint32_t type,
                       uint64_t cols, uint64_t rows, uint64_t *state) {
    const uint64_t dims[2] = {cols, rows};
    size_t bytes = 0;

    if (is_name(f->skip, name)) {
        return;
    }
    uint8_t *data = mr_builder_random_blocks(type, (size_t)(cols * rows), state, &bytes);
    if (is_name(f->nan_tensor, name)) {
        /* The last block's scale or element: all exponent bits set, and the mantissa too. */
        uint8_t *block = data + bytes - mr_gguf_block_bytes(type);
        memset(block, 0xFF, mr_gguf_block_bytes(type));
    }
    mr_builder_tensor(b, name, type, rows == 1 ? 1 : 2, dims, data, bytes);
    free(data);
}

void mr_fixture_build(mr_builder_t *b, const mr_fixture_t *f) {
    const uint32_t q = f->n_heads * f->head_dim;
    const uint32_t kv = f->n_kv_heads * f->head_dim;
    const struct {
        const char *name;
        uint32_t type;
        uint32_t cols;
        uint32_t rows;
    } tensors[] = {
        {"attn_norm", MR_GGUF_TYPE_F32, f->d, 1},
        {"attn_q", f->type, f->d, q},
        {"attn_k", f->type, f->d, kv},
        {"attn_v", f->type, f->d, kv},
        {"attn_output", f->type, q, f->d},
        {"ffn_norm", MR_GGUF_TYPE_F32, f->d, 1},
        {"ffn_gate", f->type, f->d, f->n_ff},
        {"ffn_up", f->type, f->d, f->n_ff},
        {"ffn_down", f->down_type, f->n_ff, f->d},
    };
    uint64_t state = f->seed;
    char name[64];

    add_metadata(b, f);
    add_tensor(b, f, "token_embd.weight", f->type, f->d, f->vocab, &state);
    for (uint32_t layer = 0; layer < f->n_layers; layer++) {
        for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++) {
            (void)snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, tensors[i].name);
            add_tensor(b, f, name, tensors[i].type, tensors[i].cols, tensors[i].rows, &state);
        }
    }
    add_tensor(b, f, "output_norm.weight", MR_GGUF_TYPE_F32, f->d, 1, &state);
    if (!f->tied) {
        add_tensor(b, f, "output.weight", f->type, f->d, f->vocab, &state);
    }
}

uint8_t *mr_fixture_file(const mr_fixture_t *fixture, size_t *size, size_t *header_bytes) {
    mr_builder_t b;

    mr_builder_init(&b);
    mr_fixture_build(&b, fixture);
    return mr_builder_finish(&b, size, header_bytes);
}
