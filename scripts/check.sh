#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds with warnings as errors, runs every test there, then the unit and host tests again under ASan and UBSan, and libmillrace's threads
# under ThreadSanitizer.
# Usage: scripts/check.sh [jobs]. Closes with "N passed, N failed" (", N skipped" when optional files such as shared models are absent; their
# tests are listed); exit 0 only when nothing failed and something ran.
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
passed=0
failed=0
skipped=0

close() {
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
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

# Adds up the summary that ctest printed into the file $1; a test that could not be started counts as failed there.
count() {
    local total bad skips
    total=$(sed -n 's/^[0-9]*% tests passed, [0-9]* tests* failed out of \([0-9]*\)$/\1/p' "$1")
    bad=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests* failed out of [0-9]*$/\1/p' "$1")
    skips=$(grep -cE '^[[:space:]]+[0-9]+ - .* \(Skipped\)$' "$1")
    if [ -z "$total" ]; then
        failed=$((failed + 1))
        return
    fi
    passed=$((passed + total - bad - skips))
    failed=$((failed + bad))
    skipped=$((skipped + skips))
}

# run_tests NAME FOLDER [ctest arguments]
run_tests() {
    local name=$1 folder=$2 before=$failed status
    shift 2
    local log=$folder/check.log
    echo "check: $name"
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error --timeout 900 "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    count "$log"
    # ctest's own verdict rules, should the summary ever disagree.
    if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        failed=$((failed + 1))
    fi
}

step cmake --preset default -DMR_WERROR=ON -DMR_SIM_MODELS= -DMR_KV_SIM=ON
step cmake --build build -j "$jobs"
step cmake --preset asan
step cmake --build build/asan -j "$jobs"
step cmake --preset tsan
step cmake --build --preset tsan -j "$jobs"
run_tests "all tests" build
run_tests "unit and host tests under ASan and UBSan" build/asan -L 'unit|host'
run_tests "libmillrace's threads under ThreadSanitizer" build/tsan -R '^host_libmillrace_threads$'
close
