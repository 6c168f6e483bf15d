"""Commands and corrections inside the form: what each does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue import follow

from .corrections import correction
from .fields import (
    ALWAYS,
    CHOICE,
    CHOICES,
    CONFIRM,
    CONTACT,
    DANGER,
    FIXING,
    KNOWN_BY_TELLING,
    MISSES,
    OUTCOME,
    RELATION,
    SKIPPED,
    STORY,
    STUCK,
    TOLD,
)
from .message import Message, command_of, is_bare_stop, says_enough
from .parts import told_part, who_did
from .step import Step, questions, required
from .telling import TOLD_ASIDE, noted


def apply_command(requested: str, slots: Mapping[str, Any], message: Message, audience: str) -> Step | None:
    name = command_of(message)
    who = who_did(message.text) if requested == CONFIRM and name is None and not message.pressed else None
    if who is not None:
        return _another_did(slots, message, *who)
    fix = None if name == "pause" else correction(requested, message)  # "không phải lời kể, ý là khoan gửi"
    if fix is not None:
        return _corrected(requested, fix[0], fix[1], slots)
    skippable = requested not in ALWAYS
    if name is None and requested not in CHOICES and is_bare_stop(message):
        name = "stop"  # where a yes or no is asked for it may be "đúng"
    if name is None and requested == CONTACT and not message.pressed and follow.ends(message.text):
        name = "skip"  # "khỏi gọi"
    if name == "stop" and skippable and says_enough(message) and (requested == CONTACT or slots.get(STORY)):
        name = "skip"  # a bare "thôi" is of this question; what was told must not be lost by it
    if name in ("stop", "pause"):
        return Step({OUTCOME: "stopped" if name == "stop" else "paused"})
    if name == "go_back":
        return _back(requested, slots, audience)
    if name == "finish" and skippable:
        return _finish(requested, slots, audience)
    if name == "skip":
        if not skippable:
            return missed(requested, slots, "utter_report_press")
        return Step({requested: SKIPPED, MISSES: 0})
    if name == "ask_again":
        return Step({requested: None})
    return None


def _finish(requested: str, slots: Mapping[str, Any], audience: str) -> Step:
    """Nothing more is asked, but once whether there is danger; then everything is read back."""
    left = [name for name in required(slots, audience) if name not in ALWAYS and slots.get(name) is None]
    kept = (DANGER,) if requested != DANGER and slots.get(DANGER) is None else ()
    return Step({**{name: SKIPPED for name in (*left, requested) if name not in kept}, MISSES: 0})


def _corrected(requested: str, field: str, value: Any, slots: Mapping[str, Any]) -> Step:
    """Take the new value of a field, or ask for it; then read everything back again."""
    if field not in (*questions(), *KNOWN_BY_TELLING) or field in ALWAYS:
        return Step({requested: None})
    updates: dict[str, Any] = {field: value, MISSES: 0, FIXING: None if value is not None else field}
    told = slots.get(STORY) not in (None, SKIPPED)
    if field == STORY and value is None and told:
        updates[TOLD] = slots[STORY]  # kept until it is told anew: "không có gì thêm" must not be all that is left
    if requested != field:
        updates[requested] = None
    say = "utter_report_corrected" if value is not None else "story_fix" if field == STORY and told else None
    return Step(updates, say=say)


def _another_did(slots: Mapping[str, Any], message: Message, who: str, rest: str) -> Step:
    """Who did it is corrected in a sentence, and what is told beside goes into the account."""
    told = told_part(rest) if rest else ""
    more = noted(slots, told) if len(told.split()) >= TOLD_ASIDE else {}
    named = [str(one["value"]) for one in message.found if one["entity"] == "relation" and one.get("text")]
    texts = [str(one["text"]).casefold() for one in message.found if one["entity"] == "relation" and one.get("text")]
    value = next((name for name, text in zip(named, texts, strict=True) if text in who.casefold()), who)
    return Step({**more, RELATION: value, CONFIRM: None, MISSES: 0, FIXING: None}, say="utter_report_corrected")


def _back(requested: str, slots: Mapping[str, Any], audience: str) -> Step:
    order = required(slots, audience)
    index = order.index(requested) if requested in order else 0
    if index == 0:
        return Step({requested: None})
    return Step({order[index - 1]: None, requested: None, MISSES: 0})


def missed(requested: str, slots: Mapping[str, Any], say: str = "utter_not_caught") -> Step:
    misses = int(slots.get(MISSES) or 0) + 1
    updates: dict[str, Any] = {MISSES: misses, requested: None}
    if misses >= 2:
        updates.update({STUCK: requested, CHOICE: None})
        return Step(updates)
    return Step(updates, say=say)
