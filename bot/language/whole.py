"""The bare form of a message, and whether a short one is only one wish or answer, with the small words around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from . import tables
from .characters import strip_accents
from .normal import normalise


def bare_form(text: str) -> str:
    """The normal form without diacritics: what signs and patterns are read on."""
    return strip_accents(normalise(text))


def says(text: str, signs: Sequence[str]) -> bool:
    """Whether the whole text says one of ``signs`` (regular expressions on the normal form without diacritics)."""
    return _pattern(tuple(signs)).fullmatch(bare_form(text).strip(" .,!?~")) is not None


@lru_cache(maxsize=64)
def _pattern(signs: tuple[str, ...]) -> re.Pattern[str]:
    around = tables.load("small_words")
    core = "|".join(f"(?:{sign})" for sign in signs)
    return re.compile(rf"(?:{around['before']}[ ,.]+)*(?:{core})(?:[ ,.]+{around['after']})*")
