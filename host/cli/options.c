/* SPDX-License-Identifier: Apache-2.0 */
/* Options from one table each (parsing and --help), and the numbers in them. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define HELP_COLUMN 26
#define KEY_ATTACH 253

/* Options that the tool adds to a command's own. */
static const mr_cli_option_t help_option = {'h', "help", NULL, "show this text"};
static const mr_cli_option_t attach_option = {
    KEY_ATTACH, "attach-socket", "PATH",
    "where 'millrace reg --attach' finds this run (default: a socket in the user's folder; none: "
    "nowhere)"};

/* Commands that load a model onto a device can be attached to. */
static bool attachable(const mr_cli_spec_t *spec) {
    bool model = false;
    bool device = false;
    for (const mr_cli_option_t *o = spec->options; o->name != NULL; o++) {
        model = model || strcmp(o->name, "model") == 0;
        device = device || strcmp(o->name, "device") == 0;
    }
    return model && device;
}

static void print_option(mr_cli_t *cli, const mr_cli_option_t *o) {
    char left[64];
    const char shortened[] = {'-', o->key < 128 ? (char)o->key : ' ', ',', '\0'};
    (void)snprintf(left, sizeof left, "%s --%s%s%s", o->key < 128 ? shortened : "   ", o->name,
                   o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
    (void)mr_cli_print(cli, "  %-*s %s\n", HELP_COLUMN, left, o->help);
}

static void print_help(mr_cli_t *cli, const mr_cli_spec_t *spec) {
    (void)mr_cli_print(cli, "usage: millrace %s %s\n\n%s\n\noptions:\n", cli->command, spec->usage,
                       spec->about);
    for (const mr_cli_option_t *o = spec->options; o->name != NULL; o++) {
        print_option(cli, o);
    }
    if (attachable(spec)) {
        print_option(cli, &attach_option);
    }
    print_option(cli, &help_option);
}

/* Says what is wrong with the option that getopt_long has just refused. */
static void refuse(const mr_cli_t *cli, int argc, char **argv, bool needs_argument) {
    const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    char shortened[3] = {'-', (char)optopt, '\0'};
    const bool is_long = optopt == 0 || optopt >= 128 || strncmp(word, "--", 2) == 0;
    const char *shown = is_long ? word : shortened;
    if (needs_argument) {
        (void)mr_cli_usage(cli, "option '%s' needs an argument", shown);
    } else if (is_long && optopt != 0) {
        (void)mr_cli_usage(cli, "option '%s' takes no argument", shown);
    } else {
        (void)mr_cli_usage(cli, "unknown option '%s'", shown);
    }
}

/* Adds an option to getopt's tables. */
static void add_option(const mr_cli_option_t *o, struct option *longs, char **shorts) {
    *longs =
        (struct option){o->name, o->arg != NULL ? required_argument : no_argument, NULL, o->key};
    if (o->key < 128) {
        *(*shorts)++ = (char)o->key;
        if (o->arg != NULL) {
            *(*shorts)++ = ':';
        }
    }
}

int mr_cli_next_option(mr_cli_t *cli, int argc, char **argv, const mr_cli_spec_t *spec) {
    struct option longs[MR_CLI_OPTIONS_MAX + 3u] = {{0}};
    char shorts[2u * MR_CLI_OPTIONS_MAX + 6u] = ":";
    char *end = shorts + 1;
    size_t n = 0;
    while (n < MR_CLI_OPTIONS_MAX && spec->options[n].name != NULL) {
        add_option(&spec->options[n], &longs[n], &end);
        n++;
    }
    add_option(&help_option, &longs[n++], &end);
    if (attachable(spec)) {
        add_option(&attach_option, &longs[n], &end);
    }
    opterr = 0;
    int key = getopt_long(argc, argv, shorts, longs, NULL);
    while (key == KEY_ATTACH) {
        cli->attach = optarg;
        key = getopt_long(argc, argv, shorts, longs, NULL);
    }
    if (key == 'h') {
        print_help(cli, spec);
        return MR_CLI_KEY_HELP;
    }
    if (key == '?' || key == ':') {
        refuse(cli, argc, argv, key == ':');
        return MR_CLI_KEY_ERROR;
    }
    return key;
}

/* Digits only: strtoull alone would take a sign and white space. */
static bool parse_number(const char *text, uint64_t *out) {
    char *end;
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool mr_cli_parse_u32(const mr_cli_t *cli, const char *what, const char *text, uint32_t min,
                      uint32_t max, uint32_t *out) {
    uint64_t value = 0;
    if (!parse_number(text, &value) || value < min || value > max) {
        (void)mr_cli_usage(cli, "%s takes a whole number from %" PRIu32 " to %" PRIu32 ", not '%s'",
                           what, min, max, text);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool mr_cli_parse_u64(const mr_cli_t *cli, const char *what, const char *text, uint64_t *out) {
    if (!parse_number(text, out)) {
        (void)mr_cli_usage(cli, "%s takes a whole number from 0 to %" PRIu64 ", not '%s'", what,
                           UINT64_MAX, text);
        return false;
    }
    return true;
}

bool mr_cli_parse_f32(const mr_cli_t *cli, const char *what, const char *text, float min, float max,
                      float *out) {
    char *end;
    const float value = strtof(text, &end);
    /* The comparison is false for a NaN. */
    if (end == text || *end != '\0' || isspace((unsigned char)text[0]) ||
        !(value >= min && value <= max)) {
        (void)mr_cli_usage(cli, "%s takes a number from %g to %g, not '%s'", what, (double)min,
                           (double)max, text);
        return false;
    }
    *out = value;
    return true;
}

static bool is_separator(char c) {
    return c == ',' || isspace((unsigned char)c);
}

bool mr_cli_parse_ids(const mr_cli_t *cli, const char *text, size_t length, uint32_t vocab,
                      uint32_t **ids, size_t *count) {
    size_t i = 0;
    for (;;) {
        while (i < length && is_separator(text[i])) {
            i++;
        }
        if (i == length) {
            return true;
        }
        char word[24];
        size_t n = 0;
        while (i < length && !is_separator(text[i]) && n < sizeof word - 1u) {
            word[n++] = text[i++];
        }
        word[n] = '\0';
        uint64_t id;
        if (!parse_number(word, &id)) {
            (void)mr_cli_usage(cli, "'%s' is no token id (a whole number from 0 to %" PRIu32 ")",
                               word, vocab - 1u);
            return false;
        }
        if (id >= vocab) {
            (void)mr_cli_usage(cli, "token %s is outside the vocabulary (0 to %" PRIu32 ")", word,
                               vocab - 1u);
            return false;
        }
        /* Room is doubled whenever the count is a power of two. */
        if ((*count & (*count - 1u)) == 0) {
            uint32_t *grown = mr_cli_alloc(*count != 0 ? 2u * *count : 1u, sizeof *grown);
            if (*count > 0) {
                memcpy(grown, *ids, *count * sizeof *grown);
            }
            free(*ids);
            *ids = grown;
        }
        (*ids)[(*count)++] = (uint32_t)id;
    }
}
