"""What kind of message stands inside the report: a command, a question of its own, small talk, a tale."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue import follow
from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise
from bot.language.whole import says

from .fields import CONFIRM, CONSENT, DROP, LATER, STORY
from .parts import clauses

RISKY = ("medium", "high", "immediate")
# Intents with an interruption rule in nlu_data/rules/report.yml: answered, then the form goes on.
INTERRUPTIONS = frozenset(
    (
        "ask_law",
        "ask_skill",
        "ask_online_safety",
        "ask_procedure",
        "ask_wellbeing",
        "contact_hotlines",
        "check_report",
        "talk_to_human",
        "bot_challenge",
        "help",
        "show_item",
        "set_audience",
        "feel_safe",
        "delete_my_data",
        "confirm_delete",
        # behind the receipt, by buttons
        "add_information",
        "read_messages",
        "notify_me",
        "arrange_call",
        "withdraw_report",
        "confirm_withdraw",
        "delete_report",
        "confirm_delete_report",
        "close_receipt",
    )
)
TELLING = ("disclose_self", "disclose_other", "emergency", "self_harm", "nlu_fallback")
SURE = 0.8
"""Confidence from which a statement ("cho con gặp cán bộ") is a wish and no answer ("nên gặp bà trước")."""
SMALL_TALK = frozenset(("greet", "thank", "goodbye", "chitchat"))


@dataclass(frozen=True)
class Message:
    """One message inside the form, as Rasa understood it. ``pressed``: a button, so the intent is certain.

    ``entities``: the last of each name; ``found``: all, in order, as ``{"entity", "value", "text"}``.
    """

    text: str
    intent: str
    confidence: float = 1.0
    pressed: bool = False
    risk: str = "none"
    entities: Mapping[str, Any] = field(default_factory=dict)
    found: Sequence[Mapping[str, Any]] = ()


def command_of(message: Message) -> str | None:
    """``skip``, ``go_back``, ``stop``, ``pause``, ``finish`` or ``ask_again``. They work always when said plainly;
    inside a longer story they are only words."""
    names = {"pause_report": "pause", "start_report": "ask_again", "inform": "ask_again", "correct": "ask_again"}
    if message.pressed:
        if message.intent in ("skip", "go_back", "stop"):
            return message.intent
        if message.intent == "start_report" and message.entities.get("value") in (DROP, LATER):
            return "stop" if message.entities["value"] == DROP else "pause"  # a button of an offer long past
        return names.get(message.intent) if "value" not in message.entities else None
    for name, signs in load_yaml("intake.yml")["commands"].items():
        if says(message.text, signs):
            return str(name)
    if says(message.text, ("dung",)) and re.search(r"\b(?:dừng|đừng)\b", normalise(message.text)):
        return "stop"
    if message.intent in ("skip", "go_back", "stop") and message.confidence >= 0.6 and len(message.text.split()) <= 6:
        return message.intent
    return None


def is_bare_stop(message: Message) -> bool:
    """Whether a message is only "dung" without diacritics: "dừng", where "đúng" makes no sense."""
    return not message.pressed and says(message.text, ("dung",)) and message.text.isascii()


def says_enough(message: Message) -> bool:
    """Whether a message is only "thôi": of this question, or of the whole report."""
    return not message.pressed and says(message.text, ("thoi", "thoi khoi"))


def is_plain_answer(text: str) -> bool:
    """Whether a text is only yes, no or a command of the form: said in any talk, it tells nothing about danger."""
    words = load_yaml("intake.yml")
    commands = [sign for signs in words["commands"].values() for sign in signs]
    return says(text, [*commands, *words["affirm"], *words["deny"]])


def is_small_talk(message: Message) -> bool:
    """A greeting or thanks, which must not be taken for the name of a commune."""
    return not message.pressed and message.intent in SMALL_TALK and len(message.text.split()) <= 5


def is_off_topic(message: Message) -> bool:
    """Small talk, or something that is nobody's question here."""
    off = message.intent in SMALL_TALK or message.intent == "out_of_scope"
    return not message.pressed and off and message.confidence >= 0.5


def is_telling(message: Message) -> bool:
    """Whether the person tells of something at risk."""
    return not message.pressed and message.risk in RISKY and message.intent in TELLING and bool(message.text.strip())


def is_interruption(requested: str, message: Message) -> bool:
    """Whether the message is a question of its own, to be answered before the form goes on."""
    if message.intent not in INTERRUPTIONS:
        return False
    if message.pressed:
        return True
    if requested == STORY and (message.risk in RISKY or message.confidence < 0.7):
        return False
    if message.intent == "feel_safe" and (
        requested == CONFIRM or not re.search(load_yaml("intake.yml")["calm"], bare_form(message.text))
    ):
        return False  # "em đang nguy hiểm" sounds like it, and is the contrary
    if message.intent == "talk_to_human" and not follow.wants_person(message.text):
        return False  # "bà nội với tui": who minds the child
    if asks(message.text):
        return message.confidence >= 0.5 and len(message.text.split()) >= 3
    if message.intent.startswith("ask_") and requested != CONSENT:
        return False  # "đi làm xa", "ở nhà con hay bị la": an answer, whatever it could also be about
    return message.confidence >= SURE and len(message.text.split()) >= 3


def asks(text: str) -> bool:
    """Whether words read as a question."""
    bare = bare_form(text)
    return any(re.search(pattern, bare) for pattern in load_yaml("intake.yml")["asks"])


def is_soon(text: str) -> bool:
    """Whether words put a time behind a "but": "an toàn, nhưng chiều ba nó đón"."""
    soon = load_yaml("intake.yml")["soon"]
    return re.search(rf"\b(?:{soon['but']})\b.*\b(?:{soon['when']})", bare_form(text)) is not None


def asks_who_knows(message: Message) -> bool:
    """Whether somebody asks who will learn of their report."""
    parts = [message.text, *clauses(message.text)]
    return not message.pressed and any(says(part, load_yaml("intake.yml")["who_knows"]) for part in parts)


def is_contact(text: str) -> bool:
    """Whether words name a way to be reached."""
    return re.search(load_yaml("intake.yml")["contact"], bare_form(text)) is not None


def is_sure_contact(text: str) -> bool:
    """Whether it is so however much is told with it: "ổng gọi con vô phòng" has a word of a contact too."""
    return re.search(load_yaml("intake.yml")["sure_contact"], bare_form(text)) is not None


def adds(text: str) -> bool:
    """Whether words are to be added to what was told ("thêm là …") and do not take its place."""
    return re.search(load_yaml("intake.yml")["adds"], bare_form(text)) is not None


def names_place(text: str) -> bool:
    """Whether a longer text speaks of a place ("ấp", "gần chợ"), and is not somebody's tale."""
    return re.search(load_yaml("intake.yml")["place"], bare_form(text)) is not None
