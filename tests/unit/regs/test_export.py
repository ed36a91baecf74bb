# SPDX-License-Identifier: Apache-2.0
"""The register map is documented to 100 %, and leaving a word out of it is refused: each gap in turn, in a copy of the source."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "hal" / "regs"))
import export  # noqa: E402

FIELD = '{ `RW desc = "Any value."; unit = "-"; reset = 0; legal = "any"; effect = "none"; }'
GAPS = {
    'desc = "Any value."; ': None,  # the register's own text stands in for that of its only field
    'unit = "-"; ': "unit",
    "reset = 0; ": "reset value",
    'legal = "any"; ': "legal values",
    'effect = "none"; ': "side effect",
}


class Export(unittest.TestCase):
    def export(self, text):
        """Output of the exporter for this source; raises SystemExit where it refuses it."""
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "millrace.rdl"
            source.write_text(text)
            kept, export.SOURCE = export.SOURCE, source
            try:
                with contextlib.redirect_stdout(printed):
                    export.outputs()
            finally:
                export.SOURCE = kept
        return printed.getvalue()

    def test_the_map_is_documented(self):
        self.assertRegex(self.export(export.SOURCE.read_text()), r"^documented: (\d+) of \1 fields \(100 %\)\n$")

    def test_a_gap_is_refused_by_name(self):
        text = export.SOURCE.read_text()
        self.assertEqual(text.count(FIELD), 1, "the field that this test changes has changed")
        for part, missing in GAPS.items():
            with self.subTest(part):
                broken = text.replace(FIELD, FIELD.replace(part, ""))
                self.assertNotEqual(broken, text)
                if missing is None:
                    self.export(broken)
                    continue
                with self.assertRaises(SystemExit) as refusal:
                    self.export(broken)
                self.assertIn("millrace.chip.SCRATCH.value: says no " + missing, str(refusal.exception))

    def test_a_block_says_what_soft_reset_does(self):
        text = export.SOURCE.read_text()
        with self.assertRaises(SystemExit) as refusal:
            self.export(text.replace("    survives_soft_reset = true;\n", "", 1))
        self.assertIn("survives_soft_reset", str(refusal.exception))


if __name__ == "__main__":
    unittest.main()
