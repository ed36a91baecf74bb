#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Maps products.sv with boards/ecp5/narrow_mul.ys and simulates the netlist.   run.sh WORKDIR
set -euo pipefail
root=$(cd "$(dirname "$0")/../../../.." && pwd)
here=$root/tests/unit/boards/narrow_mul
mkdir -p "$1"
work=$(cd "$1" && pwd)
cd "$root"
# Two small signed products (the same one stands twice); the unsigned one must be left to the tool.
yosys -q -p "read_verilog -sv $here/products.sv; hierarchy -top products; script boards/ecp5/narrow_mul.ys;
    select -assert-count 2 t:MULT18X18D; select -assert-count 1 t:\$mul; write_verilog -noattr $work/mapped.v"
iverilog -g2012 -o "$work/tb.vvp" "$here/tb_products.sv" "$work/mapped.v" "$here/mult18x18d.v"
vvp -n "$work/tb.vvp" | tee "$work/out.txt"
grep -q '^PASS' "$work/out.txt"
