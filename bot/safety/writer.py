"""Who does what in a message: the writer themselves, or somebody they tell of. "Tui lỡ đụng con bé" owns up,
"ổng nói lỡ đụng con bé" tells of another.

Read on the normal form without diacritics; words that are another word without them are set apart first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bot.language import normalise, strip_accents
from bot.language.own_age import own_ages

from .signs import any_of, read_signs

GROWN = 18
AS_OBJECT = ("con", "em", "chau")
"""The writer, or whom somebody else does it to."""
NEAR = 9
"""Words between who acts and the act."""


def apart(text: str) -> str:
    """The text without diacritics, in which "sợ" is not "sờ" and "tội" not "tôi"."""
    normal = normalise(text)
    for word, instead in table()["apart"].items():
        normal = re.sub(rf"(?<!\w){word}(?!\w)", instead, normal)
    return strip_accents(normal)


def by_writer(bare: str, at: int, *, silent: bool = False) -> bool:
    """Whether what stands ``at`` is the writer's own deed or wish: the last person named before it in its sentence is
    they. ``silent``: nobody need be named."""
    before = re.split(r"[.!?]", bare[:at])[-1]
    named = list(sign("who").finditer(before))
    if not named:
        return silent and not sign("reported").search(before)
    last, gap = named[-1], before[named[-1].end() :]
    if last.lastgroup != "me" or len(gap.split()) > NEAR:
        return False
    first = next(iter(sign("who").finditer(re.split(r"[,;:]", before)[-1])), last)
    if last["me"] in AS_OBJECT and first.lastgroup != "me" and " nhu " not in before:
        return False  # "ông cậu nuôi cháu từ nhỏ mà …": the one who is told of does it
    led = before[: last.start()].split()[-1:]  # "bắt con", "nói tui": somebody else makes or says it
    return not (led and sign("led").fullmatch(led[0])) and not sign("reported").search(gap)


def says_grown_up(text: str) -> bool:
    """Whether the writer gives a grown-up's age, or is to a child what only grown-ups are."""
    if sign("grown_up").search(apart(text)):
        return True
    years = [age.years for age in own_ages(text)]
    return bool(years) and min(years) >= GROWN


def table() -> dict[str, Any]:
    """What is read from ``data/deeds.yml``."""
    return read_signs("deeds")


@lru_cache(maxsize=64)
def sign(name: str) -> re.Pattern[str]:
    """A table as one expression between word boundaries; ``{parts}`` are the entries under ``parts``."""
    return any_of(table()[name], table()["parts"])
