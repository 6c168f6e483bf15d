"""Reading a wish to correct one line of the report: which line, and what it should say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, strip_accents

from .affirmed import affirmed_part
from .ages import OLDEST_CHILD, age_alone, childs_age
from .danger import said_of_it, value_of
from .fields import AGE, CARER, CONFIRM, CONTACT, DANGER, PLACE, RELATION, SEX, SKIPPED, STORY, SUBJECT, TIME
from .message import Message
from .whom import subject_words
from .whom import words as said_words

A_NUMBER = 8
"""Words up to which a number beside "tuổi" may be a new age that the entities do not see."""
LONGEST = 14
"""Words up to which a sentence may be a correction that does not say so."""
_PHONE = re.compile(r"(?:\+?84|0)(?:[ .-]?\d){8,10}")
A_STORY = 4
"""Words from which on what stands behind "sửa lời kể thành" is the new story itself."""


def correction(requested: str, message: Message, subject: str | None = None) -> tuple[str, Any] | None:
    """The field that the person wants to correct, and its new value if they said it: of two that are set against each
    other the one that is affirmed. ``subject``: whom the report is about, for the age."""
    if message.pressed:
        name = message.entities.get("field")
        return (str(name), None) if message.intent == "correct" and name else None
    if requested == CONFIRM and (whose := _whose(message)) is not None:
        return SUBJECT, whose
    bare = bare_form(message.text).strip(" .!")
    if re.match(said_words()["no_number"], bare):
        return CONTACT, SKIPPED
    right = affirmed_part(message)
    named = _named(requested, message, right or message, bare)
    if named is not None or requested != CONFIRM or len(bare.split()) > LONGEST:
        return named
    return _unnamed(message, right, subject)


def _named(requested: str, message: Message, right: Message, bare: str) -> tuple[str, Any] | None:
    """The line that is called by its name, with its new value."""
    words = load_yaml("intake.yml")["correct"]
    verbs = rf"(?:{'|'.join(words['verbs'])})\b\s*{words['between']}(.*)$"
    asked = re.match(rf"^{words['before']}{verbs}", bare)
    if asked:
        name = _field_of(asked.group(1), words["fields"])
        return (name, _value(name, right)) if name else None
    if requested == CONFIRM and (named := _named_later(bare, verbs, words)):
        return named, _value(named, message)
    if requested != CONFIRM or len(bare.split()) > LONGEST:
        return None
    wrong = re.match(rf"^{words['before']}{words['wrong']} (.*)$|^(.*?) {words['wrong']}\b", bare)
    name = wrong and _field_of(wrong.group(1) or wrong.group(2), words["fields"])
    return (name, _value(name, right)) if name else None


def _unnamed(message: Message, right: Message | None, subject: str | None) -> tuple[str, Any] | None:
    """A new value that is said without the name of its line ("13 là sai, 12 mới đúng", "xã Gò Quao")."""
    if (other := _somebody_else(message)) is not None:
        return RELATION, other
    said = right or message
    if right is not None and (number := _PHONE.search(right.text)):
        return CONTACT, number.group()
    age = childs_age(said, subject=subject) or age_alone(said.text)
    if age is None and not any(one["entity"] == "age" for one in said.found) and len(said.text.split()) <= A_NUMBER:
        age = _number(said.text)
    if age is not None:
        return AGE, age
    for name in (PLACE, SEX):
        value = _value(name, said)
        if value is not None:
            return name, value
    named = right is not None and not re.search(r"\d", right.text)  # "bạn trai em 19 tuổi chứ không phải 17": more told
    relations = [str(one["value"]) for one in said.found if one["entity"] == "relation"] if named else []
    return (RELATION, ", ".join(dict.fromkeys(relations))) if relations else None


def _whose(message: Message) -> str | None:
    """Whose story it is, said against the line of it ("là chuyện của chính em")."""
    signs = said_words()["whose"]
    said = re.match(signs["about"], bare_form(message.text).strip(" .!?~"))
    if said is None:
        return None
    if re.match(signs["self"], said.group(1)):
        return "self"
    return "other" if subject_words(said.group(1)) == "other" else None


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
        return _number(message.text) or childs_age(message, subject="other") or age_alone(message.text)
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
    if name == CONTACT and (number := _PHONE.search(message.text)):
        return number.group()
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
