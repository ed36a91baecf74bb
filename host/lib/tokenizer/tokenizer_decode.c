/* SPDX-License-Identifier: Apache-2.0 */
/* Tokenizer: ids to text, one by one, in whole UTF-8 characters. */
#include <string.h>

#include "tokenizer/tokenizer_internal.h"

#define MR_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define MR_REPLACEMENT_BYTES 3u

uint32_t mr_utf8_length(const uint8_t *p, size_t left, bool *could_complete) {
    uint32_t length = 0;
    uint8_t low = 0x80; /* bounds of the second byte: no overlong form, surrogate or > U+10FFFF */
    uint8_t high = 0xBF;

    *could_complete = false;
    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        length = 2;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        length = 3;
        low = p[0] == 0xE0 ? 0xA0 : 0x80;
        high = p[0] == 0xED ? 0x9F : 0xBF;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        length = 4;
        low = p[0] == 0xF0 ? 0x90 : 0x80;
        high = p[0] == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    for (uint32_t i = 1; i < length; i++) {
        if (i >= left) {
            *could_complete = true;
            return 0;
        }
        if (p[i] < low || p[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

void mr_tokenizer_decoder_init(mr_tokenizer_decoder_t *decoder, mr_decode_mode_t mode,
                               bool at_start) {
    *decoder = (mr_tokenizer_decoder_t){.mode = mode, .at_start = at_start};
}

/* The bytes that a token stands for. @return their number, at most MR_TOKENIZER_MAX_PIECE. */
static size_t token_bytes(const mr_token_t *token, uint8_t *out) {
    size_t n = 0;

    switch (token->type) {
    case MR_TOKEN_BYTE:
        out[0] = token->byte;
        return 1;
    case MR_TOKEN_USER_DEFINED:
        memcpy(out, token->text, token->length);
        return token->length;
    case MR_TOKEN_NORMAL:
        break;
    case MR_TOKEN_UNKNOWN:
    case MR_TOKEN_CONTROL:
    case MR_TOKEN_UNUSED:
    default:
        return 0;
    }
    for (size_t i = 0; i < token->length; n++) {
        if (token->length - i >= MR_SPACE_MARK_BYTES &&
            memcmp(token->text + i, MR_SPACE_MARK, MR_SPACE_MARK_BYTES) == 0) {
            out[n] = ' ';
            i += MR_SPACE_MARK_BYTES;
        } else {
            out[n] = token->text[i];
            i++;
        }
    }
    return n;
}

static size_t write_invalid(const mr_tokenizer_decoder_t *decoder, uint8_t byte, char *out) {
    if (decoder->mode == MR_DECODE_RAW) {
        *out = (char)byte;
        return 1;
    }
    memcpy(out, MR_REPLACEMENT, MR_REPLACEMENT_BYTES);
    return MR_REPLACEMENT_BYTES;
}

/* Writes the whole characters of bytes and keeps an unfinished one. @return bytes written. */
static size_t write_characters(mr_tokenizer_decoder_t *decoder, const uint8_t *bytes, size_t n,
                               char *out) {
    size_t written = 0;
    size_t i = 0;

    decoder->n_pending = 0;
    while (i < n) {
        bool could_complete = false;
        const uint32_t length = mr_utf8_length(bytes + i, n - i, &could_complete);
        if (length != 0) {
            memcpy(out + written, bytes + i, length);
            written += length;
            i += length;
        } else if (could_complete) {
            decoder->n_pending = (uint8_t)(n - i);
            memcpy(decoder->pending, bytes + i, n - i);
            break;
        } else {
            written += write_invalid(decoder, bytes[i], out + written);
            i++;
        }
    }
    return written;
}

mr_status_t mr_tokenizer_decode(const mr_tokenizer_t *tokenizer, mr_tokenizer_decoder_t *decoder,
                                uint32_t id, char *out, size_t capacity, size_t *length) {
    uint8_t bytes[sizeof(decoder->pending) + MR_TOKENIZER_MAX_PIECE];
    size_t n = decoder->n_pending;

    if (id >= tokenizer->n_tokens) {
        return MR_RANGE;
    }
    if (capacity < MR_TOKENIZER_DECODE_BYTES) {
        return MR_NO_SPACE;
    }
    memcpy(bytes, decoder->pending, n);
    size_t added = token_bytes(&tokenizer->tokens[id], bytes + n);
    if (added != 0 && decoder->at_start) {
        decoder->at_start = false;
        if (tokenizer->add_space_prefix && bytes[n] == ' ') {
            added--;
            memmove(bytes + n, bytes + n + 1, added);
        }
    }
    n += added;
    *length = write_characters(decoder, bytes, n, out);
    return MR_OK;
}

mr_status_t mr_tokenizer_decode_end(mr_tokenizer_decoder_t *decoder, char *out, size_t capacity,
                                    size_t *length) {
    if (capacity < MR_TOKENIZER_DECODE_BYTES) {
        return MR_NO_SPACE;
    }
    *length = 0;
    for (uint8_t i = 0; i < decoder->n_pending; i++) {
        *length += write_invalid(decoder, decoder->pending[i], out + *length);
    }
    decoder->n_pending = 0;
    return MR_OK;
}
