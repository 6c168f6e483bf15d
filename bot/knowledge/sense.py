"""What a text is about, whatever its words: vectors learned from questions that want the same answer.

A text's words and pieces of words each have a vector (``data/sense.npz``, learned by ``bot.knowledge.learn_sense``);
the text's is their sum, of length one. "ba bợp tai" and "cha tát" share no word, yet lie close, since both have been
asked of the same items. It orders what the search finds; whether it is enough for an answer is decided by the words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import HashingVectorizer

from bot.knowledge.kept import kept
from bot.knowledge.models import Audience, Item
from bot.knowledge.texts import DATA, load_data
from bot.language import fingerprint, normalise, strip_accents

Array = npt.NDArray[np.float32]
FILE = DATA / "sense.npz"
BUCKETS = 2**17
LENGTH = 4
"""Letters of a piece of words."""
SHARP = 15.0
"""How much more the texts of an item that lie near a question count than those that lie far."""
SIGNS = ("nearest", "together", "age")
"""What orders the items beside the words: an item's nearest text, all of them, and an age that speaks against it."""
_BLOCK = 2_000
_VOICES: tuple[Audience, ...] = ("parent", "teen", "teacher", "child")


def grams(normal: str) -> list[str]:
    """A text in the normal form as words with and without diacritics, pairs of words, and pieces of words."""
    words = normal.split() or [""]
    bare = [strip_accents(word) for word in words]
    spelt = f" {' '.join(bare)} "
    found = [f"a{word}" for word in words] + [f"u{word}" for word in bare]
    found += [f"{one}_{other}" for one, other in zip(bare, bare[1:], strict=False)]
    return found + [f"c{spelt[at : at + LENGTH]}" for at in range(len(spelt) - LENGTH + 1)]


def table(normals: Sequence[str]) -> Any:
    """How often each of ``BUCKETS`` grams stands in each text: sparse, one row a text."""
    counts = HashingVectorizer(n_features=BUCKETS, analyzer=grams, alternate_sign=False, norm=None, dtype=np.float32)
    return counts.transform(normals)


class Sense:
    """The learned vectors of grams, 8 bits a number with a scale for each gram. Safe to share between threads."""

    def __init__(
        self, known: npt.NDArray[np.int32], numbers: npt.NDArray[np.int8], scales: Array, version: str = ""
    ) -> None:
        self._known, self._numbers, self._scales = known, numbers, scales
        self.version = version
        """Of the committed vectors and the language room; "" for others."""

    @classmethod
    def of(cls, known: npt.NDArray[np.int32], vectors: Array) -> Sense:
        """From the vectors of some grams (sorted)."""
        scales = np.maximum(np.abs(vectors).max(axis=1, initial=0), np.float32(1e-9)) / np.float32(127)
        return cls(known, np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    @classmethod
    def load(cls, path: Path = FILE) -> Sense:
        """The committed vectors."""
        version = hashlib.sha256(path.read_bytes() + fingerprint().encode()).hexdigest()[:16]
        with np.load(path) as stored:
            return cls(stored["known"], stored["numbers"], stored["scales"], version)

    def save(self, path: Path) -> None:
        """Store the vectors."""
        np.savez_compressed(path, known=self._known, numbers=self._numbers, scales=self._scales)

    def about(self, text: str) -> Array:
        """The vector of one text as it was written."""
        return cast(Array, self.vectors([normalise(text)])[0])

    def kept(self, texts: Sequence[str]) -> Array:
        """The vectors of texts as they were written, kept from start to start when these are the committed ones."""

        def make(missing: list[str]) -> list[bytes]:
            found = self.vectors([normalise(text) for text in missing]).astype(np.float16)
            return [row.tobytes() for row in found]

        rows = kept("senses", self.version, texts, make) if self.version else make(list(texts))
        whole = np.frombuffer(b"".join(rows), dtype=np.float16).astype(np.float32)
        return whole.reshape(len(texts), self._numbers.shape[1])

    def vectors(self, normals: Sequence[str]) -> Array:
        """Vectors of length one, one row a text in the normal form; zeros for a text without a known gram."""
        blocks = [self._read(normals[at : at + _BLOCK]) for at in range(0, len(normals), _BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self._numbers.shape[1]), dtype=np.float32)

    def _read(self, normals: Sequence[str]) -> Array:
        counts = table(normals)
        met = np.intersect1d(counts.indices, self._known)
        places = np.searchsorted(self._known, met)
        vectors = self._numbers[places].astype(np.float32) * self._scales[places][:, None]
        found = counts[:, met] @ vectors
        return cast(Array, found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-9)))


@lru_cache(maxsize=1)
def sense() -> Sense:
    """The committed vectors, loaded once in a process."""
    return Sense.load()


@lru_cache(maxsize=1)
def sign_weights() -> Array:
    """How much each of ``SIGNS`` counts beside the words (``sense.yml``)."""
    learned = load_data("sense.yml")
    return np.array([learned[name] for name in SIGNS], dtype=np.float32)


def document_texts(item: Item) -> list[str]:
    """What an item says, in two short texts: its topic, and the topic with the answer for an adult."""
    said = next(item.variants[a] for a in _VOICES if a in item.variants)
    return [item.topic, f"{item.topic}. {said}"]


class Meanings:
    """The vectors of texts by group: of the items, or of foreign topics."""

    def __init__(self, texts: Sequence[Sequence[str]], reader: Sense) -> None:
        self._starts = np.cumsum([0, *map(len, texts)])[:-1]
        self._counts = np.array([len(own) for own in texts], dtype=np.float32)
        self._vectors = reader.kept([text for own in texts for text in own])

    @classmethod
    def of_items(cls, items: Sequence[Item], reader: Sense) -> Meanings:
        """An item's example questions, then what it says."""
        return cls([[*item.questions, *document_texts(item)] for item in items], reader)

    def likeness(self, about: Array, without: tuple[int, int] | None = None) -> Array:
        """How near each group lies to a question's vector: its nearest text, and all together; one column for each of
        the first two of ``SIGNS``.

        ``without``: (group, text) that does not count, for leave-one-question-out.
        """
        alike = self._vectors @ about
        if without is not None:
            alike[self._starts[without[0]] + without[1]] = -1.0
        near = np.add.reduceat(np.exp(SHARP * alike), self._starts) / self._counts
        return np.stack([np.maximum.reduceat(alike, self._starts), np.log(near) / SHARP], axis=1)
