#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ABC as sby calls it (-c SCRIPT): without the option -l of pdr (a log file's format), which Debian's yosys-abc does not know.
set -euo pipefail
args=()
for arg in "$@"; do
    args+=("${arg//pdr -v -l/pdr -v}")
done
exec yosys-abc "${args[@]}"
