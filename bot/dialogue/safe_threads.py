"""Which safe words a message gets in a danger that goes on over many messages (``bot.safety.threads``), and what is
done when somebody comes: rescue is glad news, whoever harms hides the chat."""

from __future__ import annotations

from bot.dialogue.memory import Memory
from bot.dialogue.safe_forms import (
    ABOUT_DYING,
    BODY,
    CARED,
    HIDING,
    INSIDE,
    OFFENDING,
    OWN_DEEDS,
    POISONED,
    last,
    poisoned,
)
from bot.language.audience import GROWN, stated_audience
from bot.safety import RISKS, Assessment, unwell
from bot.safety.answers import ACCIDENTS, POISON, YOUNG
from bot.safety.threads import (
    SHORT,
    STEP,
    Thread,
    harms,
    is_pronoun,
    threads,
    who_arrives,
    who_is_near,
    who_leaves,
)
from bot.safety.told import another_dying, blackmails, says_dying

GRAVE = frozenset(
    {*POISON, *ACCIDENTS, "injury", "weapon", "choked", "sexual_touching", "fire", "in_vehicle", "on_the_edge"}
)
"""Codes whose own safe words come first."""
BY_WORDS = ("outside", "lost", "away", "hit")
"""Threads that a message opens by itself."""
STRANGERS = ("lost", "body", "friend", "hit", "away", "outside", "pictures")
"""Threads in which nobody of the house is told of as the one who harms."""
MAYBE_KIND = frozenset({"me", "ma", "ba", "cha", "tia", "ngoai", "noi", "anh", "chi", "di", "co", "ong"})
"""People who may as well be the rescue: feared only when they were told of."""


def thread_of(form: str) -> Thread | None:
    """The thread in which a form was said, if it is open with it."""
    found = (thread for thread in threads().values() if form in thread.forms)
    return threads()["body"] if form in BODY else next(found, None)


def thread_form(text: str, memory: Memory, assessment: Assessment) -> str:
    """The safe words for a step of the thread that is open, for its good end, or for one that a message opens."""
    if who := who_leaves(text):
        return "went_out" if _feared(who, memory) else ""
    if memory.in_form or memory.awaits or (memory.audience or "teen") not in YOUNG:
        return _over(text, memory) if not (memory.in_form or memory.awaits) else ""
    if over := _over(text, memory):
        return over
    if assessment.kind == "offender" or GRAVE.intersection(assessment.codes) - _own_grave(text):
        return ""
    return _of_pictures(text, memory, assessment) or _next(text, memory, assessment)


def goes_on(text: str, memory: Memory, assessment: Assessment) -> str:
    """The words of the open thread once more, for what has no answer of its own and tells of nothing graver."""
    thread = thread_of(last(memory))
    if thread is None or not thread.again or memory.in_form or memory.awaits or says_dying(text):
        return ""
    if (memory.audience or "teen") not in YOUNG or assessment.kind == "offender":
        return ""
    grave = GRAVE.intersection(assessment.codes)
    return thread.again if not grave and (assessment.at_risk or thread.goes_on(text)) else ""


def heard(text: str, memory: Memory) -> bool:
    """Whether the thread that is open, or just ended, knows what a message says: nothing else need answer it."""
    form = last(memory)
    closed = (thread for thread in threads().values() if form and form in _closings(thread))
    thread = thread_of(form) or next(closed, None)
    return form == "went_out" or (thread is not None and thread.knows(text))


def keeps_voice(text: str, memory: Memory) -> bool:
    """Whether a message is the next word of somebody young ("mẹ con tới rồi"), and no sign of a parent."""
    if memory.audience in GROWN or stated_audience(text, memory.audience) is not None:
        return False
    return thread_of(last(memory)) is not None and heard(text, memory)


def feared_arrives(text: str, memory: Memory) -> bool:
    """Whether whoever was told of as the one who harms is there now, or somebody looks while a report is written."""
    if len(text.split()) > SHORT:
        return False
    if memory.in_form and who_is_near(text):
        return True
    who = who_arrives(text)
    return bool(who) and _feared(who, memory)


def _feared(who: str, memory: Memory) -> bool:
    """Whether somebody was told of as the one who harms."""
    told = any(harms(who, said) for said in memory.recent)
    if is_pronoun(who) and any(blackmails(said) for said in memory.recent):
        return False  # who knows them from the net and stands at the house is for the police
    if is_pronoun(who) or who.split()[0] not in MAYBE_KIND:
        return told or _harm_told(memory)
    return told and bool(last(memory) or memory.in_form)


def _harm_told(memory: Memory) -> bool:
    """Whether harm by somebody near was told, and not an accident, a stranger's deed or one's own."""
    form = last(memory)
    thread = thread_of(form)
    if thread is not None and thread.name in STRANGERS:
        return False
    if form in (*ABOUT_DYING, *OFFENDING, *OWN_DEEDS, *CARED):
        return False
    grave = RISKS.index(memory.risk) >= RISKS.index("medium")
    return bool(form) or (memory.in_form and grave)


def _over(text: str, memory: Memory) -> str:
    """The glad words when the open thread ended well; never when it was the feared one who came."""
    thread = thread_of(last(memory))
    if thread is None or not thread.over or not thread.ends(text) or says_dying(text):
        return ""
    if (who := who_arrives(text)) and any(harms(who, said) for said in memory.recent):
        return ""
    if thread.name != "body":
        return thread.over
    if unwell(text):
        return ""
    return "help_poison" if last(memory) in POISONED or poisoned(memory) else "help_wound"


def _closings(thread: Thread) -> tuple[str, ...]:
    return ("help_poison", "help_wound") if thread.name == "body" else (thread.over,)


def _own_grave(text: str) -> frozenset[str]:
    """Grave codes that are another's: a friend on a bridge."""
    return frozenset({"on_the_edge"}) if another_dying(text) else frozenset()


def _next(text: str, memory: Memory, assessment: Assessment) -> str:
    """A step of the open thread, or the first words of another."""
    before = last(memory)
    thread = thread_of(before)
    dying = says_dying(text)
    if thread is not None and not dying and (step := thread.step(text)):
        return step
    friend = threads()["friend"]
    if another_dying(text) and assessment.risk != "none" and (thread is None or thread is not friend):
        edge = friend.step(text) == "other_dying_now" or assessment.risk == "immediate"
        return "other_dying_now" if edge else "other_dying"
    if dying or before in (*INSIDE, *HIDING, *BODY):
        return ""
    for name in BY_WORDS:
        opened = threads()[name]
        if opened is not thread and opened.opens(text) and _meant(opened, text, assessment):
            return opened.forms[0]
    return ""


def _meant(thread: Thread, text: str, assessment: Assessment) -> bool:
    """A deed of one's own may be told in passing: it counts when it weighs."""
    return thread.name != "hit" or assessment.at_risk or thread.asks(text)


def _of_pictures(text: str, memory: Memory, assessment: Assessment) -> str:
    """The words for pictures that were told of a moment ago, or are posted or bound to an hour right now."""
    thread = threads()["pictures"]
    now, told = blackmails(text), any(blackmails(said) for said in memory.recent)
    if thread_of(last(memory)) is not None or says_dying(text):
        return ""
    if assessment.at_risk and thread.opens(text):
        return "pictures_posted"
    if not (now or (told and memory.helped)):
        return ""
    if step := thread.step(text, opened=False):
        return step if assessment.at_risk or told else ""
    later = thread.step(text)
    urgent = later and (told or later == "pictures_deadline") and len(text.split()) <= (STEP if now else SHORT)
    return thread.forms[0] if urgent or (now and assessment.risk == "immediate") else ""
