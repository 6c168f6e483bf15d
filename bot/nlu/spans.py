"""A message cut into pieces for pattern matching, each with its place in the original text and its normal form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.language import context, strip_accents
from bot.language.normal import word as normal_word
from bot.language.syllable import is_bare_syllable, is_syllable
from bot.language.telex import decode

_PIECE = re.compile(r"[^\W\d_]+|\d+|\S")


@dataclass(frozen=True)
class Piece:
    """A word, number or sign as typed (composed, case kept), and its offsets in the original text."""

    typed: str
    start: int
    end: int

    @cached_property
    def lower(self) -> str:
        """The piece in lower case."""
        return self.typed.lower()


@dataclass(frozen=True)
class Words:
    """One way to read a message: lower-case words, and for each the piece it comes from."""

    words: tuple[str, ...]
    pieces: tuple[int, ...]


@dataclass(frozen=True)
class Cut:
    """The pieces of a message, and whether it was typed without diacritics."""

    pieces: tuple[Piece, ...]
    bare: bool

    @cached_property
    def typed(self) -> Words:
        """The words as typed."""
        return Words(tuple(p.lower for p in self.pieces), tuple(range(len(self.pieces))))

    @cached_property
    def normal(self) -> Words:
        """The words in normal form: teencode and Telex slips read, "bme" as two words."""
        forms = _normal([p.lower for p in self.pieces])
        words = [(word, at) for at, form in enumerate(forms) for word in form.split()]
        return Words(tuple(w for w, _ in words), tuple(at for _, at in words))

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The normal form of each piece."""
        return tuple(_normal([p.lower for p in self.pieces]))


def _composed(original: str) -> tuple[str, list[int]]:
    """The text in NFC, one character for each base letter, and where each begins (one more at the end)."""
    if unicodedata.is_normalized("NFC", original) and not any(map(unicodedata.combining, original)):
        return original, list(range(len(original) + 1))
    letters, starts = [], []
    at = 0
    while at < len(original):
        end = at + 1
        while end < len(original) and unicodedata.combining(original[end]):
            end += 1
        letters.append(unicodedata.normalize("NFC", original[at:end])[:1])
        starts.append(at)
        at = end
    return "".join(letters), [*starts, len(original)]


def cut(original: str, known: Collection[str] = frozenset()) -> Cut:
    """Cut a message between words, numbers and signs ("9t" gives two pieces).

    A run of letters that is no word is cut further where all its parts are in ``known`` (lower case, no diacritics).
    """
    text, starts = _composed(original)
    pieces: list[Piece] = []
    for match in _PIECE.finditer(text):
        start = match.start()
        for part in _parts(match[0], known):
            # lower() may lengthen a letter ("İ"); such a piece is no Vietnamese word and only its place counts
            pieces.append(Piece(part, starts[start], starts[start + len(part)]))
            start += len(part)
    return Cut(tuple(pieces), is_bare(text))


def _parts(run: str, known: Collection[str]) -> list[str]:
    """``cauruot`` gives ``cau`` and ``ruot``: words typed without the space between them."""
    lower = run.lower()
    if not 4 <= len(run) <= 16 or len(lower) != len(run) or not known or not run.isalpha() or _is_word(lower):
        return [run]
    bare = strip_accents(lower)
    sizes = _sizes(bare, frozenset(known) if not isinstance(known, frozenset) else known)
    parts, at = [], 0
    for size in sizes:
        parts.append(run[at : at + size])
        at += size
    return parts or [run]


@lru_cache(maxsize=8192)
def _is_word(lower: str) -> bool:
    return is_syllable(lower) or is_bare_syllable(lower) or normal_word(lower) != lower or decode(lower) is not None


@lru_cache(maxsize=8192)
def _sizes(bare: str, known: frozenset[str]) -> tuple[int, ...]:
    """The lengths of two or three known words that make up a run, empty when none do."""
    for size in range(len(bare) - 2, 1, -1):
        if bare[:size] not in known:
            continue
        if bare[size:] in known:
            return size, len(bare) - size
        rest = _sizes(bare[size:], known) if len(bare) - size >= 4 else ()
        if len(rest) == 2:
            return size, *rest
    return ()


@lru_cache(maxsize=8192)
def _is_slip(token: str) -> bool:
    return token.isalpha() and not is_syllable(token) and not is_bare_syllable(token) and decode(token) is not None


def _normal(raw: list[str]) -> list[str]:
    """The normal form of each token, neighbours considered; never empty."""
    message = frozenset(raw)
    telex = sum(map(_is_slip, raw)) >= 2
    forms = [normal_word(token, telex) or token for token in raw]
    # "nguowif": the w typed between "uo" and the rest
    forms = [decode(f.replace("uow", "uwow")) or f if "uow" in f else f for f in forms]
    before = ""
    for at, token in enumerate(raw):
        if token in context.FORMS or (len(token) > 1 and forms[at] in context.FORMS):
            short = token if token in context.FORMS else forms[at]
            after = forms[at + 1].split(" ", 1)[0] if at + 1 < len(raw) and raw[at + 1].isalnum() else ""
            forms[at] = context.read(short, context.Place(before, after, message)) or forms[at]
        before = forms[at].rsplit(" ", 1)[-1] if raw[at].isalnum() else ""
    return forms


def is_bare(text: str) -> bool:
    """Typed without diacritics, but for a stray one."""
    words = [w for w in text.lower().split() if w.isalpha()]
    marked = sum(1 for w in words if strip_accents(w) != w)
    return marked <= len(words) // 8
