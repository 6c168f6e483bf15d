"""What is said at the read-back besides commands and corrections: it is added to the account, danger sets its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.language import bare_form, strip_accents

from . import contact
from .asked_us import asks_us
from .danger import is_acute, is_now, said_of_it
from .fields import AGE, CONFIRM, CONTACT, DANGER, FIXING, MISSES, PLACE, RELATION, SKIPPED, TIME
from .found import new_in
from .message import Message, is_small_talk
from .parts import told_part, wants_out
from .step import Step
from .telling import A_TALE, kept, noted
from .whom import words

ADDED, RECANTED, NO_CALLS = "utter_report_added", "recanted", "calls_noted"
"""Keys of what is said."""
ELSEWHERE = (AGE, PLACE, RELATION, TIME)
"""Lines that a short answer to another question may fill."""


def said_there(slots: Mapping[str, Any], message: Message, audience: str) -> Step | None:
    """What counts before every command and correction: "thêm …", danger, a warning against calls."""
    if message.pressed:
        return None
    more = _added_words(message.text)
    if more is not None:
        return _with(slots, message, more, audience)
    if is_danger(message):
        return _with(slots, message, message.text.strip(), audience)
    if not wants_out(message.text) and contact.warns(message.text):
        told = noted(slots, message.text.strip()) if len(message.text.split()) >= A_TALE else {}
        return Step({**told, **contact.noted(slots, message), CONFIRM: None, MISSES: 0}, say=NO_CALLS)
    return None


def taken_back(slots: Mapping[str, Any], message: Message) -> Step | None:
    """Whoever says that it was not so is not blamed: both versions are kept, and the officers read both."""
    bare, signs = bare_form(message.text), words()
    if message.pressed or not re.search(signs["recants"], bare) or re.search(signs["recants_not"], bare):
        return None
    return Step({**noted(slots, message.text.strip()), CONFIRM: None, MISSES: 0}, say=RECANTED)


def is_danger(message: Message) -> bool:
    """Whether danger that goes on is told of, in plain words or by what happens."""
    said = said_of_it(message.text)
    if said is not None:
        return said
    return is_acute(message.text) or (message.risk == "immediate" and is_now(message.text))


def added(slots: Mapping[str, Any], message: Message, audience: str) -> Step:
    """What is told there, as often as it is, without wishes, yes and no beside it."""
    return _with(slots, message, told_part(message.text) or message.text.strip(), audience)


def _with(slots: Mapping[str, Any], message: Message, more: str, audience: str) -> Step:
    """The words added to the account, and what they say by themselves."""
    updates = kept(slots, message, more, audience, CONFIRM)
    if is_danger(message):
        updates[DANGER] = True
    number = re.search(r"(?:\+?84|0)(?:[ .-]?\d){8,10}", more)
    if number and slots.get(CONTACT) in (None, SKIPPED):
        updates[CONTACT] = number.group()
    say = "utter_report_corrected" if said_of_it(message.text) else ADDED
    return Step({**updates, CONFIRM: None, FIXING: None, MISSES: 0}, say=say)


def _added_words(text: str) -> str | None:
    """What stands behind "thêm", as typed; None where nothing does, or where something is asked of us."""
    plain = strip_accents(text.lower())
    plain = plain if len(plain) == len(text) else text.lower()
    begins = re.match(words()["adds_words"], plain)
    more = text[begins.end() :].strip() if begins else ""
    return more if more and not asks_us(more) else None


def tells_more(message: Message) -> bool:
    """Whether words that are no answer here are something for the account, however short."""
    size = len(message.text.split())
    if message.pressed or size < 2 or is_small_talk(message) or asks_us(message.text):
        return False
    grave = message.risk in ("medium", "high", "immediate")
    return grave or (size >= 3 and re.search(words()["of_the_form"], bare_form(message.text)) is None)


def elsewhere(requested: str, slots: Mapping[str, Any], message: Message, audience: str) -> dict[str, Any]:
    """Right values given at another question: the age at the place, who it was at the age."""
    if message.pressed:
        return {}
    found = new_in(message, slots, audience)
    return {name: found[name] for name in ELSEWHERE if name in found and name != requested}
