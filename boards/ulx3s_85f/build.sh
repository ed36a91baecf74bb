#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Synthesises, places and routes the chip of chip.vh out of context (frame mr_ooc.sv) for an ECP5-85F, speed grade 6, and
# writes the numbers to results.md.
#
#   boards/ulx3s_85f/build.sh WORKDIR      by hand: 15 minutes, 10 more for each further seed, 2 GB
#
# YOSYS, NEXTPNR, SEEDS: see boards/ecp5/flow.sh; the card names the seeds that missed the clock.
set -euo pipefail
if [ $# -ne 1 ]; then
    echo "usage: boards/ulx3s_85f/build.sh WORKDIR" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
bar_mhz=50
# shellcheck source=boards/ecp5/flow.sh
. "$root/boards/ecp5/flow.sh"

cd "$root"
commit=$(commit_of rtl boards/ulx3s_85f/chip.vh boards/ulx3s_85f/mr_ooc.sv boards/ecp5)
rm -rf "$work/rtl" "$work/boards"
cp -r rtl "$work/rtl"
mkdir "$work/boards"
cp -r boards/ecp5 boards/ulx3s_85f/chip.vh boards/ulx3s_85f/mr_ooc.sv boards/ulx3s_85f/mr_ooc.lpf "$work/boards/"
card=$root/boards/ulx3s_85f/results.md
cd "$work"
includes=$(find rtl -name '*.sv' -printf '-I%h\n' | sort -u | tr '\n' ' ')
sources=$(rtl_sources)

echo "synthesis: $work/yosys.log"
$yosys -q -l yosys.log -p "read_verilog -sv -defer -DSYNTHESIS $includes -Iboards $sources \
    boards/mr_ooc.sv; hierarchy -check -top mr_ooc -chparam GitHash 32'h${commit%% *}; \
    synth_ecp5 -top mr_ooc -run begin:coarse; script boards/ecp5/narrow_mul.ys; \
    synth_ecp5 -top mr_ooc -run coarse: -json mr_ooc.json; check -assert; tee -q -o stat.txt stat" >yosys.out

# The default placer leaves the lower half of the die empty, where the wires of the upper half would have found room.
if ! place_and_route $bar_mhz mr_ooc.json --placer static --router router2 --lpf boards/mr_ooc.lpf; then
    echo "build.sh: below $bar_mhz MHz.$tried The card is as it was." >&2
    exit 1
fi

lut4=$(used LUT4s)
mult=$(used MULT18X18D)
ebr=$(used DP16KD)
ff=$(used TRELLIS_FF)
routed="synthesised and routed, not board-measured"
{
    echo "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    echo "# Results card: one group on an ECP5-85F"
    echo
    echo "Written by \`boards/ulx3s_85f/build.sh\`; **$routed**. The chip of \`chip.vh\` alone (frame \`mr_ooc.sv\`: no board"
    echo "pins, no control core), LFE5U-85F, speed grade 6, CABGA381, seed $seed of the placer, commit $commit.$tried"
    echo "$tools."
    echo
    echo "| what | result | bar | of the device |"
    echo "|---|---|---|---|"
    echo "| LUT4 (logic, carry, memory) | $lut4 | <= 60,000 | 83,640 |"
    echo "| MULT18X18D | $mult | <= 140 | 156 |"
    echo "| DP16KD | $ebr | <= 200 | 208 |"
    echo "| flip-flops | $ff | | 83,640 |"
    echo "| Fmax of the one clock, clk_i | $fmax MHz | >= $bar_mhz MHz | |"
    echo
    echo '```text'
    sed -n 's/^localparam int \([A-Za-z]*\) = \([0-9]*\);$/\1=\2/p' boards/chip.vh | paste -sd' '
    echo "RESULT ecp5_lut4 $lut4 LUT4"
    echo "RESULT ecp5_mult18x18d $mult MULT18X18D"
    echo "RESULT ecp5_dp16kd $ebr DP16KD"
    echo "RESULT ecp5_ff $ff flip-flops"
    echo "RESULT ecp5_fmax $fmax MHz"
    echo '```'
} >"$card"
grep RESULT "$card"
awk -v l="$lut4" -v m="$mult" -v e="$ebr" \
    'BEGIN { if (l > 60000 || m > 140 || e > 200) { print "build.sh: over the bar" > "/dev/stderr"; exit 1 } }'
