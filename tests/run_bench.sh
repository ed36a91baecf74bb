#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs an RTL bench: passes only with exit status 0 and the line "PASS <name>". Usage: run_bench.sh NAME COMMAND...
set -uo pipefail
name=$1
shift
log=$("$@" </dev/null 2>&1)
status=$?
printf '%s\n' "$log"
if [ "$status" -ne 0 ]; then
    echo "run_bench: exit status $status"
    exit 1
fi
grep -qx "PASS $name" <<<"$log" || {
    echo "run_bench: no line 'PASS $name'"
    exit 1
}
