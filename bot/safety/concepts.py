"""Words of one meaning as one feature, so that the model carries over what it learnt to words it never saw."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import yaml

from bot.language import strip_accents

from .types import RiskModelError

DATA = Path(__file__).parent / "data" / "concepts.yml"
REACH = 4
"""A concept is paired with those up to three places after it."""
_WORD = re.compile(r"\w+|[.!?,]")


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], int]:
    try:
        raw: dict[str, list[str]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RiskModelError(f"The concepts {DATA} cannot be read: restore it from the project") from error
    table: dict[str, str] = {}
    for concept, phrases in raw.items():
        for phrase in phrases:
            table.setdefault(str(phrase).lstrip("!"), concept)
    bare = [(strip_accents(str(p)), c) for c, phrases in raw.items() for p in phrases if str(p)[0] != "!"]
    for phrase, concept in bare:
        table.setdefault(phrase, concept)
    return table, max(len(phrase.split()) for phrase in table)


def concepts(normal: str) -> list[str]:
    """The concepts of a message in their order, longest phrases first."""
    table, longest = _table()
    words = _WORD.findall(normal)
    found: list[str] = []
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            concept = table.get(" ".join(words[at : at + size]))
            if concept:
                found.append(concept)
                at += size
                break
        else:
            at += 1
    return found


def concept_grams(normal: str) -> list[str]:
    """Single concepts, what follows what, what occurs together, and how long the message is."""
    order = concepts(normal)
    grams: list[str] = []
    for i, first in enumerate(order):
        grams.append(first)
        for j in range(i + 1, min(i + REACH, len(order))):
            grams.append(f"{first}>{order[j]}")
            if j + 1 < min(i + REACH, len(order)):
                grams.append(f"{first}>{order[j]}>{order[j + 1]}")
    grams.extend(f"{a}&{b}" for a, b in combinations(sorted(set(order)), 2))
    grams.append(f"length {min(6, len(normal.split()).bit_length())}")
    return grams
