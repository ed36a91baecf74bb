# SPDX-License-Identifier: Apache-2.0
"""millrace run --users and --prompts: every user's text is what it gets alone."""
import os
import pathlib
import tempfile

from cli_test import BROOK, PROMPT, CliTest, main

LINES = ["Once upon a time", "One day, Lily saw a big dog.", "The", "Tom and his mother went to the park"]


class Users(CliTest):
    def users(self, *options, stdin=b""):
        return self.json("run", "-m", BROOK, "--device", "model", *options, stdin=stdin)

    def alone(self, prompt, *options):
        return self.json("run", "-m", BROOK, "-p", prompt, "--device", "model", *options)

    def test_seeds__one_after_the_other(self):
        hot = ("-n", "24", "--temp", "1.1", "--top-p", "0.9")
        answer = self.users("-p", PROMPT, "--users", "4", *hot, "--seed", "7")
        self.assertEqual([user["user"] for user in answer["users"]], [0, 1, 2, 3])
        for i, user in enumerate(answer["users"]):
            one = self.alone(PROMPT, *hot, "--seed", str(7 + i))
            for name in ("tokens", "text", "prompt_tokens", "stop_reason"):
                self.assertEqual(user[name], one[name])
        self.assertEqual(answer["stats"]["tokens"], sum(len(user["tokens"]) for user in answer["users"]))
        self.assertIsNone(answer["stats"]["cycles"])
        self.assertGreater(answer["stats"]["tokens_per_s_wall"], 0)

    def test_prompts__lines_of_a_file_in_turn(self):
        text = "\n\n".join(LINES[:2]) + "\r\n" + "\n".join(LINES[2:])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "prompts.txt")
            with open(path, "wb") as file:
                file.write(text.encode())
            answer = self.users("--prompts", path, "-n", "30")
            self.assertEqual(len(answer["users"]), 4)
            more = self.users("--prompts", path, "--users", "6", "-n", "30")
        want = [self.alone(line, "-n", "30")["tokens"] for line in LINES]
        self.assertEqual([user["tokens"] for user in answer["users"]], want)
        self.assertEqual([user["tokens"] for user in more["users"]], want + want[:2])
        self.assertGreater(more["stats"]["loop_jobs"], 100)  # greedy users decode in the token loop
        piped = self.users("--prompts", "-", "-n", "30", stdin=text.encode())
        self.assertEqual([user["tokens"] for user in piped["users"]], want)

    def test_more_users_than_slots__wait(self):
        answer = self.users("-p", "The", "--users", "300", "-n", "3")
        self.assertEqual(len(answer["users"]), 300)
        self.assertEqual({tuple(user["tokens"]) for user in answer["users"]}, {tuple(self.alone("The", "-n", "3")["tokens"])})

    def test_shared_prefix__groups_without_layers(self):
        prompt = " ".join(LINES * 2)  # more than a page of 32 positions, so that it is shared
        want = self.alone(prompt, "-n", "6")
        self.assertGreater(len(want["prompt_tokens"]), 33)
        answer = self.json("run", "-m", BROOK, "--device", "model:16x2", "-p", prompt, "--users", "3", "-n", "6")
        self.assertEqual([user["tokens"] for user in answer["users"]], [want["tokens"]] * 3)

    def test_plain__each_text_when_it_is_whole(self):
        one = self.alone(PROMPT, "-n", "10")["text"]
        out, err = self.call("run", "-m", BROOK, "-p", PROMPT, "--users", "2", "-n", "10", "--device", "model")
        blocks = [f"== user {i}: 10 tokens, length ==\n{PROMPT}{one}\n" for i in range(2)]
        self.assertIn(out.decode(), ("".join(blocks), "".join(reversed(blocks))))
        self.assertEqual(err, b"")
        _, err = self.call("run", "-m", BROOK, "-p", PROMPT, "--users", "2", "-n", "10", "--device", "model", "--stats")
        self.assertIn(b"2 users, 20 tokens made", err)
        self.assertIn(b"has no time", err)

    def test_jsonl__settings_of_each_user(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "prompts.jsonl")
            path.write_text('{"prompt": "The", "n": 8, "temp": 0.9, "top_k": 20, "top_p": 0.9, "min_p": 0.05, "seed": 11}\n\n'
                            '{"prompt": "Once upon a time"}\n{"prompt": "The", "temp": 2}\n', encoding="utf-8")
            users = self.users("--prompts", str(path), "-n", "12", "--seed", "4")["users"]
            self.assertEqual(users[0]["tokens"], self.alone("The", "-n", "8", "--temp", "0.9", "--top-k", "20", "--top-p", "0.9", "--min-p", "0.05",
                                                            "--seed", "11")["tokens"])
            self.assertEqual(users[1]["tokens"], self.alone("Once upon a time", "-n", "12")["tokens"])
            self.assertEqual(users[2]["tokens"], self.alone("The", "-n", "12", "--temp", "2", "--seed", "6")["tokens"])
            self.assertEqual([user["stop_reason"] for user in users], ["length"] * 3)
            for line, words in (('{"prompt": ""}', '"prompt" must be'), ('{"n": 3}', 'no "prompt"'), ("The", "no JSON object"), ("[1]", "no JSON object"),
                                ('{"prompt": "a", "temp": 200}', "temp takes"), ('{"prompt": "a", "min_p": 2}', "min_p one"),
                                ('{"prompt": "a", "k": 1}', "the names are"), ('{"prompt": "a", "n": 1.5}', '"n" must be'),
                                ('{"prompt": "a", "seed": -1}', '"seed" must be'), ('{"prompt": "a", "top_p": "x"}', '"top_p" must be')):
                path.write_text('{"prompt": "good"}\n' + line + "\n", encoding="utf-8")
                self.fails("run", "-m", BROOK, "--device", "model", "--prompts", str(path), words=(words, "line 2"))

    def test_policy(self):
        run = ("run", "-m", BROOK, "-p", PROMPT, "--device", "model", "--users", "3", "-n", "60")
        # A page has 32 positions, so 60 tokens need more than one; the texts of the others are what they were.
        _, err = self.call(*run, "--max-pages", "1", code=1)
        self.assertRegex(err, b"3 of 3 users were refused.*--max-pages")
        self.assertEqual([user["stop_reason"] for user in self.users("-p", PROMPT, "--users", "3", "-n", "20", "--max-pages", "1")["users"]],
                         ["length"] * 3)
        late = self.users("-p", PROMPT, "--users", "3", "-n", "60", "--deadline", "1")
        self.assertEqual([user["stop_reason"] for user in late["users"]], ["deadline"] * 3)
        # Nobody has to wait for pages here, so --refuse changes nothing.
        free = self.users("-p", PROMPT, "--users", "3", "-n", "20", "--refuse")
        self.assertEqual([user["stop_reason"] for user in free["users"]], ["length"] * 3)
        # A limit of 1 leaves the likeliest token alone.
        hot = ("--temp", "5", "--min-p", "1", "--seed", "3")
        self.assertEqual(self.users("-p", PROMPT, "--users", "1", "-n", "20", *hot)["users"][0]["tokens"], self.alone(PROMPT, "-n", "20")["tokens"])

    def test_refusals(self):
        for options, text in ((("-p", "x", "--users", "0"), "--users"), (("-p", "x", "--users", "5000"), "--users"),
                              (("-p", "x", "--prompts", "y"), "not both"),
                              (("-p", "x", "--users", "2", "--logprobs", "1", "--json"), "one user"),
                              (("-p", "x", "--refuse"), "need --users"), (("-p", "x", "--max-pages", "1"), "need --users"),
                              (("-p", "x", "--deadline", "9"), "need --users"), (("-p", "x", "--users", "2", "--max-pages", "0"), "--max-pages"),
                              (("-p", "x", "--users", "2", "--deadline", "soon"), "--deadline"), (("-p", "x", "--min-p", "1.5"), "--min-p")):
            self.fails("run", "-m", BROOK, "--device", "model", *options, code=2, words=(text,))
        self.fails("run", "-m", BROOK, "--device", "model", "--prompts", "/nonexistent", words=("cannot open",))
        self.fails("run", "-m", BROOK, "--device", "model", "--prompts", "/dev/null", words=("has no prompt",))
        self.fails("run", "-m", BROOK, "--device", "model", "--users", "2", "-p", "word " * 2000, words=("shorten",))


if __name__ == "__main__":
    main()
