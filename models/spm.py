# SPDX-License-Identifier: Apache-2.0
"""SentencePiece-style encoding and decoding with byte fallback.

Encoding follows the loaders of GGUF files: prefix a space, write spaces as
U+2581, split into characters, then merge again and again the adjacent pair
whose joined text is a known piece of the highest score (leftmost among equal
ones); what is no piece in the end becomes byte tokens.
"""

import json
import re

SPACE = "\u2581"
WORD = re.compile(SPACE + "[^" + SPACE + "]*")  # where the cache may cut
UNK, BOS, EOS = 0, 1, 2
FIRST_BYTE = 3
FIRST_PIECE = FIRST_BYTE + 256

# Token types as GGUF numbers them.
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


class Vocab:
    """A vocabulary: `pieces` lists the normal pieces, best first."""

    def __init__(self, pieces):
        self.pieces = list(pieces)
        self.tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + self.pieces
        self.scores = [0.0] * FIRST_PIECE + [-float(rank) for rank in range(len(self.pieces))]
        self.types = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * len(self.pieces)
        self._ids = {piece: FIRST_PIECE + rank for rank, piece in enumerate(self.pieces)}
        self._cache = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls(json.load(file))

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.pieces, file, ensure_ascii=False, indent=0)
            file.write("\n")

    def __len__(self):
        return len(self.tokens)

    def _merge(self, symbols):
        """Merge a list of characters into pieces."""
        while len(symbols) > 1:
            best, where = None, -1
            for i in range(len(symbols) - 1):
                rank = self._ids.get(symbols[i] + symbols[i + 1])
                if rank is not None and (best is None or rank < best):
                    best, where = rank, i
            if best is None:
                break
            symbols[where:where + 2] = [symbols[where] + symbols[where + 1]]
        return symbols

    def _ids_of(self, symbols):
        ids = []
        for symbol in symbols:
            if symbol in self._ids:
                ids.append(self._ids[symbol])
            else:
                ids += [FIRST_BYTE + byte for byte in symbol.encode("utf-8")]
        return ids

    def encode_whole(self, text):
        """Encode without BOS: the plain algorithm over the whole text."""
        if not text:
            return []
        return self._ids_of(self._merge(list((" " + text).replace(" ", SPACE))))

    def encode(self, text):
        """Encode without BOS, word by word with a cache.

        The same result as `encode_whole`, because no piece has U+2581 after
        its first character, so that no merge reaches across a word's start.
        """
        if not text:
            return []
        ids = []
        for word in WORD.findall((" " + text).replace(" ", SPACE)):
            if word not in self._cache:
                self._cache[word] = self._ids_of(self._merge(list(word)))
            ids += self._cache[word]
        return ids

    def decode(self, ids):
        """Decode ids; control tokens give nothing, one leading space is dropped."""
        data = b""
        for token in ids:
            if FIRST_BYTE <= token < FIRST_PIECE:
                data += bytes([token - FIRST_BYTE])
            elif token >= FIRST_PIECE:
                data += self.tokens[token].replace(SPACE, " ").encode("utf-8")
        text = data.decode("utf-8", errors="replace")
        return text[1:] if text.startswith(" ") else text
