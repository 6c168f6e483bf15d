"""The phrases of ``entities.yml`` found in a message, whatever diacritics it leaves out. No Rasa here."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from bot.language import strip_accents

from .spans import Words

TABLE = Path(__file__).parent / "tables" / "entities.yml"
LABELS = ("ignored", "relation", "sex", "platform", "time")
_OTHER = "·"
"""Stands for every word that no pattern names: spaCy keeps each string it sees, and must keep none that people type."""


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """The phrases and numbers, read once."""
    loaded: dict[str, Any] = yaml.load(TABLE.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506
    return loaded


@lru_cache(maxsize=1)
def numbers() -> dict[str, str]:
    """Spelt numbers, with and without diacritics."""
    words = {w: value for value, names in table()["numbers"].items() for w in names}
    return {**{strip_accents(w): v for w, v in words.items()}, **words}


@lru_cache(maxsize=16384)
def marks(word: str) -> str:
    """The diacritics of a word in order, wherever they stand, so that ``hoà`` equals ``hòa``."""
    if word.isascii():
        return ""
    parts = unicodedata.normalize("NFD", word.replace("đ", "d\u0335"))
    return "".join(sorted(c for c in parts if unicodedata.category(c) == "Mn"))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A way to say something. Words outside ``first`` … ``last`` must stand there but are not part of the finding."""

    label: str
    value: str
    marks: tuple[str, ...]
    first: int
    last: int
    exact: bool

    def fits(self, typed: list[str], bare: bool) -> bool:
        """Whether the diacritics of the words agree: some may be missing, none may be another."""
        if all(a == b for a, b in zip(typed, self.marks, strict=True)):
            return True
        if self.exact or any(a.count(m) > b.count(m) for a, b in zip(typed, self.marks, strict=True) for m in a):
            return False
        wrong = sum(a != b for a, b in zip(typed, self.marks, strict=True))
        return bare or (wrong == 1 and any(a and a == b for a, b in zip(typed, self.marks, strict=True)))


@dataclass(frozen=True)
class Hit:
    """A phrase found at ``words[start:end]``; ``whole`` is its text with the words around it that it needs."""

    label: str
    value: str
    start: int
    end: int
    whole: str


def expanded(phrase: str, slots: dict[str, list[str]]) -> Iterator[str]:
    """Every phrase that ``@slot`` (or ``@slot?``, which may be left out) stands for."""
    choices = []
    for token in phrase.split():
        name = token.strip("()")
        if not name.startswith("@"):
            choices.append([token])
            continue
        opening, closing = token[: token.index(name)], token[token.index(name) + len(name) :]
        forms = [form for raw in slots[name[1:].removesuffix("?")] for form in expanded(raw, slots)]
        choices.append([opening + form + closing for form in forms] + ([""] if name.endswith("?") else []))
    for words in itertools.product(*choices):
        yield " ".join(filter(None, words))


def as_pattern(word: str) -> str:
    """A word as patterns see it: without diacritics, short numbers as ``#``, years as ``##``, others as ``###``."""
    if word.isdigit():
        return "#" if len(word) <= 2 else "##" if len(word) == 4 and word[:2] in ("19", "20") else "###"
    return strip_accents(word)


_SIGNS = ("#", "##", "###", "/", "-", ":")


class PhraseFinder:
    """All phrases of the table, compiled; one instance serves every message."""

    def __init__(self) -> None:
        self.vocab: Vocab = spacy.blank("vi", config={"nlp": {"tokenizer": {"use_pyvi": False}}}).vocab
        self.known: frozenset[str] = frozenset()
        self._phrases: dict[tuple[str, ...], list[Phrase]] = {}
        self._matcher = PhraseMatcher(self.vocab, attr="ORTH")
        loaded = table()
        exact = set(loaded["marked"])
        for label in LABELS:
            groups = loaded[label]
            for value, phrases in groups.items() if isinstance(groups, dict) else [("", groups)]:
                for raw in phrases:
                    for form in expanded(raw, loaded["slots"]):
                        self._add(label, value, form, raw in exact or form in exact)
        for words in self._phrases:  # one at a time: all documents at once would take hundreds of megabytes
            self._matcher.add("phrase", [Doc(self.vocab, words=list(words))])
        self.known = frozenset(w for words in self._phrases for w in words if w.isalpha()) | {
            strip_accents(w) for name in numbers() for w in name.split()
        }

    def _add(self, label: str, value: str, form: str, exact: bool) -> None:
        words = form.split()
        inside = [not (w.startswith("(") or w.endswith(")")) for w in words]
        depth = 0
        for at, word in enumerate(words):
            depth += word.count("(")
            inside[at] = depth == 0
            depth -= word.count(")")
        plain = [w.strip("()") for w in words]
        first, last = inside.index(True), len(inside) - inside[::-1].index(True)
        phrase = Phrase(label, value, tuple(marks(w) for w in plain), first, last, exact)
        self._phrases.setdefault(tuple(strip_accents(w) for w in plain), []).append(phrase)

    def doc(self, words: Words, more: frozenset[str] = frozenset()) -> Doc:
        """The words for spaCy's matchers; those that no pattern names are blanked out."""
        seen = (as_pattern(word) for word in words.words)
        return Doc(
            self.vocab,
            words=[w if w in self.known or w in more or w in _SIGNS else _OTHER for w in seen],
        )

    def find(self, doc: Doc, words: Words, bare: bool) -> list[Hit]:
        """The longest phrases of each label."""
        hits = []
        for _, start, end in self._matcher(doc):
            typed = [marks(word) for word in words.words[start:end]]
            for phrase in self._phrases[tuple(token.orth_ for token in doc[start:end])]:
                if phrase.fits(typed, bare):
                    whole = " ".join(words.words[start:end])
                    missing = sum(a != b for a, b in zip(typed, phrase.marks, strict=True))
                    hits.append(
                        (missing, Hit(phrase.label, phrase.value, start + phrase.first, start + phrase.last, whole))
                    )
        return _longest(hits)


def _longest(hits: list[tuple[int, Hit]]) -> list[Hit]:
    """Of hits that overlap, the longest of each label, then the one that lacks fewest diacritics.

    What is ignored hides the rest.
    """
    kept: list[Hit] = []

    def rank(pair: tuple[int, Hit]) -> tuple[int, int, int, int, int]:
        missing, hit = pair
        return hit.start - hit.end, hit.start, missing, LABELS.index(hit.label), -len(hit.whole)

    for _, hit in sorted(hits, key=rank):
        if not any(
            hit.start < k.end and k.start < hit.end and (k.label in (hit.label, "ignored") or hit.label == "ignored")
            for k in kept
        ):
            kept.append(hit)
    return sorted((h for h in kept if h.label != "ignored"), key=lambda h: h.start)
