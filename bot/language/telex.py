"""Telex left in the text: ``ddanhs`` was meant as ``đánh``, ``bij`` as ``bị``, ``looix`` as ``lỗi``."""

from __future__ import annotations

from functools import lru_cache

from . import tables
from .characters import put_tone, split_tone
from .syllable import is_syllable, place_tone

_TABLE = tables.load("telex")
_TONES: dict[str, str] = _TABLE["tones"]
_SHAPES: dict[str, str] = _TABLE["shapes"]
_VOWELS = set("aăâeêioôơuưy")
_HORN = {"a": "ă", "o": "ơ", "u": "ư"}


def _horn(out: list[str]) -> bool:
    """A ``w`` after its vowel: the last a, o or u takes it."""
    for i in range(len(out) - 1, -1, -1):
        if out[i] in _HORN:
            out[i] = _HORN[out[i]]
            return True
    return False


def _both_horns(out: list[str]) -> None:
    """uơ before another letter is ươ, wherever the ``w`` was typed: ``nguowif``, ``nguoiwf``; but ``thuơ``."""
    for i in range(1, len(out) - 1):
        if out[i - 1 : i + 1] == ["u", "ơ"] and out[i - 2 : i - 1] != ["q"]:
            out[i - 1] = "ư"


@lru_cache(maxsize=16384)
def decode(token: str) -> str | None:
    """The syllable that the keys of ``token`` would have made, or None when they make none."""
    out: list[str] = []
    tone = ""
    used = False
    for char in token:
        letter, mark = split_tone(char)
        tone = mark or tone
        char = letter
        seen_vowel = any(c in _VOWELS for c in out)
        if char in _TONES and seen_vowel:
            tone, used = _TONES[char], True
        elif out and out[-1] + char in _SHAPES and char != "w":
            out[-1], used = _SHAPES[out[-1] + char], True
        elif char == "w" and seen_vowel:
            used = _horn(out) or used
        elif char == "d" and seen_vowel and out[0] == "d":
            out[0], used = "đ", True
        elif char == "w":
            out.append("ư")
            used = True
        else:
            out.append(char)
    if not used:
        return None
    _both_horns(out)
    first = next((i for i, c in enumerate(out) if c in _VOWELS), None)
    if first is None:
        return None
    out[first] = put_tone(out[first], tone)
    made = place_tone("".join(out))
    return made if is_syllable(made) and made != token else None
