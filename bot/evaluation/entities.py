"""Scores of the entity finder on messages whose entities are written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.entities import Entity, EntityFinder
from bot.settings import ROOT

from .fixed import FixedSetError

ENTITIES = ROOT / "nlu_evaluation" / "entities.yml"
KINDS = ("age", "relation", "commune", "time", "platform", "phone", "name")


@dataclass(frozen=True)
class Expected:
    """An entity that a message has. Without ``value`` its place alone is judged (times, names)."""

    kind: str
    start: int
    end: int
    value: str | None = None


@dataclass(frozen=True)
class Labelled:
    """A message with its entities; ``either`` are places where finding one is neither right nor wrong."""

    text: str
    register: str
    expected: list[Expected]
    either: list[tuple[int, int]]


@dataclass(frozen=True)
class EntitySet:
    """The labelled messages, and the day that "born in 2015" is counted from."""

    today: date
    messages: list[Labelled]


def load_entities(path: Path = ENTITIES) -> EntitySet:
    """Read the labelled messages. Raises ``FixedSetError``."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    rows = enumerate(content["messages"], 1)
    return EntitySet(content["today"], [_labelled(row, f"{path.name}, message {number}") for number, row in rows])


def _labelled(row: dict[str, Any], where: str) -> Labelled:
    text = str(row["text"])

    def place(written: str) -> tuple[int, int]:
        start = text.find(written)
        if start < 0:
            raise FixedSetError(f"{where} lists something that is not in its text.")
        return start, start + len(written)

    expected = []
    for kind, written, *value in row.get("has", []):
        if kind not in KINDS:
            raise FixedSetError(f"{where} has the kind {kind!r}; use one of {', '.join(KINDS)}.")
        expected.append(Expected(kind, *place(str(written)), *map(str, value)))
    return Labelled(text, str(row["register"]), expected, [place(str(written)) for written in row.get("either", [])])


def fits(expected: Expected, found: Entity) -> bool:
    """Whether a finding is the expected one: same kind and value, at that place.

    A name must be covered whole, since what is not covered is not masked.
    """
    if expected.kind != found.entity or (expected.value is not None and expected.value != found.value):
        return False
    if expected.kind == "name":
        return found.start <= expected.start and expected.end <= found.end
    return found.start < expected.end and expected.start < found.end


def match(message: Labelled, found: Sequence[Entity]) -> list[tuple[str, str]]:
    """One pair for every entity: its kind, and ``right``, ``missed`` or ``wrong`` (found, but not there)."""
    left = list(message.expected)
    pairs = []
    for entity in found:
        hit = next((e for e in left if fits(e, entity)), None)
        if hit is not None:
            left.remove(hit)
            pairs.append((entity.entity, "right"))
        elif not any(start < entity.end and entity.start < end for start, end in message.either):
            pairs.append((entity.entity, "wrong"))
    return [*pairs, *((e.kind, "missed") for e in left)]


def figures(labelled: EntitySet, finder: EntityFinder) -> dict[str, Any]:
    """Precision, recall and F1 for each kind and all together, recall by register, and what was not right."""
    counts: Counter[tuple[str, str]] = Counter()
    registers: Counter[tuple[str, str]] = Counter()
    faults = []
    for message in labelled.messages:
        found = [e for e in finder.find(message.text, labelled.today) if e.entity in KINDS]
        pairs = match(message, found)
        counts.update(pairs)
        registers.update((message.register, how) for _, how in pairs)
        if any(how != "right" for _, how in pairs):
            faults.append({"text": message.text, "faults": [f"{kind} {how}" for kind, how in pairs if how != "right"]})
    everything = Counter({("all", how): sum(n for (_, h), n in counts.items() if h == how) for _, how in counts})
    return {
        "messages": len(labelled.messages),
        "by_kind": {kind: _scores(counts + everything, kind) for kind in (*KINDS, "all")},
        "by_register": {name: _scores(registers, name) for name in sorted({m.register for m in labelled.messages})},
        "faults": faults,
    }


def _scores(counts: Counter[tuple[str, str]], key: str) -> dict[str, float]:
    right, missed, wrong = (counts[key, how] for how in ("right", "missed", "wrong"))
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
        "n": right + missed,
    }
