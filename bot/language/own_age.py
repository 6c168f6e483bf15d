"""The age that the writer of a message states of themselves, in years or by their class at school."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .characters import strip_accents
from .normal import normalise
from .tables import load

SCHOOL = 5
"""Years at which a child is in class 0."""
_NO_MARK = "".join(rf"(?<!{word} )" for word in ("duoc", "co", "vao", "vo", "hoc", "len"))
"""A number after these is no age: "em được 9"."""


@dataclass(frozen=True)
class OwnAge:
    """An age that somebody states of themselves."""

    years: int
    pronoun: str
    """Bare; "" for an age without one ("13 tuổi")."""
    shared: bool
    """A grown-up may mean their child or pupil by the pronoun."""
    ends: bool
    """The message begins with it, and its clause ends there: it tells nothing else."""


@dataclass(frozen=True)
class _Signs:
    stated: re.Pattern[str]
    fragment: re.Pattern[str]
    ends: re.Pattern[str]
    pronouns: frozenset[str]
    shared: frozenset[str]
    of_another: re.Pattern[str]
    of_another_bare: re.Pattern[str]
    numbers: dict[str, int]


def own_ages(text: str) -> list[OwnAge]:
    """The ages that the writer states of themselves, in order; another's ("bạn em 7 tuổi") is none."""
    signs, normal = _signs(), normalise(text)[:400]
    bare = strip_accents(normal)
    found = [_read(match, normal, bare) for match in signs.stated.finditer(bare)]
    if not any(found):
        fragment = signs.fragment.match(bare)
        found = [_read(fragment, normal, bare)] if fragment else []
    return [age for age in found if age]


def _read(match: re.Match[str], normal: str, bare: str) -> OwnAge | None:
    signs, groups = _signs(), match.groupdict()
    pronoun = groups.get("self") or ""
    if pronoun and not _own(normal, bare, *match.span("self")):
        return None
    ends = signs.ends.match(bare, match.end()) is not None
    if groups["unit"] == "tui" and not ends and normal[slice(*match.span("unit"))] != "tủi":
        return None  # "con 10 tui ban": whoever knows what that is
    if groups["only"] and pronoun == "toi" and "toi" in normal[slice(*match.span())]:
        return None  # "tu 1 toi 15"
    grade = groups["grade"] or groups["form"]
    number = (grade or groups["age"] or groups["only"]).strip()
    years = signs.numbers.get(number) or int(number)
    begins = not bare[: match.start()].strip(" .,!") or not pronoun
    return OwnAge(years + SCHOOL if grade else years, pronoun, pronoun in signs.shared, begins and ends)


def _own(normal: str, bare: str, start: int, end: int) -> bool:
    """Whether the pronoun is the writer ("tới" is not "tôi", "to 6" is "tổ 6"), not "bạn em"."""
    signs, word = _signs(), normal[start:end]
    if word not in signs.pronouns and (not word.isascii() or word == "to"):
        return False
    before = normal[:start]
    if signs.of_another.search(before):
        return False
    last = before.split()[-1:] or [""]
    return not (last[0].isascii() and signs.of_another_bare.search(bare[:start]))


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    data = load("own_age")
    numbers = {strip_accents(word): int(years) for word, years in data["numbers"].items()}
    word = _any(numbers)
    after = rf"(?: (?:{_any(data['after'])})\b)*"
    ends = rf"{after} ?(?:[.,:](?!\d)|[!?;~]|$)"
    between = rf"(?:(?:{_any(data['between'])})[ ,]+)*"
    told = (
        rf"(?:lop ?(?!(?:{_any(data['no_number'])})\b)(?P<grade>\d{{1,2}}(?!\d)|(?:{word})\b)"
        rf"|(?P<form>\d{{1,2}})[a-e]\d{{0,2}}\b"
        rf"|(?P<age>\d{{1,2}} ?|(?:{word}) )(?P<unit>t|tuoi|tui)\b"
        rf"|{_NO_MARK}(?P<only>\d{{1,2}})(?={ends}))"
    )
    lone = told.replace(_NO_MARK, "(?<=nam nay )")
    of_another = "|".join(data["of_another"])
    return _Signs(
        stated=re.compile(rf"\b(?P<self>{_any([*data['alone'], *data['shared']])}) {between}{told}"),
        fragment=re.compile(rf"(?:(?:{_any(data['before'])})[ ,]+)*{between}{lone}(?={ends})"),
        ends=re.compile(ends),
        pronouns=frozenset([*data["alone"], *data["shared"]]),
        shared=frozenset(map(strip_accents, data["shared"])),
        of_another=re.compile(rf"\b(?:{of_another}) $"),
        of_another_bare=re.compile(rf"\b(?:{strip_accents(of_another)}) $"),
        numbers=numbers,
    )


def _any(words: Iterable[str]) -> str:
    return strip_accents("|".join(sorted(words, key=len, reverse=True)))


@lru_cache(maxsize=1)
def _young_writing() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])(?:{'|'.join(load('own_age')['young_writing'])})(?!\w)")


def says_grown_i(text: str) -> bool:
    """Whether a message with diacritics says "tôi" or "tui": "con" and "em" in it are hardly the writer."""
    return not text.isascii() and not _grown_i().isdisjoint(re.findall(r"\w+", text.lower()))


@lru_cache(maxsize=1)
def _grown_i() -> frozenset[str]:
    return frozenset(load("own_age")["grown"])


def writes_young(text: str) -> bool:
    """Whether a message as typed has teencode that hardly a grown-up writes; "15 t" is an age."""
    return _young_writing().search(re.sub(r"\d\s?t\b", "", text.lower())) is not None
