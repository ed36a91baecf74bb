#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages in a root folder that has nothing but the C library, a shell and what the packages say they depend on, taken from the
# installed system: install, run the tool and a program over the library without the sources, purge, and nothing is left.
# Usage: clean_root.sh BUILD CPACK SOURCE. Exit 77, with the reason, where that cannot be tried.
set -uo pipefail
build=$1
cpack=$2
source=$3
work=$(mktemp -d)
root=$work/root
failures=0
mounted=

cleanup() {
    [ -z "$mounted" ] || umount "$root/proc"
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "FAIL $1"
    failures=$((failures + 1))
}

skip() {
    echo "SKIP $1"
    exit 77
}

[ "$(id -u)" -eq 0 ] || skip "needs root: dpkg changes into the new root folder"
for tool in dpkg dpkg-query dpkg-shlibdeps file; do
    command -v "$tool" >/dev/null || skip "needs $tool: scripts/bootstrap.sh check"
done

# ---- the packages ----
(cd "$build" && SOURCE_DATE_EPOCH=1700000000 "$cpack" -B "$work/debs") >"$work/log" 2>&1 || {
    cat "$work/log"
    fail "cpack"
    exit 1
}
debs=("$work"/debs/*.deb)
printf 'package: %s\n' "${debs[@]##*/}"

# ---- the root folder ----
# Names of the installed packages that those given depend on, with these; of alternatives the first that is installed.
closure() {
    dpkg-query -W -f '${Package}\t${db:Status-Status}\t${Pre-Depends},${Depends}\n' | python3 -c '
import re, sys
needs = {}
for line in sys.stdin:
    name, state, text = line.rstrip("\n").split("\t")
    if state == "installed":
        groups = re.sub(r"\([^)]*\)|:any", "", text).split(",")
        needs[name] = [[word.strip() for word in group.split("|")] for group in groups if group.strip()]
queue, seen = sys.argv[1:], set()
while queue:
    name = queue.pop()
    if name not in seen:
        seen.add(name)
        for group in needs[name]:
            queue += [word for word in group if word in needs][:1]
print("\n".join(sorted(seen)))' "$@"
}

# Those of the packages at hand that are no package here themselves.
declared() {
    local deb
    for deb in "${debs[@]}"; do
        dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g' | tr -d ' ' | tr ',' '\n'
    done | sort -u | grep . | grep -v millrace
}

mapfile -t needed < <(declared)
for name in "${needed[@]}"; do
    dpkg-query -W "$name" >/dev/null 2>&1 || fail "the packages depend on $name, which is not installed here"
done
mapfile -t base < <(closure base-files libc-bin dash coreutils "${needed[@]}")
mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,tmp,proc,dev,etc,var/lib/dpkg/info,var/lib/dpkg/updates,var/lib/dpkg/triggers}
ln -s usr/bin "$root/bin"
ln -s usr/sbin "$root/sbin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
mknod -m 666 "$root/dev/null" c 1 3 2>>"$work/log" || true
dpkg-query -L "${base[@]}" | grep -v '^/usr/share/\(doc\|man\|locale\|info\)/' | sort -u | while IFS= read -r path; do
    if [ -f "$path" ] || [ -L "$path" ]; then
        echo "${path#/}"
    fi
done >"$work/files"
tar -C / -cf - --no-recursion -T "$work/files" 2>>"$work/log" | tar -C "$root" -xf - --keep-directory-symlink
# The packages are known to dpkg there; their scripts stay away, except that of the loader's cache, which a trigger calls.
cp /var/lib/dpkg/info/libc-bin.* "$root/var/lib/dpkg/info/"
cp /var/lib/dpkg/info/format "$root/var/lib/dpkg/info/"
cp /var/lib/dpkg/triggers/* "$root/var/lib/dpkg/triggers/"
for name in "${base[@]}"; do
    cp /var/lib/dpkg/info/"$name".list /var/lib/dpkg/info/"$name":*.list "$root/var/lib/dpkg/info/" 2>>"$work/log"
done
dpkg -s "${base[@]}" | sed '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d; /^ /d}' >"$root/var/lib/dpkg/status"
touch "$root/var/lib/dpkg/available"
[ -e "$root/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
chroot "$root" /sbin/ldconfig
if mount -t proc proc "$root/proc" 2>>"$work/log"; then
    mounted=1
fi
listing() {
    find "$root" -path "$root/proc" -prune -o -path "$root/var/lib/dpkg" -prune -o -printf '%y %P\n' | sort
}
listing >"$work/before"

# ---- install ----
dpkg --root="$root" --force-unsafe-io --install "${debs[@]}" >"$work/install.log" 2>&1 || {
    cat "$work/install.log"
    fail "dpkg --install"
}
grep -i warning "$work/install.log"
listing >"$work/installed"

# ---- run ----
mkdir -m 700 "$root/tmp/run" # where commands put their sockets; a user's, not the package's
inside() {
    chroot "$root" /usr/bin/env -i PATH=/usr/bin XDG_RUNTIME_DIR=/tmp/run "$@"
}
models=/usr/share/millrace/models
brook=brook
[ -n "$mounted" ] || brook=$models/brook.gguf # its own place is not to be found without /proc

# same DEVICE [OPTION...]: the tool's text in the root folder is that of the build's.
same() {
    local device=$1 want got
    shift
    want=$("$build/millrace" run -m "$source/models/brook.gguf" -p "Once upon a time" -n 12 --device "$device" "$@" 2>&1)
    got=$(inside /usr/bin/millrace run -m "$brook" -p "Once upon a time" -n 12 --device "$device" "$@" 2>&1)
    if [ "$got" != "$want" ] || [ -z "$got" ]; then
        fail "run --device $device $*: '$got' is not '$want'"
    fi
}
same model
if "$build/millrace" --help | grep -q '^devices:.* sim,'; then
    same sim
    # The boot ROM of the core came with the tool.
    "$build/millrace" run -m "$source/models/brook.gguf" -p Once -n 1 --firmware core --device sim >/dev/null 2>&1 && same sim --firmware core
fi
inside /usr/bin/millrace info --device model >/dev/null || fail "info"
inside /usr/bin/millrace selftest --device model >/dev/null || fail "selftest"

# ---- a program over the library ----
if [ -e "$root/usr/include/millrace.h" ]; then
    export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/pkgconfig PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
    # shellcheck disable=SC2046 # words are wanted
    "${CC:-cc}" -std=c11 "$source/examples/stream.c" $(pkg-config --cflags --libs millrace) \
        -Wl,-rpath-link,"$root/usr/lib/x86_64-linux-gnu" -o "$root/tmp/stream" || fail "examples/stream.c with pkg-config"
    [ "$(pkg-config --modversion millrace)" = "$(dpkg-deb -f "$work"/debs/libmillrace-dev_*.deb Version)" ] || fail "version in millrace.pc"
    unset PKG_CONFIG_SYSROOT_DIR
    [ "$(pkg-config --variable=modelsdir millrace)" = "$models" ] || fail "modelsdir in millrace.pc: $(pkg-config --variable=modelsdir millrace)"
    told=$(inside /tmp/stream model "$models/brook.gguf" "Once upon a time" 2>&1) || fail "examples/stream.c: exit status, $told"
    want=$("$build/millrace" run -m "$source/models/brook.gguf" -p "Once upon a time" -n 64 --device model 2>&1)
    [ "Once upon a time$told" = "$want" ] || fail "examples/stream.c: '$told' does not go on as '$want'"
    # The library finds what it starts from its own folder, not from the program's.
    if [ -e "$root/usr/lib/millrace/millrace-xrt" ]; then
        told=$(inside /tmp/stream xrt "$models/brook.gguf" "Once" 2>&1) && fail "examples/stream.c: a card where there is none"
        grep -q "millrace.xclbin is neither" <<<"$told" || fail "examples/stream.c with xrt: $told"
    fi
    rm -f "$root/tmp/stream"
else
    fail "no header of libmillrace was installed"
fi

# ---- purge ----
rm -rf "$root/tmp/run"
mapfile -t names < <(for deb in "${debs[@]}"; do dpkg-deb -f "$deb" Package; done)
dpkg --root="$root" --force-unsafe-io --purge "${names[@]}" >"$work/purge.log" 2>&1 || {
    cat "$work/purge.log"
    fail "dpkg --purge"
}
listing >"$work/after"
diff "$work/before" "$work/after" >"$work/left" || fail "left behind or lost: $(head -n 20 "$work/left")"
cmp -s "$work/before" "$work/installed" && fail "installing changed nothing"
ls "$root"/var/lib/dpkg/info/*millrace* >/dev/null 2>&1 && fail "dpkg still knows the packages"

[ "$failures" -eq 0 ] && echo "PASS clean root"
exit "$((failures > 0))"
