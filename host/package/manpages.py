#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the man pages (mdoc, gzip): a page for each command from its --help, one for each function from the comments of millrace.h, and
the frames *.in beside this script. Standard library only.

Usage: manpages.py OUT VERSION MILLRACE [HEADER EXAMPLE]

OUT/man1 and OUT/man3 are written anew. The date is that of SOURCE_DATE_EPOCH, of the last commit, or today.
"""
import gzip
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def date():
    """Month day, year."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if not seconds:
        log = subprocess.run(["git", "-C", HERE, "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)
        seconds = log.stdout.strip() or time.time()
    t = time.gmtime(int(float(seconds)))
    return time.strftime("%B ", t) + f"{t.tm_mday}, {t.tm_year}"


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def filled(text):
    """Running text: one paragraph, each sentence on a line of its own."""
    sentences = re.split(r"(?<=[\w)][.?!]) (?=[A-Z])", " ".join(text.split()))
    return escape("\n".join(textwrap.fill(s, 78, break_on_hyphens=False, break_long_words=False) for s in sentences))


def literal(text):
    return f".Bd -literal\n{escape(text)}\n.Ed"


def body(text):
    """Paragraphs, those that are indented as they stand."""
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n.Pp\n".join(literal(b) if b.startswith("  ") else filled(b) for b in blocks).replace(".Pp\n.Bd", ".Bd")


def table(rows):
    """Pairs as a list with tags."""
    items = [f".It {escape(left)}\n{filled(right)}" for left, right in rows]
    return "\n".join([".Bl -tag -width Ds", *items, ".El"])


def page(name, section, summary, parts):
    """A page of sections, each (title, mdoc)."""
    out = ['.\\" SPDX-License-Identifier: Apache-2.0', ".Dd @DATE@", f".Dt {name.upper()} {section}", ".Os Millrace @VERSION@", ".Sh NAME",
           f".Nm {name}", f".Nd {escape(summary)}"]
    for title, text in parts:
        out += [f".Sh {title}", text]
    return "\n".join(out) + "\n"


# ---- the tool ----


def ask(tool, *words):
    return subprocess.run([tool, *words, "--help"], capture_output=True, text=True, check=True).stdout


def rows_of(text, heading):
    """The lines of a table below a heading of --help: pairs."""
    found = re.search(rf"^{heading}:\n((?:  .*\n)+)", text, re.M)
    return [tuple(re.split(r"\s{2,}", line.strip(), maxsplit=1)) for line in found.group(1).splitlines()] if found else []


def command_page(tool, words, summary):
    text = ask(tool, *words)
    usage, rest = text.split("\n\n", 1)
    about = rest.split("\noptions:\n")[0]
    name = "millrace-" + "-".join(words)
    synopsis = usage.removeprefix("usage: millrace " + words[0]).strip()
    parts = [
        ("SYNOPSIS", f".Nm millrace {words[0]}\n{escape(synopsis)}"),
        ("DESCRIPTION", body(about)),
        ("OPTIONS", table(rows_of(text, "options"))),
        ("EXIT STATUS", "As of\n.Xr millrace 1 ."),
        ("SEE ALSO", ".Xr millrace 1"),
    ]
    return page(name, 1, summary, parts)


def tool_pages(tool):
    """Name of the page to its text, with the frame of millrace.1 filled in."""
    text = ask(tool)
    commands = rows_of(text, "commands")
    items = [f".It Xr millrace-{name} 1\n{filled(summary)}" for name, summary in commands]
    pages = {f"millrace-{name}.1": command_page(tool, [name], summary) for name, summary in commands}
    if "millrace-bench.1" in pages:
        items.append(".It Xr millrace-bench-pipeline 1\nthe half of bench that measures a whole chip")
        pages["millrace-bench-pipeline.1"] = command_page(tool, ["bench", "pipeline"], "throughput and latency of a whole chip against its users")
    frame = (HERE / "millrace.1.in").read_text(encoding="utf-8")
    frame = frame.replace("@COMMANDS@", "\n".join([".Bl -tag -width Ds", *items, ".El"]))
    pages["millrace.1"] = frame.replace("@OPTIONS@", table(rows_of(text, "options")))
    return pages


# ---- the library ----


def comment_text(comment):
    """Without the marks of a comment."""
    text = re.sub(r"^/\*|\*/$", "", comment.strip())
    return "\n".join(re.sub(r"^ \* ?", "", line) if i else line.strip() for i, line in enumerate(text.splitlines())).rstrip()


def items_of(header):
    """The header's parts between empty lines, each (comment, code); a comment and the code below it are one."""
    start = header.index('extern "C" {')
    start = header.index("#endif\n", start) + len("#endif\n")
    text = header[start:header.index("#ifdef __cplusplus", start)]
    for part in re.split(r"\n(?=\n)(?=\n(?:/\*|#|typedef|struct|[a-z]))", text):
        found = re.match(r"\s*(/\*.*?\*/)?[ \t]*\n?(.*)", part, re.S)
        yield found.group(1) or "", found.group(2).strip("\n")


def paragraphs(comment):
    """(description, {tag: text}): what stands behind @param NAME and @return."""
    text = comment_text(comment)
    head, *tags = re.split(r"^@", text, flags=re.M)
    params, returns = [], ""
    for tag in tags:
        found = re.match(r"(param\S*)\s+(\S+)\s+(.*)|return\s+(.*)", tag, re.S)
        if found.group(4):
            returns = found.group(4)
        else:
            params.append((found.group(2), found.group(3)))
    return head.strip(), params, returns


def function_page(name, kind, arguments, comment, types):
    head, params, returns = paragraphs(comment)
    synopsis = [".In millrace.h"]
    if types:
        synopsis.append(literal("\n\n".join(types)))
    synopsis += [f".Ft {kind.strip()}", f".Fo {name}", *(f'.Fa "{a.strip()}"' for a in arguments.split(",")), ".Fc"]
    description = body(head)
    if params:
        description += "\n" + table(params)
    parts = [("LIBRARY", "libmillrace (pkg\\-config: millrace)"), ("SYNOPSIS", "\n".join(synopsis)), ("DESCRIPTION", description)]
    if returns:
        parts.append(("RETURN VALUES", filled(returns)))
    parts.append(("SEE ALSO", ".Xr libmillrace 3"))
    summary = re.split(r"[.:;,](?:\s|$)", head, maxsplit=1)[0]
    return page(name, 3, summary[0].lower() + " ".join(summary[1:].split()), parts)


def library_pages(header, example):
    text = header.read_text(encoding="utf-8")
    intro = comment_text(re.search(r"/\* libmillrace:.*?\*/", text, re.S).group(0))
    title, rest = intro.split("\n", 1)
    pages, types, common, names = {}, [], None, []
    for comment, code in items_of(text):
        found = re.match(r"([a-z][\w ]*[ *]+)(millrace_\w+)\(([^()]*)\);$", code, re.S)
        if found:
            common = types if common is None else common
            names.append(found.group(2))
            arguments = " ".join(found.group(3).split())
            pages[f"{found.group(2)}.3"] = function_page(found.group(2), found.group(1), arguments, comment, [] if types is common else types)
            types = []
        elif code or not comment.startswith("/* ----"):
            types.append("\n".join(filter(None, [comment, code])))
    synopsis = [".In millrace.h", literal("\n\n".join(common or []))]
    frame = (HERE / "libmillrace.example.in").read_text(encoding="utf-8")
    parts = [("LIBRARY", "libmillrace (pkg\\-config: millrace)"), ("SYNOPSIS", "\n".join(synopsis)), ("DESCRIPTION", body(rest)),
             ("FUNCTIONS", "\n".join([".Bl -tag -width Ds", *(f".It Xr {n} 3\n{filled(described(pages[n + '.3']))}" for n in names), ".El"])),
             ("EXAMPLES", frame.split("\n", 1)[1].strip().replace("@STREAM@", escape(example.read_text(encoding="utf-8").strip()))),
             ("SEE ALSO", ".Xr millrace 1")]
    pages["libmillrace.3"] = page("libmillrace", 3, title.split(": ", 1)[1].rstrip("."), parts)
    return pages


def described(text):
    return re.search(r"^\.Nd (.*)$", text, re.M).group(1).replace("\\-", "-")


def main():
    out, version, tool = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    pages = tool_pages(tool)
    pages["millrace-xclbin.1"] = (HERE / "millrace-xclbin.1.in").read_text(encoding="utf-8")
    if len(sys.argv) > 4:
        pages.update(library_pages(Path(sys.argv[4]), Path(sys.argv[5])))
    today = date()
    for section in ("1", "3"):
        shutil.rmtree(out / f"man{section}", ignore_errors=True)
    for name, text in pages.items():
        folder = out / f"man{name[-1]}"
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f"{name}.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as file:
            file.write(text.replace("@DATE@", today).replace("@VERSION@", version).encode("utf-8"))


if __name__ == "__main__":
    main()
