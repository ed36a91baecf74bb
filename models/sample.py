#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Let a model file tell a story, one token at a time.

    sample.py brook.gguf --prompt "Once upon a time" --seed 1
"""

import argparse
import os

import numpy as np

import model as M
from gguf_io import read_file
from spm import BOS, EOS


class Teller:
    """Incremental decoding with a KV cache, in float64."""

    def __init__(self, params, shape):
        self.shape = shape
        self.emb = params["emb"].astype(np.float64)
        self.norm = params["norm"].astype(np.float64)
        self.layers = [{name: w[i].astype(np.float64) for name, w in params["layer"].items()}
                       for i in range(shape.layers)]
        self.keys = [[] for _ in self.layers]
        self.values = [[] for _ in self.layers]

    def _norm(self, x, weight):
        return x / np.sqrt(np.mean(x * x) + self.shape.eps) * weight

    def _rope(self, x, position):
        half = np.arange(0, self.shape.head, 2) / self.shape.head
        turn = np.exp(1j * position * self.shape.rope_base ** -half)
        pairs = x.reshape(-1, self.shape.head // 2, 2)
        turned = (pairs[..., 0] + 1j * pairs[..., 1]) * turn
        return np.stack((turned.real, turned.imag), axis=-1).reshape(x.shape)

    def next_logits(self, token):
        """Feed one token; return the logits of the next."""
        shape, position = self.shape, len(self.keys[0])
        x = self.emb[token]
        for w, keys, values in zip(self.layers, self.keys, self.values):
            h = self._norm(x, w["n1"])
            q = self._rope(h @ w["wq"], position).reshape(shape.heads, shape.head)
            keys.append(self._rope(h @ w["wk"], position))
            values.append(h @ w["wv"])
            scores = q @ np.array(keys).T / np.sqrt(shape.head)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            weights /= weights.sum(axis=1, keepdims=True)
            x = x + (weights @ np.array(values)).reshape(-1) @ w["wo"]
            h = self._norm(x, w["n2"])
            gate = h @ w["wg"]
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w["wu"])) @ w["wd"]
        return self._norm(x, self.norm) @ self.emb.T


def choose(logits, rng, temperature, top_p):
    """Draw a token from the smallest set of likeliest tokens with `top_p` of the mass."""
    if temperature == 0:
        return int(np.argmax(logits))
    probability = np.exp((logits - logits.max()) / temperature)
    probability /= probability.sum()
    order = np.argsort(-probability, kind="stable")
    keep = order[:int(np.searchsorted(np.cumsum(probability[order]), top_p)) + 1]
    return int(rng.choice(keep, p=probability[keep] / probability[keep].sum()))


def tell(path, prompt, seed, temperature=0.8, top_p=0.95):
    """Return the prompt and what the model makes of it, up to the end of the story."""
    shape = M.SHAPES[os.path.basename(path).split(".")[0]]
    params, vocab = read_file(path, shape)
    teller, rng = Teller(params, shape), np.random.default_rng(seed)
    ids = [BOS] + vocab.encode(prompt)
    for token in ids:
        logits = teller.next_logits(token)
    while len(ids) < shape.context:
        token = choose(logits, rng, temperature, top_p)
        if token == EOS:
            break
        ids.append(token)
        logits = teller.next_logits(token)
    return vocab.decode(ids)


def main():
    parser = argparse.ArgumentParser(description="Let a model file tell a story.")
    parser.add_argument("file")
    parser.add_argument("--prompt", default="Once upon a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--temp", type=float, default=0.8)
    parser.add_argument("--top-p", type=float, default=0.95)
    options = parser.parse_args()
    print(tell(options.file, options.prompt, options.seed, options.temp, options.top_p))


if __name__ == "__main__":
    main()
