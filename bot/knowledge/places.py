"""Finding commune-level places of former Kiên Giang in what people write, under their old and new names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.knowledge.models import Place
from bot.knowledge.source import read, records
from bot.knowledge.texts import load_data

_WORD = re.compile(r"\w+")
_AFTER = 45
"""How far behind a name its district or province may stand, in characters."""


@dataclass(frozen=True)
class PlaceMatch:
    """A place found in a text: today's name and code, and where it stands in the original text."""

    name: str
    code: str
    start: int
    end: int


@dataclass(frozen=True)
class _Unit:
    """A name a unit has or had, and the unit of today that it belongs to."""

    name: str
    type: str
    districts: frozenset[str]
    today: bool
    place: Place


@dataclass(frozen=True)
class _Folded:
    """A text without diacritics and case, with each character's place in the original."""

    text: str
    origin: list[int]
    original: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets of a folded span (combining marks belong to their letter)."""
        stop = self.origin[end] if end < len(self.origin) else len(self.original)
        while stop > 0 and self.original[stop - 1].isspace():
            stop -= 1
        return self.origin[start], stop


def fold(text: str) -> _Folded:
    """Fold a text, keeping the way back to its offsets."""
    letters: list[str] = []
    origin: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFD", char.lower().replace("đ", "d")):
            if unicodedata.category(part) != "Mn":
                letters.append(part)
                origin.append(place)
    return _Folded("".join(letters), origin, text)


def _marks(text: str) -> list[tuple[str, str]]:
    """Each word's letters and, apart, its diacritics, so that ``hoà`` equals ``hòa``."""
    words = []
    for word in _WORD.findall(unicodedata.normalize("NFC", text).lower()):
        parts = unicodedata.normalize("NFD", word.replace("đ", "d\u0335"))
        marks = "".join(sorted(c for c in parts if unicodedata.category(c) == "Mn"))
        words.append(("".join(c for c in parts if unicodedata.category(c) != "Mn"), marks))
    return words


def _bare(name: str) -> str:
    """A name without diacritics and without its type: ``Huyện An Minh`` gives ``an minh``."""
    folded = fold(name).text
    rules = load_data("place_rules.yml")
    types = [form for forms in rules["commune_types"].values() for form in forms] + rules["district_types"]
    for form in sorted(types, key=len, reverse=True):
        if folded.startswith(form + " "):
            return folded[len(form) + 1 :]
    return folded


class Places:
    """The communes of today and all names that lead to them."""

    def __init__(self, places: list[Place]) -> None:
        self.places = places
        self.rules = load_data("place_rules.yml")
        self._units: dict[str, list[_Unit]] = {}
        self._districts: set[str] = set()
        for place in places:
            self._add_place(place)
        self._everyday = {fold(name).text for name in self.rules["everyday"]}
        self._types = {form: kind for kind, forms in self.rules["commune_types"].items() for form in forms}

    @classmethod
    def load(cls, root: Path | str) -> Places:
        """Load ``places.yml`` of a knowledge folder."""
        root = Path(root).resolve()
        source, _ = read(root / "places.yml", root)
        return cls([located.record for located in records(source, Place)[0]])

    def _add_place(self, place: Place) -> None:
        districts = frozenset(_bare(name) for name in place.districts)
        self._districts |= districts
        names = [place.name, *self.rules["aliases"].get(place.name.lower(), [])]
        units = [_Unit(name, place.type, districts, True, place) for name in names]
        for former in place.formed_from:
            kind, name = next(
                (kind, former.name[len(kind) + 1 :])
                for kind in self.rules["commune_types"]
                if former.name.lower().startswith(kind + " ")
            )
            units.append(_Unit(name, kind, frozenset({_bare(former.district)}), False, place))
        for unit in units:
            self._units.setdefault(fold(unit.name).text, []).append(unit)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        def either(words: object) -> str:
            ordered = sorted(words, key=len, reverse=True)  # type: ignore[call-overload]
            return "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in ordered)

        names = either({*self._units, *self._districts})
        return re.compile(
            rf"(?<!\w)(?:(?P<commune>{either(self._types)})\s*(?=\s|(?<=\.))\s*"
            rf"|(?P<district>{either(self.rules['district_types'])})\s*(?=\s|(?<=\.))\s*"
            rf"|(?P<cue>{either(self.rules['cues'])})\s+)?(?P<name>{names})(?!\w)"
        )

    def find(self, text: str) -> list[PlaceMatch]:
        """Every commune named in a text. A name that fits several units and no district decides is left out:
        a report sent to the wrong commune is worse than one more question."""
        folded = fold(text)
        found = list(self._pattern.finditer(folded.text))
        named = self._named_districts(found)
        matches = []
        previous_end = -1
        previous_units: list[_Unit] = []
        for match in found:
            name = re.sub(r"\s+", " ", match["name"])
            gap = folded.text[previous_end : match.start()] if previous_end >= 0 else None
            follows = gap is not None and re.fullmatch(r"[\s,.;()-]*", gap) is not None
            if not match["commune"] and follows and any(name in u.districts for u in previous_units):
                continue  # the district of the commune before
            if match["district"]:
                units = self._whole_district(name)
                start = match.start("district")
            else:
                units = self._fitting(folded, match, name)
                units = self._decide(units, match, named, folded)
                start = match.start("commune") if match["commune"] else match.start("name")
            previous_end, previous_units = match.end(), units
            if len({unit.place.code for unit in units}) == 1:
                place = units[0].place
                matches.append(PlaceMatch(place.label, place.code, *folded.span(start, match.end())))
        return matches

    def _named_districts(self, found: list[re.Match[str]]) -> set[str]:
        """Districts that the text names, with their type or as a name of no commune alone."""
        names = {(re.sub(r"\s+", " ", m["name"]), bool(m["district"]), bool(m["commune"])) for m in found}
        return {
            name for name, typed, commune in names
            if name in self._districts and (typed or (not commune and len(found) > 1))
        }  # fmt: skip

    def _whole_district(self, name: str) -> list[_Unit]:
        """A former district counts as a place only where it became one unit (``huyện Kiên Hải``)."""
        units = [u for group in self._units.values() for u in group if u.today and name in u.districts]
        return units if len({u.place.code for u in units}) == 1 else []

    def _fitting(self, folded: _Folded, match: re.Match[str], name: str) -> list[_Unit]:
        """The units whose name a match spells, as far as its diacritics, capitals and neighbours allow."""
        start, end = folded.span(match.start("name"), match.end("name"))
        written = folded.original[start:end]
        typed = _marks(written)
        exact, loose = [], []
        for unit in self._units.get(name, []):
            wanted = _marks(unit.name)
            if typed == wanted:
                exact.append(unit)
            elif all(t == w or (t[0] == w[0] and not t[1]) for t, w in zip(typed, wanted, strict=False)):
                loose.append(unit)
        units = exact or loose
        if match["commune"] or match["cue"]:
            return units
        capitals = all(word[0].isupper() for word in written.split())
        accented = any(marks for _, marks in typed)
        if name in self._everyday:
            before = folded.text[: match.start("name")].split()
            person = bool(before) and before[-1] in self.rules["persons"]
            return units if capitals and not written.isupper() and not person else []
        return units if capitals or accented or self._district_follows(folded.text, match.end()) else []

    def _district_follows(self, text: str, end: int) -> bool:
        behind = text[end : end + _AFTER]
        return any(re.search(rf"(?<!\w){name}(?!\w)", behind) for name in self._districts)

    def _decide(self, units: list[_Unit], match: re.Match[str], named: set[str], folded: _Folded) -> list[_Unit]:
        """Narrow units by the district behind the name, its type, other districts named, and today's names."""
        behind = folded.text[match.end() : match.end() + _AFTER]
        if self._elsewhere(behind):
            return []
        near = {d for d in self._districts if re.match(rf"[\s,.;()-]*{self._district_form}{d}(?!\w)", behind)}
        if near:
            units = [u for u in units if u.districts & near]
            # who names the district, which is no more, means the unit of that time
            units = [u for u in units if not u.today] or units
        kind = self._types.get(re.sub(r"\s+", " ", match["commune"])) if match["commune"] else None
        units = [u for u in units if u.type == kind] or units
        units = [u for u in units if u.districts & named] or units
        return [u for u in units if u.today] or units

    @cached_property
    def _district_form(self) -> str:
        types = "|".join(re.escape(t).replace(r"\ ", r"\s+") for t in self.rules["district_types"])
        return rf"(?:(?:{types})\s*)?"

    def _elsewhere(self, behind: str) -> bool:
        """Whether the words behind a name put it into a district or province that is not ours."""
        types = "|".join(re.escape(t) for t in self.rules["district_types"])
        for found in re.finditer(rf"(?<!\w)(?:{types})\s*((?:[a-z]+\s?){{1,4}})", behind):
            after = found.group(1).strip()
            if not any(after.startswith(name) for name in self._districts):
                return True
        province = re.search(r"(?<!\w)tinh\s+((?:[a-z]+\s?){1,3})", behind)
        if province is None:
            return False
        return not any(province.group(1).startswith(own) for own in self.rules["own_provinces"])

    def names(self) -> Iterator[str]:
        """Every name, old or new, that :meth:`find` knows (for gazetteers and tests)."""
        for units in self._units.values():
            yield from {unit.name for unit in units}
