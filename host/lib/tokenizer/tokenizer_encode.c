/* SPDX-License-Identifier: Apache-2.0 */
/* Tokenizer: text to ids, by merging pairs out of a priority queue. */
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_internal.h"

#define MR_NO_SYMBOL UINT32_MAX

/* A run of the escaped text that is one piece so far; merged-away symbols have length 0. */
typedef struct {
    uint32_t start;
    uint32_t length;
    uint32_t prev; /* MR_NO_SYMBOL at the ends */
    uint32_t next;
} mr_symbol_t;

/* Two neighbours that could merge. It is stale once either has changed, which length tells. */
typedef struct {
    float score;
    uint32_t left;
    uint32_t right;
    uint32_t length;
} mr_pair_t;

typedef struct {
    const mr_tokenizer_t *tokenizer;
    uint32_t *ids;
    size_t capacity;
    size_t count;
    /* Work memory for the longest piece of text between special tokens. */
    uint8_t *text; /* escaped */
    mr_symbol_t *symbols;
    uint32_t n_symbols;
    mr_pair_t *heap; /* best pair first; two per symbol suffice: a merge takes one and adds two */
    uint32_t n_heap;
} mr_encoder_t;

static void emit(mr_encoder_t *e, uint32_t id) {
    if (e->count < e->capacity) {
        e->ids[e->count] = id;
    }
    e->count++;
}

/* Higher score first, then further left. */
static bool comes_before(const mr_pair_t *a, const mr_pair_t *b) {
    if (a->score > b->score || a->score < b->score) {
        return a->score > b->score;
    }
    return a->left < b->left;
}

static void heap_push(mr_encoder_t *e, mr_pair_t pair) {
    uint32_t i = e->n_heap;

    e->n_heap++;
    while (i > 0) {
        const uint32_t parent = (i - 1) / 2;
        if (!comes_before(&pair, &e->heap[parent])) {
            break;
        }
        e->heap[i] = e->heap[parent];
        i = parent;
    }
    e->heap[i] = pair;
}

static mr_pair_t heap_pop(mr_encoder_t *e) {
    const mr_pair_t top = e->heap[0];
    const mr_pair_t last = e->heap[e->n_heap - 1];
    uint32_t i = 0;

    e->n_heap--;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= e->n_heap) {
            break;
        }
        if (child + 1 < e->n_heap && comes_before(&e->heap[child + 1], &e->heap[child])) {
            child++;
        }
        if (!comes_before(&e->heap[child], &last)) {
            break;
        }
        e->heap[i] = e->heap[child];
        i = child;
    }
    e->heap[i] = last;
    return top;
}

/* The token that a run of text may become. Control and unknown tokens are not made out of
 * characters: text from a user could otherwise spell one even where they are not to be recognised.
 */
static uint32_t lookup(const mr_tokenizer_t *t, const uint8_t *text, uint32_t length) {
    const uint32_t id = mr_tokenizer_lookup(t, text, length);

    if (id != MR_TOKEN_NONE &&
        (t->tokens[id].type == MR_TOKEN_CONTROL || t->tokens[id].type == MR_TOKEN_UNKNOWN)) {
        return MR_TOKEN_NONE;
    }
    return id;
}

/* Queues two neighbours if their concatenation is a token. */
static void try_pair(mr_encoder_t *e, uint32_t left, uint32_t right) {
    if (left == MR_NO_SYMBOL || right == MR_NO_SYMBOL) {
        return;
    }
    const uint32_t start = e->symbols[left].start;
    const uint32_t length = e->symbols[left].length + e->symbols[right].length;
    const uint32_t id = lookup(e->tokenizer, e->text + start, length);
    if (id == MR_TOKEN_NONE) {
        return;
    }
    heap_push(e, (mr_pair_t){.score = e->tokenizer->tokens[id].score,
                             .left = left,
                             .right = right,
                             .length = length});
}

static void merge_pairs(mr_encoder_t *e) {
    while (e->n_heap > 0) {
        const mr_pair_t pair = heap_pop(e);
        mr_symbol_t *left = &e->symbols[pair.left];
        mr_symbol_t *right = &e->symbols[pair.right];
        if (left->length == 0 || right->length == 0 ||
            left->length + right->length != pair.length) {
            continue;
        }
        left->length = pair.length;
        right->length = 0;
        left->next = right->next;
        if (left->next != MR_NO_SYMBOL) {
            e->symbols[left->next].prev = pair.left;
        }
        try_pair(e, left->prev, pair.left);
        try_pair(e, pair.left, left->next);
    }
}

static void emit_symbol(mr_encoder_t *e, const mr_symbol_t *symbol) {
    const mr_tokenizer_t *t = e->tokenizer;
    const uint8_t *text = e->text + symbol->start;
    const uint32_t id = lookup(t, text, symbol->length);

    if (id != MR_TOKEN_NONE) {
        emit(e, id);
        return;
    }
    for (uint32_t i = 0; i < symbol->length; i++) {
        const uint32_t byte_id = t->byte_ids[text[i]];
        emit(e, byte_id != MR_TOKEN_NONE ? byte_id : t->unk);
    }
}

/* Copies text with spaces as U+2581, one more in front if prefix is set. @return bytes written. */
static uint32_t escape(uint8_t *out, const uint8_t *text, uint32_t length, bool prefix) {
    uint32_t n = 0;

    if (prefix) {
        memcpy(out, MR_SPACE_MARK, MR_SPACE_MARK_BYTES);
        n = MR_SPACE_MARK_BYTES;
    }
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] == ' ') {
            memcpy(out + n, MR_SPACE_MARK, MR_SPACE_MARK_BYTES);
            n += MR_SPACE_MARK_BYTES;
        } else {
            out[n] = text[i];
            n++;
        }
    }
    return n;
}

/* Splits the escaped text into characters; an invalid byte is one by itself. */
static void split(mr_encoder_t *e, uint32_t length) {
    uint32_t start = 0;

    e->n_symbols = 0;
    while (start < length) {
        bool ignored = false;
        const uint32_t valid = mr_utf8_length(e->text + start, length - start, &ignored);
        const uint32_t n = valid == 0 ? 1 : valid;
        e->symbols[e->n_symbols] = (mr_symbol_t){
            .start = start,
            .length = n,
            .prev = e->n_symbols == 0 ? MR_NO_SYMBOL : e->n_symbols - 1,
            .next = start + n < length ? e->n_symbols + 1 : MR_NO_SYMBOL,
        };
        e->n_symbols++;
        start += n;
    }
}

/* Encodes text without special tokens. */
static void encode_plain(mr_encoder_t *e, const uint8_t *text, uint32_t length, bool prefix) {
    split(e, escape(e->text, text, length, prefix));
    e->n_heap = 0;
    for (uint32_t i = 1; i < e->n_symbols; i++) {
        try_pair(e, i - 1, i);
    }
    merge_pairs(e);
    for (uint32_t i = 0; i < e->n_symbols; i++) {
        if (e->symbols[i].length != 0) {
            emit_symbol(e, &e->symbols[i]);
        }
    }
}

/* First special token in [low, high) whose byte at depth is at least byte; all of them agree on the
 * bytes before and are longer than depth. */
static uint32_t narrow(const mr_tokenizer_t *t, uint32_t low, uint32_t high, size_t depth,
                       unsigned byte) {
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if ((uint8_t)t->specials[middle].text.text[depth] < byte) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The longest special token that the text begins with, or MR_TOKEN_NONE. */
static uint32_t match_special(const mr_tokenizer_t *t, const uint8_t *text, size_t left,
                              bool parse_special) {
    uint32_t low = 0;
    uint32_t high = t->n_specials;
    uint32_t best = MR_TOKEN_NONE;

    for (size_t depth = 0; depth < left && low < high; depth++) {
        low = narrow(t, low, high, depth, text[depth]);
        high = narrow(t, low, high, depth, text[depth] + 1u);
        /* Tokens are unique, so only the first of the range can end here. */
        if (low < high && t->specials[low].text.length == depth + 1) {
            const uint32_t id = t->specials[low].id;
            if (parse_special || t->tokens[id].type == MR_TOKEN_USER_DEFINED) {
                best = id;
            }
            low++;
        }
    }
    return best;
}

static void encode_all(mr_encoder_t *e, const uint8_t *text, uint32_t length, bool parse_special) {
    const mr_tokenizer_t *t = e->tokenizer;
    bool prefix = t->add_space_prefix;
    uint32_t start = 0;
    uint32_t at = 0;

    while (at < length) {
        const uint32_t id = match_special(t, text + at, length - at, parse_special);
        if (id == MR_TOKEN_NONE) {
            at++;
            continue;
        }
        if (at > start) {
            encode_plain(e, text + start, at - start, prefix);
        }
        emit(e, id);
        prefix = t->add_space_prefix;
        at += t->tokens[id].length;
        start = at;
    }
    if (at > start) {
        encode_plain(e, text + start, at - start, prefix);
    }
}

/* Allocates work memory for a text of length bytes; a space takes three. */
static bool allocate_work(mr_encoder_t *e, uint32_t length) {
    const size_t n_bytes = (size_t)MR_SPACE_MARK_BYTES * ((size_t)length + 1);
    const size_t n_symbols = (size_t)length + 1;

    e->text = malloc(n_bytes);
    e->symbols = malloc(n_symbols * sizeof(*e->symbols));
    e->heap = malloc(2 * n_symbols * sizeof(*e->heap));
    return e->text != NULL && e->symbols != NULL && e->heap != NULL;
}

mr_status_t mr_tokenizer_encode(const mr_tokenizer_t *tokenizer, const char *text, size_t length,
                                bool add_special, bool parse_special, uint32_t *ids,
                                size_t capacity, size_t *count) {
    if (tokenizer == NULL || count == NULL || (text == NULL && length != 0) ||
        (ids == NULL && capacity != 0)) {
        return MR_ARG;
    }
    if (length > MR_TOKENIZER_MAX_TEXT) {
        return MR_RANGE;
    }
    mr_encoder_t e = {.tokenizer = tokenizer, .ids = ids, .capacity = capacity};
    if (add_special && tokenizer->add_bos && tokenizer->bos != MR_TOKEN_NONE) {
        emit(&e, tokenizer->bos);
    }
    if (length != 0) {
        const bool allocated = allocate_work(&e, (uint32_t)length);
        if (allocated) {
            encode_all(&e, (const uint8_t *)text, (uint32_t)length, parse_special);
        }
        free(e.text);
        free(e.symbols);
        free(e.heap);
        if (!allocated) {
            return MR_NO_MEMORY;
        }
    }
    if (add_special && tokenizer->add_eos && tokenizer->eos != MR_TOKEN_NONE) {
        emit(&e, tokenizer->eos);
    }
    *count = e.count;
    return e.count > capacity ? MR_NO_SPACE : MR_OK;
}

mr_status_t mr_tokenizer_encode_all(const mr_tokenizer_t *tokenizer, const char *text,
                                    size_t length, bool add_special, bool parse_special,
                                    uint32_t **ids, size_t *count) {
    /* A token is at least a byte; two more for the start and the end, one for the added space. A
     * space can become three byte tokens: then there is a second try. */
    size_t capacity = length + 3u;
    mr_status_t status = MR_NO_SPACE;
    *ids = NULL;
    for (int round = 0; round < 2 && status == MR_NO_SPACE; round++) {
        free(*ids);
        *ids = calloc(capacity, sizeof **ids);
        if (*ids == NULL) {
            return MR_NO_MEMORY;
        }
        status = mr_tokenizer_encode(tokenizer, text, length, add_special, parse_special, *ids,
                                     capacity, count);
        capacity = *count;
    }
    if (status != MR_OK) {
        free(*ids);
        *ids = NULL;
    }
    return status;
}
