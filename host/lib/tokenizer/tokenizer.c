/* SPDX-License-Identifier: Apache-2.0 */
/* Tokenizer: reading and checking the vocabulary, looking tokens up. */
#define _DEFAULT_SOURCE

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tokenizer/tokenizer_internal.h"

/* Ids that a SentencePiece vocabulary has by convention, when the file names none. */
#define MR_DEFAULT_UNK 0u
#define MR_DEFAULT_BOS 1u
#define MR_DEFAULT_EOS 2u

typedef struct {
    const mr_gguf_t *gguf;
    mr_gguf_error_t *error;
    mr_tokenizer_t *tokenizer;
} mr_loader_t;

/* Tokens that end generation whatever the file's keys say. */
static const char *const mr_end_texts[] = {"<|im_end|>", "<|eot_id|>",    "<|eom_id|>",
                                           "<|end|>",    "<end_of_turn>", "<|endoftext|>"};

static const char *const mr_end_keys[] = {"tokenizer.ggml.eot_token_id",
                                          "tokenizer.ggml.eom_token_id"};

static uint64_t rotate_left(uint64_t x, unsigned n) {
    return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

/* SipHash-1-3: keyed, so collisions cannot be prepared in a file. */
static uint64_t hash_text(const uint64_t seed[2], const uint8_t *text, size_t length) {
    uint64_t v[4] = {seed[0] ^ 0x736F6D6570736575u, seed[1] ^ 0x646F72616E646F6Du,
                     seed[0] ^ 0x6C7967656E657261u, seed[1] ^ 0x7465646279746573u};
    uint64_t word = 0;

    for (size_t i = 0; i < length; i++) {
        word |= (uint64_t)text[i] << (8 * (i % 8));
        if (i % 8 == 7) {
            v[3] ^= word;
            sip_round(v);
            v[0] ^= word;
            word = 0;
        }
    }
    word |= (uint64_t)(length & 0xFF) << 56;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xFF;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot that holds the text, or the free slot where it belongs. */
static uint32_t find_slot(const mr_tokenizer_t *t, const uint8_t *text, size_t length) {
    uint32_t slot = (uint32_t)hash_text(t->hash_seed, text, length) & t->slot_mask;

    /* Half the slots at most are taken, so a free one ends this. */
    while (t->slots[slot] != MR_TOKEN_NONE) {
        const mr_token_t *token = &t->tokens[t->slots[slot]];
        if (token->length == length && memcmp(token->text, text, length) == 0) {
            break;
        }
        slot = (slot + 1) & t->slot_mask;
    }
    return slot;
}

uint32_t mr_tokenizer_lookup(const mr_tokenizer_t *tokenizer, const uint8_t *text, size_t length) {
    if (length == 0 || length > tokenizer->max_length) {
        return MR_TOKEN_NONE;
    }
    return tokenizer->slots[find_slot(tokenizer, text, length)];
}

static mr_status_t fail(const mr_loader_t *loader, mr_status_t status, const char *what) {
    return mr_gguf_fail(loader->error, status, mr_gguf_path(loader->gguf), "%s", what);
}

/* Reads an array with one element per token. */
static mr_status_t read_array(const mr_loader_t *loader, const char *key, uint64_t count,
                              mr_gguf_array_t *out) {
    const char *path = mr_gguf_path(loader->gguf);
    const mr_status_t status = mr_gguf_get_array(loader->gguf, key, out);

    if (status == MR_NOT_FOUND) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "metadata key '%s' is missing; the file holds no complete vocabulary",
                            key);
    }
    if (status != MR_OK) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path, "metadata key '%s' is no array", key);
    }
    if (out->count != count) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "metadata key '%s' has %llu elements for %llu tokens", key,
                            (unsigned long long)out->count, (unsigned long long)count);
    }
    return MR_OK;
}

/* The value of a token spelled <0xHH>, or -1. */
static int byte_value(const mr_token_t *token) {
    int value = 0;

    if (token->length != 6 || memcmp(token->text, "<0x", 3) != 0 || token->text[5] != '>') {
        return -1;
    }
    for (size_t i = 3; i < 5; i++) {
        const uint8_t c = token->text[i];
        if (c >= '0' && c <= '9') {
            value = value * 16 + (c - '0');
        } else if (c >= 'A' && c <= 'F') {
            value = value * 16 + (c - 'A' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

/* Checks and fills token id from the three arrays' elements. */
static mr_status_t read_token(const mr_loader_t *loader, uint32_t id, mr_gguf_string_t text,
                              const mr_gguf_array_t *scores, const mr_gguf_array_t *types) {
    const char *path = mr_gguf_path(loader->gguf);
    mr_token_t *token = &loader->tokenizer->tokens[id];
    double score = 0.0;
    uint64_t type = 0;

    if (text.length > MR_TOKENIZER_MAX_PIECE) {
        return mr_gguf_fail(loader->error, MR_RANGE, path,
                            "token %u is %zu bytes long; up to %u are supported", id, text.length,
                            MR_TOKENIZER_MAX_PIECE);
    }
    if (mr_gguf_array_f64(scores, id, &score) != MR_OK || !isfinite((float)score)) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "the score of token %u is no finite number", id);
    }
    if (mr_gguf_array_u64(types, id, &type) != MR_OK || type < MR_TOKEN_NORMAL ||
        type > MR_TOKEN_BYTE) {
        return mr_gguf_fail(loader->error, MR_FORMAT, path,
                            "the type of token %u is no integer of 1 to 6", id);
    }
    token->text = (const uint8_t *)text.text;
    token->length = (uint32_t)text.length;
    token->score = (float)score;
    token->type = (mr_token_type_t)type;
    if (token->type == MR_TOKEN_BYTE) {
        const int value = byte_value(token);
        if (value < 0) {
            return mr_gguf_fail(loader->error, MR_FORMAT, path,
                                "byte token %u is spelled '%s' instead of <0xHH>", id,
                                mr_gguf_quote(text.text, text.length).text);
        }
        token->byte = (uint8_t)value;
    }
    if (token->length > loader->tokenizer->max_length) {
        loader->tokenizer->max_length = token->length;
    }
    return MR_OK;
}

static mr_status_t read_tokens(const mr_loader_t *loader) {
    mr_tokenizer_t *t = loader->tokenizer;
    mr_gguf_array_t texts;
    mr_gguf_array_t scores;
    mr_gguf_array_t types;

    if (mr_gguf_get_array(loader->gguf, "tokenizer.ggml.tokens", &texts) != MR_OK ||
        texts.type != MR_GGUF_VALUE_STRING) {
        return fail(loader, MR_FORMAT,
                    "metadata key 'tokenizer.ggml.tokens' is missing or no array of strings; the "
                    "file holds no vocabulary");
    }
    if (texts.count == 0 || texts.count > INT32_MAX) {
        return fail(loader, MR_RANGE, "the vocabulary is empty or has over 2^31 - 1 tokens");
    }
    MR_TRY(read_array(loader, "tokenizer.ggml.scores", texts.count, &scores));
    MR_TRY(read_array(loader, "tokenizer.ggml.token_type", texts.count, &types));
    t->n_tokens = (uint32_t)texts.count;
    t->tokens = calloc(t->n_tokens, sizeof(*t->tokens));
    if (t->tokens == NULL) {
        return fail(loader, MR_NO_MEMORY,
                    "out of memory for the vocabulary" MR_GGUF_NO_MEMORY_ADVICE);
    }
    for (uint32_t id = 0; id < t->n_tokens; id++) {
        mr_gguf_string_t text;
        MR_TRY(mr_gguf_array_next_string(&texts, &text));
        MR_TRY(read_token(loader, id, text, &scores, &types));
    }
    return MR_OK;
}

static mr_status_t build_table(const mr_loader_t *loader) {
    mr_tokenizer_t *t = loader->tokenizer;
    size_t n_slots = 16;

    while (n_slots < 2 * (size_t)t->n_tokens) {
        n_slots *= 2;
    }
    if (getrandom(t->hash_seed, sizeof(t->hash_seed), GRND_NONBLOCK) !=
        (ssize_t)sizeof(t->hash_seed)) {
        /* Without entropy yet (early boot) an address serves; ids do not depend on the seed. */
        t->hash_seed[0] = (uint64_t)(uintptr_t)t->tokens;
    }
    t->slot_mask = (uint32_t)(n_slots - 1);
    t->slots = malloc(n_slots * sizeof(*t->slots));
    if (t->slots == NULL) {
        return fail(loader, MR_NO_MEMORY,
                    "out of memory for the vocabulary" MR_GGUF_NO_MEMORY_ADVICE);
    }
    memset(t->slots, 0xFF, n_slots * sizeof(*t->slots)); /* MR_TOKEN_NONE */
    for (uint32_t id = 0; id < t->n_tokens; id++) {
        const mr_token_t *token = &t->tokens[id];
        if (token->length == 0) {
            continue; /* a gap in the vocabulary: no text matches it */
        }
        const uint32_t slot = find_slot(t, token->text, token->length);
        if (t->slots[slot] != MR_TOKEN_NONE) {
            return mr_gguf_fail(loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
                                "tokens %u and %u are both spelled '%s'; the file is damaged",
                                t->slots[slot], id,
                                mr_gguf_quote((const char *)token->text, token->length).text);
        }
        t->slots[slot] = id;
    }
    return MR_OK;
}

/* A special id: the key's, the conventional one without a key, none when out of range. */
static mr_status_t read_id(const mr_loader_t *loader, const char *key, uint32_t missing,
                           uint32_t *out) {
    uint64_t value = missing;
    const mr_status_t status = mr_gguf_get_u64(loader->gguf, key, &value);

    if (status == MR_FORMAT) {
        return mr_gguf_fail(loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
                            "metadata key '%s' is no integer", key);
    }
    *out = status == MR_RANGE || value >= loader->tokenizer->n_tokens ? MR_TOKEN_NONE
                                                                      : (uint32_t)value;
    return MR_OK;
}

static mr_status_t read_flag(const mr_loader_t *loader, const char *key, bool *out) {
    if (mr_gguf_get_bool(loader->gguf, key, out) == MR_FORMAT) {
        return mr_gguf_fail(loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
                            "metadata key '%s' is no boolean", key);
    }
    return MR_OK;
}

static void add_end_id(mr_tokenizer_t *t, uint32_t id) {
    if (id != MR_TOKEN_NONE) {
        t->end_ids[t->n_end_ids] = id;
        t->n_end_ids++;
    }
}

#define MR_COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

_Static_assert(MR_COUNT(mr_end_texts) + MR_COUNT(mr_end_keys) <=
                   MR_COUNT(((mr_tokenizer_t *)0)->end_ids),
               "end_ids holds all end-of-generation tokens");

static mr_status_t read_special_ids(const mr_loader_t *loader) {
    mr_tokenizer_t *t = loader->tokenizer;

    t->add_bos = true;
    t->add_space_prefix = true;
    MR_TRY(read_flag(loader, "tokenizer.ggml.add_bos_token", &t->add_bos));
    MR_TRY(read_flag(loader, "tokenizer.ggml.add_eos_token", &t->add_eos));
    MR_TRY(read_flag(loader, "tokenizer.ggml.add_space_prefix", &t->add_space_prefix));
    MR_TRY(read_id(loader, "tokenizer.ggml.bos_token_id", MR_DEFAULT_BOS, &t->bos));
    MR_TRY(read_id(loader, "tokenizer.ggml.eos_token_id", MR_DEFAULT_EOS, &t->eos));
    MR_TRY(read_id(loader, "tokenizer.ggml.unknown_token_id", MR_DEFAULT_UNK, &t->unk));
    for (size_t i = 0; i < MR_COUNT(mr_end_keys); i++) {
        uint32_t id = MR_TOKEN_NONE;
        MR_TRY(read_id(loader, mr_end_keys[i], MR_TOKEN_NONE, &id));
        add_end_id(t, id);
    }
    for (size_t i = 0; i < MR_COUNT(mr_end_texts); i++) {
        add_end_id(
            t, mr_tokenizer_lookup(t, (const uint8_t *)mr_end_texts[i], strlen(mr_end_texts[i])));
    }
    return MR_OK;
}

static mr_status_t read_byte_ids(const mr_loader_t *loader) {
    static const char digits[] = "0123456789ABCDEF";
    mr_tokenizer_t *t = loader->tokenizer;

    for (size_t i = 0; i < 256; i++) {
        const uint8_t text[6] = {'<', '0', 'x', (uint8_t)digits[i / 16], (uint8_t)digits[i % 16],
                                 '>'};
        t->byte_ids[i] = mr_tokenizer_lookup(t, text, sizeof(text));
        if (t->byte_ids[i] == MR_TOKEN_NONE && t->unk == MR_TOKEN_NONE) {
            return mr_gguf_fail(loader->error, MR_FORMAT, mr_gguf_path(loader->gguf),
                                "the vocabulary has neither token '%.6s' nor an unknown token, so "
                                "some texts have no tokens",
                                (const char *)text);
        }
    }
    return MR_OK;
}

static int compare_specials(const void *a, const void *b) {
    const mr_special_t *x = a;
    const mr_special_t *y = b;
    const size_t shared = x->text.length < y->text.length ? x->text.length : y->text.length;
    const int order = memcmp(x->text.text, y->text.text, shared);

    if (order != 0) {
        return order;
    }
    return (x->text.length > y->text.length) - (x->text.length < y->text.length);
}

static bool is_special(const mr_token_t *token) {
    return token->length != 0 &&
           (token->type == MR_TOKEN_CONTROL || token->type == MR_TOKEN_USER_DEFINED ||
            token->type == MR_TOKEN_UNKNOWN);
}

static mr_status_t collect_specials(const mr_loader_t *loader) {
    mr_tokenizer_t *t = loader->tokenizer;
    size_t n = 0;

    for (uint32_t id = 0; id < t->n_tokens; id++) {
        n += is_special(&t->tokens[id]) ? 1 : 0;
    }
    t->specials = malloc((n + 1) * sizeof(*t->specials));
    if (t->specials == NULL) {
        return fail(loader, MR_NO_MEMORY,
                    "out of memory for the vocabulary" MR_GGUF_NO_MEMORY_ADVICE);
    }
    for (uint32_t id = 0; id < t->n_tokens; id++) {
        const mr_token_t *token = &t->tokens[id];
        if (is_special(token)) {
            t->specials[t->n_specials] = (mr_special_t){
                .text = {.text = (const char *)token->text, .length = token->length}, .id = id};
            t->n_specials++;
        }
    }
    qsort(t->specials, t->n_specials, sizeof(*t->specials), compare_specials);
    return MR_OK;
}

static mr_status_t load(const mr_loader_t *loader) {
    mr_gguf_string_t model = {.text = "", .length = 0};

    if (mr_gguf_get_string(loader->gguf, "tokenizer.ggml.model", &model) != MR_OK) {
        return fail(loader, MR_FORMAT,
                    "metadata key 'tokenizer.ggml.model' is missing or no string; the file holds "
                    "no tokenizer");
    }
    if (model.length != 5 || memcmp(model.text, "llama", 5) != 0) {
        return mr_gguf_fail(loader->error, MR_UNSUPPORTED, mr_gguf_path(loader->gguf),
                            "tokenizer \"%s\" is not supported; the SentencePiece tokenizer "
                            "(\"llama\") is",
                            mr_gguf_quote(model.text, model.length).text);
    }
    MR_TRY(read_tokens(loader));
    MR_TRY(build_table(loader));
    MR_TRY(read_special_ids(loader));
    MR_TRY(read_byte_ids(loader));
    return collect_specials(loader);
}

mr_status_t mr_tokenizer_open(const mr_gguf_t *gguf, mr_tokenizer_t **out, mr_gguf_error_t *error) {
    if (gguf == NULL || out == NULL) {
        return mr_gguf_fail(error, MR_ARG, NULL, "no file or place for the tokenizer was given");
    }
    *out = NULL;
    const mr_loader_t loader = {
        .gguf = gguf, .error = error, .tokenizer = calloc(1, sizeof(mr_tokenizer_t))};
    if (loader.tokenizer == NULL) {
        return mr_gguf_fail(error, MR_NO_MEMORY, mr_gguf_path(gguf),
                            "out of memory" MR_GGUF_NO_MEMORY_ADVICE);
    }
    const mr_status_t status = load(&loader);
    if (status != MR_OK) {
        mr_tokenizer_close(loader.tokenizer);
        return status;
    }
    *out = loader.tokenizer;
    return MR_OK;
}

void mr_tokenizer_close(mr_tokenizer_t *tokenizer) {
    if (tokenizer == NULL) {
        return;
    }
    free(tokenizer->tokens);
    free(tokenizer->slots);
    free(tokenizer->specials);
    free(tokenizer);
}

uint32_t mr_tokenizer_vocab(const mr_tokenizer_t *tokenizer) {
    return tokenizer->n_tokens;
}

uint32_t mr_tokenizer_bos(const mr_tokenizer_t *tokenizer) {
    return tokenizer->bos;
}

uint32_t mr_tokenizer_eos(const mr_tokenizer_t *tokenizer) {
    return tokenizer->eos;
}

uint32_t mr_tokenizer_unk(const mr_tokenizer_t *tokenizer) {
    return tokenizer->unk;
}

bool mr_tokenizer_is_eog(const mr_tokenizer_t *tokenizer, uint32_t id) {
    bool found = id == tokenizer->eos;

    for (uint32_t i = 0; i < tokenizer->n_end_ids; i++) {
        found = found || tokenizer->end_ids[i] == id;
    }
    return found && id != MR_TOKEN_NONE;
}

mr_status_t mr_tokenizer_piece(const mr_tokenizer_t *tokenizer, uint32_t id,
                               mr_gguf_string_t *piece, mr_token_type_t *type) {
    if (id >= tokenizer->n_tokens) {
        return MR_RANGE;
    }
    piece->text = (const char *)tokenizer->tokens[id].text;
    piece->length = tokenizer->tokens[id].length;
    *type = tokenizer->tokens[id].type;
    return MR_OK;
}

mr_status_t mr_tokenizer_find(const mr_tokenizer_t *tokenizer, const char *piece, size_t length,
                              uint32_t *id) {
    const uint32_t found = mr_tokenizer_lookup(tokenizer, (const uint8_t *)piece, length);

    if (found == MR_TOKEN_NONE) {
        return MR_NOT_FOUND;
    }
    *id = found;
    return MR_OK;
}
