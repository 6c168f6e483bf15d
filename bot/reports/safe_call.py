"""How a reporter may be called back safely: when, whom to ask for, and a word that says who is calling.

Nobody is called without such an agreement; it is the reporter's to change or take back at any time.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, validator

from bot.reports.words import load

MAX_FIELD = 200


class SafeCall(BaseModel):
    """Every part may be missing, but without a number and a time nobody calls (``agreed``)."""

    number: str | None = None
    hours: str | None = None
    """When it is safe, in the reporter's words ("sau 7 giờ tối, khi mẹ ở nhà")."""
    ask_for: str | None = None
    """Whom to ask for, or who may pick up."""
    word: str | None = None
    """A word that the caller says, by which the reporter knows them ("mua sách")."""

    class Config:
        extra = "forbid"

    @validator("*", pre=True)
    def _short(cls, value: Any) -> Any:  # noqa: N805
        return (" ".join(value.split())[:MAX_FIELD] or None) if isinstance(value, str) else None

    @property
    def agreed(self) -> bool:
        """Whether an officer may call."""
        return bool(self.number and self.hours)

    def lines(self) -> list[tuple[str, str]]:
        """What was said, as label and value, for an officer."""
        labels = load("safe_call")["labels"]
        return [(str(labels[name]), value) for name, value in self.dict().items() if value]

    def words(self) -> str:
        """The same as one text (a note to the case, a line of the form)."""
        return "; ".join(f"{label}: {value}" for label, value in self.lines())

    def __repr__(self) -> str:
        """Without what was said."""
        return f"SafeCall(agreed={self.agreed})"

    __str__ = __repr__


def note(call: SafeCall | None) -> str:
    """The addition to a report that says how to call from now on; ``None``: no more calls are wanted."""
    words = load("safe_call")
    if call is None or not call.lines():
        return str(words["withdrawn"])
    return str(words["changed"].format(call=call.words()))
