"""Whether a sentence that sounds like leaving is one: only then is the chat hidden and forgotten."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.language import bare_form

DATA = Path(__file__).parent / "data" / "leaving.yml"
SENTENCE = 5
"""Words; who must hide types fewer."""


@lru_cache(maxsize=1)
def _signs() -> dict[str, re.Pattern[str]]:
    loaded: dict[str, list[str]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return {name: re.compile(rf"\b(?:{'|'.join(signs)})\b") for name, signs in loaded.items()}


def silences(text: str) -> bool:
    """Whether the machine is told, in a whole message, to be silent ("m im đi")."""
    return _whole("rude", text) or _whole("silence", text)


def is_leaving(text: str, told: bool = True) -> bool:
    """Whether the words ask to hide the chat, or say that somebody comes or looks. "ba đi rồi" and "đừng mách má"
    sound alike and mean the opposite: to forget then what was told would lose it.

    ``told``: harm was told before; only then is "im đi" the word of somebody who hides."""
    bare = bare_form(text)
    signs = _signs()
    if _whole("rude", text) or (_whole("silence", text) and not told):
        return False
    hides = signs["hide"].search(bare) and not signs["flees"].search(bare)
    near = signs["near"].search(bare) and not signs["pleads"].search(bare) and not is_watched(text)
    return bool(hides or near)


def _whole(sign: str, text: str) -> bool:
    return _signs()[sign].fullmatch(bare_form(text).strip(" .,!?~")) is not None


def is_watched(text: str) -> bool:
    """Whether somebody reads the person's phone now and then, and not at this moment."""
    bare, signs = bare_form(text), _signs()
    if not signs["reads"].search(bare) or signs["now"].search(bare):
        return False
    return bool(signs["often"].search(bare)) or len(bare.split()) >= SENTENCE
