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
from bot.language.syllable import is_bare_syllable

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
        # hỏi and ngã sound alike in the South: "Vỉnh Thuận"
        marks = "".join(sorted(c for c in parts if unicodedata.category(c) == "Mn")).replace("\u0303", "\u0309")
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


def _holes(name: str) -> set[str]:
    """A name, and the name without any one of its letters: two names that share one are a slip apart."""
    return {name, *(name[:i] + name[i + 1 :] for i in range(len(name)))} if len(name) <= 30 else set()


def _one_slip(written: str, name: str) -> bool:
    """One letter of one longer word is wrong, missing, too many or swapped, and not the first."""
    pairs = list(zip(written.split(), name.split(), strict=False))
    if len(written.split()) != len(name.split()):
        return False
    wrong = [(a, b) for a, b in pairs if a != b]
    if len(wrong) != 1:
        return False
    typed, right = wrong[0]
    return typed[0] == right[0] and len(right) >= 4 and len(typed) >= 3 and bool(_holes(typed) & _holes(right))


def _slip_of(written: str, name: str, sure: bool) -> bool:
    """Whether the other words bear the name's diacritics, and the wrong one is no word, unless it is surely a place."""
    for (letters, marks), (right, wanted) in zip(_marks(written), _marks(name), strict=False):
        if letters == right and any(marks.count(m) > wanted.count(m) for m in marks):
            return False
        if letters != right and not sure and is_bare_syllable(letters):
            return False
    return True


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
        self._days = {fold(name).text for name in self.rules["days"]}
        self._short = {fold(name).text for name in self.rules["short"]}
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
        return matches or self._misspelt(folded)

    def _misspelt(self, folded: _Folded) -> list[PlaceMatch]:
        """A name one letter away from just one that we know, behind a word that makes it a place ("ở Giồng Riền")."""
        for cue in self._cue.finditer(folded.text):
            words = [*_WORD.finditer(folded.text, cue.end(), cue.end() + _AFTER)][:4]
            for count in range(len(words), 1, -1):
                written = folded.text[words[0].start() : words[count - 1].end()]
                near = {name for hole in _holes(written) for name in self._near_names.get(hole, ())}
                near = {name for name in near if _one_slip(written, name)} if written not in self._units else set()
                original = folded.original[slice(*folded.span(words[0].start(), words[count - 1].end()))]
                sure = bool(cue["commune"]) or self._capitals(original)
                units = [u for name in near for u in self._units[name] if _slip_of(original, u.name, sure)]
                units = [u for u in units if u.today] or units
                if len({u.place.code for u in units}) == 1 and not self._elsewhere(folded, words[count - 1].end()):
                    start = words[0].start() if cue["cue"] else cue.start("commune")
                    place = units[0].place
                    return [PlaceMatch(place.label, place.code, *folded.span(start, words[count - 1].end()))]
        return []

    @cached_property
    def _cue(self) -> re.Pattern[str]:
        types = "|".join(re.escape(t).replace(r"\ ", r"\s+") for t in sorted(self._types, key=len, reverse=True))
        return re.compile(rf"(?<!\w)(?:(?P<commune>{types})|(?P<cue>o|tai|ve|que))\s+")

    @cached_property
    def _near_names(self) -> dict[str, set[str]]:
        near: dict[str, set[str]] = {}
        for name in self._units:
            for hole in _holes(name) if len(name) >= 7 and " " in name else ():
                near.setdefault(hole, set()).add(name)
        return near

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
            elif all(t[0] == w[0] and all(t[1].count(m) <= w[1].count(m) for m in t[1])
                     for t, w in zip(typed, wanted, strict=False)):  # fmt: skip
                loose.append(unit)
        units = exact or loose
        if name in self._days and match["cue"] not in ("o", "cho", "tai", "ve", "gan", "nha o", "song o"):
            return units if match["commune"] or self._capitals(written) else []
        if match["commune"] or match["cue"]:
            return units
        if name in self._short:
            return units if self._place_like(folded.text, match) and written.isupper() else []
        capitals = self._capitals(written)
        accented = any(marks for _, marks in typed)
        if name in self._everyday:
            before = folded.text[: match.start("name")].split()
            person = bool(before) and before[-1] in self.rules["persons"]
            return units if capitals and not written.isupper() and not person else []
        return units if capitals or accented or self._district_follows(folded.text, match.end()) else []

    @staticmethod
    def _capitals(written: str) -> bool:
        return all(word[0].isupper() for word in written.split())

    @staticmethod
    def _place_like(text: str, match: re.Match[str]) -> bool:
        """Whether a short form stands at the end of a clause, as an address does ("…, RG")."""
        return re.match(r"\s*(?:$|[,.;!?)])", text[match.end() :]) is not None

    def _district_follows(self, text: str, end: int) -> bool:
        behind = text[end : end + _AFTER]
        return any(re.search(rf"(?<!\w){name}(?!\w)", behind) for name in self._districts)

    def _decide(self, units: list[_Unit], match: re.Match[str], named: set[str], folded: _Folded) -> list[_Unit]:
        """Narrow units by the district behind the name, its type, other districts named, and today's names."""
        behind = folded.text[match.end() : match.end() + _AFTER]
        if self._elsewhere(folded, match.end()):
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

    @cached_property
    def _chain(self) -> re.Pattern[str]:
        """What puts a name into a district or province, right behind it: "…, huyện Thanh Bình, tỉnh Đồng Tháp"."""
        types = "|".join(re.escape(t) for t in sorted(self.rules["district_types"], key=len, reverse=True))
        return re.compile(
            rf"[\s,.;()-]*(?:(?:thuoc|cua|o)\s+)?(?P<type>{types}|tinh|t\.)(?:\s+|(?<=\.))"
            r"(?P<name>(?:\d+|[a-z]+(?: [a-z]+){0,2}))"
        )

    def _elsewhere(self, folded: _Folded, at: int) -> bool:
        """Whether the words behind a name put it into a district or province that is not ours."""
        while (found := self._chain.match(folded.text, at)) is not None:
            name, end = found["name"], found.end()
            province = found["type"] in ("tinh", "t.")
            ours = self.rules["own_provinces"] if province else self._districts
            own = next((known for known in ours if re.match(rf"{known}(?!\w)", name)), None)
            if own is None:
                return self._is_district(folded, found, province)
            at = found.start("name") + len(own)
            if at >= end + 1:
                return False
        return False

    def _is_district(self, folded: _Folded, found: re.Match[str], province: bool) -> bool:
        """Whether "quan …" is "quận …" and no "quán …", "tinh …" is "tỉnh …" and no "tình …"."""
        start, stop = folded.span(found.start("type"), found.end("type"))
        marks = "".join(m for _, m in _marks(folded.original[start:stop]))
        known = any(re.match(rf"{name}(?!\w)", found["name"]) for name in self.rules["provinces"])
        if not marks:
            if province or found["type"] in ("tinh", "t."):
                return known
            begin, _ = folded.span(found.start("name"), found.end("name"))
            likely = folded.original[begin].isupper() or folded.original[begin].isdigit() or found["type"] != "quan"
            return likely and not any(re.match(rf"{w}(?!\w)", found["name"]) for w in self.rules["no_districts"])
        right = {"quan": "quận", "huyen": "huyện", "tinh": "tỉnh"}.get(found["type"])
        return right is None or marks == "".join(m for _, m in _marks(right))

    def names(self) -> Iterator[str]:
        """Every name, old or new, that :meth:`find` knows (for gazetteers and tests)."""
        for units in self._units.values():
            yield from {unit.name for unit in units}
