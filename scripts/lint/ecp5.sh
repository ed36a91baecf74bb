#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Synthesises the chip of boards/ulx3s_85f for the ECP5 up to memories and multipliers and checks it: no latches, no combinational
# loops, no missing modules, memories and multipliers within the board's limits. Place and route: boards/ulx3s_85f/build.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
yosys=${YOSYS:-yosys}
max_mult=140
max_ebr=200

includes=$(find rtl -name '*.sv' -printf '-I%h\n' | sort -u | tr '\n' ' ')
sources=$(find rtl -name '*_pkg.sv' | sort | tr '\n' ' ')
sources+=$(find rtl -name '*.sv' ! -name '*_pkg.sv' | sort | tr '\n' ' ')
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A missing module ends `hierarchy -check`. The cells that are left uninterpreted are the device's own two.
$yosys -q -l "$log" -p "read_verilog -sv -defer -DSYNTHESIS $includes -Iboards/ulx3s_85f $sources boards/ulx3s_85f/mr_ooc.sv;
    hierarchy -check -top mr_ooc; synth_ecp5 -top mr_ooc -run begin:coarse; script boards/ecp5/narrow_mul.ys;
    synth_ecp5 -top mr_ooc -run coarse:map_ffs; check -assert;
    select -assert-none t:\$dlatch t:\$adlatch t:\$dlatchsr t:\$_DLATCH_N_ t:\$_DLATCH_P_ t:\$mem_v2 t:\$mul;
    select -assert-max $max_mult t:MULT18X18D; select -assert-max $max_ebr t:DP16KD;
    select -assert-min 1 t:MULT18X18D; select -assert-min 1 t:DP16KD; stat" >/dev/null || { tail -5 "$log"; exit 1; }
count() { awk -v cell="$1" '$1 == cell { n = $2 } $2 == cell { n = $1 } END { print n + 0 }' "$log"; }
echo "RESULT ecp5_synth_mult18x18d $(count MULT18X18D) MULT18X18D"
echo "RESULT ecp5_synth_dp16kd $(count DP16KD) DP16KD"
