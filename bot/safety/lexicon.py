"""What must never be missed, found by words, with what softens it (negation, law, film, game, idiom …)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.language import normalise

from .patterns import Sets, compile_pattern, tokenise
from .types import Kind, Risk, RiskModelError, higher

DATA = Path(__file__).parent / "data" / "lexicon.yml"
NEGATION_WINDOW = 4
_SENTENCE = re.compile(r"[.!?] ")
_KHMER = re.compile(r"[\u1780-\u17ff]")


@dataclass(frozen=True)
class Rule:
    """One danger: a risk floor and the patterns that show it. ``sure`` raises the alarm without the model."""

    code: str
    risk: Risk
    sure: bool
    kind: Kind
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()
    """Words with which the rule finds nothing at all."""
    despite: frozenset[str] = frozenset()
    """Softeners that say nothing against it."""


@dataclass(frozen=True)
class Hit:
    """A rule found in a message; ``softened`` names what speaks against taking it at its word."""

    code: str
    risk: Risk
    sure: bool
    kind: Kind
    softened: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """Everything that the words of one message show."""

    hits: tuple[Hit, ...] = ()
    traits: frozenset[str] = frozenset()
    offender: Hit | None = None
    without_idioms: str | None = None
    """The message without its idioms; None when it has none."""

    @property
    def plain(self) -> tuple[Hit, ...]:
        """The hits that nothing softens."""
        return tuple(hit for hit in self.hits if not hit.softened)

    @property
    def floor(self) -> Risk:
        """The gravest risk of the plain hits."""
        risk: Risk = "none"
        for hit in self.plain:
            risk = higher(risk, hit.risk)
        return risk


class Lexicon:
    """Finds danger by words."""

    def __init__(self, raw: dict[str, Any]) -> None:
        sets: Sets = {name: [str(p) for p in phrases] for name, phrases in raw["sets"].items()}
        self._rules = tuple(_rule(entry, sets, "disclosure") for entry in raw["rules"])
        self._offender = tuple(_rule(entry, sets, "offender") for entry in raw["offender"])
        self._traits = {code: _compile(patterns, sets) for code, patterns in raw["traits"].items()}
        self._idioms = _compile(raw["idioms"], sets)
        self._softeners = {
            name: (bool(entry.get("before")), _compile(entry["patterns"], sets))
            for name, entry in raw["softeners"].items()
        }

    @classmethod
    def load(cls, path: Path = DATA) -> Lexicon:
        """Read the lexicon. Raises ``RiskModelError`` when it is missing or broken."""
        try:
            return cls(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, re.error) as error:
            raise RiskModelError(f"The words for danger {path} cannot be read: restore it from the project") from error

    def find(self, text: str) -> Findings:
        """What the words of a message show. Never raises for what a person wrote."""
        return self.find_normal(normalise(text))

    def find_normal(self, normal: str) -> Findings:
        """As ``find``, for text already in the normal form."""
        tokens = tokenise(normal)
        masked = tokens
        for idiom in self._idioms:
            masked = idiom.sub(lambda match: "_ " * match[0].count(" "), masked)
        whole = [
            name
            for name, (before, patterns) in self._softeners.items()
            if not before and any(p.search(tokens) for p in patterns)
        ]
        traits = {code for code, patterns in self._traits.items() if any(p.search(masked) for p in patterns)}
        if _KHMER.search(normal):
            traits.add("khmer")
        hits = tuple(hit for rule in self._rules if (hit := self._apply(rule, masked, whole)))
        offender = next((hit for rule in self._offender if (hit := self._apply(rule, masked, []))), None)
        rest = masked.replace("_ ", "").strip() if masked != tokens else None
        return Findings(hits, frozenset(traits), offender, rest)

    def _apply(self, rule: Rule, tokens: str, whole: list[str]) -> Hit | None:
        softest: tuple[str, ...] | None = None
        if any(pattern.search(tokens) for pattern in rule.unless):
            return None
        for pattern in rule.patterns:
            for match in pattern.finditer(tokens):
                against = (*whole, *self._before(tokens, match.start()))
                softened = tuple(name for name in against if name not in rule.despite)
                if softest is None or len(softened) < len(softest):
                    softest = softened
        return None if softest is None else Hit(rule.code, rule.risk, rule.sure, rule.kind, softest)

    def _before(self, tokens: str, start: int) -> list[str]:
        """Softeners that stand before a hit in its own sentence; negation only close by."""
        sentence = _SENTENCE.split(tokens[:start])[-1]
        near = " " + " ".join(sentence.split()[-NEGATION_WINDOW:]) + " "
        found: list[str] = []
        for name, (before, patterns) in self._softeners.items():
            if before:
                where = near if name == "negation" else f" {sentence.strip()} "
                if any(p.search(where) for p in patterns):
                    found.append(name)
        return found


def _compile(patterns: list[str], sets: Sets) -> tuple[re.Pattern[str], ...]:
    return tuple(compile_pattern(str(p), sets) for p in patterns)


def _rule(entry: dict[str, Any], sets: Sets, kind: Kind) -> Rule:
    return Rule(
        code=entry["code"],
        risk=entry["risk"],
        sure=bool(entry.get("sure")),
        kind=entry.get("kind", kind),
        patterns=_compile(entry["patterns"], sets),
        unless=_compile(entry.get("unless", []), sets),
        despite=frozenset(entry.get("despite", ())),
    )
