"""The whole trained system at work on many messages: NLU and risk, as the program runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.nlu.parser import Parser
from bot.safety import RiskAssessor
from bot.safety.types import ALARM, level


@dataclass(frozen=True)
class Answer:
    """What the system makes of one message."""

    intent: str
    confidence: float
    risk: int
    """Its level, 0 (none) to 4 (immediate)."""
    score: float
    """What the risk is graded from, 0 to 1."""
    refused: bool = False
    """Whether it is taken for a request that must not be answered."""

    @property
    def alarm(self) -> bool:
        """Whether the person gets the safe words and the numbers."""
        return self.risk >= level(ALARM)


class System:
    """The trained models."""

    def __init__(self, parser: Parser, assessor: RiskAssessor) -> None:
        self._parser, self._assessor = parser, assessor

    @classmethod
    def load(cls, models_dir: Path) -> System:
        """Load the models. Raises ``ModelError`` or ``RiskModelError`` with a one-line remedy."""
        return cls(Parser.load(models_dir), RiskAssessor.load(models_dir))

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        """One answer a message, each message judged by itself: no conversation before it, and none beside it, since the
        8-bit encoder scales its numbers to all that it reads at once."""
        found: list[Answer] = []
        for text in texts:
            (parsed,) = self._parser.parse_all([text])
            risk = self._assessor.assess(text)
            found.append(Answer(parsed.intent, parsed.confidence, level(risk.risk), risk.score, bool(risk.request)))
        return found
