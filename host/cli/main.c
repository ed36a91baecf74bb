/* SPDX-License-Identifier: Apache-2.0 */
/* millrace: the command-line tool. Finds the command, catches signals, gives the exit code. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "session/session.h"

static const mr_cli_command_t commands[] = {
    {"run", "generate text from a prompt", mr_cli_cmd_run},
    {"score", "log-probabilities and perplexity of a text", mr_cli_cmd_score},
    {"tokenize", "text to token ids", mr_cli_cmd_tokenize},
    {"detokenize", "token ids to text", mr_cli_cmd_detokenize},
    {"info", "the machine, and whether a model fits it", mr_cli_cmd_info},
#if MR_CLI_TRACE
    {"trace", "what tiles, tokens or signals do, as a file for a viewer", mr_cli_cmd_trace},
    {"serial", "put a simulated chip behind a pseudo-terminal", mr_cli_cmd_serial},
#endif
#if MR_CLI_KV_BENCH
    {"bench", "measure the KV-cache DRAM controller, or users on a chip", mr_cli_cmd_bench},
#endif
    {"reg", "look at and change registers, also of a running chip", mr_cli_cmd_reg},
    {"selftest", "test memories, tiles, KV cache and links of a device", mr_cli_cmd_selftest},
    {"flash", "put a chip onto a card or board", mr_cli_cmd_flash},
    {"completion", "the script that makes bash complete commands", mr_cli_cmd_completion},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static volatile sig_atomic_t interrupted;

bool mr_cli_interrupted(void) {
    return interrupted != 0;
}

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

static void catch_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    /* A second signal ends the tool the hard way; no SA_RESTART, so that a read returns. */
    action.sa_flags = (int)SA_RESETHAND;
    action.sa_handler = on_signal;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    /* A closed pipe then shows as a failed write. */
    action.sa_flags = 0;
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

static void print_help(mr_cli_t *cli) {
    (void)mr_cli_print(cli, "usage: millrace COMMAND [OPTION...]\n\n"
                            "Runs language models on the Millrace accelerator.\n\ncommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)mr_cli_print(cli, "  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    (void)mr_cli_print(cli,
                       "\noptions:\n  -h, --help   show this text; after a command, the command's\n"
                       "  --version    show the version and the devices of this build\n\n"
                       "devices: %s\n",
                       mr_device_names());
}

int mr_cli_dispatch(mr_cli_t *cli, int argc, char **argv) {
    if (argc < 2) {
        return mr_cli_usage(cli, "no command given");
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help(cli);
        return MR_CLI_OK;
    }
    if (strcmp(word, "--version") == 0) {
        (void)mr_cli_print(cli, "millrace %s (devices: %s)\n", MR_CLI_VERSION, mr_device_names());
        return MR_CLI_OK;
    }
#if !MR_CLI_KV_BENCH
    if (strcmp(word, "bench") == 0) {
        return mr_cli_fail("bench was left out of this build; add it with: make build DEVICE=all");
    }
#endif
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            cli->command = commands[i].name;
            return commands[i].run(cli, argc - 1, argv + 1);
        }
    }
    return mr_cli_usage(cli, "unknown %s '%s'", word[0] == '-' ? "option" : "command", word);
}

int main(int argc, char **argv) {
    mr_cli_t cli = {.command = NULL};
    catch_signals();
    mr_cli_json_init();
    const int code = mr_cli_dispatch(&cli, argc, argv);
    return mr_cli_finish(&cli, code);
}
