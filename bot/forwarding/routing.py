"""Who a report is for: by commune, risk and kind; never nowhere (``data/routing.yml``)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.forwarding.roster import Roster
from bot.knowledge import Places
from bot.knowledge.models import Agency
from bot.knowledge.source import read, records
from bot.reports.draft import RISKS

COMMUNE, PROVINCE = "xa", "tinh"


@dataclass(frozen=True)
class Step:
    """One body that the report is for, why, and who there is told by us."""

    body: str
    name: str
    why: tuple[str, ...]
    people: tuple[str, ...] = ()
    phone: str = ""
    pending: bool = False


@dataclass(frozen=True)
class Decision:
    """The whole route. ``commune`` is today's name, or ``None`` when it is not known for certain."""

    commune: str | None
    risk: str
    kind: str
    steps: tuple[Step, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody to be told at once, by their key in the roster."""
        return tuple(dict.fromkeys(key for step in self.steps for key in step.people))


@cache
def rules() -> dict[str, Any]:
    """``data/routing.yml``."""
    path = Path(__file__).parent / "data" / "routing.yml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


class Router:
    """Decides with the communes and agencies of the knowledge folder and the operator's roster."""

    def __init__(self, places: Places, unverified: frozenset[str] = frozenset()) -> None:
        self._places = places
        self._labels = {_fold(place.label): place.label for place in places.places}
        self._unverified = unverified

    @classmethod
    def load(cls, knowledge_dir: Path) -> Router:
        """From ``places.yml`` and ``agencies.yml``."""
        source, _ = read(knowledge_dir / "agencies.yml", knowledge_dir)
        agencies = [located.record for located in records(source, Agency)[0]]
        unverified = frozenset(a.id for a in agencies if a.verification != "verified")
        known = {a.id for a in agencies}
        missing = {b["agency"] for b in rules()["bodies"].values() if b.get("agency")} - known
        return cls(Places.load(knowledge_dir), unverified | missing)

    def commune(self, text: str | None) -> str | None:
        """Today's commune for what was said (old names are converted); ``None`` unless it is a single one."""
        if not text:
            return None
        exact = self._labels.get(_fold(text))
        if exact:
            return exact
        codes = {match.code for match in self._places.find(text)}
        labels = [place.label for place in self._places.places if place.code in codes]
        return labels[0] if len(labels) == 1 else None

    def route(self, commune: str | None, risk: str, kind: str, roster: Roster, at: float) -> Decision:
        """Decide. ``commune`` is free text; ``at`` decides who is on duty."""
        place = self.commune(commune)
        local = self._people_of(place, roster)
        why: dict[str, list[str]] = {}
        for rule in rules()["rules"]:
            if _applies(rule, place, risk, kind):
                why.setdefault(rule["to"], []).append(rule["why"])
        if place is not None and roster.communes and not local:
            why.setdefault(PROVINCE, []).append(rules()["no_roster"])
        duty = tuple(roster.on_duty(at)) if PROVINCE in why or not local else ()
        people = {COMMUNE: tuple(local), PROVINCE: duty}
        if PROVINCE not in why and duty:  # a commune without people of its own and without any roster
            people[COMMUNE] = duty
        steps = tuple(self._step(body, place, reasons, people.get(body, ())) for body, reasons in why.items())
        return Decision(place, risk, kind, steps)

    def _people_of(self, place: str | None, roster: Roster) -> list[str]:
        if place is None:
            return []
        return [key for name, keys in roster.communes.items() if self.commune(name) == place for key in keys]

    def _step(self, body: str, place: str | None, why: list[str], people: tuple[str, ...]) -> Step:
        about = rules()["bodies"][body]
        name = about["name"].format(commune=(place or "").lower()[:1] + (place or "")[1:])
        pending = about.get("agency") in self._unverified
        return Step(body, name, tuple(why), people, about.get("phone", ""), pending)


@lru_cache(maxsize=4)
def router_of(knowledge_dir: Path) -> Router:
    """The router of a knowledge folder, read once in a process."""
    return Router.load(knowledge_dir)


def _applies(rule: dict[str, Any], place: str | None, risk: str, kind: str) -> bool:
    if rule.get("place") == "known" and place is None or rule.get("place") == "unknown" and place is not None:
        return False
    if RISKS.index(risk) < RISKS.index(rule.get("risk", "none")):
        return False
    return "kinds" not in rule or kind in rule["kinds"]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip()


def explain(decision: Decision) -> list[str]:
    """The decision in Vietnamese, line by line, for an operator."""
    said = rules()
    lines = [f"{decision.commune or said['unknown_place']} · {decision.risk} · {decision.kind}"]
    for step in decision.steps:
        mark = f" ({said['pending']})" if step.pending else ""
        lines.append(f"→ {step.name}{mark}")
        lines += [f"    {reason}" for reason in step.why]
        if step.people:
            lines.append(f"    {said['people']}: {', '.join(step.people)}")
    if not decision.people:
        lines.append(said["nobody"])
    return lines
