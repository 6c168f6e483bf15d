"""Finding the items that answer a question, on the day that the question is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt

from bot.knowledge import ages
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.concepts import Concepts
from bot.knowledge.days import past_day
from bot.knowledge.index import COLUMNS, Analysed, Array, Examples, Index
from bot.knowledge.models import Audience, Document, Item, Kind
from bot.knowledge.references import Reference, References
from bot.knowledge.scope import search_signs
from bot.knowledge.sense import Meanings, Sense, sense, sign_weights
from bot.knowledge.texts import load_data
from bot.language import bare_form, syllables

INTENT_KINDS: dict[str, Kind] = {
    "ask_law": "law",
    "ask_skill": "skill",
    "ask_online_safety": "online",
    "ask_wellbeing": "wellbeing",
    "ask_procedure": "procedure",
}
STORY = 0.7
"""How much question and story together say beside a short question alone."""
HINTS = ("kind", "neighbour", "audience")
NEIGHBOURS = {frozenset({"law", "procedure"}), frozenset({"skill", "wellbeing"}), frozenset({"skill", "online"})}


@dataclass(frozen=True)
class Hit:
    """An item found, with its score: the higher the better, comparable between questions."""

    item: Item
    score: float
    reference: float
    """How well the item fits an article or document that the question names (0 when it names none)."""


@dataclass(frozen=True)
class Result:
    """What a search found and how the question was read."""

    hits: list[Hit]
    day: date
    """The day whose law was searched."""
    past: bool
    """Whether the question itself names that day ("hồi 2021")."""
    reference: Reference
    signs: Array
    """What the search says about whether the question is any of our business (``scope.SEARCH_SIGNS``)."""
    today: Item | None = None
    """What would be answered today but was not in force on that past day."""
    ended: Document | None = None
    """The document that the question names when it is no longer in force; its successors were searched."""


@lru_cache(maxsize=1)
def weights() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], float]:
    """The learned weights (``weights.yml``): of the parts, of the hints, of a direct reference."""
    data = load_data("weights.yml")
    parts = np.array([data["parts"][name] for name in COLUMNS], dtype=np.float32)
    hints = np.array([data["hints"][name] for name in HINTS], dtype=np.float32)
    return parts, hints, float(data["reference"])


@lru_cache(maxsize=1)
def _names_law() -> re.Pattern[str]:
    """What asks for the law in so many words (``questions.yml``), without diacritics."""
    return re.compile(rf"\b(?:{load_data('questions.yml')['law']})\b")


_Trait = tuple[Kind, tuple[Audience, ...]]
"""What the hints need to know of an item; items alike share one."""


def hint_row(trait: _Trait, audience: str | None, kind: str | None, legal: bool) -> tuple[float, ...]:
    """How an item fits the soft hints: the kind that the intent suggests, a near kind, the audience.

    A question whose own words ask for the law (a penalty, an article) suggests the law as much as its intent does.
    """
    own, audiences = trait
    near = kind is not None and frozenset({kind, own}) in NEIGHBOURS
    return (
        1.0 if kind == own or (legal and own == "law") else 0.0,
        1.0 if near else 0.0,
        1.0 if audience in audiences else 0.0,
    )


def _with_asked(item: Item, asked: list[str]) -> Item:
    return item.copy(update={"questions": [*item.questions, *asked]}) if asked else item


class Search:
    """Hybrid search over a knowledge base."""

    def __init__(self, base: KnowledgeBase, reader: Sense | None = None) -> None:
        """``reader``: other vectors than the committed ones, to learn with."""
        self._reader = reader
        self.base = base
        self.items = list(base.items.values())
        indexed = [_with_asked(item, base.asked.get(item.id, [])) for item in self.items]
        self.index = Index(indexed, Concepts(base.synonyms))
        self._indexed = indexed
        self._topics: dict[str | None, int] = {topic: number for number, topic in enumerate(base.foreign)}
        self.references = References(base.documents)
        self._asks_law = frozenset(base.synonyms.get("asks_law") or [])
        traits: list[_Trait] = [(item.kind, tuple(item.audiences)) for item in self.items]
        self._traits = list(dict.fromkeys(traits))
        numbers = {trait: number for number, trait in enumerate(self._traits)}
        self._trait_of = np.array([numbers[trait] for trait in traits], dtype=np.int64)
        self._ages = ages.bounds(self.items)
        self.foreign = Examples(base.foreign, self.index.analyse)
        self._valid = lru_cache(maxsize=8)(self._valid_on)

    @cached_property
    def meanings(self) -> Meanings:
        """What the items are about. Not made where only the words are looked at."""
        return Meanings.of_items(self._indexed, self.reader)

    @cached_property
    def foreign_meanings(self) -> Meanings:
        """What the foreign topics are about, in the order of the base."""
        return Meanings(list(self.base.foreign.values()), self.reader)

    def prepare(self) -> None:
        """Make now what the first question would wait for."""
        _ = self.meanings, self.foreign_meanings

    @property
    def reader(self) -> Sense:
        """The vectors in use."""
        return self._reader or sense()

    def find(
        self,
        text: str,
        on: date,
        audience: Audience | str | None = None,
        kind: str | None = None,
        limit: int = 5,
        told: str = "",
    ) -> Result:
        """The best items for a question, best first, none that is not in force on its day.

        ``told``: what the person told a moment ago, in whose light a short question is read ("có nên chuyển tiền
        không" after a threat to spread pictures): what fits both comes first.
        """
        past = past_day(text, on)
        day = past or on
        reference, ended = self._of_the_day(self.references.find(text), day)
        query = self.index.analyse(text)
        features = self.index.features(query)
        scores = self._weigh(features, text, audience, kind)
        about = self.reader.about(text)
        near = self.meanings.likeness(about)
        signs = self._signs(features, scores, query, self._senses(about, near))
        scores = self._ordered(scores, np.column_stack([near, self.against(text)]))
        if told:
            scores = self._in_light(scores, f"{told}. {text}", audience, kind)
        fits = np.zeros(len(self.items))
        if reference:  # in 64 bits: 0.7 in 32 is less than 0.7
            fits = np.array([self.references.match(reference, i) for i in self.items])
            scores = scores + weights()[2] * fits
        today = self._only_today(scores, day, on) if past else None
        if today is not None:
            scores = self._with_predecessors(scores, today)
        scores = np.where(self._valid(day), scores, -np.inf)
        best = np.argsort(-scores, kind="stable")[:limit]
        hits = [Hit(self.items[i], float(scores[i]), float(fits[i])) for i in best if np.isfinite(scores[i])]
        if today is not None and hits and self.base.precedes(hits[0].item, today):
            today = None
        return Result(hits, day, past is not None, reference, signs, today, ended)

    def signs(
        self,
        text: str,
        audience: str | None,
        kinds: Sequence[str | None],
        without: tuple[int, int] | None = None,
        topic: str | None = None,
    ) -> list[Array]:
        """The signs for a question under each kind that an intent may suggest; to learn from, ``without`` an item's
        question or a foreign topic."""
        query = self.index.analyse(text)
        features = self.index.features(query, without)
        weighed = [self._weigh(features, text, audience, kind) for kind in kinds]
        about = self.reader.about(text)
        senses = self._senses(about, self.meanings.likeness(about, without), topic)
        return [self._signs(features, scores, query, senses, topic) for scores in weighed]

    def _signs(self, features: Array, scores: Array, query: Analysed, senses: Array, topic: str | None = None) -> Array:
        foreign = self.foreign.likeness(query, topic)
        return search_signs(features, scores, self.index.unseen(query), foreign, senses)

    def _senses(self, about: Array, near: Array, topic: str | None = None) -> Array:
        """How near the nearest item (two ways) and the nearest foreign topic lie; ``topic`` does not count."""
        if not self.base.foreign:
            return np.array([*near.max(axis=0), 0.0], dtype=np.float32)
        foreign = self.foreign_meanings.likeness(about)[:, 0]
        if topic in self._topics:
            foreign[self._topics[topic]] = -1.0
        return np.array([*near.max(axis=0), foreign.max()], dtype=np.float32)

    def ideas(self, text: str) -> list[str]:
        """The ideas that a text names."""
        return self.index.analyse.concepts.find(syllables(text))

    def _of_the_day(self, reference: Reference, day: date) -> tuple[Reference, Document | None]:
        """A reference to a document that has ended, turned to what took its place ("NĐ 144" after 15/12/2025)."""
        named = [self.base.documents[i] for i in sorted(reference.documents) if i in self.base.documents]
        gone = [document for document in named if document.ends and document.ends <= day]
        if not named or len(gone) < len(reference.documents):
            return reference, None
        heirs = frozenset(heir for document in gone for heir in self.base.successors(document, day))
        # Its articles are numbered anew, so only the document is looked for.
        return Reference(frozenset(), heirs, bool(heirs)), gone[0]

    def _only_today(self, scores: Array, day: date, on: date) -> Item | None:
        """The law item that is best today, if it was not in force on the past day."""
        best = int(np.argmax(np.where(self._valid(on) | self._valid(day), scores, -np.inf)))
        return self.items[best] if self.items[best].kind == "law" and not self._valid(day)[best] else None

    def _with_predecessors(self, scores: Array, today: Item) -> Array:
        """What was law before an item counts as much as the item."""
        before = [n for n, item in enumerate(self.items) if self.base.precedes(item, today)]
        raised = scores.copy()
        raised[before] += float(scores.max())
        return raised

    def scores(
        self, text: str, audience: str | None, kind: str | None, without: tuple[int, int] | None = None
    ) -> Array:
        """What the words say of every item, without regard to validity and direct references; ``without`` an item's
        question."""
        return self._weigh(self.index.features(text, without), text, audience, kind)

    def _in_light(self, scores: Array, whole: str, audience: str | None, kind: str | None) -> Array:
        """How well each item fits a question, and how well question and story together."""
        signs = np.column_stack([self.meanings.likeness(self.reader.about(whole)), self.against(whole)])
        together = self._ordered(self.scores(whole, audience, kind), signs)
        height = float(scores.max()) / max(float(together.max()), 1e-6)
        return cast(Array, (1 - STORY) * scores + STORY * height * together)

    def against(self, text: str) -> Array:
        """-1 for each item that holds for other ages than those that a question names, 0 for all others."""
        return ages.against(self._ages, ages.named(text))

    @staticmethod
    def _ordered(scores: Array, signs: Array) -> Array:
        """The scores of the words, ordered anew by what the question is about (one column for each of ``SIGNS``).

        Best and mean keep their height: what is enough for an answer, or nearly as good, was learned of the words.
        """
        ordered = scores + signs @ sign_weights()
        above = ordered - ordered.mean()
        height = (scores.max() - scores.mean()) / max(float(above.max()), 1e-6)
        return cast(Array, scores.mean() + above * height)

    def _weigh(self, features: Array, text: str, audience: str | None, kind: str | None) -> Array:
        parts, hints, _ = weights()
        return cast(Array, features @ parts + self.hints(text, audience, kind) @ hints)

    def hints(self, text: str, audience: str | None, kind: str | None) -> Array:
        """One row of hints for each item."""
        legal = self.asks_law(text)
        rows = np.array([hint_row(trait, audience, kind, legal) for trait in self._traits], dtype=np.float32)
        return cast(Array, rows[self._trait_of])

    def asks_law(self, text: str) -> bool:
        """Whether a question's own words ask for the law: a penalty, an article, a right, an age of liability."""
        return bool(self._asks_law & set(self.ideas(text))) or _names_law().search(bare_form(text)) is not None

    def _valid_on(self, day: date) -> npt.NDArray[np.bool_]:
        """Which items are in force on a day (the same answer for every question of the day)."""
        return np.array([self.base.in_force(item, day) for item in self.items], dtype=bool)
