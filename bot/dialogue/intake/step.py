"""One step of the form, and which questions it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.phrases import load_yaml

from .fields import (
    CHOICE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    FIXING,
    MORE,
    OUTCOME,
    PHONE,
    PLACE,
    REPORTER,
    STORY,
    STUCK,
)

IN_DANGER = (DANGER, PLACE, STORY, CONTACT)
"""With danger now: where, what is happening, can we write back. Nothing else is asked."""


@dataclass(frozen=True)
class Step:
    """``updates``: slots to set (None asks again); ``interrupted``: a question for the rules, nothing is set;
    ``say``: the response that comes before the next question."""

    updates: dict[str, Any]
    interrupted: bool = False
    say: str | None = None


def questions() -> tuple[str, ...]:
    """Every question that anybody may be asked, and the two choices, in the form's order."""
    asked = load_yaml("intake.yml")["asked"]
    return tuple(dict.fromkeys([CONSENT, *(name for voice in asked.values() for name in voice), CONFIRM]))


def required(slots: Mapping[str, Any], audience: str = "teen") -> list[str]:
    """The questions of this report in order; none once the outcome is known."""
    if slots.get(OUTCOME):
        return []
    if slots.get(STUCK):
        return [CHOICE]
    asked = load_yaml("intake.yml")["asked"]
    base = list(IN_DANGER if slots.get(DANGER) is True else asked.get(audience, asked["teen"]))
    if slots.get(MORE) is True and DANGER in base and slots.get(DANGER) is not True:
        base += asked["more"]
        if _number_known(slots):
            base.remove(PHONE)
    fixing = slots.get(FIXING)
    if fixing and fixing not in base:
        base.append(fixing)
    return [CONSENT, *base, CONFIRM]


def _number_known(slots: Mapping[str, Any]) -> bool:
    """Whether the reporter's telephone stands in another answer, and is not asked for again."""
    said = " ".join(str(slots.get(name) or "") for name in (CONTACT, REPORTER))
    return slots.get(PHONE) is None and re.search(r"\d{9,}", re.sub(r"[ .-]", "", said)) is not None
