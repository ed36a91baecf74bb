#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds with warnings as errors, runs every test there, then the unit and host tests again under ASan and UBSan.
# Usage: scripts/check.sh [jobs]. Closes with "N passed, N failed"; exit 0 only when nothing failed and something ran.
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
passed=0
failed=0

close() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# Runs one step that is not a test; a failure counts as one and ends the check.
step() {
    echo "check: $*"
    if ! "$@"; then
        echo "check: failed: $*" >&2
        failed=$((failed + 1))
        close
    fi
}

# Adds up the JUnit report that ctest wrote: a test that was skipped or did not run counts as failed.
count() {
    local line
    line=$(grep -m 1 -A 8 '<testsuite ' "$1" | tr '\n' ' ')
    local total=${line#*tests=\"} bad=${line#*failures=\"} disabled=${line#*disabled=\"} skipped=${line#*skipped=\"}
    total=${total%%\"*} bad=${bad%%\"*} disabled=${disabled%%\"*} skipped=${skipped%%\"*}
    bad=$((bad + disabled + skipped))
    passed=$((passed + total - bad))
    failed=$((failed + bad))
}

# run_tests NAME FOLDER [ctest arguments]
run_tests() {
    local name=$1 folder=$2
    shift 2
    local report=$PWD/$folder/report.xml
    rm -f "$report"
    echo "check: $name"
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error --timeout 900 \
        --output-junit "$report" "$@" </dev/null
    local status=$? before=$failed
    if [ -s "$report" ]; then
        count "$report"
    fi
    # ctest's own verdict rules, should the report ever disagree.
    if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        failed=$((failed + 1))
    fi
}

step cmake --preset default -DMR_WERROR=ON
step cmake --build build -j "$jobs"
step cmake --preset asan
step cmake --build build/asan -j "$jobs"
run_tests "all tests" build
run_tests "unit and host tests under ASan and UBSan" build/asan -L 'unit|host'
close
