#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mutation test of KV controller, tiles' watchdogs, hub, links, control core, serial bridge and XRT's shell: scripts/mutants.sh [LIST ...]
#
# Runs tests/rtl/LIST/mutants.py (default: all) on the benches of build/, which must be built from the present sources, and writes a row a list
# into docs/mutants.md: date, revision, mutants, caught, those that survived. Two hours of one core in all. Ends with 1 when one survived.
set -euo pipefail
cd "$(dirname "$0")/.."

table=docs/mutants.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
revision=$(git describe --always --dirty 2>&1 || echo unknown)
lists=("$@")
[ ${#lists[@]} -gt 0 ] || lists=(kv_cmd kv_data kv_sched kv_ecc kv_axi kv_top soc watchdog hub link core serial xrt)
for list in "${lists[@]}"; do
    [ -f "tests/rtl/$list/mutants.py" ] || { echo "mutants: no tests/rtl/$list/mutants.py" >&2; exit 2; }
done

status=0
for list in "${lists[@]}"; do
    case $list in
    kv_sched) arguments=(build/tests/rtl/kv_sched/libmr_kv_sched_bench.a,build/sim_verilator/dram/libmr_dram.a "$work/$list") ;;
    kv_top) arguments=("$work/$list" build) ;;
    *) arguments=("$work/$list") ;;
    esac
    mkdir -p "$work/$list"
    python3 -B "tests/rtl/$list/mutants.py" "${arguments[@]}" </dev/null 2>&1 | tee "$work/log" || status=1
    score=$(sed -n 's/^\([0-9]*\) of \([0-9]*\) caught$/\2 | \1/p' "$work/log")
    alive=$(grep -E 'SURVIVES|^ALIVE|^PROBLEM' "$work/log" | cut -c1-60 | tr '|\n' '/;' || true)
    sed -i "/^| $list |/d" "$table"
    echo "| $list | $(date -u +%F) | $revision | ${score:-stopped |} | ${alive:-none} |" >>"$table"
done
exit $status
