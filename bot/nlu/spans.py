"""A message cut for pattern matching, with the way back to the offsets of the original text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from bot.language import strip_accents


@dataclass(frozen=True)
class Cut:
    """``text`` has a space between all words, numbers and signs; ``starts``/``ends`` lead back to the original."""

    text: str
    starts: list[int]
    ends: list[int]
    bare: bool

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets of a span of ``text``."""
        return self.starts[start], self.ends[end - 1]


def _kind(char: str) -> str:
    if char.isspace():
        return " "
    if char.isdigit():
        return "0"
    return "a" if char.isalpha() else char


def cut(original: str) -> Cut:
    """Compose letters (NFC), put spaces between "9" and "t", words and signs; case stays."""
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    before = " "
    while at < len(original):
        end = at + 1
        while end < len(original) and unicodedata.combining(original[end]):
            end += 1
        composed = unicodedata.normalize("NFC", original[at:end])[:1]
        kind = _kind(composed)
        if kind != before and " " not in (kind, before) or (kind not in " 0a" and before == kind):
            letters.append(" ")
            starts.append(at)
            ends.append(at)
        letters.append(" " if kind == " " else composed)
        starts.append(at)
        ends.append(end)
        before, at = kind, end
    text = "".join(letters)
    return Cut(text, starts, ends, is_bare(text))


def is_bare(text: str) -> bool:
    """Typed without diacritics, but for a stray one."""
    words = [w for w in text.lower().split() if w.isalpha()]
    marked = sum(1 for w in words if strip_accents(w) != w)
    return marked <= len(words) // 8
