# SPDX-License-Identifier: Apache-2.0
"""bench kv: the numbers add up, reduced bars hold on each profile, bad input is refused with a reason."""
import os
import tempfile

from cli_test import CliTest, main

# Least utilisation, in percent of the device's limit, with 8 users x 128 tokens x 256 bytes; and clocks that the controller adds to the
# device's share of an isolated stream, at most. Full bars: scripts/bench.py.
FLOORS = {"sdr-133": (98.0, 16), "ddr4-2400": (97.5, 18), "lpddr4-3200": (95.0, 18), "hbm2-pc": (96.0, 26)}
SMALL = ("--users", "2", "--tokens", "32", "--vector-bytes", "64")


class Bench(CliTest):
    def bench(self, *args):
        """One run; checks what holds for every run."""
        row = self.json("bench", "kv", *args)
        self.assertEqual(row["useful_cycles"] + sum(row["lost"].values()), row["cycles"])
        self.assertEqual(list(row["lost"]), ["refresh", "turnaround", "row", "bank_group", "starvation", "back_pressure"])
        self.assertAlmostEqual(row["utilization"], row["useful_cycles"] / row["cycles"], places=9)
        self.assertLessEqual(row["utilization"], row["limit"] + 0.002)
        self.assertEqual(row["violations"], 0)
        latency = row["latency_cycles"]
        self.assertTrue(0 < latency["p50"] <= latency["p99"] <= latency["max"], latency)
        self.assertTrue(0.1 < row["pj_per_bit"] < 300, row["pj_per_bit"])
        return row

    def test_floors(self):
        for profile, (floor, overhead) in FLOORS.items():
            for order in ("pipeline", "random"):
                row = self.bench("--profile", profile, "--tokens", "128", "--order", order)
                self.assertEqual((row["profile"], row["users"], row["tokens"], row["vector_bytes"], row["append"], row["order"]),
                                 (profile, 8, 128, 256, "inline", order))
                self.assertGreaterEqual(100 * row["utilization"] / row["limit"], floor, row)
                self.assertLessEqual(row["first_beat_cycles"]["overhead_max"], overhead, row)

    def test_stacked(self):
        row = self.bench("--profile", "stacked", "--users", "1")
        self.assertGreaterEqual(100 * row["utilization"] / row["limit"], 95.0, row)

    def test_batched(self):
        size = ("--tokens", "64", "--vector-bytes", "64")
        row = self.bench("--append", "batched", *size)
        self.assertEqual(row["append"], "batched")
        self.assertNotEqual(row["latency_cycles"], self.bench("--append", "inline", *size)["latency_cycles"])

    def test_repeatable(self):
        args = (*SMALL, "--order", "random", "--seed", "7")
        self.assertEqual(self.bench(*args), self.bench(*args))
        self.assertNotEqual(self.bench(*args)["latency_cycles"], self.bench(*SMALL)["latency_cycles"])

    def test_table(self):
        out, err = self.call("bench", "kv", *SMALL)
        self.assertEqual(err, b"")
        for word in (b"ddr4-2400", b"utilisation", b"starvation", b"pJ/bit"):
            self.assertIn(word, out)

    def test_errors(self):
        for args, words in (
                ((), ("kv",)), (("dram",), ("kv",)), (("kv", "x"), ("'x'",)),
                (("kv", "--profile", "ddr9"), ("'ddr9'", "lpddr4-3200", "stacked")),
                (("kv", "--users", "0"), ("--users", "128")), (("kv", "--users", "129"), ("--users",)),
                (("kv", "--tokens", "2017"), ("--tokens", "2016")), (("kv", "--vector-bytes", "48"), ("multiple of 32",)),
                (("kv", "--append", "late"), ("inline", "batched")), (("kv", "--order", "x"), ("pipeline", "random")),
                (("kv", "--all", "--users", "8"), ("--all",)), (("kv", "--svg", "x"), ("--all",))):
            self.fails("bench", *args, code=2, words=words)
        self.fails("bench", "kv", "--profile", "stacked", "--users", "64", words=("64 users", "stacked", "3 do"))

    def test_all(self):
        with tempfile.TemporaryDirectory() as folder:
            picture = os.path.join(folder, "all.svg")
            runs = self.json("bench", "kv", "--all", "--profile", "stacked", "--tokens", "320", "--vector-bytes", "128", "--svg", picture)["runs"]
            self.assertEqual([r["users"] for r in runs], [1, 1, 8, 8, 64, 64, 128, 128])
            self.assertTrue(all(("utilization" in r) != (r["users"] > r.get("users_that_fit", 128)) for r in runs), runs)
            with open(picture, encoding="utf-8") as file:
                self.assertEqual(file.read().count("<circle"), sum("utilization" in r for r in runs))


main()
