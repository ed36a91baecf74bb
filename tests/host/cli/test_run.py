# SPDX-License-Identifier: Apache-2.0
"""millrace run and score: what they print, and that they agree with each other."""
import math
import os
import tempfile

from cli_test import BROOK, PROMPT, CliTest, main


class Run(CliTest):
    def test_text__is_the_prompt_and_what_json_calls_text(self):
        answer = self.run_json("-n", "40")
        out, err = self.call("run", "-m", BROOK, "-p", PROMPT, "-n", "40", "--device", "model")
        self.assertEqual(out.decode("utf-8"), PROMPT + answer["text"] + "\n")
        self.assertEqual(err, b"")  # no bar and no summary where standard error is no terminal

    def test_json__members(self):
        answer = self.run_json("-n", "12", "--ignore-eos")
        self.assertEqual(len(answer["tokens"]), 12)
        self.assertEqual(answer["stop_reason"], "length")
        self.assertIsNone(answer["logprobs"])
        self.assertEqual(answer["prompt_tokens"], self.json("tokenize", "-m", BROOK, PROMPT)["tokens"])
        whole = self.json("detokenize", "-m", BROOK, *map(str, answer["prompt_tokens"] + answer["tokens"]))
        self.assertEqual(whole["text"], PROMPT + answer["text"])

    def test_stats__the_model_has_no_time(self):
        stats = self.run_json("-n", "12", "--ignore-eos")["stats"]
        for name in ("clock_hz", "cycles", "cycles_per_token", "breakdown", "tokens_per_s_simulated"):
            self.assertIsNone(stats[name], name)
        self.assertGreater(stats["tokens_per_s_wall"], 0)
        self.assertEqual((stats["device"], stats["firmware"], stats["tokens"]), ("model", "hosted", 12))
        _, err = self.call("run", "-m", BROOK, "-p", PROMPT, "-n", "5", "--device", "model", "--stats")
        self.assertIn(b"has no time", err)
        self.assertIn(b"wall clock:", err)

    def test_prompt__from_standard_input_without_its_last_line_break(self):
        want = self.run_json("-n", "10")
        for text in (PROMPT, PROMPT + "\n", PROMPT + "\r\n"):
            got = self.json("run", "-m", BROOK, "-n", "10", "--device", "model", stdin=text.encode())
            self.assertEqual(got["tokens"], want["tokens"])

    def test_seed__same_seed_same_tokens(self):
        def draw(*options):
            return self.run_json("-n", "30", "--ignore-eos", *options)["tokens"]
        hot = ("--temp", "1.2", "--top-p", "0.95")
        self.assertEqual(draw(*hot, "--seed", "5"), draw(*hot, "--seed", "5"))
        self.assertEqual(len({tuple(draw(*hot, "--seed", s)) for s in ("5", "6", "18446744073709551615")}), 3)
        greedy = draw()
        self.assertEqual(draw("--seed", "9"), greedy)
        self.assertEqual(draw("--temp", "1.2", "--top-k", "1", "--seed", "9"), greedy)

    def test_stop__at_the_end_of_sequence_unless_told(self):
        eos = 2
        for seed in range(8):
            options = ("-n", "100000", "--temp", "0.8", "--seed", str(seed))
            whole = self.run_json(*options, "--ignore-eos")
            self.assertEqual(whole["stop_reason"], "context")
            if eos in whole["tokens"][:-1]:
                break
        end = whole["tokens"].index(eos) + 1
        answer = self.run_json(*options)
        self.assertEqual(answer["stop_reason"], "stop")
        self.assertEqual(answer["tokens"], whole["tokens"][:end])
        self.assertNotIn("</s>", answer["text"])

    def test_context__is_filled_and_no_more(self):
        answer = self.run_json("-n", "100000", "--ignore-eos")
        context = self.json("info", "-m", BROOK, "--device", "model")["model"]["context"]
        # The last token is drawn from the last position and needs none itself.
        self.assertEqual(len(answer["prompt_tokens"]) + len(answer["tokens"]), context + 1)


class LogProbabilities(CliTest):
    def test_logprobs__are_a_distribution(self):
        answer = self.run_json("-n", "6", "--logprobs", "1000", "--temp", "1", "--seed", "3")
        self.assertEqual([e["id"] for e in answer["logprobs"]], answer["tokens"])
        for entry in answer["logprobs"]:
            values = [p for _, p in entry["top"]]
            self.assertEqual(values, sorted(values, reverse=True))
            self.assertEqual(len({i for i, _ in entry["top"]}), len(values))
            self.assertAlmostEqual(sum(map(math.exp, values)), 1.0, places=9)
            self.assertEqual(dict(entry["top"])[entry["id"]], entry["logprob"])

    def test_logprobs__greedy_takes_the_best(self):
        for entry in self.run_json("-n", "20", "--logprobs", "3")["logprobs"]:
            self.assertEqual(len(entry["top"]), 3)
            self.assertEqual(entry["top"][0], [entry["id"], entry["logprob"]])

    def test_score__agrees_with_run(self):
        answer = self.run_json("-n", "60", "--logprobs", "4", "--ignore-eos")
        ids = answer["prompt_tokens"] + answer["tokens"]
        score = self.json("score", "-m", BROOK, "--ids", ",".join(map(str, ids)), "--top", "4", "--device", "model")
        self.assertEqual(score["tokens"], ids)
        start = len(answer["prompt_tokens"])
        self.assertEqual(score["logprobs"][start:], [e["logprob"] for e in answer["logprobs"]])
        self.assertEqual(score["top"][start:], [e["top"] for e in answer["logprobs"]])
        self.assertIsNone(score["logprobs"][0])
        self.assertIsNone(score["top"][0])
        mean = sum(score["logprobs"][1:]) / (len(ids) - 1)
        self.assertAlmostEqual(score["perplexity"], math.exp(-mean), places=9)

    def test_score__of_a_text_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "text")
            with open(path, "w", encoding="utf-8") as file:
                file.write("One day, Lily saw a big dog.\n")
            score = self.json("score", "-m", BROOK, "-f", path, "--top", "0", "--device", "model")
            self.assertEqual(score["tokens"], self.json("tokenize", "-m", BROOK, "-f", path)["tokens"])
            self.assertEqual(score["top"][1:], [[]] * (len(score["tokens"]) - 1))
            out, _ = self.call("score", "-m", BROOK, "-f", path, "--device", "model")
            self.assertIn(f"perplexity {score['perplexity']:.6f}", out.decode())


main()
