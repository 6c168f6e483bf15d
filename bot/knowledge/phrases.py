"""The sentences of the answerer (``phrases.yml``) and the requests that it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.knowledge.index import plain

LONGEST_REQUEST = 220
"""Longer texts tell a story; what they ask for is not read by patterns."""


@dataclass(frozen=True)
class Refusal:
    """A kind of request that is never answered plainly."""

    id: str
    patterns: list[re.Pattern[str]]
    unless: list[str]
    advice: list[str]
    texts: dict[str, str]

    def fits(self, bare: str) -> bool:
        """Whether a question without diacritics is such a request."""
        if len(bare) > LONGEST_REQUEST or any(re.search(rf"(?<!\w){word}(?!\w)", bare) for word in self.unless):
            return False
        return any(pattern.search(bare) for pattern in self.patterns)


class Phrases:
    """Chooses a sentence for an audience."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._say: dict[str, dict[str, str]] = data["say"]
        self._buttons: dict[str, str] = data["buttons"]
        self.refusals = [
            Refusal(
                entry["id"],
                [re.compile(rf"(?<!\w)(?:{pattern})") for pattern in entry["patterns"]],
                entry.get("unless") or [],
                entry.get("advice") or [],
                entry["say"],
            )
            for entry in data.get("refusals") or []
        ]

    def say(self, key: str, audience: str = "default", **values: object) -> str:
        """A sentence in the audience's voice. Raises ``KeyError`` for an unknown key."""
        entry = self._say[key]
        return (entry.get(audience) or entry.get("default") or entry["teen"]).format(**values)

    def button(self, key: str, **values: object) -> str:
        """A button's title."""
        return self._buttons[key].format(**values)

    def refusal(self, text: str) -> Refusal | None:
        """The kind of request that must not be answered plainly, if the text is one."""
        bare = plain(text)
        return next((refusal for refusal in self.refusals if refusal.fits(bare)), None)
