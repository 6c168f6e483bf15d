"""The sentences of the answerer (``phrases.yml``) and the requests that it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.knowledge.texts import load_data
from bot.language import bare_form

LONGEST_REQUEST = 220
"""Longer texts tell a story; what they ask for is not read by patterns."""
_CLASS = re.compile(r"\{([a-z]+)\}")
_END = r"(?!\w)"


@dataclass(frozen=True)
class Rule:
    """Expressions that must all be found in a question, and none of those that say it is something else."""

    all: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]

    def fits(self, bare: str) -> bool:
        """Whether a question without diacritics is what the rule describes."""
        return all(p.search(bare) for p in self.all) and not any(p.search(bare) for p in self.unless)


@lru_cache(maxsize=1)
def _rules() -> dict[str, list[Rule]]:
    """The rules of ``data/refusals.yml`` by kind of request."""
    data = load_data("refusals.yml")
    words = dict(data["words"])

    def compiled(expressions: list[str], ends: str) -> tuple[re.Pattern[str], ...]:
        spelt = [_CLASS.sub(lambda found: f"(?:{words[found.group(1)]})", text) for text in expressions]
        return tuple(re.compile(rf"(?<!\w)(?:{text}){ends}") for text in spelt)

    rules: dict[str, list[Rule]] = {}
    for kind, entry in data["kinds"].items():
        whole = compiled(entry.get("unless") or [], _END)
        rules[kind] = [Rule((pattern,), whole) for pattern in compiled(entry.get("patterns") or [], "")]
        for rule in entry.get("together") or []:
            rules[kind].append(Rule(compiled(rule["all"], _END), compiled(rule.get("unless") or [], _END)))
    return rules


@lru_cache(maxsize=1)
def _law() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(load_data('refusals.yml')['law'])}){_END}")


def _never(spelt: str | None) -> re.Pattern[str] | None:
    return re.compile(rf"(?<!\w)(?:{spelt}){_END}") if spelt else None


@dataclass(frozen=True)
class Refusal:
    """A kind of request that is never answered plainly."""

    id: str
    rules: list[Rule]
    advice: list[str]
    texts: dict[str, str]
    always: bool
    """Whether it is one even in the words of who asks what the law says."""
    never: re.Pattern[str] | None = None
    """What shows that it is something else, whatever the model sees: who hires a 14-year-old means no harm by that."""
    ours: bool = False
    """Whether its words mean it only where the question is our business: who asks what to spray on rice, or what an old
    man takes for his heart, is told that this is not known here, which gives no dose either."""
    beside: bool = False
    """Whether its refusal is said beside the safe words, too: whoever is at risk wants to know where they stand."""

    def fits(self, bare: str) -> bool:
        """Whether a question without diacritics is such a request."""
        if len(bare) > LONGEST_REQUEST or not any(rule.fits(bare) for rule in self.rules):
            return False
        return self.always or _law().search(bare) is None


class Phrases:
    """Chooses a sentence for an audience."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._say: dict[str, dict[str, str]] = data["say"]
        self._buttons: dict[str, str] = data["buttons"]
        kinds = load_data("refusals.yml")["kinds"]
        self.refusals = [
            Refusal(
                entry["id"],
                _rules()[entry["id"]],
                entry.get("advice") or [],
                entry["say"],
                always=bool(kinds[entry["id"]].get("always")),
                ours=bool(kinds[entry["id"]].get("ours")),
                never=_never(kinds[entry["id"]].get("never")),
                beside=bool(kinds[entry["id"]].get("beside")),
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

    def refusal(self, text: str, seen: str | None = "", foreign: bool = False) -> Refusal | None:
        """The kind of request that must not be answered plainly, if the text is one by its words or as ``seen``;
        ``foreign``: it is surely none of our business.

        Where nothing is seen for sure (None), words count only for what is ``always`` refused: those of a victim
        ("ny dọa tung clip, em muốn…") may look like those of who asks for pictures.
        """
        bare = bare_form(text)
        possible = [r for r in self.refusals if r.never is None or r.never.search(bare) is None]
        told = [r for r in possible if (seen is not None or r.always) and not (foreign and r.ours)]
        by_words = next((refusal for refusal in told if refusal.fits(bare)), None)
        return by_words or next((refusal for refusal in possible if refusal.id == seen), None)
