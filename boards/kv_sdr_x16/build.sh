#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Synthesises, places and routes the KV controller alone (frame mr_kv_ooc.sv: SDR x16), without ECC and with it, for an ECP5-85F, speed
# grade 6, and writes the numbers to results.md.
#
#   boards/kv_sdr_x16/build.sh WORKDIR      by hand: about 5 minutes, 3 more for each further seed, 1 GB
#
# YOSYS, NEXTPNR, SEEDS: see boards/ecp5/flow.sh; the card names the seeds that missed the clock.
# Small before fast: LUT4 only (no wide multiplexers), mapped by ABC's own script, then LUTs moved into carry chains
# (boards/ecp5/carry_luts.py), which is proved not to change the netlist (boards/ecp5/equal.ys).
set -euo pipefail
if [ $# -ne 1 ]; then
    echo "usage: boards/kv_sdr_x16/build.sh WORKDIR" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
bar_lut4=2000
bar_mhz=100
# shellcheck source=boards/ecp5/flow.sh
. "$root/boards/ecp5/flow.sh"

commit=$(commit_of rtl/kv_dram rtl/common boards/kv_sdr_x16/mr_kv_ooc.sv boards/ecp5)
card=$root/boards/kv_sdr_x16/results.md

# build ECC: synthesis to routing in a folder of its own; sets reached (the clock), lut4, ebr, mult, ff and what place_and_route sets.
build() {
    rm -rf "$work/ecc$1"
    mkdir -p "$work/ecc$1/rtl" "$work/ecc$1/boards"
    cp "$root"/rtl/common/*.sv "$root"/rtl/common/*.vh "$root"/rtl/kv_dram/*.sv "$root/boards/kv_sdr_x16/mr_kv_ooc.sv" "$work/ecc$1/rtl/"
    cp -r "$root/boards/ecp5" "$work/ecc$1/boards/"
    cd "$work/ecc$1"
    echo "synthesis: $PWD/yosys.log"
    local options="-top mr_kv_ooc -nowidelut"
    $yosys -q -l yosys.log -p "read_verilog -sv -defer -DSYNTHESIS -Irtl $(rtl_sources); \
        hierarchy -check -top mr_kv_ooc -chparam Ecc $1; synth_ecp5 $options -run :map_luts; abc -lut 4; clean; \
        synth_ecp5 $options -run map_cells: -json before.json; check -assert" >yosys.out
    python3 boards/ecp5/carry_luts.py before.json after.json
    $yosys -q -l equal.log -s boards/ecp5/equal.ys >yosys.out
    reached=yes
    place_and_route $bar_mhz after.json || reached=no
    lut4=$(used LUT4s)
    mult=$(used MULT18X18D)
    ebr=$(used DP16KD)
    ff=$(used TRELLIS_FF)
}

build 0
if [ $reached = no ]; then
    echo "build.sh: below $bar_mhz MHz.$tried The card is as it was." >&2
    exit 1
fi
plain_lut4=$lut4 plain_mult=$mult plain_ebr=$ebr plain_ff=$ff plain_fmax=$fmax plain_seed=$seed plain_tried=$tried
# The bar is without ECC; with it the card has the best seed's clock.
build 1
{
    echo "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    echo "# Results card: the KV controller alone on an ECP5-85F"
    echo
    echo "Written by \`boards/kv_sdr_x16/build.sh\`; **synthesised and routed, not board-measured**. One channel: \`mr_kv_top\` for SDR x16 at"
    echo "$bar_mhz MHz, Q8_0, 8 slots, 8 layers, 2 heads, vectors to 128, 128 pages, 16 blocks a slot, between registers (frame"
    echo "\`mr_kv_ooc.sv\`, whose flip-flops are counted and which has no LUT). LFE5U-85F, speed grade 6, CABGA381, commit $commit."
    echo "Seed $plain_seed of the placer, with ECC $seed.$plain_tried${tried:+ With ECC:$tried}"
    echo "LUTs in front of carry chains are moved into them (\`boards/ecp5/carry_luts.py\`), proved not to change the netlist (\`equal.ys\`)."
    echo "$tools."
    echo
    echo "| what | no ECC | bar | with ECC |"
    echo "|---|---|---|---|"
    echo "| LUT4 (logic, carry, memory) | $plain_lut4 | <= 2,000 | $lut4 |"
    echo "| Fmax of the one clock, clk_i | $plain_fmax MHz | >= $bar_mhz MHz | $fmax MHz |"
    echo "| DP16KD | $plain_ebr | | $ebr |"
    echo "| MULT18X18D | $plain_mult | | $mult |"
    echo "| flip-flops, the frame's included | $plain_ff | | $ff |"
    echo
    echo '```text'
    echo "RESULT kv_sdr_x16_lut4 $plain_lut4 LUT4"
    echo "RESULT kv_sdr_x16_fmax $plain_fmax MHz"
    echo "RESULT kv_sdr_x16_dp16kd $plain_ebr DP16KD"
    echo "RESULT kv_sdr_x16_mult18x18d $plain_mult MULT18X18D"
    echo "RESULT kv_sdr_x16_ff $plain_ff flip-flops"
    echo "RESULT kv_sdr_x16_ecc_lut4 $lut4 LUT4"
    echo "RESULT kv_sdr_x16_ecc_fmax $fmax MHz"
    echo '```'
} >"$card"
grep RESULT "$card"
if [ "$plain_lut4" -gt $bar_lut4 ]; then
    echo "build.sh: $plain_lut4 LUT4, the bar is $bar_lut4" >&2
    exit 1
fi
