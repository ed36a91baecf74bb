#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The bootstrap: a second call installs nothing in under 2 s; without tools and rights it names what is missing and fails.
set -uo pipefail
repo=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAIL $1"
    failures=$((failures + 1))
}

# Everything that make check needs is here, or this test would not run; so a call finds nothing to do.
start=$(date +%s%N)
out=$("$repo/scripts/bootstrap.sh" check 2>&1) || fail "bootstrap check: exit status, output: $out"
elapsed_ms=$((($(date +%s%N) - start) / 1000000))
[ -z "$out" ] || fail "a second call said: $out"
[ "$elapsed_ms" -lt 2000 ] || fail "a second call took $elapsed_ms ms"

# A machine with a shell and little else, and a user without rights.
mkdir -p "$work/bin" "$work/repo/scripts"
for tool in bash env dirname cat grep sort head tail tr mktemp rm cmp; do
    ln -s "$(command -v $tool)" "$work/bin/$tool"
done
printf '#!/bin/sh\necho 1000\n' >"$work/bin/id"
chmod +x "$work/bin/id"
cp "$repo/scripts/bootstrap.sh" "$repo/scripts/requirements.txt" "$work/repo/scripts/"

out=$(PATH=$work/bin "$work/bin/bash" "$work/repo/scripts/bootstrap.sh" run 2>&1 </dev/null) && fail "run profile without tools: exit 0"
for word in gcc g++ make cmake verilator "not root" "apt-get install"; do
    grep -qF -- "$word" <<<"$out" || fail "run profile does not name '$word': $out"
done
grep -q iverilog <<<"$out" && fail "run profile asks for a tool of check only"

out=$(PATH=$work/bin "$work/bin/bash" "$work/repo/scripts/bootstrap.sh" check 2>&1 </dev/null) && fail "check profile without tools: exit 0"
for word in iverilog yosys clang-tidy systemrdl-compiler==; do
    grep -qF -- "$word" <<<"$out" || fail "check profile does not name '$word': $out"
done

# Root, but apt-get cannot reach anything.
printf '#!/bin/sh\necho 0\n' >"$work/bin/id"
printf '#!/bin/sh\necho "E: no network" >&2\nexit 100\n' >"$work/bin/apt-get"
chmod +x "$work/bin/apt-get"
out=$(PATH=$work/bin "$work/bin/bash" "$work/repo/scripts/bootstrap.sh" run 2>&1 </dev/null) && fail "no network: exit 0"
grep -q "E: no network" <<<"$out" || fail "no network: the cause is not shown: $out"
grep -q "missing Debian packages:.*verilator" <<<"$out" || fail "no network: the list is not shown: $out"

"$work/bin/bash" "$repo/scripts/bootstrap.sh" nonsense >/dev/null 2>&1 && fail "an unknown profile is accepted"

[ "$failures" -eq 0 ] && echo "PASS bootstrap"
exit "$((failures > 0))"
