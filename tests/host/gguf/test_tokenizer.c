/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer: merging against a plain quadratic version, special tokens, byte fallback, decoding
 * in pieces, and the refusal of broken vocabularies. The vocabulary is the fixture's
 * (gguf_builder.c). */
#include "gguf_test.h"
#include "tokenizer/tokenizer.h"

#define MARK "\xE2\x96\x81"
#define BYTE(value_) (3u + (value_))
#define MAX_IDS 4096u

typedef struct {
    uint8_t *file;
    mr_gguf_t *gguf;
    mr_tokenizer_t *tokenizer;
} context_t;

static void open_file(context_t *c, uint8_t *file, size_t size) {
    mr_gguf_error_t error = {{0}};

    c->file = file;
    c->gguf = mr_check_opens(file, size);
    if (mr_tokenizer_open(c->gguf, &c->tokenizer, &error) != MR_OK) {
        fail_msg("%s", error.text);
    }
}

static void close_file(context_t *c) {
    mr_tokenizer_close(c->tokenizer);
    mr_gguf_close(c->gguf);
    free(c->file);
}

static void open_default(context_t *c) {
    const mr_fixture_t fixture = mr_fixture_default();
    size_t size = 0;
    uint8_t *file = mr_fixture_file(&fixture, &size, NULL);

    open_file(c, file, size);
}

/* The fixture with one more flag. */
static void open_with_flag(context_t *c, const char *key, bool value) {
    const mr_fixture_t fixture = mr_fixture_default();
    size_t size = 0;
    mr_builder_t b;

    mr_builder_init(&b);
    mr_fixture_build(&b, &fixture);
    mr_builder_bool(&b, key, value);
    uint8_t *file = mr_builder_finish(&b, &size, NULL);
    open_file(c, file, size);
}

static uint32_t id_of(const context_t *c, const char *piece) {
    uint32_t id = MR_TOKEN_NONE;

    if (mr_tokenizer_find(c->tokenizer, piece, strlen(piece), &id) != MR_OK) {
        fail_msg("no token '%s'", piece);
    }
    return id;
}

/* Expects the text to become these pieces. */
static void check_pieces(const context_t *c, const char *text, bool parse_special,
                         const char *const *pieces, size_t n) {
    uint32_t ids[64];
    size_t count = 0;

    assert_int_equal(mr_tokenizer_encode(c->tokenizer, text, strlen(text), false, parse_special,
                                         ids, 64, &count),
                     MR_OK);
    for (size_t i = 0; i < count && i < n; i++) {
        if (ids[i] != id_of(c, pieces[i])) {
            fail_msg("token %zu of \"%s\" is %u instead of '%s'", i, text, ids[i], pieces[i]);
        }
    }
    assert_int_equal(count, n);
}

#define CHECK_PIECES(c_, text_, special_, ...)                                                     \
    do {                                                                                           \
        static const char *const pieces_[] = {__VA_ARGS__};                                        \
        check_pieces(c_, text_, special_, pieces_, sizeof(pieces_) / sizeof(pieces_[0]));          \
    } while (0)

static void test_encode__merges_best_score_first_leftmost_on_ties(void **state) {
    (void)state;
    context_t c;

    open_default(&c);
    CHECK_PIECES(&c, "a", false, MARK "a");
    /* "ab" (-1) goes before "bc" (-2), then the mark joins "ab" (-6) after "abc" (-3). */
    CHECK_PIECES(&c, "abc", false, MARK, "abc");
    CHECK_PIECES(&c, "ab", false, MARK "ab");
    /* "bc" and "cd" tie at -2: the left one; "bcd" (-4) follows. */
    CHECK_PIECES(&c, "bcd", false, MARK, "bcd");
    CHECK_PIECES(&c, "b  c", false, MARK, "b", MARK MARK, "c");
    /* "dd" and "ddd" tie at -13: after the first pair, its right neighbour joins it before a pair
     * further right can form. */
    CHECK_PIECES(&c, "dddd", false, MARK, "ddd", "d");
    close_file(&c);
}

static void test_encode__byte_fallback(void **state) {
    (void)state;
    context_t c;

    open_default(&c);
    CHECK_PIECES(&c, "x", false, MARK, "<0x78>");
    CHECK_PIECES(&c, "\xE6\x97\xA5", false, MARK, "<0xE6>", "<0x97>", "<0xA5>");
    CHECK_PIECES(&c, "\xC3\xA9", false, MARK, "\xC3\xA9");
    /* Invalid bytes stand alone and do not swallow their neighbours. */
    CHECK_PIECES(&c,
                 "\xFF"
                 "ab",
                 false, MARK, "<0xFF>", "ab");
    CHECK_PIECES(&c, "b\xC3", false, MARK, "b", "<0xC3>");
    CHECK_PIECES(&c,
                 "\xE6\x97"
                 "ab",
                 false, MARK, "<0xE6>", "<0x97>", "ab");
    CHECK_PIECES(&c, "\n", false, MARK, "<0x0A>");
    close_file(&c);
}

static void test_encode__special_tokens(void **state) {
    (void)state;
    context_t c;

    open_default(&c);
    CHECK_PIECES(&c, "<s>ab</s>c", true, "<s>", MARK "ab", "</s>", MARK, "c");
    /* Not asked for: plain text, also where merging could spell the token. */
    CHECK_PIECES(&c, "<s>", false, MARK, "<s", ">");
    /* User-defined ones always, the longest first; the text after it starts with a space. */
    CHECK_PIECES(&c, "a<tool>a", false, MARK "a", "<tool>", MARK "a");
    CHECK_PIECES(&c, "<to<tool>", false, "<to", "<tool>");
    CHECK_PIECES(&c, "<too", false, "<to", MARK, "<0x6F>");
    CHECK_PIECES(&c, "<unk><|im_end|>", true, "<unk>", "<|im_end|>");
    close_file(&c);
}

static void test_encode__start_and_end_tokens(void **state) {
    (void)state;
    context_t c;
    uint32_t ids[8] = {0};
    size_t count = 0;

    open_default(&c);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "", 0, true, false, ids, 8, &count), MR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], 1);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, NULL, 0, false, false, NULL, 0, &count),
                     MR_OK);
    assert_int_equal(count, 0);
    close_file(&c);
    open_with_flag(&c, "tokenizer.ggml.add_bos_token", false);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "a", 1, true, false, ids, 8, &count), MR_OK);
    assert_int_equal(count, 1);
    close_file(&c);
    open_with_flag(&c, "tokenizer.ggml.add_eos_token", true);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "a", 1, true, false, ids, 8, &count), MR_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[2], 2);
    close_file(&c);
    open_with_flag(&c, "tokenizer.ggml.add_space_prefix", false);
    CHECK_PIECES(&c, "a", false, "a");
    CHECK_PIECES(&c, "a<tool>a", false, "a", "<tool>", "a");
    close_file(&c);
}

static void test_encode__statuses(void **state) {
    (void)state;
    context_t c;
    uint32_t ids[4] = {9, 9, 9, 9};
    size_t count = 0;

    open_default(&c);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "xyz", 3, true, false, ids, 3, &count),
                     MR_NO_SPACE);
    assert_int_equal(count, 5);
    assert_int_equal(ids[2], BYTE('x'));
    assert_int_equal(ids[3], 9);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, NULL, 1, true, false, ids, 3, &count),
                     MR_ARG);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "x", 1, true, false, NULL, 3, &count),
                     MR_ARG);
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "x", (size_t)MR_TOKENIZER_MAX_TEXT + 1, true,
                                         false, ids, 3, &count),
                     MR_RANGE);
    close_file(&c);
}

/* Merging as the rule is written: search all pairs, merge the best, again. */
typedef struct {
    const char *text;
    size_t length;
} run_t;

static float score_of(const context_t *c, const char *text, size_t length) {
    uint32_t id = 0;

    if (mr_tokenizer_find(c->tokenizer, text, length, &id) != MR_OK ||
        id < MR_FIXTURE_FIRST_PIECE || id >= MR_FIXTURE_MIN_VOCAB) {
        return -1e30f;
    }
    return mr_fixture_pieces[id - MR_FIXTURE_FIRST_PIECE].score;
}

static size_t plain_encode(const context_t *c, const char *text, uint32_t *ids) {
    static run_t runs[MAX_IDS];
    size_t n = 0;
    size_t count = 0;

    for (const char *p = text; *p != '\0'; n++) {
        runs[n].text = p;
        do {
            p++;
        } while (((unsigned char)*p & 0xC0u) == 0x80u);
        runs[n].length = (size_t)(p - runs[n].text);
    }
    for (;;) {
        size_t best = 0;
        float best_score = -1e30f;
        for (size_t i = 0; i + 1 < n; i++) {
            const float score = score_of(c, runs[i].text, runs[i].length + runs[i + 1].length);
            if (score > best_score) {
                best_score = score;
                best = i;
            }
        }
        if (best_score <= -1e30f) {
            break;
        }
        runs[best].length += runs[best + 1].length;
        n--;
        memmove(&runs[best + 1], &runs[best + 2], (n - best - 1) * sizeof(runs[0]));
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t id = 0;
        if (mr_tokenizer_find(c->tokenizer, runs[i].text, runs[i].length, &id) == MR_OK) {
            ids[count++] = id;
            continue;
        }
        for (size_t k = 0; k < runs[i].length; k++) {
            ids[count++] = BYTE((uint8_t)runs[i].text[k]);
        }
    }
    return count;
}

static void test_encode__equals_plain_merging(void **state) {
    (void)state;
    static const char *const letters[] = {
        "a", "b", "c", "d", "e", "\xC3\xA9", " ", "x", "\xE6\x97\xA5", ">", "aa", "dd", "  "};
    static uint32_t expected[MAX_IDS];
    static uint32_t ids[MAX_IDS];
    context_t c;
    uint64_t seed = 5;

    open_default(&c);
    for (size_t round = 0; round < 400; round++) {
        char plain[1024] = "";
        char escaped[3072] = MARK;
        const size_t n = mr_builder_random(&seed) % 120;
        for (size_t i = 0; i < n; i++) {
            const char *letter =
                letters[mr_builder_random(&seed) % (sizeof(letters) / sizeof(letters[0]))];
            strcat(plain, letter);
            for (const char *p = letter; *p != '\0'; p++) {
                const char one[2] = {*p, '\0'};
                strcat(escaped, *p == ' ' ? MARK : one);
            }
        }
        const size_t wanted = n == 0 ? 0 : plain_encode(&c, escaped, expected);
        size_t count = 0;
        assert_int_equal(mr_tokenizer_encode(c.tokenizer, plain, strlen(plain), false, false, ids,
                                             MAX_IDS, &count),
                         MR_OK);
        if (count != wanted || memcmp(ids, expected, wanted * sizeof(ids[0])) != 0) {
            fail_msg("round %zu: \"%s\" is merged differently", round, plain);
        }
    }
    close_file(&c);
}

static void test_encode__long_text_of_one_letter(void **state) {
    (void)state;
    const size_t length = 1u << 20;
    context_t c;
    size_t count = 0;
    char *text = malloc(length);

    assert_non_null(text);
    memset(text, 'a', length);
    open_default(&c);
    /* Quadratic time would take hours here. Pairs of pairs all the way: mark + a, then aa..., four
     * a's a token, the odd rest at the end. */
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, text, length, false, false, NULL, 0, &count),
                     MR_NO_SPACE);
    assert_int_equal(count, 1 + (length - 1 + 3) / 4);
    close_file(&c);
    free(text);
}

/* Decodes ids one by one. @return bytes written. */
static size_t decode(const context_t *c, mr_decode_mode_t mode, bool at_start, const uint32_t *ids,
                     size_t n, char *out) {
    char piece[MR_TOKENIZER_DECODE_BYTES];
    mr_tokenizer_decoder_t decoder;
    size_t length = 0;
    size_t total = 0;

    mr_tokenizer_decoder_init(&decoder, mode, at_start);
    for (size_t i = 0; i <= n; i++) {
        if (i < n) {
            assert_int_equal(
                mr_tokenizer_decode(c->tokenizer, &decoder, ids[i], piece, sizeof(piece), &length),
                MR_OK);
        } else {
            assert_int_equal(mr_tokenizer_decode_end(&decoder, piece, sizeof(piece), &length),
                             MR_OK);
        }
        memcpy(out + total, piece, length);
        total += length;
    }
    return total;
}

static void check_decode(const context_t *c, mr_decode_mode_t mode, bool at_start,
                         const uint32_t *ids, size_t n, const char *expected) {
    char out[256];
    const size_t length = decode(c, mode, at_start, ids, n, out);

    assert_int_equal(length, strlen(expected));
    assert_memory_equal(out, expected, length);
}

static void test_decode__spaces_and_special_tokens(void **state) {
    (void)state;
    context_t c;

    open_default(&c);
    const uint32_t ids[] = {1,
                            id_of(&c, MARK "ab"),
                            id_of(&c, MARK "a"),
                            0,
                            id_of(&c, "<|im_end|>"),
                            id_of(&c, "<tool>"),
                            id_of(&c, "<gap>"),
                            id_of(&c, "\xC3\xA9"),
                            2};
    const size_t n = sizeof(ids) / sizeof(ids[0]);
    check_decode(&c, MR_DECODE_RAW, true, ids, n, "ab a<tool>\xC3\xA9");
    check_decode(&c, MR_DECODE_REPLACE, false, ids, n, " ab a<tool>\xC3\xA9");
    close_file(&c);
    open_with_flag(&c, "tokenizer.ggml.add_space_prefix", false);
    check_decode(&c, MR_DECODE_RAW, true, ids, n, " ab a<tool>\xC3\xA9");
    close_file(&c);
}

static void test_decode__characters_across_tokens(void **state) {
    (void)state;
    const uint32_t sun[] = {BYTE(0xE6), BYTE(0x97), BYTE(0xA5)};
    const uint32_t broken[] = {BYTE(0xE6), BYTE(0x97), BYTE('x'), BYTE(0xFF), BYTE(0xF0)};
    char piece[MR_TOKENIZER_DECODE_BYTES];
    mr_tokenizer_decoder_t decoder;
    size_t length = 9;
    context_t c;

    open_default(&c);
    mr_tokenizer_decoder_init(&decoder, MR_DECODE_RAW, true);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            mr_tokenizer_decode(c.tokenizer, &decoder, sun[i], piece, sizeof(piece), &length),
            MR_OK);
        assert_int_equal(length, i == 2 ? 3 : 0);
    }
    assert_memory_equal(piece, "\xE6\x97\xA5", 3);
    check_decode(&c, MR_DECODE_RAW, true, broken, 5, "\xE6\x97x\xFF\xF0");
    check_decode(&c, MR_DECODE_REPLACE, true, broken, 5,
                 "\xEF\xBF\xBD\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD");
    /* Forms that look like UTF-8 and are not: overlong, surrogate, beyond U+10FFFF. */
    const uint32_t overlong[] = {BYTE(0xE0), BYTE(0x80), BYTE(0x80)};
    check_decode(&c, MR_DECODE_REPLACE, true, overlong, 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    const uint32_t surrogate[] = {BYTE(0xED), BYTE(0xA0), BYTE(0x80)};
    check_decode(&c, MR_DECODE_REPLACE, true, surrogate, 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    const uint32_t beyond[] = {BYTE(0xF4), BYTE(0x90)};
    check_decode(&c, MR_DECODE_REPLACE, true, beyond, 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_int_equal(mr_tokenizer_decode(c.tokenizer, &decoder, 300, piece, sizeof(piece), &length),
                     MR_RANGE);
    assert_int_equal(
        mr_tokenizer_decode(c.tokenizer, &decoder, 5, piece, sizeof(piece) - 1, &length),
        MR_NO_SPACE);
    assert_int_equal(mr_tokenizer_decode_end(&decoder, piece, sizeof(piece) - 1, &length),
                     MR_NO_SPACE);
    close_file(&c);
}

static void test_decode__gives_back_random_bytes(void **state) {
    (void)state;
    static uint32_t ids[MAX_IDS];
    static char out[8192];
    context_t c;
    uint64_t seed = 8;

    open_default(&c);
    for (size_t round = 0; round < 300; round++) {
        char text[200];
        const size_t n = mr_builder_random(&seed) % sizeof(text);
        for (size_t i = 0; i < n; i++) {
            /* Half of the bytes from a small alphabet, so that merges happen. */
            const uint64_t r = mr_builder_random(&seed);
            text[i] = (char)((r & 1) != 0 ? r >> 8 & 0xFF : (uint64_t) "ab d"[r >> 8 & 3]);
        }
        size_t count = 0;
        assert_int_equal(
            mr_tokenizer_encode(c.tokenizer, text, n, true, false, ids, MAX_IDS, &count), MR_OK);
        assert_int_equal(decode(&c, MR_DECODE_RAW, true, ids, count, out), n);
        assert_memory_equal(out, text, n);
    }
    close_file(&c);
}

static void test_queries(void **state) {
    (void)state;
    context_t c;
    mr_gguf_string_t piece;
    mr_token_type_t type = MR_TOKEN_NORMAL;
    uint32_t id = 0;

    open_default(&c);
    assert_int_equal(mr_tokenizer_vocab(c.tokenizer), 300);
    assert_int_equal(mr_tokenizer_unk(c.tokenizer), 0);
    assert_int_equal(mr_tokenizer_bos(c.tokenizer), 1);
    assert_int_equal(mr_tokenizer_eos(c.tokenizer), 2);
    assert_true(mr_tokenizer_is_eog(c.tokenizer, 2));
    assert_true(mr_tokenizer_is_eog(c.tokenizer, id_of(&c, "<|im_end|>")));
    assert_false(mr_tokenizer_is_eog(c.tokenizer, 1));
    assert_false(mr_tokenizer_is_eog(c.tokenizer, MR_TOKEN_NONE));
    assert_int_equal(mr_tokenizer_piece(c.tokenizer, BYTE(0x41), &piece, &type), MR_OK);
    assert_int_equal(type, MR_TOKEN_BYTE);
    assert_int_equal(piece.length, 6);
    assert_memory_equal(piece.text, "<0x41>", 6);
    assert_int_equal(mr_tokenizer_piece(c.tokenizer, 300, &piece, &type), MR_RANGE);
    assert_int_equal(mr_tokenizer_find(c.tokenizer, "none", 4, &id), MR_NOT_FOUND);
    assert_int_equal(mr_tokenizer_find(c.tokenizer, "", 0, &id), MR_NOT_FOUND);
    close_file(&c);
}

/* A vocabulary of three tokens with given texts, scores and types. */
typedef struct {
    const char *texts[3];
    float scores[3];
    uint32_t types[3];
    uint32_t n_scores;
    uint32_t score_type;
    const char *id_key;
    uint32_t id;
} vocabulary_t;

static const vocabulary_t good = {
    .texts = {"<unk>", "a", "b"},
    .types = {2, 1, 1},
    .n_scores = 3,
    .score_type = MR_GGUF_VALUE_F32,
};

static uint8_t *vocabulary_file(const vocabulary_t *v, size_t *size) {
    mr_builder_t b;

    mr_builder_init(&b);
    mr_builder_string(&b, "tokenizer.ggml.model", "llama");
    mr_builder_array(&b, "tokenizer.ggml.tokens", MR_GGUF_VALUE_STRING, 3);
    for (size_t i = 0; i < 3; i++) {
        mr_builder_put_string(&b.kv, v->texts[i]);
    }
    mr_builder_array(&b, "tokenizer.ggml.scores", v->score_type, v->n_scores);
    for (size_t i = 0; i < v->n_scores; i++) {
        mr_builder_put_f32(&b.kv, v->scores[i % 3]);
    }
    mr_builder_array(&b, "tokenizer.ggml.token_type", MR_GGUF_VALUE_I32, 3);
    for (size_t i = 0; i < 3; i++) {
        mr_builder_put_u32(&b.kv, v->types[i]);
    }
    if (v->id_key != NULL) {
        mr_builder_u32(&b, v->id_key, v->id);
    }
    return mr_builder_finish(&b, size, NULL);
}

static void check_vocabulary(const vocabulary_t *v, mr_status_t status, const char *part) {
    mr_gguf_error_t error = {{0}};
    mr_tokenizer_t *tokenizer = NULL;
    size_t size = 0;
    uint8_t *file = vocabulary_file(v, &size);
    mr_gguf_t *gguf = mr_check_opens(file, size);

    assert_int_equal(mr_tokenizer_open(gguf, &tokenizer, &error), status);
    if (status != MR_OK) {
        assert_null(tokenizer);
        mr_check_message(&error, part);
    }
    mr_tokenizer_close(tokenizer);
    mr_gguf_close(gguf);
    free(file);
}

static void test_open__broken_vocabularies(void **state) {
    (void)state;
    static char long_text[MR_TOKENIZER_MAX_PIECE + 2];
    vocabulary_t v = good;

    check_vocabulary(&v, MR_OK, "");
    v.score_type = MR_GGUF_VALUE_I32; /* integer scores are taken too */
    check_vocabulary(&v, MR_OK, "");
    v.score_type = MR_GGUF_VALUE_U32;
    v.n_scores = 4;
    check_vocabulary(&v, MR_FORMAT, "4 elements for 3 tokens");
    v = good;
    v.texts[2] = "a";
    check_vocabulary(&v, MR_FORMAT, "tokens 1 and 2 are both spelled 'a'");
    v.texts[1] = ""; /* gaps are no duplicates */
    v.texts[2] = "";
    check_vocabulary(&v, MR_OK, "");
    v = good;
    v.scores[1] = (float)strtod("nan", NULL);
    check_vocabulary(&v, MR_FORMAT, "score of token 1");
    v = good;
    v.types[2] = 7;
    check_vocabulary(&v, MR_FORMAT, "type of token 2");
    v.types[2] = 6;
    check_vocabulary(&v, MR_FORMAT, "byte token 2 is spelled 'b'");
    v = good;
    memset(long_text, 'x', sizeof(long_text) - 1);
    v.texts[1] = long_text;
    check_vocabulary(&v, MR_RANGE, "1025 bytes");
    v = good;
    v.id_key = "tokenizer.ggml.unknown_token_id";
    v.id = UINT32_MAX; /* none, and no byte tokens: most texts would have no ids */
    check_vocabulary(&v, MR_FORMAT, "'<0x00>'");
}

static void test_open__special_ids_out_of_range_are_none(void **state) {
    (void)state;
    vocabulary_t v = good;
    context_t c;
    size_t size = 0;

    v.id_key = "tokenizer.ggml.eos_token_id";
    v.id = 3;
    uint8_t *file = vocabulary_file(&v, &size);
    open_file(&c, file, size);
    assert_int_equal(mr_tokenizer_eos(c.tokenizer), MR_TOKEN_NONE);
    assert_int_equal(mr_tokenizer_bos(c.tokenizer), 1); /* by convention */
    /* Without byte tokens each byte is unknown. */
    uint32_t ids[4];
    size_t count = 0;
    assert_int_equal(mr_tokenizer_encode(c.tokenizer, "z", 1, false, false, ids, 4, &count), MR_OK);
    assert_int_equal(count, 4); /* three bytes of the space mark, and z */
    assert_int_equal(ids[3], 0);
    close_file(&c);
}

static void test_open__missing_and_mistyped_keys(void **state) {
    (void)state;
    static const char *const keys[] = {
        "tokenizer.ggml.model",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.scores",
        "tokenizer.ggml.token_type",
        "tokenizer.ggml.unknown_token_id",
        "tokenizer.ggml.bos_token_id",
    };
    for (size_t i = 0; i < 2 * sizeof(keys) / sizeof(keys[0]); i++) {
        mr_fixture_t fixture = mr_fixture_default();
        const char *key = keys[i / 2];
        if (i % 2 == 0) {
            fixture.skip = key;
        } else {
            fixture.as_string = key;
        }
        /* A model of another name and an id left out are no defects of type. */
        const bool accepted = i % 2 == 0 && i >= 8;
        mr_gguf_error_t error = {{0}};
        mr_tokenizer_t *tokenizer = NULL;
        size_t size = 0;
        uint8_t *file = mr_fixture_file(&fixture, &size, NULL);
        mr_gguf_t *gguf = mr_check_opens(file, size);
        const mr_status_t status = mr_tokenizer_open(gguf, &tokenizer, &error);
        if (accepted) {
            assert_int_equal(status, MR_OK);
        } else {
            assert_int_equal(status, i == 1 ? MR_UNSUPPORTED : MR_FORMAT);
            mr_check_message(&error, i == 1 ? "\"not a number\"" : key);
        }
        mr_tokenizer_close(tokenizer);
        mr_gguf_close(gguf);
        free(file);
    }
    mr_gguf_error_t error = {{0}};
    mr_tokenizer_t *tokenizer = NULL;
    assert_int_equal(mr_tokenizer_open(NULL, &tokenizer, &error), MR_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode__merges_best_score_first_leftmost_on_ties),
        cmocka_unit_test(test_encode__byte_fallback),
        cmocka_unit_test(test_encode__special_tokens),
        cmocka_unit_test(test_encode__start_and_end_tokens),
        cmocka_unit_test(test_encode__statuses),
        cmocka_unit_test(test_encode__equals_plain_merging),
        cmocka_unit_test(test_encode__long_text_of_one_letter),
        cmocka_unit_test(test_decode__spaces_and_special_tokens),
        cmocka_unit_test(test_decode__characters_across_tokens),
        cmocka_unit_test(test_decode__gives_back_random_bytes),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_open__broken_vocabularies),
        cmocka_unit_test(test_open__special_ids_out_of_range_are_none),
        cmocka_unit_test(test_open__missing_and_mistyped_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
