#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the portable freestanding code for rv32imc with our warnings as errors and reports its size (the image itself: firmware/core).
# Usage: scripts/lint/rv32_size.sh OUTPUT_FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1
mkdir -p "$out"
flags=(-march=rv32imc -mabi=ilp32 -ffreestanding -Os -std=c11 -ffp-contract=off -ffunction-sections -fdata-sections
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla
    -Wcast-qual -Wswitch-enum -Werror -Ihal/include -Icontract/include)
[ ! -d firmware/include ] || flags+=(-Ifirmware/include)
folders=(hal/src)
[ ! -d firmware ] || folders+=(firmware)
objects=()
while read -r source; do
    object=$out/${source//\//_}.o
    riscv64-unknown-elf-gcc "${flags[@]}" -c "$source" -o "$object"
    objects+=("$object")
done < <(find "${folders[@]}" -name '*.c' -not -path 'firmware/core/*' | sort)
# The host's name table is not part of the firmware image, so it does not count.
riscv64-unknown-elf-size -t $(printf '%s\n' "${objects[@]}" | grep -v reg_table)
