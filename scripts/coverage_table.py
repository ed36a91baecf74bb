#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what gcovr's JSON file says was not reached, and writes the table of a Markdown file between its two markers.

Usage: coverage_table.py COVERAGE.json [MARKDOWN]. Exit 1 when the sums are below the bars.
"""
import json
import sys

MIN_LINES = 95.0
MIN_BRANCHES = 85.0
BEGIN = "<!-- coverage: written by scripts/coverage.sh -->"
END = "<!-- coverage: end -->"


class File:
    def __init__(self, entry):
        lines = [l for l in entry["lines"] if not l.get("gcovr/noncode", False)]
        self.name = entry["file"]
        self.lines = len(lines)
        self.missed = [l["line_number"] for l in lines if l["count"] == 0]
        self.branches = sum(len(l["branches"]) for l in lines)
        # Branches of a line that is never reached are told with the line.
        self.missed_branches = sum(b["count"] == 0 for l in lines for b in l["branches"])
        self.half = [l["line_number"] for l in lines if l["count"] > 0 and any(b["count"] == 0 for b in l["branches"])]

    def reached(self):
        return self.lines - len(self.missed)

    def taken(self):
        return self.branches - self.missed_branches


def ranges(numbers):
    """12-14,20 for [12, 13, 14, 20]."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def table(files):
    rows = ["| file | lines | branches |", "|---|---|---|"]
    for f in files:
        rows.append(f"| `{f.name}` | {f.reached()} of {f.lines} | {f.taken()} of {f.branches} |")
    reached, lines = sum(f.reached() for f in files), sum(f.lines for f in files)
    taken, branches = sum(f.taken() for f in files), sum(f.branches for f in files)
    rows.append(f"| all | {reached} of {lines} ({percent(reached, lines):.1f} %) | "
                f"{taken} of {branches} ({percent(taken, branches):.1f} %) |")
    return "\n".join(rows)


def main(argv):
    if len(argv) not in (2, 3):
        sys.exit(__doc__)
    with open(argv[1], encoding="utf-8") as source:
        files = [File(entry) for entry in json.load(source)["files"]]
    files = sorted((f for f in files if f.lines), key=lambda f: f.name)
    if not files:
        sys.exit(f"coverage_table.py: {argv[1]} has no lines: were the tests built with counters and run?")
    text = table(files)
    print(text)
    for f in files:
        if f.missed or f.half:
            print(f"{f.name}: lines not reached: {ranges(f.missed) or 'none'}; branches not taken in: {ranges(f.half) or 'none'}")
    if len(argv) == 3:
        with open(argv[2], encoding="utf-8") as page:
            before, begin, rest = page.read().partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            sys.exit(f"coverage_table.py: {argv[2]} lacks the line '{BEGIN}' or '{END}' behind it")
        with open(argv[2], "w", encoding="utf-8") as page:
            page.write(f"{before}{BEGIN}\n{text}\n{END}{after}")
    lines = percent(sum(f.reached() for f in files), sum(f.lines for f in files))
    branches = percent(sum(f.taken() for f in files), sum(f.branches for f in files))
    print(f"lines {lines:.1f} % (bar {MIN_LINES:.0f} %), branches {branches:.1f} % (bar {MIN_BRANCHES:.0f} %)")
    return 0 if lines >= MIN_LINES and branches >= MIN_BRANCHES else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
