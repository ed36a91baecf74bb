# SPDX-License-Identifier: Apache-2.0
"""The tool over the Verilated chip: same tokens as the functional model, and cycles that add up."""
import json
import signal
import subprocess
import tempfile
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

    def test_firmware__on_the_core(self):
        options = ("run", "-m", BROOK, "-p", PROMPT, "-n", "6", "--ignore-eos", "--device", "sim", "--json")
        core = (*options, "--firmware", "core")
        probe = subprocess.run([TOOL, *core], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False)
        if b"no control core" in probe.stderr:
            self.skipTest("this build's chips have no control core")
        hosted = json.loads(self.call(*options)[0])
        answer, log = self.call(*core, "--firmware-log")
        answer = json.loads(answer)
        for name in ("text", "prompt_tokens", "tokens", "stop_reason"):
            self.assertEqual(answer[name], hosted[name], name)
        self.assertEqual((hosted["stats"]["firmware"], answer["stats"]["firmware"]), ("hosted", "core"))
        for words in (b"the host speaks protocol", b"request 0 starts in slot 0", b"request 0 ends"):
            self.assertIn(words, log)
        self.fails(*core, "--firmware-image", "no/such/file", words=("no/such/file", "cannot read"))
        with tempfile.NamedTemporaryFile() as image:
            for content, words in ((b"", "whole words"), (b"abc", "whole words"), (bytes(4096), "same build")):
                image.seek(0)
                image.truncate()
                image.write(content)
                image.flush()
                self.fails(*core, "--firmware-image", image.name, words=(image.name, words))

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
