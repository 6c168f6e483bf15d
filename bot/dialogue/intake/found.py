"""What words say by themselves: age, place, relation, time, sex, and whom they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import normalise
from bot.safety import introduces

from .fields import AGE, FATHER, MOTHER, PLACE, RELATION, SEX, SKIPPED, SUBJECT, TIME, still_unknown
from .message import Message
from .parts import place_said
from .who import named_doers, who_harms
from .whom import ADULTS, calls_a_child, childs_sex, guessed, is_anothers, subject_words, words

OLDEST_CHILD = 18
OWN_ROLE = {"teacher": "giáo viên"}
"""The relation by which a reporter names themselves."""


def first_age(message: Message) -> int | None:
    """The first age of a child in the message, or a bare number."""
    said = [str(e["value"]) for e in message.found if e["entity"] == "age"] or [str(message.entities.get("age") or "")]
    for value in said:
        digits = re.search(r"\d{1,3}", value)
        if digits and int(digits.group()) <= OLDEST_CHILD:
            return int(digits.group())
    alone = re.fullmatch(r"\D{0,12}(\d{1,2})\D{0,12}", message.text.strip())
    if alone and int(alone.group(1)) <= OLDEST_CHILD and not any(said):
        return int(alone.group(1))
    return None


def subject_of(message: Message, audience: str = "teen") -> str | None:
    """``self`` or ``other``: whom the report is about, from a free answer."""
    by_sound = guessed(message, audience) or ("other" if message.intent == "disclose_other" else None)
    return subject_words(message.text, audience) or by_sound


def sex_of(message: Message) -> str | None:
    """``male`` or ``female``, from a free answer."""
    if message.entities.get("sex") in ("male", "female"):
        return str(message.entities["sex"])
    text = normalise(message.text)
    words = load_yaml("intake.yml")["sex"]
    return next((str(sex) for sex in ("female", "male") if any(word in text.split() for word in words[sex])), None)


def found_in(message: Message, audience: str) -> dict[str, Any]:
    """What a story says by itself: age, place, who did it, when, whom it is about; the child's sex from adults, or
    where it is surely of another child (in a child's words it is mostly somebody else's)."""
    found: dict[str, Any] = {}
    age = next((_small(e["value"]) for e in message.found if e["entity"] == "age" and _small(e["value"])), None)
    if age is None and introduces(message.text):
        age = first_age(message)  # "9", said alone
    if age is not None:
        found[AGE] = age
    commune = next((e["value"] for e in message.found if e["entity"] == "commune"), None)
    if commune:
        found[PLACE] = {"commune": commune, "text": ""}
    elif place := place_said(message.text):
        found[PLACE] = {"commune": None, "text": place}
    if who := who_harms(message, OWN_ROLE.get(audience)):
        found[RELATION] = who
    times = dict.fromkeys(_whole_time(str(e.get("text") or e["value"])) for e in message.found if e["entity"] == "time")
    if times:
        found[TIME] = ", ".join(list(times)[:2])
    subject = subject_words(message.text, audience) or guessed(message, audience)
    if subject is not None:
        found[SUBJECT] = subject
    if (audience in ADULTS or (subject == "other" and calls_a_child(message))) and (sex := childs_sex(message)):
        found[SEX] = sex
    return {**found, **_gone(message.text)} if audience in ADULTS else found


def place_of(message: Message) -> dict[str, Any]:
    """A message that is only a place, as the answer to where."""
    commune = next((str(e["value"]) for e in message.found if e["entity"] == "commune"), None)
    return {"commune": commune, "text": message.text.strip()}


def new_in(message: Message, slots: Mapping[str, Any], audience: str) -> dict[str, Any]:
    """Of what a message says by itself, that which was not answered yet; and clear words that it is somebody's child
    ("con gái chị"), whatever was guessed before."""
    found = found_in(message, audience)
    new = still_unknown(found, slots)
    if is_anothers(message.text) and slots.get(SUBJECT) == "self":
        new[SUBJECT] = "other"
    if slots.get(RELATION) not in (None, SKIPPED) and (names := named_doers(message)):
        new[RELATION] = ", ".join(dict.fromkeys([*str(slots[RELATION]).split(", "), *names]))
    return new


def _whole_time(said: str) -> str:
    """A time that ends in the middle of a phrase ("đêm nào cũng"), made whole."""
    ends: Mapping[str, str] = words()["time_ends"]
    return next((said[: -len(end)] + whole for end, whole in ends.items() if said.lower().endswith(end)), said)


def _gone(text: str) -> dict[str, Any]:
    """A parent of the child who has died."""
    signs = words()["gone"]
    said = normalise(text)
    return {name: signs["said"] for name in (FATHER, MOTHER) if re.search(signs[name], said)}


def _small(value: Any) -> int | None:
    digits = re.search(r"\d{1,3}", str(value))
    return int(digits.group()) if digits and int(digits.group()) <= OLDEST_CHILD else None
