"""Finds age, sex, relation, time, platform, phone, legal reference, name and commune in a message. No Rasa here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from bot.knowledge.places import Places
from bot.language import strip_accents
from bot.language.normal import word as normal_word
from bot.nlu.spans import Cut, cut

TABLE = Path(__file__).parent / "tables" / "entities.yml"
MAX_CHARS = 4000
_PHRASES = ("relation", "sex", "platform", "time")
_PHONE = re.compile(r"(?<![\d+])(?:\+?84|0)(?:[ .-]?\d){8,10}(?!\d)")
_CLOCK = re.compile(
    r"(?<!\w)(?:lúc |luc )?\d{1,2}\s?(?:h|g|giờ|gio|:)\s?\d{0,2}(?!\w)(?: (?:sáng|trưa|chiều|tối|khuya|đêm))?", re.I
)
_DAY = re.compile(
    r"(?<!\w)(?:ngày|ngay|hôm|mùng|mung)\s+\d{1,2}(?:\s*[/-]\s*\d{1,2}(?:\s*[/-]\s*\d{2,4})?)?(?!\w)", re.I
)


@dataclass(frozen=True)
class Entity:
    """One finding, with offsets in the original text."""

    entity: str
    value: str
    start: int
    end: int


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """The phrases and numbers, read once."""
    loaded: dict[str, Any] = yaml.load(TABLE.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506
    return loaded


@lru_cache(maxsize=1)
def _numbers() -> dict[str, str]:
    words = {w: value for value, names in table()["numbers"].items() for w in names}
    return {**{strip_accents(w): v for w, v in words.items()}, **words}


@lru_cache(maxsize=1)
def _not_names() -> frozenset[str]:
    return frozenset(table()["not_names"].split())


def _ruler(bare: bool) -> tuple[Language, EntityRuler]:
    """A Vietnamese pipeline whose ruler knows the phrases, with or without their diacritics."""
    nlp = spacy.blank("vi", config={"nlp": {"tokenizer": {"use_pyvi": False}}})
    ruler = nlp.add_pipe("entity_ruler", config={"overwrite_ents": True})
    assert isinstance(ruler, EntityRuler)
    marked = set(table()["marked"])
    patterns: list[dict[str, Any]] = []
    for label in _PHRASES:
        for value, phrases in table()[label].items():
            for phrase in phrases:
                if bare and phrase in marked:
                    continue
                form = strip_accents(phrase) if bare else phrase
                patterns.append({"label": label, "id": value, "pattern": [{"LOWER": w} for w in form.split()]})
    ruler.add_patterns(patterns)
    return nlp, ruler


def _numbered(nlp: Language) -> Matcher:
    """Ages, classes, years of birth and legal references: rules about numbers."""
    matcher = Matcher(nlp.vocab)
    number = {"LOWER": {"REGEX": r"^\d{1,3}$"}}
    spelt = {"LOWER": {"IN": sorted({w for name in _numbers() for w in name.split()})}}
    years = {"LOWER": {"IN": ["tuổi", "tuoi", "t", "tủi"]}}
    matcher.add("age", [[number, years], [spelt, {**years, "LOWER": {"IN": ["tuổi", "tuoi"]}}]])
    matcher.add("age", [[spelt, spelt, {"LOWER": {"IN": ["tuổi", "tuoi"]}}]])
    grade = {"LOWER": {"IN": ["lớp", "lop", "lp", "khối"]}}
    matcher.add(
        "grade",
        [[grade, number], [grade, spelt], [grade, {"LOWER": {"IN": ["lá", "chồi", "mầm", "la", "choi", "mam"]}}]],
    )
    born = {"LOWER": {"IN": ["sinh", "sn", "đẻ"]}}
    year = {"LOWER": {"REGEX": r"^20[012]\d$"}}
    matcher.add("born", [[born, year], [born, {"LOWER": {"IN": ["năm", "nam"]}}, year]])
    article = {"LOWER": {"IN": ["điều", "dieu"]}}
    clause = {"LOWER": {"IN": ["khoản", "khoan"]}}
    matcher.add("law_ref", [[article, number], [clause, number, article, number], [article, number, clause, number]])
    return matcher


class EntityFinder:
    """Holds the compiled patterns; one instance serves every message."""

    def __init__(self, places: Places | None = None) -> None:
        self._pipelines = {bare: _ruler(bare)[0] for bare in (False, True)}
        self._matchers = {bare: _numbered(nlp) for bare, nlp in self._pipelines.items()}
        self._places = places

    def find(self, text: str, today: date | None = None) -> list[Entity]:
        """Every entity of a message, in order, none overlapping another."""
        text = text[:MAX_CHARS]
        prepared = cut(text)
        if not prepared.text.strip():
            return []
        doc = self._pipelines[prepared.bare](prepared.text)
        found = self._phrases(doc, prepared)
        found += self._numbers_of(doc, prepared, today or date.today())
        found += _names(doc, prepared)
        found += [_phone(m) for m in _PHONE.finditer(text)]
        found += [Entity("time", m[0].strip(), m.start(), m.end()) for p in (_CLOCK, _DAY) for m in p.finditer(text)]
        if self._places is not None:
            found += [Entity("commune", p.name, p.start, p.end) for p in self._places.find(text)]
        return _without_overlap(found)

    def _phrases(self, doc: Doc, prepared: Cut) -> list[Entity]:
        found = []
        for span in doc.ents:
            start, end = prepared.original(span.start_char, span.end_char)
            value = span.text.lower() if span.label_ == "time" else span.ent_id_
            found.append(Entity(span.label_, value, start, end))
        return found

    def _numbers_of(self, doc: Doc, prepared: Cut, today: date) -> list[Entity]:
        matches = self._matchers[prepared.bare](doc)
        spans = filter_spans([Span(doc, start, end, label=label) for label, start, end in matches])
        found = []
        for span in spans:
            value = _number_value(span, today)
            if value is not None:
                start, end = prepared.original(span.start_char, span.end_char)
                found.append(Entity("law_ref" if span.label_ == "law_ref" else "age", value, start, end))
        return found


def _number_value(span: Span, today: date) -> str | None:
    words = [token.lower_ for token in span]
    if span.label_ == "law_ref":
        named = dict(zip(words[::2], words[1::2], strict=False))
        article = named.get("điều") or named.get("dieu")
        clause = named.get("khoản") or named.get("khoan")
        return f"điều {article} khoản {clause}" if clause else f"điều {article}"
    if span.label_ == "born":
        return str(today.year - int(words[-1]))
    if span.label_ == "grade":
        nursery = {"mầm": 3, "mam": 3, "chồi": 4, "choi": 4, "lá": 5, "la": 5}
        if words[1] in nursery:
            return str(nursery[words[1]])
        grade = _as_number(words[1:])
        return str(grade + 5) if grade is not None and 1 <= grade <= 12 else None
    before = span.doc[span.start - 1].lower_ if span.start else ""
    if before in ("dưới", "duoi", "trên", "đủ", "du", "từ", "đến", "tới", "den", "quá"):
        return None  # "dưới 16 tuổi" is a rule, not somebody's age
    age = _as_number(words[:-1])
    return str(age) if age is not None and age <= 99 else None


def _as_number(words: list[str]) -> int | None:
    joined = " ".join(words)
    if joined.isdigit():
        return int(joined)
    value = _numbers().get(joined)
    return int(value) if value else None


def _phone(match: re.Match[str]) -> Entity:
    digits = re.sub(r"\D", "", match[0])
    value = "0" + digits[2:] if digits.startswith("84") and not match[0].startswith("0") else digits
    return Entity("phone", value, match.start(), match.end())


_CALLED = ("tên", "ten")
_BEFORE_NAME = (
    "bé",
    "thằng",
    "cháu",
    "bạn",
    "em",
    "nhỏ",
    "con",
    "cu",
    "anh",
    "chị",
    "chú",
    "bác",
    "thầy",
    "cô",
    "ông",
    "bà",
)


def _names(doc: Doc, prepared: Cut) -> list[Entity]:
    """ "Em tên An", "bé Na", "thầy Minh": a name where one is announced. Better one too many masked than one missed."""
    found = []
    shouting = prepared.text.isupper()
    at = 0
    while at < len(doc):
        lower = doc[at].lower_
        first = at + 1
        if lower in _CALLED and first < len(doc) and doc[first].lower_ in ("là", "la", "em", "con"):
            first += 1
        titled = lower in _CALLED or lower in _BEFORE_NAME
        end = _name_end(doc, first, lower in _CALLED, shouting) if titled else first
        if end > first:
            start_char, end_char = doc[first].idx, doc[end - 1].idx + len(doc[end - 1])
            start, stop = prepared.original(start_char, end_char)
            found.append(Entity("name", doc[first:end].text, start, stop))
            at = end
        else:
            at += 1
    return found


def _name_end(doc: Doc, first: int, announced: bool, shouting: bool) -> int:
    end = first
    while end < len(doc) and end - first < 4 and doc[end].text.isalpha():
        token = doc[end]
        titled = token.text[0].isupper() and not shouting and len(token.text) > 1
        if token.lower_ in _not_names() or not (titled or (announced and end == first and _short_name(token.lower_))):
            break
        end += 1
    return end


def _short_name(word: str) -> bool:
    """One syllable that is no teencode: "em ten an"."""
    return 2 <= len(word) <= 7 and normal_word(word) == word


_ORDER = ("phone", "law_ref", "age", "commune", "relation", "sex", "platform", "time", "name")


def _without_overlap(found: list[Entity]) -> list[Entity]:
    """The more telling of two that share letters stays: first by kind, then by length."""
    kept: list[Entity] = []
    for entity in sorted(set(found), key=lambda e: (_ORDER.index(e.entity), e.start - e.end)):
        if all(
            entity.end <= k.start or entity.start >= k.end or {entity.entity, k.entity} == {"sex", "relation"}
            for k in kept
        ):
            kept.append(entity)
    return sorted(kept, key=lambda e: (e.start, e.end, e.entity))
