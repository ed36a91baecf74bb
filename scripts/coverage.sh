#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the unit tests with counters, runs them and prints which lines and branches of firmware/ and hal/src they reach, file by file.
# Usage: scripts/coverage.sh [jobs]. Exit 1 when a test fails or the sums are below the bars. TREE=folder builds elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
tree=${TREE:-build/coverage}
min_lines=95
min_branches=85
targets=(test_session test_pack test_selftest test_board_ulx3s_85f test_firmware_users test_service_client)
for name in core device kv loop status; do
    targets+=("test_hal_$name")
done
for name in image machine place program load sampler sched groups shard cost balance; do
    targets+=("test_firmware_$name")
done

cmake --preset coverage -B "$tree" >/dev/null
cmake --build "$tree" -j "$jobs" --target "${targets[@]}" >/dev/null
# Counters add up over runs; start from none.
find "$tree" -name '*.gcda' -delete
ctest --test-dir "$tree" -R '^(unit_(hal|firmware|service|board)_|host_(session|pack|selftest)$)' -E '^unit_firmware_shard_model' --output-on-failure --no-tests=error
for kind in '' --branches; do
    gcovr --root . --object-directory "$tree" --filter firmware/ --filter hal/src/ --txt - $kind "$tree"
done
gcovr --root . --object-directory "$tree" --filter firmware/ --filter hal/src/ --print-summary --output "$tree/summary.txt" \
    --fail-under-line "$min_lines" --fail-under-branch "$min_branches" "$tree"
