/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that all commands of the tool share: exit codes, messages, options, input, output, signals.
 *
 * One thread. Every message is one line on standard error that starts "millrace: ". Commands write
 * to standard output only through mr_cli_write and mr_cli_print, so that a closed pipe or a full
 * disk is noticed where it happens.
 */
#ifndef MR_HOST_CLI_CLI_H
#define MR_HOST_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes. */
enum { MR_CLI_OK = 0, MR_CLI_FAILED = 1, MR_CLI_USAGE = 2, MR_CLI_INTERRUPTED = 130 };

/* Longest text that is read from a file or standard input, bytes. */
#define MR_CLI_TEXT_MAX ((size_t)64 << 20)

/* A growing run of bytes. */
typedef struct {
    char *bytes;
    size_t length;
    size_t capacity;
} mr_cli_text_t;

/* One run of the tool. */
typedef struct {
    const char *command;      /* name of the command, NULL before it is known */
    mr_cli_text_t out;        /* not yet written to standard output */
    int write_errno;          /* of the first failed write to standard output, 0 if none */
    const char *attach;       /* --attach-socket: path, "none", or NULL for the user's folder */
    struct mr_record *record; /* of all accesses to devices; NULL: none */
} mr_cli_t;

typedef struct {
    const char *name;
    const char *summary;                              /* one line for the list of commands */
    int (*run)(mr_cli_t *cli, int argc, char **argv); /* argv[0] is the name; gives the exit code */
} mr_cli_command_t;

/* Finds the command argv[1] and runs it. */
int mr_cli_dispatch(mr_cli_t *cli, int argc, char **argv);

int mr_cli_cmd_run(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_score(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_tokenize(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_detokenize(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_info(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_bench(mr_cli_t *cli, int argc, char **argv);      /* with the simulation only */
int mr_cli_cmd_trace(mr_cli_t *cli, int argc, char **argv);      /* likewise */
int mr_cli_bench_pipeline(mr_cli_t *cli, int argc, char **argv); /* bench's other half */
int mr_cli_cmd_reg(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_selftest(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_serial(mr_cli_t *cli, int argc, char **argv); /* with the simulation only */
int mr_cli_cmd_flash(mr_cli_t *cli, int argc, char **argv);
int mr_cli_cmd_completion(mr_cli_t *cli, int argc, char **argv);

/* ---- messages ---- */

/* "millrace: message"; control bytes become '?'. @return MR_CLI_FAILED. */
__attribute__((format(printf, 1, 2))) int mr_cli_fail(const char *format, ...);

/* "millrace: message; see 'millrace COMMAND --help'". @return MR_CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int mr_cli_usage(const mr_cli_t *cli, const char *format,
                                                       ...);

/* Zeroed memory; ends the tool with a message when there is none. */
void *mr_cli_alloc(size_t count, size_t size);

void mr_cli_text_append(mr_cli_text_t *text, const char *bytes, size_t length);

/* ---- standard output ---- */

/* Buffered; a signal does not cut a write short. @return false once a write has failed. */
bool mr_cli_write(mr_cli_t *cli, const char *bytes, size_t length);
__attribute__((format(printf, 2, 3))) bool mr_cli_print(mr_cli_t *cli, const char *format, ...);
bool mr_cli_flush(mr_cli_t *cli);

/* Flushes and turns a failed write into an exit code: silently for a closed pipe, with a message
 * otherwise. */
int mr_cli_finish(mr_cli_t *cli, int code);

/* ---- input ---- */

/* Reads all of a file; path NULL or "-" is standard input. Free text->bytes, which is never NULL on
 * MR_CLI_OK. @return an exit code; the message is out. */
int mr_cli_read_text(const char *path, mr_cli_text_t *text);

/* ---- interruption ---- */

/* Whether SIGINT or SIGTERM arrived. A second one ends the tool at once. */
bool mr_cli_interrupted(void);

/* ---- options ---- */

typedef struct {
    int key;          /* the short option's character, or a number from 256 for a long one only */
    const char *name; /* long name; NULL ends the table */
    const char *arg;  /* name of its argument, NULL if it takes none */
    const char *help;
} mr_cli_option_t;

#define MR_CLI_OPTIONS_MAX 24u
#define MR_CLI_KEY_HELP 255  /* --help has been printed: return MR_CLI_OK */
#define MR_CLI_KEY_ERROR 254 /* the message is out: return MR_CLI_USAGE */

typedef struct {
    const char *usage;              /* what follows "millrace COMMAND" */
    const char *about;              /* a paragraph */
    const mr_cli_option_t *options; /* at most MR_CLI_OPTIONS_MAX; --help is added, and
                                       --attach-socket where there are --model and --device */
} mr_cli_spec_t;

/* The next option's key, with its argument in optarg; -1 when only operands are left, which start
 * at optind. */
int mr_cli_next_option(mr_cli_t *cli, int argc, char **argv, const mr_cli_spec_t *spec);

/* Numbers of options: whole text, decimal, inside [min, max]. what names it in the message.
 * @return whether *out was set; if not, the message is out. */
bool mr_cli_parse_u32(const mr_cli_t *cli, const char *what, const char *text, uint32_t min,
                      uint32_t max, uint32_t *out);
bool mr_cli_parse_u64(const mr_cli_t *cli, const char *what, const char *text, uint64_t *out);
bool mr_cli_parse_f32(const mr_cli_t *cli, const char *what, const char *text, float min, float max,
                      float *out);

/* Token ids separated by commas and white space, appended to *ids (free it) and *count. */
bool mr_cli_parse_ids(const mr_cli_t *cli, const char *text, size_t length, uint32_t vocab,
                      uint32_t **ids, size_t *count);

#endif
