#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares tokens made three ways, for three prompts: scripts/xrt_tokens.sh [TOKENS]
#
# `sim`; the tool behind unmodified XRT (`xrt:emu`); and tests/host/xrt/player.c, a program that uses XRT's public headers alone and plays what was
# written to the chip of `sim`. Ends with 1 when one of TOKENS (64) differs. build/ must be built. Some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
tokens=${1:-64}
build=$PWD/build
work=$(mktemp -d /tmp/mrxt-XXXXXX)
trap 'rm -rf "$work"' EXIT

. tests/host/xrt/bare_emulation.sh
bare_emulation "$build/tests/host/xrt/player"

# The member "tokens" of the tool's JSON.
ids() {
    sed -n 's/.*"tokens":\[\([0-9,]*\)\],"logprobs".*/\1/p'
}

status=0
for prompt in "Once upon a time" "The little dog" "One day, Tom"; do
    run=(run -m models/brook.gguf -p "$prompt" -n "$tokens" --ignore-eos)
    sim=$("$build/millrace" "${run[@]}" --device sim --json | ids)
    tool=$("$build/millrace" "${run[@]}" --device xrt:emu --json | ids)
    "$build/millrace" reg record "$work/record" -- "${run[@]}" --device sim >"$work/text"
    player=$(
        cd "$work"
        export XILINX_XRT=$work XCL_EMULATION_MODE=hw_emu XRT_INI_PATH=$work/xrt.ini SDACCEL_EM_RUN_DIR=$work EMCONFIG_PATH=$work USER=${work##*/}
        setsid -w "$build/tests/host/xrt/player" "$work/bare.xclbin" "$work/record" 2>"$work/err" | sed -n 's/^tokens //p'
    )
    count=$(tr , '\n' <<<"$sim" | wc -l)
    verdict="$count tokens, the same three times"
    if [ -z "$sim" ] || [ "$sim" != "$tool" ] || [ "$sim" != "$player" ]; then
        verdict="DIFFERENT: sim $sim; xrt:emu $tool; player $player"
        status=1
    fi
    echo "$prompt: $verdict"
done
exit $status
