# SPDX-License-Identifier: Apache-2.0
"""Token rows for training and evaluation, made from generated stories."""

import os

import numpy as np

from spm import BOS, EOS
from story_gen import story

TRAIN_SEED = 1
HELD_OUT_SEED = 2
CONTEXT = 512
LENGTHS = (384, 512)  # rows are padded to the first length that fits
PACKED = 8            # every 8th long row goes on with the next story


def encode_stories(vocab, seed, count, cache_dir=None):
    """Return `count` stories as id arrays with BOS and EOS; longer than the context is left out."""
    path = cache_dir and os.path.join(cache_dir, f"stories-{seed}-{count}.npz")
    if path and os.path.exists(path):
        with np.load(path) as file:
            return np.split(file["ids"], file["ends"][:-1])
    stories = []
    for index in range(count):
        ids = [BOS] + vocab.encode(story(seed, index)) + [EOS]
        if len(ids) <= CONTEXT:
            stories.append(np.array(ids, np.int16))
    if path:
        os.makedirs(cache_dir, exist_ok=True)
        np.savez(path, ids=np.concatenate(stories), ends=np.cumsum([len(ids) for ids in stories]))
    return stories


def make_row(ids, follow, length):
    """Inputs and targets of one row: a story, then `follow` (or padding with target -1)."""
    line = np.concatenate((ids, follow))[:length + 1].astype(np.int32)
    row = np.full((2, length), -1, np.int32)
    row[0] = 0
    row[0, :min(len(line), length)] = line[:length]
    row[1, :len(line) - 1] = line[1:]
    return row


def batches(stories, tokens, seed):
    """Endless batches [rows, 2, length] of about `tokens` tokens, every row of one length."""
    rng = np.random.default_rng(seed)
    pending = {length: [] for length in LENGTHS}
    none = np.zeros(0, np.int16)
    while True:
        order = rng.permutation(len(stories))
        for n, index in enumerate(order):
            ids = stories[index]
            length = next(size for size in LENGTHS if len(ids) <= size)
            follow = none
            if n % PACKED == 0:
                length, follow = CONTEXT, stories[order[n - 1]]
            pending[length].append(make_row(ids, follow, length))
            if len(pending[length]) * length >= tokens:
                yield np.stack(pending[length])
                pending[length] = []
