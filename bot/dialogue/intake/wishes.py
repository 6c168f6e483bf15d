"""Commands and corrections inside the form: what each does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue import follow

from . import contact
from .affirmed import affirmed
from .asked_us import asks_us
from .corrections import correction
from .danger import said_of_it
from .fields import (
    AGE,
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
    PLACE,
    RELATION,
    SEX,
    SKIPPED,
    STORY,
    STUCK,
    SUBJECT,
    TOLD,
    WAVERS,
)
from .message import Message, command_of, is_bare_stop, is_telling, says_enough
from .parts import clauses, told_part, who_did
from .step import Step, questions, required
from .telling import TOLD_ASIDE, noted
from .who import not_meant
from .whom import is_of_lines

SAID_BESIDE = (AGE, PLACE, SEX)
"""Lines that a sentence against another line may name beside it ("bé 9 tuổi đâu có nguy hiểm")."""


A_PERSON = 4
MERE = 7
"""Words up to which a correction is only that."""


def apply_command(requested: str, slots: Mapping[str, Any], message: Message, audience: str) -> Step | None:
    name = command_of(message)
    who = who_did(message.text) if requested == CONFIRM and name is None and not message.pressed else None
    if who is not None:
        return _another_did(slots, message, *who)
    # "không phải lời kể, ý là khoan gửi" is no correction
    fix = None if name == "pause" else correction(requested, message, slots.get(SUBJECT))
    if requested == CONFIRM and name not in ("pause", "stop") and (fix is None or fix[0] in SAID_BESIDE):
        against = _said_against(slots, message)
        if against is not None:
            return against
    if fix is not None and not (requested == CONFIRM and _tells_only(fix, slots, message)):
        more = _told_with(fix, slots, message) if requested == CONFIRM else {}
        step = _corrected(requested, fix[0], fix[1], slots)
        return Step({**more, **step.updates}, say=step.say)
    skippable = requested not in ALWAYS
    if name is None and requested not in CHOICES and is_bare_stop(message):
        name = "stop"  # where a yes or no is asked for it may be "đúng"
    if name is None and requested == CONTACT and not message.pressed and follow.ends(message.text):
        name = "skip"  # "khỏi gọi"
        if contact.warns(message.text):
            return Step({**contact.noted(slots, message), CONTACT: SKIPPED, MISSES: 0})
    if name == "stop" and skippable and says_enough(message) and (requested == CONTACT or slots.get(STORY)):
        name = "skip"  # a bare "thôi" is of this question; what was told must not be lost by it
    if name == "stop" and requested == CONFIRM and not message.pressed:
        return Step({OUTCOME: WAVERS, MISSES: 0})  # all is told: nothing is destroyed by one word
    if name in ("stop", "pause"):
        return Step({OUTCOME: "stopped" if name == "stop" else "paused"})
    if name == "go_back":
        return _back(requested, slots, audience)
    if name == "finish" and skippable:
        return _finish(requested, slots, audience)
    if name == "skip":
        if requested == CONFIRM:
            return missed(requested, slots, "skip_at_end")
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
    if value is not None and _same(slots.get(field), value):
        return Step(updates, say="unchanged")
    say = "utter_report_corrected" if value is not None else "story_fix" if field == STORY and told else None
    return Step(updates, say=say)


def _same(old: Any, new: Any) -> bool:
    """Whether a line says already what it is to be changed to."""
    if isinstance(old, dict) and isinstance(new, dict):
        return bool(new.get("commune")) and old.get("commune") == new.get("commune")
    return str(old).casefold() == str(new).casefold()


def _tells_only(fix: tuple[str, Any], slots: Mapping[str, Any], message: Message) -> bool:
    """Whether a longer sentence only repeats what a line says and so is more for the account."""
    return fix[1] is not None and _same(slots.get(fix[0]), fix[1]) and len(message.text.split()) > MERE


def _told_with(fix: tuple[str, Any], slots: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """A tale that corrects a line by the way stands in the account, too."""
    telling = is_telling(message) and len(message.text.split()) > MERE and fix[0] != STORY
    return noted(slots, message.text.strip()) if telling and fix[1] is not None else {}


def _said_against(slots: Mapping[str, Any], message: Message) -> Step | None:
    """What is said at the read-back against a line of it ("nó đâu còn nguy hiểm", "sao ghi bà") corrects that line;
    what is told beside goes into the account."""
    if message.pressed:
        return None
    updates: dict[str, Any] = {}
    parts = clauses(message.text)
    danger = next((said for part in reversed(parts) if (said := said_of_it(part)) is not None), None)
    if danger is not None:
        updates[DANGER] = danger
    others = not_meant(_named(slots), message.text)
    if others:
        left = [one for one in _named(slots).split(", ") if one not in others]
        right = affirmed(message.text)  # "mẹ chứ không phải ba"
        if right and len(right.split()) <= A_PERSON:
            left.append(right)
        updates.update({RELATION: ", ".join(left) or None, FIXING: None if left else RELATION})
    if not updates:
        return None
    rest = [
        one for one in parts if said_of_it(one) is None and not is_of_lines(one) and not not_meant(_named(slots), one)
    ]
    told = told_part("".join(rest).strip(" ,;.\n"))
    more = noted(slots, told) if len(told.split()) >= TOLD_ASIDE and not asks_us(told) else {}
    return Step({FIXING: None, **more, **updates, CONFIRM: None, MISSES: 0}, say="utter_report_corrected")


def _named(slots: Mapping[str, Any]) -> str:
    return str(slots.get(RELATION) or "")


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
