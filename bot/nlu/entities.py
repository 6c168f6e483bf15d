"""Finds age, sex, relation, time, platform, phone, legal reference, name and commune in a message. No Rasa here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from spacy.matcher import Matcher
from spacy.tokens import Span
from spacy.util import filter_spans

from bot.knowledge.places import Places
from bot.language import strip_accents
from bot.nlu import doers
from bot.nlu.names import find_names
from bot.nlu.phrases import Hit, PhraseFinder, numbers
from bot.nlu.spans import Cut, Words, cut

__all__ = ["MAX_CHARS", "Entity", "EntityFinder"]

MAX_CHARS = 4000
_PHONE = re.compile(r"(?<![\d+])(?:\+?84|0)(?:[ .-]?\d){8,10}(?!\d)")
_PREFIXES = frozenset(
    [
        "từ", "tu", "lúc", "luc", "hồi", "hoi", "vào", "vao", "khoảng", "khoang", "tầm", "tam", "cỡ", "co",
        "sáng", "trưa", "chiều", "tối", "khuya", "đêm", "sang", "chieu", "toi", "dem"
    ]
)  # fmt: skip
"""Words that belong to a time behind them."""
_NUMBER_WORDS = frozenset(
    [
        "tuoi", "tui", "t", "thang", "lop", "lp", "khoi", "len", "sinh", "sn", "ngay", "de", "nam", "nay", "dieu",
        "khoan", "moi", "be", "em", "con", "chau", "no", "la", "choi", "mam"
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Entity:
    """One finding, with offsets in the original text."""

    entity: str
    value: str
    start: int
    end: int


def _numbered(phrases: PhraseFinder) -> Matcher:
    """Ages, classes, years of birth and legal references: rules about numbers, in words without diacritics."""
    matcher = Matcher(phrases.vocab)

    def one_of(*words: str) -> dict[str, object]:
        return {"ORTH": {"IN": list(words)}}

    number, year = {"ORTH": "#"}, {"ORTH": "##"}
    spelt = one_of(*sorted({w for name in numbers() for w in name.split()}))
    years, full, months = one_of("tuoi", "t", "tui"), one_of("tuoi"), one_of("thang")
    matcher.add("age", [[number, years], [spelt, full], [spelt, spelt, full]])
    matcher.add("months", [[number, months, years], [spelt, months, years], [spelt, spelt, months, years]])
    matcher.add("months", [[one_of("be"), number, months]])
    matcher.add("turned", [[one_of("len"), spelt], [one_of("len"), number]])
    child, just = one_of("em", "con", "chau", "no", "be"), {**one_of("moi", "nam", "nay"), "OP": "{0,3}"}
    matcher.add("bare_age", [[child, just, number]])
    grade = one_of("lop", "lp", "khoi")
    matcher.add("grade", [[grade, number], [grade, spelt], [grade, one_of("la", "choi", "mam")]])
    born = one_of("sinh", "sn", "de")
    day: list[Any] = [number, one_of("/", "-"), number, one_of("/", "-"), year]
    matcher.add("born", [[born, year], [born, one_of("nam"), year], [born, one_of("ngay"), *day], [born, *day]])
    article, clause, any_number = one_of("dieu"), one_of("khoan"), one_of("#", "###")
    matcher.add(
        "law_ref",
        [[article, any_number], [clause, any_number, article, any_number], [article, any_number, clause, any_number]],
    )
    return matcher


class EntityFinder:
    """Holds the compiled patterns; one instance serves every message."""

    def __init__(self, places: Places | None = None) -> None:
        self._phrases = PhraseFinder()
        self._matcher = _numbered(self._phrases)
        self._places = places

    def find(self, text: str, today: date | None = None) -> list[Entity]:
        """Every entity of a message, in order, none overlapping another but sex, relation and names."""
        text = text[:MAX_CHARS]
        message = cut(text, self._phrases.known)
        if not message.pieces:
            return []
        names = find_names(message)
        found = self._phrased(message, names, text)
        found += self._numbers_of(message, today or date.today())
        found += [_entity(message, "name", " ".join(p.typed for p in message.pieces[a:b]), a, b) for a, b in names]
        found += [_phone(m) for m in _PHONE.finditer(text)]
        if self._places is not None:
            found += [Entity("commune", p.name, p.start, p.end) for p in self._places.find(text)]
        return _without_overlap(found)

    def _phrased(self, message: Cut, names: list[tuple[int, int]], text: str) -> list[Entity]:
        """Sex, platform, time and relation, read in the normal form of the words and as typed."""
        found: list[Entity] = []
        relations: list[Entity] = []
        for words in [message.normal] if message.normal == message.typed else [message.normal, message.typed]:
            hits = self._phrases.find(self._phrases.doc(words), words, message.bare)
            found += _times([h for h in hits if h.label == "time"], message, words, text)
            found += [_of_hit(message, words, h) for h in hits if h.label in ("sex", "platform")]
            if not relations:
                related = _relations([h for h in hits if h.label == "relation"], message, words, names)
                relations = [_of_hit(message, words, h) for h in related]
        return found + relations

    def _numbers_of(self, message: Cut, today: date) -> list[Entity]:
        words = message.normal
        doc = self._phrases.doc(words, _NUMBER_WORDS)
        valued = []
        for label, start, end in self._matcher(doc):
            span = Span(doc, start, end, label=label)
            value = _number_value(span.label_, words.words, start, end, today)
            if value is not None:
                valued.append((span, value))
        values = {(span.start, span.end, span.label): value for span, value in valued}
        return [
            _entity(
                message,
                "law_ref" if span.label_ == "law_ref" else "age",
                values[span.start, span.end, span.label],
                words.pieces[span.start],
                words.pieces[span.end - 1] + 1,
            )
            for span in filter_spans([span for span, _ in valued])
        ]


def _relations(hits: list[Hit], message: Cut, words: Words, names: list[tuple[int, int]]) -> list[Hit]:
    """The relations of those who harm: phrases, then kin words alone where no phrase has them."""
    more = doers.alone(words, message.bare) + doers.titled(words, [first for first, _ in names], message.bare)
    for hit in more:
        if not any(hit.start < h.end and h.start < hit.end for h in hits):
            hits.append(hit)
    return doers.who_harms(sorted(hits, key=lambda h: h.start), words, message.bare)


def _entity(message: Cut, kind: str, value: str, first: int, last: int) -> Entity:
    """A finding in the pieces ``first`` … ``last`` (not included)."""
    return Entity(kind, value, message.pieces[first].start, message.pieces[last - 1].end)


def _of_hit(message: Cut, words: Words, hit: Hit) -> Entity:
    return _entity(message, hit.label, hit.value, words.pieces[hit.start], words.pieces[hit.end - 1] + 1)


def _times(hits: list[Hit], message: Cut, words: Words, text: str) -> list[Entity]:
    """Times with the words before them ("từ …"), and neighbours as one ("22h30 đêm qua")."""
    joined: list[tuple[int, int, str]] = []
    for hit in hits:
        start, end = hit.start, hit.end
        whole = hit.whole if len(hit.whole.split()) > end - start else ""
        if joined and joined[-1][1] == start and not whole:
            joined[-1] = (joined[-1][0], end, joined[-1][2])
            continue
        while start and words.words[start - 1] in _PREFIXES and (not joined or joined[-1][1] < start):
            start -= 1
        joined.append((start, end, whole))
    found = []
    for start, end, whole in joined:
        start, end = _whole_time(start, end, words, message.bare)
        entity = _entity(message, "time", whole, words.pieces[start], words.pieces[end - 1] + 1)
        found.append(Entity("time", whole or text[entity.start : entity.end].lower(), entity.start, entity.end))
    return found


_DATE = re.compile(r"(?:,? ?ngày |,? ?ngay |, |\( ?|- )?\d{1,2} ?[/-] ?\d{1,2}(?: ?[/-] ?\d{2,4})?(?: ?\))?")
_WEEKDAY = re.compile(r"(?:th[ứu] (?:hai|ba|tư|tu|năm|nam|sáu|sau|bảy|bay|bẩy|\d)|ch[ủu] nh[ậa]t|chúa nhật|cn)$")
_I_SAW = frozenset(
    ["thấy", "thay", "nghe", "gặp", "gap", "qua", "đi", "di", "về", "ve", "có", "co", "biết", "biet", "mới"]
)
"""Behind a clock and a bare "toi", which is then the writer and not the evening."""


_SPANS = frozenset(["tháng", "thang", "tuần", "tuan", "năm", "nam", "ngày", "ngay", "bữa", "bua", "hôm", "hom"])


def _whole_time(start: int, end: int, words: Words, bare: bool) -> tuple[int, int]:
    """A weekday with the date behind it ("thứ hai 23/11"); and no "tôi" that only looks like "tối" ("7h15 tôi")."""
    if _WEEKDAY.search(" ".join(words.words[start:end])):
        behind = words.words[end : end + 10]
        for size in range(len(behind), 2, -1):
            if _DATE.fullmatch(" ".join(behind[:size])):
                return start, end + size
    if start and words.words[start] in _SPANS and words.words[start - 1].isdigit():
        start -= 1  # a bare "2 thang roi" is not last month
    last = words.words[end - 1]
    clock = end - start > 2 and (words.words[end - 2].isdigit() or words.words[end - 2] in ("h", "g", "giờ", "gio"))
    after = words.words[end] if end < len(words.words) else ""
    if clock and (last == "tôi" or (bare and last == "toi" and after in _I_SAW)):
        return start, end - 1
    return start, end


_RULE = frozenset(["dưới", "duoi", "trên", "tren", "đủ", "du", "từ", "tu", "đến", "den", "tới", "quá", "qua", "hơn"])
"""Before an age: "dưới 16 tuổi" is a rule, not somebody's age."""
_CLOSING = frozenset([",", ".", "!", "?", ";", ")", "bị", "bi", "mà", "ma", "thôi", "thoi", "rồi", "roi", "ạ", "à"])
_NURSERY = {"mam": 3, "choi": 4, "la": 5}


def _number_value(label: str, words: tuple[str, ...], start: int, end: int, today: date) -> str | None:
    """What a match of the number rules says: an age in years, or an article of a law."""
    inside = [strip_accents(w) for w in words[start:end]]
    before, behind = words[start - 1] if start else "", words[end] if end < len(words) else ""
    if label == "law_ref":
        named = dict(zip(inside[::2], inside[1::2], strict=False))
        article, clause = named.get("dieu"), named.get("khoan")
        return f"điều {article} khoản {clause}" if clause else f"điều {article}"
    if label == "born":
        return str(today.year - int(inside[-1]))
    if label == "grade":
        grade = _as_number(words[start + 1 : end])
        if inside[1] in _NURSERY and (words[start + 1] in ("lá", "chồi", "mầm") or words[start + 1] == inside[1]):
            return str(_NURSERY[inside[1]])
        return str(grade + 5) if grade is not None and 1 <= grade <= 12 else None
    if label == "bare_age":
        age = _as_number(words[end - 1 : end])
        return str(age) if age is not None and 3 <= age <= 17 and (not behind or behind in _CLOSING) else None
    if label == "turned":
        age = _as_number(words[start + 1 : end])
        return str(age) if age is not None and 1 <= age <= 17 and before in _TURNING else None
    if before in _RULE:
        return None
    count = words[start:end] if label == "months" else words[start : end - 1]
    count = tuple(w for w in count if strip_accents(w) not in _MONTHS)
    age = _as_number(count) if _as_number(count) is not None else _as_number(count[-1:])
    if age is None or age > 99:
        return None
    return str(age // 12) if label == "months" else str(age)


_MONTHS = ("be", "thang", "tuoi", "t", "tui")
_TURNING = frozenset(
    [
        "mới", "moi", "được", "duoc", "vừa", "vua", "tròn", "tron", "nó", "no", "bé", "be", "cháu", "chau", "con",
        "em", "cỡ", "co", "tuổi"
    ]
)  # fmt: skip


def _as_number(words: Sequence[str]) -> int | None:
    joined = " ".join(words)
    if joined.isdigit():
        return int(joined)
    value = numbers().get(joined)
    return int(value) if value else None


def _phone(match: re.Match[str]) -> Entity:
    digits = re.sub(r"\D", "", match[0])
    value = "0" + digits[2:] if digits.startswith("84") and not match[0].startswith("0") else digits
    return Entity("phone", value, match.start(), match.end())


_ORDER = ("phone", "law_ref", "age", "commune", "relation", "sex", "platform", "time", "name")


_TOGETHER = ({"sex", "relation"}, {"name", "relation"}, {"name", "sex"}, {"name", "time"})


def _without_overlap(found: list[Entity]) -> list[Entity]:
    """The more telling of two that share letters stays: first by kind, then by length.

    A name stays beside a relation, sex or time, since it must be masked ("thầy Văn" is no subject).
    """
    kept: list[Entity] = []
    for entity in sorted(set(found), key=lambda e: (_ORDER.index(e.entity), e.start - e.end)):
        if all(entity.end <= k.start or entity.start >= k.end or {entity.entity, k.entity} in _TOGETHER for k in kept):
            kept.append(entity)
    return sorted(kept, key=lambda e: (e.start, e.end, e.entity))
