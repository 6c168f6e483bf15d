"""Whether a sentence that sounds like leaving is one: only then is the chat hidden and forgotten."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.language import normalise, strip_accents

DATA = Path(__file__).parent / "data" / "leaving.yml"


@lru_cache(maxsize=1)
def _signs() -> dict[str, re.Pattern[str]]:
    loaded: dict[str, list[str]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return {name: re.compile(rf"\b(?:{'|'.join(signs)})\b") for name, signs in loaded.items()}


def is_leaving(text: str) -> bool:
    """Whether the words ask to hide the chat, or say that somebody comes or looks. "ba đi rồi" and "đừng mách má"
    sound alike and mean the opposite: to forget then what was told would lose it."""
    bare = strip_accents(normalise(text))
    signs = _signs()
    hides = signs["hide"].search(bare) and not signs["flees"].search(bare)
    return bool(hides or (signs["near"].search(bare) and not signs["pleads"].search(bare)))
