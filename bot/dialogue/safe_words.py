"""Which safe words a message gets in its conversation, if any: the assessment says how grave it is, what was said
before says in which words."""

from __future__ import annotations

import time

from bot.dialogue import follow
from bot.dialogue.commands import Said
from bot.dialogue.memory import Memory
from bot.dialogue.messages import Reply
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
    offers_picture,
    question,
    unwell,
)

HOLDS, POISON_HOLDS = 2 * 3600.0, 6 * 3600.0
"""Seconds for which what was said last counts for the next words, and for which a swallowed poison does."""
GOING_ON = ("again", "repeated_emergency")
SWALLOWED = frozenset({"swallowed", "poisoning"})
"""Codes of the assessment."""
INSIDE = ("at_the_door", "still_inside")
POISONED = ("emergency_medical", "still_poisoned", "poisoned_again")
OWN_DEEDS = ("harmed", "own_hand")
ABOUT_DYING = ("self_harm", "short_self_harm", "self_harm_now", "self_harm_still")
"""Safe words that still hold when the person goes on and tells nothing graver."""
IN_TURNS = {
    "again": "still", "repeated_emergency": "emergency",
    "self_harm_still": "short_self_harm", "short_self_harm": "self_harm_still",
    "at_the_door": "still_inside", "still_inside": "at_the_door",
    "emergency_medical": "still_poisoned", "still_poisoned": "poisoned_again",
}  # fmt: skip
"""What is said instead of the words that were said last."""


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
        if mute and memory.helped and not memory.in_form and not assessment.at_risk:
            return self._say("cannot_speak", memory, within=bool(memory.awaits))
        reply = self._by_turn(said, memory, assessment, answer, asked)
        if reply is None or not mute:
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
        if poisoned(memory) and (unwell(said.text) or cannot_call(said.text)):
            return self._say("still_poisoned", memory, within=memory.in_form)
        if memory.helped and not memory.in_form and cannot_call(said.text):
            inside = last(memory) in INSIDE  # not over to the neighbours, then
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
        return self.answer(assessment, memory, asked)

    def answer(self, assessment: Assessment, memory: Memory, asked: str = "") -> Reply:
        """The safe words; short when the long ones were said and nothing graver is told."""
        repeated = memory.helped and RISKS.index(assessment.risk) <= RISKS.index(memory.risk)
        repeated = repeated and (assessment.kind != "self_harm" or last(memory) in ABOUT_DYING)
        memory.helped = True
        if SWALLOWED.intersection(assessment.codes):
            memory.swallowed_at = time.time()
        within = memory.in_form or bool(memory.awaits)
        form = choose_form(assessment, within, repeated, voice(memory))
        return self._say(self._held(form, assessment, memory, asked), memory, within)

    @staticmethod
    def _held(form: str, assessment: Assessment, memory: Memory, asked: str) -> str:
        """The form that holds in this conversation: what was told before may count for more than this message."""
        tells, before = assessment.kind in ("disclosure", "emergency"), last(memory)
        if assessment.kind == "self_harm" and asked == "dying":
            return "self_harm_now"  # more than a bare yes to that question is no reason to ask it again
        if poisoned(memory) and assessment.kind != "offender" and form != "self_harm_now":
            return "still_poisoned" if before in (*POISONED, *ABOUT_DYING) else "emergency_medical"
        if form in GOING_ON and before in ABOUT_DYING:
            return "self_harm_still"
        if tells and before in INSIDE and form != "emergency_medical":
            return before  # outside, where it is said to run to, stands the stranger
        if tells and before in OWN_DEEDS:
            return before  # "he comes over again", "tan bầm cho khỏi thấy": who is in danger is the other one
        return form

    def _only_by_context(self, text: str, memory: Memory, assessment: Assessment) -> bool:
        """Whether nothing graver is told, and only what was told before makes the message one at risk."""
        graver = assessment.risk == "immediate" or RISKS.index(assessment.risk) > RISKS.index(memory.risk)
        return not graver and not self._assessor.assess(text, Context(in_form=True)).at_risk

    def _say(self, form: str, memory: Memory, within: bool) -> Reply:
        """Safe words in the person's voice; remembers what they ask."""
        form = IN_TURNS.get(form, form) if form == last(memory) else form
        memory.safe_form, memory.safe_at = form, time.time()
        if not within:
            memory.asked = question(form, voice(memory))
        return self._answers.special(form, voice(memory), in_form=within)


def last(memory: Memory) -> str:
    """The safe words said last, while they may still be about the same danger."""
    return memory.safe_form if time.time() - memory.safe_at < HOLDS else ""


def poisoned(memory: Memory) -> bool:
    """Whether somebody may still suffer from what they swallowed."""
    return time.time() - memory.swallowed_at < POISON_HOLDS


def voice(memory: Memory) -> str:
    """In whose voice somebody is answered."""
    return memory.audience or "teen"


def _acute(assessment: Assessment) -> bool:
    """Whether the words themselves tell of danger now, and not only that somebody stands near."""
    told = [c for c in assessment.codes if not c.startswith("model_") and c != "perpetrator_near"]
    return assessment.risk == "immediate" and bool(told)
