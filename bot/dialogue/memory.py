"""What is remembered of one chat between messages."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bot.safety import Risk


@dataclass
class Memory:
    """What is remembered of one chat between messages (sealed at rest)."""

    introduced: bool = False
    audience: str | None = None
    audience_chosen: bool = False
    audience_stated: bool = False
    """The voice follows from an age or class that the person stated of themselves: later words do not change it."""
    risk: Risk = "none"
    recent: list[str] = field(default_factory=list)
    in_form: bool = False
    helped: bool = False
    """The long safe answer has been given; while nothing graver is said, the short one follows."""
    draft: bool = False
    """A report was begun and not sent: the chat is kept for longer, so that it can be taken up again."""
    asked: str = ""
    """What the last safe answer asked (``bot.safety.asked``): the next words may be the answer."""
    safe_form: str = ""
    """Which safe words were said last: the same are not said twice in a row to somebody who tells word by word."""
    awaits: str = ""
    """The step behind the receipt that waits for the person's next words."""
    offered: dict[str, str] = field(default_factory=dict)
    """The buttons that stand under the last answer, by their title: some people type what they read there."""
    safe_at: float = 0.0
    """When those were said (seconds since 1970): after a while the person may tell of another day."""
    swallowed_at: float = 0.0
    """When somebody said that they had swallowed what may kill: for some hours how it feels is answered by 115."""

    writes_only: bool = False
    """The person has said that they cannot be heard on a telephone: safe words tell them to write, not to call."""

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Memory:
        known = {k: v for k, v in (data or {}).items() if k in cls.__dataclass_fields__}
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
