"""What a message at risk asks beside what it tells: by its words (``questions.yml``), and by the intent where that is
known. Whoever is at risk gets the safe words first; this decides whether an answer may stand behind them."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.knowledge.search import INTENT_KINDS, Search
from bot.knowledge.texts import load_data
from bot.language import bare_form
from bot.language.audience import GROWN

if TYPE_CHECKING:
    from bot.safety import Assessment

FEW = 6
"""Words; who says no more than that and asks nothing wants nothing beside the safe words."""


def may_inform(search: Search, text: str, who: str, intent: str | None, assessment: Assessment) -> bool:
    """Whether a message at risk is a question too, and one that may be answered."""
    if assessment.kind == "offender":
        return False
    grown = who in GROWN
    if grown and search.asks_law(text):
        return True
    known = intent in INTENT_KINDS
    if assessment.risk == "immediate":
        return grown and ((known and says("cues", text)) or ends_asking(text))
    if known or (grown and ends_asking(text)):
        return True
    if assessment.kind in ("self_harm", "emergency"):
        return False
    return assessment.risk == "medium" or asks(search, text, intent)


def asks(search: Search, text: str, intent: str | None) -> bool:
    """Whether a message is a question, by its intent or by its own words."""
    if intent is None or intent in INTENT_KINDS:
        return True
    return search.asks_law(text) or says("cues", text) or says("pleas", text) or ends_asking(text)


def asks_plainly(search: Search, text: str, intent: str | None) -> bool:
    """Whether a message asks in so many words."""
    if search.asks_law(text) or says("cues", text) or ends_asking(text):
        return True
    return intent in INTENT_KINDS and says("pleas", text)


def enough(search: Search, text: str, intent: str | None, limits: dict[str, float]) -> float:
    """The score from which on something is said beside the safe words: of who asks in so many words what any question
    needs, of who tells more, since what is found for a story is mostly found by chance."""
    plainly = asks_plainly(search, text, intent)
    if not plainly and len(text.split()) <= FEW:
        return math.inf  # a few words score high by few others
    return limits["clarify_known_intent" if plainly else "beside"]


def ends_asking(text: str) -> bool:
    """Whether a part of the last sentence is a question ("ai phải chịu tiền thuốc", "có bị gì không ạ, tôi lo quá") and
    no cry for help."""
    last = re.split(r"[.!\n]+\s*|[?]+\s*", text.strip(" .!?\n"))[-1]
    parts = [part.strip(" .,!?~") for part in re.split(r"[,;]+| (?:va|hay) (?=\w+ \w+)", bare_form(last))]
    return any(cue("ending").search(part) and not cue("pleas").search(part) for part in parts)


def says(kind: str, text: str) -> bool:
    """Whether words of a kind (``questions.yml``) stand in a text."""
    return cue(kind).search(bare_form(text)) is not None


@lru_cache(maxsize=8)
def cue(kind: str) -> re.Pattern[str]:
    """What tells a question, a plea or a wish to know what is kept from a story (``questions.yml``), no diacritics."""
    return re.compile("|".join(rf"\b(?:{sign})(?!\w)" for sign in load_data("questions.yml")[kind]))
