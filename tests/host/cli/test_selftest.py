# SPDX-License-Identifier: Apache-2.0
"""millrace selftest: what it prints, and its exit status. Faults that it finds: tests/host/selftest."""
from cli_test import CliTest, main


class Selftest(CliTest):
    def test_all_parts(self):
        answer = self.json("selftest", "--device", "model:2x3")
        self.assertEqual((answer["device"], answer["failed"], answer["skipped"], answer["complete"]), ("model:2x3", 0, 0, True))
        self.assertEqual(answer["tested"], 6 * 4 + 1 + 6 + 2 + 2)
        units = [unit["unit"] for unit in answer["units"]]
        self.assertEqual(len(units), answer["tested"])
        for unit in ("tile 5 WMEM", "hub RESULT", "tile 0", "group 1 KV cache", "link 1 to 0"):
            self.assertIn(unit, units)
        self.assertTrue(all(unit["verdict"] == "pass" for unit in answer["units"]))

    def test_lines_and_parts(self):
        out, err = self.call("selftest", "--only", "tiles,kv", "--device", "model:1x2")
        lines = out.decode().splitlines()
        self.assertEqual(lines[0].split()[:4], ["pass", "tile", "0", "QUANT,"])
        self.assertEqual(lines[2].split()[:5], ["pass", "group", "0", "KV", "cache"])
        self.assertEqual(lines[3:], ["3 passed, 0 failed, 0 skipped"])
        self.assertEqual(err, b"")

    def test_bad_input(self):
        self.fails("selftest", "--only", "tiles,wheels", code=2, words=("'wheels'", "memories"))
        self.fails("selftest", "--only", "", code=2, words=("''",))
        self.fails("selftest", "x", code=2, words=("'x'",))
        self.fails("selftest", "--device", "none", words=("'none'",))


main()
