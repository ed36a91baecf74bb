/* SPDX-License-Identifier: Apache-2.0 */
/* millrace flash: puts a chip onto a card through XRT, or onto a board through openFPGALoader. */
#include "flash/flash.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"

enum { KEY_DEVICE = 256, KEY_BOARD, KEY_VERIFY, KEY_PERSIST, KEY_DRY_RUN, KEY_TIMEOUT, KEY_JSON };

enum { TIMEOUT_S_MAX = 86400 };

static const mr_cli_option_t options_table[] = {
    {KEY_DEVICE, "device", "NAME", "an .xclbin's card: xrt (the default) or xrt:emu"},
    {KEY_BOARD, "board", "NAME", "a bitstream's board: ulx3s_85f"},
    {KEY_VERIFY, "verify", "LINE",
     "with --board: ask the chip on serial:TTY[,BAUD] for its revision afterwards"},
    {KEY_PERSIST, "persist", NULL,
     "with --board: write its flash memory, which it loads from when it is switched on"},
    {KEY_DRY_RUN, "dry-run", NULL, "do all checks and write nothing"},
    {KEY_TIMEOUT, "timeout", "S",
     "with --board: end openFPGALoader after so many seconds of writing (default: 300, with "
     "--persist 1200)"},
    {KEY_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "FILE [--device xrt|xrt:emu | --board NAME] [OPTION...]",
    "Loads an .xclbin into a card through XRT, or a bitstream (.bit, .svf) into a board through\n"
    "openFPGALoader. The file, and what it is for, are compared with what is there before anything "
    "is\n"
    "written, and the chip's revision with the file's after it. Exit status 0 only when all of "
    "that "
    "held.",
    options_table};

typedef struct {
    mr_flash_job_t job;
    const char *device;
    const char *board;
    bool json;
    bool shown; /* standard error is a terminal */
} flash_t;

static void show_progress(void *ctx, const char *text) {
    const flash_t *f = ctx;
    if (f->shown) {
        (void)fprintf(stderr, "\r\033[K%s", text);
        (void)fflush(stderr);
    }
}

static bool on_stop(void *ctx) {
    (void)ctx;
    return mr_cli_interrupted();
}

static bool take_option(const mr_cli_t *cli, flash_t *f, int key) {
    switch (key) {
    case KEY_DEVICE:
        f->device = optarg;
        return true;
    case KEY_BOARD:
        f->board = optarg;
        return true;
    case KEY_VERIFY:
        f->job.verify = optarg;
        return true;
    case KEY_PERSIST:
        f->job.persist = true;
        return true;
    case KEY_DRY_RUN:
        f->job.dry_run = true;
        return true;
    case KEY_TIMEOUT:
        return mr_cli_parse_u32(cli, "--timeout", optarg, 1, TIMEOUT_S_MAX, &f->job.patience_s);
    default:
        f->json = true;
        return true;
    }
}

/* MR_CLI_OK: the target is set. */
static int choose_card(const mr_cli_t *cli, flash_t *f) {
    if (f->board != NULL || f->job.verify != NULL || f->job.persist || f->job.patience_s != 0) {
        return mr_cli_usage(cli,
                            "%s is an .xclbin, for a card: --board, --verify, --persist and "
                            "--timeout are for bitstreams",
                            f->job.file);
    }
    f->job.target = f->device != NULL ? f->device : "xrt";
    if (strcmp(f->job.target, "xrt") != 0 && strcmp(f->job.target, "xrt:emu") != 0) {
        return mr_cli_usage(cli, "an .xclbin goes to --device xrt or xrt:emu, not to '%s'",
                            f->job.target);
    }
    return MR_CLI_OK;
}

static int choose_board(const mr_cli_t *cli, flash_t *f) {
    if (f->device != NULL || f->board == NULL) {
        return mr_cli_usage(cli, "%s is a bitstream: say --board and its name, which is one of: %s",
                            f->job.file, mr_flash_board_names());
    }
    if (f->job.verify != NULL && strncmp(f->job.verify, "serial:", 7) != 0) {
        return mr_cli_usage(cli,
                            "--verify asks a chip on a serial line: serial:TTY[,BAUD], not "
                            "'%s'",
                            f->job.verify);
    }
    f->job.target = f->board;
    return MR_CLI_OK;
}

static void put_identity(cJSON *object, const char *name, const mr_flash_identity_t *identity) {
    char text[32];
    if (!identity->known) {
        (void)cJSON_AddNullToObject(object, name);
        return;
    }
    cJSON *inner = cJSON_AddObjectToObject(object, name);
    (void)snprintf(text, sizeof text, "%08" PRIx32, identity->git_hash);
    (void)cJSON_AddStringToObject(inner, "revision", text);
    if (identity->version == 0) {
        (void)cJSON_AddNullToObject(inner, "version");
        return;
    }
    (void)snprintf(text, sizeof text, "%" PRIu32 ".%" PRIu32, identity->version >> 16,
                   identity->version & 0xFFFFu);
    (void)cJSON_AddStringToObject(inner, "version", text);
}

static void print_json(mr_cli_t *cli, const flash_t *f, const mr_flash_result_t *r) {
    cJSON *object = cJSON_CreateObject();
    const char *kind = r->kind == MR_FLASH_FILE_XCLBIN ? "xclbin"
                       : r->kind == MR_FLASH_FILE_SVF  ? "svf"
                                                       : "bit";
    mr_cli_json_text(object, "file", f->job.file, strlen(f->job.file));
    (void)cJSON_AddStringToObject(object, "kind", kind);
    mr_cli_json_text(object, "target", f->job.target, strlen(f->job.target));
    mr_cli_json_text(object, "made_for", r->made_for, strlen(r->made_for));
    mr_cli_json_text(object, "found", r->found, strlen(r->found));
    (void)cJSON_AddBoolToObject(object, "dry_run", f->job.dry_run);
    put_identity(object, "of_file", &r->file);
    put_identity(object, "before", &r->before);
    (void)cJSON_AddBoolToObject(object, "written", r->written);
    put_identity(object, "after", &r->after);
    (void)mr_cli_json_print(cli, object);
}

static void print_identity(mr_cli_t *cli, const mr_flash_identity_t *identity) {
    if (identity->known) {
        (void)mr_cli_print(cli, "revision %08" PRIx32, identity->git_hash);
    }
    if (identity->known && identity->version != 0) {
        (void)mr_cli_print(cli, ", registers %" PRIu32 ".%" PRIu32, identity->version >> 16,
                           identity->version & 0xFFFFu);
    }
}

static void print_text(mr_cli_t *cli, const flash_t *f, const mr_flash_result_t *r) {
    (void)mr_cli_print(cli, "file    for %s; ", r->made_for);
    print_identity(cli, &r->file);
    (void)mr_cli_print(cli, "%s\nbefore  %s; ", r->file.known ? "" : "names no revision", r->found);
    print_identity(cli, &r->before);
    if (!r->before.known) {
        (void)mr_cli_print(cli, "%s",
                           r->loaded_before ? "loaded with something that is not ours, or is in use"
                           : r->kind == MR_FLASH_FILE_XCLBIN
                               ? "nothing loaded"
                               : "not asked what it has, or no answer");
    }
    if (f->job.dry_run) {
        (void)mr_cli_print(cli, "\ndry run: nothing speaks against it; nothing was written\n");
        return;
    }
    (void)mr_cli_print(cli, "\nafter   ");
    print_identity(cli, &r->after);
    (void)mr_cli_print(cli, "%s\n",
                       r->after.known ? ", as the file says"
                                      : "written, and accepted by the device's own check; the chip "
                                        "was not asked (--verify)");
    if (strcmp(f->job.target, "xrt:emu") == 0) {
        (void)mr_cli_print(cli, "the emulated card has ended: it lasts as long as a command\n");
    }
}

static int flash(mr_cli_t *cli, flash_t *f) {
    mr_flash_result_t result;
    bool readable;
    const mr_flash_file_t kind = mr_flash_file_kind(f->job.file, &readable);
    if (!readable) {
        return mr_cli_fail("%s cannot be read: %s", f->job.file, strerror(errno));
    }
    if (kind == MR_FLASH_FILE_UNKNOWN) {
        return mr_cli_fail(
            "%s is neither an .xclbin nor a bitstream of an ECP5 (.bit, .svf), or is "
            "cut off",
            f->job.file);
    }
    const bool card = kind == MR_FLASH_FILE_XCLBIN;
    const int chosen = card ? choose_card(cli, f) : choose_board(cli, f);
    if (chosen != MR_CLI_OK) {
        return chosen;
    }
    const mr_status_t status =
        card ? mr_flash_card(&f->job, &result) : mr_flash_board(&f->job, &result);
    show_progress(f, "");
    if (status != MR_OK) {
        (void)mr_cli_fail("%s", result.text);
        return status == MR_CANCELLED ? MR_CLI_INTERRUPTED : MR_CLI_FAILED;
    }
    if (f->json) {
        print_json(cli, f, &result);
    } else {
        print_text(cli, f, &result);
    }
    return MR_CLI_OK;
}

int mr_cli_cmd_flash(mr_cli_t *cli, int argc, char **argv) {
    flash_t f = {.shown = isatty(STDERR_FILENO) == 1};
    for (int key; (key = mr_cli_next_option(cli, argc, argv, &spec)) != -1;) {
        if (key == MR_CLI_KEY_HELP) {
            return MR_CLI_OK;
        }
        if (key == MR_CLI_KEY_ERROR || !take_option(cli, &f, key)) {
            return MR_CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        return mr_cli_usage(cli, optind < argc ? "one file at a time" : "say which file");
    }
    f.job.file = argv[optind];
    f.job.progress = show_progress;
    f.job.stop = on_stop;
    f.job.ctx = &f;
    return flash(cli, &f);
}
