# SPDX-License-Identifier: Apache-2.0
"""millrace tokenize and detokenize."""
from cli_test import BROOK, CliTest, main


class Text(CliTest):
    def test_tokenize__start_token(self):
        with_bos = self.json("tokenize", "-m", BROOK, "hello there")
        without = self.json("tokenize", "-m", BROOK, "--no-bos", "hello there")
        self.assertEqual(with_bos["tokens"], [1] + without["tokens"])
        self.assertEqual(len(with_bos["pieces"]), len(with_bos["tokens"]))
        self.assertEqual("".join(without["pieces"]), "\u2581hello\u2581there")
        out, _ = self.call("tokenize", "-m", BROOK, "hello there")
        self.assertEqual(out.decode(), " ".join(map(str, with_bos["tokens"])) + "\n")
        self.assertEqual(self.json("tokenize", "-m", BROOK, "")["tokens"], [1])

    def test_tokenize__control_tokens_only_when_asked(self):
        plain = self.json("tokenize", "-m", BROOK, "a</s>")["tokens"]
        special = self.json("tokenize", "-m", BROOK, "--special", "a</s>")["tokens"]
        self.assertNotIn(2, plain)
        self.assertEqual(special[-1], 2)

    def test_round_trip__every_byte(self):
        for data in (b"Tom said, \"Hi!\"\n\n  two  spaces \n", "h\u00e9llo \u4f60\u597d \U0001f600".encode(), bytes(range(256)),
                     b"\x00\x00", b""):
            ids, _ = self.call("tokenize", "-m", BROOK, stdin=data)
            back, _ = self.call("detokenize", "-m", BROOK, stdin=ids)
            self.assertEqual(back, data)

    def test_detokenize__json_is_utf8(self):
        ids = self.json("tokenize", "-m", BROOK, stdin=b"a\x00\xff\"\\")["tokens"]
        self.assertEqual(self.json("detokenize", "-m", BROOK, *map(str, ids))["text"], "a\x00\ufffd\"\\")

    def test_detokenize__commas_and_spaces(self):
        ids = self.json("tokenize", "-m", BROOK, "the big dog")["tokens"]
        for args in (map(str, ids), [",".join(map(str, ids))], [" , ".join(map(str, ids))]):
            self.assertEqual(self.call("detokenize", "-m", BROOK, *args)[0], b"the big dog")


main()
