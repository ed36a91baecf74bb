# SPDX-License-Identifier: Apache-2.0
"""The tool over the Verilated chip: same tokens as the functional model, and cycles that add up."""
import json
import signal
import subprocess
import time

from cli_test import BROOK, CliTest, PROMPT, TIMEOUT_S, TOOL, main


class Sim(CliTest):
    def test_run__as_the_model_and_with_cycles(self):
        options = ("run", "-m", BROOK, "-p", PROMPT, "-n", "6", "--ignore-eos", "--logprobs", "2", "--temp", "0.9",
                   "--seed", "11")
        sim = self.json(*options, "--device", "sim")
        model = self.json(*options, "--device", "model")
        for name in ("text", "prompt_tokens", "tokens", "logprobs", "stop_reason"):
            self.assertEqual(sim[name], model[name], name)
        stats = sim["stats"]
        self.assertEqual(stats["clock_hz"], 1e8)
        self.assertAlmostEqual(sum(stats["breakdown"].values()), stats["cycles_per_token"], places=3)
        self.assertAlmostEqual(stats["prompt_cycles"] + 5 * stats["cycles_per_token"], stats["cycles"], places=3)
        self.assertAlmostEqual(stats["tokens_per_s_simulated"] * stats["cycles_per_token"], 1e8, places=1)
        for stage in ("qkv", "attention", "out_projection", "gate_up", "down", "head", "embed"):
            self.assertGreater(stats["breakdown"][stage], 0, stage)

    def test_dram__chosen_by_name(self):
        options = ("run", "-m", BROOK, "-p", PROMPT, "-n", "3", "--ignore-eos", "--logprobs", "2")
        ddr4 = self.json(*options, "--device", "sim:ddr4-2400")
        model = self.json(*options, "--device", "model")
        for name in ("text", "tokens", "logprobs"):
            self.assertEqual(ddr4[name], model[name], name)
        self.assertEqual(ddr4["stats"]["device"], "sim:ddr4-2400")
        self.assertEqual(ddr4["stats"]["clock_hz"], 1.2e9)

    def test_measure__as_predicted(self):
        answer = self.json("info", "-m", BROOK, "--device", "sim:small", "--placement", "--measure")
        measured = answer["measured"]
        used = [tile for tile in measured["tiles"] if tile["busy_cycles"]]
        # One user's slot uses the first clone of each visit alone.
        self.assertEqual(len(used), len(answer["predicted"]["visits"]))
        self.assertLess(len(used), sum(visit["tiles"] for visit in answer["predicted"]["visits"]))
        for tile in used:
            self.assertAlmostEqual(tile["predicted_busy_cycles"], tile["busy_cycles"], delta=0.05 * tile["busy_cycles"])
        self.assertAlmostEqual(measured["cycles"], answer["predicted"]["cycles"], delta=0.1 * measured["cycles"])

    def test_dram__unknown(self):
        self.fails("run", "-m", BROOK, "-p", PROMPT, "--device", "sim:ddr5", words=("'sim:ddr5'", "sim:hbm2-pc"))

    def test_signal__json_so_far(self):
        with subprocess.Popen([TOOL, "run", "-m", BROOK, "-p", PROMPT, "-n", "400", "--ignore-eos", "--json", "--device",
                               "sim"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
            # Far less than 400 tokens take and, on a busy machine, maybe still while the model loads.
            time.sleep(3)
            child.send_signal(signal.SIGINT)
            out = child.stdout.read()
            self.assertEqual(child.wait(TIMEOUT_S), 130)
        if out:
            answer = json.loads(out)
            self.assertEqual(answer["stop_reason"], "interrupted")
            self.assertLess(len(answer["tokens"]), 400)


main()
