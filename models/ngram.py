# SPDX-License-Identifier: Apache-2.0
"""Interpolated Kneser-Ney n-gram model over tokens: the baseline of the model cards."""

import numpy as np

BASE = 640  # tokens; five of them fit a 64-bit key


def keys_of(tokens, order):
    """Keys of all n-grams of an order; entry i begins at token i."""
    count = len(tokens) - order + 1
    keys = np.zeros(count, np.int64)
    for i in range(order):
        keys = keys * BASE + tokens[i:i + count]
    return keys


class KneserNey:
    """Counts of orders 1 to `order`, lower ones by number of distinct left neighbours."""

    def __init__(self, stories, order=5):
        self.order = order
        # A story starts with BOS, repeated so that its first tokens have a full context.
        self.pad = np.full(order - 2, stories[0][0], np.int64)
        tokens = np.concatenate([np.concatenate((self.pad, ids)) for ids in stories]).astype(np.int64)
        self.levels = []
        grams = None
        for n in range(order, 0, -1):
            if grams is None:
                grams, counts = np.unique(keys_of(tokens, n), return_counts=True)
            else:
                grams, counts = np.unique(grams % BASE ** n, return_counts=True)
            self.levels.append(self._level(grams, counts))

    @staticmethod
    def _level(grams, counts):
        """Tables of one order: n-grams with counts; contexts with totals and kinds."""
        ones, twos = (counts == 1).sum(), (counts == 2).sum()
        discount = ones / (ones + 2.0 * twos) if ones else 0.5
        contexts, first, kinds = np.unique(grams // BASE, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, first)
        return grams, counts, contexts, totals, kinds, discount

    def log_probs(self, ids):
        """Natural log-probabilities of ids[1:], each given what is before it."""
        line = np.concatenate((self.pad, ids)).astype(np.int64)
        ends = np.arange(len(self.pad) + 1, len(line))
        probability = np.full(len(ends), 1.0 / BASE)
        for n in range(1, self.order + 1):
            grams, counts, contexts, totals, kinds, discount = self.levels[self.order - n]
            keys = keys_of(line, n)[ends - n + 1]
            at = np.minimum(np.searchsorted(grams, keys), len(grams) - 1)
            count = np.where(grams[at] == keys, counts[at], 0)
            at = np.minimum(np.searchsorted(contexts, keys // BASE), len(contexts) - 1)
            seen = contexts[at] == keys // BASE
            total = np.where(seen, totals[at], 1)
            mixed = (np.maximum(count - discount, 0) + discount * kinds[at] * probability) / total
            probability = np.where(seen, mixed, probability)
        return np.log(probability)
