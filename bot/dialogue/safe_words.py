"""Which safe words a message gets in its conversation, if any: the assessment says how grave it is, what was said
before says in which words."""

from __future__ import annotations

import time

from bot.dialogue import follow
from bot.dialogue.commands import Said
from bot.dialogue.memory import Memory
from bot.dialogue.messages import Reply
from bot.dialogue.safe_forms import (
    ABOUT_DYING,
    CARED,
    CARING,
    FIRST_AID,
    INSIDE,
    SETTING,
    by_words,
    fear_said,
    held,
    last,
)
from bot.dialogue.safe_threads import goes_on as thread_goes_on
from bot.dialogue.safe_threads import thread_form
from bot.dialogue.wishes import rephrased_wish
from bot.knowledge.followup import asks_on
from bot.safety import (
    RISKS,
    Answered,
    Assessment,
    Context,
    RiskAssessor,
    SafetyAnswers,
    cannot_call,
    cannot_speak,
    choose_form,
    in_writing,
    offers_picture,
    question,
)
from bot.safety.answers import ACCIDENTS, CARERS, POISON, SETTINGS, YOUNG
from bot.safety.threads import threads

SHORT = 8
"""Words of a message that says hardly more than that one cannot call."""
IN_TURNS = {
    "repeated_emergency": "emergency",
    "self_harm_still": "short_self_harm", "short_self_harm": "self_harm_still",
    "at_the_door": "still_inside", "still_inside": "at_the_door",
    "fire": "fire_again", "fire_again": "fire", "in_vehicle": "in_vehicle_again", "in_vehicle_again": "in_vehicle",
    "lost": "lost_again", "lost_again": "lost", "lured": "lured_again", "lured_again": "lured",
    "hiding": "hiding_still", "hiding_still": "hiding", "emergency": "repeated_emergency",
    "emergency_medical": "still_poisoned", "still_poisoned": "poisoned_again",
    "emergency_injury": "still_injured", "own_hand_injury": "still_injured", "still_injured": "injured_again",
    "urge": "self_harm_still", "not_dying": "self_harm_still",
    "other_dying": "other_dying_still", "other_dying_still": "other_dying",
    "blackmail": "blackmail_again", "blackmail_again": "blackmail",
    "comes_back": "comes_back_again", "comes_back_again": "comes_back",
    **{form: form.removesuffix("_again") if form.endswith("_again") else f"{form}_again"
       for form in (*FIRST_AID, *CARING, *CARED)},
    **{form: thread.again for thread in threads().values() for form in thread.forms
       if form not in (thread.again, "other_dying", "other_dying_now", "beside_other", "alone_other")},
    "outside_again": "outside", "hit_again": "hit_someone", "away_again": "runs_away",
}  # fmt: skip
"""What is said instead of the words that were said last."""
GOES_ON = ("again", "still", "listens", "line_listens")
"""What is said one after the other to somebody who tells on at the same risk: an offer, once more, then what helps."""


class SafeWords:
    """Chooses the safe words of a turn and remembers in ``Memory`` which were said and what they ask."""

    def __init__(self, assessor: RiskAssessor, answers: SafetyAnswers) -> None:
        self._assessor = assessor
        self._answers = answers

    def needed(
        self, said: Said, memory: Memory, assessment: Assessment, answer: Answered | None, asked: str
    ) -> Reply | None:
        """The safe words that a message needs, if any. ``answer``: what it means as an answer to what was ``asked``.

        Who cannot be heard on a telephone is also told what they can do instead."""
        mute = cannot_speak(said.text)
        if mute and voice(memory) in YOUNG:  # a grown-up may speak of a child
            memory.writes_only = True
        mute = mute or (memory.writes_only and cannot_call(said.text))
        if mute and memory.helped and not memory.in_form and not assessment.at_risk:
            return self._say("cannot_speak", memory, within=bool(memory.awaits))
        reply = self._by_turn(said, memory, assessment, answer, asked)
        if reply is None or not mute or memory.safe_form == "cannot_speak":
            return reply
        instead = self._answers.special("cannot_speak", voice(memory))
        return Reply(f"{reply.text}\n\n{instead.text}", reply.buttons, kind=reply.kind)

    def _by_turn(
        self, said: Said, memory: Memory, assessment: Assessment, answer: Answered | None, asked: str
    ) -> Reply | None:
        """The safe words by what was said before and what is told now."""
        if answer is not None and answer.form:
            memory.helped = True
            return self._say(answer.form, memory, within=False)
        words = "" if answer is not None else thread_form(said.text, memory, assessment)
        if answer is None and (form := words or by_words(said.text, memory, assessment, asked)):
            memory.helped = True
            return self._say(form, memory, within=memory.in_form)
        if answer is None and (fear := fear_said(said.text, memory, assessment)) is not None:
            return self._answers.fear(fear, voice(memory))
        if answer is None and (form := thread_goes_on(said.text, memory, assessment)):
            return self._say(form, memory, within=False)
        where = (SETTINGS | ACCIDENTS | CARERS).keys() & set(assessment.codes)  # what to do there says how to call, too
        unable = not memory.in_form and not where and cannot_call(said.text)
        if unable and (memory.helped or _only_cannot_call(said, assessment)):
            memory.helped = True
            inside = last(memory) in (*INSIDE, *SETTING)  # not over to the neighbours, then
            form = last(memory) if inside else "cannot_call"
            return self._say(form, memory, within=bool(memory.awaits))  # in a form it is a contact
        if "khmer" in assessment.codes and not assessment.at_risk and not memory.in_form:
            return self._say("khmer", memory, within=False)
        if answer is None and offers_picture(said.text) and (memory.helped or not assessment.at_risk):
            return self._answers.special("photo", voice(memory), in_form=memory.in_form)
        if answer is not None or not assessment.at_risk:
            return None
        if not memory.in_form and follow.forced_wish(said.text) and not _acute(assessment):
            return None  # whoever dictates may read along: the neutral answer has the numbers
        goes_on = memory.in_form or bool(memory.awaits) or rephrased_wish(said, memory) is not None
        if (goes_on or asks_on(said.text)) and memory.helped and self._only_by_context(said.text, memory, assessment):
            return None  # "nơi ở là xã …", "kể tiếp", "nguồn ở đâu" in a talk of danger: the safe words were said
        return self.answer(assessment, memory, asked, said.text)

    def answer(self, assessment: Assessment, memory: Memory, asked: str = "", text: str = "") -> Reply:
        """The safe words; short when the long ones were said and nothing graver is told."""
        helped = memory.helped
        repeated = helped and RISKS.index(assessment.risk) <= RISKS.index(memory.risk)
        repeated = repeated and (assessment.kind != "self_harm" or last(memory) in ABOUT_DYING)
        memory.helped = True
        if POISON.intersection(assessment.codes):
            memory.swallowed_at = time.time()
        within = memory.in_form or bool(memory.awaits)
        form = choose_form(assessment, within, repeated, voice(memory))
        return self._say(held(form, text, memory, assessment, asked, helped), memory, within)

    def _only_by_context(self, text: str, memory: Memory, assessment: Assessment) -> bool:
        """Whether nothing graver is told, and only what was told before makes the message one at risk."""
        graver = assessment.risk == "immediate" or RISKS.index(assessment.risk) > RISKS.index(memory.risk)
        return not graver and not self._assessor.assess(text, Context(in_form=True)).at_risk

    def _say(self, form: str, memory: Memory, within: bool) -> Reply:
        """Safe words in the person's voice; remembers what they ask."""
        form = _other_words(form, last(memory))
        if form in CARED:
            memory.swallowed_at = 0.0  # a doctor sees to it
        memory.safe_form, memory.safe_at = form, time.time()
        if not within:
            memory.asked = question(form, voice(memory))
        reply = self._answers.special(form, voice(memory), in_form=within)
        return Reply(in_writing(reply.text), reply.buttons, kind=reply.kind) if memory.writes_only else reply


def voice(memory: Memory) -> str:
    """In whose voice somebody is answered."""
    return memory.audience or "teen"


def _other_words(form: str, before: str) -> str:
    """The form in words that were not said last."""
    if form == GOES_ON[0] and before in GOES_ON:
        return GOES_ON[(GOES_ON.index(before) + 1) % len(GOES_ON)]
    return IN_TURNS.get(form, form) if form == before else form


def _acute(assessment: Assessment) -> bool:
    """Whether the words themselves tell of danger now, and not only that somebody stands near."""
    told = [c for c in assessment.codes if not c.startswith("model_") and c != "perpetrator_near"]
    return assessment.risk == "immediate" and bool(told)


def _only_cannot_call(said: Said, assessment: Assessment) -> bool:
    """Whether a message at risk says hardly more than that one cannot call."""
    short = len(said.text.split()) <= SHORT
    return assessment.at_risk and short and all(code.startswith("model_") for code in assessment.codes)
