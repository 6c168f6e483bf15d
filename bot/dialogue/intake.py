"""The intake conversation as pure logic: which question comes next, and what a message does to the form.

A frightened person never meets a wall: everything can be skipped, gone back over, corrected, left for later or
stopped. An answer that is not understood twice leads to a choice of buttons, and that to a person or 111: never a
loop. A question in the middle is answered by the rules and the form goes on. Rasa's form asks and remembers; this
module decides; ``intake_answers`` reads one answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.dialogue import follow
from bot.dialogue.intake_answers import (
    AGE,
    CHOICE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    MORE,
    NEAR,
    PLACE,
    RELATION,
    RISKY,
    SEX,
    SHORT,
    STORY,
    SUBJECT,
    TIME,
    TOLD,
    Message,
    adds,
    asks,
    command_of,
    danger_said,
    found_in,
    is_bare_stop,
    is_interruption,
    is_off_topic,
    is_plain_answer,
    is_soon,
    is_sure_contact,
    is_telling,
    parse,
    says_enough,
    yes_or_no,
)
from bot.dialogue.intake_corrections import correction
from bot.dialogue.intake_parts import (
    begins_with_place,
    clauses,
    told_part,
    wants_out,
    who_did,
    without_questions,
    without_wishes,
)
from bot.dialogue.intake_questions import ASKED, OPEN, WHO_READS, about_the_report, asks_us, fits, tells_beside
from bot.dialogue.phrases import load_yaml
from bot.language import bare_form

SKIPPED = "skipped"
OUTCOME, MISSES, STUCK, FIXING = "report_outcome", "report_misses", "report_stuck", "report_fixing"
ALWAYS = (CONSENT, CONFIRM)
"""Choices about the report, not questions about the child: they cannot be skipped."""
IN_DANGER = (DANGER, PLACE, STORY, CONTACT)
"""With danger now: where, what is happening, can we write back. Nothing else is asked."""
ASIDE = (CONSENT, DANGER, SUBJECT, AGE, SEX, PLACE, MORE)
"""Questions to which somebody's tale is no answer."""
CHOICES = (CONSENT, DANGER, SUBJECT, SEX, MORE, CONFIRM)
"""Questions with buttons for every answer."""
A_TALE = 5
"""Words from which on what is no answer to whether to send is something that the person wants to add."""
TOLD_ASIDE = 3
"""Words from which on what cannot be an age, a place or a way to be reached is told, and kept with the story."""
WAVERS = "wavers"
"""The outcome of a wish to stop that is no plain command: nothing is sent, the draft stays, the ways on are offered."""
TELLS_FIRST = 4
"""Messages in which somebody may tell before they agree, until buttons are all that is offered."""
A_PLACE = 8
"""Words up to which what speaks of a place is the answer to "where", however it sounds."""
KNOWN_BY_TELLING = (SUBJECT, AGE, SEX, PLACE, RELATION, TIME)
"""What the person's own words may have said already; shown for confirmation, never asked again."""


@dataclass(frozen=True)
class Step:
    """``updates``: slots to set (None asks again); ``interrupted``: a question for the rules, nothing is set;
    ``say``: the response that comes before the next question."""

    updates: dict[str, Any]
    interrupted: bool = False
    say: str | None = None


def questions() -> tuple[str, ...]:
    """Every question that anybody may be asked, and the two choices, in the form's order."""
    asked = load_yaml("intake.yml")["asked"]
    return tuple(dict.fromkeys([CONSENT, *(name for voice in asked.values() for name in voice), CONFIRM]))


def required(slots: Mapping[str, Any], audience: str = "teen") -> list[str]:
    """The questions of this report in order; none once the outcome is known."""
    if slots.get(OUTCOME):
        return []
    if slots.get(STUCK):
        return [CHOICE]
    asked = load_yaml("intake.yml")["asked"]
    base = list(IN_DANGER if slots.get(DANGER) is True else asked.get(audience, asked["teen"]))
    if slots.get(MORE) is True and DANGER in base and slots.get(DANGER) is not True:
        base += asked["more"]
    fixing = slots.get(FIXING)
    if fixing and fixing not in base:
        base.append(fixing)
    return [CONSENT, *base, CONFIRM]


def take(requested: str | None, slots: Mapping[str, Any], message: Message, audience: str = "teen") -> Step:
    """What one message does to the form."""
    if requested is None:
        return Step({})
    if requested == CHOICE:
        return _chosen(slots, message, audience)
    command = _command(requested, slots, message, audience)
    if command is not None:
        return command
    if _wants_out(requested, message):
        return _wavers(requested, slots, message, audience)
    about = about_the_report(requested, message)
    if about is not None:
        return _asked_about(about, requested, slots, message)
    value = parse(requested, message)
    if requested == NEAR and isinstance(value, bool) and asks_us(message.text) and not is_plain_answer(message.text):
        value = None  # "có xa đây không"
    if isinstance(value, str | dict) and not _is_clear(requested, value) and not fits(requested, message):
        value = None
    words = len(message.text.split())
    short = _is_clear(requested, value) and words <= SHORT
    aside = requested in ASIDE or (requested == CONTACT and not is_sure_contact(message.text))
    if requested == PLACE and value is not None and _only_place(message):
        aside = False  # "xã gần chợ đó", in a talk in which everything sounds grave
    if aside and ((is_telling(message) and not short) or _says_more(requested, value, message)):
        return _told_aside(requested, slots, message, value, audience)
    if value is None and requested == CONSENT and _tells(message):
        return _told_aside(requested, slots, message, value, audience)
    if value is None and requested == DANGER and _unsure_but_tells(message):
        return _told_aside(requested, slots, message, value, audience)
    if value is None and is_interruption(requested, message):
        return Step({}, interrupted=True)
    if value is None and _adds(requested, message):
        return _told_aside(
            requested, slots, message, value, audience
        )  # "dung goi cho ba con nha" must reach the officers
    if value is None and requested not in CHOICES:
        return _nothing_said(requested, slots, message)
    if value is None:
        return _missed(requested, slots, "utter_report_aside" if is_off_topic(message) else "utter_not_caught")
    return _answered(requested, slots, message, value, audience)


def _unsure_but_tells(message: Message) -> bool:
    """Whether somebody does not know whether there is danger now and tells on ("không biết, hôm qua còn nghe khóc")."""
    if message.pressed or len(message.text.split()) < A_TALE:
        return False
    return re.match(load_yaml("intake.yml")["unsure"], bare_form(message.text)) is not None


def _adds(requested: str, message: Message) -> bool:
    """Whether words that are no answer are something that the person wants to have written down."""
    least = A_TALE if requested == CONFIRM else TOLD_ASIDE
    if message.pressed or len(message.text.split()) < least or is_off_topic(message):
        return False
    if requested == CONSENT:
        return len(message.text.split()) >= A_TALE - 1 and not asks_us(message.text)
    return requested == CONFIRM or (requested in OPEN and not asks_us(message.text))


def _tells(message: Message) -> bool:
    """Whether words that are no answer tell of somebody who harms, whatever they were taken for."""
    if message.pressed or len(message.text.split()) < TOLD_ASIDE or asks(message.text) or asks_us(message.text):
        return False
    return message.risk in RISKY or any(found["entity"] == "relation" for found in message.found)


def _only_place(message: Message) -> bool:
    """Whether words name a place and tell of nobody."""
    if message.pressed or len(message.text.split()) > A_PLACE:
        return False
    return begins_with_place(message.text) and not any(f["entity"] in ("relation", "time") for f in message.found)


def _wants_out(requested: str, message: Message) -> bool:
    """Whether the person wishes to stop, in words that are no command; while danger is now nothing is put off."""
    if message.pressed or message.risk == "immediate":
        return False
    return wants_out(message.text, strict=requested == STORY)


def _wavers(requested: str, slots: Mapping[str, Any], message: Message, audience: str) -> Step:
    """Stop at once. What was told or answered in the same breath is kept, the wish itself is no part of the account."""
    rest = without_wishes(message.text, strict=requested == STORY)
    updates: dict[str, Any] = {OUTCOME: WAVERS, MISSES: 0}
    if not rest:
        return Step(updates)
    said = replace(message, text=rest)
    value = None if requested in ALWAYS or requested == STORY else parse(requested, said)
    if _is_clear(requested, value):
        updates[requested] = value
    told = told_part(rest)
    if len(told.split()) >= TOLD_ASIDE and not asks_us(told):
        updates.update(_kept(slots, said, told, audience, requested))
    return Step(updates)


def _kept(slots: Mapping[str, Any], message: Message, told: str, audience: str, requested: str) -> dict[str, Any]:
    """What is told beside a question: with the story, or where it may not say yet what happened, for it; and what it
    says by itself is not asked."""
    found = still_unknown(found_in(message, audience), slots)
    grave = is_telling(message) or (message.risk in RISKY and not message.pressed) or RELATION in found
    known = slots.get(STORY) not in (None, SKIPPED)
    updates = {STORY: _with(slots.get(STORY), told)} if known or grave else {TOLD: _with(slots.get(TOLD), told)}
    return {**{name: value for name, value in found.items() if name != requested}, **updates}


def _asked_about(about: str, requested: str, slots: Mapping[str, Any], message: Message) -> Step:
    """A question about the report itself is answered, and the step asked again; what was told with it is kept."""
    updates: dict[str, Any] = {requested: None}
    parts = clauses(message.text)
    first = replace(message, text=parts[0] if len(parts) > 1 else "")
    if requested == DANGER and first.text and not asks_us(first.text) and (danger := danger_said(first)) is not None:
        updates[requested] = danger  # "ko có, mà mẹ mình có bị biết ko"
    if about != WHO_READS and requested != STORY and (message.risk in RISKY or tells_beside(message.text)):
        updates.update(_noted(slots, without_questions(message.text)))
    return Step(updates, say=about)


def _noted(slots: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Words kept beside a question: with the story, or for it where nothing was told yet and it is still asked."""
    name = STORY if slots.get(STORY) not in (None, SKIPPED) else TOLD
    return {name: _with(slots.get(name), text)}


def _with(told: Any, more: str) -> str:
    """The story with more words behind it."""
    return f"{told}\n{more}" if told and told != SKIPPED else more


def _says_more(requested: str, value: Any, message: Message) -> bool:
    """Whether a yes or no tells more than that ("ừ ghi đi, dượng sờ em", "không, mai đi học mới sợ"): it must not be
    lost."""
    if requested not in (CONSENT, DANGER) or value is None or message.pressed or (requested == CONSENT and not value):
        return False
    if requested == DANGER and (len(message.text.split()) > SHORT or is_soon(message.text)):
        return True
    told = told_part(message.text)
    return told != message.text and len(told.split()) >= TOLD_ASIDE and not asks_us(told)


def _nothing_said(requested: str, slots: Mapping[str, Any], message: Message) -> Step:
    """A bare "dạ" or a greeting where words are asked for: asked once more, then left out; "không" leaves it out."""
    misses = int(slots.get(MISSES) or 0) + 1
    if misses >= 2 or yes_or_no(message) is False:
        return Step({requested: SKIPPED, MISSES: 0})
    if requested in OPEN and asks_us(message.text):
        more = _noted(slots, message.text) if tells_beside(message.text) else {}
        return Step({requested: None, MISSES: misses, **more}, say=ASKED)
    say = "utter_report_aside" if is_off_topic(message) else "utter_not_caught"
    return Step({requested: None, MISSES: misses}, say=say)


def _told_aside(requested: str, slots: Mapping[str, Any], message: Message, value: Any, audience: str) -> Step:
    """The person tells on instead of answering: their words are kept with the story, and the question is asked once
    more at most. Before they agree it is said that nothing is written down yet."""
    told = told_part(message.text)
    updates = _kept(slots, message, told, audience, requested) if told else {}
    refused = requested == CONSENT and value is False  # "không biết nữa, …": no answer inside a tale
    if isinstance(value, dict):
        value = {**value, "text": ""}  # the tale stands in the story; of the place only its name
    if _is_clear(requested, value) and not refused:
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


def _is_clear(requested: str, value: Any) -> bool:
    """Whether an answer is more than words that could mean anything."""
    if isinstance(value, dict):
        return bool(value.get("commune"))
    return value is not None and (not isinstance(value, str) or requested in (SUBJECT, SEX))


def _answered(requested: str, slots: Mapping[str, Any], message: Message, value: Any, audience: str) -> Step:
    if requested == CONSENT and value is False:
        return Step({OUTCOME: "stopped"})
    if requested == CONFIRM:
        return Step({OUTCOME: "send"}) if value else _missed(CONFIRM, slots, "utter_report_what_is_wrong")
    updates = {requested: value, MISSES: 0}
    fixing = slots.get(FIXING) == requested
    if fixing:
        updates[FIXING] = None
    if requested == STORY and fixing and slots.get(TOLD):
        return _retold(slots, message, audience)
    if requested == STORY:
        story = without_questions(message.text)
        if not story and not message.pressed:
            return _only_asked(slots, message)
        told = still_unknown(found_in(message, audience), slots)
        return Step({**updates, STORY: story or value, **told}, say="heard" if told else None)
    if requested == AGE and not message.pressed:  # "mình 14t ở Cà Mau"
        place = {n: found for n, found in still_unknown(found_in(message, audience), slots).items() if n == PLACE}
        return Step({**updates, **place}, say="heard" if place else None)
    return Step(updates, say="heard" if requested == CONSENT and told_already(slots) else None)


def _only_asked(slots: Mapping[str, Any], message: Message) -> Step:
    """A question to the machine where the account is asked for is no account: the rules answer it, or it is said that
    somebody at 111 does; then the account is asked for once more."""
    if is_interruption(PLACE, message):
        return Step({}, interrupted=True)
    misses = int(slots.get(MISSES) or 0) + 1
    if misses >= 2:
        return Step({STORY: SKIPPED, MISSES: 0})
    return Step({STORY: None, MISSES: misses}, say=ASKED)


def _retold(slots: Mapping[str, Any], message: Message, audience: str) -> Step:
    """The story told anew: it takes the old one's place, and with it who and when. "Thêm …" only adds."""
    updates: dict[str, Any] = {STORY: message.text, MISSES: 0, FIXING: None, TOLD: None}
    found = found_in(message, audience)
    if adds(message.text):
        return Step({**updates, STORY: _with(slots[TOLD], message.text), **still_unknown(found, slots)})
    anew = {name: found[name] for name in (RELATION, TIME) if name in found}
    return Step({**updates, **still_unknown(found, slots), **anew}, say="story_replaced")


def still_unknown(found: Mapping[str, Any], slots: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was found in somebody's words: that which was not answered yet."""
    return {name: value for name, value in found.items() if slots.get(name) in (None, SKIPPED)}


def told_already(slots: Mapping[str, Any]) -> bool:
    """Whether something is filled in from what the person has told before the form."""
    return any(slots.get(name) is not None for name in KNOWN_BY_TELLING)


def _command(requested: str, slots: Mapping[str, Any], message: Message, audience: str) -> Step | None:
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
            return _missed(requested, slots, "utter_report_press")
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
    more = _noted(slots, told) if len(told.split()) >= TOLD_ASIDE else {}
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


def _missed(requested: str, slots: Mapping[str, Any], say: str = "utter_not_caught") -> Step:
    misses = int(slots.get(MISSES) or 0) + 1
    updates: dict[str, Any] = {MISSES: misses, requested: None}
    if misses >= 2:
        updates.update({STUCK: requested, CHOICE: None})
        return Step(updates)
    return Step(updates, say=say)


def _chosen(slots: Mapping[str, Any], message: Message, audience: str) -> Step:
    """After two answers that were not understood: the button that was pressed, or the answer after all."""
    stuck = str(slots.get(STUCK))
    free: dict[str, Any] = {STUCK: None, CHOICE: None, MISSES: 0}
    wish = message.entities.get("value") if message.entities.get("field") == CHOICE else command_of(message)
    if wish in ("again", "ask_again", "go_back"):
        return Step({**free, stuck: None})
    if wish == "skip" and stuck not in ALWAYS:
        return Step({**free, stuck: SKIPPED})
    if wish in ("stop", "pause"):
        return Step({**free, OUTCOME: "stopped" if wish == "stop" else "paused"})
    if _wants_out(stuck, message):
        return Step({**free, OUTCOME: WAVERS})
    if is_interruption(CHOICE, message):
        return Step({}, interrupted=True)
    fix = correction(stuck, message)
    value = parse(stuck, message) if stuck in (CONSENT, DANGER, SUBJECT, CONFIRM, SEX, MORE) else None
    if fix is not None or value is not None:
        calm = {**slots, **free}
        step = _command(stuck, calm, message, audience) if fix else _answered(stuck, calm, message, value, audience)
        if step is not None and not step.updates.get(MISSES):
            return Step({**free, **step.updates}, say=step.say)
    return Step({**free, OUTCOME: "undecided"})


__all__ = [
    "AGE",
    "CHOICE",
    "CONFIRM",
    "CONSENT",
    "CONTACT",
    "DANGER",
    "FIXING",
    "MISSES",
    "MORE",
    "NEAR",
    "OUTCOME",
    "PLACE",
    "RELATION",
    "SEX",
    "SKIPPED",
    "STORY",
    "STUCK",
    "SUBJECT",
    "TIME",
    "TOLD",
    "WAVERS",
    "Message",
    "Step",
    "found_in",
    "is_plain_answer",
    "questions",
    "required",
    "still_unknown",
    "take",
    "told_already",
]
