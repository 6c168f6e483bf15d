"""The search index: how well each item fits a question, as a row of comparable numbers.

An item is indexed in three fields (its head: topic and keywords; its body: variants, details, steps; its example
questions, each a document of its own) and under four analyses (words with diacritics, syllables without, character
n-grams without, and ideas). Every number lies between 0 and about 1, whatever the length of the question.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.knowledge.bm25 import BM25
from bot.knowledge.concepts import Concepts
from bot.knowledge.kept import kept
from bot.knowledge.models import Item
from bot.language import fingerprint, strip_accents, syllables, words

Array = npt.NDArray[np.float32]
FIELDS = ("head", "body", "question")
ANALYSES = ("word", "syllable", "idea", "char")
COLUMNS = tuple(f"{analysis}_{part}" for analysis in ANALYSES for part in ("head", "body", "question", "questions"))
K1, B = 1.2, 0.4
NEAREST = 3
"""How many of the nearest examples tell how near a question lies to all of them."""
COMMON = 0.05
"""Character n-grams in more texts than this share tell nothing and cost the most time."""
logging.getLogger("bm25s").setLevel(logging.WARNING)  # it announces every index on standard error


@dataclass(frozen=True)
class Analysed:
    """A text as the analyses see it."""

    word: list[str]
    syllable: list[str]
    idea: list[str]
    char: str


class Analyser:
    """Turns a text into tokens, the same way for questions and items."""

    def __init__(self, concepts: Concepts) -> None:
        self.concepts = concepts

    def __call__(self, text: str) -> Analysed:
        return self.of_parts(words(text), syllables(text))

    def of_parts(self, spoken: list[str], spelt: list[str]) -> Analysed:
        """The analyses of a text whose words and syllables are known."""
        bare = [strip_accents(s) for s in spelt]
        return Analysed(
            word=spoken,
            syllable=bare + [f"{a} {b}" for a, b in zip(bare, bare[1:], strict=False)],
            idea=self.concepts.tokens(spelt),
            char=" ".join(bare),
        )


@dataclass(frozen=True)
class _Layout:
    """Where the documents of each field and item lie: fields one after the other, items in order within each."""

    texts: list[str]
    starts: dict[str, npt.NDArray[np.int64]]
    ends: dict[str, int]
    begins: dict[str, int]
    first_question: npt.NDArray[np.int64]


def _field_texts(item: Item, field: str) -> list[str]:
    if field == "head":
        return [". ".join([item.topic, *item.keywords])]
    if field == "question":
        return list(item.questions) or [item.topic]
    body = [*item.variants.values(), item.details or "", " ".join(item.steps)]
    return [text for text in body if text] or [item.topic]


def _lay_out(items: Sequence[Item]) -> _Layout:
    texts: list[str] = []
    starts: dict[str, npt.NDArray[np.int64]] = {}
    ends: dict[str, int] = {}
    begins: dict[str, int] = {}
    for field in FIELDS:
        begins[field] = len(texts)
        offsets = []
        for item in items:
            offsets.append(len(texts) - begins[field])
            texts += _field_texts(item, field)
        starts[field] = np.array(offsets, dtype=np.int64)
        ends[field] = len(texts)
    return _Layout(texts, starts, ends, begins, starts["question"] + begins["question"])


def _gather(matrix: Mapping[str, Any], columns: Sequence[int], weights: Sequence[float], size: int) -> Array:
    """The weighted sum of a sparse matrix's columns. A document stands in a column once, so plain addition does,
    which is several times faster than ``numpy.add.at`` within ``bm25s``."""
    total = np.zeros(size, dtype=np.float32)
    data, indices, starts = matrix["data"], matrix["indices"], matrix["indptr"]
    for column, weight in zip(columns, weights, strict=True):
        part = slice(starts[column], starts[column + 1])
        total[indices[part]] += data[part] * np.float32(weight)
    return total


class _Bm25:
    """BM25 by ``bm25s``, scaled by the most that a question's tokens could score."""

    def __init__(self, tokens: list[list[str]]) -> None:
        self.engine = BM25(method="lucene", k1=K1, b=B)
        padded = [t or ["\x00"] for t in tokens]
        self.engine.index(padded, show_progress=False)
        count = len(tokens)
        frequency: dict[str, int] = {}
        for document in tokens:
            for token in set(document):
                frequency[token] = frequency.get(token, 0) + 1
        self.idf = {t: float(np.log(1 + (count - f + 0.5) / (f + 0.5))) for t, f in frequency.items()}
        self.unseen = float(np.log(1 + (count + 0.5) / 0.5))

    def scores(self, tokens: list[str], size: int) -> Array:
        """The score of every document."""
        unique = list(dict.fromkeys(tokens))
        known = [t for t in unique if t in self.idf]
        if not known:
            return np.zeros(size, dtype=np.float32)
        scale = sum(self.idf.get(t, self.unseen) for t in unique)
        places = [self.engine.vocab_dict[token] for token in known]
        return _gather(self.engine.scores, places, [1.0 / scale] * len(places), size)


class _Chars:
    """Character n-grams by TF-IDF: what typing errors leave intact."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.vectoriser = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, lowercase=False, dtype=np.float32,
            max_df=max(20, int(COMMON * len(texts))),
        )  # fmt: skip
        matrix = self.vectoriser.fit_transform(texts).tocsc()
        self.matrix = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}

    def scores(self, text: str, size: int) -> Array:
        """The cosine of every document with the question."""
        query = self.vectoriser.transform([text])
        return _gather(self.matrix, query.indices, query.data, size)


Parts = tuple[list[str], list[str]]
"""The words and the syllables of a text."""


def segmented(texts: Sequence[str]) -> list[Parts]:
    """The parts of every text of the knowledge base: slow for thousands of texts (a minute), so they are kept until the
    language room changes; only new texts are segmented."""
    return kept("segments", fingerprint()[:16], texts, lambda missing: [(words(t), syllables(t)) for t in missing])


Scorer = Callable[[Analysed], Array]


def _chars_scorer(analysed: Sequence[Analysed]) -> Scorer:
    engine, size = _Chars([a.char for a in analysed]), len(analysed)
    return lambda query: engine.scores(query.char, size)


def _bm25_scorer(engine: _Bm25, name: str, size: int) -> Scorer:
    return lambda query: engine.scores(getattr(query, name), size)


class Examples:
    """Questions by topic, indexed to tell how near another question lies to them."""

    def __init__(self, topics: Mapping[str, Sequence[str]], analyse: Analyser) -> None:
        self.texts = [(topic, text) for topic, texts in topics.items() for text in texts]
        self._topics = np.array([topic for topic, _ in self.texts])
        analysed = [analyse.of_parts(*parts) for parts in segmented([text for _, text in self.texts])]
        size = len(analysed)
        self._scorers: list[Scorer] = []
        if analysed:
            for name in ("word", "syllable"):
                self._scorers.append(_bm25_scorer(_Bm25([getattr(a, name) for a in analysed]), name, size))
            self._scorers.append(_chars_scorer(analysed))

    def likeness(self, query: Analysed, without: str | None = None) -> Array:
        """How well the nearest examples fit a question: by words, by syllables, by characters. ``without``: a topic
        that does not count, to learn from its examples."""
        near = np.zeros(3, dtype=np.float32)
        for place, scorer in enumerate(self._scorers):
            scores = scorer(query)
            if without is not None:
                scores = np.where(self._topics == without, np.float32(0), scores)
            near[place] = -np.partition(-scores, min(NEAREST, len(scores)) - 1)[:NEAREST].mean()
        return near


class Index:
    """Items indexed for search."""

    def __init__(self, items: Sequence[Item], concepts: Concepts) -> None:
        self.items = list(items)
        self.analyse = Analyser(concepts)
        self.layout = _lay_out(self.items)
        analysed = [self.analyse.of_parts(*parts) for parts in segmented(self.layout.texts)]
        tokens = {name: _Bm25([getattr(a, name) for a in analysed]) for name in ("word", "syllable", "idea")}
        self._spelt = tokens["syllable"]
        self._engines = {name: _bm25_scorer(engine, name, len(analysed)) for name, engine in tokens.items()}
        self._engines["char"] = _chars_scorer(analysed)

    @cached_property
    def question_counts(self) -> Array:
        """How many example questions each item has."""
        begin = self.layout.starts["question"]
        total = self.layout.ends["question"] - self.layout.begins["question"]
        return np.diff(np.append(begin, total)).astype(np.float32)

    def unseen(self, query: Analysed) -> float:
        """How much of a question, by the weight of its syllables and their pairs, stands in no item."""
        weights = {t: self._spelt.idf.get(t, self._spelt.unseen) for t in query.syllable}
        unseen = sum(weight for token, weight in weights.items() if token not in self._spelt.idf)
        return unseen / sum(weights.values()) if weights else 0.0

    def features(self, text: str | Analysed, without: tuple[int, int] | None = None) -> Array:
        """One row for each item, one column for each of :data:`COLUMNS`.

        ``without``: (item, question) that does not count, for leave-one-question-out.
        """
        query = self.analyse(text) if isinstance(text, str) else text
        columns: list[Array] = []
        counts = self.question_counts
        hidden = None
        if without is not None:
            hidden = int(self.layout.first_question[without[0]]) + without[1]
            counts = counts.copy()
            counts[without[0]] = max(1.0, counts[without[0]] - 1)
        for name in ANALYSES:
            scored = self._engines[name](query)
            if hidden is not None:
                scored[hidden] = 0.0
            for field in FIELDS:
                part = scored[self.layout.begins[field] : self.layout.ends[field]]
                columns.append(np.maximum.reduceat(part, self.layout.starts[field]))
                if field == "question":
                    columns.append(np.add.reduceat(part, self.layout.starts[field]) / counts)
        return np.stack(columns, axis=1)
