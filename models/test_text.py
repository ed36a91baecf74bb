#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of the story generator and the tokenizer (standard library only)."""

import collections
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import spm  # noqa: E402
import story_gen  # noqa: E402

COUNT = 600
FOLDER = os.path.dirname(os.path.abspath(__file__))


class StoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stories = [story_gen.story(2, index) for index in range(COUNT)]

    def test_same_seed_same_story(self):
        self.assertEqual(story_gen.story(2, 17), self.stories[17])
        self.assertNotEqual(story_gen.story(3, 17), self.stories[17])

    def test_lengths(self):
        for text in self.stories:
            self.assertTrue(80 <= len(story_gen.WORD.findall(text)) <= 220, text)

    def test_all_different(self):
        self.assertEqual(len(set(self.stories)), COUNT)

    def test_vocabulary(self):
        words = collections.Counter(w.lower() for text in self.stories for w in story_gen.WORD.findall(text))
        self.assertGreaterEqual(len(words), 1000)

    def test_no_template_signs(self):
        for text in self.stories:
            self.assertIsNone(re.search(r"[\[\]{}|_]|  | [.,!?]", text), text)

    def test_articles(self):
        for text in self.stories:
            self.assertIsNone(re.search(r"\b[Aa] (?:[aeiou]|honest)|\b[Aa]n [^aeiouh]", text), text)
            self.assertIsNone(re.search(r"\b(\w+) \1\b(?<!more more)(?<!had had)", text), text)

    def test_sentences_begin_with_capitals(self):
        for text in self.stories:
            self.assertIsNone(re.search(r"(?<!Mr)(?<!Mrs)(?<!Boom)[.!?] [a-z]", text), text)
            self.assertEqual(text.count('"') % 2, 0, text)
            self.assertIn(text[-1], '.!"', text)


class TokenizerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vocab = spm.Vocab.load(os.path.join(FOLDER, "tokenizer.json"))

    def test_shape(self):
        self.assertEqual(len(self.vocab), 640)
        self.assertEqual(len(set(self.vocab.tokens)), 640)
        self.assertEqual(self.vocab.scores[259:], sorted(self.vocab.scores[259:], reverse=True))

    def test_round_trip(self):
        for text in ("", "a", " two  spaces ", "Gr\u00fc\u00dfe, \u4f60\u597d! \U0001f600", "tab\tand\nline\n\r", "0123", story_gen.story(2, 0)):
            self.assertEqual(self.vocab.decode(self.vocab.encode(text)), text)

    def test_cache_changes_nothing(self):
        for text in [story_gen.story(2, index) for index in range(20)] + ["a  b", " x", "\u2581\u2581y"]:
            self.assertEqual(self.vocab.encode(text), self.vocab.encode_whole(text))

    def test_bytes(self):
        ids = self.vocab.encode("7")
        self.assertEqual(ids[-1], 3 + ord("7"))


if __name__ == "__main__":
    unittest.main()
