"""What a message inside the report is besides an answer: a question put to us, or words that cannot be that field."""

from __future__ import annotations

import re

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form

from . import contact
from .answers import FEW
from .fields import AGE, CARER, CONSENT, CONTACT, NEAR, PLACE, STORY
from .message import RISKY, TELLING, Message, asks_who_knows, is_contact, names_place
from .parts import clauses

WHO_READS = "utter_who_reads"
ASKED = "asked"
"""Key of what is said to a question for which this step has no answer."""
OPEN = (AGE, PLACE, NEAR, CARER, CONTACT)
"""Questions answered in free words, in which a question of theirs must not be stored."""
A_CLAUSE = 3
"""Words from which on a part of a sentence tells something."""


def asks_us(text: str) -> bool:
    """Whether somebody asks us something, rather than saying that they do not know it."""
    words, bare = load_yaml("intake.yml"), _bare(text)
    if re.search(words["asks_nothing"], bare):
        return False
    return any(re.search(pattern, bare) for pattern in words["asks_us"])


def about_the_report(requested: str, message: Message) -> str | None:
    """What a question about the report itself is about (who reads it, revenge, one's name, why we ask), or None.

    In a story at risk the same words are part of what happened.
    """
    if message.pressed or (requested == STORY and (message.risk in RISKY or message.intent in TELLING)):
        return None
    bare = _bare(message.text)
    keep_from = load_yaml("intake.yml")["keep_from"]
    pleads = requested == CONSENT and any(re.fullmatch(keep_from, _bare(one)) for one in clauses(message.text))
    if asks_who_knows(message) or pleads:
        return WHO_READS
    if not asks_us(message.text) or re.search(load_yaml("intake.yml")["others_secret"], bare):
        return None
    for key, signs in load_yaml("intake.yml")["about_the_report"].items():
        if any(re.search(sign, bare) for sign in signs):
            return str(key)
    return None


def tells_beside(text: str) -> bool:
    """Whether a message that asks also tells ("để số lại làm gì, chồng em biết là chết")."""
    clauses = [clause for clause in re.split(r"[,.;!?\n]+", text) if len(clause.split()) >= A_CLAUSE]
    return len(clauses) > 1 and any(not asks_us(clause) for clause in clauses)


def fits(requested: str, message: Message) -> bool:
    """Whether free words can be the field that was asked for."""
    if message.pressed:
        return True
    if requested == CONTACT and contact.names_way(message.text):
        return True  # "gọi cô giáo con được không"
    if requested in OPEN and asks_us(message.text):
        return False
    if requested == AGE:
        return _is_age(_bare(message.text))
    if requested == PLACE:
        return _is_place(message)
    if requested == CONTACT:
        return is_contact(message.text)
    return True


def _is_age(bare: str) -> bool:
    return any(re.search(sign, bare) for sign in load_yaml("intake.yml")["age"])


def _is_place(message: Message) -> bool:
    """Longer words must speak of a place; a few may be its name, unless they hold what no name has."""
    rest = message.text
    for found in message.found:
        rest = rest.replace(str(found.get("text") or ""), " ") if found["entity"] == "relation" else rest
    if names_place(rest):
        return True  # "cậu Hai" is no "cầu"
    if any(found["entity"] in ("time", "age", "phone", "relation") for found in message.found):
        return False
    few = len(message.text.split()) <= FEW
    return few and re.search(load_yaml("intake.yml")["no_place"], _bare(message.text)) is None


def _bare(text: str) -> str:
    return bare_form(text).strip(" .,!")
