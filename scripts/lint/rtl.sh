#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks every RTL module of rtl/ and boards/ as a top of its own, with default parameters and with each line of rtl/lint/corners.txt.
#
#   scripts/lint/rtl.sh verilator|iverilog|yosys [module ...]
#
# verilator: --lint-only -Wall with the waivers of rtl/lint/verilator.vlt. iverilog: -g2012 -Wall (but for timescales: there are no
# delays), any output fails. yosys: elaborates and checks for latches, combinational loops, multiple drivers and missing modules (asserts
# on). The control core's processor, picorv32.v of the Python package in .venv, is read with the modules that use it, and not judged.
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$1
shift
failed=0
ran=0

mapfile -t folders < <(find rtl boards -name '*.sv' -printf '%h\n' | sort -u)
mapfile -t packages < <(find rtl boards -name '*_pkg.sv' | sort)
mapfile -t sources < <(find rtl boards -name '*.sv' ! -name '*_pkg.sv' | sort)
includes=("${folders[@]/#/-I}")

picorv32=$(compgen -G '.venv/lib/python3*/site-packages/pythondata_cpu_picorv32/verilog/picorv32.v' | head -n 1 || true)
[ -n "$picorv32" ] || { echo "no picorv32.v in .venv: run scripts/bootstrap.sh check" >&2; exit 1; }

declare -A file_of uses
for file in "${sources[@]}"; do
    file_of[$(basename "$file" .sv)]=$file
done
for module in "${!file_of[@]}"; do
    uses[$module]=$(grep -oE '\bmr_[a-z0-9_]+\b' "${file_of[$module]}" | sort -u | while read -r word; do
        [ "$word" = "$module" ] || [ -z "${file_of[$word]:-}" ] || echo "$word"
    done)
done

# Sets `closure` to the files of a module and of everything below it. (Icarus 11 crashes on its own library search, -y.)
find_closure() {
    local -A seen=()
    local queue=("$1") module
    closure=()
    while [ ${#queue[@]} -gt 0 ]; do
        module=${queue[0]}
        queue=("${queue[@]:1}")
        [ -z "${seen[$module]:-}" ] || continue
        seen[$module]=1
        closure+=("${file_of[$module]}")
        # shellcheck disable=SC2206 # module names have no blanks
        queue+=(${uses[$module]})
    done
    if grep -q '\bpicorv32 #(' "${closure[@]}"; then
        closure+=("$picorv32")
    fi
}

# Notices that are no findings:
#  * Icarus 11 adds a whole vector to the sensitivity of always_comb where only a slice is read: one evaluation too many, same value.
#  * Yosys turns a small memory with several ports or a reset into registers: that is what such code asks for.
#  * What Icarus and Yosys say of picorv32.v.
harmless='sorry: constant selects in always_\* processes are not currently supported|Warning: Replacing memory .* with list of registers|picorv32'

# check_one MODULE [Param=Value ...]
check_one() {
    local module=$1
    shift
    local closure args=() pair script out status=0
    find_closure "$module"
    case $tool in
    verilator)
        for pair in "$@"; do args+=("-G$pair"); done
        out=$(verilator --lint-only -Wall rtl/lint/verilator.vlt "${includes[@]}" "${packages[@]}" "${closure[@]}" \
            --top-module "$module" "${args[@]}" 2>&1) || status=$?
        ;;
    iverilog)
        for pair in "$@"; do args+=("-P$module.$pair"); done
        out=$(iverilog -g2012 -Wall -Wno-timescale -tnull "${includes[@]}" -s "$module" "${args[@]}" \
            "${packages[@]}" "${closure[@]}" 2>&1) || status=$?
        ;;
    yosys)
        # Loops through several modules show in the flattened chip; its parts are checked as they stand.
        local flatten=
        [ "$module" != mr_chip ] || flatten=" flatten;"
        script="read_verilog -sv -defer -DSYNTHESIS ${includes[*]} ${packages[*]} ${closure[*]};"
        for pair in "$@"; do args+=(-chparam "${pair%%=*}" "${pair#*=}"); done
        script+=" hierarchy -check -top $module ${args[*]}; proc;$flatten opt_expr; opt_clean; check -assert;"
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
for module in $(printf '%s\n' "${!file_of[@]}" | sort); do
    wanted "$module" || continue
    check_one "$module"
done
while read -r module pairs; do
    case $module in '' | '#'*) continue ;; esac
    wanted "$module" || continue
    if [ -z "${file_of[$module]:-}" ]; then
        echo "rtl/lint/corners.txt: no module $module in rtl/ or boards/"
        failed=$((failed + 1))
        continue
    fi
    # shellcheck disable=SC2086 # one word a parameter
    check_one "$module" $pairs
done <rtl/lint/corners.txt
echo "$tool: $ran modules and corners checked, $failed with findings"
[ "$failed" -eq 0 ] && [ "$ran" -gt 0 ]
