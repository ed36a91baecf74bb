#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages of a build folder in a Debian 12 of its own: debootstrap, apt install, run, compile a program against the library, XRT's
# emulation where millrace-xrt is among the packages, apt purge; nothing of the packages is left. As root, with network and debootstrap.
# Usage: scripts/package_root.sh [FOLDER (build)]; `make package DEVICE=xrt:emu` comes before. MIRROR, KEEP=folder (an unpacked Debian 12 to begin
# with) from the environment. The same without network, in a folder with the declared dependencies alone, is in make check (host_package).
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
mirror=${MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
root=$work/root

cleanup() {
    for mounted in dev/shm proc; do
        mountpoint -q "$root/$mounted" && umount "$root/$mounted"
    done
    rm -rf "$work"
}
trap cleanup EXIT

say() {
    printf 'package_root: %s\n' "$*"
}

give_up() {
    say "$*" >&2
    exit 1
}

inside() {
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

listing() {
    find "$root" \( -path "$root/proc" -o -path "$root/dev" -o -path "$root/var/lib/dpkg" -o -path "$root/var/lib/apt" -o -path "$root/var/cache" \
        -o -path "$root/var/log" \) -prune -o -printf '%y %P\n' | sort
}

[ "$(id -u)" -eq 0 ] || give_up "needs root"
command -v debootstrap >/dev/null || give_up "needs debootstrap: apt-get install debootstrap"
debs=("$build"/*millrace*.deb)
[ -e "${debs[0]}" ] || give_up "no packages in $build: make package DEVICE=xrt:emu"

say "Debian 12 from $mirror"
if [ -n "${KEEP:-}" ]; then
    cp -a "$KEEP" "$root"
else
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 || give_up "debootstrap: $(tail -n 3 "$work/log")"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm"
mount -t tmpfs tmpfs "$root/dev/shm"
inside apt-get -q update >"$work/log" 2>&1 || give_up "apt-get update: $(tail -n 3 "$work/log")"
# What a program needs to be compiled, and what the packages depend on, come first: the list before is without the packages alone.
depends=$(for deb in "${debs[@]}"; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' | sed 's/([^)]*)//g; s/|.*//' | tr -d ' ' | sort -u | grep -v millrace)
# shellcheck disable=SC2086 # words are wanted
inside apt-get -q install -y --no-install-recommends gcc libc6-dev pkgconf man-db $depends >"$work/log" 2>&1 || give_up "apt-get install: $(tail -n 3 "$work/log")"
listing >"$work/before"

say "apt-get install ${debs[*]##*/}"
mkdir "$root/tmp/debs"
cp "${debs[@]}" "$root/tmp/debs/"
inside sh -c 'apt-get -q install -y --no-install-recommends /tmp/debs/*.deb' >"$work/log" 2>&1 || give_up "apt-get install: $(tail -n 5 "$work/log")"
rm -rf "$root/tmp/debs"

prompt="Once upon a time"
for device in model sim; do
    text=$(inside millrace run -m brook -p "$prompt" -n 64 --device "$device" 2>&1) || give_up "run --device $device: $text"
    say "$device: $text"
    [ "${first:=$text}" = "$text" ] || give_up "$device does not say the same as model"
done
inside man -P cat millrace-run >"$work/page" 2>&1 || true
say "man millrace-run: $(wc -l <"$work/page") lines"

cp examples/stream.c "$root/tmp/"
inside sh -c 'cd /tmp && gcc -Wall stream.c -o stream $(pkg-config --cflags --libs millrace)' || give_up "gcc examples/stream.c"
models=$(inside pkg-config --variable=modelsdir millrace)
for device in model sim; do
    text=$prompt$(inside /tmp/stream "$device" "$models/brook.gguf" "$prompt") || give_up "stream $device"
    [ "$text" = "$first" ] || give_up "stream $device: '$text'"
    say "examples/stream.c, $device: the same text"
done
if [ -e "$root/usr/lib/millrace/millrace-xrt" ]; then
    text=$(inside millrace run -m brook -p "$prompt" -n 64 --device xrt:emu 2>>"$work/xrt.log") || give_up "run --device xrt:emu: $(tail -n 3 "$work/xrt.log")"
    [ "$text" = "$first" ] || give_up "xrt:emu does not say the same as model: $text"
    say "xrt:emu: the same text"
    text=$prompt$(inside /tmp/stream xrt:emu "$models/brook.gguf" "$prompt") || give_up "stream xrt:emu"
    [ "$text" = "$first" ] || give_up "stream xrt:emu: '$text'"
    say "examples/stream.c, xrt:emu: the same text"
fi

# Ours, and the folder of a user's sockets.
rm "$root/tmp/stream" "$root/tmp/stream.c"
rmdir "$root/tmp/millrace-0"
say "apt-get purge"
mapfile -t names < <(for deb in "${debs[@]}"; do dpkg-deb -f "$deb" Package; done)
inside apt-get -q purge -y "${names[@]}" >"$work/log" 2>&1 || give_up "apt-get purge: $(tail -n 3 "$work/log")"
listing >"$work/after"
diff "$work/before" "$work/after" >"$work/left" || give_up "left behind or lost: $(head -n 20 "$work/left")"
inside sh -c 'dpkg -l | grep millrace' && give_up "dpkg still knows the packages"
say "nothing left behind; sound"
