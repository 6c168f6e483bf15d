"""Characters: what may stay in a message, accents, and the six tones."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TONES = {"": "", "\u0301": "sắc", "\u0300": "huyền", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
MARK_OF = {name: mark for mark, name in TONES.items()}
_KEEP = {"\n": " ", "\t": " ", "\r": " ", "\u00a0": " ", "\u2028": " ", "\u2029": " "}
_SPACES = re.compile(r"\s+")
_STACKED = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20dc]+")


def _drop(char: str) -> str:
    if char in _KEEP:
        return _KEEP[char]
    # Cc control, Cf zero-width and direction marks, Cs/Co/Cn lone surrogates and private or unassigned ones.
    return "" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") else char


def clean(text: str) -> str:
    """NFC without control, zero-width or direction-changing characters, white space folded.

    Case and emoji stay: this is the form shown to people and kept in reports.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip()
    kept = "".join(_drop(char) if not char.isalnum() else char for char in unicodedata.normalize("NFC", text))
    return _SPACES.sub(" ", _STACKED.sub("", unicodedata.normalize("NFC", kept))).strip()


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char in "đĐ":
        return "d" if char == "đ" else "D"
    return "".join(c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn")


def strip_accents(text: str) -> str:
    """The text without Vietnamese diacritics, character by character (lengths stay equal for NFC text)."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _plain(char) for char in text)


@lru_cache(maxsize=4096)
def split_tone(char: str) -> tuple[str, str]:
    """A letter as (letter without tone, tone name); ``ấ`` is ``("â", "sắc")``."""
    decomposed = unicodedata.normalize("NFD", char)
    tone = next((TONES[mark] for mark in decomposed[1:] if mark in TONES), "")
    rest = "".join(c for i, c in enumerate(decomposed) if i == 0 or c not in TONES)
    return unicodedata.normalize("NFC", rest), tone


def put_tone(char: str, tone: str) -> str:
    """A letter with a tone on it."""
    return unicodedata.normalize("NFC", char + MARK_OF[tone]) if tone else char
