"""Finds people's names in a message, so that they can be masked. No Rasa here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from bot.language import strip_accents
from bot.language.normal import word as normal_word
from bot.language.syllable import is_bare_syllable, is_syllable

from .phrases import marks
from .spans import Cut, Piece

NAMES = Path(__file__).parent / "tables" / "names.yml"
_LONGEST = 5
"""Syllables of the longest name ("Công Tằng Tôn Nữ …" is rarer than a run-on sentence)."""
_SIGNS = (":", "-", "(", '"', "'", "“")


class _Words:
    """The lists of ``names.yml``; ``has`` compares with the diacritics, wherever the tone mark stands."""

    def __init__(self) -> None:
        raw = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
        self.places = [tuple(name.split()) for name in " ".join(raw.pop("places").split()).split(", ")]
        self._lists = {
            name: frozenset(_key(str(w)) for w in (words if isinstance(words, list) else words.split()))
            for name, words in raw.items()
        }
        self._bare = {name: frozenset(w for w, _ in words) for name, words in self._lists.items()}

    def has(self, name: str, word: str, bare: bool = False) -> bool:
        """Whether a list holds a word; ``bare`` lets it lack its diacritics."""
        return _key(word) in self._lists[name] or (bare and word.isascii() and word in self._bare[name])


@lru_cache(maxsize=16384)
def _key(word: str) -> tuple[str, str]:
    return strip_accents(word), marks(word)


@lru_cache(maxsize=1)
def _words() -> _Words:
    return _Words()


class _Reader:
    """One message while its names are looked for."""

    def __init__(self, message: Cut) -> None:
        self.pieces = message.pieces
        self.bare = message.bare
        self.forms = [strip_accents(f) if message.bare else f for f in message.forms]
        letters = [p for p in self.pieces if p.typed.isalpha()]
        capitals = sum(p.typed[0].isupper() for p in letters)
        # "EM BỊ BA ĐÁNH", "Em Bị Ba Đánh": capitals that tell nothing
        self.shouting = len(letters) > 3 and capitals > 0.7 * len(letters)
        self.list = _words()

    def capital(self, at: int) -> bool:
        """A word with a capital that means something."""
        piece = self.pieces[at] if at < len(self.pieces) else None
        if piece is None or not piece.typed.isalpha() or not piece.typed[0].isupper() or self.shouting:
            return False
        lower = piece.lower
        return len(lower) == 1 or not piece.typed.isupper() or is_syllable(lower) or is_bare_syllable(lower)

    def starts_sentence(self, at: int) -> bool:
        """Whether a capital there is the sentence's own."""
        return at == 0 or self.pieces[at - 1].typed in ".!?…\n"

    def stops(self, at: int, hard: bool = False) -> bool:
        """Whether no name goes on at a piece."""
        if at >= len(self.pieces) or not self.pieces[at].typed.isalpha():
            return True
        return self.list.has("hard" if hard else "not_names", self.pieces[at].lower)

    def capitals_from(self, first: int) -> int:
        """The end of the capitalised words that begin at ``first``."""
        end = first
        while end < len(self.pieces) and end - first < _LONGEST and self.capital(end):
            middle = end > first and self.list.has("middle", self.pieces[end - 1].lower)
            if (
                end > first
                and not middle
                and self.stops(end, hard=True)
                and not self.list.has("given", self.pieces[end].lower)
            ):
                break
            end += 1
        return end

    def syllables_from(self, first: int) -> int:
        """The end of the name syllables in small letters that begin at ``first``."""
        end = first
        while end < len(self.pieces) and end - first < 4:
            lower = self.pieces[end].lower
            given = self.list.has("given", lower, self.bare) or self.list.has("family", lower, self.bare)
            if not given and not self.list.has("middle", lower, self.bare):
                break
            if end > first and self.list.has("words", lower) and self._word(end):
                break
            end += 1
        return end

    def _word(self, at: int) -> bool:
        """Whether a syllable that is a word as well goes on with the sentence ("tên hoa năm nay")."""
        after = self.forms[at + 1] if at + 1 < len(self.forms) else ""
        return self.list.has("goes_on", after, self.bare)

    def announced(self, at: int) -> tuple[int, int] | None:
        """ "Em tên (là) Thu Hà": the name behind a word that announces one."""
        form = self.forms[at]
        if form not in ("tên", "ten"):
            return self._presented(at)
        first = at + 1
        while first < len(self.pieces) and first - at < 5:
            piece = self.pieces[first]
            filler = piece.typed in _SIGNS or (self.list.has("filler", self.forms[first], self.bare))
            if not filler or (self.capital(first) and not self.list.has("not_names", piece.lower)):
                break
            given = self.list.has("given", piece.lower) and not self.list.has("not_names", piece.lower)
            if given and self.stops(first + 1):
                break
            first += 1
        if first > at + 1 and self._ends(first) and self.list.has("given", self.pieces[first - 1].lower, self.bare):
            first -= 1  # "ten anh", "tên Bình": what looked like a filler was the name
            return (first, first + 1) if not self.list.has("not_names", self.pieces[first].lower) else None
        asked = first == at + 1 and (at == 0 or self.list.has("titles", self.forms[at - 1], self.bare))
        said = first > at + 1 and (self.forms[first - 1] in ("là", "la") or self.pieces[first - 1].typed in _SIGNS)
        known = first < len(self.pieces) and self.list.has("given", self.pieces[first].lower, self.bare)
        if known and self.bare and first > at + 1 and self.list.has("given", self.pieces[first - 1].lower, True):
            first -= 1  # "ten minh thu": rather one syllable too many than one missed
        return self._name_at(first) if known or asked or said or self.capital(first) else None

    def _ends(self, at: int) -> bool:
        return at >= len(self.pieces) or not self.pieces[at].typed.isalpha()

    def _name_at(self, first: int) -> tuple[int, int] | None:
        if first >= len(self.pieces) or not self.pieces[first].typed.isalpha():
            return None
        piece = self.pieces[first]
        if self.capital(first):
            following = self.capital(first + 1) and not self.stops(first + 1, hard=True)
            if self.stops(first) and not (following and not self.stops(first, hard=True)) and not self._surely(piece):
                return None
            return first, self.capitals_from(first)
        if self.stops(first) and not self._goes_on(first) and piece.lower not in ("minh", "anh"):
            return None
        if not 2 <= len(piece.typed) <= 7 and piece.lower not in ("y", "ý"):
            return None
        if normal_word(piece.lower) != piece.lower and not self.list.has("given", piece.lower):
            return None
        return first, max(first + 1, self.syllables_from(first))

    def _surely(self, piece: Piece) -> bool:
        return self.list.has("given", piece.lower) and not self.list.has("hard", piece.lower) and len(piece.typed) > 1

    def _goes_on(self, first: int) -> bool:
        """A word that is no name alone may begin one: "gia bảo", "nam anh"; or stand at the end: "ten nam"."""
        lower = self.pieces[first].lower
        if not self.list.has("given", lower, self.bare) or self.list.has("hard", lower, self.bare):
            return False
        return self._ends(first + 1) or self.syllables_from(first) > first + 1

    def _presented(self, at: int) -> tuple[int, int] | None:
        """ "Em là Hân": with a capital only."""
        if self.forms[at] not in ("là", "la") or not at or not self.list.has("speakers", self.forms[at - 1], self.bare):
            return None
        if not self.capital(at + 1) or self.stops(at + 1):
            return None
        return at + 1, self.capitals_from(at + 1)

    def titled(self, at: int) -> tuple[int, int] | None:
        """ "bé Na", "thầy Minh", "bạn thảo"."""
        form = self.forms[at]
        if at + 1 >= len(self.pieces) or not self.list.has("titles", form, self.bare):
            return None
        first = at + 1
        if self.capital(first):
            following = self.capital(first + 1) and not self.stops(first + 1, hard=True)
            lower = self.pieces[first].lower
            known = self.list.has("given", lower) or self.list.has("family", lower)
            if self.stops(first) and not (known and (following or not self.list.has("hard", lower))):
                return None
            return first, self.capitals_from(first)
        never = self.list.has("titles_never_small", form)
        if not self.list.has("titles_small", form, self.bare) or self.stops(first) or never:
            return None
        lower = self.pieces[first].lower
        clear = self.list.has("clear_bare" if lower.isascii() else "clear", lower)
        pet = self.list.has("pet_titles", form, self.bare) and self.list.has("pet", lower)
        return (first, max(first + 1, self.syllables_from(first))) if clear or pet else None

    def full(self, at: int) -> tuple[int, int] | None:
        """A family name with what follows: "Lê Minh Khang", "nguyen thi kim ngan"."""
        lower = self.pieces[at].lower
        if self.capital(at) or (self.shouting and self.pieces[at].typed.isupper()):
            return self._capitalised(at, lower)
        second = self.pieces[at + 1].lower if at + 1 < len(self.pieces) else ""
        if at and self.forms[at - 1] in ("phụ", "phu", "vi", "bác"):
            return None  # "phụ huynh", "vi phạm"
        if self.list.has("middle", second, bare=True):
            return self._with_middle(at, lower)
        end = self.syllables_from(at + 1)
        sure = self.list.has("family_bare", lower) or self.list.has("family_small", lower)
        return (at, end) if sure and end > at + (1 if lower in ("nguyễn", "nguyen") else 2) else None

    def _with_middle(self, at: int, lower: str) -> tuple[int, int] | None:
        """ "le thi hoa", "phạm văn tài": a middle name makes the family name sure."""
        end = self.syllables_from(at + 2)
        if end == at + 2:
            return None
        family = self.list.has("family", lower) or self.list.has("family_weak", lower)
        if family and not (lower.isascii() or self.pieces[at + 1].lower.isascii()):
            return at, end
        third = self.pieces[at + 2].lower
        weak = self.list.has("family_middle_weak", lower) and self.list.has("clear_bare", third)
        return (at, end) if self.list.has("family_middle", lower) or weak else None

    def _capitalised(self, at: int, lower: str) -> tuple[int, int] | None:
        end = self.capitals_from(at)
        if self.shouting:
            end = self.syllables_from(at + 1)
            sure = self.list.has("family", lower, self.bare) and end > at + 2
            return (at, end) if sure else None
        family = self.list.has("family", lower, bare=True) or self.list.has("family_weak", lower, bare=True)
        loose = self.bare or not lower.isascii() or self.list.has("family", lower)
        given = all(self.list.has("given", p.lower, True) for p in self.pieces[at + 1 : end])
        middle = end > at + 1 and self.list.has("middle", self.pieces[at + 1].lower, True)
        if family and loose and end > at + 1 and (middle or given or end > at + 2):
            return at, end
        sure = all(self.list.has("given", p.lower, self.bare) for p in self.pieces[at:end])
        if sure and end > at + 1:
            return at, end  # "Ngọc Hân lớp 5 …"
        alone = end == at + 1 and not self.starts_sentence(at)
        clear = self.list.has("clear", lower) or (self.bare and self.list.has("clear_bare", lower))
        return (at, end) if alone and clear else None

    def street(self, at: int) -> bool:
        """ "Đường Trần Hưng Đạo", "trường Lê Quý Đôn": what is called after a person is no person."""
        return self.list.has("after", self.forms[at], self.bare) and self.capital(at + 1)

    def place(self, at: int, end: int) -> bool:
        """Whether the words are a place's or a thing's: "Hà Tiên", "Trung Thu"."""
        words = [self.pieces[i].lower for i in range(at, end)]
        return any(
            list(place) == words[: len(place)] or [strip_accents(w) for w in place] == words[: len(place)]
            for place in self.list.places
        )


def find_names(message: Cut) -> list[tuple[int, int]]:
    """The names of a message as ranges of its pieces: announced ("tên …"), behind a title, or in full."""
    reader = _Reader(message)
    found = []
    at = 0
    while at < len(message.pieces):
        span = None
        if reader.street(at):
            at = reader.capitals_from(at + 1)
            continue
        if message.pieces[at].typed.isalpha():
            span = reader.announced(at) or reader.full(at) or reader.titled(at)
        if span is not None and not reader.place(*span):
            end = span[1]
            while (
                end < len(message.pieces)
                and message.pieces[end - 1].end == message.pieces[end].start
                and (message.pieces[end].typed.isalpha())
            ):
                end += 1  # "NgocAnh" was cut, and is one name
            found.append((span[0], end))
            at = end
        else:
            at += 1
    return found
