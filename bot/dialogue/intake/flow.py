"""The intake conversation as pure logic: which question comes next, and what a message does to the form.

A frightened person never meets a wall: everything can be skipped, gone back over, corrected, left for later or
stopped. An answer that is not understood twice leads to a choice of buttons, and that to a person or 111: never a
loop. A question in the middle is answered by the rules and the form goes on. Rasa's form asks and remembers; this
package decides: ``answers`` reads one answer, ``telling`` keeps what is told beside it, ``wishes`` does what is
commanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import contact
from .answers import SHORT, danger_said, parse, yes_or_no
from .asked_us import ASKED, OPEN, WHO_READS, about_the_report, asks_us, fits, tells_beside
from .corrections import correction
from .danger import fears_home
from .fields import (
    AGE,
    ALWAYS,
    CHOICE,
    CHOICES,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    FIXING,
    MISSES,
    MORE,
    NEAR,
    OUTCOME,
    PLACE,
    RELATION,
    SEX,
    SKIPPED,
    STORY,
    STUCK,
    SUBJECT,
    TIME,
    TOLD,
    WAVERS,
    told_already,
)
from .found import found_in, hamlet_in, new_in
from .message import (
    RISKY,
    Message,
    adds,
    command_of,
    is_interruption,
    is_off_topic,
    is_plain_answer,
    is_sure_contact,
    is_telling,
)
from .parts import clauses, told_part, wants_out, without_questions, without_wishes
from .readback import added, elsewhere, said_there, taken_back, tells_more
from .step import Step
from .telling import (
    TOLD_ASIDE,
    adds_to_it,
    is_clear,
    is_only_place,
    kept,
    noted,
    says_more,
    tells_of_harm,
    told_aside,
    unsure_but_tells,
    with_more,
)
from .wishes import apply_command, missed

ASIDE = (CONSENT, DANGER, SUBJECT, AGE, SEX, PLACE, MORE)
"""Questions to which somebody's tale is no answer."""
NEAR_HOME = "near_home"
"""Key of what is said before danger is asked once more."""


def take(requested: str | None, slots: Mapping[str, Any], message: Message, audience: str = "teen") -> Step:
    """What one message does to the form."""
    if requested is None:
        return Step({})
    if requested == CHOICE:
        return _chosen(slots, message, audience)
    if message.pressed and message.entities.get("field") not in (None, requested) and "value" in message.entities:
        return Step({requested: None})  # an old button of another question, pressed again
    step = _wished(requested, slots, message, audience)
    if step is not None:
        return step
    if _wants_out(requested, message):
        return _wavers(requested, slots, message, audience)
    about = about_the_report(requested, message)
    if about is not None:
        return _asked_about(about, requested, slots, message)
    if requested == CONTACT and not message.pressed and contact.warns(message.text):
        return contact.warned(slots, message)
    value = parse(requested, message, audience)
    if requested == NEAR and isinstance(value, bool) and asks_us(message.text) and not is_plain_answer(message.text):
        value = None  # "có xa đây không"
    if isinstance(value, str | dict) and not is_clear(requested, value) and not fits(requested, message):
        value = None
    words = len(message.text.split())
    short = is_clear(requested, value) and words <= SHORT
    aside = requested in ASIDE or (requested == CONTACT and not is_sure_contact(message.text))
    if requested == PLACE and value is not None and is_only_place(message):
        aside = False  # "xã gần chợ đó", in a talk in which everything sounds grave
    if aside and ((is_telling(message) and not short) or says_more(requested, value, message)):
        return told_aside(requested, slots, message, value, audience)
    if value is None and requested == CONSENT and tells_of_harm(message):
        return told_aside(requested, slots, message, value, audience)
    if value is None and requested == DANGER and unsure_but_tells(message):
        return told_aside(requested, slots, message, value, audience)
    if value is None and is_interruption(requested, message):
        return Step({}, interrupted=True)
    found = elsewhere(requested, slots, message, audience) if value is None else {}
    if found and requested not in (CONSENT, CONFIRM):
        more = noted(slots, message.text.strip()) if len(message.text.split()) >= TOLD_ASIDE else {}
        return Step({**more, **found, requested: None}, say="heard")
    if value is None and requested == CONFIRM and (adds_to_it(requested, message) or tells_more(message)):
        return added(slots, message, audience)
    if value is None and adds_to_it(requested, message):
        return told_aside(
            requested, slots, message, value, audience
        )  # "dung goi cho ba con nha" must reach the officers
    if value is None and requested not in CHOICES:
        return _nothing_said(requested, slots, message)
    if value is None:
        return missed(requested, slots, "utter_report_aside" if is_off_topic(message) else "utter_not_caught")
    return _answered(requested, slots, message, value, audience)


def _wished(requested: str, slots: Mapping[str, Any], message: Message, audience: str) -> Step | None:
    """What outweighs an answer: more for the account or danger at the read-back, commands, corrections, a story taken
    back."""
    there = said_there(slots, message, audience) if requested == CONFIRM else None
    command = there or apply_command(requested, slots, message, audience)
    if command is not None or slots.get(CONSENT) is not True:
        return command
    back = taken_back(slots, message)
    return back and Step({**back.updates, requested: None}, say=back.say)


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
    value = None if requested in ALWAYS or requested == STORY else parse(requested, said, audience)
    if is_clear(requested, value):
        updates[requested] = value
    told = told_part(rest)
    if len(told.split()) >= TOLD_ASIDE and not asks_us(told):
        updates.update(kept(slots, said, told, audience, requested))
    return Step(updates)


def _asked_about(about: str, requested: str, slots: Mapping[str, Any], message: Message) -> Step:
    """A question about the report itself is answered, and the step asked again; what was told with it is kept."""
    updates: dict[str, Any] = {requested: None}
    parts = clauses(message.text)
    first = replace(message, text=parts[0] if len(parts) > 1 else "")
    if requested == DANGER and first.text and not asks_us(first.text) and (danger := danger_said(first)) is not None:
        updates[requested] = danger  # "ko có, mà mẹ mình có bị biết ko"
    if about != WHO_READS and requested != STORY and (message.risk in RISKY or tells_beside(message.text)):
        updates.update(noted(slots, without_questions(message.text)))
    return Step(updates, say=about)


def _nothing_said(requested: str, slots: Mapping[str, Any], message: Message) -> Step:
    """A bare "dạ" or a greeting where words are asked for: asked once more, then left out; "không" leaves it out."""
    misses = int(slots.get(MISSES) or 0) + 1
    if misses >= 2 or yes_or_no(message) is False:
        return Step({requested: SKIPPED, MISSES: 0})
    if requested in OPEN and asks_us(message.text):
        more = noted(slots, message.text) if tells_beside(message.text) else {}
        return Step({requested: None, MISSES: misses, **more}, say=ASKED)
    say = "utter_report_aside" if is_off_topic(message) else "utter_not_caught"
    return Step({requested: None, MISSES: misses}, say=say)


def _answered(requested: str, slots: Mapping[str, Any], message: Message, value: Any, audience: str) -> Step:
    if requested == CONSENT and value is False:
        return Step({OUTCOME: "stopped"})
    if requested == CONFIRM:
        return Step({OUTCOME: "send"}) if value else missed(CONFIRM, slots, "utter_report_what_is_wrong")
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
        told = new_in(message, slots, audience)
        return Step({**updates, STORY: story or value, **told}, say="heard" if told else None)
    if requested == AGE and not message.pressed:  # "mình 14t ở Cà Mau"
        place = {n: found for n, found in new_in(message, slots, audience).items() if n == PLACE}
        hamlet = None if place else hamlet_in(message.text)
        return Step({**updates, **place, **(noted(slots, hamlet) if hamlet else {})}, say="heard" if place else None)
    if requested == NEAR and value is True and slots.get(DANGER) is False and fears_home(str(slots.get(STORY) or "")):
        return Step({**updates, DANGER: None}, say=NEAR_HOME)  # "no danger", but afraid of a home where that person is
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
        return Step({**updates, STORY: with_more(slots[TOLD], message.text), **new_in(message, slots, audience)})
    anew = {name: found[name] for name in (RELATION, TIME) if name in found}
    return Step({**updates, **new_in(message, slots, audience), **anew}, say="story_replaced")


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
    value = parse(stuck, message, audience) if stuck in (CONSENT, DANGER, SUBJECT, CONFIRM, SEX, MORE) else None
    if fix is not None or value is not None:
        calm = {**slots, **free}
        step = (
            apply_command(stuck, calm, message, audience) if fix else _answered(stuck, calm, message, value, audience)
        )
        if step is not None and not step.updates.get(MISSES):
            return Step({**free, **step.updates}, say=step.say)
    return Step({**free, OUTCOME: "undecided"})
