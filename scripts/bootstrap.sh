#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, from Debian and into the private Python environment .venv.
#
#   scripts/bootstrap.sh run      what building and running needs
#   scripts/bootstrap.sh fst      that, and what a simulated chip that records waveforms needs (make build FST=1)
#   scripts/bootstrap.sh xrt      that, and XRT (make build DEVICE=xrt:emu)
#   scripts/bootstrap.sh core     what building and running needs, and the control core's processor (make run FIRMWARE=core)
#   scripts/bootstrap.sh package  what building and running needs, and what makes Debian packages (make package)
#   scripts/bootstrap.sh check    what building, running and `make check` need
#
# A second call finds everything and installs nothing. Exit 1, with the exact list, when something is missing and cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/.."

# The one list of tools: profile, Debian package, what proves that it is there (a command or a file), smallest version.
packages='
run    gcc                            gcc
run    g++                            g++
run    make                           make
run    cmake                          cmake                                          3.25
run    python3                        python3
run    verilator                      verilator                                      5.006
run    libcjson-dev                   /usr/include/cjson/cJSON.h
fst    zlib1g-dev                     /usr/include/zlib.h
xrt    libxrt-dev                     /usr/include/xrt/xrt.h
xrt    libxrt1                        /usr/lib/*/libxrt_hwemu.so.2
xrt    uuid-dev                       /usr/include/uuid/uuid.h
xrt    unzip                          unzip
check  libxrt-dev                     /usr/include/xrt/xrt.h
check  libxrt1                        /usr/lib/*/libxrt_hwemu.so.2
check  uuid-dev                       /usr/include/uuid/uuid.h
check  unzip                          unzip
check  ccache                         ccache
check  iverilog                       iverilog
check  yosys                          yosys
check  libcmocka-dev                  /usr/include/cmocka.h
run    gcc-riscv64-unknown-elf        riscv64-unknown-elf-gcc
check  picolibc-riscv64-unknown-elf   /usr/lib/picolibc/riscv64-unknown-elf/include/stdio.h
check  clang-format                   clang-format
check  clang-tidy                     clang-tidy
check  cppcheck                       cppcheck
check  gcovr                          gcovr
check  git                            git
check  python3-venv                   /usr/lib/python3.*/ensurepip/__init__.py
package dpkg-dev                       dpkg-shlibdeps
package file                           file
check  dpkg-dev                       dpkg-shlibdeps
check  file                           file
check  mandoc                         mandoc
check  pkgconf                        pkg-config
core   python3-venv                   /usr/lib/python3.*/ensurepip/__init__.py
'

profile=${1:-check}
case $profile in
run | fst | xrt | core | package | check) ;;
*)
    echo "bootstrap: unknown profile '$profile'; use run, fst, xrt, core, package or check" >&2
    exit 2
    ;;
esac

present() {
    case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# True when version $1 is at least $2.
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

find_missing() {
    missing=()
    local need name probe version found
    while read -r need name probe version; do
        [ -n "$need" ] || continue
        [ "$need" = run ] || [ "$need" = "$profile" ] || continue
        if ! present "$probe"; then
            missing+=("$name")
        elif [ -n "$version" ]; then
            found=$("$probe" --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
            at_least "$found" "$version" || missing+=("$name")
        fi
    done <<<"$packages"
}

venv_stamp=.venv/millrace-requirements
venv_ready() {
    { [ "$profile" != check ] && [ "$profile" != core ]; } || { [ -x .venv/bin/python ] && cmp -s scripts/requirements.txt "$venv_stamp"; }
}

give_up() {
    {
        echo "bootstrap: $1"
        [ ${#missing[@]} -eq 0 ] || echo "bootstrap: missing Debian packages: ${missing[*]}"
        venv_ready || echo "bootstrap: missing Python packages (in .venv): $(grep -oE '^[a-z0-9-]+==[^ ]+' scripts/requirements.txt | tr '\n' ' ')"
        [ ${#missing[@]} -eq 0 ] || echo "bootstrap: install them as root with: apt-get install --no-install-recommends ${missing[*]}"
        venv_ready || echo "bootstrap: then, with network: scripts/bootstrap.sh $profile"
    } >&2
    exit 1
}

# Runs a command with its output in a log that is shown only when the command fails.
quietly() {
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        return 1
    fi
}

install_packages() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || give_up "not root and no sudo"
        if [ -t 0 ]; then
            sudo -v || give_up "sudo refused"
        else
            sudo -n true 2>/dev/null || give_up "not root and sudo wants a password"
        fi
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || give_up "no apt-get here (Debian 12 is what is supported)"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=120)
    echo "bootstrap: installing ${#missing[@]} Debian packages: ${missing[*]}"
    quietly "${apt[@]}" update || echo "bootstrap: apt-get update failed; trying with the old lists" >&2
    quietly "${apt[@]}" install -y --no-install-recommends "${missing[@]}" || give_up "apt-get install failed"
    hash -r
    find_missing
    [ ${#missing[@]} -eq 0 ] || give_up "installed, but too old or still not found"
}

install_venv() {
    echo "bootstrap: preparing .venv from scripts/requirements.txt"
    quietly python3 -m venv .venv || give_up "python3 -m venv failed"
    quietly .venv/bin/python -m pip install --disable-pip-version-check --timeout 20 --retries 1 \
        --require-hashes -r scripts/requirements.txt || give_up "pip install failed"
    cp scripts/requirements.txt "$venv_stamp"
}

find_missing
if [ ${#missing[@]} -eq 0 ] && venv_ready; then
    exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ ${#missing[@]} -eq 0 ] || install_packages
venv_ready || install_venv
echo "bootstrap: ready"
