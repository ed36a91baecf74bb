# SPDX-License-Identifier: Apache-2.0
"""What the tests of the tool share: running it, and a small GGUF writer. Standard library only.

Usage of each test: test_NAME.py MILLRACE MODELS_FOLDER
"""
import json
import os
import struct
import subprocess
import sys
import unittest

TOOL, MODELS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
BROOK = os.path.join(MODELS, "brook.gguf")
GORGE = os.path.join(MODELS, "gorge.gguf")
PROMPT = "Once upon a time"
TIMEOUT_S = 60


class CliTest(unittest.TestCase):
    """Runs the tool; each call has a limit, so that a wait without end fails."""

    def call(self, *args, stdin=b"", code=0):
        """Runs the tool and checks its exit code; gives (stdout, stderr) as bytes."""
        done = subprocess.run([TOOL, *args], input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, code, f"{args}: {done.stderr.decode(errors='replace')}")
        return done.stdout, done.stderr

    def json(self, *args, stdin=b""):
        """Runs the tool; standard output must be one JSON object on one line and standard error empty."""
        out, err = self.call(*args, "--json", stdin=stdin)
        self.assertEqual(err, b"")
        self.assertEqual(out.count(b"\n"), 1)
        return json.loads(out.decode("utf-8"))

    def run_json(self, *args):
        return self.json("run", "-m", BROOK, "-p", PROMPT, "--device", "model", *args)

    def fails(self, *args, code=1, words=(), stdin=b""):
        """The tool must fail with one line on standard error that holds the words, and print nothing."""
        out, err = self.call(*args, stdin=stdin, code=code)
        text = err.decode("utf-8")
        self.assertEqual(out, b"", args)
        self.assertTrue(text.startswith("millrace: "), text)
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.endswith("\n"), text)
        for word in words:
            self.assertIn(word, text)
        return text


def read_terminal(leader):
    """All that was written to a terminal whose other end is closed; closes this one."""
    out = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # so Linux says that there is no more
            part = b""
        if not part:
            os.close(leader)
            return out
        out += part


def _string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value):
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    kind = {str: 8, float: 6, int: 5}[type(value[0])]
    items = b"".join(_string(v) if kind == 8 else struct.pack("<f" if kind == 6 else "<i", v) for v in value)
    return struct.pack("<IIQ", 9, kind, len(value)) + items


def write_model(path, vocab, width=32, layers=1, hidden=32):
    """A Llama model of zeros in F32 with the given sizes, one head of the whole width."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256))]
    tokens += [f"t{i}" for i in range(vocab - len(tokens))]
    keys = {"general.architecture": "llama", "llama.context_length": 64, "llama.embedding_length": width,
            "llama.block_count": layers, "llama.feed_forward_length": hidden, "llama.attention.head_count": 1,
            "llama.attention.head_count_kv": 1, "llama.attention.layer_norm_rms_epsilon": 1e-5,
            "llama.rope.dimension_count": width, "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens,
            "tokenizer.ggml.scores": [0.0] * vocab,
            "tokenizer.ggml.token_type": [2, 3, 3, *([6] * 256), *([1] * (vocab - 259))],
            "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0}
    tensors = [("token_embd.weight", (width, vocab)), ("output_norm.weight", (width,))]
    for i in range(layers):
        tensors += [(f"blk.{i}.{name}.weight", dims) for name, dims in (
            ("attn_norm", (width,)), ("ffn_norm", (width,)), ("attn_q", (width, width)), ("attn_k", (width, width)),
            ("attn_v", (width, width)), ("attn_output", (width, width)), ("ffn_gate", (width, hidden)),
            ("ffn_up", (width, hidden)), ("ffn_down", (hidden, width)))]
    head = struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(keys))
    head += b"".join(_string(key) + _value(value) for key, value in keys.items())
    offset = 0
    for name, dims in tensors:
        head += _string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, 0, offset)
        size = 4
        for dim in dims:
            size *= dim
        offset += size  # a multiple of 32, as every width is
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % 32) + bytes(offset))


def main():
    unittest.main(argv=sys.argv[:1])
