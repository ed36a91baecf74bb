/* SPDX-License-Identifier: Apache-2.0 */
/* State of `millrace run`, shared by the command and its report. */
#ifndef MR_HOST_CLI_RUN_H
#define MR_HOST_CLI_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "engine.h"
#include "logprob.h"
#include "millrace/sampler.h"
#include "millrace/sched.h"
#include "session/session.h"
#include "stats.h"

typedef struct {
    const char *model;
    const char *prompt; /* NULL: standard input */
    const char *device;
    uint32_t mode; /* MR_PLACE_* */
    mr_cli_firmware_t firmware;
    uint32_t n;
    mr_sampling_t sampling;
    bool ignore_eos;
    bool logprobs;
    uint32_t top; /* candidates a token, with logprobs */
    bool json;
    bool stats;
    uint32_t users;      /* at once; 0: not asked for */
    const char *prompts; /* file with their prompts, or NULL */
    bool refuse;         /* users whose KV cache does not fit now, instead of letting them wait */
    uint32_t max_pages;  /* of KV cache a user may ask for; 0: no limit */
    uint64_t deadline;   /* cycles after the start at which users end; 0: none */
} mr_cli_run_options_t;

typedef struct {
    mr_cli_t *cli;
    const mr_cli_run_options_t *options;
    mr_session_t *session;
    mr_runner_t *runner;
    uint32_t stops[MR_SCHED_STOPS_MAX];
    uint32_t vocab;
    uint32_t *prompt;
    size_t n_prompt;
    uint32_t *tokens; /* drawn, with the stop token */
    uint32_t n_tokens;
    float *logits;        /* of the position that the next token is drawn from */
    double *logprobs;     /* per token */
    mr_cli_ranked_t *top; /* options->top per token */
    uint32_t n_top;
    mr_tokenizer_decoder_t decoder;
    mr_cli_text_t text; /* generated, for JSON */
    mr_cli_stats_t stats;
    mr_status_t status; /* of the statistics' register accesses */
    bool may_cancel;    /* before the first token; after it only between two tokens */
    mr_end_t why;
    uint32_t detail;
} mr_cli_run_t;

/* Why a generation ended: "stop", "length" (all tokens made), "context" (full), "interrupted",
 * "refused" (no room for its KV cache), "deadline" or "error". */
const char *mr_cli_end_reason(mr_end_t why, bool all_made);

/* The one object of --json on standard output. @return MR_CLI_OK. */
int mr_cli_run_json(const mr_cli_run_t *run);

/* The lines of --stats on standard error. */
void mr_cli_run_stats(const mr_cli_run_t *run);

/* One line for a terminal. */
void mr_cli_run_summary(const mr_cli_run_t *run);

#endif
