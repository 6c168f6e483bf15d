"""The ages of children that a question names, and whether they speak against an item that holds for some ages only.

Whoever asks about a child of 15 must not be told the article for those from 16 on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.knowledge.models import Item
from bot.knowledge.texts import load_data
from bot.language import bare_form
from bot.language.audience import SCHOOL

OF_AGE = 18
"""Years; those of grown-ups tell nothing about which article protects a child."""
ANY = (0, 1000)
"""The ages of an item that holds for all."""


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, int], frozenset[str], re.Pattern[str], re.Pattern[str]]:
    """Number words, what means "below", ages, classes: on the normal form without diacritics (``ages.yml``)."""
    data = load_data("ages.yml")
    spelt: dict[str, int] = data["numbers"]
    number = "|".join([r"\d{1,2}", *sorted(spelt, key=len, reverse=True)])
    clear = "|".join([r"\d{1,2}", *(word for word in spelt if " " in word)])  # "con ba" is no age
    bound, who, not_age = ("|".join(data[name]) for name in ("bounds", "who", "not_age"))
    ages = (
        rf"\b(?:(?P<bound>{bound}) )?(?P<first>{number})(?:(?: ?- ?| ?, | den | toi | hay )(?P<other>{number}))?"
        rf" ?tuoi\b"
        rf"|\b(?P<who>{who}) (?P<bare>{clear})\b(?! ?(?:{not_age})\b)"
    )
    return spelt, frozenset(data["below"]), re.compile(ages), re.compile(r"\blop (\d{1,2})(?!\d)")


def named(text: str) -> frozenset[int]:
    """The ages under ``OF_AGE`` that a text names, in years; "dưới 16 tuổi" names the 15th, "lớp 8" two."""
    spelt, below, ages, classes = _patterns()
    bare = bare_form(text)

    def value(number: str) -> int:
        return int(number) if number.isdigit() else spelt[number]

    found: set[int] = set()
    for match in ages.finditer(bare):
        numbers = [value(n) for n in match.group("first", "other", "bare") if n]
        found.update(n - 1 if {match["bound"], match["who"]} & below else n for n in numbers)
    for match in classes.finditer(bare):
        if 1 <= int(match[1]) <= 12:
            found.update((int(match[1]) + SCHOOL, int(match[1]) + SCHOOL + 1))
    return frozenset(age for age in found if 0 < age < OF_AGE)


def bounds(items: Sequence[Item]) -> npt.NDArray[np.int64]:
    """The ages that each item holds for, one row (from, below) an item."""
    return np.array([item.ages or ANY for item in items], dtype=np.int64).reshape(len(items), 2)


def against(bounds: npt.NDArray[np.int64], ages: frozenset[int]) -> npt.NDArray[np.float32]:
    """-1 for each item whose ages hold none of those that are named, 0 for all others."""
    if not ages:
        return np.zeros(len(bounds), dtype=np.float32)
    told = np.array(sorted(ages))
    inside = (bounds[:, :1] <= told) & (told < bounds[:, 1:])
    return np.where(inside.any(axis=1), 0.0, -1.0).astype(np.float32)
