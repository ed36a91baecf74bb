/* SPDX-License-Identifier: Apache-2.0 */
/* millrace completion: the script that makes a shell complete commands. */
#include <getopt.h>
#include <string.h>

#include "cli.h"

static const mr_cli_option_t options_table[] = {{0, NULL, NULL, NULL}};

static const mr_cli_spec_t spec = {
    "bash", "Prints the script; in bash: source <(millrace completion bash)", options_table};

/* Names of registers and options come from the tool itself. */
static const char *const lines[] = {
    "# SPDX-License-Identifier: Apache-2.0",
    "# Completion of millrace's commands, options and registers for bash.",
    "_millrace_words() { # WORDS: those that start with what was typed",
    "    COMPREPLY=($(compgen -W \"$1\" -- \"${COMP_WORDS[COMP_CWORD]}\"))",
    "}",
    "_millrace_reg() {",
    "    local cur=${COMP_WORDS[COMP_CWORD]} head= i action=",
    "    local actions='ls read write dump watch decode record replay ps'",
    "    for ((i = 2; i < COMP_CWORD; i++)); do",
    "        case \" $actions \" in *\" ${COMP_WORDS[i]} \"*) action=${COMP_WORDS[i]} ;; esac",
    "    done",
    "    case $action in",
    "    '') _millrace_words \"$actions\"; return ;;",
    "    record | replay | ps) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;",
    "    esac",
    "    # bash makes a word of its own of '='.",
    "    [ \"$cur\" != = ] || { cur=; head=${COMP_WORDS[COMP_CWORD - 1]}=; }",
    "    [ \"${COMP_WORDS[COMP_CWORD - 1]}\" != = ] || head=${COMP_WORDS[COMP_CWORD - 2]}=",
    "    compopt -o nospace 2>&-",
    "    while IFS= read -r i; do",
    "        COMPREPLY+=(\"${i#\"$head\"}\")",
    "    done < <(\"${COMP_WORDS[0]}\" reg complete \"$head$cur\" 2>&1)",
    "}",
    "_millrace() {",
    "    local tool=${COMP_WORDS[0]} command=${COMP_WORDS[1]} cur=${COMP_WORDS[COMP_CWORD]}",
    "    COMPREPLY=()",
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then",
    "        _millrace_words \"$(\"$tool\" --help | sed -n 's/^  \\([a-z]\\{3,\\}\\) .*/\\1/p')\"",
    "        return",
    "    fi",
    "    case $cur in",
    "    -*)",
    "        cur=$(\"$tool\" \"$command\" --help | grep -o -e '--[a-z][a-z0-9-]*' | sort -u)",
    "        _millrace_words \"$cur\"",
    "        return",
    "        ;;",
    "    esac",
    "    case $command in",
    "    completion) _millrace_words bash ;;",
    "    reg) _millrace_reg ;;",
    "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;",
    "    esac",
    "}",
    "complete -F _millrace millrace",
};

int mr_cli_cmd_completion(mr_cli_t *cli, int argc, char **argv) {
    const int key = mr_cli_next_option(cli, argc, argv, &spec);
    if (key != -1) {
        return key == MR_CLI_KEY_HELP ? MR_CLI_OK : MR_CLI_USAGE;
    }
    if (argc - optind != 1 || strcmp(argv[optind], "bash") != 0) {
        return mr_cli_usage(cli, "say for which shell: bash");
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)mr_cli_print(cli, "%s\n", lines[i]);
    }
    return MR_CLI_OK;
}
