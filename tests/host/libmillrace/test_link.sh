#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a linker and a compiler see of libmillrace: its symbols, its name, its header, and the example.
# Usage: test_link.sh LIBRARY INCLUDE_FOLDER EXAMPLE MODEL MAJOR
set -euo pipefail
library=$1 include=$2 example=$3 model=$4 major=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "test_link: $*" >&2
    exit 1
}

# Every symbol is millrace_* with the version MILLRACE_0, and every function of the header is there.
nm -D --defined-only "$library" | awk '{ print $3 }' | grep -v '^MILLRACE_0$' | sort >"$work/exported"
[ -s "$work/exported" ] || fail "nothing is exported"
if grep -vE '^millrace_[a-z_]+@@MILLRACE_0$' "$work/exported"; then
    fail "these are exported and should not be"
fi
grep -oE '\bmillrace_[a-z_]+\(' "$include/millrace.h" | tr -d '(' | sort -u >"$work/declared"
sed 's/@@.*//' "$work/exported" >"$work/names"
diff "$work/declared" "$work/names" || fail "header (<) and library (>) do not have the same functions"
readelf -d "$library" | grep -q "SONAME.*\[libmillrace.so.$major\]" || fail "the soname is not libmillrace.so.$major"
if readelf -d "$library" | grep -q TEXTREL; then
    fail "the library has text relocations"
fi

# The header stands alone, in both languages.
for language in 'c c11' 'c c17' 'c++ c++11' 'c++ c++20'; do
    read -r name standard <<<"$language"
    printf '#include <millrace.h>\nint f(void);\nint f(void) { return MILLRACE_OK; }\n' >"$work/alone"
    cc -x "$name" "-std=$standard" -Wall -Wextra -Wpedantic -Werror -I "$include" -fsyntax-only "$work/alone"
done

# The example has ten lines between its braces, and streams.
lines=$(awk '/^int main/ { on = 1; next } /^}/ { on = 0 } on' "$example" | wc -l)
[ "$lines" -le 10 ] || fail "the example has $lines lines, not ten"
cc -std=c11 -Wall -Wextra -Werror -I "$include" "$example" -o "$work/stream" -L "$(dirname "$library")" -lmillrace \
    "-Wl,-rpath,$(dirname "$library")"
"$work/stream" model "$model" "Once upon a time" >"$work/story"
grep -q '^, there was a ' "$work/story" || fail "the example says: $(cat "$work/story")"
if "$work/stream" abacus "$model" "Once" 2>"$work/error"; then
    fail "the example does not fail without a device"
fi
grep -q "no device 'abacus'" "$work/error" || fail "the example says: $(cat "$work/error")"
echo "PASS test_link"
