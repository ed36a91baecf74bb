#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Learn the vocabulary: byte-pair merges over generated stories (standard library only).

    tokenizer_train.py --out tokenizer.json

Merges stay inside words; a word carries the space before it. The pieces are
written best first: merges in the order learned, then the single characters.
"""

import argparse
import collections
import re

from spm import FIRST_PIECE, SPACE, Vocab
from story_gen import story

VOCAB_SIZE = 640
CORPUS_SEED = 1
STORIES = 8000
# A word, or a run of signs, each with the space before it.
CHUNK = re.compile(SPACE + r"?[A-Za-z]+|" + SPACE + r"?[^A-Za-z" + SPACE + r"]+|" + SPACE)
# Every printable sign a prompt may hold is cheap to keep as a piece of its own.
ALWAYS = SPACE + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'\"-"


def count_chunks(texts):
    """Count the chunks of all texts."""
    counts = collections.Counter()
    for text in texts:
        counts.update(CHUNK.findall((" " + text).replace(" ", SPACE)))
    return counts


def learn(counts, merges):
    """Return `merges` merged pieces in the order learned."""
    words = [(list(chunk), count) for chunk, count in sorted(counts.items())]
    pieces = []
    while len(pieces) < merges:
        pairs = collections.Counter()
        for symbols, count in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        # Most frequent first; equal counts in text order, for the same result everywhere.
        left, right = min(pairs, key=lambda pair: (-pairs[pair], pair))
        joined = left + right
        if joined not in pieces:
            pieces.append(joined)
        for symbols, _ in words:
            i = 0
            while i < len(symbols) - 1:
                if symbols[i] == left and symbols[i + 1] == right:
                    symbols[i:i + 2] = [joined]
                i += 1
    return pieces


def main():
    parser = argparse.ArgumentParser(description="Learn the vocabulary of the shipped models.")
    parser.add_argument("--out", default="tokenizer.json")
    options = parser.parse_args()
    texts = [story(CORPUS_SEED, index) for index in range(STORIES)]
    singles = sorted(set(ALWAYS) | set("".join(texts)) - {" "})
    merged = learn(count_chunks(texts), VOCAB_SIZE - FIRST_PIECE - len(singles))
    vocab = Vocab(merged + singles)
    for text in texts[:50]:
        if vocab.encode(text) != vocab.encode_whole(text) or vocab.decode(vocab.encode(text)) != text:
            raise SystemExit("tokenizer_train: the vocabulary does not encode faithfully: " + text)
    vocab.save(options.out)
    tokens = [len(vocab.encode(text)) for text in texts]
    words = sum(text.count(" ") + 1 for text in texts)
    print(f"{len(vocab)} tokens, {sum(tokens) / words:.3f} tokens a word, longest story {max(tokens)} tokens")


if __name__ == "__main__":
    main()
