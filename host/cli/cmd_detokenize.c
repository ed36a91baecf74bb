/* SPDX-License-Identifier: Apache-2.0 */
/* millrace detokenize: token ids to text. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "json.h"

enum { KEY_JSON = 256 };

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", MR_CLI_MODEL_HELP},
    {KEY_JSON, "json", NULL, "print one JSON object; bytes that are no UTF-8 become U+FFFD"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "-m FILE [--json] [ID...]",
    "Prints the text of token ids, separated by commas or white space; without ids they are read\n"
    "from standard input. The text comes out byte by byte, with a line break only on a terminal.",
    options_table};

/* The ids as one text, wherever they come from. */
static int get_ids_text(const mr_cli_t *cli, const char *model, int operands, char **operand,
                        mr_cli_text_t *text) {
    if (model == NULL) {
        return mr_cli_usage(cli, "no model given; use -m FILE");
    }
    if (operands == 0) {
        return isatty(STDIN_FILENO) == 1
                   ? mr_cli_usage(cli, "no ids given; name them or pipe them in")
                   : mr_cli_read_text(NULL, text);
    }
    for (int i = 0; i < operands; i++) {
        mr_cli_text_append(text, operand[i], strlen(operand[i]));
        mr_cli_text_append(text, " ", 1);
    }
    return MR_CLI_OK;
}

static void decode(const mr_tokenizer_t *tokenizer, const uint32_t *ids, size_t count, bool json,
                   mr_cli_text_t *out) {
    static char piece[MR_TOKENIZER_DECODE_BYTES];
    mr_tokenizer_decoder_t decoder;
    size_t length;
    mr_tokenizer_decoder_init(&decoder, json ? MR_DECODE_REPLACE : MR_DECODE_RAW, true);
    for (size_t i = 0; i < count; i++) {
        if (mr_tokenizer_decode(tokenizer, &decoder, ids[i], piece, sizeof piece, &length) ==
            MR_OK) {
            mr_cli_text_append(out, piece, length);
        }
    }
    if (mr_tokenizer_decode_end(&decoder, piece, sizeof piece, &length) == MR_OK) {
        mr_cli_text_append(out, piece, length);
    }
}

static void print(mr_cli_t *cli, const mr_cli_text_t *text, bool json) {
    if (json) {
        cJSON *object = cJSON_CreateObject();
        mr_cli_json_text(object, "text", text->bytes, text->length);
        (void)mr_cli_json_print(cli, object);
        return;
    }
    (void)mr_cli_write(cli, text->bytes, text->length);
    if (isatty(STDOUT_FILENO) == 1) {
        (void)mr_cli_write(cli, "\n", 1);
    }
}

int mr_cli_cmd_detokenize(mr_cli_t *cli, int argc, char **argv) {
    const char *model = NULL;
    bool json = false;
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR) {
            return MR_CLI_USAGE;
        }
        model = key == 'm' ? optarg : model;
        json = json || key == KEY_JSON;
    }
    mr_cli_text_t input = {NULL, 0, 0};
    mr_cli_text_t output = {NULL, 0, 0};
    mr_session_t *session = NULL;
    uint32_t *ids = NULL;
    size_t count = 0;
    int code = get_ids_text(cli, model, argc - optind, argv + optind, &input);
    if (code == MR_CLI_OK) {
        code = mr_cli_open_model(model, &session);
    }
    if (code == MR_CLI_OK) {
        const mr_tokenizer_t *tokenizer = mr_session_tokenizer(session);
        if (mr_cli_parse_ids(cli, input.bytes, input.length, mr_tokenizer_vocab(tokenizer), &ids,
                             &count)) {
            decode(tokenizer, ids, count, json, &output);
            print(cli, &output, json);
        } else {
            code = MR_CLI_USAGE;
        }
    }
    mr_session_close(session);
    free(ids);
    free(input.bytes);
    free(output.bytes);
    return code;
}
