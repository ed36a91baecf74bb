#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Format of our C and C++, static analysis of our C (the C++ files are thin skins over Verilated classes).
#
#   scripts/lint/c.sh format              clang-format, dry run
#   scripts/lint/c.sh tidy|cppcheck TREE  with the compile commands of the build tree TREE
#
# tidy remembers clean files in TREE/lint (tidy.py), so that a second run checks only changes.
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

case $mode in
format)
    mapfile -t list < <(sources '*.c' '*.h' '*.cpp' '*.hpp')
    clang-format --dry-run -Werror "${list[@]}"
    echo "format: ${#list[@]} files clean"
    ;;
tidy)
    mapfile -t list < <(sources '*.c')
    python3 scripts/lint/tidy.py "$tree" "$jobs" "${list[@]}"
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
