"""What is told beside a question of the form: kept with the story, or for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form

from .answers import SHORT
from .asked_us import ASKED, OPEN, asks_us
from .fields import (
    ALWAYS,
    CHOICE,
    CONFIRM,
    CONSENT,
    DANGER,
    MISSES,
    RELATION,
    SEX,
    SKIPPED,
    STORY,
    STUCK,
    SUBJECT,
    TOLD,
    told_already,
)
from .found import new_in
from .message import RISKY, Message, asks, is_off_topic, is_soon, is_telling
from .parts import begins_with_place, told_part
from .step import Step

TOLD_ASIDE = 3
"""Words from which on what cannot be an age, a place or a way to be reached is told, and kept with the story."""
A_TALE = 5
"""Words from which on what is no answer to whether to send is something that the person wants to add."""
A_PLACE = 8
"""Words up to which what speaks of a place is the answer to "where", however it sounds."""
TELLS_FIRST = 4
"""Messages in which somebody may tell before they agree, until buttons are all that is offered."""


def unsure_but_tells(message: Message) -> bool:
    """Whether somebody does not know whether there is danger now and tells on ("không biết, hôm qua còn nghe khóc")."""
    if message.pressed or len(message.text.split()) < A_TALE:
        return False
    return re.match(load_yaml("intake.yml")["unsure"], bare_form(message.text)) is not None


def adds_to_it(requested: str, message: Message) -> bool:
    """Whether words that are no answer are something that the person wants to have written down."""
    if requested == CONFIRM and len(message.text.split()) < A_TALE:
        return False
    if message.pressed or len(message.text.split()) < TOLD_ASIDE or is_off_topic(message):
        return False
    if requested == CONSENT:
        return len(message.text.split()) >= A_TALE - 1 and not asks_us(message.text)
    return requested == CONFIRM or (requested in OPEN and not asks_us(message.text))


def tells_of_harm(message: Message) -> bool:
    """Whether words that are no answer tell of somebody who harms, whatever they were taken for."""
    if message.pressed or len(message.text.split()) < TOLD_ASIDE or asks(message.text) or asks_us(message.text):
        return False
    return message.risk in RISKY or any(found["entity"] == "relation" for found in message.found)


def is_only_place(message: Message) -> bool:
    """Whether words name a place and tell of nobody."""
    if message.pressed or len(message.text.split()) > A_PLACE:
        return False
    return begins_with_place(message.text) and not any(f["entity"] in ("relation", "time") for f in message.found)


def kept(slots: Mapping[str, Any], message: Message, told: str, audience: str, requested: str) -> dict[str, Any]:
    """What is told beside a question: with the story, or where it may not say yet what happened, for it; and what it
    says by itself is not asked."""
    found = new_in(message, slots, audience)
    grave = is_telling(message) or (message.risk in RISKY and not message.pressed) or RELATION in found
    known = slots.get(STORY) not in (None, SKIPPED)
    updates = {STORY: with_more(slots.get(STORY), told)} if known or grave else {TOLD: with_more(slots.get(TOLD), told)}
    return {**{name: value for name, value in found.items() if name != requested}, **updates}


def noted(slots: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Words kept beside a question: with the story, or for it where nothing was told yet and it is still asked."""
    name = STORY if slots.get(STORY) not in (None, SKIPPED) else TOLD
    return {name: with_more(slots.get(name), text)}


def with_more(told: Any, more: str) -> str:
    """The story with more words behind it."""
    return f"{told}\n{more}" if told and told != SKIPPED else more


def says_more(requested: str, value: Any, message: Message) -> bool:
    """Whether a yes or no tells more than that ("ừ ghi đi, dượng sờ em", "không, mai đi học mới sợ"): it must not be
    lost."""
    if requested not in (CONSENT, DANGER) or value is None or message.pressed or (requested == CONSENT and not value):
        return False
    if requested == DANGER and (len(message.text.split()) > SHORT or is_soon(message.text)):
        return True
    told = told_part(message.text)
    return told != message.text and len(told.split()) >= TOLD_ASIDE and not asks_us(told)


def told_aside(requested: str, slots: Mapping[str, Any], message: Message, value: Any, audience: str) -> Step:
    """The person tells on instead of answering: their words are kept with the story, and the question is asked once
    more at most. Before they agree it is said that nothing is written down yet."""
    told = told_part(message.text)
    updates = kept(slots, message, told, audience, requested) if told else {}
    refused = requested == CONSENT and value is False  # "không biết nữa, …": no answer inside a tale
    if isinstance(value, dict):
        value = {**value, "text": ""}  # the tale stands in the story; of the place only its name
    if is_clear(requested, value) and not refused:
        step = {**updates, requested: value, MISSES: 0}
        if requested != CONSENT:
            return Step(step)
        return Step(step, say="heard" if told_already({**slots, **step}) else "utter_report_added")
    misses = int(slots.get(MISSES) or 0) + 1
    if misses < (TELLS_FIRST if requested == CONSENT else 2):
        before = "read_before_consent" if misses < 2 else "read_more_before_consent"
        say = before if requested == CONSENT else "utter_report_added" if told else ASKED
        return Step({**updates, requested: None, MISSES: misses}, say=say)
    if requested in ALWAYS:
        return Step({**updates, requested: None, MISSES: misses, STUCK: requested, CHOICE: None})
    return Step({**updates, requested: SKIPPED, MISSES: 0})


def is_clear(requested: str, value: Any) -> bool:
    """Whether an answer is more than words that could mean anything."""
    if isinstance(value, dict):
        return bool(value.get("commune"))
    return value is not None and (not isinstance(value, str) or requested in (SUBJECT, SEX))
