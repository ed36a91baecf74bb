/* SPDX-License-Identifier: Apache-2.0 */
/* millrace run --users: many prompts, or one prompt with many seeds, at once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "millrace/device.h"
#include "users.h"

/* ---- events ---- */

static mr_cli_user_t *user_in(mr_cli_users_t *all, uint32_t slot) {
    return &all->user[mr_runner_user(all->runner, slot)];
}

static void on_start(void *ctx, uint32_t slot, uint32_t user) {
    mr_cli_users_t *all = ctx;
    (void)slot;
    all->user[user].state = MR_CLI_USER_PROMPT;
}

static bool on_token(void *ctx, uint32_t slot, uint32_t pos, uint32_t token) {
    static char piece[MR_TOKENIZER_DECODE_BYTES];
    mr_cli_users_t *all = ctx;
    mr_cli_user_t *user = user_in(all, slot);
    size_t length = 0;
    (void)pos;
    user->state = MR_CLI_USER_DECODE;
    user->tokens[user->n_tokens++] = token;
    all->n_tokens++;
    if (mr_tokenizer_decode(mr_session_tokenizer(all->session), &user->decoder, token, piece,
                            sizeof piece, &length) == MR_OK) {
        mr_cli_text_append(&user->text, piece, length);
    }
    return true;
}

/* A user's text as soon as it is whole. */
static void show(mr_cli_users_t *all, const mr_cli_user_t *user) {
    const uint32_t number = (uint32_t)(user - all->user);
    if (all->options->json) {
        return;
    }
    mr_cli_users_clear(all);
    (void)mr_cli_print(all->cli, "== user %" PRIu32 ": %" PRIu32 " tokens, %s ==\n", number,
                       user->n_tokens, mr_cli_end_reason(user->why, user->n_tokens >= user->n));
    (void)mr_cli_write(all->cli, user->source, user->source_length);
    (void)mr_cli_write(all->cli, user->text.bytes, user->text.length);
    (void)mr_cli_write(all->cli, "\n", 1);
    (void)mr_cli_flush(all->cli);
}

static void finish(mr_cli_users_t *all, mr_cli_user_t *user, mr_end_t why) {
    static char rest[MR_TOKENIZER_DECODE_BYTES];
    size_t length = 0;
    user->why = why;
    user->state = MR_CLI_USER_DONE;
    all->n_done++;
    if (mr_tokenizer_decode_end(&user->decoder, rest, sizeof rest, &length) == MR_OK) {
        mr_cli_text_append(&user->text, rest, length);
    }
    show(all, user);
}

static void on_end(void *ctx, uint32_t slot, mr_end_t why, uint32_t detail) {
    mr_cli_users_t *all = ctx;
    if (why == MR_END_ERROR && all->failed == 0) {
        all->failed = detail;
    }
    finish(all, user_in(all, slot), why);
}

static void on_drop(void *ctx, uint32_t user, mr_end_t why) {
    mr_cli_users_t *all = ctx;
    finish(all, &all->user[user], why);
}

/* ---- prompts ---- */

/* The next line of a text that is not empty. @return false behind the last one. */
static bool next_line(const mr_cli_text_t *text, size_t *at, mr_cli_text_t *line) {
    while (*at < text->length) {
        char *start = text->bytes + *at;
        const char *end = memchr(start, '\n', text->length - *at);
        size_t length = end != NULL ? (size_t)(end - start) : text->length - *at;
        *at += length + 1u;
        length -= length > 0 && start[length - 1u] == '\r' ? 1u : 0u;
        if (length > 0) {
            *line = (mr_cli_text_t){start, length, length};
            return true;
        }
    }
    return false;
}

/* Counts the prompts of the file; one prompt for all without a file. */
static int count_prompts(mr_cli_users_t *all) {
    const mr_cli_text_t *text = all->text;
    mr_cli_text_t line;
    size_t at = 0;
    if (all->options->prompts == NULL) {
        all->n = all->options->users;
        return MR_CLI_OK;
    }
    uint32_t lines = 0;
    while (next_line(text, &at, &line)) {
        lines++;
    }
    if (lines == 0) {
        return mr_cli_fail("%s has no prompt; write one a line", all->options->prompts);
    }
    if (all->options->users == 0 && lines > MR_CLI_USERS_MAX) {
        return mr_cli_fail("%s has %" PRIu32 " prompts, of which %u can run; use --users",
                           all->options->prompts, lines, MR_CLI_USERS_MAX);
    }
    all->n = all->options->users != 0 ? all->options->users : lines;
    return MR_CLI_OK;
}

/* Gives every user its prompt and settings: the lines in turn, or the one prompt. */
static int make_users(mr_cli_users_t *all) {
    const mr_llama_hparams_t *h = mr_llama_model_hparams(mr_session_model(all->session));
    size_t at = 0;
    uint32_t lines = 0;
    all->user = mr_cli_alloc(all->n, sizeof *all->user);
    for (uint32_t i = 0; i < all->n; i++) {
        mr_cli_user_t *user = &all->user[i];
        mr_cli_text_t line = *all->text;
        if (all->options->prompts != NULL && !next_line(all->text, &at, &line)) {
            at = 0;
            lines = 0;
            (void)next_line(all->text, &at, &line);
        }
        lines++;
        int code = mr_cli_users_settings(all, i, lines, &line, user);
        if (code == MR_CLI_OK) {
            code = mr_cli_encode(all->session, &line, true, false, &user->prompt, &user->n_prompt);
        }
        if (code != MR_CLI_OK) {
            return code;
        }
        if (user->n_prompt > h->context) {
            return mr_cli_fail("the prompt of user %" PRIu32 " has %zu tokens but the model's "
                               "context holds %" PRIu32 "; shorten it",
                               i, user->n_prompt, h->context);
        }
        user->source = line.bytes;
        user->source_length = line.length;
        const uint32_t left = h->context - (uint32_t)user->n_prompt + 1u;
        user->tokens = mr_cli_alloc(user->n < left ? user->n : left, sizeof *user->tokens);
        mr_tokenizer_decoder_init(&user->decoder,
                                  all->options->json ? MR_DECODE_REPLACE : MR_DECODE_RAW, false);
    }
    return MR_CLI_OK;
}

/* ---- running ---- */

/* Puts users into the queue as long as it has room. */
static mr_status_t enqueue(mr_cli_users_t *all, const mr_request_t *common, uint32_t *next) {
    while (*next < all->n) {
        mr_request_t r = *common;
        r.prompt = all->user[*next].prompt;
        r.n_prompt = (uint32_t)all->user[*next].n_prompt;
        r.user = *next;
        r.max_tokens = all->user[*next].n;
        r.sampling = all->user[*next].sampling;
        const mr_status_t status = mr_runner_enqueue(all->runner, &r);
        if (status == MR_BUSY) {
            return MR_OK;
        }
        MR_TRY(status);
        ++*next;
    }
    return MR_OK;
}

static void cancel_all(mr_cli_users_t *all, uint32_t *next) {
    for (uint32_t i = 0; i < all->n; i++) {
        mr_runner_cancel_user(all->runner, i);
    }
    for (; *next < all->n; ++*next) {
        finish(all, &all->user[*next], MR_END_CANCEL);
    }
}

static mr_status_t drive(mr_cli_users_t *all, const mr_request_t *common) {
    uint32_t next = 0;
    bool busy = true;
    bool cancelled = false;
    while (busy || next < all->n) {
        if (!cancelled && (mr_cli_interrupted() || all->cli->write_errno != 0)) {
            cancelled = true;
            cancel_all(all, &next);
        }
        MR_TRY(enqueue(all, common, &next));
        MR_TRY(mr_runner_step(all->runner, &busy));
        mr_cli_users_view(all);
    }
    mr_cli_users_clear(all);
    return MR_OK;
}

static mr_status_t generate(mr_cli_users_t *all) {
    const mr_sched_events_t events = {
        .token = on_token, .end = on_end, .ctx = all, .start = on_start, .drop = on_drop};
    uint32_t stops[MR_SCHED_STOPS_MAX];
    mr_request_t common = {.stops = stops};
    if (!all->options->ignore_eos) {
        common.n_stops = mr_session_stops(all->session, stops);
    }
    const mr_session_policy_t policy = {all->options->refuse, all->options->max_pages};
    mr_session_set_policy(all->session, &policy);
    MR_TRY(mr_session_runner(all->session, &events, &all->runner));
    MR_TRY(mr_cli_stats_begin(&all->stats, mr_session_mmio(all->session),
                              &mr_session_placement(all->session)->machine));
    if (all->options->deadline != 0) {
        MR_TRY(mr_chip_cycles(mr_session_mmio(all->session), &common.deadline));
        common.deadline += all->options->deadline;
    }
    MR_TRY(drive(all, &common));
    return mr_cli_users_measure(all);
}

static void release(mr_cli_users_t *all) {
    for (uint32_t i = 0; all->user != NULL && i < all->n; i++) {
        free(all->user[i].prompt);
        free(all->user[i].tokens);
        free(all->user[i].text.bytes);
        free(all->user[i].own.bytes);
    }
    free(all->user);
}

static int finished(mr_cli_users_t *all) {
    bool interrupted = false;
    uint32_t refused = 0;
    if (all->options->json) {
        (void)mr_cli_users_json(all);
    }
    if (all->options->stats) {
        mr_cli_users_stats(all);
    }
    if (all->failed != 0) {
        return mr_cli_job_failed(all->failed, mr_runner_fault(all->runner));
    }
    for (uint32_t i = 0; i < all->n; i++) {
        interrupted = interrupted || all->user[i].why == MR_END_CANCEL;
        refused += all->user[i].why == MR_END_REFUSED ? 1u : 0u;
    }
    if (refused > 0) {
        return mr_cli_fail("%" PRIu32 " of %" PRIu32
                           " users were refused: the device's KV cache%s cannot "
                           "hold prompt and tokens; use a smaller -n",
                           refused, all->n,
                           all->options->max_pages != 0 ? " or --max-pages"
                           : all->options->refuse       ? ", as far as it was free,"
                                                        : "");
    }
    return interrupted ? MR_CLI_INTERRUPTED : MR_CLI_OK;
}

int mr_cli_run_users(mr_cli_t *cli, const mr_cli_run_options_t *options, mr_session_t *session,
                     const mr_cli_text_t *text) {
    mr_cli_users_t all = {.cli = cli, .options = options, .session = session, .text = text};
    int code = count_prompts(&all);
    if (code == MR_CLI_OK) {
        code = make_users(&all);
    }
    if (code == MR_CLI_OK) {
        const mr_status_t status = generate(&all);
        if (status != MR_OK) {
            code = mr_cli_stopped(session, all.runner, status);
        } else if (cli->write_errno != 0) {
            code = MR_CLI_FAILED;
        } else {
            code = finished(&all);
        }
    }
    release(&all);
    return code;
}
