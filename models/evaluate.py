#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Held-out perplexity of a model file against a 5-gram model, as JSON.

    evaluate.py brook.gguf --work build/models --out build/models/brook.eval.json

Both see the same held-out stories, token by token from BOS to EOS. The 5-gram
model (interpolated Kneser-Ney) is counted on all training stories. The model
is read back from its file; it is run with the dequantised weights in single
precision, and once more with activations and KV cache rounded to Q8_0.
"""

import argparse
import functools
import json
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np

import data
import model as M
from gguf_io import read_file
from ngram import KneserNey
from train import STORIES

HELD_OUT = 400
BATCH = 8


@functools.partial(jax.jit, static_argnames=("shape", "quantised"))
def score(params, batch, shape, quantised):
    """Log-probability and rank-one token of every position."""
    log_probs = jax.nn.log_softmax(M.forward(params, batch[:, 0], shape, quantised), axis=-1)
    picked = jnp.take_along_axis(log_probs, jnp.maximum(batch[:, 1], 0)[..., None], axis=-1)[..., 0]
    return picked, jnp.argmax(log_probs, axis=-1)


def score_model(params, shape, stories, quantised):
    """Log-probabilities and best tokens of all scored positions, in one line."""
    none = np.zeros(0, np.int16)
    rows = np.stack([data.make_row(ids, none, data.CONTEXT) for ids in stories])
    found = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start:start + BATCH]
        picked, best = score(params, batch, shape, quantised)
        mask = batch[:, 1] >= 0
        found.append((np.asarray(picked)[mask], np.asarray(best)[mask]))
    return np.concatenate([p for p, _ in found]), np.concatenate([b for _, b in found])


def main():
    parser = argparse.ArgumentParser(description="Compare a model file with a 5-gram model.")
    parser.add_argument("file")
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    name = os.path.basename(options.file).split(".")[0]
    shape = M.SHAPES[name]
    params, vocab = read_file(options.file, shape)
    held_out = data.encode_stories(vocab, data.HELD_OUT_SEED, HELD_OUT, options.work)
    training = data.encode_stories(vocab, data.TRAIN_SEED, STORIES, options.work)
    told = {ids.tobytes() for ids in training}
    if any(ids.tobytes() in told for ids in held_out):
        sys.exit("evaluate: a held-out story is in the training text")
    exact, best = score_model(params, shape, held_out, False)
    rounded, rounded_best = score_model(params, shape, held_out, True)
    ngram = KneserNey(training)
    baseline = np.concatenate([ngram.log_probs(ids) for ids in held_out])
    words = sum(vocab.decode(ids).count(" ") + 1 for ids in held_out)

    def per(log_probs, count):
        return round(float(np.exp(-log_probs.sum() / count)), 4)

    result = {
        "parameters": int(M.count_params(params)), "bytes": os.path.getsize(options.file),
        "stories": len(held_out), "tokens": len(exact), "words": words,
        "training_stories": len(training), "training_tokens": sum(len(ids) for ids in training),
        "per_token": {"model": per(exact, len(exact)), "rounded": per(rounded, len(exact)),
                      "ngram": per(baseline, len(exact))},
        "per_word": {"model": per(exact, words), "rounded": per(rounded, words), "ngram": per(baseline, words)},
        "rounding": {"mean_difference": round(float(np.abs(exact - rounded).mean()), 5),
                     "same_best": round(float((best == rounded_best).mean()), 5)},
    }
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    print(json.dumps(result, indent=1))
    if result["per_token"]["model"] >= result["per_token"]["ngram"]:
        sys.exit("evaluate: the model does not beat the 5-gram model")


if __name__ == "__main__":
    main()
