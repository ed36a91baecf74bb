/* SPDX-License-Identifier: Apache-2.0 */
/* State of `millrace run --users`, shared by the command, its live view and its report. */
#ifndef MR_HOST_CLI_USERS_H
#define MR_HOST_CLI_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"
#include "millrace/loop.h"
#include "millrace/sched.h"
#include "run.h"
#include "session/session.h"
#include "stats.h"

#define MR_CLI_USERS_MAX 4096u

typedef enum {
    MR_CLI_USER_WAITS, /* for a slot */
    MR_CLI_USER_PROMPT,
    MR_CLI_USER_DECODE,
    MR_CLI_USER_DONE
} mr_cli_user_state_t;

typedef struct {
    const char *source; /* the prompt's text */
    size_t source_length;
    mr_cli_text_t own; /* the same, where the file has JSON */
    uint32_t n;        /* tokens at most */
    mr_sampling_t sampling;
    uint32_t *prompt;
    size_t n_prompt;
    uint32_t *tokens;
    uint32_t n_tokens;
    mr_tokenizer_decoder_t decoder;
    mr_cli_text_t text;
    mr_cli_user_state_t state;
    mr_end_t why;
} mr_cli_user_t;

typedef struct {
    mr_cli_t *cli;
    const mr_cli_run_options_t *options;
    mr_session_t *session;
    const mr_cli_text_t *text; /* the prompt, or the file of prompts */
    mr_runner_t *runner;
    mr_cli_user_t *user;
    uint32_t n;
    uint32_t n_done;
    uint64_t n_tokens;
    uint32_t failed; /* first status of a job that the device refused */
    mr_cli_stats_t stats;
    mr_loop_stats_t loop;
    /* live view */
    uint32_t lines; /* on the screen */
    double drawn_s; /* when it was drawn last */
    uint64_t drawn_cycles;
    uint64_t busy[MR_MACHINE_TILES_MAX]; /* cycles of each tile then */
} mr_cli_users_t;

/* ---- users_prompts.c ---- */

/* Settings of a user by its number: those of the options, and of its line where the file of prompts
 * is a .jsonl; *text is then the prompt in it. @return MR_CLI_OK or MR_CLI_FAILED with the message
 * out. Free user->own.bytes. */
int mr_cli_users_settings(const mr_cli_users_t *all, uint32_t number, uint32_t line,
                          mr_cli_text_t *text, mr_cli_user_t *user);

/* ---- users_report.c ---- */

/* Reads what the run cost. */
MR_NODISCARD mr_status_t mr_cli_users_measure(mr_cli_users_t *all);

/* The one object of --json. @return MR_CLI_OK. */
int mr_cli_users_json(const mr_cli_users_t *all);

/* The lines of --stats on standard error. */
void mr_cli_users_stats(const mr_cli_users_t *all);

/* Draws the live view, at most ten times a second, if standard error is a terminal: users, jobs in
 * flight and how busy the tiles were since it was drawn last, then a line a user that runs. */
void mr_cli_users_view(mr_cli_users_t *all);

/* Takes the live view off the screen. */
void mr_cli_users_clear(mr_cli_users_t *all);

/* ---- cmd_users.c ---- */

/* Runs all users on an open session. text: the prompt of all, or the file with a prompt a line.
 * @return an exit code; the message is out. */
int mr_cli_run_users(mr_cli_t *cli, const mr_cli_run_options_t *options, mr_session_t *session,
                     const mr_cli_text_t *text);

#endif
