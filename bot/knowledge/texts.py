"""Measuring and judging the sentences of the knowledge base: length, forbidden words, numbers, promises."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"
_SENTENCE_END = re.compile(r"[.!?…]+(?=[\s”\"')]|$)|\n+")


@cache
def load_data(name: str) -> dict[str, Any]:
    """A YAML mapping of ``bot/knowledge/data``."""
    loaded: dict[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return loaded


def say(key: str, /, **values: object) -> str:
    """A message of ``messages.yml`` for an editor; ``key`` may name a nested one (``stale.ends``)."""
    text: Any = load_data("messages.yml")
    for part in key.split("."):
        text = text[part]
    return str(text).format(**values)


def count_words(text: str) -> int:
    """How many syllables a text has, as Vietnamese readers count ("tiếng")."""
    return sum(1 for word in text.split() if any(c.isalnum() for c in word))


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    parts = (part.strip() for part in _SENTENCE_END.split(text))
    return [part for part in parts if count_words(part)]


def average_sentence(text: str) -> float:
    """The average length of a text's sentences, in syllables."""
    found = sentences(text)
    return sum(count_words(s) for s in found) / len(found) if found else 0.0


def digits(number: str) -> str:
    """A telephone number without its separators and country code."""
    bare = re.sub(r"[^\d+]", "", number)
    return "0" + bare[3:] if bare.startswith("+84") else bare


class Rules:
    """What texts may not say (``rules.yml``), compiled."""

    def __init__(self, publishable: Iterable[str]) -> None:
        self.data = load_data("rules.yml")
        self.limits: dict[str, int] = self.data["limits"]
        self.publishable = {digits(number) for number in publishable}

    @cached_property
    def _forbidden(self) -> dict[str, list[re.Pattern[str]]]:
        words, patterns = self.data["forbidden"], self.data["patterns"]
        return {
            audience: [
                re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in words["all"] + words.get(audience, [])
            ]
            + [re.compile(pattern) for pattern in patterns["all"] + patterns.get(audience, [])]
            for audience in (*words, "all")
        }

    def forbidden(self, text: str, audience: str = "all") -> list[str]:
        """The forbidden words that a text uses."""
        lower = text.lower()
        return [m.group() for p in self._forbidden[audience] for m in [p.search(lower)] if m]

    @cached_property
    def _promises(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.data["secrecy"]["promises"]]

    def secrecy(self, text: str) -> str | None:
        """The words with which a text promises secrecy, if it does."""
        for sentence in sentences(text.lower()):
            if any(word in sentence for word in self.data["secrecy"]["unless"]):
                continue
            for promise in self._promises:
                if match := promise.search(sentence):
                    return match.group()
        return None

    @cached_property
    def _numbers(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        phone = self.data["phone"]
        return re.compile(phone["long"]), re.compile(phone["short"], re.IGNORECASE)

    def foreign_numbers(self, text: str) -> list[str]:
        """Telephone numbers in a text that are not publishable ones."""
        long, short = self._numbers
        found = [m.group() for m in long.finditer(text)] + [m.group(1) for m in short.finditer(text)]
        return [number.strip() for number in found if digits(number) not in self.publishable]

    def names_help(self, text: str) -> bool:
        """Whether a child's answer says whom to tell or call."""
        lower = text.lower()
        return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lower) for word in self.data["tell"])
