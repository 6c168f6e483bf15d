"""Of all relations a message names, those of the person who harms. No Rasa here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.language import strip_accents

from .phrases import Hit, expanded
from .spans import Words

DOERS = Path(__file__).parent / "tables" / "doers.yml"
_ENDS = frozenset(".!?…,;:\n")
_OWN = (("em",), ("con",), ("cháu",), ("nó",), ("tôi",), ("chau",), ("no",), ("toi",))
_GREETINGS = frozenset({"dạ", "da", "alo", "ơi", "oi", "chào", "chao", "ạ"})
_SIDE = ("hàng xóm", "giáo viên", "huấn luyện viên", "bảo mẫu", "chủ", "người lạ", "bạn học", "người quen trên mạng")
"""What somebody is beside being called "chú" or "anh": the more telling of the two."""
_STRANGERS = ("người lạ", "người quen trên mạng")
"""Whom one does not know: "em không biết" behind them says just that."""


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(DOERS.read_text(encoding="utf-8"))
    kin = {word: value for value, words in raw["kin"].items() for word in words}
    helping = [form for phrase in raw["helping"] for form in expanded(phrase, raw["slots"])]
    return {**raw, "kin": kin, "helping": helping, "bare": {strip_accents(w): w for w in [*reversed(kin)]}}


@lru_cache(maxsize=16)
def _set(name: str, bare: bool) -> frozenset[str]:
    words = frozenset(_table()[name])
    return words | frozenset(map(strip_accents, words)) if bare else words


def _has(name: str, word: str, bare: bool) -> bool:
    return word in _set(name, bare)


def alone(words: Words, bare: bool) -> list[Hit]:
    """Kin words without "em" or "nó" behind them that somebody suffers from: "bị cậu đánh", "mẹ hay chửi"."""
    found = []
    for at, typed in enumerate(words.words):
        word = _table()["bare"].get(typed, typed) if bare else typed
        value = _table()["kin"].get(word)
        if value is None or (bare and typed == "duong" and _road(words.words, at)):
            continue
        if bare and at and words.words[at - 1] in _table()["not_behind"].get(typed, ()):
            continue  # "bay ba" is "bậy bạ"
        suffered = at > 0 and _has("before", words.words[at - 1], bare)
        only = word in _table()["only_after_bi"] or (bare and word in _table()["bare_after_bi"] and typed != word)
        if bare and typed == "thay" and not suffered:
            if _teaches(words.words, at):
                found.append(Hit("relation", "giáo viên", at, at + 2, typed))
            continue
        behind = at + 2 if words.words[at + 1 : at + 2] in _OWN else at + 1
        if (suffered or not only) and _does_harm(words.words, behind, bare):
            found.append(Hit("relation", _teacher(value, words.words, bare), at, at + 1, typed))
    return found


def _does_harm(words: tuple[str, ...], at: int, bare: bool) -> bool:
    for word in words[at : at + 4]:
        if _has("harm", word, bare):
            return True
        if not _has("between", word, bare):
            return False
    return False


def _teaches(words: tuple[str, ...], at: int) -> bool:
    """Bare "thay no bat …" is "thầy nó" rather than "thấy nó" where a school is spoken of."""
    school = {"hoc", "lop", "truong"} & set(words)
    return bool(school) and words[at + 1 : at + 2] in (("em",), ("con",), ("no",)) and _does_harm(words, at + 2, True)


def _road(words: tuple[str, ...], at: int) -> bool:
    return at > 0 and words[at - 1] in _table()["road"]


def _teacher(value: str, words: tuple[str, ...], bare: bool) -> str:
    """Who teaches the smallest is a "bảo mẫu"."""
    if value != "giáo viên":
        return value
    text = " ".join(words)
    infants = any(form in text or (bare and strip_accents(form) in text) for form in _table()["infants"])
    return "bảo mẫu" if infants else value


def titled(words: Words, names: list[int], bare: bool) -> list[Hit]:
    """ "thầy Tuấn": a teacher, called by name. ``names`` are the pieces where a name begins."""
    starts = set(names)
    teachers = {"thầy", "hlv", *(("thay",) if bare else ())}
    if {"lớp", "trường", "nhiệm", "dạy", "học", *(("lop", "truong", "nhiem") if bare else ())} & set(words.words):
        teachers |= {"cô", *(("co",) if bare else ())}
    return [
        Hit("relation", _teacher("giáo viên", words.words, bare), at, at + 1, word)
        for at, word in enumerate(words.words[:-1])
        if word in teachers and words.pieces[at + 1] in starts
    ]


def who_harms(hits: list[Hit], words: Words, bare: bool) -> list[Hit]:
    """Leave out who tells and who is told, and who stands beside as long as another relation is left."""
    told = [
        h
        for h in hits
        if not (_teller(h, words.words) or _verb(h, hits, words.words, bare) or _helper(h, words.words, bare))
    ]
    kept = [h for i, h in enumerate(told) if not (i + 1 < len(told) and _same_person(h, told[i + 1], words.words))]
    doing = [h for h in kept if not _beside(h, words.words, bare)] or kept
    return [h for i, h in enumerate(doing) if h.value not in {other.value for other in doing[:i]}]


def _teller(hit: Hit, words: tuple[str, ...]) -> bool:
    """ "Tôi là giáo viên": at the start of a sentence, and of no other person."""
    if hit.start < 2 or words[hit.start - 1] not in ("là", "la"):
        return False
    start = hit.start - 2
    said = words[start] in _table()["tellers"] or words[start] in ("toi", "minh", "chau")
    return said and (start == 0 or words[start - 1] in _ENDS | _GREETINGS)


def _helper(hit: Hit, words: tuple[str, ...], bare: bool) -> bool:
    """ "Kể với cô giáo", "cô biểu con kể", "má không biết": whoever is told, sends somebody here or knows nothing."""
    if hit.value in _STRANGERS or _does_harm(words, hit.end, bare):
        return False
    owned = words[hit.end : hit.end + 1] in (("của",), ("cua",)) and words[hit.end + 1 : hit.end + 2] in _OWN
    end = hit.end + 2 * owned
    left, right = " ".join(words[max(0, hit.start - 4) : hit.start]), " ".join(words[end : end + 6])
    if left.endswith(("nói", "noi", "kể", "ke")) and right.startswith(("nghe", "biết", "biet")):
        return True
    told, helping = _set("told", bare), _set("helping", bare)
    return any(f" {left}".endswith(f" {w}") for w in told) or any(f"{right} ".startswith(f"{w} ") for w in helping)


def _verb(hit: Hit, hits: list[Hit], words: tuple[str, ...], bare: bool) -> bool:
    """ "me em bo em": without diacritics "bỏ em" looks like "bố em", and "đường" like "dượng"."""
    first = words[hit.start]
    if bare and first == "duong":
        return _road(words, hit.start) or words[hit.end : hit.end + 1] in (("di",), ("ve",), ("xa",), ("toi",))
    if bare and first == "ma":  # "mà con" is far more usual than "má con"
        return not _does_harm(words, hit.end, bare)
    return bare and first == "bo" and any(h.end == hit.start for h in hits)


def _same_person(hit: Hit, following: Hit, words: tuple[str, ...]) -> bool:
    """ "chú Bảy hàng xóm" is one person."""
    return (
        following.value in _SIDE
        and hit.value not in _SIDE
        and following.start - hit.end in (0, 1)
        and not (
            {words[i] for i in range(hit.end, following.start)} & (_ENDS | {"và", "với", "va", "voi", "hay", "hoặc"})
        )
    )


def _beside(hit: Hit, words: tuple[str, ...], bare: bool) -> bool:
    """ "ở với bà ngoại", "má em đi làm": named, but not as one who harms."""
    before, behind = words[max(0, hit.start - 4) : hit.start], words[hit.end : hit.end + 4]
    if before and _has("before", before[-1], bare):
        return False
    if before and _has("harm", before[-1], bare):
        return True  # "đánh mẹ em": one more who suffers
    left = " ".join(before)
    right = " ".join(behind)
    beside, away = _set("beside", bare), _set("away", bare)
    return any(left == w or left.endswith(" " + w) for w in beside) or any(
        right == w or right.startswith(w + " ") for w in away
    )
