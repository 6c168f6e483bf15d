"""What a target is: something that takes a message and says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Message:
    """One delivery's content. ``id`` is the same on every attempt: the receiver recognises repeats by it."""

    id: str
    report_id: str
    kind: str
    taken_at: float
    content: dict[str, Any]

    def __repr__(self) -> str:
        """Without the content."""
        return f"Message(id={self.id!r})"


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt; ``code`` is a short word or status, never a body.

    ``delivered``; ``pending``: not taken, try again; ``unknown``: perhaps taken, try again with the same id;
    ``rejected``: refused for good, a person must look.
    """

    state: Literal["delivered", "pending", "unknown", "rejected"]
    code: str = ""
    retry_after: float | None = None


DELIVERED = Outcome("delivered")


class Target(Protocol):
    """A system that reports are forwarded to. ``send`` may take seconds, and may raise anything."""

    @property
    def name(self) -> str:
        """The name in ``deliveries.target``."""

    def send(self, message: Message) -> Outcome:
        """Hand the message over."""


class TargetError(Exception):
    """A target is configured wrongly; the text says how to mend it (one line)."""
