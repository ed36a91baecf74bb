/* SPDX-License-Identifier: Apache-2.0 */
/* Builds GGUF files in memory for tests: any keys and tensors, and whole small llama models.
 *
 * A builder aborts the test on running out of memory. Files come from malloc; the caller frees
 * them.
 */
#ifndef MR_TESTS_HOST_GGUF_GGUF_BUILDER_H
#define MR_TESTS_HOST_GGUF_GGUF_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
} mr_builder_buffer_t;

typedef struct {
    mr_builder_buffer_t kv;
    mr_builder_buffer_t infos;
    mr_builder_buffer_t data;
    uint64_t n_kv;
    uint64_t n_tensors;
    uint32_t alignment; /* 32 after init; set it before the first tensor */
    uint32_t version;   /* 3 after init */
} mr_builder_t;

void mr_builder_init(mr_builder_t *b);

/* Little-endian pieces, for values that the functions below do not make. */
void mr_builder_put(mr_builder_buffer_t *buffer, const void *bytes, size_t size);
void mr_builder_put_u32(mr_builder_buffer_t *buffer, uint32_t value);
void mr_builder_put_u64(mr_builder_buffer_t *buffer, uint64_t value);
void mr_builder_put_f32(mr_builder_buffer_t *buffer, float value);
void mr_builder_put_string(mr_builder_buffer_t *buffer, const char *text);

/* Key and type of an entry whose value the caller puts into b->kv. */
void mr_builder_key(mr_builder_t *b, const char *key, uint32_t type);
/* Key, element type and length of an array whose elements the caller puts into b->kv. */
void mr_builder_array(mr_builder_t *b, const char *key, uint32_t type, uint64_t count);
void mr_builder_u32(mr_builder_t *b, const char *key, uint32_t value);
void mr_builder_f32(mr_builder_t *b, const char *key, float value);
void mr_builder_bool(mr_builder_t *b, const char *key, bool value);
void mr_builder_string(mr_builder_t *b, const char *key, const char *value);

/* A tensor of the next aligned offset. */
void mr_builder_tensor(mr_builder_t *b, const char *name, uint32_t type, uint32_t n_dims,
                       const uint64_t *dims, const void *data, size_t bytes);

/* Assembles the file and empties the builder. @param[out] header_bytes where tensor data starts;
 * may be NULL. */
uint8_t *mr_builder_finish(mr_builder_t *b, size_t *size, size_t *header_bytes);

/* Seeded pseudo-random numbers, the same everywhere. */
uint64_t mr_builder_random(uint64_t *state);

/* Random blocks of a tensor type, each scale finite and small. elems is a multiple of the block. */
uint8_t *mr_builder_random_blocks(uint32_t type, size_t elems, uint64_t *state, size_t *bytes);

/* A small llama model with random weights. Names in skip, as_string and nan_tensor are left out,
 * given a string as value, and given a NaN. */
typedef struct {
    uint32_t n_layers;
    uint32_t d;
    uint32_t n_heads;
    uint32_t n_kv_heads;
    uint32_t head_dim;
    uint32_t n_ff;
    uint32_t vocab; /* at least MR_FIXTURE_MIN_VOCAB */
    uint32_t context;
    uint32_t type;      /* of every matrix */
    uint32_t down_type; /* of ffn_down */
    bool tied;
    const char *architecture;
    const char *tokenizer;
    const char *skip;
    const char *as_string;
    const char *nan_tensor;
    uint64_t seed;
} mr_fixture_t;

/* <unk>, <s>, </s>, the 256 bytes and the pieces of mr_fixture_pieces. */
#define MR_FIXTURE_FIRST_PIECE 259u
#define MR_FIXTURE_MIN_VOCAB (MR_FIXTURE_FIRST_PIECE + MR_FIXTURE_N_PIECES)
#define MR_FIXTURE_N_PIECES 31u

typedef struct {
    const char *text;
    float score;
    uint32_t type;
} mr_fixture_piece_t;

extern const mr_fixture_piece_t mr_fixture_pieces[MR_FIXTURE_N_PIECES];

/* 2 layers, d 64, 8 heads of 8 over 4, n_ff 96, vocabulary 300, Q8_0, separate output. */
mr_fixture_t mr_fixture_default(void);

/* Puts the fixture's metadata and tensors into a builder, to which more may be added. */
void mr_fixture_build(mr_builder_t *b, const mr_fixture_t *fixture);

/* The finished file of a fixture. */
uint8_t *mr_fixture_file(const mr_fixture_t *fixture, size_t *size, size_t *header_bytes);

#endif
