#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the unit tests with counters, runs them, prints which lines and branches of firmware/ and hal/src they reach, file by file, and writes the
# table of docs/verification.md. Usage: scripts/coverage.sh [jobs]. Exit 1 when a test fails or the sums are below the bars, which are in
# scripts/coverage_table.py. TREE=folder builds elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
tree=${TREE:-build/coverage}
tests='^(unit_(core|hal|firmware|service)_|unit_board_ulx3s_85f$|host_(session|pack|selftest)$)'
# Whole models of others may be absent, and reach nothing more.
without='^unit_firmware_shard_model'

# A cached object may name its source from the folder of another tree, where gcov does not find it.
export CCACHE_DISABLE=1
cmake --preset coverage -B "$tree" >/dev/null
# The programs that these tests run are the targets to build.
mapfile -t targets < <(find "$tree/tests" -name CTestTestfile.cmake -exec sed -nE 's/^add_test\(\[=\[(\w+)\]=\] "([^"]*)".*/\1 \2/p' {} + |
    awk -v tests="$tests" -v without="$without" '$1 ~ tests && $1 !~ without {n = split($2, path, "/"); print path[n]}' | sort -u)
if [ "${#targets[@]}" -eq 0 ]; then
    echo "coverage.sh: no test of $tree matches $tests" >&2
    exit 1
fi
cmake --build "$tree" -j "$jobs" --target "${targets[@]}" >/dev/null
# Counters add up over runs; start from none.
find "$tree" -name '*.gcda' -delete
ctest --test-dir "$tree" -j "$jobs" -R "$tests" -E "$without" --output-on-failure --no-tests=error
gcovr --root . --object-directory "$tree" --filter firmware/ --filter hal/src/ --json "$tree/coverage.json" "$tree"
python3 scripts/coverage_table.py "$tree/coverage.json" docs/verification.md
