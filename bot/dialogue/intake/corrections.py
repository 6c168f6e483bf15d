"""Reading a wish to correct one line of the report: which line, and what it should say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, strip_accents

from .danger import said_of_it, value_of
from .fields import AGE, CARER, CONFIRM, CONTACT, DANGER, PLACE, RELATION, SEX, STORY, TIME
from .found import OLDEST_CHILD, first_age
from .message import Message

A_STORY = 4
"""Words from which on what stands behind "sửa lời kể thành" is the new story itself."""


def correction(requested: str, message: Message) -> tuple[str, Any] | None:
    """The field that the person wants to correct, and its new value if they said it."""
    if message.pressed:
        name = message.entities.get("field")
        return (str(name), None) if message.intent == "correct" and name else None
    bare = bare_form(message.text).strip(" .!")
    words = load_yaml("intake.yml")["correct"]
    verbs = rf"(?:{'|'.join(words['verbs'])})\b\s*{words['between']}(.*)$"
    asked = re.match(rf"^{words['before']}{verbs}", bare)
    if asked:
        name = _field_of(asked.group(1), words["fields"])
        return (name, _value(name, message)) if name else None
    if requested == CONFIRM and (named := _named_later(bare, verbs, words)):
        return named, _value(named, message)
    if requested != CONFIRM or len(bare.split()) > 14:
        return None
    wrong = re.match(rf"^{words['before']}{words['wrong']} (.*)$|^(.*?) {words['wrong']}\b", bare)
    name = wrong and _field_of(wrong.group(1) or wrong.group(2), words["fields"])
    if name:
        return name, _value(name, message)
    if (other := _somebody_else(message)) is not None:
        return RELATION, other
    for name in (AGE, PLACE, SEX):
        value = _value(name, message)
        if value is not None:
            return name, value
    return None


def _named_later(bare: str, verbs: str, words: Mapping[str, Any]) -> str | None:
    """The line that a later part of the sentence wants to correct ("chồng em đâu có làm gì, sửa người đó thành …")."""
    for found in re.finditer(r"[,.;:!?\n]+\s*", bare):
        asked = re.match(rf"{words['before']}{verbs}", bare[found.end() :])
        if asked and (name := _field_of(asked.group(1), words["fields"])):
            return name
    return None


def _somebody_else(message: Message) -> str | None:
    """Who it was, said against who was written down ("đâu phải chồng em, là ông hàng xóm")."""
    if not any(found["entity"] == "relation" for found in message.found):
        return None
    who = re.match(load_yaml("intake.yml")["correct"]["not_who"], bare_form(message.text).strip(" .!"))
    return _last_words(message.text, who.group(1)) if who else None


def _field_of(bare: str, fields: Mapping[str, Sequence[str]]) -> str | None:
    """The line of the read-back that a text begins with."""
    for name, signs in fields.items():
        if any(re.match(rf"(?:muc |phan |cau |dong |cai |cho )?(?:{sign})\b", bare) for sign in signs):
            return str(name)
    return None


def _value(name: str, message: Message) -> Any:
    """A new value said along with the wish to correct."""
    if name == AGE:
        return first_age(message) or _number(message.text)
    if name == PLACE and message.entities.get("commune"):
        said = [str(e["text"]) for e in message.found if e["entity"] == "commune" and e.get("text")]
        return {"commune": message.entities["commune"], "text": said[-1] if said else ""}
    if name == SEX:
        return message.entities.get("sex")
    if name == STORY:
        told = _behind(message.text)
        return told if told and len(told.split()) >= A_STORY else None
    if name == DANGER:
        behind = _behind(message.text)
        return value_of(behind) if behind else said_of_it(message.text)
    return _behind(message.text) if name in (TIME, RELATION, CONTACT, CARER) else None


def _behind(text: str) -> str | None:
    """What stands behind "thành" or "là": "sửa thời điểm thành chủ nhật"."""
    bare = strip_accents(text.lower())
    found = re.search(r"\bthanh\s+(\S.*)$", bare, re.S) or re.search(r"\b(?:phai la|lai la|la)\s+(\S.*)$", bare, re.S)
    return _last_words(text, found.group(1)) if found else None


def _last_words(text: str, tail: str) -> str:
    """The words of ``text`` that ``tail``, its end in another form, stands for."""
    return " ".join(text.split()[-len(tail.split()) :]).strip(" .")


def _number(text: str) -> int | None:
    """A new age in a correction: "sửa tuổi 12", "tuổi 9 sai, phải là 12"."""
    if not re.search(r"\b(?:tuoi|t)\b", bare_form(text)):
        return None
    ages = [int(digits) for digits in re.findall(r"\b\d{1,2}\b", text)]
    return ages[-1] if ages and 1 <= ages[-1] <= OLDEST_CHILD else None
