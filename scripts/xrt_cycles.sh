#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Opens, loads, runs a token and closes on XRT's emulation, again and again: scripts/xrt_cycles.sh [CYCLES] [RELOADS]
#
# Runs CYCLES (100) such rounds in one process, then one round under valgrind, the tool's side and the helper's, then RELOADS (10) loads in one process
# of a program that uses XRT alone, under valgrind too. Ends with 1 when something failed, leaked, or was left behind: a process, a folder, a socket.
# build/ must be built; needs valgrind. Some 20 minutes, nearly all of them sleeps inside XRT.
set -euo pipefail
cd "$(dirname "$0")/.."
cycles=${1:-100}
reloads=${2:-10}
build=$PWD/build
here=$PWD/tests/host/xrt
command -v valgrind >/dev/null || { echo "xrt_cycles: valgrind is not installed" >&2; exit 2; }
work=$(mktemp -d /tmp/mrxc-XXXXXX)
trap 'rm -rf "$work"' EXIT
export MILLRACE_XRT_CYCLES=$$ # marks this run's processes

grind=(valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --suppressions="$here/xrt.supp"
    --error-exitcode=9)

# Prints what this run has left behind.
left() {
    local entry
    for entry in /proc/[0-9]*; do
        if [ "${entry#/proc/}" != $$ ] && grep -qsz "^MILLRACE_XRT_CYCLES=$$\$" "$entry/environ" &&
            grep -qsE '^(millrace-xrt|launch_hw_emu|mr_xrt_sim|xrt_cycles|memcheck)' "$entry/comm"; then
            echo "process ${entry#/proc/} $(cat "$entry/comm")"
        fi
    done
    comm -13 "$work/before" <(find /tmp -maxdepth 1 -name 'millrace-xrt-*' | sort)
    find "$work" -type s
}

find /tmp -maxdepth 1 -name 'millrace-xrt-*' | sort >"$work/before"

echo "$cycles cycles in one process"
"$build/xrt_cycles" xrt:emu models/brook.gguf "$cycles" | tail -n 1

echo "1 cycle, the tool's side and the helper under valgrind"
printf '#!/bin/sh\nexec %s --log-file=%s --trace-children=yes --trace-children-skip="*launch_hw_emu.sh,*/unzip,*/sh,*/dash,*/bash,*/chmod,*/cp" %s "$@"\n' \
    "${grind[*]}" "$work/helper.%p" "$build/millrace-xrt" >"$work/helper.sh"
chmod +x "$work/helper.sh"
MILLRACE_XRT_HELPER=$work/helper.sh "${grind[@]}" "$build/xrt_cycles" xrt:emu models/brook.gguf 1
cat "$work"/helper.[0-9]*
[ -z "$(cat "$work"/helper.[0-9]*)" ]

echo "$reloads reloads in one process, under valgrind"
. tests/host/xrt/bare_emulation.sh
bare_emulation "$build/tests/host/xrt/third"
(
    cd "$work"
    export XILINX_XRT=$work XCL_EMULATION_MODE=hw_emu XRT_INI_PATH=$work/xrt.ini SDACCEL_EM_RUN_DIR=$work EMCONFIG_PATH=$work USER=${work##*/}
    setsid -w "${grind[@]}" "$build/tests/host/xrt/third" "$work/bare.xclbin" "$reloads" >"$work/third.log" 2>"$work/third.err" ||
        { cat "$work/third.err"; exit 1; }
    tail -n 1 "$work/third.log"
)

rest=$(left)
if [ -n "$rest" ]; then
    printf 'left behind:\n%s\n' "$rest" >&2
    exit 1
fi
echo "nothing lost, nothing left behind"
