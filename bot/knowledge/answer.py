"""What an answer is, and how an item is put into words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from urllib.parse import urlsplit

from bot.dialogue.messages import Button
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.models import AUDIENCES, Audience, Document, Item
from bot.knowledge.phrases import Phrases
from bot.knowledge.texts import load_data

Status = Literal["answered", "clarify", "unknown", "refused", "safety", "out_of_scope"]
FALLBACKS: dict[str, tuple[Audience, ...]] = {
    "child": ("child", "teen", "parent", "teacher"),
    "teen": ("teen", "child", "parent", "teacher"),
    "parent": ("parent", "teacher", "teen", "child"),
    "teacher": ("teacher", "parent", "teen", "child"),
}


@dataclass(frozen=True)
class Cited:
    """A citation as it is shown: the document's number, the place in it, and since when it is in force."""

    number: str
    locator: str
    valid_from: str | None


@dataclass(frozen=True)
class AnswerItem:
    """An item that an answer rests on or offers."""

    id: str
    score: float
    citations: list[Cited]


@dataclass(frozen=True)
class Answer:
    """What is said to a person, and the items behind it (the first is the one answered)."""

    status: Status
    text: str
    items: list[AnswerItem] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


def voice(audience: str | None) -> Audience:
    """A known audience; a teenager's voice when it is not known."""
    return audience if audience in AUDIENCES else "teen"


def day_text(day: date) -> str:
    """A date as Vietnamese readers write it."""
    return day.strftime("%d/%m/%Y")


def _vietnamese(source: str) -> bool:
    """Whether a source is a page of a Vietnamese site, by its address; what is no address was written here."""
    host = urlsplit(source).hostname
    return host is None or host.endswith(".vn") or host in load_data("hosts.yml")["vietnamese"]


class Wording:
    """Puts items into the words of an audience."""

    def __init__(self, base: KnowledgeBase, phrases: Phrases) -> None:
        self.base = base
        self.phrases = phrases

    def since(self, item: Item, document: Document) -> date | None:
        """Since when a cited place is in force: the item's own day if it rests on one document only; with
        several, an item begins with the youngest, and each document is named with its own day."""
        alone = len({cited.id for cited, _ in self.base.cited(item)}) == 1
        return (item.valid_from or document.effective) if alone else (document.effective or item.valid_from)

    def citations(self, item: Item) -> list[Cited]:
        """An item's citations, each with the day since when the item (else its document) is in force."""
        cited = []
        for document, locator in self.base.cited(item):
            since = self.since(item, document)
            cited.append(Cited(document.number or document.cite, locator, since.isoformat() if since else None))
        return cited

    def basis(self, item: Item, audience: str = "default") -> str:
        """The line that names documents, places in them and since when they are in force; "" without any. A small
        child reads in its own words that something is still being checked."""
        mark = "" if self.base.certain(item) else self.phrases.say("mark", audience)
        places: dict[str, list[str]] = {}
        documents = {document.id: document for document, _ in self.base.cited(item)}
        for document, locator in self.base.cited(item):
            places.setdefault(document.id, []).append(locator)
        parts = []
        for document in documents.values():
            locator = "; ".join(places[document.id])
            since = self.since(item, document)
            if not since:
                parts.append(f"{document.cite}, {locator}")
                continue
            values = {"document": document.cite, "locator": locator, "day": day_text(since), "mark": mark}
            if item.valid_to:
                parts.append(self.phrases.say("citation_ended", end=day_text(item.valid_to), **values))
            else:
                parts.append(self.phrases.say("citation", **values))
        return self.phrases.say("basis", citations="; ".join(parts)) if parts else ""

    def basis_or_mark(self, item: Item, audience: str = "default") -> str:
        """The basis; where there is none, that something is still being checked, if it is."""
        basis = self.basis(item, audience)
        return basis or ("" if self.base.certain(item) else self.phrases.say("unchecked", audience))

    def spoken(self, item: Item, audience: Audience) -> str:
        """The item's short answer in the voice nearest to the audience's."""
        return next(item.variants[a] for a in FALLBACKS[audience] if a in item.variants)

    def short(self, item: Item, audience: Audience) -> str:
        """The short answer with its basis: first for teachers, last for everybody else; help is never far."""
        said, basis = self.spoken(item, audience), self.basis_or_mark(item, audience)
        parts = [basis, said] if audience == "teacher" else [said, basis]
        if "111" not in said:
            parts.append(self.phrases.say("help_line", audience))
        return "\n".join(part for part in parts if part)

    def details(self, item: Item, audience: Audience) -> str:
        """The longer text and the steps, with the basis."""
        parts = [item.details or self.spoken(item, audience)]
        if item.steps:
            numbered = [f"{number}. {step}" for number, step in enumerate(item.steps, 1)]
            parts.append("\n".join([self.phrases.say("steps"), *numbered]))
        parts.append(self.basis_or_mark(item, audience))
        parts.append(self.phrases.say("help_line", audience))
        return "\n".join(part for part in parts if part)

    def sources(self, item: Item) -> str:
        """Where the item comes from."""
        basis = "\n".join(part for part in (self.basis(item), self._official(item)) if part)
        if not item.sources:
            return "\n".join(part for part in (basis, self.phrases.say("no_sources")) if part)
        here = [source for source in item.sources if _vietnamese(source)]
        abroad = [source for source in item.sources if source not in here]
        parts = [basis] if basis else []
        parts += [self.phrases.say("sources"), *here] if here else []
        parts += [self.phrases.say("sources_abroad"), *abroad] if abroad else []
        return "\n".join(parts)

    def _official(self, item: Item) -> str:
        """Where the cited documents themselves are found: what others copied convinces nobody."""
        numbers = list(dict.fromkeys(document.number for document, _ in self.base.cited(item) if document.number))
        return self.phrases.say("official", numbers=", ".join(numbers)) if numbers else ""

    def part(self, item: Item, audience: Audience, part: str) -> str:
        """The part of an item that a button names: ``details``, ``source``, else the short answer."""
        if part == "source":
            return self.sources(item)
        return self.details(item, audience) if part == "details" else self.short(item, audience)

    def validity_note(self, item: Item, on: date) -> str:
        """A warning when the item is not in force on a day; "" when it is."""
        starts = [item.valid_from] if item.valid_from else []
        starts += [d.effective for d, _ in self.base.cited(item) if d.effective]
        if starts and max(starts) > on:
            return self.phrases.say("not_yet", day=day_text(max(starts)))
        if self.base.in_force(item, on):
            return ""
        ends = [d.ends for d, _ in self.base.cited(item) if d.ends and d.ends <= on]
        if item.valid_to and item.valid_to < on:
            ends.append(date.fromordinal(item.valid_to.toordinal() + 1))
        return self.phrases.say("no_longer", day=day_text(min(ends))) if ends else ""
