#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks every RTL module as a top of its own, with default parameters and with each line of rtl/lint/corners.txt.
#
#   scripts/lint/rtl.sh verilator|iverilog|yosys [module ...]
#
# verilator: --lint-only -Wall with the waivers of rtl/lint/verilator.vlt. iverilog: -g2012 -Wall, any output fails. yosys: elaborates and
# checks for latches, combinational loops, multiple drivers and missing modules (asserts on).
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$1
shift
failed=0
ran=0

mapfile -t folders < <(find rtl -name '*.sv' -printf '%h\n' | sort -u)
mapfile -t packages < <(find rtl -name '*_pkg.sv' | sort)
mapfile -t sources < <(find rtl -name '*.sv' ! -name '*_pkg.sv' | sort)
search=()
includes=(-Irtl/common -Irtl/csr/gen)
for folder in "${folders[@]}"; do
    search+=(-y "$folder")
    [ "$folder" = rtl/common ] || [ "$folder" = rtl/csr/gen ] || includes+=("-I$folder")
done

# Notices that are no findings:
#  * Icarus 11 adds a whole vector to the sensitivity of always_comb where only a slice is read: one evaluation too many, same value.
#  * Yosys turns a small memory with several ports or a reset into registers: that is what such code asks for.
harmless='sorry: constant selects in always_\* processes are not currently supported|Warning: Replacing memory .* with list of registers'

# check_one MODULE FILE [Param=Value ...]
check_one() {
    local module=$1 file=$2
    shift 2
    local args=() pair script out status=0
    case $tool in
    verilator)
        for pair in "$@"; do args+=("-G$pair"); done
        out=$(verilator --lint-only -Wall rtl/lint/verilator.vlt "${includes[@]}" "${search[@]}" "${packages[@]}" "$file" \
            --top-module "$module" "${args[@]}" 2>&1) || status=$?
        ;;
    iverilog)
        for pair in "$@"; do args+=("-P$module.$pair"); done
        out=$(iverilog -g2012 -Wall -tnull "${includes[@]}" -Y.sv "${search[@]}" -s "$module" "${args[@]}" \
            "${packages[@]}" "$file" 2>&1) || status=$?
        ;;
    yosys)
        # Only what the module reaches is read, so that one module's state does not hide behind another's.
        script="read_verilog -sv -defer -DSYNTHESIS ${includes[*]} ${packages[*]} ${sources[*]};"
        for pair in "$@"; do args+=(-chparam "${pair%%=*}" "${pair#*=}"); done
        script+=" hierarchy -check -top $module ${args[*]}; proc; opt_expr; opt_clean; check -assert;"
        script+=' select -assert-none t:$dlatch t:$_DLATCH_N_ t:$_DLATCH_P_ t:$adlatch t:$dlatchsr'
        out=$(yosys -q -p "$script" 2>&1) || status=$?
        ;;
    esac
    ran=$((ran + 1))
    out=$(grep -vE "$harmless" <<<"$out" || true)
    if [ "$status" -ne 0 ] || [ -n "$out" ]; then
        failed=$((failed + 1))
        printf '%s %s %s:\n%s\n' "$tool" "$module" "$*" "$out"
    fi
}

wanted() {
    [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $1 "* ]]
}

only=("$@")
declare -A file_of
for file in "${sources[@]}"; do
    module=$(basename "$file" .sv)
    file_of[$module]=$file
    wanted "$module" || continue
    check_one "$module" "$file"
done
while read -r module pairs; do
    case $module in '' | '#'*) continue ;; esac
    wanted "$module" || continue
    if [ -z "${file_of[$module]:-}" ]; then
        echo "rtl/lint/corners.txt: no module $module in rtl/"
        failed=$((failed + 1))
        continue
    fi
    # shellcheck disable=SC2086 # one word a parameter
    check_one "$module" "${file_of[$module]}" $pairs
done <rtl/lint/corners.txt
echo "$tool: $ran modules and corners checked, $failed with findings"
[ "$failed" -eq 0 ] && [ "$ran" -gt 0 ]
