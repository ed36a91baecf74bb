/* SPDX-License-Identifier: Apache-2.0 */
/* SentencePiece tokenizer with byte fallback ("llama" in GGUF files): text to ids and back.
 *
 * Encoding, step by step: special tokens are split out (user-defined ones always, control and
 * unknown ones when asked for; leftmost first, the longest at a place); a text at the start and
 * after a special token gets a space in front if the file says so (it does by default); each space
 * becomes U+2581; the text is split into UTF-8 characters (a byte that is not valid UTF-8 stands
 * alone); the adjacent pair whose concatenation is a token (no control or unknown one) of the
 * highest score is merged (ties: the leftmost) until there is none; what is no token becomes byte
 * tokens <0xHH>, or the unknown token where there are none. Time O(n log n) in the text's length.
 *
 * Decoding: U+2581 becomes a space, byte tokens their byte, control, unknown and unused tokens
 * nothing; one space at the start of a text is dropped if encoding puts one there.
 *
 * A vocabulary that names a token twice is refused: an id could not be told from the text.
 *
 * Threading: a tokenizer is read-only after opening; a decoder belongs to one thread at a time.
 * Heap: opening and encoding allocate; encoding needs work memory in proportion to the text.
 */
#ifndef MR_HOST_LIB_TOKENIZER_TOKENIZER_H
#define MR_HOST_LIB_TOKENIZER_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"
#include "gguf/gguf_error.h"
#include "millrace/status.h"

/* Stands for "there is no such token" among the special ids. */
#define MR_TOKEN_NONE UINT32_MAX

#define MR_TOKENIZER_MAX_PIECE 1024u              /* bytes of a token */
#define MR_TOKENIZER_MAX_TEXT (UINT32_C(1) << 28) /* bytes of a text to encode */

/* Bytes that always hold what mr_tokenizer_decode() writes: each byte may become U+FFFD. */
#define MR_TOKENIZER_DECODE_BYTES ((size_t)3 * (MR_TOKENIZER_MAX_PIECE + 4u))

typedef enum {
    MR_TOKEN_NORMAL = 1,
    MR_TOKEN_UNKNOWN = 2,
    MR_TOKEN_CONTROL = 3,
    MR_TOKEN_USER_DEFINED = 4,
    MR_TOKEN_UNUSED = 5,
    MR_TOKEN_BYTE = 6
} mr_token_type_t;

typedef struct mr_tokenizer mr_tokenizer_t;

/* What to do with bytes that do not make valid UTF-8. */
typedef enum {
    MR_DECODE_RAW,    /* pass them on: decoding gives back the very bytes that were encoded */
    MR_DECODE_REPLACE /* write U+FFFD instead, so that all output is valid UTF-8 */
} mr_decode_mode_t;

/* State of a text that is decoded token by token. Read nothing, write nothing. */
typedef struct {
    mr_decode_mode_t mode;
    bool at_start;
    uint8_t n_pending;
    uint8_t pending[4];
} mr_tokenizer_decoder_t;

/* Reads the vocabulary of an open file, which must stay open as long as the tokenizer.
 * @param[out] out    for mr_tokenizer_close(); NULL on error
 * @param[out] error  one line with the cause; may be NULL
 * @return MR_OK; MR_UNSUPPORTED (another kind of tokenizer); MR_FORMAT (keys missing, of wrong type
 *         or length, a token twice, a score that is not finite); MR_RANGE (a token too long);
 *         MR_NO_MEMORY; MR_ARG. */
MR_NODISCARD mr_status_t mr_tokenizer_open(const mr_gguf_t *gguf, mr_tokenizer_t **out,
                                           mr_gguf_error_t *error);

/* Releases the tokenizer; NULL is allowed. */
void mr_tokenizer_close(mr_tokenizer_t *tokenizer);

uint32_t mr_tokenizer_vocab(const mr_tokenizer_t *tokenizer);

/* Special ids; MR_TOKEN_NONE where the file has none. */
uint32_t mr_tokenizer_bos(const mr_tokenizer_t *tokenizer);
uint32_t mr_tokenizer_eos(const mr_tokenizer_t *tokenizer);
uint32_t mr_tokenizer_unk(const mr_tokenizer_t *tokenizer);

/* Whether generation ends at this token: end of sequence, of turn or of message. */
bool mr_tokenizer_is_eog(const mr_tokenizer_t *tokenizer, uint32_t id);

/* A token as the file spells it, with U+2581 for spaces and <0xHH> for bytes; lives as long as the
 * file. @return MR_OK; MR_RANGE (id >= vocab). */
MR_NODISCARD mr_status_t mr_tokenizer_piece(const mr_tokenizer_t *tokenizer, uint32_t id,
                                            mr_gguf_string_t *piece, mr_token_type_t *type);

/* The id of a token as the file spells it. @return MR_OK; MR_NOT_FOUND. */
MR_NODISCARD mr_status_t mr_tokenizer_find(const mr_tokenizer_t *tokenizer, const char *piece,
                                           size_t length, uint32_t *id);

/* Encodes text (any bytes).
 * @param add_special    add the start-of-sequence token if the file says so (the default) and the
 *                       end-of-sequence token if it says so (not the default)
 * @param parse_special  recognise control tokens in the text; false for text from users
 * @param[out] ids       may be NULL when capacity is 0
 * @param[out] count     the number of ids of the whole text, also on MR_NO_SPACE
 * @return MR_OK; MR_NO_SPACE (count > capacity; the first capacity ids are written); MR_RANGE (text
 *         longer than MR_TOKENIZER_MAX_TEXT); MR_NO_MEMORY; MR_ARG. */
MR_NODISCARD mr_status_t mr_tokenizer_encode(const mr_tokenizer_t *tokenizer, const char *text,
                                             size_t length, bool add_special, bool parse_special,
                                             uint32_t *ids, size_t capacity, size_t *count);

/* mr_tokenizer_encode into memory of its own. Free *ids, which is NULL on error.
 * @return as mr_tokenizer_encode, except MR_NO_SPACE. */
MR_NODISCARD mr_status_t mr_tokenizer_encode_all(const mr_tokenizer_t *tokenizer, const char *text,
                                                 size_t length, bool add_special,
                                                 bool parse_special, uint32_t **ids, size_t *count);

/* Starts decoding. at_start: the first token begins a text, so that its leading space is dropped;
 * false when the tokens go on from text shown before, as behind a prompt. */
void mr_tokenizer_decoder_init(mr_tokenizer_decoder_t *decoder, mr_decode_mode_t mode,
                               bool at_start);

/* Writes the text that is complete with this token; bytes of an unfinished character are kept for
 * the next call. The text is not NUL-terminated and may be empty.
 * @param capacity  MR_TOKENIZER_DECODE_BYTES always suffices
 * @return MR_OK; MR_RANGE (id >= vocab); MR_NO_SPACE (capacity < MR_TOKENIZER_DECODE_BYTES). On an
 *         error nothing is written and the decoder is as before. */
MR_NODISCARD mr_status_t mr_tokenizer_decode(const mr_tokenizer_t *tokenizer,
                                             mr_tokenizer_decoder_t *decoder, uint32_t id,
                                             char *out, size_t capacity, size_t *length);

/* Writes the bytes of an unfinished character at the end of the text (as they are or as U+FFFD).
 * @return MR_OK; MR_NO_SPACE (capacity < MR_TOKENIZER_DECODE_BYTES; nothing changed). */
MR_NODISCARD mr_status_t mr_tokenizer_decode_end(mr_tokenizer_decoder_t *decoder, char *out,
                                                 size_t capacity, size_t *length);

#endif
