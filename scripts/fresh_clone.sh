#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times what a newcomer sees: clone, `make run` to the first token, `make run` again, `make check`. Writes docs/fresh_clone.txt.
# Usage: scripts/fresh_clone.sh [run|all]; the clone lies in a temporary folder and is removed.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$here" "$work/millrace"
cd "$work/millrace"

# Seconds until the tool, started by make, has printed the prompt and the first token.
first_token() {
    local start end
    start=$(date +%s%N)
    make run N=1 >"$work/run.log" 2>&1 || { tail -n 20 "$work/run.log" >&2; exit 1; }
    end=$(date +%s%N)
    printf '%d.%d' $(((end - start) / 1000000000)) $(((end - start) / 100000000 % 10))
}

export CCACHE_DISABLE=1
{
    echo "SPDX-License-Identifier: Apache-2.0"
    echo "Written by scripts/fresh_clone.sh at $(git rev-parse --short HEAD), $(nproc) cores, packages already installed, no compiler cache."
    echo "RESULT first_token_s $(first_token) s"
    echo "RESULT second_token_s $(first_token) s"
} | tee "$work/out.txt"
if [ "$what" = all ]; then
    start=$(date +%s)
    make clean
    MILLRACE_SHARED_MODELS="${MILLRACE_SHARED_MODELS:-$here/../shared/models}" make check >"$work/check.log" 2>&1 || { tail -n 40 "$work/check.log" >&2; exit 1; }
    echo "RESULT check_s $(($(date +%s) - start)) s" | tee -a "$work/out.txt"
    tail -n 1 "$work/check.log"
fi
cp "$work/out.txt" "$here/docs/fresh_clone.txt"
