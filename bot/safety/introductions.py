"""A message that only says who writes: no danger by itself, however often such words stand in those that tell one."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.language import normalise, strip_accents

DATA = Path(__file__).parent / "data" / "introductions.yml"


def introduces(text: str) -> bool:
    """Whether a text has only such words and a number ("con 9 tuổi", "9")."""
    return any(char.isdigit() for char in normalise(text)) and says_who(text)


def says_who(text: str) -> bool:
    """Whether a text has only such words ("bé gái"): asked for, they tell of no danger; unasked, somebody may mean by
    "chú" whom they fear."""
    return _pattern().fullmatch(strip_accents(normalise(text))) is not None


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    # BaseLoader: "no" is a word
    words = yaml.load(DATA.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["words"]  # noqa: S506
    # a number of a telephone is no age
    return re.compile(rf"(?:(?:{'|'.join(sorted(words, key=len, reverse=True))}|\d{{1,2}}|[ ,.!?~-])\b\s*|[ ,.!?~-])+")
