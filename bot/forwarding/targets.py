"""What a target is: something that takes a message and says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True)
class Message:
    """One delivery's content. ``id`` is the same on every attempt: the receiver recognises repeats by it.

    ``kind``: ``report``, or later ``update`` and ``withdrawal`` with their own UUID in ``ref``. ``again``: an earlier
    attempt may have arrived; a target that can be asked is asked before anything is sent anew.
    """

    id: str
    report_id: str
    kind: str
    taken_at: float
    content: dict[str, Any]
    ref: str = ""
    again: bool = False

    def __repr__(self) -> str:
        """Without the content."""
        return f"Message(id={self.id!r})"


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt; ``code`` is a short word or status, never a body.

    ``delivered``; ``pending``: not taken, try again; ``unknown``: perhaps taken, try again with the same id;
    ``rejected``: refused for good, a person must look. ``fields`` are the names of the target's fields that it
    refused or did not keep; ``stop``: do not talk to this target again until somebody has looked at it; ``alarm``:
    tell the operators (a kind of ``bot.alerts``), although the report has arrived.
    """

    state: Literal["delivered", "pending", "unknown", "rejected"]
    code: str = ""
    retry_after: float | None = None
    fields: tuple[str, ...] = ()
    stop: bool = False
    alarm: str = ""


DELIVERED = Outcome("delivered")


class Target(Protocol):
    """A system that reports are forwarded to. ``send`` may take seconds, and may raise anything.

    A target may also have ``most_at_once`` (how many requests all workers together may have under way),
    ``credentials`` (what it logs in with; once refused, they are not tried again), ``case_status`` (see ``Polled``)
    and ``gaps`` (see ``Checked``).
    """

    @property
    def name(self) -> str:
        """The name in ``deliveries.target``."""

    def send(self, message: Message) -> Outcome:
        """Hand the message over."""


@runtime_checkable
class Polled(Protocol):
    """A target that can be asked how a case stands."""

    @property
    def name(self) -> str:
        """The name in ``deliveries.target``."""

    def case_status(self, report_id: str) -> CaseStatus:
        """Ask; may raise anything."""


@runtime_checkable
class Checked(Protocol):
    """A target whose own configuration can be compared with ours before the first report."""

    @property
    def name(self) -> str:
        """The name in ``deliveries.target``."""

    def gaps(self) -> tuple[str, ...]:
        """The fields that it does not take as we mean to send them; may raise anything."""


@dataclass(frozen=True)
class CaseStatus:
    """How a case stands: a status of ``reports``, or ``None`` when nobody has done anything that can be seen."""

    status: str | None
    code: str = ""
    stop: bool = False


class TargetError(Exception):
    """A target is configured wrongly; the text says how to mend it (one line)."""
