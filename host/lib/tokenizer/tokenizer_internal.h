/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a tokenizer, shared by its own files only. */
#ifndef MR_HOST_LIB_TOKENIZER_TOKENIZER_INTERNAL_H
#define MR_HOST_LIB_TOKENIZER_TOKENIZER_INTERNAL_H

#include "tokenizer/tokenizer.h"

/* U+2581, which stands for a space in tokens. */
#define MR_SPACE_MARK "\xE2\x96\x81"
#define MR_SPACE_MARK_BYTES 3u

typedef struct {
    const uint8_t *text;
    uint32_t length;
    float score;
    mr_token_type_t type;
    uint8_t byte; /* BYTE tokens: their value */
} mr_token_t;

typedef struct {
    mr_gguf_string_t text;
    uint32_t id;
} mr_special_t;

struct mr_tokenizer {
    mr_token_t *tokens;
    uint32_t n_tokens;
    /* Open addressing, a power of two of slots, each a token id or MR_TOKEN_NONE. The seed is drawn
     * at opening, so that no file can be made whose tokens all collide. */
    uint32_t *slots;
    uint32_t slot_mask;
    uint64_t hash_seed[2];
    /* Tokens to split out before the merging, sorted by text. */
    mr_special_t *specials;
    uint32_t n_specials;
    uint32_t byte_ids[256]; /* MR_TOKEN_NONE where there is no such token */
    uint32_t max_length;    /* bytes of the longest token */
    uint32_t bos;
    uint32_t eos;
    uint32_t unk;
    uint32_t end_ids[8]; /* further end-of-generation tokens */
    uint32_t n_end_ids;
    bool add_bos;
    bool add_eos;
    bool add_space_prefix;
};

/* The token of that text, or MR_TOKEN_NONE. */
uint32_t mr_tokenizer_lookup(const mr_tokenizer_t *tokenizer, const uint8_t *text, size_t length);

/* Length of the valid UTF-8 character at p (1 to 4); 0 if there is none. *could_complete: only
 * its end is missing, so that further bytes could make one. */
uint32_t mr_utf8_length(const uint8_t *p, size_t left, bool *could_complete);

#endif
