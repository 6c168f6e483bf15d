"""Short forms whose meaning hangs on the neighbours (``t``, ``bt``, ``ck``): rules from ``context.yml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import tables


@dataclass(frozen=True)
class Rule:
    """One way to read a short form, and where it holds."""

    to: str
    prev: frozenset[str] = frozenset()
    next: frozenset[str] = frozenset()
    not_prev: frozenset[str] = frozenset()
    not_next: frozenset[str] = frozenset()
    has: frozenset[str] = frozenset()
    prev_number: bool = False
    at: str = ""


@dataclass(frozen=True)
class Place:
    """Where a token stands: normal forms of its neighbours ("" at a sentence's edge), and all words typed."""

    prev: str
    next: str
    message: frozenset[str] = field(default_factory=frozenset)


def _rule(raw: dict[str, Any]) -> Rule:
    def names(key: str) -> frozenset[str]:
        return frozenset(raw.get(key, []))

    return Rule(
        to=raw["to"],
        prev=names("prev"),
        next=names("next"),
        not_prev=names("not_prev"),
        not_next=names("not_next"),
        has=names("has"),
        prev_number=raw.get("prev_number") == "yes",
        at=raw.get("at", ""),
    )


FORMS: dict[str, tuple[str, list[Rule]]] = {
    form: (raw.get("default", ""), [_rule(r) for r in raw.get("rules") or []])
    for form, raw in tables.load("context").items()
}


def _holds(rule: Rule, place: Place) -> bool:
    prev, following = place.prev, place.next
    return not (
        (rule.prev and prev not in rule.prev)
        or (rule.next and following not in rule.next)
        or (rule.not_prev and prev in rule.not_prev)
        or (rule.not_next and following in rule.not_next)
        or (rule.has and not (rule.has & place.message))
        or (rule.prev_number and not prev.isdigit())
        or (rule.at == "start" and prev)
        or (rule.at == "end" and following)
    )


def read(form: str, place: Place) -> str | None:
    """The full form of a short one here; None when it stays as typed."""
    default, rules = FORMS[form]
    for rule in rules:
        if _holds(rule, place):
            return rule.to
    return default or None
