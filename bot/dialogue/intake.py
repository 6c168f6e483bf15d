"""The intake conversation as pure logic: which question comes next, and what an answer means.

A frightened person never meets a wall: everything can be skipped, gone back over or stopped; an answer that is not
understood is kept as it is or left out, so no question is asked more than twice; a question in the middle is
answered by the rules and the form goes on. Rasa's form asks and remembers; this module decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import normalise, strip_accents

SKIPPED = "skipped"
PREFIX = "report_"
CONSENT, DANGER, SUBJECT, STORY = "report_consent", "report_danger", "report_subject", "report_story"
AGE, PLACE, NEAR, CONTACT, CONFIRM = (
    "report_age",
    "report_place",
    "report_near",
    "report_contact",
    "report_confirm",
)
OUTCOME, MISSES = "report_outcome", "report_misses"
QUESTIONS = (CONSENT, DANGER, SUBJECT, STORY, AGE, PLACE, NEAR, CONTACT, CONFIRM)
IN_DANGER = (CONSENT, DANGER, PLACE, STORY, CONTACT, CONFIRM)
"""With danger now: where, what is happening, can we write back. Nothing else is asked."""

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
    )
)
RISKY = ("medium", "high", "immediate")


@dataclass(frozen=True)
class Message:
    """One message inside the form, as Rasa understood it. ``pressed``: a button, so the intent is certain."""

    text: str
    intent: str
    confidence: float = 1.0
    pressed: bool = False
    risk: str = "none"
    entities: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """``updates``: slots to set (None asks again); ``interrupted``: a question for the rules, nothing is set."""

    updates: dict[str, Any]
    interrupted: bool = False


def required(slots: Mapping[str, Any]) -> list[str]:
    """The questions of this report in order; none once the outcome is known."""
    if slots.get(OUTCOME):
        return []
    return list(IN_DANGER if slots.get(DANGER) is True else QUESTIONS)


def take(requested: str | None, slots: Mapping[str, Any], message: Message) -> Step:
    """What one message does to the form."""
    if requested is None:
        return Step({})
    command = _command(requested, slots, message)
    if command is not None:
        return command
    value = _parse(requested, message)
    if value is None and _is_interruption(requested, message):
        return Step({}, interrupted=True)
    if value is None:
        return _missed(requested, slots, message)
    if requested == CONSENT and value is False:
        return Step({OUTCOME: "stopped"})
    if requested == CONFIRM:
        return Step({OUTCOME: "send"} if value else {CONFIRM: None, MISSES: 0})
    return Step({requested: value, MISSES: 0})


def _command(requested: str, slots: Mapping[str, Any], message: Message) -> Step | None:
    sure = message.pressed or _is_command_word(message)
    if not sure:
        return None
    if message.intent == "stop":
        return Step({OUTCOME: "stopped"})
    if message.intent == "correct":
        field_name = message.entities.get("field")
        if field_name in QUESTIONS and field_name not in (CONSENT, CONFIRM):
            return Step({field_name: None, CONFIRM: None, MISSES: 0})
        return Step({requested: None})
    if message.intent == "go_back":
        order = required(slots)
        index = order.index(requested) if requested in order else 0
        if index == 0:
            return Step({requested: None})
        return Step({order[index - 1]: None, requested: None, MISSES: 0})
    if message.intent == "skip":
        return Step({requested: None if requested in (CONSENT, CONFIRM) else SKIPPED, MISSES: 0})
    if message.intent in ("start_report", "inform") and "value" not in message.entities:
        return Step({requested: None})
    return None


def _is_command_word(message: Message) -> bool:
    """Skip, back and stop work always when said plainly; inside a longer story they are only words."""
    words = load_yaml("intake.yml")["commands"].get(message.intent, [])
    text = normalise(message.text).strip(" .!")
    bare = strip_accents(text)
    if any(text == word or bare == strip_accents(word) for word in words):
        return True
    return message.intent in ("skip", "go_back", "stop") and message.confidence >= 0.6 and len(text.split()) <= 6


def is_plain_answer(text: str) -> bool:
    """Whether a text is only yes, no or a command of the form: said in any talk, it tells nothing about danger."""
    words = load_yaml("intake.yml")
    plain = strip_accents(normalise(text)).strip(" .!?")
    commands = [strip_accents(word) for group in words["commands"].values() for word in group]
    signs = [*words["affirm"], *words["deny"]]
    return plain in commands or any(re.fullmatch(rf"(?:da |thua )?(?:{sign})(?: a| co| con)?", plain) for sign in signs)


def _is_interruption(requested: str, message: Message) -> bool:
    if message.intent not in INTERRUPTIONS:
        return False
    if message.pressed:
        return True
    if requested == STORY and (message.risk in RISKY or message.confidence < 0.7):
        return False
    return message.confidence >= 0.5 and len(message.text.split()) >= 3


def _missed(requested: str, slots: Mapping[str, Any], message: Message) -> Step:
    misses = int(slots.get(MISSES) or 0) + 1
    updates: dict[str, Any] = {MISSES: misses, requested: None}
    if requested in (CONSENT, DANGER) and message.risk in RISKY and message.text:
        # The person tells at once instead of answering: what is told is kept and not asked again.
        told = slots.get(STORY)
        updates[STORY] = f"{told}\n{message.text}" if told and told != SKIPPED else message.text
    if misses >= 2:
        if requested in (CONSENT, CONFIRM):
            updates[OUTCOME] = "undecided"
        else:
            updates[requested] = SKIPPED
            updates[MISSES] = 0
    return Step(updates)


def _parse(requested: str, message: Message) -> Any:
    """The value of an answer, or None when it is none."""
    if message.entities.get("field") == requested and "value" in message.entities:
        value = message.entities["value"]
        return {"yes": True, "no": False}.get(value, value)
    if requested in (CONSENT, DANGER, CONFIRM):
        if requested == DANGER and message.risk == "immediate":
            return True
        return yes_or_no(message)
    if requested == NEAR:
        answer = yes_or_no(message)
        return answer if answer is not None else _free_text(requested, message)
    if requested == SUBJECT:
        return subject_of(message)
    if requested == AGE:
        return _age(message) or _free_text(requested, message)
    if requested == PLACE:
        commune = message.entities.get("commune")
        words = _free_text(requested, message)
        return {"commune": commune, "text": message.text} if commune or words else None
    return _free_text(requested, message)


def _free_text(requested: str, message: Message) -> str | None:
    if message.pressed or not message.text.strip() or _is_interruption(requested, message):
        return None
    return message.text.strip()


def _age(message: Message) -> int | None:
    found = message.entities.get("age") or ""
    digits = re.search(r"\d{1,2}", str(found)) or re.fullmatch(r"\D{0,12}(\d{1,2})\D{0,12}", message.text.strip())
    if not digits:
        return None
    age = int(digits.group(1) if digits.lastindex else digits.group())
    return age if age <= 18 else None


def yes_or_no(message: Message) -> bool | None:
    """True, False or None (neither), from the intent of a button or the words of a short answer."""
    if message.pressed:
        return {"affirm": True, "deny": False}.get(message.intent)
    text = strip_accents(normalise(message.text)).strip(" .!?")
    words = load_yaml("intake.yml")
    for answer, signs in ((False, words["deny"]), (True, words["affirm"])):
        if any(re.search(rf"^(?:{sign})(?:\b|$)", text) for sign in signs):
            return answer
    if message.intent in ("affirm", "deny") and message.confidence >= 0.5:
        return message.intent == "affirm"
    return None


def subject_of(message: Message) -> str | None:
    """``self`` or ``other``: whom the report is about, from a free answer."""
    text = strip_accents(normalise(message.text))
    words = load_yaml("intake.yml")["subject"]
    for subject in ("other", "self"):
        if any(re.search(rf"\b(?:{sign})\b", text) for sign in words[subject]):
            return str(subject)
    return {"disclose_self": "self", "disclose_other": "other"}.get(message.intent)
