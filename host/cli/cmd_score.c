/* SPDX-License-Identifier: Apache-2.0 */
/* millrace score: teacher-forced log-probabilities and perplexity. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "json.h"
#include "logprob.h"

#define TOP_DEFAULT 5u

enum { KEY_IDS = 256, KEY_TOP, KEY_DEVICE, KEY_MODE, KEY_JSON, KEY_FIRMWARE, KEY_IMAGE };

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", MR_CLI_MODEL_HELP},
    {'f', "file", "TEXTFILE", "text to score; - is standard input"},
    {KEY_IDS, "ids", "1,403,...", "token ids to score, as they are"},
    {KEY_TOP, "top", "K", "show the K best at each position with --json (default 5)"},
    {KEY_DEVICE, "device", "NAME",
     "sim, sim:DRAM (millrace --help has the names) or model (default: sim if this build has it)"},
    {KEY_MODE, "mode", "MODE", MR_CLI_MODE_HELP},
    {KEY_FIRMWARE, "firmware", "WHERE", MR_CLI_FIRMWARE_HELP},
    {KEY_IMAGE, "firmware-image", "FILE", MR_CLI_FIRMWARE_IMAGE_HELP},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "-m FILE (-f TEXTFILE | --ids 1,403,...) [OPTION...]",
    "Log-probability of each token given those before it, and perplexity. A text gets the\n"
    "model's start-of-sequence token; ids are taken as they are.",
    options_table};

typedef struct {
    const char *model;
    const char *file;
    const char *ids;
    const char *device;
    uint32_t mode; /* MR_PLACE_* */
    mr_cli_firmware_t firmware;
    uint32_t top;
    bool json;
} options_t;

typedef struct {
    mr_session_t *session;
    uint32_t *tokens;
    size_t n;
    uint32_t n_top;
    double *logprobs;     /* [n]; of the first: unused */
    mr_cli_ranked_t *top; /* [n][n_top]; of the first: unused */
    mr_end_t why;
    uint32_t detail;
} score_t;

static bool take_option(const mr_cli_t *cli, int key, options_t *o) {
    switch (key) {
    case 'm':
        o->model = optarg;
        return true;
    case 'f':
        o->file = optarg;
        return true;
    case KEY_IDS:
        o->ids = optarg;
        return true;
    case KEY_TOP:
        return mr_cli_parse_u32(cli, "--top", optarg, 0, MR_CLI_TOP_MAX, &o->top);
    case KEY_DEVICE:
        o->device = optarg;
        return true;
    case KEY_MODE:
        return mr_cli_parse_mode(cli, optarg, &o->mode);
    case KEY_FIRMWARE:
        return mr_cli_parse_firmware(cli, optarg, &o->firmware);
    case KEY_IMAGE:
        o->firmware.image = optarg;
        return true;
    default:
        o->json = true;
        return true;
    }
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    score_t *s = ctx;
    const size_t next = (size_t)pos + 1u;
    (void)slot;
    if (next < s->n) {
        const double log_sum = mr_cli_log_sum_exp(logits, n);
        s->logprobs[next] = (double)logits[s->tokens[next]] - log_sum;
        mr_cli_top(logits, n, log_sum, s->n_top, s->top + next * s->n_top);
    }
}

/* Nothing is drawn: the request only runs its prompt. */
static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    (void)ctx;
    (void)slot;
    (void)pos;
    (void)token;
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    score_t *s = ctx;
    (void)slot;
    s->why = why;
    s->detail = detail;
}

static int get_tokens(const mr_cli_t *cli, const options_t *o, const mr_cli_text_t *text,
                      score_t *s) {
    const mr_llama_hparams_t *h = mr_llama_model_hparams(mr_session_model(s->session));
    if (o->ids != NULL) {
        if (!mr_cli_parse_ids(cli, o->ids, strlen(o->ids), h->vocab, &s->tokens, &s->n)) {
            return MR_CLI_USAGE;
        }
    } else {
        const int code = mr_cli_encode(s->session, text, true, false, &s->tokens, &s->n);
        if (code != MR_CLI_OK) {
            return code;
        }
    }
    if (s->n < 2) {
        return mr_cli_fail("nothing to score: %zu token%s, at least 2 are needed", s->n,
                           s->n == 1 ? "" : "s");
    }
    if (s->n > h->context) {
        return mr_cli_fail("the text has %zu tokens but the model's context holds %" PRIu32
                           "; shorten it",
                           s->n, h->context);
    }
    return MR_CLI_OK;
}

static int compute(const options_t *o, score_t *s) {
    static const bool may_cancel = true;
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = s};
    const uint32_t vocab = mr_llama_model_hparams(mr_session_model(s->session))->vocab;
    const mr_request_t request = {.prompt = s->tokens,
                                  .n_prompt = (uint32_t)s->n,
                                  .sampling = {.top_p = 1.0f},
                                  .prompt_logits = true};
    mr_runner_t *runner;
    s->n_top = o->top < vocab ? o->top : vocab;
    s->logprobs = mr_cli_alloc(s->n, sizeof *s->logprobs);
    s->top = mr_cli_alloc(s->n * s->n_top, sizeof *s->top);
    mr_status_t status = mr_session_runner(s->session, &events, &runner);
    if (status == MR_OK) {
        status = mr_runner_submit(runner, MR_CLI_SLOT, &request);
    }
    if (status != MR_OK) {
        return mr_cli_fail("cannot start: %s", mr_status_text(status));
    }
    const int code = mr_cli_drive(s->session, runner, &may_cancel);
    if (code == MR_CLI_OK && s->why == MR_END_CANCEL) {
        (void)mr_cli_fail("interrupted");
        return MR_CLI_INTERRUPTED;
    }
    return code == MR_CLI_OK && s->why == MR_END_ERROR
               ? mr_cli_job_failed(s->detail, mr_runner_fault(runner))
               : code;
}

static void print(mr_cli_t *cli, const options_t *o, const score_t *s) {
    double sum = 0.0;
    for (size_t i = 1; i < s->n; i++) {
        sum += s->logprobs[i];
    }
    const double mean = sum / (double)(s->n - 1u);
    if (!o->json) {
        (void)mr_cli_print(cli, "tokens %zu\nmean log-probability %.6f\nperplexity %.6f\n", s->n,
                           mean, exp(-mean));
        return;
    }
    cJSON *object = cJSON_CreateObject();
    mr_cli_json_ids(object, "tokens", s->tokens, s->n);
    cJSON *logprobs = cJSON_AddArrayToObject(object, "logprobs");
    cJSON *top = cJSON_AddArrayToObject(object, "top");
    cJSON_AddItemToArray(logprobs, cJSON_CreateNull());
    cJSON_AddItemToArray(top, cJSON_CreateNull());
    for (size_t i = 1; i < s->n; i++) {
        mr_cli_json_number(logprobs, NULL, s->logprobs[i]);
        cJSON_AddItemToArray(top, mr_cli_json_ranked(s->top + i * s->n_top, s->n_top));
    }
    mr_cli_json_number(object, "perplexity", exp(-mean));
    cJSON_AddStringToObject(object, "firmware", mr_cli_firmware_text(&o->firmware));
    (void)mr_cli_json_print(cli, object);
}

static int check_options(const mr_cli_t *cli, int operands, const options_t *o) {
    if (operands > 0) {
        return mr_cli_usage(cli, "unexpected operand; the text is given with -f or --ids");
    }
    if (o->model == NULL) {
        return mr_cli_usage(cli, "no model given; use -m FILE");
    }
    if ((o->file == NULL) == (o->ids == NULL)) {
        return mr_cli_usage(cli, "give either -f TEXTFILE or --ids 1,403,...");
    }
    return MR_CLI_OK;
}

int mr_cli_cmd_score(mr_cli_t *cli, int argc, char **argv) {
    options_t options = {
        .device = mr_cli_default_device(), .mode = MR_PLACE_EFFICIENCY, .top = TOP_DEFAULT};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR || !take_option(cli, key, &options)) {
            return MR_CLI_USAGE;
        }
    }
    mr_cli_text_t text = {NULL, 0, 0};
    score_t score = {.why = MR_END_LENGTH};
    int code = check_options(cli, argc - optind, &options);
    if (code == MR_CLI_OK && options.file != NULL) {
        code = mr_cli_read_text(options.file, &text);
        if (code == MR_CLI_OK && text.length == 0) {
            code = mr_cli_fail("%s is empty; there is nothing to score", options.file);
        }
    }
    if (code == MR_CLI_OK) {
        code = mr_cli_open_firmware(cli, options.device, options.model, options.mode,
                                    &options.firmware, &score.session);
    }
    if (code == MR_CLI_OK) {
        code = get_tokens(cli, &options, &text, &score);
    }
    if (code == MR_CLI_OK) {
        code = compute(&options, &score);
    }
    if (code == MR_CLI_OK) {
        print(cli, &options, &score);
    }
    mr_session_close(score.session);
    free(text.bytes);
    free(score.tokens);
    free(score.logprobs);
    free(score.top);
    return code;
}
