"""Who did it, as somebody's own words say: former partners, attackers called by name, and who was not meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language import bare_form, normalise, strip_accents

from .message import Message
from .whom import words

MOST_RELATIONS = 4
_PIECE = re.compile(r"\w+|[^\w\s]")
_ENDS = frozenset(".;!?\n:")
LONGEST_NAME = 3
BEFORE, BEHIND = 14, 4
"""Words around names in which it must be said what they did."""


def who_harms(message: Message, own: str | None) -> str | None:
    """The relations that the words name, but for the reporter's own, and whoever is called by name beside them."""
    found = [_former(str(e["value"]), str(e.get("text") or "")) for e in message.found if e["entity"] == "relation"]
    relations = list(dict.fromkeys(name for name in found if name != own))[:MOST_RELATIONS]
    if not relations and re.search(words()["who"]["friends"], bare_form(message.text)):
        relations = [words()["who"]["friend"]]
    return ", ".join([*relations, *named_doers(message)]) or None


def _former(value: str, text: str) -> str:
    """ "chồng cũ" is no "chồng"."""
    return f"{value} cũ" if re.search(words()["who"]["former"], bare_form(text)) and "cũ" not in value else value


def named_doers(message: Message) -> list[str]:
    """Those who are called by name and of whom it is said what they did ("thằng Khang, Phúc với Bi đánh con tui")."""
    pieces = _PIECE.findall(message.text)
    known = {str(e.get("text") or e["value"]).lower() for e in message.found if e["entity"] == "name"}
    titles, at, found = words()["who"]["titles"], 0, []
    while at < len(pieces):
        if pieces[at].lower() in titles and _name(pieces, at + 1, known):
            names, end = _names(pieces, at, known)
            if _does(pieces, at, end):
                found += names
            at = end
        else:
            at += 1
    return list(dict.fromkeys(found))[: words()["who"]["most"]]


def _name(pieces: Sequence[str], at: int, known: set[str]) -> list[str]:
    """The words of a name that begins there: in capitals, or known as one."""
    name: list[str] = []
    for piece in pieces[at : at + LONGEST_NAME]:
        if not (piece[0].isalpha() and (piece[0].isupper() or (not name and piece.lower() in known))):
            break
        name.append(piece)
    return name


def _names(pieces: Sequence[str], at: int, known: set[str]) -> tuple[list[str], int]:
    """All names of a list that begins with a title, and where it ends."""
    who, end = words()["who"], at
    names: list[str] = []
    while True:
        at += pieces[at].lower() in who["titles"] if at < len(pieces) else 0
        name = _name(pieces, at, known)
        if not name:
            return names, end
        names.append(" ".join(name))
        at = end = at + len(name)
        while at < len(pieces) and pieces[at].lower() in who["joins"]:
            at += 1
        if at == end:
            return names, end


def _does(pieces: Sequence[str], start: int, end: int) -> bool:
    """Whether it is said that they do harm: behind them, or before them that somebody suffers from them."""
    who = words()["who"]
    plain = strip_accents(" ".join(pieces)) == " ".join(pieces)
    harm = re.compile(rf"\b(?:{'|'.join(who['does_bare'] if plain else who['does'])})\b")
    left = [piece.lower() for piece in pieces[max(0, start - BEFORE) : start]]
    left = left[max((n + 1 for n, piece in enumerate(left) if piece in _ENDS), default=0) :]
    right = [piece.lower() for piece in pieces[end : end + BEHIND]]
    right = right[: next((n for n, piece in enumerate(right) if piece in _ENDS), len(right))]
    suffers = max((n for n, piece in enumerate(left) if piece in who["suffers"]), default=None)
    if suffers is not None and not harm.search(" ".join(left[suffers:])):
        return True
    done = harm.search(" ".join(right))
    return done is not None and not any(piece in who["suffers"] for piece in " ".join(right)[: done.start()].split())


def not_meant(named: str, text: str) -> list[str]:
    """Of those who were written down, the ones of whom it is said that they were not meant ("sao ghi bà")."""
    if not named:
        return []
    said = normalise(text)
    bare = text.isascii()
    found = [one for one in named.split(", ") if any(_denied(form, said, bare) for form in _called(one))]
    return [] if bare and len(found) > 1 else found  # a bare "ba" may be either


def _called(value: str) -> list[str]:
    return [value.lower(), *words()["who"]["called"].get(value.lower(), [])]


def _denied(called: str, said: str, bare: bool) -> bool:
    form = strip_accents(called) if bare else called
    signs = [sign.format(who=re.escape(form)) for sign in words()["who"]["wrong"]]
    return any(re.search(strip_accents(sign) if bare else sign, said) for sign in signs)
