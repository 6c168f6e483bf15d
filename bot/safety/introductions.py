"""Messages of few words: who only says who writes is in no danger by that; who only says "con sợ" may be."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.language import bare_form, normalise, strip_accents

DATA = Path(__file__).parent / "data" / "introductions.yml"
FEAR, FEW = ("sợ", "so"), 8
_WORD = re.compile(r"\w+")
_I_AM = re.compile(r"(?:(?:da|thua|chao|xin|alo|co|bot)[ ,]+)*(?:toi|tui|minh|em|con|chau) la\b")


def introduces(text: str) -> bool:
    """Whether a text has only such words and a number ("con 9 tuổi", "9"), or says "I am" ("tôi là giáo viên")."""
    normal = bare_form(text)
    return (any(char.isdigit() for char in normal) or _I_AM.match(normal) is not None) and says_who(text)


def says_who(text: str) -> bool:
    """Whether a text has only such words ("bé gái"): asked for, they tell of no danger; unasked, somebody may mean by
    "chú" whom they fear."""
    return _pattern().fullmatch(bare_form(text)) is not None


def only_afraid(text: str) -> bool:
    """Whether a text says only that somebody is afraid ("con sợ", "so qua co oi"), and not of what."""
    words = _WORD.findall(normalise(text))
    rest = [strip_accents(word) for word in words if word not in FEAR]
    if len(rest) == len(words) or len(words) > FEW or (rest == [] and words == ["so"]):
        return False
    return set(rest) <= _beside_fear()


@lru_cache(maxsize=1)
def _beside_fear() -> frozenset[str]:
    words = yaml.load(DATA.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["beside_fear"]  # noqa: S506
    return frozenset(part for word in words for part in word.split())


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    # BaseLoader: "no" is a word
    words = yaml.load(DATA.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["words"]  # noqa: S506
    # a number of a telephone is no age
    return re.compile(rf"(?:(?:{'|'.join(sorted(words, key=len, reverse=True))}|\d{{1,2}}|[ ,.!?~-])\b\s*|[ ,.!?~-])+")
