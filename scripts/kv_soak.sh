#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Random operations on the whole KV controller, shared out over its models: scripts/kv_soak.sh OPERATIONS [SEED [PROGRAM [streams]]]
#
# Runs a model a core and appends a line a model to docs/kv_soak.md when it is done: date, revision, model, kind of traffic, seed,
# operations, beats compared, mismatches, violations, seconds. PROGRAM: kv_random of a build tree (default: build/). streams: mostly
# long STREAMs, for many beats. Ends with 1 when anything differed.
set -euo pipefail
cd "$(dirname "$0")/.."

ops=${1:?usage: scripts/kv_soak.sh OPERATIONS [SEED [PROGRAM [streams]]]}
seed=${2:-$(date +%s)}
program=${3:-build/tests/rtl/kv_top/kv_random}
kind=${4:-mixed}
log=docs/kv_soak.md
[[ $ops =~ ^[0-9]+$ && $seed =~ ^[0-9]+$ ]] || { echo "kv_soak: operations and seed are whole numbers" >&2; exit 2; }
[[ $kind = mixed || $kind = streams ]] || { echo "kv_soak: the fourth argument is 'streams' or nothing" >&2; exit 2; }
[ -x "$program" ] || { echo "kv_soak: no $program: build the target kv_random first" >&2; exit 2; }

# Share of each model, of 100: the narrow devices take many clocks an operation.
shares="hbm2-pc:10 ddr4-2400:24 lpddr4-3200:8 sdr-100-x64:20 ddr4-2400-q4:28 stacked:8 sdr-133:1 sdr-100:1"
revision=$(git describe --always --dirty 2>&1 || echo unknown)

# soak MODEL OPERATIONS
soak() {
    local start result line status=0
    start=$(date +%s)
    result=$("$program" "$1" "$2" "$seed" $([ "$kind" = mixed ] || echo "$kind") 2>&1) || status=1
    get() { sed -n "s/^RESULT $1 \([0-9]*\) .*/\1/p" <<<"$result"; }
    if ! grep -qx "PASS kv_random_$1" <<<"$result"; then
        status=1
        printf '%s\n' "$result" >&2
    fi
    line=$(get operations)
    line="| $(date -u +%F) | $revision | $1 | $kind | $seed | ${line:-stopped} | $(get beats_compared) | $(get mismatches) | $(get violations) | $(($(date +%s) - start)) |"
    echo "$line" | tee -a "$log"
    return $status
}

jobs=0
status=0
for share in $shares; do
    if [ "$jobs" -ge "$(nproc)" ]; then
        wait -n || status=1
        jobs=$((jobs - 1))
    fi
    soak "${share%%:*}" $((ops * ${share##*:} / 100)) &
    jobs=$((jobs + 1))
done
while [ "$jobs" -gt 0 ]; do
    wait -n || status=1
    jobs=$((jobs - 1))
done
exit $status
