"""What words say by themselves: age, place, relation, time, sex, and whom they are about."""

from __future__ import annotations

import re
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise
from bot.safety import introduces

from .fields import AGE, PLACE, RELATION, SEX, SUBJECT, TIME
from .message import Message
from .parts import place_said

OLDEST_CHILD = 18
MOST_RELATIONS = 4
ADULTS = ("parent", "teacher")
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


def subject_of(message: Message) -> str | None:
    """``self`` or ``other``: whom the report is about, from a free answer."""
    return subject_words(message.text) or {"disclose_self": "self", "disclose_other": "other"}.get(message.intent)


def subject_words(text: str) -> str | None:
    """The same by the words alone; what is named first counts ("bạn em bị …", "em bị bạn em …")."""
    bare = bare_form(text)
    found = []
    for subject, signs in load_yaml("intake.yml")["subject"].items():
        starts = [match.start() for sign in signs if (match := re.search(rf"\b(?:{sign})\b", bare))]
        if starts:
            found.append((min(starts), str(subject)))
    return min(found)[1] if found else None


def sex_of(message: Message) -> str | None:
    """``male`` or ``female``, from a free answer."""
    if message.entities.get("sex") in ("male", "female"):
        return str(message.entities["sex"])
    text = normalise(message.text)
    words = load_yaml("intake.yml")["sex"]
    return next((str(sex) for sex in ("female", "male") if any(word in text.split() for word in words[sex])), None)


def found_in(message: Message, audience: str) -> dict[str, Any]:
    """What a story says by itself: age, place, relation, time, whom it is about; the child's sex from adults only
    (in a child's words it is mostly somebody else's)."""
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
    own = OWN_ROLE.get(audience)
    named = [str(e["value"]) for e in message.found if e["entity"] == "relation"]
    relations = list(dict.fromkeys(name for name in named if name != own))
    if relations:
        found[RELATION] = ", ".join(relations[:MOST_RELATIONS])
    times = list(dict.fromkeys(str(e.get("text") or e["value"]) for e in message.found if e["entity"] == "time"))
    if times:
        found[TIME] = ", ".join(times[:2])
    subject = subject_words(message.text)
    if subject is None and (audience in ADULTS or message.intent == "disclose_self"):
        # That a child tells of another one is taken from words only: their own tale often sounds like that.
        subject = {"disclose_self": "self", "disclose_other": "other"}.get(message.intent)
    if subject is not None:
        found[SUBJECT] = subject
    sex = next((e["value"] for e in message.found if e["entity"] == "sex"), None)
    if sex in ("male", "female") and audience in ADULTS:
        found[SEX] = sex
    return found


def _small(value: Any) -> int | None:
    digits = re.search(r"\d{1,3}", str(value))
    return int(digits.group()) if digits and int(digits.group()) <= OLDEST_CHILD else None
