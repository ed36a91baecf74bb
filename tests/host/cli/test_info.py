# SPDX-License-Identifier: Apache-2.0
"""millrace info, --help and --version."""
import os
import tempfile

from cli_test import BROOK, CliTest, GORGE, main, write_model

COMMANDS = ("run", "score", "tokenize", "detokenize", "info", "reg")


class Info(CliTest):
    def test_machine__agrees_with_the_registers(self):
        machine = self.json("info", "--device", "model")["machine"]
        caps = self.json("reg", "--device", "model", "read", "chip.CAPS", "chip.CAPS_WMEM", "chip.ID")["registers"]
        self.assertEqual({k: machine[k] for k in ("groups", "tiles", "lanes", "channels")}, caps[0]["fields"])
        self.assertEqual(machine["wmem_words"], caps[1]["value"])
        self.assertEqual(machine["wmem_bytes"], machine["wmem_words"] * machine["lanes"] * 36)
        self.assertEqual(machine["id"], caps[2]["value"])
        self.assertIsNone(machine["clock_hz"])
        out, _ = self.call("info", "--device", "model")
        self.assertIn(b"no time", out)

    def test_model__that_fits(self):
        answer = self.json("info", "-m", BROOK, "--device", "model")
        model = answer["model"]
        self.assertTrue(answer["fits"])
        self.assertEqual(len(answer["tiles"]), answer["machine"]["tiles"])
        for tile in answer["tiles"]:
            for memory in ("wmem", "vmem", "pmem"):
                self.assertLessEqual(tile[memory + "_used"], tile[memory + "_available"])
        # Every step has a place: the weights take the words that their Q8_0 blocks need.
        words = sum(tile["wmem_used"] for tile in answer["tiles"])
        matrices = model["parameters"] - model["width"] * (2 * model["layers"] + 1)
        self.assertGreaterEqual(words * answer["machine"]["lanes"] * 32, matrices)
        text = " ".join(tile["steps"] for tile in answer["tiles"])
        self.assertIn("embed", text)
        self.assertIn("head", text)
        out, _ = self.call("info", "-m", BROOK, "--device", "model")
        self.assertIn(b"  fits: ", out)

    def test_groups(self):
        answer = self.json("info", "-m", BROOK, "--device", "model:3x2")
        self.assertEqual((answer["machine"]["groups"], answer["machine"]["tiles"]), (3, 2))
        self.assertEqual([tile["group"] for tile in answer["tiles"]], [0, 0, 1, 1, 2, 2])
        self.assertEqual(sum(answer["kv_layers"]), answer["model"]["layers"])
        self.assertTrue(all(answer["kv_layers"]))
        out, _ = self.call("info", "-m", BROOK, "--device", "model:3x2")
        self.assertIn(b"  group 2, KV cache of ", out)
        for name in ("model:", "model:2", "model:2x", "model:0x1", "model:17x1", "model:2x31", "model:16x17", "model:1x32", "model:2x2x2",
                     "model:-1x2", "model: 2x2", "model:1000x1"):
            self.fails("info", "--device", name, words=(f"'{name}'", "model:GROUPSxTILES", "1 to 16 groups"))

    def test_placement__clones_for_many_users(self):
        options = ("info", "-m", GORGE, "--device", "model:16x12", "--placement")
        predicted = self.json(*options)["predicted"]
        visits = predicted["visits"]
        self.assertIn(4, [visit["clones"] for visit in visits])
        self.assertEqual((visits[0]["clones"], visits[0]["first_tile"]), (1, 0))
        end = 0
        for visit in visits:
            self.assertEqual(visit["tiles"], visit["clones"])
            self.assertGreaterEqual(visit["first_tile"], end)
            end = visit["first_tile"] + visit["tiles"]
            self.assertLessEqual(visit["cycles_from_token_to_token"], predicted["cycles_from_token_to_token"])
        # What the bar of 128 users asks for, at position 127.
        self.assertEqual(predicted["position"], 127)
        self.assertGreater(predicted["cycles"], 110 * predicted["cycles_from_token_to_token"])
        out, _ = self.call(*options)
        self.assertIn(b"bounds it", out)

    def test_measure__needs_time(self):
        self.fails("info", "-m", BROOK, "--device", "model", "--measure", words=("'model'", "no time", "sim"))

    def test_model__that_does_not_fit(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wide.gguf")
            write_model(path, vocab=9000)
            answer = self.json("info", "-m", path, "--device", "model")
            self.assertFalse(answer["fits"])
            self.assertGreater(answer["refusal"]["needed"], answer["refusal"]["available"])
            out, _ = self.call("info", "-m", path, "--device", "model")
            self.assertIn(b"does not fit", out)
            needed = str(answer["refusal"]["needed"])
            self.fails("run", "-m", path, "-p", "x", "--device", "model", words=("does not fit", needed))


class Help(CliTest):
    def test_help__of_the_tool_and_every_command(self):
        out, err = self.call("--help")
        self.assertEqual(err, b"")
        for name in COMMANDS:
            self.assertIn(name, out.decode())
            for option in ("--help", "-h"):
                text, err = self.call(name, option)
                self.assertTrue(text.decode().startswith(f"usage: millrace {name} "))
                self.assertEqual(err, b"")

    def test_version(self):
        out, _ = self.call("--version")
        self.assertRegex(out.decode(), r"^millrace \d+\.\d+\.\d+ \(devices: model.*\)\n$")


main()
