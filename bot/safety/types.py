"""What the safety room says about a message: words shared by every other room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Risk = Literal["none", "low", "medium", "high", "immediate"]
Kind = Literal["none", "disclosure", "emergency", "self_harm", "offender", "worry"]
RISKS: tuple[Risk, ...] = ("none", "low", "medium", "high", "immediate")
ALARM: Risk = "medium"
"""From this risk on a message is at risk: the person gets help, a choice and the numbers in the same turn."""


ASKS_TO_DIE = ("self-harm-method",)
OFFENDERS_WISH = ("contact-minors", "sexual-content")
"""Requests (``nlu_data/refused``) of who may do harm themselves."""
HIDERS_WISH = ("evade", "spying", "reporter", "case-data")
"""Those of who hides harm or looks for who told. Secrets, doses and blows are wished for by victims, too."""
"""Kinds of requests that say more of the asker than of what they ask for: the safe words come before any refusal."""
ON_THE_WAY = ("start_report", "check_report", "talk_to_human", "quick_exit")
"""Intents of people who are on the way to help already, or must hide: no alarm by itself, however grave the matter."""


class RiskModelError(Exception):
    """The model or the words for danger cannot be used; the text says in one line how to mend it."""


@dataclass(frozen=True)
class Assessment:
    """How dangerous a message is. ``reasons`` are Vietnamese phrases for an officer and never quote the message.

    ``kind`` ``worry`` is the doubtful case: the gentle form, not the alarm.
    """

    risk: Risk = "none"
    kind: Kind = "none"
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)
    codes: tuple[str, ...] = ()
    """What the reasons stand for, for choosing an answer and for counting; never text of the message."""
    request: str | None = ""
    """The kind of a request that must not be answered, as the model sees it; empty when it sees none; None when it is
    sure that there is none, whatever the words look like."""

    @property
    def at_risk(self) -> bool:
        """The only definition of an alarm."""
        return level(self.risk) >= level(ALARM)


@dataclass(frozen=True)
class Context:
    """What is known of the conversation: the highest risk so far, whether a form is being filled, last messages."""

    earlier: Risk = "none"
    in_form: bool = False
    recent: tuple[str, ...] = ()


def level(risk: Risk) -> int:
    """The risk's place from 0 (none) to 4 (immediate)."""
    return RISKS.index(risk)


def higher(one: Risk, other: Risk) -> Risk:
    """The graver of two risks."""
    return one if level(one) >= level(other) else other
