#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what a build folder holds, removes it again, or makes Debian packages of it.
# Usage: scripts/install.sh install|uninstall|package FOLDER, with PREFIX (default /usr/local), DESTDIR and JOBS from the environment.
# `package` writes FOLDER/*.deb; the same build makes the same bytes, with the date of the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$2
prefix=${PREFIX:-/usr/local}
export DESTDIR=${DESTDIR:-}
manifest=$folder/install_manifest.txt

# The loader finds libmillrace.so through a cache.
loader_cache() {
    if [ -z "$DESTDIR" ] && [ "$(id -u)" -eq 0 ]; then
        ldconfig
    fi
}

case $1 in
install)
    cmake --build "$folder" --target mr_product -j "${JOBS:-$(nproc)}"
    cmake --install "$folder" --prefix "$prefix"
    loader_cache
    ;;
uninstall)
    if [ ! -f "$manifest" ]; then
        echo "install: $manifest is not there, so nothing was installed from this folder" >&2
        exit 1
    fi
    # The files of the last installation, then those of our own folders that are empty now. The list's last line may lack its end.
    while IFS= read -r file || [ -n "$file" ]; do
        rm -f -- "$DESTDIR$file"
    done <"$manifest"
    while IFS= read -r file || [ -n "$file" ]; do
        own=${file%/*}
        while [[ $own/ == */millrace/* ]]; do
            echo "$own"
            own=${own%/*}
        done
    done <"$manifest" | sort -ru | while IFS= read -r empty; do
        [ ! -d "$DESTDIR$empty" ] || rmdir --ignore-fail-on-non-empty -- "$DESTDIR$empty"
    done
    rm -f "$manifest"
    loader_cache
    ;;
package)
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    export SOURCE_DATE_EPOCH
    cmake "$folder" >/dev/null
    cmake --build "$folder" --target mr_product -j "${JOBS:-$(nproc)}"
    (cd "$folder" && rm -f ./*millrace*.deb && cpack && rm -rf _CPack_Packages)
    ;;
*)
    echo "install: unknown action '$1'; use install, uninstall or package" >&2
    exit 2
    ;;
esac
