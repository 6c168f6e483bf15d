"""What words say by themselves: age, place, relation, time, sex, and whom they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise
from bot.safety import introduces

from .ages import age_alone, ages_in, childs_age
from .fields import AGE, FATHER, MOTHER, PLACE, RELATION, SEX, SUBJECT, TIME, still_unknown
from .message import Message, asks
from .parts import clauses, place_said
from .who import who_harms
from .whom import ADULTS, calls_a_child, childs_sex, guessed, is_anothers, subject_words, words

OWN_ROLE = {"teacher": "giáo viên"}
"""The relation by which a reporter names themselves."""


def first_age(message: Message) -> int | None:
    """The first age of a child in the message, or a number that is all that is said."""
    said = ages_in(message)
    return said[0][1] if said else age_alone(message.text)


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
    subject = subject_words(message.text, audience) or guessed(message, audience)
    age = childs_age(message, audience, subject)
    if age is None and introduces(message.text):
        age = age_alone(message.text)  # "9", said alone
    if age is not None:
        found[AGE] = age
    commune = next((e["value"] for e in message.found if e["entity"] == "commune"), None)
    if commune:
        found[PLACE] = {"commune": commune, "text": ""}
    elif (place := place_said(message.text)) and hamlet_in(message.text) is None:
        found[PLACE] = {"commune": None, "text": place}
    if who := who_harms(message, OWN_ROLE.get(audience)):
        found[RELATION] = who
    times = dict.fromkeys(times_in(message))
    if times:
        found[TIME] = ", ".join(list(times)[:2])
    if subject is not None:
        found[SUBJECT] = subject
    if (audience in ADULTS or (subject == "other" and calls_a_child(message))) and (sex := childs_sex(message)):
        found[SEX] = sex
    return {**found, **_gone(message.text)} if audience in ADULTS else found


def hamlet_in(text: str) -> str | None:
    """A place that does not say which commune: a detail of the account, and the commune is asked all the same."""
    place = place_said(text)
    return place if place and re.match(words()["hamlet"], bare_form(place)) else None


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
    return new


def times_in(message: Message) -> list[str]:
    """When it happened, as it was said; no deadline of a threat, no "now" of a question or of what is over."""
    found, at, signs = [], 0, words()["no_time"]
    for one in message.found:
        if one["entity"] != "time":
            continue
        said, value = str(one.get("text") or one["value"]), str(one["value"])
        start = message.text.find(said, at)
        at = max(at, start + len(said))
        part = next((part for part in clauses(message.text) if said in part), message.text)
        bare, when = bare_form(part), bare_form(said)
        ahead = re.search(signs["ahead"], when) and re.search(signs["threat"], bare)
        now = re.search(signs["now"], when) and (asks(part) or re.search(rf"{signs['asked']}|{signs['over']}", bare))
        if not ahead and not now:
            found.append(_whole_time(value if said in value else said))
    return found


def _whole_time(said: str) -> str:
    """A time that ends in the middle of a phrase ("đêm nào cũng"), made whole."""
    ends: Mapping[str, str] = words()["time_ends"]
    return next((said[: -len(end)] + whole for end, whole in ends.items() if said.lower().endswith(end)), said)


def _gone(text: str) -> dict[str, Any]:
    """A parent of the child who has died."""
    signs = words()["gone"]
    said = normalise(text)
    return {name: signs["said"] for name in (FATHER, MOTHER) if re.search(signs[name], said)}
