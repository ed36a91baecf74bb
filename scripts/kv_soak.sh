#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Random operations on the whole KV controller, shared out over its models: scripts/kv_soak.sh OPERATIONS [SEED [PROGRAM]]
#
# Prints a line a model and appends it to docs/kv_soak.md: date, revision, model, seed, operations, beats compared, mismatches,
# violations, seconds. PROGRAM: kv_random of a build tree (default: build/). Ends with 1 when anything differed.
set -euo pipefail
cd "$(dirname "$0")/.."

ops=${1:?usage: scripts/kv_soak.sh OPERATIONS [SEED [PROGRAM]]}
seed=${2:-$(date +%s)}
program=${3:-build/tests/rtl/kv_top/kv_random}
log=docs/kv_soak.md
[[ $ops =~ ^[0-9]+$ && $seed =~ ^[0-9]+$ ]] || { echo "kv_soak: operations and seed are whole numbers" >&2; exit 2; }
[ -x "$program" ] || { echo "kv_soak: no $program: build the target kv_random first" >&2; exit 2; }

# Share of each model, of 100: the narrow devices take many clocks an operation.
shares="sdr-133:2 sdr-100:2 sdr-100-x64:18 ddr4-2400:20 lpddr4-3200:12 hbm2-pc:16 stacked:10 ddr4-2400-q4:20"
revision=$(git describe --always --dirty 2>&1 || echo unknown)
status=0
for share in $shares; do
    model=${share%%:*}
    start=$(date +%s)
    result=$("$program" "$model" $((ops * ${share##*:} / 100)) "$seed") || status=1
    get() { sed -n "s/^RESULT $1 \([0-9]*\) .*/\1/p" <<<"$result"; }
    done_ops=$(get operations)
    if ! grep -qx "PASS kv_random_$model" <<<"$result"; then
        status=1
        printf '%s\n' "$result" >&2
    fi
    line="| $(date -u +%F) | $revision | $model | $seed | ${done_ops:-stopped} | $(get beats_compared) | $(get mismatches) | $(get violations) | $(($(date +%s) - start)) |"
    echo "$line"
    echo "$line" >>"$log"
done
exit $status
