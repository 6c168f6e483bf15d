"""The value of one answer: yes or no, danger, consent, a place, words."""

from __future__ import annotations

import re
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise, strip_accents
from bot.language.whole import says

from .ages import ages_in
from .danger import is_now, said_of_it
from .fields import AGE, CONFIRM, CONSENT, CONTACT, DANGER, NEAR, PLACE, SEX, SUBJECT, YES_NO
from .found import first_age, sex_of, subject_of
from .message import (
    Message,
    asks,
    is_contact,
    is_interruption,
    is_plain_answer,
    is_small_talk,
    is_soon,
    is_telling,
    names_place,
)
from .parts import agrees, clauses

SHORT = 6
"""Words up to which a clear answer is only that."""
FEW = 5
"""Words of a place that need no "xã" or "gần chợ" to be one."""


def parse(requested: str, message: Message, audience: str = "teen") -> Any:
    """The value of an answer, or None when it is none."""
    if message.entities.get("field") == requested and "value" in message.entities:
        value = message.entities["value"]
        return {"yes": True, "no": False}.get(value, value)
    if requested in YES_NO:
        if requested == DANGER:
            return danger_said(message)
        if requested == CONSENT and not message.pressed:
            return consent_said(message)
        if requested == CONFIRM and not message.pressed and says(message.text, _commands("finish")[:1]):
            return True  # "thôi em gửi nha"
        answer = yes_or_no(message)
        return answer if requested != CONFIRM or not answer or message.pressed or _only_yes(message.text) else None
    if requested == NEAR:
        answer = _near_said(message)
        return answer if answer is not None else _free_text(requested, message)
    if requested == SUBJECT:
        return subject_of(message, audience)
    if requested == SEX:
        return sex_of(message)
    if requested == AGE:
        if not ages_in(message) and any(one["entity"] == "age" for one in message.found):
            return None  # somebody else's, or when it began
        return first_age(message) or _free_text(requested, message)
    if requested == PLACE:
        commune = message.entities.get("commune")
        words = _free_text(requested, message)
        named = commune or (words and (len(words.split()) <= FEW or names_place(words)))
        return {"commune": commune, "text": message.text.strip()} if named else None
    aged = requested == CONTACT and re.fullmatch(r"\D{0,8}\d{1,3}\D{0,8}", message.text.strip())
    if aged and not is_contact(message.text):
        return None  # somebody's age
    if requested == CONTACT and not message.pressed and re.search(r"\d{9,}", re.sub(r"[ .-]", "", message.text)):
        return message.text.strip()  # a number, whatever is said beside it
    return _free_text(requested, message)


def _commands(name: str) -> list[str]:
    signs: list[str] = load_yaml("intake.yml")["commands"][name]
    return signs


def consent_said(message: Message) -> bool | None:
    """Whether somebody agrees that their words are written down. Part of the message must say so by itself: what only
    begins like a yes ("rồi ổng đánh em nữa") or a no ("không ai tin em") is told."""
    if _agrees(message.text):
        return True
    short = len(message.text.split()) <= SHORT
    if re.search(load_yaml("intake.yml")["consent_no"], bare_form("".join(clauses(message.text)[:1])).strip(" .,!?~")):
        return False if yes_or_no(message) is False or short else None
    if agrees(message.text):
        return True
    if says(message.text, load_yaml("intake.yml")["deny"]):
        return False
    told = is_telling(message) or any(found["entity"] == "relation" for found in message.found)
    if not short or told or message.intent not in ("affirm", "deny") or message.confidence < 0.5:
        return None
    return yes_or_no(message)


def danger_said(message: Message) -> bool | None:
    """Whether there is danger now. What is safe only until the afternoon ("an toàn, nhưng chiều ba nó đón") is not."""
    if message.risk == "immediate" and not message.pressed:
        return (
            True if is_now(message.text) else said_of_it(message.text)
        )  # of long ago: only what is said of now counts
    if message.pressed:
        return yes_or_no(message)
    words, bare = load_yaml("intake.yml"), bare_form(message.text)
    if is_plain_answer(message.text):
        return _danger_answer(message, bare)  # "không" is a no, whatever it was taken for
    if re.search(words["unsafe"], bare):
        return True  # "không an toàn" begins with a no
    calm = message.intent == "feel_safe" or re.search(words["calm"], bare) is not None
    if calm and asks(re.sub(words["calm"], "", bare)):
        return None  # "ở đây có an toàn không"
    if calm and is_soon(message.text):
        return True
    return False if calm else _danger_answer(message, bare)


def _danger_answer(message: Message, bare: str) -> bool | None:
    """A yes or no that answers just that. A sentence that only begins like one ("dạ con kể chuyện lâu rồi", "đang ngồi
    học", "không biết nữa") says nothing about now: it is asked once more rather than written down."""
    answer, words = yes_or_no(message), load_yaml("intake.yml")
    if answer is False:
        return None if re.match(words["unsure"], bare) else False
    return True if says(message.text, words["yes_danger"]) or re.match(words["yes_now"], bare) else None


def _near_said(message: Message) -> bool | None:
    """Whether that person is near, if it is a yes or no that says so: "đang đi biển" and "không biết nó ở đâu" are kept
    as words."""
    answer = yes_or_no(message)
    if message.pressed or answer is None or is_plain_answer(message.text):
        return answer
    words, bare = load_yaml("intake.yml"), bare_form(message.text)
    if not answer:
        return None if re.match(words["unsure"], bare) else False
    return True if re.match(words["yes_near"], bare) else None


def _agrees(text: str) -> bool:
    """Whether a sentence says "đồng ý" somewhere, and not that it does not."""
    bare = bare_form(text)
    return (
        re.search(r"(?<!khong )(?<!chua )(?<!hong )(?<!ko )\bdong y\b(?! (?:khong|hong|duoc khong))", bare) is not None
    )


def _free_text(requested: str, message: Message) -> str | None:
    if message.pressed or not message.text.strip() or is_interruption(requested, message):
        return None
    # Names, work and addresses read like small talk ("Nguyễn Thị Mai"): whoever fills these in answers them.
    details = (CONTACT, *load_yaml("intake.yml")["asked"]["more"])
    if is_small_talk(message) and message.confidence >= 0.6 and requested not in details:
        return None
    if is_plain_answer(message.text):
        return None  # "dạ" is no commune
    return message.text.strip()


def yes_or_no(message: Message) -> bool | None:
    """True, False or None (neither), from the intent of a button or the words of a short answer."""
    if message.pressed:
        return {"affirm": True, "deny": False}.get(message.intent)
    normal = normalise(message.text).strip(" .!?")
    if re.match(r"(?:đừng|dừng)\b", normal):
        return None  # looks like "đúng" once the diacritics are gone
    text = strip_accents(normal)
    words = load_yaml("intake.yml")
    for answer, signs in ((False, words["deny"]), (True, words["affirm"])):
        if any(re.search(rf"^(?:{sign})(?:\b|$)", text) for sign in signs):
            return answer
    if message.intent in ("affirm", "deny") and message.confidence >= 0.5:
        return message.intent == "affirm"
    return None


def _only_yes(text: str) -> bool:
    """Whether a text is a yes and nothing else: a report is never sent by a word that could be the beginning of more
    ("dung goi cho ba con")."""
    words = load_yaml("intake.yml")
    unclear = says(text, ("dung",)) and not re.search(r"\b(?:đúng|roi|rồi)\b", normalise(text))
    return says(text, [*words["affirm"], words["commands"]["finish"][0]]) and not unclear
