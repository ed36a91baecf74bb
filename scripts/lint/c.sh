#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Format of our C and C++, static analysis of our C (the C++ files are thin skins over Verilated classes).
#
#   scripts/lint/c.sh format              clang-format, dry run
#   scripts/lint/c.sh tidy|cppcheck TREE  with the compile commands of the build tree TREE
#
# tidy remembers clean files in TREE/lint by the hash of their preprocessed text, tool and settings, so that a second run checks only changes.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=$1
tree=${2:-}
jobs=$(nproc)

sources() {
    git ls-files --cached --others --exclude-standard "$@" | while read -r file; do
        # A file that only exists in the index was just removed by someone.
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

# Prints the command that compiles $1 with -E and no output file, or nothing when the build does not compile it.
preprocess_command() {
    python3 - "$tree" "$1" <<'PY'
import json, os, shlex, sys
tree, name = sys.argv[1], os.path.realpath(sys.argv[2])
for entry in json.load(open(os.path.join(tree, "compile_commands.json"))):
    if os.path.realpath(os.path.join(entry["directory"], entry["file"])) == name:
        words = shlex.split(entry["command"])
        at = words.index("-o")
        del words[at:at + 2]
        if "ccache" in os.path.basename(words[0]):
            del words[0]
        print("cd", shlex.quote(entry["directory"]), "&&", shlex.join(words), "-E")
        break
PY
}

tidy_one() {
    local file=$1 command hash out
    command=$(preprocess_command "$file")
    [ -n "$command" ] || return 0
    hash=$({ clang-tidy --version; cat .clang-tidy; bash -c "$command"; } | sha256sum | cut -d ' ' -f 1)
    [ -e "$tree/lint/$hash" ] && return 0
    if ! out=$(clang-tidy --quiet -p "$tree" "$file" 2>/dev/null); then
        printf '%s\n' "$out"
        return 1
    fi
    touch "$tree/lint/$hash"
}

case $mode in
format)
    mapfile -t list < <(sources '*.c' '*.h' '*.cpp' '*.hpp')
    clang-format --dry-run -Werror "${list[@]}"
    echo "format: ${#list[@]} files clean"
    ;;
tidy)
    mkdir -p "$tree/lint"
    export -f tidy_one preprocess_command
    export tree
    sources '*.c' | xargs -P "$jobs" -I '{}' bash -c 'tidy_one "$1"' _ '{}'
    echo "tidy: clean"
    ;;
cppcheck)
    mkdir -p "$tree/lint/cppcheck"
    cppcheck --quiet --project="$tree/compile_commands.json" --cppcheck-build-dir="$tree/lint/cppcheck" -j "$jobs" \
        --enable=warning,performance,portability --inline-suppr --suppressions-list=scripts/lint/cppcheck.txt \
        --suppress="*:$tree/*" -i "$tree" --file-filter='*.c' --error-exitcode=1
    echo "cppcheck: clean"
    ;;
*)
    echo "c.sh: unknown mode '$mode'; use format, tidy or cppcheck" >&2
    exit 2
    ;;
esac
