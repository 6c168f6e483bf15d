"""The fixed evaluation set: messages of situations that the training data lacks, labelled twice independently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.language import bare_form
from bot.nlu.data import RISKS, Example
from bot.safety.model import DANGER
from bot.settings import ROOT

MESSAGES = ROOT / "nlu_evaluation" / "messages.yml"


class FixedSetError(ValueError):
    """An evaluation file that does not say what it must; one line that names file and entry, never a message."""


@dataclass(frozen=True)
class Label:
    """What one annotator took a message for."""

    intent: str
    risk: str

    @property
    def at_risk(self) -> bool:
        """A disclosure, an emergency or self-harm."""
        return self.intent in DANGER


@dataclass(frozen=True)
class Message:
    """One written message with its two labels."""

    text: str
    situation: str
    audience: str
    first: Label
    second: Label

    @property
    def at_risk(self) -> bool:
        """Both annotators say so."""
        return self.first.at_risk and self.second.at_risk

    @property
    def safe(self) -> bool:
        """Neither annotator sees a risk. What is neither at risk nor safe counts in no risk figure."""
        return not self.first.at_risk and not self.second.at_risk

    @property
    def immediate(self) -> bool:
        """Both annotators see a danger that is happening now."""
        return self.at_risk and self.first.risk == self.second.risk == "immediate"

    def truth(self, guess: str) -> str:
        """The intent a guess is measured by: itself when either annotator gave it, else the first annotator's."""
        return guess if guess in (self.first.intent, self.second.intent) else self.first.intent


def load_messages(path: Path = MESSAGES) -> list[Message]:
    """Every message of the set. Raises ``FixedSetError``."""
    try:
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError):
        raise FixedSetError(f"{path.name} cannot be read: check out nlu_evaluation again.") from None
    return [_message(row, f"{path.name}, message {number}") for number, row in enumerate(rows or [], 1)]


def _message(row: dict[str, Any], where: str) -> Message:
    try:
        first, second = Label(row["intent"], row["risk"]), Label(row["second"]["intent"], row["second"]["risk"])
        text, situation, audience = str(row["text"]).strip(), str(row["situation"]), str(row["audience"])
    except (KeyError, TypeError) as error:
        raise FixedSetError(f"{where} lacks {error}.") from None
    for label in (first, second):
        if label.risk not in RISKS:
            raise FixedSetError(f"{where} has the risk {label.risk!r}; use one of {', '.join(RISKS)}.")
    return Message(text, situation, audience, first, second)


def sameness(text: str) -> str:
    """What two messages have in common that are the same for our purpose: the normal form without diacritics."""
    return bare_form(text)


def shared(messages: Sequence[Message], examples: Sequence[Example]) -> list[Message]:
    """The messages whose text or situation the training data has too (there must be none)."""
    texts, situations = {sameness(e.text) for e in examples}, {e.situation for e in examples}
    return [m for m in messages if m.situation in situations or sameness(m.text) in texts]


def agreement(messages: Sequence[Message]) -> dict[str, float]:
    """How far the two annotators agree, as shares of all messages: what a perfect system could be expected to reach."""
    count = max(1, len(messages))
    return {
        "intent": sum(m.first.intent == m.second.intent for m in messages) / count,
        "at_risk": sum(m.at_risk or m.safe for m in messages) / count,
        "risk": sum(m.first.risk == m.second.risk for m in messages) / count,
    }
