# SPDX-License-Identifier: Apache-2.0
"""bench pipeline on two groups of one tile: what is measured adds up, and what cannot be measured is refused with a reason."""
import os
import tempfile
import xml.etree.ElementTree

from cli_test import BROOK, CliTest, main

DEVICE = "sim:tiny-2g-composed"
PARTS = ["compute", "weight_read", "kv", "on_chip", "inter_chip", "queueing", "sampling"]


class Pipeline(CliTest):
    def bench(self, *args):
        """One run; checks what holds for every run."""
        row = self.json("bench", "pipeline", "-m", BROOK, "--device", DEVICE, *args)
        latency = row["token_latency_cycles"]
        self.assertEqual(list(row["breakdown"]), PARTS)
        self.assertAlmostEqual(sum(row["breakdown"].values()), latency["mean"], places=6)
        self.assertAlmostEqual(sum(row["states"].values()), latency["mean"], places=6)
        self.assertTrue(0 < latency["p50"] <= latency["p99"] <= latency["max"], latency)
        self.assertAlmostEqual(row["system_tokens_per_mcycle"], 1e6 * row["tokens"] / row["cycles"], places=6)
        self.assertAlmostEqual(row["user_tokens_per_mcycle"] * row["users"], row["system_tokens_per_mcycle"], places=6)
        self.assertEqual(len(row["tiles"]), 2)
        for tile in row["tiles"]:
            self.assertEqual(tile["busy"] + tile["starved"] + tile["blocked"], row["cycles"])
        self.assertAlmostEqual(row["occupancy"], max(tile["busy"] for tile in row["tiles"]) / row["cycles"], places=9)
        self.assertTrue(0 < row["kv_utilization"] < 1 and 0 < row["network_utilization"] < 1)
        return row

    def test_one_and_three(self):
        one = self.bench("--users", "1", "--context", "3", "--tokens", "3")
        self.assertEqual((one["users"], one["context"], one["tokens"], one["mode"]), (1, 3, 3, "efficiency"))
        # Alone, a user's tokens follow one another without a gap and wait for nobody.
        self.assertAlmostEqual(one["token_latency_cycles"]["mean"] * 3, one["cycles"], places=3)
        self.assertEqual((one["states"]["blocked"], one["states"]["net_wait"]), (0, 0))
        self.assertGreater(one["unavoidable_share"], 0.85)
        self.assertEqual(one["tiles"][0]["stage"], "embed to L2 down")
        # A token passes two links, and takes exactly as much longer as their wires.
        far = self.bench("--users", "1", "--context", "3", "--tokens", "3", "--link-latency", "20")
        self.assertEqual((one["link_latency"], far["link_latency"]), (0, 20))
        self.assertAlmostEqual(far["token_latency_cycles"]["mean"], one["token_latency_cycles"]["mean"] + 2 * 20, places=6)
        self.assertGreater(far["breakdown"]["inter_chip"], one["breakdown"]["inter_chip"])
        three = self.bench("--users", "3", "--context", "3", "--tokens", "3")
        self.assertEqual(three["tokens"], 9)
        self.assertGreater(three["system_tokens_per_mcycle"], 1.5 * one["system_tokens_per_mcycle"])
        self.assertGreater(three["breakdown"]["queueing"], one["breakdown"]["queueing"])
        self.assertGreater(three["occupancy"], 0.95)
        # The same work, whoever waits.
        for state in ("gemv", "top_k", "kv_append"):
            self.assertAlmostEqual(three["states"][state], one["states"][state], delta=0.01 * one["states"][state])

    def test_sweep(self):
        with tempfile.TemporaryDirectory() as folder:
            picture = os.path.join(folder, "p.svg")
            args = ("bench", "pipeline", "-m", BROOK, "--device", DEVICE, "--context", "0", "--tokens", "2", "--sweep", "--users", "3",
                    "--svg", picture)
            sweep = self.json(*args)
            self.assertEqual([run["users"] for run in sweep["runs"]], [1, 2, 3])
            rates = [run["system_tokens_per_mcycle"] for run in sweep["runs"]]
            self.assertAlmostEqual(sweep["gain"], rates[2] / rates[0], places=6)
            times = [run["token_latency_cycles"]["mean"] for run in sweep["runs"]]
            self.assertEqual(sweep["users_at_1_10"], max(n + 1 for n in range(3) if times[n] <= 1.10 * times[0]))
            root = xml.etree.ElementTree.parse(picture).getroot()
            shapes = [element.tag.rsplit("}", 1)[1] for element in root.iter()]
            self.assertEqual(shapes.count("circle"), 3 * 3)  # throughput, p50 and p99 of each run
            self.assertEqual(shapes.count("rect"), 1 + 3 * len(PARTS) + len(PARTS))  # paper, bars, legend
            for element in root.iter():
                for name in ("x", "y", "cx", "cy", "height"):
                    value = element.get(name, "0")
                    self.assertTrue(value == "100%" or 0 <= float(value) < 2000, (element.tag, name, value))
            out, _ = self.call(*args)
            self.assertEqual(out.count(b"\n"), 5)
            self.assertIn(b"1.10 times", out)

    def test_text(self):
        out, err = self.call("bench", "pipeline", "-m", BROOK, "--device", DEVICE, "--context", "0", "--tokens", "1")
        self.assertEqual(err, b"")
        for word in (b"tokens a million cycles", b"weight_read", b"unavoidable", b"slowest stage"):
            self.assertIn(word, out)

    def test_errors(self):
        for args, words in (
                ((), ("-m",)), (("-m", BROOK, "x"), ("'x'",)), (("-m", BROOK, "--users", "0"), ("--users",)),
                (("-m", BROOK, "--users", "257"), ("--users",)), (("-m", BROOK, "--tokens", "0"), ("--tokens",)),
                (("-m", BROOK, "--mode", "fast"), ("--mode",)), (("-m", BROOK, "--svg", "x.svg"), ("--sweep",)),
                (("-m", BROOK, "--link-latency", "49"), ("--link-latency",))):
            self.fails("bench", "pipeline", *args, code=2, words=words)
        self.fails("bench", "pipeline", "-m", BROOK, "--device", "model", words=("no trace", "sim:deep"))
        self.fails("bench", "pipeline", "-m", BROOK, "--device", DEVICE, "--users", "17", words=("16 slots", "17 users"))
        self.fails("bench", "pipeline", "-m", BROOK, "--device", DEVICE, "--context", "512", words=("no room", "512"))


main()
