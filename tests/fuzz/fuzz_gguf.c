/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as a GGUF file, through the container, the model loader and the tokenizer.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/llama_model.h"
#include "tokenizer/tokenizer.h"

#define MAX_IDS 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A refusal must come with one line of text. */
static void check(mr_status_t status, const mr_gguf_error_t *error) {
    if (status != MR_OK && (error->text[0] == '\0' || strchr(error->text, '\n') != NULL)) {
        abort();
    }
}

/* Encodes a few bytes of the input and decodes what came out. */
static void use_tokenizer(const mr_tokenizer_t *tokenizer, const uint8_t *data, size_t size) {
    static uint32_t ids[MAX_IDS];
    static char out[MR_TOKENIZER_DECODE_BYTES];
    const size_t n = size < 64 ? size : 64;
    mr_tokenizer_decoder_t decoder;
    size_t count = 0;
    size_t length = 0;

    if (mr_tokenizer_encode(tokenizer, (const char *)(data + size - n), n, true, (size & 1) != 0,
                            ids, MAX_IDS, &count) != MR_OK) {
        return;
    }
    mr_tokenizer_decoder_init(&decoder, (size & 2) != 0 ? MR_DECODE_RAW : MR_DECODE_REPLACE, true);
    for (size_t i = 0; i < count; i++) {
        if (mr_tokenizer_decode(tokenizer, &decoder, ids[i], out, sizeof(out), &length) != MR_OK) {
            abort(); /* an id that encoding made must decode */
        }
    }
    if (mr_tokenizer_decode_end(&decoder, out, sizeof(out), &length) != MR_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mr_gguf_error_t error = {{0}};
    mr_gguf_t *gguf = NULL;
    mr_llama_model_t *model = NULL;
    mr_tokenizer_t *tokenizer = NULL;

    const mr_status_t opened = mr_gguf_open_memory(data, size, "fuzz", &gguf, &error);
    check(opened, &error);
    if (opened != MR_OK) {
        return 0;
    }
    error.text[0] = '\0';
    check(mr_llama_model_open(gguf, &model, &error), &error);
    error.text[0] = '\0';
    const mr_status_t vocabulary = mr_tokenizer_open(gguf, &tokenizer, &error);
    check(vocabulary, &error);
    if (vocabulary == MR_OK) {
        use_tokenizer(tokenizer, data, size);
    }
    mr_tokenizer_close(tokenizer);
    mr_llama_model_close(model);
    mr_gguf_close(gguf);
    return 0;
}
