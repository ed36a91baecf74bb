# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over every C file that the build tree compiles: tidy.py TREE JOBS FILE...

Clean files are remembered in TREE/lint by the hash of clang-tidy's version, its settings, and each compile command of the file with the preprocessed
text that it makes. Exit 0 when all are clean, 1 with the findings when not.
"""
import collections
import concurrent.futures
import glob
import hashlib
import json
import os
import shlex
import subprocess
import sys


def compile_commands(tree):
    """Folder and arguments of each compilation of a file, by its real path."""
    found = collections.defaultdict(list)
    with open(os.path.join(tree, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            words = shlex.split(entry["command"])
            at = words.index("-o")
            del words[at:at + 2]
            if "ccache" in os.path.basename(words[0]):
                del words[0]
            name = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
            found[name].append((entry["directory"], words))
    return found


def tool_hash():
    """Hash of what decides beside the file itself."""
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
    known = hashlib.sha256(version)
    for name in sorted(glob.glob("**/.clang-tidy", recursive=True, include_hidden=True)):
        with open(name, "rb") as settings:
            known.update(settings.read())
    return known


def check(tree, tool, name, commands):
    """Findings in one file as text, or nothing when it is clean."""
    known = tool.copy()
    for folder, words in commands:
        known.update(shlex.join(words).encode())
        # With comments: some of them speak to clang-tidy.
        run = subprocess.run(words + ["-E", "-CC"], cwd=folder, capture_output=True)
        if run.returncode != 0:
            return f"tidy: {name} cannot be preprocessed:\n" + run.stderr.decode(errors="replace")
        known.update(run.stdout)
    mark = os.path.join(tree, "lint", known.hexdigest())
    if os.path.exists(mark):
        return ""
    run = subprocess.run(["clang-tidy", "--quiet", "-p", tree, name], capture_output=True)
    if run.returncode != 0:
        said = run.stdout if run.stdout.strip() else run.stderr
        return said.decode(errors="replace") or f"tidy: clang-tidy fails on {name} without a word"
    with open(mark, "wb"):
        return ""


def main():
    tree, jobs, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    os.makedirs(os.path.join(tree, "lint"), exist_ok=True)
    commands = compile_commands(tree)
    tool = tool_hash()
    todo = [n for n in names if os.path.realpath(n) in commands]
    if not todo:
        sys.exit("tidy: the build tree compiles none of the files")
    # Large files first, so that none is left over at the end.
    todo.sort(key=os.path.getsize, reverse=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(check, tree, tool, n, commands[os.path.realpath(n)]) for n in todo]
        findings = [said for said in (run.result() for run in runs) if said]
    if findings:
        print("\n".join(findings))
        sys.exit(1)
    print(f"tidy: {len(todo)} files clean")


main()
