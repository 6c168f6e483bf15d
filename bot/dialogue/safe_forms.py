"""Which safe words hold in a conversation: what was said before, and what the words themselves tell, may count for more
than how grave the last message is."""

from __future__ import annotations

import time

from bot.dialogue import follow
from bot.dialogue.memory import Memory
from bot.safety import Assessment, answered, cannot_call, unwell
from bot.safety.answers import ACCIDENTS, CARERS, POISON, UNSURE, YOUNG
from bot.safety.fears import Fear, fear_in
from bot.safety.threads import forms_of
from bot.safety.told import (
    another_dying,
    asks_another_way,
    belittles,
    blackmails,
    bleeds,
    bleeds_hard,
    comes_back,
    cuts,
    denies_dying,
    got_away,
    got_out,
    hides,
    of_blackmail,
    pleads,
    says_dying,
    still_bad,
    treated,
    unreachable,
    wants_phone,
    who_returns,
    with_doctor,
)

HOLDS, POISON_HOLDS = 2 * 3600.0, 6 * 3600.0
"""Seconds for which what was said last counts for the next words, and for which a swallowed poison does."""
GOING_ON = ("again", "repeated_emergency")
HIDING = ("hiding", "hiding_still")
INSIDE = ("at_the_door", "still_inside", *HIDING)
"""Safe words for who must stay where they are: outside, or within earshot, is whom they fear."""
NOW = ("emergency", "repeated_emergency")
PLACES = ("fire", "fire_again", "in_vehicle", "in_vehicle_again", "lured", "lured_again")
SETTING = (*PLACES, *forms_of("lost"), *forms_of("outside"))
"""Safe words for a place of danger; they hold until somebody got away."""
POISONED = ("emergency_medical", "still_poisoned", "poisoned_again")
INJURED = ("emergency_injury", "own_hand_injury", "still_injured", "injured_again")
FIRST_AID = (*ACCIDENTS.values(), *(f"{form}_again" for form in ACCIDENTS.values()))
"""Safe words for an accident; they hold until a doctor sees it."""
CARING = (*CARERS.values(), *(f"{form}_again" for form in CARERS.values()))
"""Safe words for who may hurt a small child; they hold for what is told next."""
BODY = (*POISONED, *INJURED, *FIRST_AID)
CARED = ("in_hospital", "in_hospital_again")
OWN_DEEDS = ("harmed", "own_hand")
OFFENDING = ("offender", "offender_still", "admitted", "desire")
DOUBTS = ("disclosure", "disclosure_other", "worry", "short", "short_emergency")
YIELDS_TO_HIDING = ("disclosure", "again", "worry", "comes_back", "short")
YIELDS = ("disclosure", "disclosure_other", "again", "worry", "self_harm", "short_self_harm")
"""Safe words that would comfort who has just told of a wish that harms a child."""
BELIEVED = ("not_dying", "urge")
"""What was said to somebody who does not want to die: they are not asked again."""
ABOUT_DYING = ("self_harm", "short_self_harm", "self_harm_now", "self_harm_still", "urge_first", *BELIEVED)
"""Safe words that still hold when the person goes on and tells nothing graver."""
OTHERS_DYING = forms_of("friend")
BLACKMAIL = forms_of("pictures")
SENTENCE = 3
"""Words; a bare yes or no answers the last words alone."""
ASKS_DYING = ("self_harm", "short_self_harm")
LEAVES_ROOM = frozenset({*UNSURE, "perpetrator_near", "image_blackmail", "threatened"})
"""Codes beside the model's with which the plan for a night, or the words about pictures, may still be what fits."""


def last(memory: Memory) -> str:
    """The safe words said last, while they may still be about the same danger."""
    return memory.safe_form if time.time() - memory.safe_at < HOLDS else ""


def in_danger(memory: Memory) -> bool:
    """Whether danger now was told a while ago at most, and nobody has said that it is over."""
    return memory.risk == "immediate" and last(memory) not in ("", "got_away")


def fear_said(text: str, memory: Memory, assessment: Assessment) -> Fear | None:
    """The fear that somebody young tells who has told of harm a while ago, when their words tell of nothing graver."""
    before = last(memory)
    now = (*INSIDE, *NOW, *SETTING, *BODY, *CARING, *OTHERS_DYING, *OFFENDING, *OWN_DEEDS)
    if not before or before in now or memory.in_form or memory.awaits or says_dying(text) or follow.wish(text):
        return None
    dying = before in ABOUT_DYING
    grave = assessment.risk == "immediate" or assessment.kind == "offender" or (assessment.kind == "self_harm") > dying
    if grave or not all(code.startswith("model_") or code in LEAVES_ROOM for code in assessment.codes):
        return None
    return fear_in(text, dying) if (memory.audience or "teen") in YOUNG else None


def poisoned(memory: Memory) -> bool:
    """Whether somebody may still suffer from what they swallowed."""
    return time.time() - memory.swallowed_at < POISON_HOLDS


def by_words(text: str, memory: Memory, assessment: Assessment, asked: str) -> str:
    """The form for what the words tell whatever the risk; empty when they tell nothing of that kind."""
    before = last(memory)
    if treated(text) and (before in (*BODY, *CARED) or poisoned(memory)):
        return "" if memory.in_form or memory.awaits else CARED[0]
    if before in FIRST_AID and (unwell(text) or bleeds(text) or cannot_call(text) or still_bad(text)):
        return before
    if poisoned(memory) and (unwell(text) or cannot_call(text)) and not bleeds(text):
        return "still_poisoned"
    if before in INJURED and (unwell(text) or bleeds(text) or cannot_call(text)):
        return "still_injured"
    if memory.in_form or memory.awaits:
        return ""
    if before and before not in (*ABOUT_DYING, *OTHERS_DYING, *OFFENDING) and _over(text, before):
        return "got_away"
    if (before in (*INSIDE, *SETTING) or in_danger(memory)) and wants_phone(text):
        return "hide_screen"
    if before in (*INSIDE, *NOW, *BODY, *SETTING, *CARING) and pleads(text):
        return before  # "con làm sao bây giờ": what to do was said, and is said again
    if before in OTHERS_DYING and unreachable(text):
        return "other_dying_now"
    if before in OTHERS_DYING and not says_dying(text):
        if belittles(text):
            return "other_dying_still"
        late = answered("beside_other", text) if len(text.split()) >= SENTENCE else None
        if late is not None and late.form:
            return late.form  # to the question before the last words
    return _of_oneself(text, memory, assessment, asked) or _of_who_returns(text, memory, assessment)


def _over(text: str, before: str) -> bool:
    """Whether a danger is over: a poison or a wound only when a doctor sees it."""
    return got_away(text) and (before not in BODY or with_doctor(text))


def _of_who_returns(text: str, memory: Memory, assessment: Assessment) -> str:
    """For who told of danger and says, in words that tell of none, that the same person comes home later."""
    before = last(memory)
    told = before and before not in (*INSIDE, *ABOUT_DYING, *OTHERS_DYING, *OFFENDING)
    return "comes_back" if told and not assessment.at_risk and who_returns(text, memory.recent) else ""


def _of_oneself(text: str, memory: Memory, assessment: Assessment, asked: str) -> str:
    """For who hurts themselves and does not want to die, or asks what else would help."""
    before = last(memory)
    about_it = asked == "dying" or before in ABOUT_DYING
    if not (about_it or assessment.kind == "self_harm") or poisoned(memory) or says_dying(text):
        return ""
    if before in OTHERS_DYING:
        return ""  # "em có muốn chết đâu, là bạn em": the talk is about another
    if (POISON | {"on_the_edge"}).intersection(assessment.codes) or bleeds_hard(text) or another_dying(text):
        return ""
    of_cuts = cuts(text) or any(cuts(said) for said in memory.recent)
    if denies_dying(text):
        return "urge" if of_cuts else "not_dying"
    if before == "urge" and of_cuts and bleeds(text):
        return "still_injured"
    if asks_another_way(text) or (of_cuts and bleeds(text)):
        return "urge" if about_it else "urge_first"
    return ""


def held(form: str, text: str, memory: Memory, assessment: Assessment, asked: str, helped: bool) -> str:
    """The form that holds in this conversation instead of the one that the assessment alone chose. ``helped``: safe
    words were said before."""
    before = last(memory)
    if form in (*FIRST_AID, *CARING):
        return form
    if before in CARING and form not in POISONED and _only_by_style(assessment):
        return before
    if before in OFFENDING and form in YIELDS and not says_dying(text) and _only_by_style(assessment):
        return "offender_still"
    if other := _of_another(form, text, memory, assessment):
        return other
    if assessment.kind == "self_harm" and form in ASKS_DYING and _believed(memory) and not says_dying(text):
        return "not_dying" if before == "self_harm_still" else "self_harm_still"
    if helped and before not in ABOUT_DYING and (goes_on := _goes_on(text, memory, assessment)):
        return goes_on
    if assessment.kind == "self_harm" and asked == "dying":
        return "self_harm_now"  # more than a bare yes to that question is no reason to ask it again
    ill = poisoned(memory) and not treated(text) and not _only_a_wound(text, form)
    if ill and assessment.kind != "offender" and form != "self_harm_now":
        return "still_poisoned" if before in (*POISONED, *ABOUT_DYING) else "emergency_medical"
    if form in GOING_ON and before in ABOUT_DYING:
        return "self_harm_still"
    if form in (*NOW, "short_emergency", *INJURED, *YIELDS_TO_HIDING) and _hidden(form, text, memory):
        return "hiding"
    return _kept(form, text, before, assessment)


def _hidden(form: str, text: str, memory: Memory) -> bool:
    """Whether somebody in danger, told now or just before, hides from whom they fear, who must not hear them."""
    if form in YIELDS_TO_HIDING and last(memory) not in (*NOW, *HIDING):
        return False
    return hides(text)


def _only_by_style(assessment: Assessment) -> bool:
    """Whether no word of danger is in a message, and it tells of nobody's own harm."""
    codes = assessment.codes
    return "own_words" not in codes and all(code.startswith("model_") or code in UNSURE for code in codes)


def _of_a_wound(assessment: Assessment) -> bool:
    """Whether nothing but the style and a wound speaks for danger: nobody who does it."""
    return all(code.startswith("model_") or code in (*UNSURE, "injury") for code in assessment.codes)


def _believed(memory: Memory) -> bool:
    """Whether somebody has said, a few messages ago at most, that they do not want to die."""
    return last(memory) in BELIEVED or any(denies_dying(said) for said in memory.recent)


def _kept(form: str, text: str, before: str, assessment: Assessment) -> str:
    """The words said before, when they hold for what is told now."""
    tells = assessment.kind in ("disclosure", "emergency")
    if before in INJURED and form in ("emergency_injury", "own_hand_injury"):
        return "still_injured"
    if tells and before in FIRST_AID and form in (*INJURED, *NOW, *GOING_ON, *DOUBTS) and _of_a_wound(assessment):
        return before
    left = before in HIDING and got_out(text)
    first = POISONED if before in HIDING else (*POISONED, *INJURED)  # no first aid while he is at the door
    if tells and before in INSIDE and form not in first and not left:
        return before  # outside, where it is said to run to, stands whom they fear
    if tells and before in SETTING and form in (*NOW, *GOING_ON, *DOUBTS):
        return before
    if tells and before in OWN_DEEDS and form != "own_hand_injury":
        return before  # "he comes over again", "tan bầm cho khỏi thấy": who is in danger is the other one
    if tells and before == "own_hand_injury" and form in GOING_ON:
        return "own_hand"
    return form


def _of_another(form: str, text: str, memory: Memory, assessment: Assessment) -> str:
    """The words for who tells that somebody else wants to die."""
    if memory.in_form or memory.awaits or form in (*POISONED, *INJURED) or assessment.kind == "offender":
        return ""
    now = assessment.risk == "immediate"
    if last(memory) in OTHERS_DYING and not says_dying(text):
        return "other_dying_now" if now and assessment.kind == "self_harm" else "other_dying_still"
    if assessment.kind != "self_harm" or not another_dying(text):
        return ""
    return "other_dying_now" if now else "other_dying"


def _goes_on(text: str, memory: Memory, assessment: Assessment) -> str:
    """The words for who told of danger and goes on about pictures held over them, or about who comes back."""
    plain = all(code.startswith("model_") or code in LEAVES_ROOM for code in assessment.codes)
    before = last(memory)
    if not plain or memory.in_form or memory.awaits or poisoned(memory) or before in INSIDE or says_dying(text):
        return ""
    told = before in BLACKMAIL or any(blackmails(said) for said in memory.recent)
    if told and of_blackmail(text):
        return "blackmail"
    return "comes_back" if assessment.kind != "self_harm" and comes_back(text) else ""


def _only_a_wound(text: str, form: str) -> bool:
    return form in INJURED and bleeds(text)
