/* SPDX-License-Identifier: Apache-2.0 */
/* millrace run: generates text from a prompt. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "run.h"
#include "users.h"

#define N_DEFAULT 128u

enum {
    KEY_DEVICE = 256,
    KEY_TEMP,
    KEY_TOP_K,
    KEY_TOP_P,
    KEY_SEED,
    KEY_IGNORE_EOS,
    KEY_LOGPROBS,
    KEY_JSON,
    KEY_STATS,
    KEY_MODE,
    KEY_USERS,
    KEY_PROMPTS,
    KEY_REFUSE,
    KEY_MAX_PAGES,
    KEY_DEADLINE,
    KEY_MIN_P,
    KEY_FIRMWARE,
    KEY_IMAGE,
    KEY_LOG
};

static const mr_cli_option_t options_table[] = {
    {'m', "model", "FILE", MR_CLI_MODEL_HELP},
    {'p', "prompt", "TEXT", "prompt (default: standard input, less its last line break)"},
    {'n', "tokens", "N", "make at most N tokens (default 128)"},
    {KEY_DEVICE, "device", "NAME",
     "sim: the chip's RTL, sim:DRAM: with another DRAM device (millrace --help has the names), "
     "model: functional model (default: sim if this build has it)"},
    {KEY_MODE, "mode", "MODE", MR_CLI_MODE_HELP},
    {KEY_FIRMWARE, "firmware", "WHERE", MR_CLI_FIRMWARE_HELP},
    {KEY_IMAGE, "firmware-image", "FILE", MR_CLI_FIRMWARE_IMAGE_HELP},
    {KEY_LOG, "firmware-log", NULL, MR_CLI_FIRMWARE_LOG_HELP},
    {KEY_TEMP, "temp", "T", "temperature, 0.01 to 100; 0 (default): always the likeliest token"},
    {KEY_TOP_K, "top-k", "K", "draw among the K likeliest tokens; 0 (default): all"},
    {KEY_TOP_P, "top-p", "P",
     "draw among the likeliest tokens that reach probability P "
     "(default 1)"},
    {KEY_MIN_P, "min-p", "P",
     "leave out tokens less likely than P times the likeliest one (default 0: none)"},
    {KEY_SEED, "seed", "S", "seed of the draws (default 0)"},
    {KEY_IGNORE_EOS, "ignore-eos", NULL, "go on behind the end-of-sequence token"},
    {KEY_LOGPROBS, "logprobs", "K", "log-probabilities, and those of the K best; needs --json"},
    {KEY_JSON, "json", NULL, "print one JSON object at the end instead of the text"},
    {KEY_STATS, "stats", NULL, "print speed and cycles on standard error"},
    {KEY_USERS, "users", "N",
     "run N users at once, with seeds S, S + 1, ...; each text is shown when it is whole"},
    {KEY_PROMPTS, "prompts", "FILE",
     "prompts of the users, one a line, in turn (- is standard input); N is their number by "
     "default"},
    {KEY_REFUSE, "refuse", NULL,
     "with users: end those whose KV cache does not fit when their turn comes; else they wait"},
    {KEY_MAX_PAGES, "max-pages", "N",
     "with users: refuse those who can need more than N pages of 32 positions"},
    {KEY_DEADLINE, "deadline", "CYCLES", "with users: end all after so many cycles of the device"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {"-m FILE [-p TEXT] [OPTION...]",
                                   "Shows the prompt and goes on with it, token by token.",
                                   options_table};

/* Takes one option. @return false when its argument is wrong; the message is out. */
static bool take_option(const mr_cli_t *cli, int key, mr_cli_run_options_t *o) {
    switch (key) {
    case 'm':
        o->model = optarg;
        return true;
    case 'p':
        o->prompt = optarg;
        return true;
    case 'n':
        o->n = 0;
        return strcmp(optarg, "0") == 0 ||
               mr_cli_parse_u32(cli, "-n", optarg, 1, UINT32_MAX, &o->n);
    case KEY_DEVICE:
        o->device = optarg;
        return true;
    case KEY_MODE:
        return mr_cli_parse_mode(cli, optarg, &o->mode);
    case KEY_FIRMWARE:
        return mr_cli_parse_firmware(cli, optarg, &o->firmware);
    case KEY_LOG:
        o->firmware.log = true;
        return true;
    case KEY_IMAGE:
        o->firmware.image = optarg;
        return true;
    case KEY_TEMP:
        return mr_cli_parse_f32(cli, "--temp", optarg, 0.0f, 100.0f, &o->sampling.temperature);
    case KEY_TOP_K:
        return mr_cli_parse_u32(cli, "--top-k", optarg, 0, UINT32_MAX, &o->sampling.top_k);
    case KEY_TOP_P:
        return mr_cli_parse_f32(cli, "--top-p", optarg, 1e-6f, 1.0f, &o->sampling.top_p);
    case KEY_SEED:
        return mr_cli_parse_u64(cli, "--seed", optarg, &o->sampling.seed);
    case KEY_LOGPROBS:
        o->logprobs = true;
        return mr_cli_parse_u32(cli, "--logprobs", optarg, 0, MR_CLI_TOP_MAX, &o->top);
    case KEY_IGNORE_EOS:
        o->ignore_eos = true;
        return true;
    case KEY_JSON:
        o->json = true;
        return true;
    case KEY_USERS:
        return mr_cli_parse_u32(cli, "--users", optarg, 1, MR_CLI_USERS_MAX, &o->users);
    case KEY_PROMPTS:
        o->prompts = optarg;
        return true;
    case KEY_REFUSE:
        o->refuse = true;
        return true;
    case KEY_MAX_PAGES:
        return mr_cli_parse_u32(cli, "--max-pages", optarg, 1, UINT32_MAX, &o->max_pages);
    case KEY_DEADLINE:
        return mr_cli_parse_u64(cli, "--deadline", optarg, &o->deadline);
    case KEY_MIN_P:
        return mr_cli_parse_f32(cli, "--min-p", optarg, 0.0f, 1.0f, &o->sampling.min_p);
    default:
        o->stats = true;
        return true;
    }
}

/* What no single option can tell. */
static int check_options(const mr_cli_t *cli, int operands, const mr_cli_run_options_t *o) {
    if (operands > 0) {
        return mr_cli_usage(cli, "unexpected operand; the prompt is given with -p");
    }
    if (o->model == NULL) {
        return mr_cli_usage(cli, "no model given; use -m FILE");
    }
    if (o->n == 0) {
        return mr_cli_usage(cli, "nothing to do: -n must be at least 1");
    }
    if (o->sampling.temperature > 0.0f && o->sampling.temperature < 0.01f) {
        return mr_cli_usage(cli, "--temp takes 0 or a number from 0.01 to 100");
    }
    if (o->logprobs && !o->json) {
        return mr_cli_usage(cli, "--logprobs needs --json");
    }
    if (o->logprobs && (o->users != 0 || o->prompts != NULL)) {
        return mr_cli_usage(cli, "--logprobs takes one user; leave --users and --prompts out");
    }
    if ((o->refuse || o->max_pages != 0 || o->deadline != 0) && o->users == 0 &&
        o->prompts == NULL) {
        return mr_cli_usage(cli, "--refuse, --max-pages and --deadline need --users or --prompts");
    }
    if (o->prompts != NULL && o->prompt != NULL) {
        return mr_cli_usage(cli, "give prompts with -p or with --prompts, not both");
    }
    if (o->prompts == NULL && o->prompt == NULL && isatty(STDIN_FILENO) == 1) {
        return mr_cli_usage(cli, "no prompt given; use -p TEXT or pipe a text in");
    }
    return MR_CLI_OK;
}

/* The prompt's text; free its bytes. */
static int read_prompt(const mr_cli_run_options_t *o, mr_cli_text_t *text) {
    *text = (mr_cli_text_t){NULL, 0, 0};
    if (o->prompts != NULL) {
        return mr_cli_read_text(o->prompts, text);
    }
    if (o->prompt != NULL) {
        mr_cli_text_append(text, o->prompt, strlen(o->prompt) + 1u);
        text->length--;
    } else {
        const int code = mr_cli_read_text(NULL, text);
        if (code != MR_CLI_OK) {
            return code;
        }
        if (text->length > 0 && text->bytes[text->length - 1u] == '\n') {
            text->length--;
            text->length -= text->length > 0 && text->bytes[text->length - 1u] == '\r';
        }
    }
    return text->length > 0
               ? MR_CLI_OK
               : mr_cli_fail("the prompt is empty; give a text with -p or on standard input");
}

static void on_logits(void *ctx, uint32_t slot, uint32_t pos, const float *logits, uint32_t n) {
    mr_cli_run_t *run = ctx;
    (void)slot;
    (void)pos;
    memcpy(run->logits, logits, n * sizeof *logits);
}

static void keep_logprobs(mr_cli_run_t *run, uint32_t token) {
    const double log_sum = mr_cli_log_sum_exp(run->logits, run->vocab);
    run->logprobs[run->n_tokens] = (double)run->logits[token] - log_sum;
    mr_cli_top(run->logits, run->vocab, log_sum, run->n_top,
               run->top + (size_t)run->n_tokens * run->n_top);
}

/* Shows or keeps decoded text. */
static void emit(mr_cli_run_t *run, const char *bytes, size_t length) {
    if (run->options->json) {
        mr_cli_text_append(&run->text, bytes, length);
    } else if (length > 0) {
        (void)mr_cli_write(run->cli, bytes, length);
        (void)mr_cli_flush(run->cli);
    }
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    static char piece[MR_TOKENIZER_DECODE_BYTES];
    mr_cli_run_t *run = ctx;
    size_t length = 0;
    (void)pos;
    if (run->options->logprobs) {
        keep_logprobs(run, token);
    }
    run->tokens[run->n_tokens++] = token;
    if (run->status == MR_OK) {
        run->status = mr_cli_stats_token(&run->stats);
    }
    run->may_cancel = false;
    if (mr_tokenizer_decode(mr_session_tokenizer(run->session), &run->decoder, token, piece,
                            sizeof piece, &length) == MR_OK) {
        emit(run, piece, length);
    }
    /* Where counters are reported, nothing is on its way between two tokens (`stepwise`). */
    if (mr_cli_interrupted() || run->cli->write_errno != 0 || run->status != MR_OK) {
        mr_runner_cancel(run->runner, slot);
    }
    return true;
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    mr_cli_run_t *run = ctx;
    (void)slot;
    run->why = why;
    run->detail = detail;
    if (run->status == MR_OK) {
        run->status = mr_cli_stats_end(&run->stats);
    }
}

/* Room for as many tokens as the context lets through. */
static void make_room(mr_cli_run_t *run) {
    const mr_cli_run_options_t *o = run->options;
    const mr_llama_hparams_t *h = mr_llama_model_hparams(mr_session_model(run->session));
    const uint32_t left = h->context - (uint32_t)run->n_prompt + 1u;
    const uint32_t room = o->n < left ? o->n : left;
    run->vocab = h->vocab;
    run->n_top = o->top < h->vocab ? o->top : h->vocab;
    run->tokens = mr_cli_alloc(room, sizeof *run->tokens);
    if (o->logprobs) {
        run->logits = mr_cli_alloc(h->vocab, sizeof *run->logits);
        run->logprobs = mr_cli_alloc(room, sizeof *run->logprobs);
        run->top = mr_cli_alloc((size_t)room * run->n_top, sizeof *run->top);
    }
}

static mr_status_t submit(mr_cli_run_t *run) {
    mr_request_t request = {.prompt = run->prompt,
                            .n_prompt = (uint32_t)run->n_prompt,
                            .max_tokens = run->options->n,
                            .sampling = run->options->sampling,
                            .stops = run->stops,
                            .token_logits = run->options->logprobs,
                            .stepwise = run->options->json || run->options->stats};
    if (!run->options->ignore_eos) {
        request.n_stops = mr_session_stops(run->session, run->stops);
    }
    const mr_sched_events_t events = {
        .logits = on_logits, .token = on_token, .end = on_end, .ctx = run};
    MR_TRY(mr_session_runner(run->session, &events, &run->runner));
    MR_TRY(mr_cli_stats_begin(&run->stats, mr_session_mmio(run->session),
                              &mr_session_placement(run->session)->machine));
    return mr_runner_submit(run->runner, MR_CLI_SLOT, &request);
}

/* Generates; the text has been shown when this returns. */
static int generate(mr_cli_run_t *run, const mr_cli_text_t *prompt) {
    static char rest[MR_TOKENIZER_DECODE_BYTES];
    const bool json = run->options->json;
    size_t length = 0;
    make_room(run);
    mr_tokenizer_decoder_init(&run->decoder, json ? MR_DECODE_REPLACE : MR_DECODE_RAW, false);
    if (!json) {
        (void)mr_cli_write(run->cli, prompt->bytes, prompt->length);
        if (!mr_cli_flush(run->cli)) {
            return MR_CLI_FAILED;
        }
    }
    const mr_status_t status = submit(run);
    if (status != MR_OK) {
        return mr_cli_fail("cannot start: %s", mr_status_text(status));
    }
    run->may_cancel = true;
    int code = mr_cli_drive(run->session, run->runner, &run->may_cancel);
    if (mr_tokenizer_decode_end(&run->decoder, rest, sizeof rest, &length) == MR_OK) {
        emit(run, rest, length);
    }
    emit(run, "\n", json ? 0 : 1);
    if (code == MR_CLI_OK && run->why == MR_END_ERROR) {
        code = mr_cli_job_failed(run->detail, mr_runner_fault(run->runner));
    }
    if (code == MR_CLI_OK && run->status != MR_OK) {
        code = mr_cli_fail("reading the counters failed: %s", mr_status_text(run->status));
    }
    return code;
}

static int report(const mr_cli_run_t *run) {
    if (run->cli->write_errno != 0) {
        return MR_CLI_FAILED;
    }
    if (run->options->json) {
        (void)mr_cli_run_json(run);
    }
    if (run->options->stats) {
        mr_cli_run_stats(run);
    } else if (!run->options->json && isatty(STDERR_FILENO) == 1) {
        mr_cli_run_summary(run);
    }
    return run->why == MR_END_CANCEL ? MR_CLI_INTERRUPTED : MR_CLI_OK;
}

static int run_session(mr_cli_run_t *run, const mr_cli_text_t *prompt) {
    int code = mr_cli_encode(run->session, prompt, true, false, &run->prompt, &run->n_prompt);
    if (code != MR_CLI_OK) {
        return code;
    }
    const uint32_t context = mr_llama_model_hparams(mr_session_model(run->session))->context;
    if (run->n_prompt > context) {
        return mr_cli_fail("the prompt has %zu tokens but the model's context holds %" PRIu32
                           "; shorten it",
                           run->n_prompt, context);
    }
    code = generate(run, prompt);
    return code == MR_CLI_OK ? report(run) : code;
}

int mr_cli_cmd_run(mr_cli_t *cli, int argc, char **argv) {
    mr_cli_run_options_t options = {.device = mr_cli_default_device(),
                                    .mode = MR_PLACE_EFFICIENCY,
                                    .n = N_DEFAULT,
                                    .sampling = {.top_p = 1.0f}};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR || !take_option(cli, key, &options)) {
            return MR_CLI_USAGE;
        }
    }
    int code = check_options(cli, argc - optind, &options);
    mr_cli_text_t prompt = {NULL, 0, 0};
    mr_cli_run_t run = {.cli = cli, .options = &options, .status = MR_OK};
    if (code == MR_CLI_OK) {
        code = read_prompt(&options, &prompt);
    }
    if (code == MR_CLI_OK) {
        code = mr_cli_open_firmware(cli, options.device, options.model, options.mode,
                                    &options.firmware, &run.session);
    }
    if (code == MR_CLI_OK) {
        code = options.users != 0 || options.prompts != NULL
                   ? mr_cli_run_users(cli, &options, run.session, &prompt)
                   : run_session(&run, &prompt);
    }
    mr_cli_firmware_log(run.session, &options.firmware);
    mr_session_close(run.session);
    free(prompt.bytes);
    free(run.prompt);
    free(run.tokens);
    free(run.logits);
    free(run.logprobs);
    free(run.top);
    free(run.text.bytes);
    return code;
}
