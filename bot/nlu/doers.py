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
_ORDER = (("hai",), ("ba",), ("tu",), ("nam",), ("sau",), ("bay",), ("tam",), ("ut",))
"""Behind a bare "cau": the uncle's place in the family."""
_GREETINGS = frozenset({"dạ", "da", "alo", "ơi", "oi", "chào", "chao", "ạ"})
_SIDE = ("hàng xóm", "giáo viên", "huấn luyện viên", "bảo mẫu", "chủ", "người lạ", "bạn học", "người quen trên mạng")
"""What somebody is beside being called "chú" or "anh": the more telling of the two."""
_JOINED = 3
"""Words between two who did it together."""
_STRANGERS = ("người lạ", "người quen trên mạng")
"""Whom one does not know: "em không biết" behind them says just that."""


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(DOERS.read_text(encoding="utf-8"))
    kin = {word: value for value, words in raw["kin"].items() for word in words}
    helping, hushes = (
        [form for phrase in raw[name] for form in expanded(phrase, raw["slots"])] for name in ("helping", "hushes")
    )
    return {
        **raw,
        "kin": kin,
        "helping": helping,
        "hushes": hushes,
        "bare": {strip_accents(w): w for w in [*reversed(kin)]},
    }


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
        if value is None or (bare and typed == "duong" and (_road(words.words, at) or _in_a_name(words.words, at))):
            continue
        if bare and at and words.words[at - 1] in _table()["not_behind"].get(typed, ()):
            continue  # "bay ba" is "bậy bạ"
        suffered = at > 0 and _has("before", words.words[at - 1], bare)
        only = word in _table()["only_after_bi"] or (bare and word in _table()["bare_after_bi"] and typed != word)
        if bare and typed == "thay" and not suffered:
            if _teaches(words.words, at):
                found.append(Hit("relation", "giáo viên", at, at + 2, typed))
            continue
        ordered = bare and typed != "ba" and words.words[at + 1 : at + 2] in _ORDER
        behind = at + 2 if ordered or words.words[at + 1 : at + 2] in _OWN else at + 1
        if (suffered or not only) and _does_harm(words.words, behind, bare):
            found.append(Hit("relation", _teacher(value, words.words, bare), at, at + 1, typed))
    return found


def _does_harm(words: tuple[str, ...], at: int, bare: bool) -> bool:
    for place in range(at, min(at + 4, len(words))):
        word = words[place]
        if _has("harm", word, bare) and _means_harm(words, place, bare):
            return not _follows(words, place + 1, "avenged", bare)
        if not _has("between", word, bare):
            return False
    return False


def _means_harm(words: tuple[str, ...], at: int, bare: bool) -> bool:
    """Whether a verb without diacritics is the one of harm: "bao hanh", not "muon bao"."""
    behind = _table()["bare_harm"].get(words[at]) if bare else None
    return behind is None or words[at + 1 : at + 2] == () or words[at + 1] in behind


def _follows(words: tuple[str, ...], at: int, name: str, bare: bool) -> bool:
    """Whether one of a table's phrases stands just there."""
    right = " ".join(words[at : at + 4]) + " "
    return any(right.startswith(f"{phrase} ") for phrase in _set(name, bare))


def _in_a_name(words: tuple[str, ...], at: int) -> bool:
    """ "binh duong" is a province."""
    return at > 0 and words[at - 1] in _table()["named"]


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
    """Only who is said to have done it. Left out are who tells, who is told or helps, who only stands beside, and,
    where it is said of somebody what they did, everybody of whom nothing of the kind is said."""
    told = [h for h in hits if not _no_doer(h, hits, words.words, bare)]
    kept = [h for i, h in enumerate(told) if not (i + 1 < len(told) and _same_person(h, told[i + 1], words.words))]
    doing = [h for h in kept if not _beside(h, words.words, bare)]
    if not doing:  # "mẹ nó bỏ đi": to leave a child alone is harm, too
        doing = [h for h in kept if h.value in _STRANGERS or _follows(words.words, h.end, "leaves", bare)]
    sure = [h for h in doing if _acts(h, words.words, bare)]
    if sure:
        doing = [h for h in doing if h in sure or _with_next(h, doing, words.words, sure)]
    return [h for i, h in enumerate(doing) if h.value not in {other.value for other in doing[:i]}]


def _no_doer(hit: Hit, hits: list[Hit], words: tuple[str, ...], bare: bool) -> bool:
    """Who tells, who helps, and what is no person at all."""
    return (
        _teller(hit, words)
        or _verb(hit, hits, words, bare)
        or _strange(hit, words, bare)
        or _grandparent(hit, words, bare)
        or _helper(hit, words, bare)
        or _minder(hit, hits, words, bare)
    )


def _acts(hit: Hit, words: tuple[str, ...], bare: bool) -> bool:
    """Whether it is said of somebody what they do to the child, or by whom the child is hurt."""
    if hit.start and _has("before", words[hit.start - 1], bare):
        return True
    if _does_harm(words, hit.end, bare):
        return True
    behind = [n for n in range(hit.end, min(hit.end + 4, len(words))) if words[n] not in _ENDS]
    for place in behind:
        if _has("acts", words[place], bare):
            return True
        if _has("spreads", words[place], bare):
            return any(_has("spread", word, bare) for word in words[place + 1 : place + 4])
        if not _has("between", words[place], bare):
            return False
    return False


def _with_next(hit: Hit, hits: list[Hit], words: tuple[str, ...], sure: list[Hit]) -> bool:
    """ "chú Út và anh họ sờ con": what is said of the last is said of both."""
    after = next((h for h in hits if h.start > hit.start), None)
    if after is None or not 0 < after.start - hit.end <= _JOINED:
        return False
    between = set(words[hit.end : after.start])
    joined = bool(between & {"và", "va", "với", "voi", "cùng", "cung", "lẫn", "lan", "hoặc", "hoac", ","})
    return joined and (after in sure or _with_next(after, hits, words, sure))


def _strange(hit: Hit, words: tuple[str, ...], bare: bool) -> bool:
    """ "ba la noi no" is no "bà lạ"."""
    return (
        bare
        and hit.value in _STRANGERS
        and words[hit.end - 1] == "la"
        and words[hit.end : hit.end + 1] != ()
        and words[hit.end] in _table()["is_not_strange"]
    )


def _grandparent(hit: Hit, words: tuple[str, ...], bare: bool) -> bool:
    """A grandparent who tells of the grandchild and calls themselves "bà" or "ông": "bà ngoại đây, cháu bà bị …"."""
    if hit.value not in ("bà", "ông", "cha") or (hit.start and _has("before", words[hit.start - 1], bare)):
        return False
    if hit.value == "cha" and not (bare and words[hit.start : hit.end] == ("ba",)):
        return False
    end = hit.end + 2 * (words[hit.end : hit.end + 1] in (("của",), ("cua",)))
    if _does_harm(words, end, bare):
        return False
    if hit.value != "cha" and hit.start == 0 and _follows(words, end, "presents", bare):
        return True
    text = f" {' '.join(words)} "
    return any(f" {phrase} " in text for phrase in _set("grandchild", bare))


def _teller(hit: Hit, words: tuple[str, ...]) -> bool:
    """ "Tôi là giáo viên": at the start of a sentence, and of no other person."""
    if hit.start < 2 or words[hit.start - 1] not in ("là", "la"):
        return False
    start = hit.start - 2
    said = words[start] in _table()["tellers"] or words[start] in ("toi", "minh", "chau")
    said = said or (hit.value in ("bà", "ông") and words[start] in ("bà", "ba", "ông", "ong", "ngoại", "nội"))
    return said and (start == 0 or words[start - 1] in _ENDS | _GREETINGS)


def _helper(hit: Hit, words: tuple[str, ...], bare: bool) -> bool:
    """ "Kể với cô giáo", "cô biểu con kể", "má không biết", "mẹ hay bênh dượng": whoever is told, sends somebody here,
    knows nothing, or knows and stands up for somebody else."""
    if hit.value in _STRANGERS:
        return False
    if _follows(words, _passed(words, hit.end, bare), "hushes", bare):
        return True
    if _does_harm(words, hit.end, bare):
        return False
    owned = words[hit.end : hit.end + 1] in (("của",), ("cua",)) and words[hit.end + 1 : hit.end + 2] in _OWN
    end = hit.end + 2 * owned
    left, right = " ".join(words[max(0, hit.start - 4) : hit.start]), " ".join(words[end : end + 6])
    if left.endswith(("nói", "noi", "kể", "ke")) and right.startswith(("nghe", "biết", "biet")):
        return True
    told, helping = _set("told", bare), _set("helping", bare)
    passed = _passed(words, end, bare)
    ways = (right, " ".join(words[passed : passed + 6]))
    return any(f" {left}".endswith(f" {w}") for w in told) or any(
        f"{way} ".startswith(f"{w} ") for way in ways for w in helping
    )


def _minder(hit: Hit, hits: list[Hit], words: tuple[str, ...], bare: bool) -> bool:
    """ "do bà ngoại nuôi", "bà giữ nó": who looks after the child, and of whom no harm is said."""
    if not _follows(words, _passed(words, hit.end, bare), "minds", bare):
        return False
    following = (h.start for h in hits if h.start >= hit.end)
    end = min(next(following, len(words)), hit.end + 10)
    behind = words[hit.end : end]
    if any(_has("keeps", word, bare) for word in behind):
        return False  # "giữ nó không cho gặp"
    return not any(_has("harm", words[n], bare) and _means_harm(words, n, bare) for n in range(hit.end, end))


def _passed(words: tuple[str, ...], at: int, bare: bool) -> int:
    """Where what is said of somebody begins, behind small words."""
    while at < len(words) and _has("passes", words[at], bare):
        at += 1
    return at


def _verb(hit: Hit, hits: list[Hit], words: tuple[str, ...], bare: bool) -> bool:
    """ "me em bo em": without diacritics "bỏ em" looks like "bố em", and "đường" like "dượng"."""
    first = words[hit.start]
    if bare and first == "duong":
        return (
            _road(words, hit.start)
            or _in_a_name(words, hit.start)
            or words[hit.end : hit.end + 1] in (("di",), ("ve",), ("xa",), ("toi",))
        )
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
    if behind and behind[0] in ("mà", "ma") and _has("supposed", "".join(behind[1:2]), bare):
        return True  # "mẹ mà biết là giết em": nobody has done that
    if bare and behind and behind[0] == "so" and _means_harm(words, hit.end, bare) and len(behind) > 1:
        return False  # "so quan": "sờ", not "sợ"
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
