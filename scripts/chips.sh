#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures the build folder so that it has the simulated chip of a device, beside those that it has already; does nothing where it has it.
# A folder that begins with one chip goes without the KV controllers of `millrace bench`.
# Usage: scripts/chips.sh FOLDER DEVICE [FST], with DEVICE sim, sim:NAME, model..., xrt... (as sim; XRT is looked for again) or all, and FST 1 (the chip of sim can record
# waveforms), 0 (it cannot) or nothing (as the folder has it).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
case $2 in
all) chip= ;;
sim:*) chip=${2#sim:} ;;
*) chip=sdr-100 ;;
esac
fst=${3:+-DMR_SIM_FST=$3}
cache=$folder/CMakeCache.txt
# XRT may have come since the folder was configured.
if [[ $2 = xrt* ]] && grep -q '^MR_XRT_[A-Z]*:.*-NOTFOUND$' "$cache" 2>/dev/null; then
    cmake --preset default
fi
chips=$chip
kv=${chip:+OFF}
if [ -f "$cache" ]; then
    chips=$(sed -n 's/^MR_SIM_MODELS:[A-Z]*=//p' "$cache")
    # An empty list stands for all.
    if [ -z "$chips" ] || [[ -n $chip && ";$chips;" == *";$chip;"* ]]; then
        if [ -n "$fst" ] && ! grep -q "^MR_SIM_FST:[A-Z]*=$3\$" "$cache"; then
            cmake --preset default "$fst"
        fi
        exit 0
    fi
    chips=${chip:+$chips;$chip}
    kv=${chip:+$(sed -n 's/^MR_KV_SIM:[A-Z]*=//p' "$cache")}
fi
cmake --preset default "-DMR_SIM_MODELS=$chips" "-DMR_KV_SIM=${kv:-ON}" ${fst:+"$fst"}
