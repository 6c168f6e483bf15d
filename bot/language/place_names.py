"""Names of places taken out of a text: in "em ở Rạch Giá" their syllables would be read as words ("rạch", "giá")."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.language.characters import strip_accents
from bot.language.normal import normalise
from bot.language.tables import load


def judged_form(text: str) -> str:
    """A text as the models read it, in training and after: the normal form without names of places."""
    return without_places(normalise(text))


def without_places(normal: str) -> str:
    """A text in the normal form with a neutral word for each name that a word before it, or standing alone, shows to be
    one. Read without diacritics, since a message may have some and lack others."""
    bare = strip_accents(normal)
    if len(bare) != len(normal):
        return normal
    behind, alone, instead = _patterns()
    instead = strip_accents(instead) if bare == normal else instead
    if alone.fullmatch(bare):
        return instead
    parts, at = [], 0
    for found in behind.finditer(bare):
        parts += [normal[at : found.start("name")], instead]
        at = found.end("name")
    return "".join([*parts, normal[at:]])


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], str]:
    data = load("place_names")
    names = strip_accents("|".join(sorted(data["names"], key=len, reverse=True)))
    before, around = strip_accents(data["before"]), strip_accents(data["around"])
    behind = re.compile(rf"\b(?:{before}) (?P<name>{names})\b")
    alone = re.compile(rf"(?:(?:{around}) )*(?:{names})(?: (?:{around}))*[ .,!?]*")
    return behind, alone, str(data["instead"])
