#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The man pages tell everything: each command and option of the tool, each function of the library, each variable of the environment that
the sources ask for; and mandoc finds nothing wrong with them.

Usage: test_manpages.py MILLRACE PAGES SOURCE [LIBRARY]
"""
import gzip
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL, PAGES, SOURCE = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
LIBRARY = sys.argv[4] if len(sys.argv) > 4 else None


def text_of(name):
    """A page as mdoc, without escapes."""
    path = PAGES / f"man{name[-1]}" / f"{name}.gz"
    return gzip.decompress(path.read_bytes()).decode("utf-8").replace("\\-", "-") if path.exists() else ""


def help_of(*words):
    return subprocess.run([TOOL, *words, "--help"], capture_output=True, text=True, check=True).stdout


class ManPages(unittest.TestCase):
    def test_commands_and_options(self):
        top = help_of()
        commands = re.findall(r"^  ([a-z]+) ", top.split("options:")[0], re.M)
        self.assertGreater(len(commands), 7)
        for command in commands:
            self.assertIn(f"millrace-{command} 1", text_of("millrace.1"))
            options = re.findall(r"^  (?:-\w,|   ) (--[a-z-]+)", help_of(command), re.M)
            self.assertIn("--help", options)
            for option in options:
                self.assertRegex(text_of(f"millrace-{command}.1"), rf"\n\.It .*{option}\b", command)

    def test_packer(self):
        usage = subprocess.run([TOOL + "-xclbin"], capture_output=True, text=True, check=False).stderr
        words = re.findall(r"millrace-xclbin ([a-z]+)", usage)
        self.assertTrue(words)
        for word in words:
            self.assertIn(f".Cm {word}\n", text_of("millrace-xclbin.1"))

    def test_environment(self):
        page = text_of("millrace.1")
        names = set()
        for folder in ("host", "hal"):
            for path in (SOURCE / folder).rglob("*.c"):
                names.update(re.findall(r'"((?:MILLRACE|XDG)_[A-Z_]+)"', path.read_text(encoding="utf-8")))
        names -= {"MILLRACE_XRT_LOG"}  # between the helper and the simulator
        self.assertGreater(len(names), 2)
        for name in names:
            self.assertIn(f".It Ev {name}\n", page)

    @unittest.skipIf(LIBRARY is None, "this build has no libmillrace")
    def test_functions(self):
        symbols = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout
        functions = set(re.findall(r" T (millrace_\w+)", symbols))
        self.assertGreater(len(functions), 5)
        for name in functions:
            page = text_of(f"{name}.3")
            self.assertIn(f".Fo {name}\n", page)
            self.assertIn(".Sh DESCRIPTION\n", page)
            self.assertIn(f".It Xr {name} 3\n", text_of("libmillrace.3"))

    def test_lint(self):
        pages = sorted(PAGES.rglob("*.gz"))
        self.assertGreater(len(pages), 9)
        with tempfile.TemporaryDirectory() as work:
            for path in pages:
                plain = Path(work) / path.stem
                plain.write_bytes(gzip.decompress(path.read_bytes()))
                done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", plain], capture_output=True, text=True, check=False)
                self.assertEqual(done.stdout + done.stderr, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
