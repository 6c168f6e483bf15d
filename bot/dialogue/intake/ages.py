"""Whose age a number is: an age is the child's only where nothing says that it is somebody else's, or when it began."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.language import bare_form

from .message import Message
from .whom import ADULTS, words

OLDEST_CHILD = 18
OWN, ANOTHERS, ANYBODYS = "own", "anothers", "anybodys"
"""Said of the writer, of the child they tell of, or of nobody by name."""


def ages_in(message: Message) -> list[tuple[str, int]]:
    """The ages of children in a message with whose they are; those of who harms and of when it began are left out."""
    text, found = message.text, []
    ages = [one for one in message.found if one["entity"] == "age"]
    if not ages and message.entities.get("age"):
        ages = [{"value": message.entities["age"]}]
    at = 0
    for one in ages:
        said = str(one.get("text") or "")
        start = text.find(said, at) if said else -1
        at = max(at, start + len(said))
        value = _small(one["value"])
        whose = _whose(text, start, said) if start >= 0 else ANYBODYS
        if value is not None and whose is not None:
            found.append((whose, value))
    return found


def childs_age(message: Message, audience: str = "teen", subject: str | None = None) -> int | None:
    """The age of the child that the report is about, as far as the message says it."""
    ages = ages_in(message)
    first: Mapping[str, int] = dict(reversed(ages))
    if audience in ADULTS:
        return ages[0][1] if ages else None
    order = (ANOTHERS, ANYBODYS) if subject == "other" else (OWN, ANYBODYS)
    return next((first[whose] for whose in order if whose in first), None)


def age_alone(text: str) -> int | None:
    """An age that is all that is said ("12", "da con 9 thoi"): no number of things, times or hours."""
    found = re.fullmatch(words()["age"]["alone"], bare_form(text).strip(" .,!?~"))
    return _small(found.group(1)) if found else None


def _whose(text: str, start: int, said: str) -> str | None:
    """Whose age stands there; None when it is of who harms, or of the time when it began."""
    signs = words()["age"]
    number = re.search(r"\d", said)
    upto = text[: start + (number.start() if number and number.start() < len(said) else 0)]
    before = bare_form(re.split(r"[,.;!?\n]", upto)[-1] + " ").rstrip() + " "
    before = re.sub(signs["grade"], "", before)
    behind = bare_form(text[start + len(said) :])
    if re.search(signs["began"], before) or (said[-1].isdigit() and re.match(signs["count"], behind)):
        return None
    if re.search(signs["anothers"], before) and not re.search(signs["does"], behind):
        return ANOTHERS
    if re.search(signs["doers"], before) or re.search(signs["crowd"], upto.lower()):
        return None
    return OWN if re.search(signs["own"], before) else ANYBODYS


def _small(value: Any) -> int | None:
    digits = re.search(r"\d{1,3}", str(value))
    return int(digits.group()) if digits and 0 < int(digits.group()) <= OLDEST_CHILD else None
