"""The knowledge base in memory: items, documents, hotlines and the rest of ``knowledge/``."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.knowledge.models import Agency, Document, Hotline, Item, Place
from bot.knowledge.source import Located, Problem, Source, read, records
from bot.knowledge.texts import say

log = logging.getLogger(__name__)

FOLDERS = {
    "law": "law", "skills": "skill", "online": "online", "wellbeing": "wellbeing", "procedures": "procedure",
}  # fmt: skip
RECORDS: dict[str, type[BaseModel]] = {
    "documents.yml": Document, "hotlines.yml": Hotline, "agencies.yml": Agency, "places.yml": Place,
}  # fmt: skip
MAPPINGS = ("synonyms.yml", "phrases.yml", "asked.yml", "foreign.yml", "foreign_asked.yml")


class KnowledgeError(RuntimeError):
    """The knowledge folder cannot be used at all; the message says how to mend it."""


@dataclass
class Loaded:
    """Everything read from a folder, with its lines and what was wrong with it."""

    items: list[Located] = field(default_factory=list)
    others: dict[str, list[Located]] = field(default_factory=dict)
    mappings: dict[str, Source] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def of(self, name: str) -> list[Located]:
        """The records of ``documents.yml`` and its like."""
        return self.others.get(name, [])


def load_sources(root: Path) -> Loaded:
    """Read a knowledge folder completely; nothing raises, every problem is kept."""
    loaded = Loaded()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.yml")):
            source, problems = read(path, root)
            found, more = records(source, Item)
            loaded.items += found
            loaded.problems += problems + more
    for name, model in RECORDS.items():
        if not (root / name).exists():
            loaded.problems.append(Problem(f"{root.name}/{name}", 1, say("no_file")))
            continue
        source, problems = read(root / name, root)
        loaded.others[name], more = records(source, model)
        loaded.problems += problems + more
    for name in MAPPINGS:
        if (root / name).exists():
            loaded.mappings[name], problems = read(root / name, root)
            loaded.problems += problems
    return loaded


@dataclass(frozen=True)
class KnowledgeBase:
    """All that the program may say, and where each statement comes from."""

    items: dict[str, Item]
    documents: dict[str, Document]
    hotlines: list[Hotline]
    agencies: list[Agency]
    places: list[Place]
    synonyms: dict[str, Any]
    phrases: dict[str, Any]
    asked: dict[str, list[str]]
    """Messages of people that an item answers, beside its own example questions (``asked.yml``)."""
    foreign: dict[str, list[str]]
    """Questions that are none of our business, by topic: the editors' (``foreign.yml``) and messages of people."""
    root: Path

    @classmethod
    def load(cls, root: Path | str) -> KnowledgeBase:
        """Load a folder. An item that does not fit its model is left out and logged: one editor's slip must
        not silence the hotline (``knowledge check`` is what stops it before it is published).

        Raises :class:`KnowledgeError` when nothing usable is there.
        """
        root = Path(root).resolve()
        loaded = load_sources(root)
        for problem in loaded.problems:
            log.warning("knowledge: %s", problem)
        documents = {d.record.id: d.record for d in loaded.of("documents.yml")}
        items: dict[str, Item] = {}
        for located in loaded.items:
            item: Item = located.record
            broken = [c.document for c in item.citations if c.document not in documents]
            if item.id in items or broken or (item.kind == "law" and not item.citations):
                log.warning("knowledge: %s", located.problem("left out; run 'knowledge check'"))
                continue
            items[item.id] = item
        if not items:
            raise KnowledgeError(f"no usable item under {root}: run 'python -m bot knowledge check'")
        return cls(
            items=items,
            documents=documents,
            hotlines=[h.record for h in loaded.of("hotlines.yml")],
            agencies=[a.record for a in loaded.of("agencies.yml")],
            places=[p.record for p in loaded.of("places.yml")],
            synonyms=_mapping(loaded, "synonyms.yml"),
            phrases=_mapping(loaded, "phrases.yml"),
            asked=_mapping(loaded, "asked.yml"),
            foreign=_mapping(loaded, "foreign_asked.yml") | _mapping(loaded, "foreign.yml"),
            root=root,
        )

    def certain(self, item: Item) -> bool:
        """Whether an item may be shown without the mark that it awaits verification."""
        return item.verification == "full" and all(
            self.documents[c.document].certain() for c in item.citations if c.document in self.documents
        )

    def in_force(self, item: Item, on: date) -> bool:
        """Whether an item and every document it rests on apply on a day."""
        return item.in_force(on) and all(
            self.documents[c.document].in_force(on) for c in item.citations if c.document in self.documents
        )

    def successors(self, document: Document, on: date) -> list[str]:
        """The documents in force on a day that have taken a document's place, through those between."""
        found: list[str] = []
        for succession in document.replaced_by:
            heir = self.documents.get(succession.document or "")
            if heir is None or heir.id == document.id:
                continue
            found += [heir.id] if heir.in_force(on) else self.successors(heir, on)
        return list(dict.fromkeys(found))

    def predecessors(self, item: Item, on: date) -> list[Document]:
        """The documents in force on a past day whose place the item's documents have taken since."""
        cited = {c.document for c in item.citations}
        return [
            document for document in self.documents.values()
            if document.in_force(on) and any(s.document in cited for s in document.replaced_by)
        ]  # fmt: skip

    def precedes(self, earlier: Item, later: Item) -> bool:
        """Whether an item was the law before another: it rests on what the other's documents replaced."""
        cited = {c.document for c in later.citations}
        return earlier.kind == "law" and any(
            s.document in cited for document, _ in self.cited(earlier) for s in document.replaced_by
        )

    def cited(self, item: Item) -> list[tuple[Document, str]]:
        """The documents and locators of an item."""
        return [(self.documents[c.document], c.locator) for c in item.citations if c.document in self.documents]


def _mapping(loaded: Loaded, name: str) -> dict[str, Any]:
    source = loaded.mappings.get(name)
    return source.value if source and isinstance(source.value, dict) else {}
