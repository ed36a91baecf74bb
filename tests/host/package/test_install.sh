#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make install` into a folder: the tool works there, and after the folder was moved; pkg-config names the prefix; `make uninstall` removes all files.
# Usage: test_install.sh BUILD SOURCE
set -uo pipefail
build=$1
source=$2
work=$(mktemp -d)
manifest=$build/install_manifest.txt
failures=0

# What was installed before from this folder can still be removed afterwards.
[ ! -f "$manifest" ] || cp "$manifest" "$work/manifest"
cleanup() {
    rm -f "$manifest"
    [ ! -f "$work/manifest" ] || cp "$work/manifest" "$manifest"
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "FAIL $1"
    failures=$((failures + 1))
}

tell() {
    (cd / && "$1/bin/millrace" run -m brook -p "Once upon a time" -n 8 --device model 2>&1)
}

want=$("$build/millrace" run -m "$source/models/brook.gguf" -p "Once upon a time" -n 8 --device model 2>&1) || fail "the build's tool: $want"
DESTDIR=$work/dest cmake --install "$build" --prefix /opt/mill >"$work/log" 2>&1 || fail "cmake --install: $(tail -n 3 "$work/log")"
[ "$(tell "$work/dest/opt/mill")" = "$want" ] || fail "installed: $(tell "$work/dest/opt/mill")"
for file in lib/libmillrace.so.0 include/millrace.h share/man/man1/millrace.1.gz share/man/man3/libmillrace.3.gz \
    share/bash-completion/completions/millrace share/doc/millrace/LICENSE; do
    [ -e "$work/dest/opt/mill/$file" ] || fail "$file is missing"
done
prefix=$(PKG_CONFIG_LIBDIR=$work/dest/opt/mill/lib/pkgconfig pkg-config --variable=prefix millrace)
[ "$prefix" = /opt/mill ] || fail "prefix in millrace.pc: $prefix"

mv "$work/dest/opt/mill" "$work/moved"
[ "$(tell "$work/moved")" = "$want" ] || fail "moved: $(tell "$work/moved")"
mv "$work/moved" "$work/dest/opt/mill"

DESTDIR=$work/dest "$source/scripts/install.sh" uninstall "$build" || fail "uninstall"
left=$(find "$work/dest" ! -type d -o -path '*/millrace*')
[ -z "$left" ] || fail "uninstall left: $left"
DESTDIR=$work/dest "$source/scripts/install.sh" uninstall "$build" >"$work/log" 2>&1 && fail "uninstall twice: exit 0"
grep -q "nothing was installed" "$work/log" || fail "uninstall twice: $(cat "$work/log")"

[ "$failures" -eq 0 ] && echo "PASS install"
exit "$((failures > 0))"
