"""One Vietnamese syllable: is it spelt as the language allows, and where does its tone mark belong?"""

from __future__ import annotations

import re
from functools import lru_cache

from . import tables
from .characters import put_tone, split_tone, strip_accents

_SPELLING = tables.load("syllables")
_ONSETS = sorted((str(o) for o in _SPELLING["onsets"]), key=len, reverse=True)


def _rimes(lines: list[str]) -> dict[str, int]:
    return {re.sub(r"[\[\]]", "", rime): rime.index("[") for line in lines for rime in line.split()}


_RIMES = _rimes(_SPELLING["rimes"])
_RIMES_AFTER_QU = _rimes(_SPELLING["rimes_after_qu"])
_STOPS = ("c", "ch", "p", "t")
_FRONT = "ieêy"
_BARE_RIMES = {strip_accents(rime) for rime in _RIMES}
_BARE_QU = {strip_accents(rime) for rime in _RIMES_AFTER_QU}


def _parts(bare: str) -> tuple[str, str, dict[str, int]] | None:
    """Onset, rime and the table that holds the rime, for a syllable without its tone."""
    if bare.startswith("gi") and bare[2:] in _RIMES:  # giá, giúp; but "gì" and "giếng" are g + i…
        return "gi", bare[2:], _RIMES
    if bare.startswith("gi") and bare[1:] in _RIMES:
        return "g", bare[1:], _RIMES
    if bare.startswith("qu"):
        return ("qu", bare[2:], _RIMES_AFTER_QU) if bare[2:] in _RIMES_AFTER_QU else None
    for onset in _ONSETS:
        if bare.startswith(onset) and bare[len(onset) :] in _RIMES:
            return onset, bare[len(onset) :], _RIMES
    return ("", bare, _RIMES) if bare in _RIMES else None


def _agrees(onset: str, rime: str) -> bool:
    """k/gh/ngh stand before i, e, ê (and y); c/g/ng before the others."""
    front = rime[0] in _FRONT
    if onset in ("k", "gh", "ngh"):
        return front
    return not (front and onset in ("c", "g", "ng") and not (onset == "g" and rime[0] == "i"))


@lru_cache(maxsize=65536)
def analyse(token: str) -> tuple[str, str, str] | None:
    """(onset, rime, tone) of a lower-case syllable; None when it is not one."""
    letters, tone = [], ""
    for char in token:
        letter, mark = split_tone(char)
        if mark and tone:
            return None
        tone = mark or tone
        letters.append(letter)
    parts = _parts("".join(letters))
    return (parts[0], parts[1], tone) if parts else None


@lru_cache(maxsize=65536)
def place_tone(token: str) -> str:
    """The syllable with its tone mark where the project's convention puts it; other tokens unchanged."""
    found = analyse(token)
    if found is None or not found[2]:
        return token
    onset, rime, tone = found
    at = (_RIMES_AFTER_QU if onset == "qu" else _RIMES)[rime]
    return onset + rime[:at] + put_tone(rime[at], tone) + rime[at + 1 :]


@lru_cache(maxsize=65536)
def is_syllable(token: str) -> bool:
    """Spelt as Vietnamese allows, diacritics included (a stop like ``t`` takes only sắc or nặng)."""
    found = analyse(token)
    if found is None:
        return False
    onset, rime, tone = found
    if not _agrees(onset, rime):
        return False
    return tone in ("sắc", "nặng") if rime.endswith(_STOPS) else True


@lru_cache(maxsize=65536)
def is_bare_syllable(token: str) -> bool:
    """What is left of some Vietnamese syllable when its diacritics are not typed (``duoc``, ``khong``)."""
    if not token.isascii():
        return False
    if token.startswith("qu") and token[2:] in _BARE_QU:
        return True
    for onset in ("", *(o for o in _ONSETS if o != "đ")):
        if token.startswith(onset) and token[len(onset) :] in _BARE_RIMES:
            return True
    return False
