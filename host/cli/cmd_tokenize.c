/* SPDX-License-Identifier: Apache-2.0 */
/* millrace tokenize: text to token ids. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "json.h"

enum { KEY_NO_BOS = 256, KEY_SPECIAL, KEY_JSON };

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", MR_CLI_MODEL_HELP},
    {'f', "file", "TEXTFILE", "text to tokenise; - is standard input"},
    {KEY_NO_BOS, "no-bos", NULL, "without the model's start-of-sequence token"},
    {KEY_SPECIAL, "special", NULL, "recognise control tokens such as </s> in the text"},
    {KEY_JSON, "json", NULL, "print one JSON object with ids and their spelling"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "-m FILE [OPTION...] [TEXT]",
    "Prints the token ids of a text. Without TEXT and -f it is read from standard input, with\n"
    "its line breaks.",
    options_table};

typedef struct {
    const char *model;
    const char *file;
    bool no_bos;
    bool special;
    bool json;
} options_t;

static void take_option(int key, options_t *o) {
    switch (key) {
    case 'm':
        o->model = optarg;
        break;
    case 'f':
        o->file = optarg;
        break;
    case KEY_NO_BOS:
        o->no_bos = true;
        break;
    case KEY_SPECIAL:
        o->special = true;
        break;
    default:
        o->json = true;
        break;
    }
}

static int get_text(const mr_cli_t *cli, const options_t *o, int operands, char **operand,
                    mr_cli_text_t *text) {
    if (o->model == NULL) {
        return mr_cli_usage(cli, "no model given; use -m FILE");
    }
    if (operands > 1) {
        return mr_cli_usage(cli, "more than one TEXT; quote it");
    }
    if (operands == 1 && o->file != NULL) {
        return mr_cli_usage(cli, "give either TEXT or -f TEXTFILE");
    }
    if (operands == 1) {
        mr_cli_text_append(text, operand[0], strlen(operand[0]) + 1u);
        text->length--;
        return MR_CLI_OK;
    }
    if (o->file == NULL && isatty(STDIN_FILENO) == 1) {
        return mr_cli_usage(cli, "no text given; use TEXT, -f TEXTFILE or pipe it in");
    }
    return mr_cli_read_text(o->file, text);
}

static void print(mr_cli_t *cli, const mr_tokenizer_t *tokenizer, const uint32_t *ids, size_t count,
                  bool json) {
    if (json) {
        cJSON *object = cJSON_CreateObject();
        mr_cli_json_ids(object, "tokens", ids, count);
        cJSON *pieces = cJSON_AddArrayToObject(object, "pieces");
        for (size_t i = 0; i < count; i++) {
            mr_gguf_string_t piece = {"", 0};
            mr_token_type_t type;
            if (mr_tokenizer_piece(tokenizer, ids[i], &piece, &type) == MR_OK) {
                mr_cli_json_text(pieces, NULL, piece.text, piece.length);
            }
        }
        (void)mr_cli_json_print(cli, object);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        (void)mr_cli_print(cli, "%s%" PRIu32, i > 0 ? " " : "", ids[i]);
    }
    (void)mr_cli_print(cli, "\n");
}

int mr_cli_cmd_tokenize(mr_cli_t *cli, int argc, char **argv) {
    options_t options = {0};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR) {
            return MR_CLI_USAGE;
        }
        take_option(key, &options);
    }
    mr_cli_text_t text = {NULL, 0, 0};
    mr_session_t *session = NULL;
    uint32_t *ids = NULL;
    size_t count = 0;
    int code = get_text(cli, &options, argc - optind, argv + optind, &text);
    if (code == MR_CLI_OK) {
        code = mr_cli_open_model(options.model, &session);
    }
    if (code == MR_CLI_OK) {
        code = mr_cli_encode(session, &text, !options.no_bos, options.special, &ids, &count);
    }
    if (code == MR_CLI_OK) {
        print(cli, mr_session_tokenizer(session), ids, count, options.json);
    }
    mr_session_close(session);
    free(ids);
    free(text.bytes);
    return code;
}
