"""Who did it, as somebody's own words say: relations only (names of suspected persons stay in the account), former
partners, and who was not meant."""

from __future__ import annotations

import re

from bot.language import bare_form, normalise, strip_accents

from .message import Message
from .whom import words

MOST_RELATIONS = 4


def who_harms(message: Message, own: str | None) -> str | None:
    """The relations that the words name, but for the reporter's own. No names: they stay in the account."""
    found = [_former(str(e["value"]), str(e.get("text") or "")) for e in message.found if e["entity"] == "relation"]
    relations = list(dict.fromkeys(name for name in found if name != own))[:MOST_RELATIONS]
    if not relations and re.search(words()["who"]["friends"], bare_form(message.text)):
        relations = [words()["who"]["friend"]]
    return ", ".join(relations) or None


def _former(value: str, text: str) -> str:
    """ "chồng cũ" is no "chồng"."""
    return f"{value} cũ" if re.search(words()["who"]["former"], bare_form(text)) and "cũ" not in value else value


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
