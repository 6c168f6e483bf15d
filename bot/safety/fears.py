"""What children say once they have told of harm ("mẹ có la không", "tại con hư"), and the words that answer it
(``data/fears.yml``). Whether they have told of any says the conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.language import bare_form

from .signs import any_of, read_signs


@dataclass(frozen=True)
class Fear:
    """One fear or question: its signs, and what is said to it by audience."""

    id: str
    signs: re.Pattern[str]
    say: dict[str, str]
    dying: bool
    """Whether it is also said to who hurts themselves or thinks of dying."""


def fear_in(text: str, dying: bool = False) -> Fear | None:
    """The fear that a message is about and nothing else; ``dying``: of somebody who thinks of dying."""
    bare = bare_form(text).strip(" .,!?~")
    if len(bare.split()) > _most():
        return None
    clauses = [part for part in re.split(r"\s*[,.!?;\n]+\s*", bare) if part]
    spoken = [form for part in clauses for form in _forms(part)]
    known = (fear for fear in fears() if fear.dying or not dying)
    return next((fear for fear in known if any(fear.signs.fullmatch(form) for form in spoken)), None)


@lru_cache(maxsize=1)
def fears() -> list[Fear]:
    """All of them, in the order in which they count."""
    parts = {name: _data()[name] for name in ("I", "home")}
    return [
        Fear(entry["id"], any_of(entry["signs"], parts), dict(entry["say"]), bool(entry.get("dying")))
        for entry in _data()["fears"]
    ]


def _forms(part: str) -> tuple[str, str]:
    """A clause without the words around it that say nothing; and without who says it, too."""
    data = _data()
    plain = re.sub(rf"^(?:(?:{data['before']}) )+|(?: (?:{data['after']}))+$", "", part).strip()
    return plain, re.sub(rf"^{data['I']} (?:(?:rat|hoi|cung|dang|van|that su|chi) )*", "", plain)


def _data() -> dict[str, Any]:
    return read_signs("fears")


def _most() -> int:
    return int(_data()["most"])
